mod persons;
mod wishes;

use time::{Date, Duration, Time, macros::date};
use toran_scheduling::{AppointmentSettings, Slot, TimeZoneName};

use super::*;
use crate::{
    MemoryStore,
    conformance::{
        HALF_PAST_FOUR, NOW, Shared, TUESDAY, add, book, business, key, open, order, settings,
    },
};

const SATURDAY: Date = date!(2026 - 11 - 28);

fn at(date: impl Into<Option<Date>>, time: impl Into<Option<Time>>) -> RequestedTime {
    RequestedTime {
        date: date.into(),
        time: time.into(),
    }
}

async fn shop() -> Shared {
    let store: Shared = Arc::new(MemoryStore::new());
    add(&store, 1).await;
    store
}

/// Books the given hours of a day, each for a caller of its own.
async fn fill(store: &Shared, date: Date, times: impl IntoIterator<Item = Time>) {
    for (time, n) in times.into_iter().zip(100..) {
        let call = open(
            store,
            &key(1, &format!("CA-{date}-{n}")),
            Some(n),
            u128::from(date.ordinal()) << 32 | u128::from(n),
        )
        .await;
        let id = u128::from(date.ordinal()) << 32 | u128::from(n);
        let answer = book(store, &order(&call, date, time, id)).await;
        assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
    }
}

fn grid() -> impl Iterator<Item = Time> {
    (0..18).map(|step| time::macros::time!(9:00) + Duration::minutes(30 * step))
}

fn show(outcome: &Outcome) -> String {
    let list = |slots: &[Slot]| {
        let shown: Vec<String> = slots
            .iter()
            .map(|slot| {
                let (date, time) = (slot.date(), slot.time());
                format!(
                    "{}.{} {:02}:{:02}",
                    date.day(),
                    u8::from(date.month()),
                    time.hour(),
                    time.minute()
                )
            })
            .collect();
        shown.join(", ")
    };
    match outcome {
        Outcome::AppointmentCreated(booking) => format!("created {}", booking.time),
        Outcome::AppointmentMoved { from, to } => format!("moved {} to {}", from.time, to.time),
        Outcome::AppointmentHeld(booking) => format!("held {}", booking.time),
        Outcome::SlotUnavailable {
            reason,
            alternatives,
            ..
        } => {
            format!("{}: {}", reason.as_str(), list(alternatives))
        }
        Outcome::FreeSlots { slots, .. } => format!("free: {}", list(slots)),
        Outcome::MissingDetails { missing } => {
            format!(
                "missing {:?}",
                missing
                    .iter()
                    .map(|detail| detail.as_str())
                    .collect::<Vec<_>>()
            )
        }
        Outcome::BookingUnavailable { noted } => format!("unavailable, noted: {noted}"),
        Outcome::OwnAppointments { bookings } => {
            let own: Vec<String> = bookings
                .iter()
                .map(|booking| {
                    let (date, time) = (booking.date, booking.time);
                    format!("{} {:02}:{:02}", date.day(), time.hour(), time.minute())
                })
                .collect();
            format!("own: {}", own.join(", "))
        }
    }
}

/// A stranger who asks.
fn inquirer() -> Inquirer {
    Inquirer {
        key: key(1, "CA-asks"),
        lead_id: LeadId::from_uuid(uuid::Uuid::from_u128(77)),
        epoch: 0,
        name: None,
        words: None,
        new_task_id: TaskId::from_uuid(uuid::Uuid::from_u128(78)),
    }
}

async fn check(store: &Shared, requested: RequestedTime, expected: &str) {
    let answer = Desk::new(Arc::clone(store))
        .look(&inquirer(), requested.into(), false, NOW)
        .await;
    assert!(answer.error.is_none(), "{answer:?}");
    assert_eq!(show(&answer.outcome), expected, "{requested:?}");
}

#[tokio::test]
async fn an_exact_time_is_free_or_refused_with_alternatives() {
    let store = shop().await;
    fill(&store, TUESDAY, [time::macros::time!(10:30)]).await;
    check(&store, at(TUESDAY, HALF_PAST_FOUR), "free: 24.11 16:30").await;
    check(
        &store,
        at(TUESDAY, time::macros::time!(10:30)),
        "taken: 24.11 10:00, 24.11 11:00, 24.11 09:30",
    )
    .await;
    let closed = "inactive_day: 29.11 10:00, 30.11 10:00, 1.12 10:00";
    check(&store, at(SATURDAY, time::macros::time!(10:00)), closed).await;
}

#[tokio::test]
async fn a_day_is_answered_with_slots_spread_over_it() {
    let store = shop().await;
    let spread = "free: 24.11 09:00, 24.11 11:30, 24.11 14:30, 24.11 17:30";
    check(&store, at(TUESDAY, None), spread).await;
    check(
        &store,
        at(SATURDAY, None),
        "inactive_day: 29.11 09:00, 29.11 09:30, 29.11 10:00",
    )
    .await;
    fill(&store, TUESDAY, grid()).await;
    check(
        &store,
        at(TUESDAY, None),
        "taken: 25.11 09:00, 25.11 09:30, 25.11 10:00",
    )
    .await;
}

#[tokio::test]
async fn an_hour_is_answered_with_the_next_days_that_have_it() {
    let store = shop().await;
    fill(&store, TUESDAY, [HALF_PAST_FOUR]).await;
    check(
        &store,
        at(None, HALF_PAST_FOUR),
        "free: 23.11 16:30, 25.11 16:30, 26.11 16:30",
    )
    .await;
    // 09:00 has passed today; Saturday is closed.
    check(
        &store,
        at(None, time::macros::time!(9:00)),
        "free: 24.11 09:00, 25.11 09:00, 26.11 09:00",
    )
    .await;
    let late = "outside_hours: 23.11 17:30, 23.11 17:00, 23.11 16:30";
    check(&store, at(None, time::macros::time!(20:00)), late).await;
    let odd = "off_grid: 23.11 16:30, 23.11 17:00, 23.11 16:00";
    check(&store, at(None, time::macros::time!(16:40)), odd).await;
}

#[tokio::test]
async fn an_open_question_is_answered_with_the_first_free_slots() {
    let store = shop().await;
    fill(&store, NOW.date(), [time::macros::time!(10:30)]).await;
    check(
        &store,
        at(None, None),
        "free: 23.11 11:00, 23.11 11:30, 23.11 12:00",
    )
    .await;
}

/// Open at night, where on this Sunday two o'clock is one o'clock again.
#[tokio::test]
async fn an_hour_that_comes_twice_is_offered_once_and_means_the_first() {
    use time::macros::{time, utc_datetime};
    let (sunday, eve) = (date!(2026 - 10 - 25), utc_datetime!(2026-10-24 18:00));
    let store = shop().await;
    let night = AppointmentSettings::simple(
        "sun".parse().unwrap(),
        time!(0:30),
        time!(2:30),
        30,
        TimeZoneName::jerusalem(),
    );
    let id = business(1).id;
    store.update_settings(id, &night.unwrap()).await.unwrap();
    let desk = Desk::new(Arc::clone(&store));
    let asked = async |requested: RequestedTime, now| {
        let answer = desk.look(&inquirer(), requested.into(), false, now).await;
        answer.outcome
    };
    let list = "free: 25.10 00:30, 25.10 01:00, 25.10 01:30, 25.10 02:00";
    assert_eq!(show(&asked(at(sunday, None), eve).await), list);
    assert_eq!(
        show(&asked(at(None, None), eve).await),
        "free: 25.10 00:30, 25.10 01:00, 25.10 01:30"
    );
    let Outcome::FreeSlots { slots, .. } = asked(at(sunday, time!(1:30)), eve).await else {
        panic!("it is free");
    };
    assert!(slots[0].comes_twice() && !slots[0].is_second_pass());
    // Once that is taken, nobody can say which half past one they mean.
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let order = BookingOrder {
        now: eve,
        ..order(&call, sunday, time!(1:30), 1)
    };
    assert!(matches!(
        book(&store, &order).await,
        BookingAnswer::Created(_)
    ));
    let rows = store
        .appointments(id, eve, eve + Duration::DAY)
        .await
        .unwrap();
    assert_eq!(rows[0].starts_at, utc_datetime!(2026-10-24 22:30));
    let taken = "taken: 25.10 01:00, 25.10 02:00, 25.10 00:30";
    assert_eq!(show(&asked(at(sunday, time!(1:30)), eve).await), taken);
    // Between the two, half past one is over.
    let between = utc_datetime!(2026-10-24 23:10);
    let over = "in_the_past: 25.10 02:00, 1.11 01:30";
    let answer = show(&asked(at(sunday, time!(1:30)), between).await);
    assert!(answer.starts_with(over), "{answer}");
}

fn confirmation(call: &crate::CallSession, requested: RequestedTime) -> Confirmation {
    Confirmation {
        inquirer: Inquirer {
            key: call.key.clone(),
            lead_id: call.lead_id,
            name: Some(Pii::new(" דוד\n".to_owned())),
            ..inquirer()
        },
        requested,
        one_more: false,
        named_by_caller: true,
        most_standing: None,
        new_appointment_id: AppointmentId::from_uuid(uuid::Uuid::from_u128(1)),
    }
}

#[tokio::test]
async fn a_confirmation_is_booked_once_or_refused_or_asked_for_details() {
    let store = shop().await;
    let desk = Desk::new(Arc::clone(&store));
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let mut shown = Vec::new();
    for requested in [
        at(None, None),
        at(TUESDAY, None),
        at(None, HALF_PAST_FOUR),
        at(TUESDAY, HALF_PAST_FOUR),
        at(TUESDAY, HALF_PAST_FOUR),
        at(SATURDAY, HALF_PAST_FOUR),
    ] {
        let answer = desk.book(confirmation(&call, requested), NOW).await;
        assert!(answer.error.is_none(), "{answer:?}");
        shown.push(show(&answer.outcome));
    }
    assert_eq!(
        shown,
        [
            r#"missing ["date", "time"]"#,
            r#"missing ["time"]"#,
            r#"missing ["date"]"#,
            "created 16:30:00.0",
            "created 16:30:00.0",
            "inactive_day: 29.11 16:30, 30.11 16:30, 1.12 16:30",
        ]
    );
    let week = Duration::days(7);
    let rows = store
        .appointments(business(1).id, NOW, NOW + week)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].name, Some(Pii::new("דוד".to_owned())));
}

#[tokio::test]
async fn the_desk_reads_the_settings_of_this_moment() {
    let store = shop().await;
    store
        .update_settings(business(1).id, &settings(45))
        .await
        .unwrap();
    check(
        &store,
        at(TUESDAY, time::macros::time!(9:45)),
        "free: 24.11 09:45",
    )
    .await;
}

#[tokio::test]
async fn what_is_not_known_is_not_claimed() {
    let store = shop().await;
    let desk = Desk::new(Arc::clone(&store));
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let stranger = Inquirer {
        key: key(2, "CA1"),
        ..inquirer()
    };
    let answer = desk
        .look(&stranger, at(TUESDAY, None).into(), false, NOW)
        .await;
    assert_eq!(answer.outcome, Outcome::BookingUnavailable { noted: false });
    assert!(matches!(answer.error, Some(StoreError::UnknownBusiness)));
    store.remove_business(business(1).id).await.unwrap();
    let answer = desk
        .book(confirmation(&call, at(TUESDAY, HALF_PAST_FOUR)), NOW)
        .await;
    assert_eq!(answer.outcome, Outcome::BookingUnavailable { noted: false });
    assert!(matches!(answer.error, Some(StoreError::UnknownBusiness)));
}

#[tokio::test]
async fn a_caller_hears_of_the_slot_that_the_caller_holds() {
    let store = shop().await;
    let desk = Desk::new(Arc::clone(&store));
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let requested = at(TUESDAY, HALF_PAST_FOUR);
    let mut shown = Vec::new();
    for call in [call, open(&store, &key(1, "CA2"), Some(7), 2).await] {
        let confirmation = confirmation(&call, requested);
        let asked = desk
            .look(&confirmation.inquirer, requested.into(), false, NOW)
            .await;
        shown.push(show(&asked.outcome));
        shown.push(show(&desk.book(confirmation, NOW).await.outcome));
    }
    let expected = [
        "free: 24.11 16:30",
        "created 16:30:00.0",
        "held 16:30:00.0",
        "held 16:30:00.0",
    ];
    assert_eq!(shown, expected);
    let taken = "taken: 24.11 16:00, 24.11 17:00, 24.11 15:30";
    check(&store, requested, taken).await;
}

/// Keeps in memory what it is given, or fails.
#[derive(Default)]
struct PlayedSpool {
    kept: std::sync::Mutex<Vec<NewTask>>,
    full: bool,
}

#[async_trait::async_trait]
impl Spool for PlayedSpool {
    async fn keep(&self, task: &NewTask) -> Result<(), BoxError> {
        if self.full {
            return Err("no space left".into());
        }
        self.kept.lock().unwrap().push(task.clone());
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_kept_while_the_store_is_away() {
    let store: Shared = Arc::new(crate::memory::MemoryStore::new());
    add(&store, 1).await;
    let call = open(&store, &key(1, "CA1"), Some(7), 1).await;
    let away = Arc::new(MemoryStore::new());
    away.go_away();
    let confirmation = confirmation(&call, at(TUESDAY, HALF_PAST_FOUR));
    for full in [false, true] {
        let spool = Arc::new(PlayedSpool {
            full,
            ..PlayedSpool::default()
        });
        let desk =
            Desk::new(Arc::clone(&away) as Shared).with_spool(Arc::clone(&spool) as Arc<dyn Spool>);
        let answer = desk.book(confirmation.clone(), NOW).await;
        assert_eq!(answer.outcome, Outcome::BookingUnavailable { noted: !full });
        assert_eq!(matches!(answer.saved, Some(Saved::Spooled)), !full);
        let answer = desk
            .look(&confirmation.inquirer, at(TUESDAY, None).into(), false, NOW)
            .await;
        assert_eq!(answer.outcome, Outcome::BookingUnavailable { noted: !full });
        let kept: Vec<_> = spool
            .kept
            .lock()
            .unwrap()
            .iter()
            .map(|task| task.requested)
            .collect();
        let expected = [at(TUESDAY, HALF_PAST_FOUR), at(TUESDAY, None)];
        assert_eq!(kept, if full { vec![] } else { expected.to_vec() });
    }
}

#[test]
fn a_desk_and_a_store_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<Desk>();
    check::<MemoryStore>();
    check::<Arc<dyn Store>>();
}

#[tokio::test]
async fn what_a_caller_leaves_is_saved_in_their_words() {
    let store = shop().await;
    let spool = Arc::new(PlayedSpool::default());
    let desk = Desk::new(Arc::clone(&store)).with_spool(Arc::clone(&spool) as Arc<dyn Spool>);
    let said = |words: &str| Some(Pii::new(words.to_owned()));
    let asks = Inquirer {
        name: said(" דנה\n"),
        words: said("מה שאמרתי"),
        ..inquirer()
    };
    for (kind, words, kept) in [
        (TaskKind::Message, said(" אאחר\nקצת\u{0}"), said("אאחר קצת")),
        (TaskKind::Person, None, said("מה שאמרתי")),
    ] {
        let draft = TaskDraft {
            kind,
            requested: RequestedTime::default(),
            words,
        };
        let saved = desk.save(&asks, draft, NOW).await;
        assert!(matches!(saved, Saved::Spooled), "{saved:?}");
        let task = spool.kept.lock().unwrap().pop().unwrap();
        assert_eq!(
            (task.kind, task.words, task.name),
            (kind, kept, said("דנה"))
        );
    }
    let draft = TaskDraft {
        kind: TaskKind::Person,
        requested: RequestedTime::default(),
        words: None,
    };
    let saved = Desk::new(store).save(&asks, draft, NOW).await;
    assert!(matches!(saved, Saved::NoSpool), "{saved:?}");
}
