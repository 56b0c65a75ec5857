//! Refunds as rows: found by their id, listed by merchant or by invoice.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::{InvoiceId, MerchantId};
use domain::refund::Refund;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("invoice_id", Kind::Key),
];

impl Row for Refund {
    const TABLE: Table = Table {
        noun: Noun::Refund,
        name: "refunds",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let (merchant_id, environment) = (self.merchant_id, self.environment);
        let (body, invoice_id) = (Value::json(&self), self.invoice_id);
        vec![body, merchant_id.into(), environment.into(), invoice_id.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Refund, StoreError> {
        Ok(Refund { version: cells.version, ..cells.body(Refund::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
    page: Page,
    limit: i64,
) -> List<Refund> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

pub(crate) fn of_invoice(invoice_id: InvoiceId, page: Page, limit: i64) -> List<Refund> {
    let list = List::new("").bind(" WHERE invoice_id = ", invoice_id);
    list.within(KeyRange::of_page(page)).page(page, limit)
}

impl Store {
    /// A page of a merchant's refunds, newest first.
    pub async fn refunds(
        &self,
        whose: (MerchantId, Environment),
        page: Page,
        limit: i64,
    ) -> Result<Vec<Refund>, StoreError> {
        of_merchant(whose, page, limit).read(self).await
    }

    /// A page of an invoice's refunds, newest first.
    pub async fn refunds_of_invoice(
        &self,
        invoice_id: InvoiceId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Refund>, StoreError> {
        of_invoice(invoice_id, page, limit).read(self).await
    }
}
