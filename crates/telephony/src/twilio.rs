//! Twilio's dialect: Media Streams messages, TwiML, webhooks and their signatures.
//!
//! Sources: Twilio's pages on `<Stream>`, on WebSocket messages and on webhook security; the official
//! Python helper library (9.13) where a page is silent.

mod caller;
mod messages;
mod signature;
mod twiml;
mod webhook;

pub use caller::withheld_numbers;
pub use messages::{inbound_json, media_into, outbound_json, parse_inbound, parse_outbound};
pub use signature::{
    Algorithm, SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, SignatureError, SignedBody,
    SignedRequest, WebhookKey, WebhookVerifier,
};
pub use twiml::{
    ConnectStream, Dial, HANG_UP, MAX_PARAMETER_CHARS, Play, REJECT, TOKEN_PARAMETER, TwimlError,
    ask_again,
};
pub use webhook::{CallStatus, DialResult, DialStatus, IncomingCall, StatusUpdate, WebhookError};
