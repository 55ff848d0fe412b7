//! What a response or a transcription used.

use serde::Deserialize;

use crate::de::null_as_default;

/// What a response used, as the wire reports it: `input_tokens` *contains* the cached ones. For prices,
/// use [`Usage::split`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read and written together.
    #[serde(deserialize_with = "null_as_default")]
    pub total_tokens: u64,
    /// Read, cached ones included.
    #[serde(deserialize_with = "null_as_default")]
    pub input_tokens: u64,
    /// Written.
    #[serde(deserialize_with = "null_as_default")]
    pub output_tokens: u64,
    #[serde(deserialize_with = "null_as_default")]
    input_token_details: InputDetails,
    #[serde(deserialize_with = "null_as_default")]
    output_token_details: Modalities,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    #[serde(deserialize_with = "null_as_default")]
    audio_tokens: u64,
    #[serde(deserialize_with = "null_as_default")]
    cached_tokens: u64,
    cached_tokens_details: Option<Modalities>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct Modalities {
    #[serde(deserialize_with = "null_as_default")]
    audio_tokens: u64,
}

/// Tokens by what they cost. No token is counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenSplit {
    /// Text read, without what came from the cache.
    pub text_in: u64,
    /// Text read from the cache.
    pub text_in_cached: u64,
    /// Audio read, without what came from the cache.
    pub audio_in: u64,
    /// Audio read from the cache.
    pub audio_in_cached: u64,
    /// Text written.
    pub text_out: u64,
    /// Audio written.
    pub audio_out: u64,
}

impl Usage {
    /// Takes the cached tokens out of the counts. What is not audio counts as text, so the split always
    /// adds up to the totals; a cache that is not itemised is taken to hold text first, which never
    /// understates the price.
    pub fn split(&self) -> TokenSplit {
        let input = &self.input_token_details;
        let audio = input.audio_tokens.min(self.input_tokens);
        let text = self.input_tokens - audio;
        let cached = input.cached_tokens.min(self.input_tokens);
        let audio_cached = match input.cached_tokens_details {
            Some(details) => details.audio_tokens.min(cached),
            None => 0,
        }
        .max(cached.saturating_sub(text))
        .min(audio);
        let text_cached = cached - audio_cached;
        let audio_out = self
            .output_token_details
            .audio_tokens
            .min(self.output_tokens);
        TokenSplit {
            text_in: text - text_cached,
            text_in_cached: text_cached,
            audio_in: audio - audio_cached,
            audio_in_cached: audio_cached,
            text_out: self.output_tokens - audio_out,
            audio_out,
        }
    }
}

/// What the transcription of a turn used. It is billed apart from the response, in one of two ways.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum TranscriptionUsage {
    /// By tokens; the audio is what is read.
    Tokens(Usage),
    /// By duration.
    Duration {
        /// Seconds of audio.
        seconds: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: TokenSplit) {
        let usage: Usage = serde_json::from_str(json).unwrap();
        assert_eq!(usage.split(), expected);
    }

    #[test]
    fn cached_tokens_are_taken_out_of_the_counts() {
        check(
            r#"{"total_tokens":1300,"input_tokens":1000,"output_tokens":300,
                "input_token_details":{"text_tokens":600,"audio_tokens":400,"image_tokens":0,"cached_tokens":640,
                    "cached_tokens_details":{"text_tokens":512,"audio_tokens":128,"image_tokens":0}},
                "output_token_details":{"text_tokens":80,"audio_tokens":220}}"#,
            TokenSplit {
                text_in: 88,
                text_in_cached: 512,
                audio_in: 272,
                audio_in_cached: 128,
                text_out: 80,
                audio_out: 220,
            },
        );
    }

    #[test]
    fn a_cache_that_is_not_itemised_holds_text_first() {
        check(
            r#"{"input_tokens":100,"input_token_details":{"text_tokens":60,"audio_tokens":40,"cached_tokens":70}}"#,
            TokenSplit {
                text_in_cached: 60,
                audio_in: 30,
                audio_in_cached: 10,
                ..TokenSplit::default()
            },
        );
    }

    #[test]
    fn missing_details_count_as_text() {
        check(
            r#"{"input_tokens":5,"output_tokens":3,"input_token_details":null,"output_token_details":null}"#,
            TokenSplit {
                text_in: 5,
                text_out: 3,
                ..TokenSplit::default()
            },
        );
    }

    proptest::proptest! {
        #[test]
        fn the_split_adds_up_to_the_totals(
            input_tokens: u64, output_tokens: u64, audio_tokens: u64, cached_tokens: u64, audio_cached: u64, audio_out: u64, itemised: bool
        ) {
            let usage = Usage {
                total_tokens: 0,
                input_tokens,
                output_tokens,
                input_token_details: InputDetails {
                    audio_tokens,
                    cached_tokens,
                    cached_tokens_details: itemised.then_some(Modalities { audio_tokens: audio_cached }),
                },
                output_token_details: Modalities { audio_tokens: audio_out },
            };
            let split = usage.split();
            let read = [split.text_in, split.text_in_cached, split.audio_in, split.audio_in_cached];
            proptest::prop_assert_eq!(read.iter().map(|n| u128::from(*n)).sum::<u128>(), u128::from(input_tokens));
            proptest::prop_assert_eq!(u128::from(split.text_out) + u128::from(split.audio_out), u128::from(output_tokens));
        }
    }
}
