use time::macros::time;

use super::*;

#[track_caller]
fn check(text: &str, expected: &[Time]) {
    let said: Vec<Time> = hours_said(text)
        .iter()
        .filter(|hour| !hour.is_negated())
        .filter_map(|hour| hour.readings().last().copied())
        .collect();
    assert_eq!(said, expected, "{text}");
}

#[test]
fn hours_are_read_from_callers_words() {
    check("מחר בארבע", &[time!(16:00)]);
    check("שלישי בארבע", &[time!(16:00)]);
    check("מחר ארבע אחה״צ", &[time!(16:00)]);
    check("חמש, לא, שש, מחר", &[time!(17:00), time!(18:00)]);
    check("בחמש וחצי", &[time!(17:30)]);
    check("ברבע לחמש", &[time!(16:45)]);
    check("בחמישה לארבע", &[time!(15:55)]);
    check("בעשרים וחמישה לשש", &[time!(17:35)]);
    check("בתשע אפס חמש", &[time!(21:05)]);
    check("בארבע וחמישה", &[time!(16:05)]);
    check("בשעה שש עשרה אפס אפס", &[time!(16:00)]);
    check("בשבע עשרה שלושים", &[time!(17:30)]);
    check("ב 13 בדיוק", &[time!(13:00)]);
    check("בשעה 1400", &[time!(14:00)]);
    check("ב8:30", &[time!(20:30)]);
    check("אפשר ב 21?", &[time!(21:00)]);
    check("מחר ב-07:00", &[time!(7:00)]);
    check("בצהריים, נגיד באחת", &[time!(13:00)]);
    check("לשישי על הבוקר, שמונה וחצי", &[time!(8:30)]);
    check("בשתים עשרה וחצי", &[time!(12:30)]);
    check("בשתים עשרה בלילה", &[time!(0:00)]);
    check("הלילה באחת", &[time!(1:00)]);
    check("בעשר בעשר וחצי סליחה", &[time!(22:00), time!(22:30)]);
    check("ארבע עשרה שלושים", &[time!(14:30)]);
    check("tomorrow at 4", &[time!(16:00)]);
    check("завтра в десять", &[time!(22:00)]);
    check("at half past four", &[time!(16:30)]);
    check("10 pm", &[time!(22:00)]);
    check("שעה אחת בצהריים", &[time!(13:00)]);
    check("ברבע ל-5", &[time!(16:45)]);
    check("בעשרה ל-12", &[time!(23:50)]);
    check("רבע אחרי עשר", &[time!(22:15)]);
    check("עשר דקות אחרי עשר", &[time!(22:10)]);
    check("בעשרה אחרי עשר", &[time!(22:10)]);
    check("לא בעשר, באחת עשרה", &[time!(23:00)]);
    check("חמש פחות רבע", &[time!(16:45)]);
    check("ב-5 וחצי", &[time!(17:30)]);
    check("בין עשר לשתים עשרה", &[time!(22:00), time!(12:00)]);
    check("ב-10.30", &[time!(22:30)]);
    check("בשעה 10 30", &[time!(22:30)]);
    check("ב 4 15 אחר הצהריים", &[time!(16:15)]);
    check("ב-10 30 איש", &[time!(22:00)]);
    check("בעשר או אחת עשרה", &[time!(22:00), time!(23:00)]);
    check("הילדה בת ארבע, אפשר ביום שלישי בארבע?", &[time!(16:00)]);
    check("בחמישי בשלש", &[time!(15:00)]);
    check("בשעה שמנה בערב", &[time!(20:00)]);
}

#[test]
fn what_is_no_hour() {
    for text in [
        "",
        "אני מאחר בעשר דקות",
        "זה ייקח 10 דקות",
        "הילדה בת ארבע",
        "אני בן שבעים",
        "קו חמש מגיע אליכם?",
        "בקריית ארבע יש לכם סניף?",
        "סניף באר שבע",
        "רחוב ארבע ארצות 12",
        "הטלפון שלי 052-4561230",
        "אפס חמש שתיים, ארבע חמש שש, אחת שתיים שלוש אפס",
        "המחיר מאה ושמונים שקלים",
        "זה עולה 20 שקל",
        "עוד שלוש שעות",
        "תור לשניים",
        "שולחן לשישה",
        "בעשרים וארבע לנובמבר",
        "ב-24 בנובמבר",
        "שאלה אחת",
        "יש לי רק חמש דקות",
        "שני תורים",
        "בחמישה עשר בשבט",
        "הילד בן שלוש וחצי",
        "אחת וחצי שעות",
    ] {
        check(text, &[]);
    }
}

#[track_caller]
fn check_named(text: &str, time: Time, expected: bool) {
    assert_eq!(hour_is_named(text, time), expected, "{text} {time}");
}

#[test]
fn an_agent_names_hours() {
    for (text, time) in [
        ("יש לי מחר בעשר", time!(10:00)),
        ("יש לי מחר בעשר", time!(22:00)),
        ("בשעה 10:30 מתאים?", time!(10:30)),
        ("ביום שלישי בעשר וחצי", time!(10:30)),
        ("אפשר להזיז לחמש", time!(17:00)),
        ("ב-5 אחר הצהריים", time!(17:00)),
        ("בשעה 5", time!(17:00)),
        ("חמש וחצי אחר הצהריים", time!(17:30)),
        ("בעשר, באחת עשרה או בשתיים", time!(11:00)),
        ("בעשר, אחת עשרה או שתיים", time!(14:00)),
        ("יש לי בשלישי, עשר וחצי", time!(10:30)),
        ("ברבע לחמש", time!(16:45)),
        ("בשעה שש עשרה ושלושים", time!(16:30)),
    ] {
        check_named(text, time, true);
    }
    check_named("בעשר בבוקר", time!(22:00), false);
    check_named("יש לי ארבע אפשרויות", time!(16:00), false);
    check_named("זה עולה 10 שקלים", time!(10:00), false);
    check_named("בעוד 10 דקות", time!(10:00), false);
    check_named("רחוב הרצל 10", time!(10:00), false);
    check_named("הטלפון הוא 050-1234567", time!(5:00), false);
    check_named("בעשר וחצי", time!(10:00), false);
}

#[test]
fn one_of_several_hours_is_a_choice() {
    for (text, time, expected) in [
        ("בעשר או באחת עשרה?", time!(10:00), true),
        ("בעשר, או אולי דווקא באחת עשרה?", time!(11:00), true),
        ("יש לי בעשר, באחת עשרה או בשתיים", time!(10:00), true),
        ("ten or eleven? at 10:00 or at 11:00?", time!(11:00), true),
        ("בעשר בבוקר או בעשר בערב?", time!(22:00), true),
        ("בעשר, כן או לא?", time!(10:00), false),
        ("בעשר וחצי תפוס, יש באחת עשרה", time!(11:00), false),
        ("לא בתשע, בעשר", time!(10:00), false),
        ("בעשר", time!(11:00), false),
    ] {
        assert_eq!(hour_is_a_choice(text, time), expected, "{text} {time}");
    }
}

#[test]
fn times_from_now() {
    assert_eq!(minutes_ahead_said("עוד שעה"), [60]);
    assert_eq!(minutes_ahead_said("עוד רבע שעה אני אצלכם"), [15]);
    assert_eq!(minutes_ahead_said("עוד שלוש שעות"), [180]);
    assert_eq!(minutes_ahead_said("בעוד שעה וחצי"), [90]);
    assert_eq!(minutes_ahead_said("עוד 20 דקות"), [20]);
    assert!(minutes_ahead_said("מחר בשעה עשר").is_empty());
    assert!(same_hour_said("ביום רביעי באותה שעה") && !same_hour_said("בשעה עשר"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken(text in ".{0,80}", shuffled in proptest::collection::vec(proptest::sample::select(vec!["בשעה", "רבע", "לחמש", "עשרים", "ו", "ב", "4:3", "10-", "24.11", "פחות", "אפס", "עוד", "יום", "ה", "לחודש", "אחת", "עשרה", "0525", "?"]), 0..9)) {
        let shuffled = shuffled.join(" ");
        for text in [text, shuffled] {
            let _ = hours_said(&text);
            let _ = crate::days_said(&text);
            let _ = minutes_ahead_said(&text);
            let _ = crate::digits_said(&text);
            let _ = crate::yes_said(&text);
            let _ = crate::name_said(&text, &text);
        }
    }
}
