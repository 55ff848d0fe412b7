//! A changed configuration, applied while the gateway runs: the key and the models of the model's service, and nothing else.

use toran_openai::{Account, ConfigError, Role};
use tracing::{info, warn};

use crate::Config;

/// Applies what of a changed configuration can be applied without a restart, and logs what cannot.
pub fn apply(running: &Config, changed: &Config, account: &Account) -> Result<(), ConfigError> {
    account.change(changed.openai.account.clone())?;
    let models = Role::ALL.map(|role| changed.openai.account.models(role).to_string());
    let [talking, transcribing, parsing] = models;
    info!(
        talking,
        transcribing, parsing, "the key and the models were read again"
    );
    let waiting = waits_for_a_restart(running, changed);
    if !waiting.is_empty() {
        let settings = waiting.join(", ");
        warn!(
            settings,
            "these settings changed too: they count after a restart"
        );
    }
    Ok(())
}

/// The settings that differ and are read at the start alone. Secrets are compared by none: they stay as they are.
fn waits_for_a_restart(running: &Config, changed: &Config) -> Vec<&'static str> {
    let differs = [
        ("listen", running.listen != changed.listen),
        ("public_url", running.public_url != changed.public_url),
        ("database_url", running.database_url != changed.database_url),
        ("spool", running.spool != changed.spool),
        ("clips_folder", running.clips_folder != changed.clips_folder),
        (
            "limits",
            (running.max_calls, running.limits) != (changed.max_calls, changed.limits),
        ),
        ("log", running.log != changed.log),
        (
            "openai.base_url",
            running.openai.base_url != changed.openai.base_url,
        ),
        (
            "openai.realtime_url",
            running.openai.realtime_url != changed.openai.realtime_url,
        ),
        (
            "openai.transcription_language",
            running.openai.transcription_language != changed.openai.transcription_language,
        ),
        ("openai.voice", running.openai.voice != changed.openai.voice),
    ];
    let differing = differs.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(setting, _)| setting).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::models;

    fn config(toml: &str) -> Config {
        Config::parse(toml, &BTreeMap::new()).unwrap()
    }

    #[test]
    fn the_models_change_at_once_and_the_rest_waits() {
        let running = config("openai.api_key = 'sk-1'");
        let account = models::account(&running.openai).unwrap();
        let changed = config(
            "listen = '127.0.0.1:1'\n[openai]\napi_key = 'sk-2'\nparser_model = 'gpt-6-luna'\nvoice = 'cedar'",
        );
        apply(&running, &changed, &account).unwrap();
        assert_eq!(account.model(Role::Parsing).0, "gpt-6-luna");
        let waiting = waits_for_a_restart(&running, &changed);
        assert_eq!(waiting, ["listen", "public_url", "openai.voice"]);
        assert!(waits_for_a_restart(&running, &running).is_empty());
    }
}
