//! What the database knows of a call: the rows behind a `CallSession`.

use sqlx::{SqliteConnection, sqlite::SqliteRow};
use toran_domain::{AppointmentId, Booking, LeadId, PhoneNumber, RequestedTime};
use toran_scheduling::AppointmentSettings;
use toran_store::{CallKey, CallOpening, CallSession, StoreError, booking};

use crate::{businesses::settings_of, column::Columns};

/// The whole session, or `None` if the business has no such call.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    key: &CallKey,
) -> Result<Option<CallSession>, StoreError> {
    let Some(settings) = settings_of(connection, key.business_id).await? else {
        return Ok(None);
    };
    let row = sqlx::query(
        "SELECT lead_id, name, last_requested_date, last_requested_time, last_confirmed_date, \
         last_confirmed_time, last_appointment_id, reconnects, ending, \
         EXISTS (SELECT 1 FROM transcript_line AS line \
          WHERE line.business_id = ?1 AND line.call_sid = ?2) AS has_transcript \
         FROM call_session JOIN lead \
         ON lead.business_id = call_session.business_id AND lead.id = lead_id \
         WHERE call_session.business_id = ?1 AND call_sid = ?2",
    )
    .bind(key.business_id.as_uuid())
    .bind(key.call_sid.as_str())
    .fetch_optional(&mut *connection)
    .await
    .map_err(StoreError::unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns(&row);
    let reconnects: u32 = columns.plain("call_session.reconnects")?;
    Ok(Some(CallSession {
        key: key.clone(),
        lead_id: LeadId::from_uuid(columns.plain("call_session.lead_id")?),
        lead_name: columns.name("lead.name")?,
        last_requested: RequestedTime {
            date: columns.date("call_session.last_requested_date")?,
            time: columns.time("call_session.last_requested_time")?,
        },
        last_confirmed: last_confirmed(&columns)?,
        appointments: appointments_of_call(connection, key, &settings).await?,
        has_transcript: columns.plain("transcript_line.has_transcript")?,
        resumed: reconnects > 0,
        reconnects,
        ending: columns.maybe_parsed("call_session.ending")?,
    }))
}

/// Counts a call as opened once more; `false` if it never was.
pub(crate) async fn reopen(
    connection: &mut SqliteConnection,
    key: &CallKey,
) -> Result<bool, StoreError> {
    let result = sqlx::query(
        "UPDATE call_session SET reconnects = MIN(reconnects + 1, 4294967295) \
         WHERE business_id = ? AND call_sid = ?",
    )
    .bind(key.business_id.as_uuid())
    .bind(key.call_sid.as_str())
    .execute(connection)
    .await
    .map_err(StoreError::unavailable)?;
    Ok(result.rows_affected() > 0)
}

/// Writes a call that begins, with its lead found or made. The business must be there.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    opening: &CallOpening,
) -> Result<(), StoreError> {
    let lead_id = find_or_make_lead(connection, opening).await?;
    sqlx::query(
        "INSERT INTO call_session (business_id, call_sid, lead_id, started_at) VALUES (?, ?, ?, ?)",
    )
    .bind(opening.key.business_id.as_uuid())
    .bind(opening.key.call_sid.as_str())
    .bind(lead_id.as_uuid())
    .bind(opening.now.unix_timestamp())
    .execute(connection)
    .await
    .map_err(StoreError::unavailable)?;
    Ok(())
}

/// The lead of a call; `UnknownCall` if the business has no such call.
pub(crate) async fn lead_of_call(
    connection: &mut SqliteConnection,
    key: &CallKey,
) -> Result<LeadId, StoreError> {
    let row =
        sqlx::query("SELECT lead_id FROM call_session WHERE business_id = ? AND call_sid = ?")
            .bind(key.business_id.as_uuid())
            .bind(key.call_sid.as_str())
            .fetch_optional(connection)
            .await
            .map_err(StoreError::unavailable)?;
    let row = row.ok_or(StoreError::UnknownCall)?;
    Ok(LeadId::from_uuid(
        Columns(&row).plain("call_session.lead_id")?,
    ))
}

async fn find_or_make_lead(
    connection: &mut SqliteConnection,
    opening: &CallOpening,
) -> Result<LeadId, StoreError> {
    let phone = opening.caller.as_ref().map(PhoneNumber::e164);
    let known = sqlx::query("SELECT id FROM lead WHERE business_id = ? AND phone = ?")
        .bind(opening.key.business_id.as_uuid())
        .bind(phone)
        .fetch_optional(&mut *connection)
        .await
        .map_err(StoreError::unavailable)?;
    if let Some(row) = known {
        return Ok(LeadId::from_uuid(Columns(&row).plain("lead.id")?));
    }
    sqlx::query("INSERT INTO lead (id, business_id, phone, created_at) VALUES (?, ?, ?, ?)")
        .bind(opening.new_lead_id.as_uuid())
        .bind(opening.key.business_id.as_uuid())
        .bind(phone)
        .bind(opening.now.unix_timestamp())
        .execute(connection)
        .await
        .map_err(StoreError::unavailable)?;
    Ok(opening.new_lead_id)
}

async fn appointments_of_call(
    connection: &mut SqliteConnection,
    key: &CallKey,
    settings: &AppointmentSettings,
) -> Result<Vec<Booking>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, starts_at FROM appointment \
         WHERE business_id = ? AND call_sid = ? AND status = 'confirmed' ORDER BY starts_at",
    )
    .bind(key.business_id.as_uuid())
    .bind(key.call_sid.as_str())
    .fetch_all(connection)
    .await
    .map_err(StoreError::unavailable)?;
    let read = |row: &SqliteRow| {
        let columns = Columns(row);
        let id = AppointmentId::from_uuid(columns.plain("appointment.id")?);
        Ok(booking::booking_at(
            settings,
            id,
            columns.instant("appointment.starts_at")?,
        ))
    };
    rows.iter().map(read).collect()
}

/// The schema keeps the three columns together: all there, or none.
fn last_confirmed(columns: &Columns<'_>) -> Result<Option<Booking>, StoreError> {
    let date = columns.date("call_session.last_confirmed_date")?;
    let time = columns.time("call_session.last_confirmed_time")?;
    let id = columns.plain("call_session.last_appointment_id")?;
    Ok(date.zip(time).zip(id).map(|((date, time), id)| Booking {
        appointment_id: AppointmentId::from_uuid(id),
        date,
        time,
    }))
}
