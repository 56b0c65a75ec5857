//! Allowed destinations as rows: found by merchant, network and address, or all of a merchant.
//!
//! The entry is JSON. `listed_in` is null once it was taken off the list, so the index holds only
//! what counts; how many those are is bounded by a counter of the domain.

use domain::allowed_destination::{AllowedDestination, DESTINATIONS_MAX};
use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    // The environment; null once it was removed.
    mutable("listed_in", Kind::Int).or_null(),
];

impl Row for AllowedDestination {
    const TABLE: Table = Table {
        noun: Noun::AllowedDestination,
        name: "allowed_destinations",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let listed_in = self.removed_at.is_none().then_some(self.environment);
        vec![Value::json(&self), self.merchant_id.into(), listed_in.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<AllowedDestination, StoreError> {
        let version = cells.version;
        Ok(AllowedDestination { version, ..cells.body(AllowedDestination::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
) -> List<AllowedDestination> {
    List::new(" WHERE listed_in IS NOT NULL")
        .bind(" AND merchant_id = ", merchant_id)
        .bind(" AND listed_in = ", environment)
}

impl Store {
    /// All of a merchant's, the oldest first.
    pub async fn allowed_destinations(
        &self,
        whose: (MerchantId, Environment),
    ) -> Result<Vec<AllowedDestination>, StoreError> {
        let mut entries = of_merchant(whose).limit(DESTINATIONS_MAX).read(self).await?;
        entries.sort_by(|one, other| {
            (one.created_at, &one.address).cmp(&(other.created_at, &other.address))
        });
        Ok(entries)
    }
}
