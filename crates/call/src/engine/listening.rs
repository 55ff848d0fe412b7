//! From the caller's voice to an outcome: the gate, the parser, the desk.

use toran_audio::Millis;
use toran_domain::{
    Action, Booking, Detail, Intent, ItemId, Outcome, Pii, RequestedTime, Speaker, TaskKind,
    TurnIndex, Understood,
};
use toran_hebrew as hebrew;

use super::{CallEngine, Made, due, requests::Then};
use crate::{
    DeskOrder, DropReason, Fact, Hearing, Instant, Notice, Output, ParserFailure, PhoneAudio,
    Purpose, ToModel, turns::Stage,
};

/// A caller who is not understood is asked to repeat so many times without delay, and after that ever more slowly: it
/// may be the line that speaks.
const QUICK_CLARIFICATIONS: u32 = 2;
const MAX_DOUBLINGS: u32 = 2;
/// After so many parser failures in a row the caller is not asked again but told that details will follow.
const PARSER_FAILURES_ENDURED: u8 = 2;
/// After so many segments in a row that could not be transcribed the caller is not asked to repeat: the fault is not theirs.
const UNTRANSCRIBED_ENDURED: u32 = 2;
/// What the caller is told then is said once more after so many further ones: silence would be worse.
const UNTRANSCRIBED_BEFORE_SAID_AGAIN: u32 = 4;

impl CallEngine {
    pub(super) fn pass_on(&mut self, now: Instant, audio: PhoneAudio) {
        self.caller.passed_on(now, &audio.mulaw);
        self.out
            .push_back(Output::Model(ToModel::Audio(audio.payload)));
    }

    pub(super) fn on_speech_started(&mut self, now: Instant, item: ItemId, at: Millis) {
        let onset = Instant(now.0 - self.caller.since_onset(at));
        let heard = self.heard_at(onset, now);
        self.caller.speech_started(now, item, at, heard);
        self.clarify_at = None;
        self.hold_playout(now);
    }

    /// The gate's first half: what our own detector did not hear, or heard for too short a time to be speech, is dropped before
    /// anyone reads it.
    pub(super) fn on_committed(&mut self, now: Instant, item: ItemId) {
        let committed = self.caller.committed(&item);
        if self.turns.knows(&item) {
            return;
        }
        let heard = committed.heard.unwrap_or_else(|| self.heard_at(now, now));
        match committed.spoken {
            None => self.drop_segment(now, item, DropReason::NoVoice),
            Some(spoken) if spoken < self.config.timings.shortest_segment => {
                self.drop_segment(now, item, DropReason::TooShort);
            }
            Some(_) if self.turns.open(item.clone(), heard, now) => {}
            Some(_) => self.drop_segment(now, item, DropReason::TooMany),
        }
    }

    /// The gate's second half: what was not understood never becomes a turn. A lone word that nobody says alone may be a name,
    /// where one was asked for.
    pub(super) fn on_transcribed(
        &mut self,
        now: Instant,
        item: &ItemId,
        text: Pii<String>,
        hearing: Hearing,
    ) {
        self.untranscribed = 0;
        let may_be_a_name = hebrew::asks_for_name(&self.last_said);
        let Some(turn) = self.turns.by_item(item) else {
            return;
        };
        if !matches!(turn.stage, Stage::Transcribing) {
            return;
        }
        let reason = match hearing {
            Hearing::Nothing => DropReason::NoWords,
            Hearing::Unclear => DropReason::Unclear,
            Hearing::UnknownWord if !may_be_a_name => DropReason::UnknownWord,
            Hearing::UnknownWord | Hearing::Backchannel | Hearing::Words => {
                turn.words = Some(text.clone());
                turn.enter(Stage::Waiting { text, hearing }, now);
                return;
            }
        };
        if let Some(turn) = self.turns.remove(item) {
            self.drop_segment(now, turn.item, reason);
        }
    }

    pub(super) fn on_transcription_failed(&mut self, now: Instant, item: &ItemId, code: String) {
        let turn = self.turns.by_item(item);
        if turn.is_some_and(|turn| matches!(turn.stage, Stage::Transcribing))
            && let Some(turn) = self.turns.remove(item)
        {
            self.on_untranscribed(now, turn.item, code);
        }
    }

    /// A segment has no transcript. Once may be the segment's fault; twice in a row it is not the caller's: what is known
    /// becomes a task, and they are told so.
    fn on_untranscribed(&mut self, now: Instant, item: ItemId, code: String) {
        self.untranscribed = self.untranscribed.saturating_add(1);
        let in_a_row = self.untranscribed;
        self.record(Fact::TranscriptionFailed { code, in_a_row });
        self.drop_segment(now, item, DropReason::NoTranscript);
        if in_a_row < UNTRANSCRIBED_ENDURED {
            return;
        }
        self.clarify_at = None;
        let further = in_a_row - UNTRANSCRIBED_ENDURED;
        if further.is_multiple_of(UNTRANSCRIBED_BEFORE_SAID_AGAIN) {
            self.save_what_is_known(now, Then::SayUnavailable);
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
            table: self.proposal.table,
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
        self.requests.new_turn();
        self.turns.close_front();
        self.parser_failures = self.parser_failures.saturating_add(1);
        if self.parser_failures < PARSER_FAILURES_ENDURED {
            self.tell(Notice::NotUnderstood);
            self.responses.want(Purpose::Answer);
        } else {
            self.save_what_is_known(now, Then::SayUnavailable);
        }
    }

    fn on_understood(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        hearing: Hearing,
        mut understood: Understood,
    ) {
        self.parser_failures = 0;
        let asks_for_one_more = understood.one_more && !std::mem::replace(&mut self.one_more, true);
        if asks_for_one_more {
            self.record(Fact::OneMoreAsked);
        }
        let request = understood.request.clone();
        let about_nothing = request.action == Action::None
            && request.name.is_none()
            && understood.intent == Intent::Other;
        let named = request.name.clone();
        self.record(Fact::Parsed { turn, request });
        if hearing == Hearing::Backchannel && about_nothing && self.playout.paused_since().is_some()
        {
            if let Some(turn) = self.turns.close_front() {
                self.drop_segment(now, turn.item, DropReason::Backchannel);
            }
            return;
        }
        self.take_floor(now);
        self.requests.new_turn();
        if let Some(name) = named {
            if understood.says_a_name_alone() {
                self.record(Fact::NameGiven(name.clone()));
            }
            self.caller_name = Some(name);
        }
        if let Some(phone) = understood.phone.take() {
            self.record(Fact::PhoneGiven(phone));
        }
        self.answer_turn(now, turn, &understood, asks_for_one_more);
    }

    /// What the server does with a turn, by what the caller is about.
    fn answer_turn(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        understood: &Understood,
        asks_for_one_more: bool,
    ) {
        let requested = understood.request.requested();
        let nameless = self.nameless.take();
        self.leave_the_table(turn, understood);
        match (understood.request.action, understood.intent) {
            (_, Intent::Person) => self.on_person_wanted(now, turn),
            // Another name was meant, and is not known: it is not the one of before who says yes.
            (Action::Confirm, _)
                if understood.unclear.contains(&Detail::Name) && !self.made.is_empty() =>
            {
                let missing = vec![Detail::Name];
                self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
            }
            (Action::Confirm, intent) => {
                if intent == Intent::Message {
                    self.save_beside(now, turn, TaskKind::Message);
                }
                self.on_yes(now, turn, requested, asks_for_one_more);
            }
            (_, Intent::OwnAppointment) => {
                let about = understood.about;
                self.order(now, turn, DeskOrder::Own { about });
            }
            (Action::None, Intent::Message) => {
                self.save_turn(now, turn, TaskKind::Message, RequestedTime::default());
            }
            (Action::None, Intent::Cancel) => {
                self.save_turn(now, turn, TaskKind::Cancellation, understood.about);
            }
            // What this call booked it may move, by a yes to another time; what stood before is the business's to move.
            (_, Intent::Move) if self.made.is_empty() => {
                let about = Some(requested).filter(|requested| !requested.is_empty());
                let about = about.unwrap_or(understood.about);
                self.save_turn(now, turn, TaskKind::Move, about);
            }
            (Action::Ask, intent) => {
                if intent == Intent::Message {
                    self.save_beside(now, turn, TaskKind::Message);
                }
                self.on_question(now, turn, understood);
            }
            (Action::None, Intent::Move) => {
                let missing = vec![Detail::Date, Detail::Time];
                self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
            }
            (Action::None, _) if understood.unclear.contains(&Detail::Name) => {
                self.nameless = nameless;
                let missing = vec![Detail::Name];
                self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
            }
            (Action::None, _) => match nameless {
                // Whom it is for is known now.
                Some(order) if understood.request.name.is_some() => {
                    self.order(now, turn, order);
                }
                _ => {
                    self.turns.close_front();
                    self.responses.want(Purpose::Answer);
                }
            },
        }
    }

    /// A no takes the hour off the table, and another subject leaves it to be heard anew: a yes that follows is for something
    /// else.
    fn leave_the_table(&mut self, turn: TurnIndex, understood: &Understood) {
        if understood.request.action != Action::None || understood.request.name.is_some() {
            return;
        }
        let words = self.words_of(turn);
        if hebrew::no_said(&words) {
            self.proposal.refuse();
        } else if matches!(
            understood.intent,
            Intent::Cancel | Intent::Move | Intent::Message | Intent::Person
        ) {
            self.proposal.forget_heard();
        }
    }

    /// Saves what a turn leaves to the business beside what else it wants.
    fn save_beside(&mut self, now: Instant, turn: TurnIndex, kind: TaskKind) {
        let words = self.words_of(turn);
        let nothing = RequestedTime::default();
        self.save(now, kind, nothing, &words, Then::SayNoted);
    }

    /// Sends the front turn to the booking desk.
    pub(super) fn order(&mut self, now: Instant, turn: TurnIndex, order: DeskOrder) {
        let words = Pii::new(self.words_of(turn));
        if let Some(front) = self.turns.front_is(turn) {
            front.enter(Stage::AtDesk { order }, now);
        }
        let name = self.caller_name.clone();
        self.out.push_back(Output::Desk {
            turn,
            order,
            name,
            words,
        });
    }

    /// The desk's answer becomes what is true, what is on the table, and what the model is told. A booking that
    /// comes after the turn was given up is as true as any other.
    pub(super) fn on_desk(&mut self, now: Instant, turn: TurnIndex, outcome: Outcome) {
        let ordered = match self.turns.front_is(turn).map(|front| &front.stage) {
            Some(Stage::AtDesk { order }) => Some(*order),
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
        match (&outcome, ordered) {
            (Outcome::BookingUnavailable { noted }, Some(order)) => self.note(now, order, *noted),
            (Outcome::MissingDetails { missing }, Some(order @ DeskOrder::Own { .. }))
                if missing.contains(&Detail::Name) =>
            {
                self.nameless = Some(order);
            }
            _ => {}
        }
        let for_one_more = matches!(ordered, Some(DeskOrder::Look { one_more: true, .. }));
        self.put_on_table(&outcome, for_one_more);
        let is_one_more = self.one_more;
        let is_new = self.enter_booking(&outcome);
        let told = match outcome {
            // The same yes once more: there is one appointment, and one is told of.
            Outcome::AppointmentCreated(booking) if !is_new => Outcome::AppointmentHeld(booking),
            outcome => outcome,
        };
        let booked = match &told {
            Outcome::AppointmentCreated(booking)
            | Outcome::AppointmentMoved { to: booking, .. } => Some(*booking),
            _ => None,
        };
        self.tell(Notice::Outcome(told));
        if let Some(booking) = booked {
            self.on_booked(now, booking, is_one_more);
        }
        self.responses.want(Purpose::Answer);
    }

    /// A booking ends the request that came to nothing before. One more appointment does not, so it is saved anew, as one that
    /// was noted after this.
    fn on_booked(&mut self, now: Instant, booking: Booking, is_one_more: bool) {
        self.record(Fact::Booked(booking));
        self.proposal.fulfil();
        let noted = self.requests.booking.take();
        if let Some(requested) = noted.filter(|_| is_one_more) {
            self.save(now, TaskKind::Booking, requested, "", Then::Silence);
        }
    }

    /// The desk could do nothing but note what was ordered; what was on the table besides is saved with it. A question for one's
    /// own appointment asks for no time.
    fn note(&mut self, now: Instant, order: DeskOrder, noted: bool) {
        if matches!(order, DeskOrder::Own { .. }) {
            return;
        }
        let ordered = order.requested();
        self.keep_on_table(ordered);
        if !noted {
            return;
        }
        self.requests.saved_by_the_desk(ordered);
        let table = self.proposal.table;
        if table != ordered {
            let words = self.last_words();
            self.save(now, TaskKind::Booking, table, &words, Then::Silence);
        }
    }

    /// Enters what stands. Whether it was not known before, or stood elsewhere.
    pub(super) fn enter_booking(&mut self, outcome: &Outcome) -> bool {
        if let Outcome::OwnAppointments { bookings } = outcome {
            for booking in bookings {
                self.ledger.enter(*booking);
            }
        }
        let Some(booking) = outcome.booking() else {
            return false;
        };
        let is_new = !self.ledger.bookings().contains(booking);
        self.ledger.enter(*booking);
        if matches!(
            outcome,
            Outcome::AppointmentCreated(_) | Outcome::AppointmentMoved { .. }
        ) {
            self.one_more = false;
            let appointment_id = booking.appointment_id;
            self.made
                .retain(|made| made.appointment_id != appointment_id);
            let name = self.caller_name.clone();
            self.made.push(Made {
                appointment_id,
                name,
            });
        }
        is_new
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
                    self.on_untranscribed(now, turn.item, "no answer".to_owned());
                }
            }
            Stage::Parsing { .. } => self.on_parsed(now, turn.index, Err(ParserFailure)),
            Stage::AtDesk { order } => self.on_desk_late(now, order),
            Stage::Waiting { .. } => {}
        }
    }

    /// The desk is silent. What was ordered is saved before the caller is told that it is noted.
    fn on_desk_late(&mut self, now: Instant, order: DeskOrder) {
        let Some(turn) = self.turns.close_front() else {
            return;
        };
        self.take_floor(now);
        self.note(now, order, false);
        let (kind, requested) = match order {
            DeskOrder::Own { about } => (TaskKind::Message, about),
            DeskOrder::Look { .. } | DeskOrder::Book { .. } => {
                (TaskKind::Booking, self.proposal.table)
            }
        };
        let words = turn.words.map(Pii::into_inner).unwrap_or_default();
        self.save(now, kind, requested, &words, Then::SayUnavailable);
    }

    /// The segment leaves the conversation, and what it interrupted goes on.
    fn drop_segment(&mut self, now: Instant, item: ItemId, reason: DropReason) {
        self.record(Fact::TurnDropped { reason });
        self.delete(item);
        let interrupted_nothing = self.playout.paused_since().is_none();
        self.resume_playout();
        // Where nobody spoke, nobody is asked to repeat.
        let somebody_spoke = !matches!(reason, DropReason::Backchannel | DropReason::NoVoice);
        if interrupted_nothing && somebody_spoke {
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
