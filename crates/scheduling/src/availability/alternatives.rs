//! What is near a time that cannot be had.

use time::{Date, Time};

use super::{Availability, FreeSlots};
use crate::{ClockTime, Slot, clock_time::DAY_MINUTES, holiday::Walk};

impl Availability<'_> {
    /// Free slots near a requested time, at most `limit`.
    ///
    /// With an hour: those of the same day, nearest first by the clock (of two equally near, the earlier), then of each
    /// following day the nearest one. A late night is one day, from its opening to its end, on both sides of
    /// midnight. Without an hour: in order of time. A requested day that is over counts as today.
    /// Of a day past the horizon, the last days that can be booked are near, from the last backwards; and where the
    /// horizon cuts off the days that follow, those before the requested one are, from the last backwards. A
    /// requested time that is free comes first.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// // Saturday at ten: the business is closed, and ten is free on the days that follow.
    /// let near = availability.alternatives(date!(2026-11-28), Some(time!(10:00)), 2);
    /// let times: Vec<_> = near.iter().map(|slot| (slot.date(), slot.time())).collect();
    /// assert_eq!(times, [(date!(2026-11-29), time!(10:00)), (date!(2026-11-30), time!(10:00))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn alternatives(&self, date: Date, time: Option<Time>, limit: usize) -> Vec<Slot> {
        let searched = self
            .settings
            .searched(date, self.today, self.look_ahead_days);
        let (earliest, last) = searched;
        if date > self.last {
            return self.backwards(earliest, Some(last), time, limit);
        }
        let first = date.max(self.today);
        let Some(clock) = time.map(ClockTime::from) else {
            let mut near: Vec<Slot> = self.slots(first, last).take(limit).collect();
            let missing = limit - near.len();
            near.extend(self.backwards(earliest, first.previous_day(), None, missing));
            return near;
        };
        let days_from =
            |first| FreeSlots::of_openings(*self, (first, last), (self.today, self.last));
        let mut day = self.day_of(date, clock);
        let clock = clock.minutes() + if day < date { DAY_MINUTES } else { 0 };
        // Of what is over, only the night of yesterday may still go on.
        let goes_on = |day| days_from(day).next().map(|slot| slot.opening_day()) == Some(day);
        if day < self.today && (self.today.previous_day() != Some(day) || !goes_on(day)) {
            day = self.today;
        }
        let mut near = nearest(days_from(day), clock, day, limit);
        if near.len() < limit {
            near.extend(self.backwards(earliest, day.previous_day(), time, limit - near.len()));
        }
        near
    }

    /// The day of whose openings something near a time is wanted: a time in a late night, or nearer to its end than to the
    /// next opening, belongs to the day before.
    fn day_of(&self, date: Date, clock: ClockTime) -> Date {
        let resolved = self.settings.time_zone().resolve(date, clock.minutes());
        if let Ok(found) = self.opening_at(date, clock, resolved, resolved.first()) {
            return found.day;
        }
        let mut walk = Walk::default();
        let today = self.settings.day_plan(date, &mut walk).first();
        let Some(yesterday) = date.previous_day() else {
            return date;
        };
        let night = self.settings.day_plan(yesterday, &mut walk).ends();
        let since = (clock.minutes() + DAY_MINUTES).saturating_sub(night.minutes());
        let until = today.map_or(u16::MAX, |first| {
            first.from().minutes().saturating_sub(clock.minutes())
        });
        if night > ClockTime::END_OF_DAY && since < until {
            yesterday
        } else {
            date
        }
    }

    /// Of each day from the last to the first, the slot nearest to an hour, or the first.
    fn backwards(
        &self,
        first: Date,
        last: Option<Date>,
        time: Option<Time>,
        limit: usize,
    ) -> Vec<Slot> {
        std::iter::successors(last, |date| date.previous_day())
            .take_while(|date| *date >= first)
            .filter_map(|date| {
                let mut slots = self.slots(date, date);
                match time {
                    None => slots.next(),
                    Some(time) => {
                        slots.min_by_key(|slot| ((slot.time() - time).abs(), slot.start()))
                    }
                }
            })
            .take(limit)
            .collect()
    }
}

/// The slots nearest to an hour, in minutes from the midnight of an opening's day: all of the first day, then one of
/// each following day. The slots come in order.
fn nearest(slots: FreeSlots<'_>, clock: u16, first: Date, limit: usize) -> Vec<Slot> {
    // Of two that are equally far, the earlier is nearer.
    let distance = |slot: &Slot| (slot.reading().abs_diff(clock), slot.start());
    let mut slots = slots.peekable();
    let mut near: Vec<Slot> = Vec::new();
    while let Some(slot) = slots.next_if(|slot| slot.opening_day() == first) {
        near.push(slot);
    }
    near.sort_by_key(distance);
    while near.len() < limit
        && let Some(mut best) = slots.next()
    {
        while let Some(slot) = slots.next_if(|slot| slot.opening_day() == best.opening_day()) {
            if distance(&slot) < distance(&best) {
                best = slot;
            }
        }
        near.push(best);
    }
    near.truncate(limit);
    near
}
