//! Who may change the schema of the deployment's database.
//!
//! To migrate may lock tables under live calls, and is decided by whoever deploys: so only `serve` and `migrate` do it. Every
//! other command works on the schema that it needs, or says what to do.

use toran_store_sql::{MigrationError, SchemaState, SqlStore};
use tracing::{info, warn};

use crate::{Config, StartError};

/// Why a command does not work on the database as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The database is another's, or nobody's yet.
    #[error(
        "there is no schema yet among the tables of this database: run `gateway migrate` (or start `gateway serve`) if it \
         is the right one"
    )]
    Missing,
    /// Migrations wait.
    #[error("the database is at schema {at}, this gateway needs {needs}: run `gateway migrate`")]
    Older {
        /// The schema that is there.
        at: i64,
        /// The schema of this gateway.
        needs: i64,
    },
    /// A newer gateway has migrated it.
    #[error(
        "the database is at schema {at}, which this gateway does not know (it knows {knows}): use the gateway that migrated \
         it, or a newer one"
    )]
    Newer {
        /// The schema that is there.
        at: i64,
        /// The schema of this gateway.
        knows: i64,
    },
}

/// Opens the configured database for a command. Where nobody has made a table yet, the command makes the schema: there is
/// nothing that this could disturb. It changes no schema that is there.
pub async fn open_store(config: &Config) -> Result<SqlStore, StartError> {
    let store = SqlStore::open(&config.database_url).await?;
    let refusal = match store.schema_state().await? {
        SchemaState::Current { .. } => return Ok(store),
        SchemaState::Empty => {
            migrate(&store).await?;
            return Ok(store);
        }
        SchemaState::Foreign => SchemaError::Missing,
        SchemaState::Older { at, needs } => SchemaError::Older { at, needs },
        SchemaState::Newer { at, knows } => SchemaError::Newer { at, knows },
    };
    store.close().await;
    Err(refusal.into())
}

/// Opens the configured database for a gateway that serves, and brings its schema up to date.
///
/// A newer gateway may have expanded it already, while the older ones are replaced one by one: they go on.
pub(crate) async fn open_and_migrate(config: &Config) -> Result<SqlStore, StartError> {
    let store = SqlStore::open(&config.database_url).await?;
    migrate(&store).await?;
    if let SchemaState::Newer { at, knows } = store.schema_state().await? {
        warn!(
            at,
            knows,
            "the database is at a newer schema than this gateway knows: it serves all the same, until the gateways that know \
             it have taken its place"
        );
    }
    Ok(store)
}

async fn migrate(store: &SqlStore) -> Result<(), MigrationError> {
    for migration in store.migrate().await? {
        info!(
            version = migration.version,
            description = migration.description,
            "migration applied"
        );
    }
    Ok(())
}
