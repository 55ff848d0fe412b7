//! Laws of tasks.

use time::{Duration, Time, macros::time};
use toran_domain::{Pii, RequestedTime, TaskId, TaskKind};
use uuid::Uuid;

use super::{
    HALF_PAST_FOUR, NOW, Office, TUESDAY, add, appointment_id, book, business, key, open, order,
    outbox::{self, store},
    phone,
};
use crate::{BookingAnswer, CallSession, EventKind, NewTask, TaskAddition};

pub(super) fn task(call: &CallSession, n: u128, time: Time, seconds: i64) -> NewTask {
    NewTask {
        task_id: TaskId::from_uuid(Uuid::from_u128(n)),
        key: call.key.clone(),
        lead_id: call.lead_id,
        kind: TaskKind::Booking,
        requested: RequestedTime {
            date: Some(TUESDAY),
            time: Some(time),
        },
        name: Some(Pii::new("דוד".to_owned())),
        words: Some(Pii::new("אפשר תור?".to_owned())),
        noted_at: NOW + Duration::seconds(seconds),
    }
}

/// The last request of a call is the business's task until it is done; adding it again changes nothing.
pub async fn turns_a_request_into_a_task(office: Office) {
    let id = add(&store(&office), 1).await.id;
    let call = open(&store(&office), &key(1, "CA1"), Some(7), 1).await;
    let add_task = async |task: &NewTask| office.add_task(task).await.expect("add_task");
    let first = task(&call, 1, HALF_PAST_FOUR, 10);
    assert_eq!(add_task(&first).await, TaskAddition::Added);
    assert_eq!(add_task(&first).await, TaskAddition::AlreadyThere);
    assert_eq!(
        add_task(&task(&call, 2, time!(10:00), 5)).await,
        TaskAddition::AlreadyThere
    );
    assert_eq!(
        add_task(&task(&call, 3, time!(11:00), 20)).await,
        TaskAddition::Added
    );
    let tasks = office.tasks(id, false).await.expect("tasks");
    let [row] = tasks.as_slice() else {
        panic!("{tasks:?}")
    };
    assert_eq!(
        (row.task_id, row.requested.time),
        (first.task_id, Some(time!(11:00)))
    );
    assert_eq!(
        (&row.caller, &row.name),
        (&Some(phone(7)), &Some(Pii::new("דוד".to_owned())))
    );
    assert_eq!(row.words, Some(Pii::new("אפשר תור?".to_owned())));
    assert_eq!(
        (row.noted_at, row.done_at),
        (NOW + Duration::seconds(20), None)
    );

    let finish = async |n: u32| {
        let finished = office
            .finish_task(business(n).id, first.task_id, NOW + Duration::HOUR)
            .await;
        finished.expect("finish_task")
    };
    let task_of = async |n: u32| {
        let task = office.task(business(n).id, first.task_id).await;
        task.expect("task")
    };
    assert_eq!(task_of(1).await.as_ref(), Some(row));
    assert_eq!(task_of(2).await, None, "of another business");
    assert!(!finish(2).await, "of another business");
    assert!(finish(1).await);
    assert!(!finish(1).await);
    // A file that comes back after a loss of power does not open it again.
    assert_eq!(
        add_task(&task(&call, 3, time!(11:00), 20)).await,
        TaskAddition::AlreadyThere
    );
    assert!(office.tasks(id, false).await.expect("tasks").is_empty());
    let done = office.tasks(id, true).await.expect("tasks");
    assert_eq!(done[0].done_at, Some(NOW + Duration::HOUR));
    assert_eq!(task_of(1).await.as_ref(), done.first());
    let record = office.export_lead(id, call.lead_id, None).await;
    let (record, _) = record.expect("export_lead").expect("known");
    assert_eq!(record.tasks, done);
    let mut orphan = task(&call, 4, time!(9:00), 0);
    orphan.key = key(1, "CA-nobody");
    assert_eq!(add_task(&orphan).await, TaskAddition::Orphaned);
    orphan.key = key(3, "CA1");
    assert_eq!(add_task(&orphan).await, TaskAddition::Orphaned);
    // For a lead that was erased nothing can be done any more.
    assert_eq!(
        add_task(&task(&call, 5, time!(12:00), 30)).await,
        TaskAddition::Added
    );
    assert_eq!(office.tasks(id, false).await.expect("tasks").len(), 1);
    let erased = office.erase_lead(id, call.lead_id, None, NOW).await;
    assert!(erased.expect("erase_lead").is_some());
    assert_eq!(office.tasks(id, false).await.expect("tasks"), []);
    let done = office.tasks(id, true).await.expect("tasks");
    assert_eq!((&done[0].name, &done[0].caller), (&None, &None));
    assert_eq!(done[0].words, None);
    assert_eq!(
        add_task(&task(&call, 6, time!(12:30), 40)).await,
        TaskAddition::Orphaned
    );
}

/// What the caller came to after all is no task: the time itself, or another one later in the same call.
pub async fn makes_no_task_of_what_was_booked_after_all(office: Office) {
    add(&store(&office), 1).await;
    let call = open(&store(&office), &key(1, "CA1"), Some(7), 1).await;
    let mut booked = order(&call, TUESDAY, HALF_PAST_FOUR, 1);
    booked.now = NOW + Duration::seconds(60);
    let answer = book(&store(&office), &booked).await;
    let BookingAnswer::Created(booking) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(booking.appointment_id, appointment_id(1));
    let already = TaskAddition::AlreadyBooked(booking);
    let add_task = async |task: &NewTask| office.add_task(task).await.expect("add_task");
    // The very time: the commit whose answer was lost.
    assert_eq!(add_task(&task(&call, 1, HALF_PAST_FOUR, 90)).await, already);
    // Another time, asked for before it was booked.
    assert_eq!(add_task(&task(&call, 2, time!(10:00), 30)).await, already);
    // In the same second nobody knows which came first: then it is kept.
    assert_eq!(
        add_task(&task(&call, 6, time!(11:00), 60)).await,
        TaskAddition::Added
    );
    // And one that was asked for after it.
    assert_eq!(
        add_task(&task(&call, 3, time!(10:00), 90)).await,
        TaskAddition::Added
    );
    // From another call of the lead, only the time itself counts.
    let next = open(&store(&office), &key(1, "CA2"), Some(7), 2).await;
    assert_eq!(add_task(&task(&next, 4, HALF_PAST_FOUR, 0)).await, already);
    assert_eq!(
        add_task(&task(&next, 5, time!(10:00), 0)).await,
        TaskAddition::Added
    );
}

/// A call leaves at most one task of each kind, the last, with the caller's words; a booking ends the one to book alone.
pub async fn keeps_a_task_of_each_kind(office: Office) {
    let id = outbox::shop(&office, 1).await;
    let call = outbox::call(&office, 1, 7).await;
    let said = |n: u128, kind, words: &str| NewTask {
        kind,
        words: Some(Pii::new(words.to_owned())),
        requested: RequestedTime::default(),
        name: None,
        ..task(&call, n, time!(9:00), i64::try_from(n).expect("few"))
    };
    let long = "א".repeat(toran_domain::MAX_TASK_WORDS_CHARS + 1);
    for (n, kind, words) in [
        (1, TaskKind::Cancellation, "לבטל את התור"),
        (2, TaskKind::Person, "תעבירי אותי"),
        (3, TaskKind::Message, "אאחר\nבעשר דקות\u{7}"),
        (4, TaskKind::Move, long.as_str()),
        (5, TaskKind::Booking, "תור למחר"),
        (6, TaskKind::Message, "אאחר בחצי שעה"),
    ] {
        let added = office.add_task(&said(n, kind, words)).await;
        assert_eq!(added.expect("add_task"), TaskAddition::Added, "{words}");
    }
    let again = office
        .add_task(&said(6, TaskKind::Message, "אאחר בחצי שעה"))
        .await;
    assert_eq!(again.expect("add_task"), TaskAddition::AlreadyThere);
    // The name that is said later names what was left before.
    let nothing = RequestedTime::default();
    let noted = office
        .note_request(&super::stream(&call.key), nothing, Some("דנה"), NOW)
        .await;
    noted.expect("note_request");
    let unnamed = office.tasks(id, false).await.expect("tasks");
    assert!(
        unnamed.iter().all(|task| task.name.is_none()),
        "it may be another's"
    );
    let named = office.name_made(&super::stream(&call.key), "דנה").await;
    named.expect("name_made");
    let mut booked = order(&call, TUESDAY, HALF_PAST_FOUR, 1);
    booked.now = NOW + Duration::seconds(30);
    book(&store(&office), &booked).await;
    let open = office.tasks(id, false).await.expect("tasks");
    let shown: Vec<(TaskKind, usize, bool)> = open
        .iter()
        .map(|task| {
            let words = task.words.as_ref().expect("words").expose();
            let named = task.name == Some(Pii::new("דנה".to_owned()));
            (task.kind, words.chars().count(), named)
        })
        .collect();
    let expected = [
        (TaskKind::Cancellation, 12, true),
        (TaskKind::Person, 11, true),
        (TaskKind::Move, toran_domain::MAX_TASK_WORDS_CHARS, true),
        (TaskKind::Message, 30, true),
    ];
    assert_eq!(shown, expected);
    // What is held at the very hour makes no other kind needless.
    let at_the_hour = NewTask {
        requested: RequestedTime {
            date: Some(TUESDAY),
            time: Some(HALF_PAST_FOUR),
        },
        ..said(7, TaskKind::Cancellation, "לבטל את ארבע וחצי")
    };
    let added = office.add_task(&at_the_hour).await;
    assert_eq!(added.expect("add_task"), TaskAddition::Added);
    outbox::hang_up(&office, &call.key).await;
    let told = outbox::deliver_all(&office, NOW + Duration::HOUR).await;
    let told: Vec<_> = told
        .iter()
        .filter(|told| told.kind == EventKind::TaskCreated)
        .collect();
    assert_eq!(told.len(), 6);
    for delivery in told {
        assert!(!delivery.data.contains('א'), "{}", delivery.data);
        assert!(delivery.words.is_some() && delivery.name.is_some());
        assert!(!delivery.data.contains(r#""kind":"booking""#));
    }
    // Nothing that was said outlives the lead.
    let erased = office.erase_lead(id, call.lead_id, None, NOW).await;
    assert!(erased.expect("erase_lead").is_some());
    let all = office.tasks(id, true).await.expect("tasks");
    assert!(
        all.iter()
            .all(|task| task.words.is_none() && task.name.is_none())
    );
}

/// A booking later in the call ends its task, and nobody hears of it.
pub async fn ends_the_task_of_a_call_that_books_after_all(office: Office) {
    let id = outbox::shop(&office, 1).await;
    let (call, other) = (
        outbox::call(&office, 1, 7).await,
        outbox::call(&office, 1, 8).await,
    );
    for (n, call) in [(1, &call), (2, &other)] {
        let added = office.add_task(&task(call, n, time!(9:00), 10)).await;
        assert_eq!(added.expect("add_task"), TaskAddition::Added);
    }
    let mut booked = order(&call, TUESDAY, HALF_PAST_FOUR, 1);
    booked.now = NOW + Duration::seconds(30);
    book(&store(&office), &booked).await;
    let open = office.tasks(id, false).await.expect("tasks");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].call_sid, other.key.call_sid, "of another call");
    let all = office.tasks(id, true).await.expect("tasks");
    let done = all.iter().find(|task| task.call_sid == call.key.call_sid);
    assert_eq!(done.and_then(|task| task.done_at), Some(booked.now));
    // "Yes" once more is no answer to what was noted after it.
    let mut later = task(&call, 3, time!(9:00), 40);
    later.requested = RequestedTime::default();
    let added = office.add_task(&later).await.expect("add_task");
    assert_eq!(added, TaskAddition::Added);
    booked.now = NOW + Duration::seconds(50);
    book(&store(&office), &booked).await;
    assert_eq!(office.tasks(id, false).await.expect("tasks").len(), 2);
    for call in [&call, &other] {
        outbox::hang_up(&office, &call.key).await;
    }
    let told = outbox::deliver_all(&office, NOW + Duration::HOUR).await;
    let of_tasks = told
        .iter()
        .filter(|told| told.kind == EventKind::TaskCreated);
    let calls: Vec<_> = of_tasks.map(|told| told.call_sid.clone()).collect();
    assert_eq!(calls, [Some(other.key.call_sid), Some(call.key.call_sid)]);
}

/// What one person of a line comes to is no answer to what another one asked for, in the same call or in another.
pub async fn keeps_the_request_of_another_person(office: Office) {
    let id = add(&store(&office), 1).await.id;
    let call = open(&store(&office), &key(1, "CA1"), Some(7), 1).await;
    let named = |name: &str| Some(Pii::new(name.to_owned()));
    let asked = |call: &CallSession, n, name: &str, time| NewTask {
        name: named(name),
        ..task(call, n, time, 10)
    };
    let book_for = async |name: &str, time, n, seconds| {
        let order = crate::BookingOrder {
            name: named(name),
            now: NOW + Duration::seconds(seconds),
            ..order(&call, TUESDAY, time, n)
        };
        let answer = book(&store(&office), &order).await;
        assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
    };
    let add_task = async |task: &NewTask| office.add_task(task).await.expect("add_task");
    let noam = asked(&call, 1, "נועם", time!(10:00));
    assert_eq!(add_task(&noam).await, TaskAddition::Added);
    book_for("יעל", time!(11:00), 1, 30).await;
    let open_now = async || {
        let tasks = office.tasks(id, false).await.expect("tasks");
        tasks.len()
    };
    assert_eq!(open_now().await, 1, "another person's request stays");
    let next = open(&store(&office), &key(1, "CA2"), Some(7), 2).await;
    let same_hour = asked(&next, 2, "נועם", time!(11:00));
    assert_eq!(add_task(&same_hour).await, TaskAddition::Added);
    let of_yael = asked(&next, 3, "יעל לוי", time!(11:00));
    let added = add_task(&of_yael).await;
    assert!(matches!(added, TaskAddition::AlreadyBooked(_)), "{added:?}");
    book_for("נועם", time!(12:00), 2, 40).await;
    assert_eq!(open_now().await, 1, "this person's request is answered");
}

/// Whatever order requests of one kind arrive in, the task holds the words of all of them, and the moment of the newest; what
/// was dealt with comes back only if there is more to read.
pub async fn keeps_the_words_of_each_request_in_any_order(office: Office) {
    let id = add(&store(&office), 1).await.id;
    let said = |call: &CallSession, n: u128, kind, words: &str, seconds| NewTask {
        kind,
        words: Some(Pii::new(words.to_owned())),
        ..task(call, n, time!(9:00), seconds)
    };
    let one = async |call: &CallSession| {
        let tasks = office.tasks(id, true).await.expect("tasks");
        let mut of_call = tasks
            .into_iter()
            .filter(|task| task.call_sid == call.key.call_sid);
        of_call.next().expect("a task")
    };
    let add_task = async |task: &NewTask| office.add_task(task).await.expect("add_task");
    let moment = NOW + Duration::seconds(20);
    for (n, (kind, first, second, expected)) in (1..).zip([
        (
            TaskKind::Message,
            ("אאחר", 10),
            ("תביאו מים", 20),
            "אאחר / תביאו מים",
        ),
        (
            TaskKind::Message,
            ("תביאו מים", 20),
            ("אאחר", 10),
            "אאחר / תביאו מים",
        ),
        (
            TaskKind::Cancellation,
            ("לבטל", 20),
            ("את שלישי", 20),
            "לבטל / את שלישי",
        ),
        (TaskKind::Person, ("א / ב", 20), ("א", 10), "א / ב"),
        (TaskKind::Move, ("א", 10), ("א / ב", 20), "א / ב"),
        (TaskKind::Booking, ("ברביעי", 20), ("מחר", 10), "ברביעי"),
        (TaskKind::Booking, ("מחר", 10), ("ברביעי", 20), "ברביעי"),
    ]) {
        let call = open(
            &store(&office),
            &key(1, &format!("CA{n}")),
            Some(n),
            n.into(),
        )
        .await;
        let ids = u128::from(n) * 10;
        let first = said(&call, ids, kind, first.0, first.1);
        let second = said(&call, ids + 1, kind, second.0, second.1);
        for task in [&first, &second] {
            add_task(task).await;
        }
        for task in [&first, &second] {
            let again = add_task(task).await;
            assert_eq!(again, TaskAddition::AlreadyThere, "{expected}");
        }
        let row = one(&call).await;
        let words = row.words.as_ref().map(|words| words.expose().as_str());
        assert_eq!((words, row.noted_at), (Some(expected), moment));
        let finished = office.finish_task(id, row.task_id, moment).await;
        assert!(finished.expect("finish_task"));
        add_task(&first).await;
        assert!(one(&call).await.done_at.is_some(), "it was read");
        let late = said(&call, ids + 2, kind, "ועוד משהו", 5);
        let is_booking = kind == TaskKind::Booking;
        let expected = if is_booking {
            TaskAddition::AlreadyThere
        } else {
            TaskAddition::Added
        };
        assert_eq!(add_task(&late).await, expected);
        let row = one(&call).await;
        assert_eq!((row.done_at.is_some(), row.noted_at), (is_booking, moment));
    }
}
