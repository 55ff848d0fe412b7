//! Values on their way out of a row.
//!
//! What is read is not trusted: a value that Toran never wrote is reported with its column, and never
//! panics.

use std::{error::Error, str::FromStr};

use sqlx::{
    Row as _,
    postgres::PgRow,
    sqlite::SqliteRow,
    types::{Json, JsonValue},
};
use time::{
    Date, OffsetDateTime, Time, UtcDateTime, format_description::StaticFormatDescription,
    macros::format_description,
};
use toran_domain::{PhoneNumber, Pii};
use toran_scheduling::BusyRange;
use toran_store::StoreError;
use uuid::Uuid;

pub(crate) const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");
pub(crate) const TIME: StaticFormatDescription = format_description!("[hour]:[minute]");

/// A row with readers that name the column in their errors. Columns are given as `table.column`; the
/// part after the point is the name in the result.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Reads a column in the type that each database has for it.
macro_rules! read {
    ($row:expr, $column:expr, $sqlite:ty, $postgres:ty) => {{
        let column: &'static str = $column;
        let name = column.rsplit('.').next().unwrap_or(column);
        let corrupt = |error| StoreError::corrupt(column, error);
        match $row {
            Row::Sqlite(row) => row
                .try_get::<$sqlite, _>(name)
                .map(Into::into)
                .map_err(corrupt),
            Row::Postgres(row) => row
                .try_get::<$postgres, _>(name)
                .map(Into::into)
                .map_err(corrupt),
        }
    }};
}

impl Row {
    pub(crate) fn id(&self, column: &'static str) -> Result<Uuid, StoreError> {
        read!(self, column, Uuid, Uuid)
    }

    pub(crate) fn maybe_id(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        read!(self, column, Option<Uuid>, Option<Uuid>)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        read!(self, column, &str, &str)
    }

    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        read!(self, column, Option<&str>, Option<&str>)
    }

    /// A value that is written as text.
    pub(crate) fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        parse(column, self.text(column)?)
    }

    /// A value that is written as text, or nothing.
    pub(crate) fn maybe_parsed<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        let text = self.maybe_text(column)?;
        text.map(|text| parse(column, text)).transpose()
    }

    /// A person's number.
    pub(crate) fn phone(&self) -> Result<Option<PhoneNumber>, StoreError> {
        self.maybe_parsed("lead.phone")
    }

    /// A number that a person gave in a conversation.
    pub(crate) fn given_phone(&self) -> Result<Option<PhoneNumber>, StoreError> {
        self.maybe_parsed("lead.given_phone")
    }

    /// A person's name.
    pub(crate) fn name(&self, column: &'static str) -> Result<Option<Pii<String>>, StoreError> {
        let name = self.maybe_text(column)?;
        Ok(name.map(|name| Pii::new(name.to_owned())))
    }

    /// A whole number that fits its type.
    pub(crate) fn int<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
    {
        let number: i64 = read!(self, column, i64, i64)?;
        T::try_from(number).map_err(|error| StoreError::corrupt(column, error))
    }

    pub(crate) fn maybe_int<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
    {
        let number: Option<i64> = read!(self, column, Option<i64>, Option<i64>)?;
        number
            .map(|number| T::try_from(number).map_err(|error| StoreError::corrupt(column, error)))
            .transpose()
    }

    pub(crate) fn real(&self, column: &'static str) -> Result<f64, StoreError> {
        read!(self, column, f64, f64)
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        read!(self, column, bool, bool)
    }

    pub(crate) fn instant(&self, column: &'static str) -> Result<UtcDateTime, StoreError> {
        self.maybe_instant(column)?
            .ok_or_else(|| StoreError::corrupt(column, "no instant"))
    }

    pub(crate) fn maybe_instant(
        &self,
        column: &'static str,
    ) -> Result<Option<UtcDateTime>, StoreError> {
        let instant: Instant = read!(self, column, Option<i64>, Option<OffsetDateTime>)?;
        match instant {
            Instant::Seconds(seconds) => seconds
                .map(UtcDateTime::from_unix_timestamp)
                .transpose()
                .map_err(|error| StoreError::corrupt(column, error)),
            Instant::Moment(moment) => Ok(moment.map(OffsetDateTime::to_utc)),
        }
    }

    /// What an appointment takes, buffers included.
    pub(crate) fn busy(&self) -> Result<BusyRange, StoreError> {
        let from = self.instant("appointment.busy_from")?;
        let to = self.instant("appointment.busy_to")?;
        BusyRange::new(from, to).map_err(|error| StoreError::corrupt("appointment.busy_to", error))
    }

    pub(crate) fn date(&self, column: &'static str) -> Result<Option<Date>, StoreError> {
        match self {
            Self::Sqlite(_) => {
                let date = self.maybe_text(column)?;
                let date = date.map(|text| Date::parse(text, DATE)).transpose();
                date.map_err(|error| StoreError::corrupt(column, error))
            }
            Self::Postgres(_) => read!(self, column, Option<Date>, Option<Date>),
        }
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Option<Time>, StoreError> {
        match self {
            Self::Sqlite(_) => {
                let time = self.maybe_text(column)?;
                let time = time.map(|text| Time::parse(text, TIME)).transpose();
                time.map_err(|error| StoreError::corrupt(column, error))
            }
            Self::Postgres(_) => read!(self, column, Option<Time>, Option<Time>),
        }
    }

    pub(crate) fn json(&self, column: &'static str) -> Result<Option<JsonValue>, StoreError> {
        match self {
            Self::Sqlite(_) => {
                let json = self.maybe_text(column)?;
                let json = json.map(serde_json::from_str).transpose();
                json.map_err(|error| StoreError::corrupt(column, error))
            }
            Self::Postgres(row) => {
                let name = column.rsplit('.').next().unwrap_or(column);
                let json = row.try_get::<Option<Json<JsonValue>>, _>(name);
                let json = json.map_err(|error| StoreError::corrupt(column, error))?;
                Ok(json.map(|json| json.0))
            }
        }
    }
}

/// An instant as a database gives it.
enum Instant {
    Seconds(Option<i64>),
    Moment(Option<OffsetDateTime>),
}

impl From<Option<i64>> for Instant {
    fn from(seconds: Option<i64>) -> Self {
        Self::Seconds(seconds)
    }
}

impl From<Option<OffsetDateTime>> for Instant {
    fn from(moment: Option<OffsetDateTime>) -> Self {
        Self::Moment(moment)
    }
}

fn parse<T>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    text.parse()
        .map_err(|error| StoreError::corrupt(column, error))
}
