//! Appointments: listed, shown, given up, given another time.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;
use toran_domain::{AppointmentId, BusinessId};
use toran_store::{Actor, AppointmentRow, CancelAnswer, MoveAnswer, MoveOrder};
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{self, Body, Ids, NoParameters, Parameters},
    json,
};

const DEFAULT_DAYS: u16 = 14;
const MAX_DAYS: u16 = 92;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    from: Option<String>,
    days: Option<u16>,
}

pub(crate) async fn list(
    State(api): State<Api>,
    Ids(business_id): Ids<BusinessId>,
    Parameters(range): Parameters<Range>,
) -> Result<Json<Value>, ApiError> {
    let business = api.known(business_id).await?;
    let days = range.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        let wrong = format!("days must be 1 to {MAX_DAYS}");
        return Err(ApiError::BadRequest(wrong));
    }
    let settings = &business.settings;
    let first = match &range.from {
        Some(from) => extract::date("from", from)?,
        None => settings.local(api.now()).date(),
    };
    let last = first.saturating_add(Duration::days(i64::from(days) - 1));
    let (from, to) = settings.footprint(first, last);
    let rows = api.office.appointments(business_id, from, to).await?;
    // What reaches in from the day before is not of these days.
    let of_these_days = rows
        .iter()
        .filter(|row| (first..=last).contains(&row.booking.date));
    let shown: Vec<Value> = of_these_days.map(json::appointment).collect();
    Ok(Json(json!({"appointments": shown})))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, AppointmentId)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let row = found(&api, business_id, id).await?;
    let history = api.office.history(business_id, id).await?;
    Ok(Json(json::appointment_with_history(&row, &history)))
}

async fn found(
    api: &Api,
    business_id: BusinessId,
    id: AppointmentId,
) -> Result<AppointmentRow, ApiError> {
    let row = api.office.appointment(business_id, id).await?;
    row.ok_or(ApiError::NotFound("appointment"))
}

/// Who wants a change.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Business,
    Operator,
}

impl From<By> for Actor {
    fn from(by: By) -> Self {
        match by {
            By::Business => Self::Business,
            By::Operator => Self::Operator,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    #[serde(default)]
    actor: By,
}

pub(crate) async fn cancel(
    State(api): State<Api>,
    Ids((business_id, id)): Ids<(BusinessId, AppointmentId)>,
    NoParameters: NoParameters,
    Body(body): Body<Cancel>,
) -> Result<Json<Value>, ApiError> {
    let origin = api.origin(body.actor.into());
    let cancelled = api.office.cancel_appointment(business_id, id, &origin);
    let result = match cancelled.await? {
        CancelAnswer::Cancelled(_) => "cancelled",
        CancelAnswer::AlreadyCancelled(_) => "already_cancelled",
        CancelAnswer::Unknown => return Err(ApiError::NotFound("appointment")),
    };
    info!(%business_id, appointment_id = %id, result, "cancelled over the API");
    answered(&api, business_id, id, result).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    date: String,
    time: String,
    #[serde(default)]
    actor: By,
}

pub(crate) async fn change_time(
    State(api): State<Api>,
    Ids((business_id, appointment_id)): Ids<(BusinessId, AppointmentId)>,
    NoParameters: NoParameters,
    Body(body): Body<Move>,
) -> Result<Json<Value>, ApiError> {
    let order = MoveOrder {
        business_id,
        appointment_id,
        date: extract::date("date", &body.date)?,
        time: extract::time("time", &body.time)?,
        origin: api.origin(body.actor.into()),
    };
    let result = match api.office.move_appointment(&order).await? {
        MoveAnswer::Moved { .. } => "moved",
        MoveAnswer::Unchanged(_) => "unchanged",
        MoveAnswer::Refused(refusal) => return Err(ApiError::Refused(refusal)),
        MoveAnswer::NotStanding => return Err(ApiError::NotStanding),
        MoveAnswer::Unknown => return Err(ApiError::NotFound("appointment")),
    };
    info!(%business_id, %appointment_id, result, "moved over the API");
    answered(&api, business_id, appointment_id, result).await
}

async fn answered(
    api: &Api,
    business_id: BusinessId,
    id: AppointmentId,
    result: &str,
) -> Result<Json<Value>, ApiError> {
    let row = found(api, business_id, id).await?;
    Ok(Json(
        json!({"result": result, "appointment": json::appointment(&row)}),
    ))
}
