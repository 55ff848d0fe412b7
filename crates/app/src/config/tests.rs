use std::collections::BTreeMap;

use super::*;

fn environment<const N: usize>(
    variables: [(&'static str, &'static str); N],
) -> BTreeMap<&'static str, &'static str> {
    variables.into()
}

#[track_caller]
fn check_refused<const N: usize>(
    toml: &str,
    variables: [(&'static str, &'static str); N],
    keys: &[&str],
) {
    let error = Config::parse(toml, &environment(variables)).unwrap_err();
    let shown = error.to_string();
    for key in keys {
        assert!(shown.contains(key), "{key} is not named in: {shown}");
    }
}

#[test]
fn an_empty_configuration_has_the_documented_defaults() {
    let config = Config::parse("", &environment([])).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.database_url, "sqlite://toran.db");
    assert_eq!(config.clips_folder, Path::new("clips"));
    assert_eq!(config.openai.base_url.as_str(), "https://api.openai.com/v1");
    let models = |role| config.openai.account.models(role).to_string();
    assert_eq!(
        Role::ALL.map(models),
        [
            "gpt-realtime-2.1, gpt-realtime-2.1-mini",
            "gpt-4o-transcribe, gpt-transcribe",
            "gpt-4o-mini, gpt-6-luna"
        ]
    );
    assert_eq!(config.openai.transcription_language, "he");
    assert!(!config.openai.is_reachable());
}

#[test]
fn the_environment_outweighs_the_file() {
    let config = Config::parse(
        "listen = '127.0.0.1:1'\n[openai]\nparser_model = 'a'\nrealtime_model = ['b', 'd']",
        &environment([
            ("TORAN_LISTEN", "127.0.0.1:2"),
            ("TORAN_PARSER_MODEL", "c"),
            ("OPENAI_API_KEY", ""),
        ]),
    )
    .unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.openai.account.parsing.to_string(), "c");
    assert_eq!(config.openai.account.talking.to_string(), "b, d");
    assert!(
        config.openai.account.api_key.is_none(),
        "an empty variable is unset"
    );
}

#[test]
fn what_is_wrong_is_named_all_at_once() {
    check_refused(
        "",
        [
            ("TORAN_LISTEN", "here"),
            ("TORAN_PUBLIC_URL", "gw.example.com"),
            ("TORAN_DATABSE_URL", "x"),
        ],
        &["TORAN_LISTEN", "TORAN_PUBLIC_URL", "TORAN_DATABSE_URL"],
    );
    check_refused("lisen = 'x'", [], &["lisen"]);
    check_refused("[openai]\ngreeting = 'x'", [], &["greeting"]);
    check_refused("[prices.gpt-4o-mini]\ntext = 1", [], &["text"]);
    check_refused("database_url = 'mysql://x'", [], &["TORAN_DATABASE_URL"]);
    for in_memory in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://x?mode=memory",
    ] {
        let variable = ("TORAN_DATABASE_URL", in_memory);
        check_refused("", [variable], &["TORAN_DATABASE_URL", "sqlite://path"]);
    }
    check_refused("[log]\nformat = 'xml'", [], &["log.format", "xml"]);
    check_refused("[limits]\nmax_calls = 0", [], &["max_calls"]);
    check_refused(
        "[limits]\nmax_calls = 9\nmax_connections = 9",
        [],
        &["limits.max_connections", "limits.max_calls"],
    );
    check_refused(
        "",
        [("OPENAI_REALTIME_URL", "https://x.example")],
        &["OPENAI_REALTIME_URL", "ws"],
    );
    check_refused("", [("TWILIO_AUTH_TOKEN", "abc\n")], &["TWILIO_AUTH_TOKEN"]);
    for url in [
        "https://gw.example.com?x=1",
        "https://gw.example.com/?",
        "https://gw.example.com#top",
        "https://gw.example.com/#",
    ] {
        check_refused(
            "",
            [("TORAN_PUBLIC_URL", url)],
            &["TORAN_PUBLIC_URL", "`?`"],
        );
        check_refused(&format!("public_url = '{url}'"), [], &["public_url", "`?`"]);
    }
}

#[test]
fn what_is_wrong_comes_with_what_to_write() {
    check_refused(
        "",
        [("TORAN_LISTEN", "8080")],
        &["127.0.0.1:8080", "0.0.0.0:8080"],
    );
    check_refused(
        "listen = 'localhost'",
        [],
        &["listen", "like 127.0.0.1:8080"],
    );
    check_refused(
        "",
        [("TORAN_PUBLIC_URL", "gw.example.com")],
        &["like https://gw.example.com"],
    );
    check_refused(
        "",
        [("TORAN_PUBLIC_URL", "gw.example.com:8443")],
        &["like https://gw.example.com:8443"],
    );
    check_refused(
        "",
        [("OPENAI_REALTIME_URL", "https://x.example/v1")],
        &["like wss://x.example/v1"],
    );
}

/// Every key that the file may hold stands in the example, and the example holds no other.
#[test]
fn the_example_file_shows_every_key() {
    let example = include_str!("../../../../toran.example.toml");
    let without_marks: String = example
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            let is_setting = line.starts_with('[')
                || line
                    .split_once(" = ")
                    .is_some_and(|(key, _)| !key.contains(' '));
            is_setting.then(|| format!("{line}\n"))
        })
        .collect();
    let written: toml::Table = without_marks.parse().unwrap();
    for section in ["", "openai", "twilio", "limits", "log"] {
        let table = if section.is_empty() {
            &written
        } else {
            written[section].as_table().unwrap()
        };
        let found: Vec<&str> = table.keys().map(String::as_str).collect();
        let accepted = accepted_keys(section);
        let mut expected: Vec<&str> = accepted.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "[{section}]");
    }
}

/// The keys of a section, as the error of an unknown one lists them.
fn accepted_keys(section: &str) -> Vec<String> {
    let header = if section.is_empty() {
        String::new()
    } else {
        format!("[{section}]\n")
    };
    let toml = format!("{header}no_such_key = 1");
    let error = toml::from_str::<ConfigFile>(&toml).unwrap_err().to_string();
    let (_, expected) = error.split_once("expected").unwrap();
    let named = expected.split('`').skip(1).step_by(2);
    named.map(str::to_owned).collect()
}

#[test]
fn there_are_more_connections_than_calls() {
    let limits = |toml| {
        let config = Config::parse(toml, &environment([])).unwrap();
        (config.max_calls, config.max_connections)
    };
    assert_eq!(limits(""), (500, 1_200));
    assert_eq!(limits("[limits]\nmax_calls = 65535"), (65_535, 131_270));
    assert_eq!(limits("[limits]\nmax_connections = 501"), (500, 501));
}

#[test]
fn recorded_clips_are_where_they_are_said_to_be() {
    let folder = |toml, variables| Config::parse(toml, &variables).unwrap().clips_folder;
    let file = "clips_folder = '/srv/clips'";
    assert_eq!(folder(file, environment([])), Path::new("/srv/clips"));
    let variable = environment([("TORAN_CLIPS", "/other")]);
    assert_eq!(folder(file, variable), Path::new("/other"));
    let database = environment([("TORAN_DATABASE_URL", "sqlite:///var/toran.db")]);
    assert_eq!(folder("", database), Path::new("/var/clips"));
}

#[test]
fn secrets_never_show() {
    let config = Config::parse(
        "",
        &environment([
            ("OPENAI_API_KEY", "sk-geheim"),
            ("TWILIO_AUTH_TOKEN", "geheim"),
        ]),
    )
    .unwrap();
    assert!(config.openai.is_reachable());
    assert!(!format!("{config:?}").contains("geheim"));
}

#[test]
fn the_key_may_be_in_a_file() {
    let name = format!("toran-{}", uuid::Uuid::now_v7().simple());
    let file = std::env::temp_dir().join(name);
    let path = file.to_str().unwrap();
    let config = |toml: &str, variables| Config::parse(toml, &variables);
    let key = |config: Config| {
        config
            .openai
            .account
            .api_key
            .unwrap()
            .expose_secret()
            .to_owned()
    };
    std::fs::write(path, "sk-one\n").unwrap();
    let toml = format!("openai.api_key_file = '{path}'");
    assert_eq!(key(config(&toml, environment([])).unwrap()), "sk-one");
    std::fs::write(path, "sk two").unwrap();
    check_refused(&toml, [], &["openai.api_key_file", "white space"]);
    std::fs::write(path, "sk-two").unwrap();
    check_refused(
        &toml,
        [("OPENAI_API_KEY", "sk-3")],
        &["the one or the other"],
    );
    std::fs::remove_file(path).unwrap();
    check_refused(&toml, [], &[path, "cannot be read"]);
}

#[test]
fn a_list_of_models_that_is_none_is_refused() {
    check_refused(
        "",
        [("TORAN_PARSER_MODEL", "a,,b")],
        &["TORAN_PARSER_MODEL", "gpt-4o-mini"],
    );
    check_refused(
        "[openai]\nparser_model = []",
        [],
        &["parser_model", "at least one"],
    );
    check_refused("[openai]\nparser_model = 7", [], &["a list of names"]);
}

#[test]
fn a_stand_in_needs_no_key() {
    let config = Config::parse(
        "",
        &environment([("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]),
    )
    .unwrap();
    assert!(config.openai.is_reachable());
}
