//! What moves a payout, and what it does to the books: in every order reports can come in.

use proptest::prelude::*;

use super::*;
use crate::bank_account::BankAccount;
use crate::changes::Record;
use crate::corridor::Corridor;
use crate::ids::Fresh;
use crate::kyc::{Approval, KycLevel, KycStatus, Standing};
use crate::ledger::{Hold, HoldStatus, Phase, TransferReason};
use crate::provider::{Attempted, FxRate, PayoutReport};
use crate::ramp_quote::{LOCKED_MS, Pricing, RampQuote, RampQuoteAsk, Side};
use crate::ramp_user::{RampUser, Screening, UserType};
use crate::refusal::Refusal;
use crate::screening_review::Verdict;
use crate::token::Token;
use std::collections::HashMap;

const NOW: Timestamp = Timestamp(1_766_320_496_000);
const WHY: RampFailure = RampFailure::BankRejected;

/// A payout with everything around it, as the store would have it.
struct World {
    found: Found,
    balances: HashMap<RowKey, (i128, i128)>,
    limits: i64,
    statuses: Vec<PayoutStatus>,
    fresh: Fresh,
}

pub(crate) fn user() -> RampUser {
    let approval = Approval {
        level: KycLevel::Enhanced,
        approved_at: NOW,
        expires_at: NOW.plus_ms(400 * DAY_MS),
    };
    let mut fresh = Fresh::new(NOW, [1; 16]);
    RampUser {
        id: RampUserId::fresh(&mut fresh),
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
        bank_account_count: 1,
        references: Default::default(),
        closed_at: None,
        erased_at: None,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

fn account(user: &RampUser) -> BankAccount {
    BankAccount {
        id: BankAccountId::fresh(&mut Fresh::new(NOW, [2; 16])),
        user_id: user.id,
        merchant_id: user.merchant_id,
        environment: user.environment,
        country: Country::parse("DE").expect("a country"),
        currency: Currency::EUR,
        method: PayoutMethod::Sepa,
        holder_name: "Ada Lovelace".into(),
        last4: "3000".into(),
        numbers: None,
        screening: Screening::Clear,
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
        references: Default::default(),
        version: 1,
    }
}

fn quote(user: &RampUser) -> RampQuote {
    let token = Token::of(Environment::Devnet).find(|token| token.is_usd_stable());
    let corridor =
        Corridor::find(Country::parse("DE").expect("a country"), Currency::EUR, PayoutMethod::Sepa);
    let ask = RampQuoteAsk {
        merchant_id: user.merchant_id,
        environment: user.environment,
        user_id: Some(user.id),
        bank_account_id: None,
        asset: Asset::of_token(token.expect("devnet has one")),
        side: Side::Target(TokenAmount(9_200)),
    };
    let rate = FxRate::parse("0.92").expect("a rate");
    let corridor = corridor.expect("there is one");
    let pricing = Pricing { rate, dollars: FxRate::PAR };
    RampQuote::new(ask, corridor, pricing, &mut Fresh::new(NOW, [3; 16])).expect("a quote")
}

fn ask<'a>(user: &'a RampUser, account: &'a BankAccount, quote: &'a RampQuote) -> PayoutAsk<'a> {
    let origin = Origin::default();
    PayoutAsk { user, account, quote, hit: None, deposit_id: None, origin }
}

impl World {
    fn start(hit: Option<&str>) -> World {
        let (user, mut fresh) = (user(), Fresh::new(NOW, [4; 16]));
        let (account, quote) = (account(&user), quote(&user));
        let hit = hit.map(str::to_owned);
        let ask = PayoutAsk { hit, ..ask(&user, &account, &quote) };
        let made = create(ask, &mut fresh).expect("is made");
        let hold = hold_of(&made.changes).expect("is held");
        let found = Found { payout: made.payout, hold, user };
        let (balances, statuses) = (HashMap::new(), Vec::new());
        let mut world = World { found, balances, limits: 0, statuses, fresh };
        world.take(Some(made.changes));
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
        self.limits += changes.counters.iter().map(|one| one.by).sum::<i64>();
        for entry in &changes.entries {
            let data: serde_json::Value = serde_json::from_str(&entry.data).expect("JSON");
            let status = serde_json::from_value(data["object"]["status"].clone());
            self.statuses.push(status.expect("a status"));
        }
        if let Some(hold) = hold_of(&changes) {
            self.found.hold = hold;
        }
        let payout = changes.inserts.into_iter().chain(changes.updates).find_map(|row| match row {
            Record::Payout(payout) => Some(*payout),
            _ => None,
        });
        self.found.payout = payout.unwrap_or(self.found.payout.clone());
    }

    fn send(&mut self, answer: Attempted<String>) {
        let (_, changes) = send(&self.found.payout, self.fresh.now()).expect("is to be sent");
        self.take(Some(changes));
        let changes = record(self.found.clone(), answer, &mut self.fresh);
        self.take(changes);
    }

    fn report(&mut self, report: PayoutReport) {
        let told = (report, Some("theirs".to_owned()));
        let changes = reduce(self.found.clone(), told, &mut self.fresh);
        self.take(changes);
    }

    fn status(&self) -> PayoutStatus {
        self.found.payout.status
    }

    /// Balance and reservation of the user.
    fn of_user(&self) -> (i128, i128) {
        let key = self.found.payout.source_account(AccountKind::User).key();
        self.balances.get(&key).copied().unwrap_or_default()
    }

    /// What must hold whatever happened.
    fn check(&self) {
        let source = self.found.payout.source.0 as i128;
        let (balance, reserved) = self.of_user();
        let money = match self.status() {
            PayoutStatus::Paid => (-source, 0),
            PayoutStatus::Returned | PayoutStatus::Failed | PayoutStatus::Canceled => (0, 0),
            PayoutStatus::Created
            | PayoutStatus::FundsReserved
            | PayoutStatus::InReview
            | PayoutStatus::Submitted => (0, source),
        };
        assert_eq!((balance, reserved), money);
        assert_eq!(self.balances.values().map(|(balance, _)| balance).sum::<i128>(), 0);
        let is_open = self.found.hold.status == HoldStatus::Open;
        assert_eq!(is_open, reserved > 0);
        if self.status() != PayoutStatus::Paid {
            assert!(self.balances.values().all(|(balance, _)| *balance == 0));
        } else {
            // The rail was given what the bank account got.
            let rail = self.found.payout.currency_account(AccountKind::Rail).key();
            let got = self.found.payout.settled.received.unwrap_or(self.found.payout.target);
            assert_eq!(self.balances[&rail].0, got.0 as i128);
        }
        let counted = matches!(self.status(), PayoutStatus::Failed | PayoutStatus::Canceled);
        assert_eq!(self.limits == 0, counted || self.is_returned_unpaid());
    }

    fn is_returned_unpaid(&self) -> bool {
        self.status() == PayoutStatus::Returned && self.found.payout.paid_at.is_none()
    }
}

fn hold_of(changes: &Changes) -> Option<Hold> {
    changes.inserts.iter().chain(&changes.updates).find_map(|row| match row {
        Record::Hold(hold) => Some((**hold).clone()),
        _ => None,
    })
}

#[test]
fn the_straight_way_tells_every_step() {
    use PayoutStatus::{Created, FundsReserved, Paid, Returned, Submitted};
    let mut world = World::start(None);
    world.check();
    world.send(Attempted::Accepted("theirs".into()));
    world.check();
    world.report(PayoutReport::Paid(PaidOut::default()));
    world.check();
    world.report(PayoutReport::Returned(WHY));
    world.check();
    assert_eq!(world.statuses, [Created, FundsReserved, Submitted, Paid, Returned]);
}

#[test]
fn a_lost_answer_is_asked_about_before_it_is_sent_again() {
    let mut world = World::start(None);
    world.send(Attempted::Unknown);
    assert!(!world.found.payout.is_to_be_sent());
    assert_eq!(world.status(), PayoutStatus::FundsReserved);
    world.report(PayoutReport::Absent);
    assert!(world.found.payout.is_to_be_sent());
    // Refused now: but the first may have been taken, so they are asked once more.
    world.send(Attempted::Refused(WHY));
    assert_eq!(world.status(), PayoutStatus::FundsReserved);
    world.check();
    let mut taken = World { found: world.found.clone(), ..World::start(None) };
    taken.found.hold = world.found.hold.clone();
    world.report(PayoutReport::Absent);
    assert_eq!(world.status(), PayoutStatus::Failed);
    world.check();
    taken.report(PayoutReport::Paid(PaidOut::default()));
    assert_eq!(taken.status(), PayoutStatus::Paid);
}

#[test]
fn nothing_is_sent_again_once_the_other_side_may_have_forgotten() {
    let mut world = World::start(None);
    world.send(Attempted::Unknown);
    world.report(PayoutReport::Absent);
    let late = NOW.plus_ms(RESEND_UNTIL_MS);
    assert!(send(&world.found.payout, late).is_none());
    assert!(send(&world.found.payout, late.plus_ms(-1)).is_some());
}

#[test]
fn what_nobody_can_tell_about_is_given_up_only_when_it_is_old_and_not_there() {
    let mut world = World::start(None);
    world.send(Attempted::Unknown);
    let mut early = Fresh::new(NOW.plus_ms(RESEND_UNTIL_MS - 1), [6; 16]);
    let mut late = Fresh::new(NOW.plus_ms(RESEND_UNTIL_MS), [7; 16]);
    let refused = Some(Refusal::PayoutNotCancelable);
    assert_eq!(give_up(world.found.clone(), PayoutReport::Absent, &mut early).err(), refused);
    for report in [
        PayoutReport::Processing,
        PayoutReport::Paid(PaidOut::default()),
        PayoutReport::Failed(WHY),
    ] {
        assert_eq!(give_up(world.found.clone(), report, &mut late).err(), refused);
    }
    let mut known = world.found.clone();
    known.payout.attempt = Attempt::Accepted { reference: "theirs".into() };
    assert_eq!(give_up(known, PayoutReport::Absent, &mut late).err(), refused);
    let given_up = give_up(world.found.clone(), PayoutReport::Absent, &mut late);
    world.take(given_up.ok().map(|(_, changes)| changes));
    world.check();
    assert_eq!((world.status(), world.found.payout.next_at), (PayoutStatus::Failed, None));
    assert_eq!(give_up(world.found, PayoutReport::Absent, &mut late).err(), refused);
}

#[test]
fn a_first_refusal_gives_the_money_back() {
    let mut world = World::start(None);
    world.send(Attempted::Refused(WHY));
    assert_eq!((world.status(), world.found.payout.failure), (PayoutStatus::Failed, Some(WHY)));
    world.check();
}

#[test]
fn cancel_and_sending_exclude_each_other() {
    let mut world = World::start(None);
    let canceled = cancel(world.found.clone(), &mut world.fresh);
    let (intent, _) = send(&world.found.payout, NOW).expect("is to be sent");
    // Both write the payout's row at one version: only one is committed.
    assert!(matches!(&canceled, Ok((payout, _)) if payout.version == world.found.payout.version));
    let sending = Found { payout: intent, ..world.found.clone() };
    let refused = cancel(sending, &mut world.fresh).err();
    assert_eq!(refused, Some(Refusal::PayoutNotCancelable));
    world.take(canceled.ok().map(|(_, changes)| changes));
    world.check();
    assert!(send(&world.found.payout, NOW).is_none());
    world.report(PayoutReport::Paid(PaidOut::default()));
    assert_eq!(world.status(), PayoutStatus::Canceled);
}

#[test]
fn a_name_on_a_list_holds_the_money_until_a_human_decides() {
    for verdict in [Verdict::Approve, Verdict::Reject] {
        let mut world = World::start(Some("list:1"));
        assert_eq!(world.status(), PayoutStatus::InReview);
        assert!(send(&world.found.payout, NOW).is_none());
        world.check();
        let decided = reviewed(world.found.clone(), verdict, &mut world.fresh);
        world.take(decided);
        world.check();
        match verdict {
            Verdict::Approve => {
                world.send(Attempted::Accepted("theirs".into()));
                assert_eq!(world.status(), PayoutStatus::Submitted);
            }
            Verdict::Reject => assert_eq!(world.status(), PayoutStatus::Failed),
        }
        assert!(reviewed(world.found.clone(), verdict, &mut world.fresh).is_none());
    }
}

#[test]
fn a_hold_that_ended_after_the_payout_was_read_is_read_again_and_never_a_panic() {
    let mut world = World::start(Some("list:1"));
    let waiting = world.found.clone();
    let canceled = cancel(world.found.clone(), &mut world.fresh).expect("is canceled");
    world.take(Some(canceled.1));
    // The payout as it was, the hold as the cancel left it.
    let torn = Found { hold: world.found.hold.clone(), ..waiting };
    let refused = cancel(torn.clone(), &mut world.fresh).err();
    assert_eq!(refused, Some(Refusal::PayoutNotCancelable));
    assert!(reviewed(torn.clone(), Verdict::Reject, &mut world.fresh).is_none());
    let mut sent = torn;
    sent.payout.attempt = Attempt::Accepted { reference: "theirs".into() };
    for report in [
        PayoutReport::Paid(PaidOut::default()),
        PayoutReport::Failed(WHY),
        PayoutReport::Returned(WHY),
    ] {
        assert!(reduce(sent.clone(), (report, None), &mut world.fresh).is_none());
    }
}

#[test]
fn what_fails_after_it_was_paid_gives_the_money_back() {
    let mut world = World::start(None);
    world.send(Attempted::Accepted("theirs".into()));
    world.report(PayoutReport::Paid(PaidOut::default()));
    world.report(PayoutReport::Failed(WHY));
    world.check();
    assert_eq!((world.status(), world.found.payout.failure), (PayoutStatus::Returned, Some(WHY)));
    world.report(PayoutReport::Returned(WHY));
    world.check();
}

#[test]
fn what_is_not_to_be_had_is_refused() {
    let (user, mut fresh) = (user(), Fresh::new(NOW, [4; 16]));
    let (account, quote) = (account(&user), quote(&user));
    let stranger = RampUser { id: RampUserId::fresh(&mut fresh), ..user.clone() };
    let refused = create(ask(&stranger, &account, &quote), &mut fresh).err();
    assert!(matches!(refused, Some(Refusal::Invalid { param: "quote_id", .. })));
    let unknown = RampUser { kyc: Standing::default(), ..user.clone() };
    let refused = create(ask(&unknown, &account, &quote), &mut fresh).err();
    assert!(matches!(refused, Some(Refusal::KycRequired(_))));
    let mut later = Fresh::new(NOW.plus_ms(LOCKED_MS), [5; 16]);
    let refused = create(ask(&user, &account, &quote), &mut later).err();
    assert_eq!(refused, Some(Refusal::QuoteExpired));
    let gone = BankAccount { deleted_at: Some(NOW), ..account.clone() };
    let refused = create(ask(&user, &gone, &quote), &mut fresh).err();
    assert!(matches!(refused, Some(Refusal::Invalid { param: "bank_account_id", .. })));
}

#[test]
fn what_was_paid_is_written_through_the_rails() {
    let mut world = World::start(None);
    world.send(Attempted::Accepted("theirs".into()));
    let told = (PayoutReport::Paid(PaidOut::default()), None);
    let changes = reduce(world.found.clone(), told, &mut world.fresh).expect("is paid");
    let payout = &world.found.payout;
    let posted: Vec<_> = changes
        .transfers
        .iter()
        .map(|one| (one.phase, one.reason, one.debit.kind, one.credit.kind, one.amount))
        .collect();
    use AccountKind::{Exchange, Fees, Rail, User};
    assert_eq!(
        posted,
        [
            (Phase::Captured, TransferReason::Payout, User, Exchange, payout.source),
            (Phase::Posted, TransferReason::PayoutFee, Exchange, Fees, payout.fee),
            (Phase::Posted, TransferReason::Conversion, Exchange, Rail, payout.target),
        ]
    );
}

/// Paid, though not what was asked for.
fn received(minor: u128) -> PayoutReport {
    PayoutReport::Paid(PaidOut { received: Some(TokenAmount(minor)), ..PaidOut::default() })
}

#[test]
fn what_a_bank_got_is_taken_once_and_the_difference_is_the_house_s() {
    let mut world = World::start(None);
    world.send(Attempted::Accepted("theirs".to_owned()));
    let fees = world.found.payout.currency_account(AccountKind::Fees).key();
    for (report, left) in [
        (PayoutReport::Paid(PaidOut::default()), 0),
        (received(9_150), 50),
        (received(9_250), 50),
        (PayoutReport::Paid(PaidOut::default()), 50),
        (PayoutReport::Returned(WHY), 0),
    ] {
        world.report(report);
        world.check();
        let balance = world.balances.get(&fees).map_or(0, |(balance, _)| *balance);
        assert_eq!(balance, left, "{report:?}");
    }
    let settled = world.found.payout.view().settled.expect("is told");
    assert_eq!(settled.difference.as_deref(), Some("-0.5"));
}

fn any_report() -> impl Strategy<Value = PayoutReport> {
    prop_oneof![
        Just(PayoutReport::Absent),
        Just(PayoutReport::Processing),
        Just(PayoutReport::InReview),
        Just(PayoutReport::Paid(PaidOut::default())),
        Just(received(9_150)),
        Just(received(9_250)),
        Just(PayoutReport::Failed(WHY)),
        Just(PayoutReport::Returned(WHY)),
    ]
}

/// How far a state is on the way.
fn rank(status: PayoutStatus) -> u8 {
    match status {
        PayoutStatus::Created => 0,
        PayoutStatus::FundsReserved => 1,
        PayoutStatus::InReview | PayoutStatus::Submitted => 2,
        PayoutStatus::Paid => 3,
        PayoutStatus::Returned | PayoutStatus::Failed | PayoutStatus::Canceled => 4,
    }
}

proptest! {
    #[test]
    fn reports_in_any_order_neither_make_nor_lose_money(
        reports in proptest::collection::vec((any_report(), any::<bool>()), 0..24),
    ) {
        let mut world = World::start(None);
        for (report, is_accepted) in reports {
            if world.found.payout.is_to_be_sent() {
                let accepted = Attempted::Accepted("theirs".to_owned());
                world.send(if is_accepted { accepted } else { Attempted::Unknown });
                world.check();
            }
            world.report(report);
            world.check();
        }
        prop_assert!(world.statuses.is_sorted_by_key(|status| rank(*status)));
    }
}
