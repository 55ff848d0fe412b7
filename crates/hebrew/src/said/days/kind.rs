//! Which days the words for a day can mean.

use time::{Date, Weekday};

/// What the words for a day say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// So many days from now, at least and at most.
    Ahead(i64, i64),
    Weekday(Weekday, Weeks),
    /// "ב-24".
    Day(u8),
    /// "ב-24 לחודש הבא".
    DayOfNextMonth(u8),
    /// "24 בנובמבר", by the month's number.
    DayOfMonth(u8, u8),
    Full(Date),
    /// "בשבוע הבא", without saying on which day.
    NextWeek,
    /// "בחודש הבא".
    NextMonth,
}

/// In which weeks a weekday lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weeks {
    /// Nothing is said: within the coming seven days, or in the week that was spoken of before.
    Unsaid,
    /// So many days from now, at least and at most.
    Within(i64, i64),
    /// In the calendar's next week, which begins on Sunday: "בשבוע הבא".
    Next,
    /// "רביעי הבא": the next one, or the one of the next week, whoever says it.
    Following,
}

impl Kind {
    /// Whether the words name this day, said on `today`.
    pub(super) fn fits(self, date: Date, today: Date) -> bool {
        let ahead = (date - today).whole_days();
        match self {
            Self::Ahead(least, most) => (least..=most).contains(&ahead),
            Self::Weekday(day, weeks) => date.weekday() == day && weeks.hold(date, today),
            Self::Day(day) => date.day() == day,
            Self::DayOfNextMonth(day) => date.day() == day && is_in_next_month(date, today),
            Self::DayOfMonth(day, month) => date.day() == day && u8::from(date.month()) == month,
            Self::Full(full) => date == full,
            Self::NextWeek | Self::NextMonth => false,
        }
    }

    /// Whether the words may mean this day at all: "שלישי" may mean the Tuesday that was spoken of before. A number of days
    /// that stands beside a weekday says only the week.
    pub(super) fn may_mean(self, date: Date, today: Date, beside_a_weekday: bool) -> bool {
        let ahead = (date - today).whole_days();
        match self {
            // "אחרי החג" says from when on, and not in which week.
            Self::Weekday(day, Weeks::Unsaid | Weeks::Within(..=1, _)) => date.weekday() == day,
            // "רביעי הבא" is no sure word for the Wednesday of this very week.
            Self::Weekday(day, Weeks::Following) => {
                date.weekday() == day
                    && (Weeks::Next.hold(date, today) || (7..=13).contains(&ahead))
            }
            Self::Ahead(least, most) if most >= 7 && beside_a_weekday => {
                (least - 6..=most + 6).contains(&ahead)
            }
            Self::NextWeek => Weeks::Next.hold(date, today),
            Self::NextMonth => is_in_next_month(date, today),
            _ => self.fits(date, today),
        }
    }
}

impl Weeks {
    fn hold(self, date: Date, today: Date) -> bool {
        let (least, most) = match self {
            Self::Unsaid => (1, 7),
            Self::Within(least, most) => (least, most),
            Self::Following => (1, 13),
            Self::Next => {
                let sunday = 7 - i64::from(today.weekday().number_days_from_sunday());
                (sunday, sunday + 6)
            }
        };
        (least..=most).contains(&(date - today).whole_days())
    }

    /// Where both are spoken of.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsaid, said) | (said, Self::Unsaid) => said,
            // "לא השבוע הבא, זה שאחריו".
            (Self::Next, later @ Self::Within(8.., _))
            | (later @ Self::Within(8.., _), Self::Next) => later,
            (Self::Next, _) | (_, Self::Next) => Self::Next,
            (Self::Following, _) | (_, Self::Following) => Self::Following,
            (Self::Within(one, most), Self::Within(other, longest)) => {
                Self::Within(one.max(other), most.max(longest))
            }
        }
    }
}

fn is_in_next_month(date: Date, today: Date) -> bool {
    let year = today.year() + i32::from(today.month() == time::Month::December);
    (date.year(), date.month()) == (year, today.month().next())
}
