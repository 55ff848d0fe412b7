//! What the database knows of a call: the rows behind a `CallSession`.

use sqlx::types::JsonValue;
use time::{Date, Time, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, CallSid, LeadId, PhoneNumber, Pii, Proposal, RequestedTime,
};
use toran_scheduling::AppointmentSettings;
use toran_store::{
    CallAppointment, CallEnding, CallKey, CallOpening, CallSession, CallStream, Event, SAID_LINES,
    StoreError, TranscriptLine, TransferState, booking,
};

use crate::{
    businesses::settings_of,
    calls::transcript_line,
    database::{Failure, OneBusiness, Tx},
    outbox::{Subject, put_event},
    row::{DATE, Row, TIME},
    statement::statements,
    value::values,
};

statements! {
    LOAD: Scoped = "SELECT lead_id, name, phone, caller_name, transfer, last_requested_date, last_requested_time, last_confirmed_date, \
        last_confirmed_time, last_appointment_id, reconnects, ending, abandoned, proposal, offered, one_more, epoch \
        FROM call_session JOIN lead ON lead.business_id = call_session.business_id AND lead.id = lead_id \
        WHERE call_session.business_id = $1 AND call_sid = $2";
    APPOINTMENTS: Scoped = "SELECT id, starts_at, announced FROM appointment \
        WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed' ORDER BY starts_at";
    SAID: Scoped = "SELECT speaker, text, at FROM transcript_line \
        WHERE business_id = $1 AND call_sid = $2 ORDER BY seq DESC LIMIT $3";
    REOPEN: Scoped = "UPDATE call_session SET reconnects = reconnects + 1, \
        seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END, \
        ended_at = CASE WHEN ending = 'failed' AND NOT abandoned THEN ended_at ELSE NULL END, \
        ending = CASE WHEN ending = 'failed' AND NOT abandoned THEN ending ELSE NULL END, abandoned = FALSE \
        WHERE business_id = $1 AND call_sid = $2";
    TAKE_BACK_THE_END: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND call_sid = $2 AND kind = 'call.ended' AND state = 'pending' \
        AND EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.call_sid = $2 \
        AND call.ended_at IS NULL)";
    INSERT: Scoped = "INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at) \
        VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";
    // Held: whoever is calling is not forgotten at this very moment.
    LEAD_BY_PHONE: Scoped = "SELECT id FROM lead WHERE business_id = $1 AND phone = $2",
        postgres_adds: " FOR NO KEY UPDATE";
    INSERT_LEAD: Scoped = "INSERT INTO lead (id, business_id, phone, created_at) VALUES ($2, $1, $3, $4) \
        ON CONFLICT DO NOTHING";
    LEAD: Scoped = "SELECT lead_id FROM call_session WHERE business_id = $1 AND call_sid = $2";
    LOCK_LEAD: Scoped = "SELECT id FROM lead WHERE business_id = $1 AND id = $2", postgres_adds: " FOR NO KEY UPDATE";
    TAKE_OVER: Scoped = "UPDATE call_session SET epoch = epoch + 1, seen_at = $3 WHERE business_id = $1 AND call_sid = $2";
    LOCK_CALL: Scoped = "SELECT lead_id, epoch, caller_name, transfer FROM call_session WHERE business_id = $1 AND call_sid = $2",
        postgres_adds: " FOR NO KEY UPDATE";
}

/// The whole session, or `None` if the business has no such call.
pub(crate) async fn load(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<Option<CallSession>, Failure> {
    let Some(settings) = settings_of(tx).await? else {
        return Ok(None);
    };
    let Some(row) = tx.fetch_one(LOAD, values![call_sid]).await? else {
        return Ok(None);
    };
    let reconnects: u32 = row.int("call_session.reconnects")?;
    let last_requested = RequestedTime {
        date: row.date("call_session.last_requested_date")?,
        time: row.time("call_session.last_requested_time")?,
    };
    Ok(Some(CallSession {
        key: CallKey {
            business_id: tx.business_id(),
            call_sid: call_sid.clone(),
        },
        lead_id: LeadId::from_uuid(row.id("call_session.lead_id")?),
        lead_name: row.name("lead.name")?,
        caller_name: row.name("call_session.caller_name")?,
        has_number: row.phone()?.is_some(),
        last_requested,
        last_confirmed: last_confirmed(&row)?,
        appointments: appointments_of_call(tx, call_sid, &settings).await?,
        proposal: proposal(row.json("call_session.proposal")?)?.unwrap_or(Proposal {
            table: last_requested,
            ..Proposal::default()
        }),
        offered: offered(row.json("call_session.offered")?)?,
        one_more: row.flag("call_session.one_more")?,
        epoch: row.int("call_session.epoch")?,
        said: said_last(tx, call_sid).await?,
        resumed: reconnects > 0,
        reconnects,
        ending: ending(&row)?,
        transfer: row.maybe_parsed("call_session.transfer")?,
    }))
}

/// How a call ended, by its two columns.
pub(crate) fn ending(row: &Row) -> Result<Option<CallEnding>, StoreError> {
    let ending = row.maybe_parsed("call_session.ending")?;
    let abandoned = row.flag("call_session.abandoned")?;
    Ok(ending.map(|ending| {
        if abandoned {
            CallEnding::Abandoned
        } else {
            ending
        }
    }))
}

/// Opens a call, or opens it again. The business must be there.
pub(crate) async fn open(tx: &mut Tx<OneBusiness>, opening: &CallOpening) -> Result<(), Failure> {
    let call_sid = &opening.key.call_sid;
    match lock_lead_and_call(tx, call_sid).await {
        Ok(_) => {
            tx.execute(REOPEN, values![call_sid, opening.now]).await?;
            return take_back_the_end(tx, call_sid, opening.now).await;
        }
        Err(Failure::Final(StoreError::UnknownCall)) => {}
        Err(failure) => return Err(failure),
    }
    let (lead_id, is_new) = find_or_make_lead(tx, opening).await?;
    let inserted = tx
        .execute(INSERT, values![call_sid, lead_id, opening.now])
        .await?;
    // Another process opened it at this very moment: the next attempt opens it again.
    if inserted == 0 {
        return Err(Failure::Overlap);
    }
    if is_new {
        let subject = Subject {
            lead_id,
            call_sid: Some(call_sid),
            at: opening.now,
        };
        put_event(tx, subject, &Event::LeadCreated).await?;
    }
    Ok(())
}

/// A call was thought to be over, and is not: nobody is to hear that it ended.
pub(crate) async fn take_back_the_end(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    now: UtcDateTime,
) -> Result<(), Failure> {
    tx.execute(TAKE_BACK_THE_END, values![call_sid, now])
        .await?;
    Ok(())
}

/// The lead of a call; `UnknownCall` if the business has no such call.
pub(crate) async fn lead_of_call(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<LeadId, Failure> {
    let row = tx.fetch_one(LEAD, values![call_sid]).await?;
    let row = row.ok_or(StoreError::UnknownCall)?;
    Ok(LeadId::from_uuid(row.id("call_session.lead_id")?))
}

/// Gives a call that is held to a stream that begins.
pub(crate) async fn take_over(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    now: UtcDateTime,
) -> Result<(), Failure> {
    tx.execute(TAKE_OVER, values![call_sid, now]).await?;
    Ok(())
}

/// A call that this transaction holds.
pub(crate) struct HeldCall {
    pub(crate) lead_id: LeadId,
    /// Of the stream that has it.
    pub(crate) epoch: u32,
    pub(crate) caller_name: Option<Pii<String>>,
    pub(crate) transfer: Option<TransferState>,
}

/// Holds a call for this transaction.
pub(crate) async fn lock_call(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<HeldCall, Failure> {
    let row = tx.fetch_one(LOCK_CALL, values![call_sid]).await?;
    let row = row.ok_or(StoreError::UnknownCall)?;
    Ok(HeldCall {
        lead_id: LeadId::from_uuid(row.id("call_session.lead_id")?),
        epoch: row.int("call_session.epoch")?,
        caller_name: row.name("call_session.caller_name")?,
        transfer: row.maybe_parsed("call_session.transfer")?,
    })
}

/// Holds a call for one of its streams, if no newer one has it.
pub(crate) async fn lock_stream(
    tx: &mut Tx<OneBusiness>,
    stream: &CallStream,
) -> Result<(), Failure> {
    let held = lock_call(tx, &stream.key.call_sid).await?;
    may_write(stream.epoch, &held)
}

/// Holds a call and its lead for one of its streams, if no newer one has it.
pub(crate) async fn lock_lead_and_stream(
    tx: &mut Tx<OneBusiness>,
    stream: &CallStream,
) -> Result<LeadId, Failure> {
    let held = lock_lead_and_call(tx, &stream.key.call_sid).await?;
    may_write(stream.epoch, &held)?;
    Ok(held.lead_id)
}

/// Whether a stream still has its call.
pub(crate) fn may_write(epoch: u32, held: &HeldCall) -> Result<(), Failure> {
    if epoch < held.epoch {
        return Err(StoreError::Superseded.into());
    }
    Ok(())
}

/// Holds a lead for this transaction: all that is told of a lead is written by one at a time, so that it is told in
/// order.
pub(crate) async fn lock_lead(tx: &mut Tx<OneBusiness>, lead_id: LeadId) -> Result<(), Failure> {
    tx.fetch_one(LOCK_LEAD, values![lead_id]).await?;
    Ok(())
}

/// Holds a call and its lead, in the order in which everybody does.
pub(crate) async fn lock_lead_and_call(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<HeldCall, Failure> {
    let lead_id = lead_of_call(tx, call_sid).await?;
    lock_lead(tx, lead_id).await?;
    let held = lock_call(tx, call_sid).await?;
    // The lead was being taken apart: the next attempt holds the call's new one.
    if held.lead_id != lead_id {
        return Err(Failure::Overlap);
    }
    Ok(held)
}

/// The caller's lead, and whether it is a new one.
async fn find_or_make_lead(
    tx: &mut Tx<OneBusiness>,
    opening: &CallOpening,
) -> Result<(LeadId, bool), Failure> {
    let phone = opening.caller.as_ref().map(PhoneNumber::e164);
    for _ in 0..2 {
        if let Some(row) = tx.fetch_one(LEAD_BY_PHONE, values![phone]).await? {
            return Ok((LeadId::from_uuid(row.id("lead.id")?), false));
        }
        let values = values![opening.new_lead_id, phone, opening.now];
        if tx.execute(INSERT_LEAD, values).await? > 0 {
            return Ok((opening.new_lead_id, true));
        }
    }
    Err(Failure::Overlap)
}

/// The live appointments of a call, earliest first.
pub(crate) async fn appointments_of_call(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    settings: &AppointmentSettings,
) -> Result<Vec<CallAppointment>, Failure> {
    let rows = tx.fetch(APPOINTMENTS, values![call_sid]).await?;
    let read = |row: &Row| -> Result<CallAppointment, StoreError> {
        let id = AppointmentId::from_uuid(row.id("appointment.id")?);
        let starts_at = row.instant("appointment.starts_at")?;
        Ok(CallAppointment {
            booking: booking::booking_at(settings, id, starts_at),
            announced: row.flag("appointment.announced")?,
        })
    };
    let all: Result<Vec<CallAppointment>, StoreError> = rows.iter().map(read).collect();
    Ok(all?)
}

async fn said_last(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<Vec<TranscriptLine>, Failure> {
    let limit = i64::try_from(SAID_LINES).unwrap_or(i64::MAX);
    let rows = tx.fetch(SAID, values![call_sid, limit]).await?;
    let lines: Result<Vec<_>, StoreError> = rows.iter().rev().map(transcript_line).collect();
    Ok(lines?)
}

/// The schema keeps the three columns together: all there, or none.
fn last_confirmed(row: &Row) -> Result<Option<Booking>, StoreError> {
    let date = row.date("call_session.last_confirmed_date")?;
    let time = row.time("call_session.last_confirmed_time")?;
    let id = row.maybe_id("call_session.last_appointment_id")?;
    Ok(date.zip(time).zip(id).map(|((date, time), id)| Booking {
        appointment_id: AppointmentId::from_uuid(id),
        date,
        time,
    }))
}

/// A proposal as it is stored, what is on the table and what of it was heard: `[["2026-11-24","10:30"],["2026-11-24",null]]`.
pub(crate) fn proposal_json(proposal: Proposal) -> Result<JsonValue, StoreError> {
    let pair = |said: RequestedTime| -> Result<Vec<Option<String>>, time::error::Format> {
        let date = said.date.map(|date| date.format(DATE)).transpose()?;
        let time = said.time.map(|time| time.format(TIME)).transpose()?;
        Ok(vec![date, time])
    };
    let pairs: Result<Vec<_>, _> = [proposal.table, proposal.heard]
        .map(pair)
        .into_iter()
        .collect();
    let pairs = pairs.map_err(StoreError::unavailable)?;
    Ok(pairs.into_iter().collect())
}

fn proposal(stored: Option<JsonValue>) -> Result<Option<Proposal>, StoreError> {
    type Pair = (Option<String>, Option<String>);
    const COLUMN: &str = "call_session.proposal";
    let Some(stored) = stored else {
        return Ok(None);
    };
    let (table, heard): (Pair, Pair) =
        serde_json::from_value(stored).map_err(|error| StoreError::corrupt(COLUMN, error))?;
    let read = |(date, time): Pair| -> Result<RequestedTime, StoreError> {
        let date = date.map(|date| Date::parse(&date, DATE)).transpose();
        let time = time.map(|time| Time::parse(&time, TIME)).transpose();
        Ok(RequestedTime {
            date: date.map_err(|error| StoreError::corrupt(COLUMN, error))?,
            time: time.map_err(|error| StoreError::corrupt(COLUMN, error))?,
        })
    };
    Ok(Some(Proposal {
        table: read(table)?,
        heard: read(heard)?,
    }))
}

/// Slots as they are stored: `[["2026-11-24","10:30"]]`.
pub(crate) fn offered_json(offered: &[(Date, Time)]) -> Result<JsonValue, StoreError> {
    let pair = |(date, time): &(Date, Time)| Ok([date.format(DATE)?, time.format(TIME)?]);
    let pairs: Result<Vec<[String; 2]>, time::error::Format> = offered.iter().map(pair).collect();
    let pairs = pairs.map_err(StoreError::unavailable)?;
    Ok(pairs.into_iter().map(Vec::from).collect())
}

fn offered(stored: Option<JsonValue>) -> Result<Vec<(Date, Time)>, StoreError> {
    const COLUMN: &str = "call_session.offered";
    let Some(stored) = stored else {
        return Ok(Vec::new());
    };
    let pairs: Vec<(String, String)> =
        serde_json::from_value(stored).map_err(|error| StoreError::corrupt(COLUMN, error))?;
    let read =
        |(date, time): &(String, String)| Ok((Date::parse(date, DATE)?, Time::parse(time, TIME)?));
    let read: Result<Vec<_>, time::error::Parse> = pairs.iter().map(read).collect();
    read.map_err(|error| StoreError::corrupt(COLUMN, error))
}
