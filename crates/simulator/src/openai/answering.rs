//! How a response looks on the wire: created, opened, streamed, and closed in the service's order.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    config,
    conversation::{Content, Item, Role, Status},
    events::{self, ApiError, Tokens},
    mind::{self, Context},
    respond::{self, Beat, Finish, Order, Response, Tempo},
    session::{Output, Session, Timer},
};

const RESPONSE_FIELDS: [&str; 13] = [
    "conversation",
    "input",
    "instructions",
    "metadata",
    "output_modalities",
    "audio",
    "tools",
    "tool_choice",
    "max_output_tokens",
    "parallel_tool_calls",
    "prompt",
    "reasoning",
    "truncation",
];
/// How long after a response its rate limits are told.
const RATE_LIMITS_AFTER: Duration = Duration::from_millis(43);

impl Session {
    pub(super) fn create_response(&mut self, now: Duration, event: &Value) -> Result<(), ApiError> {
        let wanted = match event.get("response") {
            None => &json!({}),
            Some(wanted) if wanted.is_object() => wanted,
            Some(other) => {
                let given = other.to_string();
                return Err(ApiError::invalid_type("response", "an object", &given));
            }
        };
        for (field, value) in wanted.as_object().into_iter().flatten() {
            if !RESPONSE_FIELDS.contains(&field.as_str()) {
                return Err(ApiError::unknown_parameter(&format!("response.{field}")));
            }
            if value.is_null() && field != "metadata" {
                let param = format!("response.{field}");
                return Err(ApiError::invalid_type(&param, "a value", "null"));
            }
        }
        let in_conversation = match wanted["conversation"].as_str() {
            None | Some("auto") => true,
            Some("none") => false,
            Some(other) => {
                let param = "response.conversation";
                return Err(ApiError::invalid_value(param, other, "'auto' and 'none'"));
            }
        };
        let limit = wanted.get("max_output_tokens");
        config::check_max_tokens("response.max_output_tokens", limit)?;
        check_metadata(&wanted["metadata"])?;
        let input = self.read_input(wanted)?;
        if in_conversation && let Some(active) = &self.active {
            let message = format!(
                "Conversation already has an active response in progress: {active}. Wait until \
                 the response is finished before creating a new one."
            );
            return Err(ApiError::new(
                "conversation_already_has_active_response",
                message,
            ));
        }
        self.start_response(now, wanted, in_conversation, input.as_deref());
        Ok(())
    }

    /// Answers a turn by itself, when turn detection says so.
    pub(super) fn answer_turn(&mut self, now: Duration) {
        if self.active.is_none() {
            self.start_response(now, &json!({}), true, None);
        }
    }

    pub(super) fn cancel_by_client(
        &mut self,
        now: Duration,
        event: &Value,
    ) -> Result<(), ApiError> {
        let wanted = event["response_id"].as_str().or(self.active.as_deref());
        let running = wanted
            .filter(|id| self.responses.contains_key(*id))
            .map(str::to_owned);
        let Some(id) = running else {
            let message = "Cancellation failed: no active response found";
            return Err(ApiError::new("response_cancel_not_active", message));
        };
        self.close_response(
            now,
            &id,
            &Finish::Cancelled {
                reason: "client_cancelled",
            },
        );
        Ok(())
    }

    /// The caller began to speak while a response of the default conversation ran.
    pub(super) fn interrupt(&mut self, now: Duration) {
        if let Some(active) = self.active.clone() {
            self.close_response(
                now,
                &active,
                &Finish::Cancelled {
                    reason: "turn_detected",
                },
            );
        }
    }

    /// Does a response's next beat and plans the one after.
    pub(super) fn beat(&mut self, now: Duration, id: &str) {
        // A response that was cancelled has left its timer behind.
        let Some(response) = self.responses.get_mut(id) else {
            return;
        };
        let Some(beat) = response.next_beat() else {
            return;
        };
        match beat {
            Beat::Open => self.open_item(id),
            Beat::Words(words) => self.send_words(id, &words),
            Beat::Audio(audio) => self.send_audio(id, &audio),
            Beat::Finish(finish) => self.close_response(now, id, &finish),
            Beat::Drop => self.output(Output::Drop),
            Beat::Stall => self.output(Output::Stall),
        }
        if let Some(wait) = self.responses.get(id).and_then(Response::wait) {
            self.set_timer(now + wait, Timer::Beat(id.to_owned()));
        }
    }

    fn start_response(
        &mut self,
        now: Duration,
        wanted: &Value,
        in_conversation: bool,
        input: Option<&[Item]>,
    ) {
        let session = self.config.session();
        let setting = |key: &str| wanted.get(key).unwrap_or(&session[key]).clone();
        let order = Order {
            audible: setting("output_modalities") != json!(["text"]),
            max_output_tokens: setting("max_output_tokens"),
            metadata: wanted["metadata"].clone(),
            id: self.ids.mint("resp"),
            item_id: self.ids.mint("item"),
            in_conversation,
        };
        let context = Context {
            instructions: self.config.instructions(),
            response_instructions: wanted["instructions"].as_str(),
            items: input.unwrap_or_else(|| self.conversation.items()),
        };
        let thought = mind::think(context, &self.director);
        let think = self.random_ms(self.pace.think_ms.clone());
        let tempo = Tempo {
            think,
            burst: self.pace.burst,
        };
        let response = Response::plan(order, &thought.text, thought.ending, tempo, &mut self.ids.0);
        let id = response.id.clone();
        let created = self.response_json(&response, "in_progress", &Value::Null, &[], None);
        self.emit("response.created", json!({"response": created}));
        if in_conversation {
            self.active = Some(id.clone());
        }
        self.set_timer(
            now + response.wait().unwrap_or_default(),
            Timer::Beat(id.clone()),
        );
        self.responses.insert(id, response);
    }

    /// The items of `response.input`: own ones and references to the conversation's.
    fn read_input(&mut self, wanted: &Value) -> Result<Option<Vec<Item>>, ApiError> {
        let Some(input) = wanted["input"].as_array() else {
            return Ok(None);
        };
        let mut items = Vec::new();
        for item in input {
            if item["type"] == "item_reference" {
                let id = item["id"].as_str().unwrap_or_default();
                items.push(self.conversation.retrieve(id)?.clone());
            } else {
                items.push(Item::read(item, self.ids.mint("item"))?);
            }
        }
        Ok(Some(items))
    }

    fn open_item(&mut self, id: &str) {
        let Some(response) = self.responses.get(id) else {
            return;
        };
        let item = response_item(response, Status::InProgress);
        let added = place(response, json!({"item": item.to_json()}), false);
        let part = if response.audible {
            json!({"type": "audio", "transcript": ""})
        } else {
            json!({"type": "text", "text": ""})
        };
        let part = place(response, json!({"part": part}), true);
        let in_conversation = response.in_conversation;
        self.emit("response.output_item.added", added);
        if in_conversation {
            let previous = self.conversation.last_id().map(str::to_owned);
            let body = json!({"previous_item_id": previous, "item": item.to_json()});
            self.conversation.push(item);
            self.emit("conversation.item.added", body);
        }
        self.emit("response.content_part.added", part);
    }

    fn send_words(&mut self, id: &str, words: &str) {
        let obfuscation = self.ids.obfuscation();
        let Some(response) = self.responses.get(id) else {
            return;
        };
        let delta = place(
            response,
            json!({"delta": words, "obfuscation": obfuscation}),
            true,
        );
        let kind = if response.audible {
            "response.output_audio_transcript.delta"
        } else {
            "response.output_text.delta"
        };
        self.emit(kind, delta);
    }

    fn send_audio(&mut self, id: &str, audio: &[u8]) {
        let format = self.config.output_format();
        let Some(response) = self.responses.get(id) else {
            return;
        };
        let coded = STANDARD.encode(respond::encode(audio, format));
        let delta = place(response, json!({"delta": coded}), true);
        if let Some(item) = self.conversation.get_mut(&response.item_id)
            && let Content::Spoken { audio_ms, .. } = &mut item.content
        {
            *audio_ms = response.sent_audio_ms;
        }
        self.has_spoken = true;
        self.emit("response.output_audio.delta", delta);
    }

    /// Ends a response: every open thing is closed in order, however it ends.
    fn close_response(&mut self, now: Duration, id: &str, finish: &Finish) {
        let Some(response) = self.responses.remove(id) else {
            return;
        };
        if self.active.as_deref() == Some(id) {
            self.active = None;
        }
        let status = match finish {
            Finish::Completed => Status::Completed,
            Finish::Cancelled { .. } | Finish::Incomplete { .. } | Finish::Failed { .. } => {
                Status::Incomplete
            }
        };
        let mut output = Vec::new();
        if response.opened {
            let item = response_item(&response, status);
            self.close_item(&response, &item);
            output.push(item.to_json());
        }
        let (word, details) = finish_json(finish);
        let usage = self.count_tokens(&response);
        self.answered_before = true;
        let done = self.response_json(&response, word, &details, &output, Some(usage));
        self.emit("response.done", json!({"response": done}));
        self.set_timer(now + RATE_LIMITS_AFTER, Timer::RateLimits);
    }

    fn close_item(&mut self, response: &Response, item: &Item) {
        let text = &response.sent_text;
        let part = if response.audible {
            self.emit(
                "response.output_audio.done",
                place(response, json!({}), true),
            );
            let transcript = place(response, json!({"transcript": text}), true);
            self.emit("response.output_audio_transcript.done", transcript);
            json!({"type": "audio", "transcript": text})
        } else {
            let done = place(response, json!({"text": text}), true);
            self.emit("response.output_text.done", done);
            json!({"type": "text", "text": text})
        };
        let part = place(response, json!({"part": part}), true);
        self.emit("response.content_part.done", part);
        if response.in_conversation {
            let position = self
                .conversation
                .items()
                .iter()
                .position(|kept| kept.id == item.id);
            let previous = position
                .and_then(|position| position.checked_sub(1))
                .map(|before| self.conversation.items()[before].id.clone());
            if let Some(kept) = self.conversation.get_mut(&item.id) {
                *kept = item.clone();
            }
            let body = json!({"previous_item_id": previous, "item": item.to_json()});
            self.emit("conversation.item.done", body);
        }
        let done = place(response, json!({"item": item.to_json()}), false);
        self.emit("response.output_item.done", done);
    }

    fn count_tokens(&self, response: &Response) -> Tokens {
        let mut tokens = Tokens::default();
        let standing = events::text_tokens(self.config.instructions());
        tokens.input_text = standing;
        tokens.cached_text = if self.answered_before { standing } else { 0 };
        let earlier = self
            .conversation
            .items()
            .iter()
            .filter(|item| item.id != response.item_id);
        for item in earlier {
            match &item.content {
                Content::Text(text) => tokens.input_text += events::text_tokens(text),
                Content::Heard { audio_ms, .. } => {
                    tokens.input_audio += events::heard_tokens(*audio_ms);
                }
                Content::Spoken { audio_ms, .. } => {
                    tokens.input_audio += events::spoken_tokens(*audio_ms);
                }
            }
        }
        tokens.output_text = events::text_tokens(&response.sent_text);
        tokens.output_audio = events::spoken_tokens(response.sent_audio_ms);
        tokens
    }

    fn response_json(
        &self,
        response: &Response,
        status: &str,
        details: &Value,
        output: &[Value],
        usage: Option<Tokens>,
    ) -> Value {
        let modality = if response.audible { "audio" } else { "text" };
        let voice = &self.config.session()["audio"]["output"];
        json!({
            "object": "realtime.response",
            "id": response.id,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": response.in_conversation.then_some(&self.conversation_id),
            "output_modalities": [modality],
            "max_output_tokens": response.max_output_tokens,
            "audio": {"output": {"format": voice["format"], "voice": voice["voice"]}},
            "usage": usage.map(Tokens::to_json),
            "metadata": response.metadata,
        })
    }
}

/// The item of a response, as far as it was sent.
fn response_item(response: &Response, status: Status) -> Item {
    let begun = status != Status::InProgress;
    let content = if response.audible {
        let transcript = begun.then(|| response.sent_text.clone());
        Content::Spoken {
            transcript,
            audio_ms: response.sent_audio_ms,
        }
    } else {
        Content::Text(response.sent_text.clone())
    };
    Item {
        id: response.item_id.clone(),
        role: Role::Assistant,
        status,
        content,
    }
}

/// Adds to an event where in the response it belongs: to the item, or to the item's only part.
fn place(response: &Response, mut event: Value, in_part: bool) -> Value {
    event["response_id"] = json!(response.id);
    event["output_index"] = json!(0);
    if in_part {
        event["item_id"] = json!(response.item_id);
        event["content_index"] = json!(0);
    }
    event
}

fn finish_json(finish: &Finish) -> (&'static str, Value) {
    match finish {
        Finish::Completed => ("completed", Value::Null),
        Finish::Cancelled { reason } => {
            ("cancelled", json!({"type": "cancelled", "reason": reason}))
        }
        Finish::Incomplete { reason } => (
            "incomplete",
            json!({"type": "incomplete", "reason": reason}),
        ),
        Finish::Failed { code } => {
            let message = "The simulated service failed as its scenario told it to.";
            let error = json!({"type": "server_error", "code": code, "message": message});
            ("failed", json!({"type": "failed", "error": error}))
        }
    }
}

fn check_metadata(metadata: &Value) -> Result<(), ApiError> {
    let Some(pairs) = metadata.as_object() else {
        return Ok(());
    };
    let fits = pairs.len() <= 16
        && pairs.iter().all(|(key, value)| {
            let value = value.as_str().map(|value| value.chars().count());
            key.chars().count() <= 64 && value.is_some_and(|length| length <= 512)
        });
    let supported = "at most 16 pairs of a key of 64 and a text of 512 characters";
    if fits {
        Ok(())
    } else {
        Err(ApiError::invalid_value(
            "response.metadata",
            &metadata.to_string(),
            supported,
        ))
    }
}
