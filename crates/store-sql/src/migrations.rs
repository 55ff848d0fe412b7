//! The schema and its versions.

use sqlx::{
    SqliteConnection,
    migrate::{Migrate as _, MigrateError, Migrator},
};

use crate::SqliteStore;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

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

impl SqliteStore {
    /// Brings the schema up to date and returns the migrations that it applied.
    ///
    /// All of them in one transaction, so that processes that start together do not meet halfway, and a
    /// failure leaves the schema as it was.
    pub async fn migrate(&self) -> Result<Vec<MigrationState>, MigrationError> {
        let mut transaction = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(failed)?;
        let before = status(&mut transaction).await?;
        let table = MIGRATOR.table_name.as_ref();
        transaction
            .ensure_migrations_table(table)
            .await
            .map_err(MigrationError::Failed)?;
        let mut applied = Vec::new();
        for (migration, state) in MIGRATOR.iter().zip(before) {
            if !state.applied {
                transaction
                    .apply(table, migration)
                    .await
                    .map_err(MigrationError::Failed)?;
                applied.push(MigrationState {
                    applied: true,
                    ..state
                });
            }
        }
        transaction.commit().await.map_err(failed)?;
        Ok(applied)
    }

    /// The migrations that this gateway knows, and which of them the database has. Changes nothing.
    pub async fn migration_status(&self) -> Result<Vec<MigrationState>, MigrationError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        status(&mut connection).await
    }
}

async fn status(connection: &mut SqliteConnection) -> Result<Vec<MigrationState>, MigrationError> {
    let table = MIGRATOR.table_name.as_ref();
    let exists: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)",
    )
    .bind(table)
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    let applied = if exists {
        connection
            .list_applied_migrations(table)
            .await
            .map_err(MigrationError::Failed)?
    } else {
        Vec::new()
    };
    if let Some(unknown) = applied
        .iter()
        .find(|it| !MIGRATOR.version_exists(it.version))
    {
        return Err(MigrationError::TooNew {
            version: unknown.version,
        });
    }
    let known = MIGRATOR.iter().map(|migration| {
        let found = applied
            .iter()
            .find(|applied| applied.version == migration.version);
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
    known.collect()
}

fn failed(error: sqlx::Error) -> MigrationError {
    MigrationError::Failed(MigrateError::Execute(error))
}
