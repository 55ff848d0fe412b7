//! Days that are named by their number in a month.

use time::{Date, Month};

use super::{Bearing, kind::Kind, mentions::Mention};
use crate::said::{
    foreign,
    numbers::{Gender, cardinal, ordinal},
    tokens::{Tokens, is_number},
};

/// "24.11", "24/11/26", "2026-11-24", "24 november".
pub(super) fn in_digits(tokens: &Tokens, at: usize) -> Option<Mention> {
    let number = tokens.text(at);
    if let Some(month) = foreign::month(number) {
        let day = day_number(tokens.text(at + 1))?;
        return Some(Mention::sure(Kind::DayOfMonth(day, month), 2));
    }
    // "פברואר 15", as people read a calendar.
    if let Some(month) = month_named(number.strip_prefix(['ב', 'ל']).unwrap_or(number)) {
        let day = day_number(tokens.text(at + 1))?;
        return Some(Mention::sure(Kind::DayOfMonth(day, month), 2));
    }
    if !is_number(number) || number.contains(':') {
        return None;
    }
    let after_an_hour = tokens.before(at).ends_with("שעה");
    let parts: Vec<&str> = number.split(['.', '/', '-']).collect();
    match *parts.as_slice() {
        [day] => {
            let month = foreign::month(tokens.text(at + 1))?;
            Some(Mention::sure(Kind::DayOfMonth(day_number(day)?, month), 2))
        }
        [day, month]
            if !number.contains('-') && !after_an_hour && !is_counted_behind(tokens, at) =>
        {
            let kind = Kind::DayOfMonth(day_number(day)?, month_number(month)?);
            // "8.10" may be a day or an hour; "24.11" and "7/12" may not.
            let certain = number.contains('/')
                || month.len() == 1
                || day.parse().is_ok_and(|day: u8| day > 24);
            Some(Mention {
                bearing: bearing(certain || !is_like_minutes(month)),
                ..Mention::sure(kind, 1)
            })
        }
        [first, second, third] => {
            let (year, month, day) = if first.len() == 4 {
                (first, second, third)
            } else {
                (third, second, first)
            };
            let year: i32 = year.parse().ok().filter(|_| matches!(year.len(), 2 | 4))?;
            let year = if year < 100 { 2000 + year } else { year };
            let month = Month::try_from(month_number(month)?).ok()?;
            let date = Date::from_calendar_date(year, month, day_number(day)?).ok()?;
            Some(Mention::sure(Kind::Full(date), 1))
        }
        _ => None,
    }
}

/// "2.5 שעות", "ב-20 שקל": what a number counts, if not days of a month.
fn is_counted(next: &str) -> bool {
    matches!(
        next,
        "דקות"
            | "שעות"
            | "שעה"
            | "ימימ"
            | "שקל"
            | "שקלימ"
            | "שח"
            | "אחוז"
            | "אנשימ"
            | "שנה"
            | "שנימ"
            | "שבועות"
    )
}

/// Whether the word behind is what a number counts. Of "26.11 שעה 9" it begins the hour.
fn is_counted_behind(tokens: &Tokens, at: usize) -> bool {
    let next = tokens.text(at + 1);
    let begins_an_hour = next == "שעה" && is_number(tokens.text(at + 2));
    tokens.same_clause(at, at + 1) && is_counted(next) && !begins_an_hour
}

/// "10", "00": months of two digits that are round minutes.
fn is_like_minutes(month: &str) -> bool {
    matches!(month, "10" | "05" | "00")
}

/// "24 בנובמבר", "בעשרים וארבע לנובמבר", "הראשון לחודש", "ה-24", "בחמישי לראשון", "שלושה עשר לשנים עשר".
pub(super) fn day_of_month(tokens: &Tokens, at: usize) -> Option<Mention> {
    let glue = usize::from(
        matches!(
            tokens.text(at),
            "ב" | "ה" | "ל" | "וב" | "שב" | "לה" | "עד" | "מה"
        ) && is_number(tokens.text(at + 1)),
    );
    let by_article = glue == 1 && matches!(tokens.text(at), "ה" | "לה" | "מה");
    if glue == 1 || is_number(tokens.text(at)) {
        let day = day_number(tokens.text(at + glue))?;
        return numbered(tokens, at, day, glue + 1, by_article);
    }
    ["", "ב", "ה", "ל", "ו", "וב", "וה", "בה", "לה"]
        .iter()
        .find_map(|prefix| {
            let mut words = tokens.from(at);
            let first = words.first_mut()?;
            *first = first.strip_prefix(prefix)?;
            let (day, length, masculine) = if let Some(day) = ordinal(words[0]) {
                (day, 1, true)
            } else {
                let number = cardinal(&words)?;
                (number.value, number.length, number.is_masculine())
            };
            let day = u8::try_from(day)
                .ok()
                .filter(|day| (1..=31).contains(day))?;
            // "שישי, יולי 18" is no sixth of July.
            // "בעשר לרביעי" is an hour before a weekday; the tenth of the fourth is masculine.
            let may_be_an_hour = !masculine && day <= 12;
            let month = month_after(tokens, at + length, day)
                .filter(|_| tokens.same_clause(at, at + length))
                .filter(|_| !may_be_an_hour || is_named_month(tokens.text(at + length)));
            if let Some((kind, month_length)) = month {
                return Some(Mention::sure(kind, length + month_length));
            }
            in_words_alone(tokens, at, day, length, prefix, masculine)
        })
}

/// "ב-24", "ה-24", and what follows it.
fn numbered(
    tokens: &Tokens,
    at: usize,
    day: u8,
    length: usize,
    by_article: bool,
) -> Option<Mention> {
    if let Some((kind, month_length)) = month_after(tokens, at + length, day) {
        return Some(Mention::sure(kind, length + month_length));
    }
    let next = tokens.text(at + length);
    let counts = is_counted(next) || is_hebrew_month(next);
    let has_glue = length > 1;
    if counts || !has_glue || !(by_article || day > 12) {
        return None;
    }
    let kind = Kind::Day(day);
    Some(Mention {
        bearing: bearing(by_article || day > 24),
        ..Mention::sure(kind, length)
    })
}

/// "בעשרים וחמישה": masculine and large, so no hour. Not before an hour: "בעשרים וחמישה לשש".
fn in_words_alone(
    tokens: &Tokens,
    at: usize,
    day: u8,
    length: usize,
    prefix: &str,
    masculine: bool,
) -> Option<Mention> {
    let next = tokens.text(at + length);
    let before_an_hour = next
        .strip_prefix('ל')
        .is_some_and(|word| cardinal(&[word]).is_some());
    let is_day = masculine && day > 10 && matches!(prefix, "ב" | "ה" | "וב" | "וה" | "ל");
    let counts = next.ends_with("ימ") || next.ends_with("ות") || is_hebrew_month(next);
    (is_day && !before_an_hour && !counts).then(|| Mention {
        bearing: bearing(prefix.ends_with('ה') || day > 24),
        ..Mention::sure(Kind::Day(day), length)
    })
}

/// The month that follows a day: its name, its number, or "לחודש".
fn month_after(tokens: &Tokens, at: usize, day: u8) -> Option<(Kind, usize)> {
    let glue = usize::from(matches!(tokens.text(at), "ב" | "ל" | "of"));
    let word = tokens.text(at + glue);
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    if bare == "חודש" && tokens.text(at + glue + 1) == "הבא" {
        return Some((Kind::DayOfNextMonth(day), glue + 2));
    }
    if bare == "חודש" {
        return Some((Kind::Day(day), glue + 1));
    }
    if let Some(month) = month_named(bare) {
        return Some((Kind::DayOfMonth(day, month), glue + 1));
    }
    let has_glue = word.starts_with('ל') || (glue == 1 && tokens.text(at) == "ל");
    if glue == 1 && has_glue && is_number(word) {
        // "24 ל-11"; but "20 ל-5" may be an hour.
        let month = month_number(word).filter(|_| day > 12 && !day.is_multiple_of(5))?;
        return Some((Kind::DayOfMonth(day, month), 2));
    }
    if !has_glue || is_number(word) {
        return None;
    }
    let mut words = tokens.from(at + glue);
    let first = words.first_mut()?;
    *first = first.strip_prefix('ל').unwrap_or(first);
    let (month, length) = if let Some(month) = ordinal(words[0]) {
        (month, 1)
    } else {
        let number = cardinal(&words).filter(|number| number.gender == Gender::Masculine)?;
        (number.value, number.length)
    };
    let month = u8::try_from(month)
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    Some((Kind::DayOfMonth(day, month), glue + length))
}

/// Days of Hebrew months need a calendar.
fn is_hebrew_month(word: &str) -> bool {
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    matches!(
        bare,
        "תשרי"
            | "חשונ"
            | "חשוונ"
            | "כסלו"
            | "טבת"
            | "שבט"
            | "אדר"
            | "ניסנ"
            | "אייר"
            | "איר"
            | "סיונ"
            | "סיוונ"
            | "תמוז"
            | "אב"
            | "אלול"
    )
}

/// "בנובמבר", "לחודש".
fn is_named_month(word: &str) -> bool {
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    bare == "חודש" || month_named(bare).is_some()
}

fn month_named(word: &str) -> Option<u8> {
    Some(match word {
        "ינואר" => 1,
        "פברואר" => 2,
        "מרצ" | "מרס" => 3,
        "אפריל" => 4,
        "מאי" => 5,
        "יוני" => 6,
        "יולי" => 7,
        "אוגוסט" => 8,
        "ספטמבר" => 9,
        "אוקטובר" | "אוקטבר" => 10,
        "נובמבר" => 11,
        "דצמבר" => 12,
        _ => return None,
    })
}

fn day_number(digits: &str) -> Option<u8> {
    let digits = digits.strip_suffix("th").unwrap_or(digits);
    digits
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day) && digits.len() <= 2)
}

fn month_number(digits: &str) -> Option<u8> {
    digits
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month) && digits.len() <= 2)
}

const fn bearing(is_sure: bool) -> Bearing {
    if is_sure {
        Bearing::Sure
    } else {
        Bearing::MayBeAnHour
    }
}
