//! Hours as they are said and written.

use time::Time;

use crate::number_words_feminine;

/// An hour as it is written: `16:30`.
pub fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// An hour as it is said, with its part of the day: "ארבע וחצי אחר הצהריים", "רבע לחמש אחר הצהריים",
/// "תשע ועשר דקות בבוקר", "ארבע עשרים וחמש אחר הצהריים". Seconds are not said.
pub fn time_words(time: Time) -> String {
    let (hour, minute) = (time.hour(), u32::from(time.minute()));
    let this = twelve_hour_words(hour);
    let said = match minute {
        0 => this,
        1 => format!("{this} ודקה"),
        2 => format!("{this} ושתי דקות"),
        15 => format!("{this} ורבע"),
        30 => format!("{this} וחצי"),
        45 => format!("רבע ל{}", twelve_hour_words(hour + 1)),
        20 | 40 | 50 => format!("{this} ו{}", number_words_feminine(minute)),
        3..20 => format!("{this} ו{} דקות", number_words_feminine(minute)),
        _ => format!("{this} {}", number_words_feminine(minute)),
    };
    format!("{said} {}", part_of_day(hour))
}

fn twelve_hour_words(hour: u8) -> String {
    number_words_feminine(match hour % 12 {
        0 => 12,
        hour => hour.into(),
    })
}

const fn part_of_day(hour: u8) -> &'static str {
    match hour {
        0..4 | 22.. => "בלילה",
        4..6 => "לפנות בוקר",
        6..12 => "בבוקר",
        12..15 => "בצהריים",
        15..18 => "אחר הצהריים",
        18..22 => "בערב",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use time::{Duration, macros::time};

    use super::*;

    #[track_caller]
    fn check(time: Time, written: &str, said: &str) {
        assert_eq!(clock(time), written);
        assert_eq!(time_words(time), said);
    }

    #[test]
    fn hours_are_said_as_people_say_them() {
        check(time!(0:00), "00:00", "שתים עשרה בלילה");
        check(time!(5:05), "05:05", "חמש וחמש דקות לפנות בוקר");
        check(time!(9:00), "09:00", "תשע בבוקר");
        check(time!(9:10), "09:10", "תשע ועשר דקות בבוקר");
        check(time!(9:12), "09:12", "תשע ושתים עשרה דקות בבוקר");
        check(time!(10:30), "10:30", "עשר וחצי בבוקר");
        check(time!(11:45), "11:45", "רבע לשתים עשרה בבוקר");
        check(time!(12:00), "12:00", "שתים עשרה בצהריים");
        check(time!(12:45), "12:45", "רבע לאחת בצהריים");
        check(time!(14:20), "14:20", "שתיים ועשרים בצהריים");
        check(time!(16:15), "16:15", "ארבע ורבע אחר הצהריים");
        check(time!(16:25), "16:25", "ארבע עשרים וחמש אחר הצהריים");
        check(time!(16:30), "16:30", "ארבע וחצי אחר הצהריים");
        check(time!(16:45), "16:45", "רבע לחמש אחר הצהריים");
        check(time!(19:55), "19:55", "שבע חמישים וחמש בערב");
        check(time!(23:01), "23:01", "אחת עשרה ודקה בלילה");
    }

    #[test]
    fn no_two_minutes_of_a_day_sound_alike() {
        let day = (0..1440).map(|minute| time_words(Time::MIDNIGHT + Duration::minutes(minute)));
        assert_eq!(day.collect::<HashSet<_>>().len(), 1440);
    }
}
