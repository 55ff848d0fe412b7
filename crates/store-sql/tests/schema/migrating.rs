//! Migrating while others work, and working with a schema that is newer or older than the gateway
//! (docs/decisions/020-expand-then-contract.md).

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, migrate::Migrator};
use tokio::time::{Instant, sleep};
use toran_store::Businesses as _;
use toran_store_sql::{MigrationError, SqlStore};
use toran_test_postgres::TestDatabase;

use crate::{fresh::fresh_postgres, raw::Raw, support::TempDatabase};

/// A newer gateway has migrated further; whether this one still works with that, the floor says.
async fn newer(store: SqlStore, mut raw: Raw) {
    let schema = store.check_schema().await.expect("up to date");
    let known = schema.known;
    assert!(schema.database == Some(known) && !schema.is_newer());
    raw.run(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 9000, 'what comes', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let schema = store.check_schema().await.expect("within the floor");
    assert!(schema.database == Some(9_000) && schema.is_newer());
    assert_eq!(store.migrate().await.expect("nothing to do"), []);
    assert!(store.businesses().await.expect("it works").is_empty());

    raw.run("UPDATE schema_floor SET version = 9000").await;
    for refused in [
        store.check_schema().await.map(|_| ()),
        store.migrate().await.map(|_| ()),
    ] {
        let error = refused.expect_err("above the floor");
        let of = (9_000, 9_000, known);
        assert!(
            matches!(error, MigrationError::TooNew { database, floor, known } if (database, floor, known) == of),
            "{error:?}"
        );
        let said = error.to_string();
        assert!(
            said.starts_with(
                "this gateway is older than the database: the schema is at version 9000"
            ),
            "{said}"
        );
    }
    store.close().await;
}

/// A gateway that needs more than there is says what is there, and what to do.
async fn behind(store: SqlStore, mut raw: Raw) {
    let known = store.check_schema().await.expect("up to date").known;
    raw.run(&format!(
        "DELETE FROM _sqlx_migrations WHERE version = {known}"
    ))
    .await;
    let error = store.check_schema().await.expect_err("one is pending");
    let expected = format!(
        "the database is at schema version {}, this gateway needs version {known}: run `gateway migrate`",
        known - 1
    );
    assert_eq!(error.to_string(), expected);
    // A newer gateway of another branch: neither does what the other one left out.
    raw.run(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 9000, 'what comes', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let refused = store.migrate().await;
    assert!(
        matches!(refused, Err(MigrationError::TooNew { .. })),
        "{refused:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn sqlite_says_how_its_schema_stands() {
    let file = TempDatabase::new();
    let store = SqlStore::open(&file.url()).await.expect("open");
    let error = store.check_schema().await.expect_err("nothing is there");
    assert!(
        error
            .to_string()
            .starts_with("the database has no schema yet, this gateway needs version "),
        "{error}"
    );
    store.migrate().await.expect("migrate");
    newer(store, Raw::connect(&file.url()).await).await;
    let file = TempDatabase::new();
    behind(file.open().await, Raw::connect(&file.url()).await).await;
}

#[tokio::test]
async fn postgres_says_how_its_schema_stands() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    newer(store, Raw::connect(&database.url()).await).await;
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    behind(store, Raw::connect(&database.url()).await).await;
}

/// A database as a gateway left it that knew so many migrations.
async fn left_at(version: i64) -> Option<TestDatabase> {
    let database = TestDatabase::create().await?;
    let mut db = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    let mut before: Migrator = sqlx::migrate!("../../migrations/postgres");
    before
        .migrations
        .to_mut()
        .retain(|migration| migration.version <= version);
    before
        .run_direct(None, &mut db, false)
        .await
        .expect("migrated");
    db.close().await.expect("closed");
    Some(database)
}

/// A report that reads the outbox for long holds a migration up, and the migration holds nobody else up for longer than its
/// patience for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_behind_a_migration_gets_through() {
    let Some(database) = left_at(4).await else {
        return;
    };
    let mut report = Raw::connect(&database.url()).await;
    report.run("BEGIN; SELECT COUNT(*) FROM outbox").await;
    let store = SqlStore::open(&database.url()).await.expect("open");
    let migrating = tokio::spawn(async move {
        let applied = store.migrate().await;
        store.close().await;
        applied
    });
    let mut reader = Raw::connect(&database.url()).await;
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    while began.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        reader.number("SELECT COUNT(*) FROM outbox").await;
        longest = longest.max(asked.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    println!("a reader waited {longest:?} at most");
    assert!(
        longest > Duration::from_secs(1),
        "the migration never waited: {longest:?}"
    );
    assert!(longest < Duration::from_secs(4), "{longest:?}");
    assert!(!migrating.is_finished(), "it could not have got its lock");
    report.run("COMMIT").await;
    let applied = migrating.await.expect("no panic").expect("migrated");
    assert_eq!(applied.first().map(|first| first.version), Some(5));
}

/// An index whose build broke off is there and is not used: it is built anew.
#[tokio::test]
async fn an_index_that_broke_off_is_built_anew() {
    let Some(database) = left_at(6).await else {
        return;
    };
    let mut raw = Raw::connect(&database.url()).await;
    raw.run(
        "INSERT INTO business (id, name, called_number, text, agent_gender) \
         SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'a', '+9723000000' || n, '', 'female' FROM generate_series(1, 2) n",
    )
    .await;
    let broken =
        "CREATE UNIQUE INDEX CONCURRENTLY outbox_next_of_lead ON outbox ((business_id IS NULL))";
    raw.run(
        "INSERT INTO lead (id, business_id, created_at) SELECT id, id, now() FROM business; \
         INSERT INTO outbox (id, business_id, lead_id, kind, data, at, next_at) \
         SELECT id, id, id, 'lead.updated', '{}', now(), now() FROM business",
    )
    .await;
    raw.try_run(broken).await.expect_err("two rows of one key");
    let invalid = "SELECT COUNT(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(raw.number(invalid).await, 1);
    let store = SqlStore::open(&database.url()).await.expect("open");
    store.migrate().await.expect("migrated");
    assert_eq!(raw.number(invalid).await, 0);
    let as_it_should_be = "SELECT COUNT(*) FROM pg_indexes WHERE indexname = 'outbox_next_of_lead' \
        AND indexdef LIKE '%(business_id, lead_id) WHERE is_next'";
    assert_eq!(raw.number(as_it_should_be).await, 1);
    store.close().await;
}
