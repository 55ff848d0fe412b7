//! Values between Toran's types and the columns that hold them.
//!
//! What is read is not trusted: a value that Toran never wrote is reported with its column, and never
//! panics.

use std::{error::Error, str::FromStr};

use sqlx::{Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};
use time::{
    Date, Time, UtcDateTime, format_description::StaticFormatDescription,
    macros::format_description,
};
use toran_domain::Pii;
use toran_scheduling::BusyRange;
use toran_store::StoreError;

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");
const TIME: StaticFormatDescription = format_description!("[hour]:[minute]");

/// A row with readers that name the column in their errors. Columns are given as `table.column`; the
/// part after the point is the name in the result.
pub(crate) struct Columns<'r>(pub(crate) &'r SqliteRow);

impl<'r> Columns<'r> {
    /// A value as SQLite holds it.
    pub(crate) fn plain<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let name = column.rsplit('.').next().unwrap_or(column);
        self.0
            .try_get(name)
            .map_err(|error| StoreError::corrupt(column, error))
    }

    /// A value that is written as text.
    pub(crate) fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        parse(column, self.plain(column)?)
    }

    /// A value that is written as text, or nothing.
    pub(crate) fn maybe_parsed<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        self.plain::<Option<&str>>(column)?
            .map(|text| parse(column, text))
            .transpose()
    }

    /// A person's name.
    pub(crate) fn name(&self, column: &'static str) -> Result<Option<Pii<String>>, StoreError> {
        Ok(self.plain::<Option<String>>(column)?.map(Pii::new))
    }

    pub(crate) fn instant(&self, column: &'static str) -> Result<UtcDateTime, StoreError> {
        UtcDateTime::from_unix_timestamp(self.plain(column)?)
            .map_err(|error| StoreError::corrupt(column, error))
    }

    /// What an appointment takes, buffers included.
    pub(crate) fn busy(&self) -> Result<BusyRange, StoreError> {
        let (from, to) = (
            self.instant("appointment.busy_from")?,
            self.instant("appointment.busy_to")?,
        );
        BusyRange::new(from, to).map_err(|error| StoreError::corrupt("appointment.busy_to", error))
    }

    pub(crate) fn date(&self, column: &'static str) -> Result<Option<Date>, StoreError> {
        let text: Option<&str> = self.plain(column)?;
        let date = text.map(|text| Date::parse(text, DATE)).transpose();
        date.map_err(|error| StoreError::corrupt(column, error))
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Option<Time>, StoreError> {
        let text: Option<&str> = self.plain(column)?;
        let time = text.map(|text| Time::parse(text, TIME)).transpose();
        time.map_err(|error| StoreError::corrupt(column, error))
    }
}

/// A day as it is stored.
pub(crate) fn date_text(date: Date) -> Result<String, StoreError> {
    date.format(DATE).map_err(StoreError::unavailable)
}

/// An hour as it is stored.
pub(crate) fn time_text(time: Time) -> Result<String, StoreError> {
    time.format(TIME).map_err(StoreError::unavailable)
}

fn parse<T>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    text.parse()
        .map_err(|error| StoreError::corrupt(column, error))
}
