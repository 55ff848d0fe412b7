//! Digits that were spelled out.

use crate::said::{
    numbers::cardinal,
    tokens::{Tokens, is_number},
};

/// Fewer spelled digits than these are no phone number.
const MIN_SPELLED: usize = 5;

/// The runs of digits that a text spells out, in digits or in words: "אפס חמישים, שלוש ארבע…". Each run is one string
/// of digits; words between numbers end it, signs and hesitation do not.
///
/// ```
/// use toran_hebrew::digits_said;
///
/// assert_eq!(digits_said("זה 052-456 12 30, תודה"), ["0524561230"]);
/// assert_eq!(digits_said("אפס חמש ארבע, שתיים שלוש"), ["05423"]);
/// ```
pub fn digits_said(text: &str) -> Vec<String> {
    let tokens = Tokens::of(text);
    runs(&tokens).into_iter().map(|run| run.digits).collect()
}

struct Run {
    from: usize,
    to: usize,
    digits: String,
}

/// Which tokens belong to a number that is dialled, so that no hour is read from them.
pub(crate) fn dialled_tokens(tokens: &Tokens) -> Vec<bool> {
    let mut taken = vec![false; tokens.len()];
    for run in runs(tokens) {
        let spelled = (run.from..run.to).all(|at| !tokens.text(at).contains([':', '.', '/']));
        let is_long = run.digits.len() >= MIN_SPELLED;
        let is_dialled = is_long && (run.digits.starts_with('0') || run.digits.len() >= 7);
        if spelled && is_dialled {
            taken[run.from..run.to].fill(true);
        }
    }
    taken
}

fn runs(tokens: &Tokens) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut at = 0;
    let mut is_open = false;
    while at < tokens.len() {
        let Some((digits, length)) = digits_at(tokens, at) else {
            is_open &= is_hesitation(tokens.text(at));
            at += 1;
            continue;
        };
        match runs.last_mut().filter(|_| is_open) {
            Some(run) => {
                run.digits.push_str(&digits);
                run.to = at + length;
            }
            None => runs.push(Run {
                from: at,
                to: at + length,
                digits,
            }),
        }
        is_open = true;
        at += length;
    }
    runs
}

fn digits_at(tokens: &Tokens, at: usize) -> Option<(String, usize)> {
    let word = tokens.text(at);
    if is_number(word) {
        let digits = word.chars().filter(char::is_ascii_digit).collect();
        return Some((digits, 1));
    }
    let words = tokens.from(at);
    // Spelled digits stand one by one: "שלוש עשרה" is rare in a number, "שלוש, עשר" rarer.
    let number = cardinal(&words)?;
    Some((number.value.to_string(), number.length))
}

fn is_hesitation(word: &str) -> bool {
    matches!(
        word,
        "אה" | "אהה" | "אמ" | "זה" | "מקפ" | "קו" | "ו" | "ואז"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(digits_said(text), expected, "{text}");
    }

    #[test]
    fn digits_are_put_together() {
        check("הטלפון שלי 052-4561230", &["0524561230"]);
        check("אפס חמישים ושתיים, ארבע חמש שש", &["052456"]);
        check("אפס חמישים, 1234567", &["0501234567"]);
        check("שלוש, כן, ארבע", &["3", "4"]);
        check("כן", &[]);
    }
}
