//! A PostgreSQL for tests and proofs: found or started, with a database of its own for each test.
//!
//! The server is the one at `TORAN_TEST_POSTGRES_URL`, else one on the usual socket or on 127.0.0.1:5432, else a
//! throw-away cluster that `initdb` makes. If none can be had, [`TestDatabase::create`] says so aloud and gives `None`:
//! the test is skipped, unless `TORAN_TEST_REQUIRE_POSTGRES` is set, and then it fails.
//!
//! Each database belongs to a role of its own that is no superuser, so that row-level security binds it as it binds a
//! gateway. Both are gone when the value is dropped.
//!
//! It is *not* part of the product: only tests, benchmarks and proofs depend on it.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use toran_test_postgres::TestDatabase;
//!
//! if let Some(database) = TestDatabase::create().await {
//!     assert!(database.url().starts_with("postgres://toran_test_"));
//! }
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![expect(clippy::print_stderr, reason = "a skipped test must be seen")]

mod cluster;
mod wire;

pub use wire::Wire;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;
use uuid::Uuid;

/// The variable that names a server: an address of a superuser, or of a role that may make roles and databases.
pub const SERVER: &str = "TORAN_TEST_POSTGRES_URL";
/// The variable that makes a missing server a failure instead of a skip.
pub const REQUIRED: &str = "TORAN_TEST_REQUIRE_POSTGRES";

/// Where a server usually is.
const USUAL: [&str; 4] = [
    "postgres:///postgres?host=/var/run/postgresql",
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres:///postgres?host=/var/run/postgresql&user=postgres",
    "postgres:///postgres?host=/tmp",
];

/// Why there is no database for a test.
#[derive(Debug, thiserror::Error)]
pub enum TestDatabaseError {
    /// No server answers, and none can be started.
    #[error(
        "no PostgreSQL: set {SERVER}, start a server on 127.0.0.1:5432, or install one, so that it can be started"
    )]
    NoServer,
    /// The server does not let this role make roles and databases.
    #[error("the server does not make a database: the role needs CREATEROLE and CREATEDB")]
    Refused(#[source] sqlx::Error),
    /// The server does not say what is asked of it.
    #[error(
        "the server does not tell of the database: the role that made it must see its statistics"
    )]
    Silent(#[source] sqlx::Error),
}

/// An empty database and the role that owns it.
#[derive(Debug)]
pub struct TestDatabase {
    server: Url,
    name: String,
}

impl TestDatabase {
    /// Makes a database. `None` if there is no server: that is said on standard error.
    ///
    /// # Panics
    /// If there is none and `TORAN_TEST_REQUIRE_POSTGRES` is set.
    pub async fn create() -> Option<Self> {
        match Self::try_create().await {
            Ok(database) => Some(database),
            Err(error) => {
                assert!(
                    std::env::var_os(REQUIRED).is_none(),
                    "{error} ({REQUIRED} is set)"
                );
                eprintln!("SKIPPED, NOT PROVEN: {error}");
                None
            }
        }
    }

    /// Makes a database, or says why not.
    pub async fn try_create() -> Result<Self, TestDatabaseError> {
        let server = server().await.ok_or(TestDatabaseError::NoServer)?;
        let name = format!("toran_test_{}", Uuid::now_v7().simple());
        let statements = [
            format!("CREATE ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{name}'"),
            // Whoever makes roles without being a superuser must belong to them to give them a database.
            format!("GRANT {name} TO CURRENT_USER"),
            format!("CREATE DATABASE {name} OWNER {name}"),
        ];
        let made = run(&server, &statements).await;
        made.map_err(TestDatabaseError::Refused)?;
        Ok(Self { server, name })
    }

    /// The address of its owner, who is no superuser.
    pub fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        // An address without a host has no place for a user.
        if url.has_host() {
            let _ = url.set_username(&self.name);
            let _ = url.set_password(Some(&self.name));
            return url.into();
        }
        let query = url.query().unwrap_or_default();
        let rest: Vec<&str> = query
            .split('&')
            .filter(|part| !part.starts_with("user="))
            .collect();
        format!(
            "postgres://{0}:{0}@localhost/{0}?{1}",
            self.name,
            rest.join("&")
        )
    }

    /// The address of the server's administrator, in this database.
    pub fn admin_url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }

    /// How often the server ended a deadlock in this database. A connection tells of its own when it is closed, or a
    /// second later.
    pub async fn deadlocks(&self) -> Result<i64, TestDatabaseError> {
        self.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = $1")
            .await
    }

    /// How many connections the owner has to this database now.
    pub async fn connections(&self) -> Result<i64, TestDatabaseError> {
        self.ask("SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = $1")
            .await
    }

    async fn ask(&self, question: &'static str) -> Result<i64, TestDatabaseError> {
        let asked = async {
            let mut connection = PgConnection::connect(self.server.as_str()).await?;
            let answer = sqlx::query_scalar(question)
                .bind(&self.name)
                .fetch_one(&mut connection)
                .await?;
            connection.close().await?;
            Ok(answer)
        };
        asked.await.map_err(TestDatabaseError::Silent)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may be at its end.
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let statements = [
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                format!("DROP ROLE IF EXISTS {name}"),
            ];
            if let Ok(runtime) = runtime
                && let Err(error) = runtime.block_on(run(&server, &statements))
            {
                eprintln!("the database {name} is left behind: {error}");
            }
        });
        let _ = gone.join();
    }
}

async fn run(server: &Url, statements: &[String]) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server.as_str()).await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement.clone())).await?;
    }
    connection.close().await
}

/// The server: looked for once a process.
async fn server() -> Option<Url> {
    static SERVER_URL: tokio::sync::OnceCell<Option<Url>> = tokio::sync::OnceCell::const_new();
    SERVER_URL.get_or_init(find).await.clone()
}

async fn find() -> Option<Url> {
    if let Ok(given) = std::env::var(SERVER) {
        return Url::parse(&given).ok();
    }
    for usual in USUAL {
        let Ok(url) = Url::parse(usual) else { continue };
        if may_create(&url).await {
            return Some(url);
        }
    }
    cluster::start().await
}

/// Whether a server answers there and lets us make roles and databases.
async fn may_create(url: &Url) -> bool {
    let asked = async {
        let mut connection = PgConnection::connect(url.as_str()).await?;
        sqlx::query_scalar::<_, bool>(
            "SELECT rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&mut connection)
        .await
    };
    let patience = std::time::Duration::from_secs(5);
    matches!(tokio::time::timeout(patience, asked).await, Ok(Ok(true)))
}
