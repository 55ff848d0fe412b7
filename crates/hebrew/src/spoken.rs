//! The hours that one of our own sentences names.

use std::sync::LazyLock;

use time::Time;

use crate::{
    normalise, number_words_feminine, number_words_masculine, said::parts::DayPart as Part, words,
};

/// The hours named in an *assistant's own* sentence, so that a guard may hold them against a booking.
///
/// Read are clock times in digits (`10:30`, `ב-16:30`), whole hours in digits after "שעה" ("בשעה 9"), and
/// hours in words that follow "שעה" or a glued "ב" ("בשעה עשר וחצי", "בארבע ורבע", "ברבע לחמש") or that
/// a part of the day follows ("ארבע וחצי אחר הצהריים"). An hour that may be before or after noon gives
/// both readings, the earlier one first; a part of the day leaves one. In order of mention, each once.
///
/// This reads what [`crate::time_words`] writes and its close kin, no more: it is not a parser of
/// callers' words.
pub fn times_spoken(text: &str) -> Vec<Time> {
    let mut found: Vec<Time> = Vec::new();
    for time in hours_spoken(text).into_iter().flatten() {
        if !found.contains(&time) {
            found.push(time);
        }
    }
    found
}

/// The same hours as [`times_spoken`], mention by mention: each with its one or two readings.
pub fn hours_spoken(text: &str) -> Vec<Vec<Time>> {
    let text = normalise(text);
    let tokens: Vec<String> = words(&text).map(spelling).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match mention(&tokens[at..]) {
            Some((times, length)) => {
                found.push(times);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// A reading, and how many words it took.
pub(crate) type Read<T> = Option<(T, usize)>;

/// How sure the words before an hour make it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// "שעה": whatever follows is an hour.
    Hour,
    /// A glued or separate "ב".
    At,
    /// Nothing: only a part of the day makes it an hour.
    None,
}

/// The hour that is named at the beginning of these words.
fn mention(tokens: &[&str]) -> Read<Vec<Time>> {
    let (&first, rest) = tokens.split_first()?;
    let noun = first.strip_prefix('ו').unwrap_or(first);
    if matches!(noun, "שעה" | "בשעה" | "לשעה" | "השעה" | "משעה" | "מהשעה") {
        return hour_after(Lead::Hour, "", rest).map(|(times, length)| (times, length + 1));
    }
    if first == "ב" {
        return hour_after(Lead::At, "", rest).map(|(times, length)| (times, length + 1));
    }
    hour_after(Lead::At, "ב", tokens)
        .or_else(|| hour_after(Lead::None, "", tokens))
        .or_else(|| hour_after(Lead::None, "ל", tokens))
}

/// An hour whose first word carries `prefix`.
fn hour_after(lead: Lead, prefix: &str, tokens: &[&str]) -> Read<Vec<Time>> {
    let (&first, rest) = tokens.split_first()?;
    let bare: Vec<&str> = std::iter::once(first.strip_prefix(prefix)?)
        .chain(rest.iter().copied())
        .collect();
    if bare[0] == "חצות" && lead != Lead::None {
        return Some((vec![Time::MIDNIGHT], 1));
    }
    // "ב-9 בבוקר" needs no "שעה" to be an hour.
    let is_hour = lead == Lead::Hour || part_of_day(&bare[1..]).is_some();
    if let Some(digits) = digital(bare[0], is_hour) {
        let (part, length) = part_of_day(&bare[1..]).unzip();
        return Some((digits.readings(part), 1 + length.unwrap_or(0)));
    }
    let (reading, length) = before_the_hour(&bare).or_else(|| past_the_hour(&bare, lead))?;
    let (part, part_length) = part_of_day(&bare[length..]).unzip();
    if lead == Lead::None && part.is_none() {
        return None;
    }
    Some((reading.readings(part), length + part_length.unwrap_or(0)))
}

/// "16:30"; a whole hour only where nothing else can be meant.
fn digital(word: &str, is_hour: bool) -> Option<Reading> {
    let (hour, minute) = match word.split_once(':') {
        Some(parts) => parts,
        None if is_hour => (word, "00"),
        None => return None,
    };
    let is_short =
        |digits: &str| matches!(digits.len(), 1 | 2) && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_short(hour) || !is_short(minute) {
        return None;
    }
    // "10:30" is written by a clock of 24 hours; "4:30" and "בשעה 4" are as people write.
    let by_the_clock = word.contains(':') && hour.len() == 2;
    Reading::new(hour.parse().ok()?, minute.parse().ok()?, by_the_clock)
}

/// "רבע לחמש", "עשרה לאחת עשרה", "חמש דקות לארבע".
fn before_the_hour(tokens: &[&str]) -> Read<Reading> {
    let (minutes, mut length) = match *tokens.first()? {
        "רבע" => (15, 1),
        _ => number(tokens, &MASCULINE).or_else(|| number(tokens, &FEMININE))?,
    };
    if tokens.get(length) == Some(&"דקות") {
        length += 1;
    }
    if !(1..30).contains(&minutes) {
        return None;
    }
    let hour = tokens.get(length)?.strip_prefix('ל')?;
    let named: Vec<&str> = std::iter::once(hour)
        .chain(tokens[length + 1..].iter().copied())
        .collect();
    let (hour, hour_length) = number(&named, &FEMININE)?;
    let earlier = if hour == 1 { 12 } else { hour.checked_sub(1)? };
    Some((
        Reading::new(earlier, 60 - minutes, false)?,
        length + hour_length,
    ))
}

/// "עשר", "עשר וחצי", "עשר ועשרים", "עשר עשרים וחמש", "עשר ושתי דקות".
fn past_the_hour(tokens: &[&str], lead: Lead) -> Read<Reading> {
    let (hour, length) = number(tokens, &FEMININE)?;
    // "בעשרים וארבעה בנובמבר": so large a number is an hour only where "שעה" says so.
    if hour >= 20 && lead != Lead::Hour {
        return None;
    }
    let rest = &tokens[length..];
    let (minute, minutes_length) = match rest.first() {
        Some(&"וחצי") => (30, 1),
        Some(&"ורבע") => (15, 1),
        Some(&"ודקה") => (1, 1),
        Some(&"ושתי") => (2, 2),
        Some(word) => glued_minutes(word, rest)
            .or_else(|| plain_minutes(rest))
            .unwrap_or((0, 0)),
        None => (0, 0),
    };
    if minutes_length == 0
        && lead != Lead::Hour
        && rest.first().is_some_and(|word| counts_things(hour, word))
    {
        return None;
    }
    Some((Reading::new(hour, minute, false)?, length + minutes_length))
}

/// "ועשר דקות", "ועשרים", "ועשרה".
fn glued_minutes(word: &str, rest: &[&str]) -> Read<u32> {
    let bare = word.strip_prefix('ו')?;
    let named: Vec<&str> = std::iter::once(bare)
        .chain(rest[1..].iter().copied())
        .collect();
    let (minutes, length) = number(&named, &FEMININE).or_else(|| number(&named, &MASCULINE))?;
    let unit = usize::from(named.get(length) == Some(&"דקות"));
    Some((minutes, length + unit))
}

/// "עשרים וחמש", without a conjunction: only from twenty on, for "ארבע עשרה" is one number.
fn plain_minutes(rest: &[&str]) -> Read<u32> {
    let (minutes, length) = number(rest, &FEMININE)?;
    let unit = usize::from(rest.get(length) == Some(&"דקות"));
    (minutes >= 20).then_some((minutes, length + unit))
}

/// Whether an hour's word is really a count ("בעשר דקות", "באחת הפעמים").
fn counts_things(hour: u32, next: &str) -> bool {
    matches!(next, "דקות" | "שעות" | "שניות" | "פעמימ" | "שנימ")
        || (hour == 1 && next.starts_with('ה'))
}

/// The number that takes the most of these words.
pub(crate) fn number(tokens: &[&str], names: &[NumberName]) -> Read<u32> {
    let longest = names.iter().find(|(_, name)| {
        tokens.len() >= name.len()
            && name
                .iter()
                .zip(tokens)
                .all(|(expected, word)| expected == word)
    });
    longest.map(|(number, name)| (*number, name.len()))
}

/// A number and its words, spelled as the tokens are.
pub(crate) type NumberName = (u32, Vec<String>);

static FEMININE: LazyLock<Vec<NumberName>> = LazyLock::new(|| names(number_words_feminine));
pub(crate) static MASCULINE: LazyLock<Vec<NumberName>> =
    LazyLock::new(|| names(number_words_masculine));

/// The numbers from 1 to 59, those of more words first, so that "אחת עשרה" is not read as "אחת".
fn names(in_words: fn(u32) -> String) -> Vec<NumberName> {
    let name = |number| words(&normalise(&in_words(number))).map(spelling).collect();
    let mut names: Vec<NumberName> = (1..60).map(|number| (number, name(number))).collect();
    names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
    names
}

/// One spelling for "שתיים" and "שתים", "צהריים" and "צהרים".
pub(crate) fn spelling(word: &str) -> String {
    word.replace("יי", "י")
}

fn part_of_day(tokens: &[&str]) -> Read<Part> {
    Some(match tokens {
        ["בבוקר" | "הבוקר", ..] => (Part::Morning, 1),
        ["לפנות", "בוקר", ..] => (Part::Morning, 2),
        ["בצהרימ", ..] => (Part::Noon, 1),
        ["אחר" | "אחרי", "הצהרימ", ..] => (Part::Afternoon, 2),
        ["אחהצ", ..] => (Part::Afternoon, 1),
        ["בערב" | "הערב", ..] => (Part::Evening, 1),
        ["בלילה" | "הלילה", ..] => (Part::Night, 1),
        _ => return None,
    })
}

/// An hour as it was named, before the part of the day is known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading {
    /// On a clock of 24 hours.
    Exact(Time),
    /// On a clock of 12 hours, kept as its reading before noon.
    Half(Time),
}

impl Reading {
    pub(crate) fn new(hour: u32, minute: u32, by_the_clock: bool) -> Option<Self> {
        let is_half = (1..=12).contains(&hour);
        let on_the_dial = if is_half && !by_the_clock {
            hour % 12
        } else {
            hour
        };
        let time = Time::from_hms(on_the_dial.try_into().ok()?, minute.try_into().ok()?, 0).ok()?;
        Some(if is_half && !by_the_clock {
            Self::Half(time)
        } else {
            Self::Exact(time)
        })
    }

    pub(crate) fn readings(self, part: Option<Part>) -> Vec<Time> {
        let (before, part) = match (self, part) {
            (Self::Half(time), None) => return vec![time, after_noon(time)],
            (Self::Exact(time), None) => return vec![time],
            // "16:30 אחר הצהריים" and "12:30 בצהריים" need no help.
            (Self::Exact(time), Some(_)) if time.hour() >= 12 => return vec![time],
            (Self::Half(time) | Self::Exact(time), Some(part)) => (time, part),
        };
        let is_after_noon = match part {
            Part::Morning => false,
            Part::Noon => before.hour() < 10,
            Part::Afternoon => true,
            Part::Evening => before.hour() >= 1,
            Part::Night => before.hour() >= 6,
        };
        vec![if is_after_noon {
            after_noon(before)
        } else {
            before
        }]
    }
}

fn after_noon(time: Time) -> Time {
    time + time::Duration::hours(12)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::time};

    use super::*;
    use crate::{clock, time_words};

    #[track_caller]
    fn check(sentence: &str, expect: &[Time]) {
        assert_eq!(times_spoken(sentence), expect, "{sentence}");
    }

    #[test]
    fn hours_in_digits() {
        check("קבעתי לך פגישה ב-24 בנובמבר בשעה 16:30.", &[time!(16:30)]);
        check("אפשר ב-10:30 או ב11:00", &[time!(10:30), time!(11:00)]);
        check("מחר ב-10:30 בערב", &[time!(22:30)]);
        check("מחר ב-4:30", &[time!(4:30), time!(16:30)]);
        check("בשעה 4 אחר הצהריים", &[time!(16:00)]);
        check("בשעה 9", &[time!(9:00), time!(21:00)]);
        check("השעה 25:00 או 12:75", &[]);
        check("ב-24 בנובמבר", &[]);
        check("ב-9 בבוקר", &[time!(9:00)]);
        check("מחר ב4 אחר הצהריים", &[time!(16:00)]);
    }

    #[test]
    fn hours_are_kept_apart() {
        assert_eq!(
            hours_spoken("בעשר או ב-11:00, לא בשעה עשר בבוקר"),
            [
                vec![time!(10:00), time!(22:00)],
                vec![time!(11:00)],
                vec![time!(10:00)]
            ]
        );
    }

    #[test]
    fn hours_in_words() {
        check("בשעה עשר וחצי", &[time!(10:30), time!(22:30)]);
        check("קבעתי לך לשלישי בארבע וחצי אחר הצהריים", &[time!(16:30)]);
        check("ברבע לשלוש", &[time!(2:45), time!(14:45)]);
        check("ברבע לאחת בצהריים", &[time!(12:45)]);
        check("בעשרה לאחת עשרה בבוקר", &[time!(10:50)]);
        check("בחמש דקות לארבע אחרי הצהריים", &[time!(15:55)]);
        check(
            "תשע בבוקר או רבע לחמש אחר הצהריים",
            &[time!(9:00), time!(16:45)],
        );
        check("קבעתי לך לעשר בבוקר", &[time!(10:00)]);
        check("בשעה שתיים עשרה בצהריים", &[time!(12:00)]);
        check("בשעה שתים-עשרה וחצי", &[time!(0:30), time!(12:30)]);
        check("בשעה שש עשרה ושלושים", &[time!(16:30)]);
        check("ביום שלישי ובשעה תשע בבוקר", &[time!(9:00)]);
        check("בשעה עשרים ושתיים", &[time!(22:00)]);
        check("בארבע ועשרה אחה\"צ", &[time!(16:10)]);
        check("בארבע עשרים וחמש בצהריים", &[time!(16:25)]);
        check("מחר בחצות", &[time!(0:00)]);
        check("בעשר, כן, בעשר", &[time!(10:00), time!(22:00)]);
    }

    #[test]
    fn what_is_no_hour() {
        check("", &[]);
        check("אשמח לעזור, באיזו שעה נוח לך?", &[]);
        check("בחמישה עשר לחודש", &[]);
        check("אחזור אליך בעשר דקות הקרובות", &[]);
        check("באחת העמדות שלנו", &[]);
        check("יש לנו ארבע ספרים ושלוש עמדות", &[]);
        check("ביום ראשון", &[]);
        check("בעשרים וארבעה בנובמבר", &[]);
        check("המחיר הוא מאה ושמונים שקלים", &[]);
        check("שעה", &[]);
        check("ב", &[]);
    }

    proptest! {
        #[test]
        fn our_own_words_are_read_back(step in 0_i64..288) {
            let time = Time::MIDNIGHT + Duration::minutes(step * 5);
            let said = time_words(time);
            prop_assert_eq!(times_spoken(&format!("קבעתי לך בשעה {said}.")), [time]);
            prop_assert_eq!(times_spoken(&format!("קבעתי לך ב{said} ביום שלישי")), [time]);
            prop_assert_eq!(times_spoken(&said), [time]);
            let spoken = times_spoken(&format!("ב-{}", clock(time)));
            prop_assert_eq!(spoken, [time]);
        }

        #[test]
        fn any_text_is_taken(text in ".{0,80}", shuffled in prop::collection::vec(prop::sample::select(vec!["בשעה", "רבע", "לחמש", "עשרים", "ו", "דקות", "4:3", "לארבע", "ב", "שתיים", "עשרה"]), 0..8)) {
            let _ = times_spoken(&text);
            let _ = times_spoken(&shuffled.join(" "));
        }
    }
}
