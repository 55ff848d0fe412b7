//! A folder of its own for each test, requests, and a store's tasks that can be away.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use time::{
    Duration, UtcDateTime,
    macros::{date, time, utc_datetime},
};
use toran_domain::{BusinessId, LeadId, Pii, RequestedTime, TaskId, TaskKind};
use toran_spool::FileSpool;
use toran_store::{CallKey, NewTask, StoreError, TaskAddition, TaskRow, Tasks};
use uuid::Uuid;

/// A path where nothing is yet; removed when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let name = format!("spool-{}", Uuid::now_v7().simple());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn open(&self) -> FileSpool {
        FileSpool::open(&self.0).unwrap()
    }

    pub(crate) fn file(&self, task: &NewTask) -> PathBuf {
        self.0.join(file_name(task))
    }

    /// The names of the files in a folder below, sorted; none if there is no such folder.
    pub(crate) fn names(&self, below: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.0.join(below)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "lock")
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn business() -> BusinessId {
    BusinessId::from_uuid(Uuid::from_u128(1))
}

pub(crate) fn file_name(task: &NewTask) -> String {
    format!("{}_{}.json", task.key.business_id, task.key.call_sid)
}

/// The request that a call made at a second of the morning; its id tells it from every other.
pub(crate) fn request(call_sid: &str, second: u32) -> NewTask {
    NewTask {
        task_id: TaskId::from_uuid(Uuid::from_u128(second.into())),
        key: CallKey {
            business_id: business(),
            call_sid: call_sid.parse().unwrap(),
        },
        lead_id: LeadId::from_uuid(Uuid::from_u128(2)),
        kind: TaskKind::Booking,
        requested: RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: Some(time!(16:30)),
        },
        name: Some(Pii::new("דנה כהן".to_owned())),
        words: Some(Pii::new("תור למחר".to_owned())),
        noted_at: moment(second),
    }
}

pub(crate) fn moment(second: u32) -> UtcDateTime {
    utc_datetime!(2026-11-23 8:00) + Duration::seconds(second.into())
}

/// The tasks of a store, as the spool sees them.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) away: AtomicBool,
    /// How often it was asked, even if it was away.
    pub(crate) asked: AtomicUsize,
    /// What it answers first; then [`TaskAddition::Added`].
    pub(crate) answers: Mutex<VecDeque<Result<TaskAddition, StoreError>>>,
    taken: Mutex<Vec<NewTask>>,
}

impl Book {
    pub(crate) fn answering(
        answers: impl IntoIterator<Item = Result<TaskAddition, StoreError>>,
    ) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Self::default()
        }
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.away.store(is_away, Ordering::SeqCst);
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What it was given while it was there, in that order.
    pub(crate) fn taken(&self) -> Vec<NewTask> {
        self.taken.lock().unwrap().clone()
    }
}

pub(crate) fn away() -> StoreError {
    StoreError::unavailable("the disk went for a walk")
}

#[async_trait]
impl Tasks for Book {
    async fn add_task(&self, task: &NewTask) -> Result<TaskAddition, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(away());
        }
        let answer = self.answers.lock().unwrap().pop_front();
        let addition = answer.unwrap_or(Ok(TaskAddition::Added))?;
        self.taken.lock().unwrap().push(task.clone());
        Ok(addition)
    }

    async fn tasks(&self, _: BusinessId, _: bool) -> Result<Vec<TaskRow>, StoreError> {
        unreachable!("the spool only adds")
    }

    async fn task(&self, _: BusinessId, _: TaskId) -> Result<Option<TaskRow>, StoreError> {
        unreachable!("the spool only adds")
    }

    async fn finish_task(
        &self,
        _: BusinessId,
        _: TaskId,
        _: UtcDateTime,
    ) -> Result<bool, StoreError> {
        unreachable!("the spool only adds")
    }
}
