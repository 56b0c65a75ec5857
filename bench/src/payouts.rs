//! `bench payouts`: payouts a second, end to end on the sandbox provider.
//!
//! Each connection asks for a quote and for its payout, one after the other, for users who have a
//! bank account and a balance. The server's own workers reserve, submit and pay meanwhile. It is
//! over when the last payout of every connection is paid, and right only if the ledger's own
//! report counts exactly as many payouts as were asked for, begun and paid.

mod people;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::caller::Caller;
use crate::client::Target;
use crate::fresh;
use crate::histogram::Histogram;
use crate::options::PayoutsOptions;
use crate::report::{Bar, Format, print_bars, print_json};
use crate::request::get_with_bearer;
use crate::servers::{Data, Engine, Server, Site, env_in};

use people::{AMOUNT, Person, TOKEN_ID};

const PAID_PER_SECOND_MIN: f64 = 100.0;
const P99_MS_MAX: f64 = 100.0;
const POLL: Duration = Duration::from_millis(20);
/// How long nothing may come of the last payouts before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Serialize)]
struct Measured {
    command: &'static str,
    engine: &'static str,
    connections: usize,
    users: usize,
    payouts: u64,
    asked_per_second: f64,
    paid_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    changes_each: f64,
    groups_each: f64,
    cpu_us_each: f64,
}

pub async fn run(options: PayoutsOptions) -> Result<()> {
    let mut site = Site::new()?;
    for &engine in &options.engine {
        ensure!(
            matches!(engine, Engine::Sqlite | Engine::Postgres),
            "only what keeps something can pay out"
        );
        let measured = measure(&mut site, engine, &options).await?;
        match options.format() {
            Format::Json => print_json(&measured)?,
            Format::Table => println!("{}", measured.line()),
        }
        print_bars(&measured.bars(), options.format());
    }
    Ok(())
}

async fn measure(site: &mut Site, engine: Engine, options: &PayoutsOptions) -> Result<Measured> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let target = server.target();
    let crowd = people::gather(&target, options.users, options.count).await?;
    let crowd: Arc<[Person]> = crowd.into();
    let (before, cpu_before) =
        (Commits::read(&target, &home.data_dir).await?, site.cpu_seconds(&server)?);
    let began = fresh::now();
    let asked = ask_for_all(&target, &crowd, options).await?;
    let asked_seconds = began.elapsed().as_secs_f64();
    all_paid(&target, &asked.last_of_each).await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu_seconds = site.cpu_seconds(&server)? - cpu_before;
    let commits = Commits::read(&target, &home.data_dir).await?;
    agree_with_the_ledger(&target, options.count).await?;
    server.stop();
    let payouts = options.count as f64;
    Ok(Measured {
        command: "payouts",
        engine: engine.name(),
        connections: options.connections,
        users: options.users,
        payouts: options.count,
        asked_per_second: payouts / asked_seconds,
        paid_per_second: payouts / seconds,
        p50_ms: asked.latencies.quantile_ms(0.5),
        p99_ms: asked.latencies.quantile_ms(0.99),
        changes_each: (commits.changes - before.changes) / payouts,
        groups_each: (commits.groups - before.groups) / payouts,
        cpu_us_each: cpu_seconds * 1e6 / payouts,
    })
}

/// What the closed loop brought: how late each `POST /payouts` was answered, and whom to ask
/// whether all are paid.
struct Asked {
    latencies: Histogram,
    last_of_each: Vec<String>,
}

async fn ask_for_all(
    target: &Target,
    crowd: &Arc<[Person]>,
    options: &PayoutsOptions,
) -> Result<Asked> {
    let taken = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for number in 0..options.connections {
        let caller = Caller::open(target).await?;
        let (crowd, taken) = (Arc::clone(crowd), Arc::clone(&taken));
        callers.spawn(ask(caller, crowd, number, taken, options.count));
    }
    let mut all = Asked { latencies: Histogram::new(), last_of_each: Vec::new() };
    while let Some(asked) = callers.join_next().await {
        let asked = asked??;
        all.latencies.add(&asked.latencies);
        all.last_of_each.extend(asked.last_of_each);
    }
    Ok(all)
}

/// One connection: a quote, a payout, the next person.
async fn ask(
    mut caller: Caller,
    crowd: Arc<[Person]>,
    number: usize,
    taken: Arc<AtomicU64>,
    count: u64,
) -> Result<Asked> {
    let (mut latencies, mut last) = (Histogram::new(), None);
    for turn in number.. {
        if taken.fetch_add(1, Relaxed) >= count {
            break;
        }
        let person = &crowd[turn % crowd.len()];
        let quote = json!({
            "user_id": person.user_id, "bank_account_id": person.account_id,
            "source": { "token_id": TOKEN_ID, "amount": AMOUNT },
        });
        let quote = caller.post("/api/v1/ramps/quotes", &quote).await?;
        let payout = json!({
            "quote_id": quote["id"], "user_id": person.user_id,
            "bank_account_id": person.account_id,
        });
        let sent = fresh::now();
        let payout = caller.post("/api/v1/ramps/payouts", &payout).await?;
        latencies.record(sent.elapsed());
        ensure!(payout["status"] == "funds_reserved", "a payout that is not: {payout}");
        last = payout["id"].as_str().map(str::to_owned);
    }
    Ok(Asked { latencies, last_of_each: last.into_iter().collect() })
}

/// The worker takes what is due longest first, so with the last ones the others are paid.
async fn all_paid(target: &Target, ids: &[String]) -> Result<()> {
    let mut caller = Caller::open(target).await?;
    let give_up = fresh::now() + PATIENCE;
    for id in ids {
        loop {
            let payout = caller.get(&format!("/api/v1/ramps/payouts/{id}")).await?;
            match payout["status"].as_str() {
                Some("paid") => break,
                Some("funds_reserved" | "submitted") if fresh::now() < give_up => {
                    tokio::time::sleep(POLL).await;
                }
                _ => bail!("a payout was not paid: {payout}"),
            }
        }
    }
    Ok(())
}

/// The report is the ledger's own; its follower is up to a second behind.
async fn agree_with_the_ledger(target: &Target, count: u64) -> Result<()> {
    let mut caller = Caller::open(target).await?;
    let give_up = fresh::now() + PATIENCE;
    loop {
        let report = caller.get("/api/v1/reports/payouts").await?;
        let totals = report["totals"].as_array().context("a report without totals")?;
        let counted = |status: &str| {
            let of_status = |line: &&Value| line["type"] == "payout" && line["status"] == status;
            totals.iter().filter(of_status).filter_map(|line| line["count"].as_u64()).sum::<u64>()
        };
        if (counted("started"), counted("completed")) == (count, count) {
            return Ok(());
        }
        ensure!(fresh::now() < give_up, "the ledger tells of other payouts: {report}");
        tokio::time::sleep(POLL).await;
    }
}

/// What the server's store counts of itself.
struct Commits {
    changes: f64,
    groups: f64,
}

impl Commits {
    async fn read(target: &Target, data_dir: &Path) -> Result<Commits> {
        let token = env_in(data_dir, "PEPAY_METRICS_TOKEN")?;
        let mut caller = Caller::open(target).await?;
        let text = caller.text(&get_with_bearer(target, "/metrics", &token)).await?;
        let number = |name: &str| {
            let value = |line: &str| line.strip_prefix(name)?.trim().parse::<f64>().ok();
            text.lines().find_map(value).with_context(|| format!("no {name} on the metrics page"))
        };
        Ok(Commits {
            changes: number("pepay_commit_changes_total ")?,
            groups: number("pepay_commit_groups_total ")?,
        })
    }
}

impl Measured {
    fn line(&self) -> String {
        format!(
            "{}: {} payouts of {} users over {} connections: {:.0} asked/s, {:.0} paid/s, \
             POST /payouts p50 {:.2} ms, p99 {:.2} ms; each {:.1} changes in {:.2} commits \
             of the database, {:.0} µs of processor",
            self.engine,
            self.payouts,
            self.users,
            self.connections,
            self.asked_per_second,
            self.paid_per_second,
            self.p50_ms,
            self.p99_ms,
            self.changes_each,
            self.groups_each,
            self.cpu_us_each,
        )
    }

    fn bars(&self) -> [Bar; 2] {
        let name = |what: &str| format!("{}: {what}", self.engine);
        [
            Bar::at_least(name("payouts paid"), Some(self.paid_per_second), PAID_PER_SECOND_MIN)
                .in_unit("/s"),
            Bar::at_most(name("POST /payouts, p99"), Some(self.p99_ms), P99_MS_MAX).in_unit(" ms"),
        ]
    }
}
