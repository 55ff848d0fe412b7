//! A call's media stream as every provider has it: what comes from the phone and what goes to it.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use toran_domain::CallSid;

/// The longest frame worth reading from a provider, in bytes; one of 20 ms takes about 330. Give it to the
/// socket as its limit.
pub const MAX_INBOUND_FRAME_BYTES: usize = 64 * 1024;

/// Why a frame of the media stream was refused.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Not a JSON object that names its event.
    #[error("not a media message: expected one JSON object with a text field `event`")]
    NotAMessage(#[source] serde_json::Error),
    /// A message we know, with fields that do not fit it.
    #[error("the fields of `{event}` are not what the provider documents: see the source")]
    Malformed {
        /// The message's event.
        event: &'static str,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// Audio that the call cannot use.
    #[error(
        "cannot use {encoding} at {sample_rate} Hz with {channels} channel(s): \
         have the provider send audio/x-mulaw at 8000 Hz with 1"
    )]
    UnsupportedFormat {
        /// The encoding the provider announced, cut to a length fit for a log.
        encoding: String,
        /// Samples per second.
        sample_rate: u64,
        /// Channels.
        channels: u64,
    },
    /// Audio that is not base64.
    #[error("the audio is not base64: skip the frame")]
    NotBase64(#[source] base64::DecodeError),
}

/// What comes from the phone. Audio and names borrow from the frame they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundMessage<'a> {
    /// The provider's socket stands; the call's facts follow in [`InboundMessage::Start`].
    Connected,
    /// The stream begins.
    Start(Box<StreamStart>),
    /// The caller's audio.
    Media(MediaFrame<'a>),
    /// The caller pressed a key.
    Dtmf {
        /// Which.
        digit: DtmfDigit,
    },
    /// All audio sent before our mark was played, *or thrown away* by a clear.
    Mark {
        /// The name we gave the mark.
        name: Cow<'a, str>,
    },
    /// The stream ended: the caller hung up, or the call went on elsewhere.
    Stop,
    /// A message this version does not know.
    Unknown {
        /// Its event.
        event: Cow<'a, str>,
    },
}

/// What a stream says of itself before its first audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStart {
    /// The stream; every message to the phone names it.
    pub stream_sid: StreamSid,
    /// The call. Anyone can write one here: trust it only with a valid stream token.
    pub call_sid: CallSid,
    /// The provider's account.
    pub account_sid: String,
    /// What our own call instructions put in, the stream token among it. Untrusted until verified.
    pub custom_parameters: BTreeMap<String, String>,
    /// How the audio is encoded, both ways.
    pub format: MediaFormat,
}

/// An encoding that the call can use. Others are refused with the start of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MediaFormat {
    /// G.711 mu-law, 8 kHz, one channel: eight bytes are one millisecond.
    #[default]
    Mulaw8k,
}

/// The provider's id of one media stream. A call that reconnects gets another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamSid(pub(crate) Box<str>);

impl StreamSid {
    /// The id as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StreamSid {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for StreamSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of the caller's audio, 20 ms as a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFrame<'a> {
    /// Base64 of audio in the stream's format: the same text that the model's server takes.
    pub payload: Cow<'a, str>,
    /// When it was spoken, in milliseconds of the stream. Frames can be missing, so this jumps.
    pub timestamp_ms: u64,
    /// Which frame of its track this is, counted from 1.
    pub chunk: u64,
    /// Whose audio it is.
    pub track: Track,
}

impl MediaFrame<'_> {
    /// The audio itself.
    pub fn decode(&self) -> Result<Vec<u8>, MediaError> {
        let mut audio = Vec::new();
        self.decode_into(&mut audio)?;
        Ok(audio)
    }

    /// Adds the audio itself to the end of `audio`; on an error, `audio` is as it was.
    pub fn decode_into(&self, audio: &mut Vec<u8>) -> Result<(), MediaError> {
        let before = audio.len();
        BASE64_STANDARD
            .decode_vec(self.payload.as_bytes(), audio)
            .map_err(|error| {
                audio.truncate(before);
                MediaError::NotBase64(error)
            })
    }
}

/// Whose audio a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Track {
    /// The caller's.
    #[default]
    Inbound,
    /// What the call plays to the caller.
    Outbound,
}

/// A key of a telephone: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DtmfDigit(char);

impl DtmfDigit {
    /// Checks a key.
    pub const fn new(key: char) -> Option<Self> {
        match key {
            '0'..='9' | '*' | '#' | 'A'..='D' => Some(Self(key)),
            _ => None,
        }
    }

    /// The key.
    pub const fn as_char(self) -> char {
        self.0
    }
}

/// What goes to the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundMessage<'a> {
    /// Audio to play after what is already queued.
    Media {
        /// Base64 of audio in the stream's format.
        payload: Cow<'a, str>,
    },
    /// Asks to be told when the audio sent so far was played.
    Mark {
        /// What the provider shall say back.
        name: Cow<'a, str>,
    },
    /// Throws away what is queued. Every pending mark comes back at once.
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_payload_leaves_the_buffer_as_it_was() {
        let frame = MediaFrame {
            payload: "AAAA====".into(),
            timestamp_ms: 0,
            chunk: 1,
            track: Track::Inbound,
        };
        let mut audio = vec![1, 2];
        assert!(matches!(
            frame.decode_into(&mut audio),
            Err(MediaError::NotBase64(_))
        ));
        assert_eq!(audio, [1, 2]);
    }

    #[test]
    fn the_keys_of_a_telephone() {
        for key in "0123456789*#ABCD".chars() {
            assert_eq!(DtmfDigit::new(key).map(DtmfDigit::as_char), Some(key));
        }
        for key in ['a', 'E', ' ', '٣', 'א'] {
            assert_eq!(DtmfDigit::new(key), None, "{key:?}");
        }
    }
}
