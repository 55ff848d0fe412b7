//! The session's configuration: the service's true defaults, and updates merged into them the way the
//! service does it (absent keeps, null clears where null is allowed, formats and turn detection are
//! replaced whole, anything unknown is refused).

use serde_json::{Map, Value, json};

use super::{events::ApiError, input::TurnDetection};

const SESSION_FIELDS: [&str; 14] = [
    "type",
    "instructions",
    "output_modalities",
    "audio",
    "include",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "max_output_tokens",
    "truncation",
    "tracing",
    "prompt",
    "model",
];
const INPUT_FIELDS: [&str; 4] = [
    "format",
    "noise_reduction",
    "transcription",
    "turn_detection",
];
const OUTPUT_FIELDS: [&str; 3] = ["format", "voice", "speed"];
const FORMAT_FIELDS: [&str; 2] = ["type", "rate"];
const SERVER_VAD_FIELDS: [&str; 7] = [
    "type",
    "threshold",
    "prefix_padding_ms",
    "silence_duration_ms",
    "create_response",
    "interrupt_response",
    "idle_timeout_ms",
];
const SEMANTIC_VAD_FIELDS: [&str; 4] =
    ["type", "eagerness", "create_response", "interrupt_response"];
const TRANSCRIPTION_FIELDS: [&str; 6] = [
    "model",
    "language",
    "languages",
    "prompt",
    "keywords",
    "delay",
];
const NOISE_FIELDS: [&str; 2] = ["type", "strength"];
/// The fields that null clears. Everywhere else null is a wrong type.
const NULLABLE: [&str; 5] = [
    "turn_detection",
    "transcription",
    "noise_reduction",
    "tracing",
    "prompt",
];
/// The fields that an update replaces whole.
const REPLACED: [&str; 4] = [
    "format",
    "turn_detection",
    "transcription",
    "noise_reduction",
];

/// How audio is coded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudioFormat {
    /// 16 bits little endian, 24 kHz.
    Pcm,
    /// G.711 mu-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
}

/// The effective configuration of one session.
#[derive(Debug, Clone)]
pub(super) struct SessionConfig {
    session: Value,
}

impl SessionConfig {
    /// What `session.created` shows before any update.
    pub(super) fn new(id: &str, model: &str, expires_at: i64) -> Self {
        let session = json!({
            "type": "realtime",
            "object": "realtime.session",
            "id": id,
            "model": model,
            "output_modalities": ["audio"],
            "instructions": "You are a helpful, witty, and friendly AI. Act like a human, but \
                remember that you aren't a human and that you can't do human things in the real \
                world.",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "tracing": null,
            "truncation": "auto",
            "prompt": null,
            "expires_at": expires_at,
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": null,
                    "noise_reduction": null,
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.5,
                        "prefix_padding_ms": 300,
                        "silence_duration_ms": 200,
                        "idle_timeout_ms": null,
                        "create_response": true,
                        "interrupt_response": true,
                    },
                },
                "output": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "voice": "marin",
                    "speed": 1.0,
                },
            },
            "include": null,
        });
        Self { session }
    }

    /// The whole session, as the events show it.
    pub(super) const fn session(&self) -> &Value {
        &self.session
    }

    /// Merges an update, or refuses all of it.
    pub(super) fn update(&mut self, update: &Value, has_spoken: bool) -> Result<(), ApiError> {
        let Some(fields) = update.as_object() else {
            return Err(ApiError::missing("session"));
        };
        match update["type"].as_str() {
            Some("realtime") => {}
            Some(other) => {
                return Err(ApiError::invalid_value("session.type", other, "'realtime'"));
            }
            None => return Err(ApiError::missing("session.type")),
        }
        self.check(fields)?;
        let voice = &update["audio"]["output"]["voice"];
        if has_spoken && !voice.is_null() && *voice != self.session["audio"]["output"]["voice"] {
            return Err(ApiError::new(
                "cannot_update_voice",
                "Cannot update a conversation's voice if assistant audio is present.",
            ));
        }
        merge(&mut self.session, update);
        Ok(())
    }

    pub(super) fn instructions(&self) -> &str {
        self.session["instructions"].as_str().unwrap_or_default()
    }

    pub(super) fn model(&self) -> &str {
        self.session["model"].as_str().unwrap_or_default()
    }

    pub(super) fn turn_detection(&self) -> Option<TurnDetection> {
        TurnDetection::read(&self.session["audio"]["input"]["turn_detection"])
    }

    /// The transcriber's model, when the caller's words are transcribed at all.
    pub(super) fn transcription_model(&self) -> Option<&str> {
        self.session["audio"]["input"]["transcription"]
            .as_object()?
            .get("model")?
            .as_str()
    }

    pub(super) fn wants_logprobs(&self) -> bool {
        let wanted = json!("item.input_audio_transcription.logprobs");
        self.session["include"]
            .as_array()
            .is_some_and(|include| include.contains(&wanted))
    }

    pub(super) fn input_format(&self) -> AudioFormat {
        format(&self.session["audio"]["input"]["format"])
    }

    pub(super) fn output_format(&self) -> AudioFormat {
        format(&self.session["audio"]["output"]["format"])
    }

    /// Checks an update's fields, all of them, before any is merged.
    fn check(&self, fields: &Map<String, Value>) -> Result<(), ApiError> {
        check_object("session", fields, &SESSION_FIELDS)?;
        if fields
            .get("model")
            .is_some_and(|model| model != self.model())
        {
            return Err(ApiError::new(
                "invalid_value",
                "Cannot change a session's model. Open another session with it.",
            )
            .about("session.model"));
        }
        let plain = matches!(
            self.model(),
            "gpt-realtime" | "gpt-realtime-mini" | "gpt-realtime-1.5"
        );
        for field in ["reasoning", "parallel_tool_calls"] {
            if plain && fields.contains_key(field) {
                return Err(ApiError::unknown_parameter(&format!("session.{field}")));
            }
        }
        if let Some(modalities) = fields.get("output_modalities")
            && *modalities != json!(["audio"])
            && *modalities != json!(["text"])
        {
            let given = modalities.to_string();
            let allowed = "['audio'] and ['text']";
            return Err(ApiError::invalid_value(
                "session.output_modalities",
                &given,
                allowed,
            ));
        }
        check_max_tokens("session.max_output_tokens", fields.get("max_output_tokens"))?;
        let Some(audio) = child("session", fields, "audio")? else {
            return Ok(());
        };
        check_object("session.audio", audio, &["input", "output"])?;
        if let Some(input) = child("session.audio", audio, "input")? {
            check_input(input)?;
        }
        if let Some(output) = child("session.audio", audio, "output")? {
            check_object("session.audio.output", output, &OUTPUT_FIELDS)?;
            check_format("session.audio.output", output)?;
        }
        Ok(())
    }
}

/// Checks a limit of output tokens: 1 to 4096, or "inf".
pub(super) fn check_max_tokens(path: &str, limit: Option<&Value>) -> Result<(), ApiError> {
    match limit {
        None => Ok(()),
        Some(limit) if *limit == "inf" => Ok(()),
        Some(limit)
            if limit
                .as_u64()
                .is_some_and(|limit| (1..=4_096).contains(&limit)) =>
        {
            Ok(())
        }
        Some(limit) => Err(ApiError::invalid_value(
            path,
            &limit.to_string(),
            "1 to 4096 and 'inf'",
        )),
    }
}

fn check_input(input: &Map<String, Value>) -> Result<(), ApiError> {
    let path = "session.audio.input";
    check_object(path, input, &INPUT_FIELDS)?;
    check_format(path, input)?;
    if let Some(noise) = child(path, input, "noise_reduction")? {
        check_object(&format!("{path}.noise_reduction"), noise, &NOISE_FIELDS)?;
        check_word(
            &format!("{path}.noise_reduction.type"),
            noise,
            &["near_field", "far_field"],
        )?;
    }
    if let Some(transcription) = child(path, input, "transcription")? {
        check_object(
            &format!("{path}.transcription"),
            transcription,
            &TRANSCRIPTION_FIELDS,
        )?;
    }
    if let Some(detection) = child(path, input, "turn_detection")? {
        let path = format!("{path}.turn_detection");
        check_word(
            &format!("{path}.type"),
            detection,
            &["server_vad", "semantic_vad"],
        )?;
        let semantic = detection["type"] == "semantic_vad";
        let allowed: &[&str] = if semantic {
            &SEMANTIC_VAD_FIELDS
        } else {
            &SERVER_VAD_FIELDS
        };
        let nullable = detection
            .iter()
            .filter(|(key, value)| !(key.as_str() == "idle_timeout_ms" && value.is_null()));
        let checked = nullable
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        check_object(&path, &checked, allowed)?;
    }
    Ok(())
}

fn check_object(path: &str, fields: &Map<String, Value>, allowed: &[&str]) -> Result<(), ApiError> {
    for (key, value) in fields {
        if !allowed.contains(&key.as_str()) {
            return Err(ApiError::unknown_parameter(&format!("{path}.{key}")));
        }
        if value.is_null() && !NULLABLE.contains(&key.as_str()) {
            return Err(ApiError::invalid_type(
                &format!("{path}.{key}"),
                "a value",
                "null",
            ));
        }
    }
    Ok(())
}

fn check_format(path: &str, fields: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(format) = child(path, fields, "format")? else {
        return Ok(());
    };
    let path = format!("{path}.format");
    check_object(&path, format, &FORMAT_FIELDS)?;
    check_word(
        &format!("{path}.type"),
        format,
        &["audio/pcm", "audio/pcmu", "audio/pcma"],
    )?;
    let pcm = format["type"] == "audio/pcm";
    match format.get("rate") {
        Some(_) if !pcm => Err(ApiError::unknown_parameter(&format!("{path}.rate"))),
        Some(rate) if *rate != 24_000 => Err(ApiError::invalid_value(
            &format!("{path}.rate"),
            &rate.to_string(),
            "24000",
        )),
        _ => Ok(()),
    }
}

fn check_word(path: &str, fields: &Map<String, Value>, allowed: &[&str]) -> Result<(), ApiError> {
    let key = path.rsplit('.').next().unwrap_or_default();
    match fields.get(key) {
        None => Err(ApiError::missing(path)),
        Some(Value::String(word)) if allowed.contains(&word.as_str()) => Ok(()),
        Some(Value::String(word)) => {
            let supported: Vec<_> = allowed.iter().map(|word| format!("'{word}'")).collect();
            Err(ApiError::invalid_value(path, word, &supported.join(", ")))
        }
        Some(other) => Err(ApiError::invalid_type(path, "a string", &other.to_string())),
    }
}

/// A nested object, if it is there and not null.
fn child<'a>(
    path: &str,
    fields: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a Map<String, Value>>, ApiError> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(ApiError::invalid_type(
            &format!("{path}.{key}"),
            "an object",
            &other.to_string(),
        )),
    }
}

fn merge(current: &mut Value, update: &Value) {
    let (Some(current), Some(update)) = (current.as_object_mut(), update.as_object()) else {
        return;
    };
    for (key, value) in update {
        let replaced = REPLACED.contains(&key.as_str()) || !value.is_object();
        match current.get_mut(key) {
            Some(kept) if !replaced && kept.is_object() => merge(kept, value),
            _ => {
                current.insert(key.clone(), value.clone());
            }
        }
    }
}

fn format(value: &Value) -> AudioFormat {
    match value["type"].as_str() {
        Some("audio/pcmu") => AudioFormat::Pcmu,
        Some("audio/pcma") => AudioFormat::Pcma,
        _ => AudioFormat::Pcm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(update: &Value) -> Result<Value, &'static str> {
        let mut config = SessionConfig::new("sess_1", "gpt-realtime-2.1", 0);
        config.update(update, false).map_err(|error| error.code)?;
        Ok(config.session)
    }

    #[test]
    fn absent_keeps_null_clears_and_formats_are_replaced() -> Result<(), &'static str> {
        let session = updated(&json!({"type": "realtime", "audio": {"input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-4o-transcribe", "language": "he"},
        }}}))?;
        let input = &session["audio"]["input"];
        assert_eq!(input["format"], json!({"type": "audio/pcmu"}));
        assert_eq!(input["turn_detection"]["silence_duration_ms"], 200);
        assert_eq!(session["audio"]["output"]["voice"], "marin");

        let detection = json!({"type": "server_vad", "create_response": false});
        let session = updated(&json!({"type": "realtime", "audio": {"input": {
            "turn_detection": detection}}}))?;
        assert_eq!(session["audio"]["input"]["turn_detection"], detection);
        let session =
            updated(&json!({"type": "realtime", "audio": {"input": {"turn_detection": null}}}))?;
        assert!(session["audio"]["input"]["turn_detection"].is_null());
        Ok(())
    }

    #[track_caller]
    fn refused(update: &Value, code: &str) {
        assert_eq!(updated(update).err(), Some(code), "{update}");
    }

    #[test]
    fn what_the_service_refuses_is_refused() {
        refused(&json!({"instructions": "x"}), "missing_required_parameter");
        refused(
            &json!({"type": "realtime", "modalities": ["audio"]}),
            "unknown_parameter",
        );
        refused(
            &json!({"type": "realtime", "voice": "marin"}),
            "unknown_parameter",
        );
        refused(
            &json!({"type": "realtime", "temperature": 0.8}),
            "unknown_parameter",
        );
        refused(
            &json!({"type": "realtime", "instructions": null}),
            "invalid_type",
        );
        refused(
            &json!({"type": "realtime", "output_modalities": ["audio", "text"]}),
            "invalid_value",
        );
        refused(
            &json!({"type": "realtime", "audio": {"input": {
                "format": {"type": "audio/pcmu", "rate": 8000}}}}),
            "unknown_parameter",
        );
        refused(
            &json!({"type": "realtime", "audio": {"input": {
                "noise_reduction": {"type": {"type": "far_field"}}}}}),
            "invalid_type",
        );
        refused(
            &json!({"type": "realtime", "model": "gpt-realtime"}),
            "invalid_value",
        );
        refused(
            &json!({"type": "realtime", "max_output_tokens": 5_000}),
            "invalid_value",
        );
    }

    #[test]
    fn a_voice_cannot_change_once_it_was_heard() {
        let mut config = SessionConfig::new("sess_1", "gpt-realtime-2.1", 0);
        let update = json!({"type": "realtime", "audio": {"output": {"voice": "cedar"}}});
        assert_eq!(
            config.update(&update, true).map_err(|error| error.code),
            Err("cannot_update_voice")
        );
        assert_eq!(config.update(&update, false), Ok(()));
        assert_eq!(config.update(&update, true), Ok(()));
    }
}
