//! Round after round: many events, a store that goes away, and the end.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use toran_crm::{ConfigError, Courier, CrmConfig};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use support::{ListedOutbox, Logged, START, Told, courier, delivery, event_id, quick};

/// A receiver that answers at once, and at `/slow` after this long.
async fn receiver(slow: Duration) -> MockServer {
    let server = MockServer::start().await;
    for (at, delay) in [("/", Duration::ZERO), ("/slow", slow)] {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(200).set_delay(delay))
            .mount(&server)
            .await;
    }
    server
}

fn run(courier: Courier) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { courier.run(stop).await }
    });
    (stop, running)
}

async fn until(what: impl Fn() -> bool) {
    let waited = async {
        while !what() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), waited)
        .await
        .expect("it comes about");
}

#[tokio::test]
async fn many_events_go_a_few_at_once() {
    let server = receiver(Duration::from_millis(50)).await;
    let slow = format!("{}/slow", server.uri());
    let outbox = ListedOutbox::new((1..=7).map(|number| delivery(number, &slow)));
    let config = CrmConfig {
        concurrency: 3,
        ..quick()
    };
    let (stop, running) = run(courier(&outbox, config));
    until(|| outbox.told().len() == 7).await;
    stop.cancel();
    running.await.unwrap();

    let state = outbox.state();
    assert_eq!(state.most_under_way, 3);
    for (lease, limit) in &state.claims {
        assert!((1..=3).contains(limit), "{limit}");
        assert!(*lease > time::Duration::seconds(15), "{lease}");
    }
}

#[tokio::test]
async fn a_slow_receiver_holds_up_no_other() {
    let server = receiver(Duration::from_secs(2)).await;
    let slow = format!("{}/slow", server.uri());
    let quickly = (2..=6).map(|number| delivery(number, &server.uri()));
    let outbox = ListedOutbox::new([delivery(1, &slow)].into_iter().chain(quickly));
    let config = CrmConfig {
        concurrency: 2,
        ..quick()
    };
    let (stop, running) = run(courier(&outbox, config));
    until(|| outbox.told().len() == 5).await;
    stop.cancel();
    running.await.unwrap();
    let told = outbox.told();
    assert_eq!(told.len(), 6);
    assert_eq!(told[5], Told::Delivered(event_id(1)));
}

#[tokio::test]
async fn what_is_under_way_at_the_end_is_finished() {
    let server = receiver(Duration::from_millis(400)).await;
    let slow = format!("{}/slow", server.uri());
    let outbox = ListedOutbox::new([delivery(1, &slow)]);
    let (stop, running) = run(courier(&outbox, quick()));
    until(|| outbox.state().under_way == 1).await;
    stop.cancel();
    outbox.state().due.push((START, delivery(2, &slow)));
    running.await.unwrap();
    assert_eq!(outbox.told(), [Told::Delivered(event_id(1))]);
}

#[tokio::test]
async fn the_end_waits_no_longer_than_a_request_may_take() {
    let server = receiver(Duration::from_mins(1)).await;
    let slow = format!("{}/slow", server.uri());
    let outbox = ListedOutbox::new([delivery(1, &slow)]);
    let config = CrmConfig {
        request_timeout: Duration::from_millis(200),
        ..quick()
    };
    let (stop, running) = run(courier(&outbox, config));
    until(|| outbox.state().under_way == 1).await;
    stop.cancel();
    timeout(Duration::from_secs(5), running)
        .await
        .expect("it ends")
        .unwrap();
    assert!(matches!(outbox.told().as_slice(), [Told::Failed { .. }]));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_said_once_and_asked_after_less_and_less() {
    let (logged, _guard) = Logged::from_here();
    let outbox = ListedOutbox::new([]);
    let (stop, running) = run(courier(&outbox, CrmConfig::default()));
    sleep(Duration::from_millis(9_500)).await;
    assert_eq!(outbox.state().claims.len(), 10);
    outbox.state().away = true;
    sleep(Duration::from_mins(10)).await;
    let asked = outbox.state().claims.len() - 10;
    assert!((20..=25).contains(&asked), "{asked}");
    assert_eq!(logged.lines("WARN").len(), 1, "{}", logged.text());
    assert_eq!(logged.lines("INFO").len(), 0, "{}", logged.text());

    outbox.state().away = false;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(logged.lines("INFO").len(), 1, "{}", logged.text());
    assert!(outbox.state().claims.len() > 10 + asked + 25);
    stop.cancel();
    running.await.unwrap();
    assert_eq!(logged.lines("WARN").len(), 1, "{}", logged.text());
}

#[tokio::test]
async fn a_store_that_is_away_is_an_error_of_one_round() {
    let outbox = ListedOutbox::new([]);
    outbox.state().away = true;
    assert!(courier(&outbox, quick()).deliver_due().await.is_err());
}

#[tokio::test]
async fn a_report_is_made_again() {
    let (logged, _guard) = Logged::from_here();
    let server = receiver(Duration::ZERO).await;
    let outbox = ListedOutbox::new([delivery(1, &server.uri())]);
    outbox.state().refused_reports = 2;
    courier(&outbox, quick()).deliver_due().await.unwrap();
    assert_eq!(outbox.told(), [Told::Delivered(event_id(1))]);
    assert_eq!(logged.lines("WARN").len(), 0, "{}", logged.text());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_that_cannot_be_made_is_left_to_the_lease() {
    let (logged, _guard) = Logged::from_here();
    let server = receiver(Duration::ZERO).await;
    let outbox = ListedOutbox::new([delivery(1, &server.uri())]);
    outbox.state().refused_reports = 99;
    courier(&outbox, quick()).deliver_due().await.unwrap();
    assert_eq!(outbox.told(), []);
    assert_eq!(outbox.state().refused_reports, 96);
    assert_eq!(logged.lines("WARN").len(), 1, "{}", logged.text());
}

#[tokio::test]
async fn an_attempt_that_panics_ends_no_other() {
    let (logged, _guard) = Logged::from_here();
    let server = receiver(Duration::ZERO).await;
    let outbox = ListedOutbox::new((1..=2).map(|number| delivery(number, &server.uri())));
    let asked = AtomicU32::new(0);
    // Asked for the claim, and then by the first attempt.
    let clock = move || {
        assert_ne!(
            asked.fetch_add(1, Ordering::Relaxed),
            1,
            "the clock stopped"
        );
        START
    };
    let courier = Courier::new(Arc::clone(&outbox) as _, clock, quick()).unwrap();
    assert_eq!(courier.deliver_due().await.unwrap(), 2);
    assert_eq!(outbox.told().len(), 1);
    assert_eq!(logged.lines("ERROR").len(), 1, "{}", logged.text());
}

#[test]
fn a_courier_that_could_not_deliver_is_refused() {
    let outbox = ListedOutbox::new([]);
    let config = CrmConfig {
        concurrency: 0,
        ..CrmConfig::default()
    };
    let refused = Courier::new(Arc::clone(&outbox) as _, || START, config);
    assert!(matches!(refused, Err(ConfigError::Zero { .. })));
}
