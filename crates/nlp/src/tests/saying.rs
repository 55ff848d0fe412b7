//! What a request comes to: days, hours, and what is left of them.

use toran_domain::Detail::{Date as Day, Name, Time as Hour};

use super::*;

#[track_caller]
fn check(
    table: RequestedTime,
    text: &str,
    parts: &str,
    date: Option<time::Date>,
    time: Option<time::Time>,
    unclear: &[Detail],
) {
    let answer = format!(r#"{{"action":"ask",{parts}}}"#);
    let reading = reading(text, &answer, table);
    assert_eq!(
        (
            reading.request.date,
            reading.request.time,
            reading.unclear.as_slice()
        ),
        (date, time, unclear),
        "{text} {parts}"
    );
}

#[track_caller]
fn check_day(text: &str, date: &str, expected: Option<time::Date>) {
    let unclear: &[Detail] = if expected.is_some() { &[] } else { &[Day] };
    check(
        NOTHING,
        text,
        &format!(r#""date":{date}"#),
        expected,
        None,
        unclear,
    );
}

#[track_caller]
fn check_hour(text: &str, time: &str, expected: Option<time::Time>) {
    let unclear: &[Detail] = if expected.is_some() { &[] } else { &[Hour] };
    check(
        NOTHING,
        text,
        &format!(r#""time":{time}"#),
        None,
        expected,
        unclear,
    );
}

#[test]
fn days_are_computed_by_code() {
    check_day(
        "ביום שלישי",
        r#"{"weekday":"tuesday","week_offset":0}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_day(
        "ביום שלישי",
        r#"{"weekday":"Tuesday"}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_day(
        "ביום ראשון",
        r#"{"weekday":"sunday","week_offset":0}"#,
        Some(date!(2026 - 11 - 29)),
    );
    check_day(
        "בשלישי הבא",
        r#"{"weekday":"tuesday","week_offset":1}"#,
        Some(date!(2026 - 12 - 01)),
    );
    check_day(
        "היום",
        r#"{"days_from_now":0}"#,
        Some(date!(2026 - 11 - 22)),
    );
    check_day(
        "מחרתיים",
        r#"{"days_from_now":2}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_day(
        "ב-15 לחודש",
        r#"{"day":15,"month":null,"year":null}"#,
        Some(date!(2026 - 12 - 15)),
    );
    check_day(
        "ב-22 לחודש",
        r#"{"day":22,"month":null,"year":null}"#,
        Some(date!(2026 - 11 - 22)),
    );
    check_day(
        "ב-31",
        r#"{"day":31,"month":null,"year":null}"#,
        Some(date!(2026 - 12 - 31)),
    );
    check_day(
        "ב-3 בפברואר",
        r#"{"day":3,"month":2,"year":null}"#,
        Some(date!(2027 - 02 - 03)),
    );
    check_day(
        "ב-29 בפברואר",
        r#"{"day":29,"month":2,"year":null}"#,
        Some(date!(2028 - 02 - 29)),
    );
    check_day(
        "24.11.26",
        r#"{"day":24,"month":11,"year":26}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_day("24.11", r#""2026-11-24""#, Some(date!(2026 - 11 - 24)));
    check_day("בשלישי", r#""2026-11-24""#, Some(date!(2026 - 11 - 24)));
}

#[test]
fn a_day_number_of_today_is_today() {
    let settings = settings();
    let context = ParseContext {
        now: datetime!(2026-12-31 10:00),
        ..context(&settings, NOTHING)
    };
    let answer = r#"{"action":"ask","date":{"words":"ב-31 לחודש","day":31,"month":null,"year":null,"weekday":null}}"#;
    let request = read_answer(answer, "ב-31 לחודש", &context).unwrap().request;
    assert_eq!(request.date, Some(date!(2026 - 12 - 31)));
}

#[test]
fn days_that_were_said_count_however_they_are_quoted() {
    for text in ["יום ב׳", "יום ב'", "ביום שני", "לשני", "יום ב"] {
        for words in ["יום ב׳", "שני", "", "Monday", "string"] {
            check_day(
                text,
                &format!(r#"{{"words":"{words}","weekday":"monday","week_offset":0}}"#),
                Some(date!(2026 - 11 - 23)),
            );
        }
    }
    for (text, weekday, date) in [
        ("אולי יום ה׳", "thursday", date!(2026 - 11 - 26)),
        ("ביום ו׳ בבוקר", "friday", date!(2026 - 11 - 27)),
        ("בששי", "friday", date!(2026 - 11 - 27)),
        ("ביום גימל", "tuesday", date!(2026 - 11 - 24)),
        ("יום דלת", "wednesday", date!(2026 - 11 - 25)),
    ] {
        check_day(
            text,
            &format!(r#"{{"words":"{text}","weekday":"{weekday}","week_offset":0}}"#),
            Some(date),
        );
    }
    for text in [
        "בעשרים וארבע לנובמבר",
        "בעשרים וארבעה בנובמבר",
        "24.11",
        "עשרים וארבע לאחד עשר",
    ] {
        check_day(
            text,
            r#"{"words":"24 בנובמבר","day":24,"month":11,"year":null,"weekday":null}"#,
            Some(date!(2026 - 11 - 24)),
        );
    }
    check_hour(
        "בשתים",
        r#"{"words":"שתיים","hour":2,"minute":0}"#,
        Some(time!(14:00)),
    );
    check_hour(
        "בארבע וחצי",
        r#"{"words":"שש עשרה וחצי","hour":16,"minute":30}"#,
        Some(time!(16:30)),
    );
    check_hour(
        "at 4",
        r#"{"words":"at 4","hour":4,"minute":0}"#,
        Some(time!(16:00)),
    );
}

#[test]
fn what_is_quoted_and_not_understood_is_only_asked() {
    check_day(
        "בחמישה עשר בשבט",
        r#"{"words":"חמישה עשר בשבט","day":23,"month":1,"year":2027}"#,
        Some(date!(2027 - 01 - 23)),
    );
    check_hour(
        "אחרי העבודה",
        r#"{"words":"אחרי העבודה","hour":17,"minute":0}"#,
        Some(time!(17:00)),
    );
}

#[test]
fn what_was_not_said_is_dropped_and_asked_for() {
    check_day(
        "כמה זה עולה",
        r#"{"words":"יום שלישי","weekday":"tuesday","week_offset":0}"#,
        None,
    );
    check_day(
        "ביום שלישי",
        r#"{"words":"ביום שלישי","weekday":"thursday","week_offset":0}"#,
        None,
    );
    check_day(
        "לא ביום שלישי",
        r#"{"words":"ביום שלישי","weekday":"tuesday","week_offset":0}"#,
        None,
    );
    check_day(
        "מחר, יום שלישי",
        r#"{"words":"מחר, יום שלישי","weekday":"tuesday","week_offset":0}"#,
        None,
    );
    check_day(
        "בעשר",
        r#"{"words":"בעשר","weekday":"tuesday","week_offset":0}"#,
        None,
    );
    check_day(
        "ב-24 לחודש",
        r#"{"words":"ב-24 לחודש","day":25,"month":null,"year":null}"#,
        None,
    );
    check_hour(
        "עשר דקות",
        r#"{"words":"עשר","hour":10,"minute":0}"#,
        Some(time!(10:00)),
    );
    check_hour("בעשר", r#"{"words":"אחת עשרה","hour":11,"minute":0}"#, None);
    check_hour("בעשר", r#"{"words":"בעשר","hour":11,"minute":0}"#, None);
    check_hour("בעשר", r#"{"words":"בעשר","hour":10,"minute":15}"#, None);
    check_hour("בעשר", r#"{"words":"עשר","hour":99}"#, None);
}

#[test]
fn a_discarded_day_is_never_filled_from_the_table() {
    let parts = r#""date":{"words":"יום רביעי","weekday":"wednesday","week_offset":0},"time":{"words":"באחת עשרה","hour":11,"minute":0}"#;
    check(
        OFFERED,
        "אולי באחת עשרה?",
        parts,
        None,
        Some(time!(11:00)),
        &[Day],
    );
    // The caller names a day that the answer leaves out.
    let hour = r#""date":null,"time":{"words":"באחת עשרה","hour":11,"minute":0}"#;
    check(
        OFFERED,
        "אולי ביום ה׳ באחת עשרה?",
        hour,
        None,
        Some(time!(11:00)),
        &[Day],
    );
    check(
        OFFERED,
        "אולי באחת עשרה?",
        hour,
        OFFERED.date,
        Some(time!(11:00)),
        &[],
    );
}

#[test]
fn another_day_does_not_carry_the_old_hour() {
    let wednesday = r#"{"words":"ברביעי","weekday":"wednesday","week_offset":0}"#;
    let the_25th = Some(date!(2026 - 11 - 25));
    check(
        OFFERED,
        "ומה ברביעי?",
        &format!(r#""date":{wednesday},"time":{{"words":"","hour":10,"minute":30}}"#),
        the_25th,
        None,
        &[],
    );
    check(
        OFFERED,
        "ומה ברביעי?",
        &format!(r#""date":{wednesday},"time":"10:30""#),
        the_25th,
        None,
        &[],
    );
    check(
        OFFERED,
        "ומה ברביעי באותה שעה?",
        &format!(r#""date":{wednesday},"time":{{"words":"באותה שעה","same_hour":true}}"#),
        the_25th,
        OFFERED.time,
        &[],
    );
    // Nobody said the same hour.
    check(
        OFFERED,
        "ומה ברביעי?",
        &format!(r#""date":{wednesday},"time":{{"words":"באותה שעה","same_hour":true}}"#),
        the_25th,
        None,
        &[],
    );
    let hour_only = RequestedTime {
        date: None,
        ..OFFERED
    };
    check(
        hour_only,
        "ברביעי",
        &format!(r#""date":{wednesday},"time":null"#),
        the_25th,
        OFFERED.time,
        &[],
    );
}

#[test]
fn holidays_are_dated_by_the_calendar() {
    // Seen from 22 November 2026.
    for (text, holiday, relation, date) in [
        ("בפסח", "פסח", "on", date!(2027 - 04 - 22)),
        ("ערב פסח", "פסח", "eve", date!(2027 - 04 - 21)),
        ("לפני פסח", "פסח", "before", date!(2027 - 04 - 21)),
        ("אחרי פסח", "פסח", "after", date!(2027 - 04 - 29)),
        ("אחרי החגים", "סוכות", "after", date!(2027 - 10 - 24)),
        ("אחרי סוכות", "סוכות", "after", date!(2027 - 10 - 24)),
        ("אחרי ראש השנה", "ראש השנה", "after", date!(2027 - 10 - 04)),
        ("אחרי חנוכה", "חנוכה", "after", date!(2026 - 12 - 13)),
        ("באסרו חג פסח", "אסרו חג פסח", "on", date!(2027 - 04 - 29)),
        ("ערב פסח", "ערב פסח", "on", date!(2027 - 04 - 21)),
        ("ליל הסדר", "ליל הסדר", "on", date!(2027 - 04 - 21)),
        ("חנוכה", "חנוכה", "on", date!(2026 - 12 - 05)),
        ("ביום העצמאות", "יום העצמאות", "on", date!(2027 - 05 - 12)),
        ("ט״ו בשבט", "ט״ו בשבט", "on", date!(2027 - 01 - 23)),
        ("ערב כיפור", "כיפור", "eve", date!(2027 - 10 - 10)),
        ("בראש השנה", "ראש השנה", "on", date!(2027 - 10 - 02)),
        (
            "בחול המועד סוכות",
            "חול המועד סוכות",
            "on",
            date!(2027 - 10 - 17),
        ),
    ] {
        let said = format!(r#"{{"words":"{text}","holiday":"{holiday}","relation":"{relation}"}}"#);
        check_day(text, &said, Some(date));
    }
    check_day(
        "מחר",
        r#"{"words":"בפסח","holiday":"פסח","relation":"on"}"#,
        None,
    );
}

#[test]
fn what_cannot_be_a_day_is_asked_for() {
    for nonsense in [
        "[]",
        "17",
        r#""tomorrow""#,
        r#"{"day":31,"month":2,"year":null}"#,
        r#"{"day":-1,"month":1,"year":null}"#,
        r#"{"day":1,"month":13,"year":2026}"#,
        r#"{"day":1,"month":1,"year":9223372036854775807}"#,
        r#"{"days_from_now":-3}"#,
        r#"{"days_from_now":9223372036854775807}"#,
        r#"{"weekday":"tuesday","week_offset":9223372036854775807}"#,
        r#"{"weekday":"someday","week_offset":0}"#,
        r#"{"holiday":"חג המולד","relation":"on"}"#,
        r#"{"holiday":"פסח","relation":"around"}"#,
        r#"{"holiday":"חנוכה","relation":"on","day_of_holiday":9223372036854775807}"#,
        r#"{"holiday":7,"relation":"on"}"#,
        // Said to be a Monday, and it is a Tuesday: ask.
        r#"{"day":24,"month":11,"year":2026,"weekday":"monday"}"#,
    ] {
        check_day("יום שלישי 24.11, מחר או בפסח", nonsense, None);
    }
    for empty in ["null", r#""""#, r#"{"words":"","weekday":null}"#] {
        check(
            NOTHING,
            "שלום",
            &format!(r#""date":{empty}"#),
            None,
            None,
            &[],
        );
    }
    for nonsense in [
        r#"{"hour":99}"#,
        r#"{"hour":10,"minute":75}"#,
        r#"{"hour":-1}"#,
        r#""25:00""#,
        r#"{"minute":5}"#,
        r#"{"minutes_from_now":-5}"#,
        r#"{"minutes_from_now":9223372036854775807}"#,
    ] {
        check_hour("בעשר", nonsense, None);
    }
}

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

#[test]
fn a_day_that_does_not_suit_is_no_day() {
    let answer = r#"{"action":"ask","date":{"words":"בשני","weekday":"monday","week_offset":0},"not_on":{"words":"לא ביום ראשון","weekday":"sunday","week_offset":0}}"#;
    let said = reading("לא ביום ראשון, אולי בשני", answer, NOTHING);
    assert_eq!(
        (said.request.date, said.not_on),
        (Some(date!(2026 - 11 - 23)), Some(date!(2026 - 11 - 29)))
    );
    assert_eq!(reading("אולי בשני", answer, NOTHING).not_on, None);
}

#[test]
fn intents_are_read_or_derived() {
    let intent = |fields: &str| reading("ביטול", &format!("{{{fields}}}"), OFFERED).intent;
    assert_eq!(
        intent(r#""action":"none","intent":"cancel""#),
        Intent::Cancel
    );
    assert_eq!(
        intent(r#""action":"none","intent":"Person""#),
        Intent::Person
    );
    assert_eq!(intent(r#""action":"none""#), Intent::Other);
    assert_eq!(intent(r#""action":"ask""#), Intent::Book);
    assert_eq!(intent(r#""action":"ask","intent":"dance""#), Intent::Book);
    assert_eq!(intent(r#""action":"confirm","intent":7"#), Intent::Other);
}

#[test]
fn of_a_standing_appointment_the_time_is_kept_apart() {
    let tomorrow =
        r#""date":{"words":"מחר","days_from_now":1},"time":{"words":"בעשר","hour":10,"minute":0}"#;
    let at_ten = RequestedTime {
        date: Some(date!(2026 - 11 - 23)),
        time: Some(time!(10:00)),
    };
    for (action, intent) in [
        ("none", "cancel"),
        ("ask", "cancel"),
        ("none", "move"),
        ("none", "own_appointment"),
    ] {
        let answer = format!(r#"{{"action":"{action}","intent":"{intent}",{tomorrow}}}"#);
        let said = reading("התור שלי מחר בעשר", &answer, NOTHING);
        assert_eq!(
            (when(&said), said.about),
            ((Action::None, None, None), at_ten),
            "{action} {intent}"
        );
        assert!(reading("התור שלי", &answer, NOTHING).about.is_empty());
    }
    let moved = format!(r#"{{"action":"ask","intent":"move",{tomorrow}}}"#);
    let said = reading("אפשר להזיז למחר בעשר?", &moved, NOTHING);
    assert_eq!(
        (said.request.requested(), said.about),
        (at_ten, RequestedTime::default())
    );
    let other = format!(r#"{{"action":"none","intent":"information",{tomorrow}}}"#);
    assert!(
        reading("התור שלי מחר בעשר", &other, NOTHING)
            .about
            .is_empty()
    );
}

#[test]
fn names_are_heard_through_prefixes() {
    let name = |text: &str, name: &str| {
        let answer = format!(r#"{{"action":"none","name":"{name}"}}"#);
        let reading = reading(text, &answer, NOTHING);
        (
            reading.request.name.map(|name| name.expose().clone()),
            reading.unclear,
        )
    };
    assert_eq!(name("תור לנועם", "נועם"), (Some("נועם".to_owned()), vec![]));
    assert_eq!(
        name("תור לנועם", "לנועם"),
        (Some("נועם".to_owned()), vec![])
    );
    assert_eq!(
        name("שמי שרה כהן", "שרה כהן"),
        (Some("שרה כהן".to_owned()), vec![])
    );
    assert_eq!(name("שלום", "דוד"), (None, vec![Name]));
    assert_eq!(name("ביום שלישי", "שלישי"), (None, vec![Name]));
    assert_eq!(name("שלום", " "), (None, vec![]));
}

#[test]
fn a_phone_number_counts_only_digit_by_digit() {
    let phone = |text: &str, number: &str| {
        let answer = format!(r#"{{"action":"none","phone":"{number}"}}"#);
        reading(text, &answer, NOTHING)
            .phone
            .map(|phone| phone.e164().to_owned())
    };
    let expected = Some("+972524561230".to_owned());
    assert_eq!(phone("הטלפון שלי 052-4561230", "0524561230"), expected);
    assert_eq!(
        phone(
            "אפס חמישים ושתיים, ארבע חמש שש, אחת שתיים שלוש אפס",
            "052-456-1230"
        ),
        expected
    );
    assert_eq!(
        phone(
            "אפס חמש שתיים ארבע חמש שש אחת שתיים שלושים",
            "+972524561230"
        ),
        expected
    );
    assert_eq!(phone("הטלפון שלי 052-4561231", "0524561230"), None);
    assert_eq!(phone("כן", "0524561230"), None);
    assert_eq!(phone("0524561230", "yes"), None);
}

#[test]
fn none_carries_no_time() {
    let answer = r#"{"action":"none","date":"2026-11-23","time":"10:00","name":null}"#;
    assert_eq!(
        when(&reading("התור שלי מחר בעשר, נכון?", answer, NOTHING)),
        (Action::None, None, None)
    );
}
