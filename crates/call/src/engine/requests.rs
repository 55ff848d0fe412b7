//! What the business is left to do: saved before the caller is told that it is noted.

use std::collections::{BTreeMap, VecDeque};

use toran_domain::{
    BETWEEN_TASK_WORDS, MAX_TASK_WORDS_CHARS, Outcome, Pii, RequestedTime, Speaker, TaskKind,
    TurnIndex,
};

use toran_truth::Promise;

use super::{CallEngine, due};
use crate::{Fact, Instant, Notice, Output, Purpose, SaveId, TaskOrder, Timings};

/// More requests under way than this are more than a call makes.
const MAX_OPEN: usize = 16;
/// How many of the caller's last lines tell what a request is about that no turn of its own asked for.
const LINES_OF_A_REQUEST: usize = 3;

/// What the caller is told once it is known whether a request is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing: they were told already, or are told something else.
    Silence,
    /// Nothing if it is durable, for the model has said so by itself; the truth if it is not.
    MakeGood,
    /// That it is noted.
    SayNoted,
    /// That nothing could be booked, and details will follow.
    SayUnavailable,
    /// The same, in place of a false claim.
    ReplaceClaim,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenSave {
    save: SaveId,
    kind: TaskKind,
    requested: RequestedTime,
    since: Instant,
    then: Then,
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    next: SaveId,
    open: VecDeque<OpenSave>,
    /// The caller's words so far, for each kind of request: a later one of the same kind replaces the earlier one.
    words: BTreeMap<TaskKind, String>,
    /// The day and hour of the booking that is left to the business.
    pub(super) booking: Option<RequestedTime>,
    /// Whether the caller's last turn is in a request.
    covers_last_turn: bool,
    /// Requests in a row that could not be saved.
    lost: u8,
}

/// After so many requests in a row that could not be saved, what the model promises by itself is not tried again: the caller
/// was told the truth each time.
const LOST_ENDURED: u8 = 2;

impl Requests {
    pub(super) fn due(&self, timings: &Timings) -> Option<Instant> {
        let first = self.open.front()?;
        Some(due(first.since, timings.save_patience))
    }

    /// The caller said something new.
    pub(super) const fn new_turn(&mut self) {
        self.covers_last_turn = false;
    }

    /// Whether what the caller said last is left to the business already.
    pub(super) const fn covers_last_turn(&self) -> bool {
        self.covers_last_turn
    }

    /// What was saved is durable, or lost.
    const fn concluded(&mut self, noted: bool) {
        self.lost = if noted {
            0
        } else {
            self.lost.saturating_add(1)
        };
        self.covers_last_turn &= noted;
    }

    /// The desk saved by itself what the caller's last turn asked for.
    pub(super) const fn saved_by_the_desk(&mut self, requested: RequestedTime) {
        self.booking = Some(requested);
        self.covers_last_turn = true;
    }

    /// That the business calls back was noted when nobody took the transfer.
    pub(super) const fn left_by_the_transfer(&mut self) {
        self.covers_last_turn = true;
    }

    fn take(&mut self, save: SaveId) -> Option<OpenSave> {
        let at = self.open.iter().position(|open| open.save == save)?;
        self.open.remove(at)
    }

    /// The words of a request, those of an earlier one of its kind first. What is too long loses its beginning.
    fn words_with(&mut self, kind: TaskKind, words: &str) -> Option<Pii<String>> {
        let all = self.words.entry(kind).or_default();
        if !words.is_empty() && !all.contains(words) {
            if !all.is_empty() {
                all.push_str(BETWEEN_TASK_WORDS);
            }
            all.push_str(words);
            let surplus = all.chars().count().saturating_sub(MAX_TASK_WORDS_CHARS);
            *all = all.chars().skip(surplus).collect();
        }
        (!all.is_empty()).then(|| Pii::new(all.clone()))
    }
}

impl CallEngine {
    /// Gives a request to be saved.
    pub(super) fn save(
        &mut self,
        now: Instant,
        kind: TaskKind,
        requested: RequestedTime,
        words: &str,
        then: Then,
    ) {
        self.requests.covers_last_turn = true;
        if kind == TaskKind::Booking {
            self.requests.booking = Some(requested);
        }
        let save = self.requests.next;
        self.requests.next = SaveId(save.0.wrapping_add(1));
        let open = OpenSave {
            save,
            kind,
            requested,
            since: now,
            then,
        };
        if self.requests.open.len() >= MAX_OPEN {
            self.conclude(open, false);
            return;
        }
        self.requests.open.push_back(open);
        let order = TaskOrder {
            kind,
            requested,
            name: self.caller_name.clone(),
            words: self.requests.words_with(kind, words),
        };
        self.out.push_back(Output::Save { save, order });
    }

    /// A turn that asks the business for something: its words are saved, and the caller is told what became of that.
    pub(super) fn save_turn(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        kind: TaskKind,
        requested: RequestedTime,
    ) {
        let words = self.words_of(turn);
        if self.turns.front_is(turn).is_some() {
            self.turns.close_front();
        }
        self.save(now, kind, requested, &words, Then::SayNoted);
    }

    /// The caller's words in the front turn.
    pub(super) fn words_of(&mut self, turn: TurnIndex) -> String {
        let words = self.turns.front_is(turn).and_then(|t| t.words.clone());
        words.map(Pii::into_inner).unwrap_or_default()
    }

    /// The caller's last lines.
    pub(super) fn last_words(&self) -> String {
        let mut lines: Vec<&str> = self
            .said
            .of(Speaker::Caller)
            .rev()
            .take(LINES_OF_A_REQUEST)
            .collect();
        lines.reverse();
        lines.join(BETWEEN_TASK_WORDS)
    }

    /// What is still to be booked: the table, unless it stands.
    pub(super) fn still_wanted(&self) -> RequestedTime {
        let table = self.proposal.table;
        let RequestedTime { date, time } = table;
        let mut booked = self.ledger.bookings().iter();
        let stands = booked.any(|booking| (Some(booking.date), Some(booking.time)) == (date, time));
        if stands {
            RequestedTime::default()
        } else {
            table
        }
    }

    /// Saves what the caller is about, where no turn of its own asked for it: a time that is still wanted, or else their words.
    /// Whoever could not be understood at all is called back.
    pub(super) fn save_what_is_known(&mut self, now: Instant, then: Then) {
        let wanted = self.still_wanted();
        let words = self.last_words();
        let kind = if self.proposal.wants_booking() || !wanted.is_empty() {
            TaskKind::Booking
        } else if words.is_empty() {
            TaskKind::Person
        } else {
            TaskKind::Message
        };
        self.save(now, kind, wanted, &words, then);
    }

    /// The model told the caller by itself that a request is noted or word passed on: so it is.
    pub(super) fn keep_promise(&mut self, now: Instant, words: &str) {
        let caller_spoke = self.said.of(Speaker::Caller).next().is_some();
        let is_open =
            caller_spoke && !self.requests.covers_last_turn && self.requests.lost < LOST_ENDURED;
        if !is_open {
            return;
        }
        match toran_truth::promise_in(words) {
            None => {}
            Some(Promise::Note) => self.save_what_is_known(now, Then::MakeGood),
            Some(Promise::PassOn) => {
                let words = self.last_words();
                let nothing = RequestedTime::default();
                self.save(now, TaskKind::Message, nothing, &words, Then::MakeGood);
            }
        }
    }

    pub(super) fn on_saved(&mut self, save: SaveId, noted: bool) {
        if let Some(open) = self.close_save(save, noted) {
            self.tell_of_save(open, noted);
        }
    }

    /// It is on record whether a request is durable.
    pub(super) fn close_save(&mut self, save: SaveId, noted: bool) -> Option<OpenSave> {
        let open = self.requests.take(save)?;
        self.requests.concluded(noted);
        self.record(Fact::RequestSaved {
            kind: open.kind,
            requested: open.requested,
            noted,
        });
        Some(open)
    }

    /// What is not known to be durable is not said to be noted.
    pub(super) fn on_save_late(&mut self, now: Instant) {
        let patience = self.config.timings.save_patience;
        let late = self.requests.open.front().copied();
        if let Some(open) = late.filter(|open| due(open.since, patience) <= now) {
            self.requests.open.pop_front();
            self.conclude(open, false);
        }
    }

    fn conclude(&mut self, open: OpenSave, noted: bool) {
        self.requests.concluded(noted);
        self.record(Fact::RequestSaved {
            kind: open.kind,
            requested: open.requested,
            noted,
        });
        self.tell_of_save(open, noted);
    }

    fn tell_of_save(&mut self, open: OpenSave, noted: bool) {
        let kind = open.kind;
        let notice = match open.then {
            Then::Silence => return,
            Then::MakeGood if noted => return,
            Then::MakeGood | Then::SayNoted => Notice::Request { kind, noted },
            Then::SayUnavailable => Notice::Outcome(Outcome::BookingUnavailable { noted }),
            Then::ReplaceClaim => Notice::ClaimRefused { noted: Some(noted) },
        };
        self.tell(notice);
        self.responses.want(Purpose::Answer);
    }
}
