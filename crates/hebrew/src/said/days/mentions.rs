//! Where a day stands in a text.

use time::Weekday;

use super::{
    Bearing, DayForm, SaidDay,
    kind::{Kind, Weeks},
    numbered::{day_of_month, in_digits},
};
use crate::said::{
    foreign,
    numbers::cardinal,
    parts::part_at,
    tokens::{Tokens, is_number, is_ruled_out_behind},
};

/// What a mention was read from.
pub(super) struct Mention {
    pub(super) kind: Kind,
    pub(super) length: usize,
    pub(super) bearing: Bearing,
}

impl Mention {
    pub(super) const fn sure(kind: Kind, length: usize) -> Self {
        Self {
            kind,
            length,
            bearing: Bearing::Sure,
        }
    }
}

/// The days that tokens name.
pub(super) fn mentions(tokens: &Tokens) -> Vec<SaidDay> {
    let weeks = weeks_spoken_of(tokens);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mention = from_now(tokens, at)
            .or_else(|| in_digits(tokens, at))
            .or_else(|| day_of_month(tokens, at))
            .or_else(|| span(tokens, at))
            .or_else(|| weekday(tokens, at, weeks));
        let Some(mention) = mention else {
            at += 1;
            continue;
        };
        let day = SaidDay {
            kind: mention.kind,
            bearing: mention.bearing,
            negated: is_negated(tokens, at)
                || is_ruled_out_behind(tokens, at + mention.length)
                // "רביעי אחר" is any but the one that was spoken of.
                || tokens.text(at + mention.length) == "אחר",
            is_beside_a_weekday: false,
            at,
            length: mention.length,
        };
        found.push(day);
        at += mention.length;
    }
    let names_a_weekday = found.iter().any(|day| day.form() == DayForm::Weekday);
    for day in &mut found {
        day.is_beside_a_weekday = names_a_weekday;
    }
    found
}

/// "לא ביום ראשון", "רק לא מחר"; "לא, ביום ראשון" is a correction, and "למה לא מחר" a wish.
fn is_negated(tokens: &Tokens, at: usize) -> bool {
    let negates = |at: usize| {
        matches!(
            tokens.text(at),
            "לא" | "אל" | "שלא" | "ולא" | "בלי" | "חוצ" | "not" | "не"
        ) && !(at >= 1 && matches!(tokens.text(at - 1), "למה" | "לא"))
    };
    let joined = |back: usize| at >= back && tokens.same_clause(at - back, at);
    (joined(1) && negates(at - 1))
        || (joined(2)
            && negates(at - 2)
            && matches!(
                tokens.before(at),
                "על" | "את"
                    | "יכול"
                    | "יכולה"
                    | "טוב"
                    | "מתאימ"
                    | "נוח"
                    | "מסתדר"
                    | "ה"
                    | "ב"
            ))
}

/// In which weeks the weekdays of a text lie.
fn weeks_spoken_of(tokens: &Tokens) -> Weeks {
    let said = (0..tokens.len()).filter_map(|at| {
        Some(match tokens.text(at) {
            "הבא" | "הבאה" | "next" | "следующей" | "следующий" => {
                let is_of_the_week = is_next_week(tokens, at)
                    || at.checked_sub(1).is_some_and(|at| is_next_week(tokens, at));
                if is_of_the_week {
                    Weeks::Next
                } else if weekday_at(tokens, at.saturating_sub(1)).is_some() {
                    Weeks::Following
                } else {
                    Weeks::Within(1, 13)
                }
            }
            "שאחריו" | "שאחרי" | "שאחריה" => Weeks::Within(8, 20),
            "שבועימ" => Weeks::Within(8, 27),
            "שבועות" => {
                let weeks = counted_before(tokens, at)?;
                Weeks::Within(7 * weeks - 6, 7 * weeks + 13)
            }
            "שבוע" if matches!(tokens.before(at), "עוד" | "בעוד" | "תוכ" | "אחרי") => {
                Weeks::Within(1, 13)
            }
            "לחודש" | "בחודש" | "אחרי" | "החג" | "חנוכה" => {
                Weeks::Within(1, 45)
            }
            _ => return None,
        })
    });
    said.fold(Weeks::Unsaid, Weeks::and)
}

/// "בשבוע הבא", "next week".
fn is_next_week(tokens: &Tokens, at: usize) -> bool {
    let word = without_prefixes(tokens.text(at), &['ו', 'ב', 'ל', 'ש', 'ה'], |stem| {
        stem == "שבוע"
    });
    word.is_some() && tokens.text(at + 1) == "הבא"
        || matches!(
            (tokens.text(at), tokens.text(at + 1)),
            ("next", "week") | ("следующей", "неделе")
        )
}

/// A week or a month without a day of it: "בשבוע הבא", "next month".
fn span(tokens: &Tokens, at: usize) -> Option<Mention> {
    if is_next_week(tokens, at) {
        return Some(Mention::sure(Kind::NextWeek, 2));
    }
    let word = without_prefixes(tokens.text(at), &['ו', 'ב', 'ל', 'ש', 'ה'], |stem| {
        stem == "חודש"
    });
    let is_next_month = (word.is_some() && tokens.text(at + 1) == "הבא")
        || (tokens.text(at), tokens.text(at + 1)) == ("next", "month");
    is_next_month.then(|| Mention::sure(Kind::NextMonth, 2))
}

/// The weekday whose name a token is: "רביעי", "בשלישי", "wednesday".
pub(crate) fn weekday_at(tokens: &Tokens, at: usize) -> Option<Weekday> {
    let word = tokens.text(at);
    foreign::weekday(word).or_else(|| {
        let is_named = |stem: &str| named(stem).is_some();
        let stem = without_prefixes(word, &['ו', 'ב', 'ל', 'ש', 'מ', 'ה'], is_named);
        stem.and_then(named)
    })
}

fn counted_before(tokens: &Tokens, at: usize) -> Option<i64> {
    let before = tokens.before(at);
    let number = if is_number(before) {
        before.parse().ok()?
    } else {
        i64::from(cardinal(&[before])?.value)
    };
    (1..=60).contains(&number).then_some(number)
}

/// "היום", "מחר", "עוד יומיים", "בעוד שלושה ימים", "tomorrow".
fn from_now(tokens: &Tokens, at: usize) -> Option<Mention> {
    let word = tokens.text(at);
    if matches!(word, "עוד" | "בעוד" | "תוכ" | "in") {
        let (days, length) = span_of_days(tokens, at + 1)?;
        return Some(Mention::sure(days, 1 + length));
    }
    if (word, tokens.text(at + 1), tokens.text(at + 2)) == ("day", "after", "tomorrow") {
        return Some(Mention::sure(Kind::Ahead(2, 2), 3));
    }
    if let Some(days) = foreign::days_ahead(word) {
        return Some(Mention::sure(Kind::Ahead(days, days), 1));
    }
    let stem = without_prefixes(word, &['ו', 'ש', 'ל', 'ב', 'מ', 'כ'], |stem| {
        matches!(
            stem,
            "היומ" | "מחר" | "מחרתימ" | "מחרתיימ" | "הערב" | "הלילה" | "הבוקר"
        )
    })?;
    let days = match stem {
        "היומ" => {
            let counts = matches!(tokens.text(at + 1), "בעוד" | "עוד" | "הזה")
                || matches!(tokens.before(at), "כל" | "שעות" | "במשכ" | "סופ" | "באמצע")
                || tokens.before(at).starts_with("שבוע");
            if counts {
                return None;
            }
            (0, 0)
        }
        "מחר" => (1, 1),
        "מחרתימ" | "מחרתיימ" => (2, 2),
        // Of "הלילה באחת" the hour belongs to the coming date.
        "הלילה" if tokens.before(at) != "חצות" => (0, 1),
        "הערב" | "הבוקר" if !names_an_eve(tokens, at) => (0, 0),
        _ => return None,
    };
    let mention = Mention::sure(Kind::Ahead(days.0, days.1), 1);
    // "על הבוקר" is an early hour of any day.
    if matches!(stem, "הבוקר" | "הערב" | "הלילה") && !is_alone(tokens, at) {
        return None;
    }
    Some(mention)
}

/// "בשעות הבוקר", "על הבוקר", "לקראת הערב", "מחר הבוקר" speak of a part of some day.
fn is_alone(tokens: &Tokens, at: usize) -> bool {
    !matches!(
        tokens.before(at),
        "שעות"
            | "בשעות"
            | "על"
            | "לקראת"
            | "לפנות"
            | "מחר"
            | "עד"
            | "כל"
            | "אחרי"
            | "לפני"
    )
}

fn names_an_eve(tokens: &Tokens, at: usize) -> bool {
    tokens.text(at) == "הערב" && matches!(tokens.text(at + 1), "של" | "חג" | "החג")
}

/// "יומיים", "שבוע", "שלושה שבועות", "5 ימים", "חודש".
fn span_of_days(tokens: &Tokens, at: usize) -> Option<(Kind, usize)> {
    let weeks = |weeks: i64| Kind::Ahead(7 * weeks, 7 * weeks);
    let one = match tokens.text(at) {
        "יומ" => Some(Kind::Ahead(1, 1)),
        "יומימ" => Some(Kind::Ahead(2, 2)),
        "שבוע" => Some(weeks(1)),
        "שבועימ" => Some(weeks(2)),
        "חודש" => Some(Kind::Ahead(28, 31)),
        "חודשימ" => Some(Kind::Ahead(59, 62)),
        _ => None,
    };
    if let Some(kind) = one {
        return Some((kind, 1));
    }
    let (number, length) = if is_number(tokens.text(at)) {
        (tokens.text(at).parse().ok()?, 1)
    } else {
        let number = cardinal(&tokens.from(at))?;
        (i64::from(number.value), number.length)
    };
    if !(1..=400).contains(&number) {
        return None;
    }
    let kind = match tokens.text(at + length) {
        "ימימ" | "יומ" | "days" => Kind::Ahead(number, number),
        "שבועות" | "weeks" => weeks(number),
        "חודשימ" => Kind::Ahead(28 * number, 31 * number),
        _ => return None,
    };
    Some((kind, length + 1))
}

/// "יום שלישי", "בשלישי", "שבת", "יום ג", "יום גימל", "monday".
fn weekday(tokens: &Tokens, at: usize, weeks: Weeks) -> Option<Mention> {
    let word = tokens.text(at);
    let of = |day: Weekday| Kind::Weekday(day, weeks);
    if let Some(day) = foreign::weekday(word) {
        return Some(Mention::sure(of(day), 1));
    }
    let noun = without_prefixes(word, &['ו', 'ב', 'ל', 'מ', 'ש'], |stem| stem == "יומ");
    if noun.is_some() {
        let next = tokens.text(at + 1);
        if is_no_day_ahead(tokens, at + 1) {
            return None;
        }
        let number_follows = is_number(tokens.text(at + 2))
            && !tokens.text(at + 2).contains(':')
            && tokens.same_clause(at, at + 2);
        let lettered = lettered(next).filter(|_| !(next == "ה" && number_follows));
        let named = named(next).or_else(|| next.strip_prefix('ה').and_then(named));
        return Some(Mention::sure(of(named.or(lettered)?), 2));
    }
    match (word, tokens.text(at + 1)) {
        ("ערב" | "בערב", "שבת") => return Some(Mention::sure(of(Weekday::Friday), 2)),
        ("מוצאי" | "במוצאי" | "למוצאי", "שבת") => {
            return Some(Mention::sure(of(Weekday::Saturday), 2));
        }
        ("שבת", "שלומ") => return None,
        ("מוצש" | "במוצש", _) => return Some(Mention::sure(of(Weekday::Saturday), 1)),
        _ => {}
    }
    // "שלישי הקרוב", "השני הבא".
    let is_coming =
        tokens.same_clause(at, at + 1) && matches!(tokens.text(at + 1), "הקרוב" | "הבא" | "הזה");
    let stem = without_prefixes(word, &['ו', 'ב', 'ל', 'ש', 'מ'], |stem| {
        named(stem).is_some()
    });
    let with_article = || {
        word.strip_prefix('ה')
            .filter(|stem| is_coming && named(stem).is_some())
    };
    let stem = stem.or_else(with_article)?;
    let day = named(stem)?;
    if is_no_weekday(tokens, at, day) {
        return None;
    }
    // "שלישי בבוקר".
    let is_pointed_at =
        is_coming || (tokens.same_clause(at, at + 1) && part_at(tokens, at + 1).is_some());
    let is_led = stem != word || day == Weekday::Saturday || is_pointed_at;
    Some(Mention {
        bearing: if is_led {
            Bearing::Sure
        } else {
            Bearing::Alone
        },
        ..Mention::sure(of(day), 1)
    })
}

/// "היום החמישי של חנוכה" counts the days of a festival, and "ביום חמישי שעבר" is over.
fn is_no_day_ahead(tokens: &Tokens, at: usize) -> bool {
    let next = tokens.text(at + 1);
    (next == "של" && !tokens.text(at + 2).contains("שבוע"))
        || matches!(next, "שעבר" | "שעברה" | "האחרונ" | "שחלפ" | "שלומ")
}

/// "שני תורים", "בשני המקרים", "ראשון לציון", "תור ראשון", "על שם שני".
fn is_no_weekday(tokens: &Tokens, at: usize, day: Weekday) -> bool {
    let (before, next) = (tokens.joined_before(at), tokens.text(at + 1));
    let points = matches!(next, "הקרוב" | "הבא" | "הזה" | "הצהרימ" | "הבוקר" | "הערב");
    let counts = match day {
        Weekday::Monday => {
            (next.ends_with("ימ") && !next.ends_with("צהרימ") && next != "שתימ")
                || (next.starts_with('ה') && !points && !tokens.text(at).starts_with(['ב', 'ל']))
                || (next.starts_with('ה') && next.ends_with("ימ"))
        }
        Weekday::Sunday => {
            next == "לציונ" || matches!(before, "תור" | "פעמ" | "דבר" | "שלב" | "פגישה")
        }
        Weekday::Saturday => matches!(next, "שלומ"),
        _ => false,
    };
    counts
        || is_no_day_ahead(tokens, at)
        || matches!(before, "שמ" | "שמי" | "השמ" | "פעמ" | "קומה" | "כיתה")
}

fn named(word: &str) -> Option<Weekday> {
    Some(match word {
        "ראשונ" => Weekday::Sunday,
        "שני" => Weekday::Monday,
        "שלישי" | "שלשי" => Weekday::Tuesday,
        "רביעי" => Weekday::Wednesday,
        "חמישי" | "חמשי" => Weekday::Thursday,
        "שישי" | "ששי" => Weekday::Friday,
        "שבת" => Weekday::Saturday,
        _ => return None,
    })
}

fn lettered(word: &str) -> Option<Weekday> {
    Some(match word {
        "א" | "אלפ" => Weekday::Sunday,
        "ב" | "בית" | "בי" => Weekday::Monday,
        "ג" | "גימל" | "גימאל" => Weekday::Tuesday,
        "ד" | "דלת" | "דאלת" | "דלד" => Weekday::Wednesday,
        "ה" | "הא" | "הי" | "היי" => Weekday::Thursday,
        "ו" | "וו" | "ואו" | "ויו" => Weekday::Friday,
        "ש" | "שינ" => Weekday::Saturday,
        _ => return None,
    })
}

/// The word behind none, one or two of these glued letters, if it is one that is looked for.
fn without_prefixes<'a>(
    word: &'a str,
    prefixes: &[char],
    is_wanted: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let one = word.strip_prefix(prefixes);
    let two = one.and_then(|rest| rest.strip_prefix(prefixes));
    [Some(word), one, two]
        .into_iter()
        .flatten()
        .find(|stem| is_wanted(stem))
}
