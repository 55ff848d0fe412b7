//! The stand-ins as processes of their own: `simulator openai` serves in OpenAI's place,
//! `simulator call` calls a gateway the way the telephony provider does.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use time::UtcDateTime;
use tokio::{net::TcpListener, sync::mpsc};
use toran_simulator::{
    Direction, WireEvent,
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::{CallEvent, CallReport, Caller, DialOutcome, EndedBy, LineFaults, PlaceCall},
    scenario::Scenario,
};
use url::Url;

/// Call events that may wait to be printed.
const UNPRINTED_EVENTS: usize = 256;

#[derive(Parser)]
#[command(
    version,
    about = "Stands in for OpenAI and for the phone, without network or account."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the Realtime socket, chat completions and models in OpenAI's place.
    Openai(OpenAi),
    /// Calls a gateway, follows a script, and prints what was said and heard.
    Call(Call),
}

#[derive(Args)]
struct OpenAi {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// The scenario (TOML); the demonstration without it.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Writes every event to this file, one JSON object a line.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Accepts only this key; any without it.
    #[arg(long)]
    api_key: Option<String>,
    /// From which everything random comes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct Call {
    /// The number's voice address, as the provider would call and sign it.
    #[arg(long)]
    voice_url: Url,
    /// Connects here instead of to the host of the addresses.
    #[arg(long)]
    connect_to: Option<SocketAddr>,
    /// The account's secret, with which the requests are signed.
    #[arg(long)]
    auth_token: String,
    /// The caller's number, or what the provider writes in its place (`anonymous`, `+266696687`, nothing).
    #[arg(long)]
    from: String,
    /// The number that is called.
    #[arg(long)]
    to: String,
    /// The scenario (TOML); the demonstration without it.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Writes every message of the media socket to this file, one JSON object a line.
    #[arg(long)]
    record: Option<PathBuf>,
    /// What comes of it when the gateway transfers the call.
    #[arg(long, value_enum, default_value_t = Dial::NoAnswer)]
    dial: Dial,
    /// How long the caller speaks with a person who answers, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    talk_ms: u64,
    /// Frames per thousand that the line loses.
    #[arg(long, default_value_t = 0)]
    lost_per_mille: u32,
    /// Frames per thousand that the line holds back.
    #[arg(long, default_value_t = 0)]
    held_per_mille: u32,
    /// From which everything random comes, the call's id too; the clock without it.
    #[arg(long)]
    seed: Option<u64>,
}

/// What comes of a transfer.
#[derive(Clone, Copy, ValueEnum)]
enum Dial {
    /// The line is busy.
    Busy,
    /// Nobody answers in time.
    NoAnswer,
    /// A person answers.
    Answered,
    /// The number cannot be reached.
    Failed,
}

impl Dial {
    const fn outcome(self, for_ms: u64) -> DialOutcome {
        match self {
            Self::Busy => DialOutcome::Busy,
            Self::NoAnswer => DialOutcome::NoAnswer,
            Self::Answered => DialOutcome::Answered { for_ms },
            Self::Failed => DialOutcome::Failed,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Openai(arguments) => serve(arguments).await,
        Command::Call(arguments) => call(arguments).await,
    }
}

async fn serve(arguments: OpenAi) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let scenario = scenario(arguments.scenario)?;
    let title = scenario.title.clone();
    let mut options = OpenAiOptions::new(now(), arguments.seed);
    options.api_key = arguments.api_key;
    options.record = arguments.record;
    let openai = OpenAiSimulator::start(listener, scenario, options)?;
    let mut events = openai.watch();
    say(&format!("serving {} with: {title}", openai.base_url()))?;
    loop {
        tokio::select! {
            // A watcher that fell behind has missed lines, nothing else.
            event = events.recv() => if let Ok(event) = event && let Some(line) = wire_line(&event) {
                say(&line)?;
            },
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot wait for an interrupt")?;
                openai.shutdown();
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

async fn call(arguments: Call) -> anyhow::Result<ExitCode> {
    let scenario = scenario(arguments.scenario)?;
    let started_at = now();
    let from_clock = || u64::try_from(started_at.unix_timestamp()).unwrap_or_default();
    let seed = arguments.seed.unwrap_or_else(from_clock);
    let voice_url = arguments.voice_url;
    let mut call = PlaceCall::new(
        voice_url,
        arguments.auth_token,
        scenario.steps,
        started_at,
        seed,
    );
    call.from = arguments.from;
    call.to = arguments.to;
    call.connect_to = arguments.connect_to;
    call.record = arguments.record;
    call.dial = arguments.dial.outcome(arguments.talk_ms);
    call.line = LineFaults {
        lost_per_mille: arguments.lost_per_mille,
        held_per_mille: arguments.held_per_mille,
    };
    let (watcher, mut events) = mpsc::channel(UNPRINTED_EVENTS);
    call.watcher = Some(watcher);
    say(&format!("{}\ncalling as {}", scenario.title, call.call_sid))?;
    let calling = tokio::spawn(Caller::place(call));
    while let Some(event) = events.recv().await {
        say(&call_line(&event))?;
        if matches!(event, CallEvent::Ended(_)) {
            break;
        }
    }
    let report = calling.await.context("the call broke off")??;
    say(&summary(&report))?;
    let good = report.ended_by == EndedBy::Caller && report.violations.is_empty();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn scenario(file: Option<PathBuf>) -> anyhow::Result<Scenario> {
    Ok(match file {
        Some(file) => Scenario::load(&file)?,
        None => Scenario::demo()?,
    })
}

/// One line for what matters to a person who watches; nothing for the rest.
fn wire_line(event: &WireEvent) -> Option<String> {
    let arrow = match event.dir {
        Direction::Client | Direction::ChatRequest => "→",
        Direction::Server | Direction::ChatResponse => "←",
        Direction::TwilioIn | Direction::TwilioOut => return None,
    };
    let body = &event.event;
    let text = match (event.dir, event.kind()) {
        (Direction::ChatRequest, _) => body["messages"].as_array()?.last()?["content"].as_str()?,
        (Direction::ChatResponse, _) => body["choices"][0]["message"]["content"].as_str()?,
        (_, "conversation.item.create") => body["item"]["content"][0]["text"].as_str()?,
        (_, "response.done") => body["response"]["status"].as_str()?,
        (_, "error") => body["error"]["message"].as_str()?,
        (
            _,
            "response.output_audio_transcript.done"
            | "conversation.item.input_audio_transcription.completed",
        ) => body["transcript"].as_str()?,
        (_, kind) if kind.contains("delta") || kind.contains("part") => return None,
        _ => "",
    };
    let kind = if event.kind().is_empty() {
        event.dir.as_str()
    } else {
        event.kind()
    };
    Some(
        format!("{} {arrow} {kind} {text}", event.conn)
            .trim_end()
            .to_owned(),
    )
}

fn call_line(event: &CallEvent) -> String {
    match event {
        CallEvent::StreamStarted => "the line is open".to_owned(),
        CallEvent::Said(said) => {
            format!(
                "{} caller: {} ({})",
                clock(said.at_ms),
                said.text,
                said.utterance
            )
        }
        CallEvent::Heard(heard) => {
            let end = if heard.complete { "" } else { " … (cut off)" };
            format!("{} agent:  {}{end}", clock(heard.at_ms), heard.text)
        }
        CallEvent::Cleared => "         (the agent stops)".to_owned(),
        CallEvent::Redirected(url) => format!("redirected to {url}"),
        CallEvent::Dialled { number, outcome } => match outcome {
            DialOutcome::Answered { .. } => format!("a person at {number} answers"),
            DialOutcome::Busy => format!("{number} is busy"),
            DialOutcome::NoAnswer => format!("{number} rings, and nobody answers"),
            DialOutcome::Failed => format!("{number} cannot be reached"),
        },
        CallEvent::Played(played) => {
            format!("a recording of {} ms is played: {}", played.ms, played.url)
        }
        CallEvent::Ended(by) => match by {
            EndedBy::Step(failure) => format!("the call ended early: {failure}"),
            EndedBy::Caller => "the caller hung up".to_owned(),
            EndedBy::Gateway => "the gateway ended the call".to_owned(),
            EndedBy::Rejected => "the gateway did not take the call".to_owned(),
            EndedBy::TooLong => "the call took too long".to_owned(),
            EndedBy::TooManyRedirects => "the call was redirected too often".to_owned(),
        },
    }
}

fn summary(report: &CallReport) -> String {
    let mut text = format!(
        "{:.1} s, {} frames out, {} media in, {} marks played, {} cleared, {} streams",
        report.duration.as_secs_f64(),
        report.frames_sent,
        report.media_received,
        report.marks_played,
        report.marks_cleared,
        report.streams,
    );
    for violation in &report.violations {
        text.push_str("\nviolation: ");
        text.push_str(violation);
    }
    text
}

/// Minutes, seconds, tenths.
fn clock(ms: u64) -> String {
    format!(
        "{:02}:{:02}.{}",
        ms / 60_000,
        ms / 1_000 % 60,
        ms / 100 % 10
    )
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process reads the clock once, where it starts"
)]
fn now() -> UtcDateTime {
    UtcDateTime::now()
}
