//! What moves an on-ramp, in every order reports can come in: no money is made or lost.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::changes::Record;
use crate::country::Country;
use crate::kyc::{Approval, KycStatus, Standing};
use crate::ramp_user::{Screening, UserType};
use crate::screening_review::Verdict;

pub(crate) const NOW: Timestamp = Timestamp(1_766_320_496_000);

struct World {
    onramp: Onramp,
    hold: Option<Hold>,
    user: RampUser,
    balances: HashMap<RowKey, (i128, i128)>,
    fresh: Fresh,
}

pub(crate) fn user() -> RampUser {
    let expires_at = NOW.plus_ms(400 * DAY_MS);
    let approval = Approval { level: KycLevel::Enhanced, approved_at: NOW, expires_at };
    RampUser {
        id: RampUserId::fresh(&mut Fresh::new(NOW, [1; 16])),
        merchant_id: MerchantId(1),
        environment: Environment::Devnet,
        kind: UserType::Individual,
        is_self: false,
        name: "Ada Lovelace".into(),
        email: None,
        country: Country::parse("DE").expect("a country"),
        address: None,
        external_id: None,
        person: None,
        has_birth_date: false,
        identification_count: 0,
        screening: Screening::Clear,
        kyc: Standing {
            case_status: KycStatus::Approved,
            approval: Some(approval),
            ..Standing::default()
        },
        sessions_from: NOW,
        bank_account_count: 0,
        references: Default::default(),
        closed_at: None,
        erased_at: None,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

impl World {
    fn start() -> World {
        let (user, mut fresh) = (user(), Fresh::new(NOW, [2; 16]));
        let token = Token::of(Environment::Devnet).find(|token| token.is_usd_stable());
        let ask = OnrampAsk {
            currency: Currency::EUR,
            amount: TokenAmount(9_200),
            token: token.expect("devnet has one"),
            wallet: "0xabc".into(),
            rate: FxRate::parse("0.92").expect("a rate"),
            origin: Origin::default(),
        };
        let (onramp, changes, _) = create(&user, ask, &mut fresh).expect("is made");
        let mut world = World { onramp, hold: None, user, balances: HashMap::new(), fresh };
        world.take(Some(changes));
        let told = Attempted::Accepted(("theirs".to_owned(), FiatInstructions::default()));
        let changes = world.onramp.opened(told, &world.user, NOW);
        world.take(changes);
        world
    }

    /// Commits.
    fn take(&mut self, changes: Option<Changes>) {
        let Some(changes) = changes else { return };
        for transfer in &changes.transfers {
            let amount = transfer.amount.0 as i128;
            let debit = self.balances.entry(transfer.debit.key()).or_default();
            debit.0 -= transfer.phase.moves() * amount;
            debit.1 += transfer.phase.reserves() * amount;
            let credit = self.balances.entry(transfer.credit.key()).or_default();
            credit.0 += transfer.phase.moves() * amount;
        }
        let mut holds = Vec::new();
        for row in changes.inserts.into_iter().chain(changes.updates) {
            match row {
                Record::Onramp(onramp) => self.onramp = *onramp,
                Record::Hold(hold) => holds.push(*hold),
                _ => {}
            }
        }
        // One that ends and the next may come together.
        let its = holds.into_iter().find(|hold| Some(hold.id) == self.onramp.hold_id);
        self.hold = its.or(self.hold.take());
    }

    fn report(&mut self, report: OnrampReport) {
        let around = (self.hold.clone(), &self.user);
        let changes = reduce(self.onramp.clone(), report, around, &mut self.fresh);
        self.take(changes);
    }

    fn balance(&self, kind: AccountKind, asset: Asset) -> (i128, i128) {
        let key = self.onramp.account(kind, asset).key();
        self.balances.get(&key).copied().unwrap_or_default()
    }

    fn check(&self) {
        assert_eq!(self.balances.values().map(|(balance, _)| balance).sum::<i128>(), 0);
        let (bank, token) = (Asset::Currency(Currency::EUR), self.onramp.token());
        let received = self.onramp.received.map_or(0, |amount| amount.0 as i128);
        // What is above what was asked for stays bank money.
        let rest = (received - self.onramp.amount.0 as i128).max(0);
        let target = self.onramp.target.0 as i128;
        let users = (self.balance(AccountKind::User, bank), self.balance(AccountKind::User, token));
        let expected = match self.onramp.status {
            OnrampStatus::AwaitingFiat | OnrampStatus::Expired | OnrampStatus::Refunded => {
                ((0, 0), (0, 0))
            }
            OnrampStatus::FiatReceived => ((received, received - rest), (0, 0)),
            OnrampStatus::Failed if self.onramp.is_refused() => ((0, 0), (0, 0)),
            OnrampStatus::Failed => ((received, 0), (0, 0)),
            OnrampStatus::Converting => ((rest, 0), (target, target)),
            OnrampStatus::Sent | OnrampStatus::Completed => ((rest, 0), (0, 0)),
            OnrampStatus::InReview => ((0, 0), (0, 0)),
        };
        assert_eq!(users, expected, "{:?}", self.onramp.status);
        let held = self.onramp.review_id.map_or(0, |_| received);
        assert_eq!(self.balance(AccountKind::Suspense, bank), (held, 0));
    }
}

#[test]
fn what_really_came_in_is_converted() {
    let mut world = World::start();
    let amount = TokenAmount(4_600);
    for _ in 0..2 {
        world.report(OnrampReport::FiatReceived { amount });
        world.check();
    }
    assert_eq!(world.onramp.status, OnrampStatus::Converting);
    assert_eq!((world.onramp.target.0, world.onramp.fee.0), (49_750_000, 250_000));
    world.report(OnrampReport::Completed { amount, tx_hash: Some("0x1".into()) });
    world.check();
    assert_eq!(world.onramp.status, OnrampStatus::Completed);
}

/// What counts against the limits in the end.
fn counted(changes: &Changes) -> i64 {
    changes.counters.iter().map(|counter| counter.by).sum()
}

#[test]
fn no_more_is_converted_than_was_asked_for() {
    let mut world = World::start();
    let amount = TokenAmount(920_000);
    for _ in 0..2 {
        world.report(OnrampReport::FiatReceived { amount });
        world.check();
    }
    assert_eq!((world.onramp.received, world.onramp.target.0), (Some(amount), 99_500_000));
    world.report(OnrampReport::Completed { amount, tx_hash: None });
    world.check();
    let bank = world.balance(AccountKind::User, Asset::Currency(Currency::EUR));
    assert_eq!(bank, (920_000 - 9_200, 0));
}

#[test]
fn what_does_not_cover_the_fee_is_booked_and_ends() {
    let mut world = World::start();
    world.onramp.rate = FxRate::parse("1000000000").expect("a rate");
    world.report(OnrampReport::FiatReceived { amount: TokenAmount(1) });
    world.check();
    assert_eq!((world.onramp.status, world.onramp.next_at), (OnrampStatus::Failed, None));
}

#[test]
fn what_was_sent_can_still_fail_or_go_back() {
    let amount = TokenAmount(9_200);
    let ends = [
        (OnrampReport::Refunded, OnrampStatus::Refunded),
        (OnrampReport::Failed(RampFailure::ComplianceRefused), OnrampStatus::Failed),
    ];
    for (report, end) in ends {
        let mut world = World::start();
        for _ in 0..3 {
            world.report(OnrampReport::Sent { amount, tx_hash: None });
        }
        assert_eq!(world.onramp.status, OnrampStatus::Sent);
        world.report(report);
        world.check();
        assert_eq!((world.onramp.status, world.onramp.next_at), (end, None));
    }
}

/// An on-ramp nobody paid in time.
fn expired() -> World {
    let mut world = World::start();
    world.fresh = Fresh::new(world.onramp.expires_at, [5; 16]);
    world.report(OnrampReport::AwaitingFiat);
    assert_eq!(world.onramp.status, OnrampStatus::Expired);
    world
}

#[test]
fn late_bank_money_is_looked_for_and_counted_again() {
    let mut world = expired();
    let day = world.onramp.expires_at.plus_ms(DAY_MS);
    assert_eq!(world.onramp.next_at, Some(day));
    world.fresh = Fresh::new(day, [6; 16]);
    let report = OnrampReport::FiatReceived { amount: TokenAmount(9_200) };
    let around = (None, &world.user);
    let changes = reduce(world.onramp.clone(), report.clone(), around, &mut world.fresh);
    assert_eq!(changes.as_ref().map(counted), Some(2 * world.onramp.value.0));
    world.take(changes);
    world.check();
    assert_eq!(
        (world.onramp.status, world.onramp.counted_at),
        (OnrampStatus::FiatReceived, Some(day))
    );
    let failed = OnrampReport::Failed(RampFailure::BankRejected);
    let changes =
        reduce(world.onramp.clone(), failed, around_of(&world), &mut Fresh::new(day, [7; 16]));
    assert_eq!(changes.as_ref().map(counted), Some(-2 * world.onramp.value.0));
    let name = changes.map(|changes| changes.counters[0].name.clone()).unwrap_or_default();
    assert!(name.ends_with(&day.rfc3339()[..10]), "{name}");
}

fn around_of(world: &World) -> (Option<Hold>, &RampUser) {
    (world.hold.clone(), &world.user)
}

#[test]
fn money_he_may_not_have_waits_until_a_human_decides_or_it_goes_back() {
    let amount = TokenAmount(9_200);
    for is_late in [false, true] {
        let held = || {
            let mut world = if is_late { expired() } else { World::start() };
            world.user.kyc.is_suspended = true;
            world.report(OnrampReport::FiatReceived { amount });
            world.check();
            assert_eq!(world.onramp.status, OnrampStatus::InReview);
            // Whatever else is said of it, it waits.
            world.report(OnrampReport::Completed { amount, tx_hash: None });
            world.report(OnrampReport::Failed(RampFailure::BankRejected));
            assert_eq!(world.onramp.status, OnrampStatus::InReview);
            world
        };
        let mut world = held();
        let changes = world.onramp.reviewed(Verdict::Approve, &world.user, &mut world.fresh);
        assert_eq!(changes.as_ref().map(counted), Some(0));
        world.take(changes);
        world.check();
        assert_eq!(world.onramp.status, OnrampStatus::FiatReceived);
        world.report(OnrampReport::Completed { amount, tx_hash: None });
        world.check();
        let mut world = held();
        world.report(OnrampReport::Refunded);
        world.check();
        assert_eq!(world.onramp.status, OnrampStatus::Refunded);
        let again = world.onramp.reviewed(Verdict::Approve, &world.user, &mut world.fresh);
        assert!(again.is_none());
        let mut world = held();
        let changes = world.onramp.reviewed(Verdict::Reject, &world.user, &mut world.fresh);
        world.take(changes);
        world.check();
        assert_eq!(world.onramp.failure, Some(RampFailure::DeclinedOnReview));
        world.report(OnrampReport::FiatReceived { amount });
        world.check();
        world.report(OnrampReport::Refunded);
        world.check();
        assert_eq!((world.onramp.status, world.onramp.next_at), (OnrampStatus::Refunded, None));
    }
}

#[test]
fn late_bank_money_above_a_limit_stays_bank_money() {
    let amount = TokenAmount(9_200);
    let mut world = expired();
    let changes = world.onramp.keep_late(&OnrampReport::FiatReceived { amount }, &mut world.fresh);
    world.take(changes);
    world.check();
    assert_eq!(world.onramp.failure, Some(RampFailure::LimitExceeded));
}

#[test]
fn late_looks_end_and_so_does_waiting_to_be_opened() {
    let mut world = expired();
    world.fresh = Fresh::new(world.onramp.expires_at.plus_ms(LATE_UNTIL_MS), [8; 16]);
    world.report(OnrampReport::AwaitingFiat);
    assert_eq!(world.onramp.next_at, None);
    let mut world = World::start();
    world.onramp.reference = None;
    assert_eq!(world.onramp.give_up(&world.user, NOW), None);
    let changes = world.onramp.give_up(&world.user, world.onramp.expires_at);
    world.take(changes);
    assert_eq!((world.onramp.status, world.onramp.next_at), (OnrampStatus::Expired, None));
}

#[test]
fn a_hold_that_ended_after_the_onramp_was_read_is_no_panic() {
    let mut world = World::start();
    let amount = TokenAmount(4_600);
    for _ in 0..2 {
        world.report(OnrampReport::FiatReceived { amount });
    }
    let converting = world.onramp.clone();
    world.report(OnrampReport::Sent { amount, tx_hash: None });
    let torn = (world.hold.clone(), &world.user);
    for report in [OnrampReport::Sent { amount, tx_hash: None }, OnrampReport::Refunded] {
        let changes = reduce(converting.clone(), report, torn.clone(), &mut world.fresh);
        assert!(changes.is_none());
    }
}

fn any_report() -> impl Strategy<Value = OnrampReport> {
    let amount = TokenAmount(9_200);
    prop_oneof![
        Just(OnrampReport::Absent),
        Just(OnrampReport::AwaitingFiat),
        Just(OnrampReport::FiatReceived { amount }),
        Just(OnrampReport::Sent { amount, tx_hash: None }),
        Just(OnrampReport::Completed { amount, tx_hash: None }),
        Just(OnrampReport::Refunded),
        Just(OnrampReport::Failed(RampFailure::BankRejected)),
    ]
}

proptest! {
    #[test]
    fn reports_in_any_order_neither_make_nor_lose_money(
        reports in proptest::collection::vec(any_report(), 0..24),
    ) {
        let mut world = World::start();
        for report in reports {
            world.report(report);
            world.check();
        }
    }
}
