//! What a gateway does beside its calls: it delivers the outbox, brings in what the spool holds, ends calls that
//! nobody has seen for long, and removes what businesses no longer keep.
//!
//! Every gateway does all of it; the database sees to it that no two do the same thing at once.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use toran_bridge::{ABANDONED_AFTER, Clock};
use toran_crm::{ConfigError, Courier, CrmConfig};
use toran_spool::{DRAIN_EVERY, FileSpool};
use toran_store::{Appointments as _, Calls as _, Leads as _, Outbox, Removed, Tasks};
use toran_store_sql::SqlStore;
use tracing::{info, warn};

use crate::spooling;

/// How often calls are looked for that nobody has seen.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// After a start or an outage the other gateways have so long to say which calls are live.
const GRACE: Duration = Duration::from_mins(5);
/// How often it is looked for what is no longer kept.
const RETENTION_EVERY: Duration = Duration::from_hours(1);

/// The rounds of one gateway.
pub(crate) struct Rounds {
    pub(crate) store: Arc<SqlStore>,
    pub(crate) spool: Arc<FileSpool>,
    pub(crate) spool_folder: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Rounds {
    /// Starts them all. They end after `stop`, when what they have begun is done.
    pub(crate) fn start(self, stop: &CancellationToken) -> Result<JoinSet<()>, ConfigError> {
        let mut rounds = JoinSet::new();
        let clock = Arc::clone(&self.clock);
        let outbox = Arc::clone(&self.store) as Arc<dyn Outbox>;
        let courier = Courier::new(outbox, move || clock.now(), CrmConfig::default())?;
        let stopped = stop.clone();
        rounds.spawn(async move { courier.run(stopped).await });
        let tasks = Arc::clone(&self.store) as Arc<dyn Tasks>;
        rounds.spawn(Arc::clone(&self.spool).run(tasks, DRAIN_EVERY, stop.clone()));
        let stopped = stop.clone();
        rounds.spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = self.sweep() => {}
            }
        });
        Ok(rounds)
    }

    async fn sweep(self) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        let mut retention = tokio::time::interval(RETENTION_EVERY);
        let mut reachable_since = Instant::now();
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    if self.store.takes_writes(self.clock.now()).await.is_err() {
                        reachable_since = Instant::now();
                    } else if reachable_since.elapsed() > GRACE {
                        self.end_abandoned_calls().await;
                    }
                    spooling::drain_abandoned(&self.spool_folder, self.store.as_ref()).await;
                }
                _ = retention.tick() => self.apply_retention().await,
            }
        }
    }

    async fn end_abandoned_calls(&self) {
        let now = self.clock.now();
        let seen_before = now - ABANDONED_AFTER;
        match self.store.end_abandoned_calls(seen_before, now).await {
            Ok(0) => {}
            Ok(calls) => warn!(calls, "ended calls that no gateway has seen for an hour"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "abandoned calls could not be looked for");
            }
        }
    }

    async fn apply_retention(&self) {
        match self.store.apply_retention(self.clock.now()).await {
            Ok(removed) if removed == Removed::default() => {}
            Ok(removed) => info!(
                transcript_lines = removed.transcript_lines,
                leads = removed.leads,
                events = removed.events,
                "removed what is no longer kept"
            ),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "what is no longer kept could not be removed");
            }
        }
    }
}
