//! The Realtime socket: admission the way the service does it (in-band, after the upgrade), then the
//! session's events in and out.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts, State,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    events::{ApiError, Ids},
    models::{self, Kind},
    server::{Disturbance, Shared},
    session::{Opening, Output, Session},
};
use crate::record::Direction;

/// How often the service pings.
const PING_EVERY: Duration = Duration::from_millis(20_260);
/// A client that takes longer than this to read is gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Why a client is not let in: the error it is told, and the code its socket is closed with.
struct Refusal {
    error: ApiError,
    close_code: u16,
}

/// `GET /v1/realtime`.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    let admitted = admit(&shared, &uri, &headers);
    upgrade.0.on_upgrade(move |socket| async move {
        let conn = format!("realtime-{}", shared.next_connection());
        match admitted {
            Ok(model) => converse(socket, &shared, &conn, model).await,
            Err(refusal) => refuse(socket, &shared, &conn, &refusal).await,
        }
    })
}

/// The upgrade, without a limit that the service does not have.
pub(super) struct Upgrade(WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = axum::extract::ws::rejection::WebSocketUpgradeRejection;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Self::Rejection> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await?;
        Ok(Self(
            upgrade
                .max_message_size(16 * 1024 * 1024)
                .max_frame_size(16 * 1024 * 1024),
        ))
    }
}

fn admit(shared: &Shared, uri: &Uri, headers: &HeaderMap) -> Result<String, Refusal> {
    let refuse = |error, close_code| Err(Refusal { error, close_code });
    if headers.contains_key("openai-beta") {
        let message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for \
            the GA API.";
        return refuse(ApiError::new("beta_api_shape_disabled", message), 4000);
    }
    if let Err(error) = shared.check_key(headers) {
        return refuse(error, 3000);
    }
    let query = uri.query().unwrap_or_default();
    let model = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "model");
    let Some((_, model)) = model else {
        let message = "You must provide a model parameter.";
        return refuse(ApiError::new("missing_model", message), 4000);
    };
    match models::kind(&model) {
        Some(Kind::Realtime) => Ok(model.into_owned()),
        Some(Kind::Gone) | None => {
            let message =
                format!("The model `{model}` does not exist or you do not have access to it.");
            refuse(ApiError::new("model_not_found", message), 4004)
        }
        Some(Kind::Chat | Kind::Reasoning | Kind::Transcription) => {
            let message = format!("Model \"{model}\" is not supported in realtime mode.");
            refuse(ApiError::new("invalid_model", message), 4000)
        }
    }
}

async fn refuse(mut socket: WebSocket, shared: &Shared, conn: &str, refusal: &Refusal) {
    let mut ids = Ids(fastrand::Rng::with_seed(shared.options.seed));
    let mut error = refusal.error.to_json();
    error["event_id"] = Value::Null;
    let event = json!({"type": "error", "event_id": ids.mint("event"), "error": error});
    shared.recorder.note(conn, Direction::Server, &event);
    let reason = format!("invalid_request_error.{}", refusal.error.code);
    // A client that is gone already needs no refusal.
    let _ = socket.send(Message::text(event.to_string())).await;
    let _ = socket.send(close(refusal.close_code, &reason)).await;
}

/// How a connection goes on after something happened.
enum Next {
    Continue,
    /// The socket is done for, one way or the other.
    End,
}

struct Connection<'a> {
    socket: WebSocket,
    shared: &'a Shared,
    conn: &'a str,
    session: Session,
    opened: Instant,
    stalled: bool,
}

async fn converse(socket: WebSocket, shared: &Shared, conn: &str, model: String) {
    let number = conn
        .bytes()
        .fold(0_u64, |sum, byte| sum * 31 + u64::from(byte));
    let pace = shared.options.pace.clone();
    tokio::time::sleep(Duration::from_millis(pace.session_ms)).await;
    let lifetime = i64::try_from(pace.session_lifetime.as_secs()).unwrap_or(i64::MAX);
    let session = Session::open(Opening {
        model,
        seed: shared.options.seed ^ number,
        expires_at: shared.unix_now().saturating_add(lifetime),
        pace,
        echo_event_ids: shared.options.echo_event_ids,
        director: Arc::clone(&shared.director),
    });
    let opened = Instant::now();
    let mut connection = Connection {
        socket,
        shared,
        conn,
        session,
        opened,
        stalled: false,
    };
    connection.run().await;
}

impl Connection<'_> {
    async fn run(&mut self) {
        let mut disturbances = self.shared.disturbances.subscribe();
        let mut pings = tokio::time::interval_at(self.opened + PING_EVERY, PING_EVERY);
        let mut next = self.flush().await;
        while matches!(next, Next::Continue) {
            let timer = self.session.next_timer().filter(|_| !self.stalled);
            let wake = self.opened + timer.unwrap_or(Duration::from_hours(24));
            next = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) | None => Next::End,
                },
                () = tokio::time::sleep_until(wake) => {
                    self.session.wake(self.opened.elapsed());
                    self.flush().await
                }
                _ = pings.tick() => {
                    if self.stalled { Next::Continue } else { self.send(Message::Ping(Bytes::new())).await }
                }
                disturbance = disturbances.recv() => self.disturb(disturbance.ok()),
                () = self.shared.stop.cancelled() => {
                    let _ = self.send(close(1001, "going away")).await;
                    Next::End
                }
            };
        }
    }

    async fn receive(&mut self, message: Message) -> Next {
        let error = match message {
            Message::Text(text) => match serde_json::from_str::<Value>(&text) {
                Ok(event) if event.is_object() => {
                    self.shared
                        .recorder
                        .note(self.conn, Direction::Client, &event);
                    if !self.stalled {
                        self.session.receive(self.opened.elapsed(), &event);
                    }
                    return self.flush().await;
                }
                Ok(_) | Err(_) => {
                    let message = "We could not parse the JSON body of your event.";
                    ApiError::new("invalid_json", message)
                }
            },
            Message::Binary(_) => {
                let message = "Binary messages are not supported. Send events as JSON text.";
                ApiError::new("invalid_event", message)
            }
            Message::Ping(_) | Message::Pong(_) => return Next::Continue,
            Message::Close(_) => return Next::End,
        };
        self.session.refuse(&error, None);
        self.flush().await
    }

    fn disturb(&mut self, disturbance: Option<Disturbance>) -> Next {
        self.stalled |= disturbance == Some(Disturbance::Stall);
        if disturbance == Some(Disturbance::Drop) {
            Next::End
        } else {
            Next::Continue
        }
    }

    /// Does what the session wants done.
    async fn flush(&mut self) -> Next {
        while let Some(output) = self.session.poll_output() {
            if self.stalled {
                continue;
            }
            match output {
                Output::Event(event) => {
                    self.shared
                        .recorder
                        .note(self.conn, Direction::Server, &event);
                    if let Next::End = self.send(Message::text(event.to_string())).await {
                        return Next::End;
                    }
                }
                Output::Close { code, reason } => {
                    let _ = self.send(close(code, reason)).await;
                    return Next::End;
                }
                Output::Drop => return Next::End,
                Output::Stall => self.stalled = true,
            }
        }
        Next::Continue
    }

    async fn send(&mut self, message: Message) -> Next {
        match tokio::time::timeout(WRITE_PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Next::Continue,
            Ok(Err(_)) | Err(_) => Next::End,
        }
    }
}

fn close(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::from(reason),
    }))
}
