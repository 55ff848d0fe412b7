//! Where environment variables come from.

use std::env;

/// A set of named strings: the process's environment, or a test's.
pub trait Strings {
    /// The value of a variable. An empty one counts as unset, as shells and orchestrators leave them.
    fn get(&self, name: &str) -> Option<String>;
    /// The names that are set.
    fn names(&self) -> Vec<String>;
}

/// The process's environment.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnvironment;

impl Strings for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn names(&self) -> Vec<String> {
        env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}

impl Strings for std::collections::BTreeMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .map(|value| (*value).to_owned())
    }

    fn names(&self) -> Vec<String> {
        self.keys().map(|name| (*name).to_owned()).collect()
    }
}
