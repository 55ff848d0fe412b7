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
///
/// What is `beside` them does not part them: the hours of "שני בעשר, רביעי בחמש" stand between its days.
pub(crate) fn is_a_choice(
    tokens: &Tokens,
    one: &Choice,
    others: &[Choice],
    beside: &[bool],
) -> bool {
    let asks_which = (0..tokens.len()).any(|at| asks_which(tokens, at));
    others.iter().any(|other| {
        let (first, second) = if one.words.start <= other.words.start {
            (one, other)
        } else {
            (other, one)
        };
        let between: Vec<usize> = (first.words.end..second.words.start)
            .filter(|at| !beside.get(*at).copied().unwrap_or(false))
            .collect();
        let is_listed = one.is_sure
            && other.is_sure
            && between
                .iter()
                .all(|at| matches!(tokens.text(*at), "אפשר" | "ואפשר" | "יש" | "פנוי" | "לי"));
        let leads_on = between.iter().any(|at| leads_to_another(tokens, *at));
        asks_which || is_listed || (leads_on && between.len() <= MAX_GAP)
    })
}

/// Which tokens these stretches cover.
pub(crate) fn covered<'a>(
    tokens: &Tokens,
    stretches: impl Iterator<Item = &'a Range<usize>>,
) -> Vec<bool> {
    let mut covered = vec![false; tokens.len()];
    for stretch in stretches {
        let end = stretch.end.min(covered.len());
        covered[stretch.start.min(end)..end].fill(true);
    }
    covered
}

/// "או", "ואם לא", "לחלופין", "וגם", "ויש".
fn leads_to_another(tokens: &Tokens, at: usize) -> bool {
    match tokens.text(at) {
        "או" | "or" | "или" | "либо" | "أو" | "او" | "לחלופינ" | "לחילופינ" | "גמ" | "וגמ"
        | "ויש" | "alternatively" => true,
        "ואמ" => tokens.text(at + 1) == "לא",
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
