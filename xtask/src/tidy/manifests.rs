//! What tidy says about Cargo.toml files: which way the arrows go, and that nothing is idle.
//!
//! domain knows nobody; store, chains, providers and search know domain; only server (and the
//! benchmark, which drives it) knows them all. Cargo forbids cycles, not shortcuts, so the
//! arrows are written down here. A dependency whose name no file of its crate mentions goes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::{Finding, Tree, is_manifest, rules};
use crate::source;

/// The crates of this workspace that a crate may depend on. One that is not listed may use all.
const ARROWS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("chains", &["domain"]),
    ("providers", &["domain"]),
    ("search", &["domain"]),
    ("xtask", &[]),
];
/// Marks a dependency that is there for a reason the code does not show.
const UNNAMED_MARK: &str = "# unnamed:";

pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut packages = BTreeMap::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_manifest(path)) {
        let manifest: Table = text.parse().with_context(|| format!("cannot read {path}"))?;
        if let Some(name) = package_name(&manifest) {
            packages.insert(name, Manifest { path, text, table: manifest });
        }
    }
    let names: BTreeSet<&str> = packages.keys().map(String::as_str).collect();

    let mut findings = Vec::new();
    for (name, manifest) in &packages {
        manifest.check_lints(&mut findings);
        manifest.check_arrows(name, &names, &mut findings);
        manifest.check_idle(tree, &mut findings);
    }
    Ok(findings)
}

struct Manifest<'tree> {
    path: &'tree str,
    text: &'tree str,
    table: Table,
}

impl Manifest<'_> {
    fn check_lints(&self, findings: &mut Vec<Finding>) {
        let inherited = self
            .table
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(Value::as_bool)
            .unwrap_or_default();
        if !inherited {
            findings.push(self.finding(1, "lints", "add `[lints]` with `workspace = true`"));
        }
    }

    fn check_arrows(&self, name: &str, names: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            return;
        };
        for dependency in self.dependencies() {
            if names.contains(dependency) && !allowed.contains(&dependency) {
                let advice = format!("{name} must not depend on {dependency}");
                findings.push(self.finding(self.line_of(dependency), "arrows", &advice));
            }
        }
    }

    fn check_idle(&self, tree: &Tree, findings: &mut Vec<Finding>) {
        let folder = self.path.trim_end_matches("Cargo.toml");
        let mentioned: BTreeSet<String> = tree
            .iter()
            .filter(|(path, _)| path.starts_with(folder) && path.ends_with(".rs"))
            .flat_map(|(_, text)| source::lines(text))
            .flat_map(|line| rules::words(&line.code).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        for dependency in self.dependencies() {
            let line = self.line_of(dependency);
            let marked =
                self.text.lines().nth(line - 1).is_some_and(|line| line.contains(UNNAMED_MARK));
            if !mentioned.contains(&dependency.replace('-', "_")) && !marked {
                let advice = format!(
                    "no file of this crate names {dependency}: remove it, or say why it is there \
                     with `{UNNAMED_MARK} reason`"
                );
                findings.push(self.finding(line, "idle dependency", &advice));
            }
        }
    }

    /// The names under which the crate may use other crates, those of its tests included.
    fn dependencies(&self) -> BTreeSet<&str> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let per_target = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        std::iter::once(&self.table)
            .chain(per_target)
            .flat_map(|table| {
                ["dependencies", "dev-dependencies", "build-dependencies"]
                    .into_iter()
                    .filter_map(|kind| table.get(kind).and_then(Value::as_table))
            })
            .flat_map(Table::keys)
            .map(String::as_str)
            .collect()
    }

    /// The line that declares a dependency; 1 if it is declared in a way we do not recognise.
    fn line_of(&self, dependency: &str) -> usize {
        let declares = |line: &str| {
            line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        self.text.lines().position(declares).map_or(1, |index| index + 1)
    }

    fn finding(&self, line: usize, rule: &'static str, advice: &str) -> Finding {
        Finding { path: self.path.to_owned(), line, rule, advice: advice.to_owned() }
    }
}

fn package_name(manifest: &Table) -> Option<String> {
    manifest.get("package")?.get("name")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    const LINTS: &str = "\n[lints]\nworkspace = true\n";

    /// A workspace of two crates; the first one's manifest is the one under test.
    fn findings(name: &str, dependencies: &str, lints: &str, code: &str) -> Vec<String> {
        let manifest = format!("[package]\nname = \"{name}\"\n{dependencies}{lints}");
        let tree: Tree = [
            ("crates/x/Cargo.toml", manifest),
            ("crates/x/src/lib.rs", code.to_owned()),
            ("crates/y/Cargo.toml", format!("[package]\nname = \"server\"\n{LINTS}")),
            ("crates/z/Cargo.toml", format!("[package]\nname = \"domain\"\n{LINTS}")),
        ]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text))
        .collect();
        let findings = check(&tree).expect("manifests are TOML");
        findings.iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn arrows_go_one_way() {
        let uses = "use server::x; use domain::y;";
        let to_server = "[dev-dependencies]\nserver.workspace = true\n";
        assert_eq!(findings("store", to_server, LINTS, uses), ["4: arrows"]);
        let to_domain = "[dependencies]\ndomain = { workspace = true }\n";
        assert!(findings("store", to_domain, LINTS, uses).is_empty());
        assert!(findings("bench", to_server, LINTS, uses).is_empty());
        let for_one_system = "[target.'cfg(unix)'.dependencies]\nserver.workspace = true\n";
        assert_eq!(findings("chains", for_one_system, LINTS, uses), ["4: arrows"]);
    }

    #[test]
    fn lints_are_inherited() {
        assert_eq!(findings("store", "", "", ""), ["1: lints"]);
    }

    #[test]
    fn a_dependency_is_used_or_explained() {
        let declared = "[dependencies]\ntokio-postgres.workspace = true\n";
        let idle = findings("store", declared, LINTS, "// tokio_postgres");
        assert_eq!(idle, ["4: idle dependency"]);
        assert!(findings("store", declared, LINTS, "use tokio_postgres::Client;").is_empty());
        let explained = "[dependencies]\nbytes.workspace = true # unnamed: turns a feature on\n";
        assert!(findings("store", explained, LINTS, "").is_empty());
    }
}
