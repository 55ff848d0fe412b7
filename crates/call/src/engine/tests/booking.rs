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
        bookings: vec![unheard(booking())],
        table: RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: Some(time!(10:30)),
        },
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
