//! The model's session: configured, lost, opened again, given up.

use toran_domain::{ItemId, RequestedTime};

use super::{CallEngine, Phase, due};
use crate::{BargeIn, DropReason, Ending, Fact, Instant, Notice, Output, Purpose, ToModel};

/// A time without a session that works: one that opens and dies at once does not end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outage {
    since: Instant,
    attempts: u32,
    apologised: bool,
}

/// A session that lived so long did work, even if nothing was said in it.
const HEALTHY: toran_audio::Millis = toran_audio::Millis(20_000);
/// After so many failed attempts in a row, or one that was waited for in full, the caller hears an apology, and the
/// attempts go on.
const ATTEMPTS_IN_SILENCE: u32 = 2;

impl CallEngine {
    /// A session is open. It is used even if it comes late, between two attempts: another one would come later still.
    pub(super) fn on_connected(&mut self, now: Instant) {
        let since = match self.phase {
            Phase::Opening { since, .. } => since,
            Phase::Pausing { .. } => now,
            Phase::Live | Phase::GivingUp | Phase::Over => return,
        };
        self.phase = Phase::Opening {
            since,
            until: due(now, self.config.timings.configure_patience),
        };
        self.out.push_back(Output::Model(ToModel::Configure));
    }

    pub(super) fn on_configured(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        self.phase = Phase::Live;
        self.live_since = now;
        let reopened = self.outage.is_some();
        self.record(Fact::SessionConfigured);
        self.pass_on_held(now);
        let resumed = self.config.resumption.take().is_some();
        let something_stands =
            !self.ledger.bookings().is_empty() || self.proposal.table != RequestedTime::default();
        let goes_on = resumed || (reopened && (self.greeted || something_stands));
        if goes_on {
            self.tell(Notice::Resumed(self.standing()));
        }
        if std::mem::take(&mut self.config.transfer_failed) {
            self.tell(Notice::TransferFailed);
            self.requests.left_by_the_transfer();
        }
        for notice in std::mem::take(&mut self.untold) {
            self.tell(notice);
        }
        if goes_on {
            self.responses.want(Purpose::Resumption);
        } else {
            self.responses.want(Purpose::Greeting);
        }
    }

    /// Before it has taken our configuration, whatever the server complains of is that configuration: it may
    /// still take it, and is not waited for long.
    pub(super) fn on_complaint(&mut self, now: Instant, code: String) {
        let refused = matches!(
            code.as_str(),
            "conversation_already_has_active_response" | "server_error"
        );
        self.record(Fact::Complained { code: code.clone() });
        if let Phase::Opening { until, .. } = &mut self.phase {
            *until = (*until).min(due(now, self.config.timings.refused_patience));
        } else if refused && let Some(purpose) = self.responses.refused() {
            self.retry_or_apologise(now, purpose, code);
        }
    }

    /// The session is gone, and all that belonged to it. Another one is opened, seeded with what stands; if none
    /// can be had for too long, the caller is told and the call ends.
    pub(super) fn on_model_lost(&mut self, now: Instant) {
        if matches!(
            self.phase,
            Phase::GivingUp | Phase::Over | Phase::Pausing { .. }
        ) {
            return;
        }
        let waited = matches!(self.phase, Phase::Opening { until, .. } if until <= now);
        let lived = self.phase == Phase::Live && now - self.live_since >= HEALTHY;
        self.outage.take_if(|_| lived);
        let mut outage = self.outage_at(now);
        self.forget_session(now);
        outage.attempts = outage.attempts.saturating_add(1);
        let long_enough = waited || outage.attempts >= ATTEMPTS_IN_SILENCE;
        let apologise = long_enough && !std::mem::replace(&mut outage.apologised, long_enough);
        self.outage = Some(outage);
        self.record(Fact::SessionLost {
            attempts: outage.attempts,
        });
        let timings = &self.config.timings;
        if now - outage.since >= timings.outage_patience {
            self.give_up(now);
            return;
        }
        let nth = usize::try_from(outage.attempts - 1).unwrap_or(usize::MAX);
        let pauses = &timings.reopen_pauses;
        let pause = pauses[nth.min(pauses.len() - 1)];
        self.phase = Phase::Pausing {
            until: due(now, pause),
        };
        if apologise {
            self.apologise();
        }
    }

    /// The service refuses this deployment: no attempt helps, and the caller is not kept waiting for one.
    pub(super) fn on_model_refused(&mut self, now: Instant, code: String) {
        if matches!(self.phase, Phase::GivingUp | Phase::Over) {
            return;
        }
        self.record(Fact::SessionRefused { code });
        self.forget_session(now);
        self.give_up(now);
    }

    /// No session will be had. The business's own number is better than an apology.
    fn give_up(&mut self, now: Instant) {
        self.phase = Phase::GivingUp;
        if !self.transfer_instead(now) {
            self.apologise();
        }
    }

    pub(super) fn reopen(&mut self, now: Instant) {
        let within = self.config.timings.session_patience;
        self.phase = Phase::Opening {
            since: now,
            until: due(now, within),
        };
        self.out.push_back(Output::Model(ToModel::Open { within }));
    }

    /// When the caller hears an excuse for a session that does not come, if they have not heard one.
    pub(super) fn session_slow_at(&self) -> Option<Instant> {
        let Phase::Opening { since, .. } = self.phase else {
            return None;
        };
        let apologised = self.outage.is_some_and(|outage| outage.apologised);
        (!apologised).then(|| due(since, self.config.timings.session_late))
    }

    /// The attempt goes on: only the caller hears that something is wrong.
    pub(super) fn on_session_slow(&mut self) {
        let Phase::Opening { since, .. } = self.phase else {
            return;
        };
        let mut outage = self.outage_at(since);
        outage.apologised = true;
        self.outage = Some(outage);
        self.apologise();
    }

    /// The outage under way, or one that begins: with the attempt that fails, or now.
    fn outage_at(&self, now: Instant) -> Outage {
        let since = match self.phase {
            Phase::Opening { since, .. } => since,
            Phase::Pausing { .. } | Phase::Live | Phase::GivingUp | Phase::Over => now,
        };
        self.outage.unwrap_or(Outage {
            since,
            attempts: 0,
            apologised: false,
        })
    }

    /// What the caller said before there was a session: all of it at once, as one piece.
    fn pass_on_held(&mut self, now: Instant) {
        let held = self.caller.take_held();
        if held.is_empty() {
            return;
        }
        self.caller.passed_on(now, &held);
        self.out
            .push_back(Output::Model(ToModel::HeldAudio(held.into())));
    }

    /// What the lost session was saying is not finished; what it had not answered is not known to the next one.
    fn forget_session(&mut self, now: Instant) {
        let cut = self.playout.drop_answers(now);
        self.record_cut(now, &cut);
        self.responses = crate::responses::Responses::default();
        self.caller.forget_session();
        self.proposal.offer = None;
        self.words_due = None;
        self.clarify_at = None;
        for _ in 0..self.turns.forget_session() {
            self.record(Fact::TurnDropped {
                reason: DropReason::SessionLost,
            });
        }
    }

    pub(super) fn end(&mut self, now: Instant, ending: Ending) {
        let (cut, _) = self.playout.cut(now);
        self.record_cut(now, &cut);
        self.finish(ending);
    }

    pub(super) fn finish(&mut self, ending: Ending) {
        self.phase = Phase::Over;
        self.record(Fact::Ended(ending));
        self.out.push_back(Output::End(ending));
    }

    /// The model's server never said that the caller stopped. Where the phone's audio stopped coming, silence in
    /// its place lets the server close the segment.
    pub(super) fn on_voice_lost(&mut self, now: Instant) {
        if self
            .caller
            .give_up_speech(now, self.config.timings.audio_gap)
        {
            self.caller.padded(PADDING);
            let silence = "/".repeat(PADDING_BASE64);
            self.out
                .push_back(Output::Model(ToModel::Audio(silence.into())));
        }
        if self.turns.is_empty() && self.playout.resume() {
            self.record(Fact::BargeIn {
                stage: BargeIn::Resumed,
            });
        }
    }

    pub(super) fn delete(&mut self, item: ItemId) {
        self.out.push_back(Output::Model(ToModel::Delete(item)));
    }
}

/// A second of silence: mu-law 0xFF is the base64 digit "/", eight bits in six.
const PADDING: toran_audio::Millis = toran_audio::Millis(999);
const PADDING_BASE64: usize = 999 * 8 / 3 * 4;
