//! `/healthz` (the process lives) and `/readyz` (it can take calls).

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio_util::sync::CancellationToken;
use toran_store::Store;

/// A database that takes longer is not ready for a caller.
const PING_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Health {
    store: Arc<dyn Store>,
    stopping: CancellationToken,
}

pub(crate) fn router(store: Arc<dyn Store>, stopping: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Health { store, stopping })
}

async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.stopping.is_cancelled() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "draining: takes no new calls\n",
        );
    }
    match tokio::time::timeout(PING_PATIENCE, health.store.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(_)) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer\n",
        ),
    }
}
