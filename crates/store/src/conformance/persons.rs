//! Laws of persons: a line is not a person, and one more is one more.

use time::{Duration, Time, macros::time};
use toran_domain::{Pii, RequestedTime};
use toran_scheduling::{AppointmentSettings, FullForm, Refusal, Resource};

use super::{
    HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, appointment_id, book, business, key, one_more, open,
    order, settings, standing, stream,
};
use crate::{
    Actor, AppointmentRow, BookingAnswer, BookingOrder, CallSession, CancelAnswer, MoveAnswer,
    MoveOrder, Origin,
};

/// Half an hour on a grid of half an hour, with room for `capacity` at once.
pub fn chairs(capacity: u16) -> AppointmentSettings {
    let hours = settings(30).form().hours.clone();
    let id = "chairs".parse().expect("an id");
    AppointmentSettings::try_from(FullForm {
        appointment_minutes: 30,
        resources: vec![Resource { id, capacity }],
        ..FullForm::new(toran_scheduling::TimeZoneName::jerusalem(), hours, 30)
    })
    .expect("settings")
}

/// The first business, with room for `capacity` at once.
async fn shop(store: &Shared, capacity: u16) {
    let id = add(store, 1).await.id;
    let set = store.update_settings(id, &chairs(capacity)).await;
    assert!(set.expect("update_settings"));
}

/// An order of Tuesday for a person.
fn for_whom(call: &CallSession, name: &str, time: Time, new_id: u128) -> BookingOrder {
    BookingOrder {
        name: Some(Pii::new(name.to_owned())),
        ..order(call, TUESDAY, time, new_id)
    }
}

fn shown(answer: &BookingAnswer) -> String {
    let id = |booking: &toran_domain::Booking| booking.appointment_id.as_uuid().as_u128();
    match answer {
        BookingAnswer::Created(booking) => format!("created {}", id(booking)),
        BookingAnswer::Moved { to, .. } => format!("moved {}", id(to)),
        BookingAnswer::AlreadyHeld {
            booking,
            in_this_call,
        } => {
            let since = if *in_this_call { "here" } else { "before" };
            format!("held {since} {}", id(booking))
        }
        BookingAnswer::Refused(refusal) => refusal.as_str().to_owned(),
        BookingAnswer::TooMany => "too many".to_owned(),
        BookingAnswer::UnknownBusiness => "no business".to_owned(),
    }
}

#[track_caller]
fn check(answer: &BookingAnswer, expected: &str) {
    assert_eq!(shown(answer), expected);
}

async fn names(store: &Shared) -> Vec<(Time, Option<String>)> {
    let rows = standing(store, 1).await;
    let name = |row: &AppointmentRow| row.name.as_ref().map(|name| name.expose().clone());
    rows.iter()
        .map(|row| (row.booking.time, name(row)))
        .collect()
}

/// Who says another name does not hold what stands under the first one: its hour is taken for them.
pub async fn tells_nobody_of_anothers_appointment(store: Shared) {
    shop(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), Some(7), 1).await;
    check(
        &book(&store, &for_whom(&first, "דוד", HALF_PAST_FOUR, 1)).await,
        "created 1",
    );
    let second = open(&store, &key(1, "CA2"), Some(7), 2).await;
    assert_eq!(second.lead_id, first.lead_id, "one line");
    for (name, expected) in [("דנה", "taken"), ("דוד", "held before 1")] {
        let answer = book(&store, &for_whom(&second, name, HALF_PAST_FOUR, 2)).await;
        check(&answer, expected);
    }
    // In the very call that booked it, too.
    let answer = book(&store, &for_whom(&first, "דנה", HALF_PAST_FOUR, 3)).await;
    check(&answer, "taken");
    // Who has said no name contradicts nobody.
    let third = open(&store, &key(1, "CA3"), Some(7), 3).await;
    let answer = book(&store, &order(&third, TUESDAY, HALF_PAST_FOUR, 4)).await;
    check(&answer, "held before 1");
    // Unless the call has told one.
    let nothing = RequestedTime::default();
    let noted = store
        .note_request(&stream(&third.key), nothing, Some("דנה"), NOW)
        .await;
    noted.expect("note_request");
    let answer = book(&store, &order(&third, TUESDAY, HALF_PAST_FOUR, 5)).await;
    check(&answer, "taken");
    assert_eq!(
        names(&store).await,
        [(HALF_PAST_FOUR, Some("דוד".to_owned()))]
    );
}

/// Another name in the same call makes an appointment of its own, and what another person holds stays where it is.
pub async fn moves_nothing_of_another_person(store: Shared) {
    shop(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    for (name, time, expected) in [
        ("נועם", time!(10:00), "created 1"),
        ("יעל", time!(11:00), "created 2"),
        ("יעל", time!(12:00), "moved 2"),
        ("נועם", time!(10:00), "held here 1"),
        ("יעל", time!(12:30), "moved 2"),
        ("נועם", time!(13:00), "moved 1"),
        ("יעל", time!(12:00), "moved 2"),
    ] {
        let new_id = if expected.ends_with('1') { 1 } else { 2 };
        let answer = book(&store, &for_whom(&call, name, time, new_id)).await;
        check(&answer, expected);
    }
    let expected = [
        (time!(12:00), Some("יעל".to_owned())),
        (time!(13:00), Some("נועם".to_owned())),
    ];
    assert_eq!(names(&store).await, expected);
    // A later call of the line moves what it identified by its own day and hour, under the same name or none.
    let later = open(&store, &key(1, "CA2"), Some(7), 2).await;
    let answer = book(&store, &for_whom(&later, "דנה", time!(13:00), 3)).await;
    check(&answer, "taken");
    let answer = book(&store, &for_whom(&later, "דנה", time!(14:00), 3)).await;
    check(&answer, "created 3");
    let unnamed = open(&store, &key(1, "CA3"), Some(7), 3).await;
    for (time, expected) in [(time!(13:00), "held before 1"), (time!(15:00), "moved 1")] {
        let answer = book(&store, &order(&unnamed, TUESDAY, time, 4)).await;
        check(&answer, expected);
    }
}

/// Parts and spellings of a name are the same person.
pub async fn knows_a_person_by_variants_of_the_name(store: Shared) {
    shop(&store, 1).await;
    let first = open(&store, &key(1, "CA0"), Some(7), 1).await;
    book(&store, &for_whom(&first, "דוד כהן", HALF_PAST_FOUR, 1)).await;
    for (n, name) in (1..).zip(["דוד", "דָּוִד כהן", "כהן, דוד", " דוד  כהן "])
    {
        let call = open(&store, &key(1, &format!("CA{n}")), Some(7), 1).await;
        let answer = book(&store, &for_whom(&call, name, HALF_PAST_FOUR, 2)).await;
        check(&answer, "held before 1");
    }
    for (n, name) in (10..).zip(["דוד לוי", "דנה כהן", "רות"]) {
        let call = open(&store, &key(1, &format!("CA{n}")), Some(7), 1).await;
        let answer = book(&store, &for_whom(&call, name, HALF_PAST_FOUR, 2)).await;
        check(&answer, "taken");
    }
}

/// With room for two, one more at the same hour is a second row. The same order again is the same row, and a repeated
/// yes means the newest.
pub async fn makes_one_more_at_the_same_hour(store: Shared) {
    shop(&store, 2).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let first = book(&store, &order(&call, TUESDAY, time!(10:00), 1)).await;
    check(&first, "created 1");
    let noted = store.note_one_more(&stream(&call.key)).await;
    noted.expect("note_one_more");
    for expected in ["created 2", "held here 2"] {
        let answer = book(&store, &one_more(&call, time!(10:00), 2)).await;
        check(&answer, expected);
        let session = store.call_session(&call.key).await.expect("call_session");
        let session = session.expect("open");
        assert!(!session.one_more);
        let last = session.last_confirmed.map(|last| last.appointment_id);
        assert_eq!(last, Some(appointment_id(2)));
    }
    let again = book(&store, &order(&call, TUESDAY, time!(10:00), 3)).await;
    check(&again, "held here 2");
    let full = book(&store, &one_more(&call, time!(10:00), 4)).await;
    check(&full, "taken");
    assert_eq!(standing(&store, 1).await.len(), 2);
    // What comes next moves the newest.
    let moved = book(&store, &order(&call, TUESDAY, time!(11:00), 5)).await;
    check(&moved, "moved 2");
}

/// Where there is no room, one more is refused, and what stands is not told as new.
pub async fn refuses_one_more_where_there_is_no_room(store: Shared) {
    shop(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&call, TUESDAY, time!(10:00), 1)).await;
    let answer = book(&store, &one_more(&call, time!(10:00), 2)).await;
    assert_eq!(answer, BookingAnswer::Refused(Refusal::Taken));
    let later = open(&store, &key(1, "CA2"), Some(7), 2).await;
    let answer = book(&store, &one_more(&later, time!(10:00), 3)).await;
    assert_eq!(answer, BookingAnswer::Refused(Refusal::Taken));
    assert_eq!(standing(&store, 1).await.len(), 1);
}

/// Two persons of one line may stand at one hour, whether they were booked there or moved there.
pub async fn lets_two_of_a_line_stand_at_one_hour(store: Shared) {
    shop(&store, 2).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    for (n, name, time) in [
        (1, "נועם", time!(10:00)),
        (2, "יעל", time!(10:00)),
        (3, "דנה", time!(11:00)),
    ] {
        let answer = book(&store, &for_whom(&call, name, time, n)).await;
        check(&answer, &format!("created {n}"));
    }
    let origin = Origin {
        actor: Actor::Business,
        call_sid: None,
        at: NOW,
    };
    let id = business(1).id;
    let cancelled = store.cancel_appointment(id, appointment_id(2), &origin);
    assert!(matches!(cancelled.await, Ok(CancelAnswer::Cancelled(_))));
    let to_ten = |n| MoveOrder {
        business_id: id,
        appointment_id: appointment_id(n),
        date: TUESDAY,
        time: time!(10:00),
        origin: origin.clone(),
    };
    let moved = store.move_appointment(&to_ten(3)).await;
    assert!(matches!(moved, Ok(MoveAnswer::Moved { .. })), "{moved:?}");
    let ten = |name: &str| (time!(10:00), Some(name.to_owned()));
    let mut rows = names(&store).await;
    rows.sort();
    assert_eq!(rows, [ten("דנה"), ten("נועם")]);
}

/// Whoever calls without a number is nobody who called before, whatever name and hour they say.
pub async fn knows_nobody_by_a_withheld_number(store: Shared) {
    shop(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), None, 1).await;
    assert!(!first.has_number);
    book(&store, &for_whom(&first, "דוד", HALF_PAST_FOUR, 1)).await;
    let noted = store
        .note_phone(&stream(&first.key), &super::phone(7))
        .await;
    noted.expect("note_phone");
    let second = open(&store, &key(1, "CA2"), None, 2).await;
    for (time, expected) in [(HALF_PAST_FOUR, "taken"), (time!(9:00), "created 2")] {
        let answer = book(&store, &for_whom(&second, "דוד", time, 2)).await;
        check(&answer, expected);
    }
    // Nor by a number that was only given in the conversation.
    let third = open(&store, &key(1, "CA3"), Some(7), 3).await;
    assert!(third.has_number && third.lead_id != first.lead_id);
    let answer = book(&store, &for_whom(&third, "דוד", HALF_PAST_FOUR, 3)).await;
    check(&answer, "taken");
    let rows = standing(&store, 1).await;
    let given: Vec<_> = rows.iter().map(|row| row.given_phone.clone()).collect();
    assert_eq!(given, [None, Some(super::phone(7))]);
    // The call itself knows what it booked, after a reconnect, too.
    let resumed = open(&store, &key(1, "CA1"), None, 4).await;
    let answer = book(&store, &for_whom(&resumed, "דוד", HALF_PAST_FOUR, 4)).await;
    check(&answer, "held here 1");
}

/// What stands of a line and is not over, earliest first, and nothing of another line or business.
pub async fn lists_what_stands_of_a_line(store: Shared) {
    shop(&store, 2).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let other = open(&store, &key(1, "CA2"), Some(8), 2).await;
    for (n, time) in [(1, time!(12:00)), (2, time!(10:00)), (3, time!(14:00))] {
        let answer = book(&store, &one_more(&call, time, n)).await;
        check(&answer, &format!("created {n}"));
    }
    book(&store, &order(&other, TUESDAY, time!(10:00), 4)).await;
    let origin = Origin {
        actor: Actor::Business,
        call_sid: None,
        at: NOW,
    };
    let id = business(1).id;
    let cancelled = store.cancel_appointment(id, appointment_id(3), &origin);
    cancelled.await.expect("cancel");
    let listed = async |business_id, after| {
        let rows = store.standing_of_lead(business_id, call.lead_id, after);
        let rows = rows.await.expect("standing_of_lead");
        rows.iter().map(|row| row.booking.time).collect::<Vec<_>>()
    };
    assert_eq!(listed(id, NOW).await, [time!(10:00), time!(12:00)]);
    // 10:15 in Jerusalem: the first one goes on. At half past it is over.
    let ten = standing(&store, 1).await[0].starts_at;
    let at = |minutes| ten + Duration::minutes(minutes);
    assert_eq!(listed(id, at(15)).await, [time!(10:00), time!(12:00)]);
    assert_eq!(listed(id, at(30)).await, [time!(12:00)]);
    assert!(listed(business(2).id, NOW).await.is_empty());
}

/// A free slot that was offered is the caller's who takes it, even where somebody of the line without a name stands at that
/// hour: only who said the day and hour themselves, or the same name, or booked it in this call, holds that one.
pub async fn takes_no_offered_slot_for_anothers(store: Shared) {
    shop(&store, 4).await;
    let david = Some("דוד");
    // Under which name what stands was made, under which name the later call orders, whether it named day and hour.
    for (n, (under, says, named_by_caller, expected)) in (1..).zip([
        (None, None, false, "created"),
        (None, None, true, "held before"),
        (david, None, false, "created"),
        (david, None, true, "held before"),
        (None, david, false, "created"),
        (None, david, true, "held before"),
        (david, david, false, "held before"),
        (david, Some("דוד כהן"), false, "held before"),
        (david, Some("דנה"), true, "created"),
    ]) {
        let time = time!(9:00) + Duration::minutes(30 * i64::from(n));
        let call = async |sid: &str| {
            let key = key(1, &format!("CA-{sid}-{n}"));
            open(&store, &key, Some(100 + n), u128::from(n)).await
        };
        let order_of =
            |call: &CallSession, name: Option<&str>, named_by_caller, id: u32| BookingOrder {
                name: name.map(|name| Pii::new(name.to_owned())),
                named_by_caller,
                ..order(call, TUESDAY, time, id.into())
            };
        let earlier = order_of(&call("earlier").await, under, true, n);
        check(&book(&store, &earlier).await, &format!("created {n}"));
        let call = call("later").await;
        let id = if expected == "created" { 1_000 + n } else { n };
        let later = order_of(&call, says, named_by_caller, 1_000 + n);
        check(&book(&store, &later).await, &format!("{expected} {id}"));
        // The same yes once more, in whatever words, is the same appointment.
        let again = order_of(&call, says, false, 2_000 + n);
        let since = if expected == "created" {
            "held here"
        } else {
            expected
        };
        check(&book(&store, &again).await, &format!("{since} {id}"));
    }
}

/// Who moves to a slot that was offered gets it, whoever else of the line may stand there without a name.
pub async fn moves_to_an_offered_slot(store: Shared) {
    shop(&store, 2).await;
    let earlier = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&earlier, TUESDAY, time!(11:00), 1)).await;
    let later = open(&store, &key(1, "CA2"), Some(7), 1).await;
    for (time, expected) in [(time!(10:00), "created 2"), (time!(11:00), "moved 2")] {
        let offered = BookingOrder {
            named_by_caller: false,
            ..order(&later, TUESDAY, time, 2)
        };
        check(&book(&store, &offered).await, expected);
    }
}
