//! Both databases keep the contract of every store: SQLite in a file and in memory, PostgreSQL under a role that
//! row-level security binds.

mod support;

mod sqlite_on_disk {
    use super::support::TempDatabase;

    toran_store::conformance_suite!(async {
        let file = TempDatabase::new();
        Some((file.open().await, file))
    });
}

mod sqlite_in_memory {
    use toran_store_sql::SqlStore;

    toran_store::conformance_suite!(async {
        let store = SqlStore::open("sqlite::memory:").await.expect("open");
        store.migrate().await.expect("migrate");
        Some((store, ()))
    });
}

mod postgres {
    use super::support::fresh_postgres;

    toran_store::conformance_suite!(fresh_postgres());
}
