//! This program as other processes, and the lines of JSON between them and their parent.

use std::{io::Write as _, process::Stdio};

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command},
};

/// A process, as its parent sees it. Killed when dropped.
pub(crate) struct Child {
    process: tokio::process::Child,
    orders: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts this program with a hidden command.
    pub(crate) fn start(arguments: &[String]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program does not know its own file")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("this program cannot be started again")?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().context("a process without output")?;
        Ok(Self {
            process,
            orders,
            lines: BufReader::new(answers).lines(),
        })
    }

    /// Hands it a line.
    pub(crate) async fn order(&mut self, order: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        let orders = self
            .orders
            .as_mut()
            .context("the process takes no orders")?;
        orders.write_all(&line).await?;
        Ok(orders.flush().await?)
    }

    /// Its next line; `None` when it is gone. A line that it could not finish is none.
    pub(crate) async fn answer<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<T>> {
        let Some(line) = self.lines.next_line().await? else {
            return Ok(None);
        };
        match serde_json::from_str(&line) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_eof() => Ok(None),
            Err(error) => Err(error).with_context(|| format!("a line that is none: {line}")),
        }
    }

    /// Kills it (`SIGKILL`): it does not get to do anything any more.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.start_kill().context("it cannot be killed")
    }

    /// Waits until it is gone, after it was killed or was told that there is nothing more to do.
    pub(crate) async fn gone(mut self) -> anyhow::Result<std::process::ExitStatus> {
        drop(self.orders.take());
        Ok(self.process.wait().await?)
    }
}

/// The parent's lines, in the process that is its child.
pub(crate) struct Orders(Lines<BufReader<tokio::io::Stdin>>);

impl Orders {
    pub(crate) fn new() -> Self {
        Self(BufReader::new(tokio::io::stdin()).lines())
    }

    /// The next order; `None` when there is nothing more to do.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<T>> {
        let line = self.0.next_line().await?;
        line.map(|line| serde_json::from_str(&line).context("an order that is none"))
            .transpose()
    }
}

/// Tells the parent. When this returns, the line is out of this process's hands.
pub(crate) fn tell(answer: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}
