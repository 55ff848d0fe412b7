//! Proves the stores, each on a database of its own that is gone afterwards: `race` (nothing is booked twice), `crash`
//! (nothing that was acknowledged is lost), `bench` (how fast), `scale` (as fast with a million rows).
//!
//! A command prints its figures and `HOLDS`, or what does not hold, and then its exit code is 1. It races and dies as
//! *processes*: it starts itself again, under hidden commands, and talks to them in lines of JSON.

mod bench;
mod child;
mod crash;
mod judge;
mod lab;
mod measure;
mod race;
mod scale;
mod world;

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use lab::NoPostgres;

/// The exit code when what was to be proven does not hold.
const DOES_NOT_HOLD: u8 = 1;
/// The exit code for everything else that went wrong (`EX_SOFTWARE` of sysexits).
const FAILED: u8 = 70;
/// The exit code when there is no PostgreSQL (`EX_UNAVAILABLE`).
const NO_POSTGRES: u8 = 69;

/// Proves the stores on throw-away databases: PostgreSQL (found, or started) and SQLite.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 it holds, 1 it does not, 69 there is no PostgreSQL, 70 anything else.\n\
        The server is the one at TORAN_TEST_POSTGRES_URL, else a local one, else one is started."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Processes fight for the same slots: nothing overlaps, every answer is true.
    Race(race::Arguments),
    /// A process that books is killed again and again: what it acknowledged stands, once.
    Crash(crash::Arguments),
    /// Bookings per second and their latency.
    Bench(bench::Arguments),
    /// The question for free slots costs the same in a full table, and looks at no more than it must.
    Scale(scale::Arguments),
    #[command(hide = true)]
    RaceChild(race::ChildArguments),
    #[command(hide = true)]
    CrashChild(crash::ChildArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")
        .and_then(|runtime| runtime.block_on(run(arguments.command)));
    match done {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(DOES_NOT_HOLD),
        Err(error) => {
            progress(&format!("toran-proofs: {error:#}"));
            let unavailable = error.is::<NoPostgres>();
            ExitCode::from(if unavailable { NO_POSTGRES } else { FAILED })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<Vec<String>> {
    let problems = match command {
        Command::RaceChild(arguments) => {
            race::child(arguments).await?;
            return Ok(Vec::new());
        }
        Command::CrashChild(arguments) => {
            crash::child(arguments).await?;
            return Ok(Vec::new());
        }
        Command::Race(arguments) => race::run(&arguments).await?,
        Command::Crash(arguments) => crash::run(&arguments).await?,
        Command::Bench(arguments) => bench::run(&arguments).await?,
        Command::Scale(arguments) => scale::run(&arguments).await?,
    };
    for problem in &problems {
        say(&format!("DOES NOT HOLD: {problem}"))?;
    }
    if problems.is_empty() {
        say("HOLDS")?;
    }
    Ok(problems)
}

/// A line of the result.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("the result cannot be written")
}

/// A line for who waits.
fn progress(line: &str) {
    // Whoever closed it does not wait.
    let _ = writeln!(std::io::stderr(), "{line}");
}
