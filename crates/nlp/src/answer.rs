//! From the model's JSON to the clean result: read, date, and drop what was invented.

use serde::Deserialize;
use serde_json::Value;
use time::{Date, Time, format_description::FormatItem, macros::format_description};
use toran_domain::{Action, AppointmentRequest, MAX_NAME_CHARS, Pii, RequestedTime};
use toran_hebrew as hebrew;

use crate::{
    ParseContext,
    resolve::{PartOfDay, SaidDate, SaidTime, SaidWeekday},
};

/// Why an answer is not the contract.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not JSON, not an object, or a field of a foreign type.
    #[error("the answer is not the JSON of the schema")]
    Malformed(#[from] serde_json::Error),
    /// `action` is not one of its three words.
    #[error("the answer's action is not ask, confirm or none")]
    UnknownAction,
}

const ISO_DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");
const CLOCK: &[FormatItem<'_>] = format_description!("[hour]:[minute]");

#[derive(Deserialize)]
struct Answer {
    action: String,
    #[serde(default)]
    date: Value,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    name: Option<String>,
}

/// Reads a model's answer to `user_text`.
///
/// Besides the schema's symbolic form it takes plain values (`"2026-11-24"`, `"16:30"`), which models behind
/// OpenAI-compatible services give when they ignore the schema. Dates that do not exist, hours that do not
/// exist, and words that the caller did not say come out as `None`.
pub fn read_answer(
    json: &str,
    user_text: &str,
    context: &ParseContext<'_>,
) -> Result<AppointmentRequest, AnswerError> {
    let answer: Answer = serde_json::from_str(json)?;
    let action = match answer.action.as_str() {
        "ask" => Action::Ask,
        "confirm" => Action::Confirm,
        "none" => Action::None,
        _ => return Err(AnswerError::UnknownAction),
    };
    let evidence = Evidence::new(
        user_text,
        (action == Action::Confirm)
            .then_some(context.last_said)
            .flatten(),
    );
    let name = answer
        .name
        .as_deref()
        .and_then(|name| spoken_name(name, user_text));
    if action == Action::None {
        return Ok(AppointmentRequest {
            name,
            ..AppointmentRequest::NONE
        });
    }
    let said = RequestedTime {
        date: read_date(&answer.date, context)
            .filter(|date| context.table.date == Some(*date) || evidence.supports(&answer.date)),
        time: read_time(&answer.time, context)
            .filter(|time| context.table.time == Some(*time) || evidence.supports(&answer.time)),
    };
    let RequestedTime { date, time } = beside_the_table(action, said, context.table);
    Ok(AppointmentRequest {
        action,
        date,
        time,
        name,
    })
}

/// What was left unsaid because it is on the table: "yes" means the offered slot, and "at half past ten" means
/// the day under discussion. A question about another day does not carry the old hour over.
fn beside_the_table(action: Action, said: RequestedTime, table: RequestedTime) -> RequestedTime {
    match action {
        Action::Confirm => RequestedTime {
            date: said.date.or(table.date),
            time: said.time.or(table.time),
        },
        Action::Ask if said.time.is_some() => RequestedTime {
            date: said.date.or(table.date),
            ..said
        },
        Action::Ask | Action::None => said,
    }
}

fn read_date(value: &Value, context: &ParseContext<'_>) -> Option<Date> {
    let today = context.now.date();
    if let Some(text) = value.as_str() {
        return Date::parse(text, ISO_DATE).ok();
    }
    let int = |key: &str| value.get(key).and_then(Value::as_i64);
    let weekday = value
        .get("weekday")
        .and_then(Value::as_str)
        .and_then(SaidWeekday::from_word);
    let said = if let Some(day) = int("day") {
        SaidDate::Calendar {
            day,
            month: int("month"),
            year: int("year"),
            weekday,
        }
    } else if let Some(weekday) = weekday {
        SaidDate::Weekday {
            weekday,
            week_offset: int("week_offset").unwrap_or(0),
        }
    } else {
        SaidDate::DaysFromNow(int("days_from_now")?)
    };
    said.resolve(today)
}

fn read_time(value: &Value, context: &ParseContext<'_>) -> Option<Time> {
    if let Some(text) = value.as_str() {
        return Time::parse(text, CLOCK).ok();
    }
    let said = SaidTime {
        hour: value.get("hour").and_then(Value::as_i64)?,
        minute: value.get("minute").and_then(Value::as_i64).unwrap_or(0),
        part_of_day: value
            .get("part_of_day")
            .and_then(Value::as_str)
            .and_then(PartOfDay::from_word),
    };
    said.resolve(context.settings)
}

/// The caller's words, against which an answer's `words` are held.
struct Evidence {
    heard: String,
}

impl Evidence {
    fn new(user_text: &str, offered: Option<&str>) -> Self {
        Self {
            heard: hebrew::normalise(&format!("{user_text} {}", offered.unwrap_or_default())),
        }
    }

    /// Whether any word that the answer rests on was said. Hebrew glues prepositions to words ("בשלישי"), so a
    /// word also counts without its first letter. An answer without `words` (a plain value) rests on nothing
    /// that can be checked here.
    fn supports(&self, value: &Value) -> bool {
        let Some(words) = value.get("words").and_then(Value::as_str) else {
            return true;
        };
        let words = hebrew::normalise(words);
        let mut tokens = hebrew::words(&words).peekable();
        tokens.peek().is_none() || tokens.any(|token| self.said(token))
    }

    fn said(&self, token: &str) -> bool {
        let mut chars = token.chars();
        chars.next();
        let rest = chars.as_str();
        self.heard.contains(token) || (rest.chars().count() >= 2 && self.heard.contains(rest))
    }
}

/// A name counts only if every word of it was said.
fn spoken_name(name: &str, user_text: &str) -> Option<Pii<String>> {
    let shown: String = name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    let normalised = hebrew::normalise(&shown);
    let heard = hebrew::normalise(user_text);
    let mut words = hebrew::words(&normalised).peekable();
    words.peek()?;
    words
        .all(|word| heard.contains(word))
        .then(|| Pii::new(shown))
}
