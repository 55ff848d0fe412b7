//! Days that are named by a holiday.

use std::{collections::HashMap, sync::LazyLock};

use time::{Date, Weekday};
use toran_hebrew as hebrew;
use toran_scheduling::Holiday;

/// No festival with its days between lasts longer than this.
const LONGEST_FESTIVAL: usize = 12;

/// How a day stands to a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    On,
    /// The day before it.
    Eve,
    /// The day after the whole festival.
    After,
}

impl Relation {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_lowercase().as_str() {
            "on" => Self::On,
            "eve" | "before" => Self::Eve,
            "after" => Self::After,
            _ => return None,
        })
    }
}

/// A day as it was said of a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaidHoliday {
    pub(crate) holiday: Holiday,
    pub(crate) relation: Relation,
    /// "יום חמישי של חנוכה": which of its days, from 1.
    pub(crate) nth: Option<i64>,
    /// A weekday that was said with it: the first such day, on the holiday or after it.
    pub(crate) weekday: Option<Weekday>,
}

impl SaidHoliday {
    pub(crate) fn resolve(self, today: Date) -> Option<Date> {
        match self.relation {
            Relation::On => self.on(today),
            Relation::Eve => first_day(self.holiday, today.next_day()?)?.previous_day(),
            Relation::After => {
                let after = day_after(self.holiday, today)?;
                Some(match self.weekday {
                    Some(weekday) if weekday != after.weekday() => after.next_occurrence(weekday),
                    _ => after,
                })
            }
        }
    }

    fn on(self, today: Date) -> Option<Date> {
        if let Some(nth) = self.nth {
            let steps = usize::try_from(nth.checked_sub(1)?)
                .ok()
                .filter(|steps| *steps < 9)?;
            let day = nth_day(first_day(self.holiday, today)?, steps)?;
            return (Holiday::on(day) == Some(self.holiday)).then_some(day);
        }
        let day = self.holiday.next_from(today)?;
        let Some(weekday) = self.weekday else {
            return Some(day);
        };
        (0..9)
            .filter_map(|steps| nth_day(day, steps))
            .find(|day| day.weekday() == weekday && Holiday::on(*day) == Some(self.holiday))
    }
}

fn nth_day(first: Date, steps: usize) -> Option<Date> {
    std::iter::successors(Some(first), |day| day.next_day()).nth(steps)
}

/// The first day on or after `from` on which a holiday begins.
fn first_day(holiday: Holiday, mut from: Date) -> Option<Date> {
    loop {
        let day = holiday.next_from(from)?;
        if day.previous_day().and_then(Holiday::on) != Some(holiday) {
            return Some(day);
        }
        from = day.next_day()?;
    }
}

/// The day after the whole festival to which a holiday belongs, seen from `today`.
fn day_after(holiday: Holiday, today: Date) -> Option<Date> {
    let last = last_of_festival(holiday);
    let mut day = last.next_from(today)?;
    for _ in 0..LONGEST_FESTIVAL {
        if Holiday::on(day) != Some(last) {
            break;
        }
        day = day.next_day()?;
    }
    Some(day)
}

/// Passover ends with its seventh day, and the Feast of Tabernacles with Simchat Torah.
fn last_of_festival(holiday: Holiday) -> Holiday {
    match holiday {
        Holiday::EveOfPesach
        | Holiday::Pesach
        | Holiday::IntermediateDaysOfPesach
        | Holiday::EveOfSeventhOfPesach => Holiday::SeventhOfPesach,
        Holiday::EveOfSukkot
        | Holiday::Sukkot
        | Holiday::IntermediateDaysOfSukkot
        | Holiday::HoshanaRabbah => Holiday::SimchatTorah,
        Holiday::EveOfRoshHashanah => Holiday::RoshHashanah,
        Holiday::EveOfYomKippur => Holiday::YomKippur,
        Holiday::EveOfShavuot => Holiday::Shavuot,
        Holiday::EveOfYomHashoah => Holiday::YomHashoah,
        Holiday::EveOfYomHazikaron => Holiday::YomHazikaron,
        Holiday::EveOfTishaBav => Holiday::TishaBav,
        other => other,
    }
}

/// The holiday and the relation that these words name, as people call it; "אסרו חג" is the day after a festival.
pub(crate) fn holiday_named(words: &str, today: Date) -> Option<(Holiday, Option<Relation>)> {
    let words = hebrew::normalise(words);
    let bare = words
        .strip_prefix('ב')
        .filter(|rest| rest.chars().count() > 3);
    [Some(words.as_str()), bare]
        .into_iter()
        .flatten()
        .find_map(|words| named(words, today))
}

fn named(words: &str, today: Date) -> Option<(Holiday, Option<Relation>)> {
    if let Some(of) = words.strip_prefix("אסרו חג") {
        let of = of.trim().strip_prefix("של ").unwrap_or(of.trim());
        let holiday = if of.is_empty() {
            next_festival(today)
        } else {
            exactly(of)
        };
        return holiday.map(|holiday| (holiday, Some(Relation::After)));
    }
    if matches!(words, "חג" | "החג" | "חגימ" | "החגימ") {
        return next_festival(today).map(|holiday| (holiday, None));
    }
    if matches!(words, "ערב חג" | "ערב החג" | "ערב החגימ") {
        return next_festival(today).map(|holiday| (holiday, Some(Relation::Eve)));
    }
    exactly(words).map(|holiday| (holiday, None))
}

fn exactly(words: &str) -> Option<Holiday> {
    NAMES.get(words).copied()
}

/// Every name of every holiday, as `hebrew::normalise` writes it.
static NAMES: LazyLock<HashMap<String, Holiday>> = LazyLock::new(|| {
    let own = Holiday::all().flat_map(|holiday| {
        [
            holiday.hebrew_name().to_owned(),
            holiday.as_str().replace('_', " "),
        ]
        .map(|name| (name, holiday))
    });
    let others = OTHER_NAMES
        .iter()
        .map(|(name, holiday)| ((*name).to_owned(), *holiday));
    others
        .chain(own)
        .map(|(name, holiday)| (hebrew::normalise(&name), holiday))
        .collect()
});

/// The festival that "the holiday" means: the next one that is kept with days of rest.
fn next_festival(today: Date) -> Option<Holiday> {
    [
        Holiday::RoshHashanah,
        Holiday::YomKippur,
        Holiday::Sukkot,
        Holiday::SimchatTorah,
        Holiday::Pesach,
        Holiday::SeventhOfPesach,
        Holiday::Shavuot,
    ]
    .into_iter()
    .filter_map(|holiday| Some((holiday.next_from(today)?, holiday)))
    .min()
    .map(|(_, holiday)| holiday)
}

/// The holidays that a text names. "החג" names the next.
pub(crate) fn holidays_said(text: &str, today: Date) -> Vec<Holiday> {
    let text = hebrew::normalise(text);
    let words: Vec<&str> = hebrew::words(&text).collect();
    let mut found = Vec::new();
    for from in 0..words.len() {
        for to in (from + 1)..=words.len().min(from + 4) {
            let phrase = words[from..to].join(" ");
            let stems = [
                Some(phrase.as_str()),
                phrase.strip_prefix(['ב', 'ל', 'ו', 'מ', 'ה', 'ש']),
                phrase.strip_prefix("וב"),
                phrase.strip_prefix("שב"),
            ];
            let named = stems
                .into_iter()
                .flatten()
                .find_map(|stem| holiday_named(stem, today));
            if let Some((holiday, _)) = named.filter(|(holiday, _)| !found.contains(holiday)) {
                found.push(holiday);
            }
        }
    }
    found
}

/// Whether a text can mean this holiday: it names one of the same festival.
pub(crate) fn is_said(holiday: Holiday, text: &str, today: Date) -> bool {
    let festival = last_of_festival(holiday);
    holidays_said(text, today)
        .into_iter()
        .any(|said| said == holiday || last_of_festival(said) == festival)
}

/// Whether a text names holidays, and all of other festivals. "אחרי החגים" names whichever is meant.
pub(crate) fn names_another(holiday: Holiday, text: &str, today: Date) -> bool {
    let words = hebrew::normalise(text);
    let is_open = hebrew::words(&words).any(|word| {
        let stem = word.trim_start_matches(['ב', 'ל', 'ו', 'מ', 'ה', 'ש']);
        matches!(stem, "חג" | "חגימ")
    });
    !is_open && !holidays_said(text, today).is_empty() && !is_said(holiday, text, today)
}

/// What holidays are called besides their names in the calendar.
const OTHER_NAMES: &[(&str, Holiday)] = &[
    ("כיפור", Holiday::YomKippur),
    ("יום הכיפורים", Holiday::YomKippur),
    ("יום כיפורים", Holiday::YomKippur),
    ("יום הכפורים", Holiday::YomKippur),
    ("ערב כיפור", Holiday::EveOfYomKippur),
    ("ערב יום הכיפורים", Holiday::EveOfYomKippur),
    ("חג הסוכות", Holiday::Sukkot),
    ("חול המועד של סוכות", Holiday::IntermediateDaysOfSukkot),
    ("חוה\"מ סוכות", Holiday::IntermediateDaysOfSukkot),
    ("חוה\"מ פסח", Holiday::IntermediateDaysOfPesach),
    ("חול המועד של פסח", Holiday::IntermediateDaysOfPesach),
    ("שמיני עצרת", Holiday::SimchatTorah),
    ("ראש השנה", Holiday::RoshHashanah),
    ("ערב ראש השנה", Holiday::EveOfRoshHashanah),
    ("חג החנוכה", Holiday::Hanukkah),
    ("טו בשבט", Holiday::TuBishvat),
    ("חג פורים", Holiday::Purim),
    ("חג הפסח", Holiday::Pesach),
    ("ליל הסדר", Holiday::EveOfPesach),
    ("ליל סדר", Holiday::EveOfPesach),
    ("שביעי של פסח", Holiday::SeventhOfPesach),
    ("שביעי פסח", Holiday::SeventhOfPesach),
    ("חג שבועות", Holiday::Shavuot),
    ("חג השבועות", Holiday::Shavuot),
    ("עצמאות", Holiday::YomHaatzmaut),
    ("יום עצמאות", Holiday::YomHaatzmaut),
    ("חג העצמאות", Holiday::YomHaatzmaut),
    ("ערב יום העצמאות", Holiday::YomHazikaron),
    ("יום הזכרון", Holiday::YomHazikaron),
    ("לג בעומר", Holiday::LagBaomer),
    ("צום גדליה", Holiday::FastOfGedaliah),
    ("צום גדליהו", Holiday::FastOfGedaliah),
    ("ט' באב", Holiday::TishaBav),
    ("ט באב", Holiday::TishaBav),
    ("תשעה באב", Holiday::TishaBav),
    ("עשרה בטבת", Holiday::FastOfTevet),
];
