//! What may be said and what may not, sentence by sentence.

use proptest::{prelude::*, sample::select};
use time::{
    Date, Time,
    macros::{date, time},
};
use toran_domain::{AppointmentId, Booking};

use super::*;
use ClaimKind::{Booked, Sent};

/// Tuesday, 24 November 2026.
const DAY: Date = date!(2026 - 11 - 24);

const PIECES: [usize; 5] = [1, 2, 3, 7, 1000];

fn booked(bookings: &[(Date, Time)]) -> Ledger {
    let entry = |(at, (date, time)): (usize, &(Date, Time))| {
        let id: AppointmentId = format!("00000000-0000-0000-0000-00000000000{at}")
            .parse()
            .unwrap();
        Booking {
            appointment_id: id,
            date: *date,
            time: *time,
        }
    };
    bookings.iter().enumerate().map(entry).collect()
}

/// What is heard of a text when so many of its letters are cleared.
fn heard(text: &str, letters: usize) -> &str {
    let ends = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .take_while(|at| hebrew::letters_said(&text[..*at]) <= letters);
    &text[..ends.last().unwrap_or(0)]
}

fn judged_whole(speech: &str, ledger: &Ledger) -> Result<(), ClaimKind> {
    let mut guard = SpeechGuard::default();
    guard.finish_with(speech);
    guard.screen(ledger).map(|_| ()).map_err(|claim| claim.kind)
}

/// The verdict on a text that comes in pieces of so many characters. Nothing false may be cleared on the way.
#[track_caller]
fn judged_by(piece: usize, speech: &str, ledger: &Ledger) -> Result<(), ClaimKind> {
    let chars: Vec<char> = speech.chars().collect();
    let mut guard = SpeechGuard::default();
    for words in chars.chunks(piece) {
        guard.push(&words.iter().collect::<String>());
        if let Cleared::Chars(cleared) = guard.screen(ledger).map_err(|claim| claim.kind)? {
            let heard = heard(speech, cleared);
            let judged = judged_whole(heard, ledger);
            assert!(judged.is_ok(), "heard {heard:?} of {speech:?}");
        }
    }
    guard.finish_with(speech);
    let cleared = guard.screen(ledger).map_err(|claim| claim.kind)?;
    assert_eq!(cleared, Cleared::Everything, "{speech:?} by {piece}");
    Ok(())
}

/// However the words are cut into pieces, the verdict is the same.
#[track_caller]
fn check(speech: &str, ledger: &Ledger, expected: Result<(), ClaimKind>) {
    assert_eq!(judged_whole(speech, ledger), expected, "{speech:?}");
    for piece in PIECES {
        let judged = judged_by(piece, speech, ledger);
        assert_eq!(judged, expected, "{speech:?} by {piece}");
    }
}

#[track_caller]
fn check_all(speeches: &[&str], ledger: &Ledger, expected: Result<(), ClaimKind>) {
    let wrong: Vec<String> = speeches
        .iter()
        .filter_map(|speech| {
            let judged = std::panic::catch_unwind(|| check(speech, ledger, expected));
            judged.is_err().then(|| (*speech).to_owned())
        })
        .collect();
    assert!(wrong.is_empty(), "not {expected:?}: {wrong:#?}");
}

#[test]
fn a_booking_that_was_not_made_is_not_claimed() {
    let claims = [
        "קבעתי",
        "מעולה. קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.",
        "קָבַעְתִּי לך תור",
        "וקבעתי לך",
        "אז שריינתי לך מקום",
        "שיריינתי לך את השעה",
        "שיבצתי אותך ליום שלישי",
        "תיאמתי לך פגישה.",
        "תאמתי לך פגישה.",
        "קבעתי לך, בסדר?",
        "הכל טוב, קבענו לשלישי.",
        // A negation of something else.
        "לא, קבעתי לך תור",
        "למה לא, קבעתי",
        "לא לא, התור נקבע",
        "לא - קבעתי לך",
        "לא—קבעתי לך",
        "לא.קבעתי לך",
        "לא רק קבעתי לך תור, גם בדקתי.",
        "לא לא קבעתי לך",
        "אין בעיה, קבעתי לך.",
        "אין ספק שקבעתי לך תור.",
        "אם אתה רוצה לדעת, קבעתי לך תור.",
        "כשקבעתי לך תור בדקתי הכל.",
        "לא יכולה שלא לומר שקבעתי.",
        // States.
        "התור שלך נקבע.",
        "התור נקבע",
        "נקבע לך תור ביום שלישי בעשר.",
        "התור שלך ליום שלישי בשעה עשר וחצי כבר קבוע.",
        "הפגישה נקבעה",
        "הפגישה שלך קבועה.",
        "פגישתך נקבעה ליום שלישי",
        "תורך מאושר.",
        "התור אושר",
        "נרשם לך תור.",
        "התור שמור לך.",
        "התור שוריין",
        "השעה שמורה לך.",
        "הפגישה אושרה, בסדר?",
        "זהו, אז התור ליום שלישי נקבע!",
        // With an object.
        "סגרנו.",
        "אז סגרנו על יום שלישי.",
        "סידרתי לך תור",
        "שמרתי לך את התור.",
        "סגרתי לך ליום שלישי.",
        "סגרתי לך.",
        "רשמתי לך תור לשלישי.",
        "את התור רשמתי.",
        "רשמתי אותך.",
        "רשמתי אותך לשעה עשר.",
        "רשמתי לך בעשר וחצי בבוקר",
        "אישרתי לך את השעה 10:30.",
        "הזמנתי לך פגישה",
        "הכנסתי אותך ליומן.",
        "הכנסתי ליומן.",
        "יש לך תור ביום שלישי.",
        "יש לך תור בשעה 10:30",
        "מעולה, אז יש לך כבר תור בשלישי בעשר.",
        // Now.
        "אני קובעת לך תור.",
        "אני קובע לך עכשיו פגישה ליום שלישי.",
        "אני רושמת לך תור לשלישי",
        "אני קובעת לך ליום שלישי בעשר.",
        // Spelled, and in English.
        "ק-ב-ע-ת-י לך תור",
        "ק ב ע ת י",
        "ק.ב.ע.ת.י",
        "יש לך ביום שלישי תור.",
        "התור שלך ביום שלישי בעשר וחצי.",
        "מעולה, אז התור שלך בשעה 10:30.",
        "קבעתי? כן, קבעתי.",
        "אני שמחה לבשר שהתור שלך נקבע.",
        "אז הפגישה שלך ביום שלישי בעשר וחצי מאושרת.",
        "מצוין, **קבעתי** לך.",
        "\"קבעתי לך תור\"",
        "לא הייתה בעיה, התור נקבע.",
        "לא, יש לך תור ביום שלישי.",
        "למה לא, סידרתי לך תור",
        "I've booked it for you.",
        "Your appointment is booked.",
        "OK, we booked Tuesday.",
        "The appointment has been scheduled for Tuesday.",
    ];
    check_all(&claims, &Ledger::default(), Err(Booked));
}

#[test]
fn nothing_was_sent_while_the_call_is_live() {
    let claims = [
        "שלחתי לך ווטסאפ",
        "שלחתי",
        "שלחנו את הפרטים, בסדר?",
        "הפרטים נשלחו אליך",
        "נשלחה אליך הודעה.",
        "הודעה עם כל הפרטים נשלחה",
        "נשלח לך מסרון.",
        "אני שולחת לך עכשיו הודעה.",
        "אני שולח לך את הפרטים בווטסאפ.",
        "לא, שלחתי לך הודעה",
        "I sent you a message.",
        "The details were sent by SMS",
        "ש-ל-ח-ת-י לך",
    ];
    check_all(&claims, &Ledger::default(), Err(Sent));
    check_all(&claims, &booked(&[(DAY, time!(10:30))]), Err(Sent));
}

#[test]
fn innocent_speech_passes() {
    let innocent = [
        "שלום, הגעתם למספרה של דנה. איך אפשר לעזור?",
        "אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.",
        "אני רושמת את הבקשה לקבוע תור.",
        "עוד לא קבעתי לך. לקבוע?",
        "לא קבעתי",
        "לא, לא קבעתי לך תור.",
        "עדיין לא ממש קבעתי",
        "טרם קבעתי לך תור.",
        "אני עוד לא יכולה לומר שקבעתי",
        "אי אפשר לומר שהתור נקבע.",
        "אני לא בטוח שהתור נקבע.",
        "אחרי שקבעתי אעדכן",
        "אם קבענו כבר",
        "ברגע שאקבע",
        "לפני שאני קובעת לך תור, מה השם?",
        "כשאני קובעת תור אני צריכה שם.",
        "התור קבוע רק אחרי אישור",
        "התור עוד לא נקבע.",
        "הפגישה לא נקבעה.",
        "לא נקבע לך תור.",
        "אין לך תור קבוע.",
        "אני לא רואה שיש לך תור ביום שלישי.",
        "אם יש לך תור ביום שלישי, אפשר להזיז.",
        "יש לך תור ביום שלישי?",
        "יש תור פנוי ביום שלישי בעשר.",
        "רשמתי לך את השם",
        "רשמתי את הבקשה.",
        "תודה, רשמתי את המספר.",
        "רשמתי את הבקשה לתור ליום שלישי.",
        "רשמתי שביקשת תור.",
        "אני רושם את הבקשה",
        "לקבוע לך?",
        "לקבוע לך תור ליום שלישי בעשר?",
        "אז נקבע ליום שלישי?",
        "בוא נקבע תור.",
        "מתי נקבע לך תור?",
        "על שם מי התור נקבע?",
        "הבנתי שתרצו לבטל. על שם מי התור?",
        "אני קובעת לך ליום שלישי בעשר, בסדר?",
        "אני קובעת לך תור לשלישי, מתאים?",
        "סגרנו?",
        "אז סגרנו על שלישי בעשר, נכון?",
        "ביום שלישי יש לנו בעשר, באחת ובארבע וחצי.",
        "יום שלישי בעשר וחצי פנוי. לקבוע לך?",
        "אפשר לקבוע תור ב-24.11 בשעה 10:30.",
        "בזמן שיחת טלפון לא נשלחות הודעות.",
        "לא שלחתי שום דבר.",
        "נשלח לך פרטים בהמשך.",
        "פרטים מדויקים יישלחו בהמשך.",
        "אני לא שולחת הודעות בזמן השיחה.",
        "לשלוח לך הודעה?",
        "שעות קבועות אין לנו.",
        "התור שלך ביום שלישי עוד לא אושר.",
        "לגבי התור שלך ביום שלישי, אבדוק.",
        "מתי נוח לך התור?",
        "איזה תור לקבוע לך?",
        "רוצה שאקבע לך תור?",
        "אני בודקת אם התור פנוי.",
        "אני יכולה לקבוע לך תור ביום שלישי בעשר.",
        "רשמתי לך את הבקשה ליום שלישי בעשר.",
        "התור נקבע רק לאחר אישור של בעל העסק.",
        "לא מצאתי תור שנקבע על שמך.",
        "תרצו תור ביום שלישי או ביום רביעי?",
        "אני מבינה שיש לך שאלה על התור.",
        "הפרטים יישלחו אליך אחרי השיחה.",
        "אעביר את הבקשה לבעל העסק, והוא יחזור אליך.",
        "I haven't booked anything yet.",
        "Would you like to book an appointment?",
    ];
    check_all(&innocent, &Ledger::default(), Ok(()));
    check_all(&innocent, &booked(&[(DAY, time!(10:30))]), Ok(()));
}

#[test]
fn a_claim_of_what_was_booked_passes() {
    let truths = [
        "מעולה. קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.",
        "קבעתי לך פגישה.",
        "קבעתי לך פגישה בשעה עשר וחצי בבוקר.",
        "קבעתי לך פגישה בשעה עשר וחצי.",
        "קבעתי לך ליום שלישי, 24 בנובמבר, בעשר וחצי.",
        "התור שלך נקבע לשלישי ב-10:30. נתראה ביום שלישי!",
        "קבעתי לך תור. נתראה בעשר וחצי.",
        "קבעתי לך תור בעשר וחצי. אם תרצו לשנות, יש גם באחת.",
        "יש לך תור ביום שלישי ה-24 לחודש.",
        "סגרנו, 2026-11-24 בעשר וחצי.",
    ];
    check_all(&truths, &booked(&[(DAY, time!(10:30))]), Ok(()));
}

#[test]
fn a_claim_of_another_appointment_is_false() {
    let lies = [
        "קבעתי לך פגישה בשעה 11:00.",
        "קבעתי לך פגישה בעשר וחצי או באחת עשרה.",
        "קבעתי לך פגישה בשעה עשר וחצי בערב.",
        "קבעתי לך ליום רביעי בעשר וחצי.",
        "קבעתי לך ל-25.11 בשעה 10:30.",
        "קבעתי לך ל-24.12.",
        "קבעתי לך ל-24 בדצמבר בעשר וחצי.",
        "התור שלך נקבע ליום שלישי ה-25 לחודש.",
        "קבעתי לך תור. נתראה בחמש.",
        "קבעתי לך תור בעשר וחצי. אז ניפגש ביום רביעי!",
        "קבעתי לך תור.\nמחכים לך ב-11:00.",
        "יש לך תור ביום חמישי.",
        "קבעתי לך תור ב-9 בבוקר.",
    ];
    check_all(&lies, &booked(&[(DAY, time!(10:30))]), Err(Booked));
}

#[test]
fn one_appointment_holds_the_whole_claim() {
    let two = booked(&[(DAY, time!(10:30)), (date!(2026 - 11 - 25), time!(12:00))]);
    check("קבעתי לך ליום רביעי בשתים עשרה.", &two, Ok(()));
    check("קבעתי לך ליום רביעי בעשר וחצי.", &two, Err(Booked));
    check("קבעתי לך ליום רביעי. נתראה בעשר וחצי.", &two, Err(Booked));
}

proptest! {
    #[test]
    fn no_order_of_words_slips_through(
        words in prop::collection::vec(select(vec![
            "קבעתי", "לא", "לך", "התור", "תור", "נקבע", "רשמתי", "את הבקשה", "שלחתי", "נשלח", "בהמשך", "אם",
            "אחרי", "שקבעתי", "יש", "בעשר", "ביום שלישי", "24.11", "אני קובעת", "סגרנו", "פנוי", "רק אחרי",
            "נתראה", "ק-ב-ע-ת-י", "ב", "ש", ",", ".", "?", "?!", "\n", "-", "…", "booked",
        ]), 0..12),
        gaps in prop::collection::vec(select(vec![" ", " ", " ", "", "  "]), 12),
    ) {
        let speech: String = words.iter().zip(&gaps).flat_map(|(word, gap)| [*word, *gap]).collect();
        prop_assume!(hebrew::letters_said(&speech) > 0);
        for ledger in [Ledger::default(), booked(&[(DAY, time!(10:00))])] {
            // Of two claims either may be found first; that one is, does not depend on the pieces.
            let is_true = judged_whole(&speech, &ledger).is_ok();
            for piece in PIECES {
                prop_assert_eq!(judged_by(piece, &speech, &ledger).is_ok(), is_true);
            }
        }
    }

    #[test]
    fn any_text_is_taken(pieces in prop::collection::vec(".{0,20}", 0..6)) {
        let mut guard = SpeechGuard::default();
        for words in pieces {
            guard.push(&words);
            let _ = guard.screen(&Ledger::default());
        }
        guard.finish_as_streamed();
        let _ = guard.screen(&Ledger::default());
    }
}
