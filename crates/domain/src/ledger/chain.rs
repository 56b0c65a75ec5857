//! The hash chain of a merchant's ledger: who changes what was written cannot hide it.
//!
//! A follower hashes every transfer, in the ledger's order, together with the hash before it. The
//! links and the head are rows of their own, so that changing a transfer by hand shows, and
//! changing a link shows in every link after it.
//!
//! Invariant: what is hashed is everything a transfer says, each part with its length.

use sha2::{Digest, Sha256};

use super::{Phase, TransferReason, balance_bytes};
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, TransferId, Version};
use crate::money::TokenAmount;
use crate::time::Timestamp;

/// A transfer as it was written, with what the commit added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedTransfer {
    pub id: TransferId,
    pub lane: i64,
    pub position: i64,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub debit: RowKey,
    pub credit: RowKey,
    pub amount: TokenAmount,
    pub debit_balance: i128,
    pub credit_balance: i128,
    pub reason: TransferReason,
    pub phase: Phase,
    pub object: RowKey,
    pub owner: Option<RowKey>,
    pub created_at: Timestamp,
}

/// What one transfer added to its merchant's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    pub transfer_id: TransferId,
    pub merchant_id: MerchantId,
    /// Counted from one.
    pub place: i64,
    pub hash: [u8; 32],
    pub version: Version,
}

impl ChainLink {
    pub fn key(&self) -> RowKey {
        self.transfer_id.key()
    }
}

/// Where a merchant's chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    pub merchant_id: MerchantId,
    pub length: i64,
    pub hash: [u8; 32],
    pub version: Version,
}

impl ChainHead {
    pub fn row_key(merchant_id: MerchantId) -> RowKey {
        RowKey::of("ledger_chain", &[&merchant_id.0.to_be_bytes()])
    }

    pub fn key(&self) -> RowKey {
        ChainHead::row_key(self.merchant_id)
    }

    /// The head of a merchant who has no transfer yet.
    pub fn start(merchant_id: MerchantId) -> ChainHead {
        let hash = Sha256::digest(merchant_id.0.to_be_bytes()).into();
        ChainHead { merchant_id, length: 0, hash, version: 0 }
    }

    /// Goes on by one transfer.
    pub fn link(&mut self, transfer: &PlacedTransfer) -> ChainLink {
        self.hash = hash(&self.hash, transfer);
        self.length += 1;
        ChainLink {
            transfer_id: transfer.id,
            merchant_id: self.merchant_id,
            place: self.length,
            hash: self.hash,
            version: 0,
        }
    }
}

fn hash(before: &[u8; 32], transfer: &PlacedTransfer) -> [u8; 32] {
    let owner = transfer.owner.as_ref().map_or(&[][..], |owner| &owner.0[..]);
    let numbers = [
        transfer.lane,
        transfer.position,
        transfer.merchant_id.0,
        transfer.environment.code(),
        transfer.reason.code(),
        transfer.phase.code(),
        transfer.created_at.0,
    ]
    .map(i64::to_be_bytes);
    let parts: [&[u8]; 9] = [
        before,
        &transfer.id.key().0,
        &transfer.debit.0,
        &transfer.credit.0,
        &transfer.amount.0.to_be_bytes(),
        &balance_bytes(transfer.debit_balance),
        &balance_bytes(transfer.credit_balance),
        &transfer.object.0,
        owner,
    ];
    let mut hash = Sha256::new();
    for part in parts.into_iter().chain(numbers.iter().map(|number| &number[..])) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer() -> PlacedTransfer {
        PlacedTransfer {
            id: TransferId::from(RowKey([1; 16])),
            lane: 0,
            position: 1,
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            debit: RowKey([2; 16]),
            credit: RowKey([3; 16]),
            amount: TokenAmount(5),
            debit_balance: -5,
            credit_balance: 5,
            reason: TransferReason::PaymentConfirmed,
            phase: Phase::Posted,
            object: RowKey([4; 16]),
            owner: None,
            created_at: Timestamp(1),
        }
    }

    #[test]
    fn whatever_is_changed_shows_in_the_hash() {
        let one = transfer();
        let others = [
            PlacedTransfer { id: TransferId::from(RowKey([9; 16])), ..one.clone() },
            PlacedTransfer { lane: 1, ..one.clone() },
            PlacedTransfer { position: 2, ..one.clone() },
            PlacedTransfer { merchant_id: MerchantId(2), ..one.clone() },
            PlacedTransfer { environment: Environment::Mainnet, ..one.clone() },
            PlacedTransfer { debit: RowKey([9; 16]), ..one.clone() },
            PlacedTransfer { credit: RowKey([9; 16]), ..one.clone() },
            PlacedTransfer { amount: TokenAmount(6), ..one.clone() },
            PlacedTransfer { debit_balance: -6, ..one.clone() },
            PlacedTransfer { credit_balance: 6, ..one.clone() },
            PlacedTransfer { reason: TransferReason::Refund, ..one.clone() },
            PlacedTransfer { phase: Phase::Reserved, ..one.clone() },
            PlacedTransfer { object: RowKey([9; 16]), ..one.clone() },
            PlacedTransfer { owner: Some(RowKey([9; 16])), ..one.clone() },
            PlacedTransfer { created_at: Timestamp(2), ..one.clone() },
        ];
        let link = |transfer| ChainHead::start(MerchantId(1)).link(transfer).hash;
        let hashes: std::collections::HashSet<_> = others.iter().chain([&one]).map(link).collect();
        assert_eq!(hashes.len(), others.len() + 1);
    }

    #[test]
    fn a_link_depends_on_all_before_it() {
        let (one, mut other) = (transfer(), transfer());
        other.amount = TokenAmount(6);
        let mut chain = ChainHead::start(MerchantId(1));
        chain.link(&one);
        let honest = chain.link(&one);
        let mut forged = ChainHead::start(MerchantId(1));
        forged.link(&other);
        assert_ne!(forged.link(&one).hash, honest.hash);
        assert_eq!((honest.place, chain.length), (2, 2));
    }
}
