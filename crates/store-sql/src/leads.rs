//! Leads, and everything that is kept of one.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{AppointmentId, BusinessId, LeadId, PhoneNumber, Pii};
use toran_store::{
    CallRecord, Covered, Event, LeadRecord, LeadRow, Leads, Removed, Retention, SplitLead,
    SplitPart, StoreError,
};

use crate::{
    SqlStore,
    appointments::rows_of_lead,
    businesses::settings_of,
    calls::transcript_of,
    changes::history_of,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    outbox::{Subject, put_event},
    persons::forget_person,
    retention,
    row::Row,
    session::{ending, lock_lead},
    statement::statements,
    tasks::tasks_of_lead,
    value::values,
};

macro_rules! select_lead {
    ($rest:literal) => {
        concat!(
            "SELECT id, phone, given_phone, name, created_at, erased_at FROM lead WHERE business_id = $1 ",
            $rest
        )
    };
}

statements! {
    NEWEST: Scoped = select_lead!("ORDER BY created_at DESC, id DESC LIMIT $2");
    ONE: Scoped = select_lead!("AND id = $2");
    BY_PHONE: Scoped = select_lead!("AND phone = $2");
    CALLS: Scoped = "SELECT call_sid, started_at, ended_at, ending, abandoned, caller_name, last_appointment_id FROM call_session \
        WHERE business_id = $1 AND lead_id = $2 ORDER BY started_at, call_sid";
    FORGET_LEAD: Scoped = "UPDATE lead SET phone = NULL, given_phone = NULL, name = NULL, erased_at = $3 \
        WHERE business_id = $1 AND id = $2 AND erased_at IS NULL";
    FORGET_ON_APPOINTMENTS: Scoped = "UPDATE appointment SET name = NULL WHERE business_id = $1 AND lead_id = $2";
    FORGET_ON_CALLS: Scoped = "UPDATE call_session SET caller_name = NULL WHERE business_id = $1 AND lead_id = $2";
    // Nobody is left who could be called back.
    FORGET_ON_TASKS: Scoped = "UPDATE task SET name = NULL, words = NULL, done_at = COALESCE(done_at, $3) \
        WHERE business_id = $1 AND lead_id = $2";
    TAKE_BACK_TASKS: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND lead_id = $2 AND kind = 'task.created' AND state = 'pending'";
    FORGET_WHAT_WAS_SAID: Scoped = "DELETE FROM transcript_line WHERE business_id = $1 AND call_sid IN \
        (SELECT call.call_sid FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = $2)";
}

#[async_trait]
impl Leads for SqlStore {
    async fn leads(&self, business_id: BusinessId, limit: u32) -> Result<Vec<LeadRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let rows = tx.fetch(NEWEST, values![limit]).await?;
            let leads: Result<Vec<LeadRow>, StoreError> = rows.iter().map(lead_row).collect();
            Ok(leads?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<LeadRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            one(&mut tx, lead_id).await
        };
        attempts(Repeat::Safe, read).await
    }

    async fn lead_by_phone(
        &self,
        business_id: BusinessId,
        phone: &PhoneNumber,
    ) -> Result<Option<LeadRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let row = tx.fetch_one(BY_PHONE, values![phone.e164()]).await?;
            Ok(row.as_ref().map(lead_row).transpose()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn export_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        person: Option<&str>,
    ) -> Result<Option<(LeadRecord, Covered)>, StoreError> {
        let export = || async {
            let mut tx = self.database.read(business_id).await?;
            record_of(&mut tx, lead_id).await
        };
        let record = attempts(Repeat::Safe, export).await?;
        Ok(record.map(|record| {
            if let Some(person) = person {
                return record.of_person(person);
            }
            let covered = record.covers_all();
            (record, covered)
        }))
    }

    async fn erase_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        person: Option<&str>,
        now: UtcDateTime,
    ) -> Result<Option<Covered>, StoreError> {
        let erase = || self.erase_once(business_id, lead_id, person, now);
        let erased = attempts(Repeat::Safe, erase).await?;
        if erased.is_some() {
            self.database.overwrite_erased().await;
        }
        Ok(erased)
    }

    async fn plan_split(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<SplitLead>, StoreError> {
        let plan = || async {
            let mut tx = self.database.read(business_id).await?;
            let record = record_without_words(&mut tx, lead_id).await?;
            Ok(record.map(|record| SplitLead::of(&record)))
        };
        attempts(Repeat::Safe, plan).await
    }

    async fn split_off(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        part: &SplitPart,
        new_lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let split = || self.split_off_once(business_id, lead_id, part, new_lead_id, now);
        attempts(Repeat::Safe, split).await
    }

    async fn finish_split(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let finish = || self.finish_split_once(business_id, lead_id, now);
        attempts(Repeat::Safe, finish).await?;
        self.database.overwrite_erased().await;
        Ok(())
    }

    async fn retention(&self, business_id: BusinessId) -> Result<Option<Retention>, StoreError> {
        attempts(Repeat::Safe, || {
            retention::read(&self.database, business_id)
        })
        .await
    }

    async fn set_retention(
        &self,
        business_id: BusinessId,
        kept: Retention,
    ) -> Result<bool, StoreError> {
        let set = || retention::set(&self.database, business_id, kept);
        attempts(Repeat::Safe, set).await
    }

    async fn apply_retention(&self, now: UtcDateTime) -> Result<Removed, StoreError> {
        retention::apply(&self.database, now).await
    }
}

impl SqlStore {
    async fn erase_once(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        person: Option<&str>,
        now: UtcDateTime,
    ) -> Result<Option<Covered>, Failure> {
        let mut tx = self.database.write(business_id).await?;
        lock_lead(&mut tx, lead_id).await?;
        let Some(record) = record_of(&mut tx, lead_id).await? else {
            return Ok(None);
        };
        let whole = record.covers_all();
        if let Some(person) = person {
            let (theirs, covered) = record.of_person(person);
            if covered.is_of_nobody() {
                return Ok(Some(covered));
            }
            if covered.others > 0 {
                let person = Pii::new(person.to_owned());
                forget_person(&mut tx, &theirs, &person, now).await?;
                tx.commit().await?;
                return Ok(Some(covered));
            }
        }
        tx.execute(FORGET_WHAT_WAS_SAID, values![lead_id]).await?;
        anonymise(&mut tx, lead_id, now).await?;
        tx.commit().await?;
        Ok(Some(whole))
    }
}

/// Removes who it was, and tells of it; the calls and the appointments stay.
pub(crate) async fn anonymise(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
    now: UtcDateTime,
) -> Result<(), Failure> {
    lock_lead(tx, lead_id).await?;
    tx.execute(FORGET_ON_APPOINTMENTS, values![lead_id]).await?;
    tx.execute(FORGET_ON_CALLS, values![lead_id]).await?;
    tx.execute(FORGET_ON_TASKS, values![lead_id, now]).await?;
    tx.execute(TAKE_BACK_TASKS, values![lead_id, now]).await?;
    if tx.execute(FORGET_LEAD, values![lead_id, now]).await? > 0 {
        let subject = Subject {
            lead_id,
            call_sid: None,
            at: now,
        };
        put_event(tx, subject, &Event::LeadUpdated).await?;
    }
    Ok(())
}

/// Whether a lead asked to be forgotten.
pub(crate) async fn is_erased(tx: &mut Tx<OneBusiness>, lead_id: LeadId) -> Result<bool, Failure> {
    let lead = one(tx, lead_id).await?;
    Ok(lead.is_some_and(|lead| lead.erased_at.is_some()))
}

async fn one(tx: &mut Tx<OneBusiness>, lead_id: LeadId) -> Result<Option<LeadRow>, Failure> {
    let row = tx.fetch_one(ONE, values![lead_id]).await?;
    Ok(row.as_ref().map(lead_row).transpose()?)
}

async fn record_of(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
) -> Result<Option<LeadRecord>, Failure> {
    let Some(mut record) = record_without_words(tx, lead_id).await? else {
        return Ok(None);
    };
    for call in &mut record.calls {
        call.transcript = transcript_of(tx, &call.call_sid).await?;
    }
    Ok(Some(record))
}

/// What is kept of a lead, but for what was said.
async fn record_without_words(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
) -> Result<Option<LeadRecord>, Failure> {
    let Some(settings) = settings_of(tx).await? else {
        return Ok(None);
    };
    let Some(lead) = one(tx, lead_id).await? else {
        return Ok(None);
    };
    let mut calls = Vec::new();
    for row in tx.fetch(CALLS, values![lead_id]).await? {
        calls.push(CallRecord {
            transcript: Vec::new(),
            call_sid: row.parsed("call_session.call_sid")?,
            started_at: row.instant("call_session.started_at")?,
            ended_at: row.maybe_instant("call_session.ended_at")?,
            ending: ending(&row)?,
            caller_name: row.name("call_session.caller_name")?,
            last_confirmed: row
                .maybe_id("call_session.last_appointment_id")?
                .map(AppointmentId::from_uuid),
        });
    }
    let mut appointments = Vec::new();
    for row in rows_of_lead(tx, lead_id, &settings).await? {
        let history = history_of(tx, row.booking.appointment_id).await?;
        appointments.push((row, history));
    }
    Ok(Some(LeadRecord {
        lead,
        calls,
        appointments,
        tasks: tasks_of_lead(tx, lead_id).await?,
    }))
}

pub(crate) fn lead_row(row: &Row) -> Result<LeadRow, StoreError> {
    Ok(LeadRow {
        lead_id: LeadId::from_uuid(row.id("lead.id")?),
        phone: row.phone()?,
        given_phone: row.given_phone()?,
        name: row.name("lead.name")?,
        created_at: row.instant("lead.created_at")?,
        erased_at: row.maybe_instant("lead.erased_at")?,
    })
}
