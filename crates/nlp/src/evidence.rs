//! What was said, against which an answer's `words` are held.

use serde_json::Value;
use time::{Date, Time};
use toran_hebrew as hebrew;

/// What an answer's `words` are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// They were said.
    Quoted,
    /// They are no quotation: a plain value has none, and models that ignore the schema write a translation,
    /// or digits for a number that was spoken. Nothing can be held against them here.
    Unquoted,
    /// They pretend to be a quotation, and were not said.
    Invented,
}

/// The words that one speaker said.
pub(crate) struct Evidence {
    heard: String,
}

impl Evidence {
    pub(crate) fn new(said: &str) -> Self {
        Self {
            heard: hebrew::normalise(said),
        }
    }

    /// What the `words` of a day or an hour are worth.
    pub(crate) fn support(&self, value: &Value) -> Support {
        let words = value.get("words").and_then(Value::as_str);
        let words = hebrew::normalise(words.unwrap_or_default());
        if hebrew::has_hebrew(&words) {
            let mut telling = hebrew::words(&words)
                .filter(|word| !FUNCTION_WORDS.contains(word))
                .peekable();
            let quoted = telling.peek().is_some() && telling.all(|word| self.said(word));
            return if quoted {
                Support::Quoted
            } else {
                Support::Invented
            };
        }
        let is_number = |word: &str| word.chars().any(|c| c.is_ascii_digit());
        let mut numbers = hebrew::words(&words)
            .filter(|word| is_number(word))
            .peekable();
        if numbers.peek().is_some() && numbers.all(|word| self.said(word)) {
            Support::Quoted
        } else {
            Support::Unquoted
        }
    }

    /// Whether every word of a name was said, whole and as it stands.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let name = hebrew::normalise(name);
        let mut words = hebrew::words(&name).peekable();
        words.peek().is_some()
            && words.all(|word| hebrew::words(&self.heard).any(|heard| heard == word))
    }

    /// Whether a word was said, whole but for glued prefixes: the speaker's, and those that a quotation adds.
    fn said(&self, word: &str) -> bool {
        hebrew::words(&self.heard).any(|heard| {
            heard == word
                || stems(heard, SPOKEN_PREFIXES).any(|stem| stem == word)
                || (!THIS_DAY.contains(&word)
                    && stems(word, QUOTED_PREFIXES).any(|stem| {
                        stem == heard
                            || (stem.chars().count() > 2
                                && stems(heard, SPOKEN_PREFIXES).any(|other| other == stem))
                    }))
        })
    }
}

/// A value that a speaker names by its own word.
pub(crate) trait Sayable: PartialEq {
    /// Whether its word was said.
    fn is_said(&self, evidence: &Evidence) -> bool;
}

impl Sayable for Date {
    /// By its weekday, or by its number in the month.
    fn is_said(&self, evidence: &Evidence) -> bool {
        let weekday = hebrew::normalise(hebrew::weekday_name(self.weekday()));
        evidence.said(&weekday) || evidence.said(&self.day().to_string())
    }
}

impl Sayable for Time {
    /// By its hour, in words or in digits, on either half of the day.
    fn is_said(&self, evidence: &Evidence) -> bool {
        let hour = (self.hour() + 11) % 12 + 1;
        let word = hebrew::normalise(&hebrew::number_words_feminine(hour.into()));
        hebrew::words(&word).all(|word| evidence.said(word))
            || evidence.said(&hebrew::normalise(&hebrew::clock(*self)))
            || evidence.said(&hour.to_string())
    }
}

/// Letters that Hebrew glues to the front of a word, one or two of them.
const SPOKEN_PREFIXES: &[char] = &['ב', 'ל', 'ה', 'ו', 'מ', 'ש', 'כ'];
/// Those that a quotation may have where the speaker had none ("בשלישי" for "יום שלישי"). The others begin words
/// of their own too often: a caller named ישי has not said שישי.
const QUOTED_PREFIXES: &[char] = &['ב', 'ל', 'ה', 'ו'];
/// The prefix of these is their meaning: "יום" is not "היום".
const THIS_DAY: &[&str] = &["היומ", "הבוקר", "הערב", "הלילה"];

/// Words that name neither a day nor an hour, as `hebrew::normalise` writes them.
const FUNCTION_WORDS: &[&str] = &[
    "ב",
    "ל",
    "ה",
    "ו",
    "מ",
    "ש",
    "כ",
    "שעה",
    "בשעה",
    "לשעה",
    "השעה",
    "משעה",
    "יומ",
    "ביומ",
    "ליומ",
    "מיומ",
    "תאריכ",
    "בתאריכ",
    "לתאריכ",
    "התאריכ",
    "לחודש",
    "בחודש",
    "כנ",
    "לא",
    "את",
    "של",
    "אז",
    "זה",
    "על",
    "עמ",
    "גמ",
    "או",
    "אני",
    "רוצה",
    "אפשר",
    "בבקשה",
    "תור",
    "פגישה",
    "לקבוע",
    "טוב",
    "בסדר",
    "אוקיי",
];

/// What is left of a word without one or two of these letters in front, if that is still a word or a number.
fn stems<'a>(word: &'a str, prefixes: &'static [char]) -> impl Iterator<Item = &'a str> {
    let without_one = word.strip_prefix(prefixes);
    let without_two = without_one.and_then(|rest| rest.strip_prefix(prefixes));
    let is_word =
        |stem: &&str| stem.chars().count() >= 2 || stem.starts_with(|c: char| c.is_ascii_digit());
    [without_one, without_two]
        .into_iter()
        .flatten()
        .filter(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, said: &str, expected: Support) {
        let value = serde_json::json!({ "words": words });
        assert_eq!(
            Evidence::new(said).support(&value),
            expected,
            "{words:?} of {said:?}"
        );
    }

    #[test]
    fn a_quotation_is_of_whole_words() {
        check("יום שלישי", "יש משהו ביום שלישי?", Support::Quoted);
        check("עשר", "בעשר", Support::Quoted);
        check("עשר", "אחת עשרה", Support::Invented);
        check("שלוש", "שלושים", Support::Invented);
        check("שני", "שנים", Support::Invented);
        check("יום שלישי", "יום רביעי", Support::Invented);
        // All of it, not a part.
        check("שלישי בעשר", "שלישי", Support::Invented);
    }

    #[test]
    fn prefixes_are_glued_to_words() {
        check("בשלישי", "יום שלישי", Support::Quoted);
        check("בשלישי", "לשלישי", Support::Quoted);
        check("שלישי", "ושבשלישי", Support::Invented);
        check("שלישי", "שבשלישי", Support::Quoted);
        check("עשר וחצי", "בעשר וחצי", Support::Quoted);
        check("שש", "מחר בשש", Support::Quoted);
        check("ב-10:30", "ב10:30 בבוקר", Support::Quoted);
        check("שישי", "קוראים לי ישי", Support::Invented);
        check("היום", "ביום שלישי", Support::Invented);
        check("הערב", "בשלישי בערב", Support::Invented);
        check("היום", "שהיום", Support::Quoted);
        check("שבת", "הבת שלי", Support::Invented);
    }

    #[test]
    fn function_words_say_nothing() {
        for empty in ["ביום", "כן", "לא", "בשעה", "את של אז", "יום"] {
            check(empty, "כן, לא, ביום הזה, בשעה, את של אז", Support::Invented);
        }
    }

    #[test]
    fn what_is_not_hebrew_is_no_quotation() {
        for other in ["", "string", "Tuesday", "16:30", "?!"] {
            check(other, "ביום שלישי בארבע וחצי", Support::Unquoted);
        }
        check("16:30", "ב-16:30", Support::Quoted);
        check("30", "ב-16:30", Support::Unquoted);
        check("at 16:30", "ב-16:30", Support::Quoted);
        assert_eq!(
            Evidence::new("כן").support(&Value::from("2026-11-24")),
            Support::Unquoted
        );
    }

    #[test]
    fn a_name_is_said_whole() {
        let said = Evidence::new("שמי דן כהנא, דודה של מרים");
        assert!(said.has_name("דן כהנא"));
        assert!(!said.has_name("דן כהן"));
        assert!(!said.has_name("דוד"));
        assert!(!said.has_name(" "));
    }
}
