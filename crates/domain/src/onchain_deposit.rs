//! What a chain says of a deposit to a ramp user's address: seen, confirmed, taken back, seen
//! again.
//!
//! The deposit itself is the public object; this row beside it is what watchers and the payout of
//! a liquidation go by. Each step is idempotent: a block replayed changes nothing.
//!
//! Invariant: both rows are written together, so that racing steps meet a conflict, not a sum.

use serde::{Deserialize, Serialize};

use crate::chain::{ChainTransfer, Reach};
use crate::changes::Changes;
use crate::claim::Claim;
use crate::deposit_address::{AddressOwner, DepositAddress};
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::MerchantId;
use crate::ids::{
    BankAccountId, Fresh, PayoutId, RampDepositId, ReviewId, RowKey, UnmatchedId, Version,
};
use crate::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use crate::money::{Rate, TokenAmount, Usd};
use crate::network::{Depths, Network};
use crate::ramp_address::{AddressPurpose, RampAddress};
use crate::ramp_deposit::{DepositKind, DepositStatus, RampDeposit};
use crate::screening_review::{ReviewSubject, ScreeningReview, Verdict};
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};
use crate::token::Token;
use crate::unmatched::{Unmatched, UnmatchedReason};

/// More than any real token has, and little enough that no sum of them passes 128 bits.
const AMOUNT_MAX: u128 = 1 << 100;
/// How often a payout of a liquidation is tried before the money simply stays in the balance.
pub const LIQUIDATION_TRIES_MAX: i64 = 24;
const LIQUIDATION_MS_MAX: i64 = HOUR_MS;

/// Where the money stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepositPosting {
    None,
    User,
    Suspense,
}

/// What was found of its sender. No reorg changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderVerdict {
    #[default]
    Unchecked,
    /// On no list when it was credited, or let go by a human.
    Cleared,
    /// On a list: a human decides.
    Held,
    /// A human refused it.
    Refused,
}

/// What the chain says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnchainStatus {
    Pending,
    Confirmed,
    Reverted,
}

impl OnchainStatus {
    /// Stored; `0` and `2` stand in the conditions of lists.
    pub fn code(self) -> i64 {
        self as i64
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnchainDeposit {
    pub deposit_id: RampDepositId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub tx_hash: String,
    pub from_address: Option<String>,
    pub to_address: String,
    pub block_number: i64,
    pub block_hash: String,
    pub required_confirmations: i64,
    pub status: OnchainStatus,
    pub posting: DepositPosting,
    #[serde(default)]
    pub sender: SenderVerdict,
    /// The sender is on a list: a human decides.
    pub review_id: Option<ReviewId>,
    /// What arrives goes on to this account.
    pub liquidation: Option<BankAccountId>,
    pub payout_id: Option<PayoutId>,
    pub tries: i64,
    /// When to go on with its review or its payout.
    pub next_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// A deposit and what the chain says of it.
#[derive(Clone, Debug)]
pub struct Known {
    pub deposit: RampDeposit,
    pub onchain: OnchainDeposit,
}

/// A transfer to a ramp user's address, and what its decision depends on.
#[derive(Clone, Debug)]
pub struct DepositSighting<'a> {
    pub network: Network,
    pub transfer: &'a ChainTransfer,
    pub identity: RowKey,
    pub watched: &'a DepositAddress,
    pub address: &'a RampAddress,
    pub known: Option<Known>,
    pub rate: Option<Rate>,
    pub depths: Depths,
}

fn block_number(transfer: &ChainTransfer) -> i64 {
    i64::try_from(transfer.block.number).unwrap_or(i64::MAX)
}

/// Records a transfer: a new deposit, one that came back or moved, or the inbox.
pub fn see(sighting: DepositSighting<'_>, fresh: &mut Fresh) -> Option<Changes> {
    if let Some(known) = sighting.known {
        return known.again(sighting.transfer, fresh.now());
    }
    let DepositSighting { transfer, address, network, .. } = sighting;
    let token = Token::find(network, address.environment, transfer.asset.contract());
    let amount = transfer.amount.filter(|amount| amount.0 <= AMOUNT_MAX);
    let is_here = sighting.watched.is_given_out_on(network);
    let (Some(token), Some(amount), true) = (token, amount, is_here) else {
        let reason = match amount {
            None => UnmatchedReason::AmountTooLarge,
            Some(_) if !is_here => UnmatchedReason::WrongNetwork,
            Some(_) => UnmatchedReason::UnknownToken,
        };
        return Some(unmatched(&sighting, reason, fresh));
    };
    if amount == TokenAmount::ZERO {
        return None;
    }
    let now = fresh.now();
    let value = sighting.rate.map_or(Usd::ZERO, |rate| rate.value(amount, token.decimals));
    let is_asked_for = token.id == address.token_id && token.is_usd_stable();
    let deposit = RampDeposit {
        id: RampDepositId::fresh(fresh),
        user_id: address.user_id,
        merchant_id: address.merchant_id,
        environment: address.environment,
        kind: DepositKind::Onchain,
        status: DepositStatus::Pending,
        asset: Asset::of_token(token),
        amount,
        invoice_id: None,
        received_at: Some(address.key()),
        tx_hash: Some(transfer.tx_hash.clone()),
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let onchain = OnchainDeposit {
        deposit_id: deposit.id,
        merchant_id: address.merchant_id,
        environment: address.environment,
        network,
        tx_hash: transfer.tx_hash.clone(),
        from_address: transfer.from.clone(),
        to_address: transfer.to.clone(),
        block_number: block_number(transfer),
        block_hash: transfer.block.hash.clone(),
        required_confirmations: i64::try_from(sighting.depths.of(value)).unwrap_or(i64::MAX),
        status: OnchainStatus::Pending,
        posting: DepositPosting::None,
        sender: SenderVerdict::Unchecked,
        review_id: None,
        liquidation: match address.purpose {
            AddressPurpose::Liquidation(account) if is_asked_for => Some(account),
            AddressPurpose::Liquidation(_) | AddressPurpose::Deposit => None,
        },
        payout_id: None,
        tries: 0,
        next_at: None,
        version: 0,
    };
    let mut changes = Changes::of(address.merchant_id);
    changes.insert(Claim::new(sighting.identity, deposit.key()));
    changes.insert(onchain);
    deposit.record_created(&mut changes, Origin::default(), now);
    Some(changes)
}

fn unmatched(
    sighting: &DepositSighting<'_>,
    reason: UnmatchedReason,
    fresh: &mut Fresh,
) -> Changes {
    let watched = sighting.watched;
    let row = Unmatched {
        id: UnmatchedId::fresh(fresh),
        merchant_id: watched.merchant_id,
        environment: watched.environment,
        network: sighting.network,
        reason,
        invoice_id: match watched.owner {
            AddressOwner::Invoice(id) => Some(id),
            AddressOwner::Ramp(_) => None,
        },
        transfer: sighting.transfer.clone(),
        seen_at: fresh.now(),
        version: 0,
    };
    let mut changes = Changes::of(watched.merchant_id);
    changes.insert(Claim::new(sighting.identity, row.key()));
    changes.insert(row);
    changes
}

impl OnchainDeposit {
    pub fn key(&self) -> RowKey {
        self.deposit_id.key()
    }

    pub fn is_of(&self, transfer: &ChainTransfer) -> bool {
        self.to_address == transfer.to
    }
}

impl Known {
    fn is_final(&self, reach: Reach) -> bool {
        let number = u64::try_from(self.onchain.block_number).unwrap_or(u64::MAX);
        let depth = u64::try_from(self.onchain.required_confirmations).unwrap_or(u64::MAX);
        let is_deep = number.saturating_add(depth).saturating_sub(1) <= reach.head;
        is_deep || reach.finalized.is_some_and(|finalized| number <= finalized)
    }

    /// It came back after a reorg, or moved to another block.
    fn again(self, transfer: &ChainTransfer, now: Timestamp) -> Option<Changes> {
        let Known { deposit, mut onchain } = self;
        let is_same_block = onchain.block_hash == transfer.block.hash;
        if is_same_block && onchain.status != OnchainStatus::Reverted {
            return None;
        }
        onchain.block_number = block_number(transfer);
        onchain.block_hash = transfer.block.hash.clone();
        let mut changes = Changes::of(onchain.merchant_id);
        if onchain.status == OnchainStatus::Reverted {
            onchain.status = OnchainStatus::Pending;
            let after = RampDeposit { status: DepositStatus::Pending, ..deposit.clone() };
            after.record_updated(&deposit, &mut changes, now);
        }
        changes.update(onchain);
        Some(changes)
    }

    /// Credits a deposit that is deep enough; `hit` says where a list has its sender.
    ///
    /// One that was held or refused before a reorg is that again: only what was credited once, or
    /// let go by a human, is not looked up anew.
    pub fn confirm(self, reach: Reach, hit: Option<String>, fresh: &mut Fresh) -> Option<Changes> {
        if self.onchain.status != OnchainStatus::Pending || !self.is_final(reach) {
            return None;
        }
        let Known { deposit, mut onchain } = self;
        let now = fresh.now();
        let mut changes = Changes::of(onchain.merchant_id);
        onchain.status = OnchainStatus::Confirmed;
        let status = match (onchain.sender, hit) {
            (SenderVerdict::Refused, _) => DepositStatus::Failed,
            (SenderVerdict::Held, _) => DepositStatus::InReview,
            (SenderVerdict::Unchecked, Some(matched)) => {
                let whose = (onchain.merchant_id, onchain.environment);
                let address = onchain.from_address.clone().unwrap_or_default();
                let subject = ReviewSubject::Destination { object: deposit.key(), address };
                let user = Some(deposit.user_id);
                let review = ScreeningReview::open(whose, subject, user, matched, fresh);
                (onchain.sender, onchain.review_id) = (SenderVerdict::Held, Some(review.id));
                changes.insert(review);
                onchain.post(DepositPosting::Suspense, &deposit, &mut changes, fresh);
                DepositStatus::InReview
            }
            (SenderVerdict::Unchecked, None) | (SenderVerdict::Cleared, _) => {
                onchain.sender = SenderVerdict::Cleared;
                onchain.post(DepositPosting::User, &deposit, &mut changes, fresh);
                DepositStatus::Completed
            }
        };
        onchain.next_at = match onchain.sender {
            SenderVerdict::Refused => None,
            SenderVerdict::Unchecked | SenderVerdict::Cleared | SenderVerdict::Held => {
                onchain.next_step(now)
            }
        };
        let after = RampDeposit { status, ..deposit.clone() };
        after.record_updated(&deposit, &mut changes, now);
        changes.update(onchain);
        Some(changes)
    }

    /// A reorg removed its block. What was credited goes to suspense, covered or not.
    pub fn revert(self, fresh: &mut Fresh) -> Option<Changes> {
        if self.onchain.status == OnchainStatus::Reverted {
            return None;
        }
        let Known { deposit, mut onchain } = self;
        let mut changes = Changes::of(onchain.merchant_id);
        if onchain.posting == DepositPosting::User {
            onchain.post(DepositPosting::Suspense, &deposit, &mut changes, fresh);
        }
        (onchain.status, onchain.next_at) = (OnchainStatus::Reverted, None);
        let after = RampDeposit { status: DepositStatus::Reverted, ..deposit.clone() };
        after.record_updated(&deposit, &mut changes, fresh.now());
        changes.update(onchain);
        Some(changes)
    }

    /// A human decided on its sender.
    pub fn reviewed(self, verdict: Verdict, fresh: &mut Fresh) -> Option<Changes> {
        let Known { deposit, mut onchain } = self;
        if deposit.status != DepositStatus::InReview {
            return None;
        }
        let mut changes = Changes::of(onchain.merchant_id);
        let status = match verdict {
            Verdict::Approve => {
                onchain.sender = SenderVerdict::Cleared;
                onchain.post(DepositPosting::User, &deposit, &mut changes, fresh);
                DepositStatus::Completed
            }
            // The money stays in suspense: somebody decides where it goes.
            Verdict::Reject => {
                onchain.sender = SenderVerdict::Refused;
                DepositStatus::Failed
            }
        };
        onchain.review_id = None;
        let goes_on = status == DepositStatus::Completed && onchain.liquidation.is_some();
        onchain.next_at = goes_on.then(|| fresh.now());
        let after = RampDeposit { status, ..deposit.clone() };
        after.record_updated(&deposit, &mut changes, fresh.now());
        changes.update(onchain);
        Some(changes)
    }
}

impl OnchainDeposit {
    fn next_step(&self, now: Timestamp) -> Option<Timestamp> {
        let waits =
            self.review_id.is_some() || (self.liquidation.is_some() && self.payout_id.is_none());
        waits.then_some(now)
    }

    /// Looks again later; after the last try what arrived stays in the balance.
    pub fn try_later(mut self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        let doublings = u32::try_from(self.tries.clamp(0, 10)).unwrap_or(10);
        let pause_ms = (MINUTE_MS << doublings).min(LIQUIDATION_MS_MAX);
        self.tries += 1;
        let goes_on = self.review_id.is_some() || self.tries < LIQUIDATION_TRIES_MAX;
        self.next_at = goes_on.then(|| now.plus_ms(pause_ms));
        changes.update(self);
        changes
    }

    /// It became a payout.
    pub fn paid_out(mut self, payout_id: PayoutId, changes: &mut Changes) {
        (self.payout_id, self.next_at) = (Some(payout_id), None);
        changes.update(self);
    }

    fn post(
        &mut self,
        to: DepositPosting,
        deposit: &RampDeposit,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) {
        let account = |posting| {
            let kind = match posting {
                DepositPosting::None => AccountKind::Clearing,
                DepositPosting::User => AccountKind::User,
                DepositPosting::Suspense => AccountKind::Suspense,
            };
            let owner = (kind == AccountKind::User).then(|| deposit.user_id.key());
            Account { kind, owner, ..deposit.user_account() }
        };
        if self.posting == to {
            return;
        }
        let reason = match (self.posting, to) {
            (DepositPosting::User, _) => TransferReason::DepositReverted,
            (DepositPosting::None | DepositPosting::Suspense, _) => TransferReason::Deposit,
        };
        let (debit, credit) = (account(self.posting), account(to));
        let movement =
            Movement { debit, credit, amount: deposit.amount, reason, object: deposit.key() };
        changes.transfer(Transfer::posted(movement, fresh));
        self.posting = to;
    }
}

#[cfg(test)]
mod tests;
