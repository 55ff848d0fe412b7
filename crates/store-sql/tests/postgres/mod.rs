//! PostgreSQL databases that are gone after a test.

use toran_store_sql::SqlStore;
use toran_test_postgres::TestDatabase;

/// A PostgreSQL database of its own, with the schema up to date; `None` if there is no server.
pub(crate) async fn fresh_postgres() -> Option<(SqlStore, TestDatabase)> {
    let database = TestDatabase::create().await?;
    let store = SqlStore::open(&database.url()).await.expect("open");
    store.migrate().await.expect("migrate");
    Some((store, database))
}
