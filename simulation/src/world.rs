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
use store::{Fates, Store, StoreConfig};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use crate::deposits::LISTED;
use crate::process::Process;
use crate::workers::Workers;

/// 2025-12-21T12:34:56Z.
const START: Timestamp = Timestamp(1_766_320_496_000);
const OPERATOR_TOKEN: &str = "operator-token";
/// Where files cost no disk, if this machine has that.
const MEMORY: &str = "/dev/shm";
/// How long a block takes; some lives are of slower chains.
const BLOCK_MS: [i64; 3] = [2_000, 5_000, 12_000];
const DATABASE: &str = "pepay.db";
/// Who is on it is no stranger: what he sends is held for the operator.
const SCREENING_LIST: &str = "listed.txt";

/// An empty database, made once for all lives.
static EMPTY: OnceCell<Vec<u8>> = OnceCell::const_new();

pub struct World {
    pub clock: Clock,
    pub app: Shared,
    pub merchant_id: MerchantId,
    pub key: String,
    process: Arc<Process>,
    workers: Workers,
    router: Router,
    directory: TempDir,
    block_ms: i64,
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
        text(&self.body, field)
    }
}

impl World {
    pub async fn begin(seed: u64) -> Result<World> {
        let directory = fresh_directory()?;
        let empty = EMPTY.get_or_try_init(empty_database).await?;
        std::fs::write(directory.path().join(DATABASE), empty)?;
        std::fs::write(directory.path().join(SCREENING_LIST), LISTED.join("\n"))?;
        let clock = Clock::seeded(START, seed);
        let process = Arc::new(Process::default());
        let block_ms = BLOCK_MS[usize::try_from(seed % BLOCK_MS.len() as u64)?];
        let app = open(directory.path(), block_ms, &clock, &process).await?;
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
            workers: Workers::new(&app),
            clock,
            app,
            process,
            router,
            directory,
            block_ms,
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
        self.app = open(self.directory.path(), self.block_ms, &self.clock, &self.process).await?;
        self.router = server::http::router::router(self.app.clone());
        self.workers = Workers::new(&self.app);
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
        let is_another = |name: &str| ["x-session-token", "authorization"].contains(&name);
        if !headers.iter().any(|(name, _)| is_another(name)) {
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

    /// Every element of a list, over all its pages.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = match all.last() {
                Some(last) => format!("&starting_after={}", text(last, "id")?),
                None => String::new(),
            };
            let page = self.get(&format!("{path}{mark}limit=100{after}")).await?.body;
            all.extend(page["data"].as_array().with_context(|| page.to_string())?.iter().cloned());
            if page["has_more"] != true {
                return Ok(all);
            }
        }
    }

    /// With the operator's token.
    pub async fn operate(&self, method: &str, path: &str) -> Result<Reply> {
        let token = format!("Bearer {OPERATOR_TOKEN}");
        self.request(method, path, &Value::Null, &[("authorization", &token)]).await
    }

    /// Every worker steps until it rests.
    pub async fn work(&mut self) -> Result<()> {
        self.workers.work(&self.app, &self.process).await
    }
}

/// A field of an object.
pub fn text(object: &Value, field: &str) -> Result<String> {
    let text = object[field].as_str().map(str::to_owned);
    text.with_context(|| format!("no {field} in {object}"))
}

fn fresh_directory() -> std::io::Result<TempDir> {
    if Path::new(MEMORY).is_dir() { TempDir::new_in(MEMORY) } else { TempDir::new() }
}

async fn open(
    directory: &Path,
    block_ms: i64,
    clock: &Clock,
    process: &Arc<Process>,
) -> Result<Shared> {
    let mut config = Config { data_dir: directory.to_owned(), ..Config::default() };
    config.rate_limits.enabled = false;
    config.simulated_block_ms = block_ms;
    config.operator_token = Some(OPERATOR_TOKEN.to_owned());
    config.ramps.screening_lists = vec![directory.join(SCREENING_LIST)];
    let store = open_store(directory, process.fates()).await?;
    App::new(config, clock.clone(), store, KeyRing::new(&[7; 32], &[]))
}

async fn open_store(directory: &Path, fates: Fates) -> Result<Store> {
    let url = format!("sqlite:{}", directory.join(DATABASE).display());
    Ok(Store::open(StoreConfig { fates: Some(fates), ..StoreConfig::new(url) }).await?)
}

async fn empty_database() -> Result<Vec<u8>> {
    let directory = fresh_directory()?;
    open_store(directory.path(), Arc::new(Process::default()).fates()).await?.close().await;
    Ok(std::fs::read(directory.path().join(DATABASE))?)
}
