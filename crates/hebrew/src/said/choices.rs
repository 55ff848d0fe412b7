//! Whether a sentence leaves the choice between a day or an hour and another one.

use std::ops::Range;

use crate::said::tokens::Tokens;

/// So many tokens may stand between what is to be chosen from: "בעשר, או אולי דווקא באחת עשרה".
const MAX_GAP: usize = 6;

/// Whether what stands at `one` is a choice beside any of `others`: "בעשר או באחת עשרה". A bare yes to it says neither.
pub(crate) fn is_a_choice(
    tokens: &Tokens,
    one: &Range<usize>,
    mut others: impl Iterator<Item = Range<usize>>,
) -> bool {
    others.any(|other| {
        let (first, second) = if one.start <= other.start {
            (one, &other)
        } else {
            (&other, one)
        };
        let gap = first.end..second.start;
        gap.len() <= MAX_GAP && gap.clone().any(|at| is_or(tokens.text(at)))
    })
}

fn is_or(word: &str) -> bool {
    matches!(word, "או" | "or" | "или" | "либо" | "أو" | "او")
}
