//! What tidy says about one file: Rust or Markdown.
//!
//! Every rule is a line of a table or one small function, and every exemption is decided by the
//! file's path, so that nobody can exempt himself from inside a file. The only mark a file can
//! set is the reason for a float, because there the reason is the point.

use super::Finding;
use crate::source::{self, Line};

const LINES_MAX: usize = 600;
/// Tests and data tables are read by looking up one entry, not from top to bottom.
const LINES_MAX_OF_TABLES: usize = 900;
const COLUMNS_MAX: usize = 100;

/// Names that say nothing about what is inside, and so attract everything.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "common", "helpers", "manager", "misc"];

const LEFTOVERS: [&str; 4] = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"];

const SQL: [&str; 4] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
const SQL_HOMES: [&str; 3] = ["crates/store/", "bench/", "xtask/"];

/// Time and randomness are parameters in these places, so that a test can choose them.
const PURE_HOMES: [&str; 3] = ["crates/domain/", "crates/chains/", "crates/store/src/"];
const CLOCKS: [&str; 3] = ["SystemTime::now", "Instant::now", "Utc::now"];
const RANDOMNESS: [&str; 6] =
    ["getrandom", "rand::", "OsRng", "thread_rng", "Uuid::now_v7", "Uuid::new_v4"];
/// The store measures how long its commits wait, and the transport to nodes how long they take.
const STOPWATCH: &str = "Instant::now";
const STOPWATCH_HOMES: [&str; 5] = [
    "crates/store/src/",
    "crates/chains/src/rpc/",
    "crates/chains/src/sui/nodes",
    "crates/chains/src/ton/jettons",
    "crates/chains/examples/",
];

const EXACT_HOMES: [&str; 2] = ["crates/domain/", "crates/store/"];

pub fn check_rust(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Findings { path, found: Vec::new() };
    let lines = source::lines(text);
    findings.header(text);
    findings.length(lines.len());
    findings.file_name();
    for (index, (raw, line)) in text.lines().zip(&lines).enumerate() {
        let number = index + 1;
        findings.columns(number, raw);
        findings.module_name(number, &line.code);
        findings.leftover(number, &line.code);
        findings.sql(number, &line.strings);
        findings.purity(number, &line.code);
        findings.float(number, line);
    }
    findings.found
}

pub fn check_markdown(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Findings { path, found: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        if has_token(line, "TODO") {
            findings.add(index + 1, "unfinished", "say what is open and why, or do it");
        }
    }
    findings.found
}

struct Findings<'path> {
    path: &'path str,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, line: usize, rule: &'static str, advice: impl Into<String>) {
        let path = self.path.to_owned();
        self.found.push(Finding { path, line, rule, advice: advice.into() });
    }

    fn header(&mut self, text: &str) {
        if !text.starts_with("//!") {
            self.add(1, "header", "open with `//!`: what this file is, why, its invariant");
        }
    }

    fn length(&mut self, lines: usize) {
        let max =
            if is_test(self.path) || is_table(self.path) { LINES_MAX_OF_TABLES } else { LINES_MAX };
        if lines > max {
            self.add(max + 1, "length", format!("{lines} lines, at most {max}: split the file"));
        }
    }

    fn file_name(&mut self) {
        let stem = self.path.trim_end_matches(".rs");
        if let Some(name) = stem.split('/').find(|part| is_empty_name(part)) {
            self.add(1, "name", format!("`{name}` says nothing: name what is inside"));
        }
    }

    fn module_name(&mut self, number: usize, code: &str) {
        let words: Vec<&str> = words(code).collect();
        for pair in words.windows(2) {
            if pair[0] == "mod" && is_empty_name(pair[1]) {
                self.add(
                    number,
                    "name",
                    format!("`{}` says nothing: name what is inside", pair[1]),
                );
            }
        }
    }

    fn columns(&mut self, number: usize, raw: &str) {
        let columns = raw.chars().count();
        let unbreakable = raw.split_whitespace().any(|word| word.contains("://"));
        if columns > COLUMNS_MAX && !unbreakable && !is_table(self.path) {
            self.add(number, "columns", format!("{columns} columns, at most {COLUMNS_MAX}"));
        }
    }

    fn leftover(&mut self, number: usize, code: &str) {
        for leftover in LEFTOVERS {
            if has_token(code, leftover) {
                self.add(
                    number,
                    "leftover",
                    format!("`{leftover}…` does not belong into a commit"),
                );
            }
        }
    }

    fn sql(&mut self, number: usize, strings: &str) {
        if is_under(self.path, &SQL_HOMES) || is_test(self.path) {
            return;
        }
        // A statement may break its line right after the keyword.
        let strings = format!("{strings} ");
        if let Some(keyword) = SQL.into_iter().find(|keyword| has_token(&strings, keyword)) {
            self.add(number, "sql", format!("`{keyword}…`: only crates/store speaks SQL"));
        }
    }

    fn purity(&mut self, number: usize, code: &str) {
        if !is_under(self.path, &PURE_HOMES) {
            return;
        }
        for clock in CLOCKS {
            let is_home = STOPWATCH_HOMES.iter().any(|home| self.path.starts_with(home));
            let allowed = is_home && clock == STOPWATCH;
            if has_token(code, clock) && !allowed {
                self.add(number, "clock", format!("`{clock}`: take the time as a parameter"));
            }
        }
        for source in RANDOMNESS {
            if has_token(code, source) {
                let advice = format!("`{source}`: take fresh ids and bytes as parameters");
                self.add(number, "randomness", advice);
            }
        }
    }

    fn float(&mut self, number: usize, line: &Line) {
        if !is_under(self.path, &EXACT_HOMES) || has_float_reason(&line.comments) {
            return;
        }
        let is_float = |word: &str| {
            let suffixed = word.starts_with(|first: char| first.is_ascii_digit())
                && !word.starts_with("0x")
                && (word.ends_with("f32") || word.ends_with("f64"));
            matches!(word, "f32" | "f64") || suffixed
        };
        if words(&line.code).any(is_float) {
            self.add(number, "float", "money is exact; else end the line with `// float: reason`");
        }
    }
}

fn has_float_reason(comments: &str) -> bool {
    comments.split_once("float:").is_some_and(|(_, reason)| !reason.trim().is_empty())
}

fn is_under(path: &str, homes: &[&str]) -> bool {
    homes.iter().any(|home| path.starts_with(home))
}

/// Integration tests, and unit tests that have grown into a file of their own.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs")) || path.ends_with("_tests.rs")
}

/// Domain's tables of networks and tokens, whose rows are clearest when each is one line.
fn is_table(path: &str) -> bool {
    path.strip_prefix("crates/domain/src/").is_some_and(|file| {
        let in_folder = file.starts_with("tokens/") || file.starts_with("tables/");
        in_folder || file.ends_with("_table.rs") || matches!(file, "token.rs" | "tokens.rs")
    })
}

fn is_empty_name(name: &str) -> bool {
    name.split(['_', '-']).any(|part| EMPTY_NAMES.contains(&part))
}

pub fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character| !is_word(character)).filter(|word| !word.is_empty())
}

/// Whether the token stands there by itself and not as a part of a longer name.
fn has_token(text: &str, token: &str) -> bool {
    text.match_indices(token).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + token.len()..].chars().next();
        let ends_open = token.ends_with(is_word) && after.is_some_and(is_word);
        let starts_open = token.starts_with(is_word) && before.is_some_and(is_word);
        !starts_open && !ends_open
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::{check_markdown, check_rust};

    /// The rules a line breaks when it stands below a header in a file of that path.
    fn check(path: &str, line: &str, rules: &[&str]) {
        let found = check_rust(path, &format!("//! What it is.\n{line}\n"));
        let names: Vec<&str> = found.iter().map(|finding| finding.rule).collect();
        assert_eq!(names, rules, "{path}: {line}");
    }

    #[test]
    fn every_file_opens_with_a_header() {
        assert_eq!(check_rust("a.rs", "fn main() {}\n")[0].rule, "header");
        assert_eq!(check_rust("a.rs", "")[0].rule, "header");
        assert!(check_rust("a.rs", "//! What it is.\n").is_empty());
    }

    #[test]
    fn files_have_a_length() {
        let of_length = |lines: usize| "//! x\n".to_owned() + &"\n".repeat(lines - 1);
        assert!(check_rust("a.rs", &of_length(600)).is_empty());
        assert_eq!(check_rust("a.rs", &of_length(601))[0].rule, "length");
        assert!(check_rust("crates/x/tests/it/a.rs", &of_length(900)).is_empty());
        assert!(check_rust("crates/domain/src/tokens/evm.rs", &of_length(900)).is_empty());
        assert_eq!(check_rust("crates/x/tests/it/a.rs", &of_length(901))[0].rule, "length");
    }

    #[test]
    fn lines_have_a_width_counted_in_characters() {
        let wide = format!("// {}", "ä ".repeat(60));
        check("a.rs", &wide, &["columns"]);
        check("a.rs", &format!("// {}", "ä ".repeat(48)), &[]);
        check("a.rs", &format!("// https://example.org/{}", "a".repeat(100)), &[]);
        check("crates/domain/src/tokens/evm.rs", &wide, &[]);
    }

    #[test]
    fn names_say_something() {
        check("crates/x/src/util.rs", "", &["name"]);
        check("crates/x/src/http_helpers.rs", "", &["name"]);
        check("crates/x/tests/common/mod.rs", "", &["name"]);
        check("a.rs", "pub mod misc {", &["name"]);
        check("crates/x/src/utility.rs", "mod commonly;", &[]);
    }

    #[test]
    fn leftovers_are_code_and_not_words_about_them() {
        check("a.rs", "    todo!(\"later\")", &["leftover"]);
        check("a.rs", "#[ignore = \"slow\"]", &["leftover"]);
        check("a.rs", "// never todo!()", &[]);
        check("a.rs", "let text = \"dbg!(\";", &[]);
    }

    #[test]
    fn sql_stays_in_the_store() {
        let line = "let text = \"SELECT id FROM invoice\";";
        check("crates/server/src/http/x.rs", line, &["sql"]);
        check("crates/server/src/x.rs", "f(\"DELETE FROM x\")", &["sql"]);
        check("crates/store/src/x.rs", line, &[]);
        check("bench/src/baseline.rs", line, &[]);
        check("crates/server/tests/it/x.rs", line, &[]);
        check("crates/server/src/x.rs", "// SELECT is what the store does", &[]);
        check("crates/server/src/x.rs", "f(\"please select one\")", &[]);
    }

    #[test]
    fn time_and_randomness_are_parameters() {
        check("crates/domain/src/x.rs", "let now = SystemTime::now();", &["clock"]);
        check("crates/chains/src/x.rs", "let now = Instant::now();", &["clock"]);
        check("crates/store/src/x.rs", "let now = Instant::now();", &[]);
        check("crates/chains/src/rpc/x.rs", "let now = Instant::now();", &[]);
        check("crates/store/src/x.rs", "let now = SystemTime::now();", &["clock"]);
        check("crates/domain/src/x.rs", "getrandom::fill(&mut bytes)", &["randomness"]);
        check("crates/domain/src/x.rs", "use rand::Rng;", &["randomness"]);
        check("crates/domain/src/x.rs", "use operand::Rng;", &[]);
        check("crates/server/src/clock.rs", "let now = SystemTime::now();", &[]);
    }

    #[test]
    fn a_float_near_money_needs_a_reason() {
        check("crates/domain/src/x.rs", "fn f(x: f64) {}", &["float"]);
        check("crates/store/src/x.rs", "let x = 1.5f32;", &["float"]);
        check("crates/store/src/x.rs", "x as f64 // float: seconds of a metric", &[]);
        check("crates/store/src/x.rs", "x as f64 // float:", &["float"]);
        check("crates/domain/src/x.rs", "let x = 0xaf32; value.as_f64_text()", &[]);
        check("crates/server/src/x.rs", "fn f(x: f64) {}", &[]);
    }

    #[test]
    fn markdown_leaves_nothing_for_later() {
        let open = format!("- {}: write this", ["TO", "DO"].concat());
        assert_eq!(check_markdown("a.md", &open)[0].rule, "unfinished");
        assert!(check_markdown("a.md", "a todo list app\n").is_empty());
    }
}
