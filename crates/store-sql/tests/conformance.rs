//! SQLite keeps the contract of every store, in a file and in memory.

mod support;

mod on_disk {
    use super::support::TempDatabase;

    toran_store::conformance_suite!(async {
        let file = TempDatabase::new();
        (file.open().await, file)
    });
}

mod in_memory {
    use toran_store_sqlite::SqliteStore;

    toran_store::conformance_suite!(async {
        let store = SqliteStore::open("sqlite::memory:").await.expect("open");
        store.migrate().await.expect("migrate");
        (store, ())
    });
}
