//! Invoices by day: how many came to be in each state, what they asked for, and what was paid.
//!
//! Counters in the commit of the change itself, because many invoices of a merchant change at once
//! and a row of the day would make each of them wait for the others. A counter is a number of 64
//! bits and an amount of tokens may have 128, so amounts are counted in limbs of 32 bits, each of
//! which has room for two thousand million payments.
//!
//! Invariant: what was paid in a token on a day, over all states, is what the ledger's payments
//! brought the merchant on that day less what reorgs took back.

use std::fmt::Write as _;

use super::{Invoice, InvoiceStatus};
use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::MerchantId;
use crate::ledger::{Asset, Day};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::time::Timestamp;
use crate::token::TokenId;

const PREFIX: &str = "invoice_days";
/// In place of network and token, where an invoice is bound to none.
const UNBOUND: &str = "-";
const LIMB_BITS: u32 = 32;
const LIMBS: u32 = u128::BITS / LIMB_BITS;

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Paid,
    /// A chain took it back.
    Reverted,
}

/// Which line of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvoiceDayKey {
    pub day: Day,
    status_code: i64,
    /// What the invoice is bound to, or was paid in.
    pub asset: Option<Asset>,
}

impl InvoiceDayKey {
    pub fn status(self) -> InvoiceStatus {
        InvoiceStatus::from_code(self.status_code).unwrap_or(InvoiceStatus::Unpaid)
    }
}

/// What is counted in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvoiceDay {
    /// How many invoices came to be in this state on this day.
    pub count: i64,
    /// What those ask for, in thousandths of a dollar: the finest an invoice can.
    pub asked_millis: i64,
    /// In the token's smallest unit; below zero where more was taken back than paid.
    pub paid: i128,
}

impl Invoice {
    /// Counts this invoice in the state it has from now on.
    pub(super) fn count_state(&self, asset: Option<Asset>, changes: &mut Changes, now: Timestamp) {
        let line = self.line(asset, now);
        changes.count(format!("{line}.asked"), self.amount.millis());
        changes.count(format!("{line}.count"), 1);
    }

    /// Counts what a payment brought while the invoice is in this state, or took away again.
    pub(crate) fn count_paid(
        &self,
        asset: Option<Asset>,
        (amount, flow): (TokenAmount, Flow),
        changes: &mut Changes,
        now: Timestamp,
    ) {
        let line = self.line(asset, now);
        for limb in 0..LIMBS {
            let part = (amount.0 >> (limb * LIMB_BITS)) & u128::from(u32::MAX);
            let part = i64::try_from(part).expect("32 bits fit into 63");
            let by = match flow {
                Flow::Paid => part,
                Flow::Reverted => -part,
            };
            if by != 0 {
                changes.count(format!("{line}.paid{limb}"), by);
            }
        }
    }

    fn line(&self, asset: Option<Asset>, now: Timestamp) -> String {
        let mut line = place(self.merchant_id, self.environment, Day::of(now));
        let status = self.status.code();
        let written = match asset {
            Some(Asset::Token { network, token_id }) => {
                write!(line, ".{status}.{}.{token_id}", network.code())
            }
            Some(Asset::Currency(_)) | None => write!(line, ".{status}.{UNBOUND}.{UNBOUND}"),
        };
        written.expect("strings take text");
        line
    }
}

/// Days have as many digits as the others, so that names sort by them.
fn place(merchant_id: MerchantId, environment: Environment, day: Day) -> String {
    let day = day.0.clamp(0, 99_999_999);
    format!("{PREFIX}.{}.{}.{day:08}", merchant_id.0, environment.as_str())
}

/// The names of a merchant's counters from one day up to but without another.
pub fn counter_range(
    (merchant_id, environment): (MerchantId, Environment),
    (from, until): (Day, Day),
) -> (String, String) {
    (place(merchant_id, environment, from), place(merchant_id, environment, until))
}

/// Adds up what a counter says; none if it is not one of these.
pub fn line_of(name: &str, value: i64) -> Option<(InvoiceDayKey, InvoiceDay)> {
    let mut parts = name.split('.');
    if parts.next() != Some(PREFIX) {
        return None;
    }
    let _place = (parts.next()?, parts.next()?);
    let day = Day(parts.next()?.parse().ok()?);
    let status_code = parts.next()?.parse().ok()?;
    InvoiceStatus::from_code(status_code)?;
    let asset = match (parts.next()?, parts.next()?) {
        (UNBOUND, UNBOUND) => None,
        (network, token_id) => {
            let network = Network::from_code(network.parse().ok()?)?;
            Some(Asset::Token { network, token_id: TokenId(token_id.parse().ok()?) })
        }
    };
    let mut counted = InvoiceDay::default();
    match parts.next()? {
        "count" => counted.count = value,
        "asked" => counted.asked_millis = value,
        limb => {
            let limb: u32 = limb.strip_prefix("paid")?.parse().ok()?;
            let factor = 1_i128.checked_shl(limb.checked_mul(LIMB_BITS)?)?;
            counted.paid = i128::from(value).saturating_mul(factor);
        }
    }
    parts.next().is_none().then_some((InvoiceDayKey { day, status_code, asset }, counted))
}

impl InvoiceDay {
    pub fn add(&mut self, other: InvoiceDay) {
        self.count = self.count.saturating_add(other.count);
        self.asked_millis = self.asked_millis.saturating_add(other.asked_millis);
        self.paid = self.paid.saturating_add(other.paid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Origin;
    use crate::ids::Fresh;
    use crate::invoice::{InvoiceAsk, create};
    use crate::merchant::Merchant;
    use crate::money::Usd;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);
    const ETH: Asset = Asset::Token { network: Network::Base, token_id: TokenId(1_007) };

    fn created() -> (Invoice, Changes) {
        let merchant = Merchant::new(MerchantId(7), "Shop", "a@example.com", NOW);
        let ask = InvoiceAsk { amount: Usd::from_dollars(12), ..InvoiceAsk::default() };
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let made = create(ask, &merchant, Environment::Devnet, Origin::default(), &mut fresh);
        let made = made.expect("a valid ask");
        (made.invoice, made.changes)
    }

    /// The one line that is counted of a day.
    fn sum(changes: &Changes) -> (InvoiceDayKey, InvoiceDay) {
        let lines = changes.counters.iter().filter_map(|one| line_of(&one.name, one.by));
        let added = lines.reduce(|(key, mut sum), (other, counted)| {
            assert_eq!(key, other);
            sum.add(counted);
            (key, sum)
        });
        added.expect("something is counted")
    }

    #[test]
    fn a_new_invoice_is_counted_with_what_it_asks_for() {
        let (invoice, changes) = created();
        let (key, counted) = sum(&changes);
        assert_eq!((key.day, key.status(), key.asset), (Day::of(NOW), InvoiceStatus::Unpaid, None));
        assert_eq!(counted, InvoiceDay { count: 1, asked_millis: 12_000, paid: 0 });
        let whose = (invoice.merchant_id, invoice.environment);
        let (from, until) = counter_range(whose, (key.day, key.day.next()));
        for counter in changes.counters.iter().filter(|one| one.name.starts_with(PREFIX)) {
            assert!((from.as_str()..until.as_str()).contains(&counter.name.as_str()));
        }
    }

    #[test]
    fn amounts_of_any_size_are_counted_exactly() {
        let (invoice, _) = created();
        for amount in [0, 1, u128::from(u32::MAX), 1 << 64, (1 << 126) + 12_345_678_901] {
            let mut changes = Changes::of(invoice.merchant_id);
            let mut count = |amount, flow| {
                invoice.count_paid(Some(ETH), (TokenAmount(amount), flow), &mut changes, NOW);
            };
            count(amount, Flow::Paid);
            count(3, Flow::Paid);
            count(5, Flow::Reverted);
            let (key, counted) = sum(&changes);
            assert_eq!(key.asset, Some(ETH));
            assert_eq!(counted.paid, i128::try_from(amount).expect("fits") - 2);
        }
    }

    #[test]
    fn other_counters_are_not_of_invoices() {
        for name in ["invoices.devnet.paid", "invoice_days.1.devnet.00020443.0.-.-.paid9x", "x"] {
            assert_eq!(line_of(name, 1), None, "{name}");
        }
    }
}
