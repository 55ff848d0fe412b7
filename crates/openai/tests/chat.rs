//! Chat completions against a service that behaves, fails, hangs and lies.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use std::{net::TcpListener, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;
use toran_domain::{ModelName, Usage};
use toran_nlp::{Completer, CompleterError, Completion, CompletionRequest};
use toran_openai::{Account, AccountSettings, ChatCompleter, OpenAiConfig, Patience};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{bearer_token, method, path},
};

type Answer = Result<Completion, CompleterError>;

/// A service that gives these answers in turn, each exactly once.
async fn service(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(bearer_token("sk-test"))
            .respond_with(answer)
            .up_to_n_times(1)
            .expect(1)
            .mount(&server)
            .await;
    }
    server
}

async fn ask(server: &MockServer, model: &str) -> Answer {
    let mut config = OpenAiConfig::new(format!("{}/v1/", server.uri()).parse().unwrap());
    config.patience = Patience {
        connect: Duration::from_millis(800),
        attempt: Duration::from_millis(800),
        total: Duration::from_secs(2),
    };
    let settings = AccountSettings {
        api_key: Some("sk-test".into()),
        parsing: model.parse().unwrap(),
        ..AccountSettings::default()
    };
    let completer = ChatCompleter::new(Account::new(config, settings).unwrap()).unwrap();
    completer
        .complete(CompletionRequest {
            system: "החזר JSON.".to_owned(),
            user: "מחר בעשר".to_owned(),
            schema_name: "turn",
            schema: json!({"type": "object"}),
            max_tokens: 250,
        })
        .await
}

fn answer(message: &Value, finish_reason: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 40, "total_tokens": 1240,
                  "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0}},
        "service_tier": "a tier of tomorrow", "system_fingerprint": null,
    }))
}

fn good() -> ResponseTemplate {
    answer(
        &json!({"role": "assistant", "content": "{}", "refusal": null}),
        "stop",
    )
}

fn error(status: u16, kind: &str, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(
        json!({"error": {"message": "x", "type": kind, "param": null, "code": code}}),
    )
}

async fn requests(server: &MockServer) -> Vec<Value> {
    let received = server.received_requests().await.unwrap();
    let bodies = received
        .iter()
        .map(|request: &Request| request.body_json().unwrap());
    bodies.collect()
}

fn rate_limited() -> ResponseTemplate {
    error(429, "requests", "rate_limit_exceeded")
}

#[track_caller]
fn assert_denied(answer: &Answer, expected: &str) {
    match answer {
        Err(CompleterError::Denied { code }) => assert_eq!(code, expected),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_unavailable(answer: Answer, expected: &str) {
    match answer {
        Err(CompleterError::Unavailable(source)) => {
            assert!(source.to_string().contains(expected), "{source}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_with_what_it_used() {
    let server = service([good()]).await;
    let completion = ask(&server, "gpt-4o-mini").await.unwrap();
    assert_eq!(completion.text, "{}");
    assert_eq!(completion.model, ModelName("gpt-4o-mini".into()));
    let used = Usage {
        text_in: 176,
        text_in_cached: 1024,
        text_out: 40,
        ..Usage::default()
    };
    assert_eq!(completion.usage, used);
}

#[tokio::test]
async fn the_question_is_strict_and_steady() {
    let server = service([good(), good()]).await;
    ask(&server, "gpt-4o-mini").await.unwrap();
    ask(&server, "gpt-6-luna").await.unwrap();
    let asked = requests(&server).await;
    let schema = json!({"name": "turn", "strict": true, "schema": {"type": "object"}});
    assert_eq!(
        asked[0],
        json!({
            "model": "gpt-4o-mini", "temperature": 0.0, "max_completion_tokens": 250,
            "messages": [{"role": "system", "content": "החזר JSON."}, {"role": "user", "content": "מחר בעשר"}],
            "response_format": {"type": "json_schema", "json_schema": schema},
        })
    );
    assert_eq!(asked[1]["reasoning_effort"], "none");
    assert_eq!(asked[1].get("temperature"), None);
}

#[tokio::test]
async fn a_short_wait_is_waited_and_asked_again() {
    let server = service([
        rate_limited().insert_header("retry-after-ms", "200"),
        good(),
    ])
    .await;
    let started = Instant::now();
    ask(&server, "gpt-4o-mini").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_wait_that_no_caller_keeps_is_not_waited() {
    let server = service([rate_limited().insert_header("retry-after", "3600")]).await;
    let started = Instant::now();
    assert_unavailable(ask(&server, "gpt-4o-mini").await, "rate limited");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn an_account_without_money_is_asked_once() {
    for (kind, code) in [
        ("insufficient_quota", "insufficient_quota"),
        ("billing", "credit_balance_exhausted"),
    ] {
        let refusal = error(429, kind, code).insert_header("x-should-retry", "true");
        let server = service([refusal]).await;
        assert_denied(&ask(&server, "gpt-4o-mini").await, code);
    }
}

#[tokio::test]
async fn a_fault_of_the_service_is_asked_again_once() {
    let server = service([error(500, "server_error", "server_error"), good()]).await;
    ask(&server, "gpt-4o-mini").await.unwrap();
    let server = service([ResponseTemplate::new(503), ResponseTemplate::new(502)]).await;
    assert_unavailable(ask(&server, "gpt-4o-mini").await, "502");
}

#[tokio::test]
async fn the_services_advice_is_followed() {
    let hopeless =
        error(500, "server_error", "server_error").insert_header("x-should-retry", "false");
    let server = service([hopeless]).await;
    assert_unavailable(ask(&server, "gpt-4o-mini").await, "500");
    let hopeful = error(409, "conflict", "conflict").insert_header("x-should-retry", "true");
    let server = service([hopeful, good()]).await;
    ask(&server, "gpt-4o-mini").await.unwrap();
}

#[tokio::test]
async fn a_refusal_of_the_question_is_asked_once() {
    for (status, code) in [
        (400, "invalid_json_schema"),
        (401, "invalid_api_key"),
        (404, "model_not_found"),
    ] {
        let server = service([error(status, "invalid_request_error", code)]).await;
        assert_denied(&ask(&server, "gpt-4o-mini").await, code);
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_left_in_time() {
    let hang = || good().set_delay(Duration::from_secs(30));
    let server = service([hang(), good()]).await;
    ask(&server, "gpt-4o-mini").await.unwrap();

    let server = service([hang(), hang()]).await;
    let started = Instant::now();
    assert!(matches!(
        ask(&server, "gpt-4o-mini").await,
        Err(CompleterError::Timeout)
    ));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn the_next_model_of_the_list_takes_over_from_one_that_is_gone() {
    let server = service([
        error(404, "invalid_request_error", "model_not_found"),
        good(),
    ])
    .await;
    let completion = ask(&server, "gpt-4o-mini, gpt-6-luna").await.unwrap();
    assert_eq!(completion.model.0, "gpt-6-luna");
    let asked = requests(&server).await;
    let models: Vec<&str> = asked
        .iter()
        .map(|body| body["model"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["gpt-4o-mini", "gpt-6-luna"]);
    // Each is asked as its family wants to be.
    assert_eq!(asked[0]["temperature"], 0.0);
    assert_eq!(asked[1]["reasoning_effort"], "none");
}

#[tokio::test]
async fn a_refused_key_is_asked_with_once() {
    let server = service([error(401, "invalid_request_error", "invalid_api_key")]).await;
    let answer = ask(&server, "gpt-4o-mini, gpt-6-luna").await;
    assert!(matches!(answer, Err(CompleterError::Denied { .. })));
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_from_one_that_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let config = OpenAiConfig::new(format!("http://{gone}/v1").parse().unwrap());
    let account = Account::new(config, AccountSettings::default()).unwrap();
    let completer = ChatCompleter::new(account).unwrap();
    let request = CompletionRequest {
        system: String::new(),
        user: String::new(),
        schema_name: "turn",
        schema: json!({}),
        max_tokens: 1,
    };
    assert_unavailable(completer.complete(request).await, "cannot be reached");
}

#[tokio::test]
async fn an_empty_refusal_and_an_odd_bill_cost_no_answer() {
    let message = json!({"role": "assistant", "content": "{}", "refusal": ""});
    for usage in [
        json!(null),
        json!("free"),
        json!({"prompt_tokens": -1, "completion_tokens": 40}),
        json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": null}}),
        json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 11}}),
    ] {
        let body = json!({
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        });
        let server = service([ResponseTemplate::new(200).set_body_json(body)]).await;
        let completion = ask(&server, "gpt-4o-mini").await.unwrap();
        assert_eq!(completion.text, "{}", "{usage}");
    }
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let refused = json!({"role": "assistant", "content": null, "refusal": "I cannot"});
    let server = service([answer(&refused, "stop")]).await;
    assert!(matches!(
        ask(&server, "gpt-4o-mini").await,
        Err(CompleterError::Refused)
    ));

    let cut = json!({"role": "assistant", "content": "{\"act"});
    let server = service([answer(&cut, "length")]).await;
    assert!(matches!(
        ask(&server, "gpt-4o-mini").await,
        Err(CompleterError::Truncated)
    ));

    let server = service([answer(&cut, "content_filter")]).await;
    assert!(matches!(
        ask(&server, "gpt-4o-mini").await,
        Err(CompleterError::Refused)
    ));
}

#[tokio::test]
async fn what_is_not_an_answer_is_refused() {
    for body in ["", "<html>", "7", r#"{"choices":7}"#] {
        let server = service([ResponseTemplate::new(200).set_body_string(body)]).await;
        assert_unavailable(
            ask(&server, "gpt-4o-mini").await,
            "not what the API documents",
        );
    }
    for body in [
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":[{"message":{"content":null}}]}"#,
    ] {
        let server = service([ResponseTemplate::new(200).set_body_string(body)]).await;
        assert_unavailable(ask(&server, "gpt-4o-mini").await, "without an answer");
    }
    let server = service([ResponseTemplate::new(200).set_body_string(" ".repeat(2_000_000))]).await;
    assert_unavailable(ask(&server, "gpt-4o-mini").await, "larger");
}
