//! The strict schema of the model's answer.

use serde_json::{Value, json};

/// The schema's name on the wire.
pub const SCHEMA_NAME: &str = "appointment_request";

/// The answer's schema: what was said, as words and in symbolic form. Inside OpenAI's strict subset
/// (every object closed, every property required, `anyOf` only below the root).
pub fn answer_schema() -> Value {
    let words = json!({"type": "string", "description": "מילות הלקוח, בדיוק כפי שנאמרו"});
    let weekday = json!({"type": "string",
        "enum": ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["action", "date", "time", "name", "one_more"],
        "properties": {
            "action": {"type": "string", "enum": ["ask", "confirm", "none"]},
            "date": {"anyOf": [
                {"type": "null"},
                closed(&json!({"words": words, "weekday": weekday,
                    "week_offset": {"type": "integer", "description": "0 = המופע הקרוב, 1 = בשבוע הבא"}})),
                closed(&json!({"words": words, "days_from_now": {"type": "integer"}})),
                closed(&json!({"words": words, "day": {"type": "integer"},
                    "month": {"type": ["integer", "null"]}, "year": {"type": ["integer", "null"]},
                    "weekday": {"anyOf": [{"type": "null"}, weekday]}})),
                closed(&json!({"words": words, "holiday": {"type": "string"},
                    "relation": {"type": "string", "enum": ["on", "eve", "before", "after"]}})),
            ]},
            "time": {"anyOf": [
                {"type": "null"},
                closed(&json!({"words": words, "hour": {"type": "integer"}, "minute": {"type": "integer"},
                    "part_of_day": {"anyOf": [{"type": "null"}, {"type": "string",
                        "enum": ["morning", "noon", "afternoon", "evening", "night"]}]}})),
            ]},
            "name": {"type": ["string", "null"]},
            "one_more": {"type": ["boolean", "null"], "description": "true רק אם נאמר במפורש שמבקשים תור נוסף על תור שכבר נקבע"},
        },
    })
}

/// A closed object with every property required.
fn closed(properties: &Value) -> Value {
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(|p| p.keys())
        .collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}
