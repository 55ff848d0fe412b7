//! Putting a backup into the place of a SQLite database.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use time::{UtcDateTime, macros::format_description};

use crate::backup::{beside, keep, sync_folder, with_suffix};

/// What a database may consist of, in the order in which it is moved: the file that was restored must never meet the log of
/// another.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is a database, and nobody said that it may go.
    #[error(
        "there is a database already ({}): `--replace` moves it aside, and keeps it",
        .0.display()
    )]
    Occupied(PathBuf),
    /// A process has it open.
    #[error("a gateway has {} open: stop it first (every one, and every command)", .0.display())]
    InUse(PathBuf),
    /// The backup is the database itself.
    #[error("{} is the database itself: name a backup of it", .0.display())]
    Itself(PathBuf),
    /// The disk refused.
    #[error("{} cannot be {done}: check that its folder is there, can be written and has room", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What was to be done to it.
        done: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Puts a copy of `backup` into the place of `database`. A database that is there goes aside if `replace` says when that is,
/// with its log; returns its new name. Blocks on the disk.
///
/// Whether the backup is good is for [`crate::inspect`] to say.
pub fn restore(
    backup: &Path,
    database: &Path,
    replace: Option<UtcDateTime>,
) -> Result<Option<PathBuf>, RestoreError> {
    let refused = |done| {
        move |source| RestoreError::Disk {
            path: database.to_path_buf(),
            done,
            source,
        }
    };
    if is_same(backup, database) {
        return Err(RestoreError::Itself(database.to_path_buf()));
    }
    let parts = PARTS.map(|part| with_suffix(database, part));
    let found = parts.iter().any(|part| part.symlink_metadata().is_ok());
    if found && replace.is_none() {
        return Err(RestoreError::Occupied(database.to_path_buf()));
    }
    // Held until the backup stands there: whoever opens the old file meanwhile is turned away.
    let _held = hold(database)?;
    let copy = beside(database).map_err(refused("written"))?;
    fs::copy(backup, &copy)
        .and_then(|_| private(&copy))
        .map_err(refused("written"))?;
    let aside = match replace {
        Some(now) if found => Some(move_aside(database, now).map_err(refused("moved aside"))?),
        _ => None,
    };
    keep(copy, database).map_err(refused("put into its place"))?;
    Ok(aside)
}

/// A copy has the mode of what it was copied from.
fn private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    OpenOptions::new().write(true).open(file)?.sync_all()
}

fn move_aside(database: &Path, now: UtcDateTime) -> io::Result<PathBuf> {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = now.format(form).map_err(io::Error::other)?;
    let aside = with_suffix(database, &format!(".before-restore-{at}"));
    if PARTS.iter().any(|part| with_suffix(&aside, part).exists()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    for part in PARTS {
        match fs::rename(with_suffix(database, part), with_suffix(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    sync_folder(database)?;
    Ok(aside)
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Takes the whole file's lock, of which every connection to a database with a write-ahead log holds a part. This asks nothing
/// of what is in the file, which may be damaged.
#[cfg(unix)]
fn hold(database: &Path) -> Result<Option<File>, RestoreError> {
    use rustix::{
        fs::{FlockOperation, fcntl_lock},
        io::Errno,
    };
    let disk = |source| RestoreError::Disk {
        path: database.to_path_buf(),
        done: "opened",
        source,
    };
    let file = match OpenOptions::new().read(true).write(true).open(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(disk)?,
    };
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(RestoreError::InUse(database.to_path_buf())),
        Err(error) => Err(disk(error.into())),
    }
}

/// Elsewhere a file that is open cannot be moved.
#[cfg(not(unix))]
fn hold(_database: &Path) -> Result<Option<File>, RestoreError> {
    Ok(None)
}
