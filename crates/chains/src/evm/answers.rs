//! What EVM nodes answer, as far as payments need it; everything else is skipped while reading.
//!
//! Invariant: a block's transactions that move no coins are dropped while they are read, so that a
//! range of blocks costs memory by its payments, not by its size.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::wire::{Account, Amount, Fixed, Hash, Quantity, Word};

/// A block without its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub number: Quantity,
    pub hash: Hash,
    pub parent_hash: Hash,
    pub timestamp: Quantity,
}

/// A block with the coins its transactions move.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    pub number: Quantity,
    pub hash: Hash,
    pub parent_hash: Hash,
    pub timestamp: Quantity,
    /// Which contracts and events the block's logs may be of; not every chain fills it in.
    pub logs_bloom: Option<Fixed<256>>,
    pub transactions: Coins,
}

/// The transactions of a block that move coins to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coins(pub Vec<Payment>);

/// Coins a transaction moves by itself, without a contract's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    pub transaction: Hash,
    pub from: Account,
    pub to: Account,
    pub amount: Amount,
}

/// A transaction as a block and a look-up tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Transaction {
    pub hash: Hash,
    pub from: Account,
    /// None where a contract is made.
    pub to: Option<Account>,
    pub value: Amount,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub transaction_hash: Hash,
    pub transaction_index: Quantity,
    pub block_hash: Hash,
    pub block_number: Quantity,
    /// One if it did not fail.
    pub status: Option<Quantity>,
    pub logs: Vec<Log>,
}

/// What a contract said while a transaction ran.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub address: Account,
    pub topics: Vec<Hash>,
    pub data: Word,
    pub block_number: Quantity,
    pub block_hash: Hash,
    pub transaction_hash: Hash,
    pub log_index: Quantity,
    /// True of logs a reorg took back, which no answer to a question should hold.
    #[serde(default)]
    pub removed: bool,
}

impl Transaction {
    pub fn payment(&self) -> Option<Payment> {
        let to = self.to.filter(|_| self.value != Amount::ZERO)?;
        Some(Payment { transaction: self.hash, from: self.from, to, amount: self.value })
    }
}

impl Receipt {
    pub fn has_succeeded(&self) -> bool {
        self.status == Some(Quantity(1))
    }
}

impl Block {
    pub fn header(&self) -> Header {
        Header {
            number: self.number,
            hash: self.hash,
            parent_hash: self.parent_hash,
            timestamp: self.timestamp,
        }
    }
}

impl<'de> Deserialize<'de> for Coins {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Transactions;

        impl<'de> Visitor<'de> for Transactions {
            type Value = Coins;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a block's transactions in full")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Coins, A::Error> {
                let mut payments = Vec::new();
                while let Some(transaction) = list.next_element::<Transaction>()? {
                    payments.extend(transaction.payment());
                }
                Ok(Coins(payments))
            }
        }

        input.deserialize_seq(Transactions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(transactions: &str) -> Result<Block, serde_json::Error> {
        let hash = Hash::parse(&format!("0x{}", "1".repeat(64))).unwrap();
        serde_json::from_str(&format!(
            r#"{{"number":"0x5","hash":"{hash}","parentHash":"{hash}","timestamp":"0x1",
                "extra":[1,{{}}],"transactions":{transactions}}}"#
        ))
    }

    fn transaction(to: &str, value: &str) -> String {
        let (hash, from) = ("2".repeat(64), "3".repeat(40));
        format!(r#"{{"hash":"0x{hash}","from":"0x{from}","to":{to},"value":"{value}"}}"#)
    }

    #[test]
    fn only_transactions_that_move_coins_to_somebody_are_kept() {
        let to = format!("\"0x{}\"", "4".repeat(40));
        let of = [transaction(&to, "0x5"), transaction(&to, "0x0"), transaction("null", "0x5")];
        let block = block(&format!("[{}]", of.join(","))).unwrap();
        let amounts: Vec<_> = block.transactions.0.iter().map(|coins| coins.amount).collect();
        assert_eq!(amounts, [Amount(Some(5))]);
    }

    #[test]
    fn a_block_whose_transactions_are_hashes_only_is_not_taken_for_an_empty_one() {
        assert!(block(&format!(r#"["0x{}"]"#, "2".repeat(64))).is_err());
        assert!(block("null").is_err());
        assert!(block("[]").is_ok());
    }
}
