//! The binary as a process, and a client that outlives it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::AMOUNT_USD;
use crate::house::token_id;

/// A running `pepay dev`; it ends with the value.
pub struct Server {
    child: Child,
    pub client: Client,
    _stdout: BufReader<ChildStdout>,
}

/// How a client reaches it.
#[derive(Clone)]
pub struct Client {
    url: String,
    key: String,
    http: reqwest::Client,
}

impl Server {
    pub fn start(data_dir: &Path, database_url: &str) -> Server {
        let mut command = pepay("dev", data_dir, database_url);
        command.args(["--port", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut welcome = String::new();
        // The welcome ends with the request to paste; the port is open by then.
        while !welcome.contains("\"amount_usd\"") {
            assert_ne!(stdout.read_line(&mut welcome).expect("reads"), 0, "it ended: {welcome}");
        }
        assert!(!welcome.contains("Made anew"), "the keys survive: {welcome}");
        let env = std::fs::read_to_string(data_dir.join("dev.env")).expect("reads");
        let value = |name: &str| {
            let mut lines = env.lines().filter_map(|line| line.split_once('='));
            lines.find(|(key, _)| *key == name).expect("it is set").1.to_owned()
        };
        let (url, key) = (value("PEPAY_API_URL"), value("PEPAY_API_KEY"));
        let client = Client { url, key, http: reqwest::Client::new() };
        Server { child, client, _stdout: stdout }
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("ends");
    }

    /// Ends it as an operator would.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().expect("runs").success());
        assert_eq!(self.child.wait().expect("ends").code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with blocks that come fast, and with none of our variables besides.
pub fn pepay(subcommand: &str, data_dir: &Path, database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pepay"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PEPAY_")) {
        command.env_remove(name);
    }
    command.args([subcommand, "--database-url", database_url, "--data-dir"]).arg(data_dir);
    command.env("PEPAY_SIMULATED_BLOCK_MS", "100").env("RUST_LOG", "error").stdin(Stdio::null());
    command
}

impl Client {
    pub fn another(&self) -> Client {
        Client { http: reqwest::Client::new(), ..self.clone() }
    }

    /// The status, the headers and the body; nothing if the server is gone.
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<(bool, Value)> {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let is_replayed = response.headers().contains_key("idempotent-replayed");
        let body: Value = serde_json::from_str(&response.text().await.ok()?).expect("JSON");
        assert_eq!(status, 200, "{body}");
        Some((is_replayed, body))
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().expect("a method"), format!("{}{path}", self.url))
    }

    async fn act(&self, method: &str, path: &str, body: Option<Value>) -> Option<Value> {
        let request = self.request(method, path).header("x-api-key", &self.key);
        let request = body.into_iter().fold(request, |request, body| request.json(&body));
        self.send(request).await.map(|(_, body)| body)
    }

    pub async fn ok(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.act(method, path, body).await.expect("the server lives")
    }

    pub async fn create(&self, key: &str) -> Option<(bool, Value)> {
        let request = self.request("POST", "/api/v1/invoices").header("x-api-key", &self.key);
        let body = json!({ "amount_usd": AMOUNT_USD, "customer_id": key });
        self.send(request.header("idempotency-key", key).json(&body)).await
    }

    pub async fn expect_replay(&self, key: &str, created: &Value) {
        let (is_replayed, again) = self.create(key).await.expect("the server lives");
        assert_eq!((is_replayed, &again), (true, created), "{key}");
    }

    pub async fn allocate(&self, created: &Value, network: &str) -> Option<String> {
        let request = self
            .request("POST", "/api/v1/payments/payment-addresses")
            .header("x-session-token", text(created, "session_token"))
            .header("x-signature", text(created, "signature"))
            .json(&json!({ "network": network, "tokenId": token_id(network, "USDC") }));
        let (_, allocation) = self.send(request).await?;
        Some(text(&allocation, "temp_address").to_owned())
    }

    pub async fn transfer(&self, network: &str, to: &str) -> Option<Value> {
        let amount = AMOUNT_USD.to_string();
        let body = json!({ "to": to, "amount": amount, "token_id": token_id(network, "USDC") });
        self.act("POST", &format!("/api/v1/devnet/chain/{network}/transfers"), Some(body)).await
    }

    pub async fn count(&self) -> u64 {
        let totals = self.ok("GET", "/api/v1/invoices/totals", None).await;
        totals["totals"]["all"]["count"].as_u64().expect("a number")
    }

    pub async fn list(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = "/api/v1/invoices?limit=100".to_owned();
        loop {
            let page = self.ok("GET", &path, None).await;
            all.extend_from_slice(page["data"].as_array().expect("a list"));
            if page["has_more"] != true {
                return all;
            }
            let last = text(all.last().expect("there was one"), "id");
            path = format!("/api/v1/invoices?limit=100&starting_after={last}");
        }
    }
}

pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}
