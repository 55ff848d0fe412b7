//! What may be booked: the verdict on one time, and the free slots around it.

mod alternatives;
mod free_slots;
mod verdict;

use time::{Date, UtcDateTime};

pub use free_slots::FreeSlots;
pub use verdict::{Refusal, Verdict};

use crate::{
    AppointmentSettings, Holiday, Occupancy, ServiceId, SettingsError, SettingsProblem, Slot,
    need::Need,
    occupancy::Load,
    settings::{MAX_APPOINTMENT_MINUTES, horizon},
    zone::Second,
};

/// What may be booked, given settings, what is taken, and what time it is.
///
/// Made by [`AppointmentSettings::availability`]; it borrows all it knows and can be copied. Without more, its
/// questions are about the settings' own appointment; [`for_service`](Self::for_service),
/// [`lasting`](Self::lasting) and [`taking`](Self::taking) ask about others.
///
/// Whatever it offers, [`verdict_at`](Self::verdict_at) allows, and so does [`verdict`](Self::verdict) but for the second
/// pass of an hour that the clock shows twice; and what they allow is among what it offers.
///
/// ```
/// use time::macros::{date, time, utc_datetime};
/// use toran_scheduling::{AppointmentSettings, Refusal, TimeZoneName, Verdict};
///
/// let settings = AppointmentSettings::simple(
///     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
/// )?;
/// let taken = settings.occupancy([]);
/// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
///
/// let tuesday = date!(2026-11-24);
/// assert!(matches!(availability.verdict(tuesday, time!(16:30)), Verdict::Free(_)));
/// assert_eq!(availability.verdict(tuesday, time!(16:40)), Verdict::Refused(Refusal::OffGrid));
/// assert_eq!(availability.free_slots(tuesday).len(), 18);
///
/// let near = availability.alternatives(tuesday, Some(time!(16:40)), 3);
/// let hours: Vec<_> = near.iter().map(|slot| slot.time()).collect();
/// assert_eq!(hours, [time!(16:30), time!(17:00), time!(16:00)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Availability<'a> {
    settings: &'a AppointmentSettings,
    taken: &'a Occupancy,
    need: Need<'a>,
    /// No start at or before this instant is to come.
    now: Second,
    /// The first second at which an appointment may begin.
    earliest: Second,
    today: Date,
    /// The last day that may be booked.
    last: Date,
    look_ahead_days: u16,
    /// Whether of an hour that comes twice only the first is offered.
    each_hour_once: bool,
    /// Whether what is taken was gathered for these resources.
    is_known: bool,
}

impl<'a> Availability<'a> {
    pub(crate) fn new(
        settings: &'a AppointmentSettings,
        taken: &'a Occupancy,
        now: UtcDateTime,
    ) -> Self {
        let today = settings.local(now).date();
        let form = settings.form();
        let second = now.unix_timestamp();
        let begun = i64::from(now.nanosecond() > 0);
        let notice = i64::from(form.minimum_notice_minutes) * 60;
        Self {
            settings,
            taken,
            need: settings.need(),
            now: second,
            earliest: (second + 1).max(second + begun + notice),
            today,
            last: horizon(today, form.booking_horizon_days),
            look_ahead_days: u16::MAX,
            each_hour_once: false,
            is_known: taken.is_of(settings.resources()),
        }
    }

    /// The same question about a service of the settings; `None` if they have no such service. Its length and units
    /// take the place of any that were asked for before.
    ///
    /// ```
    /// # use time::macros::{date, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, Service, ServiceId, TimeZoneName};
    /// # let simple = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let colouring = ServiceId::new("colouring")?;
    /// let mut form = simple.form().clone();
    /// form.services.push(Service::lasting(colouring.clone(), 90));
    /// let settings = AppointmentSettings::try_from(form)?;
    ///
    /// let taken = settings.occupancy([]);
    /// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let colouring = availability.for_service(&colouring).expect("it is one of the services");
    /// assert_eq!(colouring.free_slots(date!(2026-11-24)).len(), 16); // the last one at 16:30
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_service(self, id: &ServiceId) -> Option<Self> {
        let need = self.settings.need_of(id)?;
        Some(Self { need, ..self })
    }

    /// The same question about an appointment of another length: 1 to [`MAX_APPOINTMENT_MINUTES`] minutes.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let long = availability.lasting(120)?;
    /// assert_eq!(long.free_slots(date!(2026-11-24)).last().map(|slot| slot.time()), Some(time!(16:00)));
    /// assert!(availability.lasting(0).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lasting(self, minutes: u16) -> Result<Self, SettingsError> {
        if !(1..=MAX_APPOINTMENT_MINUTES).contains(&minutes) {
            let problem = SettingsProblem::OutOfRange {
                found: minutes.into(),
                min: 1,
                max: MAX_APPOINTMENT_MINUTES.into(),
            };
            return Err(SettingsError::new("duration_minutes", problem));
        }
        let need = Need {
            duration: minutes,
            ..self.need
        };
        Ok(Self { need, ..self })
    }

    /// The same question about an appointment that takes several units of one resource, as a table for four does:
    /// at least 1, and no more than some resource has.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use toran_scheduling::{FullForm, Resource, ResourceId};
    ///
    /// let studio = Resource { id: ResourceId::new("studio")?, capacity: 12 };
    /// let settings = AppointmentSettings::try_from(FullForm {
    ///     resources: vec![studio],
    ///     ..settings.into()
    /// })?;
    /// let taken = settings.occupancy([]);
    /// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// assert!(availability.taking(12).is_ok());
    /// assert_eq!(availability.taking(13).unwrap_err().to_string(), "units: 13 is out of range: choose 1 to 12");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn taking(self, units: u16) -> Result<Self, SettingsError> {
        let resources = self.settings.resources();
        let most = match self.need.resources {
            Some(some) => {
                let some = some
                    .iter()
                    .filter_map(|place| resources.get(usize::from(*place)));
                some.map(|resource| resource.capacity).max()
            }
            None => resources.iter().map(|resource| resource.capacity).max(),
        };
        if units == 0 || most.is_none_or(|most| units > most) {
            let problem = SettingsProblem::OutOfRange {
                found: units.into(),
                min: 1,
                max: most.unwrap_or(0).into(),
            };
            return Err(SettingsError::new("units", problem));
        }
        let need = Need { units, ..self.need };
        Ok(Self { need, ..self })
    }

    /// The same question, but looking at no more than this many days, the first included, for alternatives and
    /// for the first free slots: where what is taken later is not known. One day at least.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// // Tuesday has no slot after its last one, and Wednesday is not looked at.
    /// let day = availability.within_days(1);
    /// assert_eq!(day.first_free(utc_datetime!(2026-11-24 16:00), 3), []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn within_days(self, days: u16) -> Self {
        Self {
            look_ahead_days: days,
            ..self
        }
    }

    /// The same question for whoever names a time by its date and hour alone, as one does in speaking: of an hour that the
    /// clock shows twice only the first pass is offered, which is the one that [`verdict`](Self::verdict) takes it for.
    ///
    /// ```
    /// use time::macros::{date, time, utc_datetime};
    /// use toran_scheduling::{AppointmentSettings, TimeZoneName};
    ///
    /// let night = AppointmentSettings::simple(
    ///     "sun-sat".parse()?, time!(0:00), time!(6:00), 30, TimeZoneName::jerusalem(),
    /// )?;
    /// let taken = night.occupancy([]);
    /// let availability = night.availability(&taken, utc_datetime!(2026-10-23 8:00));
    /// let day = date!(2026-10-25); // one o'clock comes twice
    /// assert_eq!(availability.free_slots(day).len(), 14);
    /// assert_eq!(availability.each_hour_once().free_slots(day).len(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn each_hour_once(self) -> Self {
        Self {
            each_hour_once: true,
            ..self
        }
    }

    /// Why a whole day cannot be booked, or `None` when it has a free slot.
    ///
    /// [`Refusal::InThePast`] also means that the day's last slot has begun, and [`Refusal::Taken`] that what is
    /// left of the day is full.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// use toran_scheduling::Refusal;
    ///
    /// assert_eq!(availability.day_verdict(date!(2026-11-24)), None);
    /// assert_eq!(availability.day_verdict(date!(2026-11-22)), Some(Refusal::InThePast));
    /// assert_eq!(availability.day_verdict(date!(2026-11-28)), Some(Refusal::InactiveDay));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn day_verdict(&self, date: Date) -> Option<Refusal> {
        if date < self.today {
            return Some(Refusal::InThePast);
        }
        if date > self.last {
            return Some(Refusal::TooFar);
        }
        if self.slots(date, date).next().is_some() {
            return None;
        }
        let has_starts_from = |earliest| {
            let all = Self { earliest, ..*self };
            FreeSlots::regardless(all, date).next().is_some()
        };
        let rule = self.settings.day_rule(date, Holiday::on);
        let day = self.settings.day_range(date);
        Some(if has_starts_from(self.earliest) {
            Refusal::Taken
        } else if has_starts_from(self.now + 1) {
            Refusal::TooSoon
        } else if has_starts_from(Second::MIN) {
            Refusal::InThePast
        } else if rule.first().is_none() {
            rule.closed
        } else if self.settings.open_ranges(day.0, day.1).is_empty() {
            Refusal::NonexistentTime
        } else {
            Refusal::DoesNotFitBeforeClosing
        })
    }

    /// The free slots of a local day, earliest first.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let slots = availability.free_slots(date!(2026-11-24));
    /// assert_eq!(slots.len(), 18);
    /// assert_eq!(slots[0].time(), time!(9:00));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn free_slots(&self, date: Date) -> Vec<Slot> {
        self.slots(date, date).collect()
    }

    /// The free slots of local days, both inside, earliest first: found one by one, as they are asked for.
    ///
    /// ```
    /// # use time::macros::{date, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// let taken = settings.occupancy([]);
    /// let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let december = availability.slots(date!(2026-12-01), date!(2026-12-31));
    /// assert_eq!(december.count(), 27 * 18);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn slots(&self, first: Date, last: Date) -> FreeSlots<'a> {
        FreeSlots::new(*self, first.max(self.today), last.min(self.last))
    }

    /// The earliest free slots that begin at or after an instant, at most `limit`.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// # let taken = settings.occupancy([]);
    /// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    /// let first = availability.first_free(utc_datetime!(2026-11-24 15:10), 2);
    /// let times: Vec<_> = first.iter().map(|slot| (slot.date(), slot.time())).collect();
    /// assert_eq!(times, [(date!(2026-11-24), time!(17:30)), (date!(2026-11-25), time!(9:00))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn first_free(&self, from: UtcDateTime, limit: usize) -> Vec<Slot> {
        let first = self.settings.local(from).date().max(self.today);
        let last = self
            .settings
            .searched(first, self.today, self.look_ahead_days)
            .1;
        let from = from.unix_timestamp() + i64::from(from.nanosecond() > 0);
        let later = Self {
            earliest: self.earliest.max(from),
            ..*self
        };
        later.slots(first, last).take(limit).collect()
    }

    /// The resources that can give what is asked for, in order of preference.
    fn lanes(&self) -> impl Iterator<Item = Lane<'a>> + use<'a> {
        let (taken, resources, need) = (self.taken, self.settings.resources(), self.need);
        let all = 0..u16::try_from(resources.len()).unwrap_or(u16::MAX);
        let (some, all) = match need.resources {
            // Of other resources nothing is known, and nothing is offered.
            _ if !self.is_known => (&[][..], 0..0),
            Some(some) => (some, 0..0),
            None => (&[][..], all),
        };
        let places = some.iter().copied().chain(all);
        places.filter_map(move |resource| {
            let index = usize::from(resource);
            Some(Lane {
                resource,
                load: taken.load(index)?,
                limit: resources
                    .get(index)?
                    .capacity
                    .checked_sub(need.units)?
                    .into(),
                place: 0,
            })
        })
    }
}

/// A resource that can give what is asked for, and how full it may be before.
#[derive(Debug, Clone, Copy)]
struct Lane<'a> {
    /// Its place in the settings.
    resource: u16,
    load: &'a Load,
    limit: u64,
    /// Where a walk has come to in the load.
    place: usize,
}

impl Lane<'_> {
    /// The same lane, for a question that stands alone.
    fn at(self, instant: Second) -> Self {
        Self {
            place: self.load.place_of(instant),
            ..self
        }
    }

    /// See [`Load::blocked`].
    fn blocked(&mut self, from: Second, to: Second) -> Option<Second> {
        self.load.blocked(from, to, self.limit, &mut self.place)
    }
}

#[cfg(test)]
mod tests;
