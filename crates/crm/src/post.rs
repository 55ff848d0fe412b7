//! One attempt over HTTP.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, ClientBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use time::UtcDateTime;
use toran_store::Delivery;

use crate::{
    ConfigError, CrmConfig, WebhookError, WebhookSecret, WebhookUrl,
    body::body,
    failure::Failure,
    reach::{PublicResolver, is_private_by_form},
    signature::signature,
    tls,
};

const USER_AGENT: &str = concat!("Toran/", env!("CARGO_PKG_VERSION"));

/// A host that swallows packets must not take the whole time of a request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// As much of an answer as is read, so that the connection can be used again. Nothing is made of it.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

#[derive(Debug)]
pub(crate) struct Poster {
    anywhere: Client,
    /// For webhooks that somebody else than the operator named.
    public_only: Client,
}

impl Poster {
    pub(crate) fn new(config: &CrmConfig) -> Result<Self, ConfigError> {
        let builder = || Self::builder(config);
        Ok(Self {
            anywhere: builder()?.build()?,
            public_only: builder()?.dns_resolver(Arc::new(PublicResolver)).build()?,
        })
    }

    fn builder(config: &CrmConfig) -> Result<ClientBuilder, ConfigError> {
        Ok(Client::builder()
            .tls_backend_preconfigured(tls::client_config()?)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(config.request_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy())
    }

    /// Everything of the webhook and the event is read anew, so that what was corrected meanwhile counts.
    pub(crate) async fn post(&self, delivery: &Delivery, now: UtcDateTime) -> Result<(), Failure> {
        let webhook = &delivery.webhook;
        let url: WebhookUrl = webhook.url.parse()?;
        let client = if webhook.public_only {
            // An address in digits is not looked up.
            if is_private_by_form(&url) {
                return Err(WebhookError::NotPublic.into());
            }
            &self.public_only
        } else {
            &self.anywhere
        };
        let secret = WebhookSecret::parse(&delivery.webhook.secret)?;
        let id = delivery.event_id.to_string();
        let body = body(delivery)?;
        let response = client
            .post(url.as_url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.unix_timestamp().to_string())
            .header("webhook-signature", signature(&secret, &id, now, &body))
            .body(body)
            .send()
            .await
            .map_err(Failure::of_transport)?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        read_off(response).await;
        match status {
            _ if status.is_success() => Ok(()),
            _ if status.is_redirection() => Err(Failure::Redirect(status)),
            StatusCode::GONE => Err(Failure::Gone),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Failure::Status {
                    status,
                    retry_after,
                })
            }
            _ => Err(Failure::Status {
                status,
                retry_after: None,
            }),
        }
    }
}

/// The answer is known by its status; a body that breaks or never ends changes nothing.
async fn read_off(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read >= MAX_ANSWER_BYTES {
            break;
        }
    }
}

/// The form in whole seconds; a date is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(value: &'static str, expected: Option<u64>) {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        assert_eq!(
            retry_after(&headers),
            expected.map(Duration::from_secs),
            "{value}"
        );
    }

    #[test]
    fn a_wait_is_whole_seconds() {
        check("120", Some(120));
        check(" 0 ", Some(0));
        for unread in [
            "",
            "-1",
            "1.5",
            "soon",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "99999999999999999999",
        ] {
            check(unread, None);
        }
    }
}
