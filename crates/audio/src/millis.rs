//! Milliseconds.

use std::{
    fmt,
    ops::{Add, AddAssign, Sub},
    time::Duration,
};

use crate::BYTES_PER_MS;

/// A length of time in whole milliseconds. Arithmetic saturates: audio positions come from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The length of so many mu-law bytes, rounded down.
    pub const fn of_mulaw(bytes: usize) -> Self {
        Self((bytes / BYTES_PER_MS) as u64)
    }

    /// The mu-law bytes of this length.
    pub fn mulaw_bytes(self) -> usize {
        usize::try_from(self.0)
            .unwrap_or(usize::MAX)
            .saturating_mul(BYTES_PER_MS)
    }

    /// Of a standard duration, rounded down.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit was returned before"
    )]
    pub const fn of(length: Duration) -> Self {
        // Saturating: a `From` or `TryFrom` is not const yet.
        let millis = length.as_millis();
        if millis > u64::MAX as u128 {
            return Self(u64::MAX);
        }
        Self(millis as u64)
    }

    /// As a standard duration, for timers.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl Add for Millis {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Millis {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Millis {
    type Output = Self;

    /// Zero where `other` is longer.
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
