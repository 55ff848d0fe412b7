//! A business's life over a real database, and a receiver that gets whatever is told of it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use secrecy::SecretString;
use serde_json::Value;
use time::{
    UtcDateTime,
    macros::{date, time, utc_datetime},
};
use toran_crm::{Courier, CrmConfig};
use toran_domain::{
    AgentGender, AppointmentId, Business, BusinessId, BusinessText, LeadId, Pii, RequestedTime,
    Speaker, TaskId, TaskKind,
};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_store::{
    Actor, Appointments as _, BookingAnswer, BookingOrder, Businesses as _, CallEnding, CallKey,
    CallOpening, CallStream, Calls as _, Leads as _, MoveAnswer, MoveOrder, NewTask, Origin,
    Outbox, Tasks as _, TranscriptLine, Webhook,
};
use toran_store_sql::SqlStore;
use uuid::uuid;

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(super) const BUSINESS: BusinessId =
    BusinessId::from_uuid(uuid!("01930f1e-7a00-7000-8000-000000000001"));
const LEAD: LeadId = LeadId::from_uuid(uuid!("01930f1e-7a00-7000-8000-000000000002"));
const APPOINTMENT: AppointmentId =
    AppointmentId::from_uuid(uuid!("01930f1e-7a00-7000-8000-000000000003"));
pub(super) const WITHHELD: LeadId =
    LeadId::from_uuid(uuid!("01930f1e-7a00-7000-8000-000000000004"));
const TASK: TaskId = TaskId::from_uuid(uuid!("01930f1e-7a00-7000-8000-000000000005"));
pub(super) const CALLED: UtcDateTime = utc_datetime!(2026-11-23 8:00);
const CALLED_AGAIN: UtcDateTime = utc_datetime!(2026-11-23 10:00);

/// What a receiver got.
#[derive(Clone)]
pub(super) struct Received {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("a text")
    }
}

type Inbox = Arc<Mutex<Vec<Received>>>;

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) {
    let mut inbox = inbox.lock().expect("an inbox");
    inbox.push(Received { headers, body });
}

/// A business with a webhook, and whatever it sends.
pub(super) struct Stage {
    pub(super) store: Arc<SqlStore>,
    inbox: Inbox,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let inbox = Inbox::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!(
            "http://{}/toran",
            listener.local_addr().expect("an address")
        );
        let routes = Router::new()
            .route("/toran", post(take))
            .with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let store = Arc::new(SqlStore::open("sqlite::memory:").await.expect("a database"));
        store.migrate().await.expect("a schema");
        store.add_business(&business()).await.expect("added");
        let webhook = Webhook {
            url,
            secret: SecretString::from(SECRET),
            public_only: false,
        };
        let set = store.set_webhook(BUSINESS, Some(&webhook)).await;
        assert!(set.expect("set"));
        Self { store, inbox }
    }

    /// Sends everything that is due at an instant.
    pub(super) async fn deliver(&self, now: UtcDateTime) {
        let outbox = Arc::clone(&self.store) as Arc<dyn Outbox>;
        let courier = Courier::new(outbox, move || now, CrmConfig::default()).expect("a courier");
        while courier.deliver_due().await.expect("a round") > 0 {}
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.inbox.lock().expect("an inbox").clone()
    }

    pub(super) async fn open(
        &self,
        call_sid: &str,
        caller: Option<&str>,
        lead: LeadId,
        now: UtcDateTime,
    ) -> CallStream {
        let key = CallKey {
            business_id: BUSINESS,
            call_sid: call_sid.parse().expect("a call id"),
        };
        let opening = CallOpening {
            key: key.clone(),
            caller: caller.map(|number| number.parse().expect("a number")),
            new_lead_id: lead,
            now,
        };
        self.store.open_call(&opening).await.expect("opened");
        CallStream { key, epoch: 0 }
    }

    pub(super) async fn note_name(&self, stream: &CallStream, name: &str, now: UtcDateTime) {
        let noted = self
            .store
            .note_request(stream, RequestedTime::default(), Some(name), now);
        noted.await.expect("noted");
    }

    pub(super) async fn hang_up(&self, stream: &CallStream, now: UtcDateTime) {
        let ended = self.store.end_call(&stream.key, CallEnding::HungUp, now);
        ended.await.expect("ended");
        self.deliver(now).await;
    }
}

fn business() -> Business {
    let settings = AppointmentSettings::simple(
        "sun-fri".parse().expect("days"),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    );
    Business {
        id: BUSINESS,
        name: "מספרת דנה".to_owned(),
        called_number: "+97231234567".parse().expect("a number"),
        text: BusinessText::new("").expect("a text"),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: toran_domain::Terms::default(),
        settings: settings.expect("settings"),
    }
}

pub(super) fn said(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn by(actor: Actor, at: UtcDateTime) -> Origin {
    Origin {
        actor,
        call_sid: None,
        at,
    }
}

/// A call that books for somebody else, and what becomes of the appointment.
pub(super) async fn a_booking(stage: &Stage) {
    let seconds = |seconds| CALLED + time::Duration::seconds(seconds);
    let stream = stage
        .open(
            "CA00000000000000000000000000000001",
            Some("+972541234567"),
            LEAD,
            CALLED,
        )
        .await;
    stage.note_name(&stream, "דנה כהן", seconds(20)).await;
    let order = BookingOrder {
        key: stream.key.clone(),
        lead_id: LEAD,
        epoch: 0,
        date: date!(2026 - 11 - 24),
        time: time!(16:30),
        name: Some(said("נועה כהן")),
        one_more: false,
        named_by_caller: true,
        most_standing: None,
        new_appointment_id: APPOINTMENT,
        now: seconds(40),
    };
    let booked = stage.store.create_appointment_from_realtime(&order).await;
    assert!(
        matches!(booked, Ok(BookingAnswer::Created(_))),
        "{booked:?}"
    );
    let line = |speaker, text: &str| TranscriptLine {
        speaker,
        text: Pii::new(text.to_owned()),
        at: seconds(30),
    };
    let lines = [line(Speaker::Caller, "כן"), line(Speaker::Agent, "קבעתי")];
    stage
        .store
        .append_transcript(&stream, &lines)
        .await
        .expect("appended");
    stage.hang_up(&stream, seconds(65)).await;

    let moved = MoveOrder {
        business_id: BUSINESS,
        appointment_id: APPOINTMENT,
        date: date!(2026 - 11 - 25),
        time: time!(10:00),
        origin: by(Actor::Business, utc_datetime!(2026-11-23 9:30)),
    };
    let moved = stage.store.move_appointment(&moved).await;
    assert!(matches!(moved, Ok(MoveAnswer::Moved { .. })), "{moved:?}");
    let given_up = by(Actor::Operator, utc_datetime!(2026-11-24 7:00));
    let cancelled = stage
        .store
        .cancel_appointment(BUSINESS, APPOINTMENT, &given_up)
        .await;
    cancelled.expect("cancelled");
    stage.deliver(given_up.at).await;
}

pub(super) fn task(stream: &CallStream, words: &str, at: UtcDateTime) -> NewTask {
    NewTask {
        task_id: TASK,
        key: stream.key.clone(),
        lead_id: WITHHELD,
        kind: TaskKind::Message,
        requested: RequestedTime {
            date: Some(date!(2026 - 11 - 24)),
            time: None,
        },
        name: Some(said("יוסי לוי")),
        words: Some(said(words)),
        noted_at: at,
    }
}

/// A caller who withholds the number leaves word.
async fn a_message(stage: &Stage) -> CallStream {
    let stream = stage
        .open(
            "CA00000000000000000000000000000002",
            None,
            WITHHELD,
            CALLED_AGAIN,
        )
        .await;
    let at = CALLED_AGAIN + time::Duration::seconds(30);
    stage.note_name(&stream, "יוסי לוי", at).await;
    let phone = "+972547654321".parse().expect("a number");
    stage
        .store
        .note_phone(&stream, &phone)
        .await
        .expect("noted");
    let left = task(&stream, "תגידו לה שאאחר בעשר דקות", at);
    stage.store.add_task(&left).await.expect("added");
    stage
        .hang_up(&stream, CALLED_AGAIN + time::Duration::seconds(40))
        .await;
    stream
}

pub(super) async fn life() -> (Stage, Vec<Received>) {
    let stage = Stage::set().await;
    a_booking(&stage).await;
    a_message(&stage).await;
    let erased_at = utc_datetime!(2026-12-01 8:00);
    let erased = stage
        .store
        .erase_lead(BUSINESS, LEAD, None, erased_at)
        .await;
    assert!(erased.expect("erased").is_some());
    stage.deliver(erased_at).await;
    let received = stage.received();
    (stage, received)
}
