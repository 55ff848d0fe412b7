//! Stretches of time: a slot that may be booked, and a range that is taken.

use time::{Date, Time, UtcDateTime};

/// A place for one appointment: a start on a business's grid, inside its hours.
///
/// Only [`crate::AppointmentSettings`] makes one, so whoever holds a slot holds a time that was free and
/// lawful for the busy ranges and the "now" it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    pub(crate) starts_at: UtcDateTime,
    pub(crate) ends_at: UtcDateTime,
    pub(crate) date: Date,
    pub(crate) time: Time,
}

impl Slot {
    /// The instant at which it begins.
    pub const fn starts_at(&self) -> UtcDateTime {
        self.starts_at
    }

    /// The instant at which it ends, itself outside.
    pub const fn ends_at(&self) -> UtcDateTime {
        self.ends_at
    }

    /// Its day on the business's calendar.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// Its hour on the business's wall clock.
    pub const fn time(&self) -> Time {
        self.time
    }

    /// The range that an appointment in this slot takes.
    pub const fn busy(&self) -> BusyRange {
        BusyRange {
            from: self.starts_at,
            to: self.ends_at,
        }
    }
}

/// Why two instants bound no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a busy range from {from} to {to} is empty: it must end after it begins")]
pub struct BusyRangeError {
    /// The first instant.
    pub from: UtcDateTime,
    /// The instant that is not after it.
    pub to: UtcDateTime,
}

/// A stretch of time that is taken, half-open: `from` is inside, `to` is not. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusyRange {
    from: UtcDateTime,
    to: UtcDateTime,
}

impl BusyRange {
    /// A range; refused when it is empty or reversed.
    pub fn new(from: UtcDateTime, to: UtcDateTime) -> Result<Self, BusyRangeError> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(BusyRangeError { from, to })
        }
    }

    /// Its first instant.
    pub const fn from(&self) -> UtcDateTime {
        self.from
    }

    /// The instant at which it is over.
    pub const fn to(&self) -> UtcDateTime {
        self.to
    }

    /// Whether the two share an instant. Ranges that only touch do not.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    #[test]
    fn a_range_ends_after_it_begins() {
        let (nine, ten) = (
            utc_datetime!(2026-11-24 9:00),
            utc_datetime!(2026-11-24 10:00),
        );
        assert!(BusyRange::new(nine, ten).is_ok());
        assert_eq!(
            BusyRange::new(nine, nine),
            Err(BusyRangeError {
                from: nine,
                to: nine
            })
        );
        assert_eq!(
            BusyRange::new(ten, nine),
            Err(BusyRangeError {
                from: ten,
                to: nine
            })
        );
    }

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        let nine = utc_datetime!(2026-11-24 9:00);
        let range = |from, to| {
            BusyRange::new(
                nine + time::Duration::minutes(from),
                nine + time::Duration::minutes(to),
            )
            .unwrap()
        };
        assert!(!range(0, 30).overlaps(&range(30, 60)));
        assert!(range(0, 31).overlaps(&range(30, 60)));
        assert!(range(0, 60).overlaps(&range(10, 20)));
    }
}
