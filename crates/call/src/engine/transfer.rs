//! To a person: stored first, said to the caller, and then the stream makes way for the provider's dialling.

use toran_domain::{RequestedTime, TaskKind, TurnIndex};

use super::{CallEngine, Phase, due, requests::Then};
use crate::{Ending, Fact, FromModel, Instant, Notice, Output, Purpose, Timings};

/// How far a transfer has come.
#[derive(Debug, Clone, Default)]
pub(super) enum Transfer {
    #[default]
    Idle,
    /// It is being stored; the caller's words are kept for the task that it becomes if that fails.
    Requested { since: Instant, words: String },
    /// The caller is told, and then the stream ends.
    Closing { since: Instant },
}

impl Transfer {
    pub(super) fn due(&self, timings: &Timings) -> Option<Instant> {
        match self {
            Self::Idle => None,
            Self::Requested { since, .. } => Some(due(*since, timings.save_patience)),
            Self::Closing { since } => Some(due(*since, timings.farewell_patience)),
        }
    }

    pub(super) const fn is_closing(&self) -> bool {
        matches!(self, Self::Closing { .. })
    }

    /// How a call ends that has no session any more and in which all has been said; `None` while a transfer is being stored.
    pub(super) const fn ending_without_a_session(&self) -> Option<Ending> {
        match self {
            Self::Idle => Some(Ending::GaveUp),
            Self::Requested { .. } => None,
            Self::Closing { .. } => Some(Ending::Transferred),
        }
    }
}

impl FromModel {
    /// Whether it is about what the caller says.
    pub(super) const fn is_of_the_caller(&self) -> bool {
        matches!(
            self,
            Self::SpeechStarted { .. }
                | Self::Committed { .. }
                | Self::Transcribed { .. }
                | Self::TranscriptionFailed { .. }
        )
    }
}

impl CallEngine {
    /// The caller asks for a person: they get one if the business has a number for it, and else a task is left. Asked again
    /// while that is under way, it is the same wish.
    pub(super) fn on_person_wanted(&mut self, now: Instant, turn: TurnIndex) {
        if !self.config.can_transfer {
            return self.save_turn(now, turn, TaskKind::Person, RequestedTime::default());
        }
        let words = self.words_of(turn);
        if self.turns.front_is(turn).is_some() {
            self.turns.close_front();
        }
        if matches!(self.transfer, Transfer::Idle) {
            self.transfer = Transfer::Requested { since: now, words };
            self.out.push_back(Output::RequestTransfer);
        }
    }

    /// Brings a caller whom the model cannot serve to a person, where there is one. Not to one who did not take this very call.
    pub(super) fn transfer_instead(&mut self, now: Instant) -> bool {
        match self.transfer {
            Transfer::Requested { .. } | Transfer::Closing { .. } => true,
            Transfer::Idle => {
                let can = self.config.can_transfer && !self.transfer_failed;
                if can {
                    let words = String::new();
                    self.transfer = Transfer::Requested { since: now, words };
                    self.out.push_back(Output::RequestTransfer);
                }
                can
            }
        }
    }

    pub(super) fn on_transfer_requested(&mut self, now: Instant, stored: bool) {
        match &self.transfer {
            Transfer::Requested { .. } if stored => {
                self.record(Fact::TransferRequested);
                self.transfer = Transfer::Closing { since: now };
                if self.phase == Phase::Live {
                    self.tell(Notice::Transferring);
                    self.responses.want(Purpose::Answer);
                } else {
                    self.play_clip(self.config.transferring.clone());
                }
            }
            Transfer::Requested { .. } if self.phase == Phase::GivingUp => {
                self.transfer = Transfer::Idle;
                self.apologise();
            }
            Transfer::Requested { words, .. } => {
                let words = words.clone();
                self.transfer = Transfer::Idle;
                let nothing = RequestedTime::default();
                self.save(now, TaskKind::Person, nothing, &words, Then::SayNoted);
            }
            // The caller was told that it is left to the business: nobody is dialled for them later.
            Transfer::Idle if stored => self.out.push_back(Output::WithdrawTransfer),
            Transfer::Idle | Transfer::Closing { .. } => {}
        }
    }

    /// Whether the last words before the transfer have been heard.
    pub(super) fn is_ready_to_transfer(&self, now: Instant) -> bool {
        self.transfer.is_closing()
            && self.responses.is_idle()
            && !self.playout.is_audible(now)
            && self.turns.is_empty()
    }

    pub(super) fn on_transfer_late(&mut self, now: Instant) {
        if self.transfer.is_closing() {
            self.finish(Ending::Transferred);
        } else {
            self.on_transfer_requested(now, false);
        }
    }
}
