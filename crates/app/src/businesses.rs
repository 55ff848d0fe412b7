//! The operator's commands on businesses.

pub mod changes;

use std::io::{self, Write};

use time::{Duration, UtcDateTime};
use toran_bridge::{Clock as _, SystemClock};
use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, BusinessTextError, PhoneNumber, Terms,
};
use toran_scheduling::{AppointmentSettings, ical};
use toran_store::{
    Addition, AppointmentStatus, Appointments as _, Businesses as _, NumberConflict, StoreError,
    conflict_of,
};
pub use toran_store::{BusinessChange, BusinessName};
use toran_store_sql::SqlStore;
use uuid::Uuid;

/// A business to be added.
#[derive(Debug, Clone)]
pub struct NewBusiness {
    /// The name that callers know.
    pub name: String,
    /// The number that callers dial.
    pub called_number: PhoneNumber,
    /// Its own words for the prompt.
    pub text: String,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// The agent's grammatical gender.
    pub agent_gender: AgentGender,
    /// The number at which a person of it takes calls that are transferred.
    pub transfer_number: Option<PhoneNumber>,
    /// How it is served.
    pub terms: Terms,
    /// Its days, hours and grid.
    pub settings: AppointmentSettings,
}

/// Why a command on businesses failed.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// Its numbers do not go together with another business's.
    #[error(transparent)]
    Number(#[from] NumberConflict),
    /// The name or the text is refused.
    #[error("the business is refused")]
    Refused(#[from] BusinessTextError),
    /// There is no business of this id.
    #[error("there is no business {0}: `gateway business list` shows them")]
    Unknown(BusinessId),
    /// There is no business of this name.
    #[error("there is no business {0}: `gateway business list` shows them")]
    NotFound(BusinessName),
    /// Nothing is removed without a word.
    #[error("nothing is removed yet: say --yes to remove all of it for ever")]
    NotConfirmed,
    /// The business has no such further number.
    #[error("{} is no further number of the business: its own is changed by `gateway business update --number`", .0.e164())]
    NoFurtherNumber(PhoneNumber),
    /// The number was not blocked.
    #[error("{} was not blocked", .0.e164())]
    NotBlocked(PhoneNumber),
    /// The settings are no JSON, or not valid.
    #[error("the settings are refused: {0}")]
    Settings(String),
    /// The database failed.
    #[error("the businesses cannot be read or written")]
    Store(#[from] StoreError),
    /// The terminal failed.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// Adds a business.
pub async fn add(store: &SqlStore, new: NewBusiness) -> Result<Business, BusinessError> {
    let business = Business {
        id: BusinessId::from_uuid(Uuid::now_v7()),
        name: Business::check_name(&new.name)?,
        called_number: new.called_number,
        text: BusinessText::new(&new.text)?,
        agent_name: new
            .agent_name
            .as_deref()
            .map(Business::check_name)
            .transpose()?,
        agent_gender: new.agent_gender,
        transfer_number: new.transfer_number,
        terms: new.terms,
        settings: new.settings,
    };
    let called = &business.called_number;
    let transfer = business.transfer_number.as_ref();
    if let Some(conflict) = conflict_of(store, None, Some(called), transfer).await? {
        return Err(conflict.into());
    }
    match store.add_business(&business).await? {
        Addition::Added => Ok(business),
        Addition::NumberTaken | Addition::IdTaken => {
            Err(NumberConflict::Taken(business.called_number).into())
        }
        Addition::BadName(error) => Err(error.into()),
    }
}

/// Writes a table of the businesses.
pub async fn list(store: &SqlStore, out: &mut dyn Write) -> Result<(), BusinessError> {
    let businesses = store.businesses().await?;
    if businesses.is_empty() {
        writeln!(out, "no business yet: add one with `gateway business add`")?;
    }
    for business in businesses {
        let form = business.settings.form();
        writeln!(
            out,
            "{}  {}  {}\n    {}  every {} min, {} min long  {}{}",
            business.id,
            // The operator's own number, on the operator's own terminal.
            business.called_number.e164(),
            business.name,
            form.hours,
            form.slot_interval_minutes,
            form.appointment_minutes,
            form.time_zone,
            if form.holidays.is_empty() {
                ""
            } else {
                "  keeps holidays"
            },
        )?;
        if business.terms.suspended {
            writeln!(out, "    suspended: it takes no calls")?;
        }
    }
    Ok(())
}

/// Reads settings in either form from JSON. Errors name the field.
pub fn read_settings(json: &str) -> Result<AppointmentSettings, BusinessError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let settings = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| BusinessError::Settings(error.to_string()))?;
    let ended = reader.end();
    ended.map_err(|error| BusinessError::Settings(error.to_string()))?;
    Ok(settings)
}

/// Writes a business's settings as JSON, in the full form.
pub async fn show_settings(
    store: &SqlStore,
    id: BusinessId,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = store.business(id).await?;
    let settings = business.ok_or(BusinessError::Unknown(id))?.settings;
    let json = serde_json::to_string_pretty(&settings);
    writeln!(out, "{}", json.map_err(io::Error::from)?)?;
    Ok(())
}

/// Replaces a business's settings. The desk follows them at once, the prompt from the next call on; appointments that
/// stand are not touched.
pub async fn replace_settings(
    store: &SqlStore,
    id: BusinessId,
    settings: &AppointmentSettings,
) -> Result<(), BusinessError> {
    if store.update_settings(id, settings).await? {
        Ok(())
    } else {
        Err(BusinessError::Unknown(id))
    }
}

/// Writes the number at which a person of a business takes calls that are transferred.
pub async fn show_transfer(
    store: &SqlStore,
    id: BusinessId,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = store.business(id).await?;
    match business.ok_or(BusinessError::Unknown(id))?.transfer_number {
        Some(number) => writeln!(out, "{}", number.e164())?,
        None => writeln!(
            out,
            "nobody takes calls: who asks for a person becomes a task"
        )?,
    }
    Ok(())
}

/// Changes the number at which a person of a business takes calls that are transferred; `None`: nobody does.
pub async fn set_transfer(
    store: &SqlStore,
    id: BusinessId,
    number: Option<&PhoneNumber>,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    if let Some(conflict) = conflict_of(store, Some(id), None, number).await? {
        return Err(conflict.into());
    }
    if !store.set_transfer_number(id, number).await? {
        return Err(BusinessError::Unknown(id));
    }
    show_transfer(store, id, out).await
}

/// Writes a business's coming appointments as iCalendar, with their names and numbers; those that were given up as cancelled.
pub async fn calendar(
    store: &SqlStore,
    id: BusinessId,
    days: u16,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let business = store
        .business(id)
        .await?
        .ok_or(BusinessError::Unknown(id))?;
    let now = SystemClock.now();
    let entries = store.calendar(id, now, days_after(now, days)).await?;
    let entries = entries.into_iter().map(|entry| {
        let row = entry.row;
        // Without a name of its own, the line's says at least from where it was made.
        let name = row.name.or(row.lead_name);
        let name = name.map_or("לקוח".to_owned(), |name| name.expose().clone());
        ical::Appointment {
            uid: format!("{}@toran", row.booking.appointment_id),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            summary: name,
            description: row
                .caller
                .or(row.given_phone)
                .map(|caller| caller.e164().to_owned()),
            cancelled: row.status == AppointmentStatus::Cancelled,
            revision: entry.revision,
            changed_at: entry.changed_at,
        }
    });
    write!(out, "{}", ical::appointments(&business.name, entries))?;
    Ok(())
}

/// Writes when a business is closed and when it is full, as iCalendar: for whoever may not see more.
pub async fn free_busy(
    store: &SqlStore,
    id: BusinessId,
    days: u16,
    out: &mut dyn Write,
) -> Result<(), BusinessError> {
    let settings = store
        .business(id)
        .await?
        .ok_or(BusinessError::Unknown(id))?
        .settings;
    let now = SystemClock.now();
    let range = (now, days_after(now, days));
    let taken = settings.occupancy(store.busy(id, range.0, range.1).await?);
    let uid = format!("free-busy-{id}@toran");
    write!(
        out,
        "{}",
        ical::free_busy(&uid, &settings, &taken, range, now)
    )?;
    Ok(())
}

fn days_after(now: UtcDateTime, days: u16) -> UtcDateTime {
    now.saturating_add(Duration::days(days.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shop(
        store: &SqlStore,
        called: &str,
        transfer: Option<&str>,
    ) -> Result<Business, String> {
        let new = NewBusiness {
            called_number: called.parse().unwrap(),
            transfer_number: transfer.map(|number| number.parse().unwrap()),
            ..crate::demo::business().unwrap()
        };
        add(store, new).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn nobody_is_transferred_back_to_an_agent() {
        let store = SqlStore::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let (first, second, person) = ("+97231111111", "+97232222222", "+972541234567");
        let refused = |shop: Result<Business, String>, why: &str| {
            let error = shop.unwrap_err();
            assert!(error.contains(why), "{error}");
        };
        refused(
            shop(&store, first, Some(first)).await,
            "would reach the agent again",
        );
        let business = shop(&store, first, Some(person)).await.unwrap();
        refused(
            shop(&store, second, Some(first)).await,
            "would reach the agent again",
        );
        refused(shop(&store, person, None).await, "business transfer");
        shop(&store, second, None).await.unwrap();
        for (number, expected) in [(first, false), (second, false), ("+972549999999", true)] {
            let number = number.parse().unwrap();
            let set = set_transfer(&store, business.id, Some(&number), &mut Vec::new()).await;
            assert_eq!(set.is_ok(), expected, "{set:?}");
        }
        let stands = store.business(business.id).await.unwrap().unwrap();
        let expected = "+972549999999".parse().ok();
        assert_eq!(stands.transfer_number, expected);
    }
}
