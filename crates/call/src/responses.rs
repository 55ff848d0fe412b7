//! The model's answers: at most one at a time, asked for, running, or failed and tried again.

use std::collections::VecDeque;

use toran_domain::ResponseId;

use crate::{Instant, Purpose, Timings};

/// Answers whose late events are thrown away; older ones have no late events any more.
const MAX_DISCARDED: usize = 8;

/// The answer under way.
#[derive(Debug, Clone)]
pub(crate) struct Active {
    pub(crate) id: Option<ResponseId>,
    pub(crate) purpose: Purpose,
    pub(crate) asked_at: Instant,
    /// Whether its first sound has come.
    pub(crate) spoke: bool,
    /// Since when nobody wants it any more. If its id is not known yet, it is cancelled as soon as it is.
    pub(crate) cut_at: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct Responses {
    active: Option<Active>,
    wanted: Option<Purpose>,
    /// The wanted answer is not asked for before this.
    not_before: Option<Instant>,
    /// Whether the wanted or running answer is already a retry.
    retried: bool,
    discarded: VecDeque<ResponseId>,
}

impl Responses {
    /// An answer is wanted as soon as it can be had. A greeting that was not spoken yet stays a greeting.
    pub(crate) fn want(&mut self, purpose: Purpose) {
        self.wanted = Some(
            self.wanted
                .filter(|wanted| *wanted != Purpose::Answer)
                .unwrap_or(purpose),
        );
        self.not_before = None;
        self.retried = false;
    }

    /// The same answer once more, after a pause; `false` if it was a retry already.
    pub(crate) fn want_again(&mut self, purpose: Purpose, not_before: Instant) -> bool {
        if self.retried {
            return false;
        }
        self.wanted = Some(self.wanted.unwrap_or(purpose));
        self.not_before = Some(not_before);
        self.retried = true;
        true
    }

    /// The wanted answer, if it may be asked for now; it is then under way.
    pub(crate) fn ask(&mut self, now: Instant) -> Option<Purpose> {
        if self.active.is_some() || self.not_before.is_some_and(|at| now < at) {
            return None;
        }
        let purpose = self.wanted.take()?;
        self.not_before = None;
        self.active = Some(Active {
            id: None,
            purpose,
            asked_at: now,
            spoke: false,
            cut_at: None,
        });
        Some(purpose)
    }

    /// An answer has begun. One that nobody asked for is adopted. Returns whether it is to be cancelled.
    pub(crate) fn started(&mut self, id: &ResponseId, now: Instant) -> bool {
        let active = self.active.get_or_insert(Active {
            id: None,
            purpose: Purpose::Answer,
            asked_at: now,
            spoke: false,
            cut_at: None,
        });
        active.id = Some(id.clone());
        let unwanted = active.cut_at.is_some();
        if unwanted {
            self.discard(id.clone());
        }
        unwanted
    }

    /// Sound of an answer has come, perhaps of one whose beginning was never told.
    pub(crate) fn spoke(&mut self, id: &ResponseId, now: Instant) {
        if self
            .active
            .as_ref()
            .is_none_or(|active| active.id.is_none())
        {
            self.started(id, now);
        }
        if let Some(active) = self
            .active
            .as_mut()
            .filter(|active| active.id.as_ref() == Some(id))
        {
            active.spoke = true;
            self.retried = false;
        }
    }

    /// The answer under way is over.
    pub(crate) fn done(&mut self, id: &ResponseId) -> Option<Active> {
        self.active
            .take_if(|active| active.id.as_ref().is_none_or(|known| known == id))
    }

    /// The caller does not want the answer under way. Returns its id if it can be cancelled now.
    pub(crate) fn cut(&mut self, now: Instant) -> Option<ResponseId> {
        let active = self.active.as_mut()?;
        if active.cut_at.is_some() {
            return None;
        }
        active.cut_at = Some(now);
        let id = active.id.clone()?;
        self.discard(id.clone());
        Some(id)
    }

    /// The answer under way never came: forget it.
    pub(crate) fn abandon(&mut self) -> Option<Active> {
        let active = self.active.take()?;
        if let Some(id) = &active.id {
            self.discard(id.clone());
        }
        Some(active)
    }

    pub(crate) fn is_discarded(&self, id: &ResponseId) -> bool {
        self.discarded.contains(id)
    }

    /// When the answer under way is overdue: its first sound, or its end once it was cut.
    pub(crate) fn due(&self, timings: &Timings) -> Option<Instant> {
        let active = self.active.as_ref()?;
        match active.cut_at {
            Some(cut_at) => Some(cut_at + timings.cancel_patience),
            None if active.spoke => None,
            None => Some(active.asked_at + timings.response_patience),
        }
    }

    pub(crate) fn active(&self) -> Option<&Active> {
        self.active.as_ref()
    }

    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.not_before
            .filter(|_| self.wanted.is_some() && self.active.is_none())
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }

    fn discard(&mut self, id: ResponseId) {
        if self.discarded.len() >= MAX_DISCARDED {
            self.discarded.pop_front();
        }
        self.discarded.push_back(id);
    }
}
