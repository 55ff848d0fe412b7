//! What the log of a call that books must show, in this order.

use tokio::time::Instant;
use toran_bridge::milestones as log;

use crate::telemetry::LogLine;

/// One milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// What the log must show.
    pub name: &'static str,
    /// When it did, if it did after the milestone before it.
    pub at: Option<Instant>,
    /// What the line says beside it.
    pub detail: String,
}

type Shows = fn(&LogLine) -> bool;

const ORDER: [(&str, Shows); 6] = [
    ("configure_session", |line| {
        line.message == log::CONFIGURE_SESSION
    }),
    ("greeting", |line| line.message == log::GREETING),
    ("parser ask", |line| is_parsed(line, "ask")),
    ("parser confirm with date and time", |line| {
        is_parsed(line, "confirm")
            && line.fields.contains_key("date")
            && line.fields.contains_key("time")
    }),
    ("appointment_created", |line| {
        line.message == log::APPOINTMENT_CREATED
    }),
    ("create_appointment_from_realtime → success", |line| {
        line.message == log::BOOKED
    }),
];

fn is_parsed(line: &LogLine, action: &str) -> bool {
    line.message.starts_with(log::PARSER)
        && line
            .fields
            .get("action")
            .is_some_and(|found| found == action)
}

/// Finds the milestones in the log's lines. One that comes before its predecessor does not count.
pub fn milestones(lines: &[LogLine]) -> Vec<Milestone> {
    let mut rest = lines.iter();
    let mut broken = false;
    ORDER
        .into_iter()
        .map(|(name, shows)| {
            let line = if broken {
                None
            } else {
                rest.find(|line| shows(line))
            };
            broken = line.is_none();
            let detail = line.map_or(String::new(), |line| {
                let shown = ["date", "time"]
                    .iter()
                    .filter_map(|field| line.fields.get(*field));
                shown.cloned().collect::<Vec<_>>().join(" ")
            });
            Milestone {
                name,
                at: line.map(|line| line.at),
                detail,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn line(message: &str, fields: &[(&'static str, &str)]) -> LogLine {
        let fields: BTreeMap<_, _> = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        LogLine {
            at: Instant::now(),
            message: message.to_owned(),
            fields,
        }
    }

    fn whole() -> Vec<LogLine> {
        vec![
            line("call started", &[]),
            line("configure_session", &[]),
            line("greeting", &[]),
            line("parser ask", &[("action", "ask"), ("date", "2026-11-24")]),
            line(
                "parser confirm",
                &[
                    ("action", "confirm"),
                    ("date", "2026-11-24"),
                    ("time", "10:30"),
                ],
            ),
            line(
                "appointment_created",
                &[("date", "2026-11-24"), ("time", "10:30")],
            ),
            line("create_appointment_from_realtime → success", &[]),
        ]
    }

    #[test]
    fn the_whole_order_is_found() {
        assert!(
            milestones(&whole())
                .iter()
                .all(|milestone| milestone.at.is_some())
        );
    }

    #[test]
    fn anything_missing_or_out_of_order_breaks_it() {
        for left_out in 1..whole().len() {
            let mut lines = whole();
            lines.remove(left_out);
            assert!(
                milestones(&lines)
                    .iter()
                    .any(|milestone| milestone.at.is_none()),
                "without {left_out}"
            );
        }
        let mut swapped = whole();
        swapped.swap(5, 6);
        assert!(
            milestones(&swapped)
                .iter()
                .any(|milestone| milestone.at.is_none())
        );
        let mut without_time = whole();
        without_time[4].fields.remove("time");
        assert!(
            milestones(&without_time)
                .iter()
                .any(|milestone| milestone.at.is_none())
        );
    }
}
