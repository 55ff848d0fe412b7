//! The outbox: written beside the changes, claimed by whichever gateway comes first.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::types::JsonValue;
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

/// When an event is due that will not be sent: a dead letter, until somebody replays it.
const NEVER: UtcDateTime = utc_datetime!(9999-01-01 0:00);
/// Why an attempt failed, in so many characters.
const MAX_ERROR_CHARS: usize = 500;

/// The events of one business that may be claimed. What a trigger found out is looked at again where a promise rests on it:
/// nothing leaves while its call is live, and nothing before what its lead is to be told earlier.
macro_rules! claimable {
    ($what:literal, $business:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM outbox AS next WHERE next.business_id = ",
            $business,
            " AND next.is_next AND next.state = 'pending' AND next.next_at <= $1 \
             AND (next.leased_until IS NULL OR next.leased_until <= $1) \
             AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = next.business_id \
                AND call.call_sid = next.call_sid AND call.ended_at IS NULL) \
             AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.business_id = next.business_id \
                AND earlier.lead_id = next.lead_id AND earlier.state IN ('pending', 'dead') AND earlier.seq < next.seq) \
             ORDER BY next.next_at, next.seq LIMIT 4"
        )
    };
}

/// Whose turn has come, who has waited longest first: `$2` at most, and of receivers that fail so many that sixteen are
/// under way.
macro_rules! turns {
    ($lock:literal) => {
        concat!(
            "WITH answering AS (SELECT business_id, due_at FROM outbox_turn WHERE failing = FALSE AND due_at <= $1 \
                 ORDER BY due_at LIMIT $2 ",
            $lock,
            "), failing AS (SELECT business_id, due_at FROM outbox_turn WHERE failing = TRUE AND due_at <= $1 \
                 ORDER BY due_at LIMIT (SELECT CASE WHEN COUNT(*) < 16 THEN 16 - COUNT(*) ELSE 0 END \
                 FROM outbox AS leased WHERE leased.state = 'pending' AND leased.leased_until > $1 \
                 AND (SELECT turn.failing FROM outbox_turn AS turn WHERE turn.business_id = leased.business_id)) ",
            $lock,
            ") SELECT business_id FROM (SELECT business_id, due_at FROM answering \
                 UNION ALL SELECT business_id, due_at FROM failing) AS both_kinds ORDER BY due_at LIMIT $2"
        )
    };
}

/// What these businesses may be sent now: of each at most four at once, of one whose receiver failed last, one. First comes
/// the first of each, so that nobody's backlog stands before another's only event. The conditions on the row itself stand
/// outside, too: there they are looked at again once the row is locked. Materialised: a plan that asked the inner question
/// twice would lock more than it claims.
macro_rules! claim {
    ($events:expr, $theirs:literal, $lock:literal) => {
        concat!(
            "WITH claimed AS MATERIALIZED (SELECT event.seq FROM (SELECT due.seq, turn.failing, \
                 ROW_NUMBER() OVER (PARTITION BY turn.business_id ORDER BY due.next_at, due.seq) + (SELECT COUNT(*) FROM outbox AS leased WHERE leased.business_id = turn.business_id \
                 AND leased.state = 'pending' AND leased.leased_until > $1) AS place \
                 FROM outbox_turn AS turn JOIN ",
            $events,
            " WHERE turn.business_id ",
            $theirs,
            ") AS placed JOIN outbox AS event ON event.seq = placed.seq \
             WHERE placed.place <= CASE WHEN placed.failing THEN 1 ELSE 4 END \
             AND event.state = 'pending' AND event.next_at <= $1 \
             AND (event.leased_until IS NULL OR event.leased_until <= $1) ORDER BY placed.place, event.seq LIMIT $3 ",
            $lock,
            ") UPDATE outbox SET leased_until = $2, attempts = attempts + 1 \
             WHERE seq IN (SELECT claimed.seq FROM claimed) RETURNING seq"
        )
    };
}

macro_rules! select_claimed {
    ($these:literal) => {
        concat!(
            "SELECT event.id AS event_id, event.business_id, event.kind, event.at, event.call_sid, event.data, \
             event.attempts, webhook.url, webhook.secret, webhook.public_only, COALESCE(appointment.name, task.name) AS for_whom, task.words, \
             lead.id, lead.phone, lead.given_phone, lead.name, lead.created_at, lead.erased_at \
             FROM outbox AS event \
             JOIN webhook ON webhook.business_id = event.business_id \
             JOIN lead ON lead.business_id = event.business_id AND lead.id = event.lead_id \
             LEFT JOIN appointment ON appointment.business_id = event.business_id AND appointment.id = event.appointment_id \
             LEFT JOIN task ON task.business_id = event.business_id AND task.call_sid = event.call_sid \
             AND event.kind = 'task.created' AND task.kind = COALESCE(event.data ->> 'kind', 'booking') \
             WHERE event.seq ",
            $these,
            " ORDER BY event.seq"
        )
    };
}

macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, at, call_sid, state, attempts, last_error, \
             CASE WHEN is_next AND EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1) THEN next_at END AS next_at \
             FROM outbox WHERE business_id = $1 ",
            $rest
        )
    };
}

statements! {
    PUT: Scoped = "INSERT INTO outbox (id, business_id, lead_id, call_sid, appointment_id, kind, data, at, next_at) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $8)";
    PUT_WEBHOOK: Scoped = "INSERT INTO webhook (business_id, url, secret, public_only) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (business_id) DO UPDATE SET url = excluded.url, secret = excluded.secret, \
        public_only = excluded.public_only";
    REMOVE_WEBHOOK: Scoped = "DELETE FROM webhook WHERE business_id = $1";
    WEBHOOK: Scoped = "SELECT url, secret, public_only FROM webhook WHERE business_id = $1";
    ANY_TURN: Across = "SELECT 1 AS one FROM outbox_turn WHERE due_at <= $1 LIMIT 1";
    TURNS: Across = turns!(""), postgres: turns!("FOR UPDATE SKIP LOCKED");
    CLAIM: Across = claim!(
            concat!("outbox AS due ON due.seq IN (", claimable!("next.seq", "turn.business_id"), ")"),
            "IN (SELECT unhex(value, '-') FROM json_each($4))",
            ""
        ),
        postgres: claim!(
            concat!("LATERAL (", claimable!("next.*", "turn.business_id"), ") AS due ON TRUE"),
            "= ANY (ARRAY(SELECT theirs.id::uuid FROM jsonb_array_elements_text($4) AS theirs (id)))",
            "FOR UPDATE OF event SKIP LOCKED"
        );
    SERVED: Across = "UPDATE outbox_turn SET served_at = $1 \
            WHERE business_id IN (SELECT unhex(value, '-') FROM json_each($2))",
        postgres: "UPDATE outbox_turn SET served_at = $1 \
            WHERE business_id = ANY (ARRAY(SELECT theirs.id::uuid FROM jsonb_array_elements_text($2) AS theirs (id)))";
    CLAIMED: Across = select_claimed!("IN (SELECT value FROM json_each($1))"),
        postgres: select_claimed!("= ANY (ARRAY(SELECT these.seq::bigint FROM jsonb_array_elements_text($1) AS these (seq)))");
    // What changes the order of a lead's events holds the lead.
    HOLD_LEADS: Scoped = "SELECT lead.id FROM lead WHERE lead.business_id = $1 AND lead.id IN (SELECT event.lead_id \
        FROM outbox AS event WHERE event.business_id = $1 AND event.id = $2) ORDER BY lead.id",
        postgres_adds: " FOR NO KEY UPDATE";
    HOLD_LEADS_OF_DEAD: Scoped = "SELECT lead.id FROM lead WHERE lead.business_id = $1 AND lead.id IN (SELECT dead.lead_id \
        FROM outbox AS dead WHERE dead.business_id = $1 AND dead.state = 'dead') ORDER BY lead.id",
        postgres_adds: " FOR NO KEY UPDATE";
    DELIVERED: Scoped = "UPDATE outbox SET state = 'delivered', done_at = $3, leased_until = NULL, last_error = NULL \
        WHERE business_id = $1 AND id = $2 AND state = 'pending'";
    FAILED: Scoped = "UPDATE outbox SET state = $5, next_at = $6, last_error = $4, leased_until = NULL \
        WHERE business_id = $1 AND id = $2 AND state = 'pending' AND attempts = $3";
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
    ) -> Result<bool, StoreError> {
        let set = || async {
            let mut tx = self.database.write(business_id).await?;
            if !exists(&mut tx).await? {
                return Ok(false);
            }
            if let Some(Webhook {
                url,
                secret,
                public_only,
            }) = webhook
            {
                let values = values![url.as_str(), secret.expose_secret(), *public_only];
                tx.execute(PUT_WEBHOOK, values).await?;
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
        let any_turn = || async {
            let mut tx = self.database.read_across().await?;
            Ok(!tx.fetch(ANY_TURN, values![now]).await?.is_empty())
        };
        if !attempts(Repeat::Safe, any_turn).await? {
            return Ok(Vec::new());
        }
        let claim = || async {
            let mut tx = self.database.write_across().await?;
            tx.read_in_order().await?;
            // Held before their events are looked at: two who claim at once never count the same room.
            let turns = tx.fetch(TURNS, values![now, limit]).await?;
            let turns = list(&turns, |row| row.id("outbox_turn.business_id"))?;
            let values = values![now, now.saturating_add(lease), limit, turns.clone()];
            let claimed = tx.fetch(CLAIM, values).await?;
            tx.execute(SERVED, values![now, turns]).await?;
            let claimed = list(&claimed, |row| row.int::<i64>("outbox.seq"))?;
            let rows = tx.fetch(CLAIMED, values![claimed]).await?;
            tx.commit().await?;
            Ok(rows.iter().filter_map(readable).collect())
        };
        attempts(Repeat::Safe, claim).await
    }

    async fn delivered(&self, delivery: &Delivery, now: UtcDateTime) -> Result<(), StoreError> {
        let note = || async {
            let mut tx = self.database.write(delivery.business_id).await?;
            tx.fetch(HOLD_LEADS, values![delivery.event_id]).await?;
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
        let next_at = retry_at.unwrap_or(NEVER);
        let note = || async {
            let mut tx = self.database.write(delivery.business_id).await?;
            tx.fetch(HOLD_LEADS, values![delivery.event_id]).await?;
            let values = values![
                delivery.event_id,
                delivery.attempt,
                why.as_str(),
                state.as_str(),
                next_at,
            ];
            tx.execute(FAILED, values).await?;
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
            tx.fetch(HOLD_LEADS_OF_DEAD, values![]).await?;
            let replayed = tx.execute(REPLAY, values![event_id, now]).await?;
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
            tx.fetch(HOLD_LEADS, values![event_id]).await?;
            let discarded = tx.execute(DISCARD, values![event_id, now]).await?;
            tx.commit().await?;
            Ok(discarded > 0)
        };
        attempts(Repeat::Safe, discard).await
    }
}

/// What rows name, as a list that a statement takes as one value.
fn list<T: ToString>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<JsonValue, StoreError> {
    let name = |row| Ok(JsonValue::String(read(row)?.to_string()));
    rows.iter().map(name).collect()
}

/// One that cannot be read stays leased for a while and comes back; the others go.
fn readable(row: &Row) -> Option<Delivery> {
    let read = delivery(row).inspect_err(|error| {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "an event of the outbox cannot be read");
    });
    read.ok()
}

fn webhook_of(row: &Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        url: row.text("webhook.url")?.to_owned(),
        secret: SecretString::from(row.text("webhook.secret")?),
        public_only: row.flag("webhook.public_only")?,
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
    Ok(EventRow {
        event_id: EventId::from_uuid(row.id("outbox.id")?),
        kind: row.parsed("outbox.kind")?,
        at: row.instant("outbox.at")?,
        call_sid: row.maybe_parsed("outbox.call_sid")?,
        state: row.parsed("outbox.state")?,
        attempts: row.int("outbox.attempts")?,
        next_at: row.maybe_instant("outbox.next_at")?,
        last_error: row.maybe_text("outbox.last_error")?.map(str::to_owned),
    })
}
