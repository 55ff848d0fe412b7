//! Whole calls through the engine, in memory and in virtual time.

mod answers;
mod booking;
mod floor;
mod hearing;
mod session;

use time::{
    Date, Time,
    macros::{date, time},
};
use toran_audio::MULAW_SILENCE;
use toran_domain::{
    Action, AppointmentId, AppointmentRequest, Booking, Outcome, ResponseId, TurnIndex,
};

use super::*;
use crate::{
    BargeIn, DeskOrder, DropReason, Hearing, MarkId, ParserFailure, PhoneAudio, Purpose,
    ResponseEnding, Said, Understood,
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
}

impl Call {
    fn new(config: CallConfig) -> Self {
        let mut call = Self {
            engine: CallEngine::new(config, Instant::START),
            now: Instant::START,
            log: Vec::new(),
            echoes: Vec::new(),
            phone_busy_until: Instant::START,
        };
        call.drain();
        call
    }

    /// A call whose session is open and whose greeting was asked for.
    fn live() -> Self {
        let mut call = Self::new(CallConfig::default());
        call.model(FromModel::Connected);
        call.model(FromModel::Configured);
        call
    }

    /// A call whose greeting was heard.
    fn greeted() -> Self {
        let mut call = Self::live();
        call.answer("r1", "a1", "שלום, איך אפשר לעזור?", SECOND);
        call.wait(2_000);
        call.log.clear();
        call
    }

    /// A call in which the caller has just confirmed what the desk then booked, as turn 0.
    fn booked() -> Self {
        let mut call = Self::greeted();
        call.say("u1", "כן", 900);
        let confirmed = request(Action::Confirm, Some(booking().date), Some(booking().time));
        call.parsed(0, confirmed);
        call.desk(0, Outcome::AppointmentCreated(booking()));
        call
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
        let from = self.engine_position();
        self.model(FromModel::SpeechStarted {
            item: item.into(),
            at: from,
        });
        self.wait(millis);
        self.model(FromModel::SpeechStopped {
            item: item.into(),
            at: from + Millis(millis),
        });
        self.model(FromModel::Committed { item: item.into() });
    }

    fn transcribe(&mut self, item: &str, text: &str, hearing: Hearing) {
        self.model(FromModel::Transcribed {
            item: item.into(),
            text: Pii::new(text.into()),
            hearing,
        });
    }

    fn engine_position(&self) -> Millis {
        self.now.0
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
        let opens = self.find(|o| matches!(o, Output::Model(ToModel::Open)).then_some(()));
        // The first one is the call's beginning.
        opens.len()
            - usize::from(matches!(
                self.log.first(),
                Some((Instant::START, Output::Model(ToModel::Open)))
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

    fn parsed(&mut self, turn: u32, request: AppointmentRequest) {
        self.input(Input::Parsed {
            turn: TurnIndex(turn),
            result: Ok(request.into()),
        });
    }

    fn desk(&mut self, turn: u32, outcome: Outcome) {
        self.input(Input::Desk {
            turn: TurnIndex(turn),
            outcome,
        });
    }

    /// What was kept for the business.
    fn kept(&self) -> Vec<RequestedTime> {
        let kept = |output: &Output| match output {
            Output::Keep { requested, .. } => Some(*requested),
            _ => None,
        };
        self.find(kept)
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

fn frame(byte: u8) -> PhoneAudio {
    PhoneAudio {
        payload: Bytes::from_static(b"base64"),
        mulaw: vec![byte; 160].into(),
    }
}
