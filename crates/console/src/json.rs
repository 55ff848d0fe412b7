//! The shapes of the API's answers. Dates are ISO and hours `HH:MM`, local to the business; instants are RFC 3339.

use serde_json::{Value, json};
use time::{Date, Time, UtcDateTime, format_description::well_known::Rfc3339};
use toran_domain::{PhoneNumber, Pii};
use toran_store::{
    AppointmentChange, AppointmentRow, CallRecord, Covered, EventRow, LeadRecord, LeadRow, TaskRow,
};

/// An instant; `null` for one that cannot be written.
pub(crate) fn instant(at: UtcDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}

pub(crate) fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn phone(number: Option<&PhoneNumber>) -> Option<&str> {
    number.map(PhoneNumber::e164)
}

fn name(name: Option<&Pii<String>>) -> Option<&str> {
    name.map(|name| name.expose().as_str())
}

pub(crate) fn appointment(row: &AppointmentRow) -> Value {
    json!({
        "id": row.booking.appointment_id,
        "status": row.status.as_str(),
        "date": row.booking.date.to_string(),
        "time": clock(row.booking.time),
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
        "resource": row.resource.as_str(),
        "lead_id": row.lead_id,
        "call_sid": row.call_sid,
        "phone": phone(row.caller.as_ref()),
        "given_phone": phone(row.given_phone.as_ref()),
        "name": name(row.name.as_ref()),
        "lead_name": name(row.lead_name.as_ref()),
        "created_at": instant(row.created_at),
    })
}

pub(crate) fn change(change: &AppointmentChange) -> Value {
    json!({
        "what": change.kind.as_str(),
        "by": change.origin.actor.as_str(),
        "call_sid": change.origin.call_sid,
        "at": instant(change.origin.at),
        "from": change.from.and_then(instant),
        "to": change.to.and_then(instant),
    })
}

/// An appointment with what was ever done to it.
pub(crate) fn appointment_with_history(
    row: &AppointmentRow,
    history: &[AppointmentChange],
) -> Value {
    let mut shown = appointment(row);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("history".to_owned(), history.iter().map(change).collect());
    }
    shown
}

pub(crate) fn lead(lead: &LeadRow) -> Value {
    json!({
        "id": lead.lead_id,
        "phone": phone(lead.phone.as_ref()),
        "given_phone": phone(lead.given_phone.as_ref()),
        "name": name(lead.name.as_ref()),
        "created_at": instant(lead.created_at),
        "erased_at": lead.erased_at.and_then(instant),
    })
}

fn call(call: &CallRecord) -> Value {
    let lines = call.transcript.iter().map(|line| {
        json!({"by": line.speaker.as_str(), "text": line.text.expose(), "at": instant(line.at)})
    });
    json!({
        "call_sid": call.call_sid,
        "started_at": instant(call.started_at),
        "ended_at": call.ended_at.and_then(instant),
        "ending": call.ending.map(toran_store::CallEnding::as_str),
        "name": name(call.caller_name.as_ref()),
        "transcript": lines.collect::<Vec<_>>(),
    })
}

/// Everything that is kept of a lead, numbers and words included: what a person may ask for.
pub fn lead_record_json(record: &LeadRecord, covered: &Covered) -> Value {
    let appointments = record.appointments.iter();
    json!({
        "covers": covers(covered),
        "lead": lead(&record.lead),
        "calls": record.calls.iter().map(call).collect::<Vec<_>>(),
        "appointments": appointments
            .map(|(row, history)| appointment_with_history(row, history))
            .collect::<Vec<_>>(),
        "tasks": record.tasks.iter().map(task).collect::<Vec<_>>(),
    })
}

/// What an export shows, or an erasure removed: of whom.
pub(crate) fn covers(covered: &Covered) -> Value {
    let persons = covered.persons.iter().map(Pii::expose);
    json!({
        "line": phone(covered.line.as_ref()),
        "whole_line": covered.whole_line,
        "persons": persons.collect::<Vec<_>>(),
        "others": covered.others,
    })
}

pub(crate) fn task(task: &TaskRow) -> Value {
    json!({
        "id": task.task_id,
        "lead_id": task.lead_id,
        "call_sid": task.call_sid,
        "kind": task.kind.as_str(),
        "words": name(task.words.as_ref()),
        "phone": phone(task.caller.as_ref()),
        "given_phone": phone(task.given_phone.as_ref()),
        "name": name(task.name.as_ref()),
        "lead_name": name(task.lead_name.as_ref()),
        "date": task.requested.date.map(|date: Date| date.to_string()),
        "time": task.requested.time.map(clock),
        "noted_at": instant(task.noted_at),
        "done_at": task.done_at.and_then(instant),
    })
}

pub(crate) fn event(event: &EventRow) -> Value {
    json!({
        "id": event.event_id,
        "type": event.kind.as_str(),
        "at": instant(event.at),
        "call_sid": event.call_sid,
        "state": event.state.as_str(),
        "attempts": event.attempts,
        "next_at": event.next_at.and_then(instant),
        "last_error": event.last_error,
    })
}
