//! `pepay trigger`: the event really happens, and what cannot happen is refused before anything.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::{Dev, complaint, directory, pepay, run, text};

/// What a trigger that worked printed: the id, type and status of each event.
fn happened(output: Output) -> Vec<(String, String, String)> {
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}");
    let printed = String::from_utf8(output.stdout).expect("text");
    let fields = |line: &str| {
        let fields: Vec<&str> = line.split("  ").collect();
        (fields[0].to_owned(), fields[1].to_owned(), fields[3].to_owned())
    };
    printed.lines().map(fields).collect()
}

fn trigger(data_dir: &Path, arguments: &[&str]) -> Output {
    let directory = text(data_dir);
    run(&[&["trigger", "--data-dir", &directory][..], arguments].concat())
}

async fn event(dev: &Dev, id: &str) -> Value {
    let (status, found) = dev.send("GET", &format!("/api/v1/events/{id}"), None).await;
    assert_eq!(status, 200, "{found}");
    found["data"].clone()
}

#[tokio::test]
async fn each_scenario_ends_as_it_says_and_is_history() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    let cases = [
        ("invoice.created", &[][..], "invoice.created", "unpaid"),
        ("invoice.updated", &[], "invoice.updated", "paid"),
        ("invoice.updated", &["scenario=under"], "invoice.updated", "underpaid"),
        ("invoice.updated", &["scenario=over", "network=solana"], "invoice.updated", "paid"),
        ("invoice.updated", &["scenario=expire"], "invoice.updated", "expired"),
        ("invoice.updated", &["scenario=late"], "invoice_payment.updated", "confirmed"),
        ("invoice.updated", &["scenario=cancel"], "invoice.updated", "canceled"),
        ("invoice.updated", &["scenario=reorg", "network=sui"], "invoice.updated", "paid"),
        (
            "invoice_payment.updated",
            &["scenario=reorg", "network=bsc"],
            "invoice_payment.updated",
            "reverted",
        ),
        ("invoice_payment.created", &["token=usdc"], "invoice_payment.created", "pending"),
        ("invoice_payment.updated", &["amount_usd=7.5"], "invoice_payment.updated", "confirmed"),
    ];
    // Blocks take their time, so all wait for them at once.
    let mut running = Vec::new();
    for (name, overrides, kind, status) in cases {
        let directory = text(&data_dir);
        let mut command = pepay(&["trigger", "--data-dir", &directory, name]);
        for one in overrides {
            command.args(["--override", one]);
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        running.push((child.expect("starts"), (name, overrides, kind, status)));
    }
    for (child, (name, overrides, kind, status)) in running {
        let events = happened(child.wait_with_output().expect("ends"));
        let what = format!("{name} {overrides:?}: {events:?}");
        assert!(events.iter().any(|(_, known, _)| known == name), "{what}");
        let last = events.iter().rfind(|(_, known, is)| known == kind && is == status);
        let (id, ..) = last.unwrap_or_else(|| panic!("{what}"));
        let told = event(&dev, id).await;
        assert_eq!(
            (&told["type"], &told["data"]["object"]["status"]),
            (&json!(kind), &json!(status))
        );
    }
}

#[tokio::test]
async fn a_price_and_the_events_of_endpoints() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    let price = happened(trigger(&data_dir, &["payment_quote.updated"]));
    assert_eq!((&*price[0].1, &*price[0].2), ("payment_quote.updated", "available"));

    assert!(complaint(trigger(&data_dir, &["test.ping"])).contains("no enabled webhook endpoint"));
    let body = json!({ "url": "http://127.0.0.1:9/hook", "enabled_events": ["invoice.*"] });
    let (status, endpoint) = dev.send("POST", "/api/v1/webhooks", Some(body)).await;
    assert_eq!(status, 200, "{endpoint}");
    let ping = happened(trigger(&data_dir, &["test.ping"]));
    let told = event(&dev, &ping[0].0).await;
    assert_eq!(told["data"]["object"]["webhook_endpoint"], endpoint["id"]);

    let events = happened(trigger(&data_dir, &["webhook_endpoint.disabled"]));
    let kinds: Vec<&str> = events.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["test.ping", "webhook_endpoint.disabled"]);
    let told = event(&dev, &events[1].0).await;
    assert_eq!(told["data"]["object"]["disabled_reason"], "gone");
    let (_, left) = dev.send("GET", "/api/v1/webhooks", None).await;
    assert_eq!(left["data"].as_array().map(Vec::len), Some(1), "the throw-away one is gone");
}

#[tokio::test]
async fn what_cannot_happen_is_refused_before_anything_is_done() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    let check = |arguments: &[&str], words: &str| {
        let complaint = complaint(trigger(&data_dir, arguments));
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
    };
    check(&["refund.created"], "nothing in this version");
    check(&["commerce.order.updated"], "invoice.created, invoice.updated");
    check(&["invoice.paid"], "there is no event");
    check(&["test.ping", "--override", "network=base"], "cannot be overridden");
    check(&["invoice.created", "--override", "scenario=exact"], "cannot be overridden");
    check(&["invoice.updated", "--override", "scenario=best"], "there is no scenario");
    check(&["invoice.updated", "--override", "token=nope"], "no token");
    check(&["invoice_payment.created", "--override", "scenario=cancel"], "does not happen");
    check(&["invoice.created", "--override", "amount_usd=0"], "VALIDATION_ERROR: amount_usd");
    check(&["invoice.created", "--api-key", "sk_live_whatever"], "only a devnet key");
    assert_eq!(dev.invoices().await, json!([]));
}
