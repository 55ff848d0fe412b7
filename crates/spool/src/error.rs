//! What can go wrong on the disk.

use std::{io, path::PathBuf};

/// Why the spool cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The folder is missing and cannot be made, or cannot be written to.
    #[error(
        "the spool folder {} cannot be used: name a folder that this user may write to, on a disk with room",
        folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another process, or another spool of this one, has it.
    #[error(
        "the spool folder {} is in use: stop the other gateway, or give each its own folder",
        folder.display()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// As many calls' requests wait as may.
    #[error(
        "the spool holds the requests of {limit} calls already: bring the database back, or raise the limit"
    )]
    Full {
        /// How many may wait.
        limit: usize,
    },
    /// A request is too long to be one.
    #[error("the request takes {bytes} bytes: shorten its name")]
    TooLong {
        /// What it takes.
        bytes: usize,
    },
    /// The instant of a request has no written form: its year is not one of 0 to 9999.
    #[error("the request cannot be written down: check the machine's clock")]
    Unwritable(#[source] serde_json::Error),
    /// A file cannot be read or written.
    #[error(
        "cannot use {}: check the disk's room and the permissions of its folder",
        path.display()
    )]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The program is ending, or the work broke off.
    #[error("the work on the spool was broken off: start the gateway again")]
    Interrupted(#[source] tokio::task::JoinError),
}
