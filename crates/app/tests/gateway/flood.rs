//! Those who connect and are slow, silent or many: they are shown out, and keep nobody else out.

use std::{net::SocketAddr, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use toran_app::HttpPatience;

use crate::stage::{Door, Stage, booking, place, tests};

tests![
    thousands_who_send_half_a_request_keep_nobody_out,
    bodies_that_do_not_come_keep_nobody_out,
    whoever_says_nothing_is_shown_out,
    a_head_that_drips_is_cut_off,
    a_body_that_drips_is_answered_with_a_timeout,
    a_connection_that_is_kept_and_not_used_is_closed,
    whoever_does_not_read_is_given_up,
    a_gateway_that_stops_closes_every_connection,
];

/// What is prompt.
const PROMPTLY: Duration = Duration::from_secs(5);
/// What happens at all happens within this.
const AT_LAST: Duration = Duration::from_secs(10);
/// Short, so that the tests are.
const SHORT: Duration = Duration::from_millis(400);
/// Much longer than any test.
const FOR_EVER: Duration = Duration::from_mins(10);

const GET_HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"POST /twilio/voice HTTP/1.1\r\nHost: gat";
const HEAD_OF_A_BODY: &[u8] =
    b"POST /twilio/voice HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\nCallSid=";

/// Nobody is hurried.
const PATIENT: HttpPatience = HttpPatience {
    head: FOR_EVER,
    request: FOR_EVER,
    stalled: FOR_EVER,
};

/// A gateway for which one kind of patience is short.
async fn set(patience: HttpPatience) -> Stage {
    let limits = "max_calls = 10\nmax_connections = 20";
    Stage::set_behind(Door { limits, patience }, "").await
}

/// So many who connect, send this, and wait. Whoever is shown out comes again.
struct Flood {
    _peers: JoinSet<()>,
}

impl Flood {
    fn of(count: u32, address: SocketAddr, openings: &'static [&'static [u8]]) -> Self {
        let mut peers = JoinSet::new();
        for (nth, opening) in (0..count).zip(openings.iter().cycle()) {
            peers.spawn(async move {
                // Not all in the same moment: the kernel's own queue is not what is tested.
                sleep(Duration::from_millis(nth.into())).await;
                loop {
                    if let Ok(mut stream) = TcpStream::connect(address).await
                        && stream.write_all(opening).await.is_ok()
                    {
                        let _ = stream.read(&mut [0]).await;
                    }
                    sleep(Duration::from_secs(2)).await;
                }
            });
        }
        Self { _peers: peers }
    }
}

async fn connect(stage: &Stage) -> TcpStream {
    let connected = TcpStream::connect(stage.address()).await;
    connected.expect("the gateway listens")
}

/// What the other side sends until it closes; how long that took.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut said = Vec::new();
    // A reset is an end, too.
    let _ = timeout(AT_LAST, stream.read_to_end(&mut said))
        .await
        .expect("it is closed in time");
    (String::from_utf8_lossy(&said).into_owned(), began.elapsed())
}

/// Asks for `/healthz` on a connection of its own.
async fn is_healthy(stage: &Stage) -> bool {
    let asking = async {
        let mut stream = connect(stage).await;
        stream.write_all(GET_HEALTH).await?;
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer == *b"HTTP/1.1 200 OK")
    };
    matches!(timeout(PROMPTLY, asking).await, Ok(Ok(true)))
}

async fn thousands_who_send_half_a_request_keep_nobody_out() {
    const MOST: usize = 200;
    let door = Door {
        limits: "max_calls = 50\nmax_connections = 200",
        patience: PATIENT,
    };
    let stage = Stage::set_behind(door, "").await;
    let dana = stage.dana().await;
    let flood = Flood::of(2_000, stage.address(), &[b"", HALF_A_HEAD]);
    stage.has_connections(MOST).await;
    sleep(PROMPTLY).await;

    let booked = tokio::spawn(place(stage.call(&dana, booking())));
    let mut asked = 0;
    while !booked.is_finished() {
        assert!(is_healthy(&stage).await, "after {asked} answers");
        assert!(stage.connections() <= MOST, "{}", stage.connections());
        asked += 1;
        sleep(Duration::from_millis(200)).await;
    }
    booked.await.expect("the call books in the midst of it");
    assert!(asked > 10, "{asked}");
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    // It stood all the time.
    stage.has_connections(MOST).await;
    drop(flood);
    stage.has_connections(0).await;
}

async fn bodies_that_do_not_come_keep_nobody_out() {
    let stage = set(PATIENT).await;
    let flood = Flood::of(100, stage.address(), &[HEAD_OF_A_BODY]);
    stage.has_connections(20).await;
    for _ in 0..10 {
        assert!(is_healthy(&stage).await);
        sleep(Duration::from_millis(100)).await;
    }
    // It stood all the time.
    stage.has_connections(20).await;
    drop(flood);
    stage.has_connections(0).await;
}

async fn whoever_says_nothing_is_shown_out() {
    let stage = set(HttpPatience {
        head: SHORT,
        ..PATIENT
    })
    .await;
    let (said, after) = until_closed(&mut connect(&stage).await).await;
    assert_eq!(said, "");
    assert!(after >= SHORT / 2, "{after:?}");
    stage.has_connections(0).await;
}

async fn a_head_that_drips_is_cut_off() {
    let stage = set(HttpPatience {
        head: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = connect(&stage).await;
    let began = Instant::now();
    let mut sent = 0;
    for byte in HALF_A_HEAD.iter().chain(&[b'x'; 500]) {
        // The first byte after the close is answered with a reset, the second fails.
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        sent += 1;
        sleep(SHORT / 10).await;
    }
    assert!(sent >= 5, "it is not cut off at once");
    assert!(began.elapsed() < AT_LAST, "{sent} bytes of a head");
    stage.has_connections(0).await;
}

async fn a_body_that_drips_is_answered_with_a_timeout() {
    let stage = set(HttpPatience {
        request: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = connect(&stage).await;
    stream
        .write_all(HEAD_OF_A_BODY)
        .await
        .expect("the head is taken");
    let (mut reader, mut writer) = stream.split();
    let dripping = async {
        while writer.write_all(b"x").await.is_ok() {
            sleep(SHORT / 10).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    let read = tokio::select! {
        read = timeout(AT_LAST, reader.read_exact(&mut answer)) => read,
        () = dripping => unreachable!("it does not end"),
    };
    assert!(matches!(read, Ok(Ok(_))), "{read:?}");
    assert_eq!(&answer, b"HTTP/1.1 408");
    until_closed(&mut stream).await;
    stage.has_connections(0).await;
}

async fn a_connection_that_is_kept_and_not_used_is_closed() {
    let stage = set(HttpPatience {
        head: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = connect(&stage).await;
    for _ in 0..2 {
        // Used within its time it is kept for another.
        sleep(SHORT * 2 / 3).await;
        stream.write_all(GET_HEALTH).await.expect("it is open");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok\n") {
            let read = timeout(PROMPTLY, stream.read_buf(&mut answer)).await;
            assert!(matches!(read, Ok(Ok(1..))), "{read:?}");
        }
    }
    let (rest, after) = until_closed(&mut stream).await;
    assert_eq!(rest, "");
    assert!(after >= SHORT / 2, "{after:?}");
    stage.has_connections(0).await;
}

async fn whoever_does_not_read_is_given_up() {
    let stage = set(HttpPatience {
        stalled: SHORT,
        ..PATIENT
    })
    .await;
    let socket = TcpSocket::new_v4().expect("a socket");
    // Little of it is in the kernel then.
    SockRef::from(&socket)
        .set_recv_buffer_size(4_096)
        .expect("a small buffer");
    let mut stream = socket.connect(stage.address()).await.expect("connected");
    let many = GET_HEALTH.repeat(1_000);
    let asking = async { while stream.write_all(&many).await.is_ok() {} };
    timeout(AT_LAST * 2, asking)
        .await
        .expect("the gateway gives up whoever asks and does not read");
    stage.has_connections(0).await;
    assert!(is_healthy(&stage).await);
}

async fn a_gateway_that_stops_closes_every_connection() {
    let mut stage = set(PATIENT).await;
    let mut silent = connect(&stage).await;
    let mut half = connect(&stage).await;
    half.write_all(HALF_A_HEAD).await.expect("sent");
    let mut kept = connect(&stage).await;
    kept.write_all(GET_HEALTH).await.expect("sent");
    stage.has_connections(3).await;
    stage.stop();
    assert_eq!(until_closed(&mut silent).await.0, "");
    assert_eq!(until_closed(&mut half).await.0, "");
    assert!(until_closed(&mut kept).await.0.ends_with("ok\n"));
    stage.stopped().await;
    assert_eq!(stage.connections(), 0);
}
