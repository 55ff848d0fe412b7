//! Which chat completion requests the service takes: known fields, known models, the parameters each
//! family of models supports, strict schemas.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    chat::HttpAnswer,
    events::ApiError,
    models::{self, Kind},
    schema,
};

const REQUEST_FIELDS: [&str; 27] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "n",
    "stop",
    "seed",
    "user",
    "store",
    "metadata",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
    "reasoning_effort",
    "service_tier",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "stream",
    "stream_options",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "verbosity",
    "modalities",
];
/// Checks a request's body.
pub(super) fn check(request: &Value) -> Result<(), HttpAnswer> {
    let bad = |error: ApiError| HttpAnswer::refused(StatusCode::BAD_REQUEST, &error);
    let fields = request.as_object().ok_or_else(|| {
        bad(ApiError::new(
            "invalid_json",
            "The body is not a JSON object.",
        ))
    })?;
    if let Some(unknown) = fields
        .keys()
        .find(|key| !REQUEST_FIELDS.contains(&key.as_str()))
    {
        return Err(bad(ApiError::unknown_parameter(unknown)));
    }
    let model = request["model"]
        .as_str()
        .ok_or_else(|| bad(ApiError::missing("model")))?;
    let kind = models::kind(model).filter(|kind| matches!(kind, Kind::Chat | Kind::Reasoning));
    let Some(kind) = kind else {
        let message =
            format!("The model `{model}` does not exist or you do not have access to it.");
        let error = ApiError::new("model_not_found", message);
        return Err(HttpAnswer::refused(StatusCode::NOT_FOUND, &error));
    };
    check_parameters(request, kind).map_err(bad)?;
    check_messages(&request["messages"]).map_err(bad)?;
    check_format(&request["response_format"]).map_err(bad)
}

fn check_parameters(request: &Value, kind: Kind) -> Result<(), ApiError> {
    let unsupported = |param: &str, instead: &str| {
        let message =
            format!("Unsupported parameter: '{param}' is not supported with this model.{instead}");
        Err(ApiError::new("unsupported_parameter", message).about(param))
    };
    if request["stream"] == true {
        return unsupported("stream", " The stand-in does not stream.");
    }
    if kind == Kind::Chat {
        return match request.get("reasoning_effort") {
            Some(_) => unsupported("reasoning_effort", ""),
            None => Ok(()),
        };
    }
    if request.get("max_tokens").is_some() {
        return unsupported("max_tokens", " Use 'max_completion_tokens' instead.");
    }
    if request["reasoning_effort"] == "none" {
        return Ok(());
    }
    for param in ["temperature", "top_p"] {
        if request
            .get(param)
            .is_some_and(|value| value.as_f64() != Some(1.0))
        {
            let message = format!(
                "Unsupported value: '{param}' does not support {} with this model. Only the \
                 default (1) value is supported.",
                request[param]
            );
            return Err(ApiError::new("unsupported_value", message).about(param));
        }
    }
    if request["logprobs"] == true {
        unsupported("logprobs", "")
    } else {
        Ok(())
    }
}

fn check_messages(messages: &Value) -> Result<(), ApiError> {
    let messages = messages.as_array().filter(|messages| !messages.is_empty());
    for (index, message) in messages
        .ok_or_else(|| ApiError::missing("messages"))?
        .iter()
        .enumerate()
    {
        let role = message["role"].as_str().unwrap_or_default();
        if !["system", "developer", "user", "assistant"].contains(&role) {
            let param = format!("messages[{index}].role");
            let supported = "'system', 'developer', 'user' and 'assistant'";
            return Err(ApiError::invalid_value(&param, role, supported));
        }
        if !message["content"].is_string() && !message["content"].is_array() {
            let param = format!("messages[{index}].content");
            let given = message["content"].to_string();
            return Err(ApiError::invalid_type(
                &param,
                "a string or an array",
                &given,
            ));
        }
    }
    Ok(())
}

fn check_format(format: &Value) -> Result<(), ApiError> {
    match format["type"].as_str() {
        None if format.is_null() => return Ok(()),
        Some("text" | "json_object") => return Ok(()),
        Some("json_schema") => {}
        other => {
            let supported = "'json_object', 'json_schema' and 'text'";
            let given = other.unwrap_or_default();
            return Err(ApiError::invalid_value(
                "response_format.type",
                given,
                supported,
            ));
        }
    }
    let description = &format["json_schema"];
    let name = description["name"].as_str().unwrap_or_default();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !(1..=64).contains(&name.len()) || !name.chars().all(fits) {
        let param = "response_format.json_schema.name";
        return Err(ApiError::invalid_value(param, name, "[a-zA-Z0-9_-]{1,64}"));
    }
    if description["strict"] == true {
        schema::check_strict(&description["schema"]).map_err(|problem| {
            let message = format!("Invalid schema for response_format '{name}': {problem}");
            ApiError::new("invalid_json_schema", message).about("response_format")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openai::chat::tests::request;

    #[track_caller]
    fn refused(change: impl FnOnce(&mut Value), status: u16, code: &str) {
        let mut request = request("כן");
        change(&mut request);
        let answer = check(&request).expect_err("refused");
        assert_eq!(
            (answer.status.as_u16(), &answer.body["error"]["code"]),
            (status, &json!(code))
        );
    }

    #[test]
    fn requests_are_checked() {
        assert_eq!(check(&request("כן")), Ok(()));
        refused(
            |request| request["model"] = json!("gpt-4.1-nano"),
            404,
            "model_not_found",
        );
        refused(
            |request| request["modell"] = json!(1),
            400,
            "unknown_parameter",
        );
        refused(
            |request| request["model"] = json!("gpt-6-luna"),
            400,
            "unsupported_value",
        );
        refused(
            |request| request["reasoning_effort"] = json!("none"),
            400,
            "unsupported_parameter",
        );
        refused(
            |request| {
                request["response_format"]["json_schema"]["schema"]["required"] = json!(["action"]);
            },
            400,
            "invalid_json_schema",
        );
        refused(
            |request| request["messages"] = json!([]),
            400,
            "missing_required_parameter",
        );
        refused(
            |request| {
                request["model"] = json!("gpt-6-luna");
                request["reasoning_effort"] = json!("none");
                request["max_tokens"] = json!(100);
            },
            400,
            "unsupported_parameter",
        );
    }
}
