//! The parts with one endpoint: a backlog, a closed loop to receivers of each kind, a steady rate.
//!
//! Latencies are from the moment in the event's id, which is when the change was decided, so the
//! commit is in them. In a backlog and in a closed loop they tell how long the queue was.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::row::{Row, Took};
use super::{PATIENCE, Stand, ensure_right};
use crate::endpoints::Endpoint;
use crate::fresh;
use crate::pace::Pace;
use crate::request::create_invoice;
use crate::sink::{Heard, Manner, Sink};

pub const SLOW: Duration = Duration::from_millis(50);
/// 32 deliveries at once to an endpoint that takes 50 ms: ten seconds' worth.
pub const SLOW_COUNT_MAX: u64 = 6_400;

impl Stand<'_> {
    /// Events that happened before there was an endpoint, all due at once by `recover`.
    pub async fn backlog(&self, count: u64) -> Result<Row> {
        let since = fresh::unix_ms() / 1_000;
        self.create(count).await?;
        let (sink, endpoint) = self.receiver(Manner::Fast).await?;
        let cpu_before = self.site.cpu_seconds(self.server)?;
        let began = fresh::now();
        endpoint.recover(since).await?;
        // What earlier parts made within the same second comes along, so at least so many.
        sink.expect(count, PATIENCE).await?;
        let cpu_seconds = self.site.cpu_seconds(self.server)? - cpu_before;
        let part = Running { began, cpu_seconds, created_per_second: None };
        self.over("backlog", count, part, (sink, endpoint)).await
    }

    /// Creates from a closed loop, until the last one's event arrived.
    pub async fn end_to_end(&self, manner: Manner, count: u64) -> Result<Row> {
        let name = match manner {
            Manner::Fast => "fast sink",
            Manner::Slow(_) => "50 ms sink",
            Manner::FailingATenth => "10 % fail once",
            Manner::Hanging => "hanging sink",
        };
        let (sink, endpoint) = self.receiver(manner).await?;
        let cpu_before = self.site.cpu_seconds(self.server)?;
        let began = fresh::now();
        let created_per_second = Some(self.create(count).await?);
        sink.expect(count, PATIENCE).await?;
        let cpu_seconds = self.site.cpu_seconds(self.server)? - cpu_before;
        let part = Running { began, cpu_seconds, created_per_second };
        self.over(name, count, part, (sink, endpoint)).await
    }

    /// Creates at a steady rate that the server keeps up with.
    pub async fn latency(&self, per_second: u64, seconds: u64) -> Result<Row> {
        let (sink, endpoint) = self.receiver(Manner::Fast).await?;
        let count = per_second * seconds;
        let mut create = create_invoice(&self.target);
        let cpu_before = self.site.cpu_seconds(self.server)?;
        let began = fresh::now();
        let sent = Pace { per_second, count }
            .run(self.target.address, || create.with_random_uuid().to_vec())
            .await?;
        sink.expect(count, PATIENCE).await?;
        let cpu_seconds = self.site.cpu_seconds(self.server)? - cpu_before;
        let created_per_second = Some(count as f64 / sent.as_secs_f64());
        let part = Running { began, cpu_seconds, created_per_second };
        self.over("steady rate", count, part, (sink, endpoint)).await
    }

    async fn over(
        &self,
        name: &'static str,
        events: u64,
        part: Running,
        (sink, endpoint): (Sink, Endpoint),
    ) -> Result<Row> {
        let heard = sink.take();
        ensure_right(&heard)?;
        let Running { began, cpu_seconds, created_per_second } = part;
        let seconds = (last_of(&heard)? - began).as_secs_f64();
        let took = Took { seconds, cpu_seconds, created_per_second };
        let row = Row::of((self.engine(), name), events, &[heard], &took);
        endpoint.remove().await?;
        Ok(row)
    }
}

/// A part that has run to its last arrival.
struct Running {
    began: Instant,
    cpu_seconds: f64,
    created_per_second: Option<f64>,
}

pub fn last_of(heard: &Heard) -> Result<Instant> {
    heard.last_at.context("nothing arrived")
}
