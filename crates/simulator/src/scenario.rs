//! What happens in one simulated call: the caller's steps, and how the model and the parser behave at
//! each thing the caller says.
//!
//! A scenario is a TOML file. Everything not written in it is the default: a model that obeys its
//! prompt and the server events, and a parser that understands perfectly.
//!
//! ```
//! use toran_simulator::scenario::Scenario;
//!
//! let scenario = Scenario::parse(r#"
//!     title = "one question"
//!
//!     [[steps]]
//!     do = "wait_until_silent"
//!
//!     [[steps]]
//!     do = "say"
//!     utterance = "11"
//!
//!     [[turns]]
//!     utterance = "11"
//!     misbehave = { lie = "קבעתי לך פגישה." }
//! "#)?;
//! assert_eq!(scenario.steps.len(), 2);
//! # Ok::<(), toran_simulator::scenario::ScenarioError>(())
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::Value;

use crate::fixtures::UtteranceId;

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {path}: check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The text is not a scenario.
    #[error("not a scenario: correct the TOML at the place its source names")]
    Parse(#[from] toml::de::Error),
}

/// One simulated call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a line.
    pub title: String,
    /// What the caller does, in order. The call ends after the last step.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How the model's side behaves at what the caller says; the first that fits counts.
    #[serde(default)]
    pub turns: Vec<Turn>,
}

/// One thing the caller does. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Says an utterance.
    Say {
        /// Which.
        utterance: UtteranceId,
        /// Says only this much of it and falls silent: a cough, half a word.
        #[serde(default)]
        keep_ms: Option<u32>,
    },
    /// Waits until the agent speaks.
    WaitForSpeech {
        /// Gives up after this.
        #[serde(default = "default_timeout")]
        timeout_ms: u64,
    },
    /// Waits until the agent has been silent for a while.
    WaitUntilSilent {
        /// How long the silence is.
        #[serde(default = "default_silence")]
        for_ms: u64,
        /// Gives up after this.
        #[serde(default = "default_timeout")]
        timeout_ms: u64,
    },
    /// Waits until these words were heard since the caller last spoke.
    WaitHeard {
        /// The words.
        text: String,
        /// Gives up after this.
        #[serde(default = "default_timeout")]
        timeout_ms: u64,
    },
    /// Does nothing.
    Pause {
        /// For how long.
        ms: u64,
    },
    /// Waits until the agent speaks, lets it speak for a moment, and talks over it.
    Interrupt {
        /// How long the agent is listened to.
        after_ms: u64,
        /// What is said.
        utterance: UtteranceId,
        /// Gives up waiting for the agent after this.
        #[serde(default = "default_timeout")]
        timeout_ms: u64,
    },
    /// Presses a key.
    Dtmf {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// The media stream dies without a word; the provider goes on to the next verb.
    DropStream,
    /// Hangs up.
    HangUp,
}

const fn default_timeout() -> u64 {
    15_000
}

const fn default_silence() -> u64 {
    700
}

/// How the model's side behaves when the caller says something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the caller says.
    pub utterance: UtteranceId,
    /// Only the n-th time it is heard, counted from 1 over all connections; absent: every time.
    #[serde(default)]
    pub occurrence: Option<u32>,
    /// What the model answers when no server event tells it what to say.
    #[serde(default)]
    pub reply: Option<String>,
    /// How the model misbehaves.
    #[serde(default)]
    pub misbehave: Option<Misbehaviour>,
    /// How the transcript arrives.
    #[serde(default)]
    pub transcription: Transcription,
    /// What the parser's model answers, where that is not what a perfect parser would say. Missing
    /// properties are filled with null.
    #[serde(default)]
    pub parse: Option<Value>,
    /// How the parser's model fails.
    #[serde(default)]
    pub chat_fault: Option<ChatFault>,
    /// How many times it fails before it works.
    #[serde(default = "once")]
    pub chat_fault_times: u32,
}

const fn once() -> u32 {
    1
}

/// A way in which the simulated model does not do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Misbehaviour {
    /// Says this, whatever the server did; stops lying once it was refused (`claim_refused`).
    Lie(String),
    /// Answers as if it had been told nothing.
    IgnoreEvents,
    /// Completes with no output.
    Silent,
    /// Ends `failed` with this error code, once.
    FailResponse(String),
    /// Ends `incomplete` (content filter) halfway, once.
    Incomplete,
    /// The connection is dropped halfway through the answer, once.
    Drop,
    /// The connection stays open and falls silent halfway through the answer, once.
    Stall,
}

impl Misbehaviour {
    const fn only_once(&self) -> bool {
        !matches!(self, Self::Lie(_) | Self::IgnoreEvents | Self::Silent)
    }
}

/// How a transcript arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transcription {
    /// In its usual time.
    #[default]
    Prompt,
    /// This many milliseconds after the commit, so perhaps after the next turn's.
    LateMs(u64),
    /// Not at all: a `failed` event.
    Failed,
}

/// A way in which a chat completion goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatFault {
    /// 429, with both retry headers.
    RateLimited,
    /// 429 that no retry will cure.
    InsufficientQuota,
    /// 500.
    ServerError,
    /// 503.
    Overloaded,
    /// No answer at all.
    Hang,
    /// The model refuses.
    Refusal,
    /// The answer is cut off by its length limit.
    Length,
    /// The content is not JSON.
    NotJson,
    /// The content is JSON of another shape.
    SchemaViolation,
}

impl Scenario {
    /// Reads a scenario from TOML.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        Ok(toml::from_str(text)?)
    }

    /// Reads a scenario from a file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = fs::read_to_string(path).map_err(|source| ScenarioError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// The demonstration: barge-in, a lie that must not be heard, a booking, the same booking again.
    pub fn demo() -> Result<Self, ScenarioError> {
        Self::parse(include_str!("../../../fixtures/scenarios/demo.toml"))
    }

    /// The check before a deployment: the shortest call that books.
    pub fn preflight() -> Result<Self, ScenarioError> {
        Self::parse(include_str!("../../../fixtures/scenarios/preflight.toml"))
    }
}

/// A scenario while it is played: counts what was heard and which faults have been used up.
#[derive(Debug)]
pub(crate) struct Director {
    scenario: Scenario,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    heard: BTreeMap<UtteranceId, u32>,
    misbehaved: BTreeMap<TurnIndex, u32>,
    chat_faults: BTreeMap<TurnIndex, u32>,
}

/// Which turn of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TurnIndex(usize);

impl Director {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            progress: Mutex::default(),
        }
    }

    /// The caller was heard saying this, once more. The turn that now counts.
    pub(crate) fn hear(&self, utterance: UtteranceId) -> Option<TurnIndex> {
        *self.progress().heard.entry(utterance).or_default() += 1;
        self.current_turn(utterance)
    }

    /// The turn that counts for what was heard last of this utterance.
    pub(crate) fn current_turn(&self, utterance: UtteranceId) -> Option<TurnIndex> {
        let times = self
            .progress()
            .heard
            .get(&utterance)
            .copied()
            .unwrap_or(0)
            .max(1);
        let fits = |turn: &Turn| {
            turn.utterance == utterance && turn.occurrence.is_none_or(|nth| nth == times)
        };
        self.scenario.turns.iter().position(fits).map(TurnIndex)
    }

    pub(crate) fn turn(&self, index: TurnIndex) -> &Turn {
        &self.scenario.turns[index.0]
    }

    /// How the model misbehaves now, if it does. Faults that happen once are used up by this.
    pub(crate) fn misbehaviour(&self, index: TurnIndex) -> Option<Misbehaviour> {
        let misbehaviour = self.turn(index).misbehave.clone()?;
        let mut progress = self.progress();
        let times = progress.misbehaved.entry(index).or_default();
        *times += 1;
        (!misbehaviour.only_once() || *times == 1).then_some(misbehaviour)
    }

    /// How this completion fails, if it does.
    pub(crate) fn chat_fault(&self, index: TurnIndex) -> Option<ChatFault> {
        let fault = self.turn(index).chat_fault?;
        let mut progress = self.progress();
        let times = progress.chat_faults.entry(index).or_default();
        *times += 1;
        (*times <= self.turn(index).chat_fault_times).then_some(fault)
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> UtteranceId {
        text.parse().expect("a recorded utterance")
    }

    #[test]
    fn the_embedded_scenarios_parse() {
        let demo = Scenario::demo().expect("the demo parses");
        assert!(
            demo.steps
                .iter()
                .any(|step| matches!(step, Step::Interrupt { .. }))
        );
        assert!(matches!(
            demo.turns[0].misbehave,
            Some(Misbehaviour::Lie(_))
        ));
        Scenario::preflight().expect("the preflight call parses");
    }

    #[track_caller]
    fn refused(text: &str) {
        assert!(Scenario::parse(text).is_err(), "{text}");
    }

    #[test]
    fn mistakes_are_refused() {
        refused("steps = []");
        refused("title = 'x'\nsteeps = []");
        refused("title = 'x'\n[[steps]]\ndo = 'say'\nutterance = '99'");
        refused("title = 'x'\n[[steps]]\ndo = 'say'\nutterance = '01'\nloud = true");
        refused("title = 'x'\n[[turns]]\nutterance = '01'\nmisbehave = 'politely'");
    }

    #[test]
    fn occurrences_and_faults_are_counted() {
        let director = Director::new(
            Scenario::parse(
                "title = 'x'\n[[turns]]\nutterance = '31'\noccurrence = 2\nmisbehave = 'drop'\n\
                 chat_fault = 'rate_limited'",
            )
            .expect("a scenario"),
        );
        assert_eq!(director.hear(id("31")), None);
        let turn = director.hear(id("31")).expect("the second time");
        assert_eq!(director.misbehaviour(turn), Some(Misbehaviour::Drop));
        assert_eq!(director.misbehaviour(turn), None);
        assert_eq!(director.chat_fault(turn), Some(ChatFault::RateLimited));
        assert_eq!(director.chat_fault(turn), None);
        assert_eq!(director.hear(id("31")), None);
    }
}
