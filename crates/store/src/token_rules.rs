//! Token rules as rows: one per merchant and token the merchant ever decided on.
//!
//! The rule is JSON beside its merchant. All rules of a merchant are read at once and remembered,
//! so the list has no pages.

use domain::changes::Noun;
use domain::ids::MerchantId;
use domain::token_rule::TokenRule;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), frozen("merchant_id", Kind::Int)];

impl Row for TokenRule {
    const TABLE: Table = Table {
        noun: Noun::TokenRule,
        name: "token_rules",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<TokenRule, StoreError> {
        Ok(TokenRule { version: cells.version, ..cells.body(TokenRule::key)? })
    }
}

pub(crate) fn of_merchant(merchant_id: MerchantId) -> List<TokenRule> {
    List::new("").bind(" WHERE merchant_id = ", merchant_id)
}

impl Store {
    /// Every rule of a merchant: at most one for each token, in no order.
    pub async fn token_rules_of_merchant(
        &self,
        merchant_id: MerchantId,
    ) -> Result<Vec<TokenRule>, StoreError> {
        of_merchant(merchant_id).read(self).await
    }
}
