//! `docs/settings.md` against the parser.

use serde_json::{Value, json};
use toran_app::businesses;
use toran_scheduling::HolidayRules;

use crate::markdown::{Block, Document};

fn document() -> Document {
    Document::read("settings.md")
}

/// What the command line says of settings that are refused.
fn refusal(json: &str) -> Option<String> {
    let error = businesses::read_settings(json).err()?.to_string();
    let error = error.strip_prefix("the settings are refused: ");
    Some(error.expect("it says what is refused").to_owned())
}

/// The example that says everything.
fn everything(document: &Document) -> Value {
    let values = document.of_kind("json").map(|block| {
        let value: Value = serde_json::from_str(&block.text).expect("JSON");
        value
    });
    let most = values.max_by_key(|value| value.as_object().map_or(0, serde_json::Map::len));
    most.expect("an example")
}

/// The places of all objects in a document.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            found.push(pointer.to_owned());
            fields
                .iter()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        }
        Value::Array(entries) => entries
            .iter()
            .enumerate()
            .map(|(n, value)| (n.to_string(), value))
            .collect(),
        _ => return,
    };
    assert!(
        !inside.is_empty(),
        "the example leaves {pointer} empty, so that nobody sees what stands in it"
    );
    for (name, value) in inside {
        objects(value, &format!("{pointer}/{name}"), found);
    }
}

fn objects_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    objects(value, "", &mut found);
    found
}

/// What an error lists behind some words.
fn listed<'a>(error: &'a str, behind: &str) -> Vec<&'a str> {
    let list = error.split_once(behind).map(|(_, list)| list);
    list.unwrap_or_default()
        .split(", ")
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_example_is_accepted() {
    let document = document();
    let examples: Vec<&Block> = document.of_kind("json").collect();
    assert!(examples.len() > 10, "{}", examples.len());
    for block in examples {
        assert_eq!(refusal(&block.text), None, "settings.md:{}", block.line);
    }
    for block in &document.blocks {
        let known = ["json", "json,wrong", "text", "sh"];
        assert!(
            known.contains(&block.kind.as_str()),
            "settings.md:{}: {}",
            block.line,
            block.kind
        );
    }
}

#[test]
fn every_example_of_what_is_wrong_is_refused_in_those_words() {
    let document = document();
    let mut seen = 0;
    let mut blocks = document.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        if block.kind != "json,wrong" {
            assert_ne!(
                block.kind, "text",
                "settings.md:{}: an error of what?",
                block.line
            );
            continue;
        }
        let says = blocks.next_if(|next| next.kind == "text");
        let says = says.unwrap_or_else(|| panic!("settings.md:{}: what does it say?", block.line));
        assert_eq!(
            refusal(&block.text).as_deref(),
            Some(says.text.trim_end()),
            "settings.md:{}",
            block.line
        );
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

/// The names are those that the parser itself lists when it meets one that it does not know, in every object of the form.
#[test]
fn every_field_that_the_parser_knows_is_documented() {
    let document = document();
    let example = everything(&document);
    let mut names: Vec<String> = Vec::new();
    for place in objects_of(&example) {
        let mut wrong = example.clone();
        wrong.pointer_mut(&place).expect("an object")["nosuch"] = json!(1);
        let error = refusal(&wrong.to_string()).expect("there is no such field");
        let fields = listed(&error, "there is no such field: there are ");
        let holidays = listed(&error, "is not a holiday: known are ");
        let is_day = error.contains("is not a day of the week");
        assert!(
            is_day || !fields.is_empty() || !holidays.is_empty(),
            "{error}"
        );
        names.extend(
            fields
                .iter()
                .chain(&holidays)
                .map(|name| (*name).to_owned()),
        );
    }
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 50, "{names:?}");
    for name in &names {
        assert!(
            document.text.contains(&format!("`{name}`")),
            "{name} is not in settings.md"
        );
    }
    // And no table speaks of a field that is not there.
    for (name, _) in document.rows() {
        assert!(
            names.iter().any(|known| known == name),
            "settings.md has a row on {name}"
        );
    }
}

/// Each number's limits, as the parser tells them, stand in a line that names it.
#[test]
fn the_limits_are_those_of_the_parser() {
    let document = document();
    let example = everything(&document);
    let mut seen = 0;
    for place in objects_of(&example) {
        let fields = example
            .pointer(&place)
            .and_then(Value::as_object)
            .expect("an object");
        for (name, _) in fields.iter().filter(|(_, value)| value.is_i64()) {
            let mut wrong = example.clone();
            wrong.pointer_mut(&place).expect("an object")[name] = json!(i64::MAX);
            let error = refusal(&wrong.to_string()).expect("it is too much");
            let (_, limits) = error.split_once("choose ").expect("limits");
            let mut lines = document.text.lines();
            let is_there =
                lines.any(|line| line.contains(&format!("`{name}`")) && line.contains(limits));
            assert!(is_there, "settings.md does not say of {name}: {limits}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_defaults_are_those_of_the_parser() {
    let document = document();
    let example = everything(&document);
    let needed = ["time_zone", "hours", "slot_interval_minutes"];
    let least = json!({
        "time_zone": "Asia/Jerusalem", "hours": example["hours"], "slot_interval_minutes": 15,
    });
    let settings =
        businesses::read_settings(&least.to_string()).expect("all the rest may be left out");
    let written = serde_json::to_value(&settings).expect("JSON");
    let rows = document.rows();
    for (name, value) in written.as_object().expect("an object") {
        let (_, cells) = rows.iter().find(|(row, _)| row == name).expect("a row");
        let default = cells[1];
        match value {
            _ if needed.contains(&name.as_str()) => {
                assert!(default.starts_with("must be there"), "{name}: {default}");
            }
            Value::Number(_) if name == "appointment_minutes" => {
                assert_eq!(default, "`slot_interval_minutes`");
            }
            Value::Number(number) => assert_eq!(default, number.to_string(), "{name}"),
            Value::Array(list) if name == "resources" => {
                assert_eq!(*list, [json!({"id": "main", "capacity": 1})]);
                assert!(default.contains("`main`"), "{default}");
            }
            Value::Array(list) => assert_eq!((list.len(), default), (0, "none"), "{name}"),
            Value::Object(map) => assert!(
                map.is_empty() && default.contains("like any other"),
                "{name}"
            ),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn the_holidays_of_israel_are_those_of_the_command_line() {
    let document = document();
    let of_israel = document.of_kind("json").filter(|block| {
        let settings = businesses::read_settings(&block.text).expect("settings");
        settings.form().holidays == HolidayRules::israel()
    });
    assert_eq!(of_israel.count(), 1);
}
