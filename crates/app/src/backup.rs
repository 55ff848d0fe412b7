//! The operator's commands that copy the deployment's database, look into a copy, and put one back.

use std::{
    io::{self, Write},
    path::Path,
};

use time::{UtcDateTime, macros::format_description};
use toran_bridge::{Clock as _, SystemClock};
use toran_store_sql::{
    InspectError, Inspection, OpenError, RestoreError, SchemaState, SqlStore, inspect,
};
use url::Url;

use crate::Config;

/// What PostgreSQL's tools need beside the address: its row-level security binds the tables' owner, too, and shows every
/// business's rows only to whoever says that this is meant.
const EVERY_BUSINESS: &str = "PGOPTIONS='-c toran.business_id=*'";

const PASSWORD: &str = "(PGPASSWORD or ~/.pgpass gives the password)";

/// Why a copy was not made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has tools of its own.
    #[error("PostgreSQL is backed up and restored by its own tools: {0}")]
    Postgres(String),
    /// The address is none.
    #[error("the database of TORAN_DATABASE_URL cannot be found")]
    Address(#[from] OpenError),
    /// The copy was not made.
    #[error(transparent)]
    Copy(#[from] toran_store_sql::BackupError),
    /// It cannot be looked into.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// It was not put back.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The terminal failed.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// Copies the deployment's database into a new file, whatever its schema and while a gateway may write.
pub async fn back_up(config: &Config, file: &Path, out: &mut dyn Write) -> Result<(), BackupError> {
    let Some(database) = SqlStore::file(&config.database_url)? else {
        return Err(pg_dump(file, config));
    };
    let bytes = toran_store_sql::back_up(&database, file).await?;
    writeln!(out, "{}: {bytes} bytes", file.display())?;
    writeln!(out, "check it: gateway restore {} --verify", quoted(file))?;
    Ok(())
}

/// Tells what is in a backup; `true` if it can be restored.
pub async fn verify(
    config: &Config,
    file: &Path,
    out: &mut dyn Write,
) -> Result<bool, BackupError> {
    if SqlStore::file(&config.database_url)?.is_none() {
        return Err(pg_restore(file, config));
    }
    let found = inspect(file).await?;
    tell(&found, out)?;
    Ok(found.problems.is_empty())
}

/// Puts a backup into the place of the deployment's database, which goes aside if `replace` says so. `false`: the backup is
/// not good, and nothing was done.
pub async fn restore(
    config: &Config,
    file: &Path,
    replace: bool,
    out: &mut dyn Write,
) -> Result<bool, BackupError> {
    let Some(database) = SqlStore::file(&config.database_url)? else {
        return Err(pg_restore(file, config));
    };
    let found = inspect(file).await?;
    tell(&found, out)?;
    if !found.problems.is_empty() {
        return Ok(false);
    }
    let now = replace.then(|| SystemClock.now());
    let aside = toran_store_sql::restore(file, &database, now)?;
    if let Some(aside) = aside {
        writeln!(out, "what was there is now {}", aside.display())?;
    }
    writeln!(out, "restored: {}", database.display())?;
    if let Some(SchemaState::Older { .. }) = found.schema {
        writeln!(
            out,
            "its schema is an older one: `gateway migrate` (or `gateway serve`) brings it up to date"
        )?;
    }
    Ok(true)
}

fn tell(found: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    match found.schema {
        Some(SchemaState::Current { at } | SchemaState::Newer { at, .. }) => {
            writeln!(out, "{:<13} {at}", "schema")?;
        }
        Some(SchemaState::Older { at, needs }) => {
            writeln!(out, "{:<13} {at} (this gateway's is {needs})", "schema")?;
        }
        Some(SchemaState::Empty | SchemaState::Foreign) | None => {}
    }
    for (name, count) in &found.counts {
        writeln!(out, "{name:<13} {count}")?;
    }
    let newest = found.newest_call.map_or("none".to_owned(), shown);
    writeln!(out, "{:<13} {newest}", "newest call")?;
    for problem in &found.problems {
        writeln!(out, "NOT GOOD: {problem}")?;
    }
    if found.problems.is_empty() {
        writeln!(out, "OK")?;
    }
    Ok(())
}

fn shown(at: UtcDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.format(form).unwrap_or_default()
}

/// The command that an operator runs instead.
fn pg_dump(file: &Path, config: &Config) -> BackupError {
    BackupError::Postgres(format!(
        "run {EVERY_BUSINESS} pg_dump --format=custom --enable-row-security --file={} '{}' {PASSWORD}",
        quoted(file),
        without_password(&config.database_url)
    ))
}

fn pg_restore(file: &Path, config: &Config) -> BackupError {
    BackupError::Postgres(format!(
        "stop every gateway, and run pg_restore --clean --if-exists --single-transaction --dbname='{}' {} {PASSWORD}",
        without_password(&config.database_url),
        quoted(file)
    ))
}

/// What is shown on a terminal, and gets into a shell's history.
fn without_password(address: &str) -> String {
    let shown = address.parse::<Url>().ok().and_then(|mut url| {
        url.set_password(None).ok()?;
        if url.query_pairs().any(|(name, _)| name == "password") {
            url.set_query(None);
        }
        Some(url.to_string())
    });
    shown.unwrap_or_else(|| "postgres://user@host/database".to_owned())
}

/// For a shell.
fn quoted(file: &Path) -> String {
    let name = file.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if name.chars().all(plain) {
        return name;
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_quoted(file: &str, expected: &str) {
        assert_eq!(quoted(Path::new(file)), expected);
    }

    #[test]
    fn what_is_to_be_typed_is_quoted() {
        check_quoted("/var/backups/toran-1.db", "/var/backups/toran-1.db");
        check_quoted("my copy", "'my copy'");
        check_quoted("dana's", r"'dana'\''s'");
    }

    #[track_caller]
    fn check_hidden(address: &str, expected: &str) {
        assert_eq!(without_password(address), expected);
    }

    #[test]
    fn a_password_is_not_shown() {
        check_hidden(
            "postgres://toran:hunter2@db.example.com/toran?sslmode=verify-full",
            "postgres://toran@db.example.com/toran?sslmode=verify-full",
        );
        check_hidden(
            "postgres://toran@db.example.com/toran?password=hunter2",
            "postgres://toran@db.example.com/toran",
        );
        check_hidden("postgres:hunter2", "postgres://user@host/database");
    }
}
