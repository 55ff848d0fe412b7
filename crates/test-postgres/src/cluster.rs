//! A cluster that is thrown away with the process that started it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use url::Url;

/// Starts, waits for its standard input to end (our end is closed when we are gone, however that came), then stops and
/// cleans up.
const KEEPER: &str = r#"
set -u
"$0/initdb" -D "$1/data" -U postgres --auth=trust --no-sync --no-locale -E UTF8 >"$1/log" 2>&1 || exit 1
"$0/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=on >>"$1/log" 2>&1 &
server=$!
read -r _
kill -INT "$server"
wait "$server"
rm -rf "$1"
"#;

/// A cluster of our own on a socket of its own; `None` if PostgreSQL is not installed or does not start.
pub(crate) async fn start() -> Option<Url> {
    let programs = programs()?;
    let folder = std::env::temp_dir().join(format!("toran-pg-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER]).arg(&programs).arg(&folder);
    keeper
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    give_up_root(&mut keeper, &folder)?;
    let child = keeper.spawn().ok()?;
    // Its standard input stays open as long as this process lives.
    std::mem::forget(child);
    let url = format!(
        "postgres:///postgres?host={}&user=postgres",
        folder.display()
    );
    let url = Url::parse(&url).ok()?;
    for _ in 0..300 {
        if super::may_create(&url).await {
            return Some(url);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

/// The folder of `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut versions: Vec<PathBuf> = installed
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    std::env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`.
#[cfg(unix)]
fn give_up_root(command: &mut Command, folder: &Path) -> Option<()> {
    use std::os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    };

    if std::fs::metadata(folder).ok()?.uid() != 0 {
        return Some(());
    }
    let id = |flag: &str| -> Option<u32> {
        let asked = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8(asked.stdout).ok()?.trim().parse().ok()
    };
    let (user, group) = (id("-u")?, id("-g")?);
    chown(folder, Some(user), Some(group)).ok()?;
    command.uid(user).gid(group);
    Some(())
}

#[cfg(not(unix))]
fn give_up_root(_: &mut Command, _: &Path) -> Option<()> {
    Some(())
}
