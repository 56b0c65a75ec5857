//! Sends as rows: those the worker looks at, those of one purpose, those of one account.
//!
//! The send is JSON. `account` is set while a signed transaction of it may be included, so that
//! whoever gives out the next nonce sees every one that is taken, and out of a deposit address as
//! long as it is open, so that nothing else there spends what it is to send; `spent_by` once it
//! went, for the same giver of nonces; `due_at` is null once there is nothing to look at any more.

use domain::changes::Noun;
use domain::ids::RowKey;
use domain::network::Network;
use domain::send::{Send, SendStatus};
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{List, NEWEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

/// More than one settlement or refund has, and more than one account has under way.
const OF_ONE_MAX: i64 = 1_000;

const COLUMNS: [Column; 8] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("parent", Kind::Key),
    // Null unless a transaction of it is under way, or is to be out of a deposit address.
    mutable("account", Kind::Key).or_null(),
    mutable("exported_on", Kind::Int).or_null(),
    mutable("due_at", Kind::Int).or_null(),
    // Its account and the nonce it went with, where its network has such.
    mutable("spent_by", Kind::Key).or_null(),
    mutable("nonce", Kind::Int).or_null(),
];

impl Row for Send {
    const TABLE: Table =
        Table { noun: Noun::Send, name: "sends", key_origin: KeyOrigin::Fresh, columns: &COLUMNS };

    fn encode(self) -> Vec<Value> {
        let is_of_deposit = self.from.index.is_some();
        let is_open = self.status.is_signed() || (is_of_deposit && self.status.is_open());
        let account = is_open.then(|| self.account());
        let nonce = self.spent_nonce().and_then(|nonce| i64::try_from(nonce).ok());
        let spent_by = nonce.map(|_| self.account());
        let exported_on = (self.status == SendStatus::Exported).then_some(self.network);
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.parent().into(),
            account.into(),
            exported_on.into(),
            self.due_at.into(),
            spent_by.into(),
            nonce.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Send, StoreError> {
        Ok(Send { version: cells.version, ..cells.body(Send::key)? })
    }
}

pub(crate) fn of_parent(parent: RowKey) -> List<Send> {
    List::new("").bind(" WHERE parent = ", parent).push(NEWEST_FIRST)
}

pub(crate) fn of_account(account: RowKey) -> List<Send> {
    List::new(" WHERE account IS NOT NULL").bind(" AND account = ", account)
}

pub(crate) fn last_spent(account: RowKey) -> List<Send> {
    let list = List::new(" WHERE spent_by IS NOT NULL").bind(" AND spent_by = ", account);
    list.push(" ORDER BY nonce DESC")
}

pub(crate) fn exported(network: Network) -> List<Send> {
    let list = List::new(" WHERE exported_on IS NOT NULL").bind(" AND exported_on = ", network);
    list.push(" ORDER BY exported_on, key")
}

impl Store {
    /// Sends whose time has come, the longest due first.
    pub async fn sends_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Send>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }

    /// The sends of a settlement or a refund, or those that bring another one its gas.
    pub async fn sends_of(&self, parent: RowKey) -> Result<Vec<Send>, StoreError> {
        of_parent(parent).limit(OF_ONE_MAX).read(self).await
    }

    /// The sends of one account that have a transaction under way, and of a deposit address those
    /// that are to have one.
    pub async fn sends_of_account(&self, account: RowKey) -> Result<Vec<Send>, StoreError> {
        of_account(account).limit(OF_ONE_MAX).read(self).await
    }

    /// The highest nonce that a transaction of an account went with.
    pub async fn last_nonce_spent(&self, account: RowKey) -> Result<Option<u64>, StoreError> {
        let last = last_spent(account).limit(1).read(self).await?;
        Ok(last.first().and_then(Send::spent_nonce))
    }

    /// Those of a network that the operator is to sign, the oldest first.
    pub async fn sends_exported(
        &self,
        network: Network,
        limit: i64,
    ) -> Result<Vec<Send>, StoreError> {
        exported(network).limit(limit).read(self).await
    }
}
