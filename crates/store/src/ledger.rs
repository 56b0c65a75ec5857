//! The ledger as rows: immutable transfers, and the balance of every account they moved.
//!
//! Balances are written in the commit of the transfers that make them. Amounts are sixteen bytes
//! and are never added up in SQL: whoever needs a sum reads and adds in Rust.

use std::collections::HashMap;

use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey, TransferId};
use domain::ledger::{
    Account, AccountKind, Asset, Balance, Phase, PlacedTransfer, Transfer, TransferReason,
    balance_bytes, balance_from_bytes,
};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
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
    frozen("environment", Kind::Int),
    frozen("debit", Kind::Key),
    frozen("credit", Kind::Key),
    frozen("amount", Kind::Bytes),
    frozen("debit_balance", Kind::Bytes),
    frozen("credit_balance", Kind::Bytes),
    frozen("reason", Kind::Int),
    frozen("phase", Kind::Int),
    frozen("object", Kind::Key),
    // The ramp user it concerns.
    frozen("owner", Kind::Key).or_null(),
    frozen("created_at", Kind::Int),
];

/// Behind `key` and `version`.
pub(crate) const ACCOUNT_COLUMNS: &[Column] = &[
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("kind", Kind::Int),
    // Null for bank money.
    frozen("network", Kind::Int).or_null(),
    frozen("asset", Kind::Int),
    frozen("owner", Kind::Key).or_null(),
    mutable("balance", Kind::Bytes),
    mutable("reserved", Kind::Bytes),
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
            5 => CellRef::Int(transfer.debit.environment.code()),
            6 => CellRef::Key(self.debit),
            7 => CellRef::Key(self.credit),
            8 => CellRef::Wide(transfer.amount.0.to_be_bytes()),
            9 => CellRef::Wide(balance_bytes(self.debit_balance)),
            10 => CellRef::Wide(balance_bytes(self.credit_balance)),
            11 => CellRef::Int(transfer.reason.code()),
            12 => CellRef::Int(transfer.phase.code()),
            13 => CellRef::Key(transfer.object),
            14 => CellRef::maybe_key(transfer.owner()),
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
    pub reserved: i128,
}

impl AccountWrite {
    pub fn cell(&self, column: usize) -> CellRef<'_> {
        match column {
            0 => CellRef::Key(self.key),
            1 => CellRef::Int(self.version),
            2 => CellRef::Int(self.account.merchant_id.0),
            3 => CellRef::Int(self.account.environment.code()),
            4 => CellRef::Int(self.account.kind.code()),
            5 => {
                let network = self.account.asset.network();
                network.map_or(CellRef::Null, |network| CellRef::Int(network.code()))
            }
            6 => CellRef::Int(self.account.asset.code()),
            7 => CellRef::maybe_key(self.account.owner),
            8 => CellRef::Wide(balance_bytes(self.balance)),
            _ => CellRef::Wide(balance_bytes(self.reserved)),
        }
    }
}

/// Which part of a merchant's ledger.
#[derive(Clone, Copy, Debug)]
pub struct LedgerFilter {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub created_from: Option<Timestamp>,
    pub created_to: Option<Timestamp>,
}

/// A merchant's postings, or those of one ramp user.
pub(crate) fn of_merchant(filter: LedgerFilter, page: Page, limit: i64) -> List<PlacedTransfer> {
    let list = List::new("").bind(" WHERE merchant_id = ", filter.merchant_id);
    let list = list.bind(" AND environment = ", filter.environment);
    let range = KeyRange::of_page(page).created(filter.created_from, filter.created_to);
    list.within(range).page(page, limit)
}

pub(crate) fn of_owner(owner: RowKey, page: Page, limit: i64) -> List<PlacedTransfer> {
    let list = List::new("").bind(" WHERE owner = ", owner);
    list.within(KeyRange::of_page(page)).page(page, limit)
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

    /// The balances of a merchant's own accounts: those of his ramp users may be many.
    pub async fn balances_of_merchant(
        &self,
        merchant_id: MerchantId,
    ) -> Result<Vec<Balance>, StoreError> {
        let tail = "WHERE merchant_id = $1 AND owner IS NULL ORDER BY key";
        let accounts = self.select_accounts(tail, vec![Value::Int(merchant_id.0)]).await?;
        Ok(accounts.into_iter().map(|(_, balance)| balance).collect())
    }

    /// The balances of one ramp user.
    pub async fn balances_of_owner(
        &self,
        merchant_id: MerchantId,
        owner: RowKey,
    ) -> Result<Vec<Balance>, StoreError> {
        let tail = "WHERE merchant_id = $1 AND owner = $2 ORDER BY key";
        let params = vec![Value::Int(merchant_id.0), Value::Key(owner)];
        let accounts = self.select_accounts(tail, params).await?;
        Ok(accounts.into_iter().map(|(_, balance)| balance).collect())
    }

    /// One account's balance; zero if nothing was ever posted to it.
    pub async fn balance(&self, account: Account) -> Result<Balance, StoreError> {
        let params = vec![Value::Key(account.key())];
        let found = self.select_accounts("WHERE key = $1", params).await?;
        let balance = found.into_iter().next().map(|(_, balance)| balance);
        Ok(balance.unwrap_or(Balance { account, balance: 0, reserved: 0 }))
    }

    /// Postings of a merchant's ledger, newest first.
    pub async fn balance_transactions(
        &self,
        filter: LedgerFilter,
        page: Page,
        limit: i64,
    ) -> Result<Vec<PlacedTransfer>, StoreError> {
        self.select_ledger(of_merchant(filter, page, limit)).await
    }

    /// Postings that concern one ramp user, newest first.
    pub async fn balance_transactions_of_owner(
        &self,
        owner: RowKey,
        page: Page,
        limit: i64,
    ) -> Result<Vec<PlacedTransfer>, StoreError> {
        self.select_ledger(of_owner(owner, page, limit)).await
    }

    /// The transfers that belong to a payment, settlement, refund or payout, in order.
    pub async fn transfers_of(&self, object: RowKey) -> Result<Vec<PlacedTransfer>, StoreError> {
        let tail = "WHERE object = $1 ORDER BY position";
        self.select_transfers(tail, vec![Value::Key(object)]).await
    }

    /// The accounts of these postings, by key.
    pub async fn accounts_of(
        &self,
        transfers: &[PlacedTransfer],
    ) -> Result<HashMap<RowKey, Account>, StoreError> {
        let mut accounts = HashMap::new();
        for key in transfers.iter().flat_map(|transfer| [transfer.debit, transfer.credit]) {
            if !accounts.contains_key(&key) {
                let found = self.select_accounts("WHERE key = $1", vec![Value::Key(key)]).await?;
                accounts.extend(found.into_iter().map(|(key, balance)| (key, balance.account)));
            }
        }
        for transfer in transfers {
            for (key, column) in [(transfer.debit, "debit"), (transfer.credit, "credit")] {
                if !accounts.contains_key(&key) {
                    let id = transfer.id.to_string();
                    return Err(StoreError::Corrupt { table: "transfers", key: id, column });
                }
            }
        }
        Ok(accounts)
    }

    async fn select_ledger(
        &self,
        list: List<PlacedTransfer>,
    ) -> Result<Vec<PlacedTransfer>, StoreError> {
        let is_reversed = list.is_reversed();
        let (tail, params) = list.into_parts();
        let mut rows = self.select_transfers(&tail, params).await?;
        if is_reversed {
            rows.reverse();
        }
        Ok(rows)
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
    let (merchant_id, environment) = (MerchantId(cells.int()?), cells.environment()?);
    let kind = cells.coded(AccountKind::from_code)?;
    let network = cells.maybe_coded(Network::from_code)?;
    let asset = Asset::from_codes(network, cells.int()?).ok_or_else(|| cells.corrupt())?;
    let owner = cells.maybe_key()?;
    let account = Account { merchant_id, environment, kind, asset, owner };
    let balance = balance_from_bytes(cells.wide()?);
    let reserved = balance_from_bytes(cells.wide()?);
    Ok((key, Balance { account, balance, reserved }))
}

fn decode_transfer(cells: Vec<Value>) -> Result<PlacedTransfer, StoreError> {
    let mut cells = Reader::new("transfers", &catalog().transfers().columns, cells);
    let key = cells.key()?;
    cells.row = key.uuid().to_string();
    cells.int()?;
    Ok(PlacedTransfer {
        id: TransferId::from(key),
        lane: cells.int()?,
        position: cells.int()?,
        merchant_id: MerchantId(cells.int()?),
        environment: cells.environment()?,
        debit: cells.key()?,
        credit: cells.key()?,
        amount: TokenAmount(u128::from_be_bytes(cells.wide()?)),
        debit_balance: balance_from_bytes(cells.wide()?),
        credit_balance: balance_from_bytes(cells.wide()?),
        reason: cells.coded(TransferReason::from_code)?,
        phase: cells.coded(Phase::from_code)?,
        object: cells.key()?,
        owner: cells.maybe_key()?,
        created_at: Timestamp(cells.int()?),
    })
}
