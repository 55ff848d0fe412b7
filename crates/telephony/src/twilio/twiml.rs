//! Call instructions: what Twilio shall do with a call that it asks about.
//!
//! There is no spoken verb here, and there will be none: what the caller hears comes from the model, or from a recording of
//! ours.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use toran_domain::PhoneNumber;

/// Ends the call.
pub const HANG_UP: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>"#;
/// Turns a call away without answering it: for a number that no business owns.
pub const REJECT: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>"#;
/// The custom parameter that carries the stream token.
pub const TOKEN_PARAMETER: &str = "token";
/// The longest custom parameter, in characters (Twilio: under 500).
pub const MAX_PARAMETER_CHARS: usize = 499;

/// The longest that a caller and a person are kept connected: Twilio's own limit, said so that it stays.
const LONGEST_TRANSFER_SECONDS: &str = "14400";

/// Why call instructions could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TwimlError {
    /// Twilio would not open this.
    #[error("a stream's URL starts with wss:// (ws:// for a local stand-in) and has no query")]
    NotAStreamUrl,
    /// Twilio would drop it.
    #[error("a stream parameter has 1 to {MAX_PARAMETER_CHARS} characters")]
    ParameterLength,
    /// Twilio would not play this.
    #[error("what is played stands at an https:// address (http:// for a local stand-in)")]
    NotAPlayUrl,
    /// Nobody could answer in no time.
    #[error("a person has at least one second to answer a transferred call")]
    DialTimeout,
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
        no_control_characters(&[url, self.status_callback, self.token, self.after_url])
    }
}

/// Calls a person and connects the caller with them; then asks what to do, whatever came of it.
#[derive(Debug, Clone, Copy)]
pub struct Dial<'a> {
    /// The person's number.
    pub number: &'a PhoneNumber,
    /// Where Twilio tells what came of it and asks what to do, by POST: see [`DialResult`](super::DialResult).
    pub action_url: &'a str,
    /// How long the person's phone may ring. It is at least a second.
    pub timeout_seconds: u8,
    /// The number that the person sees; Twilio takes only the caller's and numbers of the account. The caller's if `None`.
    pub caller_id: Option<&'a PhoneNumber>,
}

impl Dial<'_> {
    /// The instructions as XML, everything escaped.
    pub fn to_twiml(&self) -> Result<String, TwimlError> {
        self.check()?;
        response(|response| self.write(response))
    }

    fn check(&self) -> Result<(), TwimlError> {
        if self.timeout_seconds == 0 {
            return Err(TwimlError::DialTimeout);
        }
        no_control_characters(&[self.action_url])
    }

    fn write(&self, response: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let timeout = self.timeout_seconds.to_string();
        let mut attributes = vec![
            ("action", self.action_url),
            ("method", "POST"),
            ("timeout", timeout.as_str()),
            ("timeLimit", LONGEST_TRANSFER_SECONDS),
            // The caller hears the person's phone ring, instead of silence.
            ("answerOnBridge", "true"),
        ];
        if let Some(caller_id) = self.caller_id {
            attributes.push(("callerId", caller_id.e164()));
        }
        response
            .create_element("Dial")
            .with_attributes(attributes)
            .write_text_content(BytesText::new(self.number.e164()))?;
        Ok(())
    }
}

/// Plays a recording, without any stream, and ends the call.
#[derive(Debug, Clone, Copy)]
pub struct Play<'a> {
    /// Where Twilio fetches the recording, by GET.
    pub url: &'a str,
}

impl Play<'_> {
    /// The instructions as XML, everything escaped.
    pub fn to_twiml(&self) -> Result<String, TwimlError> {
        if !(self.url.starts_with("https://") || self.url.starts_with("http://")) {
            return Err(TwimlError::NotAPlayUrl);
        }
        no_control_characters(&[self.url])?;
        response(|response| {
            response
                .create_element("Play")
                .write_text_content(BytesText::new(self.url))?;
            response.create_element("Hangup").write_empty()?;
            Ok(())
        })
    }
}

/// Keeps the caller on the line, in silence, and then asks again what to do, by POST: for a gateway that is about to be
/// replaced.
pub fn ask_again(url: &str, after_seconds: u8) -> Result<String, TwimlError> {
    no_control_characters(&[url])?;
    response(|response| {
        response
            .create_element("Pause")
            .with_attribute(("length", after_seconds.to_string().as_str()))
            .write_empty()?;
        redirect(response, url)
    })
}

fn no_control_characters(texts: &[&str]) -> Result<(), TwimlError> {
    if texts.iter().any(|text| text.contains(char::is_control)) {
        return Err(TwimlError::ControlCharacter);
    }
    Ok(())
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

    fn person() -> PhoneNumber {
        "+972541234567".parse().unwrap()
    }

    fn dial(number: &PhoneNumber) -> Dial<'_> {
        Dial {
            number,
            action_url: "https://gw.example.com/dialled?a=1&b=2",
            timeout_seconds: 25,
            caller_id: None,
        }
    }

    #[track_caller]
    fn check_verbs(document: &Result<String, TwimlError>, expected: &str) {
        let whole =
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response>{expected}</Response>"#);
        assert_eq!(document.as_deref().unwrap(), whole);
    }

    const DIALLING: &str = concat!(
        r#"<Dial action="https://gw.example.com/dialled?a=1&amp;b=2" method="POST" timeout="25" timeLimit="14400" "#,
        r#"answerOnBridge="true">+972541234567</Dial>"#,
    );

    #[test]
    fn a_person_is_called() {
        let (person, shown) = (person(), "+97231234567".parse().unwrap());
        check_verbs(&dial(&person).to_twiml(), DIALLING);
        let with_caller_id = Dial {
            caller_id: Some(&shown),
            ..dial(&person)
        };
        let expected = DIALLING.replace(">+972541", " callerId=\"+97231234567\">+972541");
        check_verbs(&with_caller_id.to_twiml(), &expected);
    }

    #[test]
    fn a_recording_is_played_and_the_call_ends() {
        let url = "https://gw.example.com/clip?v=1&w=2";
        let played = "<Play>https://gw.example.com/clip?v=1&amp;w=2</Play><Hangup/>";
        check_verbs(&Play { url }.to_twiml(), played);
    }

    #[test]
    fn what_could_not_be_played_or_dialled_is_refused_here() {
        for url in ["", "clip.wav", "ftp://x/clip.wav", "javascript:1"] {
            let refused = Play { url }.to_twiml();
            assert!(matches!(refused, Err(TwimlError::NotAPlayUrl)), "{url}");
        }
        let person = person();
        let at_once = Dial {
            timeout_seconds: 0,
            ..dial(&person)
        };
        assert!(matches!(at_once.to_twiml(), Err(TwimlError::DialTimeout)));
        let url = "https://x/\u{0}";
        let dialled = Dial {
            action_url: url,
            ..dial(&person)
        };
        for refused in [Play { url }.to_twiml(), dialled.to_twiml()] {
            assert!(matches!(refused, Err(TwimlError::ControlCharacter)));
        }
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
