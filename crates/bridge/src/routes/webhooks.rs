//! What the provider asks over HTTP: what to do with a call.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use toran_domain::{Business, BusinessId, CallSid, EffectiveLimits, LeadId, TaskId, patience};
use toran_store::{Answering, CallEnding, CallKey, CallOpening, Store, StoreError};
use toran_telephony::media::StreamSid;
use toran_telephony::twilio::{
    ConnectStream, Dial, DialResult, HANG_UP, IncomingCall, Play, REJECT, StatusUpdate,
    WebhookError, ask_again,
};
use tracing::{info, warn};

use super::{AFTER, DIALLED, RouteError, STREAM_STATUS, SignedForm, Twiml};
use crate::{Bridge, Clock, clips::Clip, clock::new_id};

/// The provider opens the stream at once; a token that comes later was kept for something else.
const TOKEN_LIFETIME: std::time::Duration = patience::STREAM_TOKEN;
/// A driver is done with its call within this: its last orders and records, with some room. It then has ended it, or
/// lost its stream, or is dead.
const DRIVER_GRACE: std::time::Duration = patience::DRIVER_GRACE;
/// A gateway that stops is gone, and another takes its calls, within this.
const REPLACED_WITHIN_SECONDS: u8 = 5;
/// After so many reconnects a call is ended rather than tried again.
const MAX_RECONNECTS: u32 = 10;
/// A person's telephone rings for so long before the caller comes back.
const RINGS_FOR_SECONDS: u8 = 25;

/// A call comes in.
pub(super) async fn voice(
    State(bridge): State<Arc<Bridge>>,
    form: SignedForm,
) -> Result<Twiml, RouteError> {
    answer(&bridge, &form, Coming::In).await
}

/// The stream of a call is over and the call may not be: the stream broke, or a gateway died.
pub(super) async fn after(
    State(bridge): State<Arc<Bridge>>,
    form: SignedForm,
) -> Result<Twiml, RouteError> {
    let update = StatusUpdate::from_form(form.fields());
    if update.is_ok_and(|update| update.status.is_over()) {
        if let Some((business, call)) = called_business(&bridge, &form).await? {
            let key = CallKey {
                business_id: business.id,
                call_sid: call.call_sid,
            };
            bridge.admission.end_soon(&key, None);
            let (store, clock) = (Arc::clone(&bridge.store), Arc::clone(&bridge.clock));
            end_when_its_driver_is_done(store, clock, key).await?;
        }
        return Ok(Twiml(HANG_UP.to_owned()));
    }
    if let Some(dial) = transfer(&bridge, &form).await? {
        return Ok(dial);
    }
    if bridge.admission.is_closed() {
        // Its stream was closed because this gateway stops: whoever takes its place may need a moment.
        let again = ask_again(&bridge.gate.public_url(AFTER), REPLACED_WITHIN_SECONDS)?;
        return Ok(Twiml(again));
    }
    answer(&bridge, &form, Coming::Back).await
}

/// The instructions that bring a call to a person, if its caller asked for one. Asked again, they are the same.
async fn transfer(bridge: &Bridge, form: &SignedForm) -> Result<Option<Twiml>, RouteError> {
    let Some((business, call)) = called_business(bridge, form).await? else {
        return Ok(None);
    };
    let key = CallKey {
        business_id: business.id,
        call_sid: call.call_sid,
    };
    let begun = bridge.store.begin_transfer(&key, bridge.clock.now());
    match begun.await {
        Ok(true) => {}
        // A call that was never opened wants nobody.
        Ok(false) | Err(StoreError::UnknownCall) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let (call_sid, business_id) = (&key.call_sid, key.business_id);
    let Some(number) = &business.transfer_number else {
        // It was taken away since the caller asked: they come back, and are told.
        let (task_id, now) = (TaskId::from_uuid(new_id()), bridge.clock.now());
        let ended = bridge.store.end_transfer(&key, false, task_id, now);
        ended.await?;
        return Ok(None);
    };
    info!(%call_sid, %business_id, "transferring");
    let dial = Dial {
        number,
        action_url: &bridge.gate.public_url(DIALLED),
        timeout_seconds: RINGS_FOR_SECONDS,
        caller_id: None,
    };
    Ok(Some(Twiml(dial.to_twiml()?)))
}

/// A transfer is over: the two have spoken, or the caller comes back to the agent.
pub(super) async fn dialled(
    State(bridge): State<Arc<Bridge>>,
    form: SignedForm,
) -> Result<Twiml, RouteError> {
    let result = DialResult::from_form(form.fields())?;
    let Some((business, call)) = called_business(&bridge, &form).await? else {
        return Ok(Twiml(HANG_UP.to_owned()));
    };
    let key = CallKey {
        business_id: business.id,
        call_sid: call.call_sid,
    };
    let (call_sid, business_id) = (&key.call_sid, key.business_id);
    let answered = result.answered();
    info!(%call_sid, %business_id, answered, "transfer over");
    let now = bridge.clock.now();
    // Of a call that nobody took a task is left, whatever becomes of the caller now.
    let task_id = TaskId::from_uuid(new_id());
    let ended = bridge.store.end_transfer(&key, answered, task_id, now);
    match ended.await {
        Ok(()) => {}
        // A call that was not taken, and brought to a person at once.
        Err(StoreError::UnknownCall) => return Ok(Twiml(HANG_UP.to_owned())),
        Err(error) => return Err(error.into()),
    }
    let update = StatusUpdate::from_form(form.fields());
    let caller_is_gone = update.is_ok_and(|update| update.status.is_over());
    if caller_is_gone && !answered {
        let ended = bridge.store.end_call(&key, CallEnding::HungUp, now);
        ended.await?;
    }
    if caller_is_gone || answered {
        return Ok(Twiml(HANG_UP.to_owned()));
    }
    if bridge.admission.is_closed() {
        let again = ask_again(&bridge.gate.public_url(AFTER), REPLACED_WITHIN_SECONDS)?;
        return Ok(Twiml(again));
    }
    answer(&bridge, &form, Coming::Back).await
}

/// Ends a call: at once if nobody ever had its stream, and otherwise when whoever has it, here or at another gateway, had the
/// time to write what is left and to end it. A restart meanwhile leaves it to the round that looks for abandoned
/// calls.
async fn end_when_its_driver_is_done(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: CallKey,
) -> Result<(), StoreError> {
    let Some(session) = store.call_session(&key).await? else {
        return Ok(());
    };
    if session.epoch == 0 {
        return store
            .end_call(&key, CallEnding::Completed, clock.now())
            .await;
    }
    tokio::spawn(async move {
        tokio::time::sleep(DRIVER_GRACE).await;
        let ended = store.end_call(&key, CallEnding::Completed, clock.now());
        if let Err(error) = ended.await {
            let error = &error as &dyn std::error::Error;
            warn!(error, "the end of a call could not be stored");
        }
    });
    Ok(())
}

/// How a call comes to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coming {
    /// For the first time.
    In,
    /// After a stream, or a transfer that nobody took.
    Back,
}

/// A stream for a call of one of our businesses, a refusal for a number that nobody owns, and the end for a call
/// whose streams keep breaking.
async fn answer(bridge: &Bridge, form: &SignedForm, coming: Coming) -> Result<Twiml, RouteError> {
    if bridge.admission.is_closed() {
        return Err(RouteError::Stopping);
    }
    let (business, call) = match coming {
        Coming::In => match taken_in(bridge, form).await? {
            Ok(taken) => taken,
            Err(turned_away) => return Ok(turned_away),
        },
        // A call that comes back had a place, and was let in.
        Coming::Back => match called_business(bridge, form).await? {
            Some(known) => known,
            None => return Ok(nobodys(form)),
        },
    };
    let now = bridge.clock.now();
    let opening = CallOpening {
        key: CallKey {
            business_id: business.id,
            call_sid: call.call_sid.clone(),
        },
        caller: call.caller,
        new_lead_id: LeadId::from_uuid(new_id()),
        now,
    };
    let call_sid = call.call_sid;
    let session = bridge.store.open_call(&opening).await?;
    if session.ending == Some(CallEnding::Failed) || session.reconnects >= MAX_RECONNECTS {
        warn!(%call_sid, business_id = %business.id, "the call was given up: no further stream");
        return play(bridge, &business, Clip::Apology);
    }
    let token =
        bridge
            .gate
            .token_key()
            .issue(&call_sid, business.id, new_id(), now + TOKEN_LIFETIME);
    info!(%call_sid, business_id = %business.id, reconnects = session.reconnects, "call answered");
    let instructions = ConnectStream {
        stream_url: &bridge.gate.media_url(),
        status_callback: &bridge.gate.public_url(&status_path(business.id)),
        token: &token,
        after_url: &bridge.gate.public_url(AFTER),
    };
    Ok(Twiml(instructions.to_twiml()?))
}

/// A call that begins, and whose business takes it; else what its caller gets.
async fn taken_in(
    bridge: &Bridge,
    form: &SignedForm,
) -> Result<Result<(Business, IncomingCall), Twiml>, RouteError> {
    let Some(call) = incoming(form)? else {
        return Ok(Err(nobodys(form)));
    };
    let now = bridge.clock.now();
    let answering = bridge
        .store
        .answering(&call.called, call.caller.as_ref(), now);
    let Some(Answering {
        business,
        blocked,
        recent_calls,
    }) = answering.await?
    else {
        return Ok(Err(nobodys(form)));
    };
    let (call_sid, business_id) = (&call.call_sid, business.id);
    let limits = business.terms.limits.or(bridge.config.limits);
    let turned_away = if business.terms.suspended {
        info!(%call_sid, %business_id, "the business is suspended: the call is not taken");
        person_or(bridge, &business, REJECT.to_owned())?
    } else if blocked {
        info!(%call_sid, %business_id, "the number is blocked: the call is not taken");
        Twiml(REJECT.to_owned())
    } else if recent_calls >= u32::from(limits.calls_per_hour.get()) {
        warn!(%call_sid, %business_id, recent_calls, "the number has called too often within the hour: the call is not taken");
        play(bridge, &business, Clip::NoPlace)?
    } else if !bridge.admission.has_place() {
        warn!(%call_sid, %business_id, "no place for another call: raise limits.max_calls or add a gateway");
        person_or(bridge, &business, play(bridge, &business, Clip::NoPlace)?.0)?
    } else if !has_place_of_business(bridge, &business, &call, limits) {
        warn!(%call_sid, %business_id, most = limits.calls.get(), "no place for another call of this business: `gateway business update --max-calls`");
        person_or(bridge, &business, play(bridge, &business, Clip::NoPlace)?.0)?
    } else {
        return Ok(Ok((business, call)));
    };
    Ok(Err(turned_away))
}

fn has_place_of_business(
    bridge: &Bridge,
    business: &Business,
    call: &IncomingCall,
    limits: EffectiveLimits,
) -> bool {
    let key = CallKey {
        business_id: business.id,
        call_sid: call.call_sid.clone(),
    };
    bridge.admission.expect(&key, limits.calls.get().into())
}

/// The business's own number, where a person answers; else these instructions.
fn person_or(bridge: &Bridge, business: &Business, otherwise: String) -> Result<Twiml, RouteError> {
    let Some(number) = &business.transfer_number else {
        return Ok(Twiml(otherwise));
    };
    let dial = Dial {
        number,
        action_url: &bridge.gate.public_url(DIALLED),
        timeout_seconds: RINGS_FOR_SECONDS,
        caller_id: None,
    };
    Ok(Twiml(dial.to_twiml()?))
}

/// What a call to a number gets that is no business's.
fn nobodys(form: &SignedForm) -> Twiml {
    let called = form.get("To").unwrap_or_default();
    let called: String = called
        .chars()
        .filter(|c| !c.is_control())
        .take(40)
        .collect();
    warn!(
        called,
        "no business owns the called number: add it with `gateway business add`"
    );
    Twiml(REJECT.to_owned())
}

/// Says something without the model, and ends the call.
fn play(bridge: &Bridge, business: &Business, clip: Clip) -> Result<Twiml, RouteError> {
    let voice = bridge.voice_of(business);
    let url = &bridge.gate.clip_url(clip, voice, business.agent_gender);
    Ok(Twiml(Play { url }.to_twiml()?))
}

/// Whose number was called, and in which call.
async fn called_business(
    bridge: &Bridge,
    form: &SignedForm,
) -> Result<Option<(Business, IncomingCall)>, RouteError> {
    let Some(call) = incoming(form)? else {
        return Ok(None);
    };
    let business = bridge.store.business_by_called_number(&call.called).await?;
    Ok(business.map(|business| (business, call)))
}

/// The call that a form tells of. What is no number (a SIP address, say) is nobody's.
fn incoming(form: &SignedForm) -> Result<Option<IncomingCall>, RouteError> {
    match IncomingCall::from_form(form.fields()) {
        Err(WebhookError::Field { field: "To" }) => Ok(None),
        call => Ok(Some(call?)),
    }
}

/// The business is in the address, which is signed, so that its name stands on the log's line.
fn status_path(business_id: BusinessId) -> String {
    format!("{STREAM_STATUS}?business={business_id}")
}

/// What the provider says of a stream. One that is over ends here too, if its socket never says so.
pub(super) async fn stream_status(
    State(bridge): State<Arc<Bridge>>,
    form: SignedForm,
) -> Result<StatusCode, RouteError> {
    let call_sid: Option<CallSid> = form.get("CallSid").and_then(|sid| sid.parse().ok());
    let call_sid = call_sid.ok_or(WebhookError::Field { field: "CallSid" })?;
    let business_id = form
        .query()
        .and_then(|query| query.strip_prefix("business="));
    let event = form.get("StreamEvent").unwrap_or("unknown");
    let sid: Option<StreamSid> = form.get("StreamSid").map(Into::into);
    let over = ["stream-stopped", "stream-error"].contains(&event);
    let known = business_id.and_then(|id| id.parse().ok());
    if let (true, Some(sid), Some(business_id)) = (over, sid, known) {
        let call_sid = call_sid.clone();
        let key = CallKey {
            business_id,
            call_sid,
        };
        bridge.admission.end_soon(&key, Some(&sid));
    }
    let business_id = business_id.unwrap_or("unknown");
    if let Some(error) = form.get("StreamError").filter(|error| !error.is_empty()) {
        warn!(
            %call_sid, business_id, event, error, "the provider reports a fault of the stream"
        );
    } else {
        info!(%call_sid, business_id, event, "stream status");
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use time::{UtcDateTime, macros::utc_datetime};
    use toran_store::{
        CallStream, MemoryStore,
        conformance::{add, key, open},
    };

    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> UtcDateTime {
            utc_datetime!(2026-11-23 12:00)
        }
    }

    /// A call of the store's, and how it ended.
    async fn call() -> (Arc<dyn Store>, CallKey) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        add(&store, 1).await;
        let key = key(1, "CA1");
        open(&store, &key, Some(7), 7).await;
        (store, key)
    }

    async fn ending(store: &Arc<dyn Store>, key: &CallKey) -> Option<CallEnding> {
        let session = store.call_session(key).await.unwrap();
        session.and_then(|session| session.ending)
    }

    async fn completed(store: &Arc<dyn Store>, key: &CallKey) {
        let ended = end_when_its_driver_is_done(Arc::clone(store), Arc::new(Noon), key.clone());
        ended.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_had_a_stream_ends_at_once() {
        let (store, key) = call().await;
        completed(&store, &key).await;
        assert_eq!(ending(&store, &key).await, Some(CallEnding::Completed));
    }

    #[tokio::test(start_paused = true)]
    async fn another_gateway_is_left_the_time_to_end_its_own_call() {
        let (store, key) = call().await;
        store.take_over(&key, Noon.now()).await.unwrap();
        completed(&store, &key).await;
        tokio::time::sleep(DRIVER_GRACE / 2).await;
        assert_eq!(ending(&store, &key).await, None);
        let stream = CallStream {
            key: key.clone(),
            epoch: 1,
        };
        let hung_up = store.end_stream(&stream, CallEnding::HungUp, Noon.now());
        hung_up.await.unwrap();
        tokio::time::sleep(DRIVER_GRACE).await;
        assert_eq!(ending(&store, &key).await, Some(CallEnding::HungUp));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_gateways_call_ends_after_that() {
        let (store, key) = call().await;
        store.take_over(&key, Noon.now()).await.unwrap();
        completed(&store, &key).await;
        tokio::time::sleep(DRIVER_GRACE * 2).await;
        assert_eq!(ending(&store, &key).await, Some(CallEnding::Completed));
    }
}
