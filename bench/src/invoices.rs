//! `bench invoices`: durable invoice creates on every engine.
//!
//! The main promise of the project: `POST /api/v1/invoices` is answered when the invoice is on
//! disk, many times faster than the way most servers are written, and within sight of a server
//! that writes nothing at all.

use anyhow::Result;

use crate::fsync;
use crate::options::RaceOptions;
use crate::race::{Course, Race, row};
use crate::report::{Bar, Row, print_bars, print_rows};
use crate::servers::{Engine, Site};

const BAR_CONNECTIONS: usize = 256;

pub async fn run(options: RaceOptions) -> Result<()> {
    let mut site = Site::new()?;
    let fsync_ms = fsync::median_ms(site.directory())?;
    eprintln!("one fsync: {fsync_ms:.2} ms");
    let (connections, format) = (options.connections.clone(), options.format());
    let race = Race {
        command: "invoices",
        engines: options.engines(),
        connections,
        measured: options.measured(),
        course: Course::CreateInvoices,
    };
    let rows = race.run(&mut site).await?;
    print_rows(&rows, format)?;
    print_bars(&bars(&rows, fsync_ms), format);
    Ok(())
}

fn bars(rows: &[Row], fsync_ms: f64) -> Vec<Bar> {
    let mut bars = Vec::new();
    for (engine, times_baseline) in [(Engine::Postgres, 6.0), (Engine::Sqlite, 3.0)] {
        let name = engine.name();
        let busy = row(rows, engine, BAR_CONNECTIONS);
        let single = row(rows, engine, 1);
        bars.extend([
            Bar::at_least(
                format!("{name} × {BAR_CONNECTIONS}, times the baseline"),
                busy.and_then(|row| row.ratio_to_baseline),
                times_baseline,
            ),
            Bar::at_least(
                format!("{name} × {BAR_CONNECTIONS}, share of the roof"),
                busy.and_then(|row| row.ratio_to_roof),
                0.3,
            ),
            Bar::at_most(
                format!("{name} × {BAR_CONNECTIONS}, p99"),
                busy.map(|row| row.p99_ms),
                40.0,
            )
            .in_unit(" ms"),
            Bar::at_most(
                format!("{name} × 1, p50 against one fsync ({fsync_ms:.2} ms) + 1.5 ms"),
                single.map(|row| row.p50_ms),
                fsync_ms + 1.5,
            )
            .in_unit(" ms"),
        ]);
    }
    bars
}
