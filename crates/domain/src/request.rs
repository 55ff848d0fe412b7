//! What the parser found in a caller's words.

use time::{Date, Time};

use crate::{Detail, Pii};

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

/// What the caller is about, beside the three words of [`Action`]: what the server does with a segment that asks for no
/// time, or for more than a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Intent {
    /// A new appointment.
    Book,
    /// To give up an appointment that stands.
    Cancel,
    /// To give an appointment that stands another time.
    Move,
    /// When their own appointment is.
    OwnAppointment,
    /// Hours, prices, the address: what the prompt answers.
    Information,
    /// To speak with a person.
    Person,
    /// To leave word for the business ("I will be ten minutes late").
    Message,
    /// Everything else.
    #[default]
    Other,
}

impl Intent {
    /// The word as the parser's schema and the logs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Cancel => "cancel",
            Self::Move => "move",
            Self::OwnAppointment => "own_appointment",
            Self::Information => "information",
            Self::Person => "person",
            Self::Message => "message",
            Self::Other => "other",
        }
    }

    /// The intent that a word of the schema names.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Book,
            Self::Cancel,
            Self::Move,
            Self::OwnAppointment,
            Self::Information,
            Self::Person,
            Self::Message,
            Self::Other,
        ]
        .into_iter()
        .find(|intent| intent.as_str() == word)
    }
}

/// A part of the day, as people name it without an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartOfDay {
    /// "בבוקר": 5 to 12.
    Morning,
    /// "בצהריים": 11 to 15.
    Noon,
    /// "אחר הצהריים": 12 to 18.
    Afternoon,
    /// "בערב": 17 to 22.
    Evening,
    /// "בלילה": 20 to 5.
    Night,
}

impl PartOfDay {
    /// Whether an hour lies in it. The parts overlap, as they do in people's mouths.
    ///
    /// ```
    /// use time::macros::time;
    /// use toran_domain::PartOfDay;
    ///
    /// assert!(PartOfDay::Morning.contains(time!(9:00)));
    /// assert!(!PartOfDay::Morning.contains(time!(12:00)));
    /// assert!(PartOfDay::Night.contains(time!(0:30)));
    /// ```
    pub const fn contains(self, time: Time) -> bool {
        let hour = time.hour();
        match self {
            Self::Morning => 5 <= hour && hour < 12,
            Self::Noon => 11 <= hour && hour < 15,
            Self::Afternoon => 12 <= hour && hour < 18,
            Self::Evening => 17 <= hour && hour < 22,
            Self::Night => hour >= 20 || hour < 5,
        }
    }

    /// The word as the parser's schema and the server events write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Noon => "noon",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
            Self::Night => "night",
        }
    }

    /// The part that a word of the schema names.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Morning,
            Self::Noon,
            Self::Afternoon,
            Self::Evening,
            Self::Night,
        ]
        .into_iter()
        .find(|part| part.as_str() == word)
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

    /// What was not said, in the order to ask for it.
    pub fn missing(&self) -> Vec<Detail> {
        let date = self.date.is_none().then_some(Detail::Date);
        let time = self.time.is_none().then_some(Detail::Time);
        date.into_iter().chain(time).collect()
    }
}

/// What a bare "yes" would mean, and how much of it the caller has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Proposal {
    /// The day and the hour on the table.
    pub table: RequestedTime,
    /// The day and the hour that the caller heard; they count as far as they are the table's.
    pub heard: RequestedTime,
}

/// What a caller would like: a day and an hour as far as they were said, and what narrows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wish {
    /// The day and hour.
    pub when: RequestedTime,
    /// The part of the day, where no hour was said ("מחר בבוקר").
    pub part_of_day: Option<PartOfDay>,
    /// A day that does not suit ("לא ביום ראשון").
    pub not_on: Option<Date>,
}

impl From<RequestedTime> for Wish {
    fn from(when: RequestedTime) -> Self {
        Self {
            when,
            ..Self::default()
        }
    }
}
