//! One server in a life: its files, its clock, its process, and requests that reach it in memory.
//!
//! Nothing listens and nothing waits: a request is a call, and workers step when they are told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::api_key::{ApiKey, KeyScope, NewKey, Restrictions};
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::secret::KeyRing;
use domain::time::Timestamp;
use http_body_util::BodyExt as _;
use serde_json::Value;
use server::app::{App, Shared};
use server::clock::{Clock, entropy};
use server::config::Config;
use server::merchants::{self, NewMerchant};
use server::workers::lease::Lease;
use server::workers::{Progress, Worker};
use server::workers::{
    expiry, follow, holds, ledger_chain, liquidations, onramps, payouts, send, settle,
    verification, watcher,
};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::process::Process;

/// 2025-12-21T12:34:56Z.
const START: Timestamp = Timestamp(1_766_320_496_000);
/// A worker that never comes to rest has a fault.
const STEPS_MAX: usize = 10_000;
/// Where files cost no disk, if this machine has that.
const MEMORY: &str = "/dev/shm";

pub struct World {
    pub clock: Clock,
    pub app: Shared,
    pub merchant_id: MerchantId,
    pub key: String,
    process: Arc<Process>,
    router: Router,
    directory: TempDir,
    pub deaths: u32,
}

/// An answer, read whole.
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self, field: &str) -> Result<String> {
        let text = self.body[field].as_str().map(str::to_owned);
        text.with_context(|| format!("no {field} in {}", self.body))
    }
}

impl World {
    pub async fn begin(seed: u64) -> Result<World> {
        let directory = match Path::new(MEMORY).is_dir() {
            true => TempDir::new_in(MEMORY)?,
            false => TempDir::new()?,
        };
        let clock = Clock::seeded(START, seed);
        let process = Arc::new(Process::default());
        let app = open(directory.path(), &clock, &process).await?;
        let new = NewMerchant {
            company_name: "Shop".into(),
            email: "shop@example.com".into(),
            owner_email: "owner@example.com".into(),
            owner_password: None,
            is_demo: false,
        };
        let (merchant, _) = merchants::create(&app.store, &clock, new).await?;
        let (text, key) = ApiKey::mint(
            NewKey {
                merchant_id: merchant.id,
                environment: Environment::Devnet,
                scope: KeyScope::Merchant,
                name: "life".into(),
                expires_at: None,
                restrictions: Restrictions::default(),
                is_demo: false,
            },
            &entropy(),
            &mut clock.fresh(),
        );
        app.store.commit(key.add(clock.now())).await?;
        let router = server::http::router::router(app.clone());
        Ok(World {
            merchant_id: merchant.id,
            key: text.expose().to_owned(),
            clock,
            app,
            process,
            router,
            directory,
            deaths: 0,
        })
    }

    pub fn is_dead(&self) -> bool {
        self.process.is_dead()
    }

    /// Lets the process die at a commit to come.
    pub fn doom(&self, commits: i64, dies_after: bool) {
        self.process.doom(commits, dies_after);
    }

    /// The process is gone, whatever it was at; another begins on what it left.
    pub async fn rise_again(&mut self) -> Result<()> {
        self.process.kill();
        self.app.stop.cancel();
        self.app.store.close().await;
        self.process = Arc::new(Process::default());
        self.app = open(self.directory.path(), &self.clock, &self.process).await?;
        self.router = server::http::router::router(self.app.clone());
        self.deaths += 1;
        Ok(())
    }

    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.request("GET", path, &Value::Null, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.request("POST", path, body, &[]).await
    }

    /// With the merchant's key, unless a header says otherwise. A 5xx of a process that lives is a
    /// fault, whatever was asked.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Reply> {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "x-session-token") {
            request = request.header("x-api-key", &self.key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        let mut request = request.body(body)?;
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status >= 500 && !self.is_dead() {
            bail!("{method} {path} answered {status}: {body}");
        }
        Ok(Reply { status, body })
    }

    /// Every worker steps until it rests; which one fails or dies leaves the others alone.
    pub async fn work(&self) -> Result<()> {
        for place in self.app.networks.places() {
            let lease = Lease::for_place(place);
            self.step(watcher::Watcher::new(place, lease)).await?;
        }
        self.step(verification::Verifier::default()).await?;
        self.step(expiry::Expirer::default()).await?;
        self.step(follow::Follower::default()).await?;
        self.step(holds::HoldExpirer::default()).await?;
        self.step(settle::Settler::default()).await?;
        self.step(send::Dispatcher::default()).await?;
        self.step(payouts::Payer::default()).await?;
        self.step(onramps::Onramper::default()).await?;
        self.step(liquidations::Liquidator::default()).await?;
        for lane in 0..self.app.store.lanes() {
            self.step(ledger_chain::LedgerChain::new(lane)).await?;
        }
        Ok(())
    }

    async fn step(&self, mut worker: impl Worker) -> Result<()> {
        for _ in 0..STEPS_MAX {
            if self.is_dead() {
                return Ok(());
            }
            match worker.step(&self.app).await {
                Ok(Progress::More) => {}
                // A fault of a chain or provider is part of life: the next look goes on.
                Ok(Progress::Idle) | Err(_) => {
                    worker.stop(&self.app).await;
                    return Ok(());
                }
            }
        }
        bail!("a worker does not come to rest")
    }
}

async fn open(directory: &Path, clock: &Clock, process: &Arc<Process>) -> Result<Shared> {
    let mut config = Config { data_dir: directory.to_owned(), ..Config::default() };
    config.rate_limits.enabled = false;
    let fates = Some(process.fates());
    let store = StoreConfig { fates, readers: 1, ..StoreConfig::new(config.database_url()) };
    let store = Store::open(store).await?;
    App::new(config, clock.clone(), store, KeyRing::new(&[7; 32], &[]))
}
