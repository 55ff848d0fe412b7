//! The commands on businesses.

use std::{io::Write, num::NonZeroU16, path::PathBuf, str::FromStr};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use toran_app::{
    SqlStore,
    businesses::{self, BusinessChange, BusinessName, NewBusiness, changes},
};
use toran_domain::{
    AgentGender, BusinessId, BusinessText, Disclosure, PhoneNumber, Terms, VoiceName,
};
use toran_scheduling::{
    ActiveDays, AppointmentSettings, ClockTime, FullForm, HolidayRules, SimpleForm, TimeZoneName,
};

#[derive(Subcommand)]
pub(crate) enum BusinessCommand {
    /// Add a business.
    Add(Box<BusinessArguments>),
    /// List them.
    List,
    /// Show what is known of a business.
    Show {
        /// Its id, or a number at which it is called.
        business: BusinessName,
        /// As JSON, with its settings.
        #[arg(long)]
        json: bool,
    },
    /// Change what is told of a business and how it is served; what is not named stays.
    Update(Box<UpdateArguments>),
    /// Remove a business and everything of it, for ever.
    Remove {
        /// Its id, or a number at which it is called.
        business: BusinessName,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Take no calls of a business; everything of it is kept. Callers are brought to its number for transfers, if it has one.
    Suspend {
        /// Its id, or a number at which it is called.
        business: BusinessName,
    },
    /// Take calls of a business again.
    Resume {
        /// Its id, or a number at which it is called.
        business: BusinessName,
    },
    /// Show the numbers at which a business is called, or change the further ones.
    Numbers {
        /// Its id, or a number at which it is called.
        business: BusinessName,
        /// Have it be called at this number too.
        #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled)]
        add: Option<PhoneNumber>,
        /// Take this further number away.
        #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled, conflicts_with = "add")]
        remove: Option<PhoneNumber>,
    },
    /// Show the numbers whose calls a business does not take, or change them.
    Blocked {
        /// Its id, or a number at which it is called.
        business: BusinessName,
        /// Take no calls of this number.
        #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled)]
        add: Option<PhoneNumber>,
        /// Take them again.
        #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled, conflicts_with = "add")]
        remove: Option<PhoneNumber>,
    },
    /// Show a business's settings as JSON, or replace them.
    Settings {
        /// Its id, as `business list` shows it.
        id: BusinessId,
        /// New settings in JSON, in either form (docs/settings.md); `-` is standard input. Bookings follow them from now on, and
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
    /// Its settings in JSON, in either form (docs/settings.md), instead of the options below; `-` is standard input.
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
    /// The agent's voice; the deployment's without it.
    #[arg(long)]
    voice: Option<VoiceName>,
    /// What every caller is told in the greeting, word for word: "השיחה מוקלטת".
    #[arg(long)]
    disclosure: Option<Disclosure>,
    /// The number at which a person of it takes calls that are transferred. Without it, whoever asks for a person becomes a
    /// task.
    #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::dialled)]
    transfer_to: Option<PhoneNumber>,
}

#[derive(Args)]
pub(crate) struct UpdateArguments {
    /// Its id, or a number at which it is called.
    business: BusinessName,
    /// The name that callers know.
    #[arg(long)]
    name: Option<String>,
    /// The number that callers dial.
    #[arg(long, value_parser = PhoneNumber::dialled)]
    number: Option<PhoneNumber>,
    /// Its own words for the prompt: what it does, services, prices, address, tone.
    #[arg(long, conflicts_with = "text_file")]
    text: Option<String>,
    /// A file with its own words; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// The agent's name; an empty one takes it away.
    #[arg(long)]
    agent_name: Option<String>,
    /// The agent's grammatical gender.
    #[arg(long, value_enum)]
    agent_gender: Option<Gender>,
    /// The agent's voice; an empty one is the deployment's.
    #[arg(long)]
    voice: Option<String>,
    /// What every caller is told in the greeting, word for word; an empty one takes it away.
    #[arg(long)]
    disclosure: Option<String>,
    /// The number at which a person takes calls; an empty one: nobody does.
    #[arg(long, value_name = "NUMBER")]
    transfer_to: Option<String>,
    /// Live calls at once, at each gateway; 0 is the deployment's limit.
    #[arg(long, value_name = "COUNT")]
    max_calls: Option<u16>,
    /// Calls of one number within an hour; 0 is the deployment's limit.
    #[arg(long, value_name = "COUNT")]
    calls_per_hour: Option<u16>,
    /// Coming appointments of one number; 0 is the deployment's limit.
    #[arg(long, value_name = "COUNT")]
    appointments_per_number: Option<u16>,
}

impl UpdateArguments {
    fn change(self) -> anyhow::Result<BusinessChange> {
        let text = match &self.text_file {
            Some(path) => Some(read(path)?),
            None => self.text,
        };
        let transfer_number = self.transfer_to.map(|text| {
            let number = (!text.is_empty()).then(|| PhoneNumber::dialled(&text));
            number.transpose()
        });
        Ok(BusinessChange {
            name: self.name,
            called_number: self.number,
            text: text.as_deref().map(BusinessText::new).transpose()?,
            agent_name: self
                .agent_name
                .map(|name| (!name.is_empty()).then_some(name)),
            agent_gender: self.agent_gender.map(Into::into),
            transfer_number: transfer_number.transpose()?,
            voice: parsed_or_none(self.voice.as_deref())?,
            disclosure: parsed_or_none(self.disclosure.as_deref())?,
            calls: self.max_calls.map(NonZeroU16::new),
            calls_per_hour: self.calls_per_hour.map(NonZeroU16::new),
            appointments: self.appointments_per_number.map(NonZeroU16::new),
            suspended: None,
        })
    }
}

/// An empty text takes away what there is.
#[expect(
    clippy::option_option,
    reason = "an option that is not given, one that takes away, and one with a value are three things"
)]
fn parsed_or_none<T: FromStr>(text: Option<&str>) -> Result<Option<Option<T>>, T::Err> {
    text.map(|text| (!text.is_empty()).then(|| text.parse()).transpose())
        .transpose()
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
            Self::Show {
                business,
                json: false,
            } => changes::show(store, &business, out).await?,
            Self::Show { business, .. } => changes::show_json(store, &business, out).await?,
            Self::Update(arguments) => {
                let business = arguments.business.clone();
                changes::update(store, &business, &arguments.change()?, out).await?;
            }
            Self::Remove { business, yes } => changes::remove(store, &business, yes, out).await?,
            Self::Suspend { business } => {
                changes::update(store, &business, &suspended(true), out).await?;
            }
            Self::Resume { business } => {
                changes::update(store, &business, &suspended(false), out).await?;
            }
            Self::Numbers {
                business,
                add,
                remove,
            } => match (add, remove) {
                (Some(add), _) => changes::add_number(store, &business, &add, out).await?,
                (_, Some(remove)) => changes::remove_number(store, &business, &remove, out).await?,
                (None, None) => changes::numbers(store, &business, out).await?,
            },
            Self::Blocked {
                business,
                add,
                remove,
            } => match add.as_ref().or(remove.as_ref()) {
                Some(number) => {
                    changes::set_blocked(store, &business, number, add.is_some(), out).await?;
                }
                None => changes::blocked(store, &business, out).await?,
            },
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

fn suspended(suspended: bool) -> BusinessChange {
    BusinessChange {
        suspended: Some(suspended),
        ..BusinessChange::default()
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
            terms: Terms {
                voice: self.voice,
                disclosure: self.disclosure,
                ..Terms::default()
            },
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
