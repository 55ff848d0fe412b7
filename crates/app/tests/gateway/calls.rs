//! Calls that go well, go on after they broke, or meet each other.

use time::macros::{date, time, utc_datetime};
use toran_call::Fact;
use toran_domain::{Booking, Speaker};
use toran_simulator::{
    phone::{Caller, EndedBy, PlaceCall},
    scenario::Step,
};

use crate::stage::{Stage, agent_speaks, booking, hear, key_of, place, say, tests, until_offered};

tests![
    a_call_books_and_leaves_its_traces,
    the_same_confirmation_again_books_nothing_more,
    a_caller_who_withholds_the_number_can_book,
    a_call_goes_on_after_its_stream_broke,
    a_call_goes_on_after_the_gateway_was_killed,
    a_live_call_may_end_when_the_gateway_is_told_to_stop,
    two_businesses_are_kept_apart,
    a_slot_that_is_taken_meanwhile_is_not_promised,
    two_chairs_are_booked_side_by_side,
    a_day_off_is_told_with_its_reason,
];

async fn a_call_books_and_leaves_its_traces() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut script = until_offered();
    script.insert(3, hear("פנוי"));
    script.extend([say("21"), hear("נעים מאוד"), say("31"), hear("בשעה 10:30")]);
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    place(call).await;

    let rows = stage.appointments(&dana).await;
    let [row] = rows.as_slice() else {
        panic!("one appointment: {rows:#?}")
    };
    assert_eq!(row.booking.date, date!(2026 - 11 - 24));
    assert_eq!(row.booking.time, time!(10:30));
    // Jerusalem in winter.
    assert_eq!(row.starts_at, utc_datetime!(2026-11-24 08:30));
    assert_eq!(row.ends_at, utc_datetime!(2026-11-24 09:00));
    assert_eq!(row.call_sid, key.call_sid);
    let caller = row.caller.as_ref().map(toran_domain::PhoneNumber::e164);
    assert_eq!(caller, Some("+972541234567"));
    assert_eq!(
        row.name.as_ref().map(|name| name.expose().as_str()),
        Some("דוד כהן")
    );

    let left = stage.left_by(&key).await;
    let names = |booking: &Booking| booking.appointment_id;
    assert_eq!(left.session.lead_id, row.lead_id);
    assert_eq!(
        left.session.last_confirmed.as_ref().map(names),
        Some(row.booking.appointment_id)
    );
    assert_eq!(left.session.last_requested.time, Some(time!(10:30)));
    let said_by = |speaker| {
        let lines = left
            .transcript
            .iter()
            .filter(move |line| line.speaker == speaker);
        lines
            .map(|line| line.text.expose().as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said_by(Speaker::Caller),
        [
            "יש לכם משהו פנוי ביום שלישי",
            "בשעה עשר וחצי",
            "קוראים לי דוד כהן",
            "כן זה נכון"
        ]
    );
    assert!(
        said_by(Speaker::Agent)
            .iter()
            .any(|line| line.contains("קבעתי לך פגישה"))
    );
    let mut models: Vec<&str> = left
        .usage
        .iter()
        .map(|used| used.model.0.as_str())
        .collect();
    models.sort_unstable();
    assert!(
        models.iter().any(|model| model.contains("realtime"))
            && models.iter().any(|model| model.contains("4o-mini")),
        "{models:?}"
    );
    assert!(
        left.usage.iter().all(|used| !used.usage.is_zero()),
        "{:#?}",
        left.usage
    );
}

async fn the_same_confirmation_again_books_nothing_more() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut script = booking();
    script.extend([say("31"), hear("כבר קבועה לך פגישה")]);
    place(stage.call(&dana, script)).await;
    // As many are told of as there are.
    assert_eq!(
        stage.told_names(),
        [
            "free_slots",
            "free_slots",
            "appointment_created",
            "appointment_held"
        ]
    );
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn a_caller_who_withholds_the_number_can_book() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let call = PlaceCall {
        from: "anonymous".to_owned(),
        ..stage.call(&dana, booking())
    };
    place(call).await;
    let rows = stage.appointments(&dana).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].caller, None);
}

async fn a_call_goes_on_after_its_stream_broke() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut script = booking();
    script.extend([
        Step::DropStream,
        hear("אנחנו ממשיכים"),
        say("31"),
        hear("כבר קבועה לך פגישה"),
    ]);
    let call = stage.call(&dana, script);
    let key = key_of(&dana, &call);
    let report = place(call).await;
    assert_eq!((report.streams, report.redirects), (2, 1));
    assert_eq!(
        report.heard_text().matches("שלום").count(),
        1,
        "greeted as new"
    );

    let told = stage.told();
    let resumed = told
        .iter()
        .find(|event| event["server_event"] == "call_resumed");
    let resumed = resumed.expect("the new session is told that the call goes on");
    assert_eq!(resumed["booked"][0]["date"], "2026-11-24");
    assert_eq!(resumed["booked"][0]["time"], "10:30");
    assert_eq!(stage.appointments(&dana).await.len(), 1);
    let left = stage.left_by(&key).await;
    let confirmed = left
        .transcript
        .iter()
        .filter(|line| line.text.expose() == "כן זה נכון");
    assert_eq!(confirmed.count(), 2, "both streams are in the transcript");
    let claims = left
        .transcript
        .iter()
        .filter(|line| line.text.expose().contains("לך פגישה"));
    assert_eq!(
        claims.count(),
        2,
        "and what was being said as the first one broke"
    );
    assert_eq!(left.session.reconnects, 1);
}

async fn a_call_goes_on_after_the_gateway_was_killed() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut script = until_offered();
    script.extend([
        say("31"),
        hear("אנחנו ממשיכים"),
        say("31"),
        hear("כבר קבועה לך פגישה"),
    ]);
    let placed = tokio::spawn(Caller::place(stage.call(&dana, script)));
    // Booked, and the caller has not heard it yet: the worst moment.
    stage.until(|fact| matches!(fact, Fact::Booked(_))).await;
    let before = stage.appointments(&dana).await;
    stage.kill();
    stage.start().await;
    let report = placed
        .await
        .expect("no panic")
        .expect("the call is answered");
    assert_eq!(report.ended_by, EndedBy::Caller, "{report:#?}");
    assert_eq!(report.streams, 2);
    assert_eq!(
        report.heard_text().matches("שלום").count(),
        1,
        "greeted as new"
    );
    let after = stage.appointments(&dana).await;
    assert_eq!(after, before, "what was acknowledged stands, and once");
    assert_eq!(after.len(), 1);
}

async fn a_live_call_may_end_when_the_gateway_is_told_to_stop() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    let placed = tokio::spawn(place(stage.call(&dana, booking())));
    stage.until(|fact| *fact == Fact::Greeting).await;
    stage.stop();
    // It goes on to its end on the stream it has, and what it books is there when the next gateway starts.
    assert_eq!(placed.await.expect("the call goes as scripted").streams, 1);
    stage.stopped().await;
    stage.kill();
    stage.start().await;
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn two_businesses_are_kept_apart() {
    let stage = Stage::set("").await;
    let dana = stage.business("דנה", "+972721234567").await;
    let yossi = stage.business("יוסי", "+972721234568").await;
    let polite = || {
        let mut script = booking();
        script.insert(0, hear("איך אפשר לעזור?"));
        script.remove(1);
        script
    };
    let (to_dana, to_yossi) = (stage.call(&dana, polite()), stage.call(&yossi, polite()));
    let keys = [
        (&dana, key_of(&dana, &to_dana)),
        (&yossi, key_of(&yossi, &to_yossi)),
    ];
    let (dana_said, yossi_said) = tokio::join!(place(to_dana), place(to_yossi));
    let (dana_said, yossi_said) = (dana_said.heard_text(), yossi_said.heard_text());
    assert!(
        dana_said.contains("דנה") && !dana_said.contains("יוסי"),
        "{dana_said}"
    );
    assert!(
        yossi_said.contains("יוסי") && !yossi_said.contains("דנה"),
        "{yossi_said}"
    );

    for (business, key) in keys {
        let rows = stage.appointments(business).await;
        let [row] = rows.as_slice() else {
            panic!("the same hour, once in each diary: {rows:#?}")
        };
        assert_eq!(row.call_sid, key.call_sid);
    }
    let prompts = stage.sent_to_model("session.update");
    assert_eq!(prompts.len(), 2);
    for prompt in prompts {
        let prompt = prompt.event.to_string();
        assert!(
            prompt.contains("דנה") != prompt.contains("יוסי"),
            "{prompt}"
        );
    }
}

async fn a_slot_that_is_taken_meanwhile_is_not_promised() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let mut slow = until_offered();
    // Long enough for the other caller, who was offered the same, to be told that it is booked.
    slow.extend([
        Step::Pause { ms: 5_000 },
        say("31"),
        agent_speaks(),
        hear("אפשר"),
    ]);
    let quick = stage.call(&dana, booking());
    let slow = PlaceCall {
        from: "+972541234568".to_owned(),
        ..stage.call(&dana, slow)
    };
    let quick_key = key_of(&dana, &quick);
    let (_, heard) = tokio::join!(place(quick), place(slow));
    let heard = heard.heard_text();
    assert!(!heard.contains("קבעתי"), "{heard}");

    let rows = stage.appointments(&dana).await;
    let [row] = rows.as_slice() else {
        panic!("one place, one appointment: {rows:#?}")
    };
    assert_eq!(row.call_sid, quick_key.call_sid);
    let told = stage.told();
    let refused = told
        .iter()
        .find(|event| event["server_event"] == "slot_unavailable");
    let refused = refused.expect("the model is told that the place is gone");
    let alternatives = refused["alternatives"].as_array().expect("alternatives");
    assert!(!alternatives.is_empty());
    let taken = |slot: &serde_json::Value| slot["date"] == "2026-11-24" && slot["time"] == "10:30";
    assert!(!alternatives.iter().any(taken), "{refused}");
}

async fn two_chairs_are_booked_side_by_side() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let chairs = r#""appointment_minutes":45,"buffer_after_minutes":15,"resources":[{"id":"chairs","capacity":2}]"#;
    stage.settle(&dana, chairs).await;
    let from = |number: &str, script| PlaceCall {
        from: number.to_owned(),
        ..stage.call(&dana, script)
    };
    tokio::join!(
        place(from("+972541234567", booking())),
        place(from("+972541234568", booking()))
    );
    let rows = stage.appointments(&dana).await;
    let [one, other] = rows.as_slice() else {
        panic!("two chairs, two appointments: {rows:#?}")
    };
    assert_eq!(one.starts_at, other.starts_at);
    assert_ne!(one.call_sid, other.call_sid);
    // Three quarters of an hour, and a quarter to clean up: eleven is taken too.
    assert_eq!(one.ends_at - one.starts_at, time::Duration::minutes(45));
    let third = vec![
        agent_speaks(),
        say("11"),
        agent_speaks(),
        say("12"),
        hear("תפוס"),
    ];
    place(from("+972541234569", third)).await;
    assert_eq!(stage.appointments(&dana).await.len(), 2);
    let told = stage.told();
    let refused = told.last().expect("the third caller's event");
    assert_eq!(refused["reason"], "taken");
    assert_eq!(refused["alternatives"][0]["time"], "09:30");
}

async fn a_day_off_is_told_with_its_reason() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    stage
        .settle(&dana, r#""closures":[{"from":"2026-11-24"}]"#)
        .await;
    place(stage.call(&dana, vec![agent_speaks(), say("11"), hear("סגור")])).await;
    let told = stage.told();
    let [refused] = told.as_slice() else {
        panic!("one event: {told:#?}")
    };
    assert_eq!(refused["server_event"], "slot_unavailable");
    assert_eq!(refused["reason"], "closed");
    assert_eq!(refused["reason_text"], "בתאריך הזה העסק סגור");
    assert_eq!(refused["alternatives"][0]["date"], "2026-11-25");
    let prompts = stage.sent_to_model("session.update");
    let prompt = prompts[0].event.to_string();
    assert!(prompt.contains("יום שלישי, 24 בנובמבר: סגור"), "{prompt}");
}
