//! Laws of calls, leads, transcripts and usage.

use time::{Duration, macros::time};
use toran_domain::{Cost, ModelName, Pii, Proposal, RequestedTime, Speaker, Usage};
use uuid::Uuid;

use super::{NOW, Shared, TUESDAY, add, business, key, lead_id, open, order, stream};
use crate::{
    BookingAnswer, CallAppointment, CallEnding, CallKey, CallOpening, ModelUsage, StoreError,
    TranscriptLine,
};

/// A token works once, and not after its time.
pub async fn redeems_a_stream_token_once(store: Shared) {
    let soon = NOW + Duration::MINUTE;
    let redeem = async |n: u128, expires_at, now| {
        store
            .redeem_stream_token(Uuid::from_u128(n), expires_at, now)
            .await
            .expect("redeem")
    };
    assert!(redeem(1, soon, NOW).await);
    assert!(!redeem(1, soon, NOW).await);
    assert!(redeem(2, soon, NOW).await);
    assert!(!redeem(3, soon, soon).await, "expired");
    // Long after, the id is forgotten, but the token has expired.
    let later = NOW + Duration::DAY;
    assert!(redeem(4, later + Duration::MINUTE, later).await);
    assert!(!redeem(1, soon, later).await);
}

/// One business knows one caller as one lead, with the name that was said last.
pub async fn finds_a_lead_again_by_phone(store: Shared) {
    add(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), Some(7), 1).await;
    assert_eq!((first.lead_id, first.lead_name), (lead_id(1), None));
    for (name, kept) in [
        (Some(" דוד "), "דוד"),
        (Some("\u{7}"), "דוד"),
        (None, "דוד"),
        (Some("דוד כהן"), "דוד כהן"),
    ] {
        let nothing = RequestedTime::default();
        store
            .note_request(&stream(&first.key), nothing, name, NOW)
            .await
            .expect("note_request");
        let session = store
            .call_session(&first.key)
            .await
            .expect("call_session")
            .expect("open");
        assert_eq!(session.lead_name, Some(Pii::new(kept.to_owned())));
    }
    let second = open(&store, &key(1, "CA2"), Some(7), 2).await;
    assert_eq!((second.lead_id, second.resumed), (first.lead_id, false));
    assert_eq!(second.lead_name, Some(Pii::new("דוד כהן".to_owned())));
    let other = open(&store, &key(1, "CA3"), Some(8), 3).await;
    assert_eq!((other.lead_id, other.lead_name), (lead_id(3), None));
    let endless = "א".repeat(200);
    store
        .note_request(
            &stream(&other.key),
            RequestedTime::default(),
            Some(&endless),
            NOW,
        )
        .await
        .expect("note");
    let session = store
        .call_session(&other.key)
        .await
        .expect("call_session")
        .expect("open");
    assert_eq!(
        session.lead_name,
        Some(Pii::new("א".repeat(toran_domain::MAX_NAME_CHARS)))
    );
}

/// Two callers who hide their numbers are not the same caller.
pub async fn makes_a_lead_for_each_withheld_number(store: Shared) {
    add(&store, 1).await;
    let first = open(&store, &key(1, "CA1"), None, 1).await;
    let second = open(&store, &key(1, "CA2"), None, 2).await;
    assert_ne!(first.lead_id, second.lead_id);
    let resumed = open(&store, &key(1, "CA1"), None, 3).await;
    assert_eq!(resumed.lead_id, first.lead_id);
}

/// A call that is opened again is the same call.
pub async fn resumes_a_call(store: Shared) {
    add(&store, 1).await;
    let unknown = CallOpening {
        key: key(2, "CA1"),
        caller: None,
        new_lead_id: lead_id(1),
        now: NOW,
    };
    let refused = store.open_call(&unknown).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownBusiness)),
        "{refused:?}"
    );
    assert_eq!(
        store
            .call_session(&key(1, "CA1"))
            .await
            .expect("call_session"),
        None
    );

    let first = open(&store, &key(1, "CA1"), Some(7), 1).await;
    assert_eq!(
        (first.resumed, first.reconnects, first.ending),
        (false, 0, None)
    );
    assert_eq!(first.last_requested, RequestedTime::default());
    let requested = RequestedTime {
        date: Some(TUESDAY),
        time: Some(time!(10:30)),
    };
    store
        .note_request(&stream(&first.key), requested, None, NOW)
        .await
        .expect("note_request");
    let booked = super::book(&store, &order(&first, TUESDAY, time!(10:30), 1)).await;
    let BookingAnswer::Created(booking) = booked else {
        panic!("{booked:?}")
    };

    // The number is not looked at again: the call keeps its lead.
    let second = open(&store, &key(1, "CA1"), Some(8), 2).await;
    assert_eq!((second.resumed, second.reconnects), (true, 1));
    assert_eq!(
        (second.lead_id, second.last_requested),
        (first.lead_id, requested)
    );
    assert_eq!(
        (second.last_confirmed, second.appointments.as_slice()),
        (
            Some(booking),
            [CallAppointment {
                booking,
                announced: false
            }]
            .as_slice()
        )
    );
    assert_eq!(open(&store, &key(1, "CA1"), Some(7), 3).await.reconnects, 2);
    let read = store
        .call_session(&key(1, "CA1"))
        .await
        .expect("call_session")
        .expect("open");
    assert_eq!(read.reconnects, 2, "reading is not opening");
}

/// Ending twice is ending once.
pub async fn ends_a_call_once(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await.key;
    for (ending, seconds) in [(CallEnding::Completed, 0), (CallEnding::Failed, 5)] {
        let now = NOW + Duration::seconds(seconds);
        store.end_call(&call, ending, now).await.expect("end_call");
        let session = store
            .call_session(&call)
            .await
            .expect("call_session")
            .expect("open");
        assert_eq!(session.ending, Some(CallEnding::Completed));
    }
    let back = open(&store, &call, Some(7), 1).await;
    assert_eq!(back.ending, None, "a call that comes back has not ended");
    let failed = store.end_call(&call, CallEnding::Failed, NOW);
    failed.await.expect("end_call");
    let back = open(&store, &call, Some(7), 1).await;
    assert_eq!(
        back.ending,
        Some(CallEnding::Failed),
        "given up is given up"
    );
}

/// Nothing is written for a call that was never opened.
pub async fn refuses_what_belongs_to_no_call(store: Shared) {
    add(&store, 1).await;
    let call = key(1, "CA1");
    let requested = RequestedTime {
        date: Some(TUESDAY),
        time: None,
    };
    let model = ModelName("gpt-4o-mini".into());
    let refusals = [
        store
            .note_request(&stream(&call), requested, Some("דוד"), NOW)
            .await,
        store
            .append_transcript(&stream(&call), &[line(0, "שלום")])
            .await,
        store
            .add_usage(&stream(&call), &model, Usage::default(), None)
            .await,
        store.end_call(&call, CallEnding::HungUp, NOW).await,
        store
            .note_offers(&stream(&call), &[(TUESDAY, time!(9:00))])
            .await,
        store.keep_alive(&stream(&call), NOW).await,
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(StoreError::UnknownCall)),
            "{refusal:?}"
        );
    }
    let session = open(&store, &call, None, 1).await;
    let mut unopened = order(&session, TUESDAY, time!(10:30), 1);
    unopened.key = key(1, "CA2");
    let refused = store.create_appointment_from_realtime(&unopened).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownCall)),
        "{refused:?}"
    );
    unopened.key = key(2, "CA1");
    assert_eq!(
        super::book(&store, &unopened).await,
        BookingAnswer::UnknownBusiness
    );
    assert_eq!(store.business(business(2).id).await.expect("by id"), None);
}

/// The last request stands, whole, until another names a time.
pub async fn remembers_the_last_request(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await.key;
    let day = RequestedTime {
        date: Some(TUESDAY),
        time: None,
    };
    let hour = RequestedTime {
        date: None,
        time: Some(time!(9:05)),
    };
    for (noted, kept) in [(day, day), (RequestedTime::default(), day), (hour, hour)] {
        store
            .note_request(&stream(&call), noted, None, NOW)
            .await
            .expect("note_request");
        let session = store
            .call_session(&call)
            .await
            .expect("call_session")
            .expect("open");
        assert_eq!(session.last_requested, kept);
    }
}

/// Lines stand in the order in which they were appended, through a reconnect, and the same words may be said twice.
pub async fn keeps_the_transcript_in_order(store: Shared) {
    add(&store, 1).await;
    let opened = open(&store, &key(1, "CA1"), Some(7), 1).await;
    assert_eq!(opened.said, []);
    let call = opened.key;
    let other = open(&store, &key(1, "CA2"), Some(7), 2).await.key;
    append(&store, &call, &[]).await;
    assert_eq!(open(&store, &call, Some(7), 1).await.said, []);
    append(&store, &call, &[line(0, "שלום"), line(1, "שלום לך")]).await;
    append(&store, &other, &[line(0, "הלו")]).await;
    let said = open(&store, &call, Some(7), 1).await.said;
    assert_eq!(said, [line(0, "שלום"), line(1, "שלום לך")]);
    // An earlier instant does not come earlier: the order is that of appending.
    append(
        &store,
        &call,
        &[line(2, "כן"), line(0, "כן"), line(0, "כן")],
    )
    .await;
    let stored = [
        line(0, "שלום"),
        line(1, "שלום לך"),
        line(2, "כן"),
        line(0, "כן"),
        line(0, "כן"),
    ];
    assert_eq!(store.transcript(&call).await.expect("transcript"), stored);
    // What no database takes is left out, and the rest of the line stays.
    append(&store, &other, &[line(1, "א\0ב")]).await;
    let stored = [line(0, "הלו"), line(1, "אב")];
    assert_eq!(store.transcript(&other).await.expect("transcript"), stored);
}

async fn append(store: &Shared, call: &CallKey, lines: &[TranscriptLine]) {
    store
        .append_transcript(&stream(call), lines)
        .await
        .expect("append");
}

/// What is used of one model adds up; an unknown cost stays unknown.
pub async fn adds_up_usage(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await.key;
    let realtime = ModelName("gpt-realtime".into());
    let parser = ModelName("gpt-4o-mini".into());
    let unit = Usage {
        text_in: 1,
        text_in_cached: 2,
        audio_in: 3,
        audio_in_cached: 4,
        text_out: 5,
        audio_out: 6,
        audio_seconds: 1.5,
    };
    let cent = Some(Cost { micro_usd: 10_000 });
    for (model, cost) in [
        (&realtime, cent),
        (&parser, cent),
        (&realtime, cent),
        (&parser, None),
        (&parser, cent),
    ] {
        store
            .add_usage(&stream(&call), model, unit, cost)
            .await
            .expect("add_usage");
    }
    let used = store.usage(&call).await.expect("usage");
    let times = |n: u64, seconds: f64| Usage {
        text_in: n,
        text_in_cached: 2 * n,
        audio_in: 3 * n,
        audio_in_cached: 4 * n,
        text_out: 5 * n,
        audio_out: 6 * n,
        audio_seconds: seconds,
    };
    let expected = [
        ModelUsage {
            model: parser,
            usage: times(3, 4.5),
            cost: None,
        },
        ModelUsage {
            model: realtime.clone(),
            usage: times(2, 3.0),
            cost: Some(Cost { micro_usd: 20_000 }),
        },
    ];
    assert_eq!(used, expected);
    let nonsense = Usage {
        audio_seconds: f64::NAN,
        ..Usage::default()
    };
    store
        .add_usage(&stream(&call), &realtime, nonsense, cent)
        .await
        .expect("a count that is no number");
}

/// A line that was said at second `n`.
fn line(n: u32, text: &str) -> TranscriptLine {
    let speaker = if n.is_multiple_of(2) {
        Speaker::Caller
    } else {
        Speaker::Agent
    };
    TranscriptLine {
        speaker,
        text: Pii::new(text.to_owned()),
        at: NOW + Duration::seconds(n.into()),
    }
}

/// What a yes would mean comes back as it was noted last, whatever is asked for meanwhile; before, it is what was asked for,
/// unheard.
pub async fn remembers_what_a_yes_would_mean(store: Shared) {
    add(&store, 1).await;
    let key = key(1, "CA1");
    let call = stream(&open(&store, &key, Some(7), 1).await.key);
    let proposal = async || {
        let session = store.call_session(&key).await.expect("call_session");
        session.expect("open").proposal
    };
    assert_eq!(proposal().await, Proposal::default());
    let day = RequestedTime {
        date: Some(TUESDAY),
        time: None,
    };
    let asked = store.note_request(&call, day, None, NOW).await;
    asked.expect("note_request");
    let unheard = Proposal {
        table: day,
        ..Proposal::default()
    };
    assert_eq!(proposal().await, unheard);
    let offered = Proposal {
        table: RequestedTime {
            time: Some(time!(10:30)),
            ..day
        },
        heard: day,
    };
    for noted in [offered, Proposal::default(), offered] {
        let done = store.note_proposal(&call, noted).await;
        done.expect("note_proposal");
        assert_eq!(proposal().await, noted);
    }
    let asked = store.note_request(&call, day, None, NOW).await;
    asked.expect("note_request");
    assert_eq!(proposal().await, offered);
}

/// What another gateway needs to take a call over.
pub async fn remembers_what_was_offered_said_and_announced(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    assert_eq!((call.offered, call.said), (vec![], vec![]));
    let offered = [(TUESDAY, time!(10:30)), (TUESDAY, time!(11:00))];
    store
        .note_offers(&stream(&call.key), &[(TUESDAY, time!(9:00))])
        .await
        .expect("note_offers");
    store
        .note_offers(&stream(&call.key), &offered)
        .await
        .expect("note_offers");
    let said: Vec<TranscriptLine> = (0..20).map(|n| line(n, &format!("משפט {n}"))).collect();
    append(&store, &call.key, &said).await;
    let resumed = open(&store, &call.key, Some(7), 1).await;
    assert_eq!(resumed.offered, offered);
    assert_eq!(resumed.said, said[said.len() - crate::SAID_LINES..]);
    let too_many = vec![offered[0]; 3 * crate::MAX_OFFERED];
    store
        .note_offers(&stream(&call.key), &too_many)
        .await
        .expect("note_offers");
    let resumed = open(&store, &call.key, Some(7), 1).await;
    assert_eq!(resumed.offered, too_many[..crate::MAX_OFFERED]);

    let announced = async |n: u32| {
        let session = open(&store, &call.key, Some(7), n.into()).await;
        session
            .appointments
            .iter()
            .map(|made| made.announced)
            .collect::<Vec<_>>()
    };
    let booked = super::book(&store, &order(&resumed, TUESDAY, time!(10:30), 1)).await;
    let BookingAnswer::Created(booking) = booked else {
        panic!("{booked:?}")
    };
    assert_eq!(announced(1).await, [false]);
    let other = open(&store, &key(1, "CA2"), Some(8), 2).await.key;
    store
        .mark_announced(&stream(&other), &booking)
        .await
        .expect("mark_announced");
    assert_eq!(
        announced(1).await,
        [false],
        "another call announces nothing here"
    );
    store
        .mark_announced(&stream(&call.key), &booking)
        .await
        .expect("mark_announced");
    assert_eq!(announced(1).await, [true]);
    // Elsewhere it has not been heard of yet, not even by a late word on where it stood.
    assert!(!resumed.one_more);
    super::book(&store, &order(&resumed, TUESDAY, time!(11:00), 2)).await;
    let late = store.mark_announced(&stream(&call.key), &booking).await;
    late.expect("mark_announced");
    assert_eq!(announced(1).await, [false]);
    store
        .note_one_more(&stream(&call.key))
        .await
        .expect("note_one_more");
    assert!(open(&store, &call.key, Some(7), 1).await.one_more);
    super::book(&store, &super::one_more(&resumed, time!(12:00), 3)).await;
    assert!(
        !open(&store, &call.key, Some(7), 1).await.one_more,
        "it was made"
    );
}

/// A call that no gateway has seen for long is over; one that is kept alive, or comes back, is not.
pub async fn ends_calls_that_nobody_has_seen(store: Shared) {
    add(&store, 1).await;
    let mut keys = Vec::new();
    for n in 1..=3 {
        keys.push(
            open(&store, &key(1, &format!("CA{n}")), Some(n), n.into())
                .await
                .key,
        );
    }
    let later = NOW + Duration::hours(1);
    store
        .keep_alive(&stream(&keys[0]), later)
        .await
        .expect("keep_alive");
    store
        .end_call(&keys[1], CallEnding::HungUp, NOW)
        .await
        .expect("end_call");
    let sweep = async || {
        store
            .end_abandoned_calls(later, later)
            .await
            .expect("end_abandoned_calls")
    };
    assert_eq!((sweep().await, sweep().await), (1, 0));
    let mut endings = Vec::new();
    for key in &keys {
        let session = store
            .call_session(key)
            .await
            .expect("call_session")
            .expect("open");
        endings.push(session.ending);
    }
    assert_eq!(
        endings,
        [None, Some(CallEnding::HungUp), Some(CallEnding::Abandoned)]
    );
    let opening = CallOpening {
        key: keys[2].clone(),
        caller: None,
        new_lead_id: lead_id(9),
        now: later,
    };
    let back = store.open_call(&opening).await.expect("open_call");
    assert_eq!((back.ending, back.reconnects), (None, 1));
    assert_eq!(sweep().await, 0);
}
