//! Parts of the day, and days that do not suit.

use super::*;

/// What a wish is answered with on Monday at ten, Tuesday morning being full.
async fn wished(wish: Wish, expected: &str) {
    let store = shop().await;
    let mornings = grid().filter(|time| time.hour() < 12);
    fill(&store, TUESDAY, mornings).await;
    let answer = Desk::new(Arc::clone(&store))
        .look(&inquirer(), wish, false, NOW)
        .await;
    assert_eq!(show(&answer.outcome), expected, "{wish:?}");
}

fn wish(
    date: impl Into<Option<Date>>,
    part: impl Into<Option<toran_domain::PartOfDay>>,
    not_on: impl Into<Option<Date>>,
) -> Wish {
    Wish {
        when: at(date, None),
        part_of_day: part.into(),
        not_on: not_on.into(),
    }
}

#[tokio::test]
async fn a_part_of_the_day_narrows_what_is_offered() {
    use toran_domain::PartOfDay::{Afternoon, Evening, Morning, Night, Noon};
    let wednesday = date!(2026 - 11 - 25);
    for (asked, expected) in [
        (
            wish(wednesday, Morning, None),
            "free: 25.11 09:00, 25.11 09:30, 25.11 10:30, 25.11 11:30",
        ),
        (
            wish(wednesday, Noon, None),
            "free: 25.11 11:00, 25.11 12:00, 25.11 13:00, 25.11 14:30",
        ),
        (
            wish(wednesday, Evening, None),
            "free: 25.11 17:00, 25.11 17:30",
        ),
        // Of that day first, nearest to what was wished, then of the next one.
        (
            wish(TUESDAY, Morning, None),
            "taken: 24.11 12:00, 24.11 12:30, 24.11 13:00",
        ),
        (
            wish(wednesday, Night, None),
            "outside_hours: 25.11 17:30, 25.11 17:00, 25.11 16:30",
        ),
        (
            wish(SATURDAY, Morning, None),
            "inactive_day: 29.11 09:30, 30.11 09:30, 1.12 09:30",
        ),
        // Monday at ten: nine is over.
        (
            wish(None, Morning, None),
            "free: 23.11 10:30, 23.11 11:00, 23.11 11:30",
        ),
        (
            wish(None, Morning, NOW.date()),
            "free: 25.11 09:00, 25.11 09:30, 25.11 10:00",
        ),
        (
            wish(None, Afternoon, NOW.date()),
            "free: 24.11 12:00, 24.11 12:30, 24.11 13:00",
        ),
        (
            wish(None, Night, None),
            "outside_hours: 23.11 17:30, 23.11 17:00, 23.11 16:30",
        ),
    ] {
        wished(asked, expected).await;
    }
}

#[tokio::test]
async fn a_day_that_does_not_suit_is_left_out() {
    use time::macros::time;
    for (asked, expected) in [
        (
            wish(None, None, NOW.date()),
            "free: 24.11 12:00, 24.11 12:30, 24.11 13:00",
        ),
        // A day that is asked for and does not suit: the latter was said last.
        (
            wish(TUESDAY, None, TUESDAY),
            "free: 23.11 10:30, 23.11 11:00, 23.11 11:30",
        ),
        (
            Wish {
                when: at(None, time!(10:30)),
                ..wish(None, None, NOW.date())
            },
            "free: 25.11 10:30, 26.11 10:30, 27.11 10:30",
        ),
        (
            Wish {
                when: at(TUESDAY, time!(10:30)),
                ..wish(None, None, date!(2026 - 11 - 25))
            },
            "taken: 24.11 12:00, 24.11 12:30, 24.11 13:00",
        ),
        (
            Wish {
                when: at(SATURDAY, None),
                ..wish(None, None, date!(2026 - 11 - 29))
            },
            "inactive_day: 30.11 09:00, 30.11 09:30, 30.11 10:00",
        ),
    ] {
        wished(asked, expected).await;
    }
}
