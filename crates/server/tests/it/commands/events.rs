//! `pepay events`: tail tells what happens, list what happened, resend sends it again.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::json;

use super::listen::target::Target;
use super::{Dev, complaint, directory, pepay, run, said, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tail_and_list_tell_the_same() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    let (first, second) = (dev.invoice().await, dev.invoice().await);
    let directory = text(&data_dir);
    let arguments = ["events", "tail", "--json", "--since", "0", "--data-dir", &directory];
    let mut command = pepay(&arguments);
    let mut tail = command.stdout(Stdio::piped()).spawn().expect("starts");
    let lines = BufReader::new(tail.stdout.take().expect("a pipe")).lines();
    let told: Vec<String> = lines.take(2).map(|line| line.expect("reads")).collect();
    tail.kill().expect("ends");
    tail.wait().expect("ends");

    let listed = said(&["events", "list", "--json", "--data-dir", &directory]);
    let listed: Vec<&str> = listed.lines().collect();
    assert_eq!(listed, [told[1].as_str(), &told[0]], "newest first, byte for byte");
    let list = ["events", "list", "--data-dir", &directory];
    let lines = said(&[&list[..], &["--invoice", &first]].concat());
    assert!(lines.contains(&first) && !lines.contains(&second), "{lines}");
    assert_eq!(said(&[&list[..], &["--events", "test.*"]].concat()), "");
    assert_eq!(run(&[&list[..], &["--limit", "0"]].concat()).status.code(), Some(2));
}

/// Waits until the endpoint's only delivery was attempted so often, and that is written down.
async fn until_attempted(dev: &Dev, endpoint: &str, attempts: i64) {
    let path = format!("/api/v1/webhooks/{endpoint}/deliveries");
    loop {
        let (_, list) = dev.send("GET", &path, None).await;
        let delivery = &list["data"][0];
        if delivery["status"] == "delivered" && delivery["attempt_count"] == json!(attempts) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resend_sends_again_and_says_where_to() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    let (target, directory) = (Target::start().await, text(&data_dir));
    let resend = |arguments: &[&str]| {
        run(&[&["events", "resend", "--data-dir", &directory][..], arguments].concat())
    };
    let body = json!({ "url": target.url, "enabled_events": ["invoice.*"] });
    let (status, endpoint) = dev.send("POST", "/api/v1/webhooks", Some(body)).await;
    assert_eq!(status, 200, "{endpoint}");
    let endpoint = endpoint["id"].as_str().expect("an id");
    dev.invoice().await;
    until_attempted(&dev, endpoint, 1).await;
    let first = target.received().remove(0);
    let id = first.header("webhook-id");

    let output = resend(&[id]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.starts_with("del_") && said.contains(endpoint), "{said}");
    until_attempted(&dev, endpoint, 2).await;
    assert!(resend(&[id, "--endpoint", endpoint]).status.success());
    until_attempted(&dev, endpoint, 3).await;
    assert_eq!(target.received().len(), 3);
    for again in target.received() {
        assert_eq!((again.header("webhook-id"), &again.body), (id, &first.body));
    }

    let elsewhere = "we_0192f0c1b1d27c3ab3a1f3c1a2b3c4d5";
    assert!(complaint(resend(&[id, "--endpoint", elsewhere])).contains("no delivery"));
    assert!(complaint(resend(&["evt_1-100"])).contains("NOT_FOUND"));
    let path = format!("/api/v1/webhooks/{endpoint}");
    let disabled = json!({ "status": "disabled" });
    assert_eq!(dev.send("PATCH", &path, Some(disabled)).await.0, 200);
    assert!(complaint(resend(&[id])).contains("WEBHOOK_ENDPOINT_DISABLED"));
}
