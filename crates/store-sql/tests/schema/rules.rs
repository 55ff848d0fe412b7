//! Expand, then contract (docs/decisions/020-expand-then-contract.md): a new migration that would break the gateways of before
//! it, or keep them waiting, does not pass; and what has landed stays as it is.

use std::{collections::BTreeSet, path::Path};

use sqlx::migrate::Migrator;

/// What had landed before there was the rule, by the beginning of its checksum. It is not judged, and not changed either.
const POSTGRES_BEFORE: [(i64, u64); 4] = [
    (1, 0x3ade_bd15_a3ac_e047),
    (2, 0x8065_227d_2d64_399e),
    (3, 0xe041_41ff_7c42_14b7),
    (4, 0x109f_4088_080b_425e),
];
const SQLITE_BEFORE: [(i64, u64); 6] = [
    (1, 0xaaef_fe30_2a19_8689),
    (2, 0x70ed_8266_3e11_f23e),
    (3, 0x90f6_4e75_229b_17b4),
    (4, 0x01e3_5af2_be13_d3d4),
    (5, 0xaa6d_c5d2_b9f4_ead2),
    (6, 0x109f_4088_080b_425e),
];

/// What a file that is not run in a transaction begins with, as the macro that embeds it looks for it.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Without it, the policies show a migration no rows. It holds for the migration's own transaction.
const SEES_EVERY_BUSINESS: &str = "SELECT set_config('toran.business_id', '*', true)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// The statements of a file, without comments, their words separated by single spaces.
fn statements(sql: &str) -> Vec<String> {
    let lines = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut all = Vec::new();
    let mut statement = String::new();
    let mut in_body = false;
    for (n, part) in text.split("$$").enumerate() {
        if n % 2 == 1 {
            statement.extend(["$$", part, "$$"]);
            continue;
        }
        for piece in part.split_inclusive(';') {
            statement.push_str(piece);
            let words = squeezed(&statement);
            in_body = words.starts_with("CREATE TRIGGER")
                && words.contains(" BEGIN ")
                && !words.ends_with(" END;");
            if piece.ends_with(';') && !in_body {
                all.push(words.trim_end_matches(';').to_owned());
                statement.clear();
            }
        }
    }
    let rest = squeezed(&statement);
    assert!(
        rest.is_empty() && !in_body,
        "a statement without an end: {rest}"
    );
    all
}

fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The word after a beginning.
fn after<'a>(statement: &'a str, beginning: &str) -> Option<&'a str> {
    let rest = statement.strip_prefix(beginning)?.trim_start();
    let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
    rest.split([' ', '(']).next()
}

/// The table that stands behind the first ` ON `.
fn table(statement: &str) -> Option<&str> {
    let (_, rest) = statement.split_once(" ON ")?;
    rest.split([' ', '(']).next()
}

/// The parts of a list, cut at commas outside of brackets.
fn parts(list: &str) -> Vec<&str> {
    let mut depth = 0;
    list.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && letter == ','
    })
    .map(str::trim)
    .collect()
}

/// What is wrong with a migration.
struct Judge<'a> {
    dialect: Dialect,
    created: BTreeSet<&'a str>,
    /// Tables that were there before and are locked against writers.
    locked: BTreeSet<&'a str>,
    raises_the_floor: bool,
    problems: Vec<String>,
}

fn judge(dialect: Dialect, sql: &str) -> Vec<String> {
    let all = statements(sql);
    if sql.starts_with(NO_TRANSACTION) {
        return outside_a_transaction(dialect, &all);
    }
    let mut judge = Judge {
        dialect,
        created: all
            .iter()
            .filter_map(|statement| after(statement, "CREATE TABLE "))
            .collect(),
        locked: BTreeSet::new(),
        raises_the_floor: all
            .iter()
            .any(|statement| statement.starts_with("UPDATE schema_floor SET version = ")),
        problems: Vec::new(),
    };
    for statement in &all {
        judge.statement(statement);
    }
    if dialect == Dialect::Postgres && judge.locked.len() > 1 {
        judge
            .problems
            .push(format!("it locks more than one table: {:?}", judge.locked));
    }
    judge.problems
}

/// What cannot be in a transaction stands alone, and can be done again.
fn outside_a_transaction(dialect: Dialect, all: &[String]) -> Vec<String> {
    let [one] = all else {
        return vec!["more than one statement outside of a transaction".to_owned()];
    };
    let may = [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ",
        "DROP INDEX CONCURRENTLY IF EXISTS ",
    ];
    let in_steps = one.starts_with("DO $$") && one.contains(" LOOP ") && one.contains(" COMMIT;");
    if dialect == Dialect::Postgres && (may.iter().any(|may| one.starts_with(may)) || in_steps) {
        return Vec::new();
    }
    vec![format!(
        "it cannot be done again, or keeps others waiting: {one}"
    )]
}

impl<'a> Judge<'a> {
    fn problem(&mut self, what: &str, statement: &str) {
        self.problems.push(format!("{what}: {statement}"));
    }

    /// A statement that needs a lock on a table.
    fn locks(&mut self, table: Option<&'a str>) {
        let existing = table.filter(|table| !self.created.contains(table));
        self.locked.extend(existing);
    }

    fn statement(&mut self, statement: &'a str) {
        let begins = |word: &str| statement.starts_with(word);
        if begins("CREATE TABLE ") {
            for referenced in statement.split("REFERENCES ").skip(1) {
                self.locks(referenced.split([' ', '(']).next());
            }
        } else if begins("CREATE INDEX ") || begins("CREATE UNIQUE INDEX ") {
            let is_new = table(statement).is_some_and(|table| self.created.contains(table));
            if self.dialect == Dialect::Postgres && !is_new {
                self.problem(
                    "an index on a table that is there keeps its writers waiting",
                    statement,
                );
            }
        } else if begins("CREATE TRIGGER ")
            || begins("CREATE CONSTRAINT TRIGGER ")
            || begins("CREATE POLICY ")
        {
            self.locks(table(statement));
        } else if begins("ALTER TABLE ") {
            self.alter(statement);
        } else if begins("DROP ") {
            if !self.raises_the_floor {
                self.problem("older gateways may use what is taken away", statement);
            }
            if self.dialect == Dialect::Postgres && begins("DROP INDEX") {
                self.problem("dropping an index keeps everybody waiting", statement);
            }
        } else if begins("INSERT INTO ") || begins("UPDATE ") {
            let target = after(statement, "INSERT INTO ").or(after(statement, "UPDATE "));
            let is_own = target.is_some_and(|it| self.created.contains(it) || it == "schema_floor");
            if self.dialect == Dialect::Postgres && !is_own {
                self.problem("rows that are there are changed some at a time", statement);
            }
        } else if !(begins("CREATE FUNCTION ")
            || begins("CREATE VIEW ")
            || statement == SEES_EVERY_BUSINESS)
        {
            self.problem("the rule does not know this", statement);
        }
    }

    fn alter(&mut self, statement: &'a str) {
        let Some((table, actions)) = statement["ALTER TABLE ".len()..].split_once(' ') else {
            return self.problem("the rule does not know this", statement);
        };
        if self.created.contains(table) {
            return;
        }
        self.locks(Some(table));
        for action in parts(actions) {
            let is_checked_later =
                action.starts_with("ADD CONSTRAINT ") && action.ends_with(" NOT VALID");
            let expands = is_checked_later
                || action.starts_with("VALIDATE CONSTRAINT ")
                || (action.starts_with("ADD COLUMN ") && self.is_light(action));
            let contracts = ["DROP COLUMN ", "DROP CONSTRAINT ", "RENAME "];
            let contracts = contracts.iter().any(|word| action.starts_with(word));
            if !(expands || contracts && self.raises_the_floor) {
                self.problem("older gateways break, or everybody waits", statement);
            }
        }
    }

    /// Whether a column can be added without a look at the rows, and written by who does not know it.
    fn is_light(&self, action: &str) -> bool {
        let heavy = [
            " REFERENCES ",
            " UNIQUE",
            " PRIMARY KEY",
            " GENERATED ",
            " AS (",
        ];
        // SQLite reads its rows for a check, and holds nobody up that it does not hold up anyway.
        let checks = self.dialect == Dialect::Postgres && action.contains(" CHECK ");
        let computed = action
            .split_once(" DEFAULT ")
            .is_some_and(|(_, default)| default.contains('('));
        let computed = computed && self.dialect == Dialect::Postgres;
        let must_be_written = action.contains(" NOT NULL") && !action.contains(" DEFAULT ");
        !(heavy.iter().any(|word| action.contains(word)) || checks || computed || must_be_written)
    }
}

#[track_caller]
fn check(dialect: Dialect, sql: &str, passes: bool) {
    let problems = judge(dialect, sql);
    assert_eq!(problems.is_empty(), passes, "{sql}\n{problems:?}");
}

#[test]
fn a_table_is_changed_without_a_look_at_its_rows() {
    for (sql, passes) in [
        ("ALTER TABLE lead ADD COLUMN note TEXT;", true),
        (
            "ALTER TABLE lead ADD COLUMN note TEXT NOT NULL DEFAULT '', ADD COLUMN age BIGINT;",
            true,
        ),
        ("ALTER TABLE lead ADD COLUMN note TEXT NOT NULL;", false),
        (
            "ALTER TABLE lead ADD COLUMN since TIMESTAMPTZ NOT NULL DEFAULT now();",
            false,
        ),
        (
            "ALTER TABLE lead ADD COLUMN age BIGINT CHECK (age > 0);",
            false,
        ),
        (
            "ALTER TABLE lead ADD COLUMN of UUID REFERENCES business (id);",
            false,
        ),
        (
            "ALTER TABLE lead ADD COLUMN short TEXT GENERATED ALWAYS AS (left(name, 1)) STORED;",
            false,
        ),
        ("ALTER TABLE lead ALTER COLUMN name SET NOT NULL;", false),
        (
            "ALTER TABLE lead ALTER COLUMN name TYPE VARCHAR(80);",
            false,
        ),
        (
            "ALTER TABLE lead ADD CONSTRAINT named CHECK (name IS NOT NULL);",
            false,
        ),
        (
            "ALTER TABLE lead ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID;",
            true,
        ),
        ("ALTER TABLE lead VALIDATE CONSTRAINT named;", true),
        ("ALTER TABLE lead ADD UNIQUE (name);", false),
        ("ALTER TABLE lead DROP COLUMN name;", false),
        ("ALTER TABLE lead RENAME COLUMN name TO called;", false),
        (
            "ALTER TABLE lead DROP COLUMN name; UPDATE schema_floor SET version = 9;",
            true,
        ),
        (
            "ALTER TABLE lead ADD COLUMN a TEXT; ALTER TABLE task ADD COLUMN a TEXT;",
            false,
        ),
    ] {
        check(Dialect::Postgres, sql, passes);
    }
}

#[test]
fn what_is_there_is_neither_taken_away_nor_locked() {
    for (sql, passes) in [
        ("DROP TABLE task;", false),
        (
            "DROP TABLE task; UPDATE schema_floor SET version = 9;",
            true,
        ),
        (
            "DROP INDEX lead_named; UPDATE schema_floor SET version = 9;",
            false,
        ),
        ("CREATE INDEX lead_named ON lead (name);", false),
        ("CREATE UNIQUE INDEX lead_named ON lead (name);", false),
        (
            "CREATE TABLE thing (id UUID PRIMARY KEY); CREATE INDEX thing_id ON thing (id);",
            true,
        ),
        (
            "CREATE TABLE thing (id UUID PRIMARY KEY); INSERT INTO thing (id) SELECT id FROM lead;",
            true,
        ),
        (
            "CREATE TABLE thing (lead_id UUID REFERENCES lead (id), task_id UUID REFERENCES task (id));",
            false,
        ),
        (
            "CREATE TRIGGER watch AFTER INSERT ON lead FOR EACH ROW EXECUTE FUNCTION watch();",
            true,
        ),
        ("UPDATE lead SET name = '';", false),
        ("INSERT INTO lead (id) SELECT id FROM business;", false),
        ("DELETE FROM lead;", false),
        ("LOCK TABLE lead;", false),
        ("VACUUM FULL lead;", false),
        ("DO $$ BEGIN UPDATE lead SET name = ''; END $$;", false),
        (
            "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS lead_named ON lead (name);",
            true,
        ),
        (
            "-- no-transaction\nCREATE INDEX CONCURRENTLY lead_named ON lead (name);",
            false,
        ),
        (
            "-- no-transaction\nCREATE INDEX IF NOT EXISTS lead_named ON lead (name);",
            false,
        ),
        (
            "-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS lead_named;",
            true,
        ),
        ("-- no-transaction\nUPDATE lead SET name = '';", false),
        (
            "-- no-transaction\nDO $$ BEGIN UPDATE lead SET name = ''; END $$;",
            false,
        ),
        (
            "-- no-transaction\nDO $$ BEGIN LOOP UPDATE lead SET name = ''; COMMIT; END LOOP; END $$;",
            true,
        ),
        (
            "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON lead (name); \
             CREATE INDEX CONCURRENTLY IF NOT EXISTS b ON lead (name);",
            false,
        ),
    ] {
        check(Dialect::Postgres, sql, passes);
    }
}

#[test]
fn sqlite_keeps_what_older_gateways_use() {
    for (sql, passes) in [
        (
            "ALTER TABLE lead ADD COLUMN age INTEGER NOT NULL DEFAULT 0 CHECK (age >= 0);",
            true,
        ),
        ("ALTER TABLE lead ADD COLUMN age INTEGER NOT NULL;", false),
        ("ALTER TABLE lead DROP COLUMN name;", false),
        ("ALTER TABLE lead RENAME TO caller;", false),
        ("CREATE INDEX lead_named ON lead (name);", true),
        ("DROP TABLE task;", false),
        ("DROP INDEX lead_named;", false),
        ("DROP TRIGGER watch;", false),
        (
            "DROP TABLE task; UPDATE schema_floor SET version = 9;",
            true,
        ),
        (
            "CREATE TRIGGER watch AFTER INSERT ON lead BEGIN UPDATE lead SET name = ''; DELETE FROM task; END;",
            true,
        ),
        ("UPDATE lead SET name = '';", true),
        ("DELETE FROM lead;", false),
        ("-- no-transaction\nVACUUM;", false),
    ] {
        check(Dialect::Sqlite, sql, passes);
    }
}

/// Every file of a folder that is not among those of before the rule keeps to it.
fn judge_all(dialect: Dialect, known: &Migrator, before: &[(i64, u64)]) {
    let mut judged = 0;
    for migration in known.iter() {
        let version = migration.version;
        if let Some((_, landed)) = before.iter().find(|(landed, _)| *landed == version) {
            let begins = migration
                .checksum
                .first_chunk()
                .map(|it| u64::from_be_bytes(*it));
            assert_eq!(begins, Some(*landed), "{dialect:?} {version} was changed");
            continue;
        }
        let problems = judge(dialect, migration.sql.as_str());
        assert_eq!(
            problems, [""; 0],
            "{dialect:?} {version}: see docs/decisions/020-expand-then-contract.md"
        );
        judged += 1;
    }
    assert!(judged > 0);
}

#[test]
fn new_migrations_keep_to_the_rule() {
    judge_all(
        Dialect::Postgres,
        &sqlx::migrate!("../../migrations/postgres"),
        &POSTGRES_BEFORE,
    );
    judge_all(
        Dialect::Sqlite,
        &sqlx::migrate!("../../migrations/sqlite"),
        &SQLITE_BEFORE,
    );
}

/// Two files of one number, or a number that is left out, would be applied in different orders.
#[test]
fn migrations_are_numbered_without_gaps() {
    for folder in ["postgres", "sqlite"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../migrations")
            .join(folder);
        let mut names: Vec<String> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        for (n, name) in (1..).zip(&names) {
            assert!(
                name.starts_with(&format!("{n:04}_")),
                "{folder}: {name} is not number {n}"
            );
        }
    }
}
