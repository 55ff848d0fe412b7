//! Whether words ask for one more appointment, or for another in place of one.

use crate::said::{
    days::{days_said, led_days},
    hours::hours_in,
    names::is_first_name,
    tokens::Tokens,
};

/// Whether a text asks for an appointment beside the one that was made: "עוד תור", "פגישה נוספת", "וגם לאשתי".
///
/// Another time for the same appointment is none ("עוד שעה", "יום אחר"), and neither is what is refused ("לא צריך עוד
/// תור").
///
/// ```
/// use toran_hebrew::one_more_said;
///
/// assert!(one_more_said("כן, ועוד אחד לבן שלי"));
/// assert!(!one_more_said("כן, עוד שעה אני אצלכם"));
/// assert!(!one_more_said("לא צריך עוד תור"));
/// ```
pub fn one_more_said(text: &str) -> bool {
    let tokens = Tokens::of(text);
    (0..tokens.len()).any(|at| is_one_more(&tokens, at) && !is_refused(&tokens, at, 5))
}

/// Whether a text asks for an appointment in place of another: "תן לי ברביעי", "במקום מחר", "אפשר יום אחר?".
///
/// ```
/// use toran_hebrew::replacement_said;
///
/// assert!(replacement_said("תבטל את התור ותן לי ברביעי"));
/// assert!(!replacement_said("תבטל את התור של מחר"));
/// ```
pub fn replacement_said(text: &str) -> bool {
    let tokens = Tokens::of(text);
    (0..tokens.len()).any(|at| is_replacing(&tokens, at) && !is_refused(&tokens, at, 2))
}

/// Whether a text takes back what was said or agreed before: "לא, בעצם באחת עשרה", "התכוונתי לרביעי", "no, rather at ten".
///
/// ```
/// use toran_hebrew::correction_said;
///
/// assert!(correction_said("לא, בשעה אחת עשרה"));
/// assert!(!correction_said("ואפשר גם בשעה אחת עשרה?"));
/// ```
pub fn correction_said(text: &str) -> bool {
    let tokens = Tokens::of(text);
    let opens_with_no = matches!(tokens.text(0), "לא" | "no" | "нет" | "لا");
    opens_with_no || (0..tokens.len()).any(|at| is_correcting(tokens.text(at)))
}

fn is_correcting(word: &str) -> bool {
    let word = word.strip_prefix('ו').unwrap_or(word);
    matches!(
        word,
        "בעצמ"
            | "במקומ"
            | "טעיתי"
            | "טעות"
            | "התבלבלתי"
            | "התכוונתי"
            | "התחרטתי"
            | "עדיפ"
            | "לשנות"
            | "תשנה"
            | "תשני"
            | "להחליפ"
            | "תחליפ"
            | "תחליפי"
            | "להזיז"
            | "תזיז"
            | "תזיזי"
            | "להקדימ"
            | "תקדימ"
            | "תקדימי"
            | "לדחות"
            | "תדחה"
            | "תדחי"
            | "להעביר"
            | "תעביר"
            | "תעבירי"
            | "instead"
            | "actually"
            | "rather"
            | "meant"
            | "вместо"
            | "вернее"
            | "лучше"
    )
}

/// The words that follow in the clause; nothing beyond its end.
fn behind(tokens: &Tokens, at: usize) -> [&str; 2] {
    [at + 1, at + 2].map(|next| {
        if tokens.same_clause(at, next) {
            tokens.text(next)
        } else {
            ""
        }
    })
}

fn is_one_more(tokens: &Tokens, at: usize) -> bool {
    let [next, after] = behind(tokens, at);
    match tokens.text(at) {
        "עוד" | "ועוד" | "לעוד" | "שעוד" => {
            is_appointment(next) || matches!(next, "אחד" | "אחת") || is_for_a_person(next, after)
        }
        "נוספ" | "נוספת" | "נוספימ" | "נוספות" => is_further(tokens, at),
        "בנוספ" | "ובנוספ" => goes_on_to_book(tokens, at),
        "להוסיפ" | "תוסיפ" | "תוסיפי" | "ותוסיפ" | "ותוסיפי" => {
            is_appointment(next)
                || (next == "לי" && is_appointment(after))
                || is_for_a_person(next, after)
        }
        "גמ" | "וגמ" | "שגמ" => is_also_for(tokens, at),
        "תור" | "פגישה" => {
            matches!(next, "שני" | "שניה" | "שנייה") && !names_monday(tokens, at + 1)
        }
        "another" => matches!(
            next,
            "appointment" | "one" | "slot" | "booking" | "meeting" | "for"
        ),
        "one" if next == "more" => !matches!(
            after,
            "time"
                | "thing"
                | "question"
                | "minute"
                | "moment"
                | "second"
                | "hour"
                | "day"
                | "week"
                | "try"
        ),
        "also" => next == "for" || is_english_booking(next),
        "second" | "additional" | "extra" | "вторую" | "дополнительную" => {
            is_appointment(next)
        }
        "ещё" | "еще" => {
            is_appointment(next)
                || matches!(
                    next,
                    "одну"
                        | "один"
                        | "одного"
                        | "одному"
                        | "сына"
                        | "дочь"
                        | "дочку"
                        | "маму"
                        | "папу"
                        | "для"
                        | "жену"
                        | "мужа"
                )
        }
        "также" | "тоже" => next == "для",
        "كمان" | "كمانا" => is_appointment(next) || next == "واحد",
        _ => false,
    }
}

fn is_appointment(word: &str) -> bool {
    matches!(
        word,
        "תור"
            | "תורימ"
            | "פגישה"
            | "פגישות"
            | "הזמנה"
            | "טיפול"
            | "טיפולימ"
            | "מועד"
            | "ביקור"
            | "appointment"
            | "slot"
            | "booking"
            | "запись"
            | "приём"
            | "прием"
            | "визит"
            | "موعد"
    )
}

/// "תור נוסף", "אחת נוספת", "ונוסף לאחותי"; but not "שאלה נוספת".
fn is_further(tokens: &Tokens, at: usize) -> bool {
    let before = tokens.joined_before(at);
    let noun = before.strip_prefix(['ו', 'ל', 'ש']).unwrap_or(before);
    let [next, after] = behind(tokens, at);
    is_appointment(before)
        || is_appointment(noun)
        || is_person(before)
        || matches!(noun, "אחד" | "אחת")
        || (before.is_empty() && is_for_a_person(next, after))
}

/// Whether the words from a token on speak of an appointment or of a person.
fn goes_on_to_book(tokens: &Tokens, at: usize) -> bool {
    (at + 1..tokens.len()).any(|at| {
        let word = tokens.text(at);
        is_booking(word) || is_appointment(word) || is_for_a_person(word, tokens.text(at + 1))
    })
}

/// "תור שני בעשר" is on Monday.
fn names_monday(tokens: &Tokens, at: usize) -> bool {
    let [next, _] = behind(tokens, at);
    next.starts_with('ב') && next != "בבקשה" || matches!(next, "הקרוב" | "הבא" | "הזה")
}

/// "גם לאשתי", "גם תור לבן", "גם את הילד", "תקבעי לי גם ביום רביעי"; but not "גם לי נוח", "גם לבטל".
fn is_also_for(tokens: &Tokens, at: usize) -> bool {
    let [next, after] = behind(tokens, at);
    let follows_a_booking = (1..=3).any(|back| {
        at >= back && tokens.same_clause(at - back, at) && is_booking(tokens.text(at - back))
    });
    let is_person = match next {
        "את" => is_person(after) || is_first_name(after),
        "בשביל" | "עבור" => true,
        "על" => after == "שמ",
        "אחד" | "אחת" => after.starts_with('ל'),
        _ => is_for_a_person(next, after) && !is_comfort(after),
    };
    is_person || is_appointment(next) || follows_a_booking || (is_booking(next) && next != "לקבוע")
}

fn is_comfort(word: &str) -> bool {
    matches!(word, "נוח" | "מתאימ" | "טוב" | "מתאימה" | "מסתדר")
}

fn is_english_booking(word: &str) -> bool {
    matches!(word, "book" | "schedule" | "reserve")
}

/// "לאשתי", "לבן שלי", "לנועם".
fn is_for_a_person(word: &str, next: &str) -> bool {
    word.strip_prefix('ל').is_some_and(|person| {
        is_person(person)
            || (is_first_name(person) && days_said(word).is_empty())
            || (matches!(next, "שלי" | "שלנו") && !is_appointment(person))
    })
}

fn is_person(word: &str) -> bool {
    let word = word
        .strip_prefix('ה')
        .filter(|rest| rest.chars().count() > 1)
        .unwrap_or(word);
    matches!(
        word,
        "אשתי"
            | "אישתי"
            | "בעלי"
            | "בנ"
            | "בני"
            | "בת"
            | "בתי"
            | "ילד"
            | "ילדה"
            | "ילדימ"
            | "ילדות"
            | "קטנ"
            | "קטנה"
            | "תינוק"
            | "תינוקת"
            | "אמא"
            | "אבא"
            | "הורימ"
            | "אח"
            | "אחי"
            | "אחות"
            | "אחותי"
            | "סבא"
            | "סבתא"
            | "נכד"
            | "נכדה"
            | "חבר"
            | "חברה"
            | "חברתי"
            | "חברי"
            | "חמותי"
            | "חמי"
            | "גיסתי"
            | "גיסי"
            | "דודה"
            | "שותפ"
            | "שותפה"
            | "שכנ"
            | "שכנה"
            | "ארוס"
            | "ארוסתי"
            | "עצמי"
            | "מישהו"
            | "מישהי"
            | "כלב"
            | "כלבה"
            | "חתול"
            | "חתולה"
            | "משפחה"
    )
}

/// "תקבע", "ותרשמי", "לקבוע".
fn is_booking(word: &str) -> bool {
    let word = word.strip_prefix(['ו', 'ש']).unwrap_or(word);
    matches!(
        word,
        "תקבע"
            | "תקבעי"
            | "תקבעו"
            | "נקבע"
            | "לקבוע"
            | "תרשומ"
            | "תרשמי"
            | "תרשמו"
            | "לרשומ"
            | "תזמינ"
            | "תזמיני"
            | "להזמינ"
            | "תשריינ"
            | "תשרייני"
            | "תשריני"
            | "לשריינ"
            | "תכניס"
            | "תכניסי"
            | "קבע"
            | "קבעי"
            | "רשמי"
            | "book"
            | "запишите"
            | "запиши"
    )
}

fn is_replacing(tokens: &Tokens, at: usize) -> bool {
    let word = tokens.text(at);
    let [next, after] = behind(tokens, at);
    let verb = word.strip_prefix(['ו', 'ש']).unwrap_or(word);
    match verb {
        // "תן לי לבטל": to let, not to give. "תן לי אישור" gives no time.
        "תנ" | "תני" | "תנו" | "תביא" | "תביאי" | "תמצא" | "תמצאי" | "תשימ" | "תשימי" =>
        {
            let object = if next == "לי" { after } else { next };
            object != "לבטל" && names_a_time(tokens, at)
        }
        "רוצה" | "צריכ" | "צריכה" | "מעדיפ" | "מעדיפה" | "אעדיפ" | "עדיפ" | "אפשר" =>
        {
            let day = days_said(&format!("{next} {after}"));
            let names_it = day.first().is_some_and(|day| day.at() == 0);
            let comes = matches!(next, "לבוא" | "להגיע") && names_a_time(tokens, at);
            let cancels = (at..tokens.len())
                .any(|on| tokens.same_clause(at, on) && tokens.text(on) == "לבטל");
            (names_it || comes) && !cancels
        }
        "לקבל" => is_appointment(next),
        "במקומ" => !next.is_empty(),
        "יומ" | "שעה" | "מועד" | "תור" | "תאריכ" | "זמנ" | "פגישה" | "ביומ" | "ליומ" | "בשעה"
        | "לשעה" | "במועד" | "למועד" | "בתאריכ" => {
            matches!(next, "אחר" | "אחרת" | "חדש" | "חדשה" | "חלופי")
        }
        "במקומו" | "במקומה" | "instead" | "reschedule" | "вместо" | "перенести" | "перенесите" => {
            true
        }
        "give" => next == "me",
        _ => is_booking(verb) || is_moving(verb),
    }
}

/// Whether a day or an hour is named behind a token.
fn names_a_time(tokens: &Tokens, at: usize) -> bool {
    led_days(tokens).iter().any(|day| day.start > at)
        || hours_in(tokens).iter().any(|hour| hour.at() > at)
}

fn is_moving(word: &str) -> bool {
    matches!(
        word,
        "לעבור"
            | "נעבור"
            | "להעביר"
            | "תעביר"
            | "תעבירי"
            | "להזיז"
            | "תזיז"
            | "תזיזי"
            | "להחליפ"
            | "תחליפ"
            | "תחליפי"
            | "לשנות"
            | "תשנה"
            | "תשני"
            | "לדחות"
            | "תדחה"
            | "תדחי"
            | "להקדימ"
            | "תקדימ"
            | "תקדימי"
            | "move"
    )
}

/// Whether one of so many words before says no: "לא צריך עוד תור", "אל תקבעי", "אין לי עוד תור".
fn is_refused(tokens: &Tokens, at: usize, reach: usize) -> bool {
    (1..=reach).any(|back| {
        at >= back
            && tokens.same_clause(at - back, at)
            && matches!(
                tokens.text(at - back),
                "לא" | "ולא"
                    | "שלא"
                    | "אל"
                    | "אינ"
                    | "ואינ"
                    | "בלי"
                    | "not"
                    | "no"
                    | "dont"
                    | "не"
            )
    })
}

#[cfg(test)]
mod tests;
