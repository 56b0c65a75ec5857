//! Simulated chains and their transactions as rows.
//!
//! The chain itself is a state machine elsewhere; here is only what it must find again after a
//! restart, by block, by hash and by receiver.

use domain::changes::Noun;
use domain::network::Network;
use domain::simulated::{SimulatedChain, SimulatedTransaction};

use crate::error::StoreError;
use crate::lists::{List, NEWEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const CHAIN_COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for SimulatedChain {
    const TABLE: Table = Table {
        noun: Noun::SimulatedChain,
        name: "simulated_chains",
        key_origin: KeyOrigin::Business,
        columns: &CHAIN_COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SimulatedChain, StoreError> {
        Ok(SimulatedChain { version: cells.version, ..cells.body(SimulatedChain::key)? })
    }
}

const TRANSACTION_COLUMNS: [Column; 6] = [
    mutable("body", Kind::Text),
    frozen("network", Kind::Int),
    frozen("tx_hash", Kind::Text),
    frozen("to_address", Kind::Text),
    mutable("block_number", Kind::Int),
    // Of ours; empty for everybody else's.
    frozen("from_address", Kind::Text),
];

impl Row for SimulatedTransaction {
    const TABLE: Table = Table {
        noun: Noun::SimulatedTransaction,
        name: "simulated_transactions",
        key_origin: KeyOrigin::Fresh,
        columns: &TRANSACTION_COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.network.into(),
            self.tx_hash.into(),
            self.to.clone().into(),
            block(self.block_number).into(),
            self.signed.as_ref().map_or_else(String::new, |_| self.from.clone()).into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SimulatedTransaction, StoreError> {
        let row = cells.body(SimulatedTransaction::key)?;
        Ok(SimulatedTransaction { version: cells.version, ..row })
    }
}

fn block(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn in_blocks(network: Network, from_block: u64, to_block: u64) -> List<Transaction> {
    List::new("")
        .bind(" WHERE network = ", network)
        .bind(" AND block_number >= ", block(from_block))
        .bind(" AND block_number <= ", block(to_block))
        .push(" ORDER BY block_number, key")
}

pub(crate) fn by_hash(network: Network, tx_hash: &str) -> List<Transaction> {
    List::new("").bind(" WHERE network = ", network).bind(" AND tx_hash = ", tx_hash.to_owned())
}

pub(crate) fn to_address(network: Network, address: &str) -> List<Transaction> {
    let list = List::new("").bind(" WHERE network = ", network);
    list.bind(" AND to_address = ", address.to_owned()).push(NEWEST_FIRST)
}

/// What an address of ours sent.
pub(crate) fn from_address(network: Network, address: &str) -> List<Transaction> {
    let list = List::new(" WHERE from_address <> ''").bind(" AND network = ", network);
    list.bind(" AND from_address = ", address.to_owned()).push(NEWEST_FIRST)
}

type Transaction = SimulatedTransaction;

/// Nobody pays one simulated address more often than this.
const TO_ADDRESS_MAX: i64 = 10_000;

impl Store {
    /// Everything an address of ours sent on a simulated network, newest first.
    pub async fn simulated_transactions_from(
        &self,
        network: Network,
        address: &str,
    ) -> Result<Vec<SimulatedTransaction>, StoreError> {
        from_address(network, address).limit(TO_ADDRESS_MAX).read(self).await
    }

    /// Transactions in `from_block` to `to_block`, both included, by block.
    ///
    /// An answer of `limit` rows may lack some of its last block.
    pub async fn simulated_transactions(
        &self,
        network: Network,
        from_block: u64,
        to_block: u64,
        limit: i64,
    ) -> Result<Vec<SimulatedTransaction>, StoreError> {
        in_blocks(network, from_block, to_block).limit(limit).read(self).await
    }

    pub async fn simulated_transaction(
        &self,
        network: Network,
        tx_hash: &str,
    ) -> Result<Option<SimulatedTransaction>, StoreError> {
        by_hash(network, tx_hash).read_one(self).await
    }

    /// Transactions that pay an address, newest first.
    pub async fn simulated_transactions_to(
        &self,
        network: Network,
        address: &str,
    ) -> Result<Vec<SimulatedTransaction>, StoreError> {
        to_address(network, address).limit(TO_ADDRESS_MAX).read(self).await
    }
}
