//! The person on the phone: follows the script step by step, hears what is played, speaks. No I/O: time
//! comes in with every call, so a whole conversation can be tested in an instant.

use std::collections::VecDeque;

use crate::{
    fixtures::{self, UtteranceId},
    mulaw::{BYTES_PER_MS, FRAME_BYTES, SILENCE, is_silence},
    scenario::Step,
    voice::{Listener, bytes_in},
};

/// Something the agent said, as far as the caller heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The words.
    pub text: String,
    /// When it began, in milliseconds since the call was answered.
    pub at_ms: u64,
    /// Whether it was heard to its end.
    pub complete: bool,
}

/// Something the caller said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Which recording.
    pub utterance: UtteranceId,
    /// Its words.
    pub text: &'static str,
    /// When it began, in milliseconds since the call was answered.
    pub at_ms: u64,
}

/// A step that did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {number} ({step:?}) was not met within {waited_ms} ms")]
pub struct StepFailure {
    /// Which, counted from 1.
    pub number: usize,
    /// What was waited for.
    pub step: Step,
    /// How long.
    pub waited_ms: u64,
}

/// What the caller does beyond speaking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Press(char),
    DropStream,
    HangUp,
    GiveUp(StepFailure),
}

#[derive(Debug)]
pub(super) struct Caller {
    steps: Vec<Step>,
    step: usize,
    /// When the current step began; none before its first look.
    began_ms: Option<u64>,
    /// Whether the current step's words have left for the mouth.
    uttered: bool,
    /// When the agent was first heard in the current step.
    first_heard_ms: Option<u64>,
    last_heard_ms: Option<u64>,
    mouth: VecDeque<u8>,
    ear: Listener,
    /// When each utterance of the ear began.
    heard_at: Vec<u64>,
    /// Utterances and letters that had been heard when the caller last began to speak.
    heard_before: (usize, usize),
    spoken: Vec<Spoken>,
}

impl Caller {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self {
            steps,
            step: 0,
            began_ms: None,
            uttered: false,
            first_heard_ms: None,
            last_heard_ms: None,
            mouth: VecDeque::new(),
            ear: Listener::default(),
            heard_at: Vec::new(),
            heard_before: (0, 0),
            spoken: Vec::new(),
        }
    }

    /// Hears what was played in the last 20 ms.
    pub(super) fn hear(&mut self, now_ms: u64, played: &[u8]) {
        if !is_silence(played) {
            self.last_heard_ms = Some(now_ms);
            self.first_heard_ms.get_or_insert(now_ms);
        }
        self.ear.hear(played);
        self.heard_at.resize(self.ear.utterances().len(), now_ms);
    }

    /// Goes on with the script. Returns what has to be done outside, if anything.
    pub(super) fn act(&mut self, now_ms: u64) -> Option<Act> {
        loop {
            let Some(step) = self.steps.get(self.step).cloned() else {
                return Some(Act::HangUp);
            };
            let began_ms = *self.began_ms.get_or_insert(now_ms);
            let waited_ms = now_ms - began_ms;
            let (met, timeout_ms) = match &step {
                Step::Say { utterance, keep_ms } => {
                    self.say_once(now_ms, *utterance, *keep_ms);
                    (self.mouth.is_empty(), u64::MAX)
                }
                Step::Interrupt {
                    after_ms,
                    utterance,
                    timeout_ms,
                } => {
                    let heard = self
                        .first_heard_ms
                        .filter(|first| now_ms - first >= *after_ms);
                    if heard.is_some() {
                        self.say_once(now_ms, *utterance, None);
                    }
                    let timeout = if self.uttered { u64::MAX } else { *timeout_ms };
                    (self.uttered && self.mouth.is_empty(), timeout)
                }
                Step::WaitForSpeech { timeout_ms } => (self.first_heard_ms.is_some(), *timeout_ms),
                Step::WaitUntilSilent { for_ms, timeout_ms } => {
                    let quiet_from = self
                        .last_heard_ms
                        .map_or(began_ms, |last| last.max(began_ms));
                    (now_ms - quiet_from >= *for_ms, *timeout_ms)
                }
                Step::WaitHeard { text, timeout_ms } => {
                    (self.heard_since_speaking().contains(text), *timeout_ms)
                }
                Step::Pause { ms } => (waited_ms >= *ms, u64::MAX),
                Step::Dtmf { .. } | Step::DropStream | Step::HangUp => (true, u64::MAX),
            };
            if !met {
                let number = self.step + 1;
                let failure = StepFailure {
                    number,
                    step,
                    waited_ms,
                };
                return (waited_ms >= timeout_ms).then_some(Act::GiveUp(failure));
            }
            self.step += 1;
            self.began_ms = None;
            self.uttered = false;
            self.first_heard_ms = None;
            match step {
                Step::Dtmf { digit } => return Some(Act::Press(digit)),
                Step::DropStream => return Some(Act::DropStream),
                Step::HangUp => return Some(Act::HangUp),
                _ => {}
            }
        }
    }

    /// The next 20 ms from the caller's mouth.
    pub(super) fn next_frame(&mut self) -> Vec<u8> {
        let mut frame: Vec<u8> = self
            .mouth
            .drain(..FRAME_BYTES.min(self.mouth.len()))
            .collect();
        frame.resize(FRAME_BYTES, SILENCE);
        frame
    }

    /// Everything heard so far.
    pub(super) fn heard(&self) -> Vec<Heard> {
        let utterances = self.ear.utterances().iter().zip(&self.heard_at);
        utterances
            .map(|(utterance, at_ms)| Heard {
                text: utterance.text.clone(),
                at_ms: *at_ms,
                complete: utterance.complete,
            })
            .collect()
    }

    /// Everything said so far.
    pub(super) fn spoken(&self) -> &[Spoken] {
        &self.spoken
    }

    /// Whether the agent has been silent for so long.
    pub(super) fn silence_ms(&self, now_ms: u64) -> u64 {
        self.last_heard_ms.map_or(now_ms, |last| now_ms - last)
    }

    fn say_once(&mut self, now_ms: u64, id: UtteranceId, keep_ms: Option<u32>) {
        if self.uttered {
            return;
        }
        self.uttered = true;
        let utterances = self.ear.utterances();
        self.heard_before = match utterances.split_last() {
            Some((last, earlier)) => (earlier.len(), last.text.len()),
            None => (0, 0),
        };
        let utterance = fixtures::by_id(id);
        let audio = utterance.audio;
        let lead = audio.len().saturating_sub(utterance.voiced().len()) / 2;
        let kept = keep_ms.map_or(audio.len(), |keep| lead_of(audio) + bytes_in(keep.into()));
        self.mouth.extend(&audio[..kept.min(audio.len())]);
        if keep_ms.is_some() {
            self.mouth.extend(std::iter::repeat_n(SILENCE, lead));
        }
        self.spoken.push(Spoken {
            utterance: id,
            text: utterance.text,
            at_ms: now_ms,
        });
    }

    fn heard_since_speaking(&self) -> String {
        let (from, letters) = self.heard_before;
        let utterances = self.ear.utterances().iter().enumerate().skip(from);
        let texts = utterances.map(|(index, utterance)| {
            let known = if index == from { letters } else { 0 };
            utterance.text.get(known..).unwrap_or_default()
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}

/// The silence before a recording's speech, in bytes.
fn lead_of(audio: &[u8]) -> usize {
    let silent = audio
        .chunks(FRAME_BYTES)
        .take_while(|frame| is_silence(frame))
        .count();
    silent * 20 * BYTES_PER_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::speak;

    struct Scene {
        caller: Caller,
        now_ms: u64,
        sent: Vec<u8>,
    }

    impl Scene {
        fn new(steps: Vec<Step>) -> Self {
            Self {
                caller: Caller::new(steps),
                now_ms: 0,
                sent: Vec::new(),
            }
        }

        /// Plays audio (and silence after it) until the caller acts or the time is over.
        fn play(&mut self, audio: &[u8], for_ms: u64) -> Option<Act> {
            let until = self.now_ms + for_ms;
            let mut chunks = audio.chunks(FRAME_BYTES);
            while self.now_ms < until {
                self.caller
                    .hear(self.now_ms, chunks.next().unwrap_or_default());
                let act = self.caller.act(self.now_ms);
                self.sent.extend(self.caller.next_frame());
                self.now_ms += 20;
                if act.is_some() {
                    return act;
                }
            }
            None
        }
    }

    fn id(text: &str) -> UtteranceId {
        text.parse().expect("a recorded utterance")
    }

    #[test]
    fn it_waits_speaks_and_hangs_up() {
        let mut scene = Scene::new(vec![
            Step::WaitForSpeech { timeout_ms: 5_000 },
            Step::WaitUntilSilent {
                for_ms: 500,
                timeout_ms: 5_000,
            },
            Step::Say {
                utterance: id("31"),
                keep_ms: None,
            },
        ]);
        assert_eq!(scene.play(&[], 1_000), None);
        assert_eq!(scene.play(&speak("שלום"), 10_000), Some(Act::HangUp));
        let spoken = scene.caller.spoken();
        assert_eq!((spoken[0].text, spoken[0].at_ms), ("כן זה נכון", 1_780));
        let said = fixtures::by_id(id("31")).audio;
        assert!(scene.sent.windows(said.len()).any(|window| window == said));
        assert_eq!(scene.caller.heard()[0].text, "שלום");
    }

    #[test]
    fn it_interrupts_while_the_agent_speaks() {
        let steps = vec![Step::Interrupt {
            after_ms: 600,
            utterance: id("12"),
            timeout_ms: 3_000,
        }];
        let mut scene = Scene::new(steps);
        scene.play(&[], 400);
        assert_eq!(
            scene.play(&speak("יש לי כמה שעות פנויות מחר"), 8_000),
            Some(Act::HangUp)
        );
        assert_eq!(scene.caller.spoken()[0].at_ms, 1_000);
    }

    #[test]
    fn a_wait_that_is_not_met_is_reported() {
        let step = Step::WaitHeard {
            text: "קבעתי".into(),
            timeout_ms: 2_000,
        };
        let mut scene = Scene::new(vec![step.clone()]);
        let failure = StepFailure {
            number: 1,
            step,
            waited_ms: 2_000,
        };
        assert_eq!(
            scene.play(&speak("שלום"), 9_000),
            Some(Act::GiveUp(failure))
        );
    }

    #[test]
    fn only_what_is_heard_after_speaking_counts() {
        let mut scene = Scene::new(vec![
            Step::WaitHeard {
                text: "קבעתי".into(),
                timeout_ms: 9_000,
            },
            Step::Say {
                utterance: id("01"),
                keep_ms: Some(140),
            },
            Step::WaitHeard {
                text: "קבעתי".into(),
                timeout_ms: 1_000,
            },
        ]);
        let act = scene.play(&speak("קבעתי לך"), 9_000);
        assert!(
            matches!(act, Some(Act::GiveUp(StepFailure { number: 3, .. }))),
            "{act:?}"
        );
    }

    #[test]
    fn a_fragment_is_short() {
        let mut scene = Scene::new(vec![Step::Say {
            utterance: id("01"),
            keep_ms: Some(140),
        }]);
        scene.play(&[], 5_000);
        let loud = scene
            .sent
            .chunks(FRAME_BYTES)
            .filter(|frame| !is_silence(frame))
            .count();
        assert_eq!(loud, 7);
    }
}
