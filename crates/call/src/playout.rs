//! The agent's speech on its way to the phone: screened, paced a little ahead of real time, and known to the
//! millisecond when it is cut.

use std::collections::VecDeque;

use bytes::Bytes;
use toran_audio::{Millis, PlayoutClock};
use toran_domain::{ItemId, ResponseId};
use toran_truth::{Cleared, FalseClaim, Ledger, SpeechGuard};

use crate::{Instant, MarkId, Timings, ToPhone};

/// No Hebrew speaker says a character of text faster than this, so the first `n` characters of an answer
/// contain everything that can be heard in its first `n` times this.
const FASTEST_CHAR: Millis = Millis(50);
/// Where in its sound a word lies is an estimate by length: it may be off by about this.
const WORD_MARGIN: Millis = Millis(300);
/// Items that may wait to be played; an answer has one or two.
const MAX_ITEMS: usize = 16;
/// What may wait to be played: two minutes. A model that says more in one breath is cut off there.
const MAX_QUEUED: Millis = Millis(120_000);

/// One spoken item of an answer.
#[derive(Debug)]
struct Item {
    id: ItemId,
    response: ResponseId,
    /// Our own clip: the model does not know of it.
    canned: bool,
    guard: SpeechGuard,
    cleared: Cleared,
    queue: VecDeque<Bytes>,
    queued: usize,
    /// Bytes left for the phone.
    sent: usize,
    /// Where on the playout clock its first sound is.
    begins: Option<Millis>,
    finished: bool,
    /// Its sound ends before its words do.
    truncated: bool,
}

/// What became of an item whose playout was cut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CutItem {
    pub(crate) id: ItemId,
    pub(crate) canned: bool,
    /// How much of it was heard.
    pub(crate) heard: Millis,
    /// Whether any of it had left for the phone.
    pub(crate) sent: bool,
    /// Whether something of it was not heard.
    pub(crate) cut_short: bool,
    /// The words heard, estimated by length.
    pub(crate) words: String,
}

/// An item that was heard to its end, kept for a while: the caller may have begun to speak before that end, and the model's
/// server tells so later.
#[derive(Debug)]
struct EndedItem {
    at: Instant,
    length: Millis,
    words: String,
}

/// So many of them, and no longer than this: a voice is told of within it.
const MAX_ENDED: usize = 4;
const ENDED_KEPT: Millis = Millis(3_000);

#[derive(Debug, Default)]
pub(crate) struct Playout {
    items: VecDeque<Item>,
    ended: VecDeque<EndedItem>,
    clock: PlayoutClock,
    marks: VecDeque<(MarkId, Millis)>,
    next_mark: u64,
    paused_since: Option<Instant>,
}

/// What became known while audio was sent.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Audio and marks for the phone.
    pub(crate) orders: Vec<ToPhone>,
    /// Whether some of it is the model's.
    pub(crate) agent_spoke: bool,
    /// Words of items that are over, and whether they broke off.
    pub(crate) heard: Vec<(String, bool)>,
}

impl Playout {
    /// The next words of an item.
    pub(crate) fn words(
        &mut self,
        response: &ResponseId,
        id: &ItemId,
        words: &str,
        ledger: &Ledger,
    ) -> Result<(), FalseClaim> {
        self.item(response, id).map_or(Ok(()), |item| {
            item.guard.push(words);
            item.screen(ledger)
        })
    }

    /// All words of an item, while its audio may still be coming. An empty transcript tells nothing.
    pub(crate) fn words_finished(
        &mut self,
        response: &ResponseId,
        id: &ItemId,
        transcript: &str,
        ledger: &Ledger,
    ) -> Result<(), FalseClaim> {
        self.item(response, id).map_or(Ok(()), |item| {
            item.guard.finish_with(transcript);
            item.screen(ledger)
        })
    }

    /// More audio of an item. `false` if there was no room for it.
    pub(crate) fn audio(&mut self, response: &ResponseId, id: &ItemId, audio: Bytes) -> bool {
        if self.queued() + audio.len() > MAX_QUEUED.mulaw_bytes() {
            return false;
        }
        let Some(item) = self.item(response, id) else {
            return false;
        };
        item.queued += audio.len();
        item.queue.push_back(audio);
        true
    }

    /// An item has all its audio.
    pub(crate) fn sound_finished(&mut self, response: &ResponseId, id: &ItemId) {
        let mut items = self.items.iter_mut();
        if let Some(item) = items.find(|item| item.is(response, id)) {
            item.finished = true;
        }
    }

    /// A whole answer has all its audio. Where its words streamed and were never repeated whole, they count as
    /// whole; where none came, the sound waits for them.
    pub(crate) fn completed(
        &mut self,
        response: &ResponseId,
        ledger: &Ledger,
    ) -> Result<(), FalseClaim> {
        for item in self
            .items
            .iter_mut()
            .filter(|item| item.response == *response)
        {
            item.finished = true;
            if !item.guard.is_complete() {
                item.guard.finish_as_streamed();
            }
            item.screen(ledger)?;
        }
        Ok(())
    }

    /// An answer broke off: of its sound, only what is screened may still be heard. Returns how much of it was
    /// or will be.
    pub(crate) fn broken_off(&mut self, response: &ResponseId) -> Millis {
        let mut audible = 0;
        for item in self
            .items
            .iter_mut()
            .filter(|item| item.response == *response)
        {
            item.truncated |= !item.finished;
            item.finished = true;
            let keep = item.sendable();
            item.keep_only(keep);
            audible += item.sent + item.queued;
        }
        Millis::of_mulaw(audible)
    }

    /// How much sound of an answer there is, heard or not.
    pub(crate) fn sound_of(&self, response: &ResponseId) -> Millis {
        let items = self.items.iter().filter(|item| item.response == *response);
        Millis::of_mulaw(items.map(|item| item.sent + item.queued).sum())
    }

    /// Whether there is sound that waits for words, and no more of it will come.
    pub(crate) fn waits_for_words(&self) -> bool {
        self.items.iter().any(Item::waits_for_words)
    }

    /// Throws away sound whose words never came, and names its items.
    pub(crate) fn drop_unscreened(&mut self) -> Vec<ItemId> {
        let unscreened = self.items.iter_mut().filter(|item| item.waits_for_words());
        unscreened
            .map(|item| {
                item.keep_only(0);
                item.id.clone()
            })
            .collect()
    }

    /// The words of the item that claims what is not true.
    pub(crate) fn claiming_text(&mut self, ledger: &Ledger) -> String {
        let mut items = self.items.iter_mut();
        items
            .find_map(|item| {
                item.guard
                    .screen(ledger)
                    .is_err()
                    .then(|| item.guard.transcript().to_owned())
            })
            .unwrap_or_default()
    }

    /// A clip of our own, behind whatever is to be heard before it.
    pub(crate) fn clip(&mut self, id: &ItemId, audio: Bytes) {
        let mut item = Item::new(ResponseId::from(""), id.clone());
        item.canned = true;
        item.finished = true;
        item.cleared = Cleared::Everything;
        item.queued = audio.len();
        item.queue.push_back(audio);
        self.items.push_back(item);
    }

    /// Sends what is due.
    pub(crate) fn advance(&mut self, now: Instant, timings: &Timings) -> Progress {
        let mut progress = Progress::default();
        if self.paused_since.is_none() {
            self.send_due(now, timings, &mut progress);
        }
        let heard = self.clock.heard(now.0);
        while let Some(item) = self.items.front() {
            let ends = item
                .begins
                .map_or(Millis::ZERO, |begins| begins + Millis::of_mulaw(item.sent));
            if !item.finished || item.queued > 0 || heard < ends {
                break;
            }
            if let Some(item) = self.items.pop_front() {
                let length = Millis::of_mulaw(item.sent);
                let words = item.words_heard(length);
                if self.ended.len() >= MAX_ENDED {
                    self.ended.pop_front();
                }
                self.ended.push_back(EndedItem {
                    at: now,
                    length,
                    words: words.clone(),
                });
                progress.heard.push((words, item.truncated));
            }
        }
        progress
    }

    fn send_due(&mut self, now: Instant, timings: &Timings, progress: &mut Progress) {
        let Self {
            items,
            clock,
            marks,
            next_mark,
            ..
        } = self;
        for item in items.iter_mut() {
            while refill_at(clock, timings) <= now {
                let Some(piece) = item.next_piece(timings.playout_piece.mulaw_bytes()) else {
                    break;
                };
                item.begins.get_or_insert(clock.position());
                clock.sent(now.0, Millis::of_mulaw(piece.len()));
                let mark = MarkId(*next_mark);
                *next_mark += 1;
                marks.push_back((mark, clock.position()));
                progress.agent_spoke |= !item.canned;
                progress
                    .orders
                    .extend([ToPhone::Audio(piece), ToPhone::Mark(mark)]);
            }
            if item.queued > 0 || !item.finished {
                break;
            }
        }
    }

    /// A mark came back. One that was cleared is not known any more and means nothing.
    pub(crate) fn mark_played(&mut self, now: Instant, mark: MarkId) {
        if let Some(at) = self.marks.iter().position(|(id, _)| *id == mark) {
            let position = self.marks[at].1;
            self.marks.drain(..=at);
            self.clock.proved(now.0, position);
        }
    }

    /// Holds what has not been sent and what is still to come. `false` if it was held already.
    pub(crate) fn pause(&mut self, now: Instant) -> bool {
        self.paused_since
            .replace(self.paused_since.unwrap_or(now))
            .is_none()
    }

    /// Goes on. `false` if it was not held.
    pub(crate) fn resume(&mut self) -> bool {
        self.paused_since.take().is_some()
    }

    pub(crate) const fn paused_since(&self) -> Option<Instant> {
        self.paused_since
    }

    /// Whether the caller hears the agent, or would if it were not held.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        self.queued() > 0 || self.clock.buffered(now.0) > Millis::ZERO
    }

    /// The whole words that had been heard at an instant that is over, of what was under way then. The place of a word in its
    /// sound is an estimate, so a margin is left.
    pub(crate) fn words_heard_at(&self, then: Instant, now: Instant) -> Vec<String> {
        let heard_in_all = self.clock.heard(now.0) - (now - then);
        let spoken = self.items.iter().filter(|item| !item.canned);
        let under_way = spoken.map(|item| item.words_heard_for_sure(heard_in_all));
        let over_since = |ended: &&EndedItem| ended.at > then && now - ended.at <= ENDED_KEPT;
        let ended = self.ended.iter().filter(over_since).map(|ended| {
            let heard = ended.length - (ended.at - then) - WORD_MARGIN;
            whole_words(&first_share(&ended.words, heard, ended.length)).to_owned()
        });
        let words = ended.chain(under_way);
        words.filter(|words| !words.is_empty()).collect()
    }

    /// Throws away everything that was not heard. The phone's buffer is cleared by the caller of this if the
    /// second value says so.
    pub(crate) fn cut(&mut self, now: Instant) -> (Vec<CutItem>, bool) {
        let heard = self.clock.heard(now.0);
        let buffered = self.clock.buffered(now.0) > Millis::ZERO;
        let cut: Vec<CutItem> = self
            .items
            .drain(..)
            .map(|item| item.cut_at(heard))
            .collect();
        self.clock.clear();
        self.marks.clear();
        self.paused_since = None;
        (cut, buffered)
    }

    /// Throws away the model's answers: their session is gone. What has left for the phone may still be heard, and a
    /// clip of our own goes on.
    pub(crate) fn drop_answers(&mut self, now: Instant) -> Vec<CutItem> {
        let heard = self.clock.heard(now.0);
        let (clips, answers): (VecDeque<Item>, VecDeque<Item>) =
            self.items.drain(..).partition(|item| item.canned);
        self.items = clips;
        self.paused_since = None;
        answers.into_iter().map(|item| item.cut_at(heard)).collect()
    }

    /// When there is something to do again.
    pub(crate) fn next_wake(&self, timings: &Timings) -> Option<Instant> {
        let played_out = |item: &Item| item.finished && item.queued == 0;
        let next = self.items.iter().find(|item| !played_out(item));
        if self.paused_since.is_none() && next.is_some_and(|item| item.sendable() > 0) {
            return Some(refill_at(&self.clock, timings));
        }
        self.items
            .front()
            .filter(|item| played_out(item))
            .map(|_| Instant(self.clock.drained_at()))
    }

    fn item(&mut self, response: &ResponseId, id: &ItemId) -> Option<&mut Item> {
        let known = self.items.iter().position(|item| item.is(response, id));
        let at = match known {
            Some(at) => at,
            None if self.items.len() >= MAX_ITEMS => return None,
            None => {
                self.items
                    .push_back(Item::new(response.clone(), id.clone()));
                self.items.len() - 1
            }
        };
        self.items.get_mut(at)
    }

    fn queued(&self) -> usize {
        self.items.iter().map(|item| item.queued).sum()
    }
}

/// The part of some words that was heard of them in so much of their sound.
fn first_share(words: &str, heard: Millis, all: Millis) -> String {
    let chars = words.chars().count() as u64;
    let share = chars.saturating_mul(heard.0) / all.0.max(1);
    let share = usize::try_from(share).unwrap_or(usize::MAX);
    words.chars().take(share).collect()
}

/// Without a last word that may be half of one.
fn whole_words(words: &str) -> &str {
    &words[..words.rfind(char::is_whitespace).unwrap_or(0)]
}

/// When there is room for one more piece within the lead.
fn refill_at(clock: &PlayoutClock, timings: &Timings) -> Instant {
    Instant(clock.drained_at() - (timings.playout_lead - timings.playout_piece))
}

impl Item {
    fn new(response: ResponseId, id: ItemId) -> Self {
        Self {
            id,
            response,
            canned: false,
            guard: SpeechGuard::default(),
            cleared: Cleared::Chars(0),
            queue: VecDeque::new(),
            queued: 0,
            sent: 0,
            begins: None,
            finished: false,
            truncated: false,
        }
    }

    fn is(&self, response: &ResponseId, id: &ItemId) -> bool {
        self.id == *id && self.response == *response
    }

    /// All its sound is there, some of it may not be heard yet, and its words are not known to the end.
    fn waits_for_words(&self) -> bool {
        self.finished && !self.canned && self.queued > self.sendable() && !self.guard.is_complete()
    }

    /// Drops all but the first `bytes` of what was not sent.
    fn keep_only(&mut self, bytes: usize) {
        self.truncated |= bytes < self.queued;
        let mut room = bytes;
        for piece in &mut self.queue {
            piece.truncate(room);
            room -= piece.len();
        }
        self.queue.retain(|piece| !piece.is_empty());
        self.queued = self.queue.iter().map(Bytes::len).sum();
    }

    fn screen(&mut self, ledger: &Ledger) -> Result<(), FalseClaim> {
        self.cleared = self.guard.screen(ledger)?;
        Ok(())
    }

    /// Bytes that are here and may be heard.
    fn sendable(&self) -> usize {
        match self.cleared {
            Cleared::Everything => self.queued,
            Cleared::Chars(chars) => {
                let cleared = Millis(FASTEST_CHAR.0.saturating_mul(chars as u64)).mulaw_bytes();
                self.queued.min(cleared.saturating_sub(self.sent))
            }
        }
    }

    fn next_piece(&mut self, longest: usize) -> Option<Bytes> {
        let length = longest.min(self.sendable());
        if length == 0 {
            return None;
        }
        let front = self.queue.front_mut()?;
        let piece = front.split_to(length.min(front.len()));
        if front.is_empty() {
            self.queue.pop_front();
        }
        self.queued -= piece.len();
        self.sent += piece.len();
        Some(piece)
    }

    /// The words of so much of its sound. Of an answer that did not come to its end it is an estimate, and never more than
    /// what had been cleared, and could be said in that time: the rest has not left.
    fn words_heard(&self, heard: Millis) -> String {
        let received = Millis::of_mulaw(self.sent + self.queued);
        let transcript = self.guard.transcript();
        if self.sent == 0 {
            return String::new();
        }
        if self.finished && !self.truncated && heard >= received {
            return transcript.to_owned();
        }
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let chars = transcript.chars().count() as u64;
        let share = whole(chars.saturating_mul(heard.0) / received.0.max(1));
        let sayable = whole(heard.0 / FASTEST_CHAR.0);
        let letters = match self.cleared {
            Cleared::Everything => sayable,
            Cleared::Chars(cleared) => cleared.min(sayable),
        };
        let may_be_heard = self.guard.first_letters(letters);
        may_be_heard.chars().take(share).collect()
    }

    /// How much of it was heard when so much was heard in all.
    fn heard_of(&self, heard_in_all: Millis) -> Millis {
        let sent = Millis::of_mulaw(self.sent);
        self.begins
            .map_or(Millis::ZERO, |begins| (heard_in_all - begins).min(sent))
    }

    /// The words of which it is sure that they were heard: of an item that is not heard to its end, the whole words that a
    /// margin before its place covers.
    fn words_heard_for_sure(&self, heard_in_all: Millis) -> String {
        let heard = self.heard_of(heard_in_all);
        let received = Millis::of_mulaw(self.sent + self.queued);
        if self.finished && !self.truncated && heard >= received {
            return self.words_heard(heard);
        }
        whole_words(&self.words_heard(heard - WORD_MARGIN)).to_owned()
    }

    fn cut_at(self, heard_in_all: Millis) -> CutItem {
        let heard = self.heard_of(heard_in_all);
        let received = Millis::of_mulaw(self.sent + self.queued);
        let cut_short = !self.finished || self.truncated || heard < received;
        let words = self.words_heard(heard);
        CutItem {
            id: self.id,
            canned: self.canned,
            heard,
            sent: self.sent > 0,
            cut_short,
            words,
        }
    }
}
