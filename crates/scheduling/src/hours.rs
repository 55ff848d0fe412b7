//! The hours of a day, and of a week.

use std::fmt;

use time::Weekday;

use crate::{ActiveDays, ClockTime, Opening, clock_time::DAY_MINUTES};

/// The most openings that a day may have.
pub const MAX_OPENINGS_A_DAY: usize = 24;

/// Why openings are not the hours of a day or of a week.
///
/// ```
/// use toran_scheduling::{DayHours, HoursError};
///
/// let error = DayHours::new(["09:00-13:00".parse()?, "12:00-18:00".parse()?]).unwrap_err();
/// assert!(matches!(error, HoursError::Overlap { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Too many.
    #[error("a day has at most {MAX_OPENINGS_A_DAY} openings")]
    TooManyOpenings,
    /// One is not over when the next begins.
    #[error(
        "{first} and {second} overlap: openings of a day follow each other, so let the second begin at {end} or later",
        end = first.to()
    )]
    Overlap {
        /// The earlier one.
        first: Opening,
        /// The one that begins too soon.
        second: Opening,
    },
    /// The last opening of a day reaches into the first of the next.
    #[error(
        "{late} goes on past midnight into {early} of the next day: end it at {end} at the latest",
        end = a_day_later(early.from())
    )]
    OverlapsNextDay {
        /// The one that goes on.
        late: Opening,
        /// The one it meets.
        early: Opening,
    },
}

/// The openings of one day: in order, none of them overlapping. Empty on a day that is closed.
///
/// Two that only touch (`09:00-13:00`, `13:00-18:00`) stay two: each has its own grid, and no appointment
/// spans both. But an opening until `24:00` goes on into one from `00:00` of the next day, so that who is open around
/// the clock can be booked around midnight.
///
/// ```
/// use toran_scheduling::DayHours;
///
/// let hours = DayHours::new(["16:00-19:00".parse()?, "09:00-13:00".parse()?])?;
/// assert_eq!(hours.to_string(), "09:00-13:00, 16:00-19:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DayHours(Box<[Opening]>);

impl DayHours {
    /// Checks and sorts openings.
    pub fn new(openings: impl IntoIterator<Item = Opening>) -> Result<Self, HoursError> {
        let mut openings: Vec<Opening> =
            openings.into_iter().take(MAX_OPENINGS_A_DAY + 1).collect();
        if openings.len() > MAX_OPENINGS_A_DAY {
            return Err(HoursError::TooManyOpenings);
        }
        openings.sort_unstable();
        for pair in openings.windows(2) {
            if let &[first, second] = pair
                && second.from() < first.to()
            {
                return Err(HoursError::Overlap { first, second });
            }
        }
        Ok(Self(openings.into()))
    }

    /// No opening at all.
    pub fn closed() -> Self {
        Self::default()
    }

    /// One opening.
    pub fn one(opening: Opening) -> Self {
        Self([opening].into())
    }

    /// Whether there is none.
    pub const fn is_closed(&self) -> bool {
        self.0.is_empty()
    }

    /// The openings, earliest first.
    pub const fn openings(&self) -> &[Opening] {
        &self.0
    }

    /// Openings that are known to follow each other.
    pub(crate) fn in_order(openings: impl Iterator<Item = Opening>) -> Self {
        Self(openings.collect())
    }
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_closed() {
            return f.write_str("closed");
        }
        for (index, opening) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{opening}")?;
        }
        Ok(())
    }
}

/// The hours of each day of the week, as they are when nothing special is on.
///
/// ```
/// use time::Weekday;
/// use toran_scheduling::{DayHours, WeeklyHours};
///
/// let full = DayHours::new(["09:00-13:00".parse()?, "16:00-19:00".parse()?])?;
/// let short = DayHours::new(["09:00-12:30".parse()?])?;
/// let week = WeeklyHours::new([
///     (Weekday::Sunday, full.clone()),
///     (Weekday::Tuesday, full),
///     (Weekday::Friday, short),
/// ])?;
/// assert_eq!(week.active_days().to_string(), "sun,tue,fri");
/// assert!(week.on(Weekday::Monday).is_closed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct WeeklyHours([DayHours; 7]);

impl WeeklyHours {
    /// Checks the hours of a week. Days that are not named are closed; of a day that is named twice the
    /// last hours count.
    pub fn new(days: impl IntoIterator<Item = (Weekday, DayHours)>) -> Result<Self, HoursError> {
        let mut week = Self::default();
        for (day, hours) in days {
            week.0[index(day)] = hours;
        }
        for today in 0..7 {
            let (late, early) = (week.0[today].0.last(), week.0[(today + 1) % 7].0.first());
            if let (Some(&late), Some(&early)) = (late, early)
                && reaches(late, early)
            {
                return Err(HoursError::OverlapsNextDay { late, early });
            }
        }
        Ok(week)
    }

    /// The same hours on each of some days.
    pub fn same(days: ActiveDays, opening: Opening) -> Result<Self, HoursError> {
        Self::new(days.iter().map(|day| (day, DayHours::one(opening))))
    }

    /// The hours of a day.
    pub const fn on(&self, day: Weekday) -> &DayHours {
        &self.0[index(day)]
    }

    /// The days that have hours.
    pub fn active_days(&self) -> ActiveDays {
        self.iter()
            .filter(|(_, hours)| !hours.is_closed())
            .map(|(day, _)| day)
            .collect()
    }

    /// All seven days with their hours, Sunday first.
    pub fn iter(&self) -> impl Iterator<Item = (Weekday, &DayHours)> {
        ActiveDays::named_week().map(|(day, _)| (day, self.on(day)))
    }

    /// The days on which it is open, those with the same hours together, in the order of their first days.
    ///
    /// ```
    /// use toran_scheduling::{DayHours, WeeklyHours};
    /// use time::Weekday;
    ///
    /// let long = DayHours::one("09:00-18:00".parse()?);
    /// let short = DayHours::one("09:00-13:00".parse()?);
    /// let week = WeeklyHours::new([
    ///     (Weekday::Sunday, long.clone()), (Weekday::Monday, long), (Weekday::Friday, short),
    /// ])?;
    /// assert_eq!(week.groups().len(), 2);
    /// assert_eq!(week.to_string(), "sun-mon 09:00-18:00; fri 09:00-13:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn groups(&self) -> Vec<(ActiveDays, &DayHours)> {
        let mut groups: Vec<(ActiveDays, &DayHours)> = Vec::new();
        for (day, hours) in self.iter().filter(|(_, hours)| !hours.is_closed()) {
            match groups.iter_mut().find(|(_, same)| *same == hours) {
                Some((days, _)) => *days = days.with(day),
                None => groups.push((ActiveDays::default().with(day), hours)),
            }
        }
        groups
    }

    /// Every opening of the week.
    pub(crate) fn openings(&self) -> impl Iterator<Item = Opening> {
        self.0.iter().flat_map(DayHours::openings).copied()
    }
}

impl fmt::Display for WeeklyHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (days, hours)) in self.groups().into_iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{days} {hours}")?;
        }
        Ok(())
    }
}

/// A reading of the clock on the following day, in the hours of this one.
fn a_day_later(time: ClockTime) -> ClockTime {
    ClockTime::from_minutes(time.minutes() + DAY_MINUTES).unwrap_or(ClockTime::MAX)
}

/// Whether an opening goes on into one of the following day.
pub(crate) fn reaches(late: Opening, early: Opening) -> bool {
    late.to().minutes() > early.from().minutes() + DAY_MINUTES
}

const fn index(day: Weekday) -> usize {
    day.number_days_from_sunday() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(openings: &[&str]) -> Result<DayHours, HoursError> {
        DayHours::new(openings.iter().map(|text| text.parse().unwrap()))
    }

    #[test]
    fn openings_of_a_day_follow_each_other() {
        assert_eq!(hours(&[]).unwrap().to_string(), "closed");
        assert!(hours(&["09:00-13:00", "13:00-18:00"]).is_ok());
        assert!(matches!(
            hours(&["12:59-18:00", "09:00-13:00"]),
            Err(HoursError::Overlap { .. })
        ));
        let crowd = vec!["00:00-00:01"; MAX_OPENINGS_A_DAY + 1];
        assert_eq!(hours(&crowd), Err(HoursError::TooManyOpenings));
    }

    #[test]
    fn a_late_night_does_not_run_into_the_next_morning() {
        let late = hours(&["20:00-30:00"]).unwrap();
        let early = hours(&["06:00-12:00"]).unwrap();
        let earlier = hours(&["05:59-12:00"]).unwrap();
        let week = |sunday: &DayHours| {
            WeeklyHours::new([
                (Weekday::Saturday, late.clone()),
                (Weekday::Sunday, sunday.clone()),
            ])
        };
        assert!(week(&early).is_ok());
        assert!(matches!(
            week(&earlier),
            Err(HoursError::OverlapsNextDay { .. })
        ));
    }
}
