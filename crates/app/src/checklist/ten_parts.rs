//! The ten parts, each shown to hold in one call, by what crossed the wires, what the server did, what the caller
//! heard and what stands in the database.

use serde_json::Value;
use toran_bridge::milestones as log;
use toran_call::{BargeIn, DropReason, Fact, Notice};
use toran_domain::{Action, Outcome};
use toran_hebrew as hebrew;
use toran_prompt::sentences;
use toran_simulator::{Direction, WireEvent, phone::CallReport};
use toran_store::{AppointmentRow, CallSession, EventKind};

use super::{Check, milestones};
use crate::{rehearsal::Rehearsal, telemetry::LogLine};

/// What a rehearsal left behind.
pub(crate) struct Evidence<'a> {
    pub(crate) rehearsal: &'a Rehearsal,
    /// What crossed the wires of the stand-in for OpenAI.
    pub(crate) wire: &'a [WireEvent],
    /// The log of the call.
    pub(crate) log: &'a [LogLine],
}

/// Checks all ten.
pub(crate) fn ten_parts(evidence: &Evidence<'_>) -> Vec<Check> {
    vec![
        Check::new(
            "1. the business's true hours and days reach the model",
            evidence.settings_reach_the_model(),
        ),
        Check::new(
            "2. no lies: a false claim never reaches the caller",
            evidence.no_lies(),
        ),
        Check::new(
            "3. the parser is a language model with a strict schema",
            evidence.parser(),
        ),
        Check::new(
            "4. the server makes the appointment and tells the model",
            evidence.booked_by_the_server(),
        ),
        Check::new("5. no messages during a call", evidence.no_messages()),
        Check::new(
            "6. the same confirmation again makes no second appointment",
            evidence.no_duplicate(),
        ),
        Check::new(
            "7. barge-in: a caller who names an hour is never talked over",
            evidence.barge_in(),
        ),
        Check::new(
            "8. too short a segment reaches neither parser nor model",
            evidence.accuracy(),
        ),
        Check::new(
            "9. no greeting field; the greeting comes out of the prompt",
            evidence.greeting(),
        ),
        Check::new(
            "10. the log shows the milestones in order",
            evidence.milestones(),
        ),
    ]
}

fn holds(condition: bool, missing: &str) -> Result<(), String> {
    if condition {
        Ok(())
    } else {
        Err(missing.to_owned())
    }
}

impl Evidence<'_> {
    fn facts(&self) -> &[Fact] {
        &self.rehearsal.facts
    }

    fn report(&self) -> &CallReport {
        &self.rehearsal.report
    }

    fn events(&self, direction: Direction, kind: &str) -> Vec<&Value> {
        let matching = self
            .wire
            .iter()
            .filter(|event| event.dir == direction && event.kind() == kind);
        matching.map(|event| &event.event).collect()
    }

    fn prompt(&self) -> Result<&str, String> {
        self.events(Direction::Client, "session.update")
            .first()
            .and_then(|event| event.pointer("/session/instructions"))
            .and_then(Value::as_str)
            .ok_or_else(|| "the session was never given a prompt".to_owned())
    }

    fn prompt_says(&self, sentences: &[&str]) -> Result<(), String> {
        let prompt = self.prompt()?;
        match sentences
            .iter()
            .find(|sentence| !prompt.contains(**sentence))
        {
            Some(missing) => Err(format!("the prompt lacks: {missing}")),
            None => Ok(()),
        }
    }

    fn only_appointment(&self) -> Result<&AppointmentRow, String> {
        match self.rehearsal.appointments.as_slice() {
            [only] => Ok(only),
            rows => Err(format!(
                "{} appointments stand in the database, not one",
                rows.len()
            )),
        }
    }

    fn session(&self) -> Result<&CallSession, String> {
        self.rehearsal
            .session
            .as_ref()
            .ok_or_else(|| "the call has no row in call_session".to_owned())
    }

    fn settings_reach_the_model(&self) -> Result<String, String> {
        let settings = &self.rehearsal.business.settings;
        let hours = format!("{}–{}", settings.start_hour(), settings.end_hour());
        let days = hebrew::day_range_words(settings.active_days().iter());
        self.prompt_says(&[
            sentences::HOURS,
            sentences::DAYS,
            sentences::ONLY_WITHIN_RANGE,
            &hours,
            &days,
        ])?;
        Ok(format!(
            "{} {hours} · {} {days}",
            sentences::HOURS,
            sentences::DAYS
        ))
    }

    fn no_lies(&self) -> Result<String, String> {
        self.prompt_says(&[sentences::NO_FALSE_CLAIMS, sentences::IF_UNSURE_OF_BOOKING])?;
        let booked_at = self
            .facts()
            .iter()
            .position(|fact| matches!(fact, Fact::Booked(_)));
        let blocked = self
            .facts()
            .iter()
            .position(|fact| matches!(fact, Fact::ClaimBlocked { .. }));
        let (Some(booked_at), Some(blocked)) = (booked_at, blocked) else {
            return Err("the model's lie was not blocked".to_owned());
        };
        holds(
            blocked < booked_at,
            "the lie came after the booking: it shows nothing",
        )?;
        let claims = self
            .report()
            .heard
            .iter()
            .filter(|heard| heard.text.contains("קבעתי"));
        let first_claim = claims.map(|heard| heard.at_ms).min().unwrap_or(u64::MAX);
        let confirmed = self.spoken_at("כן זה נכון")?;
        holds(
            first_claim > confirmed,
            "the caller heard a booking claimed before confirming one",
        )?;
        Ok("the model claimed a booking that nobody made; the caller never heard it".to_owned())
    }

    fn parser(&self) -> Result<String, String> {
        let requests: Vec<&Value> = self
            .wire
            .iter()
            .filter(|event| event.dir == Direction::ChatRequest)
            .map(|event| &event.event)
            .collect();
        let strict = |request: &&Value| {
            request.pointer("/response_format/json_schema/strict") == Some(&Value::Bool(true))
                && request["messages"][0]["content"]
                    .as_str()
                    .is_some_and(|text| text.starts_with(toran_nlp::OPENING))
        };
        holds(
            !requests.is_empty() && requests.iter().all(strict),
            "a segment was parsed in another way",
        )?;
        let model = requests[0]["model"].as_str().unwrap_or("?");
        Ok(format!(
            "{} segments went to {model}, each with the strict schema",
            requests.len()
        ))
    }

    fn booked_by_the_server(&self) -> Result<String, String> {
        let row = self.only_appointment()?;
        let expected = serde_json::json!({
            "server_event": "appointment_created",
            "date": row.booking.date.to_string(),
            "time": hebrew::clock(row.booking.time),
        });
        let told = self
            .events(Direction::Client, "conversation.item.create")
            .into_iter()
            .any(|event| {
                let text = event
                    .pointer("/item/content/0/text")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                serde_json::from_str::<Value>(text).is_ok_and(|told| told == expected)
            });
        holds(
            told,
            "the model was not told appointment_created with the appointment's date and time",
        )?;
        let heard = self
            .report()
            .heard
            .iter()
            .find(|heard| heard.text.contains("קבעתי לך פגישה"));
        let heard = heard.ok_or("the caller never heard that it was booked")?;
        Ok(format!(
            "row {} in the database; the caller heard: {}",
            row.booking.appointment_id, heard.text
        ))
    }

    fn no_messages(&self) -> Result<String, String> {
        self.prompt_says(&[
            sentences::NEVER_SAY_SENT,
            sentences::NO_MESSAGES_DURING_CALL,
        ])?;
        let heard = self.report().heard_text();
        holds(
            !heard.contains("שלחתי"),
            "the caller heard that something was sent",
        )?;
        holds(
            heard.contains("לא נשלחות הודעות"),
            "the caller asked, and was not told that nothing is sent",
        )?;
        let events = &self.rehearsal.events;
        let told_last = events.last().map(|event| event.kind);
        holds(
            told_last == Some(EventKind::CallEnded) && events.len() > 1,
            "the outbox does not hold the call's events, its end as the last",
        )?;
        holds(
            events.iter().all(|event| event.attempts == 0),
            "something was sent",
        )?;
        Ok(format!(
            "asked whether a message was sent, the agent said no; {} events wait in the outbox, {} as the last",
            events.len(),
            EventKind::CallEnded
        ))
    }

    fn no_duplicate(&self) -> Result<String, String> {
        let confirmed = self.facts().iter().filter(
            |fact| matches!(fact, Fact::Parsed { request, .. } if request.action == Action::Confirm),
        );
        let confirmed = confirmed.count();
        holds(confirmed >= 2, "the same confirmation was not given twice")?;
        let row = self.only_appointment()?;
        let created: Vec<_> = self
            .facts()
            .iter()
            .filter_map(|fact| match fact {
                Fact::Told {
                    notice: Notice::Outcome(Outcome::AppointmentCreated(booking)),
                } => Some(booking),
                _ => None,
            })
            .collect();
        holds(
            created
                .iter()
                .all(|booking| booking.appointment_id == row.booking.appointment_id),
            "the confirmations did not give the same appointment",
        )?;
        let remembered = self.session()?.last_confirmed.is_some();
        holds(
            remembered,
            "call_session does not hold the last confirmed time",
        )?;
        Ok(format!(
            "{confirmed} confirmations, one appointment, remembered in call_session"
        ))
    }

    fn barge_in(&self) -> Result<String, String> {
        let named_an_hour =
            |fact: &Fact| matches!(fact, Fact::Parsed { request, .. } if request.time.is_some());
        let at = self
            .facts()
            .iter()
            .position(named_an_hour)
            .ok_or("no hour was recognised")?;
        let next = self.facts().get(at + 1);
        holds(
            next == Some(&Fact::BargeIn {
                stage: BargeIn::Final,
            }),
            "the agent was not cut off when the hour was recognised",
        )?;
        let cut = self.report().heard.iter().find(|heard| !heard.complete);
        let cut = cut.ok_or("the caller heard every answer to its end")?;
        Ok(format!("cut off after: {}", cut.text))
    }

    fn accuracy(&self) -> Result<String, String> {
        self.prompt_says(&[sentences::IF_UNSURE_OF_CALLER])?;
        let dropped = |fact: &Fact| {
            matches!(
                fact,
                Fact::TurnDropped {
                    reason: DropReason::TooShort
                }
            )
        };
        holds(
            self.facts().iter().any(dropped),
            "the fragment was not dropped",
        )?;
        let deleted = !self
            .events(Direction::Client, "conversation.item.delete")
            .is_empty();
        holds(deleted, "the fragment stayed in the model's conversation")?;
        Ok("a fragment under 400 ms was dropped and deleted from the conversation".to_owned())
    }

    fn greeting(&self) -> Result<String, String> {
        let settings = serde_json::to_value(&self.rehearsal.business.settings)
            .map_err(|error| error.to_string())?;
        let fields: Vec<&String> = settings
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
            .collect();
        holds(
            fields.iter().all(|field| !field.contains("greet")),
            "the business's settings have a field for the greeting",
        )?;
        let first = self
            .events(Direction::Client, "response.create")
            .first()
            .copied();
        let scripted = first
            .and_then(|event| event.pointer("/response/instructions"))
            .is_some();
        holds(!scripted, "the greeting was dictated outside of the prompt")?;
        let heard = self
            .report()
            .heard
            .first()
            .ok_or("the caller heard no greeting")?;
        Ok(format!("the agent's own words: {}", heard.text))
    }

    fn milestones(&self) -> Result<String, String> {
        match milestones(self.log)
            .iter()
            .find(|milestone| milestone.at.is_none())
        {
            Some(missing) => Err(format!("missing, or out of order: {}", missing.name)),
            None => Ok(format!("{} … {}", log::CONFIGURE_SESSION, log::BOOKED)),
        }
    }

    fn spoken_at(&self, text: &str) -> Result<u64, String> {
        let spoken = self
            .report()
            .spoken
            .iter()
            .find(|spoken| spoken.text == text);
        spoken
            .map(|spoken| spoken.at_ms)
            .ok_or_else(|| format!("the caller never said: {text}"))
    }
}
