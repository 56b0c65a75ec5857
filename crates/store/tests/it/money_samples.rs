//! Samples of what moves money, and of the ledger's own rows; `samples.rs` has all the others.

use domain::address::Address;
use domain::allowed_destination::AllowedDestination;
use domain::audit::Actor;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::SettlementId;
use domain::ledger::{
    Account, AccountKind, Asset, ChainHead, ChainLink, Day, Hold, HoldStatus, LedgerDay, Phase,
    TransferReason,
};
use domain::money::{TokenAmount, Usd};
use domain::network::{Family, Network};
use domain::network_pause::NetworkPause;
use domain::payment::Counting;
use domain::refund::{Refund, RefundStatus};
use domain::send::{
    Attempt as SendAttempt, AttemptState, Part, Purpose, Send, SendAsk, SendStatus, Source,
};
use domain::settlement::{Delivery, ReviewReason, Settlement, SettlementState};
use domain::settlement_rule::{SettlementPreference, SettlementRule};
use domain::settlement_wallet::SettlementWallet;
use domain::token::TokenId;

use crate::samples::{MERCHANT, NOW, fresh, key, text};

pub fn settlement_wallet() -> SettlementWallet {
    let address = Address::from_payload(Family::Evm, Environment::Mainnet, &[3; 32]);
    let place = (MERCHANT, Environment::Mainnet, Network::Bsc);
    SettlementWallet::name(None, place, &address, (NOW, 7))
}

pub fn allowed_destination() -> AllowedDestination {
    AllowedDestination {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Bsc,
        address: "0xto".into(),
        allowed_from: NOW.plus_ms(7),
        removed_at: None,
        created_at: NOW,
        version: 0,
    }
}

pub fn settlement_rule() -> SettlementRule {
    SettlementRule {
        preference: SettlementPreference::StablesOnly,
        token_id: Some(TokenId(6)),
        updated_at: NOW,
        ..SettlementRule::default_of(MERCHANT, Environment::Mainnet)
    }
}

pub fn settlement() -> Settlement {
    Settlement {
        id: SettlementId(17),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Bsc,
        token_id: TokenId(6),
        destination: "0xto".into(),
        delivery: Some(Delivery {
            network: Network::Base,
            token_id: TokenId(7),
            destination: "0xthere".into(),
            exit: "0xexit".into(),
            cost_fixed: Usd(3),
            cost_bps: 4,
            rate: TokenAmount(5),
        }),
        amount: TokenAmount(1 << 100),
        value: Usd(8),
        state: SettlementState::InReview,
        review: Some(ReviewReason::LimitReached),
        approved_by: Some(Actor::Operator),
        payments: 3,
        sends: 2,
        sends_confirmed: 1,
        sends_failed: 0,
        amount_settled: TokenAmount(5),
        counted: Vec::new(),
        tx_hashes: vec!["0x1".into()],
        created_at: NOW,
        updated_at: NOW.plus_ms(1),
        settled_at: Some(NOW.plus_ms(2)),
        version: 0,
    }
}

pub fn send() -> Send {
    let ask = SendAsk {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Bsc,
        token_id: TokenId(6),
        purpose: Purpose::Settlement(SettlementId(17)),
        from: Source { index: Some(9), address: "0xfrom".into() },
        to: "0xto".into(),
        amount: TokenAmount(1 << 100),
        value: Usd(9),
        parts: vec![Part { payment_id: key(14).into(), amount: TokenAmount(2) }],
        status: SendStatus::Planned,
    };
    let mut send = Send::plan(ask, &mut fresh(31));
    send.hold_id = Some(key(32).into());
    send.fee_paid = Some(TokenAmount(3));
    send
}

pub fn attempt() -> SendAttempt {
    SendAttempt {
        tx_hash: "0x1".into(),
        nonce: Some(u64::MAX),
        prepared: "{\"raw\":\"\"}".into(),
        state: AttemptState::Signed,
        signed_at: NOW,
    }
}

pub fn refund() -> Refund {
    Refund {
        id: key(33).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        invoice_id: key(10).into(),
        network: Network::Bsc,
        token_id: TokenId(6),
        destination: "0xback".into(),
        amount: TokenAmount(4),
        value: Usd(5),
        status: RefundStatus::Created,
        review: None,
        requested_by: Actor::ApiKey("k".into()),
        approved_by: None,
        given: vec![Part { payment_id: key(14).into(), amount: TokenAmount(4) }],
        counting: Counting::Kept,
        counted: Vec::new(),
        sends: 1,
        sends_ended: 0,
        amount_sent: TokenAmount(0),
        tx_hashes: Vec::new(),
        reason: text("why"),
        created_at: NOW,
        updated_at: NOW,
        sent_at: None,
        version: 0,
    }
}

pub fn network_pause() -> NetworkPause {
    NetworkPause {
        environment: Environment::Mainnet,
        network: Network::Bsc,
        is_paused: true,
        changed_at: NOW,
        version: 0,
    }
}

pub fn hold() -> Hold {
    let account = |kind, asset| Account {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        kind,
        asset,
        owner: Some(key(41)),
    };
    let token = Asset::Token { network: Network::Sui, token_id: TokenId(7) };
    Hold {
        id: key(40).into(),
        debit: account(AccountKind::User, token),
        credit: account(AccountKind::Exchange, Asset::Currency(Currency::EUR)),
        amount: TokenAmount(u128::MAX),
        reason: TransferReason::Payout,
        object: key(42),
        status: HoldStatus::Open,
        expires_at: Some(NOW.plus_ms(1)),
        created_at: NOW,
        version: 0,
    }
}

pub fn chain_link() -> ChainLink {
    let transfer_id = key(43).into();
    ChainLink { transfer_id, merchant_id: MERCHANT, place: 7, hash: [9; 32], version: 0 }
}

pub fn chain_head() -> ChainHead {
    ChainHead { length: 7, hash: [9; 32], ..ChainHead::start(MERCHANT) }
}

pub fn ledger_day(asset: Asset) -> LedgerDay {
    LedgerDay {
        merchant_id: MERCHANT,
        environment: Environment::Devnet,
        day: Day(20_000),
        asset,
        reason: TransferReason::PayoutReturned,
        phase: Phase::Released,
        count: 3,
        amount: TokenAmount(u128::MAX - 1),
        version: 0,
    }
}
