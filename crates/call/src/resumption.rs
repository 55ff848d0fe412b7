//! What an interrupted call goes on from, and what a new session of the model is told of it.

use std::collections::VecDeque;

use time::{Date, Time};
use toran_domain::{Booking, Pii, Proposal, Speaker};

/// How many of the last lines a new session is told.
pub const MAX_SAID_LINES: usize = 12;
/// And how much of each, in characters.
const MAX_SAID_CHARS: usize = 300;

/// What an interrupted call goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumption {
    /// Appointments made earlier in this call.
    pub bookings: Vec<StandingBooking>,
    /// What a bare "yes" would mean, and how much of it was heard.
    pub proposal: Proposal,
    /// Whether the caller asked for one more appointment since the last one was made.
    pub one_more: bool,
    /// The slots that the caller was offered last.
    pub offered: Vec<(Date, Time)>,
    /// What was said last, oldest first.
    pub said: Vec<Said>,
}

/// An appointment that stands, and whether the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingBooking {
    /// The appointment.
    pub booking: Booking,
    /// Whether the caller has heard of it.
    pub announced: bool,
}

/// One line of what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// By whom.
    pub by: Speaker,
    /// The words.
    pub text: Pii<String>,
}

/// The last lines of a call, each bounded.
#[derive(Debug, Default)]
pub(crate) struct LastLines(VecDeque<Said>);

impl LastLines {
    pub(crate) fn push(&mut self, by: Speaker, text: &str) {
        if self.0.len() == MAX_SAID_LINES {
            self.0.pop_front();
        }
        let text = Pii::new(text.chars().take(MAX_SAID_CHARS).collect());
        self.0.push_back(Said { by, text });
    }

    /// What somebody said, oldest first.
    pub(crate) fn of(&self, by: Speaker) -> impl DoubleEndedIterator<Item = &str> {
        let lines = self.0.iter().filter(move |said| said.by == by);
        lines.map(|said| said.text.expose().as_str())
    }

    pub(crate) fn to_vec(&self) -> Vec<Said> {
        self.0.iter().cloned().collect()
    }
}

impl FromIterator<Said> for LastLines {
    fn from_iter<I: IntoIterator<Item = Said>>(lines: I) -> Self {
        let mut kept = Self::default();
        for line in lines {
            kept.push(line.by, line.text.expose());
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_long_call_is_bounded() {
        let lines = (0..100).map(|n| Said {
            by: Speaker::Caller,
            text: Pii::new(format!("{n} {}", "א".repeat(1_000))),
        });
        let kept = lines.collect::<LastLines>().to_vec();
        assert_eq!(kept.len(), MAX_SAID_LINES);
        let text = kept[0].text.expose();
        assert!(text.starts_with("88 ") && text.chars().count() == MAX_SAID_CHARS);
    }
}
