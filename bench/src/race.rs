//! Runs the engines one after another under the same load.
//!
//! Each engine has a fresh server, database and directory, and is driven at every asked number
//! of connections in turn; nothing else of ours runs meanwhile. The references (roof, baseline)
//! come first, so that ratios are of one run.

use std::time::Duration;

use anyhow::Result;

use crate::client::{self, Load, Until, Work};
use crate::report::Row;
use crate::servers::{Data, Engine, Server, Site};

const WARM_UP: Duration = Duration::from_secs(2);

pub struct Race {
    pub command: &'static str,
    pub engines: Vec<Engine>,
    pub connections: Vec<usize>,
    pub measured: Duration,
    pub course: Course,
}

/// What is asked of the servers.
#[derive(Clone, Copy)]
pub enum Course {
    CreateInvoices,
    /// Reads of random ones among so many invoices created first.
    ReadStatus {
        invoices: u64,
        preparing_connections: usize,
    },
}

impl Race {
    pub async fn run(mut self, site: &mut Site) -> Result<Vec<Row>> {
        self.engines.sort();
        self.engines.dedup();
        let mut rows = Vec::new();
        for &engine in &self.engines {
            let home = site.home(engine).await?;
            let server = Server::start(&home, Data::Fresh).await?;
            let work = self.prepare(&server).await?;
            for &connections in &self.connections {
                let row = self.measure(site, &server, work.clone(), connections).await?;
                let rate = row.requests_per_second;
                eprintln!("{}: {} × {connections}: {rate:.0}/s", self.command, row.engine);
                rows.push(row);
            }
            server.stop();
        }
        crate::report::relate(&mut rows);
        Ok(rows)
    }

    async fn prepare(&self, server: &Server) -> Result<Work> {
        let Course::ReadStatus { invoices, preparing_connections } = self.course else {
            return Ok(Work::CreateInvoice);
        };
        let load = Load {
            target: server.target(),
            connections: preparing_connections,
            work: Work::CreateInvoice,
            until: Until::Count(invoices),
        };
        let tally = client::run(load).await?;
        if let Some(error) = tally.first_error {
            anyhow::bail!("{} of the first creates failed: {error}", tally.errors);
        }
        let ids = tally.acknowledged.iter().map(|known| known.invoice_id).collect();
        Ok(Work::ReadStatus(ids))
    }

    async fn measure(
        &self,
        site: &Site,
        server: &Server,
        work: Work,
        connections: usize,
    ) -> Result<Row> {
        let until = Until::Elapsed { warm_up: WARM_UP, measured: self.measured };
        let running =
            tokio::spawn(client::run(Load { target: server.target(), connections, work, until }));
        tokio::time::sleep(WARM_UP).await;
        let cpu_before = site.cpu_seconds(server)?;
        tokio::time::sleep(self.measured).await;
        let cpu_seconds = site.cpu_seconds(server)? - cpu_before;
        let tally = running.await??;
        let engine = server.engine().name();
        if let Some(error) = &tally.first_error {
            eprintln!("{engine} × {connections}: {} errors, first: {error}", tally.errors);
        }
        let latencies = &tally.latencies;
        Ok(Row {
            command: self.command,
            engine,
            connections,
            seconds: tally.seconds,
            requests: latencies.count(),
            requests_per_second: tally.requests_per_second(),
            ratio_to_baseline: None,
            ratio_to_roof: None,
            p50_ms: latencies.quantile_ms(0.50),
            p95_ms: latencies.quantile_ms(0.95),
            p99_ms: latencies.quantile_ms(0.99),
            max_ms: latencies.max_ms(),
            errors: tally.errors,
            cpu_us_per_request: cpu_seconds * 1e6 / latencies.count().max(1) as f64,
        })
    }
}

/// The row of an engine at a number of connections, if it was measured.
pub fn row(rows: &[Row], engine: Engine, connections: usize) -> Option<&Row> {
    rows.iter().find(|row| row.engine == engine.name() && row.connections == connections)
}
