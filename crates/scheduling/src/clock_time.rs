//! Readings of a business's clock, and the stretches of a day in which it is open.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{Duration, Time};

/// The minutes of a day by the clock.
pub(crate) const DAY_MINUTES: u16 = 1440;

/// Why a text is no reading of the clock.
///
/// ```
/// let error = "9 o'clock".parse::<toran_scheduling::ClockTime>().unwrap_err();
/// assert!(error.to_string().contains("HH:MM"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an hour: write it as HH:MM, like 09:30 (24:00 is the end of the day, and 26:00 is 02:00 of the next)"
)]
pub struct ClockTimeError(String);

/// A reading of the wall clock, in whole minutes from the midnight at which a day begins.
///
/// It may go past the day: `24:00` is the midnight at its end, and `26:00` two in the morning of the day
/// after, up to `48:00`. So a bar that is open from 20:00 to 26:00 belongs to the day on which it opens
/// (the notation is that of OpenStreetMap's [opening hours]).
///
/// ```
/// use toran_scheduling::ClockTime;
///
/// let closing: ClockTime = "26:00".parse()?;
/// assert_eq!(closing.minutes(), 26 * 60);
/// assert_eq!(closing.to_string(), "26:00");
/// assert_eq!(closing.time(), time::macros::time!(2:00));
/// # Ok::<(), toran_scheduling::ClockTimeError>(())
/// ```
///
/// [opening hours]: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime(u16);

impl ClockTime {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`.
    pub const END_OF_DAY: Self = Self(DAY_MINUTES);
    /// `48:00`, the latest there is.
    pub const MAX: Self = Self(2 * DAY_MINUTES);

    /// A reading by its minutes from midnight; `None` past `48:00`.
    ///
    /// ```
    /// # use toran_scheduling::ClockTime;
    /// assert_eq!(ClockTime::from_minutes(570).map(|t| t.to_string()), Some("09:30".to_owned()));
    /// assert_eq!(ClockTime::from_minutes(2881), None);
    /// ```
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= Self::MAX.0 {
            Some(Self(minutes))
        } else {
            None
        }
    }

    /// Minutes from the midnight at which the day begins, 0 to 2880.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// What the clock shows: past midnight, the hour of the following day.
    pub fn time(self) -> Time {
        Time::MIDNIGHT + Duration::minutes(self.0.into())
    }
}

/// Seconds are dropped.
impl From<Time> for ClockTime {
    fn from(time: Time) -> Self {
        Self(u16::from(time.hour()) * 60 + u16::from(time.minute()))
    }
}

impl FromStr for ClockTime {
    type Err = ClockTimeError;

    fn from_str(text: &str) -> Result<Self, ClockTimeError> {
        let two_digits = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        text.trim()
            .split_once(':')
            .and_then(|(hour, minute)| Some((two_digits(hour)?, two_digits(minute)?)))
            .filter(|(_, minute)| *minute < 60)
            .and_then(|(hour, minute)| Self::from_minutes(hour * 60 + minute))
            .ok_or_else(|| ClockTimeError(excerpt(text)))
    }
}

impl TryFrom<String> for ClockTime {
    type Error = ClockTimeError;

    fn try_from(text: String) -> Result<Self, ClockTimeError> {
        text.parse()
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClockTime({self})")
    }
}

/// Why two readings of the clock bound no opening.
///
/// ```
/// use toran_scheduling::{Opening, OpeningError};
///
/// let error = "18:00-09:00".parse::<Opening>().unwrap_err();
/// assert!(matches!(error, OpeningError::EndNotAfterStart { .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The text is not two hours.
    #[error("{0:?} is not a stretch of hours: write it like \"09:00-13:00\"")]
    NotTwoHours(String),
    /// One of its hours is no reading of the clock.
    #[error(transparent)]
    Hour(#[from] ClockTimeError),
    /// It begins on another day.
    #[error(
        "it begins at {0}: an opening begins before 24:00 of its own day, so write it with the next one"
    )]
    BeginsPastMidnight(ClockTime),
    /// It would end before it begins.
    #[error(
        "it ends at {to}, which is not after its start at {from}: if it goes on past midnight, count the hours on, like 22:00-26:00"
    )]
    EndNotAfterStart {
        /// Where it would begin.
        from: ClockTime,
        /// Where it would end.
        to: ClockTime,
    },
    /// It is longer than a day.
    #[error("from {from} to {to} is longer than 24 hours: write the rest with the next day")]
    TooLong {
        /// Where it would begin.
        from: ClockTime,
        /// Where it would end.
        to: ClockTime,
    },
}

/// A stretch of opening hours, half-open by the wall clock: written `09:00-13:00`.
///
/// It begins before midnight of the day it belongs to and lasts at most 24 hours; it may end on the next
/// day (`22:00-26:00`). Never empty.
///
/// ```
/// use toran_scheduling::Opening;
///
/// let morning: Opening = "09:00-13:00".parse()?;
/// assert_eq!(morning.from().to_string(), "09:00");
/// assert!("13:00-09:00".parse::<Opening>().is_err());
/// # Ok::<(), toran_scheduling::OpeningError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opening {
    from: ClockTime,
    to: ClockTime,
}

impl Opening {
    /// Checks a stretch: `from` is inside, `to` is not.
    pub fn new(from: ClockTime, to: ClockTime) -> Result<Self, OpeningError> {
        if from >= ClockTime::END_OF_DAY {
            Err(OpeningError::BeginsPastMidnight(from))
        } else if to <= from {
            Err(OpeningError::EndNotAfterStart { from, to })
        } else if to.minutes() - from.minutes() > DAY_MINUTES {
            Err(OpeningError::TooLong { from, to })
        } else {
            Ok(Self { from, to })
        }
    }

    /// Where it begins: the first point of its grid.
    pub const fn from(&self) -> ClockTime {
        self.from
    }

    /// Where it is over. Every appointment ends by then.
    pub const fn to(&self) -> ClockTime {
        self.to
    }

    /// Its length by the clock, in minutes: 1 to 1440.
    pub const fn minutes(&self) -> u16 {
        self.to.minutes() - self.from.minutes()
    }

    /// Whether the reading lies inside.
    pub fn contains(&self, time: ClockTime) -> bool {
        self.from <= time && time < self.to
    }

    /// What is left of it before `until`.
    pub(crate) fn before(self, until: ClockTime) -> Option<Self> {
        let to = self.to.min(until);
        (self.from < to).then_some(Self { to, ..self })
    }
}

impl FromStr for Opening {
    type Err = OpeningError;

    fn from_str(text: &str) -> Result<Self, OpeningError> {
        let (from, to) = text
            .split_once(['-', '–'])
            .ok_or_else(|| OpeningError::NotTwoHours(excerpt(text)))?;
        Self::new(from.parse()?, to.parse()?)
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({self})")
    }
}

/// The beginning of what was written, for an error message.
pub(crate) fn excerpt(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<u16>) {
        assert_eq!(
            text.parse::<ClockTime>().ok().map(ClockTime::minutes),
            expect,
            "{text:?}"
        );
    }

    #[test]
    fn the_clock_is_read_strictly() {
        check("00:00", Some(0));
        check(" 09:30 ", Some(570));
        check("24:00", Some(1440));
        check("48:00", Some(2880));
        for bad in [
            "", "9:30", "48:01", "12:60", "-1:00", "+1:00", "12", "12:00:00", "ט:00", "1२:00",
            "99:00",
        ] {
            check(bad, None);
        }
    }

    #[track_caller]
    fn refused(text: &str, says: &str) {
        let error = text.parse::<Opening>().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn an_opening_says_what_is_wrong_with_it() {
        refused("09:00", r#"like "09:00-13:00""#);
        refused("9-13", "HH:MM");
        refused("18:00-09:00", "22:00-26:00");
        refused("09:00-09:00", "not after its start");
        refused("24:00-26:00", "before 24:00");
        refused("09:00-34:00", "longer than 24 hours");
        assert!("00:00-24:00".parse::<Opening>().is_ok());
        assert!("09:00–33:00".parse::<Opening>().is_ok());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(from in 0_u16..1440, minutes in 1_u16..=1440) {
            let at = |minutes| ClockTime::from_minutes(minutes).unwrap();
            let opening = Opening::new(at(from), at(from + minutes)).unwrap();
            prop_assert_eq!(opening.to_string().parse(), Ok(opening));
            prop_assert_eq!(opening.minutes(), minutes);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<Opening>();
            let _ = text.parse::<ClockTime>();
        }
    }
}
