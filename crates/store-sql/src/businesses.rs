//! Businesses and their settings.

use async_trait::async_trait;
use toran_domain::{AgentGender, Business, BusinessId, BusinessText, PhoneNumber};
use toran_scheduling::{AppointmentSettings, ClockTime};
use toran_store::{Addition, Businesses, StoreError, checked_business};

use crate::{
    SqlStore,
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    row::Row,
    statement::{Scoped, statements},
    value::values,
};

macro_rules! select_business {
    ($rest:literal) => {
        concat!(
            "SELECT business.id, name, called_number, text, agent_name, agent_gender, transfer_number, \
             active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document \
             FROM business JOIN appointment_settings ON business_id = business.id ",
            $rest
        )
    };
}

statements! {
    BY_NUMBER: Across = select_business!("WHERE called_number = $1");
    ALL: Across = select_business!("ORDER BY business.id");
    ONE: Scoped = select_business!("WHERE business.id = $1");
    INSERT: Across = "INSERT INTO business (id, name, called_number, text, agent_name, agent_gender, transfer_number) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    SET_TRANSFER_NUMBER: Scoped = "UPDATE business SET transfer_number = $2 WHERE business.id = $1";
    EXISTS: Scoped = "SELECT business.id FROM business WHERE business.id = $1";
    SETTINGS: Scoped = "SELECT active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document \
        FROM appointment_settings WHERE business_id = $1";
    PUT_SETTINGS: Scoped = "INSERT INTO appointment_settings \
        (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (business_id) DO UPDATE SET active_days = excluded.active_days, \
        start_hour = excluded.start_hour, end_hour = excluded.end_hour, \
        slot_interval_minutes = excluded.slot_interval_minutes, time_zone = excluded.time_zone, \
        document = excluded.document";
    UNTIE_CALLS: Scoped = "UPDATE call_session SET last_confirmed_date = NULL, last_confirmed_time = NULL, \
        last_appointment_id = NULL WHERE business_id = $1";
    DELETE_EVENTS: Scoped = "DELETE FROM outbox WHERE business_id = $1";
    DELETE_TASKS: Scoped = "DELETE FROM task WHERE business_id = $1";
    DELETE_LINES: Scoped = "DELETE FROM transcript_line WHERE business_id = $1";
    DELETE_USAGE: Scoped = "DELETE FROM call_usage WHERE business_id = $1";
    DELETE_CHANGES: Scoped = "DELETE FROM appointment_change WHERE business_id = $1";
    DELETE_APPOINTMENTS: Scoped = "DELETE FROM appointment WHERE business_id = $1";
    DELETE_CALLS: Scoped = "DELETE FROM call_session WHERE business_id = $1";
    DELETE_LEADS: Scoped = "DELETE FROM lead WHERE business_id = $1";
    DELETE_WEBHOOK: Scoped = "DELETE FROM webhook WHERE business_id = $1";
    DELETE_SETTINGS: Scoped = "DELETE FROM appointment_settings WHERE business_id = $1";
    DELETE: Scoped = "DELETE FROM business WHERE business.id = $1";
}

/// Children before parents; first what points both ways.
const REMOVAL: [Scoped; 12] = [
    UNTIE_CALLS,
    DELETE_EVENTS,
    DELETE_TASKS,
    DELETE_LINES,
    DELETE_USAGE,
    DELETE_CHANGES,
    DELETE_APPOINTMENTS,
    DELETE_CALLS,
    DELETE_LEADS,
    DELETE_WEBHOOK,
    DELETE_SETTINGS,
    DELETE,
];

#[async_trait]
impl Businesses for SqlStore {
    async fn add_business(&self, business: &Business) -> Result<Addition, StoreError> {
        match checked_business(business) {
            Ok(business) => attempts(Repeat::Unsafe, || self.add_once(&business)).await,
            Err(error) => Ok(Addition::BadName(error)),
        }
    }

    async fn business_by_called_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Business>, StoreError> {
        let find = || async {
            let mut tx = self.database.read_across().await?;
            let rows = tx.fetch(BY_NUMBER, values![number.e164()]).await?;
            Ok(rows.first().map(business).transpose()?)
        };
        attempts(Repeat::Safe, find).await
    }

    async fn business(&self, id: BusinessId) -> Result<Option<Business>, StoreError> {
        let find = || async {
            let row = self
                .database
                .read(id)
                .await?
                .fetch_one(ONE, values![])
                .await?;
            Ok(row.as_ref().map(business).transpose()?)
        };
        attempts(Repeat::Safe, find).await
    }

    async fn businesses(&self) -> Result<Vec<Business>, StoreError> {
        let list = || async {
            let mut tx = self.database.read_across().await?;
            let rows = tx.fetch(ALL, values![]).await?;
            let all: Result<Vec<Business>, StoreError> = rows.iter().map(business).collect();
            Ok(all?)
        };
        attempts(Repeat::Safe, list).await
    }

    async fn update_settings(
        &self,
        id: BusinessId,
        settings: &AppointmentSettings,
    ) -> Result<bool, StoreError> {
        let update = || async {
            let mut tx = self.database.write(id).await?;
            // Not by reading what is there: settings that cannot be read must be replaceable.
            if !exists(&mut tx).await? {
                return Ok(false);
            }
            put_settings(&mut tx, settings).await?;
            tx.commit().await?;
            Ok(true)
        };
        attempts(Repeat::Safe, update).await
    }

    async fn set_transfer_number(
        &self,
        id: BusinessId,
        number: Option<&PhoneNumber>,
    ) -> Result<bool, StoreError> {
        let set = || async {
            let mut tx = self.database.write(id).await?;
            let number = number.map(PhoneNumber::e164);
            let changed = tx.execute(SET_TRANSFER_NUMBER, values![number]).await?;
            tx.commit().await?;
            Ok(changed > 0)
        };
        attempts(Repeat::Safe, set).await
    }

    async fn remove_business(&self, id: BusinessId) -> Result<bool, StoreError> {
        let remove = || async {
            let mut tx = self.database.write(id).await?;
            let mut removed = 0;
            for statement in REMOVAL {
                removed = tx.execute(statement, values![]).await?;
            }
            tx.commit().await?;
            Ok(removed > 0)
        };
        attempts(Repeat::Unsafe, remove).await
    }
}

impl SqlStore {
    async fn add_once(&self, business: &Business) -> Result<Addition, Failure> {
        let mut tx = self.database.write_across().await?;
        let inserted = tx
            .execute(
                INSERT,
                values![
                    business.id,
                    business.name.as_str(),
                    business.called_number.e164(),
                    business.text.as_str(),
                    business.agent_name.as_deref(),
                    gender_word(business.agent_gender),
                    business.transfer_number.as_ref().map(PhoneNumber::e164),
                ],
            )
            .await?;
        let mut tx = tx.narrow(business.id).await?;
        if inserted == 0 {
            let id_taken = exists(&mut tx).await?;
            return Ok(if id_taken {
                Addition::IdTaken
            } else {
                Addition::NumberTaken
            });
        }
        put_settings(&mut tx, &business.settings).await?;
        tx.commit().await?;
        Ok(Addition::Added)
    }
}

/// Whether there is such a business.
pub(crate) async fn exists(tx: &mut Tx<OneBusiness>) -> Result<bool, Failure> {
    Ok(tx.fetch_one(EXISTS, values![]).await?.is_some())
}

/// A business's settings, or `None` if there is no such business.
pub(crate) async fn settings_of(
    tx: &mut Tx<OneBusiness>,
) -> Result<Option<AppointmentSettings>, Failure> {
    let row = tx.fetch_one(SETTINGS, values![]).await?;
    Ok(row.as_ref().map(settings).transpose()?)
}

/// The simple form goes into its columns. The full form goes into the document, and its summary into the
/// columns.
async fn put_settings(
    tx: &mut Tx<OneBusiness>,
    settings: &AppointmentSettings,
) -> Result<(), Failure> {
    let document = match settings.simple_form() {
        Some(_) => None,
        None => Some(serde_json::to_value(settings).map_err(StoreError::unavailable)?),
    };
    let end_hour = settings.end_hour().min(ClockTime::END_OF_DAY);
    let values = values![
        settings.active_days().to_string(),
        settings.start_hour().to_string(),
        end_hour.to_string(),
        settings.slot_interval_minutes(),
        settings.time_zone().as_str(),
        document,
    ];
    tx.execute(PUT_SETTINGS, values).await?;
    Ok(())
}

fn business(row: &Row) -> Result<Business, StoreError> {
    let text = BusinessText::new(row.text("business.text")?)
        .map_err(|error| StoreError::corrupt("business.text", error))?;
    let agent_gender = match row.text("business.agent_gender")? {
        "female" => AgentGender::Female,
        "male" => AgentGender::Male,
        _ => {
            return Err(StoreError::corrupt(
                "business.agent_gender",
                "no gender of Hebrew",
            ));
        }
    };
    Ok(Business {
        id: BusinessId::from_uuid(row.id("business.id")?),
        name: row.text("business.name")?.to_owned(),
        called_number: row.parsed("business.called_number")?,
        text,
        agent_name: row.maybe_text("business.agent_name")?.map(str::to_owned),
        agent_gender,
        transfer_number: row.maybe_parsed("business.transfer_number")?,
        settings: settings(row)?,
    })
}

fn settings(row: &Row) -> Result<AppointmentSettings, StoreError> {
    if let Some(document) = row.json("appointment_settings.document")? {
        return serde_json::from_value(document)
            .map_err(|error| StoreError::corrupt("appointment_settings.document", error));
    }
    AppointmentSettings::simple(
        row.parsed("appointment_settings.active_days")?,
        row.parsed::<ClockTime>("appointment_settings.start_hour")?,
        row.parsed::<ClockTime>("appointment_settings.end_hour")?,
        row.int("appointment_settings.slot_interval_minutes")?,
        row.parsed("appointment_settings.time_zone")?,
    )
    .map_err(|error| StoreError::corrupt("appointment_settings", error))
}

const fn gender_word(gender: AgentGender) -> &'static str {
    match gender {
        AgentGender::Female => "female",
        AgentGender::Male => "male",
    }
}
