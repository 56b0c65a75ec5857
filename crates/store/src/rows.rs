//! Every noun's table on one page, and the one place that turns any record into cells.
//!
//! How a single noun becomes cells and back stands in the file of that noun. The matches are
//! exhaustive, so that a noun without a table does not compile.

use domain::allowed_destination::AllowedDestination;
use domain::api_key::ApiKey;
use domain::audit::AuditEntry;
use domain::bank_account::BankAccount;
use domain::cart::Cart;
use domain::challenge::WalletChallenge;
use domain::changes::{Noun, Record};
use domain::claim::Claim;
use domain::commerce_rates::CommerceRates;
use domain::delivery::{Attempt, Delivery};
use domain::deposit_address::DepositAddress;
use domain::estimate::Estimate;
use domain::follow::FollowCursor;
use domain::idempotency::IdempotencyRow;
use domain::invoice::Invoice;
use domain::known_price::KnownPrice;
use domain::kyc::KycCase;
use domain::ledger::{ChainHead, ChainLink, Hold, LedgerDay};
use domain::member::Member;
use domain::merchant::Merchant;
use domain::network_pause::NetworkPause;
use domain::onchain_deposit::OnchainDeposit;
use domain::onramp::Onramp;
use domain::order::Order;
use domain::password::PasswordReset;
use domain::payment::Payment;
use domain::payout::Payout;
use domain::product::Product;
use domain::quote::Quote;
use domain::ramp_address::RampAddress;
use domain::ramp_deposit::RampDeposit;
use domain::ramp_quote::RampQuote;
use domain::ramp_session::RampSession;
use domain::ramp_user::RampUser;
use domain::receipt_mail::ReceiptMail;
use domain::refund::Refund;
use domain::sandbox::SandboxCase;
use domain::screening_review::ScreeningReview;
use domain::send::Send;
use domain::sequence::Sequence;
use domain::session::Session;
use domain::settlement::Settlement;
use domain::settlement_rule::SettlementRule;
use domain::settlement_wallet::SettlementWallet;
use domain::shipping_address::ShippingAddress;
use domain::sign_in::SignIn;
use domain::simulated::{SimulatedChain, SimulatedTransaction};
use domain::slot::Slot;
use domain::token_rule::TokenRule;
use domain::unmatched::Unmatched;
use domain::verification::Verification;
use domain::virtual_account::VirtualAccount;
use domain::watch::WatchCursor;
use domain::webhook_endpoint::WebhookEndpoint;

use crate::row::{Row, Table, Value};

static TABLES: [&Table; 58] = [
    &Merchant::TABLE,
    &Member::TABLE,
    &ApiKey::TABLE,
    &Invoice::TABLE,
    &Session::TABLE,
    &Payment::TABLE,
    &Quote::TABLE,
    &DepositAddress::TABLE,
    &IdempotencyRow::TABLE,
    &Claim::TABLE,
    &Sequence::TABLE,
    &TokenRule::TABLE,
    &Unmatched::TABLE,
    &Verification::TABLE,
    &SignIn::TABLE,
    &WalletChallenge::TABLE,
    &PasswordReset::TABLE,
    &AuditEntry::TABLE,
    &WatchCursor::TABLE,
    &Slot::TABLE,
    &SimulatedChain::TABLE,
    &SimulatedTransaction::TABLE,
    &WebhookEndpoint::TABLE,
    &Delivery::TABLE,
    &Attempt::TABLE,
    &FollowCursor::TABLE,
    &Hold::TABLE,
    &ChainLink::TABLE,
    &ChainHead::TABLE,
    &LedgerDay::TABLE,
    &KnownPrice::TABLE,
    &RampUser::TABLE,
    &KycCase::TABLE,
    &BankAccount::TABLE,
    &RampDeposit::TABLE,
    &RampSession::TABLE,
    &ScreeningReview::TABLE,
    &RampQuote::TABLE,
    &Payout::TABLE,
    &SandboxCase::TABLE,
    &RampAddress::TABLE,
    &OnchainDeposit::TABLE,
    &VirtualAccount::TABLE,
    &Onramp::TABLE,
    &SettlementWallet::TABLE,
    &SettlementRule::TABLE,
    &Settlement::TABLE,
    &Send::TABLE,
    &Refund::TABLE,
    &NetworkPause::TABLE,
    &AllowedDestination::TABLE,
    &Product::TABLE,
    &Cart::TABLE,
    &CommerceRates::TABLE,
    &ShippingAddress::TABLE,
    &Estimate::TABLE,
    &Order::TABLE,
    &ReceiptMail::TABLE,
];

/// All tables of nouns, each at the place of its noun.
pub(crate) fn tables() -> &'static [&'static Table] {
    &TABLES
}

pub(crate) fn table_of(noun: Noun) -> &'static Table {
    match noun {
        Noun::Merchant => &Merchant::TABLE,
        Noun::Member => &Member::TABLE,
        Noun::ApiKey => &ApiKey::TABLE,
        Noun::Invoice => &Invoice::TABLE,
        Noun::Session => &Session::TABLE,
        Noun::Payment => &Payment::TABLE,
        Noun::Quote => &Quote::TABLE,
        Noun::DepositAddress => &DepositAddress::TABLE,
        Noun::Idempotency => &IdempotencyRow::TABLE,
        Noun::Claim => &Claim::TABLE,
        Noun::Sequence => &Sequence::TABLE,
        Noun::TokenRule => &TokenRule::TABLE,
        Noun::Unmatched => &Unmatched::TABLE,
        Noun::Verification => &Verification::TABLE,
        Noun::SignIn => &SignIn::TABLE,
        Noun::WalletChallenge => &WalletChallenge::TABLE,
        Noun::PasswordReset => &PasswordReset::TABLE,
        Noun::AuditEntry => &AuditEntry::TABLE,
        Noun::WatchCursor => &WatchCursor::TABLE,
        Noun::Slot => &Slot::TABLE,
        Noun::SimulatedChain => &SimulatedChain::TABLE,
        Noun::SimulatedTransaction => &SimulatedTransaction::TABLE,
        Noun::WebhookEndpoint => &WebhookEndpoint::TABLE,
        Noun::Delivery => &Delivery::TABLE,
        Noun::Attempt => &Attempt::TABLE,
        Noun::FollowCursor => &FollowCursor::TABLE,
        Noun::Hold => &Hold::TABLE,
        Noun::ChainLink => &ChainLink::TABLE,
        Noun::ChainHead => &ChainHead::TABLE,
        Noun::LedgerDay => &LedgerDay::TABLE,
        Noun::KnownPrice => &KnownPrice::TABLE,
        Noun::RampUser => &RampUser::TABLE,
        Noun::KycCase => &KycCase::TABLE,
        Noun::BankAccount => &BankAccount::TABLE,
        Noun::RampDeposit => &RampDeposit::TABLE,
        Noun::RampSession => &RampSession::TABLE,
        Noun::ScreeningReview => &ScreeningReview::TABLE,
        Noun::RampQuote => &RampQuote::TABLE,
        Noun::Payout => &Payout::TABLE,
        Noun::SandboxCase => &SandboxCase::TABLE,
        Noun::RampAddress => &RampAddress::TABLE,
        Noun::OnchainDeposit => &OnchainDeposit::TABLE,
        Noun::VirtualAccount => &VirtualAccount::TABLE,
        Noun::Onramp => &Onramp::TABLE,
        Noun::SettlementWallet => &SettlementWallet::TABLE,
        Noun::SettlementRule => &SettlementRule::TABLE,
        Noun::Settlement => &Settlement::TABLE,
        Noun::Send => &Send::TABLE,
        Noun::Refund => &Refund::TABLE,
        Noun::NetworkPause => &NetworkPause::TABLE,
        Noun::AllowedDestination => &AllowedDestination::TABLE,
        Noun::Product => &Product::TABLE,
        Noun::Cart => &Cart::TABLE,
        Noun::CommerceRates => &CommerceRates::TABLE,
        Noun::ShippingAddress => &ShippingAddress::TABLE,
        Noun::Estimate => &Estimate::TABLE,
        Noun::Order => &Order::TABLE,
        Noun::ReceiptMail => &ReceiptMail::TABLE,
    }
}

/// The cells of a record, in the order of its table's columns.
pub(crate) fn encode(record: Record) -> Vec<Value> {
    match record {
        Record::Merchant(row) => row.encode(),
        Record::Member(row) => row.encode(),
        Record::ApiKey(row) => row.encode(),
        Record::Invoice(row) => row.encode(),
        Record::Session(row) => row.encode(),
        Record::Payment(row) => row.encode(),
        Record::Quote(row) => row.encode(),
        Record::DepositAddress(row) => row.encode(),
        Record::Idempotency(row) => row.encode(),
        Record::Claim(row) => row.encode(),
        Record::Sequence(row) => row.encode(),
        Record::TokenRule(row) => row.encode(),
        Record::Unmatched(row) => row.encode(),
        Record::Verification(row) => row.encode(),
        Record::SignIn(row) => row.encode(),
        Record::WalletChallenge(row) => row.encode(),
        Record::PasswordReset(row) => row.encode(),
        Record::AuditEntry(row) => row.encode(),
        Record::WatchCursor(row) => row.encode(),
        Record::Slot(row) => row.encode(),
        Record::SimulatedChain(row) => row.encode(),
        Record::SimulatedTransaction(row) => row.encode(),
        Record::WebhookEndpoint(row) => row.encode(),
        Record::Delivery(row) => row.encode(),
        Record::Attempt(row) => row.encode(),
        Record::FollowCursor(row) => row.encode(),
        Record::Hold(row) => row.encode(),
        Record::ChainLink(row) => row.encode(),
        Record::ChainHead(row) => row.encode(),
        Record::LedgerDay(row) => row.encode(),
        Record::KnownPrice(row) => row.encode(),
        Record::RampUser(row) => row.encode(),
        Record::KycCase(row) => row.encode(),
        Record::BankAccount(row) => row.encode(),
        Record::RampDeposit(row) => row.encode(),
        Record::RampSession(row) => row.encode(),
        Record::ScreeningReview(row) => row.encode(),
        Record::RampQuote(row) => row.encode(),
        Record::Payout(row) => row.encode(),
        Record::SandboxCase(row) => row.encode(),
        Record::RampAddress(row) => row.encode(),
        Record::OnchainDeposit(row) => row.encode(),
        Record::VirtualAccount(row) => row.encode(),
        Record::Onramp(row) => row.encode(),
        Record::SettlementWallet(row) => row.encode(),
        Record::SettlementRule(row) => row.encode(),
        Record::Settlement(row) => row.encode(),
        Record::Send(row) => row.encode(),
        Record::Refund(row) => row.encode(),
        Record::NetworkPause(row) => row.encode(),
        Record::AllowedDestination(row) => row.encode(),
        Record::Product(row) => row.encode(),
        Record::Cart(row) => row.encode(),
        Record::CommerceRates(row) => row.encode(),
        Record::ShippingAddress(row) => row.encode(),
        Record::Estimate(row) => row.encode(),
        Record::Order(row) => row.encode(),
        Record::ReceiptMail(row) => row.encode(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_stands_at_the_place_of_its_noun_and_has_its_own_name() {
        let mut names = std::collections::HashSet::new();
        for (at, table) in tables().iter().enumerate() {
            assert_eq!(table.noun as usize, at, "{}", table.name);
            assert_eq!(table_of(table.noun).name, table.name);
            assert!(names.insert(table.name), "{}", table.name);
        }
    }
}
