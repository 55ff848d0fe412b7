//! When it drains. Time is paused: it passes when there is nothing else to do.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;
use toran_spool::{DRAIN_EVERY, FileSpool};
use toran_store::{Spool as _, StoreError};

use crate::support::{Book, Scratch, request};

struct Running {
    scratch: Scratch,
    spool: Arc<FileSpool>,
    book: Arc<Book>,
    stop: CancellationToken,
    run: JoinHandle<()>,
}

fn start(scratch: Scratch, book: Book) -> Running {
    let spool = Arc::new(scratch.open());
    let book = Arc::new(book);
    let stop = CancellationToken::new();
    let run = Arc::clone(&spool).run(Arc::clone(&book) as _, DRAIN_EVERY, stop.clone());
    Running {
        scratch,
        spool,
        book,
        stop,
        run: tokio::spawn(run),
    }
}

impl Running {
    fn is_empty(&self) -> bool {
        self.scratch.names("").is_empty()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.run.await.unwrap();
    }
}

/// Less than a round's pause, and enough for everything that needs no pause.
fn soon() -> impl Future<Output = ()> {
    sleep(DRAIN_EVERY / 5)
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_left_is_drained_at_once() {
    let scratch = Scratch::new();
    scratch.open().keep(&request("CA1", 1)).await.unwrap();
    let running = start(scratch, Book::default());
    soon().await;
    assert!(running.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_drained_at_once() {
    let running = start(Scratch::new(), Book::default());
    for second in 1..4 {
        sleep(Duration::from_hours(1)).await;
        let task = request("CA1", second);
        running.spool.keep(&task).await.unwrap();
        soon().await;
        assert!(running.is_empty());
        assert_eq!(running.book.taken().last(), Some(&task));
    }
    assert_eq!(running.book.times_asked(), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_it_is_asked_now_and_then_however_much_is_kept() {
    let running = start(Scratch::new(), Book::default());
    running.book.set_away(true);
    for second in 0..60 {
        running
            .spool
            .keep(&request(&format!("CA{second}"), second))
            .await
            .unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let asked = running.book.times_asked();
    assert!((11..=13).contains(&asked), "{asked}");
    assert_eq!(running.book.taken(), []);

    running.book.set_away(false);
    sleep(DRAIN_EVERY + Duration::from_secs(1)).await;
    assert!(running.is_empty());
    assert_eq!(running.book.taken().len(), 60);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_taken_is_tried_again_and_does_not_delay_a_new_one() {
    let corrupt = || Err(StoreError::corrupt("task.date", "no date"));
    let running = start(Scratch::new(), Book::answering([corrupt(), corrupt()]));
    soon().await;
    running.spool.keep(&request("CA1", 1)).await.unwrap();
    soon().await;
    running.spool.keep(&request("CA2", 2)).await.unwrap();
    soon().await;
    assert_eq!(running.book.taken(), [request("CA2", 2)]);
    sleep(DRAIN_EVERY).await;
    assert!(running.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_and_leaves_what_waits() {
    let running = start(Scratch::new(), Book::default());
    running.book.set_away(true);
    running.spool.keep(&request("CA1", 1)).await.unwrap();
    soon().await;
    let before = tokio::time::Instant::now();
    running.stop.cancel();
    running.run.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(running.scratch.file(&request("CA1", 1)).exists());
}
