//! What a call orders at the booking desk, what it leaves to the business, and what becomes of it.

use std::sync::Arc;

use toran_call::{DeskOrder, Input, SaveId, TaskOrder};
use toran_domain::{AppointmentId, Pii, RequestedTime, TaskId, TurnIndex};
use toran_store::{CallKey, Confirmation, DeskAnswer, Inquirer, Saved, TaskDraft};
use tracing::{Instrument as _, Span, error, warn};

use super::Driver;
use crate::clock::new_id;

impl Driver {
    pub(super) fn ask_desk(&mut self, turn: TurnIndex, order: DeskOrder, inquirer: Inquirer) {
        let (bridge, now) = (Arc::clone(&self.bridge), self.utc_now());
        let limits = self.business.terms.limits.or(bridge.config.limits);
        let order = async move {
            let desk = &bridge.desk;
            let answer = match order {
                DeskOrder::Look { wish, one_more } => {
                    desk.look(&inquirer, wish, one_more, now).await
                }
                DeskOrder::Book {
                    requested,
                    one_more,
                    named_by_caller,
                } => {
                    let confirmation = Confirmation {
                        inquirer: inquirer.clone(),
                        requested,
                        one_more,
                        named_by_caller,
                        most_standing: Some(limits.appointments),
                        new_appointment_id: AppointmentId::from_uuid(new_id()),
                    };
                    desk.book(confirmation, now).await
                }
                DeskOrder::Own { about } => desk.own(&inquirer, about, now).await,
            };
            log_trouble(&inquirer.key, order.requested(), &answer);
            let outcome = answer.outcome;
            Input::Desk { turn, outcome }
        };
        self.orders.spawn(order.instrument(Span::current()));
    }

    /// Saves a request for the business; like an order, it is carried out even if the call ends.
    pub(super) fn save(&mut self, save: SaveId, order: TaskOrder) {
        let (bridge, now) = (Arc::clone(&self.bridge), self.utc_now());
        let TaskOrder {
            kind,
            requested,
            name,
            words,
        } = order;
        let inquirer = self.inquirer(name, None);
        let saving = async move {
            let draft = TaskDraft {
                kind,
                requested,
                words,
            };
            let saved = bridge.desk.save(&inquirer, draft, now).await;
            log_saved(&inquirer.key, requested, &saved);
            let noted = matches!(saved, Saved::Spooled);
            Input::Saved { save, noted }
        };
        self.orders.spawn(saving.instrument(Span::current()));
    }

    /// Stores that the call wants a person: the provider asks what to do as soon as the stream is over.
    pub(super) fn request_transfer(&mut self) {
        let (store, stream) = (Arc::clone(&self.bridge.store), self.session.stream());
        let now = self.utc_now();
        let storing = async move {
            let stored = store.request_transfer(&stream, now).await;
            if let Err(error) = &stored {
                let error = error as &dyn std::error::Error;
                warn!(
                    error,
                    "the transfer could not be stored: a task takes its place"
                );
            }
            let stored = stored.is_ok();
            Input::TransferRequested { stored }
        };
        self.orders.spawn(storing.instrument(Span::current()));
    }

    pub(super) fn inquirer(
        &self,
        name: Option<Pii<String>>,
        words: Option<Pii<String>>,
    ) -> Inquirer {
        Inquirer {
            key: self.session.key.clone(),
            lead_id: self.session.lead_id,
            epoch: self.session.epoch,
            name,
            words,
            new_task_id: TaskId::from_uuid(new_id()),
        }
    }
}

/// What went wrong behind the desk's answer, and what became of the request.
fn log_trouble(key: &CallKey, requested: RequestedTime, answer: &DeskAnswer) {
    if let Some(error) = &answer.error {
        let error = error as &dyn std::error::Error;
        warn!(error, "the booking desk could not reach its store");
    }
    if let Some(saved) = &answer.saved {
        log_saved(key, requested, saved);
    }
}

/// Of a request that is saved nowhere the line is the last trace: it says by itself which call it was and what it was about.
fn log_saved(key: &CallKey, requested: RequestedTime, saved: &Saved) {
    let (call_sid, business_id) = (&key.call_sid, key.business_id);
    let date = requested.date.map(tracing::field::display);
    let time = requested.time.map(super::log::clock);
    match saved {
        Saved::Spooled => {
            tracing::info!(
                "the request is saved, and becomes a task as soon as the database takes it"
            );
        }
        Saved::NoSpool => {
            error!(%call_sid, %business_id, date, time, "the request could not be kept: there is no spool");
        }
        Saved::Lost(error) => {
            let error = error.as_ref() as &dyn std::error::Error;
            error!(%call_sid, %business_id, date, time, error, "the request could not be kept: it is in this log alone");
        }
    }
}
