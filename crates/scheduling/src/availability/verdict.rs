//! The answer to one question, and why it is no.

use crate::{Holiday, Slot};

/// The answer to "may this time be booked?".
///
/// ```
/// # use time::macros::{date, time, utc_datetime};
/// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// # let settings = AppointmentSettings::simple(
/// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
/// # )?;
/// # let taken = settings.occupancy([]);
/// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
/// use toran_scheduling::{Refusal, Verdict};
///
/// let saturday = availability.verdict(date!(2026-11-28), time!(10:00));
/// assert_eq!(saturday, Verdict::Refused(Refusal::InactiveDay));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, as this slot.
    Free(Slot),
    /// No, and the first reason that a caller should hear.
    Refused(Refusal),
}

/// Why a time cannot be booked.
///
/// ```
/// use toran_scheduling::{Holiday, Refusal};
///
/// assert_eq!(Refusal::OffGrid.as_str(), "off_grid");
/// assert_eq!(Refusal::Holiday(Holiday::Pesach).as_str(), "holiday");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It has begun already (one that begins at this very instant has), or the day is over.
    InThePast,
    /// It begins sooner than the minimum notice allows.
    TooSoon,
    /// It is later than the booking horizon.
    TooFar,
    /// The business does not work on that day of the week.
    InactiveDay,
    /// The business is closed on that date, on which it would otherwise work.
    Closed,
    /// The business is closed for a holiday on which it would otherwise work.
    Holiday(Holiday),
    /// Before opening, at closing or after it, or in between.
    OutsideHours,
    /// The clock is set forward over it on that day.
    NonexistentTime,
    /// It would begin inside the hours and end after them.
    DoesNotFitBeforeClosing,
    /// Not a start on the business's grid.
    OffGrid,
    /// No resource has room for it.
    Taken,
}

impl Refusal {
    /// The word by which events, logs and metrics name it: `holiday` for every holiday.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InThePast => "in_the_past",
            Self::TooSoon => "too_soon",
            Self::TooFar => "too_far",
            Self::InactiveDay => "inactive_day",
            Self::Closed => "closed",
            Self::Holiday(_) => "holiday",
            Self::OutsideHours => "outside_hours",
            Self::NonexistentTime => "nonexistent_time",
            Self::DoesNotFitBeforeClosing => "does_not_fit_before_closing",
            Self::OffGrid => "off_grid",
            Self::Taken => "taken",
        }
    }
}
