//! The open-loop client: so many requests a second, whether or not the last ones were answered.
//!
//! A closed loop slows down with the server and hides how late its answers are. This one sends
//! on time, over as many connections as that takes, up to a bound; what it cannot send in time
//! because all of them are busy is sent late and makes the run longer than it was to be.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::client::describe;
use crate::connection::Connection;
use crate::fresh;

const CONNECTIONS_MAX: usize = 512;

pub struct Pace {
    pub per_second: u64,
    pub count: u64,
}

impl Pace {
    /// Sends what `request` makes, over and over, and answers how long that took; anything but
    /// a 2xx ends it.
    pub async fn run(
        self,
        address: SocketAddr,
        mut request: impl FnMut() -> Vec<u8>,
    ) -> Result<Duration> {
        ensure!(self.per_second > 0, "a pace is at least one a second");
        let mut ticks = interval(Duration::from_nanos(1_000_000_000 / self.per_second));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let began = fresh::now();
        let mut under_way = JoinSet::new();
        let mut idle: Vec<Connection> = Vec::new();
        for _ in 0..self.count {
            ticks.tick().await;
            while let Some(done) = under_way.try_join_next() {
                idle.push(done??);
            }
            if under_way.len() >= CONNECTIONS_MAX {
                let done = under_way.join_next().await.context("there are many")?;
                idle.push(done??);
            }
            let connection = match idle.pop() {
                Some(connection) => connection,
                None => Connection::open(address).await?,
            };
            under_way.spawn(exchange(connection, request()));
        }
        while let Some(done) = under_way.join_next().await {
            done??;
        }
        Ok(began.elapsed())
    }
}

async fn exchange(mut connection: Connection, request: Vec<u8>) -> Result<Connection> {
    let answer = connection.exchange(&request).await?;
    ensure!((200..300).contains(&answer.status), "{}", describe(&answer));
    Ok(connection)
}
