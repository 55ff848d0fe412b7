mod wrong;

use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::Refusal;

const SIMPLE: &str = r#"{"active_days":["sunday","friday"],"start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,"time_zone":"Asia/Jerusalem"}"#;

const FULL: &str = r#"{"time_zone":"Asia/Jerusalem","hours":{"sunday":["09:00-13:00","16:00-19:00"],"friday":["08:30-12:30"]},"special_hours":[{"from":"2026-12-24","to":"2026-12-24","hours":["09:00-12:00"]}],"closures":[{"from":"2027-08-01","to":"2027-08-14"}],"holidays":{"yom_kippur":"closed","eve_of_pesach":{"until":"12:00"}},"slot_interval_minutes":15,"appointment_minutes":45,"buffer_before_minutes":5,"buffer_after_minutes":10,"minimum_notice_minutes":120,"booking_horizon_days":90,"resources":[{"id":"dana","capacity":1},{"id":"studio","capacity":3}],"services":[{"id":"colouring","duration_minutes":90,"buffer_after_minutes":0,"resources":["dana"],"units":1}]}"#;

fn read(json: &str) -> Result<AppointmentSettings, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn the_full_form_goes_both_ways_to_the_letter() {
    assert_eq!(serde_json::to_string(&read(FULL).unwrap()).unwrap(), FULL);
}

#[test]
fn the_simple_form_goes_both_ways_and_means_its_full_form() {
    let simple: SimpleForm = serde_json::from_str(SIMPLE).unwrap();
    assert_eq!(serde_json::to_string(&simple).unwrap(), SIMPLE);
    let settings = read(SIMPLE).unwrap();
    assert_eq!(settings, simple.clone().try_into().unwrap());
    let full = serde_json::to_string(&settings).unwrap();
    assert_eq!(
        full,
        r#"{"time_zone":"Asia/Jerusalem","hours":{"sunday":["09:00-18:00"],"friday":["09:00-18:00"]},"special_hours":[],"closures":[],"holidays":{},"slot_interval_minutes":30,"appointment_minutes":30,"buffer_before_minutes":0,"buffer_after_minutes":0,"minimum_notice_minutes":0,"booking_horizon_days":365,"resources":[{"id":"main","capacity":1}],"services":[]}"#
    );
    assert_eq!(read(&full).unwrap().simple_form(), Some(simple));
    assert_eq!(settings.active_days().to_string(), "sun,fri");
}

#[test]
fn the_four_fields_are_derived_from_the_full_form() {
    let settings = read(FULL).unwrap();
    assert_eq!(settings.active_days().to_string(), "sun,fri");
    assert_eq!(settings.start_hour().to_string(), "08:30");
    assert_eq!(settings.end_hour().to_string(), "19:00");
    assert_eq!(settings.simple_form(), None);
}

#[test]
fn what_may_be_left_out_means_the_simple_thing() {
    let short = r#"{"time_zone":"Asia/Jerusalem","hours":{"sun":["09:00-18:00"],"Friday":["09:00-18:00"]},"slot_interval_minutes":30}"#;
    assert_eq!(read(short).unwrap(), read(SIMPLE).unwrap());
    let more = SIMPLE.replace(
        '}',
        r#","holidays":{"yom_kippur":"closed"},"closures":[{"from":"2027-01-01"}]}"#,
    );
    let settings = read(&more).unwrap();
    assert_eq!(
        settings.closed_on(date!(2027 - 01 - 01)),
        Some(Refusal::Closed)
    );
}

#[track_caller]
fn refused(json: &str, from: &str, to: &str, message: &str) {
    assert!(json.contains(from), "{from} is not in the JSON");
    let error = read(&json.replace(from, to)).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn bad_simple_json_is_refused_by_field() {
    let bad = |from, to, message| refused(SIMPLE, from, to, message);
    bad(
        r#"["sunday","friday"]"#,
        "[]",
        "active_days: name at least one day",
    );
    bad("sunday", "someday", "active_days[0]: ");
    bad("09:00", "9 o'clock", "start_hour: ");
    bad("09:00", "24:00", "start_hour: ");
    bad("18:00", "24:01", "end_hour: ");
    bad("18:00", "09:00", "end_hour: it must be later");
    bad("18:00", "08:00", "end_hour: it must be later");
    bad(
        "30",
        "0",
        "slot_interval_minutes: 0 is out of range: choose 5 to 480",
    );
    bad("30", "-5", "slot_interval_minutes: -5");
    bad("30", "99999", "slot_interval_minutes: 99999");
    bad("30", "481", "slot_interval_minutes: 481");
    bad("Asia/Jerusalem", "Asia/Nowhere", "time_zone: ");
    bad(
        r#""time_zone""#,
        r#""greeting":"שלום","time_zone""#,
        "greeting: there is no such field: there are time_zone, hours, active_days",
    );
    bad(
        r#""start_hour":"09:00","#,
        "",
        r#"start_hour: it is missing: write it like "09:00""#,
    );
    bad(
        r#""time_zone""#,
        r#""hours":{},"time_zone""#,
        "active_days: it does not go with hours",
    );
    bad(
        r#""active_days":["sunday","friday"],"start_hour":"09:00","end_hour":"18:00","#,
        "",
        r#"hours: it is missing: write it like {"sunday": ["#,
    );
    let short = SIMPLE.replace("18:00", "10:00");
    refused(
        &short,
        "30",
        "61",
        "slot_interval_minutes: an appointment of 61 minutes fits into none of the opening hours: the longest lasts 60",
    );
}

#[test]
fn bad_hours_are_refused_by_field() {
    let bad = |from, to, message| refused(FULL, from, to, message);
    bad(
        "16:00-19:00",
        "19:00-16:00",
        "hours.sunday[1]: it ends at 16:00",
    );
    bad(
        "16:00-19:00",
        "12:59-19:00",
        "hours.sunday: 09:00-13:00 and 12:59-19:00 overlap: openings of a day follow each other, so let the second begin at 13:00",
    );
    bad("16:00-19:00", "16:00", "hours.sunday[1]: ");
    bad(r#""friday":"#, r#""fryday":"#, "hours.fryday: ");
    bad(r#""friday":"#, r#""sun":"#, "hours.sun: it is there twice");
    bad(
        r#"["08:30-12:30"]"#,
        r#"["25:00-26:00"]"#,
        "hours.friday[0]: it begins at 25:00",
    );
    bad(
        r#"["08:30-12:30"]"#,
        r#"["00:00-25:00"]"#,
        "hours.friday[0]: from 00:00 to 25:00 is longer",
    );
    let many = vec![r#""08:30-08:31""#; 26].join(",");
    bad(
        r#""08:30-12:30""#,
        &many,
        "hours.friday: a day has at most 24 openings",
    );
    bad(
        r#""friday":["08:30-12:30"]"#,
        r#""saturday":["20:00-36:00"]"#,
        "hours: 20:00-36:00 goes on past midnight into 09:00-13:00 of the next day: end it at 33:00",
    );
    bad(
        r#"{"sunday":["09:00-13:00","16:00-19:00"],"friday":["08:30-12:30"]}"#,
        "{}",
        "hours: name at least one day",
    );
}

#[test]
fn bad_dates_are_refused_by_field() {
    let bad = |from, to, message| refused(FULL, from, to, message);
    bad(
        r#""from":"2026-12-24""#,
        r#""from":"24.12.2026""#,
        "special_hours[0].from: \"24.12.2026\" is not a date",
    );
    bad("09:00-12:00", "12:00-09:00", "special_hours[0].hours[0]: ");
    bad(
        "2027-08-14",
        "2027-07-14",
        "closures[0].to: it must not be earlier than from, which is 2027-08-01",
    );
    bad(
        r#""closures":["#,
        r#""closures":[{"from":"2027-08-14","to":"2027-08-20"},"#,
        "closures: another entry is about 2027-08-14 already",
    );
    bad(
        "yom_kippur",
        "christmas",
        "holidays.christmas: \"christmas\" is not a holiday",
    );
    bad(
        r#"{"until":"12:00"}"#,
        r#"{"until":"noon"}"#,
        "holidays.eve_of_pesach.until: ",
    );
}

#[test]
fn bad_holidays_are_refused_by_field() {
    let bad = |to, message| refused(FULL, r#"{"until":"12:00"}"#, to, message);
    bad(
        r#""shut""#,
        "holidays.eve_of_pesach: \"shut\" is not what can be done on a holiday: write it like \"closed\", \"open\" or {\"until\"",
    );
    bad("7", "holidays.eve_of_pesach: 7 is not what can be done");
    bad(
        r#"{"til":"12:00"}"#,
        "holidays.eve_of_pesach.til: there is no such field: there are until",
    );
    bad("{}", "holidays.eve_of_pesach.until: it is missing");
    bad(r#"{"until":"noon"}"#, "holidays.eve_of_pesach.until: ");
}

#[test]
fn bad_numbers_are_refused_by_field() {
    let bad = |from, to, message| refused(FULL, from, to, message);
    bad(
        r#""appointment_minutes":45"#,
        r#""appointment_minutes":241"#,
        "appointment_minutes: an appointment of 241 minutes fits into none of the opening hours: the longest lasts 240",
    );
    bad(
        r#""appointment_minutes":45"#,
        r#""appointment_minutes":0"#,
        "appointment_minutes: 0 is out of range: choose 1 to 1440",
    );
    bad(
        r#""buffer_before_minutes":5"#,
        r#""buffer_before_minutes":-1"#,
        "buffer_before_minutes: ",
    );
    bad(
        r#""minimum_notice_minutes":120"#,
        r#""minimum_notice_minutes":129601"#,
        "minimum_notice_minutes: ",
    );
    bad(
        r#""booking_horizon_days":90"#,
        r#""booking_horizon_days":3661"#,
        "booking_horizon_days: ",
    );
}

#[test]
fn bad_resources_and_services_are_refused_by_field() {
    let bad = |from, to, message| refused(FULL, from, to, message);
    bad(
        r#""capacity":3"#,
        r#""capacity":0"#,
        "resources[1].capacity: 0 is out of range",
    );
    bad(
        r#""id":"studio""#,
        r#""id":"dana""#,
        "resources[1].id: \"dana\" is there twice",
    );
    bad(r#""id":"studio""#, r#""id":" ""#, "resources[1].id: ");
    bad(
        r#"[{"id":"dana","capacity":1},{"id":"studio","capacity":3}]"#,
        "[]",
        "resources: name at least one",
    );
    bad(
        r#""resources":["dana"]"#,
        r#""resources":["yossi"]"#,
        "services[0].resources[0]: \"yossi\" is not one of the resources: there are \"dana\", \"studio\"",
    );
    bad(
        r#""resources":["dana"]"#,
        r#""resources":["dana","dana"]"#,
        "services[0].resources[1]: \"dana\" is there twice",
    );
    bad(
        r#""units":1"#,
        r#""units":2"#,
        "services[0].units: 2 units are more than any of its resources has: choose at most 1",
    );
    bad(
        r#""duration_minutes":90"#,
        r#""duration_minutes":300"#,
        "services[0].duration_minutes: an appointment of 300",
    );
    bad(
        r#""services":["#,
        r#""services":[{"id":"colouring","duration_minutes":30},"#,
        "services[1].id: ",
    );
    let many: Vec<String> = (0..=MAX_ENTRIES)
        .map(|n| format!(r#"{{"id":"r{n}"}}"#))
        .collect();
    let list = r#"{"id":"dana","capacity":1},{"id":"studio","capacity":3}"#;
    bad(
        list,
        &many.join(","),
        "resources: 1001 entries are too many",
    );
}

#[test]
fn what_stands_twice_or_contradicts_itself_is_refused() {
    let bad = |from, to, message| refused(FULL, from, to, message);
    bad(
        r#""friday":"#,
        r#""sunday":"#,
        "hours.sunday: it is there twice",
    );
    bad(
        r#""yom_kippur":"closed""#,
        r#""eve_of_pesach":"closed""#,
        "holidays.eve_of_pesach: it is there twice",
    );
    bad(
        r#""booking_horizon_days":90"#,
        r#""booking_horizon_days":90,"booking_horizon_days":91"#,
        "booking_horizon_days: it is there twice",
    );
    let day = FULL.replace(
        r#""booking_horizon_days":90"#,
        r#""booking_horizon_days":0"#,
    );
    refused(
        &day,
        r#""minimum_notice_minutes":120"#,
        r#""minimum_notice_minutes":1440"#,
        "minimum_notice_minutes: so much notice reaches past the last day of booking_horizon_days: choose less than 1440",
    );
    // Nobody wrote the length that does not fit.
    let short = r#"{"time_zone":"Asia/Jerusalem","hours":{"sunday":["09:00-10:00"]},"slot_interval_minutes":60}"#;
    refused(
        short,
        ":60",
        ":61",
        "slot_interval_minutes: an appointment of 61",
    );
    refused(
        "[]",
        "[]",
        "7",
        "settings: 7 is not an object: write it like {\"hours\"",
    );
}

#[test]
fn dates_are_put_in_order() {
    let json = FULL.replace(
        r#""closures":["#,
        r#""closures":[{"from":"2028-01-01","to":"2028-01-02"},"#,
    );
    let settings = read(&json).unwrap();
    let first: Vec<_> = settings
        .form()
        .closures
        .iter()
        .map(|c| c.dates.from())
        .collect();
    assert_eq!(first, [date!(2027 - 08 - 01), date!(2028 - 01 - 01)]);
}

proptest! {
    #[test]
    fn a_simple_form_survives_json_and_its_full_form(start in 0_u16..1440, length in 5_u16..1440, minutes in 5_u16..=480, days in prop::sample::subsequence(vec!["sun", "mon", "wed", "sat"], 1..=4)) {
        let clock = |minutes| ClockTime::from_minutes(minutes).unwrap();
        let simple = SimpleForm {
            active_days: days.join(",").parse().unwrap(),
            start_hour: clock(start),
            end_hour: clock((start + length).min(1440)),
            slot_interval_minutes: minutes,
            time_zone: TimeZoneName::jerusalem(),
        };
        if let Ok(settings) = AppointmentSettings::try_from(simple.clone()) {
            prop_assert_eq!(settings.simple_form(), Some(simple.clone()));
            let json = serde_json::to_string(&simple).unwrap();
            prop_assert_eq!(serde_json::from_str::<SimpleForm>(&json).unwrap(), simple);
            prop_assert_eq!(read(&json).unwrap(), settings);
        }
    }
}
