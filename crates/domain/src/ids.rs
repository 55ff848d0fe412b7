//! Newtypes for identifiers, so that one can never stand where another belongs.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why an identifier from outside was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not a UUID.
    #[error("not a UUID: give it as 8-4-4-4-12 hexadecimal digits")]
    NotAUuid,
    /// The text is empty, too long, or holds characters that no provider uses.
    #[error("a call id is 1 to 64 ASCII letters, digits, '-' or '_'")]
    NotACallSid,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that the caller made (time-ordered, version 7, where it is stored).
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself, for storage.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError::NotAUuid)
            }
        }
    };
}

uuid_id!(
    /// A business: one tenant of the deployment.
    BusinessId
);
uuid_id!(
    /// A lead: one caller of one business, found again by phone number.
    LeadId
);
uuid_id!(
    /// An appointment that the server made.
    AppointmentId
);
uuid_id!(
    /// One event of the outbox: the same through every attempt to deliver it.
    EventId
);
uuid_id!(
    /// A request that could not be booked in its call and waits for the business.
    TaskId
);

macro_rules! wire_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Opaque: given by the model's server, cheap to clone, compared only.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as the model's server wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

wire_id!(
    /// One item of the model's conversation: a caller's segment or one spoken answer.
    ItemId
);
wire_id!(
    /// One response of the model; it may speak several items.
    ResponseId
);

/// The telephony provider's id of one call. It survives a reconnected media stream, so it is the key
/// under which a call is resumed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallSid(Arc<str>);

impl CallSid {
    const MAX_LEN: usize = 64;

    /// The id as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CallSid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(allowed) {
            return Err(IdError::NotACallSid);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for CallSid {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<CallSid> for String {
    fn from(sid: CallSid) -> Self {
        sid.0.as_ref().to_owned()
    }
}

impl fmt::Display for CallSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CallSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallSid({})", self.0)
    }
}

/// The caller's segments of one call, counted from 0 in the order in which they were spoken.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TurnIndex(pub u32);

impl TurnIndex {
    /// The turn after this one; saturates, so a call can never overflow it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for TurnIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_sids_are_bounded_and_plain() {
        assert!(
            "CA0123456789abcdef0123456789abcdef"
                .parse::<CallSid>()
                .is_ok()
        );
        for bad in ["", "CA 1", "CA\n", "מספר", &"x".repeat(65)] {
            assert_eq!(bad.parse::<CallSid>(), Err(IdError::NotACallSid), "{bad:?}");
        }
    }

    #[test]
    fn a_turn_index_never_overflows() {
        assert_eq!(TurnIndex(u32::MAX).next(), TurnIndex(u32::MAX));
        assert_eq!(TurnIndex(0).next(), TurnIndex(1));
    }
}
