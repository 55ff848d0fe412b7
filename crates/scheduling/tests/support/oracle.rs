//! The second implementation, which goes minute by minute.

use std::ops::Range;

use jiff::{Timestamp, tz::TimeZone};
use time::{Date, Duration, Time, UtcDateTime, macros::date};
use toran_scheduling::{ClockTime, DateSpan, Holiday, HolidayRule, Opening, Refusal, ResourceId};

use super::{Case, DAYS_ASIDE, clock};

/// A slot as the slow implementation finds it: its start, its local date and hour, the place of its resource, and whether
/// the clock shows that hour at another instant, too.
pub(crate) type Found = (UtcDateTime, Date, Time, usize, Showing);

/// Which of the instants at which the clock shows an hour a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    Once,
    First,
    Second,
}

/// What is asked for: lengths in minutes.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) duration: i64,
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) units: u64,
    pub(crate) resources: Vec<usize>,
}

impl Ask {
    pub(crate) fn plain(case: &Case) -> Self {
        let form = case.form();
        Self {
            duration: form.appointment_minutes.into(),
            before: form.buffer_before_minutes.into(),
            after: form.buffer_after_minutes.into(),
            units: 1,
            resources: (0..form.resources.len()).collect(),
        }
    }

    pub(crate) fn service(case: &Case) -> Self {
        let form = case.form();
        let plain = Self::plain(case);
        let service = &form.services[0];
        let place = |id: &ResourceId| form.resources.iter().position(|r| r.id == *id).unwrap();
        Self {
            duration: service.duration_minutes.into(),
            before: service
                .buffer_before_minutes
                .map_or(plain.before, Into::into),
            resources: if service.resources.is_empty() {
                plain.resources
            } else {
                service.resources.iter().map(place).collect()
            },
            ..plain
        }
    }
}

/// The second implementation. It knows what the wall clock shows in each minute around the case's day, and looks at
/// every one of them whenever it is asked anything.
pub(crate) struct Oracle<'a> {
    case: &'a Case,
    ask: Ask,
    /// The first minute that it knows, in minutes since 1970.
    begins: i64,
    /// What the wall clock shows in each minute: minutes since 1970 as if in UTC.
    shown: Vec<i64>,
    /// The units that are taken of each resource in each minute.
    taken: Vec<Vec<u64>>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(case: &'a Case, ask: Ask) -> Self {
        let zone = TimeZone::get(case.form().time_zone.as_str()).unwrap();
        let begins = days(case.day - Duration::days(DAYS_ASIDE + 5)) * 1440;
        let minutes = (2 * DAYS_ASIDE + 12) * 1440;
        let shown: Vec<i64> = (begins..begins + minutes)
            .map(|minute| {
                let instant = Timestamp::from_second(minute * 60).unwrap();
                minute + i64::from(zone.to_offset(instant).seconds()) / 60
            })
            .collect();
        let resources = &case.form().resources;
        let mut taken = vec![vec![0; shown.len()]; resources.len()];
        for busy in &case.busy {
            let whose = busy.resource.as_ref();
            let whose = whose.and_then(|id| resources.iter().position(|r| r.id == *id));
            for (place, taken) in taken.iter_mut().enumerate() {
                let units = match whose {
                    Some(whose) if whose == place => busy.units.into(),
                    Some(_) => 0,
                    None => 1_000_000,
                };
                for minute in minute_of(busy.range.from())..minute_of(busy.range.to()) {
                    if let Some(at) = usize::try_from(minute - begins)
                        .ok()
                        .and_then(|i| taken.get_mut(i))
                    {
                        *at += units;
                    }
                }
            }
        }
        Self {
            case,
            ask,
            begins,
            shown,
            taken,
        }
    }

    fn minutes(&self) -> Range<i64> {
        self.begins..self.begins + i64::try_from(self.shown.len()).unwrap()
    }

    fn shown(&self, minute: i64) -> i64 {
        self.shown[usize::try_from(minute - self.begins).unwrap()]
    }

    /// The openings that begin on a day, by the layers of the settings.
    pub(crate) fn openings(&self, date: Date) -> Vec<Opening> {
        let mut openings = self.layered(date);
        // A late night ends where the next day begins.
        if let Some(morning) = self.layered(date.next_day().unwrap()).first() {
            let until = morning.from().minutes() + 1440;
            for opening in &mut openings {
                if opening.to().minutes() > until {
                    *opening = Opening::new(opening.from(), clock(until)).unwrap();
                }
            }
        }
        openings
    }

    /// The minutes of an opening of a day: from the first in which the clock has come to its start, to the last in which it
    /// shows its end; but to the first, if the next opening begins in between.
    fn stretch(&self, date: Date, opening: Opening) -> Range<i64> {
        let midnight = days(date) * 1440;
        let end = midnight + i64::from(opening.to().minutes());
        let tomorrow = date.next_day().unwrap();
        let today = self.openings(date).into_iter().map(|next| (midnight, next));
        let after = self
            .openings(tomorrow)
            .into_iter()
            .map(|next| (midnight + 1440, next));
        let begins = today
            .chain(after)
            .map(|(midnight, next)| midnight + i64::from(next.from().minutes()))
            .filter(|begins| *begins >= end)
            .map(|begins| self.begins_at(begins))
            .min();
        let last = self.ends_at(end);
        let ends = match begins {
            Some(begins) if begins < last => self.begins_at(end),
            _ => last,
        };
        self.begins_at(midnight + i64::from(opening.from().minutes()))..ends
    }

    /// By when an appointment in an opening of a day must be over: past midnight if the next day begins with one.
    fn closes(&self, date: Date, opening: Opening) -> i64 {
        let tomorrow = date.next_day().unwrap();
        let morning = self.openings(tomorrow).first().copied();
        match morning.filter(|morning| morning.from() == ClockTime::MIDNIGHT) {
            Some(morning) if opening.to() == ClockTime::END_OF_DAY => {
                self.stretch(tomorrow, morning).end
            }
            _ => self.stretch(date, opening).end,
        }
    }

    fn layered(&self, date: Date) -> Vec<Opening> {
        let form = self.case.form();
        let holds = |span: DateSpan| span.from() <= date && date <= span.to();
        if let Some(special) = form.special_hours.iter().find(|s| holds(s.dates)) {
            return special.hours.openings().to_vec();
        }
        if form.closures.iter().any(|closure| holds(closure.dates)) {
            return Vec::new();
        }
        let week = form.hours.on(date.weekday()).openings();
        let rule = Holiday::on(date).map(|holiday| form.holidays.on(holiday));
        match rule {
            Some(HolidayRule::Closed) => Vec::new(),
            Some(HolidayRule::ShortDay { until }) => week
                .iter()
                .filter(|opening| opening.from() < until)
                .map(|opening| Opening::new(opening.from(), opening.to().min(until)).unwrap())
                .collect(),
            Some(HolidayRule::Open) | None => week.to_vec(),
        }
    }

    /// Why a day has no openings.
    fn closed(&self, date: Date) -> Refusal {
        let form = self.case.form();
        let holds = |span: DateSpan| span.from() <= date && date <= span.to();
        if form.hours.on(date.weekday()).is_closed() {
            Refusal::InactiveDay
        } else if form
            .special_hours
            .iter()
            .any(|special| holds(special.dates))
            || form.closures.iter().any(|closure| holds(closure.dates))
        {
            Refusal::Closed
        } else {
            Refusal::Holiday(Holiday::on(date).unwrap())
        }
    }

    /// The minutes in which a reading can be shown: no clock is further from UTC than a day and a few hours, even where
    /// a whole day is skipped.
    fn minutes_near(&self, reading: i64) -> Range<i64> {
        let known = self.minutes();
        (reading - 30 * 60).max(known.start)..(reading + 30 * 60).min(known.end)
    }

    /// From the first minute in which the clock has come to a reading.
    fn begins_at(&self, reading: i64) -> i64 {
        self.minutes_near(reading)
            .find(|minute| self.shown(*minute) >= reading)
            .unwrap()
    }

    /// To the last minute in which the clock shows a reading; if it never does, to where it has passed it.
    fn ends_at(&self, reading: i64) -> i64 {
        self.minutes_near(reading)
            .rfind(|minute| self.shown(*minute) == reading)
            .unwrap_or_else(|| self.begins_at(reading))
    }

    /// The first minute in which the clock shows just this.
    fn shows_at(&self, reading: i64) -> Option<i64> {
        self.minutes_near(reading)
            .find(|minute| self.shown(*minute) == reading)
    }

    fn now(&self) -> i64 {
        minute_of(self.case.now)
    }

    fn today(&self) -> i64 {
        self.shown(self.now()).div_euclid(1440)
    }

    fn horizon(&self) -> i64 {
        self.today() + i64::from(self.case.form().booking_horizon_days)
    }

    /// The resource that has room in every minute of an appointment and of its buffers.
    fn room(&self, start: i64) -> Option<usize> {
        let footprint = start - self.ask.before..start + self.ask.duration + self.ask.after;
        let has_room = |place: &&usize| {
            let capacity = u64::from(self.case.form().resources[**place].capacity);
            footprint.clone().all(|minute| {
                let taken = self.taken[**place][usize::try_from(minute - self.begins).unwrap()];
                taken + self.ask.units <= capacity
            })
        };
        self.ask.resources.iter().find(has_room).copied()
    }

    /// Every free slot of the case's days: of every minute in which some business is open, whether one may begin there.
    pub(crate) fn slots(&self, first: Date, last: Date) -> Vec<Found> {
        let mut found = Vec::new();
        let mut day = first.previous_day().unwrap();
        while day <= last {
            for opening in self.openings(day) {
                let closes = self.closes(day, opening);
                for start in self.stretch(day, opening) {
                    let (date, _) = read(self.shown(start));
                    let in_days = first <= date && date <= last;
                    // A slot lies on the day of its opening or on the next.
                    let in_sight = date == day || Some(date) == day.next_day();
                    if in_days && in_sight && self.today() <= days(date) {
                        found.extend(self.lawful(start, (day, opening), closes).ok());
                    }
                }
            }
            day = day.next_day().unwrap();
        }
        found
    }

    /// Why a reading cannot be booked, or the slot: of one that comes twice the first is meant.
    pub(crate) fn verdict(&self, date: Date, time: Time) -> Result<Found, Refusal> {
        let reading = days(date) * 1440 + i64::from(ClockTime::from(time).minutes());
        if let Some(start) = self.shows_at(reading) {
            return self.verdict_at(start);
        }
        self.in_time(self.begins_at(reading), days(date))?;
        Err(match self.opening_day_of(date, time) {
            Some(_) => Refusal::NonexistentTime,
            None => self.not_open(date),
        })
    }

    /// The day on which the opening of a minute begins.
    pub(crate) fn opening_day(&self, minute: i64) -> Option<Date> {
        self.opening_at(minute).map(|(day, _)| day)
    }

    /// The day on which the opening of a reading begins, or would begin if the clock did not skip the reading.
    pub(crate) fn opening_day_of(&self, date: Date, time: Time) -> Option<Date> {
        let reading = days(date) * 1440 + i64::from(ClockTime::from(time).minutes());
        if let Some(minute) = self.shows_at(reading) {
            return self.opening_day(minute);
        }
        let mut days = [date, date.previous_day().unwrap()].into_iter();
        days.find(|day| {
            let minutes = reading - self::days(*day) * 1440;
            let holds = |o: &Opening| {
                (i64::from(o.from().minutes())..i64::from(o.to().minutes())).contains(&minutes)
            };
            self.openings(*day).iter().any(holds)
        })
    }

    fn opening_at(&self, minute: i64) -> Option<(Date, Opening)> {
        let (date, _) = read(self.shown(minute));
        let mut days = [date, date.previous_day().unwrap()].into_iter();
        days.find_map(|day| {
            let mut openings = self.openings(day).into_iter();
            let opening = openings.find(|o| self.stretch(day, *o).contains(&minute))?;
            Some((day, opening))
        })
    }

    /// Why nothing can begin in a minute, or the slot.
    pub(crate) fn verdict_at(&self, start: i64) -> Result<Found, Refusal> {
        let (date, _) = read(self.shown(start));
        self.in_time(start, days(date))?;
        let (day, opening) = self.opening_at(start).ok_or_else(|| self.not_open(date))?;
        self.lawful(start, (day, opening), self.closes(day, opening))
    }

    fn not_open(&self, date: Date) -> Refusal {
        if self.openings(date).is_empty() {
            self.closed(date)
        } else {
            Refusal::OutsideHours
        }
    }

    /// Whether a start is still to come, and not too far.
    fn in_time(&self, start: i64, day: i64) -> Result<(), Refusal> {
        if start <= self.now() {
            return Err(Refusal::InThePast);
        }
        if start < self.now() + i64::from(self.case.form().minimum_notice_minutes) {
            return Err(Refusal::TooSoon);
        }
        if day > self.horizon() {
            return Err(Refusal::TooFar);
        }
        Ok(())
    }

    /// Why nothing can begin in a minute of an opening of a day, or the slot.
    fn lawful(
        &self,
        start: i64,
        (day, opening): (Date, Opening),
        closes: i64,
    ) -> Result<Found, Refusal> {
        let reading = self.shown(start);
        self.in_time(start, reading.div_euclid(1440))?;
        if start + self.ask.duration > closes {
            return Err(Refusal::DoesNotFitBeforeClosing);
        }
        let since = reading - days(day) * 1440 - i64::from(opening.from().minutes());
        if since % i64::from(self.case.form().slot_interval_minutes) != 0 {
            return Err(Refusal::OffGrid);
        }
        let place = self.room(start).ok_or(Refusal::Taken)?;
        let (date, time) = read(reading);
        let showing = match self.shows_again(reading, start) {
            (false, false) => Showing::Once,
            (false, true) => Showing::First,
            (true, _) => Showing::Second,
        };
        Ok((instant(start), date, time, place, showing))
    }

    /// Whether the clock shows a reading in an earlier minute than this, and in a later one.
    fn shows_again(&self, reading: i64, minute: i64) -> (bool, bool) {
        let shows = |other: &i64| self.shown(*other) == reading;
        let known = self.minutes_near(reading);
        (
            (known.start..minute).any(|other| shows(&other)),
            (minute + 1..known.end).any(|other| shows(&other)),
        )
    }
}

fn days(date: Date) -> i64 {
    (date - date!(1970 - 01 - 01)).whole_days()
}

pub(crate) fn minute_of(instant: UtcDateTime) -> i64 {
    instant.unix_timestamp().div_euclid(60)
}

fn instant(minute: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(minute * 60).unwrap()
}

fn read(reading: i64) -> (Date, Time) {
    let date = date!(1970 - 01 - 01) + Duration::days(reading.div_euclid(1440));
    (
        date,
        Time::MIDNIGHT + Duration::minutes(reading.rem_euclid(1440)),
    )
}
