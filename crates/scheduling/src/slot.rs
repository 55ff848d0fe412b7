//! A place for one appointment.

use time::{Date, Time, UtcDateTime};

use crate::{
    BusyRange, ClockTime,
    clock_time::DAY_MINUTES,
    need::Need,
    zone::{Second, utc},
};

/// A place for one appointment: a start on a business's grid, inside its hours, with a resource that has room.
///
/// Only [`crate::Availability`] makes one, so whoever holds a slot holds a time that was free and lawful for
/// the settings, for what was taken and for the "now" it was made with.
///
/// ```
/// # use time::macros::{date, time, utc_datetime};
/// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// # let settings = AppointmentSettings::simple(
/// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
/// # )?;
/// # let taken = settings.occupancy([]);
/// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
/// let slot = availability.free_slots(date!(2026-11-24))[0];
/// assert_eq!((slot.date(), slot.time(), slot.minutes()), (date!(2026-11-24), time!(9:00), 30));
/// assert_eq!((slot.starts_at(), slot.ends_at()), (utc_datetime!(2026-11-24 7:00), utc_datetime!(2026-11-24 7:30)));
/// assert_eq!(slot.busy().to(), slot.ends_at()); // no buffers
/// assert!(!slot.comes_twice());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    when: When,
    /// In minutes, as are the buffers.
    duration: u16,
    before: u16,
    after: u16,
    pub(crate) units: u16,
    pub(crate) resource: u16,
}

/// When an appointment begins, by the instant and by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct When {
    pub(crate) start: Second,
    pub(crate) date: Date,
    /// In minutes from the midnight at which `date` begins.
    pub(crate) clock: u16,
    /// It belongs to an opening that began on the day before.
    pub(crate) late: bool,
    pub(crate) comes_twice: bool,
}

impl Slot {
    pub(crate) const fn new(when: When, need: &Need<'_>, resource: u16) -> Self {
        Self {
            when,
            duration: need.duration,
            before: need.before,
            after: need.after,
            units: need.units,
            resource,
        }
    }

    /// The instant at which it begins.
    pub fn starts_at(&self) -> UtcDateTime {
        utc(self.when.start)
    }

    /// The instant at which it ends, itself outside.
    pub fn ends_at(&self) -> UtcDateTime {
        utc(self.need().end(self.when.start))
    }

    /// Its day on the business's calendar.
    pub const fn date(&self) -> Date {
        self.when.date
    }

    /// Its hour on the business's wall clock.
    pub fn time(&self) -> Time {
        ClockTime::from_minutes(self.when.clock).map_or(Time::MIDNIGHT, ClockTime::time)
    }

    /// How long the appointment lasts, in minutes.
    pub const fn minutes(&self) -> u16 {
        self.duration
    }

    /// What an appointment here takes of its resource: from its start to its end, and the buffers on either
    /// side. [`crate::AppointmentSettings::taken_by`] says of which resource, and how much of it.
    pub fn busy(&self) -> BusyRange {
        let (from, to) = self.need().footprint(self.when.start);
        BusyRange::of_slot(from, to)
    }

    /// Whether the wall clock shows this hour twice on this day, because it is set back: the slot is the first
    /// of the two.
    pub const fn comes_twice(&self) -> bool {
        self.when.comes_twice
    }

    pub(crate) const fn start(&self) -> Second {
        self.when.start
    }

    /// The day on which its opening begins: the day before its date for one after midnight in a late night.
    pub(crate) fn opening_day(&self) -> Date {
        if self.when.late {
            self.when.date.previous_day().unwrap_or(self.when.date)
        } else {
            self.when.date
        }
    }

    /// Its hour in minutes from the midnight at which the day of its opening begins.
    pub(crate) const fn reading(&self) -> u16 {
        if self.when.late {
            self.when.clock + DAY_MINUTES
        } else {
            self.when.clock
        }
    }

    const fn need(&self) -> Need<'static> {
        Need {
            duration: self.duration,
            before: self.before,
            after: self.after,
            units: self.units,
            resources: None,
        }
    }
}
