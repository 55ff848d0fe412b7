//! How many calls are live, and their orderly end when the process drains.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use toran_store::CallKey;

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
    streams: Arc<Mutex<Streams>>,
}

/// The stream that each call has now.
#[derive(Debug, Default)]
struct Streams {
    next: u64,
    of_call: BTreeMap<CallKey, (u64, CancellationToken)>,
}

/// The one stream of a call in this process; given up when dropped.
pub(crate) struct Stream {
    key: CallKey,
    number: u64,
    stop: CancellationToken,
    streams: Arc<Mutex<Streams>>,
}

impl Stream {
    /// Comes when the stream is to end: another one took its place, or the process drains.
    pub(crate) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let current = streams.of_call.get(&self.key);
        if current.is_some_and(|(number, _)| *number == self.number) {
            streams.of_call.remove(&self.key);
        }
    }
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

    /// Whether there is a place left now: a caller is told at once, rather than by a stream that is refused.
    pub(crate) fn has_place(&self) -> bool {
        self.places.available_permits() > 0
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

    /// Makes this the call's stream. One that the call had before is told to end: the provider has left it.
    pub(crate) fn take_over(&self, key: CallKey) -> Stream {
        let stop = self.live.stop.child_token();
        let mut streams = self
            .live
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let number = streams.next;
        streams.next = streams.next.wrapping_add(1);
        let entry = (number, stop.clone());
        if let Some((_, before)) = streams.of_call.insert(key.clone(), entry) {
            before.cancel();
        }
        drop(streams);
        Stream {
            key,
            number,
            stop,
            streams: Arc::clone(&self.live.streams),
        }
    }
}
