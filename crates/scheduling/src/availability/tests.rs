use proptest::prelude::*;
use time::macros::{date, time, utc_datetime};

use super::*;
use crate::TimeZoneName;

/// A Monday morning in Jerusalem (10:00 there).
const NOW: UtcDateTime = utc_datetime!(2026-11-23 08:00);
const TUESDAY: Date = date!(2026 - 11 - 24);

fn settings(days: &str, start: Time, end: Time, minutes: u16, zone: &str) -> AppointmentSettings {
    let (days, zone) = (days.parse().unwrap(), zone.parse().unwrap());
    AppointmentSettings::new(days, start, end, minutes, zone).unwrap()
}

fn barber() -> AppointmentSettings {
    settings("sun-fri", time!(9:00), time!(18:00), 30, "Asia/Jerusalem")
}

/// Open around the clock but for its last minute, so that changes at night fall inside its hours.
fn night(zone: &str) -> AppointmentSettings {
    settings("sun-sat", time!(0:00), time!(23:59), 30, zone)
}

fn busy(from: UtcDateTime, minutes: i64) -> BusyRange {
    BusyRange::new(from, from + Duration::minutes(minutes)).unwrap()
}

fn times(slots: &[Slot]) -> Vec<(u8, Time)> {
    slots
        .iter()
        .map(|slot| (slot.date().day(), slot.time()))
        .collect()
}

#[track_caller]
fn refused(date: Date, time: Time, expect: Refusal) {
    let taken = [busy(utc_datetime!(2026-11-24 14:30), 30)];
    assert_eq!(
        barber().verdict(date, time, &taken, NOW),
        Verdict::Refused(expect),
        "{date} {time}"
    );
}

#[test]
fn each_refusal_has_its_reason() {
    refused(TUESDAY, time!(16:30), Refusal::Taken);
    refused(date!(2026 - 11 - 28), time!(10:00), Refusal::InactiveDay);
    refused(TUESDAY, time!(8:30), Refusal::OutsideHours);
    refused(TUESDAY, time!(18:00), Refusal::OutsideHours);
    refused(TUESDAY, time!(17:45), Refusal::DoesNotFitBeforeClosing);
    refused(TUESDAY, time!(16:45), Refusal::OffGrid);
    refused(TUESDAY, time!(16:00:30), Refusal::OffGrid);
    refused(date!(2026 - 11 - 23), time!(10:00), Refusal::InThePast);
    refused(date!(2026 - 11 - 22), time!(10:00), Refusal::InThePast);
    refused(date!(2027 - 11 - 24), time!(10:00), Refusal::TooFar);
}

#[test]
fn of_several_reasons_the_most_helpful_is_told() {
    // Last Saturday at night: past, closed day, and outside hours.
    refused(date!(2026 - 11 - 21), time!(23:00), Refusal::InThePast);
    refused(date!(2030 - 11 - 23), time!(23:00), Refusal::TooFar);
    refused(date!(2026 - 11 - 28), time!(23:00), Refusal::InactiveDay);
    refused(TUESDAY, time!(20:07), Refusal::OutsideHours);
}

#[test]
fn a_free_time_becomes_a_slot() {
    let Verdict::Free(slot) = barber().verdict(TUESDAY, time!(17:30), &[], NOW) else {
        panic!("the last half hour of the day is free");
    };
    assert_eq!(slot.starts_at(), utc_datetime!(2026-11-24 15:30));
    assert_eq!(slot.ends_at(), utc_datetime!(2026-11-24 16:00));
    assert_eq!((slot.date(), slot.time()), (TUESDAY, time!(17:30)));
}

#[test]
fn the_horizon_itself_is_bookable() {
    let last = date!(2027 - 11 - 23);
    assert!(matches!(
        barber().verdict(last, time!(9:00), &[], NOW),
        Verdict::Free(_)
    ));
}

#[test]
fn alternatives_are_nearest_first_then_on_the_following_days() {
    let (from, to) = barber().day_range(TUESDAY);
    let taken = [busy(utc_datetime!(2026-11-24 14:30), 30)];
    let near = barber().alternatives(TUESDAY, Some(time!(16:30)), &taken, NOW, 3);
    assert_eq!(
        times(&near),
        [(24, time!(16:00)), (24, time!(17:00)), (24, time!(15:30))]
    );
    let full = [BusyRange::new(from, to).unwrap()];
    let near = barber().alternatives(TUESDAY, Some(time!(16:40)), &full, NOW, 3);
    assert_eq!(
        times(&near),
        [(25, time!(16:30)), (26, time!(16:30)), (27, time!(16:30))]
    );
    let near = barber().alternatives(TUESDAY, None, &full, NOW, 2);
    assert_eq!(times(&near), [(25, time!(9:00)), (25, time!(9:30))]);
}

#[test]
fn alternatives_begin_today_when_the_day_is_over_and_stay_within_sight() {
    let near = barber().alternatives(date!(2020 - 01 - 01), Some(time!(9:00)), &[], NOW, 1);
    assert_eq!(times(&near), [(23, time!(10:30))]);
    assert_eq!(
        barber().alternatives(date!(2029 - 01 - 01), None, &[], NOW, 3),
        []
    );
    let mondays = settings("mon", time!(9:00), time!(10:00), 60, "Asia/Jerusalem");
    assert_eq!(mondays.first_free(NOW, &[], 100).len(), 4);
    assert_eq!(
        times(&barber().first_free(NOW, &[], 1)),
        [(23, time!(10:30))]
    );
}

#[test]
fn a_day_says_why_it_cannot_be_booked() {
    let day = |date, busy: &[BusyRange], now| barber().day_verdict(date, busy, now);
    let (from, to) = barber().day_range(TUESDAY);
    let full = [BusyRange::new(from, to).unwrap()];
    assert_eq!(day(TUESDAY, &[], NOW), None);
    assert_eq!(day(TUESDAY, &full, NOW), Some(Refusal::Taken));
    assert_eq!(
        day(date!(2026 - 11 - 22), &[], NOW),
        Some(Refusal::InThePast)
    );
    assert_eq!(
        day(date!(2026 - 11 - 28), &[], NOW),
        Some(Refusal::InactiveDay)
    );
    assert_eq!(day(date!(2028 - 11 - 26), &[], NOW), Some(Refusal::TooFar));
    assert_eq!(
        day(TUESDAY, &[], utc_datetime!(2026-11-24 15:30)),
        Some(Refusal::InThePast)
    );
    // Half the day has gone and the other half is full.
    assert_eq!(
        day(TUESDAY, &full, utc_datetime!(2026-11-24 12:00)),
        Some(Refusal::Taken)
    );
}

#[test]
fn the_search_range_covers_what_alternatives_look_at() {
    let (from, to) = barber().search_range(date!(2020 - 01 - 01), NOW);
    assert_eq!(
        (from, to),
        (
            utc_datetime!(2026-11-22 22:00),
            utc_datetime!(2026-12-22 22:00)
        )
    );
}

#[track_caller]
fn day_lasts(zone: &str, date: Date, from: UtcDateTime, hours: i64) {
    let range = night(zone).day_range(date);
    assert_eq!(
        range,
        (from, from + Duration::hours(hours)),
        "{zone} {date}"
    );
}

#[test]
fn days_are_as_long_as_they_really_are() {
    day_lasts(
        "Asia/Jerusalem",
        date!(2026 - 03 - 26),
        utc_datetime!(2026-03-25 22:00),
        24,
    );
    day_lasts(
        "Asia/Jerusalem",
        date!(2026 - 03 - 27),
        utc_datetime!(2026-03-26 22:00),
        23,
    );
    day_lasts(
        "Asia/Jerusalem",
        date!(2026 - 10 - 25),
        utc_datetime!(2026-10-24 21:00),
        25,
    );
    day_lasts(
        "Africa/Cairo",
        date!(2026 - 04 - 24),
        utc_datetime!(2026-04-23 22:00),
        23,
    );
    day_lasts(
        "Africa/Cairo",
        date!(2026 - 10 - 29),
        utc_datetime!(2026-10-28 21:00),
        25,
    );
    day_lasts(
        "America/Santiago",
        date!(2026 - 09 - 06),
        utc_datetime!(2026-09-06 4:00),
        23,
    );
    day_lasts(
        "Asia/Beirut",
        date!(2026 - 03 - 29),
        utc_datetime!(2026-03-28 22:00),
        23,
    );
    day_lasts(
        "America/New_York",
        date!(2026 - 11 - 01),
        utc_datetime!(2026-11-01 4:00),
        25,
    );
}

#[test]
fn an_hour_that_the_clock_skips_is_refused() {
    let before = utc_datetime!(2026-03-20 0:00);
    let verdict = |zone, date, time| night(zone).verdict(date, time, &[], before);
    let skipped = Verdict::Refused(Refusal::NonexistentTime);
    assert_eq!(
        verdict("Asia/Jerusalem", date!(2026 - 03 - 27), time!(2:30)),
        skipped
    );
    assert_eq!(
        verdict("Africa/Cairo", date!(2026 - 04 - 24), time!(0:30)),
        skipped
    );
    let midnight = night("Africa/Cairo").free_slots(date!(2026 - 04 - 24), &[], before);
    assert_eq!(midnight[0].time(), time!(1:00));
    assert_eq!(midnight[0].starts_at(), utc_datetime!(2026-04-23 22:00));
}

#[test]
fn of_an_hour_that_comes_twice_the_first_is_taken() {
    let friday = utc_datetime!(2026-10-23 0:00);
    let slots = night("Asia/Jerusalem").free_slots(date!(2026 - 10 - 25), &[], friday);
    let at = |time| {
        slots
            .iter()
            .filter(|slot| slot.time() == time)
            .collect::<Vec<_>>()
    };
    let [only] = at(time!(1:30))[..] else {
        panic!("one slot for an hour that comes twice")
    };
    assert_eq!(only.starts_at(), utc_datetime!(2026-10-24 22:30));
    // Between the two half past ones, the first is over although the wall shows an earlier hour.
    let between = utc_datetime!(2026-10-24 23:10);
    let verdict = night("Asia/Jerusalem").verdict(only.date(), only.time(), &[], between);
    assert_eq!(verdict, Verdict::Refused(Refusal::InThePast));
}

#[test]
fn an_appointment_is_over_by_closing_even_when_the_clock_jumps_inside_it() {
    let late = settings("sun-sat", time!(0:30), time!(3:30), 60, "Asia/Jerusalem");
    let slots = late.free_slots(date!(2026 - 03 - 27), &[], utc_datetime!(2026-03-26 0:00));
    assert_eq!(times(&slots), [(27, time!(0:30)), (27, time!(1:30))]);
    let to_the_gap = settings("sun-sat", time!(0:30), time!(2:30), 60, "Asia/Jerusalem");
    let slots = to_the_gap.free_slots(date!(2026 - 03 - 27), &[], utc_datetime!(2026-03-26 0:00));
    // From 01:30 an hour of real time ends at 03:30 by the wall, after closing.
    assert_eq!(times(&slots), [(27, time!(0:30))]);
}

#[test]
fn the_edges_of_the_calendar_do_not_panic() {
    for now in [UtcDateTime::MIN, NOW, UtcDateTime::MAX] {
        for date in [Date::MIN, Date::MAX] {
            let settings = night("Pacific/Kiritimati");
            let _ = settings.verdict(date, time!(12:00), &[], now);
            let _ = settings.alternatives(date, Some(time!(12:00)), &[], now, 3);
            let _ = settings.day_verdict(date, &[], now);
            let _ = settings.search_range(date, now);
        }
    }
}

const ZONES: [&str; 5] = [
    "Asia/Jerusalem",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Beirut",
    "America/New_York",
];

prop_compose! {
    fn any_settings()(
        days in 1_u8..128,
        start in 0_u16..1400,
        length in 5_u16..1439,
        step in 5_u16..=480,
        zone in 0..ZONES.len(),
    ) -> AppointmentSettings {
        let week = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        let days: Vec<&str> = (0..7).filter(|i| days & (1 << i) != 0).map(|i| week[i]).collect();
        let end = (start + length).clamp(start + 5, 1439);
        let hour = |minutes: u16| Time::MIDNIGHT + Duration::minutes(minutes.into());
        settings(&days.join(","), hour(start), hour(end), step.min(end - start), ZONES[zone])
    }
}

prop_compose! {
    /// Within a year that holds two changes of the clock in each zone.
    fn any_instant()(minutes in 0_i64..366 * 1440) -> UtcDateTime {
        utc_datetime!(2026-01-01 0:00) + Duration::minutes(minutes)
    }
}

fn any_busy() -> impl Strategy<Value = Vec<BusyRange>> {
    prop::collection::vec(
        (any_instant(), 1_i64..5000).prop_map(|(at, m)| busy(at, m)),
        0..40,
    )
}

proptest! {
    #[test]
    fn every_free_slot_passes_the_verdict_and_lies_on_the_grid(
        settings in any_settings(), now in any_instant(), ahead in 0_i64..40, busy in any_busy(),
    ) {
        let date = settings.local(now).date() + Duration::days(ahead);
        let slots = settings.free_slots(date, &busy, now);
        for slot in &slots {
            prop_assert_eq!(settings.verdict(slot.date(), slot.time(), &busy, now), Verdict::Free(*slot));
            prop_assert!(slot.time() >= settings.start_hour() && slot.time() < settings.end_hour());
            let since_opening = (slot.time() - settings.start_hour()).whole_minutes();
            prop_assert_eq!(since_opening % i64::from(settings.slot_interval_minutes()), 0);
            prop_assert!(settings.active_days().contains(slot.date().weekday()));
            let (from, to) = settings.day_range(date);
            prop_assert!(slot.starts_at() > now && slot.starts_at() >= from && slot.ends_at() <= to);
        }
        prop_assert!(slots.is_sorted());
        prop_assert_eq!(settings.day_verdict(date, &busy, now).is_none(), !slots.is_empty());
    }

    #[test]
    fn what_the_verdict_allows_is_among_the_free_slots(
        settings in any_settings(), now in any_instant(), date in any_instant(), minute in 0_i64..1440, busy in any_busy(),
    ) {
        let time = Time::MIDNIGHT + Duration::minutes(minute);
        if let Verdict::Free(slot) = settings.verdict(date.date(), time, &busy, now) {
            prop_assert!(settings.free_slots(date.date(), &busy, now).contains(&slot));
        }
    }

    #[test]
    fn every_alternative_passes_the_verdict_and_lies_in_the_search_range(
        settings in any_settings(), now in any_instant(), at in any_instant(), with_hour in any::<bool>(), busy in any_busy(), limit in 0_usize..6,
    ) {
        let time = with_hour.then(|| at.time());
        let found = settings.alternatives(at.date(), time, &busy, now, limit);
        prop_assert!(found.len() <= limit);
        let (from, to) = settings.search_range(at.date(), now);
        for slot in &found {
            prop_assert_eq!(settings.verdict(slot.date(), slot.time(), &busy, now), Verdict::Free(*slot));
            prop_assert!(slot.starts_at() >= from && slot.ends_at() <= to);
        }
        let in_sight: Vec<_> =
            busy.iter().filter(|range| range.from() < to && from < range.to()).copied().collect();
        prop_assert_eq!(settings.alternatives(at.date(), time, &in_sight, now, limit), found);
    }

    #[test]
    fn a_further_busy_range_never_adds_a_slot(
        settings in any_settings(), now in any_instant(), mut busy in any_busy(), more in any_instant(), minutes in 1_i64..3000,
    ) {
        let date = more.date();
        let before = settings.free_slots(date, &busy, now);
        busy.push(super::tests::busy(more, minutes));
        let after = settings.free_slots(date, &busy, now);
        prop_assert!(after.iter().all(|slot| before.contains(slot)));
        prop_assert!(after.iter().all(|slot| !slot.busy().overlaps(busy.last().unwrap())));
    }

    #[test]
    fn days_tile_the_time_line(settings in any_settings(), at in any_instant()) {
        let date = settings.local(at).date();
        let (from, to) = settings.day_range(date);
        prop_assert!(from <= at && at < to);
        prop_assert_eq!(settings.day_range(date.next_day().unwrap()).0, to);
    }
}

#[test]
fn the_default_zone_is_israels() {
    assert_eq!(barber().time_zone(), &TimeZoneName::jerusalem());
}
