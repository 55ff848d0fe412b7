//! What one appointment takes.

use crate::zone::Second;

/// What an appointment takes, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need<'a> {
    /// In minutes, as are the buffers.
    pub(crate) duration: u16,
    pub(crate) before: u16,
    pub(crate) after: u16,
    pub(crate) units: u16,
    /// The places of the resources that will do, in order of preference; all of them if `None`.
    pub(crate) resources: Option<&'a [u16]>,
}

impl Need<'_> {
    /// When an appointment that begins at an instant is over.
    pub(crate) fn end(&self, start: Second) -> Second {
        start.saturating_add(i64::from(self.duration) * 60)
    }

    /// What it takes of its resource, buffers included.
    pub(crate) fn footprint(&self, start: Second) -> (Second, Second) {
        (
            start.saturating_sub(i64::from(self.before) * 60),
            self.end(start).saturating_add(i64::from(self.after) * 60),
        )
    }
}
