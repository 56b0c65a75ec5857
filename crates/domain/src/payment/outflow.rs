//! What leaves a payment's address again: to the merchant, or back to a payor.
//!
//! A payment's tokens stand on its address until they are drawn from. Refunds are drawn from any
//! payment of the merchant and told of the payment they give back, so the two are kept apart.
//!
//! Invariant: never more is promised out of a payment than arrived with it, and never more given
//! back of one than it brought. Both are written at the version that was read, so races are
//! refused.

use serde::{Deserialize, Serialize};

use super::{Payment, PaymentStatus, Posting, SettlementStatus, SettlementView};
use crate::ids::SettlementId;
use crate::money::{TokenAmount, Usd, mul_div_floor};
use crate::network::Network;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outflow {
    /// Gone to the merchant, or on its way.
    pub settling: TokenAmount,
    /// Gone to payors out of this payment's address, or on its way.
    pub drawn: TokenAmount,
    /// Given back of what this payment brought, wherever it was drawn from.
    pub refunded: TokenAmount,
    /// Of what was given back, what was taken off the invoice's amount paid.
    pub uncounted: TokenAmount,
    /// Of what was given back, what had gone when the rest was credited to a ramp user.
    pub uncredited: TokenAmount,
    pub settlement_id: Option<SettlementId>,
    pub settlement_tx_hash: Option<String>,
    pub settlement_network: Option<Network>,
}

impl Outflow {
    pub fn is_empty(&self) -> bool {
        *self == Outflow::default()
    }
}

impl Payment {
    /// What stands on its address and is promised to nobody.
    pub fn free(&self) -> TokenAmount {
        let stands = self.status.is_confirmed()
            && self.token_id.is_some()
            && match self.posting {
                Posting::Merchant | Posting::Suspense => true,
                // A ramp user's is not the merchant's to send.
                Posting::None | Posting::User => false,
            };
        let promised = self.outflow.settling.0.saturating_add(self.outflow.drawn.0);
        TokenAmount(if stands { self.amount.0.saturating_sub(promised) } else { 0 })
    }

    /// What of it is still owed to somebody and may stand on its address, seen or confirmed.
    pub fn unspent(&self) -> TokenAmount {
        let promised = self.outflow.settling.0.saturating_add(self.outflow.drawn.0);
        match self.status {
            PaymentStatus::Reverted => TokenAmount::ZERO,
            PaymentStatus::Pending
            | PaymentStatus::Confirmed
            | PaymentStatus::Underpaid
            | PaymentStatus::ManualRetry => TokenAmount(self.amount.0.saturating_sub(promised)),
        }
    }

    /// What it brought and has not been given back.
    pub fn refundable(&self) -> TokenAmount {
        let arrived = self.status.is_confirmed() && self.token_id.is_some();
        let rest = self.amount.0.saturating_sub(self.outflow.refunded.0);
        TokenAmount(if arrived { rest } else { 0 })
    }

    /// The worth of a part of it, by what it was worth when it came.
    pub fn worth(&self, part: TokenAmount) -> Usd {
        let value = u128::try_from(self.value.0).unwrap_or(0);
        let worth = mul_div_floor(value, part.0, self.amount.0.max(1)).unwrap_or(u128::MAX);
        Usd(i64::try_from(worth).unwrap_or(i64::MAX))
    }

    /// Whether all that is left of it went back to payors.
    fn went_back(&self) -> bool {
        let outflow = &self.outflow;
        outflow.settling == TokenAmount::ZERO
            && outflow.drawn > TokenAmount::ZERO
            && outflow.drawn >= self.amount
    }

    /// Whether there is something of it to settle, and nobody has begun to.
    pub(crate) fn is_settleable(&self) -> bool {
        self.status == PaymentStatus::Confirmed
            && self.posting == Posting::Merchant
            && self.settlement_status == SettlementStatus::Pending
            && self.free() > TokenAmount::ZERO
    }

    /// How far it is on its way once a reorg has brought it back: what left its address before
    /// does not leave it again.
    pub(super) fn settlement_on_return(&self) -> SettlementStatus {
        let outflow = &self.outflow;
        match (self.is_counted, outflow.settling > TokenAmount::ZERO) {
            (false, _) => SettlementStatus::Manual,
            (true, true) if outflow.settlement_tx_hash.is_some() => SettlementStatus::Settled,
            (true, true) => SettlementStatus::Processing,
            (true, false) => self.waiting(),
        }
    }

    /// Whether it waits to be settled, or there is nothing left of it that could be.
    fn waiting(&self) -> SettlementStatus {
        if self.went_back() { SettlementStatus::Manual } else { SettlementStatus::Pending }
    }

    /// Promises what is free of it to the merchant.
    pub(crate) fn settle(&mut self, id: SettlementId, network: Network) -> TokenAmount {
        let free = self.free();
        self.outflow.settling.0 += free.0;
        self.outflow.settlement_id = Some(id);
        self.outflow.settlement_network = Some(network);
        self.settlement_status = SettlementStatus::Processing;
        free
    }

    /// The transaction that took it is final.
    pub(crate) fn settled(&mut self, tx_hash: &str) {
        self.outflow.settlement_tx_hash = Some(tx_hash.to_owned());
        if self.settlement_status == SettlementStatus::Processing {
            self.settlement_status = SettlementStatus::Settled;
        }
    }

    /// The transaction that took it was final, and is on its chain no more.
    pub(crate) fn settling_again(&mut self) {
        self.outflow.settlement_tx_hash = None;
        if self.settlement_status == SettlementStatus::Settled {
            self.settlement_status = SettlementStatus::Processing;
        }
    }

    /// It certainly did not go: it stands on its address as before.
    pub(crate) fn not_settled(&mut self, part: TokenAmount, then: SettlementStatus) {
        self.outflow.settling.0 = self.outflow.settling.0.saturating_sub(part.0);
        if self.settlement_status == SettlementStatus::Processing {
            self.settlement_status = then;
        }
        if then == SettlementStatus::Pending {
            self.outflow.settlement_id = None;
            self.outflow.settlement_network = None;
        }
    }

    /// It left its address and did not arrive.
    pub(crate) fn lost_on_the_way(&mut self) {
        if self.settlement_status == SettlementStatus::Processing {
            self.settlement_status = SettlementStatus::Manual;
        }
    }

    /// Somebody wants it tried again.
    pub fn settle_again(&mut self) {
        if self.settlement_status == SettlementStatus::Failed {
            self.settlement_status = self.waiting();
            self.outflow.settlement_id = None;
            self.outflow.settlement_network = None;
        }
    }

    pub(crate) fn draw(&mut self, part: TokenAmount) {
        self.outflow.drawn.0 += part.0;
        if self.went_back() && self.settlement_status == SettlementStatus::Pending {
            self.settlement_status = SettlementStatus::Manual;
        }
    }

    /// What was to be drawn from it stays.
    pub fn undraw(&mut self, part: TokenAmount) {
        let had_gone = self.went_back();
        self.outflow.drawn.0 = self.outflow.drawn.0.saturating_sub(part.0);
        let is_merchants = self.posting == Posting::Merchant;
        if had_gone && is_merchants && self.settlement_status == SettlementStatus::Manual {
            self.settlement_status = SettlementStatus::Pending;
        }
    }

    pub(super) fn settlement_view(&self) -> SettlementView {
        let (status, outflow) = (self.settlement_status, &self.outflow);
        let stage = match status {
            SettlementStatus::Pending => "pending",
            SettlementStatus::Processing => "processing",
            SettlementStatus::Manual if self.went_back() => "refunded",
            SettlementStatus::Manual => "manual",
            SettlementStatus::Failed | SettlementStatus::Settled => "final",
        };
        SettlementView {
            summary_status: status,
            stage,
            merchant_settlement_id: outflow.settlement_id.map(|id| id.0),
            settlement_tx_hash: outflow.settlement_tx_hash.clone(),
            network: outflow.settlement_network,
            status,
        }
    }
}
