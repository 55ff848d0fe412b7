//! Whether a sentence leaves the choice between a day or an hour and another one.

use std::ops::Range;

use crate::said::tokens::Tokens;

/// So many tokens may stand between what is to be chosen from: "בעשר, או אולי דווקא באחת עשרה".
const MAX_GAP: usize = 6;

/// A day or an hour that a sentence names.
pub(crate) struct Choice {
    pub(crate) words: Range<usize>,
    /// Whether its words can be nothing else, and stand for it and not for a bound.
    pub(crate) is_sure: bool,
}

/// Whether `one` stands to be chosen beside any of `others`: "בעשר או באחת עשרה", "בעשר, באחת עשרה, בשתיים", "בעשר. יש גם
/// באחת עשרה. מה עדיף?" A bare yes to it says neither.
pub(crate) fn is_a_choice(tokens: &Tokens, one: &Choice, others: &[Choice]) -> bool {
    let asks_which = (0..tokens.len()).any(|at| asks_which(tokens, at));
    others.iter().any(|other| {
        let (first, second) = if one.words.start <= other.words.start {
            (one, other)
        } else {
            (other, one)
        };
        let mut between = first.words.end..second.words.start;
        let is_listed = between.is_empty() && one.is_sure && other.is_sure;
        let is_in_reach = between.len() <= MAX_GAP;
        asks_which || is_listed || (is_in_reach && between.any(|at| leads_to_another(tokens, at)))
    })
}

/// "או", "ואם לא", "לחלופין", "וגם", "ויש".
fn leads_to_another(tokens: &Tokens, at: usize) -> bool {
    match tokens.text(at) {
        "או" | "or" | "или" | "либо" | "أو" | "او" | "לחלופינ" | "לחילופינ" | "וגמ" | "ויש"
        | "alternatively" => true,
        "ואמ" => tokens.text(at + 1) == "לא",
        "יש" => tokens.text(at + 1) == "גמ",
        _ => false,
    }
}

/// "מה עדיף לך?", "איזו מתאימה?", "מה בא לך?"
fn asks_which(tokens: &Tokens, at: usize) -> bool {
    let asks = matches!(
        tokens.text(at),
        "מה" | "איזה" | "איזו" | "אילו" | "מתי" | "which" | "what" | "какое" | "когда"
    );
    asks && (at + 1..=at + 3).any(|behind| {
        [
            "עדיפ",
            "מעדיפ",
            "תעדיפ",
            "נוח",
            "מתאימ",
            "תרצ",
            "רוצ",
            "בא",
            "אומר",
            "prefer",
            "better",
            "suits",
        ]
        .iter()
        .any(|stem| tokens.text(behind).starts_with(stem))
    })
}
