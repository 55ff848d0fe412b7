//! The model's answers: screened on their way in, retried when they fail, never left as silence.

use bytes::Bytes;
use toran_audio::Millis;
use toran_domain::{Booking, ItemId, Outcome, Pii, ResponseId, Speaker};
use toran_truth::FalseClaim;

use super::{CallEngine, due, requests::Then};
use crate::{
    Fact, Instant, Notice, Output, Purpose, ResponseEnding, ToModel,
    responses::Standing,
    turns::{Stage, Turn},
};

/// After so many false claims in a row the model is not asked again in this turn.
const FALSE_CLAIMS_ENDURED: u8 = 2;
/// An answer that broke off before this was heard of it counts as not heard.
const SHORTEST_ANSWER: Millis = Millis(500);

impl CallEngine {
    /// Whether an event belongs to the answer under way. One that must not go on is cancelled.
    pub(super) fn is_live(&mut self, now: Instant, response: &ResponseId) -> bool {
        match self.responses.event(response, now) {
            Standing::Live => true,
            Standing::Dead => false,
            Standing::Unwanted => {
                let cancel = ToModel::Cancel(Some(response.clone()));
                self.out.push_back(Output::Model(cancel));
                false
            }
        }
    }

    pub(super) fn on_speech(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        audio: Bytes,
    ) {
        let live = !audio.is_empty() && self.is_live(now, response);
        if live && !self.playout.audio(response, item, audio) {
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
        if self.is_live(now, response) {
            let screened = self.playout.words(response, item, words, &self.ledger);
            self.after_screening(now, screened);
        }
    }

    /// The whole transcript may come after its answer is over: it is heard out all the same.
    pub(super) fn on_words_finished(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        transcript: &str,
    ) {
        let waited_for = self.words_due.is_some();
        if !transcript.is_empty() && (self.is_live(now, response) || waited_for) {
            let ledger = &self.ledger;
            let screened = self
                .playout
                .words_finished(response, item, transcript, ledger);
            self.after_screening(now, screened);
        }
    }

    pub(super) fn on_item_finished(
        &mut self,
        now: Instant,
        response: &ResponseId,
        item: &ItemId,
        transcript: Option<&str>,
    ) {
        self.on_words_finished(now, response, item, transcript.unwrap_or_default());
        if self.is_live(now, response) {
            self.playout.sound_finished(response, item);
        }
    }

    pub(super) fn on_response_done(
        &mut self,
        now: Instant,
        response: &ResponseId,
        ending: ResponseEnding,
    ) {
        let Some(purpose) = self.responses.done(response) else {
            return;
        };
        let code = match ending {
            ResponseEnding::Completed if self.playout.sound_of(response) > Millis::ZERO => {
                let screened = self.playout.completed(response, &self.ledger);
                self.after_screening(now, screened);
                return;
            }
            ResponseEnding::Completed => "empty".to_owned(),
            ResponseEnding::Cancelled => "cancelled".to_owned(),
            ResponseEnding::Failed { code } => code,
        };
        self.on_answer_failed(now, response, purpose, code);
    }

    pub(super) fn on_response_late(&mut self, now: Instant) {
        let Some(abandoned) = self.responses.abandon() else {
            return;
        };
        let cancel = ToModel::Cancel(abandoned.id.clone());
        self.out.push_back(Output::Model(cancel));
        let Some(purpose) = abandoned.purpose else {
            return;
        };
        match abandoned.id {
            Some(response) => self.on_answer_failed(now, &response, purpose, "stalled".to_owned()),
            None => self.retry_or_apologise(now, purpose, "timeout".to_owned()),
        }
    }

    /// What was screened of it may be heard out. What was hardly heard is asked for once more.
    fn on_answer_failed(
        &mut self,
        now: Instant,
        response: &ResponseId,
        purpose: Purpose,
        code: String,
    ) {
        if self.playout.broken_off(response) >= SHORTEST_ANSWER {
            self.record(Fact::ResponseFailed {
                code,
                retrying: false,
            });
        } else {
            self.cut_speech(now);
            self.retry_or_apologise(now, purpose, code);
        }
    }

    /// Once more after a pause; and after that the caller hears an apology rather than nothing.
    pub(super) fn retry_or_apologise(&mut self, now: Instant, purpose: Purpose, code: String) {
        let not_before = due(now, self.config.timings.retry_pause);
        let retrying = self.responses.want_again(purpose, not_before);
        self.record(Fact::ResponseFailed { code, retrying });
        if !retrying {
            self.apologise();
        }
    }

    fn after_screening(&mut self, now: Instant, screened: Result<(), FalseClaim>) {
        match screened {
            Err(claim) => self.on_false_claim(now, claim),
            Ok(()) if !self.playout.waits_for_words() => self.words_due = None,
            Ok(()) => {
                let patience = self.config.timings.words_patience;
                self.words_due.get_or_insert(due(now, patience));
            }
        }
    }

    /// Sound whose words never came is not played: it could say anything.
    pub(super) fn on_words_late(&mut self, now: Instant) {
        self.words_due = None;
        let unscreened = self.playout.drop_unscreened();
        if unscreened.is_empty() {
            return;
        }
        for item in unscreened {
            self.delete(item);
        }
        self.record(Fact::UnscreenedSpeech);
        self.retry_or_apologise(now, Purpose::Answer, "no transcript".to_owned());
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
        } else if let Some(booking) = self.untold() {
            // The claim stood in the place of this.
            self.tell(Notice::Outcome(Outcome::AppointmentCreated(booking)));
            self.responses.want(Purpose::Answer);
        } else if self.requests.covers_last_turn() {
            self.tell(Notice::ClaimRefused { noted: Some(true) });
            self.responses.want(Purpose::Answer);
        } else if self.has_request() {
            self.save_what_is_known(now, Then::ReplaceClaim);
        } else {
            self.tell(Notice::ClaimRefused { noted: None });
            self.responses.want(Purpose::Answer);
        }
    }

    /// The appointment that this call made last, if the caller has not heard of it.
    fn untold(&self) -> Option<Booking> {
        let mut bookings = self.ledger.bookings().iter().rev();
        let made = bookings.find(|booking| {
            let mut made = self.made.iter();
            made.any(|made| made.appointment_id == booking.appointment_id)
        });
        made.filter(|booking| !self.announced.contains(booking))
            .copied()
    }

    /// Whether the caller asked for anything that is not in hands already: the desk tells by itself what became of it.
    fn has_request(&self) -> bool {
        let at_desk = |turn: &Turn| matches!(turn.stage, Stage::AtDesk { .. });
        let caller_spoke = self.said.of(Speaker::Caller).next().is_some();
        caller_spoke && !self.turns.front().is_some_and(at_desk)
    }
}
