use proptest::prelude::*;
use time::macros::{date, datetime, time};
use toran_domain::{Action, Detail, Intent, PartOfDay};
use toran_scheduling::TimeZoneName;

use super::*;

mod confirming;
mod fresh;
mod hours;
mod intents;
mod saying;

fn settings() -> AppointmentSettings {
    open("09:00", "18:00")
}

fn open(from: &str, to: &str) -> AppointmentSettings {
    let hours = toran_scheduling::WeeklyHours::same(
        "sun-fri".parse().unwrap(),
        format!("{from}-{to}").parse().unwrap(),
    )
    .unwrap();
    AppointmentSettings::try_from(toran_scheduling::FullForm::new(
        TimeZoneName::jerusalem(),
        hours,
        30,
    ))
    .unwrap()
}

/// Tuesday, half past ten.
const OFFERED: RequestedTime = RequestedTime {
    date: Some(date!(2026 - 11 - 24)),
    time: Some(time!(10:30)),
};
const NOTHING: RequestedTime = RequestedTime {
    date: None,
    time: None,
};

/// Sunday morning, 22 November 2026.
fn context(settings: &AppointmentSettings, table: RequestedTime) -> ParseContext<'_> {
    ParseContext {
        now: datetime!(2026-11-22 10:00),
        settings,
        table,
        last_said: None,
    }
}

fn reading(text: &str, answer: &str, table: RequestedTime) -> Understood {
    let settings = settings();
    read_answer(answer, text, &context(&settings, table)).unwrap()
}

type When = (Action, Option<time::Date>, Option<time::Time>);

fn when(reading: &Understood) -> When {
    let request = &reading.request;
    (request.action, request.date, request.time)
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
            read_answer(broken, "כן", &context(&settings, NOTHING)).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn the_prompt_opens_with_its_sentence_and_shows_today_and_the_table() {
    let settings = settings();
    let prompt = instructions::render(&context(&settings, OFFERED));
    assert!(prompt.starts_with(OPENING));
    assert!(prompt.contains("2026-11-22 יום ראשון"));
    assert!(prompt.contains("2026-12-05"));
    assert!(prompt.contains("10:30"));
    for intent in [
        "book",
        "cancel",
        "move",
        "own_appointment",
        "information",
        "person",
        "message",
        "other",
    ] {
        assert!(prompt.contains(&format!("\n- {intent}: ")), "{intent}");
    }
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
            assert_eq!(required.len(), properties.len());
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
    let context = context(&settings, NOTHING);
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
        assert_eq!(extraction.understood.request, AppointmentRequest::NONE);
        assert!(extraction.usage.is_zero() && extraction.understood.unclear.is_empty());
    }
}

fn words() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "כן",
        "לא",
        "בסדר",
        "תקבע",
        "לי",
        "מחר",
        "ביום",
        "שלישי",
        "רביעי",
        "ב-24",
        "לחודש",
        "בעשר",
        "וחצי",
        "10:30",
        "ב-15",
        "בערב",
        "אבל",
        "אפשר",
        "?",
        ",",
        "בפסח",
        "אחרי",
        "עוד",
        "שעה",
        "הלילה",
        "באחת",
        "לנועם",
        "052",
        "אותה",
        "next",
        "at",
    ]);
    prop::collection::vec(words, 0..8).prop_map(|words| words.join(" "))
}

fn answers() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec![
        "null",
        r#""2026-11-24""#,
        r#""2026-11-25""#,
        r#"{"words":"שלישי","weekday":"tuesday"}"#,
        r#"{"words":"מחר","days_from_now":1}"#,
        r#"{"words":"","day":24,"month":null,"year":null,"weekday":null}"#,
        r#"{"words":"בפסח","holiday":"פסח","relation":"after"}"#,
        r#"{"words":"הלילה","days_from_now":0}"#,
        r#"{"day":31,"month":2}"#,
        "[]",
    ]);
    let hours = prop::sample::select(vec![
        "null",
        r#""10:30""#,
        r#""11:00""#,
        r#"{"words":"בעשר וחצי","hour":10,"minute":30}"#,
        r#"{"hour":1,"minute":0,"part_of_day":"night"}"#,
        r#"{"words":"עוד שעה","minutes_from_now":60}"#,
        r#"{"words":"","same_hour":true}"#,
        r#"{"words":"בערב","part_of_day":"evening"}"#,
        "7",
    ]);
    let yes = prop::sample::select(vec!["null", r#""כן""#, r#""אפשר""#, "3"]);
    let intents = prop::sample::select(vec![
        "null",
        r#""book""#,
        r#""cancel""#,
        r#""move""#,
        r#""person""#,
    ]);
    let actions = prop::sample::select(vec!["ask", "confirm", "none"]);
    (actions, intents, days.clone(), days, hours, yes).prop_map(|(action, intent, day, not_on, hour, yes)| {
        format!(r#"{{"action":"{action}","one_more":true,"intent":{intent},"date":{day},"not_on":{not_on},"time":{hour},"name":"נועם","confirm_words":{yes}}}"#)
    })
}

proptest! {
    #[test]
    fn a_confirmation_is_always_a_yes_to_what_is_on_the_table(text in words(), answer in answers(), day in any::<bool>(), hour in any::<bool>()) {
        let table = RequestedTime {
            date: OFFERED.date.filter(|_| day),
            time: OFFERED.time.filter(|_| hour),
        };
        let reading = reading(&text, &answer, table);
        let request = &reading.request;
        if request.action == Action::Confirm {
            prop_assert!(day && hour && hebrew::yes_said(&text));
            prop_assert_eq!(request.requested(), table);
        }
        prop_assert!(!reading.one_more || request.action == Action::Ask || hebrew::one_more_said(&text));
        // What must be asked for is in no result.
        if reading.unclear.contains(&Detail::Date) {
            prop_assert_eq!(request.date, None);
        }
        if reading.unclear.contains(&Detail::Time) {
            prop_assert_eq!(request.time, None);
        }
        prop_assert!(reading.part_of_day.is_none() || request.time.is_none());
        prop_assert!(request.action != Action::None || request.requested().is_empty());
    }

    #[test]
    fn any_answer_to_any_text_is_taken(text in ".{0,60}", words in ".{0,20}", number in any::<i64>(), holiday in ".{0,10}") {
        let value = serde_json::json!({
            "action": "confirm", "name": words, "phone": text, "confirm_words": words,
            "date": {"words": words, "day": number, "month": number, "weekday": words, "week_offset": number, "days_from_now": number},
            "not_on": {"words": words, "holiday": holiday, "relation": "on", "day_of_holiday": number},
            "time": {"words": words, "hour": number, "minute": number, "minutes_from_now": number},
        });
        let _ = reading(&text, &value.to_string(), OFFERED);
        let _ = hearing(&text, None, &words);
    }
}
