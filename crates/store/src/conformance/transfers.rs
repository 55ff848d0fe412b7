//! Laws of what a transfer leaves behind.

use time::{Duration, macros::time};
use toran_domain::{Pii, RequestedTime, TaskId, TaskKind};
use uuid::Uuid;

use super::{NOW, Office, outbox, tasks::task};
use crate::{CallSession, EventKind, NewTask};

/// A call of David's who talked a while, and for whom a person's telephone rings.
async fn rings(office: &Office, n: u32) -> CallSession {
    let line = |speaker, text: &str| crate::TranscriptLine {
        speaker,
        text: Pii::new(text.to_owned()),
        at: NOW,
    };
    let (caller, agent) = (toran_domain::Speaker::Caller, toran_domain::Speaker::Agent);
    let call = outbox::call(office, 1, n).await;
    let stream = super::stream(&call.key);
    let said = [
        line(caller, "שלום"),
        line(agent, "במה אפשר לעזור?"),
        line(caller, "יש לי שאלה"),
        line(caller, "תעבירי אותי למישהו"),
        line(agent, "מעבירה"),
        line(caller, "תודה"),
    ];
    let appended = office.append_transcript(&stream, &said).await;
    appended.expect("append_transcript");
    let nothing = RequestedTime::default();
    let noted = office
        .note_request(&stream, nothing, Some("דוד"), NOW)
        .await;
    noted.expect("note_request");
    let wanted = office.request_transfer(&stream, NOW).await;
    wanted.expect("request_transfer");
    assert!(office.begin_transfer(&call.key, NOW).await.expect("begin"));
    call
}

/// A transfer that nobody took leaves a task for a person to call back, in the caller's last words, whatever becomes of the
/// call; one that was answered leaves none.
pub async fn leaves_a_task_where_nobody_took_the_call(office: Office) {
    let id = outbox::shop(&office, 1).await;
    let mut calls = Vec::new();
    for n in 1..=4 {
        calls.push(rings(&office, n).await);
    }
    let task_id = |n: u128| TaskId::from_uuid(Uuid::from_u128(n));
    let end = async |n: usize, answered| {
        let id = task_id(100 + n as u128);
        let ended = office.end_transfer(&calls[n].key, answered, id, NOW + Duration::MINUTE);
        ended.await.expect("end_transfer");
    };
    // What was left before the transfer stands in front.
    let before = NewTask {
        kind: TaskKind::Person,
        words: Some(Pii::new("דחוף".to_owned())),
        ..task(&calls[1], 50, time!(9:00), 1)
    };
    office.add_task(&before).await.expect("add_task");
    for n in [0, 1] {
        for answered in [false, false, true] {
            end(n, answered).await;
        }
    }
    end(2, true).await;
    // Who asked to be forgotten while it rang is called back by nobody.
    let erased = office.erase_lead(id, calls[3].lead_id, None, NOW).await;
    assert!(erased.expect("erase_lead").is_some());
    end(3, false).await;
    for call in &calls {
        outbox::hang_up(&office, &call.key).await;
    }
    let tasks = office.tasks(id, true).await.expect("tasks");
    let shown: Vec<_> = tasks
        .iter()
        .map(|task| {
            (
                task.task_id,
                task.kind,
                task.words.as_ref().map(|words| words.expose().as_str()),
            )
        })
        .collect();
    let words = "יש לי שאלה / תעבירי אותי למישהו / תודה";
    let merged = format!("דחוף / {words}");
    let expected = [
        (task_id(50), TaskKind::Person, Some(merged.as_str())),
        (task_id(100), TaskKind::Person, Some(words)),
    ];
    assert_eq!(shown, expected);
    let david = Some(Pii::new("דוד".to_owned()));
    assert!(
        tasks
            .iter()
            .all(|task| task.name == david && task.done_at.is_none())
    );
    let told = outbox::deliver_all(&office, NOW + Duration::HOUR).await;
    let told = told
        .iter()
        .filter(|told| told.kind == EventKind::TaskCreated);
    assert_eq!(told.count(), 3);
}

/// Who asked for a person and was put through to one later is not called back for it; what else they left stands.
pub async fn settles_what_a_person_was_wanted_for(office: Office) {
    let id = outbox::shop(&office, 1).await;
    let call = rings(&office, 1).await;
    for (n, kind) in [(50, TaskKind::Person), (51, TaskKind::Message)] {
        let left = NewTask {
            kind,
            ..task(&call, n, time!(9:00), 1)
        };
        office.add_task(&left).await.expect("add_task");
    }
    let unused = TaskId::from_uuid(Uuid::from_u128(100));
    let ended = office.end_transfer(&call.key, true, unused, NOW + Duration::MINUTE);
    ended.await.expect("end_transfer");
    let open = office.tasks(id, false).await.expect("tasks");
    let open: Vec<TaskKind> = open.iter().map(|task| task.kind).collect();
    assert_eq!(open, [TaskKind::Message]);
    let told = outbox::deliver_all(&office, NOW + Duration::HOUR).await;
    let told = told
        .iter()
        .filter(|told| told.kind == EventKind::TaskCreated);
    assert_eq!(told.count(), 1);
}

/// A transfer of which nobody says how it ended leaves a task, too, and only one.
pub async fn leaves_a_task_of_a_transfer_left_open(office: Office) {
    let id = outbox::shop(&office, 1).await;
    // A stream that takes the call over while it rings knows as well that nobody took it.
    let call = rings(&office, 9).await;
    let taken = office.take_over(&call.key, NOW).await.expect("take_over");
    assert_eq!(
        taken.expect("open").transfer,
        Some(crate::TransferState::Failed)
    );
    // So does whoever looks for what a gateway that died left open.
    let left = outbox::call(&office, 1, 10).await;
    let of_left = super::stream(&left.key);
    let wanted = office.request_transfer(&of_left, NOW);
    wanted.await.expect("request_transfer");
    outbox::hang_up(&office, &left.key).await;
    let much_later = NOW + Duration::HOUR;
    for _ in 0..2 {
        let ended = office.end_abandoned_calls(much_later, much_later).await;
        ended.expect("end_abandoned_calls");
    }
    let tasks = office.tasks(id, false).await.expect("tasks");
    for key in [&call.key, &left.key] {
        let of_call = tasks.iter().filter(|task| task.call_sid == key.call_sid);
        assert_eq!(of_call.count(), 1, "{key:?}");
    }
}
