//! A place for one appointment.

use time::{Date, Time, UtcDateTime, UtcOffset};

use crate::{
    BusyRange, ClockTime,
    clock_time::DAY_MINUTES,
    need::Need,
    zone::{Second, Showing, utc, wall_seconds},
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
    pub(crate) showing: Showing,
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

    /// Whether the wall clock shows this hour twice, because it is set back: another slot may have the same date and the same
    /// hour. [`is_second_pass`](Self::is_second_pass) and [`utc_offset`](Self::utc_offset) tell them apart, as their
    /// instants do.
    ///
    /// ```
    /// use time::macros::{date, time, utc_datetime};
    /// use toran_scheduling::{AppointmentSettings, TimeZoneName};
    ///
    /// let night = AppointmentSettings::simple(
    ///     "sun-sat".parse()?, time!(0:00), time!(6:00), 30, TimeZoneName::jerusalem(),
    /// )?;
    /// let taken = night.occupancy([]);
    /// let availability = night.availability(&taken, utc_datetime!(2026-10-23 8:00));
    /// let slots = availability.free_slots(date!(2026-10-25));
    /// let twice: Vec<_> = slots.iter().filter(|slot| slot.comes_twice()).collect();
    /// let shown = twice.iter().map(|slot| (slot.time(), slot.utc_offset().whole_hours(), slot.is_second_pass()));
    /// assert_eq!(shown.collect::<Vec<_>>(), [
    ///     (time!(1:00), 3, false), (time!(1:30), 3, false), (time!(1:00), 2, true), (time!(1:30), 2, true),
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn comes_twice(&self) -> bool {
        !matches!(self.when.showing, Showing::Once)
    }

    /// Whether it is the second of the two times at which the wall clock shows its hour. A date and an hour alone always mean
    /// the first: who wants this one names its instant ([`crate::Availability::verdict_at`]).
    pub const fn is_second_pass(&self) -> bool {
        matches!(self.when.showing, Showing::Second)
    }

    /// How far the wall clock is ahead of UTC when it begins.
    pub fn utc_offset(&self) -> UtcOffset {
        let ahead = wall_seconds(self.when.date, self.when.clock).saturating_sub(self.when.start);
        // No clock is a day away from UTC.
        let ahead = i32::try_from(ahead).ok();
        ahead
            .and_then(|ahead| UtcOffset::from_whole_seconds(ahead).ok())
            .unwrap_or(UtcOffset::UTC)
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
