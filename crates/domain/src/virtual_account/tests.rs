//! Bank money passes the gates every move of money passes; what does not waits for a human.

use super::*;
use crate::changes::Record;
use crate::kyc::Standing;
use crate::onramp::tests::{NOW, user};
use crate::screening_review::{Held, Verdict};

fn account(user: &RampUser, fresh: &mut Fresh) -> VirtualAccount {
    let token = Token::of(Environment::Devnet).find(|token| token.is_usd_stable());
    let token = token.expect("devnet has one");
    VirtualAccount::create(user, Currency::EUR, token, fresh).expect("is made").0
}

/// What a receipt of euros made: its deposit, its review, and the rest.
fn receive(who: &RampUser, euros: u128) -> (RampDeposit, Option<ScreeningReview>, Changes) {
    let mut fresh = Fresh::new(NOW, [3; 16]);
    let account = account(&user(), &mut fresh);
    let key = RowKey::of("test", &[b"receipt"]);
    let receipt = FiatReceipt { key, amount: TokenAmount(euros * 100) };
    let rate = FxRate::parse("0.92").expect("a rate");
    let changes = account.receive(who, &receipt, rate, &mut fresh).expect("is booked");
    let (mut deposit, mut review) = (None, None);
    for row in &changes.inserts {
        match row {
            Record::RampDeposit(row) => deposit = Some((**row).clone()),
            Record::ScreeningReview(row) => review = Some((**row).clone()),
            _ => {}
        }
    }
    (deposit.expect("a deposit"), review, changes)
}

fn credits_user(changes: &Changes) -> bool {
    changes.transfers.iter().any(|transfer| transfer.credit.kind == AccountKind::User)
}

#[test]
fn what_comes_in_counts_against_the_limits() {
    let (deposit, review, changes) = receive(&user(), 92);
    assert_eq!((deposit.status, review), (DepositStatus::Completed, None));
    assert!(credits_user(&changes));
    let counted: Vec<i64> = changes.counters.iter().map(|counter| counter.by).collect();
    assert_eq!(counted, [100_000_000; 2]);
}

#[test]
fn what_he_may_not_have_is_held_until_a_human_decides() {
    let unknown = RampUser { kyc: Standing::default(), ..user() };
    let cases = [(unknown.clone(), 92, "KYC level basic"), (user(), 1_000_000, "limit per_day")];
    for (who, euros, why) in cases {
        let (deposit, review, changes) = receive(&who, euros);
        let review = review.expect("a human decides");
        assert_eq!(deposit.status, DepositStatus::InReview);
        assert!(review.matched.contains(why), "{}", review.matched);
        assert!(!credits_user(&changes) && changes.counters.is_empty());
        let mut fresh = Fresh::new(NOW, [4; 16]);
        let closed = unknown.clone().close(NOW).expect("closes");
        let held = |user| Held::Deposit(Box::new(deposit.clone()), Box::new(user));
        let refused = review.clone().decide(held(closed), Verdict::Approve, &mut fresh);
        assert_eq!(refused.expect_err("nobody is there"), Refusal::UserClosed);
        for (verdict, gives) in [(Verdict::Approve, true), (Verdict::Reject, false)] {
            let decided = review.clone().decide(held(who.clone()), verdict, &mut fresh);
            let (_, changes) = decided.expect("is decided");
            assert_eq!(credits_user(&changes), gives);
            let status = changes.updates.iter().find_map(|row| match row {
                Record::RampDeposit(after) => Some(after.status),
                _ => None,
            });
            let expected = if gives { DepositStatus::Completed } else { DepositStatus::Failed };
            assert_eq!(status, Some(expected));
        }
    }
}
