//! Ids and values that the whole of Toran shares: who was called, who calls, what was asked for and
//! what the server answered.
//!
//! It is *not* a place for behaviour: rules of time live in `toran-scheduling`, what is true in a call
//! in `toran-truth`, what is stored in `toran-store`. Nothing here does I/O or reads a clock.
//!
//! ```
//! use toran_domain::{PhoneNumber, Pii};
//!
//! let caller: PhoneNumber = "+972541234567".parse()?;
//! assert_eq!(caller.masked(), "+9725*****67");
//! // Personal data redacts itself in logs; reading it is an explicit act.
//! let name = Pii::new("דוד כהן".to_owned());
//! assert_eq!(format!("{name:?}"), "Pii(…)");
//! assert_eq!(name.expose(), "דוד כהן");
//! # Ok::<(), toran_domain::PhoneNumberError>(())
//! ```

mod business;
mod ids;
mod outcome;
pub mod patience;
mod phone;
mod pii;
mod plain;
mod request;
mod speaker;
mod task;
mod terms;
mod understood;
mod usage;

pub use business::{
    AgentGender, Business, BusinessText, BusinessTextError, MAX_BUSINESS_NAME_CHARS,
    MAX_BUSINESS_TEXT_CHARS,
};
pub use ids::{
    AppointmentId, BusinessId, CallSid, EventId, IdError, ItemId, LeadId, ResponseId, TaskId,
    TurnIndex,
};
pub use outcome::{Booking, Detail, Outcome};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use pii::Pii;
pub use plain::{is_plain, is_unseen};
pub use request::{
    Action, AppointmentRequest, Intent, MAX_NAME_CHARS, PartOfDay, Proposal, RequestedTime, Wish,
};
pub use speaker::{NoSpeaker, Speaker};
pub use task::{BETWEEN_TASK_WORDS, MAX_TASK_WORDS_CHARS, NoTaskKind, TaskKind};
pub use terms::{
    Disclosure, EffectiveLimits, Limits, MAX_DISCLOSURE_CHARS, Terms, TermsError, VoiceName,
};
pub use understood::Understood;
pub use usage::{Cost, ModelName, ModelPrices, PriceTable, Usage};
