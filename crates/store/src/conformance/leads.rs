//! Laws of leads and of how long what is personal is kept.

use time::{Duration, macros::time};
use toran_domain::{BusinessId, LeadId, Pii, RequestedTime, Speaker};

use super::{
    NOW, Office, TUESDAY, add, appointment_id, book, business, key, lead_id, open, order,
    outbox::store, phone, stream,
};
use crate::{CallEnding, ChangeKind, Removed, Retention, TranscriptLine};

/// A lead of the `n`-th business who booked, was heard, and hung up.
async fn served(office: &Office, n: u32, caller: u32) -> LeadId {
    let store = store(office);
    let key = key(n, &format!("CA{caller}"));
    let session = open(&store, &key, Some(caller), caller.into()).await;
    let nothing = RequestedTime::default();
    let noted = office
        .note_request(&stream(&key), nothing, Some("דוד"), NOW)
        .await;
    noted.expect("note_request");
    let hour = time!(9:00) + Duration::minutes(i64::from(caller % 10) * 30);
    let named = crate::BookingOrder {
        name: Some(Pii::new("רות".to_owned())),
        ..order(&session, TUESDAY, hour, caller.into())
    };
    book(&store, &named).await;
    let line = TranscriptLine {
        speaker: Speaker::Caller,
        text: Pii::new("קוראים לי דוד".to_owned()),
        at: NOW,
    };
    office
        .append_transcript(&stream(&key), &[line])
        .await
        .expect("append");
    office
        .end_call(&key, CallEnding::HungUp, NOW)
        .await
        .expect("end_call");
    session.lead_id
}

/// A lead is found by id and by number, in its own business, and comes out with all that is kept of it.
pub async fn finds_leads_and_exports_all_of_one(office: Office) {
    let id = add(&store(&office), 1).await.id;
    add(&store(&office), 2).await;
    let seven = served(&office, 1, 7).await;
    let eight = served(&office, 1, 8).await;
    let newest = office.leads(id, 10).await.expect("leads");
    let ids: Vec<LeadId> = newest.iter().map(|lead| lead.lead_id).collect();
    assert_eq!(ids, [eight, seven]);
    assert_eq!(office.leads(id, 1).await.expect("leads").len(), 1);
    let lead = office.lead(id, seven).await.expect("lead").expect("known");
    assert_eq!(
        (&lead.phone, &lead.name),
        (&Some(phone(7)), &Some(Pii::new("דוד".to_owned())))
    );
    assert_eq!((lead.created_at, lead.erased_at), (NOW, None));
    let by_phone = office.lead_by_phone(id, &phone(7)).await.expect("lead");
    assert_eq!(by_phone, Some(lead.clone()));

    let (record, _) = office
        .export_lead(id, seven, None)
        .await
        .expect("export")
        .expect("known");
    assert_eq!(record.lead, lead);
    assert_eq!(record.calls.len(), 1);
    assert_eq!(record.calls[0].ending, Some(CallEnding::HungUp));
    assert_eq!(record.calls[0].transcript.len(), 1);
    let (row, history) = record.appointments.first().expect("one appointment");
    assert_eq!(row.booking.appointment_id, appointment_id(7));
    let kinds: Vec<ChangeKind> = history.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Created]);

    let there = business(2).id;
    assert_eq!(office.lead(there, seven).await.expect("lead"), None);
    assert_eq!(
        office.lead_by_phone(there, &phone(7)).await.expect("lead"),
        None
    );
    assert_eq!(
        office
            .export_lead(there, seven, None)
            .await
            .expect("export"),
        None
    );
    let foreign = office.erase_lead(there, seven, None, NOW).await;
    assert_eq!(foreign.expect("erase"), None);
}

/// What is personal goes; what happened stays, without a person.
pub async fn erases_a_lead(office: Office) {
    let id = add(&store(&office), 1).await.id;
    let (seven, eight) = (served(&office, 1, 7).await, served(&office, 1, 8).await);
    let later = NOW + Duration::HOUR;
    let erase = async |lead, at| office.erase_lead(id, lead, None, at).await.expect("erase");
    assert!(erase(seven, later).await.is_some());
    assert!(erase(seven, later + Duration::HOUR).await.is_some());
    let (record, _) = office
        .export_lead(id, seven, None)
        .await
        .expect("export")
        .expect("kept");
    assert_eq!((&record.lead.phone, &record.lead.name), (&None, &None));
    assert_eq!(record.lead.erased_at, Some(later));
    assert_eq!(record.calls[0].transcript, []);
    let (row, _) = record.appointments.first().expect("the appointment stays");
    assert_eq!((&row.caller, &row.name), (&None, &None));
    let (other, _) = office
        .export_lead(id, eight, None)
        .await
        .expect("export")
        .expect("known");
    assert_eq!(other.lead.phone, Some(phone(8)));
    assert_eq!(other.calls[0].transcript.len(), 1);
    // Who calls again from the number is somebody new.
    let again = open(&store(&office), &key(1, "CA-again"), Some(7), 70).await;
    assert_eq!((again.lead_id, &again.lead_name), (lead_id(70), &None));
    assert_eq!(erase(lead_id(71), NOW).await, None);
    // Nor does anything come back of a person who is still on the phone.
    assert!(erase(lead_id(70), later).await.is_some());
    let line = TranscriptLine {
        speaker: Speaker::Caller,
        text: Pii::new("שמי רות".to_owned()),
        at: NOW,
    };
    let appended = office.append_transcript(&stream(&again.key), &[line]).await;
    appended.expect("append_transcript");
    let named = crate::BookingOrder {
        name: Some(Pii::new("רות".to_owned())),
        ..order(&again, TUESDAY, time!(15:00), 70)
    };
    book(&store(&office), &named).await;
    let record = office
        .export_lead(id, lead_id(70), None)
        .await
        .expect("export");
    let (record, _) = record.expect("kept");
    assert_eq!(record.calls[0].transcript, []);
    assert_eq!(record.appointments[0].0.name, None);
}

/// Transcripts and numbers go when their time is over, in the business that says so, and not before.
pub async fn keeps_personal_data_for_its_time_alone(office: Office) {
    let (one, two) = (
        add(&store(&office), 1).await.id,
        add(&store(&office), 2).await.id,
    );
    for n in [1, 2] {
        served(&office, n, n * 10 + 1).await;
    }
    assert_eq!(
        office.retention(one).await.expect("retention"),
        Some(Retention::default())
    );
    let kept = Retention {
        transcripts_days: Some(7),
        phone_numbers_days: Some(30),
    };
    assert!(
        office
            .set_retention(one, kept)
            .await
            .expect("set_retention")
    );
    assert!(
        !office
            .set_retention(business(3).id, kept)
            .await
            .expect("set_retention")
    );
    assert_eq!(office.retention(one).await.expect("retention"), Some(kept));
    assert_eq!(
        office.retention(business(3).id).await.expect("retention"),
        None
    );

    let removed = async |days: i64| {
        let removed = office.apply_retention(NOW + Duration::days(days)).await;
        let Removed {
            transcript_lines,
            leads,
            ..
        } = removed.expect("apply_retention");
        (transcript_lines, leads)
    };
    assert_eq!(removed(6).await, (0, 0));
    assert_eq!(removed(8).await, (1, 0));
    // Counted from the end of the appointment, which came a day after the call.
    assert_eq!(removed(31).await, (0, 0));
    assert_eq!(removed(32).await, (0, 1));
    assert_eq!(removed(33).await, (0, 0));
    let phones = async |id: BusinessId| {
        let leads = office.leads(id, 10).await.expect("leads");
        leads.iter().filter(|lead| lead.phone.is_some()).count()
    };
    assert_eq!((phones(one).await, phones(two).await), (0, 1));
    // Who is on the phone is not forgotten.
    let store = store(&office);
    open(&store, &key(1, "CA-live"), Some(5), 5).await;
    assert_eq!(removed(400).await, (0, 0));
}

/// The words of a task that was dealt with go with what was said in its call; those of an open one stay, as it stands.
pub async fn forgets_the_words_of_what_was_dealt_with(office: Office) {
    let id = add(&store(&office), 1).await.id;
    for (n, name) in [(1, "דוד"), (2, "דנה")] {
        booked_by(&office, n, name).await;
    }
    let first = toran_domain::TaskId::from_uuid(uuid::Uuid::from_u128(1));
    let finished = office.finish_task(id, first, NOW).await;
    assert!(finished.expect("finish_task"));
    let kept = Retention {
        transcripts_days: Some(7),
        phone_numbers_days: None,
    };
    assert!(office.set_retention(id, kept).await.expect("set_retention"));
    let words = async |days| {
        let applied = office.apply_retention(NOW + Duration::days(days)).await;
        applied.expect("apply_retention");
        let tasks = office.tasks(id, true).await.expect("tasks");
        tasks
            .iter()
            .map(|task| task.words.is_some())
            .collect::<Vec<_>>()
    };
    assert_eq!(words(6).await, [true, true]);
    assert_eq!(words(8).await, [false, true]);
}

/// A number that was given in the conversation is shown, exported and erased with its lead, and finds nobody.
pub async fn shows_a_number_that_was_given(office: Office) {
    let store = store(&office);
    let id = add(&store, 1).await.id;
    let call = open(&store, &key(1, "CA1"), None, 1).await;
    for n in [8, 9] {
        let noted = office.note_phone(&stream(&call.key), &phone(n)).await;
        noted.expect("note_phone");
    }
    let given = async || {
        let lead = office.lead(id, call.lead_id).await.expect("lead");
        lead.expect("known").given_phone
    };
    assert_eq!(given().await, Some(phone(9)));
    let found = office.lead_by_phone(id, &phone(9)).await;
    assert_eq!(found.expect("lead_by_phone"), None);
    let stranger = open(&store, &key(1, "CA2"), Some(9), 2).await;
    assert_eq!((stranger.lead_id, stranger.lead_name), (lead_id(2), None));
    let erased = office.erase_lead(id, call.lead_id, None, NOW).await;
    assert!(erased.expect("erase_lead").is_some());
    let noted = office.note_phone(&stream(&call.key), &phone(9)).await;
    noted.expect("note_phone");
    assert_eq!(given().await, None);
}

/// A call of the line on which a person says a name, books and hangs up.
pub(super) async fn booked_by(office: &Office, n: u128, name: &str) {
    let store = store(office);
    let key = key(1, &format!("CA{n}"));
    let session = open(&store, &key, Some(7), 1).await;
    let nothing = RequestedTime::default();
    let noted = office
        .note_request(&stream(&key), nothing, Some(name), NOW)
        .await;
    noted.expect("note_request");
    let hour = time!(9:00) + Duration::minutes(30 * i64::try_from(n).expect("few"));
    let named = crate::BookingOrder {
        name: Some(Pii::new(name.to_owned())),
        ..order(&session, TUESDAY, hour, n)
    };
    book(&store, &named).await;
    let line = TranscriptLine {
        speaker: Speaker::Caller,
        text: Pii::new(format!("מדבר {name}")),
        at: NOW,
    };
    let appended = office.append_transcript(&stream(&key), &[line]).await;
    appended.expect("append");
    let task = crate::NewTask {
        task_id: toran_domain::TaskId::from_uuid(uuid::Uuid::from_u128(n)),
        key: key.clone(),
        lead_id: session.lead_id,
        kind: toran_domain::TaskKind::Message,
        requested: nothing,
        name: None,
        words: Some(Pii::new("אאחר".to_owned())),
        noted_at: NOW,
    };
    office.add_task(&task).await.expect("add_task");
    let ended = office.end_call(&key, CallEnding::HungUp, NOW).await;
    ended.expect("end_call");
}

/// One person of a line comes out alone, and goes alone; whoever is left is told nothing of what was theirs.
pub async fn exports_and_erases_one_person_of_a_line(office: Office) {
    let id = add(&store(&office), 1).await.id;
    for (n, name) in [(1, "דוד כהן"), (2, "דנה"), (3, "דוד")] {
        booked_by(&office, n, name).await;
    }
    let export = async |person: Option<&str>| {
        let exported = office.export_lead(id, lead_id(1), person).await;
        let (record, covered) = exported.expect("export_lead").expect("known");
        let counts = (
            record.calls.len(),
            record.appointments.len(),
            record.tasks.len(),
        );
        (counts, covered)
    };
    let (counts, covered) = export(None).await;
    assert_eq!(counts, (3, 3, 3));
    assert_eq!(covered.sentence(), "covers the whole line (2 persons)");
    assert_eq!(covered.line, Some(phone(7)));
    let (counts, covered) = export(Some("דוד")).await;
    assert_eq!(counts, (2, 2, 2));
    let expected = "covers דוד כהן; 1 other person of this line stays";
    assert_eq!(covered.sentence(), expected);
    let exported = office.export_lead(id, lead_id(1), Some("דנה")).await;
    let (of_dana, _) = exported.expect("export_lead").expect("known");
    assert!(of_dana.lead.name.is_none() && of_dana.appointments[0].0.lead_name.is_none());
    let (counts, covered) = export(Some("יוסי")).await;
    assert_eq!((counts, covered.is_of_nobody()), ((0, 0, 0), true));

    let erase = async |person| {
        let erased = office.erase_lead(id, lead_id(1), person, NOW).await;
        erased.expect("erase_lead").expect("known")
    };
    assert!(erase(Some("יוסי")).await.is_of_nobody());
    assert_eq!(erase(Some("דוד")).await.sentence(), expected);
    let (counts, covered) = export(None).await;
    assert_eq!(counts, (1, 1, 1));
    assert_eq!(covered.persons, [Pii::new("דנה".to_owned())]);
    assert_eq!(covered.line, Some(phone(7)));
    let exported = office.export_lead(id, lead_id(1), None).await;
    let (record, _) = exported.expect("export_lead").expect("known");
    let said: usize = record.calls.iter().map(|call| call.transcript.len()).sum();
    assert_eq!(said, 1);
    // The appointments stand, nobody's: not even of who calls from the line without a name.
    let store = store(&office);
    assert_eq!(super::standing(&store, 1).await.len(), 3);
    let left = store.standing_of_lead(id, lead_id(1), NOW).await;
    assert_eq!(left.expect("standing_of_lead").len(), 1);
    let call = open(&store, &key(1, "CA9"), Some(7), 9).await;
    let asked = book(&store, &order(&call, TUESDAY, time!(9:30), 9)).await;
    let taken = crate::BookingAnswer::Refused(toran_scheduling::Refusal::Taken);
    assert_eq!(asked, taken);
    // The last person is the line.
    let last = erase(Some("דנה")).await;
    assert_eq!(last.sentence(), "covers the whole line (1 person)");
    let lead = office.lead(id, lead_id(1)).await.expect("lead");
    let lead = lead.expect("kept");
    assert!(lead.phone.is_none() && lead.erased_at.is_some());
}

/// What a gateway that was down brings in of a person who was forgotten meanwhile is nobody's; of the others it stays.
pub async fn brings_nothing_back_of_a_forgotten_person(office: Office) {
    let id = add(&store(&office), 1).await.id;
    for (n, name) in [(1, "דוד כהן"), (2, "דנה")] {
        booked_by(&office, n, name).await;
    }
    // A call in which both had to do with the business.
    booked_by(&office, 3, "דוד").await;
    let of_dana = crate::BookingOrder {
        name: Some(Pii::new("דנה".to_owned())),
        ..order(
            &open(&store(&office), &key(1, "CA3"), Some(7), 9).await,
            TUESDAY,
            time!(16:00),
            30,
        )
    };
    book(&store(&office), &of_dana).await;
    let both = key(1, "CA3");
    let ended = office.end_call(&both, CallEnding::HungUp, NOW);
    ended.await.expect("end_call");
    let erased = office.erase_lead(id, lead_id(1), Some("דוד"), NOW).await;
    assert_eq!(erased.expect("erase_lead").expect("known").others, 1);
    let late = async |call: &str, name: Option<&str>| {
        let task = crate::NewTask {
            task_id: toran_domain::TaskId::from_uuid(uuid::Uuid::from_u128(50)),
            key: key(1, call),
            lead_id: lead_id(1),
            kind: toran_domain::TaskKind::Cancellation,
            requested: RequestedTime::default(),
            name: name.map(|name| Pii::new(name.to_owned())),
            words: Some(Pii::new("לבטל את התור של דוד".to_owned())),
            noted_at: NOW - Duration::MINUTE,
        };
        office.add_task(&task).await.expect("add_task")
    };
    for name in [Some("דוד כהן"), None] {
        assert_eq!(late("CA1", name).await, crate::TaskAddition::Orphaned);
    }
    assert_eq!(late("CA2", Some("דנה")).await, crate::TaskAddition::Added);
    let exported = office.export_lead(id, lead_id(1), None).await;
    let (record, covered) = exported.expect("export_lead").expect("known");
    assert_eq!(covered.persons, [Pii::new("דנה".to_owned())]);
    let calls: Vec<&str> = record
        .calls
        .iter()
        .map(|call| call.call_sid.as_str())
        .collect();
    assert_eq!(calls, ["CA2", "CA3"], "whose other persons stay");
}
