mod fold;

use time::{
    Duration, Time,
    macros::{date, time, utc_datetime},
};

use super::*;
use crate::{Busy, BusyRange, ClockTime, ResourceId};

/// A Monday morning in Jerusalem (10:00 there).
const NOW: UtcDateTime = utc_datetime!(2026-11-23 08:00);
const TUESDAY: Date = date!(2026 - 11 - 24);

fn settings(days: &str, start: &str, end: &str, minutes: u16, zone: &str) -> AppointmentSettings {
    AppointmentSettings::simple(
        days.parse().unwrap(),
        start.parse::<ClockTime>().unwrap(),
        end.parse::<ClockTime>().unwrap(),
        minutes,
        zone.parse().unwrap(),
    )
    .unwrap()
}

fn barber() -> AppointmentSettings {
    settings("sun-fri", "09:00", "18:00", 30, "Asia/Jerusalem")
}

/// Open around the clock, so that changes at night fall inside its hours.
fn night(zone: &str) -> AppointmentSettings {
    settings("sun-sat", "00:00", "24:00", 30, zone)
}

/// The barber with something of the full form, as JSON.
fn barber_with(fields: &str) -> AppointmentSettings {
    let week = r#""time_zone":"Asia/Jerusalem","slot_interval_minutes":30,"hours":{
        "sunday":["09:00-18:00"],"monday":["09:00-18:00"],"tuesday":["09:00-13:00","14:00-18:00"],
        "wednesday":["09:00-18:00"],"thursday":["20:00-26:00"],"friday":["09:00-13:00"]}"#;
    serde_json::from_str(&format!("{{{week},{fields}}}")).unwrap()
}

fn settings_of(json: &str) -> AppointmentSettings {
    serde_json::from_str(json).unwrap()
}

fn busy(from: UtcDateTime, minutes: i64) -> Busy {
    Busy::everything(BusyRange::new(from, from + Duration::minutes(minutes)).unwrap())
}

/// The whole of a day.
fn full(settings: &AppointmentSettings, date: Date) -> Busy {
    let (from, to) = settings.day_range(date);
    Busy::everything(BusyRange::new(from, to).unwrap())
}

fn times(slots: &[Slot]) -> Vec<(u8, Time)> {
    slots
        .iter()
        .map(|slot| (slot.date().day(), slot.time()))
        .collect()
}

#[track_caller]
fn check(settings: &AppointmentSettings, date: Date, time: Time, expect: Result<(), Refusal>) {
    let taken = settings.occupancy([busy(utc_datetime!(2026-11-24 14:30), 30)]);
    let found = match settings.availability(&taken, NOW).verdict(date, time) {
        Verdict::Free(_) => Ok(()),
        Verdict::Refused(refusal) => Err(refusal),
    };
    assert_eq!(found, expect, "{date} {time}");
}

#[track_caller]
fn refused(date: Date, time: Time, expect: Refusal) {
    check(&barber(), date, time, Err(expect));
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
fn the_full_form_has_reasons_of_its_own() {
    let lunch = barber_with(r#""appointment_minutes":45"#);
    check(&lunch, TUESDAY, time!(13:00), Err(Refusal::OutsideHours));
    check(
        &lunch,
        TUESDAY,
        time!(12:30),
        Err(Refusal::DoesNotFitBeforeClosing),
    );
    check(&lunch, TUESDAY, time!(12:00), Ok(()));
    check(&lunch, TUESDAY, time!(14:30), Ok(()));
    check(&lunch, TUESDAY, time!(16:00), Err(Refusal::Taken));

    let notice = barber_with(r#""minimum_notice_minutes":1440,"booking_horizon_days":7"#);
    check(&notice, TUESDAY, time!(9:30), Err(Refusal::TooSoon));
    check(&notice, TUESDAY, time!(10:00), Ok(()));
    check(&notice, date!(2026 - 11 - 30), time!(10:00), Ok(()));
    check(
        &notice,
        date!(2026 - 12 - 01),
        time!(10:00),
        Err(Refusal::TooFar),
    );

    let closed = barber_with(
        r#""closures":[{"from":"2026-11-24"}],"special_hours":[{"from":"2026-11-28","hours":["10:00-12:00"]},{"from":"2026-11-25","hours":[]}]"#,
    );
    check(&closed, TUESDAY, time!(10:00), Err(Refusal::Closed));
    check(
        &closed,
        date!(2026 - 11 - 25),
        time!(10:00),
        Err(Refusal::Closed),
    );
    check(&closed, date!(2026 - 11 - 28), time!(10:00), Ok(()));
    check(
        &closed,
        date!(2026 - 11 - 28),
        time!(12:00),
        Err(Refusal::OutsideHours),
    );
}

#[test]
fn holidays_close_or_shorten_a_day() {
    let rules = r#""holidays":{"pesach":"closed","eve_of_pesach":{"until":"12:00"},"yom_haatzmaut":{"until":"08:00"}}"#;
    let settings = barber_with(rules);
    let (eve, pesach) = (date!(2027 - 04 - 21), date!(2027 - 04 - 22));
    check(&settings, eve, time!(11:30), Ok(()));
    check(
        &settings,
        eve,
        time!(11:45),
        Err(Refusal::DoesNotFitBeforeClosing),
    );
    check(&settings, eve, time!(12:00), Err(Refusal::OutsideHours));
    check(
        &settings,
        pesach,
        time!(20:00),
        Err(Refusal::Holiday(Holiday::Pesach)),
    );
    // A short day that leaves nothing is a day off.
    let independence = date!(2027 - 05 - 12);
    check(
        &settings,
        independence,
        time!(10:00),
        Err(Refusal::Holiday(Holiday::YomHaatzmaut)),
    );
    assert_eq!(
        settings.closed_on(pesach),
        Some(Refusal::Holiday(Holiday::Pesach))
    );
    assert_eq!(settings.hours_on(eve).to_string(), "09:00-12:00");
    // Saturday is a day of rest first, whatever falls on it.
    let saturday = barber_with(r#""holidays":{"intermediate_days_of_pesach":"closed"}"#);
    assert_eq!(
        saturday.closed_on(date!(2027 - 04 - 24)),
        Some(Refusal::InactiveDay)
    );
}

#[test]
fn a_late_night_belongs_to_the_day_on_which_it_opens() {
    let settings = barber_with(r#""closures":[{"from":"2026-12-04"},{"from":"2026-12-10"}]"#);
    // Thursday 20:00 to 02:00, after which Friday opens at 09:00.
    check(&settings, date!(2026 - 11 - 27), time!(1:30), Ok(()));
    check(
        &settings,
        date!(2026 - 11 - 27),
        time!(2:00),
        Err(Refusal::OutsideHours),
    );
    check(
        &settings,
        date!(2026 - 11 - 26),
        time!(1:30),
        Err(Refusal::OutsideHours),
    );
    // Closed on Friday: the night before goes on. Closed on Thursday: its night is gone.
    check(&settings, date!(2026 - 12 - 04), time!(1:30), Ok(()));
    check(
        &settings,
        date!(2026 - 12 - 04),
        time!(9:00),
        Err(Refusal::Closed),
    );
    check(
        &settings,
        date!(2026 - 12 - 11),
        time!(1:30),
        Err(Refusal::OutsideHours),
    );
    let taken = settings.occupancy([]);
    let friday = settings
        .availability(&taken, NOW)
        .free_slots(date!(2026 - 11 - 27));
    assert_eq!(friday.len(), 4 + 8);
    assert_eq!(friday[0].time(), time!(0:00));
    // Special hours on the morning after cut it short.
    let cut = barber_with(r#""special_hours":[{"from":"2026-11-27","hours":["01:00-03:00"]}]"#);
    assert_eq!(
        cut.hours_on(date!(2026 - 11 - 26)).to_string(),
        "20:00-25:00"
    );
    check(&cut, date!(2026 - 11 - 27), time!(0:30), Ok(()));
    check(&cut, date!(2026 - 11 - 27), time!(2:30), Ok(()));
}

#[test]
fn a_late_night_is_one_day_to_whoever_asks_for_something_near() {
    let bar = settings_of(
        r#"{"time_zone":"Asia/Jerusalem","slot_interval_minutes":30,
        "hours":{"monday":["18:00-26:00"],"tuesday":["18:00-26:00"],"wednesday":["18:00-26:00"]}}"#,
    );
    let near = |taken: &[Busy], date, time, now| {
        let taken = bar.occupancy(taken.iter().cloned());
        times(
            &bar.availability(&taken, now)
                .alternatives(date, Some(time), 4),
        )
    };
    // Tuesday 22:30 to 24:00 is taken.
    let late = [busy(utc_datetime!(2026-11-24 20:30), 90)];
    let expect = [
        (25, time!(0:00)),
        (25, time!(0:30)),
        (24, time!(22:00)),
        (25, time!(1:00)),
    ];
    assert_eq!(near(&late, TUESDAY, time!(23:30), NOW), expect);
    // Wednesday half past midnight is taken: it belongs to the night of Tuesday.
    let later = [busy(utc_datetime!(2026-11-24 22:00), 60)];
    let expect = [
        (25, time!(1:00)),
        (24, time!(23:30)),
        (25, time!(1:30)),
        (24, time!(23:00)),
    ];
    assert_eq!(
        near(&later, date!(2026 - 11 - 25), time!(0:30), NOW),
        expect
    );
    // Wednesday two in the morning is when the night of Tuesday ends; four in the afternoon belongs to Wednesday.
    let expect = [
        (25, time!(1:30)),
        (25, time!(1:00)),
        (25, time!(0:30)),
        (25, time!(0:00)),
    ];
    assert_eq!(near(&[], date!(2026 - 11 - 25), time!(2:30), NOW), expect);
    let afternoon = near(&[], date!(2026 - 11 - 25), time!(16:00), NOW);
    assert_eq!(afternoon[0], (25, time!(18:00)));
    // Monday 23:00 is over, but its night goes on.
    let night = utc_datetime!(2026-11-23 22:40);
    let expect = [
        (24, time!(1:00)),
        (24, time!(1:30)),
        (24, time!(23:00)),
        (25, time!(23:00)),
    ];
    assert_eq!(
        near(&[], date!(2026 - 11 - 23), time!(23:00), night),
        expect
    );
}

#[test]
fn around_the_clock_an_appointment_may_span_midnight() {
    let clinic = settings_of(
        r#"{"time_zone":"Asia/Jerusalem","slot_interval_minutes":30,"appointment_minutes":90,
        "hours":{"monday":["00:00-24:00"],"tuesday":["00:00-24:00"],"wednesday":["00:00-00:30","08:00-24:00"]}}"#,
    );
    let free = [
        (TUESDAY, time!(0:00)),
        (date!(2026 - 11 - 23), time!(23:30)),
        (TUESDAY, time!(23:00)),
    ];
    for (date, time) in free {
        check(&clinic, date, time, Ok(()));
    }
    // A late night that the next day cuts at midnight goes on into it, too.
    let cut = settings_of(
        r#"{"time_zone":"Asia/Jerusalem","slot_interval_minutes":30,"hours":{"tuesday":["20:00-24:00"],"wednesday":["00:00-03:00"]},
        "special_hours":[{"from":"2026-11-24","hours":["20:00-26:00"]}]}"#,
    );
    check(&cut, TUESDAY, time!(23:30), Ok(()));
    assert_eq!(cut.hours_on(TUESDAY).to_string(), "20:00-24:00");
    // Wednesday has half an hour after midnight, and Thursday nothing.
    check(
        &clinic,
        TUESDAY,
        time!(23:30),
        Err(Refusal::DoesNotFitBeforeClosing),
    );
    check(
        &clinic,
        date!(2026 - 11 - 25),
        time!(23:00),
        Err(Refusal::DoesNotFitBeforeClosing),
    );
    let taken = clinic.occupancy([]);
    let slots = clinic.availability(&taken, NOW).free_slots(TUESDAY);
    assert_eq!(slots.last().map(Slot::time), Some(time!(23:00)));
}

#[test]
fn buffers_are_part_of_what_is_taken() {
    let settings = barber_with(r#""buffer_before_minutes":10,"buffer_after_minutes":20"#);
    let mut taken = settings.occupancy([]);
    let Verdict::Free(slot) = settings
        .availability(&taken, NOW)
        .verdict(TUESDAY, time!(10:00))
    else {
        panic!("it is free");
    };
    assert_eq!(slot.busy().from(), utc_datetime!(2026-11-24 7:50));
    assert_eq!(slot.busy().to(), utc_datetime!(2026-11-24 8:50));
    assert_eq!(
        (slot.ends_at(), slot.minutes()),
        (utc_datetime!(2026-11-24 8:30), 30)
    );
    taken.add(&Busy::of(ResourceId::main(), slot.busy()));
    let availability = settings.availability(&taken, NOW);
    let near = availability.alternatives(TUESDAY, Some(time!(10:00)), 2);
    assert_eq!(times(&near), [(24, time!(9:00)), (24, time!(11:00))]);
}

#[test]
fn resources_are_taken_in_order_and_by_units() {
    let settings = barber_with(
        r#""resources":[{"id":"dana"},{"id":"studio","capacity":2}],"services":[{"id":"class","duration_minutes":60,"resources":["studio"],"units":2}]"#,
    );
    let at = |resource: &str| {
        let range = BusyRange::new(
            utc_datetime!(2026-11-24 8:00),
            utc_datetime!(2026-11-24 8:30),
        );
        Busy::of(resource.parse().unwrap(), range.unwrap())
    };
    let mut taken = settings.occupancy([]);
    let whose = |taken: &Occupancy| match settings
        .availability(taken, NOW)
        .verdict(TUESDAY, time!(10:00))
    {
        Verdict::Free(slot) => settings.resource(&slot).unwrap().to_string(),
        Verdict::Refused(refusal) => refusal.as_str().to_owned(),
    };
    let mut seen = Vec::new();
    for resource in ["dana", "studio", "studio"] {
        seen.push(whose(&taken));
        taken.add(&at(resource));
    }
    seen.push(whose(&taken));
    assert_eq!(seen, ["dana", "studio", "studio", "taken"]);
    // A class needs the whole studio.
    let one = settings.occupancy([at("studio")]);
    let class = "class".parse().unwrap();
    let class = settings
        .availability(&one, NOW)
        .for_service(&class)
        .unwrap();
    assert_eq!(
        class.verdict(TUESDAY, time!(10:00)),
        Verdict::Refused(Refusal::Taken)
    );
    assert!(matches!(
        class.verdict(TUESDAY, time!(10:30)),
        Verdict::Free(_)
    ));
    assert!(
        settings
            .availability(&one, NOW)
            .for_service(&"other".parse().unwrap())
            .is_none()
    );
    // Nobody knows this one (any more): nothing is offered in doubt.
    let gone = settings.occupancy([at("yossi")]);
    assert_eq!(whose(&gone), "taken");
}

#[test]
fn a_question_can_be_about_another_length_or_more_units() {
    let settings = barber_with(r#""resources":[{"id":"studio","capacity":4}]"#);
    let taken = settings.occupancy([]);
    let availability = settings.availability(&taken, NOW);
    assert_eq!(
        availability.lasting(240).unwrap().free_slots(TUESDAY).len(),
        2
    );
    let error = availability.lasting(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "duration_minutes: 0 is out of range: choose 1 to 1440"
    );
    assert!(availability.taking(4).is_ok());
    assert!(availability.taking(5).is_err());
    assert!(availability.taking(0).is_err());
}

#[test]
fn a_free_time_becomes_a_slot() {
    let settings = barber();
    let taken = settings.occupancy([]);
    let Verdict::Free(slot) = settings
        .availability(&taken, NOW)
        .verdict(TUESDAY, time!(17:30))
    else {
        panic!("the last half hour of the day is free");
    };
    assert_eq!(slot.starts_at(), utc_datetime!(2026-11-24 15:30));
    assert_eq!(slot.ends_at(), utc_datetime!(2026-11-24 16:00));
    assert_eq!((slot.date(), slot.time()), (TUESDAY, time!(17:30)));
}

#[test]
fn the_horizon_itself_is_bookable() {
    check(&barber(), date!(2027 - 11 - 23), time!(9:00), Ok(()));
}

#[test]
fn alternatives_are_nearest_first_then_on_the_following_days() {
    let settings = barber();
    let near = |busy: Busy, time, limit| {
        let taken = settings.occupancy([busy]);
        times(
            &settings
                .availability(&taken, NOW)
                .alternatives(TUESDAY, time, limit),
        )
    };
    let taken = busy(utc_datetime!(2026-11-24 14:30), 30);
    let hour = Some(time!(16:30));
    assert_eq!(
        near(taken, hour, 3),
        [(24, time!(16:00)), (24, time!(17:00)), (24, time!(15:30))]
    );
    let all = || full(&settings, TUESDAY);
    assert_eq!(
        near(all(), Some(time!(16:40)), 3),
        [(25, time!(16:30)), (26, time!(16:30)), (27, time!(16:30))]
    );
    assert_eq!(near(all(), None, 2), [(25, time!(9:00)), (25, time!(9:30))]);
}

#[test]
fn alternatives_stay_within_sight() {
    let settings = barber();
    let taken = settings.occupancy([]);
    let availability = settings.availability(&taken, NOW);
    let near = |date, time| times(&availability.alternatives(date, time, 2));
    // What is over counts as today.
    assert_eq!(
        near(date!(2020 - 01 - 01), Some(time!(9:00))),
        [(23, time!(10:30)), (23, time!(11:00))]
    );
    // The last days that can be booked are nearest to what is too far.
    assert_eq!(
        near(date!(2029 - 01 - 01), Some(time!(12:10))),
        [(23, time!(12:00)), (22, time!(12:00))]
    );
    assert_eq!(
        near(date!(2029 - 01 - 01), None),
        [(23, time!(9:00)), (22, time!(9:00))]
    );
    // On the last day that can be booked, nothing is left to come: the days before are near.
    let last = date!(2027 - 11 - 23);
    let full = settings.occupancy([full(&settings, last)]);
    let availability = settings.availability(&full, NOW);
    let near = availability.alternatives(last, Some(time!(12:10)), 2);
    assert_eq!(times(&near), [(22, time!(12:00)), (21, time!(12:00))]);
    let mondays = settings_of_mondays();
    let taken = mondays.occupancy([]);
    let month = mondays.availability(&taken, NOW).within_days(30);
    assert_eq!(month.first_free(NOW, 100).len(), 4);
    assert_eq!(
        times(&availability.first_free(NOW, 1)),
        [(23, time!(10:30))]
    );
    let later = utc_datetime!(2026-11-24 7:00:01);
    assert_eq!(
        times(&availability.first_free(later, 1)),
        [(24, time!(9:30))]
    );
}

fn settings_of_mondays() -> AppointmentSettings {
    settings("mon", "09:00", "10:00", 60, "Asia/Jerusalem")
}

#[test]
fn a_day_says_why_it_cannot_be_booked() {
    let settings = barber_with(r#""minimum_notice_minutes":60"#);
    let day = |date, busy: &[Busy], now| {
        let taken = settings.occupancy(busy.iter().cloned());
        settings.availability(&taken, now).day_verdict(date)
    };
    let all = [full(&settings, TUESDAY)];
    assert_eq!(day(TUESDAY, &[], NOW), None);
    assert_eq!(day(TUESDAY, &all, NOW), Some(Refusal::Taken));
    assert_eq!(
        day(date!(2026 - 11 - 22), &[], NOW),
        Some(Refusal::InThePast)
    );
    assert_eq!(
        day(date!(2026 - 11 - 28), &[], NOW),
        Some(Refusal::InactiveDay)
    );
    assert_eq!(day(date!(2028 - 11 - 26), &[], NOW), Some(Refusal::TooFar));
    // Within the hour the last slot begins; then it has begun.
    let closing = utc_datetime!(2026-11-24 15:00);
    assert_eq!(day(TUESDAY, &[], closing), Some(Refusal::TooSoon));
    let begun = utc_datetime!(2026-11-24 15:30);
    assert_eq!(day(TUESDAY, &[], begun), Some(Refusal::InThePast));
    // Half the day has gone and the other half is full.
    let noon = utc_datetime!(2026-11-24 12:00);
    assert_eq!(day(TUESDAY, &all, noon), Some(Refusal::Taken));
    // Friday is too short for this, and always will be.
    let taken = settings.occupancy([]);
    let long = settings.availability(&taken, NOW).lasting(300).unwrap();
    let friday = date!(2026 - 11 - 27);
    assert_eq!(
        long.day_verdict(friday),
        Some(Refusal::DoesNotFitBeforeClosing)
    );
}

#[test]
fn a_day_whose_only_hour_the_clock_skips_says_so() {
    let night = settings("fri", "02:00", "03:00", 30, "Asia/Jerusalem");
    let taken = night.occupancy([]);
    let availability = night.availability(&taken, utc_datetime!(2026-03-20 8:00));
    let day = date!(2026 - 03 - 27);
    assert_eq!(
        availability.day_verdict(day),
        Some(Refusal::NonexistentTime)
    );
}

#[test]
fn the_search_range_covers_what_alternatives_look_at() {
    let range = barber().search_range(date!(2020 - 01 - 01), NOW, 30);
    let expect = (
        utc_datetime!(2026-11-22 22:00),
        utc_datetime!(2026-12-23 22:00),
    );
    assert_eq!(range, expect);
    let far = barber().search_range(date!(2029 - 01 - 01), NOW, 2);
    assert_eq!(
        far,
        barber().footprint(date!(2027 - 11 - 22), date!(2027 - 11 - 23))
    );
}

#[test]
fn the_footprint_has_room_for_the_longest_service_and_its_buffers() {
    let settings = barber_with(
        r#""buffer_before_minutes":10,"buffer_after_minutes":20,"services":[{"id":"long","duration_minutes":90,"buffer_before_minutes":15}]"#,
    );
    let expect = (
        utc_datetime!(2026-11-23 21:45),
        utc_datetime!(2026-11-25 22:20),
    );
    assert_eq!(settings.footprint(TUESDAY, TUESDAY), expect);
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
    let israel = "Asia/Jerusalem";
    day_lasts(
        israel,
        date!(2026 - 03 - 26),
        utc_datetime!(2026-03-25 22:00),
        24,
    );
    day_lasts(
        israel,
        date!(2026 - 03 - 27),
        utc_datetime!(2026-03-26 22:00),
        23,
    );
    day_lasts(
        israel,
        date!(2026 - 10 - 25),
        utc_datetime!(2026-10-24 21:00),
        25,
    );
    let cairo = "Africa/Cairo";
    day_lasts(
        cairo,
        date!(2026 - 04 - 24),
        utc_datetime!(2026-04-23 22:00),
        23,
    );
    day_lasts(
        cairo,
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
    let verdict = |zone, date, time| {
        let settings = night(zone);
        let taken = settings.occupancy([]);
        settings.availability(&taken, before).verdict(date, time)
    };
    let skipped = Verdict::Refused(Refusal::NonexistentTime);
    assert_eq!(
        verdict("Asia/Jerusalem", date!(2026 - 03 - 27), time!(2:30)),
        skipped
    );
    assert_eq!(
        verdict("Africa/Cairo", date!(2026 - 04 - 24), time!(0:30)),
        skipped
    );
    let cairo = night("Africa/Cairo");
    let taken = cairo.occupancy([]);
    let midnight = cairo
        .availability(&taken, before)
        .free_slots(date!(2026 - 04 - 24));
    assert_eq!(midnight[0].time(), time!(1:00));
    assert_eq!(midnight[0].starts_at(), utc_datetime!(2026-04-23 22:00));
}

#[test]
fn an_appointment_is_over_by_closing_even_when_the_clock_jumps_inside_it() {
    let free = |start, end| {
        let settings = settings("sun-sat", start, end, 60, "Asia/Jerusalem");
        let taken = settings.occupancy([]);
        let availability = settings.availability(&taken, utc_datetime!(2026-03-26 0:00));
        times(&availability.free_slots(date!(2026 - 03 - 27)))
    };
    assert_eq!(
        free("00:30", "03:30"),
        [(27, time!(0:30)), (27, time!(1:30))]
    );
    // From 01:30 an hour of real time ends at 03:30 by the wall, after closing.
    assert_eq!(free("00:30", "02:30"), [(27, time!(0:30))]);
}

#[test]
fn the_edges_of_the_calendar_do_not_panic() {
    for zone in ["Pacific/Kiritimati", "America/Adak"] {
        let settings = night(zone);
        let edge = |at: UtcDateTime| BusyRange::new(at, at.saturating_add(Duration::HOUR));
        let ends = [
            UtcDateTime::MIN,
            UtcDateTime::MAX.saturating_sub(Duration::HOUR),
        ];
        let taken = settings.occupancy(ends.map(|at| Busy::everything(edge(at).unwrap())));
        for now in [UtcDateTime::MIN, NOW, UtcDateTime::MAX] {
            let availability = settings.availability(&taken, now);
            for date in [Date::MIN, Date::MAX] {
                if let Verdict::Free(slot) = availability.verdict(date, time!(12:00)) {
                    let _ = (slot.busy(), slot.ends_at());
                }
                let _ = availability.alternatives(date, Some(time!(12:00)), 3);
                let _ = availability.alternatives(date, None, 3);
                let _ = availability.day_verdict(date);
                let _ = availability.first_free(now, 3);
                let _ = settings.search_range(date, now, 30);
                let _ = (settings.hours_on(date), settings.closed_on(date));
            }
        }
    }
}
