//! One Realtime session as a state machine without I/O: client events and time go in, server events
//! come out. The socket around it is in `socket`.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    config::SessionConfig,
    conversation::{Conversation, Item},
    events::{ApiError, Ids},
    input::InputBuffer,
    respond::Response,
    turns::PendingTranscript,
};
use crate::{record::UNKNOWN_EVENT_TYPE, scenario::Director};

/// The client events of a WebSocket, and the fields each may have besides `type` and `event_id`.
const CLIENT_EVENTS: [(&str, &[&str]); 10] = [
    ("session.update", &["session"]),
    ("input_audio_buffer.append", &["audio"]),
    ("input_audio_buffer.commit", &[]),
    ("input_audio_buffer.clear", &[]),
    ("conversation.item.create", &["item", "previous_item_id"]),
    ("conversation.item.retrieve", &["item_id"]),
    ("conversation.item.delete", &["item_id"]),
    (
        "conversation.item.truncate",
        &["item_id", "content_index", "audio_end_ms"],
    ),
    ("response.create", &["response"]),
    ("response.cancel", &["response_id"]),
];

/// How fast a stand-in answers, and what else it does by the clock.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Milliseconds from an upgrade to `session.created`.
    pub session_ms: u64,
    /// Milliseconds from a request for a response to its first words.
    pub think_ms: RangeInclusive<u64>,
    /// Milliseconds from a commit to its transcript.
    pub transcription_ms: RangeInclusive<u64>,
    /// Milliseconds that a chat completion takes.
    pub chat_ms: RangeInclusive<u64>,
    /// How many times faster than real time speech is sent.
    pub burst: f64,
    /// How long a session may last; the real one's 60 minutes on another clock.
    pub session_lifetime: Duration,
    /// How often an event comes that no client knows; none by default.
    pub unknown_event_every: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            session_ms: 0,
            think_ms: 250..=450,
            transcription_ms: 150..=350,
            chat_ms: 120..=300,
            burst: 4.0,
            session_lifetime: Duration::from_hours(1),
            unknown_event_every: None,
        }
    }
}

/// What a session wants done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Output {
    /// Send this event.
    Event(Value),
    /// Close the socket.
    Close { code: u16, reason: &'static str },
    /// Drop the connection without a word.
    Drop,
    /// Keep the connection, send nothing any more.
    Stall,
}

#[derive(Debug)]
pub(super) enum Timer {
    Beat(String),
    Transcript(PendingTranscript),
    RateLimits,
    UnknownEvent,
    Expire,
}

/// Where a session comes from.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) model: String,
    pub(super) seed: u64,
    /// Seconds since 1970 at which the session ends.
    pub(super) expires_at: i64,
    pub(super) pace: Pace,
    pub(super) echo_event_ids: bool,
    pub(super) director: Arc<Director>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: SessionConfig,
    pub(super) conversation_id: String,
    pub(super) conversation: Conversation,
    pub(super) buffer: InputBuffer,
    /// The item that the speech being heard will become.
    pub(super) speaking_item: Option<String>,
    pub(super) responses: BTreeMap<String, Response>,
    /// The response that runs in the default conversation.
    pub(super) active: Option<String>,
    pub(super) has_spoken: bool,
    pub(super) answered_before: bool,
    pub(super) ids: Ids,
    pub(super) pace: Pace,
    pub(super) director: Arc<Director>,
    echo_event_ids: bool,
    timers: BTreeMap<(Duration, u64), Timer>,
    timers_set: u64,
    outputs: VecDeque<Output>,
}

impl Session {
    /// Opens a session at time zero; its first event is `session.created`.
    pub(super) fn open(opening: Opening) -> Self {
        let Opening {
            model,
            seed,
            expires_at,
            pace,
            echo_event_ids,
            director,
        } = opening;
        let mut ids = Ids(fastrand::Rng::with_seed(seed));
        let mut session = Self {
            config: SessionConfig::new(&ids.mint("sess"), &model, expires_at),
            conversation_id: ids.mint("conv"),
            conversation: Conversation::default(),
            buffer: InputBuffer::default(),
            speaking_item: None,
            responses: BTreeMap::new(),
            active: None,
            has_spoken: false,
            answered_before: false,
            ids,
            pace,
            director,
            echo_event_ids,
            timers: BTreeMap::new(),
            timers_set: 0,
            outputs: VecDeque::new(),
        };
        session.set_timer(session.pace.session_lifetime, Timer::Expire);
        if let Some(every) = session.pace.unknown_event_every {
            session.set_timer(every, Timer::UnknownEvent);
        }
        let created = session.config.session().clone();
        session.emit("session.created", json!({"session": created}));
        session
    }

    /// Takes one client event.
    pub(super) fn receive(&mut self, now: Duration, event: &Value) {
        if let Err(error) = self.handle(now, event) {
            self.refuse(&error, event["event_id"].as_str());
        }
    }

    /// Refuses something, without closing.
    pub(super) fn refuse(&mut self, error: &ApiError, client_event_id: Option<&str>) {
        let mut body = error.to_json();
        body["event_id"] = json!(client_event_id.filter(|_| self.echo_event_ids));
        self.emit("error", json!({"error": body}));
    }

    /// When the session wants to be woken.
    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Duration) {
        while let Some(entry) = self.timers.first_entry()
            && entry.key().0 <= now
        {
            match entry.remove() {
                Timer::Beat(response_id) => self.beat(now, &response_id),
                Timer::Transcript(pending) => self.transcribe(&pending),
                Timer::RateLimits => self.tell_rate_limits(),
                Timer::UnknownEvent => self.send_unknown_event(now),
                Timer::Expire => self.expire(),
            }
        }
    }

    /// The next thing to do outside; to be drained after every call.
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn emit(&mut self, kind: &str, mut event: Value) {
        event["type"] = json!(kind);
        event["event_id"] = json!(self.ids.mint("event"));
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn set_timer(&mut self, at: Duration, timer: Timer) {
        self.timers_set += 1;
        self.timers.insert((at, self.timers_set), timer);
    }

    pub(super) fn random_ms(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.ids.0.u64(range))
    }

    /// Tells that an item entered the conversation, whole.
    pub(super) fn tell_added(&mut self, item: &Item, previous: Option<&str>) {
        let body = json!({"previous_item_id": previous, "item": item.to_json()});
        self.emit("conversation.item.added", body.clone());
        self.emit("conversation.item.done", body);
    }

    fn handle(&mut self, now: Duration, event: &Value) -> Result<(), ApiError> {
        let kind = event["type"]
            .as_str()
            .ok_or_else(|| ApiError::missing("type"))?;
        let known = CLIENT_EVENTS.iter().find(|(name, _)| *name == kind);
        let Some((_, fields)) = known else {
            let names: Vec<_> = CLIENT_EVENTS
                .iter()
                .map(|(name, _)| format!("'{name}'"))
                .collect();
            return Err(ApiError::invalid_value("type", kind, &names.join(", ")));
        };
        for field in event
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            if !["type", "event_id"].contains(&field.as_str()) && !fields.contains(&field.as_str())
            {
                return Err(ApiError::unknown_parameter(field));
            }
        }
        match kind {
            "session.update" => self.update_session(&event["session"]),
            "input_audio_buffer.append" => self.append_audio(now, event),
            "input_audio_buffer.commit" => self.commit_by_client(now),
            "input_audio_buffer.clear" => {
                self.clear_audio();
                Ok(())
            }
            "conversation.item.create" => self.create_item(event),
            "conversation.item.retrieve" => self.retrieve_item(event),
            "conversation.item.delete" => self.delete_item(event),
            "conversation.item.truncate" => self.truncate_item(event),
            "response.create" => self.create_response(now, event),
            _ => self.cancel_by_client(now, event),
        }
    }

    fn update_session(&mut self, update: &Value) -> Result<(), ApiError> {
        self.config.update(update, self.has_spoken)?;
        let session = self.config.session().clone();
        self.emit("session.updated", json!({"session": session}));
        Ok(())
    }

    fn create_item(&mut self, event: &Value) -> Result<(), ApiError> {
        if !event["item"].is_object() {
            return Err(ApiError::missing("item"));
        }
        let item = Item::read(&event["item"], self.ids.mint("item"))?;
        let previous = event["previous_item_id"].as_str();
        let before = self.conversation.insert(item.clone(), previous)?;
        self.tell_added(&item, before.as_deref());
        Ok(())
    }

    fn retrieve_item(&mut self, event: &Value) -> Result<(), ApiError> {
        let item = self.conversation.retrieve(item_id(event)?)?.to_json();
        self.emit("conversation.item.retrieved", json!({"item": item}));
        Ok(())
    }

    fn delete_item(&mut self, event: &Value) -> Result<(), ApiError> {
        let id = item_id(event)?;
        self.conversation.delete(id)?;
        self.emit("conversation.item.deleted", json!({"item_id": id}));
        Ok(())
    }

    fn truncate_item(&mut self, event: &Value) -> Result<(), ApiError> {
        let id = item_id(event)?;
        let integer = |key: &str| match &event[key] {
            Value::Null => Err(ApiError::missing(key)),
            value => value
                .as_u64()
                .ok_or_else(|| ApiError::invalid_type(key, "an integer", &value.to_string())),
        };
        let (index, end_ms) = (integer("content_index")?, integer("audio_end_ms")?);
        if index != 0 {
            return Err(ApiError::invalid_value(
                "content_index",
                &index.to_string(),
                "0",
            ));
        }
        self.conversation.truncate(id, end_ms)?;
        let body = json!({"item_id": id, "content_index": index, "audio_end_ms": end_ms});
        self.emit("conversation.item.truncated", body);
        Ok(())
    }

    fn tell_rate_limits(&mut self) {
        let remaining = self.ids.0.u64(150_000..199_000);
        let limit = json!({"name": "tokens", "limit": 200_000, "remaining": remaining,
            "reset_seconds": 0.75});
        self.emit("rate_limits.updated", json!({"rate_limits": [limit]}));
    }

    fn send_unknown_event(&mut self, now: Duration) {
        self.emit(
            UNKNOWN_EVENT_TYPE,
            json!({"forecast": {"sky": "clear", "wind": [1, 2]}}),
        );
        if let Some(every) = self.pace.unknown_event_every {
            self.set_timer(now + every, Timer::UnknownEvent);
        }
    }

    fn expire(&mut self) {
        let reason = "Your session hit the maximum duration of 60 minutes.";
        self.refuse(&ApiError::new("session_expired", reason), None);
        self.output(Output::Close { code: 1001, reason });
    }
}

fn item_id(event: &Value) -> Result<&str, ApiError> {
    event["item_id"]
        .as_str()
        .ok_or_else(|| ApiError::missing("item_id"))
}
