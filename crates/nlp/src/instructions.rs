//! The parser's prompt.

use std::fmt::Write as _;

use time::{Date, Duration};
use toran_hebrew as hebrew;

use crate::{OPENING, ParseContext};

/// How many days the small calendar shows.
const CALENDAR_DAYS: i64 = 14;

const RULES: &str = "\
אתה מקבל משפט אחד שאמר לקוח בטלפון, אחרי תמלול. החזר רק את מה שנאמר בו. אל תמציא דבר ואל תחשב תאריכים.
action:
- ask: הלקוח מבקש תור, שואל על זמן פנוי, נוקב ביום או בשעה, או מתקן אותם. בקשה לקבוע בלי הצעה קודמת היא ask.
- confirm: הלקוח אומר כן מפורש להצעה מוחשית שעל השולחן. \"לא לא, זה מצוין\" הוא confirm. \"כן, אבל אפשר בעשר וחצי?\" הוא ask.
- none: כל השאר: שאלות מידע, ביטול, סירוב, דיבור צדדי, \"אתקשר מחר\", שאלה על תור קיים.
date: בצורה סימבולית, לפי מה שנאמר:
- יום בשבוע: weekday ו-week_offset (0 = המופע הקרוב; 1 = \"הבא\" או \"בשבוע הבא\").
- היום, מחר, עוד יומיים: days_from_now.
- תאריך: day, month, year (null אם לא נאמרו). היום לפני החודש. אם נאמר גם יום בשבוע: weekday.
- חג: holiday ו-relation.
- לא נאמר יום: null.
time: hour ו-minute כפי שנאמרו, ו-part_of_day רק אם נאמר במפורש (בבוקר, בצהריים, אחר הצהריים, בערב, בלילה). \"עשרה לאחת עשרה\" = 10:50. שעה לא מדויקת (\"בבוקר\", \"אחרי העבודה\") = null.
name: שם הלקוח רק אם אמר אותו עכשיו, אחרת null. \"שני\" ו\"ראשון\" יכולים להיות יום, מספר או שם.
one_more: true רק אם הלקוח ביקש במפורש עוד תור, נוסף על תור שכבר נקבע בשיחה (\"תקבע לי עוד תור\", \"וגם תור לאשתי\"). החלפה או תיקון של מועד אינם תור נוסף. בכל מקרה אחר null.
words: המילים של הלקוח עצמו שמהן הסקת את היום או את השעה.";

/// The standing instructions for one segment.
pub(crate) fn render(context: &ParseContext<'_>) -> String {
    let today = context.now.date();
    let mut text = format!("{OPENING}\n{RULES}\n\n");
    let _ = writeln!(
        text,
        "עכשיו: {} {}, {}.",
        hebrew::date_words(today),
        today.year(),
        hebrew::clock(context.now.time())
    );
    text.push_str("לוח קטן:\n");
    for offset in 0..CALENDAR_DAYS {
        if let Some(day) = today.checked_add(Duration::days(offset)) {
            let _ = writeln!(text, "{} {}", iso(day), hebrew::day_words(day.weekday()));
        }
    }
    text.push_str(&table_line(context));
    if let Some(said) = context.last_said {
        let said: String = said.chars().filter(|c| !c.is_control()).take(400).collect();
        let _ = writeln!(text, "לפני כן אמר הנציג: \"{said}\"");
    }
    text
}

fn table_line(context: &ParseContext<'_>) -> String {
    match (context.table.date, context.table.time) {
        (None, None) => "על השולחן: אין הצעה.\n".to_owned(),
        (date, time) => {
            let day = date.map_or("יום שלא נאמר".to_owned(), |d| {
                format!("{} ({})", hebrew::date_words(d), iso(d))
            });
            let hour = time.map_or("שעה שלא נאמרה".to_owned(), hebrew::clock);
            format!("על השולחן: {day}, {hour}.\n")
        }
    }
}

fn iso(date: Date) -> String {
    // `Display` of `time::Date` is ISO 8601 for the four-digit years that a calendar of appointments has.
    date.to_string()
}
