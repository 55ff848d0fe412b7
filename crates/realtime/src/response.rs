//! Responses: how we ask for one, and how the server reports one.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    InputItem, Item, MaxOutputTokens, OutputModality, Usage,
    de::{lenient, null_as_default},
};

/// How the model shall respond. Nothing is forced: what is `None` is as the session says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResponseCreate<'a> {
    /// Replaces the session's system prompt for this response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Cow<'a, str>>,
    /// Whether the answer becomes part of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation>,
    /// Our notes; they come back on `response.created` and `response.done`, and nowhere else.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// Speech or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_modalities: Option<OutputModality>,
    /// The whole context; `None` is the conversation, and an empty list is *no* context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<InputItem<'a>>>,
    /// The longest answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<MaxOutputTokens>,
}

/// Which conversation a response belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conversation {
    /// The session's. At most one such response runs at a time.
    Auto,
    /// None: out of band, beside the running one.
    None,
}

/// Why a note was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("metadata holds at most 16 notes, keys of 64 and values of 512 characters")]
pub struct MetadataError;

/// Notes on a response, within the limits of the API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, String>",
    into = "BTreeMap<String, String>"
)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Adds a note, or replaces the one under this key.
    pub fn with(
        mut self,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, MetadataError> {
        self.0.insert(key.into(), value.into());
        self.0.try_into()
    }

    /// The note under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether there are no notes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Metadata {
    type Error = MetadataError;

    fn try_from(notes: BTreeMap<String, String>) -> Result<Self, MetadataError> {
        let fits = |(key, value): (&String, &String)| {
            key.chars().count() <= 64 && value.chars().count() <= 512
        };
        if notes.len() <= 16 && notes.iter().all(fits) {
            Ok(Self(notes))
        } else {
            Err(MetadataError)
        }
    }
}

impl From<Metadata> for BTreeMap<String, String> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

/// A response as the server reports it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Response {
    /// Its id.
    pub id: String,
    /// How it stands.
    #[serde(default)]
    pub status: ResponseStatus,
    /// Why it ended so, unless it was completed.
    #[serde(default, deserialize_with = "lenient")]
    pub status_details: Option<StatusDetails>,
    /// The conversation it belongs to; `None` for one that is out of band.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// Our notes from [`ResponseCreate::metadata`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: BTreeMap<String, String>,
    /// What it wrote: several items are possible, none too.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output: Vec<Item>,
    /// What it used; `None` until it is done.
    #[serde(default, deserialize_with = "lenient")]
    pub usage: Option<Usage>,
}

/// How a response stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    /// Being written.
    InProgress,
    /// Whole.
    Completed,
    /// Stopped, by us or by the caller's speech.
    Cancelled,
    /// Failed; this is how the server says so, there is no `error` event.
    Failed,
    /// Cut short: out of tokens, or filtered.
    Incomplete,
    /// A word this version does not know, or none.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Why a response was not completed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct StatusDetails {
    /// Why it was cancelled or left incomplete.
    #[serde(default)]
    pub reason: Option<StatusReason>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<StatusError>,
}

/// Why a response was cancelled or left incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusReason {
    /// The caller spoke, and the session lets speech interrupt.
    TurnDetected,
    /// We cancelled it.
    ClientCancelled,
    /// It reached its limit of tokens.
    MaxOutputTokens,
    /// It was filtered.
    ContentFilter,
    /// A word this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a response failed. Every field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct StatusError {
    /// The kind of error.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// The error, like `rate_limit_exceeded` or `insufficient_quota`.
    #[serde(default)]
    pub code: Option<String>,
    /// The error in words.
    #[serde(default)]
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_a_response_forces_nothing() {
        assert_eq!(
            serde_json::to_string(&ResponseCreate::default()).unwrap(),
            "{}"
        );
    }

    #[test]
    fn no_context_and_the_conversations_context_differ() {
        let none = ResponseCreate {
            input: Some(Vec::new()),
            ..ResponseCreate::default()
        };
        assert_eq!(serde_json::to_string(&none).unwrap(), r#"{"input":[]}"#);
    }

    #[test]
    fn metadata_keeps_to_the_limits() {
        let full = (0..16)
            .try_fold(Metadata::default(), |m, i| m.with(i.to_string(), "x"))
            .unwrap();
        assert_eq!(full.get("15"), Some("x"));
        assert_eq!(full.with("16", "x"), Err(MetadataError));
        assert!(
            Metadata::default()
                .with("x".repeat(64), "א".repeat(512))
                .is_ok()
        );
        assert!(Metadata::default().with("x".repeat(65), "x").is_err());
        assert!(Metadata::default().with("x", "x".repeat(513)).is_err());
    }

    #[track_caller]
    fn check(json: &str) -> Response {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_ending_is_typed() {
        let cancelled = check(
            r#"{"id":"r","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"}}"#,
        );
        assert_eq!(cancelled.status, ResponseStatus::Cancelled);
        assert_eq!(
            cancelled.status_details.unwrap().reason,
            Some(StatusReason::TurnDetected)
        );

        let failed = check(
            r#"{"id":"r","status":"failed","status_details":{"type":"failed","error":{"message":"slow down"}}}"#,
        );
        let error = failed.status_details.unwrap().error.unwrap();
        assert_eq!(
            (error.code, error.message.as_deref()),
            (None, Some("slow down"))
        );

        let cut = check(
            r#"{"id":"r","status":"incomplete","status_details":{"reason":"content_filter"},"metadata":null}"#,
        );
        assert_eq!(
            cut.status_details.unwrap().reason,
            Some(StatusReason::ContentFilter)
        );
    }

    #[test]
    fn a_usage_that_does_not_fit_never_costs_the_response() {
        let odd = check(r#"{"id":"r","status":"completed","usage":{"input_tokens":-1}}"#);
        assert_eq!((odd.status, odd.usage), (ResponseStatus::Completed, None));
    }
}
