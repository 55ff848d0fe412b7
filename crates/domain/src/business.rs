//! A business: who is called, what its agent is like, and its hours.

use std::fmt;

use serde::{Deserialize, Serialize};
use toran_scheduling::AppointmentSettings;

use crate::{BusinessId, PhoneNumber, Terms, is_plain};

/// The longest business name, in characters.
pub const MAX_BUSINESS_NAME_CHARS: usize = 120;
/// The longest text that a business may bring to the prompt, in characters.
pub const MAX_BUSINESS_TEXT_CHARS: usize = 4_000;

/// Why a business's name or text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusinessTextError {
    /// Nothing is left after trimming.
    #[error("the business's name is empty: give the name that callers know")]
    EmptyName,
    /// The text would not fit.
    #[error("{found} characters are too many: shorten it to {limit}")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
}

/// A business's own words for the prompt: what it does, services, prices, address, tone.
///
/// Bounded, and without control characters or any that are not seen. It may inform the model and can never override the rules:
/// see `toran-prompt`, which frames it as quoted material.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BusinessText(String);

impl BusinessText {
    /// Takes a text, dropping control characters other than line breaks, and what is [not seen](crate::is_unseen).
    pub fn new(text: &str) -> Result<Self, BusinessTextError> {
        let clean: String = text
            .trim()
            .chars()
            .filter(|c| *c == '\n' || is_plain(*c))
            .collect();
        let found = clean.chars().count();
        if found > MAX_BUSINESS_TEXT_CHARS {
            return Err(BusinessTextError::TooLong {
                found,
                limit: MAX_BUSINESS_TEXT_CHARS,
            });
        }
        Ok(Self(clean))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BusinessText {
    type Error = BusinessTextError;

    fn try_from(text: String) -> Result<Self, BusinessTextError> {
        Self::new(&text)
    }
}

impl From<BusinessText> for String {
    fn from(text: BusinessText) -> Self {
        text.0
    }
}

impl fmt::Debug for BusinessText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BusinessText({} bytes)", self.0.len())
    }
}

/// The grammatical gender in which the agent speaks of itself: Hebrew has no neutral one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentGender {
    /// "אני יכולה"
    #[default]
    Female,
    /// "אני יכול"
    Male,
}

/// A business as a call needs it, loaded by the number that was called.
///
/// There is no greeting here on purpose: the greeting comes out of the system prompt alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Its id.
    pub id: BusinessId,
    /// The name that callers know.
    pub name: String,
    /// The number that callers dial.
    pub called_number: PhoneNumber,
    /// Its own words for the prompt.
    pub text: BusinessText,
    /// The agent's name, if it has one.
    pub agent_name: Option<String>,
    /// The agent's grammatical gender.
    pub agent_gender: AgentGender,
    /// The number at which a person of the business takes calls that are transferred; `None` if nobody does.
    pub transfer_number: Option<PhoneNumber>,
    /// How it is served.
    pub terms: Terms,
    /// Its days, hours and grid.
    pub settings: AppointmentSettings,
}

impl Business {
    /// Checks a name and returns it trimmed.
    pub fn check_name(name: &str) -> Result<String, BusinessTextError> {
        let name: String = name.chars().filter(|c| is_plain(*c)).collect();
        let name = name.trim().to_owned();
        let found = name.chars().count();
        if name.is_empty() {
            Err(BusinessTextError::EmptyName)
        } else if found > MAX_BUSINESS_NAME_CHARS {
            Err(BusinessTextError::TooLong {
                found,
                limit: MAX_BUSINESS_NAME_CHARS,
            })
        } else {
            Ok(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_text_is_bounded_and_plain() {
        assert_eq!(
            BusinessText::new(" מספרה\u{0}\nרחוב 1 ").unwrap().as_str(),
            "מספרה\nרחוב 1"
        );
        let long = "א".repeat(MAX_BUSINESS_TEXT_CHARS + 1);
        assert_eq!(
            BusinessText::new(&long),
            Err(BusinessTextError::TooLong {
                found: 4_001,
                limit: MAX_BUSINESS_TEXT_CHARS
            })
        );
    }

    #[test]
    fn a_business_has_a_name() {
        assert_eq!(
            Business::check_name("  "),
            Err(BusinessTextError::EmptyName)
        );
        assert_eq!(
            Business::check_name(" המספרה של דנה "),
            Ok("המספרה של דנה".to_owned())
        );
    }
}
