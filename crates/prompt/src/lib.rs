//! Business and settings to the system prompt; outcomes to server events.
//!
//! Everything that the model is told in words is written here: who it is, by which rules it speaks and
//! how it begins ([`system_prompt`]), and what the server did ([`ServerEvent`]). The sentences that are part of the product stand letter for letter in
//! [`sentences`].
//!
//! It is *not* the enforcement of any of it: a prompt is a request, and the truth guard has the last
//! word. It sends nothing, and reads no clock: the business's local time is an argument. There is no
//! greeting text anywhere; the greeting comes out of the prompt alone.
//!
//! What a business wrote itself is quoted: it stands in a fence that its text cannot close, each line
//! marked, with the rules before it and the last word after it.
//!
//! ```
//! use time::macros::{date, time};
//! use toran_domain::{AgentGender, AppointmentId, Booking, Outcome};
//! use toran_prompt::ServerEvent;
//! # let appointment_id = AppointmentId::from_uuid(Default::default());
//!
//! let booking = Booking { appointment_id, date: date!(2026-11-24), time: time!(16:30) };
//! let event = ServerEvent::from_outcome(&Outcome::AppointmentCreated(booking));
//! assert_eq!(
//!     event.to_json(AgentGender::Female),
//!     r#"{"server_event":"appointment_created","date":"2026-11-24","time":"16:30"}"#,
//! );
//! ```

mod event;
mod hours;
mod quoting;
pub mod sentences;
mod system;

pub use event::{Booked, ServerEvent};
pub use system::system_prompt;
