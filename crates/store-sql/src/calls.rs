//! Calls, what was said in them and what they used.

use async_trait::async_trait;
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use time::UtcDateTime;
use toran_domain::{Cost, ModelName, Pii, RequestedTime, Usage};
use toran_store::{
    CallEnding, CallKey, CallOpening, CallSession, Calls, ModelUsage, REDEEMED_TOKEN_KEPT,
    StoreError, TranscriptLine, bounded_name,
};
use uuid::Uuid;

use crate::{
    SqliteStore,
    businesses::settings_of,
    column::{Columns, date_text, time_text},
    session::{self, lead_of_call},
};

macro_rules! select_usage {
    ($rest:literal) => {
        concat!(
            "SELECT model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, \
             audio_out, audio_seconds, cost_micro_usd FROM call_usage \
             WHERE business_id = ? AND call_sid = ? ",
            $rest
        )
    };
}

#[async_trait]
impl Calls for SqliteStore {
    async fn redeem_stream_token(
        &self,
        token_id: Uuid,
        expires_at: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        if now >= expires_at {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM redeemed_stream_token WHERE expires_at < ?")
            .bind(now.saturating_sub(REDEEMED_TOKEN_KEPT).unix_timestamp())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::unavailable)?;
        let inserted = sqlx::query(
            "INSERT INTO redeemed_stream_token (token_id, expires_at) VALUES (?, ?) \
             ON CONFLICT (token_id) DO NOTHING",
        )
        .bind(token_id)
        .bind(expires_at.unix_timestamp())
        .execute(&mut *tx)
        .await
        .map_err(StoreError::unavailable)?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn open_call(&self, opening: &CallOpening) -> Result<CallSession, StoreError> {
        let key = &opening.key;
        let mut tx = self.begin().await?;
        if settings_of(&mut tx, key.business_id).await?.is_none() {
            return Err(StoreError::UnknownBusiness);
        }
        if !session::reopen(&mut tx, key).await? {
            session::begin(&mut tx, opening).await?;
        }
        let session = session::load(&mut tx, key)
            .await?
            .ok_or(StoreError::UnknownCall)?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(session)
    }

    async fn call_session(&self, key: &CallKey) -> Result<Option<CallSession>, StoreError> {
        let mut tx = self
            .readers
            .begin()
            .await
            .map_err(StoreError::unavailable)?;
        session::load(&mut tx, key).await
    }

    async fn note_request(
        &self,
        key: &CallKey,
        requested: RequestedTime,
        name: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let lead_id = lead_of_call(&mut tx, key).await?;
        if !requested.is_empty() {
            sqlx::query(
                "UPDATE call_session SET last_requested_date = ?, last_requested_time = ? \
                 WHERE business_id = ? AND call_sid = ?",
            )
            .bind(requested.date.map(date_text).transpose()?)
            .bind(requested.time.map(time_text).transpose()?)
            .bind(key.business_id.as_uuid())
            .bind(key.call_sid.as_str())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::unavailable)?;
        }
        if let Some(name) = name.and_then(bounded_name) {
            sqlx::query("UPDATE lead SET name = ? WHERE business_id = ? AND id = ?")
                .bind(name.expose())
                .bind(key.business_id.as_uuid())
                .bind(lead_id.as_uuid())
                .execute(&mut *tx)
                .await
                .map_err(StoreError::unavailable)?;
        }
        tx.commit().await.map_err(StoreError::unavailable)
    }

    async fn append_transcript(
        &self,
        key: &CallKey,
        lines: &[TranscriptLine],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        lead_of_call(&mut tx, key).await?;
        for line in lines {
            sqlx::query(
                "INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) \
                 SELECT ?1, ?2, COALESCE(MAX(seq) + 1, 0), ?3, ?4, ?5 FROM transcript_line \
                 WHERE business_id = ?1 AND call_sid = ?2",
            )
            .bind(key.business_id.as_uuid())
            .bind(key.call_sid.as_str())
            .bind(line.speaker.as_str())
            .bind(line.bounded_text())
            .bind(line.at.unix_timestamp())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::unavailable)?;
        }
        tx.commit().await.map_err(StoreError::unavailable)
    }

    async fn transcript(&self, key: &CallKey) -> Result<Vec<TranscriptLine>, StoreError> {
        let rows = sqlx::query(
            "SELECT speaker, text, at FROM transcript_line \
             WHERE business_id = ? AND call_sid = ? ORDER BY seq",
        )
        .bind(key.business_id.as_uuid())
        .bind(key.call_sid.as_str())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::unavailable)?;
        let read = |row| {
            let columns = Columns(row);
            Ok(TranscriptLine {
                speaker: columns.parsed("transcript_line.speaker")?,
                text: Pii::new(columns.plain("transcript_line.text")?),
                at: columns.instant("transcript_line.at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn add_usage(
        &self,
        key: &CallKey,
        model: &ModelName,
        usage: Usage,
        cost: Option<Cost>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        lead_of_call(&mut tx, key).await?;
        let row = sqlx::query(select_usage!("AND model = ?"))
            .bind(key.business_id.as_uuid())
            .bind(key.call_sid.as_str())
            .bind(&model.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(StoreError::unavailable)?;
        let mut sum = match row {
            Some(row) => model_usage(&row)?,
            None => ModelUsage::nothing(model.clone()),
        };
        sum.add(usage, cost);
        put_usage(&mut tx, key, &sum).await?;
        tx.commit().await.map_err(StoreError::unavailable)
    }

    async fn usage(&self, key: &CallKey) -> Result<Vec<ModelUsage>, StoreError> {
        let rows = sqlx::query(select_usage!("ORDER BY model"))
            .bind(key.business_id.as_uuid())
            .bind(key.call_sid.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::unavailable)?;
        rows.iter().map(model_usage).collect()
    }

    async fn end_call(
        &self,
        key: &CallKey,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        lead_of_call(&mut tx, key).await?;
        sqlx::query(
            "UPDATE call_session SET ended_at = ?, ending = ? \
             WHERE business_id = ? AND call_sid = ? AND ended_at IS NULL",
        )
        .bind(now.unix_timestamp())
        .bind(ending.as_str())
        .bind(key.business_id.as_uuid())
        .bind(key.call_sid.as_str())
        .execute(&mut *tx)
        .await
        .map_err(StoreError::unavailable)?;
        tx.commit().await.map_err(StoreError::unavailable)
    }
}

async fn put_usage(
    connection: &mut SqliteConnection,
    key: &CallKey,
    sum: &ModelUsage,
) -> Result<(), StoreError> {
    let usage = &sum.usage;
    sqlx::query(
        "INSERT INTO call_usage (business_id, call_sid, model, text_in, text_in_cached, audio_in, \
         audio_in_cached, text_out, audio_out, audio_seconds, cost_micro_usd) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (business_id, call_sid, model) DO UPDATE SET text_in = excluded.text_in, \
         text_in_cached = excluded.text_in_cached, audio_in = excluded.audio_in, \
         audio_in_cached = excluded.audio_in_cached, text_out = excluded.text_out, \
         audio_out = excluded.audio_out, audio_seconds = excluded.audio_seconds, \
         cost_micro_usd = excluded.cost_micro_usd",
    )
    .bind(key.business_id.as_uuid())
    .bind(key.call_sid.as_str())
    .bind(&sum.model.0)
    .bind(count(usage.text_in))
    .bind(count(usage.text_in_cached))
    .bind(count(usage.audio_in))
    .bind(count(usage.audio_in_cached))
    .bind(count(usage.text_out))
    .bind(count(usage.audio_out))
    .bind(usage.audio_seconds)
    .bind(sum.cost.map(|cost| count(cost.micro_usd)))
    .execute(connection)
    .await
    .map_err(StoreError::unavailable)?;
    Ok(())
}

fn model_usage(row: &SqliteRow) -> Result<ModelUsage, StoreError> {
    let columns = Columns(row);
    let cost: Option<u64> = columns.plain("call_usage.cost_micro_usd")?;
    Ok(ModelUsage {
        model: ModelName(columns.plain("call_usage.model")?),
        usage: Usage {
            text_in: columns.plain("call_usage.text_in")?,
            text_in_cached: columns.plain("call_usage.text_in_cached")?,
            audio_in: columns.plain("call_usage.audio_in")?,
            audio_in_cached: columns.plain("call_usage.audio_in_cached")?,
            text_out: columns.plain("call_usage.text_out")?,
            audio_out: columns.plain("call_usage.audio_out")?,
            audio_seconds: columns.plain("call_usage.audio_seconds")?,
        },
        cost: cost.map(|micro_usd| Cost { micro_usd }),
    })
}

/// SQLite's integers end at 2^63 - 1, far above what a call can use.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
