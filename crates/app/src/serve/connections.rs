//! The table of open connections: how many there are, what each is doing, and which one goes when there is no room.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

type ConnectionId = u64;
/// The order in which connections began to wait.
type Turn = u64;

/// The connections of a gateway: to count them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// Tells that a place became free, or could be made free.
    changed: watch::Sender<()>,
    end: CancellationToken,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The peer is to send something: a request, or the rest of one. The only stage in which a connection can be made to leave.
    Waiting(Turn),
    /// A request is here, whole, and not answered yet.
    Busy,
    /// It carries another protocol now: a call's media stream.
    Upgraded,
    /// It was told to leave, and is still open.
    Leaving,
}

#[derive(Debug)]
struct Entry {
    stage: Stage,
    leave: CancellationToken,
}

#[derive(Debug)]
struct Table {
    most: usize,
    next_id: ConnectionId,
    next_turn: Turn,
    open: HashMap<ConnectionId, Entry>,
    waiting: BTreeMap<Turn, ConnectionId>,
    leaving: usize,
}

/// What came of asking for a place.
#[derive(Debug)]
pub(super) enum Room {
    /// There is one.
    Place(Place),
    /// Somebody leaves: there will be one in a moment.
    Soon,
    /// Every connection has a request or a call under way.
    None,
}

/// The place of one open connection; given up when dropped, which the socket must be before it.
#[derive(Debug)]
pub(super) struct Place {
    id: ConnectionId,
    shared: Arc<Shared>,
    leave: CancellationToken,
}

/// Tells the table what a connection is doing. It does not keep the place.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    id: ConnectionId,
    shared: Arc<Shared>,
}

/// The connection was told to leave before its request was there.
#[derive(Debug, thiserror::Error)]
#[error("the connection gave its place to another before it had sent a request")]
pub(super) struct ToldToLeave;

impl Connections {
    /// Room for so many connections; for one at least.
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            table: Mutex::new(Table {
                most: most.max(1),
                next_id: 0,
                next_turn: 0,
                open: HashMap::new(),
                waiting: BTreeMap::new(),
                leaving: 0,
            }),
            changed: watch::Sender::new(()),
            end: CancellationToken::new(),
        }))
    }

    /// How many are open now.
    pub fn count(&self) -> usize {
        self.0.table().open.len()
    }

    /// How many there is room for.
    pub fn most(&self) -> usize {
        self.0.table().most
    }

    /// How many could be told to leave.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.0.table().waiting.len()
    }

    /// Comes when all connections are to close.
    pub(super) fn end(&self) -> &CancellationToken {
        &self.0.end
    }

    /// Whoever takes it before [`Self::room`] misses no change.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// A place for a new connection. If there is none, the one that has waited longest is told to leave.
    pub(super) fn room(&self) -> Room {
        let mut table = self.0.table();
        if table.open.len() < table.most {
            let (id, leave) = table.enter();
            drop(table);
            return Room::Place(Place {
                id,
                leave,
                shared: Arc::clone(&self.0),
            });
        }
        if table.leaving > 0 || table.dismiss_longest_waiting() {
            Room::Soon
        } else {
            Room::None
        }
    }

    /// Tells the connection that has waited longest to leave. `false` if none waits.
    pub(super) fn dismiss_longest_waiting(&self) -> bool {
        self.0.table().dismiss_longest_waiting()
    }

    /// Closes all: those that have a request under way once it is answered, the others at once. Waits until they are closed,
    /// but no longer than this.
    pub(crate) async fn close(&self, patience: Duration) {
        self.0.end.cancel();
        let mut changes = self.changes();
        let closed = async { while self.count() > 0 && changes.changed().await.is_ok() {} };
        // Whoever is still there ends with the process.
        let _ = tokio::time::timeout(patience, closed).await;
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn enter(&mut self) -> (ConnectionId, CancellationToken) {
        let id = self.next_id;
        self.next_id += 1;
        let leave = CancellationToken::new();
        let entry = Entry {
            stage: Stage::Busy,
            leave: leave.clone(),
        };
        self.open.insert(id, entry);
        self.wait(id);
        (id, leave)
    }

    /// Puts a connection at the end of those that wait. `false` if it is to leave already, or is gone.
    fn wait(&mut self, id: ConnectionId) -> bool {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.put(id, Stage::Waiting(turn))
    }

    /// Changes what a connection does, unless it is to leave already. `false` if it is, or is gone.
    fn put(&mut self, id: ConnectionId, stage: Stage) -> bool {
        let Some(entry) = self.open.get_mut(&id) else {
            return false;
        };
        match entry.stage {
            Stage::Leaving => return false,
            Stage::Waiting(turn) => {
                self.waiting.remove(&turn);
            }
            Stage::Busy | Stage::Upgraded => {}
        }
        entry.stage = stage;
        if let Stage::Waiting(turn) = stage {
            self.waiting.insert(turn, id);
        }
        true
    }

    fn dismiss_longest_waiting(&mut self) -> bool {
        let Some((_, id)) = self.waiting.pop_first() else {
            return false;
        };
        if let Some(entry) = self.open.get_mut(&id) {
            entry.stage = Stage::Leaving;
            entry.leave.cancel();
            self.leaving += 1;
        }
        true
    }

    fn leave(&mut self, id: ConnectionId) {
        match self.open.remove(&id).map(|entry| entry.stage) {
            Some(Stage::Waiting(turn)) => {
                self.waiting.remove(&turn);
            }
            Some(Stage::Leaving) => self.leaving -= 1,
            Some(Stage::Busy | Stage::Upgraded) | None => {}
        }
    }
}

impl Place {
    /// Comes when this connection is to make room for another.
    pub(super) const fn leave(&self) -> &CancellationToken {
        &self.leave
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            id: self.id,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.table().leave(self.id);
        self.shared.changed.send_replace(());
    }
}

impl Progress {
    /// The peer is to send something, from now on.
    pub(super) fn waits(&self) -> Result<(), ToldToLeave> {
        let waits = self.shared.table().wait(self.id);
        self.shared.changed.send_replace(());
        if waits { Ok(()) } else { Err(ToldToLeave) }
    }

    /// A request is here, whole, or is being answered before it is.
    pub(super) fn is_busy(&self) {
        self.shared.table().put(self.id, Stage::Busy);
    }

    /// Whether a request is here, whole, and not answered yet.
    pub(super) fn has_request(&self) -> bool {
        let table = self.shared.table();
        let entry = table.open.get(&self.id);
        entry.is_some_and(|entry| entry.stage == Stage::Busy)
    }

    /// It carries another protocol from now on.
    pub(super) fn is_upgraded(&self) {
        self.shared.table().put(self.id, Stage::Upgraded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(connections: &Connections) -> Place {
        match connections.room() {
            Room::Place(place) => place,
            other => panic!("no place: {other:?}"),
        }
    }

    fn is_dismissed(place: &Place) -> bool {
        place.leave().is_cancelled()
    }

    #[test]
    fn whoever_waited_longest_makes_room() {
        let connections = Connections::new(3);
        let [first, second, third] = [(); 3].map(|()| place(&connections));
        // Whoever has just been served has waited least.
        first.progress().is_busy();
        first.progress().waits().unwrap();
        assert!(matches!(connections.room(), Room::Soon));
        assert!(is_dismissed(&second) && !is_dismissed(&first) && !is_dismissed(&third));
        // One leaves for one who comes, however often is asked.
        assert!(matches!(connections.room(), Room::Soon));
        assert!(!is_dismissed(&third));
        drop(second);
        let _fourth = place(&connections);
        assert!(matches!(connections.room(), Room::Soon));
        assert!(is_dismissed(&third));
        assert_eq!(connections.count(), 3);
    }

    #[test]
    fn whoever_has_something_under_way_stays() {
        let connections = Connections::new(2);
        let [asking, calling] = [(); 2].map(|()| place(&connections));
        asking.progress().is_busy();
        calling.progress().is_busy();
        calling.progress().is_upgraded();
        assert!(matches!(connections.room(), Room::None));
        assert!(!connections.dismiss_longest_waiting());
        asking.progress().waits().unwrap();
        assert!(matches!(connections.room(), Room::Soon));
        assert!(is_dismissed(&asking) && !is_dismissed(&calling));
    }

    #[test]
    fn whoever_was_told_to_leave_begins_nothing() {
        let connections = Connections::new(1);
        let place = place(&connections);
        let progress = place.progress();
        assert!(connections.dismiss_longest_waiting());
        assert!(progress.waits().is_err());
        progress.is_busy();
        progress.is_upgraded();
        assert!(matches!(connections.room(), Room::Soon));
        drop(place);
        assert_eq!(connections.count(), 0);
        assert!(progress.waits().is_err());
        assert_eq!(connections.count(), 0);
        assert!(matches!(connections.room(), Room::Place(_)));
    }

    #[tokio::test]
    async fn a_place_that_becomes_free_is_told() {
        let connections = Connections::new(1);
        let place = place(&connections);
        place.progress().is_busy();
        let mut changes = connections.changes();
        assert!(matches!(connections.room(), Room::None));
        place.progress().waits().unwrap();
        changes.changed().await.unwrap();
        assert!(matches!(connections.room(), Room::Soon));
        drop(place);
        changes.changed().await.unwrap();
        assert!(matches!(connections.room(), Room::Place(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_all_but_not_for_ever() {
        let connections = Connections::new(2);
        let stays = place(&connections);
        let began = tokio::time::Instant::now();
        connections.close(Duration::from_secs(3)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        assert!(connections.end().is_cancelled());
        drop(stays);
        connections.close(Duration::from_secs(3)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }
}
