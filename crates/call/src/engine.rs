//! The state machine.

mod answers;
mod floor;
mod listening;

use std::collections::VecDeque;

use bytes::Bytes;
use toran_audio::Millis;
use toran_domain::{Booking, ItemId, Pii, RequestedTime};
use toran_truth::Ledger;

use crate::{
    Ending, Fact, FromModel, FromPhone, Input, Instant, Notice, Output, Purpose, Timings, ToModel,
    ToPhone, caller::Caller, playout::Playout, responses::Responses, turns::Turns,
};

/// What a call starts from.
#[derive(Debug, Clone, Default)]
pub struct CallConfig {
    /// Patience and pacing.
    pub timings: Timings,
    /// Set when this call was interrupted and goes on here.
    pub resumption: Option<Resumption>,
    /// Whether the provider may be asked for a new stream if the model's session is lost. If not, the caller
    /// hears the apology and the call ends.
    pub may_reconnect: bool,
    /// Mu-law audio that apologises for a fault, for when the model cannot speak.
    pub apology: Bytes,
}

/// What an interrupted call goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumption {
    /// Appointments made earlier in this call.
    pub bookings: Vec<Booking>,
    /// What was last asked for.
    pub table: RequestedTime,
}

/// Why the engine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Audio is due for the phone, or has been heard to its end.
    Playout,
    /// The model's session should have been configured by now.
    SessionLate,
    /// The front turn has waited long enough for its transcript, its parser or the desk.
    TurnLate,
    /// An answer should have been heard by now.
    ResponseLate,
    /// A failed answer may be tried again.
    Retry,
    /// It is silent after a segment that was not understood.
    Clarify,
    /// An answer has been held for too long.
    PauseExpired,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for the model's session since this moment.
    Opening(Instant),
    Live,
    /// The apology is played, then the call ends.
    GivingUp,
    Over,
}

/// One call. See the [crate's contract](crate#contract).
#[derive(Debug)]
pub struct CallEngine {
    config: CallConfig,
    phase: Phase,
    caller: Caller,
    turns: Turns,
    responses: Responses,
    playout: Playout,
    ledger: Ledger,
    table: RequestedTime,
    /// What the caller last heard from the agent.
    last_said: String,
    greeted: bool,
    clarify_at: Option<Instant>,
    /// The caller was asked to repeat and nothing was understood since.
    clarified: bool,
    /// Parser failures in a row.
    parser_failures: u8,
    /// False claims in a row.
    false_claims: u8,
    out: VecDeque<Output>,
}

impl CallEngine {
    /// A call that begins at `now`, with the model's session still to be opened.
    pub fn new(config: CallConfig, now: Instant) -> Self {
        let resumption = config.resumption.clone().unwrap_or_default();
        Self {
            phase: Phase::Opening(now),
            caller: Caller::default(),
            turns: Turns::default(),
            responses: Responses::default(),
            playout: Playout::default(),
            ledger: resumption.bookings.into_iter().collect(),
            table: resumption.table,
            last_said: String::new(),
            greeted: false,
            clarify_at: None,
            clarified: false,
            parser_failures: 0,
            false_claims: 0,
            out: VecDeque::new(),
            config,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input) {
        if self.phase == Phase::Over {
            return;
        }
        match input {
            Input::Phone(event) => self.on_phone(now, event),
            Input::Model(event) => self.on_model(now, event),
            Input::Parsed { turn, result } => self.on_parsed(now, turn, result),
            Input::Desk { turn, outcome } => self.on_desk(now, turn, outcome),
        }
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, timer)) = self.poll_timeout().filter(|(due, _)| *due <= now) {
            match timer {
                Timer::Playout | Timer::Retry => {}
                Timer::SessionLate => self.on_model_lost(),
                Timer::TurnLate => self.on_turn_late(now),
                Timer::ResponseLate => self.on_response_late(now),
                Timer::Clarify => self.on_clarify(),
                Timer::PauseExpired => self.resume_playout(),
            }
            self.settle(now);
            if timer == Timer::Playout {
                break;
            }
        }
    }

    /// The next thing to do, in order. Drain it after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let timings = &self.config.timings;
        let session = match self.phase {
            Phase::Over => return None,
            Phase::Opening(since) => Some(since + timings.session_patience),
            Phase::Live | Phase::GivingUp => None,
        };
        let pause = self
            .playout
            .paused_since()
            .filter(|_| self.turns.is_empty());
        [
            (self.playout.next_wake(timings), Timer::Playout),
            (session, Timer::SessionLate),
            (self.turn_due(), Timer::TurnLate),
            (self.responses.due(timings), Timer::ResponseLate),
            (
                self.responses.retry_at().filter(|_| self.floor_is_free()),
                Timer::Retry,
            ),
            (self.clarify_at, Timer::Clarify),
            (
                pause.map(|since| since + timings.longest_pause),
                Timer::PauseExpired,
            ),
        ]
        .into_iter()
        .filter_map(|(due, timer)| due.map(|due| (due, timer)))
        .min_by_key(|(due, _)| *due)
    }

    /// What is true in this call.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn on_phone(&mut self, now: Instant, event: FromPhone) {
        match event {
            FromPhone::Audio(audio) if self.phase == Phase::Live => self.pass_on(audio),
            FromPhone::Audio(audio) => {
                if self.caller.hold(audio) {
                    self.record(Fact::CallerAudioDropped);
                }
            }
            FromPhone::MarkPlayed(mark) => self.playout.mark_played(now, mark),
            FromPhone::Digit(_) => self.record(Fact::DigitPressed),
            FromPhone::HungUp => self.end(now, Ending::HungUp),
            FromPhone::StreamLost => self.end(now, Ending::StreamLost),
        }
    }

    fn on_model(&mut self, now: Instant, event: FromModel) {
        match event {
            FromModel::Connected => self.out.push_back(Output::Model(ToModel::Configure)),
            FromModel::Configured => self.on_configured(),
            FromModel::SpeechStarted { item, at } => self.on_speech_started(now, item, at),
            FromModel::SpeechStopped { item, at } => self.caller.speech_stopped(&item, at),
            FromModel::Committed { item } => self.on_committed(now, item),
            FromModel::Transcribed {
                item,
                text,
                hearing,
            } => self.on_transcribed(now, &item, text, hearing),
            FromModel::ResponseStarted { response } => {
                if self.responses.started(&response, now) {
                    self.out.push_back(Output::Model(ToModel::Cancel(response)));
                }
            }
            FromModel::Speech {
                response,
                item,
                audio,
            } => self.on_speech(now, &response, &item, audio),
            FromModel::Words {
                response,
                item,
                words,
            } => self.on_words(now, &response, &item, &words),
            FromModel::WordsFinished {
                response,
                item,
                transcript,
            } => {
                self.on_words_finished(now, &response, &item, &transcript);
            }
            FromModel::ItemFinished {
                response,
                item,
                transcript,
            } => {
                self.on_item_finished(now, &response, &item, transcript.as_deref());
            }
            FromModel::ResponseDone { response, ending } => {
                self.on_response_done(now, &response, ending);
            }
            FromModel::Complained { code } => self.record(Fact::Complained { code }),
            FromModel::Lost => self.on_model_lost(),
        }
    }

    fn on_configured(&mut self) {
        if !matches!(self.phase, Phase::Opening(_)) {
            return;
        }
        self.phase = Phase::Live;
        self.record(Fact::SessionConfigured);
        for audio in self.caller.take_held() {
            self.pass_on(audio);
        }
        if let Some(Resumption { bookings, table }) = self.config.resumption.take() {
            self.tell(Notice::Resumed { bookings, table });
            self.responses.want(Purpose::Resumption);
        } else {
            self.responses.want(Purpose::Greeting);
        }
    }

    /// Gets a new stream and session from the provider if it may, and else says sorry and ends.
    fn on_model_lost(&mut self) {
        if self.phase == Phase::GivingUp {
            return;
        }
        if self.config.may_reconnect {
            self.finish(Ending::ModelLost);
        } else {
            self.phase = Phase::GivingUp;
            self.apologise();
        }
    }

    fn end(&mut self, now: Instant, ending: Ending) {
        let (cut, _) = self.playout.cut(now);
        self.record_cut(&cut);
        self.finish(ending);
    }

    fn finish(&mut self, ending: Ending) {
        self.phase = Phase::Over;
        self.record(Fact::Ended(ending));
        self.out.push_back(Output::End(ending));
    }

    /// After every change: play what is due, and ask for an answer if one is wanted and can be had.
    fn settle(&mut self, now: Instant) {
        if self.phase == Phase::Over {
            return;
        }
        self.play(now);
        if self.phase == Phase::GivingUp {
            if !self.playout.is_audible(now) {
                self.finish(Ending::GaveUp);
            }
            return;
        }
        self.work_on_turns(now);
        if self.phase == Phase::Live
            && self.floor_is_free()
            && let Some(purpose) = self.responses.ask(now)
        {
            self.out.push_back(Output::Model(ToModel::Respond(purpose)));
        }
    }

    fn play(&mut self, now: Instant) {
        let progress = self.playout.advance(now, &self.config.timings);
        if !progress.orders.is_empty() && !self.greeted && self.phase == Phase::Live {
            self.greeted = true;
            self.record(Fact::Greeting);
        }
        self.out
            .extend(progress.orders.into_iter().map(Output::Phone));
        for words in progress.heard.into_iter().filter(|words| !words.is_empty()) {
            self.last_said.clone_from(&words);
            self.record(Fact::AgentSaid {
                text: Pii::new(words),
                interrupted: false,
            });
        }
    }

    /// Whether the agent may begin to speak: the caller is silent and nothing of what was said is open.
    fn floor_is_free(&self) -> bool {
        self.turns.is_empty() && !self.caller.is_speaking()
    }

    fn tell(&mut self, notice: Notice) {
        self.out
            .push_back(Output::Model(ToModel::Tell(notice.clone())));
        self.record(Fact::Told { notice });
    }

    fn apologise(&mut self) {
        let apology = self.config.apology.clone();
        if !apology.is_empty() {
            self.playout.canned(&ItemId::from("apology"), apology);
        }
    }

    fn record(&mut self, fact: Fact) {
        self.out.push_back(Output::Record(fact));
    }

    fn order_phone(&mut self, order: ToPhone) {
        self.out.push_back(Output::Phone(order));
    }
}

/// The wait of one stage, from when it was entered.
fn due(since: Instant, patience: Millis) -> Instant {
    since + patience
}

#[cfg(test)]
mod tests;
