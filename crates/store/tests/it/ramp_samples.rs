//! One sample of every noun of the ramps' money, with every field set.

use domain::bank_account::BankAccount;
use domain::corridor::PayoutMethod;
use domain::country::Country;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::{RampUserId, VirtualAccountId};
use domain::kyc::KycLevel;
use domain::money::{TokenAmount, Usd};
use domain::network::Network;
use domain::onchain_deposit::{DepositPosting, OnchainDeposit, OnchainStatus, SenderVerdict};
use domain::onramp::{Onramp, OnrampStatus};
use domain::payout::{Attempt, Payout, PayoutStatus};
use domain::provider::{FiatInstructions, FxRate, RampFailure};
use domain::ramp_address::{AddressPurpose, RampAddress};
use domain::ramp_quote::RampQuote;
use domain::sandbox::{SandboxCase, SandboxOutcome};
use domain::token::TokenId;
use domain::virtual_account::{VirtualAccount, VirtualAccountStatus};

use crate::samples::{MERCHANT, NOW, bank_account, key, text};

const RATE: FxRate = FxRate(920_000_000_000);

fn user() -> RampUserId {
    bank_account().user_id
}

pub fn ramp_quote() -> RampQuote {
    let account: BankAccount = bank_account();
    RampQuote {
        id: key(51).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        user_id: Some(user()),
        bank_account_id: Some(account.id),
        country: Country::parse("DE").expect("a country"),
        method: PayoutMethod::SepaInstant,
        level: KycLevel::Enhanced,
        network: Network::Base,
        token_id: TokenId(5),
        source: TokenAmount(1 << 99),
        fee: TokenAmount(7),
        currency: Currency::EUR,
        target: TokenAmount(9_200),
        rate: RATE,
        used_by: None,
        created_at: NOW,
        expires_at: NOW.plus_ms(300_000),
        version: 0,
    }
}

pub fn payout() -> Payout {
    Payout {
        id: key(52).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        user_id: user(),
        bank_account_id: bank_account().id,
        quote_id: key(51).into(),
        deposit_id: Some(key(53).into()),
        country: Country::parse("DE").expect("a country"),
        method: PayoutMethod::Sepa,
        network: Network::Base,
        token_id: TokenId(5),
        source: TokenAmount(1 << 99),
        fee: TokenAmount(7),
        currency: Currency::EUR,
        target: TokenAmount(9_200),
        rate: RATE.decimal(),
        value: Usd(100_000_000),
        status: PayoutStatus::InReview,
        failure: None,
        hold_id: key(54).into(),
        review_id: Some(key(55).into()),
        attempt: Attempt::None,
        sent_count: 0,
        first_sent_at: None,
        look_count: 0,
        next_at: Some(NOW),
        paid_at: None,
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

pub fn later_payout(row: Payout) -> Payout {
    Payout {
        status: PayoutStatus::Returned,
        failure: Some(RampFailure::AccountClosed),
        review_id: None,
        attempt: Attempt::Accepted { reference: "theirs".into() },
        sent_count: 2,
        first_sent_at: Some(NOW),
        look_count: 9,
        next_at: None,
        paid_at: Some(NOW.plus_ms(5)),
        updated_at: NOW.plus_ms(6),
        ..row
    }
}

pub fn sandbox_case() -> SandboxCase {
    SandboxCase {
        object: key(52),
        outcome: SandboxOutcome::OutOfOrder,
        accepted_at: Some(NOW),
        submitted: 1,
        asked: 2,
        currency: Currency::EUR,
        amount: TokenAmount(9_200),
        received: vec![TokenAmount(1), TokenAmount(1 << 60)],
        version: 0,
    }
}

pub fn ramp_address() -> RampAddress {
    RampAddress {
        id: key(56).into(),
        user_id: user(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        purpose: AddressPurpose::Liquidation(bank_account().id),
        network: Network::Base,
        token_id: TokenId(5),
        address: "0xabc".into(),
        index: 77,
        created_at: NOW,
        version: 0,
    }
}

pub fn onchain_deposit() -> OnchainDeposit {
    OnchainDeposit {
        deposit_id: key(53).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        network: Network::Base,
        tx_hash: "0x1".into(),
        from_address: text("0x2"),
        to_address: "0xabc".into(),
        block_number: 7,
        block_hash: "0x7".into(),
        required_confirmations: 3,
        status: OnchainStatus::Pending,
        posting: DepositPosting::None,
        sender: SenderVerdict::Unchecked,
        review_id: None,
        liquidation: Some(bank_account().id),
        payout_id: None,
        tries: 0,
        next_at: None,
        version: 0,
    }
}

pub fn later_onchain_deposit(row: OnchainDeposit) -> OnchainDeposit {
    OnchainDeposit {
        block_number: 8,
        block_hash: "0x8".into(),
        status: OnchainStatus::Confirmed,
        posting: DepositPosting::Suspense,
        sender: SenderVerdict::Held,
        review_id: Some(key(55).into()),
        payout_id: Some(key(52).into()),
        tries: 3,
        next_at: Some(NOW),
        ..row
    }
}

pub fn virtual_account() -> VirtualAccount {
    VirtualAccount {
        id: VirtualAccountId::from(key(57)),
        user_id: user(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        currency: Currency::EUR,
        network: Network::Base,
        token_id: TokenId(5),
        status: VirtualAccountStatus::Pending,
        failure: None,
        reference: None,
        instructions: None,
        look_count: 0,
        next_at: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

fn instructions() -> FiatInstructions {
    FiatInstructions { iban: text("DE89"), ..FiatInstructions::default() }
}

pub fn later_virtual_account(row: VirtualAccount) -> VirtualAccount {
    VirtualAccount {
        status: VirtualAccountStatus::Active,
        reference: text("theirs"),
        instructions: Some(instructions()),
        look_count: 2,
        next_at: None,
        ..row
    }
}

pub fn onramp() -> Onramp {
    Onramp {
        id: key(58).into(),
        user_id: user(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        currency: Currency::EUR,
        amount: TokenAmount(9_200),
        received: None,
        network: Network::Base,
        token_id: TokenId(5),
        wallet: "0xabc".into(),
        rate: RATE,
        fee: TokenAmount(1),
        target: TokenAmount(1 << 99),
        value: Usd(1),
        counted_at: Some(NOW),
        status: OnrampStatus::AwaitingFiat,
        failure: None,
        reference: None,
        instructions: None,
        tx_hash: None,
        hold_id: None,
        look_count: 0,
        next_at: Some(NOW),
        expires_at: NOW,
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

pub fn later_onramp(row: Onramp) -> Onramp {
    Onramp {
        received: Some(TokenAmount(9_100)),
        status: OnrampStatus::Completed,
        failure: Some(RampFailure::BankRejected),
        reference: text("theirs"),
        instructions: Some(instructions()),
        tx_hash: text("0x1"),
        hold_id: Some(key(54).into()),
        next_at: None,
        ..row
    }
}
