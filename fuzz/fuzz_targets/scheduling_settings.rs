//! Any bytes as settings: nothing panics, and what is accepted keeps the crate's laws.

#![no_main]

use libfuzzer_sys::fuzz_target;
use time::{
    Duration, Time, UtcDateTime,
    macros::{date, time, utc_datetime},
};
use toran_scheduling::{AppointmentSettings, Busy, BusyRange, SimpleForm, Verdict};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(simple) = serde_json::from_slice::<SimpleForm>(bytes) {
        let settings = AppointmentSettings::try_from(simple.clone()).expect("it was checked when it was read");
        assert_eq!(settings.simple_form(), Some(simple));
    }
    let Ok(settings) = serde_json::from_slice::<AppointmentSettings>(bytes) else {
        return;
    };
    let json = serde_json::to_string(&settings).expect("settings are JSON");
    let read: AppointmentSettings = serde_json::from_str(&json).expect("what is written is read");
    assert_eq!(read, settings);
    // Around a change of the clock, and at the ends of the calendar.
    ask(&settings, utc_datetime!(2026-03-26 8:00));
    ask(&settings, utc_datetime!(2026-10-24 8:00));
    ask(&settings, UtcDateTime::MIN);
    ask(&settings, UtcDateTime::MAX);
});

fn ask(settings: &AppointmentSettings, now: UtcDateTime) {
    let today = settings.local(now).date();
    let noon = BusyRange::new(now, now.saturating_add(Duration::HOUR));
    let mut taken = settings.occupancy([]);
    if let Ok(noon) = noon {
        taken.add(&Busy::everything(noon));
    }
    let availability = settings.availability(&taken, now);
    let last = today.saturating_add(Duration::days(3));
    for slot in availability.slots(today, last).take(500) {
        assert_eq!(availability.verdict_at(slot.starts_at()), Verdict::Free(slot));
    }
    for time in [Time::MIDNIGHT, time!(12:00), time!(23:59)] {
        for slot in availability.within_days(4).alternatives(today, Some(time), 4) {
            assert_eq!(availability.verdict_at(slot.starts_at()), Verdict::Free(slot));
        }
    }
    let _ = (settings.hours_on(today), settings.closed_on(today), availability.day_verdict(today));
    let _ = settings.open_ranges(now, now.saturating_add(Duration::days(3)));
    let _ = taken.full_ranges(now, now.saturating_add(Duration::days(3)));
    let _ = availability.alternatives(date!(9999-12-31), None, 2);
}
