//! Leads, and for how long what is personal is kept.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use toran_domain::{BusinessId, LeadId};
use toran_store::Retention;
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{Body, Ids, NoParameters, Parameters},
    json,
};

const DEFAULT_LIMIT: u32 = 50;
pub(crate) const MAX_LIMIT: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    limit: Option<u32>,
}

/// A limit that was asked for, or the usual one.
pub(crate) fn limited(limit: Option<u32>) -> Result<u32, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::BadRequest(format!(
            "limit must be 1 to {MAX_LIMIT}"
        )))
    }
}

pub(crate) async fn list(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    Parameters(parameters): Parameters<Limit>,
) -> Result<Json<Value>, ApiError> {
    api.known(business_id).await?;
    let limit = limited(parameters.limit)?;
    let leads = api.office.leads(business_id, limit).await?;
    Ok(Json(
        json!({"leads": leads.iter().map(json::lead).collect::<Vec<_>>()}),
    ))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, LeadId)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let lead = api.office.lead(business_id, id).await?;
    let lead = lead.ok_or(ApiError::NotFound("lead"))?;
    Ok(Json(json::lead(&lead)))
}

/// One person of a line; without it, the whole line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    person: Option<String>,
}

pub(crate) async fn export(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, LeadId)>,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<Value>, ApiError> {
    let person = whose.person.as_deref();
    let exported = api.office.export_lead(business_id, id, person).await?;
    let (record, covered) = exported.ok_or(ApiError::NotFound("lead"))?;
    if covered.is_of_nobody() {
        return Err(ApiError::NotFound("person of this lead"));
    }
    info!(%business_id, lead_id = %id, whole_line = covered.whole_line, "exported over the API");
    Ok(Json(json::lead_record_json(&record, &covered)))
}

pub(crate) async fn erase(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, LeadId)>,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<Value>, ApiError> {
    let person = whose.person.as_deref();
    let erased = api.office.erase_lead(business_id, id, person, api.now());
    let covered = erased.await?.ok_or(ApiError::NotFound("lead"))?;
    if covered.is_of_nobody() {
        return Err(ApiError::NotFound("person of this lead"));
    }
    info!(%business_id, lead_id = %id, whole_line = covered.whole_line, "erased over the API");
    Ok(Json(json!({"covers": json::covers(&covered)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    // `null` is said, not left out: a forgotten field would keep for ever what was to be removed.
    #[serde(deserialize_with = "Option::deserialize")]
    transcripts_days: Option<u16>,
    #[serde(deserialize_with = "Option::deserialize")]
    phone_numbers_days: Option<u16>,
}

pub(crate) async fn retention(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let kept = api.office.retention(business_id).await?;
    let kept = kept.ok_or(ApiError::UnknownBusiness)?;
    Ok(Json(json!({
        "transcripts_days": kept.transcripts_days,
        "phone_numbers_days": kept.phone_numbers_days,
    })))
}

pub(crate) async fn set_retention(
    state: State<Api>,
    Ids(business_id): Ids<BusinessId>,
    NoParameters: NoParameters,
    Body(kept): Body<Kept>,
) -> Result<Json<Value>, ApiError> {
    let kept = Retention {
        transcripts_days: kept.transcripts_days,
        phone_numbers_days: kept.phone_numbers_days,
    };
    if !state.office.set_retention(business_id, kept).await? {
        return Err(ApiError::UnknownBusiness);
    }
    info!(%business_id, "retention changed over the API");
    retention(state, Ids(business_id), NoParameters).await
}
