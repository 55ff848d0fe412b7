//! The days that words can name, seen from a day.

use std::ops::Range;

use time::{Date, Weekday};

use crate::said::{choices::is_a_choice, hours::hours_in, taken::is_taken, tokens::Tokens};
use mentions::mentions;

mod mentions;
mod numbered;

/// A day that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidDay {
    kind: Kind,
    bearing: Bearing,
    negated: bool,
    /// Whether a weekday is named in the same text: "עוד שבועיים ביום חמישי" is not fourteen days.
    is_a_week: bool,
    at: usize,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many days from now, at least and at most.
    Ahead(i64, i64),
    /// A weekday, so many days from now, at least and at most.
    Weekday(Weekday, i64, i64),
    /// "ב-24".
    Day(u8),
    /// "24 בנובמבר", by the month's number.
    DayOfMonth(u8, u8),
    Full(Date),
}

impl SaidDay {
    /// Whether the words name this day, said on `today`.
    pub fn fits(&self, date: Date, today: Date) -> bool {
        let ahead = (date - today).whole_days();
        match self.kind {
            Kind::Ahead(least, most) => (least..=most).contains(&ahead),
            Kind::Weekday(day, least, most) => {
                date.weekday() == day && (least..=most).contains(&ahead)
            }
            Kind::Day(day) => date.day() == day,
            Kind::DayOfMonth(day, month) => date.day() == day && u8::from(date.month()) == month,
            Kind::Full(full) => date == full,
        }
    }

    /// Whether the words may mean this day at all: "שלישי" may mean the Tuesday that was spoken of before.
    pub fn may_mean(&self, date: Date, today: Date) -> bool {
        match self.kind {
            Kind::Weekday(day, ..) => date.weekday() == day,
            Kind::Ahead(least, most) if most >= 7 && self.is_a_week => {
                let ahead = (date - today).whole_days();
                (least - 6..=most + 6).contains(&ahead)
            }
            Kind::Ahead(..) | Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_) => {
                self.fits(date, today)
            }
        }
    }

    /// In which way it is named.
    pub const fn form(&self) -> DayForm {
        match self.kind {
            Kind::Ahead(..) => DayForm::Distance,
            Kind::Weekday(..) => DayForm::Weekday,
            Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_) => DayForm::Number,
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

    /// The place of its words in the text: a day and an hour at one place are two readings of the same words.
    pub const fn at(&self) -> usize {
        self.at
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
    let tokens = Tokens::of(text);
    mentions(&tokens).into_iter().map(|(day, _)| day).collect()
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
    // Of "ב-15 בשעה עשר" the first number is the day, for another is the hour.
    let has_its_hour = |day: &SaidDay| {
        hours
            .iter()
            .any(|hour| hour.is_led() && hour.at().abs_diff(day.at) > 1)
    };
    // "שלישי בעשר", "שלישי, בשעה עשר": a weekday's name right before an hour is a day.
    let leads_an_hour = |day: &SaidDay| {
        let mut led = hours.iter().filter(|hour| hour.is_led());
        led.any(|hour| (1..=2).contains(&hour.at().saturating_sub(day.at)))
    };
    // Of "מחר בעשר אין מקום" only the hour is taken.
    let is_taken = |day: &SaidDay, length: usize| {
        let has_an_hour = hours
            .iter()
            .any(|hour| tokens.same_clause(hour.at(), day.at));
        !has_an_hour && is_taken(&tokens, day.at, day.at + length)
    };
    let mentions = mentions(&tokens);
    // "יום רביעי, 1 בדצמבר", which is a Tuesday, names neither.
    let weekdays = || {
        let named = mentions.iter().map(|(day, _)| day);
        named.filter(|day| day.form() == DayForm::Weekday && day.is_led() && !day.negated)
    };
    let contradicts = |day: &SaidDay| {
        day.form() == DayForm::Number
            && weekdays().next().is_some()
            && !weekdays().any(|weekday| weekday.may_mean(date, today))
    };
    mentions.iter().any(|(day, length)| {
        let is_a_day = match day.bearing {
            Bearing::Sure => true,
            Bearing::MayBeAnHour => has_its_hour(day),
            Bearing::Alone => leads_an_hour(day),
        };
        let is_ruled_out = day.negated || contradicts(day) || is_taken(day, *length);
        is_a_day && day.fits(date, today) && !is_ruled_out
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
    let (these, others): (Vec<_>, Vec<_>) = mentions(&tokens)
        .into_iter()
        .filter(|(day, _)| !day.negated)
        .partition(|(day, _)| day.fits(date, today));
    let place = |(day, length): &(SaidDay, usize)| day.at..day.at + length;
    these
        .iter()
        .any(|day| is_a_choice(&tokens, &place(day), others.iter().map(place)))
}

/// Which tokens are a day's beyond doubt, so that no hour is read from them.
pub(crate) fn dated_tokens(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for (day, length) in mentions(tokens) {
        let is_numeric = matches!(
            day.kind,
            Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_)
        );
        if day.bearing != Bearing::MayBeAnHour
            && (is_numeric || matches!(day.kind, Kind::Ahead(..)))
        {
            let end = (day.at + length).min(taken.len());
            taken[day.at..end].fill(true);
        }
    }
    taken
}

/// The tokens of each day whose words can name nothing else.
pub(crate) fn led_days(tokens: &Tokens) -> Vec<Range<usize>> {
    mentions(tokens)
        .into_iter()
        .filter(|(day, _)| day.bearing == Bearing::Sure)
        .map(|(day, length)| day.at..day.at + length)
        .collect()
}

/// Which tokens stand in a day's words, beyond doubt or not.
pub(crate) fn days_said_at(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for (day, length) in mentions(tokens) {
        let end = (day.at + length).min(taken.len());
        taken[day.at..end].fill(day.is_led());
    }
    taken
}

#[cfg(test)]
mod tests;
