//! The model's answers: at most one at a time; asked for, running, being cut, or tried again.

use std::collections::VecDeque;

use toran_domain::ResponseId;

use crate::{Instant, Purpose, Timings};

/// Answers that are over or cut, whose late events mean nothing; older ones have none any more.
const MAX_REMEMBERED: usize = 16;

/// The answer under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    None,
    /// Asked for; the server has not begun it yet.
    Asked { purpose: Purpose, at: Instant },
    /// The server is sending it.
    Running {
        id: ResponseId,
        purpose: Purpose,
        last_event: Instant,
    },
    /// Nobody wants it any more, and its end has not come. Without an id it is cancelled as soon as it
    /// has one.
    Cutting {
        id: Option<ResponseId>,
        since: Instant,
    },
}

/// What an event of an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It belongs to the answer under way.
    Live,
    /// It belongs to an answer that is over or cut.
    Dead,
    /// It belongs to an answer that must be cancelled now that its id is known.
    Unwanted,
}

/// How the answer under way was left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Abandoned {
    /// Its id, if the server ever gave it one.
    pub(crate) id: Option<ResponseId>,
    /// Why it was asked for; `None` if it was being cut already.
    pub(crate) purpose: Option<Purpose>,
}

#[derive(Debug, Default)]
pub(crate) struct Responses {
    answer: Answer,
    wanted: Option<Purpose>,
    /// The wanted answer is not asked for before this.
    not_before: Option<Instant>,
    /// Whether the wanted or running answer is already a retry.
    retried: bool,
    over: VecDeque<ResponseId>,
}

impl Responses {
    /// An answer is wanted as soon as it can be had. A call's first words stay its first words.
    pub(crate) fn want(&mut self, purpose: Purpose) {
        let first_words = self.wanted.filter(|wanted| *wanted != Purpose::Answer);
        self.wanted = Some(first_words.unwrap_or(purpose));
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
        if self.answer != Answer::None || self.not_before.is_some_and(|at| now < at) {
            return None;
        }
        let purpose = self.wanted.take()?;
        self.not_before = None;
        self.answer = Answer::Asked { purpose, at: now };
        Some(purpose)
    }

    /// An event of an answer has come: its beginning, sound or words. One that nobody asked for is adopted.
    pub(crate) fn event(&mut self, id: &ResponseId, now: Instant) -> Standing {
        if self.over.contains(id) {
            return Standing::Dead;
        }
        let adopted = match &mut self.answer {
            Answer::Running {
                id: running,
                last_event,
                ..
            } if running == id => {
                *last_event = now;
                return Standing::Live;
            }
            Answer::Asked { purpose, .. } => *purpose,
            Answer::None => Purpose::Answer,
            Answer::Cutting { id: cut, .. } => {
                cut.get_or_insert_with(|| id.clone());
                self.remember(id.clone());
                return Standing::Unwanted;
            }
            // A second answer beside the running one.
            Answer::Running { .. } => {
                self.remember(id.clone());
                return Standing::Unwanted;
            }
        };
        self.answer = Answer::Running {
            id: id.clone(),
            purpose: adopted,
            last_event: now,
        };
        Standing::Live
    }

    /// An answer is over. Returns why it was asked for, if it was still wanted.
    pub(crate) fn done(&mut self, id: &ResponseId) -> Option<Purpose> {
        let known = self.over.contains(id);
        self.remember(id.clone());
        let ours = match &self.answer {
            Answer::Running { id: running, .. } => running == id,
            Answer::Cutting { id: Some(cut), .. } => cut == id,
            // Its end came without a beginning.
            Answer::Asked { .. } | Answer::Cutting { id: None, .. } => !known,
            Answer::None => false,
        };
        if !ours {
            return None;
        }
        match std::mem::take(&mut self.answer) {
            Answer::Asked { purpose, .. } | Answer::Running { purpose, .. } => Some(purpose),
            Answer::Cutting { .. } | Answer::None => None,
        }
    }

    /// Nobody wants the answer under way. Returns its id if it is to be cancelled now.
    pub(crate) fn cut(&mut self, now: Instant) -> Option<ResponseId> {
        let id = match &self.answer {
            Answer::None | Answer::Cutting { .. } => return None,
            Answer::Asked { .. } => None,
            Answer::Running { id, .. } => Some(id.clone()),
        };
        if let Some(id) = &id {
            self.remember(id.clone());
        }
        self.answer = Answer::Cutting {
            id: id.clone(),
            since: now,
        };
        id
    }

    /// The answer under way, or its end, did not come in time: it is forgotten.
    pub(crate) fn abandon(&mut self) -> Option<Abandoned> {
        let abandoned = match std::mem::take(&mut self.answer) {
            Answer::None => return None,
            Answer::Asked { purpose, .. } => Abandoned {
                id: None,
                purpose: Some(purpose),
            },
            Answer::Running { id, purpose, .. } => Abandoned {
                id: Some(id),
                purpose: Some(purpose),
            },
            Answer::Cutting { id, .. } => Abandoned { id, purpose: None },
        };
        if let Some(id) = &abandoned.id {
            self.remember(id.clone());
        }
        Some(abandoned)
    }

    /// The server refused to begin an answer.
    pub(crate) fn refused(&mut self) -> Option<Purpose> {
        let Answer::Asked { purpose, .. } = self.answer else {
            return None;
        };
        self.answer = Answer::None;
        Some(purpose)
    }

    /// When the answer under way is overdue: its first event, the next one, or its end once it was cut.
    pub(crate) fn due(&self, timings: &Timings) -> Option<Instant> {
        match &self.answer {
            Answer::None => None,
            Answer::Asked { at, .. } => Some(*at + timings.response_patience),
            Answer::Running { last_event, .. } => Some(*last_event + timings.response_patience),
            Answer::Cutting { since, .. } => Some(*since + timings.cancel_patience),
        }
    }

    /// Whether an answer is on its way to the caller.
    pub(crate) const fn is_coming(&self) -> bool {
        matches!(self.answer, Answer::Asked { .. } | Answer::Running { .. })
    }

    /// Whether nothing is wanted and nothing is under way.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.answer, Answer::None) && self.wanted.is_none()
    }

    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.not_before
            .filter(|_| self.wanted.is_some() && self.answer == Answer::None)
    }

    fn remember(&mut self, id: ResponseId) {
        if self.over.contains(&id) {
            return;
        }
        if self.over.len() >= MAX_REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back(id);
    }
}
