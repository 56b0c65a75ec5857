//! Members as rows; an e-mail or a wallet leads to its member through a claim.
//!
//! The member is JSON beside the merchant that the list of members asks for. Removed members stay,
//! for the audit log.

use domain::changes::Noun;
use domain::ids::MerchantId;
use domain::member::Member;

use crate::error::StoreError;
use crate::lists::{List, OLDEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), frozen("merchant_id", Kind::Int)];

impl Row for Member {
    const TABLE: Table = Table {
        noun: Noun::Member,
        name: "members",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Member, StoreError> {
        Ok(Member { version: cells.version, ..cells.body(Member::key)? })
    }
}

pub(crate) fn of_merchant(merchant_id: MerchantId) -> List<Member> {
    List::new("").bind(" WHERE merchant_id = ", merchant_id).push(OLDEST_FIRST)
}

impl Store {
    /// Every member of a merchant, removed ones included, in the order they were added.
    pub async fn members_of_merchant(
        &self,
        merchant_id: MerchantId,
    ) -> Result<Vec<Member>, StoreError> {
        of_merchant(merchant_id).read(self).await
    }
}
