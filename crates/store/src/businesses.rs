//! The businesses of a deployment.

use async_trait::async_trait;
use toran_domain::{Business, BusinessId, BusinessTextError, PhoneNumber};
use toran_scheduling::AppointmentSettings;

use crate::StoreError;

/// What came of adding a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// It is stored.
    Added,
    /// Another business is called at this number already.
    NumberTaken,
    /// A business with this id is stored already.
    IdTaken,
    /// Its name or its agent's name is empty or too long.
    BadName(BusinessTextError),
}

/// The businesses (tenants) of a deployment.
#[async_trait]
pub trait Businesses: Send + Sync {
    /// Adds a business, its name and its agent's name trimmed.
    async fn add_business(&self, business: &Business) -> Result<Addition, StoreError>;

    /// The business that is called at `number`. Looks across businesses: it is how a call finds its own.
    async fn business_by_called_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Business>, StoreError>;

    /// One business.
    async fn business(&self, id: BusinessId) -> Result<Option<Business>, StoreError>;

    /// Every business, in the order of their ids (of age, where ids are time-ordered). For the operator
    /// alone: nothing that serves one business may call it.
    async fn businesses(&self) -> Result<Vec<Business>, StoreError>;

    /// Replaces a business's days, hours and grid; `false` if there is no such business. Appointments
    /// that stand are not touched, wherever they lie on the new grid.
    async fn update_settings(
        &self,
        id: BusinessId,
        settings: &AppointmentSettings,
    ) -> Result<bool, StoreError>;

    /// Changes the number at which a person of the business takes calls that are transferred, or says that nobody does;
    /// `false` if there is no such business.
    async fn set_transfer_number(
        &self,
        id: BusinessId,
        number: Option<&PhoneNumber>,
    ) -> Result<bool, StoreError>;

    /// Deletes a business and everything of it, in one transaction; `false` if there is no such
    /// business. For the throw-away business of a preflight.
    async fn remove_business(&self, id: BusinessId) -> Result<bool, StoreError>;
}

/// A business as a backend stores it: names checked and trimmed.
///
/// For implementers of [`Businesses::add_business`].
///
/// ```
/// # use toran_domain::{AgentGender, Business, BusinessId, BusinessText, BusinessTextError};
/// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// # use time::macros::time;
/// # let business = Business {
/// #     id: BusinessId::from_uuid(uuid::Uuid::from_u128(1)), name: " ".into(),
/// #     called_number: "+97231234567".parse()?, text: BusinessText::default(), agent_name: None,
/// #     agent_gender: AgentGender::Female, transfer_number: None,
/// #     settings: AppointmentSettings::simple("sun".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem())?,
/// # };
/// assert_eq!(toran_store::checked_business(&business), Err(BusinessTextError::EmptyName));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn checked_business(business: &Business) -> Result<Business, BusinessTextError> {
    let name = Business::check_name(&business.name)?;
    let agent_name = business
        .agent_name
        .as_deref()
        .map(Business::check_name)
        .transpose()?;
    Ok(Business {
        name,
        agent_name,
        ..business.clone()
    })
}
