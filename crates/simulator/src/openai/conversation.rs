//! The conversation: items in order, what the client may do to them, and how they look on the wire.

use serde_json::{Value, json};

use super::events::ApiError;
use crate::{fixtures::UtteranceId, scenario::TurnIndex};

/// Who speaks in an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Text, of any role.
    Text(String),
    /// A committed segment of the caller's audio.
    Heard {
        understood: Vec<UtteranceId>,
        turn: Option<TurnIndex>,
        audio_ms: u64,
    },
    /// The model's speech; the transcript goes when the item is truncated.
    Spoken {
        transcript: Option<String>,
        audio_ms: u64,
    },
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) status: Status,
    pub(super) content: Content,
}

impl Item {
    /// The item as events show it.
    pub(super) fn to_json(&self) -> Value {
        let content = match (&self.content, self.role) {
            (
                Content::Spoken {
                    transcript: None,
                    audio_ms: 0,
                },
                _,
            ) => json!([]),
            (Content::Text(text), Role::Assistant) if text.is_empty() => json!([]),
            (Content::Text(text), Role::Assistant) => {
                json!([{"type": "output_text", "text": text}])
            }
            (Content::Text(text), _) => json!([{"type": "input_text", "text": text}]),
            (Content::Heard { .. }, _) => json!([{"type": "input_audio", "transcript": null}]),
            (
                Content::Spoken {
                    transcript: Some(transcript),
                    ..
                },
                _,
            ) => {
                json!([{"type": "output_audio", "transcript": transcript}])
            }
            (
                Content::Spoken {
                    transcript: None, ..
                },
                _,
            ) => json!([{"type": "output_audio"}]),
        };
        json!({
            "id": self.id,
            "type": "message",
            "status": self.status.as_str(),
            "role": self.role.as_str(),
            "content": content,
        })
    }

    /// Reads an item that a client creates.
    pub(super) fn read(item: &Value, new_id: String) -> Result<Self, ApiError> {
        let id = match &item["id"] {
            Value::Null => new_id,
            Value::String(id) if (1..=32).contains(&id.chars().count()) => id.clone(),
            other => {
                let given = other.to_string();
                return Err(ApiError::invalid_value(
                    "item.id",
                    &given,
                    "1 to 32 characters",
                ));
            }
        };
        if item["type"] != "message" {
            let given = item["type"].as_str().unwrap_or_default();
            return Err(ApiError::invalid_value("item.type", given, "'message'"));
        }
        let (role, allowed) = match item["role"].as_str() {
            Some("system") => (Role::System, "input_text"),
            Some("user") => (Role::User, "input_text"),
            Some("assistant") => (Role::Assistant, "output_text"),
            role => {
                let supported = "'system', 'user' and 'assistant'";
                return Err(ApiError::invalid_value(
                    "item.role",
                    role.unwrap_or_default(),
                    supported,
                ));
            }
        };
        let text = read_text(&item["content"], allowed)?;
        Ok(Self {
            id,
            role,
            status: Status::Completed,
            content: Content::Text(text),
        })
    }
}

fn read_text(content: &Value, allowed: &str) -> Result<String, ApiError> {
    let parts = content.as_array().filter(|parts| !parts.is_empty());
    let parts = parts.ok_or_else(|| ApiError::missing("item.content"))?;
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        if part["type"] != allowed {
            let given = part["type"].as_str().unwrap_or_default();
            let param = format!("item.content[{index}].type");
            return Err(ApiError::invalid_value(
                &param,
                given,
                &format!("'{allowed}'"),
            ));
        }
        let param = || format!("item.content[{index}].text");
        text.push_str(
            part["text"]
                .as_str()
                .ok_or_else(|| ApiError::missing(&param()))?,
        );
    }
    Ok(text)
}

/// The default conversation of a session.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
}

impl Conversation {
    /// All items, in order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The last item's id.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.items.last().map(|item| item.id.as_str())
    }

    /// Appends an item.
    pub(super) fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Inserts an item after another (`"root"`: at the front; absent: at the end). The id before it.
    pub(super) fn insert(
        &mut self,
        item: Item,
        previous: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        if self.position(&item.id).is_some() {
            let message = format!("Item with item_id already exists: {}", item.id);
            return Err(
                ApiError::new("item_create_item_id_already_exists", message).about("item.id")
            );
        }
        let index = match previous {
            None => self.items.len(),
            Some("root") => 0,
            Some(id) => {
                let missing = || not_found("item_create_invalid_previous_item_id", id);
                self.position(id).ok_or_else(missing)? + 1
            }
        };
        let before = index
            .checked_sub(1)
            .map(|before| self.items[before].id.clone());
        self.items.insert(index, item);
        Ok(before)
    }

    /// Deletes an item.
    pub(super) fn delete(&mut self, id: &str) -> Result<(), ApiError> {
        let missing = || not_found("item_delete_invalid_item_id", id);
        let index = self.position(id).ok_or_else(missing)?;
        self.items.remove(index);
        Ok(())
    }

    /// One item, for `conversation.item.retrieve`.
    pub(super) fn retrieve(&self, id: &str) -> Result<&Item, ApiError> {
        let missing = || not_found("item_retrieve_invalid_item_id", id);
        self.position(id)
            .map(|index| &self.items[index])
            .ok_or_else(missing)
    }

    /// Cuts an item's audio. Its transcript goes with it: the service cannot align text and audio.
    pub(super) fn truncate(&mut self, id: &str, end_ms: u64) -> Result<(), ApiError> {
        let missing = || not_found("item_truncate_invalid_item_id", id);
        let index = self.position(id).ok_or_else(missing)?;
        let Content::Spoken {
            transcript,
            audio_ms,
        } = &mut self.items[index].content
        else {
            return Err(not_audio());
        };
        if *audio_ms == 0 {
            return Err(not_audio());
        }
        if end_ms > *audio_ms {
            let message =
                format!("Audio content of {audio_ms}ms is already shorter than {end_ms}ms");
            return Err(ApiError::new("invalid_value", message).about("audio_end_ms"));
        }
        *audio_ms = end_ms.max(1);
        *transcript = None;
        Ok(())
    }

    /// An item to change, if it is still there.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.position(id).map(|index| &mut self.items[index])
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.items.iter().position(|item| item.id == id)
    }
}

fn not_found(code: &'static str, id: &str) -> ApiError {
    ApiError::new(code, format!("Item with item_id not found: {id}")).about("item_id")
}

fn not_audio() -> ApiError {
    ApiError::new(
        "unsupported_content_type",
        "Only model output audio messages can be truncated",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(id: &str, audio_ms: u64) -> Item {
        let content = Content::Spoken {
            transcript: Some("שלום".into()),
            audio_ms,
        };
        Item {
            id: id.into(),
            role: Role::Assistant,
            status: Status::Completed,
            content,
        }
    }

    fn system(text: &str) -> Value {
        json!({"type": "message", "role": "system",
            "content": [{"type": "input_text", "text": text}]})
    }

    #[test]
    fn truncating_fails_in_the_three_known_ways() {
        let mut conversation = Conversation::default();
        conversation.push(spoken("a", 9_250));
        conversation.push(spoken("b", 0));
        let mut code = |id, ms| conversation.truncate(id, ms).map_err(|error| error.code);
        assert_eq!(code("c", 1), Err("item_truncate_invalid_item_id"));
        assert_eq!(code("b", 1), Err("unsupported_content_type"));
        assert_eq!(code("a", 57_340), Err("invalid_value"));
        assert_eq!(code("a", 1_480), Ok(()));
        let item = conversation.retrieve("a").map(Item::to_json);
        assert_eq!(
            item.map(|item| item["content"].clone()),
            Ok(json!([{"type": "output_audio"}]))
        );
    }

    #[test]
    fn items_go_where_they_are_told() {
        let mut conversation = Conversation::default();
        let item = |id: &str| Item::read(&system("x"), id.into()).expect("a system item");
        assert_eq!(conversation.insert(item("b"), None), Ok(None));
        assert_eq!(conversation.insert(item("a"), Some("root")), Ok(None));
        assert_eq!(
            conversation.insert(item("c"), Some("a")),
            Ok(Some("a".into()))
        );
        let ids: Vec<_> = conversation
            .items()
            .iter()
            .map(|item| item.id.as_str())
            .collect();
        assert_eq!(ids, ["a", "c", "b"]);
        assert!(conversation.insert(item("a"), None).is_err());
        assert!(conversation.insert(item("d"), Some("z")).is_err());
        assert_eq!(conversation.delete("c"), Ok(()));
        assert!(conversation.delete("c").is_err());
    }

    #[test]
    fn content_types_belong_to_roles() {
        let mut wrong = system("x");
        wrong["content"][0]["type"] = json!("text");
        assert!(Item::read(&wrong, "a".into()).is_err());
        wrong["role"] = json!("assistant");
        wrong["content"][0]["type"] = json!("output_text");
        assert!(Item::read(&wrong, "a".into()).is_ok());
        wrong["id"] = json!("x".repeat(33));
        assert!(Item::read(&wrong, "a".into()).is_err());
    }
}
