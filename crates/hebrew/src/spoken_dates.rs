//! The days that one of our own sentences names.

use time::{Date, Month, Weekday};
use unicode_normalization::UnicodeNormalization;

use crate::{
    month_name, normalise,
    spoken::{MASCULINE, Read, number, spelling},
    weekday_name, words,
};

/// A day as far as a sentence names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpokenDate {
    /// "ביום שלישי".
    Weekday(Weekday),
    /// "ב-24 לחודש".
    Day(u8),
    /// "24.11", "24 בנובמבר".
    DayOfMonth(u8, Month),
    /// "24.11.2026", "2026-11-24".
    Full(Date),
}

impl SpokenDate {
    /// Whether a date is one of those that are meant.
    pub fn fits(self, date: Date) -> bool {
        match self {
            Self::Weekday(day) => date.weekday() == day,
            Self::Day(day) => date.day() == day,
            Self::DayOfMonth(day, month) => date.day() == day && date.month() == month,
            Self::Full(full) => date == full,
        }
    }
}

/// The days named in an *assistant's own* sentence, so that a guard may hold them against a booking.
///
/// Read are weekdays ("יום שלישי", "בשלישי", "יום ג'", "שבת"), dates in digits ("24.11", "24/11/2026",
/// "2026-11-24"), and days of a month in digits or words ("24 בנובמבר", "בעשרים וארבעה בנובמבר",
/// "ה-24 לחודש"). Days that need a calendar ("מחר") are not. Those in digits alone come first, the others
/// follow in order of mention.
///
/// Like [`crate::times_spoken`], it is not a parser of callers' words.
pub fn dates_spoken(text: &str) -> Vec<SpokenDate> {
    let mut found = written(text);
    let text = normalise(text);
    let tokens: Vec<String> = words(&text).map(spelling).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut at = 0;
    while at < tokens.len() {
        match day_of_month(&tokens[at..]).or_else(|| weekday(&tokens[at..])) {
            Some((date, length)) => {
                found.push(date);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// The dates in digits alone.
fn written(text: &str) -> Vec<SpokenDate> {
    let text: String = text.nfkc().collect();
    let is_sign = |c: char| matches!(c, '.' | '/' | '-');
    let mut found = Vec::new();
    let mut rest = text.as_str();
    let mut before = "";
    while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[begin..]
            .find(|c: char| !c.is_ascii_digit() && !is_sign(c))
            .unwrap_or(rest.len() - begin);
        before = words_before(&rest[..begin]).unwrap_or(before);
        let (run, after) = rest[begin..].split_at(length);
        let in_a_clock = after.starts_with(':') || rest[..begin].ends_with(':');
        let counts = ["שעות", "שעה", "שקל", "ש\"ח", "אחוז", "%"];
        let after_it = after.trim_start();
        if !in_a_clock
            && !before.ends_with("שעה")
            && !counts.iter().any(|unit| after_it.starts_with(unit))
        {
            found.extend(in_digits(run.trim_end_matches(is_sign)));
        }
        rest = after;
    }
    found
}

/// The last word of a stretch, without the glued "ב-".
fn words_before(text: &str) -> Option<&str> {
    text.split_whitespace()
        .rev()
        .find(|word| !matches!(*word, "ב-" | "-" | "ב"))
}

/// "24.11", "24/11/26", "2026-11-24".
fn in_digits(run: &str) -> Option<SpokenDate> {
    let parts: Vec<u16> = run
        .split(['.', '/', '-'])
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match *parts.as_slice() {
        // "10-11" is a range, no date.
        [day, month] if !run.contains('-') => Some(SpokenDate::DayOfMonth(
            day_number(day)?,
            month_number(month)?,
        )),
        [year @ 1000..=9999, month, day] | [day, month, year] => {
            let year = if year < 100 { 2000 + year } else { year };
            let date =
                Date::from_calendar_date(year.into(), month_number(month)?, day_number(day)?);
            date.ok().map(SpokenDate::Full)
        }
        _ => None,
    }
}

/// "24 בנובמבר", "בעשרים וארבעה בנובמבר", "הראשון לחודש", "ה-24".
fn day_of_month(tokens: &[&str]) -> Read<SpokenDate> {
    if let ["ה", digits, rest @ ..] = tokens {
        let day = digits.parse().ok().and_then(day_number)?;
        let (date, length) = in_month(day, rest).unwrap_or((SpokenDate::Day(day), 0));
        return Some((date, 2 + length));
    }
    let (&first, rest) = tokens.split_first()?;
    let first = first.strip_prefix('ו').unwrap_or(first);
    ["", "ב", "ה", "ל"].iter().find_map(|prefix| {
        let bare: Vec<&str> = std::iter::once(first.strip_prefix(prefix)?)
            .chain(rest.iter().copied())
            .collect();
        let (day, length) = match bare[0].parse() {
            Ok(day) => (day_number(day)?, 1),
            Err(_) if bare[0] == "ראשונ" => (1, 1),
            Err(_) => {
                let (day, length) = number(&bare, &MASCULINE)?;
                (day.try_into().ok().and_then(day_number)?, length)
            }
        };
        let (date, month_length) = in_month(day, &bare[length..])?;
        Some((date, length + month_length))
    })
}

/// The month that a day is followed by.
fn in_month(day: u8, tokens: &[&str]) -> Read<SpokenDate> {
    // "ב-24 בנובמבר", but also "24 ב-נובמבר".
    let glue = usize::from(matches!(tokens.first(), Some(&("ב" | "ל"))));
    let word = *tokens.get(glue)?;
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    if bare == "חודש" {
        return Some((SpokenDate::Day(day), glue + 1));
    }
    let month = MONTHS.into_iter().find(|month| {
        let name = normalise(month_name(*month));
        bare == spelling(&name) || (*month == Month::March && bare == "מרס")
    })?;
    Some((SpokenDate::DayOfMonth(day, month), glue + 1))
}

/// "יום שלישי", "בשלישי", "שבת", "יום ג".
fn weekday(tokens: &[&str]) -> Read<SpokenDate> {
    let (&first, rest) = tokens.split_first()?;
    let first = first.strip_prefix('ו').unwrap_or(first);
    if matches!(first, "יומ" | "ביומ" | "ליומ") {
        let next = *rest.first()?;
        let followed_by_digits = rest
            .get(1)
            .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let day = named(next).or_else(|| lettered(next).filter(|_| !followed_by_digits))?;
        return Some((SpokenDate::Weekday(day), 2));
    }
    let day = named(first.strip_prefix(['ב', 'ל']).unwrap_or(first))?;
    let has_glue = first.starts_with(['ב', 'ל']);
    let next = rest.first().copied().unwrap_or_default();
    let counts = match day {
        // "בשני המקרים", "בראשון לציון", "תור ראשון".
        Weekday::Monday => next.ends_with("ימ") || next.starts_with('ה') && !is_pointing(next),
        Weekday::Sunday => next == "לציונ",
        _ => false,
    };
    let may_stand_alone = day == Weekday::Saturday;
    ((has_glue || may_stand_alone) && !counts).then_some((SpokenDate::Weekday(day), 1))
}

fn is_pointing(word: &str) -> bool {
    matches!(word, "הקרוב" | "הבא" | "הזה")
}

fn named(word: &str) -> Option<Weekday> {
    WEEK.into_iter()
        .find(|day| spelling(&normalise(weekday_name(*day))) == word)
}

fn lettered(word: &str) -> Option<Weekday> {
    let at = ["א", "ב", "ג", "ד", "ה", "ו", "ש"]
        .iter()
        .position(|letter| *letter == word)?;
    WEEK.get(at).copied()
}

fn day_number(day: u16) -> Option<u8> {
    u8::try_from(day).ok().filter(|day| (1..=31).contains(day))
}

fn month_number(month: u16) -> Option<Month> {
    u8::try_from(month).ok()?.try_into().ok()
}

const WEEK: [Weekday; 7] = [
    Weekday::Sunday,
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
];

const MONTHS: [Month; 12] = [
    Month::January,
    Month::February,
    Month::March,
    Month::April,
    Month::May,
    Month::June,
    Month::July,
    Month::August,
    Month::September,
    Month::October,
    Month::November,
    Month::December,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::date};

    use super::{SpokenDate::*, *};
    use crate::{date_words, date_words_with_year};

    #[track_caller]
    fn check(sentence: &str, expect: &[SpokenDate]) {
        assert_eq!(dates_spoken(sentence), expect, "{sentence}");
    }

    #[test]
    fn dates_in_digits() {
        let november = DayOfMonth(24, Month::November);
        check("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.", &[november]);
        check("ב-24/11.", &[november]);
        check("ב24.11, בעשר", &[november]);
        check("24.11.2026", &[Full(date!(2026 - 11 - 24))]);
        check("24/11/26", &[Full(date!(2026 - 11 - 24))]);
        check("2026-11-24", &[Full(date!(2026 - 11 - 24))]);
        check("31.2.2026 או 2026-13-01", &[]);
        check("ב-24 בנובמבר", &[november]);
        check("ה-24 לחודש", &[Day(24)]);
        check("ב-24 לחודש", &[Day(24)]);
        check("ביום ה-24", &[Day(24)]);
    }

    #[test]
    fn dates_in_words() {
        check("ביום שלישי", &[Weekday(time::Weekday::Tuesday)]);
        check("קבעתי לך לשלישי", &[Weekday(time::Weekday::Tuesday)]);
        check("ביום ג' בעשר", &[Weekday(time::Weekday::Tuesday)]);
        check(
            "בשישי או בשבת",
            &[
                Weekday(time::Weekday::Friday),
                Weekday(time::Weekday::Saturday),
            ],
        );
        check("בשני הקרוב", &[Weekday(time::Weekday::Monday)]);
        check("בעשרים וארבעה בנובמבר", &[DayOfMonth(24, Month::November)]);
        check("בראשון במרס", &[DayOfMonth(1, Month::March)]);
    }

    #[test]
    fn what_is_no_date() {
        for sentence in [
            "",
            "בשעה 10:30",
            "בשעה 10.10",
            "2.5 שעות",
            "99.90",
            "מ-9-11",
            "050-123-4567",
            "בשני המקרים",
            "בראשון לציון",
            "תור ראשון",
            "באותו יום ב-10:30",
            "מחר",
        ] {
            check(sentence, &[]);
        }
    }

    proptest! {
        #[test]
        fn our_own_dates_are_read_back(days in 0_i64..1500) {
            let date = date!(2026 - 01 - 01) + Duration::days(days);
            let read = dates_spoken(&date_words(date));
            prop_assert_eq!(&read, &[Weekday(date.weekday()), DayOfMonth(date.day(), date.month())]);
            prop_assert!(read.into_iter().all(|read| read.fits(date)));
            let next = date + Duration::days(1);
            prop_assert!(!dates_spoken(&date_words_with_year(date)).into_iter().any(|read| read.fits(next)));
        }

        #[test]
        fn any_text_is_taken(text in ".{0,80}", digits in "[0-9./: -]{0,30}") {
            let _ = dates_spoken(&text);
            let _ = dates_spoken(&digits);
        }
    }
}
