//! The store over SQL: SQLite inside the binary, with nothing to install, and PostgreSQL for many gateways at once.
//!
//! It carries out what `toran-store` decides and knows nothing of the rules themselves. What it adds is
//! the database's own guard: an exclusion constraint (PostgreSQL) or triggers (SQLite) refuse two live appointments that
//! overlap on one seat of a resource, so that even a statement typed by hand cannot book twice.
//!
//! It is *not* an ORM. Each statement is written once, as a constant, in SQL that both databases understand (or twice,
//! where they do not), and a test prepares every one of them against both schemas.
//!
//! - **One business at a time.** A transaction is about one business and binds its id as `$1` of every statement; a
//!   statement that does not name it does not compile. PostgreSQL's row-level security is the second lock.
//! - **Durable.** SQLite: write-ahead log with `synchronous = FULL`. What was acknowledged survives a loss of power.
//! - **No surprises halfway.** SQLite's writes begin with `BEGIN IMMEDIATE`, on one connection. PostgreSQL's lock the
//!   lead, then the call, then the business where others must change seats: always in this order. What the database
//!   turns away for now is tried again while the caller's patience lasts.
//! - **Instants** are whole seconds of UTC.
//!
//! ```
//! use toran_store::Businesses as _;
//! use toran_store_sql::SqlStore;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let store = SqlStore::open("sqlite::memory:").await?;
//! let applied = store.migrate().await?;
//! assert_eq!(applied.first().map(|migration| migration.version), Some(1));
//! assert!(store.businesses().await?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod appointments;
mod backup;
mod businesses;
mod calls;
mod changes;
mod database;
mod endings;
mod leads;
mod migrations;
mod notes;
mod outbox;
mod persons;
mod postgres;
#[cfg(feature = "proof")]
pub mod proof;
mod restore;
mod retention;
mod row;
#[cfg(test)]
mod schema_check;
mod session;
mod split;
mod sqlite;
mod statement;
mod tasks;
mod transfers;
mod value;

pub use backup::{BackupError, InspectError, Inspection, back_up, inspect};
pub use migrations::{MigrationError, MigrationState, Schema, SchemaState};
pub use restore::{RestoreError, restore};

use std::path::PathBuf;

use database::Database;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none of a database that is known here.
    #[error(
        "this is no address of a database: write sqlite://path/to/toran.db or postgres://user:password@host/database"
    )]
    BadUrl(#[source] Option<sqlx::Error>),
    /// The file or the server cannot be reached.
    #[error(
        "the database cannot be opened: for SQLite, check that the folder exists and can be written and that the file \
         is a database; for PostgreSQL, check host, user, password and that the server runs"
    )]
    CannotOpen(#[source] sqlx::Error),
}

/// A database as a [`toran_store::BackOffice`]. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Opens a database. SQLite makes the file if there is none: `sqlite://toran.db`, `sqlite:///absolute/toran.db`, or
    /// `sqlite::memory:` for one that is gone with the store. PostgreSQL:
    /// `postgres://user:password@host:5432/database`, with `?host=/var/run/postgresql` for a socket and
    /// `?sslmode=verify-full` where the network is not to be trusted.
    ///
    /// It does not change the schema: see [`SqlStore::migrate`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let (scheme, _) = url.split_once(':').ok_or(OpenError::BadUrl(None))?;
        let database = match scheme {
            "sqlite" => sqlite::open(url).await?,
            "postgres" | "postgresql" => postgres::open(url).await?,
            _ => return Err(OpenError::BadUrl(None)),
        };
        Ok(Self { database })
    }

    /// The file of a SQLite database's address; `None` for PostgreSQL and for one in memory.
    pub fn file(url: &str) -> Result<Option<PathBuf>, OpenError> {
        if !url.starts_with("sqlite:") || Self::is_in_memory(url) {
            return Ok(None);
        }
        sqlite::file(url).map(Some)
    }

    /// Whether a database of this address lives in memory alone, and is gone with its process.
    pub fn is_in_memory(url: &str) -> bool {
        sqlite::is_in_memory(url)
    }

    /// Closes every connection, after the questions that are under way.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Whether the role under which PostgreSQL knows this process is exempt from row-level security (a superuser, or
    /// `BYPASSRLS`): then the second lock between tenants is open. `false` for SQLite, which has none.
    pub async fn bypasses_row_security(&self) -> Result<bool, toran_store::StoreError> {
        match &self.database {
            Database::Sqlite { .. } => Ok(false),
            Database::Postgres(pool) => postgres::bypasses_row_security(pool)
                .await
                .map_err(toran_store::StoreError::unavailable),
        }
    }
}
