use time::macros::{date, datetime, time};
use toran_domain::Action;
use toran_scheduling::TimeZoneName;

use super::*;

fn settings() -> AppointmentSettings {
    AppointmentSettings::simple(
        "sun-fri".parse().unwrap(),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    )
    .unwrap()
}

/// Sunday morning, 22 November 2026.
fn context(settings: &AppointmentSettings, table: RequestedTime) -> ParseContext<'_> {
    ParseContext {
        now: datetime!(2026-11-22 10:00),
        settings,
        table,
        last_said: None,
    }
}

#[track_caller]
fn read(
    text: &str,
    answer: &str,
    table: RequestedTime,
) -> (Action, Option<time::Date>, Option<time::Time>) {
    let settings = settings();
    let request = read_answer(answer, text, &context(&settings, table))
        .unwrap()
        .request;
    (request.action, request.date, request.time)
}

#[track_caller]
fn check_date(date: &str, expected: Option<time::Date>) {
    let answer = format!(r#"{{"action":"ask","date":{date},"time":null,"name":null}}"#);
    assert_eq!(
        read("", &answer, RequestedTime::default()).1,
        expected,
        "{date}"
    );
}

#[track_caller]
fn check_time(time: &str, expected: Option<time::Time>) {
    let answer = format!(r#"{{"action":"ask","date":null,"time":{time},"name":null}}"#);
    assert_eq!(
        read("", &answer, RequestedTime::default()).2,
        expected,
        "{time}"
    );
}

#[test]
fn days_are_computed_by_code() {
    check_date(
        r#"{"weekday":"tuesday","week_offset":0}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_date(
        r#"{"weekday":"sunday","week_offset":0}"#,
        Some(date!(2026 - 11 - 29)),
    );
    check_date(
        r#"{"weekday":"tuesday","week_offset":1}"#,
        Some(date!(2026 - 12 - 01)),
    );
    check_date(
        r#"{"weekday":"saturday","week_offset":0}"#,
        Some(date!(2026 - 11 - 28)),
    );
    check_date(r#"{"days_from_now":0}"#, Some(date!(2026 - 11 - 22)));
    check_date(r#"{"days_from_now":2}"#, Some(date!(2026 - 11 - 24)));
    check_date(
        r#"{"day":15,"month":null,"year":null}"#,
        Some(date!(2026 - 12 - 15)),
    );
    check_date(
        r#"{"day":22,"month":null,"year":null}"#,
        Some(date!(2026 - 12 - 22)),
    );
    check_date(
        r#"{"day":31,"month":null,"year":null}"#,
        Some(date!(2026 - 12 - 31)),
    );
    check_date(
        r#"{"day":3,"month":2,"year":null}"#,
        Some(date!(2027 - 02 - 03)),
    );
    check_date(
        r#"{"day":29,"month":2,"year":null}"#,
        Some(date!(2028 - 02 - 29)),
    );
    check_date(
        r#"{"day":24,"month":11,"year":26}"#,
        Some(date!(2026 - 11 - 24)),
    );
    check_date(r#""2026-11-24""#, Some(date!(2026 - 11 - 24)));
}

#[test]
fn holidays_are_dated_by_the_calendar() {
    // Seen from 22 November 2026.
    for (holiday, relation, date) in [
        ("פסח", "on", date!(2027 - 04 - 22)),
        ("פסח", "eve", date!(2027 - 04 - 21)),
        ("ערב פסח", "on", date!(2027 - 04 - 21)),
        ("ליל הסדר", "on", date!(2027 - 04 - 21)),
        ("חנוכה", "on", date!(2026 - 12 - 05)),
        ("חנוכה", "eve", date!(2026 - 12 - 04)),
        ("יום העצמאות", "on", date!(2027 - 05 - 12)),
        ("ט״ו בשבט", "on", date!(2027 - 01 - 23)),
        ("כיפור", "eve", date!(2027 - 10 - 10)),
        ("ראש השנה", "on", date!(2027 - 10 - 02)),
        ("חול המועד סוכות", "on", date!(2027 - 10 - 17)),
    ] {
        let said = format!(r#"{{"holiday":"{holiday}","relation":"{relation}"}}"#);
        check_date(&said, Some(date));
    }
}

#[test]
fn what_cannot_be_a_day_is_none() {
    for nonsense in [
        "null",
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
        r#"{"holiday":"פסח","relation":"after"}"#,
        r#"{"holiday":"חג המולד","relation":"on"}"#,
        r#"{"holiday":7,"relation":"on"}"#,
        // Said to be a Monday, and it is a Tuesday: ask.
        r#"{"day":24,"month":11,"year":2026,"weekday":"monday"}"#,
    ] {
        check_date(nonsense, None);
    }
}

#[test]
fn hours_are_read_as_people_mean_them() {
    check_time(
        r#"{"hour":10,"minute":30,"part_of_day":null}"#,
        Some(time!(10:30)),
    );
    check_time(
        r#"{"hour":4,"minute":0,"part_of_day":null}"#,
        Some(time!(16:00)),
    );
    check_time(
        r#"{"hour":12,"minute":0,"part_of_day":null}"#,
        Some(time!(12:00)),
    );
    check_time(
        r#"{"hour":8,"minute":0,"part_of_day":null}"#,
        Some(time!(8:00)),
    );
    check_time(
        r#"{"hour":8,"minute":0,"part_of_day":"evening"}"#,
        Some(time!(20:00)),
    );
    check_time(
        r#"{"hour":12,"minute":0,"part_of_day":"night"}"#,
        Some(time!(0:00)),
    );
    check_time(
        r#"{"hour":2,"minute":0,"part_of_day":"noon"}"#,
        Some(time!(14:00)),
    );
    check_time(
        r#"{"hour":11,"minute":30,"part_of_day":"noon"}"#,
        Some(time!(11:30)),
    );
    check_time(
        r#"{"hour":2,"minute":0,"part_of_day":"night"}"#,
        Some(time!(2:00)),
    );
    check_time(
        r#"{"hour":16,"minute":30,"part_of_day":null}"#,
        Some(time!(16:30)),
    );
    check_time(r#""16:30""#, Some(time!(16:30)));
    for nonsense in [
        "null",
        r#"{"hour":99}"#,
        r#"{"hour":10,"minute":75}"#,
        r#""25:00""#,
        r#"{"minute":5}"#,
    ] {
        check_time(nonsense, None);
    }
}

#[test]
fn opening_hours_settle_a_bare_hour_with_one_reading() {
    let early = AppointmentSettings::simple(
        "sun-fri".parse().unwrap(),
        time!(6:00),
        time!(12:00),
        30,
        TimeZoneName::jerusalem(),
    )
    .unwrap();
    let answer = r#"{"action":"ask","date":null,"time":{"hour":7,"minute":0},"name":null}"#;
    let request = read_answer(answer, "בשבע", &context(&early, RequestedTime::default()))
        .unwrap()
        .request;
    assert_eq!(request.time, Some(time!(7:00)));
}

#[test]
fn yes_means_what_is_on_the_table() {
    let table = RequestedTime {
        date: Some(date!(2026 - 11 - 24)),
        time: Some(time!(10:30)),
    };
    let yes = r#"{"action":"confirm","date":null,"time":null,"name":null}"#;
    assert_eq!(
        read("כן", yes, table),
        (Action::Confirm, table.date, table.time)
    );
    assert_eq!(
        read("כן", yes, RequestedTime::default()),
        (Action::Confirm, None, None)
    );
}

#[test]
fn an_hour_belongs_to_the_day_under_discussion_but_a_new_day_starts_afresh() {
    let table = RequestedTime {
        date: Some(date!(2026 - 11 - 24)),
        time: Some(time!(10:30)),
    };
    let hour = r#"{"action":"ask","date":null,"time":{"words":"אחת עשרה","hour":11,"minute":0},"name":null}"#;
    assert_eq!(
        read("בשעה אחת עשרה", hour, table),
        (Action::Ask, table.date, Some(time!(11:00)))
    );
    let day = r#"{"action":"ask","date":{"words":"רביעי","weekday":"wednesday","week_offset":0},"time":null,"name":null}"#;
    assert_eq!(
        read("אמרתי רביעי", day, table),
        (Action::Ask, Some(date!(2026 - 11 - 25)), None)
    );
}

#[test]
fn nothing_is_invented() {
    let answer = r#"{"action":"ask","date":{"words":"יום שלישי","weekday":"tuesday","week_offset":0},
        "time":{"words":"עשר","hour":10,"minute":0},"name":"דוד כהן"}"#;
    let settings = settings();
    let context = context(&settings, RequestedTime::default());
    let reading = read_answer(answer, "כמה זה עולה", &context).unwrap();
    let request = reading.request;
    assert_eq!(
        (request.date, request.time, request.name),
        (None, None, None)
    );
    assert!(reading.discarded);

    // The preposition is glued to the word in Hebrew.
    let reading = read_answer(answer, "בשלישי בעשר, דוד כהן", &context).unwrap();
    let request = reading.request;
    assert_eq!(
        (request.date, request.time),
        (Some(date!(2026 - 11 - 24)), Some(time!(10:00)))
    );
    assert_eq!(request.name.unwrap().expose(), "דוד כהן");
    assert!(!reading.discarded);
}

#[track_caller]
fn check_discarded(text: &str, answer: &str, expected: bool) {
    let settings = settings();
    let reading = read_answer(answer, text, &context(&settings, RequestedTime::default()));
    assert_eq!(
        reading.unwrap().discarded,
        expected,
        "{answer} for {text:?}"
    );
}

#[test]
fn what_is_discarded_is_said_to_be() {
    check_discarded(
        "כן",
        r#"{"action":"ask","date":null,"time":null,"name":""}"#,
        false,
    );
    check_discarded(
        "בעשר",
        r#"{"action":"ask","time":{"words":"עשר","hour":10}}"#,
        false,
    );
    check_discarded(
        "אחרי פסח",
        r#"{"action":"ask","date":{"words":"אחרי פסח","holiday":"פסח","relation":"after"}}"#,
        true,
    );
    check_discarded(
        "בערב פסח",
        r#"{"action":"ask","date":{"words":"ערב פסח","holiday":"פסח","relation":"eve"}}"#,
        false,
    );
    check_discarded(
        "בעשר",
        r#"{"action":"ask","time":{"words":"עשר","hour":99}}"#,
        true,
    );
    check_discarded(
        "בעשר",
        r#"{"action":"ask","time":{"words":"אחת עשרה","hour":11}}"#,
        true,
    );
    check_discarded("שלום", r#"{"action":"none","name":"דוד"}"#, true);
    check_discarded(
        "מחר",
        r#"{"action":"none","date":{"words":"מחר","days_from_now":1}}"#,
        false,
    );
}

/// Tuesday, half past ten.
const OFFERED: RequestedTime = RequestedTime {
    date: Some(date!(2026 - 11 - 24)),
    time: Some(time!(10:30)),
};

#[track_caller]
fn check_confirm(
    text: &str,
    last_said: &str,
    table: RequestedTime,
    parts: &str,
    expected: (Action, Option<time::Date>, Option<time::Time>),
) {
    let settings = settings();
    let context = ParseContext {
        last_said: Some(last_said),
        ..context(&settings, table)
    };
    let answer = format!(r#"{{"action":"confirm",{parts},"name":null}}"#);
    let request = read_answer(&answer, text, &context).unwrap().request;
    assert_eq!(
        (request.action, request.date, request.time),
        expected,
        "{parts} for {text:?}"
    );
}

#[test]
fn only_the_callers_own_words_confirm_something_else() {
    let wednesday =
        r#""date":{"words":"יום רביעי","weekday":"wednesday","week_offset":0},"time":null"#;
    let the_25th = Some(date!(2026 - 11 - 25));
    check_confirm(
        "כן, אבל ביום רביעי",
        "",
        OFFERED,
        wednesday,
        (Action::Confirm, the_25th, OFFERED.time),
    );
    let asked = (Action::Ask, the_25th, None);
    check_confirm("כן", "", OFFERED, wednesday, asked);
    check_confirm("כן", "יש גם ביום רביעי", OFFERED, wednesday, asked);
    // Nor does a value without a quotation.
    check_confirm(
        "כן",
        "",
        OFFERED,
        r#""date":"2026-11-25","time":null"#,
        asked,
    );
    check_confirm(
        "כן",
        "",
        OFFERED,
        r#""date":null,"time":{"words":"string","hour":11,"minute":0}"#,
        (Action::Ask, OFFERED.date, Some(time!(11:00))),
    );
    // Digits that were transcribed are the caller's words.
    check_confirm(
        "כן, ב-11:00",
        "",
        OFFERED,
        r#""date":null,"time":{"words":"11:00","hour":11,"minute":0}"#,
        (Action::Confirm, OFFERED.date, Some(time!(11:00))),
    );
}

#[test]
fn what_is_on_the_table_needs_no_words() {
    let all = (Action::Confirm, OFFERED.date, OFFERED.time);
    let plain = r#""date":"2026-11-24","time":"10:30""#;
    check_confirm("כן", "", OFFERED, plain, all);
    let repeated = r#""date":{"words":"יום שלישי","weekday":"tuesday"},"time":{"words":"עשר וחצי","hour":10,"minute":30}"#;
    check_confirm("כן", "", OFFERED, repeated, all);
}

#[test]
fn the_agents_words_fill_what_the_table_lacks() {
    let day_only = RequestedTime {
        time: None,
        ..OFFERED
    };
    let hour = r#""date":null,"time":{"words":"עשר וחצי","hour":10,"minute":30}"#;
    let said = "אפשר בעשר וחצי?";
    check_confirm(
        "כן",
        said,
        day_only,
        hour,
        (Action::Confirm, OFFERED.date, OFFERED.time),
    );
    check_confirm(
        "כן",
        "אפשר בשלוש?",
        day_only,
        hour,
        (Action::Confirm, OFFERED.date, None),
    );
}

#[test]
fn none_carries_no_time() {
    let answer = r#"{"action":"none","date":"2026-11-24","time":"10:00","name":null}"#;
    assert_eq!(
        read("התור שלי מחר בעשר, נכון?", answer, RequestedTime::default()),
        (Action::None, None, None)
    );
}

#[test]
fn a_broken_answer_is_an_error_and_never_a_panic() {
    let settings = settings();
    for broken in [
        "",
        "כן",
        "[]",
        "{}",
        r#"{"action":"book"}"#,
        r#"{"action":1}"#,
        r#"{"action":"ask","name":7}"#,
    ] {
        assert!(
            read_answer(broken, "כן", &context(&settings, RequestedTime::default())).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn the_prompt_opens_with_its_sentence_and_shows_today_and_the_table() {
    let settings = settings();
    let table = RequestedTime {
        date: Some(date!(2026 - 11 - 24)),
        time: Some(time!(10:30)),
    };
    let prompt = instructions::render(&context(&settings, table));
    assert!(prompt.starts_with(OPENING));
    assert!(prompt.contains("2026-11-22 יום ראשון"));
    assert!(prompt.contains("2026-12-05"));
    assert!(prompt.contains("10:30"));
}

#[test]
fn the_schema_is_inside_the_strict_subset() {
    fn walk(schema: &serde_json::Value) {
        if let Some(properties) = schema.get("properties").and_then(|p| p.as_object()) {
            assert_eq!(schema["additionalProperties"], false);
            let required: Vec<&str> = schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|v| v.as_str())
                .collect();
            for (name, property) in properties {
                assert!(required.contains(&name.as_str()), "{name} is not required");
                walk(property);
            }
        }
        for branch in schema
            .get("anyOf")
            .and_then(|b| b.as_array())
            .into_iter()
            .flatten()
        {
            walk(branch);
        }
    }
    walk(&answer_schema());
}

#[test]
fn an_error_never_quotes_the_caller() {
    let settings = settings();
    let context = context(&settings, RequestedTime::default());
    let answer = "{\"action\":\"ask\",\n\"name\":[\"דוד כהן\", 7], \"date\": null}";
    let error = read_answer(answer, "כן", &context).unwrap_err();
    assert!(matches!(error, AnswerError::Malformed { line: 2, .. }));
    let error = read_answer(r#"{"action":"ask","name":{"a":1}}"#, "כן", &context).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("דוד"));
    let error = read_answer(r#""דוד כהן""#, "כן", &context).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("דוד"), "{error:?}");
}

struct NeverAsked;

#[async_trait::async_trait]
impl Completer for NeverAsked {
    async fn complete(&self, request: CompletionRequest) -> Result<Completion, CompleterError> {
        panic!("asked about {:?}", request.user)
    }
}

#[test]
fn an_empty_text_is_answered_without_the_model() {
    let settings = settings();
    let parser = AppointmentParser::new(Arc::new(NeverAsked));
    let context = context(&settings, OFFERED);
    for empty in ["", "  ", "...?"] {
        let extraction = std::pin::pin!(parser.extract_appointment_request(empty, &context));
        let mut waiting = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Ok(extraction)) = extraction.poll(&mut waiting) else {
            panic!("{empty:?} is not answered at once");
        };
        assert_eq!(extraction.request, AppointmentRequest::NONE);
        assert!(extraction.usage.is_zero() && !extraction.discarded);
    }
}

#[test]
fn another_spelling_of_what_was_said_is_no_invention() {
    let answer = r#"{"action":"ask","date":{"words":"יום ג'","weekday":"tuesday","week_offset":0},
        "time":{"words":"שש עשרה וחצי","hour":16,"minute":30},"name":null}"#;
    assert_eq!(
        read(
            "יש משהו בשלישי בארבע וחצי?",
            answer,
            RequestedTime::default()
        ),
        (Action::Ask, Some(date!(2026 - 11 - 24)), Some(time!(16:30)))
    );
    assert_eq!(
        read("כמה זה עולה?", answer, RequestedTime::default()),
        (Action::Ask, None, None)
    );
}
