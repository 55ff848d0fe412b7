//! Strict structured outputs: which schemas are accepted, and making an answer that conforms to one.

use serde_json::{Map, Value, json};

const REFUSED_KEYWORDS: [&str; 9] = [
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
];
/// Levels that a schema may be nested.
const MAX_DEPTH: usize = 10;

/// Says what in a schema strict mode does not accept.
pub(super) fn check_strict(schema: &Value) -> Result<(), String> {
    if schema["type"] != "object" {
        return Err("schema must have type 'object' and not be 'anyOf' at its root".to_owned());
    }
    check_level(schema, "()", 0)
}

fn check_level(schema: &Value, path: &str, depth: usize) -> Result<(), String> {
    let Some(fields) = schema.as_object() else {
        return Err(format!("In context={path}, schema must be an object."));
    };
    if depth > MAX_DEPTH {
        return Err(format!(
            "In context={path}, schema is nested deeper than {MAX_DEPTH} levels."
        ));
    }
    if let Some(refused) = REFUSED_KEYWORDS
        .iter()
        .find(|keyword| fields.contains_key(**keyword))
    {
        return Err(format!("In context={path}, '{refused}' is not permitted."));
    }
    if types(schema).any(|kind| kind == "object") || fields.contains_key("properties") {
        check_object(schema, path)?;
    }
    let nested = |key: &str| {
        fields
            .get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    for key in ["properties", "$defs"] {
        for (name, inner) in nested(key) {
            check_level(inner, &format!("{path}.{name}"), depth + 1)?;
        }
    }
    if let Some(items) = fields.get("items") {
        check_level(items, &format!("{path}[]"), depth + 1)?;
    }
    for (index, arm) in fields
        .get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        check_level(arm, &format!("{path}.anyOf[{index}]"), depth)?;
    }
    Ok(())
}

fn check_object(schema: &Value, path: &str) -> Result<(), String> {
    if schema["additionalProperties"] != false {
        return Err(format!(
            "In context={path}, 'additionalProperties' is required to be supplied and to be false."
        ));
    }
    let required = schema["required"].as_array();
    let missing = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, _)| {
            !required.is_some_and(|required| required.iter().any(|known| known == name.as_str()))
        });
    match missing {
        None => Ok(()),
        Some((name, _)) => Err(format!(
            "In context={path}, 'required' is required to be supplied and to be an array including \
             every key in properties. Missing '{name}'."
        )),
    }
}

/// Makes `answer` conform to the schema: missing properties become null where that is allowed.
/// `None` when it cannot: strict mode never sends what its schema forbids.
pub(super) fn fit(schema: &Value, answer: &Value) -> Option<Value> {
    fit_in(schema, answer, schema, 0)
}

fn fit_in(schema: &Value, answer: &Value, root: &Value, depth: usize) -> Option<Value> {
    if depth > 2 * MAX_DEPTH {
        return None;
    }
    if let Some(pointer) = schema["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix('#'))
    {
        return fit_in(root.pointer(pointer)?, answer, root, depth + 1);
    }
    if let Some(arms) = schema["anyOf"].as_array() {
        return arms
            .iter()
            .find_map(|arm| fit_in(arm, answer, root, depth + 1));
    }
    if let Some(allowed) = schema["enum"].as_array() {
        return allowed.contains(answer).then(|| answer.clone());
    }
    if schema.get("const").is_some_and(|only| only != answer) {
        return None;
    }
    let kind = match answer {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let typed =
        types(schema).any(|allowed| allowed == kind || (allowed == "number" && kind == "integer"));
    match answer {
        _ if !typed => None,
        Value::Object(given) => fit_object(schema, given, root, depth),
        Value::Array(given) => {
            let items = given
                .iter()
                .map(|item| fit_in(&schema["items"], item, root, depth + 1));
            items.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        _ => Some(answer.clone()),
    }
}

fn fit_object(
    schema: &Value,
    given: &Map<String, Value>,
    root: &Value,
    depth: usize,
) -> Option<Value> {
    let properties = schema["properties"].as_object()?;
    if given.keys().any(|key| !properties.contains_key(key)) {
        return None;
    }
    let fitted = properties.iter().map(|(name, inner)| {
        let value = given.get(name).unwrap_or(&Value::Null);
        fit_in(inner, value, root, depth + 1).map(|value| (name.clone(), value))
    });
    fitted.collect::<Option<Map<_, _>>>().map(Value::Object)
}

/// The least that a schema accepts: null, the first word of a list, zero, nothing.
pub(super) fn least(schema: &Value) -> Value {
    least_in(schema, schema, 0)
}

fn least_in(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > 2 * MAX_DEPTH {
        return Value::Null;
    }
    if let Some(pointer) = schema["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix('#'))
    {
        return root
            .pointer(pointer)
            .map_or(Value::Null, |inner| least_in(inner, root, depth + 1));
    }
    if let Some(arms) = schema["anyOf"].as_array() {
        let null = arms.iter().any(|arm| types(arm).any(|kind| kind == "null"));
        let first = arms.first().filter(|_| !null);
        return first.map_or(Value::Null, |arm| least_in(arm, root, depth + 1));
    }
    if let Some(first) = schema["enum"]
        .as_array()
        .and_then(|allowed| allowed.first())
    {
        return first.clone();
    }
    let kinds: Vec<&str> = types(schema).collect();
    match kinds.first() {
        _ if kinds.contains(&"null") => Value::Null,
        Some(&"object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let least =
                properties.map(|(name, inner)| (name.clone(), least_in(inner, root, depth + 1)));
            Value::Object(least.collect())
        }
        Some(&"array") => json!([]),
        Some(&"string") => json!(""),
        Some(&("integer" | "number")) => json!(0),
        Some(&"boolean") => json!(false),
        _ => Value::Null,
    }
}

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let several = schema["type"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    one.into_iter().chain(several)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "additionalProperties": false, "required": ["action", "date"],
            "properties": {
                "action": {"type": "string", "enum": ["ask", "none"]},
                "date": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/day"}]},
            },
            "$defs": {"day": {"type": "object", "additionalProperties": false,
                "required": ["day", "month"],
                "properties": {"day": {"type": "integer"}, "month": {"type": ["integer", "null"]}}}},
        })
    }

    #[test]
    fn strict_mode_wants_everything_closed_and_required() {
        assert_eq!(check_strict(&schema()), Ok(()));
        let mut open = schema();
        open["$defs"]["day"]["additionalProperties"] = json!(true);
        assert!(check_strict(&open).is_err());
        let mut optional = schema();
        optional["required"] = json!(["action"]);
        assert!(check_strict(&optional).is_err_and(|problem| problem.contains("'date'")));
        assert!(check_strict(&json!({"anyOf": []})).is_err());
        let mut forbidden = schema();
        forbidden["properties"]["action"]["not"] = json!({});
        assert!(check_strict(&forbidden).is_err());
    }

    /// A schema with every shape that the gateway's may hold: several closed objects, a word that may be missing, a
    /// boolean, a text that may be missing.
    fn wide_schema() -> Value {
        let closed = |properties: Value| {
            let names: Vec<&String> = properties
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .collect();
            json!({"type": "object", "additionalProperties": false, "required": names, "properties": properties})
        };
        let words = json!({"type": ["string", "null"]});
        let part = json!({"type": ["string", "null"], "enum": ["morning", "evening", null]});
        closed(json!({
            "intent": {"type": "string", "enum": ["book", "other"]},
            "confirm_words": words,
            "one_more": {"type": ["boolean", "null"]},
            "sure": {"type": "boolean"},
            "time": {"anyOf": [
                {"type": "null"},
                closed(json!({"words": words, "hour": {"type": "integer"}, "minute": {"type": "integer"},
                    "part_of_day": part, "clock": {"type": ["boolean", "null"]}})),
                closed(json!({"words": words, "minutes_from_now": {"type": "integer"}})),
                closed(json!({"words": words, "part_of_day": {"type": "string", "enum": ["morning"]}})),
                closed(json!({"words": words, "same": {"anyOf": [{"type": "boolean"},
                    closed(json!({"as": {"type": "string"}}))]}})),
            ]},
        }))
    }

    #[track_caller]
    fn check_fit(time: &Value, expected: Option<&Value>) {
        let answer = json!({"intent": "book", "sure": true, "time": time});
        let whole = |time| json!({"intent": "book", "confirm_words": null, "one_more": null, "sure": true, "time": time});
        assert_eq!(
            fit(&wide_schema(), &answer),
            expected.map(whole),
            "{answer}"
        );
    }

    #[test]
    fn an_answer_finds_its_object_among_several() {
        assert_eq!(check_strict(&wide_schema()), Ok(()));
        check_fit(&Value::Null, Some(&Value::Null));
        check_fit(
            &json!({"words": "בעשר", "hour": 10, "minute": 0}),
            Some(
                &json!({"words": "בעשר", "hour": 10, "minute": 0, "part_of_day": null, "clock": null}),
            ),
        );
        check_fit(
            &json!({"minutes_from_now": 20}),
            Some(&json!({"words": null, "minutes_from_now": 20})),
        );
        check_fit(
            &json!({"words": "בבוקר", "part_of_day": "morning"}),
            Some(&json!({"words": "בבוקר", "part_of_day": "morning"})),
        );
        check_fit(
            &json!({"same": true}),
            Some(&json!({"words": null, "same": true})),
        );
        check_fit(
            &json!({"same": {"as": "אתמול"}}),
            Some(&json!({"words": null, "same": {"as": "אתמול"}})),
        );
        check_fit(&json!({"hour": 10}), None);
        check_fit(&json!({"hour": "10", "minute": 0}), None);
        check_fit(&json!({"part_of_day": "evening"}), None);
        check_fit(&json!({"same": "כן"}), None);
        check_fit(&json!({"same": true, "hour": 10}), None);
        assert_eq!(
            fit(&wide_schema(), &json!({"intent": "book", "sure": null})),
            None
        );
        let least = least(&wide_schema());
        assert_eq!(fit(&wide_schema(), &least), Some(least));
    }

    #[test]
    fn an_answer_is_filled_up_with_null_or_refused() {
        let fitted = fit(&schema(), &json!({"action": "ask", "date": {"day": 3}}));
        assert_eq!(
            fitted,
            Some(json!({"action": "ask", "date": {"day": 3, "month": null}}))
        );
        assert_eq!(
            fit(&schema(), &json!({"action": "none"})),
            Some(json!({"action": "none", "date": null}))
        );
        assert_eq!(fit(&schema(), &json!({"action": "sing"})), None);
        assert_eq!(fit(&schema(), &json!({"action": "ask", "mood": 1})), None);
        assert_eq!(
            fit(&schema(), &json!({"action": "ask", "date": {"day": "3"}})),
            None
        );
        assert_eq!(least(&schema()), json!({"action": "ask", "date": null}));
    }
}
