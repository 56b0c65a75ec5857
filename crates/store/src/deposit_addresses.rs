//! Deposit addresses as rows, found by their address: a watcher looks each transfer up by key.
//!
//! The key is a hash of environment, family and address, so the row is wide under a random key:
//! on SQLite it lies in insertion order beside an index of the keys.

use domain::changes::Noun;
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::ids::InvoiceId;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 9] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("network", Kind::Int),
    frozen("address", Kind::Text),
    frozen("invoice_id", Kind::Key),
    frozen("address_index", Kind::Int),
    mutable("networks", Kind::Int),
    frozen("created_at", Kind::Int),
    // Whether `invoice_id` is an invoice's, or a ramp address's.
    frozen("owner_kind", Kind::Int),
];

impl Row for DepositAddress {
    const TABLE: Table = Table {
        noun: Noun::DepositAddress,
        name: "deposit_addresses",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.merchant_id.into(),
            self.environment.into(),
            self.network.into(),
            self.address.into(),
            self.owner.key().into(),
            self.index.into(),
            self.networks.into(),
            self.created_at.into(),
            self.owner.code().into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<DepositAddress, StoreError> {
        let version = cells.version;
        let merchant_id = cells.merchant_id()?;
        let environment = cells.environment()?;
        let network = cells.network()?;
        let address = cells.text()?;
        let owner_key = cells.key()?;
        let index = cells.index()?;
        let networks = cells.int()?;
        let created_at = cells.time()?;
        let owner = AddressOwner::from_parts(cells.int()?, owner_key);
        let owner = owner.ok_or_else(|| cells.corrupt())?;
        Ok(DepositAddress {
            merchant_id,
            environment,
            network,
            address,
            owner,
            index,
            networks,
            created_at,
            version,
        })
    }
}

pub(crate) fn of_invoice(invoice_id: InvoiceId) -> List<DepositAddress> {
    let list = List::new("").bind(" WHERE invoice_id = ", invoice_id);
    list.push(" ORDER BY created_at, network")
}

impl Store {
    /// Every address of an invoice: at most one for each family of networks.
    pub async fn deposit_addresses_of_invoice(
        &self,
        invoice_id: InvoiceId,
    ) -> Result<Vec<DepositAddress>, StoreError> {
        of_invoice(invoice_id).read(self).await
    }
}
