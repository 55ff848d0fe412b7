//! A session on the bench: time passes by hand, and every event is checked for its order.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::openai::session::{Opening, Output, Pace, Session};
use crate::{
    fixtures,
    mulaw::{FRAME_BYTES, FRAME_MS, SILENCE},
    scenario::{Director, Scenario},
    voice::Listener,
};

const FRAME: Duration = Duration::from_millis(FRAME_MS);

pub(super) struct Bench {
    session: Session,
    now: Duration,
    pub(super) events: Vec<Value>,
    pub(super) end: Option<Output>,
}

impl Bench {
    pub(super) fn new(scenario: &str) -> Self {
        Self::with_pace(scenario, Pace::default())
    }

    pub(super) fn with_pace(scenario: &str, pace: Pace) -> Self {
        let scenario = format!("title = 'test'\n{scenario}");
        let director = Director::new(Scenario::parse(&scenario).expect("a scenario"));
        let session = Session::open(Opening {
            model: "gpt-realtime-2.1".into(),
            seed: 11,
            expires_at: 1_800_000_000,
            pace,
            echo_event_ids: false,
            director: Arc::new(director),
        });
        let mut bench = Self {
            session,
            now: Duration::ZERO,
            events: Vec::new(),
            end: None,
        };
        bench.drain();
        bench
    }

    /// A session configured the way a gateway does it.
    pub(super) fn configured(scenario: &str) -> Self {
        let mut bench = Self::new(scenario);
        bench.configure(false);
        bench
    }

    pub(super) fn configure(&mut self, by_itself: bool) {
        self.send(json!({"type": "session.update", "session": {
            "type": "realtime", "instructions": "את עונה לטלפון של \"מספרת אורלי\".",
            "include": ["item.input_audio_transcription.logprobs"],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": {"model": "gpt-4o-transcribe", "language": "he"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 500,
                        "create_response": by_itself, "interrupt_response": by_itself}},
                "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"}}}}));
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "events are written where they are sent"
    )]
    pub(super) fn send(&mut self, event: Value) {
        self.session.receive(self.now, &event);
        self.drain();
    }

    pub(super) fn respond(&mut self) {
        self.send(json!({"type": "response.create"}));
    }

    pub(super) fn server_event(&mut self, event: &Value) {
        self.send(json!({"type": "conversation.item.create", "item": {
            "type": "message", "role": "system",
            "content": [{"type": "input_text", "text": event.to_string()}]}}));
    }

    pub(super) fn wait(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while let Some(at) = self.session.next_timer().filter(|at| *at <= until) {
            self.now = at;
            self.session.wake(at);
            self.drain();
        }
        self.now = until;
    }

    pub(super) fn say(&mut self, id: &str) {
        let id = id.parse().expect("a recorded utterance");
        let silence = [SILENCE; 4_800];
        for frame in fixtures::by_id(id)
            .audio
            .chunks(FRAME_BYTES)
            .chain(silence.chunks(FRAME_BYTES))
        {
            self.send(
                json!({"type": "input_audio_buffer.append", "audio": STANDARD.encode(frame)}),
            );
            self.wait(FRAME.as_millis().try_into().expect("20"));
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                end => self.end = Some(end),
            }
        }
        check_order(&self.events);
    }

    pub(super) fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self
            .events
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect();
        kinds.dedup();
        kinds
    }

    pub(super) fn last(&self, kind: &str) -> &Value {
        let of_kind = |event: &&Value| event["type"] == kind;
        self.events
            .iter()
            .rev()
            .find(of_kind)
            .unwrap_or_else(|| panic!("no {kind}"))
    }

    pub(super) fn count(&self, kind: &str) -> usize {
        self.events
            .iter()
            .filter(|event| event["type"] == kind)
            .count()
    }

    /// The words of the audio that was sent.
    pub(super) fn spoken(&self) -> Vec<String> {
        let mut ear = Listener::default();
        for event in &self.events {
            if event["type"] == "response.output_audio.delta" {
                let delta = event["delta"].as_str().expect("a delta");
                ear.hear(&STANDARD.decode(delta).expect("base64"));
            }
        }
        ear.utterances()
            .iter()
            .map(|utterance| utterance.text.clone())
            .collect()
    }
}

/// The rules of order that a faithful service keeps.
#[track_caller]
fn check_order(events: &[Value]) {
    assert_eq!(events[0]["type"], "session.created");
    let mut open: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut default_active = None;
    let mut ids = std::collections::BTreeSet::new();
    for event in events {
        assert!(ids.insert(event["event_id"].as_str().expect("an event id")));
        let kind = event["type"].as_str().expect("a type");
        let response = event["response"]["id"]
            .as_str()
            .or(event["response_id"].as_str());
        let Some(response) = response.filter(|_| kind.starts_with("response.")) else {
            continue;
        };
        let in_conversation = event["response"]["conversation_id"].is_string();
        match kind {
            "response.created" => {
                assert!(open.insert(response, vec![kind]).is_none());
                assert!(!in_conversation || default_active.replace(response).is_none());
            }
            "response.done" => {
                let seen = open.remove(response).expect("an open response");
                let output = event["response"]["output"].as_array().expect("an output");
                assert_eq!(
                    seen.contains(&"response.output_item.done"),
                    !output.is_empty()
                );
                if in_conversation {
                    default_active = None;
                }
            }
            _ => {
                let seen = open.get_mut(response).expect("an open response");
                let before = match kind {
                    "response.output_item.added" => "response.created",
                    "response.content_part.added" => "response.output_item.added",
                    "response.output_audio_transcript.done" => "response.output_audio.done",
                    "response.output_item.done" => "response.content_part.done",
                    _ => "response.content_part.added",
                };
                assert!(seen.contains(&before), "{kind} before {before}");
                assert!(
                    !seen.contains(&"response.output_item.done"),
                    "{kind} after the item's end"
                );
                seen.push(kind);
            }
        }
    }
}
