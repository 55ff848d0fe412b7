//! The telephone line between the caller and the provider: it may lose frames, and hold some back and
//! deliver them in a bunch. Timestamps tell the truth all the same.

/// What is wrong with the line, in frames per thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineFaults {
    /// Frames that never arrive: the timestamps jump.
    pub lost_per_mille: u32,
    /// Frames that are held back and come together with those after them.
    pub held_per_mille: u32,
}

/// How many frames come late together.
const HELD_FRAMES: std::ops::RangeInclusive<usize> = 2..=6;

/// One frame on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) timestamp_ms: u64,
    pub(super) audio: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Line {
    faults: LineFaults,
    rng: fastrand::Rng,
    held: Vec<Frame>,
    /// How many frames the bunch will have.
    bunch: usize,
}

impl Line {
    pub(super) fn new(faults: LineFaults, seed: u64) -> Self {
        Self {
            faults,
            rng: fastrand::Rng::with_seed(seed),
            held: Vec::new(),
            bunch: 0,
        }
    }

    /// Takes one frame in and gives out what arrives now, in order.
    pub(super) fn pass(&mut self, frame: Frame) -> Vec<Frame> {
        if self.rng.u32(0..1_000) < self.faults.lost_per_mille {
            return Vec::new();
        }
        if self.bunch == 0 && self.rng.u32(0..1_000) < self.faults.held_per_mille {
            self.bunch = self.rng.usize(HELD_FRAMES);
        }
        self.held.push(frame);
        if self.held.len() < self.bunch {
            return Vec::new();
        }
        self.bunch = 0;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(faults: LineFaults) -> Vec<Vec<u64>> {
        let mut line = Line::new(faults, 5);
        let frames = (0..1_000).map(|nth| Frame {
            timestamp_ms: nth * 20,
            audio: Vec::new(),
        });
        let stamps = |frames: Vec<Frame>| frames.iter().map(|frame| frame.timestamp_ms).collect();
        frames.map(|frame| stamps(line.pass(frame))).collect()
    }

    #[test]
    fn a_good_line_changes_nothing() {
        assert!(
            arrivals(LineFaults::default())
                .iter()
                .all(|arrived| arrived.len() == 1)
        );
    }

    #[test]
    fn a_bad_line_loses_and_bunches_but_keeps_order() {
        let arrived = arrivals(LineFaults {
            lost_per_mille: 100,
            held_per_mille: 50,
        });
        let all: Vec<u64> = arrived.iter().flatten().copied().collect();
        assert!((850..950).contains(&all.len()), "{}", all.len());
        assert!(all.is_sorted());
        assert!(arrived.iter().any(|together| together.len() > 1));
    }
}
