//! The ledger as rows: immutable transfers, and the balance of every account they moved.
//!
//! Balances are written in the commit of the transfers that make them. Amounts are sixteen bytes
//! and are never added up in SQL: whoever needs a sum reads and adds in Rust.

use std::collections::HashMap;

use domain::ids::{MerchantId, RowKey, TransferId};
use domain::ledger::{
    Account, AccountKind, Balance, Transfer, TransferReason, balance_bytes, balance_from_bytes,
};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use domain::token::TokenId;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::relation::catalog;
use crate::row::{Column, Kind, Value, frozen, mutable};
use crate::store::Store;
use crate::write::CellRef;

/// Behind `key` and `version`.
pub(crate) const TRANSFER_COLUMNS: &[Column] = &[
    frozen("lane", Kind::Int),
    frozen("position", Kind::Int),
    frozen("merchant_id", Kind::Int),
    frozen("debit", Kind::Key),
    frozen("credit", Kind::Key),
    frozen("amount", Kind::Bytes),
    frozen("debit_balance", Kind::Bytes),
    frozen("credit_balance", Kind::Bytes),
    frozen("reason", Kind::Int),
    frozen("object", Kind::Key),
    frozen("created_at", Kind::Int),
];

/// Behind `key` and `version`.
pub(crate) const ACCOUNT_COLUMNS: &[Column] = &[
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("kind", Kind::Int),
    frozen("network", Kind::Int),
    frozen("token_id", Kind::Int),
    mutable("balance", Kind::Bytes),
];

pub(crate) struct TransferWrite<'g> {
    pub transfer: &'g Transfer,
    pub debit: RowKey,
    pub credit: RowKey,
    pub lane: i64,
    pub position: i64,
    pub debit_balance: i128,
    pub credit_balance: i128,
}

impl TransferWrite<'_> {
    pub fn cell(&self, column: usize) -> CellRef<'_> {
        let transfer = self.transfer;
        match column {
            0 => CellRef::Key(transfer.id.key()),
            1 => CellRef::Int(1),
            2 => CellRef::Int(self.lane),
            3 => CellRef::Int(self.position),
            4 => CellRef::Int(transfer.debit.merchant_id.0),
            5 => CellRef::Key(self.debit),
            6 => CellRef::Key(self.credit),
            7 => CellRef::Wide(transfer.amount.0.to_be_bytes()),
            8 => CellRef::Wide(balance_bytes(self.debit_balance)),
            9 => CellRef::Wide(balance_bytes(self.credit_balance)),
            10 => CellRef::Int(transfer.reason.code()),
            11 => CellRef::Key(transfer.object),
            _ => CellRef::Int(transfer.created_at.0),
        }
    }
}

pub(crate) struct AccountWrite {
    pub key: RowKey,
    pub version: i64,
    pub expected: i64,
    pub account: Account,
    pub balance: i128,
}

impl AccountWrite {
    pub fn cell(&self, column: usize) -> CellRef<'_> {
        match column {
            0 => CellRef::Key(self.key),
            1 => CellRef::Int(self.version),
            2 => CellRef::Int(self.account.merchant_id.0),
            3 => CellRef::Int(self.account.environment.code()),
            4 => CellRef::Int(self.account.kind.code()),
            5 => CellRef::Int(self.account.network.code()),
            6 => CellRef::Int(self.account.token_id.0),
            _ => CellRef::Wide(balance_bytes(self.balance)),
        }
    }
}

/// A transfer as it was written, with what the commit added.
pub(crate) struct PlacedTransfer {
    pub id: TransferId,
    pub position: i64,
    pub debit: RowKey,
    pub credit: RowKey,
    pub amount: TokenAmount,
    pub reason: TransferReason,
    pub object: RowKey,
    pub created_at: Timestamp,
}

impl Store {
    /// Every account's balance, of one merchant or of all.
    pub async fn balances(&self, merchant: Option<MerchantId>) -> Result<Vec<Balance>, StoreError> {
        let (tail, params) = match merchant {
            Some(id) => ("WHERE merchant_id = $1 ORDER BY key", vec![Value::Int(id.0)]),
            None => ("ORDER BY key", Vec::new()),
        };
        let accounts = self.select_accounts(tail, params).await?;
        Ok(accounts.into_iter().map(|(_, balance)| balance).collect())
    }

    /// The transfers that belong to a payment (later: a settlement, refund, payout), in order.
    pub async fn transfers_of(&self, object: RowKey) -> Result<Vec<Transfer>, StoreError> {
        let tail = "WHERE object = $1 ORDER BY position";
        let placed = self.select_transfers(tail, vec![Value::Key(object)]).await?;
        let mut accounts = HashMap::new();
        for key in placed.iter().flat_map(|transfer| [transfer.debit, transfer.credit]) {
            if !accounts.contains_key(&key) {
                let found = self.select_accounts("WHERE key = $1", vec![Value::Key(key)]).await?;
                accounts.extend(found.into_iter().map(|(key, balance)| (key, balance.account)));
            }
        }
        let account = |id: TransferId, key: RowKey, column: &'static str| {
            let key_text = id.to_string();
            let missing = StoreError::Corrupt { table: "transfers", key: key_text, column };
            accounts.get(&key).copied().ok_or(missing)
        };
        let whole = |placed: PlacedTransfer| {
            Ok(Transfer {
                id: placed.id,
                debit: account(placed.id, placed.debit, "debit")?,
                credit: account(placed.id, placed.credit, "credit")?,
                amount: placed.amount,
                reason: placed.reason,
                object: placed.object,
                created_at: placed.created_at,
            })
        };
        placed.into_iter().map(whole).collect()
    }

    pub(crate) async fn select_accounts(
        &self,
        tail: &str,
        params: Vec<Value>,
    ) -> Result<Vec<(RowKey, Balance)>, StoreError> {
        let relation = catalog().accounts();
        let sql = format!("SELECT {} FROM accounts {tail}", relation.column_list());
        let rows = self.select_cells(&sql, &relation.kinds(), params).await?;
        rows.into_iter().map(decode_account).collect()
    }

    pub(crate) async fn select_transfers(
        &self,
        tail: &str,
        params: Vec<Value>,
    ) -> Result<Vec<PlacedTransfer>, StoreError> {
        let relation = catalog().transfers();
        let sql = format!("SELECT {} FROM transfers {tail}", relation.column_list());
        let rows = self.select_cells(&sql, &relation.kinds(), params).await?;
        rows.into_iter().map(decode_transfer).collect()
    }
}

fn decode_account(cells: Vec<Value>) -> Result<(RowKey, Balance), StoreError> {
    let mut cells = Reader::new("accounts", &catalog().accounts().columns, cells);
    let key = cells.key()?;
    cells.row = key.uuid().to_string();
    cells.int()?;
    let account = Account {
        merchant_id: MerchantId(cells.int()?),
        environment: cells.environment()?,
        kind: cells.coded(AccountKind::from_code)?,
        network: cells.coded(Network::from_code)?,
        token_id: TokenId(cells.int()?),
    };
    let balance = balance_from_bytes(cells.wide()?);
    Ok((key, Balance { account, balance }))
}

fn decode_transfer(cells: Vec<Value>) -> Result<PlacedTransfer, StoreError> {
    let mut cells = Reader::new("transfers", &catalog().transfers().columns, cells);
    let key = cells.key()?;
    cells.row = key.uuid().to_string();
    cells.int()?;
    cells.int()?;
    let position = cells.int()?;
    cells.int()?;
    let (debit, credit) = (cells.key()?, cells.key()?);
    let amount = TokenAmount(u128::from_be_bytes(cells.wide()?));
    cells.wide()?;
    cells.wide()?;
    Ok(PlacedTransfer {
        id: TransferId::from(key),
        position,
        debit,
        credit,
        amount,
        reason: cells.coded(TransferReason::from_code)?,
        object: cells.key()?,
        created_at: Timestamp(cells.int()?),
    })
}
