//! Databases that are gone after a test.

use std::{
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use toran_store_sql::SqlStore;

/// A database file of its own; removed when dropped.
pub(crate) struct TempDatabase {
    path: PathBuf,
}

impl TempDatabase {
    /// A name that no other test uses. There is no file yet.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{}-{count}.db", env!("CARGO_CRATE_NAME"), process::id());
        let database = Self {
            path: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name),
        };
        database.remove();
        database
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}", self.path.display())
    }

    /// Opens it, with the schema up to date.
    pub(crate) async fn open(&self) -> SqlStore {
        let store = SqlStore::open(&self.url()).await.expect("open");
        store.migrate().await.expect("migrate");
        store
    }

    /// The files that it may consist of.
    pub(crate) fn files(&self) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            path.into()
        })
    }

    fn remove(&self) {
        for file in self.files() {
            let _ = std::fs::remove_file(file);
        }
    }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        self.remove();
    }
}
