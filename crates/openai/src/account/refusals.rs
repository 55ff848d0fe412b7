//! What the operator is told of refusals that last.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use toran_domain::ModelName;
use toran_realtime::remedy;
use tracing::{error, info, warn};

use super::Role;

/// A refusal that goes on is told again after this.
const AGAIN_AFTER: Duration = Duration::from_hours(1);

/// The refusal of each role that was told last.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<Role, Told>>);

#[derive(Debug)]
struct Told {
    model: ModelName,
    code: String,
    at: Instant,
}

impl Refusals {
    /// Tells of a refusal, unless it was told lately: calls fail by the hundred, and the reason is one.
    pub(super) fn tell(&self, role: Role, model: &ModelName, code: &str, next: Option<&ModelName>) {
        if !self.is_news(role, model, code) {
            return;
        }
        let setting = role.setting();
        if let Some(next) = next {
            warn!(
                setting, %model, code, %next,
                "the account has no such model any more: the next of the list takes its place"
            );
            return;
        }
        let remedy = remedy(code).unwrap_or("check the key, the quota and the models");
        error!(
            setting, %model, code, remedy,
            "the model's service refuses this deployment: no call can be served before that is mended"
        );
    }

    /// The service takes questions in this role.
    pub(super) fn over(&self, role: Role) {
        if self.lock().remove(&role).is_some() {
            info!(
                setting = role.setting(),
                "the model's service takes this deployment again"
            );
        }
    }

    /// What was told is told again: something was changed to mend it.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn is_news(&self, role: Role, model: &ModelName, code: &str) -> bool {
        let now = Instant::now();
        let mut told = self.lock();
        let known = told.get(&role).is_some_and(|told| {
            told.model == *model && told.code == code && now - told.at < AGAIN_AFTER
        });
        if !known {
            let news = Told {
                model: model.clone(),
                code: code.to_owned(),
                at: now,
            };
            told.insert(role, news);
        }
        !known
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Role, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_told_once_and_again_when_it_is_another_or_goes_on() {
        let refusals = Refusals::default();
        let (a, b) = (ModelName("a".into()), ModelName("b".into()));
        let news = |role, model, code| refusals.is_news(role, model, code);
        assert!(news(Role::Talking, &a, "invalid_api_key"));
        assert!(!news(Role::Talking, &a, "invalid_api_key"));
        assert!(news(Role::Parsing, &a, "invalid_api_key"));
        assert!(news(Role::Talking, &b, "invalid_api_key"));
        assert!(news(Role::Talking, &b, "insufficient_quota"));
        tokio::time::advance(AGAIN_AFTER).await;
        assert!(news(Role::Talking, &b, "insufficient_quota"));
        refusals.over(Role::Talking);
        assert!(news(Role::Talking, &b, "insufficient_quota"));
    }
}
