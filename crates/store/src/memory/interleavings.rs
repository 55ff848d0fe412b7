//! Calls, persons and one more, in any order on one line: as many rows as were told, and nobody's moved by another.

use proptest::prelude::*;
use time::{Duration, Time, macros::time};
use toran_domain::{AppointmentId, Pii};

use crate::{
    BookingAnswer, BookingOrder, CallSession, MemoryStore,
    conformance::{NOW, Shared, TUESDAY, add, book, business, chairs, key, open, order},
    names::are_two_persons,
};

const NAMES: [Option<&str>; 6] = [
    None,
    Some("נועם"),
    Some("נועם לוי"),
    Some("יעל"),
    Some("דנה כהן"),
    Some("כהן"),
];

/// One confirmation: which call, under which name, which hour, whether one more, and whether it is sent again.
type Step = (usize, usize, i64, bool, bool);

fn name_of(step: &Step) -> Option<Pii<String>> {
    NAMES[step.1].map(|name| Pii::new(name.to_owned()))
}

fn order_of(calls: &[CallSession], step: &Step, id: u128) -> BookingOrder {
    let time: Time = time!(9:00) + Duration::minutes(30 * step.2);
    BookingOrder {
        name: name_of(step),
        one_more: step.3,
        ..order(&calls[step.0], TUESDAY, time, id)
    }
}

async fn name_under(store: &Shared, id: AppointmentId) -> Option<Pii<String>> {
    let row = store.appointment(business(1).id, id).await.unwrap();
    row.unwrap().name
}

async fn play(capacity: u16, steps: &[Step]) {
    let memory = MemoryStore::new();
    let store: Shared = std::sync::Arc::new(memory);
    let id = add(&store, 1).await.id;
    let set = store.update_settings(id, &chairs(capacity)).await;
    assert!(set.unwrap());
    let mut calls = Vec::new();
    for (n, caller) in (1_u32..).zip([Some(7), Some(7), None, Some(8)]) {
        calls.push(open(&store, &key(1, &format!("CA{n}")), caller, n.into()).await);
    }
    let mut created = 0;
    for (n, step) in (1..).zip(steps) {
        let order = order_of(&calls, step, n);
        for again in 0..=u32::from(step.4) {
            let answer = book(&store, &order).await;
            let (told, expected) = match &answer {
                BookingAnswer::Created(booking) => {
                    assert_eq!(again, 0, "the same order made a second one");
                    created += 1;
                    (booking, (order.date, order.time))
                }
                BookingAnswer::Moved { to, .. } => {
                    let under = name_under(&store, to.appointment_id).await;
                    let theirs = !are_two_persons(under.as_ref(), order.name.as_ref());
                    assert!(theirs && !order.one_more, "{order:?}");
                    (to, (order.date, order.time))
                }
                BookingAnswer::AlreadyHeld { booking, .. } => {
                    let under = name_under(&store, booking.appointment_id).await;
                    assert!(!are_two_persons(under.as_ref(), order.name.as_ref()));
                    assert!(!order.one_more || again == 1, "one more is never held");
                    (booking, (booking.date, booking.time))
                }
                BookingAnswer::Refused(_) => continue,
                BookingAnswer::TooMany | BookingAnswer::UnknownBusiness => panic!("{answer:?}"),
            };
            let row = store.appointment(id, told.appointment_id).await.unwrap();
            let stands = row.unwrap();
            assert_eq!(stands.booking, *told, "what is told stands");
            assert_eq!((told.date, told.time), expected);
            let own_line = stands.lead_id == order.lead_id;
            assert!(own_line, "of another line");
        }
    }
    let week = Duration::days(7);
    let rows = store.appointments(id, NOW, NOW + week).await.unwrap();
    assert_eq!(rows.len(), created, "as many rows as were told");
}

proptest! {
    #[test]
    fn as_many_rows_as_were_told_and_nobody_moves_anothers(
        capacity in 1_u16..=3,
        steps in prop::collection::vec(
            (0..4_usize, 0..NAMES.len(), 0..5_i64, prop::bool::weighted(0.3), any::<bool>()), 1..40,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(capacity, &steps));
    }
}
