//! The two forms in which settings are written, and what makes one valid.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    DEFAULT_HORIZON_DAYS, MAX_APPOINTMENT_MINUTES, MAX_BUFFER_MINUTES, MAX_ENTRIES,
    MAX_HORIZON_DAYS, MAX_NOTICE_MINUTES, MAX_SLOT_MINUTES, MIN_SLOT_MINUTES, SettingsError,
    SettingsProblem, json,
};
use crate::{
    ActiveDays, ClockTime, DayHours, HolidayRules, Opening, OpeningError, Resource, Service,
    TimeZoneName, WeeklyHours, resource::MAX_CAPACITY,
};

/// Settings in four fields and a zone: the same hours on some days, an appointment as long as the grid is wide,
/// one at a time, up to a year ahead.
///
/// A plain value; it is checked when it becomes [`crate::AppointmentSettings`]. Its JSON is
/// `{"active_days":["sunday"],"start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,"time_zone":"Asia/Jerusalem"}`,
/// in which no other field is allowed.
///
/// ```
/// use toran_scheduling::{AppointmentSettings, SimpleForm};
///
/// let json = r#"{"active_days":["sunday","monday"],"start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,"time_zone":"Asia/Jerusalem"}"#;
/// let simple: SimpleForm = serde_json::from_str(json)?;
/// assert_eq!(serde_json::to_string(&simple)?, json);
/// let settings = AppointmentSettings::try_from(simple.clone())?;
/// assert_eq!(settings, AppointmentSettings::try_from(simple.to_full()?)?);
/// assert_eq!(settings.simple_form(), Some(simple));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "json::WrittenSimple")]
pub struct SimpleForm {
    /// The days on which the business works.
    pub active_days: ActiveDays,
    /// When it opens: the first point of the grid.
    pub start_hour: ClockTime,
    /// When it closes, at most `24:00`. Every appointment is over by then.
    pub end_hour: ClockTime,
    /// The distance between two starts and the length of an appointment, in minutes.
    pub slot_interval_minutes: u16,
    /// The zone of its wall clock.
    pub time_zone: TimeZoneName,
}

impl SimpleForm {
    /// The full form that means the same. Errors name the field of the simple form.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let simple = settings.simple_form().expect("these are simple");
    /// assert_eq!(&simple.to_full()?, settings.form());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_full(&self) -> Result<FullForm, SettingsError> {
        if self.active_days.is_empty() {
            return Err(SettingsError::new(
                "active_days",
                SettingsProblem::NoActiveDay,
            ));
        }
        if self.end_hour > ClockTime::END_OF_DAY {
            return Err(SettingsError::new(
                "end_hour",
                SettingsProblem::PastMidnight,
            ));
        }
        let opening = Opening::new(self.start_hour, self.end_hour).map_err(|error| {
            if matches!(error, OpeningError::BeginsPastMidnight(_)) {
                return SettingsError::new("start_hour", error);
            }
            let start = self.start_hour;
            SettingsError::new("end_hour", SettingsProblem::EndNotAfterStart { start })
        })?;
        let minutes = self.slot_interval_minutes;
        Bounds::INTERVAL.hold("slot_interval_minutes", minutes)?;
        if minutes > opening.minutes() {
            let longest = opening.minutes();
            let problem = SettingsProblem::NeverFits { minutes, longest };
            return Err(SettingsError::new("slot_interval_minutes", problem));
        }
        let hours = WeeklyHours::same(self.active_days, opening)
            .map_err(|error| SettingsError::new("end_hour", error))?;
        Ok(FullForm {
            appointment_minutes: minutes,
            ..FullForm::new(self.time_zone.clone(), hours, minutes)
        })
    }
}

/// Settings with all that real businesses need. A plain value; it is checked when it becomes
/// [`crate::AppointmentSettings`], whose documentation shows its JSON.
///
/// Of the layers that say when the business is open, the first that speaks of a day decides:
/// [`special_hours`](Self::special_hours), [`closures`](Self::closures), [`holidays`](Self::holidays),
/// [`hours`](Self::hours).
///
/// ```
/// use time::Weekday;
/// use toran_scheduling::{
///     AppointmentSettings, DayHours, FullForm, HolidayRules, TimeZoneName, WeeklyHours,
/// };
///
/// let full = DayHours::new(["09:00-13:00".parse()?, "16:00-19:00".parse()?])?;
/// let hours = WeeklyHours::new([(Weekday::Sunday, full.clone()), (Weekday::Tuesday, full)])?;
/// let settings = AppointmentSettings::try_from(FullForm {
///     appointment_minutes: 45,
///     buffer_after_minutes: 15,
///     holidays: HolidayRules::israel(),
///     ..FullForm::new(TimeZoneName::jerusalem(), hours, 30)
/// })?;
/// assert_eq!(settings.simple_form(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullForm {
    /// The zone of the business's wall clock.
    pub time_zone: TimeZoneName,
    /// The hours of the week.
    pub hours: WeeklyHours,
    /// Dates with hours of their own: extra, other or none. No two about the same day.
    pub special_hours: Vec<SpecialHours>,
    /// Dates on which it is closed. No two about the same day.
    pub closures: Vec<Closure>,
    /// What it does on holidays.
    pub holidays: HolidayRules,
    /// The distance between two starts, in minutes: [`MIN_SLOT_MINUTES`] to [`MAX_SLOT_MINUTES`]. The grid begins
    /// anew at each opening.
    pub slot_interval_minutes: u16,
    /// How long an appointment lasts when no service is named, in minutes: 1 to [`MAX_APPOINTMENT_MINUTES`].
    pub appointment_minutes: u16,
    /// Minutes kept free before an appointment, at most [`MAX_BUFFER_MINUTES`]. Buffers are part of what an
    /// appointment takes, so those of two neighbours add up; they may lie outside the opening hours.
    pub buffer_before_minutes: u16,
    /// Minutes kept free after an appointment, at most [`MAX_BUFFER_MINUTES`].
    pub buffer_after_minutes: u16,
    /// How long before its start an appointment must be booked, in minutes: at most [`MAX_NOTICE_MINUTES`].
    pub minimum_notice_minutes: u32,
    /// How many days ahead may be booked, counted from the business's today: 0 (today alone) to
    /// [`MAX_HORIZON_DAYS`].
    pub booking_horizon_days: u16,
    /// What appointments take up, in order of preference. At least one.
    pub resources: Vec<Resource>,
    /// What can be booked by name.
    pub services: Vec<Service>,
}

impl FullForm {
    /// Hours and a grid, and for the rest what a simple form means: appointments as long as the grid is wide, one
    /// at a time, no buffers, no notice, up to [`DEFAULT_HORIZON_DAYS`] ahead, every date like any other.
    ///
    /// ```
    /// use toran_scheduling::{FullForm, Opening, TimeZoneName, WeeklyHours};
    ///
    /// let hours = WeeklyHours::same("sun-thu".parse()?, "09:00-17:00".parse()?)?;
    /// let form = FullForm::new(TimeZoneName::jerusalem(), hours, 20);
    /// assert_eq!((form.appointment_minutes, form.resources.len()), (20, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(time_zone: TimeZoneName, hours: WeeklyHours, slot_interval_minutes: u16) -> Self {
        Self {
            time_zone,
            hours,
            special_hours: Vec::new(),
            closures: Vec::new(),
            holidays: HolidayRules::default(),
            slot_interval_minutes,
            appointment_minutes: slot_interval_minutes,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            minimum_notice_minutes: 0,
            booking_horizon_days: DEFAULT_HORIZON_DAYS,
            resources: vec![Resource::main()],
            services: Vec::new(),
        }
    }

    /// Checks everything that the types alone do not, and puts dates in order.
    pub(super) fn check(&mut self) -> Result<(), SettingsError> {
        if self.hours.active_days().is_empty() {
            return Err(SettingsError::new("hours", SettingsProblem::NoActiveDay));
        }
        self.check_numbers()?;
        sort_dates("special_hours", &mut self.special_hours, |special| {
            special.dates
        })?;
        sort_dates("closures", &mut self.closures, |closure| closure.dates)?;
        self.check_fit("appointment_minutes", self.appointment_minutes)?;
        self.check_resources()?;
        self.check_services()
    }

    /// Whether any opening goes on past midnight, or may where the clock is set back over it.
    pub(super) fn has_late_nights(&self) -> bool {
        let special = self.special_hours.iter().map(|special| &special.hours);
        let mut openings = self
            .hours
            .openings()
            .chain(special.flat_map(DayHours::openings).copied());
        openings.any(|opening| opening.to() >= ClockTime::END_OF_DAY)
    }

    fn check_numbers(&self) -> Result<(), SettingsError> {
        Bounds::INTERVAL.hold("slot_interval_minutes", self.slot_interval_minutes)?;
        Bounds::DURATION.hold("appointment_minutes", self.appointment_minutes)?;
        Bounds::BUFFER.hold("buffer_before_minutes", self.buffer_before_minutes)?;
        Bounds::BUFFER.hold("buffer_after_minutes", self.buffer_after_minutes)?;
        Bounds::NOTICE.hold("minimum_notice_minutes", self.minimum_notice_minutes)?;
        Bounds::HORIZON.hold("booking_horizon_days", self.booking_horizon_days)?;
        // On the last day of the horizon something must still be possible.
        let most =
            (u32::from(self.booking_horizon_days) + 1) * u32::from(crate::clock_time::DAY_MINUTES);
        if self.minimum_notice_minutes >= most {
            let problem = SettingsProblem::NoticePastHorizon { limit: most };
            return Err(SettingsError::new("minimum_notice_minutes", problem));
        }
        Ok(())
    }

    /// An appointment must fit into an opening of some day of the week.
    fn check_fit(&self, field: &str, minutes: u16) -> Result<(), SettingsError> {
        let lengths = self.hours.openings().map(|opening| opening.minutes());
        let longest = lengths.max().unwrap_or(0);
        if longest >= minutes {
            Ok(())
        } else {
            let problem = SettingsProblem::NeverFits { minutes, longest };
            Err(SettingsError::new(field, problem))
        }
    }

    fn check_resources(&self) -> Result<(), SettingsError> {
        few("resources", &self.resources)?;
        if self.resources.is_empty() {
            return Err(SettingsError::new("resources", SettingsProblem::Empty));
        }
        for (index, resource) in self.resources.iter().enumerate() {
            let field = format!("resources[{index}].capacity");
            Bounds::UNITS.hold(&field, resource.capacity)?;
            if self.resources[..index]
                .iter()
                .any(|other| other.id == resource.id)
            {
                let problem = SettingsProblem::Twice(resource.id.to_string());
                return Err(SettingsError::new(
                    format!("resources[{index}].id"),
                    problem,
                ));
            }
        }
        Ok(())
    }

    fn check_services(&self) -> Result<(), SettingsError> {
        few("services", &self.services)?;
        for (index, service) in self.services.iter().enumerate() {
            let field = |name: &str| format!("services[{index}].{name}");
            if self.services[..index]
                .iter()
                .any(|other| other.id == service.id)
            {
                let problem = SettingsProblem::Twice(service.id.to_string());
                return Err(SettingsError::new(field("id"), problem));
            }
            let minutes = service.duration_minutes;
            Bounds::DURATION.hold(&field("duration_minutes"), minutes)?;
            self.check_fit(&field("duration_minutes"), minutes)?;
            for (name, buffer) in [
                ("buffer_before_minutes", service.buffer_before_minutes),
                ("buffer_after_minutes", service.buffer_after_minutes),
            ] {
                Bounds::BUFFER.hold(&field(name), buffer.unwrap_or(0))?;
            }
            Bounds::UNITS.hold(&field("units"), service.units)?;
            self.check_resources_of(service, &field)?;
        }
        Ok(())
    }

    fn check_resources_of(
        &self,
        service: &Service,
        field: &impl Fn(&str) -> String,
    ) -> Result<(), SettingsError> {
        for (index, id) in service.resources.iter().enumerate() {
            let problem = if !self.resources.iter().any(|resource| resource.id == *id) {
                let some = self.resources.iter().take(SHOWN_RESOURCES);
                let known: Vec<String> = some
                    .map(|resource| format!("{:?}", resource.id.as_str()))
                    .collect();
                SettingsProblem::UnknownResource {
                    id: id.to_string(),
                    known: known.join(", "),
                }
            } else if service.resources[..index].contains(id) {
                SettingsProblem::Twice(id.to_string())
            } else {
                continue;
            };
            let field = field(&format!("resources[{index}]"));
            return Err(SettingsError::new(field, problem));
        }
        let can_give = |resource: &&Resource| {
            service.resources.is_empty() || service.resources.contains(&resource.id)
        };
        let capacities = self
            .resources
            .iter()
            .filter(can_give)
            .map(|resource| resource.capacity);
        let units = service.units;
        if let Some(most) = capacities.max().filter(|most| units > *most) {
            let problem = SettingsProblem::TooManyUnits { units, most };
            return Err(SettingsError::new(field("units"), problem));
        }
        Ok(())
    }
}

/// Dates from one to another, both inside.
///
/// ```
/// use time::macros::date;
/// use toran_scheduling::DateSpan;
///
/// let august = DateSpan::new(date!(2027-08-01), date!(2027-08-31)).expect("in order");
/// assert_eq!(DateSpan::day(date!(2027-08-01)).to(), august.from());
/// assert!(DateSpan::new(date!(2027-08-31), date!(2027-08-01)).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateSpan {
    from: Date,
    to: Date,
}

impl DateSpan {
    /// From one date to another; `None` if they are in the wrong order.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// One date alone.
    pub const fn day(date: Date) -> Self {
        Self {
            from: date,
            to: date,
        }
    }

    /// The first.
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last.
    pub const fn to(self) -> Date {
        self.to
    }
}

/// Dates on which no opening begins. The night of the day before goes on to its end.
///
/// ```
/// use time::macros::date;
/// use toran_scheduling::{Closure, DateSpan};
///
/// let closure = Closure { dates: DateSpan::day(date!(2027-08-01)) };
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Closure {
    /// The dates.
    pub dates: DateSpan,
}

/// Dates with hours of their own, whatever the week, the closures and the holidays say. A late night of the day before
/// ends where they begin.
///
/// ```
/// use time::macros::date;
/// use toran_scheduling::{DateSpan, DayHours, SpecialHours};
///
/// let special = SpecialHours {
///     dates: DateSpan::day(date!(2026-12-24)),
///     hours: DayHours::one("09:00-12:00".parse()?),
/// };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpecialHours {
    /// The dates.
    pub dates: DateSpan,
    /// The hours of each; closed if there are none.
    pub hours: DayHours,
}

/// How many of the resources an error message names.
const SHOWN_RESOURCES: usize = 10;

/// What a number may be.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    min: i64,
    max: i64,
}

impl Bounds {
    pub(super) const INTERVAL: Self = Self::from(MIN_SLOT_MINUTES as i64, MAX_SLOT_MINUTES as i64);
    pub(super) const DURATION: Self = Self::from(1, MAX_APPOINTMENT_MINUTES as i64);
    pub(super) const BUFFER: Self = Self::from(0, MAX_BUFFER_MINUTES as i64);
    pub(super) const NOTICE: Self = Self::from(0, MAX_NOTICE_MINUTES as i64);
    pub(super) const HORIZON: Self = Self::from(0, MAX_HORIZON_DAYS as i64);
    pub(super) const UNITS: Self = Self::from(1, MAX_CAPACITY as i64);

    const fn from(min: i64, max: i64) -> Self {
        Self { min, max }
    }

    /// Checks a number.
    fn hold(self, field: &str, found: impl Into<i64>) -> Result<(), SettingsError> {
        self.read::<i64>(field, found.into()).map(|_| ())
    }

    /// Checks a number and makes it one of its field's type.
    pub(super) fn read<T: TryFrom<i64>>(self, field: &str, found: i64) -> Result<T, SettingsError> {
        let Self { min, max } = self;
        let inside = Some(found).filter(|found| (min..=max).contains(found));
        inside
            .and_then(|found| T::try_from(found).ok())
            .ok_or_else(|| {
                SettingsError::new(field, SettingsProblem::OutOfRange { found, min, max })
            })
    }
}

fn few<T>(field: &str, entries: &[T]) -> Result<(), SettingsError> {
    let (found, max) = (entries.len(), MAX_ENTRIES);
    if found > max {
        let problem = SettingsProblem::TooMany { found, max };
        return Err(SettingsError::new(field, problem));
    }
    Ok(())
}

fn sort_dates<T>(
    field: &str,
    entries: &mut [T],
    dates: impl Fn(&T) -> DateSpan,
) -> Result<(), SettingsError> {
    few(field, entries)?;
    entries.sort_by_key(|entry| dates(entry).from());
    for pair in entries.windows(2) {
        if let [first, second] = pair
            && dates(second).from() <= dates(first).to()
        {
            let problem = SettingsProblem::SameDay(dates(second).from());
            return Err(SettingsError::new(field, problem));
        }
    }
    Ok(())
}

/// The last day that may be booked, seen from a business's today.
pub(crate) fn horizon(today: Date, days: u16) -> Date {
    today.saturating_add(Duration::days(days.into()))
}
