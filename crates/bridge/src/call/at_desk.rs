//! What a call orders at the booking desk, and what becomes of it.

use std::{sync::Arc, time::Duration};

use toran_call::DeskOrder;
use toran_domain::{AppointmentId, Pii, RequestedTime, TaskId, TurnIndex};
use toran_store::{Confirmation, DeskAnswer, Inquirer, Kept};
use tracing::{Instrument as _, Span, warn};

use super::Driver;
use crate::clock::new_id;

/// An order that takes so long is kept for the business before the engine gives it up.
const KEPT_AFTER: Duration = Duration::from_secs(5);

impl Driver {
    pub(super) fn ask_desk(&mut self, turn: TurnIndex, order: DeskOrder) {
        let (bridge, now) = (Arc::clone(&self.bridge), self.utc_now());
        let (inquirer, requested) = (self.inquirer(order.name()), order.requested());
        let order = async move {
            let desk = &bridge.desk;
            let work = async {
                match order {
                    DeskOrder::Look(_) => desk.look(&inquirer, requested, now).await,
                    DeskOrder::Book { one_more, .. } => {
                        let confirmation = Confirmation {
                            inquirer: inquirer.clone(),
                            requested,
                            one_more,
                            new_appointment_id: AppointmentId::from_uuid(new_id()),
                        };
                        desk.book(confirmation, now).await
                    }
                }
            };
            tokio::pin!(work);
            let in_time = tokio::time::timeout(KEPT_AFTER, &mut work).await;
            let answer = if let Ok(answer) = in_time {
                answer
            } else {
                // The caller is told that it is noted, in a moment: so it is. What is booked after all closes it.
                log_kept(&desk.keep(&inquirer, requested, now).await);
                work.await
            };
            log_trouble(&answer);
            Some((turn, answer.outcome))
        };
        self.orders.spawn(order.instrument(Span::current()));
    }

    /// Keeps a request for the business; like an order, it is finished even if the call ends.
    pub(super) fn keep(&mut self, requested: RequestedTime, name: Option<Pii<String>>) {
        let (bridge, now) = (Arc::clone(&self.bridge), self.utc_now());
        let inquirer = self.inquirer(name);
        let keeping = async move {
            log_kept(&bridge.desk.keep(&inquirer, requested, now).await);
            None
        };
        self.orders.spawn(keeping.instrument(Span::current()));
    }

    fn inquirer(&self, name: Option<Pii<String>>) -> Inquirer {
        Inquirer {
            key: self.session.key.clone(),
            lead_id: self.session.lead_id,
            epoch: self.session.epoch,
            name,
            new_task_id: TaskId::from_uuid(new_id()),
        }
    }
}

/// What went wrong behind the desk's answer, and what became of the request.
fn log_trouble(answer: &DeskAnswer) {
    if let Some(error) = &answer.error {
        let error = error as &dyn std::error::Error;
        warn!(error, "the booking desk could not reach its store");
    }
    if let Some(kept) = &answer.kept {
        log_kept(kept);
    }
}

fn log_kept(kept: &Kept) {
    match kept {
        Kept::Spooled => {
            warn!("the request is kept on this machine until the database takes it as a task");
        }
        Kept::NoSpool => warn!("there is no spool: the request is in the transcript alone"),
        Kept::Lost(error) => {
            let error = error.as_ref() as &dyn std::error::Error;
            tracing::error!(
                error,
                "the request could not be kept: it is in this log alone"
            );
        }
    }
}
