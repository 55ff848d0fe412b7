//! One media socket, written in different ways by a server that does nothing else.

use std::{collections::VecDeque, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use futures_util::{SinkExt as _, StreamExt as _};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, interval, sleep},
};
use tokio_tungstenite::{client_async, tungstenite};
use toran_telephony::{
    media::{OutboundMessage, StreamSid},
    twilio::{media_into, outbound_json},
};

use super::Delays;

/// Streams at once.
const STREAMS: usize = 16;
/// Pieces of each.
const PIECES: u64 = 100;
/// The length of one.
const PIECE: Duration = Duration::from_millis(100);
const PIECE_BYTES: usize = 800;
/// A `clear` comes in one of so many pieces, at any time in it.
const PIECES_OF_A_CLEAR: u64 = 4;
const CLEAR_WITHIN_MS: u64 = 80;

/// How a server writes.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) name: &'static str,
    /// Whether a write waits for the acknowledgement of the one before.
    nodelay: bool,
    /// A message that is larger than this is a write of its own.
    write_buffer: usize,
}

impl Way {
    /// As it was before, as it is now, and what lies between.
    pub(super) const ALL: [Self; 4] = [
        Self {
            name: "two writes, each waits (as it was)",
            nodelay: false,
            write_buffer: 0,
        },
        Self {
            name: "one write, which waits",
            nodelay: false,
            write_buffer: 8 * 1024,
        },
        Self {
            name: "two writes, none waits",
            nodelay: true,
            write_buffer: 0,
        },
        Self {
            name: "one write, none waits (as it is)",
            nodelay: true,
            write_buffer: 8 * 1024,
        },
    ];
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mark,
    Clear,
}

type Sent = (Kind, Instant);

#[derive(Clone)]
struct Server {
    way: Way,
    sent: mpsc::Sender<Sent>,
}

pub(super) async fn measure(way: Way) -> Delays {
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        streams.spawn(stream(way));
    }
    let mut all = Delays::default();
    while let Some(delays) = streams.join_next().await {
        let delays = delays.expect("a stream that goes on to its end");
        all.marks.extend(delays.marks);
        all.clears.extend(delays.clears);
    }
    all
}

async fn stream(way: Way) -> Delays {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sent, notes) = mpsc::channel(1_024);
    let router = Router::new()
        .route("/", get(upgrade))
        .with_state(Server { way, sent });
    let serving = tokio::spawn(async move {
        let listener = listener.tap_io(move |stream| {
            let done = stream.set_nodelay(way.nodelay);
            done.expect("a socket that can be set up");
        });
        axum::serve(listener, router).await
    });
    let delays = listen(address, notes).await;
    serving.abort();
    delays
}

async fn upgrade(State(server): State<Server>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .write_buffer_size(server.way.write_buffer)
        .on_upgrade(move |socket| play(socket, server.sent))
}

/// A piece, its mark, and a `clear` somewhat later, again and again.
async fn play(socket: WebSocket, sent: mpsc::Sender<Sent>) {
    let (mut sink, mut frames) = socket.split();
    tokio::spawn(async move { while let Some(Ok(_)) = frames.next().await {} });
    let sid = StreamSid::from("MZ00000000000000000000000000000001");
    let mut media = String::new();
    media_into(sid.as_str(), &[0xff; PIECE_BYTES], &mut media);
    let mark = OutboundMessage::Mark { name: "m1".into() };
    let mark = outbound_json(sid.as_str(), &mark);
    let clear = outbound_json(sid.as_str(), &OutboundMessage::Clear);
    let mut pieces = interval(PIECE);
    for nth in 0..PIECES {
        pieces.tick().await;
        let note = |kind| sent.try_send((kind, Instant::now()));
        note(Kind::Mark).expect("a note");
        let written = async {
            sink.feed(Message::text(media.clone())).await?;
            sink.feed(Message::text(mark.clone())).await?;
            sink.flush().await
        };
        written.await.expect("a phone that listens");
        if nth % PIECES_OF_A_CLEAR > 0 {
            continue;
        }
        sleep(Duration::from_millis(nth * 37 % CLEAR_WITHIN_MS)).await;
        note(Kind::Clear).expect("a note");
        let written = sink.send(Message::text(clear.clone())).await;
        written.expect("a phone that listens");
    }
    // The phone may be gone first.
    let _ = sink.close().await;
}

/// The phone.
async fn listen(address: std::net::SocketAddr, mut sent: mpsc::Receiver<Sent>) -> Delays {
    let tcp = TcpStream::connect(address).await.expect("a server");
    tcp.set_nodelay(true).expect("a socket that can be set up");
    let connected = client_async(format!("ws://{address}/"), tcp).await;
    let (mut socket, _) = connected.expect("a handshake");
    let frame = format!(r#"{{"event":"media","payload":"{}"}}"#, "/".repeat(216));
    let mut frames = interval(Duration::from_millis(20));
    let mut delays = Delays::default();
    let mut pending = VecDeque::new();
    loop {
        acknowledge_later(socket.get_ref());
        let message = tokio::select! {
            message = socket.next() => message,
            _ = frames.tick() => {
                let frame = tungstenite::Message::text(frame.clone());
                // The server may be done.
                let _ = socket.send(frame).await;
                continue;
            }
        };
        let arrived = Instant::now();
        let Some(Ok(tungstenite::Message::Text(text))) = message else {
            return delays;
        };
        let kind = if text.contains(r#""event":"mark""#) {
            Kind::Mark
        } else if text.contains(r#""event":"clear""#) {
            Kind::Clear
        } else {
            continue;
        };
        while let Ok(note) = sent.try_recv() {
            pending.push_back(note);
        }
        // They arrive in the order in which they were sent.
        let (sent_kind, at) = pending.pop_front().expect("what arrives was sent");
        assert!(sent_kind == kind, "they arrive in order");
        match kind {
            Kind::Mark => delays.marks.push(arrived - at),
            Kind::Clear => delays.clears.push(arrived - at),
        }
    }
}

/// What is read from now on is acknowledged with what is sent next. The kernel forgets it from time to time.
pub(super) fn acknowledge_later(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    SockRef::from(stream)
        .set_tcp_quickack(false)
        .expect("a socket that can be set up");
    #[cfg(not(target_os = "linux"))]
    let _ = SockRef::from(stream);
}
