//! Requests and frames that no provider sends: refused, and of no harm to anyone else's call.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message, client::IntoClientRequest as _, http::Response,
        protocol::frame::coding::CloseCode,
    },
};
use toran_call::Fact;
use toran_domain::Business;
use toran_telephony::twilio::{
    Algorithm, SIGNATURE_HEADER, SignedBody, SignedRequest, TOKEN_PARAMETER, WebhookKey,
};

use crate::stage::{AUTH_TOKEN, Stage, booking, place, tests};

tests![
    an_unsigned_webhook_is_refused,
    a_webhook_is_answered_by_what_it_says,
    a_handshake_that_is_not_signed_is_refused,
    a_stream_without_a_good_token_never_reaches_the_model,
    a_token_is_good_once_and_not_for_long,
    a_stream_that_does_not_start_is_closed,
    nonsense_on_a_live_stream_harms_no_call,
    a_frame_too_large_ends_that_call_alone,
    health_says_whether_calls_can_come,
];

const WEBHOOKS: [&str; 3] = ["/twilio/voice", "/twilio/after", "/twilio/stream-status"];
const CALL_SID: &str = "CA0000000000000000000000000000cafe";
const PATIENCE: Duration = Duration::from_secs(10);

async fn an_unsigned_webhook_is_refused() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let form = call_form(dana.called_number.e164());
    for path in WEBHOOKS {
        let unsigned = Webhook::new(path, &form).signed_with(None);
        assert_eq!(unsigned.post(&stage).await.status, 403, "{path}");
        let forged = Webhook::new(path, &form).signed_with(Some("another account's token"));
        assert_eq!(forged.post(&stage).await.status, 403, "{path}");
    }
}

async fn a_webhook_is_answered_by_what_it_says() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let to_dana = call_form(dana.called_number.e164());
    let answer = Webhook::new("/twilio/voice", &to_dana).post(&stage).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<Stream"));

    let to_nobody = call_form("+972729999999");
    let answer = Webhook::new("/twilio/voice", &to_nobody).post(&stage).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<Reject"));

    for path in WEBHOOKS {
        let anonymous = without(&to_dana, "CallSid");
        let answer = Webhook::new(path, &anonymous).post(&stage).await;
        assert_eq!(answer.status, 400, "{path}");

        let mut huge = to_dana.clone();
        huge.push(("Padding".to_owned(), "x".repeat(64 * 1024)));
        let answer = Webhook::new(path, &huge).post(&stage).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");

        let answer = get(&stage, path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

async fn a_handshake_that_is_not_signed_is_refused() {
    let stage = Stage::set("").await;
    for secret in [None, Some("another account's token")] {
        let refusal = Phone::connect(&stage, secret).await.err();
        assert_eq!(refusal.map(|answer| answer.status().as_u16()), Some(403));
    }
}

async fn a_stream_without_a_good_token_never_reaches_the_model() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let token = token_for(&stage, &dana, CALL_SID).await;
    let other_call = token_for(&stage, &dana, "CA0000000000000000000000000000beef").await;
    let mut tampered = token.clone();
    let last = if tampered.pop() == Some('A') {
        'B'
    } else {
        'A'
    };
    tampered.push(last);
    for token in [
        None,
        Some(""),
        Some("v1.x"),
        Some(&tampered),
        Some(&other_call),
    ] {
        let mut phone = Phone::signed(&stage).await;
        phone.start(CALL_SID, token).await;
        assert_eq!(phone.closed().await, Some(CloseCode::Policy), "{token:?}");
    }
    assert!(
        stage.openai.events().is_empty(),
        "{:#?}",
        stage.openai.events()
    );
}

async fn a_token_is_good_once_and_not_for_long() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let token = token_for(&stage, &dana, CALL_SID).await;
    let mut phone = Phone::signed(&stage).await;
    phone.start(CALL_SID, Some(&token)).await;
    phone.hears_something().await;
    let mut thief = Phone::signed(&stage).await;
    thief.start(CALL_SID, Some(&token)).await;
    assert_eq!(thief.closed().await, Some(CloseCode::Policy), "used before");
    phone.hears_something().await;

    let token = token_for(&stage, &dana, CALL_SID).await;
    stage.clock.advance(time::Duration::minutes(3));
    let mut late = Phone::signed(&stage).await;
    late.start(CALL_SID, Some(&token)).await;
    assert_eq!(late.closed().await, Some(CloseCode::Policy), "too late");
    assert_eq!(stage.sent_to_model("session.update").len(), 1);
}

async fn a_stream_that_does_not_start_is_closed() {
    let stage = Stage::set("").await;
    let mut silent = Phone::signed(&stage).await;
    let mut talkative = Phone::signed(&stage).await;
    // As long as a stream is waited for, and a little longer.
    for _ in 0..11 {
        let signs_of_life = talkative.0.send(Message::Ping(vec![1].into())).await;
        if signs_of_life.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(silent.closed().await, Some(CloseCode::Policy));
    assert_eq!(talkative.closed().await, Some(CloseCode::Policy));
    drop((silent, talkative));
    stage.has_connections(0).await;
    assert!(stage.openai.events().is_empty());
}

async fn nonsense_on_a_live_stream_harms_no_call() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    let booked = tokio::spawn(place(stage.call(&dana, booking())));
    let mut phone = Phone::live(&stage, &dana).await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let nonsense = [
        Message::text("not json"),
        Message::text(""),
        Message::text(deep),
        Message::binary(vec![0_u8, 159, 146, 150]),
        Message::Ping(vec![1, 2, 3].into()),
        Message::text(json!({"event": "weather", "sky": "clear"}).to_string()),
        Message::text(json!({"event": 7}).to_string()),
        Message::text(json!({"event": "media"}).to_string()),
        Message::text(media("***").to_string()),
        Message::text(media("").to_string()),
        Message::text(
            json!({"event": "mark", "mark": {"name": "m99999999999999999999"}}).to_string(),
        ),
        Message::text(json!({"event": "mark", "mark": {"name": "never sent"}}).to_string()),
        Message::text(json!({"event": "start", "start": {}}).to_string()),
        Message::text(json!({"event": "dtmf", "dtmf": {"digit": "שבע"}}).to_string()),
    ];
    for message in nonsense {
        phone.send(message).await;
    }
    // What comes after it is understood all the same.
    phone.send(Message::text(dtmf("5").to_string())).await;
    stage.until(|fact| *fact == Fact::DigitPressed).await;
    booked.await.expect("the other call books");
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn a_frame_too_large_ends_that_call_alone() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let booked = tokio::spawn(place(stage.call(&dana, booking())));
    let mut phone = Phone::live(&stage, &dana).await;
    phone
        .send(Message::text(media(&"/".repeat(65 * 1024)).to_string()))
        .await;
    phone.closed().await;
    booked.await.expect("the other call books");
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn health_says_whether_calls_can_come() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    assert_eq!(get(&stage, "/healthz").await.status, 200);
    assert_eq!(get(&stage, "/readyz").await.status, 200);
    let mut phone = Phone::live(&stage, &dana).await;
    stage.stop();
    let refused = async {
        while get(&stage, "/readyz").await.status != 503 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("told within a moment");
    assert_eq!(
        get(&stage, "/healthz").await.status,
        200,
        "it drains, and lives"
    );
    phone.hears_something().await;
    let to_dana = call_form(dana.called_number.e164());
    let answer = Webhook::new("/twilio/voice", &to_dana).post(&stage).await;
    assert_eq!(answer.status, 503, "the provider tries its other address");
    // A call whose stream it closed is not lost: whoever comes in its place is asked.
    let answer = Webhook::new("/twilio/after", &to_dana).post(&stage).await;
    assert_eq!(answer.status, 200);
    let told = r#"<Pause length="5"/><Redirect method="POST">"#;
    assert!(answer.body.contains(told), "{}", answer.body);
}

type Form = Vec<(String, String)>;

fn call_form(called: &str) -> Form {
    let fields = [
        ("CallSid", CALL_SID),
        ("From", "+972541234567"),
        ("To", called),
        ("CallStatus", "ringing"),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn without(form: &Form, name: &str) -> Form {
    form.iter()
        .filter(|(field, _)| field != name)
        .cloned()
        .collect()
}

/// A webhook as the provider posts it, or nearly.
struct Webhook<'a> {
    path: &'a str,
    form: &'a Form,
    secret: Option<&'a str>,
}

impl<'a> Webhook<'a> {
    fn new(path: &'a str, form: &'a Form) -> Self {
        let secret = Some(AUTH_TOKEN);
        Self { path, form, secret }
    }

    fn signed_with(self, secret: Option<&'a str>) -> Self {
        Self { secret, ..self }
    }

    async fn post(self, stage: &Stage) -> Answer {
        let url = format!("{}{}", stage.origin(), self.path);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.form)
            .finish();
        let mut request =
            Request::post(&url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(secret) = self.secret {
            let signature = sign(secret, &url, SignedBody::Form(self.form));
            request = request.header(SIGNATURE_HEADER, signature);
        }
        send(request.body(Body::from(body)).expect("a request")).await
    }
}

struct Answer {
    status: StatusCode,
    body: String,
}

async fn get(stage: &Stage, path: &str) -> Answer {
    let request = Request::get(format!("{}{path}", stage.origin()));
    send(request.body(Body::empty()).expect("a request")).await
}

/// Each request comes on a connection of its own, as from a stranger.
async fn send(request: Request<Body>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answering = async {
        let (parts, body) = client
            .request(request)
            .await
            .expect("an answer")
            .into_parts();
        let body = axum::body::to_bytes(Body::new(body), 64 * 1024).await;
        Answer {
            status: parts.status,
            body: String::from_utf8_lossy(&body.expect("a body")).into_owned(),
        }
    };
    tokio::time::timeout(PATIENCE, answering)
        .await
        .expect("an answer in time")
}

fn sign(secret: &str, url: &str, body: SignedBody<'_>) -> String {
    let request = SignedRequest { url, body };
    WebhookKey::new(secret.as_bytes()).sign(&request, Algorithm::HmacSha1)
}

/// The token in the instructions that answer a call.
async fn token_for(stage: &Stage, business: &Business, call_sid: &str) -> String {
    let mut form = without(&call_form(business.called_number.e164()), "CallSid");
    form.push(("CallSid".to_owned(), call_sid.to_owned()));
    let twiml = Webhook::new("/twilio/voice", &form).post(stage).await.body;
    let parameter = format!("name=\"{TOKEN_PARAMETER}\" value=\"");
    let (_, rest) = twiml
        .split_once(&parameter)
        .expect("a token in the instructions");
    let (token, _) = rest.split_once('"').expect("the token's end");
    token.to_owned()
}

fn media(payload: &str) -> Value {
    let media = json!({"track": "inbound", "chunk": "1", "timestamp": "61", "payload": payload});
    json!({"event": "media", "sequenceNumber": "2", "streamSid": "MZ1", "media": media})
}

fn dtmf(digit: &str) -> Value {
    let dtmf = json!({"track": "inbound_track", "digit": digit});
    json!({"event": "dtmf", "sequenceNumber": "3", "streamSid": "MZ1", "dtmf": dtmf})
}

/// The provider's end of a media socket, which sends whatever it is told to.
struct Phone(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Phone {
    /// The handshake, signed with a secret or not at all; `Err` is the gateway's refusal.
    async fn connect(
        stage: &Stage,
        secret: Option<&str>,
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let url = format!("ws://{}/twilio/media", stage.address());
        let mut request = url.as_str().into_client_request().expect("a request");
        if let Some(secret) = secret {
            let signature = sign(secret, &url, SignedBody::Empty);
            let signature = HeaderValue::try_from(signature).expect("a header");
            request.headers_mut().insert(SIGNATURE_HEADER, signature);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(*answer),
            Err(error) => panic!("neither taken nor refused: {error}"),
        }
    }

    async fn signed(stage: &Stage) -> Self {
        let connected = Self::connect(stage, Some(AUTH_TOKEN)).await;
        connected.expect("a signed handshake is taken")
    }

    /// A call that the gateway took, at its first sound.
    async fn live(stage: &Stage, business: &Business) -> Self {
        let token = token_for(stage, business, CALL_SID).await;
        let mut phone = Self::signed(stage).await;
        phone.start(CALL_SID, Some(&token)).await;
        phone.hears_something().await;
        phone
    }

    async fn start(&mut self, call_sid: &str, token: Option<&str>) {
        let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
        self.send(Message::text(connected.to_string())).await;
        let parameters = token.map_or(json!({}), |token| json!({TOKEN_PARAMETER: token}));
        let start = json!({
            "accountSid": "AC1", "streamSid": "MZ1", "callSid": call_sid, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        let start =
            json!({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": start});
        self.send(Message::text(start.to_string())).await;
    }

    async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the socket takes it");
    }

    /// Waits for audio from the gateway.
    async fn hears_something(&mut self) {
        let audio = async {
            while let Some(message) = self.0.next().await {
                let message = message.expect("the stream goes on");
                if message
                    .to_text()
                    .is_ok_and(|text| text.contains("\"media\""))
                {
                    return;
                }
            }
            panic!("the stream ended");
        };
        tokio::time::timeout(PATIENCE, audio)
            .await
            .expect("audio in time");
    }

    /// Waits for the end of the socket; with the code it was closed with, if it was closed.
    async fn closed(&mut self) -> Option<CloseCode> {
        let end = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        tokio::time::timeout(PATIENCE, end)
            .await
            .expect("the gateway ends it")
    }
}
