//! When money is settled, how much may leave, and who has to look at it first.
//!
//! `[settlement]` of the file. Amounts of USD are whole dollars; what is left out has no limit.

use anyhow::bail;
use domain::environment::Environment;
use domain::money::Usd;
use domain::send::Limits;
use domain::settlement::Policy;
use serde::Deserialize;

const SECOND_MS: i64 = 1_000;
const DAY_SECONDS: i64 = 86_400;
const BATCH_MAX: i64 = 200;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettlementConfig {
    /// Whether anything is settled by itself.
    pub enabled: bool,
    /// A batch worth less waits until its oldest payment is `max_age_seconds` old.
    pub minimum_usd: i64,
    pub max_age_seconds: i64,
    /// Payments of one settlement.
    pub batch_max: i64,
    /// What a batch's network fees may be of its value, in basis points.
    pub fee_bps_max: i64,
    /// How long a new settlement wallet waits; default: a day on mainnet, nothing on devnet.
    pub wallet_delay_seconds: Option<i64>,
    /// A transaction that waits so long is replaced by one that pays more.
    pub replace_after_seconds: i64,
    pub merchant_hour_usd: Option<i64>,
    pub merchant_day_usd: Option<i64>,
    pub total_hour_usd: Option<i64>,
    pub total_day_usd: Option<i64>,
    /// What is larger waits for a second person.
    pub approval_above_usd: Option<i64>,
    /// A gas wallet that cannot pay for so many transactions more is an alert.
    pub gas_transactions_min: u32,
}

impl Default for SettlementConfig {
    fn default() -> Self {
        SettlementConfig {
            enabled: true,
            minimum_usd: 1,
            max_age_seconds: DAY_SECONDS,
            batch_max: 50,
            fee_bps_max: 1_000,
            wallet_delay_seconds: None,
            replace_after_seconds: 120,
            merchant_hour_usd: None,
            merchant_day_usd: None,
            total_hour_usd: None,
            total_day_usd: None,
            approval_above_usd: None,
            gas_transactions_min: 20,
        }
    }
}

impl SettlementConfig {
    pub fn policy(&self) -> Policy {
        Policy {
            minimum: Usd::from_dollars(self.minimum_usd),
            age_ms_max: self.max_age_seconds.saturating_mul(SECOND_MS),
            fee_bps_max: self.fee_bps_max,
        }
    }

    pub fn limits(&self) -> Limits {
        Limits {
            merchant_hour: self.merchant_hour_usd.map(Usd::from_dollars),
            merchant_day: self.merchant_day_usd.map(Usd::from_dollars),
            house_hour: self.total_hour_usd.map(Usd::from_dollars),
            house_day: self.total_day_usd.map(Usd::from_dollars),
            approval_above: self.approval_above_usd.map(Usd::from_dollars),
        }
    }

    pub fn wallet_delay_ms(&self, environment: Environment) -> i64 {
        let usual = if environment.is_live() { DAY_SECONDS } else { 0 };
        self.wallet_delay_seconds.unwrap_or(usual).saturating_mul(SECOND_MS)
    }

    pub fn replace_after_ms(&self) -> i64 {
        self.replace_after_seconds.saturating_mul(SECOND_MS)
    }

    pub fn check(&self) -> anyhow::Result<()> {
        if !(1..=BATCH_MAX).contains(&self.batch_max) {
            bail!("settlement.batch_max: must be 1 to {BATCH_MAX}");
        }
        if !(0..=10_000).contains(&self.fee_bps_max) {
            bail!("settlement.fee_bps_max: must be 0 to 10000");
        }
        let times = [self.max_age_seconds, self.replace_after_seconds, self.minimum_usd];
        let delay = self.wallet_delay_seconds.unwrap_or(0);
        let limits = [
            self.merchant_hour_usd,
            self.merchant_day_usd,
            self.total_hour_usd,
            self.total_day_usd,
            self.approval_above_usd,
        ];
        let is_negative = |number: &i64| *number < 0;
        if times.iter().chain(limits.iter().flatten()).chain([&delay]).any(is_negative) {
            bail!("settlement: times and amounts must not be below zero");
        }
        Ok(())
    }
}
