//! A document as it comes, before anything is known of it: read first and looked at afterwards, so that whatever is wrong in
//! it can be told by its path, with a right value beside it, whoever reads the format.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

use crate::{SettingsError, SettingsProblem, clock_time::excerpt};

pub(crate) type Checked<T> = Result<T, SettingsError>;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Whole(i64),
    /// A number that no field can hold, as it is written.
    OtherNumber(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The value in an error message: never longer than a few words.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(yes) => yes.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::OtherNumber(number) => excerpt(number),
            Self::Text(text) => format!("{:?}", excerpt(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }
}

/// What one field of an object may hold.
pub(crate) trait Kind: Sized {
    /// What it is called in an error message.
    const NAME: &'static str;

    /// The value, if it is one of these.
    fn of(tree: Tree) -> Result<Self, Tree>;
}

impl Kind for String {
    const NAME: &'static str = "a text";

    fn of(tree: Tree) -> Result<Self, Tree> {
        match tree {
            Tree::Text(text) => Ok(text),
            other => Err(other),
        }
    }
}

impl Kind for i64 {
    const NAME: &'static str = "a whole number";

    fn of(tree: Tree) -> Result<Self, Tree> {
        match tree {
            Tree::Whole(number) => Ok(number),
            other => Err(other),
        }
    }
}

impl Kind for Vec<Tree> {
    const NAME: &'static str = "a list";

    fn of(tree: Tree) -> Result<Self, Tree> {
        match tree {
            Tree::List(entries) => Ok(entries),
            other => Err(other),
        }
    }
}

/// The entries of an object, in their order.
pub(crate) type Entries = Vec<(String, Tree)>;

impl Kind for Entries {
    const NAME: &'static str = "an object";

    fn of(tree: Tree) -> Result<Self, Tree> {
        match tree {
            Tree::Object(entries) => Ok(entries),
            other => Err(other),
        }
    }
}

/// A field of an object: its name, and a right value as JSON writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) like: &'static str,
}

impl Field {
    pub(crate) const fn new(name: &'static str, like: &'static str) -> Self {
        Self { name, like }
    }
}

/// The value at a path, if it is of a kind.
pub(crate) fn value<T: Kind>(path: &str, tree: Tree, like: &'static str) -> Checked<T> {
    T::of(tree).map_err(|other| not_a::<T>(path, &other, like))
}

fn not_a<T: Kind>(path: &str, other: &Tree, like: &'static str) -> SettingsError {
    let problem = SettingsProblem::NotA {
        found: other.shown(),
        wanted: T::NAME,
        like,
    };
    SettingsError::new(path, problem)
}

/// An object whose fields are known: no other is there, and none twice.
#[derive(Debug)]
pub(crate) struct Object {
    /// Empty for the document itself.
    path: String,
    fields: Vec<(Field, Option<Tree>)>,
}

impl Object {
    pub(crate) fn new(path: &str, entries: Entries, fields: &[Field]) -> Checked<Self> {
        let mut object = Self {
            path: path.to_owned(),
            fields: fields.iter().map(|field| (*field, None)).collect(),
        };
        for (name, tree) in entries {
            let known = object.fields.iter_mut().find(|(f, _)| f.name == name);
            let problem = match known {
                Some((_, value @ None)) => {
                    *value = Some(tree);
                    continue;
                }
                Some((_, Some(_))) => SettingsProblem::Repeated,
                None => {
                    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                    let known = names.join(", ");
                    SettingsProblem::Unknown { known }
                }
            };
            return Err(SettingsError::new(object.path_of(&name), problem));
        }
        Ok(object)
    }

    /// The path of a field.
    pub(crate) fn path_of(&self, name: &str) -> String {
        under(&self.path, name)
    }

    /// Whether a field is there. `null` says as little as nothing at all.
    pub(crate) fn has(&self, field: Field) -> bool {
        let value = self.fields.iter().find(|(f, _)| f.name == field.name);
        matches!(value, Some((_, Some(tree))) if !tree.is_null())
    }

    /// A field that may be left out.
    pub(crate) fn maybe<T: Kind>(&mut self, field: Field) -> Checked<Option<T>> {
        let value = self.fields.iter_mut().find(|(f, _)| f.name == field.name);
        match value.and_then(|(_, tree)| tree.take()) {
            None | Some(Tree::Null) => Ok(None),
            Some(tree) => match T::of(tree) {
                Ok(value) => Ok(Some(value)),
                Err(other) => Err(not_a::<T>(&self.path_of(field.name), &other, field.like)),
            },
        }
    }

    /// A field that must be there.
    pub(crate) fn must<T: Kind>(&mut self, field: Field) -> Checked<T> {
        self.maybe(field)?.ok_or_else(|| self.missing(field))
    }

    pub(crate) fn missing(&self, field: Field) -> SettingsError {
        let problem = SettingsProblem::Missing { like: field.like };
        SettingsError::new(self.path_of(field.name), problem)
    }
}

/// The path of a field: a name that is no plain word stands in quotes, and a long one is cut.
pub(crate) fn under(path: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = match excerpt(name) {
        name if !name.is_empty() && name.chars().all(is_plain) => name,
        name => format!("{name:?}"),
    };
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// How `serde_json` hands numbers on where its feature `arbitrary_precision` is on, for whichever crate: as an object of this
/// one field.
const WRITTEN_NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, a list, a text, a number, true, false or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(yes))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree, E> {
        let whole = i64::try_from(number).map(Tree::Whole);
        Ok(whole.unwrap_or_else(|_| Tree::OtherNumber(number.to_string())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Tree, E> {
        // With the point that made it no whole number.
        Ok(Tree::OtherNumber(format!("{number:?}")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            entries.push(entry);
        }
        Ok(Tree::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries: Entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        match entries.as_slice() {
            [(name, Tree::Text(written))] if name == WRITTEN_NUMBER => {
                let whole = written.parse().map(Tree::Whole);
                Ok(whole.unwrap_or_else(|_| Tree::OtherNumber(written.clone())))
            }
            _ => Ok(Tree::Object(entries)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    #[test]
    fn a_document_is_read_as_it_is() {
        let tree: Tree =
            serde_json::from_str(r#"{"a":[null,true,-7,18446744073709551615,30.0,"x"],"a":{}}"#)
                .unwrap();
        let number = |text: &str| Tree::OtherNumber(text.to_owned());
        let list = vec![
            Tree::Null,
            Tree::Bool(true),
            Tree::Whole(-7),
            number("18446744073709551615"),
            number("30.0"),
            Tree::Text("x".to_owned()),
        ];
        let expected = vec![
            ("a".to_owned(), Tree::List(list)),
            ("a".to_owned(), Tree::Object(Vec::new())),
        ];
        assert_eq!(tree, Tree::Object(expected));
    }

    #[test]
    fn a_number_that_comes_as_it_was_written_is_a_number() {
        let read = |written: &str| {
            let entries = [(WRITTEN_NUMBER, written.to_owned())];
            let map = MapDeserializer::<_, Error>::new(entries.into_iter());
            Tree::deserialize(map).unwrap()
        };
        assert_eq!(read("30"), Tree::Whole(30));
        assert_eq!(read("1e400"), Tree::OtherNumber("1e400".to_owned()));
    }

    #[test]
    fn paths_stay_short_and_on_one_line() {
        assert_eq!(under("", "hours"), "hours");
        assert_eq!(under("closures[0]", "form"), "closures[0].form");
        assert_eq!(under("", "a\nb"), r#""a\nb""#);
        assert!(under("x", &"y".repeat(500)).len() < 60);
    }
}
