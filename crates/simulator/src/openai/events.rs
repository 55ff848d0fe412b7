//! The shapes of the wire: ids, errors, usage. Written out by hand from the service's documents and
//! captures, so that they check the gateway's own types instead of repeating them.

use serde_json::{Value, json};

/// Makes ids and the random strings of the wire, from a seed.
#[derive(Debug)]
pub(super) struct Ids(pub(super) fastrand::Rng);

impl Ids {
    /// An id like `item_Ab3…`: short enough for every limit of the service.
    pub(super) fn mint(&mut self, prefix: &str) -> String {
        let tail: String = (0..21).map(|_| self.0.alphanumeric()).collect();
        format!("{prefix}_{tail}")
    }

    /// The padding of delta events, 5 to 14 characters.
    pub(super) fn obfuscation(&mut self) -> String {
        let length = self.0.usize(5..=14);
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }
}

/// An error as the service words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
}

impl ApiError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            param: None,
        }
    }

    pub(super) fn about(self, param: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..self
        }
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::new(
            "missing_required_parameter",
            format!("Missing required parameter: '{param}'."),
        )
        .about(param)
    }

    pub(super) fn unknown_parameter(param: &str) -> Self {
        Self::new(
            "unknown_parameter",
            format!("Unknown parameter: '{param}'."),
        )
        .about(param)
    }

    pub(super) fn invalid_value(param: &str, given: &str, supported: &str) -> Self {
        let message = format!("Invalid value: '{given}'. Supported values are: {supported}.");
        Self::new("invalid_value", message).about(param)
    }

    pub(super) fn invalid_type(param: &str, expected: &str, given: &str) -> Self {
        let message =
            format!("Invalid type for '{param}': expected {expected}, but got {given} instead.");
        Self::new("invalid_type", message).about(param)
    }

    /// The `error` object of an event or an HTTP body.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "type": "invalid_request_error",
            "code": self.code,
            "message": self.message,
            "param": self.param,
        })
    }
}

/// Tokens of a response, counted the way the service roughly counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input_text: u64,
    pub(super) input_audio: u64,
    pub(super) cached_text: u64,
    pub(super) output_text: u64,
    pub(super) output_audio: u64,
}

impl Tokens {
    /// `usage` of `response.done`.
    pub(super) fn to_json(self) -> Value {
        let input = self.input_text + self.input_audio;
        let output = self.output_text + self.output_audio;
        json!({
            "total_tokens": input + output,
            "input_tokens": input,
            "output_tokens": output,
            "input_token_details": {
                "text_tokens": self.input_text,
                "audio_tokens": self.input_audio,
                "image_tokens": 0,
                "cached_tokens": self.cached_text,
                "cached_tokens_details": {
                    "text_tokens": self.cached_text, "audio_tokens": 0, "image_tokens": 0,
                },
            },
            "output_token_details": {
                "text_tokens": self.output_text,
                "audio_tokens": self.output_audio,
            },
        })
    }
}

/// Tokens of a text: Hebrew takes about one for every two letters.
pub(super) fn text_tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(2)
}

/// Audio tokens that the service hears in so much of the caller's audio.
pub(super) const fn heard_tokens(ms: u64) -> u64 {
    ms.div_ceil(100)
}

/// Audio tokens of so much of the model's own speech.
pub(super) const fn spoken_tokens(ms: u64) -> u64 {
    ms.div_ceil(50)
}
