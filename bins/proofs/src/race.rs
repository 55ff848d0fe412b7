//! Processes that fight for the same slots.
//!
//! *Hot*: one slot after the other, and all callers of all processes are let loose on each at once. *Mix*: everybody
//! books, moves, takes back and gives up at random, in a business of the full form whose lengths change meanwhile.

mod hot;
mod mix;

use serde::{Deserialize, Serialize};
use time::{Date, Time};
use toran_domain::{AppointmentId, BusinessId};

use crate::{
    child::{Child, Orders, tell},
    judge::{Change, Problems},
    lab::{self, Kind, Lab, Stores},
    measure::Tally,
    say,
    world::Moment,
};

/// What to race for, and who.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// How many callers, all at once; for PostgreSQL each with a connection of its own.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// In how many processes. One process has at most 16 connections to PostgreSQL: more callers than that share them.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    processes: u32,
    /// How many slots they fight for.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    slots: u32,
    /// How many attempts there are at these slots. A quarter as many changes follow in the mix.
    #[arg(long, default_value_t = 16_000, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// From which everything random comes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One process of the race.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ChildArguments {
    #[arg(long)]
    url: String,
    /// How many callers the processes before this one have.
    #[arg(long)]
    before: u32,
    #[arg(long)]
    callers: u32,
    /// How many callers all processes have together.
    #[arg(long)]
    all: u32,
    #[arg(long)]
    seed: u64,
}

/// What a process is to do next.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Order {
    /// All at one slot, so many attempts in all processes together.
    Slot {
        business_id: BusinessId,
        date: Date,
        time: Time,
        attempts: u32,
    },
    /// Anything, so many changes in all processes together.
    Mix {
        business_id: BusinessId,
        operations: u32,
    },
}

/// What a process was told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    tally: Tally,
    /// What was acknowledged.
    changes: Vec<Change>,
    /// What was said to be held already.
    held: Vec<(AppointmentId, Moment)>,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        self.changes.extend(other.changes);
        self.held.extend(other.held);
    }
}

/// Races on each of the databases.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for kind in arguments.stores.kinds() {
        let found = run_on(kind, arguments).await?;
        problems.extend(found.into_iter().map(|it| format!("{}: {it}", kind.name())));
    }
    Ok(problems)
}

async fn run_on(kind: Kind, arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let lab = Lab::new(kind).await?;
    let Arguments {
        connections,
        processes,
        seed,
        ..
    } = arguments;
    say(&format!(
        "race on {}: {connections} callers in {processes} processes, seed {seed}",
        kind.name()
    ))?;
    let mut problems = Problems::default();
    let mut children = start(&lab, arguments)?;
    hot::run(&lab, arguments, &mut children, &mut problems).await?;
    mix::run(&lab, arguments, &mut children, &mut problems).await?;
    for child in children {
        let ended = child.gone().await?;
        problems.expect(ended.success(), || {
            format!("a process of the race ended with {ended}")
        });
    }
    lab.settled().await?;
    if let Some(deadlocks) = lab.deadlocks().await? {
        say(&format!("  deadlocks: {deadlocks}"))?;
        problems.expect(deadlocks == 0, || format!("{deadlocks} deadlocks"));
    }
    Ok(problems.0)
}

fn start(lab: &Lab, arguments: &Arguments) -> anyhow::Result<Vec<Child>> {
    let (all, processes) = (arguments.connections, arguments.processes);
    let children = (0..processes).map(|process| {
        let callers = share(all, process, processes);
        let seed = arguments
            .seed
            .wrapping_mul(1_000)
            .wrapping_add(process.into());
        let pairs = [
            ("--url", lab.url()),
            ("--before", dealt(all, process, processes).to_string()),
            ("--callers", callers.to_string()),
            ("--all", all.to_string()),
            ("--seed", seed.to_string()),
        ];
        let pairs = pairs
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        Child::start(&[vec!["race-child".to_owned()], pairs.collect()].concat())
    });
    children.collect()
}

/// One part of a whole that is dealt out as evenly as it goes.
fn share(whole: u32, part: u32, parts: u32) -> u32 {
    dealt(whole, part + 1, parts) - dealt(whole, part, parts)
}

/// What the parts before this one got.
fn dealt(whole: u32, part: u32, parts: u32) -> u32 {
    let before = u64::from(whole) * u64::from(part) / u64::from(parts);
    // Never more than the whole.
    u32::try_from(before).unwrap_or(whole)
}

/// Gives every process an order at once and waits for all of them.
async fn all_at_once(children: &mut [Child], order: &Order) -> anyhow::Result<Report> {
    for child in &mut *children {
        child.order(order).await?;
    }
    let mut sum = Report::default();
    for child in children {
        let report: Option<Report> = child.answer().await?;
        sum.add(report.ok_or_else(|| anyhow::anyhow!("a process of the race died"))?);
    }
    Ok(sum)
}

/// Waits for all callers of this process.
async fn join<C: Send + 'static>(
    tasks: Vec<tokio::task::JoinHandle<anyhow::Result<(C, Report)>>>,
) -> anyhow::Result<(Vec<C>, Report)> {
    let mut callers = Vec::new();
    let mut sum = Report::default();
    for task in tasks {
        let (caller, report) = task.await??;
        callers.push(caller);
        sum.add(report);
    }
    Ok((callers, sum))
}

/// A process of the race: carries out orders until there are none.
pub(crate) async fn child(arguments: ChildArguments) -> anyhow::Result<()> {
    let store = lab::open(&arguments.url).await?;
    let mut hot = None;
    let mut mix = None;
    let mut orders = Orders::new();
    while let Some(order) = orders.next::<Order>().await? {
        let report = match order {
            Order::Slot {
                business_id,
                date,
                time,
                attempts,
            } => {
                let callers = match hot.take() {
                    Some(callers) => callers,
                    None => hot::callers(&store, &arguments, business_id),
                };
                let (callers, report) = hot::fight(callers, (date, time), attempts).await?;
                hot = Some(callers);
                report
            }
            Order::Mix {
                business_id,
                operations,
            } => {
                let callers = match mix.take() {
                    Some(callers) => callers,
                    None => mix::callers(&store, &arguments, business_id),
                };
                let (callers, report) = mix::live(callers, operations).await?;
                mix = Some(callers);
                report
            }
        };
        tell(&report)?;
    }
    store.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dealt_out_is_the_whole() {
        for (whole, parts) in [(16_000, 64), (40, 64), (0, 3), (7, 3)] {
            let dealt: Vec<u32> = (0..parts).map(|part| share(whole, part, parts)).collect();
            assert_eq!(dealt.iter().sum::<u32>(), whole);
            let (most, least) = (dealt.iter().max(), dealt.iter().min());
            assert!(
                most.zip(least)
                    .is_some_and(|(most, least)| most - least <= 1)
            );
        }
    }
}
