//! `bench kill9`: SIGKILL under load, again and again, on the same data.
//!
//! A promise is what was answered. After each kill every invoice acknowledged in that round
//! must be readable, and its request, sent again under the same Idempotency-Key, must replay
//! the same answer. What was cut off is sent again too, so that in the end every key has
//! exactly one invoice: the server's own total must be the number of keys. `pepay doctor` has
//! the last word. With `--events` a witness listens all along.

mod events;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::client::{self, Acknowledged, Load, Tally, Target, Until, Work, describe};
use crate::connection::Connection;
use crate::fresh;
use crate::options::Kill9Options;
use crate::report::{Format, print_json};
use crate::request::{Random, Uuid36, create_invoice, get, read_invoice};
use crate::servers::{Data, Engine, Home, Server, Site, pepay_binary};

use events::Witness;

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
        let survived = endure(&home, &options).await.with_context(|| engine.name())?;
        match options.format() {
            Format::Json => print_json(&survived)?,
            Format::Table => println!("{}", survived.line()),
        }
    }
    Ok(())
}

/// What was there in the end, all of it once.
#[derive(Serialize)]
struct Survived {
    command: &'static str,
    engine: &'static str,
    rounds: u32,
    invoices: u64,
    /// Requests that a kill cut off and that were sent again.
    cut_off: u64,
    /// Events of history, each of them delivered; only with `--events`.
    events: Option<u64>,
    /// Deliveries of events that had been delivered, with the same bytes.
    repeated: Option<u64>,
}

async fn endure(home: &Home, options: &Kill9Options) -> Result<Survived> {
    let (name, rounds) = (home.engine.name(), options.rounds);
    let mut random = Random::seeded();
    let mut server = Server::start(home, Data::Fresh).await?;
    let before = invoices_in_all(&server.target()).await?;
    let witness = match options.events {
        true => Some(Witness::begin(&server.target()).await?),
        false => None,
    };
    // With a witness a kill comes at a random delivery, so that never all of them are over; some
    // come while invoices are created, and some when only deliveries are still under way.
    let (at_most, at_least) = match options.events {
        true => (options.count.div_ceil(u64::from(rounds)), options.count),
        false => (u64::MAX, 0),
    };
    let mut all: Vec<Acknowledged> = Vec::new();
    let mut cut_off = 0;
    for round in 1..=rounds {
        let began = fresh::now();
        let tally = match &witness {
            Some(witness) => {
                let moment = witness.after_deliveries(random.next() % at_most);
                load_until_killed(server, moment, at_most).await?
            }
            None => {
                let life_ms = LIFE_MS_MIN + random.next() % (LIFE_MS_MAX - LIFE_MS_MIN);
                let moment = tokio::time::sleep(Duration::from_millis(life_ms));
                load_until_killed(server, moment, at_most).await?
            }
        };
        let life_ms = began.elapsed().as_millis();
        ensure!(tally.errors == 0, "round {round}: {:?}", tally.first_error);
        server = Server::start(home, Data::Kept).await?;
        let acknowledged: Arc<[Acknowledged]> = tally.acknowledged.into();
        let target = server.target();
        verify(&target, acknowledged.clone(), Check::ReadAndReplay).await?;
        retry(&target, &tally.unanswered, &mut all).await?;
        cut_off += tally.unanswered.len() as u64;
        all.extend_from_slice(&acknowledged);
        eprintln!(
            "{name} round {round:>2}: killed after {life_ms} ms, {} acknowledged, all there; \
             {} cut off, sent again",
            acknowledged.len(),
            tally.unanswered.len(),
        );
    }
    let target = server.target();
    let missing = at_least.saturating_sub(all.len() as u64);
    all.append(&mut created(&target, missing).await?);
    let all: Arc<[Acknowledged]> = all.into();
    let invoices = all.len() as u64;
    verify(&target, all.clone(), Check::Read).await?;
    expect_total(&target, before + invoices).await?;
    let testimony = match witness {
        Some(witness) => Some(witness.verify(&target, &all).await?),
        None => None,
    };
    server.stop();
    doctor(home)?;
    let events = testimony.as_ref().map(|testimony| testimony.events);
    let repeated = testimony.map(|testimony| testimony.repeated);
    let (command, engine) = ("kill9", name);
    Ok(Survived { command, engine, rounds, invoices, cut_off, events, repeated })
}

impl Survived {
    fn line(&self) -> String {
        let Self { engine, rounds, invoices, cut_off, .. } = self;
        let mut line = format!(
            "{engine}: PASS, {rounds} kills, {invoices} invoices, each there once \
             ({cut_off} were cut off)"
        );
        if let (Some(events), Some(repeated)) = (self.events, self.repeated) {
            line += &format!(
                "; {events} events in history, each delivered ({repeated} again, the same bytes)"
            );
        }
        line
    }
}

async fn load_until_killed(
    server: Server,
    moment: impl Future<Output = ()>,
    at_most: u64,
) -> Result<Tally> {
    let load = Load {
        target: server.target(),
        connections: CONNECTIONS,
        work: Work::CreateInvoice,
        until: Until::Broken { at_most },
    };
    let running = tokio::spawn(client::run(load));
    moment.await;
    server.kill()?;
    running.await?
}

/// What the kills prevented, created in peace.
async fn created(target: &Target, count: u64) -> Result<Vec<Acknowledged>> {
    let until = Until::Count(count);
    let (target, connections, work) = (target.clone(), CONNECTIONS, Work::CreateInvoice);
    let tally = client::run(Load { target, connections, work, until }).await?;
    ensure!(tally.errors == 0, "after the last kill: {:?}", tally.first_error);
    Ok(tally.acknowledged)
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
