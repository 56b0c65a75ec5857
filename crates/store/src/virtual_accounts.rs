//! Virtual accounts as rows: paged for their user, and the due ones for the worker.

use domain::changes::Noun;
use domain::ids::RampUserId;
use domain::time::Timestamp;
use domain::virtual_account::VirtualAccount;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("user_id", Kind::Key),
    // Null once nothing is left to do.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for VirtualAccount {
    const TABLE: Table = Table {
        noun: Noun::VirtualAccount,
        name: "virtual_accounts",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.user_id.key().into(), self.next_at.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<VirtualAccount, StoreError> {
        Ok(VirtualAccount { version: cells.version, ..cells.body(VirtualAccount::key)? })
    }
}

pub(crate) fn of_user(user_id: RampUserId, page: Page, limit: i64) -> List<VirtualAccount> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a user's virtual accounts, newest first.
    pub async fn virtual_accounts_of_user(
        &self,
        user_id: RampUserId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<VirtualAccount>, StoreError> {
        of_user(user_id, page, limit).read(self).await
    }

    /// Virtual accounts to be opened or looked at, the longest due first.
    pub async fn virtual_accounts_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<VirtualAccount>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }
}
