//! Settings as JSON writes them. Texts and numbers are read as they come and checked here, so that every error
//! can name its field.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use time::{
    Date, Weekday, format_description::StaticFormatDescription, macros::format_description,
};

use super::{
    AppointmentSettings, Closure, DEFAULT_HORIZON_DAYS, DateSpan, FullForm, SettingsError,
    SettingsProblem, SimpleForm, SpecialHours, form::Bounds,
};
use crate::{
    ActiveDays, ClockTime, DayHours, Holiday, HolidayRule, HolidayRules, IdError, Opening,
    Resource, ResourceId, Service, ServiceId, WeeklyHours, clock_time::excerpt,
    hours::MAX_OPENINGS_A_DAY,
};

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");

const OPEN: &str = "open";
const CLOSED: &str = "closed";

type Checked<T> = Result<T, SettingsError>;

/// The simple form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "settings are an object")]
pub(super) struct RawSimple {
    active_days: Vec<String>,
    start_hour: String,
    end_hour: String,
    slot_interval_minutes: i64,
    time_zone: String,
}

/// Either form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "settings are an object")]
pub(super) struct RawSettings {
    time_zone: String,
    hours: Option<InOrder<String, Vec<String>>>,
    active_days: Option<Vec<String>>,
    start_hour: Option<String>,
    end_hour: Option<String>,
    #[serde(default)]
    special_hours: Vec<RawSpecialHours>,
    #[serde(default)]
    closures: Vec<RawClosure>,
    #[serde(default)]
    holidays: InOrder<String, RawHolidayRule>,
    slot_interval_minutes: i64,
    appointment_minutes: Option<i64>,
    #[serde(default)]
    buffer_before_minutes: i64,
    #[serde(default)]
    buffer_after_minutes: i64,
    #[serde(default)]
    minimum_notice_minutes: i64,
    booking_horizon_days: Option<i64>,
    resources: Option<Vec<RawResource>>,
    #[serde(default)]
    services: Vec<RawService>,
}

/// The full form as it is written.
#[derive(Serialize)]
pub(super) struct RawFull {
    time_zone: String,
    hours: RawWeek,
    special_hours: Vec<RawSpecialHours>,
    closures: Vec<RawClosure>,
    holidays: RawHolidays,
    slot_interval_minutes: u16,
    appointment_minutes: u16,
    buffer_before_minutes: u16,
    buffer_after_minutes: u16,
    minimum_notice_minutes: u32,
    booking_horizon_days: u16,
    resources: Vec<RawResource>,
    services: Vec<RawService>,
}

/// A map in an order of its own (days from Sunday, holidays through the Hebrew year), which a key that stands twice does
/// not get past unnoticed.
struct InOrder<K, V>(Vec<(K, V)>);

type RawWeek = InOrder<&'static str, Vec<String>>;
type RawHolidays = InOrder<&'static str, RawHolidayRule>;

impl<K, V> Default for InOrder<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Serialize, V: Serialize> Serialize for InOrder<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for InOrder<String, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = InOrder<String, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    // More than any week or year has: what is beyond could only be refused.
                    if entries.len() <= MAX_MAP_ENTRIES {
                        entries.push(entry);
                    }
                }
                Ok(InOrder(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

const MAX_MAP_ENTRIES: usize = 100;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpecialHours {
    from: String,
    #[serde(default)]
    to: Option<String>,
    hours: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClosure {
    from: String,
    #[serde(default)]
    to: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a holiday is \"open\", \"closed\" or {\"until\": \"13:00\"}"
)]
enum RawHolidayRule {
    Word(String),
    ShortDay(RawShortDay),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShortDay {
    until: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResource {
    id: String,
    #[serde(default = "one")]
    capacity: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawService {
    id: String,
    duration_minutes: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    buffer_before_minutes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    buffer_after_minutes: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    #[serde(default = "one")]
    units: i64,
}

const fn one() -> i64 {
    1
}

impl TryFrom<RawSimple> for SimpleForm {
    type Error = SettingsError;

    fn try_from(raw: RawSimple) -> Checked<Self> {
        let minutes = raw.slot_interval_minutes;
        let form = Self {
            active_days: active_days(&raw.active_days)?,
            start_hour: hour("start_hour", &raw.start_hour)?,
            end_hour: hour("end_hour", &raw.end_hour)?,
            slot_interval_minutes: Bounds::INTERVAL.read("slot_interval_minutes", minutes)?,
            time_zone: zone(&raw.time_zone)?,
        };
        // A simple form that cannot be meant is not read at all.
        AppointmentSettings::try_from(form.clone())?;
        Ok(form)
    }
}

impl From<SimpleForm> for RawSimple {
    fn from(form: SimpleForm) -> Self {
        Self {
            active_days: form.active_days.names().map(str::to_owned).collect(),
            start_hour: form.start_hour.to_string(),
            end_hour: form.end_hour.to_string(),
            slot_interval_minutes: form.slot_interval_minutes.into(),
            time_zone: form.time_zone.into(),
        }
    }
}

impl TryFrom<RawSettings> for AppointmentSettings {
    type Error = SettingsError;

    fn try_from(raw: RawSettings) -> Checked<Self> {
        let interval = Bounds::INTERVAL.read("slot_interval_minutes", raw.slot_interval_minutes)?;
        let time_zone = zone(&raw.time_zone)?;
        let base = match (&raw.hours, &raw.active_days, &raw.start_hour, &raw.end_hour) {
            (Some(hours), None, None, None) => FullForm::new(time_zone, week(hours)?, interval),
            (None, Some(days), Some(start), Some(end)) => SimpleForm {
                active_days: active_days(days)?,
                start_hour: hour("start_hour", start)?,
                end_hour: hour("end_hour", end)?,
                slot_interval_minutes: interval,
                time_zone,
            }
            .to_full()?,
            _ => return Err(SettingsError::new("hours", SettingsProblem::NeitherForm)),
        };
        let appointment_minutes = raw.appointment_minutes.unwrap_or(interval.into());
        let horizon = raw
            .booking_horizon_days
            .unwrap_or(DEFAULT_HORIZON_DAYS.into());
        FullForm {
            special_hours: each("special_hours", &raw.special_hours, special_hours)?,
            closures: each("closures", &raw.closures, |field, raw| {
                dates(field, &raw.from, raw.to.as_deref()).map(|dates| Closure { dates })
            })?,
            holidays: holidays(&raw.holidays)?,
            appointment_minutes: Bounds::DURATION
                .read("appointment_minutes", appointment_minutes)?,
            buffer_before_minutes: Bounds::BUFFER
                .read("buffer_before_minutes", raw.buffer_before_minutes)?,
            buffer_after_minutes: Bounds::BUFFER
                .read("buffer_after_minutes", raw.buffer_after_minutes)?,
            minimum_notice_minutes: Bounds::NOTICE
                .read("minimum_notice_minutes", raw.minimum_notice_minutes)?,
            booking_horizon_days: Bounds::HORIZON.read("booking_horizon_days", horizon)?,
            resources: match &raw.resources {
                Some(resources) => each("resources", resources, resource)?,
                None => base.resources,
            },
            services: each("services", &raw.services, service)?,
            ..base
        }
        .try_into()
        .map_err(|error: SettingsError| match raw.appointment_minutes {
            // Nobody wrote a length: it is the grid's.
            None if error.field == "appointment_minutes" => {
                SettingsError::new("slot_interval_minutes", error.problem)
            }
            _ => error,
        })
    }
}

impl From<AppointmentSettings> for RawFull {
    fn from(settings: AppointmentSettings) -> Self {
        let form = settings.form;
        let closure = |closure: Closure| RawClosure {
            from: date_text(closure.dates.from()),
            to: Some(date_text(closure.dates.to())),
        };
        let special = |special: SpecialHours| RawSpecialHours {
            from: date_text(special.dates.from()),
            to: Some(date_text(special.dates.to())),
            hours: hours_texts(&special.hours),
        };
        let days = ActiveDays::named_week()
            .map(|(day, name)| (name, form.hours.on(day)))
            .filter(|(_, hours)| !hours.is_closed())
            .map(|(name, hours)| (name, hours_texts(hours)));
        let holidays = form.holidays.iter();
        Self {
            time_zone: form.time_zone.into(),
            hours: InOrder(days.collect()),
            special_hours: form.special_hours.into_iter().map(special).collect(),
            closures: form.closures.into_iter().map(closure).collect(),
            holidays: InOrder(
                holidays
                    .map(|(day, rule)| (day.as_str(), rule.into()))
                    .collect(),
            ),
            slot_interval_minutes: form.slot_interval_minutes,
            appointment_minutes: form.appointment_minutes,
            buffer_before_minutes: form.buffer_before_minutes,
            buffer_after_minutes: form.buffer_after_minutes,
            minimum_notice_minutes: form.minimum_notice_minutes,
            booking_horizon_days: form.booking_horizon_days,
            resources: form.resources.into_iter().map(RawResource::from).collect(),
            services: form.services.into_iter().map(RawService::from).collect(),
        }
    }
}

impl From<HolidayRule> for RawHolidayRule {
    fn from(rule: HolidayRule) -> Self {
        match rule {
            HolidayRule::Open => Self::Word(OPEN.to_owned()),
            HolidayRule::Closed => Self::Word(CLOSED.to_owned()),
            HolidayRule::ShortDay { until } => Self::ShortDay(RawShortDay {
                until: until.to_string(),
            }),
        }
    }
}

impl From<Resource> for RawResource {
    fn from(resource: Resource) -> Self {
        Self {
            id: resource.id.to_string(),
            capacity: resource.capacity.into(),
        }
    }
}

impl From<Service> for RawService {
    fn from(service: Service) -> Self {
        Self {
            id: service.id.to_string(),
            duration_minutes: service.duration_minutes.into(),
            buffer_before_minutes: service.buffer_before_minutes.map(Into::into),
            buffer_after_minutes: service.buffer_after_minutes.map(Into::into),
            resources: service.resources.iter().map(ToString::to_string).collect(),
            units: service.units.into(),
        }
    }
}

/// Reads each entry of a list, with its path.
fn each<R, T>(
    field: &str,
    entries: &[R],
    read: impl Fn(&str, &R) -> Checked<T>,
) -> Checked<Vec<T>> {
    let entries = entries.iter().enumerate();
    entries
        .map(|(index, entry)| read(&format!("{field}[{index}]"), entry))
        .collect()
}

fn zone(text: &str) -> Checked<crate::TimeZoneName> {
    text.parse()
        .map_err(|error: crate::TimeZoneError| SettingsError::new("time_zone", error))
}

fn hour(field: &str, text: &str) -> Checked<ClockTime> {
    text.parse()
        .map_err(|error: crate::ClockTimeError| SettingsError::new(field, error))
}

fn active_days(names: &[String]) -> Checked<ActiveDays> {
    let days = names.iter().map(|name| ActiveDays::day(name));
    days.collect::<Result<_, _>>()
        .map_err(|error| SettingsError::new("active_days", error))
}

fn week(raw: &InOrder<String, Vec<String>>) -> Checked<WeeklyHours> {
    let mut days: Vec<(Weekday, DayHours)> = Vec::with_capacity(7);
    for (name, openings) in &raw.0 {
        let day = ActiveDays::day(name).map_err(|error| SettingsError::new("hours", error))?;
        if days.iter().any(|(other, _)| *other == day) {
            let problem = SettingsProblem::Twice(excerpt(name));
            return Err(SettingsError::new("hours", problem));
        }
        let field = format!("hours.{}", ActiveDays::name(day));
        days.push((day, day_hours(&field, openings)?));
    }
    WeeklyHours::new(days).map_err(|error| SettingsError::new("hours", error))
}

fn day_hours(field: &str, raw: &[String]) -> Checked<DayHours> {
    // One too many is enough to be refused.
    let some = raw.get(..=MAX_OPENINGS_A_DAY).unwrap_or(raw);
    let openings: Vec<Opening> = each(field, some, |field, text| {
        text.parse()
            .map_err(|error: crate::OpeningError| SettingsError::new(field, error))
    })?;
    DayHours::new(openings).map_err(|error| SettingsError::new(field, error))
}

fn special_hours(field: &str, raw: &RawSpecialHours) -> Checked<SpecialHours> {
    Ok(SpecialHours {
        dates: dates(field, &raw.from, raw.to.as_deref())?,
        hours: day_hours(&format!("{field}.hours"), &raw.hours)?,
    })
}

/// Without an end, the first date alone is meant.
fn dates(field: &str, from: &str, to: Option<&str>) -> Checked<DateSpan> {
    let end = format!("{field}.to");
    let from = date(&format!("{field}.from"), from)?;
    let to = to.map_or(Ok(from), |to| date(&end, to))?;
    DateSpan::new(from, to).ok_or_else(|| SettingsError::new(end, SettingsProblem::DatesReversed))
}

fn date(field: &str, text: &str) -> Checked<Date> {
    Date::parse(text.trim(), DATE)
        .map_err(|_| SettingsError::new(field, SettingsProblem::Date(excerpt(text))))
}

fn holidays(raw: &InOrder<String, RawHolidayRule>) -> Checked<HolidayRules> {
    let mut rules = HolidayRules::default();
    for (index, (name, rule)) in raw.0.iter().enumerate() {
        if raw.0[..index].iter().any(|(other, _)| other == name) {
            let problem = SettingsProblem::Twice(excerpt(name));
            return Err(SettingsError::new("holidays", problem));
        }
        let holiday: Holiday = name
            .parse()
            .map_err(|error: crate::HolidayError| SettingsError::new("holidays", error))?;
        let rule = match rule {
            RawHolidayRule::Word(word) if word == OPEN => HolidayRule::Open,
            RawHolidayRule::Word(word) if word == CLOSED => HolidayRule::Closed,
            RawHolidayRule::Word(word) => {
                let problem = SettingsProblem::HolidayRule(excerpt(word));
                return Err(SettingsError::new(format!("holidays.{name}"), problem));
            }
            RawHolidayRule::ShortDay(short) => HolidayRule::ShortDay {
                until: hour(&format!("holidays.{name}.until"), &short.until)?,
            },
        };
        rules = rules.with(holiday, rule);
    }
    Ok(rules)
}

fn resource(field: &str, raw: &RawResource) -> Checked<Resource> {
    Ok(Resource {
        id: id(&format!("{field}.id"), ResourceId::new(&raw.id))?,
        capacity: Bounds::UNITS.read(&format!("{field}.capacity"), raw.capacity)?,
    })
}

fn service(field: &str, raw: &RawService) -> Checked<Service> {
    let of = |name: &str| format!("{field}.{name}");
    let buffer = |name: &str, minutes: Option<i64>| {
        minutes
            .map(|minutes| Bounds::BUFFER.read(&of(name), minutes))
            .transpose()
    };
    Ok(Service {
        id: id(&of("id"), ServiceId::new(&raw.id))?,
        duration_minutes: Bounds::DURATION.read(&of("duration_minutes"), raw.duration_minutes)?,
        buffer_before_minutes: buffer("buffer_before_minutes", raw.buffer_before_minutes)?,
        buffer_after_minutes: buffer("buffer_after_minutes", raw.buffer_after_minutes)?,
        resources: each(&of("resources"), &raw.resources, |field, text| {
            id(field, ResourceId::new(text))
        })?,
        units: Bounds::UNITS.read(&of("units"), raw.units)?,
    })
}

fn id<T>(field: &str, id: Result<T, IdError>) -> Checked<T> {
    id.map_err(|error| SettingsError::new(field, error))
}

fn hours_texts(hours: &DayHours) -> Vec<String> {
    hours.openings().iter().map(ToString::to_string).collect()
}

/// Years outside 0 to 9999 are written as `time` shows them.
fn date_text(date: Date) -> String {
    date.format(DATE).unwrap_or_else(|_| date.to_string())
}
