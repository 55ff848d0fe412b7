use std::collections::BTreeMap;

use time::UtcDateTime;
use tokio::net::TcpListener;
use toran_simulator::{
    openai::{OpenAiOptions, OpenAiSimulator},
    scenario::Scenario,
    voice::Listener,
};

use super::*;

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("toran-{name}-{}", std::process::id()));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn openai() -> OpenAiSimulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = OpenAiOptions::new(UtcDateTime::UNIX_EPOCH, 7);
    (options.pace.think_ms, options.pace.burst) = (0..=1, 100.0);
    OpenAiSimulator::start(listener, Scenario::default(), options).unwrap()
}

fn config(base_url: &str) -> Config {
    Config::parse("", &BTreeMap::from([("OPENAI_BASE_URL", base_url)])).unwrap()
}

fn order(folder: &Folder, voice: &str) -> ClipOrder {
    ClipOrder {
        voices: vec![voice.parse().unwrap()],
        genders: Vec::new(),
        folder: Some(folder.0.clone()),
    }
}

#[tokio::test]
async fn the_model_records_every_sentence_of_both_genders() {
    let (openai, folder) = (openai().await, Folder::new("recorded-clips"));
    let mut out = Vec::new();
    let config = config(&openai.base_url());
    let order = order(&folder, "cedar");
    let recorded = record(&config, &order, &mut out).await;
    let told = String::from_utf8(out).unwrap();
    assert!(recorded.unwrap(), "{told}");
    let all = GENDERS.len() * Clip::ALL.len();
    assert_eq!(told.lines().count(), all + 1, "{told}");
    let (clips, problems) = ClipSet::load(&folder.0);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(clips.recorded("cedar"), all);
    for gender in GENDERS {
        for clip in Clip::ALL {
            let mut ear = Listener::default();
            ear.hear(&clips.get(clip, "cedar", gender));
            let heard: Vec<&str> = ear.utterances().iter().map(|u| u.text.as_str()).collect();
            assert_eq!(heard.concat(), clip.sentence(gender));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_told_and_nothing_is_written() {
    let folder = Folder::new("unrecorded-clips");
    let mut out = Vec::new();
    // Nobody listens there.
    let config = config("http://127.0.0.1:9/v1");
    let order = order(&folder, "marin");
    assert!(!record(&config, &order, &mut out).await.unwrap());
    let told = String::from_utf8(out).unwrap();
    assert!(
        told.contains("marin/female/apology: NOT RECORDED"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 2, "{told}");
    let lost = format!("{} not recorded", GENDERS.len() * Clip::ALL.len());
    assert!(told.contains(&lost) && told.contains("--voice"), "{told}");
    assert!(!folder.0.exists());
}

#[tokio::test]
async fn other_words_are_not_recorded() {
    let openai = openai().await;
    let config = config(&openai.base_url());
    // The stand-in takes the inner mark for the sentence's end.
    let cut_short = "כל הקווים «תפוסים» כרגע.";
    let refused = Studio::new(&config, "marin").record(cut_short).await;
    assert!(
        matches!(&refused, Err(Failure::OtherWords(words)) if words == "כל הקווים «תפוסים"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_model_is_needed() {
    let config = Config::parse("", &BTreeMap::new()).unwrap();
    let order = ClipOrder::default();
    let refused = record(&config, &order, &mut Vec::new()).await;
    assert!(
        matches!(refused, Err(ClipsError::Start(StartError::NoModel))),
        "{refused:?}"
    );
}

#[track_caller]
fn check_folder(database_url: &str, expected: &str) {
    assert_eq!(
        default_folder(database_url),
        Path::new(expected),
        "{database_url}"
    );
}

#[test]
fn clips_stand_beside_the_database() {
    check_folder("sqlite://toran.db", "clips");
    check_folder("sqlite:///var/lib/toran/toran.db", "/var/lib/toran/clips");
    check_folder("sqlite://data/toran.db?mode=rwc", "data/clips");
    check_folder("sqlite::memory:", "clips");
    check_folder("postgres://user@host/database", "clips");
}
