//! Writing an appointment, moving it, giving it up: each with its entry in the history and its event in the outbox.

use time::{Duration, UtcDateTime};
use toran_domain::{AppointmentId, Booking, BusinessId, LeadId};
use toran_scheduling::{AppointmentSettings, Slot};
use toran_store::{
    Actor, AppointmentChange, AppointmentStatus, BookingOrder, CancelAnswer, ChangeKind, Event,
    EventKind, MoveAnswer, MoveOrder, Origin, StoreError,
    booking::{self, LiveAppointment, Placement},
};

use crate::{
    SqlStore,
    appointments::{live_around, one_live},
    businesses::settings_of,
    database::{Failure, OneBusiness, Tx},
    outbox::{Subject, put_event},
    row::Row,
    session::lock_lead,
    statement::statements,
    value::values,
};

statements! {
    // PostgreSQL has no generated columns out of an instant and seconds, so it is given what SQLite computes.
    INSERT: Scoped = "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, \
        buffer_before, buffer_after, resource, seat, name, created_at) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN EXISTS (SELECT 1 FROM lead \
        WHERE lead.business_id = $1 AND lead.id = $3 AND lead.erased_at IS NOT NULL) THEN NULL ELSE $11 END, $12)",
        postgres: "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, \
        buffer_before, buffer_after, resource, seat, name, created_at, busy_from, busy_to) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN EXISTS (SELECT 1 FROM lead \
        WHERE lead.business_id = $1 AND lead.id = $3 AND lead.erased_at IS NOT NULL) THEN NULL ELSE $11::text END, $12, \
        $5::timestamptz - $7::bigint * interval '1 second', $6::timestamptz + $8::bigint * interval '1 second') \
        ON CONFLICT ON CONSTRAINT appointment_overlap DO NOTHING";
    RELOCATE: Scoped = "UPDATE appointment SET starts_at = $3, ends_at = $4, buffer_before = $5, buffer_after = $6, \
        resource = $7, seat = $8, call_sid = $9, announced = FALSE \
        WHERE business_id = $1 AND id = $2 AND status = 'confirmed'",
        postgres: "UPDATE appointment SET starts_at = $3, ends_at = $4, buffer_before = $5, buffer_after = $6, \
        resource = $7, seat = $8, call_sid = $9, announced = FALSE, \
        busy_from = $3::timestamptz - $5::bigint * interval '1 second', busy_to = $4::timestamptz + $6::bigint * interval '1 second' \
        WHERE business_id = $1 AND id = $2 AND status = 'confirmed'";
    RESEAT: Scoped = "UPDATE appointment SET seat = $3 WHERE business_id = $1 AND id = $2 AND status = 'confirmed'";
    CANCEL: Scoped = "UPDATE appointment SET status = 'cancelled' \
        WHERE business_id = $1 AND id = $2 AND status = 'confirmed'";
    FIND: Scoped = "SELECT lead_id, status, starts_at, ends_at FROM appointment WHERE business_id = $1 AND id = $2";
    RECORD: Scoped = "INSERT INTO appointment_change \
        (business_id, appointment_id, seq, kind, actor, call_sid, at, from_starts_at, to_starts_at) \
        SELECT $1, $2, COALESCE(MAX(seq) + 1, 0), $3, $4, $5, $6, $7, $8 FROM appointment_change \
        WHERE business_id = $1 AND appointment_id = $2";
    HISTORY: Scoped = "SELECT kind, actor, call_sid, at, from_starts_at, to_starts_at FROM appointment_change \
        WHERE business_id = $1 AND appointment_id = $2 ORDER BY seq";
}

/// Seats that no resource has: where somebody waits while others change theirs.
const OUT_OF_THE_WAY: i64 = 1_000_000;

/// What came of writing on a place that was free a moment ago.
pub(crate) enum Written<T> {
    Done(T),
    /// Another transaction was faster, or must be kept out first: what is taken is to be read again.
    LookAgain,
}

/// Writes a new appointment.
pub(crate) async fn create(
    tx: &mut Tx<OneBusiness>,
    order: &BookingOrder,
    settings: &AppointmentSettings,
    placement: &Placement,
) -> Result<Written<Booking>, Failure> {
    if !make_room(tx, placement).await? {
        return Ok(Written::LookAgain);
    }
    let slot = &placement.slot;
    let (before, after) = buffers(slot);
    let values = values![
        order.new_appointment_id,
        order.lead_id,
        &order.key.call_sid,
        slot.starts_at(),
        slot.ends_at(),
        before,
        after,
        placement.seat.resource.as_str(),
        placement.seat.number,
        order.name.as_ref().map(|name| name.expose().as_str()),
        order.now,
    ];
    if tx.execute(INSERT, values).await? == 0 {
        return Ok(Written::LookAgain);
    }
    let origin = Origin {
        actor: Actor::Caller,
        call_sid: Some(order.key.call_sid.clone()),
        at: order.now,
    };
    let changed = Changed {
        kind: ChangeKind::Created,
        lead_id: order.lead_id,
        booking: booking::booking_at(settings, order.new_appointment_id, slot.starts_at()),
        span: (slot.starts_at(), slot.ends_at()),
        before: None,
        from: None,
    };
    record(tx, &changed, &origin).await?;
    Ok(Written::Done(changed.booking))
}

/// Writes a standing appointment elsewhere. Its lead is held.
pub(crate) async fn relocate(
    tx: &mut Tx<OneBusiness>,
    standing: &LiveAppointment,
    settings: &AppointmentSettings,
    placement: &Placement,
    origin: &Origin,
) -> Result<Written<(Booking, Booking)>, Failure> {
    // An update knows no "or do nothing": nobody else may be moving in this business.
    if !tx.is_alone() {
        tx.lock_business().await?;
        return Ok(Written::LookAgain);
    }
    if !placement.reseated.is_empty() {
        // Its own old place may be where another is to sit.
        tx.execute(RESEAT, values![standing.appointment_id, OUT_OF_THE_WAY - 1])
            .await?;
    }
    if !make_room(tx, placement).await? {
        return Ok(Written::LookAgain);
    }
    let slot = &placement.slot;
    let (before, after) = buffers(slot);
    let call_sid = origin.call_sid.as_ref().unwrap_or(&standing.call_sid);
    let values = values![
        standing.appointment_id,
        slot.starts_at(),
        slot.ends_at(),
        before,
        after,
        placement.seat.resource.as_str(),
        placement.seat.number,
        call_sid,
    ];
    if tx.execute(RELOCATE, values).await? == 0 {
        return Ok(Written::LookAgain);
    }
    let from = standing.booking(settings);
    let changed = Changed {
        kind: ChangeKind::Moved,
        lead_id: standing.lead_id,
        booking: booking::booking_at(settings, standing.appointment_id, slot.starts_at()),
        span: (slot.starts_at(), slot.ends_at()),
        before: Some(from),
        from: Some(standing.starts_at),
    };
    record(tx, &changed, origin).await?;
    Ok(Written::Done((from, changed.booking)))
}

/// Gives others the seats that make room in one piece. `false` if nobody was kept out yet: then what is taken has to be
/// read again first.
async fn make_room(tx: &mut Tx<OneBusiness>, placement: &Placement) -> Result<bool, Failure> {
    // First out of everybody's way, so that two can exchange their seats.
    if placement.reseated.is_empty() {
        return Ok(true);
    }
    if !tx.is_alone() {
        tx.lock_business().await?;
        return Ok(false);
    }
    for (aside, (id, _)) in (OUT_OF_THE_WAY..).zip(&placement.reseated) {
        tx.execute(RESEAT, values![*id, aside]).await?;
    }
    for (id, seat) in &placement.reseated {
        tx.execute(RESEAT, values![*id, *seat]).await?;
    }
    Ok(true)
}

fn buffers(slot: &Slot) -> (i64, i64) {
    let busy = slot.busy();
    let seconds = |duration: Duration| duration.whole_seconds();
    (
        seconds(slot.starts_at() - busy.from()),
        seconds(busy.to() - slot.ends_at()),
    )
}

impl SqlStore {
    pub(crate) async fn move_once(&self, order: &MoveOrder) -> Result<MoveAnswer, Failure> {
        let mut tx = self.database.write(order.business_id).await?;
        let settings = settings_of(&mut tx).await?;
        let settings = settings.ok_or(StoreError::UnknownBusiness)?;
        let Some(found) = one_live(&mut tx, order.appointment_id).await? else {
            let row = tx.fetch_one(FIND, values![order.appointment_id]).await?;
            return Ok(row.map_or(MoveAnswer::Unknown, |_| MoveAnswer::NotStanding));
        };
        lock_lead(&mut tx, found.lead_id).await?;
        tx.lock_business().await?;
        // As it stands now that nobody else can move it.
        let Some(standing) = one_live(&mut tx, order.appointment_id).await? else {
            return Ok(MoveAnswer::NotStanding);
        };
        let (booking, requested) = (standing.booking(&settings), (order.date, order.time));
        if (booking.date, booking.time) == requested {
            return Ok(MoveAnswer::Unchanged(booking));
        }
        let live = live_around(&mut tx, &settings, order.date).await?;
        let at = order.origin.at;
        let placement = match booking::decide_move(&settings, &standing, requested, at, &live) {
            Ok(placement) => placement,
            Err(refusal) => return Ok(MoveAnswer::Refused(refusal)),
        };
        match relocate(&mut tx, &standing, &settings, &placement, &order.origin).await? {
            Written::Done((from, to)) => {
                tx.commit().await?;
                Ok(MoveAnswer::Moved { from, to })
            }
            Written::LookAgain => Err(Failure::Overlap),
        }
    }

    pub(crate) async fn cancel_once(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
        origin: &Origin,
    ) -> Result<CancelAnswer, Failure> {
        let mut tx = self.database.write(business_id).await?;
        let settings = settings_of(&mut tx).await?;
        let settings = settings.ok_or(StoreError::UnknownBusiness)?;
        let Some(row) = tx.fetch_one(FIND, values![appointment_id]).await? else {
            return Ok(CancelAnswer::Unknown);
        };
        let lead_id = LeadId::from_uuid(row.id("appointment.lead_id")?);
        lock_lead(&mut tx, lead_id).await?;
        let row = tx.fetch_one(FIND, values![appointment_id]).await?;
        let row = row.ok_or(StoreError::UnknownBusiness)?;
        let starts_at = row.instant("appointment.starts_at")?;
        let booking = booking::booking_at(&settings, appointment_id, starts_at);
        if row.parsed::<AppointmentStatus>("appointment.status")? == AppointmentStatus::Cancelled {
            return Ok(CancelAnswer::AlreadyCancelled(booking));
        }
        tx.execute(CANCEL, values![appointment_id]).await?;
        let changed = Changed {
            kind: ChangeKind::Cancelled,
            lead_id,
            booking,
            span: (starts_at, row.instant("appointment.ends_at")?),
            before: None,
            from: Some(starts_at),
        };
        record(&mut tx, &changed, origin).await?;
        tx.commit().await?;
        Ok(CancelAnswer::Cancelled(booking))
    }
}

/// A change that was written, to be put on record.
struct Changed {
    kind: ChangeKind,
    lead_id: LeadId,
    booking: Booking,
    span: (UtcDateTime, UtcDateTime),
    before: Option<Booking>,
    from: Option<UtcDateTime>,
}

async fn record(
    tx: &mut Tx<OneBusiness>,
    changed: &Changed,
    origin: &Origin,
) -> Result<(), Failure> {
    let (starts_at, ends_at) = changed.span;
    let (kind, to) = match changed.kind {
        ChangeKind::Created => (EventKind::AppointmentCreated, Some(starts_at)),
        ChangeKind::Moved => (EventKind::AppointmentMoved, Some(starts_at)),
        ChangeKind::Cancelled => (EventKind::AppointmentCancelled, None),
    };
    let values = values![
        changed.booking.appointment_id,
        changed.kind.as_str(),
        origin.actor.as_str(),
        origin.call_sid.as_ref(),
        origin.at,
        changed.from,
        to,
    ];
    tx.execute(RECORD, values).await?;
    let event = Event::Appointment {
        kind,
        booking: changed.booking,
        starts_at,
        ends_at,
        before: changed.before,
        actor: origin.actor,
    };
    let subject = Subject {
        lead_id: changed.lead_id,
        call_sid: origin.call_sid.as_ref(),
        at: origin.at,
    };
    put_event(tx, subject, &event).await
}

/// What was done to an appointment, in order.
pub(crate) async fn history_of(
    tx: &mut Tx<OneBusiness>,
    appointment_id: AppointmentId,
) -> Result<Vec<AppointmentChange>, Failure> {
    let rows = tx.fetch(HISTORY, values![appointment_id]).await?;
    let read = |row: &Row| -> Result<AppointmentChange, StoreError> {
        Ok(AppointmentChange {
            kind: row.parsed("appointment_change.kind")?,
            origin: Origin {
                actor: row.parsed("appointment_change.actor")?,
                call_sid: row.maybe_parsed("appointment_change.call_sid")?,
                at: row.instant("appointment_change.at")?,
            },
            from: row.maybe_instant("appointment_change.from_starts_at")?,
            to: row.maybe_instant("appointment_change.to_starts_at")?,
        })
    };
    let all: Result<Vec<AppointmentChange>, StoreError> = rows.iter().map(read).collect();
    Ok(all?)
}
