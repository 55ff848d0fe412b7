//! The commands on businesses.

use std::{io::Write, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use toran_app::{
    SqlStore,
    businesses::{self, NewBusiness},
};
use toran_domain::{AgentGender, BusinessId, PhoneNumber};
use toran_scheduling::{
    ActiveDays, AppointmentSettings, ClockTime, FullForm, HolidayRules, SimpleForm, TimeZoneName,
};

#[derive(Subcommand)]
pub(crate) enum BusinessCommand {
    /// Add a business.
    Add(Box<BusinessArguments>),
    /// List them.
    List,
    /// Show a business's settings as JSON, or replace them.
    Settings {
        /// Its id, as `business list` shows it.
        id: BusinessId,
        /// New settings in JSON, in either form; `-` is standard input. Bookings follow them from now on, and
        /// appointments that stand are not touched: one on a resource that is no longer there closes the whole business
        /// for its time.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show the number at which a person of a business takes calls that are transferred, or change it.
    Transfer {
        /// Its id, as `business list` shows it.
        id: BusinessId,
        /// The number: +972541234567, or 054-123-4567 as it is dialled in Israel.
        #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled)]
        to: Option<PhoneNumber>,
        /// Nobody takes calls: whoever asks for a person becomes a task.
        #[arg(long, conflicts_with = "to")]
        none: bool,
    },
    /// Write a business's coming appointments, or its free/busy, as iCalendar.
    Calendar {
        /// Its id, as `business list` shows it.
        id: BusinessId,
        /// Only when it is closed and when it is full: no names, no numbers.
        #[arg(long)]
        free_busy: bool,
        /// How many days, from now.
        #[arg(long, default_value_t = 60)]
        days: u16,
    },
}

#[derive(Args)]
pub(crate) struct BusinessArguments {
    /// The name that callers know.
    #[arg(long)]
    name: String,
    /// The number that callers dial: +97231234567, or 03-123-4567 as it is dialled in Israel.
    #[arg(long, value_parser = PhoneNumber::dialled)]
    number: PhoneNumber,
    /// Its settings in JSON, in either form, instead of the options below; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["days", "start", "end", "interval", "time_zone", "holidays"])]
    settings: Option<PathBuf>,
    /// Days on which it takes appointments: `sun-fri`, or `sun,tue,thu`.
    #[arg(long, default_value = "sun-thu")]
    days: ActiveDays,
    /// When the first appointment may begin, HH:MM.
    #[arg(long, default_value = "09:00")]
    start: ClockTime,
    /// When the last one must be over, HH:MM.
    #[arg(long, default_value = "18:00")]
    end: ClockTime,
    /// Minutes from one slot to the next.
    #[arg(long, default_value_t = 30)]
    interval: u16,
    /// Its time zone.
    #[arg(long, default_value = "Asia/Jerusalem")]
    time_zone: TimeZoneName,
    /// What it does on holidays: `israel` is closed on the days of rest and open until 13:00 on their eves.
    #[arg(long, value_enum, default_value_t = Holidays::Israel)]
    holidays: Holidays,
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
    /// The number at which a person of it takes calls that are transferred. Without it, whoever asks for a person becomes a
    /// task.
    #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled)]
    transfer_to: Option<PhoneNumber>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Gender {
    Female,
    Male,
}

impl From<Gender> for AgentGender {
    fn from(gender: Gender) -> Self {
        match gender {
            Gender::Female => Self::Female,
            Gender::Male => Self::Male,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Holidays {
    Israel,
    None,
}

impl BusinessCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::List => businesses::list(store, out).await?,
            Self::Add(arguments) => {
                let business = businesses::add(store, arguments.into_business()?).await?;
                writeln!(out, "{}", business.id)?;
            }
            Self::Settings { id, file: None } => businesses::show_settings(store, id, out).await?,
            Self::Settings {
                id,
                file: Some(file),
            } => {
                let settings = businesses::read_settings(&read(&file)?)?;
                businesses::replace_settings(store, id, &settings).await?;
            }
            Self::Transfer {
                id,
                to: None,
                none: false,
            } => businesses::show_transfer(store, id, out).await?,
            Self::Transfer { id, to, .. } => {
                businesses::set_transfer(store, id, to.as_ref(), out).await?;
            }
            Self::Calendar {
                id,
                free_busy: true,
                days,
            } => businesses::free_busy(store, id, days, out).await?,
            Self::Calendar {
                id,
                free_busy: false,
                days,
            } => businesses::calendar(store, id, days, out).await?,
        }
        Ok(())
    }
}

impl BusinessArguments {
    fn into_business(self) -> anyhow::Result<NewBusiness> {
        let settings = match &self.settings {
            Some(path) => businesses::read_settings(&read(path)?)?,
            None => self.settings_of_options()?,
        };
        let text = match &self.text_file {
            Some(path) => read(path)?,
            None => self.text,
        };
        Ok(NewBusiness {
            name: self.name,
            called_number: self.number,
            text,
            agent_name: self.agent_name,
            agent_gender: self.agent_gender.into(),
            transfer_number: self.transfer_to,
            settings,
        })
    }

    fn settings_of_options(&self) -> anyhow::Result<AppointmentSettings> {
        let simple = SimpleForm {
            active_days: self.days,
            start_hour: self.start,
            end_hour: self.end,
            slot_interval_minutes: self.interval,
            time_zone: self.time_zone.clone(),
        };
        Ok(match self.holidays {
            Holidays::None => simple.try_into()?,
            Holidays::Israel => FullForm {
                holidays: HolidayRules::israel(),
                ..simple.to_full()?
            }
            .try_into()?,
        })
    }
}

/// A file's text, or standard input's for `-`.
fn read(path: &PathBuf) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        return std::io::read_to_string(std::io::stdin()).context("standard input cannot be read");
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
