//! SQL as values: written once for both dialects, and bound to one business by type.

/// The text of one statement in each dialect. Placeholders are `$1`, `$2`… in both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// A statement about one business: `$1` is its id, which the transaction binds by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scoped(pub(crate) Statement);

/// A statement that looks across businesses, or at what belongs to none. For the deployment's own rounds alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Across(pub(crate) Statement);

impl Scoped {
    /// Does not compile for a text that is not bound to its business.
    pub(crate) const fn new(sqlite: &'static str, postgres: &'static str) -> Self {
        assert!(
            is_bound(sqlite) && is_bound(postgres),
            "a scoped statement must ask for business_id = $1 (or business.id = $1), or insert it"
        );
        Self(Statement { sqlite, postgres })
    }
}

impl Across {
    pub(crate) const fn new(sqlite: &'static str, postgres: &'static str) -> Self {
        Self(Statement { sqlite, postgres })
    }
}

const fn is_bound(sql: &str) -> bool {
    let compares = contains(sql, "business_id = $1") || contains(sql, "business.id = $1");
    let inserts = contains(sql, "INSERT INTO ") && contains(sql, "business_id");
    compares || (inserts && contains(sql, "$1"))
}

const fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let mut start = 0;
    while start + part.len() <= text.len() {
        let mut length = 0;
        while length < part.len() && text[start + length] == part[length] {
            length += 1;
        }
        if length == part.len() {
            return true;
        }
        start += 1;
    }
    false
}

/// Declares statements as constants, and lists them all for the check against the schemas.
///
/// `NAME: Scoped = "both"`, and where the two differ `"SQLite", postgres: "PostgreSQL"` or
/// `"both", postgres_adds: " only PostgreSQL"`.
macro_rules! statements {
    ($($name:ident: $kind:ident = $sql:expr $(, postgres_adds: $more:expr)? $(, postgres: $other:expr)?;)+) => {
        $(const $name: $crate::statement::$kind =
            $crate::statement::statement!($kind $sql $(, postgres_adds: $more)? $(, postgres: $other)?);)+

        /// Every statement of this module, by name.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::statement::Statement)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name.0)),+];
    };
}

macro_rules! statement {
    ($kind:ident $sql:expr) => {
        $crate::statement::$kind::new($sql, $sql)
    };
    ($kind:ident $sql:expr, postgres_adds: $more:expr) => {
        $crate::statement::$kind::new($sql, concat!($sql, $more))
    };
    ($kind:ident $sql:expr, postgres: $other:expr) => {
        $crate::statement::$kind::new($sql, $other)
    };
}

pub(crate) use statement;
pub(crate) use statements;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scoped_statement_is_bound_to_its_business() {
        for (sql, expected) in [
            ("INSERT INTO lead (business_id, id) VALUES ($1, $2)", true),
            ("INSERT INTO lead (id) VALUES ($1)", false),
            (
                "UPDATE lead SET business_id = business_id WHERE id = $1",
                false,
            ),
            ("SELECT 1 FROM lead WHERE business_id = $1", true),
            ("SELECT 1 FROM business WHERE business.id = $1", true),
            ("SELECT 1 FROM lead WHERE id = $1", false),
            ("SELECT business_id FROM lead", false),
            ("", false),
        ] {
            assert_eq!(is_bound(sql), expected, "{sql}");
        }
    }
}
