//! Items of a conversation: those we write, and those the server reports.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::de::null_as_default;

/// The longest id that a client may give an item.
pub const MAX_ITEM_ID_CHARS: usize = 32;

/// Why an id for an item was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an item's id is 1 to {MAX_ITEM_ID_CHARS} ASCII letters, digits, '-' or '_'")]
pub struct ClientItemIdError;

/// An item's id that we choose, so that the item can be deleted before the server has answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientItemId(String);

impl ClientItemId {
    /// Checks an id.
    pub fn new(id: impl Into<String>) -> Result<Self, ClientItemIdError> {
        let id = id.into();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if id.is_empty() || id.len() > MAX_ITEM_ID_CHARS || !id.bytes().all(plain) {
            return Err(ClientItemIdError);
        }
        Ok(Self(id))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientItemId {
    type Error = ClientItemIdError;

    fn try_from(id: String) -> Result<Self, ClientItemIdError> {
        Self::new(id)
    }
}

impl From<ClientItemId> for String {
    fn from(id: ClientItemId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose words an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The server's: read by the model at its next response, spoken by no one.
    System,
    /// The caller's.
    User,
    /// The model's.
    Assistant,
}

impl Role {
    /// The one content type that the API takes in a text item of this role.
    const fn content_type(self) -> &'static str {
        match self {
            Self::System | Self::User => "input_text",
            Self::Assistant => "output_text",
        }
    }
}

/// A text item that we put into the conversation. Its content type follows from the role, so the
/// combinations that the server refuses cannot be written. Creating an item starts no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem<'a> {
    /// Our id for it; the server makes one up if there is none.
    pub id: Option<ClientItemId>,
    /// Whose words these are.
    pub role: Role,
    /// The words.
    pub text: Cow<'a, str>,
}

impl<'a> NewItem<'a> {
    /// What the server tells the model.
    pub fn system(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            id: None,
            role: Role::System,
            text: text.into(),
        }
    }

    /// What the caller said, as history.
    pub fn user(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            id: None,
            role: Role::User,
            text: text.into(),
        }
    }

    /// What the model said, as history. Only what the caller really heard belongs here.
    pub fn assistant(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            id: None,
            role: Role::Assistant,
            text: text.into(),
        }
    }

    /// The same item under an id of ours.
    #[must_use]
    pub fn with_id(self, id: ClientItemId) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }
}

impl Serialize for NewItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Part<'p> {
            r#type: &'static str,
            text: &'p str,
        }
        let mut fields = serializer.serialize_struct("NewItem", 4)?;
        match &self.id {
            Some(id) => fields.serialize_field("id", id)?,
            None => fields.skip_field("id")?,
        }
        fields.serialize_field("type", "message")?;
        fields.serialize_field("role", &self.role)?;
        let part = Part {
            r#type: self.role.content_type(),
            text: &self.text,
        };
        fields.serialize_field("content", &[part])?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for NewItem<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Part {
            text: String,
        }
        #[derive(Deserialize)]
        struct Message {
            #[serde(default)]
            id: Option<ClientItemId>,
            role: Role,
            content: [Part; 1],
        }
        let Message {
            id,
            role,
            content: [Part { text }],
        } = Message::deserialize(deserializer)?;
        Ok(Self {
            id,
            role,
            text: Cow::Owned(text),
        })
    }
}

/// One input of a response that has its own context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputItem<'a> {
    /// An item of the conversation.
    Reference {
        /// Its id.
        id: Cow<'a, str>,
    },
    /// A text of this response alone.
    Message(NewItem<'a>),
}

impl Serialize for InputItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(item) => item.serialize(serializer),
            Self::Reference { id } => {
                let mut fields = serializer.serialize_struct("InputItem", 2)?;
                fields.serialize_field("type", "item_reference")?;
                fields.serialize_field("id", id)?;
                fields.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for InputItem<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Either {
            ItemReference { id: String },
            Message(NewItem<'static>),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::ItemReference { id } => Self::Reference { id: Cow::Owned(id) },
            Either::Message(item) => Self::Message(item),
        })
    }
}

/// An item as the server reports it. Everything but the id is read leniently.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is: `message`, or something that Toran does not use.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whose it is; functions have no role.
    #[serde(default)]
    pub role: Option<Role>,
    /// How far it has come.
    #[serde(default)]
    pub status: Option<ItemStatus>,
    /// What it holds.
    #[serde(default, deserialize_with = "null_as_default")]
    pub content: Vec<ContentPart>,
}

impl Item {
    /// The words in it, whether written or transcribed; empty while there are none.
    pub fn text(&self) -> String {
        self.content.iter().filter_map(ContentPart::words).collect()
    }
}

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Whole.
    Completed,
    /// Being written.
    InProgress,
    /// Cut short: interrupted, or out of tokens.
    Incomplete,
    /// A word this version does not know.
    #[serde(other)]
    Unknown,
}

/// One part of an item's content. The live service spells the kinds `input_audio`, `input_text`,
/// `output_audio`, `output_text`, and in some events `audio` and `text`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ContentPart {
    /// The kind, as the wire spells it.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its text, for text.
    #[serde(default)]
    pub text: Option<String>,
    /// Its transcript, for audio; null until it is transcribed, and again after a truncation.
    #[serde(default)]
    pub transcript: Option<String>,
}

impl ContentPart {
    /// The words in it, whether written or transcribed.
    pub fn words(&self) -> Option<&str> {
        self.text.as_deref().or(self.transcript.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: &NewItem<'_>, json: &str) {
        assert_eq!(serde_json::to_string(item).unwrap(), json);
        assert_eq!(serde_json::from_str::<NewItem<'_>>(json).unwrap(), *item);
    }

    #[test]
    fn the_content_type_follows_from_the_role() {
        check(
            &NewItem::system("שים לב"),
            r#"{"type":"message","role":"system","content":[{"type":"input_text","text":"שים לב"}]}"#,
        );
        check(
            &NewItem::user("שלום"),
            r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"שלום"}]}"#,
        );
        check(
            &NewItem::assistant("שלום").with_id(ClientItemId::new("said_1").unwrap()),
            r#"{"id":"said_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"שלום"}]}"#,
        );
    }

    #[test]
    fn an_id_of_ours_fits_the_api() {
        assert!(ClientItemId::new("x".repeat(32)).is_ok());
        for bad in [String::new(), "x".repeat(33), "a b".into(), "פריט".into()] {
            assert_eq!(
                ClientItemId::new(bad.clone()),
                Err(ClientItemIdError),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_item_of_the_caller_may_have_no_transcript_yet() {
        let item: Item = serde_json::from_str(
            r#"{"id":"item_u","type":"message","status":"completed","role":"user","content":[{"type":"input_audio","transcript":null}]}"#,
        )
        .unwrap();
        assert_eq!(
            (item.role, item.status),
            (Some(Role::User), Some(ItemStatus::Completed))
        );
        assert_eq!(item.text(), "");
    }

    #[test]
    fn both_spellings_of_assistant_text_are_read() {
        for kind in ["text", "output_text"] {
            let json = format!(r#"{{"id":"a","content":[{{"type":"{kind}","text":"כן"}}]}}"#);
            assert_eq!(serde_json::from_str::<Item>(&json).unwrap().text(), "כן");
        }
    }
}
