//! The model's side of a call: where its socket comes from, how its session is configured, and the
//! translation between its wire and the engine's words.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use smallvec::{SmallVec, smallvec};
use tokio::sync::mpsc;
use toran_audio::Millis;
use toran_call::{FromModel, Hearing, Notice, ResponseEnding};
use toran_domain::{CallSid, ItemId, ModelName, Pii, ResponseId, Usage, VoiceName};
use toran_prompt::{Booked, ServerEvent as PromptEvent};
use toran_realtime::{
    AudioDelta, AudioFormat, Include, Response, ResponseStatus, ServerEvent, ServerVad,
    SessionUpdate, StatusReason, Threshold, Transcriber, Transcription, TranscriptionUsage, Tri,
    TurnDetection, Voice, remedy,
};

/// An open session with the model, `session.created` received.
///
/// Both queues are bounded. `events` ends when the session does, whoever ended it; dropping `commands` closes it.
pub struct ModelSocket {
    /// The texts of the server's events, in order.
    pub events: BoxStream<'static, Bytes>,
    /// The texts of our events, in order.
    pub commands: mpsc::Sender<String>,
    /// The model that talks.
    pub talking: ModelName,
}

/// Why no session could be had.
#[derive(Debug, thiserror::Error)]
pub enum ModelConnectError {
    /// It may be had later.
    #[error("no session with the model could be opened")]
    Failed(#[source] BoxError),
    /// The service refuses this deployment, until somebody changes something. The connector has told the operator.
    #[error("the model's service refuses this deployment ({code})")]
    Refused {
        /// The service's code, like `invalid_api_key`.
        code: String,
        /// The refusal.
        #[source]
        source: BoxError,
    },
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens sessions with the model, and knows which models the service has. The gateway's is a socket to OpenAI.
#[async_trait]
pub trait ModelConnector: Send + Sync + 'static {
    /// Opens a session for a call, or fails, within `patience`.
    async fn connect(
        &self,
        call_sid: &CallSid,
        patience: Duration,
    ) -> Result<ModelSocket, ModelConnectError>;

    /// The model that transcribes, as far as is known now.
    fn transcriber(&self) -> ModelName;

    /// Takes note that the service refused a model inside a session, for good. Returns the model that takes its place, if
    /// there is one.
    fn refused(&self, of: ModelRole, model: &ModelName, code: &str) -> Option<ModelName>;
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelRole {
    /// It speaks with the caller.
    Talking,
    /// It writes down what the caller says.
    Transcribing,
}

/// What a session is configured with, beside the business's prompt.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// The language it is told to expect, ISO 639-1.
    pub transcription_language: String,
    /// The voice of every business that has none of its own.
    pub voice: VoiceName,
}

/// The field of a session's configuration that names the transcriber, at the end of an error's `param`.
const TRANSCRIBER_PARAM: &str = "transcription.model";
/// The code of a model that the account does not have.
const MISSING_MODEL: &str = "model_not_found";
/// The longest error code that is kept, in characters.
const MAX_CODE_CHARS: usize = 64;
/// Silence that ends a segment.
const SILENCE_DURATION_MS: u32 = 500;
/// Audio kept before a segment's first sound.
const PREFIX_PADDING_MS: u32 = 300;

impl SessionSettings {
    /// The session of a call: telephone audio both ways, transcription pinned to the language, and a model that
    /// never answers by itself, because the engine decides when it speaks.
    pub(crate) fn session_update(
        &self,
        instructions: String,
        transcriber: &ModelName,
        voice: &VoiceName,
    ) -> SessionUpdate {
        let mut session = SessionUpdate {
            instructions: Some(instructions),
            ..SessionUpdate::default()
        };
        session.output_modalities = Some(toran_realtime::OutputModality::Audio);
        session.audio.input.format = Some(AudioFormat::Pcmu);
        session.audio.output.format = Some(AudioFormat::Pcmu);
        session.audio.output.voice = Some(Voice::Named(voice.to_string()));
        self.set_transcriber(&mut session, transcriber);
        session.audio.input.turn_detection = Tri::Set(TurnDetection::ServerVad(ServerVad {
            threshold: Threshold::default(),
            prefix_padding_ms: PREFIX_PADDING_MS,
            silence_duration_ms: SILENCE_DURATION_MS,
            create_response: false,
            interrupt_response: false,
            idle_timeout_ms: None,
        }));
        session
    }

    /// Another transcriber for a session that goes on.
    pub(crate) fn transcriber_update(&self, transcriber: &ModelName) -> SessionUpdate {
        let mut session = SessionUpdate::default();
        self.set_transcriber(&mut session, transcriber);
        session
    }

    fn set_transcriber(&self, session: &mut SessionUpdate, transcriber: &ModelName) {
        let language = self.transcription_language.clone();
        let takes_several = transcriber.0.starts_with("gpt-transcribe");
        let (language, languages) = if takes_several {
            (None, vec![language])
        } else {
            (Some(language), Vec::new())
        };
        session.audio.input.transcription = Tri::Set(Transcriber {
            model: transcriber.0.clone(),
            language,
            languages,
            ..Transcriber::default()
        });
        // Only this family of transcribers says how sure it is.
        let says_how_sure = transcriber.0.starts_with("gpt-4o");
        session.include = Some(if says_how_sure {
            vec![Include::TranscriptionLogprobs]
        } else {
            Vec::new()
        });
    }
}

/// What one event of the model's server means for a call.
#[derive(Debug, Default)]
pub(crate) struct Translation {
    /// For the engine, in order.
    pub(crate) inputs: Inputs,
    /// For the bill: what was used, by the talking model or by the transcriber.
    pub(crate) usage: Option<(ModelRole, Usage)>,
    /// What the service refuses this deployment for good with, and which model that is about.
    pub(crate) refusal: Option<(ModelRole, String)>,
}

/// One input as a rule; none for what the engine has no use for; a few at the end of an answer.
pub(crate) type Inputs = SmallVec<[FromModel; 1]>;

impl From<FromModel> for Translation {
    fn from(input: FromModel) -> Self {
        Self {
            inputs: smallvec![input],
            ..Self::default()
        }
    }
}

/// Translates an event. What the engine has no use for is ignored. `business_words` are words that the business's callers
/// may say alone: its services.
pub(crate) fn translate(event: ServerEvent<'_>, business_words: &str) -> Translation {
    let item = |id: &str| ItemId::from(id);
    match event {
        ServerEvent::SessionUpdated(_) => FromModel::Configured.into(),
        ServerEvent::SpeechStarted(speech) => FromModel::SpeechStarted {
            item: item(&speech.item_id),
            at: Millis(speech.audio_start_ms),
        }
        .into(),
        ServerEvent::SpeechStopped(speech) => FromModel::SpeechStopped {
            item: item(&speech.item_id),
            at: Millis(speech.audio_end_ms),
        }
        .into(),
        ServerEvent::BufferCommitted(committed) => FromModel::Committed {
            item: item(&committed.item_id),
        }
        .into(),
        ServerEvent::TranscriptionCompleted(transcription) => {
            transcribed(transcription, business_words)
        }
        ServerEvent::TranscriptionFailed(failed) => {
            let code = error_code(failed.error);
            let refusal = remedy(&code).map(|_| (ModelRole::Transcribing, code.clone()));
            let item = item(&failed.item_id);
            Translation {
                refusal,
                ..FromModel::TranscriptionFailed { item, code }.into()
            }
        }
        ServerEvent::ResponseCreated(event) => FromModel::ResponseStarted {
            response: event.response.id.as_str().into(),
        }
        .into(),
        ServerEvent::AudioDelta(audio) => speech(&audio),
        ServerEvent::TranscriptDelta(words) => FromModel::Words {
            response: ResponseId::from(&*words.response_id),
            item: item(&words.item_id),
            words: words.delta.into_owned(),
        }
        .into(),
        ServerEvent::TranscriptDone(done) => FromModel::WordsFinished {
            response: ResponseId::from(&*done.response_id),
            item: item(&done.item_id),
            transcript: done.transcript,
        }
        .into(),
        ServerEvent::OutputItemDone(done) => FromModel::ItemFinished {
            response: ResponseId::from(&*done.response_id),
            item: item(&done.item.id),
            transcript: Some(done.item.text()).filter(|text| !text.is_empty()),
        }
        .into(),
        ServerEvent::ResponseDone(event) => response_done(&event.response),
        ServerEvent::Error(error) => complained(error.error),
        _ => Translation::default(),
    }
}

/// Audio that is no base64 is no audio.
fn speech(audio: &AudioDelta<'_>) -> Translation {
    let decoded = STANDARD.decode(audio.delta.as_bytes());
    let speech = decoded.into_iter().map(|bytes| FromModel::Speech {
        response: ResponseId::from(&*audio.response_id),
        item: ItemId::from(&*audio.item_id),
        audio: bytes.into(),
    });
    Translation {
        inputs: speech.collect(),
        ..Translation::default()
    }
}

/// A complaint, and whether it is a refusal that lasts. One of the transcriber leaves the session open for another.
fn complained(error: toran_realtime::ApiError) -> Translation {
    let about_transcriber = error
        .param
        .as_deref()
        .is_some_and(|param| param.ends_with(TRANSCRIBER_PARAM));
    let code = error_code(error);
    let refusal = if about_transcriber {
        Some((ModelRole::Transcribing, MISSING_MODEL.to_owned()))
    } else {
        remedy(&code).map(|_| (ModelRole::Talking, code.clone()))
    };
    Translation {
        refusal,
        ..FromModel::Complained { code }.into()
    }
}

/// A code is a word; whatever is longer is cut before it reaches a log.
fn error_code(error: toran_realtime::ApiError) -> String {
    let code = error.code.or(error.kind);
    let code = code.unwrap_or_else(|| "unknown".to_owned());
    let is_plain = |c: &char| !c.is_control();
    code.chars().filter(is_plain).take(MAX_CODE_CHARS).collect()
}

fn transcribed(transcription: Transcription<'_>, business_words: &str) -> Translation {
    let mean_logprob = transcription
        .logprobs
        .as_deref()
        .filter(|tokens| !tokens.is_empty())
        .map(|tokens| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a segment has a few hundred tokens"
            )]
            let count = tokens.len() as f64;
            tokens.iter().map(|token| token.logprob).sum::<f64>() / count
        });
    let transcript = &transcription.transcript;
    let hearing = match toran_nlp::hearing(transcript, mean_logprob, business_words) {
        toran_nlp::Hearing::Nothing => Hearing::Nothing,
        toran_nlp::Hearing::Unclear => Hearing::Unclear,
        toran_nlp::Hearing::UnknownWord => Hearing::UnknownWord,
        toran_nlp::Hearing::Backchannel => Hearing::Backchannel,
        toran_nlp::Hearing::Words => Hearing::Words,
    };
    let usage = transcription
        .usage
        .map(|usage| (ModelRole::Transcribing, transcription_usage(&usage)));
    let input = FromModel::Transcribed {
        item: ItemId::from(&*transcription.item_id),
        text: Pii::new(transcription.transcript),
        hearing,
    };
    Translation {
        inputs: smallvec![input],
        usage,
        refusal: None,
    }
}

fn response_done(response: &Response) -> Translation {
    let usage = response
        .usage
        .as_ref()
        .map(|usage| (ModelRole::Talking, token_usage(usage)));
    let id = ResponseId::from(response.id.as_str());
    let ending = ending_of(response);
    let refusal = match &ending {
        ResponseEnding::Failed { code } => remedy(code).map(|_| (ModelRole::Talking, code.clone())),
        ResponseEnding::Completed | ResponseEnding::Cancelled => None,
    };
    let mut inputs = Inputs::new();
    // The answer repeats its words: the last chance to learn them. Those of one that broke off are not whole.
    if ending == ResponseEnding::Completed {
        inputs.extend(response.output.iter().map(|item| FromModel::WordsFinished {
            response: id.clone(),
            item: item.id.as_str().into(),
            transcript: item.text(),
        }));
    }
    inputs.push(FromModel::ResponseDone {
        response: id,
        ending,
    });
    Translation {
        inputs,
        usage,
        refusal,
    }
}

fn ending_of(response: &Response) -> ResponseEnding {
    let details = response.status_details.as_ref();
    let reason = details.and_then(|details| details.reason);
    let error = details.and_then(|details| details.error.as_ref());
    let error_code = error.and_then(|error| error.code.as_deref().or(error.kind.as_deref()));
    let failed = |code: &str| ResponseEnding::Failed {
        code: code.to_owned(),
    };
    match (response.status, reason) {
        (ResponseStatus::Cancelled, _) => ResponseEnding::Cancelled,
        (ResponseStatus::Incomplete, Some(StatusReason::MaxOutputTokens)) => {
            failed("max_output_tokens")
        }
        (ResponseStatus::Incomplete, Some(StatusReason::ContentFilter)) => failed("content_filter"),
        (ResponseStatus::Incomplete, _) => failed("incomplete"),
        (ResponseStatus::Failed, _) => failed(error_code.unwrap_or("failed")),
        _ => ResponseEnding::Completed,
    }
}

fn transcription_usage(usage: &TranscriptionUsage) -> Usage {
    match usage {
        TranscriptionUsage::Tokens(usage) => token_usage(usage),
        TranscriptionUsage::Duration { seconds } => Usage {
            audio_seconds: *seconds,
            ..Usage::default()
        },
    }
}

fn token_usage(usage: &toran_realtime::Usage) -> Usage {
    let split = usage.split();
    Usage {
        text_in: split.text_in,
        text_in_cached: split.text_in_cached,
        audio_in: split.audio_in,
        audio_in_cached: split.audio_in_cached,
        text_out: split.text_out,
        audio_out: split.audio_out,
        audio_seconds: 0.0,
    }
}

/// The server event that tells a notice.
pub(crate) fn server_event(notice: &Notice) -> PromptEvent {
    match notice {
        Notice::Outcome(outcome) => PromptEvent::from_outcome(outcome),
        Notice::ReadBack { date, time } => PromptEvent::ReadBack {
            date: *date,
            time: *time,
        },
        Notice::Request { kind, noted } => PromptEvent::Request {
            kind: *kind,
            noted: *noted,
        },
        Notice::Transferring => PromptEvent::Transferring,
        Notice::TransferFailed => PromptEvent::TransferFailed,
        Notice::ClaimRefused { noted } => PromptEvent::ClaimRefused { noted: *noted },
        Notice::NotUnderstood => PromptEvent::NotUnderstood,
        Notice::Resumed(from) => {
            let booked = from.bookings.iter().map(|standing| Booked {
                date: standing.booking.date,
                time: standing.booking.time,
                announced: standing.announced,
            });
            let said = from.said.iter();
            PromptEvent::CallResumed {
                booked: booked.collect(),
                requested: from.proposal.table,
                offered: from.offered.clone(),
                said: said
                    .map(|line| (line.by, line.text.expose().clone()))
                    .collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ending(response: &str) -> ResponseEnding {
        let text = format!(r#"{{"type":"response.done","response":{{"id":"r1",{response}}}}}"#);
        let event = ServerEvent::parse(&text).unwrap();
        match translate(event, "").inputs.pop() {
            Some(FromModel::ResponseDone { ending, .. }) => ending,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_way_an_answer_ends_is_told_apart() {
        let failed = |code: &str| ResponseEnding::Failed { code: code.into() };
        assert_eq!(ending(r#""status":"completed""#), ResponseEnding::Completed);
        assert_eq!(
            ending(
                r#""status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"}"#
            ),
            ResponseEnding::Cancelled
        );
        assert_eq!(
            ending(
                r#""status":"failed","status_details":{"type":"failed","error":{"type":"x","code":"insufficient_quota"}}"#
            ),
            failed("insufficient_quota")
        );
        assert_eq!(ending(r#""status":"failed""#), failed("failed"));
        assert_eq!(
            ending(r#""status":"incomplete","status_details":{"reason":"max_output_tokens"}"#),
            failed("max_output_tokens")
        );
    }

    #[test]
    fn a_guess_at_a_single_word_is_not_words() {
        let text = r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","content_index":0,
            "transcript":"מממ","logprobs":[{"token":"מממ","logprob":-2.3}],"usage":{"type":"duration","seconds":1.5}}"#;
        let translation = translate(ServerEvent::parse(text).unwrap(), "");
        assert!(matches!(
            translation.inputs[..],
            [FromModel::Transcribed {
                hearing: Hearing::Unclear,
                ..
            }]
        ));
        let (of, usage) = translation.usage.unwrap();
        assert_eq!((of, usage.audio_seconds), (ModelRole::Transcribing, 1.5));
    }

    #[test]
    fn what_means_nothing_here_is_ignored() {
        for text in [
            r#"{"type":"rate_limits.updated","rate_limits":[]}"#,
            r#"{"type":"session.weather.updated","weather":"rain"}"#,
            r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"not base64!"}"#,
        ] {
            let translation = translate(ServerEvent::parse(text).unwrap(), "");
            assert!(
                translation.inputs.is_empty() && translation.usage.is_none(),
                "{text}"
            );
        }
    }
}
