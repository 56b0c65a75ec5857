//! `bench sockets`: what an open stream costs, how late an event arrives, how fast the past comes.
//!
//! Streams are real websockets of the merchant's own key. Latency is from the moment in the
//! event's id, which is when the change was decided, to its arrival at a subscriber: the commit
//! is part of it. Clocks are the same, in whole milliseconds.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{self, Load, Target, Until, Work};
use crate::histogram::Histogram;
use crate::options::SocketsOptions;
use crate::pace::Pace;
use crate::report::{Bar, Format, print_bars, print_json, print_table};
use crate::request::{create_invoice, find};
use crate::servers::{Data, Engine, Server, Site};
use crate::sink::created_ms;
use crate::websocket::WebSocket;
use crate::{fresh, process};

const SETTLE: Duration = Duration::from_secs(2);
/// What the kernel and the server need to be done with ten thousand closed connections.
const CLOSING: Duration = Duration::from_secs(5);
/// A frame that is not there by then does not come any more.
const PATIENCE: Duration = Duration::from_secs(60);
const PATH: &str = "/ws/merchant/events?types=invoice.created";
const KIB_EACH_MAX: f64 = 20.0;
const P99_MS_MAX: f64 = 50.0;
const REPLAY_PER_SECOND_MIN: f64 = 50_000.0;
const CREATORS: usize = 64;
const OPENING_TOGETHER: usize = 100;
/// Linux has 28,232 ports for one address to connect from.
const SOCKETS_PER_ADDRESS: usize = 20_000;
const FILES_BESIDE: u64 = 1_000;
const REPLAY_BUFFER_BYTES: usize = 256 * 1024;

#[derive(Serialize)]
struct Measured {
    command: &'static str,
    engine: &'static str,
    sockets: usize,
    opened_per_second: f64,
    kib_per_socket: f64,
    subscribers: usize,
    events_per_second: u64,
    received: u64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    replayed: u64,
    replayed_per_second: f64,
}

pub async fn run(options: SocketsOptions) -> Result<()> {
    raise_open_files(options.count)?;
    let mut site = Site::new()?;
    let mut all = Vec::new();
    for &engine in &options.engine {
        let measured = measure(&mut site, engine, &options).await?;
        if options.format() == Format::Json {
            print_json(&measured)?;
        }
        all.push(measured);
    }
    if options.format() == Format::Table {
        print_table(&HEADINGS, &all.iter().map(Measured::cells).collect::<Vec<_>>());
    }
    let bars: Vec<Bar> = all.iter().flat_map(Measured::bars).collect();
    print_bars(&bars, options.format());
    Ok(())
}

/// Each socket is an open file, here and in the server, which inherits this process's limits.
fn raise_open_files(sockets: usize) -> Result<()> {
    let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
    let wanted = sockets as u64 + FILES_BESIDE;
    let is_enough = maximum.is_none_or(|maximum| maximum >= wanted);
    let maximum = if is_enough { maximum } else { Some(wanted) };
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .with_context(|| format!("{sockets} sockets need `ulimit -Hn {wanted}`"))
}

async fn measure(site: &mut Site, engine: Engine, options: &SocketsOptions) -> Result<Measured> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let target = server.target();
    let since_s = fresh::unix_ms() / 1_000;
    let held = memory(&server, &target, options.count).await?;
    tokio::time::sleep(CLOSING).await;
    eprintln!("{}: {} × {:.1} KiB", engine.name(), options.count, held.kib_per_socket);
    // The streams of before are gone by then.
    tokio::time::sleep(SETTLE).await;
    let latencies = latency(&target, options).await?;
    eprintln!("{}: p99 {} ms", engine.name(), latencies.quantile_ms(0.99));
    create_past(&target, options.replay).await?;
    let told = options.rate * options.seconds + options.replay;
    let (replayed, replayed_per_second) = replay(&target, since_s).await?;
    ensure!(replayed == told, "{replayed} events were replayed of {told}");
    server.stop();
    Ok(Measured {
        command: "sockets",
        engine: engine.name(),
        sockets: options.count,
        opened_per_second: held.opened_per_second,
        kib_per_socket: held.kib_per_socket,
        subscribers: options.subscribers,
        events_per_second: options.rate,
        received: latencies.count(),
        p50_ms: latencies.quantile_ms(0.5),
        p95_ms: latencies.quantile_ms(0.95),
        p99_ms: latencies.quantile_ms(0.99),
        max_ms: latencies.max_ms(),
        replayed,
        replayed_per_second,
    })
}

struct Held {
    kib_per_socket: f64,
    opened_per_second: f64,
}

/// Resident memory of the server for one more open stream. The first hundred do not count: with
/// them comes what the server needs once. What it had freed before and now fills again would make
/// the others look cheap, so the later half is looked at alone too, and the dearer one counts.
async fn memory(server: &Server, target: &Target, count: usize) -> Result<Held> {
    let mut sockets = open(target, OPENING_TOGETHER, 0).await?;
    let at_first = settled_kib(server).await?;
    let first_half = open_more(&mut sockets, target, count / 2).await?;
    let at_half = settled_kib(server).await?;
    let later_half = open_more(&mut sockets, target, count - count / 2).await?;
    let at_last = settled_kib(server).await?;
    let each = |more_kib: u64, sockets: usize| more_kib as f64 / sockets.max(1) as f64;
    let overall = each(at_last.saturating_sub(at_first), count);
    let later = each(at_last.saturating_sub(at_half), count - count / 2);
    let opened_per_second = count as f64 / (first_half + later_half).as_secs_f64();
    Ok(Held { kib_per_socket: overall.max(later), opened_per_second })
}

async fn settled_kib(server: &Server) -> Result<u64> {
    tokio::time::sleep(SETTLE).await;
    process::resident_kib(server.pid())
}

async fn open_more(
    sockets: &mut Vec<WebSocket>,
    target: &Target,
    count: usize,
) -> Result<Duration> {
    let wanted = sockets.len() + count;
    let began = fresh::now();
    while sockets.len() < wanted {
        let known = sockets.len();
        sockets.append(&mut open(target, (wanted - known).min(OPENING_TOGETHER), known).await?);
    }
    Ok(began.elapsed())
}

/// So many streams at once, beside those that are open, each after its first frame.
async fn open(target: &Target, count: usize, beside: usize) -> Result<Vec<WebSocket>> {
    let address = u8::try_from(beside / SOCKETS_PER_ADDRESS + 1).context("too many sockets")?;
    let source = Ipv4Addr::new(127, 0, 0, address);
    let mut opening = JoinSet::new();
    for _ in 0..count {
        let Target { address, api_key } = target.clone();
        opening.spawn(async move {
            let mut socket = WebSocket::open_from(source, address, PATH, &api_key).await?;
            timeout(PATIENCE, socket.next()).await??;
            anyhow::Ok(socket)
        });
    }
    let mut sockets = Vec::with_capacity(count);
    while let Some(opened) = opening.join_next().await {
        sockets.push(opened?.context("opening a stream")?);
    }
    Ok(sockets)
}

/// From the event to every subscriber, at a steady rate.
async fn latency(target: &Target, options: &SocketsOptions) -> Result<Histogram> {
    let count = options.rate * options.seconds;
    let mut listening = JoinSet::new();
    for mut socket in open(target, options.subscribers, 0).await? {
        listening.spawn(async move {
            let mut latencies = Histogram::new();
            while latencies.count() < count {
                let text = timeout(PATIENCE, socket.next()).await.context("no more events")??;
                if let Some(created_ms) = created_ms(text) {
                    let late_ms = fresh::unix_ms().saturating_sub(created_ms);
                    let late_ms = u64::try_from(late_ms).unwrap_or(0);
                    latencies.record(Duration::from_millis(late_ms));
                }
            }
            anyhow::Ok(latencies)
        });
    }
    let mut create = create_invoice(target);
    let pace = Pace { per_second: options.rate, count };
    pace.run(target.address, || create.with_random_uuid().to_vec()).await?;
    let mut all = Histogram::new();
    while let Some(latencies) = listening.join_next().await {
        all.add(&latencies??);
    }
    Ok(all)
}

async fn create_past(target: &Target, count: u64) -> Result<()> {
    let load = Load {
        target: target.clone(),
        connections: CREATORS,
        work: Work::CreateInvoice,
        until: Until::Count(count),
    };
    let tally = client::run(load).await?;
    ensure!(tally.errors == 0, "{} creates failed: {:?}", tally.errors, tally.first_error);
    Ok(())
}

/// How many events a second come out of the log to one socket.
async fn replay(target: &Target, since_s: i64) -> Result<(u64, f64)> {
    let path = format!("{PATH}&since={since_s}");
    let began = fresh::now();
    let socket = WebSocket::open(target.address, &path, &target.api_key).await?;
    let mut socket = socket.with_buffer(REPLAY_BUFFER_BYTES);
    let mut replayed = 0;
    loop {
        let text = timeout(PATIENCE, socket.next()).await.context("the replay stands still")??;
        if created_ms(text).is_some() {
            replayed += 1;
        } else if find(text, b"\"replay_finished\"").is_some() {
            return Ok((replayed, replayed as f64 / began.elapsed().as_secs_f64()));
        } else {
            ensure!(find(text, b"\"resync\"").is_none(), "the past was not known any more");
        }
    }
}

const HEADINGS: [&str; 10] = [
    "engine",
    "sockets",
    "open/s",
    "KiB each",
    "listen × rate",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "max ms",
    "replay/s",
];

impl Measured {
    fn cells(&self) -> [String; 10] {
        [
            self.engine.to_owned(),
            self.sockets.to_string(),
            format!("{:.0}", self.opened_per_second),
            format!("{:.1}", self.kib_per_socket),
            format!("{} × {}", self.subscribers, self.events_per_second),
            format!("{:.0}", self.p50_ms),
            format!("{:.0}", self.p95_ms),
            format!("{:.0}", self.p99_ms),
            format!("{:.0}", self.max_ms),
            format!("{:.0}", self.replayed_per_second),
        ]
    }

    fn bars(&self) -> [Bar; 3] {
        let name = |what: &str| format!("{}: {what}", self.engine);
        let replay = Some(self.replayed_per_second);
        [
            Bar::at_most(name("memory of a socket"), Some(self.kib_per_socket), KIB_EACH_MAX)
                .in_unit(" KiB"),
            Bar::at_most(name("event to received, p99"), Some(self.p99_ms), P99_MS_MAX)
                .in_unit(" ms"),
            Bar::at_least(name("replay to one socket"), replay, REPLAY_PER_SECOND_MIN)
                .in_unit("/s"),
        ]
    }
}
