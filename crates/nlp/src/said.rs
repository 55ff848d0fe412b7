//! The days and hours of an answer, as the schema writes them.

use serde_json::Value;
use time::{Date, Time, format_description::FormatItem, macros::format_description};
use toran_domain::PartOfDay;

use crate::{
    holiday::{Relation, SaidHoliday, holiday_named},
    resolve::{SaidDate, SaidTime, weekday_from_word},
};

const ISO_DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");
const CLOCK: &[FormatItem<'_>] = format_description!("[hour]:[minute]");

/// The words of an answer's day or hour: what it pretends to quote.
pub(crate) fn words(value: &Value) -> &str {
    value
        .get("words")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The day that an answer names, in the schema's forms or as a plain date; `None` for what is neither.
pub(crate) fn date(value: &Value, today: Date) -> Option<SaidDate> {
    if let Some(text) = value.as_str() {
        return Date::parse(text.trim(), ISO_DATE).ok().map(SaidDate::Iso);
    }
    let weekday = word(value, "weekday").and_then(weekday_from_word);
    if let Some(name) = word(value, "holiday") {
        return holiday(value, name, today, weekday);
    }
    if let Some(day) = int(value, "day") {
        return Some(SaidDate::Calendar {
            day,
            month: int(value, "month"),
            year: int(value, "year"),
            weekday,
        });
    }
    if let Some(weekday) = weekday {
        return Some(SaidDate::Weekday {
            weekday,
            week_offset: int(value, "week_offset").unwrap_or(0),
        });
    }
    int(value, "days_from_now").map(SaidDate::DaysFromNow)
}

fn holiday(
    value: &Value,
    name: &str,
    today: Date,
    weekday: Option<time::Weekday>,
) -> Option<SaidDate> {
    let (holiday, of_its_name) = holiday_named(name, today)?;
    let relation = match word(value, "relation") {
        Some(relation) => Relation::from_word(relation)?,
        None => Relation::On,
    };
    // The name "אסרו חג" says after by itself.
    let relation = of_its_name
        .filter(|_| relation == Relation::On)
        .unwrap_or(relation);
    Some(SaidDate::Holiday(SaidHoliday {
        holiday,
        relation,
        nth: int(value, "day_of_holiday"),
        weekday,
    }))
}

/// What an answer says of the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSaid {
    Exactly(SaidTime),
    /// A part of the day and no hour.
    Part(PartOfDay),
}

/// The hour that an answer names, in the schema's forms or as a plain "16:30"; `None` for what is neither.
pub(crate) fn time(value: &Value) -> Option<TimeSaid> {
    if let Some(text) = value.as_str() {
        let time = Time::parse(text.trim(), CLOCK).ok()?;
        return Some(TimeSaid::Exactly(SaidTime::Hour {
            hour: time.hour(),
            minute: time.minute(),
            part: None,
            clock: true,
        }));
    }
    let part = word(value, "part_of_day")
        .and_then(|word| PartOfDay::from_word(&word.trim().to_lowercase()));
    if let Some(hour) = int(value, "hour") {
        return Some(TimeSaid::Exactly(SaidTime::Hour {
            hour: u8::try_from(hour).ok()?,
            minute: u8::try_from(int(value, "minute").unwrap_or(0)).ok()?,
            part,
            clock: flag(value, "by_clock"),
        }));
    }
    if let Some(minutes) = int(value, "minutes_from_now") {
        return Some(TimeSaid::Exactly(SaidTime::MinutesFromNow(minutes)));
    }
    if flag(value, "same_hour") {
        return Some(TimeSaid::Exactly(SaidTime::Same));
    }
    part.map(TimeSaid::Part)
}

fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn int(value: &Value, key: &str) -> Option<i64> {
    value.get(key).and_then(Value::as_i64)
}
