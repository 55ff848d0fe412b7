//! The list of models, whole, paged, odd and missing.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use serde_json::{Value, json};
use time::macros::date;
use toran_domain::ModelName;
use toran_openai::{ModelStatus, OpenAiConfig, check_models};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param, query_param_is_missing},
};

async fn check(server: &MockServer, names: &[&str]) -> Vec<ModelStatus> {
    let config = OpenAiConfig::new(format!("{}/v1", server.uri()).parse().unwrap());
    let names: Vec<ModelName> = names
        .iter()
        .map(|name| ModelName((*name).to_owned()))
        .collect();
    check_models(&config, &names).await
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
        [
            ModelStatus::ShuttingDown {
                on: date!(2027 - 01 - 14)
            },
            ModelStatus::Available,
            ModelStatus::Gone,
            ModelStatus::Available,
        ]
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
        [
            ModelStatus::Available,
            ModelStatus::Available,
            ModelStatus::Gone
        ]
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_had_tells_nothing() {
    for page in [
        json!({}),
        json!({"data": []}),
        json!([]),
        json!({"data": 7}),
    ] {
        let server = listing(&page).await;
        assert_eq!(
            check(&server, &["a"]).await,
            [ModelStatus::Unknown],
            "{page}"
        );
    }
    let server = MockServer::start().await;
    assert_eq!(
        check(&server, &["a", "b"]).await,
        [ModelStatus::Unknown, ModelStatus::Unknown]
    );
}
