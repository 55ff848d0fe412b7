//! The line to a database, which a test can cut.

use std::{io, path::PathBuf, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::AbortHandle,
};
use url::Url;

use crate::TestDatabase;

/// A port on 127.0.0.1 that leads to a database as long as the wire is whole.
#[derive(Debug)]
pub struct Wire {
    url: String,
    whole: Arc<watch::Sender<bool>>,
    task: AbortHandle,
}

/// Where the server is.
#[derive(Debug, Clone)]
enum Server {
    Tcp(String),
    Socket(PathBuf),
}

impl Server {
    fn of(url: &Url) -> Self {
        let port = url.port().unwrap_or(5432);
        let socket = url.query_pairs().find(|(key, _)| key == "host");
        match socket {
            Some((_, folder)) => Self::Socket(PathBuf::from(format!("{folder}/.s.PGSQL.{port}"))),
            None => Self::Tcp(format!("{}:{port}", url.host_str().unwrap_or("127.0.0.1"))),
        }
    }

    async fn connect_with(&self, phone: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::Tcp(address) => {
                let mut server = TcpStream::connect(address).await?;
                copy_bidirectional(phone, &mut server).await?;
            }
            Self::Socket(path) => {
                let mut server = UnixStream::connect(path).await?;
                copy_bidirectional(phone, &mut server).await?;
            }
        }
        Ok(())
    }
}

impl Wire {
    /// Lays a wire to a database.
    pub async fn to(database: &TestDatabase) -> io::Result<Self> {
        let server = Server::of(&database.server);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (whole, _) = watch::channel(true);
        let whole = Arc::new(whole);
        let state = Arc::clone(&whole);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, mut state) = (server.clone(), state.subscribe());
                tokio::spawn(async move {
                    // A cut wire: whoever comes is sent away, and whoever is there is dropped.
                    tokio::select! {
                        _ = state.wait_for(|whole| !whole) => {}
                        _ = server.connect_with(&mut client) => {}
                    }
                });
            }
        });
        let name = &database.name;
        Ok(Self {
            url: format!("postgres://{name}:{name}@127.0.0.1:{port}/{name}"),
            whole,
            task: task.abort_handle(),
        })
    }

    /// The database's address over this wire, for its owner.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts it: every connection breaks, and none can be made.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends it.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}
