//! What was told, how often, and how long it took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use toran_store::StoreError;

/// Answers by kind, errors by their text, latencies.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) told: BTreeMap<String, u64>,
    pub(crate) errors: BTreeMap<String, u64>,
    latencies_us: Vec<u64>,
}

impl Tally {
    /// Counts an answer.
    pub(crate) fn told(&mut self, what: &str) {
        *self.told.entry(what.to_owned()).or_default() += 1;
    }

    /// How often an answer was given.
    pub(crate) fn count(&self, what: &str) -> u64 {
        self.told.get(what).copied().unwrap_or_default()
    }

    /// Counts an error of the store.
    pub(crate) fn failed(&mut self, error: &StoreError) {
        *self.errors.entry(described(error)).or_default() += 1;
    }

    /// Counts a call that could not be opened.
    pub(crate) fn not_opened(&mut self, error: &anyhow::Error) {
        let what = format!("a call was not opened: {error:#}");
        *self.errors.entry(what).or_default() += 1;
    }

    /// Waits for an answer and notes how long it took.
    pub(crate) async fn timed<T>(&mut self, asked: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = asked.await;
        let took = began.elapsed().as_micros();
        self.latencies_us
            .push(u64::try_from(took).unwrap_or(u64::MAX));
        answer
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, count) in other.told {
            *self.told.entry(what).or_default() += count;
        }
        for (what, count) in other.errors {
            *self.errors.entry(what).or_default() += count;
        }
        self.latencies_us.extend(other.latencies_us);
    }

    /// How many latencies were noted.
    pub(crate) fn measured(&self) -> usize {
        self.latencies_us.len()
    }

    /// The latency that so many of a thousand do not exceed.
    pub(crate) fn latency(&self, per_mille: usize) -> Duration {
        let mut sorted = self.latencies_us.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
        Duration::from_micros(sorted.get(place).copied().unwrap_or_default())
    }

    /// `p50 1.2 ms, p99 3.4 ms, longest 5.6 ms`.
    pub(crate) fn latencies(&self) -> String {
        let [half, most, all] = [500, 990, 1000].map(|per_mille| millis(self.latency(per_mille)));
        format!("p50 {half}, p99 {most}, longest {all}")
    }

    /// `50 created, 15950 taken, 0 errors`.
    pub(crate) fn summary(&self) -> String {
        let errors: u64 = self.errors.values().sum();
        let told = self
            .told
            .iter()
            .map(|(what, count)| format!("{count} {what}"));
        told.chain([format!("{errors} errors")])
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Every error, as what does not hold.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let errors = self.errors.iter();
        errors.map(|(what, count)| format!("{count} times an error: {what}"))
    }
}

/// A duration as a person reads it.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// So many in such a time, for each second.
pub(crate) fn per_second(count: usize, elapsed: Duration) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    f64::from(count) / elapsed.as_secs_f64().max(f64::EPSILON)
}

/// An error and what is behind it.
pub(crate) fn described(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(behind) = source {
        text = format!("{text}: {behind}");
        source = behind.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let mut tally = Tally::default();
        assert_eq!(tally.latency(500), Duration::ZERO);
        tally.latencies_us = (1..=100).rev().collect();
        for (per_mille, expected) in [(1, 1), (500, 50), (990, 99), (991, 100), (1000, 100)] {
            assert_eq!(tally.latency(per_mille), Duration::from_micros(expected));
        }
    }
}
