//! Claim, send, report.

use std::{fmt, sync::Arc, time::Duration};

use time::UtcDateTime;
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use toran_store::{Delivery, Outbox, StoreError};

use crate::{
    ConfigError, CrmConfig, config::signed, failure::Failure, outage::Outage, post::Poster,
};

/// How often the store is told what came of an attempt, before the lease is left to run out.
const REPORTS: u32 = 3;

/// Brings events from the outbox to the businesses' webhooks.
///
/// Several may share one store.
#[derive(Debug)]
pub struct Courier(Arc<Rounds>);

impl Courier {
    /// A courier for an outbox. The clock gives the present instant.
    pub fn new(
        store: Arc<dyn Outbox>,
        clock: impl Fn() -> UtcDateTime + Send + Sync + 'static,
        config: CrmConfig,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let poster = Poster::new(&config)?;
        Ok(Self(Arc::new(Rounds {
            store,
            clock: Box::new(clock),
            config,
            poster,
        })))
    }

    /// Delivers until it is told to stop, and then finishes what is under way, which takes little longer than one
    /// request may. What is under way when this future is dropped instead comes back when its lease has run out.
    pub async fn run(&self, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut outage = Outage::new(self.0.config.poll_interval);
        while !stop.is_cancelled() {
            // Not raced against the stop: what the store has claimed must not be lost on the way.
            let pause = match self.0.start_due(&mut under_way).await {
                Ok(_) => outage.over(),
                Err(error) => outage.goes_on(&error),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                // There is room again, and the lead's next event may be due now.
                Some(ended) = under_way.join_next() => note(ended),
                () = sleep(pause) => {}
            }
        }
        finish(under_way).await;
    }

    /// One round: claims what is due, no more than may be under way at once, and waits for every attempt's end.
    /// Returns how many there were.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut under_way = JoinSet::new();
        let started = self.0.start_due(&mut under_way).await?;
        finish(under_way).await;
        Ok(started)
    }
}

async fn finish(mut under_way: JoinSet<()>) {
    while let Some(ended) = under_way.join_next().await {
        note(ended);
    }
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "an attempt to deliver an event broke off: it is made again when its lease has run out"
        );
    }
}

struct Rounds {
    store: Arc<dyn Outbox>,
    clock: Box<dyn Fn() -> UtcDateTime + Send + Sync>,
    config: CrmConfig,
    poster: Poster,
}

/// What came of an attempt, as the store is told.
enum Report {
    Delivered {
        now: UtcDateTime,
    },
    NotDelivered {
        why: String,
        retry_at: Option<UtcDateTime>,
    },
}

impl Rounds {
    /// Claims as much as there is room for, so that nothing waits under a lease that already runs.
    async fn start_due(self: &Arc<Self>, under_way: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let busy = u32::try_from(under_way.len()).unwrap_or(u32::MAX);
        let room = self.config.concurrency.saturating_sub(busy);
        if room == 0 {
            return Ok(0);
        }
        let now = (self.clock)();
        let claimed = self
            .store
            .claim_deliveries(now, self.config.lease(), room)
            .await?;
        let started = claimed.len();
        for delivery in claimed {
            let rounds = Arc::clone(self);
            under_way.spawn(async move { rounds.attempt(&delivery).await });
        }
        Ok(started)
    }

    async fn attempt(&self, delivery: &Delivery) {
        let began = Instant::now();
        let outcome = self.poster.post(delivery, (self.clock)()).await;
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let now = (self.clock)();
        let (business_id, event_id) = (delivery.business_id, delivery.event_id);
        let (kind, attempt) = (delivery.kind.as_str(), delivery.attempt);
        let report = match outcome {
            Ok(()) => {
                tracing::info!(%business_id, %event_id, kind, attempt, duration_ms, "event delivered");
                Report::Delivered { now }
            }
            Err(failure) => {
                let error = &failure as &dyn std::error::Error;
                let pause = self.pause_after(attempt, &failure);
                if let Some(pause) = pause {
                    let retry_in_s = pause.as_secs();
                    tracing::warn!(%business_id, %event_id, kind, attempt, duration_ms, error, retry_in_s, "event not delivered");
                } else {
                    tracing::error!(
                        %business_id, %event_id, kind, attempt, duration_ms, error,
                        "event given up: mend the cause, then replay or discard it, the lead's later events wait behind it"
                    );
                }
                Report::NotDelivered {
                    why: failure.brief(),
                    retry_at: pause.map(|pause| now.saturating_add(signed(pause))),
                }
            }
        };
        self.report(delivery, &report).await;
    }

    /// The schedule's pause, or a longer one that the receiver asks for.
    fn pause_after(&self, attempt: u32, failure: &Failure) -> Option<Duration> {
        let scheduled = self.config.pause_after(attempt)?;
        let asked = failure.retry_after().unwrap_or_default();
        Some(scheduled.max(asked.min(CrmConfig::MAX_RETRY_AFTER)))
    }

    async fn report(&self, delivery: &Delivery, report: &Report) {
        for told in 1..=REPORTS {
            let answer = match report {
                Report::Delivered { now } => self.store.delivered(delivery, *now).await,
                Report::NotDelivered { why, retry_at } => {
                    self.store.not_delivered(delivery, why, *retry_at).await
                }
            };
            match answer {
                Ok(()) => return,
                Err(_) if told < REPORTS => sleep(self.config.poll_interval).await,
                Err(error) => tracing::warn!(
                    business_id = %delivery.business_id,
                    event_id = %delivery.event_id,
                    error = &error as &dyn std::error::Error,
                    "what came of an attempt could not be stored: it is made again when its lease has run out"
                ),
            }
        }
    }
}

impl fmt::Debug for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
