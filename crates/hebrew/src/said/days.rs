//! The days that words can name, seen from a day.

use std::ops::Range;

use time::Date;

use crate::said::{
    choices::{Choice, covered, is_a_choice},
    hours::{SaidHour, hours_in},
    taken::is_taken,
    tokens::Tokens,
};
use kind::Kind;
use mentions::mentions;
pub(crate) use mentions::weekday_at;

mod kind;
mod mentions;
mod numbered;

/// A day that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidDay {
    kind: Kind,
    bearing: Bearing,
    negated: bool,
    /// Whether a weekday is named in the same text: "עוד שבועיים ביום חמישי" is not fourteen days.
    is_beside_a_weekday: bool,
    at: usize,
    /// How many words it takes.
    length: usize,
}

/// In which way a day is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayForm {
    /// By its distance: "מחר".
    Distance,
    /// By its weekday.
    Weekday,
    /// By its number in a month.
    Number,
    /// Not at all: only the week or the month in which it lies.
    Span,
}

/// How surely its words name a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// They can name nothing else.
    Sure,
    /// A number that may be an hour ("ב-15").
    MayBeAnHour,
    /// A weekday's name alone, which may be a number or a name ("שני").
    Alone,
}

impl SaidDay {
    /// Whether the words name this day, said on `today`.
    pub fn fits(&self, date: Date, today: Date) -> bool {
        self.kind.fits(date, today)
    }

    /// Whether the words may mean this day at all: "שלישי" may mean the Tuesday that was spoken of before, and "בשבוע הבא" any
    /// day of that week.
    pub fn may_mean(&self, date: Date, today: Date) -> bool {
        self.kind.may_mean(date, today, self.is_beside_a_weekday)
    }

    /// In which way it is named.
    pub const fn form(&self) -> DayForm {
        match self.kind {
            Kind::Ahead(..) => DayForm::Distance,
            Kind::Weekday(..) => DayForm::Weekday,
            Kind::Day(_) | Kind::DayOfNextMonth(_) | Kind::DayOfMonth(..) | Kind::Full(_) => {
                DayForm::Number
            }
            Kind::NextWeek | Kind::NextMonth => DayForm::Span,
        }
    }

    /// Whether its words stand as a day's ("ביום שלישי", "מחר", "ה-24"). A weekday's name alone may be a number or a
    /// name.
    pub const fn is_led(&self) -> bool {
        !matches!(self.bearing, Bearing::Alone)
    }

    /// Whether it is ruled out ("לא ביום ראשון").
    pub const fn is_negated(&self) -> bool {
        self.negated
    }

    /// The place of its words in the text.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether an hour is read from the same words: "ב-15" may be a day or an hour.
    pub const fn shares_words_with(&self, hour: &SaidHour) -> bool {
        let words = hour.mention();
        self.at < words.end && words.start < self.at + self.length
    }

    const fn words(&self) -> Range<usize> {
        self.at..self.at + self.length
    }

    /// Whether its words stand for a day, given the hours that are named beside it.
    fn stands_as_a_day(&self, hours: &[SaidHour]) -> bool {
        let mut hours = hours.iter().filter(|hour| hour.is_led());
        match self.bearing {
            Bearing::Sure => true,
            // Of "ב-15 בשעה עשר" the first number is the day, for another is the hour.
            Bearing::MayBeAnHour => hours.any(|hour| hour.at().abs_diff(self.at) > 1),
            // "שלישי בעשר", "שלישי, בשעה עשר": a weekday's name right before an hour is a day.
            Bearing::Alone => {
                hours.any(|hour| (1..=2).contains(&hour.at().saturating_sub(self.at)))
            }
        }
    }
}

/// The days that a text can name, in order of mention. Holidays are not among them: they need a calendar.
///
/// ```
/// use time::macros::date;
///
/// let said = toran_hebrew::days_said("לא ביום שלישי, בעשרים וארבע לנובמבר");
/// assert!(said[0].is_negated());
/// assert!(said[1].fits(date!(2026-11-24), date!(2026-11-22)));
/// ```
pub fn days_said(text: &str) -> Vec<SaidDay> {
    mentions(&Tokens::of(text))
}

/// Whether a text, said on `today`, names this day: by its distance ("מחר"), its weekday within the coming week or the
/// one that the text speaks of, or its number in the month.
///
/// ```
/// use time::macros::date;
/// use toran_hebrew::day_is_named;
///
/// let sunday = date!(2026-11-22);
/// assert!(day_is_named("יש לי מחר בעשר", date!(2026-11-23), sunday));
/// assert!(day_is_named("ביום שלישי הבא", date!(2026-12-01), sunday));
/// assert!(!day_is_named("ביום שלישי", date!(2026-12-01), sunday));
/// ```
pub fn day_is_named(text: &str, date: Date, today: Date) -> bool {
    let tokens = Tokens::of(text);
    let hours = hours_in(&tokens);
    let days = mentions(&tokens);
    // Of "מחר בעשר אין מקום" only the hour is taken.
    let is_taken = |day: &SaidDay| {
        let has_an_hour = hours
            .iter()
            .any(|hour| tokens.same_clause(hour.at(), day.at));
        !has_an_hour && is_taken(&tokens, &day.words())
    };
    let named = days.iter().filter(|day| day.stands_as_a_day(&hours));
    let is_contradicted = |day: &SaidDay| {
        let others = days.iter().filter(|other| other.stands_as_a_day(&hours));
        is_beside_another(&tokens, day, others, date, today)
    };
    named
        .filter(|day| day.fits(date, today) && day.may_mean(date, today))
        .any(|day| !day.negated && !is_taken(day) && !is_contradicted(day))
}

/// Whether a day is named together with one that this date is not: "יום רביעי, 1 בדצמבר", which is a Tuesday, names neither,
/// and "יום שלישי, 8 בדצמבר" not the coming Tuesday.
fn is_beside_another<'a>(
    tokens: &Tokens,
    day: &SaidDay,
    mut others: impl Iterator<Item = &'a SaidDay>,
    date: Date,
    today: Date,
) -> bool {
    let is_one_phrase = |other: &SaidDay| {
        let (first, second) = if day.at < other.at {
            (day, other)
        } else {
            (other, day)
        };
        let mut between = first.words().end..second.at;
        between.len() <= 2
            && between.all(|at| {
                matches!(
                    tokens.text(at),
                    "ה" | "ב"
                        | "של"
                        | "זה"
                        | "שהוא"
                        | "שזה"
                        | "בתאריכ"
                        | "תאריכ"
                        | "כלומר"
                        | "הקרוב"
                        | "הבא"
                        | "הזה"
                )
            })
    };
    others.any(|other| {
        other.form() != day.form() && !other.may_mean(date, today) && is_one_phrase(other)
    })
}

/// Whether a text, said on `today`, leaves the choice between this day and another one, so that a bare yes to it says
/// neither.
///
/// ```
/// use time::macros::date;
/// use toran_hebrew::day_is_a_choice;
///
/// let (sunday, tuesday) = (date!(2026-11-22), date!(2026-11-24));
/// assert!(day_is_a_choice("ביום שני או ביום שלישי?", tuesday, sunday));
/// assert!(!day_is_a_choice("ביום שלישי, או שלא מתאים לך?", tuesday, sunday));
/// ```
pub fn day_is_a_choice(text: &str, date: Date, today: Date) -> bool {
    let tokens = Tokens::of(text);
    let hours = hours_in(&tokens);
    let (these, others): (Vec<SaidDay>, Vec<SaidDay>) = mentions(&tokens)
        .into_iter()
        .filter(|day| !day.negated && day.form() != DayForm::Span)
        .filter(|day| !is_taken(&tokens, &day.words()))
        // The weekday of "יום ראשון, 21 במרץ" says no other day than the number does.
        .partition(|day| day.may_mean(date, today));
    let choice = |day: SaidDay| Choice {
        is_sure: day.stands_as_a_day(&hours),
        words: day.words(),
    };
    let others: Vec<Choice> = others.into_iter().map(choice).collect();
    let mut these = these.into_iter().map(choice);
    let beside = covered(&tokens, hours.iter().map(SaidHour::mention));
    these.any(|day| is_a_choice(&tokens, &day, &others, &beside))
}

/// Which tokens are a day's beyond doubt, so that no hour is read from them.
pub(crate) fn dated_tokens(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for day in mentions(tokens) {
        // The letter of "יום ב' ארבע" is no "ב" before an hour.
        let has_a_letter = day.form() == DayForm::Weekday
            && day
                .words()
                .skip(1)
                .any(|at| tokens.text(at).chars().count() == 1);
        let may_hold_a_number =
            has_a_letter || matches!(day.form(), DayForm::Number | DayForm::Distance);
        if day.bearing != Bearing::MayBeAnHour && may_hold_a_number {
            let end = day.words().end.min(taken.len());
            taken[day.at..end].fill(true);
        }
    }
    taken
}

/// The tokens of each day whose words can name nothing else.
pub(crate) fn led_days(tokens: &Tokens) -> Vec<Range<usize>> {
    mentions(tokens)
        .into_iter()
        .filter(|day| day.bearing == Bearing::Sure)
        .map(|day| day.words())
        .collect()
}

/// Which tokens stand in a day's words, beyond doubt or not.
pub(crate) fn days_said_at(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for day in mentions(tokens) {
        let end = day.words().end.min(taken.len());
        taken[day.at..end].fill(day.is_led());
    }
    taken
}

#[cfg(test)]
mod tests;
