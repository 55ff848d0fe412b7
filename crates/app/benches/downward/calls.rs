//! Whole calls through the real gateway: its peer stands between it and a simulated phone, and looks at the clock.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::macros::time;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};
use toran_app::{
    App, Config, Surroundings,
    businesses::{self, NewBusiness},
};
use toran_bridge::{Clock as _, Observation, SystemClock};
use toran_call::{BargeIn, Fact};
use toran_domain::AgentGender;
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::{Caller, PlaceCall},
    scenario::{Scenario, Step},
};

use super::{Delays, laboratory::acknowledge_later};

const CALLS: u32 = 12;
/// How often each caller cuts the agent off.
const INTERRUPTIONS: usize = 6;
const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// So do the messages of the media stream begin.
const OPENING: &[u8] = br#"{"event":""#;

/// What arrived at a call's peer, and when.
type Arrivals = Arc<Mutex<Vec<(Kind, Instant)>>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Media,
    Mark,
    Clear,
}

pub(super) async fn measure() -> Delays {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("downward");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let scenario = Scenario::parse("title = 'downward'").expect("a scenario");
    let openai =
        OpenAiSimulator::start(listener, scenario, OpenAiOptions::new(SystemClock.now(), 7));
    let openai = openai.expect("a stand-in for OpenAI");

    let bound = Surroundings::bind(([127, 0, 0, 1], 0).into()).await;
    let (observer, watched) = mpsc::channel(16_384);
    let surroundings = Surroundings {
        observer: Some(observer),
        ..bound.expect("a port")
    };
    let address = surroundings.listener.local_addr().expect("an address");
    let toml = format!(
        "public_url = 'http://{address}'\ndatabase_url = 'sqlite://{}'\n[openai]\nbase_url = '{}'\n\
         [twilio]\nauth_token = '{AUTH_TOKEN}'",
        folder.join("toran.db").display(),
        openai.base_url(),
    );
    let config = Config::parse(&toml, &BTreeMap::new()).expect("a configuration");
    let app = App::build(&config, surroundings).await;
    let app = app.expect("the gateway starts");
    let store = app.store();
    for nth in 0..CALLS {
        let added = businesses::add(&store, business(nth)).await;
        added.expect("a business");
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(app.run(async move { drop(stopped.await) }));
    let decisions = tokio::spawn(decisions(watched));
    let arrivals = place_calls(address).await;
    let _ = stop.send(());
    let served = serving.await.expect("no panic");
    served.expect("the gateway serves");
    let delays = delays(&arrivals, &decisions.await.expect("no panic"));
    let _ = std::fs::remove_dir_all(&folder);
    delays
}

fn number(nth: u32) -> String {
    format!("+9727212345{nth:02}")
}

fn business(nth: u32) -> NewBusiness {
    let settings = AppointmentSettings::simple(
        "sun-sat".parse().expect("days"),
        time!(9:00),
        time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    );
    NewBusiness {
        name: "דנה".to_owned(),
        called_number: number(nth).parse().expect("a number"),
        text: "תספורת 80 שקלים.".to_owned(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: toran_domain::Terms::default(),
        settings: settings.expect("settings"),
    }
}

/// A caller who never hears the agent out.
fn script() -> Vec<Step> {
    let interruptions = ["11", "12"]
        .into_iter()
        .cycle()
        .map(|words| Step::Interrupt {
            after_ms: 700,
            utterance: words.parse().expect("a recorded utterance"),
            timeout_ms: 15_000,
        });
    interruptions.take(INTERRUPTIONS).collect()
}

/// Places all calls at once, each through a peer of its own. By the call's id.
async fn place_calls(gateway: SocketAddr) -> BTreeMap<String, Arrivals> {
    let mut placed = JoinSet::new();
    let mut all = BTreeMap::new();
    for nth in 0..CALLS {
        let peer = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let voice_url = format!("http://{gateway}/twilio/voice");
        let call = PlaceCall {
            to: number(nth),
            connect_to: Some(peer.local_addr().expect("an address")),
            ..PlaceCall::new(
                voice_url.parse().expect("an address"),
                AUTH_TOKEN,
                script(),
                SystemClock.now(),
                nth.into(),
            )
        };
        let arrivals = Arrivals::default();
        all.insert(call.call_sid.clone(), Arc::clone(&arrivals));
        placed.spawn(async move {
            let relaying = tokio::spawn(relay(peer, gateway, arrivals));
            let report = Caller::place(call).await;
            relaying.abort();
            report.expect("the call is answered")
        });
    }
    while let Some(report) = placed.join_next().await {
        report.expect("no panic");
    }
    all
}

/// The gateway's peer: hands on what comes, either way, and notes what arrives for the phone.
async fn relay(peer: TcpListener, gateway: SocketAddr, arrivals: Arrivals) {
    let mut connections = JoinSet::new();
    while let Ok((caller, _)) = peer.accept().await {
        let server = TcpStream::connect(gateway).await.expect("the gateway");
        for socket in [&caller, &server] {
            socket
                .set_nodelay(true)
                .expect("a socket that can be set up");
        }
        let (from_caller, to_caller) = caller.into_split();
        let (from_server, to_server) = server.into_split();
        connections.spawn(up(from_caller, to_server));
        connections.spawn(down(from_server, to_caller, Arc::clone(&arrivals)));
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = Vec::with_capacity(16 * 1024);
    while matches!(from.read_buf(&mut buffer).await, Ok(1..)) {
        if to.write_all(&buffer).await.is_err() {
            return;
        }
        buffer.clear();
    }
}

async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, arrivals: Arrivals) {
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut unread = Vec::new();
    acknowledge_later(from.as_ref());
    while matches!(from.read_buf(&mut buffer).await, Ok(1..)) {
        let now = Instant::now();
        acknowledge_later(from.as_ref());
        unread.extend_from_slice(&buffer);
        let kinds = kinds(&mut unread);
        arrivals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(kinds.into_iter().map(|kind| (kind, now)));
        if to.write_all(&buffer).await.is_err() {
            return;
        }
        buffer.clear();
    }
}

/// The messages that begin in these bytes, which it takes; what may go on with the next ones stays.
fn kinds(bytes: &mut Vec<u8>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let find = |bytes: &[u8]| {
        bytes
            .windows(OPENING.len())
            .position(|some| some == OPENING)
    };
    while let Some(at) = find(bytes) {
        let word = at + OPENING.len();
        let Some(length) = bytes[word..].iter().position(|byte| *byte == b'"') else {
            bytes.drain(..at);
            return kinds;
        };
        match &bytes[word..word + length] {
            b"media" => kinds.push(Kind::Media),
            b"mark" => kinds.push(Kind::Mark),
            b"clear" => kinds.push(Kind::Clear),
            _ => {}
        }
        bytes.drain(..word + length);
    }
    let kept = bytes.len().min(OPENING.len() - 1);
    bytes.drain(..bytes.len() - kept);
    kinds
}

/// When the gateway decided to cut the agent off, by the call's id.
async fn decisions(mut observed: mpsc::Receiver<Observation>) -> Vec<(String, Instant)> {
    let mut decisions = Vec::new();
    while let Some(observation) = observed.recv().await {
        let now = Instant::now();
        let is_final = matches!(
            observation.fact,
            Fact::BargeIn {
                stage: BargeIn::Final
            }
        );
        if is_final {
            decisions.push((observation.call.call_sid.to_string(), now));
        }
    }
    decisions
}

fn delays(calls: &BTreeMap<String, Arrivals>, decisions: &[(String, Instant)]) -> Delays {
    let mut delays = Delays::default();
    for (call_sid, arrivals) in calls {
        let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        for pair in arrivals.windows(2) {
            if let [(Kind::Media, media), (Kind::Mark, mark)] = *pair {
                delays.marks.push(mark - media);
            }
        }
        for (_, at) in arrivals.iter().filter(|(kind, _)| *kind == Kind::Clear) {
            let decided = decisions
                .iter()
                .filter(|(of, decided)| of == call_sid && decided <= at)
                .map(|(_, decided)| *at - *decided)
                .min();
            // A clear that nobody's words caused (an answer that was withdrawn) is not measured, nor one that came long after.
            delays
                .clears
                .extend(decided.filter(|after| *after < Duration::from_millis(500)));
        }
    }
    delays
}
