//! From the model's JSON to the clean result: read, date, and drop what was invented.

use serde::Deserialize;
use serde_json::{Value, error::Category};
use time::{Date, Time, format_description::FormatItem, macros::format_description};
use toran_domain::{Action, AppointmentRequest, MAX_NAME_CHARS, Pii, RequestedTime};

use crate::{
    ParseContext,
    evidence::{Evidence, Sayable, Support},
    resolve::{PartOfDay, SaidDate, SaidTime, SaidWeekday, holiday_named},
};

/// Why an answer is not the contract.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not JSON, not an object, or a field of a foreign type. Only the place is kept: the parser's own message
    /// may quote what the caller said.
    #[error(
        "the answer is not the JSON of the schema ({category:?} error at line {line}, column {column}); \
         use a model that supports structured outputs"
    )]
    Malformed {
        /// Of what kind the fault is.
        category: Category,
        /// In which line, from 1.
        line: usize,
        /// After which column.
        column: usize,
    },
    /// `action` is not one of its three words.
    #[error("the answer's action is not ask, confirm or none")]
    UnknownAction,
}

impl From<serde_json::Error> for AnswerError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed {
            category: error.classify(),
            line: error.line(),
            column: error.column(),
        }
    }
}

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The clean result.
    pub request: AppointmentRequest,
    /// Whether the caller asked for one more appointment, beside one that was made before.
    pub one_more: bool,
    /// Whether the answer named a day, an hour or a name that is left out of the result, because the caller did
    /// not say it or because there is no such day or hour.
    pub discarded: bool,
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
    #[serde(default)]
    one_more: Option<bool>,
}

/// Reads a model's answer to `user_text`.
///
/// Besides the schema's symbolic form it takes plain values (`"2026-11-24"`, `"16:30"`), which models behind
/// OpenAI-compatible services give when they ignore the schema. Dates that do not exist, hours that do not
/// exist, and words that the caller did not say come out as `None`.
///
/// A confirmation of something else than what is on the table counts only in the caller's own words. Without them
/// it is a question about that time, so that it is read back to the caller and never booked.
pub fn read_answer(
    json: &str,
    user_text: &str,
    context: &ParseContext<'_>,
) -> Result<Reading, AnswerError> {
    let answer: Answer = serde_json::from_str(json)?;
    let action = match answer.action.as_str() {
        "ask" => Action::Ask,
        "confirm" => Action::Confirm,
        "none" => Action::None,
        _ => return Err(AnswerError::UnknownAction),
    };
    let one_more = answer.one_more.unwrap_or(false);
    let caller = Evidence::new(user_text);
    let named = answer
        .name
        .as_deref()
        .filter(|name| !name.trim().is_empty());
    let name = named.and_then(|name| spoken_name(name, &caller));
    let name_discarded = named.is_some() && name.is_none();
    if action == Action::None {
        return Ok(Reading {
            request: AppointmentRequest {
                name,
                ..AppointmentRequest::NONE
            },
            one_more,
            discarded: name_discarded,
        });
    }
    let witness = Witness {
        action,
        caller,
        agent: context.last_said.map(Evidence::new),
    };
    let table = context.table;
    let date = witness.judge(&answer.date, read_date(&answer.date, context), table.date);
    let time = witness.judge(&answer.time, read_time(&answer.time, context), table.time);
    let action = if date.must_be_asked() || time.must_be_asked() {
        Action::Ask
    } else {
        action
    };
    let said = RequestedTime {
        date: date.value(),
        time: time.value(),
    };
    let discarded = name_discarded || date.is_discarded() || time.is_discarded();
    let RequestedTime { date, time } = beside_the_table(action, said, table);
    Ok(Reading {
        request: AppointmentRequest {
            action,
            date,
            time,
            name,
        },
        one_more,
        discarded,
    })
}

/// What a day or an hour of the answer counts for.
#[derive(Clone, Copy)]
enum Judged<T> {
    Unnamed,
    Counts(T),
    /// It is neither on the table nor in the caller's words: no confirmation rests on it.
    OnlyAsked(T),
    Discarded,
}

impl<T> Judged<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Counts(value) | Self::OnlyAsked(value) => Some(value),
            Self::Unnamed | Self::Discarded => None,
        }
    }

    const fn must_be_asked(&self) -> bool {
        matches!(self, Self::OnlyAsked(_))
    }

    const fn is_discarded(&self) -> bool {
        matches!(self, Self::Discarded)
    }
}

/// Who can bear out an answer's action.
struct Witness {
    action: Action,
    caller: Evidence,
    agent: Option<Evidence>,
}

impl Witness {
    /// The agent's words bear a value out only where the caller says yes to them, and the table says nothing else.
    fn judge<T: Sayable>(&self, named: &Value, value: Option<T>, table: Option<T>) -> Judged<T> {
        if named.is_null() {
            return Judged::Unnamed;
        }
        let Some(value) = value else {
            return Judged::Discarded;
        };
        let support = match self.caller.support(named) {
            // Quoted in another spelling than the transcript's: the value itself was said.
            Support::Invented if value.is_said(&self.caller) => Support::Quoted,
            support => support,
        };
        let confirms = self.action == Action::Confirm;
        match table {
            Some(on_table) if on_table == value => Judged::Counts(value),
            Some(_) if confirms && support != Support::Quoted => Judged::OnlyAsked(value),
            Some(_) | None if support != Support::Invented => Judged::Counts(value),
            None if confirms && self.agent_said(named) => Judged::Counts(value),
            Some(_) | None => Judged::Discarded,
        }
    }

    fn agent_said(&self, named: &Value) -> bool {
        self.agent
            .as_ref()
            .is_some_and(|agent| agent.support(named) == Support::Quoted)
    }
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
    } else if let Some(name) = value.get("holiday").and_then(Value::as_str) {
        let holiday = holiday_named(name)?;
        match value.get("relation").and_then(Value::as_str) {
            Some("on") | None => SaidDate::Holiday {
                holiday,
                eve: false,
            },
            Some("eve") => SaidDate::Holiday { holiday, eve: true },
            // "After the holidays" is no day: the caller is asked for one.
            Some(_) => return None,
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

/// A name counts only if every word of it was said.
fn spoken_name(name: &str, caller: &Evidence) -> Option<Pii<String>> {
    let shown: String = name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    caller.has_name(&shown).then(|| Pii::new(shown))
}
