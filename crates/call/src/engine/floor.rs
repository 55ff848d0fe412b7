//! Who has the floor: holding the agent's speech, letting it go on, or giving the floor to the caller.

use super::CallEngine;
use crate::{BargeIn, Fact, Instant, Output, ToModel, ToPhone, playout::CutItem};

impl CallEngine {
    /// The caller makes a sound: nothing more is sent, and nothing is thrown away yet.
    pub(super) fn hold_playout(&mut self, now: Instant) {
        let something_to_hold = self.playout.is_audible(now) || self.responses.is_coming();
        if something_to_hold && self.playout.pause(now) {
            self.record(Fact::BargeIn {
                stage: BargeIn::Paused,
            });
        }
    }

    /// It was nothing: the answer goes on where it was held, unless there is something else to wait for.
    pub(super) fn resume_playout(&mut self) {
        if self.floor_is_free() && self.playout.resume() {
            self.record(Fact::BargeIn {
                stage: BargeIn::Resumed,
            });
        }
    }

    /// The caller's words count: whatever the agent was saying or about to say is thrown away, on the phone, in
    /// the model's answer, and in the model's memory of what it said.
    pub(super) fn take_floor(&mut self, now: Instant) {
        if self.responses.is_coming() || self.playout.is_audible(now) {
            self.record(Fact::BargeIn {
                stage: BargeIn::Final,
            });
        }
        self.cut_speech(now);
    }

    /// Cuts the speech under way.
    pub(super) fn cut_speech(&mut self, now: Instant) {
        if let Some(response) = self.responses.cut(now) {
            self.out
                .push_back(Output::Model(ToModel::Cancel(Some(response))));
        }
        let (cut, buffered) = self.playout.cut(now);
        // The line delays: something may still lie there although by our clock it has been played.
        if buffered || cut.iter().any(|item| item.sent && item.cut_short) {
            self.order_phone(ToPhone::Clear);
        }
        self.words_due = None;
        self.proposal.offer = None;
        for item in cut.iter().filter(|item| !item.canned && item.cut_short) {
            // The model's server refuses to cut an item to nothing: what was not heard at all leaves.
            self.out.push_back(Output::Model(if item.heard.0 == 0 {
                ToModel::Delete(item.id.clone())
            } else {
                ToModel::Truncate {
                    item: item.id.clone(),
                    heard: item.heard,
                }
            }));
        }
        self.record_cut(now, &cut);
    }

    pub(super) fn record_cut(&mut self, now: Instant, cut: &[CutItem]) {
        for item in cut.iter().filter(|item| !item.words.is_empty()) {
            self.on_heard(now, item.words.clone(), item.cut_short);
        }
    }
}
