//! Values on their way into a statement.
//!
//! Each has one type in the code and its own in each database: an id is 16 bytes or `UUID`, an instant is seconds or
//! `TIMESTAMPTZ`, a local day and hour are text or `DATE` and `TIME`.

use std::borrow::Cow;

use sqlx::{
    Postgres, Sqlite,
    postgres::PgArguments,
    query::Query,
    sqlite::SqliteArguments,
    types::{Json, JsonValue},
};
use time::{Date, OffsetDateTime, Time, UtcDateTime};
use toran_domain::{AppointmentId, BusinessId, CallSid, EventId, LeadId, TaskId};
use uuid::Uuid;

use crate::row::{DATE, TIME};

/// One value, or the absence of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Id(Option<Uuid>),
    Text(Option<Cow<'a, str>>),
    Int(Option<i64>),
    Real(f64),
    Flag(bool),
    Instant(Option<UtcDateTime>),
    Date(Option<Date>),
    Time(Option<Time>),
    Json(Option<JsonValue>),
}

impl<'a> Value<'a> {
    pub(crate) fn bind_sqlite(
        self,
        query: Query<'a, Sqlite, SqliteArguments>,
    ) -> Query<'a, Sqlite, SqliteArguments> {
        match self {
            Self::Id(id) => query.bind(id),
            Self::Text(text) => query.bind(text.map(Cow::into_owned)),
            Self::Int(number) => query.bind(number),
            Self::Real(number) => query.bind(number),
            Self::Flag(flag) => query.bind(flag),
            Self::Instant(at) => query.bind(at.map(UtcDateTime::unix_timestamp)),
            // What has a fixed form can be written.
            Self::Date(date) => query.bind(date.and_then(|date| date.format(DATE).ok())),
            Self::Time(time) => query.bind(time.and_then(|time| time.format(TIME).ok())),
            Self::Json(json) => query.bind(json.map(|json| json.to_string())),
        }
    }

    pub(crate) fn bind_postgres(
        self,
        query: Query<'a, Postgres, PgArguments>,
    ) -> Query<'a, Postgres, PgArguments> {
        match self {
            Self::Id(id) => query.bind(id),
            Self::Text(text) => query.bind(text.map(Cow::into_owned)),
            Self::Int(number) => query.bind(number),
            Self::Real(number) => query.bind(number),
            Self::Flag(flag) => query.bind(flag),
            // Databases keep whole seconds here, so that both give back the same.
            Self::Instant(at) => {
                query.bind(at.map(|at| OffsetDateTime::from(at.truncate_to_second())))
            }
            Self::Date(date) => query.bind(date),
            Self::Time(time) => query.bind(time),
            Self::Json(json) => query.bind(json.map(Json)),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $value:expr;)+) => {
        $(impl<'a> From<$from> for Value<'a> {
            fn from($it: $from) -> Self {
                $value
            }
        })+
    };
}

value_from! {
    Uuid => |id| Self::Id(Some(id));
    BusinessId => |id| Self::Id(Some(*id.as_uuid()));
    LeadId => |id| Self::Id(Some(*id.as_uuid()));
    AppointmentId => |id| Self::Id(Some(*id.as_uuid()));
    Option<AppointmentId> => |id| Self::Id(id.map(|id| *id.as_uuid()));
    EventId => |id| Self::Id(Some(*id.as_uuid()));
    Option<EventId> => |id| Self::Id(id.map(|id| *id.as_uuid()));
    TaskId => |id| Self::Id(Some(*id.as_uuid()));
    &'a str => |text| Self::Text(Some(text.into()));
    Option<&'a str> => |text| Self::Text(text.map(Cow::from));
    String => |text| Self::Text(Some(text.into()));
    &'a CallSid => |sid| Self::Text(Some(sid.as_str().into()));
    Option<&'a CallSid> => |sid| Self::Text(sid.map(|sid| sid.as_str().into()));
    i64 => |number| Self::Int(Some(number));
    u16 => |number| Self::Int(Some(number.into()));
    u32 => |number| Self::Int(Some(number.into()));
    Option<u16> => |number| Self::Int(number.map(i64::from));
    // The columns end at 2^63 - 1, far above what a call can use.
    u64 => |number| Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)));
    Option<u64> => |number| Self::Int(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
    bool => |flag| Self::Flag(flag);
    f64 => |number| Self::Real(number);
    UtcDateTime => |at| Self::Instant(Some(at));
    Option<UtcDateTime> => |at| Self::Instant(at);
    Date => |date| Self::Date(Some(date));
    Option<Date> => |date| Self::Date(date);
    Time => |time| Self::Time(Some(time));
    Option<Time> => |time| Self::Time(time);
    JsonValue => |json| Self::Json(Some(json));
    Option<JsonValue> => |json| Self::Json(json);
}

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}

pub(crate) use values;
