//! What a call asks the parser, and what it makes of the reply.

use std::sync::Arc;

use toran_call::{Input, ParserFailure};
use toran_domain::{RequestedTime, TurnIndex};
use toran_nlp::ParseContext;
use tracing::{info, warn};

use super::{Answer, Driver};

impl Driver {
    pub(super) fn parse(
        &mut self,
        turn: TurnIndex,
        text: String,
        table: RequestedTime,
        last_said: String,
    ) {
        let (bridge, business, now) = (
            Arc::clone(&self.bridge),
            Arc::clone(&self.business),
            self.utc_now(),
        );
        self.spawn(async move {
            let context = ParseContext {
                now: business.settings.local(now),
                settings: &business.settings,
                table,
                last_said: Some(last_said.as_str()).filter(|said| !said.is_empty()),
            };
            match bridge
                .parser
                .extract_appointment_request(&text, &context)
                .await
            {
                Ok(extraction) => {
                    if !extraction.understood.unclear.is_empty() {
                        info!(
                            turn = turn.0,
                            "the parser's model named what was not said so; it is asked for"
                        );
                    }
                    let usage = Some((extraction.model, extraction.usage));
                    let result = Ok(extraction.understood);
                    let input = Input::Parsed { turn, result };
                    Answer::Parsed { input, usage }
                }
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the parser gave no result"
                    );
                    Answer::Parsed {
                        input: Input::Parsed {
                            turn,
                            result: Err(ParserFailure),
                        },
                        usage: None,
                    }
                }
            }
        });
    }
}
