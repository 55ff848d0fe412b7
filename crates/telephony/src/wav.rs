//! Telephone audio as a file: what a provider plays from an address.

/// The container's sample format for mu-law, as the registry of RIFF numbers it.
const MULAW_FORMAT: u16 = 7;
/// A telephone's samples in a second; in mu-law each is one byte.
const SAMPLES_PER_SECOND: u32 = 8_000;

/// Puts mu-law of a telephone (8 kHz, one channel) into a WAV file, byte for byte.
///
/// Sample formats other than plain PCM need the extended `fmt ` chunk and a `fact` chunk (Microsoft's "New multimedia data
/// types", 1994), and every chunk has an even length.
///
/// ```
/// let file = toran_telephony::wav::from_mulaw(&[0xFF; 160]);
/// assert_eq!((&file[..4], &file[8..12], file.len()), (&b"RIFF"[..], &b"WAVE"[..], 58 + 160));
/// ```
pub fn from_mulaw(audio: &[u8]) -> Vec<u8> {
    // A recording that a file cannot hold is hours long; what is beyond that is left out.
    let samples = u32::try_from(audio.len())
        .unwrap_or(u32::MAX)
        .min(u32::MAX - 64);
    let audio = &audio[..audio.len().min(samples as usize)];
    let padding = samples % 2;
    let mut file = Vec::with_capacity(audio.len() + 59);
    file.extend(b"RIFF");
    file.extend((50 + samples + padding).to_le_bytes());
    file.extend(b"WAVE");
    file.extend(b"fmt ");
    file.extend(18_u32.to_le_bytes());
    file.extend(MULAW_FORMAT.to_le_bytes());
    file.extend(1_u16.to_le_bytes()); // channels
    file.extend(SAMPLES_PER_SECOND.to_le_bytes());
    file.extend(SAMPLES_PER_SECOND.to_le_bytes()); // bytes in a second
    file.extend(1_u16.to_le_bytes()); // bytes in a sample
    file.extend(8_u16.to_le_bytes()); // bits in a sample
    file.extend(0_u16.to_le_bytes()); // no further parameters
    file.extend(b"fact");
    file.extend(4_u32.to_le_bytes());
    file.extend(samples.to_le_bytes());
    file.extend(b"data");
    file.extend(samples.to_le_bytes());
    file.extend(audio);
    if padding == 1 {
        file.push(0);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunks of a file, as a reader of the format walks over them.
    fn chunks(file: &[u8]) -> Vec<(&[u8], &[u8])> {
        let length = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(
            (&file[..4], length(4), &file[8..12]),
            (&b"RIFF"[..], file.len() - 8, &b"WAVE"[..])
        );
        let (mut at, mut found) = (12, Vec::new());
        while at < file.len() {
            let end = at + 8 + length(at + 4);
            found.push((&file[at..at + 4], &file[at + 8..end]));
            at = end + end % 2;
        }
        found
    }

    #[track_caller]
    fn check(audio: &[u8]) {
        let file = from_mulaw(audio);
        assert_eq!(file.len() % 2, 0);
        let samples = u32::try_from(audio.len()).unwrap().to_le_bytes();
        let format = [
            7, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0, 0,
        ];
        let expected: [(&[u8], &[u8]); 3] =
            [(b"fmt ", &format), (b"fact", &samples), (b"data", audio)];
        assert_eq!(chunks(&file), expected);
    }

    #[test]
    fn a_file_holds_the_audio_as_it_is() {
        check(&[]);
        check(&[0xFF; 160]);
        check(&[0x01, 0x02, 0x03]);
    }
}
