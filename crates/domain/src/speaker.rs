//! Who speaks.

use std::{fmt, str::FromStr};

/// Who spoke a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The person on the phone.
    Caller,
    /// The model's voice.
    Agent,
}

/// A word that is no speaker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a line is spoken by \"caller\" or by \"agent\"")]
pub struct NoSpeaker;

impl Speaker {
    /// The word that stores, server events and logs write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
        }
    }
}

impl FromStr for Speaker {
    type Err = NoSpeaker;

    fn from_str(text: &str) -> Result<Self, NoSpeaker> {
        match text {
            "caller" => Ok(Self::Caller),
            "agent" => Ok(Self::Agent),
            _ => Err(NoSpeaker),
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for speaker in [Speaker::Caller, Speaker::Agent] {
            assert_eq!(speaker.as_str().parse(), Ok(speaker));
        }
        assert_eq!("robot".parse::<Speaker>(), Err(NoSpeaker));
    }
}
