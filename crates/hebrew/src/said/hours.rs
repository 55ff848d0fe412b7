//! The hours that words can name.

use std::ops::Range;

use time::Time;

use crate::said::{
    choices::{Choice, covered, is_a_choice},
    days::{dated_tokens, led_days},
    numbers::cardinal,
    phone::dialled_tokens,
    taken::is_taken,
    tokens::{Tokens, is_number, is_ruled_out_behind},
};
use mentions::{mention, words_of_number};

mod bounds;
mod counts;
mod mentions;

/// An hour that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidHour {
    readings: Vec<Time>,
    led: bool,
    /// Whether it stands beside a day, or in a list with one that does ("מחר עשר", "עשר ביום שלישי").
    is_by_a_day: bool,
    role: Role,
    at: usize,
    /// The tokens of its mention.
    mention: Range<usize>,
}

/// What an hour is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Itself,
    /// To bound a stretch of time: "אחרי ארבע", "בין עשר לאחת עשרה".
    Bound,
    /// To rule it out: "לא בעשר".
    RuledOut,
}

impl SaidHour {
    /// The one or two hours that are meant: without a part of the day an hour may be before or after noon.
    pub fn readings(&self) -> &[Time] {
        &self.readings
    }

    /// Whether an hour is one of those that are meant.
    pub fn fits(&self, time: Time) -> bool {
        self.readings.contains(&time)
    }

    /// Whether its words can be nothing but an hour ("בעשר", "בשעה 5", "10:30"). A number alone ("חמש, לא, שש")
    /// may count something else.
    pub const fn is_led(&self) -> bool {
        self.led
    }

    /// Whether it is ruled out ("לא בעשר").
    pub const fn is_negated(&self) -> bool {
        matches!(self.role, Role::RuledOut)
    }

    /// The place of its number in the text.
    pub const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn mention(&self) -> &Range<usize> {
        &self.mention
    }
}

/// The hours that a text can name, in order of mention: in digits, in words, before and past the hour, with the part
/// of the day that stands beside them. Durations, ages, prices, addresses and phone numbers are no hours.
///
/// ```
/// use time::macros::time;
///
/// let said = toran_hebrew::hours_said("בעוד עשר דקות? לא, בחמש וחצי בערב");
/// assert_eq!(said.len(), 1);
/// assert_eq!(said[0].readings(), [time!(17:30)]);
/// ```
pub fn hours_said(text: &str) -> Vec<SaidHour> {
    hours_in(&Tokens::of(text))
}

/// The hours that tokens can name.
pub(crate) fn hours_in(tokens: &Tokens) -> Vec<SaidHour> {
    let taken: Vec<bool> = dated_tokens(tokens)
        .iter()
        .zip(dialled_tokens(tokens))
        .map(|(dated, dialled)| *dated || dialled)
        .collect();
    let days = led_days(tokens);
    let mut found: Vec<SaidHour> = Vec::new();
    let mut list_begins = 0;
    let mut at = 0;
    while at < tokens.len() {
        let Some(mention) = mention(tokens, &taken, at) else {
            at += words_of_number(tokens, at);
            continue;
        };
        let end = at + mention.length;
        // "בעשר, אחת עשרה או בשתיים": the hours of a list lean on the first.
        let is_joined = matches!(tokens.before(at), "או" | "ו" | "וגמ" | "עד");
        let listed_behind = found.last().cloned().filter(|last| {
            let last_end = last.mention.end;
            last_end == at || (last_end + 1 == at && is_joined)
        });
        let led = mention.led || listed_behind.as_ref().is_some_and(|last| last.led);
        let mut is_by_a_day = days.iter().any(|day| day.end == at || day.start == end)
            || listed_behind.as_ref().is_some_and(|last| last.is_by_a_day);
        let is_a_bound = bounds::is_a_bound(
            tokens,
            at,
            listed_behind.as_ref().map(|last| last.mention.start),
        ) || mention.hours.len() == 2;
        if listed_behind.is_none() {
            list_begins = found.len();
        } else if tokens.before(at) == "או" {
            // "עשר או שתים עשרה": what is offered so is nothing else.
            found[list_begins..]
                .iter_mut()
                .for_each(|hour| hour.is_by_a_day = true);
            is_by_a_day = true;
        }
        let is_negated = matches!(tokens.joined_before(at), "לא" | "אל")
            && !(at >= 2 && tokens.text(at - 2) == "למה");
        let role = if is_negated || is_ruled_out_behind(tokens, end) {
            Role::RuledOut
        } else if is_a_bound {
            Role::Bound
        } else {
            Role::Itself
        };
        found.extend(mention.hours.into_iter().map(|readings| SaidHour {
            readings,
            led,
            is_by_a_day,
            role,
            at: mention.number_at,
            mention: at..end,
        }));
        at = end;
    }
    found
}

/// Whether a text names this hour. Only words that can be nothing but an hour count: "יש לי ארבע אפשרויות" names none.
/// Neither does what only bounds the time ("אחרי ארבע") or is said to be taken ("בארבע אין מקום").
///
/// ```
/// use time::macros::time;
/// use toran_hebrew::hour_is_named;
///
/// assert!(hour_is_named("יש לי בעשר, באחת עשרה או בשתיים", time!(14:00)));
/// assert!(!hour_is_named("זה ייקח 10 דקות", time!(10:00)));
/// ```
pub fn hour_is_named(text: &str, time: Time) -> bool {
    let tokens = Tokens::of(text);
    hours_in(&tokens).iter().any(|hour| {
        (hour.led || hour.is_by_a_day)
            && hour.role == Role::Itself
            && hour.fits(time)
            && !is_taken(&tokens, &hour.mention)
    })
}

/// Whether a text leaves the choice between this hour and another one, so that a bare yes to it says neither.
///
/// ```
/// use time::macros::time;
/// use toran_hebrew::hour_is_a_choice;
///
/// assert!(hour_is_a_choice("בעשר או באחת עשרה?", time!(11:00)));
/// assert!(!hour_is_a_choice("בעשר, או שלא מתאים לך?", time!(10:00)));
/// ```
pub fn hour_is_a_choice(text: &str, time: Time) -> bool {
    let tokens = Tokens::of(text);
    let (these, others): (Vec<SaidHour>, Vec<SaidHour>) = hours_in(&tokens)
        .into_iter()
        .filter(|hour| !hour.is_negated() && !is_taken(&tokens, &hour.mention))
        .partition(|hour| hour.fits(time));
    let choice = |hour: SaidHour| Choice {
        is_sure: hour.role == Role::Itself && (hour.led || hour.is_by_a_day),
        words: hour.mention,
    };
    let others: Vec<Choice> = others.into_iter().map(choice).collect();
    let mut these = these.into_iter().map(choice);
    let beside = covered(&tokens, led_days(&tokens).iter());
    these.any(|hour| is_a_choice(&tokens, &hour, &others, &beside))
}

/// Whether a text asks for the hour that is under discussion ("באותה שעה").
pub fn same_hour_said(text: &str) -> bool {
    let tokens = Tokens::of(text);
    (0..tokens.len()).any(|at| {
        matches!(
            (tokens.text(at), tokens.text(at + 1)),
            ("באותה" | "אותה" | "לאותה", "שעה" | "השעה") | ("באותו" | "אותו", "זמנ" | "הזמנ")
        )
    })
}

/// The times from now that a text names, in minutes: "עוד שעה", "בעוד חצי שעה", "in 20 minutes".
pub fn minutes_ahead_said(text: &str) -> Vec<u32> {
    let tokens = Tokens::of(text);
    (0..tokens.len())
        .filter_map(|at| duration_at(&tokens, at))
        .collect()
}

fn duration_at(tokens: &Tokens, at: usize) -> Option<u32> {
    let words = tokens.from(at);
    let half = |offset: usize| match words.get(offset) {
        Some(&"וחצי") => 30,
        Some(&"ורבע") => 15,
        _ => 0,
    };
    match *words.as_slice() {
        ["שעה" | "השעה", ..] if matches!(tokens.before(at), "עוד" | "בעוד" | "תוכ") => {
            Some(60 + half(1))
        }
        ["שעתימ", ..] => Some(120 + half(1)),
        ["חצי", "שעה", ..] => Some(30),
        ["רבע", "שעה", ..] => Some(15),
        ["שלושת", "רבעי", "שעה" | "השעה", ..] => Some(45),
        ["an", "hour", ..] => Some(60),
        [number, "דקות" | "דק" | "minutes", ..] if is_number(number) => number.parse().ok(),
        [number, "שעות" | "hours", ..] if is_number(number) => {
            number.parse::<u32>().ok()?.checked_mul(60)
        }
        _ => {
            let number = cardinal(&words)?;
            match *words.get(number.length)? {
                "דקות" => Some(number.value),
                "שעות" => Some(number.value * 60 + half(number.length + 1)),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
