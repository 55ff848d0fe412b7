//! From the caller's voice to an outcome: the gate, the parser, the desk.

use toran_audio::Millis;
use toran_domain::{Action, AppointmentRequest, ItemId, Outcome, Pii, RequestedTime, TurnIndex};

use super::{CallEngine, due};
use crate::{
    DeskOrder, DropReason, Fact, Hearing, Instant, Notice, Output, ParserFailure, PhoneAudio,
    Purpose, ToModel, turns::Stage,
};

/// After so many parser failures in a row the caller is not asked again but told that details will follow.
const PARSER_FAILURES_ENDURED: u8 = 2;

impl CallEngine {
    pub(super) fn pass_on(&mut self, audio: PhoneAudio) {
        self.caller.passed_on(&audio);
        self.out
            .push_back(Output::Model(ToModel::Audio(audio.payload)));
    }

    pub(super) fn on_speech_started(&mut self, now: Instant, item: ItemId, at: Millis) {
        self.caller.speech_started(item, at);
        self.clarify_at = None;
        self.hold_playout(now);
    }

    /// The gate's first half: what was too short to be speech is dropped before anyone reads it.
    pub(super) fn on_committed(&mut self, now: Instant, item: ItemId) {
        let spoken = self.caller.committed(&item);
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
        self.clarified = false;
        self.false_claims = 0;
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
        result: Result<AppointmentRequest, ParserFailure>,
    ) {
        let Some(front) = self.turns.front_is(turn) else {
            return;
        };
        let Stage::Parsing { hearing } = front.stage else {
            return;
        };
        match result {
            Ok(request) => self.on_request(now, turn, hearing, request),
            Err(ParserFailure) => self.on_parser_failure(now, turn),
        }
    }

    /// What the caller wanted is not known: it is not guessed, and not left unanswered.
    fn on_parser_failure(&mut self, now: Instant, turn: TurnIndex) {
        self.record(Fact::ParserFailed { turn });
        self.take_floor(now);
        self.turns.close_front();
        self.parser_failures = self.parser_failures.saturating_add(1);
        self.tell(if self.parser_failures < PARSER_FAILURES_ENDURED {
            Notice::NotUnderstood
        } else {
            Notice::Outcome(Outcome::BookingUnavailable)
        });
        self.responses.want(Purpose::Answer);
    }

    fn on_request(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        hearing: Hearing,
        request: AppointmentRequest,
    ) {
        self.parser_failures = 0;
        self.record(Fact::Parsed {
            turn,
            request: request.clone(),
        });
        let about_nothing = request.action == Action::None && request.name.is_none();
        if hearing == Hearing::Backchannel && about_nothing && self.playout.paused_since().is_some()
        {
            if let Some(turn) = self.turns.close_front() {
                self.drop_segment(now, turn.item, DropReason::Backchannel);
            }
            return;
        }
        self.take_floor(now);
        let requested = request.requested();
        let order = match request.action {
            Action::Ask => DeskOrder::Look(requested),
            Action::Confirm => DeskOrder::Book {
                requested,
                name: request.name,
            },
            Action::None => {
                self.turns.close_front();
                self.responses.want(Purpose::Answer);
                return;
            }
        };
        if let Some(front) = self.turns.front_is(turn) {
            front.enter(Stage::AtDesk, now);
        }
        self.out.push_back(Output::Desk { turn, order });
    }

    /// The desk's answer becomes what is true, what is on the table, and what the model is told. A booking that
    /// comes after the turn was given up is as true as any other.
    pub(super) fn on_desk(&mut self, now: Instant, turn: TurnIndex, outcome: Outcome) {
        let in_time = self
            .turns
            .front_is(turn)
            .is_some_and(|front| matches!(front.stage, Stage::AtDesk));
        if in_time {
            self.turns.close_front();
        } else if !matches!(outcome, Outcome::AppointmentCreated(_)) {
            return;
        }
        self.take_floor(now);
        self.table = on_the_table(&outcome).unwrap_or(self.table);
        let booked = match &outcome {
            Outcome::AppointmentCreated(booking) => Some(*booking),
            Outcome::SlotUnavailable { .. }
            | Outcome::FreeSlots { .. }
            | Outcome::MissingDetails { .. }
            | Outcome::BookingUnavailable => None,
        };
        if let Some(booking) = booked {
            self.ledger.enter(booking);
        }
        self.tell(Notice::Outcome(outcome));
        if let Some(booking) = booked {
            self.record(Fact::Booked(booking));
        }
        self.responses.want(Purpose::Answer);
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
                Stage::AtDesk => timings.desk_patience,
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
            Stage::AtDesk => self.on_desk(now, turn.index, Outcome::BookingUnavailable),
            Stage::Waiting { .. } => {}
        }
    }

    /// The segment leaves the conversation, and what it interrupted goes on.
    fn drop_segment(&mut self, now: Instant, item: ItemId, reason: DropReason) {
        self.record(Fact::TurnDropped { reason });
        self.out.push_back(Output::Model(ToModel::Delete(item)));
        let interrupted_nothing = self.playout.paused_since().is_none();
        self.resume_playout();
        let worth_asking = !matches!(reason, DropReason::TooShort | DropReason::Backchannel);
        if interrupted_nothing && worth_asking && !self.clarified {
            self.clarify_at = Some(due(now, self.config.timings.clarify_after));
        }
    }

    /// It stayed silent after a segment that was not understood: ask the caller to repeat, once.
    pub(super) fn on_clarify(&mut self) {
        self.clarify_at = None;
        if self.turns.is_empty() && self.responses.active().is_none() && !self.responses.is_wanted()
        {
            self.clarified = true;
            self.tell(Notice::NotUnderstood);
            self.responses.want(Purpose::Answer);
        }
    }
}

/// What a bare "yes" would now mean.
fn on_the_table(outcome: &Outcome) -> Option<RequestedTime> {
    let offered = |slots: &[toran_scheduling::Slot], asked: Option<time::Date>| match slots {
        [only] => RequestedTime {
            date: Some(only.date()),
            time: Some(only.time()),
        },
        [first, rest @ ..] if rest.iter().all(|slot| slot.date() == first.date()) => {
            RequestedTime {
                date: Some(first.date()),
                time: None,
            }
        }
        _ => RequestedTime {
            date: asked,
            time: None,
        },
    };
    match outcome {
        Outcome::AppointmentCreated(booking) => Some(RequestedTime {
            date: Some(booking.date),
            time: Some(booking.time),
        }),
        Outcome::FreeSlots { requested, slots } => Some(offered(slots, requested.date)),
        Outcome::SlotUnavailable {
            requested,
            alternatives,
            ..
        } => Some(offered(alternatives, requested.date)),
        Outcome::MissingDetails { .. } | Outcome::BookingUnavailable => None,
    }
}
