//! One life: random acts, deaths among them, and then the quiet in which everything must end.

use anyhow::{Context as _, Result};

use crate::acts::{self, Known};
use crate::bank_money;
use crate::checks;
use crate::dice::Dice;
use crate::ramps;
use crate::settlement;
use crate::world::World;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;
/// Once in so many acts the process is doomed.
const DOOM_ONCE_IN: u64 = 8;
/// A doomed process dies within so many commits.
const DOOM_COMMITS_MAX: u64 = 12;
/// The quiet at the end is longer than any wait there is: hours at first, then days, until an
/// on-ramp that nobody pays has expired.
const QUIET_HOURS: u32 = 26;
const QUIET_DAYS: u32 = 15;
/// A payment that comes after that is found the next day.
const LATE_DAYS: u32 = 3;

/// Hears what happens.
pub type Told = Box<dyn Fn(&str)>;

pub struct Life {
    pub world: World,
    pub dice: Dice,
    pub known: Known,
    pub ramps: ramps::Known,
    told: Told,
}

impl Life {
    pub async fn begin(seed: u64, told: Told) -> Result<Life> {
        let world = World::begin(seed).await?;
        let (dice, known, ramps) = (Dice::new(seed), Known::default(), ramps::Known::default());
        let mut life = Life { world, dice, known, ramps, told };
        life.world.work().await?;
        ramps::settle_in(&mut life).await.context("settling in")?;
        settlement::settle_in(&mut life).await.context("naming wallets")?;
        Ok(life)
    }

    pub async fn live(&mut self, count: u32) -> Result<()> {
        for number in 0..count {
            if self.dice.once_in(DOOM_ONCE_IN) {
                let commits = i64::try_from(self.dice.below(DOOM_COMMITS_MAX)).unwrap_or(0);
                let dies_after = self.dice.once_in(2);
                self.tell(&format!("{number}: doomed in {commits} commits, after: {dies_after}"));
                self.world.doom(commits, dies_after);
            }
            let what = acts::act(self).await.with_context(|| format!("act {number}"))?;
            self.tell(&format!("{number}: {what}"));
            if self.world.is_dead() {
                self.tell(&format!("{number}: died"));
                self.world.rise_again().await.context("rising again")?;
            }
        }
        Ok(())
    }

    /// Nothing more happens but time; then everything is counted.
    pub async fn end(mut self) -> Result<()> {
        // Whatever doom there was ends here: from now on only time passes.
        self.world.rise_again().await?;
        self.rest(5, SECOND_MS).await?;
        ramps::conclude(&mut self).await?;
        self.rest(QUIET_HOURS, HOUR_MS).await?;
        // What came last was found since then, and may wait for a human too.
        ramps::conclude(&mut self).await?;
        self.rest(QUIET_DAYS, 24 * HOUR_MS).await?;
        // Some pay when nobody waits for them any more.
        bank_money::pay_late(&mut self).await?;
        self.rest(LATE_DAYS, 24 * HOUR_MS).await?;
        ramps::conclude(&mut self).await?;
        self.rest(5, SECOND_MS).await?;
        let proof = checks::check(&self).await?;
        // Two lives with equal ends had equal ledgers, transfer by transfer.
        self.tell(&format!("the ledger ends in {proof}"));
        self.world.app.store.close().await;
        Ok(())
    }

    /// So many times so much time passes.
    async fn rest(&mut self, times: u32, ms: i64) -> Result<()> {
        for _ in 0..times {
            self.world.clock.advance(ms);
            self.world.work().await?;
        }
        Ok(())
    }

    pub fn tell(&self, what: &str) {
        (self.told)(what);
    }
}
