//! A call shown live, line by line.

use std::{
    io::{self, Write},
    time::Duration,
};

use toran_bridge::Observation;
use toran_call::{Fact, Notice};
use toran_domain::{AppointmentRequest, Outcome};
use toran_hebrew as hebrew;
use toran_simulator::phone::{CallEvent, Heard};

/// Writes a call as it happens: what was said, and between it, behind a dot, what the server decided.
pub(crate) struct Terminal<'a> {
    out: &'a mut dyn Write,
    ear: Ear,
}

/// Where the agent's words are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ear {
    /// From what the simulated caller heard: it understands the simulated voice to the letter.
    Caller,
    /// From the transcript: a real voice is not understood here.
    Transcript,
}

impl<'a> Terminal<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            ear: Ear::Caller,
        }
    }

    /// Shows the agent's words from there from now on.
    pub(crate) fn listen_by(&mut self, ear: Ear) {
        self.ear = ear;
    }

    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    fn line(&mut self, at: Duration, who: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{:>6.1}s  {who:<7} {text}", at.as_secs_f64())?;
        self.out.flush()
    }

    pub(crate) fn call_event(&mut self, at: Duration, event: &CallEvent) -> io::Result<()> {
        match event {
            CallEvent::Heard(_) if self.ear == Ear::Transcript => Ok(()),
            CallEvent::StreamStarted => self.line(at, "phone", "media stream open"),
            CallEvent::Said(spoken) => self.line(at, "caller", spoken.text),
            CallEvent::Heard(Heard {
                text,
                complete: true,
                ..
            }) => self.line(at, "agent", text),
            CallEvent::Heard(Heard {
                text,
                complete: false,
                ..
            }) => self.line(at, "agent", &format!("{text} —(cut off)")),
            CallEvent::Cleared => self.line(at, "phone", "playback cleared"),
            CallEvent::Redirected(_) => self.line(at, "phone", "asks the gateway what comes next"),
            CallEvent::Dialled { .. } => self.line(at, "phone", "calls a person for the gateway"),
            CallEvent::Played(_) => self.line(at, "phone", "plays a recording"),
            CallEvent::Ended(_) => self.line(at, "phone", "call over"),
        }
    }

    pub(crate) fn observation(
        &mut self,
        at: Duration,
        observation: &Observation,
    ) -> io::Result<()> {
        if let (Ear::Transcript, Fact::AgentSaid { text, .. }) = (self.ear, &observation.fact) {
            return self.line(at, "agent", text.expose());
        }
        match decision(&observation.fact) {
            Some(text) => self.line(at, "server", &format!("· {text}")),
            None => Ok(()),
        }
    }
}

/// A decision of the server in a line; `None` for what is already heard.
fn decision(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::SessionConfigured => {
            "configure_session: prompt with the business's hours, telephone audio, no tools"
                .to_owned()
        }
        Fact::Greeting => "greeting: the model's own, out of the prompt".to_owned(),
        Fact::CallerSaid { text, .. } => format!("heard the caller: {}", text.expose()),
        Fact::Parsed { request, .. } => format!("parser: {}", request_words(request)),
        Fact::Told { notice } => format!("server event: {}", notice_words(notice)),
        Fact::Booked(booking) => {
            format!(
                "create_appointment_from_realtime → success ({} {})",
                booking.date,
                hebrew::clock(booking.time)
            )
        }
        Fact::TurnDropped { reason } => format!(
            "segment dropped ({}): neither parser nor model gets it",
            reason.as_str()
        ),
        Fact::BargeIn { stage } => format!("barge-in: {}", stage.as_str()),
        Fact::ClaimBlocked { text, .. } => format!(
            "FALSE CLAIM BLOCKED before the caller could hear it: «{}»",
            text.expose()
        ),
        Fact::ResponseFailed { code, retrying } => {
            format!("answer failed ({code}), retrying: {retrying}")
        }
        Fact::Ended(ending) => format!("ended: {}", ending.as_str()),
        Fact::SessionLost { .. } => "the model's session is gone; another one is tried".to_owned(),
        Fact::SessionRefused { code } => {
            format!("the model's service refuses this deployment ({code})")
        }
        Fact::ParserFailed { .. } => "the parser gave no result".to_owned(),
        Fact::TranscriptionFailed { code, .. } => {
            format!("the segment could not be transcribed ({code})")
        }
        Fact::RequestSaved {
            kind, noted: true, ..
        } => format!("saved for the business: {kind}"),
        Fact::RequestSaved { kind, .. } => format!("NOT saved for the business: {kind}"),
        Fact::TransferRequested => "the call goes to a person".to_owned(),
        Fact::Proposed(_)
        | Fact::NameGiven(_)
        | Fact::PhoneGiven(_)
        | Fact::UnscreenedSpeech
        | Fact::Complained { .. }
        | Fact::AgentSaid { .. }
        | Fact::Announced(_)
        | Fact::OneMoreAsked
        | Fact::DigitPressed
        | Fact::CallerAudioDropped
        | Fact::AgentAudioDropped => return None,
    })
}

fn request_words(request: &AppointmentRequest) -> String {
    let date = request
        .date
        .map_or("null".to_owned(), |date| date.to_string());
    let time = request.time.map_or("null".to_owned(), hebrew::clock);
    let name = request.name.as_ref().map_or("null", |name| name.expose());
    format!(
        "action={} date={date} time={time} name={name}",
        request.action.as_str()
    )
}

fn notice_words(notice: &Notice) -> String {
    match notice {
        Notice::Outcome(Outcome::AppointmentCreated(booking)) => {
            format!(
                "appointment_created {} {}",
                booking.date,
                hebrew::clock(booking.time)
            )
        }
        Notice::Outcome(Outcome::FreeSlots { slots, .. }) => {
            let slots: Vec<String> = slots
                .iter()
                .map(|slot| format!("{} {}", slot.date(), hebrew::clock(slot.time())))
                .collect();
            format!("free_slots {}", slots.join(", "))
        }
        Notice::Outcome(Outcome::SlotUnavailable {
            reason,
            alternatives,
            ..
        }) => {
            format!(
                "slot_unavailable ({}), {} alternatives",
                reason.as_str(),
                alternatives.len()
            )
        }
        Notice::ReadBack { date, time } => format!("read_back {date} {}", hebrew::clock(*time)),
        Notice::Request { kind, .. } => format!("{} ({kind})", notice.name()),
        Notice::Outcome(_)
        | Notice::Transferring
        | Notice::TransferFailed
        | Notice::ClaimRefused { .. }
        | Notice::NotUnderstood
        | Notice::Resumed(_) => notice.name().to_owned(),
    }
}
