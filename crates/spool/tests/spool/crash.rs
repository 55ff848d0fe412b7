//! A process that keeps requests is killed again and again: whatever it was told to be kept is there.
//!
//! A killed process leaves the system's own buffers alone, so this is about half-written files and not about power.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use toran_spool::FileSpool;
use toran_store::{NewTask, Spool as _};

use crate::support::{Book, Scratch, request};

const CHILD: &str = "crash::keeps_until_it_is_killed";
const FOLDER: &str = "TORAN_SPOOL_CRASH_FOLDER";
const FIRST: &str = "TORAN_SPOOL_CRASH_FIRST";
const KEPT: &str = "kept ";
const KILLS: u32 = 25;

/// Calls that change their mind, and in between calls of one request.
fn nth(n: u32) -> NewTask {
    let call = if n.is_multiple_of(3) {
        format!("CAonce{n}")
    } else {
        format!("CAmany{}", n % 5)
    };
    request(&call, n)
}

/// The other process. In a run of the suite it has nothing to do.
#[tokio::test]
async fn keeps_until_it_is_killed() {
    let (Ok(folder), Ok(first)) = (env::var(FOLDER), env::var(FIRST)) else {
        return;
    };
    let spool = FileSpool::open(Path::new(&folder)).unwrap();
    let mut told = io::stdout();
    for n in first.parse().unwrap().. {
        spool.keep(&nth(n)).await.unwrap();
        writeln!(told, "{KEPT}{n}").unwrap();
        told.flush().unwrap();
    }
}

/// The requests of which a child said that they are kept, before it was killed.
fn kill_one(folder: &Path, first: u32, patience: Duration, lines: usize) -> Vec<u32> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([CHILD, "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while said.matches(KEPT).count() < lines {
        assert_ne!(
            output.read_line(&mut said).unwrap(),
            0,
            "it ended by itself: {said}"
        );
    }
    thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut said).unwrap();
    let whole_lines = said
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole_lines
        // The harness may have begun the line.
        .filter_map(|line| line.trim_end().split_once(KEPT)?.1.parse().ok())
        .collect()
}

#[tokio::test]
async fn what_was_kept_is_there_after_every_kill() {
    let scratch = Scratch::new();
    let mut random = fastrand::Rng::with_seed(7);
    let (mut first, mut unfinished) = (1, 0);
    for _ in 0..KILLS {
        let patience = Duration::from_micros(random.u64(0..4_000));
        let told = kill_one(scratch.path(), first, patience, random.usize(1..40));
        let last_told = *told.last().unwrap();
        assert!(told.iter().copied().eq(first..=last_told), "{told:?}");
        let names = scratch.names("");
        unfinished += names.iter().filter(|name| name.contains(".tmp")).count();

        let book = Book::default();
        let drained = scratch.open().drain(&book).await.unwrap();
        assert_eq!((drained.set_aside, drained.left), (0, 0));
        assert_eq!(scratch.names(""), [""; 0]);

        // One more may have been kept before it could say so.
        let is_expected = |last: u32| {
            let newest = (first..=last).map(|n| (nth(n).key, nth(n)));
            let newest: BTreeMap<_, _> = newest.collect();
            let taken = book
                .taken()
                .into_iter()
                .map(|task| (task.key.clone(), task));
            newest == taken.collect()
        };
        assert!(
            is_expected(last_told) || is_expected(last_told + 1),
            "{last_told} and all before it were kept, and these were there: {:?}",
            book.taken()
        );
        first = last_told + 2;
    }
    println!(
        "{} requests, {KILLS} kills, {unfinished} in the middle of a file",
        first - 1
    );
}
