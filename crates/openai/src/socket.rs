//! The Realtime socket.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::HeaderValue;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        self, Message, Utf8Bytes, client::IntoClientRequest, handshake::client::Request,
        protocol::WebSocketConfig,
    },
};
use toran_domain::ModelName;
use toran_realtime::ServerEvent;

use crate::{Account, ConfigError, Role, SocketPatience};

mod error;

pub use error::{ConnectError, SendError, SocketClosed};

/// Small, because it is allocated for every call at once.
const READ_BUFFER_BYTES: usize = 8 * 1024;
/// Far above any event: the largest carry a second or two of audio.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// What is gathered for one write: what the queue holds at a moment, unless it is much.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// What may wait to be written; above the largest message of ours, a system prompt.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
/// How long a close may take: nobody waits for it but a task.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A session with the model: `session.created` was received, so the key, the model and the way to it are
/// good. There is no resuming one that is lost; a new one starts empty.
pub struct RealtimeSocket {
    stream: Stream,
    session: EventText,
    model: ModelName,
    patience: SocketPatience,
}

impl RealtimeSocket {
    /// Opens a session with the account's model for [`Role::Talking`], or with the next of its list where that one is gone,
    /// within `patience` in all.
    ///
    /// That the upgrade succeeds says nothing here: a bad key and a bad model are told in an event
    /// afterwards. `safety_identifier` is a stable hash of the caller, never the number itself.
    pub async fn connect(
        account: &Account,
        safety_identifier: Option<&str>,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let deadline = Instant::now() + patience;
        let mut model = account.model(Role::Talking);
        loop {
            let opening = Self::open(account, &model, safety_identifier);
            let error = match timeout_at(deadline, opening).await {
                Ok(Ok(socket)) => {
                    account.accepted(Role::Talking);
                    return Ok(socket);
                }
                Ok(Err(error)) => error,
                Err(_elapsed) => return Err(ConnectError::Timeout),
            };
            // Each round takes a model out of a short list.
            let next = error
                .refusal()
                .and_then(|code| account.refused(Role::Talking, &model, &code));
            match next {
                Some(next) => model = next,
                None => return Err(error),
            }
        }
    }

    async fn open(
        account: &Account,
        model: &ModelName,
        safety_identifier: Option<&str>,
    ) -> Result<Self, ConnectError> {
        let request = handshake(account, model, safety_identifier)?;
        let tls = Connector::Rustls(Arc::clone(account.tls()));
        let (mut stream, _response) =
            connect_async_tls_with_config(request, Some(limits()), true, Some(tls))
                .await
                .map_err(ConnectError::of_handshake)?;
        let session = await_session(&mut stream).await?;
        Ok(Self {
            stream,
            session,
            model: model.clone(),
            patience: account.config().socket,
        })
    }

    /// The model that talks in this session.
    pub const fn model(&self) -> &ModelName {
        &self.model
    }

    /// The `session.created` event.
    pub const fn session(&self) -> &EventText {
        &self.session
    }

    /// The two directions, for two tasks. Whoever splits sees to the pings: see [`RealtimeWriter::ping`].
    pub fn split(self) -> (RealtimeWriter, RealtimeReader) {
        let (sink, stream) = self.stream.split();
        let closing = Arc::new(AtomicBool::new(false));
        let writer = RealtimeWriter {
            sink,
            closing: Arc::clone(&closing),
            patience: self.patience.write,
        };
        (
            writer,
            RealtimeReader {
                stream,
                closing,
                patience: self.patience.silence,
            },
        )
    }

    /// The two directions as queues of at most `capacity` messages (at least one), pumped by a task.
    pub fn into_channels(self, capacity: usize) -> RealtimeChannels {
        let capacity = capacity.max(1);
        // An interval of nothing would be a panic.
        let ping_every = (self.patience.silence / 3).max(Duration::from_millis(1));
        let (commands, outgoing) = mpsc::channel(capacity);
        let (incoming, events) = mpsc::channel(capacity);
        let (writer, reader) = self.split();
        let ended = tokio::spawn(pump(writer, reader, outgoing, incoming, ping_every));
        RealtimeChannels {
            events,
            commands,
            ended,
        }
    }
}

impl std::fmt::Debug for RealtimeSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealtimeSocket").finish_non_exhaustive()
    }
}

/// A session as two bounded queues.
#[derive(Debug)]
pub struct RealtimeChannels {
    /// The texts of the server's events, in order. It ends when the session does, whoever ended it; a slow
    /// reader slows the server down.
    pub events: mpsc::Receiver<Bytes>,
    /// The texts of our events, in order. It refuses once the session has ended; dropping it closes the
    /// session.
    pub commands: mpsc::Sender<String>,
    /// How the session ended.
    pub ended: JoinHandle<SocketClosed>,
}

async fn pump(
    mut writer: RealtimeWriter,
    mut reader: RealtimeReader,
    mut outgoing: mpsc::Receiver<String>,
    incoming: mpsc::Sender<Bytes>,
    ping_every: Duration,
) -> SocketClosed {
    let mut reading = pin!(async {
        loop {
            match reader.next().await {
                Ok(event) => {
                    if incoming.send(event.into()).await.is_err() {
                        return SocketClosed::ByUs;
                    }
                }
                Err(closed) => return closed,
            }
        }
    });
    let written = {
        // Whatever else is written: a caller's audio is never answered by itself, and flows without a pause.
        let mut pings = interval_at(Instant::now() + ping_every, ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let writing = async {
            loop {
                let command = tokio::select! {
                    command = outgoing.recv() => Some(command),
                    _ = pings.tick() => None,
                };
                match command {
                    Some(Some(command)) => {
                        writer.feed(command).await?;
                        // What is queued already goes out in the same write.
                        while let Ok(command) = outgoing.try_recv() {
                            writer.feed(command).await?;
                        }
                        writer.flush().await?;
                    }
                    Some(None) => return Ok::<(), SendError>(()),
                    None => writer.ping().await?,
                }
            }
        };
        tokio::select! {
            closed = &mut reading => Err(closed),
            written = writing => written.map_err(SocketClosed::from),
        }
    };
    // Our own end, or a server that still listens, deserves a close; a dead socket fails it at once.
    writer.close().await;
    match written {
        Ok(()) => timeout(CLOSE_PATIENCE, reading)
            .await
            .unwrap_or(SocketClosed::ByUs),
        Err(closed) => closed,
    }
}

/// The text of one event: cheap to clone, valid UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventText(Utf8Bytes);

impl EventText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<EventText> for Bytes {
    fn from(text: EventText) -> Self {
        text.0.into()
    }
}

/// The server's side of a session.
#[derive(Debug)]
pub struct RealtimeReader {
    stream: SplitStream<Stream>,
    closing: Arc<AtomicBool>,
    patience: Duration,
}

impl RealtimeReader {
    /// The next event. Pings are answered on the way. Safe to cancel: no event is lost.
    ///
    /// Ends with an error always, and [`SocketClosed::ByUs`] is the only one that is no failure: the server
    /// closes even an expired session as if all were well.
    pub async fn next(&mut self) -> Result<EventText, SocketClosed> {
        loop {
            let frame = match timeout(self.patience, self.stream.next()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Err(self.ours_or(SocketClosed::lost(error))),
                Ok(None) => return Err(self.ours_or(SocketClosed::Dropped)),
                Err(_silence) => return Err(self.ours_or(SocketClosed::Silent)),
            };
            match frame {
                Message::Text(text) => return Ok(EventText(text)),
                Message::Close(frame) => return Err(self.ours_or(SocketClosed::by_server(frame))),
                // The wire is text; the rest is the protocol's own.
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn ours_or(&self, closed: SocketClosed) -> SocketClosed {
        if self.closing.load(Ordering::Acquire) {
            SocketClosed::ByUs
        } else {
            closed
        }
    }
}

/// Our side of a session.
#[derive(Debug)]
pub struct RealtimeWriter {
    sink: SplitSink<Stream, Message>,
    closing: Arc<AtomicBool>,
    patience: Duration,
}

impl RealtimeWriter {
    /// Sends an event. On an error the session is lost. *Not* safe to cancel: the event may be sent, half
    /// sent, or not.
    pub async fn send(&mut self, json: String) -> Result<(), SendError> {
        self.write(Message::text(json)).await
    }

    /// Asks the server for a sign of life. The reader gives a session up after
    /// [`SocketPatience::silence`](crate::SocketPatience::silence), and a model with nothing to say is
    /// silent: send one a few times within it, whatever else is sent. Its answer counts as a sign of life.
    pub async fn ping(&mut self) -> Result<(), SendError> {
        self.write(Message::Ping(Bytes::new())).await
    }

    /// Ends the session: from now on the reader's end is [`SocketClosed::ByUs`]. Bounded in time.
    pub async fn close(&mut self) {
        self.closing.store(true, Ordering::Release);
        // A socket that cannot be closed politely is closed by dropping it.
        let _ = timeout(CLOSE_PATIENCE, self.sink.close()).await;
    }

    async fn write(&mut self, message: Message) -> Result<(), SendError> {
        within(self.patience, self.sink.send(message)).await
    }

    /// Puts an event before what is flushed next.
    async fn feed(&mut self, json: String) -> Result<(), SendError> {
        within(self.patience, self.sink.feed(Message::text(json))).await
    }

    async fn flush(&mut self) -> Result<(), SendError> {
        within(self.patience, self.sink.flush()).await
    }
}

async fn within(
    patience: Duration,
    writing: impl Future<Output = Result<(), tungstenite::Error>>,
) -> Result<(), SendError> {
    match timeout(patience, writing).await {
        Ok(written) => written.map_err(|error| SendError::Lost(Box::new(error))),
        Err(_elapsed) => Err(SendError::Stalled),
    }
}

fn handshake(
    account: &Account,
    model: &ModelName,
    safety_identifier: Option<&str>,
) -> Result<Request, ConnectError> {
    let url = account.config().realtime_url(model)?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|_| ConfigError::RealtimeUrl)?;
    request.headers_mut().extend(account.headers());
    if let Some(identifier) = safety_identifier {
        let identifier =
            HeaderValue::from_str(identifier).map_err(|_| ConnectError::SafetyIdentifier)?;
        request
            .headers_mut()
            .insert("openai-safety-identifier", identifier);
    }
    Ok(request)
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
}

async fn await_session(stream: &mut Stream) -> Result<EventText, ConnectError> {
    while let Some(frame) = stream.next().await {
        match frame.map_err(ConnectError::of_handshake)? {
            Message::Text(text) => match ServerEvent::parse(&text) {
                Ok(ServerEvent::SessionCreated(_)) => return Ok(EventText(text)),
                Ok(ServerEvent::Error(refused)) => {
                    return Err(ConnectError::of_event(&refused.error));
                }
                Ok(_) | Err(_) => tracing::debug!("an event before the session, ignored"),
            },
            Message::Close(frame) => return Err(ConnectError::of_close(frame.as_ref())),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    Err(ConnectError::of_close(None))
}
