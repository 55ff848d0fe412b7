//! The media socket: from handshake to a call that is known to be genuine.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;
use toran_domain::{Business, CallSid, patience};
use toran_store::{CallKey, CallSession, StoreError};
use toran_telephony::{
    media::{InboundMessage, MAX_INBOUND_FRAME_BYTES, StreamSid, StreamStart},
    stream_token::TokenError,
    twilio::{TOKEN_PARAMETER, parse_inbound},
};
use tracing::{Instrument as _, info_span, warn};

use super::RouteError;
use crate::{Bridge, admission::Place, call};

/// Frames are small: the default of 128 KiB for each call would be wasted.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// What is gathered for one write: six pieces of audio with their marks, three times what is ever sent ahead.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// What may wait in the socket itself, beside the queue before it.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
/// The provider says `start` at once.
const START_PATIENCE: Duration = patience::STREAM_START;
/// For a stream that is refused to take the reason.
const CLOSE_PATIENCE: Duration = patience::PHONE_CLOSE;
/// Messages before `start`: there is one, `connected`.
const MAX_MESSAGES_BEFORE_START: usize = 8;

/// The media stream of a call.
pub(super) async fn media(
    State(bridge): State<Arc<Bridge>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, RouteError> {
    bridge.gate.handshake(&headers)?;
    let Some(place) = bridge.admission.admit() else {
        warn!("no place for another call: raise limits.max_calls or add a gateway");
        return Ok((StatusCode::SERVICE_UNAVAILABLE, "no place for another call").into_response());
    };
    Ok(sized(upgrade).on_upgrade(move |socket| async move {
        let admission = Arc::clone(&bridge);
        admission.admission.run(async move {
            serve(bridge, socket, place).await;
        });
    }))
}

/// With buffers as a media stream needs them.
pub(crate) fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_INBOUND_FRAME_BYTES)
        .max_frame_size(MAX_INBOUND_FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
}

/// Why a stream is refused after its handshake.
#[derive(Debug, thiserror::Error)]
enum StreamError {
    #[error("the stream did not start as the provider's streams do")]
    NoStart,
    #[error("the stream carries no valid token")]
    Token(#[source] TokenError),
    #[error("the stream's token was used before")]
    TokenUsed,
    #[error("the stream belongs to no call of ours")]
    NoCall,
    #[error("the store is out of reach")]
    Store(#[from] StoreError),
}

struct Admitted {
    business: Business,
    session: CallSession,
    stream_sid: StreamSid,
}

async fn serve(bridge: Arc<Bridge>, mut socket: WebSocket, place: Place) {
    let started = timeout(START_PATIENCE, start_of(&mut socket)).await;
    let Some(start) = started.unwrap_or_default() else {
        return refuse(socket, None, StreamError::NoStart).await;
    };
    let claimed = start.call_sid.clone();
    let Admitted {
        business,
        session,
        stream_sid,
    } = match admit(&bridge, start).await {
        Ok(admitted) => admitted,
        Err(error) => return refuse(socket, Some(claimed), error).await,
    };
    let span = info_span!("call", call_sid = %session.key.call_sid, business_id = %business.id);
    let stream = bridge
        .admission
        .take_over(session.key.clone(), stream_sid.clone());
    let parts = call::CallParts {
        bridge,
        business,
        session,
        stream_sid,
        socket,
        stream,
        place,
    };
    call::run(parts).instrument(span).await;
}

/// Closes a stream that is not genuine, and tells it no more than that.
async fn refuse(mut socket: WebSocket, claimed: Option<CallSid>, error: StreamError) {
    warn!(
        call_sid = claimed.as_ref().map(tracing::field::display),
        error = &error as &dyn std::error::Error,
        "media stream refused"
    );
    let reason = error.to_string().into();
    let code = close_code::POLICY;
    let closing = socket.send(Message::Close(Some(CloseFrame { code, reason })));
    // The other side may be gone already, or not read.
    let _ = timeout(CLOSE_PATIENCE, closing).await;
}

async fn admit(bridge: &Bridge, start: StreamStart) -> Result<Admitted, StreamError> {
    let now = bridge.clock.now();
    let token = start
        .custom_parameters
        .get(TOKEN_PARAMETER)
        .map(String::as_str)
        .unwrap_or_default();
    let token = bridge
        .gate
        .verify_token(token, &start.call_sid, now)
        .map_err(StreamError::Token)?;
    if !bridge
        .store
        .redeem_stream_token(token.token_id, token.expires_at, now)
        .await?
    {
        return Err(StreamError::TokenUsed);
    }
    let key = CallKey {
        business_id: token.business_id,
        call_sid: start.call_sid,
    };
    let business = bridge
        .store
        .business(key.business_id)
        .await?
        .ok_or(StreamError::NoCall)?;
    let session = bridge
        .store
        .take_over(&key, now)
        .await?
        .ok_or(StreamError::NoCall)?;
    Ok(Admitted {
        business,
        session,
        stream_sid: start.stream_sid,
    })
}

/// The provider's `start`; `None` from anything that does not begin as the provider's streams do.
async fn start_of(socket: &mut WebSocket) -> Option<StreamStart> {
    for _ in 0..MAX_MESSAGES_BEFORE_START {
        match socket.recv().await?.ok()? {
            Message::Text(text) => {
                if let Ok(InboundMessage::Start(start)) = parse_inbound(&text) {
                    return Some(*start);
                }
            }
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) => {}
            Message::Close(_) => break,
        }
    }
    None
}
