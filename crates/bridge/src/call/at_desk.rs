//! What a call orders at the booking desk, and what becomes of it.

use std::sync::Arc;

use toran_call::DeskOrder;
use toran_domain::{AppointmentId, Pii, TaskId, TurnIndex};
use toran_store::{Confirmation, DeskAnswer, Inquirer, Kept};
use tracing::{Instrument as _, Span, warn};

use super::Driver;
use crate::clock::new_id;

impl Driver {
    pub(super) fn ask_desk(&mut self, turn: TurnIndex, order: DeskOrder) {
        let (bridge, now) = (Arc::clone(&self.bridge), self.utc_now());
        let (key, lead_id) = (self.session.key.clone(), self.session.lead_id);
        let inquirer = move |name: Option<Pii<String>>| Inquirer {
            key,
            lead_id,
            name,
            new_task_id: TaskId::from_uuid(new_id()),
        };
        let order = async move {
            let answer = match order {
                DeskOrder::Look(requested) => {
                    bridge.desk.look(&inquirer(None), requested, now).await
                }
                DeskOrder::Book {
                    requested,
                    name,
                    one_more,
                } => {
                    let confirmation = Confirmation {
                        inquirer: inquirer(name),
                        requested,
                        one_more,
                        new_appointment_id: AppointmentId::from_uuid(new_id()),
                    };
                    bridge.desk.book(confirmation, now).await
                }
            };
            log_trouble(&answer);
            (turn, answer.outcome)
        };
        self.orders.spawn(order.instrument(Span::current()));
    }
}

/// What went wrong behind the desk's answer, and what became of the request.
fn log_trouble(answer: &DeskAnswer) {
    if let Some(error) = &answer.error {
        let error = error as &dyn std::error::Error;
        warn!(error, "the booking desk could not reach its store");
    }
    match &answer.kept {
        None => {}
        Some(Kept::Spooled) => {
            warn!("the request is kept on this machine until the database is back");
        }
        Some(Kept::NoSpool) => warn!("there is no spool: the request is in the transcript alone"),
        Some(Kept::Lost(error)) => {
            let error = error.as_ref() as &dyn std::error::Error;
            tracing::error!(
                error,
                "the request could not be kept: it is in this log alone"
            );
        }
    }
}
