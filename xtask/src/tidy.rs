//! The project's own rules that no other tool knows: headers, lengths, layers, forbidden words.
//!
//! Each rule guards a habit that decays one reasonable exception at a time, so it is checked
//! instead of remembered. A finding is `file:line: rule: what to do`. The rules live in `rules`
//! (what is said about one file) and here (which files there are, and what is said about all).

mod manifests;
mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;

/// One broken rule at one place.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, line, rule, advice } = self;
        write!(formatter, "{path}:{line}: {rule}: {advice}")
    }
}

/// The files of the tree, by their path from its root.
type Tree = BTreeMap<String, String>;

pub fn run() -> Result<()> {
    let tree = read_tree()?;
    let findings = check(&tree)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} broken rules in {} files", findings.len(), tree.len());
    }
    println!("tidy: {} files in order", tree.len());
    Ok(())
}

fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = manifests::check(tree)?;
    for (path, text) in tree {
        if path.ends_with(".rs") {
            findings.extend(rules::check_rust(path, text));
        } else if path.ends_with(".md") {
            findings.extend(rules::check_markdown(path, text));
        }
    }
    findings.sort();
    Ok(findings)
}

/// What git tracks and what it would track, so that a new file is checked before its first commit.
fn read_tree() -> Result<Tree> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = process::output(Command::new("git").args(arguments))
        .context("tidy asks git which files belong to the tree")?;
    let mut tree = Tree::new();
    for path in listed.split_terminator('\0') {
        let wanted = path.ends_with(".rs") || path.ends_with(".md") || is_manifest(path);
        // A tracked file may be deleted in the working tree.
        if wanted && std::fs::exists(path)? {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
            tree.insert(path.to_owned(), text);
        }
    }
    Ok(tree)
}

fn is_manifest(path: &str) -> bool {
    path == "Cargo.toml" || path.ends_with("/Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn findings_come_in_the_order_of_files_and_lines() {
        let tree: Tree = [
            ("b.rs", "fn main() {\n    dbg!(1);\n}\n"),
            ("a.md", "one\nTO\u{44}O: two\n"),
            ("c.txt", "no rule speaks of this"),
        ]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
        let places: Vec<String> = check(&tree)
            .expect("no manifest to misread")
            .iter()
            .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.rule))
            .collect();
        assert_eq!(places, ["a.md:2: unfinished", "b.rs:1: header", "b.rs:2: leftover"]);
    }
}
