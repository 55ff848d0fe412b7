//! What the caller said, against which an answer's values are held.
//!
//! A value counts if the readers of `toran_hebrew` find it in the caller's words. What is only quoted is only asked.
//! What is neither is dropped.

use time::{Date, PrimitiveDateTime, Time};
use toran_domain::PartOfDay;
use toran_hebrew::{self as hebrew, DayForm, DayPart, SaidDay, SaidHour};
use toran_scheduling::Holiday;

use crate::{
    holiday::{self, Relation},
    resolve::{SaidDate, minutes_from},
};

/// What the caller's words are worth for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// The readers find the value in them.
    Found,
    /// The answer's own quotation says another value, or the caller ruled the value out.
    Contradicted,
    /// The quotation was said, and the readers find neither this value in it nor another.
    Quoted,
    /// Neither.
    Unsaid,
}

/// The words that one speaker said.
pub(crate) struct Evidence<'a> {
    text: &'a str,
    words: Vec<String>,
    now: PrimitiveDateTime,
    days: Vec<SaidDay>,
    hours: Vec<SaidHour>,
    parts: Vec<PartOfDay>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(text: &'a str, now: PrimitiveDateTime) -> Self {
        Self {
            text,
            words: hebrew::words(&hebrew::normalise(text))
                .map(str::to_owned)
                .collect(),
            now,
            days: hebrew::days_said(text),
            hours: hebrew::hours_said(text),
            parts: hebrew::parts_said(text)
                .into_iter()
                .map(part_of_day)
                .collect(),
        }
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    /// What the words are worth for a day, which an answer quotes so.
    pub(crate) fn for_day(&self, said: SaidDate, date: Date, quotation: &str) -> Support {
        let today = self.now.date();
        let quoted = self.quotes(quotation);
        if quoted {
            let days = hebrew::days_said(quotation);
            let means = |day: &SaidDay| day.may_mean(date, today) && !day.is_negated();
            // "מחר, יום שלישי" must be both.
            let is_another = [DayForm::Distance, DayForm::Weekday, DayForm::Number]
                .into_iter()
                .any(|form| {
                    let mut of_form = days.iter().filter(|day| day.form() == form).peekable();
                    of_form.peek().is_some() && !of_form.any(means)
                });
            let is_another_holiday = matches!(said, SaidDate::Holiday(said)
                if holiday::names_another(said.holiday, quotation, today));
            if is_another || is_another_holiday {
                return Support::Contradicted;
            }
        }
        if self.names_day(date) || self.names_holiday(said) {
            return Support::Found;
        }
        let is_ruled_out = |day: &SaidDay| day.is_negated() && day.fits(date, today);
        // "רביעי בשבוע הבא" is no Wednesday of this week.
        let is_of_another_week =
            |day: &SaidDay| day.form() == DayForm::Span && !day.may_mean(date, today);
        let contradicts = |day: &SaidDay| is_ruled_out(day) || is_of_another_week(day);
        if self.days.iter().any(contradicts) {
            return Support::Contradicted;
        }
        // A quotation that speaks of an hour says no day.
        let is_of_an_hour = hebrew::days_said(quotation).is_empty()
            && (!hebrew::hours_said(quotation).is_empty()
                || !hebrew::parts_said(quotation).is_empty());
        if quoted && !is_of_an_hour {
            Support::Quoted
        } else {
            Support::Unsaid
        }
    }

    /// What the words are worth for an hour, and the hour that they mean: where they leave one reading ("בשמונה בערב",
    /// "07:00"), it is that one.
    pub(crate) fn for_hour(&self, time: Time, quotation: &str) -> (Support, Time) {
        let quoted = self.quotes(quotation);
        let of_quotation = if quoted {
            hebrew::hours_said(quotation)
        } else {
            Vec::new()
        };
        let is_meant = |hour: &SaidHour| reading_of(hour, time).is_some();
        if !of_quotation.is_empty() && !of_quotation.iter().any(is_meant) {
            return (Support::Contradicted, time);
        }
        let said = self.hours.iter().filter(|hour| !hour.is_negated());
        if let Some(meant) = said
            .filter_map(|hour| reading_of(hour, time))
            .min_by_key(|meant| *meant != time)
        {
            return (Support::Found, meant);
        }
        if self.ahead().any(|moment| moment.time() == time) {
            return (Support::Found, time);
        }
        if self
            .hours
            .iter()
            .any(|hour| hour.is_negated() && hour.fits(time))
        {
            return (Support::Contradicted, time);
        }
        let is_of_a_day = of_quotation.is_empty()
            && (!hebrew::days_said(quotation).is_empty()
                || !hebrew::parts_said(quotation).is_empty())
            && hebrew::minutes_ahead_said(quotation).is_empty();
        if quoted && !is_of_a_day {
            (Support::Quoted, time)
        } else {
            (Support::Unsaid, time)
        }
    }

    /// Whether one of these hours of the dial was said without its half of the day.
    pub(crate) fn leaves_open(&self, time: Time) -> bool {
        self.hours
            .iter()
            .any(|hour| hour.fits(time) && hour.readings().len() > 1 && !hour.is_negated())
    }

    /// The part of the day that the caller said, where an answer names one: that one, or its neighbour which was said.
    pub(crate) fn part(&self, named: PartOfDay) -> Option<PartOfDay> {
        if self.parts.contains(&named) {
            return Some(named);
        }
        self.parts
            .iter()
            .copied()
            .find(|said| are_neighbours(*said, named))
    }

    /// Whether the text names a time from now that comes to so many minutes.
    pub(crate) fn says_ahead(&self, minutes: i64) -> bool {
        hebrew::minutes_ahead_said(self.text)
            .iter()
            .any(|said| i64::from(*said) == minutes)
    }

    /// Whether a day is named otherwise than by a holiday.
    pub(crate) fn names_day(&self, date: Date) -> bool {
        let today = self.now.date();
        let by_its_own = |day: &SaidDay| !day.is_negated() && day.fits(date, today);
        self.days.iter().any(by_its_own)
            || self.ahead().any(|moment| moment.date() == date)
            || Holiday::on(date)
                .is_some_and(|on| holiday::holidays_said(self.text, today).contains(&on))
    }

    fn names_holiday(&self, said: SaidDate) -> bool {
        let SaidDate::Holiday(said) = said else {
            return false;
        };
        let text = hebrew::normalise(self.text);
        let has = |words: &[&str]| hebrew::words(&text).any(|word| words.contains(&word));
        let related = match said.relation {
            Relation::On => true,
            Relation::Eve => has(&["ערב", "בערב", "לערב", "לפני", "יומ"]),
            Relation::After => has(&[
                "אחרי",
                "אחר",
                "לאחר",
                "אסרו",
                "באסרו",
                "למחרת",
                "שאחרי",
                "במוצאי",
                "מוצאי",
            ]),
        };
        let weekday_said = said.weekday.is_none_or(|weekday| {
            self.days.iter().any(|day| {
                let sample = self.now.date().next_occurrence(weekday);
                day.may_mean(sample, self.now.date())
            })
        });
        related && weekday_said && holiday::is_said(said.holiday, self.text, self.now.date())
    }

    fn ahead(&self) -> impl Iterator<Item = PrimitiveDateTime> {
        let said = hebrew::minutes_ahead_said(self.text);
        said.into_iter()
            .filter_map(|minutes| minutes_from(self.now, minutes.into()))
    }

    /// Whether the caller names a day, or rules one out, so that this one cannot be meant. Words that can also be the
    /// hour `beside` it do not.
    pub(crate) fn speaks_of_another_day(&self, date: Date, beside: Option<Time>) -> bool {
        let today = self.now.date();
        let is_the_hour = |day: &SaidDay| {
            beside.is_some_and(|time| {
                self.hours
                    .iter()
                    .any(|hour| day.shares_words_with(hour) && hour.fits(time))
            })
        };
        let of_days = self
            .days
            .iter()
            .any(|day| day.is_negated() == day.may_mean(date, today) && !is_the_hour(day));
        let holidays = holiday::holidays_said(self.text, today);
        let of_holidays = !holidays.is_empty()
            && !Holiday::on(date).is_some_and(|on| holiday::is_said(on, self.text, today));
        of_days || of_holidays
    }

    pub(crate) fn names_hour(&self, time: Time) -> bool {
        self.hours
            .iter()
            .any(|hour| !hour.is_negated() && hour.fits(time))
    }

    /// Whether the caller names an hour or a part of the day, or rules one out, so that this hour cannot be meant.
    pub(crate) fn speaks_of_another_hour(&self, time: Time, beside: Option<Date>) -> bool {
        let today = self.now.date();
        let is_the_day = |hour: &SaidHour| {
            beside.is_some_and(|date| {
                self.days
                    .iter()
                    .any(|day| day.shares_words_with(hour) && day.fits(date, today))
            })
        };
        let of_hours = self
            .hours
            .iter()
            .any(|hour| hour.is_negated() == hour.fits(time) && !is_the_day(hour));
        of_hours || (!self.parts.is_empty() && !self.parts.iter().any(|part| part.contains(time)))
    }

    /// Whether these words were said: every telling one of them, whole but for glued prefixes and spelling.
    pub(crate) fn quotes(&self, quotation: &str) -> bool {
        let words = hebrew::normalise(quotation);
        let words: Vec<&str> = hebrew::words(&words).collect();
        let tells = |at: &usize| {
            let letter_of_a_day = *at > 0 && words[at - 1].ends_with("יומ");
            letter_of_a_day || !FUNCTION_WORDS.contains(&words[*at])
        };
        let mut telling = (0..words.len()).filter(tells).peekable();
        telling.peek().is_some() && telling.all(|at| self.said(words[at]))
    }

    /// Whether every word of these was said, whatever it says.
    pub(crate) fn quotes_all(&self, quotation: &str) -> bool {
        let words = hebrew::normalise(quotation);
        let mut words = hebrew::words(&words).peekable();
        words.peek().is_some() && words.all(|word| self.said(word))
    }

    fn said(&self, word: &str) -> bool {
        self.words.iter().any(|heard| {
            same_spelling(heard, word)
                || stems(heard, SPOKEN_PREFIXES).any(|stem| same_spelling(stem, word))
                || (!THIS_DAY.contains(&word)
                    && stems(word, QUOTED_PREFIXES).any(|stem| {
                        same_spelling(stem, heard)
                            || (stem.chars().count() > 2
                                && stems(heard, SPOKEN_PREFIXES)
                                    .any(|other| same_spelling(other, stem)))
                    }))
        })
    }
}

/// The reading of a said hour that an answer's time is: itself, or the other half of the day where the words leave
/// no choice.
fn reading_of(hour: &SaidHour, time: Time) -> Option<Time> {
    if hour.fits(time) {
        return Some(time);
    }
    match *hour.readings() {
        [only] if only.hour() % 12 == time.hour() % 12 && only.minute() == time.minute() => {
            Some(only)
        }
        _ => None,
    }
}

const fn part_of_day(part: DayPart) -> PartOfDay {
    match part {
        DayPart::Morning => PartOfDay::Morning,
        DayPart::Noon => PartOfDay::Noon,
        DayPart::Afternoon => PartOfDay::Afternoon,
        DayPart::Evening => PartOfDay::Evening,
        DayPart::Night => PartOfDay::Night,
    }
}

/// Parts that people call by each other's names.
const fn are_neighbours(one: PartOfDay, other: PartOfDay) -> bool {
    matches!(
        (one, other),
        (PartOfDay::Noon, PartOfDay::Afternoon)
            | (PartOfDay::Afternoon, PartOfDay::Noon | PartOfDay::Evening)
            | (PartOfDay::Evening, PartOfDay::Afternoon | PartOfDay::Night)
            | (PartOfDay::Night, PartOfDay::Evening)
    )
}

/// The same word but for letters that only write vowels: "ששי" and "שישי", "שלשה" and "שלושה". The first and the last
/// letter are never among them.
fn same_spelling(one: &str, other: &str) -> bool {
    one == other
        || (one.chars().count() > 2
            && other.chars().count() > 2
            && skeleton(one).eq(skeleton(other)))
}

fn skeleton(word: &str) -> impl Iterator<Item = char> {
    let last = word.chars().count().saturating_sub(1);
    word.chars()
        .enumerate()
        .filter(move |(at, letter)| *at == 0 || *at == last || !matches!(letter, 'ו' | 'י'))
        .map(|(_, letter)| letter)
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
    "לי",
    "לכ",
    "יש",
    "מה",
    "ומה",
    "אולי",
    "תודה",
    "שלומ",
    "משהו",
    "תקבע",
    "תקבעי",
    "אבל",
    "לתור",
    "מתאימ",
    "סבבה",
    "אוקי",
    "נו",
    "רגע",
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
    use time::macros::datetime;

    use super::*;

    #[track_caller]
    fn check(words: &str, said: &str, expected: bool) {
        let said_by = Evidence::new(said, datetime!(2026-11-22 10:00));
        assert_eq!(said_by.quotes(words), expected, "{words:?} of {said:?}");
    }

    #[test]
    fn a_quotation_is_of_whole_words() {
        check("יום שלישי", "יש משהו ביום שלישי?", true);
        check("עשר", "בעשר", true);
        check("עשר", "אחת עשרה", false);
        check("שלוש", "שלושים", false);
        check("שני", "שנים", false);
        check("יום שלישי", "יום רביעי", false);
        // All of it, not a part.
        check("שלישי בעשר", "שלישי", false);
        check("יום ב׳", "אפשר יום ב'?", true);
        check("יום ו", "אולי ביום ו' בבוקר", true);
        check("יום ה", "אולי ביום ו' בבוקר", false);
        check("ששי", "ביום שישי", true);
        check("שתיים", "בשתים", true);
    }

    #[test]
    fn prefixes_are_glued_to_words() {
        check("בשלישי", "יום שלישי", true);
        check("בשלישי", "לשלישי", true);
        check("שלישי", "ושבשלישי", false);
        check("שלישי", "שבשלישי", true);
        check("עשר וחצי", "בעשר וחצי", true);
        check("שש", "מחר בשש", true);
        check("ב-10:30", "ב10:30 בבוקר", true);
        check("שישי", "קוראים לי ישי", false);
        check("היום", "ביום שלישי", false);
        check("הערב", "בשלישי בערב", false);
        check("היום", "שהיום", true);
        check("שבת", "הבת שלי", false);
    }

    #[test]
    fn function_words_say_nothing() {
        for empty in ["ביום", "כן", "לא", "בשעה", "את של אז", "יום", ""] {
            check(empty, "כן, לא, ביום הזה, בשעה, את של אז", false);
        }
    }
}
