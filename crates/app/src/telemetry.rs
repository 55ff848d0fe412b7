//! The log: where it goes, in which form, and a watch on it for the deployment check.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, FilterFn, LevelFilter},
    layer::{Context, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

use crate::config::{LogFormat, LogSection, Problem};

/// Where log lines are watched: those of the calls themselves.
const WATCHED: &str = "toran_bridge";
/// Lines that a watch keeps; a check needs a few dozen.
const MAX_LINES: usize = 4_096;

/// One line of the log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// When it was written.
    pub at: Instant,
    /// Its message.
    pub message: String,
    /// Its fields.
    pub fields: BTreeMap<&'static str, String>,
}

/// A watch on the log of calls.
#[derive(Debug, Clone, Default)]
pub struct LogWatch(Arc<Mutex<Vec<LogLine>>>);

impl LogWatch {
    /// The lines so far, in order.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<S: Subscriber> Layer<S> for LogWatch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with(WATCHED) {
            return;
        }
        let mut line = LogLine {
            at: Instant::now(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut line);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX_LINES {
            lines.push(line);
        }
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name(), text);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Libraries of the network write at `trace` what passes through them: keys in headers, and what was said.
fn tells_no_secret(line: &Metadata<'_>) -> bool {
    *line.level() < Level::TRACE || line.target().starts_with("toran")
}

/// Starts the log, once a process. Lines go to standard error, the filter's; the watch sees all of the calls' lines.
pub fn start(log: &LogSection, watch: Option<LogWatch>) -> Result<(), Problem> {
    let refused = |error: &dyn fmt::Display| Problem {
        key: "TORAN_LOG".to_owned(),
        what: error.to_string(),
    };
    let filter: EnvFilter = log
        .filter
        .parse()
        .map_err(|error: tracing_subscriber::filter::ParseError| refused(&error))?;
    let text = (log.format == LogFormat::Text).then(|| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
    });
    let json = (log.format == LogFormat::Json).then(|| {
        tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr)
    });
    let lines = text
        .map(Layer::boxed)
        .into_iter()
        .chain(json.map(Layer::boxed))
        .collect::<Vec<_>>();
    // Without the hint every line of every library would be asked about.
    let quiet_libraries = FilterFn::new(tells_no_secret).with_max_level_hint(LevelFilter::TRACE);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(quiet_libraries)))
        .with(watch.map(|watch| watch.with_filter(LevelFilter::INFO)))
        .try_init()
        .map_err(|error| refused(&error))
}
