//! Who may know whom: the table of the design, held against what cargo really resolved.
//!
//! It is about normal dependencies only. What a crate needs to be tested or built is its own affair.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Pure crates: no I/O, no runtime.
const PURE: &[(&str, &[&str])] = &[
    ("toran-scheduling", &[]),
    ("toran-hebrew", &[]),
    ("toran-domain", &["toran-scheduling"]),
    ("toran-audio", &[]),
    ("toran-telephony", &["toran-domain"]),
    ("toran-realtime", &[]),
    (
        "toran-prompt",
        &["toran-domain", "toran-scheduling", "toran-hebrew"],
    ),
    (
        "toran-nlp",
        &["toran-domain", "toran-scheduling", "toran-hebrew"],
    ),
    (
        "toran-truth",
        &["toran-domain", "toran-scheduling", "toran-hebrew"],
    ),
    (
        "toran-call",
        &[
            "toran-domain",
            "toran-scheduling",
            "toran-hebrew",
            "toran-audio",
            "toran-truth",
        ],
    ),
    (
        "toran-store",
        &["toran-domain", "toran-scheduling", "toran-hebrew"],
    ),
];

/// Crates with I/O. They do not know each other.
const WITH_IO: &[(&str, &[&str])] = &[
    (
        "toran-store-sql",
        &["toran-store", "toran-domain", "toran-scheduling"],
    ),
    ("toran-spool", &["toran-store", "toran-domain"]),
    // For tests alone.
    ("toran-test-postgres", &[]),
    (
        "toran-openai",
        &["toran-nlp", "toran-truth", "toran-realtime", "toran-domain"],
    ),
    (
        "toran-bridge",
        &[
            "toran-call",
            "toran-telephony",
            "toran-realtime",
            "toran-audio",
            "toran-nlp",
            "toran-truth",
            "toran-prompt",
            "toran-store",
            "toran-scheduling",
            "toran-domain",
        ],
    ),
    ("toran-crm", &["toran-store", "toran-domain"]),
    (
        "toran-console",
        &[
            "toran-store",
            "toran-scheduling",
            "toran-prompt",
            "toran-hebrew",
            "toran-domain",
        ],
    ),
    // Stricter than the design allows: a stand-in that shares our code would agree with our mistakes.
    ("toran-simulator", &[]),
];

/// The programs. (`toran-app`, which they start, may know every crate.)
const PROGRAMS: &[(&str, &[&str])] = &[
    (
        "toran-gateway",
        &["toran-app", "toran-domain", "toran-scheduling"],
    ),
    ("toran-simulator-bin", &["toran-simulator"]),
    // For development alone.
    (
        "toran-proofs",
        &[
            "toran-store",
            "toran-store-sql",
            "toran-domain",
            "toran-scheduling",
            "toran-test-postgres",
        ],
    ),
];

const APP: &str = "toran-app";

/// What a pure crate must not have in its tree, at any depth.
const RUNTIMES_AND_SOCKETS: &[&str] = &[
    "tokio",
    "async-std",
    "axum",
    "hyper",
    "reqwest",
    "sqlx",
    "tungstenite",
    "tokio-tungstenite",
    "mio",
    "socket2",
];

/// Normal dependencies by name, versions folded into one: who knows whom.
#[derive(Debug, Clone, Default)]
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    fn resolved(metadata: &Metadata) -> Self {
        let resolve = metadata
            .resolve
            .as_ref()
            .expect("cargo resolves the workspace");
        let mut graph = Self::default();
        for node in &resolve.nodes {
            let known = graph.0.entry(metadata[&node.id].name.to_string());
            let known = known.or_default();
            for dependency in &node.deps {
                let normal = dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal);
                if normal {
                    known.insert(metadata[&dependency.pkg].name.to_string());
                }
            }
        }
        graph
    }

    fn known_to(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// A shortest way from a crate to any of some others.
    fn path<'a>(&'a self, from: &'a str, to: &[&str]) -> Option<Vec<&'a str>> {
        let mut seen = BTreeSet::from([from]);
        let mut paths = VecDeque::from([vec![from]]);
        while let Some(path) = paths.pop_front() {
            let last = path.last().copied().unwrap_or(from);
            for next in self.known_to(last).filter(|next| seen.insert(next)) {
                let mut longer = path.clone();
                longer.push(next);
                if to.contains(&next) {
                    return Some(longer);
                }
                paths.push_back(longer);
            }
        }
        None
    }
}

/// Everything that the graph has and the design has not.
fn problems(graph: &Graph) -> Vec<String> {
    let ours: Vec<&str> = graph
        .0
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with("toran-"))
        .collect();
    let table = || [PURE, WITH_IO, PROGRAMS].into_iter().flatten();
    let mut problems = Vec::new();
    for name in ours.iter().copied().filter(|name| *name != APP) {
        let Some((_, allowed)) = table().find(|(known, _)| *known == name) else {
            problems.push(format!("{name} is not in the table: say whom it may know"));
            continue;
        };
        for known in graph
            .known_to(name)
            .filter(|known| known.starts_with("toran-"))
        {
            if !allowed.contains(&known) {
                problems.push(format!("{name} → {known} is not in the table"));
            }
        }
    }
    for (name, _) in PURE {
        if let Some(path) = graph.path(name, RUNTIMES_AND_SOCKETS) {
            problems.push(format!(
                "{name} is pure, and reaches a runtime or a socket: {}",
                path.join(" → ")
            ));
        }
    }
    let with_io: Vec<&str> = WITH_IO.iter().map(|(name, _)| *name).collect();
    for name in &with_io {
        if let Some(path) = graph.path(name, &with_io) {
            problems.push(format!(
                "two crates with I/O know each other: {}",
                path.join(" → ")
            ));
        }
    }
    problems
}

fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let ask = |offline: &[&str]| {
        MetadataCommand::new()
            .manifest_path(&manifest)
            .other_options(
                offline
                    .iter()
                    .map(|option| (*option).to_owned())
                    .collect::<Vec<_>>(),
            )
            .exec()
    };
    // Offline, cargo wants even the manifests of crates for other platforms at hand; they may not be.
    ask(&["--offline"])
        .or_else(|_| ask(&[]))
        .expect("cargo describes the workspace")
}

#[test]
fn the_workspace_keeps_to_the_table() {
    let graph = Graph::resolved(&workspace());
    assert!(
        graph.known_to("toran-store-sql").any(|name| name == "sqlx"),
        "the graph is not what cargo resolved"
    );
    let problems = problems(&graph);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn forged(edges: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::default();
    for (from, to) in edges {
        let known = graph.0.entry((*from).to_owned()).or_default();
        known.insert((*to).to_owned());
    }
    graph
}

#[track_caller]
fn check(edges: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(problems(&forged(edges)), expected);
}

#[test]
fn an_edge_that_is_not_in_the_table_is_found() {
    check(&[("toran-prompt", "toran-hebrew")], &[]);
    check(&[("toran-app", "toran-simulator")], &[]);
    check(
        &[("toran-hebrew", "toran-domain")],
        &["toran-hebrew → toran-domain is not in the table"],
    );
    check(
        &[("toran-simulator", "toran-domain")],
        &["toran-simulator → toran-domain is not in the table"],
    );
    check(
        &[("toran-gateway", "toran-bridge")],
        &["toran-gateway → toran-bridge is not in the table"],
    );
    check(
        &[("toran-utils", "toran-domain")],
        &["toran-utils is not in the table: say whom it may know"],
    );
}

#[test]
fn a_runtime_deep_under_a_pure_crate_is_found() {
    check(
        &[
            ("toran-nlp", "some-client"),
            ("some-client", "h2"),
            ("h2", "tokio"),
        ],
        &[
            "toran-nlp is pure, and reaches a runtime or a socket: toran-nlp → some-client → h2 → tokio",
        ],
    );
    check(&[("toran-openai", "reqwest"), ("reqwest", "tokio")], &[]);
}

#[test]
fn crates_with_io_that_know_each_other_are_found() {
    check(
        &[("toran-crm", "some-glue"), ("some-glue", "toran-store-sql")],
        &["two crates with I/O know each other: toran-crm → some-glue → toran-store-sql"],
    );
}
