//! Opening a SQLite database.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    Connection as _, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::Instant;
use toran_domain::patience;

use crate::{
    OpenError,
    database::{Database, is_busy, sqlite_code},
};

/// How long one statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = patience::LOCK;
/// How long `BEGIN IMMEDIATE` waits before it is said again. Left to itself, SQLite looks for another process's lock less
/// and less often, at last ten times a second: who has waited long comes after those who have just begun to, and starves.
const TURN: &str = "PRAGMA busy_timeout = 5";
/// How long it is said again.
const TURN_TIMEOUT: Duration = patience::STATEMENT;
/// How often opening is tried while another process sets up the same new file.
const CONNECT_ATTEMPTS: u32 = 20;
const CONNECT_PAUSE: Duration = Duration::from_millis(25);
/// How long a question waits for a connection: all writers share one.
const ACQUIRE_TIMEOUT: Duration = patience::STATEMENT;
const MAX_READERS: u32 = 4;

pub(crate) async fn open(url: &str) -> Result<Database, OpenError> {
    let address = url.strip_prefix("sqlite:").ok_or(OpenError::BadUrl(None))?;
    if address.trim_start_matches('/').is_empty() {
        return Err(OpenError::BadUrl(None));
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|source| OpenError::BadUrl(Some(source)))?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full);
    // Every in-memory connection that closes may take the data with it: one, kept for ever.
    if is_in_memory(url) {
        let connected = pool(1).connect_with(options).await;
        let writer = connected.map_err(OpenError::CannotOpen)?;
        let readers = writer.clone();
        return Ok(Database::Sqlite {
            writer: Writer::new(writer),
            readers,
            faults: Arc::default(),
        });
    }
    let faults = Arc::<Faults>::default();
    make_private(options.get_filename());
    // What is erased is overwritten, not only let go.
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("secure_delete", "on");
    let writer = connect_writer(writing, &faults)
        .await
        .map_err(OpenError::CannotOpen)?;
    let reading = options.create_if_missing(false).pragma("query_only", "on");
    let connected = sound(pool(MAX_READERS), &faults)
        .connect_with(reading)
        .await;
    let readers = connected.map_err(OpenError::CannotOpen)?;
    Ok(Database::Sqlite {
        writer: Writer::new(writer),
        readers,
        faults,
    })
}

/// The file that an address names, as SQLite will open it.
pub(crate) fn file(url: &str) -> Result<PathBuf, OpenError> {
    let options = SqliteConnectOptions::from_str(url);
    let options = options.map_err(|source| OpenError::BadUrl(Some(source)))?;
    Ok(options.get_filename().to_path_buf())
}

/// Whether an address names a database that has no file.
pub(crate) fn is_in_memory(url: &str) -> bool {
    let address = url.strip_prefix("sqlite:").unwrap_or_default();
    address.contains(":memory:") || address.contains("mode=memory")
}

/// When the disk, or what is under it, last failed a connection.
///
/// After such a failure SQLite may have ended the transaction by itself, which the connection does not know, and the file
/// that it holds open may be one that nobody can write any more. So what was open then is not used again.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Instant>>);

impl Faults {
    /// Takes note of a failure that leaves a connection in doubt; of any other not.
    pub(crate) fn note(&self, error: &sqlx::Error) {
        let is_doubtful = match error {
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
            error => sqlite_code(error).is_some_and(leaves_in_doubt),
        };
        if is_doubtful {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    fn spoiled(&self, age: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() <= age)
    }
}

/// `NOMEM`, `READONLY`, `IOERR`, `CORRUPT`, `FULL`, `CANTOPEN`, `PROTOCOL`, `NOTADB`.
const fn leaves_in_doubt(code: i32) -> bool {
    matches!(code, 7 | 8 | 10 | 11 | 13 | 14 | 15 | 26)
}

/// Throws a connection away, instead of using it again, that was open when the disk failed, or that takes itself to be in a
/// transaction although nobody holds one.
fn sound(pool: SqlitePoolOptions, faults: &Arc<Faults>) -> SqlitePoolOptions {
    let faults = Arc::clone(faults);
    pool.before_acquire(move |connection, metadata| {
        let is_sound = !faults.spoiled(metadata.age) && !connection.is_in_transaction();
        if !is_sound {
            tracing::warn!("a database connection is replaced, since the disk failed it");
        }
        Box::pin(async move { Ok(is_sound) })
    })
}

/// Makes the file, if there is none, for its owner alone: SQLite would let everybody on the machine read it. If it cannot be
/// made, SQLite says why.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// The one connection that writes.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pool: SqlitePool,
    /// Whose turn it is to begin: within this process, who came first.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Writer {
    fn new(pool: SqlitePool) -> Self {
        Self {
            pool,
            turn: Arc::default(),
        }
    }

    /// A transaction that holds the write lock from its first statement.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let deadline = Instant::now() + TURN_TIMEOUT;
        let _turn = self.turn.lock().await;
        loop {
            match self.pool.begin_with("BEGIN IMMEDIATE").await {
                Err(sqlx::Error::Database(error))
                    if is_busy(error.as_ref()) && Instant::now() < deadline => {}
                result => return result,
            }
        }
    }

    /// Brings the write-ahead log into the database and empties it: until then it still holds what was erased. `false` if
    /// somebody was still reading it.
    pub(crate) async fn empty_log(&self) -> Result<bool, sqlx::Error> {
        let _turn = self.turn.lock().await;
        let busy: (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.pool)
            .await?;
        Ok(busy.0 == 0)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
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
async fn connect_writer(
    options: SqliteConnectOptions,
    faults: &Arc<Faults>,
) -> Result<SqlitePool, sqlx::Error> {
    let mut attempt = 1;
    loop {
        let pool = sound(pool(1), faults).after_connect(|connection, _| {
            Box::pin(async move { sqlx::query(TURN).execute(connection).await.map(|_| ()) })
        });
        match pool.connect_with(options.clone()).await {
            Err(sqlx::Error::Database(error))
                if attempt < CONNECT_ATTEMPTS && is_busy(error.as_ref()) =>
            {
                tokio::time::sleep(CONNECT_PAUSE).await;
                attempt += 1;
            }
            result => return result,
        }
    }
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
        let database = open(&format!("sqlite://{}", path.display())).await.unwrap();
        let Database::Sqlite {
            writer, readers, ..
        } = &database
        else {
            panic!("a SQLite database")
        };
        let (full, on) = (2, 1);
        assert_eq!(pragmas(&writer.pool).await, ("wal".to_owned(), full, on, 0));
        assert_eq!(pragmas(readers).await, ("wal".to_owned(), full, on, on));
        let written = sqlx::query("CREATE TABLE t (x)").execute(readers).await;
        assert!(written.is_err());
        // The last connection to close takes the log's files with it.
        database.close().await;
        std::fs::remove_file(path).unwrap();
    }

    async fn write(database: &Database, bytes: u32) -> Result<(), sqlx::Error> {
        let Database::Sqlite { writer, faults, .. } = database else {
            panic!("a SQLite database")
        };
        let mut tx = writer.begin().await?;
        let insert = sqlx::query("INSERT INTO t VALUES (zeroblob($1))").bind(bytes);
        let written = insert.execute(&mut *tx).await;
        written.inspect_err(|error| faults.note(error))?;
        tx.commit().await
    }

    #[tokio::test]
    async fn a_write_that_finds_the_disk_full_does_not_poison_the_next() {
        let path = std::env::temp_dir().join(format!("toran-full-{}.db", std::process::id()));
        let database = open(&format!("sqlite://{}", path.display())).await.unwrap();
        let Database::Sqlite { writer, .. } = &database else {
            panic!("a SQLite database")
        };
        for sql in ["CREATE TABLE t (x BLOB)", "PRAGMA max_page_count = 4"] {
            sqlx::query(sql).execute(&writer.pool).await.unwrap();
        }
        let full = write(&database, 100_000).await.unwrap_err();
        assert_eq!(sqlite_code(&full), Some(13), "{full}");
        // The bound on the pages went with the connection.
        write(&database, 100_000).await.unwrap();
        database.close().await;
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn who_stops_waiting_for_the_lock_leaves_nothing_behind() {
        let path = std::env::temp_dir().join(format!("toran-turn-{}.db", std::process::id()));
        let url = format!("sqlite://{}", path.display());
        let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
        let (Database::Sqlite { writer, .. }, Database::Sqlite { writer: holder, .. }) =
            (&one, &other)
        else {
            panic!("SQLite databases")
        };
        sqlx::query("CREATE TABLE t (x BLOB)")
            .execute(&writer.pool)
            .await
            .unwrap();
        for patience in [0, 1, 4, 7, 30] {
            let held = holder.begin().await.unwrap();
            let patience = Duration::from_millis(patience);
            assert!(
                tokio::time::timeout(patience, writer.begin())
                    .await
                    .is_err()
            );
            drop(held);
            write(&one, 10).await.unwrap();
        }
        one.close().await;
        other.close().await;
        std::fs::remove_file(path).unwrap();
    }
}
