//! The language model as the parser sees it.

use async_trait::async_trait;
use toran_domain::{ModelName, Usage};

/// One question with a strict schema for its answer.
#[derive(Debug, Clone)]
pub struct CompletionRequest {
    /// The standing instructions.
    pub system: String,
    /// The caller's words.
    pub user: String,
    /// The schema's name, `[A-Za-z0-9_-]{1,64}`.
    pub schema_name: &'static str,
    /// A JSON schema inside OpenAI's strict subset.
    pub schema: serde_json::Value,
    /// The most tokens the answer may take.
    pub max_tokens: u32,
}

/// A whole answer: neither refused nor cut.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The JSON text.
    pub text: String,
    /// The model that answered.
    pub model: ModelName,
    /// What it used.
    pub usage: Usage,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CompleterError {
    /// Not in time for a person on the phone.
    #[error("no answer within the time a caller can wait; check the model service's latency")]
    Timeout,
    /// The service or the way to it is failing; it may recover by itself.
    #[error("the model service is failing; it was retried as far as the call's patience allows")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The account may not ask: key, quota, or a model that is gone. It will not recover by itself.
    #[error(
        "the model service refuses this deployment ({code}); check the key, the quota and the model's name"
    )]
    Denied {
        /// The service's code, like `invalid_api_key` or `insufficient_quota`.
        code: String,
    },
    /// The model declined to answer this text.
    #[error("the model declined to answer")]
    Refused,
    /// The answer was cut off.
    #[error("the answer was cut at the token limit")]
    Truncated,
}

/// A language model that completes one request with JSON of the request's schema.
///
/// Implemented over the network by `toran-openai`, and by plain structs in tests.
#[async_trait]
pub trait Completer: Send + Sync {
    /// Asks once. Timeouts and retries are the implementation's.
    async fn complete(&self, request: CompletionRequest) -> Result<Completion, CompleterError>;
}
