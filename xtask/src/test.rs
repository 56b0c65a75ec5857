//! `cargo xtask test`: every check a change must pass, in the order in which they fail fastest.
//!
//! One list of steps, the same on a laptop and in continuous integration. It stops at the first
//! step that fails, names it, and ends with a summary of what ran and how long it took.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::{browser, install, networks, openapi, postgres, process, python, sdk, tidy};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Fmt,
    Clippy,
    Tidy,
    Deny,
    Doc,
    Tests,
    Openapi,
    Sdk,
}

const STEPS: [Step; 8] = [
    Step::Fmt,
    Step::Clippy,
    Step::Tidy,
    Step::Deny,
    Step::Doc,
    Step::Tests,
    Step::Openapi,
    Step::Sdk,
];

/// What the command line asked for.
#[derive(PartialEq, Eq, Debug)]
pub struct Plan {
    steps: Vec<Step>,
    /// Passed to the test programs: only tests whose names contain one of these run.
    filters: Vec<String>,
}

struct Done {
    step: Step,
    took: Duration,
}

impl Plan {
    pub fn parse(arguments: &[&str]) -> Result<Plan> {
        let mut only = Vec::new();
        let mut skip = Vec::new();
        let mut filters = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--only" => only.push(Step::parse(rest.next())?),
                "--skip" => skip.push(Step::parse(rest.next())?),
                option if option.starts_with('-') => bail!("unknown option `{option}`"),
                filter => filters.push(filter.to_owned()),
            }
        }
        let steps = STEPS
            .into_iter()
            .filter(|step| only.is_empty() || only.contains(step))
            .filter(|step| !skip.contains(step))
            .collect();
        Ok(Plan { steps, filters })
    }
}

pub fn run(plan: &Plan) -> Result<()> {
    install_for(&plan.steps)?;

    let mut done = Vec::new();
    for step in &plan.steps {
        println!("\n=== {} ===", step.name());
        let started = now();
        let result = step.run(&plan.filters);
        let took = started.elapsed();
        if let Err(error) = result {
            println!("=== {} FAILED after {took:.1?} ===", step.name());
            summarise(&plan.steps, &done, Some(*step));
            return Err(error.context(format!("step `{}` failed", step.name())));
        }
        println!("=== {} passed in {took:.1?} ===", step.name());
        done.push(Done { step: *step, took });
    }
    summarise(&plan.steps, &done, None);
    Ok(())
}

/// Before the first step, so that a missing tool is known at once and not after twenty minutes.
fn install_for(steps: &[Step]) -> Result<()> {
    for step in steps {
        match step {
            Step::Fmt => install::toolchain_component("rustfmt", "fmt")?,
            Step::Clippy => install::toolchain_component("clippy", "clippy")?,
            Step::Deny => install::cargo_deny()?,
            Step::Tests => {
                if postgres::given().is_none() {
                    install::postgres()?;
                }
                python::for_tests()?;
                networks::install()?;
                browser::install()?;
            }
            Step::Sdk => sdk::install()?,
            Step::Tidy | Step::Doc | Step::Openapi => {}
        }
    }
    Ok(())
}

fn summarise(steps: &[Step], done: &[Done], failed: Option<Step>) {
    println!("\n=== summary ===");
    for step in steps {
        let name = step.name();
        match done.iter().find(|done| done.step == *step) {
            Some(Done { took, .. }) => println!("  passed   {name:8} {took:.1?}"),
            None if failed == Some(*step) => println!("  FAILED   {name}"),
            None => println!("  not run  {name}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a step took is shown and nothing else")]
fn now() -> Instant {
    Instant::now()
}

impl Step {
    fn parse(name: Option<&&str>) -> Result<Step> {
        let names = STEPS.map(Step::name).join(", ");
        match name {
            None => bail!("--only and --skip want a step: {names}"),
            Some(name) => match STEPS.into_iter().find(|step| step.name() == *name) {
                Some(step) => Ok(step),
                None => bail!("there is no step `{name}`; the steps are {names}"),
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Step::Fmt => "fmt",
            Step::Clippy => "clippy",
            Step::Tidy => "tidy",
            Step::Deny => "deny",
            Step::Doc => "doc",
            Step::Tests => "tests",
            Step::Openapi => "openapi",
            Step::Sdk => "sdk",
        }
    }

    fn run(self, filters: &[String]) -> Result<()> {
        match self {
            Step::Fmt => process::run(&mut process::cargo(&["fmt", "--all", "--check"])),
            Step::Clippy => {
                let arguments =
                    ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
                process::run(&mut process::cargo(&arguments))
            }
            Step::Tidy => tidy::run(),
            Step::Deny => {
                let arguments =
                    ["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
                process::run(&mut process::cargo(&arguments))
            }
            Step::Doc => {
                let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items"];
                process::run(process::cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
            }
            Step::Tests => run_tests(filters),
            Step::Openapi => openapi::check(openapi::Build::AlongWithTests),
            Step::Sdk => sdk::check(),
        }
    }
}

fn run_tests(filters: &[String]) -> Result<()> {
    let python = python::for_tests()?;
    let postgres = postgres::Postgres::start()?;
    println!("PostgreSQL for the tests: {}", postgres.url);
    let mut command = process::cargo(&["test", "--workspace"]);
    command.env(postgres::URL_VARIABLE, &postgres.url).env(python::VARIABLE, &python);
    if !filters.is_empty() {
        command.arg("--").args(filters);
    }
    process::run(&mut command)?;

    println!("The server's tests once more, with PostgreSQL under them");
    let mut command = Command::new(server_tests()?);
    command.current_dir("crates/server");
    command.env(postgres::URL_VARIABLE, &postgres.url).env(python::VARIABLE, &python);
    command.env("PEPAY_TEST_ENGINE", "postgres");
    command.args(["--test-threads", "8"]).args(filters);
    process::run(&mut command)
}

/// The program with the server's tests, as the whole workspace's build made it: built by itself
/// the server would have its dependencies compiled once more, with fewer features.
fn server_tests() -> Result<PathBuf> {
    let mut command = process::cargo(&["test", "--workspace", "--no-run"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    let messages = process::output(&mut command)?;
    let is_program = |line: &&str| {
        line.contains("/crates/server#")
            && line.contains(r#""kind":["test"]"#)
            && line.contains(r#""name":"it""#)
    };
    let line = messages.lines().find(is_program);
    let rest = line.and_then(|line| line.split_once(r#""executable":""#));
    let program = rest.and_then(|(_, rest)| rest.split_once('"'));
    let (program, _) = program.context("cargo did not say where the server's tests are")?;
    Ok(PathBuf::from(program))
}

#[cfg(test)]
mod tests {
    use super::{Plan, STEPS, Step};

    #[test]
    fn without_arguments_every_step_runs() {
        let plan = Plan::parse(&[]).expect("nothing to misread");
        assert_eq!(plan, Plan { steps: STEPS.to_vec(), filters: Vec::new() });
    }

    #[test]
    fn steps_are_chosen_and_names_narrow_the_tests() {
        let plan = Plan::parse(&["--only", "tests", "expires"]).expect("a known step");
        assert_eq!(plan, Plan { steps: vec![Step::Tests], filters: vec!["expires".to_owned()] });

        let plan = Plan::parse(&["--skip", "deny"]).expect("a known step");
        assert!(!plan.steps.contains(&Step::Deny));
        assert_eq!(plan.steps.len(), STEPS.len() - 1);
    }

    #[test]
    fn a_misspelt_step_or_option_is_refused() {
        for arguments in [&["--only", "test"][..], &["--only"], &["--onyl"]] {
            assert!(Plan::parse(arguments).is_err(), "{arguments:?} was accepted");
        }
    }
}
