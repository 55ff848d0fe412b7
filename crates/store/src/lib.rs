//! What Toran stores, as traits: businesses, calls with their leads, and appointments that exist.
//!
//! Here are the contracts ([`Businesses`], [`Calls`], [`Appointments`], together [`Store`]; with [`Leads`], [`Outbox`]
//! and [`Tasks`] a [`BackOffice`]), the one decision on a booking that every backend shares ([`booking::decide`]), the booking [`Desk`] that a
//! call talks to, a [`MemoryStore`], and, behind the feature `conformance`, the suite that every
//! backend must pass.
//!
//! It is *not* a database and knows no SQL: a backend over one stands in a crate of its own, and there
//! the database itself refuses two appointments that overlap on one seat. Nothing here reads a clock or makes an
//! id: both come in as arguments.
//!
//! **Tenants are apart.** Every question names its business, by
//! [`BusinessId`](toran_domain::BusinessId) or inside a [`CallKey`].
//! What looks across businesses says so, and serves the deployment alone: who is called at a number, the operator's
//! list, and the rounds of delivery, retention and abandoned calls.
//!
//! ```
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # fn block_on<F: Future>(future: F) -> F::Output {
//! #     // The in-memory store never waits.
//! #     match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
//! #         Poll::Ready(output) => output,
//! #         Poll::Pending => unreachable!(),
//! #     }
//! # }
//! use std::sync::Arc;
//!
//! use time::macros::{date, time, utc_datetime};
//! use toran_domain::{Terms,
//!     AgentGender, AppointmentId, Business, BusinessId, BusinessText, LeadId, Outcome, RequestedTime,
//!     TaskId,
//! };
//! use toran_scheduling::{AppointmentSettings, TimeZoneName};
//! use toran_store::{CallKey, CallOpening, Confirmation, Desk, Inquirer, MemoryStore, Store};
//! # use toran_store::{Businesses as _, Calls as _};
//! use uuid::Uuid;
//!
//! let settings = AppointmentSettings::simple(
//!     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem())?;
//! let business = Business {
//!     id: BusinessId::from_uuid(Uuid::from_u128(1)),
//!     name: "המספרה של דנה".to_owned(),
//!     called_number: "+97231234567".parse()?,
//!     text: BusinessText::default(),
//!     agent_name: None,
//!     agent_gender: AgentGender::Female,
//!     transfer_number: None,
//!     terms: Terms::default(),
//!     settings,
//! };
//! let now = utc_datetime!(2026-11-23 8:00);
//! let key = CallKey { business_id: business.id, call_sid: "CA1".parse()? };
//! let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
//! let outcome = block_on(async {
//!     store.add_business(&business).await?;
//!     let caller = "+972541234567".parse().ok();
//!     let new_lead_id = LeadId::from_uuid(Uuid::from_u128(2));
//!     let call = store.open_call(&CallOpening { key: key.clone(), caller, new_lead_id, now }).await?;
//!     let new_task_id = TaskId::from_uuid(Uuid::from_u128(4));
//!     let confirmation = Confirmation {
//!         inquirer: Inquirer {
//!             key, lead_id: call.lead_id, epoch: call.epoch, name: None, words: None, new_task_id,
//!         },
//!         requested: RequestedTime { date: Some(date!(2026-11-24)), time: Some(time!(16:30)) },
//!         one_more: false,
//!         named_by_caller: true,
//!         most_standing: None,
//!         new_appointment_id: AppointmentId::from_uuid(Uuid::from_u128(3)),
//!     };
//!     Ok::<_, toran_store::StoreError>(Desk::new(Arc::clone(&store)).book(confirmation, now).await.outcome)
//! })?;
//! assert!(matches!(outcome, Outcome::AppointmentCreated(booking) if booking.time == time!(16:30)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod appointments;
pub mod booking;
mod businesses;
mod calls;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod desk;
mod error;
mod leads;
mod memory;
mod names;
mod outbox;
mod registry;
mod seats;
mod tasks;
mod words;

pub use appointments::{
    Actor, AppointmentChange, AppointmentRow, AppointmentStatus, Appointments, BookingAnswer,
    BookingOrder, CalendarEntry, CancelAnswer, ChangeKind, MoveAnswer, MoveOrder, Origin,
};
pub use businesses::{
    Addition, Answering, BusinessChange, Businesses, NumberAddition, RECENT, Update,
    checked_business,
};
pub use calls::{
    CallAppointment, CallEnding, CallKey, CallOpening, CallSession, CallStream, Calls,
    LONGEST_TRANSFER, MAX_OFFERED, MAX_TRANSCRIPT_LINE_CHARS, ModelUsage, REDEEMED_TOKEN_KEPT,
    SAID_LINES, TRANSFER_WORDS_LINES, TranscriptLine, TransferState, bounded_name,
};
pub use desk::{Confirmation, Desk, DeskAnswer, Inquirer, Saved, TaskDraft};
pub use error::{BoxError, StoreError};
pub use leads::{
    CallRecord, Covered, CrossedAppointment, LeadRecord, LeadRow, Leads, Removed, Retention,
    SplitLead, SplitPart,
};
pub use memory::MemoryStore;
pub use names::are_two_persons;
pub use outbox::{
    CallSummary, Delivery, DeliveryState, Event, EventKind, EventRow, Outbox, Webhook,
};
pub use registry::{
    BusinessName, CheckedUpdate, NoBusinessName, NumberConflict, add_number_checked, conflict_of,
    update_checked,
};
pub use tasks::{NewTask, Spool, TaskAddition, TaskRow, Tasks, bounded_words};
pub use words::UnknownWord;

/// Everything that a call needs stored. Implemented by whatever implements its parts.
pub trait Store: Businesses + Calls + Appointments {}

impl<S: Businesses + Calls + Appointments> Store for S {}

/// Everything that a deployment stores: what calls need, and what is done with it after them.
pub trait BackOffice: Store + Leads + Outbox + Tasks {}

impl<S: Store + Leads + Outbox + Tasks> BackOffice for S {}
