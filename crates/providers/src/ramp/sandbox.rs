//! The ramp sandbox: a pure machine that moves no money and plays every outcome there is.
//!
//! What becomes of an order follows from the fraction of its amount, so that a test chooses it:
//!
//! | amount ends in | a payout | an on-ramp |
//! |---|---|---|
//! | .01 | fails | fails |
//! | .02 | is paid, and back seven days later | |
//! | .03 | stays in review until the simulator decides | |
//! | .04 | its first answer times out; it is paid | its first answer times out |
//! | .05 | is paid once it was asked about three times | |
//! | .06 | answers twice and out of order; it is paid | |
//! | .07 | is refused at once | is refused at once |
//! | .08 | its first order is lost; the second is paid | its first order is lost |
//! | else | is paid after two seconds | waits for the simulator |
//!
//! Invariant: an order given twice is one case; every answer follows from the row and the time.

pub mod rates;

use domain::ids::RowKey;
use domain::money::{TokenAmount, power_of_ten};
use domain::provider::{
    Attempted, FiatInstructions, FiatReceipt, OnrampOrder, OnrampReport, PaidOut, PayoutOrder,
    PayoutReport, RampFailure,
};
use domain::sandbox::{SandboxCase, SandboxOutcome};
use domain::time::{DAY_MS, SECOND_MS, Timestamp};

use crate::ramp::Opened;

/// What the sandbox calls itself, its cases and its troubles. None of it may ever be seen outside.
pub const HOUSE_NAME: &str = "zanzibar-clearing";
pub const RAW_FAILURE: &str = "QX-9981";

const PAID_AFTER_MS: i64 = 2 * SECOND_MS;
const RETURNED_AFTER_MS: i64 = 7 * DAY_MS;
const ASKED_BEFORE_PAID: u32 = 3;
/// It pays what was asked for, and tells nothing of what it cost.
const PAID: PayoutReport =
    PayoutReport::Paid(PaidOut { received: None, fee_micros: None, rate: None });

/// A case after something happened to it, and the answer.
pub struct Step<T> {
    pub case: SandboxCase,
    pub answer: T,
}

/// A payout is given to the sandbox, perhaps again.
pub fn submit_payout(
    known: Option<SandboxCase>,
    order: &PayoutOrder,
    now: Timestamp,
) -> Step<Attempted<String>> {
    let decimals = order.asset.decimals().unwrap_or(0);
    let case = known.unwrap_or_else(|| SandboxCase {
        object: order.id,
        outcome: outcome_of(order.source, decimals),
        accepted_at: None,
        submitted: 0,
        asked: 0,
        currency: order.currency,
        amount: order.target,
        received: Vec::new(),
        version: 0,
    });
    let Step { case, answer } = take(case, now);
    let reference = name_of(case.object);
    let answer = match answer {
        Attempted::Accepted(()) => Attempted::Accepted(reference),
        Attempted::Refused(why) => Attempted::Refused(why),
        Attempted::Unknown => Attempted::Unknown,
    };
    Step { case, answer }
}

/// An on-ramp or a virtual account is opened, perhaps again.
pub fn open(
    known: Option<SandboxCase>,
    order: &OnrampOrder,
    now: Timestamp,
) -> Step<Attempted<Opened>> {
    let amount = order.amount.unwrap_or_default();
    let case = known.unwrap_or_else(|| SandboxCase {
        object: order.id,
        outcome: outcome_of(amount, order.currency.decimals()),
        accepted_at: None,
        submitted: 0,
        asked: 0,
        currency: order.currency,
        amount,
        received: Vec::new(),
        version: 0,
    });
    let Step { case, answer } = take(case, now);
    let answer = match answer {
        Attempted::Accepted(()) => Attempted::Accepted(opened(&case, order)),
        Attempted::Refused(why) => Attempted::Refused(why),
        Attempted::Unknown => Attempted::Unknown,
    };
    Step { case, answer }
}

/// The order arrives, or is lost on its way.
fn take(mut case: SandboxCase, now: Timestamp) -> Step<Attempted<()>> {
    case.submitted = case.submitted.saturating_add(1);
    let is_first = case.submitted == 1;
    let answer = match case.outcome {
        SandboxOutcome::Refused => Attempted::Refused(failure_of(RAW_FAILURE)),
        SandboxOutcome::Lost if is_first => Attempted::Unknown,
        SandboxOutcome::TimesOut if is_first => {
            case.accepted_at = Some(now);
            Attempted::Unknown
        }
        SandboxOutcome::Paid
        | SandboxOutcome::Failed
        | SandboxOutcome::ReturnedLater
        | SandboxOutcome::Returned
        | SandboxOutcome::InReview
        | SandboxOutcome::TimesOut
        | SandboxOutcome::PaidWhenAsked
        | SandboxOutcome::OutOfOrder
        | SandboxOutcome::Lost
        | SandboxOutcome::FiatReceived
        | SandboxOutcome::Refunded => {
            case.accepted_at = case.accepted_at.or(Some(now));
            Attempted::Accepted(())
        }
    };
    Step { case, answer }
}

/// Somebody asks how a payout stands.
pub fn look_up_payout(mut case: SandboxCase, now: Timestamp) -> Step<PayoutReport> {
    case.asked = case.asked.saturating_add(1);
    let Some(accepted_at) = case.accepted_at else {
        return Step { case, answer: PayoutReport::Absent };
    };
    let age_ms = accepted_at.ms_until(now);
    let is_old = age_ms >= PAID_AFTER_MS;
    let paid = if is_old { PAID } else { PayoutReport::Processing };
    let failure = failure_of(RAW_FAILURE);
    let answer = match case.outcome {
        SandboxOutcome::Paid
        | SandboxOutcome::TimesOut
        | SandboxOutcome::Lost
        | SandboxOutcome::FiatReceived => paid,
        SandboxOutcome::Failed | SandboxOutcome::Refused => PayoutReport::Failed(failure),
        SandboxOutcome::ReturnedLater if age_ms >= RETURNED_AFTER_MS => {
            PayoutReport::Returned(RampFailure::AccountClosed)
        }
        SandboxOutcome::ReturnedLater => paid,
        SandboxOutcome::Returned | SandboxOutcome::Refunded => {
            PayoutReport::Returned(RampFailure::AccountClosed)
        }
        SandboxOutcome::InReview => PayoutReport::InReview,
        SandboxOutcome::PaidWhenAsked if case.asked < ASKED_BEFORE_PAID => PayoutReport::Processing,
        SandboxOutcome::PaidWhenAsked => PAID,
        SandboxOutcome::OutOfOrder => match (is_old, case.asked % 4) {
            (false, _) => PayoutReport::Processing,
            (true, 1) => PAID,
            (true, 2) => PayoutReport::Processing,
            (true, 3) => PayoutReport::InReview,
            (true, _) => PAID,
        },
    };
    Step { case, answer }
}

/// Somebody asks how an on-ramp stands: its stablecoin goes two seconds after the bank money came,
/// and has arrived two seconds later.
pub fn look_up_onramp(mut case: SandboxCase, now: Timestamp) -> Step<OnrampReport> {
    case.asked = case.asked.saturating_add(1);
    let tx_hash = || {
        let hash = RowKey::of("sandbox_transaction", &[&case.object.0]);
        format!("0x{0}{0}", hash.uuid().simple())
    };
    let answer = match (case.accepted_at, case.outcome) {
        (None, _) => OnrampReport::Absent,
        (Some(since), SandboxOutcome::FiatReceived) => match since.ms_until(now) / PAID_AFTER_MS {
            ..=0 => OnrampReport::FiatReceived { amount: case.amount },
            1 => OnrampReport::Sent { amount: case.amount, tx_hash: Some(tx_hash()) },
            2.. => OnrampReport::Completed { amount: case.amount, tx_hash: Some(tx_hash()) },
        },
        (Some(_), SandboxOutcome::Failed | SandboxOutcome::Refused) => {
            OnrampReport::Failed(failure_of(RAW_FAILURE))
        }
        (Some(_), SandboxOutcome::Refunded | SandboxOutcome::Returned) => OnrampReport::Refunded,
        (
            Some(_),
            SandboxOutcome::Paid
            | SandboxOutcome::ReturnedLater
            | SandboxOutcome::InReview
            | SandboxOutcome::TimesOut
            | SandboxOutcome::PaidWhenAsked
            | SandboxOutcome::OutOfOrder
            | SandboxOutcome::Lost,
        ) => OnrampReport::AwaitingFiat,
    };
    Step { case, answer }
}

/// Everything that came in on a virtual account.
pub fn receipts(case: &SandboxCase) -> Vec<FiatReceipt> {
    let receipt = |(at, amount): (usize, &TokenAmount)| FiatReceipt {
        key: RowKey::of("sandbox_receipt", &[&case.object.0, &(at as u64).to_be_bytes()]),
        amount: *amount,
    };
    case.received.iter().enumerate().map(receipt).collect()
}

/// A simulator route decides what becomes of a case.
pub fn force(mut case: SandboxCase, outcome: SandboxOutcome, now: Timestamp) -> SandboxCase {
    case.outcome = outcome;
    if outcome == SandboxOutcome::FiatReceived {
        case.accepted_at = case.accepted_at.and(Some(now));
    }
    if outcome == SandboxOutcome::Paid {
        // At once, not after two seconds more.
        let at_once = now.plus_ms(-PAID_AFTER_MS);
        case.accepted_at = case.accepted_at.map(|accepted| accepted.min(at_once));
    }
    case
}

/// Bank money comes in on a virtual account.
pub fn receive(mut case: SandboxCase, amount: TokenAmount) -> SandboxCase {
    case.received.push(amount);
    case
}

/// What the fraction of an amount asks for: its hundredths, if there is nothing finer.
fn outcome_of(amount: TokenAmount, decimals: u8) -> SandboxOutcome {
    let Some(finer) = decimals.checked_sub(2) else { return SandboxOutcome::Paid };
    let hundredth = power_of_ten(finer.into());
    if !amount.0.is_multiple_of(hundredth) {
        return SandboxOutcome::Paid;
    }
    match amount.0 / hundredth % 100 {
        1 => SandboxOutcome::Failed,
        2 => SandboxOutcome::ReturnedLater,
        3 => SandboxOutcome::InReview,
        4 => SandboxOutcome::TimesOut,
        5 => SandboxOutcome::PaidWhenAsked,
        6 => SandboxOutcome::OutOfOrder,
        7 => SandboxOutcome::Refused,
        8 => SandboxOutcome::Lost,
        _ => SandboxOutcome::Paid,
    }
}

/// The sandbox's own words, translated: what no table knows is the bank's refusal.
fn failure_of(raw: &str) -> RampFailure {
    match raw {
        "account_closed" => RampFailure::AccountClosed,
        _ => RampFailure::BankRejected,
    }
}

/// What the sandbox calls an order.
pub fn name_of(object: RowKey) -> String {
    format!("{HOUSE_NAME}-{}", object.uuid().simple())
}

fn opened(case: &SandboxCase, order: &OnrampOrder) -> Opened {
    let digits = u128::from_be_bytes(case.object.0) % power_of_ten(10);
    let instructions = FiatInstructions {
        account_holder: Some(order.party.name.clone()),
        bank_name: Some("Test Bank".to_owned()),
        account_number: Some(format!("{digits:010}")),
        routing_number: Some("021000021".to_owned()),
        payment_reference: Some(case.object.uuid().simple().to_string()[20..].to_uppercase()),
        ..FiatInstructions::default()
    };
    Opened { reference: name_of(case.object), instructions }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn case(cents: u128) -> SandboxCase {
        SandboxCase {
            object: RowKey([1; 16]),
            outcome: outcome_of(TokenAmount(cents * 10_000), 6),
            accepted_at: None,
            submitted: 0,
            asked: 0,
            currency: domain::currency::Currency::EUR,
            amount: TokenAmount(900),
            received: Vec::new(),
            version: 0,
        }
    }

    /// Submits once, or again after an answer that did not arrive, then asks once a day.
    #[track_caller]
    fn check(cents: u128, submitted: u32, reports: &[PayoutReport]) {
        let Step { mut case, mut answer } = take(case(cents), NOW);
        for _ in 1..submitted {
            assert_eq!(answer, Attempted::Unknown, "{cents}");
            Step { case, answer } = take(case, NOW);
        }
        let mut told = Vec::new();
        for day in 1..=reports.len() as i64 {
            let step = look_up_payout(case, NOW.plus_ms(day * 4 * DAY_MS));
            case = step.case;
            told.push(step.answer);
        }
        assert_eq!(told, reports, "{cents}");
    }

    #[test]
    fn amounts_choose_what_becomes_of_a_payout() {
        use PayoutReport::{Failed, InReview, Processing, Returned};
        check(1_000, 1, &[PAID, PAID]);
        check(1_001, 1, &[Failed(RampFailure::BankRejected)]);
        check(1_002, 1, &[PAID, Returned(RampFailure::AccountClosed)]);
        check(1_003, 1, &[InReview, InReview]);
        check(1_004, 2, &[PAID]);
        check(1_005, 1, &[Processing, Processing, PAID]);
        check(1_006, 1, &[PAID, Processing, InReview, PAID]);
        check(1_008, 2, &[PAID]);
        assert_eq!(take(case(7), NOW).answer, Attempted::Refused(RampFailure::BankRejected));
        let lost = take(case(8), NOW).case;
        assert_eq!(look_up_payout(lost, NOW).answer, PayoutReport::Absent);
        assert_eq!(outcome_of(TokenAmount(10_010_001), 6), SandboxOutcome::Paid);
    }
}
