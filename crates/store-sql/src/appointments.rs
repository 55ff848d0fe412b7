//! Appointments: what is taken, what stands, and the transaction in which a call comes to one.

use async_trait::async_trait;
use time::{Date, Duration, UtcDateTime};
use toran_domain::{AppointmentId, Booking, BusinessId, CallSid, LeadId};
use toran_scheduling::{AppointmentSettings, Busy, Refusal};
use toran_store::{
    Actor, AppointmentChange, AppointmentRow, Appointments, BookingAnswer, BookingOrder,
    CalendarEntry, CancelAnswer, MoveAnswer, MoveOrder, Origin, StoreError, are_two_persons,
    booking::{self, Decision, LiveAppointment, Seat},
    bounded_name,
};

use crate::{
    SqlStore,
    businesses::settings_of,
    changes::{self, Written},
    database::{Failure, OneBusiness, Repeat, Tx, attempts},
    row::Row,
    session::{HeldCall, lead_of_call, lock_call, lock_lead, may_write},
    statement::statements,
    value::values,
};

/// The longest busy range that the columns allow, a day and two buffers: it keeps a question inside the index.
pub(crate) const LONGEST_BUSY: Duration = Duration::seconds(144_000);
/// How often a transaction looks again after another one took the place that it had found.
const LOOKS: u32 = 16;

/// The live appointments of a business that touch a range, buffers included: `$2` to `$3`, and `$4` is
/// [`LONGEST_BUSY`] before `$2`.
macro_rules! from_live {
    ($select:expr, $join:literal) => {
        concat!(
            $select,
            " FROM appointment ",
            $join,
            " WHERE appointment.business_id = $1 AND status = 'confirmed' \
              AND busy_from < $3 AND busy_to > $2 AND busy_from > $4 ORDER BY busy_from, appointment.id"
        )
    };
}

macro_rules! columns_of_rows {
    () => {
        "SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, \
         lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at"
    };
}

macro_rules! select_rows {
    ($rest:literal) => {
        concat!(
            columns_of_rows!(),
            " FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id \
             WHERE appointment.business_id = $1 AND ",
            $rest
        )
    };
}

statements! {
    LIVE: Scoped = from_live!("SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat", "");
    LIVE_ROWS: Scoped = from_live!(
        columns_of_rows!(),
        "JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id"
    );
    CALENDAR: Scoped = concat!(
        columns_of_rows!(),
        ", (SELECT MAX(seq) FROM appointment_change AS change WHERE change.business_id = $1 \
            AND change.appointment_id = appointment.id) AS revision, \
          (SELECT MAX(at) FROM appointment_change AS change WHERE change.business_id = $1 \
            AND change.appointment_id = appointment.id) AS changed_at \
          FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id \
          WHERE appointment.business_id = $1 AND starts_at < $3 AND ends_at > $2 ORDER BY starts_at, appointment.id"
    );
    ROW: Scoped = select_rows!("appointment.id = $2");
    ROWS_OF_LEAD: Scoped = select_rows!("lead_id = $2 ORDER BY starts_at, appointment.id");
    STANDING_OF_LEAD: Scoped = select_rows!(
        "lead_id = $2 AND status = 'confirmed' AND ends_at > $3 ORDER BY starts_at, appointment.id"
    );
    ONE_LIVE: Scoped = "SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat \
        FROM appointment WHERE business_id = $1 AND id = $2 AND status = 'confirmed'";
    LIVE_OF_CALL: Scoped = "SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat \
        FROM appointment WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed'";
    STANDING: Scoped = "SELECT id, appointment.lead_id, appointment.call_sid, name, starts_at, busy_from, busy_to, \
        resource, seat FROM call_session JOIN appointment ON appointment.business_id = call_session.business_id \
        AND appointment.id = last_appointment_id AND status = 'confirmed' \
        WHERE call_session.business_id = $1 AND call_session.call_sid = $2";
    CONFIRM: Scoped = "UPDATE call_session SET last_confirmed_date = $3, last_confirmed_time = $4, \
        last_appointment_id = $5, one_more = FALSE WHERE business_id = $1 AND call_sid = $2";
    OPEN_TASK: Scoped = "SELECT name FROM task WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL \
        AND kind = 'booking'";
    // A booking is what a task to book wanted, and no other kind.
    CLOSE_TASK: Scoped = "UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL \
        AND kind = 'booking'";
    CLOSE_TASK_AT: Scoped = "UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL \
        AND kind = 'booking' \
        AND requested_date = $4 AND requested_time = $5";
    TAKE_BACK_THE_TASK: Scoped = "UPDATE outbox SET state = 'discarded', done_at = $3 \
        WHERE business_id = $1 AND call_sid = $2 AND kind = 'task.created' AND state = 'pending' \
        AND COALESCE(data ->> 'kind', 'booking') = 'booking'";
    COMING_OF_NUMBER: Scoped = "SELECT COUNT(*) AS count FROM appointment \
        JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id \
        WHERE appointment.business_id = $1 AND lead_id = $2 AND status = 'confirmed' AND starts_at > $3 \
        AND lead.phone IS NOT NULL";
    BEAT: Across = "INSERT INTO heartbeat (id, beaten_at, padding) VALUES (1, $1, randomblob(65536)) \
            ON CONFLICT (id) DO UPDATE SET beaten_at = excluded.beaten_at, padding = excluded.padding",
        postgres: "INSERT INTO heartbeat (id, beaten_at) VALUES (1, $1) \
            ON CONFLICT (id) DO UPDATE SET beaten_at = excluded.beaten_at";
}

/// The question that every look at the diary asks.
#[cfg(feature = "proof")]
pub(crate) const BUSY: crate::statement::Scoped = LIVE;

#[async_trait]
impl Appointments for SqlStore {
    async fn busy(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<Busy>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let live = live_appointments(&mut tx, (from, to)).await?;
            Ok(live.iter().map(LiveAppointment::taken).collect())
        };
        attempts(Repeat::Safe, read).await
    }

    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError> {
        attempts(Repeat::Safe, || self.book_once(order)).await
    }

    async fn move_appointment(&self, order: &MoveOrder) -> Result<MoveAnswer, StoreError> {
        attempts(Repeat::Safe, || self.move_once(order)).await
    }

    async fn cancel_appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
        origin: &Origin,
    ) -> Result<CancelAnswer, StoreError> {
        let cancel = || self.cancel_once(business_id, appointment_id, origin);
        attempts(Repeat::Safe, cancel).await
    }

    async fn appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Option<AppointmentRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let Some(settings) = settings_of(&mut tx).await? else {
                return Ok(None);
            };
            let found = tx.fetch_one(ROW, values![appointment_id]).await?;
            Ok(found
                .map(|row| appointment_row(&row, &settings))
                .transpose()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn history(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Vec<AppointmentChange>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            changes::history_of(&mut tx, appointment_id).await
        };
        attempts(Repeat::Safe, read).await
    }

    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let Some(settings) = settings_of(&mut tx).await? else {
                return Ok(Vec::new());
            };
            let values = values![from, to, from.saturating_sub(LONGEST_BUSY)];
            let rows = tx.fetch(LIVE_ROWS, values).await?;
            Ok(rows_of(&rows, &settings)?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn calendar(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<CalendarEntry>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let Some(settings) = settings_of(&mut tx).await? else {
                return Ok(Vec::new());
            };
            let rows = tx.fetch(CALENDAR, values![from, to]).await?;
            let entries = rows.iter().map(|row| calendar_entry(row, &settings));
            Ok(entries.collect::<Result<_, _>>()?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn standing_of_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        after: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let read = || async {
            let mut tx = self.database.read(business_id).await?;
            let Some(settings) = settings_of(&mut tx).await? else {
                return Ok(Vec::new());
            };
            let values = values![lead_id, after];
            let rows = tx.fetch(STANDING_OF_LEAD, values).await?;
            Ok(rows_of(&rows, &settings)?)
        };
        attempts(Repeat::Safe, read).await
    }

    async fn takes_writes(&self, now: UtcDateTime) -> Result<(), StoreError> {
        let beat = || async {
            let mut tx = self.database.write_across().await?;
            tx.execute(BEAT, values![now]).await?;
            tx.commit().await
        };
        attempts(Repeat::Safe, beat).await
    }
}

impl SqlStore {
    /// One transaction. The lead and the call are held, so the same confirmation twice is one after the other; the
    /// places are not, so whoever writes first has one, and the other looks again.
    async fn book_once(&self, order: &BookingOrder) -> Result<BookingAnswer, Failure> {
        let call_sid = &order.key.call_sid;
        let mut tx = self.database.write(order.key.business_id).await?;
        let Some(settings) = settings_of(&mut tx).await? else {
            return Ok(BookingAnswer::UnknownBusiness);
        };
        if lead_of_call(&mut tx, call_sid).await? != order.lead_id {
            return Err(StoreError::UnknownCall.into());
        }
        lock_lead(&mut tx, order.lead_id).await?;
        let call = lock_call(&mut tx, call_sid).await?;
        may_write(order.epoch, &call)?;
        let order = &named(order, call);
        let standing = standing_for(&mut tx, order).await?;
        for _ in 0..LOOKS {
            let Some(answer) = book_here(&mut tx, order, &settings, standing.as_ref()).await?
            else {
                continue;
            };
            if let BookingAnswer::Created(booking)
            | BookingAnswer::Moved { to: booking, .. }
            | BookingAnswer::AlreadyHeld { booking, .. } = answer
            {
                confirm(&mut tx, call_sid, booking).await?;
                let is_held = matches!(answer, BookingAnswer::AlreadyHeld { .. });
                let only_for = (is_held || order.one_more).then_some(booking);
                close_task(&mut tx, order, only_for).await?;
                tx.commit().await?;
            }
            return Ok(answer);
        }
        Err(Failure::Overlap)
    }
}

/// Decides an order on what stands, and carries it out. `None` if another transaction took the place that was found.
async fn book_here(
    tx: &mut Tx<OneBusiness>,
    order: &BookingOrder,
    settings: &AppointmentSettings,
    standing: Option<&LiveAppointment>,
) -> Result<Option<BookingAnswer>, Failure> {
    let live = live_around(tx, settings, order.date).await?;
    Ok(match booking::decide(settings, order, &live, standing) {
        Decision::Refuse(refusal) => Some(BookingAnswer::Refused(refusal)),
        Decision::AlreadyHeld {
            booking,
            in_this_call,
        } => Some(BookingAnswer::AlreadyHeld {
            booking,
            in_this_call,
        }),
        Decision::Create(_) if has_all_it_may(tx, order).await? => Some(BookingAnswer::TooMany),
        Decision::Create(placement) => {
            match changes::create(tx, order, settings, &placement).await? {
                Written::Done(booking) => Some(BookingAnswer::Created(booking)),
                Written::LookAgain => None,
            }
        }
        Decision::Move(placement) => {
            let Some(standing) = standing else {
                return Ok(Some(BookingAnswer::Refused(Refusal::Taken)));
            };
            let origin = Origin {
                actor: Actor::Caller,
                call_sid: Some(order.key.call_sid.clone()),
                at: order.now,
            };
            match changes::relocate(tx, standing, settings, &placement, &origin).await? {
                Written::Done((from, to)) => Some(BookingAnswer::Moved { from, to }),
                Written::LookAgain => None,
            }
        }
    })
}

/// Whether as many coming appointments stand for the caller's number as may. The lead is held: nobody else makes one for it.
async fn has_all_it_may(tx: &mut Tx<OneBusiness>, order: &BookingOrder) -> Result<bool, Failure> {
    let Some(most) = order.most_standing else {
        return Ok(false);
    };
    let row = tx
        .fetch_one(COMING_OF_NUMBER, values![order.lead_id, order.now])
        .await?;
    let coming = row
        .map(|row| row.int::<u32>("appointment.count"))
        .transpose()?;
    Ok(coming.is_some_and(|coming| coming >= u32::from(most.get())))
}

/// The order as it is carried out: its name in the form in which names are kept, or else the one that the call has told
/// meanwhile.
fn named(order: &BookingOrder, call: HeldCall) -> BookingOrder {
    let name = order.name.as_ref();
    let name = name.and_then(|name| bounded_name(name.expose()));
    BookingOrder {
        name: name.or(call.caller_name),
        ..order.clone()
    }
}

/// The live appointment that an order would move.
async fn standing_for(
    tx: &mut Tx<OneBusiness>,
    order: &BookingOrder,
) -> Result<Option<LiveAppointment>, Failure> {
    let call_sid = &order.key.call_sid;
    let last = tx.fetch_one(STANDING, values![call_sid]).await?;
    let last = last.as_ref().map(live_appointment).transpose()?;
    let of_call = tx.fetch(LIVE_OF_CALL, values![call_sid]).await?;
    let of_call: Result<Vec<_>, StoreError> = of_call.iter().map(live_appointment).collect();
    Ok(booking::standing_for(order, last, of_call?))
}

/// Remembers what a call confirmed last.
async fn confirm(
    tx: &mut Tx<OneBusiness>,
    call_sid: &CallSid,
    booking: Booking,
) -> Result<(), Failure> {
    let values = values![call_sid, booking.date, booking.time, booking.appointment_id];
    tx.execute(CONFIRM, values).await?;
    Ok(())
}

/// What could not be had earlier in the call is had now: nobody is left to do it, or to hear of it. An appointment that was
/// held before, or is one more, is what a request for its very time wanted, and no other.
/// Nor is what another person asked for.
async fn close_task(
    tx: &mut Tx<OneBusiness>,
    order: &BookingOrder,
    only_for: Option<Booking>,
) -> Result<(), Failure> {
    let (call_sid, now) = (&order.key.call_sid, order.now);
    let Some(open) = tx.fetch_one(OPEN_TASK, values![call_sid]).await? else {
        return Ok(());
    };
    let for_whom = open.name("task.name")?;
    if are_two_persons(for_whom.as_ref(), order.name.as_ref()) {
        return Ok(());
    }
    let closed = match only_for {
        None => tx.execute(CLOSE_TASK, values![call_sid, now]).await?,
        Some(Booking { date, time, .. }) => {
            let values = values![call_sid, now, date, time];
            tx.execute(CLOSE_TASK_AT, values).await?
        }
    };
    if closed > 0 {
        tx.execute(TAKE_BACK_THE_TASK, values![call_sid, now])
            .await?;
    }
    Ok(())
}

/// The live appointments that matter to an order for a day.
pub(crate) async fn live_around(
    tx: &mut Tx<OneBusiness>,
    settings: &AppointmentSettings,
    date: Date,
) -> Result<Vec<LiveAppointment>, Failure> {
    live_appointments(tx, booking::known_range(settings, date)).await
}

async fn live_appointments(
    tx: &mut Tx<OneBusiness>,
    (from, to): (UtcDateTime, UtcDateTime),
) -> Result<Vec<LiveAppointment>, Failure> {
    let values = values![from, to, from.saturating_sub(LONGEST_BUSY)];
    let rows = tx.fetch(LIVE, values).await?;
    let live: Result<Vec<_>, StoreError> = rows.iter().map(live_appointment).collect();
    Ok(live?)
}

/// One appointment, if it stands.
pub(crate) async fn one_live(
    tx: &mut Tx<OneBusiness>,
    appointment_id: AppointmentId,
) -> Result<Option<LiveAppointment>, Failure> {
    let row = tx.fetch_one(ONE_LIVE, values![appointment_id]).await?;
    Ok(row.as_ref().map(live_appointment).transpose()?)
}

fn live_appointment(row: &Row) -> Result<LiveAppointment, StoreError> {
    Ok(LiveAppointment {
        appointment_id: AppointmentId::from_uuid(row.id("appointment.id")?),
        lead_id: LeadId::from_uuid(row.id("appointment.lead_id")?),
        call_sid: row.parsed("appointment.call_sid")?,
        name: row.name("appointment.name")?,
        starts_at: row.instant("appointment.starts_at")?,
        busy: row.busy()?,
        seat: Seat {
            resource: row.parsed("appointment.resource")?,
            number: row.int("appointment.seat")?,
        },
    })
}

/// Everything that a lead ever held, earliest first.
pub(crate) async fn rows_of_lead(
    tx: &mut Tx<OneBusiness>,
    lead_id: LeadId,
    settings: &AppointmentSettings,
) -> Result<Vec<AppointmentRow>, Failure> {
    let rows = tx.fetch(ROWS_OF_LEAD, values![lead_id]).await?;
    Ok(rows_of(&rows, settings)?)
}

fn rows_of(
    rows: &[Row],
    settings: &AppointmentSettings,
) -> Result<Vec<AppointmentRow>, StoreError> {
    rows.iter()
        .map(|row| appointment_row(row, settings))
        .collect()
}

fn calendar_entry(row: &Row, settings: &AppointmentSettings) -> Result<CalendarEntry, StoreError> {
    let row_of_appointment = appointment_row(row, settings)?;
    // One from before changes were kept has none.
    let changed_at = row.maybe_instant("change.changed_at")?;
    Ok(CalendarEntry {
        revision: row.maybe_int("change.revision")?.unwrap_or(0),
        changed_at: changed_at.unwrap_or(row_of_appointment.created_at),
        row: row_of_appointment,
    })
}

fn appointment_row(
    row: &Row,
    settings: &AppointmentSettings,
) -> Result<AppointmentRow, StoreError> {
    let id = AppointmentId::from_uuid(row.id("appointment.id")?);
    let starts_at = row.instant("appointment.starts_at")?;
    Ok(AppointmentRow {
        booking: booking::booking_at(settings, id, starts_at),
        status: row.parsed("appointment.status")?,
        lead_id: LeadId::from_uuid(row.id("appointment.lead_id")?),
        call_sid: row.parsed("appointment.call_sid")?,
        caller: row.phone()?,
        given_phone: row.given_phone()?,
        name: row.name("appointment.name")?,
        lead_name: row.name("lead.lead_name")?,
        starts_at,
        ends_at: row.instant("appointment.ends_at")?,
        resource: row.parsed("appointment.resource")?,
        created_at: row.instant("appointment.created_at")?,
    })
}
