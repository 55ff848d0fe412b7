//! What other services are to learn, once the call is over.

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use time::{Duration, UtcDateTime, format_description::well_known::Rfc3339};
use toran_domain::{
    AppointmentId, Booking, BusinessId, CallSid, EventId, Pii, RequestedTime, TaskId, TaskKind,
};

use crate::{Actor, CallEnding, LeadRow, StoreError, words::stored_words};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Somebody called for the first time.
    LeadCreated,
    /// A lead's name became known, or another one.
    LeadUpdated,
    /// An appointment was made.
    AppointmentCreated,
    /// An appointment was given another time.
    AppointmentMoved,
    /// An appointment was given up.
    AppointmentCancelled,
    /// A call is over.
    CallEnded,
    /// A caller left something for the business to do.
    TaskCreated,
}

stored_words!(EventKind {
    LeadCreated = "lead.created",
    LeadUpdated = "lead.updated",
    AppointmentCreated = "appointment.created",
    AppointmentMoved = "appointment.moved",
    AppointmentCancelled = "appointment.cancelled",
    CallEnded = "call.ended",
    TaskCreated = "task.created",
});

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits: for its call's end, for an earlier event of its lead, for its next attempt.
    Pending,
    /// The business's service took it.
    Delivered,
    /// It was tried often enough. The lead's later events wait behind it until it is replayed or discarded.
    Dead,
    /// An operator gave it up, or it was no longer true before it left.
    Discarded,
}

stored_words!(DeliveryState {
    Pending = "pending",
    Delivered = "delivered",
    Dead = "dead",
    Discarded = "discarded",
});

/// An event, as a backend writes it beside the change that it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// [`EventKind::LeadCreated`].
    LeadCreated,
    /// [`EventKind::LeadUpdated`].
    LeadUpdated,
    /// [`EventKind::AppointmentCreated`], [`EventKind::AppointmentMoved`] if it stood elsewhere before, or
    /// [`EventKind::AppointmentCancelled`].
    Appointment {
        /// What was done to it.
        kind: EventKind,
        /// The appointment; as it stood, for one that was given up.
        booking: Booking,
        /// Its first instant.
        starts_at: UtcDateTime,
        /// The instant at which it is over.
        ends_at: UtcDateTime,
        /// Where it stood before it was moved.
        before: Option<Booking>,
        /// Who did it.
        actor: Actor,
    },
    /// [`EventKind::CallEnded`].
    CallEnded(CallSummary),
    /// [`EventKind::TaskCreated`].
    TaskCreated {
        /// The task.
        task_id: TaskId,
        /// What the business is to do.
        kind: TaskKind,
        /// What was asked for.
        requested: RequestedTime,
    },
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSummary {
    /// The call: also the reference under which its transcript is found.
    pub call_sid: CallSid,
    /// How it ended.
    pub ending: CallEnding,
    /// When it began.
    pub started_at: UtcDateTime,
    /// When it ended.
    pub ended_at: UtcDateTime,
    /// How many lines its transcript has.
    pub transcript_lines: u32,
    /// The live appointments that were made or moved in it.
    pub appointments: Vec<Booking>,
    /// What was asked for last.
    pub last_requested: RequestedTime,
}

impl CallSummary {
    /// `booked` if an appointment stands because of it, else `asked` if a time was asked for, else `talked`.
    pub const fn outcome(&self) -> &'static str {
        if !self.appointments.is_empty() {
            "booked"
        } else if self.last_requested.is_empty() {
            "talked"
        } else {
            "asked"
        }
    }

    /// One short Hebrew sentence, put together by code out of what the database holds.
    pub fn sentence(&self) -> String {
        let seconds = (self.ended_at - self.started_at).whole_seconds().max(0);
        let length = format!("השיחה נמשכה {}:{:02} דקות", seconds / 60, seconds % 60);
        let booked: Vec<String> = self
            .appointments
            .iter()
            .map(|booking| moment(Some(booking.date), Some(booking.time)))
            .collect();
        let asked = moment(self.last_requested.date, self.last_requested.time);
        match self.outcome() {
            "booked" => format!("נקבעה פגישה: {}. {length}.", booked.join(", ")),
            "asked" => format!("לא נקבעה פגישה; המועד האחרון שהתבקש: {asked}. {length}."),
            _ => format!("לא נקבעה פגישה. {length}."),
        }
    }
}

fn moment(date: Option<time::Date>, time: Option<time::Time>) -> String {
    let date = date.map(|date| date.to_string());
    let time = time.map(|time| format!("{:02}:{:02}", time.hour(), time.minute()));
    date.into_iter().chain(time).collect::<Vec<_>>().join(" ")
}

fn rfc3339(instant: UtcDateTime) -> String {
    // Every instant that is stored can be written.
    instant.format(&Rfc3339).unwrap_or_default()
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::LeadCreated => EventKind::LeadCreated,
            Self::LeadUpdated => EventKind::LeadUpdated,
            Self::Appointment { kind, .. } => *kind,
            Self::CallEnded(_) => EventKind::CallEnded,
            Self::TaskCreated { .. } => EventKind::TaskCreated,
        }
    }

    /// The appointment that it is about.
    pub const fn appointment_id(&self) -> Option<AppointmentId> {
        match self {
            Self::Appointment { booking, .. } => Some(booking.appointment_id),
            Self::LeadCreated
            | Self::LeadUpdated
            | Self::CallEnded(_)
            | Self::TaskCreated { .. } => None,
        }
    }

    /// What it says beside whom it is about, as a JSON object. Nothing personal is in it: number, name and a task's words
    /// are joined when it is delivered, so that a lead that was erased is erased here too.
    pub fn data(&self) -> Value {
        match self {
            Self::LeadCreated | Self::LeadUpdated => json!({}),
            Self::Appointment {
                booking,
                starts_at,
                ends_at,
                before,
                actor,
                ..
            } => {
                let mut data = json!({
                    "appointment_id": booking.appointment_id,
                    "date": booking.date.to_string(),
                    "time": moment(None, Some(booking.time)),
                    "starts_at": rfc3339(*starts_at),
                    "ends_at": rfc3339(*ends_at),
                    "by": actor.as_str(),
                });
                if let (Some(before), Some(object)) = (before, data.as_object_mut()) {
                    let previous = json!({"date": before.date.to_string(), "time": moment(None, Some(before.time))});
                    object.insert("previous".to_owned(), previous);
                }
                data
            }
            Self::CallEnded(summary) => json!({
                "ending": summary.ending.as_str(),
                "outcome": summary.outcome(),
                "started_at": rfc3339(summary.started_at),
                "ended_at": rfc3339(summary.ended_at),
                "appointments": summary.appointments.iter().map(|booking| booking.appointment_id).collect::<Vec<_>>(),
                "transcript": {"call_sid": summary.call_sid, "lines": summary.transcript_lines},
                "summary": summary.sentence(),
            }),
            Self::TaskCreated {
                task_id,
                kind,
                requested,
            } => json!({
                "task_id": task_id,
                "kind": kind.as_str(),
                "date": requested.date.map(|date| date.to_string()),
                "time": requested.time.map(|time| moment(None, Some(time))),
            }),
        }
    }
}

/// Where a business's events go.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// An `https` address.
    pub url: String,
    /// What signs them, in the form of Standard Webhooks: `whsec_` and base64.
    pub secret: SecretString,
    /// Whether it may lead to the public internet alone: somebody else than the operator named it.
    pub public_only: bool,
}

/// An event that this process is to deliver now.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The same through every attempt.
    pub event_id: EventId,
    /// Whose it is.
    pub business_id: BusinessId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: UtcDateTime,
    /// From which call.
    pub call_sid: Option<CallSid>,
    /// [`Event::data`], as JSON.
    pub data: String,
    /// Whom it is about, as it is known now.
    pub lead: LeadRow,
    /// Whom its appointment or its task is for, by the name that was said for it.
    pub name: Option<Pii<String>>,
    /// The caller's words in its task.
    pub words: Option<Pii<String>>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Where it goes.
    pub webhook: Webhook,
}

/// An event as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub event_id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: UtcDateTime,
    /// From which call.
    pub call_sid: Option<CallSid>,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// From when it is tried next, if it waits for nothing else: not for its call's end, an earlier event or a webhook.
    pub next_at: Option<UtcDateTime>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// The outbox of every business.
///
/// An event is written in the transaction of the change that it tells of. It can be claimed once its call is over and
/// every earlier event of its lead is delivered or discarded; a claim is a lease, so what a dead process had claimed
/// comes back.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Sets where a business's events go, or that they go nowhere; `false` if there is no such business. What waits
    /// meanwhile is kept for 30 days.
    async fn set_webhook(
        &self,
        business_id: BusinessId,
        webhook: Option<&Webhook>,
    ) -> Result<bool, StoreError>;

    /// Where a business's events go.
    async fn webhook(&self, business_id: BusinessId) -> Result<Option<Webhook>, StoreError>;

    /// Claims events that are due, of all businesses, for the length of the lease: one of each first, and first of who has
    /// waited longest. No two processes hold the same event at once, and all of them together hold only a few of one business,
    /// one of a business whose receiver failed last, and not many of all such: receivers that hang do not hold up the others.
    /// What it costs depends on what it claims, not on what waits.
    async fn claim_deliveries(
        &self,
        now: UtcDateTime,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The business's service took it.
    async fn delivered(&self, delivery: &Delivery, now: UtcDateTime) -> Result<(), StoreError>;

    /// It did not. `retry_at` is when to try again; `None` makes it a dead letter. Says nothing if the lease ran out and
    /// another process has it.
    async fn not_delivered(
        &self,
        delivery: &Delivery,
        why: &str,
        retry_at: Option<UtcDateTime>,
    ) -> Result<(), StoreError>;

    /// A business's newest events, at most `limit`.
    async fn events(
        &self,
        business_id: BusinessId,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError>;

    /// One event.
    async fn event(
        &self,
        business_id: BusinessId,
        event_id: EventId,
    ) -> Result<Option<EventRow>, StoreError>;

    /// Gives dead letters another round of attempts: one, or all of the business. Returns how many.
    async fn replay(
        &self,
        business_id: BusinessId,
        event_id: Option<EventId>,
        now: UtcDateTime,
    ) -> Result<u64, StoreError>;

    /// Gives a dead letter up, so that its lead's later events can go; `false` if there is no such dead letter.
    async fn discard(
        &self,
        business_id: BusinessId,
        event_id: EventId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time, utc_datetime};
    use uuid::Uuid;

    use super::*;

    fn booking() -> Booking {
        Booking {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(1)),
            date: date!(2026 - 11 - 24),
            time: time!(16:30),
        }
    }

    #[test]
    fn a_moved_appointment_says_where_it_stood() {
        let before = Booking {
            time: time!(9:00),
            ..booking()
        };
        let event = Event::Appointment {
            kind: EventKind::AppointmentMoved,
            booking: booking(),
            starts_at: utc_datetime!(2026-11-24 14:30),
            ends_at: utc_datetime!(2026-11-24 15:00),
            before: Some(before),
            actor: Actor::Caller,
        };
        let expected = json!({
            "appointment_id": "00000000-0000-0000-0000-000000000001",
            "date": "2026-11-24", "time": "16:30",
            "starts_at": "2026-11-24T14:30:00Z", "ends_at": "2026-11-24T15:00:00Z",
            "by": "caller", "previous": {"date": "2026-11-24", "time": "09:00"},
        });
        assert_eq!(event.data(), expected);
    }

    #[test]
    fn a_call_is_summed_up_in_a_sentence() {
        let mut summary = CallSummary {
            call_sid: "CA1".parse().unwrap(),
            ending: CallEnding::HungUp,
            started_at: utc_datetime!(2026-11-23 8:00),
            ended_at: utc_datetime!(2026-11-23 8:01:05),
            transcript_lines: 4,
            appointments: vec![booking()],
            last_requested: RequestedTime::default(),
        };
        let booked = "נקבעה פגישה: 2026-11-24 16:30. השיחה נמשכה 1:05 דקות.";
        assert_eq!(
            (summary.outcome(), summary.sentence().as_str()),
            ("booked", booked)
        );
        summary.appointments.clear();
        assert_eq!(summary.outcome(), "talked");
        summary.last_requested.time = Some(time!(9:00));
        let asked = "לא נקבעה פגישה; המועד האחרון שהתבקש: 09:00. השיחה נמשכה 1:05 דקות.";
        assert_eq!(
            (summary.outcome(), summary.sentence().as_str()),
            ("asked", asked)
        );
    }
}
