//! The holidays of Israel: which day is one, and what a business does on it.

use std::{fmt, str::FromStr};

use calendrical_calculations::{hebrew_keviyah::YearInfo, rata_die::RataDie};
use time::{Date, Duration, Weekday};

use crate::ClockTime;

/// A holiday, an eve or an observance of the Jewish calendar as it is kept in Israel, or one of Israel's
/// national days.
///
/// They are civil days: a holiday that begins at nightfall is the day after, and the day on which it begins is
/// its eve. The moveable ones follow today's rules: fasts give way to Shabbat, Holocaust Remembrance Day avoids
/// Friday and Sunday, and Remembrance Day and Independence Day stay clear of Shabbat (Independence Day Law,
/// 1949, as amended in 2004). The Hebrew calendar itself is computed by [`calendrical_calculations`], the
/// engine of ICU4X.
///
/// ```
/// use time::macros::date;
/// use toran_scheduling::Holiday;
///
/// assert_eq!(Holiday::on(date!(2027-04-22)), Some(Holiday::Pesach));
/// assert_eq!(Holiday::on(date!(2027-04-21)), Some(Holiday::EveOfPesach));
/// assert_eq!(Holiday::Pesach.as_str(), "pesach");
/// assert_eq!(Holiday::Pesach.hebrew_name(), "פסח");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "the names are the days' own; `hebrew_name` spells them"
)]
pub enum Holiday {
    EveOfRoshHashanah,
    RoshHashanah,
    FastOfGedaliah,
    EveOfYomKippur,
    YomKippur,
    EveOfSukkot,
    Sukkot,
    /// 16 to 20 Tishrei.
    IntermediateDaysOfSukkot,
    /// 21 Tishrei, the last intermediate day and the eve of Simchat Torah.
    HoshanaRabbah,
    /// 22 Tishrei, also called Shemini Atzeret.
    SimchatTorah,
    /// Its eight days.
    Hanukkah,
    FastOfTevet,
    TuBishvat,
    FastOfEsther,
    Purim,
    ShushanPurim,
    EveOfPesach,
    Pesach,
    /// 16 to 19 Nisan.
    IntermediateDaysOfPesach,
    /// 20 Nisan, the last intermediate day.
    EveOfSeventhOfPesach,
    SeventhOfPesach,
    EveOfYomHashoah,
    YomHashoah,
    EveOfYomHazikaron,
    /// Also the eve of Independence Day.
    YomHazikaron,
    YomHaatzmaut,
    LagBaomer,
    YomYerushalayim,
    EveOfShavuot,
    Shavuot,
    FastOfTammuz,
    EveOfTishaBav,
    TishaBav,
}

/// Every holiday in the order of the Hebrew year, by its name in settings and in Hebrew.
const HOLIDAYS: [(Holiday, &str, &str); 33] = [
    (
        Holiday::EveOfRoshHashanah,
        "eve_of_rosh_hashanah",
        "ערב ראש השנה",
    ),
    (Holiday::RoshHashanah, "rosh_hashanah", "ראש השנה"),
    (Holiday::FastOfGedaliah, "fast_of_gedaliah", "צום גדליה"),
    (
        Holiday::EveOfYomKippur,
        "eve_of_yom_kippur",
        "ערב יום כיפור",
    ),
    (Holiday::YomKippur, "yom_kippur", "יום כיפור"),
    (Holiday::EveOfSukkot, "eve_of_sukkot", "ערב סוכות"),
    (Holiday::Sukkot, "sukkot", "סוכות"),
    (
        Holiday::IntermediateDaysOfSukkot,
        "intermediate_days_of_sukkot",
        "חול המועד סוכות",
    ),
    (Holiday::HoshanaRabbah, "hoshana_rabbah", "הושענא רבה"),
    (Holiday::SimchatTorah, "simchat_torah", "שמחת תורה"),
    (Holiday::Hanukkah, "hanukkah", "חנוכה"),
    (Holiday::FastOfTevet, "fast_of_tevet", "צום עשרה בטבת"),
    (Holiday::TuBishvat, "tu_bishvat", "ט\"ו בשבט"),
    (Holiday::FastOfEsther, "fast_of_esther", "תענית אסתר"),
    (Holiday::Purim, "purim", "פורים"),
    (Holiday::ShushanPurim, "shushan_purim", "שושן פורים"),
    (Holiday::EveOfPesach, "eve_of_pesach", "ערב פסח"),
    (Holiday::Pesach, "pesach", "פסח"),
    (
        Holiday::IntermediateDaysOfPesach,
        "intermediate_days_of_pesach",
        "חול המועד פסח",
    ),
    (
        Holiday::EveOfSeventhOfPesach,
        "eve_of_seventh_of_pesach",
        "ערב שביעי של פסח",
    ),
    (
        Holiday::SeventhOfPesach,
        "seventh_of_pesach",
        "שביעי של פסח",
    ),
    (
        Holiday::EveOfYomHashoah,
        "eve_of_yom_hashoah",
        "ערב יום השואה",
    ),
    (Holiday::YomHashoah, "yom_hashoah", "יום השואה"),
    (
        Holiday::EveOfYomHazikaron,
        "eve_of_yom_hazikaron",
        "ערב יום הזיכרון",
    ),
    (Holiday::YomHazikaron, "yom_hazikaron", "יום הזיכרון"),
    (Holiday::YomHaatzmaut, "yom_haatzmaut", "יום העצמאות"),
    (Holiday::LagBaomer, "lag_baomer", "ל\"ג בעומר"),
    (Holiday::YomYerushalayim, "yom_yerushalayim", "יום ירושלים"),
    (Holiday::EveOfShavuot, "eve_of_shavuot", "ערב שבועות"),
    (Holiday::Shavuot, "shavuot", "שבועות"),
    (
        Holiday::FastOfTammuz,
        "fast_of_tammuz",
        "צום שבעה עשר בתמוז",
    ),
    (Holiday::EveOfTishaBav, "eve_of_tisha_bav", "ערב תשעה באב"),
    (Holiday::TishaBav, "tisha_bav", "תשעה באב"),
];

impl Holiday {
    /// Every holiday, in the order of the Hebrew year.
    ///
    /// ```
    /// # use toran_scheduling::Holiday;
    /// assert_eq!(Holiday::all().count(), 33);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        HOLIDAYS.into_iter().map(|(holiday, ..)| holiday)
    }

    /// The holiday on a day of the Gregorian calendar, if there is one; of two, the one that shops heed more
    /// (an eve before an intermediate day). Before the year 1 there is none.
    ///
    /// ```
    /// # use toran_scheduling::Holiday;
    /// use time::macros::date;
    ///
    /// assert_eq!(Holiday::on(date!(2026-12-05)), Some(Holiday::Hanukkah));
    /// assert_eq!(Holiday::on(date!(2026-11-24)), None);
    /// ```
    pub fn on(date: Date) -> Option<Self> {
        HebrewYear::containing(date)?.holiday_on(date)
    }

    /// The first day on or after `date` that is this holiday; `None` at the end of the calendar.
    ///
    /// ```
    /// use time::macros::date;
    /// use toran_scheduling::Holiday;
    ///
    /// let eve = Holiday::EveOfPesach.next_from(date!(2026-11-24));
    /// assert_eq!(eve, Some(date!(2027-04-21)));
    /// ```
    pub fn next_from(self, date: Date) -> Option<Date> {
        let mut walk = Walk::default();
        // A Hebrew year has at most 385 days.
        (0..=2 * 385)
            .map_while(|days| date.checked_add(Duration::days(days)))
            .find(|date| walk.holiday_on(*date) == Some(self))
    }

    /// Its name in settings: `eve_of_pesach`.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// Its Hebrew name, as it is said: "ערב פסח".
    pub fn hebrew_name(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        HOLIDAYS[self as usize]
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text names no holiday.
///
/// ```
/// let error = "christmas".parse::<toran_scheduling::Holiday>().unwrap_err();
/// assert!(error.to_string().contains("yom_kippur"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a holiday: known are {known}", known = known_names())]
pub struct HolidayError(String);

fn known_names() -> String {
    HOLIDAYS.map(|(_, name, _)| name).join(", ")
}

impl FromStr for Holiday {
    type Err = HolidayError;

    fn from_str(text: &str) -> Result<Self, HolidayError> {
        HOLIDAYS
            .into_iter()
            .find(|(_, name, _)| *name == text)
            .map(|(holiday, ..)| holiday)
            .ok_or_else(|| HolidayError(crate::clock_time::excerpt(text)))
    }
}

/// What a business does on a holiday.
///
/// ```
/// use toran_scheduling::HolidayRule;
///
/// let noon = HolidayRule::ShortDay { until: "12:00".parse()? };
/// assert_ne!(noon, HolidayRule::Closed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HolidayRule {
    /// As on any other such day of the week.
    #[default]
    Open,
    /// As on any other such day of the week, but not after an hour.
    ShortDay {
        /// When everything is over.
        until: ClockTime,
    },
    /// Not at all.
    Closed,
}

/// What a business does on each holiday. By default it knows none of them: every day is like any other.
///
/// ```
/// use toran_scheduling::{Holiday, HolidayRule, HolidayRules};
///
/// let rules = HolidayRules::israel().with(Holiday::YomHaatzmaut, HolidayRule::Open);
/// assert_eq!(rules.on(Holiday::YomKippur), HolidayRule::Closed);
/// assert_eq!(rules.on(Holiday::Hanukkah), HolidayRule::Open);
/// assert_eq!(HolidayRules::default().on(Holiday::YomKippur), HolidayRule::Open);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HolidayRules([HolidayRule; HOLIDAYS.len()]);

impl Default for HolidayRules {
    fn default() -> Self {
        Self([HolidayRule::Open; HOLIDAYS.len()])
    }
}

impl HolidayRules {
    /// What most businesses in Israel do: closed on the days of rest and on Independence Day, until 13:00 on
    /// their eves, and open on every other day.
    ///
    /// ```
    /// # use toran_scheduling::HolidayRules;
    /// assert_eq!(HolidayRules::israel().iter().count(), 15);
    /// ```
    pub fn israel() -> Self {
        const NOON_AND_ONE: u16 = 13 * 60;
        let until = ClockTime::from_minutes(NOON_AND_ONE).unwrap_or(ClockTime::END_OF_DAY);
        let mut rules = Self::default();
        for holiday in [
            Holiday::RoshHashanah,
            Holiday::YomKippur,
            Holiday::Sukkot,
            Holiday::SimchatTorah,
            Holiday::Pesach,
            Holiday::SeventhOfPesach,
            Holiday::YomHaatzmaut,
            Holiday::Shavuot,
        ] {
            rules = rules.with(holiday, HolidayRule::Closed);
        }
        for eve in [
            Holiday::EveOfRoshHashanah,
            Holiday::EveOfYomKippur,
            Holiday::EveOfSukkot,
            Holiday::HoshanaRabbah,
            Holiday::EveOfPesach,
            Holiday::EveOfSeventhOfPesach,
            Holiday::EveOfShavuot,
        ] {
            rules = rules.with(eve, HolidayRule::ShortDay { until });
        }
        rules
    }

    /// The same rules but for one holiday.
    #[must_use]
    pub fn with(mut self, holiday: Holiday, rule: HolidayRule) -> Self {
        self.0[holiday as usize] = rule;
        self
    }

    /// What is done on a holiday.
    pub const fn on(&self, holiday: Holiday) -> HolidayRule {
        self.0[holiday as usize]
    }

    /// Those that are not days like any other, in the order of the Hebrew year.
    pub fn iter(&self) -> impl Iterator<Item = (Holiday, HolidayRule)> {
        Holiday::all()
            .zip(self.0)
            .filter(|(_, rule)| *rule != HolidayRule::Open)
    }

    /// Whether holidays make no difference.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Asks for the holidays of days that mostly come in order: a Hebrew year is computed once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walk(Option<HebrewYear>);

impl Walk {
    pub(crate) fn holiday_on(&mut self, date: Date) -> Option<Holiday> {
        if self.0.is_none_or(|year| !year.contains(date)) {
            self.0 = HebrewYear::containing(date);
        }
        self.0?.holiday_on(date)
    }
}

/// One year of the Hebrew calendar.
#[derive(Debug, Clone, Copy)]
struct HebrewYear {
    info: YearInfo,
    /// 1 Tishrei, and the same of the next year, as days since 1 January of the year 1.
    first: i64,
    next: i64,
}

/// Months by their civil numbers in a common year. A leap year has another Adar before [`ADAR`], in which no
/// holiday falls.
const TISHREI: u8 = 1;
const KISLEV: u8 = 3;
const TEVET: u8 = 4;
const SHVAT: u8 = 5;
const ADAR: u8 = 6;
const NISAN: u8 = 7;
const IYAR: u8 = 8;
const SIVAN: u8 = 9;
const TAMMUZ: u8 = 10;
const AV: u8 = 11;
const ELUL: u8 = 12;

impl HebrewYear {
    fn containing(date: Date) -> Option<Self> {
        let day = rata_die(date);
        (day >= 1).then(|| {
            let (info, _) = YearInfo::year_containing_rd(RataDie::new(day));
            let first = info.new_year().to_i64_date();
            Self {
                info,
                first,
                next: first + i64::from(info.keviyah.year_length()),
            }
        })
    }

    fn contains(&self, date: Date) -> bool {
        (self.first..self.next).contains(&rata_die(date))
    }

    /// The holiday on a day of this year.
    fn holiday_on(&self, date: Date) -> Option<Holiday> {
        let day_of_year = u16::try_from(rata_die(date) - self.first + 1).ok()?;
        let keviyah = self.info.keviyah;
        let since_hanukkah = day_of_year.checked_sub(keviyah.days_preceding(KISLEV) + 25);
        if since_hanukkah.is_some_and(|days| days < 8) {
            return Some(Holiday::Hanukkah);
        }
        let (ordinal, day) = keviyah.month_day_for(day_of_year);
        let month = match ordinal {
            6 if keviyah.is_leap() => return None,
            7.. if keviyah.is_leap() => ordinal - 1,
            _ => ordinal,
        };
        let weekday_of = |other: u8| {
            let days = i64::from(other) - i64::from(day);
            date.saturating_add(Duration::days(days)).weekday()
        };
        match month {
            TISHREI => tishrei(day, weekday_of(3)),
            TEVET if day == 10 => Some(Holiday::FastOfTevet),
            SHVAT if day == 15 => Some(Holiday::TuBishvat),
            ADAR => adar(day, weekday_of(13)),
            NISAN => nisan(day, weekday_of(27)),
            IYAR => iyar(day, weekday_of(5)),
            SIVAN if day == 5 => Some(Holiday::EveOfShavuot),
            SIVAN if day == 6 => Some(Holiday::Shavuot),
            TAMMUZ if day == after_shabbat(17, weekday_of(17)) => Some(Holiday::FastOfTammuz),
            AV => av(day, weekday_of(9)),
            ELUL if day == 29 => Some(Holiday::EveOfRoshHashanah),
            _ => None,
        }
    }
}

fn tishrei(day: u8, weekday_of_3: Weekday) -> Option<Holiday> {
    match day {
        1 | 2 => Some(Holiday::RoshHashanah),
        3 | 4 if day == after_shabbat(3, weekday_of_3) => Some(Holiday::FastOfGedaliah),
        9 => Some(Holiday::EveOfYomKippur),
        10 => Some(Holiday::YomKippur),
        14 => Some(Holiday::EveOfSukkot),
        15 => Some(Holiday::Sukkot),
        16..=20 => Some(Holiday::IntermediateDaysOfSukkot),
        21 => Some(Holiday::HoshanaRabbah),
        22 => Some(Holiday::SimchatTorah),
        _ => None,
    }
}

fn adar(day: u8, weekday_of_13: Weekday) -> Option<Holiday> {
    // The fast would fall on Shabbat: it is kept on the Thursday before.
    let fast = if weekday_of_13 == Weekday::Saturday {
        11
    } else {
        13
    };
    match day {
        14 => Some(Holiday::Purim),
        15 => Some(Holiday::ShushanPurim),
        _ if day == fast => Some(Holiday::FastOfEsther),
        _ => None,
    }
}

fn nisan(day: u8, weekday_of_27: Weekday) -> Option<Holiday> {
    let remembrance = match weekday_of_27 {
        Weekday::Friday => 26,
        Weekday::Sunday => 28,
        _ => 27,
    };
    match day {
        14 => Some(Holiday::EveOfPesach),
        15 => Some(Holiday::Pesach),
        16..=19 => Some(Holiday::IntermediateDaysOfPesach),
        20 => Some(Holiday::EveOfSeventhOfPesach),
        21 => Some(Holiday::SeventhOfPesach),
        _ if day == remembrance => Some(Holiday::YomHashoah),
        _ if day + 1 == remembrance => Some(Holiday::EveOfYomHashoah),
        _ => None,
    }
}

fn iyar(day: u8, weekday_of_5: Weekday) -> Option<Holiday> {
    let independence = match weekday_of_5 {
        Weekday::Friday => 4,
        Weekday::Saturday => 3,
        Weekday::Monday => 6,
        _ => 5,
    };
    match day {
        18 => Some(Holiday::LagBaomer),
        28 => Some(Holiday::YomYerushalayim),
        _ if day == independence => Some(Holiday::YomHaatzmaut),
        _ if day + 1 == independence => Some(Holiday::YomHazikaron),
        _ if day + 2 == independence => Some(Holiday::EveOfYomHazikaron),
        _ => None,
    }
}

fn av(day: u8, weekday_of_9: Weekday) -> Option<Holiday> {
    let fast = after_shabbat(9, weekday_of_9);
    match day {
        _ if day == fast => Some(Holiday::TishaBav),
        _ if day + 1 == fast => Some(Holiday::EveOfTishaBav),
        _ => None,
    }
}

/// A fast that would fall on Shabbat is kept on Sunday.
fn after_shabbat(day: u8, weekday: Weekday) -> u8 {
    if weekday == Weekday::Saturday {
        day + 1
    } else {
        day
    }
}

/// Days since 1 January of the year 1, which is day 1.
fn rata_die(date: Date) -> i64 {
    i64::from(date.to_julian_day()) - 1_721_425
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_days() {
        for (index, (holiday, name, hebrew)) in HOLIDAYS.into_iter().enumerate() {
            assert_eq!(holiday as usize, index);
            assert_eq!(name.parse(), Ok(holiday));
            assert_eq!((holiday.as_str(), holiday.hebrew_name()), (name, hebrew));
        }
        let error = "christmas".parse::<Holiday>().unwrap_err().to_string();
        assert!(error.contains("eve_of_pesach"), "{error}");
    }

    #[test]
    fn each_comes_every_year() {
        for holiday in Holiday::all() {
            let first = holiday.next_from(date!(2026 - 11 - 24)).unwrap();
            let next = holiday.next_from(first + Duration::days(30)).unwrap();
            assert!(
                (next - first).whole_days() >= 350,
                "{holiday}: {first}, {next}"
            );
            assert!(
                (next - first).whole_days() <= 388,
                "{holiday}: {first}, {next}"
            );
        }
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        for date in [
            Date::MIN,
            date!(0000 - 12 - 31),
            date!(0001 - 01 - 01),
            Date::MAX,
        ] {
            let _ = Holiday::on(date);
            let _ = Holiday::Purim.next_from(date);
        }
    }

    proptest! {
        #[test]
        fn a_walk_meets_what_each_day_has(start in -800_000_i64..800_000) {
            let mut walk = Walk::default();
            let first = date!(2000 - 01 - 01).saturating_add(Duration::days(start));
            for days in 0..900 {
                let date = first.saturating_add(Duration::days(days));
                prop_assert_eq!(walk.holiday_on(date), Holiday::on(date));
            }
        }
    }
}
