//! The telephony routes. Every request is checked before anything else is done: for the provider's signature, or, where a
//! clip is fetched, for the proof in an address of ours.

mod clips;
pub(crate) mod media;
mod webhooks;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use secrecy::{ExposeSecret as _, SecretString};
use time::UtcDateTime;
use toran_domain::CallSid;
use toran_telephony::{
    clip_url::ClipUrlKey,
    stream_token::{StreamToken, StreamTokenKey, TokenError},
    twilio::{
        SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, SignatureError, SignedBody, SignedRequest,
        TwimlError, WebhookError, WebhookKey, WebhookVerifier,
    },
};
use tracing::warn;
use url::Url;

use crate::{Bridge, BridgeConfig, WebhookSecrets};

pub(crate) const VOICE: &str = "/twilio/voice";
pub(crate) const MEDIA: &str = "/twilio/media";
pub(crate) const AFTER: &str = "/twilio/after";
pub(crate) const DIALLED: &str = "/twilio/dialled";
pub(crate) const STREAM_STATUS: &str = "/twilio/stream-status";

/// A webhook is a few hundred bytes; nothing genuine comes near this.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Of an address that a stranger may have written, no more is logged.
const MAX_LOGGED_URL_CHARS: usize = 200;

pub(crate) fn router(bridge: Arc<Bridge>) -> Router {
    Router::new()
        .route(VOICE, post(webhooks::voice))
        .route(AFTER, post(webhooks::after))
        .route(DIALLED, post(webhooks::dialled))
        .route(STREAM_STATUS, post(webhooks::stream_status))
        .route(MEDIA, get(media::media))
        .route(clips::CLIP, get(clips::clip))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(bridge)
}

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error(
        "the request is not signed as the provider signs for {url}: compare that with the address in its console (TORAN_PUBLIC_URL), and the auth token (TWILIO_AUTH_TOKEN)"
    )]
    BadSignature {
        /// The address over which the signature was checked.
        url: String,
        #[source]
        source: SignatureError,
    },
    #[error("the address of the clip was not made by this deployment")]
    BadClipAddress,
    #[error("there is no such clip")]
    NoSuchClip,
    #[error("the form is not what the provider sends")]
    BadForm(#[from] WebhookError),
    #[error("this gateway is stopping: have the number's fallback address lead to another")]
    Stopping,
    #[error("the store is out of reach")]
    Store(#[from] toran_store::StoreError),
    #[error("the call instructions cannot be written: check TORAN_PUBLIC_URL")]
    Twiml(#[from] TwimlError),
}

impl RouteError {
    /// What whoever asked is told: of how signatures are checked, nothing.
    fn said_to_strangers(&self) -> String {
        match self {
            Self::BadSignature { .. } => {
                "the request is not signed as the provider signs".to_owned()
            }
            Self::BadClipAddress
            | Self::NoSuchClip
            | Self::BadForm(_)
            | Self::Stopping
            | Self::Store(_)
            | Self::Twiml(_) => self.to_string(),
        }
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::BadSignature { .. } | Self::BadClipAddress => StatusCode::FORBIDDEN,
            Self::NoSuchClip => StatusCode::NOT_FOUND,
            Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::Stopping | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Twiml(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        warn!(
            error = &self as &dyn std::error::Error,
            status = status.as_u16(),
            "telephony request refused"
        );
        (status, self.said_to_strangers()).into_response()
    }
}

/// TwiML as the provider wants it.
pub(crate) struct Twiml(pub(crate) String);

impl IntoResponse for Twiml {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], self.0).into_response()
    }
}

/// Signatures, tokens and the addresses they are over.
pub(crate) struct Gate {
    origin: Url,
    verifier: WebhookVerifier,
    own: OwnKeys,
    /// Of the other auth token: what another gateway signed that has it first.
    others: Option<OwnKeys>,
}

/// What we sign by ourselves with, derived from an auth token.
struct OwnKeys {
    tokens: StreamTokenKey,
    clips: ClipUrlKey,
}

impl OwnKeys {
    fn derive(auth_token: &SecretString) -> Self {
        let secret = auth_token.expose_secret().as_bytes();
        Self {
            tokens: StreamTokenKey::derive(secret),
            clips: ClipUrlKey::derive(secret),
        }
    }
}

impl Gate {
    pub(crate) fn new(config: &BridgeConfig) -> Self {
        let WebhookSecrets {
            auth_token,
            secondary_auth_token,
            shared_keys,
        } = &config.webhook_secrets;
        let key = |secret: &SecretString| WebhookKey::new(secret.expose_secret().as_bytes());
        let mut verifier = WebhookVerifier::new(key(auth_token));
        if let Some(secondary) = secondary_auth_token {
            verifier = verifier.with_auth_token(key(secondary));
        }
        for (name, secret) in shared_keys {
            verifier = verifier.with_shared_key(name, key(secret));
        }
        Self {
            origin: config.public_url.clone(),
            verifier,
            own: OwnKeys::derive(auth_token),
            others: secondary_auth_token.as_ref().map(OwnKeys::derive),
        }
    }

    /// The key that stream tokens are issued with.
    pub(crate) const fn token_key(&self) -> &StreamTokenKey {
        &self.own.tokens
    }

    /// Checks a stream's token.
    pub(crate) fn verify_token(
        &self,
        token: &str,
        call_sid: &CallSid,
        now: UtcDateTime,
    ) -> Result<StreamToken, TokenError> {
        let verified = self.own.tokens.verify(token, call_sid, now);
        match (&verified, &self.others) {
            (Err(TokenError::Forged), Some(others)) => others.tokens.verify(token, call_sid, now),
            _ => verified,
        }
    }

    /// Whether the address of a clip was made by this deployment.
    fn is_own_clip(&self, path: &str, query: Option<&str>) -> bool {
        let mut keys = std::iter::once(&self.own).chain(&self.others);
        keys.any(|keys| keys.clips.verify(path, query))
    }

    /// The public address of a route. What the provider signs is built from this, never from request headers.
    pub(crate) fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str().trim_end_matches('/'))
    }

    /// The public address of the media socket.
    pub(crate) fn media_url(&self) -> String {
        // http becomes ws, and https wss.
        self.public_url(MEDIA).replacen("http", "ws", 1)
    }

    /// Checks the signature of the media socket's handshake.
    pub(crate) fn handshake(&self, headers: &HeaderMap) -> Result<(), RouteError> {
        self.verify(&self.media_url(), SignedBody::Empty, headers)
    }

    fn verify(
        &self,
        url: &str,
        body: SignedBody<'_>,
        headers: &HeaderMap,
    ) -> Result<(), RouteError> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header(SIGNATURE_HEADER).unwrap_or_default();
        let settings = header(SIGNATURE_SETTINGS_HEADER);
        let request = SignedRequest { url, body };
        let verified = self.verifier.verify(&request, signature, settings);
        verified.map_err(|source| RouteError::BadSignature {
            url: url.chars().take(MAX_LOGGED_URL_CHARS).collect(),
            source,
        })
    }
}

/// A webhook's form, signed by the provider. A handler that takes one is reached by no one else.
pub(crate) struct SignedForm {
    uri: Uri,
    fields: Vec<(String, String)>,
}

impl SignedForm {
    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// The query of the address, which is signed too.
    pub(crate) fn query(&self) -> Option<&str> {
        self.uri.query()
    }
}

impl FromRequest<Arc<Bridge>> for SignedForm {
    type Rejection = Response;

    async fn from_request(request: Request, bridge: &Arc<Bridge>) -> Result<Self, Response> {
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let body = Bytes::from_request(request, bridge)
            .await
            .map_err(IntoResponse::into_response)?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let path = uri
            .path_and_query()
            .map_or(uri.path(), |path| path.as_str());
        let url = bridge.gate.public_url(path);
        bridge
            .gate
            .verify(&url, SignedBody::Form(&fields), &headers)
            .map_err(IntoResponse::into_response)?;
        Ok(Self { uri, fields })
    }
}
