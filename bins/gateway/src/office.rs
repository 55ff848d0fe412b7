//! The commands on what calls leave behind.

use std::{io::Write, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use time::{Date, Time, macros::format_description};
use toran_app::{
    SqlStore,
    office::{self, Actor, DeliveryState, Retention, Secret},
};
use toran_domain::{AppointmentId, BusinessId, EventId, LeadId, TaskId};

/// Which business; `business list` shows them.
#[derive(Args)]
pub(crate) struct OfBusiness {
    /// The business's id.
    business: BusinessId,
}

#[derive(Subcommand)]
pub(crate) enum AppointmentCommand {
    /// List the coming ones.
    List {
        /// The business's id.
        business: BusinessId,
        /// How many days, from now.
        #[arg(long, default_value_t = 30)]
        days: u16,
        /// Those that were given up, too.
        #[arg(long)]
        cancelled: bool,
    },
    /// Show one, with everything that was ever done to it.
    Show {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        appointment: AppointmentId,
    },
    /// Give one up. Nothing is deleted.
    Cancel {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        appointment: AppointmentId,
        /// Who wants it so.
        #[arg(long, value_enum, default_value_t = By::Business)]
        by: By,
    },
    /// Give one another time, at once: it never stands at both or at neither.
    Move {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        appointment: AppointmentId,
        /// The day, YYYY-MM-DD, in the business's own calendar.
        #[arg(long, value_parser = date)]
        date: Date,
        /// The hour, HH:MM, on the business's own clock.
        #[arg(long, value_parser = time_of_day)]
        time: Time,
        /// Who wants it so.
        #[arg(long, value_enum, default_value_t = By::Business)]
        by: By,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum By {
    Business,
    Operator,
}

impl From<By> for Actor {
    fn from(by: By) -> Self {
        match by {
            By::Business => Self::Business,
            By::Operator => Self::Operator,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum LeadCommand {
    /// List the newest.
    List {
        /// The business's id.
        business: BusinessId,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Write everything that is kept of one, as JSON. A lead is a line: more than one person may call from it.
    Export {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        lead: LeadId,
        /// Of this person of it alone, by name.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
    },
    /// Remove its number, its names and what was said. It cannot be undone.
    Erase {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        lead: LeadId,
        /// Of this person of it alone, by name: the others and the number stay.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
        /// Yes, erase it.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Take apart the leads that strangers share, because each had withheld the number and the provider wrote a word for
    /// it: each of their calls gets a lead of its own, without a number. What is done already is not done again.
    Split {
        /// The business's id.
        #[arg(
            required_unless_present = "all_businesses",
            conflicts_with = "all_businesses"
        )]
        business: Option<BusinessId>,
        /// Those of every business.
        #[arg(long)]
        all_businesses: bool,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum TaskCommand {
    /// List what callers left, in their words, and waits for the business.
    List {
        /// The business's id.
        business: BusinessId,
        /// Those that are done, too.
        #[arg(long)]
        all: bool,
    },
    /// Mark one as dealt with.
    Done {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        task: TaskId,
    },
}

#[derive(Subcommand)]
pub(crate) enum OutboxCommand {
    /// List the newest events.
    List {
        /// The business's id.
        business: BusinessId,
        /// Only those that have come so far: pending, delivered, dead or discarded.
        #[arg(long)]
        state: Option<DeliveryState>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Give dead letters another round of attempts.
    Replay {
        /// The business's id.
        business: BusinessId,
        /// One of them; without it, all.
        event: Option<EventId>,
    },
    /// Give a dead letter up, so that its lead's later events can go.
    Discard {
        /// The business's id.
        business: BusinessId,
        /// Its id.
        event: EventId,
    },
}

#[derive(Subcommand)]
pub(crate) enum WebhookCommand {
    /// Show where a business's events go.
    Show(OfBusiness),
    /// Set it. Where there is no secret yet, or the address is another, one is made, and written: it is shown only now.
    Set {
        /// The business's id.
        business: BusinessId,
        /// Where: https, or http on this machine.
        url: String,
        /// Somebody else named the address (the business, say): send nothing to this machine or a private network, whatever its
        /// name leads to.
        #[arg(long)]
        public_only: bool,
        /// Make a new secret, although the address stays: the old one is good for nothing from then on.
        #[arg(long, conflicts_with = "secret_file")]
        new_secret: bool,
        /// A file with the secret that signs them, in the form of Standard Webhooks: `whsec_…`.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// Send events nowhere.
    Remove(OfBusiness),
}

#[derive(Args)]
pub(crate) struct RetentionArguments {
    #[command(flatten)]
    of: OfBusiness,
    /// For how many days what was said is kept; `forever` until it is erased by hand.
    #[arg(long, value_parser = days)]
    transcripts: Option<Days>,
    /// For how many days numbers and names are kept after a lead's last call or appointment; `forever` until they are
    /// erased by hand.
    #[arg(long, value_parser = days)]
    phone_numbers: Option<Days>,
    /// Yes, keep nothing (for 0 days).
    #[arg(long)]
    yes: bool,
}

/// A number of days, or none at all.
#[derive(Clone, Copy)]
pub(crate) struct Days(Option<u16>);

fn days(text: &str) -> Result<Days, String> {
    match text {
        "forever" => Ok(Days(None)),
        number => number
            .parse()
            .map(|days| Days(Some(days)))
            .map_err(|_| "a number of days up to 65535, or `forever`".to_owned()),
    }
}

fn date(text: &str) -> Result<Date, String> {
    let format = format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "a day like 2026-11-24".to_owned())
}

fn time_of_day(text: &str) -> Result<Time, String> {
    let format = format_description!("[hour]:[minute]");
    Time::parse(text, format).map_err(|_| "an hour like 16:30".to_owned())
}

impl AppointmentCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::List {
                business,
                days,
                cancelled,
            } => office::list_appointments(store, business, days, cancelled, out).await?,
            Self::Show {
                business,
                appointment,
            } => office::show_appointment(store, business, appointment, out).await?,
            Self::Cancel {
                business,
                appointment,
                by,
            } => office::cancel_appointment(store, business, appointment, by.into(), out).await?,
            Self::Move {
                business,
                appointment,
                date,
                time,
                by,
            } => {
                let to = (date, time);
                office::move_appointment(store, business, appointment, to, by.into(), out).await?;
            }
        }
        Ok(())
    }
}

impl LeadCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::List { business, limit } => {
                office::list_leads(store, business, limit, out).await?;
            }
            Self::Export {
                business,
                lead,
                person,
            } => office::export_lead(store, business, lead, person.as_deref(), out).await?,
            Self::Erase {
                business,
                lead,
                person,
                ..
            } => office::erase_lead(store, business, lead, person.as_deref(), out).await?,
            Self::Split {
                business, dry_run, ..
            } => office::split_leads(store, business, dry_run, out).await?,
        }
        Ok(())
    }
}

impl TaskCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::List { business, all } => office::list_tasks(store, business, all, out).await?,
            Self::Done { business, task } => {
                office::finish_task(store, business, task, out).await?;
            }
        }
        Ok(())
    }
}

impl OutboxCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::List {
                business,
                state,
                limit,
            } => office::list_events(store, business, state, limit, out).await?,
            Self::Replay { business, event } => {
                office::replay(store, business, event, out).await?;
            }
            Self::Discard { business, event } => {
                office::discard(store, business, event, out).await?;
            }
        }
        Ok(())
    }
}

impl WebhookCommand {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::Show(of) => office::show_webhook(store, of.business, out).await?,
            Self::Remove(of) => office::remove_webhook(store, of.business).await?,
            Self::Set {
                business,
                url,
                public_only,
                new_secret,
                secret_file,
            } => {
                let secret = secret_file.map(|path| {
                    let text = std::fs::read_to_string(&path);
                    text.with_context(|| format!("{} cannot be read", path.display()))
                });
                let secret = secret
                    .transpose()?
                    .map(|text| text.trim().to_owned().into());
                let secret = match secret {
                    Some(secret) => Secret::Given(secret),
                    None if new_secret => Secret::New,
                    None => Secret::Kept,
                };
                office::set_webhook(store, business, url, secret, public_only, out).await?;
            }
        }
        Ok(())
    }
}

impl RetentionArguments {
    pub(crate) async fn run(self, store: &SqlStore, out: &mut impl Write) -> anyhow::Result<()> {
        let change = |before: Retention| Retention {
            transcripts_days: self
                .transcripts
                .map_or(before.transcripts_days, |days| days.0),
            phone_numbers_days: self
                .phone_numbers
                .map_or(before.phone_numbers_days, |days| days.0),
        };
        office::retention(store, self.of.business, change, self.yes, out).await?;
        Ok(())
    }
}
