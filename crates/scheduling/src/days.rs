//! The days of the week on which a business works.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::Weekday;

/// Why a text names no set of days.
///
/// ```
/// use toran_scheduling::{ActiveDays, ActiveDaysError};
///
/// assert_eq!("".parse::<ActiveDays>(), Err(ActiveDaysError::Empty));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActiveDaysError {
    /// The text holds no day at all.
    #[error("no day is named: write days like 'sun-fri' or 'sun,tue'")]
    Empty,
    /// A word is not a day of the week.
    #[error("{0:?} is not a day of the week: write it in English, like 'sunday' or 'sun'")]
    NotADay(String),
}

/// A set of days of the week. The week begins on Sunday, as in Israel.
///
/// In JSON it is a list of lowercase English names (`["sunday","monday"]`); on a command line it is
/// written in short, as runs and single days (`sun-fri`, `sun,tue`), and a run may pass the week's end
/// (`fri-sun`). May be empty by itself; [`crate::AppointmentSettings`] refuses an empty set.
///
/// ```
/// use time::Weekday;
/// use toran_scheduling::ActiveDays;
///
/// let days: ActiveDays = "sun-tue,fri".parse()?;
/// assert!(days.contains(Weekday::Friday) && !days.contains(Weekday::Saturday));
/// assert_eq!(days.with(Weekday::Saturday).to_string(), "sun-tue,fri-sat");
/// assert_eq!(days.iter().count(), 4);
/// assert!("sunday-someday".parse::<ActiveDays>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ActiveDays(u8);

impl ActiveDays {
    /// Whether the business works on `day`.
    pub const fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether no day is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same days and one more.
    #[must_use]
    pub const fn with(self, day: Weekday) -> Self {
        Self(self.0 | bit(day))
    }

    /// All seven with their full lowercase English names, Sunday first.
    pub(crate) fn named_week() -> impl Iterator<Item = (Weekday, &'static str)> {
        WEEK.into_iter()
    }

    /// The days, Sunday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> + Clone {
        WEEK.into_iter()
            .map(|(day, _)| day)
            .filter(move |day| self.contains(*day))
    }

    /// The full lowercase English names, Sunday first.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        WEEK.into_iter()
            .filter(move |(day, _)| self.contains(*day))
            .map(|(_, name)| name)
    }

    /// Reads a full or a three-letter English name, in any case.
    pub(crate) fn day(text: &str) -> Result<Weekday, ActiveDaysError> {
        let word = text.trim().to_ascii_lowercase();
        WEEK.into_iter()
            .find(|(_, name)| word == *name || word == name[..3])
            .map(|(day, _)| day)
            .ok_or_else(|| ActiveDaysError::NotADay(text.trim().chars().take(40).collect()))
    }
}

impl FromIterator<Weekday> for ActiveDays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | bit(day)))
    }
}

impl FromStr for ActiveDays {
    type Err = ActiveDaysError;

    fn from_str(text: &str) -> Result<Self, ActiveDaysError> {
        let mut set = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut day, last) = (Self::day(first)?, Self::day(last)?);
            set.0 |= bit(day);
            while day != last {
                day = day.next();
                set.0 |= bit(day);
            }
        }
        if set.is_empty() {
            Err(ActiveDaysError::Empty)
        } else {
            Ok(set)
        }
    }
}

impl fmt::Display for ActiveDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<(Weekday, &str)> = WEEK
            .into_iter()
            .filter(|(day, _)| self.contains(*day))
            .collect();
        let runs = names.chunk_by(|(day, _), (following, _)| day.next() == *following);
        for (index, run) in runs.enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match run {
                [(_, first), .., (_, last)] => write!(f, "{}-{}", &first[..3], &last[..3])?,
                [(_, only)] => f.write_str(&only[..3])?,
                [] => {}
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ActiveDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActiveDays({self})")
    }
}

impl Serialize for ActiveDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for ActiveDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names
            .iter()
            .map(|name| Self::day(name))
            .collect::<Result<_, _>>()
            .map_err(de::Error::custom)
    }
}

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Sunday, "sunday"),
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
];

const fn bit(day: Weekday) -> u8 {
    1 << day.number_days_from_sunday()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(text.parse::<ActiveDays>().unwrap().to_string(), shown);
    }

    #[test]
    fn days_are_read_in_short_and_shown_in_short() {
        check("sun-fri", "sun-fri");
        check("sun,tue", "sun,tue");
        check("tue, SUN", "sun,tue");
        check("Sunday-Thursday", "sun-thu");
        check("fri-sun", "sun,fri-sat");
        check("sun-sat", "sun-sat");
        check("mon,mon-mon", "mon");
    }

    #[test]
    fn what_is_not_a_day_is_named_in_the_error() {
        assert_eq!("".parse::<ActiveDays>(), Err(ActiveDaysError::Empty));
        assert_eq!(" , ".parse::<ActiveDays>(), Err(ActiveDaysError::Empty));
        assert_eq!(
            "sun-".parse::<ActiveDays>(),
            Err(ActiveDaysError::NotADay(String::new()))
        );
        assert_eq!(
            "א".parse::<ActiveDays>(),
            Err(ActiveDaysError::NotADay("א".to_owned()))
        );
    }

    #[test]
    fn json_is_a_list_of_names_sunday_first() {
        let days: ActiveDays = serde_json::from_str(r#"["tuesday","sunday"]"#).unwrap();
        assert_eq!(
            serde_json::to_string(&days).unwrap(),
            r#"["sunday","tuesday"]"#
        );
        assert!(serde_json::from_str::<ActiveDays>(r#"["someday"]"#).is_err());
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(bits in 1_u8..128) {
            let days = ActiveDays(bits);
            prop_assert_eq!(days.to_string().parse(), Ok(days));
            prop_assert_eq!(days.iter().collect::<ActiveDays>(), days);
        }
    }
}
