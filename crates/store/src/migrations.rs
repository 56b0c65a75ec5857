//! The schema: one text per step for both engines, and the check that the database follows it.
//!
//! Steps expand, later ones contract; `minimum_compatible` says which older programs may still run
//! beside this schema, so that a release can be rolled out process by process.

use crate::error::StoreError;
use crate::relation::catalog;
use crate::row::{Kind, Value};

/// One step of the schema. Steps are numbered from 1 in the order of this list.
struct Step {
    name: &'static str,
    text: &'static str,
    /// The oldest program, by the last step it knows, that may run on the result.
    minimum_compatible: i64,
}

const STEPS: &[Step] = &[
    Step {
        name: "engine",
        text: include_str!("../migrations/0001_engine.sql"),
        minimum_compatible: 1,
    },
    Step {
        name: "nouns",
        text: include_str!("../migrations/0002_nouns.sql"),
        minimum_compatible: 2,
    },
    Step {
        name: "events",
        text: include_str!("../migrations/0003_events.sql"),
        minimum_compatible: 3,
    },
    Step {
        name: "money",
        text: include_str!("../migrations/0004_money.sql"),
        minimum_compatible: 4,
    },
    Step {
        name: "prices",
        text: include_str!("../migrations/0005_prices.sql"),
        // A program that does not know the table leaves it alone.
        minimum_compatible: 4,
    },
    Step {
        name: "settlement",
        text: include_str!("../migrations/0006_settlement.sql"),
        minimum_compatible: 6,
    },
    Step {
        name: "commerce",
        text: include_str!("../migrations/0007_commerce.sql"),
        minimum_compatible: 7,
    },
];

/// The newest schema this program knows.
pub(crate) fn known() -> i64 {
    i64::try_from(STEPS.len()).expect("a handful of steps")
}

/// What the words in braces become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    fn words(self) -> [(&'static str, &'static str); 9] {
        match self {
            Dialect::Sqlite => [
                ("{key}", "BLOB"),
                ("{int}", "INTEGER"),
                ("{text}", "TEXT"),
                ("{sorted_text}", "TEXT"),
                ("{bytes}", "BLOB"),
                ("{strict}", "STRICT"),
                ("{without_rowid}", "STRICT, WITHOUT ROWID"),
                ("{hot}", "STRICT"),
                ("{nulls_first}", ""),
            ],
            Dialect::Postgres => [
                ("{key}", "uuid"),
                ("{int}", "int8"),
                ("{text}", "text"),
                // By its bytes, as SQLite sorts: other orders pass over dots.
                ("{sorted_text}", "text COLLATE \"C\""),
                ("{bytes}", "bytea"),
                ("{strict}", ""),
                ("{without_rowid}", ""),
                ("{hot}", "WITH (fillfactor = 50)"),
                ("{nulls_first}", "NULLS FIRST"),
            ],
        }
    }

    pub fn translate(self, text: &str) -> String {
        let replace = |text: String, (word, by): &(&str, &str)| text.replace(word, by);
        self.words().iter().fold(text.to_owned(), replace)
    }

    /// Lists every column: table, name, type, and whether it may be null.
    pub fn columns_sql(self) -> &'static str {
        match self {
            Dialect::Sqlite => {
                "SELECT tables.name, columns.name, columns.type, 1 - columns.\"notnull\" \
                 FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
                 WHERE tables.type = 'table'"
            }
            Dialect::Postgres => {
                "SELECT table_name::text, column_name::text, data_type::text, \
                 CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END \
                 FROM information_schema.columns WHERE table_schema = current_schema()"
            }
        }
    }

    /// The type a column of this kind has, as the database itself names it.
    pub fn type_name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Dialect::Sqlite, Kind::Key | Kind::Bytes) => "BLOB",
            (Dialect::Sqlite, Kind::Int) => "INTEGER",
            (Dialect::Sqlite, Kind::Text) => "TEXT",
            (Dialect::Postgres, Kind::Key) => "uuid",
            (Dialect::Postgres, Kind::Int) => "bigint",
            (Dialect::Postgres, Kind::Text) => "text",
            (Dialect::Postgres, Kind::Bytes) => "bytea",
        }
    }
}

/// Made before any step, on a database that may be empty.
pub(crate) fn foundation(dialect: Dialect) -> String {
    dialect.translate(
        "CREATE TABLE IF NOT EXISTS schema (
             one {int} NOT NULL PRIMARY KEY,
             version {int} NOT NULL,
             minimum_compatible {int} NOT NULL
         ) {strict};
         CREATE TABLE IF NOT EXISTS schema_steps (
             step {int} NOT NULL PRIMARY KEY,
             name {text} NOT NULL
         ) {strict};
         INSERT INTO schema (one, version, minimum_compatible) VALUES (1, 0, 0)
             ON CONFLICT DO NOTHING;",
    )
}

/// The statements of every step after `version`, each step for a transaction of its own.
pub(crate) fn steps_after(version: i64, dialect: Dialect) -> Vec<(i64, String)> {
    let numbered = (1..).zip(STEPS).filter(|&(number, _)| number > version);
    let whole = |(number, step): (i64, &Step)| {
        let text = dialect.translate(step.text);
        let minimum = step.minimum_compatible;
        let name = step.name;
        let record = format!(
            "{text}\n\
             INSERT INTO schema_steps (step, name) VALUES ({number}, '{name}');\n\
             UPDATE schema SET version = {number}, minimum_compatible = {minimum} WHERE one = 1;"
        );
        (number, record)
    };
    numbered.map(whole).collect()
}

/// Whether this program may run on a schema.
pub(crate) fn admit(version: i64, minimum_compatible: i64) -> Result<(), StoreError> {
    let known = known();
    if version > known && minimum_compatible > known {
        return Err(StoreError::TooNew { found: version, known });
    }
    Ok(())
}

/// A column as the database has it.
pub(crate) struct FoundColumn {
    pub table: String,
    pub name: String,
    pub type_name: String,
    pub is_nullable: bool,
}

impl FoundColumn {
    /// From a row of `Dialect::columns_sql`.
    pub fn of(row: Vec<Value>) -> Option<FoundColumn> {
        match <[Value; 4]>::try_from(row) {
            Ok([Value::Text(table), Value::Text(name), Value::Text(kind), Value::Int(null)]) => {
                Some(FoundColumn { table, name, type_name: kind, is_nullable: null != 0 })
            }
            _ => None,
        }
    }
}

/// Where the database differs from what is declared, in words.
///
/// Columns that are not declared are let pass if they may be left out: a newer release's.
pub(crate) fn differences(found: &[FoundColumn], dialect: Dialect) -> Vec<String> {
    let mut differences = Vec::new();
    for relation in &catalog().relations {
        for column in &relation.columns {
            let named =
                |found: &&FoundColumn| found.table == relation.name && found.name == column.name;
            let place = format!("{}.{}", relation.name, column.name);
            let Some(found) = found.iter().find(named) else {
                differences.push(format!("{place} is missing"));
                continue;
            };
            let expected = dialect.type_name(column.kind);
            if !found.type_name.eq_ignore_ascii_case(expected) {
                differences.push(format!("{place} is {}, not {expected}", found.type_name));
            }
            if found.is_nullable != column.is_nullable {
                let words = if found.is_nullable { "may be null" } else { "must not be null" };
                differences.push(format!("{place} {words}"));
            }
        }
    }
    differences
}

/// Refuses a database whose columns are not those declared.
pub(crate) fn check(found: &[FoundColumn], dialect: Dialect) -> Result<(), StoreError> {
    let differences = differences(found, dialect);
    if differences.is_empty() {
        return Ok(());
    }
    let list = differences.join("; ");
    Err(StoreError::Misconfigured(format!("the schema is not as declared: {list}")))
}

/// Refuses another number of lanes than the database was made with.
pub(crate) fn same_lanes(found: i64, configured: i64) -> Result<(), StoreError> {
    if found == configured {
        return Ok(());
    }
    let message = format!(
        "this database was made with {found} lanes, but {configured} are configured: \
         the number of lanes is fixed when a database is made"
    );
    Err(StoreError::Misconfigured(message))
}
