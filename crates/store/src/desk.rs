//! The booking desk: what a call asks when its caller asks.

use std::sync::Arc;

use time::{Date, Duration, Time, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, BusinessId, Detail, LeadId, Outcome, Pii, RequestedTime,
};
use toran_scheduling::{AppointmentSettings, Availability, Occupancy, Refusal, Slot, Verdict};

use crate::{BookingAnswer, BookingOrder, CallKey, Store, StoreError, bounded_name};

/// How many days, the first included, are searched for alternatives.
const LOOK_AHEAD_DAYS: u16 = 30;
/// How many alternatives a refusal brings, and how many slots a question without a day.
const ALTERNATIVES: usize = 3;
/// How many slots a question about a whole day brings.
const SLOTS_OF_A_DAY: usize = 4;

/// A caller's yes to a time, as the call understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The call in which it was said.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// The day and hour; what is missing is asked for.
    pub requested: RequestedTime,
    /// The caller's name, if it was said.
    pub name: Option<Pii<String>>,
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
}

/// The booking desk of all businesses. Never fails: what it cannot know, it does not claim.
///
/// It always asks the database for the settings too, so it never offers what the booking transaction
/// would refuse.
#[derive(Clone)]
pub struct Desk {
    store: Arc<dyn Store>,
}

impl Desk {
    /// A desk over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Looks up true availability for a question.
    ///
    /// With day and hour: that slot, or why not and what else there is. With a day: slots spread over
    /// it. With an hour: the next days on which it is free. With neither: the first free slots.
    pub async fn look(
        &self,
        business_id: BusinessId,
        requested: RequestedTime,
        now: UtcDateTime,
    ) -> DeskAnswer {
        match self.diary(business_id, requested.date, now).await {
            Ok(diary) => DeskAnswer {
                outcome: diary.answer(requested),
                error: None,
            },
            Err(error) => unavailable(error),
        }
    }

    /// Books what a caller confirmed.
    pub async fn book(&self, confirmation: Confirmation, now: UtcDateTime) -> DeskAnswer {
        let Confirmation {
            key,
            lead_id,
            requested,
            name,
            new_appointment_id,
        } = confirmation;
        let (Some(date), Some(time)) = (requested.date, requested.time) else {
            let outcome = Outcome::MissingDetails {
                missing: missing_details(requested),
            };
            return DeskAnswer {
                outcome,
                error: None,
            };
        };
        let name = name.as_ref().and_then(|name| bounded_name(name.expose()));
        let order = BookingOrder {
            key,
            lead_id,
            date,
            time,
            name,
            new_appointment_id,
            now,
        };
        match self.store.create_appointment_from_realtime(&order).await {
            Ok(BookingAnswer::Created(booking) | BookingAnswer::AlreadyHeld(booking)) => {
                created(booking)
            }
            Ok(BookingAnswer::Refused(reason)) => self.refused(&order, reason).await,
            Ok(BookingAnswer::UnknownBusiness) => unavailable(StoreError::UnknownBusiness),
            Err(error) => unavailable(error),
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
        DeskAnswer { outcome, error }
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

fn created(booking: Booking) -> DeskAnswer {
    DeskAnswer {
        outcome: Outcome::AppointmentCreated(booking),
        error: None,
    }
}

fn unavailable(error: StoreError) -> DeskAnswer {
    DeskAnswer {
        outcome: Outcome::BookingUnavailable,
        error: Some(error),
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
