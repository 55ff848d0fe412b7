//! Which hour of the day a said hour is.

use super::{saying::check_hour, *};

#[test]
fn hours_are_read_as_people_mean_them() {
    for (text, hour, minute, part, expected) in [
        ("בעשר וחצי", 10, 30, "null", time!(10:30)),
        ("בארבע", 4, 0, "null", time!(16:00)),
        ("בשתים עשרה", 12, 0, "null", time!(12:00)),
        ("בשמונה", 8, 0, "null", time!(8:00)),
        ("בשמונה בערב", 8, 0, r#""evening""#, time!(20:00)),
        ("בשתים עשרה בלילה", 12, 0, r#""night""#, time!(0:00)),
        ("בשתיים בצהריים", 2, 0, r#""noon""#, time!(14:00)),
        ("באחת עשרה וחצי בצהריים", 11, 30, r#""noon""#, time!(11:30)),
        ("בשתיים בלילה", 2, 0, r#""NIGHT""#, time!(2:00)),
        ("בשעה 16:30", 16, 30, "null", time!(16:30)),
        // A part that was not said is never applied, and one that was is never lost.
        ("בעשר", 10, 0, r#""evening""#, time!(10:00)),
        ("בשמונה בערב", 8, 0, "null", time!(20:00)),
        ("בשתיים בצהריים", 2, 0, r#""afternoon""#, time!(14:00)),
    ] {
        check_hour(
            text,
            &format!(r#"{{"hour":{hour},"minute":{minute},"part_of_day":{part}}}"#),
            Some(expected),
        );
    }
}

#[test]
fn opening_hours_settle_a_bare_hour_by_the_day() {
    use time::Weekday;
    use toran_scheduling::{DayHours, FullForm, WeeklyHours};
    let hours = |text: &str| DayHours::one(text.parse().unwrap());
    let week = WeeklyHours::new([
        (Weekday::Sunday, hours("16:00-22:00")),
        (Weekday::Monday, hours("06:00-22:00")),
        (Weekday::Friday, hours("08:00-13:00")),
    ])
    .unwrap();
    let settings =
        AppointmentSettings::try_from(FullForm::new(TimeZoneName::jerusalem(), week, 30)).unwrap();
    for (text, weekday, hour, clock, expected) in [
        ("ביום ראשון בשמונה", "sunday", 8, "null", time!(20:00)),
        ("ביום שישי בשמונה", "friday", 8, "null", time!(8:00)),
        ("ביום שני בשבע", "monday", 7, "null", time!(19:00)),
        ("ביום שני ב-07:00", "monday", 7, "null", time!(7:00)),
        ("ביום שני ב-7:00", "monday", 7, "true", time!(7:00)),
        ("ביום שני ב-7:00", "monday", 7, "null", time!(19:00)),
        ("ביום שלישי בשמונה", "tuesday", 8, "null", time!(8:00)),
        ("ביום שלישי בארבע", "tuesday", 4, "null", time!(16:00)),
    ] {
        let answer = format!(
            r#"{{"action":"ask","date":{{"words":"","weekday":"{weekday}"}},"time":{{"hour":{hour},"minute":0,"by_clock":{clock}}}}}"#
        );
        let request = read_answer(&answer, text, &context(&settings, NOTHING))
            .unwrap()
            .request;
        assert_eq!(request.time, Some(expected), "{text}");
    }
    // The day under discussion counts, too.
    let friday = RequestedTime {
        date: Some(date!(2026 - 11 - 27)),
        time: None,
    };
    let answer = r#"{"action":"ask","time":{"words":"בשמונה","hour":8,"minute":0}}"#;
    let request = read_answer(answer, "בשמונה", &context(&settings, friday))
        .unwrap()
        .request;
    assert_eq!(request.time, Some(time!(8:00)));
}

#[test]
fn tonight_after_midnight_is_the_coming_date() {
    let settings = open("20:00", "26:00");
    let tonight = r#"{"action":"ask","date":{"words":"הלילה","days_from_now":0},"time":{"words":"באחת","hour":1,"minute":0,"part_of_day":"night"}}"#;
    for (now, date) in [
        (datetime!(2026-11-24 22:00), date!(2026 - 11 - 25)),
        (datetime!(2026-11-25 0:20), date!(2026 - 11 - 25)),
    ] {
        let context = ParseContext {
            now,
            ..context(&settings, NOTHING)
        };
        let request = read_answer(tonight, "הלילה באחת", &context)
            .unwrap()
            .request;
        assert_eq!(
            (request.date, request.time),
            (Some(date), Some(time!(1:00))),
            "{now}"
        );
    }
}

#[test]
fn times_from_now_have_a_day() {
    let now = |text: &str, minutes: i64| {
        let answer = format!(
            r#"{{"action":"ask","time":{{"words":"{text}","minutes_from_now":{minutes}}}}}"#
        );
        let reading = reading(text, &answer, NOTHING);
        (reading.request.date, reading.request.time)
    };
    let today = Some(date!(2026 - 11 - 22));
    assert_eq!(now("עוד שעה", 60), (today, Some(time!(11:00))));
    assert_eq!(now("בעוד חצי שעה", 30), (today, Some(time!(10:30))));
    assert_eq!(now("עוד שלוש שעות", 60), (None, None));
}

#[test]
fn parts_of_the_day_are_held_against_the_words() {
    let part = |text: &str, part: &str| {
        let answer = format!(
            r#"{{"action":"ask","date":{{"words":"מחר","days_from_now":1}},"time":{{"words":"","part_of_day":"{part}"}}}}"#
        );
        let reading = reading(text, &answer, NOTHING);
        assert_eq!(reading.request.time, None);
        reading.part_of_day
    };
    assert_eq!(part("מחר בבוקר", "morning"), Some(PartOfDay::Morning));
    assert_eq!(part("מחר אחה\"צ", "afternoon"), Some(PartOfDay::Afternoon));
    assert_eq!(part("מחר בצהריים", "afternoon"), Some(PartOfDay::Noon));
    assert_eq!(part("מחר", "morning"), None);
    assert_eq!(part("בוקר טוב, מחר", "morning"), None);
    assert_eq!(part("מחר, רק לא בבוקר", "morning"), None);
    assert_eq!(part("מחר בערב", "morning"), None);
    let old = r#"{"action":"ask","date":{"words":"מחר","days_from_now":1},"time":{"words":"בבוקר","hour":null,"minute":null,"part_of_day":"morning"}}"#;
    assert_eq!(
        reading("מחר בבוקר", old, NOTHING).part_of_day,
        Some(PartOfDay::Morning)
    );
}
