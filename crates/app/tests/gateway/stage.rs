//! What every test stands on: a gateway of its own, a stand-in for OpenAI, and callers.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    ops::Add,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use libtest_mimic::Trial;
use serde_json::Value;
use time::{
    UtcDateTime,
    macros::{time, utc_datetime},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};
use toran_app::{
    App, Config, Connections, HttpPatience, Surroundings,
    businesses::{self, NewBusiness},
};
use toran_bridge::{Clock, Observation};
use toran_call::Fact;
use toran_domain::{AgentGender, Business, Terms};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_simulator::{
    Direction, WireEvent,
    openai::{OpenAiOptions, OpenAiSimulator, Pace},
    phone::{CallReport, Caller, EndedBy, PlaceCall},
    scenario::{Scenario, Step},
};
use toran_store::{
    AppointmentRow, Appointments as _, CallKey, CallSession, Calls as _, ModelUsage, TaskRow,
    Tasks as _, TranscriptLine,
};
use toran_store_sql::SqlStore;
use url::Url;

/// When every test begins: a Sunday, ten in the morning in Jerusalem.
pub(crate) const NOW: UtcDateTime = utc_datetime!(2026-11-22 08:00);
/// The provider's secret.
pub(crate) const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// What is waited for happens within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(45);

/// A test of the harness, with a runtime of its own.
pub(crate) fn test<F>(name: &str, body: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Trial::test(name, move || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?
            .block_on(body());
        Ok(())
    })
}

/// Names each test after its function.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn tests() -> Vec<libtest_mimic::Trial> {
            vec![$($crate::stage::test(
                concat!(module_path!(), "::", stringify!($name)),
                $name,
            )),+]
        }
    };
}
pub(crate) use tests;

/// A wall clock that starts at [`NOW`], and can be set forward.
#[derive(Clone)]
pub(crate) struct StageClock {
    began: Instant,
    ahead_s: Arc<AtomicI64>,
}

impl StageClock {
    /// So much later, at once.
    pub(crate) fn advance(&self, by: time::Duration) {
        self.ahead_s
            .fetch_add(by.whole_seconds(), Ordering::Relaxed);
    }
}

impl Clock for StageClock {
    fn now(&self) -> UtcDateTime {
        let ahead = time::Duration::seconds(self.ahead_s.load(Ordering::Relaxed));
        NOW.add(self.began.elapsed()) + ahead
    }
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gateway-{}-{count}", process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder for the database");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A gateway that runs, in a runtime of its own so that it can be killed whole.
struct Gateway {
    runtime: Runtime,
    store: Arc<SqlStore>,
    connections: Connections,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

/// Everything a test needs.
pub(crate) struct Stage {
    pub(crate) clock: StageClock,
    pub(crate) openai: OpenAiSimulator,
    /// Outlives each gateway, as a socket does that a service manager hands out: a call that comes while none runs
    /// waits for the next.
    listener: TcpListener,
    gateway: Option<Gateway>,
    facts: mpsc::Receiver<Observation>,
    observer: mpsc::Sender<Observation>,
    calls: AtomicU32,
    folder: Folder,
    database_url: String,
    /// Further lines of the configuration's section `[openai]`.
    openai_settings: String,
    door: Door,
}

/// A model's service that is not the usual one.
#[derive(Default)]
pub(crate) struct Service {
    /// The only key that it takes.
    pub(crate) api_key: Option<String>,
    /// How long it takes to open a session.
    pub(crate) session_ms: u64,
    /// Further lines of the gateway's section `[openai]`.
    pub(crate) settings: String,
}

/// How many may connect, and how long they may take.
#[derive(Default)]
pub(crate) struct Door {
    /// The configuration's `[limits]`.
    pub(crate) limits: &'static str,
    pub(crate) patience: HttpPatience,
}

impl Stage {
    /// A gateway, and a model that behaves as the `[[turns]]` of a scenario say; perfectly, if there are none.
    pub(crate) async fn set(turns: &str) -> Self {
        Self::set_behind(Door::default(), turns).await
    }

    /// The same, for other numbers of connections and other patience with them.
    pub(crate) async fn set_behind(door: Door, turns: &str) -> Self {
        let folder = Folder::new();
        let database_url = format!("sqlite://{}", folder.0.join("toran.db").display());
        Self::set_in(folder, database_url, turns, (Service::default(), door)).await
    }

    /// A gateway before another service.
    pub(crate) async fn set_before(service: Service) -> Self {
        let folder = Folder::new();
        let database_url = format!("sqlite://{}", folder.0.join("toran.db").display());
        Self::set_in(folder, database_url, "", (service, Door::default())).await
    }

    /// The same, on another database.
    pub(crate) async fn set_on(database_url: &str, turns: &str) -> Self {
        let usual = (Service::default(), Door::default());
        Self::set_in(Folder::new(), database_url.to_owned(), turns, usual).await
    }

    async fn set_in(
        folder: Folder,
        database_url: String,
        turns: &str,
        (service, door): (Service, Door),
    ) -> Self {
        let scenario = Scenario::parse(&format!("title = 'a test'\n{turns}")).expect("a scenario");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port for the model");
        // A real model takes its time; no test is about that.
        let pace = Pace {
            session_ms: service.session_ms,
            think_ms: 30..=60,
            transcription_ms: 30..=60,
            chat_ms: 20..=40,
            ..Pace::default()
        };
        let options = OpenAiOptions {
            pace,
            api_key: service.api_key,
            ..OpenAiOptions::new(NOW, 7)
        };
        let openai = OpenAiSimulator::start(listener, scenario, options).expect("a stand-in");
        let (observer, facts) = mpsc::channel(4_096);
        let mut stage = Self {
            clock: StageClock {
                began: Instant::now(),
                ahead_s: Arc::default(),
            },
            openai,
            listener: TcpListener::bind("127.0.0.1:0").expect("a port for the gateway"),
            gateway: None,
            facts,
            observer,
            calls: AtomicU32::new(0),
            folder,
            database_url,
            openai_settings: service.settings,
            door,
        };
        stage.start().await;
        stage
    }

    /// Starts a gateway on this stage's port and database.
    pub(crate) async fn start(&mut self) {
        let toml = format!(
            "public_url = '{}'\ndatabase_url = '{}'\nspool = '{}'\n[openai]\nbase_url = '{}'\n{}\n\
             [twilio]\nauth_token = '{AUTH_TOKEN}'\n[limits]\n{}",
            self.origin(),
            self.database_url,
            self.folder.0.join("spool").display(),
            self.openai.base_url(),
            self.openai_settings,
            self.door.limits,
        );
        let nothing = std::collections::BTreeMap::new();
        let config = Config::parse(&toml, &nothing).expect("a configuration");
        let listener = self.listener.try_clone().expect("the gateway's port");
        listener
            .set_nonblocking(true)
            .expect("a listener for tokio");
        let (clock, observer) = (Arc::new(self.clock.clone()), self.observer.clone());
        let patience = self.door.patience;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the gateway");
        let building = runtime.spawn(async move {
            let surroundings = Surroundings {
                listener: tokio::net::TcpListener::from_std(listener).expect("a listener"),
                clock,
                observer: Some(observer),
                patience,
            };
            App::build(&config, surroundings).await
        });
        let app = building
            .await
            .expect("no panic")
            .expect("the gateway starts");
        let (store, connections) = (app.store(), app.connections());
        let serving = runtime.spawn(app.run(async move {
            // Dropped with the gateway: that is no order to stop.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        self.gateway = Some(Gateway {
            runtime,
            store,
            connections,
            stop: Some(stop),
            serving,
        });
    }

    /// The gateway dies as under `kill -9`: in the middle of whatever it does, with no word to anyone.
    pub(crate) fn kill(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            drop(gateway.store);
            gateway.runtime.shutdown_background();
        }
    }

    /// The gateway is told to stop, as by SIGTERM.
    pub(crate) fn stop(&mut self) {
        let stop = self
            .gateway
            .as_mut()
            .and_then(|gateway| gateway.stop.take());
        let _ = stop.expect("a running gateway").send(());
    }

    /// Waits until a gateway that was told to stop has done so.
    pub(crate) async fn stopped(&mut self) {
        let serving = &mut self.gateway.as_mut().expect("a running gateway").serving;
        let served = tokio::time::timeout(PATIENCE, serving).await;
        served
            .expect("it stops in time")
            .expect("no panic")
            .expect("no error");
    }

    /// Where the gateway is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound listener")
    }

    /// The gateway's public origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn store(&self) -> &SqlStore {
        &self.gateway.as_ref().expect("a running gateway").store
    }

    /// How many connections the gateway has open.
    pub(crate) fn connections(&self) -> usize {
        let gateway = self.gateway.as_ref().expect("a running gateway");
        gateway.connections.count()
    }

    /// Waits until it has so many.
    pub(crate) async fn has_connections(&self, count: usize) {
        let counted = async {
            while self.connections() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let counted = tokio::time::timeout(PATIENCE, counted).await;
        assert!(counted.is_ok(), "{}, not {count}", self.connections());
    }

    /// A business that is open Sunday to Friday, 9:00 to 18:00, every half hour.
    pub(crate) async fn business(&self, name: &str, called_number: &str) -> Business {
        let settings = AppointmentSettings::simple(
            "sun-fri".parse().expect("days"),
            time!(9:00),
            time!(18:00),
            30,
            TimeZoneName::jerusalem(),
        );
        let new = NewBusiness {
            name: name.to_owned(),
            called_number: called_number.parse().expect("a number"),
            text: "תספורת 80 שקלים.".to_owned(),
            agent_name: None,
            agent_gender: AgentGender::Female,
            transfer_number: None,
            terms: Terms::default(),
            settings: settings.expect("settings"),
        };
        businesses::add(self.store(), new).await.expect("added")
    }

    /// Gives a business settings of the full form: every day but Saturday from 9:00 to 18:00, every half hour, and
    /// these fields.
    pub(crate) async fn settle(&self, business: &Business, fields: &str) {
        let json = format!(
            r#"{{"time_zone":"Asia/Jerusalem","active_days":["sunday","monday","tuesday","wednesday","thursday","friday"],
                "start_hour":"09:00","end_hour":"18:00","slot_interval_minutes":30,{fields}}}"#
        );
        let settings = businesses::read_settings(&json).expect("settings");
        businesses::replace_settings(self.store(), business.id, &settings)
            .await
            .expect("replaced");
    }

    /// The business of a test that needs one.
    pub(crate) async fn dana(&self) -> Business {
        self.business("דנה", "+972721234567").await
    }

    /// A call to a business, not yet placed.
    pub(crate) fn call(
        &self,
        business: &Business,
        script: impl IntoIterator<Item = Step>,
    ) -> PlaceCall {
        let url: Url = format!("{}/twilio/voice", self.origin())
            .parse()
            .expect("an address");
        let seed = u64::from(self.calls.fetch_add(1, Ordering::Relaxed));
        PlaceCall {
            to: business.called_number.e164().to_owned(),
            max_duration: Duration::from_secs(50),
            ..PlaceCall::new(
                url,
                AUTH_TOKEN,
                script.into_iter().collect(),
                self.clock.now(),
                seed,
            )
        }
    }

    /// Everything that happened in the gateway's calls since this was last asked.
    pub(crate) fn facts(&mut self) -> Vec<Fact> {
        let mut facts = Vec::new();
        while let Ok(observation) = self.facts.try_recv() {
            facts.push(observation.fact);
        }
        facts
    }

    /// Waits for a fact.
    pub(crate) async fn until(&mut self, what: impl Fn(&Fact) -> bool) {
        let found = async {
            while let Some(observation) = self.facts.recv().await {
                if what(&observation.fact) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .expect("it happens in time");
    }

    /// What the model was told that the server did, over all connections, in order.
    pub(crate) fn told(&self) -> Vec<Value> {
        let items = self.sent_to_model("conversation.item.create");
        let texts = items
            .iter()
            .filter_map(|event| event.event.pointer("/item/content/0/text")?.as_str());
        texts
            .filter_map(|text| serde_json::from_str::<Value>(text).ok())
            .filter(|event| event["server_event"].is_string())
            .collect()
    }

    /// The names of those server events.
    pub(crate) fn told_names(&self) -> Vec<String> {
        let name = |event: &Value| event["server_event"].as_str().map(str::to_owned);
        self.told().iter().filter_map(name).collect()
    }

    /// Events of a kind that reached the model.
    pub(crate) fn sent_to_model(&self, kind: &str) -> Vec<WireEvent> {
        let mut events = self.openai.events();
        events.retain(|event| event.dir == Direction::Client && event.kind() == kind);
        events
    }

    /// How many segments went to the parser.
    pub(crate) fn parser_questions(&self) -> usize {
        let events = self.openai.events();
        events
            .iter()
            .filter(|event| event.dir == Direction::ChatRequest)
            .count()
    }

    /// What a call left in the database, once the gateway has noted its end.
    pub(crate) async fn left_by(&self, call: &CallKey) -> Left {
        let ended = async {
            loop {
                let session = self.store().call_session(call).await.expect("a session");
                match session.filter(|session| session.ending.is_some()) {
                    Some(session) => return session,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        Left {
            session: tokio::time::timeout(PATIENCE, ended)
                .await
                .expect("the gateway notes the call's end"),
            transcript: self.store().transcript(call).await.expect("a transcript"),
            usage: self.store().usage(call).await.expect("usage"),
        }
    }

    /// Every appointment of a business.
    pub(crate) async fn appointments(&self, business: &Business) -> Vec<AppointmentRow> {
        let horizon = NOW + time::Duration::days(400);
        self.store()
            .appointments(business.id, NOW, horizon)
            .await
            .expect("appointments")
    }

    /// The first open task of a business, as soon as there is one.
    pub(crate) async fn task(&self, business: &Business) -> TaskRow {
        let store = self.store();
        let task = async {
            loop {
                let tasks = store.tasks(business.id, false).await.expect("tasks");
                if let Some(task) = tasks.into_iter().next() {
                    return task;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let task = tokio::time::timeout(PATIENCE, task).await;
        task.expect("a task for the business")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a call left in the database.
pub(crate) struct Left {
    pub(crate) session: CallSession,
    pub(crate) transcript: Vec<TranscriptLine>,
    pub(crate) usage: Vec<ModelUsage>,
}

/// The key of a call that is to be placed.
pub(crate) fn key_of(business: &Business, call: &PlaceCall) -> CallKey {
    CallKey {
        business_id: business.id,
        call_sid: call.call_sid.parse().expect("a call's id"),
    }
}

/// Places a call that goes as its script says, on a wire of which a provider would have nothing to complain.
pub(crate) async fn place(call: PlaceCall) -> CallReport {
    let report = Caller::place(call).await.expect("the call is answered");
    assert_eq!(report.ended_by, EndedBy::Caller, "{report:#?}");
    assert!(report.violations.is_empty(), "{report:#?}");
    report
}

/// The caller waits for the agent's first sound.
pub(crate) const fn agent_speaks() -> Step {
    Step::WaitForSpeech { timeout_ms: 15_000 }
}

/// The caller says a recording, over the agent if need be.
pub(crate) fn say(utterance: &str) -> Step {
    Step::Say {
        utterance: utterance.parse().expect("a recorded utterance"),
        keep_ms: None,
    }
}

/// The caller waits to hear these words, said since the caller last spoke.
pub(crate) fn hear(words: &str) -> Step {
    Step::WaitHeard {
        text: words.to_owned(),
        timeout_ms: 15_000,
    }
}

/// The call up to the offer of Tuesday, half past ten. The caller lets nobody finish a sentence: it saves time.
pub(crate) fn until_offered() -> Vec<Step> {
    let over_the_list = Step::Interrupt {
        after_ms: 200,
        utterance: "12".parse().expect("a recorded utterance"),
        timeout_ms: 15_000,
    };
    vec![agent_speaks(), say("11"), over_the_list, hear("לקבוע לך?")]
}

/// The shortest call that books it.
pub(crate) fn booking() -> Vec<Step> {
    let mut steps = until_offered();
    steps.extend([say("31"), hear("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30")]);
    steps
}
