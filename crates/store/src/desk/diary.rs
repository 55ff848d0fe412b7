//! What a business's diary answers to a wish.

use time::{Date, Duration, Time, UtcDateTime, macros::time};
use toran_domain::{Outcome, PartOfDay, RequestedTime, Wish};
use toran_scheduling::{AppointmentSettings, Availability, Occupancy, Refusal, Slot, Verdict};

/// How many days, the first included, are searched for alternatives.
pub(super) const LOOK_AHEAD_DAYS: u16 = 30;
/// How many alternatives a refusal brings, and how many slots a question without a day.
const ALTERNATIVES: usize = 3;
/// How many slots a question about a whole day brings.
const SLOTS_OF_A_DAY: usize = 4;

/// A business's settings with what is taken around the days in question: enough to answer, no I/O.
pub(super) struct Diary {
    pub(super) settings: AppointmentSettings,
    pub(super) taken: Occupancy,
    pub(super) today: Date,
    pub(super) now: UtcDateTime,
}

/// A wish that does not contradict itself: of a day that is asked for and does not suit, the latter was said last.
pub(super) fn settled(wish: Wish) -> Wish {
    let date = wish.when.date.filter(|date| Some(*date) != wish.not_on);
    Wish {
        when: RequestedTime { date, ..wish.when },
        ..wish
    }
}

impl Diary {
    /// Two passes of one hour sound alike, and whoever asks for that hour means the first: only that one is offered.
    fn availability(&self) -> Availability<'_> {
        self.settings
            .availability(&self.taken, self.now)
            .within_days(LOOK_AHEAD_DAYS)
            .each_hour_once()
    }

    /// What is free of a [settled](settled) wish.
    pub(super) fn answer(&self, wish: Wish) -> Outcome {
        let requested = wish.when;
        let found = match (requested.date, requested.time, wish.part_of_day) {
            (Some(date), Some(time), _) => self.exactly(date, time),
            (Some(date), None, None) => self.some_of(date),
            (Some(date), None, Some(part)) => self.part_of(date, part),
            (None, Some(time), _) => self.days_with(time, wish.not_on),
            (None, None, part) => self.first(part, wish.not_on),
        };
        match found {
            Ok(slots) => Outcome::FreeSlots { requested, slots },
            Err(reason) => {
                let about = requested.time.or_else(|| wish.part_of_day.map(middle));
                let date = requested.date.unwrap_or(self.today);
                let alternatives = self.near(date, about, wish.not_on);
                Outcome::SlotUnavailable {
                    requested,
                    reason,
                    alternatives,
                }
            }
        }
    }

    fn exactly(&self, date: Date, time: Time) -> Result<Vec<Slot>, Refusal> {
        match self.availability().verdict(date, time) {
            Verdict::Free(slot) => Ok(vec![slot]),
            Verdict::Refused(refusal) => Err(refusal),
        }
    }

    fn some_of(&self, date: Date) -> Result<Vec<Slot>, Refusal> {
        match self.availability().day_verdict(date) {
            Some(refusal) => Err(refusal),
            None => Ok(spread(
                &self.availability().free_slots(date),
                SLOTS_OF_A_DAY,
            )),
        }
    }

    /// The free slots of a part of a day, spread over it.
    fn part_of(&self, date: Date, part: PartOfDay) -> Result<Vec<Slot>, Refusal> {
        let next = date.next_day().unwrap_or(date);
        let all = self.availability().slots(date, next);
        let free: Vec<Slot> = all
            .filter(|slot| part_day(slot.date(), slot.time(), part) == Some(date))
            .collect();
        if free.is_empty() {
            Err(self.reason_in_part(date, part))
        } else {
            Ok(spread(&free, SLOTS_OF_A_DAY))
        }
    }

    /// Why a part of a day has no free slot: that it is taken says most, then that it is over, then that the business is
    /// closed then.
    fn reason_in_part(&self, date: Date, part: PartOfDay) -> Refusal {
        let availability = self.availability();
        if let Some(refusal) = availability.day_verdict(date) {
            return refusal;
        }
        let next = date.next_day().unwrap_or(date);
        let mut reason = Refusal::OutsideHours;
        for day in [date, next] {
            for time in every_five_minutes() {
                if part_day(day, time, part) != Some(date) {
                    continue;
                }
                match availability.verdict(day, time) {
                    Verdict::Refused(Refusal::Taken) => return Refusal::Taken,
                    Verdict::Refused(over @ (Refusal::InThePast | Refusal::TooSoon)) => {
                        reason = over;
                    }
                    Verdict::Refused(_) | Verdict::Free(_) => {}
                }
            }
        }
        reason
    }

    /// The next days on which this hour is free. If there is none, the reason that holds on a working day says
    /// more than "closed" or "over".
    fn days_with(&self, time: Time, not_on: Option<Date>) -> Result<Vec<Slot>, Refusal> {
        let availability = self.availability();
        let mut slots = Vec::new();
        let mut reason = None;
        let mut of_whole_days = None;
        for date in self.days().filter(|date| Some(*date) != not_on) {
            match availability.verdict(date, time) {
                Verdict::Free(slot) => slots.push(slot),
                Verdict::Refused(refusal) if is_of_a_whole_day(refusal) => {
                    of_whole_days = of_whole_days.or(Some(refusal));
                }
                // That it is taken says most: on another day it may be had.
                Verdict::Refused(Refusal::Taken) => reason = Some(Refusal::Taken),
                Verdict::Refused(refusal) => reason = reason.or(Some(refusal)),
            }
            if slots.len() == ALTERNATIVES {
                break;
            }
        }
        if slots.is_empty() {
            Err(reason.or(of_whole_days).unwrap_or(Refusal::TooFar))
        } else {
            Ok(slots)
        }
    }

    /// The first free slots, of a part of the day if one was said.
    fn first(&self, part: Option<PartOfDay>, not_on: Option<Date>) -> Result<Vec<Slot>, Refusal> {
        let availability = self.availability();
        let last = self.days().last().unwrap_or(self.today);
        let suits = |slot: &Slot| {
            let day = part.map_or(Some(slot.date()), |part| {
                part_day(slot.date(), slot.time(), part)
            });
            day.is_some_and(|day| Some(day) != not_on && Some(slot.date()) != not_on)
        };
        let all = availability.slots(self.today, last);
        let slots: Vec<Slot> = all.filter(suits).take(ALTERNATIVES).collect();
        if !slots.is_empty() {
            return Ok(slots);
        }
        let days = || self.days().filter(|date| Some(*date) != not_on);
        if let Some(part) = part
            && let Some(day) = days().find(|date| availability.day_verdict(*date).is_none())
        {
            return Err(self.reason_in_part(day, part));
        }
        let mut reasons = days().filter_map(|date| availability.day_verdict(date));
        let first = reasons.next().unwrap_or(Refusal::TooFar);
        let is_full = first == Refusal::Taken || reasons.any(|r| r == Refusal::Taken);
        Err(if is_full { Refusal::Taken } else { first })
    }

    /// The days that are searched.
    fn days(&self) -> impl Iterator<Item = Date> {
        (0..LOOK_AHEAD_DAYS.into()).map_while(|days| self.today.checked_add(Duration::days(days)))
    }

    pub(super) fn near(&self, date: Date, time: Option<Time>, not_on: Option<Date>) -> Vec<Slot> {
        // A day that does not suit may take up many of them.
        let limit = not_on.map_or(ALTERNATIVES, |_| usize::from(u8::MAX));
        let near = self.availability().alternatives(date, time, limit);
        let suits = near.into_iter().filter(|slot| Some(slot.date()) != not_on);
        suits.take(ALTERNATIVES).collect()
    }
}

/// The day to which an hour belongs as part of a day; `None` if it does not lie in that part. A night goes on after
/// midnight: its last hours are of the day before.
fn part_day(date: Date, time: Time, part: PartOfDay) -> Option<Date> {
    if !part.contains(time) {
        return None;
    }
    if part == PartOfDay::Night && time.hour() < 12 {
        date.previous_day()
    } else {
        Some(date)
    }
}

/// An hour in the middle of a part of the day: what is near it is near to what was wished.
const fn middle(part: PartOfDay) -> Time {
    match part {
        PartOfDay::Morning => time!(9:30),
        PartOfDay::Noon => time!(12:30),
        PartOfDay::Afternoon => time!(15:00),
        PartOfDay::Evening => time!(19:00),
        PartOfDay::Night => time!(22:00),
    }
}

/// The hours of a day at which a slot may begin.
fn every_five_minutes() -> impl Iterator<Item = Time> {
    (0..24).flat_map(|hour| {
        (0..60)
            .step_by(5)
            .filter_map(move |minute| Time::from_hms(hour, minute, 0).ok())
    })
}

/// Whether a refusal would hold at any other hour of its day, too.
const fn is_of_a_whole_day(refusal: Refusal) -> bool {
    match refusal {
        Refusal::InThePast
        | Refusal::TooSoon
        | Refusal::TooFar
        | Refusal::InactiveDay
        | Refusal::Closed
        | Refusal::Holiday(_) => true,
        Refusal::OutsideHours
        | Refusal::NonexistentTime
        | Refusal::DoesNotFitBeforeClosing
        | Refusal::OffGrid
        | Refusal::Taken => false,
    }
}

/// At most `limit` of the slots, the first and the last among them, evenly apart.
fn spread(slots: &[Slot], limit: usize) -> Vec<Slot> {
    if slots.len() <= limit || limit < 2 {
        return slots.iter().take(limit).copied().collect();
    }
    let last = slots.len() - 1;
    (0..limit)
        .filter_map(|index| slots.get(index * last / (limit - 1)))
        .copied()
        .collect()
}
