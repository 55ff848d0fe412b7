//! Whether a sentence says of a day or an hour that it is not to be had.

use std::ops::Range;

use crate::said::tokens::Tokens;

/// Whether the clause says that what these tokens name is taken: "בעשר כבר תפוס", "אין לי מקום בעשר".
pub(crate) fn is_taken(tokens: &Tokens, named: &Range<usize>) -> bool {
    is_missed_before(tokens, named.start) || is_taken_behind(tokens, named.end)
}

/// "אין לי מקום בעשר"; but not "אין בעיה בעשר", and not "אין מקום אלא בעשר".
fn is_missed_before(tokens: &Tokens, at: usize) -> bool {
    let clause = (0..at)
        .rev()
        .take_while(|before| tokens.same_clause(*before, at));
    for before in clause {
        match tokens.text(before) {
            "אינ" | "ואינ" | "שאינ" => return !is_no_lack(tokens, before),
            "לא" if is_denied(tokens.text(before + 1)) => return true,
            "אי" if tokens.text(before + 1) == "אפשר" => return true,
            "לקח" | "לקחה" | "לקחו" | "תפס" | "תפסה" | "תפסו" | "הזמינ" | "הזמינה" | "הזמינו"
            | "פספסת" | "נגמר" | "נגמרו" | "אזלו" | "nothing" | "closed" => {
                return true;
            }
            "במקומ" => {
                // "במקום התור של יום חמישי".
                return (before + 1..at)
                    .all(|word| matches!(tokens.text(word), "התור" | "תור" | "של" | "השעה"));
            }
            // "אי אפשר" is read at its first word.
            "אפשר" if tokens.before(before) == "אי" => {}
            "אלא" | "אבל" | "אכ" | "רק" | "חוצ" | "מלבד" | "אולי" | "יש" | "ויש" | "אפשר" =>
            {
                return false;
            }
            _ => {}
        }
    }
    false
}

/// What is said first of it, that it is free or that it is taken.
fn is_taken_behind(tokens: &Tokens, end: usize) -> bool {
    let Some(last) = end.checked_sub(1) else {
        return false;
    };
    let clause = (end..tokens.len()).take_while(|at| tokens.same_clause(last, *at));
    for at in clause {
        match tokens.text(at) {
            "יש" | "ויש" if has_somebody_else(tokens, at) => return true,
            "אפשר" if tokens.before(at) == "אי" => return true,
            "פנוי" | "פנויה" | "פנויימ" | "פנוימ" | "פנויות" | "יש" | "ויש" | "אפשר" | "אבל"
            | "אכ" | "אולי" => return false,
            "תפוס" | "תפוסה" | "תפוסימ" | "תפוסות" | "מלא" | "מלאה" | "מלאימ" | "נתפס"
            | "נתפסה" | "סגורימ" | "סגורה" | "הלכ" | "הלכה" | "נלקח" | "נלקחה" | "חסומ"
            | "חסומה" | "הפסקה" | "ירד" | "ירדה" | "taken" | "booked" | "full" | "unavailable"
            | "closed" | "занято" | "занят" | "занята" | "нет" => return true,
            "מישהו" | "מישהי" if matches!(tokens.text(at + 1), "כבר" | "אחר" | "אחרת") =>
            {
                return true;
            }
            "אינ" => return !is_no_lack(tokens, at),
            "לא" | "not" | "isnt" if is_denied(tokens.text(at + 1)) => return true,
            _ => {}
        }
    }
    false
}

/// "יש כבר מישהו", "יש לנו הפסקה".
fn has_somebody_else(tokens: &Tokens, at: usize) -> bool {
    let clause = (at + 1..tokens.len()).take_while(|word| tokens.same_clause(at, *word));
    clause.take(4).any(|word| {
        matches!(
            tokens.text(word),
            "מישהו" | "מישהי" | "הפסקה" | "ישיבה" | "לקוח" | "לקוחה"
        )
    })
}

/// "אין בעיה", "אין לי שום בעיה", "אין ספק".
fn is_no_lack(tokens: &Tokens, at: usize) -> bool {
    (1..=3).any(|on| {
        matches!(
            tokens.text(at + on),
            "בעיה" | "בעיות" | "ספק" | "צורכ" | "מניעה" | "כמו" | "סיבה"
        )
    })
}

/// Words that say with a "לא" before them that there is no room.
fn is_denied(word: &str) -> bool {
    matches!(
        word,
        "פנוי"
            | "פנויה"
            | "פנוימ"
            | "זמינ"
            | "זמינה"
            | "אפשרי"
            | "ניתנ"
            | "נשאר"
            | "נשארו"
            | "נותר"
            | "נותרו"
            | "רלוונטי"
            | "קיימ"
            | "available"
            | "free"
            | "open"
            | "אפשר"
            | "עובד"
            | "עובדת"
            | "עובדימ"
            | "מקבל"
            | "מקבלת"
            | "מקבלימ"
            | "נמצא"
            | "נמצאת"
            | "פתוח"
            | "פתוחימ"
    )
}
