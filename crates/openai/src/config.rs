//! Where OpenAI is, and how long we wait.

use std::time::Duration;

use toran_domain::{ModelName, patience};
use url::Url;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base address is not one of HTTP.
    #[error("the OpenAI base URL is http:// or https://, like https://api.openai.com/v1")]
    BaseUrl,
    /// The socket's address is not one of a WebSocket.
    #[error("the Realtime URL is ws:// or wss://; leave it out to derive it from the base URL")]
    RealtimeUrl,
    /// The key cannot stand in a header.
    #[error("the OpenAI key holds characters that no key has: copy it again, without line breaks")]
    ApiKey,
    /// The transport security could not be set up.
    #[error("TLS could not be set up: this build of the gateway is broken")]
    Tls(#[from] rustls::Error),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

/// Where OpenAI is, or what stands in for it.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// Where the REST API is, like `https://api.openai.com/v1`. Its query, if any, is ignored.
    pub base_url: Url,
    /// Where the Realtime socket is; `None` derives it from `base_url`. Its query is kept.
    pub realtime_url: Option<Url>,
    /// How long a question may take.
    pub patience: Patience,
    /// How long the socket may take.
    pub socket: SocketPatience,
}

/// How long a question of the parser may take: a caller hears silence meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the connection stands.
    pub connect: Duration,
    /// One attempt, connection included.
    pub attempt: Duration,
    /// All attempts and the wait between them.
    pub total: Duration,
}

impl Default for Patience {
    /// One second to connect, three for an attempt, four in all.
    fn default() -> Self {
        Self {
            connect: patience::PARSER_CONNECT,
            attempt: patience::PARSER_ATTEMPT,
            total: patience::PARSER_TOTAL,
        }
    }
}

/// How long an open Realtime socket may take. How long opening it may take is up to whoever opens it.
#[derive(Debug, Clone, Copy)]
pub struct SocketPatience {
    /// One message, until the operating system has taken it.
    pub write: Duration,
    /// Without a frame of any kind from the server, pongs included, until the session counts as lost.
    pub silence: Duration,
}

impl Default for SocketPatience {
    /// Five seconds for a write, fifteen of silence.
    fn default() -> Self {
        Self {
            write: Duration::from_secs(5),
            silence: patience::SESSION_SILENCE,
        }
    }
}

impl OpenAiConfig {
    /// The service at this address, with the usual patience.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            realtime_url: None,
            patience: Patience::default(),
            socket: SocketPatience::default(),
        }
    }

    /// The socket's address for a model: the configured one, or the base address with its scheme turned into
    /// a socket's and `/realtime` added. A query is kept, and `model` is added unless it is there.
    ///
    /// ```
    /// # use toran_domain::ModelName;
    /// let config = toran_openai::OpenAiConfig::new("http://127.0.0.1:8080/v1/".parse()?);
    /// let url = config.realtime_url(&ModelName("gpt-realtime-2.1".into()))?;
    /// assert_eq!(url.as_str(), "ws://127.0.0.1:8080/v1/realtime?model=gpt-realtime-2.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn realtime_url(&self, model: &ModelName) -> Result<Url, ConfigError> {
        let mut url = match &self.realtime_url {
            Some(url) if matches!(url.scheme(), "ws" | "wss") => url.clone(),
            Some(_) => return Err(ConfigError::RealtimeUrl),
            None => {
                let mut url = self.base_url.clone();
                let scheme = match url.scheme() {
                    "http" => "ws",
                    "https" => "wss",
                    _ => return Err(ConfigError::BaseUrl),
                };
                url.set_scheme(scheme).map_err(|()| ConfigError::BaseUrl)?;
                url.set_path(&format!("{}/realtime", url.path().trim_end_matches('/')));
                url
            }
        };
        url.set_fragment(None);
        if !url.query_pairs().any(|(name, _)| name == "model") {
            url.query_pairs_mut().append_pair("model", &model.0);
        }
        Ok(url)
    }

    /// The REST address without the slash at its end.
    pub(crate) fn api_base(&self) -> Result<String, ConfigError> {
        if !matches!(self.base_url.scheme(), "http" | "https") {
            return Err(ConfigError::BaseUrl);
        }
        let mut url = self.base_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Whether both addresses can be used.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.api_base()?;
        self.realtime_url(&ModelName(String::new()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelName {
        ModelName("gpt-realtime-2.1".into())
    }

    #[track_caller]
    fn check(base: &str, realtime: Option<&str>, expected: &str) {
        let mut config = OpenAiConfig::new(base.parse().unwrap());
        config.realtime_url = realtime.map(|url| url.parse().unwrap());
        assert_eq!(config.realtime_url(&model()).unwrap().as_str(), expected);
    }

    #[test]
    fn the_sockets_address_follows_from_the_base() {
        let live = "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1";
        check("https://api.openai.com/v1", None, live);
        check("https://api.openai.com/v1/", None, live);
        check(
            "http://host:1",
            None,
            "ws://host:1/realtime?model=gpt-realtime-2.1",
        );
    }

    #[test]
    fn a_configured_query_is_kept() {
        check(
            "http://host/v1",
            Some("wss://other/rt?api-version=3"),
            "wss://other/rt?api-version=3&model=gpt-realtime-2.1",
        );
        check(
            "http://host/v1",
            Some("wss://other/rt?model=mine"),
            "wss://other/rt?model=mine",
        );
    }

    #[test]
    fn an_address_of_another_kind_is_refused() {
        let mut config = OpenAiConfig::new("ftp://host/v1".parse().unwrap());
        assert!(matches!(
            config.realtime_url(&model()),
            Err(ConfigError::BaseUrl)
        ));
        assert!(matches!(config.api_base(), Err(ConfigError::BaseUrl)));
        config.realtime_url = Some("https://host/v1".parse().unwrap());
        assert!(matches!(
            config.realtime_url(&model()),
            Err(ConfigError::RealtimeUrl)
        ));
    }
}
