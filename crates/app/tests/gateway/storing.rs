//! What the database keeps of a call, and what is done with it: moving, being held already, an outage, the outbox.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use time::{UtcDateTime, macros::time};
use tokio::sync::Mutex;
use toran_call::Fact;
use toran_crm::{WebhookSecret, signature};
use toran_domain::EventId;
use toran_simulator::phone::Caller;
use toran_store::{
    AppointmentStatus, Appointments as _, ChangeKind, Outbox as _, Tasks as _, Webhook,
};
use toran_store_sql::SqlStore;
use toran_test_postgres::{TestDatabase, Wire};

use crate::stage::{Stage, booking, hear, key_of, place, say, tests, until_offered};

tests![
    another_time_in_the_same_call_moves_the_appointment,
    a_caller_hears_what_the_caller_holds_from_before,
    a_request_during_an_outage_becomes_a_task,
    nothing_leaves_before_the_call_is_over,
];

async fn another_time_in_the_same_call_moves_the_appointment() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut script = booking();
    // "At eleven", and yes.
    script.extend([
        say("20"),
        hear("לקבוע לך?"),
        say("31"),
        hear("בשעה 11:00, במקום המועד הקודם"),
    ]);
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    place(call).await;
    let rows = stage.appointments(&dana).await;
    let [row] = rows.as_slice() else {
        panic!("moved, not doubled: {rows:#?}")
    };
    assert_eq!(
        (row.booking.time, row.status),
        (time!(11:00), AppointmentStatus::Confirmed)
    );
    let history = stage
        .store()
        .history(dana.id, row.booking.appointment_id)
        .await;
    let history = history.expect("a history");
    let kinds: Vec<ChangeKind> = history.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Created, ChangeKind::Moved]);
    for change in &history {
        assert_eq!(change.origin.call_sid.as_ref(), Some(&key.call_sid));
    }
    assert!(stage.told_names().contains(&"appointment_moved".to_owned()));
}

async fn a_caller_hears_what_the_caller_holds_from_before() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    place(stage.call(&dana, booking())).await;
    let mut script = until_offered();
    script.pop();
    script.push(hear("כבר קבועה לך פגישה בתאריך 24.11 בשעה 10:30"));
    let report = place(stage.call(&dana, script)).await;
    assert!(
        !report.heard_text().contains("קבעתי"),
        "{}",
        report.heard_text()
    );
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    // A stranger hears that it is taken.
    let mut script = until_offered();
    script.pop();
    script.push(hear("תפוס"));
    let stranger = toran_simulator::phone::PlaceCall {
        from: "+972541111111".to_owned(),
        ..stage.call(&dana, script)
    };
    place(stranger).await;
}

/// The line to the database breaks between the offer and the yes.
async fn a_request_during_an_outage_becomes_a_task() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let wire = Wire::to(&database).await.expect("a wire");
    let mut stage = Stage::set_on(wire.url(), "").await;
    let store = SqlStore::open(&database.url())
        .await
        .expect("a line of the test's own");
    let dana = stage.dana().await;
    let mut script = until_offered();
    script.extend([
        say("31"),
        hear("אני רושמת את הבקשה, ופרטים מדויקים יישלחו בהמשך."),
    ]);
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    let placed = tokio::spawn(Caller::place(call));
    stage
        .until(|fact| matches!(fact, Fact::AgentSaid { text, .. } if text.expose().contains("לקבוע לך?")))
        .await;
    wire.cut();
    let report = placed
        .await
        .expect("no panic")
        .expect("the call is answered");
    assert!(
        !report.heard_text().contains("קבעתי"),
        "nothing is claimed: {}",
        report.heard_text()
    );
    assert!(store.tasks(dana.id, true).await.expect("tasks").is_empty());

    wire.mend();
    let task = stage.task(&dana).await;
    assert_eq!(task.call_sid, key.call_sid);
    assert_eq!(task.requested.time, Some(time!(10:30)));
    assert_eq!(
        task.requested.date,
        Some(time::macros::date!(2026 - 11 - 24))
    );
    let caller = task.caller.as_ref().map(toran_domain::PhoneNumber::e164);
    assert_eq!(caller, Some("+972541234567"));
    assert!(
        stage.appointments(&dana).await.is_empty(),
        "and nothing was invented"
    );
    store.close().await;
}

/// What a webhook was sent, in order.
type Inbox = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) {
    inbox.lock().await.push((headers, body));
}

async fn nothing_leaves_before_the_call_is_over() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    let inbox = Inbox::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/crm", listener.local_addr().expect("an address"));
    let router = Router::new()
        .route("/crm", post(receive))
        .with_state(Arc::clone(&inbox));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let secret = WebhookSecret::from_bytes([7; 32]).serialized();
    let webhook = Webhook {
        url,
        secret: secret.clone(),
        public_only: false,
    };
    let set = stage.store().set_webhook(dana.id, Some(&webhook)).await;
    assert!(set.expect("set"));

    let mut script = booking();
    // Long enough for a courier that would not wait.
    script.push(toran_simulator::scenario::Step::Pause { ms: 3_000 });
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    let placed = tokio::spawn(place(call));
    stage.until(|fact| matches!(fact, Fact::Announced(_))).await;
    stage.until(|fact| matches!(fact, Fact::Ended(_))).await;
    assert!(
        inbox.lock().await.is_empty(),
        "something left while the call was live"
    );
    placed.await.expect("the call goes as scripted");
    stage.left_by(&key).await;

    let all = async {
        while inbox.lock().await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), all)
        .await
        .expect("three events arrive");
    let received = inbox.lock().await.clone();
    let mut kinds = Vec::new();
    for (headers, body) in &received {
        let header = |name: &str| headers[name].to_str().expect("ASCII").to_owned();
        let body = std::str::from_utf8(body).expect("UTF-8");
        let at = header("webhook-timestamp").parse().expect("seconds");
        let at = UtcDateTime::from_unix_timestamp(at).expect("an instant");
        let parsed = WebhookSecret::parse(&SecretString::from(secret.expose_secret()));
        let expected = signature(
            &parsed.expect("our secret"),
            &header("webhook-id"),
            at,
            body,
        );
        assert_eq!(header("webhook-signature"), expected);
        assert!(header("webhook-id").parse::<EventId>().is_ok());
        let event: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(event["data"]["lead"]["phone"], "+972541234567");
        kinds.push(event["type"].as_str().expect("a type").to_owned());
    }
    assert_eq!(
        kinds,
        ["lead.created", "appointment.created", "call.ended"]
            .map(str::to_owned)
            .to_vec()
    );
}
