//! Wrong tokens: the log tells of them, and their answers come late.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use tracing::warn;

/// Wrong tokens are counted for so long.
const WINDOW: Duration = Duration::from_mins(1);
/// After so many in that time the answers come late: who mistyped one is not made to wait.
const AT_ONCE: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// So many may wait at once. The next is refused without a look.
const WAITING: usize = 16;

/// Too many wrong tokens wait for their answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

#[derive(Debug)]
pub(crate) struct Guesses {
    counted: Mutex<Counted>,
    waiting: Semaphore,
}

#[derive(Debug)]
struct Counted {
    since: Instant,
    wrong: u32,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self {
            counted: Mutex::new(Counted {
                since: Instant::now(),
                wrong: 0,
            }),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// Counts a wrong token, and returns when it may be answered.
    pub(crate) async fn wrong(&self) -> Result<(), TooMany> {
        let wrong = self.count();
        if wrong.is_power_of_two() {
            warn!(
                wrong,
                "wrong API tokens within a minute: whoever has the right one sends `Authorization: Bearer` with it"
            );
        }
        if wrong <= AT_ONCE {
            return Ok(());
        }
        let _place = self.waiting.try_acquire().map_err(|_| TooMany)?;
        sleep(PAUSE).await;
        Ok(())
    }

    fn count(&self) -> u32 {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.since.elapsed() > WINDOW {
            *counted = Counted {
                since: Instant::now(),
                wrong: 0,
            };
        }
        counted.wrong = counted.wrong.saturating_add(1);
        counted.wrong
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_guesses_waits_and_who_mistypes_does_not() {
        let guesses = Arc::new(Guesses::new());
        let began = Instant::now();
        for _ in 0..AT_ONCE {
            assert_eq!(guesses.wrong().await, Ok(()));
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(guesses.wrong().await, Ok(()));
        assert_eq!(began.elapsed(), PAUSE);
        let many: Vec<_> = (0..WAITING)
            .map(|_| {
                let guesses = Arc::clone(&guesses);
                tokio::spawn(async move { guesses.wrong().await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(guesses.wrong().await, Err(TooMany));
        for one in many {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        sleep(WINDOW * 2).await;
        let later = Instant::now();
        assert_eq!(guesses.wrong().await, Ok(()));
        assert_eq!(later.elapsed(), Duration::ZERO);
    }
}
