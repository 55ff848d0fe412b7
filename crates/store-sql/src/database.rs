//! Two databases behind one transaction.

use std::{sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, Transaction, error::DatabaseError,
};
use toran_domain::{BusinessId, patience};
use toran_store::StoreError;

use crate::{
    row::Row,
    sqlite::{Faults, Writer},
    statement::{Across, Scoped, Statement},
    value::Value,
};

/// How long one question may take with all its attempts: somebody is waiting on the phone.
const PATIENCE: Duration = patience::TRANSACTION;
/// The pause before another attempt; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How often the write-ahead log is tried to be emptied while others read it.
const LOG_ATTEMPTS: u32 = 8;

/// What the triggers of SQLite and the constraint of PostgreSQL are called.
const OVERLAP: &str = "appointment_overlap";

/// The pools of one database.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// One connection writes, so that writers queue in the process; the others cannot write.
    Sqlite {
        writer: Writer,
        readers: SqlitePool,
        faults: Arc<Faults>,
    },
    Postgres(PgPool),
}

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Others were in the way, or the connection broke before anything was committed: another attempt may succeed.
    Transient(sqlx::Error),
    /// The connection broke while the database committed: nobody knows whether it did.
    Uncertain(sqlx::Error),
    /// The database refused two appointments on one seat.
    Overlap,
    /// Anything that another attempt would not change.
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if is_overlap(&error) {
            Self::Overlap
        } else if is_transient(&error) {
            Self::Transient(error)
        } else if is_refusal(&error) {
            Self::Final(StoreError::Refused(error.into()))
        } else {
            Self::Final(StoreError::unavailable(error))
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transient(error) | Failure::Uncertain(error) => Self::unavailable(error),
            Failure::Overlap => Self::unavailable(OVERLAP),
            Failure::Final(error) => error,
        }
    }
}

/// Whether a transaction that may have been committed can be made again without harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It leaves the same behind, or it wrote nothing.
    Safe,
    /// It would add once more.
    Unsafe,
}

/// Makes attempts until one comes to its end, the patience is over, or another would not help.
pub(crate) async fn attempts<T, F>(
    repeat: Repeat,
    mut attempt: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match tokio::time::timeout_at(deadline, attempt()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(elapsed) => return Err(StoreError::unavailable(elapsed)),
        };
        let again = match &failure {
            Failure::Transient(_) | Failure::Overlap => true,
            Failure::Uncertain(_) => repeat == Repeat::Safe,
            Failure::Final(_) => false,
        };
        if !again || tokio::time::Instant::now() + pause >= deadline {
            return Err(failure.into());
        }
        tracing::debug!(?failure, "the transaction is tried again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Of which business a transaction is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneBusiness(BusinessId);

/// A transaction of the deployment's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EveryBusiness;

/// A transaction. What it may run depends on whom it is about: a [`Scoped`] statement gets its business from here and
/// from nowhere else.
pub(crate) struct Tx<S> {
    connection: Connection,
    scope: S,
    /// Whether no other transaction moves appointments of this business.
    alone: bool,
}

enum Connection {
    Sqlite(Transaction<'static, Sqlite>, Arc<Faults>),
    Postgres(Transaction<'static, Postgres>),
}

impl Database {
    /// Reads of one business, all from one snapshot.
    pub(crate) async fn read(&self, business_id: BusinessId) -> Result<Tx<OneBusiness>, Failure> {
        let connection = self.begin_reading(&business_id.to_string()).await?;
        Ok(Tx::new(connection, OneBusiness(business_id)))
    }

    /// Reads and writes of one business.
    pub(crate) async fn write(&self, business_id: BusinessId) -> Result<Tx<OneBusiness>, Failure> {
        let connection = self.begin_writing(&business_id.to_string()).await?;
        Ok(Tx::new(connection, OneBusiness(business_id)))
    }

    /// Reads across businesses.
    pub(crate) async fn read_across(&self) -> Result<Tx<EveryBusiness>, Failure> {
        let connection = self.begin_reading("*").await?;
        Ok(Tx::new(connection, EveryBusiness))
    }

    /// Reads and writes across businesses.
    pub(crate) async fn write_across(&self) -> Result<Tx<EveryBusiness>, Failure> {
        let connection = self.begin_writing("*").await?;
        Ok(Tx::new(connection, EveryBusiness))
    }

    async fn begin_reading(&self, scope: &str) -> Result<Connection, Failure> {
        match self {
            Self::Sqlite {
                readers, faults, ..
            } => begun(readers.begin().await, faults),
            Self::Postgres(pool) => {
                begin_postgres(
                    pool,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    scope,
                )
                .await
            }
        }
    }

    /// In SQLite, the transaction holds the write lock from its first statement, so that what it reads stays true until
    /// it commits, and nothing after this can fail because of another writer.
    async fn begin_writing(&self, scope: &str) -> Result<Connection, Failure> {
        match self {
            Self::Sqlite { writer, faults, .. } => begun(writer.begin().await, faults),
            Self::Postgres(pool) => begin_postgres(pool, "BEGIN", scope).await,
        }
    }

    /// Sees to it that what was erased can no longer be read out of the files. PostgreSQL has its own vacuum for that.
    pub(crate) async fn overwrite_erased(&self) {
        let Self::Sqlite { writer, .. } = self else {
            return;
        };
        for _ in 0..LOG_ATTEMPTS {
            match writer.empty_log().await {
                Ok(true) => return,
                Ok(false) => tokio::time::sleep(LONGEST_PAUSE).await,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the write-ahead log could not be emptied");
                    return;
                }
            }
        }
        tracing::warn!(
            "what was erased stays in the write-ahead log until the next round: it was being read all the time"
        );
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn begun(
    transaction: Result<Transaction<'static, Sqlite>, sqlx::Error>,
    faults: &Arc<Faults>,
) -> Result<Connection, Failure> {
    match transaction {
        Ok(tx) => Ok(Connection::Sqlite(tx, Arc::clone(faults))),
        Err(error) => {
            faults.note(&error);
            Err(error.into())
        }
    }
}

/// Begins, and says in the same breath whom it is about: the policies of the rows read it.
async fn begin_postgres(pool: &PgPool, begin: &str, scope: &str) -> Result<Connection, Failure> {
    // A UUID or a star: nothing that could leave the quotes.
    let sql = format!("{begin}; SET LOCAL toran.business_id = '{scope}'");
    Ok(Connection::Postgres(
        pool.begin_with(AssertSqlSafe(sql)).await?,
    ))
}

impl<S> Tx<S> {
    const fn new(connection: Connection, scope: S) -> Self {
        // SQLite has one writer at a time.
        let alone = matches!(connection, Connection::Sqlite(..));
        Self {
            connection,
            scope,
            alone,
        }
    }

    async fn execute_statement(
        &mut self,
        statement: Statement,
        values: Vec<Value<'_>>,
    ) -> Result<u64, Failure> {
        Ok(match &mut self.connection {
            Connection::Sqlite(tx, faults) => {
                let query = sqlx::query(statement.sqlite);
                let query = values
                    .into_iter()
                    .fold(query, |q, value| value.bind_sqlite(q));
                let written = query.execute(&mut **tx).await;
                written
                    .inspect_err(|error| faults.note(error))?
                    .rows_affected()
            }
            Connection::Postgres(tx) => {
                let query = sqlx::query(statement.postgres);
                let query = values
                    .into_iter()
                    .fold(query, |q, value| value.bind_postgres(q));
                query.execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    async fn fetch_statement(
        &mut self,
        statement: Statement,
        values: Vec<Value<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        Ok(match &mut self.connection {
            Connection::Sqlite(tx, faults) => {
                let query = sqlx::query(statement.sqlite);
                let query = values
                    .into_iter()
                    .fold(query, |q, value| value.bind_sqlite(q));
                let rows = query.fetch_all(&mut **tx).await;
                let rows = rows.inspect_err(|error| faults.note(error))?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(tx) => {
                let query = sqlx::query(statement.postgres);
                let query = values
                    .into_iter()
                    .fold(query, |q, value| value.bind_postgres(q));
                let rows = query.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a text that no statement can be: one that plans, prepares or checks.
    #[cfg(feature = "proof")]
    pub(crate) async fn run_text(&mut self, sql: String) -> Result<Vec<Row>, Failure> {
        let text = sqlx::raw_sql(AssertSqlSafe(sql));
        Ok(match &mut self.connection {
            Connection::Sqlite(tx, _) => {
                let rows = text.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(tx) => {
                let rows = text.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    #[cfg(feature = "proof")]
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// Keeps what was written. Without it, nothing was.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        let committed = match self.connection {
            Connection::Sqlite(tx, faults) => {
                let committed = tx.commit().await;
                committed.inspect_err(|error| faults.note(error))
            }
            Connection::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|error| match Failure::from(error) {
            Failure::Transient(error) if !was_rolled_back(&error) => Failure::Uncertain(error),
            failure => failure,
        })
    }
}

impl Tx<OneBusiness> {
    pub(crate) const fn business_id(&self) -> BusinessId {
        self.scope.0
    }

    fn scoped<'a>(&self, values: Vec<Value<'a>>) -> Vec<Value<'a>> {
        let business_id = Value::from(self.scope.0);
        std::iter::once(business_id).chain(values).collect()
    }

    /// Runs a statement; `values` are its `$2`, `$3`… Returns how many rows it wrote.
    pub(crate) async fn execute(
        &mut self,
        statement: Scoped,
        values: Vec<Value<'_>>,
    ) -> Result<u64, Failure> {
        let values = self.scoped(values);
        self.execute_statement(statement.0, values).await
    }

    /// The rows of a question; `values` are its `$2`, `$3`…
    pub(crate) async fn fetch(
        &mut self,
        statement: Scoped,
        values: Vec<Value<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let values = self.scoped(values);
        self.fetch_statement(statement.0, values).await
    }

    /// The only row of a question, if there is one.
    pub(crate) async fn fetch_one(
        &mut self,
        statement: Scoped,
        values: Vec<Value<'_>>,
    ) -> Result<Option<Row>, Failure> {
        Ok(self.fetch(statement, values).await?.pop())
    }

    /// Whether no other transaction moves appointments of this business: see [`Tx::lock_business`].
    pub(crate) const fn is_alone(&self) -> bool {
        self.alone
    }

    /// Waits until no other transaction of this business holds this lock, and holds it to the end.
    pub(crate) async fn lock_business(&mut self) -> Result<(), Failure> {
        if let Connection::Postgres(tx) = &mut self.connection {
            // A statement of its own: one that reads besides would read what stood before the lock.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(self.scope.0.to_string())
                .execute(&mut **tx)
                .await?;
        }
        self.alone = true;
        Ok(())
    }
}

impl Tx<EveryBusiness> {
    /// From here on a few rows out of an ordered index are read in its order. PostgreSQL would rather gather and sort what it
    /// takes to be little, by the average: of one business there may be everything.
    pub(crate) async fn read_in_order(&mut self) -> Result<(), Failure> {
        if let Connection::Postgres(tx) = &mut self.connection {
            sqlx::query(
                // What is off is only made dear; and for what is dear, a compiler would be asked first.
                "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true), \
                 set_config('jit', 'off', true)",
            )
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    /// Runs a statement; `values` are its `$1`, `$2`… Returns how many rows it wrote.
    pub(crate) async fn execute(
        &mut self,
        statement: Across,
        values: Vec<Value<'_>>,
    ) -> Result<u64, Failure> {
        self.execute_statement(statement.0, values).await
    }

    /// The rows of a question; `values` are its `$1`, `$2`…
    pub(crate) async fn fetch(
        &mut self,
        statement: Across,
        values: Vec<Value<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        self.fetch_statement(statement.0, values).await
    }

    /// From here on about one business.
    pub(crate) async fn narrow(
        mut self,
        business_id: BusinessId,
    ) -> Result<Tx<OneBusiness>, Failure> {
        if let Connection::Postgres(tx) = &mut self.connection {
            sqlx::query("SELECT set_config('toran.business_id', $1, true)")
                .bind(business_id.to_string())
                .execute(&mut **tx)
                .await?;
        }
        Ok(Tx::new(self.connection, OneBusiness(business_id)))
    }
}

/// Whether the database itself refused an overlap.
fn is_overlap(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.constraint() == Some(OVERLAP) || error.message() == OVERLAP)
}

/// Whether the same transaction may succeed in a moment.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| is_transient_code(&code)) || is_busy(error.as_ref())
        }
        _ => false,
    }
}

/// Whether the database says of a commit that it did not happen. A server that goes down while it commits does not know.
fn was_rolled_back(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "40001" | "40P01" | "55P03")) || {
        let database = error.as_database_error();
        database.is_some_and(is_busy)
    }
}

/// Whether the database will never take what it was given: data exceptions and violated constraints in PostgreSQL;
/// `TOOBIG`, `CONSTRAINT`, `MISMATCH` and `RANGE` in SQLite.
fn is_refusal(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let code = error.code().unwrap_or_default();
    if let Some(code) = primary_code(error) {
        return matches!(code, 18 | 19 | 20 | 25);
    }
    code.starts_with("22") || code.starts_with("23")
}

/// The conditions of PostgreSQL after which a transaction is to be tried again: serialization failure, deadlock, a
/// lock that was not had in time, and a server that is going down or coming up.
fn is_transient_code(code: &str) -> bool {
    matches!(
        code,
        "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03" | "53300"
    ) || code.starts_with("08")
}

/// Whether another connection holds the lock of SQLite (`SQLITE_BUSY`, `SQLITE_LOCKED` and their extended codes).
pub(crate) fn is_busy(error: &dyn DatabaseError) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

/// SQLite's code of an error, without what extends it; `None` for what SQLite did not say.
pub(crate) fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error().and_then(primary_code)
}

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let said = error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let code: i32 = said.code()?.parse().ok()?;
    Some(code & 0xff)
}
