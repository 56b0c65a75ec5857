//! `pepay ledger`: the proof that nobody changed the books, and how they end.
//!
//! A database whose owner wants to forge can make a whole new chain. So the proof prints where each
//! merchant's chain ends: who keeps that elsewhere can have it held against the books later.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::ids::MerchantId;
use store::{LedgerReport, NotedHead, Severity, Store};

use crate::commands::place::{self, Place, store_config};
use crate::commands::{say, start};

const EXAMPLES: &str = "\
Examples:
  pepay ledger verify                       every transfer hashed again, every sum made again
  pepay ledger verify > heads.txt           … and where each merchant's chain ends, to keep
  pepay ledger verify --noted heads.txt     … held against what was kept before

Prints a line for each merchant: its number, how many transfers, and their hash. The exit code is 1
if anything does not agree.";

const PROGRESS_EVERY: u64 = 100_000;

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LedgerOptions {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum LedgerCommand {
    /// Proves that the ledger is what was written
    Verify(VerifyOptions),
}

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct VerifyOptions {
    #[command(flatten)]
    place: Place,
    /// What an earlier proof printed
    #[arg(long, value_name = "FILE")]
    noted: Option<PathBuf>,
}

pub fn run(options: LedgerOptions) -> anyhow::Result<ExitCode> {
    match options.command {
        LedgerCommand::Verify(options) => verify(options),
    }
}

fn verify(options: VerifyOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    let noted = options.noted.as_deref().map(read_noted).transpose()?.unwrap_or_default();
    start::block_on(async {
        place::check_exists(&config)?;
        let store = Store::open(store_config(&config)).await?;
        let report = store.verify_ledger(&noted, show_progress).await;
        let sums = store.check_ledger().await;
        store.close().await;
        let (mut report, sums) = (report?, sums?);
        report.findings.extend(sums);
        Ok(tell(&report))
    })
}

fn show_progress(verified: u64) {
    if verified.is_multiple_of(PROGRESS_EVERY) && std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r{verified} transfers");
    }
}

fn tell(report: &LedgerReport) -> ExitCode {
    for head in &report.heads {
        say(&format!("{} {} {}", head.merchant_id, head.length, hex(&head.hash)));
    }
    for finding in &report.findings {
        eprintln!("{}\n  {}", finding.what, finding.what_to_do);
    }
    let is_broken = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    let verdict = if is_broken { "the ledger is not what was written" } else { "all agree" };
    eprintln!("{} transfers proven: {verdict}", report.verified);
    if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_noted(path: &Path) -> anyhow::Result<Vec<NotedHead>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| noted(line).with_context(|| format!("not a line of a proof: {line}")))
        .collect()
}

fn noted(line: &str) -> Option<NotedHead> {
    let mut words = line.split_whitespace();
    let merchant_id = MerchantId(words.next()?.parse().ok()?);
    let length = words.next()?.parse().ok()?;
    let digits = words.next().filter(|digits| digits.len() == 64 && digits.is_ascii())?;
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    words.next().is_none().then_some(NotedHead { merchant_id, length, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_printed_is_read_back() {
        let head = NotedHead { merchant_id: MerchantId(7), length: 12, hash: [0xab; 32] };
        let line = format!("7 12 {}", hex(&head.hash));
        assert_eq!(noted(&line), Some(head));
        for broken in ["", "7 12", "7 12 ab", "x 12 ab", &format!("{line} more")] {
            assert_eq!(noted(broken), None, "{broken}");
        }
    }
}
