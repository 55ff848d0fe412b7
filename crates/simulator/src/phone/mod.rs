//! The phone side: the telephony provider and a caller with a recorded voice.
//!
//! [`Caller::place`] does what Twilio does when somebody dials the number: posts the signed webhook,
//! follows the TwiML, opens the signed media socket, sends a frame every 20 ms, plays what it gets at
//! the speed of sound, echoes marks, and goes on to the next verb when the gateway closes the socket. It plays recordings
//! and calls people for the gateway, too.
//! It does *not* sanity-check the gateway beyond the wire: what came of the call is in the
//! [`CallReport`], for the test to judge.

mod call;
mod caller;
mod dial;
mod http;
mod line;
mod play;
mod playback;
mod signing;
mod stream;
mod twiml;
mod webhooks;

pub use call::{CallError, CallEvent, CallReport, Caller, EndedBy, PlaceCall};
pub use caller::{Heard, Spoken, StepFailure};
pub use dial::DialOutcome;
pub use http::HttpError;
pub use line::LineFaults;
pub use play::Played;
pub use twiml::TwimlError;
