//! Chat completions, as the parser's [`Completer`].

use std::sync::Arc;

use async_openai::{
    Client,
    config::Config,
    types::chat::{
        ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
        ChatCompletionRequestUserMessage, CreateChatCompletionRequest, ReasoningEffort,
        ResponseFormat, ResponseFormatJsonSchema,
    },
};
use async_trait::async_trait;
use http::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use toran_domain::{ModelName, Usage};
use toran_nlp::{Completer, CompleterError, Completion, CompletionRequest};

use crate::{Account, ApiError, ConfigError, Role, http::ApiService};

/// An answer that is valid, and empty.
#[derive(Debug, thiserror::Error)]
#[error("the service answered without an answer: check what stands at the base URL")]
pub struct NoAnswer;

/// Asks a chat model for one JSON answer of a strict schema: the account's for [`Role::Parsing`], and the next of its list where
/// that one is gone.
pub struct ChatCompleter {
    client: Client<Address>,
    account: Arc<Account>,
}

impl ChatCompleter {
    /// A completer that asks with this account.
    pub fn new(account: Arc<Account>) -> Result<Self, ConfigError> {
        let address = Address {
            base: account.config().api_base()?,
            key: SecretString::default(),
        };
        let service = ApiService::new(Arc::clone(&account))?;
        let client = Client::build(service.client().clone(), address).with_http_service(service);
        Ok(Self { client, account })
    }

    async fn ask(&self, request: CreateChatCompletionRequest) -> Result<Answer, ApiError> {
        // The library's response type refuses whole answers over side fields it does not know (a new service
        // tier), and logs the answer when it does: what is needed is read here instead.
        let answer: serde_json::Value = self.client.chat().create_byot(request).await?;
        serde_json::from_value(answer).map_err(ApiError::Malformed)
    }
}

fn request(model: &ModelName, question: CompletionRequest) -> CreateChatCompletionRequest {
    let Steadiness {
        temperature,
        reasoning_effort,
    } = Steadiness::of(model);
    CreateChatCompletionRequest {
        model: model.0.clone(),
        messages: vec![
            ChatCompletionRequestMessage::System(ChatCompletionRequestSystemMessage {
                content: question.system.into(),
                name: None,
            }),
            ChatCompletionRequestMessage::User(ChatCompletionRequestUserMessage {
                content: question.user.into(),
                name: None,
            }),
        ],
        temperature,
        reasoning_effort,
        max_completion_tokens: Some(question.max_tokens),
        response_format: Some(ResponseFormat::JsonSchema {
            json_schema: ResponseFormatJsonSchema {
                description: None,
                name: question.schema_name.to_owned(),
                schema: question.schema,
                strict: Some(true),
            },
        }),
        ..CreateChatCompletionRequest::default()
    }
}

fn read(model: ModelName, answer: Answer) -> Result<Completion, CompleterError> {
    let usage = usage_of(&answer.usage);
    let choice = answer
        .choices
        .into_iter()
        .next()
        .ok_or_else(|| unavailable(NoAnswer))?;
    let refusal = choice.message.refusal.unwrap_or_default();
    if !refusal.trim().is_empty() || choice.finish_reason.as_deref() == Some("content_filter") {
        return Err(CompleterError::Refused);
    }
    if choice.finish_reason.as_deref() == Some("length") {
        return Err(CompleterError::Truncated);
    }
    let text = choice
        .message
        .content
        .ok_or_else(|| unavailable(NoAnswer))?;
    Ok(Completion { text, model, usage })
}

impl std::fmt::Debug for ChatCompleter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatCompleter")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Completer for ChatCompleter {
    async fn complete(&self, request: CompletionRequest) -> Result<Completion, CompleterError> {
        let mut model = self.account.model(Role::Parsing);
        loop {
            let error = match self.ask(self::request(&model, request.clone())).await {
                Ok(answer) => {
                    self.account.accepted(Role::Parsing);
                    return read(model, answer);
                }
                Err(error) => error,
            };
            // Each round takes a model out of a short list.
            let next = error
                .refusal()
                .and_then(|code| self.account.refused(Role::Parsing, &model, code));
            match next {
                Some(next) => model = next,
                None => return Err(error.into_completer_error()),
            }
        }
    }
}

impl ApiError {
    fn into_completer_error(self) -> CompleterError {
        match self {
            Self::Timeout => CompleterError::Timeout,
            Self::Denied { code, .. } => CompleterError::Denied { code },
            other => unavailable(other),
        }
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> CompleterError {
    CompleterError::Unavailable(Box::new(error))
}

/// What makes a model answer alike every time, which differs between families.
struct Steadiness {
    temperature: Option<f32>,
    reasoning_effort: Option<ReasoningEffort>,
}

impl Steadiness {
    /// Models that reason refuse a temperature while they do, and are told not to; the first of them know no
    /// less than a minimum, and the `o` models have no such switch.
    fn of(model: &ModelName) -> Self {
        let name = model.0.as_str();
        let generation: Option<u32> = name.strip_prefix("gpt-").and_then(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        });
        let reasoning = |effort| Self {
            temperature: None,
            reasoning_effort: Some(effort),
        };
        if name == "gpt-5" || name.starts_with("gpt-5-") {
            reasoning(ReasoningEffort::Minimal)
        } else if generation.is_some_and(|generation| generation >= 5) {
            reasoning(ReasoningEffort::None)
        } else if name
            .strip_prefix('o')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            Self {
                temperature: None,
                reasoning_effort: None,
            }
        } else {
            Self {
                temperature: Some(0.0),
                reasoning_effort: None,
            }
        }
    }
}

/// Where the client library asks: its own reads the environment. The key is not here, because the service
/// below the library adds it to every request.
#[derive(Clone)]
struct Address {
    base: String,
    key: SecretString,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// What is read of an answer.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// What an answer says that it used. What cannot be counted is not, and costs no answer.
fn usage_of(said: &Value) -> Usage {
    let count = |pointer| said.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let prompt = count("/prompt_tokens");
    let cached = count("/prompt_tokens_details/cached_tokens").min(prompt);
    Usage {
        text_in: prompt - cached,
        text_in_cached: cached,
        text_out: count("/completion_tokens"),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, temperature: Option<f32>, effort: Option<ReasoningEffort>) {
        let steadiness = Steadiness::of(&ModelName(model.into()));
        assert_eq!(
            (steadiness.temperature, steadiness.reasoning_effort),
            (temperature, effort)
        );
    }

    #[test]
    fn every_family_is_made_steady_in_its_way() {
        check("gpt-4o-mini", Some(0.0), None);
        check("gpt-4.1-mini-2025-04-14", Some(0.0), None);
        check("a-stand-in", Some(0.0), None);
        check("gpt-5-mini", None, Some(ReasoningEffort::Minimal));
        check("gpt-5.6-luna", None, Some(ReasoningEffort::None));
        check("gpt-6-luna", None, Some(ReasoningEffort::None));
        check("gpt-12", None, Some(ReasoningEffort::None));
        check("o4-mini", None, None);
    }
}
