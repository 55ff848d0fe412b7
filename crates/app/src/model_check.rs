//! A warning at start-up about models that are gone or going: their shutdown dates are announced in the list of
//! models, and a call on the day after is too late to learn of them.

use toran_domain::ModelName;
use toran_openai::{ModelStatus, check_models};
use tracing::{info, warn};

use crate::{config::OpenAiSection, models::openai_config};

/// Asks for the list of models and logs what it says of the configured ones. Never fails and never delays a call.
pub async fn warn_of_models(section: &OpenAiSection) {
    let used: [(&str, &ModelName); 3] = [
        ("openai.realtime_model", &section.realtime_model),
        ("openai.transcription_model", &section.transcription_model),
        ("openai.parser_model", &section.parser_model),
    ];
    let names = used.map(|(_, model)| model.clone());
    let statuses = check_models(&openai_config(section), &names).await;
    for ((key, model), status) in used.into_iter().zip(statuses) {
        match status {
            ModelStatus::Available => info!(key, %model, "model available"),
            ModelStatus::ShuttingDown { on } => {
                warn!(key, %model, shutdown_date = %on, "the model will be shut down: name its successor before that day");
            }
            ModelStatus::Gone => {
                warn!(key, %model, "the account has no such model: calls will fail; name another one");
            }
            ModelStatus::Unknown => {
                info!(key, %model, "the service does not say whether the model exists");
            }
        }
    }
}
