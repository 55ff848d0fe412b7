//! Taking a lead apart that strangers share.

use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid, LeadId};
use toran_store::{Event, SplitLead};

use crate::{
    SqlStore,
    database::{Failure, OneBusiness, Tx},
    leads::record_of,
    outbox::{Subject, let_go, put_event},
    session::{lock_call, lock_lead},
    statement::statements,
    value::values,
};

statements! {
    // By a name that was said in the very call; the shared lead's may be anybody's.
    INSERT_LEAD: Scoped = "INSERT INTO lead (id, business_id, name, created_at) \
        SELECT $3, $1, caller_name, started_at FROM call_session WHERE business_id = $1 AND call_sid = $2";
    GIVE_CALL: Scoped = "UPDATE call_session SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2";
    // Of the call that made it, whoever moved it since.
    GIVE_APPOINTMENTS: Scoped = "UPDATE appointment SET lead_id = $3 WHERE business_id = $1 AND lead_id = $4 \
        AND $2 = COALESCE((SELECT made.call_sid FROM appointment_change AS made WHERE made.business_id = $1 \
            AND made.appointment_id = appointment.id AND made.kind = 'created' LIMIT 1), appointment.call_sid)";
    GIVE_TASKS: Scoped = "UPDATE task SET lead_id = $3 WHERE business_id = $1 AND lead_id = $4 AND call_sid = $2";
    GIVE_EVENTS: Scoped = "UPDATE outbox SET lead_id = $3 WHERE business_id = $1 AND lead_id = $4 AND (call_sid = $2 \
        OR (call_sid IS NULL AND appointment_id IN (SELECT given.id FROM appointment AS given \
            WHERE given.business_id = $1 AND given.lead_id = $3)))";
    STRIP: Scoped = "UPDATE lead SET phone = NULL, given_phone = NULL, name = NULL WHERE business_id = $1 AND id = $2 \
        AND (phone IS NOT NULL OR given_phone IS NOT NULL OR name IS NOT NULL)";
}

impl SqlStore {
    pub(crate) async fn split_once(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        new_lead: &(dyn Fn() -> LeadId + Send + Sync),
        now: UtcDateTime,
    ) -> Result<Option<SplitLead>, Failure> {
        let mut tx = self.database.write(business_id).await?;
        lock_lead(&mut tx, lead_id).await?;
        let Some(record) = record_of(&mut tx, lead_id).await? else {
            return Ok(None);
        };
        let split = SplitLead::of(&record);
        if record.is_of_one_call() {
            return Ok(Some(split));
        }
        for call in record.calls.iter().filter(|call| call.ended_at.is_some()) {
            lock_call(&mut tx, &call.call_sid).await?;
            give_away(&mut tx, &call.call_sid, new_lead(), lead_id, now).await?;
        }
        if split.going_on == 0 && tx.execute(STRIP, values![lead_id]).await? > 0 {
            let subject = Subject {
                lead_id,
                call_sid: None,
                at: now,
            };
            put_event(&mut tx, subject, &Event::LeadUpdated).await?;
        }
        // What waited behind another's dead letter waits no more.
        let_go(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Some(split))
    }
}

/// Gives a call a lead of its own, with what the call made.
async fn give_away(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    own: LeadId,
    shared: LeadId,
    now: UtcDateTime,
) -> Result<(), Failure> {
    tx.execute(INSERT_LEAD, values![call_sid, own]).await?;
    tx.execute(GIVE_CALL, values![call_sid, own]).await?;
    for statement in [GIVE_APPOINTMENTS, GIVE_TASKS, GIVE_EVENTS] {
        tx.execute(statement, values![call_sid, own, shared])
            .await?;
    }
    let subject = Subject {
        lead_id: own,
        call_sid: Some(call_sid),
        at: now,
    };
    put_event(tx, subject, &Event::LeadCreated).await
}
