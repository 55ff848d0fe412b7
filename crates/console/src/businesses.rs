//! The businesses themselves: what is told of them, how they are served, their numbers.
#![expect(
    clippy::option_option,
    reason = "a field that is left out, one that is null, and one with a value are three things"
)]

use std::{num::NonZeroU16, str::FromStr};

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, Disclosure, PhoneNumber, VoiceName,
};
use toran_store::{BusinessChange, CheckedUpdate, Update, add_number_checked, update_checked};
use tracing::info;

use crate::{
    Api,
    error::ApiError,
    extract::{Body, Ids, NoParameters, Parameters},
};

/// A business, as the API shows it.
pub fn business_json(business: &Business, numbers: &[PhoneNumber]) -> Value {
    let terms = &business.terms;
    json!({
        "id": business.id,
        "name": business.name,
        "called_number": business.called_number.e164(),
        "called_numbers": numbers.iter().map(PhoneNumber::e164).collect::<Vec<_>>(),
        "text": business.text.as_str(),
        "agent_name": business.agent_name,
        "agent_gender": business.agent_gender,
        "voice": terms.voice.as_ref().map(VoiceName::as_str),
        "transfer_number": business.transfer_number.as_ref().map(PhoneNumber::e164),
        "disclosure": terms.disclosure.as_ref().map(Disclosure::as_str),
        "max_calls": terms.limits.calls,
        "calls_per_hour": terms.limits.calls_per_hour,
        "appointments_per_number": terms.limits.appointments,
        "suspended": terms.suspended,
        "settings": business.settings,
    })
}

pub(crate) async fn list(
    State(api): State<Api>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let mut all = Vec::new();
    for business in api.office.businesses().await? {
        let numbers = api.office.called_numbers(business.id).await?;
        all.push(business_json(&business, &numbers));
    }
    Ok(Json(json!({"businesses": all})))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Ids(id): Ids<BusinessId>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let business = api.known(id).await?;
    let numbers = api.office.called_numbers(id).await?;
    Ok(Json(business_json(&business, &numbers)))
}

/// What is changed; what is left out stays, and `null` takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    name: Option<String>,
    called_number: Option<String>,
    text: Option<String>,
    #[serde(default, deserialize_with = "said")]
    agent_name: Option<Option<String>>,
    agent_gender: Option<AgentGender>,
    #[serde(default, deserialize_with = "said")]
    transfer_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    voice: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    disclosure: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    max_calls: Option<Option<NonZeroU16>>,
    #[serde(default, deserialize_with = "said")]
    calls_per_hour: Option<Option<NonZeroU16>>,
    #[serde(default, deserialize_with = "said")]
    appointments_per_number: Option<Option<NonZeroU16>>,
    suspended: Option<bool>,
}

/// Tells `null` from a field that is left out.
fn said<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl Change {
    fn read(self) -> Result<BusinessChange, ApiError> {
        Ok(BusinessChange {
            name: self.name,
            called_number: self
                .called_number
                .map(|text| number("called_number", &text))
                .transpose()?,
            text: self
                .text
                .map(|text| BusinessText::new(&text).map_err(|error| bad("text", &error)))
                .transpose()?,
            agent_name: self.agent_name,
            agent_gender: self.agent_gender,
            transfer_number: maybe(self.transfer_number, |text| number("transfer_number", text))?,
            voice: maybe(self.voice, |text| parsed("voice", text))?,
            disclosure: maybe(self.disclosure, |text| parsed("disclosure", text))?,
            calls: self.max_calls,
            calls_per_hour: self.calls_per_hour,
            appointments: self.appointments_per_number,
            suspended: self.suspended,
        })
    }
}

fn maybe<T>(
    said: Option<Option<String>>,
    read: impl Fn(&str) -> Result<T, ApiError>,
) -> Result<Option<Option<T>>, ApiError> {
    said.map(|value| value.as_deref().map(&read).transpose())
        .transpose()
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error| bad(field, &error))
}

fn number(field: &str, text: &str) -> Result<PhoneNumber, ApiError> {
    PhoneNumber::dialled(text).map_err(|error| bad(field, &error))
}

fn bad(field: &str, error: &dyn std::fmt::Display) -> ApiError {
    ApiError::BadRequest(format!("{field}: {error}"))
}

pub(crate) async fn update(
    state: State<Api>,
    Ids(id): Ids<BusinessId>,
    NoParameters: NoParameters,
    Body(change): Body<Change>,
) -> Result<Json<Value>, ApiError> {
    let change = change.read()?;
    match update_checked(&*state.office, id, &change).await? {
        CheckedUpdate::Answered(Update::Done(_)) => {}
        CheckedUpdate::Answered(Update::BadName(error)) => return Err(bad("name", &error)),
        CheckedUpdate::Answered(Update::Unknown | Update::NumberTaken) => {
            return Err(ApiError::UnknownBusiness);
        }
        CheckedUpdate::Conflict(conflict) => return Err(ApiError::Number(conflict)),
    }
    info!(business_id = %id, "business changed over the API");
    show(state, Ids(id), NoParameters).await
}

/// Said again, so that nothing is removed by a wrong id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmed {
    called_number: String,
}

pub(crate) async fn remove(
    State(api): State<Api>,
    Ids(id): Ids<BusinessId>,
    Parameters(confirmed): Parameters<Confirmed>,
) -> Result<StatusCode, ApiError> {
    let business = api.known(id).await?;
    if number("called_number", &confirmed.called_number)? != business.called_number {
        return Err(ApiError::NotConfirmed);
    }
    api.office.remove_business(id).await?;
    info!(business_id = %id, "business removed over the API, with everything of it");
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn add_number(
    state: State<Api>,
    Ids((id, text)): Ids<(BusinessId, String)>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    let number = number("the number", &text)?;
    match add_number_checked(&*state.office, id, &number).await? {
        Ok(true) => {}
        Ok(false) => return Err(ApiError::UnknownBusiness),
        Err(conflict) => return Err(ApiError::Number(conflict)),
    }
    info!(business_id = %id, "number added over the API");
    show(state, Ids(id), NoParameters).await
}

pub(crate) async fn remove_number(
    State(api): State<Api>,
    Ids((id, text)): Ids<(BusinessId, String)>,
    NoParameters: NoParameters,
) -> Result<StatusCode, ApiError> {
    let number = number("the number", &text)?;
    if !api.office.remove_called_number(id, &number).await? {
        return Err(ApiError::NotFound("further number"));
    }
    info!(business_id = %id, "number removed over the API");
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn blocked(
    State(api): State<Api>,
    Ids(id): Ids<BusinessId>,
    NoParameters: NoParameters,
) -> Result<Json<Value>, ApiError> {
    api.known(id).await?;
    let numbers = api.office.blocked_numbers(id).await?;
    let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::e164).collect();
    Ok(Json(json!({"blocked_numbers": numbers})))
}

pub(crate) async fn block(
    State(api): State<Api>,
    Ids((id, text)): Ids<(BusinessId, String)>,
    NoParameters: NoParameters,
) -> Result<StatusCode, ApiError> {
    let number = number("the number", &text)?;
    if !api.office.block_number(id, &number, api.now()).await? {
        return Err(ApiError::UnknownBusiness);
    }
    info!(business_id = %id, "number blocked over the API");
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn unblock(
    State(api): State<Api>,
    Ids((id, text)): Ids<(BusinessId, String)>,
    NoParameters: NoParameters,
) -> Result<StatusCode, ApiError> {
    let number = number("the number", &text)?;
    if !api.office.unblock_number(id, &number).await? {
        return Err(ApiError::NotFound("blocked number"));
    }
    info!(business_id = %id, "number unblocked over the API");
    Ok(StatusCode::NO_CONTENT)
}
