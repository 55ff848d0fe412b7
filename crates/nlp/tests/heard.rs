//! What callers say to an offer, and how agents read one back: sentences that were written without a look at the readers.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read fails its test"
)]
#![expect(clippy::print_stdout, reason = "the figures are read with --nocapture")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use time::{
    Date, PrimitiveDateTime, Time,
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

#[derive(Debug, Deserialize)]
struct Line {
    kind: String,
    text: String,
    /// The agent had offered [`OFFER`] with [`OFFERING`].
    #[serde(default)]
    offered: bool,
    agent: Option<String>,
    table: Option<(Option<String>, Option<String>)>,
    /// The day on which an agent speaks, if it is not the set's.
    today: Option<String>,
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
        RequestedTime {
            date: date.as_deref().map(parsed),
            time: time.map(|time| Time::parse(&time, CLOCK).unwrap()),
        }
    }

    fn got(&self, set: &Set) -> Value {
        let Some(answer) = &self.answer else {
            let today = self.today.as_deref().map_or(set.now.date(), parsed);
            let RequestedTime { date, time } = self.table();
            let day = toran_hebrew::day_is_named(&self.text, date.unwrap(), today);
            let hour = toran_hebrew::hour_is_named(&self.text, time.unwrap());
            return json!({ "day": day, "hour": hour });
        };
        let context = ParseContext {
            now: set.now,
            settings: &set.settings,
            table: self.table(),
            last_said: self.agent.as_deref().or(self.offered.then_some(OFFERING)),
        };
        shown(&read_answer(&answer.to_string(), &self.text, &context).unwrap())
    }

    fn is_met_by(&self, got: &Value) -> bool {
        let mut fields = self.expected.iter();
        fields.all(|(field, expected)| match field.as_str() {
            "not_action" => got["action"] != *expected,
            field => got[field] == *expected,
        })
    }
}

fn parsed(iso: &str) -> Date {
    Date::parse(iso, format_description!("[year]-[month]-[day]")).unwrap()
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

/// Sentences that were written together, for one business at one moment.
struct Set {
    file: &'static str,
    now: PrimitiveDateTime,
    settings: AppointmentSettings,
}

impl Set {
    #[track_caller]
    fn check(&self) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/utterances/");
        let text = std::fs::read_to_string(format!("{folder}{}", self.file)).unwrap();
        let mut of_kind = BTreeMap::<String, (u32, u32)>::new();
        let (mut wrong, mut no_longer_open) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let line: Line = serde_json::from_str(line).unwrap();
            let got = line.got(self);
            let is_right = line.is_met_by(&got);
            let (all, right) = of_kind.entry(line.kind.clone()).or_default();
            *all += 1;
            *right += u32::from(is_right);
            match (is_right, line.open) {
                (false, false) => wrong.push(format!("{line:?} got {got}")),
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
}

#[test]
fn what_is_said_to_an_offer_is_read_right() {
    let days = "sun-fri".parse().unwrap();
    let zone = TimeZoneName::jerusalem();
    let set = Set {
        file: "heard.jsonl",
        now: datetime!(2026-06-15 11:20),
        settings: AppointmentSettings::simple(days, time!(9:00), time!(19:00), 30, zone).unwrap(),
    };
    set.check();
}

#[test]
fn what_is_said_to_a_clinic_is_read_right() {
    let day = json!(["08:00-13:00", "16:00-20:00"]);
    let settings = json!({
        "time_zone": "Asia/Jerusalem",
        "hours": {
            "sunday": day, "monday": day, "tuesday": day, "wednesday": day, "thursday": day,
            "friday": ["08:00-13:00"], "saturday": [],
        },
        "slot_interval_minutes": 20,
    });
    let set = Set {
        file: "heard_clinic.jsonl",
        now: datetime!(2027-03-11 18:30),
        settings: serde_json::from_value(settings).unwrap(),
    };
    set.check();
}
