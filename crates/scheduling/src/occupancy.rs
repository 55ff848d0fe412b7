//! How much of each resource is taken, and when.

use std::sync::Arc;

use time::UtcDateTime;

use crate::{Busy, BusyRange, Resource, zone::Second};

/// What is taken of a business's resources: all that the questions about availability need to know of
/// appointments and absences.
///
/// Made by [`AppointmentSettings::occupancy`] for the resources of those settings. It holds no ranges but
/// levels (how many units are taken from each change on), so that a question costs what it looks at and not
/// what there is: ranges may overlap, come in any order, and lie anywhere. It can be kept and changed, as
/// appointments are made and cancelled.
///
/// ```
/// use time::macros::{date, time, utc_datetime};
/// use toran_scheduling::{AppointmentSettings, Refusal, TimeZoneName, Verdict};
///
/// let settings = AppointmentSettings::simple(
///     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
/// )?;
/// let now = utc_datetime!(2026-11-23 8:00);
/// let mut taken = settings.occupancy([]);
/// let Verdict::Free(slot) = settings.availability(&taken, now).verdict(date!(2026-11-24), time!(16:30)) else {
///     panic!("nothing is taken");
/// };
/// let appointment = settings.taken_by(&slot);
/// taken.add(&appointment);
/// let verdict = settings.availability(&taken, now).verdict(date!(2026-11-24), time!(16:30));
/// assert_eq!(verdict, Verdict::Refused(Refusal::Taken));
/// assert!(taken.remove(&appointment));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`AppointmentSettings::occupancy`]: crate::AppointmentSettings::occupancy
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupancy {
    resources: Arc<[Resource]>,
    loads: Box<[Load]>,
}

/// What takes a resource whole: more than any capacity, and far from the end of the numbers however many
/// there are.
const WHOLE: u64 = 1 << 32;

impl Occupancy {
    pub(crate) fn new(
        resources: &Arc<[Resource]>,
        busy: impl IntoIterator<Item = impl Into<Busy>>,
    ) -> Self {
        let busy = busy.into_iter();
        let some = busy.size_hint().0 / resources.len().max(1);
        let changes = resources.iter().map(|_| Changes::with_capacity(some));
        let mut changes: Vec<Changes> = changes.collect();
        let mut occupancy = Self {
            resources: Arc::clone(resources),
            loads: Box::default(),
        };
        for busy in busy {
            let busy = busy.into();
            let (resources, units) = occupancy.taken_by(&busy);
            for changes in &mut changes[resources] {
                changes.add(&busy, units);
            }
        }
        occupancy.loads = changes.into_iter().map(Changes::into_load).collect();
        occupancy
    }

    /// Takes something more.
    pub fn add(&mut self, busy: &Busy) {
        let (resources, units) = self.taken_by(busy);
        let (from, to) = busy.range.seconds();
        for load in &mut self.loads[resources] {
            load.change(from, to, |taken| taken + units);
        }
    }

    /// Gives back what was taken by just such a range; `false`, and nothing done, if less than that is taken
    /// somewhere in it.
    pub fn remove(&mut self, busy: &Busy) -> bool {
        let (resources, units) = self.taken_by(busy);
        let (from, to) = busy.range.seconds();
        let loads = &mut self.loads[resources];
        if !loads.iter().all(|load| load.least(from, to) >= units) {
            return false;
        }
        for load in loads {
            load.change(from, to, |taken| taken - units);
        }
        true
    }

    /// When no resource has a single unit left, between two instants: half-open ranges in order, cut to what was
    /// asked for. What free/busy feeds call busy.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use toran_scheduling::{Busy, BusyRange};
    ///
    /// let (from, to) = (utc_datetime!(2026-11-24 10:00), utc_datetime!(2026-11-24 12:00));
    /// let taken = settings.occupancy([Busy::everything(BusyRange::new(from, to)?)]);
    /// let noon = utc_datetime!(2026-11-24 11:00);
    /// assert_eq!(taken.full_ranges(noon, utc_datetime!(2026-11-25 0:00)), [BusyRange::new(noon, to)?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn full_ranges(&self, from: UtcDateTime, to: UtcDateTime) -> Vec<BusyRange> {
        let all = [(from.unix_timestamp(), to.unix_timestamp())];
        let mut full = all.to_vec();
        for (load, resource) in self.loads.iter().zip(&*self.resources) {
            full = intersection(&full, &load.at_least(resource.capacity.into()));
        }
        let ranges = full.into_iter();
        ranges
            .filter_map(|(from, to)| BusyRange::of_seconds(from, to))
            .collect()
    }

    /// Whether it was gathered for these resources.
    pub(crate) fn is_of(&self, resources: &[Resource]) -> bool {
        let own: &[Resource] = &self.resources;
        std::ptr::eq(own, resources) || own == resources
    }

    /// How much is taken of a resource, by its place in the settings.
    pub(crate) fn load(&self, resource: usize) -> Option<&Load> {
        self.loads.get(resource)
    }

    /// The resources that something takes, by their places, and how many units of each.
    fn taken_by(&self, busy: &Busy) -> (std::ops::Range<usize>, u64) {
        let place = busy.resource.as_ref().and_then(|id| {
            self.resources
                .iter()
                .position(|resource| resource.id == *id)
        });
        match place {
            Some(place) => (place..place + 1, busy.units.into()),
            None => (0..self.resources.len(), WHOLE),
        }
    }
}

/// What two lists of ranges, each in order, have in common.
fn intersection(some: &[(Second, Second)], others: &[(Second, Second)]) -> Vec<(Second, Second)> {
    let mut common = Vec::new();
    let (mut some, mut others) = (some.iter().peekable(), others.iter().peekable());
    while let (Some(&&one), Some(&&other)) = (some.peek(), others.peek()) {
        let both = (one.0.max(other.0), one.1.min(other.1));
        if both.0 < both.1 {
            common.push(both);
        }
        if one.1 < other.1 {
            some.next();
        } else {
            others.next();
        }
    }
    common
}

/// How many units of one resource are taken, as a step function: each level holds from its instant to that
/// of the next. Before the first nothing is taken, and the last is 0. No two neighbours are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Load(Vec<Level>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    from: Second,
    taken: u64,
}

impl Load {
    /// Whether more than `limit` units are taken somewhere in a half-open range: then the instant at which
    /// the last such level is over, before which no range of this length or a greater one can begin.
    ///
    /// `place` is where a walk in order of time has come to; a question that stands alone begins with
    /// [`Load::place_of`].
    pub(crate) fn blocked(
        &self,
        from: Second,
        to: Second,
        limit: u64,
        place: &mut usize,
    ) -> Option<Second> {
        let levels = self.0.as_slice();
        // `place` becomes the first level that begins after `from`: mostly a step or two away.
        let near = levels.len().min(*place + 8);
        while *place < near && levels[*place].from <= from {
            *place += 1;
        }
        if *place == near && near < levels.len() {
            *place += levels[near..].partition_point(|level| level.from <= from);
        }
        let mut over = None;
        let mut index = place.saturating_sub(1);
        while let Some(level) = levels.get(index)
            && level.from < to
        {
            index += 1;
            if level.taken > limit {
                over = Some(index);
            }
        }
        let mut after = levels[over?..].iter();
        after
            .find(|level| level.taken <= limit)
            .map(|level| level.from)
    }

    /// When so many units are taken or more.
    fn at_least(&self, units: u64) -> Vec<(Second, Second)> {
        let mut ranges = Vec::new();
        let mut since = None;
        for level in &self.0 {
            match since {
                None if level.taken >= units => since = Some(level.from),
                Some(from) if level.taken < units => {
                    ranges.push((from, level.from));
                    since = None;
                }
                _ => {}
            }
        }
        ranges
    }

    /// The first level that begins after an instant.
    pub(crate) fn place_of(&self, at: Second) -> usize {
        self.0.partition_point(|level| level.from <= at)
    }

    fn least(&self, from: Second, to: Second) -> u64 {
        let first = self.place_of(from);
        let before = first.checked_sub(1).map_or(0, |index| self.0[index].taken);
        let inside = self.0[first..].iter().take_while(|level| level.from < to);
        inside
            .map(|level| level.taken)
            .min()
            .unwrap_or(before)
            .min(before)
    }

    /// Puts a boundary at an instant and gives its place.
    fn cut(&mut self, at: Second) -> usize {
        let place = self.0.partition_point(|level| level.from < at);
        if self.0.get(place).is_none_or(|level| level.from != at) {
            let taken = place.checked_sub(1).map_or(0, |index| self.0[index].taken);
            self.0.insert(place, Level { from: at, taken });
        }
        place
    }

    fn change(&mut self, from: Second, to: Second, change: impl Fn(u64) -> u64) {
        let first = self.cut(from);
        let end = self.cut(to);
        for level in &mut self.0[first..end] {
            level.taken = change(level.taken);
        }
        // Inside, levels change alike; only the two ends may now be like their neighbours.
        for place in [end, first] {
            let before = place.checked_sub(1).map_or(0, |index| self.0[index].taken);
            if self.0.get(place).is_some_and(|level| level.taken == before) {
                self.0.remove(place);
            }
        }
    }
}

/// The instants at which the load of a resource changes, while it is being gathered. Beginnings and ends are
/// kept apart: each list is nearly in order when the ranges come in order, which makes sorting cheap.
#[derive(Debug, Clone)]
struct Changes {
    up: Vec<(Second, u64)>,
    down: Vec<(Second, u64)>,
}

impl Changes {
    fn with_capacity(some: usize) -> Self {
        Self {
            up: Vec::with_capacity(some),
            down: Vec::with_capacity(some),
        }
    }

    fn add(&mut self, busy: &Busy, units: u64) {
        let (from, to) = busy.range.seconds();
        self.up.push((from, units));
        self.down.push((to, units));
    }

    fn into_load(mut self) -> Load {
        self.up.sort_unstable();
        self.down.sort_unstable();
        let mut levels: Vec<Level> = Vec::with_capacity(self.up.len() + self.down.len());
        let (mut up, mut down) = (self.up.iter().peekable(), self.down.iter().peekable());
        let mut taken = 0;
        // Every end comes after its beginning, so the ends are the last to run out.
        while let Some((end, _)) = down.peek() {
            let from = up.peek().map_or(*end, |(begin, _)| *begin.min(end));
            let before = taken;
            while let Some((_, units)) = up.next_if(|(at, _)| *at == from) {
                taken += units;
            }
            while let Some((_, units)) = down.next_if(|(at, _)| *at == from) {
                taken -= units;
            }
            if taken != before {
                levels.push(Level { from, taken });
            }
        }
        Load(levels)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{ResourceId, zone::utc};

    fn resources() -> Arc<[Resource]> {
        let named = |id: &str, capacity| Resource {
            id: ResourceId::new(id).unwrap(),
            capacity,
        };
        [named("a", 1), named("b", 3)].into()
    }

    fn any_busy() -> impl Strategy<Value = Busy> {
        (0_i64..200, 1_i64..60, 0_usize..4, 1_u16..3).prop_map(|(from, length, which, units)| {
            Busy {
                range: BusyRange::new(utc(from), utc(from + length)).unwrap(),
                resource: ["a", "b", "gone"]
                    .get(which)
                    .map(|id| ResourceId::new(id).unwrap()),
                units,
            }
        })
    }

    /// Second by second: the units taken of a resource.
    fn slowly(busy: &[Busy], resource: usize) -> BTreeMap<Second, u64> {
        let id = ["a", "b"][resource];
        let taken = |at| {
            let there = busy
                .iter()
                .filter(|b| b.range.from() <= utc(at) && utc(at) < b.range.to());
            there
                .map(
                    |busy| match busy.resource.as_ref().map(ResourceId::as_str) {
                        Some(other @ ("a" | "b")) if other != id => 0,
                        Some("a" | "b") => u64::from(busy.units),
                        _ => WHOLE,
                    },
                )
                .sum()
        };
        (0..320).map(|at| (at, taken(at))).collect()
    }

    proptest! {
        #[test]
        fn levels_say_what_a_count_says(busy in prop::collection::vec(any_busy(), 0..20), from in 0_i64..250, length in 1_i64..50, limit in 0_u64..4) {
            let occupancy = Occupancy::new(&resources(), busy.iter().cloned());
            for resource in 0..2 {
                let slow = slowly(&busy, resource);
                let load = occupancy.load(resource).unwrap();
                let over = slow.range(from..from + length).rfind(|(_, taken)| **taken > limit);
                let until = over.map(|(at, _)| {
                    *slow.range(at..).find(|(_, taken)| **taken <= limit).unwrap().0
                });
                for mut place in [0, load.place_of(from)] {
                    prop_assert_eq!(load.blocked(from, from + length, limit, &mut place), until);
                }
            }
        }

        #[test]
        fn full_is_when_no_resource_has_a_unit_left(busy in prop::collection::vec(any_busy(), 0..30), from in 0_i64..250, length in 1_i64..50) {
            let occupancy = Occupancy::new(&resources(), busy.iter().cloned());
            let full = occupancy.full_ranges(utc(from), utc(from + length));
            let (a, b) = (slowly(&busy, 0), slowly(&busy, 1));
            for at in from - 5..from + length + 5 {
                let inside = (from..from + length).contains(&at);
                let slow = inside && at >= 0 && a[&at] >= 1 && b[&at] >= 3;
                let fast = full.iter().any(|range| range.from() <= utc(at) && utc(at) < range.to());
                prop_assert_eq!(fast, slow, "{}", at);
            }
        }

        #[test]
        fn one_by_one_is_as_good_as_all_at_once(busy in prop::collection::vec(any_busy(), 0..20), keep in 0_usize..20) {
            let mut grown = Occupancy::new(&resources(), Vec::<Busy>::new());
            for busy in &busy {
                grown.add(busy);
            }
            prop_assert_eq!(&grown, &Occupancy::new(&resources(), busy.iter().cloned()));
            let kept = busy.get(..keep).unwrap_or(&busy);
            for busy in &busy[kept.len()..] {
                prop_assert!(grown.remove(busy));
            }
            prop_assert_eq!(&grown, &Occupancy::new(&resources(), kept.iter().cloned()));
        }
    }

    #[test]
    fn what_is_not_taken_cannot_be_given_back() {
        let busy = |from, to| {
            Busy::of(
                ResourceId::new("a").unwrap(),
                BusyRange::new(utc(from), utc(to)).unwrap(),
            )
        };
        let mut occupancy = Occupancy::new(&resources(), [busy(10, 20)]);
        let before = occupancy.clone();
        assert!(!occupancy.remove(&busy(10, 21)));
        assert!(!occupancy.remove(&busy(9, 20)));
        assert!(!occupancy.remove(&Busy::everything(busy(10, 20).range)));
        assert_eq!(occupancy, before);
        assert!(occupancy.remove(&busy(10, 15)));
        assert_eq!(occupancy, Occupancy::new(&resources(), [busy(15, 20)]));
    }
}
