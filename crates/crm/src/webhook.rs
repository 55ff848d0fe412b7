//! What may be called, and what may sign.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use toran_store::Webhook;
use url::{Host, Url};

use crate::reach::is_private_by_form;

/// How a secret is recognised.
const SECRET_PREFIX: &str = "whsec_";

/// Why a webhook cannot be used. Nothing of its URL or its secret is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The text is no URL with a host.
    #[error("the webhook's URL is not one: write it like https://crm.example.com/hooks/toran")]
    NotAUrl,
    /// It would be sent in the clear.
    #[error("the webhook's URL must be https; http is for a receiver on this machine only")]
    NotHttps,
    /// It leads into the network that the gateway stands in, and the operator did not name it.
    #[error(
        "the webhook's URL leads to this machine or a private network: name an address of the public internet"
    )]
    NotPublic,
    /// Credentials in the URL end in logs.
    #[error(
        "the webhook's URL holds a user or password: leave them out, the signature proves the sender"
    )]
    UserInfo,
    /// The secret is not marked as one.
    #[error("the webhook's secret must begin with {SECRET_PREFIX}: copy it whole")]
    SecretPrefix,
    /// What follows the mark is not base64.
    #[error(
        "the webhook's secret must be base64 after {SECRET_PREFIX}: copy it whole, without spaces"
    )]
    SecretBase64,
    /// Too short to be safe, or longer than the standard allows.
    #[error(
        "the webhook's secret has {bytes} bytes: make one of {} to {}",
        WebhookSecret::MIN_BYTES,
        WebhookSecret::MAX_BYTES
    )]
    SecretLength {
        /// How many it has.
        bytes: usize,
    },
}

/// Whether events can be sent to a webhook: to be asked before it is stored.
///
/// ```
/// use toran_crm::{WebhookError, check_webhook};
/// use toran_store::Webhook;
///
/// let mut webhook = Webhook {
///     url: "https://crm.example.com/hooks/toran".into(),
///     secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
///     public_only: false,
/// };
/// assert_eq!(check_webhook(&webhook), Ok(()));
/// webhook.url = "http://crm.example.com/hooks/toran".into();
/// assert_eq!(check_webhook(&webhook), Err(WebhookError::NotHttps));
/// ```
pub fn check_webhook(webhook: &Webhook) -> Result<(), WebhookError> {
    let url = webhook.url.parse::<WebhookUrl>()?;
    if webhook.public_only && is_private_by_form(&url) {
        return Err(WebhookError::NotPublic);
    }
    WebhookSecret::parse(&webhook.secret)?;
    Ok(())
}

/// An address that events may be sent to: `https` anywhere, `http` on this machine only, without credentials.
///
/// `Debug` shows its origin alone: receivers are known to keep tokens in path and query.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The whole address.
    pub const fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookError;

    fn from_str(text: &str) -> Result<Self, WebhookError> {
        let url: Url = text.parse().map_err(|_| WebhookError::NotAUrl)?;
        let host = url.host().ok_or(WebhookError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            _ => return Err(WebhookError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookError::UserInfo);
        }
        Ok(Self(url))
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}/…)", self.0.origin().ascii_serialization())
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// What signs a business's events: 24 to 64 random bytes, written as `whsec_` and base64. `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct WebhookSecret(SecretSlice<u8>);

impl WebhookSecret {
    /// The fewest bytes that the standard allows.
    pub const MIN_BYTES: usize = 24;
    /// The most.
    pub const MAX_BYTES: usize = 64;

    /// A new secret, out of bytes that the caller drew from a cryptographic source.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(random.to_vec().into())
    }

    /// Reads one as it is stored and shown.
    pub fn parse(text: &SecretString) -> Result<Self, WebhookError> {
        let encoded = text.expose_secret().strip_prefix(SECRET_PREFIX);
        let bytes = BASE64_STANDARD
            .decode(encoded.ok_or(WebhookError::SecretPrefix)?)
            .map_err(|_| WebhookError::SecretBase64)?;
        if !(Self::MIN_BYTES..=Self::MAX_BYTES).contains(&bytes.len()) {
            return Err(WebhookError::SecretLength { bytes: bytes.len() });
        }
        Ok(Self(bytes.into()))
    }

    /// The form that is stored, and given to the receiver.
    pub fn serialized(&self) -> SecretString {
        format!(
            "{SECRET_PREFIX}{}",
            BASE64_STANDARD.encode(self.0.expose_secret())
        )
        .into()
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(text: &str, expected: Result<(), WebhookError>) {
        assert_eq!(text.parse::<WebhookUrl>().map(drop), expected, "{text}");
    }

    #[test]
    fn https_goes_anywhere_and_http_stays_here() {
        for good in [
            "https://crm.example.com/hooks?token=1",
            "https://10.0.0.7:8443",
            "http://127.0.0.1:8080/hook",
            "http://127.9.9.9",
            "http://[::1]:8080",
            "http://LOCALHOST/hook",
        ] {
            check_url(good, Ok(()));
        }
        for open in [
            "http://crm.example.com",
            "http://192.168.1.7",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0",
            "http://[::ffff:127.0.0.1]",
            "ftp://crm.example.com",
            "ws://localhost",
        ] {
            check_url(open, Err(WebhookError::NotHttps));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "crm.example.com/hook",
            "https://",
            "mailto:a@b.example",
            "/hook",
            "file:///hook",
        ] {
            check_url(bad, Err(WebhookError::NotAUrl));
        }
        for named in [
            "https://dana@crm.example.com",
            "https://:secret@crm.example.com",
        ] {
            check_url(named, Err(WebhookError::UserInfo));
        }
    }

    #[track_caller]
    fn check_secret(text: &str, expected: Result<(), WebhookError>) {
        assert_eq!(
            WebhookSecret::parse(&text.into()).map(drop),
            expected,
            "{text}"
        );
    }

    #[test]
    fn a_secret_is_marked_encoded_and_long_enough() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
        check_secret(&of(24), Ok(()));
        check_secret(&of(64), Ok(()));
        for bytes in [0, 23, 65] {
            check_secret(&of(bytes), Err(WebhookError::SecretLength { bytes }));
        }
        check_secret("", Err(WebhookError::SecretPrefix));
        check_secret("WHSEC_AAAA", Err(WebhookError::SecretPrefix));
        for bad in [
            "whsec_סוד",
            "whsec_AAA",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
        ] {
            check_secret(bad, Err(WebhookError::SecretBase64));
        }
    }

    #[test]
    fn a_new_secret_is_read_back() {
        let secret = WebhookSecret::from_bytes([0xA7; 32]);
        let read = WebhookSecret::parse(&secret.serialized()).unwrap();
        assert_eq!(read.expose(), [0xA7; 32]);
    }

    #[test]
    fn neither_shows_what_is_secret() {
        let shown = format!(
            "{:?} {:?}",
            WebhookSecret::from_bytes([0xA7; 32]),
            "https://crm.example.com:8443/hooks/token?key=token"
                .parse::<WebhookUrl>()
                .unwrap()
        );
        assert!(shown.contains("https://crm.example.com:8443/…"), "{shown}");
        for secret in ["167", "a7", "A7", "p6", "token"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
