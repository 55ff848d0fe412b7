//! The phone side against small gateways that do one thing each.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{any, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use time::UtcDateTime;
use tokio::net::TcpListener;
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::{CallError, CallReport, Caller, EndedBy, PlaceCall},
    scenario::{Scenario, Step},
    voice::speak,
};

/// What a test's gateway does with its media streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    /// Says something, marks it, lets it be played.
    Speak,
    /// Says something long and clears it after half a second.
    Clear,
    /// Closes the first stream at once; speaks on the second.
    CloseFirst,
    /// Connects the caller with the stand-in for OpenAI.
    Bridge,
}

struct Gateway {
    conduct: Conduct,
    openai: Option<String>,
    webhooks: Mutex<Vec<(String, String)>>,
    messages: Mutex<Vec<Value>>,
    signed: Mutex<bool>,
}

impl Gateway {
    fn streams(&self) -> usize {
        let messages = self.messages.lock().expect("a lock");
        messages
            .iter()
            .filter(|message| message["event"] == "start")
            .count()
    }
}

async fn gateway(conduct: Conduct, openai: Option<String>) -> (Arc<Gateway>, url::Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let gateway = Arc::new(Gateway {
        conduct,
        openai,
        webhooks: Mutex::default(),
        messages: Mutex::default(),
        signed: Mutex::new(true),
    });
    let router = Router::new()
        .route("/voice", post(voice))
        .route("/after", post(voice))
        .route("/refuse", post(|| async { StatusCode::FORBIDDEN }))
        .route("/status", post(status))
        .route("/media", any(media))
        .with_state(Arc::clone(&gateway));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (
        gateway,
        format!("http://{addr}/voice").parse().expect("an address"),
    )
}

async fn voice(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    *gateway.signed.lock().expect("a lock") &= headers.contains_key("x-twilio-signature");
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    gateway.webhooks.lock().expect("a lock").extend(form);
    let host = headers[header::HOST].to_str().expect("a host");
    let twiml = format!(
        "<Response><Connect><Stream url=\"ws://{host}/media\" statusCallback=\"/status\">\
         <Parameter name=\"token\" value=\"t&amp;1\"/></Stream></Connect>\
         <Redirect method=\"POST\">/after</Redirect></Response>"
    );
    ([(header::CONTENT_TYPE, "text/xml")], twiml)
}

async fn status(State(gateway): State<Arc<Gateway>>, body: Bytes) {
    let form = form_urlencoded::parse(&body).into_owned();
    gateway.webhooks.lock().expect("a lock").extend(form);
}

async fn media(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> impl IntoResponse {
    *gateway.signed.lock().expect("a lock") &= headers.contains_key("x-twilio-signature");
    upgrade.on_upgrade(move |socket| serve(gateway, socket))
}

async fn serve(gateway: Arc<Gateway>, mut socket: WebSocket) {
    let mut frames = 0;
    let mut sid = Value::Null;
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let kind = message["event"].as_str().expect("an event").to_owned();
        frames += usize::from(kind == "media");
        gateway
            .messages
            .lock()
            .expect("a lock")
            .push(message.clone());
        let nth = gateway.streams();
        if kind == "start" {
            sid = message["streamSid"].clone();
            match gateway.conduct {
                Conduct::CloseFirst if nth == 1 => return,
                Conduct::Bridge => return bridge(&gateway, socket, &sid).await,
                Conduct::Clear => {
                    say(&mut socket, &sid, "תשובה ארוכה מאוד שאיש לא ישמע עד סופה").await;
                }
                Conduct::Speak | Conduct::CloseFirst => say(&mut socket, &sid, "שלום").await,
            }
        }
        if gateway.conduct == Conduct::Clear && kind == "media" && frames == 25 {
            send(&mut socket, &json!({"event": "clear", "streamSid": sid})).await;
        }
    }
}

async fn say(socket: &mut WebSocket, sid: &Value, text: &str) {
    let payload = STANDARD.encode(speak(text));
    send(
        socket,
        &json!({"event": "media", "streamSid": sid, "media": {"payload": payload}}),
    )
    .await;
    send(
        socket,
        &json!({"event": "mark", "streamSid": sid, "mark": {"name": "end"}}),
    )
    .await;
}

async fn send(socket: &mut WebSocket, message: &Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .expect("sent");
}

/// The simplest gateway there can be: the model answers by itself.
async fn bridge(gateway: &Gateway, mut phone: WebSocket, sid: &Value) {
    use tokio_tungstenite::tungstenite::Message as Frame;
    let url = gateway
        .openai
        .as_ref()
        .expect("a stand-in")
        .replacen("http", "ws", 1);
    let url = format!("{url}/realtime?model=gpt-realtime-2.1");
    let (mut model, _) = tokio_tungstenite::connect_async(url)
        .await
        .expect("connected");
    let update = json!({"type": "session.update", "session": {"type": "realtime",
        "instructions": "העסק \"אורלי\"", "audio": {
            "input": {"format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-4o-transcribe"}},
            "output": {"format": {"type": "audio/pcmu"}}}}});
    for event in [update, json!({"type": "response.create"})] {
        model
            .send(Frame::text(event.to_string()))
            .await
            .expect("sent");
    }
    loop {
        tokio::select! {
            message = phone.recv() => {
                let Some(Ok(Message::Text(text))) = message else { return };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["event"] == "media" {
                    let audio = &message["media"]["payload"];
                    let event = json!({"type": "input_audio_buffer.append", "audio": audio});
                    model.send(Frame::text(event.to_string())).await.expect("sent");
                }
            }
            event = model.next() => {
                let Some(Ok(Frame::Text(text))) = event else { continue };
                let event: Value = serde_json::from_str(&text).expect("JSON");
                match event["type"].as_str().expect("a type") {
                    "response.output_audio.delta" => send(&mut phone, &json!({"event": "media",
                        "streamSid": sid, "media": {"payload": event["delta"]}})).await,
                    "input_audio_buffer.speech_started" => {
                        send(&mut phone, &json!({"event": "clear", "streamSid": sid})).await;
                    }
                    _ => {}
                }
            }
        }
    }
}

async fn call(url: url::Url, script: Vec<Step>) -> CallReport {
    let call = PlaceCall::new(url, "12345", script, UtcDateTime::UNIX_EPOCH, 1);
    Caller::place(call).await.expect("a call")
}

fn wait(ms: u64) -> Step {
    Step::Pause { ms }
}

#[tokio::test]
async fn a_call_is_signed_counted_and_hung_up() {
    let (gateway, url) = gateway(Conduct::Speak, None).await;
    let report = call(url, vec![wait(600), Step::Dtmf { digit: '5' }, wait(100)]).await;
    assert_eq!(report.ended_by, EndedBy::Caller);
    assert_eq!(report.heard_text(), "שלום");
    assert!(report.heard[0].complete);
    assert_eq!(
        (report.marks_played, report.marks_cleared, report.streams),
        (1, 0, 1)
    );
    assert_eq!(report.violations, Vec::<String>::new());
    assert!(*gateway.signed.lock().expect("a lock"));

    let messages = gateway.messages.lock().expect("a lock").clone();
    let kinds: Vec<_> = messages
        .iter()
        .filter_map(|message| message["event"].as_str())
        .collect();
    assert_eq!(&kinds[..2], ["connected", "start"]);
    assert_eq!(kinds.last(), Some(&"stop"));
    assert!(kinds.contains(&"dtmf") && kinds.contains(&"mark"));
    assert_eq!(messages[1]["start"]["customParameters"]["token"], "t&1");
    let media: Vec<_> = messages
        .iter()
        .filter(|message| message["event"] == "media")
        .collect();
    assert!(
        (30..=45).contains(&media.len()),
        "{} frames in 0.7 s",
        media.len()
    );
    assert_eq!(media[1]["media"]["chunk"], "2");
    assert_eq!(media[1]["media"]["timestamp"], "81");

    let webhooks = gateway.webhooks.lock().expect("a lock").clone();
    let values = |key: &str| {
        let of_key = webhooks.iter().filter(move |(name, _)| name == key);
        of_key.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(values("CallStatus"), ["ringing"]);
    assert_eq!(values("StreamEvent")[0], "stream-started");
}

#[tokio::test]
async fn a_clear_cuts_what_is_heard_and_returns_the_marks() {
    let (_gateway, url) = gateway(Conduct::Clear, None).await;
    let report = call(url, vec![wait(1_000)]).await;
    assert_eq!(
        (report.clears, report.marks_played, report.marks_cleared),
        (1, 0, 1)
    );
    assert!("תשובה ארוכה מאוד שאיש לא ישמע עד סופה".starts_with(&report.heard[0].text));
    let letters = report.heard[0].text.chars().count();
    assert!(
        (4..=9).contains(&letters),
        "{letters} letters in half a second"
    );
    assert!(!report.heard[0].complete);
}

#[tokio::test]
async fn a_closed_stream_goes_on_with_the_next_verb() {
    let (gateway, url) = gateway(Conduct::CloseFirst, None).await;
    let heard = Step::WaitHeard {
        text: "שלום".into(),
        timeout_ms: 3_000,
    };
    let report = call(url, vec![heard]).await;
    assert_eq!(report.ended_by, EndedBy::Caller);
    assert_eq!((report.streams, report.redirects), (2, 1));
    let webhooks = gateway.webhooks.lock().expect("a lock");
    assert!(webhooks.contains(&("CallStatus".into(), "in-progress".into())));
}

#[tokio::test]
async fn a_dropped_stream_is_followed_by_the_redirect() {
    let (gateway, url) = gateway(Conduct::Speak, None).await;
    let report = call(url, vec![wait(200), Step::DropStream, wait(600)]).await;
    assert_eq!((report.streams, report.redirects), (2, 1));
    let messages = gateway.messages.lock().expect("a lock");
    let stops = messages
        .iter()
        .filter(|message| message["event"] == "stop")
        .count();
    assert_eq!(stops, 1, "the dropped stream says nothing");
}

#[tokio::test]
async fn failures_are_reported() {
    let (_gateway, url) = gateway(Conduct::Speak, None).await;
    let unmet = Step::WaitHeard {
        text: "קבעתי".into(),
        timeout_ms: 300,
    };
    let report = call(url.clone(), vec![unmet]).await;
    assert!(matches!(report.ended_by, EndedBy::Step(failure) if failure.number == 1));

    let place = |url: url::Url| {
        Caller::place(PlaceCall::new(
            url,
            "12345",
            Vec::new(),
            UtcDateTime::UNIX_EPOCH,
            1,
        ))
    };
    let refused = place(url.join("/refuse").expect("an address")).await;
    assert!(
        matches!(refused, Err(CallError::Status { status: 403, .. })),
        "{refused:?}"
    );
    let secure = place("https://gateway.example/voice".parse().expect("an address")).await;
    assert!(matches!(secure, Err(CallError::NeedsTls { .. })));
}

#[tokio::test]
async fn both_sides_understand_each_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut options = OpenAiOptions::new(UtcDateTime::UNIX_EPOCH, 5);
    options.record = Some(folder.join("openai.jsonl"));
    let openai = OpenAiSimulator::start(listener, Scenario::default(), options).expect("it starts");
    let (_gateway, url) = gateway(Conduct::Bridge, Some(openai.base_url())).await;
    let hello = "07".parse().expect("a recorded utterance");
    let script = vec![
        Step::Interrupt {
            after_ms: 700,
            utterance: hello,
            timeout_ms: 5_000,
        },
        Step::WaitHeard {
            text: "במה אפשר לעזור".into(),
            timeout_ms: 6_000,
        },
    ];
    let mut call = PlaceCall::new(url, "12345", script, UtcDateTime::UNIX_EPOCH, 5);
    call.record = Some(folder.join("phone.jsonl"));
    call.max_duration = Duration::from_secs(20);
    let report = Caller::place(call).await.expect("a call");
    assert_eq!(report.ended_by, EndedBy::Caller, "{report:?}");
    assert!("שלום, הגעתם לאורלי, איך אפשר לעזור?".starts_with(&report.heard[0].text));
    assert!(!report.heard[0].complete, "the greeting was interrupted");
    assert_eq!(report.violations, Vec::<String>::new());
}
