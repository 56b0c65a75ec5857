//! A server process in small: an `App` with its workers and its port on a runtime of its own.
//!
//! Several may share a database. Dropping one is a kill: nothing of it runs on, nothing is told.

use std::time::Duration;

use domain::api_key::{ApiKey, KeyScope, NewKey, Restrictions};
use domain::environment::Environment;
use domain::secret::{KeyRing, Secret};
use serde_json::{Value, json};
use server::app::{App, Shared};
use server::clock::{Clock, entropy};
use server::commands::start;
use server::config::Config;
use server::merchants::{self, NewMerchant};
use store::{Store, StoreConfig};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::house::{OWNER_EMAIL, OWNER_PASSWORD, Reply, token_id};

/// How long this node waits for a database that is away.
pub const PATIENCE_MS: u64 = 500;
const BLOCK_MS: i64 = 100;

pub struct Node {
    pub app: Shared,
    pub client: Client,
    runtime: Option<Runtime>,
}

/// Who talks to a node.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub key: String,
    http: reqwest::Client,
}

impl Node {
    /// With the merchant and key it makes if `key` is none.
    pub async fn start(database_url: &str, clock: Clock, key: Option<String>) -> Node {
        let mut config = Config {
            database_url: Some(database_url.to_owned()),
            simulated_block_ms: BLOCK_MS,
            ..Config::default()
        };
        config.rate_limits.enabled = false;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let starting = runtime.spawn(async move {
            let store = StoreConfig::new(config.database_url());
            let store = StoreConfig { unavailable_after_ms: PATIENCE_MS, ..store };
            let store = Store::open(store).await.expect("opens");
            let app = App::new(config, clock, store, KeyRing::new(&[7; 32], &[])).expect("opens");
            let key = match key {
                Some(key) => key,
                None => first_key(&app).await,
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}", listener.local_addr().expect("an address"));
            server::workers::spawn_own(&app);
            server::workers::spawn_shared(&app);
            tokio::spawn(start::serve_on(app.clone(), listener));
            (app, Client { url, key, http: reqwest::Client::new() })
        });
        let (app, client) = starting.await.expect("starts");
        Node { app, client, runtime: Some(runtime) }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The key of the first merchant, who is made with it.
async fn first_key(app: &Shared) -> String {
    let new = NewMerchant {
        company_name: "Coffee & Co".into(),
        email: "shop@example.com".into(),
        owner_email: OWNER_EMAIL.into(),
        owner_password: Some(Secret::new(OWNER_PASSWORD)),
        is_demo: false,
    };
    let (merchant, _) = merchants::create(&app.store, &app.clock, new).await.expect("made");
    let new = NewKey {
        merchant_id: merchant.id,
        environment: Environment::Devnet,
        scope: KeyScope::Merchant,
        name: "test".into(),
        expires_at: None,
        restrictions: Restrictions::default(),
        is_demo: false,
    };
    let (text, key) = ApiKey::mint(new, &entropy(), &mut app.fresh());
    app.store.commit(key.add(app.now())).await.expect("a new key");
    text.expose().to_owned()
}

impl Client {
    /// As from a machine of its own.
    pub fn another(&self) -> Client {
        Client { http: reqwest::Client::new(), ..self.clone() }
    }

    /// The same server, with another key.
    pub fn with_key(&self, key: &str) -> Client {
        Client { key: key.to_owned(), ..self.another() }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.url)).timeout(Duration::from_secs(20))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path).header("x-api-key", &self.key)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).header("x-api-key", &self.key).json(&body)).await
    }

    /// Creates an invoice of 10 USD under an Idempotency-Key.
    pub async fn create(&self, key: &str) -> Reply {
        let request = self.request("POST", "/api/v1/invoices").header("x-api-key", &self.key);
        let body = json!({ "amount_usd": 10, "customer_id": key });
        self.send(request.header("idempotency-key", key).json(&body)).await
    }

    /// The payor chooses USDC on Ethereum.
    pub async fn allocate(&self, created: &Value) -> Reply {
        let text = |field: &str| created[field].as_str().expect("credentials").to_owned();
        let request = self
            .request("POST", "/api/v1/payments/payment-addresses")
            .header("x-session-token", text("session_token"))
            .header("x-signature", text("signature"))
            .json(&json!({ "network": "ethereum", "tokenId": token_id("ethereum", "USDC") }));
        self.send(request).await
    }

    /// Somebody sends 10 USDC.
    pub async fn pay(&self, allocation: &Value) -> Reply {
        let to = allocation["temp_address"].as_str().expect("an address");
        let token_id = token_id("ethereum", "USDC");
        let body = json!({ "to": to, "amount": "10", "token_id": token_id });
        self.post("/api/v1/devnet/chain/ethereum/transfers", body).await
    }

    /// The invoice as the merchant reads it, with its payments.
    pub async fn read(&self, created: &Value) -> Reply {
        let id = created["invoice_id"].as_str().expect("an id");
        self.get(&format!("/api/v1/invoices/{id}?expand=payments")).await
    }
}
