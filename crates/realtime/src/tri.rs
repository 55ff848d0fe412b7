//! A field that is absent, null or set.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field of a partial update with three states, which `Option` would fold into two: absent leaves the
/// server's value as it is, null switches the feature off, a value replaces it.
///
/// Fields of this type carry `#[serde(default, skip_serializing_if = "Tri::is_absent")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tri<T> {
    /// Not written: the server keeps what it has.
    #[default]
    Absent,
    /// Written as `null`: the server switches it off.
    Null,
    /// Written as the value.
    Set(T),
}

impl<T> Tri<T> {
    /// Whether the field is not written at all.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, if one is set.
    pub const fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<T: Serialize> Serialize for Tri<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_set().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tri<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(default, skip_serializing_if = "Tri::is_absent")]
        field: Tri<u8>,
    }

    #[track_caller]
    fn check(field: Tri<u8>, json: &str) {
        let holder = Holder { field };
        assert_eq!(serde_json::to_string(&holder).unwrap(), json);
        assert_eq!(serde_json::from_str::<Holder>(json).unwrap(), holder);
    }

    #[test]
    fn the_three_states_survive_the_wire() {
        check(Tri::Absent, "{}");
        check(Tri::Null, r#"{"field":null}"#);
        check(Tri::Set(7), r#"{"field":7}"#);
    }
}
