//! The Realtime socket against a server that behaves, refuses, stalls and dies.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use toran_openai::{
    Account, AccountSettings, ConnectError, OpenAiConfig, RealtimeSocket, Role, SendError,
    SocketClosed, SocketPatience,
};

type Peer = WebSocketStream<TcpStream>;

const CREATED: &str = r#"{"type":"session.created","event_id":"e","session":{"id":"sess_1"}}"#;
const SILENCE: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(30);

/// A server for one connection, and a configuration that leads to it.
async fn serve<F, Fut>(script: F) -> (Arc<Account>, JoinHandle<Fut::Output>)
where
    F: FnOnce(Peer) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(accept_hdr_async(stream, check_request).await.unwrap()).await
    });
    (account(&url), server)
}

fn account(url: &str) -> Arc<Account> {
    let mut config = OpenAiConfig::new(url.parse().unwrap());
    config.socket = SocketPatience {
        write: Duration::from_millis(500),
        silence: SILENCE,
    };
    let settings = AccountSettings {
        api_key: Some("sk-test".into()),
        ..AccountSettings::default()
    };
    Account::new(config, settings).unwrap()
}

#[expect(clippy::result_large_err, reason = "the signature is the library's")]
#[expect(clippy::unnecessary_wraps, reason = "the signature is the library's")]
fn check_request(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.uri(), "/v1/realtime?model=gpt-realtime-2.1");
    assert_eq!(request.headers()["authorization"], "Bearer sk-test");
    assert!(!request.headers().contains_key("openai-beta"));
    assert_eq!(request.headers()["openai-safety-identifier"], "5f2a");
    Ok(response)
}

async fn connect(account: &Account) -> Result<RealtimeSocket, ConnectError> {
    RealtimeSocket::connect(account, Some("5f2a"), Duration::from_secs(2)).await
}

async fn say(peer: &mut Peer, text: &str) {
    peer.send(Message::text(text)).await.unwrap();
}

async fn close(peer: &mut Peer, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    };
    peer.close(Some(frame)).await.unwrap();
    while peer.next().await.is_some() {}
}

#[tokio::test]
async fn a_session_is_opened_used_and_closed() {
    let (account, server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        peer.send(Message::Ping("x".into())).await.unwrap();
        say(
            &mut peer,
            r#"{"type":"response.created","response":{"id":"r"}}"#,
        )
        .await;
        let mut heard = Vec::new();
        while let Some(Ok(message)) = peer.next().await {
            heard.push(message);
        }
        heard
    })
    .await;
    let socket = connect(&account).await.unwrap();
    assert_eq!(socket.session().as_str(), CREATED);
    let (mut writer, mut reader) = socket.split();
    assert!(
        reader
            .next()
            .await
            .unwrap()
            .as_str()
            .contains("response.created")
    );
    writer
        .send(r#"{"type":"response.cancel"}"#.to_owned())
        .await
        .unwrap();
    writer.close().await;
    assert!(matches!(reader.next().await, Err(SocketClosed::ByUs)));
    drop((writer, reader));
    let heard = server.await.unwrap();
    assert!(heard.contains(&Message::Pong("x".into())), "{heard:?}");
    assert!(
        heard.contains(&Message::text(r#"{"type":"response.cancel"}"#)),
        "{heard:?}"
    );
    assert!(heard.iter().any(Message::is_close), "{heard:?}");
}

#[tokio::test]
async fn a_bad_key_is_told_after_the_upgrade() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, r#"{"type":"error","error":{"type":"invalid_request_error","code":"invalid_api_key","message":"Incorrect API key provided: sk-test"}}"#).await;
        close(&mut peer, 3000, "invalid_request_error.invalid_api_key").await;
    })
    .await;
    let error = connect(&account).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Refused { code } if code == "invalid_api_key"),
        "{error:?}"
    );
    assert!(error.is_lasting());
    assert!(error.to_string().contains("set a valid API key"), "{error}");
    assert!(!format!("{error} {error:?}").contains("sk-test"));
}

/// A server whose account has one model alone.
async fn serve_having(model: &'static str) -> (Arc<Account>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut asked = String::new();
            #[expect(clippy::result_large_err, reason = "the signature is the library's")]
            let read = |request: &Request, response: Response| {
                let query = request.uri().query().unwrap_or_default();
                query.clone_into(&mut asked);
                Ok(response)
            };
            let mut peer = accept_hdr_async(stream, read).await.unwrap();
            if asked == format!("model={model}") {
                say(&mut peer, CREATED).await;
                sleep(LONG).await;
            } else {
                close(&mut peer, 4004, "invalid_request_error.model_not_found").await;
            }
        }
    });
    (account(&url), server)
}

#[tokio::test]
async fn the_next_model_of_the_list_takes_over_from_one_that_is_gone() {
    let (account, server) = serve_having("gpt-realtime-2.1-mini").await;
    let socket = connect(&account).await.unwrap();
    assert_eq!(socket.model().0, "gpt-realtime-2.1-mini");
    // The next call does not ask for the one that is gone.
    assert_eq!(account.model(Role::Talking).0, "gpt-realtime-2.1-mini");
    server.abort();
}

#[tokio::test]
async fn where_every_model_is_gone_the_refusal_lasts() {
    let (account, server) = serve_having("none of ours").await;
    let error = connect(&account).await.unwrap_err();
    assert_eq!(error.refusal().as_deref(), Some("model_not_found"));
    assert!(error.is_lasting());
    server.abort();
}

#[tokio::test]
async fn a_close_alone_tells_its_code() {
    let (account, _server) = serve(async |mut peer: Peer| {
        close(&mut peer, 3000, "invalid_request_error.invalid_api_key").await;
    })
    .await;
    let error = connect(&account).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Refused { code } if code == "invalid_api_key"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_upgrade_is_not_a_session() {
    let (account, _server) = serve(async |_peer: Peer| sleep(LONG).await).await;
    let error = connect(&account).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout), "{error:?}");
    assert!(!error.is_lasting());
}

#[tokio::test]
async fn a_server_that_goes_away_at_once_may_be_tried_again() {
    let (account, _server) = serve(async |peer: Peer| drop(peer)).await;
    let error = connect(&account).await.unwrap_err();
    assert!(
        matches!(
            error,
            ConnectError::Unreachable(_) | ConnectError::ClosedEarly
        ) && !error.is_lasting(),
        "{error:?}"
    );
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = connect(&account(&url)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn an_expired_session_is_a_failure() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        close(
            &mut peer,
            1001,
            "Your session hit the maximum duration of 60 minutes.",
        )
        .await;
    })
    .await;
    let (_writer, mut reader) = connect(&account).await.unwrap().split();
    let closed = reader.next().await.unwrap_err();
    assert!(
        matches!(closed, SocketClosed::ByServer { code: 1001, .. }),
        "{closed:?}"
    );
}

#[tokio::test]
async fn a_drop_is_a_failure() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        drop(peer);
    })
    .await;
    let (_writer, mut reader) = connect(&account).await.unwrap().split();
    let closed = reader.next().await.unwrap_err();
    assert!(
        matches!(closed, SocketClosed::Dropped | SocketClosed::Lost(_)),
        "{closed:?}"
    );
}

#[tokio::test]
async fn silence_is_a_failure() {
    // A peer that is not polled answers no ping.
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        sleep(LONG).await;
    })
    .await;
    let channels = connect(&account).await.unwrap().into_channels(8);
    assert!(matches!(
        channels.ended.await.unwrap(),
        SocketClosed::Silent
    ));
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_a_failure() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        sleep(LONG).await;
    })
    .await;
    let (mut writer, _reader) = connect(&account).await.unwrap().split();
    let event = "x".repeat(512 * 1024);
    let stalled = loop {
        if let Err(error) = writer.send(event.clone()).await {
            break error;
        }
    };
    assert!(matches!(stalled, SendError::Stalled), "{stalled:?}");
}

#[tokio::test]
async fn a_quiet_session_stays_open() {
    // Polled, the peer answers pings; it says nothing for longer than silence is borne.
    let (account, server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        let mut heard = Vec::new();
        while let Some(Ok(message)) = peer.next().await {
            if message.is_text() || message.is_close() {
                heard.push(message);
            }
        }
        heard
    })
    .await;
    let channels = connect(&account).await.unwrap().into_channels(8);
    sleep(Duration::from_millis(2200)).await;
    channels.commands.send("{}".to_owned()).await.unwrap();
    drop(channels.commands);
    assert!(matches!(channels.ended.await.unwrap(), SocketClosed::ByUs));
    let heard = server.await.unwrap();
    assert_eq!(heard.first(), Some(&Message::text("{}")));
    assert!(heard.last().is_some_and(Message::is_close), "{heard:?}");
}

/// Sends a caller's audio without a pause, until the session ends or `enough` has passed.
async fn talk(commands: &mpsc::Sender<String>, enough: Duration) {
    let talking = async {
        let audio = r#"{"type":"input_audio_buffer.append","audio":"/////w=="}"#;
        while commands.send(audio.to_owned()).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = timeout(enough, talking).await;
}

#[tokio::test]
async fn a_server_that_only_listens_is_kept() {
    // Longer than silence is borne, three times over, nothing comes but the answers to pings.
    let (account, server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        let mut pings = 0;
        while let Some(Ok(message)) = peer.next().await {
            pings += u32::from(message.is_ping());
        }
        pings
    })
    .await;
    let channels = connect(&account).await.unwrap().into_channels(8);
    talk(&channels.commands, 3 * SILENCE).await;
    assert!(!channels.ended.is_finished());
    drop(channels.commands);
    assert!(matches!(channels.ended.await.unwrap(), SocketClosed::ByUs));
    assert!(server.await.unwrap() >= 6);
}

#[tokio::test]
async fn a_server_that_answers_nothing_is_given_up_while_we_talk() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        sleep(LONG).await;
    })
    .await;
    let channels = connect(&account).await.unwrap().into_channels(8);
    talk(&channels.commands, LONG).await;
    assert!(matches!(
        channels.ended.await.unwrap(),
        SocketClosed::Silent
    ));
}

#[tokio::test]
async fn queues_end_with_the_session() {
    let (account, _server) = serve(async |mut peer: Peer| {
        say(&mut peer, CREATED).await;
        say(&mut peer, "1").await;
        say(&mut peer, "2").await;
        close(&mut peer, 1011, "server_error").await;
    })
    .await;
    let mut channels = connect(&account).await.unwrap().into_channels(1);
    assert_eq!(channels.events.recv().await.unwrap(), "1");
    assert_eq!(channels.events.recv().await.unwrap(), "2");
    assert_eq!(channels.events.recv().await, None);
    assert!(matches!(
        channels.ended.await.unwrap(),
        SocketClosed::ByServer { code: 1011, .. }
    ));
    assert!(channels.commands.send("{}".to_owned()).await.is_err());
}
