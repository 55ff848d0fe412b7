//! A folder of callers' requests, each kept on this machine until it is a task.
//!
//! [`FileSpool`] is the [`Spool`] of the booking desk: every request goes into a file of its call, whether the store answers
//! or not, and outlives the process. [`FileSpool::run`] brings what is kept to the
//! [`Tasks`](toran_store::Tasks) of the business: within moments, or as soon as the store answers again. The caller is told
//! that the request is noted when its file is durable, so the folder must be on a disk: what is on a tmpfs is gone with the
//! machine's memory.
//!
//! It is *not* a queue: a call has one file for each kind of task, with the newest, after the words of the older ones. It is *not* shared: a folder
//! belongs to one process at a time. And it knows no database: whether a request has become a task, or needs none,
//! is the answer of [`Tasks::add_task`](toran_store::Tasks::add_task), which may be asked any number of times.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use time::macros::{date, time, utc_datetime};
//! use tokio_util::sync::CancellationToken;
//! use toran_domain::{BusinessId, LeadId, RequestedTime, TaskId, TaskKind};
//! use toran_spool::{DRAIN_EVERY, FileSpool};
//! use toran_store::{CallKey, NewTask, Spool as _, Tasks};
//! # use uuid::Uuid;
//!
//! /// Beside the calls, as long as the gateway lives.
//! async fn deliver(spool: Arc<FileSpool>, tasks: Arc<dyn Tasks>, stop: CancellationToken) {
//!     spool.run(tasks, DRAIN_EVERY, stop).await;
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let folder = std::env::temp_dir().join(format!("toran-spool-{}", Uuid::now_v7()));
//! let spool = FileSpool::open(&folder)?;
//! let business_id = BusinessId::from_uuid(Uuid::from_u128(1));
//! let task = NewTask {
//!     task_id: TaskId::from_uuid(Uuid::from_u128(4)),
//!     key: CallKey { business_id, call_sid: "CA1".parse()? },
//!     lead_id: LeadId::from_uuid(Uuid::from_u128(2)),
//!     kind: TaskKind::Booking,
//!     requested: RequestedTime { date: Some(date!(2026-11-24)), time: Some(time!(16:30)) },
//!     name: None,
//!     words: None,
//!     noted_at: utc_datetime!(2026-11-23 8:00),
//! };
//! spool.keep(&task).await?;
//! // Whatever happens to this process now, the request is on the disk.
//! let file = folder.join(format!("{business_id}_CA1.json"));
//! assert!(std::fs::read_to_string(file)?.contains(r#""time":"16:30""#));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The folder
//!
//! ```text
//! spool/                                                 0700, if it is made here
//! ├── 018f4e5e-7d8a-7000-8000-000000000001_CA0123.json           0600, a call's request to book
//! ├── 018f4e5e-7d8a-7000-8000-000000000001_CA0123.message.json   0600, what it left of another kind
//! ├── lock                                                       held by the process that owns the folder
//! └── unreadable/                                                what no version of this code could read, as it was
//! ```
//!
//! A file is a JSON document with `"version": 2` (what version 1 wrote is read, too). It is written beside its place, flushed, renamed, and the folder is
//! flushed: a reader finds the older request or the newer one, and never a part. A file in `unreadable` was damaged
//! or written by a newer version; once it is repaired, or the newer version is back, it can be moved into the
//! folder above and is taken up at the next round.

mod document;
mod drain;
mod error;
mod folder;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify};
use toran_store::{BoxError, NewTask, Spool};

pub use drain::Drained;
pub use error::SpoolError;
use folder::Folder;

/// How many calls' requests a folder holds, unless [`FileSpool::with_limit`] says otherwise.
pub const MAX_FILES: usize = 10_000;

/// How often a gateway should try again while requests wait.
pub const DRAIN_EVERY: Duration = Duration::from_secs(5);

/// A folder of requests, one file for each call and kind.
#[derive(Debug)]
pub struct FileSpool {
    /// One lock for all files, not one for each call: it is held for two flushes at most, and the count stays true.
    folder: Arc<Mutex<Folder>>,
    path: Arc<Path>,
    /// Something was kept since the last round began.
    kept: Arc<Notify>,
    /// The files of which an error was logged, so that it is logged once.
    reported: std::sync::Mutex<BTreeSet<String>>,
    limit: usize,
}

impl FileSpool {
    /// Opens a folder, makes it if it is missing, and takes it for this process until the spool is dropped.
    ///
    /// Blocks on the disk for a moment: call it when the gateway starts.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let folder = Folder::open(folder)?;
        Ok(Self {
            path: folder.path(),
            folder: Arc::new(Mutex::new(folder)),
            kept: Arc::new(Notify::new()),
            reported: std::sync::Mutex::default(),
            limit: MAX_FILES,
        })
    }

    /// Holds at most so many calls' requests. What is there already stays, and a newer request of a call that is there
    /// still replaces the older one.
    #[must_use]
    pub fn with_limit(self, files: usize) -> Self {
        Self {
            limit: files,
            ..self
        }
    }

    /// Does one piece of work on the files. It is done to its end even if nobody waits for it any more.
    async fn locked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Folder) -> T + Send + 'static,
    ) -> Result<T, SpoolError> {
        let mut folder = Arc::clone(&self.folder).lock_owned().await;
        tokio::task::spawn_blocking(move || work(&mut folder))
            .await
            .map_err(SpoolError::Interrupted)
    }

    /// Whether an error of this file was not reported yet; from now on it was.
    fn is_news(&self, file: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.insert(file.to_owned())
    }

    fn forget(&self, file: &str) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.remove(file);
    }
}

#[async_trait]
impl Spool for FileSpool {
    /// Keeps a request; of one that is older than what is there of its call and kind, the words alone. Its hour is kept to
    /// the minute.
    ///
    /// Fails with a [`SpoolError`].
    async fn keep(&self, task: &NewTask) -> Result<(), BoxError> {
        let (task, limit, kept) = (task.clone(), self.limit, Arc::clone(&self.kept));
        let done = self.locked(move |folder| {
            let done = folder.keep(&task, limit);
            // Even if it failed: the file may be there, only not known to be durable.
            kept.notify_one();
            done
        });
        Ok(done.await??)
    }
}
