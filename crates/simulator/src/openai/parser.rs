//! What a perfect parser says about each recorded utterance.
//!
//! Written from the words alone, in the symbolic form that the gateway's schema asks for; the schema
//! fills what is missing here with null, and what it has no place for is left out.

use serde_json::{Value, json};

use crate::fixtures::{self, UtteranceId};

/// The answer to an utterance. `on_offer` says whether the prompt has a slot on the table: without one
/// a bare yes confirms nothing.
pub(super) fn perfect_answer(utterance: UtteranceId, on_offer: bool) -> Value {
    let ask = |date: Value, time: Value| json!({"action": "ask", "date": date, "time": time});
    let weekday = |words, weekday, week_offset| json!({"words": words, "weekday": weekday, "week_offset": week_offset});
    let days = |words, days| json!({"words": words, "days_from_now": days});
    let hour = |words, hour, minute, part: Value| json!({"words": words, "hour": hour, "minute": minute, "part_of_day": part});
    let mut answer = match utterance.to_string().as_str() {
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
    };
    complete(&mut answer, utterance);
    answer
}

/// Adds to an answer what it does not say and the utterance does: what the caller is about, and the words of a yes.
pub(super) fn complete(answer: &mut Value, utterance: UtteranceId) {
    if !answer.is_object() {
        return;
    }
    if answer.get("intent").is_none() {
        answer["intent"] = json!(intent(utterance));
    }
    if answer["action"] == "confirm" && answer.get("confirm_words").is_none() {
        answer["confirm_words"] = json!(yes_of(utterance));
    }
}

/// What the caller is about.
fn intent(utterance: UtteranceId) -> &'static str {
    let utterance = fixtures::by_id(utterance);
    match utterance.intent {
        "yes" | "ok" | "confirm" | "book" | "service" | "urgent" | "time" | "date" | "correct" => {
            "book"
        }
        "cancel" => "cancel",
        "reschedule" => "move",
        // Of the two that check something, one is about a message.
        "check" if utterance.text.contains("תור") => "own_appointment",
        "price" | "address" | "hours" => "information",
        "human" => "person",
        "late" => "message",
        _ => "other",
    }
}

/// The words that say yes, if the utterance has any.
fn yes_of(utterance: UtteranceId) -> Option<&'static str> {
    let mut words = fixtures::by_id(utterance).text.split(' ');
    words.find(|word| ["כן", "בסדר", "מצוין"].contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_evidence_was_said() {
        for utterance in fixtures::all() {
            let answer = perfect_answer(utterance.id, true);
            for said in [
                &answer["date"]["words"],
                &answer["time"]["words"],
                &answer["name"],
                &answer["confirm_words"],
            ] {
                let said = said.as_str().unwrap_or_default();
                assert!(utterance.text.contains(said), "{}: {said}", utterance.id);
            }
        }
    }

    #[track_caller]
    fn check(id: &str, expected_intent: &str, expected_yes: Option<&str>) {
        let answer = perfect_answer(id.parse().expect("a recorded utterance"), true);
        assert_eq!(answer["intent"], expected_intent, "{id}");
        assert_eq!(answer["confirm_words"].as_str(), expected_yes, "{id}");
    }

    #[test]
    fn what_the_caller_is_about_is_named() {
        check("01", "book", Some("כן"));
        check("05", "book", Some("בסדר"));
        check("32", "book", Some("מצוין"));
        check("10", "book", None);
        check("17", "cancel", None);
        check("18", "move", None);
        check("34", "own_appointment", None);
        check("35", "other", None);
        check("25", "information", None);
        check("28", "person", None);
        check("38", "message", None);
        check("40", "other", None);
    }

    #[test]
    fn every_confirmation_has_its_yes() {
        for utterance in fixtures::all() {
            let answer = perfect_answer(utterance.id, true);
            let confirms = answer["action"] == "confirm";
            assert_eq!(
                confirms,
                answer["confirm_words"].is_string(),
                "{}",
                utterance.id
            );
        }
    }

    #[test]
    fn a_bare_yes_needs_an_offer() {
        let yes = fixtures::all()[0].id;
        assert_eq!(perfect_answer(yes, true)["action"], "confirm");
        assert_eq!(perfect_answer(yes, false)["action"], "none");
    }
}
