//! Does a dead or a slow endpoint hold up the healthy ones?
//!
//! Four healthy endpoints hear every create. They are measured alone; beside two more that are
//! healthy; and beside one that takes requests and never answers and one that takes 50 ms. Those
//! two, like the two before, hear test pings of their own: what they cost by being there is in the
//! second run, so the third against it is what being dead and slow does.

use anyhow::Result;
use tokio::task::JoinSet;

use super::parts::{SLOW, last_of};
use super::row::{Row, Took};
use super::{PATIENCE, Stand, ensure_right};
use crate::endpoints::Endpoint;
use crate::fresh;
use crate::pace::Pace;
use crate::sink::{Heard, Keep, Manner, Sink};

const HEALTHY: usize = 4;
/// Many more than come back from the dead one: it is at its limit throughout.
const PINGS_PER_SECOND: u64 = 25;
const PING: &str = "test.ping";
/// So many pings are made before it counts, which is when the dead one has no room left.
const PINGS_FIRST: u64 = 75;
/// More than any run lasts; they end with it.
const PINGS_MAX: u64 = PINGS_PER_SECOND * 3_600;

impl Stand<'_> {
    pub async fn isolation(&self, events: u64) -> Result<Vec<Row>> {
        let mut healthy = Vec::with_capacity(HEALTHY);
        for _ in 0..HEALTHY {
            healthy.push(self.receiver(Manner::Fast).await?);
        }
        // The first run to four endpoints would open their connections and pay for it.
        self.healthy_run("warm-up", (events / 10).max(1), &healthy).await?;
        let alone = self.healthy_run("4 healthy alone", events, &healthy).await?;
        let fast = [Manner::Fast, Manner::Fast];
        let beside_fast = self.run_beside(fast, "4 beside 2 fast", events, &healthy).await?;
        let bad = [Manner::Hanging, Manner::Slow(SLOW)];
        let beside_bad = self.run_beside(bad, "4 beside dead, slow", events, &healthy).await?;
        for (_sink, endpoint) in healthy {
            endpoint.remove().await?;
        }
        Ok(vec![alone, beside_fast, beside_bad])
    }

    async fn run_beside(
        &self,
        manners: [Manner; 2],
        name: &'static str,
        events: u64,
        healthy: &[(Sink, Endpoint)],
    ) -> Result<Row> {
        let mut others = Vec::with_capacity(manners.len());
        let mut pinging = JoinSet::new();
        for manner in manners {
            let sink = Sink::start(manner, Keep::Counts).await?;
            let endpoint = Endpoint::create(&self.target, &sink.url(), &[PING]).await?;
            self.ping(&endpoint, PINGS_FIRST).await?;
            let (address, request) = (self.target.address, endpoint.ping());
            let pace = Pace { per_second: PINGS_PER_SECOND, count: PINGS_MAX };
            pinging.spawn(pace.run(address, move || request.clone().into_bytes()));
            others.push((sink, endpoint));
        }
        let row = self.healthy_run(name, events, healthy).await?;
        if let Some(ended) = pinging.try_join_next() {
            // They run for an hour: one that is over has failed, and the run was not what it says.
            ended??;
        }
        pinging.shutdown().await;
        for (_sink, endpoint) in others {
            endpoint.remove().await?;
        }
        Ok(row)
    }

    async fn ping(&self, endpoint: &Endpoint, count: u64) -> Result<()> {
        let request = endpoint.ping();
        let pace = Pace { per_second: PINGS_PER_SECOND, count };
        pace.run(self.target.address, || request.clone().into_bytes()).await.map(drop)
    }

    async fn healthy_run(
        &self,
        name: &'static str,
        events: u64,
        healthy: &[(Sink, Endpoint)],
    ) -> Result<Row> {
        let cpu_before = self.site.cpu_seconds(self.server)?;
        let began = fresh::now();
        let created_per_second = Some(self.create(events).await?);
        for (sink, _endpoint) in healthy {
            sink.expect(events, PATIENCE).await?;
        }
        let cpu_seconds = self.site.cpu_seconds(self.server)? - cpu_before;
        let heard: Vec<Heard> = healthy.iter().map(|(sink, _endpoint)| sink.take()).collect();
        let mut last_at = began;
        for heard in &heard {
            ensure_right(heard)?;
            last_at = last_at.max(last_of(heard)?);
        }
        let seconds = (last_at - began).as_secs_f64();
        let took = Took { seconds, cpu_seconds, created_per_second };
        Ok(Row::of((self.engine(), name), events, &heard, &took))
    }
}
