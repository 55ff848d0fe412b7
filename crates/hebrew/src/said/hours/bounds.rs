//! Hours that only bound a stretch of time.

use crate::said::tokens::Tokens;

/// Whether the hour at a token only bounds a stretch: "אחרי ארבע", "עד חמש", "מסתיים בחמש", "מעשר", "בין עשר לאחת עשרה", and the hours
/// in which a business is open. Of "העברתי מעשר לאחת עשרה" the second does not.
pub(super) fn is_a_bound(tokens: &Tokens, at: usize, listed_behind: Option<usize>) -> bool {
    let is_from = tokens.text(at).starts_with('מ');
    let is_a_limit = |word: &str| {
        matches!(
            word,
            "עד" | "ועד"
                | "לפני"
                | "אחרי"
                | "לאחר"
                | "מאחרי"
                | "החל"
                | "after"
                | "before"
                | "until"
        )
    };
    is_from
        || is_a_limit(tokens.text(at))
        || is_a_limit(tokens.joined_before(at))
        || matches!(
            tokens.joined_before(at),
            "מסתימ" | "מסתימת" | "יסתימ" | "נגמר" | "יגמר"
        )
        || follows_between(tokens, at)
        || listed_behind.is_some_and(|first| {
            follows_between(tokens, first) && tokens.text(at).starts_with(['ל', 'ו'])
        })
        || speaks_of_opening(tokens, at)
}

/// "בין עשר", "בין השעות עשר".
fn follows_between(tokens: &Tokens, at: usize) -> bool {
    let is_between = |word: &str| matches!(word, "בינ" | "between");
    is_between(tokens.joined_before(at))
        || is_between(tokens.text(at))
        || (at >= 2
            && matches!(tokens.before(at), "השעות" | "שעות" | "השעה")
            && is_between(tokens.text(at - 2)))
}

fn speaks_of_opening(tokens: &Tokens, at: usize) -> bool {
    (0..tokens.len()).any(|word| {
        tokens.same_clause(word, at)
            && matches!(
                tokens.text(word),
                "פתוחימ"
                    | "עובדימ"
                    | "פעילימ"
                    | "הפעילות"
                    | "פעילות"
                    | "הפתיחה"
                    | "פתיחה"
            )
    })
}
