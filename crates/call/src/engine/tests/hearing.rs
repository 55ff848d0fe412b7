//! What is heard, what is dropped, and in which order it is worked on.

use super::*;

#[test]
fn no_caller_audio_before_the_session_is_configured_and_none_is_lost() {
    let mut call = Call::new(config());
    let frame_of = |byte| FromPhone::Audio(frame(byte));
    let held = |call: &Call| {
        call.find(|output| match output {
            Output::Model(ToModel::HeldAudio(mulaw)) => Some(mulaw.to_vec()),
            _ => None,
        })
    };
    call.input(Input::Phone(frame_of(1)));
    call.model(FromModel::Connected);
    call.input(Input::Phone(frame_of(2)));
    assert_eq!(held(&call), Vec::<Vec<u8>>::new());
    call.model(FromModel::Configured);
    assert_eq!(held(&call), [[[1; 160], [2; 160]].concat()]);
    call.input(Input::Phone(frame_of(3)));
    let passed = call.find(|o| matches!(o, Output::Model(ToModel::Audio(_))).then_some(()));
    assert_eq!((held(&call).len(), passed.len()), (1, 1));
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
    short.say("u1", "כן", 180);
    check_dropped(&short, DropReason::TooShort);

    let mut unknown = Call::greeted();
    unknown.speak("u1", 700);
    unknown.transcribe("u1", "שלומפר", Hearing::UnknownWord);
    check_dropped(&unknown, DropReason::UnknownWord);

    let mut unclear = Call::greeted();
    unclear.speak("u1", 700);
    unclear.transcribe("u1", "Ёж", Hearing::Unclear);
    check_dropped(&unclear, DropReason::Unclear);

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
    call.parsed(AppointmentRequest::NONE);
    assert_eq!(call.responds(), 0, "the second turn is open");
}

#[test]
fn a_parser_that_fails_is_admitted_and_never_guessed_around() {
    let mut call = Call::greeted();
    for item in ["u1", "u2"] {
        call.say(item, "כן בבקשה", 900);
        let turn = call.turn;
        call.input(Input::Parsed {
            turn,
            result: Err(ParserFailure),
        });
        call.answer(&format!("r{item}"), &format!("a{item}"), "סליחה?", SECOND);
        call.wait(3_000);
    }
    assert_eq!(call.told(), [Notice::NotUnderstood]);
    call.saved(true);
    assert_eq!(
        call.told(),
        [
            Notice::NotUnderstood,
            Notice::Outcome(Outcome::BookingUnavailable { noted: true })
        ]
    );
    assert_eq!(call.saved_times(), [RequestedTime::default()]);
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
    call.turn = TurnIndex(77);
    call.parsed(AppointmentRequest::NONE);
    call.desk(Outcome::BookingUnavailable { noted: true });
    call.saved(true);
    call.input(Input::TransferRequested { stored: false });
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
        call.transcribe(&item, "Ёж", Hearing::Unclear);
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
    call.say("u1", "כן", 180);
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
    call.parsed(AppointmentRequest::NONE);
    call.model(FromModel::Committed { item: "u1".into() });
    assert_eq!(call.responds(), 1);
}

#[test]
fn a_real_yes_passes_the_gate_and_a_click_does_not() {
    for (millis, passes) in [(220, true), (200, true), (180, false), (60, false)] {
        let mut call = Call::greeted();
        call.say("u1", "כן", millis);
        let parses = call.find(|o| matches!(o, Output::Parse { .. }).then_some(()));
        assert_eq!(!parses.is_empty(), passes, "{millis}");
    }
}

#[test]
fn words_on_a_line_on_which_nobody_spoke_are_no_turn() {
    let mut call = Call::greeted();
    let from = call.position;
    call.model(FromModel::SpeechStarted {
        item: "u1".into(),
        at: from,
    });
    for _ in 0..50 {
        call.input(Input::Phone(FromPhone::Audio(frame(MULAW_SILENCE))));
        call.wait(20);
    }
    call.model(FromModel::SpeechStopped {
        item: "u1".into(),
        at: call.position,
    });
    call.model(FromModel::Committed { item: "u1".into() });
    call.transcribe("u1", "כן, תקבע לי", Hearing::Words);
    check_dropped(&call, DropReason::NoVoice);
    call.wait(10_000);
    assert_eq!(call.responds(), 0, "nobody is asked to repeat");
}

#[test]
fn where_the_server_does_not_say_where_a_segment_lies_our_own_detector_tells() {
    let mut call = Call::greeted();
    call.model(FromModel::Committed { item: "u0".into() });
    check_dropped(&call, DropReason::NoVoice);
    call.log.clear();
    call.voice(600);
    call.model(FromModel::Committed { item: "u1".into() });
    call.transcribe("u1", "כמה זה עולה", Hearing::Words);
    let parses = call.find(|o| matches!(o, Output::Parse { .. }).then_some(()));
    assert_eq!(parses.len(), 1);
}

#[test]
fn an_unknown_word_is_a_name_where_one_was_asked_for() {
    let mut call = Call::greeted();
    call.say("u1", "אפשר תור?", 900);
    call.parsed(AppointmentRequest::NONE);
    call.agent("על איזה שם לרשום?");
    call.log.clear();
    call.speak("u2", 700);
    call.transcribe("u2", "שלומפר", Hearing::UnknownWord);
    let parses = call.find(|o| matches!(o, Output::Parse { .. }).then_some(()));
    assert_eq!(parses.len(), 1);
}
