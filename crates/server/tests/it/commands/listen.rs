//! `pepay listen`: whatever is restarted, every event reaches the target, in order and signed.

pub mod target;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use domain::webhook_endpoint::WebhookSecret;
use domain::webhook_signature::verify;
use serde_json::Value;

use super::{Dev, complaint, directory, mode, pepay, run, said, text};
use target::Target;

/// A running `pepay listen`; it ends, without being asked, with the value.
struct Listen {
    child: Child,
    notes: BufReader<ChildStderr>,
    lines: BufReader<ChildStdout>,
}

impl Listen {
    fn start(data_dir: &Path, target: &str, more: &[&str]) -> Listen {
        let directory = text(data_dir);
        let mut command = pepay(&["listen", "--data-dir", &directory, "--forward-to", target]);
        command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let notes = BufReader::new(child.stderr.take().expect("a pipe"));
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Listen { child, notes, lines }
    }

    /// Reads what it says to people until it says this.
    fn until(&mut self, words: &str) {
        let mut said = String::new();
        while !said.contains(words) {
            let read = self.notes.read_line(&mut said).expect("reads");
            assert_ne!(read, 0, "it ended without {words:?}: {said}");
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("reads");
        line.trim_end().to_owned()
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let bound = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    bound.local_addr().expect("an address").port()
}

/// Every event there is, oldest first, as ids and as texts.
async fn history(dev: &Dev) -> Vec<(String, String)> {
    let url = format!("{}/api/v1/events?limit=100", dev.value("PEPAY_API_URL"));
    let request = reqwest::Client::new().get(url).header("x-api-key", dev.value("PEPAY_API_KEY"));
    let body = request.send().await.expect("answers").text().await.expect("a body");
    let page: Page = serde_json::from_str(&body).expect("JSON");
    let mut events: Vec<_> =
        page.data.data.into_iter().map(|text| (id(text.get()), text)).collect();
    events.reverse();
    events.into_iter().map(|(id, text)| (id, text.get().to_owned())).collect()
}

#[derive(serde::Deserialize)]
struct Page {
    data: Data,
}

#[derive(serde::Deserialize)]
struct Data {
    data: Vec<Box<serde_json::value::RawValue>>,
}

fn id(text: &str) -> String {
    let event: Value = serde_json::from_str(text).expect("JSON");
    event["id"].as_str().expect("an id").to_owned()
}

async fn invoices(dev: &Dev, count: usize) {
    for _ in 0..count {
        dev.invoice().await;
    }
}

/// What the target got, without the repetitions of what it had got just before.
fn without_repetitions(target: &Target) -> Vec<String> {
    let mut ids: Vec<String> = target.received().iter().map(|got| id(&got.body)).collect();
    ids.dedup();
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whichever_of_the_three_is_restarted() {
    let home = directory();
    let data_dir = home.path().join("data");
    let port = free_port().to_string();
    let mut dev = Dev::start_on(&port, &data_dir, &[]);
    invoices(&dev, 1).await;
    let before = history(&dev).await.len();
    let mut target = Target::start().await;
    let start = |target: &Target| Listen::start(&data_dir, &target.url, &[]);
    let mut listen = start(&target);
    listen.until("from now on");
    listen.until("connected");
    // The first place is kept as soon as it is known; nothing before it is told.
    invoices(&dev, 3).await;
    target.until(3).await;

    // The target is away.
    target.stop().await;
    invoices(&dev, 3).await;
    listen.until("is not there");
    target.go_on().await;
    listen.until("answers again");
    target.until(6).await;

    // The listener is away.
    drop(listen);
    invoices(&dev, 3).await;
    let mut listen = start(&target);
    listen.until("going on at evt_");
    target.until(9).await;

    // The server is away.
    drop(dev);
    listen.until("is not there");
    dev = Dev::start_on(&port, &data_dir, &[]);
    listen.until("connected");
    invoices(&dev, 3).await;
    target.until(12).await;

    // All of them are, and the server comes last.
    target.stop().await;
    invoices(&dev, 3).await;
    listen.until("is not there");
    drop((listen, dev));
    let mut listen = start(&target);
    listen.until("is not there");
    dev = Dev::start_on(&port, &data_dir, &[]);
    target.go_on().await;
    target.until(15).await;

    let all = history(&dev).await.split_off(before);
    let ids: Vec<String> = all.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(without_repetitions(&target), ids);
    let secret = std::fs::read_to_string(data_dir.join("listen/secret")).expect("reads");
    let secret = WebhookSecret::parse(&secret).expect("a secret");
    for got in target.received() {
        let (_, text) = all.iter().find(|(known, _)| *known == id(&got.body)).expect("is known");
        assert_eq!(got.body, *text, "byte for byte");
        let at: i64 = got.header("x-pepay-timestamp").parse().expect("a number");
        assert!(verify(&secret, got.body.as_bytes(), at, got.header("x-pepay-signature")));
        assert_eq!(got.header("webhook-id"), id(&got.body));
        assert_eq!(got.header("x-pepay-event"), "invoice.created");
        assert_eq!(got.header("x-pepay-network-environment"), "devnet");
        assert!(got.header("webhook-signature").starts_with("v1,"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_and_what_is_asked_for() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    invoices(&dev, 2).await;
    let target = Target::start().await;
    target.answer(503);
    let since = ["--since", "0", "--events", "invoice.*"];
    let mut listen = Listen::start(&data_dir, &target.url, &since);
    let all = history(&dev).await;
    for (id, _) in &all {
        let line = listen.line();
        assert!(line.contains(&format!("  invoice.created  {id}  -> 503 ")), "{line}");
    }
    let twice = ["listen", "--data-dir", &text(&data_dir), "--forward-to", &target.url];
    assert!(complaint(run(&twice)).contains("another `pepay listen`"));
    drop(listen);

    let mut listen = Listen::start(&data_dir, &target.url, &["--since", &all[0].0, "--json"]);
    let line: Value = serde_json::from_str(&listen.line()).expect("JSON");
    assert_eq!((&line["event"]["id"], &line["status"]), (&all[1].0.clone().into(), &503.into()));
    assert!(line["duration_ms"].is_u64());
    let pid = listen.child.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-s", "INT", &pid]).status().expect("runs").success());
    assert_eq!(listen.child.wait().expect("ends").code(), Some(0), "Ctrl-C is a good end");
}

/// What is read of an answer is bounded; that there is more of it takes no status back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_long_is_an_answer() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    invoices(&dev, 3).await;
    let target = Target::start().await;
    target.answer_bytes(1 << 20);
    let mut listen = Listen::start(&data_dir, &target.url, &["--since", "0"]);
    for (id, _) in history(&dev).await {
        let line = listen.line();
        assert!(line.contains(&format!("  invoice.created  {id}  -> 200 ")), "{line}");
    }
    assert_eq!(target.received().len(), 3, "once each");
}

#[tokio::test]
async fn the_secret_stays_and_is_its_owners() {
    let home = directory();
    let data_dir = text(home.path());
    let first = said(&["listen", "--print-secret", "--data-dir", &data_dir]);
    assert!(WebhookSecret::parse(first.trim()).is_some(), "{first}");
    assert_eq!(said(&["listen", "--print-secret", "--data-dir", &data_dir]), first);
    let path = home.path().join("listen");
    assert_eq!((mode(&path), mode(&path.join("secret"))), (0o700, 0o600));
}

#[tokio::test]
async fn what_cannot_work_is_said_at_once() {
    let home = directory();
    let data_dir = text(home.path());
    let listen = |more: &[&str]| {
        let first = ["listen", "--data-dir", &data_dir, "--forward-to", "http://127.0.0.1:1/"];
        run(&[&first[..], more].concat())
    };
    assert!(complaint(listen(&[])).contains("no --api-url"), "neither a flag nor dev.env");
    let url = ["--api-url", "http://127.0.0.1:1", "--api-key"];
    let with_path = ["--api-url", "http://127.0.0.1:1/api", "--api-key", "sk_test_1"];
    assert!(complaint(listen(&with_path)).contains("without a path"));
    assert!(complaint(listen(&[&url[..], &["a\nb"]].concat())).contains("API key"));
    for wrong in [["--events", "invoice.paid"], ["--since", "yesterday"]] {
        assert_eq!(listen(&wrong).status.code(), Some(2), "{wrong:?}");
    }

    let dev = Dev::start(&home.path().join("data"), &[]);
    let url = dev.value("PEPAY_API_URL");
    let refused = complaint(listen(&["--api-url", url, "--api-key", "sk_test_unknown"]));
    assert!(refused.contains("API_KEY_INVALID") && !refused.contains("unknown"), "{refused}");
}
