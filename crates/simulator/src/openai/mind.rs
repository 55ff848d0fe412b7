//! What the simulated model says: it obeys the server events, then the scenario, then a small table of
//! harmless answers. It reads the same things a real model would: its instructions and the items.

use std::fmt::Write as _;

use serde_json::Value;

use super::conversation::{Content, Item, Role};
use crate::{
    fixtures::{self, UtteranceId},
    scenario::{Director, Misbehaviour},
};

/// What the model sees when it is asked to respond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// The session's standing instructions.
    pub(super) instructions: &'a str,
    /// This response's own instructions.
    pub(super) response_instructions: Option<&'a str>,
    /// The conversation.
    pub(super) items: &'a [Item],
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thought {
    /// The words, perhaps none.
    pub(super) text: String,
    /// How the answer ends.
    pub(super) ending: Ending,
}

/// How an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    Failed { code: String },
    ContentFilter,
    Dropped,
    Stalled,
}

/// Decides what to say.
pub(super) fn think(context: Context<'_>, director: &Director) -> Thought {
    if let Some(words) = context.response_instructions.and_then(dictated) {
        return Thought {
            text: words.to_owned(),
            ending: Ending::Completed,
        };
    }
    let event = fresh_event(context.items);
    let refused = event
        .as_ref()
        .is_some_and(|event| event["server_event"] == "claim_refused");
    let turn = last_caller_item(context.items).and_then(|item| match item.content {
        Content::Heard { turn, .. } => turn,
        Content::Text(_) | Content::Spoken { .. } => None,
    });
    let misbehaviour = if refused {
        None
    } else {
        turn.and_then(|turn| director.misbehaviour(turn))
    };
    let scripted = turn.and_then(|turn| director.turn(turn).reply.as_deref());
    let obedient = || match &event {
        Some(event) => say_event(event),
        None => say_freely(context, scripted),
    };
    let (text, ending) = match misbehaviour {
        None => (obedient(), Ending::Completed),
        Some(Misbehaviour::Lie(lie)) => (lie, Ending::Completed),
        Some(Misbehaviour::IgnoreEvents) => (say_freely(context, scripted), Ending::Completed),
        Some(Misbehaviour::Silent) => (String::new(), Ending::Completed),
        Some(Misbehaviour::FailResponse(code)) => (String::new(), Ending::Failed { code }),
        Some(Misbehaviour::Incomplete) => (half(&obedient()), Ending::ContentFilter),
        Some(Misbehaviour::Drop) => (half(&obedient()), Ending::Dropped),
        Some(Misbehaviour::Stall) => (half(&obedient()), Ending::Stalled),
    };
    Thought { text, ending }
}

/// The words that a response is told to say and nothing else: `בדיוק: «…»` or `exactly: «…»`.
fn dictated(instructions: &str) -> Option<&str> {
    let orders = ["בדיוק: «", "exactly: «"];
    orders.into_iter().find_map(|order| {
        let (_, words) = instructions.split_once(order)?;
        Some(words.split_once('»')?.0)
    })
}

/// The items the model has not yet answered.
fn unanswered(items: &[Item]) -> &[Item] {
    let answered = items.iter().rposition(|item| item.role == Role::Assistant);
    &items[answered.map_or(0, |answered| answered + 1)..]
}

/// The newest server event that was not answered yet.
fn fresh_event(items: &[Item]) -> Option<Value> {
    unanswered(items).iter().rev().find_map(|item| {
        let Content::Text(text) = &item.content else {
            return None;
        };
        let start = text.find('{').filter(|_| item.role == Role::System)?;
        let event: Value = serde_json::Deserializer::from_str(&text[start..])
            .into_iter()
            .next()?
            .ok()?;
        event["server_event"].is_string().then_some(event)
    })
}

fn last_caller_item(items: &[Item]) -> Option<&Item> {
    items.iter().rev().find(|item| item.role == Role::User)
}

fn say_event(event: &Value) -> String {
    let own_words = event["say"].as_str();
    match event["server_event"].as_str().unwrap_or_default() {
        "appointment_created" => say_created(event),
        "free_slots" => say_free_slots(event),
        "slot_unavailable" => say_unavailable(event),
        "missing_details" => say_missing(event),
        "not_understood" => "סליחה, לא שמעתי טוב. אפשר לחזור?".to_owned(),
        "appointment_moved" => format!(
            "{}, במקום המועד הקודם.",
            say_created(event).trim_end_matches('.')
        ),
        "appointment_held" => say_created(event).replace("קבעתי לך פגישה", "כבר קבועה לך פגישה"),
        "call_resumed" => say_resumed(event),
        "read_back" => say_read_back(event),
        "own_appointments" => say_own_appointments(event),
        "transfer_failed" => say_transfer_failed(event),
        _ => own_words.unwrap_or("רגע אחד בבקשה.").to_owned(),
    }
}

/// The sentence that the prompt prescribes, from the event's own date and time.
fn say_created(event: &Value) -> String {
    let date = event["date"].as_str().unwrap_or_default();
    let mut parts = date.split('-').map(|part| part.trim_start_matches('0'));
    let (_, month, day) = (parts.next(), parts.next(), parts.next());
    let time = event["time"].as_str().unwrap_or_default();
    match (day, month) {
        (Some(day), Some(month)) => format!("קבעתי לך פגישה בתאריך {day}.{month} בשעה {time}."),
        _ => format!("קבעתי לך פגישה בתאריך {date} בשעה {time}."),
    }
}

/// What stands and was not told yet is told now, and nothing else again.
fn say_resumed(event: &Value) -> String {
    let mut text = "אנחנו ממשיכים מאיפה שהפסקנו.".to_owned();
    for booked in event["booked"].as_array().into_iter().flatten() {
        if booked["told"] == false {
            let _ = write!(text, " {}", say_created(booked));
        }
    }
    text
}

/// The day and hour, whole, and a question that only a yes answers.
fn say_read_back(event: &Value) -> String {
    let part = |key: &str| event[key].as_str().unwrap_or_default();
    let plain = || format!("בתאריך {} בשעה {}", part("date"), part("time"));
    let say = event["say"].as_str().map_or_else(plain, str::to_owned);
    format!("{say} לקבוע?")
}

fn say_own_appointments(event: &Value) -> String {
    match sayings(&event["appointments"]).as_slice() {
        [] => "לא מצאתי תור.".to_owned(),
        [one] => format!("התור שלך {one}."),
        several => format!("התורים שלך {}.", several.join(", ")),
    }
}

/// That somebody will call back is said only if the server says that it is noted.
fn say_transfer_failed(event: &Value) -> String {
    let nobody = "לא הצלחתי להשיג אף אחד כרגע";
    match event["say"].as_str() {
        _ if event["noted"] == true => format!("{nobody}, רשמתי שיחזרו אליך."),
        Some(say) => say.to_owned(),
        None => format!("{nobody}. אפשר לנסות שוב מאוחר יותר."),
    }
}

fn say_free_slots(event: &Value) -> String {
    let slots = sayings(&event["slots"]);
    let exact = event["time"].is_string() && event["slots"][0]["time"] == event["time"];
    match slots.as_slice() {
        [] => "אין לי כרגע שעות פנויות.".to_owned(),
        [slot] if exact => format!("{slot} פנוי. לקבוע לך?"),
        [slot] => format!("יש מקום פנוי {slot}. מתאים לך?"),
        slots => format!("יש לי כמה שעות פנויות. {}. מה מתאים לך?", listed(slots)),
    }
}

fn say_unavailable(event: &Value) -> String {
    let reason = event["reason_text"]
        .as_str()
        .unwrap_or("השעה הזאת לא פנויה");
    let mut text = format!("{}.", reason.trim_end_matches('.'));
    let alternatives = sayings(&event["alternatives"]);
    if !alternatives.is_empty() {
        let _ = write!(text, " אפשר {}. מה מתאים לך?", listed(&alternatives));
    }
    text
}

fn say_missing(event: &Value) -> String {
    let missing = |detail: &str| {
        event["missing"]
            .as_array()
            .is_some_and(|missing| missing.iter().any(|m| m == detail))
    };
    match (missing("date"), missing("time")) {
        (false, false) if missing("name") => "על איזה שם?",
        (true, false) => "לאיזה יום?",
        (false, true) => "באיזו שעה?",
        _ => "לאיזה יום ובאיזו שעה?",
    }
    .to_owned()
}

/// Up to three slots in the words the event gives for speech.
fn sayings(slots: &Value) -> Vec<&str> {
    let slots = slots.as_array().into_iter().flatten();
    slots
        .filter_map(|slot| slot["say"].as_str().or(slot["time"].as_str()))
        .take(3)
        .collect()
}

fn listed(slots: &[&str]) -> String {
    match slots {
        [first @ .., last] if !first.is_empty() => format!("{} או {last}", first.join(", ")),
        slots => slots.concat(),
    }
}

fn say_freely(context: Context<'_>, scripted: Option<&str>) -> String {
    if let Some(scripted) = scripted {
        return scripted.to_owned();
    }
    let Some(item) = last_caller_item(context.items) else {
        return say_greeting(context);
    };
    let understood = match &item.content {
        Content::Heard { understood, .. } => understood.last().copied(),
        Content::Text(text) => fixtures::within(text).map(|utterance| utterance.id),
        Content::Spoken { .. } => None,
    };
    understood
        .map_or("סליחה, לא שמעתי טוב. אפשר לחזור?", say_by_intent)
        .to_owned()
}

fn say_greeting(context: Context<'_>) -> String {
    let name = context
        .response_instructions
        .and_then(quoted_name)
        .or_else(|| quoted_name(context.instructions));
    match name {
        Some(name) => format!("שלום, הגעתם ל{name}, איך אפשר לעזור?"),
        None => "שלום, איך אפשר לעזור?".to_owned(),
    }
}

/// The first short text in quotation marks that does not end like a sentence: the business's name.
fn quoted_name(instructions: &str) -> Option<&str> {
    let quoted = |open: char, close: char| {
        instructions
            .match_indices(open)
            .filter_map(move |(at, mark)| instructions[at + mark.len()..].split_once(close))
    };
    let names = [
        ('"', '"'),
        ('\u{201c}', '\u{201d}'),
        ('«', '»'),
        ('\u{05f4}', '\u{05f4}'),
    ];
    names.into_iter().find_map(|(open, close)| {
        quoted(open, close)
            .map(|(name, _)| name.trim())
            .find(|name| is_name(name))
    })
}

fn is_name(text: &str) -> bool {
    let claims = ["קבעתי", "שריינתי", "שלחתי"];
    let length = text.chars().count();
    (2..=60).contains(&length)
        && !text.contains(['\n', '{', ':'])
        && !text.ends_with(['.', '?', '!', ','])
        && !claims.iter().any(|claim| text.contains(claim))
}

/// Answers that claim nothing, for what is said outside the business of booking.
fn say_by_intent(utterance: UtteranceId) -> &'static str {
    let utterance = fixtures::by_id(utterance);
    if utterance.text == "שלחתם לי הודעה" {
        return "בזמן שיחת טלפון לא נשלחות הודעות.";
    }
    match utterance.intent {
        "yes" | "ok" | "confirm" => "בסדר גמור.",
        "no" | "stop" => "אין בעיה. מה תרצו?",
        "wait" | "side" => "בסדר, אני כאן.",
        "backchannel" => "כן.",
        "thanks" => "בשמחה.",
        "hello" => "שלום, במה אפשר לעזור?",
        "book" | "service" | "urgent" => "בשמחה. לאיזה יום ובאיזו שעה?",
        "time" | "date" | "correct" | "reschedule" | "check" => "רגע, אני בודק.",
        "cancel" => "הבנתי שתרצו לבטל. על שם מי התור?",
        "name" => "נעים מאוד.",
        "phone" => "תודה, רשמתי את המספר.",
        "price" => "אין לי כאן מחירון. במה עוד אפשר לעזור?",
        "address" => "את הכתובת אפשר למצוא באתר שלנו.",
        "hours" => "אנחנו פתוחים בשעות הפעילות הרגילות.",
        "human" => "רגע בבקשה.",
        "repeat" => "כמובן, אני חוזר.",
        "late" => "תודה שהודעתם.",
        "bye" => "להתראות, יום טוב!",
        _ => "במה אפשר לעזור?",
    }
}

fn half(text: &str) -> String {
    text.chars()
        .take(text.chars().count().div_ceil(2))
        .collect()
}

#[cfg(test)]
mod tests;
