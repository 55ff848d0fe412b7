//! The wire as published captures show it.

use proptest::prelude::*;
use toran_realtime::{
    ClientEnvelope, ClientEvent, NewItem, ResponseCreate, ResponseStatus, ServerEvent,
    TranscriptionUsage, WireError,
};

#[track_caller]
fn parse(text: &str) -> ServerEvent<'_> {
    match ServerEvent::parse(text) {
        Ok(event) => event,
        Err(error) => panic!("{error}: {text}"),
    }
}

#[test]
fn a_session_is_read_and_kept() {
    let text = r#"{"type":"session.created","event_id":"event_1","session":{"type":"realtime","object":"realtime.session","id":"sess_1","model":"gpt-realtime-2.1","expires_at":1795000000,"audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":200}}}}}"#;
    let ServerEvent::SessionCreated(session) = parse(text) else {
        panic!("another event")
    };
    assert_eq!(session.info().id.as_deref(), Some("sess_1"));
    assert_eq!(session.info().expires_at, Some(1_795_000_000));
    assert!(session.raw().contains(r#""silence_duration_ms":200"#));
}

#[test]
fn an_audio_delta_borrows_its_audio() {
    let text = r#"{"type":"response.output_audio.delta","event_id":"e","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0,"delta":"//9/fw==","obfuscation":"k2Jx91"}"#;
    let ServerEvent::AudioDelta(delta) = parse(text) else {
        panic!("another event")
    };
    assert!(matches!(
        delta.delta,
        std::borrow::Cow::Borrowed("//9/fw==")
    ));
    assert_eq!(
        (delta.response_id.as_ref(), delta.item_id.as_ref()),
        ("resp_1", "item_1")
    );
}

#[test]
fn a_turn_of_the_caller_has_a_null_transcript_at_first() {
    let text = r#"{"type":"conversation.item.added","event_id":"e","previous_item_id":null,"item":{"id":"item_u","type":"message","status":"completed","role":"user","content":[{"type":"input_audio","transcript":null}]}}"#;
    let ServerEvent::ItemAdded(added) = parse(text) else {
        panic!("another event")
    };
    assert_eq!(
        (added.item.id.as_str(), added.previous_item_id),
        ("item_u", None)
    );
}

#[test]
fn a_transcription_reports_its_usage_in_two_ways() {
    let tokens = r#"{"type":"conversation.item.input_audio_transcription.completed","event_id":"e","item_id":"u","content_index":0,"transcript":"מחר בעשר","usage":{"type":"tokens","total_tokens":22,"input_tokens":13,"output_tokens":9,"input_token_details":{"text_tokens":3,"audio_tokens":10}},"logprobs":[{"token":"מחר","logprob":-0.1,"bytes":[215]}]}"#;
    let ServerEvent::TranscriptionCompleted(done) = parse(tokens) else {
        panic!("another event")
    };
    assert_eq!(done.transcript, "מחר בעשר");
    let Some(TranscriptionUsage::Tokens(usage)) = done.usage else {
        panic!("{:?}", done.usage)
    };
    assert_eq!((usage.split().audio_in, usage.split().text_out), (10, 9));
    assert_eq!(done.logprobs.unwrap()[0].token, "מחר");

    let duration = r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"u","transcript":null,"usage":{"type":"duration","seconds":1.5},"logprobs":null}"#;
    let ServerEvent::TranscriptionCompleted(done) = parse(duration) else {
        panic!("another event")
    };
    assert_eq!((done.transcript.as_str(), done.logprobs), ("", None));
    assert_eq!(
        done.usage,
        Some(TranscriptionUsage::Duration { seconds: 1.5 })
    );
}

#[test]
fn a_failed_transcription_may_say_nothing() {
    let text = r#"{"type":"conversation.item.input_audio_transcription.failed","item_id":"u","content_index":0,"error":{"message":"no"}}"#;
    let ServerEvent::TranscriptionFailed(failed) = parse(text) else {
        panic!("another event")
    };
    assert_eq!(
        (failed.error.code, failed.error.message.as_deref()),
        (None, Some("no"))
    );
}

#[test]
fn a_finished_response_tells_what_it_used() {
    let text = r#"{"type":"response.done","event_id":"e","response":{"object":"realtime.response","id":"resp_1","status":"completed","status_details":null,"output":[{"id":"item_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_audio","transcript":"שלום"}]}],"conversation_id":"conv_1","output_modalities":["audio"],"max_output_tokens":"inf","usage":{"total_tokens":30,"input_tokens":20,"output_tokens":10,"input_token_details":{"text_tokens":15,"audio_tokens":5,"image_tokens":0,"cached_tokens":8,"cached_tokens_details":{"text_tokens":6,"audio_tokens":2,"image_tokens":0}},"output_token_details":{"text_tokens":3,"audio_tokens":7}},"metadata":{"turn":"3"}}}"#;
    let ServerEvent::ResponseDone(done) = parse(text) else {
        panic!("another event")
    };
    assert_eq!(done.response.status, ResponseStatus::Completed);
    assert_eq!(done.response.metadata["turn"], "3");
    assert_eq!(done.response.output[0].text(), "שלום");
    let split = done.response.usage.unwrap().split();
    assert_eq!((split.text_in, split.text_in_cached), (9, 6));
    assert_eq!((split.audio_in, split.audio_in_cached), (3, 2));
}

#[test]
fn an_error_may_lack_everything_but_its_type() {
    let text = r#"{"type":"error","event_id":"e","error":{"type":"invalid_request_error","code":null,"message":"Cancellation failed","param":null,"event_id":null}}"#;
    let ServerEvent::Error(refused) = parse(text) else {
        panic!("another event")
    };
    assert_eq!(refused.error.kind.as_deref(), Some("invalid_request_error"));
    assert!(matches!(
        parse(r#"{"type":"error"}"#),
        ServerEvent::Error(_)
    ));
}

#[test]
fn every_event_of_a_turn_is_known() {
    for text in [
        r#"{"type":"session.updated","session":{}}"#,
        r#"{"type":"conversation.item.done","item":{"id":"a"}}"#,
        r#"{"type":"conversation.item.retrieved","item":{"id":"a","content":[{"type":"input_audio","audio":"AA=="}]}}"#,
        r#"{"type":"conversation.item.deleted","item_id":"a"}"#,
        r#"{"type":"conversation.item.truncated","item_id":"a","content_index":0,"audio_end_ms":1480}"#,
        r#"{"type":"conversation.item.input_audio_transcription.delta","item_id":"u","obfuscation":"x"}"#,
        r#"{"type":"input_audio_buffer.committed","item_id":"u","previous_item_id":null}"#,
        r#"{"type":"input_audio_buffer.cleared","event_id":"e"}"#,
        r#"{"type":"input_audio_buffer.speech_stopped","item_id":"u","audio_end_ms":2400}"#,
        r#"{"type":"input_audio_buffer.timeout_triggered","item_id":"u","audio_start_ms":0,"audio_end_ms":9}"#,
        r#"{"type":"response.created","response":{"id":"r","status":"in_progress","output":[],"usage":null}}"#,
        r#"{"type":"response.output_item.added","response_id":"r","output_index":0,"item":{"id":"a","content":[]}}"#,
        r#"{"type":"response.output_item.done","response_id":"r","output_index":0,"item":{"id":"a"}}"#,
        r#"{"type":"response.content_part.added","response_id":"r","item_id":"a","part":{"type":"audio","transcript":""}}"#,
        r#"{"type":"response.content_part.done","response_id":"r","item_id":"a","part":{"type":"text","text":"x"}}"#,
        r#"{"type":"response.output_audio.done","response_id":"r","item_id":"a","content_index":0}"#,
        r#"{"type":"response.output_audio_transcript.delta","response_id":"r","item_id":"a","delta":"ש"}"#,
        r#"{"type":"response.output_audio_transcript.done","response_id":"r","item_id":"a","transcript":"שלום"}"#,
        r#"{"type":"response.output_text.delta","response_id":"r","item_id":"a","delta":"x"}"#,
        r#"{"type":"response.output_text.done","response_id":"r","item_id":"a","text":"x"}"#,
        r#"{"type":"rate_limits.updated","rate_limits":[{"name":"tokens","limit":1,"remaining":1,"reset_seconds":0.1}]}"#,
    ] {
        let event = parse(text);
        assert!(!matches!(event, ServerEvent::Unknown { .. }), "{text}");
        assert!(text.contains(&format!(r#""{}""#, event.kind())), "{text}");
    }
}

#[test]
fn what_is_new_is_kept_whole() {
    let text = r#"{"type":"response.gesture.delta","hand":{"x":1}}"#;
    let ServerEvent::Unknown { kind, raw } = parse(text) else {
        panic!("another event")
    };
    assert_eq!((kind.as_ref(), raw), ("response.gesture.delta", text));
}

#[test]
fn what_is_not_an_event_is_refused() {
    let nested = format!(r#"{{"type":{}"#, "[".repeat(100_000));
    for text in [
        "",
        "hello",
        "7",
        "null",
        r#"["error"]"#,
        "{}",
        r#"{"type":7}"#,
        &nested,
    ] {
        let refused = ServerEvent::parse(text);
        assert!(
            matches!(
                refused,
                Err(WireError::NotAnEvent(_) | WireError::NotAnObject)
            ),
            "{refused:?}"
        );
    }
    let refused = ServerEvent::parse(r#"{"type":"input_audio_buffer.speech_started"}"#);
    assert!(matches!(
        refused,
        Err(WireError::Malformed {
            kind: "input_audio_buffer.speech_started",
            ..
        })
    ));
}

#[test]
fn deep_nesting_in_ignored_fields_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(r#"{{"type":"error","error":{{}},"extra":{deep}}}"#);
    assert!(matches!(
        ServerEvent::parse(&text),
        Ok(ServerEvent::Error(_))
    ));
}

#[test]
fn a_server_reads_what_a_client_wrote() {
    let event = ClientEvent::CreateItem {
        previous_item_id: None,
        item: NewItem::system("\"א\"\n"),
    };
    let sent = event.with_event_id("evt_1");
    assert_eq!(ClientEnvelope::parse(&sent.to_json()).unwrap(), sent);

    let create = ClientEvent::CreateResponse {
        response: Some(ResponseCreate::default()),
    };
    assert_eq!(
        ClientEnvelope::parse(&create.to_json()).unwrap().event,
        create
    );
}

/// JSON of any shape, so that the reader gets past the first brace.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("type".to_owned()),
            Just("item".to_owned()),
            Just("response".to_owned()),
            Just("item_id".to_owned()),
            Just("usage".to_owned()),
            Just("session".to_owned()),
            ".{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

const KINDS: [&str; 8] = [
    "session.created",
    "conversation.item.added",
    "conversation.item.input_audio_transcription.completed",
    "input_audio_buffer.speech_started",
    "response.done",
    "response.output_audio.delta",
    "rate_limits.updated",
    "error",
];

proptest! {
    #[test]
    fn reading_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = ServerEvent::parse(&text);
        let _ = ClientEnvelope::parse(&text);
    }

    #[test]
    fn reading_json_never_panics(kind in 0..KINDS.len(), mut body in any_json()) {
        let _ = ServerEvent::parse(&body.to_string());
        if let Some(fields) = body.as_object_mut() {
            fields.insert("type".to_owned(), KINDS[kind].into());
        }
        let _ = ServerEvent::parse(&body.to_string());
    }

    #[test]
    fn both_ways_of_appending_audio_write_the_same(audio in "[A-Za-z0-9+/]{0,64}={0,2}") {
        let mut fast = String::new();
        ClientEvent::append_json_into(&audio, &mut fast);
        prop_assert_eq!(ClientEvent::AppendAudio { audio: audio.as_str().into() }.to_json(), fast);
    }

    #[test]
    fn appending_what_is_not_base64_is_still_one_json_object(audio in ".{0,32}") {
        let mut fast = String::new();
        ClientEvent::append_json_into(&audio, &mut fast);
        prop_assert!(ClientEnvelope::parse(&fast).is_ok(), "{}", fast);
    }
}
