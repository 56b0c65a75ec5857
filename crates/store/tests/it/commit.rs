//! Committing: one winner per version, no trace of what is refused, bounds that hold.

use domain::changes::{Changes, Noun, counter_key};
use domain::claim::Claim;
use domain::invoice::Invoice;
use domain::sequence::Sequence;
use domain::session::Session;
use domain::slot::Slot;
use futures_util::future::join_all;
use store::{CommitError, Store, StoreError};

use crate::engines::for_each_engine;
use crate::given::{
    Bounds, SHOP, claim, claiming, counting, inserting_slot, invoice, key, slot, updating_slot,
};

/// Commits all at once, so that many fall into one group.
async fn commit_all(
    store: &Store,
    changes: impl IntoIterator<Item = Changes>,
) -> Vec<Result<store::Committed, CommitError>> {
    let tasks = changes.into_iter().map(|changes| {
        let store = store.clone();
        tokio::spawn(async move { store.commit(changes).await })
    });
    join_all(tasks).await.into_iter().map(|done| done.expect("no panic")).collect()
}

fn count<T>(results: &[Result<T, CommitError>], what: impl Fn(&CommitError) -> bool) -> usize {
    results.iter().filter(|result| result.as_ref().err().is_some_and(&what)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_updates_of_one_version_one_wins() {
    for_each_engine(async |database| {
        let store = database.open().await;
        store.commit(inserting_slot("contended")).await.expect("a new slot");
        for version in 1..=5 {
            let updates = (0..40).map(|until| updating_slot("contended", until, version));
            let results = commit_all(&store, updates).await;
            let conflicts = count(&results, |error| {
                *error == CommitError::Conflict { table: "slots", key: key("contended") }
            });
            assert_eq!(conflicts, 39, "{results:?}");
            let winner = results.iter().position(Result::is_ok).expect("one wins");
            let read: Slot = store.get(key("contended")).await.expect("reads").expect("is there");
            assert_eq!(read.version, version + 1);
            assert_eq!(read.until.0, i64::try_from(winner).expect("few"));
        }
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contending_decisions_are_all_made_once() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let sequence_key = key("numbers");
        let tasks = (0..64).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..5 {
                    let first: Result<i64, CommitError> = store
                        .decide(async || {
                            let known = store.get::<Sequence>(sequence_key).await?;
                            let (first, changes) = Sequence::take(known, sequence_key, 0, 3);
                            Ok((changes, first))
                        })
                        .await;
                    match first {
                        Ok(first) => taken.push(first),
                        // The very first number: only one may make the row.
                        Err(CommitError::AlreadyExists { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                taken
            })
        });
        let taken = join_all(tasks).await.into_iter().flat_map(|taken| taken.expect("no panic"));
        let mut taken: Vec<i64> = taken.collect();
        taken.sort_unstable();
        let expected: Vec<i64> = (0..).map(|at| at * 3).take(taken.len()).collect();
        assert_eq!(taken, expected);
        assert!(taken.len() > 64 * 4);
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_leaves_no_trace_and_hurts_no_neighbour() {
    for_each_engine(async |database| {
        let store = database.open().await;
        store.commit(inserting_slot("stale")).await.expect("a new slot");
        store.commit(updating_slot("stale", 1, 1)).await.expect("an update");
        let created: Vec<_> = (0..120).map(invoice).collect();
        let changes = created.iter().zip(0..).map(|(created, at)| {
            let mut changes = created.changes.clone();
            changes.insert(claim(&format!("claim {at}")));
            match at % 4 {
                1 => changes.update(slot("stale", 9, 1)),
                2 => changes.insert(slot("stale", 9, 0)),
                3 => changes.counters.extend(
                    counting("empty", -1, Bounds { floor: Some(0), ceiling: None }).counters,
                ),
                _ => {}
            }
            changes
        });
        let results = commit_all(&store, changes).await;
        for (at, (created, result)) in created.iter().zip(&results).enumerate() {
            let is_accepted = at % 4 == 0;
            assert_eq!(result.is_ok(), is_accepted, "{at}: {result:?}");
            let found: Option<Invoice> = store.get(created.invoice.key()).await.expect("reads");
            assert_eq!(found.is_some(), is_accepted);
            let found: Option<Session> = store.get(created.session.key()).await.expect("reads");
            assert_eq!(found.is_some(), is_accepted);
            let found: Option<Claim> = store.get(key(&format!("claim {at}"))).await.expect("reads");
            assert_eq!(found.is_some(), is_accepted);
        }
        let gauge = counter_key(SHOP, "invoices.devnet.unpaid");
        assert_eq!(store.counter(gauge).await, Ok(30));
        assert_eq!(store.log_head(0).await, Ok(30));
        assert_eq!(store.check().await, Ok(Vec::new()));
        let stats = store.stats();
        assert_eq!((stats.conflicts, stats.exists, stats.insufficient), (30, 30, 30));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floor_and_a_ceiling_hold_under_contention() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let free = Bounds::default();
        store.commit(counting("stock", 50, free)).await.expect("unbounded");
        let taking = Bounds { floor: Some(0), ceiling: None };
        let results = commit_all(&store, (0..120).map(|_| counting("stock", -1, taking))).await;
        let stock = counter_key(SHOP, "stock");
        let refused = CommitError::Insufficient { key: stock };
        assert_eq!(count(&results, |error| *error == refused), 70);
        assert_eq!(store.counter(stock).await, Ok(0));

        let adding = Bounds { floor: None, ceiling: Some(5) };
        let results = commit_all(&store, (0..20).map(|_| counting("endpoints", 2, adding))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
        assert_eq!(store.counter(counter_key(SHOP, "endpoints")).await, Ok(4));

        store.commit(counting("wide", i64::MAX, free)).await.expect("just fits");
        let over = store.commit(counting("wide", 1, free)).await;
        assert_eq!(over, Err(CommitError::Insufficient { key: counter_key(SHOP, "wide") }));
        let some = ("endpoints".to_owned(), "x".to_owned());
        let sums = store.counters_between(some).await.expect("reads");
        // What was made without bounds stays a gauge; `endpoints` never was one.
        assert_eq!(sums, [("stock".to_owned(), 0), ("wide".to_owned(), i64::MAX)]);
        let keys = ["endpoints", "nothing", "wide"].map(|name| counter_key(SHOP, name));
        assert_eq!(store.counter_values(&keys).await, Ok(vec![4, 0, i64::MAX]));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_key_is_taken_once() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let taken = CommitError::AlreadyExists { table: "claims", key: key("name") };
        let results = commit_all(&store, (0..50).map(|_| claiming("name"))).await;
        assert_eq!(count(&results, |error| *error == taken), 49);
        assert_eq!(store.commit(claiming("name")).await, Err(taken));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_key_that_is_taken_after_all_fails_alone() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let first = invoice(1).changes;
        store.commit(first.clone()).await.expect("a new invoice");
        let changes = (0..30).map(|number| invoice(number).changes);
        let results = commit_all(&store, changes).await;
        for (number, result) in results.iter().enumerate() {
            match (number, result) {
                (1, Err(CommitError::AlreadyExists { table, .. })) => {
                    assert!(["sessions", "invoices"].contains(table));
                }
                (1, other) => panic!("{other:?}"),
                (_, other) => assert!(other.is_ok(), "{other:?}"),
            }
        }
        assert_eq!(store.log_head(0).await, Ok(30));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_hold_a_change_to_what_was_read() {
    for_each_engine(async |database| {
        let store = database.open().await;
        store.commit(inserting_slot("lease")).await.expect("a new slot");
        let guarded = |name: &str, noun, guard: &str, version| {
            let mut changes = claiming(name);
            changes.guard(noun, key(guard), version);
            changes
        };
        let conflict = |table, name: &str| Err(CommitError::Conflict { table, key: key(name) });
        let fenced = store.commit(guarded("one", Noun::Slot, "lease", 1)).await;
        assert!(fenced.is_ok(), "{fenced:?}");
        store.commit(updating_slot("lease", 5, 1)).await.expect("an update");
        let fenced = store.commit(guarded("two", Noun::Slot, "lease", 1)).await;
        assert_eq!(fenced, conflict("slots", "lease"));
        let absent = store.commit(guarded("three", Noun::Claim, "nobody", 0)).await;
        assert!(absent.is_ok(), "{absent:?}");
        let absent = store.commit(guarded("four", Noun::Claim, "three", 0)).await;
        assert_eq!(absent, conflict("claims", "three"));
        let missing = store.commit(updating_slot("never", 1, 1)).await;
        assert_eq!(missing, conflict("slots", "never"));
        assert_eq!(store.get::<Claim>(key("two")).await, Ok(None));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_was_accepted_and_refuses_the_rest() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let changes: Vec<_> = (0..200).map(|number| invoice(number).changes).collect();
        let committing = commit_all(&store, changes);
        let closing = async {
            tokio::task::yield_now().await;
            store.close().await;
            store.close().await;
        };
        let (results, ()) = tokio::join!(committing, closing);
        let refused =
            |error: &CommitError| matches!(error, CommitError::Store(StoreError::Unavailable(_)));
        let accepted = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(accepted + count(&results, refused), 200);
        let late = store.commit(claiming("late")).await;
        assert!(late.as_ref().is_err_and(refused), "{late:?}");
        assert!(matches!(store.get::<Claim>(key("x")).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(store.log_head(0).await, Err(StoreError::Unavailable(_))));

        let reopened = database.open().await;
        assert_eq!(reopened.log_head(0).await, Ok(i64::try_from(accepted).expect("few")));
        reopened.close().await;
    })
    .await;
}
