//! How a call gets to a person of the business.

use time::UtcDateTime;
use toran_domain::{BETWEEN_TASK_WORDS, CallSid, Pii, RequestedTime, Speaker, TaskId, TaskKind};
use toran_store::{
    CallEnding, CallKey, CallSession, CallStream, LONGEST_TRANSFER, NewTask, TRANSFER_WORDS_LINES,
    TransferState,
};
use uuid::Uuid;

use crate::{
    SqlStore,
    database::{Failure, OneBusiness, Tx},
    endings::end_held,
    session::{self, HeldCall, lock_lead_and_call, lock_stream, take_back_the_end, take_over},
    statement::{Scoped, statements},
    tasks::put_task,
    value::values,
};

statements! {
    REQUEST: Scoped = "UPDATE call_session SET transfer = 'wanted' WHERE business_id = $1 AND call_sid = $2";
    WITHDRAW: Scoped = "UPDATE call_session SET transfer = NULL \
        WHERE business_id = $1 AND call_sid = $2 AND transfer = 'wanted'";
    TOLD: Scoped = "UPDATE call_session SET transfer = NULL \
        WHERE business_id = $1 AND call_sid = $2 AND transfer = 'failed'";
    // It goes on, whatever the stream said that made way for it.
    BEGIN: Scoped = "UPDATE call_session SET transfer = 'dialling', seen_at = $3, \
        ended_at = CASE WHEN ending = 'failed' AND NOT abandoned THEN ended_at ELSE NULL END, \
        ending = CASE WHEN ending = 'failed' AND NOT abandoned THEN ending ELSE NULL END, abandoned = FALSE \
        WHERE business_id = $1 AND call_sid = $2 AND transfer IN ('wanted', 'dialling')";
    ANSWERED: Scoped = "UPDATE call_session SET transfer = 'answered' \
        WHERE business_id = $1 AND call_sid = $2 AND transfer = 'dialling'";
    // Who spoke with a person need not be called back for it.
    CLOSE_TASK: Scoped = "UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL \
        AND kind = 'person'";
    TAKE_BACK_THE_TASK: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND call_sid = $2 AND kind = 'task.created' AND state = 'pending' \
        AND data ->> 'kind' = 'person'";
    CAME_TO_NOTHING: Scoped = "UPDATE call_session SET transfer = 'failed', \
        seen_at = CASE WHEN seen_at > $3 THEN $3 ELSE seen_at END WHERE business_id = $1 AND call_sid = $2";
    SAID_BY: Scoped = "SELECT text FROM transcript_line \
        WHERE business_id = $1 AND call_sid = $2 AND speaker = $3 ORDER BY seq DESC LIMIT $4";
}

impl SqlStore {
    pub(crate) async fn request_transfer_once(&self, stream: &CallStream) -> Result<(), Failure> {
        self.write_transfer(stream, REQUEST).await
    }

    pub(crate) async fn withdraw_transfer_once(&self, stream: &CallStream) -> Result<(), Failure> {
        self.write_transfer(stream, WITHDRAW).await
    }

    pub(crate) async fn note_transfer_told_once(&self, stream: &CallStream) -> Result<(), Failure> {
        self.write_transfer(stream, TOLD).await
    }

    async fn write_transfer(&self, stream: &CallStream, statement: Scoped) -> Result<(), Failure> {
        let mut tx = self.database.write(stream.key.business_id).await?;
        lock_stream(&mut tx, stream).await?;
        tx.execute(statement, values![&stream.key.call_sid]).await?;
        tx.commit().await
    }

    pub(crate) async fn begin_transfer_once(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<bool, Failure> {
        let mut tx = self.database.write(key.business_id).await?;
        lock_lead_and_call(&mut tx, &key.call_sid).await?;
        let seen_at = now.saturating_add(LONGEST_TRANSFER);
        let values = values![&key.call_sid, seen_at];
        if tx.execute(BEGIN, values).await? == 0 {
            return Ok(false);
        }
        take_back_the_end(&mut tx, &key.call_sid, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn end_transfer_once(
        &self,
        key: &CallKey,
        answered: bool,
        new_task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<(), Failure> {
        let call_sid = &key.call_sid;
        let mut tx = self.database.write(key.business_id).await?;
        let held = lock_lead_and_call(&mut tx, call_sid).await?;
        if held.transfer != Some(TransferState::Dialling) {
            return Ok(());
        }
        if answered {
            tx.execute(ANSWERED, values![call_sid]).await?;
            if tx.execute(CLOSE_TASK, values![call_sid, now]).await? > 0 {
                tx.execute(TAKE_BACK_THE_TASK, values![call_sid, now])
                    .await?;
            }
            let call = (held.lead_id, call_sid);
            let ending = CallEnding::Completed;
            end_held(&mut tx, call, ending, now, UtcDateTime::MAX).await?;
        } else {
            come_to_nothing(&mut tx, key, held, new_task_id, now).await?;
        }
        tx.commit().await
    }

    /// Nobody has heard of a transfer for so long that whoever dialled, or was to dial, is gone.
    pub(crate) async fn give_transfer_up_once(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<(), Failure> {
        let mut tx = self.database.write(key.business_id).await?;
        let held = lock_lead_and_call(&mut tx, &key.call_sid).await?;
        let is_open = matches!(
            held.transfer,
            Some(TransferState::Wanted | TransferState::Dialling)
        );
        if is_open {
            let new_task_id = TaskId::from_uuid(Uuid::now_v7());
            come_to_nothing(&mut tx, key, held, new_task_id, now).await?;
        }
        tx.commit().await
    }

    pub(crate) async fn take_over_once(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<Option<CallSession>, Failure> {
        let mut tx = self.database.write(key.business_id).await?;
        let held = lock_lead_and_call(&mut tx, &key.call_sid).await?;
        // The caller is back on the line, so nobody has taken the call.
        if held.transfer == Some(TransferState::Dialling) {
            let new_task_id = TaskId::from_uuid(Uuid::now_v7());
            come_to_nothing(&mut tx, key, held, new_task_id, now).await?;
        }
        take_over(&mut tx, &key.call_sid, now).await?;
        let taken = session::load(&mut tx, &key.call_sid).await?;
        tx.commit().await?;
        Ok(taken)
    }
}

/// Nobody took the call: a person of the business is to call back, even if the caller is gone by now.
async fn come_to_nothing(
    tx: &mut Tx<OneBusiness>,
    key: &CallKey,
    held: HeldCall,
    new_task_id: TaskId,
    now: UtcDateTime,
) -> Result<(), Failure> {
    let call_sid = &key.call_sid;
    tx.execute(CAME_TO_NOTHING, values![call_sid, now]).await?;
    let task = NewTask {
        task_id: new_task_id,
        key: key.clone(),
        lead_id: held.lead_id,
        kind: TaskKind::Person,
        requested: RequestedTime::default(),
        name: None,
        words: last_words(tx, call_sid).await?,
        noted_at: now,
    };
    put_task(tx, held, &task).await?;
    Ok(())
}

/// What the caller said last.
async fn last_words(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<Option<Pii<String>>, Failure> {
    let limit = i64::try_from(TRANSFER_WORDS_LINES).unwrap_or(i64::MAX);
    let values = values![call_sid, Speaker::Caller.as_str(), limit];
    let rows = tx.fetch(SAID_BY, values).await?;
    let mut said = Vec::new();
    for row in rows.iter().rev() {
        said.push(row.text("transcript_line.text")?);
    }
    let words = said.join(BETWEEN_TASK_WORDS);
    Ok((!words.is_empty()).then(|| Pii::new(words)))
}
