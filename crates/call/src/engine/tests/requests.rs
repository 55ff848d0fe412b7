//! What is promised exists afterwards: a task, a transfer, or the truth that there is none.

use toran_domain::{Intent, PhoneNumber};

use super::*;

/// The caller says something that is about no time.
fn wants(call: &mut Call, intent: Intent, words: &str) {
    call.say(words, words, 900);
    call.understood(Understood {
        intent,
        ..AppointmentRequest::NONE.into()
    });
}

#[track_caller]
fn check_task(intent: Intent, kind: TaskKind) {
    for noted in [true, false] {
        let mut call = Call::greeted();
        wants(&mut call, intent, "המילים של הלקוח");
        let [draft] = &call.drafts()[..] else {
            panic!("{:?}", call.drafts())
        };
        assert_eq!(draft.kind, kind);
        assert_eq!(draft.words, Some(Pii::new("המילים של הלקוח".to_owned())));
        assert_eq!(call.told(), [], "not before it is durable");
        assert_eq!(call.responds(), 0);
        call.saved(noted);
        assert_eq!(call.told(), [Notice::Request { kind, noted }]);
        assert_eq!(call.responds(), 1);
    }
}

#[test]
fn what_the_business_must_do_is_saved_before_it_is_said() {
    check_task(Intent::Cancel, TaskKind::Cancellation);
    check_task(Intent::Move, TaskKind::Move);
    check_task(Intent::Person, TaskKind::Person);
    check_task(Intent::Message, TaskKind::Message);
}

#[test]
fn a_save_that_does_not_end_is_not_said_to_be_noted() {
    let mut call = Call::greeted();
    wants(&mut call, Intent::Message, "אאחר בעשר דקות");
    call.wait(4_500);
    let lost = Notice::Request {
        kind: TaskKind::Message,
        noted: false,
    };
    assert_eq!(call.told(), std::slice::from_ref(&lost));
    call.saved(true);
    assert_eq!(call.told(), [lost], "once");
}

#[test]
fn a_second_message_does_not_lose_the_first() {
    let mut call = Call::greeted();
    wants(&mut call, Intent::Message, "אאחר בעשר דקות");
    call.saved(true);
    call.agent("אני רושם את הבקשה.");
    wants(&mut call, Intent::Message, "ותגידו לדנה תודה");
    let words: Vec<_> = call
        .drafts()
        .iter()
        .map(|draft| draft.words.clone())
        .collect();
    let all = Pii::new("אאחר בעשר דקות\nותגידו לדנה תודה".to_owned());
    assert_eq!(words.last(), Some(&Some(all)));
    assert_eq!(words.len(), 2, "and what is noted is not saved once more");
}

#[test]
fn moving_what_this_call_booked_is_no_task() {
    let mut call = Call::booked();
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    call.log.clear();
    call.say("u", "אפשר להעביר לאחת עשרה?", 900);
    call.understood(Understood {
        intent: Intent::Move,
        ..request(Action::Ask, Some(booking().date), Some(time!(11:00))).into()
    });
    assert_eq!(call.drafts(), []);
    assert!(matches!(call.orders()[..], [DeskOrder::Look { .. }]));
}

#[test]
fn a_promise_that_the_model_makes_by_itself_is_kept_or_taken_back() {
    for noted in [true, false] {
        let mut call = Call::greeted();
        call.say("u", "תגידו לדנה שאני מאחרת", 900);
        call.parsed(AppointmentRequest::NONE);
        call.agent("אין בעיה, אעביר את ההודעה.");
        let drafts = call.drafts();
        let [draft] = &drafts[..] else {
            panic!("{drafts:?}")
        };
        let words = draft.words.as_ref().unwrap().expose();
        assert!(words.contains("שאני מאחרת"), "{words}");
        call.saved(noted);
        let taken_back = Notice::Request {
            kind: draft.kind,
            noted: false,
        };
        assert_eq!(call.told(), Vec::from_iter((!noted).then_some(taken_back)));
        call.agent("אעביר את ההודעה, כמו שאמרתי.");
        assert_eq!(call.drafts().len(), 1, "once");
    }
}

#[test]
fn nobody_who_said_nothing_finds_a_task() {
    let mut call = Call::greeted();
    call.agent("אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.");
    assert_eq!(call.drafts(), []);
}

#[test]
fn a_claim_in_the_place_of_something_true_makes_way_for_it() {
    let mut call = Call::booked();
    call.words("lie", "lie", "קבעתי לך תור לשבע בערב. ");
    assert!(
        call.facts()
            .iter()
            .any(|fact| matches!(fact, Fact::ClaimBlocked { .. }))
    );
    let created = Notice::Outcome(Outcome::AppointmentCreated(booking()));
    assert_eq!(call.told(), [created.clone(), created]);
    assert_eq!(call.drafts(), []);
}

#[test]
fn a_person_is_transferred_to_once_that_is_stored_and_said() {
    let mut call = Call::greeted_with(CallConfig {
        can_transfer: true,
        ..config()
    });
    wants(&mut call, Intent::Person, "אפשר לדבר עם מישהו?");
    let asked = call.find(|o| matches!(o, Output::RequestTransfer).then_some(()));
    assert_eq!((asked.len(), call.told()), (1, vec![]));
    call.input(Input::TransferRequested { stored: true });
    assert_eq!(call.told(), [Notice::Transferring]);
    call.answer("r2", "a2", "רגע אחד, מעבירים אותך.", SECOND);
    call.speak("u9", 300);
    call.wait(300);
    assert!(!call.facts().contains(&Fact::Ended(Ending::Transferred)));
    call.wait(1_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::Transferred)));
    assert_eq!(call.played(), SECOND, "its words are heard whole");
}

#[test]
fn a_transfer_is_made_although_the_model_says_nothing() {
    let mut call = Call::greeted_with(CallConfig {
        can_transfer: true,
        ..config()
    });
    wants(&mut call, Intent::Person, "נציג");
    call.input(Input::TransferRequested { stored: true });
    call.wait(11_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::Transferred)));
}

#[test]
fn a_transfer_that_cannot_be_stored_becomes_a_task() {
    for answers in [true, false] {
        let mut call = Call::greeted_with(CallConfig {
            can_transfer: true,
            ..config()
        });
        wants(&mut call, Intent::Person, "אפשר לדבר עם מישהו?");
        if answers {
            call.input(Input::TransferRequested { stored: false });
        } else {
            call.wait(4_500);
        }
        let drafts = call.drafts();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].kind, TaskKind::Person);
        assert_eq!(
            drafts[0].words,
            Some(Pii::new("אפשר לדבר עם מישהו?".to_owned()))
        );
    }
}

#[test]
fn a_caller_whom_nobody_took_is_told_and_called_back() {
    let said = |text: &str| Said {
        by: Speaker::Caller,
        text: Pii::new(text.to_owned()),
    };
    let mut call = Call::live_with(CallConfig {
        can_transfer: true,
        transfer_failed: true,
        resumption: Some(Resumption {
            said: vec![said("אפשר לדבר עם מישהו?")],
            ..Resumption::default()
        }),
        ..config()
    });
    let drafts = call.drafts();
    assert_eq!(drafts[0].kind, TaskKind::Person);
    assert_eq!(call.responds(), 0);
    call.saved(true);
    assert_eq!(
        call.told().last(),
        Some(&Notice::TransferFailed { noted: true })
    );
    assert_eq!(call.responds(), 1);
}

#[test]
fn ones_own_appointment_is_looked_up_and_may_then_be_said() {
    let mut call = Call::greeted();
    call.say("u", "מתי התור שלי?", 900);
    call.understood(Understood {
        intent: Intent::OwnAppointment,
        ..AppointmentRequest::NONE.into()
    });
    assert!(matches!(call.orders()[..], [DeskOrder::Own { .. }]));
    let bookings = vec![booking()];
    call.desk(Outcome::OwnAppointments { bookings });
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    assert_eq!(call.responds(), 1, "it is true, so it is heard");
    assert!(!call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn segments_that_cannot_be_transcribed_are_not_the_callers_fault() {
    let mut call = Call::greeted();
    for turn in 0..5 {
        let item = format!("u{turn}");
        call.speak(&item, 900);
        call.model(FromModel::TranscriptionFailed {
            item: item.as_str().into(),
            code: "model_not_found".into(),
        });
        call.saved(true);
        call.wait(5_000);
        if call.responds() > 0 {
            call.agent("בסדר.");
        }
    }
    let unavailable = Notice::Outcome(Outcome::BookingUnavailable { noted: true });
    assert_eq!(call.told(), [Notice::NotUnderstood, unavailable]);
    let codes = call.facts().into_iter().filter_map(|fact| match fact {
        Fact::TranscriptionFailed { code, in_a_row } => Some((code, in_a_row)),
        _ => None,
    });
    let codes: Vec<_> = codes.collect();
    assert_eq!(codes.len(), 5);
    assert_eq!(codes[4], ("model_not_found".to_owned(), 5));
    assert_eq!(call.drafts()[0].kind, TaskKind::Booking);
}

#[test]
fn a_number_that_was_given_is_on_record() {
    let mut call = Call::greeted();
    let phone: PhoneNumber = "+972541234567".parse().unwrap();
    call.say("u", "המספר שלי 0541234567", 900);
    call.understood(Understood {
        phone: Some(phone.clone()),
        ..AppointmentRequest::NONE.into()
    });
    assert!(call.facts().contains(&Fact::PhoneGiven(phone)));
}
