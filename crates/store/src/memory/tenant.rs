//! What is kept of one business, and the changes to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::{Date, Time, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, Business, BusinessId, CallSid, LeadId, ModelName, PhoneNumber, Pii,
    Proposal, RequestedTime,
};
use toran_scheduling::Refusal;
use uuid::Uuid;

use crate::{
    Actor, AppointmentChange, AppointmentRow, AppointmentStatus, BookingAnswer, BookingOrder,
    CallAppointment, CallEnding, CallKey, CallOpening, CallSession, CallStream, ChangeKind,
    ModelUsage, Origin, SAID_LINES, StoreError, TranscriptLine, TransferState,
    booking::{self, LiveAppointment, Placement},
    bounded_name,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) tenants: BTreeMap<BusinessId, Tenant>,
    pub(super) redeemed: HashMap<Uuid, UtcDateTime>,
}

/// All that belongs to one business, so that no question can reach another's.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) business: Business,
    pub(super) further_numbers: Vec<PhoneNumber>,
    pub(super) blocked: BTreeSet<String>,
    pub(super) leads: BTreeMap<LeadId, Lead>,
    pub(super) calls: BTreeMap<CallSid, Call>,
    pub(super) appointments: Vec<Appointment>,
}

#[derive(Debug)]
pub(super) struct Lead {
    pub(super) phone: Option<PhoneNumber>,
    pub(super) given_phone: Option<PhoneNumber>,
    pub(super) name: Option<Pii<String>>,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) lead_id: LeadId,
    pub(super) caller_name: Option<Pii<String>>,
    pub(super) transfer: Option<TransferState>,
    pub(super) last_requested: RequestedTime,
    pub(super) last_confirmed: Option<Booking>,
    pub(super) proposal: Option<Proposal>,
    pub(super) offered: Vec<(Date, Time)>,
    pub(super) one_more: bool,
    pub(super) epoch: u32,
    pub(super) started_at: UtcDateTime,
    pub(super) seen_at: UtcDateTime,
    pub(super) reconnects: u32,
    pub(super) ending: Option<(CallEnding, UtcDateTime)>,
    pub(super) transcript: Vec<TranscriptLine>,
    pub(super) usage: BTreeMap<ModelName, ModelUsage>,
}

#[derive(Debug)]
pub(super) struct Appointment {
    /// As it stands, or stood until it was given up.
    pub(super) live: LiveAppointment,
    pub(super) status: AppointmentStatus,
    pub(super) ends_at: UtcDateTime,
    pub(super) announced: bool,
    pub(super) created_at: UtcDateTime,
    pub(super) history: Vec<AppointmentChange>,
}

impl Appointment {
    pub(super) fn is_live(&self) -> bool {
        self.status == AppointmentStatus::Confirmed
    }
}

impl State {
    pub(super) fn tenant(&mut self, id: BusinessId) -> Result<&mut Tenant, StoreError> {
        self.tenants.get_mut(&id).ok_or(StoreError::UnknownBusiness)
    }

    pub(super) fn call(&mut self, key: &CallKey) -> Result<&mut Call, StoreError> {
        let tenant = self.tenants.get_mut(&key.business_id);
        tenant
            .and_then(|tenant| tenant.calls.get_mut(&key.call_sid))
            .ok_or(StoreError::UnknownCall)
    }

    /// The call of a stream that still has it.
    pub(super) fn streamed(&mut self, stream: &CallStream) -> Result<&mut Call, StoreError> {
        let call = self.call(&stream.key)?;
        if stream.epoch < call.epoch {
            return Err(StoreError::Superseded);
        }
        Ok(call)
    }
}

impl Call {
    pub(super) fn of_lead(lead_id: LeadId, now: UtcDateTime) -> Self {
        Self {
            lead_id,
            caller_name: None,
            transfer: None,
            last_requested: RequestedTime::default(),
            last_confirmed: None,
            proposal: None,
            offered: Vec::new(),
            one_more: false,
            epoch: 0,
            started_at: now,
            seen_at: now,
            reconnects: 0,
            ending: None,
            transcript: Vec::new(),
            usage: BTreeMap::new(),
        }
    }

    /// The call is back: unless it was given up, it has not ended.
    pub(super) fn reopen(&mut self) {
        self.ending
            .take_if(|(ending, _)| *ending != CallEnding::Failed);
    }
}

impl Tenant {
    pub(super) fn is_called_at(&self, number: &PhoneNumber) -> bool {
        self.business.called_number == *number || self.further_numbers.contains(number)
    }

    pub(super) fn called_numbers(&self) -> Vec<PhoneNumber> {
        let own = std::iter::once(&self.business.called_number);
        own.chain(&self.further_numbers).cloned().collect()
    }

    /// How many calls a number has made since.
    pub(super) fn calls_of_since(&self, caller: &PhoneNumber, since: UtcDateTime) -> u32 {
        let is_theirs = |call: &&Call| {
            let lead = self.leads.get(&call.lead_id);
            let phone = lead.and_then(|lead| lead.phone.as_ref());
            phone == Some(caller) && call.started_at > since
        };
        let calls = self.calls.values().filter(is_theirs).count();
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    pub(super) fn find_or_make_lead(&mut self, opening: &CallOpening) -> LeadId {
        let known = opening.caller.as_ref().and_then(|phone| {
            self.leads
                .iter()
                .find(|(_, lead)| lead.phone.as_ref() == Some(phone))
        });
        if let Some((id, _)) = known {
            return *id;
        }
        let lead = Lead {
            phone: opening.caller.clone(),
            given_phone: None,
            name: None,
        };
        self.leads.insert(opening.new_lead_id, lead);
        opening.new_lead_id
    }

    pub(super) fn session(&self, key: &CallKey) -> Option<CallSession> {
        let call = self.calls.get(&key.call_sid)?;
        let lead = self.leads.get(&call.lead_id);
        let made_here = self
            .live()
            .filter(|made| made.live.call_sid == key.call_sid);
        Some(CallSession {
            key: key.clone(),
            lead_id: call.lead_id,
            lead_name: lead.and_then(|lead| lead.name.clone()),
            caller_name: call.caller_name.clone(),
            has_number: lead.is_some_and(|lead| lead.phone.is_some()),
            last_requested: call.last_requested,
            last_confirmed: call.last_confirmed,
            appointments: made_here
                .map(|made| CallAppointment {
                    booking: made.live.booking(&self.business.settings),
                    announced: made.announced,
                })
                .collect(),
            proposal: call.proposal.unwrap_or(Proposal {
                table: call.last_requested,
                ..Proposal::default()
            }),
            offered: call.offered.clone(),
            one_more: call.one_more,
            epoch: call.epoch,
            said: call.transcript[call.transcript.len().saturating_sub(SAID_LINES)..].to_vec(),
            resumed: call.reconnects > 0,
            reconnects: call.reconnects,
            ending: call.ending.map(|(ending, _)| ending),
            transfer: call.transfer,
        })
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Appointment> {
        self.appointments.iter().filter(|made| made.is_live())
    }

    pub(super) fn touching(
        &self,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> impl Iterator<Item = &Appointment> {
        self.live()
            .filter(move |made| made.live.busy.from() < to && from < made.live.busy.to())
    }

    pub(super) fn known(&self, date: Date) -> Vec<LiveAppointment> {
        let (from, to) = booking::known_range(&self.business.settings, date);
        self.touching(from, to)
            .map(|made| made.live.clone())
            .collect()
    }

    pub(super) fn find(&self, id: AppointmentId) -> Option<&Appointment> {
        let mut all = self.appointments.iter();
        all.find(|made| made.live.appointment_id == id)
    }

    /// The live appointment that was confirmed last in a call.
    pub(super) fn standing(&self, call_sid: &CallSid) -> Option<LiveAppointment> {
        let last = self.calls.get(call_sid)?.last_confirmed?;
        let made = self.find(last.appointment_id)?;
        made.is_live().then(|| made.live.clone())
    }

    /// Writes an appointment, or writes one elsewhere. Refuses an overlap by itself, as a database does.
    pub(super) fn put(&mut self, appointment: Appointment, placement: &Placement) -> bool {
        for (id, number) in &placement.reseated {
            for made in &mut self.appointments {
                if made.live.appointment_id == *id {
                    made.live.seat.number = *number;
                }
            }
        }
        let live = &appointment.live;
        let id = live.appointment_id;
        let meets = |made: &Appointment| {
            made.live.appointment_id != id
                && made.live.seat == live.seat
                && made.live.busy.overlaps(&live.busy)
        };
        if self.live().any(meets) {
            return false;
        }
        self.appointments
            .retain(|made| made.live.appointment_id != id);
        self.appointments.push(appointment);
        self.appointments
            .sort_by_key(|made| (made.live.busy, made.live.appointment_id));
        true
    }

    /// Whether as many coming appointments stand for the caller's number as may.
    pub(super) fn has_all_it_may(&self, order: &BookingOrder) -> bool {
        let lead = self.leads.get(&order.lead_id);
        let has_number = lead.is_some_and(|lead| lead.phone.is_some());
        let coming = self
            .live()
            .filter(|made| made.live.lead_id == order.lead_id && made.live.starts_at > order.now);
        let coming = coming.count();
        has_number
            && order
                .most_standing
                .is_some_and(|most| coming >= usize::from(most.get()))
    }

    pub(super) fn create(&mut self, order: &BookingOrder, placement: &Placement) -> BookingAnswer {
        let slot = &placement.slot;
        let live = LiveAppointment {
            appointment_id: order.new_appointment_id,
            lead_id: order.lead_id,
            call_sid: order.key.call_sid.clone(),
            name: order.name.clone(),
            starts_at: slot.starts_at(),
            busy: slot.busy(),
            seat: placement.seat.clone(),
        };
        let booking = live.booking(&self.business.settings);
        let created = AppointmentChange {
            kind: ChangeKind::Created,
            origin: by_caller(order),
            from: None,
            to: Some(slot.starts_at()),
        };
        let appointment = Appointment {
            live,
            status: AppointmentStatus::Confirmed,
            ends_at: slot.ends_at(),
            announced: false,
            created_at: whole_second(order.now),
            history: vec![created],
        };
        if self.put(appointment, placement) {
            BookingAnswer::Created(booking)
        } else {
            BookingAnswer::Refused(Refusal::Taken)
        }
    }

    /// Gives a live appointment the place that was found for it.
    pub(super) fn relocate(
        &mut self,
        standing: &LiveAppointment,
        placement: &Placement,
        origin: Origin,
    ) -> Option<(Booking, Booking)> {
        let slot = &placement.slot;
        let before = self.find(standing.appointment_id)?;
        let mut history = before.history.clone();
        history.push(AppointmentChange {
            kind: ChangeKind::Moved,
            origin: origin.clone(),
            from: Some(standing.starts_at),
            to: Some(slot.starts_at()),
        });
        let live = LiveAppointment {
            call_sid: origin.call_sid.unwrap_or_else(|| standing.call_sid.clone()),
            starts_at: slot.starts_at(),
            busy: slot.busy(),
            seat: placement.seat.clone(),
            ..standing.clone()
        };
        let settings = &self.business.settings;
        let bookings = (standing.booking(settings), live.booking(settings));
        let appointment = Appointment {
            live,
            status: AppointmentStatus::Confirmed,
            ends_at: slot.ends_at(),
            announced: false,
            created_at: before.created_at,
            history,
        };
        self.put(appointment, placement).then_some(bookings)
    }

    pub(super) fn row(&self, made: &Appointment) -> AppointmentRow {
        let lead = self.leads.get(&made.live.lead_id);
        AppointmentRow {
            booking: made.live.booking(&self.business.settings),
            status: made.status,
            lead_id: made.live.lead_id,
            call_sid: made.live.call_sid.clone(),
            caller: lead.and_then(|lead| lead.phone.clone()),
            given_phone: lead.and_then(|lead| lead.given_phone.clone()),
            name: made.live.name.clone(),
            lead_name: lead.and_then(|lead| lead.name.clone()),
            starts_at: made.live.starts_at,
            ends_at: made.ends_at,
            resource: made.live.seat.resource.clone(),
            created_at: made.created_at,
        }
    }
}

/// The order as it is carried out: its name in the form in which names are kept, or else the one that the call has told
/// meanwhile.
pub(super) fn named(order: &BookingOrder, call: &Call) -> BookingOrder {
    let name = order.name.as_ref();
    let name = name.and_then(|name| bounded_name(name.expose()));
    BookingOrder {
        name: name.or_else(|| call.caller_name.clone()),
        ..order.clone()
    }
}

pub(super) fn by_caller(order: &BookingOrder) -> Origin {
    Origin {
        actor: Actor::Caller,
        call_sid: Some(order.key.call_sid.clone()),
        at: whole_second(order.now),
    }
}

/// Databases keep seconds, so memory does too.
pub(super) fn whole_second(instant: UtcDateTime) -> UtcDateTime {
    instant.truncate_to_second()
}
