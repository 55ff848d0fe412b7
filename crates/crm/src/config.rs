//! How patiently events are delivered.

use std::time::Duration;

use toran_domain::patience;

/// What the store may take to claim an event and to be told what came of it, with plenty to spare.
const LEASE_MARGIN: Duration = patience::WEBHOOK_LEASE.saturating_sub(patience::WEBHOOK_REQUEST);

/// Why a courier cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A setting that must be more than nothing.
    #[error("{setting} must be more than 0: leave it out for the usual value")]
    Zero {
        /// Which.
        setting: &'static str,
    },
    /// The transport security could not be set up.
    #[error("TLS could not be set up: this build of the gateway is broken")]
    Tls(#[from] rustls::Error),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

/// How events are delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmConfig {
    /// How long to wait before asking the store again when nothing was due.
    pub poll_interval: Duration,
    /// How many events are under way at once.
    pub concurrency: u32,
    /// One request, connection and answer included.
    pub request_timeout: Duration,
    /// The pause after the first failed attempt, after the second, and so on. When none is left, the event is a dead
    /// letter: there is one attempt more than there are pauses.
    pub retry_schedule: Vec<Duration>,
}

impl Default for CrmConfig {
    /// A look every second, 64 events at once, fifteen seconds for a request, and nine attempts within a day.
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            concurrency: 64,
            request_timeout: patience::WEBHOOK_REQUEST,
            retry_schedule: vec![
                Duration::from_secs(5),
                Duration::from_secs(30),
                Duration::from_mins(2),
                Duration::from_mins(10),
                Duration::from_hours(1),
                Duration::from_hours(3),
                Duration::from_hours(6),
                Duration::from_hours(12),
            ],
        }
    }
}

impl CrmConfig {
    /// The longest that a receiver's `Retry-After` is waited for.
    pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let settings = [
            ("the poll interval", self.poll_interval.is_zero()),
            ("the number of deliveries at once", self.concurrency == 0),
            ("the request timeout", self.request_timeout.is_zero()),
        ];
        match settings.into_iter().find(|(_, zero)| *zero) {
            Some((setting, _)) => Err(ConfigError::Zero { setting }),
            None => Ok(()),
        }
    }

    /// How long an event is claimed for: always longer than its request can take.
    pub(crate) fn lease(&self) -> time::Duration {
        signed(self.request_timeout.saturating_add(LEASE_MARGIN))
    }

    /// The pause after an attempt, counted from 1, that failed; `None` if it was the last.
    pub(crate) fn pause_after(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
        self.retry_schedule.get(index).copied()
    }
}

/// A duration in the arithmetic of instants, which saturates where this does.
pub(crate) fn signed(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_schedule_is_nine_attempts_within_a_day() {
        let config = CrmConfig::default();
        assert!(config.check().is_ok());
        let pauses: Vec<u64> = (1..)
            .map_while(|attempt| config.pause_after(attempt))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200]);
        assert!(pauses.iter().sum::<u64>() < 24 * 3_600);
        // An attempt that no store counts, and one long after the last.
        assert_eq!(config.pause_after(0), Some(Duration::from_secs(5)));
        assert_eq!(config.pause_after(u32::MAX), None);
    }

    #[test]
    fn a_lease_outlives_its_request() {
        let mut config = CrmConfig::default();
        assert_eq!(config.lease(), time::Duration::seconds(60));
        config.request_timeout = Duration::MAX;
        assert_eq!(config.lease(), time::Duration::MAX);
    }

    #[test]
    fn nothing_is_no_setting() {
        let zero = |change: fn(&mut CrmConfig)| {
            let mut config = CrmConfig::default();
            change(&mut config);
            matches!(config.check(), Err(ConfigError::Zero { .. }))
        };
        assert!(zero(|config| config.poll_interval = Duration::ZERO));
        assert!(zero(|config| config.concurrency = 0));
        assert!(zero(|config| config.request_timeout = Duration::ZERO));
        // One attempt and no more is a schedule.
        assert!(!zero(|config| config.retry_schedule.clear()));
    }
}
