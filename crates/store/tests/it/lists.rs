//! Lists of invoices against a filter in memory: every combination, every page, both directions.
//!
//! Five hundred invoices of three merchants, many of them made in the same millisecond, are
//! written, changed and listed; what a list answers must be what a plain loop finds.

use crate::engines::for_each_store;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::invoice::{Invoice, InvoiceAsk, InvoiceStatus, InvoiceType, create};
use domain::merchant::Merchant;
use domain::money::Usd;
use domain::network::Network;
use domain::time::Timestamp;
use store::{InvoiceFilter, Page, Store};

const START: Timestamp = Timestamp(1_766_320_496_000);
const INVOICES: u64 = 500;
const LIMIT: i64 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_what_a_loop_finds() {
    for_each_store(filters_agree_with_a_loop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join() {
    for_each_store(pages_join_without_gap_or_double).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_comes_in_order() {
    for_each_store(the_due_ones_come_longest_due_first).await;
}

/// Writes the invoices, and answers them as they were read back one by one, newest first.
pub async fn fill(store: &Store) -> Vec<Invoice> {
    let mut invoices = Vec::new();
    for number in 0..INVOICES {
        let invoice = made(number);
        let mut changes = Changes::of(invoice.merchant_id);
        let key = invoice.key();
        changes.insert(invoice);
        store.commit(changes).await.expect("a new invoice");
        let invoice = store.get::<Invoice>(key).await.expect("decodes").expect("is there");
        let mut changes = Changes::of(invoice.merchant_id);
        changes.update(moved_on(number, invoice));
        store.commit(changes).await.expect("an update");
        invoices.push(store.get::<Invoice>(key).await.expect("decodes").expect("is there"));
    }
    invoices.sort_by_key(|invoice| std::cmp::Reverse(invoice.key()));
    invoices
}

/// Four invoices share a millisecond, so that order within one is told by the key alone.
fn made(number: u64) -> Invoice {
    let now = START.plus_ms(i64::try_from(number / 4).expect("few"));
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let merchant =
        MerchantId(1 + i64::from(number.is_multiple_of(7)) + i64::from(number.is_multiple_of(11)));
    let merchant = Merchant::new(merchant, "Shop", "owner@shop.example", now);
    let ask = InvoiceAsk {
        amount: Usd::from_dollars(1 + i64::try_from(number).expect("few")),
        customer_id: number.is_multiple_of(3).then(|| format!("customer {}", number % 5)),
        expires_in_ms: Some(1 + i64::try_from(number % 13).expect("few")),
        ..InvoiceAsk::default()
    };
    let environment = Environment::ALL[usize::from(number.is_multiple_of(4))];
    let origin = Origin::default();
    let created = create(ask, &merchant, environment, origin, &mut Fresh::new(now, seed));
    let mut invoice = created.expect("a valid ask").invoice;
    if number.is_multiple_of(9) {
        invoice.invoice_type = InvoiceType::Commerce;
    }
    invoice
}

fn moved_on(number: u64, invoice: Invoice) -> Invoice {
    let place = usize::try_from(number / 2 % 5).expect("few");
    let has_paid = number.is_multiple_of(2);
    Invoice {
        status: InvoiceStatus::ALL[place],
        payer_wallet_address: has_paid.then(|| format!("0xwallet{}", number % 3)),
        payer_wallet_network: has_paid.then(|| Network::ALL[usize::from(number.is_multiple_of(4))]),
        ..invoice
    }
}

fn is_meant(filter: &InvoiceFilter, invoice: &Invoice) -> bool {
    let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    invoice.merchant_id == filter.merchant_id
        && filter.environment.is_none_or(|environment| environment == invoice.environment)
        && (filter.statuses.is_empty() || filter.statuses.contains(&invoice.status))
        && (filter.types.is_empty() || filter.types.contains(&invoice.invoice_type))
        && is(&filter.customer_id, &invoice.customer_id)
        && is(&filter.payer_wallet, &invoice.payer_wallet_address)
        && filter.payer_network.is_none_or(|net| invoice.payer_wallet_network == Some(net))
        && filter.created_from.is_none_or(|from| from <= invoice.created_at)
        && filter.created_to.is_none_or(|to| invoice.created_at <= to)
}

fn filters() -> Vec<InvoiceFilter> {
    use InvoiceStatus::{Canceled, Expired, Paid, Unpaid};
    use InvoiceType::{Commerce, Standard};
    let text = |text: &str| Some(text.to_owned());
    let spans = [
        (None, None),
        (Some(START.plus_ms(20)), None),
        (None, Some(START.plus_ms(99))),
        (Some(START.plus_ms(40)), Some(START.plus_ms(60))),
    ];
    let mut filters = Vec::new();
    for environment in [None, Some(Environment::Devnet), Some(Environment::Mainnet)] {
        for statuses in [vec![], vec![Paid], vec![Unpaid, Expired, Unpaid], vec![Canceled]] {
            for types in
                [vec![], vec![Commerce], vec![Standard, Standard], vec![Commerce, Standard]]
            {
                for customer_id in [None, text("customer 0"), text("nobody")] {
                    for payer_wallet in [None, text("0xwallet1")] {
                        for payer_network in [None, Some(Network::Base)] {
                            for (created_from, created_to) in spans {
                                filters.push(InvoiceFilter {
                                    merchant_id: MerchantId(1),
                                    environment,
                                    statuses: statuses.clone(),
                                    types: types.clone(),
                                    customer_id: customer_id.clone(),
                                    payer_wallet: payer_wallet.clone(),
                                    payer_network,
                                    created_from,
                                    created_to,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    filters
}

async fn filters_agree_with_a_loop(store: &Store) {
    let invoices = fill(store).await;
    for (at, filter) in filters().into_iter().enumerate() {
        let meant: Vec<&Invoice> =
            invoices.iter().filter(|invoice| is_meant(&filter, invoice)).collect();
        // Any key is a cursor, also one the filter leaves out.
        let cursor = invoices[at * 37 % invoices.len()].key();
        check_page(store, &filter, Page::First, &meant).await;
        check_page(store, &filter, Page::After(cursor), &meant).await;
        check_page(store, &filter, Page::Before(cursor), &meant).await;
        if at % 4 == 0 {
            check_totals(store, &filter, &meant).await;
        }
    }
}

async fn check_page(store: &Store, filter: &InvoiceFilter, page: Page, meant: &[&Invoice]) {
    let limit = usize::try_from(LIMIT).expect("small");
    let expected: Vec<&Invoice> = match page {
        Page::First => meant.iter().copied().take(limit).collect(),
        Page::After(key) => {
            meant.iter().copied().filter(|invoice| invoice.key() < key).take(limit).collect()
        }
        Page::Before(key) => {
            let newer = meant.iter().copied().filter(|invoice| invoice.key() > key);
            let newer: Vec<&Invoice> = newer.collect();
            newer[newer.len().saturating_sub(limit)..].to_vec()
        }
    };
    let found = store.invoices(filter, page, LIMIT).await.expect("a page");
    assert!(found.iter().eq(expected), "{filter:?} {page:?}");
}

async fn check_totals(store: &Store, filter: &InvoiceFilter, meant: &[&Invoice]) {
    let mut found = store.invoice_totals(filter).await.expect("totals");
    found.sort_by_key(|(status, _, _)| status.code());
    let total = |status: InvoiceStatus| {
        let some = meant.iter().filter(|invoice| invoice.status == status);
        let (count, sum) = some
            .fold((0, Usd::ZERO), |(count, sum), invoice| (count + 1, sum.plus(invoice.amount)));
        (count > 0).then_some((status, count, sum))
    };
    let expected: Vec<_> = InvoiceStatus::ALL.into_iter().filter_map(total).collect();
    assert_eq!(found, expected, "{filter:?}");
}

async fn pages_join_without_gap_or_double(store: &Store) {
    let invoices = fill(store).await;
    let all = InvoiceFilter::of(MerchantId(1));
    let unpaid = InvoiceFilter { statuses: vec![InvoiceStatus::Unpaid], ..all.clone() };
    let customer = InvoiceFilter { customer_id: Some("customer 3".into()), ..all.clone() };
    for filter in [all, unpaid, customer] {
        let meant = invoices.iter().filter(|invoice| is_meant(&filter, invoice));
        let meant: Vec<RowKey> = meant.map(Invoice::key).collect();
        assert!(meant.len() > 20, "{filter:?}");

        let mut older = Vec::new();
        let mut page = Page::First;
        loop {
            let found = store.invoices(&filter, page, LIMIT).await.expect("a page");
            let Some(last) = found.last() else { break };
            page = Page::After(last.key());
            older.extend(found.iter().map(Invoice::key));
        }
        assert_eq!(older, meant);

        let mut newer = Vec::new();
        let mut page = Page::Before(RowKey([0; 16]));
        loop {
            let found = store.invoices(&filter, page, LIMIT).await.expect("a page");
            let Some(first) = found.first() else { break };
            page = Page::Before(first.key());
            newer.extend(found.iter().rev().map(Invoice::key));
        }
        newer.reverse();
        assert_eq!(newer, meant);
    }
}

async fn the_due_ones_come_longest_due_first(store: &Store) {
    let invoices = fill(store).await;
    let now = START.plus_ms(50);
    let mut due: Vec<&Invoice> = invoices
        .iter()
        .filter(|invoice| invoice.status.is_open() && invoice.due_at <= now)
        .collect();
    due.sort_by_key(|invoice| invoice.due_at);
    assert!(due.len() > 40);
    let found = store.invoices_due(now, 1_000).await.expect("a list");
    let times = |invoices: &[&Invoice]| -> Vec<Timestamp> {
        invoices.iter().map(|invoice| invoice.due_at).collect()
    };
    assert_eq!(times(&found.iter().collect::<Vec<_>>()), times(&due));
    let few = store.invoices_due(now, 5).await.expect("a list");
    assert_eq!(times(&few.iter().collect::<Vec<_>>()), times(&due[..5]));
}
