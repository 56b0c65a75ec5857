//! `bench kill9`: SIGKILL under load, again and again, on the same data.
//!
//! A promise is what was answered. After each kill every invoice acknowledged in that round
//! must be readable, and its request, sent again under the same Idempotency-Key, must replay
//! the same answer. What was cut off is sent again too, so that in the end every key has
//! exactly one invoice: the server's own total must be the number of keys. `pepay doctor` has
//! the last word.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::client::{self, Acknowledged, Load, Tally, Target, Until, Work, describe};
use crate::connection::Connection;
use crate::options::Kill9Options;
use crate::request::{Random, Uuid36, create_invoice, get, read_invoice};
use crate::servers::{Data, Engine, Home, Server, Site, pepay_binary};

const CONNECTIONS: usize = 64;
const LIFE_MS_MIN: u64 = 300;
const LIFE_MS_MAX: u64 = 1_500;
/// Totals may follow the log a moment later.
const TOTALS_TRIES: u32 = 50;
const TOTALS_PAUSE: Duration = Duration::from_millis(200);

pub async fn run(options: Kill9Options) -> Result<()> {
    let mut site = Site::new()?;
    for &engine in &options.engine {
        ensure!(
            matches!(engine, Engine::Sqlite | Engine::Postgres),
            "kill9 is for sqlite and postgres; {} keeps nothing to look for",
            engine.name()
        );
        let home = site.home(engine).await?;
        endure(&home, options.rounds).await.with_context(|| engine.name())?;
    }
    Ok(())
}

async fn endure(home: &Home, rounds: u32) -> Result<()> {
    let name = home.engine.name();
    let mut random = Random::seeded();
    let mut server = Server::start(home, Data::Fresh).await?;
    let before = invoices_in_all(&server.target()).await?;
    let mut all = Vec::new();
    let mut retried = 0;
    for round in 1..=rounds {
        let life_ms = LIFE_MS_MIN + random.next() % (LIFE_MS_MAX - LIFE_MS_MIN);
        let tally = load_until_killed(server, Duration::from_millis(life_ms)).await?;
        ensure!(tally.errors == 0, "round {round}: {:?}", tally.first_error);
        server = Server::start(home, Data::Kept).await?;
        let acknowledged: Arc<[Acknowledged]> = tally.acknowledged.into();
        let target = server.target();
        verify(&target, acknowledged.clone(), Check::ReadAndReplay).await?;
        retry(&target, &tally.unanswered, &mut all).await?;
        retried += tally.unanswered.len();
        all.extend_from_slice(&acknowledged);
        println!(
            "{name} round {round:>2}: killed after {life_ms} ms, {} acknowledged, all there; \
             {} cut off, sent again",
            acknowledged.len(),
            tally.unanswered.len(),
        );
    }
    let target = server.target();
    let created = all.len() as u64;
    verify(&target, all.into(), Check::Read).await?;
    expect_total(&target, before + created).await?;
    server.stop();
    doctor(home)?;
    println!("{name}: PASS, {created} invoices, each there once ({retried} were cut off)");
    Ok(())
}

async fn load_until_killed(server: Server, life: Duration) -> Result<Tally> {
    let load = Load {
        target: server.target(),
        connections: CONNECTIONS,
        work: Work::CreateInvoice,
        until: Until::Broken,
    };
    let running = tokio::spawn(client::run(load));
    tokio::time::sleep(life).await;
    server.kill()?;
    running.await?
}

#[derive(Clone, Copy)]
enum Check {
    Read,
    ReadAndReplay,
}

/// Looks at every acknowledged invoice, over as many connections as created them.
async fn verify(target: &Target, known: Arc<[Acknowledged]>, check: Check) -> Result<()> {
    let mut tasks = JoinSet::new();
    for offset in 0..CONNECTIONS {
        let (target, known) = (target.clone(), known.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(target.address).await?;
            let mut read = read_invoice(&target);
            let mut create = create_invoice(&target);
            for one in known.iter().skip(offset).step_by(CONNECTIONS) {
                expect_readable(&mut connection, read.with(&one.invoice_id), one).await?;
                if let Check::ReadAndReplay = check {
                    let request = create.with(&one.idempotency_key);
                    expect_replay(&mut connection, request, one).await?;
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn expect_readable(
    connection: &mut Connection,
    request: &[u8],
    one: &Acknowledged,
) -> Result<()> {
    let id = text(&one.invoice_id);
    let answer = connection.exchange(request).await?;
    ensure!(answer.status == 200, "acknowledged invoice {id} is lost: {}", describe(&answer));
    let invoice: Value = serde_json::from_slice(answer.body)?;
    ensure!(invoice["id"] == id.as_ref(), "asked for {id}, got {}", describe(&answer));
    Ok(())
}

async fn expect_replay(
    connection: &mut Connection,
    request: &[u8],
    one: &Acknowledged,
) -> Result<()> {
    let answer = connection.exchange(request).await?;
    let same = client::invoice_id_of(answer.body) == Some(one.invoice_id);
    let replayed = answer.header("idempotent-replayed") == Some("true");
    ensure!(
        answer.status == 200 && same && replayed,
        "{} was not replayed under its key {}: {}",
        text(&one.invoice_id),
        text(&one.idempotency_key),
        describe(&answer)
    );
    Ok(())
}

/// Sends what was cut off again, twice: whether or not it had been committed, it is one invoice.
async fn retry(target: &Target, keys: &[Uuid36], all: &mut Vec<Acknowledged>) -> Result<()> {
    let mut connection = Connection::open(target.address).await?;
    let mut create = create_invoice(target);
    for &idempotency_key in keys {
        let answer = connection.exchange(create.with(&idempotency_key)).await?;
        let Some(invoice_id) = client::invoice_id_of(answer.body).filter(|_| answer.status == 200)
        else {
            bail!("a request cut off by the kill is refused now: {}", describe(&answer));
        };
        let one = Acknowledged { idempotency_key, invoice_id };
        expect_replay(&mut connection, create.with(&idempotency_key), &one).await?;
        all.push(one);
    }
    Ok(())
}

async fn expect_total(target: &Target, expected: u64) -> Result<()> {
    let mut total = 0;
    for _ in 0..TOTALS_TRIES {
        total = invoices_in_all(target).await?;
        if total == expected {
            return Ok(());
        }
        tokio::time::sleep(TOTALS_PAUSE).await;
    }
    bail!("{expected} invoices were acknowledged, each under a key of its own; there are {total}")
}

async fn invoices_in_all(target: &Target) -> Result<u64> {
    let mut connection = Connection::open(target.address).await?;
    let request = get(target, "/api/v1/invoices/totals");
    let answer = connection.exchange(request.as_bytes()).await?;
    ensure!(answer.status == 200, "totals: {}", describe(&answer));
    let totals: Value = serde_json::from_slice(answer.body)?;
    totals["totals"]["all"]["count"].as_u64().context("totals.all.count is not a number")
}

fn doctor(home: &Home) -> Result<()> {
    let output = Command::new(pepay_binary()?)
        .args(["doctor", "--database-url", &home.database_url])
        .arg("--data-dir")
        .arg(&home.data_dir)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pepay doctor: {}\n{said}{complained}", output.status);
    Ok(())
}

fn text(uuid: &Uuid36) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(uuid)
}
