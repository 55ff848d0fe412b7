//! Settings as JSON writes them: every field by its name, what it may hold, and a right value that an error can show.

mod written;

use serde::{Deserialize, Deserializer, de::Error as _};
use time::{
    Date, Weekday, format_description::StaticFormatDescription, macros::format_description,
};
pub(super) use written::{WrittenFull, WrittenSimple};

use super::{
    AppointmentSettings, Closure, DEFAULT_HORIZON_DAYS, DateSpan, FullForm, SettingsError,
    SettingsProblem, SimpleForm, SpecialHours, form::Bounds,
};
use crate::{
    ActiveDays, ClockTime, DayHours, Holiday, HolidayRule, HolidayRules, IdError, Opening,
    Resource, ResourceId, Service, ServiceId, WeeklyHours,
    clock_time::excerpt,
    hours::MAX_OPENINGS_A_DAY,
    tree::{self, Checked, Entries, Field, Object, Tree},
};

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");

const OPEN: &str = "open";
const CLOSED: &str = "closed";

const TIME_ZONE: Field = Field::new("time_zone", r#""Asia/Jerusalem""#);
const HOURS: Field = Field::new("hours", r#"{"sunday": ["09:00-13:00", "16:00-19:00"]}"#);
const ACTIVE_DAYS: Field = Field::new("active_days", r#"["sunday", "monday"]"#);
const START_HOUR: Field = Field::new("start_hour", r#""09:00""#);
const END_HOUR: Field = Field::new("end_hour", r#""18:00""#);
const SPECIAL_HOURS: Field = Field::new(
    "special_hours",
    r#"[{"from": "2026-12-24", "hours": ["09:00-12:00"]}]"#,
);
const CLOSURES: Field = Field::new(
    "closures",
    r#"[{"from": "2027-08-01", "to": "2027-08-14"}]"#,
);
const HOLIDAYS: Field = Field::new(
    "holidays",
    r#"{"yom_kippur": "closed", "eve_of_pesach": {"until": "12:00"}}"#,
);
const SLOT_INTERVAL: Field = Field::new("slot_interval_minutes", "30");
const APPOINTMENT: Field = Field::new("appointment_minutes", "45");
const BUFFER_BEFORE: Field = Field::new("buffer_before_minutes", "10");
const BUFFER_AFTER: Field = Field::new("buffer_after_minutes", "10");
const NOTICE: Field = Field::new("minimum_notice_minutes", "120");
const HORIZON: Field = Field::new("booking_horizon_days", "90");
const RESOURCES: Field = Field::new("resources", r#"[{"id": "dana", "capacity": 1}]"#);
const SERVICES: Field = Field::new(
    "services",
    r#"[{"id": "colouring", "duration_minutes": 90}]"#,
);
const FROM: Field = Field::new("from", r#""2027-08-01""#);
const TO: Field = Field::new("to", r#""2027-08-14""#);
const HOURS_OF_DATE: Field = Field::new("hours", r#"["09:00-12:00"]"#);
const UNTIL: Field = Field::new("until", r#""13:00""#);
const RESOURCE_ID: Field = Field::new("id", r#""dana""#);
const CAPACITY: Field = Field::new("capacity", "1");
const SERVICE_ID: Field = Field::new("id", r#""colouring""#);
const DURATION: Field = Field::new("duration_minutes", "90");
const RESOURCES_OF_SERVICE: Field = Field::new("resources", r#"["dana"]"#);
const UNITS: Field = Field::new("units", "1");

const SIMPLE: &[Field] = &[ACTIVE_DAYS, START_HOUR, END_HOUR, SLOT_INTERVAL, TIME_ZONE];
const SETTINGS: &[Field] = &[
    TIME_ZONE,
    HOURS,
    ACTIVE_DAYS,
    START_HOUR,
    END_HOUR,
    SPECIAL_HOURS,
    CLOSURES,
    HOLIDAYS,
    SLOT_INTERVAL,
    APPOINTMENT,
    BUFFER_BEFORE,
    BUFFER_AFTER,
    NOTICE,
    HORIZON,
    RESOURCES,
    SERVICES,
];
const SPECIAL_DATE: &[Field] = &[FROM, TO, HOURS_OF_DATE];
const CLOSURE: &[Field] = &[FROM, TO];
const SHORT_DAY: &[Field] = &[UNTIL];
const RESOURCE: &[Field] = &[RESOURCE_ID, CAPACITY];
const SERVICE: &[Field] = &[
    SERVICE_ID,
    DURATION,
    BUFFER_BEFORE,
    BUFFER_AFTER,
    RESOURCES_OF_SERVICE,
    UNITS,
];

/// Right values of what stands in lists and has no name.
const A_DAY: &str = r#""sunday""#;
const AN_OPENING: &str = r#""09:00-13:00""#;
const OPENINGS: &str = r#"["09:00-13:00"]"#;
const A_SPECIAL_DATE: &str = r#"{"from": "2026-12-24", "hours": ["09:00-12:00"]}"#;
const A_CLOSURE: &str = r#"{"from": "2027-08-01", "to": "2027-08-14"}"#;
const A_RESOURCE: &str = r#"{"id": "dana", "capacity": 1}"#;
const A_SERVICE: &str = r#"{"id": "colouring", "duration_minutes": 90}"#;
const SOME_SETTINGS: &str = r#"{"hours": {"sunday": ["09:00-18:00"]}, "slot_interval_minutes": 30, "time_zone": "Asia/Jerusalem"}"#;

/// The document itself, where it is no object and no field can be named.
const DOCUMENT: &str = "settings";

impl<'de> Deserialize<'de> for SimpleForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        simple(Tree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for AppointmentSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        settings(Tree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn document(tree: Tree, fields: &[Field]) -> Checked<Object> {
    let entries = tree::value(DOCUMENT, tree, SOME_SETTINGS)?;
    Object::new("", entries, fields)
}

fn simple(tree: Tree) -> Checked<SimpleForm> {
    let mut raw = document(tree, SIMPLE)?;
    let form = simple_form(&mut raw)?;
    // A simple form that cannot be meant is not read at all.
    AppointmentSettings::try_from(form.clone())?;
    Ok(form)
}

fn simple_form(raw: &mut Object) -> Checked<SimpleForm> {
    Ok(SimpleForm {
        active_days: active_days(raw)?,
        start_hour: hour(raw, START_HOUR)?,
        end_hour: hour(raw, END_HOUR)?,
        slot_interval_minutes: interval(raw)?,
        time_zone: zone(raw)?,
    })
}

/// Either form: the full one has hours, the simple one three fields in their place.
fn settings(tree: Tree) -> Checked<AppointmentSettings> {
    let mut raw = document(tree, SETTINGS)?;
    let in_their_place = [ACTIVE_DAYS, START_HOUR, END_HOUR];
    let simple = in_their_place.into_iter().find(|field| raw.has(*field));
    let base = match (raw.has(HOURS), simple) {
        (true, None) => FullForm::new(zone(&mut raw)?, week(&mut raw)?, interval(&mut raw)?),
        (false, Some(_)) => simple_form(&mut raw)?.to_full()?,
        (true, Some(field)) => {
            let problem = SettingsProblem::BothForms;
            return Err(SettingsError::new(field.name, problem));
        }
        (false, None) => {
            let like = HOURS.like;
            let problem = SettingsProblem::NeitherForm { like };
            return Err(SettingsError::new(HOURS.name, problem));
        }
    };
    let appointment: Option<u16> = bounded(&mut raw, APPOINTMENT, Bounds::DURATION)?;
    let horizon = bounded(&mut raw, HORIZON, Bounds::HORIZON)?;
    let buffer = |raw: &mut Object, field| bounded(raw, field, Bounds::BUFFER);
    FullForm {
        special_hours: each(&mut raw, SPECIAL_HOURS, A_SPECIAL_DATE, special_hours)?,
        closures: each(&mut raw, CLOSURES, A_CLOSURE, closure)?,
        holidays: holidays(&mut raw)?,
        appointment_minutes: appointment.unwrap_or(base.slot_interval_minutes),
        buffer_before_minutes: buffer(&mut raw, BUFFER_BEFORE)?.unwrap_or(0),
        buffer_after_minutes: buffer(&mut raw, BUFFER_AFTER)?.unwrap_or(0),
        minimum_notice_minutes: bounded(&mut raw, NOTICE, Bounds::NOTICE)?.unwrap_or(0),
        booking_horizon_days: horizon.unwrap_or(DEFAULT_HORIZON_DAYS),
        resources: if raw.has(RESOURCES) {
            each(&mut raw, RESOURCES, A_RESOURCE, resource)?
        } else {
            base.resources
        },
        services: each(&mut raw, SERVICES, A_SERVICE, service)?,
        ..base
    }
    .try_into()
    .map_err(|error: SettingsError| match appointment {
        // Nobody wrote a length: it is the grid's.
        None if error.field == APPOINTMENT.name => {
            SettingsError::new(SLOT_INTERVAL.name, error.problem)
        }
        _ => error,
    })
}

/// Reads each entry of a list, with its path. A list that is left out has none.
fn each<T>(
    raw: &mut Object,
    field: Field,
    like: &'static str,
    read: impl Fn(&str, Tree, &'static str) -> Checked<T>,
) -> Checked<Vec<T>> {
    let entries: Vec<Tree> = raw.maybe(field)?.unwrap_or_default();
    each_of(&raw.path_of(field.name), entries, like, read)
}

fn each_of<T>(
    path: &str,
    entries: Vec<Tree>,
    like: &'static str,
    read: impl Fn(&str, Tree, &'static str) -> Checked<T>,
) -> Checked<Vec<T>> {
    let entries = entries.into_iter().enumerate();
    entries
        .map(|(index, entry)| read(&format!("{path}[{index}]"), entry, like))
        .collect()
}

/// A number that may be left out.
fn bounded<T: TryFrom<i64>>(raw: &mut Object, field: Field, bounds: Bounds) -> Checked<Option<T>> {
    let number: Option<i64> = raw.maybe(field)?;
    let read = number.map(|number| bounds.read(field.name, number));
    read.transpose().map_err(|error| SettingsError {
        field: raw.path_of(field.name),
        ..error
    })
}

fn interval(raw: &mut Object) -> Checked<u16> {
    let minutes = bounded(raw, SLOT_INTERVAL, Bounds::INTERVAL)?;
    minutes.ok_or_else(|| raw.missing(SLOT_INTERVAL))
}

fn zone(raw: &mut Object) -> Checked<crate::TimeZoneName> {
    parsed(
        &raw.path_of(TIME_ZONE.name),
        &raw.must::<String>(TIME_ZONE)?,
    )
}

fn hour(raw: &mut Object, field: Field) -> Checked<ClockTime> {
    parsed(&raw.path_of(field.name), &raw.must::<String>(field)?)
}

fn parsed<T: std::str::FromStr>(path: &str, text: &str) -> Checked<T>
where
    SettingsProblem: From<T::Err>,
{
    text.parse()
        .map_err(|error| SettingsError::new(path, error))
}

fn active_days(raw: &mut Object) -> Checked<ActiveDays> {
    let entries = raw.must(ACTIVE_DAYS)?;
    let path = raw.path_of(ACTIVE_DAYS.name);
    let days = each_of(&path, entries, A_DAY, |path, entry, like| {
        let name: String = tree::value(path, entry, like)?;
        ActiveDays::day(&name).map_err(|error| SettingsError::new(path, error))
    });
    Ok(days?.into_iter().collect())
}

fn week(raw: &mut Object) -> Checked<WeeklyHours> {
    let entries: Entries = raw.must(HOURS)?;
    let path = raw.path_of(HOURS.name);
    let mut days: Vec<(Weekday, DayHours)> = Vec::with_capacity(7);
    for (name, openings) in entries {
        let here = tree::under(&path, &name);
        let day = ActiveDays::day(&name).map_err(|error| SettingsError::new(&here, error))?;
        if days.iter().any(|(other, _)| *other == day) {
            return Err(SettingsError::new(here, SettingsProblem::Repeated));
        }
        days.push((day, day_hours(&here, openings, OPENINGS)?));
    }
    WeeklyHours::new(days).map_err(|error| SettingsError::new(path, error))
}

fn day_hours(path: &str, raw: Tree, like: &'static str) -> Checked<DayHours> {
    let mut openings: Vec<Tree> = tree::value(path, raw, like)?;
    // One too many is enough to be refused.
    openings.truncate(MAX_OPENINGS_A_DAY + 1);
    let openings: Vec<Opening> = each_of(path, openings, AN_OPENING, |path, entry, like| {
        parsed(path, &tree::value::<String>(path, entry, like)?)
    })?;
    DayHours::new(openings).map_err(|error| SettingsError::new(path, error))
}

fn special_hours(path: &str, raw: Tree, like: &'static str) -> Checked<SpecialHours> {
    let mut raw = Object::new(path, tree::value(path, raw, like)?, SPECIAL_DATE)?;
    let hours: Vec<Tree> = raw.must(HOURS_OF_DATE)?;
    let path = raw.path_of(HOURS_OF_DATE.name);
    Ok(SpecialHours {
        dates: dates(&mut raw)?,
        hours: day_hours(&path, Tree::List(hours), OPENINGS)?,
    })
}

fn closure(path: &str, raw: Tree, like: &'static str) -> Checked<Closure> {
    let mut raw = Object::new(path, tree::value(path, raw, like)?, CLOSURE)?;
    dates(&mut raw).map(|dates| Closure { dates })
}

/// Without an end, the first date alone is meant.
fn dates(raw: &mut Object) -> Checked<DateSpan> {
    let from: String = raw.must(FROM)?;
    let from = date(&raw.path_of(FROM.name), &from)?;
    let (end, to): (_, Option<String>) = (raw.path_of(TO.name), raw.maybe(TO)?);
    let to = to.map_or(Ok(from), |to| date(&end, &to))?;
    DateSpan::new(from, to)
        .ok_or_else(|| SettingsError::new(end, SettingsProblem::DatesReversed { from }))
}

fn date(path: &str, text: &str) -> Checked<Date> {
    Date::parse(text.trim(), DATE)
        .map_err(|_| SettingsError::new(path, SettingsProblem::Date(excerpt(text))))
}

fn holidays(raw: &mut Object) -> Checked<HolidayRules> {
    let entries: Entries = raw.maybe(HOLIDAYS)?.unwrap_or_default();
    let mut rules = HolidayRules::default();
    let mut seen: Vec<Holiday> = Vec::new();
    for (name, rule) in entries {
        let path = tree::under(&raw.path_of(HOLIDAYS.name), &name);
        let holiday: Holiday = parsed(&path, &name)?;
        if seen.contains(&holiday) {
            return Err(SettingsError::new(path, SettingsProblem::Repeated));
        }
        seen.push(holiday);
        rules = rules.with(holiday, holiday_rule(&path, rule)?);
    }
    Ok(rules)
}

fn holiday_rule(path: &str, raw: Tree) -> Checked<HolidayRule> {
    match raw {
        Tree::Text(word) if word == OPEN => Ok(HolidayRule::Open),
        Tree::Text(word) if word == CLOSED => Ok(HolidayRule::Closed),
        Tree::Object(entries) => {
            let mut raw = Object::new(path, entries, SHORT_DAY)?;
            let until = hour(&mut raw, UNTIL)?;
            Ok(HolidayRule::ShortDay { until })
        }
        other => {
            let problem = SettingsProblem::HolidayRule(other.shown());
            Err(SettingsError::new(path, problem))
        }
    }
}

fn resource(path: &str, raw: Tree, like: &'static str) -> Checked<Resource> {
    let mut raw = Object::new(path, tree::value(path, raw, like)?, RESOURCE)?;
    Ok(Resource {
        id: id(&mut raw, RESOURCE_ID, ResourceId::new)?,
        capacity: bounded(&mut raw, CAPACITY, Bounds::UNITS)?.unwrap_or(1),
    })
}

fn service(path: &str, raw: Tree, like: &'static str) -> Checked<Service> {
    let mut raw = Object::new(path, tree::value(path, raw, like)?, SERVICE)?;
    let minutes = bounded(&mut raw, DURATION, Bounds::DURATION)?;
    Ok(Service {
        id: id(&mut raw, SERVICE_ID, ServiceId::new)?,
        duration_minutes: minutes.ok_or_else(|| raw.missing(DURATION))?,
        buffer_before_minutes: bounded(&mut raw, BUFFER_BEFORE, Bounds::BUFFER)?,
        buffer_after_minutes: bounded(&mut raw, BUFFER_AFTER, Bounds::BUFFER)?,
        resources: each(
            &mut raw,
            RESOURCES_OF_SERVICE,
            RESOURCE_ID.like,
            |path, entry, like| {
                let text: String = tree::value(path, entry, like)?;
                ResourceId::new(&text).map_err(|error| SettingsError::new(path, error))
            },
        )?,
        units: bounded(&mut raw, UNITS, Bounds::UNITS)?.unwrap_or(1),
    })
}

fn id<T>(raw: &mut Object, field: Field, new: impl Fn(&str) -> Result<T, IdError>) -> Checked<T> {
    let text: String = raw.must(field)?;
    new(&text).map_err(|error| SettingsError::new(raw.path_of(field.name), error))
}
