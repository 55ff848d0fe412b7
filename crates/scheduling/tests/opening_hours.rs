//! Opening hours held against OpenStreetMap's, as the crate `opening-hours` evaluates them: a second implementation
//! by others, on the rules that both can express. Theirs knows neither appointments nor Israel's holidays.
//!
//! One difference is known and not copied: there, a rule about a day (`;`) also cuts what the day before has after
//! midnight. So late nights are compared only where nothing is said of the morning after.

use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use opening_hours::{OpeningHours, RuleKind};
use proptest::prelude::*;
use time::{Date, Duration, UtcDateTime, Weekday, macros::date};
use toran_scheduling::{
    AppointmentSettings, ClockTime, Closure, DateSpan, DayHours, FullForm, Opening, SpecialHours,
    TimeZoneName, WeeklyHours,
};

const FIRST: Date = date!(2026 - 01 - 01);
const DAYS: i64 = 120;

/// A zone without changes of the clock, at UTC: what is local here is local there.
fn zone() -> TimeZoneName {
    "Africa/Abidjan".parse().expect("a zone")
}

fn opening(from: u16, to: u16) -> Opening {
    let clock = |minutes| ClockTime::from_minutes(minutes).expect("within two days");
    Opening::new(clock(from), clock(to)).expect("in order")
}

fn any_day() -> impl Strategy<Value = DayHours> {
    prop::collection::vec((0_u16..288, 1_u16..100), 0..=4).prop_map(|openings| {
        let mut free_from = 0;
        let mut hours = Vec::new();
        for (from, length) in openings {
            // A gap of five minutes: there, openings that touch are one.
            let (from, to) = (from * 5, (from + length).min(288) * 5);
            if from >= free_from && from < to {
                hours.push(opening(from, to));
                free_from = to + 5;
            }
        }
        DayHours::new(hours).expect("they follow each other")
    })
}

fn week() -> impl Iterator<Item = Weekday> {
    std::iter::successors(Some(Weekday::Sunday), |day| Some(day.next())).take(7)
}

/// A day of one or a few dates, counted from the first.
fn any_span() -> impl Strategy<Value = DateSpan> {
    (0..DAYS, 0_i64..5).prop_map(|(from, days)| {
        let from = FIRST + Duration::days(from);
        DateSpan::new(from, from + Duration::days(days)).expect("in order")
    })
}

fn written(day: &DayHours) -> String {
    if day.is_closed() {
        return "off".to_owned();
    }
    let openings: Vec<String> = day.openings().iter().map(ToString::to_string).collect();
    openings.join(",")
}

fn dates(span: DateSpan) -> String {
    let day = |date: Date| {
        format!(
            "{} {} {:02}",
            date.year(),
            &date.month().to_string()[..3],
            date.day()
        )
    };
    format!("{}-{}", day(span.from()), day(span.to()))
}

/// The same rules in OpenStreetMap's words: later ones outweigh earlier ones.
fn in_their_words(form: &FullForm) -> String {
    let mut text = String::new();
    for (day, hours) in form.hours.iter() {
        let _ = write!(text, "{} {}; ", &day.to_string()[..2], written(hours));
    }
    for closure in &form.closures {
        let _ = write!(text, "{} off; ", dates(closure.dates));
    }
    for special in &form.special_hours {
        let _ = write!(
            text,
            "{} {}; ",
            dates(special.dates),
            written(&special.hours)
        );
    }
    text.trim_end_matches("; ").to_owned()
}

fn ours(settings: &AppointmentSettings) -> Vec<(i64, i64)> {
    let at = |date: Date| date.midnight().as_utc();
    let ranges = settings.open_ranges(at(FIRST), at(FIRST + Duration::days(DAYS)));
    let second = |at: UtcDateTime| at.unix_timestamp();
    ranges
        .into_iter()
        .map(|(from, to)| (second(from), second(to)))
        .collect()
}

fn theirs(text: &str) -> Vec<(i64, i64)> {
    let hours: OpeningHours = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let from = NaiveDate::from_ymd_opt(2026, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let from = from.expect("a day");
    let second = |at: NaiveDateTime| at.and_utc().timestamp();
    let mut open: Vec<(i64, i64)> = Vec::new();
    for part in hours.iter_range(from, from + TimeDelta::days(DAYS)) {
        if part.kind == RuleKind::Open {
            let (from, to) = (second(part.range.start), second(part.range.end));
            match open.last_mut() {
                Some((_, end)) if *end == from => *end = to,
                _ => open.push((from, to)),
            }
        }
    }
    open
}

#[track_caller]
fn check(form: FullForm) -> Result<(), TestCaseError> {
    let text = in_their_words(&form);
    let settings = AppointmentSettings::try_from(form);
    // Two closures may be about the same day, which ours does not take.
    prop_assume!(settings.is_ok());
    let settings = settings.expect("checked just now");
    prop_assert_eq!(ours(&settings), theirs(&text), "{}", text);
    Ok(())
}

proptest! {
    #[test]
    fn weeks_closures_and_special_hours_agree(
        days in prop::collection::vec(any_day(), 7),
        closures in prop::collection::vec(any_span(), 0..4),
        special in prop::collection::vec((any_span(), any_day()), 0..4),
    ) {
        let hours = WeeklyHours::new(week().zip(days)).expect("within their days");
        let mut form = FullForm::new(zone(), hours, 5);
        form.closures = closures.into_iter().map(|dates| Closure { dates }).collect();
        form.special_hours = special
            .into_iter()
            .map(|(dates, hours)| SpecialHours { dates, hours })
            .collect();
        check(form)?;
    }

    #[test]
    fn late_nights_before_mornings_of_which_nothing_is_said_agree(
        start in 12_u16..288, length in 1_u16..=288, days in prop::sample::subsequence(vec![0_usize, 2, 4], 1..=3),
    ) {
        let night = DayHours::one(opening(start * 5, (start + length) * 5));
        let named = week().enumerate().filter(|(index, _)| days.contains(index));
        let hours = WeeklyHours::new(named.map(|(_, day)| (day, night.clone()))).expect("a day lies between");
        let form = FullForm::new(zone(), hours.clone(), 5);
        let words: Vec<String> = hours
            .iter()
            .filter(|(_, hours)| !hours.is_closed())
            .map(|(day, hours)| format!("{} {}", &day.to_string()[..2], written(hours)))
            .collect();
        let settings = AppointmentSettings::try_from(form).expect("settings");
        let (ours, mut theirs) = (ours(&settings), theirs(&words.join("; ")));
        // Ours may begin with the end of a night of the year before, and so may theirs.
        theirs.retain(|(from, to)| from < to);
        prop_assert_eq!(ours, theirs);
    }
}
