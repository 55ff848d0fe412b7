//! The businesses and the calls of the proofs. All of it happens at one instant.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use time::{
    Date, Duration, Time, UtcDateTime, Weekday,
    macros::{date, time, utc_datetime},
};
use toran_domain::{
    AgentGender, AppointmentId, Business, BusinessId, BusinessText, LeadId, PhoneNumber, Terms,
};
use toran_scheduling::{
    AppointmentSettings, FullForm, Resource, ResourceId, TimeZoneName, WeeklyHours,
};
use toran_store::{
    Addition, BookingOrder, Businesses as _, CallKey, CallOpening, Calls as _, StoreError,
};
use toran_store_sql::SqlStore;
use uuid::Uuid;

/// When everything happens: a Monday, 10:00 in Jerusalem.
pub(crate) const NOW: UtcDateTime = utc_datetime!(2026-11-23 8:00);
/// The first day that is booked.
pub(crate) const FIRST_DAY: Date = date!(2026 - 11 - 24);
/// Where every appointment of the proofs lies.
pub(crate) const YEARS: (UtcDateTime, UtcDateTime) = (
    utc_datetime!(2026-01-01 0:00),
    utc_datetime!(2029-01-01 0:00),
);

/// A local day and hour.
pub(crate) type Moment = (Date, Time);

/// The id of the `n`-th business.
pub(crate) fn business_id(n: u32) -> BusinessId {
    BusinessId::from_uuid(Uuid::from_u128(u128::from(n) + 1))
}

/// Adds the `n`-th business.
pub(crate) async fn add_business(
    store: &SqlStore,
    n: u32,
    settings: AppointmentSettings,
) -> anyhow::Result<BusinessId> {
    let business = Business {
        id: business_id(n),
        name: format!("עסק {n}"),
        called_number: format!("+9723{n:07}").parse()?,
        text: BusinessText::default(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings,
    };
    let added = store.add_business(&business).await?;
    anyhow::ensure!(
        added == Addition::Added,
        "the business is not added: {added:?}"
    );
    Ok(business.id)
}

/// Sunday to Friday, 09:00 to 18:00, one at a time, half an hour each.
pub(crate) fn half_hours() -> anyhow::Result<AppointmentSettings> {
    let zone = TimeZoneName::jerusalem();
    let settings =
        AppointmentSettings::simple("sun-fri".parse()?, time!(9:00), time!(18:00), 30, zone);
    Ok(settings?)
}

/// Sunday to Friday, 09:00 to 18:00, on a grid of a quarter of an hour, on Dana or on one of three chairs.
pub(crate) fn quarter_hours(minutes: u16, clean_up: u16) -> anyhow::Result<AppointmentSettings> {
    let hours = WeeklyHours::same("sun-fri".parse()?, "09:00-18:00".parse()?)?;
    let resource = |id: &str, capacity| {
        let id = ResourceId::new(id)?;
        anyhow::Ok(Resource { id, capacity })
    };
    let form = FullForm {
        appointment_minutes: minutes,
        buffer_after_minutes: clean_up,
        resources: vec![resource("dana", 1)?, resource("chairs", 3)?],
        ..FullForm::new(TimeZoneName::jerusalem(), hours, 15)
    };
    Ok(AppointmentSettings::try_from(form)?)
}

/// The next days but Saturdays.
pub(crate) fn working_days(count: usize) -> Vec<Date> {
    let days = (0..).map(|n| FIRST_DAY + Duration::days(n));
    days.filter(|day| day.weekday() != Weekday::Saturday)
        .take(count)
        .collect()
}

/// Every so many minutes from 09:00, as far as something begins before 18:00.
pub(crate) fn starts(minutes: i64) -> Vec<Time> {
    let count = 9 * 60 / minutes;
    (0..count)
        .map(|n| time!(9:00) + Duration::minutes(n * minutes))
        .collect()
}

/// A time-ordered id, as the gateway makes them.
pub(crate) fn new_appointment_id() -> AppointmentId {
    AppointmentId::from_uuid(Uuid::now_v7())
}

/// A call that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) business_id: BusinessId,
    pub(crate) sid: toran_domain::CallSid,
    pub(crate) lead_id: LeadId,
}

impl Call {
    /// Opens a call. Without a number its lead is its own.
    pub(crate) async fn open(
        store: &SqlStore,
        business_id: BusinessId,
        call_sid: &str,
        caller: Option<PhoneNumber>,
    ) -> anyhow::Result<Self> {
        let call_sid = call_sid.parse().context("a call's id")?;
        let opening = CallOpening {
            key: CallKey {
                business_id,
                call_sid,
            },
            caller,
            new_lead_id: LeadId::from_uuid(Uuid::now_v7()),
            now: NOW,
        };
        let opened: Result<_, StoreError> = store.open_call(&opening).await;
        let session = opened?;
        Ok(Self {
            business_id,
            sid: session.key.call_sid,
            lead_id: session.lead_id,
        })
    }

    /// The order that its caller confirms.
    pub(crate) fn order(&self, (date, time): Moment, new_id: AppointmentId) -> BookingOrder {
        BookingOrder {
            key: CallKey {
                business_id: self.business_id,
                call_sid: self.sid.clone(),
            },
            lead_id: self.lead_id,
            epoch: 0,
            date,
            time,
            name: None,
            one_more: false,
            named_by_caller: true,
            most_standing: None,
            new_appointment_id: new_id,
            now: NOW,
        }
    }
}
