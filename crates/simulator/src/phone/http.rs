//! Webhooks over plain HTTP: the phone speaks no TLS, so it needs no more of a client than this.

use std::time::Duration;

use axum::{body::Bytes, http};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// How long the provider waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest answer that is read; TwiML has a few hundred bytes, and half a minute of sound fits.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request could not be written: an address or a header is none.
    #[error("the request is not one of HTTP")]
    Request(#[from] http::Error),
    /// Nobody answered.
    #[error("nobody answered")]
    Unanswered(#[from] hyper_util::client::legacy::Error),
    /// The answer broke off, or is far too long.
    #[error("the answer could not be read")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Timeout,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: http::StatusCode,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

impl Answer {
    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Posts forms and fetches recordings.
#[derive(Debug)]
pub(super) struct HttpClient(Client<HttpConnector, Full<Bytes>>);

impl HttpClient {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        // A connection that is kept may lead to a gateway that is gone by the next request.
        Self(builder.pool_max_idle_per_host(0).build(connector))
    }

    /// Sends a request and reads the answer, within the provider's patience.
    pub(super) async fn send(
        &self,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answer, HttpError> {
        let request = request.body(Full::new(Bytes::from(body)))?;
        let answering = async {
            let response = self.0.request(request).await?;
            let status = response.status();
            let content_type = response.headers().get(http::header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
                .collect()
                .await;
            let bytes = body.map_err(HttpError::Answer)?.to_bytes();
            Ok(Answer {
                status,
                content_type,
                body: bytes,
            })
        };
        tokio::time::timeout(PATIENCE, answering)
            .await
            .unwrap_or(Err(HttpError::Timeout))
    }
}
