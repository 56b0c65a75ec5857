//! `bench webhooks`: how many deliveries a second, how late each is, and who holds up whom.
//!
//! The receivers are sinks in this process, so they, the server and its database share the
//! machine. What was sent is counted where it arrives; a part ends when every event it is
//! about has arrived, and a part in which one does not arrive is an error, not a result.

mod isolation;
mod parts;
mod row;

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client::{self, Load, Target, Until, Work};
use crate::endpoints::Endpoint;
use crate::options::{Part, WebhooksOptions};
use crate::report::{Bar, print_bars};
use crate::servers::{Data, Engine, Server, Site};
use crate::sink::{Heard, Keep, Manner, Sink};

use row::{Row, print_rows};

const BACKLOG_PER_SECOND_MIN: f64 = 8_000.0;
const END_TO_END_PER_SECOND_MIN: f64 = 4_000.0;
const P99_MS_MAX: f64 = 100.0;
const HEALTHY_SHARE_MIN: f64 = 0.9;
const CONNECTIONS: usize = 256;
/// The type that the load makes, one for each create.
const TYPE: &str = "invoice.created";
/// How long nothing new may arrive before a delivery counts as lost; the second attempt of one
/// that failed comes after five seconds or so, the third half a minute later.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(options: WebhooksOptions) -> Result<()> {
    let mut site = Site::new()?;
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for &engine in &options.engine {
        ensure!(
            matches!(engine, Engine::Sqlite | Engine::Postgres),
            "webhooks are measured on sqlite and postgres; {} keeps no deliveries",
            engine.name()
        );
        let home = site.home(engine).await?;
        let server = Server::start(&home, Data::Fresh).await?;
        let stand = Stand { site: &site, target: server.target(), server: &server };
        for &part in &options.part {
            let measured = stand.measure(part, &options).await?;
            measured.iter().for_each(|row| eprintln!("{}", row.line()));
            bars.extend(bars_of(engine, part, &measured));
            rows.extend(measured);
        }
        server.stop();
    }
    print_rows(&rows, options.format())?;
    print_bars(&bars, options.format());
    Ok(())
}

/// A server that stands ready, and what is asked of it.
struct Stand<'a> {
    site: &'a Site,
    server: &'a Server,
    target: Target,
}

impl Stand<'_> {
    async fn measure(&self, part: Part, options: &WebhooksOptions) -> Result<Vec<Row>> {
        let count = options.count;
        match part {
            Part::Backlog => Ok(vec![self.backlog(count).await?]),
            Part::Fast => Ok(vec![self.end_to_end(Manner::Fast, count).await?]),
            Part::Slow => {
                let count = (count / 4).clamp(1, parts::SLOW_COUNT_MAX);
                Ok(vec![self.end_to_end(Manner::Slow(parts::SLOW), count).await?])
            }
            Part::Failing => {
                Ok(vec![self.end_to_end(Manner::FailingATenth, (count / 4).max(1)).await?])
            }
            Part::Latency => Ok(vec![self.latency(options.rate, options.seconds).await?]),
            Part::Isolation => self.isolation((count / 8).max(1)).await,
        }
    }

    /// An endpoint that hears of creates, and its receiver.
    async fn receiver(&self, manner: Manner) -> Result<(Sink, Endpoint)> {
        let sink = Sink::start(manner, Keep::Counts).await?;
        let endpoint = Endpoint::create(&self.target, &sink.url(), &[TYPE]).await?;
        Ok((sink, endpoint))
    }

    /// So many creates from a closed loop; answers how many a second.
    async fn create(&self, count: u64) -> Result<f64> {
        let load = Load {
            target: self.target.clone(),
            connections: CONNECTIONS,
            work: Work::CreateInvoice,
            until: Until::Count(count),
        };
        let tally = client::run(load).await?;
        ensure!(tally.errors == 0, "{} creates failed: {:?}", tally.errors, tally.first_error);
        Ok(tally.requests_per_second())
    }

    fn engine(&self) -> &'static str {
        self.server.engine().name()
    }
}

/// Every delivery is what was made: nothing else came, and nothing under another id.
fn ensure_right(heard: &Heard) -> Result<()> {
    ensure!(heard.wrong == 0, "{} requests were no webhooks of ours", heard.wrong);
    Ok(())
}

fn bars_of(engine: Engine, part: Part, rows: &[Row]) -> Vec<Bar> {
    let name = |what: &str| format!("{}: {what}", engine.name());
    let rate = rows.last().map(|row| row.delivered_per_second);
    match part {
        Part::Backlog => {
            let bar = Bar::at_least(name("backlog drains"), rate, BACKLOG_PER_SECOND_MIN);
            vec![bar.in_unit("/s")]
        }
        Part::Fast => {
            let bar = Bar::at_least(name("create to delivered"), rate, END_TO_END_PER_SECOND_MIN);
            vec![bar.in_unit("/s")]
        }
        Part::Latency => {
            let p99 = rows.last().map(|row| row.p99_ms);
            let bar = Bar::at_most(name("event to delivered, p99"), p99, P99_MS_MAX);
            vec![bar.in_unit(" ms")]
        }
        Part::Isolation => {
            let [alone, beside_fast, beside_bad] = rows else { return Vec::new() };
            let share = |of: &Row| Some(beside_bad.delivered_per_second / of.delivered_per_second);
            let to_alone = name("healthy beside one dead, one slow / alone");
            let to_fast = name("healthy beside one dead, one slow / beside two fast");
            vec![
                Bar::at_least(to_alone, share(alone), HEALTHY_SHARE_MIN),
                Bar::at_least(to_fast, share(beside_fast), HEALTHY_SHARE_MIN),
            ]
        }
        Part::Slow | Part::Failing => Vec::new(),
    }
}
