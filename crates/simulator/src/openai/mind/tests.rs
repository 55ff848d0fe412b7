use serde_json::json;

use super::*;
use crate::{openai::conversation::Status, scenario::Scenario};

fn item(role: Role, text: &str) -> Item {
    let content = Content::Text(text.to_owned());
    Item {
        id: "i".into(),
        role,
        status: Status::Completed,
        content,
    }
}

fn heard(id: &str, director: &Director) -> Item {
    let id: UtteranceId = id.parse().expect("a recorded utterance");
    let turn = director.hear(id);
    let content = Content::Heard {
        understood: vec![id],
        turn,
        audio_ms: 1_000,
    };
    Item {
        content,
        ..item(Role::User, "")
    }
}

fn said(items: &[Item], director: &Director) -> String {
    let instructions = "את עונה לטלפון של \"מספרת אורלי\". אסור לומר \"קבעתי\".";
    think(
        Context {
            instructions,
            response_instructions: None,
            items,
        },
        director,
    )
    .text
}

#[track_caller]
fn check(event: &Value, expected: &str) {
    let director = Director::new(Scenario::default());
    let items = [
        item(Role::User, "כן"),
        item(Role::System, &event.to_string()),
    ];
    assert_eq!(said(&items, &director), expected);
}

#[test]
fn it_says_what_the_server_did() {
    check(
        &json!({"server_event": "appointment_created", "date": "2026-11-24", "time": "16:30"}),
        "קבעתי לך פגישה בתאריך 24.11 בשעה 16:30.",
    );
    check(
        &json!({"server_event": "free_slots", "time": "10:30",
            "slots": [{"time": "10:30", "say": "יום שלישי בעשר וחצי"}]}),
        "יום שלישי בעשר וחצי פנוי. לקבוע לך?",
    );
    check(
        &json!({"server_event": "slot_unavailable", "reason_text": "השעה תפוסה.",
            "alternatives": [{"say": "עשר"}, {"say": "אחת עשרה"}]}),
        "השעה תפוסה. אפשר עשר או אחת עשרה. מה מתאים לך?",
    );
    check(
        &json!({"server_event": "missing_details", "missing": ["time"]}),
        "באיזו שעה?",
    );
    check(
        &json!({"server_event": "booking_unavailable", "say": "אני רושם."}),
        "אני רושם.",
    );
}

#[test]
fn it_reads_back_what_it_shall_ask_a_yes_for() {
    check(
        &json!({"server_event": "read_back", "date": "2026-11-24", "time": "10:30",
            "say": "יום שלישי, 24 בנובמבר, בשעה עשר וחצי"}),
        "יום שלישי, 24 בנובמבר, בשעה עשר וחצי לקבוע?",
    );
}

#[test]
fn it_tells_the_callers_own_appointments() {
    let event = |appointments: Value| json!({"server_event": "own_appointments", "appointments": appointments});
    let one = json!({"date": "2026-11-24", "time": "10:30", "say": "יום שלישי בעשר וחצי"});
    let other = json!({"date": "2026-11-25", "time": "11:00", "say": "יום רביעי באחת עשרה"});
    check(&event(json!([])), "לא מצאתי תור.");
    check(&event(json!([one])), "התור שלך יום שלישי בעשר וחצי.");
    check(
        &event(json!([one, other])),
        "התורים שלך יום שלישי בעשר וחצי, יום רביעי באחת עשרה.",
    );
}

#[test]
fn it_promises_what_the_server_says_and_no_more() {
    for name in ["request_noted", "request_lost", "transferring"] {
        check(&json!({"server_event": name, "say": "כך וכך."}), "כך וכך.");
    }
    let failed = |noted: Value, say: Value| json!({"server_event": "transfer_failed", "noted": noted, "say": say});
    check(
        &failed(json!(true), Value::Null),
        "לא הצלחתי להשיג אף אחד כרגע, רשמתי שיחזרו אליך.",
    );
    check(
        &failed(Value::Null, json!("אף אחד לא ענה.")),
        "אף אחד לא ענה.",
    );
    check(
        &failed(json!(false), Value::Null),
        "לא הצלחתי להשיג אף אחד כרגע. אפשר לנסות שוב מאוחר יותר.",
    );
}

#[test]
fn it_asks_for_what_is_missing() {
    let missing = |missing: &[&str]| json!({"server_event": "missing_details", "missing": missing});
    check(&missing(&["date"]), "לאיזה יום?");
    check(&missing(&["time", "name"]), "באיזו שעה?");
    check(&missing(&["date", "time"]), "לאיזה יום ובאיזו שעה?");
    check(&missing(&["name"]), "על איזה שם?");
}

#[test]
fn it_says_what_it_is_told_word_for_word() {
    let director = Director::new(Scenario::default());
    let said = |instructions| {
        let context = Context {
            instructions: "את עונה לטלפון.",
            response_instructions: Some(instructions),
            items: &[],
        };
        think(context, &director).text
    };
    assert_eq!(
        said("אמרי בדיוק: «כל הקווים תפוסים.» ותו לא."),
        "כל הקווים תפוסים."
    );
    assert_eq!(said("Say exactly: «שלום, רגע.»"), "שלום, רגע.");
    assert_eq!(
        said("ברכי בשם «אורלי»"),
        "שלום, הגעתם לאורלי, איך אפשר לעזור?"
    );
}

#[test]
fn it_greets_by_the_name_in_its_instructions() {
    let director = Director::new(Scenario::default());
    assert_eq!(
        said(&[], &director),
        "שלום, הגעתם למספרת אורלי, איך אפשר לעזור?"
    );
}

#[test]
fn an_answered_event_is_not_answered_again() {
    let director = Director::new(Scenario::default());
    let event = r#"{"server_event":"missing_details","missing":["date"]}"#;
    let items = [
        item(Role::System, event),
        item(Role::Assistant, "לאיזה יום?"),
        heard("40", &director),
    ];
    assert_eq!(said(&items, &director), "להתראות, יום טוב!");
}

#[test]
fn a_lie_ends_when_it_is_refused() {
    let scenario = "title = 'x'\n[[turns]]\nutterance = '21'\nmisbehave = { lie = 'קבעתי' }";
    let director = Director::new(Scenario::parse(scenario).expect("a scenario"));
    let mut items = vec![heard("21", &director)];
    assert_eq!(said(&items, &director), "קבעתי");
    let event = r#"{"server_event":"claim_refused","say":"אני רושם את הבקשה."}"#;
    items.push(item(Role::System, event));
    assert_eq!(said(&items, &director), "אני רושם את הבקשה.");
}
