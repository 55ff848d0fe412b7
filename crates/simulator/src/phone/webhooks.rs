//! What the provider asks of a gateway over HTTP: webhooks, and recordings to play.

use axum::http::{Method, Request, header};
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use url::Url;

use super::{
    call::{CallError, CallEvent, PlaceCall},
    http::{Answer, HttpClient},
    signing::{SIGNATURE_HEADER, sign},
    twiml::{self, Verb},
};

/// Posts webhooks the way the provider does.
#[derive(Debug)]
pub(super) struct WebhookDesk {
    pub(super) client: HttpClient,
    pub(super) began: Instant,
    pub(super) call: PlaceCall,
}

impl WebhookDesk {
    /// Asks for TwiML and reads it.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        form: &[(String, String)],
    ) -> Result<Vec<Verb>, CallError> {
        let response = self.post(url, form).await?;
        if !response.status.is_success() {
            return Err(CallError::Status {
                url: url.to_string(),
                status: response.status.as_u16(),
            });
        }
        Ok(twiml::parse(&response.text())?)
    }

    /// Tells a stream's status, as far as somebody wants to know.
    pub(super) async fn tell_stream_status(&self, url: &Url, stream_sid: &str, event: &str) {
        let now = (self.call.started_at + self.began.elapsed()).format(&Rfc3339);
        let form = fields(&[
            ("AccountSid", &self.call.account_sid),
            ("CallSid", &self.call.call_sid),
            ("StreamSid", stream_sid),
            ("StreamName", stream_sid),
            ("StreamEvent", event),
            ("Timestamp", &now.unwrap_or_default()),
        ]);
        if let Err(error) = self.post(url, &form).await {
            tracing::warn!(%error, "a status callback was not delivered");
        }
    }

    /// Tells the watcher, if there is one and it keeps up.
    pub(super) fn tell(&self, event: CallEvent) {
        if let Some(watcher) = &self.call.watcher {
            // A watcher that is full or gone misses it: a call waits for nobody.
            let _ = watcher.try_send(event);
        }
    }

    /// The host and port to connect to for an address.
    pub(super) fn target(&self, url: &Url) -> Result<String, CallError> {
        if let Some(addr) = self.call.connect_to {
            return Ok(addr.to_string());
        }
        let plain = matches!(url.scheme(), "http" | "ws");
        match (plain, url.host_str(), url.port_or_known_default()) {
            (true, Some(host), Some(port)) => Ok(format!("{host}:{port}")),
            _ => Err(CallError::NeedsTls {
                url: url.to_string(),
            }),
        }
    }

    /// Fetches what stands at an address.
    pub(super) async fn get(&self, url: &Url) -> Result<Answer, CallError> {
        self.send(Method::GET, url, &[]).await
    }

    async fn post(&self, url: &Url, form: &[(String, String)]) -> Result<Answer, CallError> {
        self.send(Method::POST, url, form).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        form: &[(String, String)],
    ) -> Result<Answer, CallError> {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let form_type = "application/x-www-form-urlencoded; charset=UTF-8";
        let content_type = (method == Method::POST).then_some((header::CONTENT_TYPE, form_type));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.target(url)?))
            .header(header::HOST, host)
            .header(header::USER_AGENT, "TwilioProxy/1.1")
            .header(
                SIGNATURE_HEADER,
                sign(&self.call.auth_token, url.as_str(), form),
            );
        if let Some((name, value)) = content_type {
            request = request.header(name, value);
        }
        self.client
            .send(request, body)
            .await
            .map_err(|source| CallError::Webhook {
                url: url.to_string(),
                source,
            })
    }

    pub(super) fn call_form(&self, status: &str) -> Vec<(String, String)> {
        let call = &self.call;
        fields(&[
            ("CallSid", &call.call_sid),
            ("AccountSid", &call.account_sid),
            ("From", &call.from),
            ("To", &call.to),
            ("Caller", &call.from),
            ("Called", &call.to),
            ("CallStatus", status),
            ("ApiVersion", "2010-04-01"),
            ("Direction", "inbound"),
            ("StirVerstat", "TN-Validation-Passed-A"),
            ("CallToken", "{\"parentCallInfoToken\":\"simulated\"}"),
            ("FromCity", ""),
            ("FromState", ""),
            ("FromZip", ""),
            ("FromCountry", "IL"),
            ("CallerCity", ""),
            ("CallerState", ""),
            ("CallerZip", ""),
            ("CallerCountry", "IL"),
            ("ToCity", ""),
            ("ToState", ""),
            ("ToZip", ""),
            ("ToCountry", "IL"),
            ("CalledCity", ""),
            ("CalledState", ""),
            ("CalledZip", ""),
            ("CalledCountry", "IL"),
        ])
    }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
