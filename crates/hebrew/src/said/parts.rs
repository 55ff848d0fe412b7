//! The parts of the day that words name.

use crate::said::{foreign, tokens::Tokens};

/// A part of the day, as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayPart {
    /// "בבוקר", "הבוקר", "לפנות בוקר".
    Morning,
    /// "בצהריים".
    Noon,
    /// "אחר הצהריים", "אחה\"צ".
    Afternoon,
    /// "בערב", "הערב", "לקראת ערב".
    Evening,
    /// "בלילה", "הלילה".
    Night,
}

/// The parts of the day that a text names, each once, in order of mention. A greeting ("בוקר טוב") names none, and
/// neither does what is ruled out ("רק לא בבוקר").
///
/// ```
/// use toran_hebrew::{DayPart, parts_said};
///
/// assert_eq!(parts_said("בוקר טוב, מחר אחה\"צ?"), [DayPart::Afternoon]);
/// assert_eq!(parts_said("מחר, רק לא בבוקר"), []);
/// ```
pub fn parts_said(text: &str) -> Vec<DayPart> {
    let tokens = Tokens::of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((part, length)) = part_at(&tokens, at) else {
            at += 1;
            continue;
        };
        if !found.contains(&part) && tokens.joined_before(at) != "לא" {
            found.push(part);
        }
        at += length;
    }
    found
}

/// The part of the day that is named at a token, and how many tokens name it.
pub(crate) fn part_at(tokens: &Tokens, at: usize) -> Option<(DayPart, usize)> {
    let (word, next) = (tokens.text(at), tokens.text(at + 1));
    let pair = match (word, next) {
        ("לפנות", "בוקר" | "בקר") | ("לפני", "הצהרימ" | "צהרימ") => {
            Some(DayPart::Morning)
        }
        ("לפנות" | "לקראת", "ערב" | "הערב") => Some(DayPart::Evening),
        ("אחר" | "אחרי" | "לאחר", "הצהרימ" | "צהרימ" | "הצהורימ") => {
            Some(DayPart::Afternoon)
        }
        ("לקראת", "צהרימ" | "הצהרימ") => Some(DayPart::Noon),
        _ => None,
    };
    if let Some(part) = pair {
        return Some((part, 2));
    }
    if matches!(next, "טוב" | "טובימ" | "אור") {
        return None;
    }
    let word = word
        .strip_prefix('ו')
        .filter(|rest| rest.len() > 4)
        .unwrap_or(word);
    let part = match word {
        "בבוקר" | "הבוקר" | "לבוקר" | "מהבוקר" | "שבבוקר" | "בבקר" | "הבקר" | "בוקר" => {
            DayPart::Morning
        }
        "בצהרימ" | "הצהרימ" | "לצהרימ" | "בצהורימ" | "בצהרי" | "צהרימ" | "צהורימ" => {
            DayPart::Noon
        }
        "אחהצ" | "באחהצ" | "אחרהצהרימ" => DayPart::Afternoon,
        "בערב" | "הערב" | "לערב" | "שבערב" => DayPart::Evening,
        "ערב" if after_a_day(tokens.before(at)) => DayPart::Evening,
        "בלילה" | "הלילה" | "ללילה" => DayPart::Night,
        other => foreign::part(other)?,
    };
    // "בערב פסח" and "בערב החג" are days.
    let is_an_eve = part == DayPart::Evening && word == "בערב" && is_festive(next);
    (!is_an_eve).then_some((part, 1))
}

fn after_a_day(word: &str) -> bool {
    matches!(
        word,
        "מחר"
            | "היומ"
            | "מחרתימ"
            | "שישי"
            | "ראשונ"
            | "שני"
            | "שלישי"
            | "רביעי"
            | "חמישי"
    )
}

fn is_festive(word: &str) -> bool {
    matches!(
        word,
        "פסח"
            | "חג"
            | "החג"
            | "ראש"
            | "סוכות"
            | "שבועות"
            | "כיפור"
            | "שבת"
            | "יומ"
            | "שביעי"
            | "תשעה"
            | "פורימ"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use DayPart::{Afternoon, Evening, Morning, Night, Noon};

    #[track_caller]
    fn check(text: &str, expected: &[DayPart]) {
        assert_eq!(parts_said(text), expected, "{text}");
    }

    #[test]
    fn parts_are_named() {
        check("מחר בבוקר", &[Morning]);
        check("הבוקר", &[Morning]);
        check("לפנות בוקר", &[Morning]);
        check("על הבוקר", &[Morning]);
        check("בצהריים", &[Noon]);
        check("מחר בצהוריים", &[Noon]);
        check("בצהרי יום שישי", &[Noon]);
        check("אחרי הצהריים", &[Afternoon]);
        check("אחה״צ", &[Afternoon]);
        check("בשעות אחר הצהריים", &[Afternoon]);
        check("הערב או מחר בלילה", &[Evening, Night]);
        check("לקראת ערב", &[Evening]);
        check("מחר ערב", &[Evening]);
        check("tomorrow morning", &[Morning]);
        check("завтра вечером", &[Evening]);
        check("לפני הצהריים", &[Morning]);
    }

    #[test]
    fn what_names_no_part() {
        for text in [
            "בוקר טוב",
            "ערב טוב",
            "צהריים טובים",
            "לילה טוב",
            "בערב פסח",
            "ערב שבת",
            "לא בבוקר",
            "מחר",
        ] {
            check(text, &[]);
        }
    }
}
