//! How many calls are live, and their orderly end when the process drains.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use toran_store::CallKey;
use toran_telephony::media::StreamSid;

/// The provider opens the stream of an answered call at once.
const EXPECTED_FOR: Duration = Duration::from_secs(30);
/// How long a stream that is over may take to say so by itself.
const OWN_END_PATIENCE: Duration = Duration::from_secs(3);

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

/// The calls of this process: those that have a stream, and those whose stream is about to come.
#[derive(Debug, Default)]
struct Streams {
    next: u64,
    of_call: BTreeMap<CallKey, Current>,
    /// Calls that were answered and given a place, and until when their stream is waited for.
    expected: BTreeMap<CallKey, Instant>,
}

/// The stream that a call has now.
#[derive(Debug)]
struct Current {
    number: u64,
    sid: StreamSid,
    stop: CancellationToken,
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
        if current.is_some_and(|current| current.number == self.number) {
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

    /// Keeps a place of its business for a call that is answered now, unless the business has as many calls as it may have. A
    /// call that has a place keeps it.
    pub(crate) fn expect(&self, key: &CallKey, most: usize) -> bool {
        let now = Instant::now();
        let mut streams = self.lock();
        streams.expected.retain(|_, until| *until > now);
        let has_place = streams.of_call.contains_key(key) || streams.expected.contains_key(key);
        let calls = streams.of_call.keys().chain(streams.expected.keys());
        let others = calls.filter(|call| call.business_id == key.business_id && *call != key);
        if !has_place && others.count() >= most {
            return false;
        }
        streams.expected.insert(key.clone(), now + EXPECTED_FOR);
        true
    }

    /// Makes this the call's stream. One that the call had before is told to end: the provider has left it.
    pub(crate) fn take_over(&self, key: CallKey, sid: StreamSid) -> Stream {
        let stop = self.live.stop.child_token();
        let mut streams = self.lock();
        let number = streams.next;
        streams.next = streams.next.wrapping_add(1);
        streams.expected.remove(&key);
        let current = Current {
            number,
            sid,
            stop: stop.clone(),
        };
        if let Some(before) = streams.of_call.insert(key.clone(), current) {
            before.stop.cancel();
        }
        drop(streams);
        Stream {
            key,
            number,
            stop,
            streams: Arc::clone(&self.live.streams),
        }
    }

    /// Ends a call's stream of which the provider says that it is over, or whose call is: with `sid`, that one alone. Its own
    /// end may be on its way; one that never comes is not waited for.
    pub(crate) fn end_soon(&self, key: &CallKey, sid: Option<&StreamSid>) {
        let streams = self.lock();
        let Some(current) = streams.of_call.get(key) else {
            return;
        };
        if sid.is_none_or(|sid| *sid == current.sid) {
            let stop = current.stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(OWN_END_PATIENCE).await;
                stop.cancel();
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.live
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use toran_store::conformance::key;

    use super::*;

    fn sid(name: &str) -> StreamSid {
        name.into()
    }

    #[tokio::test(start_paused = true)]
    async fn one_business_leaves_places_to_the_others() {
        let admission = Admission::new(10);
        let expects = |business, call| admission.expect(&key(business, call), 2);
        assert!(expects(1, "CA1") && expects(1, "CA2"));
        assert!(!expects(1, "CA3"), "its places are taken");
        assert!(expects(2, "CA4"), "another business has its own");
        assert!(expects(1, "CA2"), "a call that is asked for again has one");
        let stream = admission.take_over(key(1, "CA1"), sid("MZ1"));
        assert!(!expects(1, "CA3"), "a live call holds its place");
        tokio::time::advance(EXPECTED_FOR).await;
        assert!(expects(1, "CA3"), "one whose stream never came does not");
        assert!(!expects(1, "CA5"));
        drop(stream);
        assert!(expects(1, "CA5"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_provider_says_is_over_ends() {
        let admission = Admission::new(10);
        let key = key(1, "CA1");
        let stream = admission.take_over(key.clone(), sid("MZ2"));
        admission.end_soon(&key, Some(&sid("MZ1")));
        tokio::time::sleep(OWN_END_PATIENCE * 2).await;
        assert!(!stream.stop().is_cancelled(), "an earlier stream is over");
        admission.end_soon(&key, Some(&sid("MZ2")));
        assert!(
            !stream.stop().is_cancelled(),
            "its own end may be on its way"
        );
        tokio::time::sleep(OWN_END_PATIENCE * 2).await;
        assert!(stream.stop().is_cancelled());
        let next = admission.take_over(key.clone(), sid("MZ3"));
        admission.end_soon(&key, None);
        tokio::time::sleep(OWN_END_PATIENCE * 2).await;
        assert!(next.stop().is_cancelled(), "the call is over");
    }
}
