//! Requests that wait for the business.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use toran_domain::{BusinessId, TaskId};
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{Ids, NoParameters, Parameters},
    json,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    #[serde(default)]
    done: bool,
}

pub(crate) async fn list(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Value>, ApiError> {
    api.known(business_id).await?;
    let tasks = api.office.tasks(business_id, which.done).await?;
    Ok(Json(
        json!({"tasks": tasks.iter().map(json::task).collect::<Vec<_>>()}),
    ))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, TaskId)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let task = api.office.task(business_id, id).await?;
    let task = task.ok_or(ApiError::NotFound("task"))?;
    Ok(Json(json::task(&task)))
}

/// Done is done: asking again changes nothing and is no mistake.
pub(crate) async fn done(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, TaskId)>,
    NoParameters: NoParameters,
) -> Result<StatusCode, ApiError> {
    if api.office.finish_task(business_id, id, api.now()).await? {
        info!(%business_id, task_id = %id, "task done over the API");
    } else if api.office.task(business_id, id).await?.is_none() {
        return Err(ApiError::NotFound("task"));
    }
    Ok(StatusCode::NO_CONTENT)
}
