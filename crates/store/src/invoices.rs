//! Invoices as rows, their filtered pages and totals, and the ones the expiry worker looks at.
//!
//! An unfiltered page is a merge of one sorted branch per environment and status, so that a single
//! index serves every list by status: neither a full nor a rare state is ever searched for.
//! A unary plus keeps a column that is only a filter from tempting a planner to another index.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::invoice::{Invoice, InvoiceStatus, InvoiceType, Lock};
use domain::money::Usd;
use domain::network::Network;
use domain::time::Timestamp;
use domain::token::TokenId;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 26] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("invoice_type", Kind::Int),
    frozen("amount", Kind::Int),
    frozen("tolerance", Kind::Int),
    frozen("customer_id", Kind::Text).or_null(),
    frozen("commerce_order_id", Kind::Key).or_null(),
    frozen("details", Kind::Text),
    frozen("expires_at", Kind::Int),
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

/// Which invoices of a merchant are meant. An empty list or none: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceFilter {
    pub merchant_id: MerchantId,
    pub environment: Option<Environment>,
    pub statuses: Vec<InvoiceStatus>,
    pub types: Vec<InvoiceType>,
    pub customer_id: Option<String>,
    pub payer_wallet: Option<String>,
    pub payer_network: Option<Network>,
    /// The first moment of creation that counts.
    pub created_from: Option<Timestamp>,
    /// The last moment of creation that counts.
    pub created_to: Option<Timestamp>,
}

impl InvoiceFilter {
    /// Every invoice of a merchant.
    pub fn of(merchant_id: MerchantId) -> InvoiceFilter {
        InvoiceFilter {
            merchant_id,
            environment: None,
            statuses: Vec::new(),
            types: Vec::new(),
            customer_id: None,
            payer_wallet: None,
            payer_network: None,
            created_from: None,
            created_to: None,
        }
    }

    fn environments(&self) -> Vec<Environment> {
        self.environment.map_or(Environment::ALL.to_vec(), |environment| vec![environment])
    }

    /// Each wanted status once.
    fn statuses(&self) -> impl Iterator<Item = InvoiceStatus> {
        let is_wanted = |status: &InvoiceStatus| {
            self.statuses.is_empty() || self.statuses.contains(status)
        };
        InvoiceStatus::ALL.into_iter().filter(is_wanted)
    }

    /// The one type that is asked for, if it is not all of them.
    fn only_type(&self) -> Option<InvoiceType> {
        let first = *self.types.first()?;
        self.types.iter().all(|kind| *kind == first).then_some(first)
    }

    fn range(&self, page: Page) -> KeyRange {
        KeyRange::of_page(page).created(self.created_from, self.created_to)
    }

    /// Which index to read, and what it needs beyond the merchant.
    fn index(&self) -> Index {
        match (&self.customer_id, &self.payer_wallet, self.only_type()) {
            (Some(customer_id), _, _) => Index::Customer(customer_id.clone()),
            (None, Some(wallet), _) => Index::Wallet(wallet.clone()),
            (None, None, Some(InvoiceType::Commerce)) => Index::Commerce,
            (None, None, Some(InvoiceType::Standard) | None) => Index::Status,
        }
    }

    /// What no index holds.
    fn rest(&self, list: List<Invoice>) -> List<Invoice> {
        let list = match self.customer_id {
            Some(_) => list.bind_some(" AND payer_wallet_address = ", self.payer_wallet.clone()),
            None => list,
        };
        let kind = self.only_type().map(InvoiceType::code);
        list.bind_some(" AND payer_wallet_network = ", self.payer_network)
            .bind_some(" AND +invoice_type = ", kind)
    }

    pub(crate) fn list(&self, page: Page, limit: i64) -> List<Invoice> {
        let list = List::new(" WHERE").bind(" merchant_id = ", self.merchant_id);
        let list = match self.index() {
            Index::Status => return self.list_by_status(list, page, limit),
            index => index.narrow(list).bind_some(" AND +environment = ", self.environment),
        };
        let statuses = self.statuses().map(InvoiceStatus::code);
        let list = match self.statuses.is_empty() {
            true => list,
            false => list.bind_all(" AND +status IN ", statuses),
        };
        self.rest(list.within(self.range(page))).page(page, limit)
    }

    /// One sorted branch per environment and status, merged as far as the limit.
    fn list_by_status(&self, list: List<Invoice>, page: Page, limit: i64) -> List<Invoice> {
        let mut list = list;
        let mut is_first = true;
        for environment in self.environments() {
            for status in self.statuses() {
                if !is_first {
                    list = list.union_all().bind(" WHERE merchant_id = ", self.merchant_id);
                }
                is_first = false;
                list = list.bind(" AND environment = ", environment);
                list = list.bind(" AND status = ", status.code());
                list = self.rest(list.within(self.range(page)));
            }
        }
        list.page(page, limit)
    }

    pub(crate) fn totals(&self) -> List<Invoice> {
        let statuses = self.statuses().map(InvoiceStatus::code);
        let environments = self.environments().into_iter().map(Environment::code);
        let list = List::new(" WHERE").bind(" merchant_id = ", self.merchant_id);
        let list = match self.index() {
            Index::Status => list
                .bind_all(" AND environment IN ", environments)
                .bind_all(" AND status IN ", statuses),
            index => index
                .narrow(list)
                .bind_all(" AND +environment IN ", environments)
                .bind_all(" AND +status IN ", statuses),
        };
        self.rest(list.within(self.range(Page::First))).push(" GROUP BY status")
    }
}

/// The indexes of a merchant's invoices, the one that narrows most first.
enum Index {
    Customer(String),
    Wallet(String),
    Commerce,
    Status,
}

impl Index {
    fn narrow(self, list: List<Invoice>) -> List<Invoice> {
        match self {
            Index::Customer(customer_id) => list.bind(" AND customer_id = ", customer_id),
            Index::Wallet(wallet) => list.bind(" AND payer_wallet_address = ", wallet),
            Index::Commerce => list.push(" AND invoice_type = 1"),
            Index::Status => list,
        }
    }
}

pub(crate) fn due(now: Timestamp) -> List<Invoice> {
    List::new(" WHERE status IN (0, 1)").bind(" AND due_at <= ", now).push(" ORDER BY due_at")
}

pub(crate) const TOTALS: &str = "SELECT status, COUNT(*), CAST(SUM(amount) AS BIGINT) FROM invoices";

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
        let List { tail, params, .. } = filter.totals();
        let sql = format!("{TOTALS}{tail}");
        let rows = self.select_cells(&sql, &[Kind::Int, Kind::Int, Kind::Int], params).await?;
        let corrupt = || StoreError::Corrupt {
            table: Invoice::TABLE.name,
            key: "a total".to_owned(),
            column: "status",
        };
        let total = |row: Vec<Value>| match row.as_slice() {
            &[Value::Int(status), Value::Int(count), Value::Int(amount)] => {
                InvoiceStatus::from_code(status).map(|status| (status, count, Usd(amount)))
            }
            _ => None,
        };
        rows.into_iter().map(|row| total(row).ok_or_else(corrupt)).collect()
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
