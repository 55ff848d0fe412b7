//! The list of models, whole, paged, odd and missing.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use std::sync::Arc;

use serde_json::{Value, json};
use time::macros::date;
use toran_openai::{
    Account, AccountSettings, ModelList, ModelStatus, OpenAiConfig, Role, check_models,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param, query_param_is_missing},
};

fn account(server: &MockServer, names: &[&str]) -> Arc<Account> {
    let config = OpenAiConfig::new(format!("{}/v1", server.uri()).parse().unwrap());
    let settings = AccountSettings {
        parsing: ModelList::new(names.iter().copied()).unwrap(),
        ..AccountSettings::default()
    };
    Account::new(config, settings).unwrap()
}

/// What is said of the models that parse; `None` if there is no list.
async fn check(server: &MockServer, names: &[&str]) -> Option<Vec<ModelStatus>> {
    let reports = check_models(&account(server, names)).await.ok()?;
    let parsing = reports
        .into_iter()
        .filter(|report| report.role == Role::Parsing);
    Some(parsing.map(|report| report.status).collect())
}

async fn listing(page: &Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .and(query_param_is_missing("after"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_model_is_there_or_ending_or_gone() {
    let server = listing(&json!({"object": "list", "data": [
        {"id": "gpt-realtime-2.1", "object": "model", "shutdown_date": null},
        {"id": "gpt-4o-mini", "object": "model", "shutdown_date": "2027-01-14"},
        {"object": "model"}, 7,
        {"id": "odd", "shutdown_date": "soon"},
    ]}))
    .await;
    assert_eq!(
        check(
            &server,
            &["gpt-4o-mini", "gpt-realtime-2.1", "gpt-realtime", "odd"]
        )
        .await,
        Some(vec![
            ModelStatus::ShuttingDown {
                on: date!(2027 - 01 - 14)
            },
            ModelStatus::Available,
            ModelStatus::Gone,
            ModelStatus::Available,
        ])
    );
}

#[tokio::test]
async fn a_paged_list_is_read_to_its_end() {
    let server = listing(&json!({"data": [{"id": "a"}], "has_more": true})).await;
    Mock::given(query_param("after", "a"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "b"}]})))
        .mount(&server)
        .await;
    assert_eq!(
        check(&server, &["a", "b", "c"]).await,
        Some(vec![
            ModelStatus::Available,
            ModelStatus::Available,
            ModelStatus::Gone
        ])
    );
}

#[tokio::test]
async fn a_list_that_says_nothing_changes_nothing() {
    for page in [json!({}), json!([]), json!({"data": []})] {
        let server = listing(&page).await;
        let checked = check(&server, &["a"]).await;
        assert_eq!(checked, Some(vec![ModelStatus::Unknown]), "{page}");
    }
    assert_eq!(
        check(&listing(&json!({"data": 7})).await, &["a"]).await,
        None
    );
    assert_eq!(check(&MockServer::start().await, &["a", "b"]).await, None);
}

#[tokio::test]
async fn a_model_that_is_not_in_the_list_is_not_asked() {
    let server = listing(&json!({"data": [{"id": "b"}]})).await;
    let account = account(&server, &["a", "b"]);
    assert_eq!(account.model(Role::Parsing).0, "a");
    check_models(&account).await.unwrap();
    assert_eq!(account.model(Role::Parsing).0, "b");
}

#[tokio::test]
async fn a_refused_key_is_told_from_a_service_that_fails() {
    for (status, code, lasting) in [
        (401, "invalid_api_key", true),
        (403, "unsupported_country_region_territory", true),
        (429, "insufficient_quota", true),
        (429, "rate_limit_exceeded", false),
        (503, "overloaded", false),
    ] {
        let server = MockServer::start().await;
        let body = json!({"error": {"message": "x", "type": "t", "code": code}});
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&server)
            .await;
        let error = check_models(&account(&server, &["a"])).await.unwrap_err();
        assert_eq!(error.is_lasting(), lasting, "{status} {code}");
    }
}
