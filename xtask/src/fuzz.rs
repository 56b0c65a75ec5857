//! `cargo xtask fuzz`: schemathesis against a fresh `pepay dev`, over its OpenAPI document.
//!
//! The tests fuzz too, with junk chosen by us; this is somebody else's imagination, so it lives
//! outside of `cargo xtask test`: it needs Python and, at its first run, PyPI. It runs once per
//! way to prove who one is, because each opens other routes. Invariant: any 5xx, any request
//! without an answer and any panic fails the command.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{process, python};

/// The release is part of the tree, so that two runs look for the same things.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Requests per operation and phase, unless `--minutes` lets it go on.
const EXAMPLES_MAX: &str = "60";
const ANSWER_SECONDS_MAX: &str = "40";
const OPERATOR_TOKEN: &str = "operator-token-of-the-fuzz";
/// How the last paragraph of the server's welcome ends; the port is open by then.
const WELCOME_END: &str = "\"amount_usd\"";

/// One way to prove who one is, and the paths worth trying with it.
struct Caller {
    name: &'static str,
    headers: Vec<String>,
    paths: &'static str,
    /// Goes into every path that wants an id, where guesses would only meet a 404.
    id: Option<String>,
}

pub fn run(arguments: &[&str]) -> Result<()> {
    let minutes = parse(arguments)?;
    process::run(&mut process::cargo(&["build", "--package", "server", "--bin", "pepay"]))?;
    let built = std::env::current_exe().context("cannot tell where xtask runs from")?;
    let directory = built.with_file_name("fuzz");
    fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let schemathesis = python::environment("fuzz", &[SCHEMATHESIS])?.join("bin/schemathesis");

    let server = Server::start(&built.with_file_name("pepay"), &directory)?;
    let callers = callers(&server)?;
    let seconds_each = minutes.map(|minutes| minutes * 60 / callers.len() as u64);
    let mut failed = Vec::new();
    for caller in &callers {
        println!("\n=== as {} ===", caller.name);
        let mut command = Command::new(&schemathesis);
        let parameters = directory.join("schemathesis.toml");
        fs::write(&parameters, caller.parameters())?;
        command.current_dir(&directory).arg("--config-file").arg(&parameters);
        command.args(caller.arguments(seconds_each)).arg(format!("{}/openapi.json", server.url));
        if process::run(&mut command).is_err() {
            failed.push(caller.name);
        }
    }
    let log = fs::read_to_string(&server.log_path)?;
    let bad = |line: &&str| line.contains("ERROR") || line.contains("panicked");
    let complaints: Vec<&str> = log.lines().filter(bad).take(20).collect();
    ensure!(failed.is_empty(), "the server failed requests sent as {}", failed.join(", as "));
    ensure!(complaints.is_empty(), "the server complained:\n{}", complaints.join("\n"));
    println!("\nfuzz: no request was answered with a 5xx");
    Ok(())
}

fn parse(arguments: &[&str]) -> Result<Option<u64>> {
    match arguments {
        [] => Ok(None),
        ["--minutes", minutes] => {
            let minutes: u64 = minutes.parse().context("--minutes wants a whole number")?;
            ensure!(minutes > 0, "--minutes wants at least 1");
            Ok(Some(minutes))
        }
        other => bail!("unknown arguments `{}`; try `fuzz [--minutes N]`", other.join(" ")),
    }
}

/// A member signs in before anything is tried, because what is tried may lock the sign-in.
fn callers(server: &Server) -> Result<Vec<Caller>> {
    let key = format!("x-api-key: {}", server.value("PEPAY_API_KEY")?);
    let commerce_key = format!("x-api-key: {}", server.value("PEPAY_COMMERCE_API_KEY")?);
    let (email, password) = (server.value("PEPAY_EMAIL")?, server.value("PEPAY_PASSWORD")?);
    let credentials = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
    let signed_in = server.post("/api/auth/sign-in", "accept: */*", &credentials)?;
    let signed_in_again = server.post("/api/auth/sign-in", "accept: */*", &credentials)?;
    let created = server.post("/api/v1/invoices", &key, r#"{"amount_usd":25}"#)?;
    let session = format!("x-session-token: {}", text_of(&created, "session_token")?);
    let signature = format!("x-signature: {}", text_of(&created, "signature")?);
    let bearer = |token: &str| vec![format!("authorization: Bearer {token}")];
    let member = bearer(text_of(&signed_in, "access_token")?);
    let leaver = bearer(text_of(&signed_in_again, "access_token")?);
    let invoice = Some(text_of(&created, "invoice_id")?.to_owned());
    let caller = |name, headers, paths| Caller { name, headers, paths, id: None };
    let known = |name, headers, paths| Caller { name, headers, paths, id: invoice.clone() };
    Ok(vec![
        known("a payor", vec![session, signature], "^/api/v1/(payments|invoice/)"),
        caller("a server with its key", vec![key.clone()], "^/api/v1"),
        known("a server that knows its invoice", vec![key], r"^/api/v1/invoices/\{"),
        caller("a shop with its key", vec![commerce_key], "^/api/v1"),
        caller("the operator", bearer(OPERATOR_TOKEN), "^/api/admin"),
        caller("a member", member, "^/api/(?!v1/(payments|invoice/)|admin|auth/sign-out)"),
        caller("a member who leaves", leaver, "^/api/auth/sign-out"),
        caller("nobody", Vec::new(), "."),
    ])
}

impl Caller {
    fn arguments(&self, seconds: Option<u64>) -> Vec<String> {
        let fixed = "run --checks not_a_server_error --continue-on-failure \
                     --suppress-health-check all --generation-database none";
        let mut arguments: Vec<String> = fixed.split(' ').map(str::to_owned).collect();
        let mut add = |name: &str, value: &str| arguments.extend([name.into(), value.into()]);
        add("--max-examples", EXAMPLES_MAX);
        add("--request-timeout", ANSWER_SECONDS_MAX);
        // With more, CPython 3.11 fails inside of itself now and then.
        add("--workers", "1");
        add("--include-path-regex", self.paths);
        self.headers.iter().for_each(|header| add("--header", header));
        if let Some(seconds) = seconds {
            add("--max-time", &seconds.to_string());
        }
        arguments
    }

    fn parameters(&self) -> String {
        let Some(id) = &self.id else { return String::new() };
        format!("[parameters]\n\"path.id\" = \"{id}\"\n\"path.invoice_id\" = \"{id}\"\n")
    }
}

/// The value of a text field that needs no unescaping, wherever it is in the document.
fn text_of<'a>(json: &'a str, field: &str) -> Result<&'a str> {
    let start = format!("\"{field}\":\"");
    let rest = json.split_once(&start).map(|(_, rest)| rest);
    let value = rest.and_then(|rest| rest.split_once('"')).map(|(value, _)| value);
    value.with_context(|| format!("the server answered without `{field}`: {json}"))
}

/// A `pepay dev` on a free port over an empty directory; it ends with the value.
struct Server {
    child: Child,
    url: String,
    env: String,
    log_path: PathBuf,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start(pepay: &Path, directory: &Path) -> Result<Server> {
        let (data_dir, log_path) = (directory.join("data"), directory.join("server.log"));
        let mut command = Command::new(pepay);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PEPAY_")) {
            command.env_remove(name);
        }
        command.args(["dev", "--fresh", "--port", "0", "--data-dir"]).arg(&data_dir);
        command.env("PEPAY_OPERATOR_TOKEN", OPERATOR_TOKEN).env("RUST_LOG", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log_path)?);
        let mut child = command.spawn().context("cannot start `pepay dev`")?;
        let mut stdout = BufReader::new(child.stdout.take().context("stdout is a pipe")?);
        let mut welcome = String::new();
        while !welcome.contains(WELCOME_END) {
            let read = stdout.read_line(&mut welcome)?;
            ensure!(read > 0, "`pepay dev` ended at once; see {}", log_path.display());
        }
        let env = fs::read_to_string(data_dir.join("dev.env"))?;
        let mut server = Server { child, url: String::new(), env, log_path, _stdout: stdout };
        server.url = server.value("PEPAY_API_URL")?.to_owned();
        println!("`pepay dev` runs at {}; its log is {}", server.url, server.log_path.display());
        Ok(server)
    }

    fn value(&self, name: &str) -> Result<&str> {
        let mut lines = self.env.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(key, _)| *key == name).map(|(_, value)| value);
        found.with_context(|| format!("dev.env has no {name}"))
    }

    /// Sends JSON and answers the whole answer; enough HTTP for the two requests we need.
    fn post(&self, path: &str, header: &str, body: &str) -> Result<String> {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\n{header}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{path} was answered: {answer}");
        Ok(answer)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, text_of};

    #[test]
    fn minutes_are_a_whole_number_above_zero() {
        assert_eq!(parse(&[]).expect("none is fine"), None);
        assert_eq!(parse(&["--minutes", "3"]).expect("a number"), Some(3));
        for arguments in [&["--minutes"][..], &["--minutes", "0"], &["--minutes", "x"], &["3"]] {
            assert!(parse(arguments).is_err(), "{arguments:?} was accepted");
        }
    }

    #[test]
    fn a_field_is_found_wherever_it_is() {
        let json = r#"{"data":{"other":"1","token":"abc"}}"#;
        assert_eq!(text_of(json, "token").expect("there"), "abc");
        assert!(text_of(json, "missing").is_err());
    }
}
