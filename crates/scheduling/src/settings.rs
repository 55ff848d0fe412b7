//! A business's days, hours and grid, checked.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Time, macros::format_description};

use crate::{ActiveDays, ActiveDaysError, TimeZoneError, TimeZoneName};

/// The shortest slot, in minutes.
pub const MIN_SLOT_MINUTES: u16 = 5;
/// The longest slot, in minutes.
pub const MAX_SLOT_MINUTES: u16 = 480;

/// Which of the two hours an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HourField {
    /// `start_hour`
    Start,
    /// `end_hour`
    End,
}

impl fmt::Display for HourField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start_hour",
            Self::End => "end_hour",
        })
    }
}

/// Why settings were refused. Every message begins with the field to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The business would never be open.
    #[error("active_days: name at least one day")]
    NoActiveDay,
    /// A name in the list is not a day.
    #[error("active_days: the list holds something that is not a day of the week")]
    ActiveDays(#[source] ActiveDaysError),
    /// The text is not an hour.
    #[error("{field}: {found:?} is not an hour: write it as HH:MM, from 00:00 to 23:59")]
    NotAnHour {
        /// Which hour.
        field: HourField,
        /// What was written, cut to a few characters.
        found: String,
    },
    /// An hour is finer than a minute.
    #[error("{field}: hours are whole minutes: drop the seconds")]
    FinerThanMinutes {
        /// Which hour.
        field: HourField,
    },
    /// The day would end before it begins.
    #[error("end_hour: it must be later on the same day than start_hour")]
    EndNotAfterStart,
    /// The slot is too short or too long.
    #[error(
        "slot_interval_minutes: {minutes} is out of range: choose {MIN_SLOT_MINUTES} to {MAX_SLOT_MINUTES}"
    )]
    IntervalOutOfRange {
        /// What was asked for.
        minutes: i64,
    },
    /// Not one slot would fit.
    #[error("slot_interval_minutes: {minutes} minutes do not fit between start_hour and end_hour")]
    IntervalLongerThanDay {
        /// What was asked for.
        minutes: u16,
    },
    /// The zone is not in the database.
    #[error("time_zone: the zone is unknown")]
    TimeZone(#[source] TimeZoneError),
}

/// A business's days, hours, grid and time zone: everything that decides when it may be booked.
///
/// Always valid: at least one active day, an end after the start, and at least one slot in a day.
/// Its JSON is
/// `{"active_days":["sunday"],"start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,"time_zone":"Asia/Jerusalem"}`,
/// in which no other field is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSettings", into = "RawSettings")]
pub struct AppointmentSettings {
    active_days: ActiveDays,
    start_hour: Time,
    end_hour: Time,
    slot_interval_minutes: u16,
    time_zone: TimeZoneName,
}

impl AppointmentSettings {
    /// Checks settings. `start_hour` is inside the working day, `end_hour` is not; an appointment lasts
    /// `slot_interval_minutes`.
    pub fn new(
        active_days: ActiveDays,
        start_hour: Time,
        end_hour: Time,
        slot_interval_minutes: u16,
        time_zone: TimeZoneName,
    ) -> Result<Self, SettingsError> {
        if active_days.is_empty() {
            return Err(SettingsError::NoActiveDay);
        }
        for (field, hour) in [(HourField::Start, start_hour), (HourField::End, end_hour)] {
            if hour.second() != 0 || hour.nanosecond() != 0 {
                return Err(SettingsError::FinerThanMinutes { field });
            }
        }
        if end_hour <= start_hour {
            return Err(SettingsError::EndNotAfterStart);
        }
        let minutes = slot_interval_minutes;
        if !(MIN_SLOT_MINUTES..=MAX_SLOT_MINUTES).contains(&minutes) {
            return Err(SettingsError::IntervalOutOfRange {
                minutes: minutes.into(),
            });
        }
        if i64::from(minutes) > (end_hour - start_hour).whole_minutes() {
            return Err(SettingsError::IntervalLongerThanDay { minutes });
        }
        Ok(Self {
            active_days,
            start_hour,
            end_hour,
            slot_interval_minutes,
            time_zone,
        })
    }

    /// The days on which the business works.
    pub const fn active_days(&self) -> ActiveDays {
        self.active_days
    }

    /// The hour at which it opens, and the first point of the grid.
    pub const fn start_hour(&self) -> Time {
        self.start_hour
    }

    /// The hour at which it closes. Every appointment is over by then.
    pub const fn end_hour(&self) -> Time {
        self.end_hour
    }

    /// The distance between two starts, and the length of an appointment, in minutes.
    pub const fn slot_interval_minutes(&self) -> u16 {
        self.slot_interval_minutes
    }

    /// The zone of its wall clock.
    pub const fn time_zone(&self) -> &TimeZoneName {
        &self.time_zone
    }
}

/// Settings as JSON writes them, before they are checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    active_days: Vec<String>,
    start_hour: String,
    end_hour: String,
    slot_interval_minutes: i64,
    time_zone: String,
}

impl TryFrom<RawSettings> for AppointmentSettings {
    type Error = SettingsError;

    fn try_from(raw: RawSettings) -> Result<Self, SettingsError> {
        let days = raw.active_days.iter().map(|name| ActiveDays::day(name));
        let minutes = raw.slot_interval_minutes;
        Self::new(
            days.collect::<Result<_, _>>()
                .map_err(SettingsError::ActiveDays)?,
            parse_hour(HourField::Start, &raw.start_hour)?,
            parse_hour(HourField::End, &raw.end_hour)?,
            minutes
                .try_into()
                .map_err(|_| SettingsError::IntervalOutOfRange { minutes })?,
            raw.time_zone.parse().map_err(SettingsError::TimeZone)?,
        )
    }
}

impl From<AppointmentSettings> for RawSettings {
    fn from(settings: AppointmentSettings) -> Self {
        let hour = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        Self {
            active_days: settings.active_days.names().map(str::to_owned).collect(),
            start_hour: hour(settings.start_hour),
            end_hour: hour(settings.end_hour),
            slot_interval_minutes: settings.slot_interval_minutes.into(),
            time_zone: settings.time_zone.into(),
        }
    }
}

fn parse_hour(field: HourField, text: &str) -> Result<Time, SettingsError> {
    Time::parse(text.trim(), format_description!("[hour]:[minute]")).map_err(|_| {
        SettingsError::NotAnHour {
            field,
            found: text.chars().take(20).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;
    use time::macros::time;

    use super::*;

    fn new(days: &str, start: Time, end: Time, minutes: u16) -> Result<(), SettingsError> {
        let days = days.parse().unwrap_or_default();
        AppointmentSettings::new(days, start, end, minutes, TimeZoneName::jerusalem()).map(|_| ())
    }

    #[test]
    fn each_refusal_names_its_field() {
        let (nine, six) = (time!(9:00), time!(18:00));
        assert_eq!(new("", nine, six, 30), Err(SettingsError::NoActiveDay));
        assert_eq!(
            new("sun", six, nine, 30),
            Err(SettingsError::EndNotAfterStart)
        );
        assert_eq!(
            new("sun", nine, nine, 30),
            Err(SettingsError::EndNotAfterStart)
        );
        for minutes in [0, 4, 481, u16::MAX] {
            let refused = SettingsError::IntervalOutOfRange {
                minutes: minutes.into(),
            };
            assert_eq!(new("sun", nine, six, minutes), Err(refused));
        }
        let refused = SettingsError::IntervalLongerThanDay { minutes: 61 };
        assert_eq!(new("sun", nine, time!(10:00), 61), Err(refused));
        assert_eq!(new("sun", nine, time!(10:00), 60), Ok(()));
        let refused = SettingsError::FinerThanMinutes {
            field: HourField::End,
        };
        assert_eq!(new("sun", nine, time!(18:00:01), 30), Err(refused));
    }

    const JSON: &str = r#"{"active_days":["sunday","friday"],"start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,"time_zone":"Asia/Jerusalem"}"#;

    #[test]
    fn json_goes_both_ways() {
        let settings: AppointmentSettings = serde_json::from_str(JSON).unwrap();
        assert_eq!(settings.active_days().to_string(), "sun,fri");
        assert_eq!(serde_json::to_string(&settings).unwrap(), JSON);
    }

    #[track_caller]
    fn refused(from: &str, to: &str, message: &str) {
        assert!(JSON.contains(from));
        let error =
            serde_json::from_str::<AppointmentSettings>(&JSON.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(
            error
                .source()
                .is_none_or(|source| !source.to_string().is_empty())
        );
    }

    #[test]
    fn bad_json_is_refused_by_field() {
        refused("sunday", "someday", "active_days");
        refused("09:00", "9 o'clock", "start_hour");
        refused("18:00", "24:00", "end_hour");
        refused("30", "-5", "slot_interval_minutes: -5");
        refused("30", "99999", "slot_interval_minutes: 99999");
        refused("Asia/Jerusalem", "Asia/Nowhere", "time_zone");
        refused(
            r#""time_zone""#,
            r#""greeting":"שלום","time_zone""#,
            "unknown field `greeting`",
        );
    }

    proptest! {
        #[test]
        fn every_valid_setting_survives_json(start in 0_i64..1439, length in 5_i64..1439, minutes in 5_u16..=480, days in proptest::sample::subsequence(vec!["sun", "mon", "wed", "sat"], 1..=4)) {
            let start_hour = Time::MIDNIGHT + time::Duration::minutes(start);
            let end_hour = Time::MIDNIGHT + time::Duration::minutes((start + length).min(1439));
            let days = days.join(",").parse().unwrap();
            let made = AppointmentSettings::new(days, start_hour, end_hour, minutes, TimeZoneName::jerusalem());
            if let Ok(settings) = made {
                let json = serde_json::to_string(&settings).unwrap();
                prop_assert_eq!(serde_json::from_str::<AppointmentSettings>(&json).unwrap(), settings);
            }
        }
    }
}
