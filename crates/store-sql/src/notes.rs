//! What a call notes of its caller: the request, the name, a number that was given in the conversation.

use time::UtcDateTime;
use toran_domain::{CallSid, LeadId, PhoneNumber, RequestedTime};
use toran_store::{CallStream, Event, StoreError, bounded_name};

use crate::{
    SqlStore,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    outbox::{Subject, put_event},
    session::{lock_lead_and_stream, lock_stream},
    statement::{Scoped, statements},
    value::{Value, values},
};

/// Who asked to be forgotten is named no more, even while still on the phone.
macro_rules! unless_erased {
    ($update:literal, $lead:literal) => {
        concat!(
            $update,
            " AND NOT EXISTS (SELECT 1 FROM lead AS forgotten WHERE forgotten.business_id = $1 \
             AND forgotten.id = ",
            $lead,
            " AND forgotten.erased_at IS NOT NULL)"
        )
    };
}

statements! {
    NOTE_REQUEST: Scoped = "UPDATE call_session SET last_requested_date = $3, last_requested_time = $4 \
        WHERE business_id = $1 AND call_sid = $2";
    NAME_LEAD: Scoped = "UPDATE lead SET name = $3 WHERE business_id = $1 AND id = $2 \
        AND (name IS NULL OR name <> $3) AND erased_at IS NULL";
    NAME_CALL: Scoped = unless_erased!(
        "UPDATE call_session SET caller_name = $3 WHERE business_id = $1 AND call_sid = $2", "call_session.lead_id"
    );
    NAME_APPOINTMENTS: Scoped = unless_erased!(
        "UPDATE appointment SET name = $3 WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed' \
        AND name IS NULL", "appointment.lead_id"
    );
    NAME_TASKS: Scoped = unless_erased!(
        "UPDATE task SET name = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND name IS NULL",
        "task.lead_id"
    );
    NOTE_PHONE: Scoped = "UPDATE lead SET given_phone = $3 WHERE business_id = $1 AND id = $2 \
        AND (given_phone IS NULL OR given_phone <> $3) AND erased_at IS NULL";
}

impl SqlStore {
    /// Writes into a call's own row, for one of its streams; `values` are the statement's `$3`, `$4`…
    pub(crate) async fn note(
        &self,
        stream: &CallStream,
        statement: Scoped,
        values: Vec<Value<'_>>,
    ) -> Result<(), StoreError> {
        let note = || async {
            let mut tx = self.database.write(stream.key.business_id).await?;
            lock_stream(&mut tx, stream).await?;
            let call_sid = Value::from(&stream.key.call_sid);
            let values = std::iter::once(call_sid).chain(values.iter().cloned());
            tx.execute(statement, values.collect()).await?;
            tx.commit().await
        };
        attempts(Repeat::Safe, note).await
    }

    pub(crate) async fn note_request_once(
        &self,
        stream: &CallStream,
        requested: RequestedTime,
        name: Option<&str>,
        now: UtcDateTime,
    ) -> Result<(), Failure> {
        let call_sid = &stream.key.call_sid;
        let mut tx = self.database.write(stream.key.business_id).await?;
        let lead_id = lock_lead_and_stream(&mut tx, stream).await?;
        if !requested.is_empty() {
            let values = values![call_sid, requested.date, requested.time];
            tx.execute(NOTE_REQUEST, values).await?;
        }
        if let Some(name) = name.and_then(bounded_name) {
            let name = name.expose().as_str();
            tx.execute(NAME_CALL, values![call_sid, name]).await?;
            if tx.execute(NAME_LEAD, values![lead_id, name]).await? > 0 {
                tell_of_lead(&mut tx, lead_id, call_sid, now).await?;
            }
        }
        tx.commit().await
    }

    pub(crate) async fn name_made_once(
        &self,
        stream: &CallStream,
        name: &str,
    ) -> Result<(), Failure> {
        let mut tx = self.database.write(stream.key.business_id).await?;
        lock_lead_and_stream(&mut tx, stream).await?;
        if let Some(name) = bounded_name(name) {
            for statement in [NAME_APPOINTMENTS, NAME_TASKS] {
                let values = values![&stream.key.call_sid, name.expose().as_str()];
                tx.execute(statement, values).await?;
            }
        }
        tx.commit().await
    }

    pub(crate) async fn note_phone_once(
        &self,
        stream: &CallStream,
        phone: &PhoneNumber,
    ) -> Result<(), Failure> {
        let mut tx = self.database.write(stream.key.business_id).await?;
        let lead_id = lock_lead_and_stream(&mut tx, stream).await?;
        tx.execute(NOTE_PHONE, values![lead_id, phone.e164()])
            .await?;
        tx.commit().await
    }
}

async fn tell_of_lead(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
    call_sid: &CallSid,
    at: UtcDateTime,
) -> Result<(), Failure> {
    let subject = Subject {
        lead_id,
        call_sid: Some(call_sid),
        at,
    };
    put_event(tx, subject, &Event::LeadUpdated).await
}
