//! The Toran gateway: arguments, configuration, application, run, drain.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use toran_app::{
    App, Config, ProcessEnvironment, StartError, Surroundings,
    businesses::{self, NewBusiness},
    config::{ConfigError, LogFormat, LogSection, VARIABLES},
    demo, migrations, model_check, open_store, preflight,
    telemetry::{self, LogWatch},
};
use toran_domain::{AgentGender, PhoneNumber};
use toran_scheduling::{ActiveDays, AppointmentSettings, TimeZoneName};

/// The exit code for a configuration that is refused (`EX_USAGE` of sysexits).
const BAD_CONFIGURATION: u8 = 64;
/// The exit code for everything else that went wrong.
const FAILED: u8 = 1;

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
    /// Bring the database's schema up to date and show its migrations.
    Migrate {
        /// Only show which there are.
        #[arg(long)]
        status: bool,
    },
    /// The businesses of this deployment.
    Business {
        #[command(subcommand)]
        command: BusinessCommand,
    },
}

#[derive(Subcommand)]
enum BusinessCommand {
    /// Add a business.
    Add(Box<BusinessArguments>),
    /// List them.
    List,
}

#[derive(Args)]
struct BusinessArguments {
    /// The name that callers know.
    #[arg(long)]
    name: String,
    /// The number that callers dial, in E.164: +97231234567.
    #[arg(long)]
    number: PhoneNumber,
    /// Days on which it takes appointments: `sun-fri`, or `sun,tue,thu`.
    #[arg(long, default_value = "sun-thu")]
    days: ActiveDays,
    /// When the first appointment may begin, HH:MM.
    #[arg(long, default_value = "09:00", value_parser = wall_clock)]
    start: time::Time,
    /// When the last one must be over, HH:MM.
    #[arg(long, default_value = "18:00", value_parser = wall_clock)]
    end: time::Time,
    /// Minutes from one slot to the next.
    #[arg(long, default_value_t = 30)]
    interval: u16,
    /// Its time zone.
    #[arg(long, default_value = "Asia/Jerusalem")]
    time_zone: TimeZoneName,
    /// Its own words for the prompt: what it does, services, prices, address, tone.
    #[arg(long, default_value = "", conflicts_with = "text_file")]
    text: String,
    /// A file with its own words.
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// The agent's name.
    #[arg(long)]
    agent_name: Option<String>,
    /// The agent's grammatical gender.
    #[arg(long, value_enum, default_value_t = Gender::Female)]
    agent_gender: Gender,
}

#[derive(Clone, Copy, ValueEnum)]
enum Gender {
    Female,
    Male,
}

fn wall_clock(text: &str) -> Result<time::Time, String> {
    let format = time::macros::format_description!("[hour]:[minute]");
    time::Time::parse(text, format).map_err(|_| "write it as HH:MM, like 09:00".to_owned())
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
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "gateway: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let wants_a_setting = |start: &StartError| start.is_configuration();
    let refused = error.is::<ConfigError>()
        || error
            .chain()
            .any(|cause| cause.downcast_ref().is_some_and(wants_a_setting));
    if refused { BAD_CONFIGURATION } else { FAILED }
}

async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let out = &mut std::io::stdout();
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
        return Ok(demo::run(out, &watch).await?);
    }
    let config = Config::load(arguments.config.as_deref(), &ProcessEnvironment)?;
    match command {
        Command::Demo => {}
        Command::Serve => serve(config).await?,
        Command::Preflight => {
            let watch = LogWatch::default();
            start_log(&config.log, Some(watch.clone()))?;
            return Ok(preflight::run(config, out, &watch).await?);
        }
        Command::Migrate { status } => {
            start_log(&config.log, None)?;
            migrations::migrate(&config, status, out).await?;
        }
        Command::Business { command } => {
            let store = open_store(&config).await?;
            match command {
                BusinessCommand::List => businesses::list(&store, out).await?,
                BusinessCommand::Add(arguments) => {
                    let business = businesses::add(&store, arguments.into_business()?).await?;
                    writeln!(out, "{}", business.id)?;
                }
            }
        }
    }
    Ok(true)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    start_log(&config.log, None)?;
    let app = App::build(&config, Surroundings::bind(config.listen).await?).await?;
    tracing::info!(listen = %app.local_addr()?, public_url = %config.public_url, "taking calls");
    let openai = config.openai.clone();
    let model_check = tokio::spawn(async move { model_check::warn_of_models(&openai).await });
    app.run(toran_app::stop_signal()).await?;
    model_check.abort();
    Ok(())
}

fn start_log(log: &LogSection, watch: Option<LogWatch>) -> Result<(), ConfigError> {
    telemetry::start(log, watch).map_err(|problem| ConfigError {
        problems: vec![problem],
    })
}

impl BusinessArguments {
    fn into_business(self) -> anyhow::Result<NewBusiness> {
        let text = match &self.text_file {
            Some(path) => std::fs::read_to_string(path)?,
            None => self.text,
        };
        Ok(NewBusiness {
            name: self.name,
            called_number: self.number,
            text,
            agent_name: self.agent_name,
            agent_gender: match self.agent_gender {
                Gender::Female => AgentGender::Female,
                Gender::Male => AgentGender::Male,
            },
            settings: AppointmentSettings::new(
                self.days,
                self.start,
                self.end,
                self.interval,
                self.time_zone,
            )?,
        })
    }
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
