//! Laws of businesses and of their being apart.

use std::num::NonZeroU16;

use time::Duration;
use toran_domain::{
    AgentGender, Business, BusinessTextError, Limits, PhoneNumber, Pii, RequestedTime, Speaker,
    Terms, Usage,
};

use super::{
    HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, book, business, key, open, order, phone, settings,
    standing, stream,
};
use crate::{
    Addition, BookingAnswer, BusinessChange, CallEnding, NumberAddition, StoreError,
    TranscriptLine, Update,
};

/// A business is found by its number and by its id, as it was added.
pub async fn adds_and_finds_a_business(store: Shared) {
    let (first, second) = (add(&store, 1).await, add(&store, 2).await);
    let by_number = store.business_by_called_number(&second.called_number).await;
    assert_eq!(by_number.expect("by number"), Some(second.clone()));
    assert_eq!(
        store.business(first.id).await.expect("by id"),
        Some(first.clone())
    );
    assert_eq!(store.businesses().await.expect("list"), [first, second]);
    let stranger = business(3);
    assert_eq!(store.business(stranger.id).await.expect("by id"), None);
    let by_number = store
        .business_by_called_number(&stranger.called_number)
        .await;
    assert_eq!(by_number.expect("by number"), None);
    for later in [Duration::ZERO, Duration::SECOND] {
        store.takes_writes(NOW + later).await.expect("takes_writes");
    }
}

/// Conflicts are answers, and leave nothing behind.
pub async fn refuses_a_taken_number_id_or_bad_name(store: Shared) {
    let first = add(&store, 1).await;
    let attempts = [
        (
            Business {
                id: business(2).id,
                ..first.clone()
            },
            Addition::NumberTaken,
        ),
        (
            Business {
                id: first.id,
                ..business(2)
            },
            Addition::IdTaken,
        ),
        (
            Business {
                name: " ".into(),
                ..business(2)
            },
            Addition::BadName(BusinessTextError::EmptyName),
        ),
        (
            Business {
                agent_name: Some("א".repeat(121)),
                ..business(2)
            },
            Addition::BadName(BusinessTextError::TooLong {
                found: 121,
                limit: 120,
            }),
        ),
    ];
    for (attempt, expected) in attempts {
        assert_eq!(
            store.add_business(&attempt).await.expect("add_business"),
            expected
        );
    }
    assert_eq!(store.businesses().await.expect("list"), [first]);
    let untrimmed = Business {
        name: " שתיים ".into(),
        agent_name: None,
        ..business(2)
    };
    assert_eq!(
        store.add_business(&untrimmed).await.expect("add_business"),
        Addition::Added
    );
    let stored = store
        .business(untrimmed.id)
        .await
        .expect("by id")
        .expect("stored");
    assert_eq!((stored.name.as_str(), stored.agent_name), ("שתיים", None));
}

/// New settings replace the old ones, of one business.
pub async fn replaces_settings(store: Shared) {
    let (first, second) = (add(&store, 1).await, add(&store, 2).await);
    assert!(
        store
            .update_settings(first.id, &settings(20))
            .await
            .expect("update")
    );
    assert!(
        !store
            .update_settings(business(3).id, &settings(20))
            .await
            .expect("update")
    );
    let stored = store.businesses().await.expect("list");
    assert_eq!(
        stored,
        [
            Business {
                settings: settings(20),
                ..first
            },
            second
        ]
    );
}

/// The same call id, the same phone number, the same hour: two businesses know nothing of each other.
pub async fn keeps_tenants_apart(store: Shared) {
    let (_, other) = (add(&store, 1).await, add(&store, 2).await);
    let (here, there) = (key(1, "CA1"), key(2, "CA1"));
    let mine = open(&store, &here, Some(7), 1).await;
    fill(&store, &here).await;
    let booked = book(&store, &order(&mine, TUESDAY, HALF_PAST_FOUR, 1)).await;
    assert!(matches!(booked, BookingAnswer::Created(_)), "{booked:?}");

    assert_eq!(
        store.call_session(&there).await.expect("call_session"),
        None
    );
    assert!(
        store
            .transcript(&there)
            .await
            .expect("transcript")
            .is_empty()
    );
    assert!(store.usage(&there).await.expect("usage").is_empty());
    let week = Duration::days(7);
    assert!(
        store
            .busy(other.id, NOW, NOW + week)
            .await
            .expect("busy")
            .is_empty()
    );
    assert!(standing(&store, 2).await.is_empty());

    let theirs = open(&store, &there, Some(7), 2).await;
    assert_ne!(theirs.lead_id, mine.lead_id);
    assert_eq!(
        (theirs.lead_name, theirs.last_confirmed, theirs.resumed),
        (None, None, false)
    );
    assert_eq!(theirs.said, []);
    assert_eq!(theirs.ending, None);
    let theirs = open(&store, &there, Some(7), 2).await;
    let booked = book(&store, &order(&theirs, TUESDAY, HALF_PAST_FOUR, 2)).await;
    assert!(matches!(booked, BookingAnswer::Created(_)), "{booked:?}");

    // A lead of one business cannot book in another, even over a call of the other's.
    let mut foreign = order(&theirs, TUESDAY, time::macros::time!(10:00), 3);
    foreign.lead_id = mine.lead_id;
    let refused = store.create_appointment_from_realtime(&foreign).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownCall)),
        "{refused:?}"
    );
    assert_eq!(standing(&store, 2).await.len(), 1);
}

/// Removing a business takes all of it, and nothing of another.
pub async fn removes_a_business_and_everything_of_it(store: Shared) {
    for n in [1, 2] {
        add(&store, n).await;
        let session = open(&store, &key(n, "CA1"), Some(7), n.into()).await;
        fill(&store, &session.key).await;
        book(&store, &order(&session, TUESDAY, HALF_PAST_FOUR, n.into())).await;
    }
    assert!(store.remove_business(business(1).id).await.expect("remove"));
    assert!(
        !store
            .remove_business(business(1).id)
            .await
            .expect("remove again")
    );

    assert_eq!(store.business(business(1).id).await.expect("by id"), None);
    assert_eq!(
        store
            .call_session(&key(1, "CA1"))
            .await
            .expect("call_session"),
        None
    );
    assert!(
        store
            .transcript(&key(1, "CA1"))
            .await
            .expect("transcript")
            .is_empty()
    );
    assert!(standing(&store, 1).await.is_empty());
    let kept = store
        .call_session(&key(2, "CA1"))
        .await
        .expect("call_session")
        .expect("kept");
    assert_eq!(kept.appointments.len(), 1);
    assert_eq!(kept.said.len(), 1);

    // Its number and its ids are free again.
    add(&store, 1).await;
    let again = open(&store, &key(1, "CA1"), Some(7), 1).await;
    assert_eq!((again.resumed, again.lead_name), (false, None));
}

/// What is told of a business and how it is served is kept as it was added, and changed field by field, in one business alone.
pub async fn keeps_and_changes_how_a_business_is_served(store: Shared) {
    let limit = |most: u16| NonZeroU16::new(most);
    let added = Business {
        terms: Terms {
            voice: Some("cedar".parse().expect("a voice")),
            disclosure: Some("השיחה מוקלטת".parse().expect("a disclosure")),
            limits: Limits {
                calls: limit(3),
                calls_per_hour: limit(4),
                appointments: limit(5),
            },
            suspended: true,
        },
        ..business(1)
    };
    let addition = store.add_business(&added).await;
    assert_eq!(addition.expect("add_business"), Addition::Added);
    let other = add(&store, 2).await;
    let found = async |id| store.business(id).await.expect("business");
    assert_eq!(found(added.id).await, Some(added.clone()));
    let change = BusinessChange {
        name: Some(" אחר ".into()),
        agent_gender: Some(AgentGender::Male),
        voice: Some(None),
        calls: Some(limit(9)),
        suspended: Some(false),
        ..BusinessChange::default()
    };
    let mut expected = Business {
        name: "אחר".into(),
        agent_gender: AgentGender::Male,
        ..added.clone()
    };
    expected.terms.voice = None;
    expected.terms.limits.calls = limit(9);
    expected.terms.suspended = false;
    let update = async |id, change: &BusinessChange| {
        store
            .update_business(id, change)
            .await
            .expect("update_business")
    };
    let done = Update::Done(Box::new(expected.clone()));
    assert_eq!(update(added.id, &change).await, done);
    assert_eq!(found(added.id).await, Some(expected.clone()));
    assert_eq!(found(other.id).await, Some(other.clone()));
    assert_eq!(update(business(3).id, &change).await, Update::Unknown);
    let nameless = BusinessChange {
        name: Some(" ".into()),
        ..change
    };
    let refused = Update::BadName(BusinessTextError::EmptyName);
    assert_eq!(update(added.id, &nameless).await, refused);
    assert_eq!(found(added.id).await, Some(expected));
}

/// A business is found by each of its numbers, and a number is one business's, however it came to it.
pub async fn is_called_at_several_numbers(store: Shared) {
    let (first, second) = (add(&store, 1).await, add(&store, 2).await);
    let further = phone(70);
    let called = async |number: &PhoneNumber| {
        let found = store.business_by_called_number(number).await;
        found
            .expect("business_by_called_number")
            .map(|business| business.id)
    };
    let add_number = async |id, number: &PhoneNumber| {
        store
            .add_called_number(id, number)
            .await
            .expect("add_called_number")
    };
    assert_eq!(called(&further).await, None);
    for _ in 0..2 {
        assert_eq!(add_number(first.id, &further).await, NumberAddition::Added);
    }
    assert_eq!(called(&further).await, Some(first.id));
    assert_eq!(called(&first.called_number).await, Some(first.id));
    assert_eq!(add_number(second.id, &further).await, NumberAddition::Taken);
    assert_eq!(
        add_number(first.id, &second.called_number).await,
        NumberAddition::Taken
    );
    assert_eq!(
        add_number(business(3).id, &phone(71)).await,
        NumberAddition::Unknown
    );
    let third = Business {
        called_number: further.clone(),
        ..business(3)
    };
    let added = store.add_business(&third).await.expect("add_business");
    assert_eq!(added, Addition::NumberTaken);
    let to = |number: &PhoneNumber| BusinessChange {
        called_number: Some(number.clone()),
        ..BusinessChange::default()
    };
    let taken = store.update_business(second.id, &to(&further)).await;
    assert_eq!(taken.expect("update_business"), Update::NumberTaken);
    // A further number may become its own, and then the other one is nobody's.
    let changed = store.update_business(first.id, &to(&further)).await;
    assert!(matches!(changed, Ok(Update::Done(_))), "{changed:?}");
    assert_eq!(called(&further).await, Some(first.id));
    assert_eq!(called(&first.called_number).await, None);
    let numbers = async || {
        store
            .called_numbers(first.id)
            .await
            .expect("called_numbers")
    };
    assert_eq!(numbers().await, std::slice::from_ref(&further));
    assert_eq!(add_number(first.id, &phone(5)).await, NumberAddition::Added);
    assert_eq!(numbers().await, [further.clone(), phone(5)]);
    let remove = async |number: &PhoneNumber| {
        store
            .remove_called_number(first.id, number)
            .await
            .expect("remove_called_number")
    };
    assert!(!remove(&further).await, "its own number stays");
    assert!(remove(&phone(5)).await && !remove(&phone(5)).await);
    assert_eq!(called(&phone(5)).await, None);
    assert!(
        store
            .remove_business(first.id)
            .await
            .expect("remove_business")
    );
    assert_eq!(called(&further).await, None);
    assert_eq!(numbers().await, []);
}

/// Who calls is known before the call is taken: whether they are blocked, and how often they called within the hour. Of a
/// withheld number nothing is known.
pub async fn knows_who_calls_before_taking_the_call(store: Shared) {
    let (first, second) = (add(&store, 1).await, add(&store, 2).await);
    let later = NOW + Duration::minutes(30);
    let standing = async |business: &Business, caller: Option<&PhoneNumber>, now| {
        let found = store.answering(&business.called_number, caller, now).await;
        let found = found.expect("answering").expect("a business");
        assert_eq!(found.business.id, business.id);
        (found.blocked, found.recent_calls)
    };
    let caller = phone(7);
    open(&store, &key(1, "CA1"), Some(7), 1).await;
    open(&store, &key(1, "CA2"), Some(7), 1).await;
    open(&store, &key(1, "CA3"), Some(8), 2).await;
    open(&store, &key(1, "CA4"), None, 3).await;
    assert_eq!(standing(&first, Some(&caller), later).await, (false, 2));
    assert_eq!(standing(&second, Some(&caller), later).await, (false, 0));
    assert_eq!(standing(&first, None, later).await, (false, 0));
    let next_hour = NOW + Duration::minutes(61);
    assert_eq!(standing(&first, Some(&caller), next_hour).await, (false, 0));
    let block = async |id| {
        store
            .block_number(id, &caller, NOW)
            .await
            .expect("block_number")
    };
    assert!(block(first.id).await && block(first.id).await);
    assert!(!block(business(3).id).await);
    assert_eq!(standing(&first, Some(&caller), later).await, (true, 2));
    assert_eq!(standing(&second, Some(&caller), later).await, (false, 0));
    let blocked = store
        .blocked_numbers(first.id)
        .await
        .expect("blocked_numbers");
    assert_eq!(blocked, std::slice::from_ref(&caller));
    let unblock = async || {
        store
            .unblock_number(first.id, &caller)
            .await
            .expect("unblock_number")
    };
    assert!(unblock().await && !unblock().await);
    assert_eq!(standing(&first, Some(&caller), later).await, (false, 2));
    let nobody = store
        .answering(&phone(99), None, NOW)
        .await
        .expect("answering");
    assert_eq!(nobody, None);
}

/// The number for transferred calls is kept as it was added, changed, and taken away, in one business alone.
pub async fn keeps_the_number_for_transfers(store: Shared) {
    let with_number = Business {
        transfer_number: Some(phone(1)),
        ..business(1)
    };
    let added = store.add_business(&with_number).await;
    assert_eq!(added.expect("add_business"), Addition::Added);
    add(&store, 2).await;
    let number = async |n: u32| {
        let found = store.business(business(n).id).await.expect("business");
        let by_number = store
            .business_by_called_number(&business(n).called_number)
            .await;
        let found = found.expect("added");
        assert_eq!(by_number.expect("business"), Some(found.clone()));
        found.transfer_number
    };
    assert_eq!((number(1).await, number(2).await), (Some(phone(1)), None));
    for changed in [Some(phone(2)), None, Some(phone(3))] {
        let set = store.set_transfer_number(business(2).id, changed.as_ref());
        assert!(set.await.expect("set_transfer_number"));
        assert_eq!(
            (number(1).await, number(2).await),
            (Some(phone(1)), changed)
        );
    }
    let unknown = store.set_transfer_number(business(3).id, None).await;
    assert!(!unknown.expect("set_transfer_number"));
}

/// Gives a call something of every kind.
async fn fill(store: &Shared, key: &crate::CallKey) {
    let requested = RequestedTime {
        date: Some(TUESDAY),
        time: None,
    };
    store
        .note_request(&stream(key), requested, Some("דוד"), NOW)
        .await
        .expect("note_request");
    let text = Pii::new("שלום".to_owned());
    let line = TranscriptLine {
        speaker: Speaker::Caller,
        text,
        at: NOW,
    };
    store
        .append_transcript(&stream(key), &[line])
        .await
        .expect("append_transcript");
    let usage = Usage {
        text_in: 1,
        ..Usage::default()
    };
    let model = toran_domain::ModelName("gpt-4o-mini".into());
    store
        .add_usage(&stream(key), &model, usage, None)
        .await
        .expect("add_usage");
    store
        .end_call(key, CallEnding::HungUp, NOW)
        .await
        .expect("end_call");
}
