//! Settings as they are written in JSON: the full form, every field of it.

use serde::{Serialize, Serializer};
use time::Date;

use super::{CLOSED, DATE, OPEN};
use crate::{
    ActiveDays, AppointmentSettings, Closure, DayHours, HolidayRule, Resource, Service, SimpleForm,
    SpecialHours,
};

/// The simple form.
#[derive(Serialize)]
pub(in crate::settings) struct WrittenSimple {
    active_days: Vec<String>,
    start_hour: String,
    end_hour: String,
    slot_interval_minutes: u16,
    time_zone: String,
}

/// The full form.
#[derive(Serialize)]
pub(in crate::settings) struct WrittenFull {
    time_zone: String,
    hours: InOrder<Vec<String>>,
    special_hours: Vec<WrittenSpecialHours>,
    closures: Vec<WrittenClosure>,
    holidays: InOrder<WrittenHolidayRule>,
    slot_interval_minutes: u16,
    appointment_minutes: u16,
    buffer_before_minutes: u16,
    buffer_after_minutes: u16,
    minimum_notice_minutes: u32,
    booking_horizon_days: u16,
    resources: Vec<WrittenResource>,
    services: Vec<WrittenService>,
}

/// A map in an order of its own: days from Sunday, holidays through the Hebrew year.
struct InOrder<V>(Vec<(&'static str, V)>);

impl<V: Serialize> Serialize for InOrder<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[derive(Serialize)]
struct WrittenSpecialHours {
    from: String,
    to: String,
    hours: Vec<String>,
}

#[derive(Serialize)]
struct WrittenClosure {
    from: String,
    to: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenHolidayRule {
    Word(&'static str),
    ShortDay { until: String },
}

#[derive(Serialize)]
struct WrittenResource {
    id: String,
    capacity: u16,
}

#[derive(Serialize)]
struct WrittenService {
    id: String,
    duration_minutes: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffer_before_minutes: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffer_after_minutes: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    units: u16,
}

impl From<SimpleForm> for WrittenSimple {
    fn from(form: SimpleForm) -> Self {
        Self {
            active_days: form.active_days.names().map(str::to_owned).collect(),
            start_hour: form.start_hour.to_string(),
            end_hour: form.end_hour.to_string(),
            slot_interval_minutes: form.slot_interval_minutes,
            time_zone: form.time_zone.into(),
        }
    }
}

impl From<AppointmentSettings> for WrittenFull {
    fn from(settings: AppointmentSettings) -> Self {
        let form = settings.form;
        let closure = |closure: Closure| WrittenClosure {
            from: date_text(closure.dates.from()),
            to: date_text(closure.dates.to()),
        };
        let special = |special: SpecialHours| WrittenSpecialHours {
            from: date_text(special.dates.from()),
            to: date_text(special.dates.to()),
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
            resources: form
                .resources
                .into_iter()
                .map(WrittenResource::from)
                .collect(),
            services: form
                .services
                .into_iter()
                .map(WrittenService::from)
                .collect(),
        }
    }
}

impl From<HolidayRule> for WrittenHolidayRule {
    fn from(rule: HolidayRule) -> Self {
        match rule {
            HolidayRule::Open => Self::Word(OPEN),
            HolidayRule::Closed => Self::Word(CLOSED),
            HolidayRule::ShortDay { until } => Self::ShortDay {
                until: until.to_string(),
            },
        }
    }
}

impl From<Resource> for WrittenResource {
    fn from(resource: Resource) -> Self {
        Self {
            id: resource.id.to_string(),
            capacity: resource.capacity,
        }
    }
}

impl From<Service> for WrittenService {
    fn from(service: Service) -> Self {
        Self {
            id: service.id.to_string(),
            duration_minutes: service.duration_minutes,
            buffer_before_minutes: service.buffer_before_minutes,
            buffer_after_minutes: service.buffer_after_minutes,
            resources: service.resources.iter().map(ToString::to_string).collect(),
            units: service.units,
        }
    }
}

fn hours_texts(hours: &DayHours) -> Vec<String> {
    hours.openings().iter().map(ToString::to_string).collect()
}

/// Years outside 0 to 9999 are written as `time` shows them.
fn date_text(date: Date) -> String {
    date.format(DATE).unwrap_or_else(|_| date.to_string())
}
