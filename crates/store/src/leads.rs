//! Leads as their business sees them, and how long it keeps what is personal.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid, LeadId, PhoneNumber, Pii};

use crate::{AppointmentChange, AppointmentRow, CallEnding, StoreError, TaskRow, TranscriptLine};

/// One caller of one business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRow {
    /// Its id.
    pub lead_id: LeadId,
    /// Its number; `None` if it is withheld or was removed.
    pub phone: Option<PhoneNumber>,
    /// Its name, if it was ever said.
    pub name: Option<Pii<String>>,
    /// When it called first.
    pub created_at: UtcDateTime,
    /// When what is personal was removed.
    pub erased_at: Option<UtcDateTime>,
}

/// One call in a lead's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Which.
    pub call_sid: CallSid,
    /// When it began.
    pub started_at: UtcDateTime,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<UtcDateTime>,
    /// How.
    pub ending: Option<CallEnding>,
    /// What was said, as far as it is kept.
    pub transcript: Vec<TranscriptLine>,
}

/// Everything that is kept of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRecord {
    /// Who.
    pub lead: LeadRow,
    /// Its calls, oldest first.
    pub calls: Vec<CallRecord>,
    /// Its appointments, standing and given up, earliest first, each with its history.
    pub appointments: Vec<(AppointmentRow, Vec<AppointmentChange>)>,
    /// What it asked for and could not be given in the call, done or not, oldest first.
    pub tasks: Vec<TaskRow>,
}

/// For how many days a business keeps what is personal. `None`: until it is erased by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// What was said, counted from the end of the call.
    pub transcripts_days: Option<u16>,
    /// Numbers and names, counted from the lead's last call or the end of its last appointment, whichever is later.
    pub phone_numbers_days: Option<u16>,
}

/// What a round of retention removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Lines of transcripts.
    pub transcript_lines: u64,
    /// Leads whose number and name are gone.
    pub leads: u64,
    /// Events of the outbox that were done with long ago.
    pub events: u64,
}

/// The leads of businesses.
#[async_trait]
pub trait Leads: Send + Sync {
    /// The newest leads first, at most `limit`.
    async fn leads(&self, business_id: BusinessId, limit: u32) -> Result<Vec<LeadRow>, StoreError>;

    /// One lead.
    async fn lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<LeadRow>, StoreError>;

    /// The lead that calls from a number.
    async fn lead_by_phone(
        &self,
        business_id: BusinessId,
        phone: &PhoneNumber,
    ) -> Result<Option<LeadRow>, StoreError>;

    /// Everything that is kept of a lead.
    async fn export_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
    ) -> Result<Option<LeadRecord>, StoreError>;

    /// Removes number, names and what was said; `false` if there is no such lead. Calls and appointments stay, without
    /// a person. A later call from the number is a new lead's.
    async fn erase_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;

    /// How long a business keeps what is personal; `None` if there is no such business.
    async fn retention(&self, business_id: BusinessId) -> Result<Option<Retention>, StoreError>;

    /// Changes it; `false` if there is no such business.
    async fn set_retention(
        &self,
        business_id: BusinessId,
        retention: Retention,
    ) -> Result<bool, StoreError>;

    /// Removes what every business no longer keeps, and events that were delivered or discarded more than 30 days
    /// ago. For the deployment alone.
    async fn apply_retention(&self, now: UtcDateTime) -> Result<Removed, StoreError>;
}
