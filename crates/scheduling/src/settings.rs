//! A business's rules of time, checked.

mod error;
mod form;
mod json;

use std::sync::Arc;

use serde::Serialize;
use time::{Date, Duration, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

pub use error::{SettingsError, SettingsProblem};
pub use form::{Closure, DateSpan, FullForm, SimpleForm, SpecialHours};

pub(crate) use form::horizon;

use crate::{
    ActiveDays, Availability, Busy, ClockTime, Occupancy, Resource, ResourceId, ServiceId,
    TimeZoneName,
    need::Need,
    zone::{Resolved, utc},
};

/// The shortest distance between two starts, in minutes.
pub const MIN_SLOT_MINUTES: u16 = 5;
/// The longest distance between two starts, in minutes.
pub const MAX_SLOT_MINUTES: u16 = 480;
/// The longest appointment, in minutes.
pub const MAX_APPOINTMENT_MINUTES: u16 = 1_440;
/// The longest buffer on either side of an appointment, in minutes.
pub const MAX_BUFFER_MINUTES: u16 = 480;
/// The longest notice that can be demanded, in minutes: 90 days.
pub const MAX_NOTICE_MINUTES: u32 = 90 * 1_440;
/// The furthest horizon, in days.
pub const MAX_HORIZON_DAYS: u16 = 3_660;
/// How many days ahead may be booked where settings do not say otherwise, counted from the business's today.
pub const DEFAULT_HORIZON_DAYS: u16 = 365;
/// The most resources, services, closures or dates with special hours.
pub const MAX_ENTRIES: usize = 1_000;

/// A business's days, hours, grid and time zone, and whatever else decides when it may be booked.
///
/// It is made of a [`SimpleForm`] (the same hours on some days, one appointment at a time) or of a
/// [`FullForm`], and is always valid. A simple form means exactly what [`SimpleForm::to_full`] says.
///
/// # JSON
///
/// Either form is read: the full one has `hours`, the simple one `active_days`, `start_hour` and `end_hour` in
/// their place. No other fields are allowed than those shown; in the full form all but `time_zone`, `hours` and
/// `slot_interval_minutes` may be left out. What is written is always the full form, every field of it, in this
/// order:
///
/// ```
/// use toran_scheduling::{AppointmentSettings, Holiday};
///
/// let full = r#"{
///   "time_zone": "Asia/Jerusalem",
///   "hours": { "sunday": ["09:00-13:00", "16:00-19:00"], "friday": ["08:30-12:30"] },
///   "special_hours": [{ "from": "2026-12-24", "to": "2026-12-24", "hours": ["09:00-12:00"] }],
///   "closures": [{ "from": "2027-08-01", "to": "2027-08-14" }],
///   "holidays": { "yom_kippur": "closed", "eve_of_pesach": { "until": "12:00" } },
///   "slot_interval_minutes": 15,
///   "appointment_minutes": 45,
///   "buffer_before_minutes": 0,
///   "buffer_after_minutes": 10,
///   "minimum_notice_minutes": 120,
///   "booking_horizon_days": 90,
///   "resources": [{ "id": "dana", "capacity": 1 }, { "id": "yossi", "capacity": 1 }],
///   "services": [{ "id": "colouring", "duration_minutes": 90, "resources": ["dana"] }]
/// }"#;
/// let settings: AppointmentSettings = serde_json::from_str(full)?;
/// assert_eq!(settings.form().resources.len(), 2);
/// let written = serde_json::to_string(&settings)?;
/// assert_eq!(serde_json::from_str::<AppointmentSettings>(&written)?, settings);
///
/// let simple = r#"{ "active_days": ["sunday", "monday"], "start_hour": "09:00", "end_hour": "18:00",
///                   "slot_interval_minutes": 30, "time_zone": "Asia/Jerusalem" }"#;
/// let settings: AppointmentSettings = serde_json::from_str(simple)?;
/// assert_eq!(settings.simple_form().map(|simple| simple.slot_interval_minutes), Some(30));
///
/// let error = serde_json::from_str::<AppointmentSettings>(&simple.replace("18:00", "08:00")).unwrap_err();
/// assert!(error.to_string().starts_with("end_hour: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "json::WrittenFull")]
pub struct AppointmentSettings {
    form: FullForm,
    resources: Arc<[Resource]>,
    /// For each service, the places of its resources.
    service_resources: Box<[Box<[u16]>]>,
    keeps_holidays: bool,
    /// Whether any opening goes on past midnight, or may.
    has_late_nights: bool,
}

impl AppointmentSettings {
    /// Settings of the simple form: the same hours on some days, an appointment as long as the grid is wide,
    /// one at a time. `start_hour` is inside the working day, `end_hour` is not.
    ///
    /// ```
    /// use toran_scheduling::{AppointmentSettings, TimeZoneName};
    ///
    /// let settings = AppointmentSettings::simple(
    ///     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// )?;
    /// assert_eq!(settings.appointment_minutes(), 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn simple(
        active_days: ActiveDays,
        start_hour: impl Into<ClockTime>,
        end_hour: impl Into<ClockTime>,
        slot_interval_minutes: u16,
        time_zone: TimeZoneName,
    ) -> Result<Self, SettingsError> {
        let simple = SimpleForm {
            active_days,
            start_hour: start_hour.into(),
            end_hour: end_hour.into(),
            slot_interval_minutes,
            time_zone,
        };
        simple.try_into()
    }

    /// The full form of these settings.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.form().booking_horizon_days, 365);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn form(&self) -> &FullForm {
        &self.form
    }

    /// The simple form that means the same, if there is one.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let simple = settings.simple_form().expect("these are simple");
    /// assert_eq!(simple.start_hour.to_string(), "09:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn simple_form(&self) -> Option<SimpleForm> {
        let simple = SimpleForm {
            active_days: self.active_days(),
            start_hour: self.start_hour(),
            end_hour: self.end_hour(),
            slot_interval_minutes: self.slot_interval_minutes(),
            time_zone: self.time_zone().clone(),
        };
        (simple.to_full().ok()? == self.form).then_some(simple)
    }

    /// The days of the week on which the business works.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.active_days().to_string(), "sun-fri");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn active_days(&self) -> ActiveDays {
        self.form.hours.active_days()
    }

    /// The earliest hour at which it opens on any day of the week.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.start_hour().time(), time!(9:00));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_hour(&self) -> ClockTime {
        let starts = self.form.hours.openings().map(|opening| opening.from());
        starts.min().unwrap_or(ClockTime::MIDNIGHT)
    }

    /// The latest hour at which it closes on any day of the week; past `24:00` when that is after midnight.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.end_hour().to_string(), "18:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn end_hour(&self) -> ClockTime {
        let ends = self.form.hours.openings().map(|opening| opening.to());
        ends.max().unwrap_or(ClockTime::END_OF_DAY)
    }

    /// The distance between two starts, in minutes.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.slot_interval_minutes(), 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn slot_interval_minutes(&self) -> u16 {
        self.form.slot_interval_minutes
    }

    /// How long an appointment lasts when no service is named, in minutes.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.appointment_minutes(), 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn appointment_minutes(&self) -> u16 {
        self.form.appointment_minutes
    }

    /// The zone of the business's wall clock.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// assert_eq!(settings.time_zone().as_str(), "Asia/Jerusalem");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn time_zone(&self) -> &TimeZoneName {
        &self.form.time_zone
    }

    /// Whether an hour lies inside the openings of any day of the week: whether it can be meant at all.
    ///
    /// ```
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use time::macros::time;
    ///
    /// assert!(settings.ever_opens_at(time!(16:00)));
    /// assert!(!settings.ever_opens_at(time!(4:00)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ever_opens_at(&self, time: Time) -> bool {
        let today = ClockTime::from(time);
        let after_midnight = ClockTime::from_minutes(today.minutes() + 1_440);
        self.form.hours.openings().any(|opening| {
            opening.contains(today) || after_midnight.is_some_and(|time| opening.contains(time))
        })
    }

    /// What the business's wall clock shows at an instant.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let noon = settings.local(utc_datetime!(2026-11-24 10:00));
    /// assert_eq!((noon.date(), noon.time()), (date!(2026-11-24), time!(12:00)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn local(&self, instant: UtcDateTime) -> PrimitiveDateTime {
        self.time_zone().local(instant)
    }

    /// If the wall clock shows what it shows at an instant at another one, too, because it was set back: how far it is ahead
    /// of UTC at this one, which tells the two apart.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let again = settings.offset_if_twice(utc_datetime!(2026-10-24 23:30));
    /// assert_eq!(again.map(|offset| offset.whole_hours()), Some(2));
    /// assert_eq!(settings.offset_if_twice(utc_datetime!(2026-10-25 0:30)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offset_if_twice(&self, instant: UtcDateTime) -> Option<UtcOffset> {
        let shown = self.local(instant);
        let minutes = ClockTime::from(shown.time()).minutes();
        let resolved = self.time_zone().resolve(shown.date(), minutes);
        let ahead = (shown.as_utc() - instant).whole_seconds();
        let offset = UtcOffset::from_whole_seconds(ahead.try_into().ok()?).ok()?;
        matches!(resolved, Resolved::Twice { .. }).then_some(offset)
    }

    /// The instants of a local day, half-open: from its first to the first of the next day. As long as
    /// the day really is (23 or 25 hours where the clock changes), and right where midnight is skipped.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// // The clock was set back: a day of 25 hours.
    /// let (from, to) = settings.day_range(date!(2026-10-25));
    /// assert_eq!((to - from).whole_hours(), 25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn day_range(&self, date: Date) -> (UtcDateTime, UtcDateTime) {
        let following = date.saturating_add(Duration::DAY);
        (
            utc(self.time_zone().start_of(date)),
            utc(self.time_zone().start_of(following)),
        )
    }

    /// The instants, half-open, in which something that is taken can matter to an appointment that begins on
    /// one of these local days: the busy ranges to load before asking about them. A question about alternatives
    /// looks at more days than the requested one: see
    /// [`Self::search_range`].
    ///
    /// ```
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use time::macros::{date, utc_datetime};
    ///
    /// let (from, to) = settings.footprint(date!(2026-11-24), date!(2026-11-24));
    /// assert_eq!(from, utc_datetime!(2026-11-23 22:00));
    /// assert_eq!(to, utc_datetime!(2026-11-25 22:00)); // the longest appointment may go on for a day
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn footprint(&self, first: Date, last: Date) -> (UtcDateTime, UtcDateTime) {
        let form = &self.form;
        let longest = |own: u16, of: fn(&crate::Service) -> Option<u16>| {
            let minutes = form
                .services
                .iter()
                .filter_map(of)
                .max()
                .unwrap_or(0)
                .max(own);
            Duration::minutes(minutes.into())
        };
        let before = longest(form.buffer_before_minutes, |service| {
            service.buffer_before_minutes
        });
        let after = longest(form.buffer_after_minutes, |service| {
            service.buffer_after_minutes
        });
        let appointment = Duration::minutes(MAX_APPOINTMENT_MINUTES.into());
        (
            self.day_range(first).0.saturating_sub(before),
            self.day_range(last)
                .1
                .saturating_add(appointment)
                .saturating_add(after),
        )
    }

    /// The instants, half-open, in which something that is taken can matter to
    /// [`Availability::alternatives`] to a day within so many days ([`Availability::within_days`]): the busy
    /// ranges to load before asking for them. For [`Availability::first_free`], ask with the local
    /// date of its instant.
    ///
    /// ```
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use time::macros::{date, utc_datetime};
    ///
    /// let now = utc_datetime!(2026-11-23 8:00);
    /// let range = settings.search_range(date!(2026-11-24), now, 7);
    /// assert_eq!(range, settings.footprint(date!(2026-11-24), date!(2026-11-30)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_range(
        &self,
        date: Date,
        now: UtcDateTime,
        days: u16,
    ) -> (UtcDateTime, UtcDateTime) {
        let (mut first, mut last) = self.searched(date, self.local(now).date(), days);
        if self.has_late_nights {
            first = first.previous_day().unwrap_or(first);
            last = last.next_day().unwrap_or(last);
        }
        self.footprint(first, last)
    }

    /// The days that are searched for alternatives to a day: from it on, but not before today. Where the horizon cuts
    /// them off, or lies before them, as many before.
    pub(crate) fn searched(&self, date: Date, today: Date, days: u16) -> (Date, Date) {
        let horizon = horizon(today, self.form.booking_horizon_days);
        let further = Duration::days(i64::from(days.max(1)) - 1);
        let last = date.max(today).saturating_add(further).min(horizon);
        let first = date.max(today).min(last.saturating_sub(further).max(today));
        (first, last)
    }

    /// What is taken, gathered for these settings; see [`Occupancy`]. Cheapest when the ranges come in order of
    /// time.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use toran_scheduling::{Busy, BusyRange, ResourceId};
    ///
    /// let range = BusyRange::new(utc_datetime!(2026-11-24 10:00), utc_datetime!(2026-11-24 10:30))?;
    /// let taken = settings.occupancy([Busy::of(ResourceId::main(), range)]);
    /// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// assert_eq!(availability.free_slots(date!(2026-11-24)).len(), 17);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn occupancy(&self, busy: impl IntoIterator<Item = Busy>) -> Occupancy {
        Occupancy::new(&self.resources, busy)
    }

    /// What may be booked, given what is taken and what time it is. What is taken must have been gathered for the resources
    /// of these settings; if it was for others, everything counts as taken.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let nothing = settings.occupancy([]);
    /// let availability = settings.availability(&nothing, utc_datetime!(2026-11-23 8:00));
    /// assert_eq!(availability.day_verdict(date!(2026-11-24)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn availability<'a>(&'a self, taken: &'a Occupancy, now: UtcDateTime) -> Availability<'a> {
        Availability::new(self, taken, now)
    }

    /// What an appointment in a slot takes, to be added to what is taken when it is booked. The slot must be of these
    /// settings.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let mut taken = settings.occupancy([]);
    /// let slot = settings.availability(&taken, utc_datetime!(2026-11-23 8:00)).free_slots(date!(2026-11-24))[0];
    /// taken.add(&settings.taken_by(&slot));
    /// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// assert_eq!(availability.free_slots(date!(2026-11-24)).len(), 17);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn taken_by(&self, slot: &crate::Slot) -> Busy {
        Busy {
            range: slot.busy(),
            resource: self.resource(slot).cloned(),
            units: slot.units,
        }
    }

    /// The resource at a place of the settings, as a [`crate::Slot`] names it.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let slot = availability.free_slots(date!(2026-11-24))[0];
    /// assert_eq!(settings.resource(&slot).map(|id| id.as_str()), Some("main"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resource(&self, slot: &crate::Slot) -> Option<&ResourceId> {
        self.resources
            .get(usize::from(slot.resource))
            .map(|resource| &resource.id)
    }

    /// Whether holidays make a difference.
    pub(crate) const fn keeps_holidays(&self) -> bool {
        self.keeps_holidays
    }

    pub(crate) fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// What an appointment takes when no service is named.
    pub(crate) const fn need(&self) -> Need<'_> {
        let form = &self.form;
        Need {
            duration: form.appointment_minutes,
            before: form.buffer_before_minutes,
            after: form.buffer_after_minutes,
            units: 1,
            resources: None,
        }
    }

    /// What a service takes.
    pub(crate) fn need_of(&self, id: &ServiceId) -> Option<Need<'_>> {
        let place = self.form.services.iter().position(|s| s.id == *id)?;
        let service = &self.form.services[place];
        let all = self.need();
        Some(Need {
            duration: service.duration_minutes,
            before: service.buffer_before_minutes.unwrap_or(all.before),
            after: service.buffer_after_minutes.unwrap_or(all.after),
            units: service.units,
            resources: match &*self.service_resources[place] {
                [] => None,
                some => Some(some),
            },
        })
    }
}

impl TryFrom<SimpleForm> for AppointmentSettings {
    type Error = SettingsError;

    fn try_from(simple: SimpleForm) -> Result<Self, SettingsError> {
        simple.to_full()?.try_into()
    }
}

impl TryFrom<FullForm> for AppointmentSettings {
    type Error = SettingsError;

    fn try_from(mut form: FullForm) -> Result<Self, SettingsError> {
        form.check()?;
        let place = |id: &ResourceId| form.resources.iter().position(|r| r.id == *id);
        let places = |service: &crate::Service| {
            let places = service.resources.iter().filter_map(place);
            places.filter_map(|place| place.try_into().ok()).collect()
        };
        Ok(Self {
            resources: form.resources.as_slice().into(),
            service_resources: form.services.iter().map(places).collect(),
            keeps_holidays: !form.holidays.is_empty(),
            has_late_nights: form.has_late_nights(),
            form,
        })
    }
}

impl From<AppointmentSettings> for FullForm {
    fn from(settings: AppointmentSettings) -> Self {
        settings.form
    }
}

#[cfg(test)]
mod tests;
