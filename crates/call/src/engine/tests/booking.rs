//! From a question to an appointment.

use super::*;

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
    call.parsed(1, for_half_past_ten(Action::Confirm));
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
fn a_desk_that_is_silent_is_unavailable_but_a_late_booking_is_still_true() {
    let mut call = Call::greeted();
    call.say("u1", "כן", 900);
    call.parsed(0, for_half_past_ten(Action::Confirm));
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
        bookings: vec![unheard(booking())],
        table: RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: Some(time!(10:30)),
        },
        one_more: true,
        offered: vec![(date!(2026 - 11 - 24), time!(10:30))],
        said: vec![Said {
            by: Speaker::Caller,
            text: Pii::new("כן".to_owned()),
        }],
    };
    let mut call = Call::new(CallConfig {
        resumption: Some(resumption.clone()),
        ..CallConfig::default()
    });
    call.model(FromModel::Connected);
    call.model(FromModel::Configured);
    let notice = Notice::Resumed(resumption);
    assert!(call.facts().contains(&Fact::Told { notice }));
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
fn a_question_about_ones_own_appointment_is_no_request_for_another() {
    let mut call = Call::booked();
    call.answer("r2", "a2", "קבעתי לך.", SECOND);
    call.wait(2_000);
    call.log.clear();
    call.say("u2", "אז שלישי בעשר וחצי, כן?", 900);
    call.parsed(1, for_half_past_ten(Action::Ask));
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
    call.parsed(1, for_half_past_ten(Action::Confirm));
    let named = call.find(|o| match o {
        Output::Desk {
            order: DeskOrder::Book { name, .. },
            ..
        } => Some(name.clone()),
        _ => None,
    });
    assert_eq!(named, [Some(Pii::new("דוד".to_owned()))]);
}

/// Confirms this hour of Tuesday, in the next turn.
fn confirm(call: &mut Call, turn: u32, time: Time, one_more: bool) {
    call.say(&format!("c{turn}"), "כן", 900);
    let request = request(Action::Confirm, Some(date!(2026 - 11 - 24)), Some(time));
    call.input(Input::Parsed {
        turn: TurnIndex(turn),
        result: Ok(Understood { request, one_more }),
    });
}

/// Whether each order so far was for one more appointment.
fn orders(call: &Call) -> Vec<bool> {
    call.find(|output| match output {
        Output::Desk {
            order: DeskOrder::Book { one_more, .. },
            ..
        } => Some(*one_more),
        _ => None,
    })
}

#[test]
fn one_more_is_asked_for_once() {
    let mut call = Call::booked();
    call.answer("r2", "a2", "קבעתי לך.", SECOND);
    call.wait(2_000);
    call.log.clear();
    // Said in a turn before the yes.
    call.say("c1", "אני רוצה עוד תור", 900);
    let request = request(Action::Ask, None, None);
    call.input(Input::Parsed {
        turn: TurnIndex(1),
        result: Ok(Understood {
            request,
            one_more: true,
        }),
    });
    call.desk(1, Outcome::BookingUnavailable);
    call.answer("r3", "a3", "מתי?", SECOND);
    call.wait(2_000);
    confirm(&mut call, 2, time!(11:00), false);
    assert_eq!(orders(&call), [true]);
    let second = Booking {
        appointment_id: "00000000-0000-0000-0000-000000000002".parse().unwrap(),
        date: date!(2026 - 11 - 24),
        time: time!(11:00),
    };
    call.desk(2, Outcome::AppointmentCreated(second));
    assert_eq!(call.engine.ledger().bookings(), [booking(), second]);
    call.answer("r4", "a4", "קבעתי לך.", SECOND);
    call.wait(2_000);
    confirm(&mut call, 3, time!(12:00), false);
    assert_eq!(orders(&call), [true, false], "and the next one moves again");
}

#[test]
fn a_moved_appointment_stands_at_one_time_alone() {
    let mut call = Call::booked();
    call.answer("r2", "a2", "קבעתי לך תור בעשר וחצי.", SECOND);
    call.wait(2_000);
    let announced = |call: &Call| {
        let facts = call.facts();
        let heard = facts
            .iter()
            .filter(|fact| matches!(fact, Fact::Announced(_)));
        heard.count()
    };
    assert_eq!(announced(&call), 1);
    confirm(&mut call, 1, time!(11:00), false);
    let to = Booking {
        time: time!(11:00),
        ..booking()
    };
    let from = booking();
    call.desk(1, Outcome::AppointmentMoved { from, to });
    assert_eq!(call.engine.ledger().bookings(), [to]);
    assert!(call.facts().contains(&Fact::Booked(to)));
    // The old time is no longer true; the new one is heard of once.
    call.answer("r3", "a3", "קבעתי לך תור בעשר וחצי.", SECOND);
    call.wait(2_000);
    assert!(
        call.facts()
            .iter()
            .any(|fact| matches!(fact, Fact::ClaimBlocked { .. }))
    );
    for (response, item) in [("r4", "a4"), ("r5", "a5")] {
        call.answer(response, item, "קבעתי לך תור באחת עשרה.", SECOND);
        call.wait(2_000);
    }
    assert_eq!(announced(&call), 2);
}

#[test]
fn what_is_held_from_before_is_true_and_was_not_made_now() {
    let mut call = Call::greeted();
    confirm(&mut call, 0, time!(10:30), false);
    call.desk(0, Outcome::AppointmentHeld(booking()));
    assert_eq!(call.engine.ledger().bookings(), [booking()]);
    assert!(!call.facts().contains(&Fact::Booked(booking())));
}

#[test]
fn one_more_appointment_ends_no_request_that_was_noted_before() {
    for one_more in [false, true] {
        let mut call = Call::greeted();
        call.say("u1", "ביום רביעי", 900);
        call.parsed(0, request(Action::Ask, Some(date!(2026 - 11 - 25)), None));
        call.desk(0, Outcome::BookingUnavailable);
        call.say("u2", "ועוד אחת מחר בעשר וחצי", 900);
        call.input(Input::Parsed {
            turn: TurnIndex(1),
            result: Ok(Understood {
                request: for_half_past_ten(Action::Confirm),
                one_more,
            }),
        });
        call.desk(1, Outcome::AppointmentCreated(booking()));
        let kept: Vec<_> = call.kept().iter().map(|kept| kept.date).collect();
        let again = one_more.then_some(Some(date!(2026 - 11 - 25)));
        assert_eq!(kept, Vec::from_iter(again));
    }
}

#[test]
fn what_was_noted_during_an_outage_need_not_be_said_again() {
    let mut call = Call::greeted();
    let (tuesday, half_past_ten) = (date!(2026 - 11 - 24), time!(10:30));
    for (turn, (words, date, time)) in [
        ("ביום שלישי", Some(tuesday), None),
        ("בעשר וחצי", None, Some(half_past_ten)),
        ("כן", None, None),
    ]
    .into_iter()
    .enumerate()
    {
        call.say(&format!("u{turn}"), words, 900);
        let turn = u32::try_from(turn).unwrap();
        call.parsed(turn, request(Action::Ask, date, time));
        call.desk(turn, Outcome::BookingUnavailable);
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
    // Whenever the desk kept less than that, the two together are kept after it.
    let kept = call.kept();
    let whole = (Some(tuesday), Some(half_past_ten));
    assert_eq!(
        kept.iter()
            .map(|kept| (kept.date, kept.time))
            .collect::<Vec<_>>(),
        [whole; 2]
    );
}
