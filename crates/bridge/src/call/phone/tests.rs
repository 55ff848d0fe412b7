//! What leaves in one write, counted where the socket would be.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{
        State,
        ws::{WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::get,
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    sync::mpsc,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};
use tower_service::Service as _;

use super::*;
use crate::routes::media::sized;

/// What was written, a write at a time.
type Writes = Arc<Mutex<Vec<String>>>;

/// The gateway's end of a connection. On a socket, each of these writes is one of the system's.
struct Counted {
    io: DuplexStream,
    writes: Writes,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = &written {
            let text = String::from_utf8_lossy(&bytes[..*length]).into_owned();
            self.writes.lock().unwrap().push(text);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

async fn open(
    State(opened): State<mpsc::Sender<WebSocket>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    sized(upgrade).on_upgrade(async move |socket| opened.send(socket).await.unwrap())
}

/// A phone as the media route opens it, the provider's end of its stream, and what is written to that from now on.
async fn stream() -> (Phone, WebSocketStream<DuplexStream>, Writes) {
    let (opened, mut sockets) = mpsc::channel(1);
    let router = Router::new().route("/", get(open)).with_state(opened);
    let (io, peer) = duplex(64 * 1024);
    let writes = Writes::default();
    let counted = Counted {
        io,
        writes: Arc::clone(&writes),
    };
    let service =
        service_fn(move |request: Request<Incoming>| router.clone().call(request.map(Body::new)));
    let connection = http1::Builder::new()
        .serve_connection(TokioIo::new(counted), service)
        .with_upgrades();
    tokio::spawn(connection);
    let (peer, _) = client_async("ws://gateway/", peer).await.unwrap();
    let phone = Phone::new(sockets.recv().await.unwrap(), StreamSid::from("MZ1"));
    writes.lock().unwrap().clear();
    (phone, peer, writes)
}

/// The next message's event.
async fn event(peer: &mut WebSocketStream<DuplexStream>) -> String {
    let message = timeout(Duration::from_secs(5), peer.next()).await;
    let Ok(Some(Ok(tungstenite::Message::Text(text)))) = message else {
        panic!("no message: {message:?}");
    };
    let (_, rest) = text.split_once(r#""event":""#).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// A hundred milliseconds.
const PIECE: [u8; 800] = [0xff; 800];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_and_its_mark_are_one_write() {
    let (mut phone, mut peer, writes) = stream().await;
    for nth in 0..200 {
        phone.play(&PIECE);
        phone.mark(MarkId(nth));
        assert_eq!(event(&mut peer).await, "media");
        assert_eq!(event(&mut peer).await, "mark");
    }
    let writes = writes.lock().unwrap();
    assert_eq!(writes.len(), 200);
    for write in writes.iter() {
        assert!(write.contains(r#""event":"media""#) && write.contains(r#""event":"mark""#));
    }
}

/// At the beginning of an answer a few pieces leave at once.
#[tokio::test]
async fn pieces_that_leave_together_are_one_write() {
    let (mut phone, mut peer, writes) = stream().await;
    for nth in 0..3 {
        phone.play(&PIECE);
        phone.mark(MarkId(nth));
    }
    for _ in 0..3 {
        assert_eq!(event(&mut peer).await, "media");
        assert_eq!(event(&mut peer).await, "mark");
    }
    assert_eq!(writes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_waits_for_a_mark_that_does_not_come() {
    let (mut phone, mut peer, writes) = stream().await;
    phone.play(&PIECE);
    phone.play(&PIECE);
    assert_eq!(event(&mut peer).await, "media");
    let listening = timeout(Duration::from_millis(50), phone.next()).await;
    assert!(listening.is_err(), "the phone says nothing");
    assert_eq!(event(&mut peer).await, "media");
    phone.play(&PIECE);
    phone.clear();
    assert_eq!(event(&mut peer).await, "media");
    assert_eq!(event(&mut peer).await, "clear");
    assert_eq!(writes.lock().unwrap().len(), 3);
    phone.play(&PIECE);
    let to_the_end = async {
        let last = event(&mut peer).await;
        while let Some(Ok(_)) = peer.next().await {}
        last
    };
    let (last, ()) = tokio::join!(to_the_end, async move { phone.close().await });
    assert_eq!(last, "media");
}
