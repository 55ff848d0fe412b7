//! What a full table costs: nothing.
//!
//! The table is filled twice, with one business and with many, each of which has the same thousand appointments, nine a
//! day. The same questions are asked in both, so that what differs is the size of the table alone.

mod outbox;

use fastrand::Rng;
use time::{Duration as Span, UtcDateTime, macros::utc_datetime};
use tokio::time::Duration;
use toran_domain::BusinessId;
use toran_store::{Appointments as _, BookingAnswer};
use toran_store_sql::{SqlStore, proof};

use crate::{
    judge::Problems,
    lab::{Kind, Lab, Stores},
    measure::{Tally, millis},
    progress, say,
    world::{self, Call},
};

/// How many appointments a business has, and the small table altogether.
const OF_ONE: u32 = 1_000;
/// The first of them: nine in the morning, the business's own time.
const FIRST: UtcDateTime = utc_datetime!(2026-11-24 7:00);
/// How far one question looks.
const SPAN: Span = Span::days(30);
/// How often each question is asked.
const QUESTIONS: u32 = 300;
/// How many times slower a question may be in the full table.
const LIMIT: f64 = 3.0;
/// How many times a question is asked before it is measured.
const WARM_UP: u32 = 30;

/// How full.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stores: Stores,
    /// How many appointments the full table holds.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(2_000..=50_000_000))]
    rows: u32,
    /// How many events wait in the largest outbox.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    backlog: u32,
    /// From which everything random comes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the questions took.
struct Measured {
    busy: Duration,
    create: Duration,
    plans: Vec<String>,
}

/// Fills and measures each of the databases.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let mut problems = Problems::default();
    for kind in arguments.stores.kinds() {
        run_on(kind, arguments, &mut problems).await?;
        outbox::run_on(kind, arguments.backlog, &mut problems).await?;
    }
    Ok(problems.0)
}

async fn run_on(kind: Kind, arguments: &Arguments, problems: &mut Problems) -> anyhow::Result<()> {
    let (rows, seed) = (arguments.rows, arguments.seed);
    let name = kind.name();
    say(&format!(
        "scale on {name}: {OF_ONE} and {rows} appointments, seed {seed}"
    ))?;
    let lab = Lab::new(kind).await?;
    let store = lab.store().await?;
    let businesses = rows.div_ceil(OF_ONE);
    filled(&store, 0..1).await?;
    let first = world::business_id(0);
    let small = measured(&store, &[first], first, seed).await?;
    filled(&store, 1..businesses).await?;
    let all: Vec<BusinessId> = (0..businesses).map(world::business_id).collect();
    let middle = world::business_id(businesses / 2);
    let full = measured(&store, &all, middle, seed).await?;
    for (what, small, full) in [
        ("busy, 30 days", small.busy, full.busy),
        ("create", small.create, full.create),
    ] {
        let ratio = full.as_secs_f64() / small.as_secs_f64().max(f64::EPSILON);
        say(&format!(
            "  {what}: {} with {OF_ONE} rows, {} with {rows}: ratio {ratio:.2}",
            millis(small),
            millis(full)
        ))?;
        problems.expect(ratio <= LIMIT, || {
            format!("{name}: {what} is {ratio:.1} times slower in the full table")
        });
    }
    for (n, plan) in full.plans.iter().enumerate() {
        let of = if n == 0 { "these values" } else { "any values" };
        say(&format!("  plan for {of}:"))?;
        for line in plan.lines() {
            say(&format!("    {line}"))?;
        }
        problems.expect(uses_the_index(plan), || {
            format!("{name}: the index appointment_live is not used, or the table is gone through:\n{plan}")
        });
    }
    store.close().await;
    Ok(())
}

/// Whether a plan looks into `appointment_live` and at nothing else of the table.
fn uses_the_index(plan: &str) -> bool {
    let goes_through = plan.lines().any(|line| {
        line.contains("Seq Scan on appointment") || line.trim_start().starts_with("SCAN")
    });
    plan.contains("appointment_live") && !goes_through
}

/// Businesses with a full diary each.
async fn filled(store: &SqlStore, businesses: std::ops::Range<u32>) -> anyhow::Result<()> {
    for n in businesses {
        let id = world::add_business(store, n, world::half_hours()?).await?;
        let call = Call::open(store, id, "SCALE", None).await?;
        let of = (call.lead_id, &call.sid);
        let filled = proof::fill(store, id, of, FIRST, OF_ONE).await?;
        anyhow::ensure!(filled == u64::from(OF_ONE), "{filled} rows were filled in");
        if (n + 1) % 100 == 0 {
            progress(&format!("  filled {} thousand", n + 1));
        }
    }
    proof::analyze(store).await?;
    Ok(())
}

/// Asks what is taken, of businesses that are chosen by chance, and books with one of them.
async fn measured(
    store: &SqlStore,
    businesses: &[BusinessId],
    one: BusinessId,
    seed: u64,
) -> anyhow::Result<Measured> {
    let range = (FIRST, FIRST.saturating_add(SPAN));
    let mut rng = Rng::with_seed(seed);
    let mut busy = Tally::default();
    for n in 0..WARM_UP + QUESTIONS {
        let any = businesses[rng.usize(0..businesses.len())];
        let asked = store.busy(any, range.0, range.1);
        let taken = if n < WARM_UP {
            asked.await?
        } else {
            busy.timed(asked).await?
        };
        let count = taken.len();
        anyhow::ensure!(count >= 270, "only {count} are taken in 30 days");
    }
    let mut create = Tally::default();
    let days = world::working_days(80);
    // Half past every hour is free.
    let halves = world::starts(60)
        .into_iter()
        .map(|time| time + Span::minutes(30));
    let free = halves.flat_map(|time| days.iter().map(move |day| (*day, time)));
    for (n, moment) in (0..WARM_UP + QUESTIONS).zip(free) {
        let call = Call::open(store, one, &format!("SCALE-{n}"), None).await?;
        let order = call.order(moment, world::new_appointment_id());
        let asked = store.create_appointment_from_realtime(&order);
        let answer = if n < WARM_UP {
            asked.await?
        } else {
            create.timed(asked).await?
        };
        let made = matches!(answer, BookingAnswer::Created(_));
        anyhow::ensure!(made, "a free slot was not given: {answer:?}");
    }
    Ok(Measured {
        busy: busy.latency(500),
        create: create.latency(500),
        plans: proof::explain_busy(store, one, range).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_judged_by_its_steps() {
        for (plan, good) in [
            (
                "SEARCH appointment USING INDEX appointment_live (business_id=?)",
                true,
            ),
            ("SCAN appointment", false),
            ("SCAN appointment USING INDEX appointment_live", false),
            ("->  Index Scan using appointment_live on appointment", true),
            (
                "->  Bitmap Heap Scan on appointment\n  ->  Bitmap Index Scan on appointment_live",
                true,
            ),
            ("->  Seq Scan on appointment", false),
            (
                "->  Index Scan using appointment_overlap on appointment",
                false,
            ),
        ] {
            assert_eq!(uses_the_index(plan), good, "{plan}");
        }
    }
}
