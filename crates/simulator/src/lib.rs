//! wip
pub mod fixtures;
mod mulaw;
mod record;
pub mod scenario;
pub mod voice;
mod openai { mod input; mod hearing; }
