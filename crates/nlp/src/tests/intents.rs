//! What the intent of an answer and its word for one more appointment are worth.

use super::*;

const TUESDAY: &str = r#""date":{"words":"שלישי","weekday":"tuesday"}"#;
const WEDNESDAY: &str = r#""date":{"words":"ברביעי","weekday":"wednesday"}"#;
const ON_WEDNESDAY: Option<time::Date> = Some(date!(2026 - 11 - 25));

#[track_caller]
fn check_one_more(text: &str, parts: &str, expected: bool) {
    let answer = format!(r#"{{{parts},"one_more":true}}"#);
    assert_eq!(
        reading(text, &answer, OFFERED).one_more,
        expected,
        "{text} {parts}"
    );
}

#[test]
fn one_more_appointment_needs_words_of_its_own() {
    for text in [
        "כן",
        "כן, תקבעי לי",
        "בסדר גמור",
        "כן, בשלישי בעשר וחצי",
        "כן, עוד יומיים זה טוב",
        "כן, זה גם לי נוח",
        "yes",
        "לא, תודה",
        "כמה זה עולה?",
        "תעבירי לי נציגה",
        "אני אאחר בעוד שעה",
    ] {
        for action in ["confirm", "none"] {
            for intent in [
                "null",
                r#""book""#,
                r#""move""#,
                r#""message""#,
                r#""other""#,
            ] {
                let parts = format!(r#""action":"{action}","intent":{intent}"#);
                check_one_more(text, &parts, false);
            }
        }
    }
    for text in [
        "כן, ועוד תור לאשתי",
        "כן, וגם לבן שלי",
        "מצוין, ופגישה נוספת",
    ] {
        check_one_more(text, r#""action":"confirm","intent":"book""#, true);
        check_one_more(text, r#""action":"none","intent":"book""#, true);
    }
    // A question is read back.
    check_one_more("ומתי עוד אפשר?", r#""action":"ask","intent":"book""#, true);
    // But a correction is of the one that there is.
    for text in [
        "לא, בעצם ביום רביעי",
        "לא, ברביעי",
        "התכוונתי לרביעי",
        "ברביעי במקום",
        "סליחה, טעיתי, רביעי",
    ] {
        check_one_more(text, &format!(r#""action":"ask",{WEDNESDAY}"#), false);
    }
    check_one_more(
        "לא, עוד תור לאשתי, ברביעי",
        &format!(r#""action":"ask",{WEDNESDAY}"#),
        true,
    );
    // A confirmation that comes to a question may be answered by a bare yes.
    check_one_more(
        "כן, בחמישי",
        &format!(r#""action":"confirm",{WEDNESDAY}"#),
        false,
    );
    // Of one that stands.
    check_one_more(
        "יש לי עוד תור אצלכם?",
        r#""action":"none","intent":"own_appointment""#,
        false,
    );
    check_one_more(
        "תבטל גם את התור של אשתי",
        r#""action":"ask","intent":"cancel""#,
        false,
    );
}

#[track_caller]
fn check(text: &str, parts: &str, intent: Intent, expected: When) {
    let reading = reading(text, &format!("{{{parts}}}"), OFFERED);
    assert_eq!(
        (reading.intent, when(&reading)),
        (intent, expected),
        "{text} {parts}"
    );
}

#[test]
fn a_yes_to_being_put_through_books_nothing() {
    let none = (Action::None, None, None);
    for text in ["כן", "כן, תעבירי אותי", "בסדר גמור", "כן, תקבעי"] {
        check(
            text,
            r#""action":"confirm","intent":"person""#,
            Intent::Person,
            none,
        );
    }
    let booked = (Action::Confirm, OFFERED.date, OFFERED.time);
    check(
        "כן, ותגידי לו שאאחר",
        r#""action":"confirm","intent":"message""#,
        Intent::Message,
        booked,
    );
    check(
        "כן, תעבירי",
        r#""action":"confirm","intent":"move""#,
        Intent::Move,
        booked,
    );
}

#[test]
fn who_cancels_for_another_day_moves() {
    let asked = (Action::Ask, ON_WEDNESDAY, None);
    for text in [
        "תבטל את התור ותן לי ברביעי",
        "במקום מחר, ברביעי",
        "תבטלי ותקבעי לי ברביעי",
        "אפשר לבטל ולבוא ביום אחר? ברביעי",
        "לבטל ולהעביר לרביעי",
    ] {
        let parts = format!(r#""action":"ask","intent":"cancel",{WEDNESDAY}"#);
        check(text, &parts, Intent::Move, asked);
    }
    for text in ["תבטל את התור ברביעי", "תן לי לבטל את התור ברביעי"]
    {
        let parts = format!(r#""action":"ask","intent":"cancel",{WEDNESDAY}"#);
        check(text, &parts, Intent::Cancel, (Action::None, None, None));
        let reading = reading(text, &format!("{{{parts}}}"), OFFERED);
        assert_eq!(reading.about.date, ON_WEDNESDAY, "{text}");
    }
    // Without a day of its own nothing new is asked for.
    for date in ["\"date\":null", TUESDAY] {
        let parts = format!(r#""action":"ask","intent":"cancel",{date}"#);
        check(
            "תבטל ותן לי משהו אחר",
            &parts,
            Intent::Cancel,
            (Action::None, None, None),
        );
    }
}
