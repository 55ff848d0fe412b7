//! A gateway of before, that goes on while the schema changes: its calls, written by its own words, and tried again as it does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::sqlite::SqliteError;
use tokio::time::{Instant, sleep};
use toran_store::conformance::NOW;

use super::{
    PATIENCE,
    before::{Level, places, seen},
};
use crate::raw::Raw;

/// What it wrote, and how it went.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// How many calls it wrote, each with a lead, an appointment, a line, and an event once there is an outbox.
    pub(crate) times: u64,
    /// The longest that one of them took, or a question, with all attempts.
    pub(crate) longest: Duration,
    /// How often it tried again.
    pub(crate) again: u64,
    /// What it could not write while its patience lasted.
    pub(crate) errors: Vec<String>,
}

impl Written {
    /// How many rows of a table are its.
    pub(crate) fn rows(&self, table: &str, level: Level) -> u64 {
        match table {
            "lead" | "call_session" | "appointment" | "transcript_line" => self.times,
            "appointment_change" | "outbox" if level >= Level::Outbox => self.times,
            _ => 0,
        }
    }
}

/// Writes and reads until it is told to stop.
pub(crate) async fn write(url: String, level: Level, stop: Arc<AtomicBool>) -> Written {
    let mut raw = Raw::connect(&url).await;
    if raw.is_postgres() {
        raw.run("SET lock_timeout = '4s'; SET statement_timeout = '5s'")
            .await;
    }
    let mut written = Written::default();
    while !stop.load(Ordering::Relaxed) {
        let sql = call(&raw, level, u32::try_from(written.times).expect("few"));
        let began = Instant::now();
        if let Err(error) = patiently(&mut raw, &sql, &mut written.again).await {
            written.errors.push(error.to_string());
            return written;
        }
        written.times += 1;
        let seen = raw
            .number("SELECT COUNT(*) FROM call_session WHERE call_sid LIKE 'CA-old-%'")
            .await;
        written.longest = written.longest.max(began.elapsed());
        if seen.unsigned_abs() != written.times {
            written
                .errors
                .push(format!("{seen} of {} calls are there", written.times));
        }
        sleep(Duration::from_millis(40)).await;
    }
    written
}

/// Tries again what was turned away for now, as `database::attempts` does.
async fn patiently(raw: &mut Raw, sql: &str, again: &mut u64) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match raw.try_run(sql).await {
            Ok(()) => return Ok(()),
            Err(error) if is_transient(&error) && Instant::now() < deadline => {
                // Whatever it was in is over.
                let _ = raw.try_run("ROLLBACK").await;
                *again += 1;
                sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_transient(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return matches!(code.parse::<i32>().map(|code| code & 0xff), Ok(5 | 6));
    }
    matches!(&*code, "40001" | "40P01" | "55P03")
}

/// A whole call in one transaction: somebody new calls, books, says a word and hangs up.
fn call(raw: &Raw, level: Level, n: u32) -> String {
    let (business, lead, appointment) = (raw.id(1), raw.id(1_000_000 + n), raw.id(2_000_000 + n));
    let at = raw.at(NOW.unix_timestamp());
    let starts = NOW.unix_timestamp() + (100 + i64::from(n)) * 3_600;
    let (from, to) = (raw.at(starts), raw.at(starts + 1_800));
    let (columns, values) = places(raw, level, &from, &to);
    let begin = if raw.is_postgres() {
        "BEGIN"
    } else {
        "BEGIN IMMEDIATE"
    };
    let (seen_at, at_seen) = (seen(level, ", seen_at"), seen(level, ", "));
    let seen_value = if at_seen.is_empty() { "" } else { &at };
    let call = format!(
        "{begin}; INSERT INTO lead (id, business_id, created_at) VALUES ({lead}, {business}, {at}); \
         INSERT INTO call_session (business_id, call_sid, lead_id, started_at{seen_at}, ended_at, ending) \
         VALUES ({business}, 'CA-old-{n}', {lead}, {at}{at_seen}{seen_value}, {at}, 'hung_up'); \
         INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, created_at{columns}) \
         VALUES ({appointment}, {business}, {lead}, 'CA-old-{n}', {from}, {to}, {at}{values}); \
         INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) \
         VALUES ({business}, 'CA-old-{n}', 0, 'caller', 'אפשר תור?', {at}); "
    );
    if level < Level::Outbox {
        return call + "COMMIT";
    }
    let event = raw.id(3_000_000 + n);
    let told = format!(
        "INSERT INTO appointment_change (business_id, appointment_id, seq, kind, actor, call_sid, at, to_starts_at) \
             VALUES ({business}, {appointment}, 0, 'created', 'caller', 'CA-old-{n}', {at}, {from}); \
             INSERT INTO outbox (id, business_id, lead_id, call_sid, appointment_id, kind, data, at, next_at) \
             VALUES ({event}, {business}, {lead}, 'CA-old-{n}', {appointment}, 'appointment.created', '{{}}', {at}, {at}); "
    );
    call + &told + "COMMIT"
}
