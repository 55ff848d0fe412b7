//! The phone side where no stream is open: recordings that are played, and people who are called.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use time::UtcDateTime;
use tokio::net::TcpListener;
use toran_simulator::phone::{
    CallEvent, CallReport, Caller, DialOutcome, EndedBy, PlaceCall, Played,
};

const AUTH_TOKEN: &str = "12345";

/// A gateway that answers each webhook with a document, and serves two recordings: one good and one silent about itself.
#[derive(Default)]
struct Gateway {
    voice: &'static str,
    dialled: &'static str,
    forms: Mutex<Vec<(String, Form)>>,
    fetched: Mutex<Vec<(Uri, HeaderMap)>>,
}

type Form = Vec<(String, String)>;
type Shared = State<Arc<Gateway>>;

impl Gateway {
    fn posted(&self, path: &str, name: &str) -> Vec<String> {
        let forms = self.forms.lock().expect("a lock");
        let of_path = forms.iter().filter(|(posted, _)| posted == path);
        let fields = of_path.flat_map(|(_, form)| form);
        let of_name = fields.filter(|(field, _)| field == name);
        of_name.map(|(_, value)| value.clone()).collect()
    }

    fn note(&self, uri: &Uri, body: &Bytes) {
        let form = form_urlencoded::parse(body).into_owned().collect();
        let mut forms = self.forms.lock().expect("a lock");
        forms.push((uri.path().to_owned(), form));
    }
}

fn twiml(verbs: &str) -> Response {
    let document = format!("<Response>{verbs}</Response>");
    ([(header::CONTENT_TYPE, "text/xml")], document).into_response()
}

async fn voice(State(gateway): Shared, uri: Uri, body: Bytes) -> Response {
    gateway.note(&uri, &body);
    twiml(gateway.voice)
}

async fn dialled(State(gateway): Shared, uri: Uri, body: Bytes) -> Response {
    gateway.note(&uri, &body);
    twiml(gateway.dialled)
}

/// A second of mu-law.
async fn clip(State(gateway): Shared, uri: Uri, headers: HeaderMap) -> Response {
    gateway.fetched.lock().expect("a lock").push((uri, headers));
    let mut file =
        b"RIFF\x72\x1F\0\0WAVEfmt \x12\0\0\0\x07\0\x01\0\x40\x1F\0\0\x40\x1F\0\0\x01\0\x08\0\0\0"
            .to_vec();
    file.extend(b"fact\x04\0\0\0\x40\x1F\0\0data\x40\x1F\0\0");
    file.extend([0x20; 8_000]);
    ([(header::CONTENT_TYPE, "audio/wav")], file).into_response()
}

async fn start(gateway: Gateway) -> (Arc<Gateway>, url::Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let gateway = Arc::new(gateway);
    let router = Router::new()
        .route("/voice", post(voice))
        .route("/dialled", post(dialled))
        .route("/clip", get(clip))
        .route("/secret", get(|| async { StatusCode::FORBIDDEN }))
        .with_state(Arc::clone(&gateway));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("http://{addr}/voice");
    (gateway, url.parse().expect("an address"))
}

fn call(url: url::Url, dial: DialOutcome) -> PlaceCall {
    let mut call = PlaceCall::new(url, AUTH_TOKEN, Vec::new(), UtcDateTime::UNIX_EPOCH, 1);
    call.dial = dial;
    call.hurry = 50;
    call
}

async fn place(gateway: Gateway, dial: DialOutcome) -> (Arc<Gateway>, CallReport) {
    let (gateway, url) = start(gateway).await;
    let report = Caller::place(call(url, dial)).await.expect("a call");
    (gateway, report)
}

const TRANSFER: &str = "<Dial action=\"/dialled?n=1&amp;m=2\" method=\"POST\" timeout=\"5\">+97231234567</Dial>\
     <Play>/clip</Play>";

/// One transfer: what the gateway is told of it.
#[track_caller]
fn check(gateway: &Gateway, report: &CallReport, status: &str, seconds: Option<&str>) {
    assert_eq!(report.dialled, ["+97231234567"]);
    assert_eq!(
        report.played,
        [],
        "the action takes the place of what follows"
    );
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!(report.ended_by, EndedBy::Gateway);
    let posted = |name: &str| gateway.posted("/dialled", name);
    assert_eq!(posted("DialCallStatus"), [status]);
    assert_eq!(posted("CallStatus"), ["in-progress"]);
    let expected: Vec<_> = seconds.into_iter().map(str::to_owned).collect();
    assert_eq!(posted("DialCallDuration"), expected);
    let legs = posted("DialCallSid");
    assert!(legs[0].starts_with("CA") && legs[0].len() == 34, "{legs:?}");
    assert_ne!(legs, posted("CallSid"));
}

#[tokio::test]
async fn a_transfer_tells_what_came_of_it() {
    for (dial, status, seconds) in [
        (
            DialOutcome::Answered { for_ms: 2_500 },
            "completed",
            Some("3"),
        ),
        (DialOutcome::Busy, "busy", None),
        (DialOutcome::NoAnswer, "no-answer", None),
        (DialOutcome::Failed, "failed", None),
    ] {
        let gateway = Gateway {
            voice: TRANSFER,
            dialled: "<Hangup/>",
            ..Gateway::default()
        };
        let (gateway, report) = place(gateway, dial).await;
        check(&gateway, &report, status, seconds);
    }
}

#[tokio::test]
async fn a_transfer_without_an_action_goes_on_with_the_document() {
    let gateway = Gateway {
        voice: "<Dial timeout=\"1\">+97231234567</Dial><Play>/clip</Play><Hangup/>",
        ..Gateway::default()
    };
    let (gateway, report) = place(gateway, DialOutcome::NoAnswer).await;
    assert_eq!((report.dialled.len(), report.played.len()), (1, 1));
    assert_eq!(
        gateway.posted("/dialled", "DialCallStatus"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_recording_is_fetched_signed_and_played_to_its_end() {
    let gateway = Gateway {
        voice: "<Play>/clip?v=abc</Play><Hangup/>",
        ..Gateway::default()
    };
    let (gateway, url) = start(gateway).await;
    let (watcher, mut events) = tokio::sync::mpsc::channel(8);
    let mut call = call(url.clone(), DialOutcome::Busy);
    (call.hurry, call.watcher) = (10, Some(watcher));
    let report = Caller::place(call).await.expect("a call");
    let clip = url.join("/clip?v=abc").expect("an address").to_string();
    let played = Played {
        url: clip.clone(),
        ms: 1_000,
    };
    assert_eq!(report.played, std::slice::from_ref(&played));
    assert_eq!(report.violations, Vec::<String>::new());
    assert!(report.duration >= Duration::from_millis(100), "{report:?}");
    assert_eq!(events.recv().await, Some(CallEvent::Played(played)));

    let fetched = gateway.fetched.lock().expect("a lock");
    let (uri, headers) = &fetched[0];
    assert_eq!(uri.query(), Some("v=abc"));
    let mut mac = Hmac::<Sha1>::new_from_slice(AUTH_TOKEN.as_bytes()).expect("a key");
    mac.update(clip.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(headers["x-twilio-signature"], signature.as_str());
}

#[tokio::test]
async fn what_a_provider_would_complain_of_is_noted() {
    for (verbs, complaint) in [
        ("<Play>/secret</Play>", "403"),
        ("<Play>/missing</Play>", "404"),
        ("<Play>https://elsewhere.example/clip</Play>", "TLS"),
        ("<Play>/voice</Play>", "405"),
        ("<Say>שלום</Say>", "<Say>"),
        ("<Dial>100</Dial>", "no number"),
        ("<Dial action=\"/dialled\"></Dial>", "no number"),
    ] {
        let gateway = Gateway {
            voice: verbs,
            ..Gateway::default()
        };
        let (_gateway, report) = place(gateway, DialOutcome::Busy).await;
        let noted = report.violations.concat();
        assert!(noted.contains(complaint), "{verbs}: {noted:?}");
        assert_eq!(report.ended_by, EndedBy::Gateway, "{verbs}");
    }
}

#[tokio::test]
async fn a_circle_of_transfers_and_a_long_one_end() {
    let circle = Gateway {
        voice: TRANSFER,
        dialled: TRANSFER,
        ..Gateway::default()
    };
    let (_gateway, report) = place(circle, DialOutcome::Busy).await;
    assert_eq!(report.ended_by, EndedBy::TooManyRedirects);

    let long = Gateway {
        voice: TRANSFER,
        ..Gateway::default()
    };
    let (gateway, url) = start(long).await;
    let mut call = call(url, DialOutcome::Answered { for_ms: 3_600_000 });
    call.max_duration = Duration::from_millis(200);
    let report = Caller::place(call).await.expect("a call");
    assert_eq!(report.ended_by, EndedBy::TooLong);
    assert_eq!(
        gateway.posted("/dialled", "DialCallStatus"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_withheld_number_is_posted_as_it_is_written() {
    for from in [
        "",
        "anonymous",
        "+266696687",
        "sip:anonymous@anonymous.invalid",
    ] {
        let gateway = Gateway {
            voice: "<Hangup/>",
            ..Gateway::default()
        };
        let (gateway, url) = start(gateway).await;
        let mut call = call(url, DialOutcome::Busy);
        from.clone_into(&mut call.from);
        Caller::place(call).await.expect("a call");
        assert_eq!(gateway.posted("/voice", "From"), [from]);
    }
}
