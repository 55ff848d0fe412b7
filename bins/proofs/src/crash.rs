//! A process that books is killed, again and again, at any moment.
//!
//! It says what it attempts before it does, and what it was told after. What it had attempted and was not told is retried
//! by the process that comes after it, as a gateway does whose caller says "yes" once more: if it was written, the answer
//! is the appointment that was written, and if it was not, it is made now.

mod book;
mod victim;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant, sleep_until};
use toran_domain::{AppointmentId, CallSid};

use crate::{
    child::Child,
    judge::{self, Change},
    lab::{Kind, Lab, Stores},
    progress, say,
    world::{self, Call, Moment},
};
use book::Book;
pub(crate) use victim::run as child;

/// So many businesses, so that their diaries do not fill up.
const BUSINESSES: u32 = 8;
/// The longest that a process lives after it is ready.
const LONGEST_LIFE_US: u64 = 150_000;

/// How often to kill.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// How many processes are killed.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// How many callers a process has at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    callers: u32,
    /// From which everything random comes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One process that is going to be killed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ChildArguments {
    #[arg(long)]
    url: String,
    /// Which process this is.
    #[arg(long)]
    life: u32,
    #[arg(long)]
    callers: u32,
    #[arg(long)]
    seed: u64,
}

/// What a process is told when it starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Legacy {
    /// What those before it had attempted and were not told the outcome of.
    retry: Vec<Attempt>,
    /// Whether it then books on, until it is killed.
    go_on: bool,
}

/// What is about to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Attempt {
    call: Call,
    what: What,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum What {
    Confirm {
        moment: Moment,
        new_id: AppointmentId,
    },
    GiveUp(AppointmentId),
}

/// What a process says.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Said {
    Ready,
    Attempting(Attempt),
    Told { call_sid: CallSid, answer: Answer },
}

/// What it was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Answer {
    /// Done now.
    Changed(Change),
    /// It stands there already.
    Held {
        appointment_id: AppointmentId,
        moment: Moment,
        in_this_call: bool,
    },
    GivenUpBefore(AppointmentId),
    Refused(String),
    Failed(String),
}

/// Kills on each of the databases.
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
    let store = lab.store().await?;
    for n in 0..BUSINESSES {
        world::add_business(&store, n, world::half_hours()?).await?;
    }
    // Nobody but the process that is killed has the database open: whoever comes next recovers it.
    store.close().await;
    let Arguments {
        kills,
        callers,
        seed,
        ..
    } = arguments;
    say(&format!(
        "crash on {}: {kills} kills of a process with {callers} callers, seed {seed}",
        kind.name()
    ))?;
    let mut rng = Rng::with_seed(arguments.seed);
    let mut book = Book::default();
    for life in 0..arguments.kills {
        let lives_for = Duration::from_micros(rng.u64(1_000..LONGEST_LIFE_US));
        live(&lab, arguments, (life, Some(lives_for)), &mut book).await?;
        if (life + 1) % 25 == 0 {
            progress(&format!("  killed {} of {kills}", life + 1));
        }
    }
    live(&lab, arguments, (arguments.kills, None), &mut book).await?;
    lab.settled().await?;
    judged(&lab, book, arguments.kills).await
}

/// One process, from its start to its end: killed after a while, or of its own accord after it retried everything.
async fn live(
    lab: &Lab,
    arguments: &Arguments,
    (life, lives_for): (u32, Option<Duration>),
    book: &mut Book,
) -> anyhow::Result<()> {
    let seed = arguments
        .seed
        .wrapping_mul(100_000)
        .wrapping_add(life.into());
    let pairs = [
        ("--url", lab.url()),
        ("--life", life.to_string()),
        ("--callers", arguments.callers.to_string()),
        ("--seed", seed.to_string()),
    ];
    let pairs = pairs
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value]);
    let mut process = Child::start(&[vec!["crash-child".to_owned()], pairs.collect()].concat())?;
    let legacy = Legacy {
        retry: book.in_flight(),
        go_on: lives_for.is_some(),
    };
    process.order(&legacy).await?;
    let mut dies_at = None;
    let mut killed = false;
    // Half of them get to be told something first: a new connection is slow, and a life is short.
    let from_the_first_answer = life % 2 == 1;
    let doomed =
        |dies_at: Option<Instant>| dies_at.or_else(|| lives_for.map(|long| Instant::now() + long));
    loop {
        let died = async {
            match dies_at {
                Some(at) if !killed => sleep_until(at).await,
                _ => std::future::pending().await,
            }
        };
        let said = tokio::select! {
            said = process.answer::<Said>() => said?,
            () = died => {
                process.kill()?;
                killed = true;
                continue;
            }
        };
        match said {
            Some(Said::Ready) if !from_the_first_answer => dies_at = doomed(dies_at),
            Some(Said::Ready) => {}
            Some(Said::Attempting(attempt)) => book.attempting(attempt),
            Some(Said::Told { call_sid, answer }) => {
                dies_at = doomed(dies_at);
                book.told(&call_sid, &answer);
            }
            None => break,
        }
    }
    let ended = process.gone().await?;
    let as_told = if killed {
        ended.code().is_none()
    } else {
        ended.success()
    };
    let problems = &mut book.problems;
    problems.expect(as_told && killed == lives_for.is_some(), || {
        format!("process {life} ended by itself: {ended}")
    });
    Ok(())
}

/// Holds the database against the book.
async fn judged(lab: &Lab, book: Book, kills: u32) -> anyhow::Result<Vec<String>> {
    let still = book.in_flight().len();
    let Book {
        acknowledged,
        attempted,
        retried,
        mut problems,
        ..
    } = book;
    problems.expect(still == 0, || {
        format!("{still} attempts were never answered")
    });
    let store = lab.store().await?;
    let businesses: Vec<_> = (0..BUSINESSES).map(world::business_id).collect();
    let (mut live, mut lost, mut doubled) = (0, 0, 0);
    for id in &businesses {
        let named = attempted
            .iter()
            .filter(|(of, _)| of == id)
            .map(|(_, id)| *id);
        let held = judge::held(&store, *id, named, &mut problems).await?;
        let of_it = acknowledged.iter().filter(|(of, _)| of == id);
        let of_it: Vec<Change> = of_it.map(|(_, change)| change.clone()).collect();
        let (missing, surplus) = judge::compare(&of_it, &held, &mut problems);
        lost += missing;
        doubled += surplus;
        live += held.live.len();
        let mut calls: Vec<_> = held.live.iter().map(|row| row.call_sid.clone()).collect();
        calls.sort_unstable();
        let twice: Vec<_> = calls.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        problems.none_of("calls with two live appointments", &twice);
        doubled += twice.len();
    }
    judge::no_overlap(&store, &businesses, &mut problems).await?;
    store.close().await;
    say(&format!(
        "  {kills} kills, {} changes acknowledged, {live} live appointments",
        acknowledged.len()
    ))?;
    say(&format!(
        "  retried in flight: {} ({} had been written, {} had not, {} of these were taken meanwhile)",
        retried.written + retried.not_written,
        retried.written,
        retried.not_written,
        retried.taken
    ))?;
    say(&format!("  lost {lost}, doubled {doubled}"))?;
    if let Some(deadlocks) = lab.deadlocks().await? {
        say(&format!("  deadlocks: {deadlocks}"))?;
        problems.expect(deadlocks == 0, || format!("{deadlocks} deadlocks"));
    }
    Ok(problems.0)
}
