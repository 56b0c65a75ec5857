//! A whole house for one test: a real server on a free port over a temporary database.
//!
//! The clock stands still until the test moves it, and workers move only when the test says so.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::api_key::{ApiKey, KeyScope, NewKey, Restrictions};
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::secret::{Entropy, KeyRing, Secret};
use domain::time::Timestamp;
use serde_json::{Value, json};
use server::app::{App, Shared};
use server::clock::Clock;
use server::config::Config;
use server::merchants::{self, NewMerchant};
use server::workers::lease::Lease;
use server::workers::{
    due_orders, expiry, follow, holds, housekeeping, ledger_chain, liquidations, mailer, onramps,
    orders, payouts, receipts, send, settle, verification, watcher,
};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::outage::database::Database;

/// 2025-12-21T12:34:56Z.
pub const START: Timestamp = Timestamp(1_766_320_496_000);
pub const OWNER_EMAIL: &str = "owner@example.com";
pub const OWNER_PASSWORD: &str = "correct horse battery";

pub struct House {
    pub app: Shared,
    pub url: String,
    pub http: reqwest::Client,
    pub merchant_id: MerchantId,
    /// A devnet key of the merchant scope.
    pub key: String,
    /// A devnet key of the commerce scope.
    pub commerce_key: String,
    pub data_dir: Arc<TempDir>,
    /// Dropped last: a database of this house's own, if it is one of PostgreSQL's.
    _database: Option<Database>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The answer's JSON, if it is a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }

    /// The error's status and stable code.
    pub fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or("(no code)"))
    }

    /// The request field the error names.
    pub fn param(&self) -> &str {
        self.body["error"]["param"].as_str().unwrap_or("(no param)")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

impl House {
    /// On SQLite, with one merchant and his keys.
    pub async fn start() -> House {
        House::with(|_| {}).await
    }

    /// Like `start`, with another configuration.
    pub async fn with(configure: impl FnOnce(&mut Config)) -> House {
        let data_dir = Arc::new(tempfile::tempdir().expect("a directory"));
        let mut config = Config {
            data_dir: data_dir.path().to_owned(),
            environments: Environment::ALL.to_vec(),
            metrics_token: Some("metrics-token".into()),
            operator_token: Some("operator-token".into()),
            mainnet_access_key: Some("open-sesame".into()),
            ..Config::default()
        };
        config.rate_limits.enabled = false;
        configure(&mut config);
        House::build(config, data_dir, Clock::manual(START)).await
    }

    async fn build(mut config: Config, data_dir: Arc<TempDir>, clock: Clock) -> House {
        let database = match std::env::var("PEPAY_TEST_ENGINE").as_deref() {
            Ok("postgres") => Some(Database::create().await),
            _ => None,
        };
        if let Some(database) = &database {
            config.database_url = Some(database.url.clone());
        }
        let store = Store::open(StoreConfig::new(config.database_url())).await.expect("opens");
        let app = App::new(config, clock, store, KeyRing::new(&[7; 32], &[])).expect("opens");
        let new = NewMerchant {
            company_name: "Coffee & Co".into(),
            email: "shop@example.com".into(),
            owner_email: OWNER_EMAIL.into(),
            owner_password: Some(Secret::new(OWNER_PASSWORD)),
            is_demo: false,
        };
        let (merchant, _) = merchants::create(&app.store, &app.clock, new).await.expect("made");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(app.clone(), listener));
        let mut house = House {
            url: format!("http://{address}"),
            http: reqwest::Client::new(),
            merchant_id: merchant.id,
            key: String::new(),
            commerce_key: String::new(),
            data_dir,
            app,
            _database: database,
        };
        house.key = house.mint(KeyScope::Merchant, Environment::Devnet).await;
        house.commerce_key = house.mint(KeyScope::Commerce, Environment::Devnet).await;
        house.look_around().await;
        house
    }

    /// This house after its process has ended and another one was started on its database.
    pub async fn again(self) -> House {
        self.app.store.close().await;
        let config = self.app.config.clone();
        let store = Store::open(StoreConfig::new(config.database_url())).await.expect("opens");
        let clock = self.app.clock.clone();
        let app = App::new(config, clock, store, KeyRing::new(&[7; 32], &[])).expect("opens");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(serve(app.clone(), listener));
        House { app, url, ..self }
    }

    /// Mints a key for the house's merchant.
    pub async fn mint(&self, scope: KeyScope, environment: Environment) -> String {
        self.mint_for(self.merchant_id, scope, environment).await
    }

    pub async fn mint_for(
        &self,
        merchant_id: MerchantId,
        scope: KeyScope,
        environment: Environment,
    ) -> String {
        let new = NewKey {
            merchant_id,
            environment,
            scope,
            name: "test".into(),
            expires_at: None,
            restrictions: Restrictions::default(),
            is_demo: false,
        };
        let entropy: Entropy = server::clock::entropy();
        let (text, key) = ApiKey::mint(new, &entropy, &mut self.app.fresh());
        self.app.store.commit(key.add(self.app.now())).await.expect("a new key");
        text.expose().to_owned()
    }

    /// Another merchant with a devnet key of his own.
    pub async fn stranger(&self) -> (MerchantId, String) {
        let id = self.app.fresh().uuid().simple().to_string();
        let new = NewMerchant {
            company_name: "Stranger".into(),
            email: format!("{id}@example.com"),
            owner_email: format!("{id}@example.com"),
            owner_password: None,
            is_demo: false,
        };
        let made = merchants::create(&self.app.store, &self.app.clock, new).await;
        let (merchant, _) = made.expect("made");
        let key = self.mint_for(merchant.id, KeyScope::Merchant, Environment::Devnet).await;
        (merchant.id, key)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path).header("x-api-key", &self.key)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).header("x-api-key", &self.key).json(&body)).await
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }

    /// Sends with a payor's credentials, as invoice creation answered them.
    pub async fn payor(&self, method: &str, path: &str, created: &Value, body: Value) -> Reply {
        let text = |field: &str| created[field].as_str().expect("credentials").to_owned();
        let mut request = self
            .request(method, path)
            .header("x-session-token", text("session_token"))
            .header("x-signature", text("signature"));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// Creates an invoice and answers what the merchant is answered.
    pub async fn invoice(&self, amount_usd: f64) -> Value {
        self.post("/api/v1/invoices", json!({ "amount_usd": amount_usd })).await.ok()
    }

    /// The payor chooses a network and token; answers the allocation.
    pub async fn allocate(&self, created: &Value, network: &str, symbol: &str) -> Value {
        let token_id = token_id(network, symbol);
        let body = json!({ "network": network, "tokenId": token_id });
        self.payor("POST", "/api/v1/payments/payment-addresses", created, body).await.ok()
    }

    /// Somebody sends tokens on a simulated chain.
    pub async fn transfer(&self, network: &str, symbol: &str, to: &str, amount: &str) -> Value {
        let body = json!({ "to": to, "amount": amount, "token_id": token_id(network, symbol) });
        self.post(&format!("/api/v1/devnet/chain/{network}/transfers"), body).await.ok()
    }

    /// The invoice as the merchant reads it, with its payments.
    pub async fn read(&self, created: &Value) -> Value {
        let id = created["invoice_id"].as_str().expect("an id");
        self.get(&format!("/api/v1/invoices/{id}?expand=payments")).await.ok()
    }

    /// Moves the clock.
    pub fn advance(&self, by_ms: i64) {
        self.app.clock.advance(by_ms);
    }

    /// Lets blocks pass and every worker look: what is sent now is confirmed after it.
    pub async fn settle(&self) {
        for _ in 0..4 {
            self.advance(1_000);
            self.step().await;
        }
    }

    /// Every worker makes its steps once, until it has nothing more to do.
    pub async fn step(&self) {
        self.look_around().await;
        finish(&self.app, verification::Verifier::default()).await;
        finish(&self.app, expiry::Expirer::default()).await;
        self.move_orders().await;
        self.move_money().await;
        self.move_orders().await;
        finish(&self.app, liquidations::Liquidator::default()).await;
        finish(&self.app, payouts::Payer::default()).await;
        finish(&self.app, onramps::Onramper::default()).await;
        finish(&self.app, follow::Follower::default()).await;
        finish(&self.app, housekeeping::Housekeeper).await;
        finish(&self.app, holds::HoldExpirer::default()).await;
        for lane in 0..self.app.store.lanes() {
            finish(&self.app, ledger_chain::LedgerChain::new(lane)).await;
            finish(&self.app, receipts::ReceiptPlanner::new(lane)).await;
        }
        finish(&self.app, mailer::Mailer::default()).await;
    }

    /// Orders follow their invoices, and what they wait for is done.
    pub async fn move_orders(&self) {
        for lane in 0..self.app.store.lanes() {
            finish(&self.app, orders::OrderFollower::new(lane)).await;
        }
        finish(&self.app, due_orders::DueOrders::default()).await;
    }

    /// What is due is settled, signed, sent and followed.
    pub async fn move_money(&self) {
        finish(&self.app, settle::Settler::default()).await;
        finish(&self.app, send::Dispatcher::default()).await;
    }

    /// The process dies, and another one takes the same database up.
    pub async fn reopen(self) -> House {
        let House { app, merchant_id, key, commerce_key, data_dir, _database, http, .. } = self;
        let (mut config, clock) = (app.config.clone(), app.clock.clone());
        app.store.close().await;
        drop(app);
        // Whoever died holds its leases until their time is over.
        clock.advance(domain::slot::LEASE_MS + 1);
        if let Some(database) = &_database {
            config.database_url = Some(database.url.clone());
        }
        let store = Store::open(StoreConfig::new(config.database_url())).await.expect("opens");
        let app = App::new(config, clock, store, KeyRing::new(&[7; 32], &[])).expect("opens");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(serve(app.clone(), listener));
        House { app, url, http, merchant_id, key, commerce_key, data_dir, _database }
    }

    /// Every watcher looks at its chain; one that fails (a fault was asked for) is left alone.
    pub async fn look_around(&self) {
        for place in self.app.networks.places() {
            finish(&self.app, watcher::Watcher::new(place, Lease::for_place(place))).await;
        }
    }
}

async fn finish(app: &Shared, mut worker: impl server::workers::Worker) {
    for _ in 0..100 {
        match worker.step(app).await {
            Ok(server::workers::Progress::More) => {}
            Ok(server::workers::Progress::Idle) | Err(_) => break,
        }
    }
    worker.stop(app).await;
}

async fn serve(app: Shared, listener: TcpListener) {
    let router = server::http::router::router(app);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("serves");
}

/// The id of a devnet token.
pub fn token_id(network: &str, symbol: &str) -> i64 {
    let found = domain::token::Token::of(Environment::Devnet)
        .find(|token| token.network.as_str() == network && token.symbol == symbol);
    found.unwrap_or_else(|| panic!("no {symbol} on {network}")).id.0
}
