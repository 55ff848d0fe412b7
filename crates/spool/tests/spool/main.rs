//! The spool on a real disk, before a store that is there, away, or comes back.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

mod crash;
mod drain;
mod keep;
mod logs;
mod run;
mod support;
