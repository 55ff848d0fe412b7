//! The walk through days, openings and grids that finds free slots.

use time::Date;

use super::{Availability, Lane};
use crate::{
    Opening, Slot,
    clock_time::DAY_MINUTES,
    day::DayRule,
    holiday::Walk,
    slot::When,
    zone::{Resolved, Resolver, Second, Showing, ZoneRules as _, wall_seconds},
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
    /// What is left of the opening that is being walked, behind the grid.
    rest: Option<Part>,
    grid: Grid,
    /// The resources that will do, each with where the walk has come to. `None`: what is taken does not matter.
    lanes: Option<Vec<Lane<'a>>>,
}

/// A part of an opening: all of it, or what comes after a change of the clock.
#[derive(Debug, Clone, Copy)]
struct Part {
    date: Date,
    opening: Opening,
    from: Second,
    ends: Second,
    /// By when an appointment must be over.
    closes: Second,
}

/// The starts of a part of an opening, in which the clock does not change, that are still to be looked at: a half-open range
/// of steps on its grid.
#[derive(Debug, Clone, Copy)]
struct Grid {
    date: Date,
    /// Where the opening begins, in minutes from the midnight of `date`.
    from: u16,
    /// When the clock would show that if it had never been changed before: behind a change the grid goes on as the
    /// clock shows it, so that steps may be negative.
    opens: Second,
    /// Whether the clock changes in the opening, so that an hour may come twice.
    near_change: bool,
    next: i64,
    end: i64,
}

impl Grid {
    const DONE: Self = Self {
        date: Date::MIN,
        from: 0,
        opens: 0,
        near_change: false,
        next: 0,
        end: 0,
    };

    /// The date and the hour of a reading, in minutes from the midnight of the opening's day.
    fn shown(&self, reading: u16) -> (Date, u16) {
        let date = if reading >= DAY_MINUTES {
            self.date.next_day().unwrap_or(self.date)
        } else {
            self.date
        };
        (date, reading % DAY_MINUTES)
    }
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
            rest: None,
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

    /// Goes on to the next part of an opening; `None` when all days are done.
    fn next_grid(&mut self) -> Option<Grid> {
        if let Some(rest) = self.rest.take() {
            return Some(self.grid_until_change(rest));
        }
        loop {
            let (date, plan) = self.day?;
            if (date >= self.first || plan.reaches_midnight())
                && let Some(opening) = plan.openings().nth(self.openings_done)
            {
                self.openings_done += 1;
                return Some(self.grid_of(date, plan, opening));
            }
            match date.next_day() {
                Some(next) if next <= self.last_day => self.begin_day(next),
                _ => self.day = None,
            }
        }
    }

    fn grid_of(&mut self, date: Date, plan: DayRule<'_>, opening: Opening) -> Grid {
        let settings = self.availability.settings;
        let mut resolve = |date, minutes| self.resolver.resolve(date, minutes);
        let opens = resolve(date, opening.from().minutes());
        let ends = resolve(date, opening.to().minutes());
        let is_plain = match (opens, ends) {
            (Resolved::Once(opens), Resolved::Once(ends)) => {
                ends - opens == i64::from(opening.minutes()) * 60
            }
            _ => false,
        };
        let ends = if is_plain {
            ends.last()
        } else {
            settings.ends_at((date, plan), opening, &mut resolve)
        };
        let part = Part {
            date,
            opening,
            from: opens.first(),
            ends,
            closes: if plan.closes(opening) == opening.to() {
                ends
            } else {
                settings.closes_at((date, plan), opening, &mut resolve)
            },
        };
        if is_plain {
            self.grid(part, ends, part.from, false)
        } else {
            self.grid_until_change(part)
        }
    }

    /// The grid of a part as far as the clock does not change; what comes after that is left for later.
    fn grid_until_change(&mut self, part: Part) -> Grid {
        let zone = self.availability.settings.time_zone();
        let (_, change) = zone.rules().unchanged_around(part.from);
        if change < part.ends {
            let from = change;
            self.rest = Some(Part { from, ..part });
        }
        let reading = wall_seconds(part.date, part.opening.from().minutes());
        let opens = reading.saturating_sub(zone.rules().offset_at(part.from));
        self.grid(part, change.min(part.ends), opens, true)
    }

    fn grid(&self, part: Part, until: Second, opens: Second, near_change: bool) -> Grid {
        let step = self.step_minutes();
        let from = i64::from(part.opening.from().minutes());
        // Readings of the clock, in minutes from the midnight of the opening's day, between which starts are wanted.
        let midnight = i64::from(DAY_MINUTES);
        let is_eve = part.date < self.first;
        let wanted_from = if is_eve { midnight } else { 0 };
        let is_last = part.date == self.last;
        let wanted_end = if is_last { midnight } else { 2 * midnight };
        let earliest = part.from.max(self.availability.earliest);
        let length = i64::from(self.availability.need.duration) * 60;
        let last_start = part.closes.saturating_sub(opens) - length;
        Grid {
            date: part.date,
            from: part.opening.from().minutes(),
            opens,
            near_change,
            next: steps_up(earliest.saturating_sub(opens), step * 60)
                .max(steps_up(wanted_from - from, step)),
            end: steps_up(until.saturating_sub(opens), step * 60)
                .min(last_start.div_euclid(step * 60) + 1)
                .min(steps_up(wanted_end - from, step)),
        }
    }

    /// The next free start of the part that is being walked.
    fn next_in_grid(&mut self) -> Option<Slot> {
        let step = self.step_minutes();
        while self.grid.next < self.grid.end {
            let grid = self.grid;
            self.grid.next += 1;
            let start = grid.opens + grid.next * step * 60;
            let reading = u16::try_from(i64::from(grid.from) + grid.next * step).ok()?;
            let showing = if grid.near_change {
                let (date, clock) = grid.shown(reading);
                self.resolver.resolve(date, clock).showing(start)
            } else {
                Showing::Once
            };
            if showing == Showing::Second && self.availability.each_hour_once {
                continue;
            }
            match self.room(start) {
                Ok(resource) => {
                    let (date, clock) = grid.shown(reading);
                    let when = When {
                        start,
                        date,
                        clock,
                        late: reading >= DAY_MINUTES,
                        showing,
                    };
                    return Some(Slot::new(when, &self.availability.need, resource));
                }
                // Mostly the next step is free already, and there is nothing to leap over.
                Err(until) if until > start + step * 60 => {
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

/// The first step that is at least so far.
fn steps_up(far: i64, step: i64) -> i64 {
    far.saturating_add(step - 1).div_euclid(step)
}
