//! The Toran gateway: arguments, configuration, application, run, drain.

mod business;
mod office;

use std::{io::Write as _, path::PathBuf, process::ExitCode, sync::Arc};

use business::{BusinessCommand, Gender};
use clap::{Args, Parser, Subcommand};
use office::{
    AppointmentCommand, LeadCommand, OutboxCommand, RetentionArguments, TaskCommand, WebhookCommand,
};
use tokio::task::JoinHandle;
use toran_app::{
    App, Config, ProcessEnvironment, StartError, Surroundings, backup,
    clips::{self, ClipOrder},
    config::{ConfigError, LogFormat, LogSection, VARIABLES},
    demo, migrations, model_check, open_store,
    output::Output,
    preflight, readiness,
    telemetry::{self, LogWatch},
};
use toran_domain::VoiceName;

/// The exit code for a configuration that is refused (`EX_USAGE` of sysexits).
const BAD_CONFIGURATION: u8 = 64;
/// The exit code for everything else that went wrong.
const FAILED: u8 = 1;
/// The exit code of `migrate --status` while migrations are pending.
const PENDING: u8 = 3;

/// How a command that ran to its end came out.
enum Outcome {
    Well,
    /// It has said what is wrong.
    NotWell,
    /// There are migrations to apply.
    Pending,
}

impl Outcome {
    const fn of(is_well: bool) -> Self {
        if is_well { Self::Well } else { Self::NotWell }
    }
}

/// Answers a business's phone in Hebrew and books appointments that really exist.
#[derive(Parser)]
#[command(version, after_help = environment_help())]
struct Arguments {
    /// The configuration file (default: the one in `TORAN_CONFIG`, or `toran.toml` if it is there).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Take calls (the default).
    Serve,
    /// Show a whole call on this machine: no keys, no network, OpenAI simulated.
    Demo,
    /// Place a check call through this deployment's configuration, and say whether it is ready.
    Preflight,
    /// Have the model record what is heard where it cannot speak, in each voice and gender.
    Clips(ClipsArguments),
    /// Bring the database's schema up to date and show its migrations.
    Migrate {
        /// Only show which there are: exit code 3 while some are pending.
        #[arg(long)]
        status: bool,
    },
    /// Copy the SQLite database into a new file, while a gateway may write.
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Put a backup into the database's place, or only check it.
    Restore(RestoreArguments),
    /// The businesses of this deployment.
    Business {
        #[command(subcommand)]
        command: BusinessCommand,
    },
    /// A business's appointments.
    Appointment {
        #[command(subcommand)]
        command: AppointmentCommand,
    },
    /// Who called a business.
    Lead {
        #[command(subcommand)]
        command: LeadCommand,
    },
    /// What callers left for a business to do.
    Task {
        #[command(subcommand)]
        command: TaskCommand,
    },
    /// What other services are told of a business, and what of it could not be delivered.
    Outbox {
        #[command(subcommand)]
        command: OutboxCommand,
    },
    /// Where a business's events go.
    Webhook {
        #[command(subcommand)]
        command: WebhookCommand,
    },
    /// For how long a business keeps what is personal.
    Retention(RetentionArguments),
}

#[derive(Args)]
struct RestoreArguments {
    /// A backup that `gateway backup` made.
    file: PathBuf,
    /// Only tell what is in it, and whether it is good.
    #[arg(long, conflicts_with = "replace")]
    verify: bool,
    /// Move a database that is there aside, to NAME.before-restore-TIME.
    #[arg(long)]
    replace: bool,
}

#[derive(Args)]
struct ClipsArguments {
    /// A voice to record; the configured one without it. May be given several times.
    #[arg(long, value_name = "VOICE")]
    voice: Vec<VoiceName>,
    /// The agent's grammatical gender; both without it.
    #[arg(long)]
    gender: Vec<Gender>,
    /// Where to put the recordings (default: the folder in `TORAN_CLIPS`, or `clips` beside the SQLite file).
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl ClipsArguments {
    fn order(self) -> ClipOrder {
        ClipOrder {
            voices: self.voice,
            genders: self.gender.into_iter().map(Into::into).collect(),
            folder: self.folder,
        }
    }
}

fn environment_help() -> String {
    let variables: Vec<String> = VARIABLES
        .iter()
        .map(|(name, what)| format!("  {name:<26} {what}"))
        .collect();
    format!(
        "Environment (it outweighs the file):\n{}",
        variables.join("\n")
    )
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match done {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::NotWell) => ExitCode::from(FAILED),
        Ok(Outcome::Pending) => ExitCode::from(PENDING),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "gateway: {}", in_one_line(&error));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// An error and its causes. Some libraries write the cause into the error itself: it is not said twice.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !line.ends_with(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let wants_a_setting = |start: &StartError| start.is_configuration();
    let refused = error.is::<ConfigError>()
        || error
            .chain()
            .any(|cause| cause.downcast_ref().is_some_and(wants_a_setting));
    if refused { BAD_CONFIGURATION } else { FAILED }
}

async fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    let out = &mut Output::standard();
    let command = arguments.command.unwrap_or(Command::Serve);
    if matches!(command, Command::Demo) {
        let watch = LogWatch::default();
        start_log(
            &LogSection {
                filter: demo::log_filter(),
                format: LogFormat::Text,
            },
            Some(watch.clone()),
        )?;
        let held = demo::run(out, &watch, toran_app::stop_signal()).await?;
        return Ok(Outcome::of(held));
    }
    let config = Config::load(arguments.config.as_deref(), &ProcessEnvironment)?;
    match command {
        Command::Demo => {}
        Command::Serve => serve(config, arguments.config).await?,
        Command::Preflight => {
            let watch = LogWatch::default();
            start_log(&config.log, Some(watch.clone()))?;
            let ready = preflight::run(config, out, &watch, toran_app::stop_signal()).await?;
            return Ok(Outcome::of(ready));
        }
        Command::Clips(arguments) => {
            start_log(&config.log, None)?;
            let recorded = clips::record(&config, &arguments.order(), out).await?;
            return Ok(Outcome::of(recorded));
        }
        Command::Migrate { status } => {
            start_log(&config.log, None)?;
            if !migrations::migrate(&config, status, out).await? {
                return Ok(Outcome::Pending);
            }
        }
        Command::Backup { file } => backup::back_up(&config, &file, out).await?,
        Command::Restore(RestoreArguments { file, verify, .. }) if verify => {
            return Ok(Outcome::of(backup::verify(&config, &file, out).await?));
        }
        Command::Restore(RestoreArguments { file, replace, .. }) => {
            let restored = backup::restore(&config, &file, replace, out).await?;
            return Ok(Outcome::of(restored));
        }
        Command::Business { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Appointment { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Lead { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Task { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Outbox { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Webhook { command } => command.run(&open_store(&config).await?, out).await?,
        Command::Retention(arguments) => arguments.run(&open_store(&config).await?, out).await?,
    }
    Ok(Outcome::Well)
}

async fn serve(config: Config, file: Option<PathBuf>) -> anyhow::Result<()> {
    start_log(&config.log, None)?;
    let app = App::build(&config, Surroundings::bind(config.listen).await?).await?;
    readiness::warn_of_missing(&config);
    tracing::info!(listen = %app.local_addr()?, public_url = %config.public_url, "taking calls");
    let account = app.account();
    let load = move || Config::load(file.as_deref(), &ProcessEnvironment);
    let beside = [
        tokio::spawn(model_check::watch_models(Arc::clone(&account))),
        tokio::spawn(toran_app::reload_on_signal(config, account, load)),
    ];
    app.run(toran_app::stop_signal()).await?;
    beside.iter().for_each(JoinHandle::abort);
    Ok(())
}

fn start_log(log: &LogSection, watch: Option<LogWatch>) -> Result<(), ConfigError> {
    telemetry::start(log, watch).map_err(|problem| ConfigError {
        problems: vec![problem],
    })
}

#[cfg(test)]
mod tests {
    use toran_app::RehearsalError;

    use super::*;

    #[track_caller]
    fn check(error: impl Into<anyhow::Error>, expected: u8) {
        let error = error.into();
        assert_eq!(exit_code(&error), expected, "{error:#}");
    }

    #[test]
    fn what_the_operator_must_set_has_its_own_exit_code() {
        let problems = Vec::new();
        check(ConfigError { problems }, BAD_CONFIGURATION);
        check(StartError::NoModel, BAD_CONFIGURATION);
        check(StartError::NoAuthToken, BAD_CONFIGURATION);
        check(
            RehearsalError::Start(StartError::NoModel),
            BAD_CONFIGURATION,
        );
        let taken = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let listen = ([127, 0, 0, 1], 80).into();
        check(
            StartError::Listen {
                listen,
                source: taken,
            },
            FAILED,
        );
        check(anyhow::anyhow!("anything else"), FAILED);
    }
}
