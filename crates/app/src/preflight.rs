//! The check before a deployment: one call through the deployment's own configuration, on a throw-away business,
//! and the log must show the milestones in order.

use std::{io::Write, time::Duration};

use tokio::net::TcpListener;
use toran_bridge::{Clock as _, SystemClock};
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::EndedBy,
    scenario::{Scenario, Step},
};

use toran_call::Fact;
use toran_openai::{ModelStatus, Role};
use uuid::Uuid;

use crate::{
    Config, RehearsalError, StartError, Tenure,
    businesses::NewBusiness,
    checklist::{Milestone, milestones},
    demo,
    model_check::report_models,
    models, open_store, readiness,
    rehearsal::{Rehearsal, clear_away, rehearse},
    telemetry::LogWatch,
    terminal::{Ear, Terminal},
};

/// Runs the check; `true` if the deployment is ready. Whatever it says last is the verdict, and where that is bad, the cause.
pub async fn run(
    config: Config,
    out: &mut dyn Write,
    watch: &LogWatch,
    stop: impl Future<Output = ()>,
) -> Result<bool, RehearsalError> {
    let mut terminal = Terminal::new(out);
    let mut causes = readiness::missing(&config);
    let service = service_problem(&config, &mut terminal).await?;
    let schema = schema_problem(&config).await?;
    if schema.is_some() {
        terminal.text("no call is placed: the database does not have this gateway's schema")?;
    } else if service.is_some() {
        terminal.text("no call is placed: the model's service would refuse it")?;
    } else {
        causes.extend(place_call(&config, &mut terminal, watch, stop).await?);
    }
    causes.extend(service.into_iter().chain(schema));
    let verdict = match causes.as_slice() {
        [] if config.openai.is_reachable() => "READY: this deployment books.".to_owned(),
        [] => "READY, as far as a simulated OpenAI can tell: set OPENAI_API_KEY to check the real one.".to_owned(),
        causes => format!("NOT READY: {}", causes.join("; and ")),
    };
    terminal.text(&format!("\n{verdict}"))?;
    Ok(causes.is_empty())
}

/// Why the deployment's database is not as this gateway needs it. To change that is not for a check to do.
async fn schema_problem(config: &Config) -> Result<Option<String>, RehearsalError> {
    match open_store(config).await {
        Ok(store) => {
            store.close().await;
            Ok(None)
        }
        Err(StartError::Schema(refusal)) => Ok(Some(refusal.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Why the model's service would serve no call: the key, or a role for which every model is gone.
async fn service_problem(
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Option<String>, RehearsalError> {
    if !config.openai.is_reachable() {
        return Ok(None);
    }
    terminal.text(&format!(
        "preflight: the models of {}",
        config.openai.base_url
    ))?;
    let account = models::account(&config.openai)
        .map_err(|error| RehearsalError::Setting(Box::new(error)))?;
    let reports = match report_models(&account).await {
        Ok(reports) => reports,
        // One that cannot give a list may serve calls all the same: the call tells.
        Err(error) => return Ok(error.is_lasting().then(|| with_causes(&error))),
    };
    let gone = Role::ALL.into_iter().find(|role| {
        let mut of_role = reports.iter().filter(|report| report.role == *role);
        of_role.all(|report| report.status == ModelStatus::Gone)
    });
    Ok(gone.map(|role| {
        let names = config.openai.account.models(role);
        let setting = role.setting();
        format!("the account has no model of {setting} ({names}): name one that it has")
    }))
}

/// Places the call, shows it, and says what kept it from going as it should.
async fn place_call(
    config: &Config,
    terminal: &mut Terminal<'_>,
    watch: &LogWatch,
    stop: impl Future<Output = ()>,
) -> Result<Option<String>, RehearsalError> {
    let mut config = config.clone();
    let mut script = Scenario::preflight()?.steps;
    // Kept until the end: it stops when it is dropped.
    let _simulator = if config.openai.is_reachable() {
        terminal.text(&format!(
            "preflight: a call through {}",
            config.openai.base_url
        ))?;
        script = script.into_iter().map(without_words).collect();
        terminal.listen_by(Ear::Transcript);
        None
    } else {
        terminal.text(
            "preflight: OpenAI is SIMULATED, because there is no OPENAI_API_KEY; the rest of the call is real",
        )?;
        let simulator = simulated_openai().await?;
        config.openai.base_url = simulator
            .base_url()
            .parse()
            .map_err(|error| RehearsalError::Setting(Box::new(error)))?;
        config.openai.realtime_url = None;
        Some(simulator)
    };
    let business = NewBusiness {
        name: "בדיקה לפני עלייה לאוויר".to_owned(),
        ..demo::business()?
    };
    let rehearsal = rehearse_as_guest(config, business, script, terminal, stop).await?;
    terminal.text("\nmilestones:")?;
    let found = milestones(&watch.lines());
    for milestone in &found {
        let at = milestone
            .at
            .map(|at| at.saturating_duration_since(rehearsal.began));
        let time = at.map_or("   -   ".to_owned(), seconds);
        let mark = if at.is_some() { "ok  " } else { "MISS" };
        terminal.text(&format!(
            "  {mark} {time}  {} {}",
            milestone.name, milestone.detail
        ))?;
    }
    Ok(call_problem(&found, &rehearsal))
}

/// Holds the rehearsal in the deployment's database, with a spool of its own beside the deployment's, and removes both the
/// business and the spool.
async fn rehearse_as_guest(
    mut config: Config,
    business: NewBusiness,
    script: Vec<Step>,
    terminal: &mut Terminal<'_>,
    stop: impl Future<Output = ()>,
) -> Result<Rehearsal, RehearsalError> {
    // What others left in the deployment's spool is for its own gateways to bring in.
    config
        .spool
        .push(format!("preflight-{}", Uuid::now_v7().simple()));
    let held = rehearse(
        Tenure::Guest,
        config.clone(),
        business,
        script,
        terminal,
        stop,
    )
    .await;
    let removed = std::fs::remove_dir_all(&config.spool);
    let rehearsal = held?;
    clear_away(&config, &rehearsal.business).await?;
    removed?;
    Ok(rehearsal)
}

async fn simulated_openai() -> Result<OpenAiSimulator, RehearsalError> {
    let options = OpenAiOptions::new(SystemClock.now(), 1);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(OpenAiSimulator::start(
        listener,
        Scenario::preflight()?,
        options,
    )?)
}

/// What kept the call from going as it should; the reason behind a missing milestone rather than the milestone.
fn call_problem(found: &[Milestone], rehearsal: &Rehearsal) -> Option<String> {
    let missing = found.iter().find(|milestone| milestone.at.is_none());
    let rows = rehearsal.appointments.len();
    match (missing, rows, &rehearsal.report.ended_by) {
        (None, 1, EndedBy::Caller) => None,
        (Some(missing), ..) => Some(rehearsal.facts.iter().find_map(reason).unwrap_or_else(|| {
            format!(
                "the log does not show, or not in this order: {}",
                missing.name
            )
        })),
        (None, 1, other) => Some(format!("the call did not go as scripted: {other:?}")),
        (None, rows, _) => Some(format!("{rows} appointments were made, not one")),
    }
}

/// Why a call cannot go on, where a fact says so.
fn reason(fact: &Fact) -> Option<String> {
    let why = match fact {
        Fact::SessionRefused { code } => {
            let remedy = toran_realtime::remedy(code).unwrap_or("check the key and the models");
            format!("the model's service refuses this deployment ({code}): {remedy}")
        }
        Fact::SessionLost { .. } => {
            "no session with the model could be opened, or it was lost: the log above says why".to_owned()
        }
        Fact::TranscriptionFailed { code, .. } => format!(
            "the model that transcribes failed ({code}): check openai.transcription_model"
        ),
        Fact::ParserFailed { .. } => {
            "the model that parses gave no answer: the log above says why; check openai.parser_model".to_owned()
        }
        Fact::ResponseFailed { code, .. } => format!("the model's answer failed ({code})"),
        _ => return None,
    };
    Some(why)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

/// A real voice is not understood by the simulated caller: it waits for speech instead of for words.
fn without_words(step: Step) -> Step {
    match step {
        Step::WaitHeard { timeout_ms, .. } | Step::WaitForSpeech { timeout_ms } => {
            Step::WaitForSpeech {
                timeout_ms: timeout_ms.max(REAL_PATIENCE_MS),
            }
        }
        Step::WaitUntilSilent { for_ms, timeout_ms } => Step::WaitUntilSilent {
            for_ms: for_ms.max(1_500),
            timeout_ms: timeout_ms.max(REAL_PATIENCE_MS),
        },
        other => other,
    }
}

const REAL_PATIENCE_MS: u64 = 40_000;

fn seconds(at: Duration) -> String {
    format!("{:6.2}s", at.as_secs_f64())
}
