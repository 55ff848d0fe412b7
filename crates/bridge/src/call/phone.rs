//! The phone's media stream: read, and written behind a bounded queue.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink, stream::SplitStream};
use smallvec::SmallVec;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use toran_call::{FromPhone, MarkId, PhoneAudio};
use toran_domain::patience;
use toran_telephony::{
    media::{InboundMessage, OutboundMessage, StreamSid, Track},
    twilio::{media_into, outbound_json, parse_inbound},
};
use tracing::{Instrument as _, Span, debug, warn};

/// What waits for the phone, in pieces: about ten seconds of speech. A phone that reads slower than that is gone.
const QUEUE: usize = 128;
/// A phone that takes no byte for this long is gone.
const STALLED_AFTER: Duration = Duration::from_secs(5);
/// For both sides to close the stream.
const CLOSE_PATIENCE: Duration = patience::PHONE_CLOSE;
/// Room for the decoded audio of many frames, taken again when the frames are done with.
const DECODE_BUFFER: usize = 16 * 1024;

/// What leaves in one write: a piece of audio and its mark, or one message.
type Parcel = SmallVec<[Utf8Bytes; 2]>;

pub(super) struct Phone {
    stream_sid: StreamSid,
    reader: SplitStream<WebSocket>,
    /// None once the stream is closed.
    queue: Option<mpsc::Sender<Parcel>>,
    /// A piece whose mark is still to come.
    piece: Option<Utf8Bytes>,
    writer: JoinHandle<()>,
    decoded: BytesMut,
    lost: bool,
    skipped: u32,
}

impl Phone {
    pub(super) fn new(socket: WebSocket, stream_sid: StreamSid) -> Self {
        let (sink, reader) = socket.split();
        let (queue, parcels) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(write(sink, parcels).instrument(Span::current()));
        Self {
            stream_sid,
            reader,
            queue: Some(queue),
            piece: None,
            writer,
            decoded: BytesMut::new(),
            lost: false,
            skipped: 0,
        }
    }

    /// What the phone says next. After its stream is gone it says so, once and for all. Cancel safe.
    pub(super) async fn next(&mut self) -> FromPhone {
        // A piece that has no mark waits for none.
        self.send_piece();
        loop {
            if self.lost {
                return FromPhone::StreamLost;
            }
            match self.reader.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Some(event) = self.read(&text) {
                        return event;
                    }
                }
                Some(Ok(Message::Binary(_))) => self.skip("a binary frame"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => self.lost = true,
                Some(Err(error)) => {
                    debug!(
                        error = &error as &dyn std::error::Error,
                        "the phone's stream broke"
                    );
                    self.lost = true;
                }
            }
        }
    }

    fn read(&mut self, text: &Utf8Bytes) -> Option<FromPhone> {
        match parse_inbound(text) {
            Ok(InboundMessage::Media(media)) if media.track == Track::Outbound => None,
            Ok(InboundMessage::Media(media)) => {
                let mulaw = self.decode(media.payload.as_ref())?;
                let payload = Bytes::copy_from_slice(media.payload.as_bytes());
                Some(FromPhone::Audio(PhoneAudio { payload, mulaw }))
            }
            Ok(InboundMessage::Mark { name }) => name
                .strip_prefix('m')?
                .parse()
                .ok()
                .map(|mark| FromPhone::MarkPlayed(MarkId(mark))),
            Ok(InboundMessage::Dtmf { digit }) => Some(FromPhone::Digit(digit.as_char())),
            Ok(InboundMessage::Stop) => Some(FromPhone::HungUp),
            Ok(
                InboundMessage::Connected
                | InboundMessage::Start(_)
                | InboundMessage::Unknown { .. },
            ) => None,
            Err(_) => {
                self.skip("not a message of the media stream");
                None
            }
        }
    }

    /// Said once: a hostile stream must not fill the log.
    fn skip(&mut self, what: &str) {
        if self.skipped == 0 {
            warn!(
                what,
                "skipped what the phone sent; further ones are skipped in silence"
            );
        }
        self.skipped = self.skipped.saturating_add(1);
    }

    fn decode(&mut self, base64: &str) -> Option<Bytes> {
        let longest = base64.len().div_ceil(4) * 3;
        if self.decoded.capacity() < longest {
            self.decoded.reserve(longest.max(DECODE_BUFFER));
        }
        self.decoded.resize(longest, 0);
        match STANDARD.decode_slice(base64, &mut self.decoded) {
            Ok(length) if length > 0 => {
                let mulaw = self.decoded.split_to(length).freeze();
                self.decoded.clear();
                Some(mulaw)
            }
            _ => {
                self.decoded.clear();
                self.skip("audio that is not base64");
                None
            }
        }
    }

    /// Its mark follows at once, and both leave together: the writer, on another thread, must not find one without the other.
    pub(super) fn play(&mut self, mulaw: &[u8]) {
        self.send_piece();
        let mut message = String::new();
        media_into(self.stream_sid.as_str(), mulaw, &mut message);
        self.piece = Some(message.into());
    }

    pub(super) fn mark(&mut self, mark: MarkId) {
        let name = format!("m{}", mark.0).into();
        self.send(outbound_json(
            self.stream_sid.as_str(),
            &OutboundMessage::Mark { name },
        ));
    }

    pub(super) fn clear(&mut self) {
        self.send(outbound_json(
            self.stream_sid.as_str(),
            &OutboundMessage::Clear,
        ));
    }

    /// Sends a message, and the piece before it in the same write.
    fn send(&mut self, message: String) {
        let mut parcel: Parcel = self.piece.take().into_iter().collect();
        parcel.push(message.into());
        self.queue(parcel);
    }

    fn send_piece(&mut self) {
        if let Some(piece) = self.piece.take() {
            self.queue(Parcel::from_iter([piece]));
        }
    }

    fn queue(&mut self, parcel: Parcel) {
        let taken = self
            .queue
            .as_ref()
            .is_some_and(|queue| queue.try_send(parcel).is_ok());
        if !taken && !self.lost {
            warn!("the phone's stream takes no more audio");
            self.lost = true;
        }
    }

    /// Sends what is queued, closes the stream, and reads on until the other side has closed it too: a socket that
    /// is dropped with something unread takes its last words with it.
    pub(super) async fn close(&mut self) {
        self.send_piece();
        self.queue = None;
        let closing = async {
            let _ = (&mut self.writer).await;
            while let Some(Ok(_)) = self.reader.next().await {}
        };
        if timeout(CLOSE_PATIENCE, closing).await.is_err() {
            self.writer.abort();
        }
    }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut parcels: mpsc::Receiver<Parcel>) {
    while let Some(parcel) = parcels.recv().await {
        let written = async {
            feed(&mut sink, parcel).await?;
            // What is queued already goes out in the same write.
            while let Ok(parcel) = parcels.try_recv() {
                feed(&mut sink, parcel).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(STALLED_AFTER, written).await, Ok(Ok(()))) {
            return;
        }
    }
    // The other side may be gone already.
    let normal = CloseFrame {
        code: close_code::NORMAL,
        reason: Utf8Bytes::default(),
    };
    let closing = sink.send(Message::Close(Some(normal)));
    let _ = timeout(STALLED_AFTER, closing).await;
}

/// Puts a parcel into the socket's buffer, which holds it whole until it is flushed.
async fn feed(sink: &mut SplitSink<WebSocket, Message>, parcel: Parcel) -> Result<(), axum::Error> {
    for message in parcel {
        sink.feed(Message::Text(message)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
