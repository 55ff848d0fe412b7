//! What the log says of kept requests, and what it never says.

use std::{
    fs,
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock},
};

use toran_store::{Spool as _, StoreError};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Book, Scratch, file_name, request};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The log of this whole process: blocking work is logged from other threads than the test's.
    fn shared() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(tracing::Level::TRACE)
                .with_writer(log.clone())
                .init();
            log
        })
    }

    /// The lines about one call. Every test here has calls of its own.
    fn lines(&self, call_sid: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("דנה"), "a name is in the log:\n{text}");
        let about = text.lines().filter(|line| line.contains(call_sid));
        about.map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_settled_request_is_one_line_and_names_nobody() {
    let log = Log::shared();
    let scratch = Scratch::new();
    let spool = scratch.open();
    let task = request("CAsettled", 7);
    spool.keep(&task).await.unwrap();
    drop(spool.drain(&Book::default()).await.unwrap());
    let lines = log.lines("CAsettled");
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let said = [
        " INFO ",
        "kept request settled",
        &format!("task_id={}", task.task_id),
        &format!("business_id={}", task.key.business_id),
        "call_sid=CAsettled",
        "outcome=\"added\"",
    ];
    for part in said {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_one_error_and_is_not_quoted() {
    let log = Log::shared();
    let scratch = Scratch::new();
    let spool = scratch.open();
    let task = request("CAdamaged", 1);
    spool.keep(&task).await.unwrap();
    let written = fs::read_to_string(scratch.file(&task)).unwrap();
    fs::write(
        scratch.file(&task),
        written.replace("\"name\":", "\"date\":"),
    )
    .unwrap();
    for _ in 0..3 {
        drop(spool.drain(&Book::default()).await.unwrap());
    }
    let lines = log.lines("CAdamaged");
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(
        line.contains("ERROR") && line.contains(&file_name(&task)),
        "{line}"
    );
}

#[tokio::test]
async fn one_that_cannot_be_taken_is_one_error_until_it_is_settled() {
    let log = Log::shared();
    let scratch = Scratch::new();
    let spool = scratch.open();
    let corrupt = || Err(StoreError::corrupt("task.date", "no date"));
    let book = Book::answering([corrupt(), corrupt(), corrupt()]);
    let task = request("CAcorrupt", 1);
    spool.keep(&task).await.unwrap();
    for _ in 0..4 {
        drop(spool.drain(&book).await.unwrap());
    }
    let lines = log.lines("CAcorrupt");
    let [error, settled] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(
        error.contains("ERROR") && settled.contains(" INFO "),
        "{lines:?}"
    );
}
