//! Businesses and their settings.

use async_trait::async_trait;
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use toran_domain::{AgentGender, Business, BusinessId, BusinessText, PhoneNumber};
use toran_scheduling::{AppointmentSettings, ClockTime};
use toran_store::{Addition, Businesses, StoreError, checked_business};

use crate::{SqliteStore, column::Columns};

macro_rules! select_business {
    ($rest:literal) => {
        concat!(
            "SELECT business.id, name, called_number, text, agent_name, agent_gender, \
             active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document \
             FROM business JOIN appointment_settings ON business_id = business.id ",
            $rest
        )
    };
}

/// Children before parents; first what points both ways.
const REMOVAL: [&str; 8] = [
    "UPDATE call_session SET last_confirmed_date = NULL, last_confirmed_time = NULL, \
     last_appointment_id = NULL WHERE business_id = ?",
    "DELETE FROM transcript_line WHERE business_id = ?",
    "DELETE FROM call_usage WHERE business_id = ?",
    "DELETE FROM appointment WHERE business_id = ?",
    "DELETE FROM call_session WHERE business_id = ?",
    "DELETE FROM lead WHERE business_id = ?",
    "DELETE FROM appointment_settings WHERE business_id = ?",
    "DELETE FROM business WHERE id = ?",
];

#[async_trait]
impl Businesses for SqliteStore {
    async fn add_business(&self, business: &Business) -> Result<Addition, StoreError> {
        let business = match checked_business(business) {
            Ok(business) => business,
            Err(error) => return Ok(Addition::BadName(error)),
        };
        let mut tx = self.begin().await?;
        let conflict: Option<bool> = sqlx::query_scalar(
            "SELECT id = ?1 FROM business WHERE id = ?1 OR called_number = ?2 \
             ORDER BY id = ?1 DESC LIMIT 1",
        )
        .bind(business.id.as_uuid())
        .bind(business.called_number.e164())
        .fetch_optional(&mut *tx)
        .await
        .map_err(StoreError::unavailable)?;
        match conflict {
            Some(true) => return Ok(Addition::IdTaken),
            Some(false) => return Ok(Addition::NumberTaken),
            None => {}
        }
        sqlx::query(
            "INSERT INTO business (id, name, called_number, text, agent_name, agent_gender) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(business.id.as_uuid())
        .bind(&business.name)
        .bind(business.called_number.e164())
        .bind(business.text.as_str())
        .bind(&business.agent_name)
        .bind(gender_word(business.agent_gender))
        .execute(&mut *tx)
        .await
        .map_err(StoreError::unavailable)?;
        put_settings(&mut tx, business.id, &business.settings).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(Addition::Added)
    }

    async fn business_by_called_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Business>, StoreError> {
        let row = sqlx::query(select_business!("WHERE called_number = ?"))
            .bind(number.e164())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::unavailable)?;
        row.as_ref().map(business).transpose()
    }

    async fn business(&self, id: BusinessId) -> Result<Option<Business>, StoreError> {
        let row = sqlx::query(select_business!("WHERE business.id = ?"))
            .bind(id.as_uuid())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::unavailable)?;
        row.as_ref().map(business).transpose()
    }

    async fn businesses(&self) -> Result<Vec<Business>, StoreError> {
        let rows = sqlx::query(select_business!("ORDER BY business.id"))
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::unavailable)?;
        rows.iter().map(business).collect()
    }

    async fn update_settings(
        &self,
        id: BusinessId,
        settings: &AppointmentSettings,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        // Not by reading what is there: settings that cannot be read must be replaceable.
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM business WHERE id = ?")
            .bind(id.as_uuid())
            .fetch_optional(&mut *tx)
            .await
            .map_err(StoreError::unavailable)?;
        if known.is_none() {
            return Ok(false);
        }
        put_settings(&mut tx, id, settings).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(true)
    }

    async fn remove_business(&self, id: BusinessId) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let mut removed = 0;
        for statement in REMOVAL {
            let result = sqlx::query(statement)
                .bind(id.as_uuid())
                .execute(&mut *tx)
                .await;
            removed = result.map_err(StoreError::unavailable)?.rows_affected();
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(removed > 0)
    }
}

/// A business's settings, or `None` if there is no such business.
pub(crate) async fn settings_of(
    connection: &mut SqliteConnection,
    id: BusinessId,
) -> Result<Option<AppointmentSettings>, StoreError> {
    let row = sqlx::query(
        "SELECT active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document \
         FROM appointment_settings WHERE business_id = ?",
    )
    .bind(id.as_uuid())
    .fetch_optional(connection)
    .await
    .map_err(StoreError::unavailable)?;
    row.as_ref().map(settings).transpose()
}

/// The simple form goes into its columns. The full form goes into the document, and its summary into the
/// columns.
async fn put_settings(
    connection: &mut SqliteConnection,
    id: BusinessId,
    settings: &AppointmentSettings,
) -> Result<(), StoreError> {
    let document = match settings.simple_form() {
        Some(_) => None,
        None => Some(serde_json::to_string(settings).map_err(StoreError::unavailable)?),
    };
    let end_hour = settings.end_hour().min(ClockTime::END_OF_DAY);
    sqlx::query(
        "INSERT INTO appointment_settings \
         (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document) \
         VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (business_id) DO UPDATE SET active_days = excluded.active_days, \
         start_hour = excluded.start_hour, end_hour = excluded.end_hour, \
         slot_interval_minutes = excluded.slot_interval_minutes, time_zone = excluded.time_zone, \
         document = excluded.document",
    )
    .bind(id.as_uuid())
    .bind(settings.active_days().to_string())
    .bind(settings.start_hour().to_string())
    .bind(end_hour.to_string())
    .bind(settings.slot_interval_minutes())
    .bind(settings.time_zone().as_str())
    .bind(document)
    .execute(connection)
    .await
    .map_err(StoreError::unavailable)?;
    Ok(())
}

fn business(row: &SqliteRow) -> Result<Business, StoreError> {
    let columns = Columns(row);
    let text = BusinessText::new(columns.plain("business.text")?)
        .map_err(|error| StoreError::corrupt("business.text", error))?;
    let agent_gender = match columns.plain("business.agent_gender")? {
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
        id: BusinessId::from_uuid(columns.plain("business.id")?),
        name: columns.plain("business.name")?,
        called_number: columns.parsed("business.called_number")?,
        text,
        agent_name: columns.plain("business.agent_name")?,
        agent_gender,
        settings: settings(row)?,
    })
}

fn settings(row: &SqliteRow) -> Result<AppointmentSettings, StoreError> {
    let columns = Columns(row);
    if let Some(document) = columns.plain::<Option<&str>>("appointment_settings.document")? {
        return serde_json::from_str(document)
            .map_err(|error| StoreError::corrupt("appointment_settings.document", error));
    }
    AppointmentSettings::simple(
        columns.parsed("appointment_settings.active_days")?,
        columns.parsed::<ClockTime>("appointment_settings.start_hour")?,
        columns.parsed::<ClockTime>("appointment_settings.end_hour")?,
        columns.plain("appointment_settings.slot_interval_minutes")?,
        columns.parsed("appointment_settings.time_zone")?,
    )
    .map_err(|error| StoreError::corrupt("appointment_settings", error))
}

const fn gender_word(gender: AgentGender) -> &'static str {
    match gender {
        AgentGender::Female => "female",
        AgentGender::Male => "male",
    }
}
