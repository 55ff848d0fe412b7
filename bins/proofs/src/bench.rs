//! How many bookings in a second, and how long one takes.
//!
//! One process with one store, as one gateway has it: to PostgreSQL at most 16 connections, to SQLite one that writes.
//! Measured is the booking alone, of a slot that is free; the calls are opened before.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::time::{Duration, Instant};
use toran_store::{Appointments as _, BookingAnswer, BookingOrder};
use toran_store_sql::SqlStore;

use crate::{
    judge::{self, Problems},
    lab::{Kind, Lab, Stores},
    measure::{Tally, millis, per_second},
    progress, say,
    world::{self, Call, Moment},
};

/// Their diaries fill up evenly.
const BUSINESSES: u32 = 64;
/// On how many days: the year that can be booked.
const DAYS: usize = 300;
/// How many calls a caller has open; each confirms one more again and again.
const CALLS: u32 = 16;
/// What is booked before anything is measured, for each caller.
const WARM_UP: u32 = 8;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// How many callers book at once; several numbers give several rows.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64",
        value_parser = clap::value_parser!(u32).range(1..=1024))]
    callers: Vec<u32>,
    /// How long each row is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// Measures each of the databases.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut table = vec![
        "| store | callers | bookings/s | p50 | p99 |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for kind in arguments.stores.kinds() {
        for callers in &arguments.callers {
            progress(&format!("  {} with {callers} callers", kind.name()));
            let (tally, took, found) = measured(kind, *callers, arguments.seconds).await?;
            table.push(format!(
                "| {} | {callers} | {:.0} | {} | {} |",
                kind.name(),
                per_second(tally.measured(), took),
                millis(tally.latency(500)),
                millis(tally.latency(990)),
            ));
            problems.extend(found.into_iter().map(|it| format!("{}: {it}", kind.name())));
        }
    }
    for row in table {
        say(&row)?;
    }
    Ok(problems)
}

/// Every free slot once: another business each time, and then another day.
#[derive(Debug)]
struct Slots {
    next: AtomicU32,
    moments: Vec<Moment>,
}

impl Slots {
    fn new() -> Self {
        let (days, times) = (world::working_days(DAYS), world::starts(30));
        let moments = times
            .iter()
            .flat_map(|time| days.iter().map(|day| (*day, *time)));
        Self {
            next: AtomicU32::new(0),
            moments: moments.collect(),
        }
    }

    /// The next slot of the business that comes `n`-th, if any is left.
    fn next(&self) -> Option<(u32, Moment)> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let moment = self.moments.get((n / BUSINESSES) as usize)?;
        Some((n % BUSINESSES, *moment))
    }
}

async fn measured(
    kind: Kind,
    callers: u32,
    seconds: u64,
) -> anyhow::Result<(Tally, Duration, Vec<String>)> {
    let lab = Lab::new(kind).await?;
    let store = lab.store().await?;
    let mut ids = Vec::new();
    let mut calls = Vec::new();
    for n in 0..BUSINESSES {
        let id = world::add_business(&store, n, world::half_hours()?).await?;
        ids.push(id);
        let mut of_it = Vec::new();
        for m in 0..CALLS {
            of_it.push(Call::open(&store, id, &format!("BENCH-{n}-{m}"), None).await?);
        }
        calls.push(of_it);
    }
    let (slots, calls) = (Arc::new(Slots::new()), Arc::new(calls));
    let book = |caller: u32, until: Until| {
        let (store, slots, calls) = (store.clone(), Arc::clone(&slots), Arc::clone(&calls));
        tokio::spawn(async move { booked(&store, &slots, &calls, (caller, until)).await })
    };
    let warm: Vec<_> = (0..callers)
        .map(|n| book(n, Until::Count(WARM_UP)))
        .collect();
    for caller in warm {
        caller.await?;
    }
    let began = Instant::now();
    let until = Until::Instant(began + Duration::from_secs(seconds));
    let booking: Vec<_> = (0..callers).map(|n| book(n, until)).collect();
    let mut tally = Tally::default();
    for caller in booking {
        tally.add(caller.await?);
    }
    let took = began.elapsed();
    let mut problems = Problems::default();
    problems.0.extend(tally.problems());
    problems.expect(tally.measured() as u64 == tally.count("created"), || {
        format!(
            "not every booking of a free slot was made: {}",
            tally.summary()
        )
    });
    judge::no_overlap(&store, &ids, &mut problems).await?;
    store.close().await;
    Ok((tally, took, problems.0))
}

#[derive(Debug, Clone, Copy)]
enum Until {
    Count(u32),
    Instant(Instant),
}

/// One caller, who books until then.
async fn booked(
    store: &SqlStore,
    slots: &Slots,
    calls: &[Vec<Call>],
    (caller, until): (u32, Until),
) -> Tally {
    let mut tally = Tally::default();
    for n in 0_u32.. {
        let over = match until {
            Until::Count(count) => n >= count,
            Until::Instant(at) => Instant::now() >= at,
        };
        let Some((business, moment)) = slots.next().filter(|_| !over) else {
            break;
        };
        // Two callers meet in one call now and then, which they never do in life: then one waits for the other.
        let of_it = &calls[business as usize];
        let call = &of_it[(caller as usize + n as usize) % of_it.len()];
        let order = BookingOrder {
            one_more: true,
            ..call.order(moment, world::new_appointment_id())
        };
        match tally
            .timed(store.create_appointment_from_realtime(&order))
            .await
        {
            Ok(BookingAnswer::Created(_)) => tally.told("created"),
            Ok(other) => tally.told(&format!("{other:?}")),
            Err(error) => tally.failed(&error),
        }
    }
    tally
}
