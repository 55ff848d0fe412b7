//! The state machine.

mod answers;
mod floor;
mod listening;
mod proposal;
mod requests;
mod session;
mod transfer;

use std::collections::VecDeque;

use bytes::Bytes;
use time::{Date, PrimitiveDateTime, Time};
use toran_audio::Millis;
use toran_domain::{AppointmentId, Booking, ItemId, Pii, Speaker};
use toran_truth::Ledger;

use crate::{
    DeskOrder, Ending, Fact, FromModel, FromPhone, Input, Instant, Notice, Output, Timings,
    ToModel, ToPhone,
    caller::Caller,
    playout::Playout,
    responses::Responses,
    resumption::{LastLines, Resumption, StandingBooking},
    turns::Turns,
};

/// What a call starts from.
#[derive(Debug, Clone)]
pub struct CallConfig {
    /// The business's wall clock when the call begins: it tells which day "tomorrow" is.
    pub local_start: PrimitiveDateTime,
    /// Patience and pacing.
    pub timings: Timings,
    /// Set when this call was interrupted and goes on here.
    pub resumption: Option<Resumption>,
    /// The name that was said in this call, before it was interrupted. A name known from other calls is no one's in this one:
    /// a number may be a family's.
    pub caller_name: Option<Pii<String>>,
    /// Whether a person of the business takes calls that are transferred.
    pub can_transfer: bool,
    /// Whether this call was transferred and nobody took it.
    pub transfer_failed: bool,
    /// Mu-law audio that apologises for a fault, for when the model cannot speak.
    pub apology: Bytes,
    /// Mu-law audio that says that the call is transferred, for the same.
    pub transferring: Bytes,
}

impl CallConfig {
    /// A call that begins afresh, by the usual patience.
    pub fn new(local_start: PrimitiveDateTime) -> Self {
        Self {
            local_start,
            timings: Timings::default(),
            resumption: None,
            caller_name: None,
            can_transfer: false,
            transfer_failed: false,
            apology: Bytes::new(),
            transferring: Bytes::new(),
        }
    }
}

/// Why the engine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Audio is due for the phone, or has been heard to its end.
    Playout,
    /// The model's session is so late that the caller hears an excuse.
    SessionSlow,
    /// The model's session should have been open, or configured, by now.
    SessionLate,
    /// Another attempt at a session is due.
    Reopen,
    /// The front turn has waited long enough for its transcript, its parser or the desk.
    TurnLate,
    /// An answer's next event should have come by now.
    ResponseLate,
    /// The words of an answer should have come by now.
    WordsLate,
    /// A failed answer may be tried again.
    Retry,
    /// It is silent after a segment that was not understood.
    Clarify,
    /// The caller is taken to be speaking, and no voice is heard.
    VoiceLost,
    /// An answer has been held for too long.
    PauseExpired,
    /// A request should have been saved by now.
    SaveLate,
    /// The words before a transfer should have been heard by now.
    FarewellLate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No session yet. The attempt is given up at `until`.
    Opening {
        since: Instant,
        until: Instant,
    },
    /// The next attempt at a session is made at this moment.
    Pausing {
        until: Instant,
    },
    Live,
    /// No session will be had: the caller is brought to a person, or hears the apology to its end, and then the call ends.
    GivingUp,
    Over,
}

/// An appointment that this call made or moved, and for whom.
#[derive(Debug, Clone)]
struct Made {
    appointment_id: AppointmentId,
    name: Option<Pii<String>>,
}

/// One call. See the [crate's contract](crate#contract).
#[derive(Debug)]
pub struct CallEngine {
    config: CallConfig,
    phase: Phase,
    outage: Option<session::Outage>,
    live_since: Instant,
    caller: Caller,
    turns: Turns,
    responses: Responses,
    playout: Playout,
    ledger: Ledger,
    /// Of which appointments the caller has heard, where they stand now.
    announced: Vec<Booking>,
    /// Whether the caller asked for one more appointment since the last one was made.
    one_more: bool,
    /// The appointments that were made or moved in this call.
    made: Vec<Made>,
    proposal: proposal::Proposal,
    /// The slots that the caller was offered last.
    offered: Vec<(Date, Time)>,
    /// What the caller wants of the desk as soon as it is known whom it is for.
    nameless: Option<DeskOrder>,
    /// The name that was said in this call.
    caller_name: Option<Pii<String>>,
    requests: requests::Requests,
    transfer: transfer::Transfer,
    /// Whether this call was transferred and nobody took it.
    transfer_failed: bool,
    /// What the caller last heard from the agent.
    last_said: String,
    said: LastLines,
    /// What became of requests while there was no session to tell it to.
    untold: Vec<Notice>,
    greeted: bool,
    clarify_at: Option<Instant>,
    /// How often the caller was asked to repeat since something was understood.
    clarified: u32,
    words_due: Option<Instant>,
    /// Parser failures in a row.
    parser_failures: u8,
    /// Segments in a row that could not be transcribed.
    untranscribed: u32,
    /// False claims in a row.
    false_claims: u8,
    clips: u32,
    out: VecDeque<Output>,
}

/// What became of more requests than this is not told one by one.
const MAX_UNTOLD: usize = 4;
/// More wakes than this at one instant would be a fault of the engine; the rest come with the next call.
const MAX_WAKES: usize = 32;

impl CallEngine {
    /// A call that begins at `now`. Its first order is to open the model's session.
    pub fn new(config: CallConfig, now: Instant) -> Self {
        let resumption = config.resumption.clone().unwrap_or_default();
        let standing = resumption.bookings.iter();
        let announced = standing.clone().filter(|made| made.announced);
        let made = standing.clone().map(|made| Made {
            appointment_id: made.booking.appointment_id,
            name: config.caller_name.clone(),
        });
        Self {
            phase: Phase::Opening {
                since: now,
                until: now + config.timings.session_patience,
            },
            outage: None,
            live_since: now,
            caller: Caller::default(),
            turns: Turns::default(),
            responses: Responses::default(),
            playout: Playout::default(),
            announced: announced.map(|made| made.booking).collect(),
            made: made.collect(),
            ledger: standing.map(|made| made.booking).collect(),
            one_more: resumption.one_more,
            proposal: proposal::Proposal::resumed(resumption.proposal),
            offered: resumption.offered,
            nameless: None,
            caller_name: config.caller_name.clone(),
            requests: requests::Requests::default(),
            transfer: transfer::Transfer::default(),
            transfer_failed: config.transfer_failed,
            last_said: String::new(),
            said: resumption.said.into_iter().collect(),
            untold: Vec::new(),
            greeted: config.resumption.is_some(),
            clarify_at: None,
            clarified: 0,
            words_due: None,
            parser_failures: 0,
            untranscribed: 0,
            false_claims: 0,
            clips: 0,
            out: [Output::Model(ToModel::Open {
                within: config.timings.session_patience,
            })]
            .into(),
            config,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match (self.phase, input) {
            (Phase::Over, _) => return,
            (_, Input::Phone(event)) => self.on_phone(now, event),
            // Nothing but a clip is to be heard any more; what was booked is true all the same.
            (Phase::GivingUp, Input::Desk { outcome, .. }) => {
                self.enter_booking(&outcome);
            }
            (Phase::GivingUp, Input::Saved { save, noted }) => {
                self.close_save(save, noted);
            }
            (Phase::GivingUp, Input::TransferRequested { stored }) => {
                self.on_transfer_requested(now, stored);
            }
            (Phase::GivingUp, _) => {}
            (_, Input::Model(event)) => self.on_model(now, event),
            (_, Input::Parsed { turn, result }) => self.on_parsed(now, turn, result),
            (_, Input::Desk { turn, outcome }) => self.on_desk(now, turn, outcome),
            (_, Input::Saved { save, noted }) => self.on_saved(save, noted),
            (_, Input::TransferRequested { stored }) => {
                self.on_transfer_requested(now, stored);
            }
        }
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        for _ in 0..MAX_WAKES {
            let Some((_, timer)) = self.poll_timeout().filter(|(due, _)| *due <= now) else {
                return;
            };
            match timer {
                Timer::Playout | Timer::Retry => {}
                Timer::SessionSlow => self.on_session_slow(),
                Timer::SessionLate => self.on_model_lost(now),
                Timer::Reopen => self.reopen(now),
                Timer::TurnLate => self.on_turn_late(now),
                Timer::ResponseLate => self.on_response_late(now),
                Timer::WordsLate => self.on_words_late(now),
                Timer::Clarify => self.on_clarify(),
                Timer::VoiceLost => self.on_voice_lost(now),
                Timer::PauseExpired => self.resume_playout(),
                Timer::SaveLate => self.on_save_late(now),
                Timer::FarewellLate => self.on_transfer_late(now),
            }
            self.settle(now);
        }
    }

    /// The next thing to do, in order. Drain it after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let timings = &self.config.timings;
        let playout = (self.playout.next_wake(timings), Timer::Playout);
        let session = match self.phase {
            Phase::Over => return None,
            Phase::GivingUp => {
                let transfer = (self.transfer.due(timings), Timer::FarewellLate);
                return soonest([playout, transfer]);
            }
            Phase::Opening { until, .. } => (Some(until), Timer::SessionLate),
            Phase::Pausing { until } => (Some(until), Timer::Reopen),
            Phase::Live => (None, Timer::SessionLate),
        };
        let quiet = self.turns.is_empty() && !self.caller.is_speaking();
        let pause = self.playout.paused_since().filter(|_| quiet);
        let voice = self.caller.voice_since();
        let retry = self.responses.retry_at().filter(|_| quiet);
        soonest([
            playout,
            session,
            (self.session_slow_at(), Timer::SessionSlow),
            (self.turn_due(), Timer::TurnLate),
            (self.responses.due(timings), Timer::ResponseLate),
            (self.words_due, Timer::WordsLate),
            (retry, Timer::Retry),
            (self.clarify_at, Timer::Clarify),
            (
                voice.map(|since| since + timings.voice_patience),
                Timer::VoiceLost,
            ),
            (
                pause.map(|since| since + timings.longest_pause),
                Timer::PauseExpired,
            ),
            (self.requests.due(timings), Timer::SaveLate),
            (self.transfer.due(timings), Timer::FarewellLate),
        ])
    }

    /// What is true in this call.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn on_phone(&mut self, now: Instant, event: FromPhone) {
        match event {
            FromPhone::Audio(audio) if self.phase == Phase::Live => self.pass_on(now, audio),
            FromPhone::Audio(audio) => {
                if self.caller.hold(&audio.mulaw) {
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
        if self.transfer.is_closing() && event.is_of_the_caller() {
            // The last words before a transfer are said to their end; what is said beside them is for the person.
            return;
        }
        match event {
            FromModel::Connected => self.on_connected(now),
            FromModel::Configured => self.on_configured(now),
            FromModel::SpeechStarted { item, at } => self.on_speech_started(now, item, at),
            FromModel::SpeechStopped { item, at } => self.caller.speech_stopped(&item, at),
            FromModel::Committed { item } => self.on_committed(now, item),
            FromModel::Transcribed {
                item,
                text,
                hearing,
            } => self.on_transcribed(now, &item, text, hearing),
            FromModel::TranscriptionFailed { item, code } => {
                self.on_transcription_failed(now, &item, code);
            }
            FromModel::ResponseStarted { response } => {
                self.is_live(now, &response);
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
            FromModel::Complained { code } => self.on_complaint(now, code),
            FromModel::Lost => self.on_model_lost(now),
            FromModel::Refused { code } => self.on_model_refused(now, code),
        }
    }

    /// After every change: play what is due, and ask for an answer if one is wanted and can be had.
    fn settle(&mut self, now: Instant) {
        if self.phase == Phase::Over {
            return;
        }
        self.play(now);
        if let Some(proposal) = self.proposal.changed() {
            self.record(Fact::Proposed(proposal));
        }
        if self.phase == Phase::GivingUp {
            if !self.playout.is_audible(now)
                && let Some(ending) = self.transfer.ending_without_a_session()
            {
                self.finish(ending);
            }
            return;
        }
        if self.is_ready_to_transfer(now) {
            self.finish(Ending::Transferred);
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
        if progress.agent_spoke {
            self.outage = None;
            if !std::mem::replace(&mut self.greeted, true) {
                self.record(Fact::Greeting);
            }
            self.proposal.begin_offer();
        }
        self.out
            .extend(progress.orders.into_iter().map(Output::Phone));
        for (words, broke_off) in progress.heard {
            if !words.is_empty() {
                self.on_heard(now, words, broke_off);
            }
        }
    }

    /// The caller heard these words of the agent, and with them perhaps that an appointment stands.
    fn on_heard(&mut self, now: Instant, words: String, interrupted: bool) {
        self.said.push(Speaker::Agent, &words);
        self.note_heard(now, &words);
        self.keep_promise(now, &words);
        for booking in toran_truth::announced(&words, !interrupted, &self.ledger) {
            if !self.announced.contains(&booking) {
                self.announced.push(booking);
                self.record(Fact::Announced(booking));
            }
        }
        self.last_said.clone_from(&words);
        let text = Pii::new(words);
        self.record(Fact::AgentSaid { text, interrupted });
    }

    /// What a session that begins now is to know.
    fn standing(&self) -> Resumption {
        let bookings = self
            .ledger
            .bookings()
            .iter()
            .map(|booking| StandingBooking {
                booking: *booking,
                announced: self.announced.contains(booking),
            });
        Resumption {
            bookings: bookings.collect(),
            proposal: self.proposal.on_record(),
            one_more: self.one_more,
            offered: self.offered.clone(),
            said: self.said.to_vec(),
        }
    }

    /// Whether the agent may begin to speak: the caller is silent and nothing of what was said is open.
    fn floor_is_free(&self) -> bool {
        self.turns.is_empty() && !self.caller.is_speaking()
    }

    /// Puts a server event into the model's conversation. While there is no session nothing can be told: the next one begins
    /// with what stands, and with what became of requests.
    fn tell(&mut self, notice: Notice) {
        if self.phase == Phase::Live {
            self.out
                .push_back(Output::Model(ToModel::Tell(notice.clone())));
            self.record(Fact::Told { notice });
        } else if notice.is_of_a_request() && self.untold.len() < MAX_UNTOLD {
            self.untold.push(notice);
        }
    }

    fn apologise(&mut self) {
        self.play_clip(self.config.apology.clone());
    }

    /// Says something without the model.
    fn play_clip(&mut self, audio: Bytes) {
        if !audio.is_empty() {
            self.clips = self.clips.saturating_add(1);
            let id = format!("clip {}", self.clips);
            self.playout.clip(&ItemId::from(id.as_str()), audio);
        }
    }

    fn record(&mut self, fact: Fact) {
        self.out.push_back(Output::Record(fact));
    }

    fn order_phone(&mut self, order: ToPhone) {
        self.out.push_back(Output::Phone(order));
    }
}

/// The first of these that is due.
fn soonest<const N: usize>(timers: [(Option<Instant>, Timer); N]) -> Option<(Instant, Timer)> {
    timers
        .into_iter()
        .filter_map(|(due, timer)| due.map(|due| (due, timer)))
        .min_by_key(|(due, _)| *due)
}

/// The wait of one stage, from when it was entered.
fn due(since: Instant, patience: Millis) -> Instant {
    since + patience
}

#[cfg(test)]
mod tests;
