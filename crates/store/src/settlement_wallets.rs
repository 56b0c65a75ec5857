//! Settlement wallets as rows: found by merchant, environment and network, or all of a merchant.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::settlement_wallet::SettlementWallet;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
];

impl Row for SettlementWallet {
    const TABLE: Table = Table {
        noun: Noun::SettlementWallet,
        name: "settlement_wallets",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into(), self.environment.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SettlementWallet, StoreError> {
        Ok(SettlementWallet { version: cells.version, ..cells.body(SettlementWallet::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
) -> List<SettlementWallet> {
    let list = List::new("").bind(" WHERE merchant_id = ", merchant_id);
    list.bind(" AND environment = ", environment)
}

impl Store {
    /// All of a merchant's, one per network at most.
    pub async fn settlement_wallets(
        &self,
        whose: (MerchantId, Environment),
    ) -> Result<Vec<SettlementWallet>, StoreError> {
        let mut wallets = of_merchant(whose).read(self).await?;
        wallets.sort_by_key(|wallet| wallet.network.code());
        Ok(wallets)
    }
}
