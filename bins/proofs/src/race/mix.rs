//! Everybody does anything.

use std::collections::BTreeSet;

use fastrand::Rng;
use tokio::time::{Duration, Instant, sleep};
use toran_domain::{AppointmentId, Booking, BusinessId, PhoneNumber};
use toran_store::{
    Actor, Appointments as _, BookingAnswer, BookingOrder, Businesses as _, CancelAnswer,
    MoveAnswer, MoveOrder, Origin, StoreError,
};
use toran_store_sql::SqlStore;

use super::{Arguments, ChildArguments, Order, Report, all_at_once, share};
use crate::{
    child::Child,
    judge::{self, Change, Problems},
    lab::Lab,
    measure::per_second,
    say,
    world::{self, Call, Moment, NOW},
};

/// On how many days: few, so that they fill up.
const DAYS: usize = 5;
/// How many people call, in all processes: few, so that one is on the phone twice.
const PEOPLE: u32 = 200;
/// How long the business keeps the lengths of its appointments.
const LENGTHS_KEPT: Duration = Duration::from_millis(50);
/// What a caller may be refused with here.
const REFUSALS: [&str; 2] = ["taken", "does_not_fit_before_closing"];

/// What is confirmed in a call that confirmed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Another time: a move.
    Elsewhere,
    /// Another time beside it.
    OneMore,
    /// The same time: nothing.
    TheSame,
}

/// Somebody with a few calls and appointments.
pub(super) struct Caller {
    store: SqlStore,
    business_id: BusinessId,
    place: (u32, u32),
    rng: Rng,
    moments: Vec<Moment>,
    opened: u32,
    calls: Vec<(Call, Option<Moment>)>,
    known: Vec<AppointmentId>,
}

impl Caller {
    async fn act(&mut self, report: &mut Report) -> anyhow::Result<()> {
        match self.rng.u32(0..100) {
            0..45 => self.call_and_confirm(report).await,
            45..65 => self.confirm_again(Again::Elsewhere, report).await,
            65..70 => self.confirm_again(Again::OneMore, report).await,
            70..75 => self.confirm_again(Again::TheSame, report).await,
            75..90 => self.give_up(report).await,
            _ => self.be_moved(report).await,
        }
    }

    fn moment(&mut self) -> Moment {
        self.moments[self.rng.usize(0..self.moments.len())]
    }

    fn known(&mut self) -> Option<AppointmentId> {
        let last = self.known.len().checked_sub(1)?;
        Some(self.known[self.rng.usize(0..=last)])
    }

    async fn call_and_confirm(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let call_sid = format!("MIX-{}-{}", self.place.0, self.opened);
        self.opened += 1;
        let phone: Option<PhoneNumber> = if self.rng.bool() {
            Some(format!("+97254{:07}", self.rng.u32(0..PEOPLE)).parse()?)
        } else {
            None
        };
        let call = match Call::open(&self.store, self.business_id, &call_sid, phone).await {
            Ok(call) => call,
            Err(error) => {
                report.tally.not_opened(&error);
                return Ok(());
            }
        };
        let moment = self.moment();
        self.calls.push((call, None));
        self.confirm(self.calls.len() - 1, moment, false, report)
            .await;
        Ok(())
    }

    /// Confirms once more in a call that confirmed before.
    async fn confirm_again(&mut self, again: Again, report: &mut Report) -> anyhow::Result<()> {
        let Some(last) = self.calls.len().checked_sub(1) else {
            return self.call_and_confirm(report).await;
        };
        let place = self.rng.usize(0..=last);
        let same = self.calls[place].1.filter(|_| again == Again::TheSame);
        let moment = same.unwrap_or_else(|| self.moment());
        self.confirm(place, moment, again == Again::OneMore, report)
            .await;
        Ok(())
    }

    /// Confirms, now and then twice at once, as when the caller speaks into the answer.
    async fn confirm(&mut self, place: usize, moment: Moment, one_more: bool, report: &mut Report) {
        let call = self.calls[place].0.clone();
        let order = || BookingOrder {
            one_more,
            ..call.order(moment, world::new_appointment_id())
        };
        let order_once = order();
        // One more is asked for once: its twin is the same order again.
        let twin = if one_more {
            order_once.clone()
        } else {
            order()
        };
        let order = order_once;
        let twice = self.rng.u32(0..10) == 0;
        let book = |order| self.store.create_appointment_from_realtime(order);
        let answers = if twice {
            let (one, other) = report
                .tally
                .timed(async { tokio::join!(book(&order), book(&twin)) })
                .await;
            vec![one, other]
        } else {
            vec![report.tally.timed(book(&order)).await]
        };
        for answer in answers {
            if let Some(id) = booked(&call, answer, report) {
                self.calls[place].1 = Some(moment);
                self.known.push(id);
            }
        }
    }

    async fn give_up(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Some(id) = self.known() else {
            return self.call_and_confirm(report).await;
        };
        let call_sid = self.calls.first().map(|(call, _)| call.sid.clone());
        let origin = Origin {
            actor: Actor::Caller,
            call_sid: call_sid.clone(),
            at: NOW,
        };
        let cancelled = self.store.cancel_appointment(self.business_id, id, &origin);
        match report.tally.timed(cancelled).await {
            Ok(CancelAnswer::Cancelled(booking)) => {
                report.tally.told("cancelled");
                report.changes.push(Change {
                    appointment_id: id,
                    call_sid,
                    from: Some(moment_of(booking)),
                    to: None,
                });
            }
            Ok(CancelAnswer::AlreadyCancelled(_)) => report.tally.told("cancelled before"),
            Ok(CancelAnswer::Unknown) => report.tally.told("unknown"),
            Err(error) => report.tally.failed(&error),
        }
        Ok(())
    }

    /// The business moves an appointment.
    async fn be_moved(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Some(id) = self.known() else {
            return self.call_and_confirm(report).await;
        };
        let (date, time) = self.moment();
        let order = MoveOrder {
            business_id: self.business_id,
            appointment_id: id,
            date,
            time,
            origin: Origin {
                actor: Actor::Business,
                call_sid: None,
                at: NOW,
            },
        };
        match report
            .tally
            .timed(self.store.move_appointment(&order))
            .await
        {
            Ok(MoveAnswer::Moved { from, to }) => {
                report.tally.told("moved");
                report.changes.push(moved(None, from, to));
            }
            Ok(MoveAnswer::Unchanged(booking)) => {
                report.tally.told("unchanged");
                report.held.push((id, moment_of(booking)));
            }
            Ok(MoveAnswer::Refused(refusal)) => report.tally.told(refusal.as_str()),
            Ok(MoveAnswer::NotStanding | MoveAnswer::Unknown) => {
                report.tally.told("not standing");
            }
            Err(error) => report.tally.failed(&error),
        }
        Ok(())
    }
}

/// Notes what came of an order; which appointment it is about, if any.
fn booked(
    call: &Call,
    answer: Result<BookingAnswer, StoreError>,
    report: &mut Report,
) -> Option<AppointmentId> {
    match answer {
        Ok(BookingAnswer::Created(booking)) => {
            report.tally.told("created");
            report.changes.push(Change {
                appointment_id: booking.appointment_id,
                call_sid: Some(call.sid.clone()),
                from: None,
                to: Some(moment_of(booking)),
            });
            Some(booking.appointment_id)
        }
        Ok(BookingAnswer::Moved { from, to }) => {
            report.tally.told("moved");
            report.changes.push(moved(Some(call), from, to));
            Some(to.appointment_id)
        }
        Ok(BookingAnswer::AlreadyHeld { booking, .. }) => {
            report.tally.told("held");
            report
                .held
                .push((booking.appointment_id, moment_of(booking)));
            Some(booking.appointment_id)
        }
        Ok(BookingAnswer::Refused(refusal)) => {
            report.tally.told(refusal.as_str());
            None
        }
        Ok(BookingAnswer::TooMany) => {
            report.tally.told("too many");
            None
        }
        Ok(BookingAnswer::UnknownBusiness) => {
            report.tally.told("unknown");
            None
        }
        Err(error) => {
            report.tally.failed(&error);
            None
        }
    }
}

fn moved(call: Option<&Call>, from: Booking, to: Booking) -> Change {
    Change {
        appointment_id: to.appointment_id,
        call_sid: call.map(|call| call.sid.clone()),
        from: Some(moment_of(from)),
        to: Some(moment_of(to)),
    }
}

const fn moment_of(booking: Booking) -> Moment {
    (booking.date, booking.time)
}

pub(super) fn callers(
    store: &SqlStore,
    arguments: &ChildArguments,
    business_id: BusinessId,
) -> Vec<Caller> {
    let mut seeds = Rng::with_seed(arguments.seed);
    let times = world::starts(15);
    let days = world::working_days(DAYS);
    let moments: Vec<Moment> = days
        .iter()
        .flat_map(|day| times.iter().map(|time| (*day, *time)))
        .collect();
    (0..arguments.callers)
        .map(|n| Caller {
            store: store.clone(),
            business_id,
            place: (arguments.before + n, arguments.all),
            rng: seeds.fork(),
            moments: moments.clone(),
            opened: 0,
            calls: Vec::new(),
            known: Vec::new(),
        })
        .collect()
}

/// Lets every caller of this process live.
pub(super) async fn live(
    callers: Vec<Caller>,
    operations: u32,
) -> anyhow::Result<(Vec<Caller>, Report)> {
    let lives = callers.into_iter().map(|mut caller| {
        tokio::spawn(async move {
            let mut report = Report::default();
            for _ in 0..share(operations, caller.place.0, caller.place.1) {
                caller.act(&mut report).await?;
            }
            anyhow::Ok((caller, report))
        })
    });
    super::join(lives.collect()).await
}

/// The parent's part.
pub(super) async fn run(
    lab: &Lab,
    arguments: &Arguments,
    children: &mut [Child],
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let store = lab.store().await?;
    let lengths = [world::quarter_hours(30, 0)?, world::quarter_hours(45, 10)?];
    let business_id = world::add_business(&store, 1, lengths[0].clone()).await?;
    let operations = (arguments.attempts / 4).max(1);
    let order = Order::Mix {
        business_id,
        operations,
    };
    let change_lengths = async {
        for settings in lengths.iter().cycle() {
            store.update_settings(business_id, settings).await?;
            sleep(LENGTHS_KEPT).await;
        }
        anyhow::Ok(())
    };
    let began = Instant::now();
    let report = tokio::select! {
        report = all_at_once(children, &order) => report?,
        stopped = change_lengths => return stopped,
    };
    let took = began.elapsed();
    problems.0.extend(report.tally.problems());
    let known = [
        "created",
        "moved",
        "held",
        "cancelled",
        "cancelled before",
        "unchanged",
        "not standing",
    ];
    for what in report.tally.told.keys().map(String::as_str) {
        problems.expect(known.contains(&what) || REFUSALS.contains(&what), || {
            format!("nobody should be told {what:?}")
        });
    }
    let changed = report.changes.iter().map(|change| change.appointment_id);
    let ids: BTreeSet<_> = changed
        .chain(report.held.iter().map(|(id, _)| *id))
        .collect();
    let held = judge::held(&store, business_id, ids, problems).await?;
    let (_, surplus) = judge::compare(&report.changes, &held, problems);
    let stood: BTreeSet<_> = held
        .changes
        .iter()
        .filter_map(|change| Some((change.appointment_id, change.to?)))
        .collect();
    let never: Vec<_> = report
        .held
        .iter()
        .filter(|told| !stood.contains(told))
        .collect();
    problems.none_of(
        "appointments were said to be held, and never stood there",
        &never,
    );
    judge::no_overlap(&store, &[business_id], problems).await?;
    store.close().await;
    say(&format!(
        "  mix: {operations} changes: {}; {:.0}/s; {}",
        report.tally.summary(),
        per_second(report.tally.measured(), took),
        report.tally.latencies(),
    ))?;
    say(&format!(
        "  mix: {} live appointments, {} changes in the histories, {} of them acknowledged",
        held.live.len(),
        held.changes.len(),
        held.changes.len() - surplus,
    ))
}
