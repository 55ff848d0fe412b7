//! The OpenAI side: the Realtime socket, chat completions and the list of models on one address.
//!
//! A client that works here works because it keeps to the wire: what the service refuses is refused,
//! with the same codes and closes; what the service sends is sent whole, with the fields a client must
//! ignore. It is *not* a model: what it hears and says is explained in `hearing` and `mind`.

mod answering;
mod chat;
mod chat_request;
mod config;
mod conversation;
mod events;
mod hearing;
mod input;
mod mind;
mod models;
mod parser;
mod respond;
mod schema;
mod server;
mod session;
mod socket;
#[cfg(test)]
mod tests;
mod turns;

pub use server::{Disturbance, OpenAiOptions, OpenAiSimulator, StartError};
pub use session::Pace;
