//! Whatever is wrong in the JSON form is told by its path, in the words of the form, with a right value that really helps.

use serde_json::{Value, json};

use super::read;

/// Every object and every list of the form has something in it, and each right value that an error shows fits in.
fn sample() -> Value {
    json!({
        "time_zone": "Asia/Jerusalem",
        "hours": { "sunday": ["09:00-13:00"], "friday": ["08:30-12:30"] },
        "special_hours": [{ "from": "2027-01-01", "to": "2027-12-31", "hours": ["09:00-12:00"] }],
        "closures": [{ "from": "2027-01-01", "to": "2027-12-31" }],
        "holidays": { "yom_kippur": "closed", "eve_of_pesach": { "until": "12:00" } },
        "slot_interval_minutes": 15,
        "appointment_minutes": 45,
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "minimum_notice_minutes": 120,
        "booking_horizon_days": 90,
        "resources": [{ "id": "dana", "capacity": 1 }],
        "services": [{
            "id": "colouring", "duration_minutes": 90, "buffer_before_minutes": 0, "buffer_after_minutes": 0,
            "resources": ["dana"], "units": 1,
        }],
    })
}

fn simple_sample() -> Value {
    json!({
        "active_days": ["sunday", "friday"], "start_hour": "09:00", "end_hour": "18:00",
        "slot_interval_minutes": 30, "time_zone": "Asia/Jerusalem",
    })
}

/// A place in a document: as an error names it, and as `serde_json` finds it.
#[derive(Clone)]
struct Place {
    path: String,
    pointer: String,
}

/// Every place in a document, the document itself first.
fn places(document: &Value) -> Vec<Place> {
    let mut found = vec![Place {
        path: String::new(),
        pointer: String::new(),
    }];
    let mut index = 0;
    while let Some(place) = found.get(index).cloned() {
        index += 1;
        let inside = |name: &str, path: String| Place {
            path,
            pointer: format!("{}/{name}", place.pointer),
        };
        match &document.pointer(&place.pointer).unwrap() {
            Value::Object(fields) => found.extend(fields.keys().map(|name| {
                let dot = if place.path.is_empty() { "" } else { "." };
                inside(name, format!("{}{dot}{name}", place.path))
            })),
            Value::Array(entries) => found.extend(
                (0..entries.len())
                    .map(|index| inside(&index.to_string(), format!("{}[{index}]", place.path))),
            ),
            _ => {}
        }
    }
    found
}

fn with(document: &Value, place: &Place, value: Value) -> Value {
    let mut document = document.clone();
    *document.pointer_mut(&place.pointer).unwrap() = value;
    document
}

fn error_of(document: &Value) -> Option<String> {
    let text = document.to_string();
    read(&text).err().map(|error| error.to_string())
}

/// The right value that an error shows, if it shows one.
fn shown(error: &str) -> Option<Value> {
    let (_, value) = error.split_once("write it like ")?;
    let mut values = serde_json::Deserializer::from_str(value).into_iter();
    Some(values.next().unwrap().unwrap())
}

/// An error is one line that a person can act on who has never seen this code.
#[track_caller]
fn check(error: &str, path: &str) {
    let (field, rest) = error.split_once(": ").unwrap();
    // What is wrong may be told at the field itself, or at what it should hold.
    assert!(field.starts_with(path), "{path}: {error}");
    assert!(!rest.is_empty() && !error.contains('\n'), "{error}");
    for word in [
        "Raw",
        "struct",
        "enum",
        "variant",
        "expected",
        "invalid type",
        "i64",
        "u16",
        "u32",
        "map",
        "sequence",
        "string",
        "unit",
        "Option",
        "at line",
    ] {
        let mut words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ' '));
        let is_there = rest.contains(&format!("{word} ")) || words.any(|other| other == word);
        assert!(!is_there, "{word:?} in {error}");
    }
}

/// What a field may be told for another one's sake: that it is missing beside it, or that the two do not go together.
fn is_of_another(error: &str) -> bool {
    let reasons = [
        "is missing",
        "is not one of the resources",
        "each id stands",
    ];
    reasons.iter().any(|reason| error.contains(reason))
}

fn wrong_values() -> Vec<Value> {
    vec![
        json!(true),
        json!(-1),
        json!(7.5),
        json!(30.0),
        json!(u64::MAX),
        json!(""),
        json!("no such thing"),
        json!([]),
        json!([null]),
        json!([7]),
        json!([[]]),
        json!({}),
        json!({ "no_such_field": 1 }),
    ]
}

#[test]
fn a_value_of_the_wrong_kind_is_told_by_its_path_with_one_that_is_right() {
    for document in [sample(), simple_sample()] {
        assert_eq!(error_of(&document), None);
        for place in places(&document) {
            let mut refused = 0;
            for value in wrong_values() {
                let Some(error) = error_of(&with(&document, &place, value.clone())) else {
                    continue;
                };
                refused += 1;
                if place.path.starts_with("resources") && error.starts_with("services") {
                    // It is a resource, of another name than the service's.
                    continue;
                }
                check(&error, &place.path);
                // What it shows is accepted where it says.
                let Some(right) = shown(&error) else {
                    continue;
                };
                let field = error.split_once(": ").unwrap().0;
                let wrong = with(&document, &place, value);
                let mut all = places(&wrong).into_iter();
                let at = all.find(|place| {
                    place.path == field || (place.path.is_empty() && field == "settings")
                });
                let mended = if let Some(at) = at {
                    with(&wrong, &at, right)
                } else {
                    // It is missing: it belongs into the object at this place.
                    let name = field.rsplit_once('.').map_or(field, |(_, name)| name);
                    let mut object = wrong.pointer(&place.pointer).unwrap().clone();
                    object[name] = right;
                    with(&wrong, &place, object)
                };
                let left = error_of(&mended);
                let follows = left
                    .as_ref()
                    .is_none_or(|left| !left.starts_with(field) && is_of_another(left));
                assert!(follows, "{error}\nand then {left:?}\n{mended}");
            }
            assert!(refused > 0, "anything goes at {}", place.path);
        }
    }
}

#[test]
fn every_field_that_must_be_there_is_missed_and_no_other() {
    let needed = [
        (
            sample(),
            "time_zone hours slot_interval_minutes special_hours[0].from special_hours[0].hours closures[0].from \
            holidays.eve_of_pesach.until resources[0].id services[0].id services[0].duration_minutes",
        ),
        (
            simple_sample(),
            "active_days start_hour end_hour slot_interval_minutes time_zone",
        ),
    ];
    for (document, needed) in needed {
        let mut missed = Vec::new();
        for place in places(&document) {
            let Some((parent, name)) = place.pointer.rsplit_once('/') else {
                continue;
            };
            let mut without = document.clone();
            let Some(Value::Object(fields)) = without.pointer_mut(parent) else {
                continue;
            };
            let value = fields.remove(name).unwrap();
            let null = with(&document, &place, Value::Null);
            let about_it = |error: &String| !error.contains("is not one of the resources");
            if let Some(error) = error_of(&without).filter(about_it) {
                check(&error, &place.path);
                assert!(error.contains("it is missing: write it like "), "{error}");
                let right = shown(&error).unwrap();
                let mut mended = without.clone();
                mended.pointer_mut(parent).unwrap()[name] = right.clone();
                assert_eq!(error_of(&mended), None, "{error}");
                // It is of the same kind as what stood there.
                assert_eq!(
                    std::mem::discriminant(&right),
                    std::mem::discriminant(&value)
                );
                missed.push(place.path.clone());
            }
            // `null` is as if it were not there, but where the name itself is the entry.
            if !matches!(parent, "/hours" | "/holidays") {
                assert_eq!(error_of(&null), error_of(&without), "{}", place.path);
            }
        }
        let mut needed: Vec<&str> = needed.split_whitespace().collect();
        needed.sort_unstable();
        missed.sort_unstable();
        assert_eq!(missed, needed);
    }
}

#[test]
fn a_field_that_does_not_exist_is_told_with_those_that_do() {
    for document in [sample(), simple_sample()] {
        for place in places(&document) {
            let mut object = document.pointer(&place.pointer).unwrap().clone();
            let Some(fields) = object.as_object_mut() else {
                continue;
            };
            let names: Vec<String> = fields.keys().cloned().collect();
            fields.insert("nosuch".to_owned(), json!(1));
            let error = error_of(&with(&document, &place, object)).unwrap();
            let dot = if place.path.is_empty() { "" } else { "." };
            check(&error, &format!("{}{dot}nosuch", place.path));
            if !matches!(place.path.as_str(), "hours" | "holidays") {
                for name in names {
                    assert!(error.contains(&name), "{name} is not in {error}");
                }
            }
        }
    }
}

#[test]
fn errors_stay_short_whatever_is_sent() {
    let long = "x".repeat(10_000);
    for document in [sample(), simple_sample()] {
        for place in places(&document) {
            for value in [
                json!(long),
                json!({ long.clone(): 1 }),
                json!([long]),
                json!("\u{7}\n\u{202e}"),
            ] {
                if let Some(error) = error_of(&with(&document, &place, value)) {
                    check(&error, &place.path);
                    // The longest names all holidays.
                    assert!(error.len() < 1_000, "{} {error}", error.len());
                }
            }
        }
    }
}
