//! One round: what goes, what stays, what is set aside.

use std::{fs, sync::Mutex};

use async_trait::async_trait;
use time::{
    UtcDateTime,
    macros::{date, time},
};
use toran_domain::{AppointmentId, Booking, BusinessId, TaskId};
use toran_spool::FileSpool;
use toran_store::{NewTask, Spool as _, StoreError, TaskAddition, TaskRow, Tasks};
use uuid::Uuid;

use crate::support::{Book, Scratch, away, file_name, request};

async fn keep(spool: &FileSpool, tasks: &[NewTask]) {
    for task in tasks {
        spool.keep(task).await.unwrap();
    }
}

fn booking() -> Booking {
    Booking {
        appointment_id: AppointmentId::from_uuid(Uuid::from_u128(3)),
        date: date!(2026 - 11 - 24),
        time: time!(16:30),
    }
}

#[tokio::test]
async fn an_empty_folder_asks_nothing() {
    let scratch = Scratch::new();
    let book = Book::default();
    let drained = scratch.open().drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (0, 0));
    assert_eq!(book.times_asked(), 0);
}

#[tokio::test]
async fn the_oldest_request_comes_first_and_every_answer_settles_it() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let tasks = [("CA4", 1), ("CA1", 2), ("CA3", 3), ("CA2", 4)];
    let tasks = tasks.map(|(call, second)| request(call, second));
    keep(&spool, &tasks).await;
    let book = Book::answering([
        Ok(TaskAddition::Added),
        Ok(TaskAddition::AlreadyThere),
        Ok(TaskAddition::AlreadyBooked(booking())),
        Ok(TaskAddition::Orphaned),
    ]);
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (4, 0));
    assert!(drained.away.is_none());
    assert_eq!(book.taken(), tasks);
    assert_eq!(scratch.names(""), [""; 0]);
}

#[tokio::test]
async fn a_store_that_is_away_takes_nothing_and_is_asked_once() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let tasks = [request("CA1", 1), request("CA2", 2)];
    keep(&spool, &tasks).await;
    let book = Book::default();
    book.set_away(true);
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (0, 2));
    assert!(matches!(drained.away, Some(StoreError::Unavailable(_))));
    assert_eq!(book.times_asked(), 1);

    book.set_away(false);
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (2, 0));
    assert_eq!(book.taken(), tasks);
}

#[tokio::test]
async fn a_store_that_leaves_in_the_middle_keeps_what_it_took() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let tasks = [request("CA1", 1), request("CA2", 2), request("CA3", 3)];
    keep(&spool, &tasks).await;
    let book = Book::answering([Ok(TaskAddition::Added), Err(away())]);
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (1, 2));
    assert!(drained.away.is_some());
    assert_eq!(
        scratch.names(""),
        [file_name(&tasks[1]), file_name(&tasks[2])]
    );

    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (2, 0));
    assert_eq!(book.taken(), tasks);
}

#[tokio::test]
async fn one_that_the_store_cannot_take_stays_and_blocks_no_other() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let tasks = [request("CA1", 1), request("CA2", 2)];
    keep(&spool, &tasks).await;
    let book = Book::answering([Err(StoreError::corrupt("task.date", "no date"))]);
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!((drained.settled, drained.left), (1, 1));
    assert!(drained.away.is_none());
    assert_eq!(scratch.names(""), [file_name(&tasks[0])]);
}

/// A caller changes their mind while the store is asked.
struct Meanwhile<'a> {
    spool: &'a FileSpool,
    newer: Mutex<Option<NewTask>>,
    book: Book,
}

#[async_trait]
impl Tasks for Meanwhile<'_> {
    async fn add_task(&self, task: &NewTask) -> Result<TaskAddition, StoreError> {
        let answer = self.book.add_task(task).await;
        let newer = self.newer.lock().unwrap().take();
        if let Some(newer) = newer {
            self.spool.keep(&newer).await.unwrap();
        }
        answer
    }

    async fn tasks(&self, _: BusinessId, _: bool) -> Result<Vec<TaskRow>, StoreError> {
        unreachable!()
    }

    async fn task(&self, _: BusinessId, _: TaskId) -> Result<Option<TaskRow>, StoreError> {
        unreachable!()
    }

    async fn finish_task(
        &self,
        _: BusinessId,
        _: TaskId,
        _: UtcDateTime,
    ) -> Result<bool, StoreError> {
        unreachable!()
    }
}

async fn change_of_mind(newer: NewTask) {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let first = request("CA1", 1);
    keep(&spool, std::slice::from_ref(&first)).await;
    let tasks = Meanwhile {
        spool: &spool,
        newer: Mutex::new(Some(newer.clone())),
        book: Book::default(),
    };
    let drained = spool.drain(&tasks).await.unwrap();
    assert_eq!((drained.settled, drained.left), (1, 1));
    let drained = spool.drain(&tasks).await.unwrap();
    assert_eq!((drained.settled, drained.left), (1, 0));
    assert_eq!(tasks.book.taken(), [first, newer]);
}

#[tokio::test]
async fn a_newer_request_that_comes_while_the_store_is_asked_is_not_lost() {
    change_of_mind(request("CA1", 2)).await;
}

#[tokio::test]
async fn another_request_of_the_same_moment_is_not_lost_either() {
    let mut newer = request("CA1", 1);
    newer.requested.time = Some(time!(17:00));
    change_of_mind(newer).await;
}

#[tokio::test]
async fn another_calls_request_that_comes_while_the_store_is_asked_waits_for_the_next_round() {
    change_of_mind(request("CA2", 2)).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_as_it_is_and_blocks_no_other() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let good = request("CA5", 5);
    keep(&spool, std::slice::from_ref(&good)).await;
    let written = fs::read_to_string(scratch.file(&good)).unwrap();
    let bad = [
        (file_name(&request("CA1", 1)), String::new()),
        (
            file_name(&request("CA2", 1)),
            written[..written.len() / 2].to_owned(),
        ),
        (
            file_name(&request("CA3", 1)),
            written.replace("\"version\":2", "\"version\":3"),
        ),
        // Another call's: who copied it?
        (file_name(&request("CA4", 1)), written.clone()),
        ("notes.json".to_owned(), "x".repeat(100_000)),
    ];
    for (name, text) in &bad {
        fs::write(scratch.path().join(name), text).unwrap();
    }
    let book = Book::default();
    let drained = spool.drain(&book).await.unwrap();
    assert_eq!(
        (drained.settled, drained.set_aside, drained.left),
        (1, 5, 0)
    );
    assert_eq!(book.taken(), std::slice::from_ref(&good));
    assert_eq!(scratch.names(""), ["unreadable"]);
    assert_eq!(scratch.names("unreadable").len(), 5);
    for (name, text) in &bad {
        let aside = scratch.path().join("unreadable").join(name);
        assert_eq!(fs::read_to_string(aside).unwrap(), *text);
    }
}

#[tokio::test]
async fn what_was_set_aside_is_never_overwritten_and_can_come_back() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let task = request("CA1", 1);
    keep(&spool, std::slice::from_ref(&task)).await;
    let written = fs::read(scratch.file(&task)).unwrap();
    for text in ["first", "second", "third"] {
        fs::write(scratch.file(&task), text).unwrap();
        assert_eq!(spool.drain(&Book::default()).await.unwrap().set_aside, 1);
    }
    let name = file_name(&task);
    let aside = [name.clone(), format!("{name}.1"), format!("{name}.2")];
    assert_eq!(scratch.names("unreadable"), aside);

    let repaired = scratch.path().join("unreadable").join(&name);
    fs::write(&repaired, written).unwrap();
    fs::rename(repaired, scratch.file(&task)).unwrap();
    let book = Book::default();
    assert_eq!(spool.drain(&book).await.unwrap().settled, 1);
    assert_eq!(book.taken(), [task]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_plain_file_is_left_alone() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    fs::create_dir(scratch.path().join("folder.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", scratch.path().join("link.json")).unwrap();
    let drained = spool.drain(&Book::default()).await.unwrap();
    assert_eq!((drained.set_aside, drained.left), (0, 0));
    assert_eq!(scratch.names(""), ["folder.json", "link.json"]);
}
