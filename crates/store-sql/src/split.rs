//! Taking a lead apart that strangers share.

use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid, LeadId};
use toran_store::{Event, SplitPart, StoreError};

use crate::{
    SqlStore,
    database::{Failure, OneBusiness, Tx},
    outbox::{Subject, put_event},
    session::{lock_call, lock_lead},
    statement::statements,
    value::values,
};

statements! {
    IS_OVER: Scoped = "SELECT 1 AS one FROM call_session WHERE business_id = $1 AND call_sid = $2 AND lead_id = $3 \
        AND ended_at IS NOT NULL";
    // By a name that was said in the very call; the shared lead's may be anybody's.
    INSERT_LEAD: Scoped = "INSERT INTO lead (id, business_id, name, created_at) \
        SELECT $3, $1, caller_name, started_at FROM call_session WHERE business_id = $1 AND call_sid = $2";
    GIVE_CALL: Scoped = "UPDATE call_session SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2";
    GIVE_APPOINTMENT: Scoped = "UPDATE appointment SET lead_id = $3 WHERE business_id = $1 AND id = $2 AND lead_id = $4";
    GIVE_TASKS: Scoped = "UPDATE task SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2 AND lead_id = $4";
    // Those that wait or are dead: of the others nobody asks any more whose they were.
    GIVE_EVENTS_OF_CALLS: Scoped = "UPDATE outbox SET lead_id = (SELECT call.lead_id FROM call_session AS call \
            WHERE call.business_id = $1 AND call.call_sid = outbox.call_sid) \
        WHERE business_id = $1 AND lead_id = $2 AND state IN ('pending', 'dead') AND EXISTS (SELECT 1 \
            FROM call_session AS call WHERE call.business_id = $1 AND call.call_sid = outbox.call_sid AND call.lead_id <> $2)";
    GIVE_EVENTS_OF_APPOINTMENTS: Scoped = "UPDATE outbox SET lead_id = (SELECT given.lead_id FROM appointment AS given \
            WHERE given.business_id = $1 AND given.id = outbox.appointment_id) \
        WHERE business_id = $1 AND lead_id = $2 AND state IN ('pending', 'dead') AND call_sid IS NULL AND EXISTS (SELECT 1 \
            FROM appointment AS given WHERE given.business_id = $1 AND given.id = outbox.appointment_id AND given.lead_id <> $2)";
    STRIP: Scoped = "UPDATE lead SET phone = NULL, given_phone = NULL, name = NULL WHERE business_id = $1 AND id = $2 \
        AND (phone IS NOT NULL OR given_phone IS NOT NULL OR name IS NOT NULL) \
        AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = $2)";
}

impl SqlStore {
    pub(crate) async fn split_off_once(
        &self,
        business_id: BusinessId,
        shared: LeadId,
        part: &SplitPart,
        own: LeadId,
        now: UtcDateTime,
    ) -> Result<bool, Failure> {
        let call_sid = &part.call_sid;
        let mut tx = self.database.write(business_id).await?;
        lock_lead(&mut tx, shared).await?;
        match lock_call(&mut tx, call_sid).await {
            Err(Failure::Final(StoreError::UnknownCall)) => return Ok(false),
            held => held?,
        };
        let is_over = tx.fetch_one(IS_OVER, values![call_sid, shared]).await?;
        if is_over.is_none() {
            return Ok(false);
        }
        give_away(&mut tx, part, own, shared).await?;
        tell_of(&mut tx, own, Some(call_sid), &Event::LeadCreated, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn finish_split_once(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<(), Failure> {
        let mut tx = self.database.write(business_id).await?;
        lock_lead(&mut tx, lead_id).await?;
        for statement in [GIVE_EVENTS_OF_CALLS, GIVE_EVENTS_OF_APPOINTMENTS] {
            tx.execute(statement, values![lead_id]).await?;
        }
        if tx.execute(STRIP, values![lead_id]).await? > 0 {
            tell_of(&mut tx, lead_id, None, &Event::LeadUpdated, now).await?;
        }
        tx.commit().await
    }
}

/// Gives a call a lead of its own, with what the call made.
async fn give_away(
    tx: &mut Tx<OneBusiness>,
    part: &SplitPart,
    own: LeadId,
    shared: LeadId,
) -> Result<(), Failure> {
    let call_sid = &part.call_sid;
    tx.execute(INSERT_LEAD, values![call_sid, own]).await?;
    tx.execute(GIVE_CALL, values![call_sid, own]).await?;
    for appointment_id in &part.appointments {
        let values = values![*appointment_id, own, shared];
        tx.execute(GIVE_APPOINTMENT, values).await?;
    }
    let values = values![call_sid, own, shared];
    tx.execute(GIVE_TASKS, values).await?;
    Ok(())
}

async fn tell_of(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
    call_sid: Option<&CallSid>,
    event: &Event,
    at: UtcDateTime,
) -> Result<(), Failure> {
    let subject = Subject {
        lead_id,
        call_sid,
        at,
    };
    put_event(tx, subject, event).await
}
