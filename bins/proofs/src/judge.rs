//! What the database holds in the end, against what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::UtcDateTime;
use toran_domain::{AppointmentId, BusinessId, CallSid};
use toran_scheduling::{AppointmentSettings, Busy};
use toran_store::{
    AppointmentRow, AppointmentStatus, Appointments as _, Businesses as _, EventKind, Outbox as _,
};
use toran_store_sql::{SqlStore, proof};

use crate::world::{Moment, YEARS};

/// How many problems of one kind are told.
const TOLD: usize = 5;

/// A change that was acknowledged, or that a history holds: made (no `from`), moved, given up (no `to`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) appointment_id: AppointmentId,
    pub(crate) call_sid: Option<CallSid>,
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
}

impl Change {
    fn event(&self) -> EventKind {
        match (self.from, self.to) {
            (None, _) => EventKind::AppointmentCreated,
            (_, Some(_)) => EventKind::AppointmentMoved,
            (Some(_), None) => EventKind::AppointmentCancelled,
        }
    }
}

/// Everything that was found wrong.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    /// It must be so.
    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }

    /// There must be none of these.
    pub(crate) fn none_of<T: std::fmt::Debug>(&mut self, what: &str, found: &[T]) {
        if !found.is_empty() {
            let some = &found[..found.len().min(TOLD)];
            self.0
                .push(format!("{} {what}, like {some:?}", found.len()));
        }
    }
}

/// No two live appointments overlap on a seat, no resource is taken beyond its capacity, the file is whole.
pub(crate) async fn no_overlap(
    store: &SqlStore,
    businesses: &[BusinessId],
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let overlaps = proof::overlaps(store).await?;
    problems.expect(overlaps == 0, || {
        format!("{overlaps} pairs overlap on a seat")
    });
    for id in businesses {
        let busy = store.busy(*id, YEARS.0, YEARS.1).await?;
        let settings = settings(store, *id).await?;
        for resource in &settings.form().resources {
            let of_it = busy
                .iter()
                .filter(|busy| busy.resource.as_ref() == Some(&resource.id));
            let most = most_at_once(of_it);
            problems.expect(most <= i64::from(resource.capacity), || {
                format!(
                    "{most} at once on {}, which holds {}",
                    resource.id, resource.capacity
                )
            });
        }
    }
    problems.none_of("faults in the file", &proof::faults(store).await?);
    Ok(())
}

/// How many lie over one instant at most.
fn most_at_once<'a>(busy: impl Iterator<Item = &'a Busy>) -> i64 {
    // Half-open: at one instant, what ends goes first.
    let mut edges: Vec<(UtcDateTime, i64)> = busy
        .flat_map(|busy| [(busy.range.from(), 1), (busy.range.to(), -1)])
        .collect();
    edges.sort_unstable();
    let mut now = 0;
    let mut most = 0;
    for (_, step) in edges {
        now += step;
        most = most.max(now);
    }
    most
}

/// What a business holds, as far as it can be told by appointments that are known.
pub(crate) struct Held {
    /// The live ones.
    pub(crate) live: Vec<AppointmentRow>,
    /// Every change of every appointment, sorted.
    pub(crate) changes: Vec<Change>,
}

/// Reads the live appointments of a business and the history of these and of all that are named, and holds each row
/// against its history, and the histories against the outbox.
pub(crate) async fn held(
    store: &SqlStore,
    id: BusinessId,
    named: impl IntoIterator<Item = AppointmentId>,
    problems: &mut Problems,
) -> anyhow::Result<Held> {
    let settings = settings(store, id).await?;
    let live = store.appointments(id, YEARS.0, YEARS.1).await?;
    let ids = live
        .iter()
        .map(|row| row.booking.appointment_id)
        .chain(named);
    let ids: BTreeSet<AppointmentId> = ids.collect();
    let mut changes = Vec::new();
    let mut broken = Vec::new();
    for appointment_id in ids {
        let history = store.history(id, appointment_id).await?;
        let last = history.last().and_then(|change| change.to);
        let stands = store.appointment(id, appointment_id).await?;
        let as_it_says = match &stands {
            None => history.is_empty(),
            Some(row) if row.status == AppointmentStatus::Confirmed => last == Some(row.starts_at),
            Some(_) => !history.is_empty() && last.is_none(),
        };
        let follows = history.windows(2).all(|pair| pair[0].to == pair[1].from);
        let begins = history.first().is_none_or(|first| first.from.is_none());
        if !(as_it_says && follows && begins) {
            broken.push((stands, history.clone()));
        }
        let local = |at: UtcDateTime| {
            let local = settings.local(at);
            (local.date(), local.time())
        };
        changes.extend(history.into_iter().map(|change| Change {
            appointment_id,
            call_sid: change.origin.call_sid,
            from: change.from.map(local),
            to: change.to.map(local),
        }));
    }
    changes.sort_unstable();
    problems.none_of("rows that are not as their history says", &broken);
    one_event_each(store, id, &changes, problems).await?;
    Ok(Held { live, changes })
}

/// Exactly one event for each change.
async fn one_event_each(
    store: &SqlStore,
    id: BusinessId,
    changes: &[Change],
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let mut balance: BTreeMap<(Option<CallSid>, &str), i64> = BTreeMap::new();
    for change in changes {
        let key = (change.call_sid.clone(), change.event().as_str());
        *balance.entry(key).or_default() += 1;
    }
    for event in store.events(id, None, u32::MAX).await? {
        let key = (event.call_sid, event.kind.as_str());
        if key.1.starts_with("appointment.") {
            *balance.entry(key).or_default() -= 1;
        }
    }
    let uneven: Vec<_> = balance.into_iter().filter(|(_, left)| *left != 0).collect();
    problems.none_of(
        "kinds of changes without their events, or events without changes",
        &uneven,
    );
    Ok(())
}

/// The changes that were acknowledged are those that the histories hold: none lost, none made up.
pub(crate) fn compare(
    acknowledged: &[Change],
    held: &Held,
    problems: &mut Problems,
) -> (usize, usize) {
    let lost = without(acknowledged, &held.changes);
    let surplus = without(&held.changes, acknowledged);
    problems.none_of("acknowledged changes are lost", &lost);
    problems.none_of("changes that nobody was told of, or doubled", &surplus);
    (lost.len(), surplus.len())
}

/// What the one has more often than the other.
fn without(some: &[Change], others: &[Change]) -> Vec<Change> {
    let mut left: BTreeMap<&Change, usize> = BTreeMap::new();
    for other in others {
        *left.entry(other).or_default() += 1;
    }
    let more = some.iter().filter(|change| match left.get_mut(change) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    more.cloned().collect()
}

async fn settings(store: &SqlStore, id: BusinessId) -> anyhow::Result<AppointmentSettings> {
    let business = store.business(id).await?;
    let business = business.ok_or_else(|| anyhow::anyhow!("the business is gone"))?;
    Ok(business.settings)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};
    use toran_scheduling::{BusyRange, ResourceId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn who_only_touches_is_not_at_once() {
        let at = |hour| crate::world::NOW + time::Duration::hours(hour);
        let busy = |from, to| {
            let range = BusyRange::new(at(from), at(to)).unwrap();
            Busy::of(ResourceId::main(), range)
        };
        for (ranges, expected) in [
            (vec![], 0),
            (vec![(0, 1), (1, 2)], 1),
            (vec![(0, 2), (1, 3), (2, 4)], 2),
        ] {
            let busy: Vec<Busy> = ranges.iter().map(|(from, to)| busy(*from, *to)).collect();
            assert_eq!(most_at_once(busy.iter()), expected, "{ranges:?}");
        }
    }

    #[test]
    fn a_change_that_is_doubled_is_seen() {
        let change = |n| Change {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(n)),
            call_sid: None,
            from: None,
            to: Some((date!(2026 - 11 - 24), time!(9:00))),
        };
        let [one, two] = [change(1), change(2)];
        let twice = [one.clone(), one.clone(), two.clone()];
        assert_eq!(without(&twice, &twice[1..]), twice[..1]);
        assert_eq!(without(&[one, two.clone()], &twice[..2]), [two]);
    }
}
