//! What is left for the business to do.

use std::{fmt, str::FromStr};

/// The longest caller's words that a task keeps, in characters.
pub const MAX_TASK_WORDS_CHARS: usize = 1_000;

/// Stands between words that a caller said at different moments, wherever they are joined for one task: here and there alike,
/// so that what was joined before is known for it.
pub const BETWEEN_TASK_WORDS: &str = " / ";

/// What a task asks the business to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    /// To book what could not be booked, or not be understood, in the call.
    Booking,
    /// To cancel an appointment.
    Cancellation,
    /// To give an appointment another time.
    Move,
    /// To call back: the caller asked for a person.
    Person,
    /// To read what the caller left word of.
    Message,
}

/// A word that names no kind of task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a task's kind is booking, cancellation, move, person or message")]
pub struct NoTaskKind;

impl TaskKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Booking,
        Self::Cancellation,
        Self::Move,
        Self::Person,
        Self::Message,
    ];

    /// The word that stores, events and logs write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::Cancellation => "cancellation",
            Self::Move => "move",
            Self::Person => "person",
            Self::Message => "message",
        }
    }
}

impl FromStr for TaskKind {
    type Err = NoTaskKind;

    fn from_str(text: &str) -> Result<Self, NoTaskKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NoTaskKind)
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_back() {
        for kind in TaskKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("robot".parse::<TaskKind>(), Err(NoTaskKind));
    }
}
