//! Sweeping: the oldest rows go, a bounded number at a time, and nothing else does.

use domain::cart::Cart;
use domain::changes::Changes;
use domain::delivery::{Attempt, AttemptOutcome, Delivery, DeliveryStatus};
use domain::environment::Environment;
use domain::estimate::Estimate;
use domain::event::{EntryKind, EventType, NewEntry, Notice, Origin, Subject};
use domain::idempotency::IdempotencyRow;
use domain::ids::{Fresh, RowKey};
use domain::password::PasswordReset;
use domain::quote::Quote;
use domain::retention::Passing;
use domain::session::Session;
use domain::shopper::Shopper;
use domain::sign_in::SignIn;
use domain::time::{DAY_MS, Timestamp};
use futures_util::future::join_all;
use store::{CommitError, Store, StoreError, Sweep, Swept};

use crate::commerce_samples;
use crate::engines::{client, for_each_store, on_postgres};
use crate::given::{SHOP, START, invoice};
use crate::ramp_samples;
use crate::samples;

const LONG_AGO: i64 = -1_000_000;

fn fresh_key(at: Timestamp, number: u8) -> RowKey {
    Fresh::new(at, [number; 16]).uuid().into()
}

/// Row `number` of a kind, as it is when it was made (or expired) at `at`.
fn aged(passing: Passing, at: Timestamp, number: u8) -> (RowKey, Changes) {
    let mut changes = Changes::of(SHOP);
    let mut key = fresh_key(at, number);
    match passing {
        Passing::Idempotency => {
            let text = format!("{number} {}", at.0);
            key = IdempotencyRow::row_key(SHOP, Environment::Devnet, &text);
            changes.insert(IdempotencyRow { key, created_at: at, ..samples::idempotency() });
        }
        Passing::Session => changes.insert(Session { id: key.into(), ..samples::session() }),
        Passing::Quote => changes.insert(Quote { id: key.into(), ..samples::quote() }),
        Passing::WalletChallenge => changes
            .insert(domain::challenge::WalletChallenge { id: key.into(), ..samples::challenge() }),
        Passing::PasswordReset => {
            changes.insert(PasswordReset { id: key.into(), ..samples::reset() });
        }
        Passing::SignIn => {
            // Signed in long before, and refreshed until then.
            key = fresh_key(at.plus_ms(LONG_AGO), number);
            changes.insert(SignIn { id: key.into(), expires_at: at, ..samples::sign_in() });
        }
        Passing::SimulatedTransaction => {
            let row = samples::simulated_transaction();
            changes.insert(domain::simulated::SimulatedTransaction { id: key.into(), ..row });
        }
        Passing::RampSession => changes.insert(domain::ramp_session::RampSession {
            id: key.into(),
            ..ramp_samples::ramp_session()
        }),
        Passing::Estimate => {
            changes.insert(Estimate { id: key.into(), ..commerce_samples::estimate() })
        }
        Passing::Cart => {
            let shopper = Shopper::Customer(format!("{number} {}", at.0));
            let cart = Cart { shopper, updated_at: at, ..commerce_samples::cart() };
            key = cart.key();
            changes.insert(cart);
        }
        Passing::Delivery => changes.insert(Delivery {
            id: key.into(),
            merchant_id: SHOP,
            environment: Environment::Devnet,
            endpoint: samples::key(30).into(),
            kind: EventType::TestPing,
            created_at: at,
            status: DeliveryStatus::Pending,
            attempts: 0,
            tries: 0,
            due_at: Some(at),
            last_status: None,
            finished_at: None,
            version: 0,
        }),
        Passing::DeliveryAttempt => changes.insert(Attempt {
            key,
            started_at: at,
            duration_ms: 1,
            outcome: AttemptOutcome::Unanswered { error: "refused".into() },
            version: 0,
        }),
    }
    (key, changes)
}

async fn is_there(store: &Store, passing: Passing, key: RowKey) -> bool {
    match passing {
        Passing::Idempotency => has::<IdempotencyRow>(store, key).await,
        Passing::Session => has::<Session>(store, key).await,
        Passing::Quote => has::<Quote>(store, key).await,
        Passing::WalletChallenge => has::<domain::challenge::WalletChallenge>(store, key).await,
        Passing::PasswordReset => has::<PasswordReset>(store, key).await,
        Passing::SignIn => has::<SignIn>(store, key).await,
        Passing::SimulatedTransaction => {
            has::<domain::simulated::SimulatedTransaction>(store, key).await
        }
        Passing::RampSession => has::<domain::ramp_session::RampSession>(store, key).await,
        Passing::Estimate => has::<Estimate>(store, key).await,
        Passing::Cart => has::<Cart>(store, key).await,
        Passing::Delivery => has::<Delivery>(store, key).await,
        Passing::DeliveryAttempt => has::<Attempt>(store, key).await,
    }
}

/// A moment, and what the rows of a kind tell two moments apart by: carts the day only.
fn grain(passing: Passing) -> (Timestamp, i64) {
    match passing {
        Passing::Cart => (Timestamp(START.0.div_euclid(DAY_MS) * DAY_MS), DAY_MS),
        Passing::Idempotency
        | Passing::Session
        | Passing::Quote
        | Passing::WalletChallenge
        | Passing::PasswordReset
        | Passing::SignIn
        | Passing::SimulatedTransaction
        | Passing::RampSession
        | Passing::Estimate
        | Passing::Delivery
        | Passing::DeliveryAttempt => (START, 1),
    }
}

async fn has<R: store::row::Row>(store: &Store, key: RowKey) -> bool {
    store.get::<R>(key).await.expect("reads").is_some()
}

/// Sweeps until it is done, and counts the rows.
async fn sweep_all(store: &Store, what: Sweep, before: Timestamp, limit: i64) -> u64 {
    let mut rows = 0;
    loop {
        let swept = store.sweep(what, before, limit).await.expect("sweeps");
        assert!(swept.rows <= u64::try_from(limit).expect("positive"));
        rows += swept.rows;
        if swept.is_done {
            return rows;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_goes_and_what_is_not_stays() {
    for_each_store(async |store| {
        for passing in Passing::ALL {
            let (start, grain_ms) = grain(passing);
            let mut keys = Vec::new();
            for number in 0..4 {
                // Two before the moment, one at it, one after.
                let at = start.plus_ms((i64::from(number) - 2) * grain_ms);
                let (key, changes) = aged(passing, at, number);
                store.commit(changes).await.expect("commits");
                keys.push(key);
            }
            let before = start.plus_ms(-2 * grain_ms);
            let none = store.sweep(Sweep::Rows(passing), before, 100).await;
            assert_eq!(none, Ok(Swept { rows: 0, is_done: true }), "{passing:?}");
            let swept = store.sweep(Sweep::Rows(passing), start, 100).await;
            assert_eq!(swept, Ok(Swept { rows: 2, is_done: true }), "{passing:?}");
            for (number, key) in keys.into_iter().enumerate() {
                assert_eq!(is_there(store, passing, key).await, number >= 2, "{passing:?}");
            }
        }
        assert_eq!(store.check().await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_ends_at_its_bound_and_takes_the_oldest() {
    for_each_store(async |store| {
        let mut keys = Vec::new();
        for number in 0..100 {
            let (key, changes) = aged(Passing::Session, START.plus_ms(i64::from(number)), number);
            store.commit(changes).await.expect("commits");
            keys.push(key);
        }
        let all = Sweep::Rows(Passing::Session);
        let swept = store.sweep(all, START.plus_ms(90), 40).await.expect("sweeps");
        assert!(!swept.is_done);
        let left = store.get_many::<Session>(keys).await.expect("reads");
        let gone = left.iter().take_while(|row| row.is_none()).count();
        assert_eq!(swept.rows, gone as u64, "the oldest");
        assert_eq!(left.iter().flatten().count(), 100 - gone);
        assert_eq!(sweep_all(store, all, START.plus_ms(90), 7).await, 90 - gone as u64);
    })
    .await;
}

/// An invoice and a quote for it, both made at the millisecond `number`.
fn with_quote(number: u64) -> (RowKey, Changes) {
    let mut changes = invoice(number).changes;
    let at = START.plus_ms(i64::try_from(number).expect("few"));
    let key = fresh_key(at, 7);
    changes.insert(Quote { id: key.into(), ..samples::quote() });
    (key, changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_to_the_same_tables_go_on_meanwhile() {
    for_each_store(async |store| {
        for number in 0..200 {
            let (_, changes) = with_quote(number);
            store.commit(changes).await.expect("commits");
        }
        let later = START.plus_ms(200);
        let writing = (200..600).map(async |number| {
            let (quote, changes) = with_quote(number);
            store.commit(changes).await.expect("commits");
            quote
        });
        let sweeping = sweep_all(store, Sweep::Rows(Passing::Quote), later, 10);
        let log = Sweep::Log { lane: 0, before_sequence: 150 };
        let sweeping_log = sweep_all(store, log, later, 10);
        let checking = async {
            for _ in 0..5 {
                assert_eq!(store.check().await, Ok(Vec::new()));
            }
        };
        let written = join_all(writing);
        let (kept, rows, entries, ()) = tokio::join!(written, sweeping, sweeping_log, checking);
        assert_eq!((rows, entries), (200, 149));
        let kept = store.get_many::<Quote>(kept).await.expect("reads");
        assert_eq!(kept.iter().flatten().count(), 400);
        assert_eq!(store.check().await, Ok(Vec::new()));
    })
    .await;
}

/// A key that is used again after its day is one row with a new time.
fn used_again(number: u8, version: i64) -> (RowKey, Changes) {
    let (key, _) = aged(Passing::Idempotency, START, number);
    let mut changes = Changes::of(SHOP);
    let created_at = START.plus_ms(1_000);
    let row = IdempotencyRow { key, created_at, version, ..samples::idempotency() };
    changes.update(row);
    (key, changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_used_again_stays_wherever_its_row_lies() {
    for_each_store(async |store| {
        for number in 0..10 {
            let (_, changes) = aged(Passing::Idempotency, START, number);
            store.commit(changes).await.expect("commits");
        }
        let (key, changes) = used_again(0, 1);
        store.commit(changes).await.expect("commits");
        let keys = Sweep::Rows(Passing::Idempotency);
        assert_eq!(sweep_all(store, keys, START.plus_ms(1), 3).await, 9);
        assert!(has::<IdempotencyRow>(store, key).await);
        assert_eq!(sweep_all(store, keys, START.plus_ms(1_001), 3).await, 1);
        assert!(!has::<IdempotencyRow>(store, key).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_uses_a_key_again_during_a_sweep_has_it_or_is_told() {
    for_each_store(async |store| {
        for number in 0..200 {
            let (_, changes) = aged(Passing::Idempotency, START, number);
            store.commit(changes).await.expect("commits");
        }
        let reusing = (0..200).rev().map(async |number| {
            let (key, changes) = used_again(number, 1);
            match store.commit(changes).await {
                Ok(_) => (key, true),
                // Swept just before: whoever decides again finds the key free.
                Err(CommitError::Conflict { .. }) => (key, false),
                Err(other) => panic!("{other}"),
            }
        });
        let keys = Sweep::Rows(Passing::Idempotency);
        let sweeping = sweep_all(store, keys, START.plus_ms(1), 5);
        let (reused, _) = tokio::join!(join_all(reusing), sweeping);
        for (key, was_reused) in reused {
            let row = store.get::<IdempotencyRow>(key).await.expect("reads");
            // On PostgreSQL a row that was being changed may also have been skipped.
            let is_kept = row.is_some_and(|row| row.created_at > START);
            assert_eq!(is_kept, was_reused);
        }
        for number in 0..200 {
            let (key, changes) = aged(Passing::Idempotency, START, number);
            if !has::<IdempotencyRow>(store, key).await {
                store.commit(changes).await.expect("the key is free");
            }
        }
    })
    .await;
}

fn entry(at: i64) -> NewEntry {
    NewEntry {
        merchant_id: SHOP,
        environment: Environment::Devnet,
        kind: EntryKind::Notice(Notice::KeyChanged),
        created_at: START.plus_ms(at),
        subject: Subject::default(),
        data: "{}".to_owned(),
        origin: Origin::default(),
        pending_webhooks: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_swept_from_the_left_and_never_past_its_bounds() {
    for_each_store(async |store| {
        // The clocks of two processes differ: one entry in between is younger.
        for at in [0, 1, 2, 50, 3, 4] {
            let mut changes = Changes::of(SHOP);
            changes.tell(entry(at));
            store.commit(changes).await.expect("commits");
        }
        let first = async || store.log_after(0, 0, 1).await.expect("reads")[0].sequence;
        let sweep = async |before_sequence: i64, before: i64| {
            let log = Sweep::Log { lane: 0, before_sequence };
            sweep_all(store, log, START.plus_ms(before), 2).await
        };
        assert_eq!((sweep(2, 10).await, first().await), (1, 2));
        assert_eq!((sweep(6, 10).await, first().await), (2, 4));
        assert_eq!((sweep(6, 10).await, first().await), (0, 4));
        assert_eq!(store.check().await, Ok(Vec::new()));
        assert_eq!((sweep(6, 100).await, first().await), (2, 6));
        assert_eq!((sweep(6, 100).await, first().await), (0, 6));
        assert_eq!(store.check().await, Ok(Vec::new()));
        assert_eq!(store.log_head(0).await, Ok(6));
        let mut changes = Changes::of(SHOP);
        changes.tell(entry(60));
        assert_eq!(store.commit(changes).await.expect("commits").last_sequence, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_closed_sweeps_no_more() {
    for_each_store(async |store| {
        store.close().await;
        let swept = store.sweep(Sweep::Rows(Passing::Quote), START, 10).await;
        assert!(matches!(swept, Err(StoreError::Unavailable(_))), "{swept:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_is_left_for_a_later_sweep() {
    on_postgres(async |database| {
        let store = database.open().await;
        for number in 0..3 {
            let (_, changes) = aged(Passing::Idempotency, START, number);
            store.commit(changes).await.expect("commits");
        }
        let (held, _) = aged(Passing::Idempotency, START, 1);
        let holder = client(&database.url).await;
        let key = held.uuid();
        let hold = format!("BEGIN; SELECT 1 FROM idempotency WHERE key = '{key}' FOR UPDATE");
        holder.batch_execute(&hold).await.expect("holds");
        let keys = Sweep::Rows(Passing::Idempotency);
        assert_eq!(sweep_all(&store, keys, START.plus_ms(1), 10).await, 2);
        holder.batch_execute("COMMIT").await.expect("lets go");
        let mut swept = 0;
        // An order is looked at from its beginning again once in an hour of sweeps.
        for _ in 0..60 {
            swept += sweep_all(&store, keys, START.plus_ms(1), 10).await;
        }
        assert_eq!(swept, 1);
        store.close().await;
    })
    .await;
}
