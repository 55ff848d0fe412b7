//! The businesses of a deployment.

use std::num::NonZeroU16;

use async_trait::async_trait;
use time::{Duration, UtcDateTime};
use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, BusinessTextError, Disclosure, PhoneNumber,
    VoiceName,
};
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

/// What is changed of a business; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusinessChange {
    /// The name that callers know.
    pub name: Option<String>,
    /// The number that callers dial.
    pub called_number: Option<PhoneNumber>,
    /// Its own words for the prompt.
    pub text: Option<BusinessText>,
    /// The agent's name, or that it has none.
    pub agent_name: Option<Option<String>>,
    /// The agent's grammatical gender.
    pub agent_gender: Option<AgentGender>,
    /// The number at which a person takes calls, or that nobody does.
    pub transfer_number: Option<Option<PhoneNumber>>,
    /// The agent's voice, or the deployment's.
    pub voice: Option<Option<VoiceName>>,
    /// What every caller is told first, or nothing.
    pub disclosure: Option<Option<Disclosure>>,
    /// Live calls at once, or the deployment's limit.
    pub calls: Option<Option<NonZeroU16>>,
    /// Calls of one number within an hour, or the deployment's limit.
    pub calls_per_hour: Option<Option<NonZeroU16>>,
    /// Coming appointments of one number, or the deployment's limit.
    pub appointments: Option<Option<NonZeroU16>>,
    /// Whether it takes no calls.
    pub suspended: Option<bool>,
}

impl BusinessChange {
    /// The business as it is after the change, its names checked and trimmed.
    ///
    /// For implementers of [`Businesses::update_business`].
    pub fn applied_to(&self, business: &Business) -> Result<Business, BusinessTextError> {
        fn set<T: Clone>(slot: &mut T, change: Option<&T>) {
            if let Some(value) = change {
                slot.clone_from(value);
            }
        }
        let mut changed = business.clone();
        set(&mut changed.name, self.name.as_ref());
        set(&mut changed.called_number, self.called_number.as_ref());
        set(&mut changed.text, self.text.as_ref());
        set(&mut changed.agent_name, self.agent_name.as_ref());
        set(&mut changed.agent_gender, self.agent_gender.as_ref());
        set(&mut changed.transfer_number, self.transfer_number.as_ref());
        let terms = &mut changed.terms;
        set(&mut terms.voice, self.voice.as_ref());
        set(&mut terms.disclosure, self.disclosure.as_ref());
        set(&mut terms.limits.calls, self.calls.as_ref());
        set(
            &mut terms.limits.calls_per_hour,
            self.calls_per_hour.as_ref(),
        );
        set(&mut terms.limits.appointments, self.appointments.as_ref());
        set(&mut terms.suspended, self.suspended.as_ref());
        checked_business(&changed)
    }
}

/// What came of changing a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// This is the business now.
    Done(Box<Business>),
    /// Another business is called at this number.
    NumberTaken,
    /// The name or the agent's name is empty or too long.
    BadName(BusinessTextError),
    /// There is no such business.
    Unknown,
}

/// What came of adding a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberAddition {
    /// The business is called at it.
    Added,
    /// Another business is.
    Taken,
    /// There is no such business.
    Unknown,
}

/// A business that is called, and who calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// The business.
    pub business: Business,
    /// Whether it takes no calls of this number.
    pub blocked: bool,
    /// How many calls this number has made to it within the last hour; none for a withheld number, behind which anybody may
    /// be.
    pub recent_calls: u32,
}

/// For how long back [`Answering::recent_calls`] counts.
pub const RECENT: Duration = Duration::hours(1);

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

    /// Changes what is told of a business, and how it is served.
    async fn update_business(
        &self,
        id: BusinessId,
        change: &BusinessChange,
    ) -> Result<Update, StoreError>;

    /// The business that is called at `number`, and what is to be known of who calls it before the call is taken. One
    /// question: every call begins with it.
    async fn answering(
        &self,
        number: &PhoneNumber,
        caller: Option<&PhoneNumber>,
        now: UtcDateTime,
    ) -> Result<Option<Answering>, StoreError>;

    /// Every number at which a business is called, its own first; empty if there is no such business.
    async fn called_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError>;

    /// Has a business be called at a further number.
    async fn add_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<NumberAddition, StoreError>;

    /// Takes a further number from a business; `false` if it has none such. Its own stays: that one is changed.
    async fn remove_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError>;

    /// The numbers whose calls a business does not take, in order.
    async fn blocked_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError>;

    /// Takes no calls of a number any more, at one business; `false` if there is no such business. Asked again, it changes
    /// nothing.
    async fn block_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;

    /// Takes calls of a number again; `false` if it was not blocked.
    async fn unblock_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
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
/// # use toran_domain::{AgentGender, Business, BusinessId, BusinessText, BusinessTextError, Terms};
/// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// # use time::macros::time;
/// # let business = Business {
/// #     id: BusinessId::from_uuid(uuid::Uuid::from_u128(1)), name: " ".into(),
/// #     called_number: "+97231234567".parse()?, text: BusinessText::default(), agent_name: None,
/// #     agent_gender: AgentGender::Female, transfer_number: None, terms: Terms::default(),
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
