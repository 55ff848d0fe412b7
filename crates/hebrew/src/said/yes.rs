//! Whether words say yes.

use std::{collections::HashMap, sync::LazyLock};

use crate::said::{
    tokens::Tokens,
    yes_words::{
        ALONE, ASKS, BETWEEN, BOOKING, FAREWELLS, HOLDS, NEITHER, NO, REFUSALS, STRONG, WEAK,
    },
};

use context::{describes, is_of_another_thing, orders_somebody_else, rules_a_time_out};

mod context;

/// Whether a text says yes to what was offered, and takes nothing of it back.
///
/// The last word counts ("לא לא, זה מצוין"). A yes that is denied ("לא מתאים"), asked ("מתאים?"), or said beside a
/// doubt or a wish for something else ("כן, אבל…") is none. Which time it says yes to is not looked at.
///
/// ```
/// use toran_hebrew::yes_said;
///
/// assert!(yes_said("בסדר גמור, תקבעי לי"));
/// assert!(!yes_said("לא מתאים לי"));
/// assert!(!yes_said("תקבעי לי תור מחר בעשר"));
/// ```
pub fn yes_said(text: &str) -> bool {
    let tokens = Tokens::of(text);
    match stand_of(&tokens) {
        Stand::Strong => true,
        Stand::Weak => !asks_something(&tokens) && !takes_leave(&tokens),
        Stand::Open => is_asked_nowhere(&tokens) && says_nothing_but(&tokens, &ALONE_PHRASES),
        Stand::Held | Stand::No => false,
    }
}

/// Whether a text says no, and does not take it back: "לא, תודה", but not "לא לא, זה מצוין".
pub fn no_said(text: &str) -> bool {
    stand_of(&Tokens::of(text)) == Stand::No
}

/// What a text comes to.
fn stand_of(tokens: &Tokens) -> Stand {
    if orders_somebody_else(tokens) {
        return Stand::Held;
    }
    let mut stand = Stand::Open;
    let mut at = 0;
    while at < tokens.len() {
        let Some((sense, length)) = LEXICON.sense_at(tokens, at) else {
            at += 1;
            continue;
        };
        match sense {
            Sense::Refuses => return Stand::No,
            Sense::Holds => return Stand::Held,
            // "כן בארבע וחצי, לא בחמש" takes no yes back. Whether it was this time, others look.
            Sense::No
                if matches!(stand, Stand::Strong | Stand::Weak) && rules_a_time_out(tokens, at) => {
            }
            Sense::No => stand = Stand::No,
            Sense::Strong if counts(tokens, at, length, stand) => stand = Stand::Strong,
            Sense::Weak if stand != Stand::Strong && counts(tokens, at, length, stand) => {
                stand = Stand::Weak;
            }
            Sense::Strong | Sense::Weak | Sense::Neither => {}
        }
        at += length;
    }
    stand
}

/// What was said so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Open,
    Weak,
    Strong,
    No,
    /// A doubt, or a wish for something else.
    Held,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Strong,
    Weak,
    No,
    Neither,
    Holds,
    Refuses,
}

/// Every phrase with its sense by its first word, the longest first.
struct Lexicon(HashMap<String, Vec<(Vec<String>, Sense)>>);

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let lists = [
        (REFUSALS, Sense::Refuses),
        (HOLDS, Sense::Holds),
        (NEITHER, Sense::Neither),
        (STRONG, Sense::Strong),
        (WEAK, Sense::Weak),
        (NO, Sense::No),
    ];
    let mut phrases: Vec<(Vec<String>, Sense)> = lists
        .iter()
        .flat_map(|(list, sense)| list.iter().map(|phrase| (words_of(phrase), *sense)))
        .collect();
    phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    let mut lexicon = HashMap::<String, Vec<(Vec<String>, Sense)>>::new();
    for (words, sense) in phrases {
        if let Some(first) = words.first() {
            lexicon
                .entry(first.clone())
                .or_default()
                .push((words, sense));
        }
    }
    Lexicon(lexicon)
});
static BETWEEN_WORDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| phrases_of(BETWEEN));
static ASKING_WORDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| phrases_of(ASKS));
static BOOKING_WORDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| phrases_of(BOOKING));

static ALONE_PHRASES: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| phrases_of(ALONE));
static FAREWELL_PHRASES: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| phrases_of(FAREWELLS));

fn phrases_of(list: &[&str]) -> Vec<Vec<String>> {
    list.iter().map(|phrase| words_of(phrase)).collect()
}

fn words_of(phrase: &str) -> Vec<String> {
    Tokens::of(phrase).texts().map(str::to_owned).collect()
}

fn is_one_of(list: &[Vec<String>], word: &str) -> bool {
    list.iter()
        .any(|phrase| phrase.len() == 1 && phrase[0] == word)
}

impl Lexicon {
    fn sense_at(&self, tokens: &Tokens, at: usize) -> Option<(Sense, usize)> {
        let word = tokens.text(at);
        let stands_here = |words: &[String]| {
            (1..words.len()).all(|offset| tokens.text(at + offset) == words[offset])
        };
        // "וכן", "ואם": a conjunction glued to a word that has more than two letters without it.
        let glued = word
            .strip_prefix('ו')
            .filter(|rest| rest.chars().count() > 2)
            .and_then(|rest| self.0.get(rest))
            .and_then(|phrases| phrases.iter().find(|(words, _)| words.len() == 1));
        let whole = self.0.get(word);
        let (words, sense) = whole
            .and_then(|phrases| phrases.iter().find(|(words, _)| stands_here(words)))
            .or(glued)?;
        // "אחר הצהריים" and "לאחר הצהריים" hold nothing back.
        if *sense == Sense::Holds && tokens.text(at + words.len()).ends_with("צהרימ") {
            return None;
        }
        Some((*sense, words.len()))
    }
}

/// Whether a word of yes says it here: not denied, not asked, not part of a wish.
fn counts(tokens: &Tokens, at: usize, length: usize, stand: Stand) -> bool {
    // "הטיפול היה מעולה" praises what is over.
    let is_over = matches!(tokens.joined_before(at), "היה" | "היתה" | "הייתה" | "היו");
    let is_of_something_else = describes(tokens, at) || is_of_another_thing(tokens, at, length);
    if is_over || is_of_something_else || tokens.is_asked(at) || is_denied(tokens, at) {
        return false;
    }
    let mut before = (0..at)
        .rev()
        .take_while(|other| tokens.same_clause(*other, at));
    if before.any(|other| asks_at(tokens, other)) && stand != Stand::Strong {
        return false;
    }
    let books = BOOKING_WORDS.iter().any(|phrase| {
        phrase
            .iter()
            .enumerate()
            .all(|(offset, word)| tokens.text(at + offset) == word)
    });
    let asks_for_one = (at + length..at + length + 4).any(|other| {
        tokens.same_clause(other, at)
            && matches!(
                tokens.text(other),
                "תור" | "פגישה" | "משהו" | "עוד" | "מקומ" | "זמנ" | "שולחנ"
            )
    });
    let takes_down_a_name = matches!(
        tokens.text(at),
        "תרשומ" | "תרשמי" | "תרשמו" | "רשומ" | "רשמי"
    ) && tokens.same_clause(at, at + 1)
        && !matches!(
            tokens.text(at + 1),
            "לי" | "לנו" | "אותי" | "אותנו" | "את" | "בבקשה" | "כבר" | "תודה" | "אז"
        );
    let takes_down_a_name =
        takes_down_a_name || (tokens.text(at + 1), tokens.text(at + 2)) == ("את", "השמ");
    !((books && asks_for_one || takes_down_a_name) && stand != Stand::Strong)
}

/// "לא מתאים", "לא ממש נוח לי": a no before it in the clause, with nothing between but what strengthens it.
fn is_denied(tokens: &Tokens, at: usize) -> bool {
    for other in (0..at).rev() {
        if !tokens.same_clause(other, at) {
            return false;
        }
        let word = tokens.text(other);
        if matches!(
            word,
            "לא" | "אל"
                | "שלא"
                | "ולא"
                | "אינ"
                | "אינו"
                | "not"
                | "dont"
                | "isnt"
                | "не"
                | "مش"
                | "פחות"
        ) {
            // "לא לא מצוין" is said of something else.
            return !(word == "לא" && tokens.before(other) == "לא");
        }
        if !is_one_of(&BETWEEN_WORDS, word) {
            return false;
        }
    }
    false
}

/// Whether the whole text is one of these phrases, but for words that fill a pause and thanks.
fn says_nothing_but(tokens: &Tokens, phrases: &[Vec<String>]) -> bool {
    let said: Vec<&str> = tokens
        .texts()
        .filter(|word| {
            !matches!(
                *word,
                "אה" | "אהה" | "אממ" | "תודה" | "בבקשה" | "אז" | "וואלה"
            )
        })
        .collect();
    phrases.iter().any(|phrase| *phrase == said)
}

fn is_asked_nowhere(tokens: &Tokens) -> bool {
    !(0..tokens.len()).any(|at| tokens.is_asked(at))
}

/// Whether the caller says goodbye.
fn takes_leave(tokens: &Tokens) -> bool {
    FAREWELL_PHRASES.iter().any(|phrase| {
        (0..tokens.len()).any(|at| {
            phrase
                .iter()
                .enumerate()
                .all(|(offset, word)| tokens.text(at + offset) == word)
        })
    })
}

/// Whether anything in the text is a question.
fn asks_something(tokens: &Tokens) -> bool {
    (0..tokens.len()).any(|at| tokens.is_asked(at) || asks_at(tokens, at))
}

/// Whether a word asks: not that of "איזה יופי", "מה שאני רוצה", "אפשר לקבוע".
fn asks_at(tokens: &Tokens, at: usize) -> bool {
    let (word, next) = (tokens.text(at), tokens.text(at + 1));
    let asks_nothing = match word {
        "איזה" => matches!(next, "יופי" | "כיפ"),
        "מה" => matches!(next, "שאני" | "שרציתי" | "שאמרת" | "שנוח" | "שמתאימ"),
        "אפשר" => {
            let mut behind = at + 2..tokens.len();
            matches!(next, "לקבוע" | "לסגור" | "לרשומ")
                && behind.all(|other| {
                    let word = tokens.text(other);
                    matches!(
                        word,
                        "לי" | "לנו" | "אותי" | "אותנו" | "את" | "זה" | "בבקשה" | "תודה"
                    )
                })
        }
        _ => false,
    };
    is_one_of(&ASKING_WORDS, word) && !asks_nothing
}

#[cfg(test)]
mod tests;
