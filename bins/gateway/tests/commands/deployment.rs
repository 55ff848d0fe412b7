//! One deployment on this machine: a folder with its database, and the gateway's commands on it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use time::{UtcDateTime, macros::time};
use toran_domain::{AgentGender, Business, BusinessId, BusinessText, LeadId, Terms};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_store::{Businesses as _, CallKey, CallOpening, CallSession, Calls as _};
use toran_store_sql::SqlStore;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a command said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn check(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let said = format!("{}{}", self.out, self.err);
        assert!(said.contains(words), "`{words}` is not in {self:#?}");
    }
}

/// The folder is gone when it is dropped.
pub(crate) struct Deployment {
    pub(crate) folder: PathBuf,
}

impl Deployment {
    pub(crate) fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.file("toran.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}", self.database().display())
    }

    /// The database, opened by this process, its schema as it is.
    pub(crate) async fn store(&self) -> SqlStore {
        SqlStore::open(&self.url()).await.expect("open")
    }

    /// The database with the schema up to date.
    pub(crate) async fn migrated(&self) -> SqlStore {
        let store = self.store().await;
        store.migrate().await.expect("migrate");
        store
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("TORAN_DATABASE_URL", self.url())
            .env("TORAN_PUBLIC_URL", "https://gw.example.com")
            .env("TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// A gateway that serves, once it says so: its port is open before its database is.
    pub(crate) async fn serve(&self) -> Serving {
        let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = probe.local_addr().expect("an address");
        drop(probe);
        let log = self.file("log");
        let process = self
            .command(&["serve"])
            .env("TORAN_LISTEN", address.to_string())
            .env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("the gateway's binary");
        let serving = Serving { process, log };
        let up = async {
            while !serving.logged().contains("taking calls") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let up = tokio::time::timeout(PATIENCE, up).await;
        assert!(up.is_ok(), "it does not serve: {}", serving.logged());
        serving
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().expect("the gateway's binary");
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Killed when dropped.
pub(crate) struct Serving {
    process: Child,
    log: PathBuf,
}

impl Serving {
    pub(crate) fn logged(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn business(number: u32) -> Business {
    let settings = AppointmentSettings::simple(
        "sun-sat".parse().expect("days"),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    );
    Business {
        id: BusinessId::from_uuid(Uuid::from_u128(number.into())),
        name: format!("מספר {number}"),
        called_number: format!("+9723{number:07}").parse().expect("a number"),
        text: BusinessText::default(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings: settings.expect("settings"),
    }
}

/// The first business, and a call of somebody who had not called before.
pub(crate) async fn called(store: &SqlStore, now: UtcDateTime) -> CallSession {
    let called = business(1);
    store.add_business(&called).await.expect("added");
    let opening = CallOpening {
        key: CallKey {
            business_id: called.id,
            call_sid: "CA1".parse().expect("a call's id"),
        },
        caller: Some("+972541234567".parse().expect("a number")),
        new_lead_id: LeadId::from_uuid(Uuid::from_u128(1)),
        now,
    };
    store.open_call(&opening).await.expect("a call")
}

/// The names of what lies in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}
