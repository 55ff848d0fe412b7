//! What the caller says: appended audio becomes turns, turns become items, items get transcripts.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    conversation::{Content, Item, Role, Status},
    events::{ApiError, heard_tokens, text_tokens},
    hearing,
    input::{Activity, MIN_COMMIT_MS},
    respond,
    session::{Session, Timer},
};
use crate::{mulaw::duration_ms, scenario::Transcription};

/// The most base64 that one event may carry.
const MAX_AUDIO_CHARACTERS: usize = 15 * 1024 * 1024;
/// Log probabilities of a token that was understood, and of one that was guessed.
const SURE: f64 = -0.02;
const GUESSED: f64 = -2.3;

/// A transcript on its way.
#[derive(Debug)]
pub(super) struct PendingTranscript {
    item_id: String,
    /// None when the transcription fails.
    written: Option<Written>,
    audio_ms: u64,
    with_logprobs: bool,
    /// Whisper is billed by the second and answers in one piece.
    whisper: bool,
}

/// What the transcriber wrote down.
#[derive(Debug)]
struct Written {
    text: String,
    sure: bool,
}

impl Session {
    pub(super) fn append_audio(&mut self, now: Duration, event: &Value) -> Result<(), ApiError> {
        let audio = event["audio"]
            .as_str()
            .ok_or_else(|| ApiError::missing("audio"))?;
        let refused = || {
            let message = "Invalid 'audio'. Expected base64-encoded audio bytes of at most 15 MiB.";
            ApiError::new("invalid_value", message).about("audio")
        };
        if audio.len() > MAX_AUDIO_CHARACTERS {
            return Err(refused());
        }
        let audio = STANDARD.decode(audio).map_err(|_| refused())?;
        let audio = respond::decode(audio, self.config.input_format());
        let detection = self.config.turn_detection();
        for activity in self.buffer.append(&audio, detection) {
            match activity {
                Activity::Started { audio_start_ms } => self.hear_start(now, audio_start_ms),
                Activity::Stopped {
                    audio_end_ms,
                    audio,
                } => {
                    self.hear_end(now, audio_end_ms, &audio);
                }
            }
        }
        Ok(())
    }

    pub(super) fn commit_by_client(&mut self, now: Duration) -> Result<(), ApiError> {
        let audio = self.buffer.commit().map_err(|length| {
            let message = format!(
                "Error committing input audio buffer: buffer too small. Expected at least \
                 {MIN_COMMIT_MS}ms of audio, but buffer only has {length}.00ms of audio."
            );
            ApiError::new("input_audio_buffer_commit_empty", message)
        })?;
        self.commit(now, &audio);
        Ok(())
    }

    pub(super) fn clear_audio(&mut self) {
        self.buffer.clear();
        if let Some(item_id) = self.speaking_item.take() {
            // Told, so that no speech is left open; how the service ends it is not documented.
            let stopped = json!({"item_id": item_id, "audio_end_ms": self.buffer.position_ms()});
            self.emit("input_audio_buffer.speech_stopped", stopped);
        }
        self.emit("input_audio_buffer.cleared", json!({}));
    }

    fn hear_start(&mut self, now: Duration, audio_start_ms: u64) {
        let item_id = self.ids.mint("item");
        let started = json!({"item_id": item_id, "audio_start_ms": audio_start_ms});
        self.emit("input_audio_buffer.speech_started", started);
        self.speaking_item = Some(item_id);
        let interrupts = self
            .config
            .turn_detection()
            .is_some_and(|detection| detection.interrupt_response);
        if interrupts {
            self.interrupt(now);
        }
    }

    fn hear_end(&mut self, now: Duration, audio_end_ms: u64, audio: &[u8]) {
        let stopped = json!({"item_id": self.speaking_item, "audio_end_ms": audio_end_ms});
        self.emit("input_audio_buffer.speech_stopped", stopped);
        self.commit(now, audio);
        let answers = self
            .config
            .turn_detection()
            .is_some_and(|detection| detection.create_response);
        if answers {
            self.answer_turn(now);
        }
    }

    fn commit(&mut self, now: Duration, audio: &[u8]) {
        let item_id = self
            .speaking_item
            .take()
            .unwrap_or_else(|| self.ids.mint("item"));
        let previous = self.conversation.last_id().map(str::to_owned);
        let committed = json!({"item_id": item_id, "previous_item_id": previous});
        self.emit("input_audio_buffer.committed", committed);

        let heard = hearing::recognise(audio);
        let turns: Vec<_> = heard
            .understood
            .iter()
            .map(|id| self.director.hear(*id))
            .collect();
        let turn = turns.into_iter().flatten().next_back();
        let audio_ms = duration_ms(audio.len());
        let sure = !heard.understood.is_empty();
        let content = Content::Heard {
            understood: heard.understood,
            turn,
            audio_ms,
        };
        let item = Item {
            id: item_id.clone(),
            role: Role::User,
            status: Status::Completed,
            content,
        };
        self.conversation.push(item.clone());
        self.tell_added(&item, previous.as_deref());

        let Some(model) = self.config.transcription_model() else {
            return;
        };
        let whisper = model.starts_with("whisper");
        let how = turn.map_or(Transcription::Prompt, |turn| {
            self.director.turn(turn).transcription
        });
        let usual = self.random_ms(self.pace.transcription_ms.clone());
        let delay = match how {
            Transcription::LateMs(late) => Duration::from_millis(late),
            Transcription::Prompt | Transcription::Failed => usual,
        };
        let written = Written {
            text: heard.transcript,
            sure,
        };
        let pending = PendingTranscript {
            item_id,
            written: (how != Transcription::Failed).then_some(written),
            audio_ms,
            with_logprobs: self.config.wants_logprobs(),
            whisper,
        };
        self.set_timer(now + delay, Timer::Transcript(pending));
    }

    pub(super) fn transcribe(&mut self, pending: &PendingTranscript) {
        let kind = |end: &str| format!("conversation.item.input_audio_transcription.{end}");
        let Some(Written { text, sure }) = &pending.written else {
            let error = json!({"type": "server_error", "code": "transcription_failed",
                "message": "Input transcription failed for this item.", "param": null});
            let failed = json!({"item_id": pending.item_id, "content_index": 0, "error": error});
            self.emit(&kind("failed"), failed);
            return;
        };
        let pieces: Vec<&str> = if pending.whisper {
            vec![text]
        } else {
            text.split_inclusive(' ').collect()
        };
        let logprob = if *sure { SURE } else { GUESSED };
        let token =
            |piece: &str| json!({"token": piece, "logprob": logprob, "bytes": piece.as_bytes()});
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            let mut delta = json!({
                "item_id": pending.item_id, "content_index": 0, "delta": piece,
                "obfuscation": self.ids.obfuscation(),
            });
            if pending.with_logprobs {
                delta["logprobs"] = json!([token(piece)]);
            }
            self.emit(&kind("delta"), delta);
        }
        let mut completed = json!({
            "item_id": pending.item_id, "content_index": 0, "transcript": text,
            "usage": transcription_usage(pending, text),
        });
        if pending.with_logprobs {
            let tokens: Vec<_> = pieces.iter().map(|piece| token(piece)).collect();
            completed["logprobs"] = json!(tokens);
        }
        self.emit(&kind("completed"), completed);
    }
}

fn transcription_usage(pending: &PendingTranscript, text: &str) -> Value {
    if pending.whisper {
        return json!({"type": "duration", "seconds": pending.audio_ms.div_ceil(1_000)});
    }
    let (audio, text) = (heard_tokens(pending.audio_ms), text_tokens(text));
    json!({
        "type": "tokens", "input_tokens": audio, "output_tokens": text,
        "total_tokens": audio + text,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
    })
}
