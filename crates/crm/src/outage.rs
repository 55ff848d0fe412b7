//! A store that is away: said once when it begins and once when it ends.

use std::time::Duration;

use toran_store::StoreError;

/// The longest pause between two looks whether the store is back.
const MAX_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Outage {
    poll_interval: Duration,
    /// The pause before the next look, while it lasts.
    pause: Option<Duration>,
}

impl Outage {
    pub(crate) const fn new(poll_interval: Duration) -> Self {
        Self {
            poll_interval,
            pause: None,
        }
    }

    /// The store answered. Returns the pause before it is asked again.
    pub(crate) fn over(&mut self) -> Duration {
        if self.pause.take().is_some() {
            tracing::info!("the outbox is within reach again: events are delivered");
        }
        self.poll_interval
    }

    /// The store did not answer. Returns the pause before it is asked again.
    pub(crate) fn goes_on(&mut self, error: &StoreError) -> Duration {
        if self.pause.is_none() {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the outbox cannot be read: events wait"
            );
        }
        let longest = MAX_PAUSE.max(self.poll_interval);
        let pause = self.pause.unwrap_or(self.poll_interval).saturating_mul(2);
        *self.pause.insert(pause.min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer_and_are_usual_again() {
        let mut outage = Outage::new(Duration::from_secs(1));
        let away = StoreError::unavailable("away");
        let pauses: Vec<u64> = (0..7).map(|_| outage.goes_on(&away).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(outage.over(), Duration::from_secs(1));
        assert_eq!(outage.goes_on(&away), Duration::from_secs(2));
    }

    #[test]
    fn looks_are_never_more_often_than_usual() {
        let mut outage = Outage::new(Duration::from_mins(1));
        let away = StoreError::unavailable("away");
        assert_eq!(outage.goes_on(&away), Duration::from_mins(1));
    }
}
