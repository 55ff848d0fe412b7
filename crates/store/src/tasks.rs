//! What callers leave for the business to do.

use async_trait::async_trait;
use time::UtcDateTime;
use toran_domain::{
    BETWEEN_TASK_WORDS, Booking, BusinessId, CallSid, LeadId, MAX_TASK_WORDS_CHARS, PhoneNumber,
    Pii, RequestedTime, TaskId, TaskKind, is_plain,
};

use crate::{BoxError, CallKey, StoreError};

/// What a caller leaves for the business to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its id.
    pub task_id: TaskId,
    /// The call in which it was made.
    pub key: CallKey,
    /// The lead of that call.
    pub lead_id: LeadId,
    /// What the business is to do.
    pub kind: TaskKind,
    /// What was asked for or confirmed.
    pub requested: RequestedTime,
    /// The caller's name, if it was said.
    pub name: Option<Pii<String>>,
    /// The caller's own words.
    pub words: Option<Pii<String>>,
    /// When.
    pub noted_at: UtcDateTime,
}

/// A caller's words as a task keeps them: on one line, without control characters, at most [`MAX_TASK_WORDS_CHARS`] long.
/// `None` if nothing is left.
///
/// ```
/// use toran_store::bounded_words;
///
/// let words = bounded_words(" אאחר\nבעשר דקות\u{7} ");
/// assert_eq!(words.map(|words| words.into_inner()), Some("אאחר בעשר דקות".to_owned()));
/// assert_eq!(bounded_words("\u{7} "), None);
/// ```
pub fn bounded_words(words: &str) -> Option<Pii<String>> {
    let plain = words.chars().filter_map(|letter| match letter {
        '\n' | '\r' | '\t' => Some(' '),
        other if !is_plain(other) => None,
        other => Some(other),
    });
    let plain: String = plain.collect();
    let kept: String = plain.trim().chars().take(MAX_TASK_WORDS_CHARS).collect();
    (!kept.is_empty()).then(|| Pii::new(kept))
}

impl NewTask {
    /// This task in place of an older one of the same call and kind: what the caller said before is kept before what they
    /// say now. A request to book is made anew with each word.
    #[must_use]
    pub fn after(self, older: Option<&Pii<String>>) -> Self {
        let words = match (older, &self.words) {
            _ if self.kind == TaskKind::Booking => self.words.clone(),
            (None, newer) => newer.clone(),
            (Some(older), None) => Some(older.clone()),
            (Some(older), Some(newer)) => Some(Pii::new(joined(older.expose(), newer.expose()))),
        };
        Self { words, ..self }
    }
}

/// The older words and the newer ones, and what is in both only once; of what is too long for a task, the end.
fn joined(older: &str, newer: &str) -> String {
    if format!(" {newer} ").contains(&format!(" {older} ")) {
        return newer.to_owned();
    }
    let before: Vec<&str> = older.split(BETWEEN_TASK_WORDS).collect();
    let after: Vec<&str> = newer.split(BETWEEN_TASK_WORDS).collect();
    // Not any words within a sentence: "to cancel" after "not to cancel" is another wish.
    if before.windows(after.len()).any(|some| some == after) {
        return older.to_owned();
    }
    let mut lengths = (1..=before.len().min(after.len())).rev();
    let shared = lengths.find(|n| before.ends_with(after.get(..*n).unwrap_or_default()));
    let news = after.into_iter().skip(shared.unwrap_or(0));
    let all: Vec<&str> = before.into_iter().chain(news).collect();
    let all: Vec<char> = all.join(BETWEEN_TASK_WORDS).chars().collect();
    let first = all.len().saturating_sub(MAX_TASK_WORDS_CHARS);
    all.into_iter().skip(first).collect()
}

/// What came of adding a task. Each means that the request is not lost and need not be kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskAddition {
    /// It is stored; it replaces an older one of the same call and kind, [after](NewTask::after) its words. Or it is the
    /// older one itself, come late, and its words stand before those of the newer one now.
    Added,
    /// It, or a newer one of the same call and kind with its words, is stored already.
    AlreadyThere,
    /// The caller holds the appointment after all: nothing is left to book.
    AlreadyBooked(Booking),
    /// The business or the call is gone, or the lead was erased: nobody is left to do it, or to do it for.
    Orphaned,
}

/// A task as the business sees it. There is at most one of each kind for each call, the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// Its id.
    pub task_id: TaskId,
    /// Who asked.
    pub lead_id: LeadId,
    /// In which call.
    pub call_sid: CallSid,
    /// What the business is to do.
    pub kind: TaskKind,
    /// From which number.
    pub caller: Option<PhoneNumber>,
    /// A number that a caller who withheld theirs gave in the conversation.
    pub given_phone: Option<PhoneNumber>,
    /// Under which name.
    pub name: Option<Pii<String>>,
    /// How the line is called that it came from: the name that was said there last.
    pub lead_name: Option<Pii<String>>,
    /// In which words of the caller's own.
    pub words: Option<Pii<String>>,
    /// For what.
    pub requested: RequestedTime,
    /// When.
    pub noted_at: UtcDateTime,
    /// When it was dealt with.
    pub done_at: Option<UtcDateTime>,
}

/// The tasks of businesses.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Adds a task. One to [book](TaskKind::Booking) is not added if the caller has come to an appointment at that time,
    /// or in that call after that moment; what another person of the line has come to is no reason. Adding it again changes
    /// nothing. A task of another kind keeps the words of those that it replaces, in whichever order they arrive.
    async fn add_task(&self, task: &NewTask) -> Result<TaskAddition, StoreError>;

    /// A business's tasks, oldest first; those that are done only if asked for.
    async fn tasks(
        &self,
        business_id: BusinessId,
        with_done: bool,
    ) -> Result<Vec<TaskRow>, StoreError>;

    /// One task, done or not.
    async fn task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
    ) -> Result<Option<TaskRow>, StoreError>;

    /// Marks a task as dealt with; `false` if there is no such open task.
    async fn finish_task(
        &self,
        business_id: BusinessId,
        task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;
}

/// Where each request is kept until it is a task: on this machine, so that it outlives the process, and on a disk, so that
/// it outlives the machine's memory.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Keeps a task, in place of an older one of the same call and kind, [after](NewTask::after) its words. When it returns,
    /// the task is durable.
    async fn keep(&self, task: &NewTask) -> Result<(), BoxError>;
}

#[cfg(test)]
mod tests {
    use toran_domain::TaskKind::{Booking, Cancellation, Message};
    use uuid::Uuid;

    use super::*;

    #[track_caller]
    fn check(kind: TaskKind, older: &str, newer: &str, expected: &str) {
        let some = |words: &str| (!words.is_empty()).then(|| Pii::new(words.to_owned()));
        let task = NewTask {
            task_id: TaskId::from_uuid(Uuid::nil()),
            key: CallKey {
                business_id: BusinessId::from_uuid(Uuid::nil()),
                call_sid: "CA1".parse().unwrap(),
            },
            lead_id: LeadId::from_uuid(Uuid::nil()),
            kind,
            requested: RequestedTime::default(),
            name: None,
            words: some(newer),
            noted_at: UtcDateTime::UNIX_EPOCH,
        };
        assert_eq!(task.after(some(older).as_ref()).words, some(expected));
    }

    #[test]
    fn what_was_said_before_is_not_lost() {
        check(Message, "אאחר", "תביאו מים", "אאחר / תביאו מים");
        check(Message, "אאחר", "אאחר קצת", "אאחר קצת");
        check(Message, "אאחר קצת", "אאחר", "אאחר קצת / אאחר");
        check(Message, "לא לבטל", "לבטל", "לא לבטל / לבטל");
        check(Message, "לבטל", "שלבטל", "לבטל / שלבטל");
        check(Message, "א / ב / ג", "ב", "א / ב / ג");
        check(Message, "א / ב / ג", "ב / ג / ד", "א / ב / ג / ד");
        check(Message, "ב / ג", "א / ב / ג", "א / ב / ג");
        check(Message, "א / ב", "א", "א / ב");
        check(Message, "", "אאחר", "אאחר");
        check(Cancellation, "את שלישי", "", "את שלישי");
        check(Booking, "מחר", "ברביעי", "ברביעי");
        let long = "א".repeat(MAX_TASK_WORDS_CHARS);
        let kept = format!("{} / סוף", "א".repeat(MAX_TASK_WORDS_CHARS - 6));
        check(Message, &long, "סוף", &kept);
    }
}
