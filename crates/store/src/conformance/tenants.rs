//! Laws of businesses and of their being apart.

use time::Duration;
use toran_domain::{Business, BusinessTextError, Pii, RequestedTime, Speaker, Usage};

use super::{
    HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, book, business, key, open, order, phone, settings,
    standing, stream,
};
use crate::{Addition, BookingAnswer, CallEnding, StoreError, TranscriptLine};

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
