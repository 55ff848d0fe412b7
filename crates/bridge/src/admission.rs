//! How many calls are live, and their orderly end when the process drains.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[derive(Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    live: LiveCalls,
}

/// The calls that are live in this process.
#[derive(Debug, Clone, Default)]
pub struct LiveCalls {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl LiveCalls {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Takes no new ones: what asks is told to go elsewhere.
    pub fn close(&self) {
        self.tracker.close();
    }

    /// Waits until all have ended by themselves.
    pub async fn wait(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Ends those that are left: their streams are closed, and the provider asks for new ones elsewhere.
    pub fn end(&self) {
        self.stop.cancel();
    }
}

/// A place for one call, given back when dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(max_calls: usize) -> Self {
        let places = max_calls.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            live: LiveCalls::default(),
        }
    }

    /// A place for a call, if there is one left.
    pub(crate) fn admit(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { _permit: permit })
    }

    /// Whether no new calls are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.live.tracker.is_closed()
    }

    pub(crate) fn live_calls(&self) -> LiveCalls {
        self.live.clone()
    }

    /// Runs a call as a task of its own: what breaks in it breaks nothing else.
    pub(crate) fn run(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.live.tracker.spawn(call);
    }

    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.live.stop.child_token()
    }
}
