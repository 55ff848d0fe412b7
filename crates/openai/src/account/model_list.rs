//! Models by preference.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};
use toran_domain::ModelName;

/// More would be a mistake of whoever wrote them.
const MAX_MODELS: usize = 16;

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It speaks with the caller.
    Talking,
    /// It writes down what the caller says.
    Transcribing,
    /// It reads what the caller wants.
    Parsing,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Talking, Self::Transcribing, Self::Parsing];

    /// The setting that names its models.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Talking => "openai.realtime_model",
            Self::Transcribing => "openai.transcription_model",
            Self::Parsing => "openai.parser_model",
        }
    }

    const fn usual(self) -> [&'static str; 2] {
        match self {
            Self::Talking => ["gpt-realtime-2.1", "gpt-realtime-2.1-mini"],
            Self::Transcribing => ["gpt-4o-transcribe", "gpt-transcribe"],
            Self::Parsing => ["gpt-4o-mini", "gpt-6-luna"],
        }
    }
}

/// Why a list of models cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelListError {
    /// There is none.
    #[error(
        "name at least one model, like gpt-4o-mini, or several by preference: gpt-4o-mini, gpt-6-luna"
    )]
    Empty,
    /// There are too many.
    #[error("name at most {MAX_MODELS} models")]
    TooMany,
    /// A name is none.
    #[error("a model's name has letters, digits, and - . _ : / between them, like gpt-4o-mini")]
    Name,
}

/// Models by preference: the first that the service has is used. Never empty.
///
/// Written as one name, as several between commas, or as a list of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelList(Vec<ModelName>);

impl ModelList {
    /// The models of a role that are used when nothing else is said: the usual one, and who follows it.
    pub fn usual(role: Role) -> Self {
        Self(role.usual().map(|name| ModelName(name.to_owned())).into())
    }

    /// A list of these, in this order. A name that is repeated counts once.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ModelListError> {
        let mut models = Vec::new();
        for name in names {
            let model = ModelName(name.into().trim().to_owned());
            let is_known = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
            if !(1..=128).contains(&model.0.len()) || !model.0.chars().all(is_known) {
                return Err(ModelListError::Name);
            }
            if !models.contains(&model) {
                models.push(model);
            }
        }
        match models.len() {
            0 => Err(ModelListError::Empty),
            1..=MAX_MODELS => Ok(Self(models)),
            _ => Err(ModelListError::TooMany),
        }
    }

    /// The one that is preferred.
    pub fn first(&self) -> &ModelName {
        &self.0[0]
    }

    /// All, by preference.
    pub fn iter(&self) -> std::slice::Iter<'_, ModelName> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a ModelList {
    type Item = &'a ModelName;
    type IntoIter = std::slice::Iter<'a, ModelName>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromStr for ModelList {
    type Err = ModelListError;

    fn from_str(text: &str) -> Result<Self, ModelListError> {
        if text.trim().is_empty() {
            return Err(ModelListError::Empty);
        }
        Self::new(text.split(','))
    }
}

impl fmt::Display for ModelList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, model) in self.0.iter().enumerate() {
            let between = if nth == 0 { "" } else { ", " };
            write!(f, "{between}{}", model.0)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for ModelList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a model's name, or a list of names")]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        match Written::deserialize(deserializer)? {
            Written::One(text) => text.parse(),
            Written::Several(names) => Self::new(names),
        }
        .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, ModelListError>) {
        let list = text.parse::<ModelList>().map(|list| list.to_string());
        assert_eq!(list.as_deref().map_err(|error| *error), expected);
    }

    #[test]
    fn a_list_is_one_name_or_several() {
        check("gpt-4o-mini", Ok("gpt-4o-mini"));
        check(" a,b , a ", Ok("a, b"));
        check("ft:gpt-4o-mini:org/x_1", Ok("ft:gpt-4o-mini:org/x_1"));
        check(" ", Err(ModelListError::Empty));
        check("a,,b", Err(ModelListError::Name));
        check("a b", Err(ModelListError::Name));
        check(&vec!["x"; 200].join(","), Ok("x"));
        let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        check(&many.join(","), Err(ModelListError::TooMany));
    }

    #[test]
    fn a_list_can_be_written_as_one() {
        let read = |json| serde_json::from_str::<ModelList>(json).map(|list| list.to_string());
        assert_eq!(read(r#"["a","b"]"#).unwrap(), "a, b");
        assert_eq!(read(r#""a, b""#).unwrap(), "a, b");
        assert!(read("[]").unwrap_err().to_string().contains("at least one"));
        assert!(
            read("7")
                .unwrap_err()
                .to_string()
                .contains("a list of names")
        );
    }

    #[test]
    fn the_usual_models_are_names() {
        for role in Role::ALL {
            assert_eq!(
                ModelList::new(role.usual()).unwrap(),
                ModelList::usual(role)
            );
        }
    }
}
