//! How a session fails: before it stands, while it is written to, and when it ends.

use std::borrow::Cow;

use http::StatusCode;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};
use toran_realtime::{ApiError as WireApiError, remedy};

use crate::ConfigError;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why no session could be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The configuration cannot be used.
    #[error("the configuration of the Realtime socket cannot be used")]
    Config(#[from] ConfigError),
    /// The caller's identifier cannot stand in a header.
    #[error("a safety identifier is a hash in plain ASCII, never the caller's number or name")]
    SafetyIdentifier,
    /// The service could not be reached, or does not speak the protocol.
    #[error("the Realtime service cannot be reached: check its URL, DNS and the firewall")]
    Unreachable(#[source] Source),
    /// The service, or a proxy before it, refused the upgrade.
    #[error("the Realtime service answered the upgrade with {status}: check the URL and any proxy")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// The service refused the session, after the upgrade.
    #[error("the Realtime service refuses the session ({code}): {}", advice(code))]
    Refused {
        /// The service's code, like `invalid_api_key`.
        code: String,
    },
    /// The service went away before the session stood, without a reason.
    #[error(
        "the Realtime service closed before the session stood: try again, and see its status page"
    )]
    ClosedEarly,
    /// No session in time.
    #[error("no session in time: check the Realtime service's latency and the way to it")]
    Timeout,
}

impl ConnectError {
    /// Whether trying again cannot help until someone changes something.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Config(_) | Self::SafetyIdentifier => true,
            Self::Refused { code } => remedy(code).is_some(),
            Self::Rejected { status } => matches!(status, 400..=407 | 410..=421),
            Self::Unreachable(_) | Self::ClosedEarly | Self::Timeout => false,
        }
    }

    /// What the service, or a proxy before it, refuses this account for good with; `None` where another attempt may help, or where
    /// nobody was asked.
    pub fn refusal(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused { code } if self.is_lasting() => Some(Cow::Borrowed(code)),
            Self::Rejected { status } if self.is_lasting() => Some(format!("HTTP {status}").into()),
            Self::Config(_)
            | Self::SafetyIdentifier
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Unreachable(_)
            | Self::ClosedEarly
            | Self::Timeout => None,
        }
    }

    pub(super) fn of_handshake(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response)
                if response.status() != StatusCode::SWITCHING_PROTOCOLS =>
            {
                Self::Rejected {
                    status: response.status().as_u16(),
                }
            }
            other => Self::Unreachable(Box::new(other)),
        }
    }

    /// Only the code is kept: the message may quote the key.
    pub(super) fn of_event(error: &WireApiError) -> Self {
        let code = error
            .code
            .as_deref()
            .or(error.kind.as_deref())
            .unwrap_or("no code");
        Self::Refused { code: brief(code) }
    }

    /// The reason of a close is `kind.code`.
    pub(super) fn of_close(frame: Option<&CloseFrame>) -> Self {
        match frame.and_then(|frame| frame.reason.rsplit_once('.')) {
            Some((_kind, code)) if !code.is_empty() && !code.contains(' ') => {
                Self::Refused { code: brief(code) }
            }
            _ => Self::ClosedEarly,
        }
    }
}

fn advice(code: &str) -> &'static str {
    remedy(code).unwrap_or("try again, and see the service's documentation for this code")
}

/// Why an event could not be sent. The session is lost.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The network has not taken it in time.
    #[error("the Realtime service takes no more data: open a new session")]
    Stalled,
    /// The connection is gone.
    #[error("the connection to the Realtime service is lost: open a new session")]
    Lost(#[source] Source),
}

/// How a session ended. Everything but [`SocketClosed::ByUs`] is a failure, whatever the close code says.
#[derive(Debug, thiserror::Error)]
pub enum SocketClosed {
    /// We closed it.
    #[error("the session was closed by us")]
    ByUs,
    /// The server closed it; with 1001 too, which is how a session expires.
    #[error("the Realtime service closed the session ({code}: {reason}): open a new one")]
    ByServer {
        /// The close code; 1005 stands for none.
        code: u16,
        /// The server's reason, cut to a length fit for a log.
        reason: String,
    },
    /// The connection ended without a close.
    #[error("the connection to the Realtime service was dropped: open a new session")]
    Dropped,
    /// The connection failed.
    #[error("the connection to the Realtime service is lost: open a new session")]
    Lost(#[source] Source),
    /// Nothing came for too long, not even an answer to a ping.
    #[error("the Realtime service fell silent: open a new session")]
    Silent,
    /// The network took no more data in time.
    #[error("the Realtime service takes no more data: open a new session")]
    Stalled,
}

impl SocketClosed {
    pub(super) fn by_server(frame: Option<CloseFrame>) -> Self {
        const NO_CODE: u16 = 1005;
        match frame {
            Some(frame) => Self::ByServer {
                code: frame.code.into(),
                reason: brief(&frame.reason),
            },
            None => Self::ByServer {
                code: NO_CODE,
                reason: String::new(),
            },
        }
    }

    pub(super) fn lost(error: tungstenite::Error) -> Self {
        Self::Lost(Box::new(error))
    }
}

impl From<SendError> for SocketClosed {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Stalled => Self::Stalled,
            SendError::Lost(source) => Self::Lost(source),
        }
    }
}

/// A stranger's words, fit for a log.
fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
