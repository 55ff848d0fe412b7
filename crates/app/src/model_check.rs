//! Warnings about models that are gone or going: their shutdown dates are announced in the list of models, and a call on the day
//! after is too late to learn of them.

use std::{sync::Arc, time::Duration};

use toran_domain::ModelName;
use toran_openai::{Account, CheckError, ModelList, ModelReport, ModelStatus, Role, check_models};
use tracing::{error, info, warn};

/// How often the list is read again: a model's end may be announced while the gateway runs.
const EVERY: Duration = Duration::from_hours(6);

/// Reads the list of models now and again, and logs what it says of the configured ones. A model that is gone is not asked any
/// more. Never delays a call.
pub async fn watch_models(account: Arc<Account>) {
    loop {
        // A failure is logged, and keeps no gateway from taking calls.
        let _ = report_models(&account).await;
        tokio::time::sleep(EVERY).await;
    }
}

/// Reads the list of models once, and logs what it says.
pub async fn report_models(account: &Arc<Account>) -> Result<Vec<ModelReport>, CheckError> {
    let checked = check_models(account).await;
    match &checked {
        Ok(reports) => reports.iter().for_each(|report| log(report, reports)),
        Err(problem) if problem.is_lasting() => error!(
            error = problem as &dyn std::error::Error,
            "the model's service refuses this deployment: check the key (OPENAI_API_KEY) and the base URL"
        ),
        Err(problem) => warn!(
            error = problem as &dyn std::error::Error,
            "the list of models could not be had"
        ),
    }
    checked
}

fn log(report: &ModelReport, all: &[ModelReport]) {
    let ModelReport {
        role,
        model,
        status,
    } = report;
    let setting = role.setting();
    let successor = Successor::of(report, all);
    match status {
        ModelStatus::Available => info!(setting, %model, "model available"),
        ModelStatus::ShuttingDown { on } => warn!(
            setting, %model, shutdown_date = %on, "the model will be shut down: {successor}"
        ),
        ModelStatus::Gone => warn!(setting, %model, "the account has no such model: {successor}"),
        ModelStatus::Unknown => {
            info!(setting, %model, "the service does not say whether the model exists");
        }
    }
}

/// What comes after a model.
#[derive(Debug, PartialEq, Eq)]
enum Successor<'a> {
    /// The next of the list takes its place by itself.
    Configured(&'a ModelName),
    /// The list ends with it; this one is known to follow.
    Known(Role, ModelName),
    /// The list ends with it, and none is known.
    Unknown(Role),
}

impl<'a> Successor<'a> {
    fn of(report: &ModelReport, all: &'a [ModelReport]) -> Self {
        let of_role = || all.iter().filter(|other| other.role == report.role);
        let after = of_role().skip_while(|other| other.model != report.model);
        let next = after
            .skip(1)
            .find(|other| other.status != ModelStatus::Gone);
        if let Some(next) = next {
            return Self::Configured(&next.model);
        }
        let configured = |model: &ModelName| of_role().any(|other| other.model == *model);
        let usual = ModelList::usual(report.role);
        match usual.iter().rev().find(|model| !configured(model)) {
            Some(model) => Self::Known(report.role, model.clone()),
            None => Self::Unknown(report.role),
        }
    }
}

impl std::fmt::Display for Successor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Configured(model) => write!(f, "{model} takes its place"),
            Self::Known(role, model) => {
                write!(f, "add its successor, {model}, to {}", role.setting())
            }
            Self::Unknown(role) => write!(
                f,
                "add its successor to {}; the service's list of deprecations names it",
                role.setting()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const GOING: ModelStatus = ModelStatus::ShuttingDown {
        on: date!(2027 - 01 - 14),
    };

    #[track_caller]
    fn check(parsing: &[(&str, ModelStatus)], expected: &str) {
        let report = |role, (model, status): &(&str, ModelStatus)| ModelReport {
            role,
            model: ModelName((*model).to_owned()),
            status: *status,
        };
        let mut all = vec![report(
            Role::Talking,
            &("gpt-realtime-2.1", ModelStatus::Available),
        )];
        all.extend(parsing.iter().map(|entry| report(Role::Parsing, entry)));
        let first = &all[1];
        assert_eq!(Successor::of(first, &all).to_string(), expected);
    }

    #[test]
    fn a_warning_names_who_follows() {
        check(
            &[
                ("gpt-4o-mini", GOING),
                ("gpt-6-luna", ModelStatus::Available),
            ],
            "gpt-6-luna takes its place",
        );
        check(
            &[
                ("gpt-4o-mini", GOING),
                ("x", ModelStatus::Gone),
                ("y", ModelStatus::Unknown),
            ],
            "y takes its place",
        );
        check(
            &[("gpt-4o-mini", GOING)],
            "add its successor, gpt-6-luna, to openai.parser_model",
        );
        check(
            &[("gpt-4o-mini-2024-07-18", ModelStatus::Gone)],
            "add its successor, gpt-6-luna, to openai.parser_model",
        );
        check(
            &[("gpt-6-luna", GOING)],
            "add its successor, gpt-4o-mini, to openai.parser_model",
        );
    }
}
