//! Bringing what was kept to the store.

use std::{convert::Infallible, error::Error, path::Path, sync::Arc, time::Duration};

use time::UtcDateTime;
use tokio_util::sync::CancellationToken;
use toran_store::{NewTask, StoreError, TaskAddition, Tasks};
use tracing::{error, info, warn};

use crate::{
    FileSpool, SpoolError,
    document::file_name,
    folder::{self, Folder, Removal},
};

/// What came of one round through the folder.
#[derive(Debug)]
#[must_use]
pub struct Drained {
    /// How many requests were settled: each is a task now, or needs to be none.
    pub settled: usize,
    /// How many files could not be read, and were set aside.
    pub set_aside: usize,
    /// How many requests still wait, those that were kept during the round included.
    pub left: usize,
    /// Why the round ended early: the store does not answer.
    pub away: Option<StoreError>,
}

/// The files of a round.
struct Round {
    /// The requests that could be read, oldest first.
    tasks: Vec<NewTask>,
    unreadable: Vec<String>,
    failed: Vec<(String, SpoolError)>,
}

/// What ends a pause between two rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// Nothing waits: only a new request.
    Kept,
    /// Something waits: a new request, or the time.
    KeptOrDue,
    /// The store or the disk just failed, and would fail a new request too: only the time.
    Due,
}

impl FileSpool {
    /// Brings what is kept to the store, oldest first, until all is settled or the store does not answer.
    ///
    /// A file goes when the store has answered and no newer request has taken its place meanwhile; requests can be
    /// kept while this runs, and it can be dropped at any moment. Fails only if the folder cannot be listed.
    pub async fn drain(&self, tasks: &dyn Tasks) -> Result<Drained, SpoolError> {
        let names = self.locked(Folder::waiting).await??;
        let path = Arc::clone(&self.path);
        let round = tokio::task::spawn_blocking(move || read_all(&path, names));
        let round = round.await.map_err(SpoolError::Interrupted)?;
        let mut drained = Drained {
            settled: 0,
            set_aside: 0,
            left: 0,
            away: None,
        };
        for (name, error) in &round.failed {
            self.report(name, error);
        }
        for name in round.unreadable {
            let file = name.clone();
            match self
                .locked(move |folder| folder.set_aside_unreadable(&file))
                .await?
            {
                Ok(is_aside) => {
                    self.forget(&name);
                    drained.set_aside += usize::from(is_aside);
                }
                Err(error) => self.report(&name, &error),
            }
        }
        for task in round.tasks {
            let name = file_name(&task);
            match tasks.add_task(&task).await {
                Ok(addition) => match self.settle(task, addition).await? {
                    Ok(()) => drained.settled += 1,
                    Err(error) => self.report(&name, &error),
                },
                Err(error @ StoreError::Unavailable(_)) => {
                    drained.away = Some(error);
                    break;
                }
                // The store answers, but not for this one: the others need not wait for it.
                Err(error) => self.report(&name, &error),
            }
        }
        drained.left = self.locked(|folder| folder.files()).await?;
        Ok(drained)
    }

    /// Drains at once, after every [`keep`](toran_store::Spool::keep), and every so often while requests wait;
    /// while the store is away, only every so often. With nothing to do it only waits. Returns when it is stopped; what
    /// is left stays in the folder.
    pub async fn run(
        self: Arc<Self>,
        tasks: Arc<dyn Tasks>,
        every: Duration,
        stop: CancellationToken,
    ) {
        stop.run_until_cancelled(self.rounds(&*tasks, every)).await;
    }

    async fn rounds(&self, tasks: &dyn Tasks, every: Duration) -> Infallible {
        let mut was_well = true;
        loop {
            let drained = self.drain(tasks).await;
            let pause = pause_after(&drained);
            let is_well = pause != Pause::Due;
            if is_well != was_well {
                note_change(&drained);
            }
            was_well = is_well;
            match pause {
                Pause::Kept => self.kept.notified().await,
                Pause::Due => tokio::time::sleep(every).await,
                Pause::KeptOrDue => {
                    // That the time is up is as good a reason as the other.
                    let _ = tokio::time::timeout(every, self.kept.notified()).await;
                }
            }
        }
    }

    /// The store has answered: the file may go.
    async fn settle(
        &self,
        task: NewTask,
        addition: TaskAddition,
    ) -> Result<Result<(), SpoolError>, SpoolError> {
        let (task, removal) = self
            .locked(move |folder| {
                let removal = folder.remove(&task);
                (task, removal)
            })
            .await?;
        let removal = match removal {
            Ok(removal) => removal,
            Err(error) => return Ok(Err(error)),
        };
        self.forget(&file_name(&task));
        info!(
            task_id = %task.task_id,
            business_id = %task.key.business_id,
            call_sid = %task.key.call_sid,
            kind = task.kind.as_str(),
            outcome = word(addition),
            newer_waits = removal == Removal::Replaced,
            "kept request settled"
        );
        Ok(Ok(()))
    }

    /// Logs an error that concerns one file, once: it would come again with every round.
    fn report(&self, file: &str, error: &(dyn Error + 'static)) {
        if self.is_news(file) {
            error!(
                file,
                error, "a kept request cannot be settled; it stays, and is tried again"
            );
        }
    }
}

fn read_all(folder: &Path, names: Vec<String>) -> Round {
    let mut round = Round {
        tasks: Vec::new(),
        unreadable: Vec::new(),
        failed: Vec::new(),
    };
    for name in names {
        match folder::read(folder, &name) {
            Ok(None) => {}
            Ok(Some(Ok(task))) => round.tasks.push(task),
            Ok(Some(Err(_))) => round.unreadable.push(name),
            Err(source) => {
                let path = folder.join(&name);
                round.failed.push((name, SpoolError::File { path, source }));
            }
        }
    }
    round.tasks.sort_by_cached_key(age);
    round
}

/// Two requests of one moment come in the same order every time.
fn age(task: &NewTask) -> (UtcDateTime, String) {
    (task.noted_at, file_name(task))
}

const fn pause_after(drained: &Result<Drained, SpoolError>) -> Pause {
    match drained {
        Ok(Drained { away: Some(_), .. }) | Err(_) => Pause::Due,
        Ok(Drained { left: 0, .. }) => Pause::Kept,
        Ok(_) => Pause::KeptOrDue,
    }
}

/// Once when it turns bad and once when it turns good, not at every round.
fn note_change(drained: &Result<Drained, SpoolError>) {
    match drained {
        Ok(Drained {
            away: Some(error),
            left,
            ..
        }) => warn!(
            error = error as &dyn Error,
            left, "the store does not take kept requests; they wait"
        ),
        Ok(Drained { settled, left, .. }) => {
            info!(settled, left, "the store takes kept requests again");
        }
        Err(error) => error!(
            error = error as &dyn Error,
            "the spool cannot be drained; kept requests wait"
        ),
    }
}

const fn word(addition: TaskAddition) -> &'static str {
    match addition {
        TaskAddition::Added => "added",
        TaskAddition::AlreadyThere => "already_there",
        TaskAddition::AlreadyBooked(_) => "already_booked",
        TaskAddition::Orphaned => "orphaned",
    }
}
