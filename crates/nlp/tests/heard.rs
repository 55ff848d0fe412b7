//! What callers say to an offer, and how agents read one back: sentences that were written without a look at the readers.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read fails its test"
)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use time::{
    Date, Time,
    format_description::BorrowedFormatItem,
    macros::{date, datetime, format_description, time},
};
use toran_domain::{RequestedTime, Understood};
use toran_nlp::{ParseContext, read_answer};
use toran_scheduling::{AppointmentSettings, TimeZoneName};

const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
/// What is on the table where a line says `offered`: Wednesday in two days, half past four.
const OFFER: (Date, Time) = (date!(2026 - 06 - 17), time!(16:30));
const OFFERING: &str = "יש לי ביום רביעי, 17 ביוני, בארבע וחצי אחר הצהריים. לקבוע לך?";

#[derive(Deserialize)]
#[expect(
    clippy::unsafe_derive_deserialize,
    reason = "what looks unsafe stands in the macros for dates"
)]
struct Line {
    kind: String,
    text: String,
    /// The agent had offered [`OFFER`] with [`OFFERING`].
    #[serde(default)]
    offered: bool,
    agent: Option<String>,
    table: Option<(Option<String>, Option<String>)>,
    /// None: the text is an agent's.
    answer: Option<Value>,
    /// The fields of the result, or `not_action`.
    expected: BTreeMap<String, Value>,
    /// Known not to be read right.
    #[serde(default)]
    open: bool,
}

impl Line {
    fn table(&self) -> RequestedTime {
        if self.offered {
            let (date, time) = (Some(OFFER.0), Some(OFFER.1));
            return RequestedTime { date, time };
        }
        let (date, time) = self.table.clone().unwrap_or_default();
        let iso = format_description!("[year]-[month]-[day]");
        RequestedTime {
            date: date.map(|date| Date::parse(&date, iso).unwrap()),
            time: time.map(|time| Time::parse(&time, CLOCK).unwrap()),
        }
    }

    fn got(&self) -> Value {
        let now = datetime!(2026-06-15 11:20);
        let Some(answer) = &self.answer else {
            let RequestedTime { date, time } = self.table();
            let day = toran_hebrew::day_is_named(&self.text, date.unwrap(), now.date());
            let hour = toran_hebrew::hour_is_named(&self.text, time.unwrap());
            return json!({ "day": day, "hour": hour });
        };
        let hours = (time!(9:00), time!(19:00));
        let days = "sun-fri".parse().unwrap();
        let zone = TimeZoneName::jerusalem();
        let settings = AppointmentSettings::simple(days, hours.0, hours.1, 30, zone).unwrap();
        let context = ParseContext {
            now,
            settings: &settings,
            table: self.table(),
            last_said: self.agent.as_deref().or(self.offered.then_some(OFFERING)),
        };
        shown(&read_answer(&answer.to_string(), &self.text, &context).unwrap())
    }

    fn is_right(&self) -> bool {
        let got = self.got();
        self.expected
            .iter()
            .all(|(field, expected)| match field.as_str() {
                "not_action" => got["action"] != *expected,
                field => got[field] == *expected,
            })
    }
}

fn shown(understood: &Understood) -> Value {
    let Understood {
        request,
        intent,
        part_of_day,
        not_on,
        about,
        one_more,
        phone,
        unclear,
    } = understood;
    let clock = |time: Time| time.format(CLOCK).unwrap();
    json!({
        "action": request.action.as_str(),
        "date": request.date.map(|date| date.to_string()),
        "time": request.time.map(clock),
        "name": request.name.as_ref().map(|name| name.expose().clone()),
        "intent": intent.as_str(),
        "part": part_of_day.map(|part| format!("{part:?}").to_lowercase()),
        "not_on": not_on.map(|date| date.to_string()),
        "about_date": about.date.map(|date| date.to_string()),
        "about_time": about.time.map(clock),
        "phone": phone.as_ref().map(|phone| phone.e164().to_owned()),
        "one_more": one_more,
        "unclear": format!("{unclear:?}"),
    })
}

#[test]
fn what_is_said_to_an_offer_is_read_right() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/utterances/heard.jsonl"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let mut of_kind = BTreeMap::<String, (u32, u32)>::new();
    let (mut wrong, mut no_longer_open) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        let is_right = line.is_right();
        let (all, right) = of_kind.entry(line.kind.clone()).or_default();
        *all += 1;
        *right += u32::from(is_right);
        match (is_right, line.open) {
            (false, false) => wrong.push(format!(
                "{}: {:?} {:?} got {}, not {:?}",
                line.kind,
                line.text,
                line.answer.as_ref().map(Value::to_string),
                line.got(),
                line.expected
            )),
            (true, true) => no_longer_open.push(line.text),
            (true, false) | (false, true) => {}
        }
    }
    for (kind, (all, right)) in of_kind {
        println!("{kind}: {right} of {all}");
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        no_longer_open.is_empty(),
        "read right now: {no_longer_open:?}"
    );
}
