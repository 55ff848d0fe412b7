//! What the parser found in a caller's words.

use time::{Date, Time};

use crate::Pii;

/// The longest caller's name that is kept, in characters.
pub const MAX_NAME_CHARS: usize = 80;

/// What the caller wants, in the three words of the parser's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The caller asks for, names or corrects a day or an hour.
    Ask,
    /// The caller says yes to a concrete time.
    Confirm,
    /// Nothing about an appointment.
    None,
}

impl Action {
    /// The word as the contract and the logs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Confirm => "confirm",
            Self::None => "none",
        }
    }
}

/// One clean result of the parser: `action`, `date`, `time`, `name` and nothing else.
///
/// Date and time are local to the business. `None` means that the caller did not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRequest {
    /// What the caller wants.
    pub action: Action,
    /// The day, computed by code from what was said.
    pub date: Option<Date>,
    /// The hour on the business's wall clock.
    pub time: Option<Time>,
    /// The caller's name, if it was said.
    pub name: Option<Pii<String>>,
}

impl AppointmentRequest {
    /// The result of a segment that holds no information.
    pub const NONE: Self = Self {
        action: Action::None,
        date: None,
        time: None,
        name: None,
    };

    /// Whether the caller named a day or an hour: speech that must never be talked over.
    pub const fn names_a_time(&self) -> bool {
        self.date.is_some() || self.time.is_some()
    }

    /// The day and hour of this request.
    pub const fn requested(&self) -> RequestedTime {
        RequestedTime {
            date: self.date,
            time: self.time,
        }
    }
}

/// A day and an hour, each perhaps still unsaid: what a caller asked for, or what is on the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RequestedTime {
    /// The day, local to the business.
    pub date: Option<Date>,
    /// The hour, local to the business.
    pub time: Option<Time>,
}

impl RequestedTime {
    /// Whether neither was said.
    pub const fn is_empty(&self) -> bool {
        self.date.is_none() && self.time.is_none()
    }
}
