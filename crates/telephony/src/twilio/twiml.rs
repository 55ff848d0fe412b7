//! Call instructions: what Twilio shall do with a call that it asks about.
//!
//! There is no spoken verb here, and there will be none: everything the caller hears comes from the model.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

/// Ends the call.
pub const HANG_UP: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>"#;
/// Turns a call away without answering it: for a number that no business owns.
pub const REJECT: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>"#;
/// The custom parameter that carries the stream token.
pub const TOKEN_PARAMETER: &str = "token";
/// The longest custom parameter, in characters (Twilio: under 500).
pub const MAX_PARAMETER_CHARS: usize = 499;

/// Why call instructions could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TwimlError {
    /// Twilio would not open this.
    #[error("a stream's URL starts with wss:// (ws:// for a local stand-in) and has no query")]
    NotAStreamUrl,
    /// Twilio would drop it.
    #[error("a stream parameter has 1 to {MAX_PARAMETER_CHARS} characters")]
    ParameterLength,
    /// XML cannot hold it, escaped or not.
    #[error("control characters have no place in call instructions: check the configured URLs")]
    ControlCharacter,
    /// The XML could not be written.
    #[error("the call instructions could not be written")]
    Write(#[from] io::Error),
}

/// Connects a call to our media socket, both ways, until we close the socket; then asks again what to do,
/// so that a call outlives the loss of a socket.
#[derive(Debug, Clone, Copy)]
pub struct ConnectStream<'a> {
    /// Our media socket. Twilio takes no query here.
    pub stream_url: &'a str,
    /// Where Twilio reports the stream's start, stop and errors, by POST.
    pub status_callback: &'a str,
    /// The stream token of this call.
    pub token: &'a str,
    /// Where Twilio asks what to do once the stream has ended, by POST.
    pub after_url: &'a str,
}

impl ConnectStream<'_> {
    /// The instructions as XML, everything escaped.
    pub fn to_twiml(&self) -> Result<String, TwimlError> {
        self.check()?;
        response(|response| {
            response
                .create_element("Connect")
                .write_inner_content(|connect| {
                    let stream = connect.create_element("Stream").with_attributes([
                        ("url", self.stream_url),
                        ("statusCallback", self.status_callback),
                    ]);
                    stream.write_inner_content(|stream| {
                        let token = [("name", TOKEN_PARAMETER), ("value", self.token)];
                        stream
                            .create_element("Parameter")
                            .with_attributes(token)
                            .write_empty()?;
                        Ok(())
                    })?;
                    Ok(())
                })?;
            redirect(response, self.after_url)
        })
    }

    fn check(&self) -> Result<(), TwimlError> {
        let url = self.stream_url;
        if !(url.starts_with("wss://") || url.starts_with("ws://")) || url.contains(['?', '#']) {
            return Err(TwimlError::NotAStreamUrl);
        }
        if !(1..=MAX_PARAMETER_CHARS).contains(&self.token.chars().count()) {
            return Err(TwimlError::ParameterLength);
        }
        let texts = [url, self.status_callback, self.token, self.after_url];
        if texts.iter().any(|text| text.contains(char::is_control)) {
            return Err(TwimlError::ControlCharacter);
        }
        Ok(())
    }
}

/// Keeps the caller on the line, in silence, and then asks again what to do, by POST: for a gateway that is about to be
/// replaced.
pub fn ask_again(url: &str, after_seconds: u8) -> Result<String, TwimlError> {
    if url.contains(char::is_control) {
        return Err(TwimlError::ControlCharacter);
    }
    response(|response| {
        response
            .create_element("Pause")
            .with_attribute(("length", after_seconds.to_string().as_str()))
            .write_empty()?;
        redirect(response, url)
    })
}

/// A document of these verbs.
fn response(
    verbs: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> Result<String, TwimlError> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("Response")
        .write_inner_content(verbs)?;
    String::from_utf8(writer.into_inner())
        .map_err(|error| TwimlError::Write(io::Error::new(io::ErrorKind::InvalidData, error)))
}

fn redirect(response: &mut Writer<Vec<u8>>, url: &str) -> io::Result<()> {
    response
        .create_element("Redirect")
        .with_attribute(("method", "POST"))
        .write_text_content(BytesText::new(url))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_and_is_asked_about_again() {
        assert_eq!(
            ask_again("https://gw.example.com/after?a=1&b=2", 5).unwrap(),
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response><Pause length="5"/>"#,
                r#"<Redirect method="POST">https://gw.example.com/after?a=1&amp;b=2</Redirect></Response>"#,
            )
        );
    }

    const INSTRUCTIONS: ConnectStream<'static> = ConnectStream {
        stream_url: "wss://gw.example.com/media",
        status_callback: "https://gw.example.com/stream-status?a=1&b=2",
        token: "v1.x",
        after_url: "https://gw.example.com/voice/after?a=1&b=<2>",
    };

    #[test]
    fn a_call_is_connected_and_asked_about_again() {
        assert_eq!(
            INSTRUCTIONS.to_twiml().unwrap(),
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect>"#,
                r#"<Stream url="wss://gw.example.com/media" statusCallback="https://gw.example.com/stream-status?a=1&amp;b=2">"#,
                r#"<Parameter name="token" value="v1.x"/></Stream></Connect>"#,
                r#"<Redirect method="POST">https://gw.example.com/voice/after?a=1&amp;b=&lt;2&gt;</Redirect></Response>"#,
            )
        );
    }

    #[test]
    fn nothing_breaks_out_of_an_attribute() {
        let token = r#""/><Say>x</Say>"#;
        let xml = ConnectStream {
            token,
            ..INSTRUCTIONS
        }
        .to_twiml()
        .unwrap();
        assert!(!xml.contains("<Say>"), "{xml}");
    }

    #[track_caller]
    fn check(instructions: ConnectStream<'_>, expected: fn(&TwimlError) -> bool) {
        let error = instructions.to_twiml().unwrap_err();
        assert!(expected(&error), "{error:?}");
    }

    #[test]
    fn what_twilio_would_refuse_is_refused_here() {
        for stream_url in [
            "https://gw.example.com/media",
            "wss://gw.example.com/media?a=1",
            "",
        ] {
            check(
                ConnectStream {
                    stream_url,
                    ..INSTRUCTIONS
                },
                |e| matches!(e, TwimlError::NotAStreamUrl),
            );
        }
        for token in ["", &"x".repeat(500)] {
            check(
                ConnectStream {
                    token,
                    ..INSTRUCTIONS
                },
                |e| matches!(e, TwimlError::ParameterLength),
            );
        }
        check(
            ConnectStream {
                after_url: "https://x/\u{0}",
                ..INSTRUCTIONS
            },
            |e| matches!(e, TwimlError::ControlCharacter),
        );
    }
}
