//! The hash chain of the ledger as rows: a link for each transfer, a head for each merchant.
//!
//! Links have the ids of their transfers, so that whoever walks the ledger finds them by key.

use domain::changes::Noun;
use domain::ids::{MerchantId, TransferId};
use domain::ledger::{ChainHead, ChainLink, PlacedTransfer};

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const LINK_COLUMNS: [Column; 3] =
    [frozen("merchant_id", Kind::Int), frozen("place", Kind::Int), frozen("hash", Kind::Bytes)];

const HEAD_COLUMNS: [Column; 3] =
    [frozen("merchant_id", Kind::Int), mutable("length", Kind::Int), mutable("hash", Kind::Bytes)];

impl Row for ChainLink {
    const TABLE: Table = Table {
        noun: Noun::ChainLink,
        name: "ledger_links",
        key_origin: KeyOrigin::Business,
        columns: &LINK_COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let hash = Value::Bytes(self.hash.to_vec());
        vec![self.merchant_id.into(), Value::Int(self.place), hash]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ChainLink, StoreError> {
        Ok(ChainLink {
            transfer_id: TransferId::from(cells.key),
            version: cells.version,
            merchant_id: MerchantId(cells.int()?),
            place: cells.int()?,
            hash: hash(cells)?,
        })
    }
}

impl Row for ChainHead {
    const TABLE: Table = Table {
        noun: Noun::ChainHead,
        name: "ledger_heads",
        key_origin: KeyOrigin::Business,
        columns: &HEAD_COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let hash = Value::Bytes(self.hash.to_vec());
        vec![self.merchant_id.into(), Value::Int(self.length), hash]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ChainHead, StoreError> {
        Ok(ChainHead {
            version: cells.version,
            merchant_id: MerchantId(cells.int()?),
            length: cells.int()?,
            hash: hash(cells)?,
        })
    }
}

fn hash(cells: &mut Cells<'_>) -> Result<[u8; 32], StoreError> {
    let bytes = cells.bytes()?;
    bytes.try_into().map_err(|_| cells.corrupt())
}

impl Store {
    /// Transfers of a lane after a position, in the ledger's order.
    pub async fn ledger_after(
        &self,
        lane: i64,
        position: i64,
        limit: i64,
    ) -> Result<Vec<PlacedTransfer>, StoreError> {
        let tail = "WHERE lane = $1 AND position > $2 ORDER BY position LIMIT $3";
        self.select_transfers(tail, [lane, position, limit].map(Value::Int).into()).await
    }

    /// The position of the newest transfer of a lane; zero if it has none.
    pub async fn ledger_head(&self, lane: i64) -> Result<i64, StoreError> {
        let tail = "WHERE lane = $1 ORDER BY position DESC LIMIT 1";
        let newest = self.select_transfers(tail, vec![Value::Int(lane)]).await?;
        Ok(newest.first().map_or(0, |transfer| transfer.position))
    }
}
