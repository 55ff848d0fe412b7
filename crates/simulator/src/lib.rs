//! A faithful local stand-in for the two services around a call: OpenAI (the Realtime socket, chat
//! completions, the list of models) and the telephony provider (its webhook, its media stream, a caller
//! with a recorded voice).
//!
//! It serves demonstrations, the check before a deployment, tests and load: no network, no account, and
//! everything random from a seed. It speaks the wire and nothing else: it shares no type with the
//! gateway, so it checks the gateway instead of agreeing with it. Faults and lies come on demand, from
//! a [`scenario`].
//!
//! It is *not* speech recognition, speech synthesis or a language model. The caller's words are
//! recordings, recognised by their samples ([`fixtures`]); the agent's voice is a tone that carries its
//! own words ([`voice`]), so a test knows to the letter what reached the caller's ear.
//!
//! ```
//! use toran_simulator::{openai::{OpenAiOptions, OpenAiSimulator}, scenario::Scenario};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let options = OpenAiOptions::new(time::UtcDateTime::UNIX_EPOCH, 7);
//! let openai = OpenAiSimulator::start(listener, Scenario::demo()?, options)?;
//! assert!(openai.base_url().ends_with("/v1")); // the gateway's OpenAI base address
//! # Ok(())
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(example())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod fixtures;
mod mulaw;
pub mod openai;
pub mod phone;
mod record;
pub mod scenario;
pub mod voice;

pub use record::{Direction, WireEvent};
