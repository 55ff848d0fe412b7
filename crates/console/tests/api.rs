//! The API over a real store, asked as a client asks.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use toran_domain::{Pii, RequestedTime, Speaker, TaskId, TaskKind};
use toran_store::{
    CallEnding, Calls as _, NewTask, Outbox as _, Tasks as _, TranscriptLine, Webhook,
    conformance::{HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, book, business, key, open, order},
};
use toran_store_sql::SqlStore;
use tower_service::Service as _;
use uuid::Uuid;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

struct Bench {
    store: SqlStore,
    router: Router,
}

impl Bench {
    /// Business 1 with a lead who holds Tuesday 16:30 under appointment 1; business 2 with nothing.
    async fn set() -> Self {
        let store = SqlStore::open("sqlite::memory:").await.expect("it works");
        store.migrate().await.expect("it works");
        let shared: Shared = Arc::new(store.clone());
        add(&shared, 1).await;
        add(&shared, 2).await;
        let call = open(&shared, &key(1, "CA1"), Some(7), 7).await;
        book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
        let line = TranscriptLine {
            speaker: Speaker::Caller,
            text: Pii::new("שלום".to_owned()),
            at: NOW,
        };
        store
            .append_transcript(&call.stream(), &[line])
            .await
            .expect("it works");
        let token = SecretString::from(TOKEN);
        let router = toran_console::router(Arc::new(store.clone()), token, Arc::new(|| NOW));
        Self { store, router }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().call(request).await.expect("it works");
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("it works")
            .to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/businesses/{path}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(body.to_owned()))
            .expect("it works");
        self.send(request).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask("GET", path, "").await
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn one() -> String {
    business(1).id.to_string()
}

#[tokio::test]
async fn only_its_own_paths_ask_for_the_token() {
    let bench = Bench::set().await;
    for (path, expected) in [
        ("/nothing", StatusCode::NOT_FOUND),
        ("/apix", StatusCode::NOT_FOUND),
        ("/api", StatusCode::UNAUTHORIZED),
        ("/api/nothing", StatusCode::UNAUTHORIZED),
        ("/api/v1/businesses/x/nothing", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::builder().uri(path).body(Body::empty());
        let (status, _) = bench.send(request.expect("it works")).await;
        assert_eq!(status, expected, "{path}");
    }
}

#[tokio::test]
async fn only_the_token_opens_it() {
    let bench = Bench::set().await;
    let path = format!("/api/v1/businesses/{}/leads", one());
    for given in [
        None,
        Some(""),
        Some("Bearer "),
        Some("Bearer 0123456789abcdef0123456789abcdee"),
        Some(TOKEN),
        Some("Basic x"),
    ] {
        let mut request = Request::builder().uri(&path);
        if let Some(given) = given {
            request = request.header("authorization", given);
        }
        let response = bench
            .router
            .clone()
            .call(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{given:?}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(
        bench.get(&format!("{}/leads", one())).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn appointments_are_listed_moved_and_given_up() {
    let bench = Bench::set().await;
    let (status, listed) = bench.get(&format!("{}/appointments", one())).await;
    assert_eq!(status, StatusCode::OK);
    let row = &listed["appointments"][0];
    assert_eq!(
        (&row["date"], &row["time"]),
        (&json!("2026-11-24"), &json!("16:30"))
    );
    assert_eq!(
        (&row["starts_at"], &row["phone"]),
        (&json!("2026-11-24T14:30:00Z"), &json!("+972540000007"))
    );
    let elsewhen = bench
        .get(&format!("{}/appointments?from=2026-11-25&days=1", one()))
        .await;
    assert_eq!(elsewhen.1, json!({"appointments": []}));

    let appointment = format!("{}/appointments/{}", one(), id(1));
    let to = |date: &str, time: &str| json!({"date": date, "time": time}).to_string();
    let (status, refused) = bench
        .ask(
            "POST",
            &format!("{appointment}/move"),
            &to("2026-11-28", "10:00"),
        )
        .await;
    assert_eq!(
        (status, &refused["reason"]),
        (StatusCode::CONFLICT, &json!("inactive_day"))
    );
    let (status, moved) = bench
        .ask(
            "POST",
            &format!("{appointment}/move"),
            &to("2026-11-24", "10:00"),
        )
        .await;
    assert_eq!(
        (status, &moved["result"]),
        (StatusCode::OK, &json!("moved"))
    );
    assert_eq!(moved["appointment"]["time"], "10:00");
    let (_, unchanged) = bench
        .ask(
            "POST",
            &format!("{appointment}/move"),
            &to("2026-11-24", "10:00"),
        )
        .await;
    assert_eq!(unchanged["result"], "unchanged");
    let (status, cancelled) = bench
        .ask(
            "POST",
            &format!("{appointment}/cancel"),
            r#"{"actor":"operator"}"#,
        )
        .await;
    assert_eq!(
        (status, &cancelled["result"]),
        (StatusCode::OK, &json!("cancelled"))
    );
    let (_, again) = bench
        .ask("POST", &format!("{appointment}/cancel"), "")
        .await;
    assert_eq!(again["result"], "already_cancelled");
    let (status, _) = bench
        .ask(
            "POST",
            &format!("{appointment}/move"),
            &to("2026-11-24", "11:00"),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (_, shown) = bench.get(&appointment).await;
    let history: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["what"], &entry["by"]))
        .collect();
    let entry = |what: &'static str, by: &'static str| (json!(what), json!(by));
    let expected = [
        entry("created", "caller"),
        entry("moved", "business"),
        entry("cancelled", "operator"),
    ];
    assert_eq!(
        history,
        expected
            .iter()
            .map(|(what, by)| (what, by))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn another_business_has_none_of_it() {
    let bench = Bench::set().await;
    let two = business(2).id;
    let post = ["cancel", "move"].map(|what| ("POST", format!("appointments/{}/{what}", id(1))));
    let rest = [
        ("GET", format!("appointments/{}", id(1))),
        ("GET", format!("leads/{}", id(7))),
        ("GET", format!("leads/{}/export", id(7))),
        ("DELETE", format!("leads/{}", id(7))),
        ("POST", format!("tasks/{}/done", id(3))),
    ];
    for (method, path) in post.into_iter().chain(rest) {
        let body = if path.ends_with("move") {
            r#"{"date":"2026-11-24","time":"10:00"}"#
        } else {
            ""
        };
        let (status, answer) = bench.ask(method, &format!("{two}/{path}"), body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
    }
    let nobody = Uuid::from_u128(99);
    for list in ["appointments", "leads", "tasks", "events", "retention"] {
        let (status, _) = bench.get(&format!("{nobody}/{list}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{list}");
    }
}

#[tokio::test]
async fn a_lead_is_exported_and_erased() {
    let bench = Bench::set().await;
    let (_, leads) = bench.get(&format!("{}/leads?limit=5", one())).await;
    assert_eq!(leads["leads"][0]["phone"], "+972540000007");
    let lead = format!("{}/leads/{}", one(), id(7));
    let (_, export) = bench.get(&format!("{lead}/export")).await;
    assert_eq!(export["calls"][0]["transcript"][0]["text"], "שלום");
    assert_eq!(export["appointments"][0]["history"][0]["what"], "created");
    let covers = json!({"line": "+972540000007", "whole_line": true, "persons": [], "others": 0});
    assert_eq!(export["covers"], covers);
    for path in [
        format!("{lead}/export?person=דנה"),
        format!("{lead}?person=דנה"),
    ] {
        let method = if path.contains("export") {
            "GET"
        } else {
            "DELETE"
        };
        let path = path.replace("דנה", "%D7%93%D7%A0%D7%94");
        let (status, nobody) = bench.ask(method, &path, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{nobody}");
    }
    let (status, erased) = bench.ask("DELETE", &lead, "").await;
    assert_eq!((status, &erased["covers"]), (StatusCode::OK, &covers));
    let (_, erased) = bench.get(&format!("{lead}/export")).await;
    assert_eq!(
        (&erased["lead"]["phone"], &erased["calls"][0]["transcript"]),
        (&Value::Null, &json!([]))
    );
    let (status, kept) = bench
        .ask(
            "PUT",
            &format!("{}/retention", one()),
            r#"{"transcripts_days":90,"phone_numbers_days":null}"#,
        )
        .await;
    assert_eq!(
        (status, kept),
        (
            StatusCode::OK,
            json!({"transcripts_days": 90, "phone_numbers_days": null})
        )
    );
}

#[tokio::test]
async fn tasks_are_done_and_dead_letters_replayed() {
    let bench = Bench::set().await;
    let shared: Shared = Arc::new(bench.store.clone());
    let call = open(&shared, &key(1, "CA2"), Some(8), 8).await;
    let task = NewTask {
        task_id: TaskId::from_uuid(id(3)),
        key: call.key.clone(),
        lead_id: call.lead_id,
        kind: TaskKind::Message,
        requested: RequestedTime {
            date: Some(TUESDAY),
            time: None,
        },
        name: None,
        words: Some(Pii::new("אאחר".to_owned())),
        noted_at: NOW,
    };
    bench.store.add_task(&task).await.unwrap();
    let (_, tasks) = bench.get(&format!("{}/tasks", one())).await;
    assert_eq!(
        (&tasks["tasks"][0]["date"], &tasks["tasks"][0]["done_at"]),
        (&json!("2026-11-24"), &Value::Null)
    );
    assert_eq!(
        (&tasks["tasks"][0]["kind"], &tasks["tasks"][0]["words"]),
        (&json!("message"), &json!("אאחר"))
    );
    let done = format!("{}/tasks/{}/done", one(), id(3));
    for _ in ["finished", "finished before"] {
        assert_eq!(bench.ask("POST", &done, "").await.0, StatusCode::NO_CONTENT);
    }
    let (_, task) = bench.get(&format!("{}/tasks/{}", one(), id(3))).await;
    assert_eq!(
        (&task["call_sid"], &task["done_at"]),
        (&json!("CA2"), &json!("2026-11-23T08:00:00Z"))
    );
    let (_, export) = bench
        .get(&format!("{}/leads/{}/export", one(), id(8)))
        .await;
    assert_eq!(export["tasks"], json!([task]));
    assert_eq!(
        bench.get(&format!("{}/tasks", one())).await.1,
        json!({"tasks": []})
    );

    let webhook = Webhook {
        url: "https://crm.example".to_owned(),
        secret: SecretString::from("whsec_x"),
        public_only: false,
    };
    let business_id = business(1).id;
    bench
        .store
        .set_webhook(business_id, Some(&webhook))
        .await
        .unwrap();
    bench
        .store
        .end_call(&call.key, CallEnding::HungUp, NOW)
        .await
        .unwrap();
    let later = NOW + time::Duration::HOUR;
    let due = bench
        .store
        .claim_deliveries(later, time::Duration::MINUTE, 9)
        .await
        .unwrap();
    bench
        .store
        .not_delivered(&due[0], "status 500", None)
        .await
        .unwrap();
    let (_, dead) = bench.get(&format!("{}/events?state=dead", one())).await;
    assert_eq!(
        (&dead["events"][0]["type"], &dead["events"][0]["last_error"]),
        (&json!("lead.created"), &json!("status 500"))
    );
    let event = dead["events"][0]["id"].as_str().unwrap().to_owned();
    let one_event = |what: &str| format!("{}/events/{event}/{what}", one());
    assert_eq!(
        bench.ask("POST", &one_event("replay"), "").await.1,
        json!({"replayed": 1})
    );
    assert_eq!(
        bench.ask("POST", &one_event("replay"), "").await.0,
        StatusCode::CONFLICT
    );
    let (status, answer) = bench.ask("POST", &one_event("discard"), "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("the event is pending"), "{message}");
    let (_, shown) = bench.get(&format!("{}/events/{event}", one())).await;
    assert_eq!(shown["state"], "pending");
    let all = format!("{}/events/replay", one());
    assert_eq!(bench.ask("POST", &all, "").await.1, json!({"replayed": 0}));
}

#[tokio::test]
async fn nonsense_is_refused_in_the_apis_own_words() {
    let bench = Bench::set().await;
    let appointment = format!("{}/appointments/{}", one(), id(1));
    for (method, path, body) in [
        ("GET", "not-a-uuid/leads".to_owned(), ""),
        ("GET", format!("{}/appointments?days=0", one()), ""),
        ("GET", format!("{}/appointments?days=93", one()), ""),
        ("GET", format!("{}/appointments?from=tomorrow", one()), ""),
        ("GET", format!("{}/appointments?when=now", one()), ""),
        ("GET", format!("{}/leads?limit=0", one()), ""),
        ("GET", format!("{}/events?state=lost", one()), ""),
        ("GET", format!("{}/retention?x=1", one()), ""),
        ("POST", format!("{appointment}/cancel"), r#"["business"]"#),
        ("POST", format!("{appointment}/cancel"), "[]"),
        (
            "POST",
            format!("{appointment}/move"),
            r#"["2026-11-24","10:00","business"]"#,
        ),
        ("POST", format!("{appointment}/cancel?x=1"), ""),
        ("POST", format!("{appointment}/move"), ""),
        ("POST", format!("{appointment}/move"), "{"),
        (
            "POST",
            format!("{appointment}/move"),
            r#"{"date":"2026-02-30","time":"10:00"}"#,
        ),
        (
            "POST",
            format!("{appointment}/move"),
            r#"{"date":"2026-11-24","time":"25:00"}"#,
        ),
        (
            "POST",
            format!("{appointment}/move"),
            r#"{"date":"2026-11-24","time":"10:00","force":true}"#,
        ),
        (
            "POST",
            format!("{appointment}/cancel"),
            r#"{"actor":"caller"}"#,
        ),
        (
            "PUT",
            format!("{}/retention", one()),
            r#"{"transcripts_days":-1,"phone_numbers_days":null}"#,
        ),
        (
            "PUT",
            format!("{}/retention", one()),
            r#"{"transcripts_days":90}"#,
        ),
    ] {
        let (status, answer) = bench.ask(method, &path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {path} {answer}");
        assert_eq!(answer["error"], "bad_request");
        assert!(
            answer["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
    }
}

#[tokio::test]
async fn what_no_route_takes_is_told_as_everything_else() {
    let bench = Bench::set().await;
    let endless = format!(r#"{{"date":"{}","time":"10:00"}}"#, "2".repeat(40_000));
    let change_time = format!("{}/appointments/{}/move", one(), id(1));
    for (method, path, body, expected) in [
        (
            "POST",
            change_time.as_str(),
            endless.as_str(),
            (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        ),
        (
            "PATCH",
            &change_time,
            "",
            (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        ),
        ("GET", "", "", (StatusCode::NOT_FOUND, "not_found")),
        (
            "GET",
            &format!("{}/leads/", one()),
            "",
            (StatusCode::NOT_FOUND, "not_found"),
        ),
        (
            "GET",
            &format!("{}/callers", one()),
            "",
            (StatusCode::NOT_FOUND, "not_found"),
        ),
    ] {
        let (status, answer) = bench.ask(method, path, body).await;
        assert_eq!(
            (status, answer["error"].as_str()),
            (expected.0, Some(expected.1)),
            "{method} {path}"
        );
    }
    let (_, unknown) = bench.get(&format!("{}/leads", business(9).id)).await;
    let message = unknown["message"].as_str().unwrap();
    assert!(
        message.starts_with("there is no such business:"),
        "{message}"
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_admitted() {
    let bench = Bench::set().await;
    bench.store.close().await;
    let (status, answer) = bench.get(&format!("{}/leads", one())).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer["error"], "unavailable");
}
