//! Why an attempt failed, in words that an operator may read and that tell nothing of a person.

use std::{error::Error, io, time::Duration};

use reqwest::StatusCode;

use crate::{WebhookError, reach::NotPublic};

/// The longest text that is kept of a failure.
pub(crate) const MAX_CHARS: usize = 200;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error("the stored event cannot be read: repair its data in the database, or discard it")]
    Event,
    #[error("the receiver answered {}, which is no success: see its log for this event's id", status.as_u16())]
    Status {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    #[error("the receiver answered {}, a redirect, and none is followed: set the URL that it leads to", .0.as_u16())]
    Redirect(StatusCode),
    #[error(
        "the receiver answered 410, it wants no more events: set another webhook for the business, or none"
    )]
    Gone,
    #[error("no answer in time: the receiver should answer first and work afterwards")]
    Timeout(#[source] reqwest::Error),
    #[error("the connection was refused: check that the receiver runs, and its port")]
    Refused(#[source] reqwest::Error),
    #[error("no TLS connection: check the receiver's certificate, and its port")]
    Tls(#[source] reqwest::Error),
    #[error("no connection: check the webhook's host name and the way to it")]
    Unreachable(#[source] reqwest::Error),
    #[error("the connection broke before an answer came: see the receiver's log")]
    Broken(#[source] reqwest::Error),
}

impl Failure {
    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        // Receivers are known to keep tokens in path and query.
        let error = error.without_url();
        if cause::<NotPublic>(&error).is_some() {
            Self::Webhook(WebhookError::NotPublic)
        } else if cause::<rustls::Error>(&error).is_some() {
            Self::Tls(error)
        } else if cause::<io::Error>(&error)
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            Self::Refused(error)
        } else if error.is_connect() {
            Self::Unreachable(error)
        } else if error.is_timeout() {
            Self::Timeout(error)
        } else {
            Self::Broken(error)
        }
    }

    /// What is kept with the event.
    pub(crate) fn brief(&self) -> String {
        self.to_string().chars().take(MAX_CHARS).collect()
    }

    /// How long the receiver asks to be left alone.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Webhook(_)
            | Self::Event
            | Self::Redirect(_)
            | Self::Gone
            | Self::Timeout(_)
            | Self::Refused(_)
            | Self::Tls(_)
            | Self::Unreachable(_)
            | Self::Broken(_) => None,
        }
    }
}

/// The first error of a type on the way to the cause.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // The source of an `io::Error` is that of the error which it wraps, not the wrapped one.
        let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
        next = wrapped.map_or_else(|| error.source(), |inner| Some(inner));
    }
    None
}
