//! The model's socket as the bridge wants it, made of the socket that `toran-openai` has.

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use toran_bridge::{ModelConnectError, ModelConnector, ModelSocket};
use toran_domain::{CallSid, ModelName};
use toran_openai::{OpenAiConfig, RealtimeSocket};

use crate::config::OpenAiSection;

/// Messages that may wait in each direction: some seconds of audio.
const QUEUE: usize = 256;

pub(crate) fn openai_config(section: &OpenAiSection) -> OpenAiConfig {
    OpenAiConfig {
        api_key: section.api_key.clone(),
        realtime_url: section.realtime_url.clone(),
        ..OpenAiConfig::new(section.base_url.clone())
    }
}

/// Opens sessions with OpenAI.
pub(crate) struct RealtimeConnector {
    config: OpenAiConfig,
    model: ModelName,
}

impl RealtimeConnector {
    pub(crate) const fn new(config: OpenAiConfig, model: ModelName) -> Self {
        Self { config, model }
    }
}

#[async_trait]
impl ModelConnector for RealtimeConnector {
    async fn connect(&self, _call_sid: &CallSid) -> Result<ModelSocket, ModelConnectError> {
        let socket = RealtimeSocket::connect(&self.config, &self.model, None)
            .await
            .map_err(|error| ModelConnectError(Box::new(error)))?;
        let mut channels = socket.into_channels(QUEUE);
        let events = stream::poll_fn(move |context| channels.events.poll_recv(context));
        Ok(ModelSocket {
            events: events.boxed(),
            commands: channels.commands,
        })
    }
}
