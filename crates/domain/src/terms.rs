//! How a business is served: its agent's voice, what its callers are told first, its limits, and whether it is served at all.

use std::{fmt, num::NonZeroU16, str::FromStr};

use crate::is_plain;

/// The longest text that is said to every caller, in characters.
pub const MAX_DISCLOSURE_CHARS: usize = 300;

/// How a business is served. What is not set is the deployment's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// The voice of its agent.
    pub voice: Option<VoiceName>,
    /// What every caller is told in the greeting, word for word: that the call is recorded, say, or that no person speaks.
    pub disclosure: Option<Disclosure>,
    /// How much of the deployment it and its callers may take.
    pub limits: Limits,
    /// A business that is suspended takes no calls. Everything of it is kept.
    pub suspended: bool,
}

/// How much of a deployment a business, and each of its callers, may take. What is not set is the deployment's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Calls of the business that may be live at once, at each gateway.
    pub calls: Option<NonZeroU16>,
    /// Calls that one number may make within an hour.
    pub calls_per_hour: Option<NonZeroU16>,
    /// Coming appointments that may stand for one number.
    pub appointments: Option<NonZeroU16>,
}

impl Limits {
    /// The limits that count: its own, and the deployment's where it has none.
    pub const fn or(self, deployment: EffectiveLimits) -> EffectiveLimits {
        const fn either(own: Option<NonZeroU16>, other: NonZeroU16) -> NonZeroU16 {
            match own {
                Some(own) => own,
                None => other,
            }
        }
        EffectiveLimits {
            calls: either(self.calls, deployment.calls),
            calls_per_hour: either(self.calls_per_hour, deployment.calls_per_hour),
            appointments: either(self.appointments, deployment.appointments),
        }
    }
}

/// Limits of which none is missing: a deployment's, or what counts for one business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveLimits {
    /// Calls of one business that may be live at once, at each gateway.
    pub calls: NonZeroU16,
    /// Calls that one number may make to one business within an hour.
    pub calls_per_hour: NonZeroU16,
    /// Coming appointments that may stand for one number at one business.
    pub appointments: NonZeroU16,
}

/// The name of a voice, as the model's service knows it: letters, digits, `-` and `_`.
///
/// ```
/// use toran_domain::VoiceName;
///
/// assert_eq!("marin".parse::<VoiceName>()?.as_str(), "marin");
/// assert!("../marin".parse::<VoiceName>().is_err());
/// # Ok::<(), toran_domain::TermsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VoiceName(String);

impl VoiceName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VoiceName {
    type Err = TermsError;

    fn from_str(text: &str) -> Result<Self, TermsError> {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=64).contains(&text.len()) || !text.bytes().all(is_known) {
            return Err(TermsError::Voice);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for VoiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What every caller is told in the greeting. One line, without anything that is not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure(String);

impl Disclosure {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Disclosure {
    type Err = TermsError;

    /// Drops line breaks and what is [not seen](crate::is_unseen).
    fn from_str(text: &str) -> Result<Self, TermsError> {
        let clean: String = text.chars().filter(|c| is_plain(*c)).collect();
        let clean = clean.trim().to_owned();
        match clean.chars().count() {
            1..=MAX_DISCLOSURE_CHARS => Ok(Self(clean)),
            _ => Err(TermsError::Disclosure),
        }
    }
}

/// Why a part of the terms was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// No voice's name.
    #[error("a voice's name has letters, digits, - and _, like marin")]
    Voice,
    /// Empty, or too long to be heard.
    #[error("write 1 to {MAX_DISCLOSURE_CHARS} characters, like \"השיחה מוקלטת\"")]
    Disclosure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disclosure_is_one_line_that_is_seen() {
        let text = |text: &str| text.parse::<Disclosure>().map(|line| line.0);
        assert_eq!(
            text(" השיחה\nמוקלטת\u{202e} "),
            Ok("השיחהמוקלטת".to_owned())
        );
        assert_eq!(text("\n"), Err(TermsError::Disclosure));
        assert_eq!(text(&"א".repeat(301)), Err(TermsError::Disclosure));
    }

    #[test]
    fn a_voice_is_a_word() {
        for bad in ["", "a b", "a/b", "קול", &"x".repeat(65)] {
            assert_eq!(bad.parse::<VoiceName>(), Err(TermsError::Voice), "{bad}");
        }
    }
}
