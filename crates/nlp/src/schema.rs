//! The strict schema of the model's answer.

use serde_json::{Value, json};

/// The schema's name on the wire.
pub const SCHEMA_NAME: &str = "appointment_request";

/// The answer's schema: what was said, as words and in symbolic form. Inside OpenAI's strict subset
/// (every object closed, every property required, `anyOf` only below the root).
pub fn answer_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["action", "intent", "confirm_words", "date", "not_on", "time", "name", "phone", "one_more"],
        "properties": {
            "action": {"type": "string", "enum": ["ask", "confirm", "none"]},
            "intent": {"type": "string", "enum": [
                "book", "cancel", "move", "own_appointment", "information", "person", "message", "other"]},
            "confirm_words": {"type": ["string", "null"],
                "description": "המילים של הלקוח שבהן אמר כן, בדיוק כפי שנאמרו; null אם לא אמר כן"},
            "date": day(),
            "not_on": day(),
            "time": hour(),
            "name": {"type": ["string", "null"]},
            "phone": {"type": ["string", "null"], "description": "מספר טלפון שהלקוח אמר, בספרות"},
            "one_more": {"type": ["boolean", "null"], "description": "true רק אם נאמר במפורש שמבקשים תור נוסף על תור שכבר נקבע"},
        },
    })
}

fn words() -> Value {
    json!({"type": "string", "description": "מילות הלקוח, בדיוק כפי שנאמרו"})
}

fn day() -> Value {
    let weekday = json!({"type": "string",
        "enum": ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]});
    let perhaps_weekday = json!({"anyOf": [{"type": "null"}, weekday]});
    json!({"anyOf": [
        {"type": "null"},
        closed(&json!({"words": words(), "weekday": weekday,
            "week_offset": {"type": "integer", "description": "0 = המופע הקרוב, 1 = בשבוע הבא"}})),
        closed(&json!({"words": words(), "days_from_now": {"type": "integer"}})),
        closed(&json!({"words": words(), "day": {"type": "integer"},
            "month": {"type": ["integer", "null"]}, "year": {"type": ["integer", "null"]},
            "weekday": perhaps_weekday})),
        closed(&json!({"words": words(), "holiday": {"type": "string"},
            "relation": {"type": "string", "enum": ["on", "eve", "before", "after"]},
            "day_of_holiday": {"type": ["integer", "null"], "description": "היום החמישי של חנוכה = 5"},
            "weekday": perhaps_weekday})),
    ]})
}

fn hour() -> Value {
    let part =
        json!({"type": "string", "enum": ["morning", "noon", "afternoon", "evening", "night"]});
    json!({"anyOf": [
        {"type": "null"},
        closed(&json!({"words": words(), "hour": {"type": "integer"}, "minute": {"type": "integer"},
            "part_of_day": {"anyOf": [{"type": "null"}, part]},
            "by_clock": {"type": ["boolean", "null"], "description": "true אם נאמרה שעת שעון כמו 07:00 או 19:00"}})),
        closed(&json!({"words": words(), "part_of_day": part})),
        closed(&json!({"words": words(), "minutes_from_now": {"type": "integer"}})),
        closed(&json!({"words": words(), "same_hour": {"type": "boolean"}})),
    ]})
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
