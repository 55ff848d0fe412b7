//! Any bytes as a list of what is taken: nothing panics, and giving everything back leaves nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use time::macros::{time, utc_datetime};
use toran_scheduling::{AppointmentSettings, Busy, TimeZoneName};

fuzz_target!(|bytes: &[u8]| {
    let Ok(busy) = serde_json::from_slice::<Vec<Busy>>(bytes) else {
        return;
    };
    let json = serde_json::to_string(&busy).expect("what is taken is JSON");
    assert_eq!(serde_json::from_str::<Vec<Busy>>(&json).expect("what is written is read"), busy);
    let settings = AppointmentSettings::simple(
        "sun-fri".parse().expect("days"),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    )
    .expect("settings");
    let mut taken = settings.occupancy(busy.iter().cloned());
    let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    let _ = availability.first_free(utc_datetime!(2026-11-23 8:00), 5);
    for busy in &busy {
        assert!(taken.remove(busy));
    }
    assert_eq!(taken, settings.occupancy([]));
});
