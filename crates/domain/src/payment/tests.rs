//! The rules of payments as tests: a small world that applies every change and checks what must
//! always hold, whatever order transfers, blocks, reorgs, expiry and the merchant come in.

mod counted;
mod swept;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::address::Address;
use crate::audit::Actor;
use crate::chain::{AssetRef, BlockRef, ChainTransfer, Reach};
use crate::changes::{Changes, Record};
use crate::deposit_address::{AddressOwner, DepositAddress};
use crate::event::Origin;
use crate::ids::{Fresh, MerchantId};
use crate::invoice::{self, Expiry, Invoice, InvoiceAsk, InvoiceStatus};
use crate::ledger::AccountKind;
use crate::merchant::{Merchant, Tolerance};
use crate::money::Rate;
use crate::network::Depths;
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::send::Touched;

const NETWORK: Network = Network::Base;
const START: Timestamp = Timestamp(1_766_320_496_000);
const REQUIRED: u64 = 2;

fn token(symbol: &str) -> &'static Token {
    let found = Token::of(Environment::Devnet)
        .find(|token| token.network == NETWORK && token.symbol == symbol);
    found.expect("a devnet token")
}

/// One invoice of 100 dollars, its payments and the ledger.
struct World {
    invoice: Invoice,
    payments: BTreeMap<PaymentId, Payment>,
    balances: BTreeMap<AccountKind, i128>,
    address: DepositAddress,
    now: Timestamp,
    head: u64,
    ids: u8,
    is_blocked: bool,
}

impl World {
    fn new(tolerance_bps: i64) -> World {
        let mut merchant = Merchant::new(MerchantId(1), "Shop", "a@example.com", START);
        merchant.tolerance_devnet =
            Tolerance { basis_points: tolerance_bps, most: Usd::from_dollars(5) };
        let ask = InvoiceAsk {
            amount: Usd::from_dollars(100),
            expires_in_ms: Some(60_000),
            ..InvoiceAsk::default()
        };
        let mut fresh = Fresh::new(START, [1; 16]);
        let environment = Environment::Devnet;
        let made = invoice::create(ask, &merchant, environment, Origin::default(), &mut fresh);
        let mut invoice = made.expect("a valid ask").invoice;
        invoice.version = 1;
        let address = Address::from_payload(NETWORK.family(), environment, &[9; 32]);
        let whose = (invoice.merchant_id, environment);
        let target = (AddressOwner::Invoice(invoice.id), 0);
        let address = DepositAddress::new(whose, NETWORK, &address, target, START);
        World {
            invoice,
            payments: BTreeMap::new(),
            balances: BTreeMap::new(),
            address,
            now: START,
            head: 100,
            ids: 2,
            is_blocked: false,
        }
    }

    fn fresh(&mut self) -> Fresh {
        self.ids = self.ids.wrapping_add(1);
        Fresh::new(self.now, [self.ids; 16])
    }

    fn apply(&mut self, changes: Changes) {
        let before = self.invoice.status;
        for record in changes.inserts.into_iter().chain(changes.updates) {
            match record {
                Record::Invoice(invoice) => self.invoice = *invoice,
                Record::Payment(payment) => {
                    self.payments.insert(payment.id, *payment);
                }
                _ => {}
            }
        }
        for transfer in changes.transfers {
            let amount = i128::try_from(transfer.amount.0).expect("small");
            *self.balances.entry(transfer.debit.kind).or_default() -= amount;
            *self.balances.entry(transfer.credit.kind).or_default() += amount;
        }
        self.check_invariants(before);
    }

    fn check_invariants(&self, before: InvoiceStatus) {
        let sum = |wanted: &dyn Fn(&Payment) -> bool| {
            let chosen = self.payments.values().filter(|payment| wanted(payment));
            Usd(chosen.map(|payment| payment.counted_value().0).sum())
        };
        let confirmed = sum(&|payment| payment.is_counted && payment.status.is_confirmed());
        assert_eq!(self.invoice.amount_paid, confirmed, "amount paid");
        let pending = sum(&|payment| payment.is_counted && payment.status.is_waiting());
        assert_eq!(self.invoice.amount_pending, pending, "amount pending");
        assert_eq!(self.balances.values().sum::<i128>(), 0, "the ledger sums to zero");
        let owed: i128 = self
            .payments
            .values()
            .filter(|payment| payment.posting == Posting::Merchant)
            .map(|payment| payment.amount.0 as i128)
            .sum();
        let merchant = self.balances.get(&AccountKind::Merchant).copied().unwrap_or(0);
        assert_eq!(merchant, owed, "what the merchant is owed");
        assert!(self.invoice.amount_remaining() >= Usd::ZERO);
        self.check_transition(before);
    }

    fn check_transition(&self, before: InvoiceStatus) {
        use InvoiceStatus::{Canceled, Expired, Paid, Underpaid, Unpaid};
        let after = self.invoice.status;
        let is_allowed = match (before, after) {
            (one, other) if one == other => true,
            (Unpaid, Paid | Underpaid | Expired | Canceled) => true,
            (Underpaid, Paid | Expired) => true,
            (Expired, Paid) => true,
            _ => false,
        };
        assert!(is_allowed, "{before:?} became {after:?}");
    }

    fn transfer(&self, number: u8, symbol: &str, base: u128) -> ChainTransfer {
        let contract = token(symbol).address;
        ChainTransfer {
            tx_hash: format!("0x{number:064x}"),
            ordinal: 0,
            log_index: Some(0),
            asset: contract.map_or(AssetRef::Native, |text| AssetRef::Contract(text.into())),
            amount: Some(TokenAmount(base)),
            from: Some("0x0000000000000000000000000000000000000001".into()),
            to: self.address.address.clone(),
            block: BlockRef {
                number: self.head,
                hash: format!("{}-{}", self.head, self.now.0),
                time: self.now,
            },
        }
    }

    fn see(&mut self, number: u8, symbol: &str, base: u128) -> bool {
        let transfer = self.transfer(number, symbol, base);
        let known = self.payments.values().find(|known| known.tx_hash == transfer.tx_hash);
        let known = known.cloned();
        let mut fresh = self.fresh();
        let rate = if symbol == "ETH" { Rate::parse("3000").expect("a rate") } else { Rate::PAR };
        let sighting = Sighting {
            network: NETWORK,
            transfer: &transfer,
            identity: transfer.identity(Environment::Devnet, NETWORK),
            address: &self.address,
            invoice: &self.invoice,
            known: known.as_ref(),
            quotes: &[],
            rate: Some(rate),
            is_token_blocked: self.is_blocked,
            depths: Depths::all(REQUIRED),
            head: self.head,
        };
        let changes = see(&sighting, &mut fresh);
        let is_news = changes.is_some();
        changes.into_iter().for_each(|changes| self.apply(changes));
        is_news
    }

    fn pay_dollars(&mut self, number: u8, dollars: u128) {
        self.see(number, "USDC", dollars * 1_000_000);
    }

    /// A block passes; what is deep enough is confirmed.
    fn mine(&mut self) {
        self.head += 1;
        self.now = self.now.plus_ms(1_000);
        self.confirm_all();
    }

    fn confirm_all(&mut self) {
        let ids: Vec<PaymentId> = self.payments.keys().copied().collect();
        for id in ids {
            let mut fresh = self.fresh();
            let is_short = |payment: &&Payment| payment.status == PaymentStatus::Underpaid;
            let confirmation = Confirmation {
                crediting: None,
                payment: &self.payments[&id],
                invoice: &self.invoice,
                underpaid: self.payments.values().filter(is_short).cloned().collect(),
                reach: Reach::to(self.head),
            };
            let changes = confirm(confirmation, &mut fresh);
            changes.into_iter().for_each(|changes| self.apply(changes));
        }
    }

    fn revert(&mut self, number: u8) {
        let hash = format!("0x{number:064x}");
        let known = self.payments.values().find(|known| known.tx_hash == hash).cloned();
        if let Some(known) = known {
            let mut fresh = self.fresh();
            let changes = revert(&known, &self.invoice, None, self.head, &mut fresh);
            changes.into_iter().for_each(|changes| self.apply(changes));
        }
    }

    fn expire(&mut self) -> bool {
        if !self.invoice.status.is_open() || self.now < self.invoice.expires_at {
            return false;
        }
        match invoice::expire(&self.invoice, Some(self.now), self.now) {
            Expiry::Expire(changes) => {
                self.apply(changes);
                true
            }
            Expiry::Wait(changes, _) => {
                self.apply(changes);
                false
            }
        }
    }

    fn cancel(&mut self) -> Result<(), Refusal> {
        let (_, changes) = invoice::cancel(&self.invoice, Origin::default(), self.now)?;
        self.apply(changes);
        Ok(())
    }

    fn accept(&mut self) -> Result<(), Refusal> {
        let mut fresh = self.fresh();
        let payments = self.payments.values().cloned().collect();
        let head = self.head;
        let of = |_: Network| head;
        let (_, changes) =
            invoice::accept(&self.invoice, payments, None, &of, Origin::default(), &mut fresh)?;
        self.apply(changes);
        Ok(())
    }

    fn payment(&self, number: u8) -> &Payment {
        let hash = format!("0x{number:064x}");
        self.payments.values().find(|payment| payment.tx_hash == hash).expect("was seen")
    }

    fn pass_pay_by(&mut self) {
        self.now = self.invoice.expires_at.plus_ms(1_000);
    }
}

#[test]
fn an_exact_payment_pays_once_it_is_deep_enough() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    assert_eq!(world.invoice.status, InvoiceStatus::Unpaid);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.payment(1).status, PaymentStatus::Confirmed);
    assert_eq!(world.invoice.amount_overpaid(), Usd::ZERO);
}

#[test]
fn a_transfer_told_twice_counts_once() {
    let mut world = World::new(0);
    assert!(world.see(1, "USDC", 100_000_000));
    assert!(!world.see(1, "USDC", 100_000_000));
    world.mine();
    world.confirm_all();
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(100));
}

#[test]
fn a_short_payment_locks_and_a_top_up_confirms_both() {
    let mut world = World::new(0);
    world.pay_dollars(1, 40);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Underpaid);
    assert_eq!(world.payment(1).status, PaymentStatus::Underpaid);
    assert!(world.invoice.lock.is_some());
    world.pay_dollars(2, 60);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.payment(1).status, PaymentStatus::Confirmed);
}

#[test]
fn another_token_after_the_lock_is_kept_but_not_counted() {
    let mut world = World::new(0);
    world.pay_dollars(1, 40);
    world.mine();
    world.see(2, "ETH", 20_000_000_000_000_000);
    world.mine();
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(40));
    assert!(!world.payment(2).is_counted);
    assert_eq!(world.payment(2).settlement_status, SettlementStatus::Manual);
    assert_eq!(world.payment(2).posting, Posting::Suspense);
}

#[test]
fn a_blocked_token_is_kept_but_not_counted() {
    let mut world = World::new(0);
    world.is_blocked = true;
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Unpaid);
    assert_eq!(world.cancel(), Err(Refusal::NotCancelable));
}

#[test]
fn a_transfer_worth_nothing_is_kept_but_binds_nobody() {
    let mut world = World::new(0);
    world.see(1, "USDC", 0);
    world.see(2, "ETH", 1);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Unpaid);
    assert_eq!(world.invoice.lock, None);
    assert_eq!(world.payment(2).settlement_status, SettlementStatus::Manual);
}

#[test]
fn what_is_missing_within_the_tolerance_is_forgiven() {
    let mut world = World::new(200);
    world.see(1, "USDC", 98_000_000);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    let mut world = World::new(200);
    world.see(1, "USDC", 97_999_999);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Underpaid);
}

#[test]
fn more_than_asked_is_paid_and_shown_as_overpaid() {
    let mut world = World::new(0);
    world.pay_dollars(1, 150);
    world.mine();
    world.pay_dollars(2, 5);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.invoice.amount_overpaid(), Usd::from_dollars(55));
}

#[test]
fn expiry_waits_for_a_pending_payment_that_would_pay() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.now = world.invoice.expires_at;
    assert!(!world.expire());
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
}

#[test]
fn expiry_does_not_wait_for_a_pending_payment_that_is_too_small() {
    let mut world = World::new(0);
    world.pay_dollars(1, 40);
    world.pass_pay_by();
    assert!(world.expire());
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Expired);
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(40));
    assert_eq!(world.payment(1).settlement_status, SettlementStatus::Manual);
}

#[test]
fn a_late_payment_keeps_the_invoice_expired_until_the_merchant_accepts() {
    let mut world = World::new(0);
    world.pass_pay_by();
    assert!(world.expire());
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Expired);
    assert!(world.payment(1).is_late && !world.payment(1).is_counted);
    assert_eq!(world.accept(), Ok(()));
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.payment(1).posting, Posting::Merchant);
    assert_eq!(world.accept(), Err(Refusal::NotResolvable));
}

#[test]
fn nothing_that_arrived_is_nothing_to_accept() {
    let mut world = World::new(0);
    world.pass_pay_by();
    assert!(world.expire());
    assert_eq!(world.accept(), Err(Refusal::NothingToAccept));
}

#[test]
fn an_invoice_with_any_payment_cannot_be_canceled() {
    let mut world = World::new(0);
    world.pay_dollars(1, 1);
    assert_eq!(world.cancel(), Err(Refusal::NotCancelable));
    let mut world = World::new(0);
    assert_eq!(world.cancel(), Ok(()));
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Canceled);
    assert_eq!(world.payment(1).settlement_status, SettlementStatus::Manual);
}

#[test]
fn a_reorg_takes_a_pending_payment_and_may_bring_it_back() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.revert(1);
    assert_eq!(world.payment(1).status, PaymentStatus::Reverted);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Unpaid);
    assert!(world.see(1, "USDC", 100_000_000));
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.payments.len(), 1);
}

#[test]
fn a_deep_reorg_leaves_the_invoice_paid_and_the_money_in_suspense() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.mine();
    world.revert(1);
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.invoice.amount_paid, Usd::ZERO);
    assert_eq!(world.payment(1).settlement_status, SettlementStatus::Manual);
    assert_eq!(world.balances[&AccountKind::Suspense], 100_000_000);
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(100));
    assert_eq!(world.balances[&AccountKind::Suspense], 0);
}

#[test]
fn a_payment_that_comes_back_after_pay_by_is_late() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.revert(1);
    world.pass_pay_by();
    assert!(world.expire());
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Expired);
    assert!(world.payment(1).is_late && !world.payment(1).is_counted);
    assert_eq!(world.invoice.amount_paid, Usd::ZERO);
}

#[test]
fn a_transfer_of_nothing_binds_nobody() {
    let mut world = World::new(0);
    world.pay_dollars(1, 0);
    world.mine();
    assert!(world.invoice.lock.is_none());
    assert_eq!(world.cancel(), Ok(()));
}

/// One thing that happens in the world.
#[derive(Clone, Debug)]
enum Happening {
    Pay { number: u8, dollars: u128 },
    PayEther { number: u8 },
    Mine,
    Revert { number: u8 },
    Expire,
    Cancel,
    Accept,
    PassPayBy,
    ToggleBlock,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0_u8..6, 0_u128..130)
            .prop_map(|(number, dollars)| Happening::Pay { number, dollars }),
        1 => (6_u8..8).prop_map(|number| Happening::PayEther { number }),
        4 => Just(Happening::Mine),
        2 => (0_u8..8).prop_map(|number| Happening::Revert { number }),
        1 => Just(Happening::Expire),
        1 => Just(Happening::Cancel),
        1 => Just(Happening::Accept),
        1 => Just(Happening::PassPayBy),
        1 => Just(Happening::ToggleBlock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn whatever_happens_sums_hold_and_states_only_go_forward(
        happenings in proptest::collection::vec(happening(), 1..40),
        tolerance_bps in 0_i64..500,
    ) {
        let mut world = World::new(tolerance_bps);
        for happening in happenings {
            match happening {
                Happening::Pay { number, dollars } => world.pay_dollars(number, dollars),
                Happening::PayEther { number } => {
                    world.see(number, "ETH", 10_000_000_000_000_000);
                }
                Happening::Mine => world.mine(),
                Happening::Revert { number } => world.revert(number),
                Happening::Expire => drop(world.expire()),
                Happening::Cancel => drop(world.cancel()),
                Happening::Accept => drop(world.accept()),
                Happening::PassPayBy => world.pass_pay_by(),
                Happening::ToggleBlock => world.is_blocked = !world.is_blocked,
            }
        }
    }
}
