//! Where this process keeps requests until they are tasks, and how what others left behind gets in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use toran_domain::patience;
use toran_spool::{FileSpool, SpoolError};
use toran_store::{BoxError, NewTask, Spool, Tasks};
use tracing::{info, warn};

/// How long a caller waits for the database to take what the spool could not.
const DATABASE_PATIENCE: Duration = patience::SAVE_IN_DATABASE;
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

/// Where the booking desk has requests kept: in this machine's spool, and what its disk cannot take, in the database at once.
pub(crate) struct DeskSpool {
    spool: Arc<dyn Spool>,
    tasks: Arc<dyn Tasks>,
}

impl DeskSpool {
    pub(crate) fn new(spool: Arc<dyn Spool>, tasks: Arc<dyn Tasks>) -> Self {
        Self { spool, tasks }
    }
}

#[async_trait]
impl Spool for DeskSpool {
    async fn keep(&self, task: &NewTask) -> Result<(), BoxError> {
        let Err(of_spool) = self.spool.keep(task).await else {
            return Ok(());
        };
        match tokio::time::timeout(DATABASE_PATIENCE, self.tasks.add_task(task)).await {
            Ok(Ok(_)) => {
                let error = of_spool.as_ref() as &dyn std::error::Error;
                warn!(
                    error,
                    "the spool could not keep a request, and the database took it at once: make room for the spool"
                );
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(of_spool),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::UtcDateTime;
    use toran_domain::{LeadId, Pii, RequestedTime, TaskId, TaskKind};
    use toran_store::{CallKey, CallOpening, Calls as _};
    use toran_store_sql::SqlStore;
    use uuid::Uuid;

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

    struct FullDisk;

    #[async_trait]
    impl Spool for FullDisk {
        async fn keep(&self, _task: &NewTask) -> Result<(), BoxError> {
            Err("no space left on device".into())
        }
    }

    #[tokio::test]
    async fn what_the_disk_cannot_keep_the_database_takes_at_once() {
        let store = SqlStore::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let store = Arc::new(store);
        let business = crate::businesses::add(&store, crate::demo::business().unwrap());
        let opening = CallOpening {
            key: CallKey {
                business_id: business.await.unwrap().id,
                call_sid: "CA1".parse().unwrap(),
            },
            caller: None,
            new_lead_id: LeadId::from_uuid(Uuid::from_u128(1)),
            now: UtcDateTime::UNIX_EPOCH,
        };
        let call = store.open_call(&opening).await.unwrap();
        let task = NewTask {
            task_id: TaskId::from_uuid(Uuid::from_u128(1)),
            key: call.key.clone(),
            lead_id: call.lead_id,
            kind: TaskKind::Message,
            requested: RequestedTime::default(),
            name: None,
            words: Some(Pii::new("אאחר".to_owned())),
            noted_at: UtcDateTime::UNIX_EPOCH,
        };
        let kept = DeskSpool::new(Arc::new(FullDisk), Arc::clone(&store) as Arc<dyn Tasks>);
        kept.keep(&task).await.unwrap();
        let tasks = store.tasks(call.key.business_id, false).await.unwrap();
        assert_eq!(tasks.len(), 1);
        store.close().await;
        let refused = kept.keep(&task).await.unwrap_err();
        assert_eq!(refused.to_string(), "no space left on device");
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
