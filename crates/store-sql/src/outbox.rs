//! The outbox: written beside the changes, claimed by whichever gateway comes first.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use time::{Duration, UtcDateTime, macros::utc_datetime};
use toran_domain::{BusinessId, CallSid, EventId, LeadId};
use toran_store::{Delivery, DeliveryState, Event, EventRow, LeadRow, Outbox, StoreError, Webhook};
use uuid::Uuid;

use crate::{
    SqlStore,
    businesses::exists,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    leads::lead_row,
    row::Row,
    statement::statements,
    value::values,
};

/// When an event is due that waits for something else than time: for a webhook, or behind a dead letter.
const HELD: UtcDateTime = utc_datetime!(9999-01-01 0:00);
/// Why an attempt failed, in so many characters.
const MAX_ERROR_CHARS: usize = 500;

/// Whether an event of a row's business waits that did not arrive.
macro_rules! is_failing {
    ($row:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM outbox AS failed WHERE failed.business_id = ",
            $row,
            ".business_id AND failed.state = 'pending' AND failed.last_error IS NOT NULL)"
        )
    };
}

/// What is due, so that a receiver that hangs does not hold up the others: of each business at most four events are under
/// way at once; of one whose receiver failed last, one; and of all such receivers together sixteen. First comes the first of
/// each, so that nobody's backlog stands before another's only event. The conditions on the row itself stand outside, too:
/// there they are looked at again once the row is locked. Materialised: a plan that asked the inner question twice would lock
/// more than it claims.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH claimed AS MATERIALIZED (SELECT event.seq FROM outbox AS event JOIN ( \
                 SELECT waiting.seq, waiting.place, waiting.failing, \
                     ROW_NUMBER() OVER (PARTITION BY waiting.failing ORDER BY waiting.place, waiting.seq) AS nth FROM ( \
                     SELECT first.seq, ROW_NUMBER() OVER (PARTITION BY first.business_id ORDER BY first.seq) \
                         + (SELECT COUNT(*) FROM outbox AS leased WHERE leased.business_id = first.business_id \
                         AND leased.state = 'pending' AND leased.leased_until > $1) AS place, \
                     CASE WHEN ",
            is_failing!("first"),
            " THEN 1 ELSE 0 END AS failing \
                     FROM outbox AS first JOIN webhook ON webhook.business_id = first.business_id \
                     WHERE first.state = 'pending' AND first.next_at <= $1 \
                     AND (first.leased_until IS NULL OR first.leased_until <= $1) \
                     AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.business_id = first.business_id \
                         AND earlier.lead_id = first.lead_id AND earlier.seq < first.seq \
                         AND earlier.state IN ('pending', 'dead')) \
                     AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = first.business_id \
                         AND call.call_sid = first.call_sid AND call.ended_at IS NULL) \
                 ) AS waiting WHERE waiting.place <= CASE WHEN waiting.failing = 1 THEN 1 ELSE 4 END \
             ) AS due ON due.seq = event.seq \
             WHERE event.state = 'pending' AND event.next_at <= $1 \
             AND (event.leased_until IS NULL OR event.leased_until <= $1) \
             AND (due.failing = 0 OR due.nth + (SELECT COUNT(*) FROM outbox AS leased \
                 WHERE leased.state = 'pending' AND leased.leased_until > $1 AND ",
            is_failing!("leased"),
            ") <= 16) \
             ORDER BY due.place, event.seq LIMIT $3 ",
            $lock,
            ") UPDATE outbox SET leased_until = $2, attempts = attempts + 1 \
             WHERE seq IN (SELECT claimed.seq FROM claimed) RETURNING seq"
        )
    };
}

macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, at, call_sid, state, attempts, next_at, last_error FROM outbox WHERE business_id = $1 ",
            $rest
        )
    };
}

statements! {
    // The casts tell PostgreSQL what the parameters are; to SQLite they are numbers as before.
    PUT: Scoped = "INSERT INTO outbox (id, business_id, lead_id, call_sid, appointment_id, kind, data, at, next_at) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, CASE \
        WHEN NOT EXISTS (SELECT 1 FROM webhook WHERE business_id = $1) THEN CAST($9 AS timestamptz) \
        WHEN EXISTS (SELECT 1 FROM outbox AS dead WHERE dead.business_id = $1 AND dead.lead_id = $3 \
            AND dead.state = 'dead') THEN CAST($9 AS timestamptz) ELSE CAST($8 AS timestamptz) END)";
    PUT_WEBHOOK: Scoped = "INSERT INTO webhook (business_id, url, secret) VALUES ($1, $2, $3) \
        ON CONFLICT (business_id) DO UPDATE SET url = excluded.url, secret = excluded.secret";
    REMOVE_WEBHOOK: Scoped = "DELETE FROM webhook WHERE business_id = $1";
    WEBHOOK: Scoped = "SELECT url, secret FROM webhook WHERE business_id = $1";
    ANY_DUE: Across = "SELECT 1 AS one FROM outbox WHERE state = 'pending' AND next_at <= $1 LIMIT 1";
    CLAIM: Across = claim!(""), postgres: claim!("FOR UPDATE OF event SKIP LOCKED");
    CLAIMED: Across = "SELECT event.id AS event_id, event.business_id, event.kind, event.at, event.call_sid, event.data, \
        event.attempts, webhook.url, webhook.secret, COALESCE(appointment.name, task.name) AS for_whom, task.words, \
        lead.id, lead.phone, lead.given_phone, lead.name, lead.created_at, lead.erased_at \
        FROM outbox AS event \
        JOIN webhook ON webhook.business_id = event.business_id \
        JOIN lead ON lead.business_id = event.business_id AND lead.id = event.lead_id \
        LEFT JOIN appointment ON appointment.business_id = event.business_id AND appointment.id = event.appointment_id \
        LEFT JOIN task ON task.business_id = event.business_id AND task.call_sid = event.call_sid \
        AND event.kind = 'task.created' AND task.kind = COALESCE(event.data ->> 'kind', 'booking') \
        WHERE event.seq = $1";
    DELIVERED: Scoped = "UPDATE outbox SET state = 'delivered', done_at = $3, leased_until = NULL, last_error = NULL \
        WHERE business_id = $1 AND id = $2 AND state = 'pending'";
    FAILED: Scoped = "UPDATE outbox SET state = $5, next_at = $6, last_error = $4, leased_until = NULL \
        WHERE business_id = $1 AND id = $2 AND state = 'pending' AND attempts = $3";
    HOLD_BACK: Scoped = "UPDATE outbox SET next_at = $3 WHERE business_id = $1 AND state = 'pending' AND next_at < $3 \
        AND lead_id = (SELECT failed.lead_id FROM outbox AS failed WHERE failed.business_id = $1 AND failed.id = $2) \
        AND seq > (SELECT failed.seq FROM outbox AS failed WHERE failed.business_id = $1 AND failed.id = $2)";
    LET_GO: Scoped = "UPDATE outbox SET next_at = $2 WHERE business_id = $1 AND state = 'pending' AND next_at = $3 \
        AND EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1) \
        AND NOT EXISTS (SELECT 1 FROM outbox AS dead WHERE dead.business_id = $1 AND dead.lead_id = outbox.lead_id \
        AND dead.state = 'dead')";
    EVENTS: Scoped = select_events!("AND (CAST($2 AS text) IS NULL OR state = $2) ORDER BY seq DESC LIMIT $3");
    EVENT: Scoped = select_events!("AND id = $2");
    REPLAY: Scoped = "UPDATE outbox SET state = 'pending', attempts = 0, next_at = $3, leased_until = NULL \
        WHERE business_id = $1 AND state = 'dead' AND (CAST($2 AS uuid) IS NULL OR id = $2)";
    DISCARD: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND id = $2 AND state = 'dead'";
}

/// Of whom an event is, from which call, and when.
pub(crate) struct Subject<'a> {
    pub(crate) lead_id: LeadId,
    pub(crate) call_sid: Option<&'a CallSid>,
    pub(crate) at: UtcDateTime,
}

/// Writes an event in the transaction of the change that it tells of. Its lead is held, so that it is told in order.
pub(crate) async fn put_event(
    tx: &mut Tx<OneBusiness>,
    subject: Subject<'_>,
    event: &Event,
) -> Result<(), Failure> {
    let values = values![
        Uuid::now_v7(),
        subject.lead_id,
        subject.call_sid,
        event.appointment_id(),
        event.kind().as_str(),
        event.data(),
        subject.at,
        HELD,
    ];
    tx.execute(PUT, values).await?;
    Ok(())
}

#[async_trait]
impl Outbox for SqlStore {
    async fn set_webhook(
        &self,
        business_id: BusinessId,
        webhook: Option<&Webhook>,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let set = || async {
            let mut tx = self.database.write(business_id).await?;
            if !exists(&mut tx).await? {
                return Ok(false);
            }
            if let Some(Webhook { url, secret }) = webhook {
                let values = values![url.as_str(), secret.expose_secret()];
                tx.execute(PUT_WEBHOOK, values).await?;
                tx.execute(LET_GO, values![now, HELD]).await?;
            } else {
                tx.execute(REMOVE_WEBHOOK, values![]).await?;
            }
            tx.commit().await?;
            Ok(true)
        };
        attempts(Repeat::Safe, set).await
    }

    async fn webhook(&self, business_id: BusinessId) -> Result<Option<Webhook>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let row = tx.fetch_one(WEBHOOK, values![]).await?;
            Ok(row.as_ref().map(webhook_of).transpose()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn claim_deliveries(
        &self,
        now: UtcDateTime,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Nearly always there is nothing: a question that holds up no writer.
        let any_due = || async {
            let mut tx = self.database.read_across().await?;
            Ok(!tx.fetch(ANY_DUE, values![now]).await?.is_empty())
        };
        if !attempts(Repeat::Safe, any_due).await? {
            return Ok(Vec::new());
        }
        let claim = || async {
            let mut tx = self.database.write_across().await?;
            let values = values![now, now.saturating_add(lease), limit];
            let claimed = tx.fetch(CLAIM, values).await?;
            let seqs: Result<Vec<i64>, StoreError> =
                claimed.iter().map(|row| row.int("outbox.seq")).collect();
            let mut seqs = seqs?;
            seqs.sort_unstable();
            let mut deliveries = Vec::with_capacity(seqs.len());
            for seq in seqs {
                for row in tx.fetch(CLAIMED, values![seq]).await? {
                    match delivery(&row) {
                        Ok(delivery) => deliveries.push(delivery),
                        // It stays leased for a while and comes back; the others go.
                        Err(error) => {
                            let error = &error as &dyn std::error::Error;
                            tracing::error!(seq, error, "an event of the outbox cannot be read");
                        }
                    }
                }
            }
            tx.commit().await?;
            Ok(deliveries)
        };
        attempts(Repeat::Safe, claim).await
    }

    async fn delivered(&self, delivery: &Delivery, now: UtcDateTime) -> Result<(), StoreError> {
        let note = || async {
            let mut tx = self.database.write(delivery.business_id).await?;
            tx.execute(DELIVERED, values![delivery.event_id, now])
                .await?;
            tx.commit().await
        };
        attempts(Repeat::Safe, note).await
    }

    async fn not_delivered(
        &self,
        delivery: &Delivery,
        why: &str,
        retry_at: Option<UtcDateTime>,
    ) -> Result<(), StoreError> {
        let why: String = why.chars().take(MAX_ERROR_CHARS).collect();
        let state = match retry_at {
            Some(_) => DeliveryState::Pending,
            None => DeliveryState::Dead,
        };
        let next_at = retry_at.unwrap_or(HELD);
        let note = || async {
            let mut tx = self.database.write(delivery.business_id).await?;
            let values = values![
                delivery.event_id,
                delivery.attempt,
                why.as_str(),
                state.as_str(),
                next_at,
            ];
            if tx.execute(FAILED, values).await? > 0 {
                // What waits behind it need not be looked at before.
                tx.execute(HOLD_BACK, values![delivery.event_id, next_at])
                    .await?;
            }
            tx.commit().await
        };
        attempts(Repeat::Safe, note).await
    }

    async fn events(
        &self,
        business_id: BusinessId,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let state = state.map(DeliveryState::as_str);
            let rows = tx.fetch(EVENTS, values![state, limit]).await?;
            let events: Result<Vec<EventRow>, StoreError> = rows.iter().map(event_row).collect();
            Ok(events?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn event(
        &self,
        business_id: BusinessId,
        event_id: EventId,
    ) -> Result<Option<EventRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let row = tx.fetch_one(EVENT, values![event_id]).await?;
            Ok(row.as_ref().map(event_row).transpose()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn replay(
        &self,
        business_id: BusinessId,
        event_id: Option<EventId>,
        now: UtcDateTime,
    ) -> Result<u64, StoreError> {
        let replay = || async {
            let mut tx = self.database.write(business_id).await?;
            let replayed = tx.execute(REPLAY, values![event_id, now]).await?;
            tx.execute(LET_GO, values![now, HELD]).await?;
            tx.commit().await?;
            Ok(replayed)
        };
        attempts(Repeat::Safe, replay).await
    }

    async fn discard(
        &self,
        business_id: BusinessId,
        event_id: EventId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let discard = || async {
            let mut tx = self.database.write(business_id).await?;
            let discarded = tx.execute(DISCARD, values![event_id, now]).await?;
            tx.execute(LET_GO, values![now, HELD]).await?;
            tx.commit().await?;
            Ok(discarded > 0)
        };
        attempts(Repeat::Safe, discard).await
    }
}

/// Lets go what was held for a webhook that is there by now.
pub(crate) async fn let_go(tx: &mut Tx<OneBusiness>, now: UtcDateTime) -> Result<(), Failure> {
    tx.execute(LET_GO, values![now, HELD]).await?;
    Ok(())
}

fn webhook_of(row: &Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        url: row.text("webhook.url")?.to_owned(),
        secret: SecretString::from(row.text("webhook.secret")?),
    })
}

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let lead: LeadRow = lead_row(row)?;
    let data = row.json("outbox.data")?.unwrap_or_default();
    Ok(Delivery {
        event_id: EventId::from_uuid(row.id("outbox.event_id")?),
        business_id: BusinessId::from_uuid(row.id("outbox.business_id")?),
        kind: row.parsed("outbox.kind")?,
        at: row.instant("outbox.at")?,
        call_sid: row.maybe_parsed("outbox.call_sid")?,
        data: data.to_string(),
        lead,
        name: row.name("appointment.for_whom")?,
        words: row.name("task.words")?,
        attempt: row.int("outbox.attempts")?,
        webhook: webhook_of(row)?,
    })
}

fn event_row(row: &Row) -> Result<EventRow, StoreError> {
    let state: DeliveryState = row.parsed("outbox.state")?;
    let next_at = row.instant("outbox.next_at")?;
    Ok(EventRow {
        event_id: EventId::from_uuid(row.id("outbox.id")?),
        kind: row.parsed("outbox.kind")?,
        at: row.instant("outbox.at")?,
        call_sid: row.maybe_parsed("outbox.call_sid")?,
        state,
        attempts: row.int("outbox.attempts")?,
        next_at: (state == DeliveryState::Pending && next_at < HELD).then_some(next_at),
        last_error: row.maybe_text("outbox.last_error")?.map(str::to_owned),
    })
}
