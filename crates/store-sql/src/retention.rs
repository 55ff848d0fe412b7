//! What a business no longer keeps.

use time::{Duration, UtcDateTime};
use toran_domain::{BusinessId, LeadId};
use toran_store::{Removed, Retention, StoreError};

use crate::{
    database::{Database, Failure, Repeat, attempts},
    leads::anonymise,
    outbox::let_go,
    statement::statements,
    value::values,
};

/// How long events are kept that are done with, or that nobody wants.
const EVENTS_KEPT: Duration = Duration::days(30);

statements! {
    READ: Scoped = "SELECT keep_transcripts_days, keep_phone_numbers_days FROM business WHERE business.id = $1";
    SET: Scoped = "UPDATE business SET keep_transcripts_days = $2, keep_phone_numbers_days = $3 WHERE business.id = $1";
    BUSINESSES: Across = "SELECT id FROM business ORDER BY id";
    DELETE_LINES: Scoped = "DELETE FROM transcript_line WHERE business_id = $1 AND call_sid IN \
        (SELECT call.call_sid FROM call_session AS call WHERE call.business_id = $1 AND call.ended_at < $2)";
    FORGOTTEN_LEADS: Scoped = "SELECT id FROM lead WHERE business_id = $1 AND erased_at IS NULL AND created_at < $2 \
        AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = lead.id \
            AND (call.ended_at IS NULL OR call.ended_at >= $2)) \
        AND NOT EXISTS (SELECT 1 FROM appointment WHERE appointment.business_id = $1 \
            AND appointment.lead_id = lead.id AND appointment.ends_at >= $2) LIMIT 500";
    DELETE_DONE: Scoped = "DELETE FROM outbox WHERE business_id = $1 AND done_at < $2";
    DELETE_UNWANTED: Scoped = "DELETE FROM outbox WHERE business_id = $1 AND state = 'pending' AND at < $2 \
        AND NOT EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1)";
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

/// One business after the other, each in a transaction of its own.
pub(crate) async fn apply(database: &Database, now: UtcDateTime) -> Result<Removed, StoreError> {
    let list = || async {
        let mut tx = database.read_across().await?;
        tx.fetch(BUSINESSES, values![]).await
    };
    let mut all = Removed::default();
    for row in attempts(Repeat::Safe, list).await? {
        let business_id = BusinessId::from_uuid(row.id("business.id")?);
        let removed = attempts(Repeat::Safe, || apply_to(database, business_id, now)).await?;
        all.transcript_lines += removed.transcript_lines;
        all.leads += removed.leads;
        all.events += removed.events;
    }
    Ok(all)
}

async fn apply_to(
    database: &Database,
    business_id: BusinessId,
    now: UtcDateTime,
) -> Result<Removed, Failure> {
    let Some(kept) = read(database, business_id).await? else {
        return Ok(Removed::default());
    };
    let before = |days: u16| now.saturating_sub(Duration::days(days.into()));
    let mut removed = Removed::default();
    let mut tx = database.write(business_id).await?;
    if let Some(days) = kept.transcripts_days {
        removed.transcript_lines = tx.execute(DELETE_LINES, values![before(days)]).await?;
    }
    if let Some(days) = kept.phone_numbers_days {
        for row in tx.fetch(FORGOTTEN_LEADS, values![before(days)]).await? {
            let lead_id = LeadId::from_uuid(row.id("lead.id")?);
            anonymise(&mut tx, lead_id, now).await?;
            removed.leads += 1;
        }
    }
    let old = now.saturating_sub(EVENTS_KEPT);
    removed.events = tx.execute(DELETE_DONE, values![old]).await?;
    removed.events += tx.execute(DELETE_UNWANTED, values![old]).await?;
    // A webhook that came while an event was being written did not let it go.
    let_go(&mut tx, now).await?;
    tx.commit().await?;
    Ok(removed)
}
