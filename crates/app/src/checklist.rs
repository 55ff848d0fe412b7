//! The milestones of the deployment check, in their order, and the ten parts of what Toran promises.

mod milestones;
mod ten_parts;

use std::fmt;

pub use milestones::{Milestone, milestones};
pub(crate) use ten_parts::{Evidence, ten_parts};

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was to hold.
    pub title: String,
    /// What shows that it held, or what is missing.
    pub result: Result<String, String>,
}

impl Check {
    fn new(title: impl Into<String>, result: Result<String, String>) -> Self {
        Self {
            title: title.into(),
            result,
        }
    }

    /// Whether it held.
    pub const fn held(&self) -> bool {
        self.result.is_ok()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(evidence) => write!(f, "[ok]   {}\n         {evidence}", self.title),
            Err(missing) => write!(f, "[FAIL] {}\n         {missing}", self.title),
        }
    }
}
