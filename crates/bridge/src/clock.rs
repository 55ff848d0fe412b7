//! The one place that reads the wall clock and makes ids.

use time::UtcDateTime;
use uuid::Uuid;

/// The wall clock, so that tests can set it.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> UtcDateTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one legal reading of the wall clock"
    )]
    fn now(&self) -> UtcDateTime {
        UtcDateTime::now()
    }
}

/// A fresh id, ordered by time, so that rows made together lie together.
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
