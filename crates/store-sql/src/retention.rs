//! What a business no longer keeps.

use time::{Duration, UtcDateTime};
use toran_domain::{BusinessId, LeadId};
use toran_store::{Removed, Retention, StoreError};

use crate::{
    database::{Database, Failure, Repeat, attempts},
    leads::anonymise,
    session::lock_lead,
    statement::{Scoped, statements},
    value::values,
};

/// How long events are kept that are done with, or that nobody wants.
const EVENTS_KEPT: Duration = Duration::days(30);

/// Leads whose last call and last appointment were over before `$2`.
macro_rules! forgotten {
    ($rest:literal) => {
        concat!(
            "SELECT id FROM lead WHERE business_id = $1 AND erased_at IS NULL AND created_at < $2 \
             AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 \
                 AND call.lead_id = lead.id AND (call.ended_at IS NULL OR call.ended_at >= $2)) \
             AND NOT EXISTS (SELECT 1 FROM appointment WHERE appointment.business_id = $1 \
                 AND appointment.lead_id = lead.id AND appointment.ends_at >= $2) ",
            $rest
        )
    };
}

statements! {
    READ: Scoped = "SELECT keep_transcripts_days, keep_phone_numbers_days FROM business WHERE business.id = $1";
    SET: Scoped = "UPDATE business SET keep_transcripts_days = $2, keep_phone_numbers_days = $3 WHERE business.id = $1";
    BUSINESSES: Across = "SELECT id FROM business ORDER BY id";
    DELETE_LINES: Scoped = "DELETE FROM transcript_line WHERE business_id = $1 AND (call_sid, seq) IN \
        (SELECT line.call_sid, line.seq FROM transcript_line AS line JOIN call_session AS call \
        ON call.business_id = line.business_id AND call.call_sid = line.call_sid \
        WHERE line.business_id = $1 AND call.ended_at < $2 LIMIT 1000)";
    // What callers said in a task that was dealt with goes as what was said in the call does.
    FORGET_WORDS: Scoped = "UPDATE task SET words = NULL WHERE business_id = $1 AND words IS NOT NULL AND done_at < $2";
    FORGOTTEN_LEADS: Scoped = forgotten!("ORDER BY lead.id LIMIT 25");
    IS_FORGOTTEN: Scoped = forgotten!("AND lead.id = $3");
    DELETE_DONE: Scoped = "DELETE FROM outbox WHERE business_id = $1 AND seq IN \
        (SELECT done.seq FROM outbox AS done WHERE done.business_id = $1 AND done.done_at < $2 LIMIT 1000)";
    DELETE_UNWANTED: Scoped = "DELETE FROM outbox WHERE business_id = $1 AND seq IN \
        (SELECT old.seq FROM outbox AS old WHERE old.business_id = $1 AND old.state = 'pending' AND old.at < $2 \
        AND NOT EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1) LIMIT 1000)";
}

pub(crate) async fn read(
    database: &Database,
    business_id: BusinessId,
) -> Result<Option<Retention>, Failure> {
    let mut tx = database.read(business_id).await?;
    let Some(row) = tx.fetch_one(READ, values![]).await? else {
        return Ok(None);
    };
    Ok(Some(Retention {
        transcripts_days: row.maybe_int("business.keep_transcripts_days")?,
        phone_numbers_days: row.maybe_int("business.keep_phone_numbers_days")?,
    }))
}

pub(crate) async fn set(
    database: &Database,
    business_id: BusinessId,
    kept: Retention,
) -> Result<bool, Failure> {
    let mut tx = database.write(business_id).await?;
    let values = values![kept.transcripts_days, kept.phone_numbers_days];
    let changed = tx.execute(SET, values).await?;
    tx.commit().await?;
    Ok(changed > 0)
}

/// One business after the other, each in small steps, so that nobody who books waits long for it. A business for which it
/// fails does not hold up the others.
pub(crate) async fn apply(database: &Database, now: UtcDateTime) -> Result<Removed, StoreError> {
    let list = || async {
        let mut tx = database.read_across().await?;
        tx.fetch(BUSINESSES, values![]).await
    };
    let mut all = Removed::default();
    let mut failed = None;
    for row in attempts(Repeat::Safe, list).await? {
        let business_id = BusinessId::from_uuid(row.id("business.id")?);
        if let Err(error) = apply_to(database, business_id, now, &mut all).await {
            let shown = &error as &dyn std::error::Error;
            tracing::warn!(%business_id, error = shown, "what the business no longer keeps could not be removed");
            failed = Some(error);
        }
    }
    // Each time: what could not be overwritten earlier is now.
    database.overwrite_erased().await;
    failed.map_or(Ok(all), Err)
}

async fn apply_to(
    database: &Database,
    business_id: BusinessId,
    now: UtcDateTime,
    removed: &mut Removed,
) -> Result<(), StoreError> {
    let kept = attempts(Repeat::Safe, || read(database, business_id)).await?;
    let Some(kept) = kept else { return Ok(()) };
    let before = |days: u16| now.saturating_sub(Duration::days(days.into()));
    if let Some(days) = kept.transcripts_days {
        removed.transcript_lines +=
            delete_all(database, business_id, DELETE_LINES, before(days)).await?;
        delete_all(database, business_id, FORGET_WORDS, before(days)).await?;
    }
    if let Some(days) = kept.phone_numbers_days {
        loop {
            let some = || forget_some(database, business_id, before(days), now);
            let (looked_at, forgotten) = attempts(Repeat::Safe, some).await?;
            removed.leads += forgotten;
            if looked_at == 0 {
                break;
            }
        }
    }
    let old = now.saturating_sub(EVENTS_KEPT);
    removed.events += delete_all(database, business_id, DELETE_DONE, old).await?;
    removed.events += delete_all(database, business_id, DELETE_UNWANTED, old).await?;
    Ok(())
}

/// Deletes what is older, some at a time.
async fn delete_all(
    database: &Database,
    business_id: BusinessId,
    statement: Scoped,
    before: UtcDateTime,
) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let some = || async {
            let mut tx = database.write(business_id).await?;
            let deleted = tx.execute(statement, values![before]).await?;
            tx.commit().await?;
            Ok(deleted)
        };
        match attempts(Repeat::Safe, some).await? {
            0 => return Ok(all),
            deleted => all += deleted,
        }
    }
}

/// Forgets who some leads were. How many were looked at, and how many forgotten.
async fn forget_some(
    database: &Database,
    business_id: BusinessId,
    before: UtcDateTime,
    now: UtcDateTime,
) -> Result<(usize, u64), Failure> {
    let mut tx = database.write(business_id).await?;
    let mut forgotten = 0;
    let candidates = tx.fetch(FORGOTTEN_LEADS, values![before]).await?;
    for row in &candidates {
        let lead_id = LeadId::from_uuid(row.id("lead.id")?);
        lock_lead(&mut tx, lead_id).await?;
        // Nobody who called a moment ago.
        let is_forgotten = tx.fetch_one(IS_FORGOTTEN, values![before, lead_id]);
        if is_forgotten.await?.is_some() {
            anonymise(&mut tx, lead_id, now).await?;
            forgotten += 1;
        }
    }
    tx.commit().await?;
    Ok((candidates.len(), forgotten))
}
