//! The schema and its versions.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::{SqlStore, database::Database};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

const SQLITE_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)";
const POSTGRES_TABLE: &str = "SELECT to_regclass($1) IS NOT NULL";
/// One process migrates at a time. The number is this product's own.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(8376297614203)";

/// Why the schema could not be read or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database was migrated by a newer gateway.
    #[error(
        "the database is at version {version}, which this gateway does not know: run a newer gateway"
    )]
    TooNew {
        /// The version that is not known here.
        version: i64,
    },
    /// A migration that was applied is not the one that this gateway would apply.
    #[error(
        "migration {version} was changed after it was applied: restore its file, or start from a new database"
    )]
    Changed {
        /// Which one.
        version: i64,
    },
    /// The database refused, and nothing was changed.
    #[error("the schema could not be brought up to date; it is as it was: check the database")]
    Failed(#[source] MigrateError),
}

/// One version of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number, counted from 1.
    pub version: i64,
    /// What it is about.
    pub description: String,
    /// Whether the database has it.
    pub applied: bool,
}

impl SqlStore {
    /// Brings the schema up to date and returns the migrations that it applied.
    ///
    /// All of them in one transaction, so that processes that start together do not meet halfway, and a
    /// failure leaves the schema as it was.
    pub async fn migrate(&self) -> Result<Vec<MigrationState>, MigrationError> {
        match &self.database {
            Database::Sqlite { writer, .. } => {
                let mut tx = writer.begin().await.map_err(failed)?;
                let exists = sqlx::query_scalar(SQLITE_TABLE)
                    .bind(SQLITE.table_name.as_ref())
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(failed)?;
                let applied = bring_up_to_date(&mut *tx, &SQLITE, exists).await?;
                tx.commit().await.map_err(failed)?;
                Ok(applied)
            }
            Database::Postgres(pool) => {
                let mut tx = pool.begin().await.map_err(failed)?;
                // Building an index may take longer than a caller would wait.
                for statement in [
                    "SET LOCAL statement_timeout = 0",
                    "SET LOCAL lock_timeout = '60s'",
                    POSTGRES_LOCK,
                ] {
                    sqlx::query(statement)
                        .execute(&mut *tx)
                        .await
                        .map_err(failed)?;
                }
                let exists = sqlx::query_scalar(POSTGRES_TABLE)
                    .bind(POSTGRES.table_name.as_ref())
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(failed)?;
                let applied = bring_up_to_date(&mut *tx, &POSTGRES, exists).await?;
                tx.commit().await.map_err(failed)?;
                Ok(applied)
            }
        }
    }

    /// The migrations that this gateway knows, and which of them the database has. Changes nothing.
    pub async fn migration_status(&self) -> Result<Vec<MigrationState>, MigrationError> {
        match &self.database {
            Database::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(failed)?;
                let exists = sqlx::query_scalar(SQLITE_TABLE)
                    .bind(SQLITE.table_name.as_ref())
                    .fetch_one(&mut *connection)
                    .await
                    .map_err(failed)?;
                status(&mut *connection, &SQLITE, exists).await
            }
            Database::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(failed)?;
                let exists = sqlx::query_scalar(POSTGRES_TABLE)
                    .bind(POSTGRES.table_name.as_ref())
                    .fetch_one(&mut *connection)
                    .await
                    .map_err(failed)?;
                status(&mut *connection, &POSTGRES, exists).await
            }
        }
    }
}

async fn bring_up_to_date(
    connection: &mut (impl Migrate + Send),
    known: &Migrator,
    exists: bool,
) -> Result<Vec<MigrationState>, MigrationError> {
    let before = status(connection, known, exists).await?;
    let table = known.table_name.as_ref();
    let ensured = connection.ensure_migrations_table(table).await;
    ensured.map_err(MigrationError::Failed)?;
    let mut applied = Vec::new();
    for (migration, state) in known.iter().zip(before) {
        if !state.applied {
            let done = connection.apply(table, migration).await;
            done.map_err(MigrationError::Failed)?;
            applied.push(MigrationState {
                applied: true,
                ..state
            });
        }
    }
    Ok(applied)
}

async fn status(
    connection: &mut (impl Migrate + Send),
    known: &Migrator,
    exists: bool,
) -> Result<Vec<MigrationState>, MigrationError> {
    let applied = if exists {
        let listed = connection.list_applied_migrations(known.table_name.as_ref());
        listed.await.map_err(MigrationError::Failed)?
    } else {
        Vec::new()
    };
    let unknown = applied.iter().find(|it| !known.version_exists(it.version));
    if let Some(unknown) = unknown {
        return Err(MigrationError::TooNew {
            version: unknown.version,
        });
    }
    let states = known.iter().map(|migration| {
        let mut all = applied.iter();
        let found = all.find(|applied| applied.version == migration.version);
        if found.is_some_and(|applied| applied.checksum != migration.checksum) {
            return Err(MigrationError::Changed {
                version: migration.version,
            });
        }
        Ok(MigrationState {
            version: migration.version,
            description: migration.description.to_string(),
            applied: found.is_some(),
        })
    });
    states.collect()
}

fn failed(error: sqlx::Error) -> MigrationError {
    MigrationError::Failed(MigrateError::Execute(error))
}
