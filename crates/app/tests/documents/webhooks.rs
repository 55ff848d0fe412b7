//! `docs/webhooks.md` against what a receiver really gets: a whole business life over a database and a socket.

mod life;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use life::{BUSINESS, CALLED, Received, SECRET, Stage, WITHHELD, a_booking, life, said, task};
use serde_json::Value;
use time::UtcDateTime;
use toran_crm::{CrmConfig, WebhookSecret, signature};
use toran_domain::{LeadId, TaskKind};
use toran_store::{Actor, CallEnding, EventKind, Leads as _, NewTask, Tasks as _};
use uuid::Uuid;

use crate::markdown::{Block, Document};

fn document() -> Document {
    Document::read("webhooks.md")
}

fn examples(document: &Document) -> Vec<(&Block, Value)> {
    let blocks = document.of_kind("json");
    blocks
        .map(|block| {
            let value = serde_json::from_str(&block.text);
            (
                block,
                value.unwrap_or_else(|error| panic!("webhooks.md:{}: {error}", block.line)),
            )
        })
        .collect()
}

/// Every kind: a new one does not compile here until it has a place.
fn kinds() -> Vec<EventKind> {
    const fn after(kind: EventKind) -> Option<EventKind> {
        match kind {
            EventKind::LeadCreated => Some(EventKind::LeadUpdated),
            EventKind::LeadUpdated => Some(EventKind::AppointmentCreated),
            EventKind::AppointmentCreated => Some(EventKind::AppointmentMoved),
            EventKind::AppointmentMoved => Some(EventKind::AppointmentCancelled),
            EventKind::AppointmentCancelled => Some(EventKind::CallEnded),
            EventKind::CallEnded => Some(EventKind::TaskCreated),
            EventKind::TaskCreated => None,
        }
    }
    std::iter::successors(Some(EventKind::LeadCreated), |kind| after(*kind)).collect()
}

#[tokio::test]
async fn every_example_is_what_a_receiver_gets() {
    let (_stage, received) = life().await;
    let bodies: Vec<Value> = received.iter().map(Received::value).collect();
    let document = document();
    let mut types = BTreeSet::new();
    for (block, example) in examples(&document) {
        let kind = example["type"].as_str().expect("a type").to_owned();
        let like = bodies.iter().filter(|body| body["type"] == example["type"]);
        assert!(
            bodies.contains(&example),
            "webhooks.md:{}: of this type are sent\n{}",
            block.line,
            like.map(|body| format!("{body:#}"))
                .collect::<Vec<_>>()
                .join("\n")
        );
        types.insert(kind);
    }
    let all: BTreeSet<String> = kinds()
        .iter()
        .map(|kind| kind.as_str().to_owned())
        .collect();
    assert_eq!(types, all);
}

/// The paths of an object's fields: `lead`, `lead.id`.
fn paths(value: &Value, under: &str, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = if under.is_empty() {
            name.clone()
        } else {
            format!("{under}.{name}")
        };
        paths(value, &path, found);
        found.insert(path);
    }
}

/// The parts of the document under its headings of the third level, by the types that they name; before them, what is in
/// every event.
fn sections(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut types = vec![String::new()];
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            let named = heading
                .split(", ")
                .filter_map(|name| name.strip_prefix('`')?.strip_suffix('`'));
            types = named.map(str::to_owned).collect();
        } else if line.starts_with("## ") {
            types = vec![String::new()];
        }
        let name = line
            .strip_prefix("| `")
            .and_then(|row| row.split_once("` |"));
        if let Some((name, _)) = name {
            for of in &types {
                sections
                    .entry(of.clone())
                    .or_default()
                    .insert(name.to_owned());
            }
        }
    }
    sections
}

#[tokio::test]
async fn every_field_that_is_sent_is_documented_where_it_is_sent() {
    let (_stage, received) = life().await;
    let document = document();
    let (_, events) = document
        .text
        .split_once("## What is in every event")
        .expect("the part on events");
    let sections = sections(events);
    let in_all = &sections[""];
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for body in received.iter().map(Received::value) {
        let kind = body["type"].as_str().expect("a type");
        let mut sent = BTreeSet::new();
        paths(&body["data"], "", &mut sent);
        sent.extend(body.as_object().expect("an object").keys().cloned());
        let of_kind = sections.get(kind).cloned().unwrap_or_default();
        for field in &sent {
            let known = in_all.contains(field) || of_kind.contains(field);
            assert!(known, "{field} of {kind} is not in webhooks.md");
        }
        seen.entry(kind.to_owned())
            .or_default()
            .extend(sent.clone());
        seen.entry(String::new()).or_default().extend(sent);
    }
    // And nothing is promised that is never sent. Appointments share one table.
    let appointments = "appointment.moved";
    for (kind, fields) in &sections {
        let of = if kind.starts_with("appointment.") {
            appointments
        } else {
            kind.as_str()
        };
        for field in fields {
            assert!(
                seen[of].contains(field),
                "webhooks.md says that {of} has {field}"
            );
        }
    }
}

#[tokio::test]
async fn headers_and_signatures_are_as_documented() {
    let (_stage, received) = life().await;
    let document = document();
    assert!(received.len() > 8, "{}", received.len());
    let secret = WebhookSecret::parse(&SECRET.into()).expect("a secret");
    for request in &received {
        assert_eq!(request.header("content-type"), "application/json");
        assert!(request.header("user-agent").starts_with("Toran/"));
        let id = request.header("webhook-id");
        id.parse::<Uuid>().expect("an id");
        let sent = request
            .header("webhook-timestamp")
            .parse()
            .expect("seconds");
        let at = UtcDateTime::from_unix_timestamp(sent).expect("an instant");
        let body = std::str::from_utf8(&request.body).expect("UTF-8");
        assert_eq!(
            request.header("webhook-signature"),
            signature(&secret, id, at, body)
        );
        assert!(!body.contains('\n'));
    }
    let documented: BTreeSet<&str> = document.rows().into_iter().map(|(name, _)| name).collect();
    let ours = |name: &&str| !matches!(*name, "host" | "accept" | "content-length");
    for name in received[0]
        .headers
        .keys()
        .map(axum::http::HeaderName::as_str)
        .filter(ours)
    {
        assert!(
            documented.contains(name),
            "the header {name} is not in webhooks.md"
        );
    }
}

/// The request that the document signs.
struct Vector {
    fields: BTreeMap<String, String>,
}

impl Vector {
    fn read(document: &Document) -> Self {
        let block = document.of_kind("vector").next().expect("a test vector");
        let fields = block.text.lines().map(|line| {
            let (name, value) = line.split_once(' ').expect("a name and a value");
            (name.to_owned(), value.trim_start().to_owned())
        });
        Self {
            fields: fields.collect(),
        }
    }

    fn get(&self, name: &str) -> &str {
        &self.fields[name]
    }
}

#[tokio::test]
async fn the_test_vector_is_signed_right() {
    let vector = Vector::read(&document());
    let seconds = vector.get("timestamp").parse().expect("seconds");
    let at = UtcDateTime::from_unix_timestamp(seconds).expect("an instant");
    let secret = WebhookSecret::parse(&vector.get("secret").into()).expect("a secret");
    let signed = signature(&secret, vector.get("id"), at, vector.get("body"));
    assert_eq!(vector.get("signature"), signed);
    let body: Value = serde_json::from_str(vector.get("body")).expect("JSON");
    assert_eq!(body["type"], "lead.updated");
}

/// Where there is a Python, its example is run: the vector is accepted, and a changed or an old request is not.
#[test]
fn the_python_example_verifies_the_vector() {
    let document = document();
    let vector = Vector::read(&document);
    let example = document.of_kind("python").next().expect("an example");
    let quoted = |name: &str| serde_json::to_string(vector.get(name)).expect("JSON");
    let check = format!(
        "{}\n\
         secret, sent, body = {}, {}, {}.encode()\n\
         headers = {{'webhook-id': {}, 'webhook-timestamp': str(sent), 'webhook-signature': 'v1,AAAA ' + {}}}\n\
         assert is_from_toran(secret, headers, body, sent + 299)\n\
         assert not is_from_toran(secret, headers, body + b' ', sent)\n\
         assert not is_from_toran(secret, headers, body, sent + 301)\n\
         assert not is_from_toran(secret, {{**headers, 'webhook-id': 'x'}}, body, sent)\n\
         assert not is_from_toran(secret, headers, body)\n",
        example.text,
        quoted("secret"),
        vector.get("timestamp"),
        quoted("body"),
        quoted("id"),
        quoted("signature"),
    );
    match std::process::Command::new("python3")
        .arg("-c")
        .arg(check)
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => println!("skipped: python3 cannot be run ({error})"),
    }
}

/// A duration as the document writes it: `5 s`, `2 min`, `12 h`.
fn written(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[test]
fn the_rules_of_delivery_are_those_of_the_courier() {
    let config = CrmConfig::default();
    let text = document().text;
    let pauses: Vec<String> = config.retry_schedule.iter().copied().map(written).collect();
    let attempts = config.retry_schedule.len() + 1;
    for rule in [
        format!("are {}. After {attempts} attempts", pauses.join(", ")),
        format!("An attempt is given {}", written(config.request_timeout)),
        format!("but at most {}", written(CrmConfig::MAX_RETRY_AFTER)),
        format!("another {attempts} attempts"),
        format!(
            "base64 of {} to {} bytes",
            WebhookSecret::MIN_BYTES,
            WebhookSecret::MAX_BYTES
        ),
    ] {
        assert!(text.contains(&rule), "webhooks.md does not say: {rule}");
    }
}

/// The words that a field may hold.
#[test]
fn every_word_is_documented() {
    let text = document().text;
    let endings = ["hung_up", "completed", "failed", "abandoned"];
    let actors = [Actor::Caller, Actor::Business, Actor::Operator];
    let words = endings
        .into_iter()
        .chain(actors.map(Actor::as_str))
        .chain(TaskKind::ALL.map(TaskKind::as_str))
        .chain(["booked", "asked", "talked"]);
    for word in words {
        assert!(
            text.contains(&format!("`{word}`")),
            "{word} is not in webhooks.md"
        );
    }
    // One that is new does not get past here.
    for ending in endings {
        match ending.parse::<CallEnding>().expect("an ending") {
            CallEnding::HungUp
            | CallEnding::Completed
            | CallEnding::Failed
            | CallEnding::Abandoned => {}
        }
    }
    for actor in actors {
        match actor {
            Actor::Caller | Actor::Business | Actor::Operator => {}
        }
    }
}

#[tokio::test]
async fn the_transcript_is_found_as_the_document_says() {
    let stage = Stage::set().await;
    a_booking(&stage).await;
    let received = stage.received();
    let ended = received
        .iter()
        .map(Received::value)
        .find(|body| body["type"] == "call.ended");
    let data = &ended.expect("a call has ended")["data"];
    let lead: LeadId = serde_json::from_value(data["lead"]["id"].clone()).expect("an id");
    let exported = stage
        .store
        .export_lead(BUSINESS, lead, None)
        .await
        .expect("exported");
    let (record, covered) = exported.expect("a lead");
    let export = toran_console::lead_record_json(&record, &covered);
    let calls = export["calls"].as_array().expect("a list");
    let call = calls
        .iter()
        .find(|call| call["call_sid"] == data["transcript"]["call_sid"]);
    let transcript = call.expect("the call")["transcript"]
        .as_array()
        .expect("a list");
    assert_eq!(
        Some(transcript.len() as u64),
        data["transcript"]["lines"].as_u64()
    );
    for field in ["by", "text", "at"] {
        assert!(
            transcript[0][field].is_string(),
            "{field} of {}",
            transcript[0]
        );
    }
}

#[tokio::test]
async fn the_longest_body_is_as_short_as_the_document_says() {
    let stage = Stage::set().await;
    let stream = stage
        .open("CA00000000000000000000000000000003", None, WITHHELD, CALLED)
        .await;
    // Four bytes each, and more of them than are kept.
    let long = "\u{1F600}".repeat(2_000);
    stage.note_name(&stream, &long, CALLED).await;
    let left = NewTask {
        name: Some(said(&long)),
        ..task(&stream, &long, CALLED)
    };
    stage.store.add_task(&left).await.expect("added");
    stage.hang_up(&stream, CALLED).await;
    let received = stage.received();
    let longest = received
        .iter()
        .map(|request| request.body.len())
        .max()
        .expect("events");
    assert!(document().text.contains("stays under 5 KiB"));
    assert!((4_000..5 * 1024).contains(&longest), "{longest}");
}
