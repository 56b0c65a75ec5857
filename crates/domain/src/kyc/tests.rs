//! The gates and the machine of cases: what counts, until when, and that nothing goes backwards.

use super::*;
use crate::changes::{Changes, Record};
use crate::country::Country;
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::{Fresh, MerchantId};
use crate::money::Usd;
use crate::ramp_user::{RampUserAsk, Sealing, UserType};
use crate::secret::{Entropy, KeyRing};
use crate::time::DAY_MS;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_766_320_496_000);
const YEAR_MS: i64 = 365 * DAY_MS;

fn keys() -> KeyRing {
    KeyRing::new(&[1; 32], &[])
}

fn fresh(seed: u8) -> Fresh {
    Fresh::new(NOW, [seed; 16])
}

fn user() -> RampUser {
    let ask = RampUserAsk {
        kind: UserType::Individual,
        is_self: false,
        name: "Zoe".into(),
        email: None,
        country: Country::parse("DE").expect("a country"),
        address: None,
        birth_date: None,
        identifications: Vec::new(),
        external_id: None,
    };
    let keys = keys();
    let sealing = Sealing { keys: &keys, entropy: &Entropy::new([1; 32]) };
    let place = (MerchantId(1), Environment::Devnet);
    RampUser::create(place, ask, sealing, &mut fresh(1)).expect("a sound user")
}

/// The rows as the change leaves them.
fn after(changes: &Changes, case: &mut KycCase, user: &mut RampUser) {
    for record in changes.updates.iter().chain(&changes.inserts) {
        match record {
            Record::KycCase(row) if row.id == case.id => *case = (**row).clone(),
            Record::RampUser(row) => *user = (**row).clone(),
            _ => {}
        }
    }
}

fn started(level: KycLevel) -> (KycCase, RampUser) {
    let (case, after, changes) =
        start(&user(), None, level, Origin::default(), &mut fresh(2)).expect("a first case");
    assert_eq!((changes.inserts.len(), changes.updates.len(), changes.entries.len()), (1, 1, 1));
    (case, after)
}

fn approved(level: KycLevel) -> (KycCase, RampUser) {
    let (mut case, mut user) = started(level);
    let changes = decide(case.clone(), &user, Outcome::Approved, YEAR_MS, NOW).expect("decides");
    after(&changes, &mut case, &mut user);
    (case, user)
}

#[track_caller]
fn needs(user: &RampUser, needed: KycLevel, now: Timestamp) -> String {
    match require(user, needed, now) {
        Err(refusal @ Refusal::KycRequired(_)) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_level_counts_until_it_expires_and_not_above_itself() {
    let none = needs(&user(), KycLevel::Basic, NOW);
    assert_eq!(none, "KYC level basic is needed; the user has none, status not_started");
    let (_, user) = approved(KycLevel::Standard);
    assert_eq!(require(&user, KycLevel::Basic, NOW), Ok(KycLevel::Standard));
    assert_eq!(require(&user, KycLevel::Standard, NOW), Ok(KycLevel::Standard));
    let above = needs(&user, KycLevel::Enhanced, NOW);
    assert_eq!(above, "KYC level enhanced is needed; the user has standard, status approved");
    assert!(require(&user, KycLevel::Basic, NOW.plus_ms(YEAR_MS - 1)).is_ok());
    let late = needs(&user, KycLevel::Basic, NOW.plus_ms(YEAR_MS));
    assert_eq!(late, "KYC level basic is needed; the user has none, status expired");
}

#[test]
fn suspended_and_held_users_move_nothing() {
    let (mut case, mut user) = approved(KycLevel::Basic);
    let changes = suspend(case.clone(), &user, NOW).expect("was approved");
    after(&changes, &mut case, &mut user);
    assert!(needs(&user, KycLevel::Basic, NOW).ends_with("status suspended"));
    let again = start(&user, Some(case.clone()), KycLevel::Basic, Origin::default(), &mut fresh(3));
    assert!(matches!(again, Err(Refusal::KycStep(..))));
    let changes = reinstate(case.clone(), &user, NOW).expect("was suspended");
    after(&changes, &mut case, &mut user);
    assert!(require(&user, KycLevel::Basic, NOW).is_ok());
    let mut changes = Changes::of(MerchantId(1));
    user.hold_if(Some("list:1".into()), &mut changes, &mut fresh(4));
    assert_eq!(needs(&user, KycLevel::Basic, NOW), "The user is in review");
    let closed = user.close(NOW).expect("is open");
    assert_eq!(needs(&closed, KycLevel::Basic, NOW), "The user is closed");
}

#[test]
fn a_case_that_waits_is_answered_again_and_an_upgrade_keeps_what_counts() {
    let (case, user) = started(KycLevel::Basic);
    let again = start(&user, Some(case.clone()), KycLevel::Basic, Origin::default(), &mut fresh(3));
    let (same, _, changes) = again.expect("the same");
    assert!(same == case && changes.is_empty());
    let (basic, user) = approved(KycLevel::Basic);
    let upgrade = start(&user, Some(basic), KycLevel::Standard, Origin::default(), &mut fresh(5));
    let (mut case, mut user, _) = upgrade.expect("an upgrade");
    assert_eq!(require(&user, KycLevel::Basic, NOW), Ok(KycLevel::Basic));
    let rejected = decide(case.clone(), &user, Outcome::Rejected, YEAR_MS, NOW).expect("decides");
    after(&rejected, &mut case, &mut user);
    assert_eq!(user.kyc.status(NOW), KycStatus::Rejected);
    assert_eq!(require(&user, KycLevel::Basic, NOW), Ok(KycLevel::Basic));
}

#[test]
fn a_page_token_opens_its_case_only_and_cannot_be_guessed() {
    let (case, _) = started(KycLevel::Basic);
    let token = PageToken::of(case.id, &keys());
    assert_eq!(PageToken::read(&token, &keys()), Some(case.id));
    assert_eq!(PageToken::read(&token, &KeyRing::new(&[2; 32], &[])), None);
    let rotated = KeyRing::new(&[2; 32], &[[1; 32]]);
    assert_eq!(PageToken::read(&token, &rotated), Some(case.id));
    for at in 0..token.len() {
        let mut wrong = token.clone().into_bytes();
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        let wrong = String::from_utf8(wrong).expect("ASCII");
        assert_eq!(PageToken::read(&wrong, &keys()), None);
    }
    for text in ["", "x", &token[2..], &format!("{token}00")] {
        assert_eq!(PageToken::read(text, &keys()), None);
    }
}

#[test]
fn last_names_decide_on_the_page() {
    let entered = |name: &str, hit: Option<String>| {
        let (case, user) = started(KycLevel::Basic);
        let given = Submission {
            name: name.into(),
            birth_date: "1990-02-28".into(),
            document_number: "x 123".into(),
            hit,
        };
        let (keys, drawn) = (keys(), Entropy::new([9; 32]));
        let sealing = Sealing { keys: &keys, entropy: &drawn };
        let taken = submit(case, &user, given, (sealing, YEAR_MS), &mut fresh(6));
        taken.expect("is open").expect("opens").0
    };
    assert_eq!(entered("Zoe Müller", None), Outcome::Approved);
    assert_eq!(entered("Zoe Reject", None), Outcome::Rejected);
    assert_eq!(entered("Reject Zoe", None), Outcome::Approved);
    assert_eq!(entered("zoe REVIEW", None), Outcome::InReview);
    assert_eq!(entered("Info", None), Outcome::NeedsInformation);
    assert_eq!(entered("Zoe Müller", Some("list:1".into())), Outcome::InReview);
}

#[test]
fn limits_are_counted_by_day_and_month() {
    let (_, user) = approved(KycLevel::Basic);
    let most = KycLevel::Basic.limit(LimitPeriod::Day);
    let spending = spend(&user, KycLevel::Basic, most, NOW).expect("exactly the limit");
    let [day, month] = &spending.moves;
    assert!(day.name.ends_with(".2025-12-21") && month.name.ends_with(".2025-12"));
    assert_eq!((day.by, day.ceiling), (most.0, Some(most.0)));
    assert_eq!(month.ceiling, Some(KycLevel::Basic.limit(LimitPeriod::Month).0));
    let passed = |key| spending.passed(key).map(|refusal| refusal.to_string());
    let told = "The limit per_day of KYC level basic, 1000 USD, would be passed";
    assert_eq!(passed(day.key()).as_deref(), Some(told));
    assert!(passed(month.key()).is_some_and(|text| text.contains("per_month")));
    assert_eq!(passed(user.key()), None);
    let above = spend(&user, KycLevel::Basic, Usd(most.0 + 1), NOW);
    assert!(matches!(above, Err(Refusal::LimitExceeded(_))));
    let back = give_back(&user, most, NOW);
    assert_eq!(
        back.each_ref().map(|one| (one.key(), one.by)),
        [(day.key(), -most.0), (month.key(), -most.0)]
    );
}

proptest! {
    /// Whatever is decided in whatever order: only forward, and the user says what the case says.
    #[test]
    fn cases_never_go_backwards(steps in proptest::collection::vec(0_u8..6, 0..12)) {
        let (mut case, mut user) = started(KycLevel::Standard);
        for step in steps {
            let before = case.status;
            let (old, who) = (case.clone(), user.clone());
            let decided = match step {
                0 => decide(old, &who, Outcome::Approved, YEAR_MS, NOW),
                1 => decide(old, &who, Outcome::Rejected, YEAR_MS, NOW),
                2 => decide(old, &who, Outcome::InReview, YEAR_MS, NOW),
                3 => decide(old, &who, Outcome::NeedsInformation, YEAR_MS, NOW),
                4 => suspend(old, &who, NOW),
                _ => reinstate(old, &who, NOW),
            };
            if let Ok(changes) = decided {
                after(&changes, &mut case, &mut user);
            }
            prop_assert_eq!(user.kyc.status(NOW), case.status);
            prop_assert_eq!(require(&user, KycLevel::Standard, NOW).is_ok(),
                case.status == KycStatus::Approved);
            if before == KycStatus::Rejected {
                prop_assert_eq!(case.status, KycStatus::Rejected);
            }
            // Pending is where a case begins, and what it never comes back to.
            prop_assert!(case.status != KycStatus::Pending || before == KycStatus::Pending);
        }
    }
}
