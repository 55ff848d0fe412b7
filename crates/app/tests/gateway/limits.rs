//! Callers and businesses who may take no more: turned away or brought to a person, and of no harm to the others.

use std::num::NonZeroU16;

use toran_domain::{Business, VoiceName};
use toran_simulator::phone::{CallReport, Caller, DialOutcome, EndedBy, PlaceCall};
use toran_store::{BusinessChange, Businesses as _};

use crate::stage::{NOW, Stage, agent_speaks, hear, place, say, tests};

tests![
    a_blocked_number_is_turned_away_and_another_is_not,
    a_suspended_business_takes_no_calls_and_its_callers_reach_a_person,
    a_number_that_calls_too_often_is_asked_to_call_later,
    one_business_leaves_places_to_the_others,
    a_number_with_all_its_appointments_leaves_the_next_to_the_business,
    a_business_is_called_at_its_further_number_and_speaks_in_its_own_voice,
];

async fn change(stage: &Stage, business: &Business, change: BusinessChange) {
    let changed = stage.store().update_business(business.id, &change).await;
    changed.expect("changed");
}

async fn call(call: PlaceCall) -> CallReport {
    Caller::place(call).await.expect("a call")
}

async fn a_blocked_number_is_turned_away_and_another_is_not() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let caller = "+972541234567".parse().expect("a number");
    let blocked = stage.store().block_number(dana.id, &caller, NOW).await;
    assert!(blocked.expect("blocked"));
    let report = call(stage.call(&dana, [agent_speaks()])).await;
    assert_eq!(report.ended_by, EndedBy::Rejected);
    let another = PlaceCall {
        from: "+972541234568".to_owned(),
        ..stage.call(&dana, [agent_speaks()])
    };
    place(another).await;
}

async fn a_suspended_business_takes_no_calls_and_its_callers_reach_a_person() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let suspended = BusinessChange {
        suspended: Some(true),
        ..BusinessChange::default()
    };
    change(&stage, &dana, suspended.clone()).await;
    let report = call(stage.call(&dana, [agent_speaks()])).await;
    assert_eq!((report.ended_by, report.streams), (EndedBy::Rejected, 0));
    let person = BusinessChange {
        transfer_number: Some("+97239999999".parse().ok()),
        ..suspended
    };
    change(&stage, &dana, person).await;
    let dialled = PlaceCall {
        dial: DialOutcome::Answered { for_ms: 1_000 },
        hurry: 10,
        ..stage.call(&dana, [agent_speaks()])
    };
    let report = call(dialled).await;
    assert_eq!(
        (report.dialled, report.streams),
        (vec!["+97239999999".to_owned()], 0)
    );
    assert_eq!(report.violations, Vec::<String>::new());
}

async fn a_number_that_calls_too_often_is_asked_to_call_later() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let twice = BusinessChange {
        calls_per_hour: Some(NonZeroU16::new(2)),
        ..BusinessChange::default()
    };
    change(&stage, &dana, twice).await;
    for _ in 0..2 {
        place(stage.call(&dana, [agent_speaks()])).await;
    }
    let report = call(stage.call(&dana, [agent_speaks()])).await;
    assert_eq!(report.streams, 0);
    let [played] = report.played.as_slice() else {
        panic!("one recording: {report:#?}")
    };
    assert!(played.url.contains("/no-place"), "{played:?}");
    stage.clock.advance(time::Duration::minutes(61));
    place(stage.call(&dana, [agent_speaks()])).await;
}

async fn one_business_leaves_places_to_the_others() {
    let stage = Stage::set("").await;
    let (dana, yael) = (
        stage.dana().await,
        stage.business("יעל", "+972721234568").await,
    );
    let one = BusinessChange {
        calls: Some(NonZeroU16::new(1)),
        ..BusinessChange::default()
    };
    change(&stage, &dana, one).await;
    let long = stage.call(&dana, [agent_speaks(), say("25"), hear("אין לי כאן")]);
    let (long, (second, elsewhere)) = tokio::join!(place(long), async {
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        tokio::join!(
            call(stage.call(&dana, [agent_speaks()])),
            call(stage.call(&yael, [agent_speaks()]))
        )
    });
    assert_eq!(long.streams, 1);
    assert_eq!(second.streams, 0);
    assert!(
        second
            .played
            .iter()
            .any(|played| played.url.contains("/no-place")),
        "{second:#?}"
    );
    assert_eq!(
        (elsewhere.streams, elsewhere.ended_by),
        (1, EndedBy::Caller)
    );
    // The place is free again.
    place(stage.call(&dana, [agent_speaks()])).await;
}

async fn a_number_with_all_its_appointments_leaves_the_next_to_the_business() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let one = BusinessChange {
        appointments: Some(NonZeroU16::new(1)),
        ..BusinessChange::default()
    };
    change(&stage, &dana, one).await;
    let books = |last| {
        [
            agent_speaks(),
            say("11"),
            hear("שעות פנויות"),
            say("12"),
            hear("לקבוע לך?"),
            say("31"),
            hear(last),
        ]
    };
    place(stage.call(&dana, books("קבעתי לך פגישה"))).await;
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    // Another hour of the same day: the first is taken, by this very number.
    let other = [
        agent_speaks(),
        say("11"),
        hear("שעות פנויות"),
        say("14"),
        hear("לקבוע לך?"),
        say("31"),
        hear("אני רושמת את הבקשה"),
    ];
    place(stage.call(&dana, other)).await;
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    stage.task(&dana).await;
}

async fn a_business_is_called_at_its_further_number_and_speaks_in_its_own_voice() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let further = "+972721234599".parse().expect("a number");
    let added = stage.store().add_called_number(dana.id, &further).await;
    added.expect("added");
    let cedar: Option<VoiceName> = "cedar".parse().ok();
    let voice = BusinessChange {
        voice: Some(cedar),
        disclosure: Some("השיחה מוקלטת".parse().ok()),
        ..BusinessChange::default()
    };
    change(&stage, &dana, voice).await;
    let there = PlaceCall {
        to: further.e164().to_owned(),
        ..stage.call(&dana, [agent_speaks()])
    };
    place(there).await;
    let configured = stage.sent_to_model("session.update");
    let [configured] = configured.as_slice() else {
        panic!("one session")
    };
    let session = &configured.event["session"];
    assert_eq!(session["audio"]["output"]["voice"], "cedar");
    let prompt = session["instructions"].as_str().expect("a prompt");
    assert!(
        prompt.contains("דנה") && prompt.contains("השיחה מוקלטת"),
        "{prompt}"
    );
}
