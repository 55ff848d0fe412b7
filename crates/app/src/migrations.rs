//! The operator's command on the database's schema.

use std::io::{self, Write};

use toran_store_sql::{MigrationError, OpenError, SqlStore};

use crate::Config;

/// Why the schema could not be shown or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be opened.
    #[error("cannot open the database of TORAN_DATABASE_URL")]
    Open(#[from] OpenError),
    /// It cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migration(#[from] MigrationError),
    /// The terminal failed.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// Brings the schema up to date (unless only its state is asked for) and shows every migration. `true` if none is pending
/// afterwards.
pub async fn migrate(
    config: &Config,
    only_show: bool,
    out: &mut dyn Write,
) -> Result<bool, MigrateError> {
    let store = SqlStore::open(&config.database_url).await?;
    let applied_now = if only_show {
        Vec::new()
    } else {
        store.migrate().await?
    };
    let mut is_current = true;
    for migration in store.migration_status().await? {
        is_current &= migration.applied;
        let state = match (
            migration.applied,
            applied_now
                .iter()
                .any(|now| now.version == migration.version),
        ) {
            (true, true) => "applied now",
            (true, false) => "applied",
            (false, _) => "pending",
        };
        writeln!(
            out,
            "{:>4}  {:<12} {}",
            migration.version, state, migration.description
        )?;
    }
    store.close().await;
    Ok(is_current)
}
