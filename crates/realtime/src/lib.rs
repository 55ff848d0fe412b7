//! The OpenAI Realtime wire, as the generally available API speaks it: client events, server events, and
//! the configuration of a session.
//!
//! It is *not* a client: no socket, no clock, no state of a conversation. It turns our values into JSON
//! text and JSON text into our values, keeps events that it does not know ([`ServerEvent::Unknown`]),
//! ignores fields that it does not know, and never panics on what the network brings. It knows nothing of
//! realtime tools: Toran uses none. The retired beta shape is not spoken.
//!
//! ```
//! use toran_realtime::{ClientEvent, ServerEvent, SessionUpdate, Tri};
//!
//! // Absent, null and set are three different things on this wire.
//! let mut update = SessionUpdate::default();
//! update.audio.input.turn_detection = Tri::Null;
//! assert_eq!(
//!     ClientEvent::SessionUpdate { session: update }.to_json(),
//!     r#"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}"#,
//! );
//!
//! let text = r#"{"type":"input_audio_buffer.speech_started","event_id":"event_1","item_id":"item_1","audio_start_ms":960}"#;
//! let ServerEvent::SpeechStarted(speech) = ServerEvent::parse(text)? else { panic!("{text}") };
//! assert_eq!((speech.item_id.as_ref(), speech.audio_start_ms), ("item_1", 960));
//! # Ok::<(), toran_realtime::WireError>(())
//! ```
//!
//! Sources: the types of the official SDK (Python `openai` 3.54), the API reference, and published
//! captures of the live service where the two differ.

mod client;
mod de;
mod item;
mod refusal;
mod response;
mod server;
mod session;
mod tri;
mod usage;

pub use client::{ClientEnvelope, ClientEvent};
pub use item::{
    ClientItemId, ClientItemIdError, ContentPart, InputItem, Item, ItemStatus, MAX_ITEM_ID_CHARS,
    NewItem, Role,
};
pub use refusal::{is_of_a_missing_model, remedy};
pub use response::{
    Conversation, Metadata, MetadataError, Response, ResponseCreate, ResponseStatus, StatusDetails,
    StatusError, StatusReason,
};
pub use server::{
    ApiError, AudioDelta, BufferCommitted, ContentPartEvent, IdleTimeout, ItemDeleted, ItemEvent,
    ItemTruncated, Logprob, OutputItemEvent, PartEnd, RateLimit, RateLimits, ResponseEvent,
    ServerError, ServerEvent, SessionEvent, SessionInfo, SpeechStarted, SpeechStopped, TextDelta,
    TextDone, TranscriptDone, Transcription, TranscriptionDelta, TranscriptionFailed, WireError,
};
pub use session::{
    AudioConfig, AudioFormat, Include, InputAudio, InvalidSetting, MaxOutputTokens, NoiseReduction,
    OutputAudio, OutputModality, Reasoning, ReasoningEffort, ServerVad, SessionUpdate, Threshold,
    Tracing, Transcriber, Truncation, TurnDetection, Voice,
};
pub use tri::Tri;
pub use usage::{TokenSplit, TranscriptionUsage, Usage};
