//! `cargo xtask openapi`: the checked-in openapi.json against the server's own account of itself.
//!
//! The document is generated from the code by `pepay openapi`. It is checked in so that a change
//! of the public interface shows in a review, and so that clients can be built without building
//! the server. Invariant: the file is byte-equal to what the binary of the same commit prints.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process;

const FILE: &str = "openapi.json";

/// Which build produces the binary. Cargo unites the features of everything it builds at once,
/// so asking for the server alone right after the tests would compile half the tree again.
#[derive(Clone, Copy)]
pub enum Build {
    ServerAlone,
    AlongWithTests,
}

pub fn write() -> Result<()> {
    let document = generate(Build::ServerAlone)?;
    std::fs::write(FILE, document).with_context(|| format!("cannot write {FILE}"))?;
    println!("wrote {FILE}");
    Ok(())
}

pub fn check(build: Build) -> Result<()> {
    let generated = generate(build)?;
    let kept = std::fs::read_to_string(FILE)
        .with_context(|| format!("cannot read {FILE}; `cargo xtask openapi` writes it"))?;
    if let Some(line) = first_difference(&kept, &generated) {
        bail!(
            "{FILE} is out of date from line {line}: run `cargo xtask openapi` and commit the file"
        );
    }
    println!("{FILE} is up to date");
    Ok(())
}

/// Builds the server and says where it is.
pub fn server_binary(build: Build) -> Result<PathBuf> {
    let selection: &[&str] = match build {
        Build::ServerAlone => &["build", "--quiet", "--package", "server", "--bin", "pepay"],
        Build::AlongWithTests => &["build", "--quiet", "--workspace", "--bins", "--tests"],
    };
    process::run(&mut process::cargo(selection))?;

    // Built by the same cargo into the same directory as xtask itself.
    let xtask = std::env::current_exe().context("cannot tell where xtask runs from")?;
    Ok(xtask.with_file_name(format!("pepay{}", std::env::consts::EXE_SUFFIX)))
}

fn generate(build: Build) -> Result<String> {
    let pepay = server_binary(build)?;
    let mut document = process::output(Command::new(pepay).arg("openapi"))?;
    ensure!(document.trim_start().starts_with('{'), "`pepay openapi` printed no JSON object");
    document.truncate(document.trim_end().len());
    document.push('\n');
    Ok(document)
}

/// The number of the first line that is not the same in both.
fn first_difference(kept: &str, generated: &str) -> Option<usize> {
    if kept == generated {
        return None;
    }
    let same = kept.lines().zip(generated.lines()).take_while(|(old, new)| old == new).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_different_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
