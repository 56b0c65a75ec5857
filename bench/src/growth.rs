//! `bench growth`: does a create cost the same in a full database as in an empty one?
//!
//! A million invoices are created at 256 connections; every hundred thousand the rate, the
//! latency, the memory and the processor time of the server (and of its database) are printed.
//! The first and the last hundred thousand are held against each other.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::client::{self, Load, Until, Work};
use crate::options::GrowthOptions;
use crate::process;
use crate::report::{Bar, Format, print_bars, print_json};
use crate::servers::{Data, Engine, Server, Site};

const CONNECTIONS: usize = 256;
const STEP: u64 = 100_000;
const COST_RATIO_MAX: f64 = 1.3;
const GROWTH_MIB_MAX: f64 = 64.0;

#[derive(Serialize)]
struct Step {
    command: &'static str,
    engine: &'static str,
    invoices: u64,
    requests_per_second: f64,
    p99_ms: f64,
    resident_mib: f64,
    cpu_seconds_per_1000: f64,
    errors: u64,
}

pub async fn run(options: GrowthOptions) -> Result<()> {
    let mut site = Site::new()?;
    for &engine in &options.engine {
        grow(&mut site, engine, &options).await?;
    }
    Ok(())
}

async fn grow(site: &mut Site, engine: Engine, options: &GrowthOptions) -> Result<()> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let idle_mib = resident_mib(&server)?;
    eprintln!("{}: idle {idle_mib:.1} MiB", engine.name());
    let mut steps = Vec::new();
    let mut invoices = 0;
    while invoices < options.count {
        let count = STEP.min(options.count - invoices);
        invoices += count;
        let step = advance(site, &server, invoices, count).await?;
        match options.format() {
            Format::Json => print_json(&step)?,
            Format::Table => println!("{}", step.line()),
        }
        steps.push(step);
    }
    server.stop();
    print_bars(&bars(&steps, idle_mib), options.format());
    Ok(())
}

async fn advance(site: &Site, server: &Server, invoices: u64, count: u64) -> Result<Step> {
    let cpu_before = site.cpu_seconds(server)?;
    let load = Load {
        target: server.target(),
        connections: CONNECTIONS,
        work: Work::CreateInvoice,
        until: Until::Count(count),
    };
    let tally = client::run(load).await?;
    ensure!(tally.latencies.count() > 0, "nothing was created: {:?}", tally.first_error);
    if let Some(error) = &tally.first_error {
        eprintln!("{} errors, first: {error}", tally.errors);
    }
    let cpu_seconds = site.cpu_seconds(server)? - cpu_before;
    Ok(Step {
        command: "growth",
        engine: server.engine().name(),
        invoices,
        requests_per_second: tally.requests_per_second(),
        p99_ms: tally.latencies.quantile_ms(0.99),
        resident_mib: resident_mib(server)?,
        cpu_seconds_per_1000: cpu_seconds * 1e3 / tally.latencies.count() as f64,
        errors: tally.errors,
    })
}

fn resident_mib(server: &Server) -> Result<f64> {
    Ok(process::resident_kib(server.pid())? as f64 / 1024.0)
}

impl Step {
    fn line(&self) -> String {
        format!(
            "{:<8} {:>9} invoices  {:>7.0}/s  p99 {:>7.2} ms  {:>6.1} MiB  {:.4} cpu s per 1,000",
            self.engine,
            self.invoices,
            self.requests_per_second,
            self.p99_ms,
            self.resident_mib,
            self.cpu_seconds_per_1000,
        )
    }
}

fn bars(steps: &[Step], idle_mib: f64) -> Vec<Bar> {
    let [first, .., last] = steps else { return Vec::new() };
    let cost = last.cpu_seconds_per_1000 / first.cpu_seconds_per_1000;
    let time = first.requests_per_second / last.requests_per_second;
    let peak_mib = steps.iter().map(|step| step.resident_mib).fold(0.0, f64::max);
    let engine = first.engine;
    vec![
        Bar::at_most(format!("{engine}: cpu per create, last / first"), Some(cost), COST_RATIO_MAX),
        Bar::at_most(
            format!("{engine}: time per create, last / first"),
            Some(time),
            COST_RATIO_MAX,
        ),
        Bar::at_most(
            format!("{engine}: memory above idle ({idle_mib:.1} MiB), highest"),
            Some(peak_mib - idle_mib),
            GROWTH_MIB_MAX,
        )
        .in_unit(" MiB"),
    ]
}
