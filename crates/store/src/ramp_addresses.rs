//! Addresses of ramp users as rows: found by id, and paged for their user.

use domain::changes::Noun;
use domain::ids::RampUserId;
use domain::ramp_address::{AddressPurpose, RampAddress};

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] =
    [mutable("body", Kind::Text), frozen("user_id", Kind::Key), frozen("purpose", Kind::Int)];

impl Row for RampAddress {
    const TABLE: Table = Table {
        noun: Noun::RampAddress,
        name: "ramp_addresses",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.user_id.key().into(), self.purpose.code().into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampAddress, StoreError> {
        Ok(RampAddress { version: cells.version, ..cells.body(RampAddress::key)? })
    }
}

/// `like` says for which purpose; where its payouts go does not matter.
pub(crate) fn of_user(
    user_id: RampUserId,
    like: AddressPurpose,
    page: Page,
    limit: i64,
) -> List<RampAddress> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .bind(" AND purpose = ", like.code())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a user's addresses of one purpose, newest first.
    pub async fn ramp_addresses_of_user(
        &self,
        user_id: RampUserId,
        like: AddressPurpose,
        page: Page,
        limit: i64,
    ) -> Result<Vec<RampAddress>, StoreError> {
        of_user(user_id, like, page, limit).read(self).await
    }
}
