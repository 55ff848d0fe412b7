//! Who is calling, what was heard, and what is promised: nobody is mistaken for another, nothing is booked unheard, and what the
//! caller is told is noted is there.

use futures_util::future::join_all;
use toran_domain::{Business, TaskKind};
use toran_simulator::{
    phone::{Caller, DialOutcome, EndedBy, PlaceCall},
    scenario::Step,
};
use toran_store::{Businesses as _, Leads as _, TransferState};

use crate::stage::{Stage, agent_speaks, booking, hear, key_of, place, say, tests, until_offered};

tests![
    a_yes_to_what_was_not_heard_is_read_back,
    a_withheld_number_is_nobody,
    another_name_on_a_line_is_another_person,
    ones_own_appointment_is_told_to_whoever_is_identified,
    what_is_left_to_the_business_becomes_a_task_with_the_callers_words,
    a_caller_who_asks_for_a_person_is_transferred,
    a_caller_whom_nobody_took_comes_back,
];

async fn a_yes_to_what_was_not_heard_is_read_back() {
    // "Half past ten", and the model answers without a word of it.
    let stage = Stage::set("[[turns]]\nutterance = '12'\nmisbehave = 'ignore_events'").await;
    let dana = stage.dana().await;
    let mut script = until_offered();
    script.pop();
    script.extend([
        hear("רגע, אני בודק"),
        say("31"),
        hear("לקבוע?"),
        say("31"),
        hear("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30"),
    ]);
    place(stage.call(&dana, script)).await;
    assert_eq!(
        stage.told_names(),
        [
            "free_slots",
            "free_slots",
            "read_back",
            "appointment_created"
        ]
    );
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

async fn a_withheld_number_is_nobody() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let withheld = |from: &str, script| PlaceCall {
        from: from.to_owned(),
        ..stage.call(&dana, script)
    };
    // ANONYMOUS on a keypad, as the provider writes it.
    place(withheld("+266696687", booking())).await;
    let spellings = [
        "+266696687",
        "+7378742833",
        "anonymous",
        "sip:anonymous@anonymous.invalid",
    ];
    join_all(spellings.map(|from| {
        let mut script = until_offered();
        script.pop();
        script.push(hear("תפוס"));
        place(withheld(from, script))
    }))
    .await;
    let leads = stage.store().leads(dana.id, 50).await.expect("leads");
    assert_eq!(leads.len(), 5, "a lead for each call");
    assert!(leads.iter().all(|lead| lead.phone.is_none()), "{leads:#?}");
    assert!(!stage.told_names().contains(&"appointment_held".to_owned()));
    assert_eq!(stage.appointments(&dana).await.len(), 1);
}

/// A call from one number whose caller says a name and books half past ten, or hears what else there is.
fn named(name: &str, then: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = vec![agent_speaks(), say(name), hear("נעים מאוד")];
    script.extend(until_offered().into_iter().skip(1));
    script.extend(then);
    script
}

async fn another_name_on_a_line_is_another_person() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let yes = [say("31"), hear("קבעתי לך פגישה")];
    place(stage.call(&dana, named("21", yes))).await;
    // Miriam, from the same telephone: the hour is taken, and the next one is hers.
    let mut script = named("22", []);
    script.pop();
    script.extend([
        hear("תפוס"),
        say("20"),
        hear("לקבוע לך?"),
        say("31"),
        hear("קבעתי לך פגישה בתאריך 24.11 בשעה 11:00"),
    ]);
    let report = place(stage.call(&dana, script)).await;
    assert!(!report.heard_text().contains("כבר קבועה"), "{report:#?}");
    let rows = stage.appointments(&dana).await;
    let held: Vec<_> = rows
        .iter()
        .map(|row| {
            let name = row.name.as_ref().map(|name| name.expose().clone());
            (row.booking.time.hour(), name)
        })
        .collect();
    let expected =
        [(10, "דוד כהן"), (11, "מרים לוי")].map(|(hour, name)| (hour, Some(name.to_owned())));
    assert_eq!(held, expected);
    // David again: it is his.
    let mut script = named("21", []);
    script.pop();
    script.push(hear("כבר קבועה לך פגישה בתאריך 24.11 בשעה 10:30"));
    place(stage.call(&dana, script)).await;
    assert_eq!(stage.appointments(&dana).await.len(), 2);
}

async fn ones_own_appointment_is_told_to_whoever_is_identified() {
    let stage = Stage::set("").await;
    let dana = stage.dana().await;
    let yes = [say("31"), hear("קבעתי לך פגישה")];
    place(stage.call(&dana, named("21", yes))).await;
    let asks = |name: &str, answer: &str| {
        let script = vec![
            agent_speaks(),
            say(name),
            hear("נעים מאוד"),
            say("34"),
            hear(answer),
        ];
        stage.call(&dana, script)
    };
    place(asks("21", "התור שלך יום שלישי, 24 בנובמבר, בשעה עשר וחצי")).await;
    let report = place(asks("22", "לא מצאתי")).await;
    assert!(!report.heard_text().contains("עשר וחצי"), "{report:#?}");
    // Nobody's name: who is asking?
    let script = vec![agent_speaks(), say("34"), hear("שם")];
    let report = place(stage.call(&dana, script)).await;
    assert!(!report.heard_text().contains("עשר וחצי"), "{report:#?}");
}

async fn what_is_left_to_the_business_becomes_a_task_with_the_callers_words() {
    let stage = Stage::set("").await;
    let left = [
        ("17", TaskKind::Cancellation, "אני רוצה לבטל את התור שלי"),
        ("18", TaskKind::Move, "אפשר להזיז את התור לשבוע הבא"),
        ("28", TaskKind::Person, "אני רוצה לדבר עם נציג"),
        ("38", TaskKind::Message, "אני אאחר בעשר דקות"),
    ];
    let stage = &stage;
    join_all(left.map(|(utterance, kind, words)| async move {
        let business = stage
            .business("דנה", &format!("+972721234{utterance}0"))
            .await;
        let script = vec![
            agent_speaks(),
            say(utterance),
            hear("אני רושמת את הבקשה, ופרטים מדויקים יישלחו בהמשך."),
        ];
        place(stage.call(&business, script)).await;
        let task = stage.task(&business).await;
        assert_eq!(task.kind, kind);
        let said = task.words.expect("the caller's words");
        assert_eq!(said.expose(), words);
    }))
    .await;
    assert_eq!(stage.told_names(), ["request_noted"; 4]);
}

/// A business where a person takes calls.
async fn with_a_person(stage: &Stage) -> Business {
    let dana = stage.dana().await;
    let person = "+97239999999".parse().expect("a number");
    let set = stage.store().set_transfer_number(dana.id, Some(&person));
    assert!(set.await.expect("stored"));
    dana
}

fn asks_for_a_person(stage: &Stage, business: &Business, dial: DialOutcome) -> PlaceCall {
    let script = vec![agent_speaks(), say("28"), Step::Pause { ms: 12_000 }];
    PlaceCall {
        dial,
        hurry: 10,
        ..stage.call(business, script)
    }
}

async fn a_caller_who_asks_for_a_person_is_transferred() {
    let stage = Stage::set("").await;
    let dana = with_a_person(&stage).await;
    let answered = DialOutcome::Answered { for_ms: 2_000 };
    let call = asks_for_a_person(&stage, &dana, answered);
    let key = key_of(&dana, &call);
    let report = Caller::place(call).await.expect("the call is answered");
    assert_eq!(report.ended_by, EndedBy::Gateway, "{report:#?}");
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!(report.dialled, ["+97239999999"]);
    assert!(report.heard_text().contains("השיחה מועברת"), "{report:#?}");
    let left = stage.left_by(&key).await;
    assert_eq!(left.session.transfer, Some(TransferState::Answered));
}

async fn a_caller_whom_nobody_took_comes_back() {
    let stage = Stage::set("").await;
    let dana = with_a_person(&stage).await;
    let mut call = asks_for_a_person(&stage, &dana, DialOutcome::Busy);
    call.script = vec![
        agent_speaks(),
        say("28"),
        hear("השיחה מועברת"),
        hear("לא היה מענה כרגע. אני רושמת את הבקשה"),
    ];
    let report = place(call).await;
    assert_eq!((report.streams, report.dialled.len()), (2, 1));
    let task = stage.task(&dana).await;
    assert_eq!(task.kind, TaskKind::Person);
    let words = task.words.expect("the caller's words");
    assert_eq!(words.expose(), "אני רוצה לדבר עם נציג");
}
