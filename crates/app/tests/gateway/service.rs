//! The model's service itself: slow to open, refusing, or without a model that it had.

use toran_call::{Ending, Fact};
use toran_simulator::phone::{Caller, DialOutcome, PlaceCall};
use toran_store::{Businesses as _, CallEnding, TransferState};

use crate::stage::{Service, Stage, agent_speaks, hear, key_of, place, say, tests};

tests![
    a_service_that_is_slow_to_open_serves_the_call,
    a_key_that_is_refused_is_tried_once_and_the_caller_is_told,
    a_caller_whom_the_service_refuses_reaches_the_business,
    models_that_are_gone_are_replaced_by_the_next_of_their_lists,
];

async fn a_service_that_is_slow_to_open_serves_the_call() {
    let mut stage = Stage::set_before(Service {
        session_ms: 7_000,
        ..Service::default()
    })
    .await;
    let dana = stage.dana().await;
    // The first that is heard is our own excuse.
    let script = [agent_speaks(), hear("איך אפשר לעזור")];
    place(stage.call(&dana, script)).await;
    let facts = stage.facts();
    assert!(facts.contains(&Fact::Greeting), "{facts:?}");
    assert!(
        !facts
            .iter()
            .any(|fact| matches!(fact, Fact::SessionLost { .. }))
    );
    assert_eq!(
        stage.sent_to_model("session.update").len(),
        1,
        "one session"
    );
}

async fn a_key_that_is_refused_is_tried_once_and_the_caller_is_told() {
    let mut stage = Stage::set_before(Service {
        api_key: Some("sk-good".to_owned()),
        settings: "api_key = 'sk-bad'".to_owned(),
        ..Service::default()
    })
    .await;
    let dana = stage.dana().await;
    let call = stage.call(&dana, [agent_speaks(), hear("לעולם לא נאמר")]);
    let key = key_of(&dana, &call);
    let began = tokio::time::Instant::now();
    Caller::place(call).await.expect("a call");
    assert!(began.elapsed().as_secs() < 15, "nobody is kept waiting");
    let left = stage.left_by(&key).await;
    assert_eq!(left.session.ending, Some(CallEnding::Failed));
    let facts = stage.facts();
    let refusals = facts
        .iter()
        .filter(|fact| matches!(fact, Fact::SessionRefused { .. }));
    assert_eq!(refusals.count(), 1);
    assert!(facts.contains(&Fact::Ended(Ending::GaveUp)));
}

async fn a_caller_whom_the_service_refuses_reaches_the_business() {
    let mut stage = Stage::set_before(Service {
        settings: "realtime_model = 'gpt-4o-realtime-preview'".to_owned(),
        ..Service::default()
    })
    .await;
    let dana = stage.dana().await;
    let person = "+972541112233".parse().expect("a number");
    let set = stage.store().set_transfer_number(dana.id, Some(&person));
    assert!(set.await.expect("set"));
    let call = PlaceCall {
        dial: DialOutcome::Answered { for_ms: 2_000 },
        hurry: 10,
        ..stage.call(&dana, [agent_speaks(), hear("לעולם לא נאמר")])
    };
    let key = key_of(&dana, &call);
    let report = Caller::place(call).await.expect("a call");
    assert_eq!(report.dialled, ["+972541112233"]);
    let left = stage.left_by(&key).await;
    assert_eq!(left.session.transfer, Some(TransferState::Answered));
    assert!(stage.facts().contains(&Fact::Ended(Ending::Transferred)));
}

async fn models_that_are_gone_are_replaced_by_the_next_of_their_lists() {
    let settings = "realtime_model = ['gpt-4o-realtime-preview', 'gpt-realtime-2.1-mini']\n\
                    parser_model = ['gpt-4.1-nano', 'gpt-6-luna']";
    let stage = Stage::set_before(Service {
        settings: settings.to_owned(),
        ..Service::default()
    })
    .await;
    let dana = stage.dana().await;
    let script = [
        agent_speaks(),
        say("11"),
        hear("שעות פנויות"),
        say("12"),
        hear("לקבוע לך?"),
        say("31"),
        hear("קבעתי לך פגישה"),
    ];
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    place(call).await;
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    let left = stage.left_by(&key).await;
    let used: Vec<&str> = left
        .usage
        .iter()
        .map(|used| used.model.0.as_str())
        .collect();
    for model in ["gpt-realtime-2.1-mini", "gpt-6-luna"] {
        assert!(used.contains(&model), "{model} is not in {used:?}");
    }
}
