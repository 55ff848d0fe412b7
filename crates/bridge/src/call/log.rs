//! The call's log: what happened, in the words that the deployment check watches for.
//!
//! Every line is inside the call's span, which carries `call_sid` and `business_id`. What was said is not logged.

use toran_call::{Fact, Notice};
use toran_domain::{AppointmentRequest, Booking, Outcome, RequestedTime, TaskKind};
use tracing::{debug, info, warn};

/// The session took its configuration.
pub const CONFIGURE_SESSION: &str = "configure_session";
/// The first sound of the first answer left for the phone.
pub const GREETING: &str = "greeting";
/// The parser's result; the field `action` says which.
pub const PARSER: &str = "parser";
/// The server event after a booking.
pub const APPOINTMENT_CREATED: &str = "appointment_created";
/// The server event after a move.
const APPOINTMENT_MOVED: &str = "appointment_moved";
/// The booking stands and the model was told.
pub const BOOKED: &str = "create_appointment_from_realtime → success";

pub(crate) fn log(fact: &Fact) {
    match fact {
        Fact::SessionConfigured => info!("{CONFIGURE_SESSION}"),
        Fact::Greeting => info!("{GREETING}"),
        Fact::Parsed { turn, request } => log_parsed(turn.0, request),
        Fact::ParserFailed { turn } => warn!(turn = turn.0, "parser gave no result"),
        Fact::Told { notice } => log_told(notice),
        Fact::Booked(booking) => log_booking(booking, BOOKED),
        Fact::OneMoreAsked => info!("one more appointment asked for"),
        Fact::Proposed(_) => {}
        Fact::NameGiven(_) => info!("a name was given"),
        Fact::PhoneGiven(phone) => info!(%phone, "a number was given"),
        Fact::TranscriptionFailed { code, in_a_row: 1 } => warn!(
            code,
            "a segment could not be transcribed: if this goes on, check the transcription model's name and the account"
        ),
        Fact::TranscriptionFailed { code, in_a_row } => {
            debug!(code, in_a_row, "a segment could not be transcribed");
        }
        Fact::RequestSaved {
            kind,
            requested,
            noted,
        } => log_request(*kind, *requested, *noted),
        Fact::TransferRequested => info!("the call goes to a person"),
        Fact::Announced(booking) => {
            info!(appointment_id = %booking.appointment_id, "announced");
        }
        Fact::TurnDropped { reason } => info!(reason = reason.as_str(), "segment dropped"),
        Fact::BargeIn { stage } => info!(stage = stage.as_str(), "barge-in"),
        Fact::ClaimBlocked { kind, .. } => warn!(claim = kind.as_str(), "false claim blocked"),
        Fact::UnscreenedSpeech => {
            warn!("the model spoke without a transcript; what was not screened was not played");
        }
        Fact::SessionLost { attempts } => warn!(
            attempts,
            "the model's session is gone; another one is tried"
        ),
        // Once a call, and no more than that: the operator is told by one ERROR where the refusal was met.
        Fact::SessionRefused { code } => {
            warn!(code, "the model's service refuses this deployment");
        }
        Fact::ResponseFailed { code, retrying } => warn!(code, retrying, "response failed"),
        Fact::Complained { code } => warn!(code, "the model's server complained; the call goes on"),
        Fact::CallerAudioDropped => {
            debug!("caller audio dropped: the model's session is not open yet");
        }
        Fact::AgentAudioDropped => warn!("agent audio dropped: far more than a call can hold"),
        Fact::DigitPressed => info!("key pressed"),
        Fact::CallerSaid { turn, text } => {
            info!(
                turn = turn.0,
                chars = text.expose().chars().count(),
                "caller turn"
            );
        }
        Fact::AgentSaid { text, interrupted } => {
            info!(
                interrupted,
                chars = text.expose().chars().count(),
                "agent heard"
            );
        }
        Fact::Ended(ending) => info!(ending = ending.as_str(), "call ended"),
    }
}

fn log_request(kind: TaskKind, requested: RequestedTime, noted: bool) {
    let date = requested.date.map(tracing::field::display);
    let time = requested.time.map(clock);
    let kind = kind.as_str();
    if noted {
        info!(kind, date, time, "request saved");
    } else {
        warn!(
            kind,
            date, time, "a request was not saved in time: the caller is told so"
        );
    }
}

fn log_parsed(turn: u32, request: &AppointmentRequest) {
    let date = request.date.map(tracing::field::display);
    let time = request.time.map(clock);
    let action = request.action.as_str();
    let named = request.name.is_some();
    info!(turn, action, date, time, named, "{PARSER} {action}");
}

fn log_told(notice: &Notice) {
    match notice {
        Notice::Outcome(Outcome::AppointmentCreated(booking)) => {
            log_booking(booking, APPOINTMENT_CREATED);
        }
        Notice::Outcome(Outcome::AppointmentMoved { to, .. }) => {
            log_booking(to, APPOINTMENT_MOVED);
        }
        Notice::Outcome(Outcome::SlotUnavailable {
            reason,
            alternatives,
            ..
        }) => info!(
            server_event = "slot_unavailable",
            reason = reason.as_str(),
            alternatives = alternatives.len(),
            "server event"
        ),
        Notice::Outcome(Outcome::FreeSlots { slots, .. }) => {
            info!(
                server_event = "free_slots",
                slots = slots.len(),
                "server event"
            );
        }
        Notice::Request { kind, .. } => {
            info!(
                server_event = notice.name(),
                kind = kind.as_str(),
                "server event"
            );
        }
        Notice::Outcome(_)
        | Notice::ReadBack { .. }
        | Notice::Transferring
        | Notice::TransferFailed
        | Notice::ClaimRefused { .. }
        | Notice::NotUnderstood => info!(server_event = notice.name(), "server event"),
        Notice::Resumed(from) => {
            info!(
                server_event = "call_resumed",
                bookings = from.bookings.len(),
                lines = from.said.len(),
                "server event"
            );
        }
    }
}

fn log_booking(booking: &Booking, message: &str) {
    let Booking {
        appointment_id,
        date,
        time,
    } = booking;
    info!(%appointment_id, %date, time = %clock(*time), "{message}");
}

pub(super) fn clock(time: time::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
