//! One question about availability in JSON, and its answer: the crate's contract with whoever wants to check it
//! from outside, in any language.
//!
//! It reads one document from standard input and writes one to standard output:
//!
//! ```text
//! cargo run -q --example slots < question.json
//! ```
//!
//! | field | |
//! |---|---|
//! | `settings` | settings in either form, as `AppointmentSettings` documents them |
//! | `busy` | what is taken: `[{"from", "to", "resource"?, "units"?}]`, instants in RFC 3339, kept in whole seconds; default none. A range that names a resource takes `units` (default 1) of it. One that names none, or a resource that the settings do not know, closes the whole business |
//! | `now` | the present, in RFC 3339; default: the second before the first day (or instant) that is asked about, so that the horizon is counted from the day before it |
//! | `service` | the id of one of the settings' services |
//! | `duration_minutes` | how long the appointment lasts, if not as the settings or the service say: 1 to 1440 |
//! | `units` | how many units of one resource it takes; default 1 |
//! | `limit` | how many slots an answer lists where the table below says so: 0 to 1000, default 3 |
//!
//! and one question:
//!
//! | field | answer |
//! |---|---|
//! | `from`, `to` (dates, both inside) | `{"slots": ["2026-11-24T07:00:00Z", …]}`: the starts of all free slots, earliest first |
//! | `date`, `time` (`HH:MM`, below 24:00) | `{"verdict": "free", "starts_at", "ends_at", "resource"}`, or `{"verdict": "refused", "reason", "alternatives": […]}` with up to `limit` starts of free slots near it; a holiday is named in `holiday` |
//! | `at` (RFC 3339) | as above, for an appointment that begins at that instant |
//! | `date` alone | as above, for the whole day: `{"verdict": "free"}` or refused |
//! | `after` (RFC 3339) | `{"slots": […]}`: the first `limit` free slots from an instant |
//!
//! An hour that the clock shows twice, because it is set back, is two slots. `date` and `time` mean the first of them, and `at`
//! can ask for either. `"comes_twice": true` stands beside `"verdict": "free"` for such an hour, with `"second": true` if it is
//! the second of the two; beside a list, `"comes_twice": […]` repeats those of its starts whose local hour is shown twice, and is
//! left out where there are none.
//!
//! Dates (years 1 to 9999) and times are local to the business, instants in the answer UTC. Reasons, in the order in
//! which they are told: `in_the_past`, `too_soon`, `too_far`, `inactive_day`, `closed`, `holiday`, `outside_hours`,
//! `nonexistent_time`, `does_not_fit_before_closing`, `off_grid`, `taken`. Alternatives are in the order of
//! `Availability::alternatives`.
//!
//! Exits 0 with an answer, and 64 with `{"error": "…"}` when the question is not understood; the message names the field.

use std::{
    io::{Read as _, Write as _},
    process::ExitCode,
};

use serde::Deserialize;
use serde_json::{Value, json};
use time::{
    Date, Duration, OffsetDateTime, Time, UtcDateTime, format_description::well_known::Rfc3339,
    macros::format_description,
};
use toran_scheduling::{
    AppointmentSettings, Availability, Busy, Refusal, ServiceId, Slot, Verdict,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a question is an object")]
struct Question {
    settings: AppointmentSettings,
    #[serde(default)]
    busy: Vec<Busy>,
    now: Option<String>,
    service: Option<String>,
    duration_minutes: Option<i64>,
    units: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    date: Option<String>,
    time: Option<String>,
    at: Option<String>,
    after: Option<String>,
    limit: Option<i64>,
}

/// The longest error message, in characters: a question may be long, and is not repeated.
const MAX_ERROR_CHARS: usize = 400;

/// What is wrong with a question, beginning with the field to mend.
type Wrong = String;

fn main() -> ExitCode {
    let mut text = String::new();
    let answer = match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => answer(&text),
        Err(error) => Err(format!("standard input cannot be read: {error}")),
    };
    let (json, code) = match answer {
        Ok(answer) => (answer, ExitCode::SUCCESS),
        Err(error) => {
            let error: String = error.chars().take(MAX_ERROR_CHARS).collect();
            (json!({ "error": error }), ExitCode::from(64))
        }
    };
    match writeln!(std::io::stdout(), "{json}") {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(text: &str) -> Result<Value, Wrong> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let question: Question =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    let now = now(&question)?;
    let settings = &question.settings;
    let taken = settings.occupancy(question.busy.iter().cloned());
    let mut availability = settings.availability(&taken, now);
    if let Some(id) = &question.service {
        availability = ServiceId::new(id)
            .ok()
            .and_then(|id| availability.for_service(&id))
            .ok_or_else(|| format!("service: the settings have no service {id:?}"))?;
    }
    if let Some(minutes) = question.duration_minutes {
        let minutes = number("duration_minutes", minutes)?;
        availability = availability.lasting(minutes).map_err(|e| e.to_string())?;
    }
    if let Some(units) = question.units {
        let units = number("units", units)?;
        availability = availability.taking(units).map_err(|e| e.to_string())?;
    }
    ask(&question, &availability)
}

fn ask(question: &Question, availability: &Availability<'_>) -> Result<Value, Wrong> {
    let limit = limit(question)?;
    let Question {
        from,
        to,
        date: day,
        time,
        at,
        after,
        ..
    } = question;
    match (from, to, day, time, at, after) {
        (Some(from), Some(to), None, None, None, None) => {
            let (from, to) = (date("from", from)?, date("to", to)?);
            if to < from {
                return Err("to: it must not be earlier than from".to_owned());
            }
            let slots: Vec<Slot> = availability.slots(from, to).collect();
            Ok(listed(json!({}), "slots", &slots))
        }
        (None, None, Some(day), time, None, None) => {
            let day = date("date", day)?;
            let time = time.as_deref().map(clock).transpose()?;
            Ok(verdict_by_the_clock(
                question,
                availability,
                (day, time),
                limit,
            ))
        }
        (None, None, None, None, Some(at), None) => {
            let at = instant("at", at)?;
            Ok(verdict_at(question, availability, at, limit))
        }
        (None, None, None, None, None, Some(after)) => {
            let slots = availability.first_free(instant("after", after)?, limit);
            Ok(listed(json!({}), "slots", &slots))
        }
        (Some(_), None, ..) => Err("to: it is missing beside from".to_owned()),
        (None, Some(_), ..) => Err("from: it is missing beside to".to_owned()),
        (_, _, None, Some(_), ..) => Err("date: it is missing beside time".to_owned()),
        _ => Err("ask one thing: from and to, date with or without time, at, or after".to_owned()),
    }
}

/// An answer with a list of slots, and which of them come twice.
fn listed(mut answer: Value, key: &str, slots: &[Slot]) -> Value {
    answer[key] = slots.iter().map(starts_at).collect();
    let twice = slots.iter().filter(|slot| slot.comes_twice());
    let twice: Vec<String> = twice.map(starts_at).collect();
    if !twice.is_empty() {
        answer["comes_twice"] = json!(twice);
    }
    answer
}

fn verdict_by_the_clock(
    question: &Question,
    availability: &Availability<'_>,
    (day, time): (Date, Option<Time>),
    limit: usize,
) -> Value {
    let verdict = match time {
        None => match availability.day_verdict(day) {
            None => return json!({ "verdict": "free" }),
            Some(refusal) => Verdict::Refused(refusal),
        },
        Some(time) => availability.verdict(day, time),
    };
    told(question, verdict, || {
        availability.alternatives(day, time, limit)
    })
}

fn verdict_at(
    question: &Question,
    availability: &Availability<'_>,
    at: UtcDateTime,
    limit: usize,
) -> Value {
    let local = question.settings.local(at);
    told(question, availability.verdict_at(at), || {
        availability.alternatives(local.date(), Some(local.time()), limit)
    })
}

fn told(question: &Question, verdict: Verdict, near: impl FnOnce() -> Vec<Slot>) -> Value {
    match verdict {
        Verdict::Free(slot) => {
            let resource = question.settings.resource(&slot).map(ToString::to_string);
            let mut answer = json!({
                "verdict": "free",
                "starts_at": starts_at(&slot),
                "ends_at": rfc3339(slot.ends_at()),
                "resource": resource,
            });
            if slot.comes_twice() {
                answer["comes_twice"] = json!(true);
            }
            if slot.is_second_pass() {
                answer["second"] = json!(true);
            }
            answer
        }
        Verdict::Refused(refusal) => {
            let answer = json!({ "verdict": "refused", "reason": refusal.as_str() });
            let mut answer = listed(answer, "alternatives", &near());
            if let Refusal::Holiday(holiday) = refusal {
                answer["holiday"] = json!(holiday.as_str());
            }
            answer
        }
    }
}

/// The present, or else the second before anything that is asked about.
fn now(question: &Question) -> Result<UtcDateTime, Wrong> {
    if let Some(now) = &question.now {
        return instant("now", now);
    }
    let day = |field, text: &str| date(field, text).map(|day| question.settings.day_range(day).0);
    let first = if let Some(from) = &question.from {
        day("from", from)?
    } else if let Some(date) = &question.date {
        day("date", date)?
    } else if let Some(at) = &question.at {
        instant("at", at)?
    } else if let Some(after) = &question.after {
        instant("after", after)?
    } else {
        UtcDateTime::UNIX_EPOCH
    };
    Ok(first.saturating_sub(Duration::SECOND))
}

fn starts_at(slot: &Slot) -> String {
    rfc3339(slot.starts_at())
}

fn rfc3339(instant: UtcDateTime) -> String {
    instant
        .format(&Rfc3339)
        .unwrap_or_else(|_| instant.to_string())
}

fn instant(field: &str, text: &str) -> Result<UtcDateTime, Wrong> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(OffsetDateTime::checked_to_utc)
        .ok_or_else(|| {
            format!("{field}: {text:?} is not an instant: write it like 2026-11-24T09:00:00Z")
        })
}

fn date(field: &str, text: &str) -> Result<Date, Wrong> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .ok()
        .filter(|date| date.year() >= 1)
        .ok_or_else(|| format!("{field}: {text:?} is not a date: write it as YYYY-MM-DD"))
}

fn number(field: &str, number: i64) -> Result<u16, Wrong> {
    u16::try_from(number).map_err(|_| format!("{field}: {number} is out of range"))
}

fn limit(question: &Question) -> Result<usize, Wrong> {
    let limit = question.limit.unwrap_or(3);
    usize::try_from(limit)
        .ok()
        .filter(|limit| *limit <= 1_000)
        .ok_or_else(|| format!("limit: {limit} is out of range: choose 0 to 1000"))
}

fn clock(text: &str) -> Result<Time, Wrong> {
    Time::parse(text, format_description!("[hour]:[minute]"))
        .map_err(|_| format!("time: {text:?} is not an hour: write it as HH:MM"))
}
