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
    let noted = office.note_request(&stream(&key), nothing, Some("דוד"), NOW).await;
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
        office.export_lead(there, seven, None).await.expect("export"),
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
    let record = office.export_lead(id, lead_id(70), None).await.expect("export");
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
