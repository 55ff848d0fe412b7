//! Laws of the streams of a call, and of its way to a person.

use time::{Duration, macros::time};
use toran_domain::{ModelName, Pii, Proposal, RequestedTime, Speaker, TaskId, Usage};
use uuid::Uuid;

use super::{NOW, Shared, TUESDAY, add, book, key as key_of, open, order, phone, standing};
use crate::{BookingAnswer, CallEnding, CallStream, StoreError, TranscriptLine, TransferState};

/// What an older stream of a call still orders is not done, and it does not end what goes on elsewhere.
pub async fn gives_a_call_to_its_newest_stream(store: Shared) {
    add(&store, 1).await;
    let key = key_of(1, "CA1");
    open(&store, &key, Some(7), 1).await;
    let take_over = async || {
        let taken = store.take_over(&key, NOW).await.expect("take_over");
        taken.expect("open")
    };
    let older = take_over().await;
    let newer = take_over().await;
    assert!(older.epoch < newer.epoch);
    let late = order(&older, TUESDAY, time!(10:00), 1);
    let refused = store.create_appointment_from_realtime(&late).await;
    assert!(
        matches!(refused, Err(StoreError::Superseded)),
        "{refused:?}"
    );
    let booked = book(&store, &order(&newer, TUESDAY, time!(11:00), 2)).await;
    assert!(matches!(booked, BookingAnswer::Created(_)), "{booked:?}");
    let ending = async |stream: &CallStream| {
        let ended = store.end_stream(stream, CallEnding::HungUp, NOW).await;
        let session = store.call_session(&key).await.expect("call_session");
        (ended, session.expect("open").ending)
    };
    let (refused, ended) = ending(&older.stream()).await;
    assert!(
        matches!(refused, Err(StoreError::Superseded)),
        "{refused:?}"
    );
    assert_eq!(ended, None);
    let (done, ended) = ending(&newer.stream()).await;
    done.expect("end_stream");
    assert_eq!(ended, Some(CallEnding::HungUp));
    let unknown = store.take_over(&key_of(1, "CA-nobody"), NOW).await;
    assert_eq!(unknown.expect("take_over"), None);
}

/// A stream whose call has ended without it learns so by its next sign of life, and brings nothing back to life.
pub async fn tells_a_stream_that_its_call_is_over(store: Shared) {
    add(&store, 1).await;
    let key = key_of(1, "CA1");
    let stream = open(&store, &key, None, 1).await.stream();
    let later = NOW + Duration::minutes(1);
    store.keep_alive(&stream, later).await.expect("live");
    let ended = store.end_call(&key, CallEnding::Completed, later);
    ended.await.expect("end_call");
    let alive = store
        .keep_alive(&stream, later + Duration::minutes(1))
        .await;
    assert!(matches!(alive, Err(StoreError::Superseded)), "{alive:?}");
    let session = store.call_session(&key).await.expect("call_session");
    let ending = session.and_then(|session| session.ending);
    assert_eq!(ending, Some(CallEnding::Completed));
}

/// Whatever a superseded stream still writes is refused, and changes nothing; what the newest one writes is done.
pub async fn lets_no_superseded_stream_write(store: Shared) {
    add(&store, 1).await;
    let call = open(&store, &key_of(1, "CA1"), None, 1).await;
    let take_over = async || {
        let taken = store.take_over(&call.key, NOW).await.expect("take_over");
        taken.expect("open")
    };
    let first = take_over().await;
    let booked = book(&store, &order(&first, TUESDAY, time!(10:00), 1)).await;
    let BookingAnswer::Created(booking) = booked else {
        panic!("{booked:?}")
    };
    let newest = take_over().await;
    let seen = async || {
        (
            store.call_session(&call.key).await.expect("call_session"),
            store.transcript(&call.key).await.expect("transcript"),
            store.usage(&call.key).await.expect("usage"),
            standing(&store, 1).await,
        )
    };
    let before = seen().await;
    for (n, refusal) in (0..).zip(write_everything(&store, &first.stream(), &booking).await) {
        assert!(
            matches!(refusal, Err(StoreError::Superseded)),
            "write {n}: {refusal:?}"
        );
    }
    assert_eq!(seen().await, before);
    // It has not said that it lives, either.
    let later = NOW + Duration::hours(1);
    let ended = store.end_abandoned_calls(later, later).await;
    assert_eq!(ended.expect("end_abandoned_calls"), 1);
    for (n, done) in (0..).zip(write_everything(&store, &newest.stream(), &booking).await) {
        assert!(done.is_ok(), "write {n}: {done:?}");
    }
    let (session, transcript, usage, rows) = seen().await;
    let session = session.expect("open");
    assert_eq!(session.caller_name, Some(Pii::new("דוד".to_owned())));
    assert!(session.one_more && session.appointments[0].announced);
    assert_eq!(session.offered.len(), 1);
    assert_eq!(session.proposal.heard.date, Some(TUESDAY));
    assert_eq!(session.transfer, Some(TransferState::Wanted));
    assert_eq!((transcript.len(), usage.len()), (1, 1));
    assert_eq!(rows[0].given_phone, Some(phone(9)));
    assert_eq!(session.ending, Some(CallEnding::HungUp));
}

/// Every write that a stream can make; the end comes last.
async fn write_everything(
    store: &Shared,
    stream: &CallStream,
    booking: &toran_domain::Booking,
) -> Vec<Result<(), StoreError>> {
    let later = NOW + Duration::hours(2);
    let requested = RequestedTime {
        date: Some(TUESDAY),
        time: None,
    };
    let proposal = Proposal {
        table: requested,
        heard: requested,
    };
    let model = ModelName("gpt-4o-mini".into());
    let said = TranscriptLine {
        speaker: Speaker::Caller,
        text: Pii::new("שלום".to_owned()),
        at: NOW,
    };
    vec![
        store
            .note_request(stream, requested, Some("דוד"), NOW)
            .await,
        store.note_offers(stream, &[(TUESDAY, time!(9:00))]).await,
        store.note_proposal(stream, proposal).await,
        store.note_held(stream, booking).await,
        store.note_one_more(stream).await,
        store.note_phone(stream, &phone(9)).await,
        store.mark_announced(stream, booking).await,
        store.append_transcript(stream, &[said]).await,
        store
            .add_usage(stream, &model, Usage::default(), None)
            .await,
        store.name_made(stream, "דוד").await,
        store.note_transfer_told(stream).await,
        store.withdraw_transfer(stream).await,
        store.request_transfer(stream, NOW).await,
        store.keep_alive(stream, later).await,
        store.end_stream(stream, CallEnding::HungUp, later).await,
    ]
}

/// A caller who asks for a person is dialled to one; if nobody takes the call, the caller comes back and is told of it, by whichever
/// stream gets to it.
pub async fn carries_a_call_to_a_person(store: Shared) {
    use TransferState::{Answered, Dialling, Wanted};
    add(&store, 1).await;
    let key = key_of(1, "CA1");
    open(&store, &key, Some(7), 1).await;
    let take_over = async || {
        let taken = store.take_over(&key, NOW).await.expect("take_over");
        taken.expect("open")
    };
    let begin = async |now| store.begin_transfer(&key, now).await.expect("begin");
    let end = async |answered| {
        let ended = store.end_transfer(&key, answered, task_id(1), NOW + Duration::hours(3));
        ended.await.expect("end_transfer");
    };
    let state = async || {
        let session = store.call_session(&key).await.expect("call_session");
        let session = session.expect("open");
        (session.transfer, session.ending)
    };
    let sweep = async |seen_before| {
        let ended = store.end_abandoned_calls(seen_before, seen_before).await;
        ended.expect("end_abandoned_calls")
    };
    let call = take_over().await;
    assert!(!begin(NOW).await, "nobody asked for a person");
    end(true).await;
    assert_eq!(state().await, (None, None));
    let wanted = async |stream: &CallStream| {
        let wanted = store.request_transfer(stream, NOW).await;
        wanted.expect("request_transfer");
    };
    wanted(&call.stream()).await;
    assert_eq!(state().await, (Some(Wanted), None));
    // The stream makes way, and may well say that it has ended.
    let making_way = call.stream();
    let ended = store.end_stream(&making_way, CallEnding::HungUp, NOW);
    ended.await.expect("end_stream");
    assert!(begin(NOW).await && begin(NOW).await);
    assert_eq!(state().await, (Some(Dialling), None));
    assert_eq!(sweep(NOW + Duration::hours(4)).await, 0);
    // A last sign of life of the stream that made way shortens nothing.
    let alive = store.keep_alive(&making_way, NOW + Duration::SECOND);
    alive.await.expect("keep_alive");
    assert_eq!(sweep(NOW + Duration::hours(4)).await, 0);
    end(false).await;
    assert!(!begin(NOW).await);
    let failed = Some(TransferState::Failed);
    let silent = take_over().await;
    assert_eq!(silent.transfer, failed);
    // That stream died before it could say so.
    let back = take_over().await;
    assert_eq!(back.transfer, failed);
    let told = store.note_transfer_told(&back.stream()).await;
    told.expect("note_transfer_told");
    assert_eq!(take_over().await.transfer, None, "told once");
    assert_eq!(state().await, (None, None));
    // Who is on the line again was not taken by anybody, whatever the provider does not say.
    wanted(&take_over().await.stream()).await;
    assert!(begin(NOW).await);
    assert_eq!(take_over().await.transfer, failed);

    wanted(&take_over().await.stream()).await;
    assert!(begin(NOW).await);
    end(true).await;
    end(false).await;
    let answered = (Some(Answered), Some(CallEnding::Completed));
    assert_eq!(state().await, answered);
    assert!(!begin(NOW).await);
    assert_eq!(state().await, answered);
    let unknown = key_of(1, "CA-nobody");
    let refused = store.begin_transfer(&unknown, NOW).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownCall)),
        "{refused:?}"
    );
}

fn task_id(n: u128) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(n))
}

/// What a stream takes back or has told is gone; what is on its way is not.
pub async fn forgets_that_a_person_was_wanted(store: Shared) {
    use TransferState::{Dialling, Failed, Wanted};
    add(&store, 1).await;
    let key = key_of(1, "CA1");
    open(&store, &key, Some(7), 1).await;
    let stream = super::stream(&key);
    let check = async |expected| {
        let session = store.call_session(&key).await.expect("call_session");
        assert_eq!(session.expect("open").transfer, expected);
    };
    let withdraw = async || store.withdraw_transfer(&stream).await.expect("withdraw");
    let told = async || store.note_transfer_told(&stream).await.expect("told");
    let request = async || store.request_transfer(&stream, NOW).await.expect("request");
    withdraw().await;
    check(None).await;
    request().await;
    told().await;
    check(Some(Wanted)).await;
    withdraw().await;
    check(None).await;
    assert!(!store.begin_transfer(&key, NOW).await.expect("begin"));
    request().await;
    assert!(store.begin_transfer(&key, NOW).await.expect("begin"));
    withdraw().await;
    told().await;
    check(Some(Dialling)).await;
    let ended = store.end_transfer(&key, false, task_id(1), NOW).await;
    ended.expect("end_transfer");
    withdraw().await;
    check(Some(Failed)).await;
    told().await;
    check(None).await;
    // The gateway died before anybody was dialled, or before it heard what came of it.
    let sweep = async |seen_before| {
        let ended = store.end_abandoned_calls(seen_before, seen_before).await;
        ended.expect("end_abandoned_calls")
    };
    let ended = store.end_stream(&stream, CallEnding::HungUp, NOW).await;
    ended.expect("end_stream");
    request().await;
    assert_eq!(sweep(NOW).await, 0);
    check(Some(Wanted)).await;
    assert_eq!(sweep(NOW + Duration::SECOND).await, 0);
    check(Some(Failed)).await;
    request().await;
    assert!(store.begin_transfer(&key, NOW).await.expect("begin"));
    assert_eq!(sweep(NOW + Duration::hours(4)).await, 0);
    check(Some(Dialling)).await;
    assert_eq!(sweep(NOW + Duration::hours(5)).await, 1);
    check(Some(Failed)).await;
}
