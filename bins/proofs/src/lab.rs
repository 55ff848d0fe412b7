//! Databases to experiment on, gone afterwards.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use tokio::time::{Duration, Instant, sleep};
use toran_store_sql::SqlStore;
use toran_test_postgres::{TestDatabase, TestDatabaseError};

/// How long the server may take to notice that a client is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// On which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Which databases a command is about.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Stores {
    /// Only on this database; on both, one after the other, without it.
    #[arg(long)]
    store: Option<Kind>,
}

impl Stores {
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        match self.store {
            Some(kind) => vec![kind],
            None => vec![Kind::Postgres, Kind::Sqlite],
        }
    }
}

/// There is no PostgreSQL to prove anything on.
#[derive(Debug)]
pub(crate) struct NoPostgres(TestDatabaseError);

impl std::fmt::Display for NoPostgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "nothing is proven for PostgreSQL (--store sqlite does without): {}",
            self.0
        )
    }
}

impl std::error::Error for NoPostgres {}

/// A database with the schema up to date.
#[derive(Debug)]
pub(crate) struct Lab {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Postgres(TestDatabase),
    Sqlite(Folder),
}

impl Lab {
    pub(crate) async fn new(kind: Kind) -> anyhow::Result<Self> {
        let place = match kind {
            Kind::Postgres => {
                Place::Postgres(TestDatabase::try_create().await.map_err(NoPostgres)?)
            }
            Kind::Sqlite => Place::Sqlite(Folder::new()?),
        };
        let lab = Self { place };
        let store = lab.store().await?;
        store.migrate().await?;
        store.close().await;
        Ok(lab)
    }

    /// Its address, for other processes.
    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Postgres(database) => database.url(),
            Place::Sqlite(folder) => format!("sqlite://{}", folder.0.join("toran.db").display()),
        }
    }

    /// A store with connections of its own.
    pub(crate) async fn store(&self) -> anyhow::Result<SqlStore> {
        open(&self.url()).await
    }

    /// How often the server had to end a deadlock, once every other process is gone; `None` for SQLite, which has
    /// none.
    pub(crate) async fn deadlocks(&self) -> anyhow::Result<Option<i64>> {
        Ok(match &self.place {
            Place::Postgres(database) => Some(database.deadlocks().await?),
            Place::Sqlite(_) => None,
        })
    }

    /// How many connections to the server there are; `None` for SQLite.
    pub(crate) async fn connections(&self) -> anyhow::Result<Option<i64>> {
        Ok(match &self.place {
            Place::Postgres(database) => Some(database.connections().await?),
            Place::Sqlite(_) => None,
        })
    }

    /// Waits until the server has let go of every client that is gone.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.connections().await?.is_some_and(|some| some > 0) {
            anyhow::ensure!(
                Instant::now() < deadline,
                "the server keeps dead connections"
            );
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// A store with connections of its own.
pub(crate) async fn open(url: &str) -> anyhow::Result<SqlStore> {
    let store = SqlStore::open(url).await;
    store.context("the database of the proof cannot be opened")
}

/// A temporary folder, removed when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let name = format!("toran-proofs-{}", uuid::Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        let made = std::fs::create_dir(&path);
        made.with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
