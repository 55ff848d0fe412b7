//! What is kept, what replaces it, and what is refused.

use std::{fs, path::Path, sync::Arc};

use toran_domain::{BusinessId, Pii, RequestedTime, TaskKind};
use toran_spool::{FileSpool, SpoolError};
use toran_store::{BoxError, CallKey, NewTask, Spool as _};
use uuid::Uuid;

use crate::support::{Book, Scratch, file_name, request};

/// What a process that starts now would bring to the store.
async fn kept(scratch: &Scratch) -> Vec<NewTask> {
    let book = Book::default();
    let drained = scratch.open().drain(&book).await.unwrap();
    assert_eq!((drained.set_aside, drained.left), (0, 0));
    book.taken()
}

#[track_caller]
fn spool_error(result: Result<(), BoxError>) -> SpoolError {
    *result.unwrap_err().downcast().unwrap()
}

#[tokio::test]
async fn every_field_outlives_the_process() {
    let scratch = Scratch::new();
    let full = request("CA1", 1);
    let bare = NewTask {
        requested: RequestedTime::default(),
        name: None,
        words: None,
        kind: TaskKind::Person,
        ..request("CA2", 2)
    };
    let spool = scratch.open();
    spool.keep(&full).await.unwrap();
    spool.keep(&bare).await.unwrap();
    drop(spool);
    assert_eq!(kept(&scratch).await, [full, bare]);
}

#[tokio::test]
async fn a_newer_request_replaces_an_older_one_and_never_the_reverse() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    for second in [2, 3, 1] {
        spool.keep(&request("CA1", second)).await.unwrap();
    }
    assert_eq!(scratch.names(""), [file_name(&request("CA1", 3))]);
    drop(spool);
    assert_eq!(kept(&scratch).await, [request("CA1", 3)]);
}

#[tokio::test]
async fn of_two_requests_of_one_moment_the_later_one_stays() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let mut second_thought = request("CA1", 1);
    second_thought.requested.time = None;
    spool.keep(&request("CA1", 1)).await.unwrap();
    spool.keep(&second_thought).await.unwrap();
    drop(spool);
    assert_eq!(kept(&scratch).await, [second_thought]);
}

#[tokio::test]
async fn a_call_keeps_one_request_of_each_kind() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let of_kind = |kind, second| NewTask {
        kind,
        words: Some(Pii::new(format!("דברים {second}"))),
        ..request("CA1", second)
    };
    for (kind, second) in [
        (TaskKind::Booking, 1),
        (TaskKind::Message, 2),
        (TaskKind::Cancellation, 3),
        (TaskKind::Message, 4),
    ] {
        spool.keep(&of_kind(kind, second)).await.unwrap();
    }
    assert_eq!(scratch.names("").len(), 3);
    drop(spool);
    let left = [
        of_kind(TaskKind::Booking, 1),
        of_kind(TaskKind::Cancellation, 3),
        // What was said before is not lost.
        NewTask {
            words: Some(Pii::new("דברים 2 / דברים 4".to_owned())),
            ..of_kind(TaskKind::Message, 4)
        },
    ];
    assert_eq!(kept(&scratch).await, left);
}

#[tokio::test]
async fn an_older_request_that_comes_late_keeps_its_words() {
    let of_kind = |kind, second, words: &str| NewTask {
        kind,
        words: Some(Pii::new(words.to_owned())),
        ..request("CA1", second)
    };
    for (kind, expected) in [
        (TaskKind::Message, "אאחר / תביאו מים"),
        (TaskKind::Cancellation, "אאחר / תביאו מים"),
        (TaskKind::Booking, "תביאו מים"),
    ] {
        let (older, newer) = (of_kind(kind, 1, "אאחר"), of_kind(kind, 2, "תביאו מים"));
        for order in [[&older, &newer], [&newer, &older]] {
            let scratch = Scratch::new();
            let spool = scratch.open();
            for task in order.into_iter().chain(order) {
                spool.keep(task).await.unwrap();
            }
            drop(spool);
            let words = Some(Pii::new(expected.to_owned()));
            let joined = NewTask {
                words,
                ..newer.clone()
            };
            assert_eq!(kept(&scratch).await, [joined]);
        }
    }
}

/// A file of the version that knew no kinds, where it lies.
#[tokio::test]
async fn what_an_older_gateway_kept_is_brought_in_and_replaced() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let newer = request("CA1", 5);
    let older = concat!(
        r#"{"version":1,"task_id":"00000000-0000-0000-0000-000000000004","#,
        r#""business_id":"00000000-0000-0000-0000-000000000001","call_sid":"CA1","#,
        r#""lead_id":"00000000-0000-0000-0000-000000000002","date":"2026-11-24","time":"16:30","#,
        r#""name":"דנה","noted_at":"2026-11-23T08:00:01Z"}"#
    );
    for is_replaced in [false, true] {
        fs::write(scratch.file(&newer), older).unwrap();
        if is_replaced {
            spool.keep(&newer).await.unwrap();
        }
        let book = Book::default();
        let drained = spool.drain(&book).await.unwrap();
        assert_eq!((drained.settled, drained.left), (1, 0));
        let [taken] = &book.taken()[..] else {
            panic!("{:?}", book.taken())
        };
        assert_eq!(taken.kind, TaskKind::Booking);
        assert_eq!(*taken == newer, is_replaced);
    }
}

#[tokio::test]
async fn the_same_call_id_of_another_business_is_another_call() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let ours = request("CA1", 2);
    let theirs = NewTask {
        key: CallKey {
            business_id: BusinessId::from_uuid(Uuid::from_u128(9)),
            ..ours.key.clone()
        },
        ..request("CA1", 1)
    };
    spool.keep(&ours).await.unwrap();
    spool.keep(&theirs).await.unwrap();
    drop(spool);
    assert_eq!(kept(&scratch).await, [theirs, ours]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_the_newest_stays() {
    let scratch = Scratch::new();
    let spool = Arc::new(scratch.open());
    let keeps = (0..60_u32).map(|n| {
        let spool = Arc::clone(&spool);
        // Three calls, and no order within them.
        let task = request(&format!("CA{}", n % 3), (n * 37) % 60);
        tokio::spawn(async move { spool.keep(&task).await })
    });
    for keep in keeps.collect::<Vec<_>>() {
        keep.await.unwrap().unwrap();
    }
    drop(spool);
    let newest = [57, 58, 59].map(|second| request(&format!("CA{}", second % 3), second));
    assert_eq!(kept(&scratch).await, newest);
}

#[tokio::test]
async fn a_keep_that_nobody_waits_for_is_done_or_not_begun() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    for second in 0..50 {
        let task = request("CA1", second);
        tokio::select! {
            biased;
            result = spool.keep(&task) => result.unwrap(),
            () = tokio::task::yield_now() => {}
        }
    }
    // Waits for whatever is still under way.
    spool.keep(&request("CA1", 50)).await.unwrap();
    assert_eq!(scratch.names(""), [file_name(&request("CA1", 50))]);
    drop(spool);
    assert_eq!(kept(&scratch).await, [request("CA1", 50)]);
}

#[tokio::test]
async fn the_limit_is_of_calls_and_an_end() {
    let scratch = Scratch::new();
    let spool = scratch.open().with_limit(2);
    spool.keep(&request("CA1", 1)).await.unwrap();
    spool.keep(&request("CA2", 2)).await.unwrap();
    let error = spool_error(spool.keep(&request("CA3", 3)).await);
    assert!(matches!(error, SpoolError::Full { limit: 2 }), "{error}");
    assert!(!scratch.file(&request("CA3", 3)).exists());

    spool.keep(&request("CA1", 4)).await.unwrap();
    drop(spool);
    // What a process left counts for the next one, and room comes back.
    let spool = scratch.open().with_limit(2);
    assert!(spool.keep(&request("CA3", 3)).await.is_err());
    let drained = spool.drain(&Book::default()).await.unwrap();
    assert_eq!((drained.settled, drained.left), (2, 0));
    spool.keep(&request("CA3", 3)).await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_does_not_stand_in_the_way_of_its_call() {
    let scratch = Scratch::new();
    let spool = scratch.open().with_limit(1);
    let task = request("CA1", 1);
    fs::write(scratch.file(&task), "{\"version\":1,").unwrap();
    spool.keep(&task).await.unwrap();
    assert_eq!(scratch.names("unreadable"), [file_name(&task)]);
    drop(spool);
    assert_eq!(kept(&scratch).await, [task]);
}

#[tokio::test]
async fn a_write_that_fails_is_an_error_and_leaves_the_older_request() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    let older = request("CA1", 1);
    spool.keep(&older).await.unwrap();
    // Where the newer one would be written first.
    let unfinished = scratch.path().join(format!("{}.tmp", file_name(&older)));
    fs::create_dir(&unfinished).unwrap();
    let error = spool_error(spool.keep(&request("CA1", 2)).await);
    assert!(matches!(error, SpoolError::File { .. }), "{error}");
    fs::remove_dir(&unfinished).unwrap();
    drop(spool);
    assert_eq!(kept(&scratch).await, [older]);
}

#[tokio::test]
async fn a_folder_that_went_away_is_an_error() {
    let scratch = Scratch::new();
    let spool = scratch.open();
    fs::remove_dir_all(scratch.path()).unwrap();
    let error = spool_error(spool.keep(&request("CA1", 1)).await);
    assert!(matches!(error, SpoolError::File { .. }), "{error}");
    let error = spool.drain(&Book::default()).await.unwrap_err();
    assert!(matches!(error, SpoolError::Folder { .. }), "{error}");
}

#[test]
fn a_path_that_cannot_be_a_folder_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path()).unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [&file, &file.join("spool"), Path::new("/dev/null/spool")] {
        let error = FileSpool::open(path).unwrap_err();
        assert!(matches!(error, SpoolError::Folder { .. }), "{error}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
}

#[test]
fn a_folder_belongs_to_one_spool_at_a_time() {
    let scratch = Scratch::new();
    let first = scratch.open();
    let error = FileSpool::open(scratch.path()).unwrap_err();
    assert!(matches!(error, SpoolError::InUse { .. }), "{error}");
    drop(first);
    scratch.open();
}

#[tokio::test]
async fn what_a_crash_left_unfinished_is_cleared_away() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let unfinished = format!("{}.tmp", file_name(&request("CA1", 1)));
    fs::write(scratch.path().join(unfinished), "{\"vers").unwrap();
    fs::write(scratch.path().join("README"), "not ours").unwrap();
    drop(scratch.open());
    assert_eq!(scratch.names(""), ["README"]);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = Scratch::new();
    let inner = scratch.path().join("var").join("spool");
    let spool = FileSpool::open(&inner).unwrap();
    let task = request("CA1", 1);
    spool.keep(&task).await.unwrap();
    fs::write(inner.join("broken.json"), "").unwrap();
    drop(
        spool
            .drain(&Book::answering([Err(crate::support::away())]))
            .await,
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    assert_eq!(mode(&inner.join("unreadable")), 0o700);
    assert_eq!(mode(&inner.join(file_name(&task))), 0o600);
}
