//! The lists of every noun but the invoice: which rows each finds, and in which order.
//!
//! Each list gets rows it must answer and rows it must leave out: of another owner, another place,
//! revoked, ended or not due.

use domain::api_key::ApiKey;
use domain::chain::Reach;
use domain::changes::{Changes, Record};
use domain::deposit_address::AddressOwner;
use domain::environment::Environment;
use domain::ids::{Fresh, InvoiceId, MemberId, MerchantId, RowKey};
use domain::merchant::{MainnetRequest, Merchant};
use domain::network::Network;
use domain::payment::{Payment, PaymentStatus};
use domain::quote::Quote;
use domain::receipt_mail::{MailState, ReceiptMail};
use domain::shipping_address::ShippingAddress;
use domain::shopper::Shopper;
use domain::sign_in::SignIn;
use domain::simulated::SimulatedTransaction;
use domain::time::Timestamp;
use domain::token::TokenId;
use domain::token_rule::TokenRule;
use domain::verification::Verification;
use store::{Page, Store};

use crate::commerce_samples;
use crate::engines::for_each_store;
use crate::samples;

const NOW: Timestamp = Timestamp(1_766_320_496_123);

#[tokio::test(flavor = "multi_thread")]
async fn payments() {
    for_each_store(payments_are_found_by_invoice_and_by_block).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts() {
    for_each_store(parts_are_found_by_their_invoice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts() {
    for_each_store(accounts_are_found_by_their_merchant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inbox_and_audit() {
    for_each_store(inbox_and_audit_are_paged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated() {
    for_each_store(simulated_transactions_are_found_three_ways).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses() {
    for_each_store(addresses_are_found_by_their_shopper).await;
}

async fn addresses_are_found_by_their_shopper(store: &Store) {
    let address = |number: u8, shopper: &str, removed_at| ShippingAddress {
        id: key(number).into(),
        shopper: Shopper::Customer(shopper.to_owned()),
        removed_at,
        created_at: NOW.plus_ms(i64::from(number)),
        ..commerce_samples::shipping_address()
    };
    let elsewhere = ShippingAddress { environment: Environment::Devnet, ..address(6, "one", None) };
    let rows = [
        address(1, "one", None),
        address(2, "another", None),
        address(3, "one", Some(NOW)),
        address(4, "one", None),
        address(5, "one", None),
        elsewhere,
    ];
    let (one, whose) = (rows[0].shopper.clone(), (rows[0].merchant_id, rows[0].environment));
    insert(store, rows).await;
    let list = async |offset, limit| {
        store.shipping_addresses(one.list_key(whose), offset, limit).await.expect("reads")
    };
    check(list(0, 10).await, &[5, 4, 1]);
    check(list(0, 2).await, &[5, 4]);
    check(list(2, 2).await, &[1]);
    check(list(3, 2).await, &[]);
}

/// A key that is newer the greater its number is.
fn key(number: u8) -> RowKey {
    let now = NOW.plus_ms(i64::from(number));
    Fresh::new(now, [number; 16]).uuid().into()
}

async fn insert<R: Into<Record>>(store: &Store, rows: impl IntoIterator<Item = R>) {
    let mut changes = Changes::of(MerchantId(1));
    rows.into_iter().for_each(|row| changes.insert(row));
    store.commit(changes).await.expect("new rows");
}

#[track_caller]
fn check<R: Into<Record>>(found: Vec<R>, expected: &[u8]) {
    let found: Vec<RowKey> = found.into_iter().map(|row| row.into().key()).collect();
    let expected: Vec<RowKey> = expected.iter().map(|number| key(*number)).collect();
    assert_eq!(found, expected);
}

async fn payments_are_found_by_invoice_and_by_block(store: &Store) {
    let payment = |number: u8, invoice: u8, block_number: i64, status| Payment {
        id: key(number).into(),
        invoice_id: key(invoice).into(),
        block_number,
        status,
        ..samples::payment()
    };
    use PaymentStatus::{Confirmed, ManualRetry, Pending, Reverted, Underpaid};
    insert(
        store,
        [
            payment(1, 101, 50, Pending),
            payment(2, 101, 40, ManualRetry),
            payment(3, 101, 41, Confirmed),
            payment(4, 102, 42, Reverted),
            payment(5, 102, 45, Underpaid),
            payment(6, 103, 44, Pending),
            Payment { network: Network::Ton, ..payment(7, 103, 43, Pending) },
            Payment { environment: Environment::Devnet, ..payment(8, 103, 43, Pending) },
        ],
    )
    .await;
    let invoice = |number: u8| InvoiceId::from(key(number));
    check(store.payments_of_invoice(invoice(101), 9).await.expect("a list"), &[3, 2, 1]);
    check(store.payments_of_invoice(invoice(101), 2).await.expect("a list"), &[3, 2]);
    check(store.payments_of_invoice(invoice(109), 9).await.expect("a list"), &[]);

    let three = vec![invoice(101), invoice(102), invoice(103)];
    check(store.latest_payments(three.clone()).await.expect("a list"), &[8, 5, 3]);
    let two_each = store.payments_of_invoices(three, 2).await.expect("a list");
    check(two_each, &[8, 7, 5, 4, 3, 2]);
    check(store.latest_payments(vec![invoice(101)]).await.expect("a list"), &[3]);
    check(store.latest_payments(vec![]).await.expect("a list"), &[]);
    let many: Vec<InvoiceId> = (0..=255).map(invoice).collect();
    let mut found = store.latest_payments(many).await.expect("a list");
    found.sort_by_key(Payment::key);
    check(found, &[3, 5, 8]);

    let (environment, network) = (Environment::Mainnet, Network::Arbitrum);
    let deep = |head, finalized, limit| {
        store.payments_deep((environment, network), Reach { head, finalized }, limit)
    };
    check(deep(100, Some(100), 9).await.expect("a list"), &[2, 6, 1]);
    check(deep(1_000, None, 9).await.expect("a list"), &[2, 6, 1]);
    check(deep(44, Some(44), 9).await.expect("a list"), &[2, 6]);
    check(deep(100, Some(44), 1).await.expect("a list"), &[2]);
    // Seen, and neither deep nor final.
    check(deep(44, Some(1), 9).await.expect("a list"), &[]);

    let from = |block, after: Option<u8>, limit| {
        store.payments_from_block(environment, network, block, after.map(key), limit)
    };
    check(from(41, None, 9).await.expect("a list"), &[1, 3, 5, 6]);
    check(from(41, None, 2).await.expect("a list"), &[1, 3]);
    check(from(41, Some(3), 2).await.expect("a list"), &[5, 6]);
    check(from(51, None, 2).await.expect("a list"), &[]);
}

async fn parts_are_found_by_their_invoice(store: &Store) {
    let [one, other] = [InvoiceId::from(key(101)), InvoiceId::from(key(102))];
    let quote =
        |number: u8, invoice_id| Quote { id: key(number).into(), invoice_id, ..samples::quote() };
    let quotes = [quote(1, Some(one)), quote(2, Some(one)), quote(3, None), quote(4, Some(other))];
    insert(store, quotes).await;
    check(store.quotes_of_invoice(one, 9).await.expect("a list"), &[2, 1]);
    check(store.quotes_of_invoice(one, 1).await.expect("a list"), &[2]);

    let mut address = samples::deposit_address();
    address.owner = AddressOwner::Invoice(one);
    insert(store, [address.clone()]).await;
    let found = store.deposit_addresses_of_invoice(one).await.expect("a list");
    assert_eq!(found.into_iter().map(|row| row.address).collect::<Vec<_>>(), [address.address]);
    assert_eq!(store.deposit_addresses_of_invoice(other).await, Ok(vec![]));

    let job = |number: u8, invoice_id, due_ms: i64| Verification {
        id: key(number).into(),
        invoice_id,
        next_attempt_at: NOW.plus_ms(due_ms),
        ..samples::verification()
    };
    let done = job(3, one, 0).complete(1, NOW);
    insert(store, [job(1, one, 5), job(2, other, 3), done, job(4, other, 9)]).await;
    check(store.verifications_due(NOW.plus_ms(5), 9).await.expect("a list"), &[2, 1]);
    check(store.verifications_due(NOW.plus_ms(9), 1).await.expect("a list"), &[2]);
    let mail = |number: u8, state| ReceiptMail {
        invoice_id: InvoiceId::from(key(number)),
        state,
        ..samples::receipt_mail()
    };
    let due = |ms: i64| MailState::Due { at: NOW.plus_ms(ms) };
    let sending = MailState::Sending { until: NOW.plus_ms(4) };
    let (sent, wanted) = (MailState::Sent { at: NOW }, MailState::Wanted);
    let mails =
        [mail(1, due(5)), mail(2, sending), mail(3, sent), mail(4, wanted), mail(5, due(9))];
    insert(store, mails).await;
    let due = store.receipt_mails_due(NOW.plus_ms(5), 9).await.expect("a list");
    let due: Vec<_> = due.into_iter().map(|mail| mail.invoice_id.key()).collect();
    assert_eq!(due, [key(2), key(1)]);
    let latest = store.latest_verification(one).await.expect("decodes");
    assert_eq!(latest.map(|job| job.key()), Some(key(3)));
    assert_eq!(store.latest_verification(InvoiceId::from(key(9))).await, Ok(None));
}

async fn accounts_are_found_by_their_merchant(store: &Store) {
    let merchant = |id| Merchant::new(MerchantId(id), "Shop", "owner@shop.example", NOW);
    let asks = |id, later_ms| Merchant {
        mainnet_request: Some(MainnetRequest {
            website: String::new(),
            use_case: String::new(),
            requested_at: NOW.plus_ms(later_ms),
        }),
        ..merchant(id)
    };
    insert(store, [merchant(1), asks(2, 9), asks(300, 8), merchant(70_000)]).await;
    let ids = |found: Vec<Merchant>| found.iter().map(|row| row.id.0).collect::<Vec<i64>>();
    assert_eq!(ids(store.merchants(None, 9).await.expect("a list")), [1, 2, 300, 70_000]);
    let after = store.merchants(Some(MerchantId(2)), 1).await.expect("a list");
    assert_eq!(ids(after), [300]);
    assert_eq!(ids(store.merchants_requesting_mainnet().await.expect("a list")), [300, 2]);

    let api_key = |number: u8, merchant: i64| ApiKey {
        id: key(number).into(),
        merchant_id: MerchantId(merchant),
        is_demo: false,
        ..samples::api_key()
    };
    insert(store, [api_key(1, 1), api_key(2, 1), api_key(3, 2)]).await;
    check(store.api_keys_of_merchant(MerchantId(1)).await.expect("a list"), &[2, 1]);
    assert_eq!(store.api_key_demo_exists().await, Ok(false));
    insert(store, [ApiKey { is_demo: true, revoked_at: Some(NOW), ..api_key(4, 2) }]).await;
    assert_eq!(store.api_key_demo_exists().await, Ok(false));
    insert(store, [ApiKey { is_demo: true, ..api_key(5, 2) }]).await;
    assert_eq!(store.api_key_demo_exists().await, Ok(true));

    let rule = |merchant: i64, token: i64| TokenRule {
        merchant_id: MerchantId(merchant),
        token_id: TokenId(token),
        is_blocked: true,
        version: 0,
    };
    insert(store, [rule(1, 5), rule(1, 6), rule(2, 5)]).await;
    let rules = store.token_rules_of_merchant(MerchantId(1)).await.expect("a list");
    let mut tokens: Vec<i64> = rules.iter().map(|rule| rule.token_id.0).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, [5, 6]);

    let member = |number: u8, merchant: i64| domain::member::Member {
        id: key(number).into(),
        merchant_id: MerchantId(merchant),
        ..samples::member()
    };
    insert(store, [member(2, 1), member(1, 1), member(3, 2)]).await;
    check(store.members_of_merchant(MerchantId(1)).await.expect("a list"), &[1, 2]);

    let sign_in = |number: u8, member: u8, expires_ms: i64, ended_at| SignIn {
        id: key(number).into(),
        member_id: MemberId::from(key(member)),
        expires_at: NOW.plus_ms(expires_ms),
        ended_at,
        ..samples::sign_in()
    };
    let ended = sign_in(4, 1, 9, Some(NOW));
    let open = [sign_in(1, 1, 5, None), sign_in(2, 1, 7, None), sign_in(3, 2, 7, None)];
    insert(store, open).await;
    insert(store, [ended, sign_in(5, 1, 0, None)]).await;
    let found = store.sign_ins_of_member(MemberId::from(key(1)), NOW).await;
    check(found.expect("a list"), &[2, 1]);
}

async fn inbox_and_audit_are_paged(store: &Store) {
    let merchant = MerchantId(1);
    let transfer = |number: u8, network| domain::unmatched::Unmatched {
        id: key(number).into(),
        merchant_id: merchant,
        network,
        ..samples::unmatched()
    };
    let networks = [Network::Base, Network::Ton];
    let transfers = (1..=9).map(|number: u8| transfer(number, networks[usize::from(number % 2)]));
    insert(store, transfers).await;
    let found =
        |network, page| store.unmatched_transfers(merchant, Environment::Mainnet, network, page, 3);
    check(found(None, Page::First).await.expect("a page"), &[9, 8, 7]);
    check(found(None, Page::After(key(7))).await.expect("a page"), &[6, 5, 4]);
    check(found(None, Page::Before(key(3))).await.expect("a page"), &[6, 5, 4]);
    check(found(None, Page::Before(key(8))).await.expect("a page"), &[9]);
    check(found(Some(Network::Base), Page::First).await.expect("a page"), &[8, 6, 4]);
    check(found(Some(Network::Base), Page::After(key(4))).await.expect("a page"), &[2]);

    let entry = |number: u8| domain::audit::AuditEntry {
        id: key(number).into(),
        merchant_id: merchant,
        ..samples::audit_entry()
    };
    insert(store, (1..=5).map(entry)).await;
    let found = |page| store.audit_entries(merchant, page, 2);
    check(found(Page::First).await.expect("a page"), &[5, 4]);
    check(found(Page::After(key(4))).await.expect("a page"), &[3, 2]);
    check(found(Page::Before(key(2))).await.expect("a page"), &[4, 3]);
}

async fn simulated_transactions_are_found_three_ways(store: &Store) {
    let transaction = |number: u8, block_number: u64, to: &str| SimulatedTransaction {
        id: key(number).into(),
        tx_hash: format!("0x{number}"),
        block_number,
        to: to.to_owned(),
        ..samples::simulated_transaction()
    };
    insert(
        store,
        [
            transaction(1, 12, "0xa"),
            transaction(2, 11, "0xb"),
            transaction(3, 11, "0xa"),
            transaction(4, u64::MAX, "0xa"),
            SimulatedTransaction { network: Network::Ton, ..transaction(5, 11, "0xa") },
        ],
    )
    .await;
    let network = Network::Base;
    let found = |from, to, limit| store.simulated_transactions(network, from, to, limit);
    check(found(11, 12, 9).await.expect("a list"), &[2, 3, 1]);
    check(found(11, 12, 2).await.expect("a list"), &[2, 3]);
    check(found(12, u64::MAX, 9).await.expect("a list"), &[1, 4]);
    let one = store.simulated_transaction(network, "0x3").await.expect("decodes");
    assert_eq!(one.map(|row| row.key()), Some(key(3)));
    assert_eq!(store.simulated_transaction(network, "0x5").await, Ok(None));
    check(store.simulated_transactions_to(network, "0xa").await.expect("a list"), &[4, 3, 1]);
    assert_eq!(store.watch_cursors().await, Ok(vec![]));
}
