//! The store on SQLite: inside the binary, nothing to install. The default of a deployment with one
//! host; several processes on that host may share one file.
//!
//! It carries out what `toran-store` decides and knows nothing of the rules themselves. What it adds is
//! the database's own guard: triggers that refuse two live appointments that overlap on one seat of a resource,
//! on insert and on update, so that even a statement typed by hand cannot book twice.
//!
//! It is *not* an ORM and checks no SQL at compile time; the conformance suite runs every statement.
//!
//! - **Durable**: write-ahead log with `synchronous = FULL`; what was acknowledged survives a loss of
//!   power.
//! - **Writes** begin with `BEGIN IMMEDIATE`, on one connection, so they queue in the process instead of
//!   failing halfway; reads have connections of their own, which cannot write.
//! - **Instants** are whole seconds of UTC: text with an offset would compare wrongly across a change of
//!   the clock.
//!
//! ```
//! use toran_store::Businesses as _;
//! use toran_store_sqlite::SqliteStore;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let store = SqliteStore::open("sqlite::memory:").await?;
//! let applied = store.migrate().await?;
//! assert_eq!(applied.first().map(|migration| migration.version), Some(1));
//! assert!(store.businesses().await?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod appointments;
mod businesses;
mod calls;
mod column;
mod migrations;
mod session;

pub use migrations::{MigrationError, MigrationState};

use std::{str::FromStr, time::Duration};

use sqlx::{
    Sqlite, SqlitePool, Transaction,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use toran_store::StoreError;

/// How long one statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a transaction tries to begin before the database counts as out of reach. Few: each try may
/// take the whole [`BUSY_TIMEOUT`], and a caller is waiting.
const BEGIN_ATTEMPTS: u32 = 2;
/// How often opening is tried while another process sets up the same new file.
const CONNECT_ATTEMPTS: u32 = 20;
const CONNECT_PAUSE: Duration = Duration::from_millis(25);
/// How long a question waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_READERS: u32 = 4;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a SQLite database.
    #[error("{url:?} is no SQLite address: write sqlite://path/to/toran.db or sqlite::memory:")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it, where more is known.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The file cannot be opened or made.
    #[error(
        "cannot open {url:?}: check that its folder exists and can be written, and that the file is a SQLite database"
    )]
    CannotOpen {
        /// What was given.
        url: String,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
}

/// A SQLite database as a [`toran_store::Store`]. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens a database, making the file if there is none. Address: `sqlite://toran.db`,
    /// `sqlite:///absolute/toran.db`, or `sqlite::memory:` for one that is gone with the store.
    ///
    /// It does not change the schema: see [`SqliteStore::migrate`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let bad_url = |source| OpenError::BadUrl {
            url: url.to_owned(),
            source,
        };
        let cannot_open = |source| OpenError::CannotOpen {
            url: url.to_owned(),
            source,
        };
        let address = url.strip_prefix("sqlite:").ok_or_else(|| bad_url(None))?;
        if address.trim_start_matches('/').is_empty() {
            return Err(bad_url(None));
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|source| bad_url(Some(source)))?
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Full);
        // Every in-memory connection that closes may take the data with it: one, kept for ever.
        if address.contains(":memory:") || address.contains("mode=memory") {
            let pool = pool(1).connect_with(options).await.map_err(cannot_open)?;
            return Ok(Self {
                writer: pool.clone(),
                readers: pool,
            });
        }
        let writing = options.clone().journal_mode(SqliteJournalMode::Wal);
        let writer = connect_writer(writing).await.map_err(cannot_open)?;
        let reading = options.create_if_missing(false).pragma("query_only", "on");
        let readers = pool(MAX_READERS)
            .connect_with(reading)
            .await
            .map_err(cannot_open)?;
        Ok(Self { writer, readers })
    }

    /// Closes every connection, after the questions that are under way.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that holds the write lock from its first statement, so that what it reads
    /// stays true until it commits, and so that nothing after this can fail because of another writer.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let mut attempt = 1;
        loop {
            match self.writer.begin_with("BEGIN IMMEDIATE").await {
                Err(error) if attempt < BEGIN_ATTEMPTS && is_busy(&error) => {
                    tracing::warn!(
                        attempt,
                        "the database is locked by another process; asking again"
                    );
                    attempt += 1;
                }
                result => return result.map_err(StoreError::unavailable),
            }
        }
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// SQLite does not wait when two processes turn a new file's write-ahead log on at once: one is told
/// "busy" and must come again.
async fn connect_writer(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let mut attempt = 1;
    loop {
        match pool(1).connect_with(options.clone()).await {
            Err(error) if attempt < CONNECT_ATTEMPTS && is_busy(&error) => {
                tokio::time::sleep(CONNECT_PAUSE).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// Whether another connection holds the lock (`SQLITE_BUSY`, `SQLITE_LOCKED` and their extended codes).
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragmas(pool: &SqlitePool) -> (String, i64, i64, i64) {
        sqlx::query_as(
            "SELECT journal_mode, synchronous, foreign_keys, query_only FROM \
             pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_query_only",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn a_file_is_durable_and_readers_cannot_write() {
        let path = std::env::temp_dir().join(format!("toran-pragmas-{}.db", std::process::id()));
        let store = SqliteStore::open(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let (full, on) = (2, 1);
        assert_eq!(
            pragmas(&store.writer).await,
            ("wal".to_owned(), full, on, 0)
        );
        assert_eq!(
            pragmas(&store.readers).await,
            ("wal".to_owned(), full, on, on)
        );
        let written = sqlx::query("CREATE TABLE t (x)")
            .execute(&store.readers)
            .await;
        assert!(written.is_err());
        // The last connection to close takes the log's files with it.
        store.close().await;
        std::fs::remove_file(path).unwrap();
    }
}
