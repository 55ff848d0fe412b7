//! The answer to one question, and why it is no.

use time::{Date, Time, UtcDateTime};

use super::Availability;
use crate::{
    ClockTime, Holiday, Opening, Slot,
    clock_time::DAY_MINUTES,
    day::DayRule,
    holiday::Walk,
    slot::When,
    zone::{Resolved, Second},
};

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

/// A time that is asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    date: Date,
    clock: ClockTime,
    is_whole_minute: bool,
    /// When the clock shows it.
    resolved: Resolved,
    /// At which of these instants it is meant.
    start: Second,
}

/// An opening in which a time lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    /// The day on which it begins, and what holds there.
    pub(super) day: Date,
    plan: DayRule<'a>,
    opening: Opening,
}

impl<'a> Availability<'a> {
    /// Whether an appointment may begin at this local time. Of several reasons against it, the one that helps a
    /// caller most: they stand in [`Refusal`] in this order. Of a time that comes twice, the first is meant, and the slot says
    /// that it [comes twice](Slot::comes_twice).
    ///
    /// Does not allocate.
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
    /// let tuesday = date!(2026-11-24);
    /// assert!(matches!(availability.verdict(tuesday, time!(17:30)), Verdict::Free(_)));
    /// let late = availability.verdict(tuesday, time!(17:45));
    /// assert_eq!(late, Verdict::Refused(Refusal::DoesNotFitBeforeClosing));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verdict(&self, date: Date, time: Time) -> Verdict {
        let clock = ClockTime::from(time);
        let resolved = self.settings.time_zone().resolve(date, clock.minutes());
        self.verdict_on(Asked {
            date,
            clock,
            is_whole_minute: time.second() == 0 && time.nanosecond() == 0,
            resolved,
            start: resolved.first(),
        })
    }

    /// Whether an appointment may begin at this instant: either pass of an hour that the clock shows twice can be asked for.
    ///
    /// Does not allocate.
    ///
    /// ```
    /// use time::macros::{date, time, utc_datetime};
    /// use toran_scheduling::{AppointmentSettings, TimeZoneName, Verdict};
    ///
    /// let night = AppointmentSettings::simple(
    ///     "sun-sat".parse()?, time!(0:00), time!(6:00), 30, TimeZoneName::jerusalem(),
    /// )?;
    /// let taken = night.occupancy([]);
    /// let availability = night.availability(&taken, utc_datetime!(2026-10-23 8:00));
    /// let Verdict::Free(second) = availability.verdict_at(utc_datetime!(2026-10-24 23:30)) else {
    ///     panic!("it is free");
    /// };
    /// assert_eq!((second.date(), second.time()), (date!(2026-10-25), time!(1:30)));
    /// assert!(second.is_second_pass());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verdict_at(&self, instant: UtcDateTime) -> Verdict {
        let local = self.settings.local(instant);
        let (date, time) = (local.date(), local.time());
        let clock = ClockTime::from(time);
        self.verdict_on(Asked {
            date,
            clock,
            is_whole_minute: time.second() == 0 && time.nanosecond() == 0,
            resolved: self.settings.time_zone().resolve(date, clock.minutes()),
            start: instant.unix_timestamp(),
        })
    }

    fn verdict_on(&self, asked: Asked) -> Verdict {
        match self.lawful(asked) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(when) => {
                let (from, to) = self.need.footprint(when.start);
                let free = self
                    .lanes()
                    .find(|lane| lane.at(from).blocked(from, to).is_none());
                free.map_or(Verdict::Refused(Refusal::Taken), |lane| {
                    Verdict::Free(Slot::new(when, &self.need, lane.resource))
                })
            }
        }
    }

    /// When an appointment would begin if every rule but what is taken allows it.
    fn lawful(&self, asked: Asked) -> Result<When, Refusal> {
        let Asked {
            date,
            clock,
            resolved,
            start,
            ..
        } = asked;
        if start <= self.now {
            return Err(Refusal::InThePast);
        }
        if start < self.earliest {
            return Err(Refusal::TooSoon);
        }
        if date > self.last {
            return Err(Refusal::TooFar);
        }
        let found = self.opening_at(date, clock, resolved, start)?;
        if matches!(resolved, Resolved::Never { .. }) {
            return Err(Refusal::NonexistentTime);
        }
        let closes =
            self.settings
                .closes_at((found.day, found.plan), found.opening, &mut self.resolver());
        if self.need.end(start) > closes {
            return Err(Refusal::DoesNotFitBeforeClosing);
        }
        let late = found.day < date;
        let reading = i32::from(clock.minutes()) + if late { i32::from(DAY_MINUTES) } else { 0 };
        let since_opening = reading - i32::from(found.opening.from().minutes());
        let step = i32::from(self.settings.slot_interval_minutes());
        if !asked.is_whole_minute || since_opening.rem_euclid(step) != 0 {
            return Err(Refusal::OffGrid);
        }
        Ok(When {
            start,
            date,
            clock: clock.minutes(),
            late,
            showing: resolved.showing(start),
        })
    }

    /// The opening in which a reading of the clock lies: one of its own day, or a late one of the day before. Of one that comes
    /// twice, in which an instant lies at which the clock shows it.
    pub(super) fn opening_at(
        &self,
        date: Date,
        clock: ClockTime,
        resolved: Resolved,
        start: Second,
    ) -> Result<Found<'a>, Refusal> {
        let mut walk = Walk::default();
        let today = self.settings.day_plan(date, &mut walk);
        let found = |day, plan: DayRule<'a>, reading| {
            let mut openings = plan.openings();
            let opening = match resolved {
                Resolved::Twice { .. } => openings.find(|o| self.is_inside((day, plan), *o, start)),
                _ => openings.find(|opening| opening.contains(reading)),
            };
            opening.map(|opening| Found { day, plan, opening })
        };
        if let Some(found) = found(date, today, clock) {
            return Ok(found);
        }
        let late = ClockTime::from_minutes(clock.minutes() + DAY_MINUTES);
        if let (Some(yesterday), Some(late)) = (date.previous_day(), late) {
            let plan = self.settings.day_plan(yesterday, &mut walk);
            if let Some(found) = found(yesterday, plan, late) {
                return Ok(found);
            }
        }
        Err(match today.first() {
            Some(_) => Refusal::OutsideHours,
            None => today.closed,
        })
    }

    /// Whether an instant lies in an opening of a day.
    fn is_inside(&self, day: (Date, DayRule<'_>), opening: Opening, at: Second) -> bool {
        let mut resolve = self.resolver();
        resolve(day.0, opening.from().minutes()).first() <= at
            && at < self.settings.ends_at(day, opening, &mut resolve)
    }

    fn resolver(&self) -> impl FnMut(Date, u16) -> Resolved + use<'a> {
        let zone = self.settings.time_zone();
        move |date, minutes| zone.resolve(date, minutes)
    }
}
