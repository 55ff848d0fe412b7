//! What is heard, what is dropped, and in which order it is worked on.

use super::*;

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
    assert_eq!(call.kept(), [RequestedTime::default()]);
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
fn a_caller_who_is_not_understood_is_asked_again_each_time() {
    let mut call = Call::greeted();
    let mut silences = Vec::new();
    for turn in 0..6 {
        let item = format!("u{turn}");
        call.speak(&item, 700);
        call.transcribe(&item, "Ёж", Hearing::UnclearWord);
        let (began, asked) = (call.now, call.responds());
        while call.responds() == asked {
            call.wait(100);
        }
        silences.push((call.now - began).0);
        call.answer(&format!("r{item}"), &format!("a{item}"), "סליחה?", SECOND);
        call.wait(2_000);
    }
    assert_eq!(silences, [2_000, 2_000, 2_000, 4_000, 8_000, 8_000]);
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
