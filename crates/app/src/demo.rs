//! The demonstration: a whole call on this machine, with no keys and no network.

use std::{io::Write, path::Path};

use tokio::net::TcpListener;
use toran_bridge::{Clock as _, SystemClock};
use toran_domain::{AgentGender, Cost, PhoneNumber, Speaker, Terms};
use toran_hebrew as hebrew;
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    phone::EndedBy,
    scenario::Scenario,
};
use uuid::Uuid;

use crate::{
    Config, ProcessEnvironment, RehearsalError, Tenure,
    businesses::NewBusiness,
    checklist::{Check, Evidence, ten_parts},
    config::Strings,
    rehearsal::{Rehearsal, rehearse, throw_away_number},
    telemetry::LogWatch,
    terminal::Terminal,
};

const INTRODUCTION: &str = "\
Toran: a demonstration call, on this machine alone.
  The gateway, its database (SQLite), its sockets and every decision are real.
  OpenAI is SIMULATED: a stand-in that recognises the recordings by their samples and obeys the prompt, except where
  the scenario has it lie. Its voice is a tone that carries its words. The caller's Hebrew is a speech synthesiser's.
";

/// Runs the demonstration; `true` if every part of it held.
pub async fn run(
    out: &mut dyn Write,
    watch: &LogWatch,
    stop: impl Future<Output = ()>,
) -> Result<bool, RehearsalError> {
    let mut terminal = Terminal::new(out);
    terminal.text(INTRODUCTION)?;
    let folder = std::env::temp_dir().join(format!("toran-demo-{}", Uuid::now_v7().simple()));
    std::fs::create_dir(&folder)?;
    let result = call(&mut terminal, watch, &folder.join("toran.db"), stop).await;
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn call(
    terminal: &mut Terminal<'_>,
    watch: &LogWatch,
    database: &Path,
    stop: impl Future<Output = ()>,
) -> Result<bool, RehearsalError> {
    let scenario = Scenario::demo()?;
    let script = scenario.steps.clone();
    let seed = u64::try_from(SystemClock.now().unix_timestamp()).unwrap_or_default();
    let openai = OpenAiSimulator::start(
        TcpListener::bind("127.0.0.1:0").await?,
        scenario,
        OpenAiOptions::new(SystemClock.now(), seed),
    )?;
    let config = demo_config(&openai.base_url(), database)?;
    terminal.text(&format!("scenario: {}\n", Scenario::demo()?.title))?;
    let database_is_ours = Tenure::Deployment;
    let rehearsal = rehearse(
        database_is_ours,
        config,
        business()?,
        script,
        terminal,
        stop,
    )
    .await?;
    let wire = openai.events();
    let lines = watch.lines();
    let checks = ten_parts(&Evidence {
        rehearsal: &rehearsal,
        wire: &wire,
        log: &lines,
    });
    conclude(terminal, &rehearsal, &checks)
}

/// Nothing of the environment counts here: the demonstration is the same everywhere.
fn demo_config(base_url: &str, database: &Path) -> Result<Config, RehearsalError> {
    let nothing = std::collections::BTreeMap::new();
    let toml = format!(
        "database_url = 'sqlite://{}'\n[openai]\nbase_url = '{base_url}'\n",
        database.display()
    );
    Config::parse(&toml, &nothing).map_err(|error| RehearsalError::Setting(Box::new(error)))
}

pub(crate) fn business() -> Result<NewBusiness, RehearsalError> {
    fn setting(error: impl std::error::Error + Send + Sync + 'static) -> RehearsalError {
        RehearsalError::Setting(Box::new(error))
    }
    let settings = AppointmentSettings::simple(
        "sun-fri".parse().map_err(setting)?,
        time::macros::time!(9:00),
        time::macros::time!(18:00),
        30,
        TimeZoneName::jerusalem(),
    )
    .map_err(setting)?;
    Ok(NewBusiness {
        name: "מספרת דנה".to_owned(),
        called_number: throw_away_number()?,
        text: "תספורת גברים 80 שקלים, תספורת נשים 150 שקלים. רחוב הרצל 10, תל אביב.".to_owned(),
        agent_name: Some("נועה".to_owned()),
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings,
    })
}

fn conclude(
    terminal: &mut Terminal<'_>,
    rehearsal: &Rehearsal,
    checks: &[Check],
) -> Result<bool, RehearsalError> {
    terminal.text("\nIn the database:")?;
    for row in &rehearsal.appointments {
        terminal.text(&format!(
            "  appointment {}\n    {} ({}), {}–{}; name {}, phone {}, call {}",
            row.booking.appointment_id,
            row.booking.date,
            hebrew::date_words(row.booking.date),
            hebrew::clock(row.booking.time),
            hebrew::clock(rehearsal.business.settings.local(row.ends_at).time()),
            row.name.as_ref().map_or("unknown", |name| name.expose()),
            row.caller
                .as_ref()
                .map_or("withheld".to_owned(), PhoneNumber::masked),
            row.call_sid,
        ))?;
    }
    let agent_lines = rehearsal
        .transcript
        .iter()
        .filter(|line| line.speaker == Speaker::Agent)
        .count();
    terminal.text(&format!(
        "  transcript: {} lines, {agent_lines} of them the agent's",
        rehearsal.transcript.len()
    ))?;
    for used in &rehearsal.usage {
        let cost = used
            .cost
            .map_or("price unknown".to_owned(), |cost: Cost| cost.to_string());
        terminal.text(&format!(
            "  usage of {} (as the stand-in reports it): {cost}",
            used.model
        ))?;
    }
    terminal.text("\nThe ten parts:")?;
    for check in checks {
        terminal.text(&format!("  {check}"))?;
    }
    let mut held = checks.iter().all(Check::held);
    if rehearsal.report.ended_by != EndedBy::Caller {
        held = false;
        terminal.text(&format!(
            "\nThe call did not go as scripted: {:?}",
            rehearsal.report.ended_by
        ))?;
    }
    for violation in &rehearsal.report.violations {
        held = false;
        terminal.text(&format!("\nA provider would complain: {violation}"))?;
    }
    terminal.text(if held {
        "\nAll ten parts held. (OpenAI was simulated.)"
    } else {
        "\nNOT all of it held."
    })?;
    Ok(held)
}

/// The log filter of a demonstration: silent unless asked for.
pub fn log_filter() -> String {
    ProcessEnvironment
        .get("TORAN_LOG")
        .unwrap_or_else(|| "off".to_owned())
}
