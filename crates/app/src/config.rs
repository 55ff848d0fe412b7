//! The deployment's configuration: a TOML file and environment variables, immutable while it runs.
//!
//! (A business's settings are another thing: they live in the database.) Every problem is reported at once,
//! each with the key it is about. An environment variable outweighs the file.

mod file;
mod strings;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    num::NonZeroU16,
    path::{Path, PathBuf},
    str::FromStr,
};

use secrecy::{ExposeSecret, SecretString};
use toran_domain::{EffectiveLimits, PriceTable, TermsError, VoiceName};
use toran_openai::{AccountSettings, ModelList, Role};
use toran_store_sql::SqlStore;
use url::Url;

pub use file::LogFormat;
use file::{ConfigFile, default_prices};

use crate::{clips, spooling::default_folder};
pub use strings::{ProcessEnvironment, Strings};

/// Where the model service is when nothing else is said.
pub const DEFAULT_OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

/// The environment variables that are read, and what each is for.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        CONFIG,
        "path of the TOML file (default: toran.toml, if it is there)",
    ),
    (OPENAI_API_KEY, "the key for OpenAI"),
    (
        OPENAI_API_KEY_FILE,
        "a file that holds the key, in its place; read again at SIGHUP",
    ),
    (
        OPENAI_BASE_URL,
        "default https://api.openai.com/v1; the Realtime address is derived from it",
    ),
    (
        OPENAI_REALTIME_URL,
        "the Realtime address, if it is not derived (ws:// or wss://)",
    ),
    (
        DATABASE_URL,
        "default sqlite://toran.db; postgres://user:password@host/database for many gateways",
    ),
    (
        SPOOL,
        "folder where requests are kept until they are tasks: it must outlive the process, so not on a tmpfs; default beside the SQLite file, else toran-spool",
    ),
    (
        CLIPS,
        "folder of recorded clips (`gateway clips` makes them); default clips beside the SQLite file, else clips",
    ),
    (
        API_TOKEN,
        "switches the JSON API on; who has it may read and change everything",
    ),
    (LISTEN, "address and port, default 127.0.0.1:8080"),
    (
        PUBLIC_URL,
        "the origin under which Twilio reaches this gateway, like https://gw.example.com",
    ),
    (
        TWILIO_AUTH_TOKEN,
        "the account's auth token: it signs the webhooks",
    ),
    (
        TWILIO_SECONDARY_AUTH_TOKEN,
        "the account's other auth token, while one replaces the other: both are good",
    ),
    (
        REALTIME_MODEL,
        "models by preference, the first that the account has is used; default gpt-realtime-2.1, gpt-realtime-2.1-mini",
    ),
    (
        TRANSCRIPTION_MODEL,
        "the same, default gpt-4o-transcribe, gpt-transcribe",
    ),
    (PARSER_MODEL, "the same, default gpt-4o-mini, gpt-6-luna"),
    (
        LOG,
        "log filter like info or toran_bridge=debug, default info",
    ),
    (LOG_FORMAT, "text or json, default text"),
];

/// The voice when nothing else is said.
const DEFAULT_VOICE: &str = "marin";

/// How many calls may be live at once when nothing else is said.
const DEFAULT_MAX_CALLS: NonZeroU16 = NonZeroU16::new(500).unwrap();
/// Connections beside those of calls: webhooks, probes, the API, and whoever else finds the port.
const CONNECTIONS_BESIDE_CALLS: usize = 200;

/// Shorter tokens can be guessed.
const SHORTEST_API_TOKEN: usize = 24;

/// Path of the configuration file.
pub const CONFIG: &str = "TORAN_CONFIG";
const OPENAI_API_KEY: &str = "OPENAI_API_KEY";
const OPENAI_API_KEY_FILE: &str = "OPENAI_API_KEY_FILE";
const OPENAI_BASE_URL: &str = "OPENAI_BASE_URL";
const OPENAI_REALTIME_URL: &str = "OPENAI_REALTIME_URL";
const DATABASE_URL: &str = "TORAN_DATABASE_URL";
const SPOOL: &str = "TORAN_SPOOL";
const CLIPS: &str = "TORAN_CLIPS";
const API_TOKEN: &str = "TORAN_API_TOKEN";
const LISTEN: &str = "TORAN_LISTEN";
const PUBLIC_URL: &str = "TORAN_PUBLIC_URL";
const TWILIO_AUTH_TOKEN: &str = "TWILIO_AUTH_TOKEN";
const TWILIO_SECONDARY_AUTH_TOKEN: &str = "TWILIO_SECONDARY_AUTH_TOKEN";
const REALTIME_MODEL: &str = "TORAN_REALTIME_MODEL";
const TRANSCRIPTION_MODEL: &str = "TORAN_TRANSCRIPTION_MODEL";
const PARSER_MODEL: &str = "TORAN_PARSER_MODEL";
const LOG: &str = "TORAN_LOG";
const LOG_FORMAT: &str = "TORAN_LOG_FORMAT";

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The origin under which the provider reaches the gateway; `http://<listen>` if none was given.
    pub public_url: Url,
    /// The database.
    pub database_url: String,
    /// Where requests are kept while the database is away.
    pub spool: PathBuf,
    /// Where the recordings are that take the built-in clips' place; it need not exist.
    pub clips_folder: PathBuf,
    /// What opens the JSON API; it is off without one.
    pub api_token: Option<SecretString>,
    /// The telephony provider.
    pub twilio: TwilioSection,
    /// The model service.
    pub openai: OpenAiSection,
    /// How many calls may be live at once.
    pub max_calls: usize,
    /// How much of that one business, and each of its callers, may take where it has no limits of its own.
    pub limits: EffectiveLimits,
    /// How many connections may be open to the gateway at once. More than calls: a call holds one as long as it lasts.
    pub max_connections: usize,
    /// The log.
    pub log: LogSection,
    /// What the models cost.
    pub prices: PriceTable,
}

/// The telephony provider: what it signs its webhooks with.
#[derive(Debug, Clone)]
pub struct TwilioSection {
    /// The account's auth token.
    pub auth_token: Option<SecretString>,
    /// The account's other auth token, while the one is replaced by the other.
    pub secondary_auth_token: Option<SecretString>,
    /// The secrets of shared keys, by the keys' names.
    pub shared_keys: BTreeMap<String, SecretString>,
}

/// The model service.
#[derive(Debug, Clone)]
pub struct OpenAiSection {
    /// The key, which a stand-in does not need, and the models: what may change while the gateway runs.
    pub account: AccountSettings,
    /// Where chat completions and the list of models are.
    pub base_url: Url,
    /// Where the Realtime socket is, if not derived from `base_url`.
    pub realtime_url: Option<Url>,
    /// The language the transcriber is told to expect, ISO 639-1.
    pub transcription_language: String,
    /// The voice of every business that has none of its own.
    pub voice: VoiceName,
}

impl OpenAiSection {
    /// Whether there is a model to talk to: a key, or a stand-in's address.
    pub fn is_reachable(&self) -> bool {
        self.account.api_key.is_some()
            || self.base_url.as_str().trim_end_matches('/') != DEFAULT_OPENAI_BASE_URL
    }
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSection {
    /// A filter in the syntax of `tracing`.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key: a variable's name, or a dotted path in the file.
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is refused:")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {}: {}", problem.key, problem.what))
    }
}

impl Config {
    /// Reads the file at `path` (or at `TORAN_CONFIG`, or `toran.toml` if it is there) and the environment.
    pub fn load(path: Option<&Path>, environment: &dyn Strings) -> Result<Self, ConfigError> {
        let named = path
            .map(Path::to_path_buf)
            .or_else(|| environment.get(CONFIG).map(Into::into));
        let file = match &named {
            Some(path) => read(path)?,
            None if Path::new("toran.toml").is_file() => read(Path::new("toran.toml"))?,
            None => ConfigFile::default(),
        };
        Self::from_parts(file, environment)
    }

    /// From a file's text and the environment.
    pub fn parse(toml: &str, environment: &dyn Strings) -> Result<Self, ConfigError> {
        Self::from_parts(parse("configuration", toml)?, environment)
    }

    fn from_parts(file: ConfigFile, environment: &dyn Strings) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        reader.refuse_unknown_variables();
        let listen = reader.listen(file.listen);
        let public_url = reader.origin(PUBLIC_URL, "public_url", file.public_url);
        let database_url = reader.text(DATABASE_URL, file.database_url, "sqlite://toran.db");
        let schemes = ["sqlite:", "postgres:", "postgresql:"];
        if !schemes
            .iter()
            .any(|scheme| database_url.starts_with(scheme))
        {
            // Not quoted: an address may hold a password.
            reader.problem(
                DATABASE_URL,
                "write it as sqlite://path/to/file.db or postgres://user:password@host/database",
            );
        }
        if SqlStore::is_in_memory(&database_url) {
            reader.problem(
                DATABASE_URL,
                "a database in memory is gone with its process, appointments and all: write sqlite://path/to/toran.db",
            );
        }
        let spool = reader.environment.get(SPOOL).or(file.spool);
        let spool = spool.map_or_else(|| default_folder(&database_url), PathBuf::from);
        let clips = reader.environment.get(CLIPS).or(file.clips_folder);
        let clips_folder =
            clips.map_or_else(|| clips::default_folder(&database_url), PathBuf::from);
        let api_token = reader.secret(API_TOKEN, file.api_token);
        if api_token
            .as_ref()
            .is_some_and(|token| token.expose_secret().len() < SHORTEST_API_TOKEN)
        {
            reader.problem(
                API_TOKEN,
                "is too short to be secret: `openssl rand -hex 32` makes one",
            );
        }
        let twilio = TwilioSection::read(&mut reader, file.twilio);
        let openai = OpenAiSection::read(&mut reader, file.openai);
        let log = LogSection::read(&mut reader, file.log);
        let (max_calls, max_connections) = reader.limits(&file.limits);
        let public_url = public_url.or_else(|| format!("http://{listen}").parse().ok());
        match (openai, public_url) {
            (Some(openai), Some(public_url)) if reader.problems.is_empty() => Ok(Self {
                listen,
                public_url,
                database_url,
                spool,
                clips_folder,
                api_token,
                twilio,
                openai,
                max_calls: max_calls.get().into(),
                limits: file.limits.of_a_business(max_calls),
                max_connections,
                log,
                prices: file.prices.unwrap_or_else(default_prices),
            }),
            _ => Err(ConfigError {
                problems: reader.problems,
            }),
        }
    }
}

impl TwilioSection {
    fn read(reader: &mut Reader<'_>, file: file::TwilioFile) -> Self {
        let shared_keys = file.shared_keys.into_iter().map(|(name, secret)| {
            let setting = format!("twilio.shared_keys.{name}");
            (name, reader.checked(&setting, secret))
        });
        let shared_keys = shared_keys.collect();
        Self {
            auth_token: reader.secret(TWILIO_AUTH_TOKEN, file.auth_token),
            secondary_auth_token: reader
                .secret(TWILIO_SECONDARY_AUTH_TOKEN, file.secondary_auth_token),
            shared_keys,
        }
    }
}

impl OpenAiSection {
    fn read(reader: &mut Reader<'_>, file: file::OpenAiFile) -> Option<Self> {
        let realtime_url = reader.url(
            OPENAI_REALTIME_URL,
            "openai.realtime_url",
            file.realtime_url,
            &["ws", "wss"],
        );
        let base_url = reader
            .url(
                OPENAI_BASE_URL,
                "openai.base_url",
                file.base_url,
                &["http", "https"],
            )
            .or_else(|| DEFAULT_OPENAI_BASE_URL.parse().ok())?;
        let voice = reader.voice(file.voice.as_deref());
        Some(Self {
            account: AccountSettings {
                api_key: reader.api_key(file.api_key, file.api_key_file),
                talking: reader.models(REALTIME_MODEL, file.realtime_model, Role::Talking),
                transcribing: reader.models(
                    TRANSCRIPTION_MODEL,
                    file.transcription_model,
                    Role::Transcribing,
                ),
                parsing: reader.models(PARSER_MODEL, file.parser_model, Role::Parsing),
            },
            base_url,
            realtime_url,
            transcription_language: file
                .transcription_language
                .unwrap_or_else(|| "he".to_owned()),
            voice: voice?,
        })
    }
}

impl LogSection {
    fn read(reader: &mut Reader<'_>, file: file::LogFile) -> Self {
        Self {
            filter: reader.text(LOG, file.filter, "info"),
            format: reader.parsed(LOG_FORMAT, "log.format", file.format, LogFormat::default),
        }
    }
}

fn read(path: &Path) -> Result<ConfigFile, ConfigError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| one_problem(name.clone(), format!("cannot be read ({error})")))?;
    parse(&name, &text)
}

fn parse(name: &str, text: &str) -> Result<ConfigFile, ConfigError> {
    toml::from_str(text).map_err(|error| one_problem(name.to_owned(), error.to_string()))
}

fn one_problem(key: String, what: String) -> ConfigError {
    ConfigError {
        problems: vec![Problem { key, what }],
    }
}

struct Reader<'a> {
    environment: &'a dyn Strings,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, key: &str, what: impl Into<String>) {
        self.problems.push(Problem {
            key: key.to_owned(),
            what: what.into(),
        });
    }

    /// A misspelt variable would be ignored in silence otherwise. `TORAN_TEST_` belongs to the tests.
    fn refuse_unknown_variables(&mut self) {
        for name in self.environment.names() {
            let ours = name.starts_with("TORAN_") && !name.starts_with("TORAN_TEST_");
            if ours && !VARIABLES.iter().any(|(known, _)| *known == name) {
                self.problem(
                    &name,
                    "no such variable; `gateway --help` lists those that there are",
                );
            }
        }
    }

    fn text(&self, variable: &str, file: Option<String>, default: &str) -> String {
        self.environment
            .get(variable)
            .or(file)
            .unwrap_or_else(|| default.to_owned())
    }

    fn listen(&mut self, file: Option<String>) -> SocketAddr {
        let (key, text) = match (self.environment.get(LISTEN), file) {
            (Some(text), _) => (LISTEN, Some(text)),
            (None, text) => ("listen", text),
        };
        let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
        let Some(text) = text else {
            return usual;
        };
        text.parse().unwrap_or_else(|_| {
            let port: Option<u16> = text.trim_start_matches(':').parse().ok();
            let instead = match port {
                Some(port) => format!("127.0.0.1:{port}, or 0.0.0.0:{port} for every interface"),
                None => "an address and a port, like 127.0.0.1:8080".to_owned(),
            };
            self.problem(key, format!("`{text}` is refused: write {instead}"));
            usual
        })
    }

    fn models(&mut self, variable: &str, file: Option<ModelList>, role: Role) -> ModelList {
        let usual = file.unwrap_or_else(|| ModelList::usual(role));
        self.parsed(variable, role.setting(), None, || usual)
    }

    /// The key itself, or a file that holds it: the file can be changed while the gateway runs.
    fn api_key(&mut self, key: Option<SecretString>, file: Option<String>) -> Option<SecretString> {
        let (setting, path) = match self.environment.get(OPENAI_API_KEY_FILE) {
            Some(path) => (OPENAI_API_KEY_FILE, Some(path)),
            None => ("openai.api_key_file", file),
        };
        let given = self.secret(OPENAI_API_KEY, key);
        let Some(path) = path else {
            return given;
        };
        if given.is_some() {
            self.problem(
                setting,
                "there is a key beside it: give the one or the other",
            );
            return given;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(self.checked(setting, SecretString::from(text.trim()))),
            Err(error) => {
                self.problem(setting, format!("`{path}` cannot be read ({error})"));
                None
            }
        }
    }

    fn secret(&mut self, variable: &str, file: Option<SecretString>) -> Option<SecretString> {
        let secret = self
            .environment
            .get(variable)
            .map(SecretString::from)
            .or(file)?;
        Some(self.checked(variable, secret))
    }

    fn checked(&mut self, key: &str, secret: SecretString) -> SecretString {
        if secret.expose_secret().chars().any(char::is_whitespace) {
            self.problem(
                key,
                "holds white space: it was probably copied with a line break",
            );
        }
        secret
    }

    fn voice(&mut self, file: Option<&str>) -> Option<VoiceName> {
        let voice = file.unwrap_or(DEFAULT_VOICE).parse();
        voice
            .map_err(|error: TermsError| self.problem("openai.voice", error.to_string()))
            .ok()
    }

    /// How many calls and how many connections.
    fn limits(&mut self, file: &file::LimitsFile) -> (NonZeroU16, usize) {
        let max_calls = file.max_calls.unwrap_or(DEFAULT_MAX_CALLS);
        let calls = usize::from(max_calls.get());
        let Some(connections) = file.max_connections else {
            // For each call its stream and a webhook at a time.
            return (max_calls, 2 * calls + CONNECTIONS_BESIDE_CALLS);
        };
        let connections = usize::try_from(connections.get()).unwrap_or(usize::MAX);
        if connections <= calls {
            self.problem(
                "limits.max_connections",
                format!(
                    "must be more than limits.max_calls, which is {calls}: each call holds one connection as long as it \
                     lasts, and its webhooks need others"
                ),
            );
        }
        (max_calls, connections)
    }

    /// A value from the variable or else from the file, parsed.
    fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        variable: &str,
        path: &str,
        file: Option<String>,
        default: impl FnOnce() -> T,
    ) -> T {
        let (key, text) = match (self.environment.get(variable), file) {
            (Some(text), _) => (variable, text),
            (None, Some(text)) => (path, text),
            (None, None) => return default(),
        };
        text.parse().unwrap_or_else(|error| {
            self.problem(key, format!("`{text}` is refused: {error}"));
            default()
        })
    }

    /// An address to which paths are added: what stands behind its path would end up in their midst.
    fn origin(&mut self, variable: &str, path: &str, file: Option<String>) -> Option<Url> {
        let key = match self.environment.get(variable) {
            Some(_) => variable,
            None => path,
        };
        let url = self.url(variable, path, file, &["http", "https"])?;
        if url.query().is_some() || url.fragment().is_some() {
            // Not quoted: a query may hold a secret.
            self.problem(
                key,
                "must be an origin like https://gw.example.com, without `?` and `#` and what follows them",
            );
            return None;
        }
        Some(url)
    }

    fn url(
        &mut self,
        variable: &str,
        path: &str,
        file: Option<String>,
        schemes: &[&str],
    ) -> Option<Url> {
        let (key, text) = match (self.environment.get(variable), file) {
            (Some(text), _) => (variable, text),
            (None, Some(text)) => (path, text),
            (None, None) => return None,
        };
        match text.parse::<Url>() {
            Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => return Some(url),
            Ok(_) | Err(_) => {
                let host = text.rsplit("//").next().unwrap_or_default();
                let scheme = schemes.last().copied().unwrap_or_default();
                let instead = format!("{scheme}://{host}");
                let instead = match instead.parse::<Url>() {
                    Ok(url) if url.has_host() => instead,
                    Ok(_) | Err(_) => format!("{scheme}://host.example.com"),
                };
                let what = format!(
                    "`{text}` is no address of {}://: write it like {instead}",
                    schemes.join(":// or ")
                );
                self.problem(key, what);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
