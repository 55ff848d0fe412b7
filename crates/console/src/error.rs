//! What an answer says when it is not what was asked for.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;
use toran_scheduling::Refusal;
use toran_store::{DeliveryState, NumberConflict, StoreError};
use tracing::warn;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("send the header `Authorization: Bearer` with the token of TORAN_API_TOKEN")]
    Unauthorised,
    #[error("too many wrong tokens: wait a minute and send the right one")]
    TooManyGuesses,
    #[error("there is no such business: `gateway business list` shows them")]
    UnknownBusiness,
    #[error("there is no such route: docs/api.md lists them")]
    UnknownRoute,
    #[error("the route takes another method: docs/api.md says which")]
    WrongMethod,
    #[error(
        "the body is too large: at most {} bytes are read",
        crate::MAX_BODY_BYTES
    )]
    TooLarge,
    #[error("the business has no such {0}, or there is no such business")]
    NotFound(&'static str),
    #[error("{0}")]
    BadRequest(String),
    #[error("the time cannot be had: the appointment stays where it is")]
    Refused(Refusal),
    #[error("the appointment was given up: its history says when")]
    NotStanding,
    #[error("the event is {}: only dead ones are replayed or discarded", .0.as_str())]
    NoDeadLetter(DeliveryState),
    #[error("{0}")]
    Number(#[source] NumberConflict),
    #[error(
        "name the business's own number in called_number, as it stands: everything of the business is removed with it"
    )]
    NotConfirmed,
    #[error("the database does not answer: try again")]
    Store(#[source] StoreError),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownBusiness => Self::UnknownBusiness,
            error => Self::Store(error),
        }
    }
}

impl ApiError {
    const fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, "unauthorised"),
            Self::TooManyGuesses => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::NotFound(_) | Self::UnknownBusiness | Self::UnknownRoute => {
                (StatusCode::NOT_FOUND, "not_found")
            }
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::Refused(_) => (StatusCode::CONFLICT, "slot_unavailable"),
            Self::Number(_) => (StatusCode::CONFLICT, "number_conflict"),
            Self::NotConfirmed => (StatusCode::CONFLICT, "not_confirmed"),
            Self::NotStanding => (StatusCode::CONFLICT, "not_standing"),
            Self::NoDeadLetter(_) => (StatusCode::CONFLICT, "no_dead_letter"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            let error = error as &dyn std::error::Error;
            warn!(error, "the API could not reach its store");
        }
        let (status, code) = self.code();
        let mut body = json!({"error": code, "message": self.to_string()});
        if let (Self::Refused(refusal), Some(fields)) = (&self, body.as_object_mut()) {
            fields.insert("reason".to_owned(), refusal.as_str().into());
        }
        let mut response = (status, Json(body)).into_response();
        if matches!(self, Self::Unauthorised) {
            let headers = response.headers_mut();
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
