//! Time zones: the only module that knows which crate resolves them.
//!
//! Instants are computed here from offsets with saturating arithmetic, so that no date, however far,
//! can panic.

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, PrimitiveDateTime, Time, UtcDateTime};

const JERUSALEM: TimeZone = jiff::tz::get!("Asia/Jerusalem");

/// Why a text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone: write an IANA name, like 'Asia/Jerusalem'")]
pub struct TimeZoneError(String);

/// A time zone of the IANA database that is compiled in.
///
/// Names are read in any case and shown in their canonical one. Two are equal when their names are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName {
    name: Box<str>,
    zone: TimeZone,
}

impl TimeZoneName {
    /// `Asia/Jerusalem`.
    pub fn jerusalem() -> Self {
        Self {
            name: "Asia/Jerusalem".into(),
            zone: JERUSALEM,
        }
    }

    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// What the wall clock shows at an instant.
    pub(crate) fn local(&self, instant: UtcDateTime) -> PrimitiveDateTime {
        let offset = self.zone.to_offset(timestamp(instant));
        let shown = instant.saturating_add(Duration::seconds(offset.seconds().into()));
        PrimitiveDateTime::new(shown.date(), shown.time())
    }

    /// The instants at which the wall clock shows a time.
    pub(crate) fn resolve(&self, date: Date, time: Time) -> Resolved {
        let wall = PrimitiveDateTime::new(date, time);
        match self.zone.to_ambiguous_timestamp(civil(date, time)).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolved::Once(instant(wall, offset)),
            AmbiguousOffset::Fold { before, after } => Resolved::Twice {
                first: instant(wall, before),
                second: instant(wall, after),
            },
            AmbiguousOffset::Gap { before, after } => Resolved::Never {
                resumes_at: self.change_between(instant(wall, after), instant(wall, before)),
            },
        }
    }

    /// The first instant of a local day; if midnight is skipped, the first instant after the gap.
    pub(crate) fn start_of(&self, date: Date) -> UtcDateTime {
        self.resolve(date, Time::MIDNIGHT).first()
    }

    /// The first whole second in `(before, after]` whose offset is the one at `after`.
    fn change_between(&self, before: UtcDateTime, after: UtcDateTime) -> UtcDateTime {
        let offset_at = |instant| self.zone.to_offset(timestamp(instant));
        let offset_after = offset_at(after);
        let (mut old, mut new) = (before.unix_timestamp(), after.unix_timestamp());
        while new - old > 1 {
            let middle = old + (new - old) / 2;
            let is_new = UtcDateTime::from_unix_timestamp(middle)
                .is_ok_and(|middle| offset_at(middle) == offset_after);
            if is_new { new = middle } else { old = middle }
        }
        UtcDateTime::from_unix_timestamp(new).unwrap_or(after)
    }
}

/// When a wall clock shows a time of some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// At one instant, as on most days.
    Once(UtcDateTime),
    /// At two: the clock was set back over it.
    Twice {
        first: UtcDateTime,
        second: UtcDateTime,
    },
    /// Not at all: the clock was set forward over it, and goes on at this instant.
    Never { resumes_at: UtcDateTime },
}

impl Resolved {
    /// Where a stretch that begins at this time begins.
    pub(crate) const fn first(self) -> UtcDateTime {
        match self {
            Self::Once(at) | Self::Twice { first: at, .. } | Self::Never { resumes_at: at } => at,
        }
    }

    /// Where a stretch that ends at this time ends.
    pub(crate) const fn last(self) -> UtcDateTime {
        match self {
            Self::Once(at) | Self::Twice { second: at, .. } | Self::Never { resumes_at: at } => at,
        }
    }
}

impl FromStr for TimeZoneName {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let refused = || TimeZoneError(text.chars().take(60).collect());
        let zone = TimeZoneDatabase::bundled()
            .get(text.trim())
            .map_err(|_| refused())?;
        let name = zone.iana_name().ok_or_else(refused)?.into();
        Ok(Self { name, zone })
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = TimeZoneError;

    fn try_from(text: String) -> Result<Self, TimeZoneError> {
        text.parse()
    }
}

impl From<TimeZoneName> for String {
    fn from(zone: TimeZoneName) -> Self {
        zone.name.into()
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeZoneName({self})")
    }
}

impl PartialEq for TimeZoneName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZoneName {}

impl PartialOrd for TimeZoneName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimeZoneName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl hash::Hash for TimeZoneName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The instant at which a clock with this offset shows `wall`.
fn instant(wall: PrimitiveDateTime, offset: Offset) -> UtcDateTime {
    wall.as_utc()
        .saturating_sub(Duration::seconds(offset.seconds().into()))
}

/// For looking an offset up: whole seconds, and the edges of the calendar clamped by a few hours.
fn timestamp(instant: UtcDateTime) -> jiff::Timestamp {
    let (first, last) = (
        jiff::Timestamp::MIN.as_second(),
        jiff::Timestamp::MAX.as_second(),
    );
    let second = instant.unix_timestamp().clamp(first, last);
    jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Both crates count years from -9999 to 9999, so the conversion cannot fail.
fn civil(date: Date, time: Time) -> jiff::civil::DateTime {
    let narrow = |number: u8| i8::try_from(number).unwrap_or(0);
    jiff::civil::DateTime::new(
        i16::try_from(date.year()).unwrap_or(0),
        narrow(date.month().into()),
        narrow(date.day()),
        narrow(time.hour()),
        narrow(time.minute()),
        narrow(time.second()),
        0,
    )
    .unwrap_or(jiff::civil::DateTime::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, time, utc_datetime};

    use super::*;

    fn zone(name: &str) -> TimeZoneName {
        name.parse().unwrap()
    }

    #[test]
    fn a_name_is_checked_and_made_canonical() {
        assert_eq!(zone("asia/jerusalem").to_string(), "Asia/Jerusalem");
        assert_eq!(zone("Asia/Jerusalem"), TimeZoneName::jerusalem());
        for bad in [
            "",
            "Israel Time",
            "Asia/Tel_Aviv_",
            "+02:00",
            "../../etc/passwd",
        ] {
            assert!(bad.parse::<TimeZoneName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_compiled_zone_and_the_looked_up_one_agree() {
        let (compiled, found) = (TimeZoneName::jerusalem(), zone("Asia/Jerusalem"));
        for hours in 0..24 * 365 {
            let instant = utc_datetime!(2026-01-01 0:00) + Duration::hours(hours);
            assert_eq!(compiled.local(instant), found.local(instant));
        }
    }

    #[track_caller]
    fn check(name: &str, date: Date, time: Time, expect: Resolved) {
        assert_eq!(
            zone(name).resolve(date, time),
            expect,
            "{name} {date} {time}"
        );
    }

    #[test]
    fn gaps_and_folds() {
        let (spring, autumn) = (date!(2026 - 03 - 27), date!(2026 - 10 - 25));
        let resumes_at = utc_datetime!(2026-03-27 0:00);
        check(
            "Asia/Jerusalem",
            spring,
            time!(1:59),
            Resolved::Once(utc_datetime!(2026-03-26 23:59)),
        );
        check(
            "Asia/Jerusalem",
            spring,
            time!(2:00),
            Resolved::Never { resumes_at },
        );
        check(
            "Asia/Jerusalem",
            spring,
            time!(2:59),
            Resolved::Never { resumes_at },
        );
        check(
            "Asia/Jerusalem",
            spring,
            time!(3:00),
            Resolved::Once(resumes_at),
        );
        let (first, second) = (
            utc_datetime!(2026-10-24 22:30),
            utc_datetime!(2026-10-24 23:30),
        );
        check(
            "Asia/Jerusalem",
            autumn,
            time!(1:30),
            Resolved::Twice { first, second },
        );
        check(
            "Asia/Jerusalem",
            autumn,
            time!(2:00),
            Resolved::Once(utc_datetime!(2026-10-25 0:00)),
        );
        let resumes_at = utc_datetime!(2026-03-08 7:00);
        check(
            "America/New_York",
            date!(2026 - 03 - 08),
            time!(2:30),
            Resolved::Never { resumes_at },
        );
        let resumes_at = utc_datetime!(2026-04-23 22:00);
        check(
            "Africa/Cairo",
            date!(2026 - 04 - 24),
            time!(0:00),
            Resolved::Never { resumes_at },
        );
        // A whole day that Samoa skipped.
        let resumes_at = utc_datetime!(2011-12-30 10:00);
        check(
            "Pacific/Apia",
            date!(2011 - 12 - 30),
            time!(12:00),
            Resolved::Never { resumes_at },
        );
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        for name in ["Asia/Jerusalem", "Pacific/Kiritimati", "America/Adak"] {
            for instant in [UtcDateTime::MIN, UtcDateTime::MAX] {
                let local = zone(name).local(instant);
                let _ = zone(name).resolve(local.date(), local.time());
                let _ = zone(name).resolve(Date::MIN, Time::MIDNIGHT);
                let _ = zone(name).resolve(Date::MAX, time!(23:59));
            }
        }
    }

    proptest! {
        #[test]
        fn what_the_clock_shows_resolves_to_that_instant(second in 0_i64..4_102_444_800, which in 0_usize..5) {
            let names = ["Asia/Jerusalem", "Africa/Cairo", "America/Santiago", "America/New_York", "Pacific/Apia"];
            let zone = zone(names[which]);
            let instant = UtcDateTime::from_unix_timestamp(second).unwrap();
            let local = zone.local(instant);
            let resolved = zone.resolve(local.date(), local.time());
            prop_assert!(resolved.first() == instant || resolved.last() == instant);
            let skipped = matches!(resolved, Resolved::Never { .. });
            prop_assert!(!skipped);
        }
    }
}
