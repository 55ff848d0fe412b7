//! Webhook signatures: proof that a request comes from Twilio, and not from whoever found the URL.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::keyed;

/// The header that carries the signature, on webhooks and on the media socket's handshake alike.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Signature";
/// The header that names another key and algorithm than the account's auth token with SHA-1.
pub const SIGNATURE_SETTINGS_HEADER: &str = "X-Twilio-Webhooks-Signature-Settings";

/// Why a request was not taken for Twilio's. It is answered 403, and told nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature fits no form of the URL and body.
    #[error(
        "the signature does not fit: check the auth token, and that the public URL is exactly the one \
         Twilio was given"
    )]
    Mismatch,
    /// The body is not the one whose hash the URL carries.
    #[error("the body is not the one that was signed: check that no proxy rewrites it")]
    BodyHash,
    /// A key that was not configured.
    #[error("signed with the shared key `{key}`: add it to [twilio.shared_keys]")]
    UnknownKey {
        /// Its name.
        key: String,
    },
    /// An algorithm that this version does not know.
    #[error("signed with an unknown algorithm: use HMAC_SHA1 or HMAC_SHA256")]
    UnknownAlgorithm,
}

/// A keyed hash that Twilio signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// The default.
    #[default]
    HmacSha1,
    /// Named in [`SIGNATURE_SETTINGS_HEADER`].
    HmacSha256,
}

/// A request as Twilio signs it.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The URL that Twilio was given, query included: built from the configured public origin, never from
    /// what the request says of its host. A media socket's is `wss://`, as in the call instructions.
    pub url: &'a str,
    /// The body.
    pub body: SignedBody<'a>,
}

/// A body as it enters the signature.
#[derive(Debug, Clone, Copy)]
pub enum SignedBody<'a> {
    /// None: a GET, or the handshake of a socket.
    Empty,
    /// A form: every field as decoded, unknown and empty ones included.
    Form(&'a [(String, String)]),
    /// Anything else, byte for byte; the URL carries its hash as `bodySHA256`.
    Raw(&'a [u8]),
}

/// One key that Twilio and we share. `Debug` does not show it.
#[derive(Clone)]
pub struct WebhookKey(Vec<u8>);

impl WebhookKey {
    /// Takes the account's auth token, or a shared key's secret.
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.to_vec())
    }

    /// Signs a request as Twilio does.
    ///
    /// A raw body is signed through the hash in the URL: see [`url_with_body_hash`](Self::url_with_body_hash).
    pub fn sign(&self, request: &SignedRequest<'_>, algorithm: Algorithm) -> String {
        BASE64_STANDARD.encode(self.mac(request.url, request.body, algorithm))
    }

    /// The URL under which a raw body is sent: with the body's hash in its query.
    pub fn url_with_body_hash(url: &str, body: &[u8]) -> String {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{BODY_HASH}={}", hex(&Sha256::digest(body)))
    }

    fn mac(&self, url: &str, body: SignedBody<'_>, algorithm: Algorithm) -> Vec<u8> {
        let mut message = url.to_owned();
        if let SignedBody::Form(fields) = body {
            let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for (name, value) in fields {
                sorted.entry(name).or_default().insert(value);
            }
            for (name, values) in sorted {
                for value in values {
                    message.push_str(name);
                    message.push_str(value);
                }
            }
        }
        match algorithm {
            Algorithm::HmacSha1 => keyed::hmac_sha1(&self.0, message.as_bytes()),
            Algorithm::HmacSha256 => keyed::hmac_sha256(&self.0, message.as_bytes()),
        }
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(…)")
    }
}

/// Tells Twilio's requests from everyone else's.
#[derive(Debug, Clone)]
pub struct WebhookVerifier {
    /// Never empty.
    auth_tokens: Vec<WebhookKey>,
    shared_keys: BTreeMap<String, WebhookKey>,
}

impl WebhookVerifier {
    /// A verifier of requests signed with the account's auth token.
    pub fn new(auth_token: WebhookKey) -> Self {
        Self {
            auth_tokens: vec![auth_token],
            shared_keys: BTreeMap::new(),
        }
    }

    /// Takes requests signed with this auth token, too: while an account's token is replaced, both are in use.
    #[must_use]
    pub fn with_auth_token(mut self, auth_token: WebhookKey) -> Self {
        self.auth_tokens.push(auth_token);
        self
    }

    /// Takes requests signed with this shared key, too.
    #[must_use]
    pub fn with_shared_key(mut self, name: impl Into<String>, key: WebhookKey) -> Self {
        self.shared_keys.insert(name.into(), key);
        self
    }

    /// Checks a request against its signature, in constant time.
    ///
    /// `settings` is the value of [`SIGNATURE_SETTINGS_HEADER`], if there is one. Twilio is not consistent
    /// about the port, nor about the slash at the end of a socket's URL: those variants are tried.
    pub fn verify(
        &self,
        request: &SignedRequest<'_>,
        signature: &str,
        settings: Option<&str>,
    ) -> Result<(), SignatureError> {
        let (keys, algorithm) = self.choose(settings)?;
        if let SignedBody::Raw(body) = request.body {
            check_body_hash(request.url, body)?;
        }
        // A signature that is not base64 is compared as the empty one, which no request has.
        let claimed = BASE64_STANDARD.decode(signature.trim()).unwrap_or_default();
        let urls = url_variants(request);
        let forms = keys
            .iter()
            .flat_map(|key| urls.iter().map(move |url| (key, url)));
        let fits = forms.fold(false, |fits, (key, url)| {
            fits | keyed::equal(&claimed, &key.mac(url, request.body, algorithm))
        });
        if fits {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    fn choose(&self, settings: Option<&str>) -> Result<(&[WebhookKey], Algorithm), SignatureError> {
        let (mut keys, mut algorithm) = (self.auth_tokens.as_slice(), Algorithm::default());
        for setting in settings.unwrap_or_default().split(',') {
            match setting.trim().split_once('=') {
                Some(("key", name)) => {
                    let key = self.shared_keys.get(name);
                    let key = key.ok_or_else(|| SignatureError::UnknownKey {
                        key: name.chars().filter(|c| !c.is_control()).take(80).collect(),
                    })?;
                    keys = std::slice::from_ref(key);
                }
                Some(("algorithm", "HMAC_SHA256")) => algorithm = Algorithm::HmacSha256,
                Some(("algorithm", "HMAC_SHA1")) => algorithm = Algorithm::HmacSha1,
                Some(("algorithm", _)) => return Err(SignatureError::UnknownAlgorithm),
                Some(_) | None => {}
            }
        }
        Ok((keys, algorithm))
    }
}

const BODY_HASH: &str = "bodySHA256";

fn check_body_hash(url: &str, body: &[u8]) -> Result<(), SignatureError> {
    let claimed = url
        .split_once('?')
        .and_then(|(_, query)| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(BODY_HASH)?.strip_prefix('='))
        })
        .ok_or(SignatureError::BodyHash)?;
    let actual = hex(&Sha256::digest(body));
    if keyed::equal(claimed.to_ascii_lowercase().as_bytes(), actual.as_bytes()) {
        Ok(())
    } else {
        Err(SignatureError::BodyHash)
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The forms under which Twilio may have signed this URL.
fn url_variants(request: &SignedRequest<'_>) -> Vec<String> {
    let Some(parts) = UrlParts::split(request.url) else {
        return vec![request.url.to_owned()];
    };
    let mut variants = parts.with_and_without_port();
    if matches!(request.body, SignedBody::Empty) {
        variants.extend(parts.with_slash_flipped().with_and_without_port());
    }
    variants
}

/// A URL cut where the variants differ, every character kept.
struct UrlParts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    path: String,
    query: &'a str,
}

impl<'a> UrlParts<'a> {
    fn split(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (path, query) = tail.split_at(tail.find(['?', '#']).unwrap_or(tail.len()));
        // An IPv6 host holds colons, inside brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Self {
            scheme,
            host,
            port,
            path: path.to_owned(),
            query,
        })
    }

    fn with_and_without_port(&self) -> Vec<String> {
        let Self {
            scheme,
            host,
            path,
            query,
            ..
        } = self;
        let default = if matches!(*scheme, "https" | "wss") {
            "443"
        } else {
            "80"
        };
        let port = self.port.unwrap_or(default);
        vec![
            format!("{scheme}://{host}{path}{query}"),
            format!("{scheme}://{host}:{port}{path}{query}"),
        ]
    }

    fn with_slash_flipped(&self) -> Self {
        let path = match self.path.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{}/", self.path),
        };
        Self { path, ..*self }
    }
}

#[cfg(test)]
mod tests;
