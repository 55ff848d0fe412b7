//! From what was said to a date and an hour.

use time::{Date, Duration, Month, Time, Weekday};
use toran_hebrew as hebrew;
use toran_scheduling::{AppointmentSettings, Holiday};

/// No caller of an appointment line means a day further away than this.
const MAX_DAYS_AHEAD: i64 = 3 * 366;

/// A weekday as the schema writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaidWeekday(Weekday);

impl SaidWeekday {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let weekday = match word {
            "sunday" => Weekday::Sunday,
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            _ => return None,
        };
        Some(Self(weekday))
    }
}

/// A day as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SaidDate {
    Weekday {
        weekday: SaidWeekday,
        week_offset: i64,
    },
    DaysFromNow(i64),
    /// On a holiday, or on the day before it.
    Holiday {
        holiday: Holiday,
        eve: bool,
    },
    Calendar {
        day: i64,
        month: Option<i64>,
        year: Option<i64>,
        weekday: Option<SaidWeekday>,
    },
}

impl SaidDate {
    /// The day that was meant, seen from `today`; `None` when there is no such day or the words contradict
    /// each other, so that the caller is asked.
    pub(crate) fn resolve(self, today: Date) -> Option<Date> {
        match self {
            Self::Weekday {
                weekday,
                week_offset,
            } => weekday_from(today, weekday.0, week_offset),
            Self::DaysFromNow(days) => ahead(today, days),
            Self::Holiday {
                holiday,
                eve: false,
            } => holiday.next_from(today),
            Self::Holiday { holiday, eve: true } => {
                first_day(holiday, today.next_day()?)?.previous_day()
            }
            Self::Calendar {
                day,
                month,
                year,
                weekday,
            } => calendar(today, day, month, year)
                .filter(|date| weekday.is_none_or(|said| said.0 == date.weekday())),
        }
    }
}

/// The holiday that these words name, as people call it; an eve is one of its own.
pub(crate) fn holiday_named(words: &str) -> Option<Holiday> {
    let words = hebrew::normalise(words);
    let names =
        |(name, holiday): &(&str, Holiday)| (hebrew::normalise(name) == words).then_some(*holiday);
    let own = Holiday::all().find(|holiday| hebrew::normalise(holiday.hebrew_name()) == words);
    own.or_else(|| OTHER_NAMES.iter().find_map(names))
}

/// What holidays are called besides their names in the calendar.
const OTHER_NAMES: &[(&str, Holiday)] = &[
    ("כיפור", Holiday::YomKippur),
    ("יום הכיפורים", Holiday::YomKippur),
    ("ערב כיפור", Holiday::EveOfYomKippur),
    ("ערב יום הכיפורים", Holiday::EveOfYomKippur),
    ("חג הסוכות", Holiday::Sukkot),
    ("שמיני עצרת", Holiday::SimchatTorah),
    ("חג החנוכה", Holiday::Hanukkah),
    ("טו בשבט", Holiday::TuBishvat),
    ("חג פורים", Holiday::Purim),
    ("חג הפסח", Holiday::Pesach),
    ("ליל הסדר", Holiday::EveOfPesach),
    ("שביעי של פסח", Holiday::SeventhOfPesach),
    ("שביעי פסח", Holiday::SeventhOfPesach),
    ("חג שבועות", Holiday::Shavuot),
    ("חג השבועות", Holiday::Shavuot),
    ("עצמאות", Holiday::YomHaatzmaut),
    ("יום עצמאות", Holiday::YomHaatzmaut),
    ("ערב יום העצמאות", Holiday::YomHazikaron),
    ("לג בעומר", Holiday::LagBaomer),
    ("ט' באב", Holiday::TishaBav),
    ("ט באב", Holiday::TishaBav),
];

/// The first day on or after `from` on which a holiday begins.
fn first_day(holiday: Holiday, mut from: Date) -> Option<Date> {
    loop {
        let day = holiday.next_from(from)?;
        if day.previous_day().and_then(Holiday::on) != Some(holiday) {
            return Some(day);
        }
        from = day.next_day()?;
    }
}

fn ahead(today: Date, days: i64) -> Option<Date> {
    (0..=MAX_DAYS_AHEAD)
        .contains(&days)
        .then(|| today.checked_add(Duration::days(days)))
        .flatten()
}

/// A bare weekday is its next occurrence, a week away when it is today's; "next" is that day of the following
/// Sunday-based week.
fn weekday_from(today: Date, weekday: Weekday, week_offset: i64) -> Option<Date> {
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

/// Day before month, as Hebrew says it. What was left out is the nearest that is still ahead.
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
            .find(|date| *date > today),
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

/// A part of the day that the caller named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartOfDay {
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
}

impl PartOfDay {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "morning" => Self::Morning,
            "noon" => Self::Noon,
            "afternoon" => Self::Afternoon,
            "evening" => Self::Evening,
            "night" => Self::Night,
            _ => return None,
        })
    }
}

/// An hour as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaidTime {
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) part_of_day: Option<PartOfDay>,
}

impl SaidTime {
    /// The hour that was meant on the wall clock. A named part of the day wins even when it is closed then; a
    /// bare hour is read by the opening hours if they leave one reading, and else as people mean it: 1 to 7
    /// after noon, 8 to 11 in the morning, 12 at noon.
    pub(crate) fn resolve(self, settings: &AppointmentSettings) -> Option<Time> {
        let hour = u8::try_from(self.hour).ok()?;
        let minute = u8::try_from(self.minute).ok()?;
        let hour = match hour {
            0 | 13..=23 => hour,
            1..=12 => match self.part_of_day {
                Some(part) => in_part_of_day(hour, part),
                None => bare_hour(hour, minute, settings),
            },
            _ => return None,
        };
        Time::from_hms(hour, minute, 0).ok()
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

fn bare_hour(hour: u8, minute: u8, settings: &AppointmentSettings) -> u8 {
    let (before_noon, after_noon) = if hour == 12 {
        (0, 12)
    } else {
        (hour, hour + 12)
    };
    let open =
        |hour| Time::from_hms(hour, minute, 0).is_ok_and(|time| settings.ever_opens_at(time));
    match (open(before_noon), open(after_noon)) {
        (true, false) => before_noon,
        (false, true) => after_noon,
        _ if (8..=11).contains(&hour) => before_noon,
        _ => after_noon,
    }
}
