//! Random settings and what is taken, and a second implementation that goes minute by minute.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be made is a fault of the test"
)]

mod oracle;

pub(crate) use oracle::{Ask, Found, Oracle, Showing, minute_of};
use proptest::prelude::*;
use time::{Date, Duration, UtcDateTime, Weekday, macros::date};
use toran_scheduling::{
    AppointmentSettings, Busy, BusyRange, ClockTime, Closure, DateSpan, DayHours, FullForm,
    Holiday, HolidayRule, HolidayRules, Opening, Resource, ResourceId, Service, ServiceId,
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
    ("America/Havana", date!(2025 - 11 - 02)),
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

/// Up to three openings, the last one perhaps past midnight; many of them short and in the hours in which clocks change.
fn any_day_hours() -> impl Strategy<Value = DayHours> {
    let opening = prop_oneof![
        3 => (0_u16..288, 1_u16..120),
        2 => (0_u16..36, 1_u16..15),
        1 => (270_u16..288, 1_u16..50),
        1 => (Just(0), 10_u16..30),
        1 => (270_u16..288).prop_map(|from| (from, 288 - from)),
    ];
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
