//! Forgetting one person of a line, while the others stay.

use time::UtcDateTime;
use toran_domain::{LeadId, Pii};
use toran_store::{Event, LeadRecord, are_two_persons};
use uuid::Uuid;

use crate::{
    database::{Failure, OneBusiness, Tx},
    outbox::{Subject, put_event},
    statement::statements,
    value::values,
};

statements! {
    // Nobody calls from it: what is the person's is nobody's on the line any more, and nobody there is told of it.
    INSERT_NOBODY: Scoped = "INSERT INTO lead (id, business_id, created_at, erased_at) VALUES ($2, $1, $3, $4)";
    FORGET_ON_APPOINTMENT: Scoped = "UPDATE appointment SET name = NULL, lead_id = $3 WHERE business_id = $1 AND id = $2";
    FORGET_ON_TASK: Scoped = "UPDATE task SET name = NULL, words = NULL, lead_id = $3, done_at = COALESCE(done_at, $4) \
        WHERE business_id = $1 AND id = $2";
    TAKE_BACK_TASK: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND kind = 'task.created' AND state = 'pending' AND data ->> 'task_id' = $2";
    FORGET_ON_CALL: Scoped = "UPDATE call_session SET caller_name = NULL WHERE business_id = $1 AND call_sid = $2";
    // What comes late of a call that was this person's alone finds nobody. A call that goes on, or in which another person
    // made or left something, stays the line's.
    FORGET_CALL: Scoped = "UPDATE call_session SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2 \
        AND ended_at IS NOT NULL AND caller_name IS NULL \
        AND NOT EXISTS (SELECT 1 FROM task WHERE task.business_id = $1 AND task.call_sid = $2 AND task.lead_id <> $3) \
        AND NOT EXISTS (SELECT 1 FROM appointment AS other WHERE other.business_id = $1 AND other.call_sid = $2 \
            AND other.lead_id <> $3) \
        AND NOT EXISTS (SELECT 1 FROM appointment AS other JOIN appointment_change AS change \
            ON change.business_id = other.business_id AND change.appointment_id = other.id \
            WHERE other.business_id = $1 AND other.lead_id = $4 AND change.call_sid = $2)";
    FORGET_WHAT_WAS_SAID: Scoped = "DELETE FROM transcript_line WHERE business_id = $1 AND call_sid = $2";
    FORGET_NAME: Scoped = "UPDATE lead SET name = NULL WHERE business_id = $1 AND id = $2";
}

/// Removes one person from a line that is held: `theirs` is what is kept of `person`. The number stays, as the others
/// call from it, too.
pub(crate) async fn forget_person(
    tx: &mut Tx<OneBusiness>,
    theirs: &LeadRecord,
    person: &Pii<String>,
    now: UtcDateTime,
) -> Result<(), Failure> {
    let line = &theirs.lead;
    let nobody = LeadId::from_uuid(Uuid::now_v7());
    let values = values![nobody, line.created_at, now];
    tx.execute(INSERT_NOBODY, values).await?;
    for (row, _) in &theirs.appointments {
        let values = values![row.booking.appointment_id, nobody];
        tx.execute(FORGET_ON_APPOINTMENT, values).await?;
    }
    for task in &theirs.tasks {
        let values = values![task.task_id, nobody, now];
        tx.execute(FORGET_ON_TASK, values).await?;
        let values = values![task.task_id.to_string(), now];
        tx.execute(TAKE_BACK_TASK, values).await?;
    }
    for call in &theirs.calls {
        if !are_two_persons(call.caller_name.as_ref(), Some(person)) {
            tx.execute(FORGET_ON_CALL, values![&call.call_sid]).await?;
        }
        let values = values![&call.call_sid, nobody, line.lead_id];
        tx.execute(FORGET_CALL, values).await?;
        let values = values![&call.call_sid];
        tx.execute(FORGET_WHAT_WAS_SAID, values).await?;
    }
    if line.name.is_some() {
        tx.execute(FORGET_NAME, values![line.lead_id]).await?;
        let subject = Subject {
            lead_id: line.lead_id,
            call_sid: None,
            at: now,
        };
        put_event(tx, subject, &Event::LeadUpdated).await?;
    }
    Ok(())
}
