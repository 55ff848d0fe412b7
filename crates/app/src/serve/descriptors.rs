//! How many files and sockets the process may have open, and how many it needs.

/// What a call holds beside the phone's socket: the model's, and one for what the parser is asked.
const ELSEWHERE_EACH_CALL: usize = 2;
/// What the process holds beside all connections and calls: the database (16 connections, or a file with its journal and
/// those who read it), deliveries to webhooks (64 at once), the spool, the clips, the log, the runtime itself.
const ELSEWHERE: usize = 128;

/// How many connections are served at once, and what would be needed for all that are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// So many are served at once.
    pub(super) connections: usize,
    /// `None`: there are enough descriptors.
    pub(super) shortage: Option<Shortage>,
}

/// The process may open too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shortage {
    /// So much would be enough.
    pub(super) needed: usize,
    /// So much it may open.
    pub(super) limit: usize,
}

/// How many descriptors are enough for so many calls and connections.
pub(super) const fn needed(max_calls: usize, max_connections: usize) -> usize {
    max_connections
        .saturating_add(max_calls.saturating_mul(ELSEWHERE_EACH_CALL))
        .saturating_add(ELSEWHERE)
}

/// Where there are too few, connections get what the calls leave of them, and never less than half: whoever floods is kept
/// away from the database's files, and calls that do not come need nothing. `None`: the limit is not known.
pub(super) fn plan(max_calls: usize, max_connections: usize, limit: Option<usize>) -> Plan {
    let needed = needed(max_calls, max_connections);
    match limit.filter(|limit| *limit < needed) {
        None => Plan {
            connections: max_connections,
            shortage: None,
        },
        Some(limit) => {
            let left = limit.saturating_sub(needed - max_connections);
            Plan {
                connections: left.max(limit / 2).clamp(1, max_connections),
                shortage: Some(Shortage { needed, limit }),
            }
        }
    }
}

/// Raises the process's own limit to what it was allowed, and tells what it is now. Where that is without end, to what is
/// needed: not every system takes "without end" for an answer.
#[cfg(unix)]
pub(super) fn raise_limit(needed: usize) -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let now = getrlimit(Resource::Nofile);
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let wanted = now.maximum.unwrap_or(needed);
    if now.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: now.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, wanted, "the limit of open files could not be raised");
        }
    }
    let limit = getrlimit(Resource::Nofile).current?;
    Some(usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
pub(super) fn raise_limit(_needed: usize) -> Option<usize> {
    None
}

/// How many descriptors are in use at least: a new one is always the lowest that is free.
#[cfg(unix)]
pub(super) fn in_use(newest: &tokio::net::TcpStream) -> Option<usize> {
    use std::os::fd::AsRawFd as _;

    usize::try_from(newest.as_raw_fd()).ok()
}

#[cfg(not(unix))]
pub(super) fn in_use(_newest: &tokio::net::TcpStream) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: Option<usize>, connections: usize, is_short: bool) {
        // Needs 1,200 for connections and 1,128 elsewhere.
        let plan = plan(500, 1_200, limit);
        assert_eq!(plan.connections, connections);
        let shortage = limit.filter(|_| is_short).map(|limit| Shortage {
            needed: 2_328,
            limit,
        });
        assert_eq!(plan.shortage, shortage);
    }

    #[test]
    fn connections_leave_the_calls_and_the_database_their_descriptors() {
        check(None, 1_200, false);
        check(Some(1_048_576), 1_200, false);
        check(Some(2_328), 1_200, false);
        check(Some(2_327), 1_199, true);
        check(Some(2_300), 1_172, true);
        check(Some(1_024), 512, true);
        check(Some(0), 1, true);
    }

    #[test]
    fn no_configuration_is_too_large_to_be_counted() {
        assert_eq!(needed(usize::MAX, usize::MAX), usize::MAX);
        let plan = plan(usize::MAX, usize::MAX, Some(100));
        assert!((50..=100).contains(&plan.connections), "{plan:?}");
    }

    #[cfg(unix)]
    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        use rustix::process::{Resource, getrlimit};

        let limit = raise_limit(1).unwrap();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(u64::try_from(limit).ok(), now.current);
        if now.maximum.is_some() {
            assert_eq!(now.current, now.maximum);
        }
    }
}
