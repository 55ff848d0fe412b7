//! The HTTP server. Nobody who connects and is slow, idle or many keeps others out: every wait for a peer has an end, and where
//! there is no room the connection goes that has sent nothing for longest. A call's media stream never does.

mod alarms;
mod connections;
mod descriptors;
mod guarded;
mod requests;

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tracing::{debug, warn};

use alarms::Alarms;
pub use connections::Connections;
use connections::{Place, Room};
use descriptors::Shortage;
use guarded::Guarded;
use requests::Requests;

/// What a connection may keep of a request that is not read yet, its head above all. The provider's have a few hundred bytes.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// When nothing could be accepted, the next attempt comes after this, or once something was closed.
const PAUSE: Duration = Duration::from_millis(100);
/// A peer that is gone without a word is missed after about a minute: asked after half of it, and then again and again.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMES: u32 = 3;
/// What is under way when the server closes is finished within this.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// How long a peer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpPatience {
    /// For a request's head: from the first moment of a connection, and from the end of the request before.
    pub head: Duration,
    /// For the rest of the request, and for its answer to begin.
    pub request: Duration,
    /// For the peer to take a byte of what it is sent. It holds for media streams too.
    pub stalled: Duration,
}

impl Default for HttpPatience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            request: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
        }
    }
}

/// How much there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HttpLimits {
    pub(crate) max_calls: usize,
    pub(crate) max_connections: usize,
}

/// A server that is ready to serve.
pub(crate) struct Server {
    router: Router,
    patience: HttpPatience,
    connections: Connections,
    alarms: Alarms,
}

impl Server {
    /// Raises the process's limit of descriptors as far as it may, and makes room for as many connections as it then allows.
    pub(crate) fn new(router: Router, limits: HttpLimits, patience: HttpPatience) -> Self {
        let HttpLimits {
            max_calls,
            max_connections,
        } = limits;
        let limit = descriptors::raise_limit(descriptors::needed(max_calls, max_connections));
        let plan = descriptors::plan(max_calls, max_connections, limit);
        if let Some(shortage) = plan.shortage {
            let Shortage { needed, limit } = shortage;
            warn!(
                limit,
                max_calls,
                connections = plan.connections,
                "this process may have too few descriptors for limits.max_calls: start it after `ulimit -n {needed}`, or \
                 with `LimitNOFILE={needed}` in its unit, or lower limits.max_calls"
            );
        }
        Self {
            router,
            patience,
            connections: Connections::new(plan.connections),
            alarms: Alarms::new(limit),
        }
    }

    /// The connections: to count them, and to close them.
    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Serves until the connections are closed. Ends before that only if the listener is of no use any more; what was
    /// accepted until then is served on.
    pub(crate) async fn run(mut self, mut listener: impl Listener) -> io::Result<()> {
        let end = self.connections.end().clone();
        let mut changes = self.connections.changes();
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        self.alarms.accepted(&self.connections, &stream);
                        let place = self.place(&mut changes).await;
                        self.serve(stream, place);
                    }
                    Err(error) => match Refusal::of(&error) {
                        Refusal::OfOne => {
                            debug!(%error, "a connection was gone before it was accepted");
                        }
                        Refusal::OfAll(want) => self.pause(&error, want, &mut changes).await,
                        Refusal::ForEver => return Err(error),
                    },
                }
            }
        };
        tokio::select! {
            () = end.cancelled() => Ok(()),
            broken = accepting => broken,
        }
    }

    /// A place for a new connection, as soon as there is one.
    async fn place(&mut self, changes: &mut watch::Receiver<()>) -> Place {
        loop {
            changes.mark_unchanged();
            match self.connections.room() {
                Room::Place(place) => return place,
                Room::Soon => {}
                Room::None => self.alarms.full(&self.connections),
            }
            // The sender is in the table itself, and outlives this.
            let _ = changes.changed().await;
        }
    }

    /// Waits a little before the next attempt: less, if somebody can be told to leave and does.
    async fn pause(&mut self, error: &io::Error, want: Want, changes: &mut watch::Receiver<()>) {
        self.alarms.not_accepted(error, want == Want::OfDescriptors);
        changes.mark_unchanged();
        if self.connections.dismiss_longest_waiting() {
            let _ = tokio::time::timeout(PAUSE, changes.changed()).await;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn serve(&self, stream: TcpStream, place: Place) {
        if let Err(error) = prepare(&stream) {
            // The peer is gone already, or reading it will tell more.
            debug!(%error, "an accepted socket could not be set up");
        }
        let end = self.connections.end().clone();
        let leave = place.leave().clone();
        let patience = self.patience;
        let requests = Requests::new(self.router.clone(), place.progress(), patience.request);
        let io = TokioIo::new(Guarded::new(stream, place, patience.stalled));
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience.head)
                .max_buf_size(MAX_BUFFER_BYTES)
                .serve_connection(io, requests)
                .with_upgrades();
            let mut connection = pin!(connection);
            let served = tokio::select! {
                biased;
                () = leave.cancelled() => return,
                () = end.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::time::timeout(CLOSE_PATIENCE, connection).await.unwrap_or(Ok(()))
                }
                served = connection.as_mut() => served,
            };
            if let Err(error) = served {
                debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection broke"
                );
            }
        });
    }
}

/// No piece of audio waits for the acknowledgement of the one before, and no peer that is gone is waited for.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TIMES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Where connections come from.
pub(crate) trait Listener: Send {
    /// The next one.
    fn accept(&mut self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// Why nothing was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// That one connection failed.
    OfOne,
    /// None can be accepted now.
    OfAll(Want),
    /// The listener is none any more.
    ForEver,
}

/// What there is none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    OfDescriptors,
    OfSomethingElse,
}

impl Refusal {
    fn of(error: &io::Error) -> Self {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, InvalidInput,
            NetworkDown, NetworkUnreachable, TimedOut,
        };

        match error.kind() {
            // Linux passes on what was wrong with the connection.
            ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable
            | NetworkDown | NetworkUnreachable | TimedOut => Self::OfOne,
            // It does not listen, or is no socket.
            InvalidInput => Self::ForEver,
            _ => Self::of_its_number(error),
        }
    }

    #[cfg(unix)]
    fn of_its_number(error: &io::Error) -> Self {
        use rustix::io::Errno;

        match Errno::from_io_error(error) {
            Some(Errno::PROTO) => Self::OfOne,
            Some(Errno::MFILE | Errno::NFILE) => Self::OfAll(Want::OfDescriptors),
            Some(Errno::BADF | Errno::NOTSOCK) => Self::ForEver,
            _ => Self::OfAll(Want::OfSomethingElse),
        }
    }

    #[cfg(not(unix))]
    const fn of_its_number(_: &io::Error) -> Self {
        Self::OfAll(Want::OfSomethingElse)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
