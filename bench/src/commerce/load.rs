//! A closed loop of something that takes several requests, and what came of it.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::caller::Caller;
use crate::client::Target;
use crate::fresh;
use crate::histogram::Histogram;

use super::catalogue::Dice;

const WARM_UP: Duration = Duration::from_secs(1);

/// Which requests make one turn.
pub trait Turn: Clone + Send + 'static {
    /// Takes one, as the so-manieth of its connection.
    fn take(
        &self,
        caller: &mut Caller,
        dice: &mut Dice,
        number: (usize, u64),
    ) -> impl Future<Output = Result<()>> + Send;
}

pub struct Taken {
    latencies: Histogram,
    /// All of them, also those that do not count.
    pub turns: u64,
    seconds: f64,
}

impl Taken {
    pub fn new(latencies: Histogram, turns: u64, span: Duration) -> Taken {
        Taken { latencies, turns, seconds: span.as_secs_f64() }
    }

    pub fn count(&self) -> u64 {
        self.turns.max(1)
    }

    pub fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }

    pub fn p99_ms(&self) -> f64 {
        self.latencies.quantile_ms(0.99)
    }

    pub fn line(&self) -> String {
        let (p50, p99) = (self.latencies.quantile_ms(0.5), self.p99_ms());
        format!("{:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms", self.per_second())
    }
}

/// On so many connections at once, until the time is up; the first failure ends it.
pub async fn run(
    target: &Target,
    connections: usize,
    measured: Duration,
    turn: impl Turn,
) -> Result<Taken> {
    let mut callers = Vec::with_capacity(connections);
    for _ in 0..connections {
        callers.push(Caller::open(target).await?);
    }
    let from = fresh::now() + WARM_UP;
    let span = (from, from + measured);
    let mut loops = JoinSet::new();
    for (number, caller) in callers.into_iter().enumerate() {
        loops.spawn(drive(caller, number, span, turn.clone()));
    }
    let mut total = Taken::new(Histogram::new(), 0, measured);
    while let Some(taken) = loops.join_next().await {
        let taken = taken??;
        total.latencies.add(&taken.latencies);
        total.turns += taken.turns;
    }
    Ok(total)
}

async fn drive(
    mut caller: Caller,
    number: usize,
    (from, to): (Instant, Instant),
    turn: impl Turn,
) -> Result<Taken> {
    let mut dice = Dice::new(number as u64 + 1);
    let mut taken = Taken::new(Histogram::new(), 0, to - from);
    let mut began = fresh::now();
    while began < to {
        turn.take(&mut caller, &mut dice, (number, taken.turns)).await?;
        taken.turns += 1;
        let ended = fresh::now();
        if began >= from && ended <= to {
            taken.latencies.record(ended - began);
        }
        began = ended;
    }
    Ok(taken)
}
