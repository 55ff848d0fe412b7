//! Who has the floor.

use super::*;

#[test]
fn a_named_hour_ends_the_answer_at_once() {
    let mut call = Call::greeted();
    call.say("u1", "יש משהו ביום שלישי?", 900);
    call.parsed(AppointmentRequest::NONE);
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
    call.parsed(request(Action::Ask, None, Some(time!(10:30))));
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
    call.desk(Outcome::BookingUnavailable { noted: true });
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
    call.parsed(AppointmentRequest::NONE);
    assert_eq!(call.barge_ins(), [BargeIn::Paused, BargeIn::Resumed]);
    call.wait(6_000);
    assert_eq!(call.played(), 4 * SECOND);
    assert_eq!(call.responds(), 1, "only the greeting");
}

#[test]
fn a_yes_to_an_offer_is_no_backchannel() {
    let mut call = Call::offered();
    call.speak("u1", 500);
    call.transcribe("u1", "כן", Hearing::Backchannel);
    call.parsed(for_half_past_ten(Action::Confirm));
    assert_eq!(
        call.find(|o| matches!(o, Output::Desk { .. }).then_some(()))
            .len(),
        1
    );
}

#[test]
fn a_voice_that_stops_without_a_word_does_not_silence_the_agent() {
    let mut call = Call::greeted();
    call.say("u1", "כמה זה עולה", 900);
    call.model(FromModel::SpeechStarted {
        item: "u2".into(),
        at: Millis(0),
    });
    call.parsed(AppointmentRequest::NONE);
    assert_eq!(call.responds(), 0, "the caller speaks");
    call.log.clear();
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
    call.transcribe("u1", "Ёж", Hearing::Unclear);
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
        // 20 s of it.
        call.input(Input::Phone(FromPhone::Audio(voice())));
        call.wait(20);
    }
    assert_eq!(call.played(), held);
}
