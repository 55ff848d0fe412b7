//! Whether a sentence says of a day or an hour that it is not to be had.

use crate::said::tokens::Tokens;

/// Whether the clause says that what stands from `at` to `end` is taken: "בעשר כבר תפוס", "אין לי מקום בעשר".
pub(crate) fn is_taken(tokens: &Tokens, at: usize, end: usize) -> bool {
    is_missed_before(tokens, at) || is_taken_behind(tokens, end)
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
            "במקומ" => {
                // "במקום התור של יום חמישי".
                return (before + 1..at)
                    .all(|word| matches!(tokens.text(word), "התור" | "תור" | "של" | "השעה"));
            }
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
            "פנוי" | "פנויה" | "פנויימ" | "פנוימ" | "פנויות" | "יש" | "ויש" | "אפשר" | "אבל"
            | "אכ" | "אולי" => return false,
            "תפוס" | "תפוסה" | "תפוסימ" | "תפוסות" | "מלא" | "מלאה" | "מלאימ" | "נתפס"
            | "נתפסה" | "סגורימ" | "סגורה" => return true,
            "אינ" => return !is_no_lack(tokens, at),
            "לא" if is_denied(tokens.text(at + 1)) => return true,
            _ => {}
        }
    }
    false
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
