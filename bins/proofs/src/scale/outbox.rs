//! What a claim costs when much waits in the outbox: as much as when little does.
//!
//! Each shape of a backlog is made in three sizes, each in a database of its own, and the same is claimed in all of them.
//! Between two claims the time of a lease goes by, so that each finds what the one before it found.

use std::time::Duration;

use time::{Duration as Span, UtcDateTime};
use toran_store::Outbox as _;
use toran_store_sql::{SqlStore, proof::Backlog};

use crate::{
    judge::Problems,
    lab::{Kind, Lab},
    measure::{Tally, millis},
    progress, say,
    world::NOW,
};

/// The smallest backlog: every other one is measured against it.
const FEW: u32 = 100;
const SOME: u32 = 10_000;
/// How many times dearer a claim may be with the largest backlog.
const LIMIT: f64 = 3.0;
/// What is dearer by less is not dearer: on a busy machine a question of half a millisecond takes four now and then.
const TRIFLE: Duration = Duration::from_millis(5);
/// As a courier claims.
const ROOM: u32 = 64;
const LEASE: Span = Span::MINUTE;
/// A lease that outlives the measurement.
const HELD: Span = Span::days(365);
const CLAIMS: usize = 30;
const WARM_UP: usize = 5;

/// What waits.
#[derive(Debug, Clone, Copy)]
enum Shape {
    ManyBusinesses,
    OneAmongMany,
    OneBusiness,
    OneLead,
    CallsGoOn,
    AtTheirLimit,
    ReceiversFail,
    NotYetDue,
}

impl Shape {
    const ALL: [Self; 8] = [
        Self::ManyBusinesses,
        Self::OneAmongMany,
        Self::OneBusiness,
        Self::OneLead,
        Self::CallsGoOn,
        Self::AtTheirLimit,
        Self::ReceiversFail,
        Self::NotYetDue,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ManyBusinesses => "of many businesses and leads",
            Self::OneAmongMany => "of one business among a thousand that have one each",
            Self::OneBusiness => "of one business, each of another lead",
            Self::OneLead => "of one lead",
            Self::CallsGoOn => "whose calls go on",
            Self::AtTheirLimit => "of receivers that are at their limit",
            Self::ReceiversFail => "of receivers that fail, as many as may at work",
            Self::NotYetDue => "whose time has not come",
        }
    }

    /// What a claim finds.
    const fn claimed(self) -> usize {
        match self {
            Self::OneBusiness => 4,
            Self::OneLead => 1,
            _ => ROOM as usize,
        }
    }

    /// So many events in this shape.
    fn backlog(self, events: u32) -> Backlog {
        let (businesses, leads) = match self {
            Self::ManyBusinesses if events == FEW => (FEW, 1),
            Self::OneBusiness | Self::OneAmongMany => (1, events),
            Self::OneLead => (1, 1),
            Self::AtTheirLimit => (16, events / 16),
            Self::ManyBusinesses | Self::CallsGoOn | Self::ReceiversFail | Self::NotYetDue => {
                (events / 10, 5)
            }
        };
        Backlog {
            name: "backlog",
            first_number: 10_000_000,
            businesses,
            leads,
            events: events / businesses / leads,
            calls_go_on: matches!(self, Self::CallsGoOn),
            receivers_fail: matches!(self, Self::ReceiversFail),
        }
    }

    /// Fills it in; beside what cannot be claimed stands a little that can.
    async fn fill(self, store: &SqlStore, events: u32) -> anyhow::Result<()> {
        let due = if matches!(self, Self::NotYetDue) {
            NOW + Span::days(300)
        } else {
            NOW
        };
        let backlog = self.backlog(events);
        let filled = backlog.fill(store, due).await?;
        anyhow::ensure!(
            filled == u64::from(backlog.size()),
            "{filled} events were filled in"
        );
        if matches!(self, Self::AtTheirLimit | Self::ReceiversFail) {
            while !store.claim_deliveries(NOW, HELD, ROOM).await?.is_empty() {}
        }
        if matches!(
            self,
            Self::OneAmongMany
                | Self::CallsGoOn
                | Self::AtTheirLimit
                | Self::ReceiversFail
                | Self::NotYetDue
        ) {
            let claimable = Backlog {
                name: "claimable",
                first_number: 0,
                businesses: if matches!(self, Self::OneAmongMany) {
                    1_000
                } else {
                    FEW
                },
                ..Self::ManyBusinesses.backlog(FEW)
            };
            claimable.fill(store, NOW).await?;
        }
        Ok(())
    }
}

pub(super) async fn run_on(kind: Kind, most: u32, problems: &mut Problems) -> anyhow::Result<()> {
    let name = kind.name();
    say(&format!(
        "outbox on {name}: with {FEW}, {SOME} and {most} events that wait"
    ))?;
    for shape in Shape::ALL {
        let mut backlogs = Vec::new();
        for events in [FEW, SOME, most] {
            progress(&format!("  filling in {events} events {}", shape.name()));
            backlogs.push(Waiting::filled(kind, shape, events).await?);
        }
        measure(shape, &mut backlogs).await?;
        judge(kind, shape, &backlogs, problems)?;
        for backlog in backlogs {
            backlog.store.close().await;
        }
    }
    Ok(())
}

/// A backlog in its database, and what was measured of it.
struct Waiting {
    /// Gone with this.
    _lab: Lab,
    store: SqlStore,
    events: u32,
    claims: Tally,
    reports: Tally,
}

impl Waiting {
    async fn filled(kind: Kind, shape: Shape, events: u32) -> anyhow::Result<Self> {
        let lab = Lab::new(kind).await?;
        let store = lab.store().await?;
        shape.fill(&store, events).await?;
        Ok(Self {
            _lab: lab,
            store,
            events,
            claims: Tally::default(),
            reports: Tally::default(),
        })
    }

    /// Claims, and reports the first event that was claimed as delivered.
    async fn claim(&mut self, shape: Shape, now: UtcDateTime) -> anyhow::Result<()> {
        let claim = self.store.claim_deliveries(now, LEASE, ROOM);
        let claimed = self.claims.timed(claim).await?;
        anyhow::ensure!(
            claimed.len() == shape.claimed(),
            "{} events were claimed of {} {}",
            claimed.len(),
            self.events,
            shape.name()
        );
        if let Some(first) = claimed.first() {
            let report = self.store.delivered(first, now);
            self.reports.timed(report).await?;
        }
        Ok(())
    }
}

/// By turns in each of the databases, so that whatever else the machine does is the same to all.
async fn measure(shape: Shape, backlogs: &mut [Waiting]) -> anyhow::Result<()> {
    let mut now = NOW;
    for n in 0..WARM_UP + CLAIMS {
        now += LEASE;
        for backlog in &mut *backlogs {
            if n == WARM_UP {
                (backlog.claims, backlog.reports) = <(Tally, Tally)>::default();
            }
            backlog.claim(shape, now).await?;
        }
    }
    Ok(())
}

fn judge(
    kind: Kind,
    shape: Shape,
    backlogs: &[Waiting],
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let (name, shape) = (kind.name(), shape.name());
    for (what, tallies) in [
        ("claim", backlogs.iter().map(|it| &it.claims).collect()),
        ("report", backlogs.iter().map(|it| &it.reports).collect()),
    ] as [(&str, Vec<&Tally>); 2]
    {
        let took: Vec<Duration> = tallies.iter().map(|tally| tally.latency(500)).collect();
        let [few, .., many] = took.as_slice() else {
            continue;
        };
        let ratio = many.as_secs_f64() / few.as_secs_f64().max(f64::EPSILON);
        let shown: Vec<String> = took.iter().copied().map(millis).collect();
        let shown = shown.join(", ");
        say(&format!("  {what}, {shape}: {shown}: ratio {ratio:.2}"))?;
        problems.expect(ratio <= LIMIT || *many <= *few + TRIFLE, || {
            format!("{name}: a {what} is {ratio:.1} times dearer with many events {shape}")
        });
    }
    Ok(())
}
