//! Requests that could not be booked in their call, and wait for the business.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{Booking, BusinessId, CallSid, LeadId, PhoneNumber, Pii, RequestedTime, TaskId};

use crate::{BoxError, CallKey, StoreError};

/// A caller's request that the database could not take when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its id.
    pub task_id: TaskId,
    /// The call in which it was made.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// What was asked for or confirmed.
    pub requested: RequestedTime,
    /// The caller's name, if it was said.
    pub name: Option<Pii<String>>,
    /// When.
    pub noted_at: UtcDateTime,
}

/// What came of adding a task. Each means that the request is not lost and need not be kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskAddition {
    /// It is stored; it replaces an older request of the same call.
    Added,
    /// It, or a newer request of the same call, is stored already.
    AlreadyThere,
    /// The caller holds the appointment after all: nothing is left to do.
    AlreadyBooked(Booking),
    /// The business or the call is gone, or the lead was erased: nobody is left to do it, or to do it for.
    Orphaned,
}

/// A task as the business sees it. There is one for each call, with its last request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// Its id.
    pub task_id: TaskId,
    /// Who asked.
    pub lead_id: LeadId,
    /// In which call.
    pub call_sid: CallSid,
    /// From which number.
    pub caller: Option<PhoneNumber>,
    /// Under which name, or else the lead's.
    pub name: Option<Pii<String>>,
    /// For what.
    pub requested: RequestedTime,
    /// When.
    pub noted_at: UtcDateTime,
    /// When it was dealt with.
    pub done_at: Option<UtcDateTime>,
}

/// The tasks of businesses.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Adds a task, unless the caller has come to an appointment at that time, or in that call after that moment.
    /// Adding it again changes nothing.
    async fn add_task(&self, task: &NewTask) -> Result<TaskAddition, StoreError>;

    /// A business's tasks, oldest first; those that are done only if asked for.
    async fn tasks(
        &self,
        business_id: BusinessId,
        with_done: bool,
    ) -> Result<Vec<TaskRow>, StoreError>;

    /// One task, done or not.
    async fn task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
    ) -> Result<Option<TaskRow>, StoreError>;

    /// Marks a task as dealt with; `false` if there is no such open task.
    async fn finish_task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;
}

/// Where a request is kept while the database is away: on this machine, so that it outlives the process.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Keeps a request, in place of an older one of the same call. When it returns, the request is durable.
    async fn keep(&self, task: &NewTask) -> Result<(), BoxError>;
}
