//! Leads as their business sees them, and how long it keeps what is personal.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{AppointmentId, Booking, BusinessId, CallSid, LeadId, PhoneNumber, Pii};

use crate::{
    AppointmentChange, AppointmentRow, CallEnding, ChangeKind, StoreError, TaskRow, TranscriptLine,
    names::{persons, same_person},
};

/// One line from which a business was called, or one call whose number was withheld. More than one person may call from a
/// line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRow {
    /// Its id.
    pub lead_id: LeadId,
    /// Its number; `None` if it is withheld or was removed.
    pub phone: Option<PhoneNumber>,
    /// A number that a caller who withheld theirs gave in the conversation. Nobody is found by it.
    pub given_phone: Option<PhoneNumber>,
    /// The name that was said last on it.
    pub name: Option<Pii<String>>,
    /// When it called first.
    pub created_at: UtcDateTime,
    /// When what is personal was removed.
    pub erased_at: Option<UtcDateTime>,
}

/// One call in a lead's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Which.
    pub call_sid: CallSid,
    /// When it began.
    pub started_at: UtcDateTime,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<UtcDateTime>,
    /// How.
    pub ending: Option<CallEnding>,
    /// The name that was said in it last.
    pub caller_name: Option<Pii<String>>,
    /// The appointment that it confirmed last, whoever made it.
    pub last_confirmed: Option<AppointmentId>,
    /// What was said, as far as it is kept.
    pub transcript: Vec<TranscriptLine>,
}

/// Everything that is kept of a lead, or of one person of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRecord {
    /// Who.
    pub lead: LeadRow,
    /// Its calls, oldest first.
    pub calls: Vec<CallRecord>,
    /// Its appointments, standing and given up, earliest first, each with its history.
    pub appointments: Vec<(AppointmentRow, Vec<AppointmentChange>)>,
    /// What it left for the business to do, done or not, oldest first.
    pub tasks: Vec<TaskRow>,
}

impl LeadRecord {
    /// The persons of the line, by every name under which something is kept of it.
    pub fn persons(&self) -> Vec<Pii<String>> {
        let appointments = self.appointments.iter().map(|(row, _)| &row.name);
        let calls = self.calls.iter().map(|call| &call.caller_name);
        let tasks = self.tasks.iter().map(|task| &task.name);
        let all = std::iter::once(&self.lead.name)
            .chain(appointments)
            .chain(calls)
            .chain(tasks);
        persons(all.flatten())
    }

    /// Whether it is the lead of one call without a number, as it should be where the number is withheld.
    pub fn is_of_one_call(&self) -> bool {
        self.calls.len() <= 1 && self.lead.phone.is_none()
    }

    /// What the whole record covers.
    pub fn covers_all(&self) -> Covered {
        Covered {
            line: self.lead.phone.clone(),
            whole_line: true,
            persons: self.persons(),
            others: 0,
        }
    }

    /// What is kept of one person of the line: the appointments and tasks under that name, and the calls in which it was
    /// said.
    #[must_use]
    pub fn of_person(self, person: &str) -> (Self, Covered) {
        let is_theirs = |name: &Option<Pii<String>>| {
            name.as_ref()
                .is_some_and(|name| same_person(name.expose(), person))
        };
        let (theirs, others): (Vec<_>, Vec<_>) = self
            .persons()
            .into_iter()
            .partition(|name| same_person(name.expose(), person));
        let mut appointments = self.appointments;
        appointments.retain(|(row, _)| is_theirs(&row.name));
        let mut tasks = self.tasks;
        tasks.retain(|task| is_theirs(&task.name));
        // How the line is called may be another person's name.
        let lines = appointments.iter_mut().map(|(row, _)| &mut row.lead_name);
        for line in lines.chain(tasks.iter_mut().map(|task| &mut task.lead_name)) {
            line.take_if(|name| !same_person(name.expose(), person));
        }
        let named_in = |call: &CallRecord| {
            let made = appointments
                .iter()
                .any(|(_, history)| made_in(history) == Some(&call.call_sid));
            let asked = tasks.iter().any(|task| task.call_sid == call.call_sid);
            is_theirs(&call.caller_name) || made || asked
        };
        let covered = Covered {
            line: self.lead.phone.clone(),
            whole_line: false,
            persons: theirs,
            others: others.len(),
        };
        let name = self
            .lead
            .name
            .filter(|name| same_person(name.expose(), person));
        let record = Self {
            lead: LeadRow { name, ..self.lead },
            calls: self.calls.into_iter().filter(named_in).collect(),
            appointments,
            tasks,
        };
        (record, covered)
    }
}

/// The call in which an appointment was made.
fn made_in(history: &[AppointmentChange]) -> Option<&CallSid> {
    let made = history
        .iter()
        .find(|change| change.kind == ChangeKind::Created);
    made.and_then(|change| change.origin.call_sid.as_ref())
}

/// What an export shows, or an erasure removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The line's number; `None` if it is withheld, or was removed before.
    pub line: Option<PhoneNumber>,
    /// Whether it is all that is kept of the line, or of some persons of it alone.
    pub whole_line: bool,
    /// The persons whose data it is. Empty if nobody of that name is known on the line: then it is nobody's.
    pub persons: Vec<Pii<String>>,
    /// How many other persons of the line it does not concern.
    pub others: usize,
}

impl Covered {
    /// Whether a person was asked for whom nobody of the line is.
    pub const fn is_of_nobody(&self) -> bool {
        !self.whole_line && self.persons.is_empty()
    }

    /// What is covered, in a few words. The names are in it: for whoever may see them.
    pub fn sentence(&self) -> String {
        let count = |n: usize| format!("{n} {}", if n == 1 { "person" } else { "persons" });
        if self.whole_line {
            return format!("covers the whole line ({})", count(self.persons.len()));
        }
        let names: Vec<&str> = self
            .persons
            .iter()
            .map(|name| name.expose().as_str())
            .collect();
        let others = match self.others {
            1 => "1 other person of this line stays".to_owned(),
            n => format!("{n} other persons of this line stay"),
        };
        format!("covers {}; {others}", names.join(", "))
    }
}

/// What taking a lead apart comes to: it had been made of a word that stands for a withheld number, so that strangers
/// shared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLead {
    /// The calls that are over, oldest first: each gets a lead of its own.
    pub parts: Vec<SplitPart>,
    /// How many calls go on and are left as they are. While there is one, the lead keeps its number: ask again.
    pub going_on: usize,
    /// The appointments with which a call had to do that did not make them.
    pub crossed: Vec<CrossedAppointment>,
}

/// One call that gets a lead of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPart {
    /// The call.
    pub call_sid: CallSid,
    /// The appointments that it made, whoever moved them since.
    pub appointments: Vec<AppointmentId>,
}

impl SplitLead {
    /// What taking a lead apart comes to. Reads no transcript: the record may be without them.
    pub fn of(record: &LeadRecord) -> Self {
        let going_on = record.calls.iter().filter(|call| call.ended_at.is_none());
        let going_on = going_on.count();
        if record.is_of_one_call() {
            return Self {
                parts: Vec::new(),
                going_on,
                crossed: Vec::new(),
            };
        }
        let mut made: HashMap<&CallSid, Vec<AppointmentId>> = HashMap::new();
        for (row, history) in &record.appointments {
            let made_in = made_in(history).unwrap_or(&row.call_sid);
            let of_call = made.entry(made_in).or_default();
            of_call.push(row.booking.appointment_id);
        }
        let over = record.calls.iter().filter(|call| call.ended_at.is_some());
        let parts = over.map(|call| SplitPart {
            call_sid: call.call_sid.clone(),
            appointments: made.remove(&call.call_sid).unwrap_or_default(),
        });
        Self {
            parts: parts.collect(),
            going_on,
            crossed: crossed(record),
        }
    }

    /// How many appointments go with the calls that made them.
    pub fn appointments(&self) -> usize {
        self.parts.iter().map(|part| part.appointments.len()).sum()
    }
}

/// An appointment that was made in one call and that another call moved, or was told was its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossedAppointment {
    /// The appointment, where it stands.
    pub booking: Booking,
    /// The call that made it.
    pub made_in: CallSid,
    /// The other call.
    pub by: CallSid,
    /// Whether the other call moved it; if not, it was told that it is its own.
    pub was_moved: bool,
}

fn crossed(record: &LeadRecord) -> Vec<CrossedAppointment> {
    let mut told: HashMap<AppointmentId, Vec<&CallSid>> = HashMap::new();
    for call in &record.calls {
        if let Some(id) = call.last_confirmed {
            told.entry(id).or_default().push(&call.call_sid);
        }
    }
    let mut crossed = Vec::new();
    for (row, history) in &record.appointments {
        let made_in = made_in(history).unwrap_or(&row.call_sid);
        let movers = history
            .iter()
            .filter(|change| change.kind == ChangeKind::Moved)
            .filter_map(|change| change.origin.call_sid.as_ref());
        let told = told.remove(&row.booking.appointment_id).unwrap_or_default();
        let others = movers
            .map(|by| (by, true))
            .chain(told.into_iter().map(|by| (by, false)));
        let mut known = HashSet::from([made_in]);
        for (by, was_moved) in others {
            if known.insert(by) {
                crossed.push(CrossedAppointment {
                    booking: row.booking,
                    made_in: made_in.clone(),
                    by: by.clone(),
                    was_moved,
                });
            }
        }
    }
    crossed
}

/// For how many days a business keeps what is personal. `None`: until it is erased by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// What was said, counted from the end of the call.
    pub transcripts_days: Option<u16>,
    /// Numbers and names, counted from the lead's last call or the end of its last appointment, whichever is later.
    pub phone_numbers_days: Option<u16>,
}

/// What a round of retention removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Lines of transcripts.
    pub transcript_lines: u64,
    /// Leads whose number and name are gone.
    pub leads: u64,
    /// Events of the outbox that were done with long ago.
    pub events: u64,
}

/// The leads of businesses.
#[async_trait]
pub trait Leads: Send + Sync {
    /// The newest leads first, at most `limit`.
    async fn leads(&self, business_id: BusinessId, limit: u32) -> Result<Vec<LeadRow>, StoreError>;

    /// One lead.
    async fn lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<LeadRow>, StoreError>;

    /// The lead that calls from a number.
    async fn lead_by_phone(
        &self,
        business_id: BusinessId,
        phone: &PhoneNumber,
    ) -> Result<Option<LeadRow>, StoreError>;

    /// Everything that is kept of a lead; or of one person of it, by a name, its parts and variants. `None` if there is no
    /// such lead.
    async fn export_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        person: Option<&str>,
    ) -> Result<Option<(LeadRecord, Covered)>, StoreError>;

    /// Removes number, names and what was said; `None` if there is no such lead. Calls and appointments stay, without
    /// a person. A later call from the number is a new lead's. For one person, the number and the others of the line stay;
    /// and what comes late of a call that was that person's alone finds nobody;
    /// for the only one there is, the whole line goes; for [nobody](Covered::is_of_nobody), nothing.
    async fn erase_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        person: Option<&str>,
        now: UtcDateTime,
    ) -> Result<Option<Covered>, StoreError>;

    /// What taking a lead apart comes to that strangers share. Changes nothing; `None` if there is no such lead.
    async fn plan_split(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<SplitLead>, StoreError>;

    /// Gives one call of a shared lead a lead of its own without a number, and with it the appointments that it made and its
    /// tasks, in one transaction. `false`, and nothing is changed, if the call is not the lead's any more, or goes on.
    async fn split_off(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        part: &SplitPart,
        new_lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;

    /// Ends taking a lead apart, whether or not it was interrupted before: events that still wait go to the leads of their
    /// calls and appointments, and a lead that has no call left loses number and name, so that nobody is found by them. Asked
    /// again, it changes nothing more.
    async fn finish_split(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;

    /// How long a business keeps what is personal; `None` if there is no such business.
    async fn retention(&self, business_id: BusinessId) -> Result<Option<Retention>, StoreError>;

    /// Changes it; `false` if there is no such business.
    async fn set_retention(
        &self,
        business_id: BusinessId,
        retention: Retention,
    ) -> Result<bool, StoreError>;

    /// Removes what every business no longer keeps, and events that were delivered or discarded more than 30 days
    /// ago. For the deployment alone.
    async fn apply_retention(&self, now: UtcDateTime) -> Result<Removed, StoreError>;
}
