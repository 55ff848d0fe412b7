//! What may be booked: the verdict on one time, and the free slots around it.

use time::{Date, Duration, PrimitiveDateTime, Time, UtcDateTime};

use crate::{AppointmentSettings, BusyRange, Slot, zone::Resolved};

/// How many days ahead an appointment may be booked, counted from the business's today.
pub const BOOKING_HORIZON_DAYS: i64 = 365;
/// How many days, the first included, are searched for alternatives.
pub const LOOK_AHEAD_DAYS: i64 = 30;

/// The answer to "may this time be booked?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, as this slot.
    Free(Slot),
    /// No, and the first reason that a caller should hear.
    Refused(Refusal),
}

/// Why a time cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The business does not work on that day of the week.
    InactiveDay,
    /// Before opening, at closing or after it.
    OutsideHours,
    /// It would begin inside the hours and end after them.
    DoesNotFitBeforeClosing,
    /// Not a start on the business's grid.
    OffGrid,
    /// It has begun already, or the day is over.
    InThePast,
    /// Later than [`BOOKING_HORIZON_DAYS`] from today.
    TooFar,
    /// Another appointment or a block is there.
    Taken,
    /// The clock is set forward over it on that day.
    NonexistentTime,
}

impl Refusal {
    /// The word by which events, logs and metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InactiveDay => "closed_day",
            Self::OutsideHours => "outside_hours",
            Self::DoesNotFitBeforeClosing => "does_not_fit_before_closing",
            Self::OffGrid => "off_grid",
            Self::InThePast => "in_the_past",
            Self::TooFar => "too_far",
            Self::Taken => "taken",
            Self::NonexistentTime => "nonexistent_time",
        }
    }
}

/// Every question takes `now` and the `busy` ranges that matter to it: those that touch [`day_range`] for
/// one day, and those that touch [`search_range`] for the questions that look ahead. Ranges may overlap
/// and come in any order.
///
/// [`day_range`]: AppointmentSettings::day_range
/// [`search_range`]: AppointmentSettings::search_range
impl AppointmentSettings {
    /// Whether an appointment may begin at this local time. Of several reasons against it, the one that
    /// helps a caller most: past, too far, closed day, hours, fit, grid, a skipped hour, taken.
    pub fn verdict(&self, date: Date, time: Time, busy: &[BusyRange], now: UtcDateTime) -> Verdict {
        match self.lawful_slot(date, time, now) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(slot) if is_taken(&slot, busy) => Verdict::Refused(Refusal::Taken),
            Ok(slot) => Verdict::Free(slot),
        }
    }

    /// The free slots of a day, earliest first.
    pub fn free_slots(&self, date: Date, busy: &[BusyRange], now: UtcDateTime) -> Vec<Slot> {
        if self.day_rule(date, now).is_some() {
            return Vec::new();
        }
        let (from, to) = self.day_range(date);
        let today: Vec<BusyRange> = busy
            .iter()
            .filter(|range| range.from() < to && from < range.to())
            .copied()
            .collect();
        self.grid()
            .filter_map(|time| self.lawful_slot(date, time, now).ok())
            .filter(|slot| !is_taken(slot, &today))
            .collect()
    }

    /// Free slots near a requested time, at most `limit`, searched over [`LOOK_AHEAD_DAYS`].
    ///
    /// With an hour: those of the same day, nearest first (of two equally near, the earlier), then of each
    /// following day the nearest one. Without: in order of time. A requested day that is over counts as
    /// today. A requested time that is free comes first.
    pub fn alternatives(
        &self,
        requested_date: Date,
        requested_time: Option<Time>,
        busy: &[BusyRange],
        now: UtcDateTime,
        limit: usize,
    ) -> Vec<Slot> {
        let first_day = requested_date.max(self.local(now).date());
        let days = days_from(first_day).flat_map(|date| {
            let mut slots = self.free_slots(date, busy, now);
            if let Some(time) = requested_time {
                slots.sort_by_key(|slot| ((slot.time() - time).abs(), slot.time()));
                if date != first_day {
                    slots.truncate(1);
                }
            }
            slots
        });
        days.take(limit).collect()
    }

    /// The earliest free slots from now on, at most `limit`, searched over [`LOOK_AHEAD_DAYS`].
    pub fn first_free(&self, now: UtcDateTime, busy: &[BusyRange], limit: usize) -> Vec<Slot> {
        self.alternatives(self.local(now).date(), None, busy, now, limit)
    }

    /// Why a whole day cannot be booked, or `None` when it has a free slot.
    ///
    /// [`Refusal::InThePast`] also means that today's last slot has begun, and [`Refusal::Taken`] that
    /// what is left of the day is full.
    pub fn day_verdict(&self, date: Date, busy: &[BusyRange], now: UtcDateTime) -> Option<Refusal> {
        if let Some(refusal) = self.day_rule(date, now) {
            return Some(refusal);
        }
        let mut reason = None;
        for time in self.grid() {
            match self.verdict(date, time, busy, now) {
                Verdict::Free(_) => return None,
                Verdict::Refused(_) if reason == Some(Refusal::Taken) => {}
                Verdict::Refused(refusal) => reason = Some(refusal),
            }
        }
        reason
    }

    /// What the business's wall clock shows at an instant.
    pub fn local(&self, instant: UtcDateTime) -> PrimitiveDateTime {
        self.time_zone().local(instant)
    }

    /// The instants of a local day, half-open: from its first to the first of the next day. As long as
    /// the day really is (23 or 25 hours where the clock changes), and right where midnight is skipped.
    pub fn day_range(&self, date: Date) -> (UtcDateTime, UtcDateTime) {
        let following = date.saturating_add(Duration::DAY);
        (
            self.time_zone().start_of(date),
            self.time_zone().start_of(following),
        )
    }

    /// The instants, half-open, from which [`Self::alternatives`] takes its slots: the busy ranges to
    /// load for it. For [`Self::first_free`], ask with today's date.
    pub fn search_range(
        &self,
        requested_date: Date,
        now: UtcDateTime,
    ) -> (UtcDateTime, UtcDateTime) {
        let first = requested_date.max(self.local(now).date());
        let last = first.saturating_add(Duration::days(LOOK_AHEAD_DAYS - 1));
        (self.day_range(first).0, self.day_range(last).1)
    }

    /// The slot at a local time if every rule but the busy ranges allows it.
    fn lawful_slot(&self, date: Date, time: Time, now: UtcDateTime) -> Result<Slot, Refusal> {
        let resolved = self.time_zone().resolve(date, time);
        let starts_at = resolved.first();
        if starts_at <= now {
            return Err(Refusal::InThePast);
        }
        if let Some(refusal) = self.day_rule(date, now) {
            return Err(refusal);
        }
        if time < self.start_hour() || time >= self.end_hour() {
            return Err(Refusal::OutsideHours);
        }
        let length = Duration::minutes(self.slot_interval_minutes().into());
        let ends_at = starts_at.saturating_add(length);
        // Both the wall and the instants must agree: they differ where the clock changes inside the day.
        let closes_at = self.time_zone().resolve(date, self.end_hour()).last();
        if self.end_hour() - time < length || ends_at > closes_at {
            return Err(Refusal::DoesNotFitBeforeClosing);
        }
        let since_opening = (time - self.start_hour()).whole_nanoseconds();
        if since_opening % length.whole_nanoseconds() != 0 {
            return Err(Refusal::OffGrid);
        }
        match resolved {
            Resolved::Never { .. } => Err(Refusal::NonexistentTime),
            Resolved::Once(_) | Resolved::Twice { .. } => Ok(Slot {
                starts_at,
                ends_at,
                date,
                time,
            }),
        }
    }

    /// Why no hour of a day can be booked, whatever is taken in it.
    fn day_rule(&self, date: Date, now: UtcDateTime) -> Option<Refusal> {
        let today = self.local(now).date();
        if date < today {
            Some(Refusal::InThePast)
        } else if date > today.saturating_add(Duration::days(BOOKING_HORIZON_DAYS)) {
            Some(Refusal::TooFar)
        } else if !self.active_days().contains(date.weekday()) {
            Some(Refusal::InactiveDay)
        } else {
            None
        }
    }

    /// The starts of a working day, by the wall clock.
    fn grid(&self) -> impl Iterator<Item = Time> {
        let step = self.slot_interval_minutes();
        let open = (self.end_hour() - self.start_hour()).whole_minutes();
        let count = open / i64::from(step);
        let start = self.start_hour();
        (0..count).map(move |index| start + Duration::minutes(index * i64::from(step)))
    }
}

fn is_taken(slot: &Slot, busy: &[BusyRange]) -> bool {
    busy.iter().any(|range| range.overlaps(&slot.busy()))
}

fn days_from(first: Date) -> impl Iterator<Item = Date> {
    (0..LOOK_AHEAD_DAYS).map_while(move |days| first.checked_add(Duration::days(days)))
}

#[cfg(test)]
mod tests;
