//! Whole conversations with a session, without a socket and in no time.

mod bench;

use std::time::Duration;

use serde_json::{Value, json};

use self::bench::Bench;
use super::session::{Output, Pace};

#[test]
fn a_turn_comes_in_the_services_order() {
    let mut bench = Bench::new("");
    bench.configure(true);
    bench.events.truncate(1);
    bench.say("09");
    bench.wait(10_000);
    let without_transcripts: Vec<_> = bench
        .kinds()
        .into_iter()
        .filter(|kind| !kind.contains("transcription") && !kind.contains("delta"))
        .collect();
    assert_eq!(
        without_transcripts,
        [
            "session.created",
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    let transcript =
        &bench.last("conversation.item.input_audio_transcription.completed")["transcript"];
    assert_eq!(transcript, "אני רוצה לקבוע תור");
    assert_eq!(bench.spoken(), ["בשמחה. לאיזה יום ובאיזו שעה?"]);
    let done = &bench.last("response.done")["response"];
    assert_eq!(
        done["output"][0]["content"][0]["transcript"],
        "בשמחה. לאיזה יום ובאיזו שעה?"
    );
    assert!(done["usage"]["output_token_details"]["audio_tokens"].as_u64() > Some(20));
}

#[test]
fn the_server_decides_and_the_model_says_it() {
    let mut bench = Bench::configured("");
    bench.respond();
    bench.wait(5_000);
    bench.say("31");
    assert_eq!(
        bench.count("response.created"),
        1,
        "it does not answer by itself"
    );
    bench.server_event(
        &json!({"server_event": "appointment_created", "date": "2026-11-24", "time": "16:30"}),
    );
    bench.respond();
    bench.wait(5_000);
    assert_eq!(
        bench.spoken(),
        [
            "שלום, הגעתם למספרת אורלי, איך אפשר לעזור?",
            "קבעתי לך פגישה בתאריך 24.11 בשעה 16:30."
        ]
    );
}

#[test]
fn speech_interrupts_when_it_was_told_to() {
    let mut bench = Bench::with_pace(
        "",
        Pace {
            burst: 0.5,
            ..Pace::default()
        },
    );
    bench.configure(true);
    bench.respond();
    bench.wait(1_500);
    bench.say("12");
    let cancelled = bench
        .events
        .iter()
        .find(|event| event["type"] == "response.done")
        .map(|event| &event["response"]);
    let cancelled = cancelled.expect("the greeting was cancelled");
    assert_eq!(cancelled["status_details"]["reason"], "turn_detected");
    assert_eq!(cancelled["output"][0]["status"], "incomplete");
    assert!("שלום, הגעתם למספרת אורלי, איך אפשר לעזור?".starts_with(&bench.spoken()[0]));
}

#[test]
fn a_cancel_ends_a_response_and_a_second_one_is_refused() {
    let mut bench = Bench::configured("");
    bench.respond();
    bench.wait(600);
    bench.respond();
    let error = &bench.last("error")["error"];
    assert_eq!(error["code"], "conversation_already_has_active_response");
    assert!(error["event_id"].is_null());
    bench.send(json!({"type": "response.cancel"}));
    assert_eq!(
        bench.last("response.done")["response"]["status_details"],
        json!({"type": "cancelled", "reason": "client_cancelled"})
    );
    bench.send(json!({"type": "response.cancel"}));
    assert_eq!(
        bench.last("error")["error"]["code"],
        "response_cancel_not_active"
    );
    let spoken = bench.spoken();
    bench.wait(10_000);
    assert_eq!(bench.spoken(), spoken, "nothing comes after the cancel");
}

#[test]
fn what_was_heard_is_cut_by_truncation() {
    let mut bench = Bench::configured("");
    bench.respond();
    bench.wait(10_000);
    let item_id = bench.last("response.output_item.done")["item"]["id"].clone();
    let truncate = |ms: u64| {
        json!({"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0,
            "audio_end_ms": ms})
    };
    bench.send(truncate(999_999));
    assert_eq!(bench.last("error")["error"]["code"], "invalid_value");
    bench.send(truncate(480));
    assert_eq!(
        bench.last("conversation.item.truncated")["audio_end_ms"],
        480
    );
    bench.send(json!({"type": "conversation.item.retrieve", "item_id": item_id}));
    let item = &bench.last("conversation.item.retrieved")["item"];
    assert_eq!(item["content"], json!([{"type": "output_audio"}]));
    bench.send(json!({"type": "conversation.item.delete", "item_id": item_id}));
    bench.send(truncate(100));
    assert_eq!(
        bench.last("error")["error"]["code"],
        "item_truncate_invalid_item_id"
    );
}

#[test]
fn a_lie_is_said_until_it_is_refused() {
    let mut bench =
        Bench::configured("[[turns]]\nutterance = '21'\nmisbehave = { lie = 'קבעתי לך תור.' }");
    bench.say("21");
    bench.respond();
    bench.wait(5_000);
    bench.server_event(&json!({"server_event": "claim_refused", "say": "אני רושם את הבקשה."}));
    bench.respond();
    bench.wait(5_000);
    assert_eq!(bench.spoken(), ["קבעתי לך תור.", "אני רושם את הבקשה."]);
}

#[test]
fn responses_fail_and_recover() {
    let mut bench = Bench::configured(
        "[[turns]]\nutterance = '07'\nmisbehave = { fail_response = 'server_error' }",
    );
    bench.say("07");
    bench.respond();
    bench.wait(5_000);
    let failed = bench.last("response.done")["response"].clone();
    assert_eq!(
        (&failed["status"], &failed["output"]),
        (&json!("failed"), &json!([]))
    );
    assert_eq!(failed["status_details"]["error"]["code"], "server_error");
    bench.respond();
    bench.wait(5_000);
    assert_eq!(
        bench.last("response.done")["response"]["status"],
        "completed"
    );
}

#[test]
fn transcripts_come_late_or_never() {
    let mut bench = Bench::configured(
        "[[turns]]\nutterance = '01'\ntranscription = { late_ms = 6000 }\n\
         [[turns]]\nutterance = '02'\ntranscription = 'failed'",
    );
    bench.say("01");
    bench.say("07");
    bench.say("02");
    bench.wait(10_000);
    let completed = "conversation.item.input_audio_transcription.completed";
    let transcripts: Vec<_> = bench
        .events
        .iter()
        .filter(|event| event["type"] == completed)
        .map(|event| &event["transcript"])
        .collect();
    assert_eq!(transcripts, ["שלום", "כן"], "out of order");
    assert_eq!(
        bench.count("conversation.item.input_audio_transcription.failed"),
        1
    );
    let logprobs = &bench.last(completed)["logprobs"];
    assert!(logprobs[0]["logprob"].as_f64() > Some(-0.5));
}

#[test]
fn the_connection_breaks_on_demand() {
    let mut bench = Bench::configured("[[turns]]\nutterance = '07'\nmisbehave = 'drop'");
    bench.say("07");
    bench.respond();
    bench.wait(5_000);
    assert_eq!(bench.end, Some(Output::Drop));
    assert!("שלום, במה אפשר לעזור?".starts_with(&bench.spoken()[0]));
}

#[test]
fn a_session_expires() {
    let pace = Pace {
        session_lifetime: Duration::from_secs(30),
        unknown_event_every: Some(Duration::from_secs(9)),
        ..Pace::default()
    };
    let mut bench = Bench::with_pace("", pace);
    bench.wait(29_999);
    assert_eq!(bench.count(crate::record::UNKNOWN_EVENT_TYPE), 3);
    assert_eq!(bench.end, None);
    bench.wait(1);
    assert_eq!(bench.last("error")["error"]["code"], "session_expired");
    assert!(matches!(bench.end, Some(Output::Close { code: 1001, .. })));
}

#[test]
fn out_of_band_responses_leave_the_conversation_alone() {
    let mut bench = Bench::configured("");
    bench.respond();
    bench.send(json!({"type": "response.create", "response": {
        "conversation": "none", "metadata": {"purpose": "classify"},
        "output_modalities": ["text"], "input": []}}));
    let created = &bench.last("response.created")["response"];
    assert!(created["conversation_id"].is_null());
    assert_eq!(created["metadata"]["purpose"], "classify");
    bench.wait(10_000);
    assert_eq!(bench.count("response.done"), 2);
    assert_eq!(bench.count("conversation.item.added"), 1);
    assert!(bench.count("response.output_text.delta") > 1);
}

#[track_caller]
fn refused(event: Value, code: &str, param: Option<&str>) {
    let mut bench = Bench::configured("");
    bench.send(event);
    let error = &bench.last("error")["error"];
    assert_eq!(
        (error["code"].as_str(), error["param"].as_str()),
        (Some(code), param)
    );
}

#[test]
fn what_the_service_does_not_know_is_refused() {
    refused(
        json!({"type": "session.dance"}),
        "invalid_value",
        Some("type"),
    );
    refused(
        json!({"kind": "x"}),
        "missing_required_parameter",
        Some("type"),
    );
    refused(
        json!({"type": "response.create", "response": null}),
        "invalid_type",
        Some("response"),
    );
    refused(
        json!({"type": "response.create", "response": {"modalities": ["text"]}}),
        "unknown_parameter",
        Some("response.modalities"),
    );
    refused(
        json!({"type": "input_audio_buffer.append", "audio": "%%"}),
        "invalid_value",
        Some("audio"),
    );
    refused(
        json!({"type": "input_audio_buffer.append", "audio": "AAAA", "item_id": "x"}),
        "unknown_parameter",
        Some("item_id"),
    );
    refused(
        json!({"type": "input_audio_buffer.commit"}),
        "input_audio_buffer_commit_empty",
        None,
    );
    refused(
        json!({"type": "conversation.item.create", "item": {"type": "message", "role": "system",
            "content": [{"type": "text", "text": "x"}]}}),
        "invalid_value",
        Some("item.content[0].type"),
    );
}
