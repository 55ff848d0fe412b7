//! A line is not a person, at the desk.

use super::*;

/// A call of a line, opened in the first business.
async fn calls(store: &Shared, n: u32, caller: Option<u32>, name: Option<&str>) -> Inquirer {
    let call = open(store, &key(1, &format!("CA{n}")), caller, n.into()).await;
    Inquirer {
        key: call.key,
        lead_id: call.lead_id,
        name: name.map(|name| Pii::new(name.to_owned())),
        new_task_id: TaskId::from_uuid(uuid::Uuid::from_u128(n.into())),
        ..inquirer()
    }
}

async fn books(store: &Shared, inquirer: &Inquirer, time: Time, id: u128) -> String {
    let confirmation = Confirmation {
        inquirer: inquirer.clone(),
        requested: at(TUESDAY, time),
        one_more: false,
        named_by_caller: true,
        most_standing: None,
        new_appointment_id: AppointmentId::from_uuid(uuid::Uuid::from_u128(id)),
    };
    let answer = Desk::new(Arc::clone(store)).book(confirmation, NOW).await;
    show(&answer.outcome)
}

async fn own(store: &Shared, inquirer: &Inquirer, about: RequestedTime) -> String {
    let answer = Desk::new(Arc::clone(store)).own(inquirer, about, NOW).await;
    assert!(answer.error.is_none(), "{answer:?}");
    show(&answer.outcome)
}

#[tokio::test]
async fn a_person_hears_of_their_own_appointments_alone() {
    use time::macros::time;
    let store = shop().await;
    let nothing = RequestedTime::default();
    let stranger = calls(&store, 1, Some(8), None).await;
    assert_eq!(own(&store, &stranger, nothing).await, "own: ");
    let david = calls(&store, 2, Some(7), Some("דוד כהן")).await;
    books(&store, &david, time!(12:00), 1).await;
    assert_eq!(own(&store, &david, nothing).await, "own: 24 12:00");
    let dana = calls(&store, 3, Some(7), Some("דנה")).await;
    books(&store, &dana, time!(10:00), 2).await;
    // Another call of the line.
    for (n, name, expected) in [
        (4, Some("דוד"), "own: 24 12:00"),
        (5, Some("דנה לוי"), "own: 24 10:00"),
        (6, Some("יוסי"), "own: "),
        (7, None, r#"missing ["name"]"#),
    ] {
        let caller = calls(&store, n, Some(7), name).await;
        assert_eq!(own(&store, &caller, nothing).await, expected, "{name:?}");
    }
    // Who says the very day and hour has identified it; who says another name has not.
    let unnamed = calls(&store, 8, Some(7), None).await;
    for (about, expected) in [
        (at(TUESDAY, time!(10:00)), "own: 24 10:00"),
        (at(TUESDAY, None), r#"missing ["name"]"#),
        (at(None, time!(10:00)), r#"missing ["name"]"#),
        (at(TUESDAY, time!(11:00)), r#"missing ["name"]"#),
    ] {
        assert_eq!(own(&store, &unnamed, about).await, expected, "{about:?}");
    }
    let yossi = calls(&store, 9, Some(7), Some("יוסי")).await;
    let about = at(TUESDAY, time!(10:00));
    assert_eq!(own(&store, &yossi, about).await, "own: ");
    // What was booked in this very call needs no name.
    assert_eq!(
        books(&store, &unnamed, time!(15:00), 3).await,
        "created 15:00:00.0"
    );
    assert_eq!(own(&store, &unnamed, nothing).await, "own: 24 15:00");
    // A withheld number knows its own call alone.
    let withheld = calls(&store, 10, None, Some("דוד כהן")).await;
    assert_eq!(own(&store, &withheld, nothing).await, "own: ");
    books(&store, &withheld, time!(16:00), 4).await;
    assert_eq!(own(&store, &withheld, nothing).await, "own: 24 16:00");
    let again = calls(&store, 11, None, Some("דוד כהן")).await;
    assert_eq!(own(&store, &again, about).await, "own: ");
}

#[tokio::test]
async fn a_line_without_names_is_one_persons() {
    use time::macros::time;
    let store = shop().await;
    let first = calls(&store, 1, Some(7), None).await;
    books(&store, &first, time!(12:00), 1).await;
    for (n, name) in [(2, None), (3, Some("דוד"))] {
        let caller = calls(&store, n, Some(7), name).await;
        let nothing = RequestedTime::default();
        assert_eq!(own(&store, &caller, nothing).await, "own: 24 12:00");
    }
}

#[tokio::test]
async fn a_question_never_claims_an_appointment() {
    use time::macros::time;
    let store = shop().await;
    let desk = Desk::new(Arc::clone(&store));
    let set = async |capacity| {
        let chairs = crate::conformance::chairs(capacity);
        let set = store.update_settings(business(1).id, &chairs).await;
        assert!(set.unwrap());
    };
    set(1).await;
    let ten = at(TUESDAY, time!(10:00));
    let dana = calls(&store, 1, Some(7), Some("דנה")).await;
    books(&store, &dana, time!(10:00), 1).await;
    let david = calls(&store, 2, Some(7), Some("דוד")).await;
    let taken = "taken: 24.11 09:30, 24.11 10:30, 24.11 09:00";
    for (asks, one_more, expected) in [
        (&dana, false, "held 10:00:00.0"),
        (&dana, true, taken),
        (&david, false, taken),
        (&david, true, taken),
    ] {
        let asked = desk.look(asks, ten.into(), one_more, NOW).await;
        assert_eq!(show(&asked.outcome), expected);
    }
    set(2).await;
    for (asks, one_more, expected) in [
        (&dana, false, "held 10:00:00.0"),
        (&dana, true, "free: 24.11 10:00"),
        (&david, false, "free: 24.11 10:00"),
    ] {
        let asked = desk.look(asks, ten.into(), one_more, NOW).await;
        assert_eq!(show(&asked.outcome), expected);
    }
}

#[tokio::test]
async fn who_is_told_of_what_is_theirs_moves_it_by_asking_for_another_time() {
    use time::macros::time;
    let store = shop().await;
    let first = calls(&store, 1, Some(7), Some("דוד כהן")).await;
    books(&store, &first, time!(12:00), 1).await;
    let looks = async |inquirer: &Inquirer| {
        let wish = at(TUESDAY, time!(12:00)).into();
        let answer = Desk::new(Arc::clone(&store))
            .look(inquirer, wish, false, NOW)
            .await;
        show(&answer.outcome)
    };
    // Another name is another person, who is told nothing and moves nothing.
    let dana = calls(&store, 2, Some(7), Some("דנה")).await;
    assert!(!looks(&dana).await.starts_with("held"));
    assert_eq!(
        books(&store, &dana, time!(10:00), 2).await,
        "created 10:00:00.0"
    );
    let again = calls(&store, 3, Some(7), Some("דוד")).await;
    assert_eq!(looks(&again).await, "held 12:00:00.0");
    assert_eq!(
        books(&store, &again, time!(13:00), 3).await,
        "moved 12:00:00.0 to 13:00:00.0"
    );
}
