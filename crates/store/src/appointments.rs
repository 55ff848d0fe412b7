//! Appointments: what is taken, what stands, and the one way to make one.

use async_trait::async_trait;
use time::{Date, Time, UtcDateTime};
use toran_domain::{AppointmentId, Booking, BusinessId, CallSid, LeadId, PhoneNumber, Pii};
use toran_scheduling::{Busy, Refusal, ResourceId};

use crate::{CallKey, StoreError};

/// An order to make one appointment, out of a caller's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingOrder {
    /// The call in which it was confirmed.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// The day, local to the business.
    pub date: Date,
    /// The hour, local to the business.
    pub time: Time,
    /// The caller's name, if this appointment's differs from the lead's.
    pub name: Option<Pii<String>>,
    /// The id of the appointment, if it turns out to be a new one.
    pub new_appointment_id: AppointmentId,
    /// The instant of ordering.
    pub now: UtcDateTime,
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingAnswer {
    /// The appointment was made now, and is committed.
    Created(Booking),
    /// This caller holds the very appointment already; this is it.
    AlreadyHeld(Booking),
    /// The time cannot be had. Nothing was written.
    Refused(Refusal),
    /// The business is not, or no longer, there.
    UnknownBusiness,
}

/// An appointment as the owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRow {
    /// Its id and its local day and hour.
    pub booking: Booking,
    /// Whose it is.
    pub lead_id: LeadId,
    /// The call in which it was made.
    pub call_sid: CallSid,
    /// The caller's number; `None` if it was withheld.
    pub caller: Option<PhoneNumber>,
    /// The name it was made under, or else the lead's.
    pub name: Option<Pii<String>>,
    /// Its first instant.
    pub starts_at: UtcDateTime,
    /// The instant at which it is over.
    pub ends_at: UtcDateTime,
    /// What it takes up.
    pub resource: ResourceId,
    /// When it was made.
    pub created_at: UtcDateTime,
}

/// The appointments of businesses.
///
/// A backend guards by itself, whatever this crate's code decides, that no two live appointments of a
/// business overlap on one seat of a resource, buffers included.
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

    /// Makes an appointment: the only way to one. In one transaction it loads the settings and what is
    /// taken, decides by [`crate::booking::decide`], writes the appointment and the call's last
    /// confirmed time, and commits. Asked again, it gives the same appointment.
    /// [`StoreError::UnknownCall`] if the business has no such call of this lead.
    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError>;

    /// The live appointments that touch the half-open range of instants, earliest first.
    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
