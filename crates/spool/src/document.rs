//! A request as it is written in its file.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Time};
use toran_domain::{BusinessId, CallSid, LeadId, Pii, RequestedTime, TaskId, TaskKind};
use toran_store::{CallKey, NewTask};

use crate::SpoolError;

const VERSION: u64 = 2;
/// The version that knew no kinds: each is a request to book, in no words.
const WITHOUT_KINDS: u64 = 1;

/// Far more than any request takes; whatever is longer is not read into memory.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");
time::serde::format_description!(minute, Time, "[hour]:[minute]");

/// Read first, so that a newer version is known for what it is.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// No `Debug`: it holds the caller's name and words.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    task_id: TaskId,
    business_id: BusinessId,
    call_sid: CallSid,
    lead_id: LeadId,
    #[serde(default)]
    kind: Option<String>,
    #[serde(with = "iso_date::option")]
    date: Option<Date>,
    #[serde(with = "minute::option")]
    time: Option<Time>,
    name: Option<String>,
    #[serde(default)]
    words: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    noted_at: OffsetDateTime,
}

/// Why a file is not a request. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is not a request from line {line}, column {column} on: it was damaged or edited")]
    Damaged { line: usize, column: usize },
    #[error("it has version {version}: a newer gateway wrote it and can read it")]
    Version { version: u64 },
    #[error(
        "it is of a kind that this gateway does not know: a newer one wrote it and can read it"
    )]
    Kind,
    #[error("it is longer than any request")]
    TooLong,
    #[error("its name is not that of its call")]
    Misnamed,
}

// serde_json's own message may quote the value that it stumbled over.
impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged {
            line: error.line(),
            column: error.column(),
        }
    }
}

/// The name of the file of a call and kind. Its parts are safe in one: an id is hexadecimal digits and hyphens, and a
/// [`CallSid`] is by its type 1 to 64 ASCII letters, digits, `-` and `_`. A request to book has the name that it had when
/// there were no kinds.
pub(crate) fn file_name(task: &NewTask) -> String {
    let CallKey {
        business_id,
        call_sid,
    } = &task.key;
    match task.kind {
        TaskKind::Booking => format!("{business_id}_{call_sid}.json"),
        TaskKind::Cancellation | TaskKind::Move | TaskKind::Person | TaskKind::Message => {
            format!("{business_id}_{call_sid}.{}.json", task.kind)
        }
    }
}

pub(crate) fn encode(task: &NewTask) -> Result<Vec<u8>, SpoolError> {
    // Every field by name: a new one must not be forgotten here.
    let NewTask {
        task_id,
        key: CallKey {
            business_id,
            call_sid,
        },
        lead_id,
        kind,
        requested: RequestedTime { date, time },
        name,
        words,
        noted_at,
    } = task;
    let document = Document {
        version: VERSION,
        task_id: *task_id,
        business_id: *business_id,
        call_sid: call_sid.clone(),
        lead_id: *lead_id,
        kind: Some(kind.as_str().to_owned()),
        date: *date,
        time: *time,
        name: name.as_ref().map(|name| name.expose().clone()),
        words: words.as_ref().map(|words| words.expose().clone()),
        noted_at: (*noted_at).into(),
    };
    let bytes = serde_json::to_vec(&document).map_err(SpoolError::Unwritable)?;
    if bytes.len() > MAX_BYTES {
        return Err(SpoolError::TooLong { bytes: bytes.len() });
    }
    Ok(bytes)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<NewTask, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLong);
    }
    let Versioned { version } = serde_json::from_slice(bytes)?;
    if version != VERSION && version != WITHOUT_KINDS {
        return Err(Unreadable::Version { version });
    }
    let document: Document = serde_json::from_slice(bytes)?;
    let kind = match document.kind {
        None if version == WITHOUT_KINDS => TaskKind::Booking,
        kind => kind
            .and_then(|kind| kind.parse().ok())
            .ok_or(Unreadable::Kind)?,
    };
    Ok(NewTask {
        task_id: document.task_id,
        key: CallKey {
            business_id: document.business_id,
            call_sid: document.call_sid,
        },
        lead_id: document.lead_id,
        kind,
        requested: RequestedTime {
            date: document.date,
            time: document.time,
        },
        name: document.name.map(Pii::new),
        words: document.words.map(Pii::new),
        noted_at: document.noted_at.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};
    use time::{
        UtcDateTime,
        macros::{date, time, utc_datetime},
    };
    use uuid::Uuid;

    use super::*;

    fn task() -> NewTask {
        NewTask {
            task_id: TaskId::from_uuid(Uuid::from_u128(4)),
            key: CallKey {
                business_id: BusinessId::from_uuid(Uuid::from_u128(1)),
                call_sid: "CA1".parse().unwrap(),
            },
            lead_id: LeadId::from_uuid(Uuid::from_u128(2)),
            kind: TaskKind::Move,
            requested: RequestedTime {
                date: Some(date!(2026 - 11 - 24)),
                time: Some(time!(16:30)),
            },
            name: Some(Pii::new("דנה".to_owned())),
            words: Some(Pii::new("להזיז את התור".to_owned())),
            noted_at: utc_datetime!(2026-11-23 8:00:01.25),
        }
    }

    const WRITTEN: &str = concat!(
        r#"{"version":2,"task_id":"00000000-0000-0000-0000-000000000004","#,
        r#""business_id":"00000000-0000-0000-0000-000000000001","call_sid":"CA1","#,
        r#""lead_id":"00000000-0000-0000-0000-000000000002","kind":"move","#,
        r#""date":"2026-11-24","time":"16:30","name":"דנה","words":"להזיז את התור","noted_at":"2026-11-23T08:00:01.25Z"}"#
    );

    const WITHOUT_A_KIND: &str = concat!(
        r#"{"version":1,"task_id":"00000000-0000-0000-0000-000000000004","#,
        r#""business_id":"00000000-0000-0000-0000-000000000001","call_sid":"CA1","#,
        r#""lead_id":"00000000-0000-0000-0000-000000000002","date":"2026-11-24","time":"16:30","#,
        r#""name":"דנה","noted_at":"2026-11-23T08:00:01.25Z"}"#
    );

    /// What an older gateway left on a disk must be read by this one, under the name that it has there.
    #[test]
    fn what_knew_no_kinds_is_a_request_to_book() {
        let expected = NewTask {
            kind: TaskKind::Booking,
            words: None,
            ..task()
        };
        assert_eq!(decode(WITHOUT_A_KIND.as_bytes()), Ok(expected.clone()));
        let name = "00000000-0000-0000-0000-000000000001_CA1.json";
        assert_eq!(file_name(&expected), name);
    }

    #[test]
    fn each_kind_has_a_file_of_its_own() {
        let mut names: Vec<String> = TaskKind::ALL
            .map(|kind| file_name(&NewTask { kind, ..task() }))
            .into();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), TaskKind::ALL.len());
        check(r#""kind":"move""#, r#""kind":"dance""#, Unreadable::Kind);
        check(r#""kind":"move","#, "", Unreadable::Kind);
    }

    /// What is on disks stays as it is.
    #[test]
    fn the_written_form_stays() {
        assert_eq!(
            String::from_utf8(encode(&task()).unwrap()).unwrap(),
            WRITTEN
        );
        assert_eq!(decode(WRITTEN.as_bytes()), Ok(task()));
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: Unreadable) {
        let changed = WRITTEN.replace(from, to);
        assert_ne!(changed, WRITTEN);
        assert_eq!(decode(changed.as_bytes()), Err(expected));
    }

    #[test]
    fn a_newer_version_is_known_for_what_it_is() {
        let newer = Unreadable::Version { version: 3 };
        check("\"version\":2,\"task_id\"", "\"version\":3,\"id\"", newer);
    }

    #[test]
    fn what_is_no_request_is_not_quoted() {
        let damaged = Unreadable::Damaged {
            line: 1,
            column: 217,
        };
        check(r#""2026-11-24""#, r#""+972541234567""#, damaged);
        assert!(!damaged.to_string().contains("+972"));
        assert!(matches!(decode(b""), Err(Unreadable::Damaged { .. })));
    }

    #[test]
    fn a_long_file_is_not_a_request() {
        let long = " ".repeat(MAX_BYTES) + WRITTEN;
        assert_eq!(decode(long.as_bytes()), Err(Unreadable::TooLong));
        let name = Some(Pii::new("א".repeat(MAX_BYTES)));
        let error = encode(&NewTask { name, ..task() }).unwrap_err();
        assert!(matches!(error, SpoolError::TooLong { .. }), "{error}");
    }

    #[test]
    fn seconds_of_an_hour_are_not_kept() {
        let mut task = task();
        task.requested.time = Some(time!(16:30:59));
        let read = decode(&encode(&task).unwrap()).unwrap();
        assert_eq!(read.requested.time, Some(time!(16:30)));
    }

    prop_compose! {
        fn any_date()(days in 0..3_652_424_i32) -> Date {
            // Years 0 to 9999.
            Date::from_julian_day(1_721_060 + days).unwrap()
        }
    }

    prop_compose! {
        fn any_task()(
            ids in any::<[u128; 3]>(),
            sid in "[A-Za-z0-9_-]{1,64}",
            date in option::of(any_date()),
            time in option::of((0..24_u8, 0..60_u8)),
            name in option::of(any::<String>()),
            words in option::of(any::<String>()),
            kind in prop::sample::select(TaskKind::ALL.to_vec()),
            noted_on in any_date(),
            noted_at in (0..24_u8, 0..60_u8, 0..60_u8, 0..1_000_000_000_u32),
        ) -> NewTask {
            let [task_id, business_id, lead_id] = ids.map(Uuid::from_u128);
            let (hour, minute, second, nanosecond) = noted_at;
            NewTask {
                task_id: TaskId::from_uuid(task_id),
                key: CallKey {
                    business_id: BusinessId::from_uuid(business_id),
                    call_sid: sid.parse().unwrap(),
                },
                lead_id: LeadId::from_uuid(lead_id),
                kind,
                requested: RequestedTime {
                    date,
                    time: time.map(|(hour, minute)| Time::from_hms(hour, minute, 0).unwrap()),
                },
                name: name.map(Pii::new),
                words: words.map(Pii::new),
                noted_at: UtcDateTime::new(
                    noted_on,
                    Time::from_hms_nano(hour, minute, second, nanosecond).unwrap(),
                ),
            }
        }
    }

    proptest! {
        #[test]
        fn every_request_comes_back_as_it_was(task in any_task()) {
            prop_assert_eq!(decode(&encode(&task).unwrap()), Ok(task));
        }

        #[test]
        fn every_name_of_a_file_is_plain(task in any_task()) {
            let name = file_name(&task);
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
            prop_assert!(name.len() < 128 && name.bytes().all(plain) && !name.starts_with('.'), "{}", name);
        }

        #[test]
        fn no_part_of_a_file_is_a_request(task in any_task(), at in any::<prop::sample::Index>()) {
            let bytes = encode(&task).unwrap();
            prop_assert!(decode(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            prop_assert!(decode(&bytes).is_err());
        }
    }
}
