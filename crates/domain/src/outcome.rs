//! What the booking desk answered: the only thing from which the model may learn what is true.

use time::{Date, Time};
use toran_scheduling::{Refusal, Slot};

use crate::{AppointmentId, RequestedTime};

/// An appointment that stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub appointment_id: AppointmentId,
    /// Its day, local to the business.
    pub date: Date,
    /// Its hour, local to the business.
    pub time: Time,
}

/// A detail without which nothing can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// The day.
    Date,
    /// The hour.
    Time,
    /// Whom it is for: the caller's name.
    Name,
}

impl Detail {
    /// The word of the server event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::Name => "name",
        }
    }
}

/// What the desk answered to a request. Every variant is told to the model as one server event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The appointment stands in the database: made in this call, by this confirmation or by an earlier one.
    AppointmentCreated(Booking),
    /// The appointment that was confirmed earlier in this call stands at another time now, and no longer at the old
    /// one.
    AppointmentMoved {
        /// Where it stood.
        from: Booking,
        /// Where it stands.
        to: Booking,
    },
    /// The caller holds this very appointment already, from before this call. Nothing was made.
    AppointmentHeld(Booking),
    /// The requested time cannot be had, and why; with true alternatives, nearest first.
    SlotUnavailable {
        /// What was asked for. Without an hour, the whole day is meant.
        requested: RequestedTime,
        /// Why not.
        reason: Refusal,
        /// Free slots near it. Empty when there is none in sight.
        alternatives: Vec<Slot>,
    },
    /// Free slots that answer a question. If the caller named an exact time, it is free and is the only slot.
    FreeSlots {
        /// What was asked for.
        requested: RequestedTime,
        /// True free slots, earliest first; never empty.
        slots: Vec<Slot>,
    },
    /// These details are missing: the caller did not say them, or not so that they could be understood.
    MissingDetails {
        /// What is missing, in the order to ask for it.
        missing: Vec<Detail>,
    },
    /// The desk could not look or book: nothing is known, so nothing may be claimed.
    BookingUnavailable {
        /// Whether the request is durable somewhere and becomes a task. If it is not, the caller must not be told that it
        /// is noted.
        noted: bool,
    },
    /// The appointments of the caller, who is identified, that are still to come: what "when is my appointment?" asks for.
    OwnAppointments {
        /// Earliest first; empty if there is none.
        bookings: Vec<Booking>,
    },
}

impl Outcome {
    /// The appointment that stands by this outcome.
    pub const fn booking(&self) -> Option<&Booking> {
        match self {
            Self::AppointmentCreated(booking)
            | Self::AppointmentHeld(booking)
            | Self::AppointmentMoved { to: booking, .. } => Some(booking),
            Self::SlotUnavailable { .. }
            | Self::FreeSlots { .. }
            | Self::MissingDetails { .. }
            | Self::BookingUnavailable { .. }
            | Self::OwnAppointments { .. } => None,
        }
    }

    /// The name of the server event that tells this outcome.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AppointmentCreated(_) => "appointment_created",
            Self::AppointmentMoved { .. } => "appointment_moved",
            Self::AppointmentHeld(_) => "appointment_held",
            Self::SlotUnavailable { .. } => "slot_unavailable",
            Self::FreeSlots { .. } => "free_slots",
            Self::MissingDetails { .. } => "missing_details",
            Self::BookingUnavailable { .. } => "booking_unavailable",
            Self::OwnAppointments { .. } => "own_appointments",
        }
    }
}
