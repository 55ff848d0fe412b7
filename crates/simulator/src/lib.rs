//! wip
pub mod fixtures;
mod mulaw;
mod record;
pub mod scenario;
pub mod voice;
pub mod openai;
pub use record::{Direction, WireEvent};
