//! Appointments: what is taken, what stands, and the few ways to change it.

use std::num::NonZeroU16;

use async_trait::async_trait;
use time::{Date, Time, UtcDateTime};
use toran_domain::{AppointmentId, Booking, BusinessId, CallSid, LeadId, PhoneNumber, Pii};
use toran_scheduling::{Busy, Refusal, ResourceId};

use crate::{CallKey, StoreError, words::stored_words};

/// An order to make one appointment, out of a caller's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingOrder {
    /// The call in which it was confirmed.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// The stream that orders: see [`CallSession::epoch`](crate::CallSession).
    pub epoch: u32,
    /// The day, local to the business.
    pub date: Date,
    /// The hour, local to the business.
    pub time: Time,
    /// Whom it is for: the name that was said in this call. Never the lead's, who is a line.
    pub name: Option<Pii<String>>,
    /// Whether the caller asked for one more appointment beside the one that was confirmed earlier in this call.
    /// Without it, another time means that the one moves; with it, the same hour again is one more, too.
    pub one_more: bool,
    /// Whether the caller said this very day and hour themselves, and did not only say yes to what was offered. Who has is
    /// taken for whoever holds it on the line, as far as no names contradict.
    pub named_by_caller: bool,
    /// How many coming appointments may stand for the caller's number; `None` where nothing is limited. Behind a withheld
    /// number anybody may be, so it has no limit.
    pub most_standing: Option<NonZeroU16>,
    /// The id of the appointment, if it turns out to be a new one.
    pub new_appointment_id: AppointmentId,
    /// The instant of ordering.
    pub now: UtcDateTime,
}

/// What came of an order. Whatever it says of an appointment is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingAnswer {
    /// The appointment was made now.
    Created(Booking),
    /// The appointment that was confirmed earlier in this call was moved here.
    Moved {
        /// Where it stood.
        from: Booking,
        /// Where it stands.
        to: Booking,
    },
    /// This person holds the very appointment already; this is it.
    AlreadyHeld {
        /// The appointment.
        booking: Booking,
        /// Whether it was made (or moved) in this call: then this is the same confirmation once more.
        in_this_call: bool,
    },
    /// The time cannot be had. Nothing was written.
    Refused(Refusal),
    /// As many appointments as may stand for the caller's number do. Nothing was written.
    TooMany,
    /// The business is not, or no longer, there.
    UnknownBusiness,
}

/// Who changes an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The person on the phone.
    Caller,
    /// The business itself.
    Business,
    /// Who runs this deployment.
    Operator,
}

/// What was done to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was made.
    Created,
    /// It was given another time.
    Moved,
    /// It was given up. Its row stays.
    Cancelled,
}

/// Whether an appointment takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppointmentStatus {
    /// It stands.
    Confirmed,
    /// It was given up.
    Cancelled,
}

stored_words!(Actor { Caller = "caller", Business = "business", Operator = "operator" });
stored_words!(ChangeKind { Created = "created", Moved = "moved", Cancelled = "cancelled" });
stored_words!(AppointmentStatus { Confirmed = "confirmed", Cancelled = "cancelled" });

/// Who, when, and from which call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// From which call; `None` if it was not by phone.
    pub call_sid: Option<CallSid>,
    /// When.
    pub at: UtcDateTime,
}

/// One entry of an appointment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentChange {
    /// What was done.
    pub kind: ChangeKind,
    /// By whom, when, from which call.
    pub origin: Origin,
    /// When it began before; `None` for one that was made.
    pub from: Option<UtcDateTime>,
    /// When it begins after; `None` for one that was given up.
    pub to: Option<UtcDateTime>,
}

/// An order to give an appointment another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveOrder {
    /// Whose it is.
    pub business_id: BusinessId,
    /// Which one.
    pub appointment_id: AppointmentId,
    /// The day, local to the business.
    pub date: Date,
    /// The hour, local to the business.
    pub time: Time,
    /// By whom, when, from which call.
    pub origin: Origin,
}

/// What came of moving an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveAnswer {
    /// It stands at its new time, and no longer at the old one.
    Moved {
        /// Where it stood.
        from: Booking,
        /// Where it stands.
        to: Booking,
    },
    /// It stood there already.
    Unchanged(Booking),
    /// The new time cannot be had. It stands where it stood.
    Refused(Refusal),
    /// It was given up.
    NotStanding,
    /// The business has no such appointment.
    Unknown,
}

/// What came of giving an appointment up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Its place is free.
    Cancelled(Booking),
    /// It was given up before.
    AlreadyCancelled(Booking),
    /// The business has no such appointment.
    Unknown,
}

/// An appointment as the owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRow {
    /// Its id and its local day and hour.
    pub booking: Booking,
    /// Whether it stands.
    pub status: AppointmentStatus,
    /// Whose it is.
    pub lead_id: LeadId,
    /// The call in which it was made, or moved last.
    pub call_sid: CallSid,
    /// The caller's number; `None` if it was withheld or removed.
    pub caller: Option<PhoneNumber>,
    /// A number that a caller who withheld theirs gave in the conversation.
    pub given_phone: Option<PhoneNumber>,
    /// Whom it is for: the name it was made under, and no other.
    pub name: Option<Pii<String>>,
    /// How the line is called that it was made from: the name that was said there last.
    pub lead_name: Option<Pii<String>>,
    /// Its first instant.
    pub starts_at: UtcDateTime,
    /// The instant at which it is over.
    pub ends_at: UtcDateTime,
    /// What it takes up.
    pub resource: ResourceId,
    /// When it was made.
    pub created_at: UtcDateTime,
}

/// An appointment as a calendar elsewhere follows it, standing or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEntry {
    /// As it stands, or stood until it was given up.
    pub row: AppointmentRow,
    /// How often it was changed since it was made.
    pub revision: u32,
    /// When it was changed last, or made.
    pub changed_at: UtcDateTime,
}

/// The appointments of businesses.
///
/// A backend guards by itself, whatever this crate's code decides, that no two live appointments of a
/// business overlap on one seat of a resource, buffers included. Every change leaves an entry in the appointment's
/// history and, where the backend has an [outbox](crate::Outbox), an event in it, in the same transaction.
#[async_trait]
pub trait Appointments: Send + Sync {
    /// What is taken in the half-open range of instants, buffers included, earliest first. A range that
    /// reaches in from outside is given whole.
    async fn busy(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<Busy>, StoreError>;

    /// Makes an appointment, or moves the one that was confirmed earlier in this call: the only way by which a call
    /// comes to one. In one transaction it loads the settings and what is taken, decides by
    /// [`crate::booking::decide`], writes the appointment and the call's last confirmed time, and commits. Asked
    /// again, by whichever process, it gives the same appointment.
    /// [`StoreError::UnknownCall`] if the business has no such call of this lead, [`StoreError::Superseded`] if another
    /// stream has taken it over.
    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError>;

    /// Gives an appointment another time, atomically: at no instant does it stand at both or at neither.
    async fn move_appointment(&self, order: &MoveOrder) -> Result<MoveAnswer, StoreError>;

    /// Gives an appointment up. Nothing is deleted.
    async fn cancel_appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
        origin: &Origin,
    ) -> Result<CancelAnswer, StoreError>;

    /// One appointment, standing or given up.
    async fn appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Option<AppointmentRow>, StoreError>;

    /// What was done to an appointment, in order. Empty for an unknown one.
    async fn history(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Vec<AppointmentChange>, StoreError>;

    /// The live appointments that touch the half-open range of instants, earliest first.
    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError>;

    /// The appointments that touch the half-open range of instants, standing or given up, earliest first: a calendar that took one
    /// over must learn that it is no more.
    async fn calendar(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<CalendarEntry>, StoreError>;

    /// The live appointments of a lead that are not over at an instant, earliest first.
    async fn standing_of_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        after: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError>;

    /// Whether the store takes writes, found out by one: a full disk, or a server that became read-only, still answers
    /// questions.
    async fn takes_writes(&self, now: UtcDateTime) -> Result<(), StoreError>;
}
