//! One sample of every noun of the ramps' money, with every field set.

use domain::bank_account::{BankAccount, BankAccountAsk};
use domain::corridor::PayoutMethod;
use domain::country::Country;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{RampUserId, VirtualAccountId};
use domain::kyc::{self, KycCase, KycLevel};
use domain::ledger::Asset;
use domain::money::{TokenAmount, Usd};
use domain::network::Network;
use domain::onchain_deposit::{DepositPosting, OnchainDeposit, OnchainStatus, SenderVerdict};
use domain::onramp::{Onramp, OnrampStatus};
use domain::payout::{Attempt, Payout, PayoutStatus};
use domain::provider::{FiatInstructions, FxRate, PaidOut, RampFailure};
use domain::ramp_address::{AddressPurpose, RampAddress};
use domain::ramp_deposit::{self, CreditAsk, RampDeposit};
use domain::ramp_quote::RampQuote;
use domain::ramp_session::{EarlierSessions, RampSession};
use domain::ramp_user::{RampUser, RampUserAsk, Sealing, UserType};
use domain::sandbox::{SandboxCase, SandboxOutcome};
use domain::screening_review::{ReviewSubject, ScreeningReview};
use domain::secret::{Entropy, KeyRing};
use domain::token::TokenId;
use domain::virtual_account::{VirtualAccount, VirtualAccountStatus};

use crate::samples::{MERCHANT, NOW, fresh, key, text};

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
        asset: Asset::Token { network: Network::Base, token_id: TokenId(5) },
        source: TokenAmount(1 << 99),
        fee: TokenAmount(7),
        currency: Currency::EUR,
        target: TokenAmount(9_200),
        rate: RATE,
        value: Usd(100_000_000),
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
        asset: Asset::Token { network: Network::Base, token_id: TokenId(5) },
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
        settled: PaidOut::default(),
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
        settled: PaidOut { received: Some(TokenAmount(9_150)), ..PaidOut::default() },
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
        review_id: None,
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
        review_id: Some(key(55).into()),
        next_at: None,
        ..row
    }
}

pub const RAMP_KEYS: [u8; 32] = [1; 32];

pub fn ramp_user() -> RampUser {
    let ask = RampUserAsk {
        kind: UserType::Business,
        is_self: true,
        name: "Zoë & Söhne".into(),
        email: text("a@example.com"),
        country: Country::parse("DE").expect("a country"),
        address: None,
        birth_date: text("1990-02-28"),
        identifications: Vec::new(),
        external_id: text("customer 7"),
    };
    let keys = KeyRing::new(&RAMP_KEYS, &[]);
    let sealing = Sealing { keys: &keys, entropy: &Entropy::new([3; 32]) };
    let place = (MERCHANT, Environment::Mainnet);
    RampUser::create(place, ask, sealing, &mut fresh(41)).expect("a sound user")
}

pub fn kyc_case() -> KycCase {
    let started =
        kyc::start(&ramp_user(), None, KycLevel::Standard, Origin::default(), &mut fresh(42));
    started.expect("a first case").0
}

pub fn bank_account() -> BankAccount {
    let ask = BankAccountAsk {
        country: Country::parse("DE").expect("a country"),
        currency: Currency::EUR,
        method: PayoutMethod::Sepa,
        holder_name: "Zoë Müller".into(),
        fields: [("iban".to_owned(), "DE89 3704 0044 0532 0130 00".to_owned())].into(),
    };
    let keys = KeyRing::new(&RAMP_KEYS, &[]);
    let sealing = Sealing { keys: &keys, entropy: &Entropy::new([4; 32]) };
    BankAccount::create(&ramp_user(), ask, sealing, &mut fresh(43)).expect("a sound account")
}

pub fn ramp_deposit() -> RampDeposit {
    let asset = Asset::Token { network: Network::Base, token_id: TokenId(5) };
    let ask = CreditAsk { asset, amount: TokenAmount(1 << 99) };
    let made = ramp_deposit::credit(&ramp_user(), ask, Origin::default(), &mut fresh(44));
    made.expect("a sound credit").0
}

pub fn ramp_session() -> RampSession {
    let minted = RampSession::mint(&ramp_user(), None, EarlierSessions::Keep, &mut fresh(45));
    minted.expect("an open user").0
}

pub fn screening_review() -> ScreeningReview {
    let subject = ReviewSubject::Destination { object: key(46), address: "0xa".into() };
    let whose = (MERCHANT, Environment::Mainnet);
    ScreeningReview::open(whose, subject, None, "list:7".into(), &mut fresh(47))
}
