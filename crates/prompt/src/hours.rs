//! A business's days and hours, as the prompt states them.

use std::fmt::Write as _;

use time::{Date, Duration};
use toran_hebrew as hebrew;
use toran_scheduling::{
    AppointmentSettings, ClockTime, DEFAULT_HORIZON_DAYS, DayHours, Holiday, HolidayRule, Opening,
};

use crate::sentences;

/// How many days ahead days that are unlike their weekday are told.
const DAYS_AHEAD: i64 = 60;
/// How many of them are told at most: each costs tokens in every turn.
const MAX_SPECIAL_DAYS: usize = 12;

/// The section of the prompt on days and hours. `today` is the business's own.
pub(crate) fn hours(settings: &AppointmentSettings, today: Date) -> String {
    let days = settings.active_days();
    let mut text = format!(
        "# שעות וימים\n{} {}\n{} {} ({})\n",
        sentences::HOURS,
        weekly_hours(settings),
        sentences::DAYS,
        hebrew::day_range_letters(days.iter()),
        hebrew::day_range_words(days.iter()),
    );
    let special = special_days(settings, today);
    if !special.is_empty() {
        let _ = writeln!(
            text,
            "ימים מיוחדים בקרוב, שבהם השעות אחרות: {}.",
            special.join("; ")
        );
    }
    let _ = writeln!(text, "פגישה נמשכת {} דקות.", settings.appointment_minutes());
    text.push_str(&limits(settings));
    text.push_str(sentences::ONLY_WITHIN_RANGE);
    text.push_str("\nהמועדים הפנויים באמת מגיעים רק באירוע מהשרת: לא לנחש מועד פנוי.");
    text
}

/// The same hours on every day are stated once; others day by day: "א'-ה' 09:00–18:00; ו' 09:00–13:00".
fn weekly_hours(settings: &AppointmentSettings) -> String {
    let groups = settings.form().hours.groups();
    if let [(_, hours)] = groups.as_slice() {
        return written(hours);
    }
    let groups = groups.into_iter().map(|(days, hours)| {
        let days = hebrew::day_range_letters(days.iter());
        format!("{days} {}", written(hours))
    });
    groups.collect::<Vec<_>>().join("; ")
}

/// The coming days whose hours are not those of their weekday, and why if it is a holiday. Days with the same hours that
/// follow each other, but for days that are like that anyway, are told as one range.
fn special_days(settings: &AppointmentSettings, today: Date) -> Vec<String> {
    let mut runs: Vec<Run> = Vec::new();
    // Whether the last run still goes on.
    let mut goes_on = false;
    for date in (0..DAYS_AHEAD).map_while(|days| today.checked_add(Duration::days(days))) {
        let hours = settings.hours_on(date);
        let usual = hours == *settings.form().hours.on(date.weekday());
        // A holiday is named where the business does something on it.
        let rules = &settings.form().holidays;
        let holiday = Holiday::on(date).filter(|day| !usual && rules.on(*day) != HolidayRule::Open);
        match runs.last_mut().filter(|_| goes_on) {
            Some(run) if usual => goes_on = run.hours == hours,
            Some(run) if run.hours == hours && run.holiday == holiday => run.last = date,
            _ if usual => {}
            _ => {
                goes_on = true;
                runs.push(Run {
                    first: date,
                    last: date,
                    hours,
                    holiday,
                });
            }
        }
    }
    let more = runs.len() > MAX_SPECIAL_DAYS;
    let mut told: Vec<String> = runs
        .iter()
        .take(MAX_SPECIAL_DAYS)
        .map(Run::written)
        .collect();
    if more {
        told.push("ויש עוד, שלא נמנו כאן".to_owned());
    }
    told
}

/// Days with the same hours, which are not those of their weekdays.
struct Run {
    first: Date,
    last: Date,
    hours: DayHours,
    holiday: Option<Holiday>,
}

impl Run {
    fn written(&self) -> String {
        let mut days = hebrew::date_words(self.first);
        if self.last > self.first {
            let _ = write!(days, " עד {}", hebrew::date_words(self.last));
        }
        if let Some(holiday) = self.holiday {
            let _ = write!(days, " ({})", holiday.hebrew_name());
        }
        format!("{days}: {}", written(&self.hours))
    }
}

/// What else narrows the range, where it is not what one would expect.
fn limits(settings: &AppointmentSettings) -> String {
    let form = settings.form();
    let mut text = String::new();
    match form.minimum_notice_minutes {
        0 => {}
        60 => text.push_str("קובעים לפחות שעה מראש.\n"),
        minutes if minutes % 60 == 0 => {
            let _ = writeln!(text, "קובעים לפחות {} שעות מראש.", minutes / 60);
        }
        minutes => {
            let _ = writeln!(text, "קובעים לפחות {minutes} דקות מראש.");
        }
    }
    if form.booking_horizon_days != DEFAULT_HORIZON_DAYS {
        let _ = writeln!(text, "קובעים עד {} ימים קדימה.", form.booking_horizon_days);
    }
    text
}

fn written(hours: &DayHours) -> String {
    if hours.is_closed() {
        return "סגור".to_owned();
    }
    let openings = hours.openings().iter().copied().map(opening);
    openings.collect::<Vec<_>>().join(", ")
}

fn opening(opening: Opening) -> String {
    if opening.to() > ClockTime::END_OF_DAY {
        let to = hebrew::clock(opening.to().time());
        format!("{}–{to} למחרת", opening.from())
    } else {
        format!("{}–{}", opening.from(), opening.to())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[track_caller]
    fn check(fields: &str, expect: &str) {
        let json =
            format!(r#"{{"time_zone":"Asia/Jerusalem","slot_interval_minutes":30,{fields}}}"#);
        let settings: AppointmentSettings = serde_json::from_str(&json).unwrap();
        let text = hours(&settings, date!(2027 - 04 - 18));
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn hours_are_stated_once_or_day_by_day() {
        check(
            r#""hours":{"sunday":["09:00-13:00","16:00-19:00"],"monday":["09:00-13:00","16:00-19:00"]}"#,
            "אלה שעות הפעילות של העסק: 09:00–13:00, 16:00–19:00\nאלה ימי הפעילות: א', ב' (ראשון ושני)\nפגישה נמשכת 30 דקות.\nתן שעות",
        );
        check(
            r#""hours":{"sunday":["09:00-18:00"],"monday":["09:00-18:00"],"tuesday":["09:00-18:00"],"thursday":["20:00-26:00"],"friday":["09:00-13:00"]}"#,
            "אלה שעות הפעילות של העסק: א'-ג' 09:00–18:00; ה' 20:00–02:00 למחרת; ו' 09:00–13:00\n",
        );
    }

    #[test]
    fn days_that_are_unlike_their_weekday_are_told_with_their_holiday() {
        check(
            r#""hours":{"wednesday":["09:00-24:00"],"thursday":["09:00-18:00"]},
               "holidays":{"eve_of_pesach":{"until":"12:00"},"pesach":"closed","hanukkah":"closed"},
               "closures":[{"from":"2027-05-05"}],"special_hours":[{"from":"2027-05-14","hours":["10:00-12:00"]}]"#,
            "ימים מיוחדים בקרוב, שבהם השעות אחרות: יום רביעי, 21 באפריל (ערב פסח): 09:00–12:00; יום חמישי, 22 באפריל (פסח): סגור; יום רביעי, 5 במאי: סגור; יום שישי, 14 במאי: 10:00–12:00.\n",
        );
    }

    #[test]
    fn a_closure_of_weeks_is_told_in_one_piece() {
        // Saturdays are closed anyway; the Friday after is short, and that is told too.
        check(
            r#""hours":{"sunday":["09:00-18:00"],"monday":["09:00-18:00"],"tuesday":["09:00-18:00"],"wednesday":["09:00-18:00"],"thursday":["09:00-18:00"],"friday":["09:00-18:00"]},
               "closures":[{"from":"2027-05-02","to":"2027-05-15"}],"special_hours":[{"from":"2027-05-21","hours":["09:00-12:00"]}]"#,
            "ימים מיוחדים בקרוב, שבהם השעות אחרות: יום ראשון, 2 במאי עד יום שישי, 14 במאי: סגור; יום שישי, 21 במאי: 09:00–12:00.\n",
        );
    }

    #[test]
    fn limits_are_told_where_they_are_unusual() {
        let week = r#""hours":{"sunday":["09:00-18:00"]}"#;
        check(
            &format!(
                r#"{week},"minimum_notice_minutes":120,"booking_horizon_days":14,"appointment_minutes":45"#
            ),
            "פגישה נמשכת 45 דקות.\nקובעים לפחות 2 שעות מראש.\nקובעים עד 14 ימים קדימה.\nתן שעות",
        );
        check(
            &format!(r#"{week},"minimum_notice_minutes":60"#),
            "קובעים לפחות שעה מראש.\n",
        );
        check(
            &format!(r#"{week},"minimum_notice_minutes":45"#),
            "קובעים לפחות 45 דקות מראש.\n",
        );
    }
}
