//! Appointments, and the one transaction that makes one.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use time::UtcDateTime;
use toran_domain::{AppointmentId, Booking, BusinessId, LeadId};
use toran_scheduling::{Busy, Refusal};
use toran_store::{
    AppointmentRow, Appointments, BookingAnswer, BookingOrder, StoreError,
    booking::{self, Decision, LiveAppointment, Placement, Seat},
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

/// The live appointments of a business that touch a range, buffers included. The bound on `busy_from` from
/// below is the longest busy range that the schema allows; it keeps the question inside the index.
macro_rules! from_live_appointments {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM appointment ",
            $join,
            " WHERE appointment.business_id = ?1 AND status = 'confirmed' \
              AND busy_from < ?3 AND busy_to > ?2 AND busy_from > ?2 - 144000 \
              ORDER BY busy_from, appointment.id"
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
    ) -> Result<Vec<Busy>, StoreError> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::unavailable)?;
        let live = live_appointments(&mut connection, business_id, from, to).await?;
        Ok(live.iter().map(LiveAppointment::taken).collect())
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
        let (from, to) = booking::known_range(&settings, order.date);
        let live = live_appointments(&mut tx, business_id, from, to).await?;
        let answer = match booking::decide(&settings, order, &live) {
            Decision::AlreadyHeld(booking) => BookingAnswer::AlreadyHeld(booking),
            Decision::Refuse(refusal) => return Ok(BookingAnswer::Refused(refusal)),
            Decision::Create(placement) => match write(&mut tx, order, &placement).await {
                Ok(()) => BookingAnswer::Created(Booking {
                    appointment_id: order.new_appointment_id,
                    date: placement.slot.date(),
                    time: placement.slot.time(),
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
             COALESCE(appointment.name, lead.name) AS name, starts_at, ends_at, resource, \
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
            let starts_at = columns.instant("appointment.starts_at")?;
            Ok(AppointmentRow {
                booking: booking::booking_at(&settings, id, starts_at),
                lead_id: LeadId::from_uuid(columns.plain("appointment.lead_id")?),
                call_sid: columns.parsed("appointment.call_sid")?,
                caller: columns.maybe_parsed("lead.phone")?,
                name: columns.name("appointment.name")?,
                starts_at,
                ends_at: columns.instant("appointment.ends_at")?,
                resource: columns.parsed("appointment.resource")?,
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
        "SELECT id, lead_id, call_sid, starts_at, busy_from, busy_to, resource, seat",
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
            starts_at: columns.instant("appointment.starts_at")?,
            busy: columns.busy()?,
            seat: Seat {
                resource: columns.parsed("appointment.resource")?,
                number: columns.plain("appointment.seat")?,
            },
        })
    };
    rows.iter().map(read).collect()
}

/// Writes an appointment on its seat, after those that change theirs to make room.
async fn write(
    connection: &mut SqliteConnection,
    order: &BookingOrder,
    placement: &Placement,
) -> Result<(), sqlx::Error> {
    // First out of everybody's way, so that two can exchange their seats.
    const OUT_OF_THE_WAY: i64 = 1_000_000;
    for above in [OUT_OF_THE_WAY, 0] {
        for (index, (id, seat)) in (0_i64..).zip(&placement.reseated) {
            let seat = if above > 0 {
                above + index
            } else {
                i64::from(*seat)
            };
            sqlx::query("UPDATE appointment SET seat = ? WHERE business_id = ? AND id = ?")
                .bind(seat)
                .bind(order.key.business_id.as_uuid())
                .bind(id.as_uuid())
                .execute(&mut *connection)
                .await?;
        }
    }
    insert(connection, order, placement).await
}

async fn insert(
    connection: &mut SqliteConnection,
    order: &BookingOrder,
    placement: &Placement,
) -> Result<(), sqlx::Error> {
    let name = order
        .name
        .as_ref()
        .and_then(|name| bounded_name(name.expose()));
    let slot = &placement.slot;
    let busy = slot.busy();
    sqlx::query(
        "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, \
         buffer_before, buffer_after, resource, seat, name, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.new_appointment_id.as_uuid())
    .bind(order.key.business_id.as_uuid())
    .bind(order.lead_id.as_uuid())
    .bind(order.key.call_sid.as_str())
    .bind(slot.starts_at().unix_timestamp())
    .bind(slot.ends_at().unix_timestamp())
    .bind((slot.starts_at() - busy.from()).whole_seconds())
    .bind((busy.to() - slot.ends_at()).whole_seconds())
    .bind(placement.seat.resource.as_str())
    .bind(placement.seat.number)
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
        let order = |new_id| order(&call, TUESDAY, HALF_PAST_FOUR, new_id);
        let Decision::Create(placement) = booking::decide(&settings(30), &order(1), &[]) else {
            panic!("{NOW} is before it, and nothing stands")
        };

        let mut tx = store.begin().await.unwrap();
        insert(&mut tx, &order(1), &placement).await.unwrap();
        let overlap = insert(&mut tx, &order(2), &placement).await.unwrap_err();
        assert!(is_overlap(&overlap), "{overlap:?}");
        sqlx::query("UPDATE appointment SET status = 'cancelled'")
            .execute(&mut *tx)
            .await
            .unwrap();
        let same_id = insert(&mut tx, &order(1), &placement).await.unwrap_err();
        assert!(!is_overlap(&same_id), "{same_id:?}");
    }
}
