//! A store in memory, with the semantics of the real ones.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use time::{Date, Time, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, Business, BusinessId, CallSid, Cost, LeadId, ModelName, PhoneNumber,
    Pii, RequestedTime, Usage,
};
use toran_scheduling::{AppointmentSettings, Busy, Refusal};
use uuid::Uuid;

use crate::{
    Actor, Addition, AppointmentChange, AppointmentRow, AppointmentStatus, Appointments,
    BookingAnswer, BookingOrder, Businesses, CallAppointment, CallEnding, CallKey, CallOpening,
    CallSession, Calls, CancelAnswer, ChangeKind, MAX_OFFERED, ModelUsage, MoveAnswer, MoveOrder,
    Origin, REDEEMED_TOKEN_KEPT, SAID_LINES, StoreError, TranscriptLine,
    booking::{self, Decision, LiveAppointment, Placement},
    bounded_name, checked_business,
};

/// Everything in one process's memory, gone with it. For tests, of this crate and of others: what it
/// answers, every backend answers.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    away: AtomicBool,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on it answers nothing, like a database that is out of reach.
    pub fn go_away(&self) {
        self.away.store(true, Ordering::Relaxed);
    }

    /// It answers again, and has forgotten nothing.
    pub fn come_back(&self) {
        self.away.store(false, Ordering::Relaxed);
    }

    /// Every operation is one critical section without an await: that is its transaction.
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("it was told to be away"));
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug, Default)]
struct State {
    tenants: BTreeMap<BusinessId, Tenant>,
    redeemed: HashMap<Uuid, UtcDateTime>,
}

/// All that belongs to one business, so that no question can reach another's.
#[derive(Debug)]
struct Tenant {
    business: Business,
    leads: BTreeMap<LeadId, Lead>,
    calls: BTreeMap<CallSid, Call>,
    appointments: Vec<Appointment>,
}

#[derive(Debug)]
struct Lead {
    phone: Option<PhoneNumber>,
    name: Option<Pii<String>>,
}

#[derive(Debug)]
struct Call {
    lead_id: LeadId,
    last_requested: RequestedTime,
    last_confirmed: Option<Booking>,
    offered: Vec<(Date, Time)>,
    seen_at: UtcDateTime,
    reconnects: u32,
    ending: Option<(CallEnding, UtcDateTime)>,
    transcript: Vec<TranscriptLine>,
    usage: BTreeMap<ModelName, ModelUsage>,
}

#[derive(Debug)]
struct Appointment {
    /// As it stands, or stood until it was given up.
    live: LiveAppointment,
    status: AppointmentStatus,
    ends_at: UtcDateTime,
    name: Option<Pii<String>>,
    announced: bool,
    created_at: UtcDateTime,
    history: Vec<AppointmentChange>,
}

impl Appointment {
    fn is_live(&self) -> bool {
        self.status == AppointmentStatus::Confirmed
    }
}

impl State {
    fn tenant(&mut self, id: BusinessId) -> Result<&mut Tenant, StoreError> {
        self.tenants.get_mut(&id).ok_or(StoreError::UnknownBusiness)
    }

    fn call(&mut self, key: &CallKey) -> Result<&mut Call, StoreError> {
        let tenant = self.tenants.get_mut(&key.business_id);
        tenant
            .and_then(|tenant| tenant.calls.get_mut(&key.call_sid))
            .ok_or(StoreError::UnknownCall)
    }
}

impl Tenant {
    fn find_or_make_lead(&mut self, opening: &CallOpening) -> LeadId {
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
            name: None,
        };
        self.leads.insert(opening.new_lead_id, lead);
        opening.new_lead_id
    }

    fn session(&self, key: &CallKey) -> Option<CallSession> {
        let call = self.calls.get(&key.call_sid)?;
        let made_here = self
            .live()
            .filter(|made| made.live.call_sid == key.call_sid);
        Some(CallSession {
            key: key.clone(),
            lead_id: call.lead_id,
            lead_name: self
                .leads
                .get(&call.lead_id)
                .and_then(|lead| lead.name.clone()),
            last_requested: call.last_requested,
            last_confirmed: call.last_confirmed,
            appointments: made_here
                .map(|made| CallAppointment {
                    booking: made.live.booking(&self.business.settings),
                    announced: made.announced,
                })
                .collect(),
            offered: call.offered.clone(),
            said: call.transcript[call.transcript.len().saturating_sub(SAID_LINES)..].to_vec(),
            resumed: call.reconnects > 0,
            reconnects: call.reconnects,
            ending: call.ending.map(|(ending, _)| ending),
        })
    }

    fn live(&self) -> impl Iterator<Item = &Appointment> {
        self.appointments.iter().filter(|made| made.is_live())
    }

    fn touching(&self, from: UtcDateTime, to: UtcDateTime) -> impl Iterator<Item = &Appointment> {
        self.live()
            .filter(move |made| made.live.busy.from() < to && from < made.live.busy.to())
    }

    fn known(&self, date: Date) -> Vec<LiveAppointment> {
        let (from, to) = booking::known_range(&self.business.settings, date);
        self.touching(from, to)
            .map(|made| made.live.clone())
            .collect()
    }

    fn find(&self, id: AppointmentId) -> Option<&Appointment> {
        let mut all = self.appointments.iter();
        all.find(|made| made.live.appointment_id == id)
    }

    /// The live appointment that was confirmed last in a call.
    fn standing(&self, call_sid: &CallSid) -> Option<LiveAppointment> {
        let last = self.calls.get(call_sid)?.last_confirmed?;
        let made = self.find(last.appointment_id)?;
        made.is_live().then(|| made.live.clone())
    }

    /// Writes an appointment, or writes one elsewhere. Refuses an overlap by itself, as a database does.
    fn put(&mut self, appointment: Appointment, placement: &Placement) -> bool {
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

    fn create(&mut self, order: &BookingOrder, placement: &Placement) -> BookingAnswer {
        let slot = &placement.slot;
        let live = LiveAppointment {
            appointment_id: order.new_appointment_id,
            lead_id: order.lead_id,
            call_sid: order.key.call_sid.clone(),
            starts_at: slot.starts_at(),
            busy: slot.busy(),
            seat: placement.seat.clone(),
        };
        let booking = live.booking(&self.business.settings);
        let name = order.name.as_ref();
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
            name: name.and_then(|name| bounded_name(name.expose())),
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
    fn relocate(
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
            name: before.name.clone(),
            announced: false,
            created_at: before.created_at,
            history,
        };
        self.put(appointment, placement).then_some(bookings)
    }

    fn row(&self, made: &Appointment) -> AppointmentRow {
        let lead = self.leads.get(&made.live.lead_id);
        AppointmentRow {
            booking: made.live.booking(&self.business.settings),
            status: made.status,
            lead_id: made.live.lead_id,
            call_sid: made.live.call_sid.clone(),
            caller: lead.and_then(|lead| lead.phone.clone()),
            name: made
                .name
                .clone()
                .or_else(|| lead.and_then(|lead| lead.name.clone())),
            starts_at: made.live.starts_at,
            ends_at: made.ends_at,
            resource: made.live.seat.resource.clone(),
            created_at: made.created_at,
        }
    }
}

fn by_caller(order: &BookingOrder) -> Origin {
    Origin {
        actor: Actor::Caller,
        call_sid: Some(order.key.call_sid.clone()),
        at: whole_second(order.now),
    }
}

/// Databases keep seconds, so memory does too.
fn whole_second(instant: UtcDateTime) -> UtcDateTime {
    instant.truncate_to_second()
}

#[async_trait]
impl Businesses for MemoryStore {
    async fn add_business(&self, business: &Business) -> Result<Addition, StoreError> {
        let business = match checked_business(business) {
            Ok(business) => business,
            Err(error) => return Ok(Addition::BadName(error)),
        };
        let mut state = self.state()?;
        let taken = |other: &Tenant| other.business.called_number == business.called_number;
        if state.tenants.contains_key(&business.id) {
            return Ok(Addition::IdTaken);
        }
        if state.tenants.values().any(taken) {
            return Ok(Addition::NumberTaken);
        }
        let tenant = Tenant {
            leads: BTreeMap::new(),
            calls: BTreeMap::new(),
            appointments: Vec::new(),
            business,
        };
        state.tenants.insert(tenant.business.id, tenant);
        Ok(Addition::Added)
    }

    async fn business_by_called_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Business>, StoreError> {
        let state = self.state()?;
        let mut businesses = state.tenants.values().map(|tenant| &tenant.business);
        Ok(businesses
            .find(|business| business.called_number == *number)
            .cloned())
    }

    async fn business(&self, id: BusinessId) -> Result<Option<Business>, StoreError> {
        Ok(self
            .state()?
            .tenants
            .get(&id)
            .map(|tenant| tenant.business.clone()))
    }

    async fn businesses(&self) -> Result<Vec<Business>, StoreError> {
        Ok(self
            .state()?
            .tenants
            .values()
            .map(|tenant| tenant.business.clone())
            .collect())
    }

    async fn update_settings(
        &self,
        id: BusinessId,
        settings: &AppointmentSettings,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenants.get_mut(&id);
        Ok(tenant
            .map(|tenant| tenant.business.settings = settings.clone())
            .is_some())
    }

    async fn remove_business(&self, id: BusinessId) -> Result<bool, StoreError> {
        Ok(self.state()?.tenants.remove(&id).is_some())
    }
}

#[async_trait]
impl Calls for MemoryStore {
    async fn redeem_stream_token(
        &self,
        token_id: Uuid,
        expires_at: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        state
            .redeemed
            .retain(|_, expired_at| expired_at.saturating_add(REDEEMED_TOKEN_KEPT) > now);
        Ok(now < expires_at && state.redeemed.insert(token_id, expires_at).is_none())
    }

    async fn open_call(&self, opening: &CallOpening) -> Result<CallSession, StoreError> {
        let key = &opening.key;
        let mut state = self.state()?;
        let tenant = state.tenant(key.business_id)?;
        if let Some(call) = tenant.calls.get_mut(&key.call_sid) {
            call.reconnects = call.reconnects.saturating_add(1);
            call.seen_at = opening.now;
            call.ending
                .take_if(|(ending, _)| *ending == CallEnding::Abandoned);
        } else {
            let call = Call {
                lead_id: tenant.find_or_make_lead(opening),
                last_requested: RequestedTime::default(),
                last_confirmed: None,
                offered: Vec::new(),
                seen_at: opening.now,
                reconnects: 0,
                ending: None,
                transcript: Vec::new(),
                usage: BTreeMap::new(),
            };
            tenant.calls.insert(key.call_sid.clone(), call);
        }
        tenant.session(key).ok_or(StoreError::UnknownCall)
    }

    async fn call_session(&self, key: &CallKey) -> Result<Option<CallSession>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&key.business_id);
        Ok(tenant.and_then(|tenant| tenant.session(key)))
    }

    async fn note_request(
        &self,
        key: &CallKey,
        requested: RequestedTime,
        name: Option<&str>,
        _now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let call = state.call(key)?;
        if !requested.is_empty() {
            call.last_requested = requested;
        }
        let lead_id = call.lead_id;
        if let Some(name) = name.and_then(bounded_name) {
            let lead = state.tenant(key.business_id)?.leads.get_mut(&lead_id);
            lead.ok_or(StoreError::UnknownCall)?.name = Some(name);
        }
        Ok(())
    }

    async fn note_offers(&self, key: &CallKey, offered: &[(Date, Time)]) -> Result<(), StoreError> {
        let kept = &offered[..offered.len().min(MAX_OFFERED)];
        self.state()?.call(key)?.offered = kept.to_vec();
        Ok(())
    }

    async fn mark_announced(
        &self,
        key: &CallKey,
        appointment_id: AppointmentId,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.call(key)?;
        let appointments = &mut state.tenant(key.business_id)?.appointments;
        for made in appointments {
            if made.live.appointment_id == appointment_id && made.live.call_sid == key.call_sid {
                made.announced = true;
            }
        }
        Ok(())
    }

    async fn keep_alive(&self, key: &CallKey, now: UtcDateTime) -> Result<(), StoreError> {
        self.state()?.call(key)?.seen_at = now;
        Ok(())
    }

    async fn end_abandoned_calls(
        &self,
        seen_before: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<u64, StoreError> {
        let mut state = self.state()?;
        let calls = state
            .tenants
            .values_mut()
            .flat_map(|tenant| tenant.calls.values_mut());
        let mut ended = 0;
        for call in calls {
            if call.ending.is_none() && call.seen_at < seen_before {
                call.ending = Some((CallEnding::Abandoned, now));
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn append_transcript(
        &self,
        key: &CallKey,
        lines: &[TranscriptLine],
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let kept = lines.iter().map(|line| TranscriptLine {
            text: Pii::new(line.bounded_text().to_owned()),
            at: whole_second(line.at),
            ..line.clone()
        });
        state.call(key)?.transcript.extend(kept);
        Ok(())
    }

    async fn transcript(&self, key: &CallKey) -> Result<Vec<TranscriptLine>, StoreError> {
        let mut state = self.state()?;
        Ok(state
            .call(key)
            .map_or_else(|_| Vec::new(), |call| call.transcript.clone()))
    }

    async fn add_usage(
        &self,
        key: &CallKey,
        model: &ModelName,
        usage: Usage,
        cost: Option<Cost>,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let by_model = &mut state.call(key)?.usage;
        let entry = by_model.entry(model.clone());
        entry
            .or_insert_with(|| ModelUsage::nothing(model.clone()))
            .add(usage, cost);
        Ok(())
    }

    async fn usage(&self, key: &CallKey) -> Result<Vec<ModelUsage>, StoreError> {
        let mut state = self.state()?;
        Ok(state.call(key).map_or_else(
            |_| Vec::new(),
            |call| call.usage.values().cloned().collect(),
        ))
    }

    async fn end_call(
        &self,
        key: &CallKey,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        self.state()?.call(key)?.ending.get_or_insert((ending, now));
        Ok(())
    }
}

#[async_trait]
impl Appointments for MemoryStore {
    async fn busy(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<Busy>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        Ok(tenant
            .into_iter()
            .flat_map(|tenant| tenant.touching(from, to))
            .map(|made| made.live.taken())
            .collect())
    }

    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError> {
        let mut state = self.state()?;
        let Some(tenant) = state.tenants.get_mut(&order.key.business_id) else {
            return Ok(BookingAnswer::UnknownBusiness);
        };
        let call = tenant.calls.get(&order.key.call_sid);
        if call.is_none_or(|call| call.lead_id != order.lead_id) {
            return Err(StoreError::UnknownCall);
        }
        let settings = tenant.business.settings.clone();
        let (live, standing) = (
            tenant.known(order.date),
            tenant.standing(&order.key.call_sid),
        );
        let answer = match booking::decide(&settings, order, &live, standing.as_ref()) {
            Decision::AlreadyHeld {
                booking,
                in_this_call,
            } => BookingAnswer::AlreadyHeld {
                booking,
                in_this_call,
            },
            Decision::Create(placement) => tenant.create(order, &placement),
            Decision::Move(placement) => standing
                .and_then(|standing| tenant.relocate(&standing, &placement, by_caller(order)))
                .map_or(BookingAnswer::Refused(Refusal::Taken), |(from, to)| {
                    BookingAnswer::Moved { from, to }
                }),
            Decision::Refuse(refusal) => BookingAnswer::Refused(refusal),
        };
        if let BookingAnswer::Created(booking)
        | BookingAnswer::Moved { to: booking, .. }
        | BookingAnswer::AlreadyHeld { booking, .. } = answer
            && let Some(call) = tenant.calls.get_mut(&order.key.call_sid)
        {
            call.last_confirmed = Some(booking);
        }
        Ok(answer)
    }

    async fn move_appointment(&self, order: &MoveOrder) -> Result<MoveAnswer, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenant(order.business_id)?;
        let made = tenant.find(order.appointment_id);
        let Some(standing) = made
            .filter(|made| made.is_live())
            .map(|made| made.live.clone())
        else {
            return Ok(MoveAnswer::NotStanding);
        };
        let settings = tenant.business.settings.clone();
        let (booking, requested) = (standing.booking(&settings), (order.date, order.time));
        if (booking.date, booking.time) == requested {
            return Ok(MoveAnswer::Unchanged(booking));
        }
        let live = tenant.known(order.date);
        let origin = Origin {
            at: whole_second(order.origin.at),
            ..order.origin.clone()
        };
        Ok(
            match booking::decide_move(&settings, &standing, requested, origin.at, &live) {
                Err(refusal) => MoveAnswer::Refused(refusal),
                Ok(placement) => tenant
                    .relocate(&standing, &placement, origin)
                    .map_or(MoveAnswer::Refused(Refusal::Taken), |(from, to)| {
                        MoveAnswer::Moved { from, to }
                    }),
            },
        )
    }

    async fn cancel_appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
        origin: &Origin,
    ) -> Result<CancelAnswer, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenant(business_id)?;
        let settings = tenant.business.settings.clone();
        let mut all = tenant.appointments.iter_mut();
        let Some(made) = all.find(|made| made.live.appointment_id == appointment_id) else {
            return Ok(CancelAnswer::Unknown);
        };
        let booking = made.live.booking(&settings);
        if !made.is_live() {
            return Ok(CancelAnswer::AlreadyCancelled(booking));
        }
        made.status = AppointmentStatus::Cancelled;
        made.history.push(AppointmentChange {
            kind: ChangeKind::Cancelled,
            origin: Origin {
                at: whole_second(origin.at),
                ..origin.clone()
            },
            from: Some(made.live.starts_at),
            to: None,
        });
        Ok(CancelAnswer::Cancelled(booking))
    }

    async fn appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Option<AppointmentRow>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        Ok(tenant.and_then(|tenant| Some(tenant.row(tenant.find(appointment_id)?))))
    }

    async fn history(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Vec<AppointmentChange>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        let made = tenant.and_then(|tenant| tenant.find(appointment_id));
        Ok(made.map(|made| made.history.clone()).unwrap_or_default())
    }

    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let state = self.state()?;
        let Some(tenant) = state.tenants.get(&business_id) else {
            return Ok(Vec::new());
        };
        Ok(tenant
            .touching(from, to)
            .map(|made| tenant.row(made))
            .collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.state().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    crate::conformance_suite!(async { Some((crate::MemoryStore::new(), ())) });
}
