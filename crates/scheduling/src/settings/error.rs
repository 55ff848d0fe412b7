//! Why settings were refused.

use crate::{
    ActiveDaysError, ClockTimeError, HolidayError, HoursError, IdError, OpeningError, TimeZoneError,
};

/// Why settings were refused. The message begins with the field to mend, as a path into the JSON:
/// `hours.sunday[1]: …`, `services[2].duration_minutes: …`.
///
/// ```
/// use toran_scheduling::{AppointmentSettings, SettingsProblem, TimeZoneName};
/// use time::macros::time;
///
/// let backwards = AppointmentSettings::simple(
///     "sun".parse()?, time!(18:00), time!(9:00), 30, TimeZoneName::jerusalem(),
/// );
/// let error = backwards.unwrap_err();
/// assert_eq!((error.field.as_str(), error.problem), ("end_hour", SettingsProblem::EndNotAfterStart));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SettingsError {
    /// The field to mend.
    pub field: String,
    /// What is wrong with it.
    pub problem: SettingsProblem,
}

impl SettingsError {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<SettingsProblem>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// What is wrong with a field of settings.
///
/// ```
/// use toran_scheduling::SettingsProblem;
///
/// let problem = SettingsProblem::OutOfRange { found: 0, min: 5, max: 480 };
/// assert_eq!(problem.to_string(), "0 is out of range: choose 5 to 480");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsProblem {
    /// The business would never be open.
    #[error("name at least one day with hours")]
    NoActiveDay,
    /// A name is not a day of the week.
    #[error(transparent)]
    Day(#[from] ActiveDaysError),
    /// A text is not an hour.
    #[error(transparent)]
    Hour(#[from] ClockTimeError),
    /// An hour lies outside its day.
    #[error(
        "in the simple form it must be at most 24:00: write hours past midnight in the full form"
    )]
    PastMidnight,
    /// A text is not a stretch of hours, or an empty one.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The openings do not go together.
    #[error(transparent)]
    Hours(#[from] HoursError),
    /// The day would end before it begins.
    #[error("it must be later on the same day than start_hour")]
    EndNotAfterStart,
    /// A number is too small or too large.
    #[error("{found} is out of range: choose {min} to {max}")]
    OutOfRange {
        /// What was asked for.
        found: i64,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// No appointment would ever fit.
    #[error("an appointment of {minutes} minutes fits into none of the opening hours")]
    NeverFits {
        /// How long it would be.
        minutes: u16,
    },
    /// Nothing could ever be booked.
    #[error("so much notice reaches past the last day of booking_horizon_days")]
    NoticePastHorizon,
    /// The zone is not in the database.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneError),
    /// A text is not a date.
    #[error("{0:?} is not a date: write it as YYYY-MM-DD")]
    Date(String),
    /// The dates are in the wrong order.
    #[error("it must not be earlier than from")]
    DatesReversed,
    /// Two entries are about the same day.
    #[error("another entry is about {0} already")]
    SameDay(time::Date),
    /// A name is not a holiday.
    #[error(transparent)]
    Holiday(#[from] HolidayError),
    /// A word is not what can be done on a holiday.
    #[error("{0:?} is unknown: write \"open\", \"closed\" or {{\"until\": \"13:00\"}}")]
    HolidayRule(String),
    /// A text is no id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An id stands twice.
    #[error("{0:?} is there twice")]
    Twice(String),
    /// A service names a resource that is not there.
    #[error("{0:?} is not one of the resources")]
    UnknownResource(String),
    /// A service takes more than any of its resources has.
    #[error("{units} units are more than any of its resources has")]
    TooManyUnits {
        /// How many it takes.
        units: u16,
    },
    /// The list has no entry.
    #[error("name at least one")]
    Empty,
    /// The list is too long.
    #[error("{found} entries are too many: at most {max}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// Fields of both forms are there, or some of the one that is meant are missing.
    #[error("give either hours, or active_days with start_hour and end_hour")]
    NeitherForm,
}
