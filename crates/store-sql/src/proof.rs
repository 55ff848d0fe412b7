//! What a proof needs to know of the database itself, beyond the contract that every store keeps.
//!
//! It stands here, and not beside the proofs, because only this crate knows SQL, and because the plan that is shown
//! must be that of the very statement that is run, not of a copy. It is behind the feature `proof`: no gateway has it.

mod backlog;

pub use backlog::Backlog;

use sqlx::migrate::Migrator;
use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid, LeadId};
use toran_store::StoreError;

use crate::{
    SqlStore,
    appointments::{BUSY, LONGEST_BUSY},
    database::Database,
    migrations::SQLITE,
    statement::{Across, Scoped, statement},
    value::values,
};

/// Pairs of live appointments that overlap on one seat, found by going through them all: what neither the code nor the
/// database's guard is asked about.
const OVERLAPS: Across = statement!(
    Across "SELECT COUNT(*) AS pairs FROM appointment AS one JOIN appointment AS other \
        ON other.business_id = one.business_id AND other.resource = one.resource AND other.seat = one.seat \
        AND other.id > one.id AND one.busy_from < other.busy_to AND other.busy_from < one.busy_to \
        WHERE one.status = 'confirmed' AND other.status = 'confirmed'"
);

/// `$4` is the first instant, `$5` how many: nine a day, an hour apart, half an hour long.
const FILL: Scoped = statement!(
    Scoped "WITH RECURSIVE filled(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM filled WHERE n + 1 < $5) \
        INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, resource, seat, created_at) \
        SELECT randomblob(16), $1, $2, $3, $4 + n / 9 * 86400 + n % 9 * 3600, $4 + n / 9 * 86400 + n % 9 * 3600 + 1800, \
        'main', 0, $4 FROM filled",
    postgres: "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, busy_from, busy_to, \
        resource, seat, created_at) \
        SELECT gen_random_uuid(), $1, $2, $3, at, at + interval '30 minutes', at, at + interval '30 minutes', \
        'main', 0, $4 \
        FROM (SELECT $4::timestamptz + n / 9 * interval '1 day' + n % 9 * interval '1 hour' AS at \
        FROM generate_series(0, $5::bigint - 1) AS n) AS filled"
);

/// How many pairs of live appointments overlap on one seat, of all businesses.
pub async fn overlaps(store: &SqlStore) -> Result<u64, StoreError> {
    let mut tx = store.database.read_across().await?;
    let rows = tx.fetch(OVERLAPS, values![]).await?;
    let row = rows.first().ok_or(StoreError::UnknownBusiness)?;
    row.int("appointment.pairs")
}

/// What is wrong with the file of a SQLite database, by its own checks. PostgreSQL has no such question: nothing.
pub async fn faults(store: &SqlStore) -> Result<Vec<String>, StoreError> {
    let mut tx = store.database.read_across().await?;
    if tx.is_postgres() {
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    for row in tx.run_text("PRAGMA integrity_check".to_owned()).await? {
        let said = row.text("pragma.integrity_check")?;
        if said != "ok" {
            faults.push(said.to_owned());
        }
    }
    for row in tx.run_text("PRAGMA foreign_key_check".to_owned()).await? {
        faults.push(format!(
            "a row of {} points nowhere",
            row.text("pragma.table")?
        ));
    }
    Ok(faults)
}

/// Fills the diary of one business in bulk: nine appointments a day from `first` on, an hour apart, of half an hour
/// each. The call and its lead are there.
pub async fn fill(
    store: &SqlStore,
    business_id: BusinessId,
    (lead_id, call_sid): (LeadId, &CallSid),
    first: UtcDateTime,
    rows: u32,
) -> Result<u64, StoreError> {
    let mut tx = store.database.write(business_id).await?;
    let filled = tx
        .execute(FILL, values![lead_id, call_sid, first, rows])
        .await?;
    tx.commit().await?;
    Ok(filled)
}

/// Lets PostgreSQL count what it has, as it does by itself after a while. SQLite plans without.
pub async fn analyze(store: &SqlStore) -> Result<(), StoreError> {
    let mut tx = store.database.write_across().await?;
    if tx.is_postgres() {
        tx.run_text("SET LOCAL statement_timeout = 0; ANALYZE appointment".to_owned())
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// How the database answers what is taken in a range of one business's diary: the statement that
/// [`Appointments::busy`](toran_store::Appointments::busy) and every booking run, under the business's row-level security.
/// PostgreSQL gives two plans: one for these values, and the one for any values that it goes over to when a statement
/// was run often.
pub async fn explain_busy(
    store: &SqlStore,
    business_id: BusinessId,
    (from, to): (UtcDateTime, UtcDateTime),
) -> Result<Vec<String>, StoreError> {
    let mut tx = store.database.read(business_id).await?;
    if !tx.is_postgres() {
        let rows = tx
            .run_text(format!("EXPLAIN QUERY PLAN {}", BUSY.0.sqlite))
            .await?;
        let steps: Result<Vec<&str>, StoreError> =
            rows.iter().map(|row| row.text("plan.detail")).collect();
        return Ok(vec![steps?.join("\n")]);
    }
    let prepare = format!(
        "PREPARE busy (uuid, timestamptz, timestamptz, timestamptz) AS {}",
        BUSY.0.postgres
    );
    tx.run_text(prepare).await?;
    let instants = [from, to, from.saturating_sub(LONGEST_BUSY)];
    let [from, to, earlier] = instants.map(UtcDateTime::unix_timestamp);
    let explain = format!(
        "EXPLAIN (ANALYZE, BUFFERS) EXECUTE busy \
         ('{business_id}', to_timestamp({from}), to_timestamp({to}), to_timestamp({earlier}))"
    );
    let mut plans = Vec::new();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        tx.run_text(format!("SET LOCAL plan_cache_mode = {mode}"))
            .await?;
        let rows = tx.run_text(explain.clone()).await?;
        let lines: Result<Vec<&str>, StoreError> =
            rows.iter().map(|row| row.text("plan.QUERY PLAN")).collect();
        plans.push(lines?.join("\n"));
    }
    tx.run_text("DEALLOCATE busy".to_owned()).await?;
    Ok(plans)
}

/// Makes the schema of a new SQLite database as an earlier gateway made it, which knew no version after this one.
pub async fn migrate_as_of(store: &SqlStore, version: i64) -> Result<(), StoreError> {
    let Database::Sqlite { writer, .. } = &store.database else {
        return Err(StoreError::unavailable("only SQLite is migrated so far"));
    };
    let known = SQLITE.iter().filter(|known| known.version <= version);
    let earlier = Migrator::with_migrations(known.cloned().collect());
    let mut tx = writer.begin().await.map_err(StoreError::unavailable)?;
    let applied = earlier.run_direct(None, &mut *tx, false).await;
    applied.map_err(StoreError::unavailable)?;
    tx.commit().await.map_err(StoreError::unavailable)
}

/// Notes a version as applied that this gateway does not know, as a later gateway would.
pub async fn note_later_version(store: &SqlStore, version: i64) -> Result<(), StoreError> {
    let mut tx = store.database.write_across().await?;
    let empty = if tx.is_postgres() { "''::bytea" } else { "x''" };
    tx.run_text(format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES ({version}, 'of a later gateway', TRUE, {empty}, 0)"
    ))
    .await?;
    tx.commit().await?;
    Ok(())
}
