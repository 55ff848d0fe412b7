//! The model's socket as the bridge wants it, made of the socket that `toran-openai` has.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use toran_bridge::{ModelConnectError, ModelConnector, ModelRole, ModelSocket};
use toran_domain::{CallSid, ModelName};
use toran_openai::{
    Account, ConfigError, ConnectError, OpenAiConfig, RealtimeSocket, Role, SocketClosed,
};
use tracing::{Instrument as _, Span, info, warn};

use crate::config::OpenAiSection;

/// Messages that may wait in each direction: some seconds of audio.
const QUEUE: usize = 256;

/// The deployment's account at the model's service.
pub(crate) fn account(section: &OpenAiSection) -> Result<Arc<Account>, ConfigError> {
    let config = OpenAiConfig {
        realtime_url: section.realtime_url.clone(),
        ..OpenAiConfig::new(section.base_url.clone())
    };
    Account::new(config, section.account.clone())
}

/// Opens sessions with OpenAI.
pub(crate) struct RealtimeConnector {
    account: Arc<Account>,
}

impl RealtimeConnector {
    pub(crate) const fn new(account: Arc<Account>) -> Self {
        Self { account }
    }
}

#[async_trait]
impl ModelConnector for RealtimeConnector {
    async fn connect(
        &self,
        _call_sid: &CallSid,
        patience: Duration,
    ) -> Result<ModelSocket, ModelConnectError> {
        let socket = RealtimeSocket::connect(&self.account, None, patience)
            .await
            .map_err(connect_error)?;
        let talking = socket.model().clone();
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
            talking,
        })
    }

    fn transcriber(&self) -> ModelName {
        self.account.model(Role::Transcribing)
    }

    fn refused(&self, of: ModelRole, model: &ModelName, code: &str) -> Option<ModelName> {
        let role = match of {
            ModelRole::Talking => Role::Talking,
            ModelRole::Transcribing => Role::Transcribing,
        };
        self.account.refused(role, model, code)
    }
}

fn connect_error(error: ConnectError) -> ModelConnectError {
    match error.refusal().map(Into::into) {
        Some(code) => ModelConnectError::Refused {
            code,
            source: Box::new(error),
        },
        None => ModelConnectError::Failed(Box::new(error)),
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
    use std::{io, sync::Mutex};

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
