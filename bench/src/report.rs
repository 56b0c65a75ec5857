//! What is printed: rows, and the bars they are held to.
//!
//! A table for people, or one JSON object per row for programs (then stdout carries nothing
//! else, and the bars go to stderr). A bar whose row was not measured says so; it never passes.

use serde::Serialize;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
}

/// One engine under one number of connections.
#[derive(Serialize)]
pub struct Row {
    pub command: &'static str,
    pub engine: &'static str,
    pub connections: usize,
    pub seconds: f64,
    pub requests: u64,
    pub requests_per_second: f64,
    pub ratio_to_baseline: Option<f64>,
    pub ratio_to_roof: Option<f64>,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    pub errors: u64,
    /// Processor time of the server, and of its database, for one request.
    pub cpu_us_per_request: f64,
}

const HEADINGS: [&str; 11] = [
    "engine", "conns", "req/s", "× base", "× roof", "p50 ms", "p95 ms", "p99 ms", "max ms",
    "errors", "cpu µs",
];

impl Row {
    fn cells(&self) -> [String; 11] {
        let ratio =
            |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        [
            self.engine.to_owned(),
            self.connections.to_string(),
            format!("{:.0}", self.requests_per_second),
            ratio(self.ratio_to_baseline),
            ratio(self.ratio_to_roof),
            format!("{:.2}", self.p50_ms),
            format!("{:.2}", self.p95_ms),
            format!("{:.2}", self.p99_ms),
            format!("{:.2}", self.max_ms),
            self.errors.to_string(),
            format!("{:.1}", self.cpu_us_per_request),
        ]
    }
}

/// Fills in the ratios: each row against the same number of connections on the two references.
pub fn relate(rows: &mut [Row]) {
    let rates: Vec<_> =
        rows.iter().map(|row| (row.engine, row.connections, row.requests_per_second)).collect();
    for row in rows {
        let ratio_to = |engine: &str| {
            rates
                .iter()
                .find(|rate| rate.0 == engine && rate.1 == row.connections)
                .map(|rate| row.requests_per_second / rate.2)
        };
        row.ratio_to_baseline = ratio_to("baseline");
        row.ratio_to_roof = ratio_to("roof");
    }
}

pub fn print_rows(rows: &[Row], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            for row in rows {
                print_json(row)?;
            }
        }
        Format::Table => {
            let cells: Vec<_> = rows.iter().map(Row::cells).collect();
            print_table(&HEADINGS, &cells);
        }
    }
    Ok(())
}

pub fn print_json(row: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(row)?);
    Ok(())
}

/// The first column to the left, numbers to the right.
pub fn print_table<const COLUMNS: usize>(headings: &[&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or(0)
    });
    let headings = headings.map(str::to_owned);
    for row in [&headings].into_iter().chain(rows) {
        let mut line = format!("{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            line += &format!("  {cell:>width$}");
        }
        println!("{line}");
    }
}

/// A promise of the project, and what was measured of it.
pub struct Bar {
    name: String,
    measured: Option<f64>,
    limit: Limit,
    unit: &'static str,
}

enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    pub fn at_least(name: impl Into<String>, measured: Option<f64>, least: f64) -> Self {
        Self { name: name.into(), measured, limit: Limit::AtLeast(least), unit: "" }
    }

    pub fn at_most(name: impl Into<String>, measured: Option<f64>, most: f64) -> Self {
        Self { name: name.into(), measured, limit: Limit::AtMost(most), unit: "" }
    }

    pub fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    fn line(&self) -> String {
        let (sign, limit) = match self.limit {
            Limit::AtLeast(least) => ("≥", least),
            Limit::AtMost(most) => ("≤", most),
        };
        let passes = |measured: f64| match self.limit {
            Limit::AtLeast(least) => measured >= least,
            Limit::AtMost(most) => measured <= most,
        };
        let (verdict, measured) = match self.measured {
            Some(measured) if passes(measured) => ("PASS", format!("{measured:.2}")),
            Some(measured) => ("MISS", format!("{measured:.2}")),
            None => ("----", "not measured".to_owned()),
        };
        let unit = self.unit;
        format!("{verdict}  {}: {measured} (bar {sign} {limit:.2}{unit})", self.name)
    }
}

pub fn print_bars(bars: &[Bar], format: Format) {
    for bar in bars {
        match format {
            Format::Table => println!("{}", bar.line()),
            Format::Json => eprintln!("{}", bar.line()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_pass_miss_or_not_measured() {
        let bar = |measured| Bar::at_most("p99", measured, 40.0).in_unit(" ms").line();
        assert_eq!(bar(Some(12.0)), "PASS  p99: 12.00 (bar ≤ 40.00 ms)");
        assert_eq!(bar(Some(41.0)), "MISS  p99: 41.00 (bar ≤ 40.00 ms)");
        assert_eq!(bar(None), "----  p99: not measured (bar ≤ 40.00 ms)");
    }
}
