//! Days and dates as they are said and written.

use time::{Date, Month, Time, Weekday};

use crate::time_words;

/// The name of a day of the week: "ראשון" to "שישי", "שבת".
pub const fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "ראשון",
        Weekday::Monday => "שני",
        Weekday::Tuesday => "שלישי",
        Weekday::Wednesday => "רביעי",
        Weekday::Thursday => "חמישי",
        Weekday::Friday => "שישי",
        Weekday::Saturday => "שבת",
    }
}

/// A day of the week as a day: "יום ראשון", and plain "שבת".
pub const fn day_words(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "יום ראשון",
        Weekday::Monday => "יום שני",
        Weekday::Tuesday => "יום שלישי",
        Weekday::Wednesday => "יום רביעי",
        Weekday::Thursday => "יום חמישי",
        Weekday::Friday => "יום שישי",
        Weekday::Saturday => "שבת",
    }
}

/// The name of a month: "נובמבר".
pub const fn month_name(month: Month) -> &'static str {
    match month {
        Month::January => "ינואר",
        Month::February => "פברואר",
        Month::March => "מרץ",
        Month::April => "אפריל",
        Month::May => "מאי",
        Month::June => "יוני",
        Month::July => "יולי",
        Month::August => "אוגוסט",
        Month::September => "ספטמבר",
        Month::October => "אוקטובר",
        Month::November => "נובמבר",
        Month::December => "דצמבר",
    }
}

/// A date without its year: "יום שלישי, 24 בנובמבר".
pub fn date_words(date: Date) -> String {
    format!(
        "{}, {} ב{}",
        day_words(date.weekday()),
        date.day(),
        month_name(date.month())
    )
}

/// A date with its year: "יום שלישי, 24 בנובמבר 2026".
pub fn date_words_with_year(date: Date) -> String {
    format!("{} {}", date_words(date), date.year())
}

/// A day and an hour as they are said: "יום שלישי, 24 בנובמבר, בשעה ארבע וחצי אחר הצהריים".
pub fn moment_words(date: Date, time: Time) -> String {
    format!("{}, בשעה {}", date_words(date), time_words(time))
}

/// Days of the week as words, Sunday first: three or more in a row as "ראשון עד שישי", others as a list,
/// "ראשון, שלישי וחמישי". Nothing for no day.
pub fn day_range_words(days: impl Iterator<Item = Weekday>) -> String {
    let parts: Vec<String> = runs(days)
        .into_iter()
        .map(|run| match run {
            (first, None) => weekday_name(first).to_owned(),
            (first, Some(last)) => format!("{} עד {}", weekday_name(first), weekday_name(last)),
        })
        .collect();
    match parts.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} ו{last}", others.join(", ")),
    }
}

/// Days of the week by their letters, Sunday first: "א'-ו'", or "א', ג', ה'". Saturday is "ש'".
pub fn day_range_letters(days: impl Iterator<Item = Weekday>) -> String {
    let parts: Vec<String> = runs(days)
        .into_iter()
        .map(|run| match run {
            (first, None) => format!("{}'", letter(first)),
            (first, Some(last)) => format!("{}'-{}'", letter(first), letter(last)),
        })
        .collect();
    parts.join(", ")
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

/// The days in the week's order, those that follow each other joined from three on: (first, last).
fn runs(days: impl Iterator<Item = Weekday>) -> Vec<(Weekday, Option<Weekday>)> {
    let wanted: Vec<Weekday> = days.collect();
    let days: Vec<Weekday> = WEEK
        .into_iter()
        .filter(|day| wanted.contains(day))
        .collect();
    days.chunk_by(|day, following| day.next() == *following)
        .flat_map(|run| match *run {
            [first, _, .., last] if run.len() > 2 => vec![(first, Some(last))],
            _ => run.iter().map(|day| (*day, None)).collect(),
        })
        .collect()
}

const fn letter(day: Weekday) -> char {
    match day {
        Weekday::Sunday => 'א',
        Weekday::Monday => 'ב',
        Weekday::Tuesday => 'ג',
        Weekday::Wednesday => 'ד',
        Weekday::Thursday => 'ה',
        Weekday::Friday => 'ו',
        Weekday::Saturday => 'ש',
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};

    use super::*;

    #[test]
    fn a_date_is_said_with_its_day() {
        assert_eq!(date_words(date!(2026 - 11 - 24)), "יום שלישי, 24 בנובמבר");
        assert_eq!(date_words(date!(2026 - 11 - 28)), "שבת, 28 בנובמבר");
        assert_eq!(
            date_words_with_year(date!(2027 - 03 - 01)),
            "יום שני, 1 במרץ 2027"
        );
        assert_eq!(
            moment_words(date!(2026 - 11 - 24), time!(16:30)),
            "יום שלישי, 24 בנובמבר, בשעה ארבע וחצי אחר הצהריים"
        );
    }

    #[track_caller]
    fn check(days: &[u8], words: &str, letters: &str) {
        let days = days.iter().map(|day| WEEK[usize::from(*day)]);
        assert_eq!(day_range_words(days.clone()), words);
        assert_eq!(day_range_letters(days), letters);
    }

    #[test]
    fn days_in_a_row_are_joined() {
        check(&[], "", "");
        check(&[6], "שבת", "ש'");
        check(&[0, 1, 2, 3, 4, 5], "ראשון עד שישי", "א'-ו'");
        check(&[4, 3, 2, 1, 0, 0], "ראשון עד חמישי", "א'-ה'");
        check(&[0, 1], "ראשון ושני", "א', ב'");
        check(&[0, 2, 4], "ראשון, שלישי וחמישי", "א', ג', ה'");
        check(
            &[0, 1, 2, 4, 5],
            "ראשון עד שלישי, חמישי ושישי",
            "א'-ג', ה', ו'",
        );
        check(
            &[0, 1, 2, 4, 5, 6],
            "ראשון עד שלישי וחמישי עד שבת",
            "א'-ג', ה'-ש'",
        );
        check(&[0, 1, 2, 3, 4, 5, 6], "ראשון עד שבת", "א'-ש'");
    }
}
