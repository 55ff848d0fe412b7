//! OpenAI over the network: chat completions for the parser, the list of models, and the Realtime socket.
//!
//! It is *not* where anything is decided: what the model's words mean is for `toran-nlp`, what its events
//! mean for the engine. What is decided here is patience. A caller is waiting, so every wait has an end:
//! one retry at most, inside one budget, and never one that cannot help.
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//!
//! use toran_nlp::AppointmentParser;
//! use toran_openai::{Account, AccountSettings, ChatCompleter, OpenAiConfig, RealtimeSocket};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = AccountSettings {
//!     api_key: Some("sk-…".into()),
//!     parsing: "gpt-4o-mini, gpt-6-luna".parse()?,
//!     ..AccountSettings::default()
//! };
//! let account = Account::new(OpenAiConfig::new("https://api.openai.com/v1".parse()?), settings)?;
//!
//! let completer = ChatCompleter::new(Arc::clone(&account))?;
//! let parser = AppointmentParser::new(Arc::new(completer));
//!
//! let socket = RealtimeSocket::connect(&account, None, Duration::from_secs(10)).await?;
//! let (mut writer, mut reader) = socket.split();
//! writer.send(r#"{"type":"response.create"}"#.to_owned()).await?;
//! println!("{}", reader.next().await?.as_str());
//! # Ok(()) }
//! ```
//!
//! Transport security is rustls over *ring*, with Mozilla's roots compiled in; a plain `http` or `ws` address
//! works too, for a stand-in on the same machine or network. Proxies named in the environment are not used:
//! the address in the configuration is the one that is called.

mod account;
mod chat;
mod config;
mod http;
mod models;
mod socket;
mod tls;

pub use account::{Account, AccountSettings, ModelList, ModelListError, Role};
pub use chat::{ChatCompleter, NoAnswer};
pub use config::{ConfigError, OpenAiConfig, Patience, SocketPatience};
pub use http::ApiError;
pub use models::{CheckError, ModelReport, ModelStatus, check_models};
pub use socket::{
    ConnectError, EventText, RealtimeChannels, RealtimeReader, RealtimeSocket, RealtimeWriter,
    SendError, SocketClosed,
};
