//! Both databases keep the contract of every store: SQLite in a file and in memory, PostgreSQL under a role that
//! row-level security binds.

#[path = "postgres/mod.rs"]
mod fresh;
mod support;

mod sqlite_on_disk {
    use toran_store_sql::SqlStore;

    use super::support::TempDatabase;

    toran_store::conformance_suite!(fresh());
    toran_store::back_office_suite!(fresh());

    async fn fresh() -> Option<(SqlStore, TempDatabase)> {
        let file = TempDatabase::new();
        Some((file.open().await, file))
    }
}

mod sqlite_in_memory {
    use toran_store_sql::SqlStore;

    toran_store::conformance_suite!(fresh());
    toran_store::back_office_suite!(fresh());

    async fn fresh() -> Option<(SqlStore, ())> {
        let store = SqlStore::open("sqlite::memory:").await.expect("open");
        store.migrate().await.expect("migrate");
        Some((store, ()))
    }
}

mod postgres {
    use super::fresh::fresh_postgres;

    toran_store::conformance_suite!(fresh_postgres());
    toran_store::back_office_suite!(fresh_postgres());
}
