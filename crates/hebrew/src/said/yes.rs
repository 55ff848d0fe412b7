//! Whether words say yes.

use std::{collections::HashMap, sync::LazyLock};

use crate::said::{
    days::{days_said_at, weekday_at},
    hours::hours_in,
    tokens::Tokens,
    yes_words::{
        ALONE, ASKS, BETWEEN, BOOKING, FAREWELLS, HOLDS, NEITHER, NO, REFUSALS, STRONG, WEAK,
    },
};

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

/// Whether a "לא" denies the day or the hour behind it: "לא בחמש", "ולא חמישי".
fn rules_a_time_out(tokens: &Tokens, at: usize) -> bool {
    let behind = at + 1;
    let is_a_day = days_said_at(tokens).get(behind).copied().unwrap_or(false)
        || weekday_at(tokens, behind).is_some();
    is_a_day
        || hours_in(tokens)
            .iter()
            .any(|hour| hour.mention().start == behind)
}

/// Whether an adverb or a subject before it makes a word of yes a statement about something else: "הכביש סגור", "אתם סגורים".
fn describes(tokens: &Tokens, at: usize) -> bool {
    let before = tokens.joined_before(at);
    matches!(tokens.text(at), "סגור" | "סגורה" | "סגורימ" | "קבוע")
        && (matches!(before, "אתמ" | "אתנ" | "אנחנו" | "המ" | "עדיינ")
            || (before.starts_with('ה') && !matches!(before, "הכל" | "הכול" | "היומ")))
}

/// What a caller may want to have booked, noted or kept.
fn is_of_an_appointment(object: &str) -> bool {
    matches!(
        object,
        "התור"
            | "הפגישה"
            | "השעה"
            | "המקומ"
            | "היומ"
            | "הזמנ"
            | "המועד"
            | "ההזמנה"
            | "הטיפול"
            | "השמ"
            | "הפרטימ"
            | "המספר"
            | "הטלפונ"
            | "התאריכ"
            | "הראשונ"
            | "השני"
    )
}

/// Whether somebody in the room is told to do something: "כן, תסגור את הדלת".
fn orders_somebody_else(tokens: &Tokens) -> bool {
    (0..tokens.len()).any(|at| {
        let object = tokens.text(at + 2);
        let is_a_verb = tokens.text(at).starts_with('ת') && tokens.text(at).chars().count() > 3;
        is_a_verb
            && tokens.text(at + 1) == "את"
            && object.starts_with('ה')
            && !is_of_an_appointment(object)
    })
}

/// Whether a verb of booking has another object: "תרשום את זה על הדף", "תשמור לי על התיק".
fn is_of_another_thing(tokens: &Tokens, at: usize, length: usize) -> bool {
    let is_a_verb = tokens.text(at).starts_with('ת') && length == 1;
    let mut behind =
        (at + length..at + length + 4).take_while(|other| tokens.same_clause(*other, at));
    is_a_verb
        && behind.any(|other| tokens.text(other) == "על" && tokens.text(other + 1).starts_with('ה'))
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(yes_said(text), expected, "{text}");
    }

    #[test]
    fn what_says_yes() {
        for text in [
            "כן",
            "כן.",
            "בסדר",
            "בסדר גמור",
            "אוקיי",
            "סבבה",
            "סגור",
            "סגרנו",
            "מאשר",
            "מאשרת",
            "מתאים",
            "מתאים לי",
            "זה מתאים לי",
            "מעולה",
            "מצוין",
            "יופי",
            "נהדר",
            "אחלה",
            "טוב",
            "נכון",
            "בטח",
            "ברור",
            "בוודאי",
            "בהחלט",
            "יאללה",
            "בכיף",
            "בשמחה",
            "תקבע",
            "תקבעי לי",
            "כן תקבע לי",
            "תרשום אותי",
            "תרשמי",
            "תזמין לי",
            "קבענו",
            "לך על זה",
            "אני לוקח את זה",
            "זה טוב",
            "נשמע טוב",
            "הולך",
            "ok",
            "OK",
            "yes",
            "Yeah",
            "sure",
            "great",
            "perfect",
            "let's do it",
            "да",
            "хорошо",
            "نعم",
            "לגמרי",
            "אין בעיה",
            "כן כן כן",
            "בול",
            "מעולה, קבענו",
            "לא לא, זה מצוין",
            "לא לא זה מצוין",
            "למה לא",
            "כן, על שם מיכל",
            "סבבה, אז ניפגש מחר בעשר",
            "יאללה, סגור",
            "אחלה, תודה",
            "אוקיי, תקבעי",
            "אוקיי cool, let's do it",
            "כן אני שומע כן מחר בעשר טוב",
            "כן בטח, תודה רבה",
            "טוב, בסדר",
            "לא, כן, בסדר",
            "כן, יום שלישי בעשר וחצי מתאים",
            "כן, אחר הצהריים טוב",
            "וואלה מעולה",
            "מאה אחוז",
            "כן, איפה אתם נמצאים?",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn what_says_no_yes() {
        for text in [
            "",
            "לא",
            "לא לא",
            "לא, תודה",
            "לא מתאים",
            "לא מתאים לי",
            "לא בסדר",
            "לא נכון",
            "זה לא טוב לי",
            "לא ממש מתאים",
            "לא כל כך נוח לי",
            "כן, אבל אפשר בעשר וחצי?",
            "אפשר מחר בעשר?",
            "תקבעי לי תור מחר בעשר",
            "רגע, רגע",
            "אני אחשוב על זה ואחזור אליכם",
            "עזבי, אני אתקשר מחר",
            "אולי, אני צריך לבדוק ביומן",
            "מה? לא שמעתי",
            "לא, יש משהו אחר?",
            "מתאים?",
            "בסדר?",
            "זה בסדר?",
            "בוקר טוב",
            "ערב טוב",
            "טוב, אני אחשוב על זה",
            "טוב, אז לא",
            "בסדר, תודה, לא צריך",
            "כן? לא",
            "בטח שלא",
            "ברור שלא",
            "אין צורך",
            "כן, יותר מאוחר",
            "כן, אני שומעת",
            "הלו",
            "דוד כהן",
            "ביום שלישי",
            "תודה",
            "כמה זה עולה?",
            "מה מתאים לכם",
            "מתי נוח לך",
            "אל תקבע",
            "no",
            "нет",
            "wait",
            "כן, אם זה לא יקר",
            "כן או לא",
            "פחות מתאים",
            "מחר יותר טוב",
            "טוב, אז מה יש לכם ביום אחר",
            "תרשמי יוסי",
            "תרשום את השם דוד",
            "תרשמי: דוד כהן",
            "לא אמרתי כן",
            "הטיפול היה מעולה, תודה",
            "לא צריך, זה בסדר",
            "אל תקבעי לי",
            "טוב, תודה, להתראות",
            "כן כן, אני מקשיב",
            "לא, לא צריך, תודה",
            "yes but not on tuesday",
            "אוקיי, יש לכם משהו ביום רביעי?",
            "אני רוצה שתקבע לי תור",
            "טוב ביי",
            "כן?",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn a_yes_to_something_else_is_none() {
        for text in [
            "תקבע לי בפעם אחרת",
            "סבבה, אז נדבר",
            "כן שמעתי, אני חושב",
            "כן, תמחק את זה",
            "כן בטח, בחלום",
            "כן, תעביר אותי לנציג",
            "טוב, אחליט ואודיע",
            "אוקיי, בהזדמנות",
        ] {
            check(text, false);
        }
    }
}
