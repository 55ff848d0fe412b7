//! The account at the service: its key, the models it may use, and what it is refused.

mod model_list;
mod refusals;

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use toran_domain::ModelName;
use toran_realtime::is_of_a_missing_model;

pub use model_list::{ModelList, ModelListError, Role};
use refusals::Refusals;

use crate::{ConfigError, ModelReport, ModelStatus, OpenAiConfig, tls};

/// What of an account may be changed while it is used.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// The key. `None` for a stand-in that asks for none.
    pub api_key: Option<SecretString>,
    /// The models that talk, by preference.
    pub talking: ModelList,
    /// The models that transcribe, by preference.
    pub transcribing: ModelList,
    /// The models that parse, by preference.
    pub parsing: ModelList,
}

impl Default for AccountSettings {
    /// No key, and the usual models.
    fn default() -> Self {
        Self {
            api_key: None,
            talking: ModelList::usual(Role::Talking),
            transcribing: ModelList::usual(Role::Transcribing),
            parsing: ModelList::usual(Role::Parsing),
        }
    }
}

impl AccountSettings {
    /// The models of a role.
    pub const fn models(&self, role: Role) -> &ModelList {
        match role {
            Role::Talking => &self.talking,
            Role::Transcribing => &self.transcribing,
            Role::Parsing => &self.parsing,
        }
    }

    fn headers(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &self.api_key {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()))
                .map_err(|_| ConfigError::ApiKey)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        Ok(headers)
    }
}

/// An account, shared by all that ask the service.
///
/// Of each role's models the first that the service has is used. One that turns out to be gone, at start or in the middle of a
/// call, is passed over until the list of models has it again. What the service refuses for good is logged as one ERROR, with
/// what to do; not once for each call.
#[derive(Debug)]
pub struct Account {
    config: OpenAiConfig,
    tls: Arc<ClientConfig>,
    state: RwLock<State>,
    refusals: Refusals,
}

#[derive(Debug)]
struct State {
    settings: AccountSettings,
    headers: HeaderMap,
    gone: BTreeSet<(Role, ModelName)>,
}

impl Account {
    /// An account at the service of this configuration.
    pub fn new(config: OpenAiConfig, settings: AccountSettings) -> Result<Arc<Self>, ConfigError> {
        config.check()?;
        let state = State {
            headers: settings.headers()?,
            settings,
            gone: BTreeSet::new(),
        };
        Ok(Arc::new(Self {
            config,
            tls: tls::client_config()?,
            state: RwLock::new(state),
            refusals: Refusals::default(),
        }))
    }

    /// Changes the key and the models for whatever is asked from now on; sessions that are open keep theirs. What cannot be
    /// used is refused, and then nothing changes.
    pub fn change(&self, settings: AccountSettings) -> Result<(), ConfigError> {
        let headers = settings.headers()?;
        *self.write() = State {
            settings,
            headers,
            gone: BTreeSet::new(),
        };
        self.refusals.forget();
        Ok(())
    }

    /// The model to ask in a role: the first that is not known to be gone, and the first of all if every one is.
    pub fn model(&self, role: Role) -> ModelName {
        let state = self.read();
        let models = state.settings.models(role);
        state.in_use(role).unwrap_or_else(|| models.first()).clone()
    }

    /// Notes that the service refused a model for good. Returns the model that takes its place, if it is the model that is
    /// missing and another one is left.
    pub fn refused(&self, role: Role, model: &ModelName, code: &str) -> Option<ModelName> {
        let next = is_of_a_missing_model(code)
            .then(|| self.next_after(role, model))
            .flatten();
        self.refusals.tell(role, model, code, next.as_ref());
        next
    }

    /// Notes that the service took a question in this role.
    pub fn accepted(&self, role: Role) {
        self.refusals.over(role);
    }

    /// Notes which models the service has.
    pub(crate) fn learn(&self, reports: &[ModelReport]) {
        let mut state = self.write();
        for ModelReport {
            role,
            model,
            status,
        } in reports
        {
            let entry = (*role, model.clone());
            match status {
                ModelStatus::Gone => {
                    state.gone.insert(entry);
                }
                ModelStatus::Available | ModelStatus::ShuttingDown { .. } => {
                    state.gone.remove(&entry);
                }
                ModelStatus::Unknown => {}
            }
        }
    }

    /// Every configured model with its role.
    pub(crate) fn models(&self) -> Vec<(Role, ModelName)> {
        let state = self.read();
        let of_role = |role| {
            let models = state.settings.models(role).iter();
            models.map(move |model| (role, model.clone()))
        };
        Role::ALL.into_iter().flat_map(of_role).collect()
    }

    pub(crate) const fn config(&self) -> &OpenAiConfig {
        &self.config
    }

    pub(crate) const fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// Who we are, as headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.read().headers.clone()
    }

    fn next_after(&self, role: Role, model: &ModelName) -> Option<ModelName> {
        let mut state = self.write();
        // One that is no longer configured was replaced already: what is in use now is the next.
        state.gone.insert((role, model.clone()));
        state.in_use(role).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn in_use(&self, role: Role) -> Option<&ModelName> {
        let mut models = self.settings.models(role).iter();
        models.find(|model| !self.gone.contains(&(role, (*model).clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(model: &str) -> ModelName {
        ModelName(model.to_owned())
    }

    fn account(parsing: &str) -> Arc<Account> {
        let settings = AccountSettings {
            parsing: parsing.parse().unwrap(),
            ..AccountSettings::default()
        };
        let config = OpenAiConfig::new("http://host/v1".parse().unwrap());
        Account::new(config, settings).unwrap()
    }

    #[test]
    fn the_first_model_that_the_service_has_is_used() {
        let account = account("a, b, c");
        assert_eq!(account.model(Role::Parsing), name("a"));
        let refused = |model: &str, code| account.refused(Role::Parsing, &name(model), code);
        assert_eq!(refused("a", "invalid_api_key"), None);
        assert_eq!(refused("a", "model_not_found"), Some(name("b")));
        // Another call had asked before that was known.
        assert_eq!(refused("a", "model_not_found"), Some(name("b")));
        assert_eq!(refused("b", "model_not_found"), Some(name("c")));
        assert_eq!(refused("c", "model_not_found"), None);
        assert_eq!(account.model(Role::Parsing), name("a"), "nothing is left");
        assert_eq!(account.model(Role::Talking), name("gpt-realtime-2.1"));
    }

    #[test]
    fn a_model_that_is_there_again_is_used_again() {
        let account = account("a, b");
        account.refused(Role::Parsing, &name("a"), "model_not_found");
        let report = |status| ModelReport {
            role: Role::Parsing,
            model: name("a"),
            status,
        };
        account.learn(&[report(ModelStatus::Unknown)]);
        assert_eq!(account.model(Role::Parsing), name("b"));
        account.learn(&[report(ModelStatus::Available)]);
        assert_eq!(account.model(Role::Parsing), name("a"));
        account.learn(&[report(ModelStatus::Gone)]);
        assert_eq!(account.model(Role::Parsing), name("b"));
    }

    #[test]
    fn the_key_and_the_models_can_be_changed() {
        let account = account("a, b");
        assert!(account.headers().is_empty());
        account.refused(Role::Parsing, &name("a"), "model_not_found");
        let mut settings = AccountSettings {
            api_key: Some("sk-1".into()),
            parsing: "a".parse().unwrap(),
            ..AccountSettings::default()
        };
        account.change(settings.clone()).unwrap();
        assert_eq!(account.headers()[AUTHORIZATION], "Bearer sk-1");
        assert_eq!(account.model(Role::Parsing), name("a"));
        settings.api_key = Some("sk\n2".into());
        settings.parsing = "b".parse().unwrap();
        let refused = account.change(settings);
        assert!(matches!(refused, Err(ConfigError::ApiKey)));
        assert_eq!(account.headers()[AUTHORIZATION], "Bearer sk-1");
        assert_eq!(account.model(Role::Parsing), name("a"));
    }

    #[test]
    fn a_key_never_shows() {
        let settings = AccountSettings {
            api_key: Some("sk-secret".into()),
            ..AccountSettings::default()
        };
        let config = OpenAiConfig::new("http://host/v1".parse().unwrap());
        let account = Account::new(config, settings).unwrap();
        assert!(!format!("{account:?} {:?}", account.headers()).contains("sk-secret"));
    }
}
