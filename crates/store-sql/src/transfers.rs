//! How a call gets to a person of the business.

use time::UtcDateTime;
use toran_store::{CallEnding, CallKey, CallStream, LONGEST_TRANSFER, TransferState};

use crate::{
    SqlStore,
    calls::end_held,
    database::Failure,
    session::{lock_call, lock_lead_and_call, lock_stream, take_back_the_end},
    statement::statements,
    value::values,
};

statements! {
    REQUEST: Scoped = "UPDATE call_session SET transfer = 'wanted' WHERE business_id = $1 AND call_sid = $2";
    // It goes on, whatever the stream said that made way for it.
    BEGIN: Scoped = "UPDATE call_session SET transfer = 'dialling', seen_at = $3, \
        ended_at = CASE WHEN ending = 'failed' AND NOT abandoned THEN ended_at ELSE NULL END, \
        ending = CASE WHEN ending = 'failed' AND NOT abandoned THEN ending ELSE NULL END, abandoned = FALSE \
        WHERE business_id = $1 AND call_sid = $2 AND transfer IN ('wanted', 'dialling')";
    ANSWERED: Scoped = "UPDATE call_session SET transfer = 'answered' \
        WHERE business_id = $1 AND call_sid = $2 AND transfer = 'dialling'";
    CAME_TO_NOTHING: Scoped = "UPDATE call_session SET transfer = 'failed', seen_at = $3 \
        WHERE business_id = $1 AND call_sid = $2 AND transfer = 'dialling'";
}

impl SqlStore {
    pub(crate) async fn request_transfer_once(&self, stream: &CallStream) -> Result<(), Failure> {
        let mut tx = self.database.write(stream.key.business_id).await?;
        lock_stream(&mut tx, stream).await?;
        tx.execute(REQUEST, values![&stream.key.call_sid]).await?;
        tx.commit().await
    }

    pub(crate) async fn begin_transfer_once(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<bool, Failure> {
        let mut tx = self.database.write(key.business_id).await?;
        lock_call(&mut tx, &key.call_sid).await?;
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
            let call = (held.lead_id, call_sid);
            let ending = CallEnding::Completed;
            end_held(&mut tx, call, ending, now, UtcDateTime::MAX).await?;
        } else {
            tx.execute(CAME_TO_NOTHING, values![call_sid, now]).await?;
        }
        tx.commit().await
    }
}
