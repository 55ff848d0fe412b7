//! The outbox and its dead letters.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use toran_domain::{BusinessId, EventId};
use toran_store::DeliveryState;
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{Ids, NoParameters, Parameters},
    json,
    leads::limited,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    state: Option<String>,
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Value>, ApiError> {
    let state = which.state.as_deref().map(str::parse::<DeliveryState>);
    let state = state.transpose().map_err(|_| {
        let states = "state must be pending, delivered, dead or discarded";
        ApiError::BadRequest(states.to_owned())
    })?;
    let limit = limited(which.limit)?;
    api.known(business_id).await?;
    let events = api.office.events(business_id, state, limit).await?;
    Ok(Json(
        json!({"events": events.iter().map(json::event).collect::<Vec<_>>()}),
    ))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, EventId)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let event = api.office.event(business_id, id).await?;
    let event = event.ok_or(ApiError::NotFound("event"))?;
    Ok(Json(json::event(&event)))
}

/// Why an event could be neither replayed nor discarded.
async fn no_dead_letter(api: &Api, business_id: BusinessId, id: EventId) -> ApiError {
    match api.office.event(business_id, id).await {
        Ok(Some(event)) => ApiError::NoDeadLetter(event.state),
        Ok(None) => ApiError::NotFound("event"),
        Err(error) => error.into(),
    }
}

pub(crate) async fn replay_all(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    api.known(business_id).await?;
    let replayed = api.office.replay(business_id, None, api.now()).await?;
    info!(%business_id, replayed, "dead letters replayed over the API");
    Ok(Json(json!({"replayed": replayed})))
}

pub(crate) async fn replay(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, EventId)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let replayed = api.office.replay(business_id, Some(id), api.now()).await?;
    if replayed == 0 {
        return Err(no_dead_letter(&api, business_id, id).await);
    }
    info!(%business_id, event_id = %id, "dead letter replayed over the API");
    Ok(Json(json!({"replayed": replayed})))
}

pub(crate) async fn discard(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, EventId)>,
    NoParameters: NoParameters,
) -> Result<StatusCode, ApiError> {
    if !api.office.discard(business_id, id, api.now()).await? {
        return Err(no_dead_letter(&api, business_id, id).await);
    }
    info!(%business_id, event_id = %id, "dead letter discarded over the API");
    Ok(StatusCode::NO_CONTENT)
}
