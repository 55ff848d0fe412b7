//! The model's socket as the bridge wants it, made of the socket that `toran-openai` has.

use async_trait::async_trait;
use toran_bridge::{ModelConnectError, ModelConnector, ModelSocket};
use toran_domain::CallSid;
use toran_openai::{OpenAiConfig, RealtimeSocket};

use crate::config::OpenAiSection;

pub(crate) fn openai_config(section: &OpenAiSection) -> OpenAiConfig {
    todo!("{section:?}")
}
