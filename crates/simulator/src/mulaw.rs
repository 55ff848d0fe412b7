//! G.711 mu-law at 8 kHz, as far as the stand-ins need it: frames, levels and silence.

use audio_codec_algorithms::{decode_ulaw, encode_ulaw};

/// The byte of digital silence.
pub(crate) const SILENCE: u8 = 0xFF;
/// Bytes (and samples) in one millisecond.
pub(crate) const BYTES_PER_MS: usize = 8;
/// Bytes in one 20 ms frame.
pub(crate) const FRAME_BYTES: usize = 160;
/// Milliseconds in one frame.
pub(crate) const FRAME_MS: u64 = 20;

/// How long so many bytes play, rounded down.
pub(crate) const fn duration_ms(bytes: usize) -> u64 {
    (bytes / BYTES_PER_MS) as u64
}

/// The level of some audio in dB below full scale; silence is at or under −90.
pub(crate) fn level_db(audio: &[u8]) -> f32 {
    let mut energy = 0.0_f32;
    let mut count = 0.0_f32;
    for &byte in audio {
        let sample = f32::from(decode_ulaw(byte)) / 32_768.0;
        energy += sample * sample;
        count += 1.0;
    }
    if count == 0.0 {
        -96.0
    } else {
        10.0 * (energy / count).max(2.5e-10).log10()
    }
}

/// Whether a frame is nothing but silence, in either of its two spellings.
pub(crate) fn is_silence(frame: &[u8]) -> bool {
    frame.iter().all(|&byte| byte | 0x80 >= 0xFE)
}

/// Samples of 16 bits, one per byte.
pub(crate) fn to_pcm(audio: &[u8]) -> impl Iterator<Item = i16> {
    audio.iter().map(|&byte| decode_ulaw(byte))
}

/// One sample of 16 bits as a byte.
pub(crate) fn from_pcm(sample: i16) -> u8 {
    encode_ulaw(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_silent_in_both_spellings() {
        assert!(is_silence(&[0xFF, 0x7F, 0xFE, 0x7E]));
        assert!(!is_silence(&[0xFF, 0x70]));
        assert!(level_db(&[SILENCE; 160]) < -89.0);
        assert!(level_db(&[from_pcm(8_000); 160]) > -13.0);
    }
}
