//! Appointments in memory.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{AppointmentId, BusinessId, LeadId};
use toran_scheduling::{Busy, Refusal};

use super::{
    MemoryStore,
    tenant::{by_caller, named, whole_second},
};
use crate::{
    AppointmentChange, AppointmentRow, AppointmentStatus, Appointments, BookingAnswer,
    BookingOrder, CalendarEntry, CancelAnswer, ChangeKind, MoveAnswer, MoveOrder, Origin,
    StoreError,
    booking::{self, Decision},
};

#[async_trait]
impl Appointments for MemoryStore {
    async fn busy(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<Busy>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        Ok(tenant
            .into_iter()
            .flat_map(|tenant| tenant.touching(from, to))
            .map(|made| made.live.taken())
            .collect())
    }

    async fn create_appointment_from_realtime(
        &self,
        order: &BookingOrder,
    ) -> Result<BookingAnswer, StoreError> {
        let mut state = self.state()?;
        let Some(tenant) = state.tenants.get_mut(&order.key.business_id) else {
            return Ok(BookingAnswer::UnknownBusiness);
        };
        let call = tenant.calls.get(&order.key.call_sid);
        let call = call.filter(|call| call.lead_id == order.lead_id);
        let call = call.ok_or(StoreError::UnknownCall)?;
        if order.epoch < call.epoch {
            return Err(StoreError::Superseded);
        }
        let order = &named(order, call);
        let settings = tenant.business.settings.clone();
        let live = tenant.known(order.date);
        let call_sid = &order.key.call_sid;
        let of_call = tenant.live().map(|made| made.live.clone());
        let of_call = of_call.filter(|live| live.call_sid == *call_sid);
        let standing = booking::standing_for(order, tenant.standing(call_sid), of_call);
        let answer = match booking::decide(&settings, order, &live, standing.as_ref()) {
            Decision::AlreadyHeld {
                booking,
                in_this_call,
            } => BookingAnswer::AlreadyHeld {
                booking,
                in_this_call,
            },
            Decision::Create(_) if tenant.has_all_it_may(order) => BookingAnswer::TooMany,
            Decision::Create(placement) => tenant.create(order, &placement),
            Decision::Move(placement) => standing
                .and_then(|standing| tenant.relocate(&standing, &placement, by_caller(order)))
                .map_or(BookingAnswer::Refused(Refusal::Taken), |(from, to)| {
                    BookingAnswer::Moved { from, to }
                }),
            Decision::Refuse(refusal) => BookingAnswer::Refused(refusal),
        };
        if let BookingAnswer::Created(booking)
        | BookingAnswer::Moved { to: booking, .. }
        | BookingAnswer::AlreadyHeld { booking, .. } = answer
            && let Some(call) = tenant.calls.get_mut(&order.key.call_sid)
        {
            call.last_confirmed = Some(booking);
            call.one_more = false;
        }
        Ok(answer)
    }

    async fn move_appointment(&self, order: &MoveOrder) -> Result<MoveAnswer, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenant(order.business_id)?;
        let made = tenant.find(order.appointment_id);
        let standing = match made {
            None => return Ok(MoveAnswer::Unknown),
            Some(made) if !made.is_live() => return Ok(MoveAnswer::NotStanding),
            Some(made) => made.live.clone(),
        };
        let settings = tenant.business.settings.clone();
        let (booking, requested) = (standing.booking(&settings), (order.date, order.time));
        if (booking.date, booking.time) == requested {
            return Ok(MoveAnswer::Unchanged(booking));
        }
        let live = tenant.known(order.date);
        let origin = Origin {
            at: whole_second(order.origin.at),
            ..order.origin.clone()
        };
        Ok(
            match booking::decide_move(&settings, &standing, requested, origin.at, &live) {
                Err(refusal) => MoveAnswer::Refused(refusal),
                Ok(placement) => tenant
                    .relocate(&standing, &placement, origin)
                    .map_or(MoveAnswer::Refused(Refusal::Taken), |(from, to)| {
                        MoveAnswer::Moved { from, to }
                    }),
            },
        )
    }

    async fn cancel_appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
        origin: &Origin,
    ) -> Result<CancelAnswer, StoreError> {
        let mut state = self.state()?;
        let tenant = state.tenant(business_id)?;
        let settings = tenant.business.settings.clone();
        let mut all = tenant.appointments.iter_mut();
        let Some(made) = all.find(|made| made.live.appointment_id == appointment_id) else {
            return Ok(CancelAnswer::Unknown);
        };
        let booking = made.live.booking(&settings);
        if !made.is_live() {
            return Ok(CancelAnswer::AlreadyCancelled(booking));
        }
        made.status = AppointmentStatus::Cancelled;
        made.history.push(AppointmentChange {
            kind: ChangeKind::Cancelled,
            origin: Origin {
                at: whole_second(origin.at),
                ..origin.clone()
            },
            from: Some(made.live.starts_at),
            to: None,
        });
        Ok(CancelAnswer::Cancelled(booking))
    }

    async fn appointment(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Option<AppointmentRow>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        Ok(tenant.and_then(|tenant| Some(tenant.row(tenant.find(appointment_id)?))))
    }

    async fn history(
        &self,
        business_id: BusinessId,
        appointment_id: AppointmentId,
    ) -> Result<Vec<AppointmentChange>, StoreError> {
        let state = self.state()?;
        let tenant = state.tenants.get(&business_id);
        let made = tenant.and_then(|tenant| tenant.find(appointment_id));
        Ok(made.map(|made| made.history.clone()).unwrap_or_default())
    }

    async fn appointments(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let state = self.state()?;
        let Some(tenant) = state.tenants.get(&business_id) else {
            return Ok(Vec::new());
        };
        Ok(tenant
            .touching(from, to)
            .map(|made| tenant.row(made))
            .collect())
    }

    async fn calendar(
        &self,
        business_id: BusinessId,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Result<Vec<CalendarEntry>, StoreError> {
        let state = self.state()?;
        let Some(tenant) = state.tenants.get(&business_id) else {
            return Ok(Vec::new());
        };
        let touching = tenant
            .appointments
            .iter()
            .filter(|made| made.live.starts_at < to && from < made.ends_at);
        let mut entries: Vec<CalendarEntry> = touching
            .map(|made| CalendarEntry {
                row: tenant.row(made),
                revision: u32::try_from(made.history.len().saturating_sub(1)).unwrap_or(u32::MAX),
                changed_at: made
                    .history
                    .last()
                    .map_or(made.created_at, |change| change.origin.at),
            })
            .collect();
        entries.sort_by_key(|entry| (entry.row.starts_at, entry.row.booking.appointment_id));
        Ok(entries)
    }

    async fn standing_of_lead(
        &self,
        business_id: BusinessId,
        lead_id: LeadId,
        after: UtcDateTime,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let state = self.state()?;
        let Some(tenant) = state.tenants.get(&business_id) else {
            return Ok(Vec::new());
        };
        let own = tenant
            .live()
            .filter(|made| made.live.lead_id == lead_id && made.ends_at > after);
        Ok(own.map(|made| tenant.row(made)).collect())
    }

    async fn takes_writes(&self, _now: UtcDateTime) -> Result<(), StoreError> {
        self.state().map(|_| ())
    }
}
