//! Time zones: the only module that knows which crate resolves them.
//!
//! Inside the crate an instant is a whole number of seconds since 1970 in UTC. Instants are computed here
//! from offsets with saturating arithmetic, so that no date, however far, can panic.

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use time::{Date, PrimitiveDateTime, UtcDateTime};

use crate::clock_time::{DAY_MINUTES, excerpt};

const JERUSALEM: TimeZone = jiff::tz::get!("Asia/Jerusalem");

/// Seconds since 1970 in UTC.
pub(crate) type Second = i64;

const DAY_SECONDS: i64 = 86_400;

/// What this crate asks of a time zone.
pub(crate) trait ZoneRules {
    /// How far the wall clock is ahead of UTC at an instant, in seconds.
    fn offset_at(&self, at: Second) -> i64;

    /// The instants at which the wall clock shows a reading, in minutes from the midnight at which `date`
    /// begins.
    fn resolve(&self, date: Date, minutes: u16) -> Resolved;

    /// A half-open range of instants around one in which the offset does not change.
    fn unchanged_around(&self, at: Second) -> (Second, Second);
}

impl ZoneRules for TimeZone {
    fn offset_at(&self, at: Second) -> i64 {
        self.to_offset(timestamp(at)).seconds().into()
    }

    fn resolve(&self, date: Date, minutes: u16) -> Resolved {
        let wall = wall_seconds(date, minutes);
        let date = date.saturating_add(time::Duration::days((minutes / DAY_MINUTES).into()));
        let civil = civil(date, minutes % DAY_MINUTES);
        match self.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolved::Once(instant(wall, offset)),
            AmbiguousOffset::Fold { before, after } => Resolved::Twice {
                first: instant(wall, before),
                second: instant(wall, after),
            },
            AmbiguousOffset::Gap { before, after } => Resolved::Never {
                resumes_at: change_between(self, instant(wall, after), instant(wall, before)),
            },
        }
    }

    fn unchanged_around(&self, at: Second) -> (Second, Second) {
        let at = timestamp(at);
        let next = self.following(at).next();
        let just_after = at.checked_add(jiff::SignedDuration::from_secs(1));
        let last = just_after
            .ok()
            .and_then(|after| self.preceding(after).next());
        (
            last.map_or(Second::MIN, |change| change.timestamp().as_second()),
            next.map_or(Second::MAX, |change| change.timestamp().as_second()),
        )
    }
}

/// Why a text names no time zone.
///
/// ```
/// let error = "Asia/Nowhere".parse::<toran_scheduling::TimeZoneName>().unwrap_err();
/// assert!(error.to_string().contains("IANA"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone: write an IANA name, like 'Asia/Jerusalem'")]
pub struct TimeZoneError(String);

/// A time zone of the IANA database that is compiled in.
///
/// Names are read in any case and shown in the database's own. Two are equal when their names are: `Israel` is a zone
/// of its own name.
///
/// ```
/// use toran_scheduling::TimeZoneName;
///
/// assert_eq!("asia/jerusalem".parse(), Ok(TimeZoneName::jerusalem()));
/// assert!("Asia/Nowhere".parse::<TimeZoneName>().is_err());
/// ```
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
        let offset = self.zone.offset_at(instant.unix_timestamp());
        let shown = instant.saturating_add(time::Duration::seconds(offset));
        PrimitiveDateTime::new(shown.date(), shown.time())
    }

    /// The rules behind the name.
    pub(crate) const fn rules(&self) -> &impl ZoneRules {
        &self.zone
    }

    /// See [`ZoneRules::resolve`].
    pub(crate) fn resolve(&self, date: Date, minutes: u16) -> Resolved {
        self.zone.resolve(date, minutes)
    }

    /// The first instant of a local day; if midnight is skipped, the first instant after the gap.
    pub(crate) fn start_of(&self, date: Date) -> Second {
        self.resolve(date, 0).first()
    }
}

/// Resolves readings that mostly come in order, as on a walk through a year: more than a day away from
/// every change of the clock, an instant is the reading less the offset.
#[derive(Debug, Clone)]
pub(crate) struct Resolver<'a> {
    zone: &'a TimeZoneName,
    offset: i64,
    plain_from: Second,
    plain_until: Second,
}

impl<'a> Resolver<'a> {
    pub(crate) const fn new(zone: &'a TimeZoneName) -> Self {
        Self {
            zone,
            offset: 0,
            plain_from: 0,
            plain_until: 0,
        }
    }

    pub(crate) fn resolve(&mut self, date: Date, minutes: u16) -> Resolved {
        let at = wall_seconds(date, minutes).saturating_sub(self.offset);
        if self.plain_from <= at && at < self.plain_until {
            return Resolved::Once(at);
        }
        let resolved = self.zone.resolve(date, minutes);
        let at = resolved.first();
        let (from, until) = self.zone.rules().unchanged_around(at);
        self.offset = self.zone.rules().offset_at(at);
        self.plain_from = from.saturating_add(DAY_SECONDS);
        self.plain_until = until.saturating_sub(DAY_SECONDS);
        resolved
    }
}

/// A reading of the wall clock as if it were UTC.
pub(crate) fn wall_seconds(date: Date, minutes: u16) -> i64 {
    const EPOCH: i64 = 2_440_588; // 1970-01-01 as a Julian day
    (i64::from(date.to_julian_day()) - EPOCH) * DAY_SECONDS + i64::from(minutes) * 60
}

/// An instant as `time` writes it; the ends of its calendar stand for what lies beyond them.
pub(crate) fn utc(second: Second) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(second).unwrap_or(if second < 0 {
        UtcDateTime::MIN
    } else {
        UtcDateTime::MAX
    })
}

/// The first whole second in `(before, after]` whose offset is the one at `after`.
fn change_between(zone: &TimeZone, before: Second, after: Second) -> Second {
    let offset_after = zone.offset_at(after);
    let (mut old, mut new) = (before, after);
    while new - old > 1 {
        let middle = old + (new - old) / 2;
        if zone.offset_at(middle) == offset_after {
            new = middle;
        } else {
            old = middle;
        }
    }
    new
}

/// When a wall clock shows a time of some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// At one instant, as on most days.
    Once(Second),
    /// At two: the clock was set back over it.
    Twice { first: Second, second: Second },
    /// Not at all: the clock was set forward over it, and goes on at this instant.
    Never { resumes_at: Second },
}

/// Whether an instant is the only one at which the wall clock shows what it shows then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Showing {
    Once,
    First,
    Second,
}

impl Resolved {
    /// Which of these an instant is.
    pub(crate) const fn showing(self, at: Second) -> Showing {
        match self {
            Self::Twice { second, .. } if second == at => Showing::Second,
            Self::Twice { .. } => Showing::First,
            Self::Once(_) | Self::Never { .. } => Showing::Once,
        }
    }

    /// Where a stretch that begins at this time begins.
    pub(crate) const fn first(self) -> Second {
        match self {
            Self::Once(at) | Self::Twice { first: at, .. } | Self::Never { resumes_at: at } => at,
        }
    }

    /// Where a stretch that ends at this time ends.
    pub(crate) const fn last(self) -> Second {
        match self {
            Self::Once(at) | Self::Twice { second: at, .. } | Self::Never { resumes_at: at } => at,
        }
    }
}

impl FromStr for TimeZoneName {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let refused = || TimeZoneError(excerpt(text));
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
fn instant(wall: i64, offset: Offset) -> Second {
    wall.saturating_sub(offset.seconds().into())
}

/// For looking an offset up: the edges of the calendar are clamped by a few hours.
fn timestamp(at: Second) -> jiff::Timestamp {
    let (first, last) = (
        jiff::Timestamp::MIN.as_second(),
        jiff::Timestamp::MAX.as_second(),
    );
    jiff::Timestamp::from_second(at.clamp(first, last)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Both crates count years from -9999 to 9999, so the conversion cannot fail.
fn civil(date: Date, minutes: u16) -> jiff::civil::DateTime {
    let narrow = |number: u16| i8::try_from(number).unwrap_or(0);
    jiff::civil::DateTime::new(
        i16::try_from(date.year()).unwrap_or(0),
        narrow(u8::from(date.month()).into()),
        narrow(date.day().into()),
        narrow(minutes / 60),
        narrow(minutes % 60),
        0,
        0,
    )
    .unwrap_or(jiff::civil::DateTime::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{
        Duration, Time,
        macros::{date, time, utc_datetime},
    };

    use super::*;
    use crate::ClockTime;

    fn zone(name: &str) -> TimeZoneName {
        name.parse().unwrap()
    }

    const fn at(instant: UtcDateTime) -> Second {
        instant.unix_timestamp()
    }

    const fn once(instant: UtcDateTime) -> Resolved {
        Resolved::Once(at(instant))
    }

    const fn never(resumes_at: UtcDateTime) -> Resolved {
        Resolved::Never {
            resumes_at: at(resumes_at),
        }
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
        let minutes = ClockTime::from(time).minutes();
        let zone = zone(name);
        assert_eq!(zone.resolve(date, minutes), expect, "{name} {date} {time}");
        assert_eq!(Resolver::new(&zone).resolve(date, minutes), expect);
        let eve = date.previous_day().unwrap();
        assert_eq!(zone.resolve(eve, minutes + DAY_MINUTES), expect);
    }

    #[test]
    fn gaps_and_folds() {
        let israel = "Asia/Jerusalem";
        let (spring, autumn) = (date!(2026 - 03 - 27), date!(2026 - 10 - 25));
        let resumes_at = utc_datetime!(2026-03-27 0:00);
        check(
            israel,
            spring,
            time!(1:59),
            once(utc_datetime!(2026-03-26 23:59)),
        );
        check(israel, spring, time!(2:00), never(resumes_at));
        check(israel, spring, time!(2:59), never(resumes_at));
        check(israel, spring, time!(3:00), once(resumes_at));
        let twice = Resolved::Twice {
            first: at(utc_datetime!(2026-10-24 22:30)),
            second: at(utc_datetime!(2026-10-24 23:30)),
        };
        check(israel, autumn, time!(1:30), twice);
        check(
            israel,
            autumn,
            time!(2:00),
            once(utc_datetime!(2026-10-25 0:00)),
        );
        check(
            "America/New_York",
            date!(2026 - 03 - 08),
            time!(2:30),
            never(utc_datetime!(2026-03-08 7:00)),
        );
        check(
            "Africa/Cairo",
            date!(2026 - 04 - 24),
            time!(0:00),
            never(utc_datetime!(2026-04-23 22:00)),
        );
        // A whole day that Samoa skipped.
        check(
            "Pacific/Apia",
            date!(2011 - 12 - 30),
            time!(12:00),
            never(utc_datetime!(2011-12-30 10:00)),
        );
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        for name in ["Asia/Jerusalem", "Pacific/Kiritimati", "America/Adak"] {
            let zone = zone(name);
            for instant in [UtcDateTime::MIN, UtcDateTime::MAX] {
                let local = zone.local(instant);
                let _ = zone.resolve(local.date(), 2880);
                let _ = zone.rules().unchanged_around(at(instant));
                for date in [Date::MIN, Date::MAX] {
                    let _ = Resolver::new(&zone).resolve(date, 0);
                    let _ = Resolver::new(&zone).resolve(date, 2880);
                }
            }
        }
    }

    const ZONES: [&str; 7] = [
        "Asia/Jerusalem",
        "Africa/Cairo",
        "America/Santiago",
        "America/New_York",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
    ];

    proptest! {
        #[test]
        fn what_the_clock_shows_resolves_to_that_instant(minute in 0_i64..68_374_080, which in 0..ZONES.len()) {
            let zone = zone(ZONES[which]);
            let instant = UtcDateTime::from_unix_timestamp(minute * 60).unwrap();
            let local = zone.local(instant);
            // Before 1972 some offsets have seconds, which no reading of the clock here can show.
            prop_assume!(local.second() == 0);
            let resolved = zone.resolve(local.date(), ClockTime::from(local.time()).minutes());
            prop_assert!(resolved.first() == at(instant) || resolved.last() == at(instant));
            let skipped = matches!(resolved, Resolved::Never { .. });
            prop_assert!(!skipped);
        }

        #[test]
        fn a_walk_resolves_as_each_step_does(start in -3000_i64..40_000, which in 0..ZONES.len(), minutes in 0_u16..=2880) {
            let zone = zone(ZONES[which]);
            let mut resolver = Resolver::new(&zone);
            let first = date!(1970 - 01 - 01) + Duration::days(start);
            for days in 0..400 {
                let date = first + Duration::days(days);
                prop_assert_eq!(resolver.resolve(date, minutes), zone.resolve(date, minutes));
            }
        }
    }
}
