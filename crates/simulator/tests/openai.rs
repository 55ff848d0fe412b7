//! The OpenAI side over real sockets, with clients that know nothing of it.

use axum::{
    body::Bytes,
    http::{HeaderMap, Request, header::HOST},
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use time::UtcDateTime;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue},
    },
};
use toran_simulator::{
    Direction,
    openai::{Disturbance, OpenAiOptions, OpenAiSimulator, Pace},
    scenario::{ChatFault, Scenario},
    voice::Listener,
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn start(scenario: &str, key: Option<&str>) -> OpenAiSimulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let scenario = Scenario::parse(&format!("title = 'test'\n{scenario}")).expect("a scenario");
    let mut options = OpenAiOptions::new(UtcDateTime::UNIX_EPOCH, 3);
    options.api_key = key.map(str::to_owned);
    options.pace = Pace {
        think_ms: 20..=30,
        chat_ms: 0..=1,
        burst: 40.0,
        ..Pace::default()
    };
    OpenAiSimulator::start(listener, scenario, options).expect("it starts")
}

async fn connect(openai: &OpenAiSimulator, path: &str, headers: &[(&str, &str)]) -> Socket {
    let url = format!("ws://{}/v1/realtime{path}", openai.addr());
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header");
        request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    connect_async(request)
        .await
        .expect("every upgrade succeeds")
        .0
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(Duration::from_secs(5), socket.next())
            .await
            .expect("in time");
        match message.expect("an open socket").expect("a message") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Close(frame) => {
                let frame = frame.expect("a close says why");
                return json!({"code": u16::from(frame.code), "reason": frame.reason.as_str()});
            }
            _ => {}
        }
    }
}

async fn until(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let event = next(socket).await;
        assert!(
            event["code"].is_null(),
            "closed while waiting for {kind}: {event}"
        );
        if event["type"] == kind {
            return event;
        }
    }
}

async fn send(socket: &mut Socket, event: &Value) {
    socket
        .send(Message::text(event.to_string()))
        .await
        .expect("sent");
}

#[track_caller]
fn check_refusal(events: &[Value], code: &str, close: u16) {
    assert_eq!(events[0]["type"], "error");
    assert_eq!(events[0]["error"]["code"], code);
    assert_eq!(events[1]["code"], close);
    assert_eq!(events[1]["reason"], format!("invalid_request_error.{code}"));
}

#[tokio::test]
async fn admission_is_refused_in_band() {
    let openai = start("", Some("sk-right")).await;
    let right = ("authorization", "Bearer sk-right");
    let cases = [
        ("?model=gpt-realtime-2.1", vec![], "invalid_api_key", 3000),
        ("", vec![right], "missing_model", 4000),
        ("?model=gpt-4o-mini", vec![right], "invalid_model", 4000),
        (
            "?model=gpt-4o-realtime-preview",
            vec![right],
            "model_not_found",
            4004,
        ),
        (
            "?model=gpt-realtime-2.1",
            vec![right, ("openai-beta", "realtime=v1")],
            "beta_api_shape_disabled",
            4000,
        ),
    ];
    for (path, headers, code, close) in cases {
        let mut socket = connect(&openai, path, &headers).await;
        let events = [next(&mut socket).await, next(&mut socket).await];
        check_refusal(&events, code, close);
    }
    let mut socket = connect(&openai, "?model=gpt-realtime-2.1", &[right]).await;
    let created = next(&mut socket).await;
    assert_eq!(created["type"], "session.created");
    assert_eq!(created["session"]["expires_at"], 3_600);
}

#[tokio::test]
async fn a_conversation_over_a_socket() {
    let openai = start("", None).await;
    let mut socket = connect(&openai, "?model=gpt-realtime-2.1", &[]).await;
    until(&mut socket, "session.created").await;
    socket
        .send(Message::binary(vec![1, 2, 3]))
        .await
        .expect("sent");
    assert_eq!(
        until(&mut socket, "error").await["error"]["code"],
        "invalid_event"
    );
    socket.send(Message::text("not json")).await.expect("sent");
    assert_eq!(
        until(&mut socket, "error").await["error"]["code"],
        "invalid_json"
    );
    send(
        &mut socket,
        &json!({"type": "session.update", "session": {"type": "realtime",
            "instructions": "המספרה \"אורלי\"",
            "audio": {"input": {"turn_detection": null, "format": {"type": "audio/pcmu"}},
                "output": {"format": {"type": "audio/pcmu"}}}}}),
    )
    .await;
    let updated = until(&mut socket, "session.updated").await;
    assert!(updated["session"]["audio"]["input"]["turn_detection"].is_null());
    send(&mut socket, &json!({"type": "response.create"})).await;
    let mut ear = Listener::default();
    loop {
        let event = next(&mut socket).await;
        match event["type"].as_str() {
            Some("response.output_audio.delta") => {
                let delta = event["delta"].as_str().expect("a delta");
                ear.hear(&base64_decode(delta));
            }
            Some("response.done") => break,
            _ => {}
        }
    }
    assert_eq!(
        ear.utterances()[0].text,
        "שלום, הגעתם לאורלי, איך אפשר לעזור?"
    );
    until(&mut socket, "rate_limits.updated").await;
    let events = openai.events();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| (event.dir, event.kind()))
        .collect();
    assert!(kinds.contains(&(Direction::Client, "response.create")));
    assert!(kinds.contains(&(Direction::Server, "response.done")));
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).expect("base64")
}

#[tokio::test]
async fn connections_are_dropped_and_stalled_on_demand() {
    let openai = start("", None).await;
    let mut dropped = connect(&openai, "?model=gpt-realtime-2.1", &[]).await;
    until(&mut dropped, "session.created").await;
    openai.disturb(Disturbance::Drop);
    let end = timeout(Duration::from_secs(5), dropped.next())
        .await
        .expect("in time");
    assert!(
        !matches!(end, Some(Ok(_))),
        "no close, just the end: {end:?}"
    );

    let mut stalled = connect(&openai, "?model=gpt-realtime-2.1", &[]).await;
    until(&mut stalled, "session.created").await;
    openai.disturb(Disturbance::Stall);
    tokio::time::sleep(Duration::from_millis(50)).await;
    send(&mut stalled, &json!({"type": "response.create"})).await;
    assert!(
        timeout(Duration::from_millis(300), stalled.next())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_stopped_stand_in_closes_its_connections() {
    let openai = start("", None).await;
    let mut socket = connect(&openai, "?model=gpt-realtime-2.1", &[]).await;
    until(&mut socket, "session.created").await;
    openai.shutdown();
    assert_eq!(next(&mut socket).await["code"], 1001);
}

/// One HTTP exchange, without any client's help or habits.
async fn exchange(
    openai: &OpenAiSimulator,
    request: axum::http::request::Builder,
    body: String,
) -> (u16, HeaderMap, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request
        .header(HOST, openai.addr().to_string())
        .body(Full::new(Bytes::from(body)));
    let response = client
        .request(request.expect("a request"))
        .await
        .expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (
        status,
        headers,
        serde_json::from_slice(&body).expect("JSON"),
    )
}

async fn post(openai: &OpenAiSimulator, body: &Value) -> (u16, HeaderMap, Value) {
    let url = format!("{}/chat/completions", openai.base_url());
    exchange(openai, Request::post(url), body.to_string()).await
}

fn question(user: &str) -> Value {
    json!({"model": "gpt-4o-mini", "temperature": 0, "max_completion_tokens": 200,
        "messages": [{"role": "system", "content": "החזר JSON."}, {"role": "user", "content": user}],
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "appointment_request", "strict": true, "schema": {
                "type": "object", "additionalProperties": false, "required": ["action", "name"],
                "properties": {
                    "action": {"type": "string", "enum": ["ask", "confirm", "none"]},
                    "name": {"type": ["string", "null"]}}}}}})
}

#[tokio::test]
async fn completions_answer_and_fail_as_told() {
    let openai = start("", None).await;
    let ask = question("כן זה נכון");
    let (status, _, body) = post(&openai, &ask).await;
    assert_eq!(status, 200);
    let message = &body["choices"][0]["message"];
    assert_eq!(message["content"], r#"{"action":"confirm","name":null}"#);
    assert_eq!(body["choices"][0]["finish_reason"], "stop");

    let cases = [
        (ChatFault::RateLimited, 429, "rate_limit_exceeded"),
        (ChatFault::InsufficientQuota, 429, "insufficient_quota"),
        (ChatFault::ServerError, 500, "server_error"),
        (ChatFault::Overloaded, 503, "server_is_overloaded"),
    ];
    for (fault, status, code) in cases {
        openai.fail_next_chats([fault]);
        let (got, headers, body) = post(&openai, &ask).await;
        assert_eq!((got, &body["error"]["code"]), (status, &json!(code)));
        assert_eq!(
            headers.contains_key("retry-after-ms"),
            fault == ChatFault::RateLimited
        );
    }
    openai.fail_next_chats([ChatFault::Refusal]);
    let message = &post(&openai, &ask).await.2["choices"][0]["message"];
    assert!(message["content"].is_null() && message["refusal"].is_string());
    openai.fail_next_chats([ChatFault::Length]);
    assert_eq!(
        post(&openai, &ask).await.2["choices"][0]["finish_reason"],
        "length"
    );
    for fault in [ChatFault::NotJson, ChatFault::SchemaViolation] {
        openai.fail_next_chats([fault]);
        let (_, _, body) = post(&openai, &ask).await;
        let content = body["choices"][0]["message"]["content"]
            .as_str()
            .expect("a text");
        let action = serde_json::from_str(content).map(|answer: Value| answer["action"].clone());
        assert!(!matches!(action, Ok(action) if action == "confirm"));
    }
    openai.fail_next_chats([ChatFault::Hang]);
    let hanging = timeout(Duration::from_millis(300), post(&openai, &ask)).await;
    assert!(hanging.is_err());
    assert_eq!(post(&openai, &ask).await.0, 200, "and then it works again");
}

#[tokio::test]
async fn a_scenario_overrides_the_parser_and_fails_it() {
    let scenario = "[[turns]]\nutterance = '21'\nparse = { action = 'ask', name = 'דנה' }\n\
        chat_fault = 'server_error'\nchat_fault_times = 2";
    let openai = start(scenario, None).await;
    let ask = question("קוראים לי דוד כהן");
    assert_eq!(post(&openai, &ask).await.0, 500);
    assert_eq!(post(&openai, &ask).await.0, 500);
    let (_, _, body) = post(&openai, &ask).await;
    let content = &body["choices"][0]["message"]["content"];
    assert_eq!(content, r#"{"action":"ask","name":"דנה"}"#);
}

#[tokio::test]
async fn models_tell_when_they_end() {
    let openai = start("", None).await;
    let get = async |path: &str| {
        let url = format!("{}/models{path}", openai.base_url());
        let (status, _, body) = exchange(&openai, Request::get(url), String::new()).await;
        (status, body)
    };
    let (_, list) = get("").await;
    assert!(
        list["data"]
            .as_array()
            .is_some_and(|models| models.len() > 10)
    );
    let (_, model) = get("/gpt-4o-mini").await;
    assert_eq!(model["shutdown_date"], "2027-01-14");
    assert!(get("/gpt-realtime-2.1").await.1["shutdown_date"].is_null());
    let (status, gone) = get("/gpt-4.1-nano").await;
    assert_eq!(
        (status, &gone["error"]["code"]),
        (404, &json!("model_not_found"))
    );
}
