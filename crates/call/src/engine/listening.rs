//! From the caller's voice to an outcome: the gate, the parser, the desk.

use toran_audio::Millis;
use toran_domain::{Action, Booking, ItemId, Outcome, Pii, RequestedTime, Speaker, TurnIndex};
use toran_scheduling::Slot;

use super::{CallEngine, due};
use crate::{
    DeskOrder, DropReason, Fact, Hearing, Instant, Notice, Output, ParserFailure, PhoneAudio,
    Purpose, ToModel, Understood, turns::Stage,
};

/// A caller who is not understood is asked to repeat so many times without delay, and after that ever more slowly: it
/// may be the line that speaks.
const QUICK_CLARIFICATIONS: u32 = 2;
const MAX_DOUBLINGS: u32 = 2;
/// After so many parser failures in a row the caller is not asked again but told that details will follow.
const PARSER_FAILURES_ENDURED: u8 = 2;

impl CallEngine {
    pub(super) fn pass_on(&mut self, now: Instant, audio: PhoneAudio) {
        self.caller.passed_on(now, &audio);
        self.out
            .push_back(Output::Model(ToModel::Audio(audio.payload)));
    }

    pub(super) fn on_speech_started(&mut self, now: Instant, item: ItemId, at: Millis) {
        self.caller.speech_started(now, item, at);
        self.clarify_at = None;
        self.hold_playout(now);
    }

    /// The gate's first half: what was too short to be speech is dropped before anyone reads it.
    pub(super) fn on_committed(&mut self, now: Instant, item: ItemId) {
        let spoken = self.caller.committed(&item);
        if self.turns.knows(&item) {
            return;
        }
        if spoken.is_some_and(|spoken| spoken < self.config.timings.shortest_segment) {
            self.drop_segment(now, item, DropReason::TooShort);
        } else if !self.turns.open(item.clone(), now) {
            self.drop_segment(now, item, DropReason::TooMany);
        }
    }

    /// The gate's second half: a word that was not understood never becomes a turn.
    pub(super) fn on_transcribed(
        &mut self,
        now: Instant,
        item: &ItemId,
        text: Pii<String>,
        hearing: Hearing,
    ) {
        let Some(turn) = self.turns.by_item(item) else {
            return;
        };
        if !matches!(turn.stage, Stage::Transcribing) {
            return;
        }
        let reason = match hearing {
            Hearing::Nothing => DropReason::NoWords,
            Hearing::UnclearWord => DropReason::UnclearWord,
            Hearing::Backchannel | Hearing::Words => {
                turn.enter(Stage::Waiting { text, hearing }, now);
                return;
            }
        };
        if let Some(turn) = self.turns.remove(item) {
            self.drop_segment(now, turn.item, reason);
        }
    }

    /// Sends the front turn to the parser once it is understood.
    pub(super) fn work_on_turns(&mut self, now: Instant) {
        let Some(turn) = self.turns.front_mut() else {
            return;
        };
        let Stage::Waiting { text, hearing } = &turn.stage else {
            return;
        };
        let (index, text, hearing) = (turn.index, text.clone(), *hearing);
        turn.enter(Stage::Parsing { hearing }, now);
        self.clarified = 0;
        self.false_claims = 0;
        self.said.push(Speaker::Caller, text.expose());
        self.record(Fact::CallerSaid {
            turn: index,
            text: text.clone(),
        });
        let last_said = Pii::new(self.last_said.clone());
        self.out.push_back(Output::Parse {
            turn: index,
            text,
            table: self.table,
            last_said,
        });
    }

    pub(super) fn on_parsed(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        result: Result<Understood, ParserFailure>,
    ) {
        let Some(front) = self.turns.front_is(turn) else {
            return;
        };
        let Stage::Parsing { hearing } = front.stage else {
            return;
        };
        match result {
            Ok(understood) => self.on_understood(now, turn, hearing, understood),
            Err(ParserFailure) => self.on_parser_failure(now, turn),
        }
    }

    /// What the caller wanted is not known: it is not guessed, and not left unanswered.
    fn on_parser_failure(&mut self, now: Instant, turn: TurnIndex) {
        self.record(Fact::ParserFailed { turn });
        self.take_floor(now);
        self.turns.close_front();
        self.parser_failures = self.parser_failures.saturating_add(1);
        if self.parser_failures < PARSER_FAILURES_ENDURED {
            self.tell(Notice::NotUnderstood);
        } else {
            self.keep_request();
            self.tell(Notice::Outcome(Outcome::BookingUnavailable));
        }
        self.responses.want(Purpose::Answer);
    }

    /// What the caller hears next, that the request is noted, is to be true.
    pub(super) fn keep_request(&mut self) {
        let RequestedTime { date, time } = self.table;
        let mut booked = self.ledger.bookings().iter();
        // What stands is not what is still to be done.
        let stands = booked.any(|booking| (Some(booking.date), Some(booking.time)) == (date, time));
        let open = if stands {
            RequestedTime::default()
        } else {
            self.table
        };
        self.keep(open);
    }

    /// Once, and nothing less than what is kept already.
    fn keep(&mut self, requested: RequestedTime) {
        let is_known = self
            .kept
            .is_some_and(|kept| kept == requested || requested.is_empty());
        if is_known {
            return;
        }
        self.kept = Some(requested);
        let name = self.caller_name.clone();
        self.out.push_back(Output::Keep { requested, name });
    }

    fn on_understood(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        hearing: Hearing,
        understood: Understood,
    ) {
        self.parser_failures = 0;
        let Understood { request, one_more } = understood;
        if one_more && !std::mem::replace(&mut self.one_more, true) {
            self.record(Fact::OneMoreAsked);
        }
        let (action, requested, name) = (request.action, request.requested(), request.name.clone());
        self.record(Fact::Parsed { turn, request });
        let about_nothing = action == Action::None && name.is_none();
        if hearing == Hearing::Backchannel && about_nothing && self.playout.paused_since().is_some()
        {
            if let Some(turn) = self.turns.close_front() {
                self.drop_segment(now, turn.item, DropReason::Backchannel);
            }
            return;
        }
        self.take_floor(now);
        self.caller_name = name.or(self.caller_name.take());
        let order = match action {
            Action::Ask => match self.held_at(requested) {
                Some(booking) => {
                    self.turns.close_front();
                    self.tell(Notice::Outcome(Outcome::AppointmentCreated(booking)));
                    self.responses.want(Purpose::Answer);
                    return;
                }
                None => DeskOrder::Look(requested),
            },
            Action::Confirm => DeskOrder::Book {
                requested,
                name: self.caller_name.clone(),
                one_more: self.one_more,
            },
            Action::None => {
                self.turns.close_front();
                self.responses.want(Purpose::Answer);
                return;
            }
        };
        if let Some(front) = self.turns.front_is(turn) {
            front.enter(Stage::AtDesk { requested }, now);
        }
        self.out.push_back(Output::Desk { turn, order });
    }

    /// The appointment that this caller holds at exactly this time: a question about it is no request for another.
    fn held_at(&self, requested: RequestedTime) -> Option<Booking> {
        let mut held = self.ledger.bookings().iter();
        held.find(|booking| {
            requested.date == Some(booking.date) && requested.time == Some(booking.time)
        })
        .copied()
    }

    /// The desk's answer becomes what is true, what is on the table, and what the model is told. A booking that
    /// comes after the turn was given up is as true as any other.
    pub(super) fn on_desk(&mut self, now: Instant, turn: TurnIndex, outcome: Outcome) {
        let ordered = match self.turns.front_is(turn).map(|front| &front.stage) {
            Some(Stage::AtDesk { requested }) => Some(*requested),
            _ => None,
        };
        if ordered.is_some() {
            self.turns.close_front();
        } else if outcome.booking().is_none() {
            return;
        }
        self.take_floor(now);
        if let Outcome::FreeSlots { slots, .. }
        | Outcome::SlotUnavailable {
            alternatives: slots,
            ..
        } = &outcome
        {
            self.offered = slots
                .iter()
                .map(|slot| (slot.date(), slot.time()))
                .collect();
        }
        let Discussed { asked, offered } = Discussed::of(&outcome);
        if outcome == Outcome::BookingUnavailable {
            self.note(ordered.unwrap_or_default());
        }
        self.table = asked.unwrap_or(self.table);
        self.offer = offered;
        let is_one_more = self.one_more;
        self.enter_booking(&outcome);
        let booked = match &outcome {
            Outcome::AppointmentCreated(booking)
            | Outcome::AppointmentMoved { to: booking, .. } => Some(*booking),
            _ => None,
        };
        self.tell(Notice::Outcome(outcome));
        if let Some(booking) = booked {
            self.record(Fact::Booked(booking));
            // This ends the request that came to nothing before; one more appointment does not, so it is kept anew,
            // as one that was noted after this.
            let kept = self.kept.take();
            if let Some(kept) = kept.filter(|_| is_one_more) {
                self.keep(kept);
            }
        }
        self.responses.want(Purpose::Answer);
    }

    /// The desk could do nothing but keep what was ordered. It stays on the table, so that the caller need not say it again,
    /// and what was there besides is kept with it; but another day does not take the old day's hour.
    fn note(&mut self, ordered: RequestedTime) {
        let RequestedTime { date, time } = ordered;
        let another_day = date.is_some() && date != self.table.date;
        self.table = if another_day {
            ordered
        } else {
            RequestedTime {
                date: self.table.date,
                time: time.or(self.table.time),
            }
        };
        self.kept = Some(ordered);
        self.keep(self.table);
    }

    pub(super) fn enter_booking(&mut self, outcome: &Outcome) {
        let Some(booking) = outcome.booking() else {
            return;
        };
        self.ledger.enter(*booking);
        self.one_more = false;
    }

    pub(super) fn turn_due(&self) -> Option<Instant> {
        let turn = self.turns.front()?;
        let timings = &self.config.timings;
        Some(due(
            turn.since,
            match turn.stage {
                Stage::Transcribing => timings.transcript_patience,
                Stage::Waiting { .. } => return None,
                Stage::Parsing { .. } => timings.parser_patience,
                Stage::AtDesk { .. } => timings.desk_patience,
            },
        ))
    }

    pub(super) fn on_turn_late(&mut self, now: Instant) {
        let Some(turn) = self.turns.front() else {
            return;
        };
        match turn.stage {
            Stage::Transcribing => {
                if let Some(turn) = self.turns.close_front() {
                    self.drop_segment(now, turn.item, DropReason::NoTranscript);
                }
            }
            Stage::Parsing { .. } => self.on_parsed(now, turn.index, Err(ParserFailure)),
            Stage::AtDesk { .. } => self.on_desk(now, turn.index, Outcome::BookingUnavailable),
            Stage::Waiting { .. } => {}
        }
    }

    /// The segment leaves the conversation, and what it interrupted goes on.
    fn drop_segment(&mut self, now: Instant, item: ItemId, reason: DropReason) {
        self.record(Fact::TurnDropped { reason });
        self.delete(item);
        let interrupted_nothing = self.playout.paused_since().is_none();
        self.resume_playout();
        if interrupted_nothing && reason != DropReason::Backchannel {
            let slower = self.clarified.saturating_sub(QUICK_CLARIFICATIONS);
            let doublings = slower.min(MAX_DOUBLINGS);
            let after = Millis(self.config.timings.clarify_after.0 << doublings);
            self.clarify_at = Some(due(now, after));
        }
    }

    /// It stayed silent after a segment that was not understood: ask the caller to repeat.
    pub(super) fn on_clarify(&mut self) {
        self.clarify_at = None;
        if self.floor_is_free() && self.responses.is_idle() {
            self.clarified = self.clarified.saturating_add(1);
            self.tell(Notice::NotUnderstood);
            self.responses.want(Purpose::Answer);
        }
    }
}

/// What a bare "yes" means: at once, what the caller named; once it is heard, what the agent offers.
struct Discussed {
    asked: Option<RequestedTime>,
    offered: Option<RequestedTime>,
}

impl Discussed {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::AppointmentCreated(booking)
            | Outcome::AppointmentHeld(booking)
            | Outcome::AppointmentMoved { to: booking, .. } => Self {
                asked: Some(RequestedTime {
                    date: Some(booking.date),
                    time: Some(booking.time),
                }),
                offered: None,
            },
            Outcome::FreeSlots { requested, slots } => Self {
                asked: Some(*requested),
                offered: Some(offer(slots, *requested)),
            },
            Outcome::SlotUnavailable {
                requested,
                alternatives,
                ..
            } => Self {
                asked: Some(RequestedTime {
                    time: None,
                    ..*requested
                }),
                offered: Some(offer(alternatives, *requested)),
            },
            Outcome::MissingDetails { .. } | Outcome::BookingUnavailable => Self {
                asked: None,
                offered: None,
            },
        }
    }
}

/// One slot can be agreed to by "yes"; of several, only what they share.
fn offer(slots: &[Slot], requested: RequestedTime) -> RequestedTime {
    let (date, time) = match slots {
        [only] => (Some(only.date()), Some(only.time())),
        [first, rest @ ..] if rest.iter().all(|slot| slot.date() == first.date()) => {
            (Some(first.date()), None)
        }
        _ => (requested.date, None),
    };
    RequestedTime { date, time }
}
