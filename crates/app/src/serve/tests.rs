use std::collections::VecDeque;

use axum::routing::get;
use rustix::io::Errno;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::*;

/// A listener that fails as it is told to, and then listens.
struct Scripted {
    failures: VecDeque<Errno>,
    /// What is accepted before the failures.
    first: usize,
    listener: TcpListener,
}

impl Listener for Scripted {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        if self.first == 0
            && let Some(failure) = self.failures.pop_front()
        {
            return Err(failure.into());
        }
        self.first = self.first.saturating_sub(1);
        self.listener.accept().await
    }
}

/// What the server's own slow answer takes.
const A_WHILE: Duration = Duration::from_millis(500);
const MOST: usize = 8;

/// A server whose listener fails so after so many connections.
async fn serve(
    first: usize,
    failures: impl IntoIterator<Item = Errno>,
) -> (SocketAddr, Connections, JoinHandle<io::Result<()>>) {
    let router = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/slow", get(|| tokio::time::sleep(A_WHILE)));
    let limits = HttpLimits {
        max_calls: 1,
        max_connections: MOST,
    };
    let server = Server::new(router, limits, HttpPatience::default());
    let connections = server.connections();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let failures = failures.into_iter().collect();
    let serving = tokio::spawn(server.run(Scripted {
        failures,
        first,
        listener,
    }));
    (address, connections, serving)
}

async fn is_answered(stream: &mut TcpStream) -> bool {
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut answer = [0; 15];
    let read = timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await;
    asked.is_ok() && matches!(read, Ok(Ok(_))) && answer == *b"HTTP/1.1 200 OK"
}

#[tokio::test]
async fn whatever_cannot_be_accepted_the_server_goes_on() {
    let began = Instant::now();
    let failures = [
        Errno::MFILE,
        Errno::CONNABORTED,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::PERM,
        Errno::PROTO,
    ];
    let (address, connections, _serving) = serve(0, failures).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert!(is_answered(&mut stream).await);
    assert!(began.elapsed() >= PAUSE * 4, "it pauses rather than spins");
    assert_eq!(connections.count(), 1);
}

#[tokio::test]
async fn for_want_of_descriptors_whoever_waits_longest_gives_up_one() {
    let (address, connections, _serving) = serve(2, [Errno::MFILE]).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut kept = TcpStream::connect(address).await.unwrap();
    let closed = timeout(Duration::from_secs(5), idle.read(&mut [0])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    assert!(is_answered(&mut kept).await);
    let mut next = TcpStream::connect(address).await.unwrap();
    assert!(is_answered(&mut next).await);
    assert_eq!(connections.count(), 2);
}

#[tokio::test]
async fn where_everybody_has_a_request_under_way_the_next_one_waits() {
    let (address, connections, _serving) = serve(0, []).await;
    let began = Instant::now();
    let mut busy = Vec::new();
    for _ in 0..MOST {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        asked.await.unwrap();
        busy.push(stream);
    }
    while connections.waiting() > 0 || connections.count() < MOST {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut next = TcpStream::connect(address).await.unwrap();
    assert!(is_answered(&mut next).await);
    assert!(began.elapsed() >= A_WHILE, "nobody was cut off for it");
    let mut answered = 0;
    for mut stream in busy {
        let mut answer = [0; 15];
        let read = timeout(A_WHILE, stream.read_exact(&mut answer)).await;
        answered += usize::from(matches!(read, Ok(Ok(_))) && answer == *b"HTTP/1.1 200 OK");
    }
    assert_eq!(answered, MOST);
}

#[tokio::test]
async fn a_listener_of_no_use_ends_the_server_and_not_what_it_serves() {
    let (address, connections, serving) = serve(1, [Errno::BADF]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let error = serving.await.unwrap().unwrap_err();
    assert_eq!(Errno::from_io_error(&error), Some(Errno::BADF));
    assert!(is_answered(&mut stream).await);
    connections.close(Duration::from_secs(5)).await;
    assert_eq!(connections.count(), 0);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"ok"));
}

#[tokio::test]
async fn a_server_that_closes_hangs_up_on_whoever_sends_nothing() {
    let (address, connections, serving) = serve(0, []).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"GET / HT").await.unwrap();
    while connections.count() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    connections.close(CLOSE_PATIENCE * 2).await;
    assert_eq!(connections.count(), 0);
    serving.await.unwrap().unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap_or_default(), 0);
    assert_eq!(half.read(&mut [0]).await.unwrap_or_default(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_accepted_socket_sends_at_once_and_misses_a_peer_that_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _peer = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    prepare(&stream).unwrap();
    assert!(stream.nodelay().unwrap());
    let socket = SockRef::from(&stream);
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_AFTER);
}

#[test]
fn failures_are_told_apart() {
    let check = |errno: Errno, expected| {
        assert_eq!(Refusal::of(&errno.into()), expected, "{errno}");
    };
    for errno in [
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::PROTO,
        Errno::NETDOWN,
    ] {
        check(errno, Refusal::OfOne);
    }
    for errno in [Errno::MFILE, Errno::NFILE] {
        check(errno, Refusal::OfAll(Want::OfDescriptors));
    }
    for errno in [
        Errno::NOBUFS,
        Errno::NOMEM,
        Errno::PERM,
        Errno::ACCESS,
        Errno::IO,
    ] {
        check(errno, Refusal::OfAll(Want::OfSomethingElse));
    }
    for errno in [Errno::BADF, Errno::NOTSOCK, Errno::INVAL] {
        check(errno, Refusal::ForEver);
    }
}
