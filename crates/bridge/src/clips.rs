//! Clips: what must be heard where the model cannot be, as recordings.
//!
//! There is a built-in synthetic set. `gateway clips` has the model record the same sentences in its own voices, into a
//! folder that [`ClipSet::load`] reads; what is recorded there takes the built-in clip's place.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use toran_domain::{AgentGender, VoiceName};

/// The longest clip that is used: fifteen seconds. Nobody listens longer to a machine.
pub const MAX_CLIP_BYTES: usize = 15 * 8_000;
/// A folder holds few voices; what is beyond this is something else than a folder of clips.
const MAX_VOICES: usize = 64;
/// How other kinds of audio files begin. Played as mu-law they are noise.
const OTHER_FORMATS: [&[u8]; 5] = [b"RIFF", b"ID3", b"OggS", b"fLaC", b".snd"];

/// Something that is said without the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clip {
    /// The model cannot speak: an excuse, in place of silence.
    Apology,
    /// All places for calls are taken.
    NoPlace,
    /// A person is called now.
    Transferring,
}

impl Clip {
    /// Every clip.
    pub const ALL: [Self; 3] = [Self::Apology, Self::NoPlace, Self::Transferring];

    /// Its name in addresses and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apology => "apology",
            Self::NoPlace => "no-place",
            Self::Transferring => "transferring",
        }
    }

    /// The clip of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|clip| clip.name() == name)
    }

    /// What is said, word for word. None of it says the caller's own gender, which nobody knows.
    pub const fn sentence(self, gender: AgentGender) -> &'static str {
        match (self, gender) {
            (Self::Apology, _) => "סליחה, יש תקלה זמנית. אפשר לנסות שוב בעוד רגע.",
            (Self::NoPlace, _) => "כל הקווים תפוסים כרגע. אפשר להתקשר שוב בעוד כמה דקות.",
            (Self::Transferring, AgentGender::Female) => "רגע אחד, אני מעבירה את השיחה.",
            (Self::Transferring, AgentGender::Male) => "רגע אחד, אני מעביר את השיחה.",
        }
    }

    const fn built_in(self, gender: AgentGender) -> &'static [u8] {
        macro_rules! clip {
            ($name:literal) => {
                match gender {
                    AgentGender::Female => {
                        include_bytes!(concat!("../assets/clips/female/", $name, ".ulaw"))
                            .as_slice()
                    }
                    AgentGender::Male => {
                        include_bytes!(concat!("../assets/clips/male/", $name, ".ulaw")).as_slice()
                    }
                }
            };
        }
        match self {
            Self::Apology => clip!("apology"),
            Self::NoPlace => clip!("no-place"),
            Self::Transferring => clip!("transferring"),
        }
    }
}

/// Both genders, in the order in which clips are recorded.
pub const GENDERS: [AgentGender; 2] = [AgentGender::Female, AgentGender::Male];

/// A gender's name in addresses and folder names.
pub const fn gender_name(gender: AgentGender) -> &'static str {
    match gender {
        AgentGender::Female => "female",
        AgentGender::Male => "male",
    }
}

/// The gender of a name.
pub fn gender_from_name(name: &str) -> Option<AgentGender> {
    GENDERS
        .into_iter()
        .find(|gender| gender_name(*gender) == name)
}

/// Where in a folder of clips a clip is.
pub fn clip_path(folder: &Path, voice: &str, gender: AgentGender, clip: Clip) -> PathBuf {
    let gender = gender_name(gender);
    let file = format!("{}.ulaw", clip.name());
    folder.join(voice).join(gender).join(file)
}

/// Why a recorded clip is not used; the built-in one is, in its place.
#[derive(Debug, thiserror::Error)]
pub enum ClipProblem {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: check its permissions", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is in the file is no clip.
    #[error("{path} is no clip ({why}): record it again with `gateway clips`", path = path.display())]
    NoClip {
        /// Which.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
}

/// The clips of a deployment: those that were recorded, and the built-in ones for the rest.
#[derive(Debug, Clone, Default)]
pub struct ClipSet {
    recorded: HashMap<String, HashMap<(AgentGender, Clip), Bytes>>,
}

impl ClipSet {
    /// The built-in set alone.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Reads the clips in `folder/<voice>/<gender>/<name>.ulaw`. A folder that is not there holds none.
    pub fn load(folder: &Path) -> (Self, Vec<ClipProblem>) {
        let (mut set, mut problems) = (Self::default(), Vec::new());
        let voices = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (set, problems),
            Err(source) => {
                let path = folder.to_path_buf();
                problems.push(ClipProblem::Read { path, source });
                return (set, problems);
            }
        };
        let names = voices.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        for voice in names
            .filter(|name| name.parse::<VoiceName>().is_ok())
            .take(MAX_VOICES)
        {
            let clips = GENDERS
                .into_iter()
                .flat_map(|gender| Clip::ALL.map(|clip| (gender, clip)));
            for (gender, clip) in clips {
                match read_clip(&clip_path(folder, &voice, gender, clip)) {
                    Ok(None) => {}
                    Ok(Some(audio)) => {
                        let of_voice = set.recorded.entry(voice.clone()).or_default();
                        of_voice.insert((gender, clip), audio);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
        }
        (set, problems)
    }

    /// A clip as mu-law, 8 kHz: the voice's own if it was recorded, else the built-in one.
    pub fn get(&self, clip: Clip, voice: &str, gender: AgentGender) -> Bytes {
        let recorded = self.recorded.get(voice);
        recorded
            .and_then(|clips| clips.get(&(gender, clip)))
            .cloned()
            .unwrap_or_else(|| Bytes::from_static(clip.built_in(gender)))
    }

    /// How many clips of a voice were recorded.
    pub fn recorded(&self, voice: &str) -> usize {
        self.recorded.get(voice).map_or(0, HashMap::len)
    }
}

/// A file's clip; `None` if there is no such file.
fn read_clip(path: &Path) -> Result<Option<Bytes>, ClipProblem> {
    let read = || -> io::Result<Option<Vec<u8>>> {
        // Its size first: whatever else lies under that name is not brought into memory.
        let too_long = fs::metadata(path)?.len() > MAX_CLIP_BYTES as u64;
        Ok(if too_long {
            None
        } else {
            Some(fs::read(path)?)
        })
    };
    let no_clip = |why| ClipProblem::NoClip {
        path: path.to_path_buf(),
        why,
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ClipProblem::Read {
            path: path.to_path_buf(),
            source,
        }),
        Ok(None) => Err(no_clip("longer than 15 seconds")),
        Ok(Some(audio)) => match check_clip(&audio) {
            Ok(()) => Ok(Some(audio.into())),
            Err(why) => Err(no_clip(why)),
        },
    }
}

/// Says what about some audio is no clip.
pub fn check_clip(audio: &[u8]) -> Result<(), &'static str> {
    if audio.len() > MAX_CLIP_BYTES {
        Err("longer than 15 seconds")
    } else if OTHER_FORMATS.iter().any(|start| audio.starts_with(start)) {
        Err("not raw mu-law, but a file of another format")
    } else if trim_silence(audio).is_empty() {
        Err("nothing can be heard in it")
    } else {
        Ok(())
    }
}

/// The loudest sample that still counts as silence, of mu-law's 8,031: about −48 dB.
const SILENT_BELOW: u16 = 32;
/// Silence that is left at either end of a clip.
const LEFT_SILENCE_BYTES: usize = 100 * 8;

/// A clip without the silence before and after its words but for a tenth of a second; nothing if it is all silence.
pub fn trim_silence(audio: &[u8]) -> &[u8] {
    let is_loud = |byte: &u8| magnitude(*byte) > SILENT_BELOW;
    let (Some(first), Some(last)) = (
        audio.iter().position(is_loud),
        audio.iter().rposition(is_loud),
    ) else {
        return &[];
    };
    let end = (last + 1 + LEFT_SILENCE_BYTES).min(audio.len());
    &audio[first.saturating_sub(LEFT_SILENCE_BYTES)..end]
}

/// The size of a mu-law sample (ITU-T G.711), of 8,031.
fn magnitude(byte: u8) -> u16 {
    let code = !byte;
    let (exponent, mantissa) = ((code >> 4) & 7, u16::from(code & 15));
    ((2 * mantissa + 33) << exponent) - 33
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: u8 = 0x20;
    const SILENCE: u8 = 0xFF;

    /// A folder of this test's own, gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("toran-clips-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn put(&self, voice: &str, gender: AgentGender, clip: Clip, audio: &[u8]) {
            let path = clip_path(&self.0, voice, gender, clip);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, audio).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn every_clip_is_built_in_for_both_genders_and_short() {
        let set = ClipSet::built_in();
        for clip in Clip::ALL {
            for gender in GENDERS {
                let audio = set.get(clip, "marin", gender);
                assert_eq!(check_clip(&audio), Ok(()), "{clip:?} {gender:?}");
                assert!(
                    (8_000..=48_000).contains(&audio.len()),
                    "{clip:?}: {}",
                    audio.len()
                );
                assert_eq!(audio.len() % 160, 0, "{clip:?}: whole frames");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for clip in Clip::ALL {
            assert_eq!(Clip::from_name(clip.name()), Some(clip));
        }
        for gender in GENDERS {
            assert_eq!(gender_from_name(gender_name(gender)), Some(gender));
        }
        assert_eq!(Clip::from_name("greeting"), None);
        assert_eq!(gender_from_name("other"), None);
    }

    #[test]
    fn no_sentence_claims_what_the_server_may_not_have_done() {
        for clip in Clip::ALL {
            for gender in GENDERS {
                let sentence = clip.sentence(gender);
                for claim in ["קבעתי", "שריינתי", "שלחתי", "רשמתי", "ווטסאפ", "אני רושמ"]
                {
                    assert!(!sentence.contains(claim), "{sentence}");
                }
            }
        }
        assert_ne!(
            Clip::Transferring.sentence(AgentGender::Female),
            Clip::Transferring.sentence(AgentGender::Male)
        );
    }

    #[test]
    fn a_recorded_clip_takes_the_built_in_ones_place() {
        let folder = Folder::new("recorded");
        folder.put("marin", AgentGender::Female, Clip::NoPlace, &[LOUD; 800]);
        let (set, problems) = ClipSet::load(&folder.0);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(set.recorded("marin"), 1);
        let get = |clip, voice, gender| set.get(clip, voice, gender).len();
        assert_eq!(get(Clip::NoPlace, "marin", AgentGender::Female), 800);
        assert!(get(Clip::NoPlace, "marin", AgentGender::Male) > 8_000);
        assert!(get(Clip::NoPlace, "cedar", AgentGender::Female) > 8_000);
        assert!(get(Clip::Apology, "marin", AgentGender::Female) > 8_000);
    }

    #[track_caller]
    fn check_problem(name: &str, audio: &[u8], expected: &str) {
        let folder = Folder::new(name);
        folder.put("marin", AgentGender::Male, Clip::Apology, audio);
        let (set, problems) = ClipSet::load(&folder.0);
        assert_eq!((set.recorded("marin"), problems.len()), (0, 1));
        let problem = problems[0].to_string();
        assert!(
            problem.contains(expected) && problem.contains("apology.ulaw"),
            "{problem}"
        );
        assert!(set.get(Clip::Apology, "marin", AgentGender::Male).len() > 8_000);
    }

    #[test]
    fn what_is_no_clip_is_named_and_not_played() {
        check_problem(
            "wav",
            &[b"RIFF".as_slice(), &[LOUD; 800]].concat(),
            "another format",
        );
        check_problem("empty", &[], "nothing can be heard");
        check_problem("silent", &[SILENCE; 8_000], "nothing can be heard");
        check_problem(
            "long",
            &vec![LOUD; MAX_CLIP_BYTES + 1],
            "longer than 15 seconds",
        );
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_clips() {
        let (set, problems) = ClipSet::load(Path::new("/nowhere/at/all"));
        assert!(problems.is_empty());
        assert_eq!(set.recorded("marin"), 0);
    }

    #[track_caller]
    fn check_trim(silence: usize, words: usize, after: usize, expected: usize) {
        let audio = [vec![SILENCE; silence], vec![LOUD; words], vec![0x7F; after]].concat();
        assert_eq!(trim_silence(&audio).len(), expected);
    }

    #[test]
    fn silence_around_the_words_goes() {
        check_trim(8_000, 1_000, 8_000, 800 + 1_000 + 800);
        check_trim(80, 1_000, 0, 1_080);
        check_trim(0, 1, 0, 1);
        check_trim(8_000, 0, 8_000, 0);
        check_trim(0, 0, 0, 0);
    }

    #[test]
    fn samples_have_the_sizes_of_the_standard() {
        for (byte, size) in [
            (0xFF, 0),
            (0x7F, 0),
            (0xFE, 2),
            (0x80, 8_031),
            (0x00, 8_031),
        ] {
            assert_eq!(magnitude(byte), size, "{byte:#x}");
        }
    }
}
