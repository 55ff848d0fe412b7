//! A recording that the provider fetches and plays to the caller.

use url::Url;

use super::{
    call::{CallError, CallEvent, EndedBy, Ongoing, join},
    http::Answer,
};
use crate::mulaw::duration_ms;

/// A recording that was played to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Where it was fetched.
    pub url: String,
    /// How long it is.
    pub ms: u64,
}

impl Ongoing {
    /// Fetches a recording and plays it to its end. `Some`: the call ended meanwhile. What cannot be played is noted, and
    /// the call goes on with the next verb, as the provider does.
    pub(super) async fn play(
        &mut self,
        document_url: &Url,
        target: &str,
    ) -> Result<Option<EndedBy>, CallError> {
        let url = join(document_url, target)?;
        let fetched = match self.desk.get(&url).await {
            Ok(answer) => length_of(&answer),
            Err(error) => Err(error.to_string()),
        };
        let time = match fetched {
            Ok(time) => time,
            Err(problem) => {
                let complaint = format!("what <Play> names cannot be played: {problem}");
                self.tally.violations.push(complaint);
                return Ok(None);
            }
        };
        let played = Played {
            url: url.to_string(),
            ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        };
        self.desk.tell(CallEvent::Played(played.clone()));
        self.played.push(played);
        Ok(self.pass(time).await)
    }
}

/// How long an answer plays, or why it does not.
fn length_of(answer: &Answer) -> Result<std::time::Duration, String> {
    if !answer.status.is_success() {
        return Err(format!("status {}", answer.status.as_u16()));
    }
    if !answer.content_type.starts_with("audio/") {
        return Err(format!("the type {:?} is no sound", answer.content_type));
    }
    let length = mulaw_in_wav(&answer.body).ok_or("it is no WAV file of telephone mu-law")?;
    if length == 0 {
        return Err("it is empty".to_owned());
    }
    Ok(std::time::Duration::from_millis(duration_ms(length)))
}

/// The bytes of sound in a WAV file of mu-law at 8 kHz, one channel; `None` for anything else.
fn mulaw_in_wav(file: &[u8]) -> Option<usize> {
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_le_bytes);
    let body = file.strip_prefix(b"RIFF")?;
    let length = usize::try_from(number(body.get(..4)?)?).ok()?;
    let mut rest = body.get(4..4 + length)?.strip_prefix(b"WAVE")?;
    let mut is_mulaw = false;
    loop {
        let (head, after) = rest.split_at_checked(8)?;
        let length = usize::try_from(number(&head[4..])?).ok()?;
        let chunk = after.get(..length)?;
        match &head[..4] {
            // Format 7, one channel, 8,000 samples in a second.
            b"fmt " => is_mulaw = chunk.starts_with(&[7, 0, 1, 0, 0x40, 0x1F, 0, 0]),
            b"data" => return is_mulaw.then_some(length),
            _ => {}
        }
        rest = after.get(length + length % 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, http::StatusCode};

    use super::*;

    fn wav(format: u8, audio: &[u8]) -> Vec<u8> {
        let length = u32::try_from(audio.len()).expect("short");
        let format = [
            format, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0, 0,
        ];
        let mut file = b"RIFF".to_vec();
        file.extend((50 + length + length % 2).to_le_bytes());
        file.extend(b"WAVEfmt \x12\0\0\0");
        file.extend(format);
        file.extend(b"fact\x04\0\0\0");
        file.extend(length.to_le_bytes());
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(audio);
        file.resize(file.len() + audio.len() % 2, 0);
        file
    }

    #[track_caller]
    fn check(status: u16, content_type: &str, body: Vec<u8>, expected: Result<u128, &str>) {
        let answer = Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            content_type: content_type.to_owned(),
            body: Bytes::from(body),
        };
        match (length_of(&answer), expected) {
            (Ok(length), expected) => assert_eq!(Ok(length.as_millis()), expected),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
            (Err(problem), Ok(_)) => panic!("{problem}"),
        }
    }

    #[test]
    fn a_recording_has_its_length() {
        check(200, "audio/wav", wav(7, &[0xFF; 8_000]), Ok(1_000));
        check(200, "audio/x-wav", wav(7, &[0xFF; 801]), Ok(100));
    }

    #[test]
    fn what_cannot_be_played_says_why() {
        check(403, "text/plain", Vec::new(), Err("403"));
        check(200, "text/html", wav(7, &[0xFF; 800]), Err("no sound"));
        check(200, "audio/wav", wav(1, &[0xFF; 800]), Err("no WAV file"));
        check(200, "audio/wav", wav(7, &[]), Err("empty"));
        check(200, "audio/basic", vec![0xFF; 800], Err("no WAV file"));
        check(200, "audio/wav", b"RIFF".to_vec(), Err("no WAV file"));
        let mut cut = wav(7, &[0xFF; 800]);
        cut.truncate(400);
        check(200, "audio/wav", cut, Err("no WAV file"));
    }
}
