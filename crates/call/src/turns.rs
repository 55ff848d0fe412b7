//! The caller's turns, in the order in which they were spoken, from commit to outcome.

use std::collections::VecDeque;

use toran_domain::{ItemId, Pii, RequestedTime, TurnIndex};

use crate::{DeskOrder, Hearing, Instant};

/// More unfinished turns than this are more than a conversation holds.
const MAX_TURNS: usize = 16;

/// Where a turn stands.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Its transcript has not come yet.
    Transcribing,
    /// Understood; waits for the turns before it.
    Waiting { text: Pii<String>, hearing: Hearing },
    /// At the parser.
    Parsing { hearing: Hearing },
    /// At the booking desk.
    AtDesk { order: DeskOrder },
}

#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) index: TurnIndex,
    pub(crate) item: ItemId,
    pub(crate) stage: Stage,
    /// When the stage was entered.
    pub(crate) since: Instant,
    /// The day and hour of the proposal that the caller had heard when they began to speak.
    pub(crate) heard: RequestedTime,
    /// The caller's words, once they are known.
    pub(crate) words: Option<Pii<String>>,
}

/// Segments whose turn is over; an event that repeats one of them opens no second turn.
const MAX_REMEMBERED: usize = 16;

/// Turns are worked on one at a time, from the front: each is parsed knowing the outcome of the one before.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    queue: VecDeque<Turn>,
    next: TurnIndex,
    over: VecDeque<ItemId>,
}

impl Turns {
    /// Takes a committed segment in. `false` if there is no room.
    pub(crate) fn open(&mut self, item: ItemId, heard: RequestedTime, now: Instant) -> bool {
        if self.queue.len() >= MAX_TURNS {
            return false;
        }
        self.queue.push_back(Turn {
            index: self.next,
            item,
            stage: Stage::Transcribing,
            since: now,
            heard,
            words: None,
        });
        self.next = self.next.next();
        true
    }

    pub(crate) fn by_item(&mut self, item: &ItemId) -> Option<&mut Turn> {
        self.queue.iter_mut().find(|turn| turn.item == *item)
    }

    pub(crate) fn front(&self) -> Option<&Turn> {
        self.queue.front()
    }

    pub(crate) fn front_mut(&mut self) -> Option<&mut Turn> {
        self.queue.front_mut()
    }

    /// The front turn, if it is this one.
    pub(crate) fn front_is(&mut self, index: TurnIndex) -> Option<&mut Turn> {
        self.queue.front_mut().filter(|turn| turn.index == index)
    }

    pub(crate) fn close_front(&mut self) -> Option<Turn> {
        let turn = self.queue.pop_front()?;
        self.remember(turn.item.clone());
        Some(turn)
    }

    pub(crate) fn remove(&mut self, item: &ItemId) -> Option<Turn> {
        let at = self.queue.iter().position(|turn| turn.item == *item)?;
        self.remember(item.clone());
        self.queue.remove(at)
    }

    /// Whether this segment is, or was, a turn.
    pub(crate) fn knows(&self, item: &ItemId) -> bool {
        self.over.contains(item) || self.queue.iter().any(|turn| turn.item == *item)
    }

    /// Forgets every open turn: the session in which they were spoken is gone. Returns how many there were.
    pub(crate) fn forget_session(&mut self) -> usize {
        let open = self.queue.len();
        self.queue.clear();
        self.over.clear();
        open
    }

    fn remember(&mut self, item: ItemId) {
        if self.over.len() >= MAX_REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back(item);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl Turn {
    pub(crate) fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
    }
}
