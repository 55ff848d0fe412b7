//! Businesses and their settings.

use std::num::NonZeroU16;

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{
    AgentGender, Business, BusinessId, BusinessText, Disclosure, Limits, PhoneNumber, Terms,
    VoiceName,
};
use toran_scheduling::{AppointmentSettings, ClockTime};
use toran_store::{
    Addition, Answering, BusinessChange, Businesses, NumberAddition, RECENT, StoreError, Update,
    checked_business,
};

use crate::{
    SqlStore,
    database::{EveryBusiness, Failure, OneBusiness, Repeat, Tx, attempts},
    row::Row,
    statement::{Scoped, statements},
    value::{Value, values},
};

macro_rules! select_business {
    ($rest:literal) => {
        concat!(
            "SELECT business.id, name, called_number, text, agent_name, agent_gender, transfer_number, \
             voice, disclosure, max_calls, max_calls_per_hour, max_appointments, suspended, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document \
             FROM business JOIN appointment_settings ON business_id = business.id ",
            $rest
        )
    };
}

statements! {
    BY_NUMBER: Across =
        select_business!("WHERE business.id = (SELECT business_id FROM called_number WHERE number = $1)");
    CALLED_AT: Across = "SELECT business_id FROM called_number WHERE number = $1";
    CALLED_NUMBERS: Scoped = "SELECT number FROM called_number \
        JOIN business ON business.id = called_number.business_id WHERE called_number.business_id = $1 \
        ORDER BY number <> business.called_number, number";
    ADD_CALLED_NUMBER: Scoped = "INSERT INTO called_number (business_id, number) VALUES ($1, $2)";
    REMOVE_CALLED_NUMBER: Scoped = "DELETE FROM called_number WHERE business_id = $1 AND number = $2 \
        AND NOT EXISTS (SELECT 1 FROM business WHERE business.id = $1 AND called_number = $2)";
    BLOCKED_NUMBERS: Scoped = "SELECT number FROM blocked_number WHERE business_id = $1 ORDER BY number";
    BLOCK: Scoped = "INSERT INTO blocked_number (business_id, number, blocked_at) VALUES ($1, $2, $3) \
        ON CONFLICT (business_id, number) DO NOTHING";
    UNBLOCK: Scoped = "DELETE FROM blocked_number WHERE business_id = $1 AND number = $2";
    IS_BLOCKED: Across = "SELECT 1 AS one FROM blocked_number WHERE business_id = $1 AND number = $2";
    RECENT_CALLS: Across = "SELECT COUNT(*) AS count FROM call_session \
        JOIN lead ON lead.business_id = call_session.business_id AND lead.id = lead_id \
        WHERE lead.business_id = $1 AND lead.phone = $2 AND started_at > $3";
    ALL: Across = select_business!("ORDER BY business.id");
    ONE: Scoped = select_business!("WHERE business.id = $1");
    ONE_TO_CHANGE: Scoped = select_business!("WHERE business.id = $1"), postgres_adds: " FOR UPDATE OF business";
    INSERT: Across = "INSERT INTO business (id, name, called_number, text, agent_name, agent_gender, transfer_number, \
        voice, disclosure, max_calls, max_calls_per_hour, max_appointments, suspended) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
    UPDATE: Scoped = "UPDATE business SET name = $2, called_number = $3, text = $4, agent_name = $5, agent_gender = $6, \
        transfer_number = $7, voice = $8, disclosure = $9, max_calls = $10, max_calls_per_hour = $11, \
        max_appointments = $12, suspended = $13 WHERE business.id = $1";
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

    async fn update_business(
        &self,
        id: BusinessId,
        change: &BusinessChange,
    ) -> Result<Update, StoreError> {
        attempts(Repeat::Safe, || self.update_once(id, change)).await
    }

    async fn answering(
        &self,
        number: &PhoneNumber,
        caller: Option<&PhoneNumber>,
        now: UtcDateTime,
    ) -> Result<Option<Answering>, StoreError> {
        let find = || async {
            let mut tx = self.database.read_across().await?;
            let rows = tx.fetch(BY_NUMBER, values![number.e164()]).await?;
            let Some(business) = rows.first().map(business).transpose()? else {
                return Ok(None);
            };
            let (mut blocked, mut recent_calls) = (false, 0);
            if let Some(caller) = caller {
                let of_caller = values![business.id, caller.e164()];
                blocked = !tx.fetch(IS_BLOCKED, of_caller).await?.is_empty();
                let since = values![business.id, caller.e164(), now - RECENT];
                let counted = tx.fetch(RECENT_CALLS, since).await?;
                let counted = counted.first().map(|row| row.int("call_session.count"));
                recent_calls = counted.transpose()?.unwrap_or(0);
            }
            Ok(Some(Answering {
                business,
                blocked,
                recent_calls,
            }))
        };
        attempts(Repeat::Safe, find).await
    }

    async fn called_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.numbers(id, CALLED_NUMBERS, "called_number.number")
            .await
    }

    async fn add_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<NumberAddition, StoreError> {
        let add = || async {
            let mut tx = self.database.write_across().await?;
            let owner = owner_of(&mut tx, number).await?;
            let mut tx = tx.narrow(id).await?;
            Ok(match owner {
                Some(owner) if owner == id => NumberAddition::Added,
                Some(_) => NumberAddition::Taken,
                None if !exists(&mut tx).await? => NumberAddition::Unknown,
                None => {
                    tx.execute(ADD_CALLED_NUMBER, values![number.e164()])
                        .await?;
                    tx.commit().await?;
                    NumberAddition::Added
                }
            })
        };
        attempts(Repeat::Safe, add).await
    }

    async fn remove_called_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        self.change_numbers(id, REMOVE_CALLED_NUMBER, number).await
    }

    async fn blocked_numbers(&self, id: BusinessId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.numbers(id, BLOCKED_NUMBERS, "blocked_number.number")
            .await
    }

    async fn block_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
        now: UtcDateTime,
    ) -> Result<bool, StoreError> {
        let block = || async {
            let mut tx = self.database.write(id).await?;
            if !exists(&mut tx).await? {
                return Ok(false);
            }
            tx.execute(BLOCK, values![number.e164(), now]).await?;
            tx.commit().await?;
            Ok(true)
        };
        attempts(Repeat::Safe, block).await
    }

    async fn unblock_number(
        &self,
        id: BusinessId,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        self.change_numbers(id, UNBLOCK, number).await
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
        if owner_of(&mut tx, &business.called_number).await?.is_some() {
            return Ok(if exists(&mut tx.narrow(business.id).await?).await? {
                Addition::IdTaken
            } else {
                Addition::NumberTaken
            });
        }
        let mut all = values![business.id];
        all.extend(columns(business));
        let inserted = tx.execute(INSERT, all).await?;
        let mut tx = tx.narrow(business.id).await?;
        if inserted == 0 {
            return Ok(Addition::IdTaken);
        }
        put_settings(&mut tx, &business.settings).await?;
        tx.commit().await?;
        Ok(Addition::Added)
    }

    async fn update_once(
        &self,
        id: BusinessId,
        change: &BusinessChange,
    ) -> Result<Update, Failure> {
        let mut tx = self.database.write_across().await?;
        let owner = match &change.called_number {
            Some(number) => owner_of(&mut tx, number).await?,
            None => None,
        };
        let mut tx = tx.narrow(id).await?;
        let Some(row) = tx.fetch_one(ONE_TO_CHANGE, values![]).await? else {
            return Ok(Update::Unknown);
        };
        let changed = match change.applied_to(&business(&row)?) {
            Ok(changed) => changed,
            Err(error) => return Ok(Update::BadName(error)),
        };
        if owner.is_some_and(|owner| owner != id) {
            return Ok(Update::NumberTaken);
        }
        tx.execute(UPDATE, columns(&changed)).await?;
        tx.commit().await?;
        Ok(Update::Done(Box::new(changed)))
    }

    async fn numbers(
        &self,
        id: BusinessId,
        list: Scoped,
        column: &'static str,
    ) -> Result<Vec<PhoneNumber>, StoreError> {
        let read = || async {
            let rows = self.database.read(id).await?.fetch(list, values![]).await?;
            let numbers = rows.iter().map(|row| row.parsed(column));
            Ok(numbers.collect::<Result<_, _>>()?)
        };
        attempts(Repeat::Safe, read).await
    }

    /// Whether a statement about one number of a business changed anything.
    async fn change_numbers(
        &self,
        id: BusinessId,
        change: Scoped,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let changed = || async {
            let mut tx = self.database.write(id).await?;
            let changed = tx.execute(change, values![number.e164()]).await?;
            tx.commit().await?;
            Ok(changed > 0)
        };
        attempts(Repeat::Safe, changed).await
    }
}

/// What is written of a business, beside its id and its settings.
fn columns(business: &Business) -> Vec<Value<'_>> {
    let Terms {
        voice,
        disclosure,
        limits,
        suspended,
    } = &business.terms;
    let limit = |limit: Option<NonZeroU16>| limit.map(NonZeroU16::get);
    values![
        business.name.as_str(),
        business.called_number.e164(),
        business.text.as_str(),
        business.agent_name.as_deref(),
        gender_word(business.agent_gender),
        business.transfer_number.as_ref().map(PhoneNumber::e164),
        voice.as_ref().map(VoiceName::as_str),
        disclosure.as_ref().map(Disclosure::as_str),
        limit(limits.calls),
        limit(limits.calls_per_hour),
        limit(limits.appointments),
        *suspended,
    ]
}

/// Whose number it is.
async fn owner_of(
    tx: &mut Tx<EveryBusiness>,
    number: &PhoneNumber,
) -> Result<Option<BusinessId>, Failure> {
    let rows = tx.fetch(CALLED_AT, values![number.e164()]).await?;
    let id = rows.first().map(|row| row.id("called_number.business_id"));
    Ok(id.transpose()?.map(BusinessId::from_uuid))
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
    let limit = |column| -> Result<Option<NonZeroU16>, StoreError> {
        Ok(row.maybe_int::<u16>(column)?.and_then(NonZeroU16::new))
    };
    Ok(Business {
        id: BusinessId::from_uuid(row.id("business.id")?),
        name: row.text("business.name")?.to_owned(),
        called_number: row.parsed("business.called_number")?,
        text,
        agent_name: row.maybe_text("business.agent_name")?.map(str::to_owned),
        agent_gender,
        transfer_number: row.maybe_parsed("business.transfer_number")?,
        terms: Terms {
            voice: row.maybe_parsed("business.voice")?,
            disclosure: row.maybe_parsed("business.disclosure")?,
            limits: Limits {
                calls: limit("business.max_calls")?,
                calls_per_hour: limit("business.max_calls_per_hour")?,
                appointments: limit("business.max_appointments")?,
            },
            suspended: row.flag("business.suspended")?,
        },
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
