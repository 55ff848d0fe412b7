//! Where an hour stands in a text.

use time::Time;

use super::counts::{counts_things, follows_a_count, is_counted};
use crate::{
    said::{
        foreign,
        numbers::{Cardinal, Gender, cardinal},
        parts::{DayPart, part_at},
        tokens::{Tokens, is_number},
    },
    spoken::Reading,
};

/// How many words the number at a token takes, at least one: no hour begins in the middle of "חמישה עשר".
pub(super) fn words_of_number(tokens: &Tokens, at: usize) -> usize {
    let words = tokens.from(at);
    let length = |prefix: &str| {
        let mut words = words.clone();
        let first = words.first_mut()?;
        *first = first.strip_prefix(prefix)?;
        cardinal(&words).map(|number| number.length)
    };
    ["", "ב", "ל", "ה", "ו", "מ", "כ"]
        .into_iter()
        .find_map(length)
        .unwrap_or(1)
}

/// A stretch of tokens that names one hour, or the two of a range.
pub(super) struct Mention {
    pub(super) hours: Vec<Vec<Time>>,
    pub(super) led: bool,
    pub(super) number_at: usize,
    pub(super) length: usize,
}

/// How sure the words before a number make it an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// "שעה": whatever follows is an hour.
    Hour,
    /// "ב", "at".
    At,
    /// "ל", "מ", or nothing.
    None,
}

/// The hour that is named at a token.
pub(super) fn mention(tokens: &Tokens, taken: &[bool], at: usize) -> Option<Mention> {
    let word = tokens.text(at);
    if taken.get(at).copied().unwrap_or(true) {
        return None;
    }
    let noun = word.trim_start_matches(['ו', 'ש', 'ב', 'ל', 'ה', 'מ', 'כ']);
    if noun == "עה" && word.ends_with("שעה") {
        // "בשעה ב-10", "השעה היא 10".
        let skip = usize::from(matches!(tokens.text(at + 1), "ב" | "היא" | "של"));
        return hour_at(tokens, taken, at, at + 1 + skip, Lead::Hour, "");
    }
    if matches!(word, "ב" | "סביב" | "בסביבות" | "לקראת") || foreign::leads_to_an_hour(word)
    {
        return hour_at(tokens, taken, at, at + 1, Lead::At, "");
    }
    if matches!(word, "ל" | "מ" | "עד" | "וב" | "וד") {
        return hour_at(tokens, taken, at, at + 1, Lead::None, "");
    }
    for (prefix, lead) in [
        ("", Lead::None),
        ("ב", Lead::At),
        ("וב", Lead::At),
        ("שב", Lead::At),
        ("ל", Lead::None),
        ("מ", Lead::None),
        ("ו", Lead::None),
        ("כ", Lead::None),
    ] {
        let read = hour_at(tokens, taken, at, at, lead, prefix);
        if read.is_some() {
            return read;
        }
    }
    None
}

/// The hour whose number stands at `number_at` behind a glued `prefix`; the mention begins at `at`.
fn hour_at(
    tokens: &Tokens,
    taken: &[bool],
    at: usize,
    number_at: usize,
    lead: Lead,
    prefix: &str,
) -> Option<Mention> {
    if taken.get(number_at).copied().unwrap_or(true) {
        return None;
    }
    let mut words = tokens.from(number_at);
    let first = words.first_mut()?;
    *first = first.strip_prefix(prefix)?;
    let (spoken, mut length) = number_as_hour(&words, lead)?;
    let exactly = usize::from(matches!(
        tokens.text(number_at + length),
        "בדיוק" | "בערכ" | "ככה"
    ));
    let after = part_at(tokens, number_at + length + exactly);
    let part = after.map(|(part, _)| part);
    if let Some((_, part_length)) = after {
        length += exactly + part_length;
    }
    // "יש תשע פנוי": what is counted would not be one.
    let is_said_free = matches!(tokens.text(number_at + length), "פנוי" | "תפוס");
    let is_sure = lead == Lead::Hour
        || part.is_some()
        || is_said_free
        || spoken.iter().any(|hour| hour.is_clock);
    // "יש רק ארבע וחצי".
    let is_what_there_is = spoken.iter().any(|hour| hour.has_minutes)
        && matches!(tokens.before(at), "רק" | "יש" | "כבר");
    let counts = (follows_a_count(tokens, at, lead == Lead::At) && !is_what_there_is)
        || spoken.iter().any(|hour| hour.counts);
    if !is_sure && counts {
        return None;
    }
    let part = part.or_else(|| part_before(tokens, at));
    let hours = spoken
        .iter()
        .map(|hour| hour.reading.readings(part))
        .collect();
    Some(Mention {
        hours,
        led: is_sure
            || spoken.iter().any(|hour| hour.has_minutes)
            || lead == Lead::At
            || (prefix == "ל" && lead == Lead::None && !is_number(words[0]))
            || matches!(tokens.text(at), "ל" | "עד"),
        number_at,
        length: number_at - at + length,
    })
}

/// "מחר בבוקר בעשר", "בצהריים, נגיד באחת".
fn part_before(tokens: &Tokens, at: usize) -> Option<DayPart> {
    let ends_at = |end: usize| {
        [1, 2].into_iter().find_map(|length| {
            let begin = end.checked_sub(length)?;
            part_at(tokens, begin).filter(|(_, read)| *read == length)
        })
    };
    let is_filler = matches!(
        tokens.before(at),
        "נגיד" | "בערכ" | "ככה" | "אולי" | "משהו" | "סביב" | "בסביבות"
    );
    let found = ends_at(at).or_else(|| is_filler.then(|| ends_at(at - 1)).flatten())?;
    Some(found.0)
}

/// An hour before its part of the day is known.
struct Spoken {
    reading: Reading,
    /// "10:30" can be nothing else.
    is_clock: bool,
    /// "עשר וחצי" is seldom a count.
    has_minutes: bool,
    /// The words after it count something.
    counts: bool,
}

fn number_as_hour(words: &[&str], lead: Lead) -> Option<(Vec<Spoken>, usize)> {
    let first = *words.first()?;
    if first == "חצות" && lead != Lead::None {
        let midnight = Reading::new(0, 0, true)?;
        return Some((vec![plain(midnight, false)], 1));
    }
    if is_number(first) {
        return in_digits(words, lead);
    }
    if let Some(read) = foreign_hour(words, lead) {
        return Some(read);
    }
    if let Some(read) = five_to(words) {
        return Some(read);
    }
    let (reading, length) = before_the_hour(words)
        .or_else(|| after_the_hour(words))
        .or_else(|| past_the_hour(words, lead))?;
    let next = words.get(length).copied().unwrap_or_default();
    let is_count = (length == 1 && counts_things(first, next)) || is_counted(next);
    let spoken = Spoken {
        has_minutes: cardinal(words).is_none_or(|hour| hour.length < length),
        ..plain(reading, is_count && lead != Lead::Hour)
    };
    Some((vec![spoken], length))
}

/// "חמש לשש" is a range, or five minutes to six in the mouth of many: every reading is taken.
fn five_to(words: &[&str]) -> Option<(Vec<Spoken>, usize)> {
    let (&"חמש", rest) = words.split_first()? else {
        return None;
    };
    let mut rest = rest.to_vec();
    let hour = rest.first_mut()?;
    *hour = hour.strip_prefix('ל')?;
    let hour =
        cardinal(&rest).filter(|hour| hour.is_feminine() && (1..=12).contains(&hour.value))?;
    let earlier = if hour.value == 1 { 12 } else { hour.value - 1 };
    let readings = [
        Reading::new(earlier, 55, false)?,
        Reading::new(5, 0, false)?,
        Reading::new(hour.value, 0, false)?,
    ];
    let spoken = readings.map(|reading| plain(reading, false));
    Some((spoken.into(), 1 + hour.length))
}

const fn plain(reading: Reading, counts: bool) -> Spoken {
    Spoken {
        reading,
        is_clock: false,
        has_minutes: false,
        counts,
    }
}

/// "16:30", "8.30", "1400", "10-12", "5 וחצי", "4".
fn in_digits(words: &[&str], lead: Lead) -> Option<(Vec<Spoken>, usize)> {
    let number = *words.first()?;
    let next = words.get(1).copied().unwrap_or_default();
    if let Some((from, to)) = number.split_once('-') {
        let hours: Vec<Spoken> = [from, to]
            .into_iter()
            .map(|hour| clock_reading(hour).or_else(|| whole_hour(hour)))
            .map(|reading| reading.map(|reading| plain(reading, is_counted(next))))
            .collect::<Option<_>>()?;
        return Some((hours, 1));
    }
    if let Some(reading) = clock_reading(number) {
        let is_clock = number.contains(':');
        if !is_clock && lead == Lead::None {
            return None;
        }
        let counts = !is_clock && is_counted(next);
        return Some((
            vec![Spoken {
                reading,
                is_clock,
                has_minutes: true,
                counts,
            }],
            1,
        ));
    }
    if number.len() == 4 && lead != Lead::None && number.bytes().all(|b| b.is_ascii_digit()) {
        let (hour, minute) = number.split_at(2);
        let reading = Reading::new(hour.parse().ok()?, minute.parse().ok()?, true)?;
        return Some((vec![plain(reading, is_counted(next))], 1));
    }
    let hour: u32 = number.parse().ok().filter(|_| number.len() <= 2)?;
    let (minute, length) = minutes_after(&words[1..])
        .or_else(|| apart_from_its_hour(&words[1..], lead))
        .unwrap_or((0, 0));
    let reading = Reading::new(hour % 24, minute, number.starts_with('0'))?;
    let counts = length == 0 && is_counted(next);
    Some((vec![plain(reading, counts)], 1 + length))
}

/// "בשעה 10 30": a transcriber left out the sign between.
fn apart_from_its_hour(words: &[&str], lead: Lead) -> Option<(u32, usize)> {
    let minute = match *words.first()? {
        "00" => 0,
        "15" => 15,
        "30" => 30,
        "45" => 45,
        _ => return None,
    };
    let next = words.get(1).copied().unwrap_or_default();
    (lead != Lead::None && !is_counted(next)).then_some((minute, 1))
}

/// "16:30" and "8.30". Two digits of a dial's hour may be before or after noon: transcribers write "10:30" for
/// "עשר וחצי". A leading zero, or more than twelve, is a clock of 24 hours.
fn clock_reading(number: &str) -> Option<Reading> {
    let (hour, minute) = number.split_once([':', '.'])?;
    let is_short = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if minute.len() != 2 || hour.len() > 2 || !is_short(hour) || !is_short(minute) {
        return None;
    }
    let by_the_clock = hour.len() == 2 && hour.starts_with('0');
    let hour: u32 = hour.parse().ok()?;
    Reading::new(
        if hour == 24 { 0 } else { hour },
        minute.parse().ok()?,
        by_the_clock,
    )
}

fn whole_hour(number: &str) -> Option<Reading> {
    let hour: u32 = number.parse().ok().filter(|_| number.len() <= 2)?;
    Reading::new(hour, 0, false)
}

/// "at four", "ten thirty", "в десять".
fn foreign_hour(words: &[&str], lead: Lead) -> Option<(Vec<Spoken>, usize)> {
    if let ["half", "past", hour, ..] = *words {
        return Some((
            vec![plain(Reading::new(foreign::hour(hour)?, 30, false)?, false)],
            3,
        ));
    }
    let hour = foreign::hour(words.first()?)?;
    let minute = words.get(1).and_then(|word| foreign::minutes(word));
    let next = words
        .get(1 + usize::from(minute.is_some()))
        .copied()
        .unwrap_or_default();
    let is_hour = lead != Lead::None || minute.is_some() || foreign::part(next).is_some();
    let reading = Reading::new(hour, minute.unwrap_or(0), false)?;
    let spoken = plain(reading, foreign::is_unit(next));
    is_hour.then(|| (vec![spoken], 1 + usize::from(minute.is_some())))
}

/// "רבע לחמש", "עשרה לאחת עשרה", "חמש דקות לארבע".
fn before_the_hour(words: &[&str]) -> Option<(Reading, usize)> {
    // "בין עשר לשתים עשרה" are two hours: minutes are counted in the other gender.
    let (minutes, mut length, may_be_minutes) = if words.first() == Some(&"רבע") {
        (15, 1, true)
    } else {
        let number = cardinal(words)?;
        (number.value, number.length, number.is_masculine())
    };
    let has_unit = words.get(length) == Some(&"דקות");
    length += usize::from(has_unit);
    if !(1..30).contains(&minutes) || !(may_be_minutes || has_unit) {
        return None;
    }
    // "רבע ל-12".
    if let Some(["ל", hour, ..]) = words.get(length..) {
        let hour: u32 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
        let earlier = if hour == 1 { 12 } else { hour - 1 };
        return Some((Reading::new(earlier, 60 - minutes, false)?, length + 2));
    }
    let mut rest = words.get(length..)?.to_vec();
    let hour = rest.first_mut()?;
    *hour = hour.strip_prefix('ל')?;
    let hour =
        cardinal(&rest).filter(|hour| hour.is_feminine() && (1..=12).contains(&hour.value))?;
    let earlier = if hour.value == 1 { 12 } else { hour.value - 1 };
    Some((
        Reading::new(earlier, 60 - minutes, false)?,
        length + hour.length,
    ))
}

/// "רבע אחרי עשר", "עשר דקות אחרי עשר", "עשרה אחרי עשר".
fn after_the_hour(words: &[&str]) -> Option<(Reading, usize)> {
    let (minutes, mut length) = if words.first() == Some(&"רבע") {
        (15, 1)
    } else {
        let number = cardinal(words)?;
        (number.value, number.length)
    };
    length += usize::from(words.get(length) == Some(&"דקות"));
    let hour = words
        .get(length + 1..)
        .filter(|_| words.get(length) == Some(&"אחרי"))?;
    let hour =
        cardinal(hour).filter(|hour| hour.is_feminine() && (1..=12).contains(&hour.value))?;
    let reading =
        Reading::new(hour.value, minutes, false).filter(|_| (1..60).contains(&minutes))?;
    Some((reading, length + 1 + hour.length))
}

/// "עשר", "עשר וחצי", "עשר ועשרים", "תשע אפס חמש", "חמש פחות רבע".
fn past_the_hour(words: &[&str], lead: Lead) -> Option<(Reading, usize)> {
    let hour = cardinal(words).filter(|hour| is_hour_number(*hour, lead))?;
    let rest = &words[hour.length..];
    if let Some((minutes, length)) = minutes_before(rest) {
        let earlier = if hour.value == 1 { 12 } else { hour.value - 1 };
        return Some((
            Reading::new(earlier, 60 - minutes, false)?,
            hour.length + length,
        ));
    }
    let (minute, length) = minutes_after(rest).unwrap_or((0, 0));
    let hour_of_day = if hour.value == 24 { 0 } else { hour.value };
    Some((
        Reading::new(hour_of_day, minute, false)?,
        hour.length + length,
    ))
}

/// "פחות רבע", "פחות עשרה", "פחות חמש דקות".
fn minutes_before(rest: &[&str]) -> Option<(u32, usize)> {
    match rest {
        ["פחות", "רבע", ..] => Some((15, 2)),
        ["פחות", number @ ..] => {
            let minutes = cardinal(number).filter(|minutes| (1..30).contains(&minutes.value))?;
            let unit = usize::from(number.get(minutes.length) == Some(&"דקות"));
            Some((minutes.value, 1 + minutes.length + unit))
        }
        _ => None,
    }
}

/// "בעשרים וארבע בנובמבר": so large a number is an hour only where the words before say so.
fn is_hour_number(hour: Cardinal, lead: Lead) -> bool {
    let is_large = hour.value >= 20;
    hour.is_feminine() && (1..=24).contains(&hour.value) && !(is_large && lead == Lead::None)
}

/// The minutes that follow an hour, and how many words they take.
fn minutes_after(rest: &[&str]) -> Option<(u32, usize)> {
    let first = *rest.first()?;
    match first {
        "וחצי" | "חצי" => return Some((30, 1)),
        "ורבע" => return Some((15, 1)),
        "ודקה" => return Some((1, 1)),
        _ => {}
    }
    let with_unit = |minutes: u32, length: usize| {
        let unit = usize::from(matches!(rest.get(length), Some(&("דקות" | "דקה"))));
        (minutes < 60).then_some((minutes, length + unit))
    };
    if first == "אפס" {
        let unit = cardinal(&rest[1..]).filter(|unit| unit.value < 10);
        return unit.and_then(|unit| with_unit(unit.value, 1 + unit.length));
    }
    // "10 ו-30"; but "ב-10 ו-11" are two hours.
    if let ["ו", number, ..] = rest {
        let minutes: u32 = number.parse().ok().filter(|_| number.len() == 2)?;
        let has_unit = matches!(rest.get(2), Some(&("דקות" | "דקה")));
        return with_unit(minutes, 2).filter(|_| has_unit || minutes > 24);
    }
    if let Some(glued) = first.strip_prefix('ו') {
        let mut named = rest.to_vec();
        named[0] = glued;
        if is_number(glued) {
            return None;
        }
        // "בעשר ובאחת עשרה" keeps its second hour; "עשר ואחת עשרה" is a list of hours as well.
        let minutes = cardinal(&named).filter(|minutes| minutes.value >= 2)?;
        let is_list = minutes.gender == Gender::Feminine
            && minutes.value <= 12
            && rest.get(minutes.length) != Some(&"דקות")
            && minutes.value != 10;
        return if is_list {
            None
        } else {
            with_unit(minutes.value, minutes.length)
        };
    }
    // Without a conjunction only from twenty on: "ארבע עשרה" is one number.
    let minutes = cardinal(rest).filter(|minutes| minutes.value >= 20)?;
    // "מחר בעשר עשרים לחודש" is a day.
    let follows = rest.get(minutes.length).copied().unwrap_or_default();
    (follows != "לחודש")
        .then(|| with_unit(minutes.value, minutes.length))
        .flatten()
}
