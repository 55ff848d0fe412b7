//! What the provider asks over HTTP: what to do with a call.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use time::Duration;
use toran_domain::{Business, BusinessId, CallSid, LeadId};
use toran_store::{CallEnding, CallKey, CallOpening, StoreError};
use toran_telephony::twilio::{
    ConnectStream, HANG_UP, IncomingCall, REJECT, StatusUpdate, WebhookError,
};
use tracing::{info, warn};

use super::{AFTER, RouteError, STREAM_STATUS, SignedForm, Twiml};
use crate::{Bridge, clock::new_id};

/// The provider opens the stream at once; a token that comes later was kept for something else.
const TOKEN_LIFETIME: Duration = Duration::minutes(2);
/// After so many reconnects a call is ended rather than tried again.
const MAX_RECONNECTS: u32 = 10;

/// A call comes in.
pub(super) async fn voice(
    State(bridge): State<Arc<Bridge>>,
    form: SignedForm,
) -> Result<Twiml, RouteError> {
    answer(&bridge, &form).await
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
            // Its own driver ends it, once all that belongs to it is written.
            if bridge.admission.serves(&key) {
                return Ok(Twiml(HANG_UP.to_owned()));
            }
            let now = bridge.clock.now();
            let ended = bridge.store.end_call(&key, CallEnding::Completed, now);
            match ended.await {
                Ok(()) | Err(StoreError::UnknownCall) => {}
                Err(error) => return Err(error.into()),
            }
        }
        return Ok(Twiml(HANG_UP.to_owned()));
    }
    answer(&bridge, &form).await
}

/// A stream for a call of one of our businesses, a refusal for a number that nobody owns, and the end for a call
/// whose streams keep breaking.
async fn answer(bridge: &Bridge, form: &SignedForm) -> Result<Twiml, RouteError> {
    if bridge.admission.is_closed() {
        return Err(RouteError::Stopping);
    }
    let Some((business, call)) = called_business(bridge, form).await? else {
        warn!("no business owns the called number: add it with `gateway business add`");
        return Ok(Twiml(REJECT.to_owned()));
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
        return Ok(Twiml(HANG_UP.to_owned()));
    }
    let token = bridge
        .gate
        .tokens()
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

/// Whose number was called, and in which call. What is no number (a SIP address, say) is nobody's.
async fn called_business(
    bridge: &Bridge,
    form: &SignedForm,
) -> Result<Option<(Business, IncomingCall)>, RouteError> {
    let call = match IncomingCall::from_form(form.fields()) {
        Err(WebhookError::Field { field: "To" }) => return Ok(None),
        call => call?,
    };
    let business = bridge.store.business_by_called_number(&call.called).await?;
    Ok(business.map(|business| (business, call)))
}

/// The business is in the address, which is signed, so that its name stands on the log's line.
fn status_path(business_id: BusinessId) -> String {
    format!("{STREAM_STATUS}?business={business_id}")
}

/// What the provider says of a stream.
pub(super) async fn stream_status(form: SignedForm) -> Result<StatusCode, RouteError> {
    let call_sid: Option<CallSid> = form.get("CallSid").and_then(|sid| sid.parse().ok());
    let call_sid = call_sid.ok_or(WebhookError::Field { field: "CallSid" })?;
    let business_id = form
        .query()
        .and_then(|query| query.strip_prefix("business="));
    let business_id = business_id.unwrap_or("unknown");
    let event = form.get("StreamEvent").unwrap_or("unknown");
    if let Some(error) = form.get("StreamError").filter(|error| !error.is_empty()) {
        warn!(
            %call_sid, business_id, event, error, "the provider reports a fault of the stream"
        );
    } else {
        info!(%call_sid, business_id, event, "stream status");
    }
    Ok(StatusCode::NO_CONTENT)
}
