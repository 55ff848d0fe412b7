//! Calls, what was said in them and what they used.

use async_trait::async_trait;
use time::{Date, Time, UtcDateTime};
use toran_domain::{
    Booking, CallSid, Cost, ModelName, PhoneNumber, Pii, Proposal, RequestedTime, TaskId, Usage,
};
use toran_store::{
    CallEnding, CallKey, CallOpening, CallSession, CallStream, Calls, MAX_OFFERED, ModelUsage,
    REDEEMED_TOKEN_KEPT, StoreError, TranscriptLine,
};
use uuid::Uuid;

use crate::{
    SqlStore,
    appointments::one_live,
    businesses::{exists, settings_of},
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    endings::Which,
    row::Row,
    session::{self, lock_lead_and_stream, lock_stream},
    statement::statements,
    value::values,
};

macro_rules! select_usage {
    ($rest:literal) => {
        concat!(
            "SELECT model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, \
             audio_out, audio_seconds, cost_micro_usd FROM call_usage \
             WHERE business_id = $1 AND call_sid = $2 ",
            $rest
        )
    };
}

statements! {
    FORGET_TOKENS: Across = "DELETE FROM redeemed_stream_token WHERE expires_at < $1";
    REDEEM: Across = "INSERT INTO redeemed_stream_token (token_id, expires_at) VALUES ($1, $2) \
        ON CONFLICT (token_id) DO NOTHING";
    NOTE_HELD: Scoped = "UPDATE call_session SET last_confirmed_date = $3, last_confirmed_time = $4, \
        last_appointment_id = $5 WHERE business_id = $1 AND call_sid = $2";
    NOTE_PROPOSAL: Scoped = "UPDATE call_session SET proposal = $3 WHERE business_id = $1 AND call_sid = $2";
    NOTE_OFFERS: Scoped = "UPDATE call_session SET offered = $3 WHERE business_id = $1 AND call_sid = $2";
    NOTE_ONE_MORE: Scoped = "UPDATE call_session SET one_more = TRUE WHERE business_id = $1 AND call_sid = $2";
    ANNOUNCE: Scoped = "UPDATE appointment SET announced = TRUE \
        WHERE business_id = $1 AND call_sid = $2 AND id = $3 AND status = 'confirmed'";
    KEEP_ALIVE: Scoped = "UPDATE call_session SET seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END, \
        ended_at = CASE WHEN abandoned THEN NULL ELSE ended_at END, \
        ending = CASE WHEN abandoned THEN NULL ELSE ending END, abandoned = FALSE \
        WHERE business_id = $1 AND call_sid = $2 AND (ended_at IS NULL OR abandoned)";
    APPEND: Scoped = "INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) \
        SELECT $1, $2, COALESCE(MAX(seq) + 1, 0), $3, $4, $5 FROM transcript_line \
        WHERE business_id = $1 AND call_sid = $2";
    OF_ERASED_LEAD: Scoped = "SELECT 1 AS one FROM call_session JOIN lead ON lead.business_id = call_session.business_id \
        AND lead.id = lead_id WHERE call_session.business_id = $1 AND call_sid = $2 AND erased_at IS NOT NULL";
    TRANSCRIPT: Scoped = "SELECT speaker, text, at FROM transcript_line \
        WHERE business_id = $1 AND call_sid = $2 ORDER BY seq";
    USAGE: Scoped = select_usage!("ORDER BY model");
    USAGE_OF_MODEL: Scoped = select_usage!("AND model = $3");
    PUT_USAGE: Scoped = "INSERT INTO call_usage (business_id, call_sid, model, text_in, text_in_cached, audio_in, \
        audio_in_cached, text_out, audio_out, audio_seconds, cost_micro_usd) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (business_id, call_sid, model) DO UPDATE SET text_in = excluded.text_in, \
        text_in_cached = excluded.text_in_cached, audio_in = excluded.audio_in, \
        audio_in_cached = excluded.audio_in_cached, text_out = excluded.text_out, \
        audio_out = excluded.audio_out, audio_seconds = excluded.audio_seconds, \
        cost_micro_usd = excluded.cost_micro_usd";
}

#[async_trait]
impl Calls for SqlStore {
    async fn redeem_stream_token(
        &self,
        token_id: Uuid,
        expires_at: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        if now >= expires_at {
            return Ok(false);
        }
        // Once more after an uncertain end would refuse a token that was never used.
        let redeem = || async {
            let mut tx = self.database.write_across().await?;
            let old = now.saturating_sub(REDEEMED_TOKEN_KEPT);
            tx.execute(FORGET_TOKENS, values![old]).await?;
            let inserted = tx.execute(REDEEM, values![token_id, expires_at]).await?;
            tx.commit().await?;
            Ok(inserted == 1)
        };
        attempts(Repeat::Unsafe, redeem).await
    }

    async fn open_call(&self, opening: &CallOpening) -> Result<CallSession, StoreError> {
        let open = || async {
            let mut tx = self.database.write(opening.key.business_id).await?;
            if !exists(&mut tx).await? {
                return Err(StoreError::UnknownBusiness.into());
            }
            session::open(&mut tx, opening).await?;
            let opened = session::load(&mut tx, &opening.key.call_sid).await?;
            let opened = opened.ok_or(StoreError::UnknownCall)?;
            tx.commit().await?;
            Ok(opened)
        };
        attempts(Repeat::Safe, open).await
    }

    async fn take_over(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<Option<CallSession>, StoreError> {
        match attempts(Repeat::Safe, || self.take_over_once(key, now)).await {
            Err(StoreError::UnknownCall) => Ok(None),
            taken => taken,
        }
    }

    async fn call_session(&self, key: &CallKey) -> Result<Option<CallSession>, StoreError> {
        let load = || async {
            let mut tx = self.database.read(key.business_id).await?;
            session::load(&mut tx, &key.call_sid).await
        };
        attempts(Repeat::Safe, load).await
    }

    async fn note_request(
        &self,
        stream: &CallStream,
        requested: RequestedTime,
        name: Option<&str>,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let note = || self.note_request_once(stream, requested, name, now);
        attempts(Repeat::Safe, note).await
    }

    async fn name_made(&self, stream: &CallStream, name: &str) -> Result<(), StoreError> {
        attempts(Repeat::Safe, || self.name_made_once(stream, name)).await
    }

    async fn note_phone(&self, stream: &CallStream, phone: &PhoneNumber) -> Result<(), StoreError> {
        attempts(Repeat::Safe, || self.note_phone_once(stream, phone)).await
    }

    async fn request_transfer(
        &self,
        stream: &CallStream,
        _now: UtcDateTime,
    ) -> Result<(), StoreError> {
        attempts(Repeat::Safe, || self.request_transfer_once(stream)).await
    }

    async fn withdraw_transfer(&self, stream: &CallStream) -> Result<(), StoreError> {
        attempts(Repeat::Safe, || self.withdraw_transfer_once(stream)).await
    }

    async fn note_transfer_told(&self, stream: &CallStream) -> Result<(), StoreError> {
        attempts(Repeat::Safe, || self.note_transfer_told_once(stream)).await
    }

    async fn begin_transfer(&self, key: &CallKey, now: UtcDateTime) -> Result<bool, StoreError> {
        attempts(Repeat::Safe, || self.begin_transfer_once(key, now)).await
    }

    async fn end_transfer(
        &self,
        key: &CallKey,
        answered: bool,
        new_task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let end = || self.end_transfer_once(key, answered, new_task_id, now);
        attempts(Repeat::Safe, end).await
    }

    async fn note_held(&self, stream: &CallStream, held: &Booking) -> Result<(), StoreError> {
        let values = values![held.date, held.time, held.appointment_id];
        self.note(stream, NOTE_HELD, values).await
    }

    async fn note_proposal(
        &self,
        stream: &CallStream,
        proposal: Proposal,
    ) -> Result<(), StoreError> {
        let proposal = session::proposal_json(proposal)?;
        self.note(stream, NOTE_PROPOSAL, values![proposal]).await
    }

    async fn note_offers(
        &self,
        stream: &CallStream,
        offered: &[(Date, Time)],
    ) -> Result<(), StoreError> {
        let offered = session::offered_json(&offered[..offered.len().min(MAX_OFFERED)])?;
        self.note(stream, NOTE_OFFERS, values![offered]).await
    }

    async fn note_one_more(&self, stream: &CallStream) -> Result<(), StoreError> {
        self.note(stream, NOTE_ONE_MORE, values![]).await
    }

    async fn mark_announced(&self, stream: &CallStream, heard: &Booking) -> Result<(), StoreError> {
        let mark = || async {
            let mut tx = self.database.write(stream.key.business_id).await?;
            lock_lead_and_stream(&mut tx, stream).await?;
            let settings = settings_of(&mut tx).await?;
            let standing = one_live(&mut tx, heard.appointment_id).await?;
            // The caller may have heard of a place where it stands no longer.
            let as_heard = settings
                .zip(standing)
                .is_some_and(|(settings, standing)| standing.booking(&settings) == *heard);
            if as_heard {
                let values = values![&stream.key.call_sid, heard.appointment_id];
                tx.execute(ANNOUNCE, values).await?;
            }
            tx.commit().await
        };
        attempts(Repeat::Safe, mark).await
    }

    async fn keep_alive(&self, stream: &CallStream, now: UtcDateTime) -> Result<(), StoreError> {
        let keep = || async {
            let call_sid = &stream.key.call_sid;
            let mut tx = self.database.write(stream.key.business_id).await?;
            // An end that is taken back is of its lead's order.
            lock_lead_and_stream(&mut tx, stream).await?;
            if tx.execute(KEEP_ALIVE, values![call_sid, now]).await? == 0 {
                return Err(StoreError::Superseded.into());
            }
            session::take_back_the_end(&mut tx, call_sid, now).await?;
            tx.commit().await
        };
        attempts(Repeat::Safe, keep).await
    }

    async fn end_abandoned_calls(
        &self,
        seen_before: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<u64, StoreError> {
        self.end_unseen(seen_before, now).await
    }

    async fn append_transcript(
        &self,
        stream: &CallStream,
        lines: &[TranscriptLine],
    ) -> Result<(), StoreError> {
        let append = || async {
            let call_sid = &stream.key.call_sid;
            let mut tx = self.database.write(stream.key.business_id).await?;
            lock_stream(&mut tx, stream).await?;
            // Who asked to be forgotten is, even while still on the phone.
            let erased = tx.fetch_one(OF_ERASED_LEAD, values![call_sid]);
            if erased.await?.is_some() {
                return Ok(());
            }
            for line in lines {
                let speaker = line.speaker.as_str();
                let values = values![call_sid, speaker, line.bounded_text(), line.at];
                tx.execute(APPEND, values).await?;
            }
            tx.commit().await
        };
        attempts(Repeat::Unsafe, append).await
    }

    async fn transcript(&self, key: &CallKey) -> Result<Vec<TranscriptLine>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(key.business_id).await?;
            transcript_of(&mut tx, &key.call_sid).await
        };
        attempts(Repeat::Safe, read).await
    }

    async fn add_usage(
        &self,
        stream: &CallStream,
        model: &ModelName,
        usage: Usage,
        cost: Option<Cost>,
    ) -> Result<(), StoreError> {
        let add = || async {
            let call_sid = &stream.key.call_sid;
            let mut tx = self.database.write(stream.key.business_id).await?;
            lock_stream(&mut tx, stream).await?;
            let values = values![call_sid, model.0.as_str()];
            let mut sum = match tx.fetch_one(USAGE_OF_MODEL, values).await? {
                Some(row) => model_usage(&row)?,
                None => ModelUsage::nothing(model.clone()),
            };
            sum.add(usage, cost);
            put_usage(&mut tx, call_sid, &sum).await?;
            tx.commit().await
        };
        attempts(Repeat::Unsafe, add).await
    }

    async fn usage(&self, key: &CallKey) -> Result<Vec<ModelUsage>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(key.business_id).await?;
            let rows = tx.fetch(USAGE, values![&key.call_sid]).await?;
            let used: Result<Vec<ModelUsage>, StoreError> = rows.iter().map(model_usage).collect();
            Ok(used?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn end_stream(
        &self,
        stream: &CallStream,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let end = || self.end_once(&stream.key, ending, now, Which::of_epoch(stream.epoch));
        attempts(Repeat::Safe, end).await.map(|_| ())
    }

    async fn end_call(
        &self,
        key: &CallKey,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError> {
        let end = || self.end_once(key, ending, now, Which::of_epoch(u32::MAX));
        attempts(Repeat::Safe, end).await.map(|_| ())
    }
}

pub(crate) async fn transcript_of(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
) -> Result<Vec<TranscriptLine>, Failure> {
    let rows = tx.fetch(TRANSCRIPT, values![call_sid]).await?;
    let lines: Result<Vec<_>, StoreError> = rows.iter().map(transcript_line).collect();
    Ok(lines?)
}

pub(crate) fn transcript_line(row: &Row) -> Result<TranscriptLine, StoreError> {
    Ok(TranscriptLine {
        speaker: row.parsed("transcript_line.speaker")?,
        text: Pii::new(row.text("transcript_line.text")?.to_owned()),
        at: row.instant("transcript_line.at")?,
    })
}

async fn put_usage(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    sum: &ModelUsage,
) -> Result<(), Failure> {
    let usage = &sum.usage;
    let values = values![
        call_sid,
        sum.model.0.as_str(),
        usage.text_in,
        usage.text_in_cached,
        usage.audio_in,
        usage.audio_in_cached,
        usage.text_out,
        usage.audio_out,
        usage.audio_seconds,
        sum.cost.map(|cost| cost.micro_usd),
    ];
    tx.execute(PUT_USAGE, values).await?;
    Ok(())
}

fn model_usage(row: &Row) -> Result<ModelUsage, StoreError> {
    let cost: Option<u64> = row.maybe_int("call_usage.cost_micro_usd")?;
    Ok(ModelUsage {
        model: ModelName(row.text("call_usage.model")?.to_owned()),
        usage: Usage {
            text_in: row.int("call_usage.text_in")?,
            text_in_cached: row.int("call_usage.text_in_cached")?,
            audio_in: row.int("call_usage.audio_in")?,
            audio_in_cached: row.int("call_usage.audio_in_cached")?,
            text_out: row.int("call_usage.text_out")?,
            audio_out: row.int("call_usage.audio_out")?,
            audio_seconds: row.real("call_usage.audio_seconds")?,
        },
        cost: cost.map(|micro_usd| Cost { micro_usd }),
    })
}
