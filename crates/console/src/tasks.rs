//! Requests that wait for the business.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use toran_domain::{BusinessId, TaskId};
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{Ids, Parameters},
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

pub(crate) async fn done(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, TaskId)>,
) -> Result<StatusCode, ApiError> {
    if !api.office.finish_task(business_id, id, api.now()).await? {
        return Err(ApiError::NotFound("open task"));
    }
    info!(%business_id, task_id = %id, "task done over the API");
    Ok(StatusCode::NO_CONTENT)
}
