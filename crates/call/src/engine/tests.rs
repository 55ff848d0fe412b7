//! Whole calls through the engine, in memory and in virtual time.

mod answers;
mod booking;
mod floor;
mod hearing;
mod read_back;
mod requests;
mod session;

use time::{
    Date, Time,
    macros::{date, datetime, time, utc_datetime},
};
use toran_audio::MULAW_SILENCE;
use toran_domain::{
    Action, AppointmentId, AppointmentRequest, Booking, Outcome, RequestedTime, ResponseId,
    TaskKind, TurnIndex, Understood,
};
use toran_scheduling::{AppointmentSettings, Slot, TimeZoneName};

use super::*;
use crate::{
    BargeIn, DeskOrder, DropReason, Hearing, MarkId, ParserFailure, PhoneAudio, Purpose,
    ResponseEnding, Said, TaskOrder,
};

const SECOND: usize = 8_000;

/// A driver in virtual time: it plays the phone faithfully and remembers every output.
struct Call {
    engine: CallEngine,
    now: Instant,
    /// Everything the engine gave, with when it did.
    log: Vec<(Instant, Output)>,
    /// Marks on their way back from the phone.
    echoes: Vec<(Instant, MarkId)>,
    phone_busy_until: Instant,
    /// How much of the caller's audio the model's session was given.
    position: Millis,
    /// The turn that was sent to the parser last.
    turn: TurnIndex,
    answers: u32,
    segments: u32,
}

/// A call on Monday, 2026-11-23.
fn config() -> CallConfig {
    CallConfig::new(datetime!(2026-11-23 10:00))
}

impl Call {
    fn new(config: CallConfig) -> Self {
        let mut call = Self {
            engine: CallEngine::new(config, Instant::START),
            now: Instant::START,
            log: Vec::new(),
            echoes: Vec::new(),
            phone_busy_until: Instant::START,
            position: Millis::ZERO,
            turn: TurnIndex(0),
            answers: 0,
            segments: 0,
        };
        call.drain();
        call
    }

    /// A call whose session is open and whose greeting was asked for.
    fn live() -> Self {
        Self::live_with(config())
    }

    fn live_with(config: CallConfig) -> Self {
        let mut call = Self::new(config);
        call.model(FromModel::Connected);
        call.model(FromModel::Configured);
        call
    }

    /// A call whose greeting was heard.
    fn greeted() -> Self {
        Self::greeted_with(config())
    }

    fn greeted_with(config: CallConfig) -> Self {
        let mut call = Self::live_with(config);
        call.answer("r1", "a1", "שלום, איך אפשר לעזור?", SECOND);
        call.wait(2_000);
        call.log.clear();
        call
    }

    /// A call in which the caller asked for the time of [`booking`], which is free, and the agent has said so.
    fn offered() -> Self {
        let mut call = Self::greeted();
        call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
        call.agent("יום שלישי, 24 בנובמבר, בשעה עשר וחצי בבוקר פנוי. לקבוע לך?");
        call.log.clear();
        call
    }

    /// A call in which the caller has just confirmed what they had heard, and the desk booked it.
    fn booked() -> Self {
        let mut call = Self::offered();
        call.says_yes();
        call.desk(Outcome::AppointmentCreated(booking()));
        call
    }

    /// The caller names a day and an hour, and the desk finds it free.
    fn asks_for(&mut self, wanted: Booking, words: &str) {
        self.says(words);
        let asked = request(Action::Ask, Some(wanted.date), Some(wanted.time));
        let requested = asked.requested();
        self.parsed(asked);
        let slots = vec![slot(wanted)];
        self.desk(Outcome::FreeSlots { requested, slots });
    }

    /// The caller says yes, and the parser takes it for one to what is on the table.
    fn says_yes(&mut self) {
        self.says("כן");
        let table = self.engine.proposal.table;
        self.parsed(request(Action::Confirm, table.date, table.time));
    }

    /// The caller says something.
    fn says(&mut self, words: &str) {
        self.segments += 1;
        let item = format!("segment {}", self.segments);
        self.say(&item, words, 900);
    }

    /// The agent says something and is heard to the end.
    fn agent(&mut self, words: &str) {
        self.answers += 1;
        let (response, item) = (format!("ra{}", self.answers), format!("ia{}", self.answers));
        self.answer(&response, &item, words, 4 * SECOND);
        self.wait(6_000);
    }

    fn input(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn model(&mut self, event: FromModel) {
        self.input(Input::Model(event));
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match &output {
                Output::Parse { turn, .. } => self.turn = *turn,
                Output::Model(ToModel::Audio(audio)) if audio.len() == 6 => {
                    self.position += Millis(20);
                }
                Output::Model(ToModel::Open { .. }) => self.position = Millis::ZERO,
                Output::Phone(ToPhone::Audio(audio)) => {
                    self.phone_busy_until =
                        self.phone_busy_until.max(self.now) + Millis::of_mulaw(audio.len());
                }
                Output::Phone(ToPhone::Mark(mark)) => {
                    self.echoes.push((self.phone_busy_until, *mark));
                }
                Output::Phone(ToPhone::Clear) => {
                    self.phone_busy_until = self.now;
                    self.echoes.iter_mut().for_each(|(at, _)| *at = self.now);
                }
                _ => {}
            }
            self.log.push((self.now, output));
        }
    }

    /// Lets time pass, waking the engine and echoing marks as they fall due.
    fn wait(&mut self, millis: u64) {
        let end = self.now + Millis(millis);
        loop {
            let wake = self.engine.poll_timeout().map(|(at, _)| at);
            let echo = self.echoes.first().map(|(at, _)| *at);
            let Some(next) = [wake, echo]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            self.now = self.now.max(next);
            if echo == Some(next) {
                let (_, mark) = self.echoes.remove(0);
                self.input(Input::Phone(FromPhone::MarkPlayed(mark)));
            } else {
                self.engine.handle_timeout(self.now);
                self.drain();
            }
        }
        self.now = end;
    }

    /// The model gives a whole answer in one burst.
    fn answer(&mut self, response: &str, item: &str, words: &str, bytes: usize) {
        let (response, item) = (ResponseId::from(response), ItemId::from(item));
        self.model(FromModel::ResponseStarted {
            response: response.clone(),
        });
        self.model(FromModel::Words {
            response: response.clone(),
            item: item.clone(),
            words: words.into(),
        });
        self.model(FromModel::Speech {
            response: response.clone(),
            item: item.clone(),
            audio: vec![0x55; bytes].into(),
        });
        self.model(FromModel::ItemFinished {
            response: response.clone(),
            item,
            transcript: Some(words.into()),
        });
        self.model(FromModel::ResponseDone {
            response,
            ending: ResponseEnding::Completed,
        });
    }

    /// The caller speaks a segment of the given length.
    fn say(&mut self, item: &str, text: &str, millis: u64) {
        self.speak(item, millis);
        self.transcribe(item, text, Hearing::Words);
    }

    fn speak(&mut self, item: &str, millis: u64) {
        let from = self.position;
        self.model(FromModel::SpeechStarted {
            item: item.into(),
            at: from,
        });
        self.voice(millis);
        self.model(FromModel::SpeechStopped {
            item: item.into(),
            at: self.position,
        });
        self.model(FromModel::Committed { item: item.into() });
    }

    /// A voice on the line for so long.
    fn voice(&mut self, millis: u64) {
        for _ in 0..millis / 20 {
            self.input(Input::Phone(FromPhone::Audio(voice())));
            self.wait(20);
        }
    }

    fn transcribe(&mut self, item: &str, text: &str, hearing: Hearing) {
        self.model(FromModel::Transcribed {
            item: item.into(),
            text: Pii::new(text.into()),
            hearing,
        });
    }

    fn words(&mut self, response: &str, item: &str, words: &str) {
        self.model(FromModel::Words {
            response: response.into(),
            item: item.into(),
            words: words.into(),
        });
    }

    fn sound(&mut self, response: &str, item: &str, bytes: usize) {
        self.model(FromModel::Speech {
            response: response.into(),
            item: item.into(),
            audio: vec![0x55; bytes].into(),
        });
    }

    fn done(&mut self, response: &str, ending: ResponseEnding) {
        self.model(FromModel::ResponseDone {
            response: response.into(),
            ending,
        });
    }

    fn opens(&self) -> usize {
        let opens = self.find(|o| matches!(o, Output::Model(ToModel::Open { .. })).then_some(()));
        // The first one is the call's beginning.
        opens.len()
            - usize::from(matches!(
                self.log.first(),
                Some((Instant::START, Output::Model(ToModel::Open { .. })))
            ))
    }

    fn purposes(&self) -> Vec<Purpose> {
        self.find(|o| {
            if let Output::Model(ToModel::Respond(purpose)) = o {
                Some(*purpose)
            } else {
                None
            }
        })
    }

    /// The parser's reply to the last question.
    fn parsed(&mut self, request: AppointmentRequest) {
        self.understood(request.into());
    }

    fn understood(&mut self, understood: Understood) {
        self.input(Input::Parsed {
            turn: self.turn,
            result: Ok(understood),
        });
    }

    /// The desk's reply to the last order.
    fn desk(&mut self, outcome: Outcome) {
        self.input(Input::Desk {
            turn: self.turn,
            outcome,
        });
    }

    /// What was given to be saved for the business.
    fn task_orders(&self) -> Vec<TaskOrder> {
        let task_orders = |output: &Output| match output {
            Output::Save { order, .. } => Some(order.clone()),
            _ => None,
        };
        self.find(task_orders)
    }

    fn saved_times(&self) -> Vec<RequestedTime> {
        self.task_orders()
            .iter()
            .map(|order| order.requested)
            .collect()
    }

    /// Everything that was given to be saved so far is durable, or could not be saved.
    fn saved(&mut self, noted: bool) {
        let saves = |output: &Output| match output {
            Output::Save { save, .. } => Some(*save),
            _ => None,
        };
        for save in self.find(saves) {
            self.input(Input::Saved { save, noted });
        }
    }

    /// The server events that the model was told.
    fn told(&self) -> Vec<Notice> {
        let facts = self.facts().into_iter();
        let told = facts.filter_map(|fact| match fact {
            Fact::Told { notice } => Some(notice),
            _ => None,
        });
        told.collect()
    }

    fn orders(&self) -> Vec<DeskOrder> {
        self.find(|output| match output {
            Output::Desk { order, .. } => Some(*order),
            _ => None,
        })
    }

    fn find<T>(&self, pick: impl Fn(&Output) -> Option<T>) -> Vec<T> {
        self.log
            .iter()
            .filter_map(|(_, output)| pick(output))
            .collect()
    }

    fn facts(&self) -> Vec<Fact> {
        self.find(|output| {
            if let Output::Record(fact) = output {
                Some(fact.clone())
            } else {
                None
            }
        })
    }

    fn responds(&self) -> usize {
        self.find(|output| matches!(output, Output::Model(ToModel::Respond(_))).then_some(()))
            .len()
    }

    fn played(&self) -> usize {
        self.find(|o| {
            if let Output::Phone(ToPhone::Audio(audio)) = o {
                Some(audio.len())
            } else {
                None
            }
        })
        .iter()
        .sum()
    }

    fn barge_ins(&self) -> Vec<BargeIn> {
        self.facts()
            .into_iter()
            .filter_map(|f| {
                if let Fact::BargeIn { stage } = f {
                    Some(stage)
                } else {
                    None
                }
            })
            .collect()
    }
}

fn request(action: Action, date: Option<Date>, time: Option<Time>) -> AppointmentRequest {
    AppointmentRequest {
        action,
        date,
        time,
        name: None,
    }
}

/// About the time of [`booking`].
fn for_half_past_ten(action: Action) -> AppointmentRequest {
    let Booking { date, time, .. } = booking();
    request(action, Some(date), Some(time))
}

fn booking() -> Booking {
    let appointment_id: AppointmentId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
    Booking {
        appointment_id,
        date: date!(2026 - 11 - 24),
        time: time!(10:30),
    }
}

/// It stands, and the caller does not know.
fn unheard(booking: Booking) -> StandingBooking {
    StandingBooking {
        booking,
        announced: false,
    }
}

/// The slot of an appointment.
fn slot(booking: Booking) -> Slot {
    let days = "sun-fri".parse().unwrap();
    let zone = TimeZoneName::jerusalem();
    let settings = AppointmentSettings::simple(days, time!(9:00), time!(18:00), 30, zone).unwrap();
    let taken = settings.occupancy([]);
    let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
    match availability.verdict(booking.date, booking.time) {
        toran_scheduling::Verdict::Free(slot) => slot,
        toran_scheduling::Verdict::Refused(why) => panic!("{why:?}"),
    }
}

/// A frame with a voice in it: a loud square wave.
fn voice() -> PhoneAudio {
    let mulaw: Vec<u8> = (0..160)
        .map(|at| if at % 16 < 8 { 0x80 } else { 0x00 })
        .collect();
    PhoneAudio {
        payload: Bytes::from_static(b"base64"),
        mulaw: mulaw.into(),
    }
}

fn frame(byte: u8) -> PhoneAudio {
    PhoneAudio {
        payload: Bytes::from_static(b"base64"),
        mulaw: vec![byte; 160].into(),
    }
}
