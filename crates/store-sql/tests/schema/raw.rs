//! A connection that knows nothing of Toran's code, to either database.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

/// A connection, and how its database writes values.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    /// To a database of either kind, about all businesses.
    pub(crate) async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite") {
            let connected = SqliteConnection::connect(url).await;
            let mut raw = Self::Sqlite(connected.expect("connect"));
            raw.run("PRAGMA foreign_keys = ON").await;
            raw.run("PRAGMA busy_timeout = 5000").await;
            return raw;
        }
        let connected = PgConnection::connect(url).await;
        let mut raw = Self::Postgres(connected.expect("connect"));
        raw.run("SET toran.business_id = '*'").await;
        raw
    }

    /// Whether a text for this database is the one for PostgreSQL.
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// An id.
    pub(crate) fn id(&self, n: u32) -> String {
        if self.is_postgres() {
            format!("'00000000-0000-0000-0000-{n:012}'::uuid")
        } else {
            format!("x'{n:032}'")
        }
    }

    /// An instant.
    pub(crate) fn at(&self, seconds: i64) -> String {
        if self.is_postgres() {
            format!("to_timestamp({seconds})")
        } else {
            seconds.to_string()
        }
    }

    /// Runs statements, in one transaction.
    pub(crate) async fn try_run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
        }
    }

    /// Runs statements that must succeed.
    pub(crate) async fn run(&mut self, sql: &str) {
        if let Err(error) = self.try_run(sql).await {
            panic!("{error}: {sql}");
        }
    }

    /// The only number of a question.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let text = AssertSqlSafe(sql.to_owned());
        let asked = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
        };
        asked.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }
}
