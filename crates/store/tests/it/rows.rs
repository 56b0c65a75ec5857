//! Every noun as a row and back: nothing is lost on the way in, and nothing on an update.
//!
//! Each field is set, so that a column that is forgotten or swapped shows; each update changes
//! what decisions change, so that a column declared frozen by mistake shows too.

use std::fmt::Debug;

use domain::allowed_destination::AllowedDestination;
use domain::api_key::ApiKey;
use domain::audit::AuditEntry;
use domain::bank_account::BankAccount;
use domain::cart::Cart;
use domain::challenge::WalletChallenge;
use domain::changes::{Changes, Record};
use domain::claim::Claim;
use domain::commerce_rates::CommerceRates;
use domain::currency::Currency;
use domain::delivery::{Attempt, AttemptOutcome, Delivery, EventPlace, Seen};
use domain::deposit_address::DepositAddress;
use domain::environment::Environment;
use domain::estimate::Estimate;
use domain::event::EventType;
use domain::follow::{FollowCursor, Follower};
use domain::idempotency::{IdempotencyRow, KEPT_MS};
use domain::ids::{RowKey, SettlementId, Version};
use domain::invoice::{Invoice, InvoiceStatus, Lock};
use domain::known_price::KnownPrice;
use domain::kyc::{KycCase, KycStatus};
use domain::ledger::{Asset, ChainHead, ChainLink, Hold, HoldStatus, LedgerDay};
use domain::member::{Member, Role};
use domain::merchant::Merchant;
use domain::money::{Rate, TokenAmount, Usd};
use domain::network::Network;
use domain::network_pause::NetworkPause;
use domain::onchain_deposit::OnchainDeposit;
use domain::onramp::Onramp;
use domain::order::Order;
use domain::password::PasswordReset;
use domain::payment::{Outflow, Payment, PaymentStatus, Posting, SettlementStatus};
use domain::payout::Payout;
use domain::product::Product;
use domain::questions::Answer;
use domain::quote::Quote;
use domain::ramp_address::RampAddress;
use domain::ramp_deposit::{DepositStatus, RampDeposit};
use domain::ramp_quote::RampQuote;
use domain::ramp_session::RampSession;
use domain::ramp_user::RampUser;
use domain::receipt_mail::{MailState, ReceiptMail};
use domain::refund::{Refund, RefundStatus};
use domain::sandbox::SandboxCase;
use domain::screening_review::{ReviewStatus, ScreeningReview};
use domain::send::{Attempt as SendAttempt, AttemptState, Send, SendStatus};
use domain::sequence::Sequence;
use domain::session::Session;
use domain::settlement::{Settlement, SettlementState};
use domain::settlement_rule::SettlementRule;
use domain::settlement_wallet::SettlementWallet;
use domain::shipping_address::ShippingAddress;
use domain::sign_in::SignIn;
use domain::simulated::{SimulatedChain, SimulatedTransaction};
use domain::slot::Slot;
use domain::time::DAY_MS;
use domain::token::TokenId;
use domain::token_rule::TokenRule;
use domain::unmatched::Unmatched;
use domain::verification::{Verification, VerificationStatus};
use domain::virtual_account::VirtualAccount;
use domain::watch::WatchCursor;
use domain::webhook_endpoint::WebhookEndpoint;
use store::Store;
use store::row::Row;

use crate::commerce_samples;
use crate::engines::for_each_store;
use crate::money_samples;
use crate::order_samples;
use crate::ramp_samples;
use crate::samples::{self, MERCHANT, NOW, key, text};

#[tokio::test(flavor = "multi_thread")]
async fn accounts() {
    for_each_store(accounts_survive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices() {
    for_each_store(invoices_and_their_parts_survive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks() {
    for_each_store(webhooks_survive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent() {
    for_each_store(what_is_sent_survives).await;
}

async fn what_is_sent_survives(store: &Store) {
    let at = |row, version| SettlementWallet { version, ..row };
    let change = |row| SettlementWallet { address: None, before: text("0x5"), ..row };
    check(store, money_samples::settlement_wallet(), at, change).await;

    let at = |row, version| AllowedDestination { version, ..row };
    let change = |row| AllowedDestination { removed_at: Some(NOW), ..row };
    check(store, money_samples::allowed_destination(), at, change).await;

    let at = |row, version| SettlementRule { version, ..row };
    let change = |row| SettlementRule { token_id: None, ..row };
    check(store, money_samples::settlement_rule(), at, change).await;

    let at = |row, version| Settlement { version, ..row };
    let change = |row| Settlement { state: SettlementState::Settled, sends_failed: 1, ..row };
    check(store, money_samples::settlement(), at, change).await;

    let at = |row, version| Send { version, ..row };
    let account = money_samples::send().account();
    check(store, money_samples::send(), at, |row| {
        row.signed(money_samples::attempt(), NOW.plus_ms(9))
    })
    .await;
    let under_way = store.sends_of_account(account).await.expect("reads");
    assert_eq!(under_way.len(), 1);
    assert_eq!(store.sends_of(money_samples::send().parent()).await.expect("reads"), under_way);
    assert_eq!(store.last_nonce_spent(account).await.expect("reads"), None);
    assert_eq!(store.sends_due(NOW, 5).await.expect("reads"), []);
    assert_eq!(store.sends_due(NOW.plus_ms(9), 5).await.expect("reads"), under_way);

    let went = |number: u8, nonce| {
        let included = Some(nonce).map(|nonce| SendAttempt {
            nonce: Some(nonce),
            state: AttemptState::Included,
            ..money_samples::attempt()
        });
        let id = key(number).into();
        let attempts = included.into_iter().collect();
        Send { id, status: SendStatus::Confirmed, attempts, ..money_samples::send() }
    };
    let mut changes = Changes::of(MERCHANT);
    changes.insert(went(201, 12));
    changes.insert(went(202, 9));
    store.commit(changes).await.expect("commits");
    assert_eq!(store.last_nonce_spent(account).await.expect("reads"), Some(12));

    let at = |row, version| Refund { version, ..row };
    let change = |row| Refund { status: RefundStatus::Sent, sent_at: Some(NOW), ..row };
    check(store, money_samples::refund(), at, change).await;

    let at = |row, version| NetworkPause { version, ..row };
    check(store, money_samples::network_pause(), at, |row| NetworkPause {
        is_paused: false,
        ..row
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest() {
    for_each_store(the_rest_survives).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ramps() {
    for_each_store(ramps_survive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ramps_money() {
    for_each_store(ramps_money_survives).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkouts() {
    for_each_store(checkouts_survive).await;
}

async fn checkouts_survive(store: &Store) {
    let at = |row, version| Cart { version, ..row };
    let change = |row: Cart| row.clear(NOW.plus_ms(DAY_MS)).0;
    check(store, commerce_samples::cart(), at, change).await;

    let at = |row, version| CommerceRates { version, ..row };
    let change = |row| CommerceRates { tax: Vec::new(), fee_bps: 7, ..row };
    check(store, commerce_samples::commerce_rates(), at, change).await;

    let at = |row, version| ShippingAddress { version, ..row };
    let change = |row| ShippingAddress { removed_at: Some(NOW), validated_at: None, ..row };
    check(store, commerce_samples::shipping_address(), at, change).await;

    let at = |row, version| Estimate { version, ..row };
    let change = |row| Estimate { order_id: Some(key(63).into()), invalid: Vec::new(), ..row };
    check(store, commerce_samples::estimate(), at, change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders() {
    for_each_store(orders_survive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_listed() {
    for_each_store(order_samples::check_lists).await;
}

async fn orders_survive(store: &Store) {
    let at = |row, version| Product { version, ..row };
    let change = |row| Product { offers: Vec::new(), ..row };
    check(store, order_samples::product(), at, change).await;
    let at = |row, version| Order { version, ..row };
    check(store, order_samples::order(), at, order_samples::later_order).await;
    assert_eq!(store.orders_due(NOW.plus_ms(9), 5).await.expect("reads"), []);
}

async fn ramps_money_survives(store: &Store) {
    let at = |row, version| RampQuote { version, ..row };
    let change = |row| RampQuote { used_by: Some(key(52).into()), ..row };
    check(store, ramp_samples::ramp_quote(), at, change).await;
    let at = |row, version| Payout { version, ..row };
    check(store, ramp_samples::payout(), at, ramp_samples::later_payout).await;
    let at = |row, version| SandboxCase { version, ..row };
    let change = |row| SandboxCase { asked: 3, ..row };
    check(store, ramp_samples::sandbox_case(), at, change).await;
    let at = |row, version| RampAddress { version, ..row };
    check(store, ramp_samples::ramp_address(), at, |row| row).await;
    let at = |row, version| OnchainDeposit { version, ..row };
    let change = ramp_samples::later_onchain_deposit;
    check(store, ramp_samples::onchain_deposit(), at, change).await;
    let at = |row, version| VirtualAccount { version, ..row };
    let change = ramp_samples::later_virtual_account;
    check(store, ramp_samples::virtual_account(), at, change).await;
    let at = |row, version| Onramp { version, ..row };
    check(store, ramp_samples::onramp(), at, ramp_samples::later_onramp).await;
}

async fn ramps_survive(store: &Store) {
    let at = |row, version| RampUser { version, ..row };
    let change = |row: RampUser| row.erase(NOW);
    check(store, ramp_samples::ramp_user(), at, change).await;

    let at = |row, version| KycCase { version, ..row };
    let change = |row| KycCase { status: KycStatus::Approved, decided_at: Some(NOW), ..row };
    check(store, ramp_samples::kyc_case(), at, change).await;

    let at = |row, version| BankAccount { version, ..row };
    let change = |row| BankAccount { numbers: None, deleted_at: Some(NOW), ..row };
    check(store, ramp_samples::bank_account(), at, change).await;

    let at = |row, version| RampDeposit { version, ..row };
    let change = |row| RampDeposit { status: DepositStatus::Reverted, ..row };
    check(store, ramp_samples::ramp_deposit(), at, change).await;

    let at = |row, version| RampSession { version, ..row };
    check(store, ramp_samples::ramp_session(), at, |row| row).await;

    let at = |row, version| ScreeningReview { version, ..row };
    let change = |row| ScreeningReview { status: ReviewStatus::Rejected, ..row };
    check(store, ramp_samples::screening_review(), at, change).await;
}

/// Writes a row, reads it, changes it, reads it again.
async fn check<R>(
    store: &Store,
    row: R,
    at_version: impl Fn(R, Version) -> R,
    change: impl Fn(R) -> R,
) where
    R: Row + Clone + Debug + PartialEq + Into<Record>,
{
    let key = Into::<Record>::into(row.clone()).key();
    let mut changes = Changes::of(MERCHANT);
    changes.insert(row.clone());
    store.commit(changes).await.expect("a new row");
    let inserted: R = store.get(key).await.expect("decodes").expect("is there");
    assert_eq!(inserted, at_version(row, 1));
    let changed = change(inserted.clone());
    let mut changes = Changes::of(MERCHANT);
    changes.update(changed.clone());
    store.commit(changes).await.expect("an update");
    let updated: R = store.get(key).await.expect("decodes").expect("is there");
    assert_eq!(updated, at_version(changed, 2));
    assert_eq!(store.get::<R>(RowKey([0xee; 16])).await, Ok(None));
}

async fn accounts_survive(store: &Store) {
    let at = |row, version| Merchant { version, ..row };
    let change = |row| Merchant { mainnet_request: None, company_name: "Other".into(), ..row };
    check(store, samples::merchant(), at, change).await;

    let at = |row, version| Member { version, ..row };
    let change = |row| Member { role: Role::Support, is_active: false, ..row };
    check(store, samples::member(), at, change).await;

    let at = |row, version| ApiKey { version, ..row };
    let change = |row| ApiKey { revoked_at: Some(NOW), ..row };
    check(store, samples::api_key(), at, change).await;

    let at = |row, version| TokenRule { version, ..row };
    let change = |row| TokenRule { is_blocked: false, ..row };
    check(store, samples::token_rule(), at, change).await;

    let at = |row, version| SignIn { version, ..row };
    let change = |row| SignIn { refresh_hash: [6; 32], ended_at: Some(NOW), ..row };
    check(store, samples::sign_in(), at, change).await;

    let at = |row, version| WalletChallenge { version, ..row };
    let change = |row| WalletChallenge { used_at: Some(NOW), ..row };
    check(store, samples::challenge(), at, change).await;

    let at = |row, version| PasswordReset { version, ..row };
    let change = |row| PasswordReset { used_at: Some(NOW), ..row };
    check(store, samples::reset(), at, change).await;

    let at = |row, version| AuditEntry { version, ..row };
    check(store, samples::audit_entry(), at, |row| row).await;
}

async fn invoices_and_their_parts_survive(store: &Store) {
    let at = |row, version| Invoice { version, ..row };
    check(store, samples::invoice(), at, changed_invoice).await;

    let at = |row, version| Session { version, ..row };
    check(store, samples::session(), at, |row| row).await;

    let at = |row, version| Quote { version, ..row };
    check(store, samples::quote(), at, |row| row).await;
    let alone = Quote { id: key(13).into(), invoice_id: None, ..samples::quote() };
    check(store, alone, at, |row| row).await;

    let at = |row, version| DepositAddress { version, ..row };
    let change = |row| DepositAddress { networks: 3, ..row };
    check(store, samples::deposit_address(), at, change).await;

    let at = |row, version| Payment { version, ..row };
    check(store, samples::payment(), at, changed_payment).await;

    let at = |row, version| Unmatched { version, ..row };
    check(store, samples::unmatched(), at, |row| row).await;

    let at = |row, version| Verification { version, ..row };
    check(store, samples::verification(), at, |row| row.fail_attempt("away", NOW)).await;
    let at = |row, version| ReceiptMail { version, ..row };
    let change = |row| ReceiptMail { state: MailState::Sent { at: NOW }, ..row };
    check(store, samples::receipt_mail(), at, change).await;

    let at = |row, version| Verification { version, ..row };
    let done = Verification { id: key(17).into(), ..samples::verification() }.complete(2, NOW);
    check(store, done, at, |row| Verification { status: VerificationStatus::Failed, ..row }).await;
}

fn changed_invoice(invoice: Invoice) -> Invoice {
    Invoice {
        status: InvoiceStatus::Paid,
        amount_paid: Usd(1),
        amount_pending: Usd(2),
        payments_seen: 3,
        customer_email: text("payer@example.com"),
        payer_wallet_address: text("0xpayer"),
        payer_wallet_network: Some(Network::Cardano),
        answers: vec![Answer { question_id: "mail".into(), response: "a@b.example".into() }],
        address_index: Some(u32::MAX),
        lock: Some(Lock {
            network: Network::Optimism,
            token_id: TokenId(5),
            address: "0xlock".into(),
        }),
        expires_at: NOW.plus_ms(3),
        due_at: NOW.plus_ms(4),
        paid_at: Some(NOW.plus_ms(5)),
        last_payment_at: Some(NOW.plus_ms(6)),
        final_at: Some(NOW.plus_ms(7)),
        sessions_from: NOW.plus_ms(8),
        ..invoice
    }
}

fn changed_payment(payment: Payment) -> Payment {
    Payment {
        log_index: None,
        block_number: 10,
        block_hash: "0xother".into(),
        block_time: NOW.plus_ms(2),
        status: PaymentStatus::Reverted,
        settlement_status: SettlementStatus::Manual,
        is_counted: true,
        posting: Posting::Suspense,
        confirmed_at: Some(NOW.plus_ms(3)),
        outflow: Outflow {
            settling: TokenAmount(1 << 99),
            refunded: TokenAmount(3),
            settlement_id: Some(SettlementId(17)),
            settlement_network: Some(Network::Bsc),
            ..Outflow::default()
        },
        ..payment
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledgers_own() {
    for_each_store(the_ledgers_own_survive).await;
}

async fn the_ledgers_own_survive(store: &Store) {
    let at = |row, version| Hold { version, ..row };
    let change = |row| Hold { status: HoldStatus::Captured { amount: TokenAmount(1) }, ..row };
    check(store, money_samples::hold(), at, change).await;

    let at = |row, version| ChainLink { version, ..row };
    check(store, money_samples::chain_link(), at, |row| row).await;

    let at = |row, version| ChainHead { version, ..row };
    let change = |row| ChainHead { length: 8, hash: [10; 32], ..row };
    check(store, money_samples::chain_head(), at, change).await;

    let at = |row, version| LedgerDay { version, ..row };
    let change = |row| LedgerDay { count: 4, amount: TokenAmount(5), ..row };
    let token = Asset::Token { network: Network::Sui, token_id: TokenId(7) };
    for asset in [token, Asset::Currency(Currency::EUR)] {
        check(store, money_samples::ledger_day(asset), at, change).await;
    }
}

async fn the_rest_survives(store: &Store) {
    let at = |row, version| IdempotencyRow { version, ..row };
    let used_again = |row| IdempotencyRow {
        fingerprint: [4; 32],
        status: 200,
        sealed_body: vec![8],
        created_at: NOW.plus_ms(KEPT_MS),
        ..row
    };
    check(store, samples::idempotency(), at, used_again).await;

    let claim = Claim::new(RowKey::of("test", &[b"claim"]), key(21));
    let moved = |row| Claim { target: key(24), ..row };
    check(store, claim, |row, version| Claim { version, ..row }, moved).await;

    let sequence = Sequence { key: Sequence::merchant_key(), next: 1, version: 0 };
    let at = |row, version| Sequence { version, ..row };
    check(store, sequence, at, |row| Sequence { next: i64::MAX, ..row }).await;

    let slot = Slot { key: Slot::row_key("kind", 3), owner: key(22), until: NOW, version: 0 };
    let at = |row, version| Slot { version, ..row };
    check(store, slot, at, |row| Slot { owner: key(23), until: NOW.plus_ms(1), ..row }).await;

    let at = |row, version| KnownPrice { version, ..row };
    let change = |row| KnownPrice { rate: Rate(1), par: None, ..row };
    check(store, samples::known_price(), at, change).await;

    let at = |row, version| WatchCursor { version, ..row };
    let change = |row| WatchCursor { position: "on".into(), ..row };
    check(store, samples::watch_cursor(), at, change).await;

    let at = |row, version| SimulatedChain { version, ..row };
    check(store, samples::simulated_chain(), at, |row| SimulatedChain { fault: None, ..row }).await;

    let at = |row, version| SimulatedTransaction { version, ..row };
    let change = |row| SimulatedTransaction { block_number: 5, is_dropped: true, ..row };
    check(store, samples::simulated_transaction(), at, change).await;
}

async fn webhooks_survive(store: &Store) {
    let endpoint = samples::endpoint(3);
    let place = EventPlace { created_at: NOW, lane: 7, sequence: 1 << 33 };
    let what = (EventType::InvoiceCreated, Environment::Mainnet);
    let delivery = Delivery::plan(place, what, &endpoint, NOW);
    let at = |row, version| WebhookEndpoint { version, ..row };
    let change = |row: WebhookEndpoint| {
        let row = row.recover(7, NOW).expect("is enabled");
        row.failed(NOW).expect("a first failure is noted")
    };
    check(store, endpoint, at, change).await;

    let outcome = AttemptOutcome::Unanswered { error: "timed out".to_owned() };
    let seen = Seen { started_at: NOW, duration_ms: 15_000, outcome, retry_after_ms: None };
    let (failed, attempt) = delivery.clone().attempted(seen, 0);
    let at = |row, version| Delivery { version, ..row };
    let change = |row: Delivery| Delivery { version: row.version, ..failed.clone() };
    check(store, delivery, at, change).await;

    let at = |row, version| Attempt { version, ..row };
    check(store, attempt, at, |row| row).await;

    let at = |row, version| FollowCursor { version, ..row };
    let change = |row| FollowCursor { sequence: 9, ..row };
    check(store, FollowCursor::at(Follower::Webhooks, 0, 3), at, change).await;
}
