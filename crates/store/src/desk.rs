//! The booking desk: what a call asks when its caller asks.

use std::sync::Arc;

use time::{Date, Duration, Time, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, BusinessId, Detail, LeadId, Outcome, Pii, RequestedTime, TaskId,
};
use toran_scheduling::{AppointmentSettings, Availability, Occupancy, Refusal, Slot, Verdict};

use crate::{
    BookingAnswer, BookingOrder, BoxError, CallKey, NewTask, Spool, Store, StoreError, bounded_name,
};

/// How many days, the first included, are searched for alternatives.
const LOOK_AHEAD_DAYS: u16 = 30;
/// How many alternatives a refusal brings, and how many slots a question without a day.
const ALTERNATIVES: usize = 3;
/// How many slots a question about a whole day brings.
const SLOTS_OF_A_DAY: usize = 4;

/// Who asks the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquirer {
    /// The call.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// The stream that asks: see [`CallSession::epoch`](crate::CallSession).
    pub epoch: u32,
    /// The caller's name, if it is known.
    pub name: Option<Pii<String>>,
    /// The id of the request, if it cannot be answered and must be kept for the business.
    pub new_task_id: TaskId,
}

/// A caller's yes to a time, as the call understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Who said it.
    pub inquirer: Inquirer,
    /// The day and hour; what is missing is asked for.
    pub requested: RequestedTime,
    /// Whether the caller asked for one more appointment beside the one that was confirmed earlier in this call.
    pub one_more: bool,
    /// The id of the appointment, if it turns out to be a new one.
    pub new_appointment_id: AppointmentId,
}

/// What the desk answered, and what went wrong behind it, for the caller of the desk to log.
#[derive(Debug)]
#[must_use]
pub struct DeskAnswer {
    /// What is true. [`Outcome::BookingUnavailable`] if the store did not answer.
    pub outcome: Outcome,
    /// The store's error. May stand beside a true outcome, when only its alternatives are lost.
    pub error: Option<StoreError>,
    /// What became of the request, if the store did not answer and there is somebody to keep it for.
    pub kept: Option<Kept>,
}

/// What became of a request that the store could not take.
#[derive(Debug)]
pub enum Kept {
    /// It is durable on this machine and becomes a task for the business.
    Spooled,
    /// This desk has no spool.
    NoSpool,
    /// It is lost: the spool failed too.
    Lost(BoxError),
}

/// The booking desk of all businesses. Never fails: what it cannot know, it does not claim.
///
/// It always asks the database for the settings too, so it never offers what the booking transaction
/// would refuse. A request that the database cannot take goes to the [`Spool`].
#[derive(Clone)]
pub struct Desk {
    store: Arc<dyn Store>,
    spool: Option<Arc<dyn Spool>>,
}

impl Desk {
    /// A desk over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, spool: None }
    }

    /// Keeps requests in a spool while the store does not answer.
    #[must_use]
    pub fn with_spool(self, spool: Arc<dyn Spool>) -> Self {
        let spool = Some(spool);
        Self { spool, ..self }
    }

    /// Looks up true availability for a question.
    ///
    /// With day and hour: that slot, or why not and what else there is. With a day: slots spread over
    /// it. With an hour: the next days on which it is free. With neither: the first free slots. A time at which the
    /// caller holds an appointment is neither free nor taken: the caller is told of it.
    pub async fn look(
        &self,
        inquirer: &Inquirer,
        requested: RequestedTime,
        now: UtcDateTime,
    ) -> DeskAnswer {
        let business_id = inquirer.key.business_id;
        let diary = self.diary(business_id, requested.date, now).await;
        let answer = match diary {
            Ok(diary) => self
                .held(inquirer, &diary, requested)
                .await
                .map(|held| held.map_or_else(|| diary.answer(requested), Outcome::AppointmentHeld)),
            Err(error) => Err(error),
        };
        match answer {
            Ok(outcome) => answered(outcome, None),
            Err(error) => self.unavailable(inquirer, requested, now, error).await,
        }
    }

    /// The appointment that the caller holds at exactly the requested time.
    async fn held(
        &self,
        inquirer: &Inquirer,
        diary: &Diary,
        requested: RequestedTime,
    ) -> Result<Option<Booking>, StoreError> {
        let (Some(date), Some(time)) = (requested.date, requested.time) else {
            return Ok(None);
        };
        let business_id = inquirer.key.business_id;
        let (from, to) = crate::booking::known_range(&diary.settings, date);
        let standing = self.store.appointments(business_id, from, to).await?;
        let own = standing.iter().find(|row| {
            let booking = row.booking;
            row.lead_id == inquirer.lead_id && (booking.date, booking.time) == (date, time)
        });
        Ok(own.map(|row| row.booking))
    }

    /// Books what a caller confirmed.
    pub async fn book(&self, confirmation: Confirmation, now: UtcDateTime) -> DeskAnswer {
        let Confirmation {
            inquirer,
            requested,
            one_more,
            new_appointment_id,
        } = confirmation;
        let (Some(date), Some(time)) = (requested.date, requested.time) else {
            let missing = missing_details(requested);
            return answered(Outcome::MissingDetails { missing }, None);
        };
        let name = inquirer.name.as_ref();
        let order = BookingOrder {
            key: inquirer.key.clone(),
            lead_id: inquirer.lead_id,
            epoch: inquirer.epoch,
            date,
            time,
            name: name.and_then(|name| bounded_name(name.expose())),
            one_more,
            new_appointment_id,
            now,
        };
        let error = match self.store.create_appointment_from_realtime(&order).await {
            Ok(BookingAnswer::Created(booking)) => {
                return answered(Outcome::AppointmentCreated(booking), None);
            }
            Ok(BookingAnswer::Moved { from, to }) => {
                return answered(Outcome::AppointmentMoved { from, to }, None);
            }
            Ok(BookingAnswer::AlreadyHeld {
                booking,
                in_this_call: true,
            }) => return answered(Outcome::AppointmentCreated(booking), None),
            Ok(BookingAnswer::AlreadyHeld { booking, .. }) => {
                return answered(Outcome::AppointmentHeld(booking), None);
            }
            Ok(BookingAnswer::Refused(reason)) => return self.refused(&order, reason).await,
            Ok(BookingAnswer::UnknownBusiness) => StoreError::UnknownBusiness,
            Err(error) => error,
        };
        self.unavailable(&inquirer, requested, now, error).await
    }

    /// Keeps a request that cannot be answered in time, or was not understood: it becomes a task for the business, unless
    /// the caller comes to an appointment after all.
    pub async fn keep(
        &self,
        inquirer: &Inquirer,
        requested: RequestedTime,
        now: UtcDateTime,
    ) -> Kept {
        let task = NewTask {
            task_id: inquirer.new_task_id,
            key: inquirer.key.clone(),
            lead_id: inquirer.lead_id,
            requested,
            name: inquirer.name.clone(),
            noted_at: now,
        };
        match &self.spool {
            None => Kept::NoSpool,
            Some(spool) => match spool.keep(&task).await {
                Ok(()) => Kept::Spooled,
                Err(error) => Kept::Lost(error),
            },
        }
    }

    /// Nothing is known, so nothing is claimed; the request itself is kept, if there is anybody to keep it for.
    async fn unavailable(
        &self,
        inquirer: &Inquirer,
        requested: RequestedTime,
        now: UtcDateTime,
        error: StoreError,
    ) -> DeskAnswer {
        let kept = match error {
            StoreError::UnknownBusiness | StoreError::UnknownCall | StoreError::Superseded => None,
            _ => Some(self.keep(inquirer, requested, now).await),
        };
        DeskAnswer {
            outcome: Outcome::BookingUnavailable,
            error: Some(error),
            kept,
        }
    }

    /// The refusal is true even when its alternatives cannot be looked up.
    async fn refused(&self, order: &BookingOrder, reason: Refusal) -> DeskAnswer {
        let requested = RequestedTime {
            date: Some(order.date),
            time: Some(order.time),
        };
        let diary = self
            .diary(order.key.business_id, requested.date, order.now)
            .await;
        let (alternatives, error) = match diary {
            Ok(diary) => (diary.near(order.date, requested.time), None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let outcome = Outcome::SlotUnavailable {
            requested,
            reason,
            alternatives,
        };
        answered(outcome, error)
    }

    async fn diary(
        &self,
        business_id: BusinessId,
        day: Option<Date>,
        now: UtcDateTime,
    ) -> Result<Diary, StoreError> {
        let business = self.store.business(business_id).await?;
        let settings = business.ok_or(StoreError::UnknownBusiness)?.settings;
        let today = settings.local(now).date();
        let (from, to) = settings.search_range(day.unwrap_or(today), now, LOOK_AHEAD_DAYS);
        let busy = self.store.busy(business_id, from, to).await?;
        Ok(Diary {
            taken: settings.occupancy(busy),
            settings,
            today,
            now,
        })
    }
}

const fn answered(outcome: Outcome, error: Option<StoreError>) -> DeskAnswer {
    DeskAnswer {
        outcome,
        error,
        kept: None,
    }
}

fn missing_details(requested: RequestedTime) -> Vec<Detail> {
    let date = requested.date.is_none().then_some(Detail::Date);
    let time = requested.time.is_none().then_some(Detail::Time);
    date.into_iter().chain(time).collect()
}

/// A business's settings with what is taken around the days in question: enough to answer, no I/O.
struct Diary {
    settings: AppointmentSettings,
    taken: Occupancy,
    today: Date,
    now: UtcDateTime,
}

impl Diary {
    fn availability(&self) -> Availability<'_> {
        self.settings
            .availability(&self.taken, self.now)
            .within_days(LOOK_AHEAD_DAYS)
    }

    fn answer(&self, requested: RequestedTime) -> Outcome {
        let found = match (requested.date, requested.time) {
            (Some(date), Some(time)) => self.exactly(date, time),
            (Some(date), None) => self.some_of(date),
            (None, Some(time)) => self.days_with(time),
            (None, None) => self.first(),
        };
        match found {
            Ok(slots) => Outcome::FreeSlots { requested, slots },
            Err(reason) => {
                let alternatives = self.near(requested.date.unwrap_or(self.today), requested.time);
                Outcome::SlotUnavailable {
                    requested,
                    reason,
                    alternatives,
                }
            }
        }
    }

    fn exactly(&self, date: Date, time: Time) -> Result<Vec<Slot>, Refusal> {
        match self.availability().verdict(date, time) {
            Verdict::Free(slot) => Ok(vec![slot]),
            Verdict::Refused(refusal) => Err(refusal),
        }
    }

    fn some_of(&self, date: Date) -> Result<Vec<Slot>, Refusal> {
        match self.availability().day_verdict(date) {
            Some(refusal) => Err(refusal),
            None => Ok(spread(
                &self.availability().free_slots(date),
                SLOTS_OF_A_DAY,
            )),
        }
    }

    /// The next days on which this hour is free. If there is none, the reason that holds on a working day says
    /// more than "closed" or "over".
    fn days_with(&self, time: Time) -> Result<Vec<Slot>, Refusal> {
        let availability = self.availability();
        let mut slots = Vec::new();
        let mut reason = None;
        let mut of_whole_days = None;
        for date in self.days() {
            match availability.verdict(date, time) {
                Verdict::Free(slot) => slots.push(slot),
                Verdict::Refused(refusal) if is_of_a_whole_day(refusal) => {
                    of_whole_days = of_whole_days.or(Some(refusal));
                }
                // That it is taken says most: on another day it may be had.
                Verdict::Refused(Refusal::Taken) => reason = Some(Refusal::Taken),
                Verdict::Refused(refusal) => reason = reason.or(Some(refusal)),
            }
            if slots.len() == ALTERNATIVES {
                break;
            }
        }
        if slots.is_empty() {
            Err(reason.or(of_whole_days).unwrap_or(Refusal::TooFar))
        } else {
            Ok(slots)
        }
    }

    fn first(&self) -> Result<Vec<Slot>, Refusal> {
        let availability = self.availability();
        let slots = availability.first_free(self.now, ALTERNATIVES);
        if slots.is_empty() {
            let mut reasons = self
                .days()
                .filter_map(|date| availability.day_verdict(date));
            let first = reasons.next().unwrap_or(Refusal::TooFar);
            let is_full = first == Refusal::Taken || reasons.any(|r| r == Refusal::Taken);
            Err(if is_full { Refusal::Taken } else { first })
        } else {
            Ok(slots)
        }
    }

    /// The days that are searched.
    fn days(&self) -> impl Iterator<Item = Date> {
        (0..LOOK_AHEAD_DAYS.into()).map_while(|days| self.today.checked_add(Duration::days(days)))
    }

    fn near(&self, date: Date, time: Option<Time>) -> Vec<Slot> {
        self.availability().alternatives(date, time, ALTERNATIVES)
    }
}

/// Whether a refusal would hold at any other hour of its day, too.
const fn is_of_a_whole_day(refusal: Refusal) -> bool {
    match refusal {
        Refusal::InThePast
        | Refusal::TooSoon
        | Refusal::TooFar
        | Refusal::InactiveDay
        | Refusal::Closed
        | Refusal::Holiday(_) => true,
        Refusal::OutsideHours
        | Refusal::NonexistentTime
        | Refusal::DoesNotFitBeforeClosing
        | Refusal::OffGrid
        | Refusal::Taken => false,
    }
}

/// At most `limit` of the slots, the first and the last among them, evenly apart.
fn spread(slots: &[Slot], limit: usize) -> Vec<Slot> {
    if slots.len() <= limit || limit < 2 {
        return slots.iter().take(limit).copied().collect();
    }
    let last = slots.len() - 1;
    (0..limit)
        .filter_map(|index| slots.get(index * last / (limit - 1)))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests;
