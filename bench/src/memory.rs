//! `bench memory`: what an idle server holds, and how long it takes to be ready.
//!
//! Starts are timed from the spawn of the process to the first 200 of `/readyz`, on an empty
//! data directory (which includes making the schema, the keys and the demo merchant) and on one
//! that exists; of the latter the median of five.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::options::MemoryOptions;
use crate::process;
use crate::report::{Bar, Format, print_bars, print_json};
use crate::servers::{Data, Engine, Server, Site};

const SETTLE: Duration = Duration::from_secs(2);
const STARTS: usize = 5;
const IDLE_MIB_MAX: f64 = 40.0;
const READY_MS_MAX: f64 = 500.0;

#[derive(Serialize)]
struct Measured {
    command: &'static str,
    engine: &'static str,
    idle_mib: f64,
    ready_fresh_ms: f64,
    ready_existing_ms: f64,
}

pub async fn run(options: MemoryOptions) -> Result<()> {
    let mut site = Site::new()?;
    for &engine in &options.engine {
        let measured = measure(&mut site, engine).await?;
        match options.format() {
            Format::Json => print_json(&measured)?,
            Format::Table => println!("{engine}", engine = measured.engine),
        }
        print_bars(&measured.bars(), options.format());
    }
    Ok(())
}

async fn measure(site: &mut Site, engine: Engine) -> Result<Measured> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let ready_fresh_ms = server.ready_after.as_secs_f64() * 1e3;
    tokio::time::sleep(SETTLE).await;
    let idle_mib = process::resident_kib(server.pid())? as f64 / 1024.0;
    server.stop();
    let mut starts_ms = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(&home, Data::Kept).await?;
        starts_ms.push(server.ready_after.as_secs_f64() * 1e3);
        server.stop();
    }
    starts_ms.sort_by(f64::total_cmp);
    let ready_existing_ms = starts_ms[STARTS / 2];
    let (command, engine) = ("memory", engine.name());
    Ok(Measured { command, engine, idle_mib, ready_fresh_ms, ready_existing_ms })
}

impl Measured {
    fn bars(&self) -> [Bar; 3] {
        [
            Bar::at_most("idle resident memory", Some(self.idle_mib), IDLE_MIB_MAX).in_unit(" MiB"),
            Bar::at_most("cold start, fresh data", Some(self.ready_fresh_ms), READY_MS_MAX)
                .in_unit(" ms"),
            Bar::at_most("cold start, existing data", Some(self.ready_existing_ms), READY_MS_MAX)
                .in_unit(" ms"),
        ]
    }
}
