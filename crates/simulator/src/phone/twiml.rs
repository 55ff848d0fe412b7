//! Reads the TwiML that a gateway answers with, as far as a call with a media stream needs it.

use std::time::Duration;

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verb {
    /// Opens a media stream and waits until it ends.
    ConnectStream(Stream),
    /// Asks this address what comes next.
    Redirect(String),
    /// Waits so many seconds, in silence.
    Pause(u64),
    /// Plays the recording at this address.
    Play(String),
    /// Calls somebody and connects them with the caller.
    Dial(Dial),
    /// Refuses the call.
    Reject,
    /// Ends the call.
    HangUp,
    /// Anything else, by its name: the gateway has no use for it.
    Other(String),
}

/// Where a media stream goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stream {
    pub(super) url: String,
    pub(super) status_callback: Option<String>,
    /// Handed to the stream's `start` message.
    pub(super) parameters: Vec<(String, String)>,
}

/// Whom to call, and what comes after.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dial {
    pub(super) number: String,
    /// Asked what comes next; without it the document goes on.
    pub(super) action: Option<String>,
    /// How long it may ring.
    pub(super) timeout: Duration,
}

/// How long it rings when the document does not say.
const USUAL_RING: Duration = Duration::from_secs(30);

/// Why a document is not TwiML.
#[derive(Debug, thiserror::Error)]
pub enum TwimlError {
    /// Not well-formed.
    #[error("the TwiML is not well-formed XML: see its source")]
    Xml(#[from] quick_xml::Error),
    /// An attribute is not well-formed.
    #[error("an attribute of the TwiML is not well-formed: see its source")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    /// The root is not `<Response>`.
    #[error("the TwiML's root is not <Response>")]
    NoResponse,
    /// `<Connect>` without a `<Stream url>`.
    #[error("the TwiML has a <Connect> without a <Stream url=\"…\">")]
    NoStream,
}

/// The verbs of a document, in order.
pub(super) fn parse(document: &str) -> Result<Vec<Verb>, TwimlError> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut verbs = Vec::new();
    let mut stream: Option<Stream> = None;
    let mut pause: Option<String> = None;
    let mut dial: Option<Dial> = None;
    let mut text = String::new();
    let mut seen_response = false;
    loop {
        match reader.read_event()? {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                seen_response |= path.is_empty() && name == "Response";
                if name == "Stream" {
                    stream = Some(read_stream(&element)?);
                } else if name == "Pause" {
                    pause = attribute(&element, "length")?;
                } else if name == "Dial" {
                    dial = Some(read_dial(&element)?);
                } else if let Some(stream) = stream.as_mut().filter(|_| name == "Parameter") {
                    let name = attribute(&element, "name")?.unwrap_or_default();
                    let value = attribute(&element, "value")?.unwrap_or_default();
                    stream.parameters.push((name, value));
                }
                text.clear();
                path.push(name);
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(reference) => text.push_str(&entity(&reference)),
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                if path.len() == 1 {
                    let nested = (stream.take(), dial.take());
                    verbs.push(verb(name, nested, pause.take().as_deref(), &text)?);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if seen_response {
        Ok(verbs)
    } else {
        Err(TwimlError::NoResponse)
    }
}

fn verb(
    name: String,
    (stream, dial): (Option<Stream>, Option<Dial>),
    pause: Option<&str>,
    text: &str,
) -> Result<Verb, TwimlError> {
    Ok(match name.as_str() {
        "Connect" => {
            let stream = stream.filter(|stream| !stream.url.is_empty());
            Verb::ConnectStream(stream.ok_or(TwimlError::NoStream)?)
        }
        "Pause" => {
            let length = pause.unwrap_or("1").parse();
            length.map_or(Verb::Other(name), Verb::Pause)
        }
        "Play" => Verb::Play(text.trim().to_owned()),
        "Dial" => Verb::Dial(Dial {
            number: text.trim().to_owned(),
            ..dial.unwrap_or_default()
        }),
        "Redirect" => Verb::Redirect(text.trim().to_owned()),
        "Reject" => Verb::Reject,
        "Hangup" => Verb::HangUp,
        _ => Verb::Other(name),
    })
}

fn read_stream(element: &BytesStart<'_>) -> Result<Stream, TwimlError> {
    Ok(Stream {
        url: attribute(element, "url")?.unwrap_or_default(),
        status_callback: attribute(element, "statusCallback")?,
        parameters: Vec::new(),
    })
}

fn read_dial(element: &BytesStart<'_>) -> Result<Dial, TwimlError> {
    let timeout = attribute(element, "timeout")?.and_then(|seconds| seconds.parse().ok());
    Ok(Dial {
        number: String::new(),
        action: attribute(element, "action")?,
        timeout: timeout.map_or(USUAL_RING, Duration::from_secs),
    })
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, TwimlError> {
    let Some(attribute) = element.try_get_attribute(name)? else {
        return Ok(None);
    };
    let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
    Ok(Some(value.into_owned()))
}

/// The five entities of XML, and characters by number.
fn entity(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter.to_string();
    }
    quick_xml::escape::resolve_xml_entity(reference)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_and_what_comes_after_it() -> Result<(), TwimlError> {
        let verbs = parse(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <Response><Connect>
              <Stream url="wss://gw.example.com/media" statusCallback="https://gw.example.com/s?a=1&amp;b=2">
                <Parameter name="token" value="a.b&lt;c"/>
              </Stream></Connect>
              <Redirect method="POST">https://gw.example.com/after?x=1&amp;y=2</Redirect>
            </Response>"#,
        )?;
        let stream = Stream {
            url: "wss://gw.example.com/media".into(),
            status_callback: Some("https://gw.example.com/s?a=1&b=2".into()),
            parameters: vec![("token".into(), "a.b<c".into())],
        };
        let after = Verb::Redirect("https://gw.example.com/after?x=1&y=2".into());
        assert_eq!(verbs, [Verb::ConnectStream(stream), after]);
        Ok(())
    }

    #[test]
    fn other_verbs_are_named() -> Result<(), TwimlError> {
        let verbs = parse("<Response><Say>שלום</Say><Hangup/></Response>")?;
        assert_eq!(verbs, [Verb::Other("Say".into()), Verb::HangUp]);
        assert_eq!(parse("<Response><Reject/></Response>")?, [Verb::Reject]);
        assert_eq!(
            parse(r#"<Response><Pause length="5"/><Pause/></Response>"#)?,
            [Verb::Pause(5), Verb::Pause(1)]
        );
        assert_eq!(parse("<Response/>")?, []);
        Ok(())
    }

    #[test]
    fn a_recording_and_a_transfer_are_read() -> Result<(), TwimlError> {
        let verbs = parse(
            r#"<Response><Play>https://gw.example.com/clip?v=1&amp;w=2</Play>
            <Dial action="/dialled?a=1&amp;b=2" method="POST" timeout="25" answerOnBridge="true">+97231234567</Dial>
            <Dial><Number>+97231234567</Number></Dial></Response>"#,
        )?;
        let dial = |action: Option<&str>, seconds| {
            Verb::Dial(Dial {
                number: "+97231234567".into(),
                action: action.map(str::to_owned),
                timeout: Duration::from_secs(seconds),
            })
        };
        let play = Verb::Play("https://gw.example.com/clip?v=1&w=2".into());
        let transfer = dial(Some("/dialled?a=1&b=2"), 25);
        assert_eq!(verbs, [play, transfer, dial(None, 30)]);
        Ok(())
    }

    #[test]
    fn what_is_not_twiml_is_refused() {
        assert!(parse("").is_err());
        assert!(parse("<html></html>").is_err());
        assert!(parse("<Response><Connect/></Response>").is_err());
        assert!(parse("<Response><Connect></Response>").is_err());
    }
}
