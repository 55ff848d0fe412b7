//! Applying migrations while gateways work, older ones too (docs/decisions/020-expand-then-contract.md).
//!
//! Each migration is a transaction of its own, so that who waits for it waits for one and not for all; what a transaction
//! cannot do (`-- no-transaction`), an index that is built beside the writers above all, stands alone in its file and can be
//! done again. One process migrates at a time.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    error::DatabaseError,
    migrate::{Migrate as _, MigrateError, Migration},
};
use tokio::time::{Instant, sleep};

use super::{MigrationError, MigrationState, POSTGRES, SQLITE, Versioned as _, failed};
use crate::{
    SqlStore,
    database::{Database, is_busy},
    sqlite::Writer,
};

/// How long a migration's statement waits for a lock in PostgreSQL. Whoever comes after it waits behind it, to read as well.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '2s'";
/// What a transaction cannot do keeps nobody waiting: it waits for as long as it takes.
const NO_LOCK_TIMEOUT: &str = "SET lock_timeout = 0";
/// Building an index may take longer than a caller would wait.
const NO_STATEMENT_TIMEOUT: &str = "SET statement_timeout = 0";
/// How long a lock is tried for, again and again.
const LOCK_PATIENCE: Duration = Duration::from_mins(2);
/// Between two attempts, so that those who waited behind the first one get through.
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// How long another process may migrate.
const OTHERS_PATIENCE: Duration = Duration::from_mins(10);
const OTHERS_PAUSE: Duration = Duration::from_millis(100);
/// One process migrates at a time. The number is this product's own. Asked again and again instead of waited for: who
/// waits holds a snapshot, and an index that is built beside the writers waits for every snapshot.
const POSTGRES_LOCK: &str = "SELECT pg_try_advisory_lock(8376297614203)";
/// An index whose build broke off is there, is kept up, and is never used.
const BROKEN_INDEXES: &str = "SELECT quote_ident(class.relname) FROM pg_index AS broken \
    JOIN pg_class AS class ON class.oid = broken.indexrelid \
    WHERE NOT broken.indisvalid AND class.relnamespace = current_schema()::regnamespace \
    AND position(class.relname IN $1) > 0";

impl SqlStore {
    /// Brings the schema up to date and returns the migrations that it applied.
    ///
    /// A failure leaves every migration whole or not applied at all. Processes that start together do not meet halfway.
    pub async fn migrate(&self) -> Result<Vec<MigrationState>, MigrationError> {
        match &self.database {
            Database::Sqlite { writer, .. } => migrate_sqlite(writer).await,
            Database::Postgres(pool) => {
                // Not one of the pool's any more: its lock and its settings end with it, whatever becomes of this call.
                let mut connection = pool.acquire().await.map_err(failed)?.detach();
                let applied = migrate_postgres(&mut connection).await;
                let _ = connection.close().await;
                applied
            }
        }
    }
}

async fn migrate_sqlite(writer: &Writer) -> Result<Vec<MigrationState>, MigrationError> {
    let table = SQLITE.table_name.as_ref();
    let mut applied = Vec::new();
    loop {
        let mut tx = begin(writer).await?;
        let pending = next(tx.schema().await?.migrations);
        let Some((state, migration)) = pending.and_then(|it| with_file(it, SQLITE.iter())) else {
            return Ok(applied);
        };
        tracing::info!(version = state.version, "applying a migration");
        let ensured = tx.ensure_migrations_table(table).await;
        ensured.map_err(MigrationError::Failed)?;
        let done = tx.apply(table, migration).await;
        done.map_err(MigrationError::Failed)?;
        tx.commit().await.map_err(failed)?;
        applied.push(state);
    }
}

/// Another process that migrates may hold the lock for longer than a writer waits.
async fn begin(
    writer: &Writer,
) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, MigrationError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match writer.begin().await {
            Ok(tx) => return Ok(tx),
            Err(sqlx::Error::Database(error)) if is_busy(error.as_ref()) => {
                if Instant::now() >= deadline {
                    return Err(MigrationError::Busy);
                }
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

async fn migrate_postgres(
    connection: &mut PgConnection,
) -> Result<Vec<MigrationState>, MigrationError> {
    set(connection, NO_STATEMENT_TIMEOUT).await?;
    alone(connection).await?;
    let table = POSTGRES.table_name.as_ref();
    let mut applied = Vec::new();
    while let Some(pending) = next(connection.schema().await?.migrations) {
        let Some((state, migration)) = with_file(pending, POSTGRES.iter()) else {
            break;
        };
        tracing::info!(version = state.version, "applying a migration");
        let ensured = connection.ensure_migrations_table(table).await;
        ensured.map_err(MigrationError::Failed)?;
        if migration.no_tx {
            set(connection, NO_LOCK_TIMEOUT).await?;
            drop_broken_indexes(connection, migration).await?;
            let done = connection.apply(table, migration).await;
            done.map_err(MigrationError::Failed)?;
        } else {
            set(connection, LOCK_TIMEOUT).await?;
            apply_patiently(connection, migration, LOCK_PATIENCE).await?;
        }
        applied.push(state);
    }
    Ok(applied)
}

/// Waits until no other process migrates this database.
async fn alone(connection: &mut PgConnection) -> Result<(), MigrationError> {
    let deadline = Instant::now() + OTHERS_PATIENCE;
    loop {
        let asked = sqlx::query_scalar(POSTGRES_LOCK).fetch_one(&mut *connection);
        if asked.await.map_err(failed)? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(MigrationError::Busy);
        }
        sleep(OTHERS_PAUSE).await;
    }
}

/// Applies a migration as often as its locks are not to be had.
async fn apply_patiently(
    connection: &mut PgConnection,
    migration: &Migration,
    patience: Duration,
) -> Result<(), MigrationError> {
    let (table, version) = (POSTGRES.table_name.as_ref(), migration.version);
    let deadline = Instant::now() + patience;
    loop {
        let source = match connection.apply(table, migration).await {
            Ok(_) => return Ok(()),
            Err(error) if is_locked(&error) => error,
            Err(error) => return Err(MigrationError::Failed(error)),
        };
        if Instant::now() + LOCK_PAUSE >= deadline {
            return Err(MigrationError::Locked { version, source });
        }
        tracing::warn!(
            version,
            error = &source as &dyn std::error::Error,
            "a migration did not get its lock: it is tried again"
        );
        sleep(LOCK_PAUSE).await;
    }
}

async fn drop_broken_indexes(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<(), MigrationError> {
    let broken: Vec<String> = sqlx::query_scalar(BROKEN_INDEXES)
        .bind(migration.sql.as_str().to_owned())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    for index in broken {
        tracing::warn!(index, "an index is built anew: its build broke off");
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
        sqlx::raw_sql(AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

async fn set(connection: &mut PgConnection, setting: &'static str) -> Result<(), MigrationError> {
    let set = sqlx::query(setting).execute(connection).await;
    set.map(|_| ()).map_err(failed)
}

/// Whether a migration waited in vain for a lock, or stood in a circle of those who wait.
fn is_locked(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "55P03" | "40P01"))
}

/// The first migration that is not applied, as it will be.
fn next(migrations: Vec<MigrationState>) -> Option<MigrationState> {
    let mut pending = migrations.into_iter().filter(|state| !state.applied);
    pending.next().map(|state| MigrationState {
        applied: true,
        ..state
    })
}

fn with_file<'a>(
    state: MigrationState,
    mut files: impl Iterator<Item = &'a Migration>,
) -> Option<(MigrationState, &'a Migration)> {
    let file = files.find(|file| file.version == state.version)?;
    Some((state, file))
}

#[cfg(test)]
mod tests {
    use sqlx::Executor as _;
    use toran_test_postgres::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn a_lock_that_is_not_to_be_had_is_said() {
        let Some(database) = TestDatabase::create().await else {
            return;
        };
        let connect = || async { PgConnection::connect(&database.url()).await.unwrap() };
        let (mut db, mut holder) = (connect().await, connect().await);
        let table = POSTGRES.table_name.as_ref();
        db.ensure_migrations_table(table).await.unwrap();
        for migration in POSTGRES.iter().take_while(|it| it.version < 2) {
            db.apply(table, migration).await.unwrap();
        }
        holder
            .execute("BEGIN; SELECT COUNT(*) FROM lead")
            .await
            .unwrap();
        set(&mut db, "SET lock_timeout = '50ms'").await.unwrap();
        let second = POSTGRES.iter().find(|it| it.version == 2).unwrap();
        let patience = LOCK_PAUSE + Duration::from_millis(500);
        let refused = apply_patiently(&mut db, second, patience)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, MigrationError::Locked { version: 2, .. }),
            "{refused:?}"
        );
        holder.execute("COMMIT").await.unwrap();
        apply_patiently(&mut db, second, patience).await.unwrap();
    }
}
