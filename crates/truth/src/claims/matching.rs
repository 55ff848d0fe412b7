//! Which clauses claim something.

use toran_hebrew as hebrew;

use super::{
    ClaimKind,
    clauses::Clause,
    lexicon::{self, Role, is_one_of, role},
};

/// How many words back a denial may stand from what is denied ("לא יכולה עדיין לומר").
const DENIAL_REACH: usize = 3;
/// How many words back "יש לך" may stand from its appointment.
const HAVING_REACH: usize = 12;

/// A claim of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) kind: ClaimKind,
    pub(super) standing: Standing,
}

/// How firmly a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Whatever follows.
    Certain,
    /// Once the clause is whole.
    Whole,
    /// Only in a sentence that does not ask.
    UnlessAsked,
}

/// The claims of a clause.
pub(super) fn claims_of(clause: Clause<'_>) -> Vec<Claim> {
    (0..clause.words.len())
        .filter_map(|at| claim_at(clause, at))
        .collect()
}

/// Where the first word stands that is, or may become, part of a claim, in bytes.
pub(super) fn first_part(clause: Clause<'_>) -> Option<usize> {
    clause.words.iter().enumerate().find_map(|(at, word)| {
        let is_part = match role(&word.letters)? {
            Role::Appointment => !is_wished_for(clause, at),
            _ => true,
        };
        is_part.then_some(word.start)
    })
}

/// The claim whose verb is this word.
fn claim_at(clause: Clause<'_>, at: usize) -> Option<Claim> {
    use ClaimKind::{Booked, Sent};
    use Standing::{Certain, UnlessAsked, Whole};

    let (kind, standing) = match role(clause.word(at))? {
        Role::Outright(kind) => (kind, Certain),
        Role::Done => (Booked, has_object(clause, at).then_some(Whole)?),
        Role::Doing => (Booked, has_object(clause, at).then_some(UnlessAsked)?),
        Role::State => (Booked, state(clause, at)?),
        Role::Agreed => (Booked, (!has_other_object(clause)).then_some(UnlessAsked)?),
        Role::Booked => (Booked, booked_in_english(clause, at).then_some(Whole)?),
        Role::WasSent => (Sent, sent(clause).then_some(unless_asked_for(clause))?),
        Role::Sending => (
            Sent,
            (sent(clause) && !is_future(clause)).then_some(UnlessAsked)?,
        ),
        // "יש לך תור": the verb of an appointment that is had.
        Role::Appointment => (Booked, had(clause, at).then_some(UnlessAsked)?),
    };
    let is_certain = standing == Certain;
    let governed = is_negated(clause, at)
        || is_doubted(clause, at)
        || is_conditional(clause, at, is_certain)
        || !is_certain && is_reserved(clause, at);
    (!governed).then_some(Claim { kind, standing })
}

/// "התור נקבע", "נקבע לך תור".
fn state(clause: Clause<'_>, at: usize) -> Option<Standing> {
    let is_yours = || {
        (0..clause.words.len()).any(|at| {
            is_one_of(clause.word(at), lexicon::YOURS)
                || is_one_of(clause.word(at), lexicon::TO_YOU)
        })
    };
    let noun = (0..clause.words.len())
        .filter(|noun| is_appointment(clause, *noun))
        .min_by_key(|noun| noun.abs_diff(at))
        .or_else(|| {
            let is_place = |noun: &usize| is_one_of(clause.word(*noun), lexicon::PLACES);
            (0..clause.words.len())
                .find(is_place)
                .filter(|_| is_yours())
        })?;
    if noun < at
        && (is_doubted(clause, noun)
            || is_conditional(clause, noun, false)
            || is_negated(clause, noun))
    {
        return None;
    }
    // "נקבע את התור", "בוא נקבע תור": the same letters say that we shall.
    let offers = clause
        .before(at)
        .next()
        .is_some_and(|(_, word)| is_one_of(word, lexicon::OFFERS));
    let has_direct_object = noun > at && clause.word(noun - 1) == "את";
    if offers || has_direct_object {
        return None;
    }
    let is_definite =
        lexicon::is_definite(clause.word(noun)) || is_one_of(clause.word(noun + 1), lexicon::YOURS);
    Some(if is_definite {
        unless_asked_for(clause)
    } else {
        Standing::UnlessAsked
    })
}

/// "מתי התור נקבע?" claims nothing; "התור נקבע, בסדר?" does.
fn unless_asked_for(clause: Clause<'_>) -> Standing {
    let asks = |at| is_one_of(clause.word(at), lexicon::QUESTION_WORDS);
    if (0..clause.words.len()).any(asks) {
        Standing::UnlessAsked
    } else {
        Standing::Whole
    }
}

/// "יש לך תור ביום שלישי", "יש לך בעשר תור", "התור שלך ביום שלישי", at "תור".
fn had(clause: Clause<'_>, at: usize) -> bool {
    if !is_appointment(clause, at) {
        return false;
    }
    let has = clause.before(at).take(HAVING_REACH).find(|(has, word)| {
        is_one_of(word, &["יש"]) && is_one_of(clause.word(has + 1), &["לכ", "לכמ"])
    });
    let is_had = has.is_some_and(|(has, _)| {
        !is_negated(clause, has) && !is_doubted(clause, has) && !is_conditional(clause, has, false)
    });
    let is_near = || clause.word(at + 1).starts_with('ב');
    is_had && (names_a_time(clause) || is_near()) || is_yours_at(clause, at)
}

/// "התור שלך ביום שלישי": it needs no verb, and opens its clause.
fn is_yours_at(clause: Clause<'_>, at: usize) -> bool {
    let owned = usize::from(is_one_of(clause.word(at + 1), lexicon::YOURS));
    let is_yours = owned == 1 || matches!(clause.word(at), "תורכ" | "תורכמ" | "פגישתכ" | "פגישתכמ");
    let opens = at == 0 || at == 1 && matches!(clause.word(0), "אז" | "זהו" | "מעולה" | "מצוינ");
    let is_denied =
        (at..clause.words.len()).any(|at| is_one_of(clause.word(at), lexicon::NEGATIONS));
    is_yours
        && opens
        && !is_denied
        && clause.word(at + owned + 1).starts_with(['ב', 'ל'])
        && names_a_time(clause)
}

/// Whether what is done is done to an appointment: "תור", "ליומן", "אותך", or "לך" with an hour or alone.
fn has_object(clause: Clause<'_>, at: usize) -> bool {
    let all = || 0..clause.words.len();
    if all().any(|at| is_appointment(clause, at) || lexicon::DIARY.contains(&clause.word(at))) {
        return true;
    }
    if has_other_object(clause) {
        return false;
    }
    let to_you = all().find(|at| is_one_of(clause.word(*at), lexicon::TO_YOU));
    let is_done = role(clause.word(at)) == Some(Role::Done);
    to_you.is_some_and(|you| {
        names_a_time(clause)
            || all().any(|at| is_one_of(clause.word(at), lexicon::PLACES))
            || is_done && (you + 1 == clause.words.len() || clause.word(you) == "אותכ")
    })
}

/// "את השם", "את הבקשה": it was done to something else.
fn has_other_object(clause: Clause<'_>) -> bool {
    (1..clause.words.len()).any(|at| {
        let word = clause.word(at);
        clause.word(at - 1) == "את"
            && word.starts_with('ה')
            && role(word) != Some(Role::Appointment)
            && !lexicon::PLACES.contains(&word)
    })
}

/// An appointment that is not merely wished for, nor free to be taken.
fn is_appointment(clause: Clause<'_>, at: usize) -> bool {
    role(clause.word(at)) == Some(Role::Appointment)
        && !is_wished_for(clause, at)
        && !is_one_of(clause.word(at + 1), lexicon::FREE)
}

/// "לקבוע לך תור", "את הבקשה לקבוע תור".
fn is_wished_for(clause: Clause<'_>, at: usize) -> bool {
    let mut before = clause
        .before(at)
        .filter(|(_, word)| !(is_one_of(word, lexicon::TO_YOU) || *word == "את"));
    before
        .next()
        .is_some_and(|(_, word)| is_one_of(word, lexicon::WISHES))
}

fn names_a_time(clause: Clause<'_>) -> bool {
    !hebrew::hours_spoken(clause.text).is_empty() || !hebrew::dates_spoken(clause.text).is_empty()
}

/// "I've booked", "your appointment is booked".
fn booked_in_english(clause: Clause<'_>, at: usize) -> bool {
    let subject = clause
        .before(at)
        .find(|(_, word)| !matches!(*word, "just" | "now" | "already"));
    subject.is_some_and(|(_, word)| matches!(word, "i" | "ive" | "we" | "weve" | "have"))
        || (0..clause.words.len()).any(|at| is_appointment(clause, at))
}

fn sent(clause: Clause<'_>) -> bool {
    (0..clause.words.len()).any(|at| lexicon::is_sent_thing(clause.word(at)))
}

fn is_future(clause: Clause<'_>) -> bool {
    (0..clause.words.len()).any(|at| is_one_of(clause.word(at), lexicon::IN_FUTURE))
}

/// "לא קבעתי", "עדיין לא ממש קבעתי"; but "לא לא קבעתי" is read as a claim.
fn is_negated(clause: Clause<'_>, at: usize) -> bool {
    let governing = clause.before(at).find(|(_, word)| !is_adverb(word));
    governing.is_some_and(|(at, word)| {
        is_one_of(word, lexicon::NEGATIONS)
            && !clause
                .before(at)
                .next()
                .is_some_and(|(_, word)| is_one_of(word, lexicon::NEGATIONS))
    }) || is_missing(clause, at)
}

/// "אין לך תור".
fn is_missing(clause: Clause<'_>, at: usize) -> bool {
    let mut before = clause.before(at).filter(|(_, word)| {
        !is_adverb(word) && !is_one_of(word, lexicon::TO_YOU) && *word != "שומ"
    });
    before
        .next()
        .is_some_and(|(_, word)| is_one_of(word, &["אינ"]))
}

/// "לא יכולה לומר שקבעתי": an odd number of denials before the saying.
fn is_doubted(clause: Clause<'_>, at: usize) -> bool {
    let governing = clause
        .before(at)
        .find(|(_, word)| !is_adverb(word) && !is_subject(word));
    governing.is_some_and(|(at, word)| {
        let denials = clause
            .before(at)
            .take(DENIAL_REACH)
            .filter(|(_, word)| is_one_of(word, lexicon::NEGATIONS));
        is_one_of(word, lexicon::DOUBTS) && denials.count() % 2 == 1
    })
}

/// "אם קבענו", "אחרי שקבעתי". What was done outright stays done after "כש".
fn is_conditional(clause: Clause<'_>, at: usize, is_certain: bool) -> bool {
    let mut first = clause.word(at);
    for (_, word) in clause.before(at) {
        if is_one_of(word, lexicon::CONDITIONS) {
            return true;
        }
        if is_one_of(word, lexicon::CONDITIONS_WITH_THAT) {
            return first.starts_with('ש');
        }
        if !is_adverb(word) && !is_subject(word) {
            break;
        }
        first = word;
    }
    !is_certain && first.starts_with("כש")
}

/// "רק אחרי אישור", "בכפוף לאישור".
fn is_reserved(clause: Clause<'_>, at: usize) -> bool {
    (at + 1..clause.words.len()).any(|at| {
        let next = clause.word(at + 1);
        is_one_of(clause.word(at), lexicon::RESERVES)
            || clause.word(at) == "רק" && (lexicon::LATER.contains(&next) || next.starts_with("כש"))
    })
}

fn is_adverb(word: &str) -> bool {
    is_one_of(word, lexicon::ADVERBS)
}

fn is_subject(word: &str) -> bool {
    is_one_of(word, lexicon::SUBJECTS)
}
