//! From a question to an appointment.

use super::*;

#[test]
fn a_whole_booking() {
    let mut call = Call::greeted();
    call.say("u1", "יש לכם משהו פנוי ביום שלישי", 1_500);
    let parses = call.find(|o| matches!(o, Output::Parse { .. }).then_some(()));
    assert_eq!(parses.len(), 1);
    let tuesday = request(Action::Ask, Some(booking().date), None);
    let requested = tuesday.requested();
    call.parsed(tuesday);
    let wish = requested.into();
    let one_more = false;
    assert_eq!(call.orders(), [DeskOrder::Look { wish, one_more }]);
    let later = Booking {
        time: time!(11:00),
        ..booking()
    };
    let slots = vec![slot(booking()), slot(later)];
    call.desk(Outcome::FreeSlots { requested, slots });
    call.agent("ביום שלישי יש לי בעשר וחצי או באחת עשרה. מה נוח?");

    call.asks_for(booking(), "בעשר וחצי");
    call.agent("עשר וחצי פנוי. לקבוע לך?");
    call.says_yes();
    call.desk(Outcome::AppointmentCreated(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    let facts = call.facts();
    let at = |wanted: &Fact| facts.iter().position(|fact| fact == wanted).unwrap();
    let told = at(&Fact::Told {
        notice: Notice::Outcome(Outcome::AppointmentCreated(booking())),
    });
    let booked = at(&Fact::Booked(booking()));
    assert!(
        told < booked,
        "the model is told, then the success is on record"
    );
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    assert!(call.facts().iter().any(|f| matches!(f,
        Fact::AgentSaid { text, interrupted: false } if text.expose().contains("קבעתי"))));
    assert!(call.facts().contains(&Fact::Announced(booking())));
    assert_eq!(call.responds(), 3);
}

#[test]
fn a_desk_that_is_silent_is_unavailable_but_a_late_booking_is_still_true() {
    let mut call = Call::offered();
    call.says_yes();
    call.wait(7_000);
    assert_eq!(
        call.told(),
        [],
        "nothing is said to be noted before it is saved"
    );
    let wanted = for_half_past_ten(Action::Ask).requested();
    assert_eq!(call.saved_times(), [wanted]);
    call.saved(true);
    assert_eq!(
        call.told(),
        [Notice::Outcome(Outcome::BookingUnavailable { noted: true })]
    );
    call.desk(Outcome::AppointmentCreated(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    assert!(call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn an_interrupted_call_goes_on_knowing_what_stands() {
    let resumption = Resumption {
        bookings: vec![unheard(booking())],
        proposal: toran_domain::Proposal {
            table: for_half_past_ten(Action::Ask).requested(),
            ..toran_domain::Proposal::default()
        },
        one_more: true,
        offered: vec![(date!(2026 - 11 - 24), time!(10:30))],
        said: vec![Said {
            by: Speaker::Caller,
            text: Pii::new("כן".to_owned()),
        }],
    };
    let call = Call::live_with(CallConfig {
        resumption: Some(resumption.clone()),
        ..config()
    });
    assert_eq!(call.told(), [Notice::Resumed(resumption)]);
    assert_eq!(call.purposes(), [Purpose::Resumption]);
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
}

#[test]
fn a_question_is_the_desks_to_answer_and_makes_nothing() {
    let mut call = Call::booked();
    call.agent("קבעתי לך.");
    call.log.clear();
    call.say("u2", "אז שלישי בעשר וחצי, כן?", 900);
    call.parsed(for_half_past_ten(Action::Ask));
    assert!(matches!(call.orders()[..], [DeskOrder::Look { .. }]));
    call.desk(Outcome::AppointmentHeld(booking()));
    let held = Notice::Outcome(Outcome::AppointmentHeld(booking()));
    assert_eq!(call.told(), [held]);
    assert!(!call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn the_same_yes_again_is_told_as_one_appointment() {
    let mut call = Call::booked();
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    call.log.clear();
    call.says_yes();
    assert!(matches!(call.orders()[..], [DeskOrder::Book { .. }]));
    call.desk(Outcome::AppointmentCreated(booking()));
    let held = Notice::Outcome(Outcome::AppointmentHeld(booking()));
    assert_eq!(call.told(), [held]);
    assert!(!call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn a_name_said_earlier_goes_into_the_booking_and_one_of_another_call_does_not() {
    let mut call = Call::greeted();
    call.say("u1", "קוראים לי דוד", 900);
    call.parsed(AppointmentRequest {
        name: Some(Pii::new("דוד".into())),
        ..AppointmentRequest::NONE
    });
    call.agent("נעים מאוד");
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    call.agent("יום שלישי בעשר וחצי פנוי. לקבוע?");
    call.says_yes();
    let named = |call: &Call| {
        call.find(|o| match o {
            Output::Desk {
                order: DeskOrder::Book { .. },
                name,
                ..
            } => Some(name.clone()),
            _ => None,
        })
    };
    assert_eq!(named(&call), [Some(Pii::new("דוד".to_owned()))]);
    let mut nameless = Call::offered();
    nameless.says_yes();
    assert_eq!(named(&nameless), [None]);
}

/// Asks for this hour of Tuesday, hears it read back, and says yes.
fn confirm(call: &mut Call, time: Time, one_more: bool) {
    call.says("אפשר עוד אחת?");
    let wanted = Booking { time, ..booking() };
    let asked = request(Action::Ask, Some(wanted.date), Some(wanted.time));
    let requested = asked.requested();
    call.understood(Understood {
        one_more,
        ..asked.into()
    });
    let slots = vec![slot(wanted)];
    call.desk(Outcome::FreeSlots { requested, slots });
    let hour = time.hour();
    call.agent(&format!(
        "ביום שלישי בשעה {hour}:{:02}. לקבוע?",
        time.minute()
    ));
    call.says_yes();
}

/// Whether each order to book so far was for one more appointment.
fn for_one_more(call: &Call) -> Vec<bool> {
    let orders = call.orders().into_iter();
    let books = orders.filter_map(|order| match order {
        DeskOrder::Book { one_more, .. } => Some(one_more),
        DeskOrder::Look { .. } | DeskOrder::Own { .. } => None,
    });
    books.collect()
}

#[test]
fn one_more_is_asked_for_once() {
    let mut call = Call::booked();
    call.agent("קבעתי לך.");
    call.log.clear();
    // Said in a turn before the one that names an hour.
    call.say("c1", "אני רוצה עוד תור", 900);
    call.understood(Understood {
        one_more: true,
        ..request(Action::Ask, None, None).into()
    });
    call.desk(Outcome::BookingUnavailable { noted: true });
    call.agent("מתי?");
    confirm(&mut call, time!(11:00), false);
    assert_eq!(for_one_more(&call), [true]);
    let second = Booking {
        appointment_id: "00000000-0000-0000-0000-000000000002".parse().unwrap(),
        time: time!(11:00),
        ..booking()
    };
    call.desk(Outcome::AppointmentCreated(second));
    assert_eq!(call.engine.ledger().bookings(), [booking(), second]);
    call.agent("קבעתי לך.");
    confirm(&mut call, time!(12:00), false);
    assert_eq!(
        for_one_more(&call),
        [true, false],
        "and the next one moves again"
    );
}

#[test]
fn one_more_at_the_same_hour_is_read_back_anew() {
    let mut call = Call::booked();
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    call.log.clear();
    call.says("אותו דבר גם לילדה");
    let asked = for_half_past_ten(Action::Ask);
    let requested = asked.requested();
    call.understood(Understood {
        one_more: true,
        ..asked.into()
    });
    assert!(matches!(
        call.orders()[..],
        [DeskOrder::Look { one_more: true, .. }]
    ));
    let slots = vec![slot(booking())];
    call.desk(Outcome::FreeSlots { requested, slots });
    call.agent("בסדר גמור, רגע.");
    call.says_yes();
    assert_eq!(for_one_more(&call), []);
    call.agent("יום שלישי, 24 בנובמבר, בשעה עשר וחצי. לקבוע?");
    call.says_yes();
    assert_eq!(for_one_more(&call), [true]);
}

#[test]
fn a_moved_appointment_stands_at_one_time_alone() {
    let mut call = Call::booked();
    call.agent("קבעתי לך תור בעשר וחצי.");
    let announced = |call: &Call| {
        let facts = call.facts();
        let heard = facts
            .iter()
            .filter(|fact| matches!(fact, Fact::Announced(_)));
        heard.count()
    };
    assert_eq!(announced(&call), 1);
    confirm(&mut call, time!(11:00), false);
    let to = Booking {
        time: time!(11:00),
        ..booking()
    };
    let from = booking();
    call.desk(Outcome::AppointmentMoved { from, to });
    assert_eq!(call.engine.ledger().bookings(), [to]);
    assert!(call.facts().contains(&Fact::Booked(to)));
    // The old time is no longer true; the new one is heard of once.
    call.agent("קבעתי לך תור בעשר וחצי.");
    assert!(
        call.facts()
            .iter()
            .any(|fact| matches!(fact, Fact::ClaimBlocked { .. }))
    );
    for _ in 0..2 {
        call.agent("קבעתי לך תור באחת עשרה.");
    }
    assert_eq!(announced(&call), 2);
}

#[test]
fn what_is_held_from_before_is_true_and_was_not_made_now() {
    let mut call = Call::offered();
    call.says_yes();
    call.desk(Outcome::AppointmentHeld(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    assert!(!call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn one_more_appointment_ends_no_request_that_was_noted_before() {
    for one_more in [false, true] {
        let mut call = Call::greeted();
        call.say("u1", "ביום רביעי", 900);
        call.parsed(request(Action::Ask, Some(date!(2026 - 11 - 25)), None));
        call.desk(Outcome::BookingUnavailable { noted: true });
        call.agent("רשום.");
        confirm(&mut call, time!(10:30), one_more);
        call.desk(Outcome::AppointmentCreated(booking()));
        let saved: Vec<_> = call.saved_times().iter().map(|saved| saved.date).collect();
        let again = one_more.then_some(Some(date!(2026 - 11 - 25)));
        assert_eq!(saved, Vec::from_iter(again));
    }
}

#[test]
fn what_was_noted_during_an_outage_need_not_be_said_again() {
    let mut call = Call::greeted();
    let (tuesday, half_past_ten) = (date!(2026 - 11 - 24), time!(10:30));
    for (words, date, time) in [
        ("ביום שלישי", Some(tuesday), None),
        ("בעשר וחצי", None, Some(half_past_ten)),
        ("כן", None, None),
    ] {
        call.say(words, words, 900);
        call.parsed(request(Action::Ask, date, time));
        call.desk(Outcome::BookingUnavailable { noted: true });
    }
    let tables = call.find(|output| match output {
        Output::Parse { table, .. } => Some((table.date, table.time)),
        _ => None,
    });
    assert_eq!(
        tables,
        [
            (None, None),
            (Some(tuesday), None),
            (Some(tuesday), Some(half_past_ten))
        ]
    );
    // Whenever the desk noted less than that, the two together are saved after it.
    let saved = call.saved_times();
    let whole = (Some(tuesday), Some(half_past_ten));
    let saved: Vec<_> = saved.iter().map(|saved| (saved.date, saved.time)).collect();
    assert_eq!(saved, [whole; 2]);
}

#[test]
fn another_persons_appointment_at_the_same_hour_is_read_back_too() {
    let named = |name: &str, asked: AppointmentRequest| AppointmentRequest {
        name: Some(Pii::new(name.into())),
        ..asked
    };
    let mut call = Call::greeted();
    call.says("אפשר לדני ביום שלישי בעשר וחצי?");
    let asked = for_half_past_ten(Action::Ask);
    let requested = asked.requested();
    let slots = vec![slot(booking())];
    call.parsed(named("דני", asked.clone()));
    let free = Outcome::FreeSlots { requested, slots };
    call.desk(free.clone());
    call.agent("יום שלישי בעשר וחצי פנוי. לקבוע?");
    call.says_yes();
    call.desk(Outcome::AppointmentCreated(booking()));
    call.agent("קבעתי לך תור ביום שלישי בעשר וחצי.");
    call.log.clear();
    call.says("וגם למאיה באותו זמן");
    call.parsed(named("מאיה", asked));
    call.desk(free);
    call.says_yes();
    assert!(matches!(call.told().last(), Some(Notice::ReadBack { .. })));
}

#[test]
fn a_name_that_was_not_understood_is_asked_for_before_the_desk_looks() {
    let mut call = Call::greeted();
    call.says("ותור למיכל ביום שלישי בעשר וחצי");
    call.understood(Understood {
        unclear: vec![toran_domain::Detail::Name],
        ..for_half_past_ten(Action::Ask).into()
    });
    let missing = vec![toran_domain::Detail::Name];
    assert_eq!(
        call.told(),
        [Notice::Outcome(Outcome::MissingDetails { missing })]
    );
    assert_eq!(call.orders(), []);
    call.agent("על איזה שם?");
    call.says("מיכל");
    call.parsed(AppointmentRequest {
        name: Some(Pii::new("מיכל".into())),
        ..AppointmentRequest::NONE
    });
    assert!(matches!(call.orders()[..], [DeskOrder::Look { .. }]));
}
