//! OpenAI over the network: chat completions for the parser, the list of models, and the Realtime socket.
//!
//! It is *not* where anything is decided: what the model's words mean is for `toran-nlp`, what its events
//! mean for the engine. What is decided here is patience. A caller is waiting, so every wait has an end:
//! one retry at most, inside one budget, and never one that cannot help.
//!
//! ```no_run
//! use toran_domain::ModelName;
//! use toran_nlp::AppointmentParser;
//! use toran_openai::{ChatCompleter, OpenAiConfig, RealtimeSocket};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = OpenAiConfig::new("https://api.openai.com/v1".parse()?);
//! config.api_key = Some("sk-…".into());
//!
//! let completer = ChatCompleter::new(&config, ModelName("gpt-4o-mini".into()))?;
//! let parser = AppointmentParser::new(std::sync::Arc::new(completer));
//!
//! let talking = ModelName("gpt-realtime-2.1".into());
//! let (mut writer, mut reader) = RealtimeSocket::connect(&config, &talking, None).await?.split();
//! writer.send(r#"{"type":"response.create"}"#.to_owned()).await?;
//! println!("{}", reader.next().await?.as_str());
//! # Ok(()) }
//! ```
//!
//! Transport security is rustls over *ring*, with Mozilla's roots compiled in; a plain `http` or `ws` address
//! works too, for a stand-in on the same machine or network. Proxies named in the environment are not used:
//! the address in the configuration is the one that is called.

mod chat;
mod config;
mod http;
mod models;
mod socket;
mod tls;

pub use chat::{ChatCompleter, NoAnswer};
pub use config::{ConfigError, OpenAiConfig, Patience, SocketPatience};
pub use http::ApiError;
pub use models::{ModelStatus, check_models};
pub use socket::{
    ConnectError, EventText, RealtimeChannels, RealtimeReader, RealtimeSocket, RealtimeWriter,
    SendError, SocketClosed,
};
