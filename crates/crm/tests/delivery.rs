//! What a receiver gets, and what is made of its answer.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use time::macros::utc_datetime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use toran_crm::CrmConfig;
use toran_store::{Delivery, EventKind};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

use support::{ListedOutbox, Logged, SECRET, START, Told, courier, delivery, event_id, quick};

async fn receiver(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

/// Accepts connections, reads a little, writes this, and keeps them open or not.
async fn raw_receiver(answer: &'static [u8], keeps_open: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(answer).await;
            if keeps_open {
                kept.push(socket);
            }
        }
    });
    url
}

/// Delivers it once. Returns the failure's text and the pause before the next attempt; `None` if it arrived.
async fn attempt(delivery: Delivery, config: CrmConfig) -> Option<(String, Option<i64>)> {
    let outbox = ListedOutbox::new([delivery]);
    assert_eq!(courier(&outbox, config).deliver_due().await.unwrap(), 1);
    let told = outbox.told();
    let [told] = told.as_slice() else {
        panic!("one attempt, one report: {told:?}")
    };
    match told {
        Told::Delivered(_) => None,
        Told::Failed { why, retry_at, .. } => {
            let pause = retry_at.map(|at| (at - START).whole_seconds());
            Some((why.clone(), pause))
        }
    }
}

async fn answered(answer: ResponseTemplate) -> Option<(String, Option<i64>)> {
    attempt(delivery(9, &receiver(answer).await.uri()), quick()).await
}

async fn received(mut delivery: Delivery) -> Request {
    let server = receiver(ResponseTemplate::new(204)).await;
    delivery.webhook.url = format!("{}/hooks?key=1", server.uri());
    assert_eq!(attempt(delivery, quick()).await, None);
    server.received_requests().await.unwrap().remove(0)
}

#[tokio::test]
async fn an_event_is_one_line_that_names_whom_it_is_about() {
    let mut created = delivery(9, "");
    created.name = Some("נועה".to_owned().into());
    let request = received(created).await;
    let expected = json!({
        "type": "appointment.created",
        "timestamp": "2026-11-23T07:59:58Z",
        "data": {
            "business_id": "00000000-0000-0000-0000-000000000001",
            "call_sid": "CA1",
            "lead": {
                "id": "00000000-0000-0000-0000-000000000002",
                "phone": "+972541234567",
                "name": "דנה",
            },
            "name": "נועה",
            "appointment_id": "a1", "date": "2026-11-24", "time": "16:30",
        },
    });
    assert_eq!(request.body_json::<Value>().unwrap(), expected);
    assert!(!request.body.contains(&b'\n'));
    assert_eq!(request.url.query(), Some("key=1"));
    assert_eq!(request.headers["content-type"], "application/json");
    let agent = format!("Toran/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.headers["user-agent"], agent.as_str());
}

#[tokio::test]
async fn a_task_comes_with_the_callers_words_and_number() {
    let mut left = delivery(9, "");
    left.kind = EventKind::TaskCreated;
    left.data = r#"{"task_id":"t1","kind":"message"}"#.to_owned();
    (left.lead.phone, left.lead.name) = (None, None);
    left.lead.given_phone = Some("+972541234567".parse().unwrap());
    left.name = Some("דנה".to_owned().into());
    left.words = Some("אאחר בעשר דקות".to_owned().into());
    let body = received(left).await.body_json::<Value>().unwrap();
    let expected = json!({
        "business_id": "00000000-0000-0000-0000-000000000001",
        "call_sid": "CA1",
        "lead": {
            "id": "00000000-0000-0000-0000-000000000002", "phone": null, "name": null,
            "given_phone": "+972541234567",
        },
        "name": "דנה",
        "words": "אאחר בעשר דקות",
        "task_id": "t1",
        "kind": "message",
    });
    assert_eq!(body["data"], expected);
}

#[tokio::test]
async fn who_is_not_known_is_null() {
    let mut erased = delivery(9, "");
    (erased.lead.phone, erased.lead.name, erased.call_sid) = (None, None, None);
    (erased.kind, erased.data) = (EventKind::LeadCreated, "{}".to_owned());
    let expected = json!({
        "type": "lead.created",
        "timestamp": "2026-11-23T07:59:58Z",
        "data": {
            "business_id": "00000000-0000-0000-0000-000000000001",
            "call_sid": null,
            "lead": {"id": "00000000-0000-0000-0000-000000000002", "phone": null, "name": null},
        },
    });
    let request = received(erased).await;
    assert_eq!(request.body_json::<Value>().unwrap(), expected);
}

#[tokio::test]
async fn every_attempt_is_signed_anew_under_the_same_id() {
    let server = receiver(ResponseTemplate::new(500)).await;
    let outbox = ListedOutbox::new([delivery(9, &server.uri())]);
    let courier = courier(&outbox, quick());
    let later = utc_datetime!(2026-11-23 8:00:13);
    courier.deliver_due().await.unwrap();
    outbox.state().now = later;
    courier.deliver_due().await.unwrap();

    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    let reference = standardwebhooks::Webhook::new(SECRET).unwrap();
    for (request, now) in requests.iter().zip([START, later]) {
        let (id, seconds) = (event_id(9).to_string(), now.unix_timestamp());
        assert_eq!(request.headers["webhook-id"], id.as_str());
        assert_eq!(
            request.headers["webhook-timestamp"],
            seconds.to_string().as_str()
        );
        let expected = reference.sign(&id, seconds, &request.body).unwrap();
        assert_eq!(request.headers["webhook-signature"], expected.as_str());
    }
}

#[tokio::test]
async fn any_2xx_is_success() {
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(
            answered(ResponseTemplate::new(status)).await,
            None,
            "{status}"
        );
    }
    let long = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1 << 20]);
    assert_eq!(answered(long).await, None);
}

#[tokio::test]
async fn a_success_stands_whatever_becomes_of_its_body() {
    let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    let url = raw_receiver(broken, false).await;
    assert_eq!(attempt(delivery(9, &url), quick()).await, None);
    let url = raw_receiver(broken, true).await;
    let mut config = quick();
    config.request_timeout = Duration::from_millis(300);
    assert_eq!(attempt(delivery(9, &url), config).await, None);
}

#[tokio::test]
async fn everything_else_is_tried_again() {
    for status in [
        400, 401, 404, 408, 409, 410, 425, 429, 500, 502, 503, 504, 599,
    ] {
        let (why, pause) = answered(ResponseTemplate::new(status)).await.unwrap();
        assert!(why.contains(&format!("answered {status}")), "{why}");
        assert_eq!(pause, Some(5), "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = receiver(ResponseTemplate::new(200)).await;
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let (why, pause) = answered(answer).await.unwrap();
        assert!(why.contains(&format!("{status}, a redirect")), "{why}");
        assert_eq!(pause, Some(5));
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_somebody_else_named_never_leads_into_our_own_network() {
    let server = receiver(ResponseTemplate::new(200)).await;
    for url in [
        server.uri(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1/hook".to_owned(),
        "https://[::1]/hook".to_owned(),
    ] {
        let mut delivery = delivery(1, &url);
        delivery.webhook.public_only = true;
        let (why, _) = attempt(delivery, CrmConfig::default()).await.unwrap();
        assert!(why.contains("public internet"), "{url}: {why}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_receiver_may_ask_for_a_longer_pause() {
    let asking = |status: u16, wait: &str| {
        answered(ResponseTemplate::new(status).insert_header("retry-after", wait))
    };
    for status in [429, 503] {
        for (wait, expected) in [
            ("120", 120),
            ("1", 5),
            ("31536000", 3600),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 5),
        ] {
            let (_, pause) = asking(status, wait).await.unwrap();
            assert_eq!(pause, Some(expected), "{status} {wait}");
        }
    }
    let (_, pause) = asking(500, "120").await.unwrap();
    assert_eq!(pause, Some(5));
}

#[tokio::test]
async fn the_schedule_ends_in_a_dead_letter() {
    let (logged, _guard) = Logged::from_here();
    let server = receiver(ResponseTemplate::new(503).insert_header("retry-after", "7")).await;
    let outbox = ListedOutbox::new([delivery(9, &server.uri())]);
    let courier = courier(&outbox, quick());
    let mut pauses = Vec::new();
    while courier.deliver_due().await.unwrap() > 0 {
        let Some(Told::Failed { retry_at, .. }) = outbox.told().pop() else {
            panic!("no failure")
        };
        let Some(retry_at) = retry_at else { break };
        let mut state = outbox.state();
        pauses.push((retry_at - state.now).whole_seconds());
        state.now = retry_at;
    }
    assert_eq!(pauses, [7, 30, 120, 600, 3_600, 10_800, 21_600, 43_200]);
    assert_eq!(courier.deliver_due().await.unwrap(), 0);
    assert_eq!(outbox.told().len(), 9);
    assert_eq!(logged.lines("WARN").len(), 8);
    let [given_up] = logged.lines("ERROR").try_into().unwrap();
    assert!(given_up.contains("attempt=9"), "{given_up}");
    assert!(
        given_up.contains(&format!("event_id={}", event_id(9))),
        "{given_up}"
    );
}

#[tokio::test]
async fn a_delivery_is_one_line_of_the_log() {
    let (logged, _guard) = Logged::from_here();
    assert_eq!(answered(ResponseTemplate::new(200)).await, None);
    let [line] = logged.lines("INFO").try_into().unwrap();
    for field in [
        "business_id=00000000-0000-0000-0000-000000000001",
        "event_id=00000000-0000-0000-0000-000000000009",
        "kind=\"appointment.created\"",
        "attempt=1",
    ] {
        assert!(line.contains(field), "{line}");
    }
}

/// An address at which nothing listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Answers with what it was sent, as some frameworks do in their errors.
async fn echo() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(|request: &Request| {
            ResponseTemplate::new(422).set_body_bytes(request.body.clone())
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_failure_says_what_to_do_and_tells_nothing_of_anyone() {
    let (logged, _guard) = Logged::from_here();
    let mut config = quick();
    config.request_timeout = Duration::from_millis(500);
    let (echo, slow) = (echo().await, ResponseTemplate::new(200));
    let slow = receiver(slow.set_delay(Duration::from_mins(1))).await;
    let at = |base: &str| delivery(9, &format!("{base}/hooks/tok3n?key=tok3n"));
    let mut unreadable = at(&echo.uri());
    unreadable.data = "[דנה]".to_owned();
    let mut unsigned = at(&echo.uri());
    unsigned.webhook.secret = SECRET.trim_start_matches("whsec_").into();
    let failures = [
        (at(&echo.uri()), "answered 422"),
        (at(&slow.uri()), "no answer in time"),
        (at(&nobody().await), "refused"),
        (
            at(&echo.uri().replace("http:", "https:")),
            "no TLS connection",
        ),
        (at(&raw_receiver(b"", false).await), "broke"),
        (at(&raw_receiver(b"SSH-2.0\r\n", false).await), "broke"),
        (at("http://crm.example.com"), "must be https"),
        (at("crm"), "URL is not one"),
        (unreadable, "cannot be read"),
        (unsigned, "must begin with whsec_"),
    ];
    for (delivery, expected) in failures {
        let (why, pause) = attempt(delivery, config.clone()).await.unwrap();
        assert!(why.contains(expected), "{expected}: {why}");
        assert_eq!(pause, Some(5), "{why}");
        assert!(why.chars().count() <= 200, "{why}");
        for private in ["541234567", "דנה", "MfKQ9r8GKYqr", "tok3n", "127.0.0.1"] {
            assert!(!why.contains(private), "{why}");
        }
    }
    let lines = logged
        .text()
        .lines()
        .filter(|line| line.contains("toran_crm"))
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(logged.lines("WARN").len(), 10, "{lines}");
    for private in ["541234567", "דנה", "MfKQ9r8GKYqr", "tok3n"] {
        assert!(!lines.contains(private), "{lines}");
    }
}
