//! Invoices as rows, their filtered pages and totals, and the ones the expiry worker looks at.
//!
//! What no query looks into (details, answers) is JSON; how a filter becomes a statement stands in
//! `filter`.

mod filter;

pub use filter::InvoiceFilter;

use domain::changes::Noun;
use domain::invoice::{Invoice, InvoiceStatus, InvoiceType, Lock};
use domain::money::Usd;
use domain::network::Network;
use domain::time::Timestamp;
use domain::token::TokenId;

use crate::error::StoreError;
use crate::lists::{List, Page, corrupt};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 27] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("invoice_type", Kind::Int),
    frozen("amount", Kind::Int),
    frozen("tolerance", Kind::Int),
    frozen("customer_id", Kind::Text).or_null(),
    frozen("commerce_order_id", Kind::Key).or_null(),
    frozen("details", Kind::Text),
    mutable("expires_at", Kind::Int),
    frozen("created_at", Kind::Int),
    mutable("status", Kind::Int),
    mutable("amount_paid", Kind::Int),
    mutable("amount_pending", Kind::Int),
    mutable("payments_seen", Kind::Int),
    mutable("customer_email", Kind::Text).or_null(),
    mutable("payer_wallet_address", Kind::Text).or_null(),
    mutable("payer_wallet_network", Kind::Int).or_null(),
    mutable("answers", Kind::Text).or_null(),
    mutable("address_index", Kind::Int).or_null(),
    mutable("lock_network", Kind::Int).or_null(),
    mutable("lock_token_id", Kind::Int).or_null(),
    mutable("lock_address", Kind::Text).or_null(),
    mutable("due_at", Kind::Int),
    mutable("paid_at", Kind::Int).or_null(),
    mutable("last_payment_at", Kind::Int).or_null(),
    mutable("final_at", Kind::Int).or_null(),
    mutable("sessions_from", Kind::Int),
];

impl Row for Invoice {
    const TABLE: Table = Table {
        noun: Noun::Invoice,
        name: "invoices",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let details = Value::json(&self.details);
        let answers = (!self.answers.is_empty()).then(|| Value::json(&self.answers));
        let (lock_network, lock_token, lock_address) = match self.lock {
            Some(lock) => (Some(lock.network), Some(lock.token_id), Some(lock.address)),
            None => (None, None, None),
        };
        vec![
            self.merchant_id.into(),
            self.environment.into(),
            self.invoice_type.code().into(),
            self.amount.into(),
            self.tolerance.into(),
            self.customer_id.into(),
            self.commerce_order_id.into(),
            details,
            self.expires_at.into(),
            self.created_at.into(),
            self.status.code().into(),
            self.amount_paid.into(),
            self.amount_pending.into(),
            self.payments_seen.into(),
            self.customer_email.into(),
            self.payer_wallet_address.into(),
            self.payer_wallet_network.into(),
            answers.unwrap_or(Value::Null),
            self.address_index.into(),
            lock_network.into(),
            lock_token.into(),
            lock_address.into(),
            self.due_at.into(),
            self.paid_at.into(),
            self.last_payment_at.into(),
            self.final_at.into(),
            self.sessions_from.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Invoice, StoreError> {
        Ok(Invoice {
            id: cells.key.into(),
            version: cells.version,
            merchant_id: cells.merchant_id()?,
            environment: cells.environment()?,
            invoice_type: cells.coded(InvoiceType::from_code)?,
            amount: cells.usd()?,
            tolerance: cells.usd()?,
            customer_id: cells.maybe_text()?,
            commerce_order_id: cells.maybe_key()?,
            details: cells.json()?,
            expires_at: cells.time()?,
            created_at: cells.time()?,
            status: cells.coded(InvoiceStatus::from_code)?,
            amount_paid: cells.usd()?,
            amount_pending: cells.usd()?,
            payments_seen: cells.int()?,
            customer_email: cells.maybe_text()?,
            payer_wallet_address: cells.maybe_text()?,
            payer_wallet_network: cells.maybe_coded(Network::from_code)?,
            answers: cells.maybe_json()?.unwrap_or_default(),
            address_index: cells.maybe_index()?,
            lock: decode_lock(cells)?,
            due_at: cells.time()?,
            paid_at: cells.maybe_time()?,
            last_payment_at: cells.maybe_time()?,
            final_at: cells.maybe_time()?,
            sessions_from: cells.time()?,
        })
    }
}

/// All three columns, or none.
fn decode_lock(cells: &mut Cells<'_>) -> Result<Option<Lock>, StoreError> {
    let network = cells.maybe_coded(Network::from_code)?;
    let token_id = cells.maybe_int()?.map(TokenId);
    match (network, token_id, cells.maybe_text()?) {
        (Some(network), Some(token_id), Some(address)) => {
            Ok(Some(Lock { network, token_id, address }))
        }
        (None, None, None) => Ok(None),
        _ => Err(cells.corrupt()),
    }
}

pub(crate) fn due(now: Timestamp) -> List<Invoice> {
    List::new(" WHERE status IN (0, 1)").bind(" AND due_at <= ", now).push(" ORDER BY due_at")
}

/// Summed in thousandths of a dollar, the finest an invoice can ask for: a thousand times the room.
pub(crate) const TOTALS: &str = "status, COUNT(*), CAST(SUM(amount / 1000) AS BIGINT)";
const MICROS_PER_MILLI: i64 = 1_000;

impl Store {
    /// A page of a merchant's invoices, newest first.
    pub async fn invoices(
        &self,
        filter: &InvoiceFilter,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Invoice>, StoreError> {
        filter.list(page, limit).read(self).await
    }

    /// How many invoices are in each state, and what was asked for with them.
    ///
    /// A state that no invoice is in is left out.
    pub async fn invoice_totals(
        &self,
        filter: &InvoiceFilter,
    ) -> Result<Vec<(InvoiceStatus, i64, Usd)>, StoreError> {
        let (sql, params) = filter.totals().into_parts();
        let rows = self.select_cells(&sql, &[Kind::Int, Kind::Int, Kind::Int], params).await?;
        let mut totals: Vec<(InvoiceStatus, i64, Usd)> = Vec::new();
        for row in rows {
            let &[Value::Int(status), Value::Int(count), Value::Int(amount)] = row.as_slice()
            else {
                return Err(corrupt::<Invoice>("status"));
            };
            let status = InvoiceStatus::from_code(status);
            let status = status.ok_or_else(|| corrupt::<Invoice>("status"))?;
            let sum = amount.saturating_mul(MICROS_PER_MILLI);
            match totals.iter_mut().find(|total| total.0 == status) {
                Some(total) => {
                    total.1 += count;
                    total.2 = Usd(total.2.0.saturating_add(sum));
                }
                None => totals.push((status, count, Usd(sum))),
            }
        }
        totals.sort_by_key(|total| total.0.code());
        Ok(totals)
    }

    /// Open invoices the expiry worker has to look at, the longest due first.
    pub async fn invoices_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Invoice>, StoreError> {
        due(now).limit(limit).read(self).await
    }
}
