//! The models the stand-in knows, with the shutdown dates the service announces.

use serde_json::{Value, json};

/// What a model is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Realtime,
    /// Chat completions without reasoning: takes `temperature`.
    Chat,
    /// Chat completions with reasoning, on unless `reasoning_effort` is `none`.
    Reasoning,
    Transcription,
    /// Announced once, gone now.
    Gone,
}

/// Name, kind, when it was created (seconds since 1970), when it is shut down.
const MODELS: [(&str, Kind, i64, Option<&str>); 18] = [
    ("gpt-realtime-2.1", Kind::Realtime, 1_788_000_000, None),
    ("gpt-realtime-2.1-mini", Kind::Realtime, 1_788_000_000, None),
    ("gpt-realtime-2", Kind::Realtime, 1_778_000_000, None),
    ("gpt-realtime-1.5", Kind::Realtime, 1_771_000_000, None),
    (
        "gpt-realtime",
        Kind::Realtime,
        1_756_271_701,
        Some("2027-01-20"),
    ),
    (
        "gpt-realtime-mini",
        Kind::Realtime,
        1_759_517_133,
        Some("2027-01-20"),
    ),
    ("gpt-4o-realtime-preview", Kind::Gone, 1_727_659_998, None),
    ("gpt-4o", Kind::Chat, 1_715_367_049, Some("2027-01-14")),
    ("gpt-4o-mini", Kind::Chat, 1_721_172_741, Some("2027-01-14")),
    (
        "gpt-4o-mini-2024-07-18",
        Kind::Chat,
        1_721_172_717,
        Some("2027-01-14"),
    ),
    (
        "gpt-4.1-mini",
        Kind::Chat,
        1_744_318_173,
        Some("2027-01-14"),
    ),
    ("gpt-4.1-nano", Kind::Gone, 1_744_321_707, None),
    ("gpt-6-luna", Kind::Reasoning, 1_786_000_000, None),
    ("gpt-5.6-luna", Kind::Reasoning, 1_782_000_000, None),
    (
        "gpt-4o-transcribe",
        Kind::Transcription,
        1_742_068_463,
        Some("2027-02-26"),
    ),
    ("gpt-transcribe", Kind::Transcription, 1_786_000_000, None),
    (
        "gpt-4o-mini-transcribe",
        Kind::Transcription,
        1_742_068_596,
        Some("2027-02-26"),
    ),
    (
        "whisper-1",
        Kind::Transcription,
        1_677_532_384,
        Some("2027-02-26"),
    ),
];

/// What is known of a model.
pub(super) fn kind(name: &str) -> Option<Kind> {
    MODELS
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, kind, ..)| *kind)
}

/// The body of `GET /v1/models`.
pub(super) fn list() -> Value {
    let present = MODELS.iter().filter(|(_, kind, ..)| *kind != Kind::Gone);
    json!({"object": "list", "data": present.map(object).collect::<Vec<_>>()})
}

/// The body of `GET /v1/models/{id}`, if there is such a model.
pub(super) fn one(name: &str) -> Option<Value> {
    let mut present = MODELS.iter().filter(|(_, kind, ..)| *kind != Kind::Gone);
    present.find(|(known, ..)| *known == name).map(object)
}

fn object(model: &(&str, Kind, i64, Option<&str>)) -> Value {
    let (id, _, created, shutdown_date) = model;
    json!({"id": id, "object": "model", "created": created, "owned_by": "system",
        "shutdown_date": shutdown_date})
}
