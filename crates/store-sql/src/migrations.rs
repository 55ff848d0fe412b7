//! The schema and its versions: what the database has, what this gateway knows, and whether the two go together.

mod run;

use sqlx::{
    migrate::{Migrate, MigrateError, Migration, Migrator},
    pool::PoolConnection,
};

use crate::{SqlStore, database::Database};

pub(crate) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

const SQLITE_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)";
const POSTGRES_TABLE: &str = "SELECT to_regclass($1) IS NOT NULL";
/// Whether there is any table, whoever made it.
const SQLITE_TABLES: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table')";
const POSTGRES_TABLES: &str = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class AS c \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') \
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema')";
/// Where a migration says which is the oldest gateway that works with it.
const FLOOR_TABLE: &str = "schema_floor";
const FLOOR: &str = "SELECT version FROM schema_floor WHERE id = 1";

/// Why the schema could not be read or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Migrations that this gateway needs were not applied.
    #[error("{}, this gateway needs version {known}: run `gateway migrate`", at(*.database))]
    Behind {
        /// The newest version that the database has, if it has any.
        database: Option<i64>,
        /// The newest version that this gateway knows.
        known: i64,
    },
    /// The database was migrated by a newer gateway, and no longer has what this one uses.
    #[error(
        "this gateway is older than the database: the schema is at version {database}, which takes a gateway that knows \
         version {floor}, and this one knows up to {known}: run a newer gateway"
    )]
    TooNew {
        /// The newest version that the database has.
        database: i64,
        /// The newest version that a gateway must know to work with it.
        floor: i64,
        /// The newest version that this gateway knows.
        known: i64,
    },
    /// A migration that was applied is not the one that this gateway would apply.
    #[error(
        "migration {version} was changed after it was applied: restore its file, or start from a new database"
    )]
    Changed {
        /// Which one.
        version: i64,
    },
    /// Somebody else migrates this database, and takes long.
    #[error("another gateway is migrating the database: try again when it is done")]
    Busy,
    /// A migration waited in vain for a lock.
    #[error(
        "migration {version} did not get its lock: end what holds the tables for long (a backup, a report, a session that \
         idles in a transaction), and run `gateway migrate` again; what came before it is applied, nothing of it is"
    )]
    Locked {
        /// Which one.
        version: i64,
        /// What the database said last.
        #[source]
        source: MigrateError,
    },
    /// The database refused.
    #[error(
        "the schema could not be read or brought up to date; migrations that it lists are whole, no other is: check the database"
    )]
    Failed(#[source] MigrateError),
}

fn at(database: Option<i64>) -> String {
    database.map_or_else(
        || "the database has no schema yet".to_owned(),
        |version| format!("the database is at schema version {version}"),
    )
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

/// How the schema of a database stands to what this gateway knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The newest version that the database has, if it has any.
    pub database: Option<i64>,
    /// The newest version that this gateway knows.
    pub known: i64,
    /// The migrations that this gateway knows, and which of them the database has.
    pub migrations: Vec<MigrationState>,
}

impl Schema {
    /// Whether the database has migrations that this gateway does not know, and works with it all the same.
    pub fn is_newer(&self) -> bool {
        self.database.is_some_and(|version| version > self.known)
    }

    fn is_complete(&self) -> bool {
        self.migrations.iter().all(|migration| migration.applied)
    }
}

/// How a schema stands to what this gateway knows, where the two may go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Nobody has made a table yet.
    Empty,
    /// There are tables, and none of them is of this product.
    Foreign,
    /// Every migration that this gateway knows was applied, and no other.
    Current {
        /// The newest of them.
        at: i64,
    },
    /// Migrations wait to be applied.
    Older {
        /// The newest that was.
        at: i64,
        /// The newest that is known here.
        needs: i64,
    },
    /// A newer gateway has applied further ones, with which this one goes on working.
    Newer {
        /// The newest of them.
        at: i64,
        /// The newest that is known here.
        knows: i64,
    },
}

impl SqlStore {
    /// How the schema stands to what this gateway knows. Changes nothing.
    pub async fn schema_state(&self) -> Result<SchemaState, MigrationError> {
        match &self.database {
            Database::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(failed)?;
                connection.state().await
            }
            Database::Postgres(pool) => {
                let mut connection: PoolConnection<_> = pool.acquire().await.map_err(failed)?;
                connection.state().await
            }
        }
    }

    /// The migrations that this gateway knows, and which of them the database has. Changes nothing.
    pub async fn migration_status(&self) -> Result<Vec<MigrationState>, MigrationError> {
        Ok(self.schema().await?.migrations)
    }

    /// Whether this gateway can work with the schema as it is. Changes nothing.
    pub async fn check_schema(&self) -> Result<Schema, MigrationError> {
        let schema = self.schema().await?;
        if schema.is_complete() {
            return Ok(schema);
        }
        Err(MigrationError::Behind {
            database: schema.database,
            known: schema.known,
        })
    }

    async fn schema(&self) -> Result<Schema, MigrationError> {
        match &self.database {
            Database::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(failed)?;
                connection.schema().await
            }
            Database::Postgres(pool) => {
                let mut connection: PoolConnection<_> = pool.acquire().await.map_err(failed)?;
                connection.schema().await
            }
        }
    }
}

/// A connection to either database, as far as migrations are concerned.
trait Versioned: Migrate + Send {
    fn known() -> &'static Migrator;

    async fn has_table(&mut self, name: &str) -> Result<bool, sqlx::Error>;

    async fn has_tables(&mut self) -> Result<bool, sqlx::Error>;

    async fn floor(&mut self) -> Result<i64, sqlx::Error>;

    async fn state(&mut self) -> Result<SchemaState, MigrationError> {
        let schema = self.schema().await?;
        let needs = schema.known;
        Ok(match schema.database {
            None if self.has_tables().await.map_err(failed)? => SchemaState::Foreign,
            None => SchemaState::Empty,
            Some(at) if !schema.is_complete() => SchemaState::Older { at, needs },
            Some(at) if schema.is_newer() => SchemaState::Newer { at, knows: needs },
            Some(at) => SchemaState::Current { at },
        })
    }

    /// What the database has. Refuses what does not go together.
    async fn schema(&mut self) -> Result<Schema, MigrationError> {
        let known = Self::known();
        let table = known.table_name.as_ref();
        let applied = if self.has_table(table).await.map_err(failed)? {
            let listed = self.list_applied_migrations(table).await;
            listed.map_err(MigrationError::Failed)?
        } else {
            Vec::new()
        };
        let found = |version| applied.iter().find(|applied| applied.version == version);
        let state = |migration: &Migration| MigrationState {
            version: migration.version,
            description: migration.description.to_string(),
            applied: found(migration.version).is_some(),
        };
        let schema = Schema {
            database: applied.iter().map(|applied| applied.version).max(),
            known: known.iter().map(|it| it.version).max().unwrap_or_default(),
            migrations: known.iter().map(state).collect(),
        };
        if let Some(unknown) = applied.iter().find(|it| !known.version_exists(it.version)) {
            self.accept_newer(&schema, unknown.version).await?;
        }
        let is_changed = |migration: &&Migration| {
            found(migration.version).is_some_and(|applied| applied.checksum != migration.checksum)
        };
        if let Some(changed) = known.iter().find(is_changed) {
            let version = changed.version;
            return Err(MigrationError::Changed { version });
        }
        Ok(schema)
    }

    /// Whether a gateway works with a schema that has a migration which it does not know: what has no floor is not known to.
    async fn accept_newer(&mut self, schema: &Schema, unknown: i64) -> Result<(), MigrationError> {
        let has_floor = self.has_table(FLOOR_TABLE).await.map_err(failed)?;
        let floor = if has_floor {
            self.floor().await.map_err(failed)?
        } else {
            unknown
        };
        if floor <= schema.known && schema.is_complete() {
            return Ok(());
        }
        Err(MigrationError::TooNew {
            database: schema.database.unwrap_or(unknown),
            floor: floor.max(schema.known + 1),
            known: schema.known,
        })
    }
}

impl Versioned for sqlx::SqliteConnection {
    fn known() -> &'static Migrator {
        &SQLITE
    }

    async fn has_table(&mut self, name: &str) -> Result<bool, sqlx::Error> {
        let asked = sqlx::query_scalar(SQLITE_TABLE).bind(name.to_owned());
        asked.fetch_one(self).await
    }

    async fn has_tables(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(SQLITE_TABLES).fetch_one(self).await
    }

    async fn floor(&mut self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(FLOOR).fetch_one(self).await
    }
}

impl Versioned for sqlx::PgConnection {
    fn known() -> &'static Migrator {
        &POSTGRES
    }

    async fn has_table(&mut self, name: &str) -> Result<bool, sqlx::Error> {
        let asked = sqlx::query_scalar(POSTGRES_TABLE).bind(name.to_owned());
        asked.fetch_one(self).await
    }

    async fn has_tables(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(POSTGRES_TABLES).fetch_one(self).await
    }

    async fn floor(&mut self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(FLOOR).fetch_one(self).await
    }
}

/// [`SqlStore::schema_state`] of one connection to a SQLite file.
pub(crate) async fn sqlite_state(
    connection: &mut sqlx::SqliteConnection,
) -> Result<SchemaState, MigrationError> {
    connection.state().await
}

fn failed(error: sqlx::Error) -> MigrationError {
    MigrationError::Failed(MigrateError::Execute(error))
}
