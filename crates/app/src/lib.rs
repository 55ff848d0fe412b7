//! The gateway put together: configuration, composition, start and drain; the demonstration and the check
//! before a deployment, which start the very same gateway.
//!
//! It is *not* where anything is decided: calls are `toran-call`'s and `toran-bridge`'s, bookings `toran-store`'s.
//! This crate alone sees all the others and joins them.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::collections::BTreeMap;
//! use toran_app::{App, Config, Surroundings};
//!
//! let environment = BTreeMap::from([("OPENAI_API_KEY", "sk-…"), ("TWILIO_AUTH_TOKEN", "…")]);
//! let config = Config::parse("listen = '127.0.0.1:8080'", &environment)?;
//! let app = App::build(&config, Surroundings::bind(config.listen).await?).await?;
//! app.run(std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

pub mod backup;
pub mod businesses;
pub mod checklist;
pub mod clips;
pub mod config;
mod database;
pub mod demo;
mod health;
pub mod migrations;
pub mod model_check;
mod models;
pub mod office;
pub mod output;
pub mod preflight;
pub mod readiness;
mod rehearsal;
pub mod reload;
mod rounds;
mod serve;
mod spooling;
pub mod telemetry;
mod terminal;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use toran_bridge::{
    Bridge, BridgeConfig, BridgeParts, Clock, LiveCalls, Observation, SessionSettings, SystemClock,
    WebhookSecrets,
};
use toran_call::Timings;
use toran_crm::ConfigError as CourierError;
use toran_domain::patience;
use toran_nlp::AppointmentParser;
use toran_openai::{Account, ChatCompleter};
use toran_spool::{FileSpool, SpoolError};
use toran_store::{Spool, Store, Tasks};
use toran_store_sql::{MigrationError, OpenError};
use tracing::{error, info, warn};

use rounds::Rounds;
use serve::{HttpLimits, Server};

pub use config::{Config, ConfigError, ProcessEnvironment, Strings};
pub use database::{SchemaError, open_store};
pub use rehearsal::RehearsalError;
pub use serve::{Connections, HttpPatience};
pub use toran_store_sql::SqlStore;

/// Calls that are live when the process is told to stop may go on for this long.
pub const DRAIN_PATIENCE: Duration = patience::DRAIN;
/// What the rounds have begun, a delivery above all, is finished within this.
const ROUNDS_PATIENCE: Duration = patience::ROUNDS_END;
/// How long the provider's questions after calls that were cut are still answered.
const LAST_QUESTIONS: Duration = Duration::from_secs(2);
/// What is left of them is closed within this.
const CLOSE_PATIENCE: Duration = patience::CLOSE;
/// The connections of everybody else are, at the end, within this.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(3);

/// What the gateway stands in: passed in, so that a test brings its own.
pub struct Surroundings {
    /// Where it is reached.
    pub listener: TcpListener,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Receives every fact of every call.
    pub observer: Option<mpsc::Sender<Observation>>,
    /// How long those who connect may take.
    pub patience: HttpPatience,
}

impl Surroundings {
    /// The real ones, listening at an address.
    pub async fn bind(listen: SocketAddr) -> Result<Self, StartError> {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| StartError::Listen { listen, source })?;
        Ok(Self {
            listener,
            clock: Arc::new(SystemClock),
            observer: None,
            patience: HttpPatience::default(),
        })
    }
}

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no model to talk to.
    #[error(
        "there is no model: set OPENAI_API_KEY (or OPENAI_BASE_URL of a stand-in). To see a whole call without \
         any key, run `gateway demo`"
    )]
    NoModel,
    /// Webhooks could not be told from forgeries.
    #[error("TWILIO_AUTH_TOKEN is not set: without it no webhook can be told from a forged one")]
    NoAuthToken,
    /// The address is taken or not ours.
    #[error("cannot listen at {listen}: choose another address by TORAN_LISTEN")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the database of TORAN_DATABASE_URL")]
    Database(#[from] OpenError),
    /// The database cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migration(#[from] MigrationError),
    /// Its schema is not the one that this gateway needs, and it is not this command's to change.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Requests could not be kept while the database is away.
    #[error(
        "there is no place where requests are kept until they are tasks: choose another folder by TORAN_SPOOL, on a disk that outlives the process"
    )]
    Spool(#[from] SpoolError),
    /// Nothing could be delivered.
    #[error("deliveries to webhooks cannot be made")]
    Courier(#[from] CourierError),
    /// The model service's settings do not hold together.
    #[error("the settings of the model service are refused")]
    Model(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StartError {
    /// Whether it is for want of a setting, as [`ConfigError`] is for a wrong one.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::NoModel | Self::NoAuthToken)
    }
}

/// A gateway that is ready to run.
pub struct App {
    listener: TcpListener,
    server: Server,
    live_calls: LiveCalls,
    stopping: CancellationToken,
    account: Arc<Account>,
    store: Arc<SqlStore>,
    spool: Arc<FileSpool>,
    rounds: Option<Rounds>,
}

/// What a gateway may do to the database that it stands on, beside its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// It is the deployment's: it migrates, and makes the rounds.
    Deployment,
    /// It places one call to try the deployment, and leaves the rest to the deployment's own gateways.
    Guest,
}

impl App {
    /// Puts a gateway together: opens the database and brings it up to date, and joins the crates.
    pub async fn build(config: &Config, surroundings: Surroundings) -> Result<Self, StartError> {
        Self::build_as(Tenure::Deployment, config, surroundings).await
    }

    pub(crate) async fn build_as(
        tenure: Tenure,
        config: &Config,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        if !config.openai.is_reachable() {
            return Err(StartError::NoModel);
        }
        let twilio = config.twilio.clone();
        let webhook_secrets = WebhookSecrets {
            auth_token: twilio.auth_token.ok_or(StartError::NoAuthToken)?,
            secondary_auth_token: twilio.secondary_auth_token,
            shared_keys: twilio.shared_keys,
        };
        let store = Arc::new(match tenure {
            Tenure::Deployment => database::open_and_migrate(config).await?,
            Tenure::Guest => open_store(config).await?,
        });
        warn_of_open_lock(&store).await;
        let spool = Arc::new(spooling::claim(&config.spool)?);
        let clock = surroundings.clock;
        let account =
            models::account(&config.openai).map_err(|error| StartError::Model(Box::new(error)))?;
        let bridge = Bridge::new(BridgeParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            spool: Some(Arc::new(spooling::DeskSpool::new(
                Arc::clone(&spool) as Arc<dyn Spool>,
                Arc::clone(&store) as Arc<dyn Tasks>,
            ))),
            parser: AppointmentParser::new(Arc::new(completer(&account)?)),
            models: Arc::new(models::RealtimeConnector::new(Arc::clone(&account))),
            clock: Arc::clone(&clock),
            config: BridgeConfig {
                public_url: config.public_url.clone(),
                webhook_secrets,
                session: SessionSettings {
                    transcription_language: config.openai.transcription_language.clone(),
                    voice: config.openai.voice.clone(),
                },
                clips: clips::load(config),
                prices: config.prices.clone(),
                max_calls: config.max_calls,
                limits: config.limits,
                timings: Timings::default(),
            },
            observer: surroundings.observer,
        });
        let stopping = CancellationToken::new();
        let api = config.api_token.clone().map(|token| {
            let (office, clock) = (Arc::clone(&store), Arc::clone(&clock));
            toran_console::router(office, token, Arc::new(move || clock.now()))
        });
        let health = health::router(
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&clock),
            stopping.clone(),
        );
        let router = bridge.router().merge(health).merge(api.unwrap_or_default());
        let limits = HttpLimits {
            max_calls: config.max_calls,
            max_connections: config.max_connections,
        };
        Ok(Self {
            listener: surroundings.listener,
            server: Server::new(router, limits, surroundings.patience),
            live_calls: bridge.live_calls(),
            stopping,
            rounds: (tenure == Tenure::Deployment).then(|| Rounds {
                store: Arc::clone(&store),
                spool: Arc::clone(&spool),
                spool_folder: config.spool.clone(),
                clock,
            }),
            account,
            store,
            spool,
        })
    }

    /// The account at the model's service, whose key and models may be changed while the gateway runs.
    pub fn account(&self) -> Arc<Account> {
        Arc::clone(&self.account)
    }

    /// Where it is reached.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The database.
    pub fn store(&self) -> Arc<SqlStore> {
        Arc::clone(&self.store)
    }

    /// The connections to it: to count them.
    pub fn connections(&self) -> Connections {
        self.server.connections()
    }

    /// Serves until `stop`, then lets live calls end: by themselves for [`DRAIN_PATIENCE`], and after that by closing
    /// their streams, so that the provider brings them to another gateway. If serving fails, it does the same at
    /// once, and then returns the error.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self {
            listener,
            server,
            live_calls,
            stopping,
            account: _,
            store,
            spool,
            rounds,
        } = self;
        let end_rounds = CancellationToken::new();
        let rounds = rounds.map(|rounds| rounds.start(&end_rounds)).transpose();
        let mut rounds = rounds.map_err(io::Error::other)?.unwrap_or_default();
        let connections = server.connections();
        // Served to the end of the drain: what asks is told that this gateway takes no calls.
        let mut serving = tokio::spawn(server.run(listener));
        let outcome = serve_until(&mut serving, stop).await;
        if let Err(error) = &outcome {
            error!(
                error = error as &dyn std::error::Error,
                "no longer serving: this gateway ends"
            );
        }
        stopping.cancel();
        live_calls.close();
        let live = live_calls.count();
        if live > 0 {
            info!(
                live,
                patience_s = DRAIN_PATIENCE.as_secs(),
                "draining: no new calls, live ones may end"
            );
        }
        if tokio::time::timeout(DRAIN_PATIENCE, live_calls.wait())
            .await
            .is_err()
        {
            warn!(
                live = live_calls.count(),
                "closing the streams of calls that did not end in time"
            );
            live_calls.end();
            let _ = tokio::time::timeout(CLOSE_PATIENCE, live_calls.wait()).await;
            // The provider asks at once what to do with them, and is told to ask again.
            tokio::time::sleep(LAST_QUESTIONS).await;
        }
        end_rounds.cancel();
        let ended = async { while rounds.join_next().await.is_some() {} };
        if tokio::time::timeout(ROUNDS_PATIENCE, ended).await.is_err() {
            warn!("a delivery did not end in time: it comes back when its lease is over");
        }
        connections.close(HANG_UP_PATIENCE).await;
        drop(spool);
        store.close().await;
        outcome
    }
}

/// Waits for `stop`. A server that ends before it has failed, whatever it says: it would serve for ever.
async fn serve_until(
    server: &mut JoinHandle<io::Result<()>>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    tokio::select! {
        () = stop => Ok(()),
        ended = server => match ended {
            Ok(Ok(())) => Err(io::Error::other("the server ended by itself")),
            Ok(Err(error)) => Err(error),
            Err(broken) => Err(io::Error::other(broken)),
        },
    }
}

/// A superuser sees every tenant's rows, whatever the policies say.
async fn warn_of_open_lock(store: &SqlStore) {
    if matches!(store.bypasses_row_security().await, Ok(true)) {
        warn!(
            "the database's role is exempt from row-level security, the second lock between tenants: connect as a role \
             that is neither superuser nor BYPASSRLS"
        );
    }
}

fn completer(account: &Arc<Account>) -> Result<ChatCompleter, StartError> {
    ChatCompleter::new(Arc::clone(account)).map_err(|error| StartError::Model(Box::new(error)))
}

/// Applies the configuration anew whenever the process is told to (SIGHUP): see [`reload`]. `load` reads it again.
pub async fn reload_on_signal(
    running: Config,
    account: Arc<Account>,
    load: impl Fn() -> Result<Config, ConfigError>,
) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hang_up) = signal(SignalKind::hangup()) else {
            return warn!("SIGHUP cannot be listened for: a changed key or model needs a restart");
        };
        while hang_up.recv().await.is_some() {
            let applied = match load() {
                Ok(changed) => {
                    reload::apply(&running, &changed, &account).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            match applied {
                Ok(()) => drop(model_check::report_models(&account).await),
                Err(problem) => error!(
                    problem,
                    "the changed configuration is refused: the gateway goes on with the one it has"
                ),
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (running, account, load);
        std::future::pending::<()>().await;
    }
}

/// Comes when the process is told to stop: by SIGTERM or by Ctrl-C.
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_server_that_ends_is_noticed_before_the_stop() {
        let refused = || Err(io::Error::from(io::ErrorKind::AddrInUse));
        let mut failing = tokio::spawn(async move { refused() });
        let error = serve_until(&mut failing, pending()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let mut ending = tokio::spawn(async { Ok(()) });
        assert!(serve_until(&mut ending, pending()).await.is_err());
        let mut panicking = tokio::spawn(async { panic!("it breaks") });
        assert!(serve_until(&mut panicking, pending()).await.is_err());
        let mut serving = tokio::spawn(pending());
        assert!(serve_until(&mut serving, ready(())).await.is_ok());
    }

    #[test]
    fn a_missing_setting_is_a_matter_of_configuration() {
        assert!(StartError::NoModel.is_configuration());
        assert!(StartError::NoAuthToken.is_configuration());
        let taken = StartError::Listen {
            listen: ([127, 0, 0, 1], 80).into(),
            source: io::Error::from(io::ErrorKind::AddrInUse),
        };
        assert!(!taken.is_configuration());
    }
}
