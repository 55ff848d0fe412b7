//! The operator's commands on businesses.

use std::io::{self, Write};

use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, BusinessTextError, PhoneNumber,
};
use toran_scheduling::AppointmentSettings;
use toran_store::{Addition, Businesses as _, StoreError};
use toran_store_sqlite::SqliteStore;
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
    /// Its days, hours and grid.
    pub settings: AppointmentSettings,
}

/// Why a command on businesses failed.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// Another business has the number.
    #[error("another business is called at {0} already: `gateway business list` shows them")]
    NumberTaken(PhoneNumber),
    /// The name or the text is refused.
    #[error("the business is refused")]
    Refused(#[from] BusinessTextError),
    /// The database failed.
    #[error("the businesses cannot be read or written")]
    Store(#[from] StoreError),
    /// The terminal failed.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// Adds a business.
pub async fn add(store: &SqliteStore, new: NewBusiness) -> Result<Business, BusinessError> {
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
        settings: new.settings,
    };
    match store.add_business(&business).await? {
        Addition::Added => Ok(business),
        Addition::NumberTaken | Addition::IdTaken => {
            Err(BusinessError::NumberTaken(business.called_number))
        }
        Addition::BadName(error) => Err(error.into()),
    }
}

/// Writes a table of the businesses.
pub async fn list(store: &SqliteStore, out: &mut dyn Write) -> Result<(), BusinessError> {
    let businesses = store.businesses().await?;
    if businesses.is_empty() {
        writeln!(out, "no business yet: add one with `gateway business add`")?;
    }
    for business in businesses {
        let settings = &business.settings;
        writeln!(
            out,
            "{}  {}  {}\n    days {}  hours {}–{}  every {} min  {}",
            business.id,
            // The operator's own number, on the operator's own terminal.
            business.called_number.e164(),
            business.name,
            settings.active_days(),
            toran_hebrew::clock(settings.start_hour()),
            toran_hebrew::clock(settings.end_hour()),
            settings.slot_interval_minutes(),
            settings.time_zone(),
        )?;
    }
    Ok(())
}
