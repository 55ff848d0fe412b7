//! The booking desk: what a call asks when its caller asks.

mod diary;

use std::{num::NonZeroU16, sync::Arc};

use time::{Date, UtcDateTime};
use toran_domain::{
    AppointmentId, Booking, BusinessId, Detail, LeadId, Outcome, Pii, RequestedTime, TaskId,
    TaskKind, Wish,
};
use toran_scheduling::Refusal;

use crate::{
    AppointmentRow, BookingAnswer, BookingOrder, BoxError, CallKey, CallStream, NewTask, Spool,
    Store, StoreError, bounded_name, bounded_words,
    names::{are_two_persons, same_person},
};
use diary::{Diary, LOOK_AHEAD_DAYS, settled};

/// Who asks the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquirer {
    /// The call.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// The stream that asks: see [`CallSession::epoch`](crate::CallSession).
    pub epoch: u32,
    /// The caller's name, if it was said in this call.
    pub name: Option<Pii<String>>,
    /// The caller's own words, for the task that the request becomes if it cannot be answered.
    pub words: Option<Pii<String>>,
    /// The id of that task.
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
    /// Whether the caller said this very day and hour themselves: see [`BookingOrder::named_by_caller`].
    pub named_by_caller: bool,
    /// How many coming appointments may stand for the caller's number: see [`BookingOrder::most_standing`].
    pub most_standing: Option<NonZeroU16>,
    /// The id of the appointment, if it turns out to be a new one.
    pub new_appointment_id: AppointmentId,
}

/// What the business is to do for a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDraft {
    /// What.
    pub kind: TaskKind,
    /// The day and hour that it is about, as far as they were said.
    pub requested: RequestedTime,
    /// The caller's own words; if there are none, the inquirer's.
    pub words: Option<Pii<String>>,
}

/// What the desk answered, and what went wrong behind it, for the caller of the desk to log.
#[derive(Debug)]
#[must_use]
pub struct DeskAnswer {
    /// What is true. [`Outcome::BookingUnavailable`] if the store did not answer.
    pub outcome: Outcome,
    /// The store's error. May stand beside a true outcome, when only its alternatives are lost.
    pub error: Option<StoreError>,
    /// What became of the request, if the store did not answer and there is somebody to save it for.
    pub saved: Option<Saved>,
}

/// What became of what a caller left for the business.
#[derive(Debug)]
pub enum Saved {
    /// It is durable: kept until it is a task for the business, or one already.
    Spooled,
    /// It is lost: this desk has no spool.
    NoSpool,
    /// It is lost: the spool failed.
    Lost(BoxError),
}

/// The booking desk of all businesses. Never fails: what it cannot know, it does not claim.
///
/// It always asks the database for the settings too, so it never offers what the booking transaction
/// would refuse. What is left for the business to do goes to the [`Spool`], and becomes a task from there.
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

    /// Keeps what callers leave for the business in a spool, until it is a task: every request goes through it, whether the
    /// store answers or not.
    #[must_use]
    pub fn with_spool(self, spool: Arc<dyn Spool>) -> Self {
        let spool = Some(spool);
        Self { spool, ..self }
    }

    /// Looks up true availability for a question.
    ///
    /// With day and hour: that slot, or why not and what else there is. With a day: slots spread over
    /// it. With an hour: the next days on which it is free. With neither: the first free slots. A part of the day narrows
    /// the slots where no hour was said, and a day that does not suit is left out. A time at which the
    /// caller holds an appointment is neither free nor taken: the caller is told of it, unless it is to be one more.
    pub async fn look(
        &self,
        inquirer: &Inquirer,
        wish: Wish,
        one_more: bool,
        now: UtcDateTime,
    ) -> DeskAnswer {
        let answer = self.answer(inquirer, wish, one_more, now).await;
        match answer {
            Ok(outcome) => answered(outcome, None),
            Err(error) => {
                let draft = booking_draft(wish.when);
                self.unavailable(inquirer, draft, now, error).await
            }
        }
    }

    async fn answer(
        &self,
        inquirer: &Inquirer,
        wish: Wish,
        one_more: bool,
        now: UtcDateTime,
    ) -> Result<Outcome, StoreError> {
        let wish = settled(wish);
        let business_id = inquirer.key.business_id;
        let diary = self.diary(business_id, wish.when.date, now).await?;
        let held = if one_more {
            None
        } else {
            self.held(inquirer, &diary, wish.when).await?
        };
        let Some(held) = held else {
            return Ok(diary.answer(wish));
        };
        // Whoever was told so and asks for another time means this one.
        let stream = CallStream {
            key: inquirer.key.clone(),
            epoch: inquirer.epoch,
        };
        self.store.note_held(&stream, &held).await?;
        Ok(Outcome::AppointmentHeld(held))
    }

    /// The appointment that the caller holds at exactly the requested time.
    async fn held(
        &self,
        inquirer: &Inquirer,
        diary: &Diary,
        requested: RequestedTime,
    ) -> Result<Option<Booking>, StoreError> {
        let (Some(date), Some(_)) = (requested.date, requested.time) else {
            return Ok(None);
        };
        let business_id = inquirer.key.business_id;
        let (from, to) = crate::booking::known_range(&diary.settings, date);
        let standing = self.store.appointments(business_id, from, to).await?;
        let is_held = |row: &&AppointmentRow| {
            let is_own = inquirer.made(row) || row.lead_id == inquirer.lead_id;
            is_own && inquirer.has_named(row, requested)
        };
        Ok(standing.iter().find(is_held).map(|row| row.booking))
    }

    /// Books what a caller confirmed.
    pub async fn book(&self, confirmation: Confirmation, now: UtcDateTime) -> DeskAnswer {
        let Confirmation {
            inquirer,
            requested,
            one_more,
            named_by_caller,
            most_standing,
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
            named_by_caller,
            most_standing,
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
            Ok(BookingAnswer::TooMany) => {
                return self.left_to_the_business(&inquirer, requested, now).await;
            }
            Ok(BookingAnswer::UnknownBusiness) => StoreError::UnknownBusiness,
            Err(error) => error,
        };
        let draft = booking_draft(requested);
        self.unavailable(&inquirer, draft, now, error).await
    }

    /// The coming appointments of the person who calls: "when is my appointment?".
    ///
    /// A line is not a person. The caller's are those that stand under the caller's name, those that were made in this
    /// call, the one whose day and hour the caller said, and, where no name was ever said for it, one of the line. Who has
    /// not said a name is asked for it where the line has appointments under names.
    pub async fn own(
        &self,
        inquirer: &Inquirer,
        about: RequestedTime,
        now: UtcDateTime,
    ) -> DeskAnswer {
        let business_id = inquirer.key.business_id;
        let of_line = self
            .store
            .standing_of_lead(business_id, inquirer.lead_id, now);
        match of_line.await {
            Ok(rows) => answered(own_of(inquirer, about, &rows), None),
            Err(error) => {
                let draft = TaskDraft {
                    kind: TaskKind::Message,
                    requested: about,
                    words: None,
                };
                self.unavailable(inquirer, draft, now, error).await
            }
        }
    }

    /// Saves what a caller leaves for the business: it becomes a task. One to book does not, if the caller comes to an
    /// appointment after all.
    pub async fn save(&self, inquirer: &Inquirer, draft: TaskDraft, now: UtcDateTime) -> Saved {
        let words = draft.words.as_ref().or(inquirer.words.as_ref());
        let name = inquirer.name.as_ref();
        let task = NewTask {
            task_id: inquirer.new_task_id,
            key: inquirer.key.clone(),
            lead_id: inquirer.lead_id,
            kind: draft.kind,
            requested: draft.requested,
            name: name.and_then(|name| bounded_name(name.expose())),
            words: words.and_then(|words| bounded_words(words.expose())),
            noted_at: now,
        };
        match &self.spool {
            None => Saved::NoSpool,
            Some(spool) => match spool.keep(&task).await {
                Ok(()) => Saved::Spooled,
                Err(error) => Saved::Lost(error),
            },
        }
    }

    /// A number that has all the appointments it may have gets no further one by itself: the business decides.
    async fn left_to_the_business(
        &self,
        inquirer: &Inquirer,
        requested: RequestedTime,
        now: UtcDateTime,
    ) -> DeskAnswer {
        let saved = self.save(inquirer, booking_draft(requested), now).await;
        let noted = matches!(saved, Saved::Spooled);
        DeskAnswer {
            outcome: Outcome::BookingUnavailable { noted },
            error: None,
            saved: Some(saved),
        }
    }

    /// Nothing is known, so nothing is claimed; the request itself is saved, if there is anybody to save it for.
    async fn unavailable(
        &self,
        inquirer: &Inquirer,
        draft: TaskDraft,
        now: UtcDateTime,
        error: StoreError,
    ) -> DeskAnswer {
        let saved = match error {
            StoreError::UnknownBusiness | StoreError::UnknownCall | StoreError::Superseded => None,
            StoreError::Unavailable(_) | StoreError::Refused(_) | StoreError::Corrupt { .. } => {
                Some(self.save(inquirer, draft, now).await)
            }
        };
        let noted = matches!(saved, Some(Saved::Spooled));
        DeskAnswer {
            outcome: Outcome::BookingUnavailable { noted },
            error: Some(error),
            saved,
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
            Ok(diary) => (diary.near(order.date, requested.time, None), None),
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
        saved: None,
    }
}

fn missing_details(requested: RequestedTime) -> Vec<Detail> {
    let date = requested.date.is_none().then_some(Detail::Date);
    let time = requested.time.is_none().then_some(Detail::Time);
    date.into_iter().chain(time).collect()
}

const fn booking_draft(requested: RequestedTime) -> TaskDraft {
    TaskDraft {
        kind: TaskKind::Booking,
        requested,
        words: None,
    }
}

impl Inquirer {
    /// Whether an appointment was made, or moved last, in this call.
    fn made(&self, row: &AppointmentRow) -> bool {
        row.call_sid == self.key.call_sid
    }

    /// Whether the caller named the very day and hour of an appointment, and no name that contradicts it.
    fn has_named(&self, row: &AppointmentRow, said: RequestedTime) -> bool {
        let stands = (Some(row.booking.date), Some(row.booking.time));
        stands == (said.date, said.time) && !are_two_persons(row.name.as_ref(), self.name.as_ref())
    }
}

/// The appointments of a line that are the caller's, or what the caller must say first.
fn own_of(inquirer: &Inquirer, about: RequestedTime, rows: &[AppointmentRow]) -> Outcome {
    let bookings = |is_own: &dyn Fn(&AppointmentRow) -> bool| -> Vec<Booking> {
        let own = rows.iter().filter(|row| is_own(row));
        own.map(|row| row.booking).collect()
    };
    let Some(name) = &inquirer.name else {
        let known = bookings(&|row| inquirer.made(row) || inquirer.has_named(row, about));
        let has_names = rows
            .iter()
            .any(|row| row.name.is_some() && !inquirer.made(row));
        return if known.is_empty() && has_names {
            let missing = vec![Detail::Name];
            Outcome::MissingDetails { missing }
        } else if has_names {
            Outcome::OwnAppointments { bookings: known }
        } else {
            let bookings = bookings(&|_| true);
            Outcome::OwnAppointments { bookings }
        };
    };
    let is_theirs = |row: &AppointmentRow| {
        let under = row.name.as_ref();
        under.is_none_or(|under| same_person(under.expose(), name.expose())) || inquirer.made(row)
    };
    Outcome::OwnAppointments {
        bookings: bookings(&is_theirs),
    }
}

#[cfg(test)]
mod tests;
