//! An invoice that credits a ramp user: what its payments brought goes on to his balance.
//!
//! Once the invoice is paid, every payment of it that counts and is confirmed goes from the
//! merchant's balance to the user's, in the commit that makes it so, with a deposit under the
//! payment's own id, less what went back to the payor before. A payment that a chain takes back
//! goes from the user to suspense.
//!
//! Invariant: a payment credits at most once, for its posting says that it did.

use super::{Payment, Posting, SettlementStatus};
use crate::changes::{Changes, Record};
use crate::event::Origin;
use crate::ids::Fresh;
use crate::ledger::{Asset, TransferReason};
use crate::money::TokenAmount;
use crate::ramp_deposit::{DepositKind, DepositStatus, RampDeposit};
use crate::ramp_user::RampUser;

/// Whom the payments of an invoice credit, and what they made before.
#[derive(Clone, Debug)]
pub struct Crediting {
    pub user: RampUser,
    /// Deposits of the payments at hand.
    pub deposits: Vec<RampDeposit>,
}

impl Crediting {
    fn known(&self, payment: &Payment) -> Option<&RampDeposit> {
        let id = RampDeposit::id_of_payment(payment.id);
        self.deposits.iter().find(|deposit| deposit.id == id)
    }

    /// Gives what a payment brought the merchant to the user, unless he is forgotten.
    pub(crate) fn give(&self, payment: &mut Payment, changes: &mut Changes, fresh: &mut Fresh) {
        let Some(token_id) = payment.token_id else { return };
        // What went back to the payor is not there to be given.
        let gone = match self.known(payment) {
            // It comes back after a reorg: as much as it was before.
            Some(_) => payment.outflow.uncredited,
            None => payment.outflow.refunded,
        };
        let amount = TokenAmount(payment.amount.0.saturating_sub(gone.0));
        let is_there = payment.posting == Posting::Merchant && amount > TokenAmount::ZERO;
        let is_forgotten = self.user.erased_at.is_some();
        if is_forgotten || !payment.is_counted || !is_there {
            return;
        }
        self.hold_still(changes);
        let now = fresh.now();
        let owner = Some(self.user.key());
        payment.outflow.uncredited = gone;
        payment.post(Posting::User, (TransferReason::UserCredit, owner), changes, fresh);
        // Nothing is left that could be settled to a wallet.
        payment.settlement_status = SettlementStatus::Settled;
        match self.known(payment) {
            Some(known) => {
                let status = DepositStatus::Completed;
                let after = RampDeposit { status, amount, ..known.clone() };
                after.record_updated(known, changes, now);
            }
            None => {
                let deposit = RampDeposit {
                    id: RampDeposit::id_of_payment(payment.id),
                    user_id: self.user.id,
                    merchant_id: payment.merchant_id,
                    environment: payment.environment,
                    kind: DepositKind::Invoice,
                    status: DepositStatus::Completed,
                    asset: Asset::Token { network: payment.network, token_id },
                    amount,
                    invoice_id: Some(payment.invoice_id),
                    received_at: None,
                    tx_hash: Some(payment.tx_hash.clone()),
                    created_at: now,
                    updated_at: now,
                    version: 0,
                };
                deposit.record_created(changes, Origin::default(), now);
            }
        }
    }

    /// Whoever is forgotten meanwhile must not get anything. One who is closed may be about to be:
    /// his row is written, so that the erase meets a conflict, sees the money and is refused.
    fn hold_still(&self, changes: &mut Changes) {
        let key = self.user.key();
        let is_written = |row: &Record| matches!(row, Record::RampUser(user) if user.key() == key);
        match self.user.is_closed() {
            false => self.user.guard(changes),
            true if changes.updates.iter().any(is_written) => {}
            true => changes.update(self.user.clone()),
        }
    }

    /// The chain took a payment back that credited the user.
    pub(crate) fn take_back(&self, payment: &Payment, changes: &mut Changes, fresh: &Fresh) {
        if let Some(known) = self.known(payment) {
            let after = RampDeposit { status: DepositStatus::Reverted, ..known.clone() };
            after.record_updated(known, changes, fresh.now());
        }
    }
}
