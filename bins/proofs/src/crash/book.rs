//! What the parent knows: what was attempted, what was acknowledged, what is open.

use std::collections::BTreeMap;

use toran_domain::{AppointmentId, BusinessId, CallSid};

use super::{Answer, Attempt, What};
use crate::{
    judge::{Change, Problems},
    world::Moment,
};

/// The parent's book over all processes that were killed.
#[derive(Debug, Default)]
pub(super) struct Book {
    calls: BTreeMap<CallSid, Account>,
    /// What was acknowledged, or was found to have been written before.
    pub(super) acknowledged: Vec<(BusinessId, Change)>,
    /// Every id that an appointment may have got.
    pub(super) attempted: Vec<(BusinessId, AppointmentId)>,
    pub(super) retried: Retried,
    pub(super) problems: Problems,
}

/// How the retried attempts came out.
#[derive(Debug, Default)]
pub(super) struct Retried {
    pub(super) written: u32,
    pub(super) not_written: u32,
    /// Of those that had not been written.
    pub(super) taken: u32,
}

/// One call.
#[derive(Debug, Default)]
struct Account {
    stands: Option<(AppointmentId, Moment)>,
    open: Option<Open>,
}

/// An attempt whose outcome is not known.
#[derive(Debug)]
struct Open {
    attempt: Attempt,
    /// The ids under which it was tried, the latest last.
    ids: Vec<AppointmentId>,
    tries: u32,
}

impl Book {
    /// What a process had attempted and did not live to tell.
    pub(super) fn in_flight(&self) -> Vec<Attempt> {
        let open = self.calls.values().filter_map(|call| call.open.as_ref());
        open.map(|open| open.attempt.clone()).collect()
    }

    pub(super) fn attempting(&mut self, attempt: Attempt) {
        let account = self.calls.entry(attempt.call.sid.clone()).or_default();
        let business_id = attempt.call.business_id;
        let new_id = match attempt.what {
            What::Confirm { new_id, .. } => Some(new_id),
            What::GiveUp(_) => None,
        };
        let open = account.open.get_or_insert_with(|| Open {
            attempt,
            ids: Vec::new(),
            tries: 0,
        });
        open.tries += 1;
        open.ids.extend(new_id);
        self.attempted.extend(new_id.map(|id| (business_id, id)));
    }

    pub(super) fn told(&mut self, call_sid: &CallSid, answer: &Answer) {
        let account = self.calls.entry(call_sid.clone()).or_default();
        let Some(open) = account.open.take() else {
            let answer = format!("{call_sid} was told what it did not ask: {answer:?}");
            self.problems.0.push(answer);
            return;
        };
        let retried = open.tries > 1;
        let told = outcome(account.stands, &open, answer);
        let problems = &mut self.problems;
        problems.expect(told.is_ok(), || {
            format!(
                "{open:?} of a call with {:?} was told {answer:?}",
                account.stands
            )
        });
        let Ok(Outcome { change, written }) = told else {
            return;
        };
        problems.expect(retried || !written, || {
            format!("{open:?} was done before it was asked for: {answer:?}")
        });
        if retried {
            self.retried.written += u32::from(written);
            self.retried.not_written += u32::from(!written);
            self.retried.taken += u32::from(change.is_none());
        }
        if let Some(change) = change {
            account.stands = change.to.map(|moment| (change.appointment_id, moment));
            self.acknowledged
                .push((open.attempt.call.business_id, change));
        }
    }
}

/// What an answer means.
struct Outcome {
    /// What was done by it, now or before; `None` if nothing was.
    change: Option<Change>,
    /// Whether it had been done before.
    written: bool,
}

/// What an answer means, if it is one that may be given.
fn outcome(
    stands: Option<(AppointmentId, Moment)>,
    open: &Open,
    answer: &Answer,
) -> Result<Outcome, ()> {
    let from = stands.map(|(_, moment)| moment);
    let change = |appointment_id, to| Change {
        appointment_id,
        call_sid: Some(open.attempt.call.sid.clone()),
        from,
        to,
    };
    let done = |change, written| {
        let change = Some(change);
        Ok(Outcome { change, written })
    };
    match (open.attempt.what, answer) {
        (What::Confirm { moment, .. }, Answer::Changed(told)) => {
            // A move keeps the id; what is made gets the one that was sent last.
            let id = stands
                .map(|(id, _)| id)
                .or(open.ids.last().copied())
                .ok_or(())?;
            let expected = change(id, Some(moment));
            if *told == expected {
                done(expected, false)
            } else {
                Err(())
            }
        }
        (
            What::Confirm { moment, .. },
            Answer::Held {
                appointment_id,
                moment: told,
                in_this_call: true,
            },
        ) if *told == moment => {
            let own = match stands {
                Some((id, _)) => id == *appointment_id,
                None => open.ids.contains(appointment_id),
            };
            if own {
                done(change(*appointment_id, Some(moment)), true)
            } else {
                Err(())
            }
        }
        (What::Confirm { .. }, Answer::Refused(refusal)) if refusal == "taken" => Ok(Outcome {
            change: None,
            written: false,
        }),
        (What::GiveUp(id), Answer::Changed(told)) => {
            let expected = change(id, None);
            if *told == expected {
                done(expected, false)
            } else {
                Err(())
            }
        }
        (What::GiveUp(id), Answer::GivenUpBefore(told)) if *told == id => {
            done(change(id, None), true)
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};
    use toran_domain::LeadId;
    use uuid::Uuid;

    use super::*;
    use crate::world::{Call, business_id};

    const NINE: Moment = (date!(2026 - 11 - 24), time!(9:00));

    fn id(n: u128) -> AppointmentId {
        AppointmentId::from_uuid(Uuid::from_u128(n))
    }

    fn confirm(n: u128) -> Attempt {
        Attempt {
            call: Call {
                business_id: business_id(1),
                sid: "CA1".parse().unwrap(),
                lead_id: LeadId::from_uuid(Uuid::from_u128(1)),
            },
            what: What::Confirm {
                moment: NINE,
                new_id: id(n),
            },
        }
    }

    fn held(n: u128) -> Answer {
        Answer::Held {
            appointment_id: id(n),
            moment: NINE,
            in_this_call: true,
        }
    }

    #[track_caller]
    fn check(attempts: &[u128], answer: &Answer, problems: usize, written: u32, known: usize) {
        let mut book = Book::default();
        for n in attempts {
            book.attempting(confirm(*n));
        }
        assert_eq!(book.in_flight().len(), 1);
        book.told(&"CA1".parse().unwrap(), answer);
        assert_eq!(book.problems.0.len(), problems, "{:?}", book.problems);
        assert_eq!(book.retried.written, written);
        assert_eq!(book.acknowledged.len(), known);
        assert!(book.in_flight().is_empty());
    }

    #[test]
    fn a_retry_gives_what_was_written() {
        let made = |n| {
            Answer::Changed(Change {
                appointment_id: id(n),
                call_sid: Some("CA1".parse().unwrap()),
                from: None,
                to: Some(NINE),
            })
        };
        check(&[7], &made(7), 0, 0, 1);
        check(&[7, 8], &held(7), 0, 1, 1);
        check(&[7, 8], &made(8), 0, 0, 1);
        check(&[7, 8], &Answer::Refused("taken".to_owned()), 0, 0, 0);
        // What must not be told.
        check(&[7], &held(7), 1, 0, 1);
        check(&[7, 8], &held(9), 1, 0, 0);
        check(&[7, 8], &made(7), 1, 0, 0);
        check(&[7], &Answer::Failed("out of reach".to_owned()), 1, 0, 0);
    }
}
