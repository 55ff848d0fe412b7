//! A socket that does not wait for ever for its peer to read, and that keeps its place at the table until it is closed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::connections::Place;

/// An accepted socket.
#[derive(Debug)]
pub(super) struct Guarded<S = TcpStream> {
    // Closed before its place is given up: they are dropped in this order.
    socket: S,
    _place: Place,
    patience: Duration,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    pub(super) const fn new(socket: S, place: Place, patience: Duration) -> Self {
        Self {
            socket,
            _place: place,
            patience,
            stalled: None,
        }
    }

    /// A write that makes no progress for too long is an error.
    fn bounded(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        stalled.as_mut().poll(context).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the peer does not read what it is sent",
            ))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.bounded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::{Instant, timeout},
    };

    use super::*;
    use crate::serve::connections::{Connections, Room};

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A socket that holds eight bytes on their way, and its peer.
    fn pair(connections: &Connections) -> (Guarded<DuplexStream>, DuplexStream) {
        let (socket, peer) = duplex(8);
        let Room::Place(place) = connections.room() else {
            panic!("no place");
        };
        (Guarded::new(socket, place, PATIENCE), peer)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_nothing_is_given_up() {
        let connections = Connections::new(1);
        let (mut socket, peer) = pair(&connections);
        let began = Instant::now();
        let error = socket.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), PATIENCE);
        drop(socket);
        assert_eq!(connections.count(), 0);
        drop(peer);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_slowly_is_not() {
        let connections = Connections::new(1);
        let (mut socket, mut peer) = pair(&connections);
        let reading = tokio::spawn(async move {
            let mut read = 0;
            while peer.read_u8().await.is_ok() {
                read += 1;
                tokio::time::sleep(PATIENCE / 2).await;
            }
            read
        });
        let began = Instant::now();
        socket.write_all(&[0; 40]).await.unwrap();
        assert!(began.elapsed() > PATIENCE * 10);
        drop(socket);
        assert_eq!(reading.await.unwrap(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_with_nothing_to_write_waits_for_its_peer() {
        let connections = Connections::new(1);
        let (mut socket, _peer) = pair(&connections);
        socket.write_all(&[0; 8]).await.unwrap();
        socket.flush().await.unwrap();
        assert!(timeout(PATIENCE * 10, socket.read_u8()).await.is_err());
    }
}
