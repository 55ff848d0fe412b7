//! Whole calls through the engine, in memory and in virtual time.

use time::{
    Date, Time,
    macros::{date, time},
};
use toran_audio::MULAW_SILENCE;
use toran_domain::{Action, AppointmentId, AppointmentRequest, Outcome, ResponseId, TurnIndex};

use super::*;
use crate::{
    BargeIn, DeskOrder, DropReason, Hearing, MarkId, ParserFailure, PhoneAudio, Purpose,
    ResponseEnding,
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
            result: Ok(request),
        });
    }

    fn desk(&mut self, turn: u32, outcome: Outcome) {
        self.input(Input::Desk {
            turn: TurnIndex(turn),
            outcome,
        });
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

fn booking() -> Booking {
    let appointment_id: AppointmentId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
    Booking {
        appointment_id,
        date: date!(2026 - 11 - 24),
        time: time!(10:30),
    }
}

fn frame(byte: u8) -> PhoneAudio {
    PhoneAudio {
        payload: Bytes::from_static(b"base64"),
        mulaw: vec![byte; 160].into(),
    }
}

#[test]
fn no_caller_audio_before_the_session_is_configured_and_none_is_lost() {
    let mut call = Call::new(CallConfig::default());
    let audio = |call: &Call| {
        call.find(|o| matches!(o, Output::Model(ToModel::Audio(_))).then_some(()))
            .len()
    };
    call.input(Input::Phone(FromPhone::Audio(frame(MULAW_SILENCE))));
    call.model(FromModel::Connected);
    call.input(Input::Phone(FromPhone::Audio(frame(MULAW_SILENCE))));
    assert_eq!(audio(&call), 0);
    call.model(FromModel::Configured);
    assert_eq!(audio(&call), 2);
    call.input(Input::Phone(FromPhone::Audio(frame(MULAW_SILENCE))));
    assert_eq!(audio(&call), 3);
}

#[test]
fn what_waits_for_a_session_is_bounded() {
    let mut call = Call::new(CallConfig::default());
    for _ in 0..1_000 {
        call.input(Input::Phone(FromPhone::Audio(frame(MULAW_SILENCE))));
    }
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    let passed = call
        .find(|o| matches!(o, Output::Model(ToModel::Audio(_))).then_some(()))
        .len();
    assert_eq!(passed, 250);
    assert!(call.facts().contains(&Fact::CallerAudioDropped));
}

#[test]
fn a_whole_booking() {
    let mut call = Call::greeted();
    call.say("u1", "יש לכם משהו פנוי ביום שלישי", 1_500);
    assert!(
        call.find(|o| matches!(o, Output::Parse { .. }).then_some(()))
            .len()
            == 1
    );
    call.parsed(0, request(Action::Ask, Some(date!(2026 - 11 - 24)), None));
    assert_eq!(
        call.find(|o| if let Output::Desk { order, .. } = o {
            Some(order.clone())
        } else {
            None
        }),
        [DeskOrder::Look(RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: None
        })]
    );
    call.desk(0, Outcome::BookingUnavailable);
    call.answer("r2", "a2", "איזו שעה נוחה?", SECOND);
    call.wait(2_000);

    call.say("u2", "כן, בעשר וחצי", 900);
    call.parsed(
        1,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    call.desk(1, Outcome::AppointmentCreated(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    let told = call.facts().iter().position(|f| {
        matches!(
            f,
            Fact::Told {
                notice: Notice::Outcome(Outcome::AppointmentCreated(_))
            }
        )
    });
    let booked = call
        .facts()
        .iter()
        .position(|f| matches!(f, Fact::Booked(_)));
    assert!(
        told.unwrap() < booked.unwrap(),
        "the model is told, then the success is on record"
    );

    call.answer(
        "r3",
        "a3",
        "קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.",
        3 * SECOND,
    );
    call.wait(4_000);
    assert!(call.facts().iter().any(|f| matches!(f,
        Fact::AgentSaid { text, interrupted: false } if text.expose().contains("קבעתי"))));
    assert_eq!(call.responds(), 2);
}

#[test]
fn audio_is_paced_a_little_ahead_of_real_time() {
    let mut call = Call::live();
    call.answer("r1", "a1", "שלום", 10 * SECOND);
    assert_eq!(call.played(), 1_600, "200 ms at once");
    call.wait(1_000);
    assert!(
        (9_000..=10_000).contains(&call.played()),
        "{}",
        call.played()
    );
    call.wait(20_000);
    assert_eq!(call.played(), 10 * SECOND);
}

#[test]
fn a_false_claim_never_leaves_and_is_replaced() {
    let mut call = Call::greeted();
    call.say("u1", "קוראים לי דוד", 900);
    call.parsed(0, AppointmentRequest::NONE);
    let (response, item) = (ResponseId::from("r2"), ItemId::from("a2"));
    call.model(FromModel::ResponseStarted {
        response: response.clone(),
    });
    call.model(FromModel::Speech {
        response: response.clone(),
        item: item.clone(),
        audio: vec![0; 4 * SECOND].into(),
    });
    call.model(FromModel::Words {
        response: response.clone(),
        item,
        words: "נעים מאוד. קבעתי לך תור".into(),
    });
    assert!(
        call.facts()
            .iter()
            .any(|f| matches!(f, Fact::ClaimBlocked { .. }))
    );
    assert!(call.facts().contains(&Fact::Told {
        notice: Notice::ClaimRefused
    }));
    assert!(
        !call
            .find(|o| matches!(o, Output::Model(ToModel::Cancel(_))).then_some(()))
            .is_empty()
    );
    call.model(FromModel::ResponseDone {
        response,
        ending: ResponseEnding::Cancelled,
    });
    assert_eq!(call.responds(), 2, "the answer and its replacement");
    assert_eq!(call.played(), 0);
}

#[test]
fn a_named_hour_ends_the_answer_at_once() {
    let mut call = Call::greeted();
    call.say("u1", "יש משהו ביום שלישי?", 900);
    call.parsed(0, AppointmentRequest::NONE);
    call.answer(
        "r2",
        "a2",
        "ביום שלישי יש לנו הרבה מאוד שעות פנויות, למשל",
        5 * SECOND,
    );
    call.wait(1_000);
    let before = call.played();
    call.speak("u2", 1_000);
    assert!(call.played() <= before + 2_400, "held within the lead");
    assert_eq!(call.barge_ins(), [BargeIn::Paused]);
    call.transcribe("u2", "בעשר וחצי", Hearing::Words);
    call.parsed(1, request(Action::Ask, None, Some(time!(10:30))));
    assert_eq!(call.barge_ins(), [BargeIn::Paused, BargeIn::Final]);
    let held = call.played();
    let truncated = call.find(|o| {
        if let Output::Model(ToModel::Truncate { heard, .. }) = o {
            Some(*heard)
        } else {
            None
        }
    });
    assert_eq!(truncated.len(), 1);
    assert_eq!(
        truncated[0],
        Millis::of_mulaw(held),
        "the model's memory ends where the phone's playout did"
    );
    call.desk(1, Outcome::BookingUnavailable);
    call.wait(5_000);
    assert_eq!(call.played(), held, "nothing of it is sent any more");
}

#[test]
fn a_backchannel_lets_the_answer_go_on() {
    let mut call = Call::live();
    call.answer(
        "r1",
        "a1",
        "שלום, הגעתם למספרה. איך אפשר לעזור?",
        4 * SECOND,
    );
    call.wait(1_000);
    call.speak("u1", 500);
    call.transcribe("u1", "אהה", Hearing::Backchannel);
    call.parsed(0, AppointmentRequest::NONE);
    assert_eq!(call.barge_ins(), [BargeIn::Paused, BargeIn::Resumed]);
    call.wait(6_000);
    assert_eq!(call.played(), 4 * SECOND);
    assert_eq!(call.responds(), 1, "only the greeting");
}

#[test]
fn a_yes_to_an_offer_is_no_backchannel() {
    let mut call = Call::greeted();
    call.speak("u1", 500);
    call.transcribe("u1", "כן", Hearing::Backchannel);
    call.parsed(
        0,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    assert_eq!(
        call.find(|o| matches!(o, Output::Desk { .. }).then_some(()))
            .len(),
        1
    );
}

#[track_caller]
fn check_dropped(call: &Call, reason: DropReason) {
    assert!(
        call.facts().contains(&Fact::TurnDropped { reason }),
        "{:?}",
        call.facts()
    );
    assert_eq!(
        call.find(|o| matches!(o, Output::Model(ToModel::Delete(_))).then_some(()))
            .len(),
        1
    );
    assert!(
        call.find(|o| matches!(o, Output::Parse { .. }).then_some(()))
            .is_empty()
    );
    assert_eq!(call.responds(), 0);
}

#[test]
fn short_or_unclear_segments_reach_neither_parser_nor_model() {
    let mut short = Call::greeted();
    short.say("u1", "כן", 399);
    check_dropped(&short, DropReason::TooShort);

    let mut unclear = Call::greeted();
    unclear.speak("u1", 700);
    unclear.transcribe("u1", "Ёж", Hearing::UnclearWord);
    check_dropped(&unclear, DropReason::UnclearWord);

    let mut late = Call::greeted();
    late.speak("u1", 700);
    late.wait(6_000);
    check_dropped(&late, DropReason::NoTranscript);
}

#[test]
fn a_failed_answer_is_tried_once_and_then_apologised_for() {
    let mut call = Call::new(CallConfig {
        apology: vec![1; SECOND].into(),
        ..CallConfig::default()
    });
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    for (at, response) in ["r1", "r2"].into_iter().enumerate() {
        assert_eq!(call.responds(), at + 1);
        let response = ResponseId::from(response);
        call.model(FromModel::ResponseStarted {
            response: response.clone(),
        });
        let ending = ResponseEnding::Failed {
            code: "rate_limit_exceeded".into(),
        };
        call.model(FromModel::ResponseDone { response, ending });
        call.wait(1_000);
    }
    assert_eq!(call.responds(), 2);
    call.wait(2_000);
    assert_eq!(call.played(), SECOND, "the apology is heard");
}

#[test]
fn one_answer_at_a_time() {
    let mut call = Call::live();
    call.model(FromModel::ResponseStarted {
        response: "r1".into(),
    });
    call.say("u1", "כמה זה עולה", 900);
    call.parsed(0, AppointmentRequest::NONE);
    assert_eq!(call.responds(), 1, "the first is still being cancelled");
    call.model(FromModel::ResponseDone {
        response: "r1".into(),
        ending: ResponseEnding::Cancelled,
    });
    assert_eq!(call.responds(), 2);
}

#[test]
fn turns_are_parsed_in_order_even_if_transcripts_are_not() {
    let mut call = Call::greeted();
    call.speak("u1", 700);
    call.speak("u2", 700);
    call.transcribe("u2", "בעשר", Hearing::Words);
    assert!(
        call.find(|o| matches!(o, Output::Parse { .. }).then_some(()))
            .is_empty()
    );
    call.transcribe("u1", "ביום שלישי", Hearing::Words);
    let parsed = call.find(|o| {
        if let Output::Parse { text, .. } = o {
            Some(text.expose().clone())
        } else {
            None
        }
    });
    assert_eq!(parsed, ["ביום שלישי"]);
    call.parsed(0, AppointmentRequest::NONE);
    assert_eq!(call.responds(), 0, "the second turn is open");
}

#[test]
fn a_parser_that_fails_is_admitted_and_never_guessed_around() {
    let mut call = Call::greeted();
    for (turn, item) in ["u1", "u2"].into_iter().enumerate() {
        call.say(item, "כן בבקשה", 900);
        call.input(Input::Parsed {
            turn: TurnIndex(u32::try_from(turn).unwrap()),
            result: Err(ParserFailure),
        });
        call.answer(&format!("r{item}"), &format!("a{item}"), "סליחה?", SECOND);
        call.wait(3_000);
    }
    let told: Vec<Notice> = call
        .facts()
        .into_iter()
        .filter_map(|f| {
            if let Fact::Told { notice } = f {
                Some(notice)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        told,
        [
            Notice::NotUnderstood,
            Notice::Outcome(Outcome::BookingUnavailable)
        ]
    );
}

#[test]
fn a_desk_that_is_silent_is_unavailable_but_a_late_booking_is_still_true() {
    let mut call = Call::greeted();
    call.say("u1", "כן", 900);
    call.parsed(
        0,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    call.wait(6_000);
    assert!(call.facts().contains(&Fact::Told {
        notice: Notice::Outcome(Outcome::BookingUnavailable)
    }));
    call.desk(0, Outcome::AppointmentCreated(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    assert!(call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn an_interrupted_call_goes_on_knowing_what_stands() {
    let resumption = Resumption {
        bookings: vec![booking()],
        table: RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: Some(time!(10:30)),
        },
    };
    let mut call = Call::new(CallConfig {
        resumption: Some(resumption),
        ..CallConfig::default()
    });
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    assert!(call.facts().iter().any(|f| matches!(
        f,
        Fact::Told {
            notice: Notice::Resumed { .. }
        }
    )));
    assert_eq!(
        call.find(|o| if let Output::Model(ToModel::Respond(purpose)) = o {
            Some(*purpose)
        } else {
            None
        }),
        [Purpose::Resumption]
    );
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
}

#[test]
fn after_the_end_nothing_happens_any_more() {
    let mut call = Call::greeted();
    call.input(Input::Phone(FromPhone::HungUp));
    assert!(matches!(
        call.log.last(),
        Some((_, Output::End(Ending::HungUp)))
    ));
    let outputs = call.log.len();
    call.say("u1", "שלום", 900);
    call.wait(60_000);
    assert_eq!(call.log.len(), outputs);
    assert_eq!(call.engine.poll_timeout(), None);
}

#[test]
fn complaints_and_strange_events_change_nothing() {
    let mut call = Call::greeted();
    call.model(FromModel::Complained {
        code: "response_cancel_not_active".into(),
    });
    call.model(FromModel::ResponseDone {
        response: "nobody".into(),
        ending: ResponseEnding::Completed,
    });
    call.model(FromModel::SpeechStopped {
        item: "nobody".into(),
        at: Millis(5),
    });
    call.transcribe("nobody", "שלום", Hearing::Words);
    call.parsed(77, AppointmentRequest::NONE);
    call.desk(77, Outcome::BookingUnavailable);
    call.input(Input::Phone(FromPhone::MarkPlayed(MarkId(9_999))));
    assert_eq!(call.log.len(), 1, "{:?}", call.log);
}

#[test]
fn words_are_not_played_before_they_are_known() {
    let mut call = Call::live();
    call.sound("r1", "a1", 2 * SECOND);
    call.wait(2_000);
    assert_eq!(call.played(), 0);
    call.words("r1", "a1", "שלום, הגעתם למספרה של דנה");
    call.wait(2_000);
    assert!(call.played() > 0);
    assert!(
        call.played() < 2 * SECOND,
        "the last words may still become a claim"
    );
}

#[test]
fn sound_whose_words_never_come_is_not_played() {
    let mut call = Call::live();
    call.sound("r1", "a1", 2 * SECOND);
    call.done("r1", ResponseEnding::Completed);
    call.wait(1_500);
    assert_eq!(call.played(), 0);
    assert!(call.facts().contains(&Fact::UnscreenedSpeech));
    assert_eq!(call.responds(), 2, "it is asked for again");
}

#[test]
fn words_that_come_after_the_answer_are_screened_all_the_same() {
    let mut call = Call::live();
    call.sound("r1", "a1", 2 * SECOND);
    call.done("r1", ResponseEnding::Completed);
    call.wait(300);
    call.model(FromModel::WordsFinished {
        response: "r1".into(),
        item: "a1".into(),
        transcript: "קבעתי לך תור".into(),
    });
    call.wait(5_000);
    assert_eq!(call.played(), 0);
    assert!(
        call.facts()
            .iter()
            .any(|f| matches!(f, Fact::ClaimBlocked { .. }))
    );
}

#[test]
fn an_answer_that_breaks_off_plays_only_what_was_screened() {
    let mut call = Call::live();
    call.words("r1", "a1", "שלום");
    call.sound("r1", "a1", 4 * SECOND);
    call.done(
        "r1",
        ResponseEnding::Failed {
            code: "max_output_tokens".into(),
        },
    );
    call.wait(250);
    assert!(call.played() < SECOND / 2, "{}", call.played());
    call.wait(500);
    assert_eq!(call.responds(), 2, "hardly anything was heard: once more");
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let mut call = Call::new(CallConfig {
        apology: vec![1; SECOND].into(),
        ..CallConfig::default()
    });
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    call.wait(5_500);
    assert_eq!(call.responds(), 2);
    assert!(
        !call
            .find(|o| matches!(o, Output::Model(ToModel::Cancel(None))).then_some(()))
            .is_empty()
    );
    call.wait(7_000);
    assert_eq!(call.played(), SECOND, "then the caller hears an apology");
    assert!(
        !call.facts().contains(&Fact::Greeting),
        "which is no greeting"
    );
}

#[test]
fn an_answer_that_stalls_is_asked_for_again() {
    let mut call = Call::greeted();
    call.say("u1", "כמה זה עולה", 900);
    call.parsed(0, AppointmentRequest::NONE);
    call.words("r2", "a2", "רגע");
    call.sound("r2", "a2", 160);
    call.wait(6_000);
    assert_eq!(call.responds(), 2);
    call.answer("r3", "a3", "שמונים שקלים", SECOND);
    call.wait(3_000);
    assert!(
        call.played() >= SECOND,
        "the second attempt is heard: {}",
        call.played()
    );
}

#[test]
fn an_answer_without_sound_is_not_left_as_silence() {
    for ending in [ResponseEnding::Completed, ResponseEnding::Cancelled] {
        let mut call = Call::live();
        call.model(FromModel::ResponseStarted {
            response: "r1".into(),
        });
        call.done("r1", ending);
        call.wait(500);
        assert_eq!(call.responds(), 2);
    }
}

#[test]
fn events_of_answers_that_are_over_mean_nothing() {
    let mut call = Call::greeted();
    call.sound("r1", "a1", SECOND);
    call.done("r1", ResponseEnding::Completed);
    call.say("u1", "כמה זה עולה", 900);
    call.parsed(0, AppointmentRequest::NONE);
    assert_eq!(call.responds(), 1);
    call.done("r1", ResponseEnding::Completed);
    call.answer("r2", "a2", "שמונים שקלים", SECOND);
    call.wait(3_000);
    assert_eq!(call.played(), SECOND);
}

#[test]
fn a_lost_session_is_opened_again_and_told_what_stands() {
    let mut call = Call::greeted();
    call.say("u1", "כן", 900);
    call.parsed(
        0,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    call.desk(0, Outcome::AppointmentCreated(booking()));
    call.model(FromModel::Lost);
    call.wait(1);
    assert_eq!(call.opens(), 1, "at once");
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    assert!(call.facts().contains(&Fact::Told {
        notice: Notice::Resumed {
            bookings: vec![booking()],
            table: call.engine.table
        },
    }));
    assert_eq!(call.purposes().last(), Some(&Purpose::Resumption));
    call.answer("r9", "a9", "אנחנו ממשיכים", SECOND);
    call.wait(2_000);
    assert_eq!(call.played(), SECOND);
}

#[test]
fn a_call_that_was_never_greeted_is_greeted_by_the_next_session() {
    let mut call = Call::new(CallConfig::default());
    call.model(FromModel::Lost);
    call.wait(1);
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    assert_eq!(call.purposes(), [Purpose::Greeting]);
}

#[test]
fn an_outage_is_admitted_and_in_the_end_given_up() {
    let mut call = Call::new(CallConfig {
        apology: vec![1; SECOND].into(),
        ..CallConfig::default()
    });
    for _ in 0..40 {
        call.model(FromModel::Lost);
        call.wait(1_000);
    }
    assert!(call.opens() > 5, "{}", call.opens());
    assert_eq!(
        call.played(),
        2 * SECOND,
        "an apology soon, and one at the end"
    );
    assert!(matches!(
        call.log.last(),
        Some((_, Output::End(Ending::GaveUp)))
    ));
}

#[test]
fn a_session_that_is_never_configured_is_replaced_and_in_the_end_given_up() {
    let mut call = Call::new(CallConfig::default());
    call.model(FromModel::Connected);
    call.wait(5_100);
    assert_eq!(call.opens(), 1);
    call.wait(60_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}

#[test]
fn a_configuration_that_is_refused_is_not_waited_for_long() {
    let mut call = Call::new(CallConfig::default());
    call.model(FromModel::Connected);
    call.model(FromModel::Complained {
        code: "invalid_value".into(),
    });
    call.wait(1_600);
    assert_eq!(call.opens(), 1);
}

#[test]
fn giving_up_in_the_middle_of_everything_still_ends_the_call() {
    let timings = Timings {
        outage_patience: Millis::ZERO,
        ..Timings::default()
    };
    let config = CallConfig {
        timings,
        apology: vec![1; SECOND].into(),
        ..CallConfig::default()
    };
    // In the middle of an answer, with a retry due, with an apology playing, with playout held.
    for trouble in 0..4 {
        let mut call = Call::new(config.clone());
        call.model(FromModel::Connected);
        call.model(FromModel::Configured);
        match trouble {
            0 => call.sound("r1", "a1", 4 * SECOND),
            1 => call.done("r1", ResponseEnding::Failed { code: "x".into() }),
            2 => {
                call.done("r1", ResponseEnding::Failed { code: "x".into() });
                call.wait(400);
                call.done("r2", ResponseEnding::Failed { code: "x".into() });
                call.wait(200);
            }
            _ => {
                call.answer("r1", "a1", "שלום", 4 * SECOND);
                call.model(FromModel::SpeechStarted {
                    item: "u1".into(),
                    at: Millis(0),
                });
            }
        }
        call.model(FromModel::Lost);
        call.wait(10_000);
        assert!(
            call.facts().contains(&Fact::Ended(Ending::GaveUp)),
            "{trouble}"
        );
    }
}

#[test]
fn a_voice_that_stops_without_a_word_does_not_silence_the_agent() {
    let mut call = Call::greeted();
    call.say("u1", "כמה זה עולה", 900);
    call.model(FromModel::SpeechStarted {
        item: "u2".into(),
        at: Millis(0),
    });
    call.parsed(0, AppointmentRequest::NONE);
    assert_eq!(call.responds(), 0, "the caller speaks");
    call.wait(4_000);
    assert_eq!(call.responds(), 1);
    let padding = call.find(|o| {
        if let Output::Model(ToModel::Audio(audio)) = o {
            Some(audio.clone())
        } else {
            None
        }
    });
    assert_eq!(
        padding.len(),
        1,
        "the frames stopped: silence lets the server close the segment"
    );
    assert!(padding[0].iter().all(|byte| *byte == b'/'));
}

#[test]
fn a_caller_who_goes_on_speaking_is_not_talked_over() {
    let mut call = Call::live();
    call.answer(
        "r1",
        "a1",
        "שלום, הגעתם למספרה. איך אפשר לעזור?",
        4 * SECOND,
    );
    call.wait(500);
    call.speak("u1", 700);
    call.model(FromModel::SpeechStarted {
        item: "u2".into(),
        at: Millis(0),
    });
    call.transcribe("u1", "Ёж", Hearing::UnclearWord);
    assert_eq!(call.barge_ins(), [BargeIn::Paused]);
    let held = call.played();
    call.wait(1_000);
    assert_eq!(call.played(), held);
}

#[test]
fn a_long_talker_with_a_voice_is_not_talked_over() {
    let mut call = Call::live();
    call.answer(
        "r1",
        "a1",
        "שלום, הגעתם למספרה. איך אפשר לעזור?",
        4 * SECOND,
    );
    call.wait(500);
    call.model(FromModel::SpeechStarted {
        item: "u1".into(),
        at: Millis(0),
    });
    let held = call.played();
    for _ in 0..1_000 {
        // A loud square wave: 20 s of it.
        let mulaw: Vec<u8> = (0..160)
            .map(|at| if at % 16 < 8 { 0x80 } else { 0x00 })
            .collect();
        call.input(Input::Phone(FromPhone::Audio(PhoneAudio {
            payload: Bytes::from_static(b"base64"),
            mulaw: mulaw.into(),
        })));
        call.wait(20);
    }
    assert_eq!(call.played(), held);
}

#[test]
fn a_silent_call_after_what_was_not_understood_is_asked_again_but_not_for_ever() {
    let mut call = Call::greeted();
    for turn in 0..6 {
        let item = format!("u{turn}");
        call.speak(&item, 700);
        call.transcribe(&item, "Ёж", Hearing::UnclearWord);
        call.wait(2_500);
        call.answer(&format!("r{item}"), &format!("a{item}"), "סליחה?", SECOND);
        call.wait(2_000);
    }
    let asked = call
        .facts()
        .into_iter()
        .filter(|f| {
            *f == Fact::Told {
                notice: Notice::NotUnderstood,
            }
        })
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn a_short_yes_is_not_met_with_silence() {
    let mut call = Call::greeted();
    call.say("u1", "כן", 300);
    call.wait(2_500);
    assert!(call.facts().contains(&Fact::Told {
        notice: Notice::NotUnderstood
    }));
}

#[test]
fn a_segment_that_is_committed_twice_is_one_turn() {
    let mut call = Call::greeted();
    call.say("u1", "כמה זה עולה", 900);
    call.model(FromModel::Committed { item: "u1".into() });
    call.parsed(0, AppointmentRequest::NONE);
    call.model(FromModel::Committed { item: "u1".into() });
    assert_eq!(call.responds(), 1);
}

#[test]
fn a_question_about_ones_own_appointment_is_no_request_for_another() {
    let mut call = Call::greeted();
    call.say("u1", "כן", 900);
    call.parsed(
        0,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    call.desk(0, Outcome::AppointmentCreated(booking()));
    call.answer("r2", "a2", "קבעתי לך.", SECOND);
    call.wait(2_000);
    call.log.clear();
    call.say("u2", "אז שלישי בעשר וחצי, כן?", 900);
    call.parsed(
        1,
        request(Action::Ask, Some(date!(2026 - 11 - 24)), Some(time!(10:30))),
    );
    assert!(
        call.find(|o| matches!(o, Output::Desk { .. }).then_some(()))
            .is_empty()
    );
    assert!(call.facts().contains(&Fact::Told {
        notice: Notice::Outcome(Outcome::AppointmentCreated(booking())),
    }));
}

#[test]
fn a_name_said_earlier_goes_into_the_booking() {
    let mut call = Call::greeted();
    call.say("u1", "קוראים לי דוד", 900);
    call.parsed(
        0,
        AppointmentRequest {
            name: Some(Pii::new("דוד".into())),
            ..AppointmentRequest::NONE
        },
    );
    call.answer("r2", "a2", "נעים מאוד", SECOND);
    call.wait(2_000);
    call.say("u2", "כן", 900);
    call.parsed(
        1,
        request(
            Action::Confirm,
            Some(date!(2026 - 11 - 24)),
            Some(time!(10:30)),
        ),
    );
    let named = call.find(|o| match o {
        Output::Desk {
            order: DeskOrder::Book { name, .. },
            ..
        } => Some(name.clone()),
        _ => None,
    });
    assert_eq!(named, [Some(Pii::new("דוד".to_owned()))]);
}
