//! Delivers the outbox: what became of a call goes to the webhook of its business, signed as
//! [Standard Webhooks](https://www.standardwebhooks.com) describe it.
//!
//! It is *not* an integration of one CRM, and it decides nothing: what an event says is written by the store beside
//! the change that it tells of, and when it may go (never while its call is live) is the store's answer to a claim.
//! What is decided here is how it is sent, and what is done when it does not arrive.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use time::UtcDateTime;
//! use tokio_util::sync::CancellationToken;
//! use toran_crm::{ConfigError, Courier, CrmConfig};
//! use toran_store::Outbox;
//!
//! # async fn example(store: Arc<dyn Outbox>, now: fn() -> UtcDateTime) -> Result<(), ConfigError> {
//! let courier = Courier::new(store, now, CrmConfig::default())?;
//! let stop = CancellationToken::new();
//! courier.run(stop).await;
//! # Ok(()) }
//! ```
//!
//! # What a receiver gets
//!
//! A `POST` with one line of JSON, and the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`:
//!
//! ```json
//! {"type": "appointment.created", "timestamp": "2026-11-23T08:00:00Z", "data": {
//!   "business_id": "…", "call_sid": "CA…", "lead": {"id": "…", "phone": "+972541234567", "name": "דנה"},
//!   "appointment_id": "…", "date": "2026-11-24", "time": "16:30", "by": "caller"}}
//! ```
//!
//! - `timestamp` is when it happened; the header's is when this attempt was made, and is signed.
//! - `data` has, beside what its type holds ([`Event::data`](toran_store::Event::data)), whom it is about as it is known
//!   at this attempt: `phone` and `name` are `null` when they are withheld or were erased, `call_sid` when no call made
//!   it. `data.name` is the name that was said for the appointment or the task, and is there only if one was.
//! - Events of one lead come in their order; those of different leads may overtake each other.
//! - An event can come twice, when an answer was lost. `webhook-id` is the same, and tells.
//!
//! # When it does not arrive
//!
//! `2xx` is success. Everything else is tried again on one schedule ([`CrmConfig::retry_schedule`]), after which the
//! event is a dead letter: any other status, a redirect (none is followed), no answer in time, no connection, and a
//! stored URL or secret that cannot be used, because each of them can be mended meanwhile, and each attempt reads them
//! anew. `410 Gone` is no exception: the standard would have the webhook switched off, but events would be lost
//! by it, so that is left to the operator. `Retry-After` in seconds with a `429` or `503` makes a pause
//! longer, up to [`CrmConfig::MAX_RETRY_AFTER`], never shorter.
//!
//! What is kept and logged of a failure is its kind or status. Nothing that a receiver wrote, nothing of a person, of
//! the secret or of the URL behind its host is in it.
//!
//! Transport security is rustls over *ring*, with Mozilla's roots compiled in. Proxies named in the environment are not
//! used. Webhooks are the operator's to set: private addresses are called like any other.

mod body;
mod config;
mod courier;
mod failure;
mod outage;
mod post;
mod reach;
mod signature;
mod tls;
mod webhook;

pub use config::{ConfigError, CrmConfig};
pub use courier::Courier;
pub use reach::is_public;
pub use signature::signature;
pub use webhook::{WebhookError, WebhookSecret, WebhookUrl, check_webhook};
