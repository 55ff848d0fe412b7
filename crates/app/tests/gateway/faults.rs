//! Calls in which the model, the parser or the caller's line fails: the caller hears the truth or an apology, and
//! never a lie.

use toran_call::{DropReason, Fact};
use toran_simulator::scenario::Step;

use crate::stage::{Stage, agent_speaks, booking, hear, key_of, place, say, tests};

tests![
    a_failed_answer_is_asked_for_again,
    an_answer_that_the_model_breaks_off_leaves_the_call_alive,
    a_call_books_though_the_model_is_lost_on_the_way,
    a_fault_of_the_parser_that_passes_is_not_noticed,
    a_parser_that_does_not_answer_is_not_guessed_for,
    a_parser_that_answers_nonsense_is_not_believed,
    a_lie_is_never_heard,
    a_lie_about_a_true_appointment_is_never_heard,
    a_fragment_reaches_no_parser,
];

async fn a_failed_answer_is_asked_for_again() {
    let mut stage =
        Stage::set("[[turns]]\nutterance = '25'\nmisbehave = { fail_response = 'server_error' }")
            .await;
    let dana = stage.dana().await;
    place(stage.call(&dana, [agent_speaks(), say("25"), hear("מחירון")])).await;
    assert_eq!(
        answer_failures(&stage.facts()),
        [("server_error".to_owned(), true)]
    );
}

async fn an_answer_that_the_model_breaks_off_leaves_the_call_alive() {
    let mut stage = Stage::set("[[turns]]\nutterance = '25'\nmisbehave = 'incomplete'").await;
    let dana = stage.dana().await;
    let script = [
        agent_speaks(),
        say("25"),
        hear("אין לי כאן"),
        say("27"),
        hear("אנחנו פתוחים"),
    ];
    place(stage.call(&dana, script)).await;
    let failures = answer_failures(&stage.facts());
    // What was heard of it stands: said again, it would be heard twice.
    assert!(matches!(failures.as_slice(), [(_, false)]), "{failures:?}");
}

async fn a_call_books_though_the_model_is_lost_on_the_way() {
    let stage = Stage::set("[[turns]]\nutterance = '11'\nmisbehave = 'drop'").await;
    let dana = stage.dana().await;
    let script = [
        agent_speaks(),
        say("11"),
        hear("אנחנו ממשיכים"),
        say("12"),
        hear("לקבוע לך?"),
        say("31"),
        hear("קבעתי לך פגישה"),
    ];
    let report = place(stage.call(&dana, script)).await;
    assert_eq!(
        (report.streams, report.redirects),
        (1, 0),
        "the phone's stream outlives the model's session"
    );
    assert_eq!(
        stage.told_names(),
        [
            "free_slots",
            "call_resumed",
            "free_slots",
            "appointment_created"
        ]
    );
    // The day was named before the connection died, the hour after it.
    let resumed = &stage.told()[1];
    assert_eq!(resumed["requested"]["date"], "2026-11-24");
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn a_fault_of_the_parser_that_passes_is_not_noticed() {
    let mut stage = Stage::set("[[turns]]\nutterance = '11'\nchat_fault = 'server_error'").await;
    let dana = stage.dana().await;
    place(stage.call(&dana, [agent_speaks(), say("11"), hear("שעות פנויות")])).await;
    assert_eq!(stage.parser_questions(), 2);
    assert!(
        !stage
            .facts()
            .iter()
            .any(|fact| matches!(fact, Fact::ParserFailed { .. }))
    );
    assert_eq!(stage.told_names(), ["free_slots"]);
}

async fn a_parser_that_does_not_answer_is_not_guessed_for() {
    let stage =
        Stage::set("[[turns]]\nutterance = '11'\nchat_fault = 'hang'\nchat_fault_times = 9").await;
    let dana = stage.dana().await;
    place(stage.call(&dana, [agent_speaks(), say("11"), hear("לא שמעתי טוב")])).await;
    assert_eq!(stage.told_names(), ["not_understood"]);
}

async fn a_parser_that_answers_nonsense_is_not_believed() {
    let stage =
        Stage::set("[[turns]]\nutterance = '31'\nchat_fault = 'not_json'\nchat_fault_times = 9")
            .await;
    let dana = stage.dana().await;
    let script = [
        agent_speaks(),
        say("31"),
        hear("לא שמעתי טוב"),
        say("31"),
        hear("אני רושמת את הבקשה"),
    ];
    let report = place(stage.call(&dana, script)).await;
    assert_eq!(
        stage.told_names(),
        ["not_understood", "booking_unavailable"]
    );
    assert!(!report.heard_text().contains("קבעתי"));
    assert!(stage.appointments(&dana).await.is_empty());
}

async fn a_lie_is_never_heard() {
    let mut stage = Stage::set(
        "[[turns]]\nutterance = '25'\n\
         misbehave = { lie = 'קבעתי לך פגישה ביום שלישי בשעה עשר וחצי.' }\n\
         [[turns]]\nutterance = '26'\n\
         misbehave = { lie = 'אין בעיה, רק שנייה. התור שלך נקבע למחר.' }\n\
         [[turns]]\nutterance = '27'\n\
         misbehave = { lie = 'שלחתי לך הודעה עם כל הפרטים.' }",
    )
    .await;
    let dana = stage.dana().await;
    let mut script = vec![agent_speaks()];
    for question in ["25", "26", "27"] {
        script.extend([say(question), hear("אני רושמת את הבקשה")]);
    }
    let call = stage.call(&dana, script);
    let call_sid = key_of(&dana, &call).call_sid;
    let heard = place(call).await.heard_text();
    for claim in ["קבעתי", "נקבע", "שלחתי"] {
        assert!(!heard.contains(claim), "{claim} was heard in: {heard}");
    }
    let facts = stage.facts();
    let blocked = facts
        .iter()
        .filter(|fact| matches!(fact, Fact::ClaimBlocked { .. }));
    assert_eq!(blocked.count(), 3);
    assert_eq!(stage.told_names(), ["claim_refused"; 3]);
    // What the caller was told, that the request is noted, is true as well.
    let task = stage.task(&dana).await;
    assert_eq!(task.call_sid, call_sid);
    assert!(task.requested.is_empty(), "{task:?}");
}

async fn a_lie_about_a_true_appointment_is_never_heard() {
    let stage = Stage::set(
        "[[turns]]\nutterance = '25'\nmisbehave = { lie = 'קבעתי לך פגישה בשעה ארבע.' }",
    )
    .await;
    let dana = stage.dana().await;
    let mut script = booking();
    script.extend([say("25"), hear("אני רושמת את הבקשה")]);
    let heard = place(stage.call(&dana, script)).await.heard_text();
    assert!(
        heard.contains("קבעתי") && !heard.contains("ארבע"),
        "{heard}"
    );
}

async fn a_fragment_reaches_no_parser() {
    let mut stage = Stage::set("").await;
    let dana = stage.dana().await;
    let fragment = Step::Say {
        utterance: "01".parse().expect("a recorded utterance"),
        keep_ms: Some(140),
    };
    let script = [hear("איך אפשר לעזור?"), fragment, Step::Pause { ms: 1_500 }];
    place(stage.call(&dana, script)).await;
    assert_eq!(stage.parser_questions(), 0);
    let too_short = Fact::TurnDropped {
        reason: DropReason::TooShort,
    };
    assert!(stage.facts().contains(&too_short));
    assert_eq!(
        stage.sent_to_model("conversation.item.delete").len(),
        1,
        "the model forgets it, too"
    );
    assert_eq!(
        stage.sent_to_model("response.create").len(),
        1,
        "the greeting is the only answer"
    );
}

/// The answers that failed: why, and whether they were tried again.
fn answer_failures(facts: &[Fact]) -> Vec<(String, bool)> {
    let failed = |fact: &Fact| match fact {
        Fact::ResponseFailed { code, retrying } => Some((code.clone(), *retrying)),
        _ => None,
    };
    facts.iter().filter_map(failed).collect()
}
