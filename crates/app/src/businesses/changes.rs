//! The operator's commands that show a business, change it, and remove it.

use std::{
    io::{self, Write},
    num::NonZeroU16,
};

use toran_bridge::{Clock as _, SystemClock};
use toran_domain::{AgentGender, Business, BusinessId, Disclosure, PhoneNumber, VoiceName};
use toran_store::{
    BusinessChange, BusinessName, Businesses as _, CheckedUpdate, Update, add_number_checked,
    update_checked,
};
use toran_store_sql::SqlStore;

use super::BusinessError;

/// The business of a name.
pub async fn find(store: &SqlStore, name: &BusinessName) -> Result<Business, BusinessError> {
    let business = name.find(store).await?;
    business.ok_or_else(|| BusinessError::NotFound(name.clone()))
}

/// Writes what is known of a business.
pub async fn show(
    store: &SqlStore,
    name: &BusinessName,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = find(store, name).await?;
    let numbers = store.called_numbers(business.id).await?;
    for (what, value) in described(&business, &numbers) {
        writeln!(out, "{what:<24} {value}")?;
    }
    Ok(())
}

/// The same as JSON, as the API shows it.
pub async fn show_json(
    store: &SqlStore,
    name: &BusinessName,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = find(store, name).await?;
    let numbers = store.called_numbers(business.id).await?;
    let json = toran_console::business_json(&business, &numbers);
    let json = serde_json::to_string_pretty(&json).map_err(io::Error::from)?;
    writeln!(out, "{json}")?;
    Ok(())
}

fn described(business: &Business, numbers: &[PhoneNumber]) -> Vec<(&'static str, String)> {
    let or = |value: Option<&str>, otherwise: &str| value.unwrap_or(otherwise).to_owned();
    let limit = |limit: Option<NonZeroU16>| match limit {
        Some(limit) => limit.to_string(),
        None => "the deployment's".to_owned(),
    };
    let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::e164).collect();
    let terms = &business.terms;
    let gender = match business.agent_gender {
        AgentGender::Female => "female",
        AgentGender::Male => "male",
    };
    vec![
        ("id", business.id.to_string()),
        ("name", business.name.clone()),
        ("called at", numbers.join(", ")),
        ("agent's name", or(business.agent_name.as_deref(), "none")),
        ("agent's gender", gender.to_owned()),
        (
            "voice",
            or(
                terms.voice.as_ref().map(VoiceName::as_str),
                "the deployment's",
            ),
        ),
        (
            "disclosure",
            or(terms.disclosure.as_ref().map(Disclosure::as_str), "none"),
        ),
        (
            "transfers to",
            or(
                business.transfer_number.as_ref().map(PhoneNumber::e164),
                "nobody",
            ),
        ),
        ("calls at once", limit(terms.limits.calls)),
        ("calls of a number/hour", limit(terms.limits.calls_per_hour)),
        ("appointments of a number", limit(terms.limits.appointments)),
        (
            "suspended",
            if terms.suspended {
                "yes: it takes no calls"
            } else {
                "no"
            }
            .to_owned(),
        ),
        ("hours", business.settings.form().hours.to_string()),
        ("time zone", business.settings.time_zone().to_string()),
        (
            "text",
            business
                .text
                .as_str()
                .replace('\n', "\n                         "),
        ),
    ]
}

/// Changes a business, and writes what is known of it then.
pub async fn update(
    store: &SqlStore,
    name: &BusinessName,
    change: &BusinessChange,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id = find(store, name).await?.id;
    match update_checked(store, id, change).await? {
        CheckedUpdate::Answered(Update::Done(_)) => show(store, &BusinessName::Id(id), out).await,
        CheckedUpdate::Answered(Update::BadName(error)) => Err(error.into()),
        CheckedUpdate::Answered(Update::Unknown | Update::NumberTaken) => {
            Err(BusinessError::Unknown(id))
        }
        CheckedUpdate::Conflict(conflict) => Err(conflict.into()),
    }
}

/// Removes a business with everything of it. What that is, is written first; without `confirmed` nothing more is done.
pub async fn remove(
    store: &SqlStore,
    name: &BusinessName,
    confirmed: bool,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = find(store, name).await?;
    writeln!(
        out,
        "{} ({}): its settings, leads, calls, transcripts, appointments, tasks and events",
        business.name,
        business.called_number.e164()
    )?;
    if !confirmed {
        return Err(BusinessError::NotConfirmed);
    }
    store.remove_business(business.id).await?;
    writeln!(out, "removed")?;
    Ok(())
}

/// Writes every number at which a business is called; its own first.
pub async fn numbers(
    store: &SqlStore,
    name: &BusinessName,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id = find(store, name).await?.id;
    write_numbers(&store.called_numbers(id).await?, out)
}

/// Has a business be called at a further number.
pub async fn add_number(
    store: &SqlStore,
    name: &BusinessName,
    number: &PhoneNumber,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id = find(store, name).await?.id;
    match add_number_checked(store, id, number).await? {
        Ok(true) => numbers(store, &BusinessName::Id(id), out).await,
        Ok(false) => Err(BusinessError::Unknown(id)),
        Err(conflict) => Err(conflict.into()),
    }
}

/// Takes a further number from a business.
pub async fn remove_number(
    store: &SqlStore,
    name: &BusinessName,
    number: &PhoneNumber,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id = find(store, name).await?.id;
    if !store.remove_called_number(id, number).await? {
        return Err(BusinessError::NoFurtherNumber(number.clone()));
    }
    numbers(store, &BusinessName::Id(id), out).await
}

/// Writes the numbers whose calls a business does not take.
pub async fn blocked(
    store: &SqlStore,
    name: &BusinessName,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id = find(store, name).await?.id;
    let numbers = store.blocked_numbers(id).await?;
    if numbers.is_empty() {
        writeln!(out, "no number is blocked")?;
    }
    write_numbers(&numbers, out)
}

/// Takes no calls of a number any more, or takes them again.
pub async fn set_blocked(
    store: &SqlStore,
    name: &BusinessName,
    number: &PhoneNumber,
    is_blocked: bool,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let id: BusinessId = find(store, name).await?.id;
    let done = if is_blocked {
        store.block_number(id, number, SystemClock.now()).await?
    } else {
        store.unblock_number(id, number).await?
    };
    if !done {
        return Err(BusinessError::NotBlocked(number.clone()));
    }
    blocked(store, &BusinessName::Id(id), out).await
}

fn write_numbers(numbers: &[PhoneNumber], out: &mut dyn Write) -> Result<(), BusinessError> {
    for number in numbers {
        writeln!(out, "{}", number.e164())?;
    }
    Ok(())
}
