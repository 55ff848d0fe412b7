//! Laws of moving appointments and of giving them up.

use time::{
    Duration, Time,
    macros::{time, utc_datetime},
};
use toran_domain::{Booking, BusinessId};
use toran_scheduling::{AppointmentSettings, Refusal};

use super::{
    HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, appointment_id, book,
    booking::{book_for, full_settings},
    key, one_more, open, order, standing,
};
use crate::{
    Actor, AppointmentChange, AppointmentStatus, BookingAnswer, CancelAnswer, ChangeKind,
    MoveAnswer, MoveOrder, Origin,
};

fn tuesday_at(n: u128, time: Time) -> Booking {
    Booking {
        appointment_id: appointment_id(n),
        date: TUESDAY,
        time,
    }
}

/// Another time in the same call moves what it confirmed; what cannot be had leaves it where it stood; and the same
/// yes again changes nothing.
pub async fn moves_instead_of_making_a_second_one(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let other = open(&store, &key(1, "CA2"), Some(8), 2).await;
    book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    book(&store, &order(&other, TUESDAY, time!(10:00), 2)).await;
    let (from, to) = (tuesday_at(1, HALF_PAST_FOUR), tuesday_at(1, time!(11:00)));
    for (time, expected) in [
        (time!(10:00), BookingAnswer::Refused(Refusal::Taken)),
        (time!(11:00), BookingAnswer::Moved { from, to }),
        (
            time!(11:00),
            BookingAnswer::AlreadyHeld {
                booking: to,
                in_this_call: true,
            },
        ),
    ] {
        // Gateways ask again, each time with another new id.
        let answer = book(&store, &order(&call, TUESDAY, time, 3)).await;
        assert_eq!(answer, expected, "{time}");
    }
    let session = open(&store, &call.key, Some(7), 4).await;
    assert_eq!(session.last_confirmed, Some(to));
    let rows: Vec<Booking> = standing(&store, 1)
        .await
        .iter()
        .map(|row| row.booking)
        .collect();
    assert_eq!(rows, [tuesday_at(2, time!(10:00)), to]);
    // The old place is free.
    let third = open(&store, &key(1, "CA3"), Some(9), 5).await;
    let taken_over = book(&store, &order(&third, TUESDAY, HALF_PAST_FOUR, 6)).await;
    assert!(
        matches!(taken_over, BookingAnswer::Created(_)),
        "{taken_over:?}"
    );
    // What was confirmed in an earlier call is not moved by a later one.
    let later = open(&store, &key(1, "CA4"), Some(7), 7).await;
    let second = book(&store, &order(&later, TUESDAY, time!(12:00), 8)).await;
    assert!(matches!(second, BookingAnswer::Created(_)), "{second:?}");
    // But what it confirms again is the call's own from then on.
    let again = book(&store, &order(&later, TUESDAY, time!(11:00), 9)).await;
    let in_this_call = false;
    assert_eq!(
        again,
        BookingAnswer::AlreadyHeld {
            booking: to,
            in_this_call
        }
    );
    let moved = book(&store, &order(&later, TUESDAY, time!(13:00), 9)).await;
    let from = to;
    let to = tuesday_at(1, time!(13:00));
    assert_eq!(moved, BookingAnswer::Moved { from, to });
}

/// Who asks for one more keeps both.
pub async fn makes_one_more_if_asked(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&call, TUESDAY, time!(10:00), 1)).await;
    let answer = book(&store, &one_more(&call, time!(11:00), 2)).await;
    assert_eq!(answer, BookingAnswer::Created(tuesday_at(2, time!(11:00))));
    assert_eq!(standing(&store, 1).await.len(), 2);
}

/// Every change is on record: what, who, when, from which call. Nothing is deleted.
pub async fn moves_and_cancels_with_a_history(store: Shared) {
    let id = add(&store, 1).await.id;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let by = |actor, call_sid: Option<&str>, seconds| Origin {
        actor,
        call_sid: call_sid.map(|sid| sid.parse().expect("a call id")),
        at: NOW + Duration::seconds(seconds),
    };
    let order = |n, time, seconds| MoveOrder {
        business_id: id,
        appointment_id: appointment_id(n),
        date: TUESDAY,
        time,
        origin: by(Actor::Business, None, seconds),
    };
    let (first, second) = (tuesday_at(1, HALF_PAST_FOUR), tuesday_at(1, time!(16:00)));
    let mut answers = Vec::new();
    for (n, time) in [
        (1, HALF_PAST_FOUR),
        (1, time!(20:00)),
        (1, time!(16:00)),
        (9, time!(9:00)),
    ] {
        let order = order(n, time, 60);
        answers.push(store.move_appointment(&order).await.expect("move"));
    }
    let (from, to) = (first, second);
    let expected = [
        MoveAnswer::Unchanged(first),
        MoveAnswer::Refused(Refusal::OutsideHours),
        MoveAnswer::Moved { from, to },
        MoveAnswer::Unknown,
    ];
    assert_eq!(answers, expected);
    let cancel = async |n, seconds| {
        let origin = by(Actor::Operator, Some("CA1"), seconds);
        let cancelled = store
            .cancel_appointment(id, appointment_id(n), &origin)
            .await;
        cancelled.expect("cancel")
    };
    assert_eq!(cancel(9, 90).await, CancelAnswer::Unknown);
    assert_eq!(cancel(1, 120).await, CancelAnswer::Cancelled(second));
    assert_eq!(cancel(1, 180).await, CancelAnswer::AlreadyCancelled(second));
    let late = store.move_appointment(&order(1, time!(9:00), 200)).await;
    assert_eq!(late.expect("move"), MoveAnswer::NotStanding);

    assert!(standing(&store, 1).await.is_empty());
    let row = store
        .appointment(id, appointment_id(1))
        .await
        .expect("row")
        .expect("kept");
    assert_eq!(
        (row.status, row.booking),
        (AppointmentStatus::Cancelled, second)
    );
    let (at_first, at_second) = (
        utc_datetime!(2026-11-24 14:30),
        utc_datetime!(2026-11-24 14:00),
    );
    let entry = |kind, origin, from, to| AppointmentChange {
        kind,
        origin,
        from,
        to,
    };
    let expected = [
        entry(
            ChangeKind::Created,
            by(Actor::Caller, Some("CA1"), 0),
            None,
            Some(at_first),
        ),
        entry(
            ChangeKind::Moved,
            by(Actor::Business, None, 60),
            Some(at_first),
            Some(at_second),
        ),
        entry(
            ChangeKind::Cancelled,
            by(Actor::Operator, Some("CA1"), 120),
            Some(at_second),
            None,
        ),
    ];
    let history = store.history(id, appointment_id(1)).await.expect("history");
    assert_eq!(history, expected);
    shows_nothing_of_it_elsewhere(&store, call.key.business_id).await;
}

/// None of it shows in another business.
async fn shows_nothing_of_it_elsewhere(store: &Shared, here: BusinessId) {
    let there = add(store, 2).await.id;
    assert_ne!(here, there);
    assert_eq!(
        store
            .appointment(there, appointment_id(1))
            .await
            .expect("row"),
        None
    );
    let history = store.history(there, appointment_id(1)).await;
    assert_eq!(history.expect("history"), []);
    let origin = Origin {
        actor: Actor::Operator,
        call_sid: None,
        at: NOW,
    };
    let foreign = store.cancel_appointment(there, appointment_id(1), &origin);
    assert_eq!(foreign.await.expect("cancel"), CancelAnswer::Unknown);
}

/// A place that was given up can be had, and the same caller may come back to it.
pub async fn frees_what_is_given_up(store: Shared) {
    let id = add(&store, 1).await.id;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    for n in [1, 2] {
        let answer = book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, n)).await;
        assert_eq!(
            answer,
            BookingAnswer::Created(tuesday_at(n, HALF_PAST_FOUR))
        );
        let origin = Origin {
            actor: Actor::Business,
            call_sid: None,
            at: NOW,
        };
        let cancelled = store
            .cancel_appointment(id, appointment_id(n), &origin)
            .await;
        assert!(
            matches!(cancelled, Ok(CancelAnswer::Cancelled(_))),
            "{cancelled:?}"
        );
        let (from, to) = (NOW, NOW + Duration::days(7));
        assert!(store.busy(id, from, to).await.expect("busy").is_empty());
        let session = open(&store, &call.key, Some(7), 1).await;
        assert!(session.appointments.is_empty());
    }
}

/// Whoever moves to a place that is free only if others change seats gets it, even where his own old place is in their
/// way; and no call comes to two appointments at one time.
pub async fn moves_where_others_make_room(store: Shared) {
    let id = add(&store, 1).await.id;
    let mut form = full_settings().form().clone();
    form.resources
        .retain(|resource| resource.id.as_str() == "chairs");
    let chairs = AppointmentSettings::try_from(form).expect("settings");
    let changed = store.update_settings(id, &chairs).await;
    assert!(changed.expect("update_settings"));
    for (n, time) in [
        (1, time!(9:00)),
        (2, time!(9:45)),
        (3, time!(10:45)),
        (4, time!(11:00)),
    ] {
        let answer = book_for(&store, n, time).await;
        assert!(
            matches!(answer, BookingAnswer::Created(_)),
            "{time}: {answer:?}"
        );
    }
    let origin = Origin {
        actor: Actor::Business,
        call_sid: None,
        at: NOW,
    };
    let to = |n, time| MoveOrder {
        business_id: id,
        appointment_id: appointment_id(n),
        date: TUESDAY,
        time,
        origin: origin.clone(),
    };
    let moved = store.move_appointment(&to(4, time!(10:15))).await;
    assert!(matches!(moved, Ok(MoveAnswer::Moved { .. })), "{moved:?}");

    let call = open(&store, &key(1, "CA-9"), Some(9), 90).await;
    book(&store, &order(&call, TUESDAY, time!(14:00), 8)).await;
    book(&store, &one_more(&call, time!(16:00), 9)).await;
    let refused = store.move_appointment(&to(8, time!(16:00))).await;
    assert_eq!(refused.expect("move"), MoveAnswer::Refused(Refusal::Taken));
}

/// A calendar learns what stands, what was given up, and how often and when each was changed.
pub async fn tells_a_calendar_what_changed(store: Shared) {
    let id = add(&store, 1).await.id;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let first = order(&call, TUESDAY, HALF_PAST_FOUR, 1);
    book(&store, &first).await;
    let second = one_more(&call, time!(10:00), 2);
    book(&store, &second).await;
    let origin = |minutes| Origin {
        actor: Actor::Business,
        call_sid: None,
        at: NOW + Duration::minutes(minutes),
    };
    let to_noon = MoveOrder {
        business_id: id,
        appointment_id: appointment_id(1),
        date: TUESDAY,
        time: time!(12:00),
        origin: origin(1),
    };
    let moved = store.move_appointment(&to_noon).await;
    assert!(matches!(moved, Ok(MoveAnswer::Moved { .. })), "{moved:?}");
    let later = origin(2);
    let given_up = store
        .cancel_appointment(id, appointment_id(2), &later)
        .await;
    assert!(
        matches!(given_up, Ok(CancelAnswer::Cancelled(_))),
        "{given_up:?}"
    );
    let until = NOW + Duration::days(7);
    let entries = store.calendar(id, NOW, until).await.expect("calendar");
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| {
            let booking = entry.row.booking;
            (booking, entry.row.status, entry.revision, entry.changed_at)
        })
        .collect();
    let (cancelled, confirmed) = (AppointmentStatus::Cancelled, AppointmentStatus::Confirmed);
    let expected = [
        (tuesday_at(2, time!(10:00)), cancelled, 1, origin(2).at),
        (tuesday_at(1, time!(12:00)), confirmed, 1, origin(1).at),
    ];
    assert_eq!(shown, expected);
    let day_before = store.calendar(id, NOW, NOW + Duration::HOUR).await;
    assert_eq!(day_before.expect("calendar"), []);
}
