//! Whether words ask for one more appointment, or for another in place of one.

use crate::said::{names::is_first_name, tokens::Tokens};

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
    (0..tokens.len()).any(|at| is_one_more(&tokens, at) && !is_refused(&tokens, at))
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
    (0..tokens.len()).any(|at| is_replacing(&tokens, at) && !is_refused(&tokens, at))
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
        "נוספ" | "נוספת" | "נוספימ" | "נוספות" => {
            !is_no_appointment(tokens.joined_before(at))
        }
        "בנוספ" | "ובנוספ" => next != "אני",
        "גמ" | "וגמ" | "שגמ" => is_also_for(tokens, at),
        "תור" | "פגישה" => {
            matches!(next, "שני" | "שניה" | "שנייה") && !names_monday(tokens, at + 1)
        }
        "another" => matches!(
            next,
            "appointment" | "one" | "slot" | "booking" | "meeting" | "for"
        ),
        "one" if next == "more" => {
            matches!(
                after,
                "" | "appointment" | "slot" | "booking" | "meeting" | "for" | "please"
            )
        }
        "also" => next == "for" || is_english_booking(next),
        "second" | "additional" | "extra" => is_appointment(next),
        "ещё" | "еще" => {
            is_appointment(next) || matches!(next, "одну" | "один" | "для" | "жену" | "мужа")
        }
        "также" | "тоже" => next == "для",
        "вторую" | "дополнительную" => is_appointment(next),
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

/// "שאלה נוספת", "פעם נוספת".
fn is_no_appointment(word: &str) -> bool {
    matches!(
        word,
        "שאלה"
            | "שאלות"
            | "פרט"
            | "פרטימ"
            | "מידע"
            | "פעמ"
            | "דבר"
            | "משהו"
            | "בקשה"
            | "דקה"
            | "דקות"
            | "שעה"
            | "שבוע"
            | "יומ"
            | "אפשרות"
            | "אפשרויות"
            | "מספר"
            | "טלפונ"
            | "הנחה"
            | "תשלומ"
    )
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
            || (is_first_name(person) && crate::said::days::days_said(word).is_empty())
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
        // "תן לי לבטל": to let, not to give.
        "תנ" | "תני" | "תנו" | "תביא" | "תביאי" | "תמצא" | "תמצאי" => {
            let object = if next == "לי" { after } else { next };
            !matches!(
                object,
                "לבטל" | "לדעת" | "לשאול" | "לברר" | "לבדוק" | "רגע" | "דקה"
            )
        }
        "במקומ" => !next.is_empty(),
        "במקומו" | "במקומה" => true,
        "יומ" | "שעה" | "מועד" | "תור" | "תאריכ" | "זמנ" | "פגישה" | "ביומ" | "ליומ" | "בשעה"
        | "לשעה" | "במועד" | "למועד" | "בתאריכ" => {
            matches!(next, "אחר" | "אחרת" | "חדש" | "חדשה" | "חלופי")
        }
        "instead" | "reschedule" | "вместо" | "перенести" | "перенесите" => {
            true
        }
        "give" => next == "me",
        _ => is_booking(verb) || is_moving(verb),
    }
}

fn is_moving(word: &str) -> bool {
    matches!(
        word,
        "להעביר"
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

/// "לא צריך עוד תור", "אל תקבעי", "אין לי עוד תור".
fn is_refused(tokens: &Tokens, at: usize) -> bool {
    (1..=3).any(|back| {
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(one_more_said(text), expected, "{text}");
    }

    #[test]
    fn one_more_is_asked_for() {
        for text in [
            "תקבע לי עוד תור",
            "כן, ועוד אחד לבן שלי",
            "מעולה, ועוד אחת בשבוע הבא",
            "אני צריכה תור נוסף",
            "ובנוסף תור ביום חמישי",
            "פגישה נוספת בבקשה",
            "וגם תור לאשתי",
            "גם לאשתי",
            "כן, וגם לבעלי",
            "וגם לבן שלי",
            "גם לילדים",
            "גם לנועם",
            "תרשמי גם את הילד",
            "תקבעי לי גם ביום רביעי",
            "וגם אחד לאמא",
            "גם בשביל אמא שלי",
            "תן לי תור שני",
            "עוד פגישה אחת",
            "another appointment please",
            "one more for my son",
            "yes, and also for my wife",
            "ещё одну запись",
            "и еще для жены",
            "וגם על שם דנה",
            "לא, עוד תור",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn what_asks_for_no_more() {
        for text in [
            "",
            "כן",
            "כן, עוד יומיים",
            "עוד שעה אני שם",
            "בעוד שבוע",
            "עוד לא",
            "אפשר עוד פעם?",
            "עוד שאלה",
            "יש לי שאלה נוספת",
            "תגיד את זה פעם נוספת",
            "עוד משהו פנוי?",
            "עוד חמש דקות",
            "עוד מעט",
            "לא צריך עוד תור",
            "אני לא רוצה תור נוסף",
            "זה גם לי נוח",
            "גם לי מתאים",
            "אפשר גם לבטל?",
            "גם לשלישי יש?",
            "גם מחר טוב",
            "אפשר תור ביום אחר?",
            "תור שני בעשר",
            "one more time",
            "another day",
            "ещё раз",
            "еще не знаю",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn replacements() {
        for text in [
            "תבטל את התור ותן לי ברביעי",
            "לבטל ובמקום זה ביום חמישי",
            "במקום מחר, ביום רביעי",
            "תבטלי ותקבעי לי ברביעי",
            "אפשר לבטל ולבוא ביום אחר? ברביעי",
            "לבטל ולקבוע מועד חדש",
            "אני רוצה לבטל ולהעביר לרביעי",
            "cancel it and give me wednesday",
        ] {
            assert!(replacement_said(text), "{text}");
        }
        for text in [
            "תבטל את התור של מחר",
            "תן לי לבטל את התור של מחר",
            "אני לא רוצה לקבוע, רק לבטל את של מחר",
            "אני לא אהיה במקום ביום רביעי, תבטל",
            "לבטל את התור שקבעתי למחר",
            "אני מבטל, אל תקבעי לי כלום מחר",
        ] {
            assert!(!replacement_said(text), "{text}");
        }
    }
}
