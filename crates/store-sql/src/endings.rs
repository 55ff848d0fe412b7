//! How calls end: by a stream's word, by the provider's, or because nobody has seen them for a long time.

use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid, LeadId, RequestedTime};
use toran_store::{CallEnding, CallKey, CallSummary, Event, StoreError};

use crate::{
    SqlStore,
    businesses::settings_of,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    outbox::{Subject, put_event},
    row::Row,
    session::{appointments_of_call, lock_lead_and_call, may_write},
    statement::{Across, statements},
    value::values,
};

statements! {
    UNSEEN: Across = "SELECT business_id, call_sid FROM call_session \
        WHERE ended_at IS NULL AND seen_at < $1 ORDER BY seen_at LIMIT 1000";
    // However the call ended: nobody has heard what became of the transfer.
    OPEN_TRANSFERS: Across = "SELECT business_id, call_sid FROM call_session \
        WHERE transfer IN ('wanted', 'dialling') AND seen_at < $1 ORDER BY seen_at LIMIT 1000";
    END: Scoped = "UPDATE call_session SET ended_at = $3, ending = $4, abandoned = $5 \
        WHERE business_id = $1 AND call_sid = $2 AND ended_at IS NULL AND seen_at < $6";
    SUMMARY: Scoped = "SELECT started_at, last_requested_date, last_requested_time, \
        (SELECT COUNT(*) FROM transcript_line AS line WHERE line.business_id = $1 AND line.call_sid = $2) AS lines \
        FROM call_session WHERE business_id = $1 AND call_sid = $2";
}

/// Which calls are ended: on behalf of a stream of this epoch, last seen before an instant.
#[derive(Clone, Copy)]
pub(crate) struct Which {
    epoch: u32,
    seen_before: UtcDateTime,
}

impl Which {
    /// Whatever was seen of it.
    pub(crate) const fn of_epoch(epoch: u32) -> Self {
        Self {
            epoch,
            seen_before: UtcDateTime::MAX,
        }
    }
}

impl SqlStore {
    /// Ends the calls that nobody has seen for long, and the transfers that they left open. Returns how many calls.
    pub(crate) async fn end_unseen(
        &self,
        seen_before: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<u64, StoreError> {
        for key in self.unseen(OPEN_TRANSFERS, seen_before).await? {
            let give_up = || self.give_transfer_up_once(&key, now);
            unless_unreadable(&key, attempts(Repeat::Safe, give_up).await)?;
        }
        let which = Which {
            epoch: u32::MAX,
            seen_before,
        };
        let mut ended = 0;
        for key in self.unseen(UNSEEN, seen_before).await? {
            let end = || self.end_once(&key, CallEnding::Abandoned, now, which);
            let has_ended = unless_unreadable(&key, attempts(Repeat::Safe, end).await)?;
            ended += u64::from(has_ended.unwrap_or(false));
        }
        Ok(ended)
    }

    async fn unseen(
        &self,
        statement: Across,
        seen_before: UtcDateTime,
    ) -> Result<Vec<CallKey>, StoreError> {
        let unseen = || async {
            let mut tx = self.database.read_across().await?;
            tx.fetch(statement, values![seen_before]).await
        };
        let key = |row: &Row| {
            Ok(CallKey {
                business_id: BusinessId::from_uuid(row.id("call_session.business_id")?),
                call_sid: row.parsed("call_session.call_sid")?,
            })
        };
        let rows = attempts(Repeat::Safe, unseen).await?;
        rows.iter().map(key).collect()
    }

    /// Ends a call that goes on, if it is the one that is meant, and tells of it. Whether it did.
    pub(crate) async fn end_once(
        &self,
        key: &CallKey,
        ending: CallEnding,
        now: UtcDateTime,
        which: Which,
    ) -> Result<bool, Failure> {
        let call_sid = &key.call_sid;
        let mut tx = self.database.write(key.business_id).await?;
        let held = lock_lead_and_call(&mut tx, call_sid).await?;
        may_write(which.epoch, &held)?;
        let call = (held.lead_id, call_sid);
        let has_ended = end_held(&mut tx, call, ending, now, which.seen_before).await?;
        tx.commit().await?;
        Ok(has_ended)
    }
}

/// One business whose settings cannot be read does not hold up the others; a database that is away does.
fn unless_unreadable<T>(
    key: &CallKey,
    done: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error @ StoreError::Unavailable(_)) => Err(error),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(business_id = %key.business_id, error, "an abandoned call cannot be ended");
            Ok(None)
        }
    }
}

/// Ends a call that is held, with its lead, if it goes on and was last seen before an instant; and tells of it. Whether it
/// did.
pub(crate) async fn end_held(
    tx: &mut Tx<OneBusiness>,
    (lead_id, call_sid): (LeadId, &CallSid),
    ending: CallEnding,
    now: UtcDateTime,
    seen_before: UtcDateTime,
) -> Result<bool, Failure> {
    let abandoned = ending == CallEnding::Abandoned;
    let word = if abandoned {
        CallEnding::Failed
    } else {
        ending
    };
    let values = values![call_sid, now, word.as_str(), abandoned, seen_before];
    if tx.execute(END, values).await? == 0 {
        return Ok(false);
    }
    let summary = summary(tx, call_sid, ending, now).await?;
    let subject = Subject {
        lead_id,
        call_sid: Some(call_sid),
        at: now,
    };
    put_event(tx, subject, &Event::CallEnded(summary)).await?;
    Ok(true)
}

async fn summary(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    ending: CallEnding,
    ended_at: UtcDateTime,
) -> Result<CallSummary, Failure> {
    let settings = settings_of(tx).await?.ok_or(StoreError::UnknownBusiness)?;
    let row = tx.fetch_one(SUMMARY, values![call_sid]).await?;
    let row = row.ok_or(StoreError::UnknownCall)?;
    let appointments = appointments_of_call(tx, call_sid, &settings).await?;
    Ok(CallSummary {
        call_sid: call_sid.clone(),
        ending,
        started_at: row.instant("call_session.started_at")?,
        ended_at: ended_at.truncate_to_second(),
        transcript_lines: row.int("transcript_line.lines")?,
        appointments: appointments.iter().map(|made| made.booking).collect(),
        last_requested: RequestedTime {
            date: row.date("call_session.last_requested_date")?,
            time: row.time("call_session.last_requested_time")?,
        },
    })
}
