//! `pepay doctor`: looks at everything a deployment stands on, and says what to do.
//!
//! It changes nothing, except that opening an older database brings its schema up to date. Exit
//! code 1 says that something FAILs; a warning alone does not.

mod checks;
mod networks;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::commands::place::Place;
use crate::commands::start;

const EXAMPLES: &str = "\
Examples:
  pepay doctor
  pepay doctor --config /etc/pepay/pepay.toml --json

Each line is ok, warn or FAIL. The exit code is 1 if any line is FAIL.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorOptions {
    #[command(flatten)]
    place: Place,
    /// Prints the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_to_do: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, what: impl Into<String>) -> Finding {
        Finding { check, state: State::Ok, what: what.into(), what_to_do: None }
    }

    fn warn(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Finding {
        let what_to_do = Some(to_do.into());
        Finding { check, state: State::Warn, what: what.into(), what_to_do }
    }

    fn fail(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Finding {
        Finding { state: State::Fail, ..Finding::warn(check, what, to_do) }
    }

    fn print(&self) {
        let state = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        println!("{state}  {:<12} {}", self.check, self.what);
        if let Some(what_to_do) = &self.what_to_do {
            println!("      {:<12} → {what_to_do}", "");
        }
    }
}

pub fn run(options: DoctorOptions) -> anyhow::Result<ExitCode> {
    let findings = match options.place.load() {
        Ok(config) => start::block_on(async { Ok(checks::all(&config).await) })?,
        Err(error) => {
            let to_do = "correct the file or the variable that it names";
            vec![Finding::fail("config", format!("{error:#}"), to_do)]
        }
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(Finding::print);
    }
    let has_failed = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
