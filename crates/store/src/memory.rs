//! A store in memory, with the semantics of the real ones.

mod appointments;
#[cfg(test)]
mod interleavings;
mod tenant;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use time::{Date, Time, UtcDateTime};
use toran_domain::{
    Booking, Business, BusinessId, Cost, ModelName, PhoneNumber, Pii, Proposal, RequestedTime,
    TaskId, Usage,
};
use toran_scheduling::AppointmentSettings;
use uuid::Uuid;

use crate::{
    Addition, Answering, BusinessChange, Businesses, CallEnding, CallKey, CallOpening, CallSession,
    CallStream, Calls, LONGEST_TRANSFER, MAX_OFFERED, ModelUsage, NumberAddition, RECENT,
    REDEEMED_TOKEN_KEPT, StoreError, TranscriptLine, TransferState, Update, bounded_name,
    checked_business,
};
use tenant::{Call, State, Tenant, whole_second};

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

#[async_trait]
impl Businesses for MemoryStore {
    async fn add_business(&self, business: &Business) -> Result<Addition, StoreError> {
        let business = match checked_business(business) {
            Ok(business) => business,
            Err(error) => return Ok(Addition::BadName(error)),
        };
        let mut state = self.state()?;
        let taken = |other: &Tenant| other.is_called_at(&business.called_number);
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
            further_numbers: Vec::new(),
            blocked: BTreeSet::new(),
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
        let mut tenants = state.tenants.values();
        let called = tenants.find(|tenant| tenant.is_called_at(number));
        Ok(called.map(|tenant| tenant.business.clone()))
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

    async fn update_business(
        &self,
        id: BusinessId,
        change: &BusinessChange,
    ) -> Result<Update, StoreError> {
        let mut state = self.state()?;
        let Some(tenant) = state.tenants.get(&id) else {
            return Ok(Update::Unknown);
        };
        let changed = match change.applied_to(&tenant.business) {
            Ok(changed) => changed,
            Err(error) => return Ok(Update::BadName(error)),
        };
        let mut others = state
            .tenants
            .values()
            .filter(|other| other.business.id != id);
        if others.any(|other| other.is_called_at(&changed.called_number)) {
            return Ok(Update::NumberTaken);
        }
        if let Some(tenant) = state.tenants.get_mut(&id) {
            let own = &changed.called_number;
            tenant.further_numbers.retain(|number| number != own);
            tenant.business = changed.clone();
        }
        Ok(Update::Done(Box::new(changed)))
    }

    async fn answering(
        &self,
        number: &PhoneNumber,
        caller: Option<&PhoneNumber>,
        now: UtcDateTime,
    ) -> Result<Option<Answering>, StoreError> {
        let state = self.state()?;
        let mut tenants = state.tenants.values();
        let tenant = tenants.find(|tenant| tenant.is_called_at(number));
        Ok(tenant.map(|tenant| Answering {
            business: tenant.business.clone(),
            blocked: caller.is_some_and(|caller| tenant.blocked.contains(caller.e164())),
            recent_calls: caller.map_or(0, |caller| tenant.calls_of_since(caller, now - RECENT)),
        }))
    }

    async fn called_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError> {
        let state = self.state()?;
        let numbers = state.tenants.get(&id).map(Tenant::called_numbers);
        Ok(numbers.unwrap_or_default())
    }

    async fn add_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<NumberAddition, StoreError> {
        let mut state = self.state()?;
        let mut others = state
            .tenants
            .values()
            .filter(|other| other.business.id != id);
        if others.any(|other| other.is_called_at(number)) {
            return Ok(NumberAddition::Taken);
        }
        let Some(tenant) = state.tenants.get_mut(&id) else {
            return Ok(NumberAddition::Unknown);
        };
        if !tenant.is_called_at(number) {
            tenant.further_numbers.push(number.clone());
        }
        Ok(NumberAddition::Added)
    }

    async fn remove_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let Some(tenant) = state.tenants.get_mut(&id) else {
            return Ok(false);
        };
        let before = tenant.further_numbers.len();
        tenant.further_numbers.retain(|further| further != number);
        Ok(tenant.further_numbers.len() < before)
    }

    async fn blocked_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError> {
        let state = self.state()?;
        let blocked = state.tenants.get(&id).map(|tenant| tenant.blocked.iter());
        let parsed = blocked.into_iter().flatten().map(|number| number.parse());
        parsed
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::corrupt("blocked_number.number", error))
    }

    async fn block_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
        _now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenants.get_mut(&id);
        let blocked = tenant.map(|tenant| tenant.blocked.insert(number.e164().to_owned()));
        Ok(blocked.is_some())
    }

    async fn unblock_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenants.get_mut(&id);
        Ok(tenant.is_some_and(|tenant| tenant.blocked.remove(number.e164())))
    }

    async fn set_transfer_number(
        &self,
        id: BusinessId,
        number: Option<&PhoneNumber>,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenants.get_mut(&id);
        Ok(tenant
            .map(|tenant| tenant.business.transfer_number = number.cloned())
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
            call.seen_at = call.seen_at.max(opening.now);
            call.reopen();
        } else {
            let call = Call::of_lead(tenant.find_or_make_lead(opening), opening.now);
            tenant.calls.insert(key.call_sid.clone(), call);
        }
        tenant.session(key).ok_or(StoreError::UnknownCall)
    }

    async fn take_over(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<Option<CallSession>, StoreError> {
        let mut state = self.state()?;
        let Ok(call) = state.call(key) else {
            return Ok(None);
        };
        call.epoch += 1;
        call.seen_at = now;
        if call.transfer == Some(TransferState::Dialling) {
            call.transfer = Some(TransferState::Failed);
        }
        Ok(state.tenant(key.business_id)?.session(key))
    }

    async fn call_session(&self, key: &CallKey) -> Result<Option<CallSession>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&key.business_id);
        Ok(tenant.and_then(|tenant| tenant.session(key)))
    }

    async fn note_request(
        &self,
        stream: &CallStream,
        requested: RequestedTime,
        name: Option<&str>,
        _now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let call = state.streamed(stream)?;
        if !requested.is_empty() {
            call.last_requested = requested;
        }
        let Some(name) = name.and_then(bounded_name) else {
            return Ok(());
        };
        call.caller_name = Some(name.clone());
        let lead_id = call.lead_id;
        let tenant = state.tenant(stream.key.business_id)?;
        let lead = tenant.leads.get_mut(&lead_id);
        lead.ok_or(StoreError::UnknownCall)?.name = Some(name);
        Ok(())
    }

    async fn name_made(&self, stream: &CallStream, name: &str) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.streamed(stream)?;
        let Some(name) = bounded_name(name) else {
            return Ok(());
        };
        let tenant = state.tenant(stream.key.business_id)?;
        let made_here = tenant
            .appointments
            .iter_mut()
            .filter(|made| made.is_live() && made.live.call_sid == stream.key.call_sid);
        for made in made_here {
            made.live.name.get_or_insert_with(|| name.clone());
        }
        Ok(())
    }

    async fn note_held(&self, stream: &CallStream, held: &Booking) -> Result<(), StoreError> {
        self.state()?.streamed(stream)?.last_confirmed = Some(*held);
        Ok(())
    }

    async fn note_proposal(
        &self,
        stream: &CallStream,
        proposal: Proposal,
    ) -> Result<(), StoreError> {
        self.state()?.streamed(stream)?.proposal = Some(proposal);
        Ok(())
    }

    async fn note_offers(
        &self,
        stream: &CallStream,
        offered: &[(Date, Time)],
    ) -> Result<(), StoreError> {
        let kept = &offered[..offered.len().min(MAX_OFFERED)];
        self.state()?.streamed(stream)?.offered = kept.to_vec();
        Ok(())
    }

    async fn note_one_more(&self, stream: &CallStream) -> Result<(), StoreError> {
        self.state()?.streamed(stream)?.one_more = true;
        Ok(())
    }

    async fn note_phone(&self, stream: &CallStream, phone: &PhoneNumber) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let lead_id = state.streamed(stream)?.lead_id;
        let tenant = state.tenant(stream.key.business_id)?;
        let lead = tenant.leads.get_mut(&lead_id);
        lead.ok_or(StoreError::UnknownCall)?.given_phone = Some(phone.clone());
        Ok(())
    }

    async fn request_transfer(
        &self,
        stream: &CallStream,
        _now: UtcDateTime,
    ) -> Result<(), StoreError> {
        self.state()?.streamed(stream)?.transfer = Some(TransferState::Wanted);
        Ok(())
    }

    async fn withdraw_transfer(&self, stream: &CallStream) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let transfer = &mut state.streamed(stream)?.transfer;
        transfer.take_if(|transfer| *transfer == TransferState::Wanted);
        Ok(())
    }

    async fn note_transfer_told(&self, stream: &CallStream) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let transfer = &mut state.streamed(stream)?.transfer;
        transfer.take_if(|transfer| *transfer == TransferState::Failed);
        Ok(())
    }

    async fn begin_transfer(&self, key: &CallKey, now: UtcDateTime) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let call = state.call(key)?;
        if !matches!(
            call.transfer,
            Some(TransferState::Wanted | TransferState::Dialling)
        ) {
            return Ok(false);
        }
        call.transfer = Some(TransferState::Dialling);
        call.seen_at = now.saturating_add(LONGEST_TRANSFER);
        call.reopen();
        Ok(true)
    }

    async fn end_transfer(
        &self,
        key: &CallKey,
        answered: bool,
        _new_task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let call = state.call(key)?;
        if call.transfer != Some(TransferState::Dialling) {
            return Ok(());
        }
        if answered {
            call.transfer = Some(TransferState::Answered);
            call.ending.get_or_insert((CallEnding::Completed, now));
        } else {
            call.transfer = Some(TransferState::Failed);
            call.seen_at = now;
        }
        Ok(())
    }

    async fn mark_announced(&self, stream: &CallStream, heard: &Booking) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.streamed(stream)?;
        let key = &stream.key;
        let tenant = state.tenant(key.business_id)?;
        let settings = tenant.business.settings.clone();
        for made in &mut tenant.appointments {
            if made.live.booking(&settings) == *heard && made.live.call_sid == key.call_sid {
                made.announced = true;
            }
        }
        Ok(())
    }

    async fn keep_alive(&self, stream: &CallStream, now: UtcDateTime) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let call = state.streamed(stream)?;
        call.ending
            .take_if(|(ending, _)| *ending == CallEnding::Abandoned);
        if call.ending.is_some() {
            return Err(StoreError::Superseded);
        }
        call.seen_at = call.seen_at.max(now);
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
            let is_open = matches!(
                call.transfer,
                Some(TransferState::Wanted | TransferState::Dialling)
            );
            if is_open && call.seen_at < seen_before {
                call.transfer = Some(TransferState::Failed);
            }
            if call.ending.is_none() && call.seen_at < seen_before {
                call.ending = Some((CallEnding::Abandoned, now));
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn append_transcript(
        &self,
        stream: &CallStream,
        lines: &[TranscriptLine],
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let kept = lines.iter().map(|line| TranscriptLine {
            text: Pii::new(line.bounded_text()),
            at: whole_second(line.at),
            ..line.clone()
        });
        state.streamed(stream)?.transcript.extend(kept);
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
        stream: &CallStream,
        model: &ModelName,
        usage: Usage,
        cost: Option<Cost>,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let by_model = &mut state.streamed(stream)?.usage;
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

    async fn end_stream(
        &self,
        stream: &CallStream,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let call = state.streamed(stream)?;
        call.ending.get_or_insert((ending, now));
        Ok(())
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

#[cfg(test)]
mod tests {
    crate::conformance_suite!(async { Some((crate::MemoryStore::new(), ())) });
}
