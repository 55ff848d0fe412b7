//! From the model's JSON to the clean result: read, date, and drop what was invented.

use serde::Deserialize;
use serde_json::{Value, error::Category};
use toran_domain::{
    Action, AppointmentRequest, Detail, Intent, MAX_NAME_CHARS, PhoneNumber, Pii, RequestedTime,
    Understood, is_plain,
};
use toran_hebrew as hebrew;

use crate::{
    ParseContext,
    evidence::Evidence,
    judge::{Judge, JudgedTime},
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

#[derive(Deserialize)]
struct Answer {
    action: String,
    #[serde(default)]
    intent: Value,
    #[serde(default)]
    date: Value,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    not_on: Value,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    phone: Value,
    #[serde(default)]
    confirm_words: Value,
    #[serde(default)]
    one_more: Option<bool>,
}

/// Reads a model's answer to `user_text`.
///
/// Besides the schema's symbolic form it takes plain values (`"2026-11-24"`, `"16:30"`), which models behind
/// OpenAI-compatible services give when they ignore the schema. A value counts if it is found in the caller's words,
/// however it was quoted. What is quoted but not found is only asked, and the rest is dropped and named in
/// [`Understood::unclear`].
///
/// A confirmation stands only if the caller's own words say yes, the table holds a day and an hour, nothing that was
/// named or said is another one, and the agent had not left the choice between two. Else it is a question, so that the
/// time is read back to the caller and never booked.
pub fn read_answer(
    json: &str,
    user_text: &str,
    context: &ParseContext<'_>,
) -> Result<Understood, AnswerError> {
    let answer: Answer = serde_json::from_str(json)?;
    let stated = action_named(&answer.action)?;
    let says_yes = hebrew::yes_said(user_text);
    let judge = Judge {
        caller: Evidence::new(user_text, context.now),
        agent: context
            .last_said
            .filter(|_| says_yes && stated == Action::Confirm)
            .map(|said| Evidence::new(said, context.now)),
        context,
    };
    let judged = judge.time_of(&answer.date, &answer.time);
    let intent = answer
        .intent
        .as_str()
        .and_then(|word| Intent::from_word(&word.trim().to_lowercase()));
    let (stated, intent) = agreed(stated, intent, judged, user_text);
    let settled = match stated {
        Action::Ask => ask(&judge, judged),
        Action::Confirm => confirm(&judge, judged, says_yes, answer.confirm_words.as_str()),
        Action::None => Settled::NOTHING,
    };
    let intent = intent.unwrap_or(match settled.action {
        Action::Ask | Action::Confirm => Intent::Book,
        Action::None => Intent::Other,
    });
    let (name, name_is_unclear) = spoken_name(answer.name.as_deref(), user_text);
    let mut unclear = settled.unclear;
    unclear.extend(name_is_unclear.then_some(Detail::Name));
    // A question books nothing and is read back, so that the answer's word is enough; but who corrects himself asks for no
    // second one.
    let is_only_asked = stated == Action::Ask && settled.action == Action::Ask;
    let asks_for_one_more = speaks_of_one_more(intent, user_text)
        || (is_only_asked && !hebrew::correction_said(user_text));
    Ok(Understood {
        about: about(intent, settled.action, judged),
        part_of_day: judged
            .part_of_day
            .filter(|_| settled.action == Action::Ask && settled.when.time.is_none()),
        not_on: judge.not_on(&answer.not_on),
        request: AppointmentRequest {
            action: settled.action,
            date: settled.when.date,
            time: settled.when.time,
            name,
        },
        intent,
        one_more: answer.one_more.unwrap_or(false) && asks_for_one_more,
        phone: spoken_phone(answer.phone.as_str(), user_text),
        unclear,
    })
}

fn action_named(word: &str) -> Result<Action, AnswerError> {
    match word.trim().to_lowercase().as_str() {
        "ask" => Ok(Action::Ask),
        "confirm" => Ok(Action::Confirm),
        "none" => Ok(Action::None),
        _ => Err(AnswerError::UnknownAction),
    }
}

/// The action and the intent of an answer, where they go together.
fn agreed(
    stated: Action,
    intent: Option<Intent>,
    judged: JudgedTime,
    user_text: &str,
) -> (Action, Option<Intent>) {
    let action = match (intent, stated) {
        // Who cancels and asks for another time moves: the new time is not the one to cancel.
        (Some(Intent::Cancel), Action::Ask)
            if !judged.said().is_empty() && hebrew::replacement_said(user_text) =>
        {
            return (Action::Ask, Some(Intent::Move));
        }
        // Of an appointment that stands nothing new is asked or confirmed.
        (Some(Intent::Cancel | Intent::OwnAppointment), _)
        // A yes to being put through books nothing.
        | (Some(Intent::Person), Action::Confirm) => Action::None,
        _ => stated,
    };
    (action, intent)
}

/// Whether the caller's own words ask for one more appointment. "יש לי עוד תור?" is about one that stands.
fn speaks_of_one_more(intent: Intent, user_text: &str) -> bool {
    !matches!(intent, Intent::Cancel | Intent::OwnAppointment) && hebrew::one_more_said(user_text)
}

/// What the action, the day and the hour of an answer come to.
struct Settled {
    action: Action,
    when: RequestedTime,
    unclear: Vec<Detail>,
}

impl Settled {
    const NOTHING: Self = Self {
        action: Action::None,
        when: RequestedTime {
            date: None,
            time: None,
        },
        unclear: Vec::new(),
    };

    /// What is on the table, to be looked at and read back once more.
    const fn read_back(table: RequestedTime) -> Self {
        Self {
            action: Action::Ask,
            when: table,
            unclear: Vec::new(),
        }
    }
}

/// What was left unsaid because it is on the table: "at half past ten" means the day under discussion, and a day
/// completes an hour that has none. Another day does not carry the old hour over, and what is unclear is never filled.
fn ask(judge: &Judge<'_>, judged: JudgedTime) -> Settled {
    let table = judge.context.table;
    let said = judged.said();
    let speaks_of_another = said.date.is_none()
        && said.time.is_some()
        && table
            .date
            .is_some_and(|day| judge.caller.speaks_of_another_day(day, said.time));
    let day_is_unclear = judged.date.is_discarded() || speaks_of_another;
    let hour_is_unclear = judged.time.is_discarded();
    let when = match (said.date, said.time) {
        (None, Some(_)) if !day_is_unclear => RequestedTime {
            date: table.date,
            ..said
        },
        (Some(_), None) if !hour_is_unclear && table.date.is_none() => RequestedTime {
            time: table.time,
            ..said
        },
        _ => said,
    };
    Settled {
        action: Action::Ask,
        when,
        unclear: unclear(day_is_unclear, hour_is_unclear),
    }
}

/// A yes to what is on the table; a question about what was named instead; nothing, if no yes was said.
fn confirm(
    judge: &Judge<'_>,
    judged: JudgedTime,
    says_yes: bool,
    confirm_words: Option<&str>,
) -> Settled {
    let table = judge.context.table;
    let caller = &judge.caller;
    let said = judged.said();
    let another_day = table
        .date
        .is_some_and(|date| caller.speaks_of_another_day(date, table.time));
    let another_hour = table
        .time
        .is_some_and(|time| caller.speaks_of_another_hour(time, table.date));
    let is_discarded = judged.date.is_discarded() || judged.time.is_discarded();
    let names_another = said.date.is_some_and(|date| Some(date) != table.date)
        || said.time.is_some_and(|time| Some(time) != table.time);
    let names_nothing_else = !(is_discarded || names_another || another_day || another_hour);
    // The words of a yes that our reader does not know are only asked; those of a no bear nothing out.
    let may_say_yes = says_yes
        || (!hebrew::no_said(judge.caller.text())
            && confirm_words.is_some_and(|words| caller.quotes_all(words)));
    if names_nothing_else
        && says_yes
        && !judge.choice_is_open()
        && table.date.is_some()
        && table.time.is_some()
    {
        return Settled {
            action: Action::Confirm,
            when: table,
            unclear: Vec::new(),
        };
    }
    if names_nothing_else && may_say_yes {
        return Settled::read_back(table);
    }
    let has_evidence = !said.is_empty() || another_day || another_hour;
    if !has_evidence && !may_say_yes {
        return Settled::NOTHING;
    }
    let asked = ask(judge, judged);
    let day_is_unclear = judged.date.is_discarded() || (another_day && said.date.is_none());
    let hour_is_unclear = judged.time.is_discarded() || (another_hour && said.time.is_none());
    let day = asked.when.date.filter(|_| !day_is_unclear);
    Settled {
        action: Action::Ask,
        when: RequestedTime {
            date: day,
            time: asked.when.time.filter(|_| !hour_is_unclear),
        },
        unclear: unclear(day_is_unclear, hour_is_unclear),
    }
}

fn unclear(day: bool, hour: bool) -> Vec<Detail> {
    [(day, Detail::Date), (hour, Detail::Time)]
        .into_iter()
        .filter_map(|(is_unclear, detail)| is_unclear.then_some(detail))
        .collect()
}

/// The time of an appointment that stands, which an answer without a request names.
fn about(intent: Intent, action: Action, judged: JudgedTime) -> RequestedTime {
    let is_of_a_standing_one = matches!(
        intent,
        Intent::Cancel | Intent::Move | Intent::OwnAppointment
    );
    if is_of_a_standing_one && action == Action::None {
        judged.said()
    } else {
        RequestedTime::default()
    }
}

/// The name, if every word of it was said, and whether one was named that was not.
fn spoken_name(named: Option<&str>, user_text: &str) -> (Option<Pii<String>>, bool) {
    let shown: String = named
        .unwrap_or_default()
        .trim()
        .chars()
        .filter(|c| is_plain(*c))
        .take(MAX_NAME_CHARS)
        .collect();
    if shown.is_empty() {
        return (None, false);
    }
    let name = hebrew::name_said(&shown, user_text);
    let is_unclear = name.is_none();
    (name.map(Pii::new), is_unclear)
}

/// The phone number, if its digits were said one after the other.
fn spoken_phone(named: Option<&str>, user_text: &str) -> Option<PhoneNumber> {
    let number = PhoneNumber::dialled(named?.trim()).ok()?;
    let digits = number.e164().trim_start_matches('+');
    let national = digits.strip_prefix("972").unwrap_or(digits);
    hebrew::digits_said(user_text)
        .iter()
        .any(|said| said.ends_with(national) && !national.is_empty())
        .then_some(number)
}
