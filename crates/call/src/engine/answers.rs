//! The model's answers: screened on their way in, retried when they fail, never left as silence.

use bytes::Bytes;
use toran_domain::{ItemId, Pii, ResponseId};
use toran_truth::FalseClaim;

use super::{CallEngine, due};
use crate::{Fact, Instant, Notice, Output, Purpose, ResponseEnding, ToModel, responses::Active};

/// After so many false claims in a row the model is not asked again in this turn.
const FALSE_CLAIMS_ENDURED: u8 = 2;

impl CallEngine {
    pub(super) fn on_speech(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        audio: Bytes,
    ) {
        if self.responses.is_discarded(response) || audio.is_empty() {
            return;
        }
        self.responses.spoke(response, now);
        if !self.playout.audio(response, item, audio) {
            self.record(Fact::AgentAudioDropped);
        }
    }

    pub(super) fn on_words(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        words: &str,
    ) {
        if self.responses.is_discarded(response) {
            return;
        }
        if let Err(claim) = self.playout.words(response, item, words, &self.ledger) {
            self.on_false_claim(now, claim);
        }
    }

    pub(super) fn on_words_finished(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        transcript: &str,
    ) {
        if self.responses.is_discarded(response) {
            return;
        }
        if let Err(claim) = self
            .playout
            .words_finished(response, item, transcript, &self.ledger)
        {
            self.on_false_claim(now, claim);
        }
    }

    pub(super) fn on_item_finished(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        transcript: Option<&str>,
    ) {
        if self.responses.is_discarded(response) {
            return;
        }
        match self
            .playout
            .finish(response, item, transcript, &self.ledger)
        {
            Ok(true) => self.record(Fact::UnscreenedSpeech),
            Ok(false) => {}
            Err(claim) => self.on_false_claim(now, claim),
        }
    }

    pub(super) fn on_response_done(
        &mut self,
        now: Instant,
        response: &ResponseId,
        ending: ResponseEnding,
    ) {
        for item in self.playout.unfinished_of(response) {
            self.on_item_finished(now, response, &item, None);
        }
        let Some(active) = self.responses.done(response) else {
            return;
        };
        match ending {
            ResponseEnding::Completed | ResponseEnding::Cancelled => {}
            ResponseEnding::Failed { code } => self.on_answer_failed(now, &active, code),
        }
    }

    pub(super) fn on_response_late(&mut self, now: Instant) {
        if let Some(active) = self.responses.abandon() {
            if let Some(id) = active.id.clone() {
                self.out.push_back(Output::Model(ToModel::Cancel(id)));
            }
            self.on_answer_failed(now, &active, "timeout".to_owned());
        }
    }

    /// What was heard of it stands. What was not heard at all is asked for once more, and after that the caller
    /// hears an apology rather than nothing.
    fn on_answer_failed(&mut self, now: Instant, active: &Active, code: String) {
        if active.cut_at.is_some() {
            return;
        }
        let retrying = !active.spoke
            && self
                .responses
                .want_again(active.purpose, due(now, self.config.timings.retry_pause));
        self.record(Fact::ResponseFailed { code, retrying });
        if !active.spoke && !retrying {
            self.apologise();
        }
    }

    /// Cut before the first false word, and replaced.
    fn on_false_claim(&mut self, now: Instant, claim: FalseClaim) {
        let text = self.playout.claiming_text(&self.ledger);
        self.record(Fact::ClaimBlocked {
            kind: claim.kind,
            text: Pii::new(text),
        });
        self.cut_speech(now);
        self.false_claims = self.false_claims.saturating_add(1);
        if self.false_claims > FALSE_CLAIMS_ENDURED {
            self.apologise();
        } else {
            self.tell(Notice::ClaimRefused);
            self.responses.want(Purpose::Answer);
        }
    }
}
