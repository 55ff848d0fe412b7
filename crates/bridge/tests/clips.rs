//! The clips' route over real sockets, as the provider fetches them.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use time::{UtcDateTime, macros::utc_datetime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use toran_bridge::{
    Bridge, BridgeConfig, BridgeParts, Clock, ModelConnectError, ModelConnector, ModelRole,
    ModelSocket, SessionSettings, WebhookSecrets,
    clips::{Clip, ClipSet, GENDERS},
};
use toran_domain::{AgentGender, CallSid, EffectiveLimits, ModelName, PriceTable, VoiceName};
use toran_nlp::{AppointmentParser, Completer, CompleterError, Completion, CompletionRequest};
use toran_store::MemoryStore;
use toran_telephony::wav;
use url::Url;

struct Nobody;

#[async_trait]
impl ModelConnector for Nobody {
    async fn connect(&self, _: &CallSid, _: Duration) -> Result<ModelSocket, ModelConnectError> {
        Err(ModelConnectError::Failed("there is none".into()))
    }

    fn transcriber(&self) -> ModelName {
        ModelName("nobody".into())
    }

    fn refused(&self, _: ModelRole, _: &ModelName, _: &str) -> Option<ModelName> {
        None
    }
}

#[async_trait]
impl Completer for Nobody {
    async fn complete(&self, _: CompletionRequest) -> Result<Completion, CompleterError> {
        Err(CompleterError::Refused)
    }
}

impl Clock for Nobody {
    fn now(&self) -> UtcDateTime {
        utc_datetime!(2026-11-23 12:00)
    }
}

fn voice() -> VoiceName {
    "marin".parse().unwrap()
}

async fn start(auth_token: &str) -> Arc<Bridge> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let bridge = Bridge::new(BridgeParts {
        store: Arc::new(MemoryStore::new()),
        spool: None,
        parser: AppointmentParser::new(Arc::new(Nobody)),
        models: Arc::new(Nobody),
        clock: Arc::new(Nobody),
        config: BridgeConfig {
            clips: ClipSet::built_in(),
            public_url: format!("http://{addr}").parse().unwrap(),
            webhook_secrets: WebhookSecrets::of(SecretString::from(auth_token)),
            session: SessionSettings {
                transcription_language: "he".into(),
                voice: voice(),
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
    let router = bridge.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    bridge
}

/// Fetches an address: the answer's head and body.
async fn get(url: &str) -> (String, Vec<u8>) {
    let url: Url = url.parse().unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let path = &url[url::Position::BeforePath..];
    let mut socket = TcpStream::connect(&host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap().to_lowercase(), body)
}

#[tokio::test]
async fn every_clip_is_served_as_a_file() {
    let bridge = start("12345").await;
    for clip in Clip::ALL {
        for gender in GENDERS {
            let (head, body) = get(&bridge.clip_url(clip, &voice(), gender)).await;
            assert!(head.starts_with("http/1.1 200"), "{head}");
            assert!(head.contains("content-type: audio/wav"), "{head}");
            assert!(head.contains("cache-control: public, max-age="), "{head}");
            let audio = ClipSet::built_in().get(clip, "marin", gender);
            assert_eq!(body, wav::from_mulaw(&audio), "{clip:?} {gender:?}");
        }
    }
}

#[tokio::test]
async fn no_other_address_is_served() {
    let bridge = start("12345").await;
    let good = bridge.clip_url(Clip::Apology, &voice(), AgentGender::Female);
    let bare = good.split_once('?').unwrap().0.to_owned();
    let elsewhere = start("another token").await;
    let foreign = elsewhere.clip_url(Clip::Apology, &voice(), AgentGender::Female);
    let foreign_proof = foreign.split_once('?').unwrap().1;
    for forged in [
        bare.clone(),
        format!("{bare}?v="),
        format!("{bare}?{foreign_proof}"),
        good.replace("/apology", "/no-place"),
        good.replace("/female", "/male"),
        good.replace("/apology", "/%61pology"),
        good.replace("/female/apology", "/female/..%2f..%2fapology"),
        good.replace("/apology", "/greeting"),
    ] {
        let (head, _) = get(&forged).await;
        assert!(head.starts_with("http/1.1 403"), "{forged}: {head}");
    }
}
