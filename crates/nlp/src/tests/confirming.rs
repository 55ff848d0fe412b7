//! What stands as a confirmation.

use toran_domain::Detail::{Date as Day, Name, Time as Hour};

use super::*;

/// The action, day and hour that a `confirm` with these parts comes to, and what is unclear.
#[track_caller]
fn check(table: RequestedTime, text: &str, parts: &str, expected: When, unclear: &[Detail]) {
    let parts = if parts.is_empty() {
        r#""date":null,"time":null"#
    } else {
        parts
    };
    let answer = format!(r#"{{"action":"confirm",{parts},"name":null,"one_more":null}}"#);
    let reading = reading(text, &answer, table);
    assert_eq!(
        (when(&reading), reading.unclear.as_slice()),
        (expected, unclear),
        "{text} {parts}"
    );
}

const BOOKED: When = (Action::Confirm, OFFERED.date, OFFERED.time);
const READ_BACK: When = (Action::Ask, OFFERED.date, OFFERED.time);
const NONE: When = (Action::None, None, None);
const ASKED: When = (Action::Ask, None, None);

#[test]
fn a_yes_confirms_what_is_on_the_table() {
    for yes in [
        "כן",
        "כן תקבע לי",
        "בסדר גמור",
        "לא לא, זה מצוין",
        "כן, יום שלישי בעשר וחצי",
        "כן, ב-24 בנובמבר",
        "ok",
        "да",
    ] {
        check(OFFERED, yes, "", BOOKED, &[]);
        check(
            OFFERED,
            yes,
            r#""date":"2026-11-24","time":"10:30""#,
            BOOKED,
            &[],
        );
        check(
            OFFERED,
            yes,
            r#""date":null,"time":null,"confirm_words":"כן""#,
            BOOKED,
            &[],
        );
    }
    let repeated = r#""date":{"words":"יום שלישי","weekday":"tuesday"},"time":{"words":"עשר וחצי","hour":10,"minute":30}"#;
    check(OFFERED, "כן", repeated, BOOKED, &[]);
    check(OFFERED, "כן, בשלישי", repeated, BOOKED, &[]);
}

#[test]
fn without_a_yes_nothing_is_confirmed() {
    for no in [
        "לא",
        "לא, תודה",
        "לא מתאים",
        "לא נכון",
        "אולי",
        "מה?",
        "הלו",
        "תודה, להתראות",
    ] {
        check(OFFERED, no, "", NONE, &[]);
        check(
            OFFERED,
            no,
            r#""date":"2026-11-24","time":"10:30""#,
            NONE,
            &[],
        );
    }
    // Quoted words that are no known yes are only asked; those of a no bear nothing out.
    let quoted = r#""date":null,"time":null,"confirm_words":"אני אגיע""#;
    check(OFFERED, "אני אגיע", quoted, READ_BACK, &[]);
    check(OFFERED, "אני לא אגיע", quoted, NONE, &[]);
    check(OFFERED, "מה אמרת", quoted, NONE, &[]);
    check(
        OFFERED,
        "לא",
        r#""date":null,"time":null,"confirm_words":"לא""#,
        NONE,
        &[],
    );
}

#[test]
fn an_empty_or_half_empty_table_is_never_confirmed() {
    let plain = r#""date":"2026-11-23","time":"10:00""#;
    check(NOTHING, "כן", "", ASKED, &[]);
    check(NOTHING, "כן", plain, ASKED, &[Day, Hour]);
    check(
        NOTHING,
        "אפשר מחר בעשר?",
        plain,
        (Action::Ask, Some(date!(2026 - 11 - 23)), Some(time!(10:00))),
        &[],
    );
    check(
        NOTHING,
        "כן, מחר בעשר",
        plain,
        (Action::Ask, Some(date!(2026 - 11 - 23)), Some(time!(10:00))),
        &[],
    );
    let day_only = RequestedTime {
        time: None,
        ..OFFERED
    };
    check(day_only, "כן", "", (Action::Ask, OFFERED.date, None), &[]);
    check(
        day_only,
        "כן, בעשר",
        r#""date":null,"time":{"words":"בעשר","hour":10,"minute":0}"#,
        (Action::Ask, OFFERED.date, Some(time!(10:00))),
        &[],
    );
    let hour_only = RequestedTime {
        date: None,
        ..OFFERED
    };
    check(
        hour_only,
        "כן, ביום רביעי",
        r#""date":{"words":"יום רביעי","weekday":"wednesday","week_offset":0},"time":null"#,
        (Action::Ask, Some(date!(2026 - 11 - 25)), OFFERED.time),
        &[],
    );
}

#[test]
fn what_was_named_instead_is_asked_and_never_booked() {
    let wednesday =
        r#""date":{"words":"יום רביעי","weekday":"wednesday","week_offset":0},"time":null"#;
    let the_25th = (Action::Ask, Some(date!(2026 - 11 - 25)), None);
    check(OFFERED, "כן, אבל ביום רביעי", wednesday, the_25th, &[]);
    check(OFFERED, "כן, ביום רביעי", wednesday, the_25th, &[]);
    // Of what the caller did not say nothing is left, and nothing is filled in.
    check(OFFERED, "כן", wednesday, ASKED, &[Day]);
    check(
        OFFERED,
        "כן",
        r#""date":"2026-11-25","time":null"#,
        ASKED,
        &[Day],
    );
    check(
        OFFERED,
        "כן",
        r#""date":null,"time":{"words":"string","hour":11,"minute":0}"#,
        ASKED,
        &[Hour],
    );
    let eleven = (Action::Ask, OFFERED.date, Some(time!(11:00)));
    check(
        OFFERED,
        "כן, ב-11:00",
        r#""date":null,"time":{"words":"11:00","hour":11,"minute":0}"#,
        eleven,
        &[],
    );
    check(
        OFFERED,
        "כן, ב-11:00",
        r#""date":null,"time":"11:00""#,
        eleven,
        &[],
    );
}

#[test]
fn an_impossible_day_is_asked_for() {
    let parts = r#""date":{"words":"יום שלישי ה-25","day":25,"month":null,"year":null,"weekday":"tuesday"},"time":null"#;
    check(OFFERED, "כן, ביום שלישי ה-25", parts, ASKED, &[Day]);
    let thirty_first = r#""date":{"words":"ב-31 בנובמבר","day":31,"month":11,"year":null,"weekday":null},"time":null"#;
    check(OFFERED, "כן, ב-31 בנובמבר", thirty_first, ASKED, &[Day]);
}

#[test]
fn the_callers_own_words_contradict_an_answer_that_leaves_them_out() {
    for (text, unclear) in [
        ("כן, ביום רביעי", vec![Day]),
        ("כן, אבל לא ביום שלישי", vec![Day]),
        ("כן, מחר", vec![Day]),
        ("כן, ב-26 לחודש", vec![Day]),
        ("כן, בערב פסח", vec![Day]),
        ("כן, אבל ביום שלישי אני לא יכול", vec![Day]),
        ("כן, אבל בעשר וחצי לא מתאים לי", vec![Hour]),
        ("כן, בשתים עשרה", vec![Hour]),
        ("כן, בערב", vec![Hour]),
        ("כן, רק לא בעשר וחצי", vec![Hour]),
        ("כן, ביום רביעי באחת עשרה", vec![Day, Hour]),
        ("כן, tomorrow at 4", vec![Day, Hour]),
    ] {
        check(OFFERED, text, "", ASKED, &unclear);
    }
    check(OFFERED, "כן, אבל אפשר בעשר?", "", ASKED, &[Hour]);
    let at_three = RequestedTime {
        time: Some(time!(15:00)),
        ..OFFERED
    };
    // One number, two readings: 15:00 is on the table.
    let booked = (Action::Confirm, at_three.date, at_three.time);
    check(at_three, "כן, ב-15", "", booked, &[]);
    check(
        at_three,
        "כן, בשלוש",
        r#""date":null,"time":{"words":"בשלוש","hour":3,"minute":0}"#,
        booked,
        &[],
    );
}

#[test]
fn a_weekday_is_held_against_its_own_quotation() {
    let thursday =
        r#""date":{"words":"ביום שלישי","weekday":"thursday","week_offset":0},"time":null"#;
    check(OFFERED, "כן, ביום שלישי", thursday, ASKED, &[Day]);
}

#[test]
fn the_agents_words_are_only_asked() {
    let settings = settings();
    let day_only = RequestedTime {
        time: None,
        ..OFFERED
    };
    let answer = r#"{"action":"confirm","date":null,"time":{"words":"עשר וחצי","hour":10,"minute":30},"name":null}"#;
    for (said, expected) in [
        ("אפשר בעשר וחצי?", (Action::Ask, OFFERED.date, OFFERED.time)),
        ("אפשר בשלוש?", ASKED),
    ] {
        let context = ParseContext {
            last_said: Some(said),
            ..context(&settings, day_only)
        };
        assert_eq!(
            when(&read_answer(answer, "כן", &context).unwrap()),
            expected,
            "{said}"
        );
    }
}

#[test]
fn a_yes_to_one_of_two_says_which() {
    let settings = settings();
    let answer = r#"{"action":"confirm","date":null,"time":null,"name":null}"#;
    for (agent, caller, expected) in [
        ("ביום שלישי בעשר וחצי או באחת עשרה?", "כן", READ_BACK),
        (
            "ביום שלישי בעשר וחצי או ברביעי בעשר וחצי?",
            "כן תקבע לי",
            READ_BACK,
        ),
        (
            "ביום שלישי בעשר וחצי או באחת עשרה?",
            "כן, בעשר וחצי",
            BOOKED,
        ),
        (
            "ביום שלישי בעשר וחצי או ברביעי בשתים עשרה?",
            "כן, בשלישי",
            BOOKED,
        ),
        ("ביום שלישי בעשר וחצי, מתאים או שלא?", "כן", BOOKED),
    ] {
        let context = ParseContext {
            last_said: Some(agent),
            ..context(&settings, OFFERED)
        };
        let reading = read_answer(answer, caller, &context).unwrap();
        assert_eq!(when(&reading), expected, "{agent} {caller}");
    }
}

#[test]
fn a_name_beside_a_yes_counts_or_is_asked_for() {
    let answer =
        |name: &str| format!(r#"{{"action":"confirm","date":null,"time":null,"name":"{name}"}}"#);
    let said = reading("כן, על שם מיכל", &answer("מיכל"), OFFERED);
    assert_eq!(
        (when(&said), said.request.name.unwrap().expose().as_str()),
        (BOOKED, "מיכל")
    );
    let invented = reading("כן", &answer("מיכל"), OFFERED);
    assert_eq!(
        (when(&invented), invented.request.name, invented.unclear),
        (BOOKED, None, vec![Name])
    );
}

#[test]
fn a_standing_appointment_is_not_confirmed() {
    for intent in ["cancel", "own_appointment", "CANCEL"] {
        let answer = format!(
            r#"{{"action":"confirm","intent":"{intent}","date":null,"time":null,"name":null}}"#
        );
        assert_eq!(when(&reading("כן", &answer, OFFERED)), NONE, "{intent}");
    }
}
