//! The model's socket as the bridge wants it, made of the socket that `toran-openai` has.

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use toran_bridge::{ModelConnectError, ModelConnector, ModelSocket};
use toran_domain::{CallSid, ModelName};
use toran_openai::{OpenAiConfig, RealtimeSocket, SocketClosed};
use tracing::{Instrument as _, Span, info, warn};

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
        let ended = channels.ended;
        let note = async move {
            match ended.await {
                Ok(closed) => note_end(&closed),
                Err(broken) => warn!(
                    error = &broken as &dyn std::error::Error,
                    "the task of the model's session broke"
                ),
            }
        };
        tokio::spawn(note.instrument(Span::current()));
        let events = stream::poll_fn(move |context| channels.events.poll_recv(context));
        Ok(ModelSocket {
            events: events.boxed(),
            commands: channels.commands,
        })
    }
}

/// The bridge sees only that a session ends. Why is told here, inside the call's span.
fn note_end(closed: &SocketClosed) {
    match closed {
        SocketClosed::ByUs => info!("the session with the model was closed by the gateway"),
        SocketClosed::ByServer { code, reason } => warn!(
            close_code = *code,
            close_reason = %reason,
            "the session with the model was closed by its service"
        ),
        SocketClosed::Dropped
        | SocketClosed::Lost(_)
        | SocketClosed::Silent
        | SocketClosed::Stalled => warn!(
            error = closed as &dyn std::error::Error,
            "the session with the model was lost"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// What is logged, as text.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[track_caller]
    fn check(closed: &SocketClosed, expected: &[&str]) {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(lines.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || note_end(closed));
        let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        for part in expected {
            assert!(logged.contains(part), "{part} is not in: {logged}");
        }
    }

    #[test]
    fn the_log_says_why_a_session_ended() {
        check(&SocketClosed::ByUs, &["INFO", "closed by the gateway"]);
        let expired = SocketClosed::ByServer {
            code: 1001,
            reason: "expired".to_owned(),
        };
        check(
            &expired,
            &["WARN", "close_code=1001", "close_reason=expired"],
        );
        check(&SocketClosed::Silent, &["WARN", "fell silent"]);
    }
}
