//! Has the model record the sentences that must be heard where it cannot speak: in the voices of this deployment, once,
//! instead of in each call.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::time::timeout;
use toran_bridge::clips::{
    Clip, ClipSet, GENDERS, check_clip, clip_path, gender_name, trim_silence,
};
use toran_domain::AgentGender;
use toran_domain::{VoiceName, patience};
use toran_hebrew::normalise;
use toran_openai::{ConnectError, RealtimeChannels, RealtimeSocket};
use toran_realtime::{
    AudioFormat, ClientEvent, Conversation, InputItem, NewItem, OutputModality, ResponseCreate,
    ResponseStatus, ServerEvent, SessionUpdate, Tri, Voice,
};

use crate::{Config, StartError, models};

/// Events that may wait in each direction.
const QUEUE: usize = 256;
/// How often a sentence is asked for before it is given up.
const ATTEMPTS: u32 = 3;
/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What every recording session is told.
const READER: &str = "את קריינית ואתה קריין של מרכזייה טלפונית. בכל פעם מקבלים משפט אחד בעברית, ואומרים אותו בדיוק כפי \
                      שהוא כתוב: בלי להוסיף מילה, בלי להשמיט ובלי לענות. קול ברור, חם ורגוע, בקצב של שיחת טלפון.";

/// What to record.
#[derive(Debug, Clone, Default)]
pub struct ClipOrder {
    /// The voices; the configured one if there are none.
    pub voices: Vec<VoiceName>,
    /// The genders; both if there are none.
    pub genders: Vec<AgentGender>,
    /// Where to; the configured folder if there is none.
    pub folder: Option<PathBuf>,
}

/// Why clips are not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ClipsError {
    /// There is no model.
    #[error("clips are recorded by the model")]
    Start(#[from] StartError),
    /// A clip cannot be written.
    #[error("cannot write {path}: choose another folder by --folder or TORAN_CLIPS", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody reads what is told.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// Why one sentence was not recorded.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no session with the model")]
    Connect(#[from] ConnectError),
    #[error("the session with the model ended")]
    Lost,
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Timeout,
    #[error("the service refused: {0}")]
    Refused(String),
    #[error("the answer was not finished")]
    Unfinished,
    #[error("it said «{0}»")]
    OtherWords(String),
    #[error("its audio is {0}")]
    NoClip(&'static str),
}

impl Failure {
    /// Whether no further sentence in this voice would fare better: a wrong key, voice or model.
    const fn is_of_the_voice(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Refused(_))
    }

    /// Whether the session is of no use any more.
    const fn ends_session(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Lost | Self::Timeout)
    }
}

/// Records the clips of `order` and tells each on a line. `false`: some could not be recorded, and the built-in ones stay
/// in their place.
pub async fn record(
    config: &Config,
    order: &ClipOrder,
    out: &mut impl Write,
) -> Result<bool, ClipsError> {
    if !config.openai.is_reachable() {
        return Err(StartError::NoModel.into());
    }
    let voices = match order.voices.as_slice() {
        [] => std::slice::from_ref(&config.openai.voice),
        voices => voices,
    };
    let genders = match order.genders.as_slice() {
        [] => &GENDERS,
        genders => genders,
    };
    let folder = order.folder.as_ref().unwrap_or(&config.clips_folder);
    let mut missing = 0;
    for voice in voices {
        missing += record_voice(config, voice.as_str(), genders, folder, out).await?;
    }
    if missing == 0 {
        writeln!(
            out,
            "recorded into {}; a gateway reads it when it starts",
            folder.display()
        )?;
    } else {
        writeln!(
            out,
            "{missing} not recorded, and the built-in clips stay in their place: run this again, or choose another voice \
             by --voice. A refusal names what to correct in the configuration."
        )?;
    }
    Ok(missing == 0)
}

/// Records the clips of a voice; the count of those that could not be.
async fn record_voice(
    config: &Config,
    voice: &str,
    genders: &[AgentGender],
    folder: &Path,
    out: &mut impl Write,
) -> Result<usize, ClipsError> {
    let mut studio = Studio::new(config, voice);
    let mut missing = 0;
    let all = genders
        .iter()
        .flat_map(|&gender| Clip::ALL.map(|clip| (gender, clip)));
    for (nth, (gender, clip)) in all.clone().enumerate() {
        let name = format!("{voice}/{}/{}", gender_name(gender), clip.name());
        let failure = match studio.record(clip.sentence(gender)).await {
            Ok(audio) => {
                save(&clip_path(folder, voice, gender, clip), &audio)?;
                let seconds = Duration::from_millis(audio.len() as u64 / 8).as_secs_f64();
                writeln!(out, "{name}: {seconds:.1} s")?;
                continue;
            }
            Err(failure) => failure,
        };
        writeln!(out, "{name}: NOT RECORDED: {}", Causes(&failure))?;
        if failure.is_of_the_voice() {
            return Ok(missing + all.count() - nth);
        }
        missing += 1;
    }
    Ok(missing)
}

/// The clips of the configured folder. What is no clip is logged.
pub(crate) fn load(config: &Config) -> ClipSet {
    let (clips, problems) = ClipSet::load(&config.clips_folder);
    for problem in &problems {
        let error = problem as &dyn std::error::Error;
        tracing::warn!(error, "a recorded clip is not used");
    }
    let voice = config.openai.voice.as_str();
    let recorded = clips.recorded(voice);
    tracing::info!(voice, recorded, folder = %config.clips_folder.display(), "clips");
    clips
}

/// Clips beside the database's file, or in the working folder where there is no such file.
pub(crate) fn default_folder(database_url: &str) -> PathBuf {
    let beside = crate::spooling::database_file(database_url);
    let folder = beside.as_deref().and_then(Path::parent);
    folder.unwrap_or(Path::new("")).join("clips")
}

/// An error and its causes, in a line. Some libraries write the cause into the error itself: it is not said twice.
struct Causes<'a>(&'a dyn std::error::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let told = error.to_string();
            if !line.ends_with(&told) {
                line = format!("{line}: {told}");
            }
            cause = error.source();
        }
        f.write_str(&line)
    }
}

/// Writes a clip whole or not at all: a gateway may start meanwhile.
fn save(path: &Path, audio: &[u8]) -> Result<(), ClipsError> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = path.with_extension("ulaw.draft");
        fs::write(&draft, audio)?;
        fs::rename(&draft, path)
    };
    write().map_err(|source| ClipsError::Write {
        path: path.to_path_buf(),
        source,
    })
}

/// One voice's session with the model, opened when it is first needed and again after it was lost.
struct Studio<'a> {
    config: &'a Config,
    voice: &'a str,
    session: Option<RealtimeChannels>,
}

impl<'a> Studio<'a> {
    const fn new(config: &'a Config, voice: &'a str) -> Self {
        Self {
            config,
            voice,
            session: None,
        }
    }

    /// A sentence's audio, as mu-law without silence around it.
    async fn record(&mut self, sentence: &str) -> Result<Vec<u8>, Failure> {
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(sentence).await {
                Ok(audio) => return Ok(audio),
                Err(failure) => failure,
            };
            if failure.ends_session() {
                self.session = None;
            }
            if failure.is_of_the_voice() || attempt == ATTEMPTS {
                return Err(failure);
            }
            attempt += 1;
        }
    }

    async fn attempt(&mut self, sentence: &str) -> Result<Vec<u8>, Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => open(self.config, self.voice).await?,
        };
        let spoken = timeout(PATIENCE, speak(&mut session, sentence)).await;
        let spoken = spoken.unwrap_or(Err(Failure::Timeout));
        self.session = Some(session);
        let spoken = spoken?;
        if normalise(&spoken.words) != normalise(sentence) {
            return Err(Failure::OtherWords(spoken.words));
        }
        let audio = trim_silence(&spoken.audio).to_vec();
        check_clip(&audio).map_err(Failure::NoClip)?;
        Ok(audio)
    }
}

/// Opens a session in which the model reads aloud: telephone audio, one voice, nobody to listen to.
async fn open(config: &Config, voice: &str) -> Result<RealtimeChannels, Failure> {
    let account = models::account(&config.openai).map_err(ConnectError::Config)?;
    let socket = RealtimeSocket::connect(&account, None, patience::SESSION_OPEN).await?;
    let mut session = socket.into_channels(QUEUE);
    let mut update = SessionUpdate {
        instructions: Some(READER.to_owned()),
        output_modalities: Some(OutputModality::Audio),
        ..SessionUpdate::default()
    };
    update.audio.input.turn_detection = Tri::Null;
    update.audio.output.format = Some(AudioFormat::Pcmu);
    update.audio.output.voice = Some(Voice::Named(voice.to_owned()));
    tell(&session, &ClientEvent::SessionUpdate { session: update }).await?;
    let configured = async {
        loop {
            let event = next(&mut session).await?;
            match ServerEvent::parse(&text(&event)) {
                Ok(ServerEvent::SessionUpdated(_)) => return Ok(()),
                Ok(ServerEvent::Error(refused)) => return Err(refusal(refused.error)),
                Ok(_) | Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, configured)
        .await
        .unwrap_or(Err(Failure::Timeout))?;
    Ok(session)
}

/// What the model said.
#[derive(Default)]
struct Spoken {
    words: String,
    audio: Vec<u8>,
}

/// Has the model say a sentence, beside every conversation: no earlier sentence can get into it.
async fn speak(session: &mut RealtimeChannels, sentence: &str) -> Result<Spoken, Failure> {
    let order = format!("יש לומר בדיוק: «{sentence}» ולא שום דבר נוסף.");
    let response = ResponseCreate {
        instructions: Some(format!("{READER}\n{order}").into()),
        conversation: Some(Conversation::None),
        output_modalities: Some(OutputModality::Audio),
        input: Some(vec![InputItem::Message(NewItem::user(order.as_str()))]),
        ..ResponseCreate::default()
    };
    let create = ClientEvent::CreateResponse {
        response: Some(response),
    };
    tell(session, &create).await?;
    let (mut spoken, mut id) = (Spoken::default(), None::<String>);
    loop {
        let event = next(session).await?;
        let event_text = text(&event);
        // What this version does not know is nothing that it needs.
        let Ok(event) = ServerEvent::parse(&event_text) else {
            continue;
        };
        match event {
            ServerEvent::ResponseCreated(created) if id.is_none() => id = Some(created.response.id),
            ServerEvent::AudioDelta(audio) if id.as_deref() == Some(&*audio.response_id) => {
                spoken
                    .audio
                    .extend(STANDARD.decode(&*audio.delta).unwrap_or_default());
            }
            ServerEvent::TranscriptDone(done) if id.as_deref() == Some(&*done.response_id) => {
                spoken.words.push_str(&done.transcript);
            }
            ServerEvent::ResponseDone(done) if id.as_ref() == Some(&done.response.id) => {
                return match done.response.status {
                    ResponseStatus::Completed => Ok(spoken),
                    ResponseStatus::InProgress
                    | ResponseStatus::Cancelled
                    | ResponseStatus::Failed
                    | ResponseStatus::Incomplete
                    | ResponseStatus::Unknown => Err(Failure::Unfinished),
                };
            }
            ServerEvent::Error(refused) => return Err(refusal(refused.error)),
            _ => {}
        }
    }
}

fn refusal(error: toran_realtime::ApiError) -> Failure {
    let code = error.code.or(error.kind).unwrap_or_default();
    let message = error.message.unwrap_or_default();
    Failure::Refused(format!("{code} {message}").trim().to_owned())
}

async fn tell(session: &RealtimeChannels, event: &ClientEvent<'_>) -> Result<(), Failure> {
    let sent = session.commands.send(event.to_json()).await;
    sent.map_err(|_| Failure::Lost)
}

async fn next(session: &mut RealtimeChannels) -> Result<bytes::Bytes, Failure> {
    session.events.recv().await.ok_or(Failure::Lost)
}

fn text(event: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(event)
}

#[cfg(test)]
mod tests;
