//! The TOML file's shape. Unknown keys are refused.

use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
    str::FromStr,
};

use secrecy::SecretString;
use serde::Deserialize;
use toran_domain::{EffectiveLimits, ModelName, ModelPrices, PriceTable};
use toran_openai::ModelList;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) listen: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) database_url: Option<String>,
    pub(super) spool: Option<String>,
    pub(super) clips_folder: Option<String>,
    pub(super) api_token: Option<SecretString>,
    pub(super) twilio: TwilioFile,
    pub(super) openai: OpenAiFile,
    pub(super) limits: LimitsFile,
    pub(super) log: LogFile,
    pub(super) prices: Option<PriceTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TwilioFile {
    pub(super) auth_token: Option<SecretString>,
    pub(super) secondary_auth_token: Option<SecretString>,
    pub(super) shared_keys: BTreeMap<String, SecretString>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OpenAiFile {
    pub(super) api_key: Option<SecretString>,
    pub(super) api_key_file: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) realtime_url: Option<String>,
    pub(super) realtime_model: Option<ModelList>,
    pub(super) transcription_model: Option<ModelList>,
    pub(super) transcription_language: Option<String>,
    pub(super) parser_model: Option<ModelList>,
    pub(super) voice: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsFile {
    pub(super) max_calls: Option<NonZeroU16>,
    pub(super) max_connections: Option<NonZeroU32>,
    pub(super) max_calls_per_business: Option<NonZeroU16>,
    pub(super) calls_per_hour: Option<NonZeroU16>,
    pub(super) appointments_per_number: Option<NonZeroU16>,
}

/// More calls of one number within an hour are no person's any more.
const DEFAULT_CALLS_PER_HOUR: NonZeroU16 = NonZeroU16::new(30).unwrap();
/// More appointments of one number are for the business to decide on.
const DEFAULT_APPOINTMENTS: NonZeroU16 = NonZeroU16::new(20).unwrap();

impl LimitsFile {
    /// What one business may take. Nothing else said, a tenth of the places is left to the others; of very few, all are everybody's.
    pub(super) fn of_a_business(&self, max_calls: NonZeroU16) -> EffectiveLimits {
        let most = NonZeroU16::new(max_calls.get() - max_calls.get() / 10);
        EffectiveLimits {
            calls: self.max_calls_per_business.or(most).unwrap_or(max_calls),
            calls_per_hour: self.calls_per_hour.unwrap_or(DEFAULT_CALLS_PER_HOUR),
            appointments: self.appointments_per_number.unwrap_or(DEFAULT_APPOINTMENTS),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LogFile {
    pub(super) filter: Option<String>,
    pub(super) format: Option<String>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it is text or json"),
        }
    }
}

/// OpenAI's published prices of the default models and their likely successors, in US dollars per million tokens,
/// as of November 2026. A deployment's own `[prices]` replaces the table.
pub(super) fn default_prices() -> PriceTable {
    let text = |text_in, text_in_cached, text_out| ModelPrices {
        text_in,
        text_in_cached,
        text_out,
        ..ModelPrices::default()
    };
    let realtime = |text: ModelPrices, audio_in, audio_in_cached, audio_out| ModelPrices {
        audio_in,
        audio_in_cached,
        audio_out,
        ..text
    };
    let transcriber = |text: ModelPrices, audio_in, audio_minute| ModelPrices {
        audio_in,
        audio_minute,
        ..text
    };
    [
        (
            "gpt-realtime-2.1",
            realtime(text(4.0, 0.4, 24.0), 32.0, 0.4, 64.0),
        ),
        (
            "gpt-realtime-2.1-mini",
            realtime(text(0.6, 0.06, 2.4), 10.0, 0.3, 20.0),
        ),
        (
            "gpt-realtime-2",
            realtime(text(4.0, 0.4, 24.0), 32.0, 0.4, 64.0),
        ),
        (
            "gpt-realtime-1.5",
            realtime(text(4.0, 0.4, 16.0), 32.0, 0.4, 64.0),
        ),
        (
            "gpt-4o-transcribe",
            transcriber(text(2.5, 0.0, 10.0), 6.0, 0.006),
        ),
        (
            "gpt-4o-mini-transcribe",
            transcriber(text(1.25, 0.0, 5.0), 3.0, 0.003),
        ),
        ("gpt-4o-mini", text(0.15, 0.075, 0.6)),
        ("gpt-6-luna", text(0.1, 0.01, 0.5)),
    ]
    .into_iter()
    .map(|(name, prices)| (ModelName(name.to_owned()), prices))
    .collect::<std::collections::BTreeMap<_, _>>()
    .into()
}
