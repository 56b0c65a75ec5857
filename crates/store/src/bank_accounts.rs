//! Bank accounts as rows: found by id, and paged for their user.
//!
//! The account is JSON with its numbers sealed inside: no column holds one.

use domain::bank_account::BankAccount;
use domain::changes::Noun;
use domain::ids::RampUserId;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), frozen("user_id", Kind::Key)];

impl Row for BankAccount {
    const TABLE: Table = Table {
        noun: Noun::BankAccount,
        name: "bank_accounts",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.user_id.key().into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<BankAccount, StoreError> {
        Ok(BankAccount { version: cells.version, ..cells.body(BankAccount::key)? })
    }
}

pub(crate) fn of_user(user_id: RampUserId, page: Page, limit: i64) -> List<BankAccount> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a user's accounts, newest first, deleted ones among them.
    pub async fn bank_accounts_of_user(
        &self,
        user_id: RampUserId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<BankAccount>, StoreError> {
        of_user(user_id, page, limit).read(self).await
    }
}
