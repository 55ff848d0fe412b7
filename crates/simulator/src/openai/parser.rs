//! What a perfect parser says about each recorded utterance.
//!
//! Written from the words alone, in the symbolic form that the gateway's schema asks for; the schema
//! fills what is missing here with null.

use serde_json::{Value, json};

use crate::fixtures::UtteranceId;

/// The answer to an utterance. `on_offer` says whether the prompt has a slot on the table: without one
/// a bare yes confirms nothing.
pub(super) fn perfect_answer(utterance: UtteranceId, on_offer: bool) -> Value {
    let ask = |date: Value, time: Value| json!({"action": "ask", "date": date, "time": time});
    let weekday = |words, weekday, week_offset| json!({"words": words, "weekday": weekday, "week_offset": week_offset});
    let days = |words, days| json!({"words": words, "days_from_now": days});
    let hour = |words, hour, minute, part: Value| json!({"words": words, "hour": hour, "minute": minute, "part_of_day": part});
    match utterance.to_string().as_str() {
        "01" | "05" | "32" if on_offer => json!({"action": "confirm"}),
        "31" => json!({"action": "confirm"}),
        "09" | "18" | "36" | "37" => ask(Value::Null, Value::Null),
        "10" => ask(days("למחר", 1), Value::Null),
        "11" => ask(weekday("ביום שלישי", "tuesday", 0), Value::Null),
        "12" => ask(Value::Null, hour("בשעה עשר וחצי", 10, 30, Value::Null)),
        "13" => ask(Value::Null, hour("ברבע לשלוש", 2, 45, Value::Null)),
        "14" => ask(
            Value::Null,
            hour("ארבע אחר הצהריים", 4, 0, json!("afternoon")),
        ),
        "15" => ask(json!({"words": "בחמישה עשר לחודש", "day": 15}), Value::Null),
        "16" => ask(weekday("ביום ראשון הבא", "sunday", 1), Value::Null),
        "19" => ask(weekday("רביעי", "wednesday", 0), Value::Null),
        "20" => ask(Value::Null, hour("לשעה אחת עשרה", 11, 0, Value::Null)),
        "33" => ask(days("היום", 0), Value::Null),
        "21" => json!({"action": "none", "name": "דוד כהן"}),
        "22" => json!({"action": "none", "name": "מרים לוי"}),
        _ => json!({"action": "none"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn every_word_of_evidence_was_said() {
        for utterance in fixtures::all() {
            let answer = perfect_answer(utterance.id, true);
            for said in [
                &answer["date"]["words"],
                &answer["time"]["words"],
                &answer["name"],
            ] {
                let said = said.as_str().unwrap_or_default();
                assert!(utterance.text.contains(said), "{}: {said}", utterance.id);
            }
        }
    }

    #[test]
    fn a_bare_yes_needs_an_offer() {
        let yes = fixtures::all()[0].id;
        assert_eq!(perfect_answer(yes, true)["action"], "confirm");
        assert_eq!(perfect_answer(yes, false)["action"], "none");
    }
}
