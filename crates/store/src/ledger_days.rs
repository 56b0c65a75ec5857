//! Days of the ledger as rows: what reports add up.
//!
//! Few rows a day and merchant, changed by the one follower that hashes the ledger.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::ledger::{Asset, Day, LedgerDay, Phase, TransferReason};
use domain::money::TokenAmount;
use domain::network::Network;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 9] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("day", Kind::Int),
    // Null for bank money.
    frozen("network", Kind::Int).or_null(),
    frozen("asset", Kind::Int),
    frozen("reason", Kind::Int),
    frozen("phase", Kind::Int),
    mutable("count", Kind::Int),
    mutable("amount", Kind::Bytes),
];

impl Row for LedgerDay {
    const TABLE: Table = Table {
        noun: Noun::LedgerDay,
        name: "ledger_days",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.merchant_id.into(),
            self.environment.into(),
            Value::Int(self.day.0),
            self.asset.network().map_or(Value::Null, |network| Value::Int(network.code())),
            Value::Int(self.asset.code()),
            Value::Int(self.reason.code()),
            Value::Int(self.phase.code()),
            Value::Int(self.count),
            Value::Bytes(self.amount.0.to_be_bytes().to_vec()),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<LedgerDay, StoreError> {
        let merchant_id = MerchantId(cells.int()?);
        let environment = Environment::from_code(cells.int()?).ok_or_else(|| cells.corrupt())?;
        let day = Day(cells.int()?);
        let network = match cells.maybe_int()? {
            Some(code) => Some(Network::from_code(code).ok_or_else(|| cells.corrupt())?),
            None => None,
        };
        let asset = Asset::from_codes(network, cells.int()?).ok_or_else(|| cells.corrupt())?;
        let reason = TransferReason::from_code(cells.int()?).ok_or_else(|| cells.corrupt())?;
        let phase = Phase::from_code(cells.int()?).ok_or_else(|| cells.corrupt())?;
        let count = cells.int()?;
        let amount: [u8; 16] = cells.bytes()?.try_into().map_err(|_| cells.corrupt())?;
        let amount = TokenAmount(u128::from_be_bytes(amount));
        let version = cells.version;
        Ok(LedgerDay {
            merchant_id,
            environment,
            day,
            asset,
            reason,
            phase,
            count,
            amount,
            version,
        })
    }
}

pub(crate) fn between(
    (merchant_id, environment): (MerchantId, Environment),
    (from, until): (Day, Day),
) -> List<LedgerDay> {
    let list = List::new("").bind(" WHERE merchant_id = ", merchant_id);
    let list = list.bind(" AND environment = ", environment).bind(" AND day >= ", from.0);
    list.bind(" AND day < ", until.0).push(" ORDER BY day")
}

impl Store {
    /// A merchant's days of the ledger from one day up to but without another.
    pub async fn ledger_days(
        &self,
        whose: (MerchantId, Environment),
        range: (Day, Day),
    ) -> Result<Vec<LedgerDay>, StoreError> {
        between(whose, range).read(self).await
    }
}
