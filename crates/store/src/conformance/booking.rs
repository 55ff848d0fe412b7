//! Laws of appointments.

use std::num::NonZeroU16;

use time::{
    Duration, Time,
    macros::{date, time, utc_datetime},
};
use toran_domain::{Booking, Pii, RequestedTime};
use toran_scheduling::{
    AppointmentSettings, Busy, BusyRange, FullForm, HolidayRules, Refusal, Resource, ResourceId,
    TimeZoneName,
};

use super::{
    HALF_PAST_FOUR, NOW, RACERS, Shared, TUESDAY, add, appointment_id, book, business, key,
    lead_id, one_more, open, order, phone, settings, standing, stream,
};
use crate::{
    AppointmentRow, AppointmentStatus, BookingAnswer, BookingOrder, CallAppointment, CallSession,
};

/// A number has as many coming appointments as it may have, and not one more: what stands already and what is moved need no
/// further room, and a withheld number is nobody's to count by.
pub async fn limits_the_appointments_of_a_number(store: Shared) {
    add(&store, 1).await;
    let most_standing = NonZeroU16::new(2);
    let ordered = async |call: &CallSession, time: Time, id: u128| {
        let order = BookingOrder {
            most_standing,
            one_more: true,
            ..order(call, TUESDAY, time, id)
        };
        book(&store, &order).await
    };
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    for (hour, id) in [(time!(9:00), 1), (time!(10:00), 2)] {
        let made = ordered(&call, hour, id).await;
        assert!(matches!(made, BookingAnswer::Created(_)), "{made:?}");
    }
    assert_eq!(
        ordered(&call, time!(11:00), 3).await,
        BookingAnswer::TooMany
    );
    let again = ordered(&call, time!(10:00), 2).await;
    assert!(
        matches!(again, BookingAnswer::AlreadyHeld { .. }),
        "{again:?}"
    );
    let moved = BookingOrder {
        most_standing,
        ..order(&call, TUESDAY, time!(12:00), 4)
    };
    let moved = book(&store, &moved).await;
    assert!(matches!(moved, BookingAnswer::Moved { .. }), "{moved:?}");
    let another = open(&store, &key(1, "CA2"), Some(8), 2).await;
    let made = ordered(&another, time!(13:00), 5).await;
    assert!(matches!(made, BookingAnswer::Created(_)), "{made:?}");
    let withheld = open(&store, &key(1, "CA3"), None, 3).await;
    for (hour, id) in [(time!(14:00), 6), (time!(15:00), 7), (time!(16:00), 8)] {
        let made = ordered(&withheld, hour, id).await;
        assert!(matches!(made, BookingAnswer::Created(_)), "{made:?}");
    }
}

/// What was booked stands, and the call remembers it.
pub async fn books_and_remembers(store: Shared) {
    add(&store, 1).await;
    let session = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let booking = Booking {
        appointment_id: appointment_id(1),
        date: TUESDAY,
        time: HALF_PAST_FOUR,
    };
    let now = NOW + Duration::milliseconds(1_700);
    let order = crate::BookingOrder {
        now,
        ..order(&session, TUESDAY, HALF_PAST_FOUR, 1)
    };
    assert_eq!(book(&store, &order).await, BookingAnswer::Created(booking));
    let row = AppointmentRow {
        booking,
        status: AppointmentStatus::Confirmed,
        lead_id: lead_id(1),
        call_sid: session.key.call_sid.clone(),
        caller: Some(phone(7)),
        given_phone: None,
        name: None,
        lead_name: None,
        starts_at: utc_datetime!(2026-11-24 14:30),
        ends_at: utc_datetime!(2026-11-24 15:00),
        resource: ResourceId::main(),
        created_at: NOW + Duration::SECOND,
    };
    assert_eq!(standing(&store, 1).await, [row]);
    let session = store
        .call_session(&session.key)
        .await
        .expect("call_session")
        .expect("open");
    assert_eq!(session.last_confirmed, Some(booking));
    let announced = false;
    assert_eq!(
        session.appointments,
        [CallAppointment { booking, announced }]
    );
}

/// The same confirmation gives the same appointment: in the same call, after a reconnect, after the
/// hour has come, after the settings have changed, and from the same caller's next call.
pub async fn gives_the_same_appointment_again(store: Shared) {
    let business = add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let first = book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let BookingAnswer::Created(booking) = first else {
        panic!("{first:?}")
    };
    let same = BookingAnswer::AlreadyHeld {
        booking,
        in_this_call: true,
    };
    assert_eq!(
        book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 2)).await,
        same
    );

    let resumed = open(&store, &key(1, "CA1"), Some(7), 2).await;
    let mut late = order(&resumed, TUESDAY, HALF_PAST_FOUR, 3);
    late.now = NOW + Duration::days(2);
    assert_eq!(book(&store, &late).await, same);

    store
        .update_settings(business.id, &settings(45))
        .await
        .expect("update_settings");
    let next_call = open(&store, &key(1, "CA2"), Some(7), 3).await;
    assert_eq!(next_call.appointments, []);
    assert_eq!(
        book(&store, &order(&next_call, TUESDAY, HALF_PAST_FOUR, 4)).await,
        BookingAnswer::AlreadyHeld {
            booking,
            in_this_call: false,
        }
    );
    let session = store
        .call_session(&next_call.key)
        .await
        .expect("call_session")
        .expect("open");
    assert_eq!(
        (session.last_confirmed, session.appointments.len()),
        (Some(booking), 0)
    );
    assert_eq!(standing(&store, 1).await.len(), 1);
}

/// Who comes second is refused, and may have the next slot.
pub async fn refuses_a_taken_slot(store: Shared) {
    add(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let second = open(&store, &key(1, "CA2"), Some(8), 2).await;
    book(&store, &order(&first, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let refused = book(&store, &order(&second, TUESDAY, HALF_PAST_FOUR, 2)).await;
    assert_eq!(refused, BookingAnswer::Refused(Refusal::Taken));
    let session = store
        .call_session(&second.key)
        .await
        .expect("call_session")
        .expect("open");
    assert_eq!(
        (session.last_confirmed, session.appointments),
        (None, vec![])
    );
    for (neighbour, id) in [(time!(16:00), 3), (time!(17:00), 4)] {
        let answer = book(&store, &one_more(&second, neighbour, id)).await;
        assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
    }
    let times: Vec<Time> = standing(&store, 1)
        .await
        .iter()
        .map(|row| row.booking.time)
        .collect();
    assert_eq!(times, [time!(16:00), HALF_PAST_FOUR, time!(17:00)]);
}

/// The settings in the database decide, not the model.
pub async fn refuses_what_the_settings_forbid(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let cases = [
        (date!(2026 - 11 - 28), time!(10:00), Refusal::InactiveDay),
        (TUESDAY, time!(10:10), Refusal::OffGrid),
        (TUESDAY, time!(8:30), Refusal::OutsideHours),
        (TUESDAY, time!(18:00), Refusal::OutsideHours),
        (TUESDAY, time!(17:45), Refusal::DoesNotFitBeforeClosing),
        (date!(2026 - 11 - 22), time!(10:00), Refusal::InThePast),
        (NOW.date(), time!(10:00), Refusal::InThePast),
        (date!(2028 - 11 - 24), time!(10:00), Refusal::TooFar),
    ];
    for (date, time, reason) in cases {
        let answer = book(&store, &order(&call, date, time, 1)).await;
        assert_eq!(answer, BookingAnswer::Refused(reason), "{date} {time}");
    }
    assert!(standing(&store, 1).await.is_empty());
}

/// A finer grid offers no place that an older appointment reaches into.
pub async fn refuses_partial_overlaps_after_a_change_of_settings(store: Shared) {
    let business = add(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&first, TUESDAY, time!(10:30), 1)).await;
    store
        .update_settings(business.id, &settings(20))
        .await
        .expect("update_settings");
    let second = open(&store, &key(1, "CA2"), Some(8), 2).await;
    let mut free = Vec::new();
    for (time, id) in [time!(10:00), time!(10:20), time!(10:40), time!(11:00)]
        .into_iter()
        .zip(2..)
    {
        match book(&store, &one_more(&second, time, id)).await {
            BookingAnswer::Created(booking) => free.push(booking.time),
            answer => assert_eq!(answer, BookingAnswer::Refused(Refusal::Taken), "{time}"),
        }
    }
    assert_eq!(free, [time!(10:00), time!(11:00)]);
}

/// The range of a question is half-open, and what reaches into it counts.
pub async fn reports_what_is_taken(store: Shared) {
    let id = add(&store, 1).await.id;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let (starts, ends) = (
        utc_datetime!(2026-11-24 14:30),
        utc_datetime!(2026-11-24 15:00),
    );
    let taken = BusyRange::new(starts, ends).expect("a range");
    let taken = Busy::of(ResourceId::main(), taken);
    let minute = Duration::MINUTE;
    let cases = [
        (starts - minute, starts, 0),
        (starts - minute, starts + minute, 1),
        (starts + minute, ends - minute, 1),
        (ends - minute, ends + minute, 1),
        (ends, ends + minute, 0),
    ];
    for (from, to, count) in cases {
        let expected = vec![taken.clone(); count];
        assert_eq!(
            store.busy(id, from, to).await.expect("busy"),
            expected,
            "{from} {to}"
        );
        assert_eq!(
            store.appointments(id, from, to).await.expect("rows").len(),
            count
        );
    }
    assert!(
        store
            .busy(business(2).id, starts, ends)
            .await
            .expect("busy")
            .is_empty()
    );
}

/// An appointment carries the name that was said for it, even if it was said after it was made; how the line is called
/// stands apart.
pub async fn names_an_appointment(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), None, 1).await;
    book(&store, &order(&call, TUESDAY, time!(10:00), 1)).await;
    let named = crate::BookingOrder {
        name: Some(Pii::new("רות".to_owned())),
        ..one_more(&call, time!(11:00), 2)
    };
    book(&store, &named).await;
    let nothing = RequestedTime::default();
    store
        .note_request(&stream(&call.key), nothing, Some("דוד"), NOW)
        .await
        .expect("note_request");
    // It may be a second person's: what stands is named by what says so.
    let rows = standing(&store, 1).await;
    assert_eq!(rows.first().map(|row| row.name.clone()), Some(None));
    for name in ["דוד", "דנה", " \u{7}"] {
        let named = store.name_made(&stream(&call.key), name).await;
        named.expect("name_made");
    }
    let rows = standing(&store, 1).await;
    let under: Vec<_> = rows
        .iter()
        .map(|row| row.name.as_ref().map(|name| name.expose().as_str()))
        .collect();
    assert_eq!(under, [Some("דוד"), Some("רות")]);
    assert_eq!(rows.first().and_then(|row| row.caller.clone()), None);
    let line = Some(Pii::new("דוד".to_owned()));
    assert!(rows.iter().all(|row| row.lead_name == line), "{rows:?}");
    // Another call of the line names nothing that was made before it.
    let call = open(&store, &key(1, "CA2"), Some(7), 2).await;
    book(&store, &order(&call, TUESDAY, time!(12:00), 3)).await;
    let next = open(&store, &key(1, "CA3"), Some(7), 3).await;
    let noted = store
        .note_request(&stream(&next.key), nothing, Some("דנה"), NOW)
        .await;
    noted.expect("note_request");
    let named = store.name_made(&stream(&next.key), "דנה").await;
    named.expect("name_made");
    let rows = standing(&store, 1).await;
    let last = rows.last().expect("three");
    let line = Some(Pii::new("דנה".to_owned()));
    assert_eq!((&last.name, &last.lead_name), (&None, &line));
    // What the call says before it books names what it books.
    book(&store, &order(&next, TUESDAY, time!(13:00), 4)).await;
    let rows = standing(&store, 1).await;
    assert_eq!(rows.last().expect("four").name, line);
}

/// Sets up the race: one business.
pub async fn prepare_race(store: &Shared) {
    add(store, 1).await;
}

/// One racer calls and confirms the one slot.
pub async fn race(store: &Shared, racer: u128) -> BookingAnswer {
    let caller = u32::try_from(racer).expect("few racers");
    let call = open(
        store,
        &key(1, &format!("CA{racer}")),
        Some(caller),
        1_000 + racer,
    )
    .await;
    book(store, &order(&call, TUESDAY, HALF_PAST_FOUR, 2_000 + racer)).await
}

/// One racer has it, and every other was told the truth.
pub async fn judge_race(store: &Shared, answers: &[BookingAnswer]) {
    let created = answers
        .iter()
        .filter(|answer| matches!(answer, BookingAnswer::Created(_)))
        .count();
    let refused = answers
        .iter()
        .filter(|answer| **answer == BookingAnswer::Refused(Refusal::Taken))
        .count();
    assert_eq!((created, created + refused), (1, answers.len()));
    assert_eq!(answers.len(), usize::try_from(RACERS).expect("few racers"));
    assert_eq!(standing(store, 1).await.len(), 1);
}

/// Settings of the full form come back as they were, and the next booking follows them: buffers, resources
/// and their capacity.
pub async fn keeps_and_follows_the_full_form(store: Shared) {
    let id = add(&store, 1).await.id;
    let full = full_settings();
    assert!(
        store
            .update_settings(id, &full)
            .await
            .expect("update_settings")
    );
    let business = store.business(id).await.expect("business").expect("added");
    assert_eq!(business.settings, full);
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let mut shown = Vec::new();
    // 10:00 to 10:45 and a quarter of an hour: on Dana, then on both chairs, and then nowhere.
    for (n, time) in [
        (1, time!(10:00)),
        (2, time!(10:30)),
        (3, time!(10:15)),
        (4, time!(10:45)),
        (5, time!(11:00)),
    ] {
        let answer = book_for(&store, n, time).await;
        shown.push(match answer {
            BookingAnswer::Created(_) => "created",
            BookingAnswer::Refused(refusal) => refusal.as_str(),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(shown, ["created", "created", "created", "taken", "created"]);
    let rows = standing(&store, 1).await;
    let seen: Vec<(Time, &str)> = rows
        .iter()
        .map(|row| (row.booking.time, row.resource.as_str()))
        .collect();
    let expected = [
        (time!(10:00), "dana"),
        (time!(10:15), "chairs"),
        (time!(10:30), "chairs"),
        (time!(11:00), "dana"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(rows[0].ends_at - rows[0].starts_at, Duration::minutes(45));
    let busy = store
        .busy(id, rows[0].starts_at, rows[0].ends_at)
        .await
        .expect("busy");
    assert_eq!(busy[0].range.to(), rows[0].ends_at + Duration::minutes(15));
    // And back to the simple form.
    assert!(
        store
            .update_settings(id, &settings(30))
            .await
            .expect("update_settings")
    );
    let business = store.business(id).await.expect("business").expect("added");
    assert_eq!(business.settings, settings(30));
    let late = book(&store, &order(&call, TUESDAY, time!(17:30), 9)).await;
    assert!(matches!(late, BookingAnswer::Created(_)), "{late:?}");
}

/// Who would fit in at every instant but on no one seat throughout gets a place: others change theirs.
pub async fn makes_room_by_changing_seats(store: Shared) {
    let id = add(&store, 1).await.id;
    let mut form = full_settings().form().clone();
    form.resources
        .retain(|resource| resource.id.as_str() == "chairs");
    let chairs = AppointmentSettings::try_from(form).expect("settings");
    assert!(
        store
            .update_settings(id, &chairs)
            .await
            .expect("update_settings")
    );
    for (n, time) in [
        (1, time!(9:00)),
        (2, time!(11:00)),
        (3, time!(9:45)),
        (6, time!(11:45)),
        (4, time!(10:30)),
    ] {
        let answer = book_for(&store, n, time).await;
        assert!(
            matches!(answer, BookingAnswer::Created(_)),
            "{time}: {answer:?}"
        );
    }
    assert_eq!(standing(&store, 1).await.len(), 5);
    let late = open(&store, &key(1, "CA-5"), Some(5), 15).await;
    let refused = book(&store, &order(&late, TUESDAY, time!(10:00), 5)).await;
    assert_eq!(refused, BookingAnswer::Refused(Refusal::Taken));
}

/// Books an hour of Tuesday for the `n`-th caller, who calls for it.
pub(super) async fn book_for(store: &Shared, n: u32, time: Time) -> BookingAnswer {
    let key = key(1, &format!("CA-{n}"));
    let caller = open(store, &key, Some(n), u128::from(n) + 10).await;
    book(store, &order(&caller, TUESDAY, time, n.into())).await
}

/// Three quarters of an hour on a grid of a quarter, a quarter of an hour to clean up, Dana and two chairs.
pub(super) fn full_settings() -> AppointmentSettings {
    let hours = settings(30).form().hours.clone();
    let resource = |id: &str, capacity| Resource {
        id: id.parse().expect("an id"),
        capacity,
    };
    AppointmentSettings::try_from(FullForm {
        appointment_minutes: 45,
        buffer_after_minutes: 15,
        holidays: HolidayRules::israel(),
        resources: vec![resource("dana", 1), resource("chairs", 2)],
        ..FullForm::new(TimeZoneName::jerusalem(), hours, 15)
    })
    .expect("settings")
}
