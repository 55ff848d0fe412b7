//! Two gateway processes on one PostgreSQL: one is killed between the caller's yes and its answer, and the other takes
//! the call over.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use time::macros::time;
use tokio::net::{TcpListener, TcpStream};
use toran_bridge::{Clock as _, SystemClock};
use toran_domain::{AgentGender, Business, BusinessId, BusinessText, Terms};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::{Caller, EndedBy, PlaceCall},
    scenario::{Scenario, Step},
};
use toran_store::{Appointments as _, Businesses as _, CallKey, Calls as _};
use toran_store_sql::SqlStore;
use toran_test_postgres::TestDatabase;
use url::Url;
use uuid::Uuid;

const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway process, killed when dropped.
struct Gateway {
    process: Child,
    address: SocketAddr,
}

impl Gateway {
    fn start(name: &str, database: &str, public_url: &str, openai: &str) -> Self {
        // Free a moment ago; nobody else takes ports from this range while the test runs.
        let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = probe.local_addr().expect("an address");
        drop(probe);
        let spool = std::env::temp_dir().join(format!("toran-{}-{name}", std::process::id()));
        let process = Command::new(env!("CARGO_BIN_EXE_gateway"))
            .env_clear()
            .env("TORAN_DATABASE_URL", database)
            .env("TORAN_LISTEN", address.to_string())
            .env("TORAN_PUBLIC_URL", public_url)
            .env("TORAN_SPOOL", spool)
            .env("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
            .env("OPENAI_BASE_URL", openai)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the gateway's binary");
        Self { process, address }
    }

    async fn is_up(&self) {
        let up = async {
            while TcpStream::connect(self.address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, up)
            .await
            .expect("the gateway starts");
    }

    /// SIGKILL: no word to anyone.
    fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("gone");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What stands before the gateways: every connection goes to the first of them that takes it. Counts them by gateway.
async fn balance(listener: TcpListener, gateways: [SocketAddr; 2], taken: Arc<[AtomicUsize; 2]>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let taken = Arc::clone(&taken);
        tokio::spawn(async move {
            // A process that is killed loses its sockets one by one: who comes at that moment waits until it is gone.
            tokio::time::sleep(Duration::from_millis(150)).await;
            for (gateway, taken) in gateways.iter().zip(taken.iter()) {
                if let Ok(mut server) = TcpStream::connect(gateway).await {
                    taken.fetch_add(1, Ordering::Relaxed);
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}

fn barber() -> Business {
    let settings = AppointmentSettings::simple(
        "sun-sat".parse().expect("days"),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    );
    Business {
        id: BusinessId::from_uuid(Uuid::from_u128(1)),
        name: "דנה".to_owned(),
        called_number: "+972721234567".parse().expect("a number"),
        text: BusinessText::default(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings: settings.expect("settings"),
    }
}

fn say(utterance: &str) -> Step {
    Step::Say {
        utterance: utterance.parse().expect("a recorded utterance"),
        keep_ms: None,
    }
}

fn hear(words: &str) -> Step {
    Step::WaitHeard {
        text: words.to_owned(),
        timeout_ms: 20_000,
    }
}

/// "Tuesday", "half past ten", "yes": and then whatever the second gateway says.
fn script() -> Vec<Step> {
    vec![
        Step::WaitForSpeech { timeout_ms: 15_000 },
        say("11"),
        // The caller does not hear the list out: it saves time.
        Step::Interrupt {
            after_ms: 200,
            utterance: "12".parse().expect("a recorded utterance"),
            timeout_ms: 15_000,
        },
        hear("לקבוע לך?"),
        say("31"),
        hear("אנחנו ממשיכים"),
        hear("קבעתי לך פגישה"),
        Step::WaitUntilSilent {
            for_ms: 1_000,
            timeout_ms: 15_000,
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_gateway_is_killed_after_the_yes_goes_on_at_the_other() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let store = SqlStore::open(&database.url()).await.expect("open");
    store.migrate().await.expect("migrate");
    let business = barber();
    store.add_business(&business).await.expect("added");
    let now = SystemClock.now();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let scenario = Scenario::parse("title = 'two gateways'").expect("a scenario");
    let openai = OpenAiSimulator::start(listener, scenario, OpenAiOptions::new(now, 7));
    let openai = openai.expect("a stand-in for OpenAI");

    let front = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", front.local_addr().expect("an address"));
    let openai_url = openai.base_url().clone();
    let start = |name| Gateway::start(name, &database.url(), &origin, &openai_url);
    let mut gateways = [start("one"), start("two")];
    for gateway in &gateways {
        gateway.is_up().await;
    }
    let taken: Arc<[AtomicUsize; 2]> = Arc::default();
    let addresses = [gateways[0].address, gateways[1].address];
    tokio::spawn(balance(front, addresses, Arc::clone(&taken)));

    let voice_url: Url = format!("{origin}/twilio/voice")
        .parse()
        .expect("an address");
    let call = PlaceCall::new(voice_url, AUTH_TOKEN, script(), now, 3);
    let key = CallKey {
        business_id: business.id,
        call_sid: call.call_sid.parse().expect("a call's id"),
    };
    let placed = tokio::spawn(Caller::place(call));
    let session = async || store.call_session(&key).await.expect("a session");
    let booked = async {
        loop {
            let made = session()
                .await
                .map(|session| session.appointments)
                .unwrap_or_default();
            if let [made] = made.as_slice() {
                return *made;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let before = tokio::time::timeout(PATIENCE, booked)
        .await
        .expect("booked");
    assert!(
        !before.announced,
        "killed too late: the caller has heard of it"
    );
    gateways[0].kill();
    assert_eq!(
        taken[1].load(Ordering::Relaxed),
        0,
        "the second gateway was idle until now"
    );

    let report = placed
        .await
        .expect("no panic")
        .expect("the call is answered");
    assert_eq!(report.ended_by, EndedBy::Caller, "{report:#?}");
    assert_eq!(report.streams, 2);
    assert!(taken[1].load(Ordering::Relaxed) > 0);
    let heard = report.heard_text();
    assert_eq!(
        heard.matches("קבעתי לך פגישה").count(),
        1,
        "announced once: {heard}"
    );
    assert_eq!(heard.matches("שלום").count(), 1, "greeted once: {heard}");
    let days = time::Duration::days(30);
    let rows = store
        .appointments(business.id, now - days, now + days)
        .await
        .expect("rows");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].booking, before.booking);
    let known = async {
        while !session()
            .await
            .is_some_and(|session| session.appointments.iter().all(|made| made.announced))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known)
        .await
        .expect("it is known that the caller knows");
    println!("killed after the yes: 1 appointment, announced once, by the other gateway");
    store.close().await;
}
