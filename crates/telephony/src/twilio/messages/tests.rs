use proptest::prelude::*;

use super::*;

const START: &str = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"v1.x"}}}"#;

fn stream_start() -> InboundMessage<'static> {
    InboundMessage::Start(Box::new(StreamStart {
        stream_sid: "MZ1".into(),
        call_sid: "CA1".parse().unwrap(),
        account_sid: "AC1".into(),
        custom_parameters: [("token".to_owned(), "v1.x".to_owned())].into(),
        format: MediaFormat::Mulaw8k,
    }))
}

fn media(timestamp_ms: u64, chunk: u64) -> InboundMessage<'static> {
    let track = Track::Inbound;
    InboundMessage::Media(MediaFrame {
        payload: "//9/".into(),
        timestamp_ms,
        chunk,
        track,
    })
}

#[track_caller]
fn check(text: &str, expected: &InboundMessage<'_>) {
    match parse_inbound(text) {
        Ok(message) => assert_eq!(message, *expected),
        Err(error) => panic!("{error:?}: {text}"),
    }
}

#[test]
fn every_message_that_is_documented_is_read() {
    check(
        r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
        &InboundMessage::Connected,
    );
    check(START, &stream_start());
    check(
        r#"{"event":"media","sequenceNumber":"2","streamSid":"MZ1","media":{"track":"inbound","chunk":"1","timestamp":"61","payload":"//9/"}}"#,
        &media(61, 1),
    );
    check(
        r#"{"event":"dtmf","sequenceNumber":"9","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"1"}}"#,
        &InboundMessage::Dtmf {
            digit: DtmfDigit::new('1').unwrap(),
        },
    );
    check(
        r#"{"event":"mark","sequenceNumber":"10","streamSid":"MZ1","mark":{"name":"item_a1:1480"}}"#,
        &InboundMessage::Mark {
            name: "item_a1:1480".into(),
        },
    );
    check(
        r#"{"event":"stop","sequenceNumber":"11","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}"#,
        &InboundMessage::Stop,
    );
    check(
        r#"{"event":"wave"}"#,
        &InboundMessage::Unknown {
            event: "wave".into(),
        },
    );
}

#[test]
fn numbers_may_be_numbers() {
    check(
        r#"{"event":"media","media":{"chunk":7,"timestamp":140,"payload":"//9/"}}"#,
        &media(140, 7),
    );
}

#[test]
fn audio_is_borrowed_from_the_frame() {
    let text = r#"{"event":"media","media":{"payload":"//9/"}}"#;
    let Ok(InboundMessage::Media(frame)) = parse_inbound(text) else {
        panic!("{text}")
    };
    assert!(matches!(frame.payload, Cow::Borrowed("//9/")));
}

#[test]
fn audio_that_a_call_cannot_use_is_refused_with_the_stream() {
    for (from, to) in [
        ("audio/x-mulaw", "audio/x-l16"),
        (r#""sampleRate":8000"#, r#""sampleRate":16000"#),
        (r#""channels":1"#, r#""channels":2"#),
    ] {
        let refused = parse_inbound(&START.replace(from, to)).unwrap_err();
        assert!(
            matches!(refused, MediaError::UnsupportedFormat { .. }),
            "{refused:?}"
        );
    }
}

#[test]
fn a_count_that_is_none_costs_no_frame() {
    for odd in [
        "null",
        "-1",
        "1.5",
        "\"soon\"",
        "[]",
        "18446744073709551616",
    ] {
        let text = format!(
            r#"{{"event":"media","media":{{"payload":"//9/","timestamp":{odd},"chunk":{odd}}}}}"#
        );
        let Ok(InboundMessage::Media(media)) = parse_inbound(&text) else {
            panic!("{text}")
        };
        assert_eq!((media.timestamp_ms, media.chunk), (0, 0), "{text}");
    }
}

#[test]
fn what_is_not_a_message_is_refused() {
    for text in ["", "hello", "null", "{}", r#"{"event":7}"#] {
        assert!(
            matches!(parse_inbound(text), Err(MediaError::NotAMessage(_))),
            "{text}"
        );
    }
    for text in [
        r#"{"event":"media"}"#,
        r#"{"event":"media","media":{"payload":7}}"#,
        r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#,
        r#"{"event":"dtmf","dtmf":{"digit":"x"}}"#,
        r#"{"event":"start","start":{"streamSid":"MZ1","callSid":"CA 1","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#,
    ] {
        assert!(
            matches!(parse_inbound(text), Err(MediaError::Malformed { .. })),
            "{text}"
        );
    }
}

#[track_caller]
fn check_out(message: &OutboundMessage<'_>, json: &str) {
    assert_eq!(outbound_json("MZ1", message), json);
    let (stream, read) = match parse_outbound(json) {
        Ok(read) => read,
        Err(error) => panic!("{error:?}: {json}"),
    };
    assert_eq!((stream.as_str(), &read), ("MZ1", message));
}

#[test]
fn messages_for_the_phone_are_written_as_documented() {
    check_out(
        &OutboundMessage::Media {
            payload: "//9/".into(),
        },
        r#"{"event":"media","streamSid":"MZ1","media":{"payload":"//9/"}}"#,
    );
    check_out(
        &OutboundMessage::Mark {
            name: "a\"b".into(),
        },
        r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"a\"b"}}"#,
    );
    check_out(
        &OutboundMessage::Clear,
        r#"{"event":"clear","streamSid":"MZ1"}"#,
    );
}

#[test]
fn what_is_not_for_the_phone_is_refused() {
    for text in [r#"{"event":"start"}"#, r#"{"event":"clear"}"#, "", "[]"] {
        assert!(parse_outbound(text).is_err(), "{text}");
    }
}

#[test]
fn what_a_phone_writes_a_gateway_reads() {
    for message in [
        InboundMessage::Connected,
        stream_start(),
        media(61, 1),
        InboundMessage::Dtmf {
            digit: DtmfDigit::new('#').unwrap(),
        },
        InboundMessage::Mark {
            name: "סימן".into(),
        },
        InboundMessage::Stop,
        InboundMessage::Unknown {
            event: "wave".into(),
        },
    ] {
        check(&inbound_json("MZ1", 3, &message), &message);
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse_inbound(&text);
        let _ = parse_outbound(&text);
    }

    #[test]
    fn reading_changed_messages_never_panics(at in any::<prop::sample::Index>(), with in ".{0,3}") {
        let mut text = START.to_owned();
        let at = at.index(text.len());
        text.replace_range(at..=at, &with);
        let _ = parse_inbound(&text);
    }

    #[test]
    fn both_ways_of_sending_audio_write_the_same(audio in prop::collection::vec(any::<u8>(), 0..400)) {
        let payload = BASE64_STANDARD.encode(&audio);
        let mut fast = String::new();
        media_into("MZ1", &audio, &mut fast);
        prop_assert_eq!(outbound_json("MZ1", &OutboundMessage::Media { payload: payload.into() }), fast);
    }
}
