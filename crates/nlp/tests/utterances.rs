//! Perfect and spoiled answers to what callers say.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read fails its test"
)]

use std::collections::HashMap;

use serde_json::{Value, json};
use time::{
    Date, PrimitiveDateTime, Time, Weekday, format_description::well_known::Rfc3339,
    macros::format_description,
};
use toran_domain::{Action, AppointmentRequest, RequestedTime, Understood};
use toran_nlp::{ParseContext, read_answer};
use toran_scheduling::{
    AppointmentSettings, DayHours, FullForm, Opening, TimeZoneName, WeeklyHours,
};

/// What an answer comes to: the action, the day, the hour and the name.
type Meaning = (Action, Option<Date>, Option<Time>, Option<String>);

/// Utterances whose meaning the schema cannot say, and why.
const NOT_SAYABLE: &[(&str, &str)] = &[
    ("he-331", "a new moon of the Hebrew calendar"),
    ("he-332", "a day of a Hebrew month"),
];

/// Every third utterance was set aside while the readers were written.
fn is_held_out(id: &str) -> bool {
    id.trim_start_matches("he-")
        .parse::<u32>()
        .is_ok_and(|number| number % 3 == 0)
}

struct Utterance {
    id: String,
    text: String,
    said_before: Option<String>,
    now: PrimitiveDateTime,
    settings: AppointmentSettings,
    table: RequestedTime,
    expected: Vec<Meaning>,
    answer: Value,
}

impl Utterance {
    fn read(&self, answer: &Value) -> Understood {
        let context = ParseContext {
            now: self.now,
            settings: &self.settings,
            table: self.table,
            last_said: self.said_before.as_deref(),
        };
        read_answer(&answer.to_string(), &self.text, &context).unwrap()
    }
}

fn utterances() -> Vec<Utterance> {
    let answers: HashMap<String, Value> =
        lines(include_str!("../../../fixtures/utterances/answers.jsonl"))
            .map(|line| (text(&line["id"]), line["answer"].clone()))
            .collect();
    lines(include_str!("../../../fixtures/utterances/he.jsonl"))
        .map(|line| {
            let id = text(&line["id"]);
            let answer = answers[&id].clone();
            let offered = line["prev_assistant"]
                .as_str()
                .is_some_and(|said| said.contains("בעשר בבוקר"));
            let table = if offered {
                RequestedTime {
                    date: date(&json!("2026-11-23")),
                    time: time(&json!("10:00")),
                }
            } else {
                RequestedTime::default()
            };
            let perfect = line
                .get("expected_with_context")
                .unwrap_or(&line["expected"]);
            let mut expected = vec![meaning(perfect, perfect)];
            for other in line
                .get("accept")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                expected.push(meaning(perfect, other));
            }
            let now = time::OffsetDateTime::parse(line["now"].as_str().unwrap(), &Rfc3339).unwrap();
            Utterance {
                id,
                text: text(&line["utterance"]),
                said_before: line["prev_assistant"].as_str().map(str::to_owned),
                now: PrimitiveDateTime::new(now.date(), now.time()),
                settings: settings(&line["business"]),
                table,
                expected,
                answer,
            }
        })
        .collect()
}

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn meaning(perfect: &Value, when: &Value) -> Meaning {
    let action = match perfect["action"].as_str() {
        Some("ask") => Action::Ask,
        Some("confirm") => Action::Confirm,
        _ => Action::None,
    };
    (
        action,
        date(&when["date"]),
        time(&when["time"]),
        perfect["name"].as_str().map(str::to_owned),
    )
}

fn date(value: &Value) -> Option<Date> {
    Date::parse(value.as_str()?, format_description!("[year]-[month]-[day]")).ok()
}

fn time(value: &Value) -> Option<Time> {
    Time::parse(value.as_str()?, format_description!("[hour]:[minute]")).ok()
}

fn settings(business: &Value) -> AppointmentSettings {
    let days = [
        ("sun", Weekday::Sunday),
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
    ];
    let hours = days.map(|(name, day)| {
        let openings = business["weekly"][name].as_array().unwrap();
        let openings: Vec<Opening> = openings
            .iter()
            .map(|opening| {
                format!("{}-{}", text(&opening[0]), text(&opening[1]))
                    .parse()
                    .unwrap()
            })
            .collect();
        (day, DayHours::new(openings).unwrap())
    });
    let form = FullForm::new(
        TimeZoneName::jerusalem(),
        WeeklyHours::new(hours).unwrap(),
        15,
    );
    AppointmentSettings::try_from(form).unwrap()
}

fn shown(request: &AppointmentRequest) -> Meaning {
    let name = request.name.as_ref().map(|name| name.expose().clone());
    (request.action, request.date, request.time, name)
}

/// The wrong readings of perfect answers.
fn wrong(held_out: bool) -> (usize, Vec<String>) {
    let mut count = 0;
    let mut wrong = Vec::new();
    for utterance in utterances() {
        let is_sayable = NOT_SAYABLE.iter().all(|(id, _)| *id != utterance.id);
        if !is_sayable || is_held_out(&utterance.id) != held_out {
            continue;
        }
        count += 1;
        let reading = utterance.read(&utterance.answer);
        let got = shown(&reading.request);
        if !utterance.expected.contains(&got) {
            wrong.push(format!(
                "{} {:?}: {got:?}, not {:?}",
                utterance.id, utterance.text, utterance.expected
            ));
        }
    }
    (count, wrong)
}

#[test]
fn perfect_answers_are_read_right() {
    let (count, wrong) = wrong(false);
    println!("{} of {count} right", count - wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn perfect_answers_that_were_set_aside_are_read_right() {
    let (count, wrong) = wrong(true);
    println!("{} of {count} right", count - wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// An offer that stands in the spoiled answers: no utterance says it.
const OFFER: RequestedTime = RequestedTime {
    date: Some(time::macros::date!(2027 - 08 - 11)),
    time: Some(time::macros::time!(13:40)),
};

/// Each utterance with every way of spoiling its answer that applies.
fn spoiled(utterance: &Utterance, others: &[Utterance]) -> Vec<Value> {
    let perfect = &utterance.answer;
    let with = |changes: &[(&str, Value)]| {
        let mut answer = perfect.clone();
        for (key, value) in changes {
            answer[*key] = value.clone();
        }
        answer
    };
    let mut spoiled = vec![
        with(&[("action", json!("confirm"))]),
        with(&[("action", json!("confirm")), ("confirm_words", json!("כן"))]),
        with(&[
            ("action", json!("confirm")),
            ("date", json!("2027-08-11")),
            ("time", json!("13:40")),
        ]),
        with(&[
            ("action", json!("confirm")),
            (
                "date",
                json!({"words": utterance.text, "day": 11, "month": 8, "year": 2027, "weekday": null}),
            ),
        ]),
        with(&[
            ("action", json!("confirm")),
            ("date", Value::Null),
            ("time", Value::Null),
            ("confirm_words", json!(utterance.text)),
        ]),
    ];
    for other in others.iter().step_by(41) {
        spoiled.push(with(&[
            ("action", json!("confirm")),
            ("date", other.answer["date"].clone()),
            ("time", other.answer["time"].clone()),
        ]));
    }
    spoiled
}

/// Utterances in which a caller does say yes to an offer.
fn says_yes(utterance: &Utterance) -> bool {
    utterance.answer["action"] == "confirm"
}

#[test]
fn nothing_is_confirmed_that_no_yes_was_said_to() {
    let all = utterances();
    let mut confirmed = Vec::new();
    let mut count = 0;
    for utterance in &all {
        for table in [
            RequestedTime::default(),
            OFFER,
            RequestedTime {
                time: None,
                ..OFFER
            },
            RequestedTime {
                date: None,
                ..OFFER
            },
        ] {
            let is_full = table.date.is_some() && table.time.is_some();
            let offered = Utterance {
                table,
                said_before: None,
                id: utterance.id.clone(),
                text: utterance.text.clone(),
                settings: utterance.settings.clone(),
                expected: Vec::new(),
                answer: utterance.answer.clone(),
                now: utterance.now,
            };
            for answer in spoiled(&offered, &all) {
                count += 1;
                let request = offered.read(&answer).request;
                let is_right = is_full
                    && says_yes(utterance)
                    && (request.date, request.time) == (table.date, table.time);
                if request.action == Action::Confirm && !is_right {
                    confirmed.push(format!("{} {:?} {answer}", utterance.id, utterance.text));
                }
            }
        }
    }
    assert!(count > 5_000);
    assert!(
        confirmed.is_empty(),
        "{} of {count}:\n{}",
        confirmed.len(),
        confirmed.join("\n")
    );
}

/// Values that no utterance at hand says, pretended in every way.
fn invented() -> Vec<(&'static str, Value)> {
    vec![
        ("date", json!("2027-08-11")),
        (
            "date",
            json!({"words": "יום רביעי אחד עשר באוגוסט", "day": 11, "month": 8, "year": 2027, "weekday": null}),
        ),
        ("date", json!({"words": "", "days_from_now": 262})),
        (
            "date",
            json!({"words": "on august 11th", "day": 11, "month": 8, "year": 2027, "weekday": "wednesday"}),
        ),
        ("time", json!("13:40")),
        (
            "time",
            json!({"words": "אחת וארבעים", "hour": 1, "minute": 40, "part_of_day": "afternoon"}),
        ),
        (
            "time",
            json!({"words": "13:40", "hour": 13, "minute": 40, "part_of_day": null}),
        ),
        ("time", json!({"words": "", "minutes_from_now": 217})),
        ("name", json!("זרובבל")),
        ("name", json!("זרובבל כהן")),
    ]
}

#[test]
fn no_invented_value_counts() {
    let mut counted = Vec::new();
    for utterance in utterances() {
        let day = utterance.now.date();
        for (key, value) in invented() {
            for action in ["ask", "confirm", "none"] {
                let mut answer = utterance.answer.clone();
                answer["action"] = json!(action);
                answer[key] = value.clone();
                let reading = utterance.read(&answer);
                let request = &reading.request;
                let is_invented = match key {
                    "date" => request.date.is_some_and(|date| {
                        date.year() == 2027 && date.month() == time::Month::August
                            || (date - day).whole_days() == 262
                    }),
                    "time" => request.time.is_some_and(|time| {
                        !matches!(
                            time.minute(),
                            0 | 5 | 10 | 15 | 20 | 25 | 30 | 35 | 45 | 50 | 55
                        ) || (time.hour(), time.minute()) == (13, 40)
                    }),
                    _ => request.name.is_some(),
                };
                if is_invented {
                    counted.push(format!(
                        "{} {:?} {action} {key} {value}: {request:?}",
                        utterance.id, utterance.text
                    ));
                }
            }
        }
    }
    assert!(
        counted.is_empty(),
        "{}:\n{}",
        counted.len(),
        counted.join("\n")
    );
}

/// No utterance at hand asks for an appointment beside another.
#[test]
fn nobody_who_did_not_ask_for_one_more_gets_it() {
    let mut given = Vec::new();
    for utterance in utterances() {
        for action in ["confirm", "none"] {
            let mut answer = utterance.answer.clone();
            answer["action"] = json!(action);
            answer["one_more"] = json!(true);
            if utterance.read(&answer).one_more {
                given.push(format!("{} {:?} {action}", utterance.id, utterance.text));
            }
        }
    }
    assert!(given.is_empty(), "{}:\n{}", given.len(), given.join("\n"));
}

/// A value of another weekday, day or hour than the one that is quoted.
fn falsified(answer: &Value) -> Vec<Value> {
    let mut spoiled = Vec::new();
    let mut change = |key: &str, field: &str, value: Value| {
        let mut answer = answer.clone();
        answer[key][field] = value;
        spoiled.push(answer);
    };
    if let Some(weekday) = answer["date"]["weekday"].as_str() {
        let other = if weekday == "wednesday" {
            "thursday"
        } else {
            "wednesday"
        };
        change("date", "weekday", json!(other));
    }
    if let Some(days) = answer["date"]["days_from_now"].as_i64() {
        change("date", "days_from_now", json!(days + 3));
    }
    if let Some(day) = answer["date"]["day"].as_i64() {
        change("date", "day", json!(day % 28 + 1));
    }
    if let Some(hour) = answer["time"]["hour"].as_i64() {
        change("time", "hour", json!(hour % 12 + 1));
        change("time", "minute", json!(40));
    }
    spoiled
}

#[test]
fn a_value_is_held_against_its_own_quotation() {
    let mut kept = Vec::new();
    let mut count = 0;
    for utterance in utterances() {
        let right = utterance.read(&utterance.answer).request;
        for answer in falsified(&utterance.answer) {
            count += 1;
            let request = utterance.read(&answer).request;
            let moved = (request.date.is_some() && request.date != right.date)
                || (request.time.is_some() && request.time != right.time);
            if moved {
                kept.push(format!(
                    "{} {:?} {answer}: {request:?}",
                    utterance.id, utterance.text
                ));
            }
        }
    }
    println!("{count} falsified, {} kept", kept.len());
    assert!(
        kept.is_empty(),
        "{} of {count}:\n{}",
        kept.len(),
        kept.join("\n")
    );
}

/// The same answer by a model that quotes badly: not at all, in English, in digits.
fn badly_quoted(answer: &Value) -> Vec<Value> {
    let requote = |words: Option<&str>| {
        let mut answer = answer.clone();
        for key in ["date", "time", "not_on"] {
            if let Some(value) = answer[key].as_object_mut() {
                match words {
                    Some(words) => value.insert("words".to_owned(), json!(words)),
                    None => value.remove("words"),
                };
            }
        }
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("confirm_words");
            fields.remove("intent");
        }
        answer
    };
    vec![
        requote(None),
        requote(Some("")),
        requote(Some("string")),
        requote(Some("Tuesday at 16:30")),
        requote(Some("כפי שביקש הלקוח")),
    ]
}

#[test]
fn who_quotes_badly_loses_nothing_that_was_said() {
    let mut lost = Vec::new();
    let mut count = 0;
    for utterance in utterances() {
        let right = shown(&utterance.read(&utterance.answer).request);
        for answer in badly_quoted(&utterance.answer) {
            count += 1;
            let got = shown(&utterance.read(&answer).request);
            if got != right {
                lost.push(format!(
                    "{} {:?} {answer}: {got:?}, not {right:?}",
                    utterance.id, utterance.text
                ));
            }
        }
    }
    println!("{count} badly quoted, {} lost", lost.len());
    assert!(
        lost.is_empty(),
        "{} of {count}:\n{}",
        lost.len(),
        lost.join("\n")
    );
}
