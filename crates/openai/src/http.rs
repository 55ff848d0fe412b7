//! One question over HTTP, with the patience of a phone call.
//!
//! The client library's own policy is replaced: it has no timeout, waits for as long as a server asks it to,
//! retries an account that is out of money, and writes bodies that do not fit into the log.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout};
use toran_realtime::remedy;

use crate::{Account, ConfigError};

/// The largest body worth reading: a list of models is the longest, at some tens of kilobytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The wait before the one retry, where the server does not name one.
const PAUSE: Duration = Duration::from_millis(100);
/// A retry with less time than this is not worth its request.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(100);
/// Codes of an account that may not ask. No wait helps.
const OUT_OF_MONEY: [&str; 4] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
];

/// Why a question got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not in time.
    #[error("no answer in time: check the service's latency and the way to it")]
    Timeout,
    /// The service could not be reached.
    #[error("the service cannot be reached: check the base URL, DNS and the firewall")]
    Unreachable(#[source] reqwest::Error),
    /// The service refuses the account or the question. It will not recover by itself.
    #[error("refused with {status} ({code}): check the key, the quota and the model's name")]
    Denied {
        /// The HTTP status.
        status: u16,
        /// The service's code, like `model_not_found`.
        code: String,
    },
    /// Too many questions, even after the wait that fits into a call.
    #[error("rate limited ({code}): raise the account's limits or lower the number of calls")]
    RateLimited {
        /// The service's code.
        code: String,
    },
    /// The service has a fault of its own.
    #[error("the service failed with {status} ({code}): see its status page")]
    Failing {
        /// The HTTP status.
        status: u16,
        /// The service's code.
        code: String,
    },
    /// An answer larger than any should be.
    #[error("the answer is larger than {MAX_BODY_BYTES} bytes: check what stands at the base URL")]
    TooLarge,
    /// An answer that is not what the API documents.
    #[error("the answer is not what the API documents: check what stands at the base URL")]
    Malformed(#[source] serde_json::Error),
    /// The question could not be asked.
    #[error("the request could not be made")]
    Request(#[source] OpenAIError),
}

impl ApiError {
    /// The code of a refusal of the account or of its model, as opposed to one of this question.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Denied { status, code } => {
                (matches!(status, 401 | 403 | 404) || remedy(code).is_some()).then_some(code)
            }
            Self::Timeout
            | Self::Unreachable(_)
            | Self::RateLimited { .. }
            | Self::Failing { .. }
            | Self::TooLarge
            | Self::Malformed(_)
            | Self::Request(_) => None,
        }
    }
}

impl From<OpenAIError> for ApiError {
    fn from(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Boxed(boxed) => match boxed.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::Request(OpenAIError::Boxed(other)),
            },
            // The content stays out: it is what a caller said.
            OpenAIError::JSONDeserialize(source, _content) => Self::Malformed(source),
            other => Self::Request(other),
        }
    }
}

impl From<ApiError> for OpenAIError {
    fn from(error: ApiError) -> Self {
        Self::Boxed(Box::new(error))
    }
}

/// The HTTP client with its policy, as the client library calls it.
#[derive(Debug, Clone)]
pub(crate) struct ApiService {
    client: reqwest::Client,
    account: Arc<Account>,
}

impl ApiService {
    pub(crate) fn new(account: Arc<Account>) -> Result<Self, ConfigError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(account.tls().as_ref().clone())
            .connect_timeout(account.config().patience.connect)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, account })
    }

    /// The client without the policy, with which requests are built.
    pub(crate) const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Gets a body.
    pub(crate) async fn get(&self, url: String) -> Result<Bytes, ApiError> {
        let client = self.client.clone();
        let request = HttpRequestFactory::new(move || {
            let request = client.get(&url).build();
            async move { request.map_err(OpenAIError::Reqwest) }
        });
        self.ask(&request).await
    }

    /// Asks, and asks once more if that can help in time.
    async fn ask(&self, request: &HttpRequestFactory) -> Result<Bytes, ApiError> {
        let deadline = Instant::now() + self.account.config().patience.total;
        let Failure { error, retry_after } = match self.attempt(request, deadline).await {
            Ok(body) => return Ok(body),
            Err(failure) => failure,
        };
        let Some(pause) = retry_after else {
            return Err(error);
        };
        if Instant::now() + pause + SHORTEST_ATTEMPT > deadline {
            return Err(error);
        }
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            pause_ms = pause.as_millis(),
            "asking once more"
        );
        sleep(pause).await;
        self.attempt(request, deadline)
            .await
            .map_err(|failure| failure.error)
    }

    async fn attempt(
        &self,
        request: &HttpRequestFactory,
        deadline: Instant,
    ) -> Result<Bytes, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(
            left.min(self.account.config().patience.attempt),
            self.exchange(request),
        )
        .await
        {
            Ok(exchanged) => exchanged,
            Err(_elapsed) => Err(Failure::passing(ApiError::Timeout)),
        }
    }

    async fn exchange(&self, request: &HttpRequestFactory) -> Result<Bytes, Failure> {
        let mut request = request
            .build()
            .await
            .map_err(|error| Failure::lasting(error.into()))?;
        request.headers_mut().extend(self.account.headers());
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(Failure::of_transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failure::of_transport)? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(Failure::lasting(ApiError::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(Failure::of_status(status, &headers, &body));
        }
        // Checked here, because the client library writes what it cannot read into the log.
        match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
            Ok(_) => Ok(body.into()),
            Err(error) => Err(Failure::lasting(ApiError::Malformed(error))),
        }
    }
}

impl tower_service::Service<HttpRequestFactory> for ApiService {
    type Response = reqwest::Response;
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, ApiError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ApiError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(http::Response::new(this.ask(&request).await?).into()) })
    }
}

/// A failed attempt, and after what wait another can help.
struct Failure {
    error: ApiError,
    retry_after: Option<Duration>,
}

impl Failure {
    fn lasting(error: ApiError) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }

    fn passing(error: ApiError) -> Self {
        Self {
            error,
            retry_after: Some(PAUSE),
        }
    }

    fn of_transport(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::passing(ApiError::Timeout)
        } else {
            Self::passing(ApiError::Unreachable(error.without_url()))
        }
    }

    fn of_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let ErrorFields { code, kind } = ErrorFields::read(body);
        let broke = [&code, &kind]
            .into_iter()
            .flatten()
            .any(|word| OUT_OF_MONEY.contains(&word.as_str()));
        let code = code.or(kind).unwrap_or_else(|| "no code".to_owned());
        let passing = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::REQUEST_TIMEOUT
            || status.is_server_error();
        let retry = !broke && retry_advice(headers).unwrap_or(passing);
        let retry_after = if retry { named_wait(headers) } else { None };
        let error = if broke || !passing {
            ApiError::Denied {
                status: status.as_u16(),
                code,
            }
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            ApiError::RateLimited { code }
        } else {
            ApiError::Failing {
                status: status.as_u16(),
                code,
            }
        };
        Self { error, retry_after }
    }
}

/// Whether the server says that a retry helps.
fn retry_advice(headers: &HeaderMap) -> Option<bool> {
    match headers.get("x-should-retry")?.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// The wait that the server names, or ours; `None` for one that no call can keep (a date, or nonsense).
fn named_wait(headers: &HeaderMap) -> Option<Duration> {
    let number = |name| -> Option<Option<f64>> {
        let value = headers.get(name)?;
        Some(
            value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok()),
        )
    };
    let seconds = match (number("retry-after-ms"), number("retry-after")) {
        (Some(Some(milliseconds)), _) => Some(milliseconds / 1000.0),
        (_, Some(seconds)) => seconds,
        (Some(None) | None, None) => return Some(PAUSE),
    };
    Duration::try_from_secs_f64(seconds?).ok()
}

/// What an error's body says, as far as it can be read.
#[derive(Default, Deserialize)]
struct ErrorFields {
    #[serde(default)]
    code: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl ErrorFields {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: ErrorFields,
        }
        let mut fields = serde_json::from_slice::<Body>(body)
            .map(|body| body.error)
            .unwrap_or_default();
        for word in [&mut fields.code, &mut fields.kind].into_iter().flatten() {
            *word = word.chars().filter(|c| !c.is_control()).take(80).collect();
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: Option<Duration>) {
        let headers = headers.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        });
        assert_eq!(named_wait(&headers.collect()), expected);
    }

    #[test]
    fn the_finer_wait_is_preferred_and_nonsense_is_not_waited_for() {
        check(&[], Some(PAUSE));
        check(
            &[("retry-after-ms", "250"), ("retry-after", "3600")],
            Some(Duration::from_millis(250)),
        );
        check(&[("retry-after", "2")], Some(Duration::from_secs(2)));
        check(
            &[("retry-after-ms", "soon"), ("retry-after", "2")],
            Some(Duration::from_secs(2)),
        );
        for nonsense in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "NaN", "inf", "1e300"] {
            check(&[("retry-after", nonsense)], None);
        }
    }
}
