//! One media stream: the provider's side of the socket, on a real clock.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::{
    net::TcpStream,
    time::{Interval, MissedTickBehavior, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};
use url::Url;

use super::{
    call::{CallError, CallEvent, EndedBy, Ongoing, join},
    caller::Act,
    line::{Frame, Line},
    playback::{Marked, Playback},
    signing::{SIGNATURE_HEADER, sign},
    twiml,
};
use crate::{
    mulaw::{FRAME_BYTES, FRAME_MS},
    record::Direction,
};

/// How long a handshake or a close may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The timestamp of a stream's first frame, as the provider's usually is.
const FIRST_TIMESTAMP_MS: u64 = 61;
/// Silence after which something the agent said counts as finished, for the watcher.
const HEARD_AFTER_MS: u64 = 400;

/// What is counted over all streams of a call.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) frames_sent: u64,
    pub(super) media_received: u64,
    pub(super) marks_played: u64,
    pub(super) marks_cleared: u64,
    pub(super) clears: u64,
    pub(super) streams: u32,
    pub(super) violations: Vec<String>,
    said_told: usize,
    heard_told: usize,
}

/// How a stream ends.
enum End {
    /// The call goes on with the next verb.
    Next,
    /// The call is over.
    Call(EndedBy),
}

struct Stream<'a> {
    socket: WebSocketStream<TcpStream>,
    call: &'a mut Ongoing,
    sid: String,
    playback: Playback,
    line: Line,
    sequence: u64,
    /// Frames that passed on the line's clock, and those of them that were sent.
    frames: u64,
    chunks: u64,
}

/// Opens a stream and carries it to its end. `None`: the call goes on with the next verb.
pub(super) async fn run(
    call: &mut Ongoing,
    document_url: &Url,
    stream: &twiml::Stream,
) -> Result<Option<EndedBy>, CallError> {
    let url = stream_url(document_url, &stream.url)?;
    let status_url = stream
        .status_callback
        .as_deref()
        .map(|text| join(document_url, text))
        .transpose()?;
    let Some(socket) = connect(call, &url, &stream.url).await? else {
        return Ok(None);
    };
    call.tally.streams += 1;
    let nth = u64::from(call.tally.streams);
    let seed = call.desk.call.seed.wrapping_add(nth);
    let sid = format!("MZ{:032x}", fastrand::Rng::with_seed(seed).u128(..));
    tell_status(call, status_url.as_ref(), &sid, "stream-started");
    let line = Line::new(call.desk.call.line, seed);
    let mut stream_end = Stream {
        socket,
        call,
        sid: sid.clone(),
        playback: Playback::default(),
        line,
        sequence: 0,
        frames: 0,
        chunks: 0,
    };
    let end = stream_end.carry(&stream.parameters).await;
    tell_status(call, status_url.as_ref(), &sid, "stream-stopped");
    Ok(match end {
        End::Next => None,
        End::Call(ended_by) => Some(ended_by),
    })
}

fn tell_status(call: &Ongoing, url: Option<&Url>, stream_sid: &str, event: &'static str) {
    let Some(url) = url.cloned() else { return };
    let (desk, sid) = (Arc::clone(&call.desk), stream_sid.to_owned());
    // The provider's callbacks do not hold up its media.
    tokio::spawn(async move { desk.tell_stream_status(&url, &sid, event).await });
}

/// A stream's address; a relative one belongs to the document's host.
fn stream_url(document_url: &Url, text: &str) -> Result<Url, CallError> {
    let mut url = join(document_url, text)?;
    let scheme = match url.scheme() {
        "https" => "wss",
        "http" => "ws",
        _ => return Ok(url),
    };
    // Between these schemes the change is always allowed.
    let _ = url.set_scheme(scheme);
    Ok(url)
}

/// `None`: the handshake failed, and the provider goes on with the next verb.
async fn connect(
    call: &mut Ongoing,
    url: &Url,
    signed_url: &str,
) -> Result<Option<WebSocketStream<TcpStream>>, CallError> {
    let target = call.desk.target(url)?;
    let signed = if signed_url.contains("://") {
        signed_url
    } else {
        url.as_str()
    };
    let signature = sign(&call.desk.call.auth_token, signed, &[]);
    let handshake = async {
        let mut request = url
            .as_str()
            .into_client_request()
            .map_err(|error| error.to_string())?;
        let signature = HeaderValue::from_str(&signature).map_err(|error| error.to_string())?;
        request.headers_mut().insert(SIGNATURE_HEADER, signature);
        let tcp = TcpStream::connect(target)
            .await
            .map_err(|error| error.to_string())?;
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        client_async(request, tcp)
            .await
            .map_err(|error| error.to_string())
    };
    let problem = match timeout(PATIENCE, handshake).await {
        Ok(Ok((socket, _))) => return Ok(Some(socket)),
        Ok(Err(problem)) => problem,
        Err(_) => "no answer in time".to_owned(),
    };
    call.tally
        .violations
        .push(format!("the media socket's handshake failed: {problem}"));
    Ok(None)
}

impl Stream<'_> {
    async fn carry(&mut self, parameters: &[(String, String)]) -> End {
        self.call.desk.tell(CallEvent::StreamStarted);
        if !self.greet(parameters).await {
            return End::Next;
        }
        let mut ticks = frame_clock();
        loop {
            let act = tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Next,
                    Some(Ok(message)) => {
                        if !self.take(message).await { return End::Next; }
                        None
                    }
                },
                _ = ticks.tick() => {
                    let act = self.live_a_frame().await;
                    match act {
                        Ok(act) => act,
                        Err(Gone) => return End::Next,
                    }
                }
            };
            match act {
                None => {}
                Some(Act::Press(digit)) => {
                    let dtmf = json!({"track": "inbound_track", "digit": digit.to_string()});
                    if !self.send("dtmf", "dtmf", dtmf).await {
                        return End::Next;
                    }
                }
                // The socket is dropped with this, without a close.
                Some(Act::DropStream) => return End::Next,
                Some(Act::HangUp) => return self.hang_up(EndedBy::Caller).await,
                Some(Act::GiveUp(failure)) => return self.hang_up(EndedBy::Step(failure)).await,
            }
            if self.now() > self.call.desk.call.max_duration {
                return self.hang_up(EndedBy::TooLong).await;
            }
        }
    }

    async fn greet(&mut self, parameters: &[(String, String)]) -> bool {
        let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
        let parameters: Map<String, Value> = parameters
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let call = &self.call.desk.call;
        let start = json!({
            "accountSid": call.account_sid, "streamSid": self.sid, "callSid": call.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        self.send_raw(&connected).await && self.send("start", "start", start).await
    }

    /// Twenty milliseconds: what was played is heard, what is said is sent.
    async fn live_a_frame(&mut self) -> Result<Option<Act>, Gone> {
        let now_ms = u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX);
        let played = self.playback.play(FRAME_BYTES);
        self.call.person.hear(now_ms, &played.audio);
        for name in played.marks {
            self.call.tally.marks_played += 1;
            self.echo(&name).await?;
        }
        let act = self.call.person.act(now_ms);
        self.tell_watcher(now_ms);
        let timestamp_ms = FIRST_TIMESTAMP_MS + FRAME_MS * self.frames;
        self.frames += 1;
        let audio = self.call.person.next_frame();
        for frame in self.line.pass(Frame {
            timestamp_ms,
            audio,
        }) {
            self.chunks += 1;
            self.call.tally.frames_sent += 1;
            let media = json!({
                "track": "inbound", "chunk": self.chunks.to_string(),
                "timestamp": frame.timestamp_ms.to_string(),
                "payload": STANDARD.encode(&frame.audio),
            });
            if !self.send("media", "media", media).await {
                return Err(Gone);
            }
        }
        Ok(act)
    }

    /// Takes one message of the gateway. False: the socket is gone.
    async fn take(&mut self, message: Message) -> bool {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return self.complain("a binary message (31950)"),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_) => {
                return true;
            }
        };
        let Ok(message) = serde_json::from_str::<Value>(&text) else {
            return self.complain("a message that is not JSON (31951)");
        };
        self.call
            .recorder
            .note(&self.sid, Direction::TwilioOut, &message);
        if message["streamSid"] != self.sid {
            return self.complain("a message for another stream");
        }
        match message["event"].as_str().unwrap_or_default() {
            "media" => self.take_media(&message),
            "mark" => {
                let Some(name) = message["mark"]["name"].as_str() else {
                    return self.complain("a mark without a name");
                };
                match self.playback.mark(name.to_owned()) {
                    Marked::Pending => true,
                    Marked::Echo(name) => {
                        self.call.tally.marks_played += 1;
                        self.echo(&name).await.is_ok()
                    }
                }
            }
            "clear" => {
                self.call.tally.clears += 1;
                self.call.desk.tell(CallEvent::Cleared);
                for name in self.playback.clear() {
                    self.call.tally.marks_cleared += 1;
                    if self.echo(&name).await.is_err() {
                        return false;
                    }
                }
                true
            }
            other => {
                let complaint = format!("an unknown event {other:?}");
                self.complain(&complaint)
            }
        }
    }

    fn take_media(&mut self, message: &Value) -> bool {
        let payload = message["media"]["payload"].as_str();
        match payload.and_then(|payload| STANDARD.decode(payload).ok()) {
            Some(audio) if !audio.is_empty() => {
                self.call.tally.media_received += 1;
                if self.playback.push(&audio) > 0 {
                    self.complain("more than ten minutes of media buffered (31931)");
                }
                true
            }
            _ => self.complain("media without a payload in base64"),
        }
    }

    /// Notes what a provider would warn of; the stream goes on.
    fn complain(&mut self, problem: &str) -> bool {
        self.call
            .tally
            .violations
            .push(format!("the gateway sent {problem}"));
        true
    }

    async fn echo(&mut self, name: &str) -> Result<(), Gone> {
        let sent = self.send("mark", "mark", json!({"name": name})).await;
        if sent { Ok(()) } else { Err(Gone) }
    }

    async fn hang_up(&mut self, ended_by: EndedBy) -> End {
        let call = &self.call.desk.call;
        let stop = json!({"accountSid": call.account_sid, "callSid": call.call_sid});
        let _ = self.send("stop", "stop", stop).await;
        // A gateway that does not close its side in time is left alone with it.
        let closed = async {
            let _ = self.socket.close(None).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _ = timeout(PATIENCE, closed).await;
        let now_ms = u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX);
        self.tell_watcher(now_ms.saturating_add(HEARD_AFTER_MS * 10));
        End::Call(ended_by)
    }

    /// Sends a message with its number. False: the socket is gone.
    async fn send(&mut self, event: &str, key: &str, body: Value) -> bool {
        self.sequence += 1;
        let mut message = json!({
            "event": event, "sequenceNumber": self.sequence.to_string(), "streamSid": self.sid,
        });
        message[key] = body;
        self.send_raw(&message).await
    }

    async fn send_raw(&mut self, message: &Value) -> bool {
        self.call
            .recorder
            .note(&self.sid, Direction::TwilioIn, message);
        let sending = self.socket.send(Message::text(message.to_string()));
        matches!(timeout(PATIENCE, sending).await, Ok(Ok(())))
    }

    /// Since the call was placed.
    fn now(&self) -> Duration {
        self.call.desk.began.elapsed()
    }

    fn tell_watcher(&mut self, now_ms: u64) {
        if self.call.desk.call.watcher.is_none() {
            return;
        }
        let spoken = self.call.person.spoken();
        for said in &spoken[self.call.tally.said_told.min(spoken.len())..] {
            self.call.desk.tell(CallEvent::Said(said.clone()));
        }
        self.call.tally.said_told = spoken.len();
        let heard = self.call.person.heard();
        let silent = self.call.person.silence_ms(now_ms) >= HEARD_AFTER_MS;
        let told = self.call.tally.heard_told;
        for (index, words) in heard.iter().enumerate().skip(told) {
            if words.complete || silent || index + 1 < heard.len() {
                self.call.desk.tell(CallEvent::Heard(words.clone()));
                self.call.tally.heard_told = index + 1;
            }
        }
    }
}

/// The gateway's side of the socket is gone.
struct Gone;

fn frame_clock() -> Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(FRAME_MS));
    // A late frame is followed by the next on time: the line's clock does not slow down.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}
