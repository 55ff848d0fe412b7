//! Which true claims a text makes.

use toran_domain::Booking;
use toran_hebrew as hebrew;

use crate::{
    Ledger,
    claims::{Sentence, judge},
    guard::sentence_length,
};

/// The appointments of which a text says that they stand: by the hours and days that each claim names, and the last
/// appointment where it names none. Of a text that was cut off, only what was said to the end of a sentence counts.
///
/// ```
/// use time::macros::{date, time};
/// use toran_domain::{AppointmentId, Booking};
///
/// let appointment_id = AppointmentId::from_uuid(uuid::Uuid::from_u128(1));
/// let booking = Booking { appointment_id, date: date!(2026-11-24), time: time!(16:30) };
/// let ledger = [booking].into_iter().collect();
/// let heard = "מצוין. קבעתי לך פגישה בתאריך 24.11 בשעה 16:30.";
/// assert_eq!(toran_truth::announced(heard, true, &ledger), [booking]);
/// assert_eq!(toran_truth::announced("לקבוע לך ל-16:30?", true, &ledger), []);
/// ```
pub fn announced(text: &str, is_whole: bool, ledger: &Ledger) -> Vec<Booking> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(length) = sentence_length(rest, is_whole).filter(|length| *length > 0) {
        let sentence;
        (sentence, rest) = rest.split_at(length);
        let names_a_time = !hebrew::hours_spoken(sentence).is_empty()
            || !hebrew::dates_spoken(sentence).is_empty();
        let claimed = ledger.bookings().iter().filter(|booking| {
            let alone: Ledger = [**booking].into_iter().collect();
            let is_claimed = judge(sentence, None, &alone) == Ok(Sentence::TrueBooking);
            is_claimed && (names_a_time || ledger.last() == Some(booking))
        });
        found.extend(claimed.copied());
    }
    found
}

#[cfg(test)]
mod tests {
    use time::{
        Time,
        macros::{date, time},
    };
    use toran_domain::AppointmentId;
    use uuid::Uuid;

    use super::*;

    fn booking(n: u128, time: Time) -> Booking {
        Booking {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(n)),
            date: date!(2026 - 11 - 24),
            time,
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &[u128]) {
        let ledger = [booking(1, time!(9:00)), booking(2, time!(16:30))];
        let ledger = ledger.into_iter().collect();
        let found = announced(text, true, &ledger);
        let found: Vec<u128> = found
            .iter()
            .map(|booking| booking.appointment_id.as_uuid().as_u128())
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_claim_announces_the_appointment_that_it_names() {
        check("קבעתי לך פגישה בתאריך 24.11 בשעה 16:30.", &[2]);
        check("קבעתי לך תור בתשע. קבעתי לך תור בארבע וחצי.", &[1, 2]);
        check("קבעתי לך את התור.", &[2]);
    }

    #[test]
    fn what_is_no_claim_announces_nothing() {
        for text in [
            "",
            "אנחנו ממשיכים מאיפה שהפסקנו.",
            "עוד לא קבעתי לך תור.",
            "באיזו שעה?",
        ] {
            check(text, &[]);
        }
        // Nor does a claim that the ledger does not hold.
        check("קבעתי לך תור בשבע.", &[]);
        // Nor words that were cut off before they named it.
        let ledger = [booking(1, time!(9:00))].into_iter().collect();
        assert_eq!(announced("מצוין. קבעתי לך תור", false, &ledger), []);
    }
}
