//! What the house measures of itself, and how Prometheus reads it.
//!
//! Requests by route and status with latency histograms, commits, log position, watcher lag,
//! invoices by status. Series are bounded: routes are the router's patterns, never raw paths.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use domain::ids::RowKey;
use domain::time::Timestamp;

/// Upper bounds in microseconds.
const BUCKETS_US: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];
const KEYS_USED_MAX: usize = 10_000;

#[derive(Clone, Default)]
struct Histogram {
    counts: [u64; BUCKETS_US.len()],
    count: u64,
    sum_us: u64,
}

/// By method and status, then by route: found without an allocation.
type RequestSeries = HashMap<(&'static str, u16), HashMap<String, Histogram>>;

#[derive(Default)]
pub struct Metrics {
    requests: Mutex<RequestSeries>,
    in_flight: AtomicI64,
    /// When each key was last used; flushed to its row once a minute.
    keys_used: Mutex<HashMap<RowKey, Timestamp>>,
    /// From an event's moment to its arrival at an endpoint.
    deliveries: Mutex<Histogram>,
    gauges: Mutex<BTreeMap<String, i64>>,
    counters: Mutex<BTreeMap<String, u64>>,
}

/// Counts a request as in flight until it is dropped.
pub struct InFlight<'a>(&'a AtomicI64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Histogram {
    fn add(&mut self, us: u64) {
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        if let Some(at) = BUCKETS_US.iter().position(|bound| us <= *bound) {
            self.counts[at] += 1;
        }
    }

    fn render(&self, out: &mut String, name: &str, labels: &str) {
        let mut below = 0;
        let comma = if labels.is_empty() { "" } else { "," };
        for (bound, count) in BUCKETS_US.iter().zip(self.counts) {
            below += count;
            let le = seconds(*bound);
            let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{le}\"}} {below}");
        }
        let (total, sum) = (self.count, seconds(self.sum_us));
        let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "{name}_sum{braced} {sum}");
        let _ = writeln!(out, "{name}_count{braced} {total}");
    }
}

impl Metrics {
    pub fn new() -> Metrics {
        Metrics::default()
    }

    pub fn request_started(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub fn request_done(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut requests = self.requests.lock().expect("no panic holds this lock");
        let routes = requests.entry((known_method(method), status.as_u16())).or_default();
        let histogram = match routes.get_mut(route) {
            Some(histogram) => histogram,
            None => routes.entry(route.to_owned()).or_default(),
        };
        histogram.add(us);
    }

    /// An event arrived at an endpoint so long after it was written.
    pub fn webhook_delivered(&self, after_ms: i64) {
        let us = u64::try_from(after_ms).unwrap_or(0).saturating_mul(1_000);
        self.deliveries.lock().expect("no panic holds this lock").add(us);
    }

    pub fn key_used(&self, key: RowKey, now: Timestamp) {
        let mut used = self.keys_used.lock().expect("no panic holds this lock");
        if used.len() < KEYS_USED_MAX || used.contains_key(&key) {
            used.insert(key, now);
        }
    }

    /// Hands over which keys were used since the last call.
    pub fn take_keys_used(&self) -> HashMap<RowKey, Timestamp> {
        std::mem::take(&mut *self.keys_used.lock().expect("no panic holds this lock"))
    }

    /// Sets a gauge; `series` is the full name with its labels.
    pub fn set(&self, series: &str, value: i64) {
        let mut gauges = self.gauges.lock().expect("no panic holds this lock");
        gauges.insert(series.to_owned(), value);
    }

    /// Raises a counter; `series` is the full name with its labels.
    pub fn add(&self, series: &str, by: u64) {
        let mut counters = self.counters.lock().expect("no panic holds this lock");
        *counters.entry(series.to_owned()).or_default() += by;
    }

    /// The text format of Prometheus.
    pub fn render(&self) -> String {
        let mut out = String::new();
        self.render_requests(&mut out);
        self.render_deliveries(&mut out);
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let _ = writeln!(out, "# TYPE pepay_http_requests_in_flight gauge");
        let _ = writeln!(out, "pepay_http_requests_in_flight {in_flight}");
        let gauges = self.gauges.lock().expect("no panic holds this lock").clone();
        render_series(&mut out, "gauge", gauges.iter().map(|(name, value)| (name, *value)));
        let counters = self.counters.lock().expect("no panic holds this lock").clone();
        let counters = counters.iter().map(|(name, value)| (name, *value as i64));
        render_series(&mut out, "counter", counters);
        out
    }

    fn requests_sorted(&self) -> BTreeMap<(String, String, u16), Histogram> {
        let requests = self.requests.lock().expect("no panic holds this lock");
        let series = requests.iter().flat_map(|((method, status), routes)| {
            routes.iter().map(move |(route, histogram)| {
                ((route.clone(), (*method).to_owned(), *status), histogram.clone())
            })
        });
        series.collect()
    }

    fn render_deliveries(&self, out: &mut String) {
        const NAME: &str = "pepay_webhook_delivery_seconds";
        let _ = writeln!(out, "# TYPE {NAME} histogram");
        let deliveries = self.deliveries.lock().expect("no panic holds this lock").clone();
        deliveries.render(out, NAME, "");
    }

    fn render_requests(&self, out: &mut String) {
        const NAME: &str = "pepay_http_request_duration_seconds";
        let _ = writeln!(out, "# TYPE {NAME} histogram");
        for ((route, method, status), histogram) in self.requests_sorted() {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            histogram.render(out, NAME, &labels);
        }
    }
}

/// A client may make methods up; they share one series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Microseconds as a decimal number of seconds.
pub fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn render_series<'a>(
    out: &mut String,
    kind: &str,
    series: impl Iterator<Item = (&'a String, i64)>,
) {
    let mut last = "";
    for (full_name, value) in series {
        let name = full_name.split('{').next().unwrap_or(full_name);
        if name != last {
            let _ = writeln!(out, "# TYPE {name} {kind}");
        }
        last = name;
        let _ = writeln!(out, "{full_name} {value}");
    }
}
