//! From receipts to arrivals: which coins and tokens a transaction brought to whom.
//!
//! Pure functions over what a node answered. The place of a transfer in its transaction is part of
//! a payment's identity, so it depends on the receipt alone: the coins a transaction carries are
//! the first, its k-th log is number k + 1, and what contracts passed on while it ran (`traces`)
//! begins at `INSIDE`. Which tokens are listed makes no difference to it.
//!
//! Invariant: a transaction that failed brought nothing, whatever its logs say.

use std::collections::HashMap;

use domain::address::Address;
use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;

use super::answers::{Header, Log, Payment, Receipt};
use super::wire::{Account, Amount, Fixed, Hash, Quantity};

/// keccak256 of `Transfer(address,address,uint256)`.
pub const TRANSFER: Hash = Fixed([
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
    0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
]);
/// The place of the first coins passed on by a contract; no receipt has as many logs.
pub const INSIDE: u32 = 1_000_000;

/// Coins or tokens that reached an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub block: Header,
    pub transaction: Hash,
    pub transaction_index: u64,
    pub ordinal: u32,
    pub log_index: Option<u32>,
    /// None of the chain's own coin.
    pub contract: Option<Account>,
    pub amount: Amount,
    pub from: Account,
    pub to: Account,
}

/// The parties and the amount of a token transfer, if a log is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transferred {
    pub from: Account,
    pub to: Account,
    pub amount: Amount,
}

/// Reads a log as ERC-20's `Transfer`. A transfer of ERC-721 has the same name and a fourth topic.
pub fn transferred(log: &Log) -> Option<Transferred> {
    let [TRANSFER, from, to] = log.topics.as_slice() else { return None };
    let amount = Amount::of_word(log.data.0?);
    let (from, to) = (Account::unpadded(*from)?, Account::unpadded(*to)?);
    (amount != Amount::ZERO).then_some(Transferred { from, to, amount })
}

/// Everything a transaction brought to anybody, but for what contracts passed on.
pub fn arrivals(block: &Header, receipt: &Receipt, coins: Option<&Payment>) -> Vec<Arrival> {
    if !receipt.has_succeeded() {
        return Vec::new();
    }
    let carried = coins.map(|coins| Arrival {
        block: *block,
        transaction: receipt.transaction_hash,
        transaction_index: receipt.transaction_index.0,
        ordinal: 0,
        log_index: None,
        contract: None,
        amount: coins.amount,
        from: coins.from,
        to: coins.to,
    });
    let logged = (1..INSIDE).zip(&receipt.logs).filter_map(|(ordinal, log)| {
        let Transferred { from, to, amount } = transferred(log)?;
        Some(Arrival {
            block: *block,
            transaction: receipt.transaction_hash,
            transaction_index: receipt.transaction_index.0,
            ordinal,
            log_index: u32::try_from(log.log_index.0).ok(),
            contract: Some(log.address),
            amount,
            from,
            to,
        })
    });
    carried.into_iter().chain(logged).collect()
}

/// The one order arrivals are told in: by block, transaction and place.
pub fn order(arrivals: &mut [Arrival]) {
    arrivals.sort_by_key(|arrival| {
        (arrival.block.number, arrival.transaction_index, arrival.transaction, arrival.ordinal)
    });
}

/// Writes accounts the way addresses are written in this house, each of them once.
pub struct Spelling {
    network: Network,
    environment: Environment,
    known: HashMap<Account, String>,
}

impl Spelling {
    pub fn new(network: Network, environment: Environment) -> Spelling {
        Spelling { network, environment, known: HashMap::new() }
    }

    pub fn written(&mut self, account: Account) -> String {
        let (network, environment) = (self.network, self.environment);
        let write = || {
            Address::parse(network, environment, &account.to_string())
                .expect("20 bytes in lower-case hex are an EVM address")
                .as_str()
                .to_owned()
        };
        self.known.entry(account).or_insert_with(write).clone()
    }

    pub fn transfer(&mut self, arrival: &Arrival) -> ChainTransfer {
        let asset = arrival.contract.map(|contract| AssetRef::Contract(self.written(contract)));
        ChainTransfer {
            tx_hash: arrival.transaction.to_string(),
            ordinal: arrival.ordinal,
            log_index: arrival.log_index,
            asset: asset.unwrap_or(AssetRef::Native),
            amount: arrival.amount.0.map(TokenAmount),
            from: Some(self.written(arrival.from)),
            to: self.written(arrival.to),
            block: block_ref(&arrival.block),
        }
    }
}

pub fn block_ref(header: &Header) -> BlockRef {
    BlockRef {
        number: header.number.0,
        hash: header.hash.to_string(),
        time: time(header.timestamp),
    }
}

pub fn time(seconds: Quantity) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(seconds.0).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::Word;

    const PAYER: Account = Fixed([1; 20]);
    const PAYEE: Account = Fixed([2; 20]);

    fn log(topics: &[Hash], data: Option<u8>) -> Log {
        let data = data.map(|low| {
            let mut word = [0; 32];
            word[31] = low;
            word
        });
        Log {
            address: Fixed([9; 20]),
            topics: topics.to_vec(),
            data: Word(data),
            block_number: Quantity(7),
            block_hash: Fixed([7; 32]),
            transaction_hash: Fixed([8; 32]),
            log_index: Quantity(40),
            removed: false,
        }
    }

    fn receipt(status: Option<u64>, logs: Vec<Log>) -> Receipt {
        Receipt {
            transaction_hash: Fixed([8; 32]),
            transaction_index: Quantity(3),
            block_hash: Fixed([7; 32]),
            block_number: Quantity(7),
            status: status.map(Quantity),
            logs,
        }
    }

    fn header() -> Header {
        Header {
            number: Quantity(7),
            hash: Fixed([7; 32]),
            parent_hash: Fixed([6; 32]),
            timestamp: Quantity(1_000),
        }
    }

    fn token(amount: u8) -> Log {
        log(&[TRANSFER, PAYER.padded(), PAYEE.padded()], Some(amount))
    }

    fn coins() -> Payment {
        let amount = Amount(Some(5));
        Payment { transaction: Fixed([8; 32]), from: PAYER, to: PAYEE, amount }
    }

    #[test]
    fn a_place_is_the_position_among_all_logs_whether_they_are_transfers_or_not() {
        let other = log(&[Fixed([3; 32])], None);
        let receipt = receipt(Some(1), vec![other.clone(), token(1), other, token(2)]);
        let arrivals = arrivals(&header(), &receipt, Some(&coins()));
        let places: Vec<_> = arrivals.iter().map(|one| (one.ordinal, one.amount.0)).collect();
        assert_eq!(places, [(0, Some(5)), (2, Some(1)), (4, Some(2))]);
    }

    #[test]
    fn a_transaction_that_failed_or_does_not_say_so_brought_nothing() {
        for status in [Some(0), Some(2), None] {
            let receipt = receipt(status, vec![token(1)]);
            assert_eq!(arrivals(&header(), &receipt, Some(&coins())), []);
        }
    }

    #[test]
    fn what_only_looks_like_a_transfer_is_none() {
        let (from, to) = (PAYER.padded(), PAYEE.padded());
        let mut dirty = to;
        dirty.0[3] = 1;
        for log in [
            log(&[TRANSFER, from, to, Fixed([0; 32])], Some(1)),
            log(&[TRANSFER, from, to], None),
            log(&[TRANSFER, from, dirty], Some(1)),
            log(&[TRANSFER, from], Some(1)),
            log(&[Fixed([1; 32]), from, to], Some(1)),
            log(&[], Some(1)),
            token(0),
        ] {
            assert_eq!(transferred(&log), None, "{log:?}");
        }
        assert!(transferred(&token(1)).is_some());
    }

    #[test]
    fn an_amount_above_128_bits_is_told_without_a_number() {
        let mut huge = token(1);
        huge.data = Word(Some([0xff; 32]));
        let arrivals = arrivals(&header(), &receipt(Some(1), vec![huge]), None);
        let mut spelling = Spelling::new(Network::Base, Environment::Devnet);
        let transfers: Vec<_> = arrivals.iter().map(|one| spelling.transfer(one)).collect();
        assert_eq!(transfers.len(), 1);
        assert_eq!(transfers[0].amount, None);
        assert_eq!(transfers[0].block.time, Timestamp::from_seconds(1_000));
    }
}
