//! What went over the wires: kept in memory for tests, handed to whoever watches, written to a file.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Events kept in memory; older ones are dropped.
const KEPT_EVENTS: usize = 20_000;
/// Events a slow watcher may fall behind before it misses some.
const WATCHER_BACKLOG: usize = 1_024;
/// The type of the invented event that a client must ignore.
pub(crate) const UNKNOWN_EVENT_TYPE: &str = "session.weather.updated";

/// Which wire an event crossed, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Realtime, from the client.
    Client,
    /// Realtime, from the service.
    Server,
    /// The body of a chat completion request.
    ChatRequest,
    /// The body of a chat completion answer.
    ChatResponse,
    /// Media Streams, from the provider to the gateway.
    TwilioIn,
    /// Media Streams, from the gateway to the provider.
    TwilioOut,
}

impl Direction {
    /// The word in the recorded file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::ChatRequest => "chat_request",
            Self::ChatResponse => "chat_response",
            Self::TwilioIn => "twilio_in",
            Self::TwilioOut => "twilio_out",
        }
    }
}

/// One event that crossed a wire. Audio is left out (its length stands in its place).
#[derive(Debug, Clone, PartialEq)]
pub struct WireEvent {
    /// The connection it belongs to.
    pub conn: String,
    /// Which wire, which way.
    pub dir: Direction,
    /// The event as JSON.
    pub event: Value,
}

impl WireEvent {
    /// The event's kind: `type`, or `event` on the telephone's wire.
    pub fn kind(&self) -> &str {
        let kind = self.event.get("type").or_else(|| self.event.get("event"));
        kind.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Keeps, shows and writes events.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: Option<Mutex<File>>,
    kept: Mutex<VecDeque<WireEvent>>,
    watchers: broadcast::Sender<WireEvent>,
}

impl Recorder {
    /// Begins; the file, if any, is replaced.
    pub(crate) fn new(file: Option<&Path>) -> io::Result<Self> {
        let file = file.map(File::create).transpose()?.map(Mutex::new);
        let (watchers, _) = broadcast::channel(WATCHER_BACKLOG);
        Ok(Self {
            file,
            kept: Mutex::default(),
            watchers,
        })
    }

    /// Notes one event.
    pub(crate) fn note(&self, conn: &str, dir: Direction, event: &Value) {
        if let Some(file) = &self.file {
            let mut line = json!({"dir": dir.as_str(), "conn": conn, "event": event});
            if event["type"] == UNKNOWN_EVENT_TYPE {
                line["expect"] = json!("bad");
            }
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, "an event was not recorded");
            }
        }
        if is_caller_audio(event) {
            return;
        }
        let noted = WireEvent {
            conn: conn.to_owned(),
            dir,
            event: without_audio(event),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_EVENTS {
            kept.pop_front();
        }
        kept.push_back(noted.clone());
        drop(kept);
        // Nobody watching is the usual case.
        let _ = self.watchers.send(noted);
    }

    /// What is kept, oldest first.
    pub(crate) fn events(&self) -> Vec<WireEvent> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// Events from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<WireEvent> {
        self.watchers.subscribe()
    }
}

/// Fifty frames a second say nothing: they go to the file only.
fn is_caller_audio(event: &Value) -> bool {
    event["type"] == "input_audio_buffer.append" || event["event"] == "media"
}

fn without_audio(event: &Value) -> Value {
    let mut event = event.clone();
    if event["type"] == "response.output_audio.delta" {
        let length = event["delta"].as_str().map_or(0, str::len);
        event["delta"] = json!(format!("({length} characters of audio)"));
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_left_out_of_memory() -> io::Result<()> {
        let recorder = Recorder::new(None)?;
        let mut watcher = recorder.watch();
        recorder.note(
            "a",
            Direction::Client,
            &json!({"type": "input_audio_buffer.append"}),
        );
        let delta = json!({"type": "response.output_audio.delta", "delta": "AAAA"});
        recorder.note("a", Direction::Server, &delta);
        let events = recorder.events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].event["delta"], "(4 characters of audio)");
        assert_eq!(
            watcher
                .try_recv()
                .map(|event| event.kind().to_owned())
                .as_deref(),
            Ok("response.output_audio.delta")
        );
        Ok(())
    }
}
