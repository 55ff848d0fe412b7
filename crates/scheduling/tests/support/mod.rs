//! Random settings and what is taken, and a second implementation that goes minute by minute.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be made is a fault of the test"
)]

use std::ops::Range;

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use time::{Date, Duration, Time, UtcDateTime, Weekday, macros::date};
use toran_scheduling::{
    AppointmentSettings, Busy, BusyRange, ClockTime, Closure, DateSpan, DayHours, FullForm,
    Holiday, HolidayRule, HolidayRules, Opening, Refusal, Resource, ResourceId, Service, ServiceId,
    SpecialHours, WeeklyHours,
};

/// Days around which the clock changes: by an hour, by half of one, at midnight, by a whole day, or not at all.
const PLACES: &[(&str, Date)] = &[
    ("Asia/Jerusalem", date!(2026 - 03 - 27)),
    ("Asia/Jerusalem", date!(2026 - 10 - 25)),
    ("Asia/Jerusalem", date!(2027 - 04 - 21)),
    ("Africa/Cairo", date!(2026 - 04 - 24)),
    ("Africa/Cairo", date!(2026 - 10 - 29)),
    ("America/Santiago", date!(2026 - 04 - 04)),
    ("America/Santiago", date!(2026 - 09 - 06)),
    ("Asia/Beirut", date!(2026 - 03 - 29)),
    ("Asia/Beirut", date!(2026 - 10 - 24)),
    ("America/New_York", date!(2026 - 03 - 08)),
    ("America/New_York", date!(2026 - 11 - 01)),
    ("America/Havana", date!(2026 - 03 - 08)),
    ("Australia/Lord_Howe", date!(2026 - 04 - 05)),
    ("Australia/Lord_Howe", date!(2026 - 10 - 04)),
    ("Pacific/Apia", date!(2011 - 12 - 30)),
    ("Africa/Casablanca", date!(2026 - 02 - 15)),
    ("Asia/Kathmandu", date!(2026 - 06 - 01)),
];

/// The days that a case asks about: this many on either side of its day.
pub(crate) const DAYS_ASIDE: i64 = 3;

/// Settings, what is taken, and when it is.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) settings: AppointmentSettings,
    pub(crate) busy: Vec<Busy>,
    pub(crate) now: UtcDateTime,
    pub(crate) day: Date,
}

impl Case {
    pub(crate) fn first(&self) -> Date {
        self.day - Duration::days(DAYS_ASIDE)
    }

    pub(crate) fn last(&self) -> Date {
        self.day + Duration::days(DAYS_ASIDE)
    }

    pub(crate) fn form(&self) -> &FullForm {
        self.settings.form()
    }
}

fn clock(minutes: u16) -> ClockTime {
    ClockTime::from_minutes(minutes).unwrap()
}

/// Up to three openings, the last one perhaps past midnight.
fn any_day_hours() -> impl Strategy<Value = DayHours> {
    let opening = (0_u16..288, 1_u16..120);
    prop::collection::vec(opening, 0..=3).prop_map(|openings| {
        let mut free_from = 0;
        let mut hours = Vec::new();
        for (from, length) in openings {
            let from = from * 5;
            if from >= free_from {
                free_from = from + length * 5;
                hours.push(Opening::new(clock(from), clock(free_from)).unwrap());
            }
        }
        DayHours::new(hours).unwrap()
    })
}

fn any_week() -> impl Strategy<Value = WeeklyHours> {
    prop::collection::vec(any_day_hours(), 7).prop_filter_map(
        "a late night meets an early morning",
        |days| {
            let week = std::iter::successors(Some(Weekday::Sunday), |day| Some(day.next()));
            WeeklyHours::new(week.zip(days)).ok()
        },
    )
}

fn any_holidays() -> impl Strategy<Value = HolidayRules> {
    let rule = prop_oneof![
        Just(HolidayRule::Open),
        Just(HolidayRule::Closed),
        (0_u16..1600).prop_map(|minutes| HolidayRule::ShortDay {
            until: clock(minutes)
        }),
    ];
    prop::collection::vec(rule, Holiday::all().count()).prop_map(|rules| {
        Holiday::all()
            .zip(rules)
            .fold(HolidayRules::default(), |all, (day, rule)| {
                all.with(day, rule)
            })
    })
}

fn id(index: usize) -> ResourceId {
    ResourceId::new(&format!("r{index}")).unwrap()
}

prop_compose! {
    pub(crate) fn any_case()(
        (zone, day) in prop::sample::select(PLACES),
        hours in any_week(),
        special in prop::option::weighted(0.4, (-3_i64..=3, 0_i64..2, any_day_hours())),
        closed in prop::option::weighted(0.3, (-3_i64..=3, 0_i64..2)),
        holidays in any_holidays(),
        (interval, duration) in (1_u16..=24, 1_u16..=36),
        (before, after) in (0_u16..8, 0_u16..8),
        notice in prop_oneof![Just(0_u32), 0_u32..3000],
        horizon in prop_oneof![Just(365_u16), 0_u16..8],
        capacities in prop::collection::vec(1_u16..=3, 1..=3),
        service in (1_u16..40, 0_u16..6, prop::option::of(0_u16..20)),
        now in -5 * 1440_i64..3 * 1440,
        busy in prop::collection::vec((-4 * 1440_i64..4 * 1440, 1_i64..400, 0_usize..5, 1_u16..3), 0..25),
    ) -> Option<Case> {
        let mut form = FullForm::new(zone.parse().unwrap(), hours, interval * 5);
        form.special_hours.extend(special.map(|(from, days, hours)| SpecialHours {
            dates: DateSpan::new(day + Duration::days(from), day + Duration::days(from + days)).unwrap(),
            hours,
        }));
        form.closures.extend(closed.map(|(from, days)| Closure {
            dates: DateSpan::new(day + Duration::days(from), day + Duration::days(from + days)).unwrap(),
        }));
        form.holidays = holidays;
        form.appointment_minutes = duration * 5;
        form.buffer_before_minutes = before * 5;
        form.buffer_after_minutes = after * 5;
        form.minimum_notice_minutes = notice;
        form.booking_horizon_days = horizon;
        form.resources = capacities
            .iter()
            .enumerate()
            .map(|(index, &capacity)| Resource { id: id(index), capacity })
            .collect();
        let (length, which, buffer) = service;
        form.services.push(Service {
            buffer_before_minutes: buffer,
            resources: (which > 0).then(|| id(usize::from(which) % capacities.len())).into_iter().collect(),
            ..Service::lasting(service_id(), length * 5)
        });
        let settings = AppointmentSettings::try_from(form).ok()?;
        let noon = settings.day_range(day).0 + Duration::hours(12);
        let busy = busy.into_iter().map(|(from, minutes, resource, units)| {
            let from = noon + Duration::minutes(from);
            Busy {
                range: BusyRange::new(from, from + Duration::minutes(minutes)).unwrap(),
                resource: (resource < 4).then(|| id(resource)),
                units,
            }
        });
        let busy = busy.collect();
        Some(Case { busy, now: noon + Duration::minutes(now), day, settings })
    }
}

/// A case whose settings are valid.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    any_case().prop_filter_map("no appointment would ever fit", |case| case)
}

pub(crate) fn service_id() -> ServiceId {
    ServiceId::new("service").unwrap()
}

/// A slot as the slow implementation finds it: its start, its local date and hour, and the place of its resource.
pub(crate) type Found = (UtcDateTime, Date, Time, usize);

/// What is asked for: lengths in minutes.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) duration: i64,
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) units: u64,
    pub(crate) resources: Vec<usize>,
}

impl Ask {
    pub(crate) fn plain(case: &Case) -> Self {
        let form = case.form();
        Self {
            duration: form.appointment_minutes.into(),
            before: form.buffer_before_minutes.into(),
            after: form.buffer_after_minutes.into(),
            units: 1,
            resources: (0..form.resources.len()).collect(),
        }
    }

    pub(crate) fn service(case: &Case) -> Self {
        let form = case.form();
        let plain = Self::plain(case);
        let service = &form.services[0];
        let place = |id: &ResourceId| form.resources.iter().position(|r| r.id == *id).unwrap();
        Self {
            duration: service.duration_minutes.into(),
            before: service
                .buffer_before_minutes
                .map_or(plain.before, Into::into),
            resources: if service.resources.is_empty() {
                plain.resources
            } else {
                service.resources.iter().map(place).collect()
            },
            ..plain
        }
    }
}

/// The second implementation. It knows what the wall clock shows in each minute around the case's day, and looks at
/// every one of them whenever it is asked anything.
pub(crate) struct Oracle<'a> {
    case: &'a Case,
    ask: Ask,
    /// The first minute that it knows, in minutes since 1970.
    begins: i64,
    /// What the wall clock shows in each minute: minutes since 1970 as if in UTC.
    shown: Vec<i64>,
    /// The units that are taken of each resource in each minute.
    taken: Vec<Vec<u64>>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(case: &'a Case, ask: Ask) -> Self {
        let zone = TimeZone::get(case.form().time_zone.as_str()).unwrap();
        let begins = days(case.day - Duration::days(DAYS_ASIDE + 5)) * 1440;
        let minutes = (2 * DAYS_ASIDE + 12) * 1440;
        let shown: Vec<i64> = (begins..begins + minutes)
            .map(|minute| {
                let instant = Timestamp::from_second(minute * 60).unwrap();
                minute + i64::from(zone.to_offset(instant).seconds()) / 60
            })
            .collect();
        let resources = &case.form().resources;
        let mut taken = vec![vec![0; shown.len()]; resources.len()];
        for busy in &case.busy {
            let whose = busy.resource.as_ref();
            let whose = whose.and_then(|id| resources.iter().position(|r| r.id == *id));
            for (place, taken) in taken.iter_mut().enumerate() {
                let units = match whose {
                    Some(whose) if whose == place => busy.units.into(),
                    Some(_) => 0,
                    None => 1_000_000,
                };
                for minute in minute_of(busy.range.from())..minute_of(busy.range.to()) {
                    if let Some(at) = usize::try_from(minute - begins)
                        .ok()
                        .and_then(|i| taken.get_mut(i))
                    {
                        *at += units;
                    }
                }
            }
        }
        Self {
            case,
            ask,
            begins,
            shown,
            taken,
        }
    }

    fn minutes(&self) -> Range<i64> {
        self.begins..self.begins + i64::try_from(self.shown.len()).unwrap()
    }

    fn shown(&self, minute: i64) -> i64 {
        self.shown[usize::try_from(minute - self.begins).unwrap()]
    }

    /// The openings that begin on a day, by the layers of the settings.
    pub(crate) fn openings(&self, date: Date) -> Vec<Opening> {
        let mut openings = self.layered(date);
        // A late night ends where the next day begins.
        if let Some(morning) = self.layered(date.next_day().unwrap()).first() {
            let until = morning.from().minutes() + 1440;
            for opening in &mut openings {
                if opening.to().minutes() > until {
                    *opening = Opening::new(opening.from(), clock(until)).unwrap();
                }
            }
        }
        openings
    }

    /// By when an appointment in an opening of a day must be over: past midnight if the next day begins with one.
    fn closes(&self, date: Date, opening: Opening) -> i64 {
        let to = i64::from(opening.to().minutes());
        let morning = self.openings(date.next_day().unwrap()).first().copied();
        let to = match morning.filter(|morning| morning.from() == ClockTime::MIDNIGHT) {
            Some(morning) if to == 1440 => 1440 + i64::from(morning.to().minutes()),
            _ => to,
        };
        self.ends_at(days(date) * 1440 + to)
    }

    fn layered(&self, date: Date) -> Vec<Opening> {
        let form = self.case.form();
        let holds = |span: DateSpan| span.from() <= date && date <= span.to();
        if let Some(special) = form.special_hours.iter().find(|s| holds(s.dates)) {
            return special.hours.openings().to_vec();
        }
        if form.closures.iter().any(|closure| holds(closure.dates)) {
            return Vec::new();
        }
        let week = form.hours.on(date.weekday()).openings();
        let rule = Holiday::on(date).map(|holiday| form.holidays.on(holiday));
        match rule {
            Some(HolidayRule::Closed) => Vec::new(),
            Some(HolidayRule::ShortDay { until }) => week
                .iter()
                .filter(|opening| opening.from() < until)
                .map(|opening| Opening::new(opening.from(), opening.to().min(until)).unwrap())
                .collect(),
            Some(HolidayRule::Open) | None => week.to_vec(),
        }
    }

    /// Why a day has no openings.
    fn closed(&self, date: Date) -> Refusal {
        let form = self.case.form();
        let holds = |span: DateSpan| span.from() <= date && date <= span.to();
        if form.hours.on(date.weekday()).is_closed() {
            Refusal::InactiveDay
        } else if form
            .special_hours
            .iter()
            .any(|special| holds(special.dates))
            || form.closures.iter().any(|closure| holds(closure.dates))
        {
            Refusal::Closed
        } else {
            Refusal::Holiday(Holiday::on(date).unwrap())
        }
    }

    /// The minutes in which a reading can be shown: no clock is further from UTC than a day and a few hours, even where
    /// a whole day is skipped.
    fn minutes_near(&self, reading: i64) -> Range<i64> {
        let known = self.minutes();
        (reading - 30 * 60).max(known.start)..(reading + 30 * 60).min(known.end)
    }

    /// From the first minute in which the clock has come to a reading.
    fn begins_at(&self, reading: i64) -> i64 {
        self.minutes_near(reading)
            .find(|minute| self.shown(*minute) >= reading)
            .unwrap()
    }

    /// To the last minute in which the clock shows a reading; if it never does, to where it has passed it.
    fn ends_at(&self, reading: i64) -> i64 {
        self.minutes_near(reading)
            .rfind(|minute| self.shown(*minute) == reading)
            .unwrap_or_else(|| self.begins_at(reading))
    }

    /// The first minute in which the clock shows just this.
    fn shows_at(&self, reading: i64) -> Option<i64> {
        self.minutes_near(reading)
            .find(|minute| self.shown(*minute) == reading)
    }

    fn now(&self) -> i64 {
        minute_of(self.case.now)
    }

    fn today(&self) -> i64 {
        self.shown(self.now()).div_euclid(1440)
    }

    fn horizon(&self) -> i64 {
        self.today() + i64::from(self.case.form().booking_horizon_days)
    }

    /// The resource that has room in every minute of an appointment and of its buffers.
    fn room(&self, start: i64) -> Option<usize> {
        let footprint = start - self.ask.before..start + self.ask.duration + self.ask.after;
        let has_room = |place: &&usize| {
            let capacity = u64::from(self.case.form().resources[**place].capacity);
            footprint.clone().all(|minute| {
                let taken = self.taken[**place][usize::try_from(minute - self.begins).unwrap()];
                taken + self.ask.units <= capacity
            })
        };
        self.ask.resources.iter().find(has_room).copied()
    }

    /// Every free slot of the case's days.
    pub(crate) fn slots(&self, first: Date, last: Date) -> Vec<Found> {
        let mut found = Vec::new();
        let step = self.case.form().slot_interval_minutes;
        let notice = i64::from(self.case.form().minimum_notice_minutes);
        let mut date = first.previous_day().unwrap();
        while date <= last {
            for opening in self.openings(date) {
                let opening_range = opening.from().minutes()..opening.to().minutes();
                let closes = self.closes(date, opening);
                for clock in opening_range.step_by(step.into()) {
                    let reading = days(date) * 1440 + i64::from(clock);
                    let Some(start) = self.shows_at(reading) else {
                        continue;
                    };
                    let day = reading.div_euclid(1440);
                    let in_days = days(first) <= day && day <= days(last);
                    let in_time = start > self.now() && start >= self.now() + notice;
                    let in_horizon = self.today() <= day && day <= self.horizon();
                    if in_days && in_time && in_horizon && start + self.ask.duration <= closes {
                        found.extend(self.room(start).map(|place| {
                            let (date, time) = read(reading);
                            (instant(start), date, time, place)
                        }));
                    }
                }
            }
            date = date.next_day().unwrap();
        }
        found
    }

    /// Why a reading cannot be booked, or the slot.
    pub(crate) fn verdict(&self, date: Date, time: Time) -> Result<Found, Refusal> {
        let reading = days(date) * 1440 + i64::from(ClockTime::from(time).minutes());
        let exact = self.shows_at(reading);
        let start = exact.unwrap_or_else(|| self.begins_at(reading));
        if start <= self.now() {
            return Err(Refusal::InThePast);
        }
        if start < self.now() + i64::from(self.case.form().minimum_notice_minutes) {
            return Err(Refusal::TooSoon);
        }
        if days(date) > self.horizon() {
            return Err(Refusal::TooFar);
        }
        let (day, opening) = self.opening_at(date, reading).ok_or_else(|| {
            if self.openings(date).is_empty() {
                self.closed(date)
            } else {
                Refusal::OutsideHours
            }
        })?;
        if exact.is_none() {
            return Err(Refusal::NonexistentTime);
        }
        let closes = self.closes(day, opening);
        if start + self.ask.duration > closes {
            return Err(Refusal::DoesNotFitBeforeClosing);
        }
        let opens = days(day) * 1440 + i64::from(opening.from().minutes());
        if (reading - opens) % i64::from(self.case.form().slot_interval_minutes) != 0 {
            return Err(Refusal::OffGrid);
        }
        let place = self.room(start).ok_or(Refusal::Taken)?;
        Ok((instant(start), date, time, place))
    }

    fn opening_at(&self, date: Date, reading: i64) -> Option<(Date, Opening)> {
        [date, date.previous_day().unwrap()]
            .into_iter()
            .find_map(|day| {
                let minutes = reading - days(day) * 1440;
                let mut openings = self.openings(day).into_iter();
                openings
                    .find(|o| {
                        (i64::from(o.from().minutes())..i64::from(o.to().minutes()))
                            .contains(&minutes)
                    })
                    .map(|opening| (day, opening))
            })
    }
}

fn days(date: Date) -> i64 {
    (date - date!(1970 - 01 - 01)).whole_days()
}

fn minute_of(instant: UtcDateTime) -> i64 {
    instant.unix_timestamp().div_euclid(60)
}

fn instant(minute: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(minute * 60).unwrap()
}

fn read(reading: i64) -> (Date, Time) {
    let date = date!(1970 - 01 - 01) + Duration::days(reading.div_euclid(1440));
    (
        date,
        Time::MIDNIGHT + Duration::minutes(reading.rem_euclid(1440)),
    )
}
