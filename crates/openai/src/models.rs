//! Whether the configured models exist, and for how long.

use serde::Deserialize;
use time::{Date, macros::format_description};
use toran_domain::ModelName;

use crate::{ApiError, OpenAiConfig, http::ApiService};

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

/// Looks the models up in the account's list, in the order given.
///
/// For a warning at start-up: a list that cannot be had makes every model [`ModelStatus::Unknown`] and is
/// logged, and never keeps the gateway from starting.
pub async fn check_models(config: &OpenAiConfig, models: &[ModelName]) -> Vec<ModelStatus> {
    match list(config).await {
        Ok(list) => models.iter().map(|model| list.status_of(model)).collect(),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the list of models could not be had");
            vec![ModelStatus::Unknown; models.len()]
        }
    }
}

/// Why the list could not be had.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Config(#[from] crate::ConfigError),
    #[error(transparent)]
    Api(#[from] ApiError),
}

async fn list(config: &OpenAiConfig) -> Result<ModelList, ListError> {
    let service = ApiService::new(config)?;
    let url = format!("{}/models", config.api_base()?);
    let mut found = ModelList::default();
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
struct ModelList {
    entries: Vec<Entry>,
    whole: bool,
}

impl ModelList {
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
