//! The law of leads that strangers share.

use time::{Duration, macros::time};
use toran_domain::{BusinessId, LeadId, Pii};

use super::{
    NOW, Office, TUESDAY, book, key, lead_id, leads::booked_by, open, order, outbox::store, phone,
};
use crate::{CallEnding, SplitLead};

/// Takes the first lead apart, each step of it twice.
async fn split_apart(
    office: &Office,
    id: BusinessId,
    new_lead: &(dyn Fn() -> LeadId + Sync),
) -> SplitLead {
    let plan = office.plan_split(id, lead_id(1)).await;
    let plan = plan.expect("plan_split").expect("known");
    for part in &plan.parts {
        for expected in [true, false] {
            let off = office.split_off(id, lead_id(1), part, new_lead(), NOW);
            assert_eq!(off.await.expect("split_off"), expected, "{part:?}");
        }
    }
    for _ in 0..2 {
        let finished = office.finish_split(id, lead_id(1), NOW).await;
        finished.expect("finish_split");
    }
    plan
}

/// A lead that strangers shared is taken apart: each call with what it made. Asked again, nothing changes.
pub async fn takes_a_shared_lead_apart(office: Office) {
    let shared = store(&office);
    let id = super::outbox::shop(&office, 1).await;
    for (n, name) in [(1, "דוד"), (2, "דנה")] {
        booked_by(&office, n, name).await;
    }
    // A third stranger was told that the first one's appointment is theirs, and moved it; a fourth is on the phone.
    let third = open(&shared, &key(1, "CA3"), Some(7), 3).await;
    for (hour, n) in [(time!(9:30), 3), (time!(15:00), 4)] {
        let unnamed = crate::BookingOrder {
            name: Some(Pii::new("דוד".to_owned())),
            ..order(&third, TUESDAY, hour, n)
        };
        book(&shared, &unnamed).await;
    }
    let ended = office.end_call(&third.key, CallEnding::HungUp, NOW).await;
    ended.expect("end_call");
    let live = open(&shared, &key(1, "CA4"), Some(7), 4).await;
    let ids = std::sync::atomic::AtomicU32::new(100);
    let new_lead = || {
        let n = ids.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        lead_id(n.into())
    };
    let split = async || split_apart(&office, id, &new_lead).await;
    let of_live = crate::SplitPart {
        call_sid: live.key.call_sid.clone(),
        appointments: Vec::new(),
    };
    let off = office
        .split_off(id, lead_id(1), &of_live, lead_id(90), NOW)
        .await;
    assert!(!off.expect("split_off"), "it goes on");
    let first = split().await;
    let counts = (first.parts.len(), first.appointments(), first.going_on);
    assert_eq!(counts, (3, 2, 1));
    let [crossed] = first.crossed.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(
        (crossed.made_in.as_str(), crossed.by.as_str()),
        ("CA1", "CA3")
    );
    assert!(crossed.was_moved);
    // The call that goes on keeps its lead, and the lead its number.
    let by_phone = office.lead_by_phone(id, &phone(7)).await.expect("lead");
    assert_eq!(by_phone.map(|lead| lead.lead_id), Some(live.lead_id));
    let ended = office.end_call(&live.key, CallEnding::HungUp, NOW).await;
    ended.expect("end_call");
    let rest = split().await;
    let counts = (rest.parts.len(), rest.appointments(), rest.going_on);
    assert_eq!(counts, (1, 0, 0));
    let again = split().await;
    assert_eq!((again.parts.len(), again.appointments()), (0, 0));
    assert_eq!(
        office
            .lead_by_phone(id, &phone(7))
            .await
            .expect("lead")
            .map(|lead| lead.lead_id),
        None
    );
    for (n, counts) in [
        (1, (0, 0, 0)),
        (100, (1, 1, 1)),
        (102, (1, 1, 1)),
        (104, (1, 0, 0)),
        (106, (1, 0, 0)),
    ] {
        let exported = office.export_lead(id, lead_id(n), None).await;
        let (record, covered) = exported.expect("export_lead").expect("known");
        let found = (
            record.calls.len(),
            record.appointments.len(),
            record.tasks.len(),
        );
        assert_eq!((found, covered.line), (counts, None), "lead {n}");
    }
    let none = office.plan_split(id, lead_id(999)).await;
    assert_eq!(none.expect("plan_split"), None);
    // Every event still leaves, each with a lead of its own call.
    let told = super::outbox::deliver_all(&office, NOW + Duration::HOUR).await;
    assert!(told.iter().all(
        |told| told.lead.phone.is_none() && told.lead.lead_id != lead_id(1)
            || told.call_sid.is_none()
    ));
    let seen = shared.call_session(&key(1, "CA1")).await;
    let seen = seen.expect("call_session").expect("open");
    assert!(!seen.has_number && seen.lead_id == lead_id(100));
}
