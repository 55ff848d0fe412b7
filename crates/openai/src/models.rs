//! Whether the configured models exist, and for how long.

use std::sync::Arc;

use serde::Deserialize;
use time::{Date, macros::format_description};
use toran_domain::ModelName;

use crate::{Account, ApiError, Role, http::ApiService};

/// How many pages of the list are read; today it is one.
const MAX_PAGES: usize = 5;

/// What the service says of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelStatus {
    /// It is there, and no end is announced.
    Available,
    /// It is there, and its end is announced: name another model before then.
    ShuttingDown {
        /// The announced day.
        on: Date,
    },
    /// It is not in the account's list: calls with it will fail.
    Gone,
    /// The list could not be had, or not to its end.
    Unknown,
}

/// What the service says of one of the account's models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelReport {
    /// What the account uses it for.
    pub role: Role,
    /// The model.
    pub model: ModelName,
    /// What is said of it.
    pub status: ModelStatus,
}

/// Why the list of models could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The account's configuration cannot be used.
    #[error(transparent)]
    Config(#[from] crate::ConfigError),
    /// The service gave no list.
    #[error("the list of models could not be had")]
    Api(#[from] ApiError),
}

impl CheckError {
    /// Whether trying again cannot help until someone changes something.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Api(error) => error.refusal().is_some(),
        }
    }
}

/// Looks the account's models up in the list of those that it may use, in the order of [`Role::ALL`] and by preference. What is
/// learnt of them counts from now on: see [`Account::model`].
pub async fn check_models(account: &Arc<Account>) -> Result<Vec<ModelReport>, CheckError> {
    let list = list(account).await?;
    let reports = account.models().into_iter().map(|(role, model)| {
        let status = list.status_of(&model);
        ModelReport {
            role,
            model,
            status,
        }
    });
    let reports: Vec<ModelReport> = reports.collect();
    account.learn(&reports);
    Ok(reports)
}

async fn list(account: &Arc<Account>) -> Result<Listing, CheckError> {
    let service = ApiService::new(Arc::clone(account))?;
    let url = format!("{}/models", account.config().api_base()?);
    let mut found = Listing::default();
    let mut page_url = url.clone();
    for _ in 0..MAX_PAGES {
        let body = service.get(page_url).await?;
        let page: Page = serde_json::from_slice(&body).map_err(ApiError::Malformed)?;
        let last = page
            .data
            .iter()
            .rev()
            .find_map(Entry::id)
            .map(str::to_owned);
        found.entries.extend(page.data);
        match last {
            Some(last) if page.has_more => {
                let after: String = url::form_urlencoded::byte_serialize(last.as_bytes()).collect();
                page_url = format!("{url}?after={after}");
            }
            _ => {
                found.whole = !page.has_more;
                break;
            }
        }
    }
    Ok(found)
}

#[derive(Default)]
struct Listing {
    entries: Vec<Entry>,
    whole: bool,
}

impl Listing {
    fn status_of(&self, model: &ModelName) -> ModelStatus {
        match self
            .entries
            .iter()
            .find(|entry| entry.id() == Some(&model.0))
        {
            Some(entry) => entry.shutdown_date().map_or(ModelStatus::Available, |on| {
                ModelStatus::ShuttingDown { on }
            }),
            None if self.whole && !self.entries.is_empty() => ModelStatus::Gone,
            None => ModelStatus::Unknown,
        }
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    data: Vec<Entry>,
    #[serde(default)]
    has_more: bool,
}

/// One entry, whatever it holds: an odd one must not hide the others.
#[derive(Deserialize)]
#[serde(transparent)]
struct Entry(serde_json::Value);

impl Entry {
    fn id(&self) -> Option<&str> {
        self.0.get("id")?.as_str()
    }

    fn shutdown_date(&self) -> Option<Date> {
        let text = self.0.get("shutdown_date")?.as_str()?;
        Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
    }
}
