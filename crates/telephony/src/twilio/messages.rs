//! Media Streams messages, both ways.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, de};
use serde_json::json;
use toran_domain::CallSid;

use crate::media::{
    DtmfDigit, InboundMessage, MediaError, MediaFormat, MediaFrame, OutboundMessage, StreamSid,
    StreamStart, Track,
};

const MULAW: &str = "audio/x-mulaw";

/// Reads one text frame that Twilio sent.
///
/// Twilio writes most numbers as text; plain numbers are taken as well. Unknown fields are ignored.
pub fn parse_inbound(text: &str) -> Result<InboundMessage<'_>, MediaError> {
    let event = event_of(text)?;
    Ok(match event.as_ref() {
        "connected" => InboundMessage::Connected,
        "start" => InboundMessage::Start(Box::new(start(body::<StartBody>("start", text)?)?)),
        "media" => {
            let MediaBody { media } = body("media", text)?;
            InboundMessage::Media(MediaFrame {
                payload: media.payload,
                timestamp_ms: media.timestamp,
                chunk: media.chunk,
                track: media.track.into(),
            })
        }
        "dtmf" => InboundMessage::Dtmf {
            digit: body::<DtmfBody>("dtmf", text)?.dtmf.digit.0,
        },
        "mark" => InboundMessage::Mark {
            name: body::<MarkBody<'_>>("mark", text)?.mark.name,
        },
        "stop" => InboundMessage::Stop,
        _ => InboundMessage::Unknown { event },
    })
}

/// Writes a message for the phone.
pub fn outbound_json(stream_sid: &str, message: &OutboundMessage<'_>) -> String {
    let mut out = String::new();
    match message {
        OutboundMessage::Media { payload } => {
            open("media", stream_sid, &mut out);
            out.push_str(r#","media":{"payload":"#);
            out.push_str(&quoted(payload));
            out.push_str("}}");
        }
        OutboundMessage::Mark { name } => {
            open("mark", stream_sid, &mut out);
            out.push_str(r#","mark":{"name":"#);
            out.push_str(&quoted(name));
            out.push_str("}}");
        }
        OutboundMessage::Clear => {
            open("clear", stream_sid, &mut out);
            out.push('}');
        }
    }
    out
}

/// Writes audio for the phone to the end of `out`, encoding it in place: this runs fifty times a second in
/// every call.
pub fn media_into(stream_sid: &str, audio: &[u8], out: &mut String) {
    open("media", stream_sid, out);
    out.push_str(r#","media":{"payload":""#);
    BASE64_STANDARD.encode_string(audio, out);
    out.push_str(r#""}}"#);
}

/// Reads a message for the phone, as Twilio does: the stream it names, and the message.
pub fn parse_outbound(text: &str) -> Result<(StreamSid, OutboundMessage<'_>), MediaError> {
    let event = event_of(text)?;
    let (stream_sid, message) = match event.as_ref() {
        "media" => {
            let PlayBody { stream_sid, media } = body("media", text)?;
            (
                stream_sid,
                OutboundMessage::Media {
                    payload: media.payload,
                },
            )
        }
        "mark" => {
            let SetMarkBody { stream_sid, mark } = body("mark", text)?;
            (stream_sid, OutboundMessage::Mark { name: mark.name })
        }
        "clear" => {
            let ClearBody { stream_sid } = body("clear", text)?;
            (stream_sid, OutboundMessage::Clear)
        }
        other => {
            let error = de::Error::custom(format_args!("`{}` is not for the phone", brief(other)));
            return Err(MediaError::NotAMessage(error));
        }
    };
    Ok((StreamSid(stream_sid.into()), message))
}

/// Writes a message as Twilio sends it. `sequence` counts the stream's messages from 1; `Connected` has
/// none.
pub fn inbound_json(stream_sid: &str, sequence: u64, message: &InboundMessage<'_>) -> String {
    let (event, field, body) = match message {
        InboundMessage::Connected => {
            return r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.to_owned();
        }
        InboundMessage::Start(start) => ("start", "start", start_json(start)),
        InboundMessage::Media(media) => (
            "media",
            "media",
            json!({
                "track": match media.track { Track::Inbound => "inbound", Track::Outbound => "outbound" },
                "chunk": media.chunk.to_string(),
                "timestamp": media.timestamp_ms.to_string(),
                "payload": media.payload,
            }),
        ),
        InboundMessage::Dtmf { digit } => (
            "dtmf",
            "dtmf",
            json!({"track": "inbound_track", "digit": digit.as_char().to_string()}),
        ),
        InboundMessage::Mark { name } => ("mark", "mark", json!({"name": name})),
        InboundMessage::Stop => ("stop", "stop", json!({})),
        InboundMessage::Unknown { event } => (event.as_ref(), "unknown", json!({})),
    };
    json!({
        "event": event,
        "sequenceNumber": sequence.to_string(),
        "streamSid": stream_sid,
        field: body,
    })
    .to_string()
}

fn start_json(start: &StreamStart) -> serde_json::Value {
    let MediaFormat::Mulaw8k = start.format;
    json!({
        "accountSid": start.account_sid,
        "streamSid": start.stream_sid.as_str(),
        "callSid": start.call_sid.as_str(),
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": MULAW, "sampleRate": 8000, "channels": 1},
        "customParameters": start.custom_parameters,
    })
}

fn start(StartBody { start }: StartBody) -> Result<StreamStart, MediaError> {
    let FormatBody {
        encoding,
        sample_rate,
        channels,
    } = start.media_format;
    if (encoding.as_str(), sample_rate, channels) != (MULAW, 8000, 1) {
        let encoding = brief(&encoding);
        return Err(MediaError::UnsupportedFormat {
            encoding,
            sample_rate,
            channels,
        });
    }
    Ok(StreamStart {
        stream_sid: StreamSid(start.stream_sid.into()),
        call_sid: start.call_sid,
        account_sid: start.account_sid,
        custom_parameters: start.custom_parameters,
        format: MediaFormat::Mulaw8k,
    })
}

fn event_of(text: &str) -> Result<Cow<'_, str>, MediaError> {
    #[derive(Deserialize)]
    struct Head<'h> {
        #[serde(borrow)]
        event: Cow<'h, str>,
    }
    serde_json::from_str::<Head<'_>>(text)
        .map(|head| head.event)
        .map_err(MediaError::NotAMessage)
}

fn body<'a, T: Deserialize<'a>>(event: &'static str, text: &'a str) -> Result<T, MediaError> {
    serde_json::from_str(text).map_err(|source| MediaError::Malformed { event, source })
}

fn open(event: &str, stream_sid: &str, out: &mut String) {
    out.push_str(r#"{"event":""#);
    out.push_str(event);
    out.push_str(r#"","streamSid":"#);
    out.push_str(&quoted(stream_sid));
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A stranger's word, cut to a length fit for a log.
fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

#[derive(Deserialize)]
struct StartBody {
    start: StartFields,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartFields {
    stream_sid: String,
    call_sid: CallSid,
    #[serde(default)]
    account_sid: String,
    #[serde(default)]
    custom_parameters: BTreeMap<String, String>,
    media_format: FormatBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormatBody {
    encoding: String,
    #[serde(deserialize_with = "number")]
    sample_rate: u64,
    #[serde(deserialize_with = "number")]
    channels: u64,
}

#[derive(Deserialize)]
struct MediaBody<'a> {
    #[serde(borrow)]
    media: MediaFields<'a>,
}

#[derive(Deserialize)]
struct MediaFields<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(default, deserialize_with = "number_or_zero")]
    timestamp: u64,
    #[serde(default, deserialize_with = "number_or_zero")]
    chunk: u64,
    #[serde(default)]
    track: TrackWord,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum TrackWord {
    #[default]
    #[serde(alias = "inbound_track")]
    Inbound,
    #[serde(alias = "outbound_track")]
    Outbound,
}

impl From<TrackWord> for Track {
    fn from(word: TrackWord) -> Self {
        match word {
            TrackWord::Inbound => Self::Inbound,
            TrackWord::Outbound => Self::Outbound,
        }
    }
}

#[derive(Deserialize)]
struct DtmfBody {
    dtmf: DtmfFields,
}

#[derive(Deserialize)]
struct DtmfFields {
    digit: Key,
}

struct Key(DtmfDigit);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = char::deserialize(deserializer)?;
        DtmfDigit::new(key)
            .map(Self)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Char(key), &"a telephone key"))
    }
}

#[derive(Deserialize)]
struct MarkBody<'a> {
    #[serde(borrow)]
    mark: MarkFields<'a>,
}

#[derive(Deserialize)]
struct MarkFields<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlayBody<'a> {
    stream_sid: String,
    #[serde(borrow)]
    media: PlayFields<'a>,
}

#[derive(Deserialize)]
struct PlayFields<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetMarkBody<'a> {
    stream_sid: String,
    #[serde(borrow)]
    mark: MarkFields<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClearBody {
    stream_sid: String,
}

/// A whole number, as a number or as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Number;

    impl de::Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, as a number or as text")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
            Ok(value)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
            text.parse()
                .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Number)
}

/// A count beside a frame of sound: one that is none costs the caller no word. Comes with every frame, so nothing is allocated.
fn number_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct NumberOrZero;

    impl<'de> de::Visitor<'de> for NumberOrZero {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, as a number or as text")
        }

        fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
            Ok(value)
        }

        fn visit_str<E>(self, text: &str) -> Result<u64, E> {
            Ok(text.parse().unwrap_or(0))
        }

        fn visit_i64<E>(self, _: i64) -> Result<u64, E> {
            Ok(0)
        }

        fn visit_f64<E>(self, _: f64) -> Result<u64, E> {
            Ok(0)
        }

        fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
            Ok(0)
        }

        fn visit_unit<E>(self) -> Result<u64, E> {
            Ok(0)
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<u64, A::Error> {
            while items.next_element::<de::IgnoredAny>()?.is_some() {}
            Ok(0)
        }
    }

    deserializer.deserialize_any(NumberOrZero)
}

#[cfg(test)]
mod tests;
