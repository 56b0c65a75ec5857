//! Which invoices a list means, and the statement that finds them.
//!
//! A page over several states is put together from one sorted branch per environment and state, so
//! that one index serves every such list: neither a common nor a rare state is ever searched for.
//! A unary plus keeps a column that is only a filter from tempting a planner to another index.

use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::invoice::{Invoice, InvoiceStatus, InvoiceType};
use domain::network::Network;
use domain::time::Timestamp;

use super::TOTALS;
use crate::lists::{KeyRange, List, Page};
use crate::row::Row as _;

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

    fn environments(&self) -> impl Iterator<Item = Environment> + use<> {
        let only = self.environment;
        Environment::ALL.into_iter().filter(move |one| only.is_none_or(|wanted| wanted == *one))
    }

    /// Each wanted status once.
    fn statuses(&self) -> impl Iterator<Item = InvoiceStatus> {
        let is_wanted =
            |status: &InvoiceStatus| self.statuses.is_empty() || self.statuses.contains(status);
        InvoiceStatus::ALL.into_iter().filter(is_wanted)
    }

    /// Each wanted environment with each wanted status.
    fn states(&self) -> Vec<(Environment, InvoiceStatus)> {
        let of = |environment| self.statuses().map(move |status| (environment, status));
        self.environments().flat_map(of).collect()
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
    fn index(&self) -> Index<'_> {
        match (&self.customer_id, &self.payer_wallet, self.only_type()) {
            (Some(customer_id), _, _) => Index::Customer(customer_id),
            (None, Some(wallet), _) => Index::Wallet(wallet),
            (None, None, Some(InvoiceType::Commerce)) => Index::Commerce,
            (None, None, Some(InvoiceType::Standard) | None) => Index::Status,
        }
    }

    fn of_merchant(&self, list: List<Invoice>) -> List<Invoice> {
        list.bind(" WHERE merchant_id = ", self.merchant_id)
    }

    /// What no index holds.
    fn rest(&self, list: List<Invoice>) -> List<Invoice> {
        let list = match (self.index(), &self.payer_wallet) {
            (Index::Customer(_), Some(wallet)) => {
                list.bind(" AND payer_wallet_address = ", wallet.clone())
            }
            _ => list,
        };
        let kind = self.only_type().map(InvoiceType::code);
        list.bind_some(" AND payer_wallet_network = ", self.payer_network)
            .bind_some(" AND +invoice_type = ", kind)
    }

    pub(crate) fn list(&self, page: Page, limit: i64) -> List<Invoice> {
        match self.index() {
            Index::Status => self.list_by_status(page, limit),
            index => self.list_by(index, page, limit),
        }
    }

    fn list_by(&self, index: Index<'_>, page: Page, limit: i64) -> List<Invoice> {
        let list = index.narrow(self.of_merchant(List::new("")));
        let mut list = list.bind_some(" AND +environment = ", self.environment);
        if !self.statuses.is_empty() {
            list = list.bind_all(" AND +status IN ", self.statuses().map(InvoiceStatus::code));
        }
        self.rest(list.within(self.range(page))).page(page, limit)
    }

    /// One sorted and limited branch per environment and status, put together.
    ///
    /// The limit of each branch bounds what is read even where a planner sorts the whole.
    fn list_by_status(&self, page: Page, limit: i64) -> List<Invoice> {
        let branches = self.states();
        let branch = |list: List<Invoice>, (environment, status): (Environment, InvoiceStatus)| {
            let list = self.of_merchant(list).bind(" AND environment = ", environment);
            let list = list.bind(" AND status = ", status.code()).within(self.range(page));
            self.rest(list).page(page, limit)
        };
        match branches.as_slice() {
            [only] => branch(List::new(""), *only),
            _ => List::of_branches(branches, branch).merge(page, limit),
        }
    }

    /// The whole statement: one or more rows a status, to be added up.
    pub(crate) fn totals(&self) -> List<Invoice> {
        let range = self.range(Page::First);
        let total = |list: List<Invoice>| {
            let list = list.push(&format!("SELECT {TOTALS} FROM {}", Invoice::TABLE.name));
            self.of_merchant(list)
        };
        let Index::Status = self.index() else {
            let list = self.index().narrow(total(List::new("")));
            let list = list
                .bind_all(" AND +environment IN ", self.environments().map(Environment::code))
                .bind_all(" AND +status IN ", self.statuses().map(InvoiceStatus::code));
            return self.rest(list.within(range)).push(" GROUP BY status");
        };
        // With each state by itself no planner takes a span of keys for the narrower way.
        let mut list = List::new("");
        for (at, (environment, status)) in self.states().into_iter().enumerate() {
            let union = if at == 0 { "" } else { " UNION ALL " };
            let branch = total(list.push(union)).bind(" AND environment = ", environment);
            let branch = branch.bind(" AND status = ", status.code()).within(range);
            list = self.rest(branch).push(" GROUP BY status");
        }
        list
    }
}

/// The indexes of a merchant's invoices, the one that narrows most first.
enum Index<'a> {
    Customer(&'a str),
    Wallet(&'a str),
    Commerce,
    Status,
}

impl Index<'_> {
    fn narrow(self, list: List<Invoice>) -> List<Invoice> {
        match self {
            Index::Customer(customer_id) => {
                list.bind(" AND customer_id = ", customer_id.to_owned())
            }
            Index::Wallet(wallet) => list.bind(" AND payer_wallet_address = ", wallet.to_owned()),
            Index::Commerce => list.push(" AND invoice_type = 1"),
            Index::Status => list,
        }
    }
}
