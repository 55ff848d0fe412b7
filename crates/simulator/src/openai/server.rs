//! The HTTP server around the stand-in: routes, keys, and the handle that tests and programs hold.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post},
    serve::ListenerExt as _,
};
use serde_json::Value;
use time::UtcDateTime;
use tokio::{net::TcpListener, sync::broadcast, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    chat::{self, HttpAnswer, Reaction},
    chat_request,
    events::{ApiError, Ids},
    models,
    session::Pace,
    socket,
};
use crate::{
    record::{Direction, Recorder, WireEvent},
    scenario::{ChatFault, Director, Scenario},
};

/// The largest request that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How the stand-in runs.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// What the wall clock shows at the start; times on the wire are counted from it.
    pub started_at: UtcDateTime,
    /// From which everything random comes.
    pub seed: u64,
    /// The only key that is accepted; without it any key is, or none.
    pub api_key: Option<String>,
    /// How fast it answers.
    pub pace: Pace,
    /// Whether `error.event_id` names the event that caused it. The service does not.
    pub echo_event_ids: bool,
    /// Where every event is written, one JSON object a line.
    pub record: Option<PathBuf>,
}

impl OpenAiOptions {
    /// The usual stand-in.
    pub fn new(started_at: UtcDateTime, seed: u64) -> Self {
        Self {
            started_at,
            seed,
            api_key: None,
            pace: Pace::default(),
            echo_event_ids: false,
            record: None,
        }
    }
}

/// Why the stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener has no address.
    #[error("the listener has no local address: bind it before starting")]
    Address(#[source] io::Error),
    /// The recording cannot be written.
    #[error("cannot write the recording {path}: check the folder and its permissions")]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Something that happens to every open Realtime connection at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// The connections are dropped without a close.
    Drop,
    /// The connections stay open and fall silent.
    Stall,
}

/// A running stand-in. It stops when this is dropped.
#[derive(Debug)]
pub struct OpenAiSimulator {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: OpenAiOptions,
    pub(super) director: Arc<Director>,
    pub(super) recorder: Recorder,
    pub(super) stop: CancellationToken,
    pub(super) disturbances: broadcast::Sender<Disturbance>,
    started: Instant,
    connections: AtomicU64,
    chat_faults: Mutex<VecDeque<ChatFault>>,
}

impl OpenAiSimulator {
    /// Serves a scenario on a listener.
    pub fn start(
        listener: TcpListener,
        scenario: Scenario,
        options: OpenAiOptions,
    ) -> Result<Self, StartError> {
        let addr = listener.local_addr().map_err(StartError::Address)?;
        let recorder =
            Recorder::new(options.record.as_deref()).map_err(|source| StartError::Record {
                path: options.record.clone().unwrap_or_default(),
                source,
            })?;
        let shared = Arc::new(Shared {
            options,
            director: Arc::new(Director::new(scenario)),
            recorder,
            stop: CancellationToken::new(),
            disturbances: broadcast::Sender::new(16),
            started: Instant::now(),
            connections: AtomicU64::new(0),
            chat_faults: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/realtime", get(socket::upgrade))
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(list_models))
            .route("/v1/models/{id}", get(one_model))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&shared));
        let stop = shared.stop.clone();
        // Nothing waits here for an acknowledgement: what a client measures is the client.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection was gone before it was set up");
            }
        });
        tokio::spawn(async move {
            let served =
                axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = served.await {
                tracing::error!(%error, "the stand-in for OpenAI stopped");
            }
        });
        Ok(Self { addr, shared })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base address for clients: `http://…/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// What crossed the wires so far, oldest first; the caller's audio is left out.
    pub fn events(&self) -> Vec<WireEvent> {
        self.shared.recorder.events()
    }

    /// What crosses the wires from now on. A slow watcher misses events, it delays none.
    pub fn watch(&self) -> broadcast::Receiver<WireEvent> {
        self.shared.recorder.watch()
    }

    /// Makes the next completions fail, one each.
    pub fn fail_next_chats(&self, faults: impl IntoIterator<Item = ChatFault>) {
        self.shared.lock_faults().extend(faults);
    }

    /// Disturbs every Realtime connection that is open now.
    pub fn disturb(&self, disturbance: Disturbance) {
        // No connection, no receiver.
        let _ = self.shared.disturbances.send(disturbance);
    }

    /// Stops: connections are closed, the listener too.
    pub fn shutdown(&self) {
        self.shared.stop.cancel();
    }
}

impl Drop for OpenAiSimulator {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    /// Seconds since 1970, now.
    pub(super) fn unix_now(&self) -> i64 {
        (self.options.started_at + self.started.elapsed()).unix_timestamp()
    }

    /// A number for a new connection.
    pub(super) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The error for a wrong key.
    pub(super) fn check_key(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(key) = &self.options.api_key else {
            return Ok(());
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if given.and_then(|given| given.strip_prefix("Bearer ")) == Some(key) {
            return Ok(());
        }
        let message = "Incorrect API key provided. You can find your API key at \
            https://platform.openai.com/account/api-keys.";
        Err(ApiError::new("invalid_api_key", message))
    }

    fn lock_faults(&self) -> std::sync::MutexGuard<'_, VecDeque<ChatFault>> {
        self.chat_faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn list_models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response<Body> {
    respond(match shared.check_key(&headers) {
        Ok(()) => HttpAnswer::ok(models::list()),
        Err(error) => HttpAnswer::refused(StatusCode::UNAUTHORIZED, &error),
    })
}

async fn one_model(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    respond(match (shared.check_key(&headers), models::one(&id)) {
        (Err(error), _) => HttpAnswer::refused(StatusCode::UNAUTHORIZED, &error),
        (Ok(()), Some(model)) => HttpAnswer::ok(model),
        (Ok(()), None) => {
            let error = ApiError::new(
                "model_not_found",
                format!("The model '{id}' does not exist"),
            )
            .about("model");
            HttpAnswer::refused(StatusCode::NOT_FOUND, &error)
        }
    })
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let number = shared.next_connection();
    let conn = format!("chat-{number}");
    let mut ids = Ids(fastrand::Rng::with_seed(shared.options.seed ^ number));
    if let Err(error) = shared.check_key(&headers) {
        return respond(HttpAnswer::refused(StatusCode::UNAUTHORIZED, &error));
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        let error = ApiError::new("invalid_json", "We could not parse the JSON body.");
        return respond(HttpAnswer::refused(StatusCode::BAD_REQUEST, &error));
    };
    shared
        .recorder
        .note(&conn, Direction::ChatRequest, &request);
    if let Err(refusal) = chat_request::check(&request) {
        return respond(refusal);
    }
    let delay = ids.0.u64(shared.options.pace.chat_ms.clone());
    tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
    let fault = shared.lock_faults().pop_front();
    let created = shared.unix_now();
    match chat::answer(&request, &shared.director, fault, created, &mut ids) {
        Reaction::Answer(answer) => {
            if answer.status == StatusCode::OK {
                shared
                    .recorder
                    .note(&conn, Direction::ChatResponse, &answer.body);
            }
            respond(answer)
        }
        Reaction::Hang => {
            shared.stop.cancelled().await;
            respond(HttpAnswer::ok(Value::Null))
        }
    }
}

fn respond(answer: HttpAnswer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body.to_string()));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}
