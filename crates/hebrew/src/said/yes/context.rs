//! What stands around a word of yes or no and makes it say something else.

use crate::said::{
    days::{days_said_at, weekday_at},
    hours::hours_in,
    tokens::Tokens,
};

/// Whether a "לא" denies the day or the hour behind it: "לא בחמש", "ולא חמישי".
pub(super) fn rules_a_time_out(tokens: &Tokens, at: usize) -> bool {
    let behind = at + 1;
    let is_a_day = days_said_at(tokens).get(behind).copied().unwrap_or(false)
        || weekday_at(tokens, behind).is_some();
    is_a_day
        || hours_in(tokens)
            .iter()
            .any(|hour| hour.mention().start == behind)
}

/// Whether a subject before it makes a word of yes a statement about something else: "הכביש סגור", "אתם סגורים".
pub(super) fn describes(tokens: &Tokens, at: usize) -> bool {
    let before = tokens.joined_before(at);
    matches!(tokens.text(at), "סגור" | "סגורה" | "סגורימ" | "קבוע")
        && (matches!(before, "אתמ" | "אתנ" | "אנחנו" | "המ" | "עדיינ")
            || (before.starts_with('ה') && !matches!(before, "הכל" | "הכול" | "היומ")))
}

/// What, and whom, a caller may want to have booked, noted or kept.
fn may_be_booked(object: &str) -> bool {
    matches!(
        object,
        "הבנ"
            | "הבת"
            | "הילד"
            | "הילדה"
            | "הילדימ"
            | "הבעל"
            | "האישה"
            | "הסבתא"
            | "הסבא"
            | "המשפחה"
            | "התאומימ"
            | "הקטנ"
            | "הקטנה"
            | "הכלב"
            | "הכלבה"
            | "החתול"
            | "החתולה"
            | "התור"
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
pub(super) fn orders_somebody_else(tokens: &Tokens) -> bool {
    (0..tokens.len()).any(|at| {
        let object = tokens.text(at + 2);
        let is_a_verb = tokens.text(at).starts_with('ת') && tokens.text(at).chars().count() > 3;
        is_a_verb
            && tokens.text(at + 1) == "את"
            && object.starts_with('ה')
            && !may_be_booked(object)
    })
}

/// Whether a verb of booking has another object: "תרשום את זה על הדף", "תשמור לי על התיק".
pub(super) fn is_of_another_thing(tokens: &Tokens, at: usize, length: usize) -> bool {
    let is_a_verb = tokens.text(at).starts_with('ת') && length == 1;
    let mut behind =
        (at + length..at + length + 4).take_while(|other| tokens.same_clause(*other, at));
    is_a_verb
        && behind.any(|other| tokens.text(other) == "על" && tokens.text(other + 1).starts_with('ה'))
}
