//! The configuration of a session, as a partial update.

use serde::{Deserialize, Serialize};

use crate::Tri;

/// What `session.update` changes: whatever is `None` or absent stays as the server has it.
///
/// The model is not here (the connection's URL names it), and realtime tools are not here (none are used).
/// The voice cannot be changed once the model has spoken.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename = "realtime")]
pub struct SessionUpdate {
    /// The system prompt. An empty text clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Speech or text; the API never gives both (speech comes with its transcript).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_modalities: Option<OutputModality>,
    /// The caller's audio and the model's.
    #[serde(default, skip_serializing_if = "AudioConfig::is_empty")]
    pub audio: AudioConfig,
    /// Extra fields that server events shall carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<Include>>,
    /// For reasoning models only; others refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// The longest single response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<MaxOutputTokens>,
    /// What the server drops when the conversation outgrows the model's context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncation: Option<Truncation>,
    /// Traces of the session at OpenAI; null switches them off.
    #[serde(default, skip_serializing_if = "Tri::is_absent")]
    pub tracing: Tri<Tracing>,
}

/// The audio of a session, both ways.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AudioConfig {
    /// What the caller says.
    #[serde(default, skip_serializing_if = "InputAudio::is_empty")]
    pub input: InputAudio,
    /// What the model says.
    #[serde(default, skip_serializing_if = "OutputAudio::is_empty")]
    pub output: OutputAudio,
}

impl AudioConfig {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.output.is_empty()
    }
}

/// How the caller's audio is read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InputAudio {
    /// Its encoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<AudioFormat>,
    /// Filters it before voice activity detection and the model; null switches that off.
    #[serde(default, skip_serializing_if = "Tri::is_absent")]
    pub noise_reduction: Tri<NoiseReduction>,
    /// Who writes down what the caller says; null switches that off.
    #[serde(default, skip_serializing_if = "Tri::is_absent")]
    pub transcription: Tri<Transcriber>,
    /// Who decides when the caller's turn ends; null leaves it to the client.
    #[serde(default, skip_serializing_if = "Tri::is_absent")]
    pub turn_detection: Tri<TurnDetection>,
}

impl InputAudio {
    fn is_empty(&self) -> bool {
        self.format.is_none()
            && self.noise_reduction.is_absent()
            && self.transcription.is_absent()
            && self.turn_detection.is_absent()
    }
}

/// How the model speaks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OutputAudio {
    /// Its encoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<AudioFormat>,
    /// Its voice; fixed after the first audio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// Its pace, 0.25 to 1.5, where 1 is natural. Applies between turns only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
}

impl OutputAudio {
    fn is_empty(&self) -> bool {
        self.format.is_none() && self.voice.is_none() && self.speed.is_none()
    }
}

/// An encoding of audio that the API takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum AudioFormat {
    /// G.711 mu-law at 8 kHz: the telephone's.
    #[serde(rename = "audio/pcmu")]
    Pcmu,
    /// G.711 A-law at 8 kHz.
    #[serde(rename = "audio/pcma")]
    Pcma,
    /// Linear, 16 bits little-endian.
    #[serde(rename = "audio/pcm")]
    Pcm {
        /// Samples per second; the API takes 24000 only.
        rate: u32,
    },
}

/// Where the microphone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NoiseReduction {
    /// At the mouth: a handset or a headset.
    NearField,
    /// In the room: a speakerphone or a laptop.
    FarField,
}

/// The model that transcribes the caller, beside the model that answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transcriber {
    /// Its name, like `gpt-4o-transcribe`.
    pub model: String,
    /// ISO 639-1; pinned, because short audio is guessed wrongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The same, for `gpt-transcribe`, which takes several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Words to expect, as free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Words to expect, for `gpt-transcribe`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
}

/// How the server finds the caller's turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnDetection {
    /// By silence.
    ServerVad(ServerVad),
}

/// Turns by silence. Everything but the idle timeout is always sent: the documented defaults are not the
/// ones the live service uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerVad {
    /// How sure the detector must be that it hears speech.
    pub threshold: Threshold,
    /// Audio before the onset that belongs to the turn, in milliseconds.
    pub prefix_padding_ms: u32,
    /// Silence that ends a turn, in milliseconds.
    pub silence_duration_ms: u32,
    /// Whether the server answers a finished turn by itself.
    pub create_response: bool,
    /// Whether the server cancels its response when the caller starts to speak.
    pub interrupt_response: bool,
    /// Silence after an answer upon which the server prompts the model by itself, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u32>,
}

/// A setting outside what the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// Not a number from 0 to 1.
    #[error("a voice activity threshold is a number from 0 to 1")]
    Threshold,
    /// Not a count from 1 to 4096.
    #[error("a response is limited to 1 to 4096 tokens; leave the limit out for none")]
    MaxOutputTokens,
}

/// A probability, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Threshold(f32);

impl Threshold {
    /// Checks a probability.
    pub fn new(value: f32) -> Result<Self, InvalidSetting> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidSetting::Threshold)
        }
    }
}

impl Default for Threshold {
    /// The documented default, one half.
    fn default() -> Self {
        Self(0.5)
    }
}

impl TryFrom<f32> for Threshold {
    type Error = InvalidSetting;

    fn try_from(value: f32) -> Result<Self, InvalidSetting> {
        Self::new(value)
    }
}

impl From<Threshold> for f32 {
    fn from(threshold: Threshold) -> Self {
        threshold.0
    }
}

/// What the model answers with. On the wire it is a list, of exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "[Modality; 1]", from = "[Modality; 1]")]
pub enum OutputModality {
    /// Speech, with its transcript.
    Audio,
    /// Text only.
    Text,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Modality {
    Audio,
    Text,
}

impl From<OutputModality> for [Modality; 1] {
    fn from(modality: OutputModality) -> Self {
        [match modality {
            OutputModality::Audio => Modality::Audio,
            OutputModality::Text => Modality::Text,
        }]
    }
}

impl From<[Modality; 1]> for OutputModality {
    fn from([modality]: [Modality; 1]) -> Self {
        match modality {
            Modality::Audio => Self::Audio,
            Modality::Text => Self::Text,
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Voice {
    /// One of OpenAI's, like `marin`.
    Named(String),
    /// One made for the customer.
    Custom {
        /// Its id, `voice_…`.
        id: String,
    },
}

/// An extra field that server events shall carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Include {
    /// How sure the transcriber is of each token.
    #[serde(rename = "item.input_audio_transcription.logprobs")]
    TranscriptionLogprobs,
}

/// How much a reasoning model thinks before it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reasoning {
    /// The effort.
    pub effort: ReasoningEffort,
}

/// An effort of reasoning: more of it costs the caller silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReasoningEffort {
    /// The least.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// The most.
    Xhigh,
}

/// The longest response, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TokenLimit", into = "TokenLimit")]
pub struct MaxOutputTokens(Option<u16>);

impl MaxOutputTokens {
    /// No limit of ours: the model's own holds.
    pub const UNLIMITED: Self = Self(None);

    /// A limit from 1 to 4096.
    pub fn new(tokens: u16) -> Result<Self, InvalidSetting> {
        if (1..=4096).contains(&tokens) {
            Ok(Self(Some(tokens)))
        } else {
            Err(InvalidSetting::MaxOutputTokens)
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum TokenLimit {
    Tokens(u16),
    Word(Unlimited),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Unlimited {
    #[serde(rename = "inf")]
    Inf,
}

impl From<MaxOutputTokens> for TokenLimit {
    fn from(limit: MaxOutputTokens) -> Self {
        limit.0.map_or(Self::Word(Unlimited::Inf), Self::Tokens)
    }
}

impl TryFrom<TokenLimit> for MaxOutputTokens {
    type Error = InvalidSetting;

    fn try_from(limit: TokenLimit) -> Result<Self, InvalidSetting> {
        match limit {
            TokenLimit::Tokens(tokens) => Self::new(tokens),
            TokenLimit::Word(Unlimited::Inf) => Ok(Self::UNLIMITED),
        }
    }
}

/// What the server drops when the conversation outgrows the model's context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truncation {
    /// The oldest messages.
    Auto,
    /// Nothing: the response fails instead.
    Disabled,
}

/// Traces of the session, kept at OpenAI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tracing {
    /// With default names.
    Auto,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_update_names_only_its_type() {
        let json = serde_json::to_string(&SessionUpdate::default()).unwrap();
        assert_eq!(json, r#"{"type":"realtime"}"#);
    }

    #[test]
    fn the_limits_of_the_api_hold() {
        assert!(Threshold::new(1.0).is_ok());
        for bad in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            assert_eq!(Threshold::new(bad), Err(InvalidSetting::Threshold), "{bad}");
        }
        assert!(MaxOutputTokens::new(4096).is_ok());
        for bad in [0, 4097] {
            assert_eq!(
                MaxOutputTokens::new(bad),
                Err(InvalidSetting::MaxOutputTokens),
                "{bad}"
            );
        }
    }

    #[track_caller]
    fn check<T>(value: &T, json: &str)
    where
        T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        assert_eq!(serde_json::to_string(value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), *value);
    }

    #[test]
    fn small_values_are_written_as_the_api_spells_them() {
        check(&OutputModality::Audio, r#"["audio"]"#);
        check(&AudioFormat::Pcmu, r#"{"type":"audio/pcmu"}"#);
        check(
            &AudioFormat::Pcm { rate: 24_000 },
            r#"{"type":"audio/pcm","rate":24000}"#,
        );
        check(&NoiseReduction::FarField, r#"{"type":"far_field"}"#);
        check(&MaxOutputTokens::UNLIMITED, r#""inf""#);
        check(&MaxOutputTokens::new(600).unwrap(), "600");
        check(&Voice::Named("marin".into()), r#""marin""#);
        check(
            &Voice::Custom {
                id: "voice_1".into(),
            },
            r#"{"id":"voice_1"}"#,
        );
        check(&Threshold::new(0.3).unwrap(), "0.3");
        check(&Tracing::Auto, r#""auto""#);
        check(&Truncation::Disabled, r#""disabled""#);
    }

    #[test]
    fn both_modalities_at_once_are_refused() {
        assert!(serde_json::from_str::<OutputModality>(r#"["audio","text"]"#).is_err());
    }
}
