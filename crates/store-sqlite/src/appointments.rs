//! Appointments, and the one transaction that makes one.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use time::UtcDateTime;
use toran_domain::{AppointmentId, Booking, BusinessId, LeadId};
use toran_scheduling::{BusyRange, Refusal, Slot};
use toran_store::{
    AppointmentRow, Appointments, BookingAnswer, BookingOrder, StoreError,
    booking::{self, Decision, LiveAppointment},
    bounded_name,
};

use crate::{
    SqliteStore,
    businesses::settings_of,
    column::{Columns, date_text, time_text},
    session::lead_of_call,
};

/// What the triggers say when they refuse.
const OVERLAP: &str = "appointment_overlap";

/// The live appointments of a business that touch a range. The bound on `starts_at` from below is the
/// longest appointment that the schema allows; it keeps the question inside the index.
macro_rules! from_live_appointments {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM appointment ",
            $join,
            " WHERE appointment.business_id = ?1 AND status = 'confirmed' \
              AND starts_at < ?3 AND ends_at > ?2 AND starts_at > ?2 - 86400 ORDER BY starts_at"
        )
    };
}

#[async_trait]
impl Appointments for SqliteStore {
    async fn busy(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<BusyRange>, StoreError> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::unavailable)?;
        let live = live_appointments(&mut connection, business_id, from, to).await?;
        Ok(live
            .into_iter()
            .map(|appointment| appointment.busy)
            .collect())
    }

    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError> {
        let business_id = order.key.business_id;
        let mut tx = self.begin().await?;
        let Some(settings) = settings_of(&mut tx, business_id).await? else {
            return Ok(BookingAnswer::UnknownBusiness);
        };
        if lead_of_call(&mut tx, &order.key).await? != order.lead_id {
            return Err(StoreError::UnknownCall);
        }
        let (from, to) = settings.day_range(order.date);
        let live = live_appointments(&mut tx, business_id, from, to).await?;
        let answer = match booking::decide(&settings, order, &live) {
            Decision::AlreadyHeld(booking) => BookingAnswer::AlreadyHeld(booking),
            Decision::Refuse(refusal) => return Ok(BookingAnswer::Refused(refusal)),
            Decision::Create(slot) => match insert(&mut tx, order, &slot).await {
                Ok(()) => BookingAnswer::Created(Booking {
                    appointment_id: order.new_appointment_id,
                    date: slot.date(),
                    time: slot.time(),
                }),
                Err(error) if is_overlap(&error) => {
                    return Ok(BookingAnswer::Refused(Refusal::Taken));
                }
                Err(error) => return Err(StoreError::unavailable(error)),
            },
        };
        if let BookingAnswer::Created(booking) | BookingAnswer::AlreadyHeld(booking) = answer {
            remember_confirmed(&mut tx, order, booking).await?;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(answer)
    }

    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let mut tx = self
            .readers
            .begin()
            .await
            .map_err(StoreError::unavailable)?;
        let Some(settings) = settings_of(&mut tx, business_id).await? else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query(from_live_appointments!(
            "SELECT appointment.id, lead_id, call_sid, phone, \
             COALESCE(appointment.name, lead.name) AS name, starts_at, ends_at, \
             appointment.created_at",
            "JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id"
        ))
        .bind(business_id.as_uuid())
        .bind(from.unix_timestamp())
        .bind(to.unix_timestamp())
        .fetch_all(&mut *tx)
        .await
        .map_err(StoreError::unavailable)?;
        let read = |row| {
            let columns = Columns(row);
            let id = AppointmentId::from_uuid(columns.plain("appointment.id")?);
            let busy = columns.busy()?;
            Ok(AppointmentRow {
                booking: booking::booking_at(&settings, id, busy.from()),
                lead_id: LeadId::from_uuid(columns.plain("appointment.lead_id")?),
                call_sid: columns.parsed("appointment.call_sid")?,
                caller: columns.maybe_parsed("lead.phone")?,
                name: columns.name("appointment.name")?,
                starts_at: busy.from(),
                ends_at: busy.to(),
                created_at: columns.instant("appointment.created_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let answer = sqlx::query("SELECT 1").execute(&self.readers).await;
        answer.map(|_| ()).map_err(StoreError::unavailable)
    }
}

async fn live_appointments(
    connection: &mut SqliteConnection,
    business_id: BusinessId,
    from: UtcDateTime,
    to: UtcDateTime,
) -> Result<Vec<LiveAppointment>, StoreError> {
    let rows = sqlx::query(from_live_appointments!(
        "SELECT id, lead_id, call_sid, starts_at, ends_at",
        ""
    ))
    .bind(business_id.as_uuid())
    .bind(from.unix_timestamp())
    .bind(to.unix_timestamp())
    .fetch_all(connection)
    .await
    .map_err(StoreError::unavailable)?;
    let read = |row| {
        let columns = Columns(row);
        Ok(LiveAppointment {
            appointment_id: AppointmentId::from_uuid(columns.plain("appointment.id")?),
            lead_id: LeadId::from_uuid(columns.plain("appointment.lead_id")?),
            call_sid: columns.parsed("appointment.call_sid")?,
            busy: columns.busy()?,
        })
    };
    rows.iter().map(read).collect()
}

async fn insert(
    connection: &mut SqliteConnection,
    order: &BookingOrder,
    slot: &Slot,
) -> Result<(), sqlx::Error> {
    let name = order
        .name
        .as_ref()
        .and_then(|name| bounded_name(name.expose()));
    sqlx::query(
        "INSERT INTO appointment \
         (id, business_id, lead_id, call_sid, starts_at, ends_at, name, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.new_appointment_id.as_uuid())
    .bind(order.key.business_id.as_uuid())
    .bind(order.lead_id.as_uuid())
    .bind(order.key.call_sid.as_str())
    .bind(slot.starts_at().unix_timestamp())
    .bind(slot.ends_at().unix_timestamp())
    .bind(name.as_ref().map(|name| name.expose().as_str()))
    .bind(order.now.unix_timestamp())
    .execute(connection)
    .await
    .map(|_| ())
}

async fn remember_confirmed(
    connection: &mut SqliteConnection,
    order: &BookingOrder,
    booking: Booking,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE call_session SET last_confirmed_date = ?, last_confirmed_time = ?, \
         last_appointment_id = ? WHERE business_id = ? AND call_sid = ?",
    )
    .bind(date_text(booking.date)?)
    .bind(time_text(booking.time)?)
    .bind(booking.appointment_id.as_uuid())
    .bind(order.key.business_id.as_uuid())
    .bind(order.key.call_sid.as_str())
    .execute(connection)
    .await
    .map_err(StoreError::unavailable)?;
    Ok(())
}

/// Whether a trigger refused, as if the place had been seen taken.
fn is_overlap(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.message() == OVERLAP)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use toran_scheduling::Verdict;
    use toran_store::conformance::{
        HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, key, open, order, settings,
    };

    use super::*;

    #[tokio::test]
    async fn the_triggers_refusal_is_told_from_every_other() {
        let store = SqliteStore::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let shared: Shared = Arc::new(store.clone());
        add(&shared, 1).await;
        let call = open(&shared, &key(1, "CA1"), Some(7), 1).await;
        let verdict = settings(30).verdict(TUESDAY, HALF_PAST_FOUR, &[], NOW);
        let Verdict::Free(slot) = verdict else {
            panic!("{verdict:?}")
        };

        let mut tx = store.begin().await.unwrap();
        let order = |new_id| order(&call, TUESDAY, HALF_PAST_FOUR, new_id);
        insert(&mut tx, &order(1), &slot).await.unwrap();
        let overlap = insert(&mut tx, &order(2), &slot).await.unwrap_err();
        assert!(is_overlap(&overlap), "{overlap:?}");
        sqlx::query("UPDATE appointment SET status = 'cancelled'")
            .execute(&mut *tx)
            .await
            .unwrap();
        let same_id = insert(&mut tx, &order(1), &slot).await.unwrap_err();
        assert!(!is_overlap(&same_id), "{same_id:?}");
    }
}
