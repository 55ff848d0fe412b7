//! Why settings were refused.

use time::Date;

use crate::{
    ActiveDaysError, ClockTime, ClockTimeError, HolidayError, HoursError, IdError, OpeningError,
    TimeZoneError,
};

/// Why settings were refused. The message begins with the field to mend, as a path into the JSON
/// (`hours.sunday[1]: …`, `services[2].duration_minutes: …`), and says what to write instead.
///
/// ```
/// use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// use time::macros::time;
///
/// let backwards = AppointmentSettings::simple(
///     "sun".parse()?, time!(18:00), time!(9:00), 30, TimeZoneName::jerusalem(),
/// );
/// let error = backwards.unwrap_err();
/// assert_eq!(error.field, "end_hour");
/// assert_eq!(error.to_string(), "end_hour: it must be later on the same day than start_hour, which is 18:00");
///
/// let json = r#"{"active_days": ["sunday"], "start_hour": 9, "end_hour": "18:00", "slot_interval_minutes": 30, "time_zone": "Asia/Jerusalem"}"#;
/// let error = serde_json::from_str::<AppointmentSettings>(json).unwrap_err();
/// assert_eq!(error.to_string(), r#"start_hour: 9 is not a text: write it like "09:00""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SettingsError {
    /// The field to mend; `settings` for all of them.
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
    /// The value is of another kind.
    #[error("{found} is not {wanted}: write it like {like}")]
    NotA {
        /// What is there, in short.
        found: String,
        /// What should be.
        wanted: &'static str,
        /// A right value.
        like: &'static str,
    },
    /// A field that must be there is not.
    #[error("it is missing: write it like {like}")]
    Missing {
        /// A right value.
        like: &'static str,
    },
    /// There is no field of this name.
    #[error("there is no such field: there are {known}")]
    Unknown {
        /// The names that there are.
        known: String,
    },
    /// A field, a day or a holiday stands twice.
    #[error("it is there twice: leave one of the two out")]
    Repeated,
    /// The business would never be open.
    #[error("name at least one day, like \"sunday\"")]
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
    #[error("it must be later on the same day than start_hour, which is {start}")]
    EndNotAfterStart {
        /// When it begins.
        start: ClockTime,
    },
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
    #[error(
        "an appointment of {minutes} minutes fits into none of the opening hours: the longest lasts {longest}"
    )]
    NeverFits {
        /// How long it would be.
        minutes: u16,
        /// How long the longest opening is, in minutes.
        longest: u16,
    },
    /// Nothing could ever be booked.
    #[error(
        "so much notice reaches past the last day of booking_horizon_days: choose less than {limit}"
    )]
    NoticePastHorizon {
        /// How many minutes are too many.
        limit: u32,
    },
    /// The zone is not in the database.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneError),
    /// A text is not a date.
    #[error("{0:?} is not a date: write it as YYYY-MM-DD, like 2026-12-24")]
    Date(String),
    /// The dates are in the wrong order.
    #[error("it must not be earlier than from, which is {from}")]
    DatesReversed {
        /// The first date.
        from: Date,
    },
    /// Two entries are about the same day.
    #[error("another entry is about {0} already: leave that day out of one of them")]
    SameDay(Date),
    /// A name is not a holiday.
    #[error(transparent)]
    Holiday(#[from] HolidayError),
    /// A value is not what can be done on a holiday.
    #[error(
        "{0} is not what can be done on a holiday: write it like \"closed\", \"open\" or {{\"until\": \"13:00\"}}"
    )]
    HolidayRule(String),
    /// A text is no id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An id stands twice.
    #[error("{0:?} is there twice: each id stands for one")]
    Twice(String),
    /// A service names a resource that is not there.
    #[error("{id:?} is not one of the resources: there are {known}")]
    UnknownResource {
        /// What it names.
        id: String,
        /// What there is, at most the first few.
        known: String,
    },
    /// A service takes more than any of its resources has.
    #[error("{units} units are more than any of its resources has: choose at most {most}")]
    TooManyUnits {
        /// How many it takes.
        units: u16,
        /// How many there are.
        most: u16,
    },
    /// The list has no entry.
    #[error("name at least one, like {{\"id\": \"dana\"}}")]
    Empty,
    /// The list is too long.
    #[error("{found} entries are too many: at most {max}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// A field of the simple form stands beside the full form's hours.
    #[error("it does not go with hours, which say the same: leave one of them out")]
    BothForms,
    /// Neither form says when the business is open.
    #[error(
        "it is missing: write it like {like}, or active_days, start_hour and end_hour in its place"
    )]
    NeitherForm {
        /// A right value.
        like: &'static str,
    },
}
