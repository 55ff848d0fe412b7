//! The telephony routes. Every request is checked before anything else is done: for the provider's signature, or, where a
//! clip is fetched, for the proof in an address of ours.

mod clips;
mod media;
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
use secrecy::ExposeSecret as _;
use toran_telephony::{
    clip_url::ClipUrlKey,
    stream_token::StreamTokenKey,
    twilio::{
        SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, SignatureError, SignedBody, SignedRequest,
        TwimlError, WebhookError, WebhookKey, WebhookVerifier,
    },
};
use tracing::warn;
use url::Url;

use crate::{Bridge, BridgeConfig};

pub(crate) const VOICE: &str = "/twilio/voice";
pub(crate) const MEDIA: &str = "/twilio/media";
pub(crate) const AFTER: &str = "/twilio/after";
pub(crate) const DIALLED: &str = "/twilio/dialled";
pub(crate) const STREAM_STATUS: &str = "/twilio/stream-status";

/// A webhook is a few hundred bytes; nothing genuine comes near this.
const MAX_BODY_BYTES: usize = 64 * 1024;

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
    #[error("the request is not signed as the provider signs")]
    BadSignature(#[from] SignatureError),
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

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::BadSignature(_) | Self::BadClipAddress => StatusCode::FORBIDDEN,
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
        (status, self.to_string()).into_response()
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
    tokens: StreamTokenKey,
    clips: ClipUrlKey,
}

impl Gate {
    pub(crate) fn new(config: &BridgeConfig) -> Self {
        let secret = config.auth_token.expose_secret().as_bytes();
        Self {
            origin: config.public_url.clone(),
            verifier: WebhookVerifier::new(WebhookKey::new(secret)),
            tokens: StreamTokenKey::derive(secret),
            clips: ClipUrlKey::derive(secret),
        }
    }

    pub(crate) const fn tokens(&self) -> &StreamTokenKey {
        &self.tokens
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
        Ok(self
            .verifier
            .verify(&SignedRequest { url, body }, signature, settings)?)
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
