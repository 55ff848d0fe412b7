//! Copies of a SQLite database: how one is made under a gateway that writes, and what is in it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempPath;
use time::UtcDateTime;

use crate::{MigrationError, SchemaState, migrations};

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How many faults are told, of as many as there may be.
const FAULTS: &str = "PRAGMA integrity_check(10)";
const DANGLING: &str = "SELECT COUNT(*), MIN(\"table\") FROM pragma_foreign_key_check";
const TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)";
const NEWEST_CALL: &str = "SELECT MAX(started_at) FROM call_session";

/// What is counted: its name, its table, and how.
const COUNTED: [(&str, &str, &str); 6] = [
    ("businesses", "business", "SELECT COUNT(*) FROM business"),
    ("leads", "lead", "SELECT COUNT(*) FROM lead"),
    ("calls", "call_session", "SELECT COUNT(*) FROM call_session"),
    (
        "appointments",
        "appointment",
        "SELECT COUNT(*) FROM appointment",
    ),
    ("tasks", "task", "SELECT COUNT(*) FROM task"),
    ("events", "outbox", "SELECT COUNT(*) FROM outbox"),
];

/// Why there is no backup. Nothing stands under its name.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup overwrites nothing.
    #[error("{} is there already, and a backup overwrites nothing: choose another name", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no database at {}: check TORAN_DATABASE_URL", .0.display())]
    NoDatabase(PathBuf),
    /// The name cannot be said to SQLite.
    #[error("{} is not UTF-8, and SQLite wants names that are: choose another name", .0.display())]
    Name(PathBuf),
    /// SQLite could not copy it.
    #[error(
        "the database cannot be copied: check that it can be read, and that there is room for the copy"
    )]
    Copy(#[source] sqlx::Error),
    /// The disk refused.
    #[error("{} cannot be written: check that its folder is there, can be written and has room", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Why nothing can be said of a backup.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is no SQLite database: take another backup", .0.display())]
    NotSqlite(PathBuf),
    /// It is a database in parts.
    #[error("{} is damaged, and SQLite cannot read it: take another backup", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where SQLite gave up.
        #[source]
        source: sqlx::Error,
    },
}

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// How its schema stands to what this gateway knows; `None` if it is none of this product's (a problem says why).
    pub schema: Option<SchemaState>,
    /// How many there are of what.
    pub counts: Vec<(&'static str, i64)>,
    /// When the last call came in.
    pub newest_call: Option<UtcDateTime>,
    /// What is wrong with it; empty for one that can be restored.
    pub problems: Vec<String>,
}

/// Copies the database at `database` into the new file `copy`, as it stands at one moment, while others may write. Returns its
/// size in bytes.
///
/// The copy gets its name only when it is whole and on the disk. It is for its owner alone.
pub async fn back_up(database: &Path, copy: &Path) -> Result<u64, BackupError> {
    if !database.is_file() {
        return Err(BackupError::NoDatabase(database.to_path_buf()));
    }
    if copy.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(copy.to_path_buf()));
    }
    let unwritten = |source| BackupError::Write {
        path: copy.to_path_buf(),
        source,
    };
    let partial = beside(copy).map_err(unwritten)?;
    copy_into(database, &partial).await?;
    let written = File::open(&partial).and_then(|file| {
        file.sync_all()?;
        file.metadata()
    });
    let bytes = written.map_err(unwritten)?.len();
    keep(partial, copy).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(copy.to_path_buf()),
        _ => unwritten(source),
    })?;
    Ok(bytes)
}

/// `VACUUM INTO` reads in one transaction, which in a write-ahead log keeps no writer waiting. Its connection is not one of the
/// store's: it cannot write the database at all, and must not be kept from writing the copy (`query_only`).
async fn copy_into(database: &Path, copy: &Path) -> Result<(), BackupError> {
    // Absolute, since SQLite takes a name that begins with `file:` for an address.
    let copy = std::path::absolute(copy).unwrap_or_else(|_| copy.to_path_buf());
    let name = copy
        .to_str()
        .ok_or_else(|| BackupError::Name(copy.clone()))?;
    let reading = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&reading)
        .await
        .map_err(BackupError::Copy)?;
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(&mut connection)
        .await;
    let closed = connection.close().await;
    copied.map(drop).and(closed).map_err(BackupError::Copy)
}

/// Reads a backup and changes nothing, neither it nor anything beside it.
pub async fn inspect(backup: &Path) -> Result<Inspection, InspectError> {
    let mut begins = Vec::new();
    let read = File::open(backup).and_then(|file| file.take(16).read_to_end(&mut begins));
    read.map_err(|source| InspectError::Read {
        path: backup.to_path_buf(),
        source,
    })?;
    if begins != MAGIC {
        return Err(InspectError::NotSqlite(backup.to_path_buf()));
    }
    let mut problems = Vec::new();
    let log = with_suffix(backup, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        problems.push(format!(
            "{} lies beside it and holds its newest rows: it is a copy of a live file and no backup; make one by `gateway \
             backup`",
            log.display()
        ));
    }
    let reading = SqliteConnectOptions::new()
        .filename(backup)
        .read_only(true)
        .immutable(true);
    let inspected = async {
        let mut connection = SqliteConnection::connect_with(&reading).await?;
        let inspected = look_into(&mut connection, problems).await;
        connection.close().await?;
        inspected
    };
    inspected.await.map_err(|source| InspectError::Damaged {
        path: backup.to_path_buf(),
        source,
    })
}

async fn look_into(
    connection: &mut SqliteConnection,
    mut problems: Vec<String>,
) -> Result<Inspection, sqlx::Error> {
    let said: Vec<String> = sqlx::query_scalar(FAULTS)
        .fetch_all(&mut *connection)
        .await?;
    problems.extend(said.into_iter().filter(|fault| fault != "ok"));
    let (dangling, table): (i64, Option<String>) =
        sqlx::query_as(DANGLING).fetch_one(&mut *connection).await?;
    if let Some(table) = table {
        problems.push(format!(
            "{dangling} rows refer to rows that are not there, the first of them in {table}"
        ));
    }
    let schema = match migrations::sqlite_state(connection).await {
        Ok(SchemaState::Empty | SchemaState::Foreign) => {
            problems.push("it holds no schema of a gateway".to_owned());
            None
        }
        Ok(state) => {
            if let SchemaState::Newer { at, knows } = state {
                problems.push(format!(
                    "it is at schema {at}, which this gateway does not know (it knows {knows}): use the gateway that made \
                     it, or a newer one"
                ));
            }
            Some(state)
        }
        Err(MigrationError::Failed(source)) => return Err(sqlx::Error::from(source)),
        Err(strange) => {
            problems.push(strange.to_string());
            None
        }
    };
    let (mut counts, mut newest_call) = (Vec::new(), None);
    for (name, table, count) in COUNTED {
        let exists = sqlx::query_scalar(TABLE).bind(table);
        // A schema of long ago has fewer of them.
        if exists.fetch_one(&mut *connection).await? {
            let count = sqlx::query_scalar(count).fetch_one(&mut *connection);
            counts.push((name, count.await?));
        }
    }
    if counts.iter().any(|(name, _)| *name == "calls") {
        let newest: Option<i64> = sqlx::query_scalar(NEWEST_CALL)
            .fetch_one(connection)
            .await?;
        newest_call = newest.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok());
    }
    Ok(Inspection {
        schema,
        counts,
        newest_call,
        problems,
    })
}

/// A new file beside another, for its owner alone, which goes when it is dropped.
pub(crate) fn beside(file: &Path) -> io::Result<TempPath> {
    let mut name = file.file_name().map(OsString::from).unwrap_or_default();
    name.push(".partial-");
    let made = tempfile::Builder::new()
        .prefix(&name)
        .tempfile_in(folder_of(file))?;
    // SQLite's locks would go with this descriptor.
    Ok(made.into_temp_path())
}

/// Gives a whole file its name, which nobody has taken, and sees to it that the name outlives a loss of power.
pub(crate) fn keep(partial: TempPath, name: &Path) -> io::Result<()> {
    partial
        .persist_noclobber(name)
        .map_err(|refused| refused.error)?;
    sync_folder(name)
}

/// Sees to it that what was done to the names in a file's folder outlives a loss of power.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder_of(file))?.sync_all()?;
    }
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(crate) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
