//! `/healthz` (the process lives) and `/readyz` (it can take calls).

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;
use toran_bridge::Clock;
use toran_store::Store;
use tracing::{info, warn};

/// A database that takes longer is not ready for a caller.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Health {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
    last: Arc<Mutex<Option<Answer>>>,
}

/// Whether the database took a write, and when it was asked.
#[derive(Clone, Copy)]
struct Answer {
    takes_writes: bool,
    asked_at: Instant,
}

pub(crate) fn router(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Health {
            store,
            clock,
            stopping,
            last: Arc::default(),
        })
}

async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.stopping.is_cancelled() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "draining: takes no new calls\n",
        );
    }
    if health.takes_writes().await {
        (StatusCode::OK, "ready\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database takes no writes: the log says why\n",
        )
    }
}

impl Health {
    /// Each answer costs a durable write, so whoever waited for another's write to end takes the next one's answer with all who
    /// waited.
    async fn takes_writes(&self) -> bool {
        let arrived_at = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(answer) = last.filter(|answer| answer.asked_at >= arrived_at) {
            return answer.takes_writes;
        }
        let asked_at = Instant::now();
        let write = self.store.takes_writes(self.clock.now());
        let written = tokio::time::timeout(WRITE_PATIENCE, write).await;
        let took_them_before = last.is_none_or(|answer| answer.takes_writes);
        let takes_writes = matches!(written, Ok(Ok(())));
        match written {
            Ok(Ok(())) if !took_them_before => info!("the database takes writes again"),
            Ok(Err(error)) if took_them_before => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "the database takes no writes: not ready for calls");
            }
            Err(_) if took_them_before => {
                warn!("the database took no write within 2 s: not ready for calls");
            }
            Ok(_) | Err(_) => {}
        }
        *last = Some(Answer {
            takes_writes,
            asked_at,
        });
        takes_writes
    }
}
