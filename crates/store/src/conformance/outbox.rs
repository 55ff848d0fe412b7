//! Laws of the outbox.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use time::{Duration, UtcDateTime, macros::time};
use toran_domain::{BusinessId, Pii, RequestedTime, TaskId};

use super::{
    HALF_PAST_FOUR, NOW, Office, Shared, TUESDAY, add, appointment_id, book, business, key, open,
    order, phone, stream,
};
use crate::{
    Actor, CallEnding, CallKey, CallOpening, CallSession, Delivery, DeliveryState, EventKind,
    MoveOrder, Origin, Webhook,
};

const LEASE: Duration = Duration::MINUTE;

/// Where the tests' events would go.
fn webhook() -> Webhook {
    Webhook {
        url: "https://crm.example/hook".to_owned(),
        secret: SecretString::from("whsec_c2VjcmV0"),
        public_only: false,
    }
}

/// The `n`-th business, with a webhook.
pub(super) async fn shop(office: &Office, n: u32) -> BusinessId {
    let id = add(&store(office), n).await.id;
    let set = office.set_webhook(id, Some(&webhook())).await;
    assert!(set.expect("set_webhook"));
    id
}

pub(super) fn store(office: &Office) -> Shared {
    office.clone()
}

/// A call of the `n`-th business by the `caller`-th number.
pub(super) async fn call(office: &Office, n: u32, caller: u32) -> CallSession {
    let key = key(n, &format!("CA{caller}"));
    open(
        &store(office),
        &key,
        Some(caller),
        (n * 1_000 + caller).into(),
    )
    .await
}

pub(super) async fn hang_up(office: &Office, key: &CallKey) {
    let ended = office.end_call(key, CallEnding::HungUp, NOW + Duration::seconds(65));
    ended.await.expect("end_call");
}

async fn claim(office: &Office, now: UtcDateTime) -> Vec<Delivery> {
    office
        .claim_deliveries(now, LEASE, 50)
        .await
        .expect("claim_deliveries")
}

pub(super) fn kinds(deliveries: &[Delivery]) -> Vec<EventKind> {
    deliveries.iter().map(|delivery| delivery.kind).collect()
}

/// Claims and delivers until nothing is due.
pub(super) async fn deliver_all(office: &Office, now: UtcDateTime) -> Vec<Delivery> {
    let mut all = Vec::new();
    loop {
        let claimed = claim(office, now).await;
        if claimed.is_empty() {
            return all;
        }
        for delivery in claimed {
            office.delivered(&delivery, now).await.expect("delivered");
            all.push(delivery);
        }
    }
}

/// Each change is told once, in the order in which it came, with what it was.
pub async fn tells_of_every_change_in_order(office: Office) {
    let id = shop(&office, 1).await;
    let session = call(&office, 1, 7).await;
    let store = store(&office);
    book(&store, &order(&session, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let nothing = RequestedTime::default();
    for name in ["דוד", "דוד", "דוד כהן"] {
        let noted = office
            .note_request(&stream(&session.key), nothing, Some(name), NOW)
            .await;
        noted.expect("note_request");
    }
    book(&store, &order(&session, TUESDAY, time!(16:00), 2)).await;
    book(&store, &order(&session, TUESDAY, time!(16:00), 3)).await;
    hang_up(&office, &session.key).await;
    hang_up(&office, &session.key).await;
    let origin = Origin {
        actor: Actor::Business,
        call_sid: None,
        at: NOW + Duration::HOUR,
    };
    let cancelled = office
        .cancel_appointment(id, appointment_id(1), &origin)
        .await;
    cancelled.expect("cancel");
    let refused = MoveOrder {
        business_id: id,
        appointment_id: appointment_id(1),
        date: TUESDAY,
        time: time!(9:00),
        origin,
    };
    office.move_appointment(&refused).await.expect("move");

    let told = deliver_all(&office, NOW + Duration::HOUR).await;
    let expected = [
        EventKind::LeadCreated,
        EventKind::AppointmentCreated,
        EventKind::LeadUpdated,
        EventKind::LeadUpdated,
        EventKind::AppointmentMoved,
        EventKind::CallEnded,
        EventKind::AppointmentCancelled,
    ];
    assert_eq!(kinds(&told), expected);
    let data = |n: usize| serde_json::from_str::<Value>(&told[n].data).expect("JSON");
    assert_eq!(data(1)["time"], "16:30");
    assert_eq!(data(1)["starts_at"], "2026-11-24T14:30:00Z");
    assert_eq!(
        (&data(4)["time"], &data(4)["previous"]["time"]),
        (&"16:00".into(), &"16:30".into())
    );
    assert_eq!(
        (&data(5)["outcome"], &data(5)["ending"]),
        (&"booked".into(), &"hung_up".into())
    );
    assert_eq!(
        data(5)["transcript"]["call_sid"],
        session.key.call_sid.as_str()
    );
    assert!(
        data(5)["summary"]
            .as_str()
            .expect("a summary")
            .contains("16:00")
    );
    assert_eq!(
        (&data(6)["time"], &data(6)["by"]),
        (&"16:00".into(), &"business".into())
    );
    for delivery in &told {
        assert_eq!(delivery.business_id, id);
        assert_eq!(delivery.attempt, 1);
        assert_eq!(delivery.lead.phone, Some(phone(7)));
        assert_eq!(
            delivery.lead.name,
            Some(Pii::new("דוד כהן".to_owned())),
            "as it is known now"
        );
        let secret = delivery.webhook.secret.expose_secret();
        assert_eq!(
            (delivery.webhook.url.as_str(), secret),
            (webhook().url.as_str(), "whsec_c2VjcmV0")
        );
    }
    let from_the_call = told.iter().filter(|told| told.call_sid.is_some()).count();
    assert_eq!(from_the_call, 6);
    let rows = office.events(id, None, 50).await.expect("events");
    assert!(
        rows.iter().all(|row| row.state == DeliveryState::Delivered),
        "{rows:?}"
    );
    assert_eq!(rows.len(), 7);
}

/// Nothing is sent to anyone while the call is live, however long it lasts.
pub async fn keeps_everything_back_while_the_call_is_live(office: Office) {
    shop(&office, 1).await;
    let session = call(&office, 1, 7).await;
    book(
        &store(&office),
        &order(&session, TUESDAY, HALF_PAST_FOUR, 1),
    )
    .await;
    let later = NOW + Duration::days(3);
    assert_eq!(kinds(&claim(&office, later).await), []);
    hang_up(&office, &session.key).await;
    let told = deliver_all(&office, later).await;
    let expected = [
        EventKind::LeadCreated,
        EventKind::AppointmentCreated,
        EventKind::CallEnded,
    ];
    assert_eq!(kinds(&told), expected);
}

/// A lead's later event waits for its earlier one, and no lead for another.
pub async fn delivers_a_leads_events_in_order(office: Office) {
    shop(&office, 1).await;
    for caller in [7, 8] {
        let session = call(&office, 1, caller).await;
        hang_up(&office, &session.key).await;
    }
    let later = NOW + Duration::HOUR;
    let first = claim(&office, later).await;
    assert_eq!(kinds(&first), [EventKind::LeadCreated; 2]);
    assert_eq!(kinds(&claim(&office, later).await), []);
    office.delivered(&first[1], later).await.expect("delivered");
    let second = claim(&office, later).await;
    assert_eq!(kinds(&second), [EventKind::CallEnded]);
    assert_eq!(second[0].lead.lead_id, first[1].lead.lead_id);
    // The same lead's next call waits too, while the first has not been told.
    let again = open(&store(&office), &key(1, "CA-again"), Some(7), 99).await;
    hang_up(&office, &again.key).await;
    assert_eq!(kinds(&claim(&office, later).await), []);
    office.delivered(&first[0], later).await.expect("delivered");
    let rest = deliver_all(&office, later).await;
    assert_eq!(kinds(&rest), [EventKind::CallEnded; 2]);
}

/// A claim is a lease: nobody else has it meanwhile, and it comes back when its process died. No business takes all the
/// hands there are.
pub async fn gives_a_delivery_to_one_process_at_a_time(office: Office) {
    const BUSINESSES: usize = 5;
    const AT_ONCE: usize = 4;
    for n in 1..=5 {
        shop(&office, n).await;
        for caller in 0..6 {
            let session = call(&office, n, caller).await;
            hang_up(&office, &session.key).await;
        }
    }
    let later = NOW + Duration::HOUR;
    let mut claimed = Vec::new();
    for _ in 0..6 {
        claimed.extend(
            office
                .claim_deliveries(later, LEASE, 8)
                .await
                .expect("claim"),
        );
    }
    let of_one = |n: u32| {
        let id = business(n).id;
        claimed
            .iter()
            .filter(|delivery| delivery.business_id == id)
            .count()
    };
    assert_eq!(
        (1..=5).map(of_one).collect::<Vec<_>>(),
        [AT_ONCE; BUSINESSES]
    );
    let mut ids: Vec<_> = claimed.iter().map(|delivery| delivery.event_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), BUSINESSES * AT_ONCE);
    // Whose delivery is done makes room for one more.
    office
        .delivered(&claimed[0], later)
        .await
        .expect("delivered");
    let next = claim(&office, later).await;
    assert_eq!(
        next.iter()
            .map(|delivery| delivery.business_id)
            .collect::<Vec<_>>(),
        [claimed[0].business_id]
    );
    assert_eq!(
        kinds(&claim(&office, later + LEASE - Duration::SECOND).await),
        []
    );
    let again = claim(&office, later + LEASE).await;
    assert_eq!(again.len(), BUSINESSES * AT_ONCE);
    let attempts = again
        .iter()
        .filter(|delivery| delivery.attempt == 2)
        .count();
    assert_eq!(attempts, BUSINESSES * AT_ONCE);
}

/// What fails is tried again when it is due, then is a dead letter that an operator sees, replays or discards; the
/// lead's later events wait behind it.
pub async fn tries_again_and_gives_up_visibly(office: Office) {
    let id = shop(&office, 1).await;
    let session = call(&office, 1, 7).await;
    hang_up(&office, &session.key).await;
    let mut now = NOW + Duration::HOUR;
    let first = claim(&office, now).await.pop().expect("due");
    let retry_at = now + Duration::minutes(5);
    let failed = office
        .not_delivered(&first, "status 500", Some(retry_at))
        .await;
    failed.expect("not_delivered");
    assert_eq!(
        kinds(&claim(&office, retry_at - Duration::SECOND).await),
        []
    );
    let rows = office
        .events(id, Some(DeliveryState::Pending), 10)
        .await
        .expect("events");
    let waiting = rows.last().expect("pending");
    assert_eq!((waiting.attempts, waiting.next_at), (1, Some(retry_at)));
    assert_eq!(waiting.last_error.as_deref(), Some("status 500"));

    now = retry_at;
    let second = claim(&office, now).await.pop().expect("due again");
    assert_eq!((second.event_id, second.attempt), (first.event_id, 2));
    // A late word of the first attempt says nothing of the second.
    office
        .not_delivered(&first, "late", None)
        .await
        .expect("not_delivered");
    office
        .not_delivered(&second, "status 410", None)
        .await
        .expect("not_delivered");
    now += Duration::days(20);
    assert_eq!(
        kinds(&claim(&office, now).await),
        [],
        "the end waits behind the dead letter"
    );
    let dead = office
        .events(id, Some(DeliveryState::Dead), 10)
        .await
        .expect("events");
    let seen: Vec<_> = dead
        .iter()
        .map(|row| (row.event_id, row.attempts, row.next_at))
        .collect();
    assert_eq!(seen, [(first.event_id, 2, None)]);
    let one = office.event(id, first.event_id).await.expect("event");
    assert_eq!(one.as_ref(), dead.first());
    // What is new waits too.
    let again = open(&store(&office), &key(1, "CA-again"), Some(7), 99).await;
    hang_up(&office, &again.key).await;
    assert_eq!(kinds(&claim(&office, now).await), []);

    assert_eq!(office.replay(id, None, now).await.expect("replay"), 1);
    let replayed = claim(&office, now).await.pop().expect("replayed");
    assert_eq!((replayed.event_id, replayed.attempt), (first.event_id, 1));
    office
        .not_delivered(&replayed, "status 410", None)
        .await
        .expect("not_delivered");
    let foreign = office.discard(business(2).id, first.event_id, now).await;
    assert!(!foreign.expect("discard"));
    assert!(
        office
            .discard(id, first.event_id, now)
            .await
            .expect("discard")
    );
    assert!(
        !office
            .discard(id, first.event_id, now)
            .await
            .expect("discard")
    );
    let rest = deliver_all(&office, now).await;
    assert_eq!(kinds(&rest), [EventKind::CallEnded; 2]);
}

/// Without a webhook nothing is claimed and nothing is lost.
pub async fn waits_for_a_webhook(office: Office) {
    let id = add(&store(&office), 1).await.id;
    let session = call(&office, 1, 7).await;
    hang_up(&office, &session.key).await;
    let later = NOW + Duration::HOUR;
    assert_eq!(kinds(&claim(&office, later).await), []);
    assert!(office.webhook(id).await.expect("webhook").is_none());
    let set = office.set_webhook(id, Some(&webhook())).await;
    assert!(set.expect("set_webhook"));
    assert_eq!(
        office.webhook(id).await.expect("webhook").expect("set").url,
        webhook().url
    );
    assert_eq!(deliver_all(&office, later).await.len(), 2);
    let removed = office.set_webhook(id, None).await;
    assert!(removed.expect("set_webhook"));
    let unknown = office.set_webhook(business(2).id, None).await;
    assert!(!unknown.expect("set_webhook"));
    let again = open(&store(&office), &key(1, "CA-again"), Some(7), 99).await;
    hang_up(&office, &again.key).await;
    assert_eq!(kinds(&claim(&office, later).await), []);
    // What nobody wanted for a month is removed, and so is what was done with.
    let removed = office.apply_retention(later + Duration::days(31)).await;
    assert_eq!(removed.expect("apply_retention").events, 3);
    assert!(
        office
            .events(id, None, 10)
            .await
            .expect("events")
            .is_empty()
    );
}

/// A call that was taken for abandoned and comes back has not ended.
pub async fn takes_back_the_end_of_a_call_that_goes_on(office: Office) {
    shop(&office, 1).await;
    let session = call(&office, 1, 7).await;
    let later = NOW + Duration::HOUR;
    let ended = office.end_abandoned_calls(later, later).await;
    assert_eq!(ended.expect("end_abandoned_calls"), 1);
    let opening = CallOpening {
        key: session.key.clone(),
        caller: None,
        new_lead_id: session.lead_id,
        now: later,
    };
    office.open_call(&opening).await.expect("open_call");
    assert_eq!(kinds(&claim(&office, later).await), []);
    hang_up(&office, &session.key).await;
    let told = deliver_all(&office, later).await;
    assert_eq!(kinds(&told), [EventKind::LeadCreated, EventKind::CallEnded]);
    assert!(told[1].data.contains("hung_up"));
}

/// One business sees and replays nothing of another's.
pub async fn keeps_events_apart(office: Office) {
    let (one, two) = (shop(&office, 1).await, shop(&office, 2).await);
    let session = call(&office, 1, 7).await;
    hang_up(&office, &session.key).await;
    let later = NOW + Duration::HOUR;
    let due = claim(&office, later).await.pop().expect("due");
    office
        .not_delivered(&due, "status 500", None)
        .await
        .expect("not_delivered");
    assert!(
        office
            .events(two, None, 10)
            .await
            .expect("events")
            .is_empty()
    );
    let foreign = office.event(two, due.event_id).await;
    assert_eq!(foreign.expect("event"), None);
    assert_eq!(
        office
            .replay(two, Some(due.event_id), later)
            .await
            .expect("replay"),
        0
    );
    assert_eq!(
        office
            .replay(one, Some(due.event_id), later)
            .await
            .expect("replay"),
        1
    );
}

/// While a person is being dialled nothing leaves, whatever the stream said that made way; a person who takes the call
/// ends it, and the one who did not take it before is not told to call back.
pub async fn tells_of_a_transfer_when_it_is_over(office: Office) {
    shop(&office, 1).await;
    let session = call(&office, 1, 7).await;
    let later = NOW + Duration::HOUR;
    for answered in [false, true] {
        let wanted = office.request_transfer(&session.stream(), NOW).await;
        wanted.expect("request_transfer");
        let ended = office
            .end_stream(&session.stream(), CallEnding::HungUp, NOW)
            .await;
        ended.expect("end_stream");
        let begun = office.begin_transfer(&session.key, NOW).await;
        assert!(begun.expect("begin_transfer"));
        assert_eq!(kinds(&claim(&office, later).await), []);
        let task_id = TaskId::from_uuid(uuid::Uuid::from_u128(1));
        let ended = office.end_transfer(&session.key, answered, task_id, later);
        ended.await.expect("end_transfer");
        if !answered {
            assert_eq!(kinds(&claim(&office, later).await), []);
        }
    }
    let told = deliver_all(&office, later).await;
    assert_eq!(kinds(&told), [EventKind::LeadCreated, EventKind::CallEnded]);
    assert!(told[1].data.contains(r#""ending":"completed""#));
}

/// Receivers that fail get one event at a time, and all of them together leave room: a healthy one hears at once, whatever
/// waits of the others.
pub async fn leaves_room_for_receivers_that_answer(office: Office) {
    const FAILING: u32 = 20;
    const AT_ONCE: usize = 16;
    for n in 1..=FAILING {
        shop(&office, n).await;
        for caller in 0..3 {
            let session = call(&office, n, caller).await;
            hang_up(&office, &session.key).await;
        }
    }
    let first = NOW + Duration::HOUR;
    let mut failed = Vec::new();
    while failed.len() < 3 * FAILING as usize {
        let claimed = claim(&office, first).await;
        assert!(!claimed.is_empty());
        for delivery in claimed {
            let again = Some(first + Duration::MINUTE);
            let noted = office.not_delivered(&delivery, "timeout", again);
            noted.await.expect("not_delivered");
            failed.push(delivery);
        }
    }
    let healthy = shop(&office, FAILING + 1).await;
    let session = call(&office, FAILING + 1, 1).await;
    hang_up(&office, &session.key).await;
    let later = first + Duration::hours(1);
    let claimed = claim(&office, later).await;
    let of_healthy = |claimed: &[Delivery]| {
        let of = claimed
            .iter()
            .filter(|delivery| delivery.business_id == healthy);
        of.count()
    };
    assert_eq!((claimed.len(), of_healthy(&claimed)), (AT_ONCE + 1, 1));
    let mut businesses: Vec<_> = claimed
        .iter()
        .map(|delivery| delivery.business_id)
        .collect();
    businesses.sort_unstable();
    businesses.dedup();
    assert_eq!(businesses.len(), AT_ONCE + 1, "one of each");
    assert_eq!(claim(&office, later).await.len(), 0);
}

/// When there is no room for everybody's first, who was not asked comes first next time: nobody's second stands before it.
pub async fn takes_turns(office: Office) {
    const BUSINESSES: u32 = 20;
    const ROOM: u32 = 8;
    for n in 1..=BUSINESSES {
        shop(&office, n).await;
        for caller in 0..3 {
            let session = call(&office, n, caller).await;
            hang_up(&office, &session.key).await;
        }
    }
    let later = NOW + Duration::HOUR;
    let mut claimed = Vec::new();
    for _ in 0..BUSINESSES.div_ceil(ROOM) {
        let some = office.claim_deliveries(later, LEASE, ROOM).await;
        claimed.extend(some.expect("claim_deliveries"));
    }
    let counts: Vec<usize> = (1..=BUSINESSES)
        .map(|n| {
            let id = business(n).id;
            let theirs = claimed.iter().filter(|delivery| delivery.business_id == id);
            theirs.count()
        })
        .collect();
    assert!(
        counts.iter().all(|count| (1..=2).contains(count)),
        "{counts:?}"
    );
    assert_eq!(
        claimed.len(),
        (BUSINESSES.div_ceil(ROOM) * ROOM) as usize,
        "no room is left empty"
    );
}
