//! The closed-loop client every server is driven with.
//!
//! N connections, each with one request in flight: the next is sent when the last is answered.
//! Requests are real (a valid key, a fresh Idempotency-Key, a JSON body) and every answer is
//! checked. Each connection counts for itself; nothing is shared while a load runs but the
//! ticket counter of a load with a fixed number of requests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::connection::{Answer, Connection};
use crate::fresh;
use crate::histogram::Histogram;
use crate::request::{Requests, Uuid36, find};

const RECONNECT_DELAY: Duration = Duration::from_millis(50);
const FAILURES_IN_A_ROW_MAX: u32 = 20;
/// How long answers may be late at the end of a load before it is given up.
const STRAGGLERS: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub api_key: String,
}

#[derive(Clone)]
pub enum Work {
    CreateInvoice,
    ReadStatus(Arc<[Uuid36]>),
}

#[derive(Clone, Copy)]
pub enum Until {
    /// What is sent before the warm-up is over or answered after the end is not counted.
    Elapsed { warm_up: Duration, measured: Duration },
    /// So many requests in all; every one counts, and what was created is remembered.
    Count(u64),
    /// Until the server is gone, or so many requests; what was created is remembered.
    Broken { at_most: u64 },
}

pub struct Load {
    pub target: Target,
    pub connections: usize,
    pub work: Work,
    pub until: Until,
}

/// An invoice the server said it has, and the key it was created under.
#[derive(Clone, Copy)]
pub struct Acknowledged {
    pub idempotency_key: Uuid36,
    pub invoice_id: Uuid36,
}

pub struct Tally {
    pub latencies: Histogram,
    pub seconds: f64,
    pub errors: u64,
    pub first_error: Option<String>,
    pub acknowledged: Vec<Acknowledged>,
    /// Keys of creates that were sent and never answered.
    pub unanswered: Vec<Uuid36>,
}

impl Tally {
    fn new() -> Self {
        Self {
            latencies: Histogram::new(),
            seconds: 0.0,
            errors: 0,
            first_error: None,
            acknowledged: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    fn add(&mut self, other: Self) {
        self.latencies.add(&other.latencies);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
    }

    fn blame(&mut self, error: String) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }

    pub fn requests_per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }
}

/// Runs a load to its end. All connections are open before the first request is sent.
pub async fn run(load: Load) -> Result<Tally> {
    let mut connections = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        connections.push(Connection::open(load.target.address).await.context("connecting")?);
    }
    let span = Span::starting_now(load.until);
    let mut tasks = JoinSet::new();
    for connection in connections {
        let requests = Requests::new(&load.target, &load.work);
        let span = span.clone();
        tasks.spawn(drive(connection, load.target.address, requests, span));
    }
    let mut total = Tally::new();
    let give_up = tokio::time::Instant::from_std(span.give_up);
    loop {
        match tokio::time::timeout_at(give_up, tasks.join_next()).await {
            Ok(Some(tally)) => total.add(tally.context("a connection's task panicked")?),
            Ok(None) => break,
            Err(_late) => {
                (0..tasks.len()).for_each(|_| total.blame("a request was never answered".into()));
                break;
            }
        }
    }
    total.seconds = match load.until {
        Until::Elapsed { measured, .. } => measured.as_secs_f64(),
        Until::Count(_) | Until::Broken { .. } => (fresh::now() - span.counted_from).as_secs_f64(),
    };
    Ok(total)
}

/// The part of a run that counts, and when a connection stops.
#[derive(Clone)]
struct Span {
    until: Until,
    counted_from: Instant,
    counted_to: Instant,
    give_up: Instant,
    tickets: Arc<AtomicU64>,
}

impl Span {
    fn starting_now(until: Until) -> Self {
        let start = fresh::now();
        let (counted_from, counted_to) = match until {
            Until::Elapsed { warm_up, measured } => (start + warm_up, start + warm_up + measured),
            // Slower than a hundred requests a second is a hang, not a result.
            Until::Count(count) => (start, start + Duration::from_millis(count * 10)),
            Until::Broken { .. } => (start, start + Duration::from_secs(60)),
        };
        let give_up = counted_to + STRAGGLERS;
        Self { until, counted_from, counted_to, give_up, tickets: Arc::new(AtomicU64::new(0)) }
    }

    fn is_over(&self, now: Instant) -> bool {
        match self.until {
            Until::Count(count) => self.is_out_of_tickets(count),
            Until::Broken { at_most } => now >= self.counted_to || self.is_out_of_tickets(at_most),
            Until::Elapsed { .. } => now >= self.counted_to,
        }
    }

    fn is_out_of_tickets(&self, count: u64) -> bool {
        self.tickets.fetch_add(1, Ordering::Relaxed) >= count
    }

    fn counts(&self, sent: Instant, answered: Instant) -> bool {
        match self.until {
            Until::Elapsed { .. } => sent >= self.counted_from && answered <= self.counted_to,
            Until::Count(_) | Until::Broken { .. } => true,
        }
    }

    fn remembers(&self) -> bool {
        matches!(self.until, Until::Count(_) | Until::Broken { .. })
    }
}

async fn drive(
    mut connection: Connection,
    address: SocketAddr,
    mut requests: Requests,
    span: Span,
) -> Tally {
    let mut tally = Tally::new();
    let mut failures_in_a_row = 0;
    let mut sent = fresh::now();
    while !span.is_over(sent) && failures_in_a_row < FAILURES_IN_A_ROW_MAX {
        match connection.exchange(requests.next()).await {
            Ok(answer) => {
                let answered = fresh::now();
                match judge(&answer, &requests) {
                    Ok(_) if !span.counts(sent, answered) => {}
                    Ok(invoice_id) => {
                        tally.latencies.record(answered - sent);
                        if let Some(invoice_id) = invoice_id.filter(|_| span.remembers()) {
                            let idempotency_key = requests.idempotency_key();
                            tally.acknowledged.push(Acknowledged { idempotency_key, invoice_id });
                        }
                    }
                    Err(error) => tally.blame(error),
                }
                failures_in_a_row = 0;
                sent = answered;
            }
            Err(_gone) if matches!(span.until, Until::Broken { .. }) => {
                tally.unanswered.push(requests.idempotency_key());
                break;
            }
            Err(error) => {
                tally.blame(format!("the connection failed: {error}"));
                failures_in_a_row += 1;
                tokio::time::sleep(RECONNECT_DELAY).await;
                if let Ok(fresh) = reopen(address).await {
                    connection = fresh;
                }
                sent = fresh::now();
            }
        }
    }
    tally
}

async fn reopen(address: SocketAddr) -> io::Result<Connection> {
    Connection::open(address).await
}

/// A good answer is a 200 of the right kind; of a create, the id it gave.
fn judge(answer: &Answer<'_>, requests: &Requests) -> Result<Option<Uuid36>, String> {
    let good = answer.status == 200;
    match requests {
        Requests::Create(_) => match invoice_id_of(answer.body).filter(|_| good) {
            Some(invoice_id) => Ok(Some(invoice_id)),
            None => Err(describe(answer)),
        },
        Requests::Status(_) if good && find(answer.body, b"\"invoice_status\"").is_some() => {
            Ok(None)
        }
        Requests::Status(_) => Err(describe(answer)),
    }
}

/// The invoice id in the answer to a create.
pub fn invoice_id_of(body: &[u8]) -> Option<Uuid36> {
    let name = find(body, b"\"invoice_id\"")?;
    let after_name = &body[name + b"\"invoice_id\"".len()..];
    let quote = after_name.iter().position(|byte| *byte == b'"')?;
    after_name.get(quote + 1..quote + 37)?.try_into().ok()
}

pub fn describe(answer: &Answer<'_>) -> String {
    let start = &answer.body[..answer.body.len().min(300)];
    format!("status {}: {}", answer.status, String::from_utf8_lossy(start))
}
