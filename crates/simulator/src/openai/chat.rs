//! Chat completions: the request checked the way the service checks it, the answer a perfect parser
//! would give (or the scenario's), in the service's envelope; and every way in which it fails.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    events::{ApiError, Ids, text_tokens},
    parser, schema,
};
use crate::{
    fixtures,
    scenario::{ChatFault, Director},
};

/// What a prompt says when no slot is on the table.
const NOTHING_ON_OFFER: &str = "אין הצעה";

/// An answer of the HTTP side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

impl HttpAnswer {
    /// A good answer.
    pub(super) const fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            headers: Vec::new(),
            body,
        }
    }

    /// A refusal of the request.
    pub(super) fn refused(status: StatusCode, error: &ApiError) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: json!({"error": error.to_json()}),
        }
    }

    fn fault(status: StatusCode, kind: &str, code: &str, message: &str) -> Self {
        let error = json!({"message": message, "type": kind, "param": null, "code": code});
        Self {
            status,
            headers: Vec::new(),
            body: json!({"error": error}),
        }
    }
}

/// What the stand-in does with a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reaction {
    Answer(HttpAnswer),
    /// Never answers.
    Hang,
}

/// Answers a checked request.
pub(super) fn answer(
    request: &Value,
    director: &Director,
    next_fault: Option<ChatFault>,
    created: i64,
    ids: &mut Ids,
) -> Reaction {
    let user = last_text(request, "user");
    let utterance = fixtures::within(&user);
    let turn = utterance.and_then(|utterance| director.current_turn(utterance.id));
    let fault = next_fault.or_else(|| turn.and_then(|turn| director.chat_fault(turn)));
    let mut wanted = match (
        turn.and_then(|turn| director.turn(turn).parse.clone()),
        utterance,
    ) {
        (Some(mut scripted), utterance) => {
            if let Some(utterance) = utterance {
                parser::complete(&mut scripted, utterance.id);
            }
            scripted
        }
        (None, Some(utterance)) => {
            let on_offer = !last_text(request, "system").contains(NOTHING_ON_OFFER);
            parser::perfect_answer(utterance.id, on_offer)
        }
        (None, None) => json!({"action": "none", "intent": "other"}),
    };
    let schema = &request["response_format"]["json_schema"]["schema"];
    let content = if schema.is_object() {
        leave_out(
            &mut wanted,
            &schema["properties"],
            &["intent", "confirm_words"],
        );
        conforming(schema, &wanted)
    } else {
        wanted
    };
    match write(&content, fault) {
        Ok(message) => Reaction::Answer(HttpAnswer::ok(envelope(request, &message, created, ids))),
        Err(fault) => service_fault(fault),
    }
}

/// Leaves out those of `keys` for which a schema has no place: an older schema's.
fn leave_out(answer: &mut Value, properties: &Value, keys: &[&str]) {
    if let Some(answer) = answer.as_object_mut() {
        answer.retain(|key, _| !keys.contains(&key.as_str()) || properties.get(key).is_some());
    }
}

/// The parser's answer in the shape of a schema; to a schema that is not a parser's, the least answer.
fn conforming(schema: &Value, wanted: &Value) -> Value {
    let is_parser = schema["properties"]["action"].is_object();
    let fitted = if is_parser {
        schema::fit(schema, wanted)
    } else {
        None
    };
    if is_parser && fitted.is_none() {
        tracing::warn!(answer = %wanted, "the schema has no place for the parser's answer");
    }
    fitted.unwrap_or_else(|| schema::least(schema))
}

/// The model's message, right or wrong; the faults that leave no message come back.
fn write(content: &Value, fault: Option<ChatFault>) -> Result<Message, ChatFault> {
    let whole = Message {
        content: Some(content.to_string()),
        refusal: None,
        finish: "stop",
    };
    match fault {
        None => Ok(whole),
        Some(ChatFault::Refusal) => {
            let refusal = Some("I'm sorry, I can't assist with that.");
            Ok(Message {
                content: None,
                refusal,
                finish: "stop",
            })
        }
        Some(ChatFault::Length) => {
            let cut = content.to_string().chars().take(9).collect();
            Ok(Message {
                content: Some(cut),
                finish: "length",
                ..whole
            })
        }
        Some(ChatFault::NotJson) => Ok(Message {
            content: Some("בטח! הנה הנתונים:".to_owned()),
            ..whole
        }),
        Some(ChatFault::SchemaViolation) => {
            let foreign = json!({"action": "book_now", "date": 17, "time": [], "hour": "עשר"});
            Ok(Message {
                content: Some(foreign.to_string()),
                ..whole
            })
        }
        Some(fault) => Err(fault),
    }
}

struct Message {
    content: Option<String>,
    refusal: Option<&'static str>,
    finish: &'static str,
}

fn service_fault(fault: ChatFault) -> Reaction {
    let answer = match fault {
        ChatFault::RateLimited => {
            let message = "Rate limit reached for requests. Please try again in 250ms.";
            let mut answer = HttpAnswer::fault(
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                "rate_limit_exceeded",
                message,
            );
            answer.headers = vec![
                ("retry-after-ms", "250".to_owned()),
                ("retry-after", "1".to_owned()),
            ];
            answer
        }
        ChatFault::InsufficientQuota => HttpAnswer::fault(
            StatusCode::TOO_MANY_REQUESTS,
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        ChatFault::Overloaded => HttpAnswer::fault(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable_error",
            "server_is_overloaded",
            "The server is overloaded. Please try again later.",
        ),
        ChatFault::Hang => return Reaction::Hang,
        ChatFault::ServerError
        | ChatFault::Refusal
        | ChatFault::Length
        | ChatFault::NotJson
        | ChatFault::SchemaViolation => HttpAnswer::fault(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "server_error",
            "The server had an error while processing your request.",
        ),
    };
    Reaction::Answer(answer)
}

fn envelope(request: &Value, message: &Message, created: i64, ids: &mut Ids) -> Value {
    let prompt: u64 = request["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| text_tokens(&text_of(message)) + 4)
        .sum();
    let completion = message
        .content
        .as_deref()
        .or(message.refusal)
        .map_or(0, text_tokens);
    let model = match request["model"].as_str().unwrap_or_default() {
        "gpt-4o-mini" => "gpt-4o-mini-2024-07-18",
        other => other,
    };
    json!({
        "id": ids.mint("chatcmpl").replacen('_', "-", 1),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": message.content, "refusal": message.refusal,
                "annotations": [],
            },
            "logprobs": null,
            "finish_reason": message.finish,
        }],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_5eed000000",
    })
}

fn last_text(request: &Value, role: &str) -> String {
    let messages = request["messages"].as_array();
    let mut of_role = messages.into_iter().flatten().filter(|message| {
        message["role"] == role || (role == "system" && message["role"] == "developer")
    });
    of_role.next_back().map(text_of).unwrap_or_default()
}

/// A message's text, in either of its two forms.
fn text_of(message: &Value) -> String {
    let parts = message["content"].as_array().into_iter().flatten();
    let parts = parts
        .filter_map(|part| part["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n");
    message["content"].as_str().map_or(parts, str::to_owned)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scenario::Scenario;

    pub(in crate::openai) fn request(user: &str) -> Value {
        let string = || json!({"type": ["string", "null"]});
        json!({"model": "gpt-4o-mini", "temperature": 0, "max_completion_tokens": 200,
            "messages": [{"role": "system", "content": "החזר JSON."},
                {"role": "user", "content": user}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "appointment_request", "strict": true, "schema": {
                    "type": "object", "additionalProperties": false,
                    "required": ["action", "name", "date", "time"],
                    "properties": {
                        "action": {"type": "string", "enum": ["ask", "confirm", "none"]},
                        "name": string(), "date": string(), "time": string()}}}}})
    }

    fn content(user: &str) -> Value {
        let director = Director::new(Scenario::default());
        let mut ids = Ids(fastrand::Rng::with_seed(1));
        let Reaction::Answer(answer) = answer(&request(user), &director, None, 0, &mut ids) else {
            panic!("no answer");
        };
        let content = answer.body["choices"][0]["message"]["content"].as_str();
        serde_json::from_str(content.expect("a text")).expect("JSON in the text")
    }

    fn with_intent(mut request: Value) -> Value {
        let schema = &mut request["response_format"]["json_schema"]["schema"];
        schema["properties"]["intent"] =
            json!({"type": "string", "enum": ["book", "person", "other"]});
        schema["properties"]["confirm_words"] = json!({"type": ["string", "null"]});
        schema["required"] = json!(["action", "name", "date", "time", "intent", "confirm_words"]);
        request
    }

    #[track_caller]
    fn check_intent(user: &str, scenario: &str, intent: &str, yes: Option<&str>) {
        let director = Director::new(Scenario::parse(scenario).expect("a scenario"));
        let mut ids = Ids(fastrand::Rng::with_seed(1));
        let request = with_intent(request(user));
        let Reaction::Answer(answer) = answer(&request, &director, None, 0, &mut ids) else {
            panic!("no answer");
        };
        let content = answer.body["choices"][0]["message"]["content"].as_str();
        let content: Value = serde_json::from_str(content.expect("a text")).expect("JSON");
        assert_eq!(content["intent"], intent, "{content}");
        assert_eq!(content["confirm_words"].as_str(), yes, "{content}");
    }

    #[test]
    fn a_schema_with_a_place_for_it_gets_the_intent_and_the_yes() {
        check_intent("אני רוצה לדבר עם נציג", "title = 'x'", "person", None);
        check_intent("כן זה נכון", "title = 'x'", "book", Some("כן"));
        check_intent("משהו שאיש לא הקליט", "title = 'x'", "other", None);
        let scripted = "title = 'x'\n[[turns]]\nutterance = '17'\nparse = { action = 'confirm' }";
        let other = scripted.replace('}', ", intent = 'other' }");
        check_intent("אני רוצה לבטל את התור שלי", &other, "other", None);
        let yes = scripted.replace("17", "01");
        check_intent("כן", &yes, "book", Some("כן"));
    }

    #[test]
    fn it_answers_what_a_perfect_parser_says() {
        assert_eq!(content("קוראים לי דוד כהן")["name"], "דוד כהן");
        assert_eq!(content("כן זה נכון")["action"], "confirm");
        assert_eq!(content("משהו שאיש לא הקליט")["action"], "none");
    }
}
