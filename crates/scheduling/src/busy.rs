//! Stretches of time that are taken.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

use crate::{
    IdError, ResourceId, SettingsError,
    tree::{self, Field, Object, Tree},
    zone::{Second, utc},
};

/// Why two instants bound no range.
///
/// ```
/// use time::macros::utc_datetime;
/// use toran_scheduling::{BusyRange, BusyRangeError};
///
/// let noon = utc_datetime!(2026-11-24 12:00);
/// assert_eq!(BusyRange::new(noon, noon), Err(BusyRangeError { from: noon, to: noon }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a busy range from {from} to {to} is empty: it must end after it begins")]
pub struct BusyRangeError {
    /// The first instant.
    pub from: UtcDateTime,
    /// The instant that is not after it.
    pub to: UtcDateTime,
}

/// A stretch of time that is taken, half-open: `from` is inside, `to` is not. Never empty. Kept in whole seconds:
/// one that has begun is taken whole.
///
/// ```
/// use time::macros::utc_datetime;
/// use toran_scheduling::BusyRange;
///
/// let (nine, ten) = (utc_datetime!(2026-11-24 9:00), utc_datetime!(2026-11-24 10:00));
/// let range = BusyRange::new(nine, ten)?;
/// assert!(BusyRange::new(ten, nine).is_err());
/// assert!(!range.overlaps(&BusyRange::new(ten, utc_datetime!(2026-11-24 11:00))?));
/// # Ok::<(), toran_scheduling::BusyRangeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusyRange {
    from: Second,
    to: Second,
}

impl BusyRange {
    /// A range; refused when it is empty or reversed.
    pub fn new(from: UtcDateTime, to: UtcDateTime) -> Result<Self, BusyRangeError> {
        let begun = i64::from(to.nanosecond() > 0);
        if from < to {
            Ok(Self {
                from: from.unix_timestamp(),
                to: to.unix_timestamp() + begun,
            })
        } else {
            Err(BusyRangeError { from, to })
        }
    }

    /// A range by its seconds; `None` when it is empty or reversed.
    pub(crate) fn of_seconds(from: Second, to: Second) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// The range of an appointment, which is at least a minute long.
    pub(crate) const fn of_slot(from: Second, to: Second) -> Self {
        Self { from, to }
    }

    /// Its first second, and the first that is outside.
    pub(crate) const fn seconds(&self) -> (Second, Second) {
        (self.from, self.to)
    }

    /// Its first instant.
    pub fn from(&self) -> UtcDateTime {
        utc(self.from)
    }

    /// The instant at which it is over.
    pub fn to(&self) -> UtcDateTime {
        utc(self.to)
    }

    /// Whether the two share an instant. Ranges that only touch do not.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// Something that is taken: when, and what of.
///
/// One that names a resource takes some units of it: an appointment. One that names none closes the whole
/// business for its time: a holiday abroad, a calendar entry. So does one whose resource the settings do
/// not know (any more): in doubt nothing is offered.
///
/// Its JSON is `{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","resource":"dana","units":1}`, in
/// which `resource` and `units` may be left out; instants may have any offset (RFC 3339), and are kept in whole seconds:
/// what has begun is taken whole.
///
/// ```
/// use time::macros::utc_datetime;
/// use toran_scheduling::{Busy, BusyRange, ResourceId};
///
/// let range = BusyRange::new(utc_datetime!(2026-11-24 9:00), utc_datetime!(2026-11-24 10:00))?;
/// let closed = Busy::everything(range);
/// let appointment = Busy::of(ResourceId::new("dana")?, range);
/// assert_eq!((closed.resource, appointment.units), (None, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "WrittenBusy")]
pub struct Busy {
    /// When.
    pub range: BusyRange,
    /// Of which resource; of all, and whole, if `None`.
    pub resource: Option<ResourceId>,
    /// How many units of the resource. Means nothing without one.
    pub units: u16,
}

impl Busy {
    /// The whole business is closed for this time.
    pub const fn everything(range: BusyRange) -> Self {
        Self {
            range,
            resource: None,
            units: 1,
        }
    }

    /// One unit of a resource is taken.
    pub const fn of(resource: ResourceId, range: BusyRange) -> Self {
        Self {
            range,
            resource: Some(resource),
            units: 1,
        }
    }
}

/// The whole business is closed for this time.
impl From<BusyRange> for Busy {
    fn from(range: BusyRange) -> Self {
        Self::everything(range)
    }
}

/// Why a JSON object is nothing that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum WrongBusy {
    #[error(transparent)]
    Field(#[from] SettingsError),
    #[error("{field}: {found:?} is not an instant: write it like {like}", field = .0.name, found = .1, like = .0.like)]
    NotAnInstant(Field, String),
    #[error("to: it must be later than from")]
    Empty,
    #[error("resource: {0}")]
    Resource(IdError),
    #[error("units: {0} is out of range: choose 1 to {max}", max = u16::MAX)]
    Units(i64),
}

const FROM: Field = Field::new("from", r#""2026-11-24T09:00:00Z""#);
const TO: Field = Field::new("to", r#""2026-11-24T10:00:00Z""#);
const RESOURCE: Field = Field::new("resource", r#""dana""#);
const UNITS: Field = Field::new("units", "1");
const BUSY: &[Field] = &[FROM, TO, RESOURCE, UNITS];
const A_BUSY: &str = r#"{"from": "2026-11-24T09:00:00Z", "to": "2026-11-24T10:00:00Z"}"#;

#[derive(Serialize)]
struct WrittenBusy {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    units: u16,
}

impl<'de> Deserialize<'de> for Busy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Tree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn read(tree: Tree) -> Result<Busy, WrongBusy> {
    let mut raw = Object::new("", tree::value("what is taken", tree, A_BUSY)?, BUSY)?;
    let (from, to) = (instant(&mut raw, FROM)?, instant(&mut raw, TO)?);
    let resource: Option<String> = raw.maybe(RESOURCE)?;
    let resource = resource.as_deref().map(ResourceId::new).transpose();
    let units = raw.maybe(UNITS)?.unwrap_or(1);
    Ok(Busy {
        range: BusyRange::new(from, to).map_err(|_| WrongBusy::Empty)?,
        resource: resource.map_err(WrongBusy::Resource)?,
        units: u16::try_from(units)
            .ok()
            .filter(|units| *units > 0)
            .ok_or(WrongBusy::Units(units))?,
    })
}

impl From<Busy> for WrittenBusy {
    fn from(busy: Busy) -> Self {
        Self {
            from: rfc3339(busy.range.from()),
            to: rfc3339(busy.range.to()),
            resource: busy.resource.map(|id| id.as_str().to_owned()),
            units: busy.units,
        }
    }
}

fn instant(raw: &mut Object, field: Field) -> Result<UtcDateTime, WrongBusy> {
    let text: String = raw.must(field)?;
    OffsetDateTime::parse(&text, &Rfc3339)
        .ok()
        .and_then(OffsetDateTime::checked_to_utc)
        .ok_or_else(|| WrongBusy::NotAnInstant(field, crate::clock_time::excerpt(&text)))
}

/// RFC 3339 holds the years 0 to 9999; others are written as `time` shows them.
fn rfc3339(instant: UtcDateTime) -> String {
    instant
        .format(&Rfc3339)
        .unwrap_or_else(|_| instant.to_string())
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::utc_datetime};

    use super::*;

    const NINE: UtcDateTime = utc_datetime!(2026-11-24 9:00);

    fn range(from: i64, to: i64) -> BusyRange {
        BusyRange::new(NINE + Duration::minutes(from), NINE + Duration::minutes(to)).unwrap()
    }

    #[test]
    fn a_range_ends_after_it_begins() {
        let (from, to) = (NINE, NINE);
        assert_eq!(BusyRange::new(from, to), Err(BusyRangeError { from, to }));
        assert!(BusyRange::new(NINE + Duration::HOUR, NINE).is_err());
    }

    #[test]
    fn a_second_that_has_begun_is_taken_whole() {
        let half = Duration::milliseconds(500);
        let range = BusyRange::new(NINE + half, NINE + Duration::SECOND + half).unwrap();
        assert_eq!(
            (range.from(), range.to()),
            (NINE, NINE + Duration::seconds(2))
        );
    }

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        assert!(!range(0, 30).overlaps(&range(30, 60)));
        assert!(range(0, 31).overlaps(&range(30, 60)));
        assert!(range(0, 60).overlaps(&range(10, 20)));
    }

    #[test]
    fn json_goes_both_ways() {
        let json = r#"{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","resource":"dana","units":2}"#;
        let busy: Busy = serde_json::from_str(json).unwrap();
        assert_eq!((busy.range, busy.units), (range(0, 60), 2));
        assert_eq!(serde_json::to_string(&busy).unwrap(), json);
        let short = r#"{"from":"2026-11-24T11:00:00+02:00","to":"2026-11-24T10:00:00Z"}"#;
        let busy: Busy = serde_json::from_str(short).unwrap();
        assert_eq!(busy, Busy::everything(range(0, 60)));
    }

    #[track_caller]
    fn refused(json: &str, says: &str) {
        let error = serde_json::from_str::<Busy>(json).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn bad_json_is_refused_by_field() {
        refused(r#"{"from":"nine","to":"2026-11-24T10:00:00Z"}"#, "from: ");
        refused(
            r#"{"from":"2026-11-24T10:00:00Z","to":"2026-11-24T10:00:00Z"}"#,
            "to: ",
        );
        refused(
            r#"{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","units":0}"#,
            "units: ",
        );
        refused(
            r#"{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","resource":""}"#,
            "resource: ",
        );
        refused(
            r#"{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","room":1}"#,
            "room: there is no such field: there are from, to, resource, units",
        );
        refused(
            r#"{"from":"2026-11-24T09:00:00Z","to":9}"#,
            r#"to: 9 is not a text: write it like "2026-11-24T10:00:00Z""#,
        );
        refused(
            r#"{"to":"2026-11-24T10:00:00Z"}"#,
            "from: it is missing: write it like",
        );
        refused(
            r#"{"from":"2026-11-24T09:00:00Z","to":"2026-11-24T10:00:00Z","units":65536}"#,
            "units: 65536 is out of range: choose 1 to 65535",
        );
        refused("7", "what is taken: 7 is not an object: write it like {");
        refused(
            r#"{"from":"9999-12-31T23:59:59-23:00","to":"2026-11-24T10:00:00Z"}"#,
            "from: ",
        );
    }
}
