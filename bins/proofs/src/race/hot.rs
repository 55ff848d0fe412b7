//! One slot after the other, everybody at once.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::{Duration, Instant};
use toran_domain::BusinessId;
use toran_store::{Appointments as _, BookingAnswer};
use toran_store_sql::SqlStore;

use super::{Arguments, ChildArguments, Order, Report, all_at_once, share};
use crate::{
    child::Child,
    judge::{self, Change, Problems},
    lab::Lab,
    measure::per_second,
    progress, say,
    world::{self, Call, Moment},
};

/// How many open calls a caller has at hand: an attempt is made by another one each time.
const CALLS: usize = 4;

/// Somebody who tries again and again, each time as somebody else.
pub(super) struct Caller {
    store: SqlStore,
    business_id: BusinessId,
    /// Among all callers of all processes, and how many these are.
    place: (u32, u32),
    opened: u32,
    calls: VecDeque<Call>,
}

impl Caller {
    /// Opens calls until there are enough that hold nothing.
    async fn be_ready(&mut self, report: &mut Report) {
        while self.calls.len() < CALLS {
            let call_sid = format!("HOT-{}-{}", self.place.0, self.opened);
            self.opened += 1;
            match Call::open(&self.store, self.business_id, &call_sid, None).await {
                Ok(call) => self.calls.push_back(call),
                Err(error) => {
                    report.tally.not_opened(&error);
                    return;
                }
            }
        }
    }

    async fn attempt(&mut self, slot: Moment, report: &mut Report) {
        self.be_ready(report).await;
        let Some(call) = self.calls.pop_front() else {
            return;
        };
        let order = call.order(slot, world::new_appointment_id());
        let booked = self.store.create_appointment_from_realtime(&order);
        match report.tally.timed(booked).await {
            Ok(BookingAnswer::Created(booking)) => {
                report.tally.told("created");
                report.changes.push(Change {
                    appointment_id: booking.appointment_id,
                    call_sid: Some(call.sid),
                    from: None,
                    to: Some((booking.date, booking.time)),
                });
                return;
            }
            Ok(BookingAnswer::Refused(refusal)) => report.tally.told(refusal.as_str()),
            Ok(other) => report.tally.told(&format!("{other:?}")),
            Err(error) => report.tally.failed(&error),
        }
        self.calls.push_back(call);
    }
}

pub(super) fn callers(
    store: &SqlStore,
    arguments: &ChildArguments,
    business_id: BusinessId,
) -> Vec<Caller> {
    (0..arguments.callers)
        .map(|n| Caller {
            store: store.clone(),
            business_id,
            place: (arguments.before + n, arguments.all),
            opened: 0,
            calls: VecDeque::new(),
        })
        .collect()
}

/// Lets every caller of this process loose on a slot.
pub(super) async fn fight(
    callers: Vec<Caller>,
    slot: Moment,
    attempts: u32,
) -> anyhow::Result<(Vec<Caller>, Report)> {
    let fights = callers.into_iter().map(|mut caller| {
        tokio::spawn(async move {
            let mut report = Report::default();
            for _ in 0..share(attempts, caller.place.0, caller.place.1) {
                caller.attempt(slot, &mut report).await;
            }
            // For the next slot, so that then all begin at once.
            caller.be_ready(&mut report).await;
            anyhow::Ok((caller, report))
        })
    });
    super::join(fights.collect()).await
}

/// The parent's part.
pub(super) async fn run(
    lab: &Lab,
    arguments: &Arguments,
    children: &mut [Child],
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let store = lab.store().await?;
    let business_id = world::add_business(&store, 0, world::half_hours()?).await?;
    let days = world::working_days(arguments.slots as usize);
    let times = world::starts(30);
    let moments = days
        .iter()
        .flat_map(|day| times.iter().map(|time| (*day, *time)));
    let mut sum = Report::default();
    // The first order also opens the calls: it is not for a slot.
    let order = |(date, time), attempts| Order::Slot {
        business_id,
        date,
        time,
        attempts,
    };
    let first = (world::FIRST_DAY, times[0]);
    sum.add(all_at_once(children, &order(first, 0)).await?);
    let mut took = Duration::ZERO;
    let mut connections = None;
    let mut wrong = Vec::new();
    for (slot, moment) in (0..arguments.slots).zip(moments) {
        let attempts = share(arguments.attempts, slot, arguments.slots);
        let began = Instant::now();
        let report = all_at_once(children, &order(moment, attempts)).await?;
        took += began.elapsed();
        let created = report.tally.count("created");
        if created != u64::from(attempts > 0) {
            wrong.push((moment, created));
        }
        sum.add(report);
        connections = connections.max(lab.connections().await?);
        if (slot + 1) % 10 == 0 {
            progress(&format!("  hot: {} of {} slots", slot + 1, arguments.slots));
        }
    }
    problems.none_of("slots were not given just once", &wrong);
    let told = sum.tally.count("created") + sum.tally.count("taken");
    problems.expect(told == u64::from(arguments.attempts), || {
        format!(
            "not every attempt was made or refused as taken: {}",
            sum.tally.summary()
        )
    });
    problems.0.extend(sum.tally.problems());
    let ids: BTreeSet<_> = sum
        .changes
        .iter()
        .map(|change| change.appointment_id)
        .collect();
    let held = judge::held(&store, business_id, ids, problems).await?;
    judge::compare(&sum.changes, &held, problems);
    let slots = arguments.slots.min(arguments.attempts) as usize;
    problems.expect(held.live.len() == slots, || {
        format!("{} live appointments for {slots} slots", held.live.len())
    });
    judge::no_overlap(&store, &[business_id], problems).await?;
    store.close().await;
    say(&format!(
        "  hot: {} attempts at {} slots: {}; {:.0}/s; {}",
        arguments.attempts,
        arguments.slots,
        sum.tally.summary(),
        per_second(sum.tally.measured(), took),
        sum.tally.latencies(),
    ))?;
    let connections = connections.map(|some| format!(", {some} connections"));
    say(&format!(
        "  hot: {} live appointments, {} changes in the histories{}",
        held.live.len(),
        held.changes.len(),
        connections.unwrap_or_default()
    ))
}
