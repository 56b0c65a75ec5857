//! PostgreSQL breaking off: nobody is told anything that is not certain, and nothing happens twice.

use std::time::{Duration, Instant};

use domain::claim::Claim;
use futures_util::future::join_all;
use store::{CommitError, Store, StoreConfig, StoreError};

use crate::engines::{Database, client, on_postgres, through_port};
use crate::given::{Bounds, SHOP, claiming, counting, invoice, key};
use crate::proxy::{Mode, Proxy};

async fn behind(proxy: &Proxy, database: &Database) -> Store {
    let url = through_port(&database.url, proxy.port);
    let config = StoreConfig { unavailable_after_ms: 1_500, ..StoreConfig::new(url) };
    Store::open(config).await.expect("opens")
}

/// Commits a few dozen changes while the proxy cuts, and counts what the database then holds.
async fn commits_once_each_although(mode: Mode) {
    on_postgres(async |database| {
        let proxy = Proxy::start().await;
        let store = behind(&proxy, database).await;
        store.commit(claiming("before")).await.expect("commits");
        for round in 0..5 {
            proxy.set(mode);
            let commits = (0..20).map(|number| {
                let mut changes = invoice(round * 100 + number).changes;
                changes.insert(crate::given::claim(&format!("{round} {number}")));
                changes.counters.extend(counting("made", 1, Bounds::default()).counters);
                let store = store.clone();
                tokio::spawn(async move { store.commit(changes).await })
            });
            for done in join_all(commits).await {
                done.expect("no panic").expect("commits in the end");
            }
        }
        assert_eq!(proxy.cuts(), 5);
        let stats = store.stats();
        assert!(stats.unknown_outcomes >= 5, "{stats:?}");
        assert_eq!(stats.exists, 0);
        let made = domain::changes::counter_key(SHOP, "made");
        assert_eq!(store.counter(made).await, Ok(100));
        assert_eq!(store.log_head(0).await, Ok(100));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_and_not_repeated() {
    commits_once_each_although(Mode::CutAfterCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_made_again() {
    commits_once_each_although(Mode::CutBeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_connections_cost_nobody_a_change() {
    on_postgres(async |database| {
        let store = database.open().await;
        let admin = client(&database.url).await;
        let committing = async {
            for round in 0..30 {
                let commits =
                    (0..20).map(|number| store.commit(invoice(round * 100 + number).changes));
                for done in join_all(commits).await {
                    done.expect("commits in the end");
                }
            }
        };
        let terminating = async {
            let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                       WHERE application_name = 'pepay' AND datname = current_database()";
            for _ in 0..10 {
                admin.query_one(sql, &[]).await.expect("runs");
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::join!(committing, terminating);
        assert_eq!(store.log_head(0).await, Ok(600));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_callers_hear_so_in_time_and_then_it_goes_on() {
    on_postgres(async |database| {
        let proxy = Proxy::start().await;
        let store = behind(&proxy, database).await;
        store.commit(claiming("before")).await.expect("commits");
        proxy.stop();
        #[expect(clippy::disallowed_methods, reason = "how long a caller waits is what is tested")]
        let since = Instant::now();
        let commits = (0..30).map(|number| store.commit(invoice(number).changes));
        for result in join_all(commits).await {
            let unavailable = CommitError::Store(StoreError::Unavailable(String::new()));
            let error = result.expect_err("nothing can be committed");
            assert_eq!(
                std::mem::discriminant(&error),
                std::mem::discriminant(&unavailable),
                "{error:?}"
            );
        }
        let read = store.get::<Claim>(key("before")).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        let list = store.log_head(0).await;
        assert!(matches!(list, Err(StoreError::Unavailable(_))), "{list:?}");
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());

        // A caller that comes while it is away, but not for long, waits and succeeds.
        let late = {
            let store = store.clone();
            tokio::spawn(async move { store.commit(invoice(99).changes).await })
        };
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.restart();
        late.await.expect("no panic").expect("commits once it is back");
        assert!(store.get::<Claim>(key("before")).await.expect("reads").is_some());
        assert_eq!(store.log_head(0).await, Ok(1));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_does_not_take_fails_alone() {
    on_postgres(async |database| {
        let store = database.open().await;
        let commits = (0..40).map(|number| {
            let mut created = invoice(number);
            if number == 17 {
                // PostgreSQL keeps no null character in a text.
                created.changes.entries[0].data = "\0".to_owned();
            }
            let store = store.clone();
            tokio::spawn(async move { store.commit(created.changes).await })
        });
        for (number, done) in join_all(commits).await.into_iter().enumerate() {
            match done.expect("no panic") {
                Ok(_) => assert_ne!(number, 17),
                Err(CommitError::Store(StoreError::Rejected(_))) => assert_eq!(number, 17),
                Err(other) => panic!("{number}: {other:?}"),
            }
        }
        assert_eq!(store.log_head(0).await, Ok(39));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}
