//! The ledger: it sums to zero whatever happens, and the check says so when it does not.

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::ledger::{
    Account, AccountKind, Asset, Hold, HoldAsk, Movement, Transfer, TransferReason,
};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::token::TokenId;
use futures_util::future::join_all;
use store::{CommitError, Severity, Store};

use crate::engines::for_each_engine;
use crate::given::{SHOP, START, key};

fn account(merchant_id: MerchantId, kind: AccountKind) -> Account {
    Account {
        merchant_id,
        environment: Environment::Devnet,
        kind,
        asset: Asset::Token { network: Network::Base, token_id: TokenId(1_001) },
        owner: None,
    }
}

fn transfer(number: u64, amount: u128, object: RowKey) -> Transfer {
    let mut seed = [3; 16];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let movement = Movement {
        debit: account(SHOP, AccountKind::Clearing),
        credit: account(SHOP, AccountKind::Merchant),
        amount: TokenAmount(amount),
        reason: TransferReason::PaymentConfirmed,
        object,
    };
    Transfer::posted(movement, &mut Fresh::new(START, seed))
}

fn transferring(transfers: impl IntoIterator<Item = Transfer>) -> Changes {
    let mut changes = Changes::of(SHOP);
    changes.transfers.extend(transfers);
    changes
}

async fn balance(store: &Store, kind: AccountKind) -> i128 {
    let balances = store.balances(Some(SHOP)).await.expect("reads");
    let found = balances.iter().find(|balance| balance.account.kind == kind);
    found.map_or(0, |balance| balance.balance)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_transfers_sum_to_zero_and_are_found_by_their_object() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let tasks = (0..100).map(|number| {
            let store = store.clone();
            let pair =
                [transfer(number * 2, 5, key("even")), transfer(number * 2 + 1, 2, key("odd"))];
            tokio::spawn(async move { store.commit(transferring(pair)).await })
        });
        for done in join_all(tasks).await {
            done.expect("no panic").expect("commits");
        }
        assert_eq!(balance(&store, AccountKind::Merchant).await, 700);
        assert_eq!(balance(&store, AccountKind::Clearing).await, -700);
        assert_eq!(store.balances(Some(MerchantId(8))).await, Ok(Vec::new()));
        assert_eq!(store.balances(None).await.expect("reads").len(), 2);
        let found = store.transfers_of(key("odd")).await.expect("reads");
        assert_eq!(found.len(), 100);
        for one in &found {
            assert_eq!(one.amount, TokenAmount(2));
            assert_eq!(one.debit, account(SHOP, AccountKind::Clearing).key());
            assert_eq!(one.credit, account(SHOP, AccountKind::Merchant).key());
        }
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_that_would_overflow_is_refused_whole() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let most = i128::MAX.unsigned_abs();
        store.commit(transferring([transfer(1, most, key("a"))])).await.expect("just fits");
        let both = [transfer(2, 0, key("b")), transfer(3, 2, key("b"))];
        let over = store.commit(transferring(both)).await;
        assert!(matches!(over, Err(CommitError::Insufficient { .. })), "{over:?}");
        let huge = store.commit(transferring([transfer(4, most + 1, key("c"))])).await;
        assert!(matches!(huge, Err(CommitError::Insufficient { .. })), "{huge:?}");
        assert_eq!(balance(&store, AccountKind::Merchant).await, i128::MAX);
        assert_eq!(store.transfers_of(key("b")).await, Ok(Vec::new()));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_what_somebody_changed_by_hand() {
    for_each_engine(async |database| {
        let store = database.open().await;
        for number in 0..5 {
            let mut changes = crate::given::invoice(number).changes;
            changes.transfer(transfer(number, 5, key("object")));
            store.commit(changes).await.expect("commits");
        }
        store.close().await;
        database.execute("DELETE FROM log WHERE sequence = 3").await;
        database.execute("UPDATE lanes SET sequence = 6").await;
        database.execute("DELETE FROM transfers WHERE position = 2").await;
        let store = database.open().await;
        let findings = store.check().await.expect("reads");
        let all: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
        let tells = |words: &str| all.iter().any(|what| what.contains(words));
        assert!(tells("lacks 1 of 1 to 5"), "{all:?}");
        assert!(tells("ends at 5, its row says 6"), "{all:?}");
        assert!(tells("the ledger goes from 1 to 3"), "{all:?}");
        assert!(tells("stands at 25, its transfers make 20"), "{all:?}");
        assert!(findings.iter().all(|finding| finding.severity == Severity::Error));
        store.close().await;
    })
    .await;
}

fn payout(amount: u128, object: RowKey) -> Movement {
    Movement {
        debit: account(SHOP, AccountKind::Merchant),
        credit: account(SHOP, AccountKind::Clearing),
        amount: TokenAmount(amount),
        reason: TransferReason::Settlement,
        object,
    }
}

fn holding(number: u8, amount: u128) -> (Hold, Changes) {
    let mut changes = Changes::of(SHOP);
    let ask = HoldAsk { movement: payout(amount, key("payout")), expires_at: None };
    let mut fresh = Fresh::new(START, [number; 16]);
    let hold = Hold::place(ask, &mut changes, &mut fresh);
    (hold, changes)
}

async fn kept(store: &Store, hold: &Hold) -> Hold {
    store.get::<Hold>(hold.key()).await.expect("reads").expect("is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn promised_money_is_not_promised_twice_and_goes_once() {
    for_each_engine(async |database| {
        let store = database.open().await;
        store.commit(transferring([transfer(1, 10, key("in"))])).await.expect("commits");
        // Ten at once for money that is enough for three.
        let holds: Vec<_> = (1..=10).map(|number| holding(number, 3)).collect();
        let commits = holds.iter().map(|(_, changes)| store.commit(changes.clone()));
        let done = join_all(commits).await;
        let held: Vec<&Hold> = holds
            .iter()
            .zip(&done)
            .filter(|(_, done)| done.is_ok())
            .map(|(one, _)| &one.0)
            .collect();
        assert_eq!(held.len(), 3);
        let is_short = |done: &Result<_, _>| matches!(done, Err(CommitError::Insufficient { .. }));
        assert_eq!(done.iter().filter(|done| is_short(done)).count(), 7);
        let mut spend = Changes::of(SHOP);
        spend.transfer(Transfer::covered(payout(2, key("x")), &mut Fresh::new(START, [70; 16])));
        assert!(is_short(&store.commit(spend).await));
        // Two capture one hold, and one releases it: one of them does.
        let ends = [2, 2, 0].into_iter().zip(80_u8..).map(|(amount, seed)| {
            let (store, hold) = (&store, held[0]);
            async move {
                let mut changes = Changes::of(SHOP);
                let (hold, mut fresh) = (kept(store, hold).await, Fresh::new(START, [seed; 16]));
                match amount {
                    0 => hold.release(&mut changes, &mut fresh),
                    _ => hold.capture(TokenAmount(amount), &mut changes, &mut fresh),
                }
                .map_err(|_| ())?;
                store.commit(changes).await.map_err(|_| ())
            }
        });
        let ended = join_all(ends).await;
        assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1);
        let mut changes = Changes::of(SHOP);
        let mut fresh = Fresh::new(START, [90; 16]);
        kept(&store, held[1])
            .await
            .capture(TokenAmount(3), &mut changes, &mut fresh)
            .expect("open");
        kept(&store, held[2]).await.release(&mut changes, &mut fresh).expect("open");
        store.commit(changes).await.expect("commits");
        let merchant = store.balance(account(SHOP, AccountKind::Merchant)).await.expect("reads");
        let went = if merchant.balance == 5 { 2 } else { 0 };
        assert_eq!((merchant.balance, merchant.reserved), (7 - went, 0));
        assert_eq!(balance(&store, AccountKind::Clearing).await, went - 7);
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}
