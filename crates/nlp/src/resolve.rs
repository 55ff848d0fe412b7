//! From what was said to a date and an hour.

use time::{Date, Duration, Month, PrimitiveDateTime, Time, Weekday};
use toran_domain::PartOfDay;
use toran_scheduling::{AppointmentSettings, ClockTime};

use crate::holiday::SaidHoliday;

/// No caller of an appointment line means a day further away than this.
const MAX_DAYS_AHEAD: i64 = 3 * 366;
/// Until when the small hours belong to the night before.
const END_OF_NIGHT: u8 = 5;

/// A weekday as the schema writes it, in any case.
pub(crate) fn weekday_from_word(word: &str) -> Option<Weekday> {
    Some(match word.trim().to_lowercase().as_str() {
        "sunday" => Weekday::Sunday,
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        _ => return None,
    })
}

/// A day as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SaidDate {
    Weekday {
        weekday: Weekday,
        week_offset: i64,
    },
    DaysFromNow(i64),
    Holiday(SaidHoliday),
    Calendar {
        day: i64,
        month: Option<i64>,
        year: Option<i64>,
        weekday: Option<Weekday>,
    },
    /// A plain date.
    Iso(Date),
}

impl SaidDate {
    /// The day that was meant, seen from `today`; `None` when there is no such day or the words contradict
    /// each other, so that the caller is asked.
    pub(crate) fn resolve(self, today: Date) -> Option<Date> {
        match self {
            Self::Weekday {
                weekday,
                week_offset,
            } => weekday_from(today, weekday, week_offset),
            Self::DaysFromNow(days) => ahead(today, days),
            Self::Holiday(holiday) => holiday.resolve(today),
            Self::Calendar {
                day,
                month,
                year,
                weekday,
            } => calendar(today, day, month, year)
                .filter(|date| weekday.is_none_or(|said| said == date.weekday())),
            Self::Iso(date) => Some(date),
        }
    }
}

pub(crate) fn ahead(today: Date, days: i64) -> Option<Date> {
    (0..=MAX_DAYS_AHEAD)
        .contains(&days)
        .then(|| today.checked_add(Duration::days(days)))
        .flatten()
}

/// A bare weekday is its next occurrence, a week away when it is today's; "next" is that day of the following
/// Sunday-based week.
pub(crate) fn weekday_from(today: Date, weekday: Weekday, week_offset: i64) -> Option<Date> {
    let from_sunday = i64::from(weekday.number_days_from_sunday());
    let today_from_sunday = i64::from(today.weekday().number_days_from_sunday());
    let days = if week_offset <= 0 {
        (from_sunday - today_from_sunday - 1).rem_euclid(7) + 1
    } else {
        week_offset
            .checked_mul(7)?
            .checked_add(from_sunday - today_from_sunday)?
    };
    ahead(today, days)
}

/// Day before month, as Hebrew says it. What was left out is the nearest that can still be, today included.
fn calendar(today: Date, day: i64, month: Option<i64>, year: Option<i64>) -> Option<Date> {
    let day = u8::try_from(day).ok()?;
    let month = match month {
        Some(month) => Some(Month::try_from(u8::try_from(month).ok()?).ok()?),
        None => None,
    };
    match (month, year) {
        (Some(month), Some(year)) => {
            let year = i32::try_from(if (0..100).contains(&year) {
                year + 2000
            } else {
                year
            })
            .ok()?;
            Date::from_calendar_date(year, month, day).ok()
        }
        // Up to eight years, so that 29 February is found.
        (Some(month), None) => (0..=8)
            .filter_map(|years| Date::from_calendar_date(today.year() + years, month, day).ok())
            .find(|date| *date >= today),
        (None, _) => months_from(today)
            .filter_map(|(year, month)| Date::from_calendar_date(year, month, day).ok())
            .find(|date| *date >= today),
    }
}

fn months_from(today: Date) -> impl Iterator<Item = (i32, Month)> {
    std::iter::successors(Some((today.year(), today.month())), |(year, month)| {
        Some((
            if *month == Month::December {
                year + 1
            } else {
                *year
            },
            month.next(),
        ))
    })
    .take(13)
}

/// An hour as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SaidTime {
    /// An hour of the dial or of a clock of 24 hours.
    Hour {
        hour: u8,
        minute: u8,
        part: Option<PartOfDay>,
        /// Said as a clock shows it ("07:00").
        clock: bool,
    },
    MinutesFromNow(i64),
    /// "באותה שעה": the hour on the table.
    Same,
}

/// What a bare hour is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Openings<'a> {
    pub(crate) settings: &'a AppointmentSettings,
    /// The day, if it is known: said, or under discussion.
    pub(crate) day: Option<Date>,
}

impl Openings<'_> {
    fn open_at(&self, time: Time) -> bool {
        match self.day {
            Some(day) => {
                let today = ClockTime::from(time);
                let late = ClockTime::from_minutes(today.minutes() + 24 * 60);
                let opens = |day: Date, at: ClockTime| {
                    let hours = self.settings.hours_on(day);
                    hours.openings().iter().any(|opening| opening.contains(at))
                };
                let day_before = day.previous_day().zip(late);
                opens(day, today) || day_before.is_some_and(|(day, at)| opens(day, at))
            }
            None => self.settings.ever_opens_at(time),
        }
    }
}

/// The hour that was meant on the wall clock. A named part of the day wins even when it is closed then; a bare hour is
/// read by the opening hours if they leave one reading, and else as people mean it: 1 to 7 after noon, 8 to 11 in the
/// morning, 12 at noon.
pub(crate) fn hour_of_day(
    (hour, minute): (u8, u8),
    part: Option<PartOfDay>,
    clock: bool,
    openings: Openings<'_>,
) -> Option<Time> {
    let hour = match hour {
        24 => 0,
        0 | 13..=23 => hour,
        1..=12 => match part {
            Some(part) => in_part_of_day(hour, part),
            None if clock => hour,
            None => bare_hour(hour, minute, openings),
        },
        _ => return None,
    };
    Time::from_hms(hour, minute, 0).ok()
}

/// The moment so many minutes from now, to whole minutes.
pub(crate) fn minutes_from(now: PrimitiveDateTime, minutes: i64) -> Option<PrimitiveDateTime> {
    let moment = (1..=7 * 24 * 60)
        .contains(&minutes)
        .then(|| now.checked_add(Duration::minutes(minutes)))??;
    let time = Time::from_hms(moment.hour(), moment.minute(), 0).ok()?;
    Some(moment.replace_time(time))
}

/// "הלילה באחת": what is left of the night after midnight belongs to the coming date, unless it is that night already.
pub(crate) fn night_of(day: Date, time: Time, now: PrimitiveDateTime) -> Date {
    let is_after_midnight = time.hour() < END_OF_NIGHT;
    let is_to_come = now.hour() >= END_OF_NIGHT;
    if day == now.date() && is_after_midnight && is_to_come {
        day.next_day().unwrap_or(day)
    } else {
        day
    }
}

const fn in_part_of_day(hour: u8, part: PartOfDay) -> u8 {
    match (part, hour) {
        (PartOfDay::Night | PartOfDay::Evening, 12) => 0,
        (PartOfDay::Morning, _)
        | (PartOfDay::Noon, 10..=12)
        | (PartOfDay::Afternoon, 12)
        | (PartOfDay::Night, 1..=5) => hour,
        (PartOfDay::Noon | PartOfDay::Afternoon | PartOfDay::Evening | PartOfDay::Night, _) => {
            hour + 12
        }
    }
}

fn bare_hour(hour: u8, minute: u8, openings: Openings<'_>) -> u8 {
    let (before_noon, after_noon) = if hour == 12 {
        (0, 12)
    } else {
        (hour, hour + 12)
    };
    let open = |hour| Time::from_hms(hour, minute, 0).is_ok_and(|time| openings.open_at(time));
    match (open(before_noon), open(after_noon)) {
        (true, false) => before_noon,
        (false, true) => after_noon,
        _ if (8..=11).contains(&hour) => before_noon,
        _ => after_noon,
    }
}
