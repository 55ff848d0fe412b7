//! An hour that the clock shows twice: both passes are there, and everything between them holds in real time.

use super::*;
use crate::{FullForm, Service};

/// A slot as the clock shows it, with the offset that tells the passes of an hour apart: `01:30+2`, `01:30+2 again`.
fn shown(slots: &[Slot]) -> Vec<String> {
    let shown = slots.iter().map(|slot| {
        let (time, offset) = (ClockTime::from(slot.time()), slot.utc_offset());
        let minutes = offset.minutes_past_hour().unsigned_abs();
        let half = if minutes == 0 {
            String::new()
        } else {
            format!(":{minutes}")
        };
        let again = if slot.is_second_pass() { " again" } else { "" };
        let twice = if slot.comes_twice() { "" } else { " once" };
        format!("{time}{:+}{half}{twice}{again}", offset.whole_hours())
    });
    shown.collect()
}

/// The free slots of the night in which the clock of Jerusalem goes from two back to one.
#[track_caller]
fn autumn(fields: &str, expect: &[&str]) {
    let settings = of_night(fields);
    let taken = settings.occupancy([]);
    let slots = settings.availability(&taken, BEFORE).free_slots(SUNDAY);
    assert_eq!(shown(&slots), expect, "{fields}");
    for slot in slots {
        let verdict = settings
            .availability(&taken, BEFORE)
            .verdict_at(slot.starts_at());
        assert_eq!(verdict, Verdict::Free(slot));
    }
}

fn of_night(fields: &str) -> AppointmentSettings {
    settings_of(&format!(
        r#"{{"time_zone":"Asia/Jerusalem","slot_interval_minutes":30,{fields}}}"#
    ))
}

const BEFORE: UtcDateTime = utc_datetime!(2026-10-23 8:00);
const SUNDAY: Date = date!(2026 - 10 - 25);

#[test]
fn both_passes_are_offered_where_the_clock_goes_back() {
    let lists = |zone, day: Date, from, to| {
        let settings = settings("sun-sat", from, to, 30, zone);
        let taken = settings.occupancy([]);
        let eve = settings.day_range(day).0 - Duration::days(2);
        shown(&settings.availability(&taken, eve).free_slots(day))
    };
    // Two o'clock is one o'clock again.
    let jerusalem = [
        "00:30+3 once",
        "01:00+3",
        "01:30+3",
        "01:00+2 again",
        "01:30+2 again",
        "02:00+2 once",
    ];
    let found = lists("Asia/Jerusalem", SUNDAY, "00:30", "02:30");
    assert_eq!(found, jerusalem);
    let new_york = [
        "00:30-4 once",
        "01:00-4",
        "01:30-4",
        "01:00-5 again",
        "01:30-5 again",
        "02:00-5 once",
    ];
    let found = lists("America/New_York", date!(2026 - 11 - 01), "00:30", "02:30");
    assert_eq!(found, new_york);
    // There it is half an hour.
    let lord_howe = [
        "01:00+11 once",
        "01:30+11",
        "01:30+10:30 again",
        "02:00+10:30 once",
        "02:30+10:30 once",
    ];
    let found = lists(
        "Australia/Lord_Howe",
        date!(2026 - 04 - 05),
        "01:00",
        "03:00",
    );
    assert_eq!(found, lord_howe);
}

#[test]
fn a_date_and_an_hour_mean_the_first_pass() {
    let settings = night("Asia/Jerusalem");
    let taken = settings.occupancy([]);
    let verdict = |now, time| settings.availability(&taken, now).verdict(SUNDAY, time);
    let Verdict::Free(first) = verdict(BEFORE, time!(1:30)) else {
        panic!("it is free");
    };
    assert_eq!(first.starts_at(), utc_datetime!(2026-10-24 22:30));
    assert!(first.comes_twice() && !first.is_second_pass());
    // Between the two half past ones the first is over, although the wall shows an earlier hour.
    let between = utc_datetime!(2026-10-24 23:10);
    let past = Verdict::Refused(Refusal::InThePast);
    assert_eq!(verdict(between, time!(1:30)), past);
    let availability = settings.availability(&taken, between);
    let next = availability.free_slots(SUNDAY)[0];
    assert_eq!(shown(&[next]), ["01:30+2 again"]);
    assert_eq!(
        availability.verdict_at(next.starts_at()),
        Verdict::Free(next)
    );
    assert_eq!(
        availability.verdict_at(next.starts_at() + Duration::SECOND),
        Verdict::Refused(Refusal::OffGrid)
    );
}

#[test]
fn an_opening_is_all_the_time_from_its_first_start_to_its_last_end() {
    let both = [
        "01:00+3",
        "01:30+3",
        "01:00+2 again",
        "01:30+2 again",
        "02:00+2 once",
    ];
    autumn(r#""hours":{"sunday":["01:00-02:30"]}"#, &both);
    // It ends at the second half past one, and begins at the first.
    let ends = ["00:30+3 once", "01:00+3", "01:30+3", "01:00+2 again"];
    autumn(r#""hours":{"sunday":["00:30-01:30"]}"#, &ends);
    let begins = ["01:30+3", "01:00+2 again", "01:30+2 again", "02:00+2 once"];
    autumn(r#""hours":{"sunday":["01:30-02:30"]}"#, &begins);
    // So does a late night of the day before.
    let late = [
        "00:00+3 once",
        "00:30+3 once",
        "01:00+3",
        "01:30+3",
        "01:00+2 again",
    ];
    autumn(r#""hours":{"saturday":["22:00-25:30"]}"#, &late);
    // The grid is that of the opening, off the half hour.
    let odd = [
        "00:50+3 once",
        "01:20+3",
        "01:50+3",
        "01:20+2 again",
        "01:50+2 again",
    ];
    autumn(r#""hours":{"sunday":["00:50-02:20"]}"#, &odd);
}

#[test]
fn a_break_in_the_repeated_hour_stays_one_and_openings_do_not_meet() {
    let whole = |settings: &AppointmentSettings| {
        let (from, to) = settings.day_range(SUNDAY);
        let ranges = settings.open_ranges(from, to);
        let minutes = |(from, to): (UtcDateTime, UtcDateTime)| (to - from).whole_minutes();
        ranges.into_iter().map(minutes).collect::<Vec<_>>()
    };
    // From a quarter to two on it is open, whatever the clock shows then.
    let broken = r#""hours":{"sunday":["00:15-01:15","01:45-02:45"]}"#;
    let slots = [
        "00:15+3 once",
        "00:45+3 once",
        "01:45+3",
        "01:15+2 again",
        "01:45+2 again",
        "02:15+2 once",
    ];
    autumn(broken, &slots);
    assert_eq!(whole(&of_night(broken)), [60, 120]);
    let settings = of_night(broken);
    let taken = settings.occupancy([]);
    let availability = settings.availability(&taken, BEFORE);
    for (time, refusal) in [
        (time!(1:15), Refusal::OutsideHours),
        (time!(1:00), Refusal::DoesNotFitBeforeClosing),
    ] {
        assert_eq!(
            availability.verdict(SUNDAY, time),
            Verdict::Refused(refusal)
        );
    }
    // Two that touch: the second begins where the first ends, and each has its own grid.
    let touching = r#""hours":{"sunday":["00:30-01:15","01:15-02:15"]}"#;
    let slots = [
        "00:30+3 once",
        "01:15+3",
        "01:45+3",
        "01:15+2 again",
        "01:45+2 again",
    ];
    autumn(touching, &slots);
    assert_eq!(whole(&of_night(touching)), [165]);
}

#[test]
fn an_evening_goes_on_at_midnight_only_to_the_break() {
    let settings = of_night(
        r#""appointment_minutes":105,"hours":{"saturday":["20:00-24:00"],"sunday":["00:00-01:15","01:45-03:00"]}"#,
    );
    let taken = settings.occupancy([]);
    let availability = settings.availability(&taken, BEFORE);
    let saturday = date!(2026 - 10 - 24);
    let late = availability.verdict(saturday, time!(23:30));
    assert!(matches!(late, Verdict::Free(_)), "{late:?}");
    // A quarter to two, the first one, is over the break, although the second quarter past one is still to come.
    let over = availability
        .lasting(120)
        .unwrap()
        .verdict(saturday, time!(23:30));
    assert_eq!(over, Verdict::Refused(Refusal::DoesNotFitBeforeClosing));
}

#[test]
fn lengths_and_buffers_are_real_time() {
    // 90 minutes from the first half past one are over at the second two o'clock.
    let long = r#""appointment_minutes":90,"hours":{"sunday":["00:30-02:00"]}"#;
    autumn(long, &["00:30+3 once", "01:00+3", "01:30+3"]);
    let buffered = of_night(
        r#""buffer_before_minutes":30,"buffer_after_minutes":30,"hours":{"sunday":["00:00-04:00"]}"#,
    );
    let mut taken = buffered.occupancy([]);
    let Verdict::Free(first) = buffered
        .availability(&taken, BEFORE)
        .verdict(SUNDAY, time!(1:30))
    else {
        panic!("it is free");
    };
    taken.add(&buffered.taken_by(&first));
    let availability = buffered.availability(&taken, BEFORE);
    // From half past twelve to the second half past one nothing may begin: an hour and a half of real time, and then both
    // appointments keep their buffers.
    let free = [
        "00:00+3 once",
        "02:00+2 once",
        "02:30+2 once",
        "03:00+2 once",
        "03:30+2 once",
    ];
    assert_eq!(shown(&availability.free_slots(SUNDAY)), free);
    let second = first.starts_at() + Duration::HOUR;
    let taken = Verdict::Refused(Refusal::Taken);
    assert_eq!(availability.verdict_at(second), taken);
    // Without buffers the second pass of the hour that is taken can be had.
    let plain = of_night(r#""hours":{"sunday":["00:00-04:00"]}"#);
    let half_an_hour = BusyRange::new(first.starts_at(), first.ends_at()).unwrap();
    let taken = plain.occupancy([Busy::everything(half_an_hour)]);
    let availability = plain.availability(&taken, BEFORE);
    let Verdict::Free(again) = availability.verdict_at(second) else {
        panic!("it is free");
    };
    assert!(again.is_second_pass() && again.time() == first.time());
    let first = Verdict::Refused(Refusal::Taken);
    assert_eq!(availability.verdict(SUNDAY, again.time()), first);
}

#[test]
fn every_list_has_both_passes() {
    let mut form = FullForm::from(of_night(
        r#""hours":{"sunday":["01:00-02:00"]},"resources":[{"id":"a","capacity":2},{"id":"b"}]"#,
    ));
    form.services
        .push(Service::lasting("quick".parse().unwrap(), 15));
    let settings = AppointmentSettings::try_from(form).unwrap();
    let nothing = settings.occupancy([]);
    let availability = settings.availability(&nothing, BEFORE);
    let both = ["01:00+3", "01:30+3", "01:00+2 again", "01:30+2 again"];
    let service = availability.for_service(&"quick".parse().unwrap()).unwrap();
    for asked in [
        availability,
        availability.lasting(30).unwrap(),
        availability.taking(2).unwrap(),
        service,
    ] {
        assert_eq!(shown(&asked.free_slots(SUNDAY)), both);
        assert_eq!(shown(&asked.first_free(BEFORE, 4)), both);
        assert_eq!(shown(&asked.alternatives(SUNDAY, None, 4)), both);
        // By the clock both passes are equally near, and the first comes first.
        let near = asked.alternatives(SUNDAY, Some(time!(1:40)), 4);
        let nearest = ["01:30+3", "01:30+2 again", "01:00+3", "01:00+2 again"];
        assert_eq!(shown(&near), nearest);
    }
    // An hour does not fit into the last half.
    let hour = availability.lasting(60).unwrap().free_slots(SUNDAY);
    assert_eq!(shown(&hour), ["01:00+3", "01:30+3", "01:00+2 again"]);
    // From the second one o'clock on.
    let later = availability.first_free(utc_datetime!(2026-10-24 23:00), 1);
    assert_eq!(shown(&later), ["01:00+2 again"]);
    // A whole resource is taken in the first pass: the second is not touched by it.
    let first_pass = BusyRange::new(
        utc_datetime!(2026-10-24 22:00),
        utc_datetime!(2026-10-24 23:00),
    );
    let taken = settings.occupancy([Busy {
        units: 2,
        ..Busy::of("a".parse().unwrap(), first_pass.unwrap())
    }]);
    let slots = settings.availability(&taken, BEFORE).free_slots(SUNDAY);
    let whose: Vec<&str> = slots
        .iter()
        .map(|slot| settings.resource(slot).unwrap().as_str())
        .collect();
    assert_eq!(whose, ["b", "b", "a", "a"]);
}

#[test]
fn spoken_an_hour_is_named_once() {
    let settings = of_night(r#""hours":{"sunday":["01:00-02:00"]}"#);
    let nothing = settings.occupancy([]);
    let spoken = |now| settings.availability(&nothing, now).each_hour_once();
    let once = ["01:00+3", "01:30+3"];
    assert_eq!(shown(&spoken(BEFORE).free_slots(SUNDAY)), once);
    let near = spoken(BEFORE).alternatives(SUNDAY, Some(time!(1:00)), 3);
    assert_eq!(shown(&near[..2]), once);
    assert_eq!(near[2].date(), date!(2026 - 11 - 01));
    // What is left of the night cannot be named any more.
    let between = utc_datetime!(2026-10-24 23:10);
    assert_eq!(
        settings.availability(&nothing, between).day_verdict(SUNDAY),
        None
    );
    assert_eq!(
        spoken(between).day_verdict(SUNDAY),
        Some(Refusal::InThePast)
    );
    // Nor can it where the first pass is taken.
    let (from, to) = (
        utc_datetime!(2026-10-24 22:00),
        utc_datetime!(2026-10-24 23:00),
    );
    let taken = settings.occupancy([Busy::everything(BusyRange::new(from, to).unwrap())]);
    let availability = settings.availability(&taken, BEFORE);
    assert_eq!(availability.day_verdict(SUNDAY), None);
    assert_eq!(
        availability.each_hour_once().day_verdict(SUNDAY),
        Some(Refusal::Taken)
    );
}

#[test]
fn a_midnight_that_comes_twice() {
    // In Havana one o'clock is midnight again, so that Saturday's midnight comes twice.
    let (saturday, sunday) = (date!(2025 - 11 - 01), date!(2025 - 11 - 02));
    let before = utc_datetime!(2025-10-31 12:00);
    let slots = |days, date| {
        let settings = settings(days, "22:00", "24:00", 60, "America/Havana");
        let taken = settings.occupancy([]);
        shown(&settings.availability(&taken, before).free_slots(date))
    };
    // Open until midnight is open until the last one.
    assert_eq!(slots("sat", saturday), ["22:00-4 once", "23:00-4 once"]);
    assert_eq!(slots("sat", sunday), ["00:00-4"]);
    // Around the clock, each day has its own: 25 hours on Sunday.
    let clinic = night("America/Havana");
    let taken = clinic.occupancy([]);
    let availability = clinic.availability(&taken, before);
    let all = availability.free_slots(sunday);
    assert_eq!(all.len(), 50);
    let midnight = ["00:00-4", "00:30-4", "00:00-5 again", "00:30-5 again"];
    assert_eq!(shown(&all[..4]), midnight);
    assert_eq!(availability.free_slots(saturday).len(), 48);
    // An appointment may span it.
    let (from, to) = (
        utc_datetime!(2025-11-02 3:30),
        utc_datetime!(2025-11-02 6:00),
    );
    let long = availability.lasting(150).unwrap();
    let Verdict::Free(slot) = long.verdict(saturday, time!(23:30)) else {
        panic!("it is open all the time");
    };
    assert_eq!((slot.starts_at(), slot.ends_at()), (from, to));
}
