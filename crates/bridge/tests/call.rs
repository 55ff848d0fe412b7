//! One call through the bridge with everything around it played: the model's session, the parser's model, the store
//! (in memory), the clock, and the phone on a real socket.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    collections::VecDeque,
    num::NonZeroU16,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::{UtcDateTime, macros::utc_datetime};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use toran_bridge::{
    Bridge, BridgeConfig, BridgeParts, Clock, ModelConnectError, ModelConnector, ModelRole,
    ModelSocket, SessionSettings, WebhookSecrets, clips::ClipSet,
};
use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, CallSid, EffectiveLimits, LeadId, ModelName,
    PriceTable, Terms, Usage,
};
use toran_nlp::{AppointmentParser, Completer, CompleterError, Completion, CompletionRequest};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_store::{
    Appointments as _, Businesses as _, CallEnding, CallKey, CallOpening, Calls as _, MemoryStore,
};
use toran_telephony::{
    stream_token::StreamTokenKey,
    twilio::{Algorithm, SIGNATURE_HEADER, SignedBody, SignedRequest, WebhookKey},
};
use uuid::Uuid;

const TOKEN: &str = "12345";
const CALL: &str = "CA00000000000000000000000000000001";
const STREAM: &str = "MZ00000000000000000000000000000001";

/// A Sunday morning in Jerusalem.
const NOW: UtcDateTime = utc_datetime!(2026-11-22 08:00);

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> UtcDateTime {
        NOW
    }
}

/// The test's end of the model's session.
struct PlayedModel {
    events: mpsc::Sender<Bytes>,
    commands: mpsc::Receiver<String>,
    /// How much of the caller's audio it was given.
    given_ms: u64,
}

impl PlayedModel {
    /// The next event of the gateway, audio aside.
    async fn told(&mut self) -> Value {
        loop {
            let text = timeout(Duration::from_secs(5), self.commands.recv())
                .await
                .unwrap()
                .unwrap();
            let event: Value = serde_json::from_str(&text).unwrap();
            if event["type"] != "input_audio_buffer.append" {
                return event;
            }
        }
    }

    async fn say(&self, event: Value) {
        self.events.send(event.to_string().into()).await.unwrap();
    }

    /// A caller's segment: spoken on the line, heard, committed and transcribed.
    async fn hear(&mut self, phone: &mut Socket, item: &str, transcript: &str) {
        let from = self.given_ms;
        self.say(json!({"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": from})).await;
        // A second of a loud square wave.
        let voice: Vec<u8> = (0..160)
            .map(|at| if at % 16 < 8 { 0x80 } else { 0x00 })
            .collect();
        let payload = STANDARD.encode(voice);
        for _ in 0..50 {
            self.given_ms += 20;
            let media = json!({"event": "media", "sequenceNumber": "3", "streamSid": STREAM,
                "media": {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": payload}});
            phone.send(Message::text(media.to_string())).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let to = self.given_ms;
        self.say(json!({"type": "input_audio_buffer.speech_stopped", "item_id": item, "audio_end_ms": to})).await;
        self.say(json!({"type": "input_audio_buffer.committed", "item_id": item}))
            .await;
        self.say(
            json!({"type": "conversation.item.input_audio_transcription.completed",
            "item_id": item, "content_index": 0, "transcript": transcript}),
        )
        .await;
    }

    async fn answer(&self, id: &str, words: &str) {
        let item = format!("item_{id}");
        self.say(json!({"type": "response.created", "response": {"id": id, "status": "in_progress", "output": []}})).await;
        self.say(json!({"type": "response.output_audio_transcript.delta", "response_id": id, "item_id": item,
            "content_index": 0, "delta": words}))
            .await;
        // 100 ms of audio.
        self.say(
            json!({"type": "response.output_audio.delta", "response_id": id, "item_id": item,
            "content_index": 0, "delta": "VVVV".repeat(266)}),
        )
        .await;
        self.say(json!({"type": "response.output_audio_transcript.done", "response_id": id, "item_id": item,
            "content_index": 0, "transcript": words}))
            .await;
        self.say(json!({"type": "response.done", "response": {"id": id, "status": "completed", "output": []}})).await;
        // It is heard to its end: what comes next interrupts nothing.
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// Sessions in the order in which they are given out. A second transcriber takes over from the first.
struct Sessions(Mutex<VecDeque<ModelSocket>>);

const TRANSCRIBERS: [&str; 2] = ["gpt-4o-transcribe", "gpt-transcribe"];

#[async_trait]
impl ModelConnector for Sessions {
    async fn connect(&self, _: &CallSid, _: Duration) -> Result<ModelSocket, ModelConnectError> {
        self.0
            .lock()
            .unwrap()
            .pop_front()
            .ok_or_else(|| ModelConnectError::Failed("no further session".into()))
    }

    fn transcriber(&self) -> ModelName {
        ModelName(TRANSCRIBERS[0].into())
    }

    fn refused(&self, of: ModelRole, model: &ModelName, _: &str) -> Option<ModelName> {
        let has_next = of == ModelRole::Transcribing && model.0 == TRANSCRIBERS[0];
        has_next.then(|| ModelName(TRANSCRIBERS[1].into()))
    }
}

/// A parser's model that knows its answers in advance.
struct Answers(Mutex<VecDeque<Value>>);

#[async_trait]
impl Completer for Answers {
    async fn complete(&self, _: CompletionRequest) -> Result<Completion, CompleterError> {
        let answer = self
            .0
            .lock()
            .unwrap()
            .pop_front()
            .ok_or(CompleterError::Refused)?;
        Ok(Completion {
            text: answer.to_string(),
            model: ModelName("played".into()),
            usage: Usage::default(),
        })
    }
}

fn business() -> Business {
    Business {
        id: BusinessId::from_uuid(Uuid::from_u128(7)),
        name: "מספרת דנה".into(),
        called_number: "+97231234567".parse().unwrap(),
        text: BusinessText::default(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings: AppointmentSettings::simple(
            "sun-fri".parse().unwrap(),
            time::macros::time!(9:00),
            time::macros::time!(18:00),
            30,
            TimeZoneName::jerusalem(),
        )
        .unwrap(),
    }
}

async fn start(answers: Vec<Value>) -> (Arc<MemoryStore>, PlayedModel, std::net::SocketAddr) {
    let (model, socket) = session();
    let (store, addr) = start_with(answers, vec![socket]).await;
    (store, model, addr)
}

/// A session with the model, from both ends.
fn session() -> (PlayedModel, ModelSocket) {
    let (events, mut heard) = mpsc::channel::<Bytes>(256);
    let (commands, told) = mpsc::channel(1_024);
    let events_of = stream::poll_fn(move |context| heard.poll_recv(context));
    let socket = ModelSocket {
        events: events_of.boxed(),
        commands,
        talking: ModelName("gpt-realtime-2.1".into()),
    };
    let model = PlayedModel {
        events,
        commands: told,
        given_ms: 0,
    };
    (model, socket)
}

async fn start_with(
    answers: Vec<Value>,
    sessions: Vec<ModelSocket>,
) -> (Arc<MemoryStore>, std::net::SocketAddr) {
    let store = Arc::new(MemoryStore::new());
    store.add_business(&business()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let bridge = Bridge::new(BridgeParts {
        store: store.clone(),
        spool: None,
        parser: AppointmentParser::new(Arc::new(Answers(Mutex::new(answers.into())))),
        models: Arc::new(Sessions(Mutex::new(sessions.into()))),
        clock: Arc::new(StoppedClock),
        config: BridgeConfig {
            clips: ClipSet::built_in(),
            public_url: format!("http://{addr}").parse().unwrap(),
            webhook_secrets: WebhookSecrets::of(SecretString::from(TOKEN)),
            session: SessionSettings {
                transcription_language: "he".into(),
                voice: "marin".parse().unwrap(),
            },
            prices: PriceTable::default(),
            max_calls: 4,
            limits: EffectiveLimits {
                calls: NonZeroU16::MAX,
                calls_per_hour: NonZeroU16::MAX,
                appointments: NonZeroU16::MAX,
            },
            timings: toran_call::Timings::default(),
        },
        observer: None,
    });
    tokio::spawn(async move { axum::serve(listener, bridge.router()).await });
    (store, addr)
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens a call as the webhook would, and its media stream.
async fn dial(store: &MemoryStore, addr: std::net::SocketAddr) -> (CallKey, Socket) {
    dial_with_token(store, addr, 1).await
}

async fn dial_with_token(
    store: &MemoryStore,
    addr: std::net::SocketAddr,
    token_id: u128,
) -> (CallKey, Socket) {
    let key = CallKey {
        business_id: business().id,
        call_sid: CALL.parse().unwrap(),
    };
    let opening = CallOpening {
        key: key.clone(),
        caller: Some("+972541234567".parse().unwrap()),
        new_lead_id: LeadId::from_uuid(Uuid::from_u128(9)),
        now: NOW,
    };
    store.open_call(&opening).await.unwrap();
    let url = format!("ws://{addr}/twilio/media");
    let request = SignedRequest {
        url: &url,
        body: SignedBody::Empty,
    };
    let signature = WebhookKey::new(TOKEN.as_bytes()).sign(&request, Algorithm::HmacSha1);
    let mut handshake = url.as_str().into_client_request().unwrap();
    handshake
        .headers_mut()
        .insert(SIGNATURE_HEADER, signature.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(handshake).await.unwrap();
    let expires_at = NOW + time::Duration::minutes(1);
    let token = StreamTokenKey::derive(TOKEN.as_bytes()).issue(
        &key.call_sid,
        key.business_id,
        Uuid::from_u128(token_id),
        expires_at,
    );
    for message in [
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}),
        json!({"event": "start", "sequenceNumber": "1", "streamSid": STREAM, "start": {
            "accountSid": "AC00000000000000000000000000000001", "streamSid": STREAM, "callSid": CALL, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": token}}}),
    ] {
        socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
    (key, socket)
}

#[tokio::test]
async fn a_call_is_booked_by_the_server_and_told_to_the_model() {
    let tuesday = json!({"words": "שלישי", "weekday": "tuesday", "week_offset": 0});
    let ten = json!({"words": "עשר", "hour": 10, "minute": 0, "part_of_day": null});
    let (store, mut model, addr) = start(vec![
        json!({"action": "ask", "date": tuesday, "time": ten, "name": null}),
        json!({"action": "confirm", "date": null, "time": null, "name": null}),
    ])
    .await;
    let (key, mut phone) = dial(&store, addr).await;

    let configured = model.told().await;
    assert_eq!(configured["type"], "session.update");
    let session = &configured["session"];
    assert_eq!(
        session["audio"]["input"]["turn_detection"]["create_response"],
        false
    );
    assert_eq!(session["audio"]["output"]["format"]["type"], "audio/pcmu");
    assert!(session.get("tools").is_none(), "the model has no tools");
    assert!(
        session["instructions"]
            .as_str()
            .unwrap()
            .contains("מספרת דנה")
    );
    model
        .say(json!({"type": "session.updated", "session": {}}))
        .await;
    assert_eq!(model.told().await, json!({"type": "response.create"}));
    model.answer("r1", "שלום").await;

    model
        .hear(&mut phone, "u1", "יש משהו ביום שלישי בעשר?")
        .await;
    let offered = model.told().await;
    assert_eq!(offered["item"]["role"], "system");
    let event: Value =
        serde_json::from_str(offered["item"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(event["server_event"], "free_slots");
    assert_eq!(model.told().await["type"], "response.create");
    model.answer("r2", "שלישי בעשר פנוי. לקבוע?").await;

    model.hear(&mut phone, "u2", "כן בבקשה").await;
    let booked = model.told().await;
    let event: Value =
        serde_json::from_str(booked["item"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        event,
        json!({"server_event": "appointment_created", "date": "2026-11-24", "time": "10:00"})
    );
    assert_eq!(model.told().await["type"], "response.create");

    let rows = store
        .appointments(key.business_id, NOW, NOW + time::Duration::days(7))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].starts_at, utc_datetime!(2026-11-24 08:00));

    // The caller hears something, and hangs up: the model's session is closed.
    let heard = timeout(Duration::from_secs(5), phone.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(heard.to_text().unwrap()).unwrap()["event"],
        "media"
    );
    let stop = json!({"event": "stop", "sequenceNumber": "2", "streamSid": STREAM,
        "stop": {"accountSid": "AC00000000000000000000000000000001", "callSid": CALL}});
    phone.send(Message::text(stop.to_string())).await.unwrap();
    let closed = timeout(Duration::from_secs(5), async {
        while model.commands.recv().await.is_some() {}
    });
    closed
        .await
        .expect("the model's session is closed when the caller hangs up");
}

#[tokio::test]
async fn a_parser_that_breaks_is_admitted_to_the_caller() {
    let (store, mut model, addr) = start(Vec::new()).await;
    let (_, mut phone) = dial(&store, addr).await;
    model.told().await;
    model
        .say(json!({"type": "session.updated", "session": {}}))
        .await;
    model.told().await;
    model.answer("r1", "שלום").await;
    model.hear(&mut phone, "u1", "אפשר תור למחר?").await;
    let told = model.told().await;
    assert_eq!(
        told["item"]["content"][0]["text"],
        r#"{"server_event":"not_understood"}"#
    );
}

#[tokio::test]
async fn a_session_that_dies_is_opened_again_on_the_same_stream() {
    let ((mut first, socket), (mut second, spare)) = (session(), session());
    let (store, addr) = start_with(Vec::new(), vec![socket, spare]).await;
    let (_, mut phone) = dial(&store, addr).await;
    assert_eq!(first.told().await["type"], "session.update");
    first
        .say(json!({"type": "session.updated", "session": {}}))
        .await;
    assert_eq!(first.told().await["type"], "response.create");
    first.answer("r1", "שלום").await;
    drop(first);

    assert_eq!(second.told().await["type"], "session.update");
    second
        .say(json!({"type": "session.updated", "session": {}}))
        .await;
    let resumed = second.told().await;
    let text = resumed["item"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("call_resumed"), "{text}");
    assert_eq!(second.told().await["type"], "response.create");
    let heard = timeout(Duration::from_secs(5), phone.next()).await;
    assert!(
        heard.unwrap().unwrap().unwrap().is_text(),
        "the stream lives on"
    );
}

#[tokio::test]
async fn another_transcriber_takes_over_in_the_session_that_goes_on() {
    let (store, mut model, addr) = start(Vec::new()).await;
    let (_key, _phone) = dial(&store, addr).await;
    let configured = model.told().await;
    let transcription = &configured["session"]["audio"]["input"]["transcription"];
    assert_eq!(
        transcription,
        &json!({"model": TRANSCRIBERS[0], "language": "he"})
    );
    assert_eq!(
        configured["session"]["include"],
        json!(["item.input_audio_transcription.logprobs"])
    );
    model
        .say(json!({"type": "session.updated", "session": {}}))
        .await;
    model.say(json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": "i1", "content_index": 0,
        "error": {"type": "invalid_request_error", "code": "model_not_found"}})).await;
    let update = loop {
        let told = model.told().await;
        if told["type"] == "session.update" {
            break told;
        }
    };
    // Nothing else of the session changes.
    assert_eq!(
        update["session"],
        json!({"type": "realtime", "include": [],
        "audio": {"input": {"transcription": {"model": TRANSCRIBERS[1], "languages": ["he"]}}}})
    );
}

#[tokio::test]
async fn a_refusal_inside_the_session_ends_the_call_with_an_apology_and_no_further_session() {
    let (mut model, socket) = session();
    let (_unused, other) = session();
    let (store, addr) = start_with(Vec::new(), vec![socket, other]).await;
    let (key, mut phone) = dial(&store, addr).await;
    model.told().await;
    model.say(json!({"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_api_key"}})).await;
    let mut heard = 0;
    while let Some(Ok(message)) = phone.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        heard += usize::from(message["event"] == "media");
    }
    assert!(heard > 10, "{heard} pieces of the apology");
    let ended = async {
        loop {
            let ending = store
                .call_session(&key)
                .await
                .unwrap()
                .and_then(|call| call.ending);
            if ending.is_some() {
                return ending;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ending = tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    assert_eq!(ending, Some(CallEnding::Failed));
}

#[tokio::test]
async fn a_newer_stream_of_a_call_takes_the_place_of_the_older() {
    let ((mut first, socket), (mut second, spare)) = (session(), session());
    let (store, addr) = start_with(Vec::new(), vec![socket, spare]).await;
    let (_, mut older) = dial(&store, addr).await;
    assert_eq!(first.told().await["type"], "session.update");
    let (_, _newer) = dial_with_token(&store, addr, 2).await;
    let closed = timeout(Duration::from_secs(5), async {
        while let Some(Ok(message)) = older.next().await {
            if message.is_close() {
                return;
            }
        }
    });
    closed
        .await
        .expect("the older stream is closed, and says so");
    assert_eq!(second.told().await["type"], "session.update");
}

#[tokio::test]
async fn what_was_said_during_an_outage_is_stored_after_it() {
    let (store, mut model, addr) = start(vec![]).await;
    let (key, mut phone) = dial(&store, addr).await;
    assert_eq!(model.told().await["type"], "session.update");
    let updated = json!({"type": "session.updated", "session": {}});
    model.say(updated).await;
    assert_eq!(model.told().await["type"], "response.create");
    store.go_away();
    model.answer("r1", "שלום").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let stop = json!({"event": "stop", "sequenceNumber": "9", "streamSid": STREAM,
        "stop": {"accountSid": "AC00000000000000000000000000000001", "callSid": CALL}});
    phone.send(Message::text(stop.to_string())).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    store.come_back();
    let ended = async {
        loop {
            let session = store.call_session(&key).await.unwrap().unwrap();
            if session.ending.is_some() {
                return session;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), ended).await;
    let said = ended.expect("the end is stored").said;
    let said: Vec<&str> = said
        .iter()
        .map(|line| line.text.expose().as_str())
        .collect();
    assert_eq!(said, ["שלום"]);
}
