//! What one part of `bench webhooks` comes to, as a row.

use anyhow::Result;
use serde::Serialize;

use crate::report::{Format, print_json, print_table};
use crate::sink::Heard;

#[derive(Serialize)]
pub struct Row {
    pub command: &'static str,
    pub engine: &'static str,
    pub part: &'static str,
    pub events: u64,
    pub delivered: u64,
    pub seconds: f64,
    pub delivered_per_second: f64,
    /// How fast the events were made, where that was part of it.
    pub created_per_second: Option<f64>,
    /// From the moment in the event's id to its first arrival.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Arrivals of events that had arrived before.
    pub repeated: u64,
    /// Attempts that the sink refused.
    pub failed: u64,
    /// Processor time of the server, and of its database, for one delivery.
    pub cpu_us_per_delivery: f64,
}

/// What a part took.
pub struct Took {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub created_per_second: Option<f64>,
}

const HEADINGS: [&str; 12] = [
    "engine",
    "part",
    "events",
    "created/s",
    "delivered/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "max ms",
    "repeated",
    "failed",
    "cpu µs",
];

impl Row {
    /// Of the deliveries to one or several healthy sinks.
    pub fn of(
        (engine, part): (&'static str, &'static str),
        events: u64,
        heard: &[Heard],
        took: &Took,
    ) -> Self {
        let mut latencies = crate::histogram::Histogram::new();
        heard.iter().for_each(|heard| latencies.add(&heard.latencies));
        let delivered = latencies.count();
        Self {
            command: "webhooks",
            engine,
            part,
            events,
            delivered,
            seconds: took.seconds,
            delivered_per_second: delivered as f64 / took.seconds,
            created_per_second: took.created_per_second,
            p50_ms: latencies.quantile_ms(0.50),
            p95_ms: latencies.quantile_ms(0.95),
            p99_ms: latencies.quantile_ms(0.99),
            max_ms: latencies.max_ms(),
            repeated: heard.iter().map(|heard| heard.repeated).sum(),
            failed: heard.iter().map(|heard| heard.failed).sum(),
            cpu_us_per_delivery: took.cpu_seconds * 1e6 / delivered.max(1) as f64,
        }
    }

    pub fn line(&self) -> String {
        let Self { engine, part, events, delivered_per_second, p99_ms, .. } = self;
        format!("{engine} {part}: {events} events, {delivered_per_second:.0}/s, p99 {p99_ms} ms")
    }

    fn cells(&self) -> [String; 12] {
        let created = self.created_per_second;
        [
            self.engine.to_owned(),
            self.part.to_owned(),
            self.events.to_string(),
            created.map_or("–".to_owned(), |rate| format!("{rate:.0}")),
            format!("{:.0}", self.delivered_per_second),
            format!("{:.0}", self.p50_ms),
            format!("{:.0}", self.p95_ms),
            format!("{:.0}", self.p99_ms),
            format!("{:.0}", self.max_ms),
            self.repeated.to_string(),
            self.failed.to_string(),
            format!("{:.1}", self.cpu_us_per_delivery),
        ]
    }
}

pub fn print_rows(rows: &[Row], format: Format) -> Result<()> {
    match format {
        Format::Json => rows.iter().try_for_each(print_json),
        Format::Table => {
            let cells: Vec<_> = rows.iter().map(Row::cells).collect();
            print_table(&HEADINGS, &cells);
            Ok(())
        }
    }
}
