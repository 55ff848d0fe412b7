//! What holds on one day of the calendar: the layers of the settings, from the hours of the week up.

use time::{Date, UtcDateTime};

use crate::{
    AppointmentSettings, ClockTime, DateSpan, DayHours, Holiday, HolidayRule, Opening, Refusal,
    clock_time::DAY_MINUTES,
    holiday::Walk,
    zone::{Resolved, Resolver, Second, utc},
};

/// What holds on one day of the calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DayRule<'a> {
    /// The openings that begin on it, before `until` cuts them.
    openings: &'a [Opening],
    until: ClockTime,
    /// Where an opening until midnight really ends: later where the next day begins with one.
    goes_on_until: ClockTime,
    /// Why it has none.
    pub(crate) closed: Refusal,
}

impl<'a> DayRule<'a> {
    const fn new(openings: &'a [Opening], until: ClockTime, closed: Refusal) -> Self {
        Self {
            openings,
            until,
            goes_on_until: ClockTime::END_OF_DAY,
            closed,
        }
    }

    /// The openings of the day as they really are.
    pub(crate) fn openings(self) -> impl Iterator<Item = Opening> + 'a {
        self.openings
            .iter()
            .filter_map(move |opening| opening.before(self.until))
    }

    /// Where the first opening begins.
    pub(crate) fn first(self) -> Option<Opening> {
        self.openings().next()
    }

    /// By when an appointment in one of its openings must be over.
    pub(crate) fn closes(self, opening: Opening) -> ClockTime {
        if opening.to() == ClockTime::END_OF_DAY {
            self.goes_on_until
        } else {
            opening.to()
        }
    }

    /// Whether an opening goes on to the midnight at its end, or past it.
    pub(crate) fn reaches_midnight(self) -> bool {
        self.ends() >= ClockTime::END_OF_DAY
    }

    /// Where its last opening ends.
    pub(crate) fn ends(self) -> ClockTime {
        let last = self.openings().last();
        last.map_or(ClockTime::MIDNIGHT, |last| last.to())
    }
}

impl AppointmentSettings {
    /// The openings that begin on a day of the calendar, closures, special hours and holidays included.
    ///
    /// ```
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use time::macros::date;
    ///
    /// assert_eq!(settings.hours_on(date!(2026-11-24)).to_string(), "09:00-18:00");
    /// assert!(settings.hours_on(date!(2026-11-28)).is_closed()); // a Saturday
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hours_on(&self, date: Date) -> DayHours {
        let plan = self.day_plan(date, &mut Walk::default());
        DayHours::in_order(plan.openings())
    }

    /// Why a day of the calendar has no openings at all, or `None` when it has some.
    ///
    /// ```
    /// # use time::macros::{date, time, utc_datetime};
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use toran_scheduling::Refusal;
    ///
    /// assert_eq!(settings.closed_on(date!(2026-11-28)), Some(Refusal::InactiveDay));
    /// assert_eq!(settings.closed_on(date!(2026-11-29)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn closed_on(&self, date: Date) -> Option<Refusal> {
        let rule = self.day_rule(date, Holiday::on);
        rule.first().is_none().then_some(rule.closed)
    }

    /// When the business is open between two instants: half-open ranges in order, cut to what was asked for, joined
    /// where they touch.
    ///
    /// ```
    /// # use toran_scheduling::{AppointmentSettings, TimeZoneName};
    /// # let settings = AppointmentSettings::simple(
    /// #     "sun-fri".parse()?, time::macros::time!(9:00), time::macros::time!(18:00), 30, TimeZoneName::jerusalem(),
    /// # )?;
    /// use time::macros::utc_datetime;
    ///
    /// let noon = utc_datetime!(2026-11-23 10:00);
    /// let open = settings.open_ranges(noon, utc_datetime!(2026-11-24 10:00));
    /// assert_eq!(open, [
    ///     (noon, utc_datetime!(2026-11-23 16:00)),
    ///     (utc_datetime!(2026-11-24 7:00), utc_datetime!(2026-11-24 10:00)),
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_ranges(
        &self,
        from: UtcDateTime,
        to: UtcDateTime,
    ) -> Vec<(UtcDateTime, UtcDateTime)> {
        let mut ranges: Vec<(UtcDateTime, UtcDateTime)> = Vec::new();
        let mut walk = Walk::default();
        let mut resolver = Resolver::new(self.time_zone());
        // The day before may go on past midnight.
        let first = self.local(from).date();
        let mut day = Some(first.previous_day().unwrap_or(first));
        let last = self.local(to).date();
        while let Some(date) = day.filter(|date| *date <= last) {
            let plan = self.day_plan(date, &mut walk);
            for opening in plan.openings() {
                let mut resolve = |date, minutes| resolver.resolve(date, minutes);
                let opens = resolve(date, opening.from().minutes()).first();
                let ends = self.ends_at((date, plan), opening, &mut resolve);
                let (opens, closes) = (utc(opens).max(from), utc(ends).min(to));
                match ranges.last_mut() {
                    _ if opens >= closes => {}
                    Some((_, end)) if opens <= *end => *end = closes.max(*end),
                    _ => ranges.push((opens, closes)),
                }
            }
            day = date.next_day();
        }
        ranges
    }

    /// What holds on a day: the special hours of its date before closures, closures before holidays, and those
    /// before the hours of the week.
    pub(crate) fn day_rule(
        &self,
        date: Date,
        holiday_on: impl FnOnce(Date) -> Option<Holiday>,
    ) -> DayRule<'_> {
        let form = self.form();
        if let Some(special) = spanning(&form.special_hours, date, |special| special.dates) {
            let closed = if form.hours.on(date.weekday()).is_closed() {
                Refusal::InactiveDay
            } else {
                Refusal::Closed
            };
            return DayRule::new(special.hours.openings(), ClockTime::MAX, closed);
        }
        let openings = form.hours.on(date.weekday()).openings();
        let closed = |reason| {
            // A weekly day of rest says more than what happens to fall on it.
            let reason = if openings.is_empty() {
                Refusal::InactiveDay
            } else {
                reason
            };
            DayRule::new(&[], ClockTime::MAX, reason)
        };
        if spanning(&form.closures, date, |closure| closure.dates).is_some() {
            return closed(Refusal::Closed);
        }
        let holiday = if self.keeps_holidays() && !openings.is_empty() {
            holiday_on(date)
        } else {
            None
        };
        match holiday.map(|holiday| (holiday, form.holidays.on(holiday))) {
            Some((holiday, HolidayRule::Closed)) => closed(Refusal::Holiday(holiday)),
            Some((holiday, HolidayRule::ShortDay { until })) => {
                DayRule::new(openings, until, Refusal::Holiday(holiday))
            }
            Some((_, HolidayRule::Open)) | None => {
                DayRule::new(openings, ClockTime::MAX, Refusal::InactiveDay)
            }
        }
    }

    /// What holds on a day, seen together with the next: a late opening ends where it would run into the first
    /// one of the next day (which special hours can bring about), and one until midnight goes on into one from
    /// midnight.
    pub(crate) fn day_plan(&self, date: Date, walk: &mut Walk) -> DayRule<'_> {
        let mut rule = self.day_rule(date, |date| walk.holiday_on(date));
        if rule.ends() >= ClockTime::END_OF_DAY
            && let Some(tomorrow) = date.next_day()
            && let Some(first) = self
                .day_rule(tomorrow, |date| walk.holiday_on(date))
                .first()
        {
            let a_day_later =
                |time: ClockTime| ClockTime::from_minutes(time.minutes() + DAY_MINUTES);
            rule.until = rule
                .until
                .min(a_day_later(first.from()).unwrap_or(ClockTime::MAX));
            if first.from() == ClockTime::MIDNIGHT {
                rule.goes_on_until = a_day_later(first.to()).unwrap_or(ClockTime::MAX);
            }
        }
        rule
    }

    /// The instant at which an opening of a day is over: the last at which the clock shows its end. Where the next opening
    /// begins before that, in the same hour that comes twice, it is the first: openings never run into each other, and a
    /// break between two of them stays one.
    pub(crate) fn ends_at(
        &self,
        (date, plan): (Date, DayRule<'_>),
        opening: Opening,
        resolve: &mut impl FnMut(Date, u16) -> Resolved,
    ) -> Second {
        let ends = resolve(date, opening.to().minutes());
        let Resolved::Twice { first, second } = ends else {
            return ends.last();
        };
        let follows = plan.openings().find(|next| next.from() >= opening.to());
        let next = match (follows, date.next_day()) {
            (Some(next), _) => Some((date, next)),
            (None, Some(tomorrow)) => {
                let next = self.day_rule(tomorrow, Holiday::on).first();
                next.map(|next| (tomorrow, next))
            }
            (None, None) => None,
        };
        let begins = next.map(|(date, next)| resolve(date, next.from().minutes()).first());
        if begins.is_some_and(|begins| begins < second) {
            first
        } else {
            second
        }
    }

    /// By when an appointment in an opening of a day must be over: the end of the opening, or of the one into which it goes
    /// on at midnight.
    pub(crate) fn closes_at(
        &self,
        (date, plan): (Date, DayRule<'_>),
        opening: Opening,
        resolve: &mut impl FnMut(Date, u16) -> Resolved,
    ) -> Second {
        let closes = plan.closes(opening);
        if closes == opening.to() {
            return self.ends_at((date, plan), opening, resolve);
        }
        let closes = resolve(date, closes.minutes());
        if matches!(closes, Resolved::Twice { .. })
            && let Some(tomorrow) = date.next_day()
        {
            let plan = self.day_plan(tomorrow, &mut Walk::default());
            if let Some(first) = plan.first() {
                return self.ends_at((tomorrow, plan), first, resolve);
            }
        }
        closes.last()
    }
}

/// The entry whose dates hold a day, of entries in the order of their dates, which do not overlap.
fn spanning<T>(entries: &[T], date: Date, dates: impl Fn(&T) -> DateSpan) -> Option<&T> {
    let after = entries.partition_point(|entry| dates(entry).from() <= date);
    let entry = entries.get(after.checked_sub(1)?)?;
    (date <= dates(entry).to()).then_some(entry)
}
