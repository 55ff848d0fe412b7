//! What callers leave for the business to do.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{
    AppointmentId, Booking, BusinessId, LeadId, Pii, RequestedTime, TaskId, TaskKind,
};
use toran_store::{
    Event, NewTask, StoreError, TaskAddition, TaskRow, Tasks, are_two_persons, booking,
    bounded_name, bounded_words,
};

use crate::{
    SqlStore,
    businesses::settings_of,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    leads::is_erased,
    outbox::{Subject, put_event},
    row::Row,
    session::{HeldCall, lock_lead_and_call},
    statement::statements,
    value::values,
};

macro_rules! select_tasks {
    ($rest:literal) => {
        concat!(
            "SELECT task.id, lead_id, call_sid, kind, phone, given_phone, task.name AS name, \
             lead.name AS lead_name, words, requested_date, requested_time, noted_at, done_at \
             FROM task JOIN lead ON lead.business_id = task.business_id AND lead.id = lead_id \
             WHERE task.business_id = $1 ",
            $rest,
            " ORDER BY noted_at, task.id"
        )
    };
}

statements! {
    // The live appointments of the lead, and when this call came to each, if it did.
    HELD: Scoped = "SELECT appointment.id, name, starts_at, (SELECT MAX(change.at) FROM appointment_change AS change \
            WHERE change.business_id = $1 AND change.appointment_id = appointment.id AND change.call_sid = $3 \
            AND change.kind <> 'cancelled') AS changed_at \
        FROM appointment WHERE business_id = $1 AND lead_id = $2 AND status = 'confirmed'";
    PUT: Scoped = "INSERT INTO task \
        (id, business_id, lead_id, call_sid, kind, requested_date, requested_time, name, words, noted_at) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (business_id, call_sid, kind) DO UPDATE SET requested_date = excluded.requested_date, \
        requested_time = excluded.requested_time, name = excluded.name, words = excluded.words, \
        noted_at = excluded.noted_at, done_at = NULL";
    // Held: what is dealt with at this very moment is known to be.
    STANDING: Scoped = "SELECT id, requested_date, requested_time, name, words, noted_at, done_at FROM task \
        WHERE business_id = $1 AND call_sid = $2 AND kind = $3", postgres_adds: " FOR NO KEY UPDATE";
    OPEN: Scoped = select_tasks!("AND done_at IS NULL");
    ALL: Scoped = select_tasks!("");
    ONE: Scoped = select_tasks!("AND task.id = $2");
    OF_LEAD: Scoped = select_tasks!("AND lead_id = $2");
    FINISH: Scoped = "UPDATE task SET done_at = $3 WHERE business_id = $1 AND id = $2 AND done_at IS NULL";
}

#[async_trait]
impl Tasks for SqlStore {
    async fn add_task(&self, task: &NewTask) -> Result<TaskAddition, StoreError> {
        let added = attempts(Repeat::Safe, || self.add_task_once(task)).await;
        match added {
            Err(StoreError::UnknownCall | StoreError::UnknownBusiness) => {
                Ok(TaskAddition::Orphaned)
            }
            added => added,
        }
    }

    async fn tasks(
        &self,
        business_id: BusinessId,
        with_done: bool,
    ) -> Result<Vec<TaskRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let statement = if with_done { ALL } else { OPEN };
            let rows = tx.fetch(statement, values![]).await?;
            rows_of(&rows)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
    ) -> Result<Option<TaskRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let row = tx.fetch_one(ONE, values![task_id]).await?;
            Ok(row.as_ref().map(task_row).transpose()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn finish_task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let finish = || async {
            let mut tx = self.database.write(business_id).await?;
            let finished = tx.execute(FINISH, values![task_id, now]).await?;
            tx.commit().await?;
            Ok(finished > 0)
        };
        attempts(Repeat::Safe, finish).await
    }
}

impl SqlStore {
    async fn add_task_once(&self, task: &NewTask) -> Result<TaskAddition, Failure> {
        let mut tx = self.database.write(task.key.business_id).await?;
        let call = lock_lead_and_call(&mut tx, &task.key.call_sid).await?;
        let addition = put_task(&mut tx, call, task).await?;
        if addition == TaskAddition::Added {
            tx.commit().await?;
        }
        Ok(addition)
    }
}

/// Adds a task to a call that is held with its lead, and tells of it.
pub(crate) async fn put_task(
    tx: &mut Tx<OneBusiness>,
    call: HeldCall,
    task: &NewTask,
) -> Result<TaskAddition, Failure> {
    let lead_id = call.lead_id;
    // Who asked to be forgotten cannot be called back.
    if is_erased(tx, lead_id).await? {
        return Ok(TaskAddition::Orphaned);
    }
    let task = NewTask {
        lead_id,
        noted_at: task.noted_at.truncate_to_second(),
        words: bounded(task.words.as_ref(), bounded_words),
        name: bounded(task.name.as_ref(), bounded_name).or(call.caller_name),
        ..task.clone()
    };
    if task.kind == TaskKind::Booking
        && let Some(booking) = held_by_now(tx, &task).await?
    {
        return Ok(TaskAddition::AlreadyBooked(booking));
    }
    let task = match standing(tx, &task).await? {
        None => task,
        Some(there) => match there.joined_by(task) {
            None => return Ok(TaskAddition::AlreadyThere),
            Some(joined) => joined,
        },
    };
    write(tx, &task).await?;
    let event = Event::TaskCreated {
        task_id: task.task_id,
        kind: task.kind,
        requested: task.requested,
    };
    let subject = Subject {
        lead_id,
        call_sid: Some(&task.key.call_sid),
        at: task.noted_at,
    };
    put_event(tx, subject, &event).await?;
    Ok(TaskAddition::Added)
}

fn bounded(
    text: Option<&Pii<String>>,
    bound: impl Fn(&str) -> Option<Pii<String>>,
) -> Option<Pii<String>> {
    text.and_then(|text| bound(text.expose()))
}

/// The task of a call and kind as it is stored.
struct StandingTask {
    task: NewTask,
    is_done: bool,
}

impl StandingTask {
    /// What is to be stored in its place now that a further request of its call and kind is there; `None` if it says all of
    /// it already. It keeps its id.
    fn joined_by(self, further: NewTask) -> Option<NewTask> {
        let Self { task, is_done } = self;
        let task_id = task.task_id;
        if further.noted_at > task.noted_at {
            // What was dealt with is not said again.
            let said_before = task.words.filter(|_| !is_done);
            let joined = further.after(said_before.as_ref());
            return Some(NewTask { task_id, ..joined });
        }
        let is_of_one_moment = further.noted_at == task.noted_at;
        if is_of_one_moment && !is_done {
            let joined = further.after(task.words.as_ref());
            let is_news = (joined.requested, &joined.words) != (task.requested, &task.words);
            return is_news.then_some(NewTask { task_id, ..joined });
        }
        // The same one again, dealt with so long ago that its words are forgotten.
        if is_of_one_moment && task.words.is_none() {
            return None;
        }
        let joined = task.clone().after(further.words.as_ref());
        (joined.words != task.words).then_some(joined)
    }
}

async fn standing(
    tx: &mut Tx<OneBusiness>,
    task: &NewTask,
) -> Result<Option<StandingTask>, Failure> {
    let values = values![&task.key.call_sid, task.kind.as_str()];
    let Some(row) = tx.fetch_one(STANDING, values).await? else {
        return Ok(None);
    };
    Ok(Some(StandingTask {
        task: NewTask {
            task_id: TaskId::from_uuid(row.id("task.id")?),
            requested: requested(&row)?,
            name: row.name("task.name")?,
            words: row.name("task.words")?,
            noted_at: row.instant("task.noted_at")?,
            ..task.clone()
        },
        is_done: row.maybe_instant("task.done_at")?.is_some(),
    }))
}

async fn write(tx: &mut Tx<OneBusiness>, task: &NewTask) -> Result<(), Failure> {
    let (name, words) = (task.name.as_ref(), task.words.as_ref());
    let values = values![
        task.task_id,
        task.lead_id,
        &task.key.call_sid,
        task.kind.as_str(),
        task.requested.date,
        task.requested.time,
        name.map(|name| name.expose().as_str()),
        words.map(|words| words.expose().as_str()),
        task.noted_at
    ];
    tx.execute(PUT, values).await?;
    Ok(())
}

/// The appointment that makes the request needless: at the requested time, or of the same call and later than it. In doubt (the
/// database keeps seconds) it is not: better a task too many than a request lost.
async fn held_by_now(tx: &mut Tx<OneBusiness>, task: &NewTask) -> Result<Option<Booking>, Failure> {
    let settings = settings_of(tx).await?;
    let settings = settings.ok_or(StoreError::UnknownBusiness)?;
    let values = values![task.lead_id, &task.key.call_sid];
    for row in tx.fetch(HELD, values).await? {
        let for_whom = row.name("appointment.name")?;
        if are_two_persons(for_whom.as_ref(), task.name.as_ref()) {
            continue;
        }
        let id = AppointmentId::from_uuid(row.id("appointment.id")?);
        let booking = booking::booking_at(&settings, id, row.instant("appointment.starts_at")?);
        let changed_at = row.maybe_instant("appointment_change.changed_at")?;
        let is_requested =
            (Some(booking.date), Some(booking.time)) == (task.requested.date, task.requested.time);
        if is_requested || changed_at.is_some_and(|at| at > task.noted_at) {
            return Ok(Some(booking));
        }
    }
    Ok(None)
}

/// Everything that a lead asked for and was not given in its call.
pub(crate) async fn tasks_of_lead(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
) -> Result<Vec<TaskRow>, Failure> {
    let rows = tx.fetch(OF_LEAD, values![lead_id]).await?;
    rows_of(&rows)
}

fn rows_of(rows: &[Row]) -> Result<Vec<TaskRow>, Failure> {
    let tasks: Result<Vec<TaskRow>, StoreError> = rows.iter().map(task_row).collect();
    Ok(tasks?)
}

fn task_row(row: &Row) -> Result<TaskRow, StoreError> {
    Ok(TaskRow {
        task_id: TaskId::from_uuid(row.id("task.id")?),
        lead_id: LeadId::from_uuid(row.id("task.lead_id")?),
        call_sid: row.parsed("task.call_sid")?,
        kind: row.parsed("task.kind")?,
        caller: row.phone()?,
        given_phone: row.given_phone()?,
        name: row.name("task.name")?,
        lead_name: row.name("lead.lead_name")?,
        words: row.name("task.words")?,
        requested: requested(row)?,
        noted_at: row.instant("task.noted_at")?,
        done_at: row.maybe_instant("task.done_at")?,
    })
}

fn requested(row: &Row) -> Result<RequestedTime, StoreError> {
    Ok(RequestedTime {
        date: row.date("task.requested_date")?,
        time: row.time("task.requested_time")?,
    })
}
