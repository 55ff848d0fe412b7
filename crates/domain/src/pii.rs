//! Personal data that redacts itself.

use std::fmt;

/// A personal datum: what a caller said, a name. `Debug` never shows it and there is no `Display`, so it
/// cannot reach a log by accident; [`Pii::expose`] is the explicit act of reading it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a personal datum.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Reads it. Never in a log line.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes it out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pii(…)")
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
