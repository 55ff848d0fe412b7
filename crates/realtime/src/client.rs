//! Events that we send.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{NewItem, ResponseCreate, SessionUpdate, WireError};

/// What a client asks of the Realtime server. Long texts and audio are borrowed.
///
/// The server acknowledges none of them by name: an update shows as `session.updated`, a failure as an
/// `error` event that may or may not name the event that caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ClientEvent<'a> {
    /// Changes the session.
    #[serde(rename = "session.update")]
    SessionUpdate {
        /// What changes.
        session: SessionUpdate,
    },
    /// Adds to the caller's audio. In the audio path prefer [`ClientEvent::append_json_into`].
    #[serde(rename = "input_audio_buffer.append")]
    AppendAudio {
        /// Base64 of audio in the session's input format.
        #[serde(borrow)]
        audio: Cow<'a, str>,
    },
    /// Makes the caller's audio so far an item. Refused under about 100 ms of audio.
    #[serde(rename = "input_audio_buffer.commit")]
    CommitAudio,
    /// Throws the caller's uncommitted audio away.
    #[serde(rename = "input_audio_buffer.clear")]
    ClearAudio,
    /// Puts an item into the conversation, without asking for a response.
    #[serde(rename = "conversation.item.create")]
    CreateItem {
        /// The item before it; `None` appends, `"root"` puts it first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_item_id: Option<Cow<'a, str>>,
        /// The item.
        item: NewItem<'a>,
    },
    /// Asks for an item, audio included.
    #[serde(rename = "conversation.item.retrieve")]
    RetrieveItem {
        /// Which.
        item_id: Cow<'a, str>,
    },
    /// Takes an item out of the conversation.
    #[serde(rename = "conversation.item.delete")]
    DeleteItem {
        /// Which.
        item_id: Cow<'a, str>,
    },
    /// Cuts a spoken item to what the caller heard. The server drops its transcript.
    #[serde(rename = "conversation.item.truncate")]
    TruncateItem {
        /// Which.
        item_id: Cow<'a, str>,
        /// Which part of it; speech is part 0.
        content_index: u32,
        /// What was heard, in milliseconds from the item's start: rounded down, and never past its end.
        audio_end_ms: u64,
    },
    /// Asks the model to respond.
    #[serde(rename = "response.create")]
    CreateResponse {
        /// How; `None` is as the session says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<ResponseCreate<'a>>,
    },
    /// Stops a response.
    #[serde(rename = "response.cancel")]
    CancelResponse {
        /// Which; `None` is the conversation's running one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response_id: Option<Cow<'a, str>>,
    },
}

impl<'a> ClientEvent<'a> {
    /// The event as the text of one frame.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// The same event under an id of ours, which a later `error` event may name.
    pub fn with_event_id(self, event_id: impl Into<Cow<'a, str>>) -> ClientEnvelope<'a> {
        ClientEnvelope {
            event_id: Some(event_id.into()),
            event: self,
        }
    }

    /// Writes `input_audio_buffer.append` to the end of `out`, without a copy of the audio in between: this
    /// runs fifty times a second in every call.
    ///
    /// `audio_base64` is base64; a character that JSON would have to escape is left out, since it cannot be
    /// part of any.
    ///
    /// ```
    /// let mut frame = String::new();
    /// toran_realtime::ClientEvent::append_json_into("//79", &mut frame);
    /// assert_eq!(frame, r#"{"type":"input_audio_buffer.append","audio":"//79"}"#);
    /// ```
    pub fn append_json_into(audio_base64: &str, out: &mut String) {
        const HEAD: &str = r#"{"type":"input_audio_buffer.append","audio":""#;
        const TAIL: &str = r#""}"#;
        let plain = |c: char| c != '"' && c != '\\' && !c.is_control();
        out.reserve(HEAD.len() + audio_base64.len() + TAIL.len());
        out.push_str(HEAD);
        if audio_base64.chars().all(plain) {
            out.push_str(audio_base64);
        } else {
            out.extend(audio_base64.chars().filter(|c| plain(*c)));
        }
        out.push_str(TAIL);
    }
}

/// A client event with its optional id, as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientEnvelope<'a> {
    /// The client's id for the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Cow<'a, str>>,
    /// The event.
    #[serde(flatten, borrow)]
    pub event: ClientEvent<'a>,
}

impl<'a> ClientEnvelope<'a> {
    /// The event as the text of one frame.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads a client's event, as a server does.
    pub fn parse(text: &'a str) -> Result<Self, WireError> {
        serde_json::from_str(text).map_err(WireError::NotAnEvent)
    }
}

fn to_json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(json) => json,
        // Only a map with keys other than strings, or a failing writer, makes this fail: there is neither.
        Err(error) => unreachable!("an event of ours is always JSON: {error}"),
    }
}
