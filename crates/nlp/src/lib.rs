//! `extract_appointment_request`: what a caller asked for, found by a language model and dated by code.
//!
//! The model reports *what was said*, as words and in symbolic form ("Tuesday", "in two days", "the 15th");
//! this crate turns that into a date. Models are unreliable at calendars even with the next two weeks in the
//! prompt, and code is not. The public result is exactly `action`, `date`, `time`, `name`, and nothing in it
//! is invented: what the answer claims but the caller did not say is dropped.
//!
//! It is *not* a regular-expression parser of Hebrew, it knows no network (see [`Completer`]) and it does not
//! decide: whether a time exists, is open or is free is the booking desk's to say.
//!
//! ```
//! use time::macros::{date, datetime, time};
//! use toran_domain::{Action, RequestedTime};
//! use toran_nlp::{ParseContext, read_answer};
//! use toran_scheduling::{AppointmentSettings, TimeZoneName};
//!
//! let settings = AppointmentSettings::simple(
//!     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
//! )?;
//! let context = ParseContext {
//!     now: datetime!(2026-11-22 10:00), // a Sunday, on the business's wall clock
//!     settings: &settings,
//!     table: RequestedTime::default(),
//!     last_said: None,
//! };
//! let answer = r#"{"action":"ask","date":{"words":"יום שלישי","weekday":"tuesday","week_offset":0},
//!                  "time":{"words":"ארבע","hour":4,"minute":0,"part_of_day":null},"name":null}"#;
//! let request = read_answer(answer, "יש משהו ביום שלישי בארבע?", &context)?.request;
//! assert_eq!(request.action, Action::Ask);
//! assert_eq!(request.date, Some(date!(2026-11-24)));
//! assert_eq!(request.time, Some(time!(16:00)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod completer;
mod evidence;
mod hearing;
mod holiday;
mod instructions;
mod judge;
mod lexicon;
mod resolve;
mod said;
mod schema;

use std::sync::Arc;

use time::PrimitiveDateTime;
use toran_domain::{AppointmentRequest, ModelName, RequestedTime, Understood, Usage};
use toran_hebrew as hebrew;
use toran_scheduling::AppointmentSettings;

pub use answer::{AnswerError, read_answer};
pub use completer::{Completer, CompleterError, Completion, CompletionRequest};
pub use hearing::{Hearing, hearing};
pub use schema::{SCHEMA_NAME, answer_schema};

/// The first line of the parser's prompt, letter for letter.
pub const OPENING: &str = "אתה מחלץ נתוני פגישה משורה. החזר JSON.";
/// The longest caller's segment that is parsed, in characters; what is beyond is cut.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// The most tokens an answer may take: it holds nine short fields.
pub const MAX_ANSWER_TOKENS: u32 = 400;

/// What the parser may know besides the caller's words.
#[derive(Debug, Clone, Copy)]
pub struct ParseContext<'a> {
    /// The business's wall clock.
    pub now: PrimitiveDateTime,
    /// The business's days and hours: they settle a bare hour that has one reading inside them.
    pub settings: &'a AppointmentSettings,
    /// The day and hour on the table: what the server last offered or was asked for.
    pub table: RequestedTime,
    /// The assistant's words just before, as far as the caller heard them.
    pub last_said: Option<&'a str>,
}

/// One parsed segment, and what parsing it used.
#[derive(Debug, Clone)]
pub struct Extraction {
    /// What the caller's words came to.
    pub understood: Understood,
    /// The model that answered. Empty if none was asked, and then nothing was used.
    pub model: ModelName,
    /// What it used.
    pub usage: Usage,
}

impl Extraction {
    /// Of a text that holds no word.
    fn of_nothing() -> Self {
        Self {
            understood: AppointmentRequest::NONE.into(),
            model: ModelName(String::new()),
            usage: Usage::default(),
        }
    }
}

/// Why a segment could not be parsed. The call goes on: the caller is asked again.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The model could not be asked.
    #[error("the parser's model gave no answer")]
    Completer(#[from] CompleterError),
    /// The model answered with something that is not the contract.
    #[error("the parser's model broke its schema; use a model that supports structured outputs")]
    Answer(#[from] AnswerError),
}

/// The parser: one question to a language model for each segment.
#[derive(Clone)]
pub struct AppointmentParser {
    completer: Arc<dyn Completer>,
}

impl AppointmentParser {
    /// A parser that asks this model.
    pub fn new(completer: Arc<dyn Completer>) -> Self {
        Self { completer }
    }

    /// Finds what `user_text` asks for. A text without a word is answered without asking the model.
    pub async fn extract_appointment_request(
        &self,
        user_text: &str,
        context: &ParseContext<'_>,
    ) -> Result<Extraction, ExtractError> {
        let text: String = user_text.trim().chars().take(MAX_TEXT_CHARS).collect();
        if hebrew::normalise(&text).is_empty() {
            return Ok(Extraction::of_nothing());
        }
        let completion = self
            .completer
            .complete(CompletionRequest {
                system: instructions::render(context),
                user: text.clone(),
                schema_name: SCHEMA_NAME,
                schema: answer_schema(),
                max_tokens: MAX_ANSWER_TOKENS,
            })
            .await?;
        Ok(Extraction {
            understood: read_answer(&completion.text, &text, context)?,
            model: completion.model,
            usage: completion.usage,
        })
    }
}

#[cfg(test)]
mod tests;
