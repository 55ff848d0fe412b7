//! The provider's playback buffer: media is played in order at the speed of sound, marks come back when
//! what was before them has been played, and a clear empties everything at once.

use std::collections::VecDeque;

use crate::voice::bytes_in;

/// What the provider buffers at most: ten minutes. More is thrown away.
const MAX_BUFFERED_MS: u64 = 600_000;

/// What became of a mark that was just sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marked {
    /// Nothing is buffered: it is echoed at once.
    Echo(String),
    /// It waits for the audio before it.
    Pending,
}

/// One tick's worth of sound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Played {
    /// The bytes that reached the ear; fewer than asked for when the buffer ran dry.
    pub(super) audio: Vec<u8>,
    /// Marks that are due, in order.
    pub(super) marks: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Playback {
    audio: VecDeque<u8>,
    /// Marks and the count of played bytes at which each is due.
    marks: VecDeque<(u64, String)>,
    played: u64,
}

impl Playback {
    /// Buffers media. Says how many bytes did not fit.
    pub(super) fn push(&mut self, audio: &[u8]) -> usize {
        let room = bytes_in(MAX_BUFFERED_MS).saturating_sub(self.audio.len());
        let kept = audio.len().min(room);
        self.audio.extend(&audio[..kept]);
        audio.len() - kept
    }

    /// Takes a mark.
    pub(super) fn mark(&mut self, name: String) -> Marked {
        if self.audio.is_empty() {
            return Marked::Echo(name);
        }
        self.marks
            .push_back((self.played + self.audio.len() as u64, name));
        Marked::Pending
    }

    /// Empties the buffer; every pending mark comes back at once.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.audio.clear();
        self.marks.drain(..).map(|(_, name)| name).collect()
    }

    /// Plays so many bytes.
    pub(super) fn play(&mut self, bytes: usize) -> Played {
        let audio: Vec<u8> = self.audio.drain(..bytes.min(self.audio.len())).collect();
        self.played += audio.len() as u64;
        let mut marks = Vec::new();
        while let Some((_, name)) = self.marks.pop_front_if(|(due, _)| *due <= self.played) {
            marks.push(name);
        }
        Played { audio, marks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_when_their_audio_was_played() {
        let mut playback = Playback::default();
        assert_eq!(playback.mark("idle".into()), Marked::Echo("idle".into()));
        playback.push(&[1; 200]);
        assert_eq!(playback.mark("a".into()), Marked::Pending);
        playback.push(&[2; 100]);
        assert_eq!(playback.mark("b".into()), Marked::Pending);
        assert_eq!(playback.play(160).marks, Vec::<String>::new());
        let played = playback.play(160);
        assert_eq!(played.audio.len(), 140);
        assert_eq!(played.marks, ["a", "b"]);
        assert_eq!(playback.play(160), Played::default());
    }

    #[test]
    fn a_clear_empties_and_returns_every_mark() {
        let mut playback = Playback::default();
        playback.push(&[1; 400]);
        playback.mark("a".into());
        playback.mark("b".into());
        playback.play(160);
        assert_eq!(playback.clear(), ["a", "b"]);
        assert_eq!(playback.play(160), Played::default());
        assert_eq!(playback.mark("c".into()), Marked::Echo("c".into()));
    }

    #[test]
    fn more_than_ten_minutes_are_thrown_away() {
        let mut playback = Playback::default();
        assert_eq!(playback.push(&vec![0; 4_800_000]), 0);
        assert_eq!(playback.push(&[0; 160]), 160);
        playback.play(160);
        assert_eq!(playback.push(&[0; 200]), 40);
    }
}
