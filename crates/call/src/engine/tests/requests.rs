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
        let [draft] = &call.task_orders()[..] else {
            panic!("{:?}", call.task_orders())
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
        .task_orders()
        .iter()
        .map(|order| order.words.clone())
        .collect();
    let all = Pii::new("אאחר בעשר דקות / ותגידו לדנה תודה".to_owned());
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
    assert_eq!(call.task_orders(), []);
    assert!(matches!(call.orders()[..], [DeskOrder::Look { .. }]));
}

#[test]
fn a_promise_that_the_model_makes_by_itself_is_kept_or_taken_back() {
    for noted in [true, false] {
        let mut call = Call::greeted();
        call.say("u", "תגידו לדנה שאני מאחרת", 900);
        call.parsed(AppointmentRequest::NONE);
        call.agent("אין בעיה, אעביר את ההודעה.");
        let task_orders = call.task_orders();
        let [draft] = &task_orders[..] else {
            panic!("{task_orders:?}")
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
        // What is noted is noted once; what was lost is tried once more.
        assert_eq!(call.task_orders().len(), if noted { 1 } else { 2 });
    }
}

#[test]
fn a_message_that_the_model_promises_is_no_booking() {
    let mut call = Call::offered();
    call.says("תגידו לדנה שהילד אלרגי לבוטנים");
    call.parsed(AppointmentRequest::NONE);
    call.agent("אעביר את ההודעה לדנה.");
    let kinds: Vec<TaskKind> = call.task_orders().iter().map(|order| order.kind).collect();
    assert_eq!(kinds, [TaskKind::Message]);
}

#[test]
fn nobody_who_said_nothing_finds_a_task() {
    let mut call = Call::greeted();
    call.agent("אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.");
    assert_eq!(call.task_orders(), []);
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
    assert_eq!(call.task_orders(), []);
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
fn a_transfer_is_announced_without_the_model_if_need_be() {
    let mut call = Call::greeted_with(CallConfig {
        can_transfer: true,
        transferring: vec![1; SECOND].into(),
        ..config()
    });
    wants(&mut call, Intent::Person, "נציג");
    call.model(FromModel::Lost);
    let before = call.played();
    call.input(Input::TransferRequested { stored: true });
    call.wait(2_000);
    assert_eq!(call.played() - before, SECOND);
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
        let task_orders = call.task_orders();
        assert_eq!(task_orders.len(), 1);
        assert_eq!(task_orders[0].kind, TaskKind::Person);
        assert_eq!(
            task_orders[0].words,
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
    assert_eq!(call.told().last(), Some(&Notice::TransferFailed));
    assert_eq!(call.task_orders(), [], "the store has saved it");
    assert_eq!(call.responds(), 1);
    // The sentence that the server gives it promises nothing besides.
    call.agent("לא היה מענה כרגע. אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.");
    assert_eq!(call.task_orders(), []);
}

#[test]
fn a_person_who_is_wanted_twice_is_asked_for_once() {
    let mut call = Call::greeted_with(CallConfig {
        can_transfer: true,
        ..config()
    });
    wants(&mut call, Intent::Person, "נציג");
    wants(&mut call, Intent::Person, "נציג!");
    let asked = call.find(|o| matches!(o, Output::RequestTransfer).then_some(()));
    assert_eq!(asked.len(), 1);
    call.input(Input::TransferRequested { stored: true });
    call.input(Input::TransferRequested { stored: true });
    call.wait(11_000);
    assert!(call.facts().contains(&Fact::Ended(Ending::Transferred)));
}

#[test]
fn a_transfer_that_was_stored_too_late_is_taken_back() {
    let mut call = Call::greeted_with(CallConfig {
        can_transfer: true,
        ..config()
    });
    wants(&mut call, Intent::Person, "נציג");
    call.wait(4_500);
    assert_eq!(call.task_orders().len(), 1);
    call.input(Input::TransferRequested { stored: true });
    let withdrawn = call.find(|o| matches!(o, Output::WithdrawTransfer).then_some(()));
    assert_eq!(withdrawn.len(), 1);
    call.wait(11_000);
    assert!(!call.facts().contains(&Fact::Ended(Ending::Transferred)));
}

#[test]
fn a_yes_to_a_person_books_nothing_and_one_with_a_message_leaves_it() {
    let mut call = Call::offered();
    call.says("כן");
    call.understood(Understood {
        intent: Intent::Person,
        ..for_half_past_ten(Action::Confirm).into()
    });
    assert_eq!(call.orders(), []);
    assert_eq!(call.task_orders()[0].kind, TaskKind::Person);

    let mut call = Call::offered();
    call.says("כן, ותגידו לרופא שאני אלרגי");
    call.understood(Understood {
        intent: Intent::Message,
        ..for_half_past_ten(Action::Confirm).into()
    });
    assert!(matches!(call.orders()[..], [DeskOrder::Book { .. }]));
    assert_eq!(call.task_orders()[0].kind, TaskKind::Message);
}

#[test]
fn whoever_says_their_name_then_is_answered() {
    let mut call = Call::greeted();
    let own = Understood {
        intent: Intent::OwnAppointment,
        ..AppointmentRequest::NONE.into()
    };
    call.says("מתי התור שלי?");
    call.understood(own);
    let missing = vec![toran_domain::Detail::Name];
    call.desk(Outcome::MissingDetails { missing });
    call.agent("על איזה שם?");
    call.log.clear();
    call.says("דוד כהן");
    call.parsed(AppointmentRequest {
        name: Some(Pii::new("דוד כהן".into())),
        ..AppointmentRequest::NONE
    });
    assert!(matches!(call.orders()[..], [DeskOrder::Own { .. }]));
}

#[test]
fn a_promise_after_a_lost_request_is_taken_back_and_not_for_ever() {
    let mut call = Call::greeted();
    wants(&mut call, Intent::Message, "אאחר בעשר דקות");
    call.saved(false);
    for _ in 0..4 {
        call.agent("אני רושם את הבקשה.");
        call.saved(false);
    }
    let lost = Notice::Request {
        kind: TaskKind::Message,
        noted: false,
    };
    let told = call.told();
    assert_eq!(told[0], lost);
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn what_is_saved_already_is_not_saved_once_more_for_a_claim() {
    let mut call = Call::greeted();
    wants(&mut call, Intent::Cancel, "תבטלו את התור שלי");
    call.saved(true);
    call.words("lie", "lie", "ביטלתי לך, וקבעתי לך תור חדש. ");
    assert_eq!(call.task_orders().len(), 1);
    let refused = Notice::ClaimRefused { noted: Some(true) };
    assert_eq!(call.told().last(), Some(&refused));
}

#[test]
fn what_became_of_a_request_is_told_to_the_next_session() {
    let mut call = Call::greeted();
    wants(&mut call, Intent::Message, "אאחר בעשר דקות");
    call.model(FromModel::Lost);
    call.saved(true);
    assert_eq!(call.told(), []);
    call.wait(1);
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    let noted = Notice::Request {
        kind: TaskKind::Message,
        noted: true,
    };
    assert_eq!(call.told().last(), Some(&noted));
}

#[test]
fn a_desk_that_is_silent_about_ones_own_appointment_leaves_a_message() {
    let mut call = Call::greeted();
    call.says("התור שלי מחר בעשר וחצי, נכון?");
    call.understood(Understood {
        intent: Intent::OwnAppointment,
        about: for_half_past_ten(Action::Ask).requested(),
        ..AppointmentRequest::NONE.into()
    });
    call.wait(7_000);
    assert_eq!(call.task_orders()[0].kind, TaskKind::Message);
    assert_eq!(call.engine.proposal.table, RequestedTime::default());
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
    // Nothing is known but that somebody called.
    assert_eq!(call.task_orders()[0].kind, TaskKind::Person);
}

#[test]
fn a_transcriber_that_does_not_answer_is_no_better() {
    let mut call = Call::greeted();
    for turn in 0..2 {
        call.speak(&format!("u{turn}"), 900);
        call.wait(5_100);
        call.saved(true);
    }
    let unavailable = Notice::Outcome(Outcome::BookingUnavailable { noted: true });
    assert_eq!(call.told().last(), Some(&unavailable));
}

#[test]
fn a_name_alone_is_that_of_what_was_booked_and_one_beside_a_wish_is_not() {
    let named = |understood: Understood| {
        let mut call = Call::booked();
        call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
        call.says("דנה");
        call.understood(understood);
        let facts = call.facts();
        facts.iter().any(|fact| matches!(fact, Fact::NameGiven(_)))
    };
    let dana = |action, time| AppointmentRequest {
        name: Some(Pii::new("דנה".into())),
        ..request(action, None, time)
    };
    assert!(named(dana(Action::None, None).into()));
    assert!(!named(dana(Action::Ask, Some(time!(11:00))).into()));
    assert!(!named(Understood {
        one_more: true,
        ..dana(Action::None, None).into()
    }));
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
