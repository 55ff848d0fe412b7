//! The days that words can name, seen from a day.

use time::{Date, Month, Weekday};

use crate::{
    month_name, normalise,
    said::{
        foreign,
        numbers::{cardinal, ordinal},
        tokens::{Tokens, is_number, one_spelling},
    },
};

/// A day that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidDay {
    kind: Kind,
    led: bool,
    negated: bool,
    /// Whether its words can name nothing but a day.
    certain: bool,
    /// Whether a weekday is named in the same text: "עוד שבועיים ביום חמישי" is not fourteen days.
    is_a_week: bool,
    at: usize,
}

/// In which way a day is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayForm {
    /// By its distance: "מחר".
    Distance,
    /// By its weekday.
    Weekday,
    /// By its number in a month.
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many days from now, at least and at most.
    Ahead(i64, i64),
    /// A weekday, so many days from now, at least and at most.
    Weekday(Weekday, i64, i64),
    /// "ב-24".
    Day(u8),
    /// "24 בנובמבר", by the month's number.
    DayOfMonth(u8, u8),
    Full(Date),
}

impl SaidDay {
    /// Whether the words name this day, said on `today`.
    pub fn fits(&self, date: Date, today: Date) -> bool {
        let ahead = (date - today).whole_days();
        match self.kind {
            Kind::Ahead(least, most) => (least..=most).contains(&ahead),
            Kind::Weekday(day, least, most) => {
                date.weekday() == day && (least..=most).contains(&ahead)
            }
            Kind::Day(day) => date.day() == day,
            Kind::DayOfMonth(day, month) => date.day() == day && u8::from(date.month()) == month,
            Kind::Full(full) => date == full,
        }
    }

    /// Whether the words may mean this day at all: "שלישי" may mean the Tuesday that was spoken of before.
    pub fn may_mean(&self, date: Date, today: Date) -> bool {
        match self.kind {
            Kind::Weekday(day, ..) => date.weekday() == day,
            Kind::Ahead(least, most) if most >= 7 && self.is_a_week => {
                let ahead = (date - today).whole_days();
                (least - 6..=most + 6).contains(&ahead)
            }
            Kind::Ahead(..) | Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_) => {
                self.fits(date, today)
            }
        }
    }

    /// In which way it is named.
    pub const fn form(&self) -> DayForm {
        match self.kind {
            Kind::Ahead(..) => DayForm::Distance,
            Kind::Weekday(..) => DayForm::Weekday,
            Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_) => DayForm::Number,
        }
    }

    /// Whether its words stand as a day's ("ביום שלישי", "מחר", "ה-24"). A weekday's name alone may be a number or a
    /// name.
    pub const fn is_led(&self) -> bool {
        self.led
    }

    /// Whether it is ruled out ("לא ביום ראשון").
    pub const fn is_negated(&self) -> bool {
        self.negated
    }

    /// The place of its words in the text: a day and an hour at one place are two readings of the same words.
    pub const fn at(&self) -> usize {
        self.at
    }
}

/// The days that a text can name, in order of mention. Holidays are not among them: they need a calendar.
///
/// ```
/// use time::macros::date;
///
/// let said = toran_hebrew::days_said("לא ביום שלישי, בעשרים וארבע לנובמבר");
/// assert!(said[0].is_negated());
/// assert!(said[1].fits(date!(2026-11-24), date!(2026-11-22)));
/// ```
pub fn days_said(text: &str) -> Vec<SaidDay> {
    let tokens = Tokens::of(text);
    mentions(&tokens).into_iter().map(|(day, _)| day).collect()
}

/// Whether a text, said on `today`, names this day: by its distance ("מחר"), its weekday within the coming week or the
/// one that the text speaks of, or its number in the month.
///
/// ```
/// use time::macros::date;
/// use toran_hebrew::day_is_named;
///
/// let sunday = date!(2026-11-22);
/// assert!(day_is_named("יש לי מחר בעשר", date!(2026-11-23), sunday));
/// assert!(day_is_named("ביום שלישי הבא", date!(2026-12-01), sunday));
/// assert!(!day_is_named("ביום שלישי", date!(2026-12-01), sunday));
/// ```
pub fn day_is_named(text: &str, date: Date, today: Date) -> bool {
    days_said(text)
        .iter()
        .any(|day| day.led && !day.negated && day.certain && day.fits(date, today))
}

/// Which tokens are a day's beyond doubt, so that no hour is read from them.
pub(crate) fn dated_tokens(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for (day, length) in mentions(tokens) {
        let is_numeric = matches!(
            day.kind,
            Kind::Day(_) | Kind::DayOfMonth(..) | Kind::Full(_)
        );
        if day.certain && (is_numeric || matches!(day.kind, Kind::Ahead(..))) {
            let end = (day.at + length).min(taken.len());
            taken[day.at..end].fill(true);
        }
    }
    taken
}

/// Which tokens stand in a day's words, beyond doubt or not.
pub(crate) fn days_said_at(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for (day, length) in mentions(tokens) {
        let end = (day.at + length).min(taken.len());
        taken[day.at..end].fill(day.led);
    }
    taken
}

/// What a mention was read from.
struct Mention {
    kind: Kind,
    length: usize,
    led: bool,
    certain: bool,
}

impl Mention {
    const fn sure(kind: Kind, length: usize) -> Self {
        Self {
            kind,
            length,
            led: true,
            certain: true,
        }
    }
}

fn mentions(tokens: &Tokens) -> Vec<(SaidDay, usize)> {
    let weeks = weeks_spoken_of(tokens);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mention = from_now(tokens, at)
            .or_else(|| in_digits(tokens, at))
            .or_else(|| day_of_month(tokens, at))
            .or_else(|| weekday(tokens, at, weeks));
        let Some(mention) = mention else {
            at += 1;
            continue;
        };
        let day = SaidDay {
            kind: mention.kind,
            led: mention.led,
            negated: is_negated(tokens, at),
            certain: mention.certain,
            is_a_week: false,
            at,
        };
        found.push((day, mention.length));
        at += mention.length;
    }
    let is_a_week = found.iter().any(|(day, _)| day.form() == DayForm::Weekday);
    for (day, _) in &mut found {
        day.is_a_week = is_a_week;
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

/// In which weeks the weekdays of a text lie, as days from now: within seven days, unless it speaks of a later week.
fn weeks_spoken_of(tokens: &Tokens) -> (i64, i64) {
    let mut span = (1, 7);
    for at in 0..tokens.len() {
        let word = tokens.text(at);
        let widened = match word {
            "הבא" | "הבאה" | "next" | "следующей" | "следующий" => (1, 13),
            "שאחריו" | "שאחרי" | "שאחריה" => (8, 20),
            "שבועימ" => (8, 27),
            "שבועות" => match counted_before(tokens, at) {
                Some(weeks) => (7 * weeks - 6, 7 * weeks + 13),
                None => continue,
            },
            "שבוע" if matches!(tokens.before(at), "עוד" | "בעוד" | "תוכ" | "אחרי") => {
                (1, 13)
            }
            "לחודש" | "בחודש" | "אחרי" | "החג" | "חנוכה" => (1, 45),
            _ => continue,
        };
        span = if span == (1, 7) {
            widened
        } else {
            (span.0.max(widened.0), span.1.max(widened.1))
        };
    }
    span
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
            let counts = matches!(tokens.text(at + 1), "בעוד" | "עוד")
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
    let mut mention = Mention::sure(Kind::Ahead(days.0, days.1), 1);
    // "על הבוקר" is an early hour of any day.
    if matches!(stem, "הבוקר" | "הערב" | "הלילה") && !is_alone(tokens, at) {
        return None;
    }
    mention.led = !matches!(stem, "הבוקר");
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

/// "24.11", "24/11/26", "2026-11-24", "24 november".
fn in_digits(tokens: &Tokens, at: usize) -> Option<Mention> {
    let number = tokens.text(at);
    if let Some(month) = foreign::month(number) {
        let day = day_number(tokens.text(at + 1))?;
        return Some(Mention::sure(Kind::DayOfMonth(day, month), 2));
    }
    if !is_number(number) || number.contains(':') {
        return None;
    }
    let after_an_hour = tokens.before(at).ends_with("שעה");
    let parts: Vec<&str> = number.split(['.', '/', '-']).collect();
    match *parts.as_slice() {
        [day] => {
            let month = foreign::month(tokens.text(at + 1))?;
            Some(Mention::sure(Kind::DayOfMonth(day_number(day)?, month), 2))
        }
        [day, month]
            if !number.contains('-') && !after_an_hour && !is_counted(tokens.text(at + 1)) =>
        {
            let kind = Kind::DayOfMonth(day_number(day)?, month_number(month)?);
            // "8.10" may be a day or an hour; "24.11" and "7/12" may not.
            let certain = number.contains('/')
                || month.len() == 1
                || day.parse().is_ok_and(|day: u8| day > 24);
            Some(Mention {
                certain: certain || !is_like_minutes(month),
                ..Mention::sure(kind, 1)
            })
        }
        [first, second, third] => {
            let (year, month, day) = if first.len() == 4 {
                (first, second, third)
            } else {
                (third, second, first)
            };
            let year: i32 = year.parse().ok().filter(|_| matches!(year.len(), 2 | 4))?;
            let year = if year < 100 { 2000 + year } else { year };
            let month = Month::try_from(month_number(month)?).ok()?;
            let date = Date::from_calendar_date(year, month, day_number(day)?).ok()?;
            Some(Mention::sure(Kind::Full(date), 1))
        }
        _ => None,
    }
}

/// "2.5 שעות", "ב-20 שקל": what a number counts, if not days of a month.
fn is_counted(next: &str) -> bool {
    matches!(
        next,
        "דקות"
            | "שעות"
            | "שעה"
            | "ימימ"
            | "שקל"
            | "שקלימ"
            | "שח"
            | "אחוז"
            | "אנשימ"
            | "שנה"
            | "שנימ"
            | "שבועות"
    )
}

/// "10", "00": months of two digits that are round minutes.
fn is_like_minutes(month: &str) -> bool {
    matches!(month, "10" | "05" | "00")
}

/// "24 בנובמבר", "בעשרים וארבע לנובמבר", "הראשון לחודש", "ה-24", "בחמישי לראשון", "שלושה עשר לשנים עשר".
fn day_of_month(tokens: &Tokens, at: usize) -> Option<Mention> {
    let glue = usize::from(
        matches!(
            tokens.text(at),
            "ב" | "ה" | "ל" | "וב" | "שב" | "לה" | "עד" | "מה"
        ) && is_number(tokens.text(at + 1)),
    );
    let by_article = glue == 1 && matches!(tokens.text(at), "ה" | "לה" | "מה");
    if glue == 1 || is_number(tokens.text(at)) {
        let day = day_number(tokens.text(at + glue))?;
        return numbered(tokens, at, day, glue + 1, by_article);
    }
    ["", "ב", "ה", "ל", "ו", "וב", "וה", "בה", "לה"]
        .iter()
        .find_map(|prefix| {
            let mut words = tokens.from(at);
            let first = words.first_mut()?;
            *first = first.strip_prefix(prefix)?;
            let (day, length, masculine) = match ordinal(words[0]) {
                Some(day) => (day, 1, true),
                None => {
                    let number = cardinal(&words)?;
                    (number.value, number.length, number.is_masculine())
                }
            };
            let day = u8::try_from(day)
                .ok()
                .filter(|day| (1..=31).contains(day))?;
            if let Some((kind, month_length)) = month_after(tokens, at + length, day) {
                return Some(Mention::sure(kind, length + month_length));
            }
            in_words_alone(tokens, at, day, length, prefix, masculine)
        })
}

/// "ב-24", "ה-24", and what follows it.
fn numbered(
    tokens: &Tokens,
    at: usize,
    day: u8,
    length: usize,
    by_article: bool,
) -> Option<Mention> {
    if let Some((kind, month_length)) = month_after(tokens, at + length, day) {
        return Some(Mention::sure(kind, length + month_length));
    }
    let next = tokens.text(at + length);
    let counts = is_counted(next) || is_hebrew_month(next);
    let has_glue = length > 1;
    if counts || !has_glue || !(by_article || day > 12) {
        return None;
    }
    let kind = Kind::Day(day);
    Some(Mention {
        certain: by_article,
        ..Mention::sure(kind, length)
    })
}

/// "בעשרים וחמישה": masculine and large, so no hour. Not before an hour: "בעשרים וחמישה לשש".
fn in_words_alone(
    tokens: &Tokens,
    at: usize,
    day: u8,
    length: usize,
    prefix: &str,
    masculine: bool,
) -> Option<Mention> {
    let next = tokens.text(at + length);
    let before_an_hour = next
        .strip_prefix('ל')
        .is_some_and(|word| cardinal(&[word]).is_some());
    let is_day = masculine && day > 10 && matches!(prefix, "ב" | "ה" | "וב" | "וה" | "ל");
    let counts = next.ends_with("ימ") || next.ends_with("ות") || is_hebrew_month(next);
    (is_day && !before_an_hour && !counts).then(|| Mention {
        certain: prefix.ends_with('ה'),
        ..Mention::sure(Kind::Day(day), length)
    })
}

/// The month that follows a day: its name, its number, or "לחודש".
fn month_after(tokens: &Tokens, at: usize, day: u8) -> Option<(Kind, usize)> {
    let glue = usize::from(matches!(tokens.text(at), "ב" | "ל" | "of"));
    let word = tokens.text(at + glue);
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    if bare == "חודש" {
        return Some((Kind::Day(day), glue + 1));
    }
    if let Some(month) = month_named(bare) {
        return Some((Kind::DayOfMonth(day, month), glue + 1));
    }
    let has_glue = word.starts_with('ל') || (glue == 1 && tokens.text(at) == "ל");
    if !has_glue || is_number(word) {
        return None;
    }
    let mut words = tokens.from(at + glue);
    let first = words.first_mut()?;
    *first = first.strip_prefix('ל').unwrap_or(first);
    let (month, length) = match ordinal(words[0]) {
        Some(month) => (month, 1),
        None => {
            let number = cardinal(&words)
                .filter(|number| number.gender == crate::said::numbers::Gender::Masculine)?;
            (number.value, number.length)
        }
    };
    let month = u8::try_from(month)
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    Some((Kind::DayOfMonth(day, month), glue + length))
}

/// Days of Hebrew months need a calendar.
fn is_hebrew_month(word: &str) -> bool {
    let bare = word.strip_prefix(['ב', 'ל']).unwrap_or(word);
    matches!(
        bare,
        "תשרי"
            | "חשונ"
            | "חשוונ"
            | "כסלו"
            | "טבת"
            | "שבט"
            | "אדר"
            | "ניסנ"
            | "אייר"
            | "איר"
            | "סיונ"
            | "סיוונ"
            | "תמוז"
            | "אב"
            | "אלול"
    )
}

fn month_named(word: &str) -> Option<u8> {
    let other = match word {
        "מרס" => Some(3),
        "מאיי" => Some(5),
        "אוקטבר" => Some(10),
        _ => None,
    };
    other.or_else(|| {
        (1..=12).find(|month| {
            Month::try_from(*month)
                .is_ok_and(|month| one_spelling(&normalise(month_name(month))) == word)
        })
    })
}

/// "יום שלישי", "בשלישי", "שבת", "יום ג", "יום גימל", "monday".
fn weekday(tokens: &Tokens, at: usize, weeks: (i64, i64)) -> Option<Mention> {
    let word = tokens.text(at);
    let of = |day: Weekday| Kind::Weekday(day, weeks.0, weeks.1);
    if let Some(day) = foreign::weekday(word) {
        return Some(Mention::sure(of(day), 1));
    }
    let noun = without_prefixes(word, &['ו', 'ב', 'ל', 'מ', 'ש'], |stem| stem == "יומ");
    if noun.is_some() {
        let next = tokens.text(at + 1);
        if counts_a_festival(tokens, at + 1) {
            return None;
        }
        let number_follows = is_number(tokens.text(at + 2)) && !tokens.text(at + 2).contains(':');
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
    let stem = without_prefixes(word, &['ו', 'ב', 'ל', 'ש', 'מ'], |stem| {
        named(stem).is_some()
    })?;
    let day = named(stem)?;
    if is_no_weekday(tokens, at, day) {
        return None;
    }
    let led = stem != word || day == Weekday::Saturday;
    Some(Mention {
        led,
        ..Mention::sure(of(day), 1)
    })
}

/// "היום החמישי של חנוכה" counts the days of a festival.
fn counts_a_festival(tokens: &Tokens, at: usize) -> bool {
    tokens.text(at + 1) == "של" && !tokens.text(at + 2).contains("שבוע")
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
        || counts_a_festival(tokens, at)
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

fn day_number(digits: &str) -> Option<u8> {
    let digits = digits.strip_suffix("th").unwrap_or(digits);
    digits
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day) && digits.len() <= 2)
}

fn month_number(digits: &str) -> Option<u8> {
    digits
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month) && digits.len() <= 2)
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

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const SUNDAY: Date = date!(2026 - 11 - 22);

    #[track_caller]
    fn check(text: &str, date: Date, expected: bool) {
        let fits = days_said(text)
            .iter()
            .any(|day| !day.is_negated() && day.fits(date, SUNDAY));
        assert_eq!(fits, expected, "{text} {date}");
    }

    #[test]
    fn days_are_read_from_callers_words() {
        let tuesday = date!(2026 - 11 - 24);
        for text in [
            "מחרתיים",
            "עוד יומיים",
            "בעוד יומיים",
            "ביום שלישי",
            "שלישי בארבע",
            "לשלישי",
            "יום ג'",
            "יום ג׳",
            "יום ג",
            "ביום גימל בשלוש",
            "ב-24 לחודש",
            "ה-24",
            "בעשרים וארבע לנובמבר",
            "בעשרים וארבעה בנובמבר",
            "24 בנובמבר",
            "24.11",
            "24/11/26",
            "ב24.11",
            "2026-11-24",
            "עשרים וארבע לאחד עשר",
            "on tuesday",
            "24 november",
            "day after tomorrow",
            "послезавтра",
            "יום שלישי הזה",
            "בשלשי",
            "בעוד 2 ימים",
            "בעשרים וארבעה",
            "לא לא, שלישי",
            "ב-24",
            "למה לא ביום שלישי",
        ] {
            check(text, tuesday, true);
            check(text, date!(2026 - 11 - 25), false);
        }
        check("היום", SUNDAY, true);
        check("להיום בשש", SUNDAY, true);
        check("tomorrow", date!(2026 - 11 - 23), true);
        check("יום ב׳", date!(2026 - 11 - 23), true);
        check("יום ה׳", date!(2026 - 11 - 26), true);
        check("יום ה", date!(2026 - 11 - 26), true);
        check("יום ו׳", date!(2026 - 11 - 27), true);
        check("ליום ד בשעה 12", date!(2026 - 11 - 25), true);
        check("יום דלת בארבע", date!(2026 - 11 - 25), true);
        check("בששי", date!(2026 - 11 - 27), true);
        check("יום השישי", date!(2026 - 11 - 27), true);
        check("במוצאי שבת", date!(2026 - 11 - 28), true);
        check("יום שלישי הבא", date!(2026 - 12 - 01), true);
        check("שבוע הבא ביום שלישי", date!(2026 - 12 - 01), true);
        check("next week ביום שלישי", date!(2026 - 12 - 01), true);
        check("ביום שלישי", date!(2026 - 12 - 01), false);
        check("עוד שבועיים ביום חמישי", date!(2026 - 12 - 10), true);
        check(
            "לא השבוע הבא, זה שאחריו, ביום שלישי",
            date!(2026 - 12 - 08),
            true,
        );
        check("בעוד שלושה שבועות, יום ראשון", date!(2026 - 12 - 13), true);
        check("היום בעוד שבוע", date!(2026 - 11 - 29), true);
        check("עוד שבוע באותו יום", date!(2026 - 11 - 29), true);
        check("בשני לחודש הבא", date!(2026 - 12 - 02), true);
        check("באחד לחודש", date!(2026 - 12 - 01), true);
        check("בחמישי לראשון", date!(2027 - 01 - 05), true);
        check("בשני לינואר", date!(2027 - 01 - 02), true);
        check("שלושה עשר לשנים עשר", date!(2026 - 12 - 13), true);
        check("ה-5/1 בתשע", date!(2027 - 01 - 05), true);
        check("1.2.27 ב-10:00", date!(2027 - 02 - 01), true);
        check("ב-7.12 בארבע", date!(2026 - 12 - 07), true);
        check("באחד בינואר", date!(2027 - 01 - 01), true);
        check("יום ראשון ה-29 לנובמבר", date!(2026 - 11 - 29), true);
        check("לא שלישי, רביעי", date!(2026 - 11 - 24), false);
        check("לא שלישי, רביעי", date!(2026 - 11 - 25), true);
        check("הלילה באחת", date!(2026 - 11 - 23), true);
    }

    #[test]
    fn what_is_no_day() {
        for text in [
            "",
            "שני תורים, לי ולבעלי",
            "הפעם השנייה",
            "בשני המקרים",
            "ראשון לציון",
            "תור ראשון",
            "על שם שני",
            "בשעה 10:30",
            "בעשר",
            "שבת שלום",
            "2.5 שעות",
            "050-123-4567",
            "בשעה 10.10",
            "כל היום",
            "עוד שעה",
            "חמישה לארבע",
        ] {
            assert!(days_said(text).is_empty(), "{text}: {:?}", days_said(text));
        }
    }

    #[test]
    fn an_agent_names_days() {
        for (text, date) in [
            ("יש לי מחר בעשר", date!(2026 - 11 - 23)),
            ("היום בחמש", SUNDAY),
            ("מחרתיים", date!(2026 - 11 - 24)),
            ("ביום שלישי בעשר", date!(2026 - 11 - 24)),
            ("יום שלישי, 24 בנובמבר", date!(2026 - 11 - 24)),
            ("יום שלישי, 8 בדצמבר", date!(2026 - 12 - 08)),
            ("בעשרים וארבעה בנובמבר", date!(2026 - 11 - 24)),
            ("ה-24", date!(2026 - 11 - 24)),
            ("24.11", date!(2026 - 11 - 24)),
            ("ביום שלישי בשבוע הבא", date!(2026 - 12 - 01)),
            ("ביום ראשון", date!(2026 - 11 - 29)),
        ] {
            assert!(day_is_named(text, date, SUNDAY), "{text} {date}");
        }
        for (text, date) in [
            ("ביום שלישי", date!(2026 - 12 - 01)),
            ("יש לי שני תורים", date!(2026 - 11 - 23)),
            ("מה דעתך?", date!(2026 - 11 - 23)),
            ("ביום ראשון", SUNDAY),
            ("לא ביום שלישי", date!(2026 - 11 - 24)),
        ] {
            assert!(!day_is_named(text, date, SUNDAY), "{text} {date}");
        }
    }
}
