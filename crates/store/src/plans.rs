//! Every text a list can have, so that a test has both databases explain all of them.
//!
//! Lists are composed of fragments, so a bad plan may hide in one combination of filters. A list
//! that is not named here is not checked: add it with the list.

use domain::environment::Environment;
use domain::ids::{InvoiceId, MemberId, MerchantId, RowKey};
use domain::invoice::{Invoice, InvoiceStatus, InvoiceType};
use domain::network::Network;
use domain::time::Timestamp;

use crate::invoices::InvoiceFilter;
use crate::lists::{List, Page};
use crate::row::{Row, Value};
use crate::{
    api_keys, audit, deposit_addresses, invoices, members, merchants, payments, quotes, sign_ins,
    simulated, token_rules, unmatched, verifications, watch_cursors,
};

/// One text, with values of the kinds it takes.
#[derive(Clone, Debug)]
pub struct Statement {
    pub table: &'static str,
    pub sql: String,
    pub params: Vec<Value>,
}

impl Statement {
    fn of<R: Row>(list: List<R>) -> Statement {
        let (sql, params) = list.statement();
        Statement { table: R::TABLE.name, sql, params }
    }

    fn total(list: List<Invoice>) -> Statement {
        let (sql, params) = list.project(invoices::TOTALS);
        Statement { table: Invoice::TABLE.name, sql, params }
    }
}

const KEY: RowKey = RowKey([7; 16]);
const MERCHANT: MerchantId = MerchantId(1);
const NOW: Timestamp = Timestamp(1_766_320_496_000);
const PAGES: [Page; 3] = [Page::First, Page::After(KEY), Page::Before(KEY)];

/// Every list there is, each in every combination of its filters.
pub fn statements() -> Vec<Statement> {
    [of_invoices(), of_payments(), of_the_others()].concat()
}

fn of_invoices() -> Vec<Statement> {
    let mut statements = vec![Statement::of(invoices::due(NOW).limit(5))];
    for filter in filters() {
        statements.push(Statement::total(filter.totals()));
        statements.extend(PAGES.map(|page| Statement::of(filter.list(page, 5))));
    }
    statements
}

/// Every combination that makes another text.
fn filters() -> Vec<InvoiceFilter> {
    let statuses = [vec![], vec![InvoiceStatus::Paid], vec![InvoiceStatus::Unpaid; 2]];
    let types = [vec![], vec![InvoiceType::Standard], vec![InvoiceType::Commerce]];
    let mut filters = vec![InvoiceFilter::of(MERCHANT)];
    let mut vary = |change: &dyn Fn(&InvoiceFilter) -> Vec<InvoiceFilter>| {
        filters = filters.iter().flat_map(change).collect();
    };
    vary(&|filter| {
        let set = |environment| InvoiceFilter { environment, ..filter.clone() };
        [None, Some(Environment::Devnet)].map(set).to_vec()
    });
    vary(&|filter| {
        let set =
            |statuses: &Vec<_>| InvoiceFilter { statuses: statuses.clone(), ..filter.clone() };
        statuses.iter().map(set).collect()
    });
    vary(&|filter| {
        let set = |types: &Vec<_>| InvoiceFilter { types: types.clone(), ..filter.clone() };
        types.iter().map(set).collect()
    });
    vary(&|filter| {
        let set = |customer_id| InvoiceFilter { customer_id, ..filter.clone() };
        [None, Some("c".to_owned())].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |payer_wallet| InvoiceFilter { payer_wallet, ..filter.clone() };
        [None, Some("w".to_owned())].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |payer_network| InvoiceFilter { payer_network, ..filter.clone() };
        [None, Some(Network::Base)].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |created_from| InvoiceFilter { created_from, ..filter.clone() };
        [None, Some(NOW)].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |created_to| InvoiceFilter { created_to, ..filter.clone() };
        [None, Some(NOW)].map(set).to_vec()
    });
    filters
}

fn of_payments() -> Vec<Statement> {
    let place = (Environment::Devnet, Network::Base);
    let invoice_id = InvoiceId::from(KEY);
    let mut statements = vec![
        Statement::of(payments::of_invoice(invoice_id, 5)),
        Statement::of(payments::waiting(place, 7).limit(5)),
        Statement::of(payments::from_block(place, 7, None).limit(5)),
        Statement::of(payments::from_block(place, 7, Some(KEY)).limit(5)),
    ];
    let several = [1, 10, 100]
        .into_iter()
        .filter_map(|count| payments::of_invoices(&vec![invoice_id; count], 5));
    statements.extend(several.map(Statement::of));
    statements
}

fn of_the_others() -> Vec<Statement> {
    let invoice_id = InvoiceId::from(KEY);
    let place = (MERCHANT, Environment::Devnet);
    let mut statements = vec![
        Statement::of(quotes::of_invoice(invoice_id, 5)),
        Statement::of(deposit_addresses::of_invoice(invoice_id)),
        Statement::of(merchants::after(Some(MERCHANT)).limit(5)),
        Statement::of(merchants::requesting_mainnet().limit(5)),
        Statement::of(members::of_merchant(MERCHANT)),
        Statement::of(api_keys::of_merchant(MERCHANT)),
        Statement::of(api_keys::demo().limit(1)),
        Statement::of(token_rules::of_merchant(MERCHANT)),
        Statement::of(verifications::due(NOW).limit(5)),
        Statement::of(verifications::of_invoice(invoice_id).limit(1)),
        Statement::of(sign_ins::of_member(MemberId::from(KEY), NOW)),
        Statement::of(watch_cursors::all()),
        Statement::of(simulated::in_blocks(Network::Base, 1, 2).limit(5)),
        Statement::of(simulated::by_hash(Network::Base, "0x1").limit(1)),
        Statement::of(simulated::to_address(Network::Base, "0x1").limit(5)),
    ];
    for page in PAGES {
        statements.push(Statement::of(audit::of_merchant(MERCHANT, page, 5)));
        for network in [None, Some(Network::Base)] {
            statements.push(Statement::of(unmatched::of_merchant(place, network, page, 5)));
        }
    }
    statements
}
