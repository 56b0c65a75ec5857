//! What chains say of ramp users' deposits, as rows: by depth, by block, and by what is due.

use domain::chain::Reach;
use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::RowKey;
use domain::network::Network;
use domain::onchain_deposit::OnchainDeposit;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 7] = [
    mutable("body", Kind::Text),
    frozen("environment", Kind::Int),
    frozen("network", Kind::Int),
    mutable("status", Kind::Int),
    mutable("block_number", Kind::Int),
    frozen("required_confirmations", Kind::Int),
    // Null once nothing is left to do.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for OnchainDeposit {
    const TABLE: Table = Table {
        noun: Noun::OnchainDeposit,
        name: "onchain_deposits",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.environment.into(),
            self.network.into(),
            self.status.code().into(),
            self.block_number.into(),
            self.required_confirmations.into(),
            self.next_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<OnchainDeposit, StoreError> {
        Ok(OnchainDeposit { version: cells.version, ..cells.body(OnchainDeposit::key)? })
    }
}

/// What waits and is final: many shallow ones must not stand before one that is deep.
pub(crate) fn deep(
    (environment, network): (Environment, Network),
    Reach { head, finalized }: Reach,
) -> List<OnchainDeposit> {
    let place = |block: u64| i64::try_from(block).unwrap_or(i64::MAX);
    // Without finality none is: no block lies below zero.
    let finalized = finalized.map_or(-1, place);
    List::new(" WHERE status = 0")
        .bind(" AND environment = ", environment)
        .bind(" AND network = ", network)
        .bind(" AND block_number <= ", place(head))
        .bind(" AND (block_number + required_confirmations - 1 <= ", place(head))
        .bind(" OR block_number <= ", finalized)
        .push(") ORDER BY block_number")
}

/// Few rows by their blocks, then sorted: `COALESCE` keeps a planner from reading all of them in
/// the order of their keys instead.
pub(crate) fn from_block(
    (environment, network): (Environment, Network),
    block_number: i64,
    after: Option<RowKey>,
) -> List<OnchainDeposit> {
    List::new(" WHERE status <> 2")
        .bind(" AND environment = ", environment)
        .bind(" AND network = ", network)
        .bind(" AND block_number >= ", block_number)
        .bind_some(" AND COALESCE(key, key) > ", after)
        .push(" ORDER BY COALESCE(key, key)")
}

impl Store {
    /// Deposits with a review or a payout to follow, the longest due first.
    pub async fn onchain_deposits_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<OnchainDeposit>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }

    /// Deposits that wait although they are final now, oldest block first.
    pub async fn onchain_deposits_deep(
        &self,
        place: (Environment, Network),
        reach: Reach,
        limit: i64,
    ) -> Result<Vec<OnchainDeposit>, StoreError> {
        deep(place, reach).limit(limit).read(self).await
    }

    /// Deposits in this block and later ones that are not reverted, in the order of their keys.
    pub async fn onchain_deposits_from_block(
        &self,
        place: (Environment, Network),
        block_number: i64,
        after: Option<RowKey>,
        limit: i64,
    ) -> Result<Vec<OnchainDeposit>, StoreError> {
        from_block(place, block_number, after).limit(limit).read(self).await
    }
}

#[cfg(test)]
mod tests {
    use domain::onchain_deposit::OnchainStatus;

    #[test]
    fn the_codes_in_conditions_are_those_of_the_states() {
        assert_eq!(OnchainStatus::Pending.code(), 0);
        assert_eq!(OnchainStatus::Reverted.code(), 2);
    }
}
