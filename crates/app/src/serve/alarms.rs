//! What the log is told when connections or descriptors run short: once a minute of each kind, for a flood is long.

use std::{error::Error, io, time::Duration};

use tokio::{net::TcpStream, time::Instant};
use tracing::{error, warn};

use super::{connections::Connections, descriptors};

/// How often one kind of trouble is told.
const EVERY: Duration = Duration::from_mins(1);

/// The troubles of one server.
#[derive(Debug)]
pub(super) struct Alarms {
    /// How many descriptors the process may have.
    limit: Option<usize>,
    crowded: Seldom,
    full: Seldom,
    descriptors: Seldom,
    accept: Seldom,
}

impl Alarms {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self {
            limit,
            crowded: Seldom::default(),
            full: Seldom::default(),
            descriptors: Seldom::default(),
            accept: Seldom::default(),
        }
    }

    /// A connection was accepted.
    pub(super) fn accepted(&mut self, connections: &Connections, newest: &TcpStream) {
        let (open, most) = (connections.count(), connections.most());
        if is_most_of(open, most) && self.crowded.is_due() {
            warn!(
                open,
                most,
                "most of the places for connections are taken: raise limits.max_connections if they are your callers', \
                 and look at the proxy's log for who they are"
            );
        }
        let (Some(in_use), Some(limit)) = (descriptors::in_use(newest), self.limit) else {
            return;
        };
        if is_most_of(in_use, limit) && self.descriptors.is_due() {
            warn!(
                in_use,
                limit,
                "most of the descriptors that this process may have are in use: raise `ulimit -n`, or `LimitNOFILE=` \
                 of its unit"
            );
        }
    }

    /// A new connection waits, because every other has something under way.
    pub(super) fn full(&mut self, connections: &Connections) {
        if self.full.is_due() {
            let most = connections.most();
            warn!(
                most,
                "new connections wait: all others have a request or a call under way. Raise limits.max_connections, or \
                 add a gateway"
            );
        }
    }

    /// No connection could be accepted, for want of something.
    pub(super) fn not_accepted(&mut self, error: &io::Error, for_want_of_descriptors: bool) {
        if !self.accept.is_due() {
            return;
        }
        let error = error as &dyn Error;
        if for_want_of_descriptors {
            error!(
                error,
                limit = self.limit,
                "no connection can be accepted, nor a call: raise `ulimit -n`, or `LimitNOFILE=` of the unit"
            );
        } else {
            error!(
                error,
                "no connection can be accepted: tried again and again"
            );
        }
    }
}

/// Four fifths.
const fn is_most_of(used: usize, all: usize) -> bool {
    used.saturating_mul(5) >= all.saturating_mul(4)
}

/// Lets something happen once in a while.
#[derive(Debug, Default)]
struct Seldom {
    last: Option<Instant>,
}

impl Seldom {
    fn is_due(&mut self) -> bool {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= EVERY);
        if is_due {
            self.last = Some(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_kind_of_trouble_is_told_once_a_minute() {
        let mut seldom = Seldom::default();
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
        tokio::time::advance(EVERY / 2).await;
        assert!(!seldom.is_due());
        tokio::time::advance(EVERY / 2).await;
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
    }

    #[test]
    fn four_fifths_are_most() {
        assert!(is_most_of(80, 100) && !is_most_of(79, 100));
        assert!(is_most_of(1, 1) && !is_most_of(0, 1));
    }
}
