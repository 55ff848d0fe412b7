//! Numbers that count something, and are no hour.

use crate::said::{
    foreign,
    tokens::{Tokens, is_number},
};

/// Whether a number's word is really a count ("בעשר דקות", "באחת הפעמים", "שתי בנות").
pub(super) fn counts_things(number: &str, next: &str) -> bool {
    number == "שתי"
        || is_counted(next)
        || foreign::is_unit(next)
        || (number == "אחת" && (next.starts_with('ה') || next.starts_with('מ') && next != "מחר"))
        || (next.ends_with("ות") && !next.starts_with(['ל', 'ב']) && next != "פחות")
}

/// Nouns that are counted on an appointment line, and never follow an hour.
pub(super) fn is_counted(next: &str) -> bool {
    matches!(
        next,
        "דקות"
            | "דקה"
            | "דק"
            | "שעות"
            | "שעה"
            | "שניות"
            | "פעמימ"
            | "שנימ"
            | "שנה"
            | "ימימ"
            | "יומ"
            | "שבועות"
            | "חודשימ"
            | "אנשימ"
            | "איש"
            | "נפשות"
            | "סועדימ"
            | "ילדימ"
            | "ילדות"
            | "בנות"
            | "בנימ"
            | "תורימ"
            | "פגישות"
            | "שקל"
            | "שקלימ"
            | "שח"
            | "אחוז"
            | "אחוזימ"
            | "מטר"
            | "קילו"
            | "ארצות"
            | "לחודש"
            | "בחודש"
            | "אפשרויות"
            | "תורות"
            | "מקומות"
            | "טיפולימ"
            | "חודש"
            | "דולר"
            | "אירו"
            | "אלפ"
            | "מאות"
            | "אגורות"
            | "minutes"
            | "min"
            | "hours"
            | "people"
            | "days"
            | "минут"
    )
}

/// Whether the word before makes a bare number an age, an address, a line or a count.
pub(super) fn follows_a_count(tokens: &Tokens, at: usize, is_led: bool) -> bool {
    let before = tokens.joined_before(at);
    let place = before.trim_start_matches(['ו', 'ב', 'ל', 'מ', 'ה', 'ש']);
    if matches!(place, "אר" | "קרית" | "קריה")
        && matches!(
            before,
            "באר" | "בקרית" | "קרית" | "לבאר" | "מקרית" | "לקרית" | "בבאר"
        )
    {
        return true;
    }
    if is_led {
        return matches!(before, "גילה" | "ברחוב");
    }
    let counts = matches!(
        before,
        "בת" | "בנ"
            | "בני"
            | "גיל"
            | "בגיל"
            | "רחוב"
            | "ברחוב"
            | "רח"
            | "קו"
            | "בקו"
            | "קווי"
            | "כיתה"
            | "קומה"
            | "בקומה"
            | "דירה"
            | "בדירה"
            | "מספר"
            | "חדר"
            | "אוטובוס"
            | "כביש"
            | "עולה"
            | "מחיר"
            | "רק"
            | "עוד"
            | "כבר"
            | "בעוד"
            | "תוכ"
            | "טלפונ"
            | "שדרות"
            | "סניפ"
            | "פעמ"
            | "יש"
    );
    let is_of_a_street = is_number(tokens.text(at))
        && (1..=3).any(|back| {
            at >= back
                && tokens.same_clause(at - back, at)
                && matches!(
                    tokens.text(at - back),
                    "רחוב" | "ברחוב" | "רח" | "שדרות" | "שד" | "דרכ"
                )
        });
    // "שאלה אחת", "דקה אחת".
    let bare_one = tokens.text(at) == "אחת" && !before.is_empty() && !is_time_word(before);
    counts || bare_one || is_of_a_street
}

fn is_time_word(word: &str) -> bool {
    matches!(
        word,
        "מחר"
            | "היומ"
            | "מחרתימ"
            | "או"
            | "ראשונ"
            | "שני"
            | "שלישי"
            | "רביעי"
            | "חמישי"
            | "שישי"
            | "נגיד"
            | "כמו"
            | "עד"
            | "אחרי"
            | "לפני"
            | "בינ"
    )
}
