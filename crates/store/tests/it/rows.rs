//! Every noun as a row and back: nothing is lost on the way in, and nothing on an update.
//!
//! Each field is set, so that a column that is forgotten or swapped shows; each update changes
//! what decisions change, so that a column declared frozen by mistake shows too.

use std::fmt::Debug;

use domain::api_key::{ApiKey, KeyScope, Restrictions};
use domain::audit::{Actor, AuditEntry};
use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::challenge::{WalletChallenge, WalletType};
use domain::changes::{Changes, Record};
use domain::claim::Claim;
use domain::deposit_address::DepositAddress;
use domain::environment::Environment;
use domain::idempotency::IdempotencyRow;
use domain::ids::{Fresh, InvoiceId, MemberId, MerchantId, RowKey, Version};
use domain::invoice::{Details, Invoice, InvoiceStatus, InvoiceType, Lock, Metadata};
use domain::member::{Member, Role};
use domain::merchant::{MainnetRequest, Merchant};
use domain::money::{TokenAmount, Usd};
use domain::network::Network;
use domain::password::PasswordReset;
use domain::payment::{Payment, PaymentStatus, Posting, SettlementStatus};
use domain::questions::{Answer, Question, QuestionValidation, Questions};
use domain::quote::Quote;
use domain::sequence::Sequence;
use domain::session::Session;
use domain::sign_in::SignIn;
use domain::simulated::{Fault, FaultKind, Fork, SimulatedChain, SimulatedTransaction, Stretch};
use domain::slot::Slot;
use domain::time::Timestamp;
use domain::token::{AcceptancePolicy, TokenId};
use domain::token_rule::TokenRule;
use domain::unmatched::{Unmatched, UnmatchedReason};
use domain::verification::{Verification, VerificationStatus};
use domain::watch::WatchCursor;
use store::Store;
use store::row::Row;

const MERCHANT: MerchantId = MerchantId(42);
const NOW: Timestamp = Timestamp(1_766_320_496_123);

fn fresh(seed: u8) -> Fresh {
    Fresh::new(NOW, [seed; 16])
}

fn key(seed: u8) -> RowKey {
    fresh(seed).uuid().into()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
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

pub async fn accounts_survive(store: &Store) {
    let merchant = Merchant {
        current_environment: Environment::Mainnet,
        has_mainnet_access: true,
        mainnet_request: Some(MainnetRequest {
            website: "https://shop.example".into(),
            use_case: "we \"sell\" \u{1F50A} things".into(),
            requested_at: NOW,
        }),
        default_payment_return_url: text("https://shop.example/thanks"),
        tolerance_bps: 50,
        tolerance_max: Usd(1_000_000),
        embed_origins: vec!["https://shop.example".into()],
        logo_url: text("https://shop.example/logo.png"),
        brand_color: text("#112233"),
        accent_color: text("#445566"),
        policy_devnet: AcceptancePolicy::Selective,
        policy_mainnet: AcceptancePolicy::AcceptNone,
        is_demo: true,
        ..Merchant::new(MERCHANT, "Shop Ünicode", "owner@shop.example", NOW)
    };
    let at = |row, version| Merchant { version, ..row };
    let change = |row| Merchant { mainnet_request: None, company_name: "Other".into(), ..row };
    check(store, merchant, at, change).await;

    let member = Member {
        is_active: true,
        password_hash: text("$argon2id$"),
        totp_sealed: Some(vec![0, 1, 255]),
        totp_confirmed: true,
        totp_last_step: 7,
        failed_sign_ins: 3,
        locked_until: Some(NOW),
        wallets: vec!["0xabc".into()],
        ..Member::new(MERCHANT, "a@shop.example", Role::Owner, &mut fresh(1))
    };
    let at = |row, version| Member { version, ..row };
    let change = |row| Member { role: Role::Support, is_active: false, ..row };
    check(store, member, at, change).await;

    let api_key = ApiKey {
        id: key(2).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        scope: KeyScope::Commerce,
        name: "till".into(),
        hash: [9; 32],
        last4: "wxyz".into(),
        restrictions: Restrictions { read_only: true, ip_allow: vec!["203.0.113.0/24".into()] },
        is_demo: true,
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(1)),
        last_used_at: Some(NOW.plus_ms(2)),
        revoked_at: None,
        version: 0,
    };
    let at = |row, version| ApiKey { version, ..row };
    check(store, api_key, at, |row| ApiKey { revoked_at: Some(NOW), ..row }).await;

    let token_id = TokenId(3);
    let rule = TokenRule { merchant_id: MERCHANT, token_id, is_blocked: true, version: 0 };
    let at = |row, version| TokenRule { version, ..row };
    check(store, rule, at, |row| TokenRule { is_blocked: false, ..row }).await;

    let sign_in = SignIn {
        id: key(3).into(),
        member_id: MemberId::from(key(1)),
        merchant_id: MERCHANT,
        refresh_hash: [5; 32],
        created_at: NOW,
        expires_at: NOW.plus_ms(9),
        ended_at: None,
        version: 0,
    };
    let at = |row, version| SignIn { version, ..row };
    let change = |row| SignIn { refresh_hash: [6; 32], ended_at: Some(NOW), ..row };
    check(store, sign_in, at, change).await;

    let challenge = WalletChallenge {
        id: key(4).into(),
        wallet_type: WalletType::Solana,
        address: "wallet".into(),
        message: "two\nlines".into(),
        expires_at: NOW,
        used_at: None,
        version: 0,
    };
    let at = |row, version| WalletChallenge { version, ..row };
    check(store, challenge, at, |row| WalletChallenge { used_at: Some(NOW), ..row }).await;

    let reset = PasswordReset {
        id: key(5).into(),
        member_id: MemberId::from(key(1)),
        token_hash: [8; 32],
        expires_at: NOW,
        used_at: None,
        version: 0,
    };
    let at = |row, version| PasswordReset { version, ..row };
    check(store, reset, at, |row| PasswordReset { used_at: Some(NOW), ..row }).await;

    let entry = AuditEntry {
        id: key(6).into(),
        merchant_id: MERCHANT,
        actor: Actor::Member("m".into()),
        action: "api_key.revoked".into(),
        object: "key".into(),
        request_id: text("req_1"),
        ip: text("203.0.113.7"),
        created_at: NOW,
        version: 0,
    };
    let at = |row, version| AuditEntry { version, ..row };
    check(store, entry, at, |row| row).await;
}

pub async fn invoices_and_their_parts_survive(store: &Store) {
    let at = |row, version| Invoice { version, ..row };
    check(store, invoice(), at, changed_invoice).await;

    let session = Session {
        id: key(11).into(),
        invoice_id: key(10).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        issued_at: NOW,
        revoked_at: None,
        version: 0,
    };
    let at = |row, version| Session { version, ..row };
    check(store, session, at, |row| Session { revoked_at: Some(NOW), ..row }).await;

    let quote = Quote {
        id: key(12).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        invoice_id: Some(InvoiceId::from(key(10))),
        network: Network::Sui,
        token_id: TokenId(4),
        amount_usd: Usd(49_990_000),
        token_amount: TokenAmount(u128::MAX - 1),
        exchange_rate: "0.000300000001".into(),
        created_at: NOW,
        valid_until: NOW.plus_ms(300_000),
        version: 0,
    };
    let at = |row, version| Quote { version, ..row };
    let alone = Quote { id: key(13).into(), invoice_id: None, ..quote.clone() };
    check(store, quote, at, |row| row).await;
    check(store, alone, at, |row| row).await;

    let address = DepositAddress {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Base,
        address: "0x00000000000000000000000000000000000000AA".into(),
        invoice_id: key(10).into(),
        index: u32::MAX,
        networks: 1,
        created_at: NOW,
        version: 0,
    };
    let at = |row, version| DepositAddress { version, ..row };
    check(store, address, at, |row| DepositAddress { networks: 3, ..row }).await;

    let at = |row, version| Payment { version, ..row };
    check(store, payment(), at, changed_payment).await;

    let unmatched = Unmatched {
        id: key(15).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Ton,
        reason: UnmatchedReason::AmountTooLarge,
        invoice_id: key(10).into(),
        transfer: ChainTransfer {
            tx_hash: "hash".into(),
            ordinal: u32::MAX,
            log_index: Some(3),
            asset: AssetRef::Contract("EQ".into()),
            amount: Some(TokenAmount(u128::MAX)),
            from: text("from"),
            to: "to".into(),
            block: BlockRef { number: u64::MAX, hash: "block".into(), time: NOW },
        },
        seen_at: NOW,
        version: 0,
    };
    let at = |row, version| Unmatched { version, ..row };
    check(store, unmatched, at, |row| row).await;

    let place = (Environment::Mainnet, Network::Bsc);
    let whose = (InvoiceId::from(key(10)), MERCHANT);
    let job = Verification::start(whose, place, text("0x1"), &mut fresh(16));
    let at = |row, version| Verification { version, ..row };
    check(store, job, at, |row| row.fail_attempt("away", NOW)).await;
    let job = Verification::start(whose, place, None, &mut fresh(17)).complete(2, NOW);
    check(store, job, at, |row| Verification { status: VerificationStatus::Failed, ..row }).await;
}

fn invoice() -> Invoice {
    let metadata = serde_json::value::RawValue::from_string(r#"{"a": [1, 2.50]}"#.to_owned());
    let question = Question {
        id: "mail".into(),
        question: "Your e-mail?".into(),
        kind: "email".into(),
        validation: QuestionValidation { required: true },
    };
    Invoice {
        id: key(10).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        invoice_type: InvoiceType::Commerce,
        status: InvoiceStatus::Unpaid,
        amount: Usd(49_990_000),
        tolerance: Usd(10_000),
        amount_paid: Usd::ZERO,
        amount_pending: Usd::ZERO,
        payments_seen: 0,
        customer_id: text("customer '\u{e9}'"),
        customer_email: None,
        payer_wallet_address: None,
        payer_wallet_network: None,
        commerce_order_id: Some(key(20)),
        details: Details {
            description: text("a description"),
            title: text("a title"),
            footer: text("a footer"),
            payment_return_url: text("https://shop.example/back"),
            payment_return_url_enabled: true,
            receiver_override_address: text("0xreceiver"),
            questions: Some(Questions { questions: vec![question] }),
            metadata: Metadata(Some(metadata.expect("JSON"))),
        },
        answers: Vec::new(),
        address_index: None,
        lock: None,
        expires_at: NOW.plus_ms(1),
        due_at: NOW.plus_ms(2),
        created_at: NOW,
        paid_at: None,
        last_payment_at: None,
        final_at: None,
        version: 0,
    }
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
        due_at: NOW.plus_ms(4),
        paid_at: Some(NOW.plus_ms(5)),
        last_payment_at: Some(NOW.plus_ms(6)),
        final_at: Some(NOW.plus_ms(7)),
        ..invoice
    }
}

fn payment() -> Payment {
    Payment {
        id: key(14).into(),
        invoice_id: key(10).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Arbitrum,
        token_id: Some(TokenId(6)),
        token_address: text("0xtoken"),
        amount: TokenAmount(1 << 100),
        value: Usd(7),
        tx_hash: "0xhash".into(),
        ordinal: 8,
        log_index: Some(9),
        block_number: i64::MAX,
        block_hash: "0xblock".into(),
        block_time: NOW,
        required_confirmations: 40,
        from_address: text("0xfrom"),
        to_address: "0xto".into(),
        status: PaymentStatus::Pending,
        settlement_status: SettlementStatus::Pending,
        is_late: true,
        is_counted: false,
        posting: Posting::None,
        created_at: NOW.plus_ms(1),
        confirmed_at: None,
        version: 0,
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
        ..payment
    }
}

pub async fn the_rest_survives(store: &Store) {
    let row = IdempotencyRow {
        key: IdempotencyRow::row_key(MERCHANT, Environment::Mainnet, "k"),
        merchant_id: MERCHANT,
        fingerprint: [3; 32],
        status: 201,
        sealed_body: vec![0, 255, 7],
        created_at: NOW,
        version: 0,
    };
    check(store, row, |row, version| IdempotencyRow { version, ..row }, |row| row).await;

    let claim = Claim::new(RowKey::of("test", &[b"claim"]), key(21));
    check(store, claim, |row, version| Claim { version, ..row }, |row| row).await;

    let sequence = Sequence { key: Sequence::merchant_key(), next: 1, version: 0 };
    let at = |row, version| Sequence { version, ..row };
    check(store, sequence, at, |row| Sequence { next: i64::MAX, ..row }).await;

    let slot = Slot { key: Slot::row_key("kind", 3), owner: key(22), until: NOW, version: 0 };
    let at = |row, version| Slot { version, ..row };
    check(store, slot, at, |row| Slot { owner: key(23), until: NOW.plus_ms(1), ..row }).await;

    let cursor = WatchCursor {
        environment: Environment::Devnet,
        network: Network::Solana,
        position: "opaque".into(),
        head_number: u64::MAX,
        scanned_number: 7,
        scanned_at: NOW,
        answered_at: NOW.plus_ms(1),
        version: 0,
    };
    let at = |row, version| WatchCursor { version, ..row };
    check(store, cursor, at, |row| WatchCursor { position: "on".into(), ..row }).await;

    let chain = SimulatedChain {
        network: Network::Base,
        block_ms: 2_000,
        stretches: vec![Stretch { from_number: 1, from_time: NOW }],
        forks: vec![Fork { from_number: 2, id: 3 }],
        fault: Some(Fault { kind: FaultKind::Lagging, since: NOW, until: NOW.plus_ms(1) }),
        version: 0,
    };
    let at = |row, version| SimulatedChain { version, ..row };
    check(store, chain, at, |row| SimulatedChain { fault: None, ..row }).await;

    let transaction = SimulatedTransaction {
        id: key(24).into(),
        network: Network::Base,
        tx_hash: "0xsim".into(),
        block_number: u64::MAX,
        is_dropped: false,
        is_failed: true,
        asset: AssetRef::Native,
        amount: Some(TokenAmount(1)),
        from: "0xa".into(),
        to: "0xb".into(),
        created_at: NOW,
        version: 0,
    };
    let at = |row, version| SimulatedTransaction { version, ..row };
    let change = |row| SimulatedTransaction { block_number: 5, is_dropped: true, ..row };
    check(store, transaction, at, change).await;
}
