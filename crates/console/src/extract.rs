//! What a request carries, refused in the API's own words.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use time::{Date, Time, format_description::StaticFormatDescription, macros::format_description};

use crate::error::ApiError;

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");
const TIME: StaticFormatDescription = format_description!("[hour]:[minute]");

/// The ids of the path.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(ApiError::BadRequest(
                "the ids of the path must be UUIDs".to_owned(),
            )),
        }
    }
}

/// The parameters of the query.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
        }
    }
}

/// A query without parameters: one that means something to the caller is not passed over in silence.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(_) => {
                let none = "this route takes no parameters in its query";
                Err(ApiError::BadRequest(none.to_owned()))
            }
        }
    }
}

/// A JSON object as body; nothing at all is an empty one.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
            _ => ApiError::BadRequest(rejection.body_text()),
        })?;
        // Read as an object first: serde would take an array for the fields in their order.
        let fields: Map<String, Value> = if bytes.is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(&bytes).map_err(|error| {
                ApiError::BadRequest(format!("the body must be a JSON object: {error}"))
            })?
        };
        match serde_json::from_value(Value::Object(fields)) {
            Ok(body) => Ok(Self(body)),
            Err(error) => Err(ApiError::BadRequest(format!("the body: {error}"))),
        }
    }
}

/// A day, as the business's calendar writes it.
pub(crate) fn date(field: &str, text: &str) -> Result<Date, ApiError> {
    Date::parse(text, DATE)
        .map_err(|_| ApiError::BadRequest(format!("{field} must be a day like 2026-11-24")))
}

/// An hour, as the business's clock shows it.
pub(crate) fn time(field: &str, text: &str) -> Result<Time, ApiError> {
    Time::parse(text, TIME)
        .map_err(|_| ApiError::BadRequest(format!("{field} must be an hour like 16:30")))
}
