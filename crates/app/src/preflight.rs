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

use crate::{
    Config, RehearsalError,
    businesses::NewBusiness,
    checklist::milestones,
    demo,
    model_check::warn_of_models,
    rehearsal::{clear_away, rehearse},
    telemetry::LogWatch,
    terminal::{Ear, Terminal},
};

/// Runs the check; `true` if the deployment is ready.
pub async fn run(
    mut config: Config,
    out: &mut dyn Write,
    watch: &LogWatch,
) -> Result<bool, RehearsalError> {
    let mut terminal = Terminal::new(out);
    let mut script = Scenario::preflight()?.steps;
    // Kept until the end: it stops when it is dropped.
    let _simulator = if config.openai.is_reachable() {
        terminal.text(&format!(
            "preflight: a call through {} with {}, {} and {}",
            config.openai.base_url,
            config.openai.realtime_model,
            config.openai.transcription_model,
            config.openai.parser_model,
        ))?;
        warn_of_models(&config.openai).await;
        script = script.into_iter().map(without_words).collect();
        terminal.listen_by(Ear::Transcript);
        None
    } else {
        terminal.text("preflight: OPENAI_API_KEY is not set, so OpenAI is SIMULATED; everything else is this deployment's")?;
        let options = OpenAiOptions::new(SystemClock.now(), 1);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let simulator = OpenAiSimulator::start(listener, Scenario::preflight()?, options)?;
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
    let rehearsal = rehearse(config.clone(), business, script, &mut terminal).await?;
    clear_away(&config, &rehearsal.business).await?;

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
    let missing = found.iter().find(|milestone| milestone.at.is_none());
    let verdict = match (
        missing,
        rehearsal.appointments.as_slice(),
        &rehearsal.report.ended_by,
    ) {
        (Some(missing), _, _) => Err(format!(
            "the log does not show, or not in this order: {}",
            missing.name
        )),
        (None, [_], EndedBy::Caller) => Ok(()),
        (None, [_], other) => Err(format!("the call did not go as scripted: {other:?}")),
        (None, rows, _) => Err(format!("{} appointments were made, not one", rows.len())),
    };
    match &verdict {
        Ok(()) if config.openai.api_key.is_some() => terminal.text("\nREADY: this deployment books.")?,
        Ok(()) => terminal.text("\nREADY, as far as a simulated OpenAI can tell: set OPENAI_API_KEY to check the real one.")?,
        Err(why) => terminal.text(&format!("\nNOT READY: {why}"))?,
    }
    Ok(verdict.is_ok())
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
