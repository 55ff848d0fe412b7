//! Answers: screened, paced, failed, stalled, false.

use super::*;

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
    call.parsed(AppointmentRequest::NONE);
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
    assert_eq!(call.told(), [], "not before it is saved");
    call.saved(true);
    assert_eq!(call.told(), [Notice::ClaimRefused { noted: Some(true) }]);
    assert!(
        !call
            .find(|o| matches!(o, Output::Model(ToModel::Cancel(_))).then_some(()))
            .is_empty()
    );
    call.model(FromModel::ResponseDone {
        response,
        ending: ResponseEnding::Cancelled,
    });
    let words = call
        .task_orders()
        .into_iter()
        .filter_map(|order| order.words);
    let words: Vec<String> = words.map(Pii::into_inner).collect();
    assert_eq!(words, ["קוראים לי דוד"], "as they are told");
    assert!(!call.facts().iter().any(|fact| matches!(fact,
        Fact::AgentSaid { text, .. } if text.expose().contains("קבעתי"))));
    assert_eq!(call.responds(), 2, "the answer and its replacement");
    assert_eq!(call.played(), 0);
}

/// What the business is to do, after an answer that claims too much.
fn saved_after_a_false_claim(call: &mut Call) -> Vec<RequestedTime> {
    let (response, item) = (ResponseId::from("lie"), ItemId::from("lie"));
    let said = |call: &Call| {
        let facts = call.facts().into_iter();
        facts
            .filter(|fact| matches!(fact, Fact::AgentSaid { .. }))
            .count()
    };
    let said_before = said(call);
    call.model(FromModel::ResponseStarted {
        response: response.clone(),
    });
    call.model(FromModel::Words {
        response: response.clone(),
        item,
        words: "שלחתי לך הודעה".into(),
    });
    call.saved(true);
    let noted = (!call.task_orders().is_empty()).then_some(true);
    assert_eq!(call.told().last(), Some(&Notice::ClaimRefused { noted }));
    assert_eq!(
        said(call),
        said_before,
        "nobody heard it, so nobody said it"
    );
    call.saved_times()
}

#[test]
fn what_is_said_to_be_noted_is_saved_unless_it_stands_or_nobody_asked() {
    let half_past_ten = for_half_past_ten(Action::Ask);
    let mut silent = Call::live();
    assert_eq!(saved_after_a_false_claim(&mut silent), []);

    let mut asking = Call::greeted();
    asking.say("u1", "יש ביום שלישי בעשר וחצי?", 900);
    asking.parsed(half_past_ten.clone());
    let taken = Outcome::SlotUnavailable {
        requested: half_past_ten.requested(),
        reason: toran_scheduling::Refusal::Taken,
        alternatives: Vec::new(),
    };
    asking.desk(taken);
    // The hour is off the table: it is taken.
    let wanted = RequestedTime {
        time: None,
        ..half_past_ten.requested()
    };
    assert_eq!(saved_after_a_false_claim(&mut asking), [wanted]);

    let mut booked = Call::booked();
    booked.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    let nothing_more = RequestedTime::default();
    assert_eq!(saved_after_a_false_claim(&mut booked), [nothing_more]);
}

#[test]
fn a_failed_answer_is_tried_once_and_then_apologised_for() {
    let mut call = Call::new(CallConfig {
        apology: vec![1; SECOND].into(),
        ..config()
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
    call.parsed(AppointmentRequest::NONE);
    assert_eq!(call.responds(), 1, "the first is still being cancelled");
    call.model(FromModel::ResponseDone {
        response: "r1".into(),
        ending: ResponseEnding::Cancelled,
    });
    assert_eq!(call.responds(), 2);
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
        ..config()
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
    call.parsed(AppointmentRequest::NONE);
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
    call.parsed(AppointmentRequest::NONE);
    assert_eq!(call.responds(), 1);
    call.done("r1", ResponseEnding::Completed);
    call.answer("r2", "a2", "שמונים שקלים", SECOND);
    call.wait(3_000);
    assert_eq!(call.played(), SECOND);
}

/// What the caller is on record as having heard of an answer that fails after its words.
fn heard_of_a_failed_answer(sound: usize) -> Vec<(String, bool)> {
    let mut call = Call::booked();
    let before = call.facts().len();
    let (response, item) = (ResponseId::from("r2"), ItemId::from("a2"));
    call.model(FromModel::ResponseStarted {
        response: response.clone(),
    });
    call.model(FromModel::Words {
        response: response.clone(),
        item: item.clone(),
        words: "בשמחה. קבעתי לך פגישה בתאריך 24.11 בשעה 10:30. להתראות".into(),
    });
    if sound > 0 {
        call.model(FromModel::Speech {
            response: response.clone(),
            item,
            audio: vec![0; sound].into(),
        });
    }
    let ending = ResponseEnding::Failed {
        code: "server_error".into(),
    };
    call.model(FromModel::ResponseDone { response, ending });
    call.wait(4_000);
    let facts = call.facts().into_iter().skip(before);
    let announced = facts.clone().any(|fact| matches!(fact, Fact::Announced(_)));
    assert!(!announced, "the hour was not heard");
    facts
        .filter_map(|fact| match fact {
            Fact::AgentSaid { text, interrupted } => Some((text.into_inner(), interrupted)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_failed_answer_was_not_heard_further_than_its_sound() {
    assert_eq!(heard_of_a_failed_answer(0), []);
    let heard = heard_of_a_failed_answer(6 * SECOND / 10);
    let [(words, interrupted)] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert!(*interrupted);
    // Nobody says more than twelve letters in so long.
    assert_eq!(words, "בשמחה. קבעתי לך ");
}
