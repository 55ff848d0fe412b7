//! Backlogs of the outbox, made in bulk.

use time::UtcDateTime;
use toran_store::StoreError;

use crate::{
    SqlStore,
    statement::{Across, statement},
    value::values,
};

/// `$1` is the word that all of them have in their name, `$2` the first number, `$3` how many.
const BUSINESSES: Across = statement!(
    Across "WITH RECURSIVE filled(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM filled WHERE n + 1 < $3) \
        INSERT INTO business (id, name, called_number, text, agent_gender) \
        SELECT randomblob(16), $1, '+9725' || printf('%08d', $2 + n), '', 'female' FROM filled",
    postgres: "INSERT INTO business (id, name, called_number, text, agent_gender) \
        SELECT gen_random_uuid(), $1, '+9725' || lpad(($2 + n)::text, 8, '0'), '', 'female' \
        FROM generate_series(0, $3::bigint - 1) AS n"
);

const WEBHOOKS: Across = statement!(
    Across "INSERT INTO webhook (business_id, url, secret) \
        SELECT id, 'https://crm.example/hook', 'whsec_c2VjcmV0' FROM business WHERE name = $1"
);

/// `$2` is how many each business has, `$3` since when.
const LEADS: Across = statement!(
    Across "WITH RECURSIVE filled(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM filled WHERE n + 1 < $2) \
        INSERT INTO lead (id, business_id, created_at) \
        SELECT randomblob(16), business.id, $3 FROM business CROSS JOIN filled WHERE business.name = $1",
    postgres: "INSERT INTO lead (id, business_id, created_at) SELECT gen_random_uuid(), business.id, $3 \
        FROM business CROSS JOIN generate_series(1, $2::bigint) WHERE business.name = $1"
);

/// A call of each lead, that goes on.
const CALLS: Across = statement!(
    Across "INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at) \
        SELECT lead.business_id, lower(hex(lead.id)), lead.id, $2, $2 \
        FROM business JOIN lead ON lead.business_id = business.id WHERE business.name = $1",
    postgres: "INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at) \
        SELECT lead.business_id, replace(lead.id::text, '-', ''), lead.id, $2, $2 \
        FROM business JOIN lead ON lead.business_id = business.id WHERE business.name = $1"
);

/// `$2` is how many each lead has, `$3` since when they wait.
const EVENTS: Across = statement!(
    Across "WITH RECURSIVE filled(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM filled WHERE n + 1 < $2) \
        INSERT INTO outbox (id, business_id, lead_id, call_sid, kind, data, at, next_at) \
        SELECT randomblob(16), lead.business_id, lead.id, call.call_sid, 'lead.updated', '{}', $3, $3 \
        FROM business JOIN lead ON lead.business_id = business.id CROSS JOIN filled \
        LEFT JOIN call_session AS call ON call.business_id = lead.business_id AND call.lead_id = lead.id \
        WHERE business.name = $1",
    postgres: "INSERT INTO outbox (id, business_id, lead_id, call_sid, kind, data, at, next_at) \
        SELECT gen_random_uuid(), lead.business_id, lead.id, call.call_sid, 'lead.updated', '{}', $3, $3 \
        FROM business JOIN lead ON lead.business_id = business.id CROSS JOIN generate_series(1, $2::bigint) \
        LEFT JOIN call_session AS call ON call.business_id = lead.business_id AND call.lead_id = lead.id \
        WHERE business.name = $1"
);

/// The oldest event of each business did not arrive, a while ago.
const FAILED: Across = statement!(
    Across "UPDATE outbox SET attempts = 1, last_error = 'timeout' WHERE seq IN (SELECT MIN(failed.seq) \
        FROM outbox AS failed JOIN business ON business.id = failed.business_id WHERE business.name = $1 \
        GROUP BY failed.business_id)"
);

/// So many businesses with a webhook, each with so many leads, each with so many events.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// What the businesses are called. One that is filled in twice has twice as much.
    pub name: &'static str,
    /// The first of their numbers, of eight digits.
    pub first_number: u32,
    /// How many businesses.
    pub businesses: u32,
    /// How many leads each of them has.
    pub leads: u32,
    /// How many events each lead has.
    pub events: u32,
    /// Whether each lead is on the line, so that nothing may leave.
    pub calls_go_on: bool,
    /// Whether each business's receiver failed last.
    pub receivers_fail: bool,
}

impl Backlog {
    /// How many events it holds.
    pub const fn size(&self) -> u32 {
        self.businesses * self.leads * self.events
    }

    /// Writes it, due at an instant. Returns how many events there are.
    pub async fn fill(self, store: &SqlStore, due: UtcDateTime) -> Result<u64, StoreError> {
        let mut tx = store.database.write_across().await?;
        if tx.is_postgres() {
            tx.run_text("SET LOCAL statement_timeout = 0".to_owned())
                .await?;
        }
        let named = values![self.name, self.first_number, self.businesses];
        tx.execute(BUSINESSES, named).await?;
        tx.execute(WEBHOOKS, values![self.name]).await?;
        tx.execute(LEADS, values![self.name, self.leads, due])
            .await?;
        if self.calls_go_on {
            tx.execute(CALLS, values![self.name, due]).await?;
        }
        let events = tx
            .execute(EVENTS, values![self.name, self.events, due])
            .await?;
        if self.receivers_fail {
            tx.execute(FAILED, values![self.name]).await?;
        }
        if tx.is_postgres() {
            tx.run_text("ANALYZE business, webhook, lead, call_session, outbox".to_owned())
                .await?;
        }
        tx.commit().await?;
        Ok(events)
    }
}
