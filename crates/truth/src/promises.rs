//! Whether the agent's words promise that somebody will learn of a request.

use toran_hebrew as hebrew;

use crate::guard::sentence_length;

/// What an agent promises by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// That a request is noted.
    Note,
    /// That word is passed on to somebody, or that somebody calls back.
    PassOn,
}

/// What a text promises the caller: that a request is noted, that word is passed on, or that somebody will call back. The
/// business must then find it.
///
/// It reads what is heard, after the fact, so that nothing is promised in vain. It cuts nothing, so it may err towards a
/// promise: a task too many costs a look, one too few a customer. What is asked ("להעביר את הבקשה?") or denied promises nothing.
///
/// ```
/// use toran_truth::{Promise, promise_in};
///
/// let noted = promise_in("אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.");
/// assert_eq!(noted, Some(Promise::Note));
/// assert_eq!(promise_in("בסדר, אעביר את ההודעה לצוות."), Some(Promise::PassOn));
/// assert_eq!(promise_in("תרצה שאעביר את ההודעה?"), None);
/// assert_eq!(promise_in("יש לי פנוי ביום שלישי."), None);
/// ```
pub fn promise_in(text: &str) -> Option<Promise> {
    let mut found = None;
    let mut rest = text;
    while let Some(length) = sentence_length(rest, true).filter(|length| *length > 0) {
        let sentence;
        (sentence, rest) = rest.split_at(length);
        found = found.max(promise_of(sentence));
    }
    found
}

fn promise_of(sentence: &str) -> Option<Promise> {
    if sentence.trim_end().ends_with(['?', '？', '؟']) {
        return None;
    }
    let text = hebrew::normalise(sentence);
    let words: Vec<&str> = hebrew::words(&text).collect();
    let has = |list: &[&str]| words.iter().any(|word| is_one_of(word, list));
    let says = |list: &[&str]| {
        words.iter().enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            let denied = before
                .is_some_and(|before| matches!(*before, "לא" | "בלי" | "אינ" | "איני" | "אם"));
            is_one_of(word, list) && !denied
        })
    };
    let notes = says(NOTING) && has(REQUESTS);
    // "העברתי לך את התור" speaks of a move.
    let is_of_a_time = has(APPOINTMENTS) && !has(REQUESTS);
    let passes_on =
        says(PASSING_ON) && (has(REQUESTS) || has(RECIPIENTS) || (has(YOU) && !is_of_a_time));
    let calls_back = says(CALLING_BACK) && has(YOU);
    let tends_to_it = says(TENDING) && (has(REQUESTS) || has(RECIPIENTS) || has(YOU) || has(IT));
    let tells_others =
        says(TELLING) && (has(RECIPIENTS) || words.iter().any(|word| THEM.contains(word)));
    let others_will_know =
        says(KNOWING) && (has(RECIPIENTS) || words.iter().any(|word| THEY.contains(word)));
    let of_a_message = notes && has(MESSAGES);
    if passes_on || calls_back || tends_to_it || tells_others || others_will_know || of_a_message {
        Some(Promise::PassOn)
    } else {
        notes.then_some(Promise::Note)
    }
}

/// Whether a word is of a list, with or without a glued "ו", "ש", "ה", "ל" or "ב".
fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
        || word
            .strip_prefix(['ו', 'ש', 'ה', 'ל', 'ב'])
            .is_some_and(|bare| list.contains(&bare))
}

const NOTING: &[&str] = &[
    "רושמ",
    "רושמת",
    "רשמתי",
    "רשמנו",
    "ארשומ",
    "נרשומ",
    "רושמימ",
    "נרשמה",
    "כתבתי",
    "אכתוב",
    "מציינ",
    "מציינת",
    "אציינ",
    "שמרתי",
    "אשמור",
    "קיבלתי",
    "קלטתי",
    "התקבלה",
];

const PASSING_ON: &[&str] = &[
    "אעביר",
    "מעביר",
    "מעבירה",
    "העברתי",
    "נעביר",
    "העברנו",
    "מעבירימ",
    "יועבר",
    "תועבר",
    "הועברה",
    "אמסור",
    "מוסר",
    "מוסרת",
    "מסרתי",
    "נמסור",
    "אעדכנ",
    "מעדכנ",
    "מעדכנת",
    "עדכנתי",
    "נעדכנ",
    "אדאג",
    "אבקש",
    "אגיד",
    "אודיע",
    "נודיע",
    "הודעתי",
    "אדווח",
    "נדווח",
    "דיווחתי",
];

const TENDING: &[&str] = &[
    "אטפל",
    "נטפל",
    "יטפל",
    "תטפל",
    "יטפלו",
    "תטופל",
    "יטופל",
    "מטפל",
    "מטפלת",
    "מטפלימ",
    "אסדר",
    "נסדר",
    "יסדרו",
];

const IT: &[&str] = &["זה", "נושא"];

const TELLING: &[&str] = &[
    "אמרתי",
    "אמרנו",
    "נגיד",
    "אומר",
    "אומרת",
    "הודענו",
    "מודיע",
    "מודיעה",
];

const THEM: &[&str] = &["לה", "לו", "להמ", "להנ"];

const KNOWING: &[&str] = &["תדע", "ידע", "יידע", "ידעו", "יידעו"];

const THEY: &[&str] = &["היא", "הוא", "המ", "הנ"];

const CALLING_BACK: &[&str] = &[
    "יחזרו",
    "יחזור",
    "תחזור",
    "נחזור",
    "אחזור",
    "חוזרימ",
    "יתקשרו",
    "יתקשר",
    "תתקשר",
    "נתקשר",
    "אתקשר",
    "ניצור",
    "יצרו",
    "יצור",
    "תיצור",
    "ייצרו",
    "ייצור",
];

const REQUESTS: &[&str] = &[
    "בקשה",
    "בקשתכ",
    "בקשתכמ",
    "בקשות",
    "הודעה",
    "הודעתכ",
    "הודעות",
    "דברימ",
    "דבריכ",
    "פנייה",
    "פניה",
    "פנייתכ",
    "פניתכ",
    "ביטול",
    "שינוי",
    "הערה",
    "הפרטימ",
    "עניינ",
];

const APPOINTMENTS: &[&str] = &["תור", "פגישה", "תורכ", "פגישתכ"];

const MESSAGES: &[&str] = &["הודעה", "הודעתכ", "הודעות", "דברימ", "דבריכ"];

const RECIPIENTS: &[&str] = &[
    "צוות",
    "מנהל",
    "מנהלת",
    "בעלימ",
    "בעל",
    "נציג",
    "נציגה",
    "מזכירה",
    "מזכירות",
    "מישהו",
    "הלאה",
    "להמ",
    "אחראי",
    "אחראית",
    "עסק",
    "משרד",
    "רופא",
    "רופאה",
];

const YOU: &[&str] = &[
    "אליכ",
    "אליכמ",
    "אליכנ",
    "איתכ",
    "אתכ",
    "איתכמ",
    "אתכמ",
    "אותכ",
    "אותכמ",
    "לכ",
    "לכמ",
    "השיחה",
    "שיחה",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(promise_in(text).is_some(), expected, "{text}");
    }

    #[test]
    fn promises_are_known() {
        for text in [
            "אני רושם את הבקשה",
            "אני רושמת את הבקשה, ופרטים מדויקים יישלחו בהמשך.",
            "רשמתי את ההודעה, יום טוב!",
            "בסדר. אעביר את הבקשה.",
            "אני אעביר להם שאת מאחרת.",
            "אמסור את הדברים למנהלת.",
            "אני מעבירה אותך לנציג.",
            "מישהו יחזור אליך בהקדם.",
            "נחזור אליכם עוד היום.",
            "ניצור איתך קשר.",
            "אעדכן את הצוות.",
            "הבקשה שלך נרשמה.",
            "בסדר, אני אטפל בזה.",
            "אל דאגה, אמרתי לה.",
            "היא תדע שאתה מאחר.",
            "הצוות יידע שאת בדרך.",
            "אדווח למנהל.",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn word_that_is_passed_on_is_no_request_for_a_time() {
        for (text, expected) in [
            ("אני רושמת את הבקשה.", Promise::Note),
            ("הבקשה שלך נרשמה.", Promise::Note),
            ("רשמתי את ההודעה.", Promise::PassOn),
            ("אני רושם את הבקשה. נחזור אליך.", Promise::PassOn),
            ("אעביר את הבקשה.", Promise::PassOn),
        ] {
            assert_eq!(promise_in(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_asked_denied_or_something_else_promises_nothing() {
        for text in [
            "",
            "תרצה שארשום את הבקשה?",
            "להעביר את ההודעה לדנה?",
            "שתדע שיש חניה.",
            "העברתי לך את הפגישה לתאריך 1.12 בשעה 12:00.",
            "אמרתי לך שביום שלישי סגור.",
            "היא לא תדע לענות על זה.",
            "זה בסדר גמור.",
            "אני לא מעביר הודעות.",
            "יש לי פנוי ביום שלישי בעשר.",
            "אפשר לחזור על זה?",
            "קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.",
            "איזה יום נוח לך?",
            "בזמן שיחת טלפון לא נשלחות הודעות.",
            "נעים מאוד, דוד.",
        ] {
            check(text, false);
        }
    }
}
