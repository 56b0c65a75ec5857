//! The coins that were told of lately, so that a search which cannot look far back knows them.
//!
//! A node that forgot old balances still says what an account has; what was told explains all or a
//! part of it, and only the rest may be coins that nobody saw. It is kept in memory: after a
//! restart, or beyond the bound, coins count as unseen until a node remembers far enough back.
//!
//! Invariant: coins of a block that a reorg took away are forgotten with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::decode::Arrival;
use super::wire::{Account, Fixed, Hash};

/// Payments that are kept; the oldest go first.
const COINS_MAX: usize = 20_000;

/// Where a payment is: its block's number, its transaction and its place in it.
type Place = (u64, Hash, u32);

#[derive(Default)]
pub struct ToldCoins(Mutex<BTreeMap<Place, (Account, u128)>>);

impl ToldCoins {
    pub fn note(&self, arrivals: &[Arrival]) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for arrival in arrivals.iter().filter(|arrival| arrival.contract.is_none()) {
            let place = (arrival.block.number.0, arrival.transaction, arrival.ordinal);
            told.insert(place, (arrival.to, arrival.amount.0.unwrap_or(u128::MAX)));
            if told.len() > COINS_MAX {
                told.pop_first();
            }
        }
    }

    /// Forgets what this block and those after it brought.
    pub fn revert(&self, number: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(told.split_off(&(number, Fixed([0; 32]), 0)));
    }

    /// What an account was told to have received up to a block.
    pub fn up_to(&self, number: u64, account: Account) -> u128 {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.range(..=(number, Fixed([0xff; 32]), u32::MAX))
            .filter(|(_, (to, _))| *to == account)
            .fold(0, |sum, (_, (_, amount))| sum.saturating_add(*amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::answers::Header;
    use crate::evm::wire::{Amount, Quantity};

    fn coins(number: u64, amount: u128) -> Arrival {
        let hash = Fixed([1; 32]);
        let number = Quantity(number);
        Arrival {
            block: Header { number, hash, parent_hash: hash, timestamp: number },
            transaction: hash,
            transaction_index: 0,
            ordinal: 0,
            log_index: None,
            contract: None,
            amount: Amount(Some(amount)),
            from: Fixed([2; 20]),
            to: Fixed([3; 20]),
        }
    }

    #[test]
    fn each_payment_counts_once_and_no_longer_than_its_block() {
        let (told, account) = (ToldCoins::default(), Fixed([3; 20]));
        told.note(&[coins(5, 10), coins(7, 20)]);
        told.note(&[coins(7, 20), Arrival { contract: Some(account), ..coins(4, 1) }]);
        assert_eq!((told.up_to(4, account), told.up_to(5, account)), (0, 10));
        assert_eq!((told.up_to(9, account), told.up_to(9, Fixed([4; 20]))), (30, 0));
        told.revert(6);
        assert_eq!(told.up_to(9, account), 10);
    }

    #[test]
    fn of_too_many_the_newest_are_kept() {
        let told = ToldCoins::default();
        let many: Vec<Arrival> = (0..=COINS_MAX as u64).map(|number| coins(number, 1)).collect();
        told.note(&many);
        assert_eq!(told.up_to(u64::MAX, Fixed([3; 20])), COINS_MAX as u128);
        assert_eq!(told.up_to(0, Fixed([3; 20])), 0);
    }
}
