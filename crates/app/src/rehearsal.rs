//! One call placed to a gateway that is started for it: what the demonstration and the check before a deployment
//! have in common.

use std::{io, sync::Arc, time::Duration};

use secrecy::SecretString;
use time::UtcDateTime;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;
use toran_bridge::{Clock as _, Observation, SystemClock};
use toran_call::Fact;
use toran_domain::{Business, BusinessTextError, PhoneNumber, PhoneNumberError};
use toran_simulator::{
    phone::{CallError, CallEvent, CallReport, Caller, PlaceCall},
    scenario::Step,
};
use toran_store::{
    AppointmentRow, Appointments as _, Businesses as _, CallKey, CallSession, Calls as _, EventRow,
    ModelUsage, Outbox as _, StoreError, TranscriptLine,
};
use toran_store_sql::SqlStore;
use tracing::warn;
use url::Url;
use uuid::Uuid;

use crate::{
    App, Config, HttpPatience, StartError, Surroundings, Tenure,
    businesses::{self, BusinessError, NewBusiness},
    terminal::Terminal,
};

/// Who calls in a rehearsal.
pub(crate) const CALLER: &str = "+972541234567";

/// Why a rehearsal could not be held.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The gateway did not start.
    #[error("the gateway did not start")]
    Start(#[from] StartError),
    /// The throw-away business could not be made.
    #[error("the throw-away business could not be made")]
    Business(#[from] BusinessError),
    /// Its text was refused.
    #[error("the throw-away business could not be described")]
    Text(#[from] BusinessTextError),
    /// Its number was refused.
    #[error("the throw-away business could not be numbered")]
    Number(#[from] PhoneNumberError),
    /// The call could not be placed.
    #[error("the call could not be placed")]
    Call(#[from] CallError),
    /// The database could not be read.
    #[error("the database could not be read")]
    Store(#[from] StoreError),
    /// A socket or the terminal failed.
    #[error("a socket or the terminal failed")]
    Io(#[from] io::Error),
    /// The stand-in for OpenAI did not start.
    #[error("the stand-in for OpenAI did not start")]
    Simulator(#[from] toran_simulator::openai::StartError),
    /// The scenario is broken.
    #[error("the scenario cannot be used")]
    Scenario(#[from] toran_simulator::scenario::ScenarioError),
    /// The operator ended it.
    #[error("interrupted; nothing of it is left in the database")]
    Interrupted,
    /// A setting is broken.
    #[error("a setting is refused")]
    Setting(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What came of a rehearsal.
pub(crate) struct Rehearsal {
    pub(crate) began: Instant,
    pub(crate) business: Business,
    pub(crate) report: CallReport,
    pub(crate) facts: Vec<Fact>,
    pub(crate) appointments: Vec<AppointmentRow>,
    pub(crate) session: Option<CallSession>,
    pub(crate) transcript: Vec<TranscriptLine>,
    pub(crate) usage: Vec<ModelUsage>,
    /// What others are to learn of it, oldest first.
    pub(crate) events: Vec<EventRow>,
}

/// A number of the range that the ITU keeps for nobody, so that no real one is ever taken.
pub(crate) fn throw_away_number() -> Result<PhoneNumber, PhoneNumberError> {
    let digits = Uuid::now_v7().as_u128() % 1_000_000_000_000;
    format!("+999{digits:012}").parse()
}

/// Starts the gateway on loopback, adds the business, places the call, shows it, and reads back what it left, unless it is
/// interrupted.
///
/// The business stays for whoever wants to look at it; [`clear_away`] removes it. After a failure it is removed here.
pub(crate) async fn rehearse(
    tenure: Tenure,
    mut config: Config,
    business: NewBusiness,
    script: Vec<Step>,
    terminal: &mut Terminal<'_>,
    interrupt: impl Future<Output = ()>,
) -> Result<Rehearsal, RehearsalError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let origin: Url = format!("http://{address}")
        .parse()
        .map_err(|error| RehearsalError::Setting(Box::new(error)))?;
    // Of this rehearsal alone: a deployment's own token never leaves the deployment.
    let auth_token = format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
    config.public_url = origin.clone();
    config.twilio.auth_token = Some(SecretString::from(auth_token.clone()));
    let (observer, observations) = mpsc::channel(4_096);
    let clock = SystemClock;
    let app = App::build_as(
        tenure,
        &config,
        Surroundings {
            listener,
            clock: Arc::new(clock),
            observer: Some(observer),
            patience: HttpPatience::default(),
        },
    )
    .await?;
    let store = app.store();
    let business = businesses::add(&store, business).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(app.run(async move {
        let _ = stopped.await;
    }));
    let stage = Stage {
        origin,
        auth_token,
        started_at: clock.now(),
        store,
        business: business.clone(),
    };
    let held = tokio::select! {
        held = stage.hold(script, observations, terminal) => held,
        () = interrupt => Err(RehearsalError::Interrupted),
    };
    // Even after a failure: the gateway may still write.
    let _ = stop.send(());
    let _ = serving.await;
    if held.is_err()
        && let Err(error) = clear_away(&config, &business).await
    {
        warn!(
            error = &error as &dyn std::error::Error,
            business_id = %business.id,
            "the throw-away business is left in the database"
        );
    }
    held
}

/// A gateway that serves, and the business that is called.
struct Stage {
    origin: Url,
    auth_token: String,
    started_at: UtcDateTime,
    store: Arc<SqlStore>,
    business: Business,
}

impl Stage {
    async fn hold(
        self,
        script: Vec<Step>,
        observations: mpsc::Receiver<Observation>,
        terminal: &mut Terminal<'_>,
    ) -> Result<Rehearsal, RehearsalError> {
        let began = Instant::now();
        let voice_url = self
            .origin
            .join("/twilio/voice")
            .map_err(|error| RehearsalError::Setting(Box::new(error)))?;
        let seed = u64::try_from(self.started_at.unix_timestamp()).unwrap_or_default();
        let (watcher, events) = mpsc::channel(1_024);
        let call = PlaceCall {
            from: CALLER.to_owned(),
            to: self.business.called_number.e164().to_owned(),
            watcher: Some(watcher),
            ..PlaceCall::new(
                voice_url,
                self.auth_token.clone(),
                script,
                self.started_at,
                seed,
            )
        };
        let call_sid = call.call_sid.clone();
        let (report, facts) = show(call, events, observations, began, terminal).await?;
        // The gateway closes after the caller; what it writes last is read only then.
        self.wait_for_its_end(&call_sid).await?;
        let (appointments, session, transcript, usage) =
            gather(&self.store, &self.business, &call_sid, self.started_at).await?;
        let mut events = self.store.events(self.business.id, None, 100).await?;
        events.reverse();
        Ok(Rehearsal {
            began,
            business: self.business,
            report,
            facts,
            appointments,
            session,
            transcript,
            usage,
            events,
        })
    }

    /// The end of a call is written a moment after it.
    async fn wait_for_its_end(&self, call_sid: &str) -> Result<(), RehearsalError> {
        let Ok(call_sid) = call_sid.parse() else {
            return Ok(());
        };
        let key = CallKey {
            business_id: self.business.id,
            call_sid,
        };
        for _ in 0..50 {
            let session = self.store.call_session(&key).await?;
            if session.is_none_or(|session| session.ending.is_some()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// Follows the call to its end, showing what happens on both sides of it.
async fn show(
    call: PlaceCall,
    mut events: mpsc::Receiver<CallEvent>,
    mut observations: mpsc::Receiver<Observation>,
    began: Instant,
    terminal: &mut Terminal<'_>,
) -> Result<(CallReport, Vec<Fact>), RehearsalError> {
    let mut facts = Vec::new();
    // Hung up with this function, whatever ends it.
    let mut placed = AbortOnDropHandle::new(tokio::spawn(Caller::place(call)));
    let report = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => terminal.call_event(began.elapsed(), &event)?,
            Some(observation) = observations.recv() => {
                terminal.observation(began.elapsed(), &observation)?;
                facts.push(observation.fact);
            }
            report = &mut placed => break report.map_err(io::Error::other)??,
        }
    };
    // The gateway's last words come after the caller has gone.
    let last = tokio::time::sleep(LAST_FACTS);
    tokio::pin!(last);
    loop {
        tokio::select! {
            Some(event) = events.recv() => terminal.call_event(began.elapsed(), &event)?,
            Some(observation) = observations.recv() => {
                terminal.observation(began.elapsed(), &observation)?;
                facts.push(observation.fact);
            }
            () = &mut last => return Ok((report, facts)),
        }
    }
}

/// How long the gateway takes to note the end of a call.
const LAST_FACTS: Duration = Duration::from_millis(700);

type Gathered = (
    Vec<AppointmentRow>,
    Option<CallSession>,
    Vec<TranscriptLine>,
    Vec<ModelUsage>,
);

async fn gather(
    store: &SqlStore,
    business: &Business,
    call_sid: &str,
    now: UtcDateTime,
) -> Result<Gathered, RehearsalError> {
    let days = business.settings.form().booking_horizon_days;
    let horizon = now + time::Duration::days(i64::from(days) + 1);
    let appointments = store.appointments(business.id, now, horizon).await?;
    let Ok(call_sid) = call_sid.parse() else {
        return Ok((appointments, None, Vec::new(), Vec::new()));
    };
    let key = CallKey {
        business_id: business.id,
        call_sid,
    };
    Ok((
        appointments,
        store.call_session(&key).await?,
        store.transcript(&key).await?,
        store.usage(&key).await?,
    ))
}

/// Removes a throw-away business and everything of it.
pub(crate) async fn clear_away(config: &Config, business: &Business) -> Result<(), RehearsalError> {
    let store = SqlStore::open(&config.database_url)
        .await
        .map_err(StartError::from)?;
    store.remove_business(business.id).await?;
    store.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{demo, open_store};

    /// A terminal that is gone.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_rehearsal_that_fails_leaves_no_business_behind() {
        let folder = std::env::temp_dir().join(format!("toran-{}", Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        // Nobody is there: the call fails too, but the terminal fails first.
        let toml = format!(
            "database_url = 'sqlite://{}'\n[openai]\nbase_url = 'http://127.0.0.1:9/v1'",
            folder.join("toran.db").display()
        );
        let config = Config::parse(&toml, &std::collections::BTreeMap::new()).unwrap();
        let business = demo::business().unwrap();
        let script = vec![Step::WaitForSpeech { timeout_ms: 15_000 }];
        let mut gone = Gone;
        let held = rehearse(
            Tenure::Deployment,
            config.clone(),
            business,
            script,
            &mut Terminal::new(&mut gone),
            std::future::pending(),
        )
        .await;
        assert!(
            matches!(&held, Err(RehearsalError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe),
            "{:?}",
            held.err()
        );
        let store = open_store(&config).await.unwrap();
        assert_eq!(store.businesses().await.unwrap(), []);
        store.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
