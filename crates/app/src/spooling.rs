//! Where this process keeps requests until they are tasks, and how what others left behind gets in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use toran_spool::{FileSpool, SpoolError};
use toran_store::Tasks;
use tracing::{info, warn};

/// Gateways that may share one folder: each has a place of its own in it.
const PLACES: u32 = 16;

/// The spool of this process, in the first place that no other has.
pub(crate) fn claim(folder: &Path) -> Result<FileSpool, SpoolError> {
    let mut last = None;
    for place in places(folder) {
        match FileSpool::open(&place) {
            Err(error @ SpoolError::InUse { .. }) => last = Some(error),
            claimed => return claimed,
        }
    }
    let folder = folder.to_path_buf();
    Err(last.unwrap_or(SpoolError::InUse { folder }))
}

/// Brings in what gateways kept that run no more.
pub(crate) async fn drain_abandoned(folder: &Path, tasks: &dyn Tasks) {
    for place in places(folder).filter(|place| place.is_dir()) {
        let opened = tokio::task::spawn_blocking(move || FileSpool::open(&place)).await;
        let spool = match opened {
            Ok(Ok(spool)) => spool,
            Ok(Err(SpoolError::InUse { .. })) | Err(_) => continue,
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                warn!(
                    error,
                    "what a gateway that is gone had kept cannot be brought in"
                );
                continue;
            }
        };
        match spool.drain(tasks).await {
            Ok(drained) if drained.settled > 0 => {
                info!(
                    settled = drained.settled,
                    "requests of a gateway that is gone were brought in"
                );
            }
            Ok(_) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "what a gateway that is gone had kept cannot be read");
            }
        }
    }
}

fn places(folder: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=PLACES).map(|place| folder.join(place.to_string()))
}

/// A spool beside its database's file, or in the working folder where there is no such file.
pub(crate) fn default_folder(database_url: &str) -> PathBuf {
    database_file(database_url).map_or_else(
        || PathBuf::from("toran-spool"),
        |mut file| {
            file.as_mut_os_string().push(".spool");
            file
        },
    )
}

/// The file of an SQLite database; `None` for a server's or one in memory.
pub(crate) fn database_file(database_url: &str) -> Option<PathBuf> {
    let path = database_url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.contains(":memory:")).then(|| PathBuf::from(path))
}

/// A spool as the booking desk wants it.
pub(crate) fn shared(spool: &Arc<FileSpool>) -> Arc<dyn toran_store::Spool> {
    Arc::clone(spool) as Arc<dyn toran_store::Spool>
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_of_one_host_have_places_of_their_own() {
        let folder = std::env::temp_dir().join(format!("toran-places-{}", std::process::id()));
        let first = claim(&folder).unwrap();
        let second = claim(&folder).unwrap();
        assert!(folder.join("1").is_dir() && folder.join("2").is_dir());
        drop(first);
        assert!(FileSpool::open(&folder.join("1")).is_ok());
        drop(second);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_spool_lies_beside_its_database() {
        for (url, expected) in [
            ("sqlite://toran.db", "toran.db.spool"),
            (
                "sqlite:///var/lib/toran.db?mode=rwc",
                "/var/lib/toran.db.spool",
            ),
            ("sqlite::memory:", "toran-spool"),
            ("postgres://db/toran", "toran-spool"),
        ] {
            assert_eq!(default_folder(url), PathBuf::from(expected), "{url}");
        }
    }
}
