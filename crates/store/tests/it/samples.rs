//! One sample of every noun, with every field set that a new row can have set.
//!
//! Tests change what they are about and leave the rest, so that a column nobody thought of is still
//! written and read.

use domain::api_key::{ApiKey, KeyScope, Restrictions};
use domain::audit::{Actor, AuditEntry};
use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::challenge::{WalletChallenge, WalletType};
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::environment::Environment;
use domain::idempotency::IdempotencyRow;
use domain::ids::{Fresh, InvoiceId, MemberId, MerchantId, RowKey};
use domain::invoice::{Details, Invoice, InvoiceStatus, InvoiceType, Metadata};
use domain::known_price::KnownPrice;
use domain::member::{Member, Role};
use domain::merchant::{MainnetRequest, Merchant, Tolerance};
use domain::money::{Rate, TokenAmount, Usd};
use domain::network::Network;
use domain::password::PasswordReset;
use domain::payment::{Outflow, Payment, PaymentStatus, Posting, SettlementStatus};
use domain::questions::{Question, QuestionValidation, Questions};
use domain::quote::Quote;
use domain::receipt_mail::{MailState, ReceiptMail};
use domain::secret::{Entropy, KeyRing};
use domain::session::Session;
use domain::sign_in::SignIn;
use domain::simulated::{
    Fault, FaultKind, Fork, SignedBy, SimulatedChain, SimulatedTransaction, Stretch,
};
use domain::time::Timestamp;
use domain::token::{AcceptancePolicy, TokenId};
use domain::token_rule::TokenRule;
use domain::unmatched::{Unmatched, UnmatchedReason};
use domain::verification::Verification;
use domain::watch::{Recheck, Rechecked, WatchCursor};
use domain::webhook_endpoint::{EndpointAsk, Reach, WebhookEndpoint};

pub const MERCHANT: MerchantId = MerchantId(42);
pub const NOW: Timestamp = Timestamp(1_766_320_496_123);

pub fn fresh(seed: u8) -> Fresh {
    Fresh::new(NOW, [seed; 16])
}

pub fn key(seed: u8) -> RowKey {
    fresh(seed).uuid().into()
}

pub fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub fn merchant() -> Merchant {
    Merchant {
        current_environment: Environment::Mainnet,
        has_mainnet_access: true,
        mainnet_request: Some(MainnetRequest {
            website: "https://shop.example".into(),
            use_case: "we \"sell\" \u{1F50A} things".into(),
            requested_at: NOW,
        }),
        default_payment_return_url: text("https://shop.example/thanks"),
        tolerance_devnet: Tolerance { basis_points: 50, most: Usd(1_000_000) },
        tolerance_mainnet: Tolerance { basis_points: 5, most: Usd(10_000) },
        embed_origins: vec!["https://shop.example".into()],
        logo_url: text("https://shop.example/logo.png"),
        brand_color: text("#112233"),
        accent_color: text("#445566"),
        policy_devnet: AcceptancePolicy::Selective,
        policy_mainnet: AcceptancePolicy::AcceptNone,
        is_demo: true,
        ..Merchant::new(MERCHANT, "Shop Ünicode", "owner@shop.example", NOW)
    }
}

pub fn member() -> Member {
    Member {
        is_active: true,
        password_hash: text("$argon2id$"),
        totp_sealed: Some(vec![0, 1, 255]),
        totp_confirmed: true,
        totp_last_step: 7,
        failed_sign_ins: 3,
        locked_until: Some(NOW),
        wallets: vec!["0xabc".into()],
        credential_epoch: 4,
        ..Member::new(MERCHANT, "a@shop.example", Role::Owner, &mut fresh(1))
    }
}

pub fn api_key() -> ApiKey {
    ApiKey {
        id: key(2).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        scope: KeyScope::Commerce,
        name: "till".into(),
        hash: [9; 32],
        last4: "wxyz".into(),
        restrictions: Restrictions { read_only: true, ip_allow: vec!["203.0.113.0/24".into()] },
        is_demo: true,
        created_by: Some(Actor::Member("m".into())),
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(1)),
        last_used_at: Some(NOW.plus_ms(2)),
        revoked_at: None,
        version: 0,
    }
}

pub fn token_rule() -> TokenRule {
    TokenRule { merchant_id: MERCHANT, token_id: TokenId(3), is_blocked: true, version: 0 }
}

pub fn sign_in() -> SignIn {
    SignIn {
        id: key(3).into(),
        member_id: MemberId::from(key(1)),
        merchant_id: MERCHANT,
        refresh_hash: [5; 32],
        family_hash: [4; 32],
        created_at: NOW,
        expires_at: NOW.plus_ms(9),
        ended_at: None,
        version: 0,
    }
}

pub fn challenge() -> WalletChallenge {
    WalletChallenge {
        id: key(4).into(),
        wallet_type: WalletType::Solana,
        address: "wallet".into(),
        message: "two\nlines".into(),
        expires_at: NOW,
        used_at: None,
        version: 0,
    }
}

pub fn reset() -> PasswordReset {
    PasswordReset {
        id: key(5).into(),
        member_id: MemberId::from(key(1)),
        token_hash: [8; 32],
        expires_at: NOW,
        used_at: None,
        credential_epoch: 2,
        version: 0,
    }
}

pub fn audit_entry() -> AuditEntry {
    AuditEntry {
        id: key(6).into(),
        merchant_id: MERCHANT,
        actor: Actor::Member("m".into()),
        action: "api_key.revoked".into(),
        object: "key".into(),
        request_id: text("req_1"),
        ip: text("203.0.113.7"),
        created_at: NOW,
        version: 0,
    }
}

pub fn invoice() -> Invoice {
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
            credit_user_id: Some(domain::ids::RampUserId::from(key(60))),
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
        sessions_from: NOW.plus_ms(9),
        version: 0,
    }
}

pub fn session() -> Session {
    Session {
        id: key(11).into(),
        invoice_id: key(10).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        issued_at: NOW,
        version: 0,
    }
}

pub fn quote() -> Quote {
    Quote {
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
    }
}

pub fn deposit_address() -> DepositAddress {
    DepositAddress {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Base,
        address: "0x00000000000000000000000000000000000000AA".into(),
        owner: AddressOwner::Invoice(key(10).into()),
        index: u32::MAX,
        networks: 1,
        created_at: NOW,
        version: 0,
    }
}

pub fn payment() -> Payment {
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
        receiver: "0xreceiver".into(),
        outflow: Outflow::default(),
        version: 0,
    }
}

pub fn unmatched() -> Unmatched {
    Unmatched {
        id: key(15).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Ton,
        reason: UnmatchedReason::AmountTooLarge,
        invoice_id: Some(key(10).into()),
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
    }
}

pub fn verification() -> Verification {
    let whose = (InvoiceId::from(key(10)), MERCHANT);
    let place = (Environment::Mainnet, Network::Bsc);
    Verification::start(whose, place, text("0x1"), &mut fresh(16))
}

pub fn receipt_mail() -> ReceiptMail {
    ReceiptMail {
        invoice_id: key(10).into(),
        merchant_id: MERCHANT,
        language: text("pt-BR"),
        state: MailState::Due { at: NOW },
        attempt_count: i64::MAX,
        unknown_count: 1,
        created_at: NOW,
        version: 0,
    }
}

pub fn idempotency() -> IdempotencyRow {
    IdempotencyRow {
        key: IdempotencyRow::row_key(MERCHANT, Environment::Mainnet, "k"),
        merchant_id: MERCHANT,
        fingerprint: [3; 32],
        status: 201,
        sealed_body: vec![0, 255, 7],
        created_at: NOW,
        version: 0,
    }
}

pub fn known_price() -> KnownPrice {
    KnownPrice {
        symbol: "EURC".into(),
        rate: Rate(u128::MAX),
        at: NOW,
        par: Some(Rate::PAR),
        version: 0,
    }
}

pub fn watch_cursor() -> WatchCursor {
    WatchCursor {
        environment: Environment::Devnet,
        network: Network::Solana,
        position: "opaque".into(),
        head_number: u64::MAX,
        scanned_number: 7,
        scanned_at: NOW,
        answered_at: NOW.plus_ms(1),
        begin: Some(5),
        recheck: Some(Recheck { after: Some(key(4)), what: Rechecked::Deposits }),
        version: 0,
    }
}

pub fn simulated_chain() -> SimulatedChain {
    SimulatedChain {
        network: Network::Base,
        block_ms: 2_000,
        stretches: vec![Stretch { from_number: 1, from_time: NOW }],
        forks: vec![Fork { from_number: 2, id: 3 }],
        fault: Some(Fault { kind: FaultKind::Lagging, since: NOW, until: NOW.plus_ms(1) }),
        version: 0,
    }
}

pub fn simulated_transaction() -> SimulatedTransaction {
    SimulatedTransaction {
        id: key(24).into(),
        network: Network::Base,
        tx_hash: "0xsim".into(),
        block_number: u64::MAX,
        is_dropped: false,
        signed: Some(SignedBy { nonce: 4, fee: TokenAmount(21) }),
        is_failed: true,
        asset: AssetRef::Native,
        amount: Some(TokenAmount(1)),
        from: "0xa".into(),
        to: "0xb".into(),
        created_at: NOW,
        version: 0,
    }
}

/// An endpoint under its number.
pub fn endpoint(number: u8) -> WebhookEndpoint {
    let ask = EndpointAsk {
        url: "https://shop.example/hook?a=\u{fc}".to_owned(),
        description: text("our \"hook\""),
        enabled_events: vec!["invoice.*".to_owned(), "test.ping".to_owned()],
        environment: Some(Environment::Devnet),
    };
    let keys = KeyRing::new(&[1; 32], &[]);
    let drawn = (&Entropy::new([number; 32]), &Entropy::new([number + 1; 32]));
    let place = i64::from(number);
    let mut fresh = fresh(number);
    WebhookEndpoint::create(MERCHANT, place, ask, &Reach::PUBLIC_ONLY, &keys, drawn, &mut fresh)
        .expect("a sound endpoint")
        .1
}
