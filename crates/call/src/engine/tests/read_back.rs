//! A yes counts for what was heard.

use super::*;

const WHEN: &str = "יום שלישי, 24 בנובמבר, בשעה עשר וחצי בבוקר";

fn read_backs(call: &Call) -> usize {
    let told = call.told().into_iter();
    told.filter(|notice| matches!(notice, Notice::ReadBack { .. }))
        .count()
}

fn books(call: &Call) -> usize {
    let orders = call.orders().into_iter();
    orders
        .filter(|order| matches!(order, DeskOrder::Book { .. }))
        .count()
}

/// What becomes of a yes after the agent answered with these words.
#[track_caller]
fn check(answer: &str, booked: bool) {
    let mut call = Call::greeted();
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    call.agent(answer);
    call.says_yes();
    let expected = if booked { (1, 0) } else { (0, 1) };
    assert_eq!((books(&call), read_backs(&call)), expected, "{answer}");
}

#[test]
fn a_yes_counts_only_for_a_day_and_an_hour_that_were_heard() {
    for heard in [
        "יום שלישי, 24 בנובמבר, בשעה עשר וחצי בבוקר פנוי. לקבוע לך?",
        "ביום שלישי בעשר וחצי, נכון?",
        "אז ב-24 בנובמבר בשעה 10:30?",
        "מחר בעשר וחצי, בסדר?",
    ] {
        check(heard, true);
    }
    for unheard in [
        "בסדר גמור, רגע.",
        "פנוי. לקבוע לך?",
        "ביום שלישי פנוי. לקבוע?",
        "בעשר וחצי פנוי. לקבוע?",
        "ביום רביעי בעשר וחצי. לקבוע?",
        "ביום שלישי באחת עשרה. לקבוע?",
    ] {
        check(unheard, false);
    }
}

#[test]
fn what_was_read_back_and_confirmed_is_booked() {
    let mut call = Call::greeted();
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    call.agent("פנוי. לקבוע לך?");
    call.says_yes();
    let Booking { date, time, .. } = booking();
    assert_eq!(call.told().last(), Some(&Notice::ReadBack { date, time }));
    call.agent(&format!("{WHEN}. לקבוע?"));
    call.says_yes();
    assert_eq!(books(&call), 1);
}

#[test]
fn a_model_that_never_reads_back_does_not_keep_the_caller_for_ever() {
    let mut call = Call::greeted();
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    for _ in 0..3 {
        call.agent("בסדר גמור, רגע.");
        call.says_yes();
    }
    assert_eq!((books(&call), read_backs(&call)), (0, 2));
    let wanted = for_half_past_ten(Action::Ask).requested();
    assert_eq!(call.saved_times(), [wanted]);
    call.saved(true);
    let unavailable = Notice::Outcome(Outcome::BookingUnavailable { noted: true });
    assert_eq!(call.told().last(), Some(&unavailable));
}

#[test]
fn the_day_may_be_heard_in_one_answer_and_the_hour_in_the_next() {
    let mut call = Call::greeted();
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    call.agent("רגע, בודקת ביום שלישי.");
    call.say("u", "נו?", 900);
    call.parsed(AppointmentRequest::NONE);
    call.agent("עשר וחצי פנוי. לקבוע?");
    call.says_yes();
    assert_eq!(books(&call), 1);
}

#[test]
fn a_yes_that_began_before_the_hour_was_heard_does_not_count() {
    for (heard_for, booked) in [(1_000, 0), (5_500, 1)] {
        let mut call = Call::greeted();
        call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
        // Six seconds of speech; the hour is in its second half.
        let words = format!("אוקיי, אז {WHEN} פנוי אצלנו. אז לקבוע לך את זה?");
        call.answer("long", "long", &words, 6 * SECOND);
        call.wait(heard_for);
        call.says_yes();
        assert_eq!(books(&call), booked, "{heard_for}");
        assert_eq!(read_backs(&call), 1 - booked);
    }
}

#[test]
fn a_yes_that_is_told_of_after_the_hour_ended_is_measured_by_its_beginning() {
    for (began_before, booked) in [(1_000, 0), (100, 1)] {
        let mut call = Call::greeted();
        call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
        let words = "יש לי מקום פנוי ביום שלישי, בעשר וחצי בבוקר, בסדר?";
        call.answer("long", "long", words, 3 * SECOND);
        call.wait(3_000 - began_before);
        // The caller begins, and the model's server says so when the answer is over.
        let from = call.position;
        call.voice(began_before + 200);
        call.model(FromModel::SpeechStarted {
            item: "late".into(),
            at: from,
        });
        call.voice(400);
        call.model(FromModel::SpeechStopped {
            item: "late".into(),
            at: call.position,
        });
        call.model(FromModel::Committed {
            item: "late".into(),
        });
        call.transcribe("late", "כן", Hearing::Words);
        call.parsed(for_half_past_ten(Action::Confirm));
        assert_eq!(books(&call), booked, "{began_before}");
    }
}

#[test]
fn a_yes_that_asks_for_one_more_is_for_none_that_was_heard() {
    let mut call = Call::booked();
    call.agent("קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.");
    call.log.clear();
    call.says("כן");
    call.understood(Understood {
        one_more: true,
        ..for_half_past_ten(Action::Confirm).into()
    });
    assert_eq!((books(&call), read_backs(&call)), (0, 1));
}

#[test]
fn read_backs_of_other_times_are_not_counted_together() {
    let mut call = Call::greeted();
    for hour in [time!(10:30), time!(11:00), time!(11:30)] {
        let wanted = Booking {
            time: hour,
            ..booking()
        };
        call.asks_for(wanted, "ואפשר אחרת?");
        call.agent("בסדר גמור, רגע.");
        call.says_yes();
    }
    assert_eq!(read_backs(&call), 3);
    assert_eq!(call.task_orders(), []);
}

#[test]
fn a_yes_to_an_answer_that_was_cut_or_lost_is_read_back() {
    let mut call = Call::greeted();
    call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
    // The words are known, and none of their sound has come.
    call.words("r2", "a2", "יום שלישי בעשר וחצי פנוי");
    call.says_yes();
    assert_eq!((books(&call), read_backs(&call)), (0, 1));
}

#[test]
fn a_yes_to_something_else_than_the_table_is_a_question() {
    let mut call = Call::offered();
    call.say("u", "כן, באחת עשרה", 900);
    call.parsed(request(
        Action::Confirm,
        Some(booking().date),
        Some(time!(11:00)),
    ));
    assert!(matches!(call.orders()[..], [DeskOrder::Look { .. }]));
}

#[test]
fn a_yes_to_half_a_time_asks_for_the_rest() {
    let mut call = Call::greeted();
    call.say("u", "כן", 900);
    call.parsed(request(Action::Confirm, Some(booking().date), None));
    let missing = vec![toran_domain::Detail::Time];
    assert_eq!(
        call.told(),
        [Notice::Outcome(Outcome::MissingDetails { missing })]
    );
    assert_eq!(call.orders(), []);
}

/// What is on record of the proposal last.
fn on_record(call: &Call) -> toran_domain::Proposal {
    let proposed = call.facts().into_iter().rev().find_map(|fact| match fact {
        Fact::Proposed(proposal) => Some(proposal),
        _ => None,
    });
    proposed.unwrap_or_default()
}

#[test]
fn a_call_that_goes_on_knows_what_is_on_the_table_and_what_was_heard_of_it() {
    for (answer, booked) in [(format!("{WHEN}. לקבוע?"), 1), ("לקבוע?".to_owned(), 0)] {
        let mut call = Call::greeted();
        call.asks_for(booking(), "אפשר ביום שלישי בעשר וחצי?");
        call.agent(&answer);
        let mut next = Call::live_with(CallConfig {
            resumption: Some(Resumption {
                proposal: on_record(&call),
                ..Resumption::default()
            }),
            ..config()
        });
        next.agent("אנחנו ממשיכים.");
        next.says_yes();
        assert_eq!(books(&next), booked);
    }
}

#[test]
fn what_is_cleared_or_offered_is_on_record_too() {
    let mut call = Call::greeted();
    call.says("יש משהו ביום שלישי?");
    let asked = request(Action::Ask, Some(booking().date), None);
    let requested = asked.requested();
    call.parsed(asked);
    let slots = vec![slot(booking())];
    call.desk(Outcome::FreeSlots { requested, slots });
    call.agent("רק בעשר וחצי. לקבוע?");
    assert_eq!(on_record(&call).table.time, Some(time!(10:30)));
    call.says("לא, ביום אחר");
    call.understood(Understood {
        unclear: vec![toran_domain::Detail::Date, toran_domain::Detail::Time],
        ..request(Action::Ask, None, None).into()
    });
    assert!(on_record(&call).table.is_empty());
}

#[test]
fn a_yes_after_a_no_or_another_subject_is_for_something_else() {
    for (intent, words, expected) in [
        (toran_domain::Intent::Other, "לא, זה לא מתאים לי", (0, 0)),
        (
            toran_domain::Intent::Cancel,
            "אני רוצה לבטל את התור מיום ראשון",
            (0, 1),
        ),
        (toran_domain::Intent::Information, "כמה זה עולה?", (1, 0)),
    ] {
        let mut call = Call::offered();
        call.says(words);
        call.understood(Understood {
            intent,
            ..AppointmentRequest::NONE.into()
        });
        call.saved(true);
        call.agent("בסדר. עוד משהו?");
        call.says_yes();
        assert_eq!((books(&call), read_backs(&call)), expected, "{words}");
    }
}

#[test]
fn what_was_not_understood_is_asked_for_and_off_the_table() {
    let mut call = Call::offered();
    call.say("u", "אולי ביום ההוא באחת עשרה?", 900);
    call.understood(Understood {
        unclear: vec![toran_domain::Detail::Date],
        ..request(Action::Ask, None, Some(time!(11:00))).into()
    });
    let missing = vec![toran_domain::Detail::Date];
    assert_eq!(
        call.told(),
        [Notice::Outcome(Outcome::MissingDetails { missing })]
    );
    assert_eq!(
        call.engine.proposal.table,
        RequestedTime {
            date: None,
            time: Some(time!(11:00))
        }
    );
}
