//! Events that the server sends.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ContentPart, Item, Response, TranscriptionUsage,
    de::{lenient, null_as_default},
};

/// Why a text is not an event.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not a JSON object with a `type`.
    #[error("not an event: expected one JSON object with a text field `type`")]
    NotAnEvent(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("not an event: expected a JSON object")]
    NotAnObject,
    /// An event we know by its type, with fields that do not fit it.
    #[error(
        "the fields of `{kind}` are not what the API documents: see the source, and skip the event"
    )]
    Malformed {
        /// The event's type.
        kind: &'static str,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// One row per event: its type on the wire, its variant, what it carries.
macro_rules! server_events {
    ($($(#[$doc:meta])* $wire:literal => $variant:ident($body:ty),)*) => {
        /// What the Realtime server tells a client. Audio and text borrow from the frame they came in.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum ServerEvent<'a> {
            $($(#[$doc])* $variant($body),)*
            /// An event this version does not know, kept whole.
            Unknown {
                /// Its type.
                kind: Cow<'a, str>,
                /// The event, as it came.
                raw: &'a str,
            },
        }

        impl<'a> ServerEvent<'a> {
            /// The event's type, as the wire spells it.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $wire,)*
                    Self::Unknown { kind, .. } => kind,
                }
            }

            fn parse_body(kind: Cow<'a, str>, text: &'a str) -> Result<Self, WireError> {
                match kind.as_ref() {
                    $($wire => serde_json::from_str::<$body>(text)
                        .map(Self::$variant)
                        .map_err(|source| WireError::Malformed { kind: $wire, source }),)*
                    _ => Ok(Self::Unknown { kind, raw: text }),
                }
            }
        }
    };
}

server_events! {
    /// The session stands: only now is the connection a connection.
    "session.created" => SessionCreated(SessionEvent<'a>),
    /// An update took effect. Never names the update.
    "session.updated" => SessionUpdated(SessionEvent<'a>),
    /// An item joined the conversation, perhaps still empty.
    "conversation.item.added" => ItemAdded(ItemEvent),
    /// An item is whole, or was cut.
    "conversation.item.done" => ItemDone(ItemEvent),
    /// The item asked for, with its audio left out.
    "conversation.item.retrieved" => ItemRetrieved(ItemEvent),
    /// An item left the conversation.
    "conversation.item.deleted" => ItemDeleted(ItemDeleted<'a>),
    /// An item was cut to what was heard.
    "conversation.item.truncated" => ItemTruncated(ItemTruncated<'a>),
    /// More of what the caller said.
    "conversation.item.input_audio_transcription.delta" => TranscriptionDelta(TranscriptionDelta<'a>),
    /// All that the caller said in a turn. May come after the next turn began: go by the item's id.
    "conversation.item.input_audio_transcription.completed" => TranscriptionCompleted(Transcription<'a>),
    /// A turn could not be transcribed.
    "conversation.item.input_audio_transcription.failed" => TranscriptionFailed(TranscriptionFailed<'a>),
    /// The caller's audio became an item.
    "input_audio_buffer.committed" => BufferCommitted(BufferCommitted<'a>),
    /// The caller's uncommitted audio was thrown away.
    "input_audio_buffer.cleared" => BufferCleared(serde::de::IgnoredAny),
    /// The caller started to speak.
    "input_audio_buffer.speech_started" => SpeechStarted(SpeechStarted<'a>),
    /// The caller stopped.
    "input_audio_buffer.speech_stopped" => SpeechStopped(SpeechStopped<'a>),
    /// The caller was silent for longer than the idle timeout.
    "input_audio_buffer.timeout_triggered" => IdleTimeout(IdleTimeout<'a>),
    /// The model begins to respond.
    "response.created" => ResponseCreated(ResponseEvent),
    /// The response ended, in whatever way. Its audio may have minutes left to play.
    "response.done" => ResponseDone(ResponseEvent),
    /// A response opened an item; it may open several.
    "response.output_item.added" => OutputItemAdded(OutputItemEvent<'a>),
    /// A response closed an item.
    "response.output_item.done" => OutputItemDone(OutputItemEvent<'a>),
    /// An item opened a part.
    "response.content_part.added" => ContentPartAdded(ContentPartEvent<'a>),
    /// An item closed a part.
    "response.content_part.done" => ContentPartDone(ContentPartEvent<'a>),
    /// More speech, faster than real time.
    "response.output_audio.delta" => AudioDelta(AudioDelta<'a>),
    /// The speech of a part is whole.
    "response.output_audio.done" => AudioDone(PartEnd<'a>),
    /// More of what is being spoken, in words; runs beside the audio.
    "response.output_audio_transcript.delta" => TranscriptDelta(TextDelta<'a>),
    /// All that a part speaks, in words.
    "response.output_audio_transcript.done" => TranscriptDone(TranscriptDone<'a>),
    /// More text, of a response in text.
    "response.output_text.delta" => TextDelta(TextDelta<'a>),
    /// All of a text.
    "response.output_text.done" => TextDone(TextDone<'a>),
    /// What is left of the limits; comes just after a response.
    "rate_limits.updated" => RateLimits(RateLimits),
    /// Something was refused. Fatal only if a close follows.
    "error" => Error(ServerError),
}

impl<'a> ServerEvent<'a> {
    /// Reads one text frame.
    ///
    /// Two steps: the type first, then the fields of that type, so an event we do not know costs one pass
    /// and is kept, and the base64 of an audio delta is borrowed instead of copied. Unknown fields are
    /// ignored at any depth, without recursion.
    pub fn parse(text: &'a str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Head<'h> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'h, str>,
        }
        // A derived reader would take an array for its struct, too.
        if text.trim_start().starts_with('[') {
            return Err(WireError::NotAnObject);
        }
        let head: Head<'a> = serde_json::from_str(text).map_err(WireError::NotAnEvent)?;
        Self::parse_body(head.kind, text)
    }
}

/// The session as the server has it.
#[derive(Debug, Clone, Deserialize)]
pub struct SessionEvent<'a> {
    #[serde(borrow, deserialize_with = "session")]
    session: (SessionInfo, &'a RawValue),
}

impl<'a> SessionEvent<'a> {
    /// The part that a bridge reads.
    pub const fn info(&self) -> &SessionInfo {
        &self.session.0
    }

    /// The whole effective configuration, as JSON.
    pub fn raw(&self) -> &'a str {
        self.session.1.get()
    }
}

fn session<'de, D>(deserializer: D) -> Result<(SessionInfo, &'de RawValue), D::Error>
where
    D: serde::Deserializer<'de>,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let info = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
    Ok((info, raw))
}

/// Who the session is, and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct SessionInfo {
    /// Its id, for a support request.
    #[serde(default)]
    pub id: Option<String>,
    /// The model that answers.
    #[serde(default)]
    pub model: Option<String>,
    /// When the server will end it, in seconds since 1970; an hour after its creation.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

/// An item of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemEvent {
    /// The item before it; `None` if it is the first.
    #[serde(default)]
    pub previous_item_id: Option<String>,
    /// The item.
    pub item: Item,
}

/// An item left the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemDeleted<'a> {
    /// Which.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
}

/// An item was cut.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemTruncated<'a> {
    /// Which.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// What is left, in milliseconds from the item's start.
    #[serde(default)]
    pub audio_end_ms: u64,
}

/// More of what the caller said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TranscriptionDelta<'a> {
    /// The caller's item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// The words to add.
    #[serde(default)]
    pub delta: Option<String>,
    /// How sure the transcriber is, if the session asked for it.
    #[serde(default, deserialize_with = "lenient")]
    pub logprobs: Option<Vec<Logprob>>,
}

/// All that the caller said in one item.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Transcription<'a> {
    /// The caller's item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// The words; empty if there were none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub transcript: String,
    /// What the transcription used.
    #[serde(default, deserialize_with = "lenient")]
    pub usage: Option<TranscriptionUsage>,
    /// How sure the transcriber is, if the session asked for it.
    #[serde(default, deserialize_with = "lenient")]
    pub logprobs: Option<Vec<Logprob>>,
}

/// How sure the transcriber is of one token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Logprob {
    /// The token.
    #[serde(default)]
    pub token: String,
    /// The natural logarithm of its probability: zero is certain.
    pub logprob: f64,
}

/// A turn that could not be transcribed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TranscriptionFailed<'a> {
    /// The caller's item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Why.
    #[serde(default, deserialize_with = "null_as_default")]
    pub error: ApiError,
}

/// The caller's audio became an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BufferCommitted<'a> {
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// The item before it; `None` if it is the first.
    #[serde(default)]
    pub previous_item_id: Option<String>,
}

/// The caller started to speak.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStarted<'a> {
    /// The item that this will become.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// The start, padding included, in milliseconds of all audio that the session was sent.
    pub audio_start_ms: u64,
}

/// The caller stopped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStopped<'a> {
    /// The item that this will become.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// The end, in milliseconds of all audio that the session was sent.
    pub audio_end_ms: u64,
}

/// The caller was silent for longer than the idle timeout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IdleTimeout<'a> {
    /// The item that holds the silence.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
}

/// A response began, or ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ResponseEvent {
    /// The response.
    pub response: Response,
}

/// A response opened or closed an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputItemEvent<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    pub item: Item,
}

/// An item opened or closed a part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContentPartEvent<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
    /// The part.
    #[serde(default)]
    pub part: ContentPart,
}

/// More speech.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AudioDelta<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
    /// Base64 of audio in the session's output format, borrowed from the frame.
    #[serde(borrow)]
    pub delta: Cow<'a, str>,
}

/// A part of an item is whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PartEnd<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
}

/// More words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TextDelta<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
    /// The words to add.
    #[serde(borrow)]
    pub delta: Cow<'a, str>,
}

/// All that a part speaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TranscriptDone<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
    /// The words.
    #[serde(default, deserialize_with = "null_as_default")]
    pub transcript: String,
}

/// All of a text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TextDone<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of the item.
    #[serde(default)]
    pub content_index: u32,
    /// The text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text: String,
}

/// What is left of the limits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RateLimits {
    /// One entry per limit; the live service sends `tokens` only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rate_limits: Vec<RateLimit>,
}

/// One limit. Every number may be missing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct RateLimit {
    /// What is limited: `tokens` or `requests`.
    pub name: Option<String>,
    /// How much there is.
    pub limit: Option<i64>,
    /// How much is left.
    pub remaining: Option<i64>,
    /// When it is full again, in seconds.
    pub reset_seconds: Option<f64>,
}

/// Something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerError {
    /// What.
    #[serde(default, deserialize_with = "null_as_default")]
    pub error: ApiError,
}

/// An error of the API. Every field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct ApiError {
    /// The kind of error, like `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The error, like `invalid_value`.
    pub code: Option<String>,
    /// The error in words.
    pub message: Option<String>,
    /// The field it is about.
    pub param: Option<String>,
    /// The client event it is about: usually `None`, even where the cause is known. Never rely on it.
    pub event_id: Option<String>,
}
