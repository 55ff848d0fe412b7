//! `CallEngine`: one phone call as a state machine without I/O, clock or tasks.
//!
//! It takes [`Input`]s (a frame from the phone, an event from the model, an answer of the parser or of the
//! booking desk), and gives [`Output`]s (audio to the phone, an order to the model, a question to the parser,
//! an order to the desk, a fact for the record). Time comes in as an argument, as an [`Instant`] counted from
//! the call's start, so a whole call runs in microseconds and a recorded list of `(Instant, Input)` replays it.
//!
//! It is *not* a wire: it sees no JSON, no base64, no provider. It books nothing: the desk does. It cannot
//! fail: bad input becomes a [`Fact`].
//!
//! # Contract
//! One mutation ([`CallEngine::handle`] or [`CallEngine::handle_timeout`]), then drain
//! [`CallEngine::poll_output`] until `None`, then wait for the next input or for
//! [`CallEngine::poll_timeout`]. `now` never goes back.
//!
//! ```
//! use time::macros::datetime;
//! use toran_call::{CallConfig, CallEngine, FromModel, Input, Instant, Output, ToModel};
//!
//! // What the business's wall clock shows when the call begins.
//! let config = CallConfig::new(datetime!(2026-11-23 10:00));
//! let mut call = CallEngine::new(config, Instant::START);
//! assert!(matches!(call.poll_output(), Some(Output::Model(ToModel::Open { .. }))));
//! call.handle(Instant::START, Input::Model(FromModel::Connected));
//! assert!(matches!(call.poll_output(), Some(Output::Model(ToModel::Configure))));
//! assert!(call.poll_output().is_none());
//! // It will not wait for the model for ever, and says so.
//! assert!(call.poll_timeout().is_some());
//! ```

mod caller;
mod engine;
mod input;
mod output;
mod playout;
mod responses;
mod resumption;
mod timings;
mod turns;

pub use caller::PhoneAudio;
pub use engine::{CallConfig, CallEngine, Timer};
pub use input::{FromModel, FromPhone, Hearing, Input, ParserFailure, ResponseEnding};
pub use output::{
    BargeIn, DeskOrder, DropReason, Ending, Fact, MarkId, Notice, Output, Purpose, SaveId,
    TaskOrder, ToModel, ToPhone,
};
pub use resumption::{MAX_SAID_LINES, Resumption, Said, StandingBooking};
pub use timings::{Instant, Timings};
