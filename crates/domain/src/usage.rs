//! What a call used of the models, and what it cost.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// A model's name as OpenAI lists it, like `gpt-4o-mini`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelName(pub String);

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one model used, as its `usage` reports. Counts are tokens; cached ones are *not* contained in the
/// uncached counts. Transcription may be reported in seconds of audio instead.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Text tokens read, without the cached ones.
    pub text_in: u64,
    /// Text tokens read from the cache.
    pub text_in_cached: u64,
    /// Audio tokens read, without the cached ones.
    pub audio_in: u64,
    /// Audio tokens read from the cache.
    pub audio_in_cached: u64,
    /// Text tokens written.
    pub text_out: u64,
    /// Audio tokens written.
    pub audio_out: u64,
    /// Seconds of audio transcribed, where the model bills by duration.
    pub audio_seconds: f64,
}

impl Usage {
    /// Whether nothing was used.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.text_in = self.text_in.saturating_add(other.text_in);
        self.text_in_cached = self.text_in_cached.saturating_add(other.text_in_cached);
        self.audio_in = self.audio_in.saturating_add(other.audio_in);
        self.audio_in_cached = self.audio_in_cached.saturating_add(other.audio_in_cached);
        self.text_out = self.text_out.saturating_add(other.text_out);
        self.audio_out = self.audio_out.saturating_add(other.audio_out);
        self.audio_seconds += other.audio_seconds;
    }
}

/// One model's prices in US dollars per million tokens (and per minute of audio, where billed so).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPrices {
    /// Text read.
    pub text_in: f64,
    /// Text read from the cache.
    pub text_in_cached: f64,
    /// Audio read.
    pub audio_in: f64,
    /// Audio read from the cache.
    pub audio_in_cached: f64,
    /// Text written.
    pub text_out: f64,
    /// Audio written.
    pub audio_out: f64,
    /// A minute of transcribed audio.
    pub audio_minute: f64,
}

/// Prices by model name. A model that is not in it costs an unknown amount, never zero.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceTable(pub BTreeMap<ModelName, ModelPrices>);

impl From<BTreeMap<ModelName, ModelPrices>> for PriceTable {
    fn from(prices: BTreeMap<ModelName, ModelPrices>) -> Self {
        Self(prices)
    }
}

impl PriceTable {
    /// What `usage` of `model` cost, or `None` if the table does not know the model.
    #[expect(
        clippy::cast_precision_loss,
        reason = "token counts of a call are far below 2^52"
    )]
    pub fn cost(&self, model: &ModelName, usage: &Usage) -> Option<Cost> {
        let prices = self.0.get(model)?;
        // Dollars per million tokens are micro-dollars per token.
        let tokens = usage.text_in as f64 * prices.text_in
            + usage.text_in_cached as f64 * prices.text_in_cached
            + usage.audio_in as f64 * prices.audio_in
            + usage.audio_in_cached as f64 * prices.audio_in_cached
            + usage.text_out as f64 * prices.text_out
            + usage.audio_out as f64 * prices.audio_out;
        let seconds = usage.audio_seconds / 60.0 * prices.audio_minute * 1_000_000.0;
        Some(Cost::from_micro_usd((tokens + seconds).round().max(0.0)))
    }
}

/// Money: whole millionths of a US dollar.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cost {
    /// Millionths of a US dollar.
    pub micro_usd: u64,
}

impl Cost {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the caller rounds and clamps at zero; a float cast saturates"
    )]
    const fn from_micro_usd(value: f64) -> Self {
        Self {
            micro_usd: value as u64,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "${}.{:06}",
            self.micro_usd / 1_000_000,
            self.micro_usd % 1_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> PriceTable {
        let prices = ModelPrices {
            text_in: 0.15,
            text_in_cached: 0.075,
            text_out: 0.60,
            ..ModelPrices::default()
        };
        PriceTable([(ModelName("gpt-4o-mini".into()), prices)].into())
    }

    #[test]
    fn a_known_model_costs_what_the_table_says() {
        let usage = Usage {
            text_in: 1_000_000,
            text_in_cached: 2_000_000,
            text_out: 500_000,
            ..Usage::default()
        };
        let cost = table()
            .cost(&ModelName("gpt-4o-mini".into()), &usage)
            .unwrap();
        assert_eq!(cost.to_string(), "$0.600000");
    }

    #[test]
    fn an_unknown_model_is_never_free() {
        assert_eq!(
            table().cost(&ModelName("gpt-new".into()), &Usage::default()),
            None
        );
    }
}
