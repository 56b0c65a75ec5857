//! Messages as nodes send them, and as they should not: nothing here may panic or credit wrongly.
//!
//! Networks are played by the integration tests; these are the awkward inputs, one field at a time.

use super::*;

const USDC: &str = "0xdba34672e30cb065b1f93e3ab55318768fd6fef66c15942c9f7cb846e2f900e7::usdc::USDC";
const SUI: &str = "0x2::sui::SUI";

fn digest_of(byte: u8) -> String {
    bs58::encode([byte; 32]).into_string()
}

fn account(digit: &str) -> String {
    format!("0x{digit:0>64}")
}

/// The ordinal of what an account gets of the native coin.
fn native(digit: &str) -> u32 {
    ordinal(&account(digit), &format!("{}::sui::SUI", account("2")))
}

fn change(account: &str, coin: &str, amount: &str) -> proto::BalanceChange {
    let change = proto::BalanceChange::default().with_address(account);
    change.with_coin_type(coin).with_amount(amount)
}

/// A transaction of account 5 that succeeded.
fn executed(changes: Vec<proto::BalanceChange>) -> proto::ExecutedTransaction {
    let status = proto::ExecutionStatus::default().with_success(true);
    let gas = proto::GasPayment::default().with_owner(account("5"));
    let mut told = proto::ExecutedTransaction::default()
        .with_digest(digest_of(9))
        .with_effects(proto::TransactionEffects::default().with_status(status))
        .with_transaction(
            proto::Transaction::default().with_sender(account("5")).with_gas_payment(gas),
        );
    told.balance_changes = changes;
    told
}

fn with_gas(mut told: proto::ExecutedTransaction, gas: [u64; 3]) -> proto::ExecutedTransaction {
    let used = proto::GasCostSummary::default()
        .with_computation_cost(gas[0])
        .with_storage_cost(gas[1])
        .with_storage_rebate(gas[2]);
    told.effects_mut().set_gas_used(used);
    told
}

fn told(number: u64, transactions: Vec<proto::ExecutedTransaction>) -> proto::Checkpoint {
    let mut summary = proto::CheckpointSummary::default()
        .with_previous_digest(digest_of(1))
        .with_total_network_transactions(100);
    summary.timestamp_mut().seconds = 1_700_000_000;
    summary.timestamp_mut().nanos = 123_456_789;
    let mut checkpoint = proto::Checkpoint::default()
        .with_sequence_number(number)
        .with_digest(digest_of(2))
        .with_summary(summary);
    checkpoint.transactions = transactions;
    checkpoint
}

/// (ordinal, receiver, contract, amount) of each credit.
fn credits_of(told: &proto::ExecutedTransaction) -> Vec<(u32, String, Option<String>, u128)> {
    let read = transaction(told).expect("a transaction");
    let contract = |asset: AssetRef| match asset {
        AssetRef::Native => None,
        AssetRef::Contract(contract) => Some(contract),
    };
    let credits = read.credits.into_iter();
    credits.map(|one| (one.ordinal, one.to, contract(one.asset), one.amount)).collect()
}

#[track_caller]
fn refused(told: &proto::ExecutedTransaction, why: &str) {
    assert_eq!(transaction(told).map_err(|garbage| garbage.0), Err(why));
}

#[test]
fn ordinals_are_the_same_in_whatever_order_and_spelling_a_node_tells() {
    let changes = vec![
        change(&account("5"), SUI, "-1000"),
        change(&account("7"), USDC, "25"),
        change(&account("7"), SUI, "3"),
        change(&account("6"), SUI, "4"),
        change(&account("5"), USDC, "-25"),
    ];
    let expected = vec![
        (native("6"), account("6"), None, 4),
        (native("7"), account("7"), None, 3),
        (ordinal(&account("7"), USDC), account("7"), Some(USDC.to_owned()), 25),
    ];
    assert_eq!(credits_of(&executed(changes.clone())), expected);
    let mut other: Vec<_> = changes.into_iter().rev().collect();
    other[2].set_coin_type(format!("{}::sui::SUI", account("2")));
    other[1].set_address("0x6");
    assert_eq!(credits_of(&executed(other)), expected);
}

#[test]
fn changes_of_one_balance_are_one_and_a_balance_that_stays_is_none() {
    let changes = vec![
        change(&account("7"), SUI, "10"),
        change(&account("6"), SUI, "0"),
        change(&account("7"), &format!("{}::sui::SUI", account("2")), "-4"),
        change(&account("8"), SUI, "+5"),
    ];
    let expected = vec![(native("7"), account("7"), None, 6), (native("8"), account("8"), None, 5)];
    assert_eq!(credits_of(&executed(changes)), expected);
}

#[test]
fn coins_of_strangers_go_by_their_own_names_or_by_none() {
    let fake = USDC.replace("0xdba3", "0xdba4");
    let endless = format!("0x9::a::A<{}>", ["u64"; 200].join(", "));
    let changes = vec![
        change(&account("7"), &fake, "1"),
        change(&account("7"), "u64", "2"),
        change(&account("7"), &endless, "3"),
        change(&account("8"), SUI, "4"),
    ];
    // The coin that cannot be named is not told.
    let expected = vec![
        (ordinal(&account("7"), &fake), account("7"), Some(fake), 1),
        (ordinal(&account("7"), "u64"), account("7"), Some("u64".to_owned()), 2),
        (native("8"), account("8"), None, 4),
    ];
    assert_eq!(credits_of(&executed(changes)), expected);
}

#[test]
fn freed_storage_is_no_payment_to_who_paid_the_gas() {
    let sweep = |amount: &str| executed(vec![change(&account("5"), SUI, amount)]);
    assert_eq!(credits_of(&with_gas(sweep("700"), [1_000, 300, 2_000])), []);
    let earned = with_gas(sweep("750"), [1_000, 300, 2_000]);
    assert_eq!(credits_of(&earned), [(native("5"), account("5"), None, 50)]);
    let charged = with_gas(sweep("750"), [1_000, 300, 200]);
    assert_eq!(credits_of(&charged), [(native("5"), account("5"), None, 750)]);
    let other = executed(vec![change(&account("6"), SUI, "700")]);
    assert_eq!(
        credits_of(&with_gas(other, [0, 0, 2_000])),
        [(native("6"), account("6"), None, 700)]
    );
    let most = with_gas(sweep("1"), [u64::MAX, u64::MAX, u64::MAX]);
    assert_eq!(credits_of(&most), [(native("5"), account("5"), None, 1)]);
}

#[test]
fn what_failed_credits_nobody_and_without_a_status_nothing_is_believed() {
    let mut failed = executed(vec![change(&account("7"), SUI, "10")]);
    failed.effects_mut().status_mut().success = Some(false);
    assert_eq!(credits_of(&failed), []);
    failed.effects_mut().status_mut().success = None;
    refused(&failed, "a transaction has no status");
    failed.effects = None;
    refused(&failed, "a transaction has no status");
}

#[test]
fn balance_changes_that_cannot_be_are_refused() {
    let one =
        |account: &str, coin: &str, amount: &str| executed(vec![change(account, coin, amount)]);
    for account in ["", "0x", "0xg", "7'", &"1".repeat(65)] {
        refused(&one(account, SUI, "1"), "a balance change has no account");
    }
    for coin in ["", "::", "a b", "0x2::sui::SUI\u{0}"] {
        refused(&one("0x7", coin, "1"), "a balance change has no coin type");
    }
    for amount in ["", "1.5", "1e9", "0x10", " 1", "340282366920938463463374607431768211456"] {
        refused(&one("0x7", SUI, amount), "a balance change has no amount");
    }
    let most = i128::MAX.to_string();
    let twice = vec![change("0x7", SUI, &most), change("0x7", SUI, &most)];
    refused(&executed(twice), "a balance changes beyond measure");
    refused(&executed(vec![proto::BalanceChange::default()]), "a balance change has no account");
    let mut nameless = executed(Vec::new());
    nameless.digest = Some("0xabc".to_owned());
    refused(&nameless, "a transaction has no digest");
}

#[test]
fn a_checkpoint_is_read_whole_or_not_at_all() {
    let read = checkpoint(&told(7, vec![executed(Vec::new())]), 7).expect("a checkpoint");
    assert_eq!(read.block.time, Timestamp(1_700_000_000_123));
    assert_eq!(read.previous, Some(digest_of(1)));
    assert_eq!((read.transactions_ever, read.transactions.len()), (100, 1));

    type Spoil = fn(&mut proto::Checkpoint);
    let spoils: [Spoil; 10] = [
        |told| told.sequence_number = Some(8),
        |told| told.sequence_number = None,
        |told| told.digest = Some("not base 58".to_owned()),
        |told| told.digest = None,
        |told| told.summary = None,
        |told| told.summary_mut().timestamp = None,
        |told| told.summary_mut().timestamp_mut().seconds = i64::MAX,
        |told| told.summary_mut().timestamp_mut().nanos = -1,
        |told| told.summary_mut().previous_digest = None,
        |told| told.summary_mut().total_network_transactions = None,
    ];
    for (at, spoil) in spoils.into_iter().enumerate() {
        let mut told = told(7, Vec::new());
        spoil(&mut told);
        assert!(checkpoint(&told, 7).is_err(), "{at}");
    }
}

#[test]
fn a_failed_transaction_is_told_with_what_its_gas_cost() {
    let mut failed = with_gas(executed(Vec::new()), [1_000, 0, 0]);
    failed.effects_mut().status_mut().success = Some(false);
    refused(&failed, "a failed transaction is told without what its gas cost");
    failed.balance_changes = vec![change(&account("5"), SUI, "-1000")];
    assert_eq!(credits_of(&failed), []);
    // What frees as much as it costs changes nothing, and the system pays nothing.
    let mut even = with_gas(failed, [700, 300, 1_000]);
    even.balance_changes.clear();
    assert_eq!(credits_of(&even), []);
}

#[test]
fn an_ordinal_is_of_its_account_and_coin_whatever_else_is_listed() {
    let ours = || change(&account("7"), USDC, "25");
    let alone = credits_of(&executed(vec![ours()]));
    let others = vec![
        change(&account("5"), SUI, "-1000"),
        change(&account("5"), USDC, "-25"),
        change(&account("7"), SUI, "1"),
        ours(),
    ];
    assert!(credits_of(&executed(others)).contains(&alone[0]));
    // SHA-256 of `0x`, 63 zeros, `7` and the coin type, worked out elsewhere.
    assert_eq!(alone[0].0, 1_356_483_937);
}

#[test]
fn a_node_without_balances_is_told_from_a_quiet_chain() {
    let payer = || with_gas(executed(Vec::new()), [1_000, 0, 0]);
    let few = (0..SILENT_PAYERS_MAX).map(|_| payer()).collect();
    assert!(checkpoint(&told(7, few), 7).is_ok());
    let mut many: Vec<_> = (0..=SILENT_PAYERS_MAX).map(|_| payer()).collect();
    let refused = checkpoint(&told(7, many.clone()), 7);
    assert_eq!(refused, Err(Garbage("it does not tell balance changes")));
    many[0].balance_changes = vec![change(&account("5"), SUI, "-1000")];
    assert!(checkpoint(&told(7, many), 7).is_ok());
}

#[test]
fn checkpoints_follow_each_other_without_a_gap() {
    let next = checkpoint(&told(7, vec![executed(Vec::new()); 3]), 7).expect("a checkpoint");
    let before = Link { digest: digest_of(1), transactions_ever: 97 };
    assert_eq!(follows(&before, &next), Ok(()));
    for count in [0, 96, 98, 101, u64::MAX] {
        let before = Link { transactions_ever: count, ..before.clone() };
        assert!(follows(&before, &next).is_err(), "{count}");
    }
    assert!(follows(&Link { digest: digest_of(3), ..before }, &next).is_err());
}

#[test]
fn a_node_that_does_not_introduce_itself_is_not_believed() {
    let mut whole = proto::GetServiceInfoResponse::default()
        .with_chain_id(digest_of(1))
        .with_checkpoint_height(9)
        .with_lowest_available_checkpoint(3)
        .with_lowest_available_checkpoint_objects(5);
    whole.timestamp_mut().seconds = 1;
    let read = info(&whole).expect("an introduction");
    assert_eq!((read.head, read.lowest, read.time), (9, 5, Timestamp(1_000)));
    for at in 0..3 {
        let mut spoilt = whole.clone();
        match at {
            0 => spoilt.chain_id = Some("mainnet".to_owned()),
            1 => spoilt.checkpoint_height = None,
            _ => spoilt.timestamp = None,
        }
        assert!(info(&spoilt).is_err(), "{at}");
    }
}
