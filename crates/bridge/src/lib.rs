//! The realtime bridge: the telephony routes (webhooks and media socket) and the driver of each call, two
//! sockets, timers and tasks around `toran-call`.
//!
//! It is *not* where a call is decided: that is the engine's, in `toran-call`. It speaks to the parser, the
//! booking desk and the model through `toran-nlp`, `toran-store` and [`ModelConnector`], and never to a
//! database or to OpenAI itself. It has no tools for the model: the server hears, decides, and tells it.
//!
//! | route | what |
//! |---|---|
//! | `POST /twilio/voice` | a call comes in: answers with a stream and a one-time token |
//! | `GET /twilio/media` | the call's media stream, a WebSocket |
//! | `POST /twilio/after` | the stream is over: a new one for a call that goes on, a person who is dialled, or the end |
//! | `POST /twilio/dialled` | a transfer is over: the end, or a new stream for a caller whom nobody took |
//! | `POST /twilio/stream-status` | what the provider says of the stream, for the log |
//! | `GET /twilio/clip/{voice}/{gender}/{name}` | a recording of ours to be played, at a signed address |
//!
//! ```no_run
//! # async fn example(parts: toran_bridge::BridgeParts) -> std::io::Result<()> {
//! use toran_bridge::Bridge;
//!
//! let bridge = Bridge::new(parts);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, bridge.router()).await
//! # }
//! ```

mod admission;
mod call;
pub mod clips;
mod clock;
mod model;
mod routes;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use clips::{Clip, ClipSet};
use secrecy::SecretString;
use tokio::sync::mpsc;
use toran_call::{Fact, Timings};
use toran_domain::{AgentGender, Business, EffectiveLimits, PriceTable, VoiceName, patience};
use toran_nlp::AppointmentParser;
use toran_store::{CallKey, Desk, Spool, Store};
use url::Url;

use admission::Admission;
pub use admission::LiveCalls;
pub use clock::{Clock, SystemClock};
pub use model::{ModelConnectError, ModelConnector, ModelRole, ModelSocket, SessionSettings};
use routes::Gate;

/// The log lines that the deployment check watches for.
pub mod milestones {
    pub use crate::call::log::{APPOINTMENT_CREATED, BOOKED, CONFIGURE_SESSION, GREETING, PARSER};
}

/// What a bridge is made of.
pub struct BridgeParts {
    /// Where everything is stored.
    pub store: Arc<dyn Store>,
    /// Where requests are kept that the store cannot take.
    pub spool: Option<Arc<dyn Spool>>,
    /// The parser.
    pub parser: AppointmentParser,
    /// Where sessions with the model come from.
    pub models: Arc<dyn ModelConnector>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The rest.
    pub config: BridgeConfig,
    /// Receives every fact of every call, as far as it keeps up; for showing calls live.
    pub observer: Option<mpsc::Sender<Observation>>,
}

/// A call of which the database has heard nothing for so long is taken for abandoned. Much longer than a live call is
/// silent towards it; a bridge that cannot reach the database hands its calls over before that.
pub const ABANDONED_AFTER: Duration = patience::ABANDONED;

/// How a bridge is set up.
#[derive(Debug, Clone)]
pub struct BridgeConfig {
    /// The origin under which the provider reaches this gateway: signatures are over it.
    pub public_url: Url,
    /// What the provider signs its webhooks with.
    pub webhook_secrets: WebhookSecrets,
    /// What sessions with the model are configured with.
    pub session: SessionSettings,
    /// What is heard where the model cannot be.
    pub clips: ClipSet,
    /// What the models cost.
    pub prices: PriceTable,
    /// How many calls may be live at once.
    pub max_calls: usize,
    /// How much of that one business, and each of its callers, may take where it has no limits of its own.
    pub limits: EffectiveLimits,
    /// The engine's patience and pacing.
    pub timings: Timings,
}

/// What the provider signs its webhooks with.
#[derive(Debug, Clone)]
pub struct WebhookSecrets {
    /// The account's auth token. What this gateway signs by itself (stream tokens, addresses of clips) hangs on it too.
    pub auth_token: SecretString,
    /// The account's other auth token, while the one is replaced by the other: each is good.
    pub secondary_auth_token: Option<SecretString>,
    /// The secrets of shared keys, by the keys' names.
    pub shared_keys: BTreeMap<String, SecretString>,
}

impl WebhookSecrets {
    /// An account with one auth token.
    pub const fn of(auth_token: SecretString) -> Self {
        Self {
            auth_token,
            secondary_auth_token: None,
            shared_keys: BTreeMap::new(),
        }
    }
}

/// One fact of one call, as it happens.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Which call.
    pub call: CallKey,
    /// Since its stream began.
    pub at: Duration,
    /// What happened.
    pub fact: Fact,
}

/// The bridge. Shared by all calls.
pub struct Bridge {
    store: Arc<dyn Store>,
    desk: Desk,
    parser: AppointmentParser,
    models: Arc<dyn ModelConnector>,
    clock: Arc<dyn Clock>,
    config: BridgeConfig,
    prices: Arc<PriceTable>,
    observer: Option<mpsc::Sender<Observation>>,
    gate: Gate,
    admission: Admission,
}

impl Bridge {
    /// Puts a bridge together.
    pub fn new(parts: BridgeParts) -> Arc<Self> {
        let BridgeParts {
            store,
            spool,
            parser,
            models,
            clock,
            config,
            observer,
        } = parts;
        let mut desk = Desk::new(Arc::clone(&store));
        if let Some(spool) = spool {
            desk = desk.with_spool(spool);
        }
        Arc::new(Self {
            desk,
            prices: Arc::new(config.prices.clone()),
            gate: Gate::new(&config),
            admission: Admission::new(config.max_calls),
            store,
            parser,
            models,
            clock,
            config,
            observer,
        })
    }

    /// The telephony routes.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        routes::router(Arc::clone(self))
    }

    /// The calls that are live now: to count them, and to end them when the process drains.
    pub fn live_calls(&self) -> LiveCalls {
        self.admission.live_calls()
    }

    /// The public address of a clip, good for this deployment's gateways: for the provider to play.
    pub fn clip_url(&self, clip: Clip, voice: &VoiceName, gender: AgentGender) -> String {
        self.gate.clip_url(clip, voice, gender)
    }

    /// The voice in which a business's agent speaks.
    pub(crate) fn voice_of<'a>(&'a self, business: &'a Business) -> &'a VoiceName {
        let own = business.terms.voice.as_ref();
        own.unwrap_or(&self.config.session.voice)
    }

    /// What is said without the model, in a business's voice: mu-law, 8 kHz.
    pub(crate) fn clip_of(&self, clip: Clip, business: &Business) -> Bytes {
        let voice = self.voice_of(business);
        self.config
            .clips
            .get(clip, voice.as_str(), business.agent_gender)
    }

    /// Shows a fact to the observer. One that does not keep up misses some; a call never waits for it.
    fn observe(&self, observation: impl FnOnce() -> Observation) {
        if let Some(observer) = &self.observer {
            let _ = observer.try_send(observation());
        }
    }
}
