//! Sessions that are lost, late, refused, or over.

use super::*;

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
fn a_lost_session_is_opened_again_and_told_what_stands() {
    let mut call = Call::booked();
    call.model(FromModel::Lost);
    call.wait(1);
    assert_eq!(call.opens(), 1, "at once");
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    let told = call.facts().into_iter().find_map(|fact| match fact {
        Fact::Told {
            notice: Notice::Resumed(from),
        } => Some(from),
        _ => None,
    });
    let told = told.expect("the next session is told");
    assert_eq!(told.bookings, [unheard(booking())]);
    assert_eq!(told.proposal.table, call.engine.proposal.table);
    let said: Vec<Speaker> = told.said.iter().map(|line| line.by).collect();
    let in_turn = [
        Speaker::Agent,
        Speaker::Caller,
        Speaker::Agent,
        Speaker::Caller,
    ];
    assert_eq!(said, in_turn);
    assert_eq!(call.purposes().last(), Some(&Purpose::Resumption));
    call.answer("r9", "a9", "אנחנו ממשיכים", SECOND);
    call.wait(2_000);
    assert_eq!(call.played(), SECOND);
}

#[test]
fn a_call_that_was_never_greeted_is_greeted_by_the_next_session() {
    let mut call = Call::new(config());
    call.model(FromModel::Lost);
    call.wait(1);
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    assert_eq!(call.purposes(), [Purpose::Greeting]);
}

#[test]
fn an_outage_is_admitted_and_in_the_end_given_up() {
    let mut call = Call::new(CallConfig {
        apology: vec![1; 4 * SECOND].into(),
        ..config()
    });
    for _ in 0..40 {
        call.model(FromModel::Lost);
        call.wait(1_000);
    }
    assert!(call.opens() > 5, "{}", call.opens());
    assert_eq!(
        call.played(),
        8 * SECOND,
        "an apology soon, and one at the end, each heard whole"
    );
    assert!(matches!(
        call.log.last(),
        Some((_, Output::End(Ending::GaveUp)))
    ));
}

#[test]
fn a_session_that_is_never_configured_is_replaced_and_in_the_end_given_up() {
    let mut call = Call::new(config());
    call.model(FromModel::Connected);
    call.wait(5_100);
    assert_eq!(call.opens(), 1);
    call.wait(60_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}

/// A call that has an apology of two seconds, and a farewell of one.
fn with_clips() -> CallConfig {
    CallConfig {
        apology: vec![1; 2 * SECOND].into(),
        transferring: vec![2; SECOND].into(),
        ..config()
    }
}

#[test]
fn a_session_that_comes_late_is_used_after_one_excuse() {
    let mut call = Call::new(with_clips());
    call.wait(4_900);
    assert_eq!(call.played(), 0);
    call.wait(3_000);
    assert_eq!(call.played(), 2 * SECOND, "an excuse");
    assert_eq!(call.opens(), 0, "the one attempt goes on");
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    assert_eq!(call.purposes(), [Purpose::Greeting]);
    call.answer("r1", "a1", "שלום", SECOND);
    call.wait(2_000);
    assert_eq!(call.played(), 3 * SECOND);
}

#[test]
fn an_attempt_is_given_up_only_at_the_time_that_it_was_given() {
    let mut call = Call::new(with_clips());
    let Millis(within) = call.engine.config.timings.session_patience;
    call.wait(within - 1);
    assert_eq!(call.opens(), 0);
    call.wait(1);
    assert_eq!(call.opens(), 1);
    call.wait(2 * within);
    assert_eq!(call.played(), 4 * SECOND, "one excuse, and one at the end");
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}

#[test]
fn a_session_that_comes_between_two_attempts_is_used() {
    let mut call = Call::new(config());
    call.model(FromModel::Lost);
    call.wait(1);
    call.model(FromModel::Lost);
    call.wait(100);
    assert_eq!(call.opens(), 1);
    call.model(FromModel::Connected);
    call.wait(4_000);
    assert_eq!(call.opens(), 1, "no attempt beside the session");
    call.model(FromModel::Configured);
    assert_eq!(call.purposes(), [Purpose::Greeting]);
}

#[test]
fn an_open_session_has_its_own_time_to_be_configured() {
    let mut call = Call::new(config());
    call.wait(9_900);
    call.model(FromModel::Connected);
    call.wait(4_000);
    call.model(FromModel::Configured);
    assert_eq!(call.opens(), 0);
    assert_eq!(call.purposes(), [Purpose::Greeting]);
}

#[test]
fn what_waits_for_a_session_is_bounded_and_given_to_it_as_one_piece() {
    let mut call = Call::new(config());
    call.model(FromModel::Lost);
    // Longer than is held, while no session comes.
    for _ in 0..600 {
        call.input(Input::Phone(FromPhone::Audio(voice())));
    }
    call.wait(1);
    assert!(call.facts().contains(&Fact::CallerAudioDropped));
    call.log.clear();
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    let pieces: Vec<usize> = call.find(|output| match output {
        Output::Model(ToModel::HeldAudio(audio)) => Some(audio.len()),
        _ => None,
    });
    assert_eq!(pieces, [10 * SECOND], "the last ten seconds");
    assert!(
        call.find(|output| matches!(output, Output::Model(ToModel::Audio(_))).then_some(()))
            .is_empty()
    );
}

fn refused() -> FromModel {
    FromModel::Refused {
        code: "invalid_api_key".into(),
    }
}

#[test]
fn a_refusal_that_lasts_is_not_tried_again() {
    let mut call = Call::new(with_clips());
    call.model(refused());
    call.wait(60_000);
    assert_eq!(call.opens(), 0);
    assert_eq!(call.played(), 2 * SECOND);
    assert_eq!(call.now, Instant::from_millis(60_000));
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}

#[test]
fn a_caller_whom_the_model_cannot_serve_is_brought_to_the_business() {
    let mut call = Call::new(CallConfig {
        can_transfer: true,
        ..with_clips()
    });
    call.model(refused());
    assert!(matches!(
        call.log.last(),
        Some((_, Output::RequestTransfer))
    ));
    call.input(Input::TransferRequested { stored: true });
    call.wait(1_500);
    assert_eq!(call.played(), SECOND, "the farewell");
    assert!(call.facts().contains(&Fact::Ended(Ending::Transferred)));
}

#[test]
fn a_transfer_that_cannot_be_stored_or_that_nobody_took_is_no_way_out() {
    let mut call = Call::new(CallConfig {
        can_transfer: true,
        ..with_clips()
    });
    call.model(refused());
    call.input(Input::TransferRequested { stored: false });
    call.wait(3_000);
    assert_eq!(call.played(), 2 * SECOND);
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));

    let mut call = Call::new(CallConfig {
        can_transfer: true,
        transfer_failed: true,
        ..with_clips()
    });
    call.model(refused());
    call.wait(3_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));

    // Nobody answers whether it is stored.
    let mut call = Call::new(CallConfig {
        can_transfer: true,
        ..with_clips()
    });
    call.model(refused());
    call.wait(30_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}

#[test]
fn a_configuration_that_is_refused_is_not_waited_for_long() {
    let mut call = Call::new(config());
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
        ..config()
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
fn a_session_that_opens_and_dies_at_once_is_an_outage_all_the_same() {
    let config = CallConfig {
        apology: vec![1; SECOND].into(),
        ..config()
    };
    let mut call = Call::new(config);
    for _ in 0..30 {
        call.model(FromModel::Connected);
        call.model(FromModel::Configured);
        call.model(FromModel::Lost);
        call.wait(2_000);
    }
    assert_eq!(
        call.played(),
        2 * SECOND,
        "an apology soon, and one at the end"
    );
    assert!(call.facts().contains(&Fact::Ended(Ending::GaveUp)));
}
