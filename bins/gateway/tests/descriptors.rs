//! A gateway process with few descriptors, and a flood: it says so, goes on answering, and does not spin.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(30);
/// What is prompt.
const PROMPTLY: Duration = Duration::from_secs(5);

/// A gateway process that may have so many descriptors, of which it has fewer at first; killed when dropped.
struct Gateway {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Gateway {
    async fn start(name: &str, soft: u32, hard: u32) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Free a moment ago. Somebody else may take it all the same: then the process ends, and another port is tried.
        for _ in 0..5 {
            if let Some(gateway) = Self::start_in(folder.clone(), soft, hard).await {
                return gateway;
            }
        }
        panic!("the gateway does not start");
    }

    async fn start_in(folder: PathBuf, soft: u32, hard: u32) -> Option<Self> {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = probe.local_addr().expect("an address");
        drop(probe);
        let limited = format!("ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\"");
        let database = format!("sqlite://{}", folder.join("toran.db").display());
        let process = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_gateway")])
            .env_clear()
            .env("TORAN_DATABASE_URL", database)
            .env("TORAN_LISTEN", address.to_string())
            .env("TORAN_LOG_FORMAT", "json")
            .env("TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")
            .env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).expect("a log"))
            .spawn()
            .expect("a shell");
        let mut gateway = Self {
            process,
            address,
            folder,
        };
        let began = Instant::now();
        while !gateway.is_healthy().await {
            assert!(began.elapsed() < PATIENCE, "the gateway does not answer");
            if gateway.process.try_wait().expect("its state").is_some() {
                return None;
            }
            sleep(Duration::from_millis(50)).await;
        }
        Some(gateway)
    }

    async fn is_healthy(&self) -> bool {
        let asking = async {
            let mut stream = TcpStream::connect(self.address).await?;
            let request = b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n";
            stream.write_all(request).await?;
            let mut answer = [0; 15];
            stream.read_exact(&mut answer).await?;
            Ok::<_, std::io::Error>(answer == *b"HTTP/1.1 200 OK")
        };
        matches!(timeout(PROMPTLY, asking).await, Ok(Ok(true)))
    }

    /// The lines of its log of a level that hold some words.
    fn logged(&self, level: &str, words: &str) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).expect("the log");
        let level = format!("\"level\":\"{level}\"");
        log.lines()
            .filter(|line| line.contains(&level) && line.contains(words))
            .map(str::to_owned)
            .collect()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn descriptors(&self) -> u64 {
        let open =
            fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("its descriptors");
        open.count() as u64
    }

    /// How long it has had a processor, in the kernel's ticks of 10 ms.
    fn processor_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("its figures");
        // Behind the name, which stands in brackets, the 12th and the 13th.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2);
        ticks
            .map(|ticks| ticks.parse::<u64>().expect("a number"))
            .sum()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// So many who connect and say nothing. Whoever is shown out comes again.
fn flood(count: u32, address: SocketAddr) -> JoinSet<()> {
    let mut peers = JoinSet::new();
    for nth in 0..count {
        peers.spawn(async move {
            sleep(Duration::from_millis(nth.into())).await;
            loop {
                if let Ok(mut stream) = TcpStream::connect(address).await {
                    let _ = stream.read(&mut [0]).await;
                }
                sleep(Duration::from_secs(2)).await;
            }
        });
    }
    peers
}

#[tokio::test]
async fn a_process_with_few_descriptors_takes_what_it_may_says_what_it_needs_and_answers() {
    let gateway = Gateway::start("few", 64, 200).await;
    let limit = prlimit(
        Some(gateway.pid()),
        Resource::Nofile,
        Rlimit {
            current: Some(200),
            maximum: Some(200),
        },
    );
    assert_eq!(
        limit.expect("its limit").current,
        Some(200),
        "it raised its own"
    );
    let told = gateway.logged("WARN", "LimitNOFILE=2328");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"limit\":200") && told[0].contains("\"connections\":100"));

    let _flood = flood(1_000, gateway.address);
    for _ in 0..20 {
        sleep(Duration::from_millis(150)).await;
        assert!(gateway.is_healthy().await);
        assert!(gateway.descriptors() < 200, "{}", gateway.descriptors());
    }
    assert_eq!(gateway.logged("WARN", "most of the places").len(), 1);
    let failed = gateway.logged("ERROR", "");
    assert!(failed.is_empty(), "{failed:?}");
}

#[tokio::test]
async fn a_process_that_runs_out_of_descriptors_says_so_once_and_does_not_spin() {
    let gateway = Gateway::start("out", 4_096, 4_096).await;
    // What something else that leaks would leave it.
    let few = Some(gateway.descriptors() + 4);
    let limit = Rlimit {
        current: few,
        maximum: few,
    };
    prlimit(Some(gateway.pid()), Resource::Nofile, limit).expect("lowered");

    let _flood = flood(100, gateway.address);
    let failed = async {
        while gateway
            .logged("ERROR", "no connection can be accepted")
            .is_empty()
        {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, failed).await.expect("it says so");
    let (began, ticks) = (Instant::now(), gateway.processor_ticks());
    for _ in 0..20 {
        sleep(Duration::from_millis(100)).await;
        assert!(gateway.is_healthy().await);
    }
    let (passed, ticks) = (began.elapsed(), gateway.processor_ticks() - ticks);
    assert!(
        u128::from(ticks) * 10 < passed.as_millis() / 2,
        "{ticks} ticks in {passed:?}"
    );
    let failed = gateway.logged("ERROR", "no connection can be accepted");
    assert_eq!(failed.len(), 1, "{failed:?}");
}
