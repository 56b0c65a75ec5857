//! `bench status`: reads of `GET /api/v1/invoices/{id}/status` on every engine.
//!
//! This is the route that shops poll, so it is the most read one. 10,000 invoices are created
//! first; then random ones of them are read.

use anyhow::Result;

use crate::options::RaceOptions;
use crate::race::{Course, Race, row};
use crate::report::{Bar, Row, print_bars, print_rows};
use crate::servers::{Engine, Site};

const INVOICES: u64 = 10_000;
const PREPARING_CONNECTIONS: usize = 64;
const BAR_CONNECTIONS: usize = 64;

pub async fn run(options: RaceOptions) -> Result<()> {
    let mut site = Site::new()?;
    let format = options.format();
    let race = Race {
        command: "status",
        engines: options.engines(),
        connections: options.connections.clone(),
        measured: options.measured(),
        course: Course::ReadStatus {
            invoices: INVOICES,
            preparing_connections: PREPARING_CONNECTIONS,
        },
    };
    let rows = race.run(&mut site).await?;
    print_rows(&rows, format)?;
    print_bars(&bars(&rows), format);
    Ok(())
}

fn bars(rows: &[Row]) -> Vec<Bar> {
    [(Engine::Sqlite, 0.5), (Engine::Postgres, 0.3)]
        .map(|(engine, share)| {
            Bar::at_least(
                format!("{} × {BAR_CONNECTIONS}, share of the roof", engine.name()),
                row(rows, engine, BAR_CONNECTIONS).and_then(|row| row.ratio_to_roof),
                share,
            )
        })
        .into()
}
