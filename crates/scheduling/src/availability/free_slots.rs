//! The walk through days, openings and grids that finds free slots.

use time::Date;

use super::{Availability, Lane};
use crate::{
    ClockTime, Opening, Slot,
    clock_time::DAY_MINUTES,
    day::DayRule,
    holiday::Walk,
    slot::When,
    zone::{Resolved, Resolver, Second},
};

/// The free slots of some days, earliest first. Made by [`Availability::slots`].
///
/// What it costs grows with the days that it walks and the slots that it finds: stretches that are taken are
/// leapt over, and what is taken elsewhere is not looked at.
///
/// ```
/// # use time::macros::{date, time, utc_datetime};
/// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
/// # let settings = AppointmentSettings::simple(
/// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
/// # )?;
/// # let taken = settings.occupancy([]);
/// # let availability = settings.availability(&taken, utc_datetime!(2026-11-23 8:00));
/// let mut slots = availability.slots(date!(2026-11-24), date!(2026-11-30));
/// assert_eq!(slots.next().map(|slot| slot.time()), Some(time!(9:00)));
/// assert_eq!(slots.nth(16).map(|slot| slot.time()), Some(time!(17:30)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FreeSlots<'a> {
    availability: Availability<'a>,
    resolver: Resolver<'a>,
    holidays: Walk,
    /// The local days whose slots are wanted.
    first: Date,
    last: Date,
    /// The last day whose openings are walked.
    last_day: Date,
    /// The day whose openings are being walked, and those of them that are done.
    day: Option<(Date, DayRule<'a>)>,
    openings_done: usize,
    grid: Grid,
    /// The resources that will do, each with where the walk has come to. `None`: what is taken does not matter.
    lanes: Option<Vec<Lane<'a>>>,
}

/// The starts of one opening that are still to be looked at: a half-open range of steps on its grid.
#[derive(Debug, Clone, Copy)]
struct Grid {
    date: Date,
    /// Where the opening begins, in minutes from the midnight of `date`.
    from: u16,
    opens: Second,
    closes: Second,
    /// The clock does not change inside the opening.
    plain: bool,
    next: i64,
    end: i64,
}

impl Grid {
    const DONE: Self = Self {
        date: Date::MIN,
        from: 0,
        opens: 0,
        closes: 0,
        plain: true,
        next: 0,
        end: 0,
    };
}

impl<'a> FreeSlots<'a> {
    /// The slots of local days, whatever day they belong to: the day before the first may go on past midnight.
    pub(super) fn new(availability: Availability<'a>, first: Date, last: Date) -> Self {
        let eve = first.previous_day().unwrap_or(first);
        Self::of_openings(availability, (eve, last), (first, last))
    }

    /// The slots of the openings that begin on some days, as far as they lie on some local days.
    pub(super) fn of_openings(
        availability: Availability<'a>,
        (first_day, last_day): (Date, Date),
        (first, last): (Date, Date),
    ) -> Self {
        let mut slots = Self {
            availability,
            resolver: Resolver::new(availability.settings.time_zone()),
            holidays: Walk::default(),
            first,
            last,
            last_day,
            day: None,
            openings_done: 0,
            grid: Grid::DONE,
            lanes: Some(availability.lanes().collect()),
        };
        if first <= last && first_day <= last_day {
            slots.begin_day(first_day);
        }
        slots
    }

    /// Every lawful slot of a day, taken or not.
    pub(super) fn regardless(availability: Availability<'a>, date: Date) -> Self {
        Self {
            lanes: None,
            ..Self::new(availability, date, date)
        }
    }

    fn begin_day(&mut self, date: Date) {
        let rule = self
            .availability
            .settings
            .day_plan(date, &mut self.holidays);
        self.day = Some((date, rule));
        self.openings_done = 0;
    }

    /// Goes on to the next opening; `None` when all days are done.
    fn next_grid(&mut self) -> Option<Grid> {
        loop {
            let (date, rule) = self.day?;
            if (date >= self.first || rule.passes_midnight())
                && let Some(opening) = rule.openings().nth(self.openings_done)
            {
                self.openings_done += 1;
                return Some(self.grid_of(date, opening, rule.closes(opening)));
            }
            match date.next_day() {
                Some(next) if next <= self.last_day => self.begin_day(next),
                _ => self.day = None,
            }
        }
    }

    fn grid_of(&mut self, date: Date, opening: Opening, closes: ClockTime) -> Grid {
        let opens = self.resolver.resolve(date, opening.from().minutes());
        let ends = self.resolver.resolve(date, opening.to().minutes());
        let closes = if closes == opening.to() {
            ends.last()
        } else {
            self.resolver.resolve(date, closes.minutes()).last()
        };
        let plain = match (opens, ends) {
            (Resolved::Once(opens), Resolved::Once(ends)) => {
                ends - opens == i64::from(opening.minutes()) * 60
            }
            _ => false,
        };
        let opens = opens.first();
        let step = self.step_minutes();
        // Readings of the clock, in minutes from the midnight of `date`, between which starts are wanted.
        let from = i64::from(opening.from().minutes());
        let midnight = i64::from(DAY_MINUTES);
        let wanted_from = if date < self.first { midnight } else { from };
        let wanted_end = if date == self.last {
            midnight
        } else {
            2 * midnight
        };
        let (next, end) = if plain {
            let length = i64::from(self.availability.need.duration) * 60;
            let last_start = closes.saturating_sub(opens) - length;
            let earliest = self.availability.earliest;
            (
                steps_up(earliest.saturating_sub(opens), step * 60),
                last_start.div_euclid(step * 60) + 1,
            )
        } else {
            (0, i64::MAX)
        };
        let in_opening = steps_up(opening.minutes().into(), step);
        Grid {
            date,
            from: opening.from().minutes(),
            opens,
            closes,
            plain,
            next: next.max(steps_up(wanted_from - from, step)),
            end: end.min(in_opening).min(steps_up(wanted_end - from, step)),
        }
    }

    /// The next free start of the opening that is being walked.
    fn next_in_grid(&mut self) -> Option<Slot> {
        let step = self.step_minutes();
        while self.grid.next < self.grid.end {
            let grid = self.grid;
            self.grid.next += 1;
            let reading = u16::try_from(i64::from(grid.from) + grid.next * step).ok()?;
            // On a plain grid every step from `next` to `end` is lawful.
            let (start, comes_twice) = if grid.plain {
                (grid.opens + grid.next * step * 60, false)
            } else {
                let (start, comes_twice) = match self.resolver.resolve(grid.date, reading) {
                    Resolved::Once(start) => (start, false),
                    Resolved::Twice { first, .. } => (first, true),
                    Resolved::Never { .. } => continue,
                };
                let ends_in_time = self.availability.need.end(start) <= grid.closes;
                if start < self.availability.earliest || !ends_in_time {
                    continue;
                }
                (start, comes_twice)
            };
            match self.room(start) {
                Ok(resource) => {
                    return Some(self.slot(&grid, reading, start, resource, comes_twice));
                }
                // Mostly the next step is free already, and there is nothing to leap over.
                Err(until) if grid.plain && until > start + step * 60 => {
                    self.grid.next = steps_up(until.saturating_sub(grid.opens), step * 60);
                }
                Err(_) => {}
            }
        }
        None
    }

    /// The first resource with room for an appointment that begins at an instant, or else the instant before
    /// which none of them has room for one.
    fn room(&mut self, start: Second) -> Result<u16, Second> {
        let Some(lanes) = &mut self.lanes else {
            return Ok(0);
        };
        let need = &self.availability.need;
        let (from, to) = need.footprint(start);
        let mut until = Second::MAX;
        for lane in lanes {
            match lane.blocked(from, to) {
                None => return Ok(lane.resource),
                Some(over) => until = until.min(over),
            }
        }
        Err(until.saturating_add(i64::from(need.before) * 60))
    }

    fn slot(&self, grid: &Grid, reading: u16, start: Second, resource: u16, twice: bool) -> Slot {
        let late = reading >= DAY_MINUTES;
        let date = if late {
            grid.date.next_day().unwrap_or(grid.date)
        } else {
            grid.date
        };
        let need = &self.availability.need;
        let when = When {
            start,
            date,
            clock: reading % DAY_MINUTES,
            late,
            comes_twice: twice,
        };
        Slot::new(when, need, resource)
    }

    fn step_minutes(&self) -> i64 {
        self.availability.settings.slot_interval_minutes().into()
    }
}

impl Iterator for FreeSlots<'_> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        loop {
            if let Some(slot) = self.next_in_grid() {
                return Some(slot);
            }
            self.grid = self.next_grid()?;
        }
    }
}

impl std::iter::FusedIterator for FreeSlots<'_> {}

/// How many steps it takes to go at least so far; none to stay or go back.
fn steps_up(far: i64, step: i64) -> i64 {
    far.max(0).saturating_add(step - 1).div_euclid(step)
}
